/* The table of types: one pointer for each type, which values fit where, which type holds the values of two. And atoms, found by text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "compiler/check.h"

typedef struct fixture {
  arena a;
  types t;
  const type *i, *n, *s, *ab, *abc, *d, *never;
  text lit[3];
} fixture;

static const type *union_of(fixture *f, int from, uint32_t n) {
  const text **v = ARENA_ARRAY(&f->a, const text *, n);
  for (uint32_t k = 0; k < n; k++) v[k] = &f->lit[(uint32_t)from + k];
  return type_union(&f->t, v, n);
}

static int setup(void **state) {
  static fixture f;
  static const char *const words[] = { "a", "b", "c" };
  arena_init(&f.a, &mem_libc, NULL);
  types_init(&f.t, &f.a);
  for (int k = 0; k < 3; k++) f.lit[k] = (text){ words[k], 1, (uint32_t)k + 1 };
  f.i = type_simple(&f.t, TY_INT), f.n = type_simple(&f.t, TY_NUMBER), f.s = type_simple(&f.t, TY_TEXT);
  f.d = type_simple(&f.t, TY_DATE), f.never = type_simple(&f.t, TY_NEVER);
  f.ab = union_of(&f, 0, 2), f.abc = union_of(&f, 0, 3);
  *state = &f;
  return 0;
}

static int teardown(void **state) {
  arena_free(&((fixture *)*state)->a);
  return 0;
}

static void one_pointer_each(void **state) {
  fixture *f = *state;
  assert_ptr_equal(type_list(&f->t, f->i), type_list(&f->t, f->i));
  assert_ptr_equal(union_of(f, 0, 2), f->ab);
  assert_ptr_not_equal(union_of(f, 1, 2), f->ab);
  const type *o = type_opt(&f->t, f->i);
  assert_ptr_equal(type_opt(&f->t, o), o);
  assert_ptr_equal(o->base, f->i);
  assert_ptr_equal(f->i->base, f->i);
  /* thousands of types, through every growth of the table */
  const type *deep = f->i, *v[3000];
  for (int k = 0; k < 3000; k++) v[k] = deep = type_list(&f->t, k % 3 ? deep : type_opt(&f->t, deep));
  deep = f->i;
  for (int k = 0; k < 3000; k++) {
    deep = type_list(&f->t, k % 3 ? deep : type_opt(&f->t, deep));
    assert_ptr_equal(deep, v[k]);
  }
}

static void fits(void **state) {
  fixture *f = *state;
  assert_true(type_fits(f->ab, f->s));
  assert_false(type_fits(f->s, f->ab));
  assert_true(type_fits(f->ab, f->abc));
  assert_false(type_fits(f->abc, f->ab));
  assert_false(type_fits(f->i, f->n)); /* converted, not the same value */
  assert_true(type_fits(type_list(&f->t, f->ab), type_list(&f->t, f->s)));
  assert_true(type_fits(type_list(&f->t, f->never), type_list(&f->t, f->d)));
  assert_false(type_fits(type_list(&f->t, f->i), type_map(&f->t, f->i)));
}

static void joins(void **state) {
  fixture *f = *state;
  assert_ptr_equal(type_join(&f->t, f->i, f->n), f->n);
  assert_ptr_equal(type_join(&f->t, f->ab, f->s), f->s);
  assert_ptr_equal(type_join(&f->t, f->ab, f->abc), f->abc);
  assert_ptr_equal(type_join(&f->t, union_of(f, 0, 2), union_of(f, 1, 2)), f->s);
  assert_ptr_equal(type_join(&f->t, f->never, f->d), f->d);
  assert_null(type_join(&f->t, f->d, f->i));
  assert_ptr_equal(type_join(&f->t, type_opt(&f->t, f->i), f->n), type_opt(&f->t, f->n));
  assert_null(type_join(&f->t, type_list(&f->t, f->i), type_list(&f->t, f->n)));
}

static void atoms(void **state) {
  fixture *f = *state;
  enum { N = 1000 };
  const text **v = ARENA_ARRAY(&f->a, const text *, N);
  for (uint32_t k = 0; k < N; k++) {
    text *t = ARENA_NEW(&f->a, text);
    str s = str_fmt(&f->a, "literal %u", k);
    *t = (text){ s.p, s.n, k + 1 };
    v[k] = t;
  }
  atom_index x;
  atom_index_build(&x, &f->a, v, N);
  for (uint32_t k = 0; k < N; k++) assert_ptr_equal(atom_find(&x, str_fmt(&f->a, "literal %u", k)), v[k]);
  assert_null(atom_find(&x, STR("literal")));
  assert_null(atom_find(&x, STR("")));
  atom_index_build(&x, &f->a, v, 0);
  assert_null(atom_find(&x, STR("literal 1")));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(one_pointer_each, setup, teardown), cmocka_unit_test_setup_teardown(fits, setup, teardown),
    cmocka_unit_test_setup_teardown(joins, setup, teardown), cmocka_unit_test_setup_teardown(atoms, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
