/* Decisions; see decide.h. The stages in their order: holdout, where, cap, sticky, policy, floor, draw, fallback. Everything up to the weights is the pool
 * (pool.c) and is kept for subjects that agree in all that the choice reads of them. */
#include "runtime/decide.h"

#include "base/parts.h"
#include "runtime/pool.h"
#include "runtime/src_priv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { SLOTS = 4096, KEPT_MOST = 2048 /* candidates of a pool that is kept */, THOMPSON_MOST = 10000 };

struct rt_decider {
  rt_engine *e;
  const mem *m;
  policy_cache *policies;
  pool *kept[SLOTS];
  pool *once;              /* the last one that was not kept */
  void (*seen)(void *ud, uint32_t choice, const rec *subject);
  void *ud;
  arena scratch;
  state_random random;     /* of ids */
};

/* ---- pools that are kept ---- */

static void pool_free(rt_decider *d, pool *p) {
  if (!p) return;
  arena_free(&p->a);
  mem_free(d->m, p, sizeof *p);
}

rt_decider *rt_decider_new(rt_engine *e) {
  rt_decider *d = mem_try(e->m, sizeof *d);
  if (!d) return NULL;
  memset(d, 0, sizeof *d);
  d->e = e, d->m = e->m;
  d->policies = policy_cache_new(e->m);
  arena_init(&d->scratch, e->m, NULL);
  return d;
}

void rt_decider_forget(rt_decider *d) {
  for (int i = 0; i < SLOTS; i++) pool_free(d, d->kept[i]), d->kept[i] = NULL;
  pool_free(d, d->once), d->once = NULL;
}

void rt_decider_free(rt_decider *d) {
  if (!d) return;
  rt_decider_forget(d);
  policy_cache_free(d->policies);
  arena_free(&d->scratch);
  mem_free(d->m, d, sizeof *d);
}

/* All that a pool depends on, beyond program and data. */
static str pool_key(arena *a, const prog_choice *x, uint32_t choice, const rec *r, int64_t today) {
  buf b = { .a = a };
  uint64_t head[2] = { choice, (uint64_t)today };
  buf_add(&b, (const char *)head, sizeof head);
  for (uint32_t i = 0; i < x->nreads; i++) {
    uint16_t f = x->reads[i];
    buf_ch(&b, (char)r->st[f]);
    if (r->st[f] == ST_OK) src_key_bytes(&b, r->ty->fields[f].type, r->v[f]);
    for (const bad *m = r->st[f] == ST_ERR ? r->bads : NULL; m; m = m->next) /* reasons speak of the value */
      if (m->field == f) buf_str(&b, m->message);
    buf_ch(&b, '\n');
  }
  return buf_done(&b);
}

static int make(rt_decider *d, uint32_t choice, rec *subject, int64_t now, arena *a, pool **out, str *failure) {
  pool *p = mem_try(d->m, sizeof *p);
  jmp_buf here;
  if (!p) return RT_OOM;
  memset(p, 0, sizeof *p);
  arena_init(&p->a, d->m, &here);
  arena_init(&p->work, d->m, &here);
  int status = RT_OOM;
  if (!setjmp(here)) {
    vm_reset(d->e->vm);
    status = pool_make(d->e, choice, subject, now, d->policies, p, a, failure);
  }
  p->a.oom = NULL;
  arena_free(&p->work);
  if (status != RT_OK) { pool_free(d, p); return status; }
  *out = p;
  return RT_OK;
}

static int pool_of(rt_decider *d, uint32_t choice, rec *subject, int64_t now, arena *a, pool **out, bool *cached, str *failure) {
  const prog_choice *x = d->e->p->ir->choices[choice];
  const int64_t day = INT64_C(86400000000);
  str key = pool_key(a, x, choice, subject, now / day - (now % day < 0));
  uint64_t hash = XXH3_64bits(key.p, key.n);
  pool **slot = &d->kept[hash % SLOTS];
  *cached = !x->reads_now && *slot && (*slot)->hash == hash && str_eq((*slot)->key, key);
  if (*cached) { *out = *slot; return RT_OK; }
  int status = make(d, choice, subject, now, a, out, failure);
  if (status != RT_OK) return status;
  if (d->seen && !x->reads_now) d->seen(d->ud, choice, subject);
  pool *p = *out;
  if (x->reads_now || p->n > KEPT_MOST) slot = &d->once;
  pool_free(d, *slot);
  *slot = p;
  p->hash = hash;
  char *copy = arena_try(&p->a, key.n + 1u);
  if (copy) memcpy(copy, key.p, key.n), p->key = (str){ copy, key.n };
  else p->hash = ~hash; /* without its key it is never found again */
  return RT_OK;
}

void rt_decider_use(rt_decider *d, rt_engine *e) { d->e = e; }

void rt_decider_watch(rt_decider *d, void (*seen)(void *ud, uint32_t choice, const rec *subject), void *ud) { d->seen = seen, d->ud = ud; }

int rt_decider_warm(rt_decider *d, uint32_t choice, rec *subject, int64_t now, arena *a) {
  pool *p;
  bool cached;
  str failure = { "", 0 };
  return pool_of(d, choice, subject, now, a, &p, &cached, &failure);
}

/* ---- weights ---- */

policy_spec rt_policy_spec(const prog_choice *x) {
  static const policy_kind kinds[CHOICE_POLICY_COUNT] = { POLICY_FIRST, POLICY_BEST, POLICY_WEIGHTS, POLICY_EPSILON_GREEDY, POLICY_SOFTMAX, POLICY_UCB,
                                                          POLICY_THOMPSON_BETA, POLICY_THOMPSON_NORMAL };
  return (policy_spec){ kinds[x->policy], x->epsilon, x->temperature, x->alpha, { x->prior[0], x->prior[1] }, x->floor };
}

bool rt_decide_weights(const prog_choice *x, arena *a, policy_cache *cache, const policy_arm *arms, const state_candidate *v, uint32_t n, uint64_t *weights,
                       const char **why) {
  policy_spec s = rt_policy_spec(x);
  policy_arm *some = ARENA_ARRAY(a, policy_arm, n + 1u);
  uint64_t *w = ARENA_ARRAY(a, uint64_t, n + 1u);
  uint32_t k = 0;
  memset(weights, 0, sizeof *weights * n);
  for (uint32_t i = 0; i < n; i++)
    if (v[i].eligible == ELIGIBLE) some[k++] = arms[i];
  if (!k) { *why = "no candidate is eligible"; return false; }
  if (k > THOMPSON_MOST && (s.kind == POLICY_THOMPSON_BETA || s.kind == POLICY_THOMPSON_NORMAL)) {
    *why = "more than 10,000 candidates are eligible, too many for `thompson`";
    return false;
  }
  if (!policy_cached(cache, a, &s, some, k, w, why)) return false;
  for (uint32_t i = 0, j = 0; i < n; i++)
    if (v[i].eligible == ELIGIBLE) weights[i] = w[j++];
  return true;
}

uint64_t rt_draw_hash(const prog_choice *x, str subject, str unit) {
  return parts_hash((const str[]){ STR("blz1.draw"), x->salt, subject, unit }, 4);
}

bool rt_held_out(const prog_choice *x, str subject) {
  return x->has_holdout && share_has(x->holdout, parts_hash((const str[]){ STR("blz1.hold"), x->salt, subject }, 3));
}

/* ---- subjects ---- */

str rt_subject_wrong(arena *a, const rec *r) {
  for (uint32_t i = 0; i < r->ty->nkeys; i++) {
    uint32_t f = r->ty->keys[i];
    str name = r->ty->fields[f].name, key;
    if (r->st[f] != ST_OK) return str_fmt(a, "the subject has no key: %.*s", STR_ARG(src_key_wrong(a, r, f)));
    const type *t = r->ty->fields[f].type;
    if (t->kind == TY_INT) continue;
    if (t->kind == TY_TEXT) key = str_of(r->v[f].t);
    else {
      buf b = { .a = a };
      val_print(&b, t, r->v[f], false);
      key = buf_done(&b);
    }
    if (!key.n) return str_fmt(a, "the subject has no key: `%.*s` is empty", STR_ARG(name));
    if (memchr(key.p, 0, key.n)) return STR("the subject's key holds a NUL character, with which no other program could look it up");
  }
  return (str){ "", 0 };
}

/* ---- one decision ---- */

typedef struct deciding {
  rt_decider *d;
  const prog_choice *x;
  const decide_opts *o;
  arena *a;
  decide_result *out;
  str *failure;
  pool *p;
  state_candidate *v;      /* the pool's, or a copy where caps say otherwise */
  bool drawable;
  str why;
} deciding;

static int of_state(deciding *k, int status) {
  if (status == RT_ENV) *k->failure = state_failure(k->o->st, k->a);
  return status;
}

static void nobody(deciding *k, str why) {
  state_decision *d = &k->out->d;
  d->stage = STAGE_NONE, d->reason = why, d->candidate = (str){ "", 0 };
}

static void fall_back(deciding *k, str why) {
  state_decision *d = &k->out->d;
  if (!k->x->has_fallback) { nobody(k, why); return; }
  if (!k->p->fallback_ok) { nobody(k, str_fmt(k->a, "%.*s; %.*s", STR_ARG(why), STR_ARG(k->p->fallback_why))); return; }
  d->stage = STAGE_FALLBACK, d->reason = why, d->candidate = k->x->fallback_key;
}

static int64_t place_of(const deciding *k, str key) {
  for (uint32_t i = 0; i < k->p->n; i++)
    if (str_eq(k->v[i].key, key)) return i;
  return -1;
}

/* Candidates that were shown too often are out; the others share anew. */
static int apply_caps(deciding *k) {
  const prog_choice *x = k->x;
  bool any = false;
  for (uint32_t c = 0; k->o->st && c < x->ncaps; c++) {
    uint32_t n;
    state_shown *shown;
    int status = of_state(k, state_shown_since(k->o->st, k->a, x->name, k->out->d.subject, k->o->now - x->caps[c].per, &n, &shown));
    if (status != RT_OK) return status;
    for (uint32_t i = 0; i < n; i++) {
      int64_t at = shown[i].times >= x->caps[c].times ? place_of(k, shown[i].candidate) : -1;
      if (at < 0 || k->v[at].eligible != ELIGIBLE) continue;
      if (!any) {
        state_candidate *copy = ARENA_ARRAY(k->a, state_candidate, k->p->n + 1u);
        memcpy(copy, k->v, sizeof *copy * k->p->n);
        k->v = copy, any = true;
      }
      k->v[at].eligible = NOT_CAP;
      k->v[at].reason = shown[i].times == 1 ? STR("shown once already") : str_fmt(k->a, "shown %lld times already", (long long)shown[i].times);
    }
  }
  if (!any) return RT_OK;
  uint64_t *w = ARENA_ARRAY(k->a, uint64_t, k->p->n + 1u);
  const char *why = "";
  k->drawable = rt_decide_weights(k->x, k->a, k->d->policies, k->p->arms, k->v, k->p->n, w, &why);
  if (!k->drawable) k->why = str_z(why);
  for (uint32_t i = 0; i < k->p->n; i++) k->v[i].weight = k->drawable ? w[i] : 0;
  return RT_OK;
}

static void repeat(deciding *k, const state_assignment *s) {
  state_decision *d = &k->out->d;
  d->stage = STAGE_STICKY, d->candidate = s->candidate;
  d->drawn = true, d->weight = POLICY_ONE;
  d->assigned = true, d->assignment = s->number, d->assign_weight = s->weight;
}

static void draw(deciding *k, str unit) {
  state_decision *d = &k->out->d;
  uint64_t *w = ARENA_ARRAY(k->a, uint64_t, k->p->n + 1u);
  for (uint32_t i = 0; i < k->p->n; i++) w[i] = k->v[i].weight;
  k->out->hash = rt_draw_hash(k->x, d->subject, unit);
  uint32_t at = policy_draw(w, k->p->n, k->out->hash);
  d->stage = STAGE_POLICY, d->unit = unit, d->candidate = k->v[at].key;
  d->drawn = true, d->weight = w[at];
}

/* The assignment that holds, if any: *done. *next is the number of the one after it; *suspended: it holds, but cannot be shown now. */
static int sticky(deciding *k, bool *done, int64_t *next, bool *suspended) {
  state_assignment s;
  *done = *suspended = false, *next = 1;
  int status = state_assigned(k->o->st, k->a, k->x->name, k->out->d.subject, &s);
  if (status == RT_NONE) return RT_OK;
  if (status != RT_OK) return of_state(k, status);
  *next = s.number + 1;
  if (s.dropped || s.expires_at <= k->o->now) return RT_OK;
  int64_t at = place_of(k, s.candidate);
  state_eligible e = at < 0 ? NOT_WHERE : k->v[at].eligible;
  if (e == ELIGIBLE) repeat(k, &s), *done = true;
  else if (e == NOT_WHERE) return of_state(k, state_drop(k->o->st, k->x->name, k->out->d.subject, s.number));
  else *suspended = true;
  return RT_OK;
}

static int assign(deciding *k, int64_t number) {
  state_decision *d = &k->out->d;
  state_assignment mine = { .number = number, .candidate = d->candidate, .assigned_at = k->o->now, .weight = d->weight, .decision = d->id }, now;
  mine.expires_at = k->o->now > INT64_MAX - k->x->sticky ? INT64_MAX : k->o->now + k->x->sticky;
  int status = of_state(k, state_assign(k->o->st, k->a, k->x->name, d->subject, &mine, &now));
  if (status != RT_OK) return status;
  d->assigned = true, d->assignment = now.number, d->assign_weight = now.weight;
  if (!str_eq(now.decision, d->id)) repeat(k, &now); /* somebody else was first: theirs holds */
  return RT_OK;
}

static int by_policy(deciding *k) {
  bool done = false, suspended = false, keeps = k->x->sticky && k->o->st;
  int64_t number = 1;
  int status = keeps ? sticky(k, &done, &number, &suspended) : RT_OK;
  if (status != RT_OK || done) return status;
  if (!k->drawable) { fall_back(k, k->why); return RT_OK; }
  keeps = keeps && !suspended;
  draw(k, keeps ? str_fmt(k->a, "%lld", (long long)number) : k->out->d.id);
  return keeps ? assign(k, number) : RT_OK;
}

static int stages(deciding *k) {
  pool *p = k->p;
  state_decision *d = &k->out->d;
  if (p->subject == TR_F) { nobody(k, STR("the choice is not for this subject")); return RT_OK; }
  k->out->held_out = rt_held_out(k->x, d->subject);
  int status = apply_caps(k);
  d->ncandidates = p->n, d->candidates = k->v;
  if (status != RT_OK) return status;
  if (k->out->held_out) {
    if (p->holdout_ok) d->stage = STAGE_HOLDOUT, d->candidate = k->x->holdout_key;
    else nobody(k, p->holdout_why);
    return RT_OK;
  }
  if (p->subject != TR_T) { fall_back(k, p->subject_why); return RT_OK; }
  return by_policy(k);
}

int rt_decide(rt_decider *d, uint32_t choice, rec *subject, const decide_opts *o, arena *a, decide_result *out, str *failure) {
  const prog_choice *x = d->e->p->ir->choices[choice];
  deciding k = { .d = d, .x = x, .o = o, .a = a, .out = out, .failure = failure };
  *out = (decide_result){ .arms = NULL };
  out->d = (state_decision){ .choice = x->name, .at = o->now };
  out->d.id = out->d.candidate = out->d.reason = out->d.unit = out->d.evidence = out->d.record = out->d.bundle = (str){ "", 0 };
  if (!o->st && !o->stateless && (x->sticky || x->ncaps)) {
    *failure = str_fmt(a, "the choice `%.*s` is %s, which needs a state file", STR_ARG(x->name), x->sticky ? "sticky" : "capped");
    return RT_STOPPED;
  }
  out->d.subject = src_key_text(a, d->e->p->ir, subject);
  out->d.id = o->id;
  if (!o->id.n) {
    char id[37];
    state_uuid(&d->random, rt_clock(), id);
    out->d.id = str_dup(a, str_z(id));
  }
  int status = pool_of(d, choice, subject, o->now, a, &k.p, &out->cached, failure);
  if (status != RT_OK) return status;
  k.v = k.p->v, k.drawable = k.p->drawable, k.why = k.p->why;
  status = stages(&k);
  out->d.evidence = k.p->evidence;
  out->arms = k.p->evidence.n ? k.p->arms : NULL;
  return status;
}

/* ---- kept ---- */

str rt_subject_json(arena *a, const rec *r) {
  type t = { .kind = TY_RECORD, .rec = r->ty };
  t.base = &t;
  buf b = { .a = a };
  val_json(&b, &t, (val){ .r = (rec *)(uintptr_t)r }, ST_OK);
  return buf_done(&b);
}

static int decide_and_log(rt_decider *d, uint32_t choice, rec *subject, const decide_opts *o, const decide_keep *keep, arena *a, decide_result *out, bool late,
                          bool *again, bool *of_state, str *failure) {
  int status = rt_decide(d, choice, subject, o, a, out, failure);
  if (status != RT_OK || !keep->log) return status;
  state_decision before;
  out->d.bundle = keep->bundle, out->d.record = rt_subject_json(a, subject);
  status = state_log(o->st, a, &out->d, &before);
  *again = status == RT_STOPPED && late;
  if (*again) out->d = before;
  *of_state = status != RT_OK && !*again;
  return *of_state ? RT_ENV : RT_OK;
}

int rt_decide_once(rt_decider *d, uint32_t choice, rec *subject, const decide_opts *o, const decide_keep *keep, arena *a, decide_result *out, bool *again,
                   bool *of_state, str *failure) {
  const prog_choice *x = d->e->p->ir->choices[choice];
  /* A decision that changes nothing but the log need not know whether its id was used before it is logged. */
  bool late = keep->log && !keep->full && !x->sticky && !x->ncaps;
  int status = o->st && o->id.n && !late ? state_decision_find(o->st, a, o->id, keep->full, &out->d) : RT_NONE;
  *again = status == RT_OK, *of_state = status != RT_OK && status != RT_NONE;
  if (status == RT_NONE) status = decide_and_log(d, choice, subject, o, keep, a, out, late, again, of_state, failure);
  if (!*again || (str_eq(out->d.choice, x->name) && str_eq(out->d.subject, src_key_text(a, d->e->p->ir, subject)))) return status;
  *failure = str_fmt(a, "the decision `%.*s` is about %.*s for %.*s already", STR_ARG(o->id), STR_ARG(out->d.choice), STR_ARG(out->d.subject));
  return RT_NONE;
}

uint32_t rt_crowded(const prog_choice *x, const decide_result *r) {
  uint32_t n = 0;
  if (x->floor <= 0 || r->d.stage != STAGE_POLICY) return 0;
  for (uint32_t i = 0; i < r->d.ncandidates; i++) n += r->d.candidates[i].eligible == ELIGIBLE;
  return n > 1 && x->floor * n > 0.5 ? n : 0;
}

/* ---- experiments ---- */

/* Why a subject is in no arm: the first condition of `where` that is false; else its place in the hash. */
static int left_out(rt_engine *e, const prog_experiment *x, rec *subject, arena *a, str *why, str *failure) {
  val args = { .r = subject }, v;
  uint8_t sts = ST_OK, st;
  for (uint32_t i = 0; i < x->nconditions; i++) {
    vm_reset(e->vm);
    int got = vm_call(e->vm, x->conditions[i].test, &args, &sts, &v, &st, NULL, NULL);
    if (got != VM_OK) return rt_engine_status(e, got, failure);
    if (st != ST_OK || v.i) continue;
    *why = str_fmt(a, "`where` leaves it out: %.*s", STR_ARG(x->conditions[i].text));
    return RT_OK;
  }
  *why = STR("outside the share");
  return RT_OK;
}

int rt_experiment(rt_engine *e, uint32_t experiment, rec *subject, arena *a, experiment_result *out, str *failure) {
  const prog_experiment *x = e->p->ir->experiments[experiment];
  val args = { .r = subject }, v;
  uint8_t sts = ST_OK, st;
  uint32_t n = 0;
  vm_cause *causes = NULL;
  *out = (experiment_result){ .arm = { "", 0 }, .in = TR_F, .why = { "", 0 } };
  vm_reset(e->vm);
  int got = vm_call(e->vm, x->fn, &args, &sts, &v, &st, &n, &causes);
  if (got != VM_OK) return rt_engine_status(e, got, failure);
  if (st == ST_OK) {
    out->in = TR_T, out->arm = str_of(v.t);
    return RT_OK;
  }
  buf b = { .a = a };
  bool other = false; /* something but being in no arm, which is noted as `cta(p)`: then it cannot be told */
  const char *dot = memrchr(x->name.p, '.', x->name.n);
  uint32_t from = dot ? (uint32_t)(dot + 1 - x->name.p) : 0;
  str own = str_fmt(a, "%.*s(%.*s)", (int)(x->name.n - from), x->name.p + from, STR_ARG(x->local_name));
  for (uint32_t i = 0; i < n; i++) {
    if (str_eq(causes[i].text, own)) continue;
    buf_fmt(&b, "%s%.*s", other ? "; " : "", STR_ARG(causes[i].text));
    if (causes[i].kind == ST_MISSING) buf_z(&b, " is missing");
    else if (causes[i].error.n) buf_fmt(&b, ": %.*s", STR_ARG(causes[i].error));
    other = true;
  }
  if (st == ST_ERR) out->in = TR_E;
  else if (other) out->in = TR_U;
  out->why = buf_done(&b);
  return out->in == TR_F ? left_out(e, x, subject, a, &out->why, failure) : RT_OK;
}
