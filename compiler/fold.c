/* Constants computed at compile time: what literals, lists and plain arithmetic of literals come to. Never an error: what would fail at run
 * time is left for the run, where it is reported with its record. */
#include "compiler/check.h"

#include <math.h>

static bool k(const ir *n) { return n && n->kind == IR_CONST; }

static ex constant(checker *c, ex e, const type *t, val v) { return ex_of(ir_const(c, t, v, e.n->sp)); }

static ex fold_list(checker *c, ex e) {
  for (uint32_t i = 0; i < e.n->n; i++)
    if (!k(e.n->v[i]) || e.n->v[i]->ty->kind == TY_PATTERN || e.n->v[i]->ty->kind == TY_PALETTE || e.n->v[i]->ty->kind == TY_TERMS)
      return e;
  val *v = ARENA_ARRAY(c->a, val, e.n->n ? e.n->n : 1);
  for (uint32_t i = 0; i < e.n->n; i++) v[i] = e.n->v[i]->k;
  list *l = ARENA_NEW(c->a, list);
  *l = (list){ e.n->n, v };
  return constant(c, e, e.n->ty, (val){ .l = l });
}

static ex fold_int(checker *c, ex e) {
  int64_t r;
  int64_t a = e.n->a->k.i, b = e.n->b->k.i;
  bool over = e.n->op == IA_ADD_INT || e.n->op == IA_ADD_DUR ? __builtin_add_overflow(a, b, &r)
            : e.n->op == IA_SUB_INT || e.n->op == IA_SUB_DUR ? __builtin_sub_overflow(a, b, &r)
                                                             : __builtin_mul_overflow(a, b, &r);
  return over ? e : constant(c, e, e.n->ty, (val){ .i = r });
}

static ex fold_number(checker *c, ex e) {
  double a = e.n->a->k.n, b = e.n->b->k.n, r = 0;
  if (e.n->op == IA_ADD_NUM) r = a + b;
  else if (e.n->op == IA_SUB_NUM) r = a - b;
  else if (e.n->op == IA_MUL_NUM) r = a * b;
  else if (b != 0) r = a / b;
  else return e;
  return isfinite(r) ? constant(c, e, e.n->ty, (val){ .n = r }) : e;
}

ex fold(checker *c, ex e) {
  ir *n = e.n;
  if (n->ty->opt) return e;
  if (n->kind == IR_LIST) return fold_list(c, e);
  if (n->kind == IR_TO_NUMBER && k(n->a)) return constant(c, e, n->ty, (val){ .n = (double)n->a->k.i });
  if (n->kind == IR_NEG && k(n->a)) {
    if (n->ty->kind == TY_NUMBER) return constant(c, e, n->ty, (val){ .n = n->a->k.n == 0 ? 0 : -n->a->k.n });
    return n->a->k.i == INT64_MIN ? e : constant(c, e, n->ty, (val){ .i = -n->a->k.i });
  }
  if (n->kind == IR_NOT && k(n->a)) return constant(c, e, n->ty, (val){ .i = !n->a->k.i });
  if (n->kind != IR_ARITH || !k(n->a) || !k(n->b)) return e;
  switch ((ir_arith)n->op) {
  case IA_ADD_INT: case IA_SUB_INT: case IA_MUL_INT: case IA_ADD_DUR: case IA_SUB_DUR: case IA_MUL_DUR_INT: return fold_int(c, e);
  case IA_ADD_NUM: case IA_SUB_NUM: case IA_MUL_NUM: case IA_DIV_NUM: return fold_number(c, e);
  case IA_ADD_TEXT: case IA_ADD_DATE_DUR: case IA_SUB_DATE_DUR: case IA_SUB_DATE_DATE: case IA_ADD_TIME_DUR: case IA_SUB_TIME_DUR:
  case IA_SUB_TIME_TIME: case IA_ADD_DATE_MON: case IA_SUB_DATE_MON: case IA_ADD_TIME_MON: case IA_SUB_TIME_MON: case IA_MUL_DUR_NUM:
  case IA_DIV_DUR_NUM: case IA_DIV_DUR: case IA_COUNT: break;
  }
  return e;
}
