/* Running the tests that stand beside the rules: each with the rows and the clock that it gives, in memory, never on data of a run. Verdicts come
 * from the VM; why an expectation does not hold is told by the reference evaluator. */
#ifndef RUNTIME_TESTRUN_H
#define RUNTIME_TESTRUN_H
#include "runtime/explain.h"

enum test_status { TEST_PASS, TEST_FAIL, TEST_ERROR /* could not be run: two rows with one key, a row that cannot be made */ };
extern const char *const test_status_names[]; /* "pass", "fail", "error" */

typedef struct test_problem {
  span sp;                 /* the expectation, or what could not be given */
  str text;                /* as written; empty: no expectation */
  str message;
  uint32_t ndetails;
  str *details;            /* what the rules say, one a line */
  const ex_node *tree;     /* derivation of the expectation; NULL: none */
  span other;              /* a second place, such as that of the row with the same key; end 0: none */
} test_problem;

typedef struct test_result {
  const prog_test *test;
  uint32_t index;          /* of the test in the program */
  uint8_t status;
  uint32_t nproblems;
  test_problem *problems;
  str counterexample;      /* `for any`: the smallest one found, as it is written; empty: none */
  uint32_t tries;          /* `for any`: records that were tried before it; 0: no search */
} test_result;

/* What tests reach: every condition of a rule seen true and seen false, every row of a table chosen. */
enum cover_kind { COVER_WHERE, COVER_REQUIRE, COVER_FORBID, COVER_ROW };
typedef struct cover_item {
  uint8_t kind;            /* cover_kind */
  bool may_miss;           /* a condition that can be unknown: then it should be seen so, too, but that does not count */
  str name;                /* of the rule, audience or table */
  uint32_t row;            /* COVER_ROW: from 1 */
  str text;
  span sp;
  uint64_t seen[4];        /* by truth: how often; a row that was chosen is true. A forbidden condition is seen as it is written */
} cover_item;

typedef struct rt_coverage {
  uint32_t n;
  cover_item *v;           /* by name, then place */
  uint64_t seen, total;    /* two for each condition, one for each row */
} rt_coverage;

/* What of an item no test has seen: bits of 1 << truth. */
unsigned cover_lacks(const cover_item *x);

/* A change to the rules that no test noticed. */
typedef struct mutant {
  str name;                /* of the rule, audience, function or table */
  str text, change;        /* what stands there, and what was made of it */
  span sp;
} mutant;

typedef struct rt_mutation {
  uint32_t tried, noticed;
  uint32_t unreached;      /* in conditions that no test reaches: not tried */
  uint32_t left;           /* not tried because time was up */
  uint32_t n;
  mutant *v;               /* those not noticed, by place */
} rt_mutation;

typedef struct rt_test_opts {
  const mem *m;
  int64_t now;             /* for tests that give none; INT64_MIN: RT_TEST_NOW */
  uint32_t nfilters;
  const str *filters;      /* parts of names, any case; none: all tests */
  bool coverage;
  bool mutate;             /* implies coverage */
  double mutate_seconds;   /* at most; 0: a minute */
  uint64_t seed;           /* of the searches of `for any` */
  uint32_t runs;           /* records that such a search tries; 0: RT_TEST_RUNS */
  vm_limits limits;
} rt_test_opts;

enum { RT_TEST_RUNS = 2000 };
#define RT_TEST_NOW INT64_C(1767225600000000) /* 2026-01-01T00:00:00Z: the same in every run */

typedef struct rt_test_report {
  const rt_program *p;
  mem m;
  arena a;
  jmp_buf oom;
  uint32_t n, passed, failed, errors, left_out; /* left_out: by the filters */
  test_result *v;          /* those that ran, in order */
  rt_coverage *coverage;   /* NULL: not asked for */
  rt_mutation *mutation;   /* NULL: not asked for, or a test does not pass */
  str failure;
} rt_test_report;

/* RT_OK (whatever the tests say), RT_RULES (a test is too large to compile: failure), RT_OOM (*out is NULL). p is no bundle. The caller frees *out. */
int rt_test(const rt_program *p, const rt_test_opts *o, rt_test_report **out);
void rt_test_free(rt_test_report *r);

#endif
