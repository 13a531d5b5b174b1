/* Guards; see guard.h. */
#include "runtime/guard.h"

#include <math.h>

void guard_ratio_init(guard_ratio *g, arena *a, uint32_t arms) {
  *g = (guard_ratio){ .n = arms };
  g->chosen = ARENA_ARRAY(a, double, arms + 1u);
  g->expected = ARENA_ARRAY(a, double, arms + 1u);
}

void guard_ratio_add(guard_ratio *g, const uint32_t *arms, const double *p, uint32_t n, uint32_t chosen) {
  double total = 0, mine = 0;
  g->decisions++;
  for (uint32_t k = 0; k < n; k++) {
    double bet = p[k] * (GUARD_PRIOR + g->chosen[arms[k]]) / (GUARD_PRIOR + g->expected[arms[k]]);
    total += bet;
    if (k == chosen) mine = bet;
  }
  if (chosen >= n || !(p[chosen] > 0)) {
    g->impossible = true;
    return;
  }
  g->log_e += log(mine / total) - log(p[chosen]);
  if (g->log_e > g->most) g->most = g->log_e;
  if (!g->tripped_at && g->log_e >= log(GUARD_TRIPS)) g->tripped_at = g->decisions;
  g->chosen[arms[chosen]]++;
  for (uint32_t k = 0; k < n; k++) g->expected[arms[k]] += p[k];
}

void guard_mean_add(guard_mean *m, double x) {
  m->n++;
  double d = x - m->mean;
  m->mean += d / m->n;
  m->squares += d * (x - m->mean);
}

double guard_mean_width(const guard_mean *m, double alpha, double around) {
  if (m->n < 2) return INFINITY;
  double l = -2 * log(alpha), rho2 = (l + log(l + 1)) / around; /* near the optimum at `around` observations, ibid. appendix */
  double v = m->squares / m->n, x = m->n * rho2 + 1; /* of observations in units of their spread, so that cents and dollars give the same */
  if (v == 0) return INFINITY; /* nothing ever varied: nothing is known of the spread */
  return sqrt(v * 2 * x / (m->n * m->n * rho2) * log(sqrt(x) / alpha));
}
