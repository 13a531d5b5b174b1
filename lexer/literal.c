/* The values of numbers, dates, times, colors and quantities, exact or refused. See lexer.h.
 *
 * Decimals go through strtod in the form "digits e exponent", which has no decimal point and so does not depend on the
 * process's locale; the result is correctly rounded. Quantities are computed in 128-bit integers. */
#include "base/civil.h"
#include "lexer/lexer.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The nearest double of the digits in s times 10^shift; `_` and one `.` are allowed. */
static double decimal(lexer *lx, str s, int shift) {
  char small[64], *p = s.n + 16 <= sizeof small ? small : arena_alloc(lx->a, (size_t)s.n + 16);
  uint32_t n = 0;
  bool after_point = false;
  for (uint32_t i = 0; i < s.n; i++) {
    if (s.p[i] == '.') after_point = true;
    else if (isdigit((unsigned char)s.p[i])) p[n++] = s.p[i], shift -= after_point;
  }
  snprintf(p + n, 16, "e%d", shift);
  return strtod(p, NULL);
}

void lex_int(lexer *lx, token *t) {
  int64_t v = 0;
  for (uint32_t i = 0; i < t->text.n; i++) {
    if (t->text.p[i] == '_') continue;
    if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, t->text.p[i] - '0', &v)) {
      lex_error(lx, DIAG_LEX_RANGE, t->sp, "this number is too large: an int goes up to 9_223_372_036_854_775_807");
      v = 0;
      break;
    }
  }
  t->v.i = v;
}

void lex_dec(lexer *lx, token *t) {
  t->v.n = decimal(lx, t->text, 0);
  if (!isfinite(t->v.n)) {
    lex_error(lx, DIAG_LEX_RANGE, t->sp, "this number is too large: a number goes up to about 1.8 times 10 to the 308th");
    t->v.n = 0;
  }
}

void lex_percent(lexer *lx, token *t) {
  t->v.n = decimal(lx, (str){ t->text.p, t->text.n - 1 }, -2);
  if (!isfinite(t->v.n)) {
    lex_error(lx, DIAG_LEX_RANGE, t->sp, "this percentage is too large");
    t->v.n = 0;
  }
}

void lex_ratio(lexer *lx, token *t) {
  const char *colon = memchr(t->text.p, ':', t->text.n);
  str x = { t->text.p, (uint32_t)(colon - t->text.p) }, y = { colon + 1, t->text.n - x.n - 1 };
  t->v.n = 1;
  if (x.p[0] == '0' || y.p[0] == '0') {
    diag *g = lex_error(lx, DIAG_LEX_RATIO, t->sp, "`%.*s` is no ratio: its sides are greater than zero and have no leading zero, as in `16:9`", STR_ARG(t->text));
    lex_note(lx, g, (span){ 0, 0 }, "a point in time is written with its date and zone: `2026-11-22T09:00:00Z`");
    return;
  }
  double n = decimal(lx, x, 0) / decimal(lx, y, 0);
  if (isfinite(n) && n > 0) t->v.n = n;
  else lex_error(lx, DIAG_LEX_RATIO, t->sp, "this ratio is out of range");
}

static int hex(char c) { return c <= '9' ? c - '0' : (c | 32) - 'a' + 10; }

void lex_color(lexer *lx, token *t) {
  uint32_t n = t->text.n - 1;
  const char *p = t->text.p + 1;
  bool ok = n == 3 || n == 4 || n == 6 || n == 8;
  for (uint32_t i = 0; i < n; i++) ok = ok && isxdigit((unsigned char)p[i]);
  if (!ok) {
    diag *g = lex_error(lx, DIAG_LEX_COLOR, t->sp, "`%.*s` is no color: `#` is followed by 3, 4, 6 or 8 hex digits", n > 40 ? 1 : (int)t->text.n, t->text.p);
    if (t->flags & LEX_LINE_FIRST) lex_note(lx, g, (span){ 0, 0 }, "a comment begins with `//`");
    t->v.i = 0;
    return;
  }
  int64_t v = 0;
  for (uint32_t i = 0; i < n; i++) {
    v = v << 4 | hex(p[i]);
    if (n < 6) v = v << 4 | hex(p[i]);
  }
  if (n == 3 || n == 6) v = v << 8 | 0xFF;
  t->v.i = v;
}

void lex_date(lexer *lx, token *t) {
  if (civil_parse_date(t->text, &t->v.i)) return;
  if (t->text.n != 10) {
    int y = 0, m = 0, d = 0;
    diag *g = lex_error(lx, DIAG_LEX_DATE, t->sp, "`%.*s` is no date: months and days have two digits", STR_ARG(t->text));
    if (sscanf(t->text.p, "%4d-%2d-%2d", &y, &m, &d) == 3) {
      char s[40];
      snprintf(s, sizeof s, "%04d-%02d-%02d", y, m, d);
      lex_fix(lx, g, t->sp, str_z(s), "write `%s`", s);
    }
  } else {
    lex_error(lx, DIAG_LEX_DATE, t->sp, "`%.*s` is not in the calendar", STR_ARG(t->text));
  }
  t->v.i = 0;
}

void lex_time(lexer *lx, token *t) {
  if (civil_parse_time(t->text, false, &t->v.i)) return;
  int64_t v;
  if (civil_parse_time(t->text, true, &v)) {
    diag *g = lex_error(lx, DIAG_LEX_TIME, t->sp, "a time needs its zone: `Z` for UTC or an offset such as `+01:00`");
    lex_fix(lx, g, (span){ t->sp.end, t->sp.end }, STR("Z"), "add `Z` for UTC");
  } else {
    lex_error(lx, DIAG_LEX_TIME, t->sp, "`%.*s` is no time: one is written like `2026-11-22T09:00:00Z`", STR_ARG(t->text));
  }
  t->v.i = 0;
}

bool lex_quantity(lexer *lx, span sp, str number, str unit, lex_unit *kind, int64_t *value) {
  static const char *const whole[] = { [LEX_DURATION] = "microseconds", [LEX_SIZE] = "bytes", [LEX_MONTHS] = "months" };
  const lex_word *w = lex_word_find(lx, unit);
  *kind = w ? (lex_unit)w->unit : LEX_DURATION, *value = 0;
  if (!w) return false;
  __int128 digits = 0, scale = 1, limit = (__int128)1 << 100;
  bool after_point = false, over = false;
  uint32_t end = number.n;
  if (memchr(number.p, '.', number.n)) while (end && (number.p[end - 1] == '0' || number.p[end - 1] == '_')) end--;
  for (uint32_t i = 0; i < end; i++) {
    if (number.p[i] == '.') after_point = true;
    else if (number.p[i] != '_') {
      over = over || digits > limit / 16 || scale > limit / 16;
      if (over) break;
      digits = digits * 10 + (number.p[i] - '0');
      if (after_point) scale *= 10;
    }
  }
  /* digits < 2^100, factor < 2^41: their product could pass 2^127 */
  over = over || digits > (((__int128)1 << 126) / w->factor);
  if (!over) {
    __int128 v = digits * w->factor;
    if (v % scale) {
      lex_error(lx, DIAG_LEX_QUANTITY, sp, "`%.*s %.*s` does not come out as whole %s", STR_ARG(number), STR_ARG(unit), whole[w->unit]);
      return false;
    }
    v /= scale;
    over = v > INT64_MAX;
    *value = over ? 0 : (int64_t)v;
  }
  if (over) lex_error(lx, DIAG_LEX_QUANTITY, sp, "`%.*s %.*s` is too large or too precise", number.n > 40 ? 40 : (int)number.n, number.p, STR_ARG(unit));
  return !over;
}
