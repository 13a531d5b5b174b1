/* Thompson sampling without sampling: the exact probability that each of K independent arms is the best one, by deterministic quadrature. */
#ifndef RUNTIME_THOMPSON_H
#define RUNTIME_THOMPSON_H
#include "base/mem.h"

/* What is believed of one arm's value: Beta(a, b) of a rate, or a normal distribution. */
typedef struct belief {
  bool normal;
  double a, b;          /* Beta: > 0, finite. Normal: mean and standard deviation > 0 */
} belief;

/* p[i] = P(arm i has the greatest value), i < n; they sum to 1 up to rounding. The error of each p is below 1e-6 for n <= 1,000. Equal beliefs get equal
   probabilities, to the bit. All arms must be of one kind. The arena is used for scratch and given back. false: a belief is out of range. */
bool thompson_best(arena *a, const belief *arms, uint32_t n, double *p);

/* log of the distribution function at x: exported for tests. */
double belief_log_cdf(const belief *m, double x);

#endif
