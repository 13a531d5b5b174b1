/* Values: every expression computes into a typed register with a status beside it. Strict instructions look at the statuses of
 * their operands themselves, so values need no branches but for `if` and `??`. In collecting mode an instruction that can make
 * a missing value or an error is followed by a NOTE, and every strict node with several operands by a FILTER (compiler/ir.def,
 * "Causes"). */
#include "compiler/emit.h"

#include <string.h>

static reg value_of_local(const emitter *e, const ir *n) {
  return n->kind == IR_LOCAL && (uint32_t)n->local < e->nlocals ? e->local[n->local] : NO_REG;
}

/* A field of the record that the unit judges is a register already. */
static bool is_root(const emitter *e, const ir *n) { return e->u->root && n->kind == IR_LOCAL && n->local == 0; }
static bool is_root_field(const emitter *e, const ir *n) {
  return n->kind == IR_FIELD && is_root(e, n->a) && n->index < e->u->root->nfields;
}

void emit_note(emitter *e, reg r, const ir *n) {
  if (e->collect) emit_op_d(e, BC_NOTE, r, 0, emit_cause(e, n->cause));
}

reg emit_mark(emitter *e) {
  if (!e->collect) return NO_REG;
  reg m = emit_reg_new(e, REG_COUNT, 0, NULL);
  emit_op(e, BC_MARK, m);
  return m;
}

void emit_filter(emitter *e, reg mark, reg r) {
  if (mark == NO_REG) return;
  emit_op_bc(e, BC_FILTER, mark, r, 0);
  emit_free(e, mark);
}

void emit_drop(emitter *e, reg mark) {
  if (mark == NO_REG) return;
  label on = emit_label(e);
  emit_jump_x(e, BC_CUT, mark, 0, on);
  emit_bind(e, on);
}

reg emit_value(emitter *e, const ir *n) {
  span back = e->sp;
  reg r = NO_REG;
  if (n->sp.end) e->sp = n->sp;
  if (is_root_field(e, n)) {
    r = (reg)n->index;
    if (e->collect) emit_op_d(e, BC_NOTE_FIELD, r, 0, emit_cause(e, n->cause));
  } else if (n->kind == IR_LOCAL && !is_root(e, n)) {
    r = value_of_local(e, n);
    if (r != NO_REG && e->collect && e->causes[n->local] != NO_REG) emit_op(e, BC_RENOTE, e->causes[n->local]);
  }
  if (r == NO_REG) {
    r = emit_temp(e, n->ty);
    emit_into(e, n, r);
  }
  e->sp = back;
  return r;
}

/* ---- operands in a side table ---- */

typedef struct operands { reg *regs; const type **argt; bool *lifts; uint32_t n; } operands;

static operands eval_operands(emitter *e, ir *const *v, uint32_t n) {
  operands o = { ARENA_ARRAY(e->tab->a, reg, n + 1), ARENA_ARRAY(e->tab->a, const type *, n + 1), ARENA_ARRAY(e->tab->a, bool, n + 1), n };
  if (n > UINT16_MAX) { e->too_large = true; o.n = 0; return o; }
  for (uint32_t i = 0; i < n; i++) {
    o.regs[i] = emit_value(e, v[i]);
    o.argt[i] = v[i]->ty;
    o.lifts[i] = true;
  }
  return o;
}

static void free_operands(emitter *e, const operands *o) {
  for (uint32_t i = 0; i < o->n; i++) emit_free(e, o->regs[i]);
}

static void emit_sited(emitter *e, opcode op, const ir *n, reg dst, reg b, operands *o) {
  code_site s = { .index = n->index, .n = (uint16_t)o->n, .regs = o->regs, .argt = o->argt, .lifts = o->lifts, .rett = n->ty, .idx = n->idx, .fmt = n->fmt };
  emit_op_d(e, op, dst, b, emit_site(e, s));
  free_operands(e, o);
}

/* Is the i-th parameter of a library function declared T?: "(s: text, n: int?) -> text". */
static bool takes_missing(const char *sig, uint32_t i) {
  const char *p = strchr(sig, '(');
  for (p = p ? p + 1 : sig; i && *p && *p != ')'; p++) i -= *p == ',';
  const char *end = p + strcspn(p, ",)");
  while (end > p && end[-1] == ' ') end--;
  return end > p && end[-1] == '?';
}

static void call_into(emitter *e, const ir *n, reg dst) {
  reg mark = emit_mark(e);
  operands o = eval_operands(e, n->v, n->n);
  bool lib = n->kind == IR_CALL, table = n->kind == IR_TABLE, native = n->kind == IR_EXTERN;
  const type *const *params = lib ? NULL : table ? e->p->tables[n->index]->params : native ? e->p->externs[n->index]->params : e->p->fns[n->index]->params;
  for (uint32_t i = 0; i < o.n; i++) o.lifts[i] = lib ? !takes_missing(e->p->lib->table[n->index].sig, i) : !params[i]->opt;
  emit_sited(e, lib ? BC_CALL : table ? BC_TABLE : native ? BC_EXTERN : BC_FN, n, dst, 0, &o);
  if (lib || table || native) emit_note(e, dst, n);
  emit_filter(e, mark, dst);
}

static void sited_into(emitter *e, opcode op, const ir *n, reg dst) {
  reg mark = emit_mark(e), b = op == BC_WITH ? emit_value(e, n->a) : 0;
  operands o = eval_operands(e, n->v, n->n);
  if (op == BC_RECORD || op == BC_WITH) /* a field declared T? takes a missing value as it is */
    for (uint32_t i = 0; i < o.n; i++) o.lifts[i] = !n->ty->rec->fields[op == BC_WITH ? n->idx[i] : i].type->opt;
  for (uint32_t i = 0; op == BC_INTERP && n->flags & IRF_SHOWN && i < o.n; i++) o.lifts[i] = false;
  emit_sited(e, op, n, dst, b, &o);
  if (op == BC_WITH) emit_free(e, b);
  emit_filter(e, mark, dst);
}

/* ---- strict nodes of one to three operands ---- */

static void strict_into(emitter *e, opcode op, const ir *n, reg dst, const ir *b, const ir *c, uint32_t d, uint8_t x, bool notes) {
  reg mark = emit_mark(e), rb = emit_value(e, b), rc = c ? emit_value(e, c) : 0;
  ins *i = c ? emit_op_bc(e, op, dst, rb, rc) : emit_op_d(e, op, dst, rb, d);
  i->x = x;
  emit_free(e, rb);
  if (c) emit_free(e, rc);
  if (notes) emit_note(e, dst, n);
  emit_filter(e, mark, dst);
}

/* The verdict as a number, then its name. */
static void verdict_into(emitter *e, const ir *n, reg dst) {
  reg mark = emit_mark(e), r = emit_value(e, n->a), at = emit_temp(e, emit_int_type()), names = emit_value(e, n->b);
  emit_op_d(e, BC_PASSES, at, r, n->index)->x = PASSES_VERDICT;
  emit_op_bc(e, BC_INDEX, dst, names, at);
  emit_free(e, r), emit_free(e, at), emit_free(e, names);
  emit_filter(e, mark, dst);
}

static opcode arith_op(ir_arith op) {
  switch (op) {
  case IA_ADD_INT: case IA_ADD_DUR: return op == IA_ADD_INT ? BC_ADD_INT : BC_ARITH;
  case IA_SUB_INT: return BC_SUB_INT;
  case IA_MUL_INT: return BC_MUL_INT;
  case IA_ADD_NUM: return BC_ADD_NUM;
  case IA_SUB_NUM: return BC_SUB_NUM;
  case IA_MUL_NUM: return BC_MUL_NUM;
  case IA_DIV_NUM: return BC_DIV_NUM;
  case IA_ADD_TEXT: case IA_ADD_DATE_DUR: case IA_SUB_DATE_DUR: case IA_SUB_DATE_DATE: case IA_ADD_TIME_DUR: case IA_SUB_TIME_DUR:
  case IA_SUB_TIME_TIME: case IA_ADD_DATE_MON: case IA_SUB_DATE_MON: case IA_ADD_TIME_MON: case IA_SUB_TIME_MON: case IA_SUB_DUR:
  case IA_MUL_DUR_INT: case IA_MUL_DUR_NUM: case IA_DIV_DUR_NUM: case IA_DIV_DUR: case IA_COUNT: return BC_ARITH;
  }
  return BC_ARITH;
}

/* ---- not strict ---- */

static void coalesce_into(emitter *e, const ir *n, reg dst) {
  reg mark = emit_mark(e);
  label end = emit_label(e), absent = emit_label(e);
  emit_into(e, n->a, dst);
  emit_check(e, dst, end, absent, end);
  emit_bind(e, absent);
  emit_into(e, n->b, dst);
  emit_bind(e, end);
  emit_filter(e, mark, dst);
}

static void if_into(emitter *e, const ir *n, reg dst) {
  label yes = emit_label(e), no = emit_label(e), unknown = emit_label(e), bad = emit_label(e), end = emit_label(e);
  emit_test(e, n->a, (ways){ yes, no, unknown, bad });
  emit_bind(e, unknown);
  emit_op(e, BC_NONE, dst)->x = ST_MISSING;
  emit_jump(e, end);
  emit_bind(e, bad);
  emit_op(e, BC_NONE, dst)->x = ST_ERR;
  emit_jump(e, end);
  emit_bind(e, yes);
  emit_into(e, n->b, dst);
  emit_jump(e, end);
  emit_bind(e, no);
  emit_into(e, n->c, dst);
  emit_bind(e, end);
}

/* ---- every kind ---- */

static void kind_into(emitter *e, const ir *n, reg dst) {
  switch ((ir_kind)n->kind) {
  case IR_CONST:
    if (!code_is_pointer(n->ty) && n->ty->kind != TY_NUMBER) emit_op(e, BC_INT, dst)->i = n->k.i;
    else emit_op_d(e, BC_CONST, dst, 0, emit_const(e, n->ty, n->k));
    break;
  case IR_NONE: emit_op(e, BC_NONE, dst)->x = ST_MISSING; break;
  case IR_LOCAL:
    if (is_root(e, n)) { emit_op(e, BC_ROOT, dst); break; }
    { reg r = emit_value(e, n); if (r != dst) emit_op_bc(e, BC_MOVE, dst, r, 0); }
    break;
  case IR_NOW: emit_op(e, BC_NOW, dst); break;
  case IR_TODAY: emit_op(e, BC_TODAY, dst); break;
  case IR_FIELD:
    if (is_root_field(e, n)) { emit_op_bc(e, BC_MOVE, dst, emit_value(e, n), 0); break; }
    strict_into(e, BC_FIELD, n, dst, n->a, NULL, n->index, 0, true);
    break;
  case IR_DEREF: strict_into(e, BC_DEREF, n, dst, n->a, NULL, n->index, 0, true); break;
  case IR_INDEX: strict_into(e, BC_INDEX, n, dst, n->a, n->b, 0, 0, true); break;
  case IR_MAP_GET: strict_into(e, BC_MAP_GET, n, dst, n->a, n->b, 0, 0, true); break;
  case IR_ARITH: strict_into(e, arith_op((ir_arith)n->op), n, dst, n->a, n->b, 0, n->op, true); break;
  case IR_NEG: strict_into(e, BC_NEG, n, dst, n->a, NULL, 0, 0, true); break;
  case IR_TO_NUMBER: strict_into(e, BC_TO_NUMBER, n, dst, n->a, NULL, 0, 0, false); break;
  case IR_LIST: sited_into(e, BC_LIST, n, dst); break;
  case IR_RECORD: sited_into(e, BC_RECORD, n, dst); break;
  case IR_WITH: sited_into(e, BC_WITH, n, dst); break;
  case IR_INTERP: sited_into(e, BC_INTERP, n, dst); break;
  case IR_CALL: case IR_FN: case IR_EXTERN: case IR_TABLE: call_into(e, n, dst); break;
  case IR_COALESCE: coalesce_into(e, n, dst); break;
  case IR_IF: if_into(e, n, dst); break;
  case IR_COMPR: emit_compr(e, n, dst); break;
  case IR_AGG: emit_agg(e, n, dst); break;
  case IR_MATCHES: strict_into(e, BC_MATCHES, n, dst, n->a, NULL, n->index, 0, true); break;
  case IR_FORMAT_OK: strict_into(e, BC_FORMAT, n, dst, n->a, NULL, n->index, 0, false); break;
  case IR_UNIQUE: strict_into(e, BC_UNIQUE, n, dst, n->a, NULL, n->index, 0, false); break;
  case IR_RESOLVES: strict_into(e, BC_RESOLVES, n, dst, n->a, NULL, n->index, 0, false); break;
  case IR_IN_AUDIENCE: strict_into(e, BC_AUDIENCE, n, dst, n->a, NULL, n->index, 0, false); break;
  case IR_PASSES:
    if (n->flags & IRF_VERDICT) { verdict_into(e, n, dst); break; }
    strict_into(e, BC_PASSES, n, dst, n->a, NULL, n->index,
                n->flags & IRF_NAMES ? PASSES_NAMES : n->flags & IRF_FAILS ? PASSES_NEGATED : PASSES_HOLDS, false);
    break;
  case IR_CONTAINS:
    if (n->a->ty->kind == TY_MAP) strict_into(e, BC_HAS_KEY, n, dst, n->a, n->b, 0, 0, false);
    else if (n->a->ty->kind == TY_TEXT || n->a->ty->kind == TY_UNION) strict_into(e, BC_HAS_TEXT, n, dst, n->a, n->b, 0, 0, false);
    else { /* the list is read first, as written; the instruction takes the element first */
      reg mark = emit_mark(e), l = emit_value(e, n->a), x = emit_value(e, n->b);
      emit_op_bc(e, BC_IN_LIST, dst, x, l);
      emit_free(e, l), emit_free(e, x);
      emit_note(e, dst, n);
      emit_filter(e, mark, dst);
    }
    break;
  case IR_IN_LIST: strict_into(e, BC_IN_LIST, n, dst, n->a, n->b, 0, 0, true); break;
  case IR_AND: case IR_OR: case IR_NOT: case IR_IMPLIES: case IR_QUANT: case IR_CMP: case IR_IN_RANGE: case IR_EXISTS: case IR_IS_MISSING:
    emit_truth_into(e, n, dst);
    break;
  case IR_KIND_COUNT: break;
  }
}

void emit_into(emitter *e, const ir *n, reg dst) {
  span back = e->sp;
  if (n->sp.end) e->sp = n->sp;
  kind_into(e, n, dst);
  e->sp = back;
}
