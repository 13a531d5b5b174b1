/* A validation run: every active rule over every row of its source, as counts and findings. What cli/ prints and the API hands to its
   callback. */
#ifndef RUNTIME_VALIDATE_H
#define RUNTIME_VALIDATE_H
#include "runtime/baseline.h"
#include "runtime/engine.h"
#include "runtime/fixes.h"

enum { RT_ALL = UINT32_MAX };

typedef struct rt_validate_opts {
  const mem *m;
  str db;
  uint32_t nbindings;
  const src_binding *bindings;
  int64_t now;
  uint32_t nonly;
  const str *only;             /* rules to run, as rt_rule_matches; none: all */
  uint32_t per_rule, total;    /* findings kept; RT_ALL: no limit */
  double share;                /* of each source's rows, by a hash of the key; 0 or 1: all */
  int64_t sample;              /* so many rows of each source, by the same hash; 0: all */
  uint32_t jobs;               /* threads over large tables; 0 or 1: none */
  vm_limits limits;
  rt_baseline *baseline;       /* findings that are known and not told again; NULL: none. Notes what this run found; one thread then */
  rt_fixes *fixes;             /* gathers what rules propose; NULL: not asked for. All fields are read then, on one thread */
  bool schema_only;            /* open the data, compare its columns with the records, and stop */
  bool (*progress)(void *ud, str source, int64_t rows,
                   int64_t estimate); /* every few thousand rows, on one thread; false stops the run */
  void *ud;
} rt_validate_opts;

/* known: findings that the baseline has; they are in no other count. */
typedef struct rt_counts { int64_t n[V_COUNT]; int64_t vacuous, known; } rt_counts;

typedef struct rt_source_counts {
  bool walked, given;          /* given: there is data for it in this run */
  int64_t rows, checked, ignored_columns, bad_values;
} rt_source_counts;

typedef struct rt_report {
  const rt_program *p;
  const rt_fixes *fixes;       /* the caller's; NULL: none */
  const rt_baseline *baseline; /* the caller's; NULL: none */
  mem m;
  arena a;
  jmp_buf oom;
  int64_t now;
  rt_counts *rules;            /* per rule of the program */
  bool *selected;              /* per rule: asked for in this run */
  bool *has_data;              /* per rule: its source has data (or it needs none) */
  rt_source_counts *sources;
  uint32_t ndata_groups;       /* findings.groups: first those of data, the last of them about waivers, then one a rule ... */
  uint32_t waiver_group, nlisted_groups; /* ... then from nlisted_groups on what is waived, one a rule */
  int64_t *data_found;         /* per data group: all findings, kept or not */
  findings f;
  int64_t data_counts[3];      /* findings about the data, by severity */
  int64_t data_bad_values;     /* those of data_counts[SEV_ERROR] that are values which cannot be read: what --allow error allows */
  int64_t rows;                /* all rows walked */
  str failure;                 /* with RT_ENV, RT_BUDGET */
} rt_report;

/* RT_OK; RT_ENV, RT_BUDGET, RT_STOPPED (*out is set and tells what was found so far; failure says why); RT_OOM (*out is NULL). The
   caller frees *out. */
int rt_validate(const rt_program *p, const rt_validate_opts *o, rt_report **out);
void rt_report_free(rt_report *r);

enum { RT_ALLOW_UNKNOWN = 1, RT_ALLOW_ERROR = 2 };
/* How many findings break the build: at or above the severity, leaving out what is allowed. */
int64_t rt_report_breaks(const rt_report *r, severity fail_on, unsigned allow);
int64_t rt_counts_bad(const rt_counts *c, unsigned allow);

/* Opens the data of a program for a run; the issues go to the callback. Shared by validate, match, explain and the API. wanted, fields:
   as src_config. */
int rt_open_data(const rt_program *p, const mem *m, str db, uint32_t nbindings, const src_binding *bindings, const bool *wanted,
                 const bool *const *fields, void (*issue)(void *, const src_issue *), void *ud, arena *scratch, src_data **out,
                 str *failure);
/* Is there data for this source: a binding, or a table of a database that is given? */
bool rt_source_given(const ir_program *ir, uint32_t source, str db, uint32_t nbindings, const src_binding *bindings);

/* The file that is bound to a source; empty for a table. */
str rt_source_file(const ir_program *ir, uint32_t source, uint32_t nbindings, const src_binding *bindings);

#endif
