/* Golden tests of the checker: tests/golden/types/NAME.blz gives the program as IR, tests/golden/errors/CODE_name.blz the diagnostics. The
 * expectation stands beside it in NAME.out; BLESS=1 rewrites it. Several files of one run: a line `//// file` begins the next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>

#include "compiler/compile.h"
#include "tests/unit/fake_lib.h"

static str read_all(arena *a, const char *path) {
  FILE *f = fopen(path, "rb");
  buf b = { .a = a };
  char part[4096];
  if (!f) return (str){ NULL, 0 };
  for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;) buf_add(&b, part, n);
  fclose(f);
  return buf_done(&b);
}

static void add_files(arena *a, sources *s, str text) {
  int k = 0;
  while (text.n) {
    static const char cut[] = "//// file\n";
    const char *next = memmem(text.p, text.n, cut, sizeof cut - 1);
    uint32_t n = next ? (uint32_t)(next - text.p) : text.n;
    sources_add(s, str_fmt(a, "%c.blz", 'a' + k++), (str){ text.p, n });
    n += next ? (uint32_t)sizeof cut - 1 : 0;
    text.p += n, text.n -= n;
  }
}

static void place(buf *out, const sources *s, span sp) {
  const srcfile *f = sp.end ? sources_find(s, sp.beg) : NULL;
  uint32_t line = 0, col = 0;
  if (!f) return;
  source_line_col(f, sp.beg, &line, &col);
  buf_fmt(out, "%.*s:%u:%u: ", STR_ARG(f->path), line, col);
}

static void print_diags(buf *out, const diags *d) {
  static const char *const sev[] = { "error", "warning", "info" };
  for (uint32_t i = 0; i < d->list.n; i++) {
    const diag *g = d->list.v[i];
    place(out, d->src, g->sp);
    buf_fmt(out, "%s %s: %.*s\n", sev[g->sev], diag_table[g->code].code, STR_ARG(g->message));
    str at = source_slice(d->src, g->sp);
    if (at.n > 70) at.n = 70;
    for (uint32_t k = 0; k < at.n; k++)
      if (at.p[k] == '\n') at.n = k;
    buf_fmt(out, "  at: %.*s\n", STR_ARG(at));
    for (const diag_note *n = g->notes; n; n = n->next) {
      buf_z(out, "  note: ");
      place(out, d->src, n->sp);
      buf_fmt(out, "%.*s\n", STR_ARG(n->text));
    }
    if (g->edits) buf_fmt(out, "  fix: %.*s\n", STR_ARG(g->fix_title));
    for (const diag_edit *e = g->edits; e; e = e->next) {
      buf_z(out, "    ");
      place(out, d->src, e->sp);
      str old = source_slice(d->src, e->sp);
      buf_fmt(out, "`%.*s` -> `%.*s`\n", STR_ARG(old), STR_ARG(e->text));
    }
  }
}

static str source_name_of(void *ud, uint32_t id) { return ((const ir_program *)ud)->sources[id]->name; }

static void print_ir(buf *out, const ir_program *p, const char *label, const ir *n) {
  struct type_names names = { source_name_of, (void *)(uintptr_t)p };
  buf_fmt(out, "  %s ", label);
  ir_print(out, p, n);
  buf_z(out, " : ");
  type_print(out, n->ty, &names);
  buf_ch(out, '\n');
}

static void print_rule(buf *out, const ir_program *p, const prog_rule *r) {
  buf_fmt(out, "rule %.*s%s locals=%u reads=", STR_ARG(r->name), r->refinement ? " (refinement)" : "", r->nlocals);
  for (uint32_t i = 0; i < r->nreads; i++) buf_fmt(out, "%s%.*s", i ? "," : "", STR_ARG(p->records[r->record]->fields[r->reads[i]].name));
  buf_fmt(out, " cost=%.*s\n", STR_ARG(r->cost_text));
  if (r->has_since) buf_fmt(out, "  since %lld\n", (long long)r->since);
  if (r->has_until) buf_fmt(out, "  until %lld\n", (long long)r->until);
  if (r->guard) print_ir(out, p, "where", r->guard);
  for (uint32_t i = 0; i < r->nlets; i++) print_ir(out, p, "let", r->lets[i].init);
  for (uint32_t i = 0; i < r->nclauses; i++) {
    const prog_clause *k = &r->clauses[i];
    print_ir(out, p, k->forbid ? "forbid" : "require", k->test);
    print_ir(out, p, k->generated ? "  message*" : "  message", k->message);
    if (k->at_path.n) buf_fmt(out, "    at %d %.*s\n", k->at_field, STR_ARG(k->at_path));
    for (uint32_t w = 0; w < k->nwitness; w++) {
      buf_fmt(out, "    witness $%d%s ", k->witness[w].bind->local, k->witness[w].negative ? " none" : "");
      ir_print(out, p, k->witness[w].test);
      buf_ch(out, '\n');
    }
  }
}

static void print_program(buf *out, const ir_program *p) {
  struct type_names names = { source_name_of, (void *)(uintptr_t)p };
  for (uint32_t i = 0; i < p->nrecords; i++) {
    const prog_record *r = p->records[i];
    buf_fmt(out, "record %.*s%s\n", STR_ARG(r->name), r->exact ? " exact" : "");
    for (uint32_t k = 0; k < r->shape.nfields; k++) {
      const prog_field *f = &r->fields[k];
      buf_fmt(out, "  %.*s : ", STR_ARG(f->name));
      type_print(out, f->type, &names);
      buf_fmt(out, "%s%s%s%s%s\n", f->key ? " key" : "", f->unique ? " unique" : "", f->intern ? " intern" : "", f->has_default ? " default" : "", f->split.n ? " split" : "");
    }
  }
  for (uint32_t i = 0; i < p->nsources; i++) {
    const prog_source *s = p->sources[i];
    buf_fmt(out, "source %.*s : %.*s%s%s", STR_ARG(s->name), STR_ARG(p->records[s->record]->name), s->scanned ? " scanned" : "", s->referenced ? " referenced" : "");
    for (uint32_t k = 0; k < s->nindexes; k++) buf_fmt(out, " index %.*s", STR_ARG(p->records[s->record]->fields[s->indexes[k]].name));
    buf_ch(out, '\n');
  }
  for (uint32_t i = 0; i < p->nfns; i++) {
    buf_fmt(out, "fn %.*s -> ", STR_ARG(p->fns[i]->name));
    type_print(out, p->fns[i]->ret, &names);
    buf_ch(out, '\n');
    print_ir(out, p, "=", p->fns[i]->body);
  }
  for (uint32_t i = 0; i < p->naudiences; i++) {
    buf_fmt(out, "audience %.*s cost=%.*s\n", STR_ARG(p->audiences[i]->name), STR_ARG(p->audiences[i]->cost_text));
    if (p->audiences[i]->test) print_ir(out, p, "where", p->audiences[i]->test);
  }
  for (uint32_t i = 0; i < p->nrules; i++) print_rule(out, p, p->rules[i]);
  for (uint32_t i = 0; i < p->npasses; i++) {
    buf_fmt(out, "passes %.*s =", STR_ARG(p->passes[i]->name));
    for (uint32_t k = 0; k < p->passes[i]->nrules; k++) buf_fmt(out, " %.*s", STR_ARG(p->rules[p->passes[i]->rules[k]]->name));
    buf_ch(out, '\n');
  }
}

static void print_test(buf *out, const ir_program *p, const prog_test *t) {
  buf_fmt(out, "test \"%.*s\"", STR_ARG(t->name));
  if (t->any) buf_fmt(out, " for any %.*s", STR_ARG(t->any_name));
  buf_ch(out, '\n');
  if (t->any_sample) print_ir(out, p, "sample", t->any_sample);
  for (uint32_t i = 0; i < t->ngivens; i++)
    for (uint32_t k = 0; k < t->givens[i].nrows; k++)
      print_ir(out, p, t->givens[i].source < 0 ? "given now" : t->givens[i].list ? "given rows" : "given row", t->givens[i].rows[k]);
  for (uint32_t i = 0; i < t->rule->nlets; i++) print_ir(out, p, "let", t->rule->lets[i].init);
  for (uint32_t i = 0; i < t->rule->nclauses; i++) {
    print_ir(out, p, "expect", t->rule->clauses[i].test);
    if (t->expects[i].saying) print_ir(out, p, "  saying", t->expects[i].saying);
  }
  for (uint32_t i = 0; i < t->nvalid; i++)
    for (uint32_t k = 0; k < t->valid[i]->nclauses; k++) print_ir(out, p, "bound", t->valid[i]->clauses[k].test);
}

/* Data files stand beside the cases. */
static const srcfile *load_beside(void *dir, sources *src, load_request *r) {
  str text = r->module ? (str){ NULL, 0 } : read_all(src->a, str_fmt(src->a, "%s/%.*s", (const char *)dir, STR_ARG(r->path)).p);
  return text.p ? sources_add(src, r->path, text) : NULL;
}

static str outcome(arena *a, const char *dir, const char *path, bool program) {
  sources src;
  diags d;
  sources_init(&src, a);
  diags_init(&d, a, &src);
  add_files(a, &src, read_all(a, path));
  compile_opts o = { .lib = &fake_lib, .lints = true, .now = INT64_C(1800000000000000), .load = load_beside, .ud = (void *)(uintptr_t)dir };
  ir_program *p = compile(a, &d, &src, &o);
  assert_int_equal(p == NULL, d.errors > 0);
  buf out = { .a = a };
  print_diags(&out, &d);
  if (p && program) print_program(&out, p);
  for (uint32_t i = 0; p && program && i < p->ntests; i++) print_test(&out, p, p->tests[i]);
  return buf_done(&out);
}

static int by_text(const void *x, const void *y) { return strcmp(*(char *const *)x, *(char *const *)y); }

static uint32_t list_cases(arena *a, const char *dir, char ***out) {
  VEC(char *) names = { 0 };
  DIR *d = opendir(dir);
  assert_non_null(d);
  for (struct dirent *e; (e = readdir(d));) {
    size_t n = strlen(e->d_name);
    if (n > 4 && !strcmp(e->d_name + n - 4, ".blz")) *VEC_PUSH(a, &names) = (char *)(uintptr_t)str_dup(a, str_z(e->d_name)).p;
  }
  closedir(d);
  if (names.n) qsort(names.v, names.n, sizeof *names.v, by_text);
  *out = names.v;
  return names.n;
}

static uint32_t run_dir(const char *dir, bool codes) {
  arena names;
  char **v;
  arena_init(&names, &mem_libc, NULL);
  uint32_t n = list_cases(&names, dir, &v), failed = 0;
  for (uint32_t i = 0; i < n; i++) {
    arena a;
    arena_init(&a, &mem_libc, NULL);
    str path = str_fmt(&a, "%s/%s", dir, v[i]), want_path = str_fmt(&a, "%.*s.out", (int)path.n - 4, path.p);
    str got = outcome(&a, dir, path.p, !codes), want = read_all(&a, want_path.p);
    if (codes) { /* CODE_name.blz shows CODE */
      char code[6] = { 0 };
      memcpy(code, v[i], 5);
      if (!memmem(got.p, got.n, code, 5)) print_error("%s does not show %s:\n%.*s", path.p, code, STR_ARG(got)), failed++;
    }
    if (getenv("BLESS")) {
      FILE *f = fopen(want_path.p, "wb");
      assert_non_null(f);
      fwrite(got.p, 1, got.n, f);
      fclose(f);
    } else if (!str_eq(got, want)) {
      print_error("%s differs. Expected:\n%.*s\nGot:\n%.*s\n", path.p, STR_ARG(want), STR_ARG(got));
      failed++;
    }
    arena_free(&a);
  }
  arena_free(&names);
  assert_int_equal(failed, 0);
  return n;
}

static void errors(void **state) {
  (void)state;
  assert_true(run_dir("tests/golden/errors", true) > 50);
}

static void programs(void **state) {
  (void)state;
  assert_true(run_dir("tests/golden/types", false) > 5);
}

/* Every code of the checker has a golden case. */
static void codes_covered(void **state) {
  (void)state;
  arena a;
  char **v;
  arena_init(&a, &mem_libc, NULL);
  uint32_t n = list_cases(&a, "tests/golden/errors", &v), missing = 0;
  for (int i = 0; i < DIAG_COUNT; i++) {
    const char *code = diag_table[i].code;
    if (strncmp(code, "E03", 3) && strncmp(code, "E04", 3) && strncmp(code, "E05", 3) && strncmp(code, "W06", 3) && strncmp(code, "E07", 3)) continue;
    bool found = i == DIAG_NO_FRONT; /* only a bundle gives it */
    for (uint32_t k = 0; k < n; k++) found |= !strncmp(v[k], code, 5);
    if (!found) print_error("no golden case for %s\n", code), missing++;
  }
  arena_free(&a);
  assert_int_equal(missing, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = { cmocka_unit_test(errors), cmocka_unit_test(programs), cmocka_unit_test(codes_covered) };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
