/* Off-policy evaluation; see ope.h.
 *
 * With w = pi(a | x) / p: IPS = mean(w r); SNIPS = sum(w r) / sum(w); DR = mean(sum_a pi(a | x) mu(a) + w (r - mu(a))) (M. Dudik, J. Langford, L. Li, "Doubly
 * Robust Policy Evaluation and Learning", 2011). mu is the arm's mean reward shrunk by one pseudo-observation toward the mean of all, (sum r + m) / (n + 1), made
 * from the other folds of the subjects (V. Chernozhukov et al., "Double/debiased machine learning", 2018), so that no row is judged by itself.
 *
 * Intervals: the terms of one subject are summed first, and the variance is that of these sums, G / (G - 1) sum (Z_g - mean)^2. SNIPS by the delta
 * method, with terms w (r - SNIPS) / mean(w). Empirical Bernstein: A. Maurer, M. Pontil (2009), theorem 4, on both sides. */
#include "runtime/ope.h"

#include <math.h>
#include <xxhash.h>

static double new_p(const ope_log *l, const ope_row *r) {
  const ope_dist *d = &l->dists[r->dist];
  for (uint32_t k = 0; k < d->n; k++)
    if (d->actions[k] == r->action) return d->p[k];
  return 0;
}

/* ---- one estimate from the terms of its rows ---- */

/* The sum of `term`s is the estimate; their sums by subject tell its spread. */
static ope_estimate estimate(arena *a, const ope_log *l, const double *term, double value) {
  ope_estimate e = { .value = value };
  arena_mark mark = arena_save(a);
  double *z = ARENA_ARRAY(a, double, l->nsubjects + 1u), g = l->nsubjects, squares = 0, lo = INFINITY, hi = -INFINITY, mean = 0;
  for (size_t i = 0; i < l->n; i++) z[l->rows[i].subject] += term[i];
  for (uint32_t k = 0; k < l->nsubjects; k++) mean += z[k] / g;
  for (uint32_t k = 0; k < l->nsubjects; k++) {
    squares += (z[k] - mean) * (z[k] - mean);
    if (z[k] < lo) lo = z[k];
    if (z[k] > hi) hi = z[k];
  }
  arena_restore(a, mark);
  double v = g > 1 ? squares / (g - 1) : INFINITY; /* of one subject's sum; the estimate is g times their mean */
  e.se = sqrt(v * g);
  e.lo = value - 1.959963984540054 * e.se, e.hi = value + 1.959963984540054 * e.se;
  double log_term = log(4 / 0.05), half = g > 1 ? sqrt(2 * v * log_term / g) + 7 * (hi - lo) * log_term / (3 * (g - 1)) : INFINITY;
  e.least = value - g * half, e.most = value + g * half;
  return e;
}

/* ---- the reward model ---- */

static uint32_t fold_of(uint32_t subject) { return (uint32_t)(XXH64(&subject, sizeof subject, UINT64_C(0x666F6C64)) % OPE_FOLDS); }

/* mu[fold * nactions + action], made without that fold. */
static double *arm_means(arena *a, const ope_log *l) {
  size_t cells = (size_t)OPE_FOLDS * l->nactions;
  double *n = ARENA_ARRAY(a, double, cells + 1), *s = ARENA_ARRAY(a, double, cells + 1), *mu = ARENA_ARRAY(a, double, cells + 1);
  double fn[OPE_FOLDS] = { 0 }, fs[OPE_FOLDS] = { 0 }, all = 0, sum = 0;
  for (size_t i = 0; i < l->n; i++) {
    const ope_row *r = &l->rows[i];
    uint32_t f = fold_of(r->subject);
    n[(size_t)f * l->nactions + r->action]++, s[(size_t)f * l->nactions + r->action] += r->reward;
    fn[f]++, fs[f] += r->reward, all++, sum += r->reward;
  }
  for (uint32_t f = 0; f < OPE_FOLDS; f++) {
    double mean = all > fn[f] ? (sum - fs[f]) / (all - fn[f]) : 0;
    for (uint32_t x = 0; x < l->nactions; x++) {
      double an = 0, as = 0;
      for (uint32_t k = 0; k < OPE_FOLDS; k++)
        if (k != f) an += n[(size_t)k * l->nactions + x], as += s[(size_t)k * l->nactions + x];
      mu[(size_t)f * l->nactions + x] = (as + mean) / (an + 1);
    }
  }
  return mu;
}

/* What the new policy earns by the model alone: one number a distribution and fold. */
static double *model_values(arena *a, const ope_log *l, const double *mu) {
  double *v = ARENA_ARRAY(a, double, (size_t)l->ndists * OPE_FOLDS + 1);
  for (uint32_t d = 0; d < l->ndists; d++)
    for (uint32_t f = 0; f < OPE_FOLDS; f++)
      for (uint32_t k = 0; k < l->dists[d].n; k++)
        v[(size_t)d * OPE_FOLDS + f] += l->dists[d].p[k] * mu[(size_t)f * l->nactions + l->dists[d].actions[k]];
  return v;
}

/* ---- reasons to refuse ---- */

typedef VEC(ope_refusal) refusals;

static void check_support(arena *a, const ope_log *l, refusals *out) {
  bool *seen = ARENA_ARRAY(a, bool, l->nactions + 1u), *wanted = ARENA_ARRAY(a, bool, l->nactions + 1u);
  for (size_t i = 0; i < l->n; i++) seen[l->rows[i].action] = true;
  for (uint32_t d = 0; d < l->ndists; d++)
    for (uint32_t k = 0; k < l->dists[d].n; k++)
      if (l->dists[d].p[k] > 0) wanted[l->dists[d].actions[k]] = true;
  uint32_t many = 0;
  buf b = { .a = a };
  for (uint32_t x = 0; x < l->nactions; x++) {
    if (!wanted[x] || seen[x]) continue;
    if (many++ < 5) buf_fmt(&b, "%s%.*s", many > 1 ? ", " : "", STR_ARG(l->actions[x]));
  }
  if (!many) return;
  if (many > 5) buf_fmt(&b, " and %u more", many - 5);
  *VEC_PUSH(a, out) = (ope_refusal){ OPE_SUPPORT, str_fmt(a, "the new policy takes actions that the log never took: %.*s", STR_ARG(buf_done(&b))),
                                     STR("leave these out of the new policy, or log with a floor that gives every candidate a chance") };
}

static const double ope_rounding = 0.002; /* 1/3 written as 0.333 makes a mean weight of 1.001 */

static void check_weights(arena *a, const ope_log *l, const ope_result *r, refusals *out) {
  bool certain = true;
  for (size_t i = 0; i < l->n && certain; i++) certain = l->rows[i].p >= 1;
  if (certain) {
    *VEC_PUSH(a, out) = (ope_refusal){ OPE_DETERMINISTIC, STR("the log's policy left nothing to chance: every probability is 1"),
                                       STR("log with a policy that draws, for example with `floor 2%`") };
    return;
  }
  if (!l->support_known) check_support(a, l, out);
  if (r->ess < OPE_LEAST_ESS)
    *VEC_PUSH(a, out) =
      (ope_refusal){ OPE_FEW, str_fmt(a, "the effective sample size is %.1f, below %d: a few heavy rows would decide", r->ess, OPE_LEAST_ESS),
                     STR("log more decisions, or compare with a policy that is closer to the one that ran") };
  /* probabilities that are written with a few decimals are no wrong ones: where weights are all alike, the standard error is next to nothing */
  if (fabs(r->mean_weight - 1) > fmax(OPE_MOST_SE * r->mean_weight_se, ope_rounding))
    *VEC_PUSH(a, out) =
      (ope_refusal){ OPE_WEIGHTS,
                     str_fmt(a, "the mean weight is %.4f, more than %d standard errors (%.4f) from 1: the logged probabilities are not those with which actions were taken",
                             r->mean_weight, OPE_MOST_SE, r->mean_weight_se),
                     STR("check the column of probabilities, and that no rows were left out of the log") };
}

void ope_evaluate(arena *a, const ope_log *l, ope_result *out) {
  refusals why = { 0 };
  *out = (ope_result){ .n = l->n, .subjects = l->nsubjects };
  if (!l->n) {
    *VEC_PUSH(a, &why) = (ope_refusal){ OPE_EMPTY, STR("the log holds no decisions"), STR("log some decisions first") };
    out->nrefusals = why.n, out->refusals = why.v;
    return;
  }
  double n = (double)l->n, sw = 0, sw2 = 0, swr = 0, sr = 0;
  double *w = ARENA_ARRAY(a, double, l->n), *term = ARENA_ARRAY(a, double, l->n);
  for (size_t i = 0; i < l->n; i++) {
    w[i] = new_p(l, &l->rows[i]) / l->rows[i].p;
    sw += w[i], sw2 += w[i] * w[i], swr += w[i] * l->rows[i].reward, sr += l->rows[i].reward;
    if (w[i] > out->max_weight) out->max_weight = w[i];
  }
  out->logged = sr / n, out->ess = sw2 > 0 ? sw * sw / sw2 : 0, out->mean_weight = sw / n;
  for (size_t i = 0; i < l->n; i++) term[i] = w[i] / n;
  out->mean_weight_se = estimate(a, l, term, out->mean_weight).se;
  check_weights(a, l, out, &why);
  out->nrefusals = why.n, out->refusals = why.v;

  for (size_t i = 0; i < l->n; i++) term[i] = w[i] * l->rows[i].reward / n;
  out->ips = estimate(a, l, term, swr / n);
  double ratio = sw > 0 ? swr / sw : 0;
  for (size_t i = 0; i < l->n; i++) term[i] = sw > 0 ? w[i] * (l->rows[i].reward - ratio) / sw : 0;
  out->snips = estimate(a, l, term, ratio);
  double *mu = arm_means(a, l), *model = model_values(a, l, mu), dr = 0;
  for (size_t i = 0; i < l->n; i++) {
    const ope_row *r = &l->rows[i];
    uint32_t f = fold_of(r->subject);
    term[i] = (model[(size_t)r->dist * OPE_FOLDS + f] + w[i] * (r->reward - mu[(size_t)f * l->nactions + r->action])) / n;
    dr += term[i];
  }
  out->dr = estimate(a, l, term, dr);
}
