/* Values in general: equality, order, hash, and how they look in messages and in JSON. Everything follows the static type;
 * nothing here depends on the locale that a host may have set. */
#include "base/value.h"

#include "base/civil.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The type whose representation a reference has: its target's key. A key may itself be a reference; a chain that never ends
   is refused by the checker, here it only must not hang. */
static const type *representation(const type *t) {
  for (int hops = 0; t->kind == TY_REF && hops < 32; hops++) {
    if (!t->rec || t->rec->nkeys != 1) return NULL;
    t = t->rec->fields[t->rec->keys[0]].type;
  }
  return t->kind == TY_REF ? NULL : t;
}

static int cmp_i64(int64_t a, int64_t b) { return (a > b) - (a < b); }

static int cmp_rec(const rec *a, const rec *b) {
  if (a == b) return 0;
  uint32_t n = a->ty->nfields < b->ty->nfields ? a->ty->nfields : b->ty->nfields;
  for (uint32_t i = 0; i < n; i++) {
    bool here = a->st[i] == ST_OK, there = b->st[i] == ST_OK;
    if (!here || !there) {
      if (here != there) return here ? 1 : -1;
      if (a->st[i] != b->st[i]) return a->st[i] < b->st[i] ? -1 : 1;
      continue;
    }
    int c = val_cmp(a->ty->fields[i].type, a->v[i], b->v[i]);
    if (c) return c;
  }
  return cmp_i64(a->ty->nfields, b->ty->nfields);
}

static int cmp_list(const type *elem, const list *a, const list *b) {
  if (a == b) return 0;
  for (uint32_t i = 0; i < a->n && i < b->n; i++) {
    int c = val_cmp(elem, a->v[i], b->v[i]);
    if (c) return c;
  }
  return cmp_i64(a->n, b->n);
}

static int cmp_map(const type *elem, const map *a, const map *b) {
  for (uint32_t i = 0; i < a->n && i < b->n; i++) {
    int c = str_cmp(str_of(a->e[i].key), str_of(b->e[i].key));
    if (!c) c = val_cmp(elem, a->e[i].value, b->e[i].value);
    if (c) return c;
  }
  return cmp_i64(a->n, b->n);
}

int val_cmp(const type *t, val a, val b) {
  switch ((type_kind)t->kind) {
  case TY_ERROR:
  case TY_NEVER:
  case TY_VAR: return 0;
  case TY_BOOL:
  case TY_INT:
  case TY_COLOR:
  case TY_DATE:
  case TY_TIME:
  case TY_DURATION:
  case TY_MONTHS: return cmp_i64(a.i, b.i);
  case TY_NUMBER: return (a.n > b.n) - (a.n < b.n);
  case TY_TEXT:
  case TY_UNION: return a.t == b.t ? 0 : str_cmp(str_of(a.t), str_of(b.t));
  case TY_TERMS:
  case TY_PATTERN: return ((uintptr_t)a.p > (uintptr_t)b.p) - ((uintptr_t)a.p < (uintptr_t)b.p);
  case TY_PALETTE:
  case TY_LIST: {
    if (t->elem) return cmp_list(t->elem, a.l, b.l);
    return ((uintptr_t)a.l > (uintptr_t)b.l) - ((uintptr_t)a.l < (uintptr_t)b.l);
  }
  case TY_MAP: return cmp_map(t->elem, a.m, b.m);
  case TY_RECORD: return cmp_rec(a.r, b.r);
  case TY_REF: {
    const type *k = representation(t);
    return k ? val_cmp(k, a, b) : cmp_i64(a.i, b.i);
  }
  }
  return 0;
}

bool val_eq(const type *t, val a, val b) {
  if (t->kind == TY_TEXT || t->kind == TY_UNION) return text_eq(a.t, b.t);
  if (t->kind == TY_LIST && a.l->n != b.l->n) return false;
  if (t->kind == TY_MAP && a.m->n != b.m->n) return false;
  return val_cmp(t, a, b) == 0;
}

static uint64_t mix(uint64_t h, uint64_t v) {
  h ^= v + 0x9E3779B97F4A7C15u + (h << 6) + (h >> 2);
  h *= 0xBF58476D1CE4E5B9u;
  return h ^ h >> 31;
}

uint64_t val_hash(const type *t, val v) {
  uint64_t h = t->kind;
  switch ((type_kind)t->kind) {
  case TY_ERROR:
  case TY_NEVER:
  case TY_VAR: return 0;
  case TY_BOOL:
  case TY_INT:
  case TY_COLOR:
  case TY_DATE:
  case TY_TIME:
  case TY_DURATION:
  case TY_MONTHS: return mix(0, (uint64_t)v.i);
  case TY_NUMBER: {
    uint64_t bits;
    double n = v.n == 0 ? 0 : v.n; /* -0 equals 0 */
    memcpy(&bits, &n, sizeof bits);
    return mix(1, bits);
  }
  case TY_TEXT:
  case TY_UNION: return str_hash(str_of(v.t)); /* the same for a union and for the text it equals */
  case TY_TERMS:
  case TY_PATTERN: return mix(2, (uint64_t)(uintptr_t)v.p);
  case TY_PALETTE:
  case TY_LIST:
    if (!t->elem) return mix(2, (uint64_t)(uintptr_t)v.l);
    for (uint32_t i = 0; i < v.l->n; i++) h = mix(h, val_hash(t->elem, v.l->v[i]));
    return mix(h, v.l->n);
  case TY_MAP:
    for (uint32_t i = 0; i < v.m->n; i++)
      h = mix(mix(h, str_hash(str_of(v.m->e[i].key))), val_hash(t->elem, v.m->e[i].value));
    return mix(h, v.m->n);
  case TY_RECORD:
    for (uint32_t i = 0; i < v.r->ty->nfields; i++)
      h = v.r->st[i] == ST_OK ? mix(h, val_hash(v.r->ty->fields[i].type, v.r->v[i])) : mix(h, v.r->st[i]);
    return h;
  case TY_REF: {
    const type *k = representation(t);
    return k ? val_hash(k, v) : mix(0, (uint64_t)v.i);
  }
  }
  return h;
}

/* ---- numbers ---- */

/* Significant digits of |n| without trailing zeros, and the decimal exponent of the first: 0.012 is "12", -2. prec: 1 .. 17. Reads the digits
   of %e, whose decimal point alone depends on the locale. */
static int digits_of(double n, int prec, char d[20], int *exp10) {
  char s[64];
  snprintf(s, sizeof s, "%.*e", prec - 1, n);
  int k = 0;
  const char *p = s;
  for (; *p && *p != 'e'; p++)
    if (*p >= '0' && *p <= '9' && k < 18) d[k++] = *p;
  *exp10 = *p == 'e' ? atoi(p + 1) : 0;
  while (k > 1 && d[k - 1] == '0') k--;
  d[k] = 0;
  return k;
}

static bool reads_back(double n, const char *d, int k, int exp10) {
  char s[48];
  snprintf(s, sizeof s, "%.*se%d", k, d, exp10 - (k - 1)); /* no decimal point: the same in every locale */
  return strtod(s, NULL) == n;
}

/* The 16-digit decimal above the nearest one: below a power of two doubles lie closer than above, so that the nearest 16 digits may
   miss where their successor reads back. */
static bool bump(char *d, int k, int *exp10) {
  for (int i = k - 1; i >= 0; i--) {
    if (d[i] != '9') { d[i]++; return true; }
    d[i] = '0';
  }
  d[0] = '1', (*exp10)++;
  return true;
}

/* Numbers with few decimals, which most are: m / 10^k reads back as n when the division, rounded once, gives n; the first k is the shortest. */
static int shortest_decimal(double n, char d[20], int *exp10) {
  static const double power[] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8 };
  for (int k = 1; k <= 8; k++) {
    double m = floor(n * power[k] + 0.5);
    if (m >= 1e15) return 0;
    if (m / power[k] != n) continue;
    int len = snprintf(d, 20, "%" PRIu64, (uint64_t)m);
    *exp10 = len - 1 - k;
    while (len > 1 && d[len - 1] == '0') len--;
    d[len] = 0;
    return len;
  }
  return 0;
}

static int shortest(double n, char d[20], int *exp10) {
  int quick = n > 1e-3 && n < 1e14 ? shortest_decimal(n, d, exp10) : 0;
  if (quick) return quick;
  /* Up to 15 digits survive the way through a double, so %.15 finds every number that has so short a form; numbers below the
     normal range have fewer bits, there the shortest form may have one digit. */
  int first = n < 2.3e-308 ? 1 : 15;
  for (int prec = first; prec <= 17; prec++) {
    int k = digits_of(n, prec, d, exp10);
    if (prec == 17 || reads_back(n, d, k, *exp10)) return k;
    if (prec == 16) {
      char up[20];
      int e = *exp10;
      memcpy(up, d, sizeof up);
      while (k < 16) up[k++] = '0'; /* trailing zeros were dropped */
      up[k] = 0;
      if (bump(up, k, &e) && reads_back(n, up, k, e)) {
        memcpy(d, up, sizeof up);
        *exp10 = e;
        while (k > 1 && d[k - 1] == '0') k--;
        return k;
      }
    }
  }
  return 0;
}

static int put(char *out, int n, char c, int times) {
  while (times-- > 0) out[n++] = c;
  return n;
}

int number_print(double v, char out[32]) {
  int n = 0;
  if (isnan(v) || isinf(v)) { /* never a value of the language; still printable while debugging one */
    strcpy(out, isnan(v) ? "nan" : v > 0 ? "inf" : "-inf");
    return (int)strlen(out);
  }
  if (v < 0) out[n++] = '-', v = -v;
  if (v == 0) { strcpy(out, "0"); return 1; }
  if (v < 9007199254740992.0 && v == (double)(uint64_t)v) { /* whole numbers are most numbers: no search needed */
    n += snprintf(out + n, 24, "%" PRIu64, (uint64_t)v);
    return n;
  }
  char d[20];
  int e, k = shortest(v, d, &e);
  if (e >= 0 && e < 21) {
    for (int i = 0; i <= e || i < k; i++) {
      if (i == e + 1) out[n++] = '.';
      out[n++] = i < k ? d[i] : '0';
    }
  } else if (e < 0 && e >= -7) {
    out[n++] = '0', out[n++] = '.';
    n = put(out, n, '0', -e - 1);
    for (int i = 0; i < k; i++) out[n++] = d[i];
  } else {
    for (int i = 0; i < k; i++) {
      if (i == 1) out[n++] = '.';
      out[n++] = d[i];
    }
    n += snprintf(out + n, 8, "e%+d", e);
  }
  out[n] = 0;
  return n;
}

/* ---- messages ---- */

/* As a literal, but for `{`, which stays as it is: this is read by people and never compiled. */
static void print_quoted(buf *out, str s) {
  buf_ch(out, '"');
  for (uint32_t i = 0; i < s.n; i++) {
    char c = s.p[i];
    if (c == '"' || c == '\\') buf_ch(out, '\\'), buf_ch(out, c);
    else if (c == '\n') buf_z(out, "\\n");
    else if (c == '\t') buf_z(out, "\\t");
    else if ((unsigned char)c < 32 || c == 127) buf_fmt(out, "\\u{%X}", (unsigned)(unsigned char)c);
    else buf_ch(out, c);
  }
  buf_ch(out, '"');
}

static void print_months(buf *out, int64_t m) {
  uint64_t abs = m < 0 ? 0 - (uint64_t)m : (uint64_t)m, y = abs / 12, rest = abs % 12;
  if (m < 0) buf_ch(out, '-');
  if (y) buf_fmt(out, "%" PRIu64 " year%s", y, y == 1 ? "" : "s");
  if (y && rest) buf_ch(out, ' ');
  if (rest || !y) buf_fmt(out, "%" PRIu64 " month%s", rest, rest == 1 ? "" : "s");
}

static void print_color(buf *out, int64_t c) {
  uint32_t u = (uint32_t)c;
  if ((u & 0xFF) == 0xFF) buf_fmt(out, "#%06X", u >> 8);
  else buf_fmt(out, "#%08X", u);
}

static void print_list(buf *out, const type *elem, const list *l) {
  enum { SHOWN = 8 };
  buf_ch(out, '[');
  for (uint32_t i = 0; i < l->n && i < SHOWN; i++) {
    if (i) buf_z(out, ", ");
    val_print(out, elem, l->v[i], true);
  }
  if (l->n > SHOWN) buf_fmt(out, ", \xE2\x80\xA6 %u in all", l->n);
  buf_ch(out, ']');
}

static void print_rec(buf *out, const rec *r) {
  str name = r->ty->name;
  for (uint32_t i = name.n; i > 0; i--)
    if (name.p[i - 1] == '.') { name = (str){ name.p + i, name.n - i }; break; }
  buf_str(out, name);
  buf_ch(out, '(');
  bool any = false;
  for (uint32_t i = 0; i < r->ty->nfields; i++) {
    if (r->st[i] == ST_MISSING) continue;
    if (any) buf_z(out, ", ");
    any = true;
    buf_str(out, r->ty->fields[i].name);
    buf_z(out, ": ");
    if (r->st[i] == ST_OK) val_print(out, r->ty->fields[i].type, r->v[i], true);
    else buf_z(out, "error");
  }
  buf_ch(out, ')');
}

void val_print(buf *out, const type *t, val v, bool quoted) {
  char tmp[64];
  switch ((type_kind)t->kind) {
  case TY_ERROR:
  case TY_NEVER:
  case TY_VAR: buf_ch(out, '?'); break;
  case TY_BOOL: buf_z(out, v.i ? "true" : "false"); break;
  case TY_INT: buf_fmt(out, "%" PRId64, v.i); break;
  case TY_NUMBER: buf_add(out, tmp, (size_t)number_print(v.n, tmp)); break;
  case TY_TEXT:
  case TY_UNION:
    if (quoted) print_quoted(out, str_of(v.t));
    else buf_str(out, str_of(v.t));
    break;
  case TY_COLOR: print_color(out, v.i); break;
  case TY_DATE: civil_print_date(v.i, tmp), buf_z(out, tmp); break;
  case TY_TIME: civil_print_time(v.i, tmp), buf_z(out, tmp); break;
  case TY_DURATION: civil_print_duration(v.i, tmp), buf_z(out, tmp); break;
  case TY_MONTHS: print_months(out, v.i); break;
  case TY_PATTERN: buf_z(out, "pattern"); break;
  case TY_TERMS: buf_z(out, "terms"); break;
  case TY_PALETTE:
    if (!t->elem) { buf_z(out, "palette"); break; }
    print_list(out, t->elem, v.l);
    break;
  case TY_LIST: print_list(out, t->elem, v.l); break;
  case TY_MAP:
    buf_ch(out, '{');
    for (uint32_t i = 0; i < v.m->n; i++) {
      if (i) buf_z(out, ", ");
      if (i == 8) { buf_fmt(out, "\xE2\x80\xA6 %u in all", v.m->n); break; }
      print_quoted(out, str_of(v.m->e[i].key));
      buf_z(out, ": ");
      val_print(out, t->elem, v.m->e[i].value, true);
    }
    buf_ch(out, '}');
    break;
  case TY_RECORD: print_rec(out, v.r); break;
  case TY_REF: {
    const type *k = representation(t);
    if (k) val_print(out, k, v, quoted);
    else buf_z(out, "reference");
    break;
  }
  }
}

/* ---- JSON ---- */

void json_text(buf *out, str s) {
  const char *p = s.n ? s.p : "", *end = p + s.n, *plain = p;
  buf_ch(out, '"');
  while (p < end) {
    unsigned char c = (unsigned char)*p;
    uint32_t cp, k = 1;
    if (c >= 0x80) {
      k = utf8_decode(p, end, &cp);
      if (cp != UINT32_MAX) { p += k; continue; }
    } else if (c >= 32 && c != '"' && c != '\\') { p++; continue; }
    buf_add(out, plain, (size_t)(p - plain));
    if (c >= 0x80) buf_z(out, "\xEF\xBF\xBD");
    else if (c == '"' || c == '\\') buf_ch(out, '\\'), buf_ch(out, (char)c);
    else if (c == '\n') buf_z(out, "\\n");
    else if (c == '\t') buf_z(out, "\\t");
    else if (c == '\r') buf_z(out, "\\r");
    else buf_fmt(out, "\\u%04x", c);
    plain = p += k;
  }
  buf_add(out, plain, (size_t)(p - plain));
  buf_ch(out, '"');
}

/* A value whose JSON is its message in quotes: date, time, color, duration ... */
static void json_printed(buf *out, const type *t, val v) {
  buf_ch(out, '"');
  val_print(out, t, v, false);
  buf_ch(out, '"');
}

static void json_list(buf *out, const type *elem, const list *l) {
  buf_ch(out, '[');
  for (uint32_t i = 0; i < l->n; i++) {
    if (i) buf_ch(out, ',');
    val_json(out, elem, l->v[i], ST_OK);
  }
  buf_ch(out, ']');
}

void val_json(buf *out, const type *t, val v, uint8_t st) {
  if (st != ST_OK) { buf_z(out, "null"); return; }
  switch ((type_kind)t->kind) {
  case TY_ERROR:
  case TY_NEVER:
  case TY_VAR: buf_z(out, "null"); break;
  case TY_BOOL:
  case TY_INT:
  case TY_NUMBER: val_print(out, t, v, false); break;
  case TY_TEXT:
  case TY_UNION: json_text(out, str_of(v.t)); break;
  case TY_COLOR:
  case TY_DATE:
  case TY_TIME:
  case TY_DURATION:
  case TY_MONTHS:
  case TY_PATTERN:
  case TY_TERMS: json_printed(out, t, v); break;
  case TY_PALETTE:
    if (!t->elem) { json_printed(out, t, v); break; }
    json_list(out, t->elem, v.l);
    break;
  case TY_LIST: json_list(out, t->elem, v.l); break;
  case TY_MAP:
    buf_ch(out, '{');
    for (uint32_t i = 0; i < v.m->n; i++) {
      if (i) buf_ch(out, ',');
      json_text(out, str_of(v.m->e[i].key));
      buf_ch(out, ':');
      val_json(out, t->elem, v.m->e[i].value, ST_OK);
    }
    buf_ch(out, '}');
    break;
  case TY_RECORD:
    buf_ch(out, '{');
    for (uint32_t i = 0; i < v.r->ty->nfields; i++) {
      if (i) buf_ch(out, ',');
      json_text(out, v.r->ty->fields[i].name);
      buf_ch(out, ':');
      val_json(out, v.r->ty->fields[i].type, v.r->v[i], v.r->st[i]);
    }
    buf_ch(out, '}');
    break;
  case TY_REF: {
    const type *k = representation(t);
    if (k) val_json(out, k, v, ST_OK);
    else buf_z(out, "null");
    break;
  }
  }
}

str rec_why_bad(arena *a, const rec *r, uint32_t field, const rec *top) {
  str why = STR("cannot be read");
  for (const bad *b = r->bads; b; b = b->next)
    if (b->field == field) {
      why = b->message;
      break;
    }
  if (r == top || !r->ty->nkeys) return why;
  buf b = { .a = a };
  const char *dot = memrchr(r->ty->name.p, '.', r->ty->name.n);
  uint32_t from = dot ? (uint32_t)(dot + 1 - r->ty->name.p) : 0;
  buf_fmt(&b, "in %.*s", (int)(r->ty->name.n - from), r->ty->name.p + from);
  for (uint32_t i = 0; i < r->ty->nkeys; i++) {
    uint16_t k = r->ty->keys[i];
    if (r->st[k] != ST_OK) return why;
    buf_z(&b, i ? ", " : " ");
    val_print(&b, r->ty->fields[k].type, r->v[k], false);
  }
  buf_fmt(&b, ": %.*s", STR_ARG(why));
  return buf_done(&b);
}
