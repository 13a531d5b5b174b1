/* Matching audiences over their sources: each record is in, out, unknown or in error. */
#ifndef RUNTIME_MATCH_H
#define RUNTIME_MATCH_H
#include "runtime/engine.h"

typedef struct rt_match {
  uint32_t audience;
  truth result;
  const rec *record;
  str key;                 /* as text */
  uint32_t ncauses;        /* of U and E, when causes were asked for */
  const vm_cause *causes;
} rt_match;

typedef struct rt_match_opts {
  const mem *m;
  str db;
  uint32_t nbindings;
  const src_binding *bindings;
  int64_t now;
  uint32_t naudiences;
  const uint32_t *audiences;
  bool causes;
  vm_limits limits;
  bool (*on_match)(void *ud, const rt_match *x);             /* false stops; x and all it points to live until it returns */
  bool (*progress)(void *ud, str source, int64_t rows, int64_t estimate); /* as rt_validate_opts */
  void (*issue)(void *ud, const src_issue *i);
  void *ud;
} rt_match_opts;

typedef struct rt_match_counts { int64_t n[4]; } rt_match_counts; /* by truth */

/* counts has one entry an audience asked for. Rows come in storage order, each with all of its source's audiences. RT_OK, RT_ENV and
   RT_BUDGET (*failure says why, in arena a), RT_STOPPED, RT_OOM. */
int rt_match_run(const rt_program *p, const rt_match_opts *o, arena *a, rt_match_counts *counts, str *failure);

#endif
