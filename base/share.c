/* Shares. See share.h. */
#include "base/share.h"

bool share_parse(str d, bool percent, share *out) {
  uint64_t num = 0, den = percent ? 100 : 1;
  uint32_t i = 0, digits = 0;
  bool point = false, any = false;
  for (; i < d.n; i++) {
    char ch = d.p[i];
    if (ch == '.' && !point) { point = true; continue; }
    if (ch == '_') continue;
    if (ch < '0' || ch > '9') return false;
    any = true;
    if ((num || ch != '0') && ++digits > 17) return false;
    num = num * 10 + (uint64_t)(ch - '0');
    if (point && __builtin_mul_overflow(den, 10, &den)) return false;
  }
  if (!any || num > den) return false;
  *out = (share){ num, den };
  return true;
}

int share_cmp(share a, share b) {
  unsigned __int128 x = (unsigned __int128)a.num * b.den, y = (unsigned __int128)b.num * a.den;
  return (x > y) - (x < y);
}

bool share_common(share *s, uint32_t n) {
  uint64_t den = 1; /* denominators are powers of ten times 1 or 100: the largest is a multiple of all */
  for (uint32_t i = 0; i < n; i++) if (s[i].den > den) den = s[i].den;
  if (den > INT64_MAX) return false;
  for (uint32_t i = 0; i < n; i++) {
    if (den % s[i].den) return false;
    s[i].num *= den / s[i].den, s[i].den = den;
  }
  return true;
}

bool share_has(share s, uint64_t h) {
  if (s.num >= s.den) return true;
  return h < (uint64_t)(((unsigned __int128)s.num << 64) / s.den);
}

static const struct { const char *name; assign_scheme s; } schemes[] = {
  { "", ASSIGN_BLAZON }, { "growthbook-v1", ASSIGN_GROWTHBOOK_V1 }, { "growthbook-v2", ASSIGN_GROWTHBOOK_V2 },
  { "murmur3-unleash", ASSIGN_UNLEASH }, { "sha1-planout", ASSIGN_PLANOUT }, { "md5-eppo", ASSIGN_EPPO },
};

bool assign_scheme_find(str name, assign_scheme *out) {
  for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
    if (str_eq(name, str_z(schemes[i].name))) { *out = schemes[i].s; return true; }
  return false;
}

bool assign_scheme_name(uint32_t i, str *out) {
  if (i >= sizeof schemes / sizeof *schemes) return false;
  *out = str_z(schemes[i].name);
  return true;
}
