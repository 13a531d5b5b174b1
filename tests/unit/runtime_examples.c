/* The examples of the standard library and of interpolation formats, compiled and run by both evaluators: each must show the result that stands beside it.
 * This is what makes the reference page and `blazon explain` true. The declarations they stand in are stdlib/examples.blz. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "compiler/compile.h"
#include "reference/ref.h"
#include "stdlib/builtin.h"
#include "vm/vm.h"

static struct world {
  arena a;
  sources src;
  diags d;
  ir_program *p;
  struct lib_state *lib;
} w;

static str slurp(const char *path) {
  FILE *f = fopen(path, "rb");
  char text[8192];
  assert_non_null(f);
  size_t n = fread(text, 1, sizeof text, f);
  fclose(f);
  return str_dup(&w.a, (str){ text, (uint32_t)n });
}

static int setup(void **state) {
  (void)state;
  arena_init(&w.a, &mem_libc, NULL);
  sources_init(&w.src, &w.a);
  diags_init(&w.d, &w.a, &w.src);
  sources_add(&w.src, STR("stdlib/examples.blz"), slurp("stdlib/examples.blz"));
  w.p = compile(&w.a, &w.d, &w.src, &(compile_opts){ .lib = &lib_std, .now = INT64_MIN });
  w.lib = lib_open(&mem_libc);
  return w.p && w.lib ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  lib_close(w.lib);
  arena_free(&w.a);
  return 0;
}

static const char *shown(const type *t, int st, val v) {
  if (st != ST_OK) return st == ST_MISSING ? "missing" : "error";
  buf b = { .a = &w.a };
  val_print(&b, t, v, true);
  return buf_done(&b).p;
}

static void complain(const char *what, const char *example) {
  print_error("%s: %s\n", what, example);
  for (uint32_t i = 0; i < w.d.list.n; i++) print_error("  %.*s\n", STR_ARG(w.d.list.v[i]->message));
}

/* True when both evaluators show the expected result. */
static bool example_holds(const char *example, const char *expected) {
  uint32_t errors = w.d.errors, locals = 0, causes;
  const srcfile *f = sources_add(&w.src, STR("example"), str_z(example));
  ir *x = compile_expr(&w.a, &w.d, w.p, f, STR("examples"), &locals);
  if (!x || w.d.errors != errors) { complain("does not compile", example); return false; }
  ref_cause *why;
  val v;
  uint8_t st;
  lib_ctx lib = { .a = &w.a, .keep = &w.a, .m = &mem_libc, .state = w.lib };
  ref_ctx ref = { .a = &w.a, .p = w.p, .lib = &lib };
  assert_true(ref_expr(&ref, x, locals, &v, &st, &causes, &why));
  bool holds = strcmp(shown(x->ty->base, st, v), expected) == 0;
  if (!holds) print_error("%s\n  is       %s\n  expected %s\n", example, shown(x->ty->base, st, v), expected);
  vm_program *vp = vm_compile(&w.a, &w.d, w.p); /* anew: the expression may have brought patterns and texts */
  assert_non_null(vp);
  vm_engine *e = vm_open(&mem_libc, vp, NULL, w.lib, (vm_limits){ 0, 0 });
  assert_non_null(e);
  vm_cause *vwhy;
  assert_int_equal(vm_eval(e, &w.d, x, locals, &v, &st, &causes, &vwhy), VM_OK);
  bool same = strcmp(shown(x->ty->base, st, v), expected) == 0;
  if (holds && !same) print_error("%s\n  in the VM is %s\n  expected     %s\n", example, shown(x->ty->base, st, v), expected);
  vm_close(e);
  return holds && same;
}

static void functions(void **state) {
  (void)state;
  uint32_t wrong = 0;
  for (uint32_t i = 0; i < lib_count; i++) wrong += !example_holds(lib_table[i].example, lib_table[i].result);
  assert_int_equal(wrong, 0);
}

static void formats(void **state) {
  (void)state;
  static const struct { const char *example, *result; } rows[] = {
#define FMT(name, types, example, result, doc) { "\"" example "\"", result },
#include "stdlib/formats.def"
#undef FMT
    { "\"{2.25:.1} {5:.2} {12.34%:.1%}\"", "2.3 5.00 12.3%" },
  };
  uint32_t wrong = 0;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    buf b = { .a = &w.a };
    text t = text_of(str_z(rows[i].result));
    type ty = { .kind = TY_TEXT };
    val_print(&b, &ty, (val){ .t = &t }, true);
    wrong += !example_holds(rows[i].example, buf_done(&b).p);
  }
  assert_int_equal(wrong, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = { cmocka_unit_test(functions), cmocka_unit_test(formats) };
  return cmocka_run_group_tests(tests, setup, teardown);
}
