/* A baseline: the findings of an old library that somebody has decided to live with for now. A run with one tells only what is new, and what
 * has become better.
 *
 * The file has one line a finding, sorted, so that version control merges it: rule (or code), source, key, verdict and a digest, with tabs
 * between. A finding is the same one again when all five are equal. The digest never speaks of messages or positions: see rt_baseline_*_id. */
#ifndef RUNTIME_BASELINE_H
#define RUNTIME_BASELINE_H
#include "runtime/engine.h"

typedef struct base_entry {
  str line;                /* all of it, as in the file */
  str rule, source, key;   /* the key as it is escaped there */
  uint32_t times, seen;    /* lines in the file; findings of this run */
  bool gone;               /* the run looked, and did not find it (rt_baseline_judge) */
} base_entry;

typedef struct rt_baseline {
  arena a;                 /* its oom belongs to whoever calls */
  VEC(base_entry) entries;
  uint32_t *slots, nslots; /* hash of the lines, index + 1 */
  uint64_t *subjects;      /* sorted hashes of rule, source and key of all entries; made when first asked for */
  bool collect;            /* keep the lines of this run: for an update */
  VEC(str) found;
  int64_t known, gone;     /* findings that stand in it; entries that nothing was found of */
} rt_baseline;

void rt_baseline_init(rt_baseline *b, const mem *m, jmp_buf *oom);
void rt_baseline_free(rt_baseline *b);
/* Reads a file's text, which must stay. 0, or the line that is malformed and why. */
uint32_t rt_baseline_read(rt_baseline *b, str text, const char **why);

/* What a finding about a rule is, apart from its words: which clauses do not hold and how; for a record without a key also the values that
   the rule reads. */
uint64_t rt_baseline_rule_id(arena *a, const prog_rule *pr, const rec *r, const vm_result *res);
/* Of a finding about the data: its column, and the value that cannot be read. */
uint64_t rt_baseline_data_id(arena *a, const finding *x);

/* Notes one finding of the run. True: the baseline has it. key empty: the record has none. */
bool rt_baseline_has(rt_baseline *b, arena *scratch, str rule, str source, str key, const char *verdict, uint64_t id);
/* After rt_baseline_has said no: does it have the record with the same clauses broken in the same way, and others besides? Then the record has become
   better, which is nothing new. For records with keys and rules of few clauses. */
bool rt_baseline_had_more(rt_baseline *b, arena *scratch, str source, str key, const prog_rule *pr, const vm_result *res);

struct rt_report;
/* After a run: which entries it looked for in vain. Entries of rules and data that were not looked at are left alone. */
void rt_baseline_judge(rt_baseline *b, const struct rt_report *r, bool sampled, bool partial);
/* The lines of a new baseline, sorted: what was found, and the entries that were not looked for. In b's arena. */
str rt_baseline_text(rt_baseline *b);

#endif
