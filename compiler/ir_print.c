/* The IR as text: one s-expression, constants as values, for golden tests and for whoever looks inside. */
#include "compiler/ir.h"

const char *const ir_kind_names[IR_KIND_COUNT] = {
#define IR(name, text, doc) text,
#include "compiler/ir.def"
#undef IR
};

static const char *const arith_names[IA_COUNT] = {
#define ARITH(name, r, a, op, b) #name,
#include "compiler/arith.def"
#undef ARITH
};

static const char *op_name(const ir *n) {
  static const char *const agg[] = { "count", "sum", "avg", "min", "max" };
  if (n->kind == IR_ARITH) return n->op < IA_COUNT ? arith_names[n->op] : "?";
  if (n->kind == IR_AGG) return n->op < 5 ? agg[n->op] : "?";
  switch ((enum ast_op)n->op) {
  case OP_EQ: return "==";
  case OP_NE: return "!=";
  case OP_LT: return "<";
  case OP_LE: return "<=";
  case OP_GT: return ">";
  case OP_GE: return ">=";
  case Q_EVERY: return "every";
  case Q_SOME: return "some";
  case Q_NO: return "no";
  case OP_NONE: case OP_ADD: case OP_SUB: case OP_MUL: case OP_DIV: case MOD_KEY: case MOD_UNIQUE: case MOD_FROM: case MOD_SPLIT:
  case MOD_DEFAULT: case UNIT_DURATION: case UNIT_SIZE: case UNIT_MONTHS: case SEP_NONE: case SEP_RANGE: case SEP_ARROW: case SEP_PER:
  case SEP_OF: break;
  }
  return "?";
}

static void print_binder(buf *out, const ir_program *p, const ir_binder *b) {
  buf_fmt(out, " ($%d in ", b->local);
  if (b->source >= 0 && p && (uint32_t)b->source < p->nsources) buf_str(out, p->sources[b->source]->name);
  else if (b->source >= 0) buf_fmt(out, "source-%d", b->source);
  else if (b->list) ir_print(out, p, b->list);
  if (b->eq_field >= 0 && b->eq_key) {
    buf_fmt(out, " by%s #%d = ", b->eq_unique ? " key" : "", b->eq_field);
    ir_print(out, p, b->eq_key);
  }
  if (b->where) {
    buf_z(out, " where ");
    ir_print(out, p, b->where);
  }
  buf_ch(out, ')');
}

static void print_index(buf *out, const ir_program *p, const ir *n) {
  switch ((ir_kind)n->kind) {
  case IR_FIELD:
    if (n->a && n->a->ty->rec && n->index < n->a->ty->rec->nfields) buf_ch(out, ' '), buf_str(out, n->a->ty->rec->fields[n->index].name);
    break;
  case IR_CALL:
    if (p && p->lib && n->index < p->lib->count) buf_fmt(out, " %s", p->lib->table[n->index].name);
    break;
  case IR_TABLE:
    if (p && n->index < p->ntables) buf_ch(out, ' '), buf_str(out, p->tables[n->index]->name);
    break;
  case IR_EXTERN:
    if (p && n->index < p->nexterns) buf_ch(out, ' '), buf_str(out, p->externs[n->index]->name);
    break;
  case IR_FN:
    if (p && n->index < p->nfns) buf_ch(out, ' '), buf_str(out, p->fns[n->index]->name);
    break;
  case IR_IN_AUDIENCE:
    if (p && n->index < p->naudiences) buf_ch(out, ' '), buf_str(out, p->audiences[n->index]->name);
    break;
  case IR_PASSES:
    if (n->flags & IRF_VERDICT) buf_z(out, " verdict");
    if (n->flags & IRF_NAMES) buf_z(out, " names");
    if (p && n->index < p->npasses) buf_ch(out, ' '), buf_str(out, p->passes[n->index]->name);
    break;
  case IR_DEREF: case IR_RESOLVES:
    if (p && n->index < p->nsources) buf_ch(out, ' '), buf_str(out, p->sources[n->index]->name);
    break;
  case IR_MATCHES:
    if (p && n->index < p->npatterns) buf_fmt(out, " r\"%.*s\"%.*s", STR_ARG(p->patterns[n->index]->source), STR_ARG(p->patterns[n->index]->flags));
    break;
  case IR_FORMAT_OK: case IR_UNIQUE: buf_fmt(out, " %u", n->index); break;
  case IR_CONST: case IR_NONE: case IR_LOCAL: case IR_NOW: case IR_TODAY: case IR_INDEX: case IR_MAP_GET: case IR_ARITH: case IR_NEG:
  case IR_TO_NUMBER: case IR_LIST: case IR_RECORD: case IR_WITH: case IR_INTERP: case IR_COALESCE: case IR_IF: case IR_COMPR: case IR_AGG:
  case IR_AND: case IR_OR: case IR_NOT: case IR_IMPLIES: case IR_QUANT: case IR_CMP: case IR_IN_RANGE: case IR_IN_LIST: case IR_CONTAINS:
  case IR_EXISTS: case IR_IS_MISSING: case IR_KIND_COUNT: break;
  }
}

void ir_print(buf *out, const ir_program *p, const ir *n) {
  if (!n) {
    buf_ch(out, '-');
    return;
  }
  if (n->kind == IR_CONST) {
    if (n->ty->kind == TY_PATTERN) {
      const pattern *k = n->k.p;
      buf_fmt(out, "r\"%.*s\"%.*s", STR_ARG(k->source), STR_ARG(k->flags));
    } else if (n->ty->kind == TY_TERMS) {
      buf_str(out, ((const term_list *)n->k.p)->name);
    } else {
      val_print(out, n->ty, n->k, true);
    }
    return;
  }
  if (n->kind == IR_LOCAL) {
    buf_fmt(out, "$%d", n->local);
    return;
  }
  if (n->kind == IR_NOW || n->kind == IR_TODAY || n->kind == IR_NONE) {
    buf_z(out, ir_kind_names[n->kind]);
    return;
  }
  buf_fmt(out, "(%s", ir_kind_names[n->kind]);
  if (n->kind == IR_ARITH || n->kind == IR_AGG || n->kind == IR_QUANT || n->kind == IR_CMP) buf_fmt(out, " %s", op_name(n));
  if (n->flags & IRF_FAILS) buf_z(out, " fails");
  if (n->flags & IRF_SHOWN) buf_z(out, " shown");
  print_index(out, p, n);
  if (n->bind) print_binder(out, p, n->bind);
  const ir *kids[] = { n->a, n->b, n->c };
  for (int i = 0; i < 3; i++)
    if (kids[i]) buf_ch(out, ' '), ir_print(out, p, kids[i]);
  for (uint32_t i = 0; i < n->n; i++) {
    buf_ch(out, ' ');
    if (n->kind == IR_WITH) buf_fmt(out, "#%u = ", n->idx[i]);
    ir_print(out, p, n->v[i]);
    if (n->kind == IR_INTERP && n->fmt && n->fmt[i].n) buf_fmt(out, ":%.*s", STR_ARG(n->fmt[i]));
  }
  buf_ch(out, ')');
}

void prog_rules_text(buf *out, const prog_rule *const *rules, uint32_t n) {
  uint32_t told = n > 5 ? 4 : n;
  for (uint32_t i = 0; i < told; i++) {
    str s = rules[i]->name;
    uint32_t from = s.n;
    for (int parts = rules[i]->refinement ? 2 : 1; from && (s.p[from - 1] != '.' || --parts > 0);) from--;
    buf_z(out, i == 0 ? ": " : i + 1 == n ? " and " : ", ");
    buf_add(out, s.p + from, s.n - from);
  }
  if (n > told) buf_fmt(out, " and %u more", n - told);
}
