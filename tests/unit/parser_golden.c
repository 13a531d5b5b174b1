/* Golden tests of the front end: tests/golden/FOLDER/NAME.blz and what comes of it beside it in NAME.out.
 *
 * lex: the tokens. ast: the tree, and no error. errors-syntax: every diagnostic, with notes and fixes. fmt: the formatted file.
 * BLESS=1 rewrites the .out files; read the difference before you commit it. */
#include <dirent.h>
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

typedef struct unit { arena a; sources src; diags d; srcfile *f; } unit;

static char *slurp(const char *path, size_t *n) {
  FILE *f = fopen(path, "rb");
  if (!f) return NULL;
  size_t cap = 1 << 16, at = 0, k;
  char *p = malloc(cap);
  while (p && (k = fread(p + at, 1, cap - at, f)) > 0)
    if ((at += k) == cap) p = realloc(p, cap *= 2);
  fclose(f);
  *n = at;
  return p;
}

static void open_unit(unit *u, const char *name, str text) {
  arena_init(&u->a, &mem_libc, NULL);
  sources_init(&u->src, &u->a);
  diags_init(&u->d, &u->a, &u->src);
  u->f = sources_add(&u->src, str_z(name), text);
}

static void close_unit(unit *u) { arena_free(&u->a); }

static void put_place(buf *out, const unit *u, span sp) {
  uint32_t l, c, l2, c2;
  if (!sp.beg) { buf_z(out, "-"); return; }
  source_line_col(u->f, sp.beg, &l, &c);
  source_line_col(u->f, sp.end, &l2, &c2);
  if (l == l2) buf_fmt(out, "%u:%u-%u", l, c, c2);
  else buf_fmt(out, "%u:%u-%u:%u", l, c, l2, c2);
}

static void put_diags(buf *out, unit *u) {
  diags_sort(&u->d);
  for (uint32_t i = 0; i < u->d.list.n; i++) {
    const diag *g = u->d.list.v[i];
    put_place(out, u, g->sp);
    buf_fmt(out, " %s %.*s\n", diag_table[g->code].code, STR_ARG(g->message));
    for (const diag_note *n = g->notes; n; n = n->next) {
      buf_z(out, "  note ");
      put_place(out, u, n->sp);
      buf_fmt(out, " %.*s\n", STR_ARG(n->text));
    }
    if (g->edits) buf_fmt(out, "  fix: %.*s\n", STR_ARG(g->fix_title));
    for (const diag_edit *e = g->edits; e; e = e->next) {
      buf_z(out, "    ");
      put_place(out, u, e->sp);
      buf_fmt(out, " `%.*s`\n", STR_ARG(e->text));
    }
  }
}

static void run_lex(buf *out, unit *u) {
  lexer lx;
  lex_open(&lx, &u->a, &u->d, u->f);
  lexed l = lex_all(&lx);
  for (uint32_t i = 0; i < l.n; i++) {
    const token *t = &l.tokens[i];
    put_place(out, u, t->sp);
    if (t->kind >= LEX_FIRST_NAMED) buf_fmt(out, " %s", lex_kind_names[t->kind - LEX_FIRST_NAMED]);
    else if (t->kind) buf_fmt(out, " %c", t->kind);
    else buf_z(out, " end");
    if (t->kind >= LEX_FIRST_NAMED) buf_fmt(out, " <%.*s>", STR_ARG(t->text));
    if (t->extra.n) buf_fmt(out, " flags %.*s", STR_ARG(t->extra));
    if (t->kind == LEX_INT || t->kind == LEX_DATE || t->kind == LEX_TIME) buf_fmt(out, " = %lld", (long long)t->v.i);
    if (t->kind == LEX_COLOR) buf_fmt(out, " = %08llX", (unsigned long long)t->v.i);
    if (t->kind == LEX_DEC || t->kind == LEX_PERCENT || t->kind == LEX_RATIO) buf_fmt(out, " = %.17g", t->v.n);
    buf_ch(out, '\n');
  }
  for (uint32_t i = 0; i < lx.comments.n; i++) {
    buf_z(out, lx.comments.v[i].own_line ? "comment " : "trailing comment ");
    put_place(out, u, lx.comments.v[i].sp);
    buf_ch(out, '\n');
  }
  for (uint32_t i = 0; i < lx.docs.n; i++) {
    buf_z(out, "doc of ");
    put_place(out, u, (span){ lx.docs.v[i].at, lx.docs.v[i].at });
    buf_fmt(out, " <%.*s>\n", STR_ARG(lx.docs.v[i].text));
  }
  put_diags(out, u);
}

static void run_ast(buf *out, unit *u) {
  const ast *file = parse_file(&u->a, &u->d, u->f);
  ast_print(out, file);
  put_diags(out, u);
}

static void run_errors(buf *out, unit *u) {
  parse_file(&u->a, &u->d, u->f);
  put_diags(out, u);
}

static void run_fmt(buf *out, unit *u) {
  const ast *file = parse_file(&u->a, &u->d, u->f);
  if (u->d.errors) put_diags(out, u);
  else fmt_file(out, &u->a, u->f, file);
}

static int by_name(const void *x, const void *y) { return strcmp(*(char *const *)x, *(char *const *)y); }

static void write_file(const char *path, str s) {
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(s.p, 1, s.n, f), s.n);
  assert_int_equal(fclose(f), 0);
}

static int first_difference(str x, str y) {
  int line = 1;
  for (uint32_t i = 0; i < x.n && i < y.n && x.p[i] == y.p[i]; i++) line += x.p[i] == '\n';
  return line;
}

static void walk(const char *folder, void (*run)(buf *, unit *)) {
  char dir[256];
  snprintf(dir, sizeof dir, "tests/golden/%s", folder);
  DIR *d = opendir(dir);
  assert_non_null(d);
  char *names[500];
  int n = 0, bad = 0;
  for (struct dirent *e; (e = readdir(d)) && n < 500;) {
    size_t k = strlen(e->d_name);
    if (k > 4 && !strcmp(e->d_name + k - 4, ".blz")) names[n++] = strdup(e->d_name);
  }
  closedir(d);
  qsort(names, (size_t)n, sizeof *names, by_name);
  assert_true(n > 0);
  for (int i = 0; i < n; i++) {
    char in[600], want_path[600];
    snprintf(in, sizeof in, "%s/%s", dir, names[i]);
    snprintf(want_path, sizeof want_path, "%s/%.*s.out", dir, (int)strlen(names[i]) - 4, names[i]);
    size_t len, want_len = 0;
    char *text = slurp(in, &len);
    assert_non_null(text);
    unit u;
    open_unit(&u, names[i], (str){ text, (uint32_t)len });
    buf out = { .a = &u.a };
    run(&out, &u);
    str got = buf_done(&out);
    if (getenv("BLESS")) write_file(want_path, got);
    char *want = slurp(want_path, &want_len);
    str w = { want ? want : "", (uint32_t)want_len };
    if (!want || !str_eq(got, w)) {
      print_message("%s: differs from %s at line %d of it; got:\n%.*s\n", in, want_path, first_difference(w, got), STR_ARG(got));
      bad++;
    }
    free(want), free(text), free(names[i]);
    close_unit(&u);
  }
  assert_int_equal(bad, 0);
}

static void test_lex(void **state) { (void)state, walk("lex", run_lex); }
static void test_ast(void **state) { (void)state, walk("ast", run_ast); }
static void test_errors(void **state) { (void)state, walk("errors-syntax", run_errors); }
static void test_fmt(void **state) { (void)state, walk("fmt", run_fmt); }

/* A message without a case is a message nobody has seen. E0104 needs a gigabyte: tests/unit/lexer_literals.c has it. */
static void test_every_code_has_a_case(void **state) {
  (void)state;
  for (int c = 0; c < DIAG_COUNT; c++) {
    const char *code = diag_table[c].code;
    if ((strncmp(code, "E01", 3) != 0 && strncmp(code, "E02", 3) != 0) || !strcmp(code, "E0104")) continue;
    DIR *d = opendir("tests/golden/errors-syntax");
    assert_non_null(d);
    bool shown = false;
    for (struct dirent *e; (e = readdir(d)) && !shown;) {
      if (strncmp(e->d_name, code, 5) != 0 || !strstr(e->d_name, ".out")) continue;
      char path[600];
      size_t n = 0;
      snprintf(path, sizeof path, "tests/golden/errors-syntax/%s", e->d_name);
      char *text = slurp(path, &n);
      shown = text && memmem(text, n, code, 5);
      free(text);
    }
    closedir(d);
    if (!shown) fail_msg("%s has no case under tests/golden/errors-syntax", code);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_lex), cmocka_unit_test(test_ast), cmocka_unit_test(test_errors), cmocka_unit_test(test_fmt),
    cmocka_unit_test(test_every_code_has_a_case),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
