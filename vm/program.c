/* Programs: from typed IR to bytecode, and what follows from the bytecode alone: which units cannot fail, how deep calls go,
 * how much room frames need. The same measures are taken of a bundle that was just read. */
#include "vm/vm_int.h"

#include <string.h>

/* ---- every unit ---- */

void vm_each_unit(const vm_program *p, void (*each)(void *ud, code_unit *u, str name, uint32_t part), void *ud) {
  const ir_program *ir = p->ir;
  const code *c = p->c;
  for (uint32_t i = 0; i < ir->nfns; i++) {
    each(ud, c->fns[i].main, ir->fns[i]->name, 0);
    each(ud, c->fns[i].why, ir->fns[i]->name, 0);
  }
  for (uint32_t i = 0; i < ir->naudiences; i++) {
    each(ud, c->audiences[i].main, ir->audiences[i]->name, 0);
    if (c->audiences[i].fast != c->audiences[i].main) each(ud, c->audiences[i].fast, ir->audiences[i]->name, 0);
    each(ud, c->audiences[i].why, ir->audiences[i]->name, 0);
  }
  for (uint32_t i = 0; i < ir->nrules; i++) {
    each(ud, c->rules[i].main, ir->rules[i]->name, 0);
    if (c->rules[i].fast != c->rules[i].main) each(ud, c->rules[i].fast, ir->rules[i]->name, 0);
    for (uint32_t k = 0; k < ir->rules[i]->nclauses; k++) {
      each(ud, c->rules[i].why[k], ir->rules[i]->name, k + 1);
      each(ud, c->rules[i].say[k], ir->rules[i]->name, k + 1);
    }
    for (uint32_t k = 0; k < ir->rules[i]->nfixes; k++) each(ud, c->rules[i].fix[k], ir->rules[i]->name, k + 1);
  }
}

/* ---- measures ---- */

/* May an instruction allocate, call, or give up? Budget alone (EACH) is told by its result. */
static bool is_pure(const ins *i) {
  switch ((opcode)i->op) {
  case BC_JUMP: case BC_CHECK: case BC_CHECK2: case BC_RET_TRUTH: case BC_RET_VERDICT: case BC_BOOL: case BC_EQ_INT_K:
  case BC_LT_INT_K: case BC_LE_INT_K:
  case BC_EQ_NUM_K: case BC_LT_NUM_K: case BC_LE_NUM_K: case BC_EQ_INT: case BC_LT_INT: case BC_EQ_NUM: case BC_LT_NUM:
  case BC_EQ_MIX: case BC_LT_MIX:
  case BC_LE_MIX: case BC_EQ_ATOM: case BC_EQ_TEXT_K: case BC_EQ_TEXT: case BC_LT_TEXT: case BC_RANGE_INT: case BC_RANGE_NUM: case BC_IN_ATOMS:
  case BC_IN_INTS: case BC_IN_SET: case BC_MOVE: case BC_CONST: case BC_INT: case BC_NONE: case BC_TRUTH: case BC_ROOT: case BC_NOW: case BC_TODAY:
  case BC_FIELD: case BC_INDEX: case BC_MAP_GET: case BC_ADD_INT: case BC_SUB_INT: case BC_MUL_INT: case BC_ADD_NUM: case BC_SUB_NUM: case BC_MUL_NUM:
  case BC_DIV_NUM: case BC_NEG: case BC_TO_NUMBER: case BC_WORST: case BC_EQ: case BC_IN_LIST: case BC_HAS_TEXT: case BC_HAS_KEY: case BC_WORSE:
  case BC_EACH: case BC_VACUOUS: return true;
  case BC_ARITH: return i->x != IA_ADD_TEXT;
  case BC_RET: case BC_DEREF: case BC_LIST: case BC_RECORD: case BC_WITH: case BC_INTERP: case BC_CALL: case BC_FN: case BC_EXTERN: case BC_TABLE:
  case BC_MATCHES: case BC_FORMAT:
  case BC_UNIQUE: case BC_RESOLVES: case BC_AUDIENCE: case BC_PASSES: case BC_EACH_ENTRY: case BC_OPEN: case BC_STEP: case BC_CLOSE: case BC_AGG_NEW:
  case BC_AGG_ADD: case BC_AGG_END: case BC_LIST_NEW: case BC_LIST_ADD: case BC_LIST_END: case BC_MARK: case BC_CUT: case BC_FILTER: case BC_NOTE:
  case BC_NOTE_FIELD: case BC_SAVE: case BC_RENOTE: case BC_MESSAGE: case OPCODE_COUNT: return false;
  }
  return false;
}

enum { UNDER_WAY = UINT32_MAX };
typedef struct measure { const vm_program *p; const char *wrong; } measure;

static void measure_unit(measure *m, code_unit *u, uint32_t above);

static void measure_below(measure *m, code_unit *u, code_unit *below, uint32_t above) {
  measure_unit(m, below, above + 1);
  if (m->wrong) return;
  if (below->depth + 1 > u->depth) u->depth = below->depth + 1;
  if (below->stack > u->stack) u->stack = below->stack;
}

static void measure_calls(measure *m, code_unit *u, const ins *i, uint32_t above) {
  const code *c = m->p->c;
  if (i->op == BC_FN) {
    const code_fn *f = &c->fns[u->tab->sites[i->d].index];
    measure_below(m, u, u->collect ? f->why : f->main, above);
  } else if (i->op == BC_AUDIENCE) {
    const code_audience *a = &c->audiences[i->d];
    measure_below(m, u, u->collect ? a->why : a->main, above);
  } else if (i->op == BC_PASSES) {
    const prog_passes *s = m->p->ir->passes[i->d];
    for (uint32_t k = 0; k < s->nrules && !m->wrong; k++) {
      const code_rule *r = &c->rules[s->rules[k]];
      if (!u->collect || i->x >= PASSES_VERDICT) measure_below(m, u, r->main, above);
      for (uint32_t n = 0; u->collect && n < m->p->ir->rules[s->rules[k]]->nclauses && !m->wrong; n++) measure_below(m, u, r->why[n], above);
    }
  }
}

/* Calls form no cycle in what the checker accepts; in a damaged bundle they may. depth is 0 before, UNDER_WAY meanwhile; stack holds the callees' need
   until the unit's own is added. */
static void measure_unit(measure *m, code_unit *u, uint32_t above) {
  if (u->depth == UNDER_WAY) { m->wrong = "calls form a circle"; return; }
  if (u->depth) return;
  if (above > CODE_MAX_DEPTH) { m->wrong = "calls are nested too deeply"; return; }
  uint32_t depth = 1;
  bool pure = true;
  for (uint32_t i = 0; i < u->n && !m->wrong; i++) {
    pure = pure && is_pure(&u->code[i]);
    u->depth = UNDER_WAY;
    uint8_t op = u->code[i].op;
    if (op != BC_FN && op != BC_AUDIENCE && op != BC_PASSES) continue;
    code_unit seen = *u;
    seen.depth = depth;
    measure_calls(m, &seen, &u->code[i], above);
    depth = seen.depth, u->stack = seen.stack;
  }
  u->pure = pure;
  u->depth = depth;
  u->stack += u->nregs;
  if (!m->wrong && depth > CODE_MAX_DEPTH) m->wrong = "calls are nested too deeply";
}

static void measure_each(void *ud, code_unit *u, str name, uint32_t part) {
  measure *m = ud;
  (void)name, (void)part;
  if (!m->wrong) measure_unit(m, u, 0);
}

static void sum_up(void *ud, code_unit *u, str name, uint32_t part) {
  vm_program *p = ud;
  (void)name, (void)part;
  vm_prepare(p->a, u);
  if (u->root && u->nregs > p->frame) p->frame = u->nregs;
  if (u->stack > p->stack) p->stack = u->stack;
}

const char *vm_measure(vm_program *p) {
  measure m = { p, NULL };
  vm_each_unit(p, measure_each, &m);
  if (m.wrong) return m.wrong;
  p->frame = p->stack = 0;
  vm_each_unit(p, sum_up, p);
  for (uint32_t i = 0; i < p->ir->nrules; i++) p->c->rules[i].table = p->c->rules[i].fast->table;
  return NULL;
}

void vm_measure_unit(const vm_program *p, code_unit *u) {
  measure m = { p, NULL };
  measure_unit(&m, u, 0);
}

/* ---- compiling ---- */

vm_program *vm_compile(arena *a, diags *d, ir_program *ir) {
  code *c = emit_program(a, d, ir);
  if (!c) return NULL;
  vm_program *p = ARENA_NEW(a, vm_program);
  *p = (vm_program){ .a = a, .ir = ir, .c = c };
  const char *wrong = vm_measure(p);
  if (!wrong) return p;
  diag *g = diag_add(d, DIAG_CALLS_TOO_DEEP, (span){ 0, 0 }, "%s: at most %d functions, audiences and rules may stand below each other", wrong, CODE_MAX_DEPTH);
  diag_note_add(d, g, (span){ 0, 0 }, "fold some of the functions into one");
  return NULL;
}

str vm_made_with(const vm_program *p) { return p->made_with; }
const ir_program *vm_model(const vm_program *p) { return p->ir; }
uint32_t vm_frame_size(const vm_program *p) { return p->frame; }
