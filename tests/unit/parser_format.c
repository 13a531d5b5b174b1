/* What the formatter promises, tried on every rule file in the tree: formatting twice changes nothing, the tree stays equal, every
 * comment stays, and the result does not depend on where lines broke before. */
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lexer/lexer.h"
#include "parser/ast.h"
#include "parser/format.h"

typedef struct unit { arena a; sources src; diags d; srcfile *f; const ast *tree; } unit;

static void open_unit(unit *u, str text) {
  arena_init(&u->a, &mem_libc, NULL);
  sources_init(&u->src, &u->a);
  diags_init(&u->d, &u->a, &u->src);
  u->f = sources_add(&u->src, STR("f.blz"), text);
  u->tree = parse_file(&u->a, &u->d, u->f);
}

static str format(unit *u) {
  buf out = { .a = &u->a };
  fmt_file(&out, &u->a, u->f, u->tree);
  return buf_done(&out);
}

static lexed tokens_of(unit *u, lexer *lx) {
  lex_open(lx, &u->a, &u->d, u->f);
  return lex_all(lx);
}

static str text_of_span(const unit *u, span sp) { return (str){ u->f->text.p + (sp.beg - u->f->base), sp.end - sp.beg }; }

static bool blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/* Equal but for white space. */
static bool same_ink(str x, str y) {
  uint32_t i = 0, j = 0;
  for (;; i++, j++) {
    while (i < x.n && blank(x.p[i])) i++;
    while (j < y.n && blank(y.p[j])) j++;
    if (i == x.n || j == y.n) return i == x.n && j == y.n;
    if (x.p[i] != y.p[j]) return false;
  }
}

static bool same_token(const unit *x, const token *t, const unit *y, const token *u) {
  str s = text_of_span(x, t->sp), v = text_of_span(y, u->sp);
  if (t->kind != u->kind) return false;
  return t->flags & LEX_TRIPLE ? same_ink(s, v) : str_eq(s, v); /* texts in triple quotes may move; ast_equal compares what they say */
}

/* Tokens and comments of x and y are spelled alike, in the same order. */
static bool same_tokens(unit *x, unit *y) {
  static lexer lx, ly;
  lexed a = tokens_of(x, &lx), b = tokens_of(y, &ly);
  if (a.n != b.n || lx.comments.n != ly.comments.n) return false;
  for (uint32_t i = 0; i < a.n; i++)
    if (!same_token(x, &a.tokens[i], y, &b.tokens[i])) return false;
  for (uint32_t i = 0; i < lx.comments.n; i++)
    if (!str_eq(text_of_span(x, lx.comments.v[i].sp), text_of_span(y, ly.comments.v[i].sp)) || lx.comments.v[i].own_line != ly.comments.v[i].own_line)
      return false;
  return true;
}

static void check_promises(const char *name, str text, bool must_parse) {
  unit x, y;
  open_unit(&x, text);
  if (x.d.errors && must_parse) fail_msg("%s: does not parse:\n%.*s", name, STR_ARG(text));
  if (!x.d.errors) {
    str once = format(&x);
    open_unit(&y, once);
    if (y.d.errors) fail_msg("%s: formatted, it no longer parses:\n%.*s", name, STR_ARG(once));
    str twice = format(&y);
    if (!str_eq(once, twice)) fail_msg("%s: formatted twice it differs:\n%.*s\n----\n%.*s", name, STR_ARG(once), STR_ARG(twice));
    if (!ast_equal(x.tree, y.tree)) fail_msg("%s: formatted, it has another tree", name);
    if (!same_tokens(&x, &y)) fail_msg("%s: formatted, a token or comment changed", name);
    arena_free(&y.a);
  }
  arena_free(&x.a);
}

static int files;

static int visit(const char *path, const struct stat *st, int type, struct FTW *where) {
  (void)st, (void)where;
  size_t n = strlen(path);
  if (type != FTW_F || n < 5 || strcmp(path + n - 4, ".blz") != 0) return 0;
  FILE *f = fopen(path, "rb");
  assert_non_null(f);
  char *text = malloc(1 << 20);
  size_t k = fread(text, 1, 1 << 20, f);
  fclose(f);
  check_promises(path, (str){ text, (uint32_t)k }, strstr(path, "/ast/") || strstr(path, "/fmt/") || strstr(path, "examples"));
  free(text);
  files++;
  return 0;
}

static void test_every_file(void **state) {
  (void)state;
  static const char *const folders[] = { "tests/golden", "examples", "stdlib" };
  for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) nftw(folders[i], visit, 16, FTW_PHYS);
  assert_true(files >= 40);
  print_message("%d files\n", files);
}

/* All tokens of a file with one separator between them. */
static str respaced(unit *u, const char *separator) {
  static lexer lx;
  lexed l = tokens_of(u, &lx);
  buf out = { .a = &u->a };
  uint32_t depth = 0;
  for (uint32_t i = 0; i + 1 < l.n; i++) {
    if (l.tokens[i].kind == LEX_HEAD) depth++;
    buf_str(&out, text_of_span(u, l.tokens[i].sp));
    if (l.tokens[i].kind == LEX_TAIL) depth--;
    if (!depth) buf_z(&out, separator);
    else if (i + 1 < l.n) buf_str(&out, (str){ u->f->text.p + (l.tokens[i].sp.end - u->f->base), l.tokens[i + 1].sp.beg - l.tokens[i].sp.end });
  }
  return buf_done(&out);
}

static void test_line_breaks_do_not_matter(void **state) {
  (void)state;
  static const char source[] =
    "import a.b (c, d)\ntype K = \"x\" | \"y\"\nrecord R { id : text 1..80 key  when : date?  l : list of int default [1, 2] }\n"
    "rule r for a in assets where a.kind == \"image\" and (a.width > 10 or a.height in 1..20) {\n  severity error\n  because \"x\"\n"
    "  let v = f(a, [1, -2], x: \"{a.b:.1} and {g(\"y\")}\")\n  require every c in a.colors: c != #FFF at a.colors otherwise \"no {c}\"\n}\n"
    "table t(a : text) -> int { \"p\" | \"q\" -> 1  _ -> 20 }\nlet long = alpha_alpha_alpha_alpha and beta_beta_beta_beta_beta or gamma_gamma_gamma_gamma and delta_delta\n";
  unit u, one, many;
  open_unit(&u, STR(source));
  assert_int_equal(u.d.errors, 0);
  str want = format(&u);
  open_unit(&one, respaced(&u, " "));
  open_unit(&many, respaced(&u, "\n\t"));
  assert_int_equal(one.d.errors + many.d.errors, 0);
  assert_true(str_eq(format(&one), want));
  assert_true(str_eq(format(&many), want));
  arena_free(&u.a), arena_free(&one.a), arena_free(&many.a);
}

/* A comment between any two tokens, trailing or on a line of its own, stays where it is and what it is. */
static void test_comments_anywhere(void **state) {
  (void)state;
  static const char source[] =
    "import a.b (c, d)\nrecord R exact { id : text 1..80 key\n tags : list of text? split \",\" }\npalette p { red #F00 }\nterms w { \"a\" -> \"b\" }\n"
    "table t(a : text) -> (b : int) { \"p\" | \"q\", 1..2 -> -1, 3 }\nfn f(a : R) -> bool = if not a.x[0] then g(1, y: [2]) else x ?? 3\n"
    "rule r for a in s where a.k in 1..2 { since 2026-01-01 require every c in a.cs: c exists at a.cs otherwise \"x{c}\" fix a.t = (1 + 2) }\n"
    "waive r for \"k\", 2 { until 2026-01-01 }\nexperiment e for p in ps { \"a\" -> 50% share 0%..5% of \"n\" }\n"
    "choose h for p in ps { from v in vs over s in ss by first() cap 3 per 7 days }\ntest \"t\" for any p : P { given x = [1] expect sum(l.f for l in ls where l.k) > 2 saying \"m\" }\n";
  static const char *const comments[] = { " // c\n", "\n// c\n", "\n\n// c\n\n// d\n\n", " // c\n// d\n", "\n/// doc\n" };
  unit u;
  open_unit(&u, STR(source));
  assert_int_equal(u.d.errors, 0);
  static lexer lx;
  lexed l = tokens_of(&u, &lx);
  uint32_t depth = 0;
  for (uint32_t i = 0; i < l.n; i++) {
    uint32_t cut = l.tokens[i].sp.beg - u.f->base;
    if (l.tokens[i].kind == LEX_TAIL) depth--;
    else if (!depth)
      for (size_t k = 0; k < sizeof comments / sizeof *comments; k++) {
        str with = str_fmt(&u.a, "%.*s%s%s", (int)cut, source, comments[k], source + cut);
        check_promises("a comment between two tokens", with, true);
      }
    if (l.tokens[i].kind == LEX_HEAD) depth++;
  }
  arena_free(&u.a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_every_file), cmocka_unit_test(test_line_breaks_do_not_matter), cmocka_unit_test(test_comments_anywhere),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
