/* Tests as control flow: a test goes to one of four places (true, false, unknown, error), so that a condition costs one fused
 * compare-and-branch and nothing is stored. Inside `and` and `or` an unknown or an error is kept in a gauge, a register whose
 * status only gets worse, and the next operand is tried: only the dominant value leaves early. Since the four truths commute,
 * operands are tried in order of cost; where causes are collected, as written. */
#include "compiler/emit.h"

#include <stdlib.h>
#include <string.h>

/* ---- what a node may come to ---- */

static unsigned may_of_field(const emitter *e, const ir *n) {
  if (!(e->u->root && n->a->kind == IR_LOCAL && n->a->local == 0)) return MAY_MISS | MAY_FAIL;
  if (n->index < e->u->root->nfields && e->clean && !e->u->root->fields[n->index].type->opt) return 0;
  return MAY_MISS | MAY_FAIL;
}

static unsigned may_of_all(const emitter *e, const ir *n) {
  unsigned m = 0;
  if (n->a) m |= emit_may(e, n->a);
  if (n->b) m |= emit_may(e, n->b);
  if (n->c) m |= emit_may(e, n->c);
  for (uint32_t i = 0; i < n->n && m != (MAY_MISS | MAY_FAIL); i++) m |= emit_may(e, n->v[i]);
  return m;
}

/* Values that hold records may hold fields in error, and comparing those is an error. */
static bool holds_records(const type *t) {
  for (; t; t = t->elem)
    if (t->kind == TY_RECORD) return true;
  return false;
}

unsigned emit_may(const emitter *e, const ir *n) {
  switch ((ir_kind)n->kind) {
  case IR_CONST: case IR_NOW: case IR_TODAY: return 0;
  case IR_NONE: return MAY_MISS;
  case IR_LOCAL: return (e->u->root && n->local == 0) || ((uint32_t)n->local < e->nlocals && e->present[n->local]) ? 0 : MAY_MISS | MAY_FAIL;
  case IR_FIELD: return may_of_field(e, n);
  case IR_EXISTS: case IR_IS_MISSING: return emit_may(e, n->a) & MAY_FAIL;
  case IR_NOT: case IR_TO_NUMBER: case IR_FORMAT_OK: case IR_RESOLVES: case IR_UNIQUE: case IR_AND: case IR_OR:
  case IR_IMPLIES: return may_of_all(e, n);
  case IR_CMP: case IR_IN_RANGE: case IR_IN_LIST: case IR_CONTAINS:
    return may_of_all(e, n) | (holds_records(n->a->ty) || holds_records(n->b->ty) ? MAY_FAIL : 0u);
  case IR_ARITH: case IR_NEG: case IR_MATCHES: return may_of_all(e, n) | MAY_FAIL;
  case IR_DEREF: case IR_INDEX: case IR_MAP_GET: case IR_LIST: case IR_RECORD: case IR_WITH: case IR_INTERP: case IR_CALL: case IR_FN:
  case IR_TABLE: case IR_EXTERN: case IR_COALESCE:
  case IR_IF: case IR_COMPR: case IR_AGG: case IR_QUANT: case IR_IN_AUDIENCE: case IR_PASSES: case IR_KIND_COUNT: return MAY_MISS | MAY_FAIL;
  }
  return MAY_MISS | MAY_FAIL;
}

/* A rough price, for the order in which conjuncts are tried. */
double emit_cost(const ir *n) {
  double c = 1;
  switch ((ir_kind)n->kind) {
  case IR_CALL: c = 40; break;
  case IR_MATCHES: c = 100; break;
  case IR_FN: case IR_TABLE: case IR_INTERP: case IR_FORMAT_OK: c = 60; break;
  case IR_DEREF: case IR_RESOLVES: case IR_EXTERN: c = 500; break;
  case IR_UNIQUE: case IR_PASSES: case IR_IN_AUDIENCE: c = 1000; break;
  case IR_IN_LIST: case IR_CONTAINS: case IR_LIST: case IR_RECORD: case IR_WITH: c = 8; break;
  case IR_QUANT: case IR_COMPR: case IR_AGG:
    c = n->bind->source >= 0 ? 5000 : 10;
    if (n->bind->list) c += emit_cost(n->bind->list);
    if (n->bind->where) c += emit_cost(n->bind->where);
    if (n->a) c += emit_cost(n->a) * (n->bind->source >= 0 ? 100 : 5);
    return c;
  case IR_CONST: case IR_NONE: case IR_LOCAL: case IR_NOW: case IR_TODAY: case IR_FIELD: case IR_INDEX: case IR_MAP_GET: case IR_ARITH: case IR_NEG:
  case IR_TO_NUMBER: case IR_COALESCE: case IR_IF: case IR_AND: case IR_OR: case IR_NOT: case IR_IMPLIES: case IR_CMP:
  case IR_IN_RANGE: case IR_EXISTS:
  case IR_IS_MISSING: case IR_KIND_COUNT: break;
  }
  if (n->a) c += emit_cost(n->a);
  if (n->b) c += emit_cost(n->b);
  if (n->c) c += emit_cost(n->c);
  for (uint32_t i = 0; i < n->n; i++) c += emit_cost(n->v[i]);
  return c;
}

/* ---- gauges and cuts ---- */

reg emit_gauge(emitter *e) {
  reg g = emit_temp(e, emit_bool_type());
  emit_op(e, BC_TRUTH, g)->x = TR_T;
  return g;
}

void emit_worse(emitter *e, reg gauge, uint8_t st, label here, label to) {
  emit_bind(e, here);
  emit_jump_x(e, BC_WORSE, gauge, st, to);
}

void emit_cut(emitter *e, label here, reg mark, uint8_t what, label to) {
  emit_bind(e, here);
  emit_jump_x(e, BC_CUT, mark, what, to);
}

/* ---- and, or, implies ---- */

typedef struct kid { const ir *n; double cost; bool neg; } kid;

static int by_cost(const void *x, const void *y) {
  const kid *a = x, *b = y;
  return a->cost < b->cost ? -1 : a->cost > b->cost ? 1 : a->n->sp.beg < b->n->sp.beg ? -1 : a->n->sp.beg > b->n->sp.beg;
}

static void test_kid(emitter *e, const kid *k, ways w) {
  if (k->neg) w = (ways){ w.f, w.t, w.u, w.e };
  emit_test(e, k->n, w);
}

/* An empty walk marks the verdict even where it is passed over, so what may be passed over is asked first whether it is empty. */
static void probe_vacuous(emitter *e, const ir *n) {
  if (n->kind == IR_AND || n->kind == IR_OR)
    for (uint32_t i = 0; i < n->n; i++) probe_vacuous(e, n->v[i]);
  else if (n->kind == IR_IMPLIES) probe_vacuous(e, n->a), probe_vacuous(e, n->b);
  if (n->kind != IR_QUANT || !(n->flags & IRF_VACUOUS)) return;
  label over = emit_label(e), out = emit_label(e);
  walk w;
  emit_walk_begin(e, &w, n->bind, false, false, over, over);
  emit_jump(e, out);
  emit_walk_leave(e, &w, out, over);
  emit_walk_end(e, &w);
  emit_op(e, BC_VACUOUS, w.counter);
  emit_free(e, w.counter);
  emit_bind(e, over);
}

static void fold(emitter *e, kid *k, uint32_t n, bool is_or, ways w) {
  unsigned may = 0, before_last = 0;
  reg mark = emit_mark(e);
  if (is_or && !e->below && e->u->kind == UNIT_RULE)
    for (uint32_t i = 0; i < n; i++) probe_vacuous(e, k[i].n);
  if (!e->collect) qsort(k, n, sizeof *k, by_cost);
  for (uint32_t i = 0; i < n; i++) {
    before_last = may;
    may |= emit_may(e, k[i].n);
  }
  bool gauged = before_last != 0;
  reg gauge = gauged ? emit_gauge(e) : NO_REG;
  label strong = is_or ? w.t : w.f, weak = is_or ? w.f : w.t;
  label leave = mark != NO_REG ? emit_label(e) : strong;
  e->below += is_or;
  for (uint32_t i = 0; i < n; i++) {
    bool last = i + 1 == n;
    label next = last && !gauged ? weak : emit_label(e);
    label u = gauged ? emit_label(e) : w.u, bad = gauged ? emit_label(e) : w.e;
    test_kid(e, &k[i], is_or ? (ways){ leave, next, u, bad } : (ways){ next, leave, u, bad });
    if (gauged) {
      emit_worse(e, gauge, ST_MISSING, u, next);
      emit_worse(e, gauge, ST_ERR, bad, next);
    }
    if (!last || gauged) emit_bind(e, next);
  }
  e->below -= is_or;
  label bad = mark != NO_REG ? emit_label(e) : w.e;
  if (gauged) {
    emit_check(e, gauge, weak, w.u, bad);
    emit_free(e, gauge);
  }
  if (mark != NO_REG) {
    emit_cut(e, leave, mark, CUT_ALL, strong);
    emit_cut(e, bad, mark, CUT_BUT_ERRORS, w.e);
    emit_free(e, mark);
  }
}

static void fold_node(emitter *e, const ir *n, ways w) {
  bool implies = n->kind == IR_IMPLIES;
  uint32_t k = implies ? 2 : n->n;
  kid *kids = ARENA_ARRAY(e->a, kid, k + 1);
  for (uint32_t i = 0; i < k; i++) {
    const ir *x = implies ? (i ? n->b : n->a) : n->v[i];
    kids[i] = (kid){ x, e->collect ? 0 : emit_cost(x), implies && i == 0 };
  }
  fold(e, kids, k, n->kind != IR_AND, w);
}

/* ---- comparisons ---- */

typedef enum cls { CLS_INT, CLS_NUM, CLS_TEXT, CLS_OTHER } cls;

static cls class_of(const type *t) {
  const type *r = code_rep(t);
  if (!r) return CLS_OTHER;
  if (r->kind == TY_NUMBER) return CLS_NUM;
  if (r->kind == TY_TEXT || r->kind == TY_UNION) return CLS_TEXT;
  return code_is_pointer(r) ? CLS_OTHER : CLS_INT;
}

static bool sure(const emitter *e, reg r) { /* of a register that is read through a pointer */
  return e->clean && e->u->root && r < e->u->nfixed && !e->u->root->fields[r].type->opt;
}

/* Guards the test instruction that follows at once: goes on only when what it reads is present. */
static void guard(emitter *e, reg a, unsigned may, bool pointer, ways w) {
  if (!may && !(pointer && !sure(e, a))) return;
  label ok = emit_label(e);
  emit_check(e, a, ok, w.u, w.e);
  emit_bind(e, ok);
}

static void guard2(emitter *e, reg a, unsigned may_a, reg b, unsigned may_b, bool pointer, ways w) {
  bool need_a = may_a || (pointer && !sure(e, a)), need_b = may_b || (pointer && !sure(e, b));
  if (need_a && need_b) {
    label ok = emit_label(e);
    emit_check2(e, a, b, ok, w.u, w.e);
    emit_bind(e, ok);
  } else if (need_a) guard(e, a, may_a, pointer, w);
  else if (need_b) guard(e, b, may_b, pointer, w);
}

void emit_test_reg(emitter *e, reg r, unsigned may, ways w) {
  guard(e, r, may, false, w);
  emit_test_op(e, BC_BOOL, r, w.t, w.f);
}

static uint8_t mirrored(uint8_t op) {
  return op == OP_LT ? OP_GT : op == OP_LE ? OP_GE : op == OP_GT ? OP_LT : op == OP_GE ? OP_LE : op;
}

/* Every comparison as EQ, LT or LE with the ways exchanged where needed. */
static ways turned(uint8_t *op, ways w) {
  bool turn = *op == OP_NE || *op == OP_GE || *op == OP_GT;
  *op = *op == OP_NE ? OP_EQ : *op == OP_GE ? OP_LT : *op == OP_GT ? OP_LE : *op;
  return turn ? (ways){ w.f, w.t, w.u, w.e } : w;
}

static bool is_atom(const emitter *e, const ir *n) {
  return n->kind == IR_CONST && n->k.t && n->k.t->atom && n->k.t->atom <= e->p->natoms && e->p->atoms[n->k.t->atom - 1] == n->k.t;
}

/* A constant that a number can be compared with as a number: an int that is one exactly is, too. */
static bool as_number(const ir *k, double *n) {
  if (k->kind != IR_CONST) return false;
  cls c = class_of(k->ty);
  bool exact = c == CLS_INT && k->k.i >= -(INT64_C(1) << 53) && k->k.i <= INT64_C(1) << 53;
  if (c == CLS_NUM || exact) *n = exact ? (double)k->k.i : k->k.n;
  return c == CLS_NUM || exact;
}

/* Against a constant: one instruction with the constant in it. false: there is none such. */
static bool cmp_const(emitter *e, const ir *a, const ir *k, uint8_t op, ways w) {
  cls ca = class_of(a->ty), ck = class_of(k->ty);
  double number = 0;
  if (k->kind != IR_CONST || ca == CLS_OTHER || (ca != ck && ca != CLS_NUM) || (ca == CLS_NUM && !as_number(k, &number))) return false;
  if (ca == CLS_TEXT && (!(op == OP_EQ || op == OP_NE) || !is_atom(e, k))) return false;
  reg r = emit_value(e, a);
  w = turned(&op, w);
  bool is_union = e->regs.v[r].r.type->kind == TY_UNION; /* the node itself may have been widened to text */
  guard(e, r, emit_may(e, a), ca == CLS_TEXT && !is_union, w);
  if (ca == CLS_TEXT) emit_test_op(e, is_union ? BC_EQ_ATOM : BC_EQ_TEXT_K, r, w.t, w.f)->k = k->k.t;
  else if (ca == CLS_INT) emit_test_op(e, op == OP_EQ ? BC_EQ_INT_K : op == OP_LT ? BC_LT_INT_K : BC_LE_INT_K, r, w.t, w.f)->i = k->k.i;
  else emit_test_op(e, op == OP_EQ ? BC_EQ_NUM_K : op == OP_LT ? BC_LT_NUM_K : BC_LE_NUM_K, r, w.t, w.f)->n = number;
  emit_free(e, r);
  return true;
}

/* Present registers: op is EQ, LT or LE. */
static void cmp_regs(emitter *e, reg a, cls ca, reg b, cls cb, uint8_t op, label t, label f) {
  ins *i;
  if (ca == CLS_INT && cb == CLS_NUM) i = emit_test_op(e, op == OP_EQ ? BC_EQ_MIX : op == OP_LT ? BC_LT_MIX : BC_LE_MIX, a, t, f);
  else if (ca == CLS_NUM && cb == CLS_INT && op != OP_EQ) { /* a < b is not b <= a */
    i = emit_test_op(e, op == OP_LT ? BC_LE_MIX : BC_LT_MIX, b, f, t);
    b = a;
  } else if (ca == CLS_NUM && cb == CLS_INT) {
    i = emit_test_op(e, BC_EQ_MIX, b, t, f);
    b = a;
  } else {
    static const opcode eq[] = { [CLS_INT] = BC_EQ_INT, [CLS_NUM] = BC_EQ_NUM, [CLS_TEXT] = BC_EQ_TEXT };
    static const opcode lt[] = { [CLS_INT] = BC_LT_INT, [CLS_NUM] = BC_LT_NUM, [CLS_TEXT] = BC_LT_TEXT };
    if (op == OP_LE) { /* a <= b is not b < a */
      i = emit_test_op(e, lt[ca], b, f, t);
      b = a;
    } else i = emit_test_op(e, (op == OP_EQ ? eq : lt)[ca], a, t, f);
  }
  i->b = b;
}

static void test_value(emitter *e, const ir *n, opcode op, const ir *x, const ir *y, ways w) {
  reg mark = emit_mark(e), a = emit_value(e, x), b = emit_value(e, y), dst = emit_temp(e, emit_bool_type());
  emit_op_bc(e, op, dst, a, b);
  emit_free(e, a), emit_free(e, b);
  emit_note(e, dst, n);
  emit_filter(e, mark, dst);
  emit_test_reg(e, dst, emit_may(e, n), w);
  emit_free(e, dst);
}

static void cmp(emitter *e, const ir *n, ways w) {
  uint8_t op = n->op;
  if (cmp_const(e, n->a, n->b, op, w) || cmp_const(e, n->b, n->a, mirrored(op), w)) return;
  cls ca = class_of(n->a->ty), cb = class_of(n->b->ty);
  if (ca == CLS_OTHER || cb == CLS_OTHER) {
    w = turned(&op, w);
    test_value(e, n, BC_EQ, n->a, n->b, w);
    return;
  }
  reg mark = emit_mark(e), a = emit_value(e, n->a), b = emit_value(e, n->b);
  ways in = turned(&op, w);
  if (mark != NO_REG) in.e = emit_label(e);
  guard2(e, a, emit_may(e, n->a), b, emit_may(e, n->b), ca == CLS_TEXT, in);
  cmp_regs(e, a, ca, b, cb, op, in.t, in.f);
  emit_free(e, a), emit_free(e, b);
  if (mark == NO_REG) return;
  emit_cut(e, in.e, mark, CUT_BUT_ERRORS, w.e);
  emit_free(e, mark);
}

/* ---- ranges and lists ---- */

static bool const_range(emitter *e, const ir *n, reg r, ways w) {
  cls c = class_of(n->a->ty);
  val from = n->b->k, to = n->c->k;
  if (n->b->kind != IR_CONST || n->c->kind != IR_CONST || (c != CLS_INT && c != CLS_NUM)) return false;
  if (c == CLS_INT && (class_of(n->b->ty) != c || class_of(n->c->ty) != c)) return false;
  if (c == CLS_NUM && (!as_number(n->b, &from.n) || !as_number(n->c, &to.n))) return false;
  guard(e, r, emit_may(e, n->a), false, w);
  int64_t lo = from.i, hi = to.i;
  if (c == CLS_INT && lo >= INT32_MIN && lo <= INT32_MAX && hi >= INT32_MIN && hi <= INT32_MAX) {
    ins *i = emit_test_op(e, BC_RANGE_INT, r, w.t, w.f);
    i->lo = (int32_t)lo, i->hi = (int32_t)hi;
    return true;
  }
  if (c == CLS_NUM && e->tab->consts.n + 2 < UINT16_MAX) {
    const type *number = code_rep(n->a->ty);
    uint32_t k = emit_const(e, number, from), k2 = emit_const(e, number, to);
    ins *i = emit_test_op(e, BC_RANGE_NUM, r, w.t, w.f);
    i->b = (uint16_t)k, i->c = (uint16_t)k2;
    return true;
  }
  label above = emit_label(e);
  ins *i = emit_test_op(e, c == CLS_INT ? BC_LT_INT_K : BC_LT_NUM_K, r, w.f, above);
  i->i = lo;
  emit_bind(e, above);
  i = emit_test_op(e, c == CLS_INT ? BC_LE_INT_K : BC_LE_NUM_K, r, w.t, w.f);
  i->i = hi;
  return true;
}

/* All three are strict: their statuses are joined before anything is compared. */
static void range(emitter *e, const ir *n, ways w) {
  reg mark = emit_mark(e), a = emit_value(e, n->a);
  if (const_range(e, n, a, w)) {
    emit_free(e, a);
    emit_free(e, mark);
    return;
  }
  reg b = emit_value(e, n->b), c = emit_value(e, n->c), all = emit_temp(e, emit_bool_type());
  cls ca = class_of(n->a->ty), cb = class_of(n->b->ty), cc = class_of(n->c->ty);
  emit_op_bc(e, BC_WORST, all, a, b);
  emit_op_bc(e, BC_WORST, all, all, c);
  emit_filter(e, mark, all);
  guard(e, all, MAY_MISS | MAY_FAIL, true, w);
  label above = emit_label(e);
  guard2(e, b, 0, a, 0, ca == CLS_TEXT, w);
  cmp_regs(e, b, cb, a, ca, OP_LE, above, w.f);
  emit_bind(e, above);
  guard2(e, a, 0, c, 0, ca == CLS_TEXT, w);
  cmp_regs(e, a, ca, c, cc, OP_LE, w.t, w.f);
  emit_free(e, a), emit_free(e, b), emit_free(e, c), emit_free(e, all);
}

/* A set of ints or atoms as one 64-bit mask: the atoms of one aligned window, ints from a small signed base. */
static bool mask_of(const emitter *e, const ir *n, reg r, uint64_t *mask, uint8_t *base, opcode *op) {
  const list *l = n->b->k.l;
  if (class_of(n->a->ty) == CLS_INT) {
    int64_t low = INT64_MAX;
    for (uint32_t i = 0; i < l->n; i++) if (l->v[i].i < low) low = l->v[i].i;
    if (low < INT8_MIN || low > INT8_MAX) return false;
    *mask = 0, *base = (uint8_t)(int8_t)low, *op = BC_IN_INTS;
    for (uint32_t i = 0; i < l->n; i++) {
      if (l->v[i].i - low > 63) return false;
      *mask |= UINT64_C(1) << (l->v[i].i - low);
    }
    return true;
  }
  if (e->regs.v[r].r.type->kind != TY_UNION) return false; /* the node itself may have been widened to text */
  *mask = 0, *op = BC_IN_ATOMS;
  for (uint32_t i = 0; i < l->n; i++) {
    uint32_t atom = l->v[i].t->atom;
    if (!atom || atom > e->p->natoms || atom / 64 > UINT8_MAX || (i && atom / 64 != *base)) return false;
    *base = (uint8_t)(atom / 64);
    *mask |= UINT64_C(1) << (atom % 64);
  }
  return true;
}

static int by_value(const void *x, const void *y, void *t) { return val_cmp(t, *(const val *)x, *(const val *)y); }

static val sorted(emitter *e, const list *l, const type *elem) {
  list *s = ARENA_NEW(e->tab->a, list);
  val *v = ARENA_ARRAY(e->tab->a, val, l->n + 1);
  memcpy(v, l->v, sizeof *v * l->n);
  qsort_r(v, l->n, sizeof *v, by_value, (void *)(uintptr_t)elem);
  *s = (list){ l->n, v };
  return (val){ .l = s };
}

static void in_list(emitter *e, const ir *n, ways w) {
  cls ca = class_of(n->a->ty);
  const type *elem = n->b->ty->elem;
  bool fixed = n->b->kind == IR_CONST && n->b->ty->kind == TY_LIST && elem && n->b->k.l->n && ca != CLS_OTHER && class_of(elem) == ca;
  if (!fixed) {
    test_value(e, n, BC_IN_LIST, n->a, n->b, w);
    return;
  }
  reg r = emit_value(e, n->a);
  uint64_t mask;
  uint8_t base = 0;
  opcode op;
  guard(e, r, emit_may(e, n->a), ca == CLS_TEXT, w);
  if (mask_of(e, n, r, &mask, &base, &op)) {
    ins *i = emit_test_op(e, op, r, w.t, w.f);
    i->i = (int64_t)mask, i->x = base;
  } else {
    const type *rep = code_rep(elem);
    emit_test_op(e, BC_IN_SET, r, w.t, w.f)->d = emit_const(e, n->b->ty, sorted(e, n->b->k.l, rep));
  }
  emit_free(e, r);
}

/* ---- exists, if, ?? ---- */

static void exists(emitter *e, const ir *n, ways w) {
  reg mark = emit_mark(e), r = emit_value(e, n->a);
  label there = n->kind == IR_EXISTS ? w.t : w.f, absent = n->kind == IR_EXISTS ? w.f : w.t;
  label cut = mark != NO_REG ? emit_label(e) : absent;
  emit_check(e, r, there, cut, w.e);
  if (mark != NO_REG) {
    emit_cut(e, cut, mark, CUT_ALL, absent);
    emit_free(e, mark);
  }
  emit_free(e, r);
}

static void coalesce_test(emitter *e, const ir *n, ways w) {
  reg mark = emit_mark(e);
  label absent = emit_label(e);
  emit_test(e, n->a, (ways){ w.t, w.f, absent, w.e });
  emit_bind(e, absent);
  if (mark == NO_REG) { emit_test(e, n->b, w); return; }
  ways in = { emit_label(e), emit_label(e), w.u, emit_label(e) };
  emit_test(e, n->b, in);
  emit_cut(e, in.t, mark, CUT_ALL, w.t);
  emit_cut(e, in.f, mark, CUT_ALL, w.f);
  emit_cut(e, in.e, mark, CUT_BUT_ERRORS, w.e);
  emit_free(e, mark);
}

static void if_test(emitter *e, const ir *n, ways w) {
  label yes = emit_label(e), no = emit_label(e);
  emit_test(e, n->a, (ways){ yes, no, w.u, w.e });
  emit_bind(e, yes);
  emit_test(e, n->b, w);
  emit_bind(e, no);
  emit_test(e, n->c, w);
}

/* ---- every kind ---- */

void emit_test(emitter *e, const ir *n, ways w) {
  span back = e->sp;
  if (n->sp.end) e->sp = n->sp;
  switch ((ir_kind)n->kind) {
  case IR_CONST: emit_jump(e, n->k.i ? w.t : w.f); break;
  case IR_NONE: emit_jump(e, w.u); break;
  case IR_AND: case IR_OR: case IR_IMPLIES: fold_node(e, n, w); break;
  case IR_NOT:
    e->below++;
    emit_test(e, n->a, (ways){ w.f, w.t, w.u, w.e });
    e->below--;
    break;
  case IR_QUANT: emit_quant(e, n, w); break;
  case IR_CMP: cmp(e, n, w); break;
  case IR_IN_RANGE: range(e, n, w); break;
  case IR_IN_LIST: in_list(e, n, w); break;
  case IR_EXISTS: case IR_IS_MISSING: exists(e, n, w); break;
  case IR_COALESCE: coalesce_test(e, n, w); break;
  case IR_IF: if_test(e, n, w); break;
  case IR_LOCAL: case IR_NOW: case IR_TODAY: case IR_FIELD: case IR_DEREF: case IR_INDEX: case IR_MAP_GET: case IR_ARITH: case IR_NEG:
  case IR_TO_NUMBER:
  case IR_LIST: case IR_RECORD: case IR_WITH: case IR_INTERP: case IR_CALL: case IR_FN: case IR_EXTERN: case IR_TABLE: case IR_COMPR: case IR_AGG:
  case IR_CONTAINS: case IR_MATCHES:
  case IR_IN_AUDIENCE: case IR_PASSES: case IR_FORMAT_OK: case IR_UNIQUE: case IR_RESOLVES: {
    reg r = emit_value(e, n);
    emit_test_reg(e, r, emit_may(e, n), w);
    emit_free(e, r);
    break;
  }
  case IR_KIND_COUNT: break;
  }
  e->sp = back;
}

void emit_truth_into(emitter *e, const ir *n, reg dst) {
  ways w = { emit_label(e), emit_label(e), emit_label(e), emit_label(e) };
  label end = emit_label(e), at[] = { w.f, w.t, w.u, w.e };
  emit_test(e, n, w);
  for (uint8_t x = TR_F; x <= TR_E; x++) {
    emit_bind(e, at[x]);
    emit_op(e, BC_TRUTH, dst)->x = x;
    emit_jump(e, end);
  }
  emit_bind(e, end);
}
