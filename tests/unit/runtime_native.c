/* Native functions from both sides: every type through libffi as a C library sees it, functions of a host program, and what each must not do. */
#include "runtime/engine.h"
#include "runtime/native.h"
#include "blazon.h"
#include "stdlib/builtin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- what a library has ---- */

static int all_types(blz_native *c, uint8_t b, int64_t i, double n, const char *t, size_t tn, uint32_t color, int32_t date, blz_native_text *out) {
  char *p = c->alloc(c, 200);
  assert_true(p && c->size == sizeof *c && t[tn] == 0);
  int len = snprintf(p, 200, "%d %lld %g %.*s %08x %d", b, (long long)i, n, (int)tn, t, color, date);
  *out = (blz_native_text){ p, (size_t)len };
  return BLZ_NATIVE_OK;
}

static int optional_types(blz_native *c, const uint8_t *b, const int64_t *i, const double *n, const char *t, size_t tn, const uint32_t *color,
                          const int32_t *date, const int64_t *list, size_t count, int64_t *out) {
  (void)c, (void)tn, (void)count;
  *out = (b != NULL) | (i != NULL) << 1 | (n != NULL) << 2 | (t != NULL) << 3 | (color != NULL) << 4 | (date != NULL) << 5 | (list != NULL) << 6;
  return BLZ_NATIVE_OK;
}

static int join(blz_native *c, const blz_native_text *texts, size_t n, const double *numbers, size_t m, const uint8_t *flags, size_t k, blz_native_list *out) {
  blz_native_text *made = c->alloc(c, (n + 1) * sizeof *made);
  double sum = 0;
  for (size_t i = 0; i < m; i++) sum += numbers[i];
  for (size_t i = 0; i < k; i++) sum += flags[i] ? 100 : 0;
  for (size_t i = 0; i < n; i++) made[n - 1 - i] = texts[i];
  char *last = c->alloc(c, 40);
  snprintf(last, 40, "%g", sum);
  made[n] = (blz_native_text){ last, strlen(last) };
  *out = (blz_native_list){ made, n + 1 };
  return BLZ_NATIVE_OK;
}

static int misbehave(blz_native *c, int64_t how, blz_native_text *out) {
  if (how == 1) (c->fail)(c, "the disk of the moon is full");
  if (how == 3) *out = (blz_native_text){ "\xFF", 1 };
  if (how == 4 && c->alloc(c, SIZE_MAX / 4)) return BLZ_NATIVE_OK;
  return how == 1 || how == 2 || how == 4 ? BLZ_NATIVE_ERROR : how == 5 ? BLZ_NATIVE_MISSING : how == 6 ? 77 : BLZ_NATIVE_OK;
}

static int bad_number(blz_native *c, double *out) {
  (void)c;
  *out = NAN;
  return BLZ_NATIVE_OK;
}

static int bad_date(blz_native *c, int32_t *out) {
  (void)c;
  *out = INT32_MAX;
  return BLZ_NATIVE_OK;
}

/* ---- one expression over them ---- */

typedef void (*symbol)(void);
typedef struct known { const char *name; symbol fn; } known;
static const known library[] = {
  { "all_types", (symbol)all_types }, { "optional_types", (symbol)optional_types }, { "join", (symbol)join }, { "misbehave", (symbol)misbehave },
  { "bad_number", (symbol)bad_number }, { "bad_date", (symbol)bad_date },
};

static const char declared[] =
  "extern fn all_types(b : bool, i : int, n : number, t : text, c : color, d : date) -> text from \"lib\"\n"
  "extern fn optional_types(b : bool?, i : int?, n : number?, t : text?, c : color?, d : date?, l : list of int?) -> int from \"lib\"\n"
  "extern fn join(t : list of text, n : list of number, b : list of bool) -> list of text from \"lib\"\n"
  "extern fn misbehave(how : int) -> text from \"lib\"\n"
  "extern fn bad_number() -> number from \"lib\"\n"
  "extern fn bad_date() -> date from \"lib\"\n"
  "record R { id : text key  x : int?  t : text?  l : list of int? }\n"
  "source rs : R\n";

typedef struct fixture { rt_program *p; rt_engine e; native_fn **fns; extern_host host; } fixture;

static int call(void *ud, uint32_t at, lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  return native_call(((const fixture *)ud)->fns[at], c, args, st, out);
}

static void open_fixture(fixture *f) {
  f->p = rt_program_new(&mem_libc);
  assert_int_equal(rt_program_add_text(f->p, STR("t.blz"), str_z(declared)), RT_OK);
  assert_int_equal(rt_program_compile(f->p, false, INT64_MIN), RT_OK);
  const ir_program *ir = f->p->ir;
  f->fns = ARENA_ARRAY(&f->p->a, native_fn *, ir->nexterns);
  for (uint32_t i = 0; i < ir->nexterns; i++)
    for (size_t k = 0; k < sizeof library / sizeof *library; k++)
      if (str_eq(ir->externs[i]->name, str_z(library[k].name))) f->fns[i] = native_prepare(&f->p->a, ir->externs[i], library[k].fn);
  f->host = (extern_host){ f, call };
  assert_true(rt_engine_open(&f->e, f->p, &mem_libc, (vm_limits){ 0, 1 << 20 }, 0));
  vm_lib(f->e.vm)->externs = &f->host;
}

static void close_fixture(fixture *f) {
  rt_engine_close(&f->e);
  rt_program_free(f->p);
}

/* The value of x as text, or "missing", or "error: why". */
static void gives(fixture *f, const char *x, const char *expected) {
  arena a;
  jmp_buf oom;
  if (setjmp(oom)) fail();
  arena_init(&a, &mem_libc, &oom);
  sources src;
  diags d;
  sources_init(&src, &a);
  diags_init(&d, &a, &src);
  uint32_t nlocals, ncauses;
  vm_cause *causes;
  val v;
  uint8_t st;
  ir *n = compile_expr(&a, &d, (ir_program *)(uintptr_t)f->p->ir, sources_add(&src, STR("x"), str_z(x)), (str){ 0 }, &nlocals);
  if (!n) fail_msg("%s: %.*s", x, STR_ARG(d.list.v[0]->message));
  assert_int_equal(vm_eval(f->e.vm, &d, n, nlocals, &v, &st, &ncauses, &causes), VM_OK);
  buf out = { .a = &a };
  if (st == ST_OK) val_print(&out, n->ty, v, false);
  else if (st == ST_MISSING) buf_z(&out, "missing");
  else buf_fmt(&out, "error: %.*s", ncauses ? (int)causes[0].error.n : 0, ncauses ? causes[0].error.p : "");
  assert_string_equal(buf_done(&out).p, expected);
  vm_reset(f->e.vm);
  arena_free(&a);
}

static void test_types(void **state) {
  (void)state;
  fixture f;
  open_fixture(&f);
  gives(&f, "all_types(true, -7, 2.5, \"Zo\xC3\xAB\", #E4002B80, 1970-01-03)", "1 -7 2.5 Zo\xC3\xAB e4002b80 2");
  gives(&f, "all_types(false, 9223372036854775807, 3, \"\", #000, 0001-01-01)", "0 9223372036854775807 3  000000ff -719162");
  gives(&f, "optional_types(true, 0, 0, \"\", #000, 2026-01-01, [])", "127");
  gives(&f, "optional_types(true, [1][2], 0, [\"a\"][2], #000, [2026-01-01][2], [[1]][2])", "21");
  gives(&f, "join([\"a\", \"b\"], [1, 2.5], [true, false, true])", "[\"b\", \"a\", \"203.5\"]");
  gives(&f, "join([], [], [])", "[\"0\"]");
  gives(&f, "join([[\"a\"]][2], [], [])", "missing"); /* strict: not called */
  gives(&f, "all_types(true, [1][2], 2.5, \"x\", #000, 1970-01-03)", "missing");
  close_fixture(&f);
}

static void test_misbehavior(void **state) {
  (void)state;
  fixture f;
  open_fixture(&f);
  gives(&f, "misbehave(0)", "error: returned a null pointer instead of a text");
  gives(&f, "misbehave(1)", "error: the disk of the moon is full");
  gives(&f, "misbehave(2)", "error: reported an error and gave no reason");
  gives(&f, "misbehave(3)", "error: returned a text that is not UTF-8");
  gives(&f, "misbehave(4)", "error: needed more memory than its budget allows");
  gives(&f, "misbehave(5)", "error: gave no value, and its declared result is not optional");
  gives(&f, "misbehave(6)", "error: returned a status that means nothing (0, 1 and 2 do)");
  gives(&f, "bad_number()", "error: returned a number that is not finite");
  gives(&f, "bad_date()", "error: returned a date outside the years 1 to 9999");
  vm_lib(f.e.vm)->externs = NULL;
  gives(&f, "misbehave(0)", "error: native functions are not allowed in this run");
  close_fixture(&f);
}

static void test_signatures(void **state) {
  (void)state;
  static const char *const good[][2] = {
    { "f() -> int", "f() -> int" }, { " a.b.f ( x:text? ,y : list  of  date ) ->list of bool? ", "f(text?, list of date) -> list of bool?" },
  };
  static const char *const bad[] = { "", "f", "f(", "f()", "f() ->", "f(x) -> int", "f(x : map of int) -> int", "f(x : list of list of int) -> int", "f() -> int?? ",
                                     "f(x : int,) -> int", "f() -> int g() -> int", "f(x : time) -> int" };
  native_sig s;
  arena a;
  arena_init(&a, &mem_libc, NULL);
  for (size_t i = 0; i < 2; i++) {
    assert_null(native_sig_parse(str_z(good[i][0]), &s));
    buf out = { .a = &a };
    native_sig_print(&out, &s);
    assert_string_equal(buf_done(&out).p, good[i][1]);
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    if (!native_sig_parse(str_z(bad[i]), &s)) fail_msg("accepted: %s", bad[i]);
  buf many = { .a = &a };
  buf_z(&many, "f(");
  for (int i = 0; i < 33; i++) buf_fmt(&many, "%sp%d : int", i ? ", " : "", i);
  buf_z(&many, ") -> int");
  assert_non_null(native_sig_parse(buf_done(&many), &s));
  arena_free(&a);
}

/* ---- a host program ---- */

static int host_size(void *ud, blz_native *c, const blz_native_value *args, size_t n, blz_native_value *result) {
  int *calls = ud;
  ++*calls;
  assert_int_equal(n, 2);
  assert_int_equal(args[0].kind, BLZ_NATIVE_TEXT);
  if (args[0].as.text.n == 3) {
    (c->fail)(c, "three is not liked");
    return BLZ_NATIVE_ERROR;
  }
  if (!args[0].as.text.n) return BLZ_NATIVE_MISSING;
  assert_int_equal(result->kind, BLZ_NATIVE_INT);
  if (args[0].as.text.n == 5) result->kind = BLZ_NATIVE_TEXT; /* a mistake */
  result->as.i = (int64_t)args[0].as.text.n + (args[1].kind == BLZ_NATIVE_NONE ? 100 : args[1].as.i);
  return BLZ_NATIVE_OK;
}

static const char host_rules[] =
  "module acme\n"
  "record A { id : text key  t : text  plus : int? }\n"
  "source as : A\n"
  "extern fn size(t : text, plus : int?) -> int? from \"host\"\n"
  "rule large for a in as { require size(a.t, a.plus) > 10 }\n";

typedef struct told { char text[512]; unsigned line; } told;
static void tell(void *ud, const blz_diagnostic *d) {
  told *t = ud;
  snprintf(t->text, sizeof t->text, "%s", d->message);
  t->line = d->line;
}

static blz_verdict judge(const blz_program *p, const char *json) {
  blz_engine *e = blz_engine_new(p);
  blz_record *r;
  blz_verdict v;
  size_t rule;
  assert_int_equal(blz_record_from_json(e, "A", json, strlen(json), &r), BLZ_OK);
  assert_int_equal(blz_program_find_rule(p, "large", &rule), BLZ_OK);
  assert_int_equal(blz_engine_rule(e, rule, r, &v), BLZ_OK);
  const char *why;
  assert_int_equal(blz_engine_explain_rule(e, rule, r, BLZ_TEXT, &why), BLZ_OK);
  blz_record_free(r);
  blz_engine_free(e);
  return v;
}

static blz_program *with_host(const char *signature, int *calls, told *t, blz_status expected) {
  blz_program *p = blz_program_new(NULL);
  assert_int_equal(blz_program_add_text(p, "h.blz", host_rules, strlen(host_rules)), BLZ_OK);
  if (signature) assert_int_equal(blz_program_add_function(p, signature, host_size, calls), BLZ_OK);
  assert_int_equal(blz_program_compile(p, tell, t), expected);
  return p;
}

static void test_host(void **state) {
  (void)state;
  int calls = 0;
  told t = { "", 0 };
  blz_program *p = with_host("acme.size(t : text, plus : int?) -> int?", &calls, &t, BLZ_OK);
  assert_int_equal(judge(p, "{\"id\":\"1\",\"t\":\"long enough\",\"plus\":1}"), BLZ_PASS);
  assert_int_equal(judge(p, "{\"id\":\"1\",\"t\":\"long\",\"plus\":1}"), BLZ_FAIL);
  assert_int_equal(judge(p, "{\"id\":\"1\",\"t\":\"long\"}"), BLZ_PASS);
  assert_int_equal(judge(p, "{\"id\":\"1\",\"t\":\"\"}"), BLZ_UNKNOWN);
  assert_int_equal(judge(p, "{\"id\":\"1\",\"t\":\"thr\"}"), BLZ_ERROR);
  assert_int_equal(judge(p, "{\"id\":\"1\",\"t\":\"fiver\"}"), BLZ_ERROR);
  assert_true(calls >= 6);
  assert_int_equal(blz_program_add_function(p, "f() -> int", host_size, &calls), BLZ_MISUSE);
  const void *bytes;
  size_t n;
  assert_int_equal(blz_program_pack(p, &bytes, &n), BLZ_OK);
  blz_program *q = blz_program_new(NULL); /* a bundle names its functions; the host gives them again */
  assert_int_equal(blz_program_add_bundle(q, bytes, n), BLZ_OK);
  assert_int_equal(blz_program_add_function(q, "size(t : text, plus : int?) -> int?", host_size, &calls), BLZ_OK);
  assert_int_equal(blz_program_compile(q, tell, &t), BLZ_OK);
  assert_int_equal(judge(q, "{\"id\":\"1\",\"t\":\"long\",\"plus\":1}"), BLZ_FAIL);
  blz_program_free(q);
  blz_program_free(p);
}

static void test_host_mistakes(void **state) {
  (void)state;
  int calls = 0;
  told t = { "", 0 };
  blz_program_free(with_host(NULL, &calls, &t, BLZ_DATA));
  assert_non_null(strstr(t.text, "has added no function `acme.size`"));
  assert_int_equal(t.line, 4);
  blz_program_free(with_host("size(t : text, plus : int) -> int?", &calls, &t, BLZ_DATA));
  assert_non_null(strstr(t.text, "declared otherwise"));
  blz_program *p = blz_program_new(NULL);
  assert_int_equal(blz_program_add_function(p, "size(t : thing) -> int?", host_size, &calls), BLZ_BAD_VALUE);
  assert_non_null(strstr(blz_program_error(p), "is no signature"));
  assert_int_equal(blz_program_add_function(p, "size() -> int?", NULL, &calls), BLZ_BAD_VALUE);
  blz_program_free(p);
  p = blz_program_new(NULL);
  static const char rules[] = "extern fn f(t : text) -> int from \"nothere\"\nlet x = f(\"a\")\n";
  assert_int_equal(blz_program_add_text(p, "h.blz", rules, strlen(rules)), BLZ_OK);
  assert_int_equal(blz_program_allow_native(p, "nothere"), BLZ_OK);
  assert_int_equal(blz_program_native_path(p, "no/such/folder"), BLZ_OK);
  assert_int_equal(blz_program_compile(p, tell, &t), BLZ_DATA);
  assert_non_null(strstr(t.text, "was not found"));
  blz_program_free(p);
}

int main(void) {
  const struct CMUnitTest tests[] = { cmocka_unit_test(test_types), cmocka_unit_test(test_misbehavior), cmocka_unit_test(test_signatures),
                                      cmocka_unit_test(test_host), cmocka_unit_test(test_host_mistakes) };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
