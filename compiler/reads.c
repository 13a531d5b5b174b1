/* Which fields of its own record a rule or an audience reads: what a source must deliver, and what a waiver's digest covers. Followed into functions
 * that are given the record, audiences that are asked about it and rules that judge it, in the order of use. And into which sources a rule looks:
 * a run of some rules reads whole rows of those, and of the others only what its rules read. */
#include "compiler/check.h"

enum { MAX_DEPTH = 100 };

typedef struct reading {
  checker *c;
  uint64_t *set;
  uint32_t nfields;
  int32_t local;
  uint32_t depth;        /* of functions in functions: beyond MAX_DEPTH everything counts as read */
  names *params;         /* function and parameter, printed -> set */
} reading;

static void mark(reading *r, uint32_t i) {
  if (i < r->nfields) r->set[i / 64] |= UINT64_C(1) << (i % 64);
}

static void mark_all(reading *r) {
  for (uint32_t i = 0; i < r->nfields; i++) mark(r, i);
}

static bool is_record(const reading *r, const ir *n) { return n->kind == IR_LOCAL && n->local == r->local; }

static void node(void *ud, const ir *n);

/* The fields of its parameter that a function reads; found once. */
static const uint64_t *param_set(reading *r, uint32_t fn, uint32_t param) {
  checker *c = r->c;
  str key = str_fmt(c->a, "%u %u", fn, param);
  uint64_t *set = names_get(r->params, key);
  if (set) return set;
  set = ARENA_ARRAY(c->a, uint64_t, r->nfields / 64 + 1);
  names_put(r->params, key, set);
  reading in = *r;
  in.set = set, in.local = (int32_t)param, in.depth++;
  if (in.depth > MAX_DEPTH) mark_all(&in);
  else node(&in, c->fns.v[fn]->body);
  return set;
}

static void fn_reads(reading *r, const ir *n) {
  for (uint32_t i = 0; i < n->n; i++) {
    if (!is_record(r, n->v[i])) {
      node(r, n->v[i]);
      continue;
    }
    const uint64_t *set = param_set(r, n->index, i);
    for (uint32_t k = 0; k <= r->nfields / 64; k++) r->set[k] |= set[k];
  }
}

static void node(void *ud, const ir *n) {
  reading *r = ud;
  checker *c = r->c;
  if (n->kind == IR_FIELD && is_record(r, n->a)) mark(r, n->index);
  else if (n->kind == IR_FN) fn_reads(r, n);
  else if (n->kind == IR_IN_AUDIENCE && is_record(r, n->a)) {
    const prog_audience *a = c->audiences.v[n->index];
    for (uint32_t i = 0; i < a->nreads; i++) mark(r, a->reads[i]);
  } else if (n->kind == IR_PASSES && is_record(r, n->a)) {
    prog_rule **rules = c->passes_rules.v[n->index];
    for (uint32_t i = 0; i < c->passes.v[n->index]->nrules; i++)
      for (uint32_t k = 0; k < rules[i]->nreads; k++) mark(r, rules[i]->reads[k]);
  } else if (is_record(r, n)) mark_all(r); /* given away whole: who has it may read anything */
  else ir_children(n, node, r);
}

static uint16_t *listed(checker *c, const reading *r, uint32_t *n) {
  *n = 0;
  for (uint32_t i = 0; i < r->nfields; i++) *n += (uint32_t)(r->set[i / 64] >> (i % 64) & 1);
  uint16_t *v = ARENA_ARRAY(c->a, uint16_t, *n ? *n : 1);
  for (uint32_t i = 0, k = 0; i < r->nfields; i++)
    if (r->set[i / 64] >> (i % 64) & 1) v[k++] = (uint16_t)i;
  return v;
}

static void start(checker *c, names *params, uint32_t record, reading *r) {
  uint32_t n = c->records.v[record]->shape.nfields;
  *r = (reading){ .c = c, .nfields = n, .params = params, .set = ARENA_ARRAY(c->a, uint64_t, n / 64 + 1) };
}

static void rule_reads(checker *c, names *params, prog_rule *p) {
  if (p->source < 0) return; /* refinements read their field; a rule without a record none */
  reading r;
  start(c, params, p->record, &r);
  if (p->guard) node(&r, p->guard);
  for (uint32_t i = 0; i < p->nlets; i++) node(&r, p->lets[i].init);
  for (uint32_t i = 0; i < p->nclauses; i++) {
    node(&r, p->clauses[i].test);
    if (p->clauses[i].message) node(&r, p->clauses[i].message);
  }
  p->reads = listed(c, &r, &p->nreads);
}

static void audience_reads(checker *c, names *params, prog_audience *a) {
  reading r;
  start(c, params, a->record, &r);
  if (a->test) node(&r, a->test);
  a->reads = listed(c, &r, &a->nreads);
}

/* ---- sources looked into ---- */

typedef struct looking { checker *c; names *known; uint64_t *set; uint32_t words; } looking; /* known: function or audience, printed -> set */

static void merge(looking *l, const uint64_t *set) {
  for (uint32_t i = 0; set && i < l->words; i++) l->set[i] |= set[i];
}

static void look(looking *l, int32_t source) {
  if (source >= 0) l->set[source / 64] |= UINT64_C(1) << (source % 64);
}

static void look_node(void *ud, const ir *n) {
  looking *l = ud;
  checker *c = l->c;
  if (n->bind) look(l, n->bind->source);
  if (n->kind == IR_DEREF) look(l, (int32_t)n->index);
  else if (n->kind == IR_FN) merge(l, names_get(l->known, str_fmt(c->a, "fn %u", n->index)));
  else if (n->kind == IR_IN_AUDIENCE) merge(l, names_get(l->known, str_fmt(c->a, "audience %u", n->index)));
  else if (n->kind == IR_PASSES)
    for (uint32_t i = 0; i < c->passes.v[n->index]->nrules; i++) {
      const prog_rule *r = c->passes_rules.v[n->index][i];
      for (uint32_t k = 0; k < r->nlooks; k++) look(l, (int32_t)r->looks[k]);
    }
  ir_children(n, look_node, l);
}

static void rule_looks(looking *l, prog_rule *r) {
  if (r->guard) look_node(l, r->guard);
  for (uint32_t i = 0; i < r->nlets; i++) look_node(l, r->lets[i].init);
  for (uint32_t i = 0; i < r->nclauses; i++) {
    look_node(l, r->clauses[i].test);
    if (r->clauses[i].message) look_node(l, r->clauses[i].message);
  }
  for (uint32_t i = 0; i < r->nfixes; i++) look_node(l, r->fixes[i].value);
  uint32_t n = 0;
  for (uint32_t i = 0; i < l->words * 64; i++) n += (uint32_t)(l->set[i / 64] >> (i % 64) & 1);
  r->looks = ARENA_ARRAY(l->c->a, uint32_t, n + 1);
  for (uint32_t i = 0; i < l->words * 64; i++)
    if (l->set[i / 64] >> (i % 64) & 1) r->looks[r->nlooks++] = i;
}

static void looks(checker *c, names *known, decl *d) {
  looking l = { c, known, NULL, c->sources.n / 64 + 1 };
  if (!d->rule && !d->audience && !d->fn) return;
  l.set = ARENA_ARRAY(c->a, uint64_t, l.words);
  if (d->rule) rule_looks(&l, d->rule);
  if (d->audience && d->audience->test) look_node(&l, d->audience->test);
  if (d->fn && d->fn->body) look_node(&l, d->fn->body);
  if (d->fn) names_put(known, str_fmt(c->a, "fn %u", d->index), l.set);
  if (d->audience) names_put(known, str_fmt(c->a, "audience %u", d->index), l.set);
}

/* ---- templates, choices ---- */

static void ask_now(void *ud, const ir *n) {
  bool *now = ud;
  if (n->kind == IR_NOW || n->kind == IR_FN || n->kind == IR_IN_AUDIENCE || n->kind == IR_PASSES) *now = true; /* who is called may ask */
  else ir_children(n, ask_now, now);
}

static void lambda_reads(reading *r, uint32_t fn, bool *now) {
  if (fn == UINT32_MAX) return;
  const ir *body = r->c->lambdas.v[fn]->body;
  node(r, body);
  ask_now(now, body);
}

static void template_reads(reading *r, const prog_template *t, bool *now) {
  lambda_reads(r, t->test, now), lambda_reads(r, t->prefer, now);
  for (uint32_t i = 0; i < t->nslots; i++) lambda_reads(r, t->slots[i].key, now), lambda_reads(r, t->slots[i].test, now);
  for (uint32_t i = 0; i < t->ndemands; i++) lambda_reads(r, t->demands[i].test, now);
}

static void template_fields(checker *c, names *params, prog_template *t) {
  reading r;
  bool now = false;
  start(c, params, t->record, &r);
  template_reads(&r, t, &now);
  t->reads = listed(c, &r, &t->nreads);
}

/* What a choice depends on of its subject, so that the same answer need not be computed again for another one like it. */
static void choice_reads(checker *c, names *params, prog_choice *x) {
  const uint32_t fns[] = { x->test, x->cand_key, x->cand_test, x->brand, x->over_key, x->over_test, x->day, x->args[0], x->args[1], x->args[2], x->args[3],
                           x->args[4], x->args[5] };
  reading r;
  bool now = false;
  start(c, params, x->record, &r);
  for (size_t i = 0; i < sizeof fns / sizeof *fns; i++) lambda_reads(&r, fns[i], &now);
  if (x->template >= 0) template_reads(&r, c->templates.v[x->template], &now);
  x->reads_now = now && c->p->uses_now;
  x->reads = listed(c, &r, &x->nreads);
}

void reads_all(checker *c, const decl_list *order) {
  names params, known;
  names_init(&params, c->a);
  names_init(&known, c->a);
  for (uint32_t i = 0; i < order->n; i++) {
    decl *d = order->v[i];
    if (d->rule) rule_reads(c, &params, d->rule);
    if (d->audience) audience_reads(c, &params, d->audience);
    if (d->template && !d->bad) template_fields(c, &params, d->template);
    if (d->choice && !d->bad) choice_reads(c, &params, d->choice);
    looks(c, &known, d);
  }
}
