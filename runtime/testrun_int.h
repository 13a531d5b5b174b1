/* What the files of the test runner share: one program with its tests as rules, and the means to run them. */
#ifndef RUNTIME_TESTRUN_INT_H
#define RUNTIME_TESTRUN_INT_H
#include "reference/ref.h"
#include "runtime/memhost.h"
#include "runtime/testrun.h"

typedef struct tester {
  rt_test_report *rep;
  arena *a;                /* the report's */
  const rt_program *p;
  const rt_test_opts *o;
  ir_program *ir;          /* the program's, and behind its rules those of the tests */
  uint32_t *rule_at;       /* by test: its rule in ir */
  rt_program q;            /* p with ir */
  arena code;              /* vp */
  vm_program *vp;
  vm_engine *e;
  struct lib_state *vm_ls, *ref_ls;
  mem_host host;
  arena rows;              /* of the run under way */
  const prog_test *given;  /* whose rows and clock are in place, the same for every record of its search; NULL: none */
  bool by_reference;       /* the VM is not asked: ir is not what it was compiled from */
  arena changed;           /* the changed program */
  arena_mark given_mark;   /* of rows, behind what was given */
  arena tries;             /* of the search under way */
  verdict verdict;         /* of the last run, when it got so far */
  lib_ctx lib;
  ref_ctx ref;
  struct cover *cover;     /* NULL: nobody asks */
} tester;

/* ---- testcover.c ---- */
struct cover *cover_new(arena *a, const ir_program *ir, uint32_t nrules);
/* The run of a test once more, by the reference, which sees every condition. Gives its verdict; V_COUNT: it did not end. */
verdict cover_run(struct cover *c, ref_ctx *ref, uint32_t rule, const rec *root);
rt_coverage *cover_result_of(struct cover *c);
/* Has some run of a test evaluated this condition? first: the rule of the first test that did. True of what is not counted, with UINT32_MAX. */
bool cover_reached(const struct cover *c, const ir *n, uint32_t *first);

/* One run of a test. root: the record of `for any`, else NULL. keep: where problems are told; NULL: nobody asks. */
enum test_status tester_run(tester *t, uint32_t test, rec *root, arena *keep, test_result *out);
double tester_seconds(void); /* of a clock that only goes on */
void tester_cannot(tester *t, uint32_t test, test_result *out, const char *why);
rec *tester_sample(tester *t, uint32_t test, arena *a); /* NULL: it cannot be made */

/* ---- testmutate.c ---- */
/* Changes the rules, one place at a time, and runs the tests, by the reference alone: compiling a program for each change would cost more than its tests.
   After all other runs: the tester is of no use afterwards. */
rt_mutation *tester_mutate(tester *t);

/* ---- testany.c ---- */
/* `for any`: looks for a record for which the test does not pass. */
void tester_search(tester *t, uint32_t test, test_result *out);
/* The same of a few records, without telling which. */
enum test_status tester_tries(tester *t, uint32_t test, uint32_t runs);

#endif
