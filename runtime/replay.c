/* Logged decisions again. See replay.h. */
#include "runtime/replay.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "runtime/interned.h"
#include "runtime/logged.h"
#include "runtime/samechoice.h"
#include "runtime/source.h"

enum { AT_ONCE = 500 };
const char *const replay_why_names[REPLAY_WHYS] = { "same", "rules", "draw", "data", "unknown" };

/* Different texts by their hashes: 64 bits, so that a million subjects are counted without keeping them. */
typedef struct hashes { uint64_t *v; uint64_t n, cap; } hashes;

static bool hashes_add(arena *a, hashes *h, str s) {
  if (2 * h->n >= h->cap) {
    hashes old = *h;
    h->cap = old.cap ? 2 * old.cap : 1024;
    h->v = ARENA_ARRAY(a, uint64_t, h->cap);
    for (uint64_t i = 0; i < old.cap; i++) {
      uint64_t at = old.v[i] % h->cap;
      if (!old.v[i]) continue;
      while (h->v[at]) at = (at + 1) % h->cap;
      h->v[at] = old.v[i];
    }
  }
  uint64_t x = XXH3_64bits(s.p, s.n) | 1, at = x % h->cap;
  for (; h->v[at]; at = (at + 1) % h->cap)
    if (h->v[at] == x) return false;
  h->v[at] = x, h->n++;
  return true;
}

/* Do the rules of a hash give the policy of a choice the same to know as the rules that are replayed? */
typedef struct known { str bundle, choice; bool same; } known;

typedef struct replay {
  state *s;
  rt_engine *e;
  rt_decider *d;
  policy_cache *cache;
  const replay_opts *o;
  replay_result *out;
  arena *a;                /* what lasts */
  arena one;               /* one batch of decisions */
  hashes subjects, movers;
  VEC(replay_move) moves;
  VEC(known) known;
  interned assignments;    /* those that these rules were asked for, and what they drew for each */
  VEC(str) drawn;
  char bundle[65];
  int64_t last_at;
  str *failure;
} replay;

static void differ(replay *x, const state_decision *d, replay_why why, str message) {
  x->out->n[why]++;
  if (x->o->differs) x->o->differs(x->o->ud, &(replay_difference){ why, d->id, d->subject, message });
}

/* ---- under the same rules ---- */

/* The logged weights from the logged evidence. NULL: they are the same. */
static const char *same_weights(replay *x, const prog_choice *p, const state_decision *d) {
  policy_arm *arms = ARENA_ARRAY(&x->one, policy_arm, d->ncandidates + 1u);
  uint64_t *w = ARENA_ARRAY(&x->one, uint64_t, d->ncandidates + 1u);
  const char *why = NULL;
  unsigned has;
  bool any = false;
  for (uint32_t i = 0; i < d->ncandidates; i++) any = any || d->candidates[i].weight;
  if (!logged_evidence(&x->one, d, arms, &has)) return "the logged evidence cannot be read";
  if (!rt_decide_weights(p, &x->one, x->cache, arms, d->candidates, d->ncandidates, w, &why)) return any ? "these rules give no weights for the logged evidence" : NULL;
  for (uint32_t i = 0; i < d->ncandidates; i++)
    if (w[i] != d->candidates[i].weight) return "the logged evidence gives other weights";
  return NULL;
}

/* What was drawn, from the logged weights. */
static bool same_draw(replay *x, const prog_choice *p, const state_decision *d) {
  uint64_t *w = ARENA_ARRAY(&x->one, uint64_t, d->ncandidates + 1u);
  uint64_t sum = 0;
  for (uint32_t i = 0; i < d->ncandidates; i++) sum += w[i] = d->candidates[i].weight;
  if (sum != POLICY_ONE) return false;
  uint32_t at = policy_draw(w, d->ncandidates, rt_draw_hash(p, d->subject, d->unit));
  return str_eq(d->candidates[at].key, d->candidate) && w[at] == d->weight;
}

/* Eligibility and evidence as today's data has them. Empty: no difference. Caps are the state's doing, not the data's; and evidence that the state file
   gathers goes on with every decision. */
static str against_data(replay *x, const prog_choice *p, const state_decision *d, const decide_result *r) {
  arena *a = &x->one;
  for (uint32_t i = 0; i < d->ncandidates; i++) {
    const state_candidate *was = &d->candidates[i];
    int64_t at = logged_at(&r->d, was->key);
    if (at < 0) return str_fmt(a, "the candidate `%.*s` is not there any more", STR_ARG(was->key));
    const state_candidate *is = &r->d.candidates[at];
    bool could = was->eligible == ELIGIBLE || was->eligible == NOT_CAP;
    if (could && is->eligible != ELIGIBLE)
      return str_fmt(a, "`%.*s` was eligible and is not now: %.*s", STR_ARG(was->key), STR_ARG(is->reason.n ? is->reason : STR("`where` is false")));
    if (!could && is->eligible == ELIGIBLE) return str_fmt(a, "`%.*s` was not eligible and is now", STR_ARG(was->key));
  }
  for (uint32_t i = 0; i < r->d.ncandidates; i++)
    if (logged_at(d, r->d.candidates[i].key) < 0) return str_fmt(a, "the candidate `%.*s` is new", STR_ARG(r->d.candidates[i].key));
  bool moving = p->has_over && src_in_state(x->e->p->ir->sources[p->over_source]);
  return moving || str_eq(d->evidence, r->d.evidence) ? (str){ "", 0 } : STR("the evidence is another now");
}

static int decide_again(replay *x, uint32_t choice, const state_decision *d, decide_result *r, str *why) {
  return logged_again(x->d, x->e, choice, d, &x->last_at, &x->one, r, why, x->failure);
}

static bool keyed(const prog_choice *p, const state_decision *d) {
  if (d->stage == STAGE_HOLDOUT) return str_eq(d->candidate, p->holdout_key);
  return d->stage != STAGE_FALLBACK || str_eq(d->candidate, p->fallback_key);
}

static int under_same(replay *x, uint32_t choice, const state_decision *d) {
  const prog_choice *p = x->e->p->ir->choices[choice];
  x->out->same_rules++;
  if (d->versions.n && !str_eq(d->versions, state_versions(x->s)) && !x->out->other_versions++) x->out->versions = str_dup(x->a, d->versions);
  if (d->ncandidates || d->stage != STAGE_NONE) { /* of a subject that the choice is not for nothing was looked at */
    if (rt_held_out(p, d->subject) != (d->stage == STAGE_HOLDOUT) && d->stage != STAGE_NONE) {
      differ(x, d, REPLAY_RULES, d->stage == STAGE_HOLDOUT ? STR("the subject is not held out") : STR("the subject is held out"));
      return RT_OK;
    }
    if (!keyed(p, d)) {
      differ(x, d, REPLAY_RULES, str_fmt(&x->one, "these rules name another candidate than `%.*s` for %s", STR_ARG(d->candidate), state_stage_names[d->stage]));
      return RT_OK;
    }
    const char *why = same_weights(x, p, d);
    if (why) { differ(x, d, REPLAY_RULES, str_z(why)); return RT_OK; }
    if (d->stage == STAGE_POLICY && !same_draw(x, p, d)) {
      differ(x, d, REPLAY_DRAW, STR("the draw from the logged weights gives another candidate or chance"));
      return RT_OK;
    }
  }
  if (x->o->data) {
    decide_result r;
    str why;
    int status = decide_again(x, choice, d, &r, &why);
    if (status == RT_NONE) { differ(x, d, REPLAY_UNKNOWN, why); return RT_OK; }
    if (status != RT_OK) return status;
    str other = against_data(x, p, d, &r);
    if (other.n) { differ(x, d, REPLAY_DATA, other); return RT_OK; }
  }
  x->out->n[REPLAY_SAME]++;
  return RT_OK;
}

/* ---- under other rules ---- */

static void move(replay *x, str from, str to) {
  for (uint32_t i = 0; i < x->moves.n; i++) {
    replay_move *m = &x->moves.v[i];
    if (!str_eq(m->from, from) || !str_eq(m->to, to)) continue;
    m->decisions++;
    return;
  }
  *VEC_PUSH(x->a, &x->moves) = (replay_move){ str_dup(x->a, from), str_dup(x->a, to), 1 };
}

/* With the unit of the decision that was logged: people move because the rules do, not because they are drawn anew. */
static str redrawn(replay *x, const prog_choice *p, const state_decision *d, const decide_result *r) {
  if (r->d.stage != STAGE_POLICY) return r->d.candidate;
  str unit = d->assigned ? str_fmt(&x->one, "%lld", (long long)d->assignment) : d->unit.n ? d->unit : d->id;
  uint64_t *w = ARENA_ARRAY(&x->one, uint64_t, r->d.ncandidates + 1u);
  for (uint32_t i = 0; i < r->d.ncandidates; i++) w[i] = r->d.candidates[i].weight;
  return r->d.candidates[policy_draw(w, r->d.ncandidates, rt_draw_hash(p, d->subject, unit))].key;
}

static int same_evidence(replay *x, const prog_choice *p, const state_decision *d, bool *same) {
  for (uint32_t i = 0; i < x->known.n; i++)
    if (str_eq(x->known.v[i].bundle, d->bundle) && str_eq(x->known.v[i].choice, d->choice)) { *same = x->known.v[i].same; return RT_OK; }
  rt_program *old;
  const prog_choice *was;
  int status = logged_rules(x->s, x->e->m, d->bundle, d->choice, &x->one, &old, &was, x->failure);
  if (status != RT_OK) return status;
  jmp_buf *before = x->one.oom, here;
  x->one.oom = &here;
  if (_setjmp(here)) status = RT_OOM;
  else *same = was && !samechoice_evidence(&x->one, old, was, x->e->p, p);
  x->one.oom = before;
  if (old) rt_program_free(old);
  if (status == RT_OK) *VEC_PUSH(x->a, &x->known) = (known){ str_dup(x->a, d->bundle), str_dup(x->a, d->choice), *same };
  return status;
}

/* What was logged of the candidates, for these rules: evidence moves on, and nobody is to move for that, where these rules gather the same; and who was shown
 * a candidate too often then, was so under any cap. */
static int as_known_then(replay *x, const prog_choice *p, const state_decision *d, decide_result *r) {
  bool same = false, capped = false;
  unsigned has;
  uint32_t n = r->d.ncandidates;
  if (r->d.stage != STAGE_POLICY) return RT_OK;
  int status = r->arms && d->evidence.n ? same_evidence(x, p, d, &same) : RT_OK;
  if (status != RT_OK) return status;
  policy_arm *was = ARENA_ARRAY(&x->one, policy_arm, d->ncandidates + 1u), *arms = ARENA_ARRAY(&x->one, policy_arm, n + 1u);
  state_candidate *v = ARENA_ARRAY(&x->one, state_candidate, n + 1u);
  uint64_t *w = ARENA_ARRAY(&x->one, uint64_t, n + 1u);
  const char *why;
  same = same && logged_evidence(&x->one, d, was, &has);
  for (int i = 0; same && i < CHOICE_ARGS; i++) same = p->args[i] == UINT32_MAX || has >> i & 1;
  x->out->evidence_now += r->arms && !same;
  for (uint32_t i = 0; i < n; i++) {
    int64_t at = logged_at(d, r->d.candidates[i].key);
    state_eligible e = at >= 0 ? d->candidates[at].eligible : NOT_WHERE;
    v[i] = r->d.candidates[i];
    if (same && (e == ELIGIBLE || e == NOT_CAP)) arms[i] = was[at];
    else if (r->arms) arms[i] = r->arms[i];
    if (p->ncaps && e == NOT_CAP && v[i].eligible == ELIGIBLE) v[i].eligible = NOT_CAP, capped = true;
  }
  if (!same && !capped) return RT_OK;
  if (rt_decide_weights(p, &x->one, x->cache, arms, v, n, w, &why))
    for (uint32_t i = 0; i < n; i++) v[i].weight = w[i];
  else r->d.stage = p->has_fallback ? STAGE_FALLBACK : STAGE_NONE, r->d.candidate = p->has_fallback ? p->fallback_key : (str){ "", 0 };
  r->d.candidates = v;
  return RT_OK;
}

/* A sticky repeat stays with what these rules drew for its assignment, or, when that draw is not in the log any more, with what it was. */
static str answered_again(replay *x, const prog_choice *p, const state_decision *d, const decide_result *r) {
  if (!p->sticky || !d->assigned || r->d.stage != STAGE_POLICY) return redrawn(x, p, d, r);
  bool fresh;
  str name = str_fmt(&x->one, "%lld %.*s %.*s", (long long)d->assignment, STR_ARG(d->choice), STR_ARG(d->subject));
  uint32_t k = interned_number(x->a, &x->assignments, name, &fresh);
  str to = !fresh ? x->drawn.v[k] : d->stage == STAGE_STICKY ? d->candidate : redrawn(x, p, d, r);
  int64_t at = logged_at(&r->d, to);
  if (at < 0 || r->d.candidates[at].eligible != ELIGIBLE) to = redrawn(x, p, d, r);
  if (fresh) *VEC_PUSH(x->a, &x->drawn) = str_dup(x->a, to);
  return to;
}

static int under_other(replay *x, int64_t choice, const state_decision *d) {
  x->out->other_rules++;
  if (choice < 0) { x->out->gone++; return RT_OK; }
  decide_result r;
  str why;
  int status = decide_again(x, (uint32_t)choice, d, &r, &why);
  if (status == RT_NONE) { x->out->failed++; return RT_OK; }
  if (status != RT_OK) return status;
  const prog_choice *p = x->e->p->ir->choices[choice];
  if ((status = as_known_then(x, p, d, &r)) != RT_OK) return status;
  str to = answered_again(x, p, d, &r);
  if (str_eq(to, d->candidate)) { x->out->stay++; return RT_OK; }
  x->out->moved++;
  x->out->moved_subjects += hashes_add(x->a, &x->movers, d->subject);
  move(x, d->candidate, to);
  return RT_OK;
}

/* ---- the log in order ---- */

static int64_t choice_named(const ir_program *ir, str name) {
  for (uint32_t i = 0; i < ir->nchoices; i++)
    if (str_eq(ir->choices[i]->name, name)) return i;
  return -1;
}

static int one_decision(replay *x, const state_decision *d) {
  int64_t choice = choice_named(x->e->p->ir, d->choice);
  if (x->o->own && !str_eq(d->bundle, str_z(x->bundle))) return RT_OK;
  x->out->decisions++;
  x->out->subjects += hashes_add(x->a, &x->subjects, d->subject);
  return choice >= 0 && str_eq(d->bundle, str_z(x->bundle)) ? under_same(x, (uint32_t)choice, d) : under_other(x, choice, d);
}

static int most_first(const void *p, const void *q) {
  const replay_move *x = p, *y = q;
  if (x->decisions != y->decisions) return x->decisions < y->decisions ? 1 : -1;
  int k = str_cmp(x->from, y->from);
  return k ? k : str_cmp(x->to, y->to);
}

static int all(replay *x) {
  state_decision *list = ARENA_ARRAY(x->a, state_decision, AT_ONCE);
  int64_t *seqs = ARENA_ARRAY(x->a, int64_t, AT_ONCE), after = 0;
  uint32_t got = AT_ONCE;
  int status = RT_OK;
  while (status == RT_OK && got == AT_ONCE) {
    arena_reset(&x->one);
    status = state_read(x->s, &x->one, x->o->choice, after, AT_ONCE, true, list, seqs, &got);
    if (status == RT_ENV) *x->failure = state_failure(x->s, x->a);
    for (uint32_t i = 0; i < got && status == RT_OK; i++) status = one_decision(x, &list[i]);
    if (got) after = seqs[got - 1];
  }
  if (x->moves.n) qsort(x->moves.v, x->moves.n, sizeof *x->moves.v, most_first);
  x->out->moves = x->moves.v, x->out->nmoves = x->moves.n;
  return status;
}

int rt_replay(state *s, rt_engine *e, const replay_opts *o, arena *a, replay_result *out, str *failure) {
  replay x = { .s = s, .e = e, .o = o, .out = out, .a = a, .last_at = INT64_MIN, .failure = failure };
  *out = (replay_result){ 0 };
  if (!vm_hash(e->p->vm, x.bundle)) return RT_OOM;
  x.d = rt_decider_new(e);
  x.cache = policy_cache_new(e->m);
  jmp_buf here, *volatile before = a->oom;
  arena_init(&x.one, e->m, &here);
  a->oom = &here;
  volatile int status = RT_OOM;
  if (x.d && x.cache && !_setjmp(here)) status = all(&x);
  a->oom = before;
  if (status == RT_ENV && failure->n) *failure = str_dup(a, *failure);
  arena_free(&x.one);
  rt_decider_free(x.d);
  policy_cache_free(x.cache);
  return status;
}
