/* Candidates of a choice for one kind of subject: who may be shown, what is known of each, with which weights. Inside runtime/decide*.c. */
#ifndef RUNTIME_POOL_H
#define RUNTIME_POOL_H
#include "runtime/decide.h"

typedef struct pool {
  arena a;                 /* owns everything here; jumps where the decider says */
  arena work;              /* for the while that it is computed; jumps likewise */
  uint64_t hash;
  str key;                 /* what it depends on, whole: a hash only says where to look */
  truth subject;           /* of the choice's own `where` */
  str subject_why;
  uint32_t n;
  state_candidate *v;      /* in key order, weights filled in */
  policy_arm *arms;        /* per candidate */
  bool drawable;           /* weights are there */
  str why;                 /* else: why not */
  str evidence;            /* JSON; empty: the policy looks at none */
  bool holdout_ok, fallback_ok;
  str holdout_why, fallback_why;
} pool;

/* Computes the pool of a subject in p->a, with the engine's VM (after vm_reset). RT_OK, or RT_ENV, RT_BUDGET (*failure in a), RT_OOM. */
int pool_make(rt_engine *e, uint32_t choice, rec *subject, int64_t now, policy_cache *cache, pool *p, arena *a, str *failure);

#endif
