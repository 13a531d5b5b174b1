/* Coverage of decision tables: one walk over the elementary boxes that the rows cut the input space into, a column at a time. In a column, only
 * positions where some row's cell begins or ends matter; between two of them the same rows stay in play. See cover.h. */
#include "compiler/cover.h"

#include <stdlib.h>
#include <string.h>

typedef struct cover {
  arena *a;
  const cover_column *cols;
  const cover_cell *rows;
  uint32_t ncols;
  uint64_t steps;
  cover_value *point;
  cover_result r;
  bool found;
} cover;

static const cover_cell *cell(const cover *c, uint32_t row, uint32_t col) { return &c->rows[(size_t)row * c->ncols + col]; }

static bool any_from(const cover *c, uint32_t row, uint32_t col) {
  for (; col < c->ncols; col++)
    if (!cell(c, row, col)->any) return false;
  return true;
}

/* An edge of some row's range: the row (by its place in the active list) comes into play at `at`, or goes. */
typedef struct edge { int64_t at; uint32_t row; bool in; } edge;

static int by_at(const void *x, const void *y) {
  const edge *a = x, *b = y;
  if (a->at != b->at) return a->at < b->at ? -1 : 1;
  return a->in - b->in; /* leave before entering: harmless either way, since a segment is looked at after all edges of its start */
}

static void note_uncovered(cover *c, uint32_t col) {
  if (c->found) return;
  c->found = true;
  for (uint32_t i = col; i < c->ncols; i++) c->point[i] = (cover_value){ false, c->cols[i].lo };
  c->r.uncovered = ARENA_ARRAY(c->a, cover_value, c->ncols ? c->ncols : 1);
  if (c->ncols) memcpy(c->r.uncovered, c->point, c->ncols * sizeof *c->point);
}

static void walk(cover *c, uint32_t col, const uint32_t *active, uint32_t n);

/* The rows in play, in order; few at most places, so that a sorted array with moves is enough. */
typedef struct play { uint32_t n, *row; } play;

static void play_change(play *p, uint32_t row, bool in) {
  uint32_t lo = 0, hi = p->n;
  while (lo < hi) {
    uint32_t mid = (lo + hi) / 2;
    if (p->row[mid] < row) lo = mid + 1;
    else hi = mid;
  }
  if (in) memmove(p->row + lo + 1, p->row + lo, (p->n++ - lo) * sizeof *p->row), p->row[lo] = row;
  else memmove(p->row + lo, p->row + lo + 1, (--p->n - lo) * sizeof *p->row);
}

static void enter(cover *c, uint32_t col, cover_value v, const play *p) {
  c->point[col] = v;
  arena_mark mark = arena_save(c->a);
  bool before = c->found;
  walk(c, col + 1, p->row, p->n);
  if (before == c->found) arena_restore(c->a, mark); /* else the uncovered input found inside stays */
}

static void walk(cover *c, uint32_t col, const uint32_t *active, uint32_t n) {
  if (!c->r.complete) return;
  if (c->steps <= n) { c->r.complete = false; return; }
  c->steps -= n + 1;
  if (!n) { note_uncovered(c, col); return; }
  if (any_from(c, active[0], col)) { c->r.reachable[active[0]] = true; return; } /* the first row wins everywhere from here on */
  const cover_column *d = &c->cols[col];
  uint32_t nedges = 0;
  for (uint32_t i = 0; i < n; i++) nedges += 2 * cell(c, active[i], col)->n;
  edge *e = ARENA_ARRAY(c->a, edge, nedges ? nedges : 1);
  play p = { 0, ARENA_ARRAY(c->a, uint32_t, n) };
  uint32_t *open = ARENA_ARRAY(c->a, uint32_t, n); /* ranges of one cell may touch or overlap: a row is in play while any is open */
  uint32_t k = 0;
  for (uint32_t i = 0; i < n; i++) {
    const cover_cell *x = cell(c, active[i], col);
    if (x->any) { open[i] = 1, p.row[p.n++] = active[i]; continue; }
    for (uint32_t j = 0; j < x->n; j++) {
      int64_t lo = x->v[j].lo < d->lo ? d->lo : x->v[j].lo, hi = x->v[j].hi > d->hi ? d->hi : x->v[j].hi;
      if (lo > hi) continue;
      e[k++] = (edge){ lo, i, true };
      if (hi < d->hi) e[k++] = (edge){ hi + 1, i, false };
    }
  }
  qsort(e, k, sizeof *e, by_at);
  int64_t at = d->lo;
  for (uint32_t i = 0; c->r.complete;) {
    for (; i < k && e[i].at == at; i++) {
      uint32_t was = open[e[i].row];
      open[e[i].row] += e[i].in ? 1u : ~0u;
      if (!was != !open[e[i].row]) play_change(&p, active[e[i].row], e[i].in);
    }
    enter(c, col, (cover_value){ false, at }, &p);
    if (i == k) break;
    at = e[i].at;
  }
  if (!d->optional || !c->r.complete) return;
  p.n = 0;
  for (uint32_t i = 0; i < n; i++)
    if (cell(c, active[i], col)->any || cell(c, active[i], col)->missing) p.row[p.n++] = active[i];
  enter(c, col, (cover_value){ true, 0 }, &p);
}

cover_result cover_table(arena *a, const cover_column *cols, uint32_t ncols, const cover_cell *rows, uint32_t nrows, uint64_t steps) {
  cover c = { .a = a, .cols = cols, .rows = rows, .ncols = ncols, .steps = steps };
  c.r.complete = true;
  c.r.reachable = ARENA_ARRAY(a, bool, nrows ? nrows : 1);
  c.point = ARENA_ARRAY(a, cover_value, ncols ? ncols : 1);
  uint32_t *all = ARENA_ARRAY(a, uint32_t, nrows ? nrows : 1);
  for (uint32_t i = 0; i < nrows; i++) all[i] = i;
  walk(&c, 0, all, nrows);
  c.r.covered = !c.found;
  return c.r;
}
