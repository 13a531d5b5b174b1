/* Whether a choice or an experiment works: what was shown, what it earned, which arm is probably best, and whether the numbers can be
 * believed. Pure arithmetic over rows in order of time; runtime/state_report.c brings them from a state file. docs/decisions.md has the
 * formulas. */
#ifndef RUNTIME_REPORT_H
#define RUNTIME_REPORT_H
#include "base/str.h"
#include "runtime/guard.h"

enum {
  REPORT_POINTS = 100,     /* at most so many points in time */
  REPORT_LEAST_SHOWN = 100, REPORT_LEAST_REWARDS = 10, /* fewer say nothing of which arm is best */
  REPORT_AROUND = 1000     /* showings for which intervals are narrowest */
};

/* Something was shown: one decision, or one subject of an experiment. */
typedef struct report_row {
  uint32_t arm;
  double reward;           /* 0: none came */
  bool rewarded;           /* one came, be it 0 */
  int64_t at;
  uint32_t n, chosen;      /* > 0: drawn from arms[0..n) with probabilities p; arm = arms[chosen]. 0: not drawn (sticky), or not known from what */
  const uint32_t *arms;
  const double *p;
} report_row;

/* Brings all rows, in order, to `row`; called twice with the same result. A status other than 0 ends the report. */
typedef struct report_walk {
  int (*all)(void *ud, void (*row)(void *to, const report_row *r), void *to);
  void *ud;
} report_walk;

typedef struct report_arm {
  str name;
  int64_t shown, drawn, rewards; /* rewards: that are not 0 */
  double expected;         /* drawn times by the logged probabilities */
  double sum, squares;     /* of rewards */
  double mean, low, high;  /* reward a showing, 95% at all times at once */
  double best;             /* probability of being the best arm */
  double less, less_width; /* how much less a showing than the leader, weighted by 1 / p, +- at all times at once; infinite: not known */
} report_arm;

typedef struct report_point {
  int64_t shown, at;
  double *best;            /* of each arm; NULL: too little was known yet */
  double *share;           /* of what was shown since the point before */
} report_point;

typedef struct report_series {
  uint32_t narms;
  report_arm *arms;        /* as given */
  int64_t shown, drawn, rewards;
  double reward;
  int64_t first, last;
  bool binary;             /* no reward but 0 and 1 */
  bool always_one;         /* drawn, and never from more than one */
  guard_ratio ratio;
  const char *withheld;    /* why nothing is said of which arm is best: not enough data, the sample ratio; NULL: it is said */
  uint32_t leader;
  bool apart;              /* some arm was never drawn from where the leader could have been: others were shown it */
  uint32_t npoints;
  report_point *points;
  int64_t learned;         /* showings after which the leader's probability of being best stayed >= 95%; 0: not yet */
  double regret;           /* always showing the best would have earned at most so much more, 95% at all times; infinite: not known */
} report_series;

/* Everything of *out is in arena a. Gives what walk gave. */
int report_compute(arena *a, uint32_t narms, const str *names, const report_walk *walk, report_series *out);

#endif
