/* Hashes: SHA-256 for digests, XXH64 for shares of keys. A share is compared as the decimal fraction that it was written as, never as a double, so that every
 * implementation of the language puts the same keys into it. */
#include "stdlib/lib.h"

#include <nettle/sha2.h>
#include <stdlib.h>

#include "base/parts.h"

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
