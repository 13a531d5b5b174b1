/* Time zones: compiled TZif files (RFC 8536, version 2 and later with their POSIX footer; version 1 without) under one fixed directory. The environment is
 * not read: neither TZ nor TZDIR may change an answer. A name must be a plain relative path of the database, so that no other file can be opened. */
#include "stdlib/zones.h"

#include "base/civil.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#ifndef BLZ_ZONEINFO
#define BLZ_ZONEINFO "/usr/share/zoneinfo"
#endif

/* When a POSIX rule changes the clock: month.week.day, or a day of the year. */
struct rule { char kind; int month, week, day; int64_t time; };

struct zone {
  char name[64];
  bool exists;             /* false: looked for and not found */
  uint32_t n;              /* transitions */
  int64_t *at;             /* ... their instants */
  int32_t *after;          /* ... and the offsets from then on */
  int32_t first;           /* offset before all of them */
  bool footer, dst;        /* footer: rules for what follows the last transition; dst: it has two offsets */
  int32_t std_off, dst_off;
  struct rule start, end;
  struct zone *next;
};

struct zone_state { const mem *m; struct zone *list; const struct zone *latest; uint32_t n; };

enum { ZONES_MAX = 2048 /* the database has about 600 names */, FILE_MAX = 1 << 20 };

static void zone_free(const mem *m, struct zone *z) {
  mem_free(m, z->at, z->n * sizeof *z->at);
  mem_free(m, z->after, z->n * sizeof *z->after);
  mem_free(m, z, sizeof *z);
}

void zone_close(struct lib_state *s) {
  if (!s->zones) return;
  while (s->zones->list) {
    struct zone *z = s->zones->list;
    s->zones->list = z->next;
    zone_free(s->m, z);
  }
  mem_free(s->m, s->zones, sizeof *s->zones);
  s->zones = NULL;
}

/* ---- the POSIX footer ---- */

static bool footer_number(const char **p, int64_t max, int64_t *v) {
  const char *s = *p;
  *v = 0;
  while (*s >= '0' && *s <= '9' && *v <= max) *v = *v * 10 + (*s++ - '0');
  if (s == *p || *v > max) return false;
  *p = s;
  return true;
}

/* [+-]hh[:mm[:ss]] */
static bool footer_time(const char **p, int64_t *seconds) {
  int64_t h, m = 0, s = 0;
  int sign = **p == '-' ? -1 : 1;
  if (**p == '-' || **p == '+') ++*p;
  if (!footer_number(p, 167, &h)) return false;
  if (**p == ':' && (++*p, !footer_number(p, 59, &m))) return false;
  if (**p == ':' && (++*p, !footer_number(p, 59, &s))) return false;
  *seconds = sign * (h * 3600 + m * 60 + s);
  return true;
}

static bool footer_name(const char **p) {
  const char *s = *p;
  if (*s == '<') {
    while (*s && *s != '>') s++;
    if (*s++ != '>') return false;
  } else {
    while (ascii_alpha(*s)) s++;
  }
  bool any = s != *p;
  *p = s;
  return any;
}

static bool footer_rule(const char **p, struct rule *r) {
  int64_t a, b, d;
  *r = (struct rule){ .kind = 'n', .time = 7200 };
  if (**p == 'M') {
    ++*p;
    if (!footer_number(p, 12, &a) || a < 1 || *(*p)++ != '.' || !footer_number(p, 5, &b) || b < 1 || *(*p)++ != '.' || !footer_number(p, 6, &d)) return false;
    r->kind = 'M', r->month = (int)a, r->week = (int)b, r->day = (int)d;
  } else {
    if (**p == 'J') r->kind = 'J', ++*p;
    if (!footer_number(p, 365, &d)) return false;
    r->day = (int)d;
  }
  if (**p != '/') return true;
  ++*p;
  return footer_time(p, &r->time);
}

/* std offset [dst [offset] , rule , rule]; offsets count west of Greenwich. */
static bool footer_parse(struct zone *z, const char *p) {
  int64_t off;
  if (!footer_name(&p) || !footer_time(&p, &off)) return false;
  z->std_off = (int32_t)-off;
  z->footer = true;
  if (!*p) return true;
  if (!footer_name(&p)) return false;
  z->dst_off = z->std_off + 3600;
  if (*p != ',') {
    if (!footer_time(&p, &off)) return false;
    z->dst_off = (int32_t)-off;
  }
  if (*p++ != ',' || !footer_rule(&p, &z->start) || *p++ != ',' || !footer_rule(&p, &z->end) || *p) return false;
  z->dst = true;
  return true;
}

/* Local seconds since 1970 at which a rule strikes in a year. */
static int64_t rule_at(const struct rule *r, int64_t year) {
  int64_t day = civil_days(year, 1, 1);
  bool leap = civil_month_length(year, 2) == 29;
  if (r->kind == 'M') {
    day = civil_days(year, r->month, 1);
    int64_t wday = ((day + 4) % 7 + 7) % 7; /* Sunday is 0; 1970-01-01 was a Thursday */
    int64_t d = (r->day - wday + 7) % 7 + (r->week - 1) * 7;
    while (d >= civil_month_length(year, r->month)) d -= 7;
    day += d;
  } else if (r->kind == 'J') day += r->day - 1 + (leap && r->day >= 60);
  else day += r->day;
  return day * 86400 + r->time;
}

static int64_t footer_offset(const struct zone *z, int64_t utc) {
  if (!z->dst) return z->std_off;
  int64_t y, local = utc + z->std_off, days = (local >= 0 ? local : local - 86399) / 86400;
  int m, d;
  civil_from_days(days, &y, &m, &d);
  int64_t start = rule_at(&z->start, y) - z->std_off, end = rule_at(&z->end, y) - z->dst_off;
  bool dst = start < end ? utc >= start && utc < end : !(utc >= end && utc < start);
  return dst ? z->dst_off : z->std_off;
}

/* ---- TZif ---- */

static uint32_t be32(const unsigned char *p) { return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]; }
static int64_t be64(const unsigned char *p) { return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4)); }

struct counts { uint32_t utc, std, leap, time, type, chars; };

static bool read_header(const unsigned char *p, size_t n, struct counts *k) {
  if (n < 44 || memcmp(p, "TZif", 4) != 0) return false;
  *k = (struct counts){ be32(p + 20), be32(p + 24), be32(p + 28), be32(p + 32), be32(p + 36), be32(p + 40) };
  return k->utc < 1000 && k->std < 1000 && k->leap < 1000 && k->time < 100000 && k->type >= 1 && k->type <= 256 && k->chars < 10000;
}

static size_t body_size(const struct counts *k, size_t width) {
  return k->time * (width + 1) + k->type * 6 + k->chars + k->leap * (width + 4) + k->std + k->utc;
}

static bool read_body(const mem *m, struct zone *z, const unsigned char *p, const struct counts *k, size_t width) {
  const unsigned char *index = p + k->time * width, *types = index + k->time;
  z->first = (int32_t)be32(types);
  z->n = k->time;
  if (!z->n) return true;
  z->at = mem_try(m, z->n * sizeof *z->at);
  z->after = mem_try(m, z->n * sizeof *z->after);
  if (!z->at || !z->after) return false;
  for (uint32_t i = 0; i < k->time; i++) {
    if (index[i] >= k->type) return false;
    z->at[i] = width == 8 ? be64(p + i * 8) : (int32_t)be32(p + i * 4);
    z->after[i] = (int32_t)be32(types + index[i] * 6);
    if (i && z->at[i] <= z->at[i - 1]) return false;
    if (z->after[i] < -200000 || z->after[i] > 200000) return false;
  }
  return true;
}

static bool parse(const mem *m, struct zone *z, const unsigned char *p, size_t n) {
  struct counts k;
  if (!read_header(p, n, &k)) return false;
  size_t skip = 44 + body_size(&k, 4);
  if (skip > n) return false;
  if (p[4] < '2') return read_body(m, z, p + 44, &k, 4);
  p += skip, n -= skip;
  if (!read_header(p, n, &k)) return false;
  size_t body = body_size(&k, 8);
  if (44 + body > n || !read_body(m, z, p + 44, &k, 8)) return false;
  p += 44 + body, n -= 44 + body;
  char footer[128];
  if (n < 2 || p[0] != '\n') return false;
  const unsigned char *end = memchr(p + 1, '\n', n - 1);
  if (!end || (size_t)(end - p) > sizeof footer) return false;
  memcpy(footer, p + 1, (size_t)(end - p - 1));
  footer[end - p - 1] = 0;
  return !footer[0] || footer_parse(z, footer);
}

/* Parts of letters, digits, _ + -; no empty or dotted part; "right/" counts leap seconds, which instants here do not. */
static bool is_name(str s) {
  if (!s.n || s.n > 63 || s.p[0] == '/' || s.p[s.n - 1] == '/') return false;
  for (uint32_t i = 0; i < s.n; i++) {
    if (s.p[i] == '/' ? s.p[i + 1] == '/' : !(ascii_alnum(s.p[i]) || s.p[i] == '_' || s.p[i] == '+' || s.p[i] == '-')) return false;
  }
  return !(s.n > 6 && memcmp(s.p, "right/", 6) == 0) && !(s.n > 6 && memcmp(s.p, "posix/", 6) == 0);
}

/* The whole file; NULL when there is none, it is no plain file, or too large. */
static unsigned char *read_file(const mem *m, const char *path, size_t *n) {
  struct stat info;
  FILE *f = fopen(path, "rbe");
  unsigned char *p = NULL;
  if (!f) return NULL;
  if (fstat(fileno(f), &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0 && info.st_size <= FILE_MAX) {
    *n = (size_t)info.st_size;
    p = mem_try(m, *n);
    if (p && fread(p, 1, *n, f) != *n) mem_free(m, p, *n), p = NULL;
  }
  fclose(f);
  return p;
}

static struct zone *load(struct zone_state *s, str name) {
  struct zone *z = mem_try(s->m, sizeof *z);
  if (!z) return NULL;
  memset(z, 0, sizeof *z);
  memcpy(z->name, name.p, name.n);
  char path[sizeof BLZ_ZONEINFO + 80];
  snprintf(path, sizeof path, "%s/%s", BLZ_ZONEINFO, z->name);
  size_t n = 0;
  unsigned char *bytes = read_file(s->m, path, &n);
  z->exists = bytes && parse(s->m, z, bytes, n);
  mem_free(s->m, bytes, n);
  z->next = s->list;
  s->list = z;
  s->n++;
  return z;
}

static const struct zone *find(lib_ctx *c, str name, bool *oom) {
  struct lib_state *ls = c->state;
  *oom = true;
  if (!ls->zones) {
    ls->zones = mem_try(ls->m, sizeof *ls->zones);
    if (!ls->zones) return NULL;
    *ls->zones = (struct zone_state){ .m = ls->m };
  }
  struct zone_state *s = ls->zones;
  *oom = false;
  if (s->latest && str_eq(str_z(s->latest->name), name)) return s->latest;
  if (!is_name(name)) return NULL;
  struct zone *z = s->list;
  while (z && !str_eq(str_z(z->name), name)) z = z->next;
  if (!z && s->n < ZONES_MAX) {
    lib_work(c, 1000);
    z = load(s, name);
    *oom = !z;
  }
  if (!z || !z->exists) return NULL;
  s->latest = z;
  return z;
}

const struct zone *zone_find(lib_ctx *c, str name) {
  bool oom;
  const struct zone *z = find(c, name, &oom);
  if (z) return z;
  if (oom) (void)lib_fail(c, STR("out of memory"));
  else (void)lib_fail(c, str_fmt(c->a, "there is no time zone `%.*s`; zones are named as in Europe/Paris or UTC", STR_ARG(name)));
  return NULL;
}

int64_t zone_offset(const struct zone *z, int64_t utc) {
  if (z->n && utc < z->at[0]) return z->first;
  if (!z->n || utc >= z->at[z->n - 1]) {
    if (z->footer) return footer_offset(z, utc);
    return z->n ? z->after[z->n - 1] : z->first;
  }
  uint32_t lo = 0, hi = z->n - 1; /* at[lo] <= utc < at[hi] */
  while (hi - lo > 1) {
    uint32_t mid = lo + (hi - lo) / 2;
    if (z->at[mid] <= utc) lo = mid;
    else hi = mid;
  }
  return z->after[lo];
}

int64_t zone_to_utc(const struct zone *z, int64_t local) {
  int64_t before = zone_offset(z, local - 86400), after = zone_offset(z, local + 86400);
  if (zone_offset(z, local - before) == before) return local - before; /* the clock before a change: the first of two */
  if (zone_offset(z, local - after) == after) return local - after;
  return local - before;
}

bool lib_zone_instant(arena *a, str zone, int64_t local, int64_t *utc) {
  const int64_t second = 1000000;
  struct lib_state *s = lib_open(a->m);
  lib_ctx c = { .a = a, .m = a->m, .state = s, .error = { "", 0 } };
  const struct zone *z = s ? zone_find(&c, zone) : NULL;
  if (z) *utc = zone_to_utc(z, local / second - (local % second < 0)) * second;
  if (s) lib_close(s);
  return z != NULL;
}

int bi_is_zone(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  (void)st;
  bool oom;
  return ok_bool(out, find(c, str_of(args[0].t), &oom) != NULL);
}

str zone_version(arena *a) {
  char line[128];
  FILE *f = fopen(BLZ_ZONEINFO "/tzdata.zi", "re");
  str v = STR("");
  if (f && fgets(line, sizeof line, f) && strncmp(line, "# version ", 10) == 0) {
    size_t n = strcspn(line + 10, " \r\n");
    fclose(f);
    return str_dup(a, (str){ line + 10, (uint32_t)n });
  }
  if (f) fclose(f);
  f = fopen(BLZ_ZONEINFO "/+VERSION", "re");
  if (!f) return v;
  bool got = fgets(line, sizeof line, f) != NULL;
  fclose(f);
  return got ? str_dup(a, (str){ line, (uint32_t)strcspn(line, " \r\n") }) : v;
}
