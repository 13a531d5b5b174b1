/* Compiling as a whole: programs that are long, deep or wrong on purpose end in a program or in diagnostics; time grows with the length;
 * single expressions compile against a program; what the program says of itself is consistent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <time.h>

#include "compiler/compile.h"
#include "tests/unit/fake_lib.h"

typedef struct run { arena a; sources src; diags d; ir_program *p; double seconds; } run;

static const char model[] =
  "module m\n"
  "record Asset { id : text key   title : text 1..80   width : int   alt : text?   tags : list of text   parent : -> assets? }\n"
  "source assets : Asset from \"assets\"\n";

static void start(run *r) {
  arena_init(&r->a, &mem_libc, NULL);
  sources_init(&r->src, &r->a);
  diags_init(&r->d, &r->a, &r->src);
  r->p = NULL;
}

static void compile_text(run *r, str text) {
  sources_add(&r->src, STR("test.blz"), text);
  compile_opts o = { .lib = &fake_lib, .lints = true, .now = INT64_MIN };
  struct timespec t0, t1;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t0);
  r->p = compile(&r->a, &r->d, &r->src, &o);
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t1);
  r->seconds = (double)(t1.tv_sec - t0.tv_sec) + 1e-9 * (double)(t1.tv_nsec - t0.tv_nsec);
  assert_int_equal(r->p == NULL, r->d.errors > 0);
}

static void assert_ok(const run *r) {
  if (r->d.errors) fail_msg("%s: %.*s", diag_table[r->d.list.v[0]->code].code, STR_ARG(r->d.list.v[0]->message));
}

static bool has_code(const run *r, diag_code code) {
  for (uint32_t i = 0; i < r->d.list.n; i++)
    if (r->d.list.v[i]->code == code) return true;
  return false;
}

static double time_rules(uint32_t n) {
  run r;
  start(&r);
  buf b = { .a = &r.a };
  buf_z(&b, model);
  for (uint32_t i = 0; i < n; i++)
    buf_fmt(&b, "rule r%u for a in assets where a.alt exists {\n  owner \"team-%u\"\n  let w = a.width * %u\n"
                "  require w >= 0 and a.title != \"%u\"\n  forbid a.alt.length() < %u otherwise \"{a.title} is %u\"\n}\n", i, i % 9, i, i, i % 50, i);
  compile_text(&r, buf_done(&b));
  assert_ok(&r);
  assert_int_equal(r.p->nrules, n + 2); /* with Asset.title and Asset.parent */
  for (uint32_t i = 1; i < r.p->nrules; i++) assert_true(str_cmp(r.p->rules[i - 1]->name, r.p->rules[i]->name) < 0);
  double s = r.seconds;
  arena_free(&r.a);
  return s;
}

static void linear_in_rules(void **state) {
  (void)state;
  time_rules(500);
  double few = time_rules(2000), many = time_rules(16000);
  assert_true(many < few * 8 * 4); /* quadratic would be 64 times */
}

static void long_chains(void **state) {
  (void)state;
  static const char *const heads[] = { "let x%u = x%u + 1\n", "fn x%u() -> int = x%u() + 1\n", "let x%u = x%u + count(a for a in assets where a.width > 1)\n" };
  static const char *const ends[] = { "let x30000 = 1\n", "fn x30000() -> int = 1\n", "let x30000 = 1\n" };
  for (int k = 0; k < 3; k++) {
    run r;
    start(&r);
    buf b = { .a = &r.a };
    buf_z(&b, model);
    for (uint32_t i = 0; i < 30000; i++) buf_fmt(&b, heads[k], i, i + 1);
    buf_z(&b, ends[k]);
    compile_text(&r, buf_done(&b));
    assert_ok(&r);
    for (uint32_t i = 0; i < r.p->nfns; i++) /* each function calls only earlier ones */
      if (r.p->fns[i]->body->kind == IR_ARITH && r.p->fns[i]->body->a->kind == IR_FN) assert_true(r.p->fns[i]->body->a->index < i);
    arena_free(&r.a);
  }
}

static void deep_expressions(void **state) {
  (void)state;
  static const char *const ops[] = { " and a.width > 1", " or a.width > 1", " implies a.width > 1" };
  for (int k = 0; k < 3; k++) {
    run r;
    start(&r);
    buf b = { .a = &r.a };
    buf_z(&b, model);
    buf_z(&b, "rule r for a in assets { require a.width > 1");
    for (int i = 0; i < (k == 2 ? 400 : 1900); i++) buf_z(&b, ops[k]);
    buf_z(&b, " }\nrule s for a in assets { require ");
    for (int i = 0; i < 200; i++) buf_z(&b, "(not ");
    buf_z(&b, "a.width > 1");
    for (int i = 0; i < 200; i++) buf_z(&b, ")");
    buf_z(&b, " }\n");
    compile_text(&r, buf_done(&b));
    assert_ok(&r);
    arena_free(&r.a);
  }
}

static void every_error_once(void **state) {
  (void)state;
  run r;
  start(&r);
  compile_text(&r, STR("record A { id : text key  x : strin }\nsource as : A\nrule r for a in as { require a.x > 3 and a.x.length() == b }\n"
                       "rule s for a in nowhere { require a.foo > 1 }\nfn f(x : nope) -> int = x.y + 1\nrule t for a in as { require f(1) > 2 }\n"));
  assert_int_equal(r.d.errors, 4); /* strin, b, nowhere, nope: nothing that only follows from them */
  arena_free(&r.a);
}

/* Only names that the error may have taken with it are silent. */
static void syntax_errors_silence_lost_names(void **state) {
  (void)state;
  run r;
  start(&r);
  compile_text(&r, STR("record Asset { id : text key\n  width : : int }\nsource assets : Asset\nrule r for a in assets { require a.width > 0 }\n"));
  assert_null(r.p);
  assert_false(has_code(&r, DIAG_FIELD_UNKNOWN));
  arena_free(&r.a);
  start(&r);
  compile_text(&r, STR("record Asset { id : text key\n  width : : int }\nsource assets : Asset\nrule r for a in assets { require a.title exists }\n"));
  assert_true(has_code(&r, DIAG_FIELD_UNKNOWN));
  arena_free(&r.a);
}

static void empty_programs(void **state) {
  (void)state;
  static const char *const texts[] = { "", "\n\n", "// nothing\n", "module m\n" };
  for (int i = 0; i < 4; i++) {
    run r;
    start(&r);
    compile_text(&r, str_z(texts[i]));
    assert_ok(&r);
    assert_int_equal(r.p->nrules, 0);
    arena_free(&r.a);
  }
}

static ir *expression(run *r, const char *text, uint32_t *nlocals) {
  const srcfile *f = sources_add(&r->src, STR("expr"), str_z(text));
  return compile_expr(&r->a, &r->d, r->p, f, STR("m"), nlocals);
}

static void expressions(void **state) {
  (void)state;
  run r;
  uint32_t n = 0;
  start(&r);
  buf b = { .a = &r.a };
  buf_z(&b, model);
  buf_z(&b, "let base = 40\nfn plus(x : int) -> int = x + 2\nrule small for a in assets { require a.width < 9 }\naudience wide for a in assets where a.width > 9\n");
  compile_text(&r, buf_done(&b));
  assert_ok(&r);
  ir *x = expression(&r, "base + 2", &n);
  assert_non_null(x);
  assert_int_equal(x->kind, IR_CONST);
  assert_int_equal(x->k.i, 42);
  x = expression(&r, "count(a for a in assets where (a in wide) ?? false) + plus(1)", &n);
  assert_non_null(x);
  assert_int_equal(n, 1);
  assert_int_equal(x->b->kind, IR_FN);
  assert_true(str_eq(r.p->fns[x->b->index]->name, STR("m.plus")));
  x = expression(&r, "some a in assets: a passes small", &n);
  assert_non_null(x);
  assert_int_equal(x->a->kind, IR_PASSES);
  assert_true(x->a->index < r.p->npasses);
  const prog_passes *ps = r.p->passes[x->a->index];
  assert_int_equal(ps->nrules, 1);
  assert_true(str_eq(r.p->rules[ps->rules[0]]->name, STR("m.small")));
  x = expression(&r, "\"new literal\" matches r\"lit\"", &n);
  assert_non_null(x);
  assert_true(x->index < r.p->npatterns);
  assert_int_equal(r.p->atoms[r.p->natoms - 1]->atom, r.p->natoms);
  uint32_t errors = r.d.errors;
  assert_null(expression(&r, "bas + 1", &n));
  assert_true(r.d.errors > errors);
  assert_null(expression(&r, "1 +", &n));
  arena_free(&r.a);
}

/* What a rule says it reads is what its tree reads, through functions, audiences and rules. */
static void reads(void **state) {
  (void)state;
  run r;
  start(&r);
  buf b = { .a = &r.a };
  buf_z(&b, model);
  buf_z(&b, "fn t(a : Asset) -> text = a.title\naudience wide for a in assets where a.width > 9\n"
            "rule r1 for a in assets { require t(a) != \"\" }\n"
            "rule r2 for a in assets { require a in wide }\n"
            "rule r3 for a in assets { require a passes r1 }\n"
            "rule r4 for a in assets { require a == a.with(width: 3) }\n"
            "rule r5 for a in assets { require a.width > 1 otherwise \"{a.id}\" }\n");
  compile_text(&r, buf_done(&b));
  assert_ok(&r);
  static const char *const want[] = { "1", "2", "1", "012345", "02" };
  for (uint32_t i = 0, k = 0; i < r.p->nrules; i++) {
    const prog_rule *p = r.p->rules[i];
    if (p->refinement) continue;
    char got[16] = { 0 };
    for (uint32_t j = 0; j < p->nreads; j++) got[j] = (char)('0' + p->reads[j]);
    assert_string_equal(got, want[k++]);
  }
  arena_free(&r.a);
}

static const srcfile *load_legal(void *ud, sources *src, load_request *r) {
  (*(int *)ud)++;
  if (!r->module || !str_eq(r->path, STR("acme/legal.blz"))) return NULL;
  return sources_add(src, r->path, STR("module acme.legal\nlet max_words = 12\n"));
}

static void loads_imports(void **state) {
  (void)state;
  run r;
  int asked = 0;
  start(&r);
  sources_add(&r.src, STR("rules/main.blz"), STR("import acme.legal\nimport acme.other\nlet x = legal.max_words + 1\n"));
  compile_opts o = { .lib = &fake_lib, .load = load_legal, .ud = &asked, .now = INT64_MIN };
  r.p = compile(&r.a, &r.d, &r.src, &o);
  assert_int_equal(r.d.errors, 1);
  assert_int_equal(r.d.list.v[0]->code, DIAG_MODULE_UNKNOWN);
  assert_true(asked >= 2);
  arena_free(&r.a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(linear_in_rules), cmocka_unit_test(long_chains), cmocka_unit_test(deep_expressions), cmocka_unit_test(every_error_once),
    cmocka_unit_test(syntax_errors_silence_lost_names), cmocka_unit_test(empty_programs), cmocka_unit_test(expressions), cmocka_unit_test(reads),
    cmocka_unit_test(loads_imports),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
