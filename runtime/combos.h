/* Combinations of a template as candidates of a choice. Inside runtime/, and for whoever tells the parts of a decision. */
#ifndef RUNTIME_COMBOS_H
#define RUNTIME_COMBOS_H
#include "runtime/assemble.h"

enum { COMBO_PARTS = 32 /* at most */ };

/* A candidate's key says the keys of its parts, in the order of the slots, with ", " between them; one with a comma, a quote or a space at an end is quoted as
   in CSV. So the parts can be told from the key alone, wherever it was logged. */
str combos_key(arena *a, const ir_program *p, uint32_t n, const rec *const *parts);
/* The n parts' keys. false: this is no key of n parts. */
bool combos_parts(arena *a, str key, uint32_t n, str *out);

/* The best combinations of the choice's template for the subject, as records of x->cand_record, in arena a; parts and texts as rt_assemble. *why: why there
   are none. RT_OK, RT_ENV, RT_BUDGET (*failure), RT_OOM. */
int combos_make(rt_engine *e, const prog_choice *x, rec *subject, arena *a, uint32_t *n, rec ***out, str *why, str *failure);

#endif
