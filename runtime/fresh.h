/* Data that stays fresh under an engine that decides: a thread of its own looks whether a writer has changed the database or the state file, opens it anew,
 * decides in advance what was decided lately, and lays both ready. The engine takes them over between two calls and never waits. */
#ifndef RUNTIME_FRESH_H
#define RUNTIME_FRESH_H
#include "runtime/decide.h"
#include "runtime/source.h"

typedef struct rt_fresh rt_fresh;

typedef struct fresh_config {
  const rt_program *p;
  const mem *m;            /* called from both threads */
  vm_limits limits;
  str db;                  /* as the data is open now; these and m outlive the fresh one */
  uint32_t nbindings;
  const src_binding *bindings;
  int64_t every;           /* microseconds from look to look */
  int64_t now;             /* a clock that stands; 0: the host's */
} fresh_config;

/* data is what the engine e has; until rt_fresh_stop nobody else asks it for its version, and rt_fresh_take replaces it. NULL: out of memory. */
rt_fresh *rt_fresh_start(const fresh_config *c, rt_engine *e, src_data *data);
void rt_fresh_stop(rt_fresh *f); /* waits for its thread; NULL is fine */

/* Newer data with its decider for the engine, and when it was opened; *data and *d come in as the old ones, which the thread closes. false: there is none. */
bool rt_fresh_take(rt_fresh *f, src_data **data, rt_decider **d, int64_t *opened);
/* A subject was decided about for which nothing was kept. For rt_decider_watch; ud is the rt_fresh. */
void rt_fresh_seen(void *ud, uint32_t choice, const rec *subject);

bool rt_fresh_behind(rt_fresh *f);  /* a writer was there, and what it wrote is not taken over yet */
void rt_fresh_problem(rt_fresh *f, char *text, size_t n); /* why newer data could not be opened, or "" */

#endif
