/* Policies: from what is known of each candidate to its exact probability. Pure functions of their arguments, so that a decision can be computed again.
 *
 * A policy gives integer weights that sum to 2^53; a candidate's probability is W / 2^53, exactly. docs/decisions.md has the formulas and
 * where they come from. */
#ifndef RUNTIME_POLICY_H
#define RUNTIME_POLICY_H
#include "base/mem.h"

#define POLICY_ONE (UINT64_C(1) << 53)

typedef enum policy_kind {
  POLICY_FIRST,            /* the first candidate in key order */
  POLICY_BEST,             /* greatest value; equal ones share */
  POLICY_WEIGHTS,          /* in proportion to value, which is >= 0 and somewhere > 0 */
  POLICY_EPSILON_GREEDY,   /* epsilon shared by all, the rest by the best */
  POLICY_SOFTMAX,          /* in proportion to exp(value / temperature) */
  POLICY_UCB,              /* greatest success / trials + alpha sqrt(ln N / trials); what was never tried comes first */
  POLICY_THOMPSON_BETA,    /* probability of having the greatest rate, Beta(a + success, b + trials - success) */
  POLICY_THOMPSON_NORMAL,  /* probability of having the greatest mean */
  POLICY_COUNT
} policy_kind;

typedef struct policy_spec {
  policy_kind kind;
  double epsilon;          /* 0..1 */
  double temperature;      /* > 0 */
  double alpha;            /* >= 0; sqrt(2) is UCB1 */
  double prior[2];         /* Beta: a, b > 0. Normal: mean and standard deviation > 0 of the arms' means */
  double floor;            /* 0..1: at least min(floor, 1 / n) for every candidate */
} policy_spec;

/* What is known of one candidate; a policy reads the fields of its kind. Counts may be fractions, because old ones decay. */
typedef struct policy_arm {
  double value;                   /* best, weights, epsilon_greedy, softmax */
  double success, trials;         /* ucb, thompson */
  double sum, sum_squares, count; /* thompson of Gaussian rewards */
} policy_arm;

/* NULL, or why the evidence of this candidate cannot be right: not finite, negative, more successes than trials. Static text. */
const char *policy_arm_wrong(policy_kind k, const policy_arm *arm);

/* Weights of n candidates in key order (n > 0, none wrong), summing to POLICY_ONE. The arena is scratch and is given back. false: there is no
   distribution, *why says so (all weights are zero). */
bool policy_weights(arena *a, const policy_spec *s, const policy_arm *arms, uint32_t n, uint64_t *w, const char **why);

/* Probabilities (>= 0, summing to about 1) as integers that sum to POLICY_ONE: largest remainders, ties by place. */
void policy_round(arena *a, const double *p, uint32_t n, uint64_t *w);

/* Which candidate a hash draws: the first whose cumulative weight is > hash >> 11. */
uint32_t policy_draw(const uint64_t *w, uint32_t n, uint64_t hash);

/* What evidence of this age still counts: 2^-(age / half_life); age and half_life in one unit, half_life > 0. Younger than 0 counts fully. */
double policy_decay(double age, double half_life);

/* Weights by content: the same evidence is computed once. Belongs to one thread. */
typedef struct policy_cache policy_cache;
policy_cache *policy_cache_new(const mem *m);    /* NULL: out of memory */
void policy_cache_free(policy_cache *c);         /* NULL is fine */
/* As policy_weights. */
bool policy_cached(policy_cache *c, arena *a, const policy_spec *s, const policy_arm *arms, uint32_t n, uint64_t *w, const char **why);

const char *policy_name(policy_kind k);          /* "thompson"; static */

#endif
