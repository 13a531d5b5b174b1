/* Probability of being best: closed forms, symmetry, extreme beliefs, and a slow reference in long double. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "runtime/thompson.h"

static jmp_buf oom;
static const double LIMIT = 1e-6;

#define CLOSE(x, y) do { double x_ = (x), y_ = (y); if (!(fabs(x_ - y_) < LIMIT)) { print_error("%.12g is not %.12g\n", x_, y_); fail(); } } while (0)

static void best(const belief *m, uint32_t n, double *p) {
  arena a;
  arena_init(&a, &mem_libc, &oom);
  assert_true(thompson_best(&a, m, n, p));
  arena_free(&a);
  double sum = 0;
  for (uint32_t i = 0; i < n; i++) { assert_true(p[i] >= 0); sum += p[i]; }
  assert_true(fabs(sum - 1) < 1e-12);
}

static void two_arms_closed_form(void **st) {
  (void)st;
  static const double c[][4] = { { 1, 1, 1, 1 }, { 3, 5, 2, 7 }, { 41, 960, 30, 970 }, { 200, 4000, 230, 4100 }, { 12, 3, 2, 20 }, { 1, 40, 2, 40 } };
  for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
    belief m[2] = { { false, c[i][0], c[i][1] }, { false, c[i][2], c[i][3] } };
    double p[2];
    best(m, 2, p);
    /* P(X1 > X2) = sum over i < a1 of B(a2 + i, b1 + b2) / ((b1 + i) B(1 + i, b1) B(a2, b2)), E. Miller's sum */
    double sum = 0;
    for (int k = 0; k < (int)c[i][0]; k++) {
      double lb = lgamma(c[i][2] + k) + lgamma(c[i][1] + c[i][3]) - lgamma(c[i][2] + k + c[i][1] + c[i][3]);
      double l1 = lgamma(1.0 + k) + lgamma(c[i][1]) - lgamma(1.0 + k + c[i][1]);
      double l2 = lgamma(c[i][2]) + lgamma(c[i][3]) - lgamma(c[i][2] + c[i][3]);
      sum += exp(lb - log(c[i][1] + k) - l1 - l2);
    }
    CLOSE(p[0], sum);
  }
}

static void symmetric_arms(void **st) {
  (void)st;
  belief m[7];
  double p[7];
  for (int i = 0; i < 7; i++) m[i] = (belief){ false, 1, 40 };
  best(m, 7, p);
  for (int i = 0; i < 7; i++) assert_true(p[i] == p[0]);
  CLOSE(p[0], 1.0 / 7);
  for (int i = 0; i < 7; i++) m[i] = (belief){ true, 3, 2 };
  m[6].a = 30;
  best(m, 7, p);
  CLOSE(p[6], 1);
}

static void normal_pair(void **st) {
  (void)st;
  belief m[2] = { { true, 1.0, 0.3 }, { true, 1.2, 0.4 } };
  double p[2];
  best(m, 2, p);
  CLOSE(p[1], 0.5 * erfc(-0.2 / 0.5 / sqrt(2)));
}

/* Trapezoids of f_i * prod F_j on a fine grid in long double; F by summing f. */
static void reference(const belief *m, uint32_t n, double lo, double hi, double *p) {
  enum { N = 200000 };
  long double *cdf = calloc(n, sizeof *cdf), *old = calloc(n, sizeof *old), *pdf = calloc(n, sizeof *pdf);
  long double *acc = calloc(n, sizeof *acc), *con = calloc(n, sizeof *con);
  for (uint32_t i = 0; i < n; i++) con[i] = lgammal((long double)m[i].a + m[i].b) - lgammal(m[i].a) - lgammal(m[i].b);
  long double h = ((long double)hi - lo) / N;
  for (int k = 0; k < N; k++) { /* midpoints */
    long double x = lo + (k + 0.5L) * h, prod = 1;
    for (uint32_t i = 0; i < n; i++) {
      pdf[i] = expl(con[i] + (m[i].a - 1) * logl(x) + (m[i].b - 1) * log1pl(-x)) * h;
      old[i] = cdf[i] + pdf[i] / 2;
      cdf[i] += pdf[i];
      prod *= old[i];
    }
    for (uint32_t i = 0; i < n; i++) if (old[i] > 0) acc[i] += pdf[i] * prod / old[i];
  }
  long double total = 0;
  for (uint32_t i = 0; i < n; i++) total += acc[i];
  for (uint32_t i = 0; i < n; i++) p[i] = (double)(acc[i] / total);
  free(cdf), free(old), free(pdf), free(acc), free(con);
}

static double rnd(uint64_t *seed) {
  *seed = *seed * 6364136223846793005u + 1442695040888963407u;
  return (double)(*seed >> 11) * 0x1p-53;
}

static void against_long_double(void **st) {
  (void)st;
  uint64_t seed = 99;
  for (int round = 0; round < 6; round++) {
    enum { N = 6 };
    belief m[N];
    double p[N], r[N], scale = pow(10, 1 + rnd(&seed) * 4);
    for (int i = 0; i < N; i++) {
      double n = scale * (0.2 + rnd(&seed)), rate = 0.02 + 0.03 * rnd(&seed);
      m[i] = (belief){ false, 1 + floor(n * rate), 40 + floor(n * (1 - rate)) };
    }
    best(m, N, p);
    reference(m, N, 0, round < 3 ? 1 : 0.5, r);
    for (int i = 0; i < N; i++) CLOSE(p[i], r[i]);
  }
}

/* By adaptive quadrature in 20 digits (mpmath): the mass of the uppermost cell lies at its lower end, where its halves tell nothing of how it is split. */
static void known_values(void **st) {
  (void)st;
  double p[4];
  best((belief[]){ { false, 1.54924, 2.06013 }, { false, 1.6804, 1.74357 }, { false, 1.24419, 2.12411 }, { false, 1.36393, 1.99062 } }, 4, p);
  static const double want[] = { 0.247299184506, 0.354547375114, 0.176235549022, 0.221917891357 };
  for (int i = 0; i < 4; i++) CLOSE(p[i], want[i]);
  /* one of the places is exactly the mean of an arm, which neither side of it may claim for itself */
  best((belief[]){ { false, 13504.01, 25908.01 }, { false, 6718.01, 1995.01 }, { false, 4.01, 7.01 }, { false, 0.01, 2.01 } }, 4, p);
  static const double mean[] = { 0, 0.997655753450, 0.002037103575, 0.000307142975 };
  for (int i = 0; i < 4; i++) CLOSE(p[i], mean[i]);
  best((belief[]){ { false, 6.01, 19.01 }, { false, 9.01, 6.01 } }, 2, p);
  CLOSE(p[0], 0.0100076477493);
}

/* An arm with 10^8 trials beside ones with few: the answer is the others' chance to be above a point. */
static void huge_evidence(void **st) {
  (void)st;
  belief m[3] = { { false, 5e6, 95e6 }, { false, 3, 47 }, { false, 6, 90 } };
  double p[3];
  best(m, 3, p);
  double below = exp(belief_log_cdf(&m[1], 0.05) + belief_log_cdf(&m[2], 0.05));
  assert_true(fabs(p[0] - below) < 1e-4); /* the huge arm is a point up to its own width, 2e-5 */
  belief pair[2] = { { false, 5e6, 95e6 }, { false, 5.001e6, 94.999e6 } };
  best(pair, 2, p);
  /* nearly all of 10^14 trials are failures, or successes: a race of gamma(21) and gamma(25), P(at least 21 heads in 45 flips) */
  double heads = 0;
  for (int k = 21; k <= 45; k++) heads += exp(lgamma(46) - lgamma(k + 1.0) - lgamma(46.0 - k) - 45 * log(2));
  best((belief[]){ { false, 21, 1e14 }, { false, 25, 1e14 } }, 2, p);
  CLOSE(p[1], heads);
  best((belief[]){ { false, 1e14, 21 }, { false, 1e14, 25 } }, 2, p);
  CLOSE(p[0], heads);
  best(pair, 2, p);
  double sd = sqrt(0.05 * 0.95 / 1e8 + 0.05001 * 0.94999 / 1e8);
  assert_true(fabs(p[1] - 0.5 * erfc(-1e-5 / sd / sqrt(2))) < 2e-5); /* normal to the order of 1/sqrt(successes) */
}

static void extreme_priors(void **st) {
  (void)st;
  belief m[3] = { { false, 0.01, 0.01 }, { false, 1e-3, 5 }, { false, 0.5, 1000 } };
  double p[3];
  best(m, 3, p);
  /* Beta(1, b) and Beta(a, 1) are powers of a uniform: which is greater is a race of exponentials. With b = 0.001 half the mass is above 1 - 1e-300. */
  static const double rates[][2] = { { 1e-3, 2e-3 }, { 1e-6, 3e-6 }, { 1e-12, 0.7 }, { 0.5, 40 }, { 3, 1e6 } };
  for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
    double x = rates[i][0], y = rates[i][1];
    best((belief[]){ { false, 1, x }, { false, 1, y } }, 2, p);
    CLOSE(p[0], y / (x + y));
    best((belief[]){ { false, x, 1 }, { false, y, 1 } }, 2, p);
    CLOSE(p[1], y / (x + y));
    best((belief[]){ { false, 1, x }, { false, 1, y }, { false, 1, x } }, 3, p);
    CLOSE(p[0], p[2]);
  }
  best((belief[]){ { false, 0.01, 0.01 }, { false, 1000, 1 } }, 2, p); /* P(first) = B(1000.01, 0.01) / B(0.01, 0.01) */
  CLOSE(p[0], exp(lgamma(1000.01) - lgamma(1000.02) - lgamma(0.01) + lgamma(0.02)));
  belief flat[2] = { { false, 0.01, 0.01 }, { false, 0.01, 0.01 } };
  best(flat, 2, p);
  CLOSE(p[0], 0.5);
  arena a;
  arena_init(&a, &mem_libc, &oom);
  belief bad[] = { { false, 0, 1 }, { false, NAN, 1 }, { true, 0, 0 }, { false, INFINITY, 1 }, { false, -1, 1 } };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(thompson_best(&a, &bad[i], 1, p));
  belief mixed[2] = { { false, 1, 1 }, { true, 0, 1 } };
  assert_false(thompson_best(&a, mixed, 2, p));
  assert_true(thompson_best(&a, NULL, 0, p));
  arena_free(&a);
}

/* The two ways to the incomplete beta function agree where they meet. */
static void quadrature_meets_fraction(void **st) {
  (void)st;
  static const double at[] = { -5, -2, -0.5, 0.3, 1, 4 };
  for (size_t i = 0; i < sizeof at / sizeof *at; i++)
    for (double a = 21; a < 2000; a *= 2) {
      belief below = { false, a, 2999.9999999 }, above = { false, a, 3000.0000001 };
      double n = a + 3000, sd = sqrt(a / n * (3000 / n) / n), x = a / n + at[i] * sd;
      if (x <= 0) continue;
      double f = exp(belief_log_cdf(&below, x)), g = exp(belief_log_cdf(&above, x));
      if (!(fabs(f - g) < 2e-7 + 1e-6 * f)) { print_error("a=%g x=%g: %.12g %.12g\n", a, x, f, g); fail(); }
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(two_arms_closed_form), cmocka_unit_test(symmetric_arms), cmocka_unit_test(normal_pair), cmocka_unit_test(against_long_double),
    cmocka_unit_test(huge_evidence), cmocka_unit_test(known_values), cmocka_unit_test(extreme_priors), cmocka_unit_test(quadrature_meets_fraction),
  };
  return cmocka_run_group_tests_name("runtime_thompson", tests, NULL, NULL);
}
