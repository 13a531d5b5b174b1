/* Hashes: SHA-256 for digests, XXH64 for shares of keys. A share is compared as the decimal fraction that it was written as, never as a double, so that every
 * implementation of the language puts the same keys into it. */
#include "stdlib/lib.h"

#include <nettle/sha2.h>
#include <stdlib.h>

#include "base/parts.h"
#include "stdlib/assign.h"

#define UNUSED (void)c, (void)st
#define ARG(i) str_of(args[i].t)

int bi_sha256(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  str s = ARG(0);
  struct sha256_ctx h;
  uint8_t digest[SHA256_DIGEST_SIZE];
  lib_work(c, s.n / 4 + 16);
  sha256_init(&h);
  sha256_update(&h, s.n, (const uint8_t *)(s.n ? s.p : ""));
  sha256_digest(&h, sizeof digest, digest);
  char *p = arena_alloc(c->a, 2 * sizeof digest);
  for (size_t i = 0; i < sizeof digest; i++) {
    p[2 * i] = "0123456789abcdef"[digest[i] >> 4];
    p[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
  }
  return ok_text(c, out, (str){ p, 2 * sizeof digest });
}

/* The work of hashing is charged by what is hashed. */
static uint64_t hash_parts(lib_ctx *c, const str *parts, uint32_t n) {
  size_t size = 0;
  for (uint32_t i = 0; i < n; i++) size += 4 + (size_t)parts[i].n;
  lib_work(c, size / 8 + 4);
  return parts_hash(parts, n);
}

/* Is hash below share * 2^64, the share taken as its shortest decimal? 0 <= share < 1. */
static bool below(uint64_t hash, double share) {
  char s[32];
  number_print(share, s);
  unsigned __int128 num = 0, den = 1;
  int exp10 = 0;
  bool point = false;
  for (const char *p = s; *p; p++) {
    if (*p == '.') point = true;
    else if (*p == 'e') { exp10 = atoi(p + 1); break; }
    else {
      num = num * 10 + (unsigned)(*p - '0');
      if (point) exp10--;
    }
  }
  if (exp10 < -36) return false; /* below 10^-19, where a share of 2^64 hashes is none */
  for (; exp10 < 0; exp10++) den *= 10;
  return hash < (uint64_t)((num << 64) / den);
}

static int sampled(lib_ctx *c, str key, double share, str salt, val *out) {
  if (!(share >= 0 && share <= 1)) return lib_fail(c, STR("a share goes from 0 to 1 (0% to 100%)"));
  str parts[] = { STR("blz1.sample"), salt, key };
  return ok_bool(out, share >= 1 || below(hash_parts(c, parts, 3), share));
}

int bi_sample(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return sampled(c, ARG(0), args[1].n, STR(""), out); }
int bi_sample_salt(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return sampled(c, ARG(0), args[1].n, ARG(2), out); }

int bi_bucket(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  if (args[1].i < 1) return lib_fail(c, STR("there is at least one bucket"));
  str parts[] = { STR("blz1.bucket"), ARG(0) };
  return ok_int(out, (int64_t)((unsigned __int128)hash_parts(c, parts, 2) * (uint64_t)args[1].i >> 64) + 1);
}

/* ---- experiments ---- */

static bool in_own_share(lib_ctx *c, const val *args) {
  const list *part = args[4].l, *range = args[6].l;
  if (part->n == 2) {
    share s = { (uint64_t)part->v[0].i, (uint64_t)part->v[1].i };
    if (!share_has(s, hash_parts(c, (const str[]){ STR("blz1.share"), ARG(1), ARG(0) }, 3))) return false;
  }
  if (range->n != 3) return true;
  share lo = { (uint64_t)range->v[0].i, (uint64_t)range->v[2].i }, hi = { (uint64_t)range->v[1].i, (uint64_t)range->v[2].i };
  uint64_t h = hash_parts(c, (const str[]){ STR("blz1.ns"), ARG(5), ARG(0) }, 3);
  return share_has(hi, h) && !(lo.num && share_has(lo, h));
}

/* GrowthBook's coverage: each arm keeps the beginning of its range. Computed in doubles, as that system does. 0: in none. */
static int64_t growthbook_arm(assign_scheme s, const val *args, const share *w, uint32_t n) {
  const list *part = args[4].l, *range = args[6].l;
  double coverage = part->n == 2 ? (double)part->v[0].i / (double)part->v[1].i : 1, place = assign_place(s, ARG(1), ARG(0)), from = 0;
  if (range->n == 3) {
    double of = (double)range->v[2].i;
    if (!assign_growthbook_namespace(ARG(5), ARG(0), (double)range->v[0].i / of, (double)range->v[1].i / of)) return 0;
  }
  for (uint32_t i = 0; i < n; i++) {
    double weight = (double)w[i].num / (double)w[i].den;
    if (place >= from && place < from + coverage * weight) return i + 1;
    from += weight;
  }
  return 0;
}

static bool fraction_list(const list *l, uint32_t n) {
  if (l->n == 0) return true;
  if (l->n != n || l->v[n - 1].i <= 0) return false;
  for (uint32_t i = 0; i + 1 < n; i++)
    if (l->v[i].i < 0 || l->v[i].i > l->v[n - 1].i) return false;
  return true;
}

int bi_experiment_arm(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  const list *weights = args[3].l;
  assign_scheme scheme;
  unsigned __int128 sum = 0;
  if (!assign_scheme_find(ARG(2), &scheme)) return lib_fail(c, STR("there is no such assignment scheme"));
  for (uint32_t i = 0; i < weights->n; i++) {
    if (weights->v[i].i < 0) return lib_fail(c, STR("a weight is negative"));
    sum += (uint64_t)weights->v[i].i;
  }
  if (!sum || sum > INT64_MAX) return lib_fail(c, STR("the weights sum to nothing, or to more than can be counted"));
  if (!fraction_list(args[4].l, 2) || !fraction_list(args[6].l, 3)) return lib_fail(c, STR("a share goes from 0 to 1"));
  share *w = ARENA_ARRAY(c->a, share, weights->n);
  for (uint32_t i = 0; i < weights->n; i++) w[i] = (share){ (uint64_t)weights->v[i].i, (uint64_t)sum };
  lib_work(c, 8 + weights->n);
  if (scheme == ASSIGN_GROWTHBOOK_V1 || scheme == ASSIGN_GROWTHBOOK_V2) {
    int64_t k = growthbook_arm(scheme, args, w, weights->n);
    return k ? ok_int(out, k) : ST_MISSING;
  }
  if (scheme == ASSIGN_BLAZON && !in_own_share(c, args)) return ST_MISSING;
  return ok_int(out, (int64_t)assign_arm(scheme, ARG(1), ARG(0), w, weights->n) + 1);
}
