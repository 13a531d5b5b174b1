/* Calendar arithmetic and ISO 8601 texts. */
#include "base/civil.h"

#include <stdio.h>
#include <string.h>

int64_t civil_days(int64_t y, int m, int d) {
  y -= m <= 2;
  int64_t era = (y >= 0 ? y : y - 399) / 400;
  int64_t yoe = y - era * 400;
  int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146097 + doe - 719468;
}

void civil_from_days(int64_t z, int64_t *y, int *m, int *d) {
  z += 719468;
  int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  int64_t doe = z - era * 146097;
  int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  int64_t mp = (5 * doy + 2) / 153;
  *d = (int)(doy - (153 * mp + 2) / 5 + 1);
  *m = (int)(mp < 10 ? mp + 3 : mp - 9);
  *y = yoe + era * 400 + (*m <= 2);
}

int civil_month_length(int64_t y, int m) {
  static const int len[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
  return m == 2 && (y % 4 == 0 && (y % 100 != 0 || y % 400 == 0)) ? 29 : len[m - 1];
}

static bool digits(const char *p, int n, int64_t *out) {
  int64_t v = 0;
  for (int i = 0; i < n; i++) {
    if (p[i] < '0' || p[i] > '9') return false;
    v = v * 10 + (p[i] - '0');
  }
  *out = v;
  return true;
}

bool civil_parse_date(str s, int64_t *days) {
  int64_t y, m, d;
  if (s.n != 10 || s.p[4] != '-' || s.p[7] != '-') return false;
  if (!digits(s.p, 4, &y) || !digits(s.p + 5, 2, &m) || !digits(s.p + 8, 2, &d)) return false;
  if (y < 1 || m < 1 || m > 12 || d < 1 || d > civil_month_length(y, (int)m)) return false;
  *days = civil_days(y, (int)m, (int)d);
  return true;
}

bool civil_parse_time(str s, bool zone_optional, int64_t *usec) {
  int64_t days, h, mi, sec = 0, frac = 0;
  if (s.n < 16 || !civil_parse_date((str){ s.p, 10 }, &days)) return false;
  if (s.p[10] != 'T' && s.p[10] != 't' && s.p[10] != ' ') return false;
  if (!digits(s.p + 11, 2, &h) || s.p[13] != ':' || !digits(s.p + 14, 2, &mi) || h > 23 || mi > 59) return false;
  uint32_t at = 16;
  if (at < s.n && s.p[at] == ':') {
    if (at + 3 > s.n || !digits(s.p + at + 1, 2, &sec) || sec > 59) return false;
    at += 3;
    if (at < s.n && s.p[at] == '.') {
      uint32_t first = ++at;
      int64_t scale = USEC_PER_SEC / 10;
      for (; at < s.n && s.p[at] >= '0' && s.p[at] <= '9'; at++, scale /= 10) frac += (s.p[at] - '0') * scale;
      if (at == first) return false;
    }
  }
  int64_t off = 0;
  if (at == s.n) {
    if (!zone_optional) return false;
  } else if (s.p[at] == 'Z' || s.p[at] == 'z') {
    if (at + 1 != s.n) return false;
  } else {
    int64_t oh, om;
    if ((s.p[at] != '+' && s.p[at] != '-') || at + 6 != s.n || s.p[at + 3] != ':') return false;
    if (!digits(s.p + at + 1, 2, &oh) || !digits(s.p + at + 4, 2, &om) || oh > 23 || om > 59) return false;
    off = (oh * 60 + om) * 60 * (s.p[at] == '-' ? -1 : 1);
  }
  *usec = ((days * 24 + h) * 60 + mi) * 60 * USEC_PER_SEC + (sec - off) * USEC_PER_SEC + frac;
  return true;
}

void civil_print_date(int64_t days, char out[11]) {
  int64_t y;
  int m, d;
  civil_from_days(days, &y, &m, &d);
  char wide[48]; /* room for any int64 year: values from outside the range must not overrun */
  snprintf(wide, sizeof wide, "%04lld-%02d-%02d", (long long)y, m, d);
  memcpy(out, wide, 10);
  out[10] = 0;
}

void civil_print_time(int64_t usec, char out[32]) {
  int64_t days = usec / USEC_PER_DAY, in = usec % USEC_PER_DAY;
  if (in < 0) in += USEC_PER_DAY, days--;
  char date[11];
  civil_print_date(days, date);
  int64_t sec = in / USEC_PER_SEC, frac = in % USEC_PER_SEC;
  int n = snprintf(out, 32, "%sT%02d:%02d:%02d", date, (int)(sec / 3600), (int)(sec / 60 % 60), (int)(sec % 60));
  if (frac) {
    n += snprintf(out + n, (size_t)(32 - n), ".%06d", (int)frac);
    while (out[n - 1] == '0') n--;
  }
  out[n] = 'Z', out[n + 1] = 0;
}

int64_t civil_add_months(int64_t days, int64_t months) {
  int64_t y;
  int m, d;
  civil_from_days(days, &y, &m, &d);
  int64_t t = y * 12 + (m - 1) + months;
  y = t >= 0 ? t / 12 : -((11 - t) / 12);
  m = (int)(t - y * 12) + 1;
  int len = civil_month_length(y, m);
  return civil_days(y, m, d < len ? d : len);
}

bool civil_parse_duration(str s, int64_t *usec) {
  static const struct { char unit; bool time; int64_t us; } units[] = {
    { 'W', false, 7 * USEC_PER_DAY }, { 'D', false, USEC_PER_DAY }, { 'H', true, 3600 * USEC_PER_SEC },
    { 'M', true, 60 * USEC_PER_SEC }, { 'S', true, USEC_PER_SEC },
  };
  uint32_t i = 0;
  int64_t total = 0;
  bool neg = false, time = false, any = false;
  size_t next = 0;
  if (i < s.n && (s.p[i] == '-' || s.p[i] == '+')) neg = s.p[i++] == '-';
  if (i >= s.n || s.p[i++] != 'P') return false;
  while (i < s.n) {
    if (s.p[i] == 'T') {
      if (time) return false;
      time = true, i++;
      if (i == s.n) return false;
      continue;
    }
    int64_t v = 0, frac = 0, scale = USEC_PER_SEC;
    uint32_t first = i;
    for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
      if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, s.p[i] - '0', &v)) return false;
    if (i == first || i == s.n) return false;
    bool point = s.p[i] == '.' || s.p[i] == ',';
    if (point)
      for (i++; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++) scale /= 10, frac += (s.p[i] - '0') * scale;
    if (i == s.n) return false;
    while (next < 5 && !(units[next].unit == s.p[i] && units[next].time == time)) next++;
    if (next == 5 || (point && s.p[i] != 'S')) return false;
    int64_t part;
    if (__builtin_mul_overflow(v, units[next].us, &part) || __builtin_add_overflow(total, part, &total) ||
        __builtin_add_overflow(total, frac, &total)) return false;
    next++, i++, any = true;
  }
  *usec = neg ? -total : total;
  return any;
}

void civil_print_duration(int64_t usec, char out[64]) {
  static const struct { const char *name; int64_t us; } units[] = {
    { "day", USEC_PER_DAY }, { "hour", 3600 * USEC_PER_SEC }, { "minute", 60 * USEC_PER_SEC },
  };
  uint64_t left = usec < 0 ? 0 - (uint64_t)usec : (uint64_t)usec;
  int n = snprintf(out, 64, "%s", usec < 0 ? "-" : "");
  bool any = false;
  for (size_t i = 0; i < 3; i++) {
    uint64_t v = left / (uint64_t)units[i].us;
    left %= (uint64_t)units[i].us;
    if (!v) continue;
    n += snprintf(out + n, (size_t)(64 - n), "%s%llu %s%s", any ? " " : "", (unsigned long long)v, units[i].name, v == 1 ? "" : "s");
    any = true;
  }
  if (!any || left) {
    char frac[16] = "";
    if (left % 1000000) {
      int k = snprintf(frac, sizeof frac, ".%06u", (unsigned)(left % 1000000));
      while (frac[k - 1] == '0') frac[--k] = 0;
    }
    snprintf(out + n, (size_t)(64 - n), "%s%u%s second%s", any ? " " : "", (unsigned)(left / 1000000), frac, left == 1000000 ? "" : "s");
  }
}
