/* Logs of other systems; see opelog.h. A value that cannot be right stops the reading with its place: an estimate from the rest of a damaged log would look
 * like one from the whole. */
#include "runtime/opelog.h"

#include "runtime/interned.h"
#include "runtime/src_priv.h"
#include "stdlib/lib.h"

#include <math.h>
#include <string.h>

/* ---- one CSV file, some of its columns ---- */

typedef struct table {
  arena *a, row;           /* row: texts of one row's error */
  src_file f;
  src_reader *r;
  bool open;
  str path, *error;
  uint32_t ncols;
  const str *cols;         /* names; empty: not asked for */
  int32_t at[4];           /* cell of each, -1 none */
  str cell[4];
  uint32_t line, col;
} table;

static bool wrong(table *t, uint32_t line, uint32_t col, str message) {
  *t->error = str_fmt(t->a, "%.*s:%u:%u: %.*s", STR_ARG(t->path), line, col, STR_ARG(message));
  return false;
}

static bool find_columns(table *t) {
  for (uint32_t k = 0; k < t->ncols; k++) {
    t->at[k] = -1;
    if (!t->cols[k].n) continue;
    uint32_t found = 0;
    for (uint32_t i = t->f.ncells; i-- > 0;)
      if (str_eq(t->f.header[i], t->cols[k])) t->at[k] = (int32_t)i, found++;
    if (found == 1) continue;
    if (found) {
      *t->error = str_fmt(t->a, "`%.*s` has %u columns `%.*s`: which one is meant?", STR_ARG(t->path), found, STR_ARG(t->cols[k]));
      return false;
    }
    const str *near = suggest(t->cols[k], t->f.header, t->f.ncells);
    *t->error = near ? str_fmt(t->a, "`%.*s` has no column `%.*s`; did you mean `%.*s`?", STR_ARG(t->path), STR_ARG(t->cols[k]), STR_ARG(*near))
                     : str_fmt(t->a, "`%.*s` has no column `%.*s`", STR_ARG(t->path), STR_ARG(t->cols[k]));
    return false;
  }
  return true;
}

static bool table_begin(table *t, arena *a, const mem *m, str path, const str *cols, uint32_t ncols, str *error) {
  *t = (table){ .a = a, .path = str_eq(path, STR("-")) ? STR("standard input") : path, .error = error, .ncols = ncols, .cols = cols };
  arena_init(&t->row, m, a->oom);
  diag_code code;
  if (!file_open(&t->f, m, a, path, (str){ "", 0 }, true, (str){ "", 0 }, &code, error)) return false;
  t->open = true;
  if (t->f.format != FMT_CSV && t->f.format != FMT_TSV) {
    *error = str_fmt(a, "`%.*s` is no CSV file", STR_ARG(t->path));
    return false;
  }
  if (!find_columns(t)) return false;
  t->r = reader_open(&t->f, m);
  if (!t->r) *error = STR("out of memory");
  return t->r != NULL;
}

static void table_end(table *t) {
  reader_close(t->r);
  if (t->open) file_close(&t->f);
  arena_free(&t->row);
}

/* 1: a row; 0: the end; -1: *error. */
static int table_next(table *t) {
  src_row row = { .t = NULL };
  reader_error e = { .message = { "", 0 } };
  if (t->row.used) arena_reset(&t->row);
  int got = reader_next(t->r, &row, &t->row, &e);
  if (got == SRC_DONE) return 0;
  if (got == SRC_OOM) return *t->error = STR("out of memory"), -1;
  if (got != SRC_OK) return wrong(t, e.line, e.col, e.message), -1;
  if (row.broken.n) return wrong(t, row.line, row.col, row.broken), -1;
  t->line = row.line, t->col = row.col;
  for (uint32_t k = 0; k < t->ncols; k++) t->cell[k] = t->at[k] < 0 ? (str){ "", 0 } : tape_str(row.t, row.at + (uint32_t)t->at[k]);
  return 1;
}

static bool number_in(table *t, uint32_t k, double *out) {
  if (lib_number_parse(t->cell[k], out) && isfinite(*out)) return true;
  if (!t->cell[k].n) return wrong(t, t->line, t->col, str_fmt(t->a, "column `%.*s` is empty here", STR_ARG(t->cols[k])));
  return wrong(t, t->line, t->col, str_fmt(t->a, "`%.*s` in column `%.*s` is no number", STR_ARG(t->cell[k]), STR_ARG(t->cols[k])));
}

/* ---- log and policy ---- */

enum { C_ACTION, C_REWARD, C_PROPENSITY, C_SUBJECT, C_COUNT };
typedef VEC(ope_row) rows;

static bool read_rows(table *t, interned *actions, interned *subjects, rows *out) {
  for (int got; (got = table_next(t)) != 0;) {
    ope_row r = { .dist = 0 };
    if (got < 0 || !number_in(t, C_REWARD, &r.reward) || !number_in(t, C_PROPENSITY, &r.p)) return false;
    if (!(r.p > 0 && r.p <= 1))
      return wrong(t, t->line, t->col, str_fmt(t->a, "the probability `%.*s` is not above 0 and at most 1: an action that was taken had some chance",
                                             STR_ARG(t->cell[C_PROPENSITY])));
    if (!t->cell[C_ACTION].n) return wrong(t, t->line, t->col, STR("the action is missing"));
    if (t->at[C_SUBJECT] >= 0 && !t->cell[C_SUBJECT].n) return wrong(t, t->line, t->col, STR("the subject is missing"));
    if (out->n == UINT32_MAX - 1) return wrong(t, t->line, t->col, STR("the log has more rows than can be evaluated at once"));
    r.action = interned_number(t->a, actions, t->cell[C_ACTION], NULL);
    r.subject = t->at[C_SUBJECT] >= 0 ? interned_number(t->a, subjects, t->cell[C_SUBJECT], NULL) : out->n;
    *VEC_PUSH(t->a, out) = r;
  }
  return true;
}

static bool read_policy(table *t, interned *actions, ope_dist *d) {
  VEC(uint32_t) which = { 0 };
  VEC(double) p = { 0 };
  double sum = 0;
  for (int got; (got = table_next(t)) != 0;) {
    double x;
    if (got < 0 || !number_in(t, 1, &x)) return false;
    if (x < 0) return wrong(t, t->line, t->col, STR("a probability is negative"));
    if (!t->cell[0].n) return wrong(t, t->line, t->col, STR("the action is missing"));
    uint32_t action = interned_number(t->a, actions, t->cell[0], NULL);
    for (uint32_t k = 0; k < which.n; k++)
      if (which.v[k] == action) return wrong(t, t->line, t->col, str_fmt(t->a, "the action `%.*s` stands twice", STR_ARG(t->cell[0])));
    *VEC_PUSH(t->a, &which) = action;
    *VEC_PUSH(t->a, &p) = x;
    sum += x;
  }
  if (fabs(sum - 1) > 1e-9) {
    *t->error = str_fmt(t->a, "the probabilities of `%.*s` sum to %.12g, not to 1", STR_ARG(t->path), sum);
    return false;
  }
  *d = (ope_dist){ which.n, which.v, p.v };
  return true;
}

static void uniform(arena *a, uint32_t n, ope_dist *d) {
  uint32_t *which = ARENA_ARRAY(a, uint32_t, n + 1u);
  double *p = ARENA_ARRAY(a, double, n + 1u);
  for (uint32_t i = 0; i < n; i++) which[i] = i, p[i] = 1.0 / n;
  *d = (ope_dist){ n, which, p };
}

/* Runs job with the table's files closed on every way out, a jump of the arena among them. */
static bool with_table(table *t, arena *a, const mem *m, str path, const str *cols, uint32_t ncols, str *error, bool (*job)(table *t, void *ud), void *ud) {
  jmp_buf *outer = a->oom, here;
  t->open = false, t->r = NULL;
  memset(&t->row, 0, sizeof t->row);
  int jumped = setjmp(here);
  bool ok = false;
  if (!jumped) {
    a->oom = &here;
    ok = table_begin(t, a, m, path, cols, ncols, error) && job(t, ud);
  }
  a->oom = outer;
  if (t->row.m) table_end(t);
  if (jumped && outer) longjmp(*outer, jumped);
  return ok;
}

typedef struct reading { interned actions, subjects; rows rows; ope_dist dist; } reading;

static bool log_job(table *t, void *ud) {
  reading *x = ud;
  return read_rows(t, &x->actions, &x->subjects, &x->rows);
}

static bool policy_job(table *t, void *ud) {
  reading *x = ud;
  return read_policy(t, &x->actions, &x->dist);
}

bool ope_log_read(arena *a, const mem *m, str path, const ope_map *map, const ope_policy *policy, ope_log *out, str *error) {
  const str cols[C_COUNT] = { map->action, map->reward, map->propensity, map->subject };
  const str policy_cols[2] = { STR("action"), STR("probability") };
  reading *x = ARENA_NEW(a, reading);
  table *t = ARENA_NEW(a, table);
  *error = (str){ "", 0 };
  if (!with_table(t, a, m, path, cols, C_COUNT, error, log_job, x)) return false;
  if (policy->uniform) uniform(a, x->actions.all.n, &x->dist);
  else if (!with_table(t, a, m, policy->file, policy_cols, 2, error, policy_job, x)) return false;
  *out = (ope_log){ .nactions = x->actions.all.n, .ndists = 1, .n = x->rows.n, .rows = x->rows.v, .dists = &x->dist, .actions = x->actions.all.v };
  out->nsubjects = map->subject.n ? x->subjects.all.n : x->rows.n;
  return true;
}
