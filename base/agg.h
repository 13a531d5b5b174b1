/* Streaming aggregates: the same for lists and for one pass over a source, independent of the order of what is added.
 *
 * Sums of ints run in 128 bits and are range-checked at the end. Sums and averages of numbers are the exact sum, rounded once (to nearest, ties to
 * even): every finite double is added to a fixed-point register wide enough for all of them ("Kulisch accumulator"). */
#ifndef BASE_AGG_H
#define BASE_AGG_H
#include "base/value.h"

typedef enum agg_op { AGG_COUNT, AGG_SUM, AGG_AVG, AGG_MIN, AGG_MAX } agg_op;

enum { AGG_LIMBS = 70 }; /* 32 bits each: 2^-1074 .. 2^1024 and 2^64 additions */

typedef struct agg {
  uint8_t op;             /* agg_op */
  uint8_t number;         /* element type is number (else int, duration; min and max: any ordered type) */
  const type *elem;
  uint64_t n;
  __int128 isum;
  val best;               /* min, max */
  uint32_t pending;       /* additions since the last carry */
  int64_t limb[AGG_LIMBS];
} agg;

void agg_init(agg *a, agg_op op, const type *elem);   /* elem may be NULL for AGG_COUNT */
void agg_add(agg *a, val v);                          /* v must outlive the aggregate for min and max of texts */
/* ST_OK, ST_MISSING (min, max, avg of nothing) or ST_ERR (overflow). avg is a number, or a duration for durations (toward zero). */
int agg_done(agg *a, val *out);

#endif
