/* Aggregates: sums that do not depend on order, rounded once; ints beyond 64 bits on the way; nothing of nothing. */
#include "base/agg.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const type t_int = { .kind = TY_INT, .base = &t_int };
static const type t_num = { .kind = TY_NUMBER, .base = &t_num };
static const type t_dur = { .kind = TY_DURATION, .base = &t_dur };

static int fold(agg_op op, uint32_t n, const double *v, double *out) {
  agg g;
  val r = { .n = NAN };
  agg_init(&g, op, &t_num);
  for (uint32_t i = 0; i < n; i++) agg_add(&g, (val){ .n = v[i] });
  int st = agg_done(&g, &r);
  *out = r.n;
  return st;
}

#define FOLD(op, out, ...) fold(op, (uint32_t)(sizeof((double[]){ __VA_ARGS__ }) / sizeof(double)), (double[]){ __VA_ARGS__ }, out)

static void sums_are_exact(void **state) {
  (void)state;
  double r;
  assert_int_equal(FOLD(AGG_SUM, &r, 0.1, 0.7, 0.2), ST_OK);
  assert_true(r == 1.0);
  assert_int_equal(FOLD(AGG_SUM, &r, 1e308, 1e308, -1e308, -1e308, 5e-324), ST_OK);
  assert_true(r == 5e-324);
  assert_int_equal(FOLD(AGG_SUM, &r, 1e16, 1, -1e16), ST_OK);
  assert_true(r == 1);
  assert_int_equal(FOLD(AGG_SUM, &r, 0x1p53, 1, 0x1p-1000), ST_OK); /* just above the tie: up, not to even */
  assert_true(r == 0x1p53 + 2);
  assert_int_equal(FOLD(AGG_SUM, &r, 0x1p53, 1), ST_OK); /* the tie itself: to even */
  assert_true(r == 0x1p53);
  assert_int_equal(FOLD(AGG_SUM, &r, -0x1p53, -1, -0x1p-1000), ST_OK);
  assert_true(r == -0x1p53 - 2);
  assert_int_equal(FOLD(AGG_SUM, &r, 0x1p1023, 0x1p1023), ST_ERR);
  assert_int_equal(FOLD(AGG_SUM, &r, 0x1.fffffffffffffp1023, 0x1p969), ST_OK); /* below half of the last unit */
  assert_true(r == 0x1.fffffffffffffp1023);
  assert_int_equal(FOLD(AGG_SUM, &r, 0x1.fffffffffffffp1023, 0x1p970), ST_ERR); /* the tie rounds beyond every number */
  assert_int_equal(FOLD(AGG_SUM, &r, 4.0 * 5e-324, 3 * 5e-324, -6 * 5e-324), ST_OK);
  assert_true(r == 5e-324);
}

static void averages_are_rounded_once(void **state) {
  (void)state;
  double r;
  assert_int_equal(FOLD(AGG_AVG, &r, 0x1p1023, 0x1p1023, 0x1p1023), ST_OK); /* the sum is no number, the mean is */
  assert_true(r == 0x1p1023);
  assert_int_equal(FOLD(AGG_AVG, &r, 1, 1, 2), ST_OK);
  assert_true(r == 4.0 / 3);
  assert_int_equal(FOLD(AGG_AVG, &r, 5e-324, 0), ST_OK); /* half of the smallest: the tie goes to zero */
  assert_true(r == 0);
  assert_int_equal(FOLD(AGG_AVG, &r, 5e-324, 5e-324, 0), ST_OK);
  assert_true(r == 5e-324);
  assert_int_equal(fold(AGG_AVG, 0, NULL, &r), ST_MISSING);
  assert_int_equal(fold(AGG_SUM, 0, NULL, &r), ST_OK);
  assert_true(r == 0);
}

/* Any order of the same numbers gives the same bits. */
static void order_does_not_matter(void **state) {
  (void)state;
  enum { N = 300 };
  double v[N], first = 0;
  uint64_t x = 42;
  for (int i = 0; i < N; i++) {
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    v[i] = ldexp((double)(int64_t)x, (int)(x % 200) - 160);
  }
  for (int round = 0; round < 50; round++) {
    double r;
    assert_int_equal(fold(AGG_SUM, N, v, &r), ST_OK);
    if (!round) first = r;
    assert_memory_equal(&r, &first, sizeof r);
    for (int i = N - 1; i > 0; i--) {
      x ^= x << 13, x ^= x >> 7, x ^= x << 17;
      int j = (int)(x % (uint64_t)(i + 1));
      double t = v[i];
      v[i] = v[j], v[j] = t;
    }
  }
}

/* Long runs carry in time: the same number a million times is its product. */
static void many_additions(void **state) {
  (void)state;
  agg g;
  val r;
  agg_init(&g, AGG_SUM, &t_num);
  for (int i = 0; i < 3000000; i++) agg_add(&g, (val){ .n = i % 2 ? 0x1.fffffffffffffp0 : -0x1.0000000000001p-3 });
  assert_int_equal(agg_done(&g, &r), ST_OK);
  __int128 units = (__int128)1500000 * (((int64_t)1 << 56) - ((int64_t)1 << 52) - 9); /* the pair's sum in units of 2^-55 */
  assert_true(r.n == (double)units * 0x1p-55);
}

static void ints_in_128_bits(void **state) {
  (void)state;
  agg g;
  val r;
  agg_init(&g, AGG_SUM, &t_int);
  agg_add(&g, (val){ .i = INT64_MAX }), agg_add(&g, (val){ .i = INT64_MAX }), agg_add(&g, (val){ .i = -INT64_MAX });
  assert_int_equal(agg_done(&g, &r), ST_OK);
  assert_int_equal(r.i, INT64_MAX);
  agg_add(&g, (val){ .i = 1 });
  assert_int_equal(agg_done(&g, &r), ST_ERR);
  agg_init(&g, AGG_AVG, &t_int);
  agg_add(&g, (val){ .i = INT64_MIN }), agg_add(&g, (val){ .i = INT64_MIN });
  assert_int_equal(agg_done(&g, &r), ST_OK);
  assert_true(r.n == -0x1p63);
  agg_init(&g, AGG_AVG, &t_int);
  agg_add(&g, (val){ .i = 1 }), agg_add(&g, (val){ .i = 2 });
  assert_int_equal(agg_done(&g, &r), ST_OK);
  assert_true(r.n == 1.5);
  agg_init(&g, AGG_AVG, &t_dur);
  agg_add(&g, (val){ .i = -3 }), agg_add(&g, (val){ .i = 0 });
  assert_int_equal(agg_done(&g, &r), ST_OK);
  assert_int_equal(r.i, -1); /* durations: toward zero */
}

static void count_min_max(void **state) {
  (void)state;
  agg g;
  val r;
  agg_init(&g, AGG_COUNT, NULL);
  agg_add(&g, (val){ .i = 7 });
  assert_int_equal(agg_done(&g, &r), ST_OK);
  assert_int_equal(r.i, 1);
  double d;
  assert_int_equal(FOLD(AGG_MIN, &d, 3, -1.5, 2), ST_OK);
  assert_true(d == -1.5);
  assert_int_equal(FOLD(AGG_MAX, &d, 3, -1.5, 2), ST_OK);
  assert_true(d == 3);
  assert_int_equal(fold(AGG_MAX, 0, NULL, &d), ST_MISSING);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(sums_are_exact), cmocka_unit_test(averages_are_rounded_once), cmocka_unit_test(order_does_not_matter), cmocka_unit_test(many_additions),
    cmocka_unit_test(ints_in_128_bits), cmocka_unit_test(count_min_max),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
