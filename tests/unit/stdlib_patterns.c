/* Patterns: what they find and where, captures, replacement, and that none runs away, whatever it is and whatever it is given. */
#include "stdlib_call.h"

#include <time.h>

static struct bench box, *b = &box;
static int setup(void **state) { (void)state; bench_open(b); return 0; }
static int teardown(void **state) { (void)state; bench_close(b); return 0; }

#define T(z) a_text(b, z)
#define P(z) a_pattern(b, z, "")
#define TEXT(name, sig, expected, ...) SHOWS(b, name, sig, &ty_text, expected, __VA_ARGS__)

static int matches(const char *source, const char *flags, const char *s) {
  struct arg p = a_pattern(b, source, flags);
  b->c.error = (str){ NULL, 0 };
  return lib_matches(&b->c, p.v.p, str_z(s));
}

static void searching(void **state) {
  (void)state;
  assert_int_equal(matches("\\bSKU-\\d{4}\\b", "", "see SKU-1042."), 1);
  assert_int_equal(matches("\\bsku-\\d{4}\\b", "i", "see SKU-1042."), 1);
  assert_int_equal(matches("^a$", "", "a\n"), 0); /* $ is the very end */
  assert_int_equal(matches("^b$", "m", "a\r\nb\r\nc"), 1);
  assert_int_equal(matches("^\\w+$", "", "Zoë"), 1);
  assert_int_equal(matches("ÉCLAIR", "i", "éclair"), 1);
  assert_int_equal(matches("a b # c", "x", "ab"), 1);
  assert_int_equal(matches("a.b", "s", "a\nb"), 1);
  assert_int_equal(matches("", "", ""), 1);
  assert_int_equal(matches("a", "", "\xff"), -1);
}

static void matches_have_positions(void **state) {
  (void)state;
  const type *m = record_type(b, "Match");
  type list_of = { .kind = TY_LIST, .base = &list_of, .elem = m };
  SHOWS(b, "find", "(s: text, p:", m, "Match(text: \"22\", start: 5, end: 6, groups: [])", T("é👍🏽1 22"), P("\\d\\d"));
  SHOWS(b, "find", "(s: text, p:", m, "missing", T("abc"), P("\\d"));
  SHOWS(b, "find", "(s: text, p:", m, "Match(text: \"b\", start: 2, end: 2, groups: [\"\", \"b\"])", T("ab"), P("(x)?(b)"));
  SHOWS(b, "find_all", "(s: text, p:", &list_of, "[Match(text: \"1\", start: 2, end: 2, groups: []), Match(text: \"22\", start: 5, end: 6, groups: [])]", T("a1 b22"), P("\\d+"));
  SHOWS(b, "find_all", "(s: text, part:", &list_of, "[Match(text: \"an\", start: 2, end: 3, groups: []), Match(text: \"an\", start: 4, end: 5, groups: [])]", T("banana"), T("an"));
  SHOWS(b, "find", "(s: text, part:", m, "Match(text: \"b\", start: 3, end: 3, groups: [])", T("aéb"), T("b"));
  /* empty matches: between all characters, each once, and the walk ends */
  SHOWS(b, "count_of", "(s: text, p:", &ty_int, "3", T("aé"), P(""));
  SHOWS(b, "count_of", "(s: text, p:", &ty_int, "4", T("baac"), P("a*"));
  SHOWS(b, "find", "(s: text, p:", m, "Match(text: \"\", start: 1, end: 0, groups: [])", T("b"), P("a*"));
  SHOWS(b, "count_of", "(s: text, p:", &ty_int, "2", T("ab"), P("(?<=a)|(?=a)"));
}

static void captures(void **state) {
  (void)state;
  TEXT("capture", "(s: text, p: pattern) ", "\"1042\"", T("SKU-1042-B"), P("SKU-(\\d+)"));
  TEXT("capture", "(s: text, p: pattern) ", "missing", T("none"), P("SKU-(\\d+)"));
  TEXT("capture", "(s: text, p: pattern) ", "missing", T("b"), P("(a)|b"));
  TEXT("capture", "(s: text, p: pattern) ", "error", T("b"), P("b"));
  TEXT("capture", "(s: text, p: pattern, group: int", "\"9\"", T("16x9"), P("(\\d+)x(\\d+)"), a_int(2));
  TEXT("capture", "(s: text, p: pattern, group: int", "\"16x9\"", T("16x9"), P("(\\d+)x(\\d+)"), a_int(0));
  TEXT("capture", "(s: text, p: pattern, group: int", "error", T("16x9"), P("(\\d+)x(\\d+)"), a_int(3));
  TEXT("capture", "(s: text, p: pattern, group: text", "\"16\"", T("16x9"), P("(?<w>\\d+)x(?<h>\\d+)"), T("w"));
  TEXT("capture", "(s: text, p: pattern, group: text", "error", T("16x9"), P("(?<w>\\d+)"), T("q"));
  TEXT("capture", "(s: text, p: pattern, group: text", "error", T("16x9"), P("(\\d+)"), T(""));
  SHOWS(b, "matches_whole", "(", &ty_bool, "false", T("SKU-12"), P("SKU-\\d"));
  SHOWS(b, "matches_whole", "(", &ty_bool, "true", T("SKU-12"), P("SKU-\\d|SKU-\\d\\d"));
}

static void replacing(void **state) {
  (void)state;
  TEXT("replace", "(s: text, p:", "\"11/2026\"", T("2026-11"), P("(\\d+)-(\\d+)"), T("$2/$1"));
  TEXT("replace", "(s: text, p:", "\"<a>-<b>-\"", T("a-b-"), P("(?<l>[a-z])"), T("<${l}>"));
  TEXT("replace", "(s: text, p:", "\"$5 $x\"", T("5 x"), P("(?<![a-z])(\\d|x)"), T("$$$1"));
  TEXT("replace", "(s: text, p:", "\"-a-b-\"", T("ab"), P(""), T("-"));
  TEXT("replace", "(s: text, p:", "\"-b--c-\"", T("baac"), P("a*"), T("-"));
  TEXT("replace", "(s: text, p:", "error", T("a"), P("a"), T("$1"));
  TEXT("replace", "(s: text, p:", "error", T("a"), P("a"), T("${nope}"));
  TEXT("replace", "(s: text, p:", "\"$ ${\"", T("a"), P("a"), T("$ ${"));
  SHOWS(b, "split", "(s: text, p:", &ty_texts, "[\"a\", \"b\", \"c\"]", T("a, b;c"), P("[,;]\\s*"));
  SHOWS(b, "split", "(s: text, p:", &ty_texts, "[\"\", \"a\", \"\"]", T(",a,"), P(","));
  SHOWS(b, "split", "(s: text, p:", &ty_texts, "[\"a\", \"é\"]", T("aé"), P(""));
}

/* The classic exponential patterns, recursion, and huge inputs: an error or an answer, soon. */
static void nothing_runs_away(void **state) {
  (void)state;
  static const char *const evil[] = { "^(a+)+$", "^(a|aa)+$", "(a*)*b", "(.*)*\\d", "^((a+)*)+$", "(?:a|a?)+$", "(a+)+(?=b)\\1", "((a*)*)*b", "^(?:a*a*a*a*a*a*a*a*a*a*)*b$", "(?R)?a*b|a(?R)b", "(x+x+)+y",
                                      "(?<n>a|b(?&n)*c)+$", "(?=(a+))\\1*b" };
  char *s = malloc(100001);
  memset(s, 'a', 100000), s[100000] = 0;
  clock_t start = clock();
  for (size_t i = 0; i < sizeof evil / sizeof *evil; i++) {
    s[40] = 'a';
    int r = matches(evil[i], "", s);
    assert_in_range(r + 1, 0, 2);
    if (r < 0) assert_true(b->c.error.n > 0);
    s[40] = 0;
    r = matches(evil[i], "", s);
    if (r < 0) assert_true(b->c.error.n > 0);
  }
  assert_int_equal(matches("^(a+)+$", "", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"), -1);
  assert_non_null(strstr(b->c.error.p, "takes too long"));
  double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
  assert_true(seconds < 60);
  memset(s, 'a', 100000);
  assert_int_equal(matches("^(?:a|b)*$", "", s), 1); /* long, but sane */
  assert_int_equal(matches("^([^,]*,?)$", "", s), 1);
  free(s);
}

static void checking(void **state) {
  (void)state;
  static const struct { const char *p, *f; bool ok; } cases[] = {
    { "\\d+", "", true }, { "(", "", false }, { "a{2,1}", "", false }, { "[z-a]", "", false }, { "(?<n>a)(?<n>b)", "", false }, { "\\C", "", false }, { "a", "ims", true }, { "a", "g", false },
    { "\\p{Nope}", "", false }, { "(?<=a+)b", "", false }, { "", "", true }, { "é", "", true }, { "\\p{Lu}", "", true },
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    str why = { NULL, 0 };
    uint32_t at = 0;
    bool ok = lib_pattern_check(&b->a, str_z(cases[i].p), str_z(cases[i].f), &why, &at);
    if (ok != cases[i].ok) fail_msg("%s should %sbe a pattern", cases[i].p, cases[i].ok ? "" : "not ");
    if (!ok) assert_true(why.n > 0 && at <= strlen(cases[i].p));
  }
  char deep[2001];
  memset(deep, '(', 1000), memset(deep + 1000, ')', 1000), deep[2000] = 0;
  str why;
  uint32_t at;
  assert_false(lib_pattern_check(&b->a, str_z(deep), STR(""), &why, &at));
  assert_false(lib_pattern_check(&b->a, STR("\xff\xfe"), STR(""), &why, &at));
}

/* Two programs' patterns of one number share an engine without being mistaken for each other. */
static void patterns_of_two_programs(void **state) {
  (void)state;
  pattern one = { STR("a"), STR(""), 5 }, two = { STR("b"), STR(""), 5 };
  assert_int_equal(lib_matches(&b->c, &one, STR("a")), 1);
  assert_int_equal(lib_matches(&b->c, &two, STR("a")), 0);
  assert_int_equal(lib_matches(&b->c, &one, STR("a")), 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(searching), cmocka_unit_test(matches_have_positions), cmocka_unit_test(captures), cmocka_unit_test(replacing),
    cmocka_unit_test(nothing_runs_away), cmocka_unit_test(checking), cmocka_unit_test(patterns_of_two_programs),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
