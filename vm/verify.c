/* The verifier: whatever bytes a bundle holds, a unit that passes cannot make the interpreter read or write outside of what it
 * owns.
 *
 * What always holds after it: jumps stay inside the unit and it ends; every register holds values of its one type; what an
 * instruction reads through a pointer was checked to be there; walks over sources are opened and closed in pairs on every
 * path, and a register that may point into a row is read only while that row is there (code_reg.depth); every loop counts
 * against the budget. Wrong verdicts are not its business: a bundle's author can write any rule. */
#include "vm/vm_int.h"

#include "base/civil.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct arith_row { const char *r, *a, *b; } arith_row;
static const arith_row arith_rows[IA_COUNT] = {
#define ARITH(name, r, a, op, b) { r, a, b },
#include "compiler/arith.def"
#undef ARITH
};

/* An open walk as the analysis sees it; one an OPEN instruction. */
typedef struct open_state { const struct open_state *outer; const ins *open; uint16_t depth; } open_state;

typedef struct check {
  const vm_program *p;
  const code_unit *u;
  const open_state **at;   /* before each instruction */
  bool *seen;
  uint16_t *entries;       /* ways into each instruction, 2 meaning more than one */
  open_state *states;      /* one an instruction, used by OPEN */
  const char *wrong;
} check;

static bool flaw(check *c, const char *why) {
  if (!c->wrong) c->wrong = why;
  return false;
}

/* ---- registers and types ---- */

static bool is_kind(const type *t, type_kind k) {
  const type *r = t ? code_rep(t) : NULL;
  return r && r->kind == k;
}

static bool is_text(const type *t) { return is_kind(t, TY_TEXT) || is_kind(t, TY_UNION); }
static bool is_number(const type *t) { return is_kind(t, TY_NUMBER); }
static bool is_whole(const type *t) { return t && code_rep(t) && !code_is_pointer(t) && !is_number(t); }

/* Type of a register that holds a value, NULL for the others. */
static const type *reg_type(const check *c, uint16_t r) { return c->u->regs[r].kind == REG_VALUE ? c->u->regs[r].type : NULL; }

static bool is_reg_kind(const check *c, uint16_t r, reg_kind k) { return c->u->regs[r].kind == k; }

static bool holds_pointer(const code_reg *r) {
  return r->kind == REG_VALUE ? code_is_pointer(r->type) : r->kind != REG_COUNT;
}

static bool fits(const check *c, uint16_t to, const type *from) {
  const type *t = reg_type(c, to);
  return t && from && code_fits(t, from);
}

static bool given(const check *c, const type *to, uint16_t from) {
  const type *t = reg_type(c, from);
  return to && t && code_fits(to, t);
}

static bool comparable(const type *a, const type *b) {
  if (!a || !b) return false;
  if ((is_kind(a, TY_INT) && is_number(b)) || (is_number(a) && is_kind(b, TY_INT))) return true;
  return code_fits(a, b) || code_fits(b, a);
}

static const type_rec *source_shape(const check *c, uint32_t s) {
  if (s >= c->p->ir->nsources) return NULL;
  return &c->p->ir->records[c->p->ir->sources[s]->record]->shape;
}

static const type *key_type(const type_rec *shape) { return shape && shape->nkeys == 1 ? shape->fields[shape->keys[0]].type : NULL; }

static bool is_record(const check *c, uint16_t r, const type_rec *shape) {
  const type *t = reg_type(c, r);
  return t && shape && t->kind == TY_RECORD && t->rec == shape;
}

static const type *elem_of(const check *c, uint16_t r, type_kind k) {
  const type *t = reg_type(c, r);
  return t && t->kind == k ? t->elem : NULL;
}

/* ---- presence ---- */

/* Is r known to be there when the instruction runs? */
static bool present(const check *c, uint32_t at, uint16_t r) {
  const code_unit *u = c->u;
  if (u->clean && u->root && r < u->nfixed && !u->root->fields[r].type->opt) return true;
  if (at == 0 || c->entries[at] != 1) return false;
  const ins *k = &u->code[at - 1];
  if (k->op != BC_CHECK && k->op != BC_CHECK2) return false;
  return k->t == at && k->f != at && k->c != at && (k->a == r || (k->op == BC_CHECK2 && k->b == r));
}

/* ---- operands ---- */

static bool role_ok(check *c, const ins *i, char role, uint32_t v) {
  const ir_program *ir = c->p->ir;
  switch (role) {
  case 'R': return v < c->u->nregs || flaw(c, "a register is out of range");
  case 'W': case 'U':
    if (v >= c->u->nregs) return flaw(c, "a register is out of range");
    return v >= c->u->nfixed || flaw(c, "a field or parameter is written");
  case 'K': return v < c->u->tab->nconsts || flaw(c, "a constant is out of range");
  case 'S': return v < ir->nsources || flaw(c, "a source is out of range");
  case 'Y': return v < c->u->tab->nsites || flaw(c, "a call site is out of range");
  case 'Z': return v < c->u->tab->ncauses || flaw(c, "a cause is out of range");
  case 'G': return v < ir->npatterns || flaw(c, "a pattern is out of range");
  case 'Q': return v < ir->naudiences || flaw(c, "an audience is out of range");
  case 'V': return v < ir->npasses || flaw(c, "a list of rules is out of range");
  case 'T': return (i->k && i->k->atom && i->k->atom <= ir->natoms && ir->atoms[i->k->atom - 1] == i->k) || flaw(c, "a literal is none of the program's");
  case 'N': return isfinite(i->n) || flaw(c, "a number is not finite");
  case 'L': return (v >= c->u->nfixed && v <= c->u->nregs) || flaw(c, "a loop's registers are out of range");
  default: return true;
  }
}

static bool operands_ok(check *c, const ins *i) {
  const code_row *r = &code_rows[i->op];
  return role_ok(c, i, r->a, i->a) && role_ok(c, i, r->b, i->b) && role_ok(c, i, r->c, i->c) && role_ok(c, i, r->d, i->d);
}

/* ---- sites ---- */

static bool site_ok(check *c, const ins *i) {
  const code_site *s = &c->u->tab->sites[i->d];
  for (uint32_t k = 0; k < s->n; k++)
    if (s->regs[k] >= c->u->nregs || !given(c, s->argt[k], s->regs[k])) return false;
  return true;
}

/* Every operand must be there for the instruction to be done. */
static bool lifts_all(const code_site *s) {
  for (uint32_t k = 0; k < s->n; k++)
    if (!s->lifts[k]) return false;
  return true;
}

static bool lifts_none(const code_site *s) {
  for (uint32_t k = 0; k < s->n; k++)
    if (s->lifts[k]) return false;
  return true;
}

static bool list_ok(const check *c, const ins *i, const code_site *s) {
  const type *elem = elem_of(c, i->a, TY_LIST);
  for (uint32_t k = 0; k < s->n; k++)
    if (!elem || !given(c, elem, s->regs[k])) return false;
  return elem || is_kind(reg_type(c, i->a), TY_LIST);
}

static bool record_ok(const check *c, const ins *i, const code_site *s) {
  const type *t = reg_type(c, i->a);
  if (!t || t->kind != TY_RECORD || !s->rett || s->rett->kind != TY_RECORD || s->rett->rec != t->rec || s->n != t->rec->nfields) return false;
  for (uint32_t k = 0; k < s->n; k++)
    if (!given(c, t->rec->fields[k].type, s->regs[k])) return false;
  return true;
}

static bool with_ok(const check *c, const ins *i, const code_site *s) {
  const type *t = reg_type(c, i->a), *from = reg_type(c, i->b);
  if (!t || !from || t->kind != TY_RECORD || from->kind != TY_RECORD || t->rec != from->rec || (s->n && !s->idx)) return false;
  for (uint32_t k = 0; k < s->n; k++)
    if (s->idx[k] >= t->rec->nfields || !given(c, t->rec->fields[s->idx[k]].type, s->regs[k])) return false;
  return true;
}

static bool interp_ok(const check *c, const ins *i, const code_site *s, arena *scratch) {
  if (!is_text(reg_type(c, i->a))) return false;
  for (uint32_t k = 0; s->fmt && k < s->n; k++) {
    str why = { 0 };
    if (s->fmt[k].n && !c->p->ir->lib->format_check(scratch, s->argt[k], s->fmt[k], &why)) return false;
  }
  return true;
}

static bool call_ok(const check *c, const ins *i, const code_site *s) {
  const lib_ops *lib = c->p->ir->lib;
  if (s->index >= lib->count || !lib->table[s->index].fn || !s->rett) return false;
  return vm_signature_fits(lib, &lib->table[s->index], s) && fits(c, i->a, s->rett);
}

static bool fn_ok(const check *c, const ins *i, const code_site *s) {
  if (s->index >= c->p->ir->nfns) return false;
  const prog_fn *f = c->p->ir->fns[s->index];
  if (s->n != f->nparams) return false;
  for (uint32_t k = 0; k < s->n; k++)
    if (!given(c, f->params[k], s->regs[k])) return false;
  return fits(c, i->a, f->ret);
}

static bool table_ok(const check *c, const ins *i, const code_site *s) {
  if (s->index >= c->p->ir->ntables) return false;
  const prog_table *t = c->p->ir->tables[s->index];
  if (s->n != t->nparams) return false;
  for (uint32_t k = 0; k < s->n; k++) /* what a cell looks at must be there: a parameter that takes a missing value says so */
    if (!given(c, t->params[k], s->regs[k]) || (!s->lifts[k] && !t->params[k]->opt)) return false;
  return fits(c, i->a, t->ret);
}

static bool extern_ok(const check *c, const ins *i, const code_site *s) {
  if (s->index >= c->p->ir->nexterns) return false;
  const prog_extern *x = c->p->ir->externs[s->index];
  if (s->n != x->nparams || !s->rett) return false;
  for (uint32_t k = 0; k < s->n; k++)
    if (!given(c, x->params[k], s->regs[k]) || (!s->lifts[k] && !x->params[k]->opt)) return false;
  return fits(c, i->a, x->ret);
}

/* ---- instructions ---- */

static bool arith_kind(const type *t, const char *name) {
  static const struct { const char *name; type_kind k; } kinds[] = { { "int", TY_INT }, { "number", TY_NUMBER }, { "text", TY_TEXT }, { "date", TY_DATE },
    { "time", TY_TIME }, { "duration", TY_DURATION }, { "months", TY_MONTHS } };
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
    if (!strcmp(kinds[k].name, name)) return is_kind(t, kinds[k].k) || (kinds[k].k == TY_TEXT && is_text(t));
  return false;
}

static bool three(const check *c, const ins *i, type_kind k) {
  return is_kind(reg_type(c, i->a), k) && is_kind(reg_type(c, i->b), k) && is_kind(reg_type(c, i->c), k);
}

static bool int_fits(const check *c, const ins *i) {
  if (is_reg_kind(c, i->a, REG_COUNT)) return true;
  const type *t = reg_type(c, i->a);
  if (!is_whole(t)) return false;
  if (is_kind(t, TY_DATE)) return i->i >= CIVIL_DAY_MIN && i->i <= CIVIL_DAY_MAX;
  if (is_kind(t, TY_TIME)) return i->i >= CIVIL_DAY_MIN * USEC_PER_DAY && i->i < (CIVIL_DAY_MAX + 1) * USEC_PER_DAY;
  return true;
}

static bool set_ok(const check *c, uint32_t at, const ins *i) {
  const code_const *k = &c->u->tab->consts[i->d];
  const type *t = reg_type(c, i->a), *elem = k->type->kind == TY_LIST ? k->type->elem : NULL;
  if (!t || !elem) return false;
  if (is_text(t)) return is_text(elem) && present(c, at, i->a);
  return (is_whole(t) && is_whole(elem)) || (is_number(t) && is_number(elem));
}

static bool passes_ok(const check *c, const ins *i) {
  const ir_program *ir = c->p->ir;
  const prog_passes *s = ir->passes[i->d];
  for (uint32_t k = 0; k < s->nrules; k++)
    if (!is_record(c, i->b, &ir->records[ir->rules[s->rules[k]]->record]->shape)) return false;
  const type *t = reg_type(c, i->b);
  return t && t->kind == TY_RECORD;
}

static bool agg_new_ok(const check *c, const ins *i) {
  const code_reg *r = &c->u->regs[i->a];
  if (r->kind != REG_AGG) return false;
  if (r->sub == AGG_COUNT) return true;
  if (r->sub == AGG_SUM || r->sub == AGG_AVG) return is_kind(r->type, TY_INT) || is_number(r->type) || is_kind(r->type, TY_DURATION);
  return r->sub <= AGG_MAX && r->type && (is_whole(r->type) || is_number(r->type) || is_text(r->type));
}

static bool agg_end_ok(const check *c, const ins *i) {
  const code_reg *r = &c->u->regs[i->b];
  const type *t = reg_type(c, i->a);
  if (r->kind != REG_AGG || !t) return false;
  if (r->sub == AGG_COUNT) return is_kind(t, TY_INT);
  if (r->sub == AGG_AVG) return is_kind(r->type, TY_DURATION) ? is_kind(t, TY_DURATION) : is_number(t);
  return code_fits(t, r->type);
}

static bool entry_ok(const check *c, const ins *i) {
  const type *elem = elem_of(c, i->b, TY_MAP), *t = reg_type(c, i->a);
  return elem && t && t->kind == TY_RECORD && t->rec->nfields == 2 && is_text(t->rec->fields[0].type) && code_fits(t->rec->fields[1].type, elem) &&
         is_reg_kind(c, i->c, REG_COUNT);
}

static bool open_ok(const check *c, const ins *i) {
  const type_rec *shape = source_shape(c, i->d);
  if (i->x & ~(OPEN_KEYED | OPEN_ORDERED | OPEN_KEEP)) return false;
  return !(i->x & OPEN_KEYED) || (i->c < shape->nfields && given(c, shape->fields[i->c].type, i->a));
}

/* Types of one instruction. Walk states are the flow analysis' business. */
static bool types_ok(check *c, uint32_t at, arena *scratch) {
  const ins *i = &c->u->code[at];
  const code_unit *u = c->u;
  const ir_program *ir = c->p->ir;
  const type *ta = code_rows[i->op].a != '_' ? reg_type(c, i->a) : NULL;
  const char rb = code_rows[i->op].b, rc = code_rows[i->op].c;
  const type *tb = rb == 'R' || rb == 'W' ? reg_type(c, i->b) : NULL, *tc = rc == 'R' ? reg_type(c, i->c) : NULL;
  const code_site *s = code_rows[i->op].d == 'Y' ? &u->tab->sites[i->d] : NULL;
  bool is_bool = ta && is_kind(ta, TY_BOOL);
  switch ((opcode)i->op) {
  case BC_JUMP: return true;
  case BC_CHECK: return ta != NULL;
  case BC_CHECK2: return ta && tb;
  case BC_RET_TRUTH: return i->x <= TR_E && (u->kind == UNIT_CLAUSE || u->kind == UNIT_MESSAGE || u->kind == UNIT_AUDIENCE);
  case BC_RET_VERDICT: return i->x <= V_SKIP && u->kind == UNIT_RULE;
  case BC_RET: return (u->kind == UNIT_FN || u->kind == UNIT_EXPR || u->kind == UNIT_FIX) && given(c, u->ret, i->a);
  case BC_BOOL: case BC_EQ_INT_K: case BC_LT_INT_K: case BC_LE_INT_K: case BC_RANGE_INT: case BC_IN_INTS: return is_whole(ta);
  case BC_EQ_NUM_K: case BC_LT_NUM_K: case BC_LE_NUM_K: return is_number(ta);
  case BC_EQ_INT: case BC_LT_INT: return is_whole(ta) && is_whole(tb);
  case BC_EQ_NUM: case BC_LT_NUM: return is_number(ta) && is_number(tb);
  case BC_EQ_MIX: case BC_LT_MIX: case BC_LE_MIX: return is_whole(ta) && is_number(tb);
  case BC_EQ_ATOM: return is_text(ta);
  case BC_EQ_TEXT_K: case BC_IN_ATOMS: return is_text(ta) && present(c, at, i->a);
  case BC_EQ_TEXT: case BC_LT_TEXT: return is_text(ta) && is_text(tb) && present(c, at, i->a) && present(c, at, i->b);
  case BC_RANGE_NUM: return is_number(ta) && is_number(u->tab->consts[i->b].type) && is_number(u->tab->consts[i->c].type);
  case BC_IN_SET: return set_ok(c, at, i);
  case BC_MOVE: return fits(c, i->a, tb);
  case BC_CONST: return fits(c, i->a, u->tab->consts[i->d].type);
  case BC_INT: return int_fits(c, i);
  case BC_NONE: return ta && (i->x == ST_MISSING || i->x == ST_ERR);
  case BC_TRUTH: return is_bool && i->x <= TR_E;
  case BC_ROOT: return u->root && is_record(c, i->a, u->root);
  case BC_NOW: return is_kind(ta, TY_TIME);
  case BC_TODAY: return is_kind(ta, TY_DATE);
  case BC_FIELD: return tb && tb->kind == TY_RECORD && i->d < tb->rec->nfields && fits(c, i->a, tb->rec->fields[i->d].type);
  case BC_DEREF: return given(c, key_type(source_shape(c, i->d)), i->b) && is_record(c, i->a, source_shape(c, i->d));
  case BC_RESOLVES: return is_bool && given(c, key_type(source_shape(c, i->d)), i->b);
  case BC_INDEX: return is_kind(tc, TY_INT) && fits(c, i->a, elem_of(c, i->b, TY_LIST));
  case BC_MAP_GET: return is_text(tc) && fits(c, i->a, elem_of(c, i->b, TY_MAP));
  case BC_ADD_INT: case BC_SUB_INT: case BC_MUL_INT: return three(c, i, TY_INT);
  case BC_ADD_NUM: case BC_SUB_NUM: case BC_MUL_NUM: case BC_DIV_NUM: return three(c, i, TY_NUMBER);
  case BC_ARITH: return i->x < IA_COUNT && arith_kind(ta, arith_rows[i->x].r) && arith_kind(tb, arith_rows[i->x].a) && arith_kind(tc, arith_rows[i->x].b);
  case BC_NEG: return ta && tb && ta->kind == tb->kind && (ta->kind == TY_INT || ta->kind == TY_NUMBER || ta->kind == TY_DURATION);
  case BC_TO_NUMBER: return is_number(ta) && is_kind(tb, TY_INT);
  case BC_LIST: return site_ok(c, i) && lifts_all(s) && list_ok(c, i, s);
  case BC_RECORD: return site_ok(c, i) && record_ok(c, i, s);
  case BC_WITH: return site_ok(c, i) && with_ok(c, i, s);
  case BC_INTERP: return site_ok(c, i) && (lifts_all(s) || lifts_none(s)) && interp_ok(c, i, s, scratch);
  case BC_CALL: return site_ok(c, i) && call_ok(c, i, s);
  case BC_FN: return site_ok(c, i) && fn_ok(c, i, s);
  case BC_EXTERN: return site_ok(c, i) && extern_ok(c, i, s);
  case BC_TABLE: return site_ok(c, i) && table_ok(c, i, s);
  case BC_WORST: return is_bool && tb && tc;
  case BC_EQ: return is_bool && comparable(tb, tc);
  case BC_IN_LIST: return is_bool && tb && is_kind(tc, TY_LIST) && comparable(tb, tc->elem);
  case BC_HAS_TEXT: return is_bool && is_text(tb) && is_text(tc);
  case BC_HAS_KEY: return is_bool && is_kind(tb, TY_MAP) && is_text(tc);
  case BC_MATCHES: return is_bool && is_text(tb);
  case BC_FORMAT: return is_bool && is_text(tb) && vm_textformat_name(i->d);
  case BC_UNIQUE: return is_bool && u->root && i->d < u->root->nfields && given(c, u->root->fields[i->d].type, i->b);
  case BC_AUDIENCE: return is_bool && is_record(c, i->b, &ir->records[ir->audiences[i->d]->record]->shape);
  case BC_PASSES:
    if (i->x > PASSES_NAMES || !passes_ok(c, i)) return false;
    return i->x == PASSES_NAMES ? is_kind(ta, TY_TEXT) : i->x == PASSES_VERDICT ? is_kind(ta, TY_INT) && ir->passes[i->d]->nrules : is_bool;
  case BC_WORSE: return ta && (i->x == ST_MISSING || i->x == ST_ERR);
  case BC_EACH: return is_reg_kind(c, i->c, REG_COUNT) && fits(c, i->a, elem_of(c, i->b, TY_LIST));
  case BC_EACH_ENTRY: return entry_ok(c, i);
  case BC_OPEN: return open_ok(c, i);
  case BC_STEP: return is_reg_kind(c, i->c, REG_COUNT) && ta;
  case BC_CLOSE: return true;
  case BC_VACUOUS: return is_reg_kind(c, i->a, REG_COUNT);
  case BC_AGG_NEW: return agg_new_ok(c, i);
  case BC_AGG_ADD: return is_reg_kind(c, i->a, REG_AGG) && tb && (u->regs[i->a].sub == AGG_COUNT || given(c, u->regs[i->a].type, i->b));
  case BC_AGG_END: return agg_end_ok(c, i);
  case BC_LIST_NEW: return is_reg_kind(c, i->a, REG_GATHER);
  case BC_LIST_ADD: return is_reg_kind(c, i->a, REG_GATHER) && given(c, u->regs[i->a].type, i->b);
  case BC_LIST_END:
    return is_reg_kind(c, i->b, REG_GATHER) && is_kind(ta, TY_LIST) && ta->elem && code_fits(ta->elem, u->regs[i->b].type);
  case BC_MARK: return is_reg_kind(c, i->a, REG_COUNT);
  case BC_CUT: return is_reg_kind(c, i->a, REG_COUNT) && i->x <= ST_ERR;
  case BC_FILTER: return is_reg_kind(c, i->a, REG_COUNT) && tb;
  case BC_NOTE: return ta != NULL;
  case BC_NOTE_FIELD: return u->root && i->a < u->nfixed;
  case BC_SAVE: return is_reg_kind(c, i->a, REG_CAUSES) && is_reg_kind(c, i->b, REG_COUNT);
  case BC_RENOTE: return is_reg_kind(c, i->a, REG_CAUSES);
  case BC_MESSAGE: return u->kind == UNIT_MESSAGE && is_text(ta);
  case OPCODE_COUNT: return false;
  }
  return false;
}

/* ---- flow ---- */

static uint16_t depth_of(const open_state *s) { return s ? s->depth : 0; }

static bool reads_ok(const check *c, uint16_t r, uint16_t depth) {
  return !holds_pointer(&c->u->regs[r]) || c->u->regs[r].depth <= depth;
}

static bool writes_ok(const check *c, uint16_t r, uint16_t depth) {
  return !holds_pointer(&c->u->regs[r]) || c->u->regs[r].depth == depth;
}

/* Pointers into rows are not read after their row and not written where they would outlive it. */
static bool depths_ok(const check *c, const ins *i, uint16_t depth) {
  const code_row *r = &code_rows[i->op];
  if (r->a == 'R' && !reads_ok(c, i->a, depth)) return false;
  if (r->a == 'W' && i->op != BC_NONE && !writes_ok(c, i->a, depth)) return false;
  if (r->a == 'U' && !reads_ok(c, i->a, depth)) return false;
  if (i->op == BC_LIST_ADD && holds_pointer(&c->u->regs[i->b]) && c->u->regs[i->b].depth > c->u->regs[i->a].depth) return false;
  if (r->b == 'R' && !reads_ok(c, i->b, depth)) return false;
  if (r->c == 'R' && !reads_ok(c, i->c, depth)) return false;
  if (r->d != 'Y') return true;
  const code_site *s = &c->u->tab->sites[i->d];
  for (uint32_t k = 0; k < s->n; k++)
    if (!reads_ok(c, s->regs[k], depth)) return false;
  return true;
}

/* All registers of a depth or deeper stand from own on. */
static bool own_ok(const code_unit *u, uint16_t own, uint16_t depth) {
  for (uint32_t r = u->nfixed; r < own; r++)
    if (u->regs[r].depth >= depth) return false;
  return true;
}

/* Only what begins a round of a loop is jumped back to. */
static bool counts(uint8_t op) { return op == BC_EACH || op == BC_EACH_ENTRY || op == BC_STEP; }

static bool go(check *c, uint32_t from, uint32_t to, const open_state *s, uint32_t *todo, uint32_t *n) {
  if (to >= c->u->n) return flaw(c, "a jump leaves the unit");
  if (to <= from && !counts(c->u->code[to].op)) return flaw(c, "a loop has no end");
  if (!c->seen[to]) {
    c->seen[to] = true;
    c->at[to] = s;
    todo[(*n)++] = to;
    return true;
  }
  return c->at[to] == s || flaw(c, "walks over sources are not closed in pairs");
}

static bool flow_one(check *c, uint32_t at, uint32_t *todo, uint32_t *n) {
  const ins *i = &c->u->code[at];
  const open_state *s = c->at[at];
  if (!depths_ok(c, i, depth_of(s))) return flaw(c, "a register is used outside of its walk");
  if (i->op == BC_OPEN) {
    bool keep = i->x & OPEN_KEEP;
    open_state *inner = &c->states[at];
    *inner = (open_state){ s, i, (uint16_t)(depth_of(s) + !keep) };
    if (inner->depth == UINT16_MAX || (!keep && !own_ok(c->u, i->b, inner->depth))) return flaw(c, "a walk's registers are not its own");
    s = inner;
  } else if (i->op == BC_STEP) {
    if (!s || i->b != s->open->b || !is_record(c, i->a, source_shape(c, s->open->d))) return flaw(c, "a step does not belong to its walk");
  } else if (i->op == BC_CLOSE) {
    if (!s) return flaw(c, "a walk is closed that is not open");
    s = s->outer;
  }
  switch ((code_flow)code_rows[i->op].flow) {
  case FLOW_NEXT: return go(c, at, at + 1, s, todo, n);
  case FLOW_JUMP: return go(c, at, i->t, s, todo, n);
  case FLOW_TEST: return go(c, at, i->t, s, todo, n) && go(c, at, i->f, s, todo, n);
  case FLOW_CHECK: return go(c, at, i->t, s, todo, n) && go(c, at, i->f, s, todo, n) && go(c, at, i->c, s, todo, n);
  case FLOW_END: return !s || flaw(c, "a walk is left open");
  }
  return false;
}

/* Where an instruction may go without a step of the budget. `each` counts its elements, but not its end. */
static uint32_t free_ways(const ins *i, uint32_t at, uint32_t to[3]) {
  if (i->op == BC_STEP) return 0;
  if (i->op == BC_EACH || i->op == BC_EACH_ENTRY) { to[0] = i->f; return 1; }
  switch ((code_flow)code_rows[i->op].flow) {
  case FLOW_NEXT: to[0] = at + 1; return 1;
  case FLOW_JUMP: to[0] = i->t; return 1;
  case FLOW_TEST: to[0] = i->t, to[1] = i->f; return 2;
  case FLOW_CHECK: to[0] = i->t, to[1] = i->f, to[2] = i->c; return 3;
  case FLOW_END: return 0;
  }
  return 0;
}

/* No loop is free: taking away, again and again, what no free way leads to leaves nothing. Jumps are in the unit; todo has room for each instruction. */
static bool loops_count(check *c, uint32_t *todo, arena *scratch) {
  const code_unit *u = c->u;
  uint32_t *ways = ARENA_ARRAY(scratch, uint32_t, u->n), to[3], n = 0, left = 0;
  for (uint32_t at = 0; at < u->n; at++)
    for (uint32_t k = c->seen[at] ? free_ways(&u->code[at], at, to) : 0; k; k--) ways[to[k - 1]]++;
  for (uint32_t at = 0; at < u->n; at++) {
    left += c->seen[at];
    if (c->seen[at] && !ways[at]) todo[n++] = at;
  }
  for (; n; left--) {
    uint32_t at = todo[--n];
    for (uint32_t k = free_ways(&u->code[at], at, to); k; k--)
      if (!--ways[to[k - 1]]) todo[n++] = to[k - 1];
  }
  return !left || flaw(c, "a loop does not count its rounds");
}

static void count_entry(check *c, uint32_t to) {
  if (to < c->u->n && c->entries[to] < 2) c->entries[to]++;
}

static void count_entries(check *c) {
  c->entries[0] = 1; /* from outside */
  for (uint32_t at = 0; at < c->u->n; at++) {
    const ins *i = &c->u->code[at];
    uint8_t flow = code_rows[i->op].flow;
    if (flow == FLOW_NEXT) count_entry(c, at + 1);
    if (flow == FLOW_JUMP || flow == FLOW_TEST || flow == FLOW_CHECK) count_entry(c, i->t);
    if (flow == FLOW_TEST || flow == FLOW_CHECK) count_entry(c, i->f);
    if (flow == FLOW_CHECK) count_entry(c, i->c);
  }
}

/* ---- units ---- */

static bool registers_ok(check *c) {
  const code_unit *u = c->u;
  if (u->nfixed > u->nregs) return flaw(c, "more fields than registers");
  if (u->root && u->nfixed != u->root->nfields) return flaw(c, "the fields are not the record's");
  for (uint32_t r = 0; r < u->nregs; r++) {
    const code_reg *g = &u->regs[r];
    if (g->kind >= REG_KINDS) return flaw(c, "a register's kind is unknown");
    if ((g->kind == REG_VALUE || g->kind == REG_GATHER) && (!g->type || g->type->opt)) return flaw(c, "a register has no type");
    if (r < u->nfixed && (g->kind != REG_VALUE || g->depth)) return flaw(c, "a field's register is none of a value");
    if (r > u->nfixed && g->depth < u->regs[r - 1].depth) return flaw(c, "registers are not in order of depth");
    if (r < u->nfixed && u->root && !code_fits(g->type, u->root->fields[r].type)) return flaw(c, "a field's type is not the record's");
  }
  return true;
}

bool vm_verify_unit(const vm_program *p, const code_unit *u, arena *scratch, str *error) {
  check c = { .p = p, .u = u };
  uint32_t at = 0;
  if (!u->n || u->n > UINT16_MAX) flaw(&c, "the unit is empty or too long");
  if (!c.wrong) registers_ok(&c);
  for (; at < u->n && !c.wrong; at++) {
    if (u->code[at].op >= OPCODE_COUNT) flaw(&c, "an instruction is unknown");
    else operands_ok(&c, &u->code[at]);
  }
  if (!c.wrong) {
    c.at = ARENA_ARRAY(scratch, const open_state *, u->n);
    c.seen = ARENA_ARRAY(scratch, bool, u->n);
    c.entries = ARENA_ARRAY(scratch, uint16_t, u->n);
    c.states = ARENA_ARRAY(scratch, open_state, u->n);
    count_entries(&c);
    for (at = 0; at < u->n && !c.wrong; at++)
      if (!types_ok(&c, at, scratch)) flaw(&c, "an operand is of the wrong type");
  }
  if (!c.wrong) {
    uint32_t *todo = ARENA_ARRAY(scratch, uint32_t, u->n), n = 0;
    todo[n++] = 0, c.seen[0] = true;
    while (n && !c.wrong) flow_one(&c, at = todo[--n], todo, &n);
    if (!c.wrong) loops_count(&c, todo, scratch);
  }
  if (c.wrong) *error = str_fmt(scratch, "%s (instruction %u)", c.wrong, at ? at - 1 : 0);
  return !c.wrong;
}

typedef struct verify_all { const vm_program *p; arena *scratch; char why[200]; bool ok; } verify_all;

static void verify_one(void *ud, code_unit *u, str name, uint32_t part) {
  verify_all *v = ud;
  (void)part;
  if (!v->ok) return;
  arena_mark m = arena_save(v->scratch);
  str why = { 0 };
  v->ok = vm_verify_unit(v->p, u, v->scratch, &why);
  if (!v->ok) snprintf(v->why, sizeof v->why, "`%.*s` is damaged: %.*s", name.n > 60 ? 60 : (int)name.n, name.p, STR_ARG(why));
  arena_restore(v->scratch, m);
}

bool vm_verify(const vm_program *p, str *error) {
  arena scratch;
  jmp_buf oom;
  verify_all v = { .p = p, .scratch = &scratch, .ok = true };
  arena_init(&scratch, p->a->m, &oom);
  volatile bool short_of_memory = true;
  if (!setjmp(oom)) {
    vm_each_unit(p, verify_one, &v);
    short_of_memory = false;
  }
  arena_free(&scratch);
  if (short_of_memory) *error = STR("out of memory");
  else if (!v.ok) *error = str_fmt(p->a, "%s", v.why);
  return !short_of_memory && v.ok;
}
