/* Who gets what, by hash alone: shares, namespaces and arms of experiments, draws of choices. Pure functions of their texts: no clock, no data, no state, so an
 * assignment is the same on every machine and stays when a share grows.
 *
 * Blazon's own scheme is the hash of base/parts.h; independent decisions about one subject use
 * different tags ("blz1.ns", "blz1.share", "blz1.arm", "blz1.draw", "blz1.hold"). The other schemes are those of systems that people migrate from. */
#ifndef STDLIB_ASSIGN_H
#define STDLIB_ASSIGN_H
#include "base/share.h"

/* The unit's place in [0, 1) under a foreign scheme (PlanOut: [0, 1]). */
double assign_place(assign_scheme s, str salt, str unit);
uint64_t assign_planout_hash(str salt, str unit);   /* 60 bits */
/* GrowthBook's namespace test: is the unit in [lo, hi) of the namespace? */
bool assign_growthbook_namespace(str name, str unit, double lo, double hi);

/* Index of the unit's arm. weights have one common den and sum to 1 (see share_common). salt: of the experiment; Blazon's own hashes ("blz1.arm", salt, unit). */
uint32_t assign_arm(assign_scheme s, str salt, str unit, const share *weights, uint32_t n);

#endif
