/* What a state file says of each choice and experiment: the numbers of runtime/report.h, and guards that say whether to believe them. */
#ifndef RUNTIME_STATE_REPORT_H
#define RUNTIME_STATE_REPORT_H
#include "runtime/report.h"
#include "runtime/state.h"

typedef enum guard_state { GUARD_OK, GUARD_TRIPPED, GUARD_SILENT /* it has nothing to go by */ } guard_state;
typedef struct report_guard { const char *name; guard_state state; str text; } report_guard;
enum { REPORT_STAGES = STAGE_NONE + 1, REPORT_REASONS = 5, REPORT_GUARDS = 4 };
typedef struct report_reason { str text; int64_t decisions; } report_reason;

typedef struct report_entry {
  str name;
  bool experiment;
  int64_t subjects;
  int64_t stages[REPORT_STAGES]; /* decisions by stage; zeros for an experiment */
  uint32_t nreasons;       /* the most frequent reasons for fallback or none */
  report_reason reasons[REPORT_REASONS];
  int64_t outcomes, late;  /* rewards that came, and how late in the mean (microseconds) */
  int64_t last_outcome;
  uint32_t nguards;
  report_guard guards[REPORT_GUARDS];
  bool tripped;            /* one of them has */
  report_series s;
} report_entry;

/* The chances of an experiment's arms, when its rules are known. */
typedef struct report_weights { str experiment; uint32_t n; const str *arms; const double *p; } report_weights;

typedef struct state_report { uint32_t n; report_entry *entries; /* choices, then experiments, each by name */ } state_report;

/* Of one moment, even while others write. Everything is in a; memory does not grow with the number of decisions. RT_OK; RT_ENV (state_failure), RT_OOM. */
int state_report_read(state *s, arena *a, uint32_t nweights, const report_weights *weights, state_report *out);

/* What came of a decision: its outcome named `reward`. RT_OK, RT_NONE: none yet, RT_ENV. */
int state_reward(state *s, str decision, double *reward);

#endif
