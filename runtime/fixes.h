/* What the rules propose for the records that fail them, rechecked: `validate --fix`. A run notes it row by row; nothing is written. */
#ifndef RUNTIME_FIXES_H
#define RUNTIME_FIXES_H
#include "runtime/engine.h"

typedef struct rt_fix {
  uint32_t row;            /* in rt_fixes.rows */
  uint32_t field, rule;    /* the rule that proposes it; the first, when several propose the same */
  str rules;               /* their names */
  str before, after;       /* as reports show values; "missing" */
  src_stored was, put;     /* as the data keeps them */
  bool writable;           /* put can be kept as was is */
  str why;                 /* not empty: it is not made, because */
} rt_fix;

typedef struct rt_fix_row {
  uint32_t source;
  str key;
  int64_t position;
  str order;
  src_home home;
  const str *columns;      /* one a field of the record, as the data names it */
  src_stored *keys;        /* as the data keeps the record's keys */
} rt_fix_row;

typedef struct rt_fixes {
  arena a;                 /* its oom belongs to whoever calls */
  VEC(rt_fix_row) rows;
  VEC(rt_fix) v;           /* sorted by source and key once the run is over */
  int64_t made, refused;
} rt_fixes;

void rt_fixes_init(rt_fixes *f, const mem *m, jmp_buf *oom);
void rt_fixes_free(rt_fixes *f);

/* One row, on which the cursor stands: what its failed rules propose. rules are those of the run over it, verdicts theirs. RT_*. */
int rt_fixes_row(rt_fixes *f, rt_engine *e, src_data *d, src_cursor *cur, rec *r, const uint32_t *rules, uint32_t n, const uint8_t *verdicts,
                 arena *scratch, str *failure);
void rt_fixes_sort(rt_fixes *f);

/* v as the data keeps it, in the form of what was there. False: it cannot be. */
bool rt_store(arena *a, const prog_field *f, val v, const src_home *home, const src_stored *was, src_stored *out);

/* The fixes that are made, as a patch. skipped: those that such a patch cannot hold. */
void rt_patch_sql(buf *out, const ir_program *ir, const rt_fixes *f, int64_t *skipped);
/* JSON Patch, of one file. NULL, or why there is none. */
const char *rt_patch_json(buf *out, const ir_program *ir, const rt_fixes *f, int64_t *skipped);

#endif
