/* What texts look like: case styles, fillers, placeholders, likeness, readability. Rules of thumb that editors use, each told by its row in builtins.def. */
#include "stdlib/unicode.h"

#include "base/utf8.h"

#include <string.h>
#include <unicode/uchar.h>
#include <unicode/uscript.h>

#define UNUSED (void)c, (void)st
#define ARG(i) str_of(args[i].t)
#define EACH(cp, s) for (const char *p_ = (s).p, *e_ = (s).p + (s).n; p_ < e_ && (p_ += utf8_decode(p_, e_, &cp), true);)

static bool is_letter(uint32_t cp) { return cp < 0x80 ? ascii_alpha((char)cp) : cp != UINT32_MAX && u_isalpha((UChar32)cp); }
static bool is_upper(uint32_t cp) {
  return cp < 0x80 ? cp >= 'A' && cp <= 'Z' : cp != UINT32_MAX && (u_isUUppercase((UChar32)cp) || u_charType((UChar32)cp) == U_TITLECASE_LETTER);
}
static bool is_lower(uint32_t cp) { return cp < 0x80 ? cp >= 'a' && cp <= 'z' : cp != UINT32_MAX && u_isULowercase((UChar32)cp); }
static bool is_digit(uint32_t cp) { return cp < 0x80 ? ascii_digit((char)cp) : cp != UINT32_MAX && u_isdigit((UChar32)cp); }
static bool is_mark(uint32_t cp) { return cp >= 0x300 && cp != UINT32_MAX && (U_GET_GC_MASK((UChar32)cp) & U_GC_M_MASK); }

int bi_is_empty_text(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  return ok_bool(out, args[0].t->n == 0);
}

int bi_is_blank(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  return ok_bool(out, uni_trim(ARG(0), true, false).n == 0);
}

/* ---- case ---- */

struct cased { uint32_t upper, lower; };

static struct cased count_case(str s) {
  struct cased r = { 0, 0 };
  uint32_t cp;
  EACH(cp, s) {
    if (is_upper(cp)) r.upper++;
    else if (is_lower(cp)) r.lower++;
  }
  return r;
}

int bi_is_upper(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  lib_work(c, args[0].t->n / 4 + 1);
  struct cased k = count_case(ARG(0));
  return ok_bool(out, k.upper && !k.lower);
}

int bi_is_lower(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  lib_work(c, args[0].t->n / 4 + 1);
  struct cased k = count_case(ARG(0));
  return ok_bool(out, k.lower && !k.upper);
}

/* Articles, conjunctions and short prepositions, which English title case may leave in lower case. */
static bool is_small_word(str w) {
  static const char *const small[] = { "a",  "an", "and", "as", "at", "but",  "by", "for", "from", "if",  "in", "into", "nor", "of", "off",
                                       "on", "or", "per", "so", "the", "to",  "up", "via", "vs",   "with", "yet" };
  for (size_t i = 0; i < sizeof small / sizeof *small; i++)
    if (str_eq(w, str_z(small[i]))) return true;
  return false;
}

/* The first letter or digit of a word. */
static uint32_t initial(str w) {
  uint32_t cp;
  EACH(cp, w) if (is_letter(cp) || is_digit(cp)) return cp;
  return 0;
}

/* Does the word keep capitals of its own: NASA, iPhone, eBay, 4K? */
static bool has_own_case(str w) {
  uint32_t cp, at = 0, upper = 0;
  EACH(cp, w) {
    if (is_upper(cp) && at) upper++;
    at++;
  }
  return upper > 0;
}

int bi_is_title_case(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  val words;
  if (bi_words(c, args, st, &words) != ST_OK) return ST_ERR;
  uint32_t n = words.l->n;
  bool cased = false;
  for (uint32_t i = 0; i < n; i++) {
    str w = str_of(words.l->v[i].t);
    uint32_t first = initial(w);
    bool inner = i > 0 && i + 1 < n;
    if (is_lower(first) && !has_own_case(w) && !(inner && is_small_word(w))) return ok_bool(out, false);
    if (is_upper(first)) cased = true;
  }
  return ok_bool(out, cased);
}

int bi_is_sentence_case(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  val sentences, words;
  if (bi_sentences(c, args, st, &sentences) != ST_OK) return ST_ERR;
  bool cased = false;
  for (uint32_t k = 0; k < sentences.l->n; k++) {
    if (bi_words(c, &sentences.l->v[k], st, &words) != ST_OK) return ST_ERR;
    for (uint32_t i = 0; i < words.l->n; i++) {
      str w = str_of(words.l->v[i].t);
      uint32_t first = initial(w);
      if (i == 0 && is_upper(first)) cased = true;
      if (has_own_case(w)) continue;
      if (i == 0 && is_lower(first)) return ok_bool(out, false);
      bool is_i = w.p[0] == 'I' && (w.n == 1 || w.p[1] == '\'' || (unsigned char)w.p[1] == 0xE2); /* I, I'm, I’m */
      if (i > 0 && is_upper(first) && !is_i) return ok_bool(out, false);
    }
  }
  return ok_bool(out, cased);
}

/* Lower case letters and digits in parts joined by single joiners; a letter first. */
static bool is_joined(str s, char joiner) {
  if (!s.n || s.p[0] < 'a' || s.p[0] > 'z') return false;
  for (uint32_t i = 1; i < s.n; i++) {
    char ch = s.p[i];
    bool word = ascii_digit(ch) || (ch >= 'a' && ch <= 'z');
    if (!word && !(ch == joiner && i + 1 < s.n && s.p[i - 1] != joiner)) return false;
  }
  return true;
}

int bi_is_snake_case(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return ok_bool(out, is_joined(ARG(0), '_')); }
int bi_is_kebab_case(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return ok_bool(out, is_joined(ARG(0), '-')); }

static bool only_alnum(str s) {
  for (uint32_t i = 0; i < s.n; i++)
    if (!ascii_alnum(s.p[i])) return false;
  return s.n > 0;
}

int bi_is_camel_case(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  str s = ARG(0);
  return ok_bool(out, only_alnum(s) && s.p[0] >= 'a' && s.p[0] <= 'z');
}

int bi_is_pascal_case(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  str s = ARG(0);
  return ok_bool(out, only_alnum(s) && s.p[0] >= 'A' && s.p[0] <= 'Z' && (s.n == 1 || count_case(s).lower > 0));
}

/* ---- kinds of characters ---- */

int bi_is_ascii(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  return ok_bool(out, str_is_ascii(ARG(0)));
}

int bi_is_digits(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  str s = ARG(0);
  for (uint32_t i = 0; i < s.n; i++)
    if (!ascii_digit(s.p[i])) return ok_bool(out, false);
  return ok_bool(out, s.n > 0);
}

static bool only(str s, bool digits) {
  uint32_t cp, n = 0;
  EACH(cp, s) {
    bool fits = is_letter(cp) || (digits && is_digit(cp)) || (n && is_mark(cp));
    if (!fits) return false;
    n++;
  }
  return n > 0;
}

int bi_is_letters(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return ok_bool(out, only(ARG(0), false)); }
int bi_is_alphanumeric(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return ok_bool(out, only(ARG(0), true)); }

int bi_has_emoji(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  str s = ARG(0);
  if (str_is_ascii(s)) return ok_bool(out, false);
  uint32_t cp, before = 0;
  EACH(cp, s) {
    if (cp == 0xFE0F && before && u_hasBinaryProperty((UChar32)before, UCHAR_EMOJI)) return ok_bool(out, true);
    if (cp != UINT32_MAX && cp > 0x2000 && u_hasBinaryProperty((UChar32)cp, UCHAR_EMOJI_PRESENTATION)) return ok_bool(out, true);
    before = cp == UINT32_MAX ? 0 : cp;
  }
  return ok_bool(out, false);
}

/* Joiners and selectors are part of emoji, and of letters in scripts that join; tag characters spell flags. */
static bool may_be_unseen(uint32_t cp, uint32_t before) {
  if (cp == 0x200D || cp == 0x200C) return before >= 0x600;
  if (cp == 0xFE0E || cp == 0xFE0F) return before != 0;
  return cp >= 0xE0020 && cp <= 0xE007F && (before == 0x1F3F4 || (before >= 0xE0020 && before <= 0xE007F));
}

int bi_has_invisible(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  uint32_t cp, before = 0;
  EACH(cp, ARG(0)) {
    bool unseen;
    if (cp < 0x80) unseen = (cp < 0x20 && cp != '\n' && cp != '\r' && cp != '\t') || cp == 0x7F;
    else if (cp == UINT32_MAX) unseen = true;
    else {
      int8_t cat = u_charType((UChar32)cp);
      unseen = cat == U_CONTROL_CHAR || cat == U_FORMAT_CHAR || cat == U_LINE_SEPARATOR || cat == U_PARAGRAPH_SEPARATOR ||
               u_hasBinaryProperty((UChar32)cp, UCHAR_DEFAULT_IGNORABLE_CODE_POINT);
    }
    if (unseen && !may_be_unseen(cp, before)) return ok_bool(out, true);
    before = cp;
  }
  return ok_bool(out, false);
}

int bi_is_filler(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  static const char *const fillers[] = { "n/a", "na", "n.a.", "n.a", "none", "null", "nil", "nan", "undefined", "unknown", "unsorted", "uncategorized",
                                         "untitled", "no title", "title", "test", "testing", "tbd", "tba", "tbc", "todo", "to do", "fixme", "xxx", "xx", "x",
                                         "asdf", "foo", "bar", "dummy", "placeholder", "sample", "example", "default", "empty", "blank", "image",
                                         "description", "alt text", "alt", "text", "caption", "new", "temp", "tmp", "misc" };
  str s;
  if (!uni_case(c, UNI_FOLD, uni_trim(ARG(0), true, true), &s)) return ST_ERR;
  if (s.n >= 11 && memcmp(s.p, "lorem ipsum", 11) == 0) return ok_bool(out, true);
  for (size_t i = 0; i < sizeof fillers / sizeof *fillers; i++)
    if (str_eq(s, str_z(fillers[i]))) return ok_bool(out, true);
  uint32_t cp;
  EACH(cp, s) if (is_letter(cp) || is_digit(cp)) return ok_bool(out, false);
  /* Nothing but signs says nothing; an emoji or a symbol does. */
  EACH(cp, s) if (cp >= 0x2190) return ok_bool(out, false);
  return ok_bool(out, true);
}

int bi_scripts(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  bool seen[USCRIPT_CODE_LIMIT] = { false };
  VEC(val) v = { 0 };
  str s = ARG(0);
  lib_work(c, s.n / 4 + 1);
  uint32_t cp;
  EACH(cp, s) {
    if (cp == UINT32_MAX || !is_letter(cp)) continue;
    UErrorCode e = U_ZERO_ERROR;
    UScriptCode code = uscript_getScript((UChar32)cp, &e);
    if (U_FAILURE(e) || code <= USCRIPT_INHERITED || code >= USCRIPT_CODE_LIMIT || seen[code]) continue;
    seen[code] = true;
    VEC_PUSH(c->a, &v)->t = lib_text(c, str_z(uscript_getShortName(code)));
  }
  return ok_list(c, out, v.v, v.n);
}

/* ---- placeholders ---- */

static bool name_char(char ch) { return ascii_alnum(ch) || ch == '_' || ch == '.' || ch == '-' || ch == ' '; }

/* A name between an opening of length open and the closing text, at i: gives the whole placeholder's length, 0 for none. */
static uint32_t bracketed(str s, uint32_t i, uint32_t open, const char *close) {
  uint32_t j = i + open, n = (uint32_t)strlen(close);
  bool named = false;
  while (j < s.n && name_char(s.p[j])) named |= s.p[j++] != ' ';
  if (named && j < s.n && s.p[j] == ',' && close[0] == '}') /* ICU MessageFormat: {n, plural, ...}: up to the matching brace */
    for (uint32_t depth = 1; j < s.n; j++) {
      if (s.p[j] == '{') depth++;
      if (s.p[j] == '}' && --depth == 0) break;
    }
  return named && j + n <= s.n && memcmp(s.p + j, close, n) == 0 ? j + n - i : 0;
}

/* printf and Python conversions: %s, %1$d, %-5.2f, %(name)s. A percentage such as "5% off" is none: flags may not hold a space. */
static uint32_t conversion(str s, uint32_t i) {
  uint32_t j = i + 1;
  if (j < s.n && s.p[j] == '(') {
    uint32_t k = bracketed(s, j, 1, ")");
    if (!k) return 0;
    j += k;
  } else {
    uint32_t k = j;
    while (k < s.n && ascii_digit(s.p[k])) k++;
    if (k > j && k < s.n && s.p[k] == '$') j = k + 1;
  }
  while (j < s.n && (s.p[j] == '-' || s.p[j] == '+' || s.p[j] == '#' || s.p[j] == '0')) j++;
  while (j < s.n && (ascii_digit(s.p[j]) || s.p[j] == '.')) j++;
  while (j < s.n && (s.p[j] == 'l' || s.p[j] == 'h' || s.p[j] == 'z')) j++;
  if (j >= s.n || !strchr("sdiufgexXcpo@", s.p[j]) || !s.p[j]) return 0;
  if (j + 1 < s.n && ascii_alpha(s.p[j + 1])) return 0; /* "100%off" */
  return j + 1 - i;
}

static uint32_t placeholder_at(str s, uint32_t i) {
  char ch = s.p[i], next = i + 1 < s.n ? s.p[i + 1] : 0;
  if (ch == '{' && next == '{') return bracketed(s, i, 2, "}}");
  if (ch == '{') return bracketed(s, i, 1, "}");
  if ((ch == '$' || ch == '%' || ch == '#') && next == '{') return bracketed(s, i, 2, "}");
  if (ch == '[' && next == '[') return bracketed(s, i, 2, "]]");
  if (ch == '%' && !(i && ascii_digit(s.p[i - 1]))) return next == '%' ? 0 : conversion(s, i);
  return 0;
}

int bi_placeholders(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  str s = ARG(0);
  VEC(val) v = { 0 };
  lib_work(c, s.n / 4 + 1);
  for (uint32_t i = 0; i < s.n;) {
    uint32_t k = placeholder_at(s, i);
    if (k) VEC_PUSH(c->a, &v)->t = lib_text(c, (str){ s.p + i, k });
    i += k ? k : s.p[i] == '%' && i + 1 < s.n && s.p[i + 1] == '%' ? 2 : 1;
  }
  return ok_list(c, out, v.v, v.n);
}

/* ---- likeness ---- */

static uint32_t *code_points(lib_ctx *c, str s, uint32_t *n) {
  uint32_t *v = ARENA_ARRAY(c->a, uint32_t, (size_t)s.n + 1), cp;
  *n = 0;
  EACH(cp, s) v[(*n)++] = cp;
  return v;
}

/* Optimal string alignment over code points; -1 when the texts are so long that the square of them is no reasonable work. */
static int64_t distance(lib_ctx *c, str a, str b, uint32_t *longer) {
  uint32_t n, m;
  const uint32_t *x = code_points(c, a, &n), *y = code_points(c, b, &m);
  *longer = n > m ? n : m;
  uint32_t skip = 0;
  while (skip < n && skip < m && x[skip] == y[skip]) skip++;
  x += skip, y += skip, n -= skip, m -= skip;
  while (n && m && x[n - 1] == y[m - 1]) n--, m--;
  if (!n || !m) return n + m;
  if ((uint64_t)n * m > 25000000) {
    (void)lib_fail(c, str_fmt(c->a, "texts of %u and %u characters are too long to compare this way", n, m));
    return -1;
  }
  lib_work(c, (uint64_t)n * m);
  uint32_t *rows = ARENA_ARRAY(c->a, uint32_t, 3 * ((size_t)m + 1)), *r[3];
  for (uint32_t i = 0; i < 3; i++) r[i] = rows + (size_t)i * (m + 1);
  for (uint32_t j = 0; j <= m; j++) r[0][j] = j;
  for (uint32_t i = 1; i <= n; i++) {
    uint32_t *cur = r[i % 3], *up = r[(i + 2) % 3], *up2 = r[(i + 1) % 3];
    cur[0] = i;
    for (uint32_t j = 1; j <= m; j++) {
      uint32_t d = up[j - 1] + (x[i - 1] != y[j - 1]);
      if (up[j] + 1 < d) d = up[j] + 1;
      if (cur[j - 1] + 1 < d) d = cur[j - 1] + 1;
      if (i > 1 && j > 1 && x[i - 1] == y[j - 2] && x[i - 2] == y[j - 1] && up2[j - 2] + 1 < d) d = up2[j - 2] + 1;
      cur[j] = d;
    }
  }
  return r[n % 3][m];
}

int bi_edit_distance(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  uint32_t longer;
  int64_t d = distance(c, ARG(0), ARG(1), &longer);
  return d < 0 ? ST_ERR : ok_int(out, d);
}

int bi_similarity(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  uint32_t longer;
  int64_t d = distance(c, ARG(0), ARG(1), &longer);
  if (d < 0) return ST_ERR;
  return ok_number(c, out, longer ? 1 - (double)d / longer : 1);
}

/* ---- readability ---- */

struct prose { double characters, words, sentences, long_words; };

/* Counts letters and digits of words only; a sentence is one that has a word. ST_MISSING without any word. */
static int measure(lib_ctx *c, const val *args, struct prose *r) {
  val sentences, words;
  const uint8_t here = ST_OK;
  *r = (struct prose){ 0 };
  if (bi_sentences(c, args, &here, &sentences) != ST_OK) return ST_ERR;
  for (uint32_t k = 0; k < sentences.l->n; k++) {
    if (bi_words(c, &sentences.l->v[k], &here, &words) != ST_OK) return ST_ERR;
    if (words.l->n) r->sentences++;
    for (uint32_t i = 0; i < words.l->n; i++) {
      uint32_t cp, letters = 0;
      EACH(cp, str_of(words.l->v[i].t)) letters += is_letter(cp) || is_digit(cp);
      r->words++;
      r->characters += letters;
      if (letters > 6) r->long_words++;
    }
  }
  return r->words > 0 ? ST_OK : ST_MISSING;
}

int bi_ari(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  struct prose p;
  int r = measure(c, args, &p);
  return r != ST_OK ? r : ok_number(c, out, 4.71 * (p.characters / p.words) + 0.5 * (p.words / p.sentences) - 21.43);
}

int bi_coleman_liau(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  struct prose p;
  int r = measure(c, args, &p);
  return r != ST_OK ? r : ok_number(c, out, 0.0588 * (100 * p.characters / p.words) - 0.296 * (100 * p.sentences / p.words) - 15.8);
}

int bi_lix(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  struct prose p;
  int r = measure(c, args, &p);
  return r != ST_OK ? r : ok_number(c, out, p.words / p.sentences + 100 * p.long_words / p.words);
}
