/* Who gets what, by hash alone: shares, namespaces and arms of experiments, draws of choices. Pure functions of their texts: no clock, no data, no state, so an
 * assignment is the same on every machine and stays when a share grows.
 *
 * Blazon's own scheme is the hash of base/parts.h; independent decisions about one subject use
 * different tags ("blz1.ns", "blz1.share", "blz1.arm", "blz1.draw", "blz1.hold"). The other schemes are those of systems that people migrate from. */
#ifndef RUNTIME_ASSIGN_H
#define RUNTIME_ASSIGN_H
#include "base/str.h"

/* A share as an exact fraction of the decimal text that the rule file has: "12.5%" is 125 / 1000. num <= den, den > 0. */
typedef struct share { uint64_t num, den; } share;
bool share_parse(str decimal, bool percent, share *out);  /* false: no decimal, above 1 (100%), or more than 17 digits */
int share_cmp(share a, share b);
/* Brings n shares to one denominator, so that sums are exact. false: it would pass 2^63. */
bool share_common(share *s, uint32_t n);
/* Is h in [0, s) of the hash space: h < floor(num * 2^64 / den); everything when num == den. */
bool share_has(share s, uint64_t h);

typedef enum assign_scheme {
  ASSIGN_BLAZON,
  ASSIGN_GROWTHBOOK_V1,   /* FNV-1a 32 of value + seed, in thousandths */
  ASSIGN_GROWTHBOOK_V2,   /* FNV-1a 32 twice, seed first, in ten-thousandths */
  ASSIGN_UNLEASH,         /* MurmurHash3 32, seed 86028157, of group:id, in thousandths */
  ASSIGN_PLANOUT,         /* SHA-1 of salt.unit, first 60 bits */
  ASSIGN_EPPO             /* MD5 of salt-unit, first 32 bits, in ten-thousandths */
} assign_scheme;
bool assign_scheme_find(str name, assign_scheme *out);     /* "growthbook-v1" ...; empty: Blazon's own */

/* The unit's place in [0, 1) under a foreign scheme (PlanOut: [0, 1]). */
double assign_place(assign_scheme s, str salt, str unit);
/* GrowthBook's namespace test: is the unit in [lo, hi) of the namespace? */
bool assign_growthbook_namespace(str name, str unit, double lo, double hi);

/* Index of the unit's arm. weights have one common den and sum to 1 (see share_common). salt: of the experiment; Blazon's own hashes ("blz1.arm", salt, unit). */
uint32_t assign_arm(assign_scheme s, str salt, str unit, const share *weights, uint32_t n);

#endif
