/* Numbers: rounding, reading, functions of one and two numbers. No result is NaN or infinite: that is an error with a reason. Nothing here depends on
 * the locale that a host may have set. */
#include "stdlib/lib.h"
#include "stdlib/unicode.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNUSED (void)c, (void)st
#define ARG(i) str_of(args[i].t)

static bool is_number(const type *t) { return t->kind == TY_NUMBER; }

/* ---- rounding ---- */

/* The digits of a double are finite: with 120 decimals printf writes out exactly every number that is not far below half of 10^-15, so the decision at the
   half is made on the true value and not on one that was multiplied. */
int number_fixed(double x, int decimals, char out[400]) {
  enum { EXACT = 120 };
  char s[512];
  bool neg = x < 0;
  int n = snprintf(s, sizeof s, "%.*f", EXACT, fabs(x));
  int point = n - EXACT - 1; /* where the locale's decimal point stands, if it is one byte */
  while (point > 0 && !(s[point - 1] >= '0' && s[point - 1] <= '9')) point--;
  char d[512]; /* digits, with a leading 0 for a carry */
  int k = 0, whole = point + 1;
  d[k++] = '0';
  for (int i = 0; i < n && k < 511; i++)
    if (s[i] >= '0' && s[i] <= '9') d[k++] = s[i];
  int end = whole + decimals;
  if (d[end] >= '5') {
    int i = end - 1;
    while (i >= 0 && d[i] == '9') d[i--] = '0';
    if (i >= 0) d[i]++;
  }
  int at = 0, first = d[0] == '0' && whole > 1 ? 1 : 0;
  bool zero = true;
  for (int i = 0; i < end; i++) zero &= d[i] == '0';
  if (neg && !zero) out[at++] = '-';
  for (int i = first; i < end; i++) {
    if (i == whole) out[at++] = '.';
    out[at++] = d[i];
  }
  out[at] = 0;
  return at;
}

/* strtod in the C locale's terms: the text has digits, at most one point, an exponent. The point becomes an exponent, so that no locale matters. */
static double read_decimal(const char *p, uint32_t n) {
  char s[1200];
  uint32_t k = 0;
  int64_t shift = 0, exp10 = 0;
  bool point = false, any = false;
  uint32_t i = 0;
  if (i < n && (p[i] == '-' || p[i] == '+')) s[k++] = p[i++];
  for (; i < n && (ascii_digit(p[i]) || p[i] == '.'); i++) {
    if (p[i] == '.') { point = true; continue; }
    if (p[i] != '0') any = true;
    if (any && k < 1100) s[k++] = p[i]; /* a double's exact value ends within 767 digits; later ones cannot change it but as a nonzero tail */
    else if (any) { shift++; if (p[i] != '0') s[k - 1] = s[k - 1] == '0' ? '1' : s[k - 1]; }
    if (point) shift--;
  }
  if (!any) return 0;
  if (i < n) {
    bool neg = false;
    i++;
    if (i < n && (p[i] == '-' || p[i] == '+')) neg = p[i++] == '-';
    for (; i < n; i++)
      if (exp10 < 100000) exp10 = exp10 * 10 + (p[i] - '0');
    if (neg) exp10 = -exp10;
  }
  snprintf(s + k, sizeof s - k, "e%" PRId64, exp10 + shift);
  return strtod(s, NULL);
}

/* [+-] digits [. digits] [e [+-] digits], digits on one side of the point at least. */
static bool is_decimal(str s) {
  uint32_t i = 0, digits = 0;
  if (i < s.n && (s.p[i] == '-' || s.p[i] == '+')) i++;
  for (; i < s.n && ascii_digit(s.p[i]); i++) digits++;
  if (i < s.n && s.p[i] == '.')
    for (i++; i < s.n && ascii_digit(s.p[i]); i++) digits++;
  if (!digits) return false;
  if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
    i++;
    if (i < s.n && (s.p[i] == '-' || s.p[i] == '+')) i++;
    uint32_t first = i;
    while (i < s.n && ascii_digit(s.p[i])) i++;
    if (i == first) return false;
  }
  return i == s.n;
}

static int whole(lib_ctx *c, val *out, double x) {
  if (!(x >= -9223372036854775808.0 && x < 9223372036854775808.0)) return lib_fail(c, STR("the result is too large for an int"));
  return ok_int(out, (int64_t)x);
}

int bi_round(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return whole(c, out, round(args[0].n)); }
int bi_floor(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return whole(c, out, floor(args[0].n)); }
int bi_ceil(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return whole(c, out, ceil(args[0].n)); }
int bi_trunc(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return whole(c, out, trunc(args[0].n)); }

int bi_round_to(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  int64_t d = args[1].i;
  double x = args[0].n;
  if (d < -15 || d > 15) return lib_fail(c, str_fmt(c->a, "decimals go from -15 to 15, not %" PRId64, d));
  if (d < 0) {
    double unit = 1;
    for (int64_t i = d; i < 0; i++) unit *= 10;
    double r = fmod(x, unit), base = x - r; /* fmod and this subtraction are exact for what rounding to units keeps */
    return ok_number(c, out, fabs(r) * 2 >= unit ? base + (x < 0 ? -unit : unit) : base);
  }
  if (x > -1e9 && x < 1e9 && d <= 9) { /* away from a half the product decides as well, and a whole number over a power of ten is rounded once */
    static const double power[] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9 };
    double y = fabs(x) * power[d], w = floor(y), rest = y - w;
    if (y < 1e9 && fabs(rest - 0.5) > 1e-6) {
      double r = (rest > 0.5 ? w + 1 : w) / power[d];
      return ok_number(c, out, x < 0 && r != 0 ? -r : r);
    }
  }
  char s[400];
  int n = number_fixed(x, (int)d, s);
  return ok_number(c, out, read_decimal(s, (uint32_t)n));
}

/* ---- signs, bounds ---- */

int bi_abs(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  if (!is_number(c->argt[0])) return bi_abs_int(c, args, st, out);
  return ok_number(c, out, fabs(args[0].n));
}

int bi_abs_int(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  if (args[0].i == INT64_MIN) return lib_fail(c, STR("the result is too large"));
  return ok_int(out, args[0].i < 0 ? -args[0].i : args[0].i);
}

int bi_sign(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  if (is_number(c->argt[0])) return ok_int(out, (args[0].n > 0) - (args[0].n < 0));
  return ok_int(out, (args[0].i > 0) - (args[0].i < 0));
}

int bi_min2(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  *out = val_cmp(c->argt[0], args[1], args[0]) < 0 ? args[1] : args[0];
  return ST_OK;
}

int bi_max2(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  *out = val_cmp(c->argt[0], args[1], args[0]) > 0 ? args[1] : args[0];
  return ST_OK;
}

int bi_clamp(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  const type *t = c->argt[0];
  if (val_cmp(t, args[1], args[2]) > 0) return lib_fail(c, STR("the low bound is above the high bound"));
  *out = val_cmp(t, args[0], args[1]) < 0 ? args[1] : val_cmp(t, args[0], args[2]) > 0 ? args[2] : args[0];
  return ST_OK;
}

/* ---- whole division ---- */

static bool divisible(lib_ctx *c, const val *args) {
  if (args[1].i == 0) (void)lib_fail(c, STR("division by zero"));
  else if (args[0].i == INT64_MIN && args[1].i == -1) (void)lib_fail(c, STR("the result is too large for an int"));
  else return true;
  return false;
}

int bi_div(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  if (!divisible(c, args)) return ST_ERR;
  int64_t q = args[0].i / args[1].i, r = args[0].i % args[1].i;
  return ok_int(out, q - (r != 0 && (r < 0) != (args[1].i < 0)));
}

int bi_mod(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  if (args[1].i == -1) return ok_int(out, 0); /* the smallest int too */
  if (!divisible(c, args)) return ST_ERR;
  int64_t r = args[0].i % args[1].i;
  return ok_int(out, r != 0 && (r < 0) != (args[1].i < 0) ? r + args[1].i : r);
}

/* ---- functions ---- */

int bi_sqrt(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  if (args[0].n < 0) return lib_fail(c, STR("no square root of a negative number"));
  return ok_number(c, out, sqrt(args[0].n));
}

int bi_pow(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return ok_number(c, out, pow(args[0].n, args[1].n)); }
int bi_exp(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return ok_number(c, out, exp(args[0].n)); }

static int logarithm(lib_ctx *c, double (*f)(double), double x, val *out) {
  if (x <= 0) return lib_fail(c, STR("no logarithm of zero or of a negative number"));
  return ok_number(c, out, f(x));
}

int bi_log(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return logarithm(c, log, args[0].n, out); }
int bi_log2(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return logarithm(c, log2, args[0].n, out); }
int bi_log10(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return logarithm(c, log10, args[0].n, out); }

int bi_is_whole(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return ok_bool(out, args[0].n == trunc(args[0].n)); }

/* ---- conversions ---- */

int bi_int_text(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  str s = uni_trim(ARG(0), true, true);
  uint32_t i = s.n && (s.p[0] == '-' || s.p[0] == '+') ? 1 : 0;
  bool neg = s.n && s.p[0] == '-';
  int64_t v = 0;
  if (i == s.n) return ST_MISSING;
  for (; i < s.n; i++) {
    if (!ascii_digit(s.p[i])) return ST_MISSING;
    int d = s.p[i] - '0';
    if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, neg ? -d : d, &v)) return ST_MISSING;
  }
  return ok_int(out, v);
}

bool lib_number_parse(str s, double *out) {
  if (!is_decimal(s)) return false;
  *out = read_decimal(s.p, s.n);
  return isfinite(*out);
}

int bi_number_text(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  return lib_number_parse(uni_trim(ARG(0), true, true), &out->n) ? ST_OK : ST_MISSING;
}

int bi_number(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return ok_number(c, out, (double)args[0].i); }
