/* What a logged decision knew of its candidates: for replay and evaluation. */
#ifndef RUNTIME_LOGGED_H
#define RUNTIME_LOGGED_H
#include "runtime/decide.h"

extern const char *const logged_names[CHOICE_ARGS];   /* "value", "success", ... */

/* arms[i] for each candidate of d; those that were not eligible before caps have zeros. *has: bit i is set when all others have logged_names[i].
   false: it is not what a decision writes. Scratch in a. */
bool logged_evidence(arena *a, const state_decision *d, policy_arm *arms, unsigned *has);

/* Where d lists a candidate of this key; -1: nowhere. */
int64_t logged_at(const state_decision *d, str key);

/* The rules of this hash as the state file keeps them, and their choice of this name. *p NULL: they were not kept, or are of a version that cannot be run any
   more. *x NULL: there is no such choice. The caller frees *p. Scratch in a. */
int logged_rules(state *s, const mem *m, str hash, str choice, arena *a, rt_program **p, const prog_choice **x, str *failure);

/* A logged decision once more, under the decider's rules and data, for the logged subject at the logged time; without a state file. *last: the time of
   the call before (INT64_MIN at first). As rt_decide; RT_NONE: it cannot be computed again, *why. */
int logged_again(rt_decider *d, rt_engine *e, uint32_t choice, const state_decision *was, int64_t *last, arena *a, decide_result *r, str *why, str *failure);

#endif
