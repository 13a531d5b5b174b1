/* Inside the reference evaluator: the state of one evaluation, shared by the tree walk (ref_expr.c), arithmetic and comparison
 * (ref_arith.c) and the rules (ref_rule.c). Nothing outside this folder includes it. */
#ifndef REFERENCE_REF_INT_H
#define REFERENCE_REF_INT_H
#include "reference/ref.h"

/* A value with its status; v means something only when st is ST_OK. */
typedef struct ref_val { val v; uint8_t st; } ref_val;

typedef struct ref_notes { uint32_t n; const ref_cause *v; } ref_notes;

/* The locals of one rule, audience, function or expression. */
typedef struct ref_frame {
  ref_val *local;
  ref_notes *notes;      /* what a let's initializer noted; empty for other locals */
  uint32_t n;
  const rec *root;       /* the record that a rule judges; NULL elsewhere */
} ref_frame;

typedef struct ref_cursor { struct host_cursor *c; struct ref_cursor *next; } ref_cursor;

typedef struct ref_eval {
  ref_ctx *c;
  ref_frame *f;
  VEC(ref_cause) notes;  /* noted so far by the nodes under way */
  bool vacuous;          /* a walk marked IRF_VACUOUS was empty */
  uint32_t depth;
  ref_cursor *open;      /* cursors to close when the evaluation is given up */
  jmp_buf *give_up;
  const rec *top;        /* the record that is being judged; NULL: none */
} ref_eval;

/* The value of n in the current frame. Causes are noted as ir.def says. Gives up (jumps) when the host fails or steps run out. */
ref_val ref_walk(ref_eval *e, const ir *n);
truth ref_truth(ref_eval *e, const ir *n);
ref_val ref_of_truth(truth t);

/* and, or, not, implies on the four truths. */
truth ref_and(truth a, truth b);
truth ref_or(truth a, truth b);
truth ref_not(truth a);

void ref_note(ref_eval *e, const ir *n, uint8_t st, str error);
/* Of the causes noted since mark: none are kept when st is ST_OK, else those of the same kind. */
void ref_filter(ref_eval *e, uint32_t mark, uint8_t st);
_Noreturn void ref_give_up(ref_eval *e);

ref_frame *ref_push_frame(ref_eval *e, uint32_t nlocals, const rec *root); /* gives the frame to go back to */

/* Calls each(ud) for every element of what b walks, with the element in b's local, as long as it gives true. Gives the status of the walk
   itself: ST_OK, or that of a list that is missing or in error. *walked counts the elements. */
uint8_t ref_each(ref_eval *e, const ir_binder *b, bool ordered, bool keep, bool (*each)(ref_eval *e, void *ud), void *ud, uint64_t *walked);

verdict ref_rule_verdict(ref_eval *e, const prog_rule *r, const rec *record);
/* The rule's verdict as one truth, for `passes`: pass, skip and inactive are T. */
truth ref_rule_truth(ref_eval *e, const prog_rule *r, const rec *record);
truth ref_audience_truth(ref_eval *e, const prog_audience *a, const rec *record);

/* One operation on present values: ST_OK, or ST_ERR with *error set to a static text. */
uint8_t ref_arith(ir_arith op, val a, val b, arena *mem, val *out, str *error);
uint8_t ref_negate(const type *t, val a, val *out, str *error);
/* <0, 0, >0: present values of one base type, or an int and a number, compared exactly. */
int ref_compare(const type *ta, val a, const type *tb, val b);
bool ref_equal(const type *ta, val a, const type *tb, val b);
/* Does comparing this value mean reading a field that is in error? */
bool ref_has_error(const type *t, val v);

#endif
