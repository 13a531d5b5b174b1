/* Off-policy evaluation from a state file: what would the `choose` of other rules have earned with the evidence that each decision saw? */
#ifndef RUNTIME_EVALUATE_H
#define RUNTIME_EVALUATE_H
#include "runtime/decide.h"
#include "runtime/ope.h"

typedef struct evaluate_result {
  ope_log log;             /* a row an assignment: a draw, with what it and its sticky repeats earned */
  ope_result r;
  int64_t decisions;       /* of the choice, in the log */
  int64_t undrawn;         /* of these: held out, fallback, none, or without the chances of their candidates */
  int64_t repeats;         /* sticky ones, counted with their assignment */
  int64_t orphans;         /* sticky ones whose assignment is not in the log any more */
  int64_t replayed;        /* draws whose weights were computed again from their evidence, under the rules that made them */
  int64_t not_replayed;    /* these rules were not kept */
} evaluate_result;

/* Of the choice x of the program, over the decisions that were logged under its name. The candidates are those that were eligible then; the
   state's rules, where they were kept, must give the logged weights again. Everything is in a. RT_OK (with refusals in out->r), RT_ENV (*failure), RT_OOM. */
int rt_evaluate(state *s, const prog_choice *x, const mem *m, arena *a, evaluate_result *out, str *failure);

#endif
