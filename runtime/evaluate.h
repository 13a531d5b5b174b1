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
  int64_t judged;          /* draws whose candidates were judged anew, from the data: the new rules say otherwise who may be shown */
  int64_t left_out;        /* of these: the new rules have no answer by policy for the subject; no rows */
  const char *anew;        /* what of the choice differs so (samechoice_who); NULL: nothing */
  bool valued;             /* what the new policy reads of candidates is not in the log, and is as the data has it now */
} evaluate_result;

/* Of one choice of the engine's rules, over the decisions that were logged under its name. The state's rules, where they were kept, must give the logged
   weights again. Where they say otherwise than the new ones who may be shown, candidates are judged anew from the engine's data, or, without (data false),
   there is no estimate. Everything is in a. RT_OK (with refusals in out->r), RT_ENV, RT_BUDGET (*failure), RT_OOM. */
int rt_evaluate(state *s, rt_engine *e, bool data, uint32_t choice, arena *a, evaluate_result *out, str *failure);

#endif
