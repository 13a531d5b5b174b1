/* Findings: what a run has to say about rows, kept in bounded memory and in one order, whatever order the rows came in.
 *
 * A finding belongs to a group (what is wrong with the data of one column, or one rule) and has a sort key inside it (the record's key
 * as bytes that compare like the key). Kept are the first by (group, sort key): at most per_group of a group and at most total of all.
 * Each kept finding is one block of memory that holds everything it says, so that dropping it gives everything back. */
#ifndef RUNTIME_FINDINGS_H
#define RUNTIME_FINDINGS_H
#include "runtime/program.h"

enum finding_kind { FIND_DATA, FIND_RULE };

typedef struct find_cause { str text; uint8_t kind; /* ST_MISSING or ST_ERR */ str error; } find_cause;

typedef struct find_clause {
  uint32_t clause;
  truth result;
  uint32_t nmessages, ncauses;
  str *messages;
  find_cause *causes;
  str actual;              /* value of the field that the clause points at, as text; empty when it has none */
} find_clause;

typedef struct finding {
  uint32_t group;
  str order;               /* bytes: memcmp order inside the group */
  uint8_t kind;            /* finding_kind */
  severity sev;
  /* the record */
  uint32_t source;         /* UINT32_MAX: none (a rule without `for`; the data as a whole) */
  int32_t field;           /* -1 none */
  str key;                 /* empty: none */
  int64_t position;        /* 1-based in its source, 0 none */
  str file;                /* data file, empty for rule findings without one */
  uint32_t line, col;      /* in that file, 0 none */
  /* FIND_DATA */
  diag_code code;
  str column, message, fix;
  span decl;
  /* FIND_RULE */
  uint32_t rule;
  verdict v;
  int64_t waiver;          /* of the program, with V_WAIVED; else -1 */
  uint32_t nclauses;
  find_clause *clauses;
  size_t size;             /* of the block */
} finding;

typedef struct find_group { finding **v; uint32_t n, cap; } find_group;

typedef struct findings {
  const mem *m;
  uint32_t ngroups, per_group, total_max, total, last;
  find_group *groups;      /* heaps, greatest on top, until findings_sort */
  int64_t dropped;
} findings;

bool findings_init(findings *f, const mem *m, uint32_t ngroups, uint32_t per_group, uint32_t total_max); /* false: out of memory */
void findings_free(findings *f);
/* Would a finding with this place in the order be kept as things stand? Saves explaining what would be dropped. */
bool findings_wants(const findings *f, uint32_t group, str order);
/* Copies x when it is wanted. false: out of memory. */
bool findings_add(findings *f, const finding *x);
bool findings_take(findings *into, findings *from);  /* moves all of from's; from is empty afterwards */
void findings_sort(findings *f);                     /* each group in order; nothing may be added afterwards */

/* Bytes whose memcmp order is the order of the key of r (then its position): ints, texts, dates ... as val_cmp has them. */
str findings_order(arena *a, const rec *r);

#endif
