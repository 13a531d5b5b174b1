/* The front end at its limits: depth, length, size, memory. */
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

typedef struct unit { arena a; sources src; diags d; const ast *tree; } unit;

static void open_unit(unit *u, str text) {
  arena_init(&u->a, &mem_libc, NULL);
  sources_init(&u->src, &u->a);
  diags_init(&u->d, &u->a, &u->src);
  u->tree = parse_file(&u->a, &u->d, sources_add(&u->src, STR("l.blz"), text));
  diags_sort(&u->d);
}

static const char *code(const unit *u, uint32_t i) { return i < u->d.list.n ? diag_table[u->d.list.v[i]->code].code : ""; }

/* head, n times part, middle, n times tail, and a second error behind it */
static str repeat(arena *a, const char *head, const char *part, int n, const char *middle, const char *tail) {
  buf b = { .a = a };
  buf_z(&b, head);
  for (int i = 0; i < n; i++) buf_z(&b, part);
  buf_z(&b, middle);
  for (int i = 0; i < n; i++) buf_z(&b, tail);
  buf_z(&b, "\nlet second = = 1\n");
  return buf_done(&b);
}

static int height(const ast *n) {
  int h = 0;
  const ast *parts[] = { n->a, n->b, n->c };
  for (int i = 0; i < 3; i++)
    if (parts[i]) { int k = height(parts[i]); h = k > h ? k : h; }
  AST_EACH(c, n) { int k = height(c); h = k > h ? k : h; }
  return h + 1;
}

/* Each form of nesting: fine up to a point, one clear error beyond, and the next declaration is read in either case. */
static void test_depth(void **state) {
  (void)state;
  static const struct { const char *head, *part, *middle, *tail; int fine, many; const char *code; } forms[] = {
    { "let x = ", "(", "1", ")", 490, 10000, "E0207" },
    { "let x = ", "[", "1", "]", 490, 10000, "E0207" },
    { "let x = ", "f(", "1", ")", 240, 10000, "E0207" },
    { "let x = ", "not ", "a", "", 490, 10000, "E0207" },
    { "let x = ", "- ", "a", "", 490, 100000, "E0207" },
    { "let x = ", "a implies ", "b", "", 490, 100000, "E0207" },
    { "let x = ", "a ?? ", "b", "", 490, 100000, "E0207" },
    { "let x = ", "if a then b else ", "c", "", 490, 100000, "E0207" },
    { "let x = ", "every a in b: ", "c", "", 490, 100000, "E0207" },
    { "let x = ", "\"{", "c", "}\"", 240, 10000, "E0207" },
    { "type x = ", "list of ", "int", "", 490, 100000, "E0207" },
    { "let x = ", "a and ", "b", "", 1990, 100000, "E0208" },
    { "let x = ", "a or ", "b", "", 1990, 100000, "E0208" },
    { "let x = ", "1 + ", "b", "", 1990, 100000, "E0208" },
    { "let x = ", "a.", "b", "", 1990, 100000, "E0208" },
    { "let x = a", "[0]", "", "", 1990, 100000, "E0208" },
    { "let x = [", "1, ", "2]", "", 100000, 0, "" },
    { "type x = ", "\"a\" | ", "\"b\"", "", 100000, 0, "" },
    { "let x = \"", "{a} ", "\"", "", 100000, 0, "" },
    { "ruleset x {", "a.b ", "}", "", 100000, 0, "" },
    { "waive r for ", "a.", "b {}", "", 100000, 0, "" },
  };
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    for (int many = 0; many < 2; many++) {
      int n = many ? forms[i].many : forms[i].fine;
      if (!n) continue;
      arena a;
      unit u;
      arena_init(&a, &mem_libc, NULL);
      open_unit(&u, repeat(&a, forms[i].head, forms[i].part, n, forms[i].middle, forms[i].tail));
      if (height(u.tree) > AST_MAX_DEPTH + 10) fail_msg("%s x %d: a tree of height %d", forms[i].part, n, height(u.tree));
      if (u.d.errors != (many ? 2u : 1u) || strcmp(code(&u, u.d.list.n - 1), "E0201") != 0 || (many && strcmp(code(&u, 0), forms[i].code) != 0))
        fail_msg("`%s` x %d: %u errors, first %s", forms[i].part, n, u.d.errors, code(&u, 0));
      arena_free(&u.a);
      arena_free(&a);
    }
  }
}

static void test_errors_are_capped(void **state) {
  (void)state;
  arena a;
  unit u;
  arena_init(&a, &mem_libc, NULL);
  open_unit(&u, repeat(&a, "", "let x = = 1\n", 5000, "", ""));
  assert_int_equal(u.d.errors, LEX_MAX_ERRORS);
  assert_string_equal(code(&u, LEX_MAX_ERRORS - 1), "E0120");
  arena_free(&u.a);
  arena_free(&a);
}

/* Work is linear in the text: counted in memory, which, unlike time, is the same in every run. */
static void test_linear(void **state) {
  (void)state;
  size_t used[2];
  for (int i = 0; i < 2; i++) {
    arena a;
    unit u;
    arena_init(&a, &mem_libc, NULL);
    open_unit(&u, repeat(&a, "", "/// d\nrule r for a in b where a.x == \"y\" {\n  require a.z in 1..2 otherwise \"{a.z} no\"\n}\n", i ? 20000 : 2000, "", ""));
    assert_int_equal(u.d.errors, 1);
    used[i] = u.a.used;
    arena_free(&u.a);
    arena_free(&a);
  }
  assert_in_range(used[1], used[0] * 9, used[0] * 12);
}

/* One long line of each kind, 4 MB: quadratic work would take minutes. */
static void test_long_lines(void **state) {
  (void)state;
  static const struct { const char *head, *part, *tail; } lines[] = {
    { "", " ", "" }, { "", "/", "" }, { "", "x", "" }, { "", "\"{", "" }, { "", "/*", "" }, { "let x = \"", "y", "\"" }, { "let x = \"", "\\q", "\"" },
    { "let x = ", "9", "" }, { "", "'", "" }, { "", "`", "" }, { "", "r\"", "" }, { "", "r\"\"\"", "" }, { "", "(", "" }, { "", "{", "" }, { "", "}", "" },
    { "", "#", "" }, { "", "1.", "" }, { "", "\xC3\xA9", "" }, { "", "\xE9 ", "" }, { "rule r {", "a:b ", "}" }, { "let x = \"\"\"", "{", "" }, { "", "2026-", "" },
  };
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    arena a;
    unit u;
    arena_init(&a, &mem_libc, NULL);
    buf b = { .a = &a };
    buf_z(&b, lines[i].head);
    while (b.n < (4u << 20)) buf_z(&b, lines[i].part);
    buf_z(&b, lines[i].tail);
    open_unit(&u, buf_done(&b));
    assert_true(u.d.errors <= LEX_MAX_ERRORS);
    arena_free(&u.a);
    arena_free(&a);
  }
}

/* ---- memory that runs out at the n-th request ---- */

typedef struct scarce { long left; long open; } scarce;

static void *scarce_fn(void *ud, void *p, size_t old_size, size_t new_size) {
  scarce *s = ud;
  (void)old_size;
  if (!new_size) {
    s->open--;
    free(p);
    return NULL;
  }
  if (s->left-- <= 0) return NULL;
  if (!p) s->open++;
  return realloc(p, new_size);
}

static const char sample[] =
  "/// doc\nrecord R { id : text key }\nrule r for a in s {\n  require a.x + 1 > 2 and a.y in [1, 2] otherwise \"\"\"\n    {a.x:.1} \\u{e9}\n    \"\"\"\n  let q = = 1\n}\n";

static bool front_end(const mem *m, str text) {
  static unit u;
  jmp_buf oom;
  volatile bool done = false;
  arena_init(&u.a, m, &oom);
  if (!setjmp(oom)) {
    sources_init(&u.src, &u.a);
    diags_init(&u.d, &u.a, &u.src);
    srcfile *f = sources_add(&u.src, STR("m.blz"), text);
    const ast *tree = parse_file(&u.a, &u.d, f);
    buf out = { .a = &u.a };
    if (!u.d.errors) fmt_file(&out, &u.a, f, tree);
    done = true;
  }
  arena_free(&u.a);
  return done;
}

static void test_out_of_memory(void **state) {
  (void)state;
  arena a;
  arena_init(&a, &mem_libc, NULL);
  str big = repeat(&a, sample, "let x = 1 // c\n", 3000, "", "");
  long tries = 0;
  for (bool done = false; !done; tries++) {
    scarce s = { .left = tries };
    mem m = { scarce_fn, &s };
    done = front_end(&m, big);
    assert_int_equal(s.open, 0);
    assert_true(tries < 100000);
  }
  assert_true(tries > 5);
  arena_free(&a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_depth), cmocka_unit_test(test_errors_are_capped), cmocka_unit_test(test_linear), cmocka_unit_test(test_long_lines),
    cmocka_unit_test(test_out_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
