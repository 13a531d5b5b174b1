/* Which words are names where. The word table and the grammar each list the soft words; this holds them together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "lexer/lexer.h"
#include "parser/ast.h"

/* Parses text; gives the number of errors and the first one's code. */
static uint32_t errors_in(const char *text, const char **code) {
  arena a;
  sources src;
  diags d;
  arena_init(&a, &mem_libc, NULL);
  sources_init(&src, &a);
  diags_init(&d, &a, &src);
  parse_file(&a, &d, sources_add(&src, STR("words.blz"), str_z(text)));
  diags_sort(&d);
  uint32_t n = d.errors;
  if (code) *code = n ? diag_table[d.list.v[0]->code].code : "";
  arena_free(&a);
  return n;
}

static bool reserved(const lex_word *w) { return w->class != LEX_SOFT_WORD; }

static void test_every_word(void **state) {
  (void)state;
  char text[300];
  const char *code;
  for (uint32_t i = 0; i < lex_nwords; i++) {
    const lex_word *w = &lex_words[i];
    snprintf(text, sizeof text, "let %s = 1", w->word);
    uint32_t n = errors_in(text, &code);
    if ((n != 0) != reserved(w)) fail_msg("`%s` declared: %u errors", w->word, n);
    if (reserved(w) && strcmp(w->word, "_") != 0) assert_string_equal(code, "E0202");
    snprintf(text, sizeof text, "let x = %s + 1", w->word);
    n = errors_in(text, NULL);
    if ((n != 0) != reserved(w)) fail_msg("`%s` used: %u errors", w->word, n);
    snprintf(text, sizeof text, "let `%s` = `%s`.%s + a . %s(%s: 1)\nrecord R { %s : text }", w->word, w->word, w->word, w->word, w->word, w->word);
    n = errors_in(text, NULL);
    if (n) fail_msg("`%s` quoted, behind a dot, before a colon: %u errors", w->word, n);
  }
}

static void test_count(void **state) {
  (void)state;
  int n = 0;
  for (uint32_t i = 0; i < lex_nwords; i++) n += reserved(&lex_words[i]);
  assert_int_equal(n, 51 + 1); /* grammar.ebnf names 51, and `_` */
}

static void test_lookup(void **state) {
  (void)state;
  arena a;
  sources src;
  diags d;
  lexer lx;
  arena_init(&a, &mem_libc, NULL);
  sources_init(&src, &a);
  diags_init(&d, &a, &src);
  lex_open(&lx, &a, &d, sources_add(&src, STR("x"), STR("")));
  for (uint32_t i = 0; i < lex_nwords; i++) {
    assert_ptr_equal(lex_word_find(&lx, str_z(lex_words[i].word)), &lex_words[i]);
    char longer[40];
    snprintf(longer, sizeof longer, "%sx", lex_words[i].word);
    const lex_word *w = lex_word_find(&lx, str_z(longer));
    if (w) assert_string_equal(w->word, longer);
  }
  assert_null(lex_word_find(&lx, STR("severity")));
  assert_null(lex_word_find(&lx, STR("")));
  arena_free(&a);
}

/* An expression alone, as the command line takes it. */
static void test_expression_alone(void **state) {
  (void)state;
  static const struct { const char *text; bool good; } rows[] = {
    { "1 + a.b", true }, { "every x in xs: x > 1", true }, { "\"{a:.1}\"", true }, { " // c\n x ", true },
    { "", false }, { "1 +", false }, { "1 2", false }, { "(1", false }, { "a otherwise", false }, { "rule x {}", false }, { "let x = 1", false }, { "\"{x\"", false },
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    arena a;
    sources src;
    diags d;
    arena_init(&a, &mem_libc, NULL);
    sources_init(&src, &a);
    diags_init(&d, &a, &src);
    const ast *e = parse_expr(&a, &d, sources_add(&src, STR("<expr>"), str_z(rows[i].text)));
    assert_non_null(e);
    if ((d.errors == 0) != rows[i].good || (e->kind != AST_ERROR) != rows[i].good)
      fail_msg("`%s`: %u errors, a node of kind %s", rows[i].text, d.errors, ast_kind_names[e->kind]);
    arena_free(&a);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = { cmocka_unit_test(test_every_word), cmocka_unit_test(test_count), cmocka_unit_test(test_lookup),
    cmocka_unit_test(test_expression_alone) };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
