/* How the evaluators reach data: the runtime implements it over its sources, tests over arrays. */
#ifndef BASE_HOST_H
#define BASE_HOST_H
#include "base/value.h"

struct host_cursor; /* the host's own */

enum host_find { HOST_FOUND = 0, HOST_NONE = 1, HOST_FAILED = 2 /* the run stops: the data cannot be read any more */ };

typedef struct host {
  void *ud;
  /* The record of source src whose single key equals key; *out is valid until the evaluation arena is reset. Found rows may be in error field by field. */
  int (*lookup)(void *ud, uint32_t src, val key, const rec **out);
  /* Walks a source: all of it (field < 0), or the rows whose field equals key - a superset is allowed. ordered: in key order.
     Every row is valid until the next step; hosts that are asked to keep (keep) make rows valid until the evaluation arena is reset. */
  int (*open)(void *ud, uint32_t src, int32_t field, val key, bool ordered, struct host_cursor **out);
  int (*next)(void *ud, struct host_cursor *c, bool keep, const rec **out); /* HOST_FOUND, HOST_NONE at the end, HOST_FAILED */
  void (*close)(void *ud, struct host_cursor *c);
  /* How many rows of record r's source hold this value in field: the refinement `unique`. */
  int (*count_equal)(void *ud, uint32_t src, uint16_t field, val v, int64_t *n);
  str (*failure)(void *ud); /* why HOST_FAILED */
} host;

#endif
