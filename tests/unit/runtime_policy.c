/* Policies: exact sums, closed forms, ties, floors, evidence that cannot be right, and the cache. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/parts.h"
#include "runtime/policy.h"

enum { MANY = 1000 };

static uint64_t weight[MANY];
static policy_arm arm[MANY];

static void weigh(policy_spec s, uint32_t n) {
  arena a;
  const char *why = NULL;
  arena_init(&a, &mem_libc, NULL);
  for (uint32_t i = 0; i < n; i++) assert_null(policy_arm_wrong(s.kind, &arm[i]));
  assert_true(policy_weights(&a, &s, arm, n, weight, &why));
  arena_free(&a);
  uint64_t sum = 0;
  for (uint32_t i = 0; i < n; i++) sum += weight[i];
  assert_true(sum == POLICY_ONE);
}

static double p(uint32_t i) { return (double)weight[i] / (double)POLICY_ONE; }
#define CLOSE(x, y, by) assert_true(fabs((x) - (y)) < (by))

static void values(uint32_t n, const double *v) {
  memset(arm, 0, sizeof arm);
  for (uint32_t i = 0; i < n; i++) arm[i].value = v[i];
}

static void simple_policies(void **state) {
  (void)state;
  values(4, (double[]){ 1, 3, 3, 0 });
  weigh((policy_spec){ .kind = POLICY_FIRST }, 4);
  assert_true(weight[0] == POLICY_ONE);
  weigh((policy_spec){ .kind = POLICY_BEST }, 4);
  assert_true(weight[1] == POLICY_ONE / 2 && weight[2] == POLICY_ONE / 2);
  weigh((policy_spec){ .kind = POLICY_EPSILON_GREEDY, .epsilon = 0.25 }, 4);
  CLOSE(p(0), 0.0625, 1e-15);
  CLOSE(p(1), 0.4375, 1e-15);
  weigh((policy_spec){ .kind = POLICY_SOFTMAX, .temperature = 0.5 }, 4);
  CLOSE(p(1) / p(0), exp(4), 1e-9);
  weigh((policy_spec){ .kind = POLICY_WEIGHTS }, 4);
  CLOSE(p(1), 3.0 / 7, 1e-15);
  assert_true(weight[3] == 0);
}

static void a_third_each_is_exact_and_ties_go_by_key(void **state) {
  (void)state;
  values(3, (double[]){ 1, 1, 1 });
  weigh((policy_spec){ .kind = POLICY_WEIGHTS }, 3);
  assert_true(weight[0] >= weight[1] && weight[1] >= weight[2] && weight[0] - weight[2] <= 1);
}

static void extremes_do_not_overflow(void **state) {
  (void)state;
  values(3, (double[]){ 1e308, -1e308, 1e308 });
  weigh((policy_spec){ .kind = POLICY_SOFTMAX, .temperature = 1e-300 }, 3);
  assert_true(weight[1] == 0 && weight[0] == POLICY_ONE / 2);
  values(2, (double[]){ 1e308, 1e308 });
  weigh((policy_spec){ .kind = POLICY_WEIGHTS }, 2);
  assert_true(weight[0] == POLICY_ONE / 2);
  values(1, (double[]){ 5 });
  for (policy_kind k = 0; k < POLICY_COUNT; k++) {
    weigh((policy_spec){ .kind = k, .epsilon = 0.5, .temperature = 1, .alpha = 1, .prior = { 1, 1 }, .floor = 0.3 }, 1);
    assert_true(weight[0] == POLICY_ONE);
  }
}

static void a_floor_keeps_everybody_a_chance(void **state) {
  (void)state;
  values(4, (double[]){ 1, 2, 3, 4 });
  weigh((policy_spec){ .kind = POLICY_BEST, .floor = 0.02 }, 4);
  CLOSE(p(0), 0.02, 1e-15);
  CLOSE(p(3), (1 - 4 * 0.02) + 0.02, 1e-15);
  weigh((policy_spec){ .kind = POLICY_BEST, .floor = 0.9 }, 4); /* more than there is: all share */
  for (uint32_t i = 0; i < 4; i++) assert_true(weight[i] == POLICY_ONE / 4);
}

static void thompson_agrees_with_its_closed_form(void **state) {
  (void)state;
  memset(arm, 0, sizeof arm);
  arm[0] = (policy_arm){ .success = 2, .trials = 6 }, arm[1] = (policy_arm){ .success = 1, .trials = 7 };
  weigh((policy_spec){ .kind = POLICY_THOMPSON_BETA, .prior = { 1, 1 } }, 2);
  /* P(Beta(3, 5) > Beta(2, 7)), E. Miller's sum */
  double sum = 0;
  for (int k = 0; k < 3; k++) {
    double lb = lgamma(2 + k) + lgamma(12) - lgamma(14 + k), l1 = lgamma(1.0 + k) + lgamma(5) - lgamma(6 + k), l2 = lgamma(2) + lgamma(7) - lgamma(9);
    sum += exp(lb - log(5 + k) - l1 - l2);
  }
  CLOSE(p(0), sum, 1e-6);
  /* Gaussian: with equal noise the difference of two normal means is normal */
  arm[0] = (policy_arm){ .sum = 30, .sum_squares = 110, .count = 10 }, arm[1] = (policy_arm){ .sum = 20, .sum_squares = 60, .count = 10 };
  weigh((policy_spec){ .kind = POLICY_THOMPSON_NORMAL, .prior = { 0, 100 } }, 2);
  double noise = (20 + 20) / 18.0, precision = 1 / 1e4 + 10 / noise, difference = (30 / noise - 20 / noise) / precision;
  CLOSE(p(0), 0.5 * erfc(-difference / sqrt(2 / precision) / sqrt(2)), 1e-6);
}

static void a_hundred_million_trials(void **state) {
  (void)state;
  memset(arm, 0, sizeof arm);
  arm[0] = (policy_arm){ .success = 5000000, .trials = 100000000 }, arm[1] = (policy_arm){ .success = 0, .trials = 0 };
  weigh((policy_spec){ .kind = POLICY_THOMPSON_BETA, .prior = { 1, 1 } }, 2);
  CLOSE(p(0), 0.05, 1e-6); /* P(uniform < 0.05) */
}

static void what_was_never_tried_comes_first(void **state) {
  (void)state;
  memset(arm, 0, sizeof arm);
  arm[0] = (policy_arm){ .success = 9, .trials = 10 };
  weigh((policy_spec){ .kind = POLICY_UCB, .alpha = 1 }, 3);
  assert_true(weight[0] == 0 && weight[1] == POLICY_ONE / 2);
  arm[1] = (policy_arm){ .success = 1, .trials = 2 }, arm[2] = (policy_arm){ .success = 0, .trials = 100 };
  weigh((policy_spec){ .kind = POLICY_UCB, .alpha = sqrt(2) }, 3);
  /* 0.9 + 1.414 * sqrt(ln 112 / 10) = 1.87 < 0.5 + 1.414 * sqrt(ln 112 / 2) = 2.67 */
  assert_true(weight[1] == POLICY_ONE);
  arm[1] = (policy_arm){ .success = 1e-310, .trials = 1e-310 }; /* decayed to next to nothing: ln N / trials is infinite, and 0 times that no number */
  weigh((policy_spec){ .kind = POLICY_UCB, .alpha = 0 }, 3);
  assert_true(weight[1] == POLICY_ONE);
}

static void evidence_that_cannot_be_right(void **state) {
  (void)state;
  static const struct { policy_kind k; policy_arm a; const char *why; } cases[] = {
    { POLICY_THOMPSON_BETA, { .success = 3, .trials = 2 }, "more successes" }, { POLICY_UCB, { .success = -1, .trials = 2 }, "negative" },
    { POLICY_THOMPSON_BETA, { .trials = -1 }, "negative" },                    { POLICY_THOMPSON_BETA, { .trials = INFINITY }, "finite" },
    { POLICY_BEST, { .value = NAN }, "finite" },                               { POLICY_WEIGHTS, { .value = -0.5 }, "negative" },
    { POLICY_THOMPSON_NORMAL, { .count = -1 }, "negative" },                   { POLICY_THOMPSON_NORMAL, { .sum = 1 }, "count of zero" },
    { POLICY_THOMPSON_NORMAL, { .sum = 10, .sum_squares = 5, .count = 2 }, "sum of squares" },
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const char *why = policy_arm_wrong(cases[i].k, &cases[i].a);
    assert_non_null(why);
    assert_non_null(strstr(why, cases[i].why));
  }
  policy_arm zero[2] = { { .value = 0 } };
  arena a;
  const char *why = NULL;
  arena_init(&a, &mem_libc, NULL);
  assert_false(policy_weights(&a, &(policy_spec){ .kind = POLICY_WEIGHTS }, zero, 2, weight, &why));
  assert_non_null(strstr(why, "zero"));
  arena_free(&a);
}

static void a_thousand_arms(void **state) {
  (void)state;
  memset(arm, 0, sizeof arm);
  for (uint32_t i = 0; i < MANY; i++) arm[i] = (policy_arm){ .success = i % 7, .trials = 20 + i % 30 };
  weigh((policy_spec){ .kind = POLICY_THOMPSON_BETA, .prior = { 1, 40 }, .floor = 0.0001 }, MANY);
  for (uint32_t i = 0; i < MANY; i++) assert_true(p(i) >= 0.0001 - 1e-15);
}

static void draws_follow_the_weights(void **state) {
  (void)state;
  uint64_t w[3] = { POLICY_ONE / 2, 0, POLICY_ONE / 2 };
  assert_int_equal(policy_draw(w, 3, 0), 0);
  assert_int_equal(policy_draw(w, 3, (POLICY_ONE / 2 - 1) << 11), 0);
  assert_int_equal(policy_draw(w, 3, (POLICY_ONE / 2) << 11), 2);
  assert_int_equal(policy_draw(w, 3, UINT64_MAX), 2);
  int first = 0;
  for (int i = 0; i < 20000; i++) {
    str part = { (const char *)&i, sizeof i };
    first += policy_draw(w, 3, parts_hash(&part, 1)) == 0;
  }
  assert_in_range(first, 9700, 10300);
}

static void old_evidence_decays(void **state) {
  (void)state;
  assert_true(policy_decay(0, 14) == 1 && policy_decay(-3, 14) == 1);
  CLOSE(policy_decay(14, 14), 0.5, 1e-15);
  CLOSE(policy_decay(42, 14), 0.125, 1e-15);
  assert_true(policy_decay(999, 1) > 0 && policy_decay(1050, 1) == 0); /* 2^-1050 has few digits left: count and sum would contradict each other */
}

static void the_cache_gives_the_same(void **state) {
  (void)state;
  arena a;
  arena_init(&a, &mem_libc, NULL);
  policy_cache *c = policy_cache_new(&mem_libc);
  assert_non_null(c);
  const char *why = NULL;
  policy_spec s = { .kind = POLICY_THOMPSON_BETA, .prior = { 1, 40 } };
  uint64_t w[3];
  for (int round = 0; round < 3; round++)
    for (int k = 0; k < 3000; k++) { /* more than there are slots */
      memset(arm, 0, sizeof arm);
      arm[0] = (policy_arm){ .success = k % 10, .trials = 10 + k % 100 }, arm[1] = (policy_arm){ .success = 2, .trials = 30 };
      if (round == 2 && k > 50) break;
      s.floor = round == 2 ? 0.1 : 0; /* another question about the same evidence */
      assert_true(policy_cached(c, &a, &s, arm, 3, w, &why));
      if (k % 100 == 0 || round == 2) {
        weigh(s, 3);
        assert_memory_equal(w, weight, sizeof w);
      }
    }
  policy_cache_free(c);
  arena_free(&a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(simple_policies),
    cmocka_unit_test(a_third_each_is_exact_and_ties_go_by_key),
    cmocka_unit_test(extremes_do_not_overflow),
    cmocka_unit_test(a_floor_keeps_everybody_a_chance),
    cmocka_unit_test(thompson_agrees_with_its_closed_form),
    cmocka_unit_test(a_hundred_million_trials),
    cmocka_unit_test(what_was_never_tried_comes_first),
    cmocka_unit_test(evidence_that_cannot_be_right),
    cmocka_unit_test(a_thousand_arms),
    cmocka_unit_test(draws_follow_the_weights),
    cmocka_unit_test(old_evidence_decays),
    cmocka_unit_test(the_cache_gives_the_same),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
