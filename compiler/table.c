/* The index of a decision table (see table.h). What always holds: a look-up gives the row that a walk over all rows would give; the
 * index only leaves out rows whose cell in one column does not accept the value there. */
#include "compiler/table.h"

#include <stdlib.h>

enum { WIDE = 16 }; /* a cell that spans more intervals than this is looked at for every value */

typedef struct row_list { uint32_t n; const uint32_t *v; } row_list;

typedef struct table_index {
  bool used;             /* no column tells rows apart: all are looked at */
  uint32_t column;
  uint32_t n;            /* intervals */
  const int64_t *from;   /* where each begins; it ends before the next. Not for texts */
  const text *const *texts; /* texts: sorted; each is an interval of its own */
  const uint32_t *begin; /* n + 1: its rows are rows[begin[i] .. begin[i + 1]) */
  const uint32_t *rows;
  row_list rest;         /* rows for any value */
  row_list missing;      /* rows for a missing value */
} table_index;

bool table_range(const type *t, const prog_cell *c, int64_t *lo, int64_t *hi) {
  int64_t at = table_position(t, c->v[0]);
  *lo = INT64_MIN, *hi = INT64_MAX;
  if (c->kind == CELL_RANGE) *lo = at, *hi = table_position(t, c->v[1]);
  else if (c->op == OP_LE) *hi = at;
  else if (c->op == OP_GE) *lo = at;
  else if (c->op == OP_LT && at > INT64_MIN) *hi = at - 1;
  else if (c->op == OP_GT && at < INT64_MAX) *lo = at + 1;
  else return false;
  return *lo <= *hi;
}

/* ---- the intervals of one column ---- */

typedef struct column {
  arena *a;
  const prog_table *t;
  uint32_t at;
  const type *ty;
  uint32_t n;
  int64_t *from;
  const text **texts;
} column;

static const prog_cell *cell(const column *c, uint32_t row) { return &c->t->cells[(size_t)row * c->t->nparams + c->at]; }

static int by_number(const void *x, const void *y) {
  const int64_t *a = x, *b = y;
  return (*a > *b) - (*a < *b);
}

static int by_text(const void *x, const void *y) {
  const text *const *a = x, *const *b = y;
  return str_cmp(str_of(*a), str_of(*b));
}

static void find_texts(column *c) {
  size_t all = 0;
  for (uint32_t r = 0; r < c->t->nrows; r++) all += cell(c, r)->kind == CELL_SET ? cell(c, r)->n : 0;
  c->texts = ARENA_ARRAY(c->a, const text *, all + 1);
  uint32_t n = 0;
  for (uint32_t r = 0; r < c->t->nrows; r++)
    for (uint32_t i = 0; cell(c, r)->kind == CELL_SET && i < cell(c, r)->n; i++) c->texts[n++] = cell(c, r)->v[i].t;
  if (n) qsort(c->texts, n, sizeof *c->texts, by_text);
  for (uint32_t i = 0; i < n; i++)
    if (!i || by_text(&c->texts[i], &c->texts[c->n - 1])) c->texts[c->n++] = c->texts[i];
}

static void edge(column *c, int64_t lo, int64_t hi) {
  c->from[c->n++] = lo;
  if (hi < INT64_MAX) c->from[c->n++] = hi + 1;
}

static void find_intervals(column *c) {
  size_t all = 0;
  for (uint32_t r = 0; r < c->t->nrows; r++) all += 2 * (size_t)cell(c, r)->n;
  c->from = ARENA_ARRAY(c->a, int64_t, all + 1);
  for (uint32_t r = 0; r < c->t->nrows; r++) {
    const prog_cell *x = cell(c, r);
    int64_t lo, hi;
    for (uint32_t i = 0; x->kind == CELL_SET && i < x->n; i++) lo = table_position(c->ty, x->v[i]), edge(c, lo, lo);
    if ((x->kind == CELL_CMP || x->kind == CELL_RANGE) && table_range(c->ty, x, &lo, &hi)) edge(c, lo, hi);
  }
  if (c->n) qsort(c->from, c->n, sizeof *c->from, by_number);
  uint32_t n = 0;
  for (uint32_t i = 0; i < c->n; i++)
    if (!n || c->from[i] != c->from[n - 1]) c->from[n++] = c->from[i];
  c->n = n;
}

/* The interval that holds a position, TABLE_NO_ROW: before all. */
static uint32_t interval_at(const int64_t *from, uint32_t n, int64_t at) {
  uint32_t lo = 0, hi = n;
  while (lo < hi) {
    uint32_t mid = lo + (hi - lo) / 2;
    if (from[mid] <= at) lo = mid + 1;
    else hi = mid;
  }
  return lo ? lo - 1 : TABLE_NO_ROW;
}

static uint32_t interval_of_text(const text *const *texts, uint32_t n, const text *x) {
  uint32_t lo = 0, hi = n;
  while (lo < hi) {
    uint32_t mid = lo + (hi - lo) / 2;
    int k = str_cmp(str_of(texts[mid]), str_of(x));
    if (!k) return mid;
    if (k < 0) lo = mid + 1;
    else hi = mid;
  }
  return TABLE_NO_ROW;
}

/* ---- which rows stand where ---- */

/* Tells f every interval that the row's cell accepts, each once; false when it accepts any value, or too many. */
static bool each_interval(const column *c, uint32_t row, void (*f)(void *ud, uint32_t interval), void *ud) {
  const prog_cell *x = cell(c, row);
  int64_t lo = 0, hi = 0;
  switch ((cell_kind)x->kind) {
  case CELL_ANY: return false;
  case CELL_MISSING: return true;
  case CELL_SET:
    if (x->n > WIDE) return false;
    for (uint32_t i = 0; i < x->n; i++) {
      bool again = false; /* the same value twice in one cell */
      for (uint32_t k = 0; k < i; k++) again |= c->texts ? text_eq(x->v[k].t, x->v[i].t) : table_position(c->ty, x->v[k]) == table_position(c->ty, x->v[i]);
      if (!again) f(ud, c->texts ? interval_of_text(c->texts, c->n, x->v[i].t) : interval_at(c->from, c->n, table_position(c->ty, x->v[i])));
    }
    return true;
  case CELL_CMP: case CELL_RANGE: break;
  }
  if (c->texts) return false;
  if (!table_range(c->ty, x, &lo, &hi)) return true;
  uint32_t first = interval_at(c->from, c->n, lo), last = interval_at(c->from, c->n, hi);
  if (last - first >= WIDE) return false;
  for (uint32_t i = first; i <= last; i++) f(ud, i);
  return true;
}

static void count(void *ud, uint32_t interval) { ((uint32_t *)ud)[interval]++; }

typedef struct placing { uint32_t row, *at, *rows; } placing;
static void put(void *ud, uint32_t interval) {
  placing *p = ud;
  p->rows[p->at[interval]++] = p->row;
}

static row_list listed(arena *a, const bool *in, uint32_t n) {
  uint32_t *v = ARENA_ARRAY(a, uint32_t, n + 1), k = 0;
  for (uint32_t i = 0; i < n; i++)
    if (in[i]) v[k++] = i;
  return (row_list){ k, v };
}

/* How many rows are looked at for a value that stands in the table, on average. */
static double column_index(column *c, table_index *x) {
  const prog_table *t = c->t;
  bool *rest = ARENA_ARRAY(c->a, bool, t->nrows + 1), *missing = ARENA_ARRAY(c->a, bool, t->nrows + 1);
  uint32_t *n = ARENA_ARRAY(c->a, uint32_t, c->n + 2), *begin = ARENA_ARRAY(c->a, uint32_t, c->n + 2), nrest = 0;
  double squares = 0, all = 0;
  for (uint32_t r = 0; r < t->nrows; r++) {
    rest[r] = !each_interval(c, r, count, n);
    nrest += rest[r];
    missing[r] = cell(c, r)->kind == CELL_ANY || cell(c, r)->kind == CELL_MISSING;
  }
  for (uint32_t i = 0; i < c->n; i++) {
    begin[i + 1] = begin[i] + n[i];
    squares += (double)n[i] * n[i], all += n[i];
  }
  placing p = { 0, ARENA_ARRAY(c->a, uint32_t, c->n + 2), ARENA_ARRAY(c->a, uint32_t, begin[c->n] + 1) };
  memcpy(p.at, begin, sizeof *begin * (c->n + 1));
  for (p.row = 0; p.row < t->nrows; p.row++)
    if (!rest[p.row]) each_interval(c, p.row, put, &p);
  *x = (table_index){ .used = true, .column = c->at, .n = c->n, .from = c->from, .texts = c->texts, .begin = begin, .rows = p.rows,
                      .rest = listed(c->a, rest, t->nrows), .missing = listed(c->a, missing, t->nrows) };
  return nrest + (all > 0 ? squares / all : 0);
}

const table_index *table_index_build(arena *a, const prog_table *t) {
  table_index *best = ARENA_NEW(a, table_index), x;
  double rows = t->nrows;
  for (uint32_t i = 0; i < t->nparams && t->nrows > 4; i++) { /* a few rows are looked at faster than found */
    column c = { .a = a, .t = t, .at = i, .ty = t->params[i]->base };
    if (table_is_text(c.ty)) find_texts(&c);
    else find_intervals(&c);
    double k = column_index(&c, &x);
    if (k < rows) rows = k, *best = x;
  }
  return best;
}

/* ---- looking a row up ---- */

static bool same(const type *t, val a, val b) {
  if (table_is_text(t)) return text_eq(a.t, b.t);
  return t->kind == TY_NUMBER ? a.n == b.n : a.i == b.i;
}

static int order(const type *t, val a, val b) {
  if (table_is_text(t)) return str_cmp(str_of(a.t), str_of(b.t));
  return t->kind == TY_NUMBER ? (a.n > b.n) - (a.n < b.n) : (a.i > b.i) - (a.i < b.i);
}

static bool accepts(const type *t, const prog_cell *c, val v, uint8_t st) {
  if (c->kind == CELL_ANY) return true;
  if (st != ST_OK || c->kind == CELL_MISSING) return st != ST_OK && c->kind == CELL_MISSING;
  if (c->kind == CELL_SET) {
    for (uint32_t i = 0; i < c->n; i++)
      if (same(t, v, c->v[i])) return true;
    return false;
  }
  int k = order(t, v, c->v[0]);
  if (c->kind == CELL_RANGE) return k >= 0 && order(t, v, c->v[1]) <= 0;
  return c->op == OP_LT ? k < 0 : c->op == OP_LE ? k <= 0 : c->op == OP_GT ? k > 0 : k >= 0;
}

static bool matches(const prog_table *t, uint32_t row, const val *R, const uint8_t *S, const uint16_t *regs) {
  const prog_cell *c = &t->cells[(size_t)row * t->nparams];
  for (uint32_t i = 0; i < t->nparams; i++)
    if (!accepts(t->params[i]->base, &c[i], R[regs[i]], S[regs[i]])) return false;
  return true;
}

static row_list rows_at(const table_index *x, const type *t, val v) {
  uint32_t i = x->texts ? interval_of_text(x->texts, x->n, v.t) : interval_at(x->from, x->n, table_position(t, v));
  if (i == TABLE_NO_ROW) return (row_list){ 0, NULL };
  return (row_list){ x->begin[i + 1] - x->begin[i], x->rows + x->begin[i] };
}

uint32_t table_find(const prog_table *t, const val *R, const uint8_t *S, const uint16_t *regs, uint64_t *steps) {
  const table_index *x = t->index;
  if (!x->used) {
    for (uint32_t r = 0; r < t->nrows; r++) {
      ++*steps;
      if (matches(t, r, R, S, regs)) return r;
    }
    return TABLE_NO_ROW;
  }
  row_list here = x->missing, rest = { 0, NULL };
  if (S[regs[x->column]] == ST_OK) here = rows_at(x, t->params[x->column]->base, R[regs[x->column]]), rest = x->rest;
  for (uint32_t i = 0, k = 0; i < here.n || k < rest.n;) { /* both are in order: the earlier row first */
    uint32_t r = k == rest.n || (i < here.n && here.v[i] < rest.v[k]) ? here.v[i++] : rest.v[k++];
    ++*steps;
    if (matches(t, r, R, S, regs)) return r;
  }
  return TABLE_NO_ROW;
}
