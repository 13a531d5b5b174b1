/* The proleptic Gregorian calendar on integers, no time zones. Formulas: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms". */
#ifndef BASE_CIVIL_H
#define BASE_CIVIL_H
#include "base/str.h"

enum { CIVIL_DAY_MIN = -719162, CIVIL_DAY_MAX = 2932896 }; /* 0001-01-01 .. 9999-12-31, days since 1970-01-01 */
#define USEC_PER_SEC INT64_C(1000000)
#define USEC_PER_DAY INT64_C(86400000000)

int64_t civil_days(int64_t y, int m, int d);                     /* no range check */
void civil_from_days(int64_t days, int64_t *y, int *m, int *d);
int civil_month_length(int64_t y, int m);
bool civil_parse_date(str s, int64_t *days);                     /* exactly YYYY-MM-DD, a date that exists, year 1..9999 */
/* YYYY-MM-DDTHH:MM[:SS[.f…]](Z|±HH:MM), 'T' or one space, year 1..9999 -> microseconds since 1970 UTC.
   With zone_optional a text without a zone is UTC. 24:00 and leap seconds are no times. */
bool civil_parse_time(str s, bool zone_optional, int64_t *usec);
void civil_print_date(int64_t days, char out[11]);               /* "2026-11-22" */
void civil_print_time(int64_t usec, char out[32]);               /* "2026-11-22T09:00:00Z", fraction only when there is one */
int64_t civil_add_months(int64_t days, int64_t months);          /* clamps to the month's last day; caller checks the range */
/* ISO 8601 duration without years and months (P[nW][nD][T[nH][nM][n[.f]S]]), sign allowed -> microseconds. */
bool civil_parse_duration(str s, int64_t *usec);
void civil_print_duration(int64_t usec, char out[64]);           /* "2 days", "1 hour 30 minutes", "0 seconds" */

#endif
