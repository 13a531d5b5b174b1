/* The test runner from inside: results, coverage, searches that are the same each time, samples of everything a field can demand, and memory that runs
 * out at any point. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "runtime/testrun.h"
#include "stdlib/builtin.h"

static rt_program *compiled(const char *text) {
  rt_program *p = rt_program_new(&mem_libc);
  assert_non_null(p);
  assert_int_equal(rt_program_add_text(p, STR("t.blz"), str_z(text)), RT_OK);
  int status = rt_program_compile(p, false, INT64_MIN);
  for (uint32_t i = 0; i < p->d.list.n && status != RT_OK; i++) print_error("%.*s\n", STR_ARG(p->d.list.v[i]->message));
  assert_int_equal(status, RT_OK);
  return p;
}

static rt_test_report *tested(const rt_program *p, rt_test_opts o) {
  rt_test_report *r = NULL;
  o.m = &mem_libc, o.now = INT64_MIN;
  assert_int_equal(rt_test(p, &o, &r), RT_OK);
  assert_non_null(r);
  return r;
}

static const char *const model =
  "record Shop { id : text key }\n"
  "source shops : Shop\n"
  "record A {\n  id : text key\n  n : int 3..9\n  m : number > 0\n  k : \"a\" | \"b\"\n  t : text 2..5\n  d : date >= 2026-05-05\n  w : time\n  u : duration\n"
  "  c : color\n  l : list 1..3 of text 2..4\n  g : map of int\n  s : -> shops\n  o : int?\n  f : int default 7\n  b : bool\n}\n"
  "source as : A\n"
  "audience small for a in as where a.n < 5\n"
  "audience large for a in as where a.n >= 4\n"
  "rule r for a in as where a.k == \"a\" { require a.n > 3 forbid a.o > 3 }\n"
  "table size(n : int) -> text { < 5 -> \"s\" _ -> \"l\" }\n";

static char *with_model(const char *tests) {
  static char all[20000];
  snprintf(all, sizeof all, "%s%s", model, tests);
  return all;
}

static void results_and_coverage(void **st) {
  (void)st;
  rt_program *p = compiled(with_model("test \"good\" { given shops = [sample(Shop)]  let a = sample(A)  expect a fails r  expect a.with(n: 4, o: 1) passes r\n"
                                      "  expect size(4) == \"s\"  expect a passes A  expect a.f == 7 and a.o missing and a.l.length() == 1 }\n"
                                      "test \"bad\" { expect size(5) == \"s\" }\n"
                                      "test \"broken\" { given shops = [sample(Shop), sample(Shop)]  expect true }\n"));
  rt_test_report *r = tested(p, (rt_test_opts){ .coverage = true });
  assert_int_equal(r->n, 3);
  assert_int_equal(r->passed, 1);
  assert_int_equal(r->failed, 1);
  assert_int_equal(r->errors, 1);
  assert_int_equal(r->v[1].nproblems, 1);
  assert_non_null(r->v[1].problems[0].tree);
  assert_true(r->v[2].problems[0].other.end > 0);
  /* where: true only; require: both; forbid: false only (o is missing, or 1); two audiences never; both rows */
  assert_int_equal(r->coverage->total, 2 + 2 + 2 + 2 + 2 + 2);
  assert_int_equal(r->coverage->seen, 1 + 2 + 1 + 0 + 0 + 2);
  for (uint32_t i = 0; i < r->coverage->n; i++)
    if (r->coverage->v[i].kind == COVER_FORBID) assert_true(r->coverage->v[i].seen[TR_F] && r->coverage->v[i].seen[TR_U] && !r->coverage->v[i].seen[TR_T]);
  rt_test_free(r);
  str only = STR("BAD");
  r = tested(p, (rt_test_opts){ .filters = &only, .nfilters = 1 });
  assert_int_equal(r->n, 1);
  assert_int_equal(r->left_out, 2);
  assert_null(r->coverage);
  rt_test_free(r);
  rt_program_free(p);
}

/* Every verdict, said alike by both evaluators: with coverage each test runs in both. */
static void verdicts(void **st) {
  (void)st;
  rt_program *p = compiled("record B { id : text key }\nsource bs : B\nrecord A { id : text key  n : int?  b : -> bs? }\nsource as : A\n"
                           "rule r for a in as where a.id != \"skip\" { require a.n > 3  require a.b missing or a.b.id == \"x\" }\n"
                           "rule later for a in as { since 2027-01-01  require a.n > 3 }\n"
                           "rule every_b { require every b in bs: b.id != \"bad\" }\n"
                           "waive r for \"w\" { until 2026-12-31  because \"x\"  owner \"y\" }\n"
                           "test \"all\" {\n  given bs = [B(id: \"x\"), B(id: \"bad\")]\n"
                           "  expect verdict(A(id: \"1\", n: 4), r) == \"pass\"\n  expect verdict(A(id: \"1\", n: 3), r) == \"fail\"\n"
                           "  expect verdict(A(id: \"1\"), r) == \"unknown\"\n  expect verdict(A(id: \"1\", n: 4, b: \"?\"), r) == \"error\"\n"
                           "  expect verdict(A(id: \"skip\"), r) == \"skip\"\n  expect verdict(A(id: \"w\", n: 3), r) == \"waived\"\n"
                           "  expect verdict(A(id: \"1\", n: 4), later) == \"inactive\"\n  expect verdict(every_b) == \"fail\"\n"
                           "  expect not (verdict(A(id: \"1\"), r) in [\"pass\", \"fail\"])\n}\n");
  rt_test_report *r = tested(p, (rt_test_opts){ .coverage = true });
  for (uint32_t i = 0; i < r->v[0].nproblems; i++) print_error("%.*s: %.*s\n", STR_ARG(r->v[0].problems[i].text), STR_ARG(r->v[0].problems[i].message));
  assert_int_equal(r->passed, 1);
  rt_test_free(r);
  rt_program_free(p);
}

static void searches(void **st) {
  (void)st;
  rt_program *p = compiled(with_model("test \"apart\" for any a : A { given shops = [Shop(id: \"S\")]  expect not (a in small and a in large) }\n"
                                      "test \"valid\" for any a : A { given shops = [Shop(id: \"S\")]  expect a passes A }\n"
                                      "test \"numbers\" for any n : int 1..100 { expect n * n < 5000 }\n"
                                      "test \"texts\" for any t : text? { expect (t ?? \"\").length() < 4 }\n"));
  rt_test_report *r = tested(p, (rt_test_opts){ .seed = 1 }), *again = tested(p, (rt_test_opts){ .seed = 1 });
  assert_int_equal(r->v[0].status, TEST_FAIL);
  str got = r->v[0].counterexample;
  assert_string_equal(str_fmt(&r->a, "%.*s", STR_ARG(got)).p,
                      "A(id: \"x\", n: 4, m: 1, k: \"a\", t: \"xx\", d: 2026-05-05, w: 2026-01-01T00:00:00Z, u: 0 days, c: #000000, l: [\"xx\"], g: map_of([], []), s: \"S\", b: false)");
  assert_int_equal(r->v[1].status, TEST_PASS);
  assert_int_equal(r->v[1].tries, RT_TEST_RUNS);
  assert_string_equal(r->v[2].counterexample.p, "71");
  assert_int_equal(r->v[3].status, TEST_FAIL);
  assert_int_equal(r->v[3].counterexample.n, 6);
  for (uint32_t i = 0; i < r->n; i++) {
    assert_int_equal(r->v[i].tries, again->v[i].tries);
    assert_true(str_eq(r->v[i].counterexample, again->v[i].counterexample));
  }
  rt_test_free(r);
  rt_test_free(again);
  rt_program_free(p);
}

/* A sample of every pattern that the reader of patterns knows is one that the pattern matches. */
static void patterns(void **st) {
  (void)st;
  static const char *const known[] = { "^abc$", "^[A-Z]{2}-\\\\d{4}$", "^(a|b)+c?$", "\\\\bSKU-\\\\d{3}\\\\b", "^[^a0A]+$", "^\\\\w+@\\\\w+\\\\.com$", "^x{0,3}y*z+$", "^(?:ab){2,}$",
                                       "^\\\\x41\\\\x{e9}$", "[[]", "^[\\\\d\\\\-]{3}$", "^.$", "", "^(|a)b$", "^\\\\s\\\\S$", "^[é-ü]$", "^[0-9a-f]{64}$", "^a{2}{3}|b$" };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    char text[500], pattern[200];
    size_t n = 0;
    for (const char *q = known[i]; *q; q++) { /* the list is written with C's escapes doubled */
      if (q[0] == '\\' && q[1] == '\\') q++;
      pattern[n++] = *q;
    }
    pattern[n] = 0;
    snprintf(text, sizeof text, "record P { id : text key  t : text matches r\"%s\" }\nsource ps : P\ntest \"s\" { expect sample(P) passes P }\n", pattern);
    rt_program *p = rt_program_new(&mem_libc);
    assert_int_equal(rt_program_add_text(p, STR("t.blz"), str_z(text)), RT_OK);
    if (rt_program_compile(p, false, INT64_MIN) == RT_OK) {
      rt_test_report *r = tested(p, (rt_test_opts){ 0 });
      if (r->passed != 1) print_error("the sample of %s does not match\n", pattern);
      assert_int_equal(r->passed, 1);
      rt_test_free(r);
    } else { /* refused: only what is odd */
      if (i < 17) print_error("no sample of %s\n", pattern);
      assert_true(i >= 17);
    }
    rt_program_free(p);
  }
}

/* ---- memory ---- */

typedef struct budget { int64_t left; int64_t live; } budget;

static void *limited(void *ud, void *ptr, size_t old_size, size_t new_size) {
  budget *b = ud;
  if (!new_size) {
    if (ptr) b->live--;
    free(ptr);
    return NULL;
  }
  if (b->left-- <= 0) return NULL;
  if (!ptr) b->live++;
  (void)old_size;
  return realloc(ptr, new_size);
}

/* ---- mutants ---- */

static void mutants(void **st) {
  (void)st;
  rt_program *p = compiled("record A { id : text key  n : int  k : \"a\" | \"b\" }\nsource as : A\n"
                           "fn low(n : int) -> bool = n < 3\n"
                           "table t(n : int) -> text { <= 5 -> \"s\"  6..9 -> \"m\"  _ -> \"l\" }\n"
                           "rule r for a in as where a.k == \"a\" { require low(a.n) or a.n in 10..20  require every b in as: b.n <= a.n }\n"
                           "test \"some\" { given as = [sample(A)]  let a = sample(A)\n  expect a passes r  expect a.with(n: 15) passes r  expect a.with(n: 3) fails r\n"
                           "  expect a.with(n: -1) fails r  expect t(5) == \"s\" and t(6) == \"m\" and t(10) == \"l\" }\n"
                           "test \"any\" for any a : A { expect not (a.k == \"b\") or verdict(a, r) == \"skip\" }\n");
  rt_test_report *r = tested(p, (rt_test_opts){ .mutate = true, .seed = 1 });
  assert_int_equal(r->passed, 2);
  assert_non_null(r->mutation);
  const rt_mutation *m = r->mutation;
  /* not noticed: both ends of 10..20, every for some (one row), the upper end of 6..9 */
  assert_int_equal(m->n, 4);
  assert_int_equal(m->tried, m->noticed + m->n);
  for (uint32_t i = 0; i + 1 < m->n; i++) assert_true(m->v[i].sp.beg <= m->v[i + 1].sp.beg);
  assert_string_equal(str_fmt(&r->a, "%.*s", STR_ARG(m->v[0].text)).p, "6..9 -> \"m\"");
  rt_test_free(r);
  bool whole = false;
  for (int64_t n = 0; n < 4000 && !whole; n += 1 + n / 100) {
    budget b = { n, 0 };
    mem small = { limited, &b };
    int status = rt_test(p, &(rt_test_opts){ .m = &small, .now = INT64_MIN, .mutate = true, .runs = 20, .seed = 1 }, &r);
    whole = status == RT_OK && r->passed == 2;
    rt_test_free(r);
    assert_int_equal(b.live, 0);
  }
  assert_true(whole);
  rt_program_free(p);
}

static void memory_runs_out(void **st) {
  (void)st;
  rt_program *p = compiled(with_model("test \"good\" { given shops = [sample(Shop)]  let a = sample(A)  expect a fails r saying \"n\"  expect count(shops) == 1 }\n"
                                      "test \"bad\" { expect size(4) == \"l\" or size(5) == \"s\" }\n"
                                      "test \"any\" for any n : int { expect n * 2 != 14 }\n"));
  bool whole = false;
  for (int64_t n = 0; n < 4000 && !whole; n++) {
    budget b = { n, 0 };
    mem m = { limited, &b };
    rt_test_report *r = NULL;
    int status = rt_test(p, &(rt_test_opts){ .m = &m, .now = INT64_MIN, .coverage = true, .runs = 50 }, &r);
    if (status == RT_OOM) assert_null(r);
    whole = status == RT_OK && r->errors == 0;
    rt_test_free(r);
    assert_int_equal(b.live, 0);
  }
  assert_true(whole);
  rt_program_free(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(results_and_coverage), cmocka_unit_test(verdicts), cmocka_unit_test(searches), cmocka_unit_test(patterns),
    cmocka_unit_test(memory_runs_out), cmocka_unit_test(mutants),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
