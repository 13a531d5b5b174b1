/* The index of decision tables against a walk over all rows, on random tables of hundreds of rows; and how few rows it looks at in a table of 100,000. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "compiler/table.h"

static uint64_t state = 88172645463325252u;
static uint32_t below(uint32_t n) {
  state ^= state << 13, state ^= state >> 7, state ^= state << 17;
  return (uint32_t)(state >> 11) % n;
}

static const type int_type = { .kind = TY_INT, .base = &int_type }, num_type = { .kind = TY_NUMBER, .base = &num_type };
static const type text_type = { .kind = TY_TEXT, .base = &text_type };
static const type int_opt = { .kind = TY_INT, .opt = true, .base = &int_type }, text_opt = { .kind = TY_TEXT, .opt = true, .base = &text_type };
static const type *const kinds[] = { &int_type, &num_type, &text_type, &int_opt, &text_opt };
static const text words[] = { { "a", 1, 0 }, { "ab", 2, 0 }, { "b", 1, 0 }, { "", 0, 0 }, { "Zo\xC3\xAB", 4, 0 }, { "z", 1, 0 }, { "zz", 2, 0 } };

static val any_value(const type *t) {
  static const int64_t edges[] = { INT64_MIN, INT64_MIN + 1, INT64_MAX, INT64_MAX - 1 };
  if (t->kind == TY_TEXT) return (val){ .t = &words[below(7)] };
  if (t->kind == TY_NUMBER) return (val){ .n = below(9) == 0 ? -0.0 : (below(41) - 20.0) / 4 };
  return (val){ .i = below(12) == 0 ? edges[below(4)] : (int64_t)below(60) - 20 };
}

static prog_cell any_cell(arena *a, const type *t) {
  uint32_t k = below(10);
  if (k == 0) return (prog_cell){ .kind = CELL_ANY };
  if (k == 1 && t->opt) return (prog_cell){ .kind = CELL_MISSING };
  val *v = ARENA_ARRAY(a, val, 24);
  if (k < 5 || t->kind == TY_TEXT) {
    uint32_t n = below(30) == 0 ? 20 : 1 + below(3);
    for (uint32_t i = 0; i < n; i++) v[i] = any_value(t);
    return (prog_cell){ .kind = CELL_SET, .n = n, .v = v };
  }
  v[0] = any_value(t), v[1] = any_value(t);
  if (k < 7) return (prog_cell){ .kind = CELL_CMP, .op = (uint8_t)(OP_LT + below(4)), .n = 1, .v = v };
  bool swap = t->kind == TY_NUMBER ? v[0].n > v[1].n : v[0].i > v[1].i;
  if (swap) { val x = v[0]; v[0] = v[1], v[1] = x; }
  return (prog_cell){ .kind = CELL_RANGE, .n = 2, .v = v };
}

static void index_finds_the_first_row(void **s) {
  (void)s;
  static const uint16_t regs[] = { 2, 0, 1 };
  static const prog_table none = { .nrows = 0 };
  uint32_t found = 0, not_found = 0;
  for (int round = 0; round < 400; round++) {
    arena a;
    arena_init(&a, &mem_libc, NULL);
    const type *params[3];
    prog_table t = { .nparams = 1 + below(3), .nrows = 1 + below(200), .params = params };
    for (uint32_t i = 0; i < t.nparams; i++) params[i] = kinds[below(5)];
    prog_cell *cells = ARENA_ARRAY(&a, prog_cell, t.nrows * t.nparams);
    for (uint32_t i = 0; i < t.nrows * t.nparams; i++) cells[i] = any_cell(&a, params[i % t.nparams]);
    t.cells = cells;
    prog_table all = t;
    t.index = table_index_build(&a, &t);
    all.index = table_index_build(&a, &none); /* without an index every row is looked at */
    for (int k = 0; k < 300; k++) {
      val R[3];
      uint8_t S[3] = { 0 };
      for (uint32_t i = 0; i < t.nparams; i++) {
        R[regs[i]] = any_value(params[i]);
        S[regs[i]] = params[i]->opt && below(6) == 0 ? ST_MISSING : ST_OK;
      }
      uint64_t few = 0, many = 0;
      uint32_t row = table_find(&t, R, S, regs, &few);
      assert_int_equal(row, table_find(&all, R, S, regs, &many));
      assert_true(few <= many);
      row == TABLE_NO_ROW ? not_found++ : found++;
    }
    arena_free(&a);
  }
  assert_true(found > 10000 && not_found > 1000);
}

static void large_tables_are_not_walked(void **s) {
  (void)s;
  enum { ROWS = 100000 };
  static const uint16_t regs[] = { 0, 1 };
  const type *params[] = { &text_type, &int_type };
  arena a;
  arena_init(&a, &mem_libc, NULL);
  prog_table t = { .nparams = 2, .nrows = ROWS, .params = params };
  prog_cell *cells = ARENA_ARRAY(&a, prog_cell, ROWS * 2);
  for (uint32_t r = 0; r < ROWS; r++) { /* five words, so that only the second column tells rows apart */
    val *v = ARENA_ARRAY(&a, val, 3);
    v[0].t = &words[r % 5], v[1].i = r * 10, v[2].i = r * 10 + 9;
    cells[r * 2] = (prog_cell){ .kind = CELL_SET, .n = 1, .v = v };
    cells[r * 2 + 1] = (prog_cell){ .kind = CELL_RANGE, .n = 2, .v = v + 1 };
  }
  t.cells = cells;
  t.index = table_index_build(&a, &t);
  for (uint32_t k = 0; k < 1000; k++) {
    uint32_t r = below(ROWS);
    uint64_t steps = 0;
    val R[2] = { { .t = &words[r % 5] }, { .i = r * 10 + below(10) } };
    assert_int_equal(table_find(&t, R, (uint8_t[2]){ 0 }, regs, &steps), r);
    assert_true(steps <= 2);
  }
  arena_free(&a);
}

int main(void) {
  const struct CMUnitTest tests[] = { cmocka_unit_test(index_finds_the_first_row), cmocka_unit_test(large_tables_are_not_walked) };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
