/* Text functions: length, parts, replacement, positions. Positions are characters counted from 1, see builtins.def. */
#include "stdlib/unicode.h"

#include "base/utf8.h"

#include <stdio.h>
#include <string.h>
#include <unicode/uchar.h>

#define UNUSED (void)c, (void)st
#define ARG(i) str_of(args[i].t)

bool lib_range(lib_ctx *c, int64_t first, int64_t last, uint32_t n, uint32_t *from, uint32_t *to) {
  if (!first || !last) {
    (void)lib_fail(c, STR("there is no position 0: positions count from 1, and from the end as -1"));
    return false;
  }
  int64_t a = first > 0 ? first - 1 : first < -(int64_t)n ? 0 : n + first;
  int64_t b = last > 0 ? last : n + last + 1;
  if (b > n) b = n;
  if (a > b) a = b < 0 ? 0 : b;
  if (b < a) b = a;
  *from = (uint32_t)a, *to = (uint32_t)b;
  return true;
}

int64_t lib_text_length(lib_ctx *c, str s) { return uni_length(c, s); }

/* ---- measures ---- */

int bi_length(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  int64_t n = uni_length(c, ARG(0));
  return n < 0 ? ST_ERR : ok_int(out, n);
}

int bi_bytes(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  return ok_int(out, args[0].t->n);
}

int bi_width(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  int64_t n = uni_width(c, ARG(0));
  return n < 0 ? ST_ERR : ok_int(out, n);
}

/* ---- parts ---- */

static int pieces(lib_ctx *c, enum uni_break b, str s, bool trimmed, val *out) {
  uint32_t n;
  const uint8_t *kinds = NULL;
  const uint32_t *v = uni_bounds(c, b, s, &n, b == UNI_WORD ? &kinds : NULL);
  if (!v) return ST_ERR;
  VEC(val) parts = { 0 };
  for (uint32_t i = 0; i + 1 < n; i++) {
    str part = { s.p + v[i], v[i + 1] - v[i] };
    if (kinds && !kinds[i]) continue;
    if (trimmed) part = uni_trim(part, true, true);
    if (part.n) VEC_PUSH(c->a, &parts)->t = lib_text(c, part);
  }
  return ok_list(c, out, parts.v, parts.n);
}

static int count_pieces(lib_ctx *c, enum uni_break b, str s, val *out) {
  val l;
  arena_mark m = arena_save(c->a);
  int r = pieces(c, b, s, b == UNI_SENTENCE, &l);
  if (r != ST_OK) return r;
  int64_t n = l.l->n;
  arena_restore(c->a, m);
  return ok_int(out, n);
}

int bi_characters(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  return pieces(c, UNI_CHARACTER, ARG(0), false, out);
}

int bi_words(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  return pieces(c, UNI_WORD, ARG(0), false, out);
}

int bi_sentences(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  return pieces(c, UNI_SENTENCE, ARG(0), true, out);
}

int bi_word_count(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  return count_pieces(c, UNI_WORD, ARG(0), out);
}

int bi_sentence_count(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  return count_pieces(c, UNI_SENTENCE, ARG(0), out);
}

int bi_lines(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  str s = ARG(0);
  VEC(val) v = { 0 };
  lib_work(c, s.n / 8 + 1);
  uint32_t beg = 0;
  for (uint32_t i = 0; i < s.n; i++) {
    if (s.p[i] != '\n' && s.p[i] != '\r') continue;
    VEC_PUSH(c->a, &v)->t = lib_text(c, (str){ s.p + beg, i - beg });
    if (s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n') i++;
    beg = i + 1;
  }
  if (beg < s.n) VEC_PUSH(c->a, &v)->t = lib_text(c, (str){ s.p + beg, s.n - beg });
  return ok_list(c, out, v.v, v.n);
}

int bi_split(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  str s = ARG(0), sep = ARG(1);
  if (!sep.n) return pieces(c, UNI_CHARACTER, s, false, out);
  VEC(val) v = { 0 };
  lib_work(c, s.n / 8 + 1);
  uint32_t beg = 0;
  for (int64_t at; (at = str_find(s, sep, beg)) >= 0; beg = (uint32_t)at + sep.n)
    VEC_PUSH(c->a, &v)->t = lib_text(c, (str){ s.p + beg, (uint32_t)at - beg });
  VEC_PUSH(c->a, &v)->t = lib_text(c, (str){ s.p + beg, s.n - beg });
  return ok_list(c, out, v.v, v.n);
}

int bi_join(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  buf b = { .a = c->a };
  for (uint32_t i = 0; i < args[0].l->n; i++) {
    if (i) buf_str(&b, ARG(1));
    buf_str(&b, str_of(args[0].l->v[i].t));
  }
  lib_work(c, b.n / 8 + 1);
  return ok_text(c, out, buf_done(&b));
}

/* ---- case and normalization ---- */

static int cased(lib_ctx *c, enum uni_case k, const val *args, val *out) {
  str r, s = ARG(0);
  if (!uni_case(c, k, s, &r)) return ST_ERR;
  if (r.p == s.p) { out->t = args[0].t; return ST_OK; }
  return ok_text(c, out, r);
}

int bi_lower(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return cased(c, UNI_LOWER, args, out); }
int bi_upper(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return cased(c, UNI_UPPER, args, out); }
int bi_fold(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return cased(c, UNI_FOLD, args, out); }
int bi_title(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return cased(c, UNI_TITLE, args, out); }

int bi_capitalize(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  str s = ARG(0), up;
  int64_t first = uni_offset(c, s, 1);
  if (first < 0 || !uni_case(c, UNI_TITLE, (str){ s.p, (uint32_t)first }, &up)) return ST_ERR;
  buf b = { .a = c->a };
  buf_str(&b, up);
  buf_str(&b, (str){ s.p + first, s.n - (uint32_t)first });
  return ok_text(c, out, buf_done(&b));
}

static int normal(lib_ctx *c, enum uni_form f, const val *args, val *out) {
  str r, s = ARG(0);
  if (!uni_normalize(c, f, s, &r)) return ST_ERR;
  if (r.p == s.p) { out->t = args[0].t; return ST_OK; }
  return ok_text(c, out, r);
}

int bi_nfc(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return normal(c, UNI_NFC, args, out); }
int bi_nfd(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return normal(c, UNI_NFD, args, out); }
int bi_nfkc(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return normal(c, UNI_NFKC, args, out); }
int bi_nfkd(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return normal(c, UNI_NFKD, args, out); }

int bi_is_normalized(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  return ok_bool(out, uni_is_normalized(c, ARG(0)));
}

/* Letters whose stroke is no combining mark, so that decomposition leaves them alone. */
static const char *without_stroke(uint32_t cp) {
  switch (cp) {
  case 0xD8: return "O";
  case 0xF8: return "o";
  case 0x110: return "D";
  case 0x111: return "d";
  case 0x126: return "H";
  case 0x127: return "h";
  case 0x131: return "i";
  case 0x141: return "L";
  case 0x142: return "l";
  }
  return NULL;
}

static bool is_mark(uint32_t cp) {
  return (cp >= 0x300 && cp <= 0x36F) || (cp >= 0x1AB0 && cp <= 0x1AFF) || (cp >= 0x1DC0 && cp <= 0x1DFF) || (cp >= 0x20D0 && cp <= 0x20FF);
}

int bi_remove_accents(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  str s, n;
  if (str_is_ascii(ARG(0))) { out->t = args[0].t; return ST_OK; }
  if (!uni_normalize(c, UNI_NFD, ARG(0), &s)) return ST_ERR;
  buf b = { .a = c->a };
  for (const char *p = s.p, *end = s.p + s.n; p < end;) {
    uint32_t cp, k = utf8_decode(p, end, &cp);
    const char *plain = without_stroke(cp);
    if (plain) buf_z(&b, plain);
    else if (!is_mark(cp)) buf_add(&b, p, k);
    p += k;
  }
  if (!uni_normalize(c, UNI_NFC, buf_done(&b), &n)) return ST_ERR;
  return ok_text(c, out, n);
}

/* Letters that no decomposition takes apart, as their readers spell them without. */
static const char *spelled_out(uint32_t cp) {
  switch (cp) {
  case 0xC6: case 0xE6: return "ae";
  case 0x152: case 0x153: return "oe";
  case 0xDF: case 0x1E9E: return "ss";
  case 0xDE: case 0xFE: return "th";
  case 0xD0: case 0xF0: return "d";
  }
  return without_stroke(cp);
}

/* Marks away, signs made spaces; letters of other scripts stay and are told. */
static str plain_letters(lib_ctx *c, str s, bool *foreign) {
  buf b = { .a = c->a };
  *foreign = false;
  for (const char *p = s.p, *end = s.p + s.n; p < end;) {
    uint32_t cp, k = utf8_decode(p, end, &cp);
    const char *plain = spelled_out(cp);
    if (cp < 0x80) buf_ch(&b, (char)cp);
    else if (plain) buf_z(&b, plain);
    else if (cp == 0x2019) buf_ch(&b, '\'');
    else if (cp != UINT32_MAX && u_isalnum((UChar32)cp)) buf_add(&b, p, k), *foreign = true;
    else if (cp != UINT32_MAX && (U_GET_GC_MASK((UChar32)cp) & U_GC_M_MASK)) {
      if (*foreign) buf_add(&b, p, k); /* vowel signs belong to their letters */
    } else buf_ch(&b, ' ');
    p += k;
  }
  return buf_done(&b);
}

int bi_slug(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  str s = ARG(0);
  bool foreign = false;
  if (!str_is_ascii(s)) {
    if (!uni_normalize(c, UNI_NFKD, s, &s)) return ST_ERR;
    s = plain_letters(c, s, &foreign);
  }
  if (foreign && !(uni_normalize(c, UNI_NFC, s, &s) && uni_to_ascii(c, s, &s))) return ST_ERR;
  lib_work(c, s.n / 4 + 1);
  buf b = { .a = c->a };
  bool gap = false;
  for (uint32_t i = 0; i < s.n; i++) {
    if (ascii_alnum(s.p[i])) {
      if (gap && b.n) buf_ch(&b, '-');
      gap = false;
      buf_ch(&b, ascii_lower(s.p[i]));
    } else if (s.p[i] != '\'') gap = true; /* don't is dont, not don-t */
  }
  return ok_text(c, out, buf_done(&b));
}

/* ---- white space ---- */

static int trimmed(lib_ctx *c, const val *args, bool start, bool end, val *out) {
  str s = ARG(0), t = uni_trim(s, start, end);
  if (t.n == s.n) { out->t = args[0].t; return ST_OK; }
  return ok_text(c, out, t);
}

int bi_trim(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return trimmed(c, args, true, true, out); }
int bi_trim_start(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return trimmed(c, args, true, false, out); }
int bi_trim_end(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return trimmed(c, args, false, true, out); }

int bi_collapse_spaces(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  str s = uni_trim(ARG(0), true, true);
  lib_work(c, s.n / 4 + 1);
  buf b = { .a = c->a };
  bool gap = false;
  for (const char *p = s.p, *end = s.p + s.n; p < end;) {
    uint32_t cp, k = utf8_decode(p, end, &cp);
    bool space = uni_is_space(cp);
    if (space && !gap) buf_ch(&b, ' ');
    if (!space) buf_add(&b, p, k);
    gap = space;
    p += k;
  }
  return ok_text(c, out, buf_done(&b));
}

/* ---- search and replacement ---- */

static int replaced(lib_ctx *c, const val *args, bool all, val *out) {
  str s = ARG(0), old = ARG(1), new = ARG(2);
  lib_work(c, s.n / 8 + 1);
  int64_t at = old.n ? str_find(s, old, 0) : -1;
  if (at < 0) { out->t = args[0].t; return ST_OK; }
  buf b = { .a = c->a };
  uint32_t beg = 0;
  for (; at >= 0; at = all ? str_find(s, old, beg) : -1) {
    buf_add(&b, s.p + beg, (uint32_t)at - beg);
    buf_str(&b, new);
    beg = (uint32_t)at + old.n;
  }
  buf_add(&b, s.p + beg, s.n - beg);
  lib_work(c, b.n / 8);
  return ok_text(c, out, buf_done(&b));
}

int bi_replace(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return replaced(c, args, true, out); }
int bi_replace_first(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return replaced(c, args, false, out); }

int bi_starts_with(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  str s = ARG(0), part = ARG(1);
  return ok_bool(out, s.n >= part.n && (!part.n || memcmp(s.p, part.p, part.n) == 0));
}

int bi_ends_with(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  str s = ARG(0), part = ARG(1);
  return ok_bool(out, s.n >= part.n && (!part.n || memcmp(s.p + s.n - part.n, part.p, part.n) == 0));
}

int bi_equals_ignoring_case(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  str a, b;
  if (!uni_case(c, UNI_FOLD, ARG(0), &a) || !uni_case(c, UNI_FOLD, ARG(1), &b)) return ST_ERR;
  return ok_bool(out, str_eq(a, b));
}

int bi_contains_ignoring_case(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  str a, b;
  if (!uni_case(c, UNI_FOLD, ARG(0), &a) || !uni_case(c, UNI_FOLD, ARG(1), &b)) return ST_ERR;
  return ok_bool(out, str_find(a, b, 0) >= 0);
}

/* Is byte offset at one of the n bounds? */
static bool is_bound(const uint32_t *v, uint32_t n, uint32_t at) {
  uint32_t lo = 0, hi = n;
  while (lo < hi) {
    uint32_t mid = lo + (hi - lo) / 2;
    if (v[mid] < at) lo = mid + 1;
    else hi = mid;
  }
  return lo < n && v[lo] == at;
}

int bi_contains_word(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  str s, w;
  if (!uni_case(c, UNI_FOLD, ARG(0), &s) || !uni_case(c, UNI_FOLD, ARG(1), &w)) return ST_ERR;
  w = uni_trim(w, true, true);
  int64_t at = w.n ? str_find(s, w, 0) : -1;
  if (at < 0) return ok_bool(out, false); /* mostly so: no boundaries needed */
  uint32_t n;
  const uint32_t *v = uni_bounds(c, UNI_WORD, s, &n, NULL);
  if (!v) return ST_ERR;
  for (; at >= 0; at = str_find(s, w, (uint32_t)at + 1))
    if (is_bound(v, n, (uint32_t)at) && is_bound(v, n, (uint32_t)at + w.n)) return ok_bool(out, true);
  return ok_bool(out, false);
}

/* Position (from 1) of the character that byte offset at lies in; -1 when ICU fails. */
static int64_t position_at(lib_ctx *c, str s, uint32_t at) {
  if (!at) return 1;
  if (str_is_ascii((str){ s.p, at }) && !memchr(s.p, '\r', at) && (at == s.n || (unsigned char)s.p[at] < 0x80)) return (int64_t)at + 1;
  uint32_t n, i = 0;
  const uint32_t *v = uni_bounds(c, UNI_CHARACTER, s, &n, NULL);
  if (!v) return -1;
  while (i + 1 < n && v[i + 1] <= at) i++;
  return (int64_t)i + 1;
}

int bi_index_of(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  str s = ARG(0);
  lib_work(c, s.n / 8 + 1);
  int64_t at = str_find(s, ARG(1), 0);
  if (at < 0) return ST_MISSING;
  at = position_at(c, s, (uint32_t)at);
  return at < 0 ? ST_ERR : ok_int(out, at);
}

int bi_last_index_of(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  str s = ARG(0), part = ARG(1);
  lib_work(c, s.n / 4 + 1);
  if (part.n > s.n) return ST_MISSING;
  for (uint32_t at = s.n - part.n + 1; at-- > 0;) {
    if (part.n && memcmp(s.p + at, part.p, part.n) != 0) continue;
    int64_t pos = position_at(c, s, at);
    return pos < 0 ? ST_ERR : ok_int(out, pos);
  }
  return ST_MISSING;
}

int bi_count_of(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  str s = ARG(0), part = ARG(1);
  if (!part.n) return lib_fail(c, STR("an empty text occurs everywhere and cannot be counted"));
  lib_work(c, s.n / 8 + 1);
  int64_t n = 0;
  for (int64_t at = 0; (at = str_find(s, part, (uint32_t)at)) >= 0; at += part.n) n++;
  return ok_int(out, n);
}

int bi_before(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  str s = ARG(0);
  int64_t at = str_find(s, ARG(1), 0);
  return at < 0 ? ST_MISSING : ok_text(c, out, (str){ s.p, (uint32_t)at });
}

int bi_after(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  str s = ARG(0);
  int64_t at = str_find(s, ARG(1), 0);
  if (at < 0) return ST_MISSING;
  uint32_t beg = (uint32_t)at + args[1].t->n;
  return ok_text(c, out, (str){ s.p + beg, s.n - beg });
}

/* ---- positions ---- */

int bi_slice(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  str s = ARG(0);
  uint32_t n, from, to;
  if (!s.n || (str_is_ascii(s) && !memchr(s.p, '\r', s.n))) { /* characters are bytes */
    lib_work(c, s.n / 8 + 1);
    if (!lib_range(c, args[1].i, args[2].i, s.n, &from, &to)) return ST_ERR;
    return ok_text(c, out, (str){ s.p + from, to - from });
  }
  const uint32_t *v = uni_bounds(c, UNI_CHARACTER, s, &n, NULL);
  if (!v || !lib_range(c, args[1].i, args[2].i, n - 1, &from, &to)) return ST_ERR;
  return ok_text(c, out, (str){ s.p + v[from], v[to] - v[from] });
}

static int negative_count(lib_ctx *c, int64_t n) {
  return lib_fail(c, str_fmt(c->a, "a number of characters cannot be negative: %lld", (long long)n));
}

int bi_take(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  if (args[1].i < 0) return negative_count(c, args[1].i);
  int64_t at = uni_offset(c, ARG(0), args[1].i);
  return at < 0 ? ST_ERR : ok_text(c, out, (str){ args[0].t->p, (uint32_t)at });
}

int bi_skip(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  str s = ARG(0);
  if (args[1].i < 0) return negative_count(c, args[1].i);
  int64_t at = uni_offset(c, s, args[1].i);
  return at < 0 ? ST_ERR : ok_text(c, out, (str){ s.p + at, s.n - (uint32_t)at });
}

int bi_truncate(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  str s = ARG(0);
  if (args[1].i < 0) return negative_count(c, args[1].i);
  int64_t all = uni_length(c, s);
  if (all < 0) return ST_ERR;
  if (all <= args[1].i) { out->t = args[0].t; return ST_OK; }
  if (!args[1].i) return ok_text(c, out, STR(""));
  int64_t at = uni_offset(c, s, args[1].i - 1);
  if (at < 0) return ST_ERR;
  buf b = { .a = c->a };
  buf_str(&b, uni_trim((str){ s.p, (uint32_t)at }, false, true));
  buf_z(&b, "\xE2\x80\xA6");
  return ok_text(c, out, buf_done(&b));
}

/* A text of n pieces: nothing should ask for more than this, and a budget only sees work that was done. */
enum { REPEAT_MAX = 64 << 20 };

static int filled(lib_ctx *c, buf *b, str fill, int64_t n) {
  if (n > 0 && fill.n && n > REPEAT_MAX / fill.n) return lib_fail(c, STR("the repeated text would be over 64 MB long"));
  for (int64_t i = 0; i < n; i++) buf_str(b, fill);
  lib_work(c, b->n / 8 + 1);
  return ST_OK;
}

int bi_repeat(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  if (args[1].i < 0) return lib_fail(c, str_fmt(c->a, "a text cannot be repeated %lld times", (long long)args[1].i));
  buf b = { .a = c->a };
  if (!args[0].t->n) { out->t = args[0].t; return ST_OK; }
  if (filled(c, &b, ARG(0), args[1].i) != ST_OK) return ST_ERR;
  return ok_text(c, out, buf_done(&b));
}

static int padded(lib_ctx *c, const val *args, bool start, val *out) {
  str s = ARG(0), fill = ARG(2);
  int64_t n = uni_length(c, s), step = uni_length(c, fill);
  if (n < 0 || step < 0) return ST_ERR;
  if (step != 1) return lib_fail(c, STR("fill up with exactly one character"));
  if (n >= args[1].i) { out->t = args[0].t; return ST_OK; }
  buf b = { .a = c->a };
  if (!start) buf_str(&b, s);
  if (filled(c, &b, fill, args[1].i - n) != ST_OK) return ST_ERR;
  if (start) buf_str(&b, s);
  return ok_text(c, out, buf_done(&b));
}

int bi_pad_start(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return padded(c, args, true, out); }
int bi_pad_end(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return padded(c, args, false, out); }

int bi_reverse_text(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  str s = ARG(0);
  uint32_t n;
  const uint32_t *v = uni_bounds(c, UNI_CHARACTER, s, &n, NULL);
  if (!v) return ST_ERR;
  buf b = { .a = c->a };
  for (uint32_t i = n - 1; i > 0; i--) buf_add(&b, s.p + v[i - 1], v[i] - v[i - 1]);
  return ok_text(c, out, buf_done(&b));
}

int bi_text(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  const type *t = c->argt[0];
  if (t->kind == TY_TEXT || t->kind == TY_UNION) { out->t = args[0].t; return ST_OK; }
  buf b = { .a = c->a };
  val_print(&b, t, args[0], false);
  return ok_text(c, out, buf_done(&b));
}

/* ---- paths ---- */

static str last_part(str s) {
  for (uint32_t i = s.n; i > 0; i--)
    if (s.p[i - 1] == '/' || s.p[i - 1] == '\\') return (str){ s.p + i, s.n - i };
  return s;
}

/* Offset of the extension's dot in a file name; n without one. A leading dot begins a hidden file's name. */
static uint32_t extension_dot(str name) {
  for (uint32_t i = name.n; i > 1; i--)
    if (name.p[i - 1] == '.') return i == name.n ? name.n : i - 1;
  return name.n;
}

int bi_file_name(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  return ok_text(c, out, last_part(ARG(0)));
}

int bi_file_stem(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  str name = last_part(ARG(0));
  return ok_text(c, out, (str){ name.p, extension_dot(name) });
}

int bi_file_extension(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  str name = last_part(ARG(0)), low;
  uint32_t dot = extension_dot(name);
  if (dot == name.n) return ST_MISSING;
  if (!uni_case(c, UNI_LOWER, (str){ name.p + dot + 1, name.n - dot - 1 }, &low)) return ST_ERR;
  return ok_text(c, out, low);
}
