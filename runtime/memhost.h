/* Rows in memory as a host: what a test gives, what a random case makes. Small sets: everything is a walk. */
#ifndef RUNTIME_MEMHOST_H
#define RUNTIME_MEMHOST_H
#include "base/host.h"
#include "compiler/ir.h"

typedef struct mem_table { uint32_t n; const rec **rows; } mem_table; /* rows by key, then by position */

typedef struct mem_host {
  host h;
  const ir_program *p;
  const mem *m;
  mem_table *tables;     /* one a source; the caller's, as are the rows */
  /* For tests of evaluators: rows that are not kept are handed out as copies that are spoiled at the next step, unordered walks run backwards, and
     look-ups by equality give some rows too many. All of it is allowed by base/host.h. */
  bool unkind;
  bool oom;
  uint32_t open;         /* walks that are not closed */
} mem_host;

/* Tables are the arena's, one a source, empty. */
void mem_host_init(mem_host *h, arena *a, const mem *m, const ir_program *p);
void mem_host_clear(mem_host *h);
/* Sorts rows (which stay the caller's) by key and takes them as the rows of a source. Gives false when two have one key: *one and *two are they. */
bool mem_host_rows(mem_host *h, uint32_t source, const rec **rows, uint32_t n, const rec **one, const rec **two);

#endif
