/* Preparation for running: what the interpreter wants beyond the bytecode itself. Nothing of it is stored in bundles.
 *
 * A unit that only tests fields one after another, each test either going on or deciding (most rules over clean records are so), becomes a table: runs of
 * tests of one kind with the result that a false one decides. Walking the table costs a compare and a predicted branch a test, where dispatching costs an indirect
 * jump and, worse, a chain of loads from one instruction to the next: measured on the ten conditions of bench/vm_row.c, 29 ns dispatched, 8 ns by table.
 * Within a run of tests that decide alike the order does not matter, so tests are grouped by kind. */
#include "vm/vm_int.h"

#include <math.h>
#include <string.h>

/* ---- one test as a table row ---- */

static bool above(double n, vm_row *r) {
  r->n.lo = nextafter(n, INFINITY), r->n.hi = INFINITY;
  return n < INFINITY;
}

static bool range_row(vm_row *r, int64_t lo, int64_t hi) {
  if (lo > hi) return false;
  r->kind = ROW_INT;
  r->i.lo = (uint64_t)lo, r->i.span = (uint64_t)hi - (uint64_t)lo;
  return true;
}

static bool number_row(vm_row *r, double lo, double hi) {
  r->kind = ROW_NUM;
  r->n.lo = lo, r->n.hi = hi;
  return true;
}

/* Everything but v: the range that begins after it and wraps around to before it. */
static bool other_row(vm_row *r, uint64_t v) {
  r->kind = ROW_INT;
  r->i.lo = v + 1, r->i.span = UINT64_MAX - 1;
  return true;
}

/* The row that holds iff the test's outcome is want; false: there is none such. */
static bool row_of(const code_unit *u, const ins *i, bool want, vm_row *r) {
  *r = (vm_row){ .slot = i->a };
  switch ((opcode)i->op) {
  case BC_BOOL: return want ? other_row(r, 0) : range_row(r, 0, 0);
  case BC_EQ_INT_K: return want ? range_row(r, i->i, i->i) : other_row(r, (uint64_t)i->i);
  case BC_LT_INT_K: return want ? i->i > INT64_MIN && range_row(r, INT64_MIN, i->i - 1) : range_row(r, i->i, INT64_MAX);
  case BC_LE_INT_K: return want ? range_row(r, INT64_MIN, i->i) : i->i < INT64_MAX && range_row(r, i->i + 1, INT64_MAX);
  case BC_EQ_NUM_K: return want && number_row(r, i->n, i->n);
  case BC_LT_NUM_K: return want ? number_row(r, -INFINITY, nextafter(i->n, -INFINITY)) : number_row(r, i->n, INFINITY);
  case BC_LE_NUM_K: r->kind = ROW_NUM; return want ? number_row(r, -INFINITY, i->n) : above(i->n, r);
  case BC_EQ_ATOM: return want ? range_row(r, (int64_t)(uintptr_t)i->k, (int64_t)(uintptr_t)i->k) : other_row(r, (uintptr_t)i->k);
  case BC_RANGE_INT: return want && range_row(r, i->lo, i->hi);
  case BC_RANGE_NUM: return want && number_row(r, u->tab->consts[i->b].v.n, u->tab->consts[i->c].v.n);
  case BC_IN_ATOMS: case BC_IN_INTS:
    r->kind = i->op == BC_IN_ATOMS ? ROW_ATOMS : ROW_INTS;
    r->m.mask = want ? (uint64_t)i->i : ~(uint64_t)i->i;
    r->m.base = i->x;
    return want; /* the complement has more than 64 members */
  case BC_JUMP: case BC_CHECK: case BC_CHECK2: case BC_RET_TRUTH: case BC_RET_VERDICT: case BC_RET: case BC_EQ_INT: case BC_LT_INT: case BC_EQ_NUM:
  case BC_LT_NUM: case BC_EQ_MIX: case BC_LT_MIX: case BC_LE_MIX: case BC_EQ_TEXT_K: case BC_EQ_TEXT: case BC_LT_TEXT: case BC_IN_SET: case BC_MOVE:
  case BC_CONST: case BC_INT: case BC_NONE: case BC_TRUTH: case BC_ROOT: case BC_NOW: case BC_TODAY: case BC_FIELD: case BC_DEREF: case BC_INDEX:
  case BC_MAP_GET: case BC_ADD_INT: case BC_SUB_INT: case BC_MUL_INT: case BC_ADD_NUM: case BC_SUB_NUM: case BC_MUL_NUM: case BC_DIV_NUM: case BC_ARITH:
  case BC_NEG: case BC_TO_NUMBER: case BC_LIST: case BC_RECORD: case BC_WITH: case BC_INTERP: case BC_CALL: case BC_FN: case BC_WORST: case BC_EQ:
  case BC_IN_LIST: case BC_HAS_TEXT: case BC_HAS_KEY: case BC_MATCHES: case BC_FORMAT: case BC_UNIQUE: case BC_RESOLVES: case BC_AUDIENCE:
  case BC_PASSES: case BC_WORSE: case BC_EACH: case BC_EACH_ENTRY: case BC_OPEN: case BC_STEP: case BC_CLOSE: case BC_VACUOUS: case BC_AGG_NEW:
  case BC_AGG_ADD: case BC_AGG_END: case BC_LIST_NEW: case BC_LIST_ADD: case BC_LIST_END: case BC_MARK: case BC_CUT: case BC_FILTER: case BC_NOTE:
  case BC_NOTE_FIELD: case BC_SAVE: case BC_RENOTE: case BC_MESSAGE: case OPCODE_COUNT: return false;
  }
  return false;
}

static bool decides(const code_unit *u, uint32_t at) { return u->code[at].op == BC_RET_VERDICT || u->code[at].op == BC_RET_TRUTH; }

/* ---- whole units ---- */

/* Reads the unit as a chain of tests. Gives the number of rows, or UINT32_MAX when it is no such chain; rows may be NULL to count only. */
static uint32_t read_chain(const code_unit *u, vm_row *rows, uint8_t *final) {
  uint32_t n = 0, at = 0;
  while (!decides(u, at)) {
    const ins *i = &u->code[at];
    bool want = i->f < u->n && decides(u, i->f);
    uint32_t out = want ? i->f : i->t, on = want ? i->t : i->f;
    vm_row r;
    if (n > 1000 || !row_of(u, i, want, &r) || !decides(u, out) || on <= at) return UINT32_MAX;
    r.result = u->code[out].x;
    if (rows) rows[n] = r;
    n++;
    at = on;
  }
  *final = u->code[at].x;
  return n;
}

/* Rows that decide alike and follow each other, sorted by kind: stable, so that cheap ones stay first. */
static void group(vm_row *rows, uint32_t n) {
  for (uint32_t from = 0; from < n;) {
    uint32_t to = from;
    while (to < n && rows[to].result == rows[from].result) to++;
    for (uint32_t i = from + 1; i < to; i++) {
      vm_row r = rows[i];
      uint32_t k = i;
      for (; k > from && rows[k - 1].kind > r.kind; k--) rows[k] = rows[k - 1];
      rows[k] = r;
    }
    from = to;
  }
}

void vm_prepare(arena *a, code_unit *u) {
  uint8_t final;
  u->table = NULL;
  if (!u->pure || (u->kind != UNIT_RULE && u->kind != UNIT_AUDIENCE) || !u->root) return;
  uint32_t n = read_chain(u, NULL, &final);
  if (n == UINT32_MAX) return;
  vm_table *t = ARENA_NEW(a, vm_table);
  vm_row *rows = ARENA_ARRAY(a, vm_row, n);
  read_chain(u, rows, &final);
  group(rows, n);
  *t = (vm_table){ .rows = rows, .runs = ARENA_ARRAY(a, vm_row_run, n), .final = final };
  for (uint32_t i = 0; i < n; i++) {
    vm_row_run *last = t->nruns ? &t->runs[t->nruns - 1] : NULL;
    if (!last || last->kind != rows[i].kind || last->result != rows[i].result) {
      last = &t->runs[t->nruns++];
      *last = (vm_row_run){ .kind = rows[i].kind, .result = rows[i].result };
    }
    last->n++;
  }
  u->table = t;
}
