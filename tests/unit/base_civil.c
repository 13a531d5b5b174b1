/* The calendar: every day of the range, texts that are no dates, months that clamp, durations there and back. */
#include "base/civil.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Each day of ten thousand years follows the one before it, and its text reads back. */
static void every_day(void **state) {
  (void)state;
  int64_t y = 1;
  int m = 1, d = 1;
  for (int64_t day = CIVIL_DAY_MIN; day <= CIVIL_DAY_MAX; day++) {
    int64_t yy, back;
    int mm, dd;
    civil_from_days(day, &yy, &mm, &dd);
    if (yy != y || mm != m || dd != d) fail_msg("day %lld", (long long)day);
    if (civil_days(y, m, d) != day) fail_msg("%lld-%d-%d", (long long)y, m, d);
    if (day % 37 == 0) { /* the texts of all of them would take seconds */
      char text[11];
      civil_print_date(day, text);
      assert_true(civil_parse_date(str_z(text), &back));
      assert_int_equal(back, day);
    }
    if (++d > civil_month_length(y, m)) d = 1, m++;
    if (m > 12) m = 1, y++;
  }
  assert_int_equal(y, 10000);
}

static void no_dates(void **state) {
  (void)state;
  static const char *const bad[] = { "", "2026-2-29", "2026-02-29", "2026-13-01", "2026-00-10", "2026-01-00", "2026-01-32", "0000-01-01", "2026/01/01", "2026-01-01 ", "+026-01-01", "2026-01-0a", "1900-02-29" };
  int64_t v;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(civil_parse_date(str_z(bad[i]), &v));
  assert_true(civil_parse_date(STR("2000-02-29"), &v));
  assert_true(civil_parse_date(STR("9999-12-31"), &v));
  assert_int_equal(v, CIVIL_DAY_MAX);
}

static void times(void **state) {
  (void)state;
  static const struct { const char *s, *printed; } good[] = {
    { "2026-11-22T09:00:00Z", "2026-11-22T09:00:00Z" }, { "2026-11-22 09:00Z", "2026-11-22T09:00:00Z" }, { "2026-11-22T00:30:00+01:00", "2026-11-21T23:30:00Z" },
    { "2026-11-22T09:00:00.25Z", "2026-11-22T09:00:00.25Z" }, { "2026-11-22T09:00:00.1234567Z", "2026-11-22T09:00:00.123456Z" }, { "1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z" },
    { "2026-11-22t09:00:00-03:30", "2026-11-22T12:30:00Z" },
  };
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    int64_t v;
    char text[32];
    assert_true(civil_parse_time(str_z(good[i].s), false, &v));
    civil_print_time(v, text);
    assert_string_equal(text, good[i].printed);
  }
  static const char *const bad[] = { "", "2026-11-22", "2026-11-22T09:00:00", "2026-11-22T24:00:00Z", "2026-11-22T09:60Z", "2026-11-22T09:00:60Z", "2026-11-22T09:00:00.Z", "2026-11-22T09:00:00+1:00",
                                     "2026-11-22T09:00:00+24:00", "2026-11-22T09:00:00+01", "2026-11-22T09:00:00ZZ", "2026-02-30T09:00:00Z", "2026-11-22T09:00:", "2026-11-22X09:00:00Z" };
  int64_t v;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    if (civil_parse_time(str_z(bad[i]), false, &v)) fail_msg("%s is no time", bad[i]);
  assert_true(civil_parse_time(STR("2026-11-22T09:00"), true, &v));
}

static void months_clamp(void **state) {
  (void)state;
  static const struct { const char *d; int64_t n; const char *r; } cases[] = {
    { "2026-01-31", 1, "2026-02-28" }, { "2028-01-31", 1, "2028-02-29" }, { "2028-02-29", 12, "2029-02-28" }, { "2026-03-31", -1, "2026-02-28" }, { "2026-01-15", -1, "2025-12-15" },
    { "2026-12-31", 2, "2027-02-28" }, { "2026-05-31", 0, "2026-05-31" }, { "0001-03-10", -2, "0001-01-10" },
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int64_t d;
    char text[11];
    assert_true(civil_parse_date(str_z(cases[i].d), &d));
    civil_print_date(civil_add_months(d, cases[i].n), text);
    assert_string_equal(text, cases[i].r);
  }
}

static void durations(void **state) {
  (void)state;
  static const struct { const char *s, *printed; } good[] = {
    { "P2D", "2 days" }, { "PT1H30M", "1 hour 30 minutes" }, { "-PT0.5S", "-0.5 seconds" }, { "P1W", "7 days" }, { "PT0S", "0 seconds" }, { "PT90M", "1 hour 30 minutes" }, { "P1DT1S", "1 day 1 second" },
  };
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    int64_t v;
    char text[64];
    assert_true(civil_parse_duration(str_z(good[i].s), &v));
    civil_print_duration(v, text);
    assert_string_equal(text, good[i].printed);
  }
  static const char *const bad[] = { "", "P", "PT", "1D", "P1M", "P1Y", "PT1", "P1H", "PT1S1M", "P1.5D", "PT1H1H", "P99999999999999999999D", "PT9223372036854S9999999999999H", "P-1D" };
  int64_t v;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    if (civil_parse_duration(str_z(bad[i]), &v)) fail_msg("%s is no duration", bad[i]);
  char text[64];
  civil_print_duration(INT64_MIN, text);
  assert_true(text[0] == '-');
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_day), cmocka_unit_test(no_dates), cmocka_unit_test(times), cmocka_unit_test(months_clamp), cmocka_unit_test(durations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
