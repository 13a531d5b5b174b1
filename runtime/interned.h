/* Texts as numbers from 0, in the order in which they are first met. */
#ifndef RUNTIME_INTERNED_H
#define RUNTIME_INTERNED_H
#include "base/mem.h"
#include "base/str.h"

typedef struct interned { VEC(str) all; uint32_t nslots, *slot; /* index + 1 */ } interned; /* zeroed at first */

/* The number of a text; *fresh (may be NULL): it is new. It is copied to a, which is the same at each call. */
uint32_t interned_number(arena *a, interned *x, str s, bool *fresh);

#endif
