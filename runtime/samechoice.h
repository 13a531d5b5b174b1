/* Do two programs' choices of one name ask the same? Then what one of them logged can be read by the other. */
#ifndef RUNTIME_SAMECHOICE_H
#define RUNTIME_SAMECHOICE_H
#include "runtime/program.h"

/* Who is judged, and which candidates may be shown to whom. NULL: the same for the same data; else what differs, as it is written in a choice. What is
   recompiled from the same words is the same; what says the same in other words may not be seen to be. Scratch in a. */
const char *samechoice_who(arena *a, const rt_program *p, const prog_choice *x, const rt_program *q, const prog_choice *y);
/* What the policy is given of a candidate, as far as both policies are given it. As above. */
const char *samechoice_evidence(arena *a, const rt_program *p, const prog_choice *x, const rt_program *q, const prog_choice *y);

#endif
