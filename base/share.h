/* Shares as exact fractions, and the names of the schemes that assign by hash: what the compiler needs to know of assignment (stdlib/assign.h does it). */
#ifndef BASE_SHARE_H
#define BASE_SHARE_H
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
bool assign_scheme_name(uint32_t i, str *out);             /* the i-th of them, 0 the empty one; false: there are no more */

#endif
