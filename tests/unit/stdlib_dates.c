/* Dates, durations and time zones: calendars at their edges, wall clocks around changes, names that must not become paths. */
#include "stdlib_call.h"

#include <time.h>

static struct bench box, *b = &box;
static int setup(void **state) { (void)state; bench_open(b); return 0; }
static int teardown(void **state) { (void)state; bench_close(b); return 0; }

#define D(z) a_date(z)
#define INT(name, sig, expected, ...) SHOWS(b, name, sig, &ty_int, expected, __VA_ARGS__)
#define DATE(name, sig, expected, ...) SHOWS(b, name, sig, &ty_date, expected, __VA_ARGS__)
#define TIME(name, sig, expected, ...) SHOWS(b, name, sig, &ty_time, expected, __VA_ARGS__)

static void calendar(void **state) {
  (void)state;
  INT("weekday", "(", "7", D("2026-11-22"));
  INT("weekday", "(", "1", D("0001-01-01"));
  INT("weekday", "(", "5", D("9999-12-31"));
  SHOWS(b, "weekday_name", "(", &ty_text, "\"Thursday\"", D("1970-01-01"));
  static const struct { const char *d, *year, *week; } weeks[] = { /* ISO 8601's own hard cases */
    { "2005-01-01", "2004", "53" }, { "2005-01-02", "2004", "53" }, { "2005-12-31", "2005", "52" }, { "2007-01-01", "2007", "1" }, { "2008-12-29", "2009", "1" },
    { "2010-01-03", "2009", "53" }, { "2026-01-01", "2026", "1" }, { "2027-01-01", "2026", "53" },
  };
  for (size_t i = 0; i < sizeof weeks / sizeof *weeks; i++) {
    INT("week", "(", weeks[i].week, D(weeks[i].d));
    INT("week_year", "(", weeks[i].year, D(weeks[i].d));
  }
  INT("day_of_year", "(", "366", D("2028-12-31"));
  INT("quarter", "(", "1", D("2026-03-31"));
  DATE("start_of_week", "(", "2026-11-16", D("2026-11-22"));
  DATE("end_of_week", "(", "error", D("9999-12-31"));
  DATE("end_of_month", "(", "2028-02-29", D("2028-02-01"));
  DATE("start_of_quarter", "(", "2026-10-01", D("2026-11-22"));
  DATE("end_of_quarter", "(", "2026-03-31", D("2026-01-01"));
  DATE("end_of_year", "(", "2026-12-31", D("2026-01-01"));
  DATE("date", "(year", "missing", a_int(2026), a_int(2), a_int(29));
  DATE("date", "(year", "missing", a_int(10000), a_int(1), a_int(1));
  DATE("date", "(s", "missing", a_text(b, "2026-13-01"));
  DATE("date", "(s", "2026-11-22", a_text(b, " 2026-11-22 "));
  DATE("add_months", "(", "2026-02-28", D("2026-01-31"), a_int(1));
  DATE("add_months", "(", "2025-11-30", D("2026-01-30"), a_int(-2));
  DATE("add_months", "(", "error", D("2026-01-30"), a_int(INT64_MAX));
  DATE("add_days", "(", "error", D("9999-12-31"), a_int(1));
}

static void distances(void **state) {
  (void)state;
  INT("age", "(", "17", D("2008-11-23"), D("2026-11-22"));
  INT("age", "(", "18", D("2008-11-22"), D("2026-11-22"));
  INT("age", "(", "0", D("2008-02-29"), D("2009-02-27"));
  INT("age", "(", "1", D("2008-02-29"), D("2009-02-28"));
  INT("age", "(", "error", D("2026-11-23"), D("2026-11-22"));
  INT("months_between", "(", "1", D("2026-01-31"), D("2026-02-28"));
  INT("months_between", "(", "0", D("2026-01-31"), D("2026-02-27"));
  INT("months_between", "(", "-1", D("2026-02-28"), D("2026-01-31"));
  INT("days_between", "(", "-9", D("2026-12-01"), D("2026-11-22"));
  INT("workdays_between", "(", "2", D("2026-11-20"), D("2026-11-24"));
  INT("workdays_between", "(", "0", D("2026-11-21"), D("2026-11-23"));
  INT("workdays_between", "(", "-5", D("2026-11-29"), D("2026-11-22"));
  SHOWS(b, "in_days", "(", &ty_number, "1.5", (struct arg){ &ty_duration, { .i = 36 * 3600 * USEC_PER_SEC } });
  SHOWS(b, "duration", "(", &ty_duration, "1 hour 30 minutes", a_text(b, "PT1H30M"));
  SHOWS(b, "duration", "(", &ty_duration, "missing", a_text(b, "P1M"));
  INT("unix_seconds", "(", "-1", a_time("1969-12-31T23:59:59.5Z"));
  TIME("unix_time", "(", "error", a_int(INT64_MAX));
  TIME("time", "(s", "2026-11-22T09:00:00Z", a_text(b, "2026-11-22T10:00:00+01:00"));
  TIME("time", "(s", "missing", a_text(b, "2026-11-22T10:00:00"));
}

static void wall_clocks(void **state) {
  (void)state;
  DATE("date", "(t", "2026-11-23", a_time("2026-11-22T23:30:00Z"), a_text(b, "Europe/Paris"));
  TIME("time", "(d: date, z", "2026-06-30T22:00:00Z", D("2026-07-01"), a_text(b, "Europe/Paris"));
  /* spring forward: 02:30 does not exist, moved on by the hour; fall back: 01:30 comes twice, the first */
  TIME("time", "(d: date, h", "2026-03-08T07:30:00Z", D("2026-03-08"), a_int(2), a_int(30), a_text(b, "America/New_York"));
  SHOWS(b, "local", "(", &ty_text, "\"2026-03-08T03:30:00-04:00\"", a_time("2026-03-08T07:30:00Z"), a_text(b, "America/New_York"));
  TIME("time", "(d: date, h", "2026-11-01T05:30:00Z", D("2026-11-01"), a_int(1), a_int(30), a_text(b, "America/New_York"));
  TIME("time", "(d: date, h", "error", D("2026-11-01"), a_int(24), a_int(0), a_text(b, "UTC"));
  /* a day that begins at 01:00, because midnight was skipped (Brazil, 2018) */
  TIME("time", "(d: date, z", "2018-11-04T03:00:00Z", D("2018-11-04"), a_text(b, "America/Sao_Paulo"));
  INT("hour", "(", "1", a_time("2018-11-04T03:00:00Z"), a_text(b, "America/Sao_Paulo"));
  INT("minute", "(", "30", a_time("2026-11-22T09:00:00Z"), a_text(b, "Asia/Kolkata"));
  SHOWS(b, "utc_offset", "(", &ty_duration, "-3 hours", a_time("2026-07-01T09:00:00Z"), a_text(b, "America/Sao_Paulo"));
  SHOWS(b, "utc_offset", "(", &ty_duration, "1 hour", a_time("2026-07-01T09:00:00Z"), a_text(b, "Europe/Dublin"));  /* summer time is its standard */
  SHOWS(b, "utc_offset", "(", &ty_duration, "0 seconds", a_time("2026-01-01T09:00:00Z"), a_text(b, "Europe/Dublin"));
  SHOWS(b, "utc_offset", "(", &ty_duration, "2 hours", a_time("2500-07-01T09:00:00Z"), a_text(b, "Europe/Paris")); /* by the footer's rules */
  SHOWS(b, "utc_offset", "(", &ty_duration, "11 hours", a_time("2500-01-01T00:00:00Z"), a_text(b, "Australia/Sydney"));
  SHOWS(b, "utc_offset", "(", &ty_duration, "10 hours", a_time("2500-07-01T00:00:00Z"), a_text(b, "Australia/Sydney"));
  SHOWS(b, "local", "(", &ty_text, "\"0050-01-01T00:09:21+00:09:21\"", a_time("0050-01-01T00:00:00Z"), a_text(b, "Europe/Paris"));
  DATE("date", "(t", "error", a_time("9999-12-31T23:00:00Z"), a_text(b, "Asia/Tokyo"));
}

static void zone_names(void **state) {
  (void)state;
  static const char *const bad[] = { "", "Europe/Pariss", "../../../etc/passwd", "Europe/../Europe/Paris", "/usr/share/zoneinfo/UTC", "Europe", "Europe/", "tzdata.zi", "right/UTC",
                                     "posix/UTC", "Europe//Paris", "europe/paris\n", "a-very-long-name-of-a-time-zone-that-has-more-than-sixty-three-characters" };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    SHOWS(b, "is_zone", "(", &ty_bool, "false", a_text(b, bad[i]));
    INT("hour", "(", "error", a_time("2026-11-22T09:00:00Z"), a_text(b, bad[i]));
  }
  SHOWS(b, "is_zone", "(", &ty_bool, "true", a_text(b, "America/Argentina/Buenos_Aires"));
  SHOWS(b, "is_zone", "(", &ty_bool, "true", a_text(b, "Etc/GMT+5"));
}

/* Against the C library's own reading of the same database. */
static void agrees_with_libc(void **state) {
  (void)state;
  static const char *const zones[] = { "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "America/Sao_Paulo", "Asia/Tehran", "Pacific/Apia", "Europe/Dublin", "America/Nuuk", "UTC" };
  for (size_t z = 0; z < sizeof zones / sizeof *zones; z++) {
    setenv("TZ", zones[z], 1);
    tzset();
    for (int64_t t = -2000000000; t < 6000000000; t += 1234567) { /* 1906 .. 2160 */
      time_t when = (time_t)t;
      struct tm tm;
      localtime_r(&when, &tm);
      val v;
      assert_int_equal(call(b, "utc_offset", "(", &ty_duration, ARGS((struct arg){ &ty_time, { .i = t * USEC_PER_SEC } }, a_text(b, zones[z])), &v), ST_OK);
      if (v.i / USEC_PER_SEC != tm.tm_gmtoff) fail_msg("%s at %lld is %lld, not %ld", zones[z], (long long)t, (long long)(v.i / USEC_PER_SEC), tm.tm_gmtoff);
    }
  }
  unsetenv("TZ");
  tzset();
}

/* A wall clock becomes an instant that shows it, wherever there is one. */
static void local_round_trip(void **state) {
  (void)state;
  for (int day = 0; day < 400; day++) {
    struct arg d = D("2026-01-01");
    d.v.i += day;
    val v, h, m;
    struct arg zone = a_text(b, "America/New_York");
    assert_int_equal(call(b, "time", "(d: date, h", &ty_time, ARGS(d, a_int(1), a_int(45), zone), &v), ST_OK);
    struct arg t = { &ty_time, v };
    assert_int_equal(call(b, "hour", "(", &ty_int, ARGS(t, zone), &h), ST_OK);
    assert_int_equal(call(b, "minute", "(", &ty_int, ARGS(t, zone), &m), ST_OK);
    assert_int_equal(h.i * 60 + m.i, 105);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(calendar), cmocka_unit_test(distances), cmocka_unit_test(wall_clocks), cmocka_unit_test(zone_names), cmocka_unit_test(agrees_with_libc),
    cmocka_unit_test(local_round_trip),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
