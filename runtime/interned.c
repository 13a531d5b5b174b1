/* Texts as numbers: open addressing over an arena; see interned.h. */
#include "runtime/interned.h"

#include <xxhash.h>

static uint64_t place(const interned *x, str s) {
  uint64_t at = XXH3_64bits(s.p, s.n) % x->nslots;
  while (x->slot[at] && !str_eq(x->all.v[x->slot[at] - 1], s)) at = (at + 1) % x->nslots;
  return at;
}

static void grow(arena *a, interned *x) {
  x->nslots = x->nslots ? 2 * x->nslots : 1024;
  x->slot = ARENA_ARRAY(a, uint32_t, x->nslots);
  for (uint32_t i = 0; i < x->all.n; i++) x->slot[place(x, x->all.v[i])] = i + 1;
}

uint32_t interned_number(arena *a, interned *x, str s, bool *fresh) {
  if (2 * x->all.n >= x->nslots) grow(a, x);
  uint64_t at = place(x, s);
  if (fresh) *fresh = !x->slot[at];
  if (!x->slot[at]) {
    *VEC_PUSH(a, &x->all) = str_dup(a, s);
    x->slot[at] = x->all.n;
  }
  return x->slot[at] - 1;
}
