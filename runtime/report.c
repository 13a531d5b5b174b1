/* Reports of choices and experiments; see report.h.
 *
 * Two passes: the first counts and finds the leader, the second follows the probability of being best, the guard and the differences to the
 * leader. Beliefs are those of runtime/policy.c: Beta(1 + successes, 1 + failures) when all rewards are 0 or 1, else normal with the mean and
 * the spread of all rewards as the prior. Rewards count for the time of their showing, whenever they came. */
#include "runtime/report.h"

#include "runtime/policy.h"

#include <math.h>

static const double ALPHA = 0.05;

typedef struct work {
  arena *a;
  report_series *s;
  double least, most;      /* reward */
  policy_arm *known;       /* second pass: so far */
  guard_mean *own, *apart; /* of an arm's rewards; of its difference to the leader */
  int64_t *since;          /* shown since the last point */
  int64_t step, seen;
} work;

/* ---- first pass ---- */

static void count(void *to, const report_row *r) {
  work *w = to;
  report_series *s = w->s;
  report_arm *x = &s->arms[r->arm];
  if (!s->shown++) s->first = s->last = r->at, w->least = w->most = r->reward;
  if (r->at < s->first) s->first = r->at;
  if (r->at > s->last) s->last = r->at;
  w->least = fmin(w->least, r->reward), w->most = fmax(w->most, r->reward);
  x->shown++, x->sum += r->reward, x->squares += r->reward * r->reward, s->reward += r->reward;
  if (r->reward != 0) x->rewards++, s->rewards++;
  if (r->reward != 0 && r->reward != 1) s->binary = false;
  if (!r->n) return;
  x->drawn++, s->drawn++;
  uint32_t chances = 0;
  for (uint32_t k = 0; k < r->n; k++) s->arms[r->arms[k]].expected += r->p[k], chances += r->p[k] > 0;
  if (chances > 1) s->always_one = false;
}

/* Probabilities of being best. false: it cannot be computed. */
static bool best_of(work *w, const policy_arm *known, double *best) {
  report_series *s = w->s;
  double mean = s->reward / (double)s->shown, squares = 0;
  for (uint32_t k = 0; k < s->narms; k++) squares += s->arms[k].squares;
  double spread = sqrt(fmax(squares / (double)s->shown - mean * mean, 0));
  policy_spec spec = { .kind = s->binary ? POLICY_THOMPSON_BETA : POLICY_THOMPSON_NORMAL, .prior = { 1, 1 } };
  if (!s->binary) spec.prior[0] = mean, spec.prior[1] = spread;
  if (!s->binary && !(spread > 0)) return false;
  arena_mark mark = arena_save(w->a);
  uint64_t *weights = ARENA_ARRAY(w->a, uint64_t, s->narms);
  policy_arm *shown = ARENA_ARRAY(w->a, policy_arm, s->narms);
  uint32_t n = 0;
  const char *why;
  for (uint32_t k = 0; k < s->narms; k++)
    if (s->arms[k].shown) shown[n++] = known[k]; /* what was never shown might be anything */
  bool ok = policy_weights(w->a, &spec, shown, n, weights, &why);
  for (uint32_t k = n = 0; ok && k < s->narms; k++) best[k] = s->arms[k].shown ? (double)weights[n++] / (double)POLICY_ONE : 0;
  arena_restore(w->a, mark);
  return ok;
}

static void lead(work *w) {
  report_series *s = w->s;
  policy_arm *known = ARENA_ARRAY(w->a, policy_arm, s->narms);
  double *best = ARENA_ARRAY(w->a, double, s->narms);
  for (uint32_t k = 0; k < s->narms; k++) {
    const report_arm *x = &s->arms[k];
    known[k] = (policy_arm){ .success = x->sum, .trials = (double)x->shown, .sum = x->sum, .sum_squares = x->squares, .count = (double)x->shown };
  }
  if (!best_of(w, known, best)) {
    s->withheld = "the rewards are all alike, or beyond what can be computed with";
    return;
  }
  for (uint32_t k = 0; k < s->narms; k++) {
    s->arms[k].best = best[k];
    if (best[k] > best[s->leader]) s->leader = k;
  }
}

/* ---- second pass ---- */

static void point(work *w, int64_t at) {
  report_series *s = w->s;
  report_point *x = &s->points[s->npoints++];
  *x = (report_point){ w->seen, at, NULL, ARENA_ARRAY(w->a, double, s->narms) };
  int64_t all = 0;
  double rewards = 0;
  for (uint32_t k = 0; k < s->narms; k++) all += w->since[k], rewards += w->known[k].value;
  for (uint32_t k = 0; k < s->narms; k++) x->share[k] = all ? (double)w->since[k] / (double)all : 0, w->since[k] = 0;
  if (s->withheld || w->seen < REPORT_LEAST_SHOWN || rewards < REPORT_LEAST_REWARDS) return;
  double *best = ARENA_ARRAY(w->a, double, s->narms);
  if (best_of(w, w->known, best)) x->best = best;
  if (!x->best || best[s->leader] < 0.95) s->learned = 0;
  else if (!s->learned) s->learned = w->seen;
}

static void follow(void *to, const report_row *r) {
  work *w = to;
  report_series *s = w->s;
  policy_arm *x = &w->known[r->arm];
  w->seen++, w->since[r->arm]++;
  x->success += r->reward, x->trials++, x->sum += r->reward, x->sum_squares += r->reward * r->reward, x->count++;
  x->value += r->reward != 0; /* rewards so far; the policy does not read it */
  guard_mean_add(&w->own[r->arm], r->reward);
  if (r->n) {
    guard_ratio_add(&s->ratio, r->arms, r->p, r->n, r->chosen);
    double lead = 0, all = 0;
    for (uint32_t k = 0; k < r->n; k++)
      if (r->arms[k] == s->leader) lead = r->p[k];
    /* the difference is learned where both had a chance; `all` is what the chosen arm's reward stands for */
    all = r->p[r->chosen] > 0 ? r->reward / r->p[r->chosen] : 0;
    for (uint32_t k = 0; lead > 0 && k < r->n; k++)
      if (r->p[k] > 0 && r->arms[k] != s->leader) guard_mean_add(&w->apart[r->arms[k]], r->arm == s->leader ? all : k == r->chosen ? -all : 0);
  }
  if (w->seen % w->step == 0 || w->seen == s->shown) point(w, r->at);
}

static void close_arms(work *w) {
  report_series *s = w->s;
  double top = -INFINITY;
  for (uint32_t k = 0; k < s->narms; k++) {
    report_arm *x = &s->arms[k];
    x->mean = x->shown ? x->sum / (double)x->shown : 0;
    guard_mean *m = &w->own[k];
    /* one of the least and one of the greatest reward: an arm that earned nothing yet has not shown how much it varies */
    guard_mean_add(m, w->least), guard_mean_add(m, w->most);
    double wide = x->shown && w->most > w->least ? guard_mean_width(m, ALPHA / s->narms, REPORT_AROUND) : INFINITY;
    x->low = fmax(m->mean - wide, s->binary ? 0 : -INFINITY), x->high = fmin(m->mean + wide, s->binary ? 1 : INFINITY);
    if (x->shown) top = fmax(top, x->high);
    x->less = w->apart[k].mean, x->less_width = INFINITY;
    if (x->drawn && k != s->leader && !(w->apart[k].n > 0)) s->apart = true;
    if (w->apart[k].n >= REPORT_LEAST_SHOWN) x->less_width = guard_mean_width(&w->apart[k], ALPHA, REPORT_AROUND);
  }
  s->regret = fmax(top * (double)s->shown - s->reward, 0);
}

/* ---- both ---- */

static const char *not_said(const report_series *s) {
  uint32_t shown = 0;
  for (uint32_t k = 0; k < s->narms; k++) shown += s->arms[k].shown > 0;
  if (s->shown < REPORT_LEAST_SHOWN) return "not enough data: fewer than 100 showings";
  if (s->rewards < REPORT_LEAST_REWARDS) return "not enough data: fewer than 10 rewards";
  if (shown < 2) return "not enough data: only one arm was ever shown";
  return NULL;
}

int report_compute(arena *a, uint32_t narms, const str *names, const report_walk *walk, report_series *out) {
  *out = (report_series){ .narms = narms, .arms = ARENA_ARRAY(a, report_arm, narms + 1u), .binary = true, .always_one = true, .regret = INFINITY };
  for (uint32_t k = 0; k < narms; k++) out->arms[k].name = names[k], out->arms[k].less_width = INFINITY;
  guard_ratio_init(&out->ratio, a, narms);
  work w = { .a = a, .s = out };
  int status = walk->all(walk->ud, count, &w);
  if (status || !out->shown) return status;
  if (!out->drawn) out->always_one = false;
  out->withheld = not_said(out);
  if (!out->withheld) lead(&w);
  w.known = ARENA_ARRAY(a, policy_arm, narms), w.own = ARENA_ARRAY(a, guard_mean, narms), w.apart = ARENA_ARRAY(a, guard_mean, narms);
  w.since = ARENA_ARRAY(a, int64_t, narms);
  w.step = (out->shown + REPORT_POINTS - 1) / REPORT_POINTS;
  out->points = ARENA_ARRAY(a, report_point, REPORT_POINTS + 2);
  status = walk->all(walk->ud, follow, &w);
  if (status) return status;
  close_arms(&w);
  if (guard_ratio_tripped(&out->ratio)) out->withheld = "the sample ratio guard has tripped: what was shown is not what was drawn, so what it earned cannot be compared";
  return 0;
}
