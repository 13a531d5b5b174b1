/* Templates: the combinations of parts that satisfy every condition, best first. */
#ifndef RUNTIME_ASSEMBLE_H
#define RUNTIME_ASSEMBLE_H
#include "runtime/engine.h"

typedef struct asm_combo {
  const rec **parts;       /* one a slot */
  double prefer;           /* 0 without `prefer` */
} asm_combo;

/* How often one condition kept something out, and why when it could not tell. */
typedef struct asm_out {
  int64_t untrue, unknown, bad;
  str why;                 /* of the first that was unknown or in error: what is missing, or what is wrong */
} asm_out;

enum asm_status {
  ASM_DONE,                /* all combinations, or as many as were wanted */
  ASM_LIMIT,               /* the search grew beyond its limit: what was found is in order, but more may follow */
  ASM_SUBJECT              /* the template is not for this subject; see subject */
};

typedef struct asm_result {
  enum asm_status status;
  truth subject;           /* of the template's `where`; T without */
  str subject_why;         /* U, E */
  uint32_t n;
  asm_combo *v;            /* prefer descending, then by the parts' keys in the order of the slots */
  bool more;               /* the limit cut off at least one */
  uint32_t *candidates;    /* per slot: records that fit it */
  asm_out *slots;          /* per slot: its own `where` */
  asm_out *demands;        /* per condition, over the (partial) combinations that were looked at */
  asm_out prefer;
  int64_t nodes;           /* combinations and parts of combinations that were looked at */
} asm_result;

typedef struct asm_opts {
  uint32_t limit;          /* combinations wanted; 0: the template's own */
  int64_t nodes;           /* at most so many are looked at; 0: 1,000,000 */
  bool why;                /* note reasons */
} asm_opts;

/* For one subject, a record of the template's source. Parts and texts live until the engine's vm_reset, the rest in arena a. RT_OK, or RT_ENV, RT_BUDGET
   (*failure), RT_OOM. */
int rt_assemble(rt_engine *e, uint32_t template, rec *subject, const asm_opts *o, arena *a, asm_result *out, str *failure);

#endif
