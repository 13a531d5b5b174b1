/* The one hash that assignments, samples and draws stand on: XXH64, seed 0, over parts, each a little-endian 32-bit length and its bytes, so that
 * parts do not run together. The same on every machine and in every version: what it gives decides who is in a share. */
#ifndef BASE_PARTS_H
#define BASE_PARTS_H
#include "base/str.h"

uint64_t parts_hash(const str *parts, uint32_t n);

#endif
