/* Preparation for running: what the interpreter wants beyond the bytecode itself. Nothing of it is stored in bundles.
 *
 * A unit that only tests fields one after another, each test either going on or deciding (most rules over clean records are
 * so), becomes a table: groups of tests that decide alike, each test a range of 64-bit ints (equalities, literals and numbers
 * are ranges too), four neighboring fields at once. Dispatching costs an indirect jump a test and, worse, a chain of loads
 * from one instruction to the next: bench/vm_row.c measured 29 ns dispatched. Within a group the order does not matter,
 * because no test in it can be unknown. */
#include "vm/vm_int.h"

#include <math.h>
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

/* ---- one test as a row ---- */

typedef struct row {
  bool set;
  uint16_t slot;
  uint64_t lo, span, flip, mask;
  uint8_t window, result;  /* result: of the unit when it does not hold */
} row;

static bool range_row(row *r, int64_t lo, int64_t hi) {
  r->lo = (uint64_t)lo, r->span = (uint64_t)hi - (uint64_t)lo;
  return lo <= hi;
}

/* Everything but v: the range that begins after it and wraps around to before it. */
static bool other_row(row *r, uint64_t v) {
  r->lo = v + 1, r->span = UINT64_MAX - 1;
  return true;
}

/* Where a number stands in the order of ints; the zeros are neighbors. */
static int64_t rank(double n) {
  int64_t i;
  memcpy(&i, &n, sizeof i);
  return i ^ ((i >> 63) & INT64_MAX);
}

static bool number_row(row *r, double lo, double hi) {
  r->flip = INT64_MAX;
  return range_row(r, lo == 0 ? rank(-0.0) : rank(lo), hi == 0 ? rank(0.0) : rank(hi));
}

static double above(double n) { return nextafter(n, INFINITY); }
static double below(double n) { return nextafter(n, -INFINITY); }

/* All literals of a union but one: an inequality, since a union's value is one of them. */
static bool all_but_one(const code_unit *u, const ins *i, row *r) {
  const type *t = u->regs[i->a].type;
  const text *other = NULL;
  uint32_t out = 0;
  for (uint32_t k = 0; t->kind == TY_UNION && k < t->nlits; k++) {
    uint32_t atom = t->lits[k]->atom;
    if (atom / 64 == i->x && ((uint64_t)i->i >> (atom % 64) & 1)) continue;
    other = t->lits[k], out++;
  }
  return out == 1 && other_row(r, (uintptr_t)other);
}

/* The row that holds iff the test's outcome is want; false: there is none such. */
static bool row_of(const code_unit *u, const ins *i, bool want, row *r) {
  *r = (row){ .slot = i->a };
  switch ((opcode)i->op) {
  case BC_BOOL: return want ? other_row(r, 0) : range_row(r, 0, 0);
  case BC_EQ_INT_K: return want ? range_row(r, i->i, i->i) : other_row(r, (uint64_t)i->i);
  case BC_LT_INT_K: return want ? i->i > INT64_MIN && range_row(r, INT64_MIN, i->i - 1) : range_row(r, i->i, INT64_MAX);
  case BC_LE_INT_K: return want ? range_row(r, INT64_MIN, i->i) : i->i < INT64_MAX && range_row(r, i->i + 1, INT64_MAX);
  case BC_EQ_NUM_K: return want && number_row(r, i->n, i->n);
  case BC_LT_NUM_K: return want ? number_row(r, -INFINITY, below(i->n)) : number_row(r, i->n, INFINITY);
  case BC_LE_NUM_K: return want ? number_row(r, -INFINITY, i->n) : number_row(r, above(i->n), INFINITY);
  case BC_EQ_ATOM: return want ? range_row(r, (int64_t)(uintptr_t)i->k, (int64_t)(uintptr_t)i->k) : other_row(r, (uintptr_t)i->k);
  case BC_RANGE_INT: return want && range_row(r, i->lo, i->hi);
  case BC_RANGE_NUM: return want && number_row(r, u->tab->consts[i->b].v.n, u->tab->consts[i->c].v.n);
  case BC_IN_INTS: { /* only a set without holes is a range */
    uint64_t m = (uint64_t)i->i;
    int low = m ? __builtin_ctzll(m) : 0, n = __builtin_popcountll(m);
    bool solid = m && (n == 64 || m >> low == (UINT64_C(1) << n) - 1);
    return want && solid && range_row(r, (int8_t)i->x + low, (int8_t)i->x + low + n - 1);
  }
  case BC_IN_ATOMS:
    if (!want || all_but_one(u, i, r)) return want;
    r->set = true, r->mask = (uint64_t)i->i, r->window = i->x;
    return true;
  case BC_JUMP: case BC_CHECK: case BC_CHECK2: case BC_RET_TRUTH: case BC_RET_VERDICT: case BC_RET: case BC_EQ_INT: case BC_LT_INT: case BC_EQ_NUM:
  case BC_LT_NUM: case BC_EQ_MIX: case BC_LT_MIX: case BC_LE_MIX: case BC_EQ_TEXT_K: case BC_EQ_TEXT: case BC_LT_TEXT: case BC_IN_SET: case BC_MOVE:
  case BC_CONST: case BC_INT: case BC_NONE: case BC_TRUTH: case BC_ROOT: case BC_NOW: case BC_TODAY: case BC_FIELD: case BC_DEREF: case BC_INDEX:
  case BC_MAP_GET: case BC_ADD_INT: case BC_SUB_INT: case BC_MUL_INT: case BC_ADD_NUM: case BC_SUB_NUM: case BC_MUL_NUM:
  case BC_DIV_NUM: case BC_ARITH:
  case BC_NEG: case BC_TO_NUMBER: case BC_LIST: case BC_RECORD: case BC_WITH: case BC_INTERP: case BC_CALL: case BC_FN: case BC_EXTERN: case BC_TABLE:
  case BC_WORST: case BC_EQ:
  case BC_IN_LIST: case BC_HAS_TEXT: case BC_HAS_KEY: case BC_MATCHES: case BC_FORMAT: case BC_UNIQUE: case BC_RESOLVES: case BC_AUDIENCE:
  case BC_PASSES: case BC_WORSE: case BC_EACH: case BC_EACH_ENTRY: case BC_OPEN: case BC_STEP: case BC_CLOSE: case BC_VACUOUS: case BC_AGG_NEW:
  case BC_AGG_ADD: case BC_AGG_END: case BC_LIST_NEW: case BC_LIST_ADD: case BC_LIST_END: case BC_MARK: case BC_CUT: case BC_FILTER: case BC_NOTE:
  case BC_NOTE_FIELD: case BC_SAVE: case BC_RENOTE: case BC_MESSAGE: case OPCODE_COUNT: return false;
  }
  return false;
}

static bool decides(const code_unit *u, uint32_t at) { return u->code[at].op == BC_RET_VERDICT || u->code[at].op == BC_RET_TRUTH; }

/* ---- whole units ---- */

enum { MAX_ROWS = 1000, NO_CHAIN = UINT32_MAX };

/* Reads the unit as a chain of tests. Gives the number of rows; rows may be NULL to count only. */
static uint32_t read_chain(const code_unit *u, row *rows, uint8_t *final) {
  uint32_t n = 0, at = 0;
  while (!decides(u, at)) {
    const ins *i = &u->code[at];
    bool want = i->f < u->n && decides(u, i->f);
    uint32_t out = want ? i->f : i->t, on = want ? i->t : i->f;
    row r;
    if (n == MAX_ROWS || !row_of(u, i, want, &r) || !decides(u, out) || on <= at) return NO_CHAIN;
    r.result = u->code[out].x;
    if (rows) rows[n] = r;
    n++;
    at = on;
  }
  *final = u->code[at].x;
  return n;
}

static vm_block *free_block(vm_block *blocks, uint32_t n, uint16_t slot) {
  for (uint32_t i = 0; i < n; i++)
    if (slot >= blocks[i].at && slot < blocks[i].at + 4 && blocks[i].span[slot - blocks[i].at] == UINT64_MAX) return &blocks[i];
  return NULL;
}

/* Blocks lie at multiples of four, the last one further ahead so that it ends with the fields. */
static uint32_t block_at(uint16_t slot, uint32_t nfields) {
  uint32_t at = slot / 4u * 4;
  return at + 4 <= nfields ? at : nfields - 4;
}

/* The rows from..to decide alike. */
static void fill_group(arena *a, vm_group *g, const row *rows, uint32_t from, uint32_t to, uint32_t nfields) {
  uint32_t blocks = 0, sets = 0;
  vm_block *b = ARENA_ARRAY(a, vm_block, to - from + 1);
  vm_set *s = ARENA_ARRAY(a, vm_set, to - from + 1);
  for (uint32_t i = from; i < to; i++) {
    const row *r = &rows[i];
    if (r->set) { s[sets++] = (vm_set){ r->mask, r->slot, r->window }; continue; }
    vm_block *in = free_block(b, blocks, r->slot);
    if (!in) {
      in = &b[blocks++];
      *in = (vm_block){ .span = { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX }, .at = block_at(r->slot, nfields) };
    }
    uint32_t lane = r->slot - in->at;
    in->lo[lane] = r->lo, in->span[lane] = r->span, in->flip[lane] = r->flip;
  }
  *g = (vm_group){ b, s, blocks, sets, rows[from].result };
}

void vm_prepare(arena *a, code_unit *u) {
  uint8_t final;
  u->table = NULL;
  if (!u->pure || (u->kind != UNIT_RULE && u->kind != UNIT_AUDIENCE) || !u->root || u->nfixed < 4) return;
  uint32_t n = read_chain(u, NULL, &final);
  if (n == NO_CHAIN) return;
  row *rows = ARENA_ARRAY(a, row, n + 1);
  read_chain(u, rows, &final);
  vm_table *t = ARENA_NEW(a, vm_table);
  vm_group *groups = ARENA_ARRAY(a, vm_group, n + 1);
  uint32_t k = 0;
  for (uint32_t from = 0, to; from < n; from = to) {
    for (to = from + 1; to < n && rows[to].result == rows[from].result;) to++;
    fill_group(a, &groups[k++], rows, from, to, u->nfixed);
  }
  *t = (vm_table){ groups, k, final };
  u->table = t;
}

/* ---- running ---- */

static bool out_of_set(const vm_set *s, const val *R) {
  uint32_t atom = R[s->slot].t->atom;
  return atom / 64 != s->window || !(s->mask >> (atom % 64) & 1);
}

static inline unsigned out_of_range(const vm_block *b, int k, const val *R) {
  int64_t v = R[k].i;
  v ^= (v >> 63) & (int64_t)b->flip[k];
  return (unsigned)((uint64_t)v - b->lo[k] > b->span[k]);
}

static int run_plain(const vm_table *t, const val *R) {
  for (const vm_group *g = t->groups, *end = g + t->ngroups; g < end; g++) {
    for (const vm_block *b = g->blocks, *last = b + g->nblocks; b < last; b++)
      if (out_of_range(b, 0, R + b->at) | out_of_range(b, 1, R + b->at) | out_of_range(b, 2, R + b->at) | out_of_range(b, 3, R + b->at)) return g->result;
    for (uint32_t k = 0; k < g->nsets; k++)
      if (out_of_set(&g->sets[k], R)) return g->result;
  }
  return t->final;
}

#ifdef __x86_64__
/* The same, a block at a time and a branch a group. */
__attribute__((target("avx2"))) static int run_avx2(const vm_table *t, const val *R) {
  const __m256i zero = _mm256_setzero_si256(), sign = _mm256_set1_epi64x(INT64_MIN);
  for (const vm_group *g = t->groups, *end = g + t->ngroups; g < end; g++) {
    __m256i out = zero;
    for (const vm_block *b = g->blocks, *last = b + g->nblocks; b < last; b++) {
      __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(R + b->at));
      __m256i flip = _mm256_loadu_si256((const __m256i *)(const void *)b->flip);
      __m256i lo = _mm256_loadu_si256((const __m256i *)(const void *)b->lo), span = _mm256_loadu_si256((const __m256i *)(const void *)b->span);
      v = _mm256_xor_si256(v, _mm256_and_si256(_mm256_cmpgt_epi64(zero, v), flip));
      v = _mm256_sub_epi64(v, lo);
      out = _mm256_or_si256(out, _mm256_cmpgt_epi64(_mm256_xor_si256(v, sign), _mm256_xor_si256(span, sign)));
    }
    if (!_mm256_testz_si256(out, out)) return g->result;
    for (uint32_t k = 0; k < g->nsets; k++)
      if (out_of_set(&g->sets[k], R)) return g->result;
  }
  return t->final;
}

vm_table_fn vm_table_runner(void) { return __builtin_cpu_supports("avx2") ? run_avx2 : run_plain; }
#else
vm_table_fn vm_table_runner(void) { return run_plain; }
#endif
