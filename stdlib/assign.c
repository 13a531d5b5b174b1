/* Assignment by hash. See assign.h. Sources of the foreign schemes: growthbook/growthbook packages/sdk-js/src/util.ts;
 * Unleash/unleash-client-node src/strategy/util.ts; facebookarchive/planout python/planout/ops/random.py; Eppo's SDKs (deterministic sharder). */
#include "stdlib/assign.h"

#include <nettle/md5.h>
#include <nettle/sha1.h>
#include <string.h>

#include "base/parts.h"

static uint32_t fnv32a(uint32_t h, str s) {
  for (uint32_t i = 0; i < s.n; i++) h = (h ^ (unsigned char)s.p[i]) * 16777619u;
  return h;
}
enum { FNV_BASIS = (int)2166136261u };

static uint32_t growthbook_v1(str seed, str value) { return fnv32a(fnv32a((uint32_t)FNV_BASIS, value), seed) % 1000; }

static uint32_t growthbook_v2(str seed, str value) {
  uint32_t h = fnv32a(fnv32a((uint32_t)FNV_BASIS, seed), value), n = 0;
  char digits[10];
  do digits[9 - n++] = (char)('0' + h % 10); while (h /= 10);
  return fnv32a((uint32_t)FNV_BASIS, (str){ digits + 10 - n, n }) % 10000;
}

/* MurmurHash3 x86 32 (A. Appleby, public domain) of three texts as if joined. */
typedef struct murmur { uint32_t h, tail, ntail, len; } murmur;

static uint32_t rotl(uint32_t x, int r) { return x << r | x >> (32 - r); }

static void murmur_add(murmur *m, str s) {
  for (uint32_t i = 0; i < s.n; i++) {
    m->tail |= (uint32_t)(unsigned char)s.p[i] << (8 * m->ntail);
    m->len++;
    if (++m->ntail < 4) continue;
    m->h = rotl(m->h ^ rotl(m->tail * 0xcc9e2d51u, 15) * 0x1b873593u, 13) * 5 + 0xe6546b64u;
    m->tail = m->ntail = 0;
  }
}

static uint32_t murmur_done(murmur *m) {
  uint32_t h = m->h ^ rotl(m->tail * 0xcc9e2d51u, 15) * 0x1b873593u;
  h ^= m->len;
  h = (h ^ h >> 16) * 0x85ebca6bu;
  h = (h ^ h >> 13) * 0xc2b2ae35u;
  return h ^ h >> 16;
}

/* Place in 0 .. 999. */
static uint32_t unleash(str group, str id) {
  murmur m = { .h = 86028157u };
  murmur_add(&m, group);
  murmur_add(&m, STR(":"));
  murmur_add(&m, id);
  return murmur_done(&m) % 1000;
}

uint64_t assign_planout_hash(str salt, str unit) {
  struct sha1_ctx c;
  uint8_t d[SHA1_DIGEST_SIZE];
  sha1_init(&c);
  sha1_update(&c, salt.n, (const uint8_t *)salt.p);
  sha1_update(&c, 1, (const uint8_t *)".");
  sha1_update(&c, unit.n, (const uint8_t *)unit.p);
  sha1_digest(&c, sizeof d, d);
  uint64_t h = 0;
  for (int i = 0; i < 8; i++) h = h << 8 | d[i];
  return h >> 4; /* the first 15 hexadecimal digits */
}

/* Place in 0 .. 9999. */
static uint32_t eppo(str salt, str unit) {
  struct md5_ctx c;
  uint8_t d[MD5_DIGEST_SIZE];
  md5_init(&c);
  md5_update(&c, salt.n, (const uint8_t *)salt.p);
  md5_update(&c, 1, (const uint8_t *)"-");
  md5_update(&c, unit.n, (const uint8_t *)unit.p);
  md5_digest(&c, sizeof d, d);
  return ((uint32_t)d[0] << 24 | (uint32_t)d[1] << 16 | (uint32_t)d[2] << 8 | d[3]) % 10000;
}

double assign_place(assign_scheme s, str salt, str unit) {
  switch (s) {
  case ASSIGN_BLAZON: return (double)(parts_hash((const str[]){ STR("blz1.arm"), salt, unit }, 3) >> 11) * 0x1p-53;
  case ASSIGN_GROWTHBOOK_V1: return growthbook_v1(salt, unit) / 1000.0;
  case ASSIGN_GROWTHBOOK_V2: return growthbook_v2(salt, unit) / 10000.0;
  case ASSIGN_UNLEASH: return unleash(salt, unit) / 1000.0;
  case ASSIGN_PLANOUT: return (double)assign_planout_hash(salt, unit) / (double)0xFFFFFFFFFFFFFFF;
  case ASSIGN_EPPO: return eppo(salt, unit) / 10000.0;
  }
  return 0;
}

bool assign_growthbook_namespace(str name, str unit, double lo, double hi) {
  uint32_t h = fnv32a(fnv32a(fnv32a((uint32_t)FNV_BASIS, unit), STR("__")), name) % 1000;
  double n = h / 1000.0;
  return n >= lo && n < hi;
}

/* First arm whose cumulative weight is above place / total, in integers. PlanOut's is closed at the upper end. */
static uint32_t by_place(uint64_t place, uint64_t total, bool closed, const share *w, uint32_t n) {
  unsigned __int128 cum = 0;
  for (uint32_t i = 0; i + 1 < n; i++) {
    cum += w[i].num;
    unsigned __int128 x = (unsigned __int128)place * w[i].den, y = cum * total;
    if (closed ? x <= y : x < y) return i;
  }
  return n - 1;
}

uint32_t assign_arm(assign_scheme s, str salt, str unit, const share *w, uint32_t n) {
  switch (s) {
  case ASSIGN_BLAZON: {
    uint64_t h = parts_hash((const str[]){ STR("blz1.arm"), salt, unit }, 3);
    share cum = { 0, 1 };
    for (uint32_t i = 0; i + 1 < n; i++) {
      cum = (share){ cum.num + w[i].num, w[i].den };
      if (share_has(cum, h)) return i;
    }
    return n - 1;
  }
  case ASSIGN_GROWTHBOOK_V1: return by_place(growthbook_v1(salt, unit), 1000, false, w, n);
  case ASSIGN_GROWTHBOOK_V2: return by_place(growthbook_v2(salt, unit), 10000, false, w, n);
  case ASSIGN_UNLEASH: return by_place(unleash(salt, unit), 1000, false, w, n);
  case ASSIGN_PLANOUT: return by_place(assign_planout_hash(salt, unit), 0xFFFFFFFFFFFFFFF, true, w, n);
  case ASSIGN_EPPO: return by_place(eppo(salt, unit), 10000, false, w, n);
  }
  return 0;
}
