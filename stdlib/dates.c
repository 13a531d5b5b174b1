/* Dates, times and durations. Dates are days and times microseconds since 1970 in UTC, in the years 1 to 9999; whatever leaves them is an error. What
 * depends on a place takes the name of its time zone. */
#include "stdlib/zones.h"
#include "stdlib/unicode.h"

#include "base/civil.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define UNUSED (void)c, (void)st
#define ARG(i) str_of(args[i].t)

static int ok_date(lib_ctx *c, val *out, int64_t days) {
  if (days < CIVIL_DAY_MIN || days > CIVIL_DAY_MAX) return lib_fail(c, STR("the date is outside the years 1 to 9999"));
  return ok_int(out, days);
}

static int ok_time(lib_ctx *c, val *out, int64_t seconds, int64_t usec) {
  if (seconds < CIVIL_DAY_MIN * INT64_C(86400) || seconds >= (CIVIL_DAY_MAX + INT64_C(1)) * 86400)
    return lib_fail(c, STR("the time is outside the years 1 to 9999"));
  return ok_int(out, seconds * USEC_PER_SEC + usec);
}

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

/* A date's parts. */
struct ymd { int64_t y; int m, d; };

static struct ymd parts(int64_t days) {
  struct ymd p;
  civil_from_days(days, &p.y, &p.m, &p.d);
  return p;
}

/* ---- making and reading ---- */

int bi_date_ymd(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  int64_t y = args[0].i, m = args[1].i, d = args[2].i;
  if (y < 1 || y > 9999 || m < 1 || m > 12 || d < 1 || d > civil_month_length(y, (int)m)) return ST_MISSING;
  return ok_int(out, civil_days(y, (int)m, (int)d));
}

int bi_date_text(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  return civil_parse_date(uni_trim(ARG(0), true, true), &out->i) ? ST_OK : ST_MISSING;
}

int bi_time_text(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  return civil_parse_time(uni_trim(ARG(0), true, true), false, &out->i) ? ST_OK : ST_MISSING;
}

int bi_duration_text(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  return civil_parse_duration(uni_trim(ARG(0), true, true), &out->i) ? ST_OK : ST_MISSING;
}

int bi_unix_time(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return ok_time(c, out, args[0].i, 0); }
int bi_unix_seconds(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return ok_int(out, floor_div(args[0].i, USEC_PER_SEC)); }

/* ---- the calendar ---- */

int bi_year(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return ok_int(out, parts(args[0].i).y); }
int bi_month(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return ok_int(out, parts(args[0].i).m); }
int bi_day(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return ok_int(out, parts(args[0].i).d); }
int bi_quarter(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return ok_int(out, (parts(args[0].i).m + 2) / 3); }

/* Monday is 1; 1970-01-01 was a Thursday. */
static int64_t weekday(int64_t days) { return days + 3 - 7 * floor_div(days + 3, 7) + 1; }

int bi_weekday(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return ok_int(out, weekday(args[0].i)); }
int bi_is_weekend(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return ok_bool(out, weekday(args[0].i) >= 6); }

int bi_weekday_name(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  static const char *const names[] = { "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday" };
  return ok_text(c, out, str_z(names[weekday(args[0].i) - 1]));
}

static int64_t day_of_year(int64_t days) { return days - civil_days(parts(days).y, 1, 1) + 1; }

int bi_day_of_year(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return ok_int(out, day_of_year(args[0].i)); }

/* The Thursday of a week lies in the year that the week belongs to. */
static int64_t thursday(int64_t days) { return days + 4 - weekday(days); }

int bi_week(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return ok_int(out, (day_of_year(thursday(args[0].i)) - 1) / 7 + 1); }
int bi_week_year(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return ok_int(out, parts(thursday(args[0].i)).y); }

int bi_days_in_month(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  struct ymd p = parts(args[0].i);
  return ok_int(out, civil_month_length(p.y, p.m));
}

int bi_is_leap_year(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  if (args[0].i < 1 || args[0].i > 9999) return lib_fail(c, STR("the year is outside 1 to 9999"));
  return ok_bool(out, civil_month_length(args[0].i, 2) == 29);
}

/* The first day of a span of so many months that a date's month lies in, and the day before the next span. */
static int span_start(lib_ctx *c, int64_t days, int months, val *out) {
  struct ymd p = parts(days);
  return ok_date(c, out, civil_days(p.y, (p.m - 1) / months * months + 1, 1));
}

static int span_end(lib_ctx *c, int64_t days, int months, val *out) {
  struct ymd p = parts(days);
  int last = (p.m - 1) / months * months + months;
  return ok_date(c, out, civil_days(p.y, last, civil_month_length(p.y, last)));
}

int bi_start_of_week(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return ok_date(c, out, args[0].i - weekday(args[0].i) + 1); }
int bi_end_of_week(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return ok_date(c, out, args[0].i - weekday(args[0].i) + 7); }
int bi_start_of_month(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return span_start(c, args[0].i, 1, out); }
int bi_end_of_month(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return span_end(c, args[0].i, 1, out); }
int bi_start_of_quarter(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return span_start(c, args[0].i, 3, out); }
int bi_end_of_quarter(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return span_end(c, args[0].i, 3, out); }
int bi_start_of_year(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return span_start(c, args[0].i, 12, out); }
int bi_end_of_year(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return span_end(c, args[0].i, 12, out); }

/* ---- steps and distances ---- */

/* No step within the calendar is longer; adding one that is would overflow before the range is checked. */
static bool sane(lib_ctx *c, int64_t n) {
  if (n >= -4000000 && n <= 4000000) return true;
  (void)lib_fail(c, STR("the date is outside the years 1 to 9999"));
  return false;
}

int bi_add_days(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  return sane(c, args[1].i) ? ok_date(c, out, args[0].i + args[1].i) : ST_ERR;
}

int bi_add_months(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  return sane(c, args[1].i) ? ok_date(c, out, civil_add_months(args[0].i, args[1].i)) : ST_ERR;
}

int bi_days_between(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return ok_int(out, args[1].i - args[0].i); }

/* Workdays before day d, counted from some Monday. */
static int64_t workdays_before(int64_t d) {
  int64_t since = d + 3, weeks = floor_div(since, 7), rest = since - weeks * 7;
  return weeks * 5 + (rest < 5 ? rest : 5);
}

int bi_workdays_between(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  return ok_int(out, workdays_before(args[1].i) - workdays_before(args[0].i));
}

/* Whole months that fit between a <= b: the greatest n with a + n months <= b, under the clamping of additions. */
static int64_t months_up(int64_t a, int64_t b) {
  struct ymd x = parts(a), y = parts(b);
  int64_t n = (y.y - x.y) * 12 + y.m - x.m;
  return n > 0 && civil_add_months(a, n) > b ? n - 1 : n;
}

int bi_months_between(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  int64_t a = args[0].i, b = args[1].i;
  return ok_int(out, a <= b ? months_up(a, b) : -months_up(b, a));
}

int bi_age(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  if (args[1].i < args[0].i) return lib_fail(c, STR("the date is before the birth date"));
  return ok_int(out, months_up(args[0].i, args[1].i) / 12);
}

/* ---- zones ---- */

/* Local seconds since 1970 of an instant. */
static bool local_seconds(lib_ctx *c, int64_t usec, str zone, int64_t *local, int64_t *offset) {
  const struct zone *z = zone_find(c, zone);
  if (!z) return false;
  int64_t utc = floor_div(usec, USEC_PER_SEC);
  *offset = zone_offset(z, utc);
  *local = utc + *offset;
  return true;
}

int bi_date_time(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  int64_t local, off;
  return local_seconds(c, args[0].i, ARG(1), &local, &off) ? ok_date(c, out, floor_div(local, 86400)) : ST_ERR;
}

static int at_local(lib_ctx *c, int64_t seconds, str zone, val *out) {
  const struct zone *z = zone_find(c, zone);
  return z ? ok_time(c, out, zone_to_utc(z, seconds), 0) : ST_ERR;
}

int bi_time_date(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return at_local(c, args[0].i * 86400, ARG(1), out); }

int bi_time_local(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  int64_t h = args[1].i, m = args[2].i;
  if (h < 0 || h > 23 || m < 0 || m > 59) return lib_fail(c, str_fmt(c->a, "there is no time of day %" PRId64 ":%02" PRId64, h, m));
  return at_local(c, args[0].i * 86400 + h * 3600 + m * 60, ARG(3), out);
}

/* A part of the local time of day: seconds per unit, units per turn. */
static int clock_part(lib_ctx *c, const val *args, int64_t unit, int64_t turn, val *out) {
  int64_t local, off;
  if (!local_seconds(c, args[0].i, ARG(1), &local, &off)) return ST_ERR;
  int64_t k = floor_div(local, unit);
  return ok_int(out, k - turn * floor_div(k, turn));
}

int bi_hour(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return clock_part(c, args, 3600, 24, out); }
int bi_minute(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return clock_part(c, args, 60, 60, out); }

int bi_second(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  int64_t s = floor_div(args[0].i, USEC_PER_SEC);
  return ok_int(out, s - 60 * floor_div(s, 60));
}

int bi_utc_offset(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  int64_t local, off;
  return local_seconds(c, args[0].i, ARG(1), &local, &off) ? ok_int(out, off * USEC_PER_SEC) : ST_ERR;
}

int bi_local(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  int64_t local, off;
  val day;
  if (!local_seconds(c, args[0].i, ARG(1), &local, &off)) return ST_ERR;
  if (ok_date(c, &day, floor_div(local, 86400)) != ST_OK) return ST_ERR;
  char text[32];
  civil_print_time(args[0].i + off * USEC_PER_SEC, text);
  int64_t abs = off < 0 ? -off : off;
  str s = str_fmt(c->a, "%.*s%c%02d:%02d", (int)strlen(text) - 1, text, off < 0 ? '-' : '+', (int)(abs / 3600), (int)(abs / 60 % 60));
  if (abs % 60) s = str_fmt(c->a, "%.*s:%02d", STR_ARG(s), (int)(abs % 60)); /* local mean time, before zones */
  return ok_text(c, out, s);
}

/* ---- durations ---- */

int bi_in_days(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return ok_number(c, out, (double)args[0].i / (double)USEC_PER_DAY); }
int bi_in_hours(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return ok_number(c, out, (double)args[0].i / 3.6e9); }
int bi_in_minutes(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return ok_number(c, out, (double)args[0].i / 6e7); }
int bi_in_seconds(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return ok_number(c, out, (double)args[0].i / 1e6); }
