/* One thread's means to evaluate a program: the VM, the library's caches, and the data that look-ups read. See also validate.h and
 * match.h, which walk data with it, and api_engine.c, which gives it to a host program. */
#ifndef RUNTIME_ENGINE_H
#define RUNTIME_ENGINE_H
#include "runtime/findings.h"
#include "runtime/source.h"

typedef struct rt_engine {
  const rt_program *p;
  const mem *m;
  struct lib_state *ls;
  vm_engine *vm;
  host proxy;              /* what the VM holds: forwards to inner, which needs the VM's own arena and so comes after it */
  const host *inner;       /* NULL: no data; a look-up fails with a clear text */
  str failure;             /* of a look-up without data */
} rt_engine;

/* limits 0: the defaults. false: out of memory. The engine must not move while it is open. */
bool rt_engine_open(rt_engine *e, const rt_program *p, const mem *m, vm_limits limits, int64_t now);
void rt_engine_data(rt_engine *e, src_data *d);    /* look-ups read d from now on */
void rt_engine_close(rt_engine *e);                /* also of one that could not be opened */
/* Turns a status of the VM into one of the runtime; RT_BUDGET and RT_ENV come with a text in *failure that lives until the engine's next
   call. */
int rt_engine_status(rt_engine *e, int vm_status, str *failure);

/* The messages of a clause that is false: a generated one that could not be computed, since some other part of the clause is in error, quotes the clause. */
str *rt_messages(arena *a, const prog_clause *pc, uint32_t n, str *messages);
/* What a verdict says as a finding: record, clauses, causes, actual values; in arena a, texts of res are shared. r may be NULL. */
finding rt_finding_of(arena *a, const rt_program *p, uint32_t rule, const rec *r, const vm_result *res);
/* What a source has to say of its data as a finding, without a place in the order; texts are shared. */
finding rt_finding_of_issue(const src_issue *i);

/* One text of all that a finding has to say, one sentence a line. */
str rt_finding_message(arena *a, const finding *x);

/* Versions of all that can change an answer, as bundles and logs note them: "Blazon 0.1.0; ICU ...; libm 2.36". */
str rt_versions(arena *a);
int64_t rt_clock(void);   /* now, microseconds since 1970 UTC */

#endif
