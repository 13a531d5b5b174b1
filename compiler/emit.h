/* Inside the emitter: the state of one unit under construction and the assembler's operations (emit_unit.c). The code
 * generators stand in emit_value.c (values), emit_test.c (tests as control flow), emit_walk.c (binders) and emit_rule.c (units
 * of declarations). */
#ifndef COMPILER_EMIT_H
#define COMPILER_EMIT_H
#include "base/diag.h"
#include "compiler/code.h"

typedef uint32_t label;  /* a place in the unit, bound once */
typedef uint16_t reg;
enum { NO_REG = UINT16_MAX };
enum { MAY_MISS = 1, MAY_FAIL = 2 };

/* Tables of a program (or of one expression) under construction; shared by its units. */
typedef struct emit_tables {
  arena *a;
  VEC(code_const) consts;
  VEC(code_site) sites;
  VEC(str) causes;
} emit_tables;

typedef struct emit_ins { ins i; label t, f, c; span sp; } emit_ins;

typedef struct emit_reg { code_reg r; bool busy, pinned; } emit_reg;

typedef struct emitter {
  arena *a;
  diags *d;
  const ir_program *p;
  emit_tables *tab;
  code_unit *u;
  bool too_large;
  bool clean;            /* fields that are not optional are there */
  bool collect;
  VEC(emit_ins) code;
  VEC(uint32_t) at;      /* of labels */
  VEC(emit_reg) regs;
  reg *local;            /* register of each local, NO_REG */
  reg *causes;           /* of lets: saved causes, NO_REG */
  bool *present;         /* locals that hold an element: never missing nor in error */
  uint32_t nlocals;
  uint32_t below;        /* or, not, implies around the present node: what stands in them may be passed over */
  uint16_t depth;        /* walks over sources open here that do not keep rows */
  span sp;
} emitter;

/* Where a test goes. */
typedef struct ways { label t, f, u, e; } ways;

/* ---- emit_unit.c ---- */
void emit_begin(emitter *e, unit_kind kind, const type_rec *root, uint32_t nlocals);
code_unit *emit_end(emitter *e);                        /* NULL when too large */
label emit_label(emitter *e);
void emit_bind(emitter *e, label l);
ins *emit_op(emitter *e, opcode op, reg a);             /* falls through */
ins *emit_op_bc(emitter *e, opcode op, reg a, reg b, reg c);
ins *emit_op_d(emitter *e, opcode op, reg a, reg b, uint32_t d);
void emit_jump(emitter *e, label to);
ins *emit_test_op(emitter *e, opcode op, reg a, label t, label f);
void emit_check(emitter *e, reg a, label ok, label u, label bad);
void emit_check2(emitter *e, reg a, reg b, label ok, label u, label bad);
void emit_jump_x(emitter *e, opcode op, reg a, uint8_t x, label to); /* WORSE, CUT */
reg emit_reg_new(emitter *e, reg_kind kind, uint8_t sub, const type *t);
reg emit_temp(emitter *e, const type *t);               /* REG_VALUE of t without ? */
void emit_free(emitter *e, reg r);                      /* fixed registers, locals: nothing happens */
void emit_pin(emitter *e, reg r);                       /* is not given back by emit_free */
void emit_unpin(emitter *e, reg r);                     /* gives it back */
reg emit_fixed(emitter *e, const type *t);              /* a parameter: before any other register */
uint32_t emit_const(emitter *e, const type *t, val v);
uint32_t emit_cause(emitter *e, str text);
uint32_t emit_site(emitter *e, code_site s);
const type *emit_bool_type(void);
const type *emit_int_type(void);
const type *emit_text_type(void);

/* ---- emit_test.c ---- */
unsigned emit_may(const emitter *e, const ir *n);       /* MAY_* of a value or a test */
bool emit_is_test(const ir *n);                         /* a node that emit_test knows by itself */
void emit_test(emitter *e, const ir *n, ways w);
void emit_test_reg(emitter *e, reg r, unsigned may, ways w);
void emit_truth_into(emitter *e, const ir *n, reg dst); /* a test as a value */
double emit_cost(const ir *n);

/* A register that gathers the worst status seen, and the landing that makes it worse: binds here and goes to `to`. */
reg emit_gauge(emitter *e);
void emit_worse(emitter *e, reg gauge, uint8_t st, label here, label to);
reg emit_mark(emitter *e);                              /* NO_REG unless causes are collected */
enum { CUT_ALL = 0, CUT_BUT_MISSING = 1, CUT_BUT_ERRORS = 2 };
void emit_cut(emitter *e, label here, reg mark, uint8_t what, label to); /* binds here: drops causes, goes to `to` */

/* ---- emit_value.c ---- */
reg emit_value(emitter *e, const ir *n);                /* a register that holds it; give it back with emit_free */
void emit_into(emitter *e, const ir *n, reg dst);
void emit_note(emitter *e, reg r, const ir *n);
void emit_filter(emitter *e, reg mark, reg r);
void emit_drop(emitter *e, reg mark);

/* ---- emit_walk.c ---- */
/* A walk. After begin the code stands in its body, for one element: it ends by going to `next` for the following element, or to a label that
   emit_walk_leave binds when it has enough. end stands where the elements are used up. A list that is missing or in error goes to u or bad. */
typedef struct walk {
  const ir_binder *bind;
  label next, body, done;
  reg list, counter, key, elem, outer;
  bool source, keep, outer_present;
} walk;
void emit_walk_begin(emitter *e, walk *w, const ir_binder *b, bool ordered, bool keep, label u, label bad);
void emit_walk_leave(emitter *e, walk *w, label here, label to); /* binds here: closes the walk, goes to `to` */
void emit_walk_end(emitter *e, walk *w);                         /* the counter is the caller's to free */
void emit_quant(emitter *e, const ir *n, ways w);
void emit_compr(emitter *e, const ir *n, reg dst);
void emit_agg(emitter *e, const ir *n, reg dst);

#endif
