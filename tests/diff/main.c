/* diff [-v] [CASES [SEED]]: runs random programs until CASES cases (a rule or an audience on a record) are compared; 100,000 and seed 1 by default.
 * diff -p NUMBER [SEED]: prints program NUMBER. diff -1 NUMBER [SEED]: runs it alone.
 * A difference is made small and printed with its data and both answers; the exit code is then 1. */
#include "diff.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ENOUGH = 50000, MAX_REJECTED = 0 };

static void show_data(const outcome *o, arena *a) {
  if (!o->d) return;
  buf b = { .a = a };
  for (uint32_t s = 0; s < o->p->nsources; s++) data_print(&b, o->d, s);
  str s = buf_done(&b);
  printf("---- data\n%.*s", STR_ARG(s));
}

static void show_difference(arena *a, program *p, uint64_t seed, uint64_t number, rng data_seed, outcome *o) {
  data_mask m;
  mask_init(&m);
  printf("A difference: program %" PRIu64 " of seed %" PRIu64 " (%.*s)\n%.*s", number, seed, STR_ARG(o->rule), STR_ARG(o->problem));
  fflush(stdout);
  shrink(a, p, data_seed, &m);
  buf b = { .a = a };
  program_print(&b, p);
  str text = buf_done(&b);
  printf("---- made small\n%.*s", STR_ARG(text));
  fflush(stdout);
  pid_t child = fork();
  int status = 0;
  if (child == 0) {
    *o = run_text(a, text, data_seed, &m, NULL);
    show_data(o, a);
    printf("---- %.*s on row %u of source %u\n%.*s", STR_ARG(o->rule), o->row + 1, o->source == UINT32_MAX ? 0 : o->source, STR_ARG(o->problem));
    fflush(stdout);
    _exit(0);
  }
  if (child > 0) waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) printf("---- ends with signal %d\n", WTERMSIG(status));
}

/* Programs run in child processes, so that one which crashes is a difference like any other, and can be made small. */
typedef struct shared { coverage c; uint64_t lib[1024], current; } shared;

enum { BATCH = 64 };

/* Compiles, runs and compares program number. */
static bool one(uint64_t seed, uint64_t number, coverage *c, bool crashed) {
  arena a;
  data_mask m;
  arena_init(&a, &mem_libc, NULL);
  mask_init(&m);
  program *p = gen_program(&a, rng_of(seed, number, 1));
  rng data_seed = rng_of(seed, number, 2);
  buf b = { .a = &a };
  program_print(&b, p);
  outcome o = { .compiled = true, .differs = true, .rule = STR("a crash"), .problem = STR("") };
  if (!crashed) o = run_text(&a, buf_done(&b), data_seed, &m, c);
  bool good = o.compiled && !o.differs;
  if (!o.compiled) {
    c->rejected++;
    printf("program %" PRIu64 " of seed %" PRIu64 " does not compile:\n%.*s", number, seed, STR_ARG(o.problem));
  } else if (o.differs) {
    c->differences++;
    show_difference(&a, p, seed, number, data_seed, &o);
  }
  arena_free(&a);
  return good;
}

/* Runs programs from first on in a child until a batch is done, enough cases are seen, or (unless go_on) something is wrong. */
static bool batch(shared *s, uint64_t seed, uint64_t first, uint64_t cases, bool go_on) {
  fflush(stdout);
  pid_t child = fork();
  if (child < 0) { perror("fork"); exit(3); }
  if (child == 0) {
    bool good = true;
    for (s->current = first; s->current < first + BATCH && s->c.cases < cases && (good || go_on); s->current++) good &= one(seed, s->current, &s->c, false);
    fflush(stdout);
    _exit(good ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) <= 1) return WEXITSTATUS(status) == 0;
  one(seed, s->current++, &s->c, true);
  return false;
}

static void print_program(uint64_t seed, uint64_t number) {
  arena a;
  arena_init(&a, &mem_libc, NULL);
  program *p = gen_program(&a, rng_of(seed, number, 1));
  buf b = { .a = &a };
  program_print(&b, p);
  str s = buf_done(&b);
  printf("%.*s", STR_ARG(s));
  arena_free(&a);
}

int main(int argc, char **argv) {
  bool verbose = false, print = false, alone = false, go_on = false;
  uint64_t v[2] = { 100000, 1 };
  int n = 0;
  for (int i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "-v")) verbose = true;
    else if (!strcmp(argv[i], "-p")) print = true;
    else if (!strcmp(argv[i], "-1")) alone = true;
    else if (!strcmp(argv[i], "-k")) go_on = true; /* after a difference: for those who hunt them */
    else if (n < 2) v[n++] = strtoull(argv[i], NULL, 10);
  }
  shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (s == MAP_FAILED) { perror("mmap"); return 3; }
  coverage *c = &s->c;
  cover_init(c, s->lib);
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (print) { print_program(v[1], v[0]); return 0; }
  if (alone) return one(v[1], v[0], c, false) ? 0 : 1;
  while (c->cases < v[0])
    if (!batch(s, v[1], s->current, v[0], go_on) && !go_on) break;
  int lack = c->differences + c->rejected ? 0 : cover_report(c, verbose, c->cases >= ENOUGH);
  printf("diff: %" PRIu64 " cases of %" PRIu64 " programs compared (and %" PRIu64 " refinements), %" PRIu64 " differ, %" PRIu64 " skipped for their size, %" PRIu64 " programs not compiled, %d never seen\n",
         c->cases, c->programs, c->refinements, c->differences, c->skipped, c->rejected, lack);
  return c->differences || c->rejected || lack ? 1 : 0;
}
