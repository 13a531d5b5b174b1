/* Numbers, lists and aggregates: rounding on the true value, exact sums, edges of ranges, reading without a locale; hashes and interpolation formats. */
#include "comma_locale.h"
#include "stdlib_call.h"

static struct bench box, *b = &box;
static int setup(void **state) { (void)state; bench_open(b); return 0; }
static int teardown(void **state) { (void)state; bench_close(b); return 0; }

#define INT(name, sig, expected, ...) SHOWS(b, name, sig, &ty_int, expected, __VA_ARGS__)
#define NUM(name, sig, expected, ...) SHOWS(b, name, sig, &ty_number, expected, __VA_ARGS__)

static void rounding(void **state) {
  (void)state;
  INT("round", "(x: number) ", "3", a_num(2.5));
  INT("round", "(x: number) ", "-3", a_num(-2.5));
  INT("round", "(x: number) ", "0", a_num(0.49999999999999994)); /* adding a half would carry */
  INT("round", "(x: number) ", "error", a_num(1e300));
  INT("floor", "(", "error", a_num(9223372036854775808.0));
  INT("floor", "(", "-9223372036854775808", a_num(-9223372036854775808.0));
  INT("floor", "(", "-3", a_num(-2.5));
  INT("ceil", "(", "3", a_num(2.1));
  INT("trunc", "(", "-2", a_num(-2.7));
  static const struct { double x; int d; const char *r; } cases[] = {
    { 2.675, 2, "2.67" } /* the double is below the half */, { 0.125, 2, "0.13" }, { -0.125, 2, "-0.13" }, { 1.005, 2, "1" }, { 3.14159, 2, "3.14" }, { 0.5, 0, "1" },
    { 1234.5, -2, "1200" }, { 1250, -2, "1300" }, { -1250, -2, "-1300" }, { 5e-324, 15, "0" }, { -0.001, 2, "0" }, { 1e300, 5, "1e+300" }, { 0.1, 15, "0.1" },
    { 9.999, 2, "10" }, { 99999.996, 2, "100000" }, { 1e22, 3, "1e+22" },
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) NUM("round", "(x: number, d", cases[i].r, a_num(cases[i].x), a_int(cases[i].d));
  NUM("round", "(x: number, d", "error", a_num(1), a_int(16));
}

static void whole_division(void **state) {
  (void)state;
  for (int64_t x = -7; x <= 7; x++)
    for (int64_t y = -3; y <= 3; y++) {
      val q, r;
      int sq = call(b, "div", "(", &ty_int, ARGS(a_int(x), a_int(y)), &q), sr = call(b, "mod", "(", &ty_int, ARGS(a_int(x), a_int(y)), &r);
      assert_int_equal(sq, y ? ST_OK : ST_ERR);
      assert_int_equal(sr, y ? ST_OK : ST_ERR);
      if (!y) continue;
      assert_int_equal(q.i * y + r.i, x);
      assert_true(r.i == 0 || ((r.i < 0) == (y < 0) && llabs(r.i) < llabs(y)));
    }
  INT("div", "(", "error", a_int(INT64_MIN), a_int(-1));
  INT("mod", "(", "0", a_int(INT64_MIN), a_int(-1));
  INT("abs", "(x: NUM", "error", a_int(INT64_MIN));
}

static void functions(void **state) {
  (void)state;
  NUM("sqrt", "(", "error", a_num(-1));
  NUM("log", "(", "error", a_num(0));
  NUM("pow", "(", "1024", a_num(2), a_num(10));
  NUM("pow", "(", "error", a_num(-8), a_num(0.5)); /* NaN never exists */
  NUM("pow", "(", "error", a_num(1e300), a_num(2));
  NUM("pow", "(", "error", a_num(0), a_num(-1));
  NUM("exp", "(", "error", a_num(1e6));
  NUM("log2", "(", "3", a_num(8));
  NUM("abs", "(x: NUM", "2.5", a_num(-2.5));
  INT("sign", "(", "-1", a_num(-2.5));
  INT("clamp", "(", "100", a_int(120), a_int(0), a_int(100));
  INT("clamp", "(", "error", a_int(1), a_int(2), a_int(1));
  INT("min", "(a: NUM", "-3", a_int(5), a_int(-3));
  NUM("max", "(a: NUM", "5.5", a_num(5.5), a_num(-3));
}

static void reading(void **state) {
  (void)state;
  static const struct { const char *s, *i, *n; } cases[] = {
    { "42", "42", "42" }, { " -7 ", "-7", "-7" }, { "+5", "5", "5" }, { "", "missing", "missing" }, { "-", "missing", "missing" }, { "4 2", "missing", "missing" },
    { "9223372036854775807", "9223372036854775807", NULL }, { "-9223372036854775808", "-9223372036854775808", NULL },
    { "9223372036854775808", "missing", NULL }, { "2.50", "missing", "2.5" }, { ".5", "missing", "0.5" }, { "5.", "missing", "5" }, { "1e3", "missing", "1000" },
    { "1e-400", "missing", "0" }, { "1e400", "missing", "missing" }, { "0x10", "missing", "missing" }, { "nan", "missing", "missing" }, { "inf", "missing", "missing" },
    { "1,5", "missing", "missing" }, { "1e", "missing", "missing" }, { "0.1", "missing", "0.1" }, { "2.2250738585072014e-308", "missing", "2.2250738585072014e-308" },
    { "0.30000000000000004", "missing", "0.30000000000000004" }, { "00012", "12", "12" }, { "1e99999999999", "missing", "missing" }, { ".", "missing", "missing" },
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    INT("int", "(s", cases[i].i, a_text(b, cases[i].s));
    if (cases[i].n && strlen(cases[i].s) < 19) NUM("number", "(s", cases[i].n, a_text(b, cases[i].s));
  }
  /* a thousand digits, decided by the last */
  char half[1200] = "9007199254740993.";
  memset(half + 17, '0', 1100), half[1117] = 0;
  NUM("number", "(s", "9007199254740992", a_text(b, half));
  half[1116] = '1';
  NUM("number", "(s", "9007199254740994", a_text(b, half));
}

static void no_locale_matters(void **state) {
  (void)state;
  if (!comma_locale()) { print_message("no locale with a decimal comma is installed here\n"); skip(); }
  const char *r = show(b, "round", "(x: number, d", &ty_number, ARGS(a_num(3.14159), a_int(2))), *n = show(b, "number", "(s", &ty_number, ARGS(a_text(b, "2.5")));
  setlocale(LC_ALL, "C");
  assert_string_equal(r, "3.14");
  assert_string_equal(n, "2.5");
}

static struct arg ints(uint32_t n, const int64_t *v) {
  struct arg e[64];
  for (uint32_t i = 0; i < n; i++) e[i] = a_int(v[i]);
  return a_list(b, &ty_ints, n, e);
}
#define INTS(...) ints((uint32_t)(sizeof((int64_t[]){ __VA_ARGS__ }) / 8), (int64_t[]){ __VA_ARGS__ })
#define NONE a_list(b, &ty_ints, 0, NULL)

static struct arg nums(uint32_t n, const double *v) {
  struct arg e[64];
  for (uint32_t i = 0; i < n; i++) e[i] = a_num(v[i]);
  return a_list(b, &ty_numbers, n, e);
}
#define NUMS(...) nums((uint32_t)(sizeof((double[]){ __VA_ARGS__ }) / 8), (double[]){ __VA_ARGS__ })

static void aggregates(void **state) {
  (void)state;
  NUM("sum", "(xs: list of NUM", "1", NUMS(0.1, 0.7, 0.2));
  NUM("sum", "(xs: list of NUM", "1", NUMS(1e300, 1, -1e300));
  NUM("sum", "(xs: list of NUM", "error", NUMS(1.7e308, 1.7e308));
  NUM("sum", "(xs: list of NUM", "1.7e+308", NUMS(1.7e308, 1.7e308, -1.7e308));
  NUM("avg", "(xs: list of NUM", "1.7e+308", NUMS(1.7e308, 1.7e308));
  INT("sum", "(xs: list of NUM", "9223372036854775807", INTS(INT64_MAX, INT64_MAX, -INT64_MAX));
  INT("sum", "(xs: list of NUM", "error", INTS(INT64_MAX, 1));
  INT("sum", "(xs: list of NUM", "0", NONE);
  NUM("avg", "(xs: list of NUM", "missing", NONE);
  NUM("avg", "(xs: list of NUM", "1.5", INTS(1, 2));
  INT("min", "(xs", "missing", NONE);
  INT("max", "(xs", "9", INTS(3, 9, -1));
  NUM("median", "(", "3", INTS(9, 1, 2, 4));
  NUM("median", "(", "9223372036854776000", INTS(INT64_MAX, INT64_MAX));
}

static void lists(void **state) {
  (void)state;
#define LIST(name, sig, expected, ...) SHOWS(b, name, sig, &ty_ints, expected, __VA_ARGS__)
#define BOOL(name, sig, expected, ...) SHOWS(b, name, sig, &ty_bool, expected, __VA_ARGS__)
  LIST("sort", "(", "[-1, 2, 3, 3]", INTS(3, -1, 3, 2));
  LIST("sort_desc", "(", "[3, 3, 2, -1]", INTS(3, -1, 3, 2));
  LIST("sort", "(", "[]", NONE);
  LIST("distinct", "(", "[3, 1]", INTS(3, 1, 3, 1, 1));
  LIST("duplicates", "(", "[3, 1]", INTS(3, 1, 3, 2, 1, 3));
  LIST("union", "(", "[1, 2, 3]", INTS(1, 2, 2), INTS(2, 3));
  LIST("intersect", "(", "[2, 3]", INTS(1, 2, 3, 2), INTS(3, 2));
  LIST("minus", "(", "[1, 3]", INTS(1, 2, 3, 1), INTS(2));
  LIST("concat", "(", "[1, 1]", INTS(1), INTS(1));
  LIST("reverse", "(xs", "[3, 2, 1]", INTS(1, 2, 3));
  LIST("slice", "(xs", "[2, 3]", INTS(1, 2, 3, 4), a_int(2), a_int(-2));
  LIST("slice", "(xs", "[]", NONE, a_int(1), a_int(1));
  LIST("slice", "(xs", "error", NONE, a_int(0), a_int(1));
  LIST("take", "(xs", "[1, 2, 3]", INTS(1, 2, 3), a_int(INT64_MAX));
  LIST("skip", "(xs", "[3]", INTS(1, 2, 3), a_int(2));
  LIST("skip", "(xs", "error", INTS(1), a_int(-1));
  LIST("range", "(", "[2, 3, 4]", a_int(2), a_int(4));
  LIST("range", "(", "[]", a_int(2), a_int(1));
  LIST("range", "(", "error", a_int(INT64_MIN), a_int(INT64_MAX));
  INT("first", "(", "missing", NONE);
  INT("last", "(", "3", INTS(1, 3));
  INT("index_of", "(xs", "2", INTS(1, 3, 3), a_int(3));
  INT("count_of", "(xs", "2", INTS(1, 3, 3), a_int(3));
  BOOL("all_distinct", "(", "false", INTS(1, 3, 3));
  BOOL("all_distinct", "(", "true", NONE);
  BOOL("overlaps", "(", "false", NONE, INTS(1));
  BOOL("is_subset", "(", "true", NONE, INTS(1));
  BOOL("is_subset", "(", "false", INTS(1, 2), INTS(1));
  BOOL("is_sorted", "(", "true", INTS(1, 1, 2));
  NUM("percentile", "(", "9", INTS(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), a_num(0.9));
  NUM("percentile", "(", "1", INTS(1, 2), a_num(0));
  NUM("percentile", "(", "error", INTS(1, 2), a_num(1.5));
  struct arg inner[] = { INTS(1), NONE, INTS(2, 3) };
  type nested = { .kind = TY_LIST, .base = &nested, .elem = &ty_ints };
  LIST("flatten", "(", "[1, 2, 3]", a_list(b, &nested, 3, inner));
}

/* Sets over many texts, against counting by hand. */
static void large_sets(void **state) {
  (void)state;
  enum { N = 20000 };
  struct arg *e = malloc(N * sizeof *e);
  for (int i = 0; i < N; i++) {
    char s[24];
    snprintf(s, sizeof s, "k%d", i % 7000);
    str d = str_dup(&b->a, str_z(s));
    e[i] = a_textn(b, d.p, d.n);
  }
  struct arg l = a_list(b, &ty_texts, N, e);
  val v;
  assert_int_equal(call(b, "distinct", "(", &ty_texts, 1, &l, &v), ST_OK);
  assert_int_equal(v.l->n, 7000);
  assert_int_equal(call(b, "duplicates", "(", &ty_texts, 1, &l, &v), ST_OK);
  assert_int_equal(v.l->n, 7000);
  assert_int_equal(call(b, "all_distinct", "(", &ty_bool, 1, &l, &v), ST_OK);
  assert_false(v.i);
  assert_int_equal(call(b, "sort", "(", &ty_texts, 1, &l, &v), ST_OK);
  for (uint32_t i = 1; i < v.l->n; i++) assert_true(val_cmp(&ty_text, v.l->v[i - 1], v.l->v[i]) <= 0);
  free(e);
}

static void hashes(void **state) {
  (void)state;
  SHOWS(b, "sha256", "(", &ty_text, "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"", a_text(b, ""));
  SHOWS(b, "sha256", "(", &ty_text, "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"", a_text(b, "abc"));
  int in5 = 0, in20 = 0, lost = 0, same_salt = 0, buckets[10] = { 0 };
  for (int i = 0; i < 20000; i++) {
    char s[16];
    snprintf(s, sizeof s, "u%d", i);
    val five, twenty, salted, bucket;
    call(b, "sample", "(key: text, share: number) ", &ty_bool, ARGS(a_text(b, s), a_num(0.05)), &five);
    call(b, "sample", "(key: text, share: number) ", &ty_bool, ARGS(a_text(b, s), a_num(0.2)), &twenty);
    call(b, "sample", "(key: text, share: number, ", &ty_bool, ARGS(a_text(b, s), a_num(0.2), a_text(b, "x")), &salted);
    call(b, "bucket", "(", &ty_int, ARGS(a_text(b, s), a_int(10)), &bucket);
    in5 += five.i != 0, in20 += twenty.i != 0, lost += five.i && !twenty.i, same_salt += twenty.i && salted.i;
    assert_in_range(bucket.i, 1, 10);
    buckets[bucket.i - 1]++;
  }
  assert_in_range(in5, 850, 1150); /* 1000 expected, 5 standard deviations */
  assert_in_range(in20, 3717, 4283);
  assert_in_range(same_salt, 660, 940);
  assert_int_equal(lost, 0); /* growing a share drops nobody */
  for (int i = 0; i < 10; i++) assert_in_range(buckets[i], 1788, 2212);
  SHOWS(b, "sample", "(key: text, share: number) ", &ty_bool, "true", a_text(b, "a"), a_num(1));
  SHOWS(b, "sample", "(key: text, share: number) ", &ty_bool, "false", a_text(b, "a"), a_num(0));
  SHOWS(b, "sample", "(key: text, share: number) ", &ty_bool, "false", a_text(b, "a"), a_num(5e-324));
  SHOWS(b, "sample", "(key: text, share: number) ", &ty_bool, "error", a_text(b, "a"), a_num(1.01));
}

static void interpolation_formats(void **state) {
  (void)state;
  static const struct { const type *t; int64_t i; double n; const char *f, *r; } cases[] = {
    { &ty_int, 150000, 0, "bytes", "150 KB" }, { &ty_int, 1500000, 0, "bytes", "1.5 MB" }, { &ty_int, 999, 0, "bytes", "999 bytes" }, { &ty_int, 1, 0, "bytes", "1 byte" },
    { &ty_int, 999960, 0, "bytes", "1 MB" }, { &ty_int, 2097152, 0, "bytes", "2.1 MB" }, { &ty_int, INT64_MIN, 0, "bytes", "-9.2 EB" },
    { &ty_int, 1234567, 0, "grouped", "1,234,567" }, { &ty_int, -123, 0, "grouped", "-123" }, { &ty_number, 0, 1234.5, "grouped", "1,234.5" },
    { &ty_number, 0, 0.05, "percent", "5%" }, { &ty_number, 0, 0.07, "percent", "7%" }, { &ty_number, 0, 1.0 / 3, "percent", "33.333333333333%" },
    { &ty_number, 0, 2.345, ".1", "2.3" }, { &ty_number, 0, 2.25, ".1", "2.3" }, { &ty_int, 3, 0, ".2", "3.00" }, { &ty_number, 0, 0.1234, ".1%", "12.3%" }, { &ty_number, 0, -0.04, ".1", "0.0" },
    { &ty_color, 0xFF0000FF, 0, "hex", "#FF0000" }, { &ty_color, 0xFF0000FF, 0, "rgb", "rgb(255, 0, 0)" }, { &ty_color, 0xFF000080, 0, "rgb", "rgba(255, 0, 0, 0.502)" },
    { &ty_duration, 5400000000, 0, "hours", "1.5" }, { &ty_date, 0, 0, "long", "1 January 1970" }, { &ty_time, -1000000, 0, "time", "23:59:59" }, { &ty_time, -1, 0, "date", "1969-12-31" },
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    str why;
    buf o = { .a = &b->a };
    val v = { .i = cases[i].i };
    if (cases[i].t == &ty_number) v.n = cases[i].n;
    assert_true(lib_format_check(&b->a, cases[i].t, str_z(cases[i].f), &why));
    lib_format(&o, cases[i].t, v, str_z(cases[i].f));
    assert_string_equal(buf_done(&o).p, cases[i].r);
  }
  static const struct { const type *t; const char *f; } wrong[] = { { &ty_text, ".1" }, { &ty_int, "hex" }, { &ty_int, "nope" }, { &ty_number, ".16" }, { &ty_number, "." }, { &ty_date, "time" }, { &ty_bool, "" } };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    str why = { NULL, 0 };
    assert_false(lib_format_check(&b->a, wrong[i].t, str_z(wrong[i].f), &why));
    assert_true(why.n > 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(rounding), cmocka_unit_test(whole_division), cmocka_unit_test(functions), cmocka_unit_test(reading), cmocka_unit_test(no_locale_matters),
    cmocka_unit_test(aggregates), cmocka_unit_test(lists), cmocka_unit_test(large_sets), cmocka_unit_test(hashes), cmocka_unit_test(interpolation_formats),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
