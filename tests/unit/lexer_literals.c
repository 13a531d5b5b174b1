/* What literals are worth, and what the lexer refuses: one row a literal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "lexer/lexer.h"

typedef struct unit { arena a; sources src; diags d; lexer lx; } unit;

static lexed open_unit(unit *u, const char *text) {
  arena_init(&u->a, &mem_libc, NULL);
  sources_init(&u->src, &u->a);
  diags_init(&u->d, &u->a, &u->src);
  lex_open(&u->lx, &u->a, &u->d, sources_add(&u->src, STR("l.blz"), str_z(text)));
  return lex_all(&u->lx);
}

static const char *first_code(const unit *u) { return u->d.list.n ? diag_table[u->d.list.v[0]->code].code : ""; }

static void test_integers(void **state) {
  (void)state;
  static const struct { const char *text; int kind; int64_t value; const char *code; } rows[] = {
    { "0", LEX_INT, 0, "" },
    { "007", LEX_INT, 7, "" },
    { "1_000_000", LEX_INT, 1000000, "" },
    { "9223372036854775807", LEX_INT, INT64_MAX, "" },
    { "9223372036854775808", LEX_INT, 0, "E0109" },
    { "99999999999999999999999999", LEX_INT, 0, "E0109" },
    { "1970-01-01", LEX_DATE, 0, "" },
    { "1969-12-31", LEX_DATE, -1, "" },
    { "2024-02-29", LEX_DATE, 19782, "" },
    { "2023-02-29", LEX_DATE, 0, "E0111" },
    { "2026-1-2", LEX_DATE, 0, "E0111" },
    { "2026-13-01", LEX_DATE, 0, "E0111" },
    { "1970-01-01T00:00:00Z", LEX_TIME, 0, "" },
    { "1970-01-01T00:00Z", LEX_TIME, 0, "" },
    { "1970-01-01T01:00:00+01:00", LEX_TIME, 0, "" },
    { "1970-01-01T00:00:00.000001Z", LEX_TIME, 1, "" },
    { "1970-01-01T00:00:00", LEX_TIME, 0, "E0112" },
    { "1970-01-01T24:00:00Z", LEX_TIME, 0, "E0112" },
    { "#000", LEX_COLOR, 0x000000FF, "" },
    { "#F00", LEX_COLOR, 0xFF0000FF, "" },
    { "#f008", LEX_COLOR, 0xFF000088, "" },
    { "#E4002B", LEX_COLOR, 0xE4002BFF, "" },
    { "#E4002BCC", LEX_COLOR, 0xE4002BCC, "" },
    { "#E4002", LEX_COLOR, 0, "E0113" },
    { "#XYZ", LEX_COLOR, 0, "E0113" },
    { "0x10", LEX_INT, 0, "E0110" },
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    unit u;
    lexed l = open_unit(&u, rows[i].text);
    if (l.n != 2 || l.tokens[0].kind != rows[i].kind || l.tokens[0].v.i != rows[i].value || strcmp(first_code(&u), rows[i].code) != 0)
      fail_msg("`%s`: %u tokens, first of kind %d worth %lld, %s", rows[i].text, l.n, l.tokens[0].kind, (long long)l.tokens[0].v.i, first_code(&u));
    arena_free(&u.a);
  }
}

static void test_numbers(void **state) {
  (void)state;
  static const struct { const char *text; int kind; double value; const char *code; } rows[] = {
    { "0.5", LEX_DEC, 0.5, "" },
    { "0.1", LEX_DEC, 0.1, "" },
    { "1_000.25", LEX_DEC, 1000.25, "" },
    { "123456789.123456789", LEX_DEC, 123456789.123456789, "" },
    { "5%", LEX_PERCENT, 0.05, "" },
    { "12.5%", LEX_PERCENT, 0.125, "" },
    { "0.1%", LEX_PERCENT, 0.001, "" },
    { "100%", LEX_PERCENT, 1, "" },
    { "16:9", LEX_RATIO, 16.0 / 9.0, "" },
    { "1.91:1", LEX_RATIO, 1.91, "" },
    { "09:00", LEX_RATIO, 1, "E0114" },
    { "1:0", LEX_RATIO, 1, "E0114" },
    { "1e6", LEX_DEC, 0, "E0110" },
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    unit u;
    lexed l = open_unit(&u, rows[i].text);
    if (l.n != 2 || l.tokens[0].kind != rows[i].kind || l.tokens[0].v.n != rows[i].value || strcmp(first_code(&u), rows[i].code) != 0)
      fail_msg("`%s`: %u tokens, first of kind %d worth %.17g, %s", rows[i].text, l.n, l.tokens[0].kind, l.tokens[0].v.n, first_code(&u));
    arena_free(&u.a);
  }
}

static void test_quantities(void **state) {
  (void)state;
  static const struct { const char *number, *unit; lex_unit kind; int64_t value; bool ok; } rows[] = {
    { "150", "KB", LEX_SIZE, 150000, true },
    { "2", "MiB", LEX_SIZE, 2097152, true },
    { "1.5", "KB", LEX_SIZE, 1500, true },
    { "1.50", "B", LEX_SIZE, 0, false },
    { "2.0", "B", LEX_SIZE, 2, true },
    { "1.0001", "KB", LEX_SIZE, 0, false },
    { "0.0009765625", "KiB", LEX_SIZE, 1, true },
    { "9_223_372", "TB", LEX_SIZE, INT64_C(9223372000000000000), true },
    { "9_223_373", "TB", LEX_SIZE, 0, false },
    { "99999999999999999999999999999999999999999999", "TiB", LEX_SIZE, 0, false },
    { "0.00000000000000000000000000000000000000000001", "TiB", LEX_SIZE, 0, false },
    { "0.5000000000000000000000000000000000000000000000", "hours", LEX_DURATION, INT64_C(1800000000), true },
    { "90", "days", LEX_DURATION, INT64_C(7776000000000), true },
    { "0.0005", "milliseconds", LEX_DURATION, 0, false },
    { "1.5", "years", LEX_MONTHS, 18, true },
    { "0.1", "years", LEX_MONTHS, 0, false },
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    unit u;
    lex_unit kind;
    int64_t value;
    open_unit(&u, "");
    bool ok = lex_quantity(&u.lx, (span){ 1, 1 }, str_z(rows[i].number), str_z(rows[i].unit), &kind, &value);
    if (ok != rows[i].ok || kind != rows[i].kind || value != rows[i].value || u.d.errors != !ok)
      fail_msg("%s %s: %d, %lld, %s", rows[i].number, rows[i].unit, ok, (long long)value, first_code(&u));
    arena_free(&u.a);
  }
}

static void test_lines(void **state) {
  (void)state;
  static const struct { const char *raw, *want; } rows[] = {
    { "", "" }, { "a", "a" }, { "  ", "  " }, { "\n", "" }, { "\n\n", "" }, { "\n\n\n", "\n" },
    { "\n  a\n  b\n  ", "a\nb" }, { "\n    a\n  b\n  ", "  a\nb" }, { "\n  a\n    ", "a" }, { "\n    a\n  ", "  a" },
    { "a\n  b", "a\nb" }, { "\n  a\n\n  b\n  ", "a\n\nb" }, { "\n  a\n \n  b", "a\n\nb" }, { "\r\n  a\r\n  b\r\n  ", "a\nb" },
    { "\n\ta\n\t b\n\t", "a\n b" }, { "\n\ta\n  b\n", "\ta\n  b" }, { "  \n  a\n  ", "a" }, { "\n  a\\n  b\n  ", "a\n  b" }, { "\n  a  \n  ", "a  " },
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    arena a;
    arena_init(&a, &mem_libc, NULL);
    str s = str_z(rows[i].raw);
    lex_text_finish(&a, &s, 1);
    if (!str_eq(s, str_z(rows[i].want))) fail_msg("row %zu: \"%s\" gives \"%.*s\"", i, rows[i].raw, STR_ARG(s));
    arena_free(&a);
  }
}

static void test_utf8(void **state) {
  (void)state;
  static const struct { const char *text; uint32_t bad; } rows[] = {
    { "plain ascii text of some length", 31 }, { "\xC3\xA9", 2 }, { "\xF0\x9F\x98\x80 twelve bytes", 17 },
    { "\xC3", 0 }, { "a\x80", 1 }, { "\xC0\xAF", 0 }, { "\xE0\x80\x80", 0 }, { "\xED\xA0\x80", 0 }, { "\xF4\x90\x80\x80", 0 }, { "\xF5", 0 },
    { "12345678901234567\xE2\x82", 17 }, { "ab\xE2\x28\xA1", 2 }, { "\xF0\x9F\x98", 0 },
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (lex_utf8_check(str_z(rows[i].text), 0) != rows[i].bad) fail_msg("row %zu: %u", i, lex_utf8_check(str_z(rows[i].text), 0));
}

/* Only the length is looked at: nothing of that size need exist. */
static void test_too_large(void **state) {
  (void)state;
  unit u;
  token t;
  open_unit(&u, "");
  srcfile big = { .path = STR("big.blz"), .text = { "", (uint32_t)LEX_MAX_FILE + 1 }, .base = 100 };
  lex_open(&u.lx, &u.a, &u.d, &big);
  assert_string_equal(first_code(&u), "E0104");
  lex_next(&u.lx, &t);
  assert_int_equal(t.kind, LEX_EOF);
  arena_free(&u.a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_integers), cmocka_unit_test(test_numbers), cmocka_unit_test(test_quantities),
    cmocka_unit_test(test_lines), cmocka_unit_test(test_utf8), cmocka_unit_test(test_too_large),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
