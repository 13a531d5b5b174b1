/* Coverage of clauses by tests: the reference evaluator tells the value of every node, and those that are a rule's `where`, a clause, an audience's
 * `where` are counted by their truth; of decision tables the rows that were chosen. A clause counts where its rule's `where` is true: elsewhere it decides
 * nothing. Refinements are not counted: there is one for each bound of each field, and sample() keeps to them. */
#include "runtime/testrun_int.h"

#include <stdlib.h>
#include <string.h>

typedef struct place {
  const ir *n;
  uint32_t item;
  int32_t rule;
  bool guard;
  uint32_t first;          /* rule of the first test that got here; UINT32_MAX: none */
} place;

struct cover {
  arena *a;
  VEC(cover_item) items;
  VEC(place) places;
  uint32_t *slots, mask;   /* node -> place + 1; places of one node follow each other's probes */
  uint32_t *rows;          /* by table: its first item */
  truth *guard;            /* by rule: of the evaluation under way */
  uint32_t test;           /* rule of the test under way */
};

static uint32_t hash_of(const ir *n) { return (uint32_t)(((uintptr_t)n >> 4) * UINT64_C(0x9E3779B97F4A7C15) >> 32); }

static void add(struct cover *c, const ir *n, cover_item x, int32_t rule, bool guard) {
  *VEC_PUSH(c->a, &c->places) = (place){ n, c->items.n, rule, guard, UINT32_MAX };
  *VEC_PUSH(c->a, &c->items) = x;
}

static str sliced(arena *a, const ir_program *ir, span sp) { return rt_one_line(a, source_slice(ir->src, sp)); }

static cover_item where(arena *a, const ir_program *ir, str name, span sp, bool may_miss) {
  return (cover_item){ .kind = COVER_WHERE, .name = name, .text = sliced(a, ir, sp), .sp = sp, .may_miss = may_miss };
}

static void add_rule(struct cover *c, const ir_program *ir, uint32_t i) {
  const prog_rule *r = ir->rules[i];
  if (r->refinement) return;
  if (r->guard)
    add(c, r->guard, where(c->a, ir, r->name, r->guard->sp, r->guard_may_miss), (int32_t)i, true);
  for (uint32_t k = 0; k < r->nclauses; k++) {
    const prog_clause *x = &r->clauses[k];
    cover_item item = { .kind = x->forbid ? COVER_FORBID : COVER_REQUIRE, .name = r->name, .text = x->text, .sp = x->sp, .may_miss = x->may_miss };
    add(c, x->test, item, (int32_t)i, false);
  }
}

static void index_places(struct cover *c) {
  uint32_t size = 16;
  while (size < c->places.n * 2) size *= 2;
  c->mask = size - 1;
  c->slots = ARENA_ARRAY(c->a, uint32_t, size);
  for (uint32_t i = 0; i < c->places.n; i++) {
    uint32_t at = hash_of(c->places.v[i].n) & c->mask;
    while (c->slots[at]) at = (at + 1) & c->mask;
    c->slots[at] = i + 1;
  }
}

struct cover *cover_new(arena *a, const ir_program *ir, uint32_t nrules) {
  struct cover *c = ARENA_NEW(a, struct cover);
  c->a = a;
  c->guard = ARENA_ARRAY(a, truth, nrules + 1);
  c->rows = ARENA_ARRAY(a, uint32_t, ir->ntables + 1);
  for (uint32_t i = 0; i < nrules; i++) c->guard[i] = TR_T, add_rule(c, ir, i);
  for (uint32_t i = 0; i < ir->naudiences; i++) {
    const prog_audience *x = ir->audiences[i];
    if (x->test) add(c, x->test, where(a, ir, x->name, x->test->sp, x->may_miss), -1, false);
  }
  for (uint32_t i = 0; i < ir->ntables; i++) {
    const prog_table *t = ir->tables[i];
    c->rows[i] = c->items.n;
    for (uint32_t r = 0; r < t->nrows; r++)
      *VEC_PUSH(a, &c->items) = (cover_item){ .kind = COVER_ROW, .name = t->name, .row = r + 1, .sp = t->row_sps[r], .text = sliced(a, ir, t->row_sps[r]) };
  }
  index_places(c);
  return c;
}

/* ---- while it runs ---- */

static void see(void *ud, const ir *n, uint32_t depth, val v, uint8_t st) {
  struct cover *c = ud;
  (void)depth;
  for (uint32_t at = hash_of(n) & c->mask; c->slots[at]; at = (at + 1) & c->mask) {
    place *p = &c->places.v[c->slots[at] - 1];
    if (p->n != n) continue;
    if (p->first == UINT32_MAX) p->first = c->test;
    cover_item *x = &c->items.v[p->item];
    truth t = st == ST_ERR ? TR_E : st == ST_MISSING ? TR_U : v.i ? TR_T : TR_F;
    if (p->guard) c->guard[p->rule] = t;
    else if (p->rule >= 0 && c->guard[p->rule] != TR_T) continue;
    if (x->kind == COVER_FORBID && t <= TR_T) t = t == TR_T ? TR_F : TR_T; /* the clause is kept negated */
    x->seen[t]++;
  }
}

static void chosen(void *ud, uint32_t table, uint32_t row) {
  struct cover *c = ud;
  c->items.v[c->rows[table] + row].seen[TR_T]++;
}

verdict cover_run(struct cover *c, ref_ctx *ref, uint32_t rule, const rec *root) {
  ref_result out;
  c->test = rule;
  ref->trace = see, ref->chosen = chosen, ref->trace_ud = c;
  bool ok = ref_rule(ref, rule, root, &out);
  ref->trace = NULL, ref->chosen = NULL;
  return ok ? out.v : V_COUNT;
}

bool cover_reached(const struct cover *c, const ir *n, uint32_t *first) {
  *first = UINT32_MAX;
  for (uint32_t at = hash_of(n) & c->mask; c->slots[at]; at = (at + 1) & c->mask) {
    const place *p = &c->places.v[c->slots[at] - 1];
    if (p->n != n) continue;
    *first = p->first;
    return p->first != UINT32_MAX;
  }
  return true;
}

/* ---- the result ---- */

unsigned cover_lacks(const cover_item *x) {
  unsigned lacks = x->seen[TR_T] ? 0 : 1u << TR_T;
  if (x->kind == COVER_ROW) return lacks;
  if (!x->seen[TR_F]) lacks |= 1u << TR_F;
  if (x->may_miss && !x->seen[TR_U]) lacks |= 1u << TR_U;
  return lacks;
}

static int by_name(const void *a, const void *b) {
  const cover_item *x = a, *y = b;
  int k = str_cmp(x->name, y->name);
  return k ? k : (x->sp.beg > y->sp.beg) - (x->sp.beg < y->sp.beg);
}

rt_coverage *cover_result_of(struct cover *c) {
  rt_coverage *r = ARENA_NEW(c->a, rt_coverage);
  r->n = c->items.n, r->v = c->items.v;
  for (uint32_t i = 0; i < r->n; i++) {
    const cover_item *x = &r->v[i];
    r->total += x->kind == COVER_ROW ? 1 : 2;
    r->seen += x->seen[TR_T] != 0;
    if (x->kind != COVER_ROW) r->seen += x->seen[TR_F] != 0;
  }
  if (r->n) qsort(r->v, r->n, sizeof *r->v, by_name);
  return r;
}
