/* Waivers, baselines and fixes in a run whose memory ends at every point; what a baseline's file may hold; how values are put back. */
#include "runtime/validate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char rules[] =
  "record Row { id : text key  title : text  n : int }\n"
  "source rows : Row\n"
  "rule trimmed for r in rows { require r.title == r.title.trim()  fix r.title = r.title.trim() }\n"
  "rule small for r in rows { require r.n < 10  fix r.n = 9 }\n"
  "rule tiny for r in rows { require r.n < 5  fix r.n = 4 }\n"
  "waive small for \"b\", \"nobody\" { until 2099-12-31  because \"x\"  owner \"y\"  digest [\"0123456789abcdef\", \"0123456789abcdef\"] }\n"
  "waive tiny for \"c\" { until 2099-12-31  because \"x\"  owner \"y\" }\n";

typedef struct counting { int64_t live, left; } counting;

static void *counting_fn(void *ud, void *p, size_t old, size_t n) {
  counting *c = ud;
  if (!n) {
    c->live -= (int64_t)old;
    free(p);
    return NULL;
  }
  if (!c->left) return NULL;
  if (c->left > 0) c->left--;
  void *q = realloc(p, n);
  if (q) c->live += (int64_t)n - (p ? (int64_t)old : 0);
  return q;
}

static rt_program *compiled(void) {
  rt_program *p = rt_program_new(&mem_libc);
  rt_program_add_text(p, STR("rules.blz"), str_z(rules));
  assert_int_equal(rt_program_compile(p, false, INT64_MIN), RT_OK);
  return p;
}

static void data(char path[64]) {
  snprintf(path, 64, "/tmp/blazon-except-%d.csv", (int)getpid());
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  fputs("id,title,n\na, spring ,1\nb,x,20\nc, y ,7\nd,z,oops\n", f);
  fclose(f);
}

typedef struct outcome { int status; int64_t made, refused, known, waived; } outcome;

static outcome run(const rt_program *p, const char *path, const mem *m, str known, uint32_t *line) {
  outcome x = { .status = RT_OOM };
  jmp_buf oom;
  rt_fixes fixes;
  rt_baseline base;
  src_binding b = { STR("rows"), str_z(path), { "", 0 } };
  rt_report *volatile rep = NULL;
  rt_fixes_init(&fixes, m, &oom);
  rt_baseline_init(&base, m, &oom);
  if (!setjmp(oom)) {
    const char *why = "";
    rt_report *made = NULL;
    base.collect = true;
    *line = rt_baseline_read(&base, known, &why);
    rt_validate_opts o = { .m = m, .nbindings = 1, .bindings = &b, .now = INT64_C(1790000000000000), .per_rule = RT_ALL, .total = RT_ALL,
                           .fixes = &fixes, .baseline = &base };
    x.status = rt_validate(p, &o, &made);
    rep = made;
    base.a.oom = &oom;
    if (x.status == RT_OK) (void)rt_baseline_text(&base);
    x.made = fixes.made, x.refused = fixes.refused, x.known = base.known;
    for (uint32_t i = 0; rep && i < p->ir->nrules; i++) x.waived += rep->rules[i].n[V_WAIVED];
  } else x.status = RT_OOM;
  rt_report_free(rep);
  rt_fixes_free(&fixes);
  rt_baseline_free(&base);
  return x;
}

static void memory_may_end_anywhere(void **state) {
  (void)state;
  rt_program *p = compiled();
  char path[64];
  data(path);
  str known = STR("trimmed\trows\ta\tfail\t0123456789abcdef\n");
  uint32_t line, tries = 0;
  for (int64_t left = 0; left < 100000; left++, tries++) {
    counting c = { 0, left };
    mem m = { counting_fn, &c };
    outcome x = run(p, path, &m, known, &line);
    assert_int_equal(c.live, 0);
    if (x.status == RT_OK) {
      assert_int_equal(x.made, 2);    /* the titles of a and c; b's n has two proposals */
      assert_int_equal(x.refused, 2);
      assert_int_equal(x.waived, 1);  /* c; b's digest is another one */
      assert_int_equal(x.known, 0);
      break;
    }
    assert_true(x.status == RT_OOM || x.status == RT_ENV);
  }
  assert_true(tries > 20);
  unlink(path);
  rt_program_free(p);
}

static void a_baseline_is_read_with_care(void **state) {
  (void)state;
  static const struct { const char *text; uint32_t line; } cases[] = {
    { "", 0 },
    { "# only a comment\n\n", 0 },
    { "r\ts\tk\tfail\t0123456789abcdef", 0 },
    { "r\ts\tk\tfail\t0123456789abcdef\r\nr\t\t\tunknown\t0123456789abcdef\n", 0 },
    { "r\ts\tk\tfail\t0123\n", 1 },
    { "# x\nr\ts\tk\tpass\t0123456789abcdef\n", 2 },
    { "r\ts\tk\tfail\n", 1 },
    { "\ts\tk\tfail\t0123456789abcdef\n", 1 },
    { "r\ts\tk\tfail\t0123456789abcdef\tmore\n", 1 },
    { "r\ts\tk\tfail\t0123456789abcdef\n=======\n", 2 },
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    rt_baseline b;
    const char *why = NULL;
    rt_baseline_init(&b, &mem_libc, NULL);
    uint32_t line = rt_baseline_read(&b, str_z(cases[i].text), &why);
    if (line != cases[i].line) fail_msg("case %zu: line %u (%s)", i, line, why ? why : "");
    if (line) assert_non_null(why);
    rt_baseline_free(&b);
  }
}

static void values_keep_their_form(void **state) {
  (void)state;
  static const type color = { .kind = TY_COLOR, .base = &color };
  static const type time = { .kind = TY_TIME, .base = &time };
  static const type text_ = { .kind = TY_TEXT, .base = &text_ };
  static const type boolean = { .kind = TY_BOOL, .base = &boolean };
  static const type number = { .kind = TY_NUMBER, .base = &number };
  static const type span_ = { .kind = TY_DURATION, .base = &span_ };
  static const type texts = { .kind = TY_LIST, .base = &texts, .elem = &text_ };
  const text comma = { "a,b", 3, 0 };
  const val one[1] = { { .t = &comma } };
  const list with_comma = { 1, one };
  const struct { const type *t; val v; uint8_t was_kind; const char *was, *split; bool table; int kind; const char *want; } cases[] = {
    { &color, { .i = 0xE4002BFF }, STORED_TEXT, "ff0000", "", true, STORED_TEXT, "e4002b" },
    { &color, { .i = 0xE4002BFF }, STORED_TEXT, "#FF0000", "", true, STORED_TEXT, "#E4002B" },
    { &color, { .i = 0xE4002BFF }, STORED_NULL, "", "", true, STORED_TEXT, "#E4002B" },
    { &color, { .i = 0xE4002BFF }, STORED_TEXT, "000000", "", true, STORED_TEXT, "E4002B" },
    { &time, { .i = 0 }, STORED_TEXT, "2026-01-01 00:00:00", "", true, STORED_TEXT, "1970-01-01 00:00:00Z" },
    { &time, { .i = 5000000 }, STORED_INT, "", "", true, STORED_INT, "5" },
    { &span_, { .i = -1500000 }, STORED_TEXT, "PT1S", "", true, STORED_TEXT, "-PT1.500000S" },
    { &boolean, { .i = 1 }, STORED_TEXT, "false", "", true, STORED_TEXT, "true" },
    { &boolean, { .i = 1 }, STORED_INT, "", "", true, STORED_INT, "1" },
    { &boolean, { .i = 1 }, STORED_JSON, "false", "", false, STORED_JSON, "true" },
    { &number, { .n = 1.5 }, STORED_JSON, "2", "", false, STORED_JSON, "1.5" },
    { &texts, { .l = &with_comma }, STORED_TEXT, "x", ",", true, -1, "" },
    { &texts, { .l = &with_comma }, STORED_TEXT, "x", ";", true, STORED_TEXT, "a,b" },
    { &texts, { .l = &with_comma }, STORED_TEXT, "[]", "", true, STORED_TEXT, "[\"a,b\"]" },
    { &texts, { .l = &with_comma }, STORED_JSON, "[]", "", false, STORED_JSON, "[\"a,b\"]" },
    { &text_, { .t = &comma }, STORED_ABSENT, "", "", true, -1, "" },
    { &text_, { .t = &comma }, STORED_ABSENT, "", "", false, STORED_TEXT, "a,b" },
    { &text_, { .t = &comma }, STORED_BLOB, "", "", true, -1, "" },
  };
  arena a;
  arena_init(&a, &mem_libc, NULL);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    prog_field f = { .type = cases[i].t, .split = str_z(cases[i].split) };
    src_home home = { .table = str_z(cases[i].table ? "t" : ""), .file = str_z(cases[i].table ? "" : "f.json") };
    src_stored was = { .kind = cases[i].was_kind, .s = str_z(cases[i].was) }, out;
    bool ok = rt_store(&a, &f, cases[i].v, &home, &was, &out);
    if (ok != (cases[i].kind >= 0)) fail_msg("case %zu: %s", i, ok ? "can be kept" : "cannot be kept");
    if (!ok) continue;
    assert_int_equal(out.kind, cases[i].kind);
    str got = out.kind == STORED_INT ? str_fmt(&a, "%lld", (long long)out.i) : out.s;
    if (!str_eq(got, str_z(cases[i].want))) fail_msg("case %zu: %.*s, not %s", i, STR_ARG(got), cases[i].want);
  }
  arena_free(&a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(memory_may_end_anywhere),
    cmocka_unit_test(a_baseline_is_read_with_care),
    cmocka_unit_test(values_keep_their_form),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
