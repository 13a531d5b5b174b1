/* The assembler of one unit: registers, labels, and the last pass that threads jumps, drops what cannot be reached, and lays
 * registers out by depth. It knows no expressions. What always holds: a unit that emit_end gives out fits 16-bit targets and
 * registers. */
#include "compiler/emit.h"

#include <string.h>

static const type bool_type = { .kind = TY_BOOL, .base = &bool_type };
static const type int_type = { .kind = TY_INT, .base = &int_type };
const type *emit_bool_type(void) { return &bool_type; }
static const type text_type = { .kind = TY_TEXT, .base = &text_type };
const type *emit_int_type(void) { return &int_type; }
const type *emit_text_type(void) { return &text_type; }

/* ---- representation ---- */

const type *code_rep(const type *t) {
  for (int hops = 0; t && hops < 32; hops++) {
    if (t->opt) { t = t->base; continue; }
    if (t->kind != TY_REF) return t;
    if (!t->rec || t->rec->nkeys != 1 || t->rec->keys[0] >= t->rec->nfields) return NULL;
    t = t->rec->fields[t->rec->keys[0]].type;
  }
  return NULL;
}

bool code_is_pointer(const type *t) {
  t = code_rep(t);
  if (!t) return true;
  switch ((type_kind)t->kind) {
  case TY_BOOL: case TY_INT: case TY_NUMBER: case TY_COLOR: case TY_DATE: case TY_TIME: case TY_DURATION: case TY_MONTHS: return false;
  case TY_ERROR: case TY_NEVER: case TY_TEXT: case TY_UNION: case TY_PATTERN: case TY_LIST: case TY_MAP: case TY_RECORD: case TY_REF:
  case TY_PALETTE: case TY_TERMS: case TY_VAR: return true;
  }
  return true;
}

bool code_is_kept(const type *t) {
  for (int depth = 0; depth < 32; depth++) {
    t = code_rep(t);
    if (!t || !code_is_pointer(t)) return t;
    if (t->kind != TY_LIST && t->kind != TY_MAP) return t->kind == TY_TEXT || t->kind == TY_UNION;
    t = t->elem;
  }
  return false;
}

static uint8_t kind_class(const type *t) { return t->kind == TY_UNION ? TY_TEXT : t->kind; }

/* Shapes of the library and of map entries may be built more than once: alike is as good as the same. */
static bool same_shape(const type_rec *to, const type_rec *from, int depth);

static bool fits(const type *to, const type *from, int depth) {
  to = code_rep(to), from = code_rep(from);
  if (!to || !from || depth > 40) return false;
  if (to == from) return true;
  if (from->kind == TY_NEVER) return true; /* no value is ever of it */
  bool to_list = to->kind == TY_LIST || to->kind == TY_PALETTE, from_list = from->kind == TY_LIST || from->kind == TY_PALETTE;
  if (to_list && from_list) {
    if (!to->elem || !from->elem) return to->kind == from->kind;
    return fits(to->elem, from->elem, depth + 1);
  }
  if (kind_class(to) != kind_class(from)) return false;
  if (to->kind == TY_MAP) return to->elem && from->elem && fits(to->elem, from->elem, depth + 1);
  if (to->kind == TY_RECORD) return same_shape(to->rec, from->rec, depth);
  return true;
}

static bool same_shape(const type_rec *to, const type_rec *from, int depth) {
  if (to == from) return true;
  if (!to || !from || to->id != UINT32_MAX || from->id != UINT32_MAX || to->nfields != from->nfields) return false;
  for (uint32_t i = 0; i < to->nfields; i++)
    if (!str_eq(to->fields[i].name, from->fields[i].name) || !fits(to->fields[i].type, from->fields[i].type, depth + 1)) return false;
  return true;
}

bool code_fits(const type *to, const type *from) { return fits(to, from, 0); }

/* ---- registers ---- */

reg emit_reg_new(emitter *e, reg_kind kind, uint8_t sub, const type *t) {
  const type *base = t && t->opt ? t->base : t;
  if (kind != REG_GATHER && kind != REG_AGG)
    for (uint32_t i = e->u->nfixed; i < e->regs.n; i++) {
      emit_reg *r = &e->regs.v[i];
      if (!r->busy && r->r.kind == kind && r->r.type == base && r->r.depth == e->depth) { r->busy = true; return (reg)i; }
    }
  if (e->regs.n >= NO_REG - 1) { e->too_large = true; return 0; }
  *VEC_PUSH(e->a, &e->regs) = (emit_reg){ { (uint8_t)kind, sub, e->depth, base }, true, false };
  return (reg)(e->regs.n - 1);
}

reg emit_temp(emitter *e, const type *t) { return emit_reg_new(e, REG_VALUE, 0, t); }

void emit_free(emitter *e, reg r) {
  if (r != NO_REG && r < e->regs.n && !e->regs.v[r].pinned) e->regs.v[r].busy = false;
}

void emit_pin(emitter *e, reg r) { e->regs.v[r].pinned = true; }

void emit_unpin(emitter *e, reg r) {
  e->regs.v[r].pinned = false;
  emit_free(e, r);
}

/* A field or parameter: the next register, never one given back. */
reg emit_fixed(emitter *e, const type *t) {
  if (e->regs.n >= NO_REG - 1) { e->too_large = true; return 0; }
  *VEC_PUSH(e->a, &e->regs) = (emit_reg){ { REG_VALUE, 0, 0, t->opt ? t->base : t }, true, true };
  e->u->nfixed = (uint16_t)e->regs.n;
  return (reg)(e->regs.n - 1);
}

/* ---- code ---- */

void emit_begin(emitter *e, unit_kind kind, const type_rec *root, uint32_t nlocals) {
  e->u = ARENA_NEW(e->a, code_unit);
  e->u->kind = (uint8_t)kind;
  e->u->collect = e->collect;
  e->u->clean = e->clean;
  e->u->root = root;
  e->code.n = e->at.n = e->regs.n = 0; /* the vectors serve all units; emit_end copies what stays */
  e->depth = 0;
  e->too_large = false;
  e->nlocals = nlocals;
  e->local = ARENA_ARRAY(e->a, reg, nlocals + 1);
  e->causes = ARENA_ARRAY(e->a, reg, nlocals + 1);
  e->present = ARENA_ARRAY(e->a, bool, nlocals + 1);
  e->below = 0;
  for (uint32_t i = 0; i < nlocals; i++) e->local[i] = e->causes[i] = NO_REG;
  if (!root) return;
  for (uint32_t i = 0; i < root->nfields && !e->too_large; i++) emit_fixed(e, root->fields[i].type);
}

label emit_label(emitter *e) {
  *VEC_PUSH(e->a, &e->at) = UINT32_MAX;
  return e->at.n - 1;
}

void emit_bind(emitter *e, label l) { e->at.v[l] = e->code.n; }

static emit_ins *push(emitter *e, opcode op, reg a) {
  emit_ins *i = VEC_PUSH(e->a, &e->code);
  *i = (emit_ins){ .i = { .op = (uint8_t)op, .a = a }, .t = UINT32_MAX, .f = UINT32_MAX, .c = UINT32_MAX, .sp = e->sp };
  return i;
}

ins *emit_op(emitter *e, opcode op, reg a) { return &push(e, op, a)->i; }

ins *emit_op_bc(emitter *e, opcode op, reg a, reg b, reg c) {
  ins *i = &push(e, op, a)->i;
  i->b = b, i->c = c;
  return i;
}

ins *emit_op_d(emitter *e, opcode op, reg a, reg b, uint32_t d) {
  ins *i = &push(e, op, a)->i;
  i->b = b, i->d = d;
  return i;
}

void emit_jump(emitter *e, label to) { push(e, BC_JUMP, 0)->t = to; }

ins *emit_test_op(emitter *e, opcode op, reg a, label t, label f) {
  emit_ins *i = push(e, op, a);
  i->t = t, i->f = f;
  return &i->i;
}

void emit_check(emitter *e, reg a, label ok, label u, label bad) {
  emit_ins *i = push(e, BC_CHECK, a);
  i->t = ok, i->f = u, i->c = bad;
}

void emit_check2(emitter *e, reg a, reg b, label ok, label u, label bad) {
  emit_ins *i = push(e, BC_CHECK2, a);
  i->i.b = b;
  i->t = ok, i->f = u, i->c = bad;
}

void emit_jump_x(emitter *e, opcode op, reg a, uint8_t x, label to) {
  emit_ins *i = push(e, op, a);
  i->i.x = x;
  i->t = to;
}

/* ---- tables ---- */

uint32_t emit_const(emitter *e, const type *t, val v) {
  const type *base = t->opt ? t->base : t;
  uint32_t n = e->tab->consts.n;
  for (uint32_t i = n > 32 ? n - 32 : 0; i < n; i++)
    if (e->tab->consts.v[i].type == base && e->tab->consts.v[i].v.i == v.i) return i;
  *VEC_PUSH(e->tab->a, &e->tab->consts) = (code_const){ t->opt ? t->base : t, v };
  return e->tab->consts.n - 1;
}

uint32_t emit_cause(emitter *e, str text) {
  uint32_t n = e->tab->causes.n, from = n > 32 ? n - 32 : 0; /* causes repeat within a rule, hardly beyond it */
  for (uint32_t i = from; i < n; i++)
    if (str_eq(e->tab->causes.v[i], text)) return i;
  *VEC_PUSH(e->tab->a, &e->tab->causes) = text;
  return n;
}

uint32_t emit_site(emitter *e, code_site s) {
  *VEC_PUSH(e->tab->a, &e->tab->sites) = s;
  return e->tab->sites.n - 1;
}

/* ---- the last pass ---- */

static bool is_reg(char role) { return role == 'R' || role == 'W' || role == 'U'; }

/* Follows jumps that do nothing else. A cycle of them cannot be: every loop holds an EACH or a STEP. */
static uint32_t thread(const emitter *e, label l) {
  uint32_t at = e->at.v[l];
  for (uint32_t hops = 0; at < e->code.n && e->code.v[at].i.op == BC_JUMP && hops < e->code.n; hops++) at = e->at.v[e->code.v[at].t];
  return at;
}

static void reach(emitter *e, bool *live) {
  VEC(uint32_t) todo = { 0 };
  *VEC_PUSH(e->a, &todo) = 0;
  while (todo.n) {
    uint32_t i = todo.v[--todo.n];
    if (i >= e->code.n || live[i]) continue;
    live[i] = true;
    const emit_ins *x = &e->code.v[i];
    uint8_t flow = code_rows[x->i.op].flow;
    if (flow == FLOW_NEXT) *VEC_PUSH(e->a, &todo) = i + 1;
    if (flow == FLOW_JUMP || flow == FLOW_TEST || flow == FLOW_CHECK) *VEC_PUSH(e->a, &todo) = thread(e, x->t);
    if (flow == FLOW_TEST || flow == FLOW_CHECK) *VEC_PUSH(e->a, &todo) = thread(e, x->f);
    if (flow == FLOW_CHECK) *VEC_PUSH(e->a, &todo) = thread(e, x->c);
  }
}

/* A jump to what follows anyway can go; so can what nothing reaches. where gets each instruction's new index. */
static uint32_t place(const emitter *e, bool *live, uint32_t *where) {
  uint32_t next_live = UINT32_MAX;
  for (uint32_t i = e->code.n; i-- > 0;) {
    if (!live[i]) continue;
    if (e->code.v[i].i.op == BC_JUMP && thread(e, e->code.v[i].t) == next_live) live[i] = false;
    else next_live = i;
  }
  uint32_t n = 0;
  for (uint32_t i = 0; i < e->code.n; i++) {
    where[i] = n;
    n += live[i];
  }
  return n;
}

/* Temporaries sorted by depth, so that a loop's own registers are those from some index on. */
static reg *lay_out(emitter *e, code_unit *u) {
  reg *to = ARENA_ARRAY(e->a, reg, e->regs.n + 1);
  reg n = 0;
  uint16_t deepest = 0;
  for (uint32_t i = 0; i < e->regs.n; i++) if (e->regs.v[i].r.depth > deepest) deepest = e->regs.v[i].r.depth;
  u->regs = ARENA_ARRAY(e->a, code_reg, e->regs.n + 1);
  for (uint32_t i = 0; i < u->nfixed; i++) to[i] = n, u->regs[n++] = e->regs.v[i].r;
  for (uint32_t d = 0; d <= deepest; d++)
    for (uint32_t i = u->nfixed; i < e->regs.n; i++)
      if (e->regs.v[i].r.depth == d) to[i] = n, u->regs[n++] = e->regs.v[i].r;
  u->nregs = n;
  return to;
}

static reg first_of_depth(const code_unit *u, uint16_t depth) {
  reg i = u->nfixed;
  while (i < u->nregs && u->regs[i].depth < depth) i++;
  return i;
}

static void rename_regs(ins *i, const reg *to) {
  const code_row *r = &code_rows[i->op];
  if (is_reg(r->a)) i->a = to[i->a];
  if (is_reg(r->b)) i->b = to[i->b];
  if (is_reg(r->c)) i->c = to[i->c];
}

code_unit *emit_end(emitter *e) {
  code_unit *u = e->u;
  bool *live = ARENA_ARRAY(e->a, bool, e->code.n + 1);
  uint32_t *where = ARENA_ARRAY(e->a, uint32_t, e->code.n + 1);
  reach(e, live);
  u->n = place(e, live, where);
  if (u->n > UINT16_MAX || e->too_large) return NULL;
  reg *to = lay_out(e, u);
  u->code = ARENA_ARRAY(e->a, ins, u->n);
  u->map = ARENA_ARRAY(e->a, span, u->n);
  for (uint32_t i = 0, n = 0; i < e->code.n; i++) {
    if (!live[i]) continue;
    const emit_ins *x = &e->code.v[i];
    ins *o = &u->code[n];
    *o = x->i;
    rename_regs(o, to);
    if (x->t != UINT32_MAX) o->t = (uint16_t)where[thread(e, x->t)];
    if (x->f != UINT32_MAX) o->f = (uint16_t)where[thread(e, x->f)];
    if (x->c != UINT32_MAX) o->c = (uint16_t)where[thread(e, x->c)];
    if (o->op == BC_OPEN || o->op == BC_STEP) o->b = first_of_depth(u, o->b); /* was the depth of the rows */
    if (o->op == BC_LIST || o->op == BC_RECORD || o->op == BC_WITH || o->op == BC_INTERP || o->op == BC_CALL || o->op == BC_FN || o->op == BC_TABLE ||
        o->op == BC_EXTERN) {
      code_site *s = &e->tab->sites.v[o->d]; /* one instruction has one site */
      reg *r = ARENA_ARRAY(e->tab->a, reg, s->n + 1u);
      for (uint32_t k = 0; k < s->n; k++) r[k] = to[s->regs[k]];
      s->regs = r;
    }
    u->map[n++] = x->sp;
  }
  return u;
}
