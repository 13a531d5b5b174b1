/* `test ... for any`: a guided random search for a record for which an expectation does not hold, and the way from what was found to the smallest one
 * like it. Guided twice: the values of a field come from the constants that it is compared with and their neighbors, where decisions change, or from the
 * edges of calendars and texts; and a record for which some condition came out as it never did before is kept, varied and mixed with others. Every record
 * tried is valid: what the record's fields demand is asked of the rules that they are. The same seed gives the same search. */
#include "runtime/testrun_int.h"

#include "base/civil.h"
#include "runtime/literal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SECONDS = 20 /* at most, of one search */, BUDGET = 3000 /* values in a record */, POOL = 128 };
enum { CORPUS = 256, SIGHTS = 1 << 14, SHRINK_STEPS = 2000, MAX_DEPTH = 12, MAX_TEXT = 600 };

typedef struct pool { uint32_t n; val v[POOL]; } pool;
typedef struct pools { pool ints, numbers, texts, colors, dates, times, durations, months; } pools;
typedef struct field_pools { const type_rec *ty; uint32_t field; pools p; } field_pools;

typedef struct search {
  tester *t;
  uint32_t test;
  const prog_test *x;
  uint64_t rng;
  arena *a;                /* of the records that are kept */
  pools all;
  VEC(field_pools *) fields;
  const pools *focus;      /* of the field that is being made; all when nothing is known of it */
  rec *plain;
  uint32_t ncorpus;
  rec *corpus[CORPUS];     /* records that showed something new */
  uint8_t seen[SIGHTS / 8];
  bool fresh;              /* the last record did */
  uint32_t trues[AST_MAX_DEPTH]; /* by depth: tests that were true since the last node above them */
  uint32_t ngroups;
  struct group { const uint16_t *reads; uint32_t n; } *groups; /* fields that a rule or an audience looks at together */
  uint32_t budget;         /* values that the record under way may still hold */
  uint32_t nvalid;
  uint32_t *valid;         /* rules that a record has to pass */
} search;

/* ---- random numbers ---- */

static uint64_t rnd(search *s) { /* splitmix64 */
  uint64_t z = (s->rng += UINT64_C(0x9E3779B97F4A7C15));
  z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
  return z ^ z >> 31;
}

static uint32_t below(search *s, uint32_t n) { return n ? (uint32_t)((rnd(s) >> 33) % n) : 0; }
static bool chance(search *s, uint32_t percent) { return below(s, 100) < percent; }

/* ---- the constants of the program ---- */

static void pool_add(pool *p, const type *t, val v) {
  if (p->n == POOL) return;
  for (uint32_t i = 0; i < p->n; i++)
    if (val_eq(t, p->v[i], v)) return;
  p->v[p->n++] = v;
}

static void take(pools *s, const type *t, val v) {
  t = t->base;
  switch ((type_kind)t->kind) {
  case TY_INT: pool_add(&s->ints, t, v); break;
  case TY_NUMBER: if (fabs(v.n) < 1e12 && (v.n == 0 || fabs(v.n) > 1e-4)) pool_add(&s->numbers, t, v); break;
  case TY_TEXT: case TY_UNION: if (v.t->n <= 200) pool_add(&s->texts, t, v); break;
  case TY_COLOR: pool_add(&s->colors, t, v); break;
  case TY_DATE: pool_add(&s->dates, t, v); break;
  case TY_TIME: pool_add(&s->times, t, v); break;
  case TY_DURATION: if (v.i > -INT64_C(400000) * USEC_PER_DAY && v.i < INT64_C(400000) * USEC_PER_DAY) pool_add(&s->durations, t, v); break;
  case TY_MONTHS: pool_add(&s->months, t, v); break;
  case TY_LIST:
    for (uint32_t i = 0; i < v.l->n && i < POOL; i++) take(s, t->elem, v.l->v[i]);
    break;
  case TY_PALETTE:
    for (uint32_t i = 0; i < v.l->n && i < POOL; i++) take(s, v.l->v[i].r->ty->fields[1].type, v.l->v[i].r->v[1]);
    break;
  case TY_ERROR: case TY_NEVER: case TY_BOOL: case TY_PATTERN: case TY_TERMS: case TY_MAP: case TY_RECORD: case TY_REF: case TY_VAR: break;
  }
}

/* Calls fn for a node and all below it. */
static void every(search *s, const ir *n, uint32_t depth, void (*fn)(search *s, const ir *n, void *ud), void *ud) {
  if (!n || depth > AST_MAX_DEPTH) return;
  fn(s, n, ud);
  every(s, n->a, depth + 1, fn, ud), every(s, n->b, depth + 1, fn, ud), every(s, n->c, depth + 1, fn, ud);
  for (uint32_t i = 0; i < n->n; i++) every(s, n->v[i], depth + 1, fn, ud);
  if (n->bind) every(s, n->bind->list, depth + 1, fn, ud), every(s, n->bind->where, depth + 1, fn, ud);
}

static pools *pools_of(search *s, const type_rec *ty, uint32_t field, bool make_them) {
  for (uint32_t i = 0; i < s->fields.n; i++)
    if (s->fields.v[i]->ty == ty && s->fields.v[i]->field == field) return &s->fields.v[i]->p;
  if (!make_them) return NULL;
  field_pools *x = ARENA_NEW(s->a, field_pools);
  x->ty = ty, x->field = field;
  *VEC_PUSH(s->a, &s->fields) = x;
  return &x->p;
}

static const text *text_new(search *s, str bytes) {
  text *t = ARENA_NEW(s->a, text);
  *t = text_of(str_dup(s->a, bytes));
  return t;
}

static void take_const(search *s, const ir *n, void *ud) {
  if (n->kind != IR_CONST) return;
  take(ud, n->ty, n->k);
  if (n->ty->kind != TY_TERMS) return;
  const term_list *terms = n->k.p;
  pools *p = ud;
  for (uint32_t i = 0; i < terms->n && i < 24 && p->texts.n < POOL; i++) p->texts.v[p->texts.n++].t = text_new(s, terms->entries[i].text);
}

/* A field of a comparison learns the constants of that comparison. */
static void teach(search *s, const ir *n, void *comparison) {
  if (n->kind == IR_FIELD && n->a->ty->rec) every(s, comparison, 0, take_const, pools_of(s, n->a->ty->rec, n->index, true));
}

static void learn(search *s, const ir *n, void *ud) {
  (void)ud;
  take_const(s, n, &s->all);
  bool compares = n->kind == IR_CMP || n->kind == IR_IN_RANGE || n->kind == IR_IN_LIST || n->kind == IR_CONTAINS || n->kind == IR_CALL;
  if (compares) every(s, n, 0, teach, (void *)(uintptr_t)n);
}

static void gather(search *s, const ir *n) { every(s, n, 0, learn, NULL); }

static void gather_rule(search *s, const prog_rule *r) {
  gather(s, r->guard);
  for (uint32_t i = 0; i < r->nlets; i++) gather(s, r->lets[i].init);
  for (uint32_t i = 0; i < r->nclauses; i++) gather(s, r->clauses[i].test);
}

static void gather_table(search *s, const prog_table *t) {
  for (size_t i = 0; i < (size_t)t->nrows * t->nparams && i < 4 * POOL; i++)
    for (uint32_t k = 0; k < (t->cells[i].kind == CELL_RANGE ? 2 : t->cells[i].kind == CELL_CMP ? 1 : t->cells[i].kind == CELL_SET ? t->cells[i].n : 0); k++)
      take(&s->all, t->params[i % t->nparams], t->cells[i].v[k]);
}

/* What the test itself says comes first: pools are bounded. */
static void gather_all(search *s) {
  const ir_program *ir = s->t->ir;
  gather_rule(s, s->x->rule);
  for (uint32_t i = 0; i < s->x->nvalid; i++) gather_rule(s, s->x->valid[i]);
  for (uint32_t i = 0; i < ir->naudiences; i++) gather(s, ir->audiences[i]->test);
  for (uint32_t i = 0; i < s->t->p->ir->nrules; i++) gather_rule(s, ir->rules[i]);
  for (uint32_t i = 0; i < ir->nfns; i++) gather(s, ir->fns[i]->body);
  for (uint32_t i = 0; i < ir->ntables; i++) gather_table(s, ir->tables[i]);
}

/* ---- values ---- */

static val make(search *s, const type *t, val plain, uint32_t depth);

/* One of the pool of the field, or of all. */
static const pool *chosen_pool(search *s, const pool *own, const pool *all) { return own->n && (!all->n || chance(s, 80)) ? own : all; }
#define POOL_OF(s, kind) chosen_pool((s), &(s)->focus->kind, &(s)->all.kind)
static val from_pool(search *s, const pool *p) { return p->n ? p->v[below(s, p->n)] : (val){ .i = 0 }; }

static int64_t beside(int64_t i, int64_t step) {
  int64_t r;
  return __builtin_add_overflow(i, step, &r) ? i : r;
}

static int64_t some_int(search *s) {
  static const int64_t small[] = { 0, 1, 2, 3, 5, 10, 100, 1000, -1, 1000000 };
  uint32_t dice = below(s, 100);
  if (dice < 60 && s->all.ints.n) return beside(from_pool(s, POOL_OF(s, ints)).i / (dice < 3 ? 2 : 1), (int64_t)below(s, 3) - 1);
  if (dice < 70 && s->all.numbers.n) return (int64_t)from_pool(s, POOL_OF(s, numbers)).n + (int64_t)below(s, 3) - 1;
  return dice < 90 ? small[below(s, 10)] : (int64_t)below(s, 4001) - 2000;
}

static double some_number(search *s) {
  static const double small[] = { 0, 1, 0.5, -1, 100, 0.01, 2.5 };
  uint32_t dice = below(s, 100);
  if (dice < 60 && s->all.numbers.n) {
    static const double step[] = { 0, 0, 0.01, -0.01, 1, -1 };
    return round((from_pool(s, POOL_OF(s, numbers)).n + step[below(s, 6)]) * 1e6) / 1e6;
  }
  if (dice < 80) return (double)some_int(s);
  return small[below(s, 7)];
}

static const text *some_text(search *s, val plain) {
  static const char *const odd[] = { "", "x", " ", "Zo\xC3\xAB", "\xE6\x97\xA5\xE6\x9C\xAC", "\xF0\x9F\x98\x80", "A b c.", "x\ny" };
  uint32_t dice = below(s, 100);
  if (dice < 45 && s->all.texts.n) return from_pool(s, POOL_OF(s, texts)).t;
  if (dice < 55 && s->all.texts.n) {
    buf b = { .a = s->a };
    buf_str(&b, str_of(from_pool(s, POOL_OF(s, texts)).t));
    if (chance(s, 50)) buf_ch(&b, ' ');
    buf_str(&b, str_of(from_pool(s, POOL_OF(s, texts)).t));
    return text_new(s, buf_done(&b));
  }
  if (dice < 65 && s->all.texts.n) { /* the other case of ASCII letters */
    buf b = { .a = s->a };
    buf_str(&b, str_of(from_pool(s, POOL_OF(s, texts)).t));
    for (uint32_t i = 0; i < b.n; i++)
      if ((b.p[i] | 32) >= 'a' && (b.p[i] | 32) <= 'z') b.p[i] ^= 32;
    return text_new(s, buf_done(&b));
  }
  if (dice < 80) { /* a length at which something may change */
    int64_t n = some_int(s);
    buf b = { .a = s->a };
    for (int64_t i = 0; i < n && i < MAX_TEXT; i++) buf_ch(&b, "xy z"[i % 4]);
    return text_new(s, buf_done(&b));
  }
  return dice < 90 || !plain.t ? text_new(s, str_z(odd[below(s, 8)])) : plain.t;
}

static int64_t in_calendar(int64_t day) { return day < CIVIL_DAY_MIN ? CIVIL_DAY_MIN : day > CIVIL_DAY_MAX ? CIVIL_DAY_MAX : day; }

static int64_t some_day(search *s) {
  static const int64_t edges[] = { 20513 /* 2026-03-01 */, 19782 /* 2024-02-29 */, 20453 /* 2025-12-31 */, 20454, 0, 11016 /* 2000-02-29 */ };
  int64_t today = s->t->ref.now / USEC_PER_DAY, near = (int64_t)below(s, 3) - 1;
  uint32_t dice = below(s, 100);
  if (dice < 30 && s->all.durations.n) {
    int64_t d = from_pool(s, POOL_OF(s, durations)).i / USEC_PER_DAY;
    return in_calendar(today + (chance(s, 70) ? -d : d) + near);
  }
  if (dice < 45 && s->all.months.n) {
    int64_t m = from_pool(s, POOL_OF(s, months)).i;
    return m > -100000 && m < 100000 ? in_calendar(civil_add_months(today, chance(s, 70) ? -m : m) + near) : today;
  }
  if (dice < 60 && s->all.ints.n) { /* ages in years */
    int64_t y = from_pool(s, POOL_OF(s, ints)).i;
    if (y > 0 && y < 200) return in_calendar(civil_add_months(today, -12 * y) + near);
  }
  if (dice < 75 && s->all.dates.n) return in_calendar(from_pool(s, POOL_OF(s, dates)).i + near);
  if (dice < 85) return today + near;
  return dice < 95 ? edges[below(s, 6)] : in_calendar(today + (int64_t)below(s, 8001) - 4000);
}

static int64_t some_time(search *s) {
  uint32_t dice = below(s, 100);
  int64_t near = ((int64_t)below(s, 3) - 1) * USEC_PER_SEC, now = s->t->ref.now, d;
  if (dice < 30 && s->all.times.n) return from_pool(s, POOL_OF(s, times)).i + near;
  if (dice < 60 && s->all.durations.n) {
    d = from_pool(s, POOL_OF(s, durations)).i;
    return now + (chance(s, 70) ? -d : d) + near;
  }
  return dice < 75 ? now + near : some_day(s) * USEC_PER_DAY;
}

static int64_t some_duration(search *s) {
  static const int64_t plain[] = { 0, USEC_PER_SEC, 3600 * USEC_PER_SEC, USEC_PER_DAY, 30 * USEC_PER_DAY };
  if (s->all.durations.n && chance(s, 60)) return from_pool(s, POOL_OF(s, durations)).i + ((int64_t)below(s, 3) - 1) * USEC_PER_SEC;
  return plain[below(s, 5)];
}

static val some_key(search *s, const type *t, val plain) {
  const mem_table *rows = &s->t->host.tables[t->source];
  uint16_t f = t->rec->keys[0];
  if (!rows->n) return plain;
  const rec *r = rows->rows[below(s, rows->n)];
  if (r->st[f] != ST_OK) return plain;
  const type *k = t->rec->fields[f].type;
  if (k->kind == TY_TEXT) return (val){ .t = text_new(s, str_of(r->v[f].t)) };
  return r->v[f]; /* union literals stay where they are; a key that refers on holds a text or a number, too */
}

static rec *rec_new(search *s, const type_rec *ty) {
  rec *r = ARENA_NEW(s->a, rec);
  *r = (rec){ .ty = ty, .v = ARENA_ARRAY(s->a, val, ty->nfields + 1), .st = ARENA_ARRAY(s->a, uint8_t, ty->nfields + 1), .cap = ty->nfields, .clean = true };
  r->source = UINT32_MAX;
  return r;
}

static const prog_field *field_of(const search *s, const type_rec *ty, uint32_t i) {
  return ty->id < s->t->ir->nrecords ? &s->t->ir->records[ty->id]->fields[i] : NULL;
}

/* A new value for one field of r; plain is the field in the plainest record. */
static void change(search *s, rec *r, uint32_t i, const rec *plain, uint32_t depth) {
  const type *t = r->ty->fields[i].type;
  const prog_field *f = field_of(s, r->ty, i);
  bool may_miss = t->opt && !(f && f->has_default);
  if (may_miss && chance(s, 15)) { r->st[i] = ST_MISSING; return; }
  val before = plain && plain->st[i] == ST_OK ? plain->v[i] : (val){ .i = 0 };
  if (t->kind == TY_REF && !s->t->host.tables[t->source].n && !(plain && plain->st[i] == ST_OK)) return; /* nothing to refer to */
  const pools *outer = s->focus, *own = pools_of(s, r->ty, i, false);
  if (own) s->focus = own;
  r->v[i] = make(s, t->base, before, depth + 1);
  r->st[i] = ST_OK;
  s->focus = outer;
}

static val make_record(search *s, const type *t, const rec *plain, uint32_t depth) {
  rec *r = rec_new(s, t->rec);
  for (uint32_t i = 0; i < t->rec->nfields; i++) {
    const prog_field *f = field_of(s, t->rec, i);
    r->st[i] = ST_MISSING;
    if (plain) r->v[i] = plain->v[i], r->st[i] = plain->st[i];
    else if (f && f->has_default) r->v[i] = f->def, r->st[i] = ST_OK;
    if (!plain || (s->budget && chance(s, 40))) change(s, r, i, plain, depth);
    if (r->st[i] == ST_MISSING && !t->rec->fields[i].type->opt) r->v[i] = make(s, t->rec->fields[i].type, (val){ .i = 0 }, depth + 1), r->st[i] = ST_OK;
  }
  return (val){ .r = r };
}

static int by_key(const void *a, const void *b) { return str_cmp(str_of(((const map_entry *)a)->key), str_of(((const map_entry *)b)->key)); }

static val make_map(search *s, const type *t, uint32_t depth) {
  map *m = ARENA_NEW(s->a, map);
  map_entry *e = ARENA_ARRAY(s->a, map_entry, 4);
  uint32_t n = depth < MAX_DEPTH ? below(s, 4) : 0;
  for (uint32_t i = 0; i < n; i++) {
    e[m->n] = (map_entry){ some_text(s, (val){ .i = 0 }), make(s, t->elem, (val){ .i = 0 }, depth + 1) };
    bool twice = false;
    for (uint32_t k = 0; k < m->n; k++) twice |= !by_key(&e[k], &e[m->n]);
    m->n += !twice;
  }
  if (m->n) qsort(e, m->n, sizeof *e, by_key);
  m->e = e;
  return (val){ .m = m };
}

static val make_list(search *s, const type *t, const list *plain, uint32_t depth) {
  uint32_t n = below(s, 4);
  int64_t at = some_int(s);
  if (chance(s, s->focus->ints.n ? 60 : 15) && at >= 0 && at <= 20) n = (uint32_t)at;
  if (depth >= MAX_DEPTH || t->elem->kind == TY_NEVER || !s->budget) n = 0;
  if (plain && plain->n && chance(s, 20)) n = plain->n;
  list *l = ARENA_NEW(s->a, list);
  val *v = ARENA_ARRAY(s->a, val, n + 1);
  for (uint32_t i = 0; i < n; i++) v[i] = make(s, t->elem, plain && i < plain->n ? plain->v[i] : (val){ .i = 0 }, depth + 1);
  *l = (list){ n, v };
  return (val){ .l = l };
}

static val make(search *s, const type *t, val plain, uint32_t depth) {
  static const int64_t colors[] = { 0x000000FF, 0xFFFFFFFF, 0x808080FF, 0xFF0000FF };
  val v = { .i = 0 };
  s->budget -= s->budget > 0;
  switch ((type_kind)t->kind) {
  case TY_BOOL: v.i = chance(s, 50); break;
  case TY_INT: v.i = some_int(s); break;
  case TY_NUMBER: v.n = some_number(s); break;
  case TY_TEXT: v.t = some_text(s, plain); break;
  case TY_UNION: v.t = t->lits[below(s, t->nlits)]; break;
  case TY_COLOR: v.i = s->all.colors.n && chance(s, 60) ? from_pool(s, POOL_OF(s, colors)).i : colors[below(s, 4)]; break;
  case TY_DATE: v.i = some_day(s); break;
  case TY_TIME: v.i = some_time(s); break;
  case TY_DURATION: v.i = some_duration(s); break;
  case TY_LIST: v = make_list(s, t, plain.l, depth); break;
  case TY_MAP: v = make_map(s, t, depth); break;
  case TY_RECORD: v = depth < MAX_DEPTH || plain.r ? make_record(s, t, plain.r, depth) : plain; break;
  case TY_REF: v = some_key(s, t, plain); break;
  case TY_ERROR: case TY_NEVER: case TY_MONTHS: case TY_PATTERN: case TY_PALETTE: case TY_TERMS: case TY_VAR: v = plain; break;
  }
  return v;
}

/* ---- records that are valid ---- */

static rec *copied(search *s, const rec *r) {
  rec *x = rec_new(s, r->ty);
  memcpy(x->v, r->v, sizeof(val) * r->ty->nfields);
  memcpy(x->st, r->st, r->ty->nfields);
  x->clean = r->clean;
  return x;
}

static void find_valid(search *s) {
  const ir_program *ir = s->t->ir;
  s->valid = ARENA_ARRAY(s->a, uint32_t, ir->nrules + 1);
  uint32_t own = s->t->rule_at[s->test] + 1;
  for (uint32_t i = 0; i < s->x->nvalid; i++) s->valid[s->nvalid++] = own + i;
  for (uint32_t i = 0; !s->x->wrap && i < s->t->p->ir->nrules; i++)
    if (ir->rules[i]->refinement && ir->rules[i]->record == s->x->rule->record) s->valid[s->nvalid++] = i;
}

/* The field whose bound a record breaks; -1: none, -2: it cannot be told. */
static int32_t broken_field(search *s, rec *r) {
  vm_reset(s->t->e);
  for (uint32_t i = 0; i < s->nvalid; i++) {
    uint8_t v;
    if (vm_rules(s->t->e, &s->valid[i], 1, r, &v) != VM_OK) return -2;
    v &= 0x7F;
    if (v != V_PASS && v != V_SKIP && v != V_INACTIVE) return s->t->ir->rules[s->valid[i]]->field;
  }
  return -1;
}

/* Fields that break a bound are drawn again, a few times, then as plain as they come. */
static bool repaired(search *s, rec *r) {
  for (uint32_t i = 0; i < 8 * (r->ty->nfields + 1); i++) {
    s->budget = BUDGET;
    int32_t f = broken_field(s, r);
    if (f == -1) return true;
    if (f < 0) return false;
    if (i % 8 < 6) change(s, r, (uint32_t)f, s->plain, 0);
    else r->v[f] = s->plain->v[f], r->st[f] = s->plain->st[f];
  }
  return false;
}

/* ---- the search ---- */

static void find_groups(search *s) {
  const ir_program *ir = s->t->ir;
  uint32_t record = s->x->rule->record;
  s->groups = ARENA_ARRAY(s->a, struct group, ir->nrules + ir->naudiences + 1);
  for (uint32_t i = 0; !s->x->wrap && i < ir->naudiences; i++) {
    const prog_audience *a = ir->audiences[i];
    if (a->record == record && a->nreads) s->groups[s->ngroups++] = (struct group){ a->reads, a->nreads };
  }
  for (uint32_t i = 0; !s->x->wrap && i < s->t->p->ir->nrules; i++) {
    const prog_rule *r = ir->rules[i];
    if (!r->refinement && r->source >= 0 && r->record == record && r->nreads) s->groups[s->ngroups++] = (struct group){ r->reads, r->nreads };
  }
}

/* Rather a late one: those go further. */
static const rec *late(search *s) {
  uint32_t x = below(s, s->ncorpus), y = below(s, s->ncorpus);
  return s->corpus[x > y ? x : y];
}

/* What is known to show something new, mixed with another of its kind, and changed in a few fields. */
static rec *varied(search *s) {
  rec *r = copied(s, s->ncorpus && chance(s, 85) ? late(s) : s->plain);
  uint32_t n = r->ty->nfields;
  if (s->ncorpus > 1 && chance(s, 60)) {
    const rec *other = late(s);
    const struct group *g = s->ngroups && chance(s, 70) ? &s->groups[below(s, s->ngroups)] : NULL;
    for (uint32_t i = 0; i < (g ? g->n : n); i++) {
      uint32_t f = g ? g->reads[i] : i;
      if (g || chance(s, 50)) r->v[f] = other->v[f], r->st[f] = other->st[f];
    }
    if (chance(s, 40)) return r;
  }
  for (uint32_t k = 1 + below(s, 3); k > 0; k--) change(s, r, below(s, n), s->plain, 0);
  return r;
}

static rec *candidate(search *s, uint32_t run, uint32_t runs) {
  s->budget = BUDGET;
  uint32_t n = s->plain->ty->nfields, alone = runs / 8 < 8 * n ? runs / 8 : 8 * n;
  rec *r = run && run > alone ? varied(s) : copied(s, s->plain);
  if (run && run <= alone) change(s, r, (run - 1) % n, s->plain, 0); /* each field alone */
  return !run || repaired(s, r) ? r : NULL;
}

/* ---- what a record shows ---- */

static void sight(search *s, uint64_t what) {
  uint32_t bit = (uint32_t)((what * UINT64_C(0x9E3779B97F4A7C15)) >> 50); /* of SIGHTS */
  if (s->seen[bit / 8] >> (bit % 8) & 1) return;
  s->seen[bit / 8] |= (uint8_t)(1u << (bit % 8));
  s->fresh = true;
}

/* Each test with its truth; of several together also how many are true, so that the search can climb. */
static void on_node(void *ud, const ir *n, uint32_t depth, val v, uint8_t st) {
  search *s = ud;
  if (depth + 2 >= AST_MAX_DEPTH) return;
  uint32_t below_it = s->trues[depth + 1];
  s->trues[depth + 1] = 0;
  if (n->ty->kind != TY_BOOL) return;
  s->trues[depth] += st == ST_OK && v.i;
  uint64_t what = (uint64_t)n->sp.beg << 24 ^ (uint64_t)n->sp.end << 8 ^ (uint64_t)n->kind << 2;
  sight(s, what ^ (st ? st + 1u : (unsigned)v.i));
  if (n->kind == IR_AND || n->kind == IR_OR) sight(s, ~(what ^ (uint64_t)below_it << 56));
}

static void on_row(void *ud, uint32_t table, uint32_t row) { sight(ud, ~((uint64_t)table << 32 | row)); }

/* The run just made once more, by the reference, which tells every condition. */
static void look(search *s, rec *r) {
  ref_ctx *ref = &s->t->ref;
  ref_result out;
  s->fresh = false;
  ref->steps = 0;
  memset(s->trues, 0, sizeof s->trues);
  ref->trace = on_node, ref->chosen = on_row, ref->trace_ud = s;
  ref_rule(ref, s->t->rule_at[s->test], r, &out);
  ref->trace = NULL, ref->chosen = NULL;
}

typedef struct fault { rec *r; enum test_status status; verdict v; } fault;

static bool at_fault(search *s, rec *r, fault *out) {
  enum test_status st = tester_run(s->t, s->test, r, NULL, NULL);
  *out = (fault){ r, st, s->t->verdict };
  return st != TEST_PASS;
}

/* An expectation that is false says more than one that is unknown, and that more than a test that could not be run. */
static int weight(const fault *f) { return f->status == TEST_ERROR ? 0 : f->v == V_FAIL ? 3 : f->v == V_ERROR ? 2 : 1; }

/* ---- shrinking ---- */

typedef struct shrinker { search *s; fault best; uint32_t steps; bool moved; } shrinker;

static bool same_value(const type *t, const rec *x, const rec *y, uint32_t i) {
  return x->st[i] == y->st[i] && (x->st[i] != ST_OK || val_eq(t->base, x->v[i], y->v[i]));
}

static bool try_field(shrinker *k, uint32_t i, val v, uint8_t st) {
  search *s = k->s;
  if (k->steps >= SHRINK_STEPS) return false;
  rec *r = copied(s, k->best.r);
  r->v[i] = v, r->st[i] = st;
  if (same_value(r->ty->fields[i].type, r, k->best.r, i)) return false;
  k->steps++;
  fault f;
  if (broken_field(s, r) != -1 || !at_fault(s, r, &f) || f.status != k->best.status || f.v != k->best.v) return false;
  k->best = f;
  k->moved = true;
  return true;
}

/* Toward a number: half the way, then what is left, one by one. */
static void toward(shrinker *k, uint32_t i, int64_t to, int64_t unit) {
  for (int n = 0; n < 70; n++) {
    int64_t at = k->best.r->v[i].i, d;
    if (__builtin_sub_overflow(to, at, &d) || !d || d == INT64_MIN) return;
    int64_t half = d / 2 / unit * unit, one = d > 0 ? unit : -unit;
    bool went = half && try_field(k, i, (val){ .i = at + half }, ST_OK);
    if (!went && llabs(d) >= unit) went = try_field(k, i, (val){ .i = at + one }, ST_OK);
    if (!went) return;
  }
}

static void toward_number(shrinker *k, uint32_t i, double to) {
  try_field(k, i, (val){ .n = trunc(k->best.r->v[i].n) }, ST_OK);
  for (int n = 0; n < 70; n++) {
    double at = k->best.r->v[i].n, half = trunc((to - at) / 2);
    bool went = half != 0 && try_field(k, i, (val){ .n = at + half }, ST_OK);
    if (!went && fabs(to - at) >= 1) went = try_field(k, i, (val){ .n = at + (to > at ? 1 : -1) }, ST_OK);
    if (!went) return;
  }
}

static void shrink_list(shrinker *k, uint32_t i) {
  for (uint32_t at = 0; at < k->best.r->v[i].l->n;) {
    const list *l = k->best.r->v[i].l;
    val *v = ARENA_ARRAY(k->s->a, val, l->n + 1);
    list *shorter = ARENA_NEW(k->s->a, list);
    uint32_t n = 0;
    for (uint32_t e = 0; e < l->n; e++)
      if (e != at) v[n++] = l->v[e];
    *shorter = (list){ n, v };
    if (!try_field(k, i, (val){ .l = shorter }, ST_OK)) at++;
  }
}

static bool try_element(shrinker *k, uint32_t i, uint32_t at, val element) {
  const list *l = k->best.r->v[i].l;
  val *v = ARENA_ARRAY(k->s->a, val, l->n + 1);
  list *other = ARENA_NEW(k->s->a, list);
  memcpy(v, l->v, sizeof *v * l->n);
  v[at] = element;
  *other = (list){ l->n, v };
  return try_field(k, i, (val){ .l = other }, ST_OK);
}

/* A value that is to become simpler: that of a field, or an element of its list (at < 0: the field). */
typedef struct place { uint32_t field; int32_t at; } place;

static val now_at(const shrinker *k, place p) { return p.at < 0 ? k->best.r->v[p.field] : k->best.r->v[p.field].l->v[p.at]; }
static bool try_at(shrinker *k, place p, val v) { return p.at < 0 ? try_field(k, p.field, v, ST_OK) : try_element(k, p.field, (uint32_t)p.at, v); }

static void shrink_text(shrinker *k, place p) {
  for (uint32_t cut = now_at(k, p).t->n; cut; cut /= 2)
    for (uint32_t at = 0; at + cut <= now_at(k, p).t->n;) {
      str s = str_of(now_at(k, p).t);
      bool whole = ((unsigned char)s.p[at] & 0xC0) != 0x80 && (at + cut == s.n || ((unsigned char)s.p[at + cut] & 0xC0) != 0x80);
      buf b = { .a = k->s->a };
      buf_add(&b, s.p, at), buf_add(&b, s.p + at + cut, s.n - at - cut);
      if (!whole || !try_at(k, p, (val){ .t = text_new(k->s, buf_done(&b)) })) at++;
    }
}

/* With another value in field f of the record at p. */
static bool try_inside(shrinker *k, place p, uint32_t f, val v, uint8_t st) {
  rec *r = copied(k->s, now_at(k, p).r);
  r->v[f] = v, r->st[f] = st;
  return try_at(k, p, (val){ .r = r });
}

/* The fields of a record: missing where they may be, else empty, 0, or as near to it as changes nothing. */
static void shrink_fields(shrinker *k, place p) {
  static const list none;
  static const map nothing;
  const type_rec *ty = now_at(k, p).r->ty;
  for (uint32_t f = 0; f < ty->nfields; f++) {
    const type *t = ty->fields[f].type;
    if (now_at(k, p).r->st[f] != ST_OK || (t->opt && try_inside(k, p, f, (val){ .i = 0 }, ST_MISSING))) continue;
    if (t->kind == TY_TEXT) try_inside(k, p, f, (val){ .t = text_new(k->s, STR("")) }, ST_OK);
    else if (t->kind == TY_LIST) try_inside(k, p, f, (val){ .l = &none }, ST_OK);
    else if (t->kind == TY_MAP) try_inside(k, p, f, (val){ .m = &nothing }, ST_OK);
    else if (t->kind == TY_NUMBER || t->kind == TY_BOOL) try_inside(k, p, f, (val){ .i = 0 }, ST_OK);
    for (int n = 0; t->kind == TY_INT && n < 70; n++) {
      int64_t x = now_at(k, p).r->v[f].i;
      if (!x || (!try_inside(k, p, f, (val){ .i = x / 2 }, ST_OK) && !try_inside(k, p, f, (val){ .i = x - (x > 0 ? 1 : -1) }, ST_OK))) break;
    }
  }
}

/* Elements of a list: texts short, numbers 0 or as near to it as changes nothing, records plain. */
static void plain_elements(shrinker *k, uint32_t i, const type *elem) {
  for (uint32_t at = 0; at < k->best.r->v[i].l->n; at++) {
    place p = { i, (int32_t)at };
    if (elem->kind == TY_TEXT) shrink_text(k, p);
    else if (elem->kind == TY_RECORD) shrink_fields(k, p);
    else if (elem->kind == TY_NUMBER || elem->kind == TY_BOOL) try_at(k, p, (val){ .i = 0 });
    for (int n = 0; elem->kind == TY_INT && n < 70; n++) {
      int64_t x = now_at(k, p).i;
      if (!x || (!try_at(k, p, (val){ .i = x / 2 }) && !try_at(k, p, (val){ .i = x - (x > 0 ? 1 : -1) }))) break;
    }
  }
}

static void shrink_map(shrinker *k, uint32_t i) {
  for (uint32_t at = 0; at < k->best.r->v[i].m->n;) {
    const map *m = k->best.r->v[i].m;
    map_entry *e = ARENA_ARRAY(k->s->a, map_entry, m->n + 1);
    map *smaller = ARENA_NEW(k->s->a, map);
    uint32_t n = 0;
    for (uint32_t x = 0; x < m->n; x++)
      if (x != at) e[n++] = m->e[x];
    *smaller = (map){ n, e };
    if (!try_field(k, i, (val){ .m = smaller }, ST_OK)) at++;
  }
}

/* Fields of a record inside: back to what it is plainly, field by field. */
static void shrink_record(shrinker *k, uint32_t i, const rec *plain) {
  for (uint32_t f = 0; plain && f < plain->ty->nfields; f++) {
    const rec *now = k->best.r->v[i].r;
    if (same_value(plain->ty->fields[f].type, now, plain, f)) continue;
    rec *r = copied(k->s, now);
    r->v[f] = plain->v[f], r->st[f] = plain->st[f];
    try_field(k, i, (val){ .r = r }, ST_OK);
  }
}

static void shrink_field(shrinker *k, uint32_t i) {
  const rec *plain = k->s->plain;
  const type *t = plain->ty->fields[i].type;
  const prog_field *f = field_of(k->s, plain->ty, i);
  if (same_value(t, k->best.r, plain, i) || try_field(k, i, plain->v[i], plain->st[i])) return;
  if (t->opt && !(f && f->has_default) && try_field(k, i, (val){ .i = 0 }, ST_MISSING)) return;
  if (k->best.r->st[i] != ST_OK) return;
  val to = plain->st[i] == ST_OK ? plain->v[i] : (val){ .i = 0 };
  switch ((type_kind)t->kind) {
  case TY_INT: toward(k, i, to.i, 1); break;
  case TY_DURATION: toward(k, i, to.i, USEC_PER_SEC); break;
  case TY_DATE: toward(k, i, plain->st[i] == ST_OK ? to.i : k->s->t->ref.now / USEC_PER_DAY, 1); break;
  case TY_TIME: toward(k, i, plain->st[i] == ST_OK ? to.i : k->s->t->ref.now, USEC_PER_SEC); break;
  case TY_NUMBER: toward_number(k, i, to.n); break;
  case TY_TEXT: shrink_text(k, (place){ i, -1 }); break;
  case TY_LIST: shrink_list(k, i), plain_elements(k, i, t->elem); break;
  case TY_RECORD:
    if (plain->st[i] == ST_OK) shrink_record(k, i, plain->v[i].r);
    else shrink_fields(k, (place){ i, -1 });
    break;
  case TY_MAP: shrink_map(k, i); break;
  case TY_BOOL: case TY_UNION: case TY_COLOR: case TY_REF: case TY_ERROR: case TY_NEVER: case TY_MONTHS: case TY_PATTERN: case TY_PALETTE:
  case TY_TERMS: case TY_VAR: break;
  }
}

static rec *smallest(search *s, fault found) {
  shrinker k = { .s = s, .best = found, .moved = true };
  while (k.moved && k.steps < SHRINK_STEPS) {
    k.moved = false;
    for (uint32_t i = 0; i < found.r->ty->nfields; i++) shrink_field(&k, i);
  }
  return k.best.r;
}

/* ---- */

static str counterexample(search *s, const rec *r) {
  buf b = { .a = s->t->a };
  if (s->x->wrap) literal_print(&b, s->t->ir, s->x->any_type, r->v[0], r->st[0]);
  else literal_print(&b, s->t->ir, s->x->any_type, (val){ .r = r }, ST_OK);
  return buf_done(&b);
}

/* NULL: no first record can be made. */
static search *search_new(tester *t, uint32_t test) {
  arena_reset(&t->tries);
  search *s = ARENA_NEW(&t->tries, search);
  s->t = t, s->test = test, s->x = t->ir->tests[test], s->a = &t->tries, s->focus = &s->all;
  s->rng = t->o->seed * UINT64_C(0xD1342543DE82EF95) + str_hash(s->x->name);
  s->plain = tester_sample(t, test, s->a);
  return s->plain ? s : NULL;
}

/* The weightiest fault of so many records; r is NULL when there is none. Gives how many were tried. */
static uint32_t look_for(search *s, uint32_t runs, fault *best) {
  tester *t = s->t;
  double until = tester_seconds() + SECONDS;
  fault f;
  uint32_t run = 0;
  find_valid(s);
  find_groups(s);
  gather_all(s);
  for (; run < runs && weight(best) < 3 && (run % 16 || tester_seconds() < until); run++) {
    arena_mark mark = arena_save(&t->tries);
    rec *r = candidate(s, run, runs);
    bool better = r && at_fault(s, r, &f) && (!best->r || weight(&f) > weight(best));
    if (better) *best = f;
    if (r) look(s, r);
    if (r && s->fresh && s->ncorpus < CORPUS) s->corpus[s->ncorpus++] = r;
    else if (!better) arena_restore(&t->tries, mark);
  }
  return run;
}

enum test_status tester_tries(tester *t, uint32_t test, uint32_t runs) {
  search *s = search_new(t, test);
  fault best = { NULL, TEST_PASS, V_PASS };
  if (!s || at_fault(s, s->plain, &best)) return TEST_FAIL;
  best = (fault){ NULL, TEST_PASS, V_PASS };
  look_for(s, runs, &best);
  return best.r ? TEST_FAIL : TEST_PASS;
}

void tester_search(tester *t, uint32_t test, test_result *out) {
  search *s = search_new(t, test);
  if (!s) {
    tester_cannot(t, test, out, "no first record to try can be made: what it refers to is missing or in error");
    return;
  }
  if (tester_run(t, test, s->plain, t->a, out) == TEST_ERROR) return; /* what it gives cannot be given, whatever is tried */
  struct cover *cover = t->cover;
  t->cover = NULL; /* what a search happens to reach is no example */
  fault best = { NULL, TEST_PASS, V_PASS };
  uint32_t tries = look_for(s, t->o->runs ? t->o->runs : RT_TEST_RUNS, &best);
  rec *least = best.r ? smallest(s, best) : NULL;
  if (least) tester_run(t, test, least, t->a, out);
  t->cover = cover;
  out->tries = tries;
  if (least) out->counterexample = counterexample(s, least);
}
