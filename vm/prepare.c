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

/* ---- one test as rows ---- */

typedef enum row_kind { ROW_RANGE, ROW_SET, ROW_WORDS } row_kind;

typedef struct row {
  row_kind kind;
  bool among;
  uint16_t slot;
  uint64_t lo, span, mask; /* lo .. lo + span, which may wrap around */
  const val *atoms;
  uint32_t natoms;
  uint8_t window, result;  /* result: of the unit when it does not hold */
} row;

enum { MAX_ROWS = 200, NO_CHAIN = UINT32_MAX }; /* on the stack */

static uint32_t range_row(row *r, int64_t lo, int64_t hi) {
  r->lo = (uint64_t)lo, r->span = (uint64_t)hi - (uint64_t)lo;
  return lo <= hi;
}

/* Everything but v: the range that begins after it and wraps around to before it. */
static uint32_t other_row(row *r, uint64_t v) {
  r->lo = v + 1, r->span = UINT64_MAX - 1;
  return 1;
}

static uint64_t bits(double n) {
  uint64_t i;
  memcpy(&i, &n, sizeof i);
  return i;
}

/* Bits of numbers as unsigned ints: 0, rising to infinity, then (what is no number is never present) -0, rising to minus infinity. So what is below or above
   a bound is one range, which may wrap around. */
static uint32_t bits_row(row *r, uint64_t first, uint64_t last) {
  r->lo = first, r->span = last - first;
  return 1;
}

static uint32_t at_least(row *r, double n) { return n > 0 ? bits_row(r, bits(n), bits(INFINITY)) : bits_row(r, 0, bits(n == 0 ? -0.0 : n)); }
static uint32_t at_most(row *r, double n) { return n < 0 ? bits_row(r, bits(n), bits(-INFINITY)) : bits_row(r, bits(-0.0), bits(n == 0 ? 0.0 : n)); }

/* One row, or two where zero lies between. */
static uint32_t number_rows(row r[2], double lo, double hi) {
  if (!(lo <= hi)) return 0;
  if (lo > 0) return bits_row(r, bits(lo), bits(hi));
  if (hi < 0) return bits_row(r, bits(hi), bits(lo));
  r[1] = r[0];
  return at_least(&r[0], lo) + at_most(&r[1], hi);
}

static double above(double n) { return nextafter(n, INFINITY); }
static double below(double n) { return nextafter(n, -INFINITY); }

/* All literals of a union but one: an inequality, since a union's value is one of them; all of them: no test at all. */
static uint32_t all_but_one(const code_unit *u, const ins *i, row *r) {
  const type *t = u->regs[i->a].type;
  const text *other = NULL;
  uint32_t out = 0;
  for (uint32_t k = 0; t->kind == TY_UNION && k < t->nlits; k++) {
    uint32_t atom = t->lits[k]->atom;
    if (atom / 64 == i->x && ((uint64_t)i->i >> (atom % 64) & 1)) continue;
    other = t->lits[k], out++;
  }
  return out == 1 ? other_row(r, (uintptr_t)other) : t->kind == TY_UNION && !out ? bits_row(r, 0, UINT64_MAX) : 0;
}

/* A text among atoms, or not among them. */
static uint32_t words_row(row *r, const val *atoms, uint32_t n, bool among) {
  for (uint32_t i = 0; i < n; i++)
    if (!atoms[i].t->atom) return 0;
  r->kind = ROW_WORDS, r->atoms = atoms, r->natoms = n, r->among = among;
  return 1;
}

static uint32_t text_set_row(row *r, const code_const *k, bool among) {
  const type *t = k->type;
  return t->kind == TY_LIST && t->elem->kind == TY_TEXT && k->v.l->n ? words_row(r, k->v.l->v, k->v.l->n, among) : 0;
}

/* The rows that all hold iff the test's outcome is want, one or two; 0: there are none such. */
static uint32_t rows_of(const code_unit *u, const ins *i, bool want, row r[2]) {
  *r = (row){ .slot = i->a };
  switch ((opcode)i->op) {
  case BC_BOOL: return want ? other_row(r, 0) : range_row(r, 0, 0);
  case BC_EQ_INT_K: return want ? range_row(r, i->i, i->i) : other_row(r, (uint64_t)i->i);
  case BC_LT_INT_K: return !want ? range_row(r, i->i, INT64_MAX) : i->i > INT64_MIN ? range_row(r, INT64_MIN, i->i - 1) : 0;
  case BC_LE_INT_K: return want ? range_row(r, INT64_MIN, i->i) : i->i < INT64_MAX ? range_row(r, i->i + 1, INT64_MAX) : 0;
  case BC_EQ_NUM_K: return want ? number_rows(r, i->n, i->n) : 0;
  case BC_LT_NUM_K: return want ? at_most(r, below(i->n)) : at_least(r, i->n);
  case BC_LE_NUM_K: return want ? at_most(r, i->n) : at_least(r, above(i->n));
  case BC_EQ_ATOM: return want ? bits_row(r, (uintptr_t)i->k, (uintptr_t)i->k) : other_row(r, (uintptr_t)i->k);
  case BC_RANGE_INT: return want ? range_row(r, i->lo, i->hi) : 0;
  case BC_RANGE_NUM: return want ? number_rows(r, u->tab->consts[i->b].v.n, u->tab->consts[i->c].v.n) : 0;
  case BC_IN_INTS: { /* only a set without holes is a range */
    uint64_t m = (uint64_t)i->i;
    int low = m ? __builtin_ctzll(m) : 0, n = __builtin_popcountll(m);
    bool solid = m && (n == 64 || m >> low == (UINT64_C(1) << n) - 1);
    return want && solid ? range_row(r, (int8_t)i->x + low, (int8_t)i->x + low + n - 1) : 0;
  }
  case BC_EQ_TEXT_K: return words_row(r, (const val *)(const void *)&i->k, 1, want);
  case BC_IN_SET: return text_set_row(r, &u->tab->consts[i->d], want);
  case BC_IN_ATOMS:
    if (!want || all_but_one(u, i, r)) return want;
    r->kind = ROW_SET, r->mask = (uint64_t)i->i, r->window = i->x;
    return 1;
  case BC_JUMP: case BC_CHECK: case BC_CHECK2: case BC_RET_TRUTH: case BC_RET_VERDICT: case BC_RET: case BC_EQ_INT: case BC_LT_INT: case BC_EQ_NUM:
  case BC_LT_NUM: case BC_EQ_MIX: case BC_LT_MIX: case BC_LE_MIX: case BC_EQ_TEXT: case BC_LT_TEXT: case BC_MOVE:
  case BC_CONST: case BC_INT: case BC_NONE: case BC_TRUTH: case BC_ROOT: case BC_NOW: case BC_TODAY: case BC_FIELD: case BC_DEREF: case BC_INDEX:
  case BC_MAP_GET: case BC_ADD_INT: case BC_SUB_INT: case BC_MUL_INT: case BC_ADD_NUM: case BC_SUB_NUM: case BC_MUL_NUM:
  case BC_DIV_NUM: case BC_ARITH:
  case BC_NEG: case BC_TO_NUMBER: case BC_LIST: case BC_RECORD: case BC_WITH: case BC_INTERP: case BC_CALL: case BC_FN: case BC_EXTERN: case BC_TABLE:
  case BC_WORST: case BC_EQ:
  case BC_IN_LIST: case BC_HAS_TEXT: case BC_HAS_KEY: case BC_MATCHES: case BC_FORMAT: case BC_UNIQUE: case BC_RESOLVES: case BC_AUDIENCE:
  case BC_PASSES: case BC_WORSE: case BC_EACH: case BC_EACH_ENTRY: case BC_OPEN: case BC_STEP: case BC_CLOSE: case BC_VACUOUS: case BC_AGG_NEW:
  case BC_AGG_ADD: case BC_AGG_END: case BC_LIST_NEW: case BC_LIST_ADD: case BC_LIST_END: case BC_MARK: case BC_CUT: case BC_FILTER: case BC_NOTE:
  case BC_NOTE_FIELD: case BC_SAVE: case BC_RENOTE: case BC_MESSAGE: case OPCODE_COUNT: return 0;
  }
  return 0;
}

static bool decides(const code_unit *u, uint32_t at) { return u->code[at].op == BC_RET_VERDICT || u->code[at].op == BC_RET_TRUTH; }

/* ---- whole units ---- */

/* Reads the test at i: its rows hold iff the unit goes on to *on; else it is decided at *out. Of a test that decides either way, what passes is gone on to
   if that can be, so that tables can be merged. 0: it is no such test. */
static uint32_t read_test(const code_unit *u, const ins *i, row r[2], uint32_t *out, uint32_t *on) {
  bool t = i->t < u->n && decides(u, i->t), f = i->f < u->n && decides(u, i->f);
  bool want = t && f ? u->code[i->f].x != V_PASS : f;
  for (int tries = t + f; tries > 0; tries--, want = !want) {
    uint32_t n = rows_of(u, i, want, r);
    *out = want ? i->f : i->t, *on = want ? i->t : i->f;
    if (n) return n;
  }
  return 0;
}

/* Reads the unit as a chain of tests. Gives the number of rows. */
static uint32_t read_chain(const code_unit *u, row rows[MAX_ROWS], uint8_t *final) {
  uint32_t n = 0, at = 0;
  while (!decides(u, at)) {
    uint32_t out, on, k = n + 2 <= MAX_ROWS ? read_test(u, &u->code[at], rows + n, &out, &on) : 0;
    if (!k || on <= at || on >= u->n) return NO_CHAIN;
    for (; k > 0; k--) rows[n++].result = u->code[out].x;
    at = on;
  }
  *final = u->code[at].x;
  return n;
}

/* Blocks lie at multiples of four, the last one further ahead so that it ends with the fields. */
static uint32_t block_at(uint16_t slot, uint32_t nfields) {
  uint32_t at = slot / 4u * 4;
  return at + 4 <= nfields ? at : nfields - 4;
}

static const uint64_t TOP = UINT64_C(1) << 63;

/* Both ranges at once as one, if they have something in common and in one piece. */
static bool meet(uint64_t *lo, uint64_t *span, uint64_t lo2, uint64_t span2) {
  uint64_t from = lo2 - *lo, to = from + span2; /* the second, seen from where the first begins */
  if (to < from) {
    if (from <= *span && to < *span) return false;
    if (from > *span && to < *span) *span = to;
    return true;
  }
  if (from > *span) return false;
  *lo += from;
  *span = (to < *span ? to : *span) - from;
  return true;
}

typedef struct blocks { uint32_t n; uint16_t at[MAX_ROWS]; vm_block v[MAX_ROWS]; } blocks;

#define NOTHING { .span = { INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX } }

/* One that asks nothing yet. */
static vm_block *add_block(blocks *b, uint16_t slot, uint32_t nfields) {
  b->at[b->n] = (uint16_t)block_at(slot, nfields);
  b->v[b->n] = (vm_block)NOTHING;
  return &b->v[b->n++];
}

/* Asks one thing more: in a block that is there, or in another one. */
static void add_range(blocks *b, uint16_t slot, uint64_t lo, uint64_t span, uint32_t nfields) {
  if (span == UINT64_MAX) return;
  uint32_t at = block_at(slot, nfields), lane = slot - at;
  for (uint32_t i = 0; i < b->n; i++) {
    if (b->at[i] != at) continue;
    uint64_t l = b->v[i].lo[lane] ^ TOP, s = b->v[i].span[lane] ^ TOP;
    if (s == UINT64_MAX) l = lo, s = span;
    else if (!meet(&l, &s, lo, span)) continue;
    b->v[i].lo[lane] = l ^ TOP, b->v[i].span[lane] = s ^ TOP;
    return;
  }
  vm_block *x = add_block(b, slot, nfields);
  x->lo[lane] = lo ^ TOP, x->span[lane] = span ^ TOP;
}

/* For run_direct, which then need not ask where blocks lie: the last one first, then those at 0, 4 and 8, of which some may ask nothing. */
static bool put_in_order(blocks *b) {
  enum { MOST = 4 };
  vm_block v[MOST] = { NOTHING, NOTHING, NOTHING, NOTHING };
  bool taken[MOST] = { true };
  uint32_t last = 0, n = 1;
  for (uint32_t i = 1; i < b->n; i++)
    if (b->at[i] > b->at[last]) last = i;
  for (uint32_t i = 0; i < b->n; i++) {
    uint32_t k = i == last ? 0 : b->at[i] / 4u + 1;
    if (k && (k >= MOST || b->at[i] % 4 || taken[k])) return false;
    v[k] = b->v[i], taken[k] = true;
    if (k >= n) n = k + 1;
  }
  b->at[0] = b->at[last], b->n = n;
  for (uint32_t k = 1; k < n; k++) b->at[k] = (uint16_t)(4 * (k - 1));
  memcpy(b->v, v, n * sizeof *v);
  return true;
}

static vm_table *new_table(arena *a, uint32_t nblocks) {
  vm_table *t = arena_alloc_line(a, sizeof *t + nblocks * sizeof *t->blocks);
  t->nblocks = (uint16_t)nblocks;
  return t;
}

/* The rows from..to decide alike: one table, or more if there are many blocks. Gives where the next one is to be linked. */
static const vm_table **add_tables(arena *a, const vm_table **link, const row *rows, uint32_t from, uint32_t to, uint8_t final, uint32_t nfields) {
  blocks b;
  b.n = 0;
  uint32_t sets = 0, words = 0;
  for (uint32_t i = from; i < to; i++) sets += rows[i].kind == ROW_SET, words += rows[i].kind == ROW_WORDS;
  vm_set *s = sets ? ARENA_ARRAY(a, vm_set, sets) : NULL;
  vm_words *w = words ? ARENA_ARRAY(a, vm_words, words) : NULL;
  sets = words = 0;
  for (uint32_t i = from; i < to; i++) {
    const row *r = &rows[i];
    if (r->kind == ROW_SET) s[sets++] = (vm_set){ r->mask, r->slot, r->window };
    else if (r->kind == ROW_WORDS) w[words++] = (vm_words){ r->atoms, r->natoms, r->slot, r->among };
    else add_range(&b, r->slot, r->lo, r->span, nfields);
  }
  if (!b.n) add_block(&b, 0, nfields);
  bool ordered = put_in_order(&b);
  for (uint32_t k = 0, n; k < b.n; k += n) {
    n = b.n - k < VM_TABLE_BLOCKS ? b.n - k : VM_TABLE_BLOCKS;
    vm_table *t = new_table(a, n);
    memcpy(t->at, b.at + k, n * sizeof *b.at);
    memcpy(t->blocks, b.v + k, n * sizeof *b.v);
    if (!k) t->sets = s, t->nsets = (uint16_t)sets, t->words = w, t->nwords = (uint16_t)words;
    t->verdict[0] = final, t->verdict[1] = from < to ? rows[from].result : final;
    t->in_order = ordered;
    *link = t, link = &t->next;
  }
  return link;
}

static bool may_have_table(const code_unit *u) {
  return u->pure && (u->kind == UNIT_RULE || u->kind == UNIT_AUDIENCE) && u->root && u->nfixed >= 4;
}

void vm_prepare(arena *a, code_unit *u) {
  row rows[MAX_ROWS];
  uint8_t final;
  u->table = NULL;
  if (!may_have_table(u)) return;
  uint32_t n = read_chain(u, rows, &final);
  if (n == NO_CHAIN) return;
  const vm_table **link = &u->table;
  uint32_t from = 0;
  do { /* once if there is no row: such a unit decides at once */
    uint32_t to = from;
    while (to < n && rows[to].result == rows[from].result) to++;
    link = add_tables(a, link, rows, from, to, final, u->nfixed);
    from = to;
  } while (from < n);
}

/* ---- all rules of a list at once ---- */

/* The unit passes iff one of two tests holds: "a or b", "a implies b". */
static bool read_pair(const code_unit *u, vm_span p[2]) {
  if (!may_have_table(u) || u->n < 4) return false;
  row one[2], two[2];
  const ins *i = &u->code[0];
  for (int k = 0; k < 2; k++) {
    bool want = k != 0; /* which way ends the unit */
    uint16_t out = want ? i->t : i->f, on = want ? i->f : i->t;
    if (out >= u->n || on >= u->n || out == on || !decides(u, out) || decides(u, on) || u->code[out].x != V_PASS) continue;
    const ins *j = &u->code[on];
    if (j->t >= u->n || j->f >= u->n || !decides(u, j->t) || !decides(u, j->f)) continue;
    bool then = u->code[j->t].x == V_PASS;
    if (then == (u->code[j->f].x == V_PASS)) continue;
    if (rows_of(u, i, want, one) != 1 || rows_of(u, j, then, two) != 1 || one->kind != ROW_RANGE || two->kind != ROW_RANGE) continue;
    p[0] = (vm_span){ one->lo, one->span, one->slot }, p[1] = (vm_span){ two->lo, two->span, two->slot };
    return true;
  }
  return false;
}

/* Asks one thing more of a field, together with what is asked of it already if it can be. */
static void add_span(vm_span *v, uint32_t *n, uint32_t slot, uint64_t lo, uint64_t span) {
  for (uint32_t i = 0; i < *n; i++)
    if (v[i].slot == slot && meet(&v[i].lo, &v[i].span, lo, span)) return;
  v[(*n)++] = (vm_span){ lo, span, slot };
}

/* It passes iff all of its tests hold. */
static bool all_or_none(const vm_table *t) {
  if (!t || t->verdict[0] != V_PASS) return false;
  for (; t; t = t->next)
    if (t->verdict[1] == V_PASS) return false;
  return true;
}

bool vm_merge(arena *a, const code_unit *const *units, uint32_t n, vm_all *all, bool *in) {
  const code_unit *first = NULL;
  uint32_t spans = 0, sets = 0, words = 0;
  for (uint32_t i = 0; i < n; i++) {
    for (const vm_table *t = units[i] ? units[i]->table : NULL; t; t = t->next) spans += t->nblocks * 4u, sets += t->nsets, words += t->nwords;
  }
  vm_span *v = ARENA_ARRAY(a, vm_span, spans + 1), (*p)[2] = arena_alloc(a, sizeof *p * (n + 1));
  vm_set *s = ARENA_ARRAY(a, vm_set, sets + 1);
  vm_words *w = ARENA_ARRAY(a, vm_words, words + 1);
  *all = (vm_all){ .spans = v, .pairs = (const vm_span(*)[2])p, .sets = s, .words = w };
  for (uint32_t i = 0; i < n; i++) {
    const code_unit *u = units[i];
    const vm_table *t = u ? u->table : NULL;
    in[i] = u && (!first || u->root == first->root) && (all_or_none(t) || read_pair(u, p[all->npairs]));
    if (!in[i]) continue;
    first = u;
    if (!all_or_none(t)) {
      all->npairs++;
      continue;
    }
    for (; t; t = t->next) {
      for (uint32_t k = 0; k < t->nsets; k++) s[all->nsets++] = t->sets[k];
      for (uint32_t k = 0; k < t->nwords; k++) w[all->nwords++] = t->words[k];
      for (uint32_t k = 0; k < t->nblocks; k++)
        for (uint32_t lane = 0; lane < 4; lane++)
          if (t->blocks[k].span[lane] != INT64_MAX)
            add_span(v, &all->nspans, t->at[k] + lane, t->blocks[k].lo[lane] ^ TOP, t->blocks[k].span[lane] ^ TOP);
    }
  }
  return first != NULL;
}
