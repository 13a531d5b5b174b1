/* Decision tables: their header, their rows, and what the rows cover. Cells and results are constants, so a table is data once it is checked; nothing of it is
 * evaluated but the choice of a row. */
#include "compiler/check.h"
#include "compiler/cover.h"
#include "compiler/table.h"

#include "base/civil.h"

#include <float.h>
#include <math.h>

enum { COVER_STEPS = 30000000, MAX_ROW_REPORTS = 20 };

/* ---- header ---- */

typedef struct head { uint32_t n; const type **types; str *names; } head;

/* Names and types in parentheses: parameters, or several results. */
static bool head_of(checker *c, const ast *list, head *h, const char *what, bool results) {
  VEC(const type *) types = { 0 };
  VEC(str) names_in_order = { 0 };
  names seen;
  names_init(&seen, c->a);
  bool ok = true;
  AST_EACH(p, list) {
    if (p->kind != AST_PARAM) {
      ok = false;
      continue;
    }
    const type *t = check_type(c, p->a, 0).t;
    if (!names_put(&seen, p->name, p)) {
      const ast *first = names_get(&seen, p->name);
      diag *g = diag_add(c->d, DIAG_NAME_DUPLICATE, p->name_sp, "the %s `%.*s` is declared twice", what, STR_ARG(p->name));
      diag_note_add(c->d, g, first->name_sp, "first here");
      ok = false;
    }
    if (type_bad(t)) ok = false;
    else if (!table_takes(t->base)) {
      str s = type_str(c, t->base);
      diag_add(c->d, DIAG_TABLE, p->a->sp, "a table's %s is a single value, such as a text, an int or a date; this is %.*s", what, STR_ARG(s));
      ok = false;
    } else if (results && t->opt) {
      diag_add(c->d, DIAG_TABLE, p->a->sp, "a result that a row gives is never missing: the `?` has no meaning here");
      ok = false;
    }
    *VEC_PUSH(c->a, &types) = t;
    *VEC_PUSH(c->a, &names_in_order) = p->name;
  }
  *h = (head){ types.n, types.v, names_in_order.v };
  return ok && types.n;
}

/* Several results are a record whose shape belongs to the table alone. */
static const type *record_of(checker *c, const decl *d, const head *h) {
  type_rec *r = ARENA_NEW(c->a, type_rec);
  *r = (type_rec){ .name = d->qname, .id = UINT32_MAX, .nfields = h->n, .fields = ARENA_ARRAY(c->a, type_field, h->n) };
  for (uint32_t i = 0; i < h->n; i++) r->fields[i] = (type_field){ h->names[i], h->types[i] };
  return type_record(&c->ty, r);
}

static bool results_of(checker *c, decl *d, head *h, prog_table *t) {
  const ast *n = d->node->b;
  if (n && n->kind == AST_PARAMS) {
    if (!head_of(c, n, h, "result", true)) return false;
    t->ret = record_of(c, d, h);
    return true;
  }
  *h = (head){ 1, ARENA_ARRAY(c->a, const type *, 1), NULL };
  t->ret = h->types[0] = check_type(c, n, 0).t;
  if (type_bad(t->ret)) return false;
  if (table_takes(t->ret->base) && !t->ret->opt) return true;
  str s = type_str(c, t->ret);
  if (t->ret->opt) diag_add(c->d, DIAG_TABLE, n->sp, "a result that a row gives is never missing: the `?` has no meaning here");
  else diag_add(c->d, DIAG_TABLE, n->sp, "a table's result is a single value, such as a text, an int or a date, or several in parentheses with their names; this is %.*s", STR_ARG(s));
  return false;
}

/* ---- cells ---- */

typedef struct rows { checker *c; decl *d; prog_table *t; head in, out; prog_cell *cells; val *results; bool bad; } rows;

/* A constant of the type wanted. A value's name is a use of it, so that a circle through a table is seen. */
static bool constant(rows *w, const ast *n, const type *want, str name, val *out) {
  checker *c = w->c;
  if (n->kind == AST_NAME || n->kind == AST_PATH) {
    decl *d = find_path(c, n->text);
    if (d && d->kind == DK_LET) dep_add(c, d, n->sp);
  }
  ex e = check_constant(c, n);
  if (!ex_isbad(e)) e = check_want(c, e, want->base, "`%.*s` is", STR_ARG(name));
  if (ex_isbad(e)) return false;
  if (!ir_is(e.n, IR_CONST)) {
    diag_add(c->d, DIAG_CONSTANT, n->sp, "a constant is expected here");
    return false;
  }
  *out = e.n->k;
  return true;
}

static bool has_order(const type *t) { return !table_is_text(t) && t->kind != TY_BOOL && t->kind != TY_COLOR; }

static bool cell_of(rows *w, const ast *n, uint32_t col, prog_cell *out) {
  checker *c = w->c;
  const type *t = w->in.types[col];
  str name = w->in.names[col];
  VEC(val) v = { 0 };
  val k;
  bool ok = true;
  if (n->kind == AST_CELL_ANY) {
    out->kind = CELL_ANY;
    return true;
  }
  if (n->kind == AST_CELL_MISSING) {
    out->kind = CELL_MISSING;
    if (t->opt) return true;
    diag *g = diag_add(c->d, DIAG_TABLE, n->sp, "`%.*s` is never missing", STR_ARG(name));
    str s = type_str(c, t);
    diag_note_add(c->d, g, (span){ 0, 0 }, "a table asked with a missing value gives a missing result, unless the parameter's type says `%.*s?`", STR_ARG(s));
    return false;
  }
  if (n->kind == AST_CELL_SET) {
    out->kind = CELL_SET;
    AST_EACH(i, n) {
      if (constant(w, i, t, name, &k)) *VEC_PUSH(c->a, &v) = k;
      else ok = false;
    }
  } else if (n->kind == AST_CELL_CMP || n->kind == AST_CELL_RANGE) {
    out->kind = n->kind == AST_CELL_CMP ? CELL_CMP : CELL_RANGE, out->op = n->op;
    if (!has_order(t->base)) {
      str s = type_str(c, t->base);
      diag_add(c->d, DIAG_TABLE, n->sp, "ranges are for numbers, dates, times and durations; `%.*s` is %.*s", STR_ARG(name), STR_ARG(s));
      return false;
    }
    const ast *ends[2] = { n->a, n->kind == AST_CELL_RANGE ? n->b : NULL };
    for (int i = 0; i < 2 && ends[i]; i++) {
      if (constant(w, ends[i], t, name, &k)) *VEC_PUSH(c->a, &v) = k;
      else ok = false;
    }
    if (ok && v.n == 2 && val_cmp(t->base, v.v[0], v.v[1]) > 0) {
      diag_add(c->d, DIAG_TABLE, n->sp, "this range is empty: its low end is above its high end");
      ok = false;
    }
  } else {
    return false; /* could not be parsed */
  }
  out->v = v.v, out->n = v.n;
  return ok && v.n;
}

static bool counted(rows *w, const ast *at, const ast *group, const head *h, const char *cells, const char *of) {
  uint32_t n = 0;
  AST_EACH(i, group) n++;
  if (n == h->n) return true;
  diag_add(w->c->d, DIAG_TABLE, at->sp, "this row has %u %s%s, but the table has %u %s%s", n, cells, n == 1 ? "" : "s", h->n, of, h->n == 1 ? "" : "s");
  return false;
}

static bool result_of(rows *w, const ast *n, uint32_t row) {
  checker *c = w->c;
  bool ok = true;
  if (w->t->ret->kind != TY_RECORD) return constant(w, n->b->first, w->t->ret, w->d->name, &w->results[row]);
  const type_rec *shape = w->t->ret->rec;
  rec *r = ARENA_NEW(c->a, rec);
  *r = (rec){ .ty = shape, .v = ARENA_ARRAY(c->a, val, shape->nfields), .st = ARENA_ARRAY(c->a, uint8_t, shape->nfields), .cap = shape->nfields,
              .clean = true, .source = UINT32_MAX };
  uint32_t k = 0;
  AST_EACH(i, n->b) {
    ok &= constant(w, i, w->out.types[k], w->out.names[k], &r->v[k]);
    k++;
  }
  w->results[row].r = r;
  return ok;
}

static void row_of(rows *w, const ast *n, uint32_t row) {
  bool ok = true;
  if (!n->a || !n->b || !counted(w, n->a, n->a, &w->in, "cell", "parameter") || !counted(w, n->b, n->b, &w->out, "result", "result")) {
    w->bad = true;
    return;
  }
  uint32_t k = 0;
  AST_EACH(i, n->a) {
    ok &= cell_of(w, i, k, &w->cells[(size_t)row * w->in.n + k]);
    k++;
  }
  ok &= result_of(w, n, row);
  if (!ok) w->bad = true;
}

/* ---- what the rows cover ---- */

/* Positions of a column. Texts: the place of each literal, of a union's in its declaration, of others in order of appearance; one place more for all others. */
typedef struct axis { const type *t; names at; VEC(const text *) lits; cover_column range; } axis;

static int64_t text_place(checker *c, axis *x, const text *t) {
  void *got = names_get(&x->at, str_of(t));
  if (got) return (int64_t)(uintptr_t)got - 1;
  *VEC_PUSH(c->a, &x->lits) = t;
  names_put(&x->at, str_of(t), (void *)(uintptr_t)x->lits.n);
  return (int64_t)x->lits.n - 1;
}

static int64_t largest_number(void) { return table_position(&(type){ .kind = TY_NUMBER }, (val){ .n = DBL_MAX }); }

static void axis_of(rows *w, axis *x, uint32_t col) {
  checker *c = w->c;
  const type *t = x->t = w->in.types[col]->base;
  names_init(&x->at, c->a);
  for (uint32_t i = 0; t->kind == TY_UNION && i < t->nlits; i++) text_place(c, x, t->lits[i]);
  for (uint32_t r = 0; table_is_text(t) && r < w->t->nrows; r++) {
    const prog_cell *k = &w->cells[(size_t)r * w->in.n + col];
    for (uint32_t i = 0; i < k->n; i++) text_place(c, x, k->v[i].t);
  }
  x->range = (cover_column){ INT64_MIN, INT64_MAX, w->in.types[col]->opt };
  if (t->kind == TY_BOOL) x->range.lo = 0, x->range.hi = 1;
  if (t->kind == TY_COLOR) x->range.lo = 0, x->range.hi = UINT32_MAX;
  if (t->kind == TY_NUMBER) x->range.hi = largest_number(), x->range.lo = -x->range.hi;
  if (t->kind == TY_DATE) x->range.lo = CIVIL_DAY_MIN, x->range.hi = CIVIL_DAY_MAX;
  if (t->kind == TY_TIME) x->range.lo = CIVIL_DAY_MIN * USEC_PER_DAY, x->range.hi = (CIVIL_DAY_MAX + 1) * USEC_PER_DAY - 1;
  if (table_is_text(t)) x->range.lo = 0, x->range.hi = (int64_t)x->lits.n - (t->kind == TY_UNION);
}

static cover_cell covered_by(rows *w, axis *x, const prog_cell *k) {
  cover_range *r = ARENA_ARRAY(w->c->a, cover_range, k->n + 1);
  cover_cell out = { .any = k->kind == CELL_ANY, .missing = k->kind == CELL_MISSING, .v = r };
  if (k->kind == CELL_SET)
    for (uint32_t i = 0; i < k->n; i++) {
      int64_t at = table_is_text(x->t) ? text_place(w->c, x, k->v[i].t) : table_position(x->t, k->v[i]);
      r[out.n++] = (cover_range){ at, at };
    }
  else if (k->kind != CELL_ANY && k->kind != CELL_MISSING && table_range(x->t, k, &r[0].lo, &r[0].hi)) out.n = 1;
  return out;
}

/* Of the positions that behave as `at` does, one that a person would give: the nearest to what the table speaks of. */
static int64_t natural(const axis *x, const cover_cell *cells, uint32_t nrows, uint32_t ncols, uint32_t col, int64_t at) {
  int64_t last = x->range.hi;
  bool bounded = at != x->range.lo;
  for (uint32_t r = 0; r < nrows; r++) {
    const cover_cell *k = &cells[(size_t)r * ncols + col];
    for (uint32_t i = 0; i < k->n; i++) {
      if (k->v[i].lo > at && k->v[i].lo - 1 < last) last = k->v[i].lo - 1;
      if (k->v[i].hi >= at && k->v[i].hi < last) last = k->v[i].hi;
    }
  }
  if (bounded) return at;
  return last == x->range.hi ? (at <= 0 && last >= 0 ? 0 : at) : last;
}

/* A short text that no cell names. */
static const char *other_text(const axis *x) {
  static const char *const few[] = { "\"\"", "\"x\"", "\"y\"", "\"z\"" };
  for (size_t i = 0; i < sizeof few / sizeof *few; i++) {
    bool named = false;
    str plain = { few[i] + 1, (uint32_t)strlen(few[i]) - 2 };
    for (uint32_t k = 0; k < x->lits.n; k++) named = named || str_eq(str_of(x->lits.v[k]), plain);
    if (!named) return few[i];
  }
  return NULL;
}

/* moved: any number below behaves alike, and a whole one is easier to read. */
static void print_place(buf *out, const axis *x, cover_value v, bool moved) {
  if (v.missing) buf_z(out, "missing");
  else if (table_is_text(x->t) && v.at >= (int64_t)x->lits.n) {
    const char *such = x->lits.n ? other_text(x) : NULL;
    buf_z(out, x->lits.n ? "any other text" : "any text");
    if (such) buf_fmt(out, ", such as %s", such);
  }
  else if (table_is_text(x->t)) val_print(out, x->t, (val){ .t = x->lits.v[v.at] }, true);
  else if (x->t->kind == TY_NUMBER) {
    val n;
    int64_t bits = v.at >= 0 ? v.at : -v.at;
    memcpy(&n.n, &bits, sizeof bits);
    if (v.at < 0) n.n = -n.n;
    if (moved) n.n = floor(n.n);
    val_print(out, x->t, n, true);
  } else val_print(out, x->t, (val){ .i = v.at }, true);
}

static void report_gap(rows *w, const axis *x, const cover_cell *cells, const cover_result *r) {
  checker *c = w->c;
  buf b = { .a = c->a };
  for (uint32_t i = 0; i < w->in.n; i++) {
    cover_value v = r->uncovered[i];
    if (!v.missing && !table_is_text(x[i].t)) v.at = natural(&x[i], cells, w->t->nrows, w->in.n, i, v.at);
    buf_fmt(&b, "%s%.*s: ", i ? ", " : "", STR_ARG(w->in.names[i]));
    print_place(&b, &x[i], v, v.at != r->uncovered[i].at);
  }
  str input = buf_done(&b);
  diag_add(c->d, DIAG_TABLE_GAP, w->d->node->name_sp, "the result of `%.*s` may be missing: no row matches (%.*s)", STR_ARG(w->d->name), STR_ARG(input));
}

static void cover(rows *w) {
  checker *c = w->c;
  prog_table *t = w->t;
  uint32_t ncols = w->in.n;
  axis *x = ARENA_ARRAY(c->a, axis, ncols);
  cover_column *cols = ARENA_ARRAY(c->a, cover_column, ncols);
  cover_cell *cells = ARENA_ARRAY(c->a, cover_cell, (size_t)t->nrows * ncols + 1);
  for (uint32_t i = 0; i < ncols; i++) {
    axis_of(w, &x[i], i);
    cols[i] = x[i].range;
    for (uint32_t r = 0; r < t->nrows; r++) cells[(size_t)r * ncols + i] = covered_by(w, &x[i], &w->cells[(size_t)r * ncols + i]);
  }
  cover_result r = cover_table(c->a, cols, ncols, cells, t->nrows, COVER_STEPS);
  bool covered = r.complete && r.covered;
  if (!covered) t->ret = type_opt(&c->ty, t->ret);
  if (!c->o->lints || !r.complete) return;
  uint32_t row = 0, told = 0;
  AST_EACH(n, w->d->node) {
    if (n->kind != AST_ROW) continue;
    if (!r.reachable[row++] && told++ < MAX_ROW_REPORTS)
      diag_add(c->d, DIAG_TABLE_ROW, n->sp, "this row of `%.*s` can never match: rows above it accept all that it accepts", STR_ARG(w->d->name));
  }
  if (!covered) report_gap(w, x, cells, &r);
}

/* ---- the declaration ---- */

static void all_rows(rows *w) {
  uint32_t n = 0;
  AST_EACH(i, w->d->node) {
    if (i->kind == AST_ROW) n++;
    else w->bad = true;
  }
  w->cells = ARENA_ARRAY(w->c->a, prog_cell, (size_t)n * w->in.n + 1);
  w->results = ARENA_ARRAY(w->c->a, val, n + 1);
  uint32_t row = 0;
  span *sps = ARENA_ARRAY(w->c->a, span, n + 1);
  w->t->row_sps = sps;
  AST_EACH(i, w->d->node)
    if (i->kind == AST_ROW) sps[row] = i->sp, row_of(w, i, row++);
  w->t->nrows = n, w->t->cells = w->cells, w->t->results = w->results;
  if (!n && !w->bad) {
    diag_add(w->c->d, DIAG_RECORD_EMPTY, w->d->node->name_sp, "the table `%.*s` has no rows", STR_ARG(w->d->name));
    w->bad = true;
  }
}

void table_decl(checker *c, decl *d) {
  if (d->state != DS_NEW) return;
  d->state = DS_BUSY;
  prog_table *t = ARENA_NEW(c->a, prog_table);
  t->name = d->qname, t->sp = d->node->sp;
  rows w = { .c = c, .d = d, .t = t };
  unit u;
  unit_open(c, &u, d, d->file);
  bool in = head_of(c, d->node->a, &w.in, "parameter", false), out = results_of(c, d, &w.out, t);
  if (in && out && check_enter(c, d->node->sp)) {
    all_rows(&w);
    check_leave(c);
    if (!w.bad) cover(&w);
  } else w.bad = true;
  unit_close(c, &u);
  d->state = DS_DONE;
  d->bad |= w.bad;
  if (d->bad) return;
  t->params = w.in.types, t->nparams = w.in.n;
  t->index = table_index_build(c->a, t);
  d->index = c->tables.n, d->table = t, d->params = w.in.names;
  *VEC_PUSH(c->a, &c->tables) = t;
}
