/* Bytecode: what the emitter (compiler/emit_*.c) makes and the virtual machine (vm/) runs. Instructions stand in
 * vm/opcodes.def.
 *
 * A unit is one straight piece of code with typed registers: every register has one static type for the whole unit, so that a
 * unit can be verified and a value needs no tag. A unit that judges a record has the record's fields as its first registers; a
 * function its parameters. All other registers start missing. */
#ifndef COMPILER_CODE_H
#define COMPILER_CODE_H
#include "base/verdict.h"
#include "compiler/ir.h"

typedef enum opcode {
#define OP(name, text, flow, a, b, c, d, doc) BC_##name,
#include "vm/opcodes.def"
  OPCODE_COUNT
} opcode;

typedef enum code_flow { FLOW_NEXT, FLOW_JUMP, FLOW_TEST, FLOW_CHECK, FLOW_END } code_flow;

/* One row of opcodes.def: roles of the operands are the letters that stand there. */
typedef struct code_row { const char *text, *doc; uint8_t flow; char a, b, c, d; } code_row;
extern const code_row code_rows[OPCODE_COUNT];

typedef struct ins {
  uint8_t op, x;
  uint16_t a;
  uint16_t t, f;         /* jump targets: index of an instruction of the unit */
  union {
    int64_t i;
    double n;
    const text *k;       /* a canonical literal of the program */
    struct { int32_t lo, hi; };
    struct { uint16_t b, c; uint32_t d; };
  };
} ins;
_Static_assert(sizeof(ins) == 16, "an instruction is 16 bytes");

enum passes_form { PASSES_HOLDS, PASSES_NEGATED, PASSES_VERDICT /* of the first rule, from 1 */, PASSES_NAMES /* of the rules that fail, a text */ };
enum open_flag { OPEN_KEYED = 1, OPEN_ORDERED = 2, OPEN_KEEP = 4 };

typedef enum reg_kind {
  REG_VALUE,   /* a value of type */
  REG_COUNT,   /* a counter or a mark: an int that is not a value of the language */
  REG_AGG,     /* an aggregate over elements of type (NULL: count); sub: agg_op */
  REG_GATHER,  /* a list of elements of type under construction */
  REG_CAUSES,  /* saved causes */
  REG_KINDS
} reg_kind;

typedef struct code_reg {
  uint8_t kind, sub;
  uint16_t depth;        /* how many walks over sources must be open for it to hold something: forgotten when the innermost of them steps */
  const type *type;
} code_reg;

/* Operands and types of one call, interpolation, list or record literal. */
typedef struct code_site {
  uint32_t index;        /* function */
  uint16_t n;
  const uint16_t *regs;
  const type *const *argt;
  const bool *lifts;     /* per operand: missing makes the whole missing (INTERP: an error makes it an error, too) */
  const type *rett;
  const uint16_t *idx;   /* WITH: fields */
  const str *fmt;        /* INTERP */
} code_site;

typedef struct code_const { const type *type; val v; } code_const;

/* What instructions name by number. */
typedef struct code_tables {
  uint32_t nconsts, nsites, ncauses;
  const code_const *consts;
  const code_site *sites;
  const str *causes;
} code_tables;

typedef enum unit_kind { UNIT_RULE, UNIT_CLAUSE, UNIT_MESSAGE, UNIT_AUDIENCE, UNIT_FN, UNIT_EXPR, UNIT_FIX, UNIT_KINDS } unit_kind;

typedef struct code_unit {
  uint8_t kind;          /* unit_kind */
  bool collect;          /* notes causes */
  bool clean;            /* only for records whose fields are as declared: optional fields alone are checked */
  bool pure;             /* neither allocates nor calls: cannot fail; computed from the code */
  uint16_t nregs, nfixed; /* nfixed: fields or parameters */
  const type_rec *root;  /* NULL: judges no record */
  const type *ret;       /* UNIT_FN, UNIT_EXPR, UNIT_FIX: type of the value; else NULL */
  uint32_t n;
  ins *code;
  span *map;             /* where in the rule files each instruction comes from */
  code_reg *regs;
  const code_tables *tab;
  const struct vm_table *table; /* the VM's shortcut for chains of tests; NULL: none */
  uint32_t depth;        /* calls below, itself included; computed */
  uint32_t stack;        /* registers that it and what it calls need at most; computed */
} code_unit;

/* fast may be main; why and say: one a clause; fix: one a fix; table: fast's */
typedef struct code_rule { code_unit *main, *fast, **why, **say, **fix; const struct vm_table *table; } code_rule;
typedef struct code_audience { code_unit *main, *fast, *why; } code_audience;
typedef struct code_fn { code_unit *main, *why; } code_fn;

typedef struct code {
  const ir_program *p;
  code_tables tab;
  code_fn *fns;
  code_audience *audiences;
  code_rule *rules;
} code;

enum { CODE_MAX_DEPTH = 200, CODE_MAX_MESSAGES = 3 };

/* Emits the whole program into a. What is too large for the format goes to d; NULL then. */
code *emit_program(arena *a, diags *d, const ir_program *p);
/* One expression as a unit with tables of its own; NULL when it is too large (d says so). */
code_unit *emit_expression(arena *a, diags *d, const ir_program *p, const ir *x, uint32_t nlocals);
/* Do values of type from fit a register of type to? What only the language tells apart (union and text, a reference and its key) counts as the same;
   dates and ints do not. */
bool code_fits(const type *to, const type *from);
const type *code_rep(const type *t);  /* without ?, references replaced by their key's type; NULL when that cannot be */
bool code_is_pointer(const type *t);  /* values of it point to memory */
bool code_is_kept(const type *t);     /* the VM keeps values of it that no row changes: they hold no record */

#endif
