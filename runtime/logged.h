/* What a logged decision knew of its candidates: for replay and evaluation. */
#ifndef RUNTIME_LOGGED_H
#define RUNTIME_LOGGED_H
#include "runtime/decide.h"

extern const char *const logged_names[CHOICE_ARGS];   /* "value", "success", ... */

/* arms[i] for each candidate of d; those that were not eligible before caps have zeros. *has: bit i is set when all others have logged_names[i].
   false: it is not what a decision writes. Scratch in a. */
bool logged_evidence(arena *a, const state_decision *d, policy_arm *arms, unsigned *has);

#endif
