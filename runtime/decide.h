/* Decisions: which candidate of a choice a subject is shown, and which arm of an experiment it is in. docs/decisions.md tells the order of the stages.
 *
 * A decision is a pure function of the program, the data, the subject, the clock's day, the unit of the draw and, where the choice is sticky or capped, what
 * the state file remembers. What is the same for many subjects (who may be shown, the evidence, the weights) is kept and computed again only when the data
 * is another. */
#ifndef RUNTIME_DECIDE_H
#define RUNTIME_DECIDE_H
#include "runtime/engine.h"
#include "runtime/policy.h"
#include "runtime/state.h"

typedef struct rt_decider rt_decider; /* belongs to an engine and its thread */

rt_decider *rt_decider_new(rt_engine *e);  /* NULL: out of memory */
void rt_decider_free(rt_decider *d);       /* NULL is fine */
void rt_decider_forget(rt_decider *d);     /* the data is another, or the clock was set back */
void rt_decider_use(rt_decider *d, rt_engine *e); /* another engine of the program with the same data and memory takes it over */
/* Called with each subject for which nothing was kept; NULL: nobody is. */
void rt_decider_watch(rt_decider *d, void (*seen)(void *ud, uint32_t choice, const rec *subject), void *ud);
/* Computes what decisions about subjects like this one need, ahead of them. RT_*. */
int rt_decider_warm(rt_decider *d, uint32_t choice, rec *subject, int64_t now, arena *a);

typedef struct decide_opts {
  str id;                  /* of the decision; empty: a UUIDv7 is made */
  int64_t now;
  state *st;               /* inside state_begin .. state_commit; NULL: none */
  bool stateless;          /* without a state file decide as if `sticky` and `cap` were not there; else that is refused */
} decide_opts;

typedef struct decide_result {
  state_decision d;        /* all that is logged; evidence as JSON, record and bundle empty */
  const policy_arm *arms;  /* per candidate; NULL: the policy looks at none */
  uint64_t hash;           /* of the draw, when one was made */
  bool held_out;           /* the subject is among those held out */
  bool cached;             /* candidates and weights were known already */
} decide_result;

/* One decision; nothing is logged (state_log does that). Texts are in arena a, or live until the decider's next call. RT_OK; RT_ENV, RT_BUDGET
   (*failure); RT_OOM; RT_STOPPED: the choice needs a state file, which *failure says. */
int rt_decide(rt_decider *d, uint32_t choice, rec *subject, const decide_opts *o, arena *a, decide_result *out, str *failure);

/* What is kept of a decision. */
typedef struct decide_keep {
  bool log;                /* it is logged in o->st */
  bool full;               /* one that was answered before comes with its candidates and evidence */
  str bundle;              /* hash of the rules, logged with it */
} decide_keep;

/* The same, logged, and once only for an id: *again: it was answered before, so out->d is that decision (the rest of out is not its). RT_NONE: that one is
   about another subject or choice, *failure. *of_state: the state is what failed, and knows why. Else as rt_decide. */
int rt_decide_once(rt_decider *d, uint32_t choice, rec *subject, const decide_opts *o, const decide_keep *keep, arena *a, decide_result *out, bool *again,
                   bool *of_state, str *failure);

/* A subject as it is logged. */
str rt_subject_json(arena *a, const rec *r);

/* The weights of eligible candidates from their evidence: what replay computes again. Writes weights[i] for all n, 0 where not eligible. false:
   *why there are none. */
bool rt_decide_weights(const prog_choice *x, arena *a, policy_cache *cache, const policy_arm *arms, const state_candidate *v, uint32_t n, uint64_t *weights,
                       const char **why);
policy_spec rt_policy_spec(const prog_choice *x);
uint64_t rt_draw_hash(const prog_choice *x, str subject, str unit);
bool rt_held_out(const prog_choice *x, str subject);

/* Why nothing can be decided for this record: its key is missing, empty, or holds a NUL. Empty: all is well. */
str rt_subject_wrong(arena *a, const rec *r);

/* How many candidates shared a draw in which their floors took more than half of the chance, most likely a floor that was meant for fewer; 0: none did. */
uint32_t rt_crowded(const prog_choice *x, const decide_result *r);

typedef struct experiment_result {
  str arm;                 /* empty: in none, or it cannot be told */
  truth in;                /* U, E: it cannot be told */
  str why;                 /* it is in no arm, or that cannot be told; empty: it is in one */
} experiment_result;
/* The subject's arm. RT_OK and as rt_decide. */
int rt_experiment(rt_engine *e, uint32_t experiment, rec *subject, arena *a, experiment_result *out, str *failure);

#endif
