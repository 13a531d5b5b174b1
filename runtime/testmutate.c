/* Mutants: the rules with one place changed, to see whether a test notices. A clause is negated, a comparison takes or loses its boundary, `and` becomes `or`,
 * `every` becomes `some`, a bound of a table's cell moves by one. The typed tree is changed, never the rules' text: what is changed is told by the place and
 * in words. Trees are shared, so a change copies the path from the root down; walks on that path forget the look-up that the old condition allowed. */
#include "runtime/testrun_int.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = AST_MAX_DEPTH, MAX_MUTANTS = 20000, ANY_RUNS = 200 };

/* One change: node becomes other, in the tree at root; or a table becomes another. first: rule of a test that reaches it, UINT32_MAX when unknown. */
typedef struct change { str name, text, change; span sp; const ir *node, *root; ir *other; uint32_t first, table; const prog_table *other_table; } change;

typedef struct mutator {
  tester *t;
  arena *a;                /* of the list */
  str name;                /* of the declaration under way */
  const ir *root;
  VEC(change) list;
  VEC(mutant) alive;
  rt_mutation *out;
  double until;
} mutator;

/* ---- what can be changed ---- */

static ir *copy(arena *a, const ir *n) {
  ir *x = ARENA_NEW(a, ir);
  *x = *n;
  return x;
}

static ir *negated(arena *a, const ir *n) {
  if (n->kind == IR_NOT) return n->a;
  ir *x = ARENA_NEW(a, ir);
  *x = (ir){ .kind = IR_NOT, .ty = n->ty, .sp = n->sp, .local = -1, .a = (ir *)(uintptr_t)n, .cause = n->cause };
  return x;
}

static str written(const mutator *m, span sp) { return rt_one_line(m->a, source_slice(m->t->ir->src, sp)); }

static void add(mutator *m, const ir *n, ir *other, str what) {
  if (m->list.n >= MAX_MUTANTS) return;
  *VEC_PUSH(m->a, &m->list) = (change){ .name = m->name, .text = written(m, n->sp), .change = what, .sp = n->sp, .node = n, .root = m->root, .other = other };
}

static void as_op(mutator *m, const ir *n, uint8_t op, const char *from, const char *to) {
  ir *x = copy(m->a, n);
  x->op = op;
  add(m, n, x, str_fmt(m->a, "`%s` became `%s`", from, to));
}

static void comparison(mutator *m, const ir *n) {
  switch ((enum ast_op)n->op) {
  case OP_LT: as_op(m, n, OP_LE, "<", "<="); return;
  case OP_LE: as_op(m, n, OP_LT, "<=", "<"); return;
  case OP_GT: as_op(m, n, OP_GE, ">", ">="); return;
  case OP_GE: as_op(m, n, OP_GT, ">=", ">"); return;
  case OP_EQ: as_op(m, n, OP_NE, "==", "!="); return;
  case OP_NE: as_op(m, n, OP_EQ, "!=", "=="); return;
  case OP_NONE: case OP_ADD: case OP_SUB: case OP_MUL: case OP_DIV: case Q_EVERY: case Q_SOME: case Q_NO: case MOD_KEY: case MOD_UNIQUE:
  case MOD_FROM: case MOD_SPLIT: case MOD_DEFAULT: case UNIT_DURATION: case UNIT_SIZE: case UNIT_MONTHS: case SEP_NONE: case SEP_RANGE:
  case SEP_ARROW: case SEP_PER: case SEP_OF: return;
  }
}

/* `x in lo..hi` without one of its ends. */
static void range_end(mutator *m, const ir *n, bool low) {
  const ir *end = low ? n->b : n->c;
  ir *beyond = ARENA_NEW(m->a, ir), *both = ARENA_NEW(m->a, ir);
  *beyond = (ir){ .kind = IR_CMP, .op = low ? OP_GT : OP_LT, .ty = n->ty, .sp = n->sp, .local = -1, .a = n->a, .b = (ir *)(uintptr_t)end, .cause = n->cause };
  *both = (ir){ .kind = IR_AND, .ty = n->ty, .sp = n->sp, .local = -1, .n = 2, .v = ARENA_ARRAY(m->a, ir *, 2), .cause = n->cause };
  both->v[0] = copy(m->a, n), both->v[1] = beyond;
  str bound = written(m, end->sp);
  add(m, n, both, str_fmt(m->a, "the %s bound %.*s no longer belongs to it", low ? "lower" : "upper", STR_ARG(bound)));
}

static void quantifier(mutator *m, const ir *n) {
  if (n->op == Q_EVERY) as_op(m, n, Q_SOME, "every", "some");
  else if (n->op == Q_SOME) as_op(m, n, Q_EVERY, "some", "every");
  else as_op(m, n, Q_SOME, "no", "some");
}

static void one_node(mutator *m, const ir *n) {
  switch ((ir_kind)n->kind) {
  case IR_CMP: comparison(m, n); break;
  case IR_IN_RANGE: range_end(m, n, true), range_end(m, n, false); break;
  case IR_AND: case IR_OR: {
    ir *x = copy(m->a, n);
    x->kind = n->kind == IR_AND ? IR_OR : IR_AND;
    add(m, n, x, n->kind == IR_AND ? STR("`and` became `or`") : STR("`or` became `and`"));
    break;
  }
  case IR_QUANT: quantifier(m, n); break;
  case IR_CONST: case IR_NONE: case IR_LOCAL: case IR_NOW: case IR_TODAY: case IR_FIELD: case IR_DEREF: case IR_INDEX: case IR_MAP_GET:
  case IR_ARITH: case IR_NEG: case IR_TO_NUMBER: case IR_LIST: case IR_RECORD: case IR_WITH: case IR_INTERP: case IR_CALL: case IR_FN:
  case IR_TABLE: case IR_EXTERN: case IR_COALESCE: case IR_IF: case IR_COMPR: case IR_AGG: case IR_NOT: case IR_IMPLIES: case IR_IN_LIST: case IR_CONTAINS:
  case IR_MATCHES: case IR_EXISTS: case IR_IS_MISSING: case IR_IN_AUDIENCE: case IR_PASSES: case IR_FORMAT_OK: case IR_UNIQUE: case IR_RESOLVES:
  case IR_KIND_COUNT: break;
  }
}

static void walk(mutator *m, const ir *n, uint32_t depth) {
  if (!n || depth > MAX_DEPTH) return;
  one_node(m, n);
  walk(m, n->a, depth + 1), walk(m, n->b, depth + 1), walk(m, n->c, depth + 1);
  for (uint32_t i = 0; i < n->n; i++) walk(m, n->v[i], depth + 1);
  if (n->bind) walk(m, n->bind->list, depth + 1), walk(m, n->bind->where, depth + 1);
}

/* A tree with all that can be changed in it; negate: a test, which may be turned round as a whole. */
static void tree(mutator *m, const ir *root, bool negate) {
  if (!root) return;
  m->root = root;
  uint32_t before = m->list.n;
  if (negate && root->kind != IR_CONST && root->kind != IR_CMP) add(m, root, negated(m->a, root), STR("became its opposite"));
  walk(m, root, 0);
  uint32_t first;
  bool reached = cover_reached(m->t->cover, root, &first);
  for (uint32_t i = before; i < m->list.n; i++) m->list.v[i].first = first;
  if (reached) return;
  m->out->unreached += m->list.n - before;
  m->list.n = before;
}

static prog_table *with_cell(mutator *m, const prog_table *t, size_t at, prog_cell cell) {
  prog_table *x = ARENA_NEW(m->a, prog_table);
  *x = *t;
  size_t n = (size_t)t->nrows * t->nparams;
  prog_cell *cells = ARENA_ARRAY(m->a, prog_cell, n + 1);
  memcpy(cells, t->cells, sizeof *cells * n);
  cells[at] = cell;
  x->cells = cells, x->index = NULL;
  return x;
}

static void table_change(mutator *m, uint32_t table, size_t at, prog_cell cell, str what) {
  const prog_table *t = m->t->ir->tables[table];
  span sp = t->row_sps[at / t->nparams];
  if (m->list.n >= MAX_MUTANTS) return;
  change c = { .name = m->name, .text = written(m, sp), .change = what, .sp = sp, .first = UINT32_MAX };
  c.table = table, c.other_table = with_cell(m, t, at, cell);
  *VEC_PUSH(m->a, &m->list) = c;
}

static void table_cells(mutator *m, uint32_t table) {
  static const char *const signs[] = { "<", "<=", ">", ">=" };
  const prog_table *t = m->t->ir->tables[table];
  for (size_t i = 0; i < (size_t)t->nrows * t->nparams && t->nrows <= 1000; i++) {
    prog_cell k = t->cells[i];
    bool whole = t->params[i % t->nparams]->base->kind == TY_INT || t->params[i % t->nparams]->base->kind == TY_DATE;
    if (k.kind == CELL_CMP) {
      uint8_t from = k.op;
      k.op = from == OP_LT ? OP_LE : from == OP_LE ? OP_LT : from == OP_GT ? OP_GE : OP_GT;
      table_change(m, table, i, k, str_fmt(m->a, "`%s` became `%s`", signs[from - OP_LT], signs[k.op - OP_LT]));
    } else if (k.kind == CELL_RANGE && whole && k.v[0].i < k.v[1].i) {
      for (int low = 0; low < 2; low++) {
        val *v = ARENA_ARRAY(m->a, val, 2);
        v[0].i = k.v[0].i + low, v[1].i = k.v[1].i - !low;
        prog_cell shifted = k;
        shifted.v = v;
        table_change(m, table, i, shifted, low ? STR("the lower bound no longer belongs to it") : STR("the upper bound no longer belongs to it"));
      }
    }
  }
}

/* What the compiler moved out of a declaration (compiler/once.c) stands there for its reader. */
static str home_of(str name) {
  const char *mark = memchr(name.p, '#', name.n);
  return mark ? (str){ name.p, (uint32_t)(mark - name.p) } : name;
}

static void list_all(mutator *m) {
  const ir_program *ir = m->t->ir;
  for (uint32_t i = 0; i < m->t->p->ir->nrules; i++) {
    const prog_rule *r = ir->rules[i];
    if (r->refinement) continue;
    m->name = r->name;
    tree(m, r->guard, true);
    for (uint32_t k = 0; k < r->nlets; k++) tree(m, r->lets[k].init, false);
    for (uint32_t k = 0; k < r->nclauses; k++) tree(m, r->clauses[k].test, true);
  }
  for (uint32_t i = 0; i < ir->naudiences; i++) m->name = ir->audiences[i]->name, tree(m, ir->audiences[i]->test, true);
  for (uint32_t i = 0; i < ir->nfns; i++) m->name = home_of(ir->fns[i]->name), tree(m, ir->fns[i]->body, ir->fns[i]->ret->kind == TY_BOOL);
  for (uint32_t i = 0; i < ir->ntables; i++) m->name = ir->tables[i]->name, table_cells(m, i);
}

/* ---- making the change ---- */

static ir *replaced(arena *a, const ir *n, const change *c, uint32_t depth);

static bool put(arena *a, ir *const *from, ir **to, const change *c, uint32_t depth) {
  if (!*from) return false;
  ir *x = replaced(a, *from, c, depth + 1);
  if (x == *from) return false;
  *to = x;
  return true;
}

/* n with the change in it; n itself when it does not hold the place. */
static ir *replaced(arena *a, const ir *n, const change *c, uint32_t depth) {
  if (n == c->node) return c->other;
  ir x = *n;
  bool changed = false;
  if (depth > MAX_DEPTH) return (ir *)(uintptr_t)n;
  changed |= put(a, &n->a, &x.a, c, depth), changed |= put(a, &n->b, &x.b, c, depth), changed |= put(a, &n->c, &x.c, c, depth);
  for (uint32_t i = 0; i < n->n; i++) {
    ir *one;
    if (!put(a, &n->v[i], &one, c, depth)) continue;
    if (x.v == n->v) {
      x.v = ARENA_ARRAY(a, ir *, n->n);
      memcpy(x.v, n->v, sizeof *x.v * n->n);
    }
    x.v[i] = one, changed = true;
  }
  ir_binder bind = n->bind ? *n->bind : (ir_binder){ 0 };
  if (n->bind) changed |= put(a, &n->bind->list, &bind.list, c, depth), changed |= put(a, &n->bind->where, &bind.where, c, depth);
  if (!changed) return (ir *)(uintptr_t)n;
  if (n->bind) { /* rows were picked by an equality that may be gone */
    bind.eq_field = -1, bind.eq_key = NULL, bind.eq_unique = false;
    x.bind = ARENA_NEW(a, ir_binder);
    *x.bind = bind;
  }
  return copy(a, &x);
}

static ir *changed_root(arena *a, ir *root, const change *c) { return root == c->root && root ? replaced(a, root, c, 0) : root; }

static prog_rule *changed_rule(arena *a, prog_rule *r, const change *c) {
  prog_rule *x = ARENA_NEW(a, prog_rule);
  *x = *r;
  x->guard = changed_root(a, r->guard, c);
  x->lets = ARENA_ARRAY(a, ir_let, r->nlets + 1), x->clauses = ARENA_ARRAY(a, prog_clause, r->nclauses + 1);
  for (uint32_t i = 0; i < r->nlets; i++) x->lets[i] = r->lets[i], x->lets[i].init = changed_root(a, r->lets[i].init, c);
  for (uint32_t i = 0; i < r->nclauses; i++) x->clauses[i] = r->clauses[i], x->clauses[i].test = changed_root(a, r->clauses[i].test, c);
  return x;
}

static ir_program *changed_program(arena *a, const tester *t, const ir_program *ir, const change *c) {
  ir_program *p = ARENA_NEW(a, ir_program);
  *p = *ir;
  p->rules = ARENA_ARRAY(a, prog_rule *, ir->nrules + 1);
  p->audiences = ARENA_ARRAY(a, prog_audience *, ir->naudiences + 1);
  p->fns = ARENA_ARRAY(a, prog_fn *, ir->nfns + 1);
  p->tables = ARENA_ARRAY(a, prog_table *, ir->ntables + 1);
  for (uint32_t i = 0; i < ir->nrules; i++) {
    bool here = c->root && i < t->p->ir->nrules && !ir->rules[i]->refinement && str_eq(ir->rules[i]->name, c->name);
    p->rules[i] = here ? changed_rule(a, ir->rules[i], c) : ir->rules[i];
  }
  for (uint32_t i = 0; i < ir->naudiences; i++) {
    p->audiences[i] = ARENA_NEW(a, prog_audience);
    *p->audiences[i] = *ir->audiences[i];
    p->audiences[i]->test = changed_root(a, ir->audiences[i]->test, c);
  }
  for (uint32_t i = 0; i < ir->nfns; i++) {
    p->fns[i] = ARENA_NEW(a, prog_fn);
    *p->fns[i] = *ir->fns[i];
    p->fns[i]->body = changed_root(a, ir->fns[i]->body, c);
  }
  for (uint32_t i = 0; i < ir->ntables; i++) p->tables[i] = ir->tables[i];
  if (c->other_table) {
    p->tables[c->table] = ARENA_NEW(a, prog_table);
    *p->tables[c->table] = *c->other_table;
  }
  return p;
}

/* ---- running ---- */

static bool one_notices(tester *t, uint32_t test) {
  if (!t->ir->tests[test]->any) return tester_run(t, test, NULL, NULL, NULL) != TEST_PASS;
  return tester_tries(t, test, ANY_RUNS) != TEST_PASS;
}

/* The test that is known to get there, then the others; searches last, since they cost more. */
static bool noticed(tester *t, uint32_t first) {
  for (int turn = 0; turn < 3; turn++)
    for (uint32_t i = 0; i < t->rep->n; i++) {
      uint32_t test = t->rep->v[i].index;
      int when = t->rule_at[test] == first ? 0 : t->ir->tests[test]->any ? 2 : 1;
      if (when == turn && one_notices(t, test)) return true;
    }
  return false;
}

static void try_one(mutator *m, const ir_program *ir, const change *c) {
  tester *t = m->t;
  arena_reset(&t->changed);
  t->ir = changed_program(&t->changed, t, ir, c);
  t->ref.p = t->host.p = t->ir;
  t->given = NULL;
  m->out->tried++;
  if (noticed(t, c->first)) m->out->noticed++;
  else *VEC_PUSH(m->a, &m->alive) = (mutant){ c->name, c->text, c->change, c->sp };
}

static int by_place(const void *a, const void *b) {
  const mutant *x = a, *y = b;
  return (x->sp.beg > y->sp.beg) - (x->sp.beg < y->sp.beg);
}

rt_mutation *tester_mutate(tester *t) {
  mutator m = { .t = t, .a = t->a, .out = ARENA_NEW(t->a, rt_mutation) };
  const ir_program *ir = t->ir;
  m.until = tester_seconds() + (t->o->mutate_seconds > 0 ? t->o->mutate_seconds : 60);
  list_all(&m);
  t->cover = NULL;
  t->by_reference = true;
  for (uint32_t i = 0; i < m.list.n; i++) {
    if (tester_seconds() > m.until) {
      m.out->left = m.list.n - i;
      break;
    }
    try_one(&m, ir, &m.list.v[i]);
  }
  if (m.alive.n) qsort(m.alive.v, m.alive.n, sizeof *m.alive.v, by_place);
  m.out->v = m.alive.v, m.out->n = m.alive.n;
  return m.out;
}
