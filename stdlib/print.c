/* Formats of interpolations: {x:bytes}, {x:.2}, {d:long}. The rows stand in formats.def; lib_format_check is the checker's, lib_format the evaluators'. */
#include "stdlib/lib.h"

#include "base/civil.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum fmt {
#define FMT(name, types, example, result, doc) FMT_##name,
#include "stdlib/formats.def"
#undef FMT
  FMT_COUNT
};

static const struct { const char *name, *types; } formats[FMT_COUNT] = {
#define FMT(name, types, example, result, doc) { #name, types },
#include "stdlib/formats.def"
#undef FMT
};

static const char *kind_name(const type *t) {
  switch ((type_kind)t->kind) {
  case TY_INT: return "int";
  case TY_NUMBER: return "number";
  case TY_TEXT:
  case TY_UNION: return "text";
  case TY_COLOR: return "color";
  case TY_DATE: return "date";
  case TY_TIME: return "time";
  case TY_DURATION: return "duration";
  case TY_ERROR:
  case TY_NEVER:
  case TY_BOOL:
  case TY_MONTHS:
  case TY_PATTERN:
  case TY_LIST:
  case TY_MAP:
  case TY_RECORD:
  case TY_REF:
  case TY_PALETTE:
  case TY_TERMS:
  case TY_VAR: return "";
  }
  return "";
}

/* Is word one of the words of a list that are parted by spaces? */
static bool listed(const char *words, const char *word) {
  size_t n = strlen(word);
  for (const char *p = words; n && (p = strstr(p, word)); p += n)
    if ((p == words || p[-1] == ' ') && (p[n] == ' ' || !p[n])) return true;
  return false;
}

/* .N and .N%: gives N, -1 when the format is no such. */
static int decimals_of(str f, bool *percent) {
  *percent = f.n && f.p[f.n - 1] == '%';
  if (*percent) f.n--;
  if (f.n < 2 || f.n > 3 || f.p[0] != '.') return -1;
  int n = 0;
  for (uint32_t i = 1; i < f.n; i++) {
    if (!ascii_digit(f.p[i])) return -1;
    n = n * 10 + (f.p[i] - '0');
  }
  return n <= 15 ? n : -1;
}

static int find(str f) {
  for (int i = 0; i < FMT_COUNT; i++)
    if (str_eq(f, str_z(formats[i].name))) return i;
  return -1;
}

bool lib_format_check(arena *a, const type *t, str format, str *why) {
  const char *kind = kind_name(t);
  bool percent;
  if (t->kind == TY_ERROR) return true;
  if (decimals_of(format, &percent) >= 0) {
    if (t->kind == TY_NUMBER || t->kind == TY_INT) return true;
    *why = str_fmt(a, "`%.*s` formats numbers", STR_ARG(format));
    return false;
  }
  int f = find(format);
  if (f >= 0 && listed(formats[f].types, kind)) return true;
  buf b = { .a = a };
  if (f < 0) buf_fmt(&b, "there is no format `%.*s`", STR_ARG(format));
  else buf_fmt(&b, "`%.*s` formats %s", STR_ARG(format), formats[f].types);
  bool any = false;
  for (int i = 0; i < FMT_COUNT; i++) {
    if (!listed(formats[i].types, kind)) continue;
    buf_fmt(&b, "%s%s", any ? ", " : "; formats that fit are: ", formats[i].name);
    any = true;
  }
  if (t->kind == TY_NUMBER || t->kind == TY_INT) buf_z(&b, ", .1 (decimals), .1%");
  *why = buf_done(&b);
  return false;
}

static void number(buf *out, double n) {
  char s[32];
  buf_add(out, s, (size_t)number_print(n, s));
}

/* Whole units where they come out even, one decimal otherwise: 150 KB, 1.5 MB. */
static void print_bytes(buf *out, int64_t v) {
  static const struct { const char *name; uint64_t size; } units[] = {
    { "EB", 1000000000000000000 }, { "PB", 1000000000000000 }, { "TB", 1000000000000 }, { "GB", 1000000000 }, { "MB", 1000000 }, { "KB", 1000 },
  };
  uint64_t abs = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
  if (v < 0) buf_ch(out, '-');
  size_t i = 0;
  while (i < 6 && abs < units[i].size) i++;
  if (i == 6) {
    buf_fmt(out, "%" PRIu64 " byte%s", abs, abs == 1 ? "" : "s");
    return;
  }
  uint64_t tenth = units[i].size / 10, tenths = abs / tenth + (abs % tenth >= tenth / 2);
  if (tenths >= 10000 && i > 0) tenths = (tenths + 500) / 1000, i--; /* 999,960 bytes are 1 MB, not 1000 KB */
  buf_fmt(out, "%" PRIu64, tenths / 10);
  if (tenths % 10) buf_fmt(out, ".%d", (int)(tenths % 10));
  buf_fmt(out, " %s", units[i].name);
}

static void print_grouped(buf *out, const char *s, int n) {
  int i = s[0] == '-', whole = i;
  if (i) buf_ch(out, '-');
  while (whole < n && ascii_digit(s[whole])) whole++;
  bool plain = true;
  for (int k = whole; k < n; k++) plain &= s[k] != 'e';
  for (; i < n; i++) {
    buf_ch(out, s[i]);
    if (plain && i + 1 < whole && (whole - i - 1) % 3 == 0) buf_ch(out, ',');
  }
}

/* x times 100 in decimal: 5% must not become 5.000000000000001. */
static void print_percent(buf *out, double x) {
  char s[400], t[32];
  double y = x * 100;
  int n = number_print(y, t);
  if (y > -1e15 && y < 1e15) { /* the shortest text of x has at most 17 digits: rounding the product to 12 decimals takes the noise away */
    n = number_fixed(y, 12, s);
    while (n > 1 && s[n - 1] == '0') n--;
    if (s[n - 1] == '.') n--;
    buf_add(out, s, (size_t)n);
  } else buf_add(out, t, (size_t)n);
  buf_ch(out, '%');
}

static void print_long(buf *out, int64_t days) {
  static const char *const months[] = { "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December" };
  int64_t y;
  int m, d;
  civil_from_days(days, &y, &m, &d);
  buf_fmt(out, "%d %s %" PRId64, d, months[m - 1], y);
}

static int64_t day_of(const type *t, val v) {
  if (t->kind == TY_DATE) return v.i;
  return v.i / USEC_PER_DAY - (v.i % USEC_PER_DAY < 0);
}

void lib_format(buf *out, const type *t, val v, str format) {
  bool percent;
  char tmp[64], fixed[400];
  double n = t->kind == TY_NUMBER ? v.n : (double)v.i;
  int decimals = decimals_of(format, &percent);
  if (decimals >= 0) {
    double shown = percent ? n * 100 : n;
    if (__builtin_isfinite(shown)) buf_add(out, fixed, (size_t)number_fixed(shown, decimals, fixed));
    if (percent) buf_ch(out, '%');
    return;
  }
  switch (find(format)) {
  case FMT_bytes: print_bytes(out, v.i); return;
  case FMT_grouped: {
    int k = t->kind == TY_NUMBER ? number_print(n, tmp) : snprintf(tmp, sizeof tmp, "%" PRId64, v.i);
    print_grouped(out, tmp, k);
    return;
  }
  case FMT_percent: print_percent(out, n); return;
  case FMT_rgb:
    buf_fmt(out, (v.i & 255) == 255 ? "rgb(%d, %d, %d" : "rgba(%d, %d, %d", (int)(v.i >> 24 & 255), (int)(v.i >> 16 & 255), (int)(v.i >> 8 & 255));
    if ((v.i & 255) != 255) {
      buf_z(out, ", ");
      int k = number_fixed((double)(v.i & 255) / 255, 3, fixed);
      while (k > 1 && (fixed[k - 1] == '0' || fixed[k - 1] == '.')) k--;
      buf_add(out, fixed, (size_t)k);
    }
    buf_ch(out, ')');
    return;
  case FMT_date: civil_print_date(day_of(t, v), tmp), buf_z(out, tmp); return;
  case FMT_time: {
    int64_t s = (v.i - day_of(t, v) * USEC_PER_DAY) / USEC_PER_SEC;
    buf_fmt(out, "%02d:%02d:%02d", (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
    return;
  }
  case FMT_long: print_long(out, day_of(t, v)); return;
  case FMT_seconds: number(out, (double)v.i / 1e6); return;
  case FMT_hours: number(out, (double)v.i / 3.6e9); return;
  case FMT_days: number(out, (double)v.i / 8.64e10); return;
  case FMT_quoted: val_print(out, t, v, true); return;
  case FMT_hex:
  case FMT_iso:
  default: val_print(out, t, v, false); return; /* an empty or unknown format prints as without one */
  }
}
