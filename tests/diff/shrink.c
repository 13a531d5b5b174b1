/* Makes a program that shows a difference smaller, as long as some difference remains: declarations, clauses and lets are dropped, expressions
 * replaced by their parts or by leaves, rows and fields of the data made plain. What no longer compiles is simply not taken, so that nothing here
 * needs to know the language. */
#include "diff.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct job { program *p; rng seed; data_mask *m; uint32_t runs; arena *a; } job;

enum { MAX_RUNS = 4000 };

/* In a child: what crashes differs. */
static bool still_differs(job *j) {
  if (++j->runs > MAX_RUNS) return false;
  fflush(stdout);
  pid_t child = fork();
  int status = 0;
  if (child < 0) return false;
  if (child > 0) {
    waitpid(child, &status, 0);
    return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
  }
  int quiet = open("/dev/null", O_WRONLY); /* a sanitizer's report of every crash on the way is no help */
  if (quiet >= 0) dup2(quiet, 2);
  arena a;
  arena_init(&a, &mem_libc, NULL);
  buf b = { .a = &a };
  program_print(&b, j->p);
  outcome o = run_text(&a, buf_done(&b), j->seed, j->m, NULL);
  _exit(o.compiled && o.differs ? 1 : 0);
}

static bool drop(job *j, bool *flag) {
  if (*flag) return false;
  *flag = true;
  if (still_differs(j)) return true;
  *flag = false;
  return false;
}

static bool replace(job *j, node **at, node *by) {
  node *old = *at;
  *at = by;
  if (still_differs(j)) return true;
  *at = old;
  return false;
}

static const char *plain_text(gt t) {
  switch (t) {
  case G_BOOL: return "true";
  case G_INT: return "0";
  case G_NUM: return "0.5";
  case G_TEXT: return "\"\"";
  case G_COLOR: return "#000000";
  case G_DATE: return "2026-03-01";
  case G_TIME: return "2026-03-01T00:00:00Z";
  case G_DUR: return "1 day";
  default: return NULL;
  }
}

/* Every descendant of the same type, nearest first, then a constant; then the same for the children of what is left. */
static bool replace_by_inner(job *j, node **at, node *from) {
  for (uint32_t i = 0; i < from->n; i++)
    if (from->kid[i]->t == (*at)->t && replace(j, at, from->kid[i])) return true;
  for (uint32_t i = 0; i < from->n; i++)
    if (replace_by_inner(j, at, from->kid[i])) return true;
  return false;
}

static bool shrink_node(job *j, node **at) {
  bool any = false;
  while ((*at)->n && replace_by_inner(j, at, *at)) any = true;
  const char *plain = plain_text((*at)->t);
  if (plain && ((*at)->n || ((*at)->atom && strcmp((*at)->text, plain) && strcmp((*at)->text, "false")))) {
    node *x = ARENA_NEW(j->a, node);
    *x = (node){ .t = (*at)->t, .atom = true, .text = plain };
    if (replace(j, at, x)) return true;
    if (x->t == G_BOOL) {
      node *y = ARENA_NEW(j->a, node);
      *y = (node){ .t = G_BOOL, .atom = true, .text = "false" };
      if (replace(j, at, y)) return true;
    }
  }
  if ((*at)->kid)
    for (uint32_t i = 0; i < (*at)->n; i++) any |= shrink_node(j, &(*at)->kid[i]);
  return any;
}

static bool shrink_decl(job *j, decl *d) {
  if (d->dropped) return false;
  if (drop(j, &d->dropped)) return true;
  bool any = false;
  for (uint32_t i = 0; i < d->nclauses; i++) any |= drop(j, &d->clauses[i].dropped);
  for (uint32_t i = d->nlets; i-- > 0;) any |= drop(j, &d->lets[i].dropped);
  for (uint32_t i = 0; i < d->nclauses; i++) {
    clause *c = &d->clauses[i];
    if (c->dropped) continue;
    node *message = c->message;
    const char *at = c->at;
    c->at = NULL;
    if (at && !still_differs(j)) c->at = at;
    if (message) {
      c->message = NULL;
      if (still_differs(j)) any = true;
      else c->message = message;
    }
    any |= shrink_node(j, &c->test);
    if (c->message) any |= shrink_node(j, &c->message);
  }
  for (uint32_t i = 0; i < d->nlets; i++)
    if (!d->lets[i].dropped) any |= shrink_node(j, &d->lets[i].init);
  if (d->guard) any |= shrink_node(j, &d->guard);
  return any;
}

static bool shrink_data(job *j) {
  bool any = false;
  for (uint32_t s = 0; s < MAX_SOURCES; s++) {
    while (j->m->rows[s] > 0) {
      j->m->rows[s]--;
      if (still_differs(j)) { any = true; continue; }
      j->m->rows[s]++;
      break;
    }
    for (uint32_t r = 0; r < j->m->rows[s]; r++) {
      uint64_t before = j->m->plain[s][r];
      if (before == ~UINT64_C(0)) continue;
      j->m->plain[s][r] = ~UINT64_C(0);
      if (still_differs(j)) { any = true; continue; }
      j->m->plain[s][r] = before;
      for (uint32_t f = 0; f < MAX_FIELDS; f++) {
        if (j->m->plain[s][r] >> f & 1) continue;
        j->m->plain[s][r] |= UINT64_C(1) << f;
        if (still_differs(j)) any = true;
        else j->m->plain[s][r] &= ~(UINT64_C(1) << f);
      }
    }
  }
  return any;
}

static void shrink_world(job *j) {
  buf plain = { .a = j->a };
  str old = j->p->world;
  world_print(&plain, NULL);
  j->p->world = buf_done(&plain);
  if (!still_differs(j)) j->p->world = old;
  if (!j->p->two) return;
  j->p->two = false;
  if (!still_differs(j)) j->p->two = true;
}

void shrink(arena *a, program *p, rng data_seed, data_mask *m) {
  job j = { p, data_seed, m, 0, a };
  shrink_world(&j);
  for (int round = 0; round < 6 && j.runs < MAX_RUNS; round++) {
    bool any = false;
    for (uint32_t i = p->n; i-- > 0;) any |= shrink_decl(&j, p->d[i]);
    if (round == 0 || !any) any |= shrink_data(&j);
    if (!any) break;
  }
}
