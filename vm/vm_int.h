/* Inside the virtual machine: the engine's state and what its files share. run.c interprets, ops.c and arith.c hold the operations that are too long for the
 * loop, engine.c the entry points; program.c, verify.c, disasm.c and bundle*.c work on programs. Nothing outside this folder includes it. */
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
  val ret;               /* of UNIT_FN and UNIT_EXPR */
  uint8_t ret_st;
  str *messages;         /* of the clause that speaks, room for CODE_MAX_MESSAGES */
  uint32_t nmessages;
  str clause_text;
  uint8_t *inactive;     /* one a rule */
  str failure;
};

/* ---- run.c ---- */
int vm_run(vm_engine *e, const code_unit *u, val *R, uint8_t *S, const rec *root);
/* A unit in a frame of its own: record or arguments are copied. Gives what vm_run gives. */
int vm_run_on_record(vm_engine *e, const code_unit *u, const rec *r);

/* ---- ops.c: 0, or a negative result of vm_run. They set R[a] and S[a], and e->made where they refuse by themselves. ---- */
typedef struct vm_frame { const code_unit *u; val *R; uint8_t *S; const rec *root; } vm_frame;
int vm_op_deref(vm_engine *e, const vm_frame *f, const ins *i);
int vm_op_resolves(vm_engine *e, const vm_frame *f, const ins *i);
int vm_op_unique(vm_engine *e, const vm_frame *f, const ins *i);
int vm_op_call(vm_engine *e, const vm_frame *f, const ins *i);
int vm_op_fn(vm_engine *e, const vm_frame *f, const ins *i);
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
str vm_why_bad(const rec *r, uint32_t field);

/* ---- arith.c: ST_OK, or ST_ERR with *why set ---- */
uint8_t vm_arith(ir_arith op, val a, val b, arena *mem, val *out, str *why);
uint8_t vm_negate(const type *t, val a, val *out, str *why);
extern const str vm_int_overflow, vm_num_overflow, vm_zero_division;

/* ---- program.c ---- */
/* Computes pure, depth and stack of every unit. NULL, or what is wrong (a chain of calls that is too deep). */
const char *vm_measure(vm_program *p);
/* Of an expression's unit, whose program is measured already. */
void vm_measure_unit(const vm_program *p, code_unit *u);
void vm_each_unit(const vm_program *p, void (*each)(void *ud, code_unit *u, str name, uint32_t part), void *ud);

/* ---- prepare.c ---- */
typedef enum vm_row_kind { ROW_INT, ROW_NUM, ROW_INTS, ROW_ATOMS } vm_row_kind;

/* A field in a range (ints may wrap around) or in a set of 64. */
typedef struct vm_row {
  uint16_t slot;
  uint8_t kind, result;  /* result: of the unit when it does not hold */
  union {
    struct { uint64_t lo, span; } i;
    struct { double lo, hi; } n;
    struct { uint64_t mask; uint8_t base; } m;
  };
} vm_row;

typedef struct vm_row_run { uint32_t n; uint8_t kind, result; } vm_row_run;

struct vm_table { uint32_t nruns; uint8_t final; vm_row_run *runs; vm_row *rows; };

/* Sets u->table where the unit is a chain of tests on fields. */
void vm_prepare(arena *a, code_unit *u);

/* Four tests a branch: what would decide earlier is rarely worth a branch that may be mispredicted. */
static inline unsigned vm_out_of_range(const vm_row *r, const val *R) { return (unsigned)((uint64_t)R[r->slot].i - r->i.lo > r->i.span); }
static inline unsigned vm_out_of_numbers(const vm_row *r, const val *R) { return (unsigned)(R[r->slot].n < r->n.lo) | (unsigned)(R[r->slot].n > r->n.hi); }
static inline unsigned vm_out_of_ints(const vm_row *r, const val *R) {
  uint64_t at = (uint64_t)R[r->slot].i - (uint64_t)(int64_t)(int8_t)r->m.base;
  return (unsigned)(at > 63) | (unsigned)(~r->m.mask >> (at & 63) & 1);
}
static inline unsigned vm_out_of_atoms(const vm_row *r, const val *R) {
  uint32_t atom = R[r->slot].t->atom;
  return (unsigned)(atom / 64 != r->m.base) | (unsigned)(~r->m.mask >> (atom & 63) & 1);
}

static inline int vm_run_table(const vm_table *t, const val *R) {
  const vm_row *r = t->rows;
  for (const vm_row_run *run = t->runs, *last = run + t->nruns; run < last; run++) {
    uint32_t n = run->n;
#define ROWS(out) \
    for (; n >= 4; n -= 4, r += 4) \
      if (__builtin_expect(out(r, R) | out(r + 1, R) | out(r + 2, R) | out(r + 3, R), 0)) return run->result; \
    for (; n >= 1; n--, r++) \
      if (__builtin_expect(out(r, R), 0)) return run->result
    switch ((vm_row_kind)run->kind) {
    case ROW_INT: ROWS(vm_out_of_range); break;
    case ROW_NUM: ROWS(vm_out_of_numbers); break;
    case ROW_INTS: ROWS(vm_out_of_ints); break;
    case ROW_ATOMS: ROWS(vm_out_of_atoms); break;
    }
#undef ROWS
  }
  return t->final;
}

/* ---- verify.c ---- */
bool vm_signature_fits(arena *scratch, const lib_ops *lib, const builtin *f, uint32_t n, const type *const *argt, const type *rett); /* signature.c */
const char *vm_textformat_name(uint32_t format); /* NULL: there is none */
bool vm_verify_unit(const vm_program *p, const code_unit *u, arena *scratch, str *error);

#endif
