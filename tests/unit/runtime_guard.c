/* Guards: that they stay silent on honest traffic however often they are asked, and speak when something is wrong. Simulated with a fixed seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "runtime/guard.h"

static uint64_t seed;
static double uniform(void) { /* splitmix64 */
  uint64_t z = (seed += UINT64_C(0x9E3779B97F4A7C15));
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return (double)((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
}

static uint32_t draw(const double *p, uint32_t n) {
  double u = uniform();
  for (uint32_t i = 0; i + 1 < n; i++)
    if ((u -= p[i]) < 0) return i;
  return n - 1;
}

static const uint32_t arms[3] = { 0, 1, 2 };

/* Runs of 20,000 decisions with changing probabilities; real differs from what is logged by `bias` of the first arm's chance. */
static int trips(int runs, double bias, int64_t *latest) {
  int tripped = 0;
  *latest = 0;
  for (int r = 0; r < runs; r++) {
    arena a;
    arena_init(&a, &mem_libc, NULL);
    guard_ratio g;
    guard_ratio_init(&g, &a, 3);
    for (int i = 0; i < 20000 && !guard_ratio_tripped(&g); i++) {
      double x = 0.2 + 0.2 * (i % 3), logged[3] = { x, (1 - x) * 0.7, (1 - x) * 0.3 }, real[3] = { x * (1 - bias), logged[1] + x * bias, logged[2] };
      guard_ratio_add(&g, arms, logged, 3, draw(real, 3));
    }
    tripped += guard_ratio_tripped(&g);
    if (g.tripped_at > *latest) *latest = g.tripped_at;
    arena_free(&a);
  }
  return tripped;
}

static void honest_traffic_does_not_trip(void **state) {
  (void)state;
  int64_t latest;
  seed = 1;
  assert_in_range(trips(400, 0, &latest), 0, 2); /* at most 1 in 1,000 expected */
}

static void a_tenth_that_goes_elsewhere_trips(void **state) {
  (void)state;
  int64_t latest;
  seed = 2;
  assert_int_equal(trips(40, 0.1, &latest), 40);
  assert_in_range(latest, 100, 15000);
}

static void what_had_no_chance_trips_at_once(void **state) {
  (void)state;
  arena a;
  arena_init(&a, &mem_libc, NULL);
  guard_ratio g;
  guard_ratio_init(&g, &a, 3);
  guard_ratio_add(&g, arms, (double[]){ 1, 0, 0 }, 3, 1);
  assert_true(guard_ratio_tripped(&g));
  arena_free(&a);
}

static void sets_of_candidates_may_differ(void **state) {
  (void)state;
  arena a;
  arena_init(&a, &mem_libc, NULL);
  guard_ratio g;
  guard_ratio_init(&g, &a, 3);
  seed = 3;
  for (int i = 0; i < 20000; i++) {
    uint32_t two[2] = { (uint32_t)i % 3, ((uint32_t)i + 1) % 3 };
    double p[2] = { 0.3, 0.7 };
    guard_ratio_add(&g, two, p, 2, draw(p, 2));
  }
  assert_false(guard_ratio_tripped(&g));
  assert_int_equal(g.decisions, 20000);
  arena_free(&a);
}

/* Fraction of runs in which the interval of the difference misses the truth at any of the looks, from the tenth on. */
static void intervals_hold_at_every_look(void **state) {
  (void)state;
  const double rate[2] = { 0.10, 0.13 }, alpha = 0.05;
  int missed = 0, decided = 0;
  seed = 4;
  for (int r = 0; r < 300; r++) {
    guard_mean m = { 0 };
    bool out = false;
    for (int i = 0; i < 5000; i++) {
      double p = 0.3 + 0.4 * (i % 2), reward;
      bool second = uniform() >= p;
      reward = uniform() < rate[second] ? 1 : 0;
      guard_mean_add(&m, second ? reward / (1 - p) : -reward / p);
      double w = guard_mean_width(&m, alpha, 1000);
      out |= i >= 100 && fabs(m.mean - (rate[1] - rate[0])) > w;
    }
    missed += out;
    decided += m.mean > guard_mean_width(&m, alpha, 1000);
  }
  assert_in_range(missed, 0, 25); /* 5% of 300 are 15; the bound is asymptotic */
  assert_true(decided > 0);
}

/* Rewards in cents and in dollars are the same rewards. */
static void intervals_know_no_currency(void **state) {
  (void)state;
  guard_mean cents = { 0 }, dollars = { 0 };
  seed = 5;
  for (int i = 0; i < 3000; i++) {
    double x = uniform();
    guard_mean_add(&dollars, x), guard_mean_add(&cents, 100 * x);
    if (i < 2) continue;
    double w = guard_mean_width(&dollars, 0.05, 1000);
    assert_true(fabs(guard_mean_width(&cents, 0.05, 1000) / w - 100) < 1e-6);
  }
}

static void too_little_says_nothing(void **state) {
  (void)state;
  guard_mean m = { 0 };
  assert_true(isinf(guard_mean_width(&m, 0.05, 1000)));
  for (int i = 0; i < 100; i++) guard_mean_add(&m, 0);
  assert_true(isinf(guard_mean_width(&m, 0.05, 1000)));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(honest_traffic_does_not_trip), cmocka_unit_test(a_tenth_that_goes_elsewhere_trips),
    cmocka_unit_test(what_had_no_chance_trips_at_once), cmocka_unit_test(sets_of_candidates_may_differ),
    cmocka_unit_test(intervals_hold_at_every_look), cmocka_unit_test(intervals_know_no_currency), cmocka_unit_test(too_little_says_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
