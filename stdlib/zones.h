/* Time zones of the system's tz database. Internal to stdlib/. */
#ifndef STDLIB_ZONES_H
#define STDLIB_ZONES_H
#include "stdlib/lib.h"

struct zone;

/* The zone of this name, loaded once per engine; NULL when there is none (c->error is set). */
const struct zone *zone_find(lib_ctx *c, str name);
/* Seconds that local time is ahead of UTC at an instant, in seconds since 1970 UTC. */
int64_t zone_offset(const struct zone *z, int64_t utc);
/* The instant of a wall clock that shows these seconds since 1970: the first of two, moved on by the gap when there is none. */
int64_t zone_to_utc(const struct zone *z, int64_t local);
bool lib_zone_instant(arena *a, str zone, int64_t local, int64_t *utc); /* lib_ops.zone_instant */
/* "2025b", empty when the system does not say. */
str zone_version(arena *a);

#endif
