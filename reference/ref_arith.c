/* Arithmetic and comparison for the reference evaluator, one operation at a time, written for plainness: every result is computed in a type
 * that cannot overflow, then checked against its range. Shares nothing with the VM's arithmetic. */
#include "base/civil.h"
#include "reference/ref_int.h"

#include <math.h>
#include <string.h>

typedef __int128 wide;
typedef unsigned __int128 uwide;

#define TIME_MIN (CIVIL_DAY_MIN * (wide)USEC_PER_DAY)
#define TIME_MAX ((CIVIL_DAY_MAX + 1) * (wide)USEC_PER_DAY - 1)

static uint8_t wrong(str *error, const char *why) {
  *error = str_z(why);
  return ST_ERR;
}

static uint8_t in_range(wide x, wide low, wide high, const char *why, val *out, str *error) {
  if (x < low || x > high) return wrong(error, why);
  out->i = (int64_t)x;
  return ST_OK;
}

static uint8_t an_int(wide x, val *out, str *error) { return in_range(x, INT64_MIN, INT64_MAX, "the result is too large for an int", out, error); }

static uint8_t a_duration(wide x, val *out, str *error) {
  return in_range(x, INT64_MIN, INT64_MAX, "the result is too long for a duration", out, error);
}

static uint8_t a_date(wide day, val *out, str *error) {
  return in_range(day, CIVIL_DAY_MIN, CIVIL_DAY_MAX, "the date is outside the years 1 to 9999", out, error);
}

static uint8_t a_time(wide usec, val *out, str *error) {
  return in_range(usec, TIME_MIN, TIME_MAX, "the time is outside the years 1 to 9999", out, error);
}

static uint8_t a_number(double x, val *out, str *error) {
  if (!isfinite(x)) return wrong(error, "the result is too large for a number");
  out->n = x;
  return ST_OK;
}

static uint8_t date_plus(int64_t day, wide usec, val *out, str *error) {
  if (usec % USEC_PER_DAY) return wrong(error, "only whole days can be added to a date");
  return a_date(day + usec / USEC_PER_DAY, out, error);
}

static wide floor_div(wide a, wide b) { return a / b - (a % b < 0); }

static uint8_t date_plus_months(int64_t day, wide months, val *out, str *error) {
  if (months < -200000 || months > 200000) return wrong(error, "the date is outside the years 1 to 9999");
  return a_date(civil_add_months(day, (int64_t)months), out, error);
}

static uint8_t time_plus_months(int64_t usec, wide months, val *out, str *error) {
  wide day = floor_div(usec, USEC_PER_DAY), rest = usec - day * USEC_PER_DAY;
  if (date_plus_months((int64_t)day, months, out, error)) return wrong(error, "the time is outside the years 1 to 9999");
  return a_time(out->i * (wide)USEC_PER_DAY + rest, out, error);
}

/* |x| = m * 2^e with a whole m below 2^53. */
static uint64_t mantissa(double x, int *e) {
  double m = frexp(fabs(x), e);
  *e -= 53;
  return (uint64_t)ldexp(m, 53);
}

static uint8_t signed_duration(uwide whole, bool negative, val *out, str *error) {
  if (whole > (uwide)1 << 64) whole = (uwide)1 << 64; /* far outside; keeps the sign change below exact */
  return a_duration(negative ? -(wide)whole : (wide)whole, out, error);
}

/* n / d rounded to a whole number, ties to even. */
static uwide round_div(uwide n, uwide d) {
  uwide q = n / d, rest = n % d, other = d - rest;
  return q + (rest > other || (rest == other && (q & 1)));
}

static uwide magnitude(int64_t a) { return a < 0 ? -(uwide)a : (uwide)a; }

static int bits(uwide x) {
  int n = 0;
  while (x) n++, x >>= 1;
  return n;
}

/* The exact product, rounded once. */
static uint8_t duration_times(int64_t a, double b, val *out, str *error) {
  int e;
  uint64_t m = mantissa(b, &e);
  uwide p = magnitude(a) * m; /* below 2^117 */
  bool negative = (a < 0) != (b < 0);
  if (!p) return a_duration(0, out, error);
  if (e >= 0 && bits(p) + e > 126) return wrong(error, "the result is too long for a duration");
  if (e >= 0) return signed_duration(p << e, negative, out, error);
  if (e < -120) return a_duration(0, out, error); /* p below 2^117: less than half a microsecond */
  return signed_duration(round_div(p, (uwide)1 << -e), negative, out, error);
}

/* The exact quotient, rounded once. */
static uint8_t duration_by(int64_t a, double b, val *out, str *error) {
  if (b == 0) return wrong(error, "division by zero");
  int e;
  uint64_t m = mantissa(b, &e);
  uwide n = magnitude(a), d = m;
  bool negative = (a < 0) != (b < 0);
  if (!n) return a_duration(0, out, error);
  if (e > 70) return a_duration(0, out, error); /* divisor above 2^122 */
  if (e >= 0) d <<= e;
  else if (bits(n) - e > 126) return wrong(error, "the result is too long for a duration"); /* quotient above 2^72 */
  else n <<= -e;
  return signed_duration(round_div(n, d), negative, out, error);
}

static val join(val a, val b, arena *mem) {
  text *t = ARENA_NEW(mem, text);
  char *p = arena_alloc(mem, (size_t)a.t->n + b.t->n + 1);
  if (a.t->n) memcpy(p, a.t->p, a.t->n);
  if (b.t->n) memcpy(p + a.t->n, b.t->p, b.t->n);
  *t = (text){ p, a.t->n + b.t->n, 0 };
  return (val){ .t = t };
}

uint8_t ref_arith(ir_arith op, val a, val b, arena *mem, val *out, str *error) {
  switch (op) {
  case IA_ADD_INT: return an_int((wide)a.i + b.i, out, error);
  case IA_SUB_INT: return an_int((wide)a.i - b.i, out, error);
  case IA_MUL_INT: return an_int((wide)a.i * b.i, out, error);
  case IA_ADD_NUM: return a_number(a.n + b.n, out, error);
  case IA_SUB_NUM: return a_number(a.n - b.n, out, error);
  case IA_MUL_NUM: return a_number(a.n * b.n, out, error);
  case IA_DIV_NUM: return b.n == 0 ? wrong(error, "division by zero") : a_number(a.n / b.n, out, error);
  case IA_ADD_TEXT: *out = join(a, b, mem); return ST_OK;
  case IA_ADD_DATE_DUR: return date_plus(a.i, b.i, out, error);
  case IA_SUB_DATE_DUR: return date_plus(a.i, -(wide)b.i, out, error);
  case IA_SUB_DATE_DATE: return a_duration(((wide)a.i - b.i) * USEC_PER_DAY, out, error);
  case IA_ADD_TIME_DUR: return a_time((wide)a.i + b.i, out, error);
  case IA_SUB_TIME_DUR: return a_time((wide)a.i - b.i, out, error);
  case IA_SUB_TIME_TIME: return a_duration((wide)a.i - b.i, out, error);
  case IA_ADD_DATE_MON: return date_plus_months(a.i, b.i, out, error);
  case IA_SUB_DATE_MON: return date_plus_months(a.i, -(wide)b.i, out, error);
  case IA_ADD_TIME_MON: return time_plus_months(a.i, b.i, out, error);
  case IA_SUB_TIME_MON: return time_plus_months(a.i, -(wide)b.i, out, error);
  case IA_ADD_DUR: return a_duration((wide)a.i + b.i, out, error);
  case IA_SUB_DUR: return a_duration((wide)a.i - b.i, out, error);
  case IA_MUL_DUR_INT: return a_duration((wide)a.i * b.i, out, error);
  case IA_MUL_DUR_NUM: return duration_times(a.i, b.n, out, error);
  case IA_DIV_DUR_NUM: return duration_by(a.i, b.n, out, error);
  case IA_DIV_DUR: return b.i == 0 ? wrong(error, "division by zero") : a_number((double)a.i / (double)b.i, out, error);
  case IA_COUNT: break;
  }
  return wrong(error, "unknown operation");
}

uint8_t ref_negate(const type *t, val a, val *out, str *error) {
  if (t->kind == TY_NUMBER) return a_number(-a.n, out, error);
  return t->kind == TY_DURATION ? a_duration(-(wide)a.i, out, error) : an_int(-(wide)a.i, out, error);
}

/* An int against a number without rounding either: beyond 2^63 the number decides, else its whole part is an int and its fraction breaks ties. */
static int int_number(int64_t i, double n) {
  if (n >= 0x1p63) return -1;
  if (n < -0x1p63) return 1;
  double whole = trunc(n);
  int64_t w = (int64_t)whole;
  if (i != w) return i < w ? -1 : 1;
  return n > whole ? -1 : n < whole ? 1 : 0;
}

int ref_compare(const type *ta, val a, const type *tb, val b) {
  if (ta->kind == TY_INT && tb->kind == TY_NUMBER) return int_number(a.i, b.n);
  if (ta->kind == TY_NUMBER && tb->kind == TY_INT) return -int_number(b.i, a.n);
  return val_cmp(ta->kind == TY_NEVER ? tb : ta, a, b);
}

/* The empty list literal has a type of its own; it equals what is empty. */
static bool never_inside(const type *t) { return t->kind == TY_NEVER || (t->elem && never_inside(t->elem)); }

bool ref_equal(const type *ta, val a, const type *tb, val b) {
  if (ta->kind != tb->kind && (ta->kind == TY_INT || ta->kind == TY_NUMBER)) return ref_compare(ta, a, tb, b) == 0;
  const type *t = never_inside(ta) ? tb : ta;
  return val_eq(t->base ? t->base : t, a, b);
}

bool ref_has_error(const type *t, val v) {
  switch ((type_kind)t->kind) {
  case TY_RECORD:
    for (uint32_t i = 0; i < v.r->ty->nfields; i++)
      if (v.r->st[i] == ST_ERR || (v.r->st[i] == ST_OK && ref_has_error(v.r->ty->fields[i].type, v.r->v[i]))) return true;
    return false;
  case TY_LIST:
    for (uint32_t i = 0; i < v.l->n; i++)
      if (ref_has_error(t->elem, v.l->v[i])) return true;
    return false;
  case TY_MAP:
    for (uint32_t i = 0; i < v.m->n; i++)
      if (ref_has_error(t->elem, v.m->e[i].value)) return true;
    return false;
  case TY_ERROR: case TY_NEVER: case TY_BOOL: case TY_INT: case TY_NUMBER: case TY_TEXT: case TY_UNION: case TY_COLOR: case TY_DATE: case TY_TIME:
  case TY_DURATION: case TY_MONTHS: case TY_PATTERN: case TY_REF: case TY_PALETTE: case TY_TERMS: case TY_VAR: return false;
  }
  return false;
}
