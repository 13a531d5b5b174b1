/* Raw scalars to values: what each type accepts from text, from an integer and from a real number, and the words for what it
 * does not. One place for SQLite, JSON and CSV, so that a date is a date everywhere. */
#include "base/civil.h"
#include "base/utf8.h"
#include "runtime/src_priv.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

const type *src_repr(const type *t) {
  for (int hops = 0; t->kind == TY_REF && hops < 32; hops++) {
    if (!t->rec || t->rec->nkeys != 1) return NULL;
    t = t->rec->fields[t->rec->keys[0]].type;
  }
  return t->kind == TY_REF ? NULL : t;
}

bool src_utf8_ok(const char *p, size_t n) {
  const char *end = p + n;
  for (; end - p >= 8; p += 8) { /* texts are mostly ASCII: eight bytes a step */
    uint64_t w;
    memcpy(&w, p, 8);
    if (w & 0x8080808080808080u) break;
  }
  if (n >= 8 && end - p < 8) { /* the last eight, some of which are looked at again */
    uint64_t w;
    memcpy(&w, end - 8, 8);
    if (!(w & 0x8080808080808080u)) return true;
  }
  while (p < end) {
    uint32_t cp;
    p += utf8_decode(p, end, &cp);
    if (cp == UINT32_MAX) return false;
  }
  return true;
}

str src_quote(arena *a, str s) {
  enum { SHOW = 60 };
  buf b = { .a = a };
  buf_ch(&b, '`');
  if (!s.p) s = STR("");
  const char *p = s.p, *end = s.p + s.n;
  uint32_t shown = 0;
  for (; p < end && shown < SHOW; shown++) {
    uint32_t cp, n = utf8_decode(p, end, &cp);
    if (cp == UINT32_MAX) buf_fmt(&b, "\\x%02X", (unsigned char)*p);
    else if (cp == '\n') buf_z(&b, "\\n");
    else if (cp == '\r') buf_z(&b, "\\r");
    else if (cp == '\t') buf_z(&b, "\\t");
    else if (cp < 0x20 || cp == 0x7F) buf_fmt(&b, "\\x%02X", cp);
    else buf_add(&b, p, n);
    p += n;
  }
  if (p < end) buf_z(&b, "…");
  buf_ch(&b, '`');
  return buf_done(&b);
}

static str source_name(void *ud, uint32_t id) {
  const ir_program *p = ud;
  str n = id < p->nsources ? p->sources[id]->name : STR("?");
  for (uint32_t i = n.n; i; i--)
    if (n.p[i - 1] == '.') return (str){ n.p + i, n.n - i };
  return n;
}

str src_type_name(arena *a, const ir_program *p, const type *t) {
  buf b = { .a = a };
  struct type_names names = { source_name, (void *)(uintptr_t)p };
  type_print(&b, t, &names);
  return buf_done(&b);
}

/* Not the whole field: its key and its limits, which the model does not spell as they were written, are to stay. */
str src_from_fix(arena *a, const prog_field *f, str column) {
  return str_fmt(a, "did you mean `%.*s`? write `from \"%.*s\"` behind the type of `%.*s`", STR_ARG(column), STR_ARG(column), STR_ARG(f->name));
}

/* What a type wants, with its article: "an int", "a date (YYYY-MM-DD)". */
static const char *wants(const type *t) {
  switch ((type_kind)t->kind) {
  case TY_BOOL: return "a bool (true or false)";
  case TY_INT: return "an int";
  case TY_NUMBER: return "a number";
  case TY_TEXT:
  case TY_UNION: return "text";
  case TY_COLOR: return "a color (#RRGGBB)";
  case TY_DATE: return "a date (YYYY-MM-DD)";
  case TY_TIME: return "a time (like 2026-11-22T09:00:00Z, or unix seconds)";
  case TY_DURATION: return "a duration (seconds, or ISO 8601 like PT1H30M)";
  case TY_LIST: return "a list";
  case TY_MAP: return "a map";
  case TY_RECORD: return "a record";
  case TY_ERROR:
  case TY_NEVER:
  case TY_MONTHS:
  case TY_PATTERN:
  case TY_REF:
  case TY_PALETTE:
  case TY_TERMS:
  case TY_VAR: break;
  }
  return "a value that data can hold";
}

static bool no(src_dec *d, str found, const type *t) {
  d->error = str_fmt(d->a, "%.*s is not %s", STR_ARG(src_quote(d->a, found)), wants(t));
  d->found = str_dup(d->a, found);
  return false;
}

const text *src_text(src_dec *d, str s) {
  const text *at = d->atoms ? atom_find(d->atoms, s) : NULL;
  if (at) return at;
  text *t = ARENA_NEW(d->a, text);
  *t = text_of(d->copy ? str_dup(d->a, s) : s);
  return t;
}

/* ---- numerals ---- */

static str trimmed(str s) {
  while (s.n && (s.p[0] == ' ' || s.p[0] == '\t' || s.p[0] == '\n' || s.p[0] == '\r')) s.p++, s.n--;
  while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' || s.p[s.n - 1] == '\n' || s.p[s.n - 1] == '\r')) s.n--;
  return s;
}

static bool digit(char c) { return c >= '0' && c <= '9'; }

/* 1: an int; 0: not written as one; -1: one, but beyond 64 bits. */
static int int_of(str s, int64_t *out) {
  uint32_t i = 0;
  bool neg = s.n && s.p[0] == '-';
  if (s.n && (s.p[0] == '-' || s.p[0] == '+')) i++;
  if (i == s.n) return 0;
  uint64_t v = 0;
  bool over = false;
  for (; i < s.n; i++) {
    if (!digit(s.p[i])) return 0;
    uint64_t dg = (uint64_t)(s.p[i] - '0');
    if (v > (UINT64_MAX - dg) / 10) over = true;
    else v = v * 10 + dg;
  }
  if (over || v > (uint64_t)INT64_MAX + neg) return -1;
  *out = neg ? (int64_t)(0 - v) : (int64_t)v;
  return 1;
}

/* strtod on "digits e exponent", which has no decimal point and so does not depend on the host's locale. */
bool src_number(arena *a, str s, double *out) {
  uint32_t i = 0;
  bool neg = s.n && s.p[0] == '-';
  if (s.n && (s.p[0] == '-' || s.p[0] == '+')) i++;
  char local[64], *dg = s.n + 32 < sizeof local ? local : arena_alloc(a, (size_t)s.n + 32);
  size_t nd = 0;
  int64_t exp = 0;
  bool any = false;
  for (; i < s.n && digit(s.p[i]); i++, any = true)
    if (nd || s.p[i] != '0') dg[nd++] = s.p[i];
  if (i < s.n && s.p[i] == '.')
    for (i++; i < s.n && digit(s.p[i]); i++, any = true) {
      if (nd || s.p[i] != '0') dg[nd++] = s.p[i];
      exp--;
    }
  if (!any) return false;
  if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
    bool eneg = ++i < s.n && s.p[i] == '-';
    if (i < s.n && (s.p[i] == '-' || s.p[i] == '+')) i++;
    if (i == s.n) return false;
    int64_t e = 0;
    for (; i < s.n && digit(s.p[i]); i++)
      if (e < 1000000) e = e * 10 + (s.p[i] - '0');
    exp += eneg ? -e : e;
  }
  if (i < s.n) return false;
  if (!nd) { *out = 0; return true; }
  uint64_t m = 0;
  if (nd <= 15 && exp >= -22 && exp <= 22) { /* both exact doubles: one rounding */
    static const double ten[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
                                  1e19, 1e20, 1e21, 1e22 };
    for (size_t k = 0; k < nd; k++) m = m * 10 + (uint64_t)(dg[k] - '0');
    *out = exp < 0 ? (double)m / ten[-exp] : (double)m * ten[exp];
  } else {
    snprintf(dg + nd, 32, "e%" PRId64, exp);
    *out = strtod(dg, NULL);
  }
  if (neg) *out = -*out;
  return isfinite(*out);
}

static bool time_in_range(int64_t usec) {
  return usec >= CIVIL_DAY_MIN * USEC_PER_DAY && usec < ((int64_t)CIVIL_DAY_MAX + 1) * USEC_PER_DAY;
}

static bool seconds_of_int(src_dec *d, const type *t, int64_t i, val *out) {
  if (__builtin_mul_overflow(i, USEC_PER_SEC, &out->i) || (t->kind == TY_TIME && !time_in_range(out->i))) {
    d->error = str_fmt(d->a, "`%" PRId64 "` seconds are out of range for a %s%s", i, t->kind == TY_TIME ? "time" : "duration",
                       t->kind == TY_TIME && i > 100000000000 ? " (milliseconds?)" : "");
    return false;
  }
  return true;
}

static bool seconds_of_real(src_dec *d, const type *t, double n, val *out) {
  double us = n * 1e6;
  if (!(fabs(us) < 9e18) || (t->kind == TY_TIME && !time_in_range((int64_t)us))) {
    d->error = str_fmt(d->a, "`%g` seconds are out of range for a %s", n, t->kind == TY_TIME ? "time" : "duration");
    return false;
  }
  out->i = (int64_t)llround(us);
  return true;
}

static bool color_of(str s, int64_t *out) {
  if (s.n && s.p[0] == '#') s.p++, s.n--;
  if (s.n != 3 && s.n != 4 && s.n != 6 && s.n != 8) return false;
  uint32_t v = 0;
  for (uint32_t i = 0; i < s.n; i++) {
    char c = s.p[i];
    uint32_t h;
    if (digit(c)) h = (uint32_t)(c - '0');
    else if (c >= 'a' && c <= 'f') h = (uint32_t)(c - 'a') + 10;
    else if (c >= 'A' && c <= 'F') h = (uint32_t)(c - 'A') + 10;
    else return false;
    v = s.n < 6 ? v << 8 | h * 17 : v << 4 | h;
  }
  *out = s.n == 3 || s.n == 6 ? (int64_t)(v << 8 | 0xFF) : (int64_t)v;
  return true;
}

static bool same_word(str s, const char *w) {
  for (uint32_t i = 0; i < s.n; i++) {
    char c = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] + 32) : s.p[i];
    if (!w[i] || c != w[i]) return false;
  }
  return !w[s.n];
}

static bool union_of(src_dec *d, const type *t, str s, val *out) {
  for (uint32_t i = 0; i < t->nlits; i++)
    if (str_eq(str_of(t->lits[i]), s)) { out->t = t->lits[i]; return true; }
  buf b = { .a = d->a };
  buf_str(&b, src_quote(d->a, s));
  buf_z(&b, " is not one of ");
  str *names = ARENA_ARRAY(d->a, str, t->nlits ? t->nlits : 1);
  for (uint32_t i = 0; i < t->nlits; i++) {
    names[i] = str_of(t->lits[i]);
    if (i < 8) buf_fmt(&b, "%s\"%.*s\"", i ? ", " : "", STR_ARG(names[i]));
  }
  if (t->nlits > 8) buf_fmt(&b, " and %u more", t->nlits - 8);
  const str *near = suggest(s, names, t->nlits);
  if (near) buf_fmt(&b, "; did you mean \"%.*s\"?", STR_ARG(*near));
  d->error = buf_done(&b);
  return false;
}

static bool int_text(src_dec *d, const type *t, str s, val *out) {
  int64_t i;
  int k = int_of(s, &i);
  if (k > 0) { out->i = i; return true; }
  if (k < 0) {
    d->error = str_fmt(d->a, "%.*s does not fit an int (64 bit)", STR_ARG(src_quote(d->a, s)));
    return false;
  }
  double n; /* 5.0 and 1e3 are ints, as long as nothing can have been rounded away */
  if (src_number(d->a, s, &n)) {
    if (n == floor(n) && fabs(n) < 9007199254740992.0) { out->i = (int64_t)n; return true; }
    d->error = str_fmt(d->a, "%.*s is not %s", STR_ARG(src_quote(d->a, s)), n == floor(n) ? "written as an int" : "a whole number");
    return false;
  }
  return no(d, s, t);
}

bool src_from_text(src_dec *d, const type *t, str s, val *out) {
  if (t->kind == TY_REF) t = src_repr(t);
  if (!t) { d->error = STR("the reference's target has no single key"); return false; }
  if (t->kind != TY_TEXT && t->kind != TY_UNION) s = trimmed(s);
  switch ((type_kind)t->kind) {
  case TY_TEXT:
    if (!src_utf8_ok(s.p, s.n)) {
      d->error = str_fmt(d->a, "%.*s is not valid UTF-8", STR_ARG(src_quote(d->a, s)));
      return false;
    }
    out->t = src_text(d, s);
    return true;
  case TY_UNION: return union_of(d, t, s, out);
  case TY_BOOL:
    if (same_word(s, "true") || same_word(s, "1")) { out->i = 1; return true; }
    if (same_word(s, "false") || same_word(s, "0")) { out->i = 0; return true; }
    return no(d, s, t);
  case TY_INT: return int_text(d, t, s, out);
  case TY_NUMBER: return src_number(d->a, s, &out->n) || no(d, s, t);
  case TY_COLOR: return color_of(s, &out->i) || no(d, s, t);
  case TY_DATE: return civil_parse_date(s, &out->i) || no(d, s, t);
  case TY_TIME:
  case TY_DURATION: {
    if (t->kind == TY_TIME ? civil_parse_time(s, true, &out->i) : civil_parse_duration(s, &out->i)) return true;
    int64_t i;
    double n;
    if (int_of(s, &i) > 0) return seconds_of_int(d, t, i, out);
    if (src_number(d->a, s, &n)) return seconds_of_real(d, t, n, out);
    return no(d, s, t);
  }
  case TY_LIST:
  case TY_MAP:
  case TY_RECORD:
  case TY_REF:
  case TY_ERROR:
  case TY_NEVER:
  case TY_MONTHS:
  case TY_PATTERN:
  case TY_PALETTE:
  case TY_TERMS:
  case TY_VAR: break;
  }
  return no(d, s, t);
}

bool src_from_int(src_dec *d, const type *t, int64_t i, val *out) {
  char tmp[24];
  if (t->kind == TY_REF) t = src_repr(t);
  if (!t) { d->error = STR("the reference's target has no single key"); return false; }
  switch ((type_kind)t->kind) {
  case TY_INT: out->i = i; return true;
  case TY_NUMBER: out->n = (double)i; return true;
  case TY_BOOL:
    if (i == 0 || i == 1) { out->i = i; return true; }
    break;
  case TY_TIME:
  case TY_DURATION: return seconds_of_int(d, t, i, out);
  case TY_TEXT:
  case TY_UNION: { /* columns that SQLite holds to be numeric ("STRING") turn "2024" into a number */
    snprintf(tmp, sizeof tmp, "%" PRId64, i);
    bool copy = d->copy, ok;
    d->copy = true;
    ok = src_from_text(d, t, str_z(tmp), out);
    d->copy = copy;
    return ok;
  }
  case TY_COLOR:
  case TY_DATE:
  case TY_LIST:
  case TY_MAP:
  case TY_RECORD:
  case TY_REF:
  case TY_ERROR:
  case TY_NEVER:
  case TY_MONTHS:
  case TY_PATTERN:
  case TY_PALETTE:
  case TY_TERMS:
  case TY_VAR: break;
  }
  snprintf(tmp, sizeof tmp, "%" PRId64, i);
  return no(d, str_z(tmp), t);
}

bool src_from_real(src_dec *d, const type *t, double n, val *out) {
  if (t->kind == TY_REF) t = src_repr(t);
  if (!t) { d->error = STR("the reference's target has no single key"); return false; }
  char tmp[40];
  if (!isfinite(n)) {
    d->error = STR("is infinite or no number at all");
    return false;
  }
  if (t->kind == TY_NUMBER) { out->n = n; return true; }
  if (t->kind == TY_TIME || t->kind == TY_DURATION) return seconds_of_real(d, t, n, out);
  if (t->kind == TY_INT && n == floor(n) && fabs(n) <= 9007199254740992.0) { out->i = (int64_t)n; return true; }
  number_print(n, tmp);
  if (t->kind == TY_INT) {
    d->error = str_fmt(d->a, "`%s` is not a whole number", tmp);
    return false;
  }
  if (t->kind == TY_TEXT || t->kind == TY_UNION) {
    d->error = str_fmt(d->a, "`%s` is a number, not text", tmp);
    return false;
  }
  return no(d, str_z(tmp), t);
}

bool src_from_split(src_dec *d, const type *t, str delim, str s, val *out) {
  list *l = ARENA_NEW(d->a, list);
  out->l = l;
  if (!trimmed(s).n) return true;
  VEC(val) items = { 0 };
  const char *p = s.p, *end = s.p + s.n;
  for (;;) {
    const char *q = delim.n ? memmem(p, (size_t)(end - p), delim.p, delim.n) : NULL;
    str part = trimmed((str){ p, (uint32_t)((q ? q : end) - p) });
    val v;
    if (!src_from_text(d, t->elem, part, &v)) {
      d->error = str_fmt(d->a, "element %u: %.*s", items.n + 1, STR_ARG(d->error));
      return false;
    }
    *VEC_PUSH(d->a, &items) = v;
    if (!q) break;
    p = q + delim.n;
  }
  l->n = items.n, l->v = items.v;
  return true;
}

/* ---- fields without a usable value ---- */

static str missing_message(arena *a, const prog_field *f, const char *found) {
  return str_fmt(a, "is %s but `%.*s` is not optional (end its type in `?`, or give it a default)", found, STR_ARG(f->name));
}

bad *src_add_bad(arena *a, rec *r, uint32_t field, str message, uint32_t line, uint32_t col) {
  bad *b = ARENA_NEW(a, bad);
  *b = (bad){ .field = (uint16_t)field, .message = message, .found = { "", 0 }, .line = line, .col = col };
  const bad **at = &r->bads;
  while (*at) at = (const bad **)(uintptr_t)&(*at)->next;
  *at = b;
  return b;
}

void src_settle_missing(src_dec *d, rec *r, const prog_record *pr, uint32_t field, const char *found, uint32_t line, uint32_t col) {
  const prog_field *f = &pr->fields[field];
  if (f->has_default) {
    r->v[field] = f->def, r->st[field] = ST_OK;
  } else if (f->type->opt) {
    r->st[field] = ST_MISSING;
  } else {
    r->st[field] = ST_ERR, r->clean = false;
    src_add_bad(d->a, r, field, missing_message(d->a, f, found), line, col)->absent = found;
  }
}

/* ---- keys as bytes ---- */

static void be64(buf *b, uint64_t x) {
  char c[8];
  for (int i = 0; i < 8; i++) c[i] = (char)(x >> (56 - 8 * i));
  buf_add(b, c, 8);
}

/* A zero byte becomes 00 FF and the end is 00 00, so that a prefix sorts first and nothing runs into its neighbor. */
static void text_bytes(buf *b, str s) {
  const char *p = s.p, *end = s.p + s.n, *z;
  while (p < end && (z = memchr(p, 0, (size_t)(end - p)))) {
    buf_add(b, p, (size_t)(z - p));
    buf_add(b, "\0\xFF", 2);
    p = z + 1;
  }
  buf_add(b, p, (size_t)(end - p));
  buf_add(b, "\0\0", 2);
}

static void rec_bytes(buf *b, const rec *r) {
  for (uint32_t i = 0; i < r->ty->nfields; i++) {
    buf_ch(b, (char)(r->st[i] == ST_OK ? 2 : r->st[i] == ST_MISSING ? 0 : 1));
    if (r->st[i] == ST_OK) src_key_bytes(b, r->ty->fields[i].type, r->v[i]);
  }
}

void src_key_bytes(buf *b, const type *t, val v) {
  if (t->kind == TY_REF) t = src_repr(t);
  if (!t) return;
  switch ((type_kind)t->kind) {
  case TY_BOOL:
  case TY_INT:
  case TY_COLOR:
  case TY_DATE:
  case TY_TIME:
  case TY_DURATION:
  case TY_MONTHS: be64(b, (uint64_t)v.i ^ (UINT64_C(1) << 63)); return;
  case TY_NUMBER: {
    double n = v.n == 0 ? 0 : v.n; /* -0 equals 0 */
    uint64_t bits;
    memcpy(&bits, &n, 8);
    be64(b, bits >> 63 ? ~bits : bits | UINT64_C(1) << 63);
    return;
  }
  case TY_TEXT:
  case TY_UNION: text_bytes(b, str_of(v.t)); return;
  case TY_LIST:
    for (uint32_t i = 0; i < v.l->n; i++) {
      buf_ch(b, 1);
      src_key_bytes(b, t->elem, v.l->v[i]);
    }
    buf_ch(b, 0);
    return;
  case TY_MAP:
    for (uint32_t i = 0; i < v.m->n; i++) {
      buf_ch(b, 1);
      text_bytes(b, str_of(v.m->e[i].key));
      src_key_bytes(b, t->elem, v.m->e[i].value);
    }
    buf_ch(b, 0);
    return;
  case TY_RECORD: rec_bytes(b, v.r); return;
  case TY_REF:
  case TY_ERROR:
  case TY_NEVER:
  case TY_PATTERN:
  case TY_PALETTE:
  case TY_TERMS:
  case TY_VAR: return;
  }
}

void src_key_hash(const buf *b, uint64_t h[2]) {
  XXH128_hash_t x = XXH3_128bits(b->p, b->n);
  h[0] = x.low64, h[1] = x.high64;
}

uint64_t src_hash1(arena *a, const type *t, val v) {
  buf b = { .a = a };
  src_key_bytes(&b, t, v);
  uint64_t h[2];
  src_key_hash(&b, h);
  return h[0] ? h[0] : 1;
}

void src_key_of(buf *b, const prog_record *pr, const rec *r) {
  for (uint32_t i = 0; i < pr->shape.nkeys; i++) {
    uint32_t f = pr->shape.keys[i];
    buf_ch(b, (char)(r->st[f] == ST_OK ? 1 : 0));
    if (r->st[f] == ST_OK) src_key_bytes(b, pr->shape.fields[f].type, r->v[f]);
  }
}

void src_key_part(buf *b, str part) {
  bool plain = part.n && part.p[0] != ' ' && part.p[part.n - 1] != ' ' && !memchr(part.p, ',', part.n) && !memchr(part.p, '"', part.n);
  if (plain) { buf_str(b, part); return; }
  buf_ch(b, '"');
  for (uint32_t i = 0; i < part.n; i++) {
    if (part.p[i] == '"') buf_ch(b, '"');
    buf_ch(b, part.p[i]);
  }
  buf_ch(b, '"');
}

str src_key_text(arena *a, const ir_program *p, const rec *r) {
  (void)p;
  buf b = { .a = a };
  bool some = false;
  for (uint32_t i = 0; i < r->ty->nkeys; i++) some |= r->st[r->ty->keys[i]] == ST_OK;
  if (!some) { /* no key, or none that can be read */
    buf_fmt(&b, "#%" PRId64, r->position);
    return buf_done(&b);
  }
  for (uint32_t i = 0; i < r->ty->nkeys; i++) {
    uint32_t f = r->ty->keys[i];
    if (i) buf_z(&b, ", ");
    if (r->st[f] != ST_OK) {
      buf_ch(&b, '?');
    } else if (r->ty->nkeys == 1) {
      val_print(&b, r->ty->fields[f].type, r->v[f], false);
    } else {
      buf part = { .a = a };
      val_print(&part, r->ty->fields[f].type, r->v[f], false);
      src_key_part(&b, buf_done(&part));
    }
  }
  return buf_done(&b);
}
