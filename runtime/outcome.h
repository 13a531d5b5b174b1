/* Rewards from a CSV, NDJSON or JSON file (or standard input) joined to the decisions of a state file. */
#ifndef RUNTIME_OUTCOME_H
#define RUNTIME_OUTCOME_H
#include "runtime/state.h"

enum { OUTCOME_LATE_DAYS = 1 };

typedef struct outcome_counts {
  int64_t read;            /* lines */
  int64_t joined;          /* newly */
  int64_t again;           /* were there already, the same */
  int64_t late;            /* of joined: more than OUTCOME_LATE_DAYS after their decision */
  int64_t other_name;      /* of joined: not called "reward", so no evidence */
  int64_t unknown;         /* refused: no such decision */
  int64_t conflicting;     /* refused: the decision has another reward of this name */
  int64_t early;           /* refused: before its decision */
  int64_t bad;             /* refused: cannot be read */
} outcome_counts;

/* A line that was refused. line is 0 in arrays. The texts live until the callback returns. */
typedef struct outcome_refusal { uint32_t line; int64_t position; str decision, message; } outcome_refusal;

/* now: the time of rewards without one. Lines that cannot be joined go to refused; the others are kept. RT_OK, RT_OOM, or RT_ENV with *failure in a:
   then what was joined in earlier batches stays, and running it again is harmless. */
int outcome_read(const mem *m, state *s, str file, int64_t now, void (*refused)(void *ud, const outcome_refusal *r), void *ud, arena *a,
                 outcome_counts *n, str *failure);

static inline int64_t outcome_refused(const outcome_counts *n) { return n->unknown + n->conflicting + n->early + n->bad; }

#endif
