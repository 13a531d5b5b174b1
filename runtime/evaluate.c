/* Off-policy evaluation from a state file; see evaluate.h.
 *
 * The new policy is given what the log's policy saw: the logged evidence of the candidates that were eligible. So it can only be one that reads the
 * same things of a candidate, which is checked. Rules that say otherwise who may be shown judge the candidates anew, from data.
 * The unit is the assignment: sticky repeats have no chance of their own, and what they earned
 * belongs to the draw that they repeat. */
#include "runtime/evaluate.h"

#include "runtime/interned.h"
#include "runtime/logged.h"
#include "runtime/samechoice.h"
#include "runtime/state_report.h"

#include <string.h>

enum { AT_ONCE = 500, BUNDLES = 8, TOLD = 5 };

/* ---- the rules that decided ---- */

/* p NULL: they were not kept. who, evidence: in what the new rules differ from them. */
typedef struct rules { str hash; rt_program *p; const prog_choice *x; const char *who, *evidence; bool caps; } rules;

typedef struct evaluating {
  state *s;
  rt_engine *e;
  const prog_choice *x;
  uint32_t choice;
  bool data;
  rt_decider *d;           /* with data */
  int64_t last;
  const mem *m;
  arena *a, one;           /* what lasts; one batch */
  policy_cache *cache;
  evaluate_result *out;
  interned actions, subjects, dists, assignments;
  VEC(ope_row) rows;
  VEC(uint32_t) row_of;    /* of an assignment's number */
  VEC(ope_dist) dist;
  rules kept[BUNDLES];
  uint32_t nkept;
  int64_t draws, differ, unsupported, unreadable, other_who, other_evidence;
  str differs, missing, nowhere, unlogged; /* the first of each */
  const char *who, *evidence;    /* likewise */
  str *failure;
} evaluating;

static int rules_of(evaluating *k, str hash, const rules **out) {
  for (uint32_t i = 0; i < k->nkept && i < BUNDLES; i++)
    if (str_eq(k->kept[i].hash, hash)) { *out = &k->kept[i]; return RT_OK; }
  rules *r = &k->kept[k->nkept++ % BUNDLES];
  if (r->p) rt_program_free(r->p);
  *r = (rules){ .hash = str_dup(k->a, hash) };
  *out = r;
  int status = logged_rules(k->s, k->m, hash, k->x->name, &k->one, &r->p, &r->x, k->failure);
  if (status != RT_OK || !r->x) return status;
  r->who = samechoice_who(&k->one, r->p, r->x, k->e->p, k->x);
  r->evidence = samechoice_evidence(&k->one, r->p, r->x, k->e->p, k->x);
  r->caps = r->x->ncaps == k->x->ncaps;
  for (uint32_t i = 0; r->caps && i < r->x->ncaps; i++) r->caps = r->x->caps[i].times == k->x->caps[i].times && r->x->caps[i].per == k->x->caps[i].per;
  if (!r->caps && !r->who) r->who = "cap";
  return RT_OK;
}

/* ---- one draw ---- */

/* The logged weights, again, under the rules that made them. */
static int replay(evaluating *k, const rules *r, const state_decision *d, const policy_arm *arms) {
  if (!r->x) { k->out->not_replayed++; return RT_OK; }
  uint64_t *w = ARENA_ARRAY(&k->one, uint64_t, d->ncandidates + 1u);
  const char *why;
  bool same = rt_decide_weights(r->x, &k->one, k->cache, arms, d->candidates, d->ncandidates, w, &why);
  for (uint32_t i = 0; same && i < d->ncandidates; i++) same = w[i] == d->candidates[i].weight;
  k->out->replayed++;
  if (!same && !k->differ++) k->differs = str_dup(k->a, d->id);
  return RT_OK;
}

/* What the new policy chooses from: candidates with what is known of each. */
typedef struct offer { uint32_t n; const state_candidate *v; policy_arm *arms; unsigned has; str unsupported; /* the first one */ } offer;

/* The candidates as the new rules judge them, from data: RT_NONE when no policy answers under them, which was counted. What was not in the log has no
   evidence there, so that a policy which gathers evidence cannot have drawn it: the log has nothing to say of it. */
static int judge_anew(evaluating *k, const state_decision *d, const offer *was, bool values, offer *out) {
  decide_result r;
  str why;
  int status = logged_again(k->d, k->e, k->choice, d, &k->last, &k->one, &r, &why, k->failure);
  if (status == RT_NONE && !k->unreadable++) k->nowhere = str_fmt(k->a, "%.*s: %.*s", STR_ARG(d->id), STR_ARG(why));
  if (status != RT_OK) return status;
  k->out->judged++;
  bool any = false;
  for (uint32_t i = 0; i < r.d.ncandidates; i++) any |= r.d.candidates[i].eligible == ELIGIBLE;
  if (!any || (r.d.stage != STAGE_POLICY && r.d.stage != STAGE_HOLDOUT)) { k->out->left_out++; return RT_NONE; }
  *out = (offer){ .n = r.d.ncandidates, .has = values ? ~0u : was->has };
  state_candidate *v = ARENA_ARRAY(&k->one, state_candidate, out->n + 1u);
  out->arms = ARENA_ARRAY(&k->one, policy_arm, out->n + 1u);
  for (uint32_t i = 0; i < out->n; i++) {
    int64_t at = logged_at(d, r.d.candidates[i].key);
    v[i] = r.d.candidates[i], v[i].weight = at < 0 ? 0 : was->v[at].weight;
    if (at >= 0 && was->v[at].eligible == NOT_CAP) v[i].eligible = NOT_CAP;
    bool drawable = at >= 0 && was->v[at].eligible == ELIGIBLE;
    if (!values && !drawable && v[i].eligible == ELIGIBLE && !out->unsupported.n) out->unsupported = v[i].key;
    if (values && r.arms) out->arms[i] = r.arms[i];
    else if (at >= 0) out->arms[i] = was->arms[at];
  }
  out->v = v;
  return RT_OK;
}

static void no_support(evaluating *k, str key) {
  if (!k->unsupported++) k->unlogged = str_dup(k->a, key);
}

/* The new policy's distribution. false: it cannot be known from this decision, which was counted. */
static bool new_dist(evaluating *k, const state_decision *d, const offer *o, uint32_t *out) {
  uint32_t n = o->n, m = 0;
  uint64_t *w = ARENA_ARRAY(&k->one, uint64_t, n + 1u);
  uint32_t *actions = ARENA_ARRAY(&k->one, uint32_t, n + 1u);
  double *p = ARENA_ARRAY(&k->one, double, n + 1u);
  const char *why = NULL;
  bool fresh;
  for (int i = 0; i < CHOICE_ARGS; i++)
    if (k->x->args[i] != UINT32_MAX && !(o->has >> i & 1)) {
      k->missing = str_z(logged_names[i]);
      return false;
    }
  for (uint32_t i = 0; i < n; i++) {
    const char *wrong = o->v[i].eligible == ELIGIBLE ? policy_arm_wrong(rt_policy_spec(k->x).kind, &o->arms[i]) : NULL;
    if (wrong) why = wrong;
  }
  if (why || !rt_decide_weights(k->x, &k->one, k->cache, o->arms, o->v, n, w, &why)) {
    if (!k->unreadable++) k->nowhere = str_fmt(k->a, "%.*s: %s", STR_ARG(d->id), why);
    return false;
  }
  str unlogged = { "", 0 };
  for (uint32_t i = 0; i < n; i++) {
    uint32_t action = interned_number(k->a, &k->actions, o->v[i].key, &fresh);
    if (!w[i]) continue;
    if (!o->v[i].weight && !unlogged.n) unlogged = o->v[i].key;
    actions[m] = action, p[m++] = (double)w[i] / (double)POLICY_ONE;
  }
  if (unlogged.n) no_support(k, unlogged);
  buf key = { .a = &k->one };
  buf_add(&key, (const char *)actions, sizeof *actions * m);
  buf_add(&key, (const char *)p, sizeof *p * m);
  *out = interned_number(k->a, &k->dists, buf_done(&key), &fresh);
  if (!fresh) return true;
  ope_dist *x = VEC_PUSH(k->a, &k->dist);
  uint32_t *own = ARENA_ARRAY(k->a, uint32_t, m + 1u);
  double *own_p = ARENA_ARRAY(k->a, double, m + 1u);
  memcpy(own, actions, sizeof *own * m), memcpy(own_p, p, sizeof *own_p * m);
  *x = (ope_dist){ m, own, own_p };
  return true;
}

/* Does the new policy read of its candidates what the log does not hold, but the data does? What is gathered over rows is another at every time, and only
   the log knows what it was. */
static bool reads_data(const evaluating *k, const rules *r, unsigned has) {
  bool other = r->evidence != NULL;
  for (int i = 0; i < CHOICE_ARGS; i++) other |= k->x->args[i] != UINT32_MAX && !(has >> i & 1);
  return other && k->data && !k->x->has_over;
}

/* What the new policy chooses from in the place of a logged draw. RT_NONE: it cannot be known, which was counted. */
static int offered(evaluating *k, const rules *r, const state_decision *d, offer *o) {
  bool values = reads_data(k, r, o->has);
  if (r->who && (!k->data || !r->caps)) {
    if (!k->other_who++) k->who = r->caps ? r->who : "cap";
    return RT_NONE;
  }
  if (r->evidence && !values) {
    if (!k->other_evidence++) k->evidence = r->evidence;
    return RT_NONE;
  }
  if (values) k->out->valued = true;
  if (r->who) k->out->anew = r->who;
  if (!r->who && !values) return RT_OK;
  offer was = *o;
  int status = judge_anew(k, d, &was, values, o);
  if (status == RT_OK && o->unsupported.n) {
    no_support(k, o->unsupported);
    return RT_NONE;
  }
  return status;
}

static str assignment_key(evaluating *k, const state_decision *d) {
  return str_fmt(&k->one, "%lld %.*s", (long long)d->assignment, STR_ARG(d->subject));
}

static int draw(evaluating *k, const state_decision *d, double reward) {
  policy_arm *arms = ARENA_ARRAY(&k->one, policy_arm, d->ncandidates + 1u);
  unsigned has;
  bool fresh;
  uint32_t dist;
  k->draws++;
  if (!logged_evidence(&k->one, d, arms, &has)) {
    if (!k->unreadable++) k->nowhere = str_fmt(k->a, "%.*s: its evidence cannot be read", STR_ARG(d->id));
    return RT_OK;
  }
  const rules *r;
  int status = rules_of(k, d->bundle, &r);
  if (status == RT_OK) status = replay(k, r, d, arms);
  offer o = { .n = d->ncandidates, .v = d->candidates, .arms = arms, .has = has };
  if (status == RT_OK) status = offered(k, r, d, &o);
  if (status != RT_OK) return status == RT_NONE ? RT_OK : status;
  if (!new_dist(k, d, &o, &dist)) return RT_OK;
  if (d->assigned) {
    interned_number(k->a, &k->assignments, assignment_key(k, d), &fresh);
    if (fresh) *VEC_PUSH(k->a, &k->row_of) = k->rows.n;
  }
  uint32_t action = interned_number(k->a, &k->actions, d->candidate, &fresh), subject = interned_number(k->a, &k->subjects, d->subject, &fresh);
  *VEC_PUSH(k->a, &k->rows) = (ope_row){ .action = action, .subject = subject, .dist = dist, .p = (double)d->weight / (double)POLICY_ONE, .reward = reward };
  return RT_OK;
}

/* What a sticky repeat earned belongs to its assignment. */
static void repeat(evaluating *k, const state_decision *d, double reward) {
  bool fresh;
  uint32_t at = interned_number(k->a, &k->assignments, assignment_key(k, d), &fresh);
  if (fresh) *VEC_PUSH(k->a, &k->row_of) = UINT32_MAX;
  if (k->row_of.v[at] == UINT32_MAX) k->out->orphans++;
  else k->out->repeats++, k->rows.v[k->row_of.v[at]].reward += reward;
}

static int one(evaluating *k, const state_decision *d) {
  double reward = 0;
  k->out->decisions++;
  int status = state_reward(k->s, d->id, &reward);
  if (status == RT_ENV) *k->failure = state_failure(k->s, k->a);
  if (status != RT_OK && status != RT_NONE) return status;
  if (d->stage == STAGE_STICKY && d->assigned) repeat(k, d, reward);
  else if (d->stage == STAGE_POLICY && d->drawn && d->weight && d->ncandidates) return draw(k, d, reward);
  else k->out->undrawn++;
  return RT_OK;
}

static int read_all(evaluating *k) {
  state_decision *list = ARENA_ARRAY(k->a, state_decision, AT_ONCE);
  int64_t *seqs = ARENA_ARRAY(k->a, int64_t, AT_ONCE), after = 0;
  uint32_t got = AT_ONCE;
  int status = RT_OK;
  while (status == RT_OK && got == AT_ONCE) {
    arena_reset(&k->one);
    status = state_read(k->s, &k->one, k->x->name, after, AT_ONCE, true, list, seqs, &got);
    if (status == RT_ENV) *k->failure = state_failure(k->s, k->a);
    for (uint32_t i = 0; i < got && status == RT_OK; i++) status = one(k, &list[i]);
    if (got) after = seqs[got - 1];
  }
  return status;
}

/* ---- reasons to refuse that only a log with its evidence can give ---- */

static void add(ope_refusal *v, uint32_t *n, ope_why why, str reason, const char *help) { v[(*n)++] = (ope_refusal){ why, reason, str_z(help) }; }

static int tripped(evaluating *k, bool *out) {
  state_report r;
  int status = state_report_read(k->s, k->a, 0, NULL, &r);
  *out = false;
  if (status == RT_ENV) *k->failure = state_failure(k->s, k->a);
  for (uint32_t i = 0; status == RT_OK && i < r.n; i++)
    if (!r.entries[i].experiment && str_eq(r.entries[i].name, k->x->name)) *out = guard_ratio_tripped(&r.entries[i].s.ratio);
  return status;
}

static int judge(evaluating *k) {
  evaluate_result *out = k->out;
  arena *a = k->a;
  bool off;
  int status = tripped(k, &off);
  if (status != RT_OK) return status;
  ope_refusal *v = ARENA_ARRAY(a, ope_refusal, TOLD + 10 + 1);
  uint32_t n = 0;
  if (k->missing.n)
    add(v, &n, OPE_OTHER, str_fmt(a, "the new policy reads `%.*s` of each candidate, which the policy that ran did not: what it would have seen is not in the log", STR_ARG(k->missing)),
        "evaluate a policy that reads the same, or log with one that reads what both need");
  if (k->other_who && str_eq(str_z(k->who), STR("cap")))
    add(v, &n, OPE_OTHER, STR("`cap` of the new rules is another: whom it would have kept back is not in the log"), "evaluate rules with the caps of the log");
  else if (k->other_who)
    add(v, &n, OPE_OTHER, str_fmt(a, "`%s` of the new rules is another than that of the rules that made %lld draws: who may be shown has to be judged anew", k->who, (long long)k->other_who),
        "give the data with --db or --source; or evaluate rules that differ in their policy alone");
  if (k->other_evidence)
    add(v, &n, OPE_OTHER, str_fmt(a, "`%s` of the new rules is another than that of the rules that made %lld draws: the evidence that it would have seen is not in the log", k->evidence,
                                  (long long)k->other_evidence),
        "evaluate a policy that reads the same evidence, or log with rules that read what both need");
  if (k->unreadable)
    add(v, &n, OPE_OTHER, str_fmt(a, "of %lld decisions the new policy cannot be computed; the first is %.*s", (long long)k->unreadable, STR_ARG(k->nowhere)),
        "blazon replay tells more of single decisions");
  if (k->differ)
    add(v, &n, OPE_OTHER, str_fmt(a, "replay differs from the log in %lld of %lld draws, the first is %.*s: the logged chances are not those that the rules gave",
                                  (long long)k->differ, (long long)out->replayed, STR_ARG(k->differs)),
        "find out with blazon replay what changed the log");
  if (k->unsupported)
    add(v, &n, OPE_SUPPORT, str_fmt(a, "in %lld of %lld draws the new policy puts weight where the log had none, first on `%.*s`", (long long)k->unsupported, (long long)k->draws,
                                    STR_ARG(k->unlogged)),
        "log with a `floor`, which gives every candidate a chance");
  if (off)
    add(v, &n, OPE_OTHER, STR("the sample ratio guard has tripped: decisions were lost or changed between the draw and the log"),
        "blazon report tells which; mend it, and log anew");
  for (uint32_t i = 0; i < out->r.nrefusals && i < TOLD; i++)
    if (!((k->missing.n || k->other_who || k->other_evidence) && out->r.refusals[i].why == OPE_EMPTY)) v[n++] = out->r.refusals[i];
  out->r.refusals = v, out->r.nrefusals = n;
  return RT_OK;
}

static int everything(evaluating *k) {
  int status = read_all(k);
  if (status != RT_OK) return status;
  k->out->log = (ope_log){ .nactions = k->actions.all.n, .nsubjects = k->subjects.all.n, .ndists = k->dist.n, .n = k->rows.n,
                           .rows = k->rows.v, .dists = k->dist.v, .actions = k->actions.all.v, .support_known = true };
  ope_evaluate(k->a, &k->out->log, &k->out->r);
  return judge(k);
}

/* Jumps of a and of the batch's arena end here; what k holds is in memory because this is a call. */
static __attribute__((noinline)) int caught(evaluating *k) {
  jmp_buf here, *volatile before = k->a->oom;
  volatile int status = RT_OOM;
  k->a->oom = &here, k->one.oom = &here;
  if (!_setjmp(here)) status = everything(k);
  k->a->oom = before;
  return status;
}

int rt_evaluate(state *s, rt_engine *e, bool data, uint32_t choice, arena *a, evaluate_result *out, str *failure) {
  evaluating k = { .s = s, .e = e, .x = e->p->ir->choices[choice], .choice = choice, .data = data, .last = INT64_MIN, .m = e->m, .a = a, .out = out };
  k.failure = failure, k.cache = policy_cache_new(e->m), k.d = rt_decider_new(e);
  *out = (evaluate_result){ 0 };
  arena_init(&k.one, e->m, NULL);
  int status = k.cache && k.d ? caught(&k) : RT_OOM;
  if (status != RT_OK && status != RT_OOM && failure->n) *failure = str_dup(a, *failure);
  arena_free(&k.one);
  rt_decider_free(k.d);
  policy_cache_free(k.cache);
  for (int i = 0; i < BUNDLES; i++) rt_program_free(k.kept[i].p);
  return status;
}
