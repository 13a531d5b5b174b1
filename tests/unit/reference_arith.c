/* Arithmetic, comparison and the four truths of the reference evaluator at the edges of their types: the expected values are worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "base/civil.h"
#include "reference/ref_int.h"

#define DAY USEC_PER_DAY
#define I(x) ((val){ .i = (x) })
#define N(x) ((val){ .n = (x) })

static void check_ints(void **state) {
  (void)state;
  static const struct { ir_arith op; int64_t a, b; bool fits; int64_t result; } t[] = {
    { IA_ADD_INT, INT64_MAX, 0, true, INT64_MAX }, { IA_ADD_INT, INT64_MAX, 1, false, 0 }, { IA_ADD_INT, INT64_MIN, -1, false, 0 },
    { IA_SUB_INT, INT64_MIN, 1, false, 0 }, { IA_SUB_INT, -1, INT64_MIN, true, INT64_MAX }, { IA_SUB_INT, 0, INT64_MIN, false, 0 },
    { IA_MUL_INT, INT64_MIN, -1, false, 0 }, { IA_MUL_INT, INT64_C(1) << 62, -2, true, INT64_MIN },
    { IA_MUL_INT, INT64_C(3037000500), INT64_C(3037000500), false, 0 },
    { IA_ADD_DUR, INT64_MAX, 1, false, 0 }, { IA_MUL_DUR_INT, DAY, 3, true, 3 * DAY }, { IA_MUL_DUR_INT, INT64_MAX, 2, false, 0 },
    { IA_ADD_DATE_DUR, 0, DAY, true, 1 }, { IA_ADD_DATE_DUR, 0, DAY + 1, false, 0 }, { IA_SUB_DATE_DUR, 0, INT64_MIN, false, 0 },
    { IA_ADD_DATE_DUR, CIVIL_DAY_MAX, DAY, false, 0 }, { IA_SUB_DATE_DUR, CIVIL_DAY_MIN, DAY, false, 0 },
    { IA_SUB_DATE_DATE, CIVIL_DAY_MAX, CIVIL_DAY_MIN, true, INT64_C(3652058) * DAY },
    { IA_ADD_TIME_DUR, (CIVIL_DAY_MAX + 1) * DAY - 1, 1, false, 0 }, { IA_SUB_TIME_DUR, CIVIL_DAY_MIN * DAY, 1, false, 0 },
    { IA_ADD_DATE_MON, 20484, 1, true, 20512 } /* 31 January to 28 February 2026 */, { IA_SUB_DATE_MON, 20543, 1, true, 20512 } /* 31 March */,
    { IA_ADD_DATE_MON, 0, INT64_MAX, false, 0 }, { IA_ADD_TIME_MON, -1, 1, true, 31 * DAY - 1 } /* last instant of 31 December 1969 */,
    { IA_SUB_TIME_MON, 0, 200000, false, 0 },
  };
  for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
    val out = I(0);
    str why = { 0 };
    uint8_t st = ref_arith(t[i].op, I(t[i].a), I(t[i].b), NULL, &out, &why);
    assert_int_equal(st, t[i].fits ? ST_OK : ST_ERR);
    if (t[i].fits) assert_int_equal(out.i, t[i].result);
    else assert_true(why.n > 0);
  }
}

static void check_numbers(void **state) {
  (void)state;
  val out;
  str why;
  assert_int_equal(ref_arith(IA_DIV_NUM, N(1), N(0), NULL, &out, &why), ST_ERR);
  assert_int_equal(ref_arith(IA_DIV_NUM, N(1), N(-0.0), NULL, &out, &why), ST_ERR);
  assert_int_equal(ref_arith(IA_MUL_NUM, N(1e300), N(1e300), NULL, &out, &why), ST_ERR);
  assert_int_equal(ref_arith(IA_ADD_NUM, N(0.1), N(0.2), NULL, &out, &why), ST_OK);
  assert_true(out.n == 0.30000000000000004);
  assert_int_equal(ref_arith(IA_DIV_DUR, I(DAY), I(0), NULL, &out, &why), ST_ERR);
}

/* A duration times or over a number is the exact result, rounded once, ties to even. */
static void check_durations(void **state) {
  (void)state;
  static const struct { ir_arith op; int64_t a; double b; bool fits; int64_t result; } t[] = {
    { IA_MUL_DUR_NUM, 1, 0.5, true, 0 }, { IA_MUL_DUR_NUM, 3, 0.5, true, 2 }, { IA_MUL_DUR_NUM, 5, 0.5, true, 2 }, { IA_MUL_DUR_NUM, -3, 0.5, true, -2 },
    { IA_MUL_DUR_NUM, INT64_MAX, 1, true, INT64_MAX }, { IA_MUL_DUR_NUM, INT64_MIN, 1, true, INT64_MIN }, { IA_MUL_DUR_NUM, INT64_MIN, -1, false, 0 },
    { IA_MUL_DUR_NUM, INT64_MAX, 0.5, true, INT64_C(1) << 62 }, { IA_MUL_DUR_NUM, 1, 1e300, false, 0 }, { IA_MUL_DUR_NUM, 0, 1e300, true, 0 },
    { IA_MUL_DUR_NUM, INT64_MAX, 5e-324, true, 0 }, { IA_MUL_DUR_NUM, (INT64_C(1) << 53) + 1, 1, true, (INT64_C(1) << 53) + 1 },
    { IA_DIV_DUR_NUM, 10, 4, true, 2 }, { IA_DIV_DUR_NUM, 14, 4, true, 4 }, { IA_DIV_DUR_NUM, DAY, 3, true, DAY / 3 }, { IA_DIV_DUR_NUM, 1, 0, false, 0 },
    { IA_DIV_DUR_NUM, 1, 1e-300, false, 0 }, { IA_DIV_DUR_NUM, INT64_MIN, -1, false, 0 }, { IA_DIV_DUR_NUM, INT64_MAX, 1e300, true, 0 },
    { IA_DIV_DUR_NUM, INT64_MIN, 1, true, INT64_MIN }, { IA_DIV_DUR_NUM, 0, 5e-324, true, 0 },
  };
  for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
    val out = I(0);
    str why = { 0 };
    assert_int_equal(ref_arith(t[i].op, I(t[i].a), N(t[i].b), NULL, &out, &why), t[i].fits ? ST_OK : ST_ERR);
    if (t[i].fits) assert_int_equal(out.i, t[i].result);
  }
}

static void check_mixed_comparison(void **state) {
  (void)state;
  static const type an_int = { .kind = TY_INT, .base = &an_int }, a_number = { .kind = TY_NUMBER, .base = &a_number };
  static const struct { int64_t i; double n; int expected; } t[] = {
    { 0, -0.0, 0 }, { 1, 1.5, -1 }, { -1, -1.5, 1 }, { -2, -1.5, -1 }, { (INT64_C(1) << 53) + 1, 9007199254740992.0, 1 },
    { INT64_MAX, 9223372036854775808.0, -1 }, { INT64_MIN, -9223372036854775808.0, 0 },
    { INT64_MIN, -9223372036854777856.0, 1 }, { 3, 1e300, -1 }, { 3, -1e300, 1 },
  };
  for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
    int c = ref_compare(&an_int, I(t[i].i), &a_number, N(t[i].n)), d = ref_compare(&a_number, N(t[i].n), &an_int, I(t[i].i));
    assert_int_equal((c > 0) - (c < 0), t[i].expected);
    assert_int_equal((d > 0) - (d < 0), -t[i].expected);
  }
}

static void check_truths(void **state) {
  (void)state;
  static const truth and_table[4][4] = { /* rows and columns: F T U E */
    { TR_F, TR_F, TR_F, TR_F }, { TR_F, TR_T, TR_U, TR_E }, { TR_F, TR_U, TR_U, TR_E }, { TR_F, TR_E, TR_E, TR_E } };
  static const truth or_table[4][4] = {
    { TR_F, TR_T, TR_U, TR_E }, { TR_T, TR_T, TR_T, TR_T }, { TR_U, TR_T, TR_U, TR_E }, { TR_E, TR_T, TR_E, TR_E } };
  for (int a = 0; a < 4; a++)
    for (int b = 0; b < 4; b++) {
      assert_int_equal(ref_and((truth)a, (truth)b), and_table[a][b]);
      assert_int_equal(ref_or((truth)a, (truth)b), or_table[a][b]);
    }
  assert_int_equal(ref_not(TR_U), TR_U);
  assert_int_equal(ref_not(TR_E), TR_E);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(check_ints), cmocka_unit_test(check_numbers), cmocka_unit_test(check_durations),
    cmocka_unit_test(check_mixed_comparison), cmocka_unit_test(check_truths),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
