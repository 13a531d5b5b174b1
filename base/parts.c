/* The hash over parts. See parts.h. */
#include "base/parts.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t parts_hash(const str *parts, uint32_t n) {
  XXH64_state_t st;
  XXH64_reset(&st, 0);
  for (uint32_t i = 0; i < n; i++) {
    const unsigned char len[4] = { (unsigned char)parts[i].n, (unsigned char)(parts[i].n >> 8), (unsigned char)(parts[i].n >> 16),
                                   (unsigned char)(parts[i].n >> 24) };
    XXH64_update(&st, len, 4);
    if (parts[i].n) XXH64_update(&st, parts[i].p, parts[i].n);
  }
  return XXH64_digest(&st);
}
