/* Arithmetic on durations, dates, times and texts, and exact comparison of ints with numbers. Ints and numbers are computed in
 * the interpreter's loop. Every result is checked: what does not fit its type is an error with a reason, never a wrapped or
 * infinite value. */
#include "base/civil.h"
#include "vm/vm_int.h"

#include <math.h>
#include <string.h>

#define CONST_STR(lit) { (lit), sizeof(lit) - 1 }
const str vm_int_overflow = CONST_STR("the result is too large for an int");
const str vm_num_overflow = CONST_STR("the result is too large for a number");
const str vm_zero_division = CONST_STR("division by zero");
static const str dur_overflow = CONST_STR("the result is too long for a duration");
static const str date_overflow = CONST_STR("the date is outside the years 1 to 9999");
static const str time_overflow = CONST_STR("the time is outside the years 1 to 9999");
static const str whole_days = CONST_STR("only whole days can be added to a date");

static uint8_t refuse(str *why, const str *text) {
  *why = *text;
  return ST_ERR;
}

static uint8_t give(val *out, int64_t i) {
  out->i = i;
  return ST_OK;
}

int vm_compare_mixed(int64_t i, double n) {
  if (n >= 0x1p63) return -1;
  if (n < -0x1p63) return 1;
  int64_t whole = (int64_t)n; /* toward zero; exact for what is left of n */
  if (i != whole) return i < whole ? -1 : 1;
  double rest = n - (double)whole;
  return (rest < 0) - (rest > 0);
}

static uint8_t date_out(int64_t day, val *out, str *why) {
  return day < CIVIL_DAY_MIN || day > CIVIL_DAY_MAX ? refuse(why, &date_overflow) : give(out, day);
}

static uint8_t time_out(int64_t usec, val *out, str *why) {
  if (usec < CIVIL_DAY_MIN * USEC_PER_DAY || usec >= (CIVIL_DAY_MAX + 1) * USEC_PER_DAY) return refuse(why, &time_overflow);
  return give(out, usec);
}

static uint8_t date_and_duration(int64_t day, int64_t usec, int sign, val *out, str *why) {
  if (usec % USEC_PER_DAY) return refuse(why, &whole_days);
  return date_out(day + sign * (usec / USEC_PER_DAY), out, why); /* at most 107 million days: no overflow */
}

static uint8_t date_and_months(int64_t day, int64_t months, int sign, val *out, str *why) {
  if (months > 120000 || months < -120000) return refuse(why, &date_overflow); /* ten thousand years */
  return date_out(civil_add_months(day, sign * months), out, why);
}

static uint8_t time_and_months(int64_t usec, int64_t months, int sign, val *out, str *why) {
  int64_t day = usec / USEC_PER_DAY, rest = usec % USEC_PER_DAY;
  if (rest < 0) rest += USEC_PER_DAY, day--;
  val d;
  if (date_and_months(day, months, sign, &d, why)) return refuse(why, &time_overflow);
  return time_out(d.i * USEC_PER_DAY + rest, out, why);
}

/* ---- durations times and over numbers: exact, then rounded once to a microsecond, ties to even ---- */

typedef unsigned __int128 u128;

static uint64_t split(double x, int *exp2) {
  double m = frexp(fabs(x), exp2);
  *exp2 -= 53;
  return (uint64_t)ldexp(m, 53);
}

static uint8_t signed_out(u128 size, bool negative, val *out, str *why) {
  if (size > (u128)INT64_MAX + negative) return refuse(why, &dur_overflow);
  return give(out, negative ? (int64_t)(0 - (uint64_t)size) : (int64_t)size);
}

static u128 rounded_quotient(u128 n, u128 d) {
  u128 q = n / d, r = n % d;
  if (r > d - r || (r == d - r && (q & 1))) q++;
  return q;
}

static int width(u128 x) {
  uint64_t high = (uint64_t)(x >> 64), low = (uint64_t)x;
  return high ? 128 - __builtin_clzll(high) : low ? 64 - __builtin_clzll(low) : 0;
}

static u128 size_of(int64_t a) { return a < 0 ? (u128)(0 - (uint64_t)a) : (u128)a; }

static uint8_t duration_times(int64_t a, double b, val *out, str *why) {
  int e;
  u128 p = size_of(a) * split(b, &e);
  bool negative = (a < 0) != (b < 0);
  if (!p) return give(out, 0);
  if (e < -120) return give(out, 0); /* the product is below 2^117: under half a microsecond */
  if (e < 0) return signed_out(rounded_quotient(p, (u128)1 << -e), negative, out, why);
  if (width(p) + e > 64) return refuse(why, &dur_overflow);
  return signed_out(p << e, negative, out, why);
}

static uint8_t duration_over(int64_t a, double b, val *out, str *why) {
  if (b == 0) return refuse(why, &vm_zero_division);
  int e;
  u128 n = size_of(a), d = split(b, &e);
  bool negative = (a < 0) != (b < 0);
  if (!n) return give(out, 0);
  if (e > 0) {
    if (e > 64) return give(out, 0); /* the divisor is above 2^116 */
    d <<= e;
  } else {
    if (width(n) - e > 127) return refuse(why, &dur_overflow); /* the quotient is above 2^73 */
    n <<= -e;
  }
  return signed_out(rounded_quotient(n, d), negative, out, why);
}

static val joined(val a, val b, arena *mem) {
  text *t = ARENA_NEW(mem, text);
  char *p = arena_alloc(mem, (size_t)a.t->n + b.t->n + 1);
  if (a.t->n) memcpy(p, a.t->p, a.t->n);
  if (b.t->n) memcpy(p + a.t->n, b.t->p, b.t->n);
  *t = (text){ p, a.t->n + b.t->n, 0 };
  return (val){ .t = t };
}

static uint8_t num_out(double n, val *out, str *why) {
  if (!isfinite(n)) return refuse(why, &vm_num_overflow);
  out->n = n;
  return ST_OK;
}

uint8_t vm_arith(ir_arith op, val a, val b, arena *mem, val *out, str *why) {
  int64_t i;
  switch (op) {
  case IA_ADD_INT: return __builtin_add_overflow(a.i, b.i, &i) ? refuse(why, &vm_int_overflow) : give(out, i);
  case IA_SUB_INT: return __builtin_sub_overflow(a.i, b.i, &i) ? refuse(why, &vm_int_overflow) : give(out, i);
  case IA_MUL_INT: return __builtin_mul_overflow(a.i, b.i, &i) ? refuse(why, &vm_int_overflow) : give(out, i);
  case IA_ADD_NUM: return num_out(a.n + b.n, out, why);
  case IA_SUB_NUM: return num_out(a.n - b.n, out, why);
  case IA_MUL_NUM: return num_out(a.n * b.n, out, why);
  case IA_DIV_NUM: return b.n == 0 ? refuse(why, &vm_zero_division) : num_out(a.n / b.n, out, why);
  case IA_ADD_TEXT: *out = joined(a, b, mem); return ST_OK;
  case IA_ADD_DATE_DUR: return date_and_duration(a.i, b.i, 1, out, why);
  case IA_SUB_DATE_DUR: return date_and_duration(a.i, b.i, -1, out, why);
  case IA_SUB_DATE_DATE: return __builtin_mul_overflow(a.i - b.i, USEC_PER_DAY, &i) ? refuse(why, &dur_overflow) : give(out, i);
  case IA_ADD_TIME_DUR: return __builtin_add_overflow(a.i, b.i, &i) ? refuse(why, &time_overflow) : time_out(i, out, why);
  case IA_SUB_TIME_DUR: return __builtin_sub_overflow(a.i, b.i, &i) ? refuse(why, &time_overflow) : time_out(i, out, why);
  case IA_SUB_TIME_TIME: return __builtin_sub_overflow(a.i, b.i, &i) ? refuse(why, &dur_overflow) : give(out, i);
  case IA_ADD_DATE_MON: return date_and_months(a.i, b.i, 1, out, why);
  case IA_SUB_DATE_MON: return date_and_months(a.i, b.i, -1, out, why);
  case IA_ADD_TIME_MON: return time_and_months(a.i, b.i, 1, out, why);
  case IA_SUB_TIME_MON: return time_and_months(a.i, b.i, -1, out, why);
  case IA_ADD_DUR: return __builtin_add_overflow(a.i, b.i, &i) ? refuse(why, &dur_overflow) : give(out, i);
  case IA_SUB_DUR: return __builtin_sub_overflow(a.i, b.i, &i) ? refuse(why, &dur_overflow) : give(out, i);
  case IA_MUL_DUR_INT: return __builtin_mul_overflow(a.i, b.i, &i) ? refuse(why, &dur_overflow) : give(out, i);
  case IA_MUL_DUR_NUM: return duration_times(a.i, b.n, out, why);
  case IA_DIV_DUR_NUM: return duration_over(a.i, b.n, out, why);
  case IA_DIV_DUR: return b.i == 0 ? refuse(why, &vm_zero_division) : num_out((double)a.i / (double)b.i, out, why);
  case IA_COUNT: break;
  }
  return refuse(why, &vm_int_overflow);
}

uint8_t vm_negate(const type *t, val a, val *out, str *why) {
  if (t->kind == TY_NUMBER) { out->n = -a.n; return ST_OK; }
  int64_t i;
  return __builtin_sub_overflow((int64_t)0, a.i, &i) ? refuse(why, t->kind == TY_DURATION ? &dur_overflow : &vm_int_overflow) : give(out, i);
}
