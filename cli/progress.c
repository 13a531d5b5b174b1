/* Progress of long runs: on standard error, on a terminal, after the first second. */
#include "cli/cli.h"

#include <time.h>
#include <unistd.h>

static double seconds(void) {
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

progress progress_start(cli *c) { return (progress){ .c = c, .started = seconds(), .wanted = !c->quiet && isatty(STDERR_FILENO) }; }

bool progress_tick(void *ud, str source, int64_t rows, int64_t estimate) {
  progress *t = ud;
  double now = seconds();
  if (!t->wanted || now - t->started < 1 || now - t->told < 0.2) return true;
  t->told = now, t->shown = true;
  arena_mark mark = arena_save(&t->c->a);
  out_fmt(t->c->err, "\r\033[K%.*s: %s", STR_ARG(source), grouped(&t->c->a, rows).p);
  if (estimate > rows) {
    out_fmt(t->c->err, " of about %s rows (%.0f%%)", grouped(&t->c->a, estimate).p, 100.0 * (double)rows / (double)estimate);
  } else out_z(t->c->err, " rows");
  out_flush(t->c->err);
  arena_restore(&t->c->a, mark);
  return true;
}

void progress_clear(const progress *t) {
  if (!t->shown) return;
  out_z(t->c->err, "\r\033[K");
  out_flush(t->c->err);
}

double progress_seconds(const progress *t) { return seconds() - t->started; }
