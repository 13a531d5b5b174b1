/* Gaps of templates: what no component of the data can fill, and for which kinds of subjects there is no combination at all. */
#ifndef RUNTIME_GAPS_H
#define RUNTIME_GAPS_H
#include "runtime/engine.h"
#include "runtime/source.h"

/* Every template whose slots' sources are open (opened[source]), asked for each kind of subject: each value of the unions and bools that it reads, with
   everything optional missing, so that what is found is a default for those of whom no more is known; values without a finite set of them are those of the
   subjects in the data. Issues are W0828 and W0829. The engine has its data. RT_OK, or RT_ENV, RT_BUDGET (*failure), RT_OOM. */
int rt_gaps(rt_engine *e, src_data *data, const bool *opened, arena *a, void (*issue)(void *, const src_issue *), void *ud, str *failure);

#endif
