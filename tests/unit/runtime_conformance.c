/* Conformance cases: what programs mean, one page a subject, in tests/golden/run/NAME.blz with every verdict, message and cause beside it in NAME.out.
 * Each case runs in the VM and in the reference evaluator, which must say the same.
 *
 * A line `//! SOURCE {json}` in the file is a row, `//! now TIME` sets the clock (2026-03-01T12:30:00Z without it). A file that does not compile shows
 * the codes of its errors.
 * BLESS=1 rewrites the .out files; read the difference before you commit it. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/civil.h"
#include "compiler/compile.h"
#include "reference/ref.h"
#include "runtime/source.h"
#include "stdlib/builtin.h"
#include "vm/vm.h"

static const char *const folder = "tests/golden/run";

enum { MAX_ROWS = 32, MAX_SOURCES = 16 };
typedef struct table { uint32_t n; rec *rows[MAX_ROWS]; } table;
typedef struct world { const ir_program *p; table t[MAX_SOURCES]; } world;
struct host_cursor { const table *t; uint32_t at; };

/* ---- rows as a host ---- */

static const type_rec *shape_of(const world *w, uint32_t s) { return &w->p->records[w->p->sources[s]->record]->shape; }

static bool holds(const world *w, uint32_t s, const rec *r, uint32_t field, val key) {
  return r->st[field] == ST_OK && val_eq(shape_of(w, s)->fields[field].type->base, r->v[field], key);
}

static int look_up(void *ud, uint32_t s, val key, const rec **out) {
  const world *w = ud;
  for (uint32_t i = 0; i < w->t[s].n; i++)
    if (holds(w, s, w->t[s].rows[i], shape_of(w, s)->keys[0], key)) { *out = w->t[s].rows[i]; return HOST_FOUND; }
  return HOST_NONE;
}

static int open_walk(void *ud, uint32_t s, int32_t field, val key, bool ordered, struct host_cursor **out) {
  (void)field, (void)key, (void)ordered; /* all rows are a superset of any, and the cases list them in key order */
  *out = calloc(1, sizeof **out);
  (*out)->t = &((const world *)ud)->t[s];
  return HOST_FOUND;
}

static int next_row(void *ud, struct host_cursor *c, bool keep, const rec **out) {
  (void)ud, (void)keep;
  if (c->at == c->t->n) return HOST_NONE;
  *out = c->t->rows[c->at++];
  return HOST_FOUND;
}

static void close_walk(void *ud, struct host_cursor *c) {
  (void)ud;
  free(c);
}

static int count_equal(void *ud, uint32_t s, uint16_t field, val v, int64_t *n) {
  const world *w = ud;
  *n = 0;
  for (uint32_t i = 0; i < w->t[s].n; i++) *n += holds(w, s, w->t[s].rows[i], field, v);
  return HOST_FOUND;
}

static str failure(void *ud) {
  (void)ud;
  return (str){ 0 };
}

/* ---- reading a case ---- */

static str slurp(arena *a, const char *path) {
  FILE *f = fopen(path, "rb");
  if (!f) return (str){ 0 };
  buf b = { .a = a };
  char tmp[4096];
  size_t n;
  while ((n = fread(tmp, 1, sizeof tmp, f)) > 0) buf_add(&b, tmp, n);
  fclose(f);
  return buf_done(&b);
}

/* The next `//! WORD REST` line at or after *at. */
static bool next_note(str text, uint32_t *at, str *word, str *rest) {
  while (*at < text.n) {
    uint32_t beg = *at, end = beg;
    while (end < text.n && text.p[end] != '\n') end++;
    *at = end + 1;
    if (end - beg < 5 || memcmp(text.p + beg, "//! ", 4)) continue;
    uint32_t gap = beg + 4;
    while (gap < end && text.p[gap] != ' ') gap++;
    *word = (str){ text.p + beg + 4, gap - beg - 4 };
    *rest = gap < end ? (str){ text.p + gap + 1, end - gap - 1 } : (str){ text.p + end, 0 };
    return true;
  }
  return false;
}

static bool named(str full, str word) {
  return str_eq(full, word) || (full.n > word.n && full.p[full.n - word.n - 1] == '.' && str_eq((str){ full.p + full.n - word.n, word.n }, word));
}

static void read_rows(arena *a, world *w, str text, int64_t *now, buf *out) {
  atom_index x;
  atom_index_build(&x, a, w->p->atoms, w->p->natoms);
  str word, rest;
  for (uint32_t at = 0; next_note(text, &at, &word, &rest);) {
    bool found = false;
    if (str_eq(word, STR("now"))) { assert_true(civil_parse_time(rest, false, now)); continue; }
    for (uint32_t s = 0; s < w->p->nsources; s++) {
      if (!named(w->p->sources[s]->name, word)) continue;
      str error = { 0 };
      rec *r = src_record_json(a, w->p, w->p->sources[s]->record, &x, rest, shape_of(w, s)->nfields, false, &error);
      if (!r) { buf_fmt(out, "row not read: %.*s\n", STR_ARG(error)); continue; }
      r->source = s;
      r->position = w->t[s].n + 1;
      assert_true(w->t[s].n < MAX_ROWS);
      w->t[s].rows[w->t[s].n++] = r;
      found = true;
    }
    if (!found) buf_fmt(out, "no source %.*s\n", STR_ARG(word));
  }
}

/* ---- both evaluators ---- */

typedef struct pair { arena *a; const ir_program *p; vm_engine *e; ref_ctx ref; buf *out; const world *w; } pair;

static const char *const truths[] = { "false", "true", "unknown", "error" };

static void put_cause(buf *out, uint8_t kind, str text) { buf_fmt(out, "  %s: %.*s\n", kind == ST_ERR ? "bad" : "missing", STR_ARG(text)); }

/* Messages that the rules do not write themselves are the compiler's, and tested with it: here they only have to be the same in both (all). */
static str of_vm(pair *p, const prog_rule *rule, const vm_result *r, bool all) {
  buf out = { .a = p->a };
  buf_fmt(&out, "%s%s\n", verdict_names[r->v], r->vacuous ? " (vacuous)" : "");
  for (uint32_t i = 0; i < r->nclauses; i++) {
    const vm_clause_result *c = &r->clauses[i];
    if (!all) buf_fmt(&out, "  clause %u is %s\n", c->clause + 1, truths[c->result]);
    for (uint32_t k = 0; k < c->nmessages && (all || !rule->clauses[c->clause].generated); k++)
      buf_fmt(&out, "  %s: %.*s\n", truths[c->result], STR_ARG(c->messages[k]));
    for (uint32_t k = 0; k < c->ncauses; k++) put_cause(&out, c->causes[k].kind, c->causes[k].text);
  }
  return buf_done(&out);
}

static str of_ref(pair *p, const ref_result *r) {
  buf out = { .a = p->a };
  buf_fmt(&out, "%s%s\n", verdict_names[r->v], r->vacuous ? " (vacuous)" : "");
  for (uint32_t i = 0; i < r->nclauses; i++) {
    const ref_clause *c = &r->clauses[i];
    for (uint32_t k = 0; k < c->nmessages; k++) buf_fmt(&out, "  %s: %.*s\n", truths[c->result], STR_ARG(c->messages[k]));
    for (uint32_t k = 0; k < c->ncauses; k++) put_cause(&out, c->causes[k].kind, c->causes[k].text);
  }
  return buf_done(&out);
}

static str key_of(pair *p, rec *r) { return r ? src_key_text(p->a, p->p, r) : STR("-"); }

static void judge(pair *p, uint32_t rule, rec *r) {
  vm_result v;
  ref_result f;
  vm_reset(p->e);
  assert_int_equal(vm_rule(p->e, rule, r, true, &v), VM_OK);
  assert_true(ref_rule(&p->ref, rule, r, &f));
  const prog_rule *pr = p->p->rules[rule];
  str vm = of_vm(p, pr, &v, true), ref = of_ref(p, &f), key = key_of(p, r), shown = of_vm(p, pr, &v, false);
  assert_string_equal(ref.p, vm.p);
  buf_fmt(p->out, "%.*s %.*s: %.*s", STR_ARG(pr->name), STR_ARG(key), STR_ARG(shown));
}

static void ask(pair *p, uint32_t audience, rec *r) {
  truth t, u;
  uint32_t n = 0, k = 0;
  vm_cause *vc = NULL;
  ref_cause *rc = NULL;
  vm_reset(p->e);
  assert_int_equal(vm_audience_causes(p->e, audience, r, &t, &n, &vc), VM_OK);
  assert_true(ref_audience(&p->ref, audience, r, &u, &k, &rc));
  assert_int_equal(t, u);
  assert_int_equal(n, k);
  str key = key_of(p, r);
  buf_fmt(p->out, "%.*s %.*s: %s\n", STR_ARG(p->p->audiences[audience]->name), STR_ARG(key), t == TR_T ? "in" : t == TR_F ? "out" : truths[t]);
  for (uint32_t i = 0; i < n; i++) {
    assert_true(str_eq(vc[i].text, rc[i].text));
    put_cause(p->out, vc[i].kind, vc[i].text);
  }
}

static void run_rows(pair *p) {
  for (uint32_t i = 0; i < p->p->nrules; i++) {
    const prog_rule *r = p->p->rules[i];
    if (r->source < 0 && !r->refinement) judge(p, i, NULL);
    for (uint32_t s = 0; s < p->p->nsources; s++)
      if (r->refinement ? r->record == p->p->sources[s]->record : r->source == (int32_t)s)
        for (uint32_t k = 0; k < p->w->t[s].n; k++) judge(p, i, p->w->t[s].rows[k]);
  }
  for (uint32_t i = 0; i < p->p->naudiences; i++) {
    uint32_t s = p->p->audiences[i]->source;
    for (uint32_t k = 0; k < p->w->t[s].n; k++) ask(p, i, p->w->t[s].rows[k]);
  }
}

static void put_errors(buf *out, diags *d) {
  diags_sort(d);
  for (uint32_t i = 0; i < d->list.n; i++) {
    const diag *g = d->list.v[i];
    if (g->sev != SEV_ERROR) continue;
    uint32_t line = 0, col = 0;
    const srcfile *f = sources_find(d->src, g->sp.beg);
    if (f) source_line_col(f, g->sp.beg, &line, &col);
    buf_fmt(out, "%u:%u %s %s\n", line, col, diag_table[g->code].code, diag_table[g->code].title);
  }
}

static void run_case(arena *a, const char *name, str text, buf *out) {
  sources src;
  diags d;
  sources_init(&src, a);
  diags_init(&d, a, &src);
  sources_add(&src, str_z(name), text);
  ir_program *p = compile(a, &d, &src, &(compile_opts){ .lib = &lib_std, .now = INT64_MIN });
  vm_program *vp = p && !d.errors ? vm_compile(a, &d, p) : NULL;
  if (!vp) { put_errors(out, &d); return; }
  world *w = ARENA_NEW(a, world);
  int64_t now = INT64_C(1772368200000000);
  w->p = p;
  assert_true(p->nsources <= MAX_SOURCES);
  read_rows(a, w, text, &now, out);
  host h = { w, look_up, open_walk, next_row, close_walk, count_equal, failure };
  struct lib_state *l1 = lib_open(&mem_libc), *l2 = lib_open(&mem_libc);
  lib_ctx lib = { .a = a, .keep = a, .m = &mem_libc, .now = now, .state = l1 };
  vm_engine *e = vm_open(&mem_libc, vp, &h, l2, (vm_limits){ 0, 0 });
  vm_set_now(e, now);
  pair both = { .a = a, .p = p, .e = e, .out = out, .w = w, .ref = { .a = a, .p = p, .h = &h, .lib = &lib, .now = now } };
  run_rows(&both);
  vm_close(e);
  lib_close(l1);
  lib_close(l2);
}

/* ---- the cases ---- */

static void one_case(void **state) {
  const char *name = *state;
  arena a;
  arena_init(&a, &mem_libc, NULL);
  str text = slurp(&a, str_fmt(&a, "%s/%s.blz", folder, name).p), path = str_fmt(&a, "%s/%s.out", folder, name);
  buf out = { .a = &a };
  run_case(&a, name, text, &out);
  str got = buf_done(&out);
  const char *bless = getenv("BLESS");
  if (bless && *bless == '1') {
    FILE *f = fopen(path.p, "wb");
    assert_non_null(f);
    fwrite(got.p, 1, got.n, f);
    fclose(f);
  } else {
    str expected = slurp(&a, path.p);
    assert_non_null(expected.p);
    assert_string_equal(got.p, expected.p);
  }
  arena_free(&a);
}

static int by_name(const void *x, const void *y) { return strcmp(((const struct CMUnitTest *)x)->name, ((const struct CMUnitTest *)y)->name); }

int main(void) {
  enum { MAX_CASES = 200 };
  static struct CMUnitTest tests[MAX_CASES];
  static char names[MAX_CASES][64];
  size_t n = 0;
  DIR *dir = opendir(folder);
  for (struct dirent *e; dir && (e = readdir(dir)) && n < MAX_CASES;) {
    size_t len = strlen(e->d_name);
    if (len < 5 || len > 60 || strcmp(e->d_name + len - 4, ".blz")) continue;
    memcpy(names[n], e->d_name, len - 4);
    tests[n] = (struct CMUnitTest){ .name = names[n], .test_func = one_case, .initial_state = names[n] };
    n++;
  }
  if (dir) closedir(dir);
  if (!n) {
    fprintf(stderr, "no cases in %s: run from the project's root\n", folder);
    return 1;
  }
  qsort(tests, n, sizeof *tests, by_name);
  return _cmocka_run_group_tests("conformance", tests, n, NULL, NULL);
}
