/* Inside the virtual machine: the engine's state and what its files share. run.c interprets, ops.c and arith.c hold the
 * operations that are too long for the loop, engine.c the entry points; program.c, verify.c, disasm.c and bundle*.c work on
 * programs. Nothing outside this folder includes it. */
#ifndef VM_VM_INT_H
#define VM_VM_INT_H
#include "compiler/code.h"
#include "vm/vm.h"

typedef struct vm_table vm_table;

struct vm_program {
  arena *a;
  ir_program *ir;
  code *c;
  uint32_t frame;        /* registers of the largest unit that judges a record */
  uint32_t stack;        /* registers that the deepest chain of calls needs */
  str made_with;         /* of a bundle; else empty */
};

/* What vm_run gives when it cannot finish; a unit's own results are not negative. */
enum { RUN_BUDGET = -1, RUN_HOST = -2, RUN_OOM = -3 };

/* An open walk over a source. */
typedef struct vm_walk {
  struct host_cursor *c;
  bool keep;
  arena_mark mark;       /* of the loop arena, when rows are not kept */
  arena *back;           /* arena in use before */
} vm_walk;

typedef struct vm_notes { uint32_t n; vm_cause *v; } vm_notes;
typedef struct vm_gather { arena *a; VEC(val) got; } vm_gather;

/* What a function without parameters gave: the same for all records of a run. */
typedef struct vm_once { bool known; uint8_t st; val v; } vm_once;

enum { RULE_INACTIVE = 1, RULE_WAIVED = 2 /* has waivers that have not ended */ };

struct vm_engine {
  const mem *m;
  const vm_program *p;
  const host *h;
  arena main;            /* results; until vm_reset */
  arena loop;            /* what is made inside a walk over a source: until its next step */
  arena *cur;            /* the one in use */
  jmp_buf oom;
  lib_ctx lib;
  uint64_t steps, max_steps;
  int64_t now;
  val *stack;            /* frames of calls */
  uint8_t *stack_st;
  uint32_t sp, stack_cap;
  vm_walk *walks;
  uint32_t nwalks, walks_cap;
  arena keep;            /* the library's, as long as the engine */
  VEC(vm_cause) notes;
  uint32_t note_base;    /* causes before it belong to what encloses a let under way */
  bool made;             /* the last instruction made a missing value or an error by itself ... */
  str why;               /* ... because */
  bool vacuous;
  const rec *top;        /* the record that is being judged; NULL: none */
  val ret;               /* of UNIT_FN, UNIT_EXPR and UNIT_FIX */
  uint8_t ret_st;
  str *messages;         /* of the clause that speaks, room for CODE_MAX_MESSAGES */
  uint32_t nmessages;
  str clause_text;
  uint8_t *inactive;     /* one a rule: RULE_* at this time; 0: nothing but its code decides */
  vm_once *once;         /* one a function */
  arena kept;            /* what their values point to */
  const code_rule *rules; /* the program's, near at hand */
  const vm_table **tables; /* one a rule: what judges clean records; NULL: it takes more */
  const vm_table **direct; /* one a rule: of those, the ones that vm_direct takes; NULL: it takes more */
  int (*run_table)(const vm_table *t, const val *R);
  str failure;
};

/* ---- run.c ---- */
int vm_run(vm_engine *e, const code_unit *u, val *R, uint8_t *S, const rec *root);
/* A unit in a frame of its own: record or arguments are copied. Gives what vm_run gives. */
int vm_run_on_record(vm_engine *e, const code_unit *u, const rec *r);

/* A fail or unknown that a waiver covers, as waived. May allocate. (engine.c) */
verdict vm_waived(vm_engine *e, uint32_t rule, const rec *r, verdict v);

/* ---- ops.c: 0, or a negative result of vm_run. They set R[a] and S[a], and e->made where they refuse by themselves. ---- */
typedef struct vm_frame { const code_unit *u; val *R; uint8_t *S; const rec *root; } vm_frame;
int vm_op_deref(vm_engine *e, const vm_frame *f, const ins *i);
int vm_op_resolves(vm_engine *e, const vm_frame *f, const ins *i);
int vm_op_unique(vm_engine *e, const vm_frame *f, const ins *i);
int vm_op_call(vm_engine *e, const vm_frame *f, const ins *i);
int vm_op_extern(vm_engine *e, const vm_frame *f, const ins *i);
int vm_op_fn(vm_engine *e, const vm_frame *f, const ins *i);
int vm_op_table(vm_engine *e, const vm_frame *f, const ins *i);
int vm_op_audience(vm_engine *e, const vm_frame *f, const ins *i);
int vm_op_passes(vm_engine *e, const vm_frame *f, const ins *i);
int vm_op_open(vm_engine *e, const vm_frame *f, const ins *i);
int vm_op_step(vm_engine *e, const vm_frame *f, const ins *i); /* 1: a row, 0: the end */
void vm_op_close(vm_engine *e);
void vm_op_list(vm_engine *e, const vm_frame *f, const ins *i);
void vm_op_record(vm_engine *e, const vm_frame *f, const ins *i);
void vm_op_with(vm_engine *e, const vm_frame *f, const ins *i);
void vm_op_interp(vm_engine *e, const vm_frame *f, const ins *i);
void vm_op_matches(vm_engine *e, const vm_frame *f, const ins *i);
void vm_op_eq(vm_engine *e, const vm_frame *f, const ins *i);
void vm_op_in_list(vm_engine *e, const vm_frame *f, const ins *i);
void vm_op_entry(vm_engine *e, const vm_frame *f, const ins *i, uint32_t at);
void vm_op_agg_add(vm_engine *e, const vm_frame *f, const ins *i);
bool vm_in_set(const type *list_type, val v, const list *l);
const val *vm_map_find(const map *m, const text *key);
int vm_compare_mixed(int64_t i, double n);
bool vm_has_error(const type *t, val v);
void vm_close_walks(vm_engine *e, uint32_t down_to);

/* ---- causes ---- */
void vm_note(vm_engine *e, str cause, uint8_t st, str error);
void vm_cut(vm_engine *e, uint32_t mark, uint8_t what);

/* ---- arith.c: ST_OK, or ST_ERR with *why set ---- */
uint8_t vm_arith(ir_arith op, val a, val b, arena *mem, val *out, str *why);
uint8_t vm_negate(const type *t, val a, val *out, str *why);
extern const str vm_int_overflow, vm_num_overflow, vm_zero_division;

/* ---- program.c ---- */
/* Computes pure, depth and stack of every unit. NULL, or what is wrong (a chain of calls that is too deep). */
const char *vm_measure(vm_program *p);
/* Of an expression's unit, whose program is measured already. */
void vm_measure_unit(const vm_program *p, code_unit *u);
/* One unit without the places in the rule files: the same text for the same code (disasm.c). */
void vm_disasm_unit(buf *out, const vm_program *p, code_unit *u, str name);
void vm_each_unit(const vm_program *p, void (*each)(void *ud, code_unit *u, str name, uint32_t part), void *ud);

/* ---- template.c ---- */
/* Of what came from a bundle; numbers are in range already. */
bool vm_template_wrong(const ir_program *p, const prog_template *t);
bool vm_experiment_wrong(const ir_program *p, const prog_experiment *x);
bool vm_choice_wrong(const ir_program *p, const prog_choice *x);

/* ---- prepare.c ---- */
/* Four neighboring fields, each in a range that may wrap around: of ints, or of the bits of numbers or pointers. Both are kept with their highest bit
   turned over, so that a signed comparison does. A field that nothing is asked of is in the range of everything. */
typedef struct vm_block { uint64_t lo[4], span[4]; } vm_block;

/* A field in a set of 64 atoms. */
typedef struct vm_set { uint64_t mask; uint16_t slot; uint8_t window; } vm_set;

/* A text that is one of some atoms, or none of them. */
typedef struct vm_words { const val *atoms; uint32_t n; uint16_t slot; bool among; } vm_words;

/* A field in a range that may wrap around. */
typedef struct vm_span { uint64_t lo, span; uint32_t slot; } vm_span;

/* Tests that decide alike when one of them does not hold: verdict[1]. There is a block at least. Else the next ones; after the last, verdict[0].
   Tables and their blocks begin where cache lines do, and there is no pointer from one to the other: bench/vm_row.c shows both. */
enum { VM_TABLE_BLOCKS = 15 };
struct vm_table {
  const vm_set *sets;
  const vm_words *words;
  const vm_table *next;
  uint16_t nblocks, nsets, nwords;
  uint8_t verdict[2];
  uint16_t at[VM_TABLE_BLOCKS]; /* the first field of each block */
  bool in_order;                /* blocks lie as run_direct wants them (bulk.c) */
  vm_block blocks[];
};

/* Sets u->table where the unit is a chain of tests on fields. */
void vm_prepare(arena *a, code_unit *u);
/* What several units ask, all at once. A field just read is asked for by itself: loading four at a time would wait until they have been stored. */
typedef struct vm_all {
  const vm_span *spans;
  const vm_span (*pairs)[2]; /* one or the other */
  const vm_set *sets;
  const vm_words *words;
  uint32_t nspans, npairs, nsets, nwords;
} vm_all;
/* For all units that it can hold (in; entries of units may be NULL): holds iff each of them passes. false: for none. */
bool vm_merge(arena *a, const code_unit *const *units, uint32_t n, vm_all *all, bool *in);

/* ---- bulk.c ---- */
/* Runs the table over a record's values. The best that this processor offers. */
typedef int (*vm_table_fn)(const vm_table *t, const val *R);
vm_table_fn vm_table_runner(void);
int vm_run_plain(const vm_table *t, const val *R); /* any processor's */
/* t, if vm_rules may run it at once: nothing but ranges, and the code for them suits this processor. t may be NULL. */
const vm_table *vm_direct(const vm_table *t);
/* One rule, whatever it takes. (engine.c) */
int vm_one_rule(vm_engine *e, uint32_t rule, rec *r, uint8_t *verdict);
/* A pure unit on a record that has room for its registers: VM_OK, or VM_BUDGET. (engine.c) */
int vm_pure(vm_engine *e, const code_unit *u, rec *r, uint8_t *verdict);

/* ---- verify.c ---- */
bool vm_signature_fits(const lib_ops *lib, const builtin *f, const code_site *site); /* signature.c */
const char *vm_textformat_name(uint32_t format); /* NULL: there is none */
bool vm_verify_unit(const vm_program *p, const code_unit *u, arena *scratch, str *error);

#endif
