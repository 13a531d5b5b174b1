/* Off-policy evaluation: what would another policy have earned, from the log of the one that ran?
 *
 * IPS, SNIPS and cross-fitted DR, each with an interval clustered by subject, and an empirical-Bernstein bound beside it. It refuses, with a reason
 * and what would help, where the answer would not be worth having. docs/decisions.md has the formulas and where they come from. */
#ifndef RUNTIME_OPE_H
#define RUNTIME_OPE_H
#include "base/mem.h"
#include "base/str.h"

/* The new policy's probabilities for one decision. */
typedef struct ope_dist { uint32_t n; const uint32_t *actions; const double *p; } ope_dist;

typedef struct ope_row {
  uint32_t action;         /* that was taken */
  uint32_t subject;        /* rows of one subject are not independent of each other */
  uint32_t dist;           /* the new policy's distribution there */
  double p;                /* probability with which the log's policy took it, in (0, 1] */
  double reward;           /* finite */
} ope_row;

typedef struct ope_log {
  uint32_t nactions, nsubjects, ndists;
  size_t n;
  const ope_row *rows;
  const ope_dist *dists;
  const str *actions;      /* names */
  bool support_known;      /* the caller knows what had a chance in each decision, and judges that itself; else only what was taken tells */
} ope_log;

typedef enum ope_why { OPE_EMPTY, OPE_DETERMINISTIC, OPE_SUPPORT, OPE_FEW, OPE_WEIGHTS, OPE_OTHER } ope_why;
typedef struct ope_refusal { ope_why why; str reason, help; } ope_refusal;

typedef struct ope_estimate {
  double value, se;
  double lo, hi;           /* 95%, normal */
  double least, most;      /* 95%, empirical Bernstein: needs no normality, but takes the largest observed term for the largest possible */
} ope_estimate;

typedef struct ope_result {
  size_t n;
  uint32_t subjects;
  double logged;           /* mean reward of the log's own policy */
  double ess;              /* (sum w)^2 / sum w^2 */
  double max_weight, mean_weight, mean_weight_se;
  ope_estimate ips, snips, dr;
  uint32_t nrefusals;      /* not 0: the estimates are not to be used */
  ope_refusal *refusals;
} ope_result;

enum { OPE_FOLDS = 5, OPE_LEAST_ESS = 100, OPE_MOST_SE = 4 };

/* Everything of it is in arena a. */
void ope_evaluate(arena *a, const ope_log *log, ope_result *out);

#endif
