/* Coverage of decision tables against brute force over small domains, and its bounds on large ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "compiler/cover.h"

static jmp_buf oom;

static bool matches(const cover_cell *c, cover_value v) {
  if (c->any) return true;
  if (v.missing) return c->missing;
  for (uint32_t i = 0; i < c->n; i++)
    if (v.at >= c->v[i].lo && v.at <= c->v[i].hi) return true;
  return false;
}

static int first_row(const cover_cell *rows, uint32_t nrows, uint32_t ncols, const cover_value *v) {
  for (uint32_t r = 0; r < nrows; r++) {
    uint32_t i = 0;
    while (i < ncols && matches(&rows[r * ncols + i], v[i])) i++;
    if (i == ncols) return (int)r;
  }
  return -1;
}

/* Knuth's linear congruential generator: repeatable. */
static uint32_t rnd(uint64_t *seed, uint32_t n) {
  *seed = *seed * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(*seed >> 33) % n;
}

static void against_brute_force(void **state) {
  (void)state;
  uint64_t seed = 7;
  int covered = 0, holes = 0, dead = 0;
  for (int round = 0; round < 4000; round++) {
    arena a;
    arena_init(&a, &mem_libc, &oom);
    enum { COLS = 3, MAX = 7 };
    uint32_t ncols = 1 + rnd(&seed, COLS), nrows = rnd(&seed, MAX + 1);
    cover_column cols[COLS];
    cover_cell rows[MAX * COLS];
    cover_range ranges[MAX * COLS][2];
    for (uint32_t i = 0; i < ncols; i++) cols[i] = (cover_column){ -1, (int64_t)rnd(&seed, 4), rnd(&seed, 2) };
    for (uint32_t i = 0; i < nrows * ncols; i++) {
      rows[i] = (cover_cell){ .any = rnd(&seed, 4) == 0, .missing = rnd(&seed, 3) == 0, .n = rnd(&seed, 3), .v = ranges[i] };
      for (uint32_t j = 0; j < rows[i].n; j++) {
        int64_t lo = (int64_t)rnd(&seed, 7) - 2;
        ranges[i][j] = (cover_range){ lo, lo + rnd(&seed, 4) };
      }
    }
    cover_result r = cover_table(&a, cols, ncols, rows, nrows, 1000000);
    assert_true(r.complete);
    bool reach[MAX] = { false }, hole = false;
    cover_value v[COLS] = { { false, 0 } };
    uint32_t size[COLS] = { 1, 1, 1 };
    for (uint32_t i = 0; i < ncols; i++) size[i] = (uint32_t)(cols[i].hi - cols[i].lo + 1) + cols[i].optional;
    for (uint32_t x = 0; x < size[0] * size[1] * size[2]; x++) {
      uint32_t k = x;
      for (uint32_t i = 0; i < ncols; k /= size[i], i++) {
        int64_t at = cols[i].lo + (int64_t)(k % size[i]);
        v[i] = (cover_value){ at > cols[i].hi, at > cols[i].hi ? 0 : at };
      }
      int row = first_row(rows, nrows, ncols, v);
      if (row < 0) hole = true;
      else reach[row] = true;
    }
    for (uint32_t i = 0; i < nrows; i++) {
      assert_int_equal(r.reachable[i], reach[i]);
      dead += !reach[i];
    }
    assert_int_equal(r.covered, !hole);
    if (hole) assert_int_equal(first_row(rows, nrows, ncols, r.uncovered), -1);
    covered += !hole, holes += hole;
    arena_free(&a);
  }
  assert_true(covered > 100 && holes > 100 && dead > 100); /* the cases are of all kinds */
}

/* 100,000 rows of one value each and a last `_` is decided; a table that explodes gives up instead of hanging. */
static void large(void **state) {
  (void)state;
  enum { N = 100000 };
  arena a;
  arena_init(&a, &mem_libc, &oom);
  cover_cell *rows = ARENA_ARRAY(&a, cover_cell, N);
  cover_range *v = ARENA_ARRAY(&a, cover_range, N);
  for (int i = 0; i < N; i++) v[i] = (cover_range){ i * 3, i * 3 + 2 }, rows[i] = (cover_cell){ .n = 1, .v = &v[i] };
  cover_column col = { 0, (int64_t)N * 3 - 1, false };
  cover_result r = cover_table(&a, &col, 1, rows, N, UINT64_C(1) << 40);
  assert_true(r.complete && r.covered);
  col.hi++;
  r = cover_table(&a, &col, 1, rows, N, UINT64_C(1) << 40);
  assert_true(r.complete && !r.covered && r.uncovered[0].at == col.hi);
  cover_column many[20];
  cover_cell *grid = ARENA_ARRAY(&a, cover_cell, 400);
  for (int i = 0; i < 20; i++) many[i] = (cover_column){ 0, 1000000, false };
  for (int i = 0; i < 400; i++) grid[i] = (cover_cell){ .n = 1, .v = &v[i % 23] };
  assert_false(cover_table(&a, many, 20, grid, 20, 10).complete);
  arena_free(&a);
}

int main(void) {
  const struct CMUnitTest tests[] = { cmocka_unit_test(against_brute_force), cmocka_unit_test(large) };
  return cmocka_run_group_tests_name("compiler_cover", tests, NULL, NULL);
}
