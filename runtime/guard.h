/* Guards: statistics that may be looked at after every decision without being fooled by having looked so often. */
#ifndef RUNTIME_GUARD_H
#define RUNTIME_GUARD_H
#include "base/mem.h"

/* Sample ratio: does traffic go where the logged probabilities say? A test martingale: as long as each choice is drawn with its logged probabilities p,
 * P(E ever >= 1/alpha) <= alpha (Ville's inequality), at any number of looks. It bets, after each decision, that arms go on being chosen as often as
 * they were: E <- E q(A) / p(A), q(v) in proportion to p(v) (c + N_v) / (c + sum of P_v), with N_v choices and P_v expected ones so far, c = 100.
 * Probabilities may differ from decision to decision. */
typedef struct guard_ratio {
  uint32_t n;              /* arms */
  double *chosen, *expected; /* per arm */
  int64_t decisions;
  double log_e, most;      /* log of E now, and the greatest ever */
  int64_t tripped_at;      /* the decision at which E reached GUARD_TRIPS, 0: never */
  bool impossible;         /* something was chosen that had no chance */
} guard_ratio;

enum { GUARD_PRIOR = 100, GUARD_TRIPS = 1000 };

void guard_ratio_init(guard_ratio *g, arena *a, uint32_t arms);
/* One decision: p[k] is the logged probability of arm arms[k], k < n, and chosen one of these k. Others had no chance. */
void guard_ratio_add(guard_ratio *g, const uint32_t *arms, const double *p, uint32_t n, uint32_t chosen);
static inline bool guard_ratio_tripped(const guard_ratio *g) { return g->tripped_at || g->impossible; }

/* A mean with an interval that holds at all times at once: the asymptotic confidence sequence of I. Waudby-Smith, D. Arbour, R. Sinha,
 * E. Kennedy, A. Ramdas, "Time-uniform central limit theory and asymptotic confidence sequences" (2021), normal mixture, made narrowest
 * around `around` observations, a number that is chosen before any is seen: one that follows them holds
 * at no time but now. For the difference of two arms feed reward / p for the one, - reward / p for the other and 0 for decisions for neither:
 * its mean is the difference whatever the policy was, as long as both had a chance. */
typedef struct guard_mean { double n, mean, squares; } guard_mean; /* zeros to begin with; squares: about the mean */

void guard_mean_add(guard_mean *m, double x);
/* Half the interval's width at level 1 - alpha; infinite for fewer than two observations. */
double guard_mean_width(const guard_mean *m, double alpha, double around);

#endif
