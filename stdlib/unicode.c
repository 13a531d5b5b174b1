/* Unicode over ICU. Most texts of a content engine are ASCII or Latin, so each operation first tries a path that needs no library: the
 * break iterators cost about 100 ns a character, the simple paths about 1 ns.
 *
 * Everything here is locale-independent: boundaries are those of UAX #29, case maps the root locale's. */
#include "stdlib/unicode.h"

#include "base/utf8.h"

#include <string.h>
#include <unicode/ubrk.h>
#include <unicode/ucasemap.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utext.h>
#include <unicode/utrans.h>

struct uni_state {
  UBreakIterator *it[3]; /* by enum uni_break */
  UText *text;           /* reused: opening one allocates */
  UCaseMap *map;
  UTransliterator *ascii;
};

static int icu_failed(lib_ctx *c, UErrorCode e) {
  (void)lib_fail(c, str_fmt(c->a, "the Unicode library failed: %s", u_errorName(e)));
  return -1;
}

static struct uni_state *state(lib_ctx *c) {
  if (!c->state->uni) {
    struct uni_state *s = mem_try(c->state->m, sizeof *s);
    if (!s) { (void)lib_fail(c, STR("out of memory")); return NULL; }
    memset(s, 0, sizeof *s);
    c->state->uni = s;
  }
  return c->state->uni;
}

void uni_close(struct lib_state *s) {
  struct uni_state *u = s->uni;
  if (!u) return;
  for (int i = 0; i < 3; i++)
    if (u->it[i]) ubrk_close(u->it[i]);
  if (u->text) utext_close(u->text);
  if (u->map) ucasemap_close(u->map);
  if (u->ascii) utrans_close(u->ascii);
  mem_free(s->m, u, sizeof *u);
  s->uni = NULL;
}

/* ---- boundaries ---- */

/* Code points between any two of which (but CR LF) a character boundary lies in every version of Unicode: no combining marks, joiners,
   jamo, regional indicators or emoji. */
static bool is_simple(uint32_t cp) {
  if (cp < 0x300) return true;
  if (cp < 0x530) return (cp >= 0x370 && cp <= 0x3FF) || (cp >= 0x400 && cp <= 0x482) || cp >= 0x48A; /* Greek, Cyrillic */
  if (cp >= 0x1E00 && cp <= 0x1FFF) return true;                     /* Latin and Greek, precomposed */
  if (cp >= 0x2010 && cp <= 0x2027) return true;                     /* dashes, quotes, ellipsis */
  if (cp == 0x202F || (cp >= 0x2030 && cp <= 0x205F) || (cp >= 0x20A0 && cp <= 0x20C0)) return true;
  if (cp >= 0x3041 && cp <= 0x3096) return true;                     /* Hiragana */
  if (cp >= 0x30A0 && cp <= 0x30FF) return true;                     /* Katakana */
  if (cp >= 0x3400 && cp <= 0x9FFF) return true;                     /* ideographs */
  return cp >= 0xAC00 && cp <= 0xD7A3;                               /* Hangul syllables, with no jamo about */
}

/* Counts the characters of a text of simple code points; false when there is any other. */
static bool simple_length(str s, int64_t *count) {
  const char *p = s.p, *end = s.p + s.n;
  int64_t n = 0;
  while (p < end) {
    uint64_t w;
    if (end - p >= 8 && (memcpy(&w, p, 8), !(w & 0x8080808080808080u))) {
      /* Eight ASCII bytes are eight characters, but for a CR LF: look for any CR the usual way (haszero of the xor). */
      uint64_t x = w ^ 0x0D0D0D0D0D0D0D0Du;
      n += 8;
      if ((x - 0x0101010101010101u) & ~x & 0x8080808080808080u)
        for (int i = 0; i < 8; i++)
          if (p[i] == '\r' && p + i + 1 < end && p[i + 1] == '\n') n--;
      p += 8;
      continue;
    }
    unsigned char ch = (unsigned char)*p;
    if (ch < 0x80) {
      n += !(ch == '\r' && p + 1 < end && p[1] == '\n');
      p++;
      continue;
    }
    uint32_t cp, k = utf8_decode(p, end, &cp);
    if (!is_simple(cp)) return false;
    n++;
    p += k;
  }
  *count = n;
  return true;
}

/* ICU counts in 32 bits with a sign, and results may be longer than their input. */
static bool too_long(lib_ctx *c, str s) {
  if (s.n <= INT32_MAX / 4) return false;
  (void)lib_fail(c, STR("the text is too long for this function (over 500 MB)"));
  return true;
}

static UBreakIterator *iterator(lib_ctx *c, enum uni_break b, str s) {
  static const UBreakIteratorType types[] = { UBRK_CHARACTER, UBRK_WORD, UBRK_SENTENCE };
  struct uni_state *u = state(c);
  if (!u || too_long(c, s)) return NULL;
  UErrorCode e = U_ZERO_ERROR;
  /* CLDR takes the colon out of words everywhere but in Finnish and Swedish: their rules are those of UAX #29, untailored. */
  if (!u->it[b]) u->it[b] = ubrk_open(types[b], b == UNI_WORD ? "fi" : "", NULL, 0, &e);
  u->text = utext_openUTF8(u->text, s.p, s.n, &e);
  if (u->it[b]) ubrk_setUText(u->it[b], u->text, &e);
  if (U_FAILURE(e)) { icu_failed(c, e); return NULL; }
  return u->it[b];
}

int64_t uni_length(lib_ctx *c, str s) {
  lib_work(c, s.n / 16 + 1);
  int64_t n = 0;
  if (simple_length(s, &n)) return n;
  lib_work(c, s.n);
  UBreakIterator *it = iterator(c, UNI_CHARACTER, s);
  if (!it) return -1;
  n = 0;
  while (ubrk_next(it) != UBRK_DONE) n++;
  return n;
}

static const uint32_t *simple_bounds(lib_ctx *c, str s, int64_t count, uint32_t *n) {
  uint32_t *v = ARENA_ARRAY(c->a, uint32_t, count + 1), k = 0;
  const char *p = s.p, *end = s.p + s.n;
  while (p < end) {
    v[k++] = (uint32_t)(p - s.p);
    uint32_t cp, len = utf8_decode(p, end, &cp);
    p += cp == '\r' && p + 1 < end && p[1] == '\n' ? 2 : len;
  }
  v[k++] = s.n;
  *n = k;
  return v;
}

const uint32_t *uni_bounds(lib_ctx *c, enum uni_break b, str s, uint32_t *n, const uint8_t **kinds) {
  int64_t count;
  lib_work(c, s.n + 1u);
  if (b == UNI_CHARACTER && simple_length(s, &count)) return simple_bounds(c, s, count, n);
  UBreakIterator *it = iterator(c, b, s);
  if (!it) return NULL;
  VEC(uint32_t) v = { 0 };
  VEC(uint8_t) k = { 0 };
  *VEC_PUSH(c->a, &v) = 0;
  for (int32_t at = ubrk_first(it); (at = ubrk_next(it)) != UBRK_DONE;) {
    *VEC_PUSH(c->a, &v) = (uint32_t)at;
    if (kinds) *VEC_PUSH(c->a, &k) = b == UNI_WORD && ubrk_getRuleStatus(it) >= UBRK_WORD_NONE_LIMIT;
  }
  if (kinds) *kinds = k.v;
  *n = v.n;
  return v.v;
}

int64_t uni_offset(lib_ctx *c, str s, int64_t n) {
  if (n <= 0) return 0;
  if (n >= s.n) return s.n; /* no more characters than bytes */
  uint32_t k;
  arena_mark m = arena_save(c->a);
  const uint32_t *v = uni_bounds(c, UNI_CHARACTER, s, &k, NULL);
  int64_t at = -1;
  if (v) at = n >= k ? s.n : v[n];
  if (v) arena_restore(c->a, m); /* on failure the error's text stays */
  return at;
}

/* ---- case ---- */

/* ICU's UTF-8 case functions share one shape. */
static int32_t map_case(struct uni_state *u, enum uni_case k, char *to, int32_t cap, str s, UErrorCode *e) {
  switch (k) {
  case UNI_LOWER: return ucasemap_utf8ToLower(u->map, to, cap, s.p, (int32_t)s.n, e);
  case UNI_UPPER: return ucasemap_utf8ToUpper(u->map, to, cap, s.p, (int32_t)s.n, e);
  case UNI_FOLD: return ucasemap_utf8FoldCase(u->map, to, cap, s.p, (int32_t)s.n, e);
  case UNI_TITLE: return ucasemap_utf8ToTitle(u->map, to, cap, s.p, (int32_t)s.n, e);
  }
  return 0;
}

static bool ascii_case(lib_ctx *c, enum uni_case k, str s, str *out) {
  uint32_t i = 0;
  while (i < s.n && (k == UNI_UPPER ? ascii_upper(s.p[i]) : ascii_lower(s.p[i])) == s.p[i]) i++;
  if (i == s.n) { *out = s; return true; }
  char *p = arena_alloc(c->a, s.n);
  memcpy(p, s.p, s.n);
  for (; i < s.n; i++) p[i] = k == UNI_UPPER ? ascii_upper(p[i]) : ascii_lower(p[i]);
  *out = (str){ p, s.n };
  return true;
}

bool uni_case(lib_ctx *c, enum uni_case k, str s, str *out) {
  lib_work(c, s.n / 8 + 1);
  if (k != UNI_TITLE && str_is_ascii(s)) return ascii_case(c, k, s, out);
  lib_work(c, s.n);
  struct uni_state *u = state(c);
  if (!u || too_long(c, s)) return false;
  UErrorCode e = U_ZERO_ERROR;
  if (!u->map) u->map = ucasemap_open("", 0, &e);
  if (U_FAILURE(e)) { icu_failed(c, e); return false; }
  int32_t cap = (int32_t)s.n + 32;
  char *p = arena_alloc(c->a, (size_t)cap);
  int32_t n = map_case(u, k, p, cap, s, &e);
  if (e == U_BUFFER_OVERFLOW_ERROR) {
    e = U_ZERO_ERROR;
    cap = n + 1;
    p = arena_alloc(c->a, (size_t)cap);
    n = map_case(u, k, p, cap, s, &e);
  }
  if (U_FAILURE(e)) { icu_failed(c, e); return false; }
  *out = (str){ p, (uint32_t)n };
  return true;
}

/* ---- UTF-16, where ICU knows nothing else ---- */

static bool to_utf16(lib_ctx *c, str s, UChar **p, int32_t *n) {
  if (too_long(c, s)) return false;
  UErrorCode e = U_ZERO_ERROR;
  *p = ARENA_ARRAY(c->a, UChar, (size_t)s.n + 1); /* never more units than bytes */
  u_strFromUTF8WithSub(*p, (int32_t)s.n + 1, n, s.p, (int32_t)s.n, 0xFFFD, NULL, &e);
  if (U_FAILURE(e)) { icu_failed(c, e); return false; }
  return true;
}

static bool from_utf16(lib_ctx *c, const UChar *p, int32_t n, str *out) {
  UErrorCode e = U_ZERO_ERROR;
  char *to = arena_alloc(c->a, (size_t)n * 3 + 1);
  int32_t k = 0;
  if (n > INT32_MAX / 3 - 1) e = U_BUFFER_OVERFLOW_ERROR;
  else u_strToUTF8WithSub(to, n * 3 + 1, &k, p, n, 0xFFFD, NULL, &e);
  if (U_FAILURE(e)) { icu_failed(c, e); return false; }
  *out = (str){ to, (uint32_t)k };
  return true;
}

static const UNormalizer2 *normalizer(enum uni_form f, UErrorCode *e) {
  switch (f) {
  case UNI_NFC: return unorm2_getNFCInstance(e);
  case UNI_NFD: return unorm2_getNFDInstance(e);
  case UNI_NFKC: return unorm2_getNFKCInstance(e);
  case UNI_NFKD: return unorm2_getNFKDInstance(e);
  }
  return NULL;
}

bool uni_normalize(lib_ctx *c, enum uni_form f, str s, str *out) {
  lib_work(c, s.n / 8 + 1);
  *out = s;
  if (str_is_ascii(s)) return true;
  lib_work(c, s.n);
  UErrorCode e = U_ZERO_ERROR;
  const UNormalizer2 *nz = normalizer(f, &e);
  UChar *p;
  int32_t n;
  if (!to_utf16(c, s, &p, &n)) return false;
  if (U_SUCCESS(e) && unorm2_quickCheck(nz, p, n, &e) == UNORM_YES && U_SUCCESS(e)) return true;
  int32_t cap = n + n / 2 + 32;
  UChar *to = ARENA_ARRAY(c->a, UChar, cap);
  int32_t k = unorm2_normalize(nz, p, n, to, cap, &e);
  if (e == U_BUFFER_OVERFLOW_ERROR) { /* compatibility forms of one character may be 18 long */
    e = U_ZERO_ERROR;
    cap = k + 1;
    to = ARENA_ARRAY(c->a, UChar, cap);
    k = unorm2_normalize(nz, p, n, to, cap, &e);
  }
  if (U_FAILURE(e)) { icu_failed(c, e); return false; }
  return from_utf16(c, to, k, out);
}

bool uni_is_normalized(lib_ctx *c, str s) {
  if (str_is_ascii(s)) return true;
  str n;
  return uni_normalize(c, UNI_NFC, s, &n) && str_eq(n, s);
}

bool uni_to_ascii(lib_ctx *c, str s, str *out) {
  *out = s;
  if (str_is_ascii(s)) return true;
  lib_work(c, (uint64_t)s.n * 8);
  struct uni_state *u = state(c);
  UChar *p;
  int32_t n;
  if (!u || !to_utf16(c, s, &p, &n)) return false;
  UErrorCode e = U_ZERO_ERROR;
  if (!u->ascii) {
    static const UChar id[] = u"Any-Latin; Latin-ASCII; NFKD; [^\\u0000-\\u007F] Remove";
    u->ascii = utrans_openU(id, -1, UTRANS_FORWARD, NULL, 0, NULL, &e);
  }
  int32_t cap = n * 4 + 64;
  for (int round = 0; U_SUCCESS(e) && round < 8; round++) { /* some letters become many: grow until it fits */
    UChar *to = ARENA_ARRAY(c->a, UChar, cap);
    memcpy(to, p, (size_t)n * sizeof *p);
    int32_t len = n, limit = n;
    utrans_transUChars(u->ascii, to, &len, cap, 0, &limit, &e);
    if (U_SUCCESS(e) && len <= cap) return from_utf16(c, to, len, out);
    if (e != U_BUFFER_OVERFLOW_ERROR) break;
    e = U_ZERO_ERROR;
    cap = len > cap ? len + 1 : cap * 2;
  }
  if (U_SUCCESS(e)) e = U_BUFFER_OVERFLOW_ERROR;
  icu_failed(c, e);
  return false;
}

/* ---- width and white space ---- */

static int width_of(uint32_t cp) {
  if (cp < 0x20 || (cp >= 0x7F && cp < 0xA0)) return 0;
  if (cp < 0x300) return cp != 0xAD;
  if (cp == UINT32_MAX) return 1;
  int8_t cat = u_charType((UChar32)cp);
  if (cat == U_NON_SPACING_MARK || cat == U_ENCLOSING_MARK || cat == U_FORMAT_CHAR || cat == U_CONTROL_CHAR) return 0;
  if (cp >= 0x1160 && cp <= 0x11FF) return 0; /* medial and final jamo join the initial one's cell */
  int32_t ea = u_getIntPropertyValue((UChar32)cp, UCHAR_EAST_ASIAN_WIDTH);
  return ea == U_EA_WIDE || ea == U_EA_FULLWIDTH ? 2 : 1;
}

/* A cluster is as wide as its widest part: joined emoji, letters with marks; an emoji selector or a pair of regional indicators makes two. */
static int cluster_width(str s) {
  int width = 0, flags = 0;
  for (const char *p = s.p, *end = s.p + s.n; p < end;) {
    uint32_t cp;
    p += utf8_decode(p, end, &cp);
    int w = width_of(cp);
    if (cp == 0xFE0F) w = 2;
    if (cp >= 0x1F1E6 && cp <= 0x1F1FF && ++flags == 2) w = 2;
    if (w > width) width = w;
  }
  return width;
}

int64_t uni_width(lib_ctx *c, str s) {
  int64_t total = 0;
  if (str_is_ascii(s)) {
    lib_work(c, s.n / 8 + 1);
    for (uint32_t i = 0; i < s.n; i++) total += s.p[i] >= 0x20 && s.p[i] != 0x7F;
    return total;
  }
  uint32_t n;
  arena_mark m = arena_save(c->a);
  const uint32_t *v = uni_bounds(c, UNI_CHARACTER, s, &n, NULL);
  if (!v) return -1;
  for (uint32_t i = 0; i + 1 < n; i++) total += cluster_width((str){ s.p + v[i], v[i + 1] - v[i] });
  arena_restore(c->a, m);
  return total;
}

bool uni_is_space(uint32_t cp) {
  if (cp <= 0x20) return cp == ' ' || (cp >= 9 && cp <= 13);
  if (cp < 0x1680) return cp == 0x85 || cp == 0xA0;
  return cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200A) || cp == 0x2028 || cp == 0x2029 || cp == 0x202F || cp == 0x205F || cp == 0x3000;
}

str uni_trim(str s, bool start, bool end) {
  const char *p = s.p, *q = s.p + s.n;
  while (start && p < q) {
    uint32_t cp, k = utf8_decode(p, q, &cp);
    if (!uni_is_space(cp)) break;
    p += k;
  }
  while (end && p < q) {
    const char *back = q - 1; /* step back over continuation bytes */
    while (back > p && q - back < 4 && ((unsigned char)*back & 0xC0) == 0x80) back--;
    uint32_t cp, k = utf8_decode(back, q, &cp);
    if (back + k != q || !uni_is_space(cp)) break;
    q = back;
  }
  return (str){ p, (uint32_t)(q - p) };
}
