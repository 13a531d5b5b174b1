/* The virtual machine's face. A vm_program is immutable and shared by threads; a vm_engine belongs to one thread. */
#ifndef VM_VM_H
#define VM_VM_H
#include "base/host.h"
#include "base/verdict.h"
#include "compiler/ir.h"

typedef struct vm_program vm_program;
typedef struct vm_engine vm_engine;

enum vm_status { VM_OK = 0, VM_BUDGET = 1 /* steps or bytes */, VM_HOST = 2 /* data cannot be read */, VM_OOM = 3 };


/* Emits bytecode for every rule, audience and function. Limits passed (a rule too large) go to d. The program keeps a pointer to ir. */
vm_program *vm_compile(arena *a, diags *d, ir_program *ir);
const ir_program *vm_model(const vm_program *p);
str vm_made_with(const vm_program *p);                          /* versions of what made the bundle that it comes from; else empty */
void vm_disasm(buf *out, const vm_program *p, str only);       /* only: a rule, fn or audience name; empty: all */

/* What a function computes, as a text by which two programs are compared: its code and that of all it calls, and what these read of records and lists. Equal
   texts: the same results for the same rows. Different texts may still mean the same; a program that is recompiled from the same words gives equal ones. */
void vm_meaning(buf *out, const vm_program *p, uint32_t fn);

/* Bundle: versioned, checksummed, little-endian, with the sources and a source map. vm_unpack verifies everything: any byte string is safe.
   The caller owns bytes and keeps them alive as long as the program. *error names what is wrong and where ("bundle is damaged: checksum ..."). */
str vm_pack(arena *a, const vm_program *p, str made_with); /* made_with: versions of what made it, up to 1,000 bytes; no part of its digest */
bool vm_is_bundle(const void *bytes, size_t n);                 /* begins with a bundle's magic: says nothing of the rest */
vm_program *vm_unpack(arena *a, const lib_ops *lib, const void *bytes, size_t n, str *error);
bool vm_verify(const vm_program *p, str *error);               /* each unit's bytecode: jumps, registers, types, ends */
/* The "bundle hash": SHA-256, in hexadecimal digits, of a program that vm_pack was given nothing to say of what made it. */
void vm_packed_hash(str packed, char out[65]);
bool vm_hash(const vm_program *p, char out[65]);               /* the same of a program, packed for it; false: out of memory */

typedef struct vm_limits { uint64_t steps, bytes; } vm_limits; /* per record; 0: the default (50 million, 256 MB) */

/* NULL when out of memory. host, lib state are the caller's and outlive the engine. */
vm_engine *vm_open(const mem *m, const vm_program *p, const host *h, struct lib_state *ls, vm_limits lim);
void vm_close(vm_engine *e);
void vm_set_now(vm_engine *e, int64_t now_usec);
void vm_forget(vm_engine *e);                                    /* the data behind the host is another: what was kept between records is stale */
uint32_t vm_frame_size(const vm_program *p);                    /* rec.cap of row records that avoids a copy */

typedef struct vm_cause { str text; uint8_t kind; /* ST_MISSING or ST_ERR */ str error; /* why, for ST_ERR */ } vm_cause;

typedef struct vm_clause_result {
  uint32_t clause;
  truth result;            /* of (guard implies clause); never TR_T */
  uint32_t nmessages;
  str *messages;           /* up to 3, one a breaking element; at least one for F */
  uint32_t ncauses;
  vm_cause *causes;        /* U: missing; E: errors. Distinct, in order of first appearance */
} vm_clause_result;

typedef struct vm_result {
  verdict v;
  bool vacuous;            /* only with V_PASS */
  uint32_t nclauses;       /* that do not hold */
  vm_clause_result *clauses; /* in the engine's arena, until vm_reset */
} vm_result;

void vm_reset(vm_engine *e);                                     /* forgets results and records; once per record of a run */
/* r may be NULL for rules without a record. explain false: verdict only, no messages and causes (out->clauses is NULL). */
int vm_rule(vm_engine *e, uint32_t rule, rec *r, bool explain, vm_result *out);
/* All of rules[0..n) on one record: the bulk path. verdicts has n entries (bit 7 set: vacuous). */
int vm_rules(vm_engine *e, const uint32_t *rules, uint32_t n, rec *r, uint8_t *verdicts);
/* A list of rules made ready to judge many records, as the engine's clock stands now; in a, as long as rules is there. */
typedef struct vm_list vm_list;
vm_list *vm_list_new(vm_engine *e, arena *a, const uint32_t *rules, uint32_t n);
/* As vm_rules, but verdicts are given only at the n positions of *at: the other rules all pass. *at lives as long as the list and is either every position
   or the same few (vm_list_rest) each time, so that a caller may count the others together. */
int vm_list_run(vm_engine *e, const vm_list *l, rec *r, uint8_t *verdicts, const uint32_t **at, uint32_t *n);
uint32_t vm_list_rest(const vm_list *l, const uint32_t **at);
/* What a fix of the rule proposes for a record, in the engine's arena until vm_reset. *st ST_MISSING, ST_ERR: nothing. */
int vm_fix(vm_engine *e, uint32_t rule, uint32_t fix, const rec *r, val *out, uint8_t *st);
int vm_audience(vm_engine *e, uint32_t audience, rec *r, truth *out);
int vm_audience_causes(vm_engine *e, uint32_t audience, rec *r, truth *out, uint32_t *n, vm_cause **causes);
/* One of the program's functions, with a value and a status for each parameter; those that its body does not read may be missing. The result lives until
   vm_reset. causes (with n; may be NULL): why it is missing or in error. */
int vm_call(vm_engine *e, uint32_t fn, const val *args, const uint8_t *sts, val *out, uint8_t *st, uint32_t *n, vm_cause **causes);
/* An expression compiled by compile_expr, for tests and the REPL: emitted and run once. */
int vm_eval(vm_engine *e, diags *d, const ir *x, uint32_t nlocals, val *out, uint8_t *st, uint32_t *ncauses, vm_cause **causes);
uint64_t vm_steps(const vm_engine *e);
str vm_failure(const vm_engine *e);                              /* why VM_BUDGET or VM_HOST */
arena *vm_arena(vm_engine *e);
lib_ctx *vm_lib(vm_engine *e);

#endif
