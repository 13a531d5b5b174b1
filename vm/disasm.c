/* Bytecode as people read it. One line an instruction; operands follow from the rows of opcodes.def. */
#include "vm/vm_int.h"

#include <inttypes.h>
#include <string.h>

static const char *const arith_names[IA_COUNT] = {
#define ARITH(name, r, a, op, b) #name,
#include "compiler/arith.def"
#undef ARITH
};

typedef struct printer { buf *out; const vm_program *p; const code_unit *u; str only; bool bare; /* without places */ } printer;

static str source_of(void *ud, uint32_t id) {
  const ir_program *ir = ud;
  return id < ir->nsources ? ir->sources[id]->name : (str){ 0 };
}

static void put_type(const printer *x, const type *t) {
  struct type_names names = { source_of, (void *)(uintptr_t)x->p->ir };
  if (t) type_print(x->out, t, &names);
  else buf_z(x->out, "-");
}

/* r3, or the field's name. */
static void put_reg(const printer *x, uint16_t r) {
  if (x->u->root && r < x->u->nfixed) buf_fmt(x->out, " .%.*s", STR_ARG(x->u->root->fields[r].name));
  else buf_fmt(x->out, " r%u", r);
}

static void put_val(const printer *x, const type *t, val v) {
  buf_ch(x->out, ' ');
  if (t->kind == TY_TERMS) buf_str(x->out, ((const term_list *)v.p)->name);
  else val_print(x->out, t, v, true);
}

static void put_source(const printer *x, uint32_t s) { buf_fmt(x->out, " %.*s", STR_ARG(x->p->ir->sources[s]->name)); }

static void put_site(const printer *x, const ins *i) {
  const code_site *s = &x->u->tab->sites[i->d];
  const ir_program *ir = x->p->ir;
  if (i->op == BC_CALL) buf_fmt(x->out, " %s", ir->lib->table[s->index].name);
  if (i->op == BC_FN) buf_fmt(x->out, " %.*s", STR_ARG(ir->fns[s->index]->name));
  if (i->op == BC_EXTERN) buf_fmt(x->out, " %.*s", STR_ARG(ir->externs[s->index]->name));
  if (i->op == BC_TABLE) buf_fmt(x->out, " %.*s", STR_ARG(ir->tables[s->index]->name));
  buf_z(x->out, " (");
  for (uint32_t k = 0; k < s->n; k++) {
    if (k) buf_ch(x->out, ',');
    if (i->op == BC_WITH) buf_fmt(x->out, " .%u =", s->idx[k]);
    put_reg(x, s->regs[k]);
    if (s->fmt && s->fmt[k].n) buf_fmt(x->out, ":%.*s", STR_ARG(s->fmt[k]));
  }
  buf_z(x->out, " )");
}

/* Atoms are numbered by program; their texts are what people know. */
static void put_atoms(const printer *x, const ins *i) {
  for (uint32_t k = 0; k < 64; k++) {
    uint32_t atom = 64u * i->x + k;
    if (((uint64_t)i->i >> k & 1) && atom && atom <= x->p->ir->natoms) put_val(x, x->u->regs[i->a].type, (val){ .t = x->p->ir->atoms[atom - 1] });
  }
}

static void put_operand(const printer *x, const ins *i, char role, uint32_t v) {
  switch (role) {
  case 'R': case 'W': case 'U': put_reg(x, (uint16_t)v); break;
  case 'K': put_val(x, x->u->tab->consts[v].type, x->u->tab->consts[v].v); break;
  case 'I':
    if (i->op == BC_IN_ATOMS) put_atoms(x, i);
    else if (i->op == BC_IN_INTS) buf_fmt(x->out, " %u mask %016" PRIx64, i->x, (uint64_t)i->i);
    else if (x->u->regs[i->a].kind == REG_VALUE) put_val(x, x->u->regs[i->a].type, (val){ .i = i->i });
    else buf_fmt(x->out, " %" PRId64, i->i);
    break;
  case 'N': {
    char s[32];
    s[number_print(i->n, s)] = 0;
    buf_fmt(x->out, " %s", s);
    break;
  }
  case 'T': buf_fmt(x->out, " \"%.*s\"", STR_ARG(*i->k)); break;
  case 'P': buf_fmt(x->out, " %d..%d", i->lo, i->hi); break;
  case 'S': put_source(x, v); break;
  case 'Y': put_site(x, i); break;
  case 'Z': buf_fmt(x->out, " `%.*s`", STR_ARG(x->u->tab->causes[v])); break;
  case 'L': buf_fmt(x->out, " own r%u..", v); break;
  case 'G': buf_fmt(x->out, " r\"%.*s\"", STR_ARG(x->p->ir->patterns[v]->source)); break;
  case 'Q': buf_fmt(x->out, " %.*s", STR_ARG(x->p->ir->audiences[v]->name)); break;
  case 'V': buf_fmt(x->out, " %.*s", STR_ARG(x->p->ir->passes[v]->name)); break;
  case 'F':
    if (i->op == BC_FIELD) {
      const type *t = x->u->regs[i->b].type;
      buf_fmt(x->out, " .%.*s", STR_ARG(t->rec->fields[v].name));
    } else buf_fmt(x->out, " field %u", v);
    break;
  case 'M': buf_fmt(x->out, " format %u", v); break;
  case 'X': buf_fmt(x->out, " %u", v); break;
  default: break; /* '_' and 'E', which is printed with the targets */
  }
}

static void put_x(const printer *x, const ins *i) {
  static const char *const truths[] = { "false", "true", "unknown", "error" };
  static const char *const kept[] = { "all", "but-missing", "but-errors" };
  switch ((opcode)i->op) {
  case BC_RET_TRUTH: case BC_TRUTH: buf_fmt(x->out, " %s", truths[i->x & 3]); break;
  case BC_RET_VERDICT: buf_fmt(x->out, " %s", i->x < V_COUNT ? verdict_names[i->x] : "?"); break;
  case BC_ARITH: buf_fmt(x->out, " %s", i->x < IA_COUNT ? arith_names[i->x] : "?"); break;
  case BC_NONE: case BC_WORSE: buf_z(x->out, i->x == ST_ERR ? " error" : " missing"); break;
  case BC_CUT: buf_fmt(x->out, " %s", kept[i->x < 3 ? i->x : 0]); break;
  case BC_PASSES: if (i->x) buf_z(x->out, i->x == PASSES_NAMES ? " names" : i->x == PASSES_VERDICT ? " verdict" : " negated"); break;
  case BC_MARK: if (i->x) buf_z(x->out, " let"); break;
  case BC_OPEN:
    if (i->x & OPEN_KEYED) buf_fmt(x->out, " keyed by field %u", i->c);
    if (i->x & OPEN_ORDERED) buf_z(x->out, " ordered");
    if (i->x & OPEN_KEEP) buf_z(x->out, " kept");
    break;
  case BC_JUMP: case BC_CHECK: case BC_CHECK2: case BC_RET: case BC_BOOL: case BC_EQ_INT_K: case BC_LT_INT_K: case BC_LE_INT_K: case BC_EQ_NUM_K:
  case BC_LT_NUM_K: case BC_LE_NUM_K: case BC_EQ_INT: case BC_LT_INT: case BC_EQ_NUM: case BC_LT_NUM: case BC_EQ_MIX: case BC_LT_MIX: case BC_LE_MIX:
  case BC_EQ_ATOM: case BC_EQ_TEXT_K: case BC_EQ_TEXT: case BC_LT_TEXT: case BC_RANGE_INT: case BC_RANGE_NUM: case BC_IN_ATOMS: case BC_IN_INTS:
  case BC_IN_SET: case BC_MOVE: case BC_CONST: case BC_INT: case BC_ROOT: case BC_NOW: case BC_TODAY: case BC_FIELD: case BC_DEREF: case BC_INDEX:
  case BC_MAP_GET: case BC_ADD_INT: case BC_SUB_INT: case BC_MUL_INT: case BC_ADD_NUM: case BC_SUB_NUM: case BC_MUL_NUM: case BC_DIV_NUM: case BC_NEG:
  case BC_TO_NUMBER: case BC_LIST: case BC_RECORD: case BC_WITH: case BC_INTERP: case BC_CALL: case BC_FN: case BC_EXTERN: case BC_TABLE:
  case BC_WORST: case BC_EQ: case BC_IN_LIST:
  case BC_HAS_TEXT: case BC_HAS_KEY: case BC_MATCHES: case BC_FORMAT: case BC_UNIQUE: case BC_RESOLVES: case BC_AUDIENCE: case BC_EACH:
  case BC_EACH_ENTRY: case BC_STEP: case BC_CLOSE: case BC_VACUOUS: case BC_AGG_NEW: case BC_AGG_ADD: case BC_AGG_END: case BC_LIST_NEW:
  case BC_LIST_ADD: case BC_LIST_END: case BC_FILTER: case BC_NOTE: case BC_NOTE_FIELD: case BC_SAVE: case BC_RENOTE: case BC_MESSAGE:
  case OPCODE_COUNT: break;
  }
}

static void put_ins(const printer *x, uint32_t at) {
  const ins *i = &x->u->code[at];
  const code_row *r = &code_rows[i->op];
  bool keyed = i->op != BC_OPEN || (i->x & OPEN_KEYED);
  buf_fmt(x->out, "  %4u  %-11s", at, r->text);
  if (r->a != '_' && keyed) put_operand(x, i, r->a, i->a);
  if (r->b != '_') put_operand(x, i, r->b, i->b);
  if (r->c != '_' && i->op != BC_OPEN) put_operand(x, i, r->c, i->c);
  if (r->d != '_') put_operand(x, i, r->d, i->d);
  put_x(x, i);
  if (r->flow == FLOW_JUMP) buf_fmt(x->out, " -> %u", i->t);
  if (r->flow == FLOW_TEST) buf_fmt(x->out, " -> %u else %u", i->t, i->f);
  if (r->flow == FLOW_CHECK) buf_fmt(x->out, " -> %u missing %u error %u", i->t, i->f, i->c);
  const srcfile *f = x->bare ? NULL : sources_find(x->p->ir->src, x->u->map[at].beg);
  if (f && (at == 0 || x->u->map[at - 1].beg != x->u->map[at].beg)) {
    uint32_t line, col;
    source_line_col(f, x->u->map[at].beg, &line, &col);
    buf_fmt(x->out, "   ; %u:%u", line, col);
  }
  buf_ch(x->out, '\n');
}

static void put_unit(void *ud, code_unit *u, str name, uint32_t part) {
  static const char *const kinds[UNIT_KINDS] = { "rule", "clause", "message", "audience", "fn", "expression", "fix" };
  printer *x = ud;
  if (x->only.n && !str_eq(x->only, name)) return;
  x->u = u;
  buf_fmt(x->out, "%s %.*s", kinds[u->kind], STR_ARG(name));
  if (part) buf_fmt(x->out, " %u", part);
  if (u->clean) buf_z(x->out, ", clean records");
  if (u->collect && u->kind != UNIT_CLAUSE) buf_z(x->out, ", with causes");
  buf_fmt(x->out, "%s\n", u->pure ? "  ; cannot fail" : "");
  for (uint32_t r = u->nfixed; r < u->nregs; r++) {
    static const char *const what[REG_KINDS] = { "", "counter", "aggregate of ", "gathers ", "causes" };
    const code_reg *g = &u->regs[r];
    buf_fmt(x->out, "        r%u: %s", r, what[g->kind]);
    if (g->type) put_type(x, g->type);
    if (g->depth) buf_fmt(x->out, ", in walk %u", g->depth);
    buf_ch(x->out, '\n');
  }
  for (uint32_t i = 0; i < u->n; i++) put_ins(x, i);
  buf_ch(x->out, '\n');
}

void vm_disasm_unit(buf *out, const vm_program *p, code_unit *u, str name) {
  printer x = { .out = out, .p = p, .bare = true };
  put_unit(&x, u, name, 0);
}

void vm_disasm(buf *out, const vm_program *p, str only) {
  printer x = { .out = out, .p = p, .only = only };
  vm_each_unit(p, put_unit, &x);
}
