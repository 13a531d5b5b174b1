/* The reference evaluator: a small, slow tree walk over the typed IR that defines what programs mean. It shares no code with the emitter and the VM but the
 * library's functions and base/. Used by tests to check the VM, and by --explain, which needs the value of every node. */
#ifndef REFERENCE_REF_H
#define REFERENCE_REF_H
#include "base/host.h"
#include "compiler/ir.h"
#include "base/verdict.h"

typedef struct ref_cause { str text; uint8_t kind; str error; } ref_cause;

typedef struct ref_memo { bool known; val v; } ref_memo;

typedef struct ref_ctx {
  arena *a;
  const ir_program *p;
  const host *h;
  lib_ctx *lib;
  int64_t now;
  /* called after every node when set: for --explain */
  void (*trace)(void *ud, const ir *n, uint32_t depth, val v, uint8_t st);
  /* called after every rule that a `passes` asks, with the depth of its parts less one, when set */
  void (*judged)(void *ud, const prog_rule *r, uint32_t depth, truth t);
  /* called for every row of a decision table that is chosen, when set: for the coverage of tests */
  void (*chosen)(void *ud, uint32_t table, uint32_t row);
  void *trace_ud;
  bool indexed;                /* pick rows by equality where a binder allows it; false: walk every source whole (what tests compare the VM with) */
  ref_memo *once;              /* one a function: those without parameters are computed once; NULL: each time (as for indexed) */
  uint64_t steps, max_steps;   /* 0: none; beyond it ref calls give false */
} ref_ctx;

typedef struct ref_clause { uint32_t clause; truth result; uint32_t nmessages; str *messages; uint32_t ncauses; ref_cause *causes; } ref_clause;
typedef struct ref_result { verdict v; bool vacuous; uint32_t nclauses; ref_clause *clauses; } ref_result;

bool ref_rule(ref_ctx *c, uint32_t rule, const rec *r, ref_result *out);   /* false: host failed or out of steps */
bool ref_fix(ref_ctx *c, uint32_t rule, uint32_t fix, const rec *r, val *out, uint8_t *st);
bool ref_audience(ref_ctx *c, uint32_t audience, const rec *r, truth *out, uint32_t *ncauses, ref_cause **causes);
bool ref_expr(ref_ctx *c, const ir *x, uint32_t nlocals, val *out, uint8_t *st, uint32_t *ncauses, ref_cause **causes);
/* An expression that may read the rule's record and its first nlets lets: rows of a test, and what it expects. */
bool ref_in_rule(ref_ctx *c, const prog_rule *rule, uint32_t nlets, const rec *r, const ir *x, val *out, uint8_t *st, uint32_t *ncauses, ref_cause **causes);

#endif
