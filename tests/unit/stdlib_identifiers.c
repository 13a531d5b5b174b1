/* Identifiers: the vectors through the public functions, and cases that are easy to get wrong. */
#include "stdlib_call.h"

static struct bench box, *b = &box;
static int setup(void **state) { (void)state; bench_open(b); return 0; }
static int teardown(void **state) { (void)state; bench_close(b); return 0; }

static bool is(const char *name, const char *s) {
  char f[40];
  snprintf(f, sizeof f, "is_%s", name);
  val v;
  assert_int_equal(call(b, f, "(", &ty_bool, ARGS(a_text(b, s)), &v), ST_OK);
  /* the format says the same, with a reason where it can */
  str why;
  int k = lib_textformat_find(str_z(name));
  assert_true(k >= 0);
  assert_int_equal(lib_textformat_valid(k, str_z(s), &why), v.i);
  if (!v.i) assert_true(why.n > 0);
  return v.i;
}

static const char *canonical(const char *name, const char *s) {
  char f[40];
  snprintf(f, sizeof f, "canonical_%s", name);
  const char *r = show(b, f, "(", &ty_text, ARGS(a_text(b, s)));
  size_t n = strlen(r);
  if (r[0] != '"') return r;
  return str_dup(&b->a, (str){ r + 1, (uint32_t)n - 2 }).p;
}

static void file_of(const char *path, const char *name, int column, int least) {
  FILE *f = fopen(path, "r");
  if (!f) { print_message("%s is not there\n", path); skip(); }
  char line[1024];
  int rows = 0;
  if (!fgets(line, sizeof line, f)) fail();
  while (fgets(line, sizeof line, f)) {
    char *save = NULL, *s = strtok_r(line, "\t", &save), *want = strtok_r(NULL, "\t", &save);
    if (column == 2) want = strtok_r(NULL, "\t", &save);
    assert_non_null(want);
    if (is(name, s) != (want[0] == '1')) fail_msg("%s is %s", s, want[0] == '1' ? "valid" : "not valid");
    rows++;
  }
  fclose(f);
  assert_true(rows >= least);
}

static void gtin_vectors(void **state) { (void)state; file_of("../shared/vectors/identifiers/gtin.tsv", "gtin", 2, 10); }
static void locale_vectors(void **state) { (void)state; file_of("../shared/vectors/identifiers/bcp47.tsv", "locale", 1, 30); }

struct judged { const char *format, *s; bool ok; };

static void judged(void **state) {
  (void)state;
  static const struct judged cases[] = {
    { "url", "https://example.com", true }, { "url", "https://example.com:8443/a/../b?x=%20#f", true }, { "url", "http://[2001:db8::1]/", true },
    { "url", "http://[::ffff:1.2.3.4]:80", true }, { "url", "http://[1:2:3:4:5:6:7:8]", true }, { "url", "http://[1::2::3]", false }, { "url", "http://[12345::]", false },
    { "url", "example.com", false }, { "url", "https:/example.com", false }, { "url", "https://", false }, { "url", "https:///x", false }, { "url", "mailto:a@b.c", false },
    { "url", "https://a b.com", false }, { "url", "https://example.com/é", false }, { "url", "https://example.com/%zz", false }, { "url", "https://u:p@h/", true },
    { "url", "https://example.com:99999", false }, { "url", "https://example.com/<x>", false }, { "url", "", false }, { "url", "1http://a", false },
    { "email", "ana@example.com", true }, { "email", "a.b+c@sub.example.co", true }, { "email", "a..b@example.com", false }, { "email", ".a@example.com", false },
    { "email", "ana@example", false }, { "email", "ana@-x.com", false }, { "email", "@example.com", false }, { "email", "a b@example.com", false },
    { "email", "a@b@example.com", false }, { "email", "a@1.2.3.4", false }, { "email", "a@example.com.", false }, { "email", "", false },
    { "locale", "sl-rozaj-rozaj", false }, { "locale", "de-DE-u-co-phonebk-x-a", true }, { "locale", "en-", false }, { "locale", "en--US", false }, { "locale", "x", false },
    { "locale", "en-a", false }, { "locale", "en-x", false }, { "locale", "abcdefghi", false }, { "locale", "en-GB-oed", true }, { "locale", "", false }, { "locale", "1a", false },
    { "country", "BR", true }, { "country", "br", false }, { "country", "UK", false }, { "country", "XK", false }, { "country", "BRA", false }, { "country", "", false },
    { "language", "pt", true }, { "language", "por", true }, { "language", "PT", false }, { "language", "zz", false }, { "language", "pt-BR", false },
    { "currency", "EUR", true }, { "currency", "eur", false }, { "currency", "DEM", false }, { "currency", "HRK", false }, { "currency", "XAU", false }, { "currency", "E R", false },
    { "spdx", "MIT", true }, { "spdx", "mit", false }, { "spdx", "MIT OR Apache-2.0", true }, { "spdx", "MIT or Apache-2.0", false }, { "spdx", "GPL-2.0-or-later WITH Classpath-exception-2.0", true },
    { "spdx", "(MIT AND (BSD-3-Clause OR ISC))", true }, { "spdx", "(MIT", false }, { "spdx", "MIT)", false }, { "spdx", "MIT Apache-2.0", false }, { "spdx", "MIT WITH MIT", false },
    { "spdx", "GPL-2.0+", true }, { "spdx", "GPL-2.0 +", false }, { "spdx", "LicenseRef-Acme-1", true }, { "spdx", "DocumentRef-a:LicenseRef-b", true }, { "spdx", "LicenseRef-", false },
    { "spdx", "MIT License", false }, { "spdx", "", false }, { "spdx", "AND", false }, { "spdx", "MIT AND", false }, { "spdx", "()", false },
    { "gtin", "", false }, { "gtin", "4006381333930 ", false }, { "gtin", "400638133393", false },
    { "uuid", "123e4567-e89b-12d3-a456-426614174000", true }, { "uuid", "123e4567e89b12d3a456426614174000", false }, { "uuid", "123e4567-e89b-12d3-a456-42661417400g", false },
    { "mime", "image/svg+xml", true }, { "mime", "text/html; charset=utf-8", true }, { "mime", "text/html; charset=\"a\\\"b\"", true }, { "mime", "text/html;", false },
    { "mime", "text", false }, { "mime", "text/", false }, { "mime", "text/html; a", false }, { "mime", "text/html; a=\"b", false }, { "mime", "text/html; a=\"b\\", false },
    { "mime", "te xt/html", false }, { "slug", "spring-sale-26", true }, { "slug", "a--b", false }, { "slug", "-a", false }, { "slug", "a-", false }, { "slug", "A", false }, { "slug", "", false },
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    if (is(cases[i].format, cases[i].s) != cases[i].ok) fail_msg("%s: `%s` should be %s", cases[i].format, cases[i].s, cases[i].ok ? "valid" : "not valid");
}

/* The examples of textformats.def hold, and canonical texts are valid and canonical. */
static void table_examples(void **state) {
  (void)state;
#define TEXTFORMAT(name, doc, good, bad)                                              \
  assert_true(is(#name, good)), assert_false(is(#name, bad));                         \
  assert_true(is(#name, canonical(#name, good)));                                     \
  assert_string_equal(canonical(#name, canonical(#name, good)), canonical(#name, good));
#include "stdlib/textformats.def"
#undef TEXTFORMAT
  assert_int_equal(lib_textformat_find(STR("nothing")), -1);
}

static void canonical_texts(void **state) {
  (void)state;
  static const struct { const char *format, *s, *r; } cases[] = {
    { "url", "HTTPS://Example.COM:443", "https://example.com/" }, { "url", "http://a/b/c/./../../g", "http://a/g" }, { "url", "http://a/%7euser/%c3%a9?Q=%2f", "http://a/~user/%C3%A9?Q=%2F" },
    { "url", "http://a/..", "http://a/" }, { "url", "http://a:8080/x/..", "http://a:8080/" }, { "url", "http://a/b/.", "http://a/b/" }, { "url", "nope", "missing" },
    { "email", "Ana@Example.COM", "Ana@example.com" }, { "locale", "ZH-hant-tw", "zh-Hant-TW" }, { "locale", "EN-gb-OED", "en-GB-oed" }, { "locale", "en-us-U-CO-Phonebk", "en-US-u-co-phonebk" },
    { "locale", "pt_BR", "missing" }, { "country", "bra", "BR" }, { "country", "zz", "missing" }, { "language", "POR", "pt" }, { "currency", "eur", "EUR" },
    { "spdx", "(mit or apache-2.0) and gpl-2.0+ with classpath-exception-2.0", "(MIT OR Apache-2.0) AND GPL-2.0+ WITH Classpath-exception-2.0" },
    { "gtin", "036000291452", "00036000291452" }, { "gtin", "4006381 333931", "04006381333931" }, { "uuid", "{123E4567-E89B-12D3-A456-426614174000}", "123e4567-e89b-12d3-a456-426614174000" },
    { "mime", "Text/HTML ; Charset=UTF-8", "text/html;charset=UTF-8" },
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) assert_string_equal(canonical(cases[i].format, cases[i].s), cases[i].r);
}

static void parts(void **state) {
  (void)state;
  SHOWS(b, "url_host", "(", &ty_text, "\"www.example.com\"", a_text(b, "https://u@www.Example.com:8080/a"));
  SHOWS(b, "url_scheme", "(", &ty_text, "\"https\"", a_text(b, "HTTPS://x"));
  SHOWS(b, "url_path", "(", &ty_text, "\"/a/b\"", a_text(b, "https://x/a/b?c#d"));
  SHOWS(b, "email_domain", "(", &ty_text, "\"example.com\"", a_text(b, "ana@Example.com"));
  SHOWS(b, "email_domain", "(", &ty_text, "missing", a_text(b, "ana"));
  SHOWS(b, "locale_script", "(", &ty_text, "\"Hant\"", a_text(b, "ZH-HANT-tw"));
  SHOWS(b, "locale_region", "(", &ty_text, "\"419\"", a_text(b, "es-419"));
  SHOWS(b, "locale_language", "(", &ty_text, "missing", a_text(b, "x-a"));
  SHOWS(b, "country_name", "(", &ty_text, "\"Brazil\"", a_text(b, "BR"));
  SHOWS(b, "country_name", "(", &ty_text, "missing", a_text(b, "QQ"));
  SHOWS(b, "language_name", "(", &ty_text, "\"Portuguese\"", a_text(b, "pt"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(gtin_vectors), cmocka_unit_test(locale_vectors), cmocka_unit_test(judged), cmocka_unit_test(table_examples),
    cmocka_unit_test(canonical_texts), cmocka_unit_test(parts),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
