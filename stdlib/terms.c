/* Lists of terms as a tree of words: a node is reached from its parent by a word or a sign, and edges are found by hash. Most words of a text begin no
 * term, and one probe of a bit table settles those: faster than any automaton over characters, and building is linear. A text is first
 * folded and its words marked, a bit a byte, sixteen bytes at a time; the search then leaps from word to word. See terms.h for the meaning. */
#include "stdlib/terms.h"

#include <string.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/utf8.h"
#include "stdlib/unicode.h"

enum {
  LANE = 16,      /* bytes classified at once */
  SLACK = 80,     /* readable bytes behind a folded text */
  LOW = 0x500,    /* code points below (Latin, Greek, Cyrillic) are folded by table */
  LONG_FOLD = 0xFFFF
};

typedef struct node {
  const char *p;       /* the word or sign that leads here, folded */
  uint32_t n;
  uint32_t from;       /* parent * 2 + whether a gap stands before the word */
  uint32_t term;       /* 1 + index of the entry that ends here; 0 none */
  bool more;           /* something follows */
} node;

typedef struct slot { uint32_t hash, node; } slot; /* node 0: free */

struct terms {
  const term_entry *entries;
  uint32_t nterms;
  bool fold, any_sign;
  node *v;             /* v[0] is the root */
  uint32_t nnodes, mask;
  slot *slots;         /* open addressing: where edges lead */
  uint64_t *bits;      /* of the root's edges, so that most words never touch slot */
  uint32_t bit_mask;
  bool sign[256];      /* first bytes of signs that begin a term */
  uint16_t low[LOW];   /* with fold: what a code point becomes; LONG_FOLD: ask ICU */
  bool low_word[LOW];
};

struct shift { uint32_t folded, text; }; /* from here on, folded offset - folded + text */

/* ---- characters ---- */

static bool word_cp(uint32_t cp) {
  if (cp == '_') return true;
  if (cp >= 0x110000) return false;
  int8_t k = u_charType((UChar32)cp);
  return u_isalnum((UChar32)cp) || k == U_NON_SPACING_MARK || k == U_COMBINING_SPACING_MARK || k == U_ENCLOSING_MARK;
}

static bool is_word(const terms *t, uint32_t cp) { return cp < LOW ? t->low_word[cp] : word_cp(cp); }

/* UTF-8 of the folded code point into out (room for 3 * 4 bytes); its size. */
static uint32_t fold_cp(uint32_t cp, char *out) {
  UChar in[2], folded[8];
  int32_t k = 0, m;
  uint32_t n = 0;
  UErrorCode e = U_ZERO_ERROR;
  U16_APPEND_UNSAFE(in, k, cp);
  m = u_strFoldCase(folded, 8, in, k, U_FOLD_CASE_DEFAULT, &e);
  for (int32_t i = 0; U_SUCCESS(e) && i < m;) {
    uint32_t u = folded[i++]; /* folding gives well-formed UTF-16: a high surrogate has its low one */
    if (u >= 0xD800 && u < 0xDC00 && i < m) u = 0x10000 + ((u - 0xD800) << 10) + (folded[i++] - 0xDC00u);
    n += utf8_encode(u, out + n);
  }
  return n;
}

static void fill_low(terms *t) {
  for (uint32_t cp = 0; cp < LOW; cp++) {
    char s[16];
    uint32_t one = cp;
    t->low_word[cp] = word_cp(cp);
    if (!t->fold) continue;
    uint32_t n = fold_cp(cp, s), len = utf8_decode(s, s + n, &one);
    t->low[cp] = n && len == n && one < LONG_FOLD ? (uint16_t)one : LONG_FOLD;
  }
}

/* ---- folding, with a bit a byte for words ---- */

typedef struct folder {
  const terms *t;
  char *out;
  uint32_t n;
  uint64_t *words;
  arena *a;                  /* NULL: nobody asks for places */
  VEC(struct shift) shifts;
} folder;

static inline void mark(folder *f, uint64_t bits, uint32_t n) {
  uint32_t k = f->n % 64;
  f->words[f->n / 64] |= bits << k;
  if (k && k + n > 64) f->words[f->n / 64 + 1] |= bits >> (64 - k);
  f->n += n;
}

/* Folds sixteen bytes at p into out. Gives the bits of words, and in *high those of bytes that are not ASCII. */
static uint32_t lane(const char *p, char *out, bool fold, uint32_t *high) {
#ifdef __SSE2__
  __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
  __m128i upper = _mm_and_si128(_mm_cmpgt_epi8(x, _mm_set1_epi8('A' - 1)), _mm_cmplt_epi8(x, _mm_set1_epi8('Z' + 1)));
  __m128i low = _mm_or_si128(x, _mm_and_si128(upper, _mm_set1_epi8(32)));
  __m128i letter = _mm_or_si128(upper, _mm_and_si128(_mm_cmpgt_epi8(x, _mm_set1_epi8('a' - 1)), _mm_cmplt_epi8(x, _mm_set1_epi8('z' + 1))));
  __m128i digit = _mm_and_si128(_mm_cmpgt_epi8(x, _mm_set1_epi8('0' - 1)), _mm_cmplt_epi8(x, _mm_set1_epi8('9' + 1)));
  __m128i word = _mm_or_si128(_mm_or_si128(letter, digit), _mm_cmpeq_epi8(x, _mm_set1_epi8('_')));
  _mm_storeu_si128((__m128i *)(void *)out, fold ? low : x);
  *high = (uint32_t)_mm_movemask_epi8(x);
  return (uint32_t)_mm_movemask_epi8(word);
#else
  uint32_t bits = 0;
  *high = 0;
  for (uint32_t i = 0; i < LANE; i++) {
    char ch = p[i];
    out[i] = fold ? ascii_lower(ch) : ch;
    bits |= (uint32_t)(ascii_alnum(ch) || ch == '_') << i;
    *high |= (uint32_t)((unsigned char)ch >> 7) << i;
  }
  return bits;
#endif
}

static void fold_one(folder *f, const char *beg, const char *p, uint32_t cp, uint32_t len) {
  const terms *t = f->t;
  uint32_t n;
  char *out = f->out + f->n;
  if (cp == UINT32_MAX) { /* a stray byte stands for itself and is part of no word */
    *out = *p, f->n++;
    return;
  }
  bool word = is_word(t, cp);
  if (!t->fold) memcpy(out, p, n = len);
  else if (cp < LOW && t->low[cp] != LONG_FOLD) n = utf8_encode(t->low[cp], out);
  else n = fold_cp(cp, out);
  mark(f, word ? (UINT64_C(1) << n) - 1 : 0, n);
  if (n != len && f->a) *VEC_PUSH(f->a, &f->shifts) = (struct shift){ f->n, (uint32_t)(p - beg) + len };
}

/* Appends s. Room: out has 3 * s.n + SLACK bytes (s.n + SLACK when s is ASCII), words a bit for each, all zero. */
static void fold_text(folder *f, str s) {
  const terms *t = f->t;
  const char *p = s.p, *end = s.p + s.n;
  while (p < end) {
    char last[LANE];
    const char *in = p;
    uint32_t left = end - p < LANE ? (uint32_t)(end - p) : LANE, high, bits;
    if (left < LANE) {
      memset(last, 0, sizeof last);
      memcpy(last, p, left);
      in = last;
    }
    bits = lane(in, f->out + f->n, t->fold, &high);
    uint32_t k = high ? (uint32_t)__builtin_ctz(high) : left;
    if (k) mark(f, bits & ((UINT32_C(1) << k) - 1), k), p += k;
    if (!high) continue;
    do { /* most texts that are not ASCII have letters of two bytes, which become others of two */
      uint32_t cp, len = utf8_decode(p, end, &cp), low = len == 2 && cp < LOW ? t->fold ? t->low[cp] : cp : 0;
      if (low - 0x80 < 0x780) {
        utf8_encode(low, f->out + f->n);
        mark(f, t->low_word[cp] ? 3 : 0, 2);
      } else fold_one(f, s.p, p, cp, len);
      p += len;
    } while (p < end && (unsigned char)*p >= 0x80);
  }
}

static uint32_t count_high(str s) {
  uint32_t n = 0, i = 0;
  uint64_t w;
  for (; i + 8 <= s.n; i += 8) {
    memcpy(&w, s.p + i, 8);
    n += (uint32_t)((w >> 7 & UINT64_C(0x0101010101010101)) * UINT64_C(0x0101010101010101) >> 56);
  }
  for (; i < s.n; i++) n += (unsigned char)s.p[i] >> 7;
  return n;
}

/* ---- tokens: words and signs ---- */

static uint64_t load8(const char *p) {
  uint64_t x;
  memcpy(&x, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  x = __builtin_bswap64(x);
#endif
  return x;
}

/* Seven bytes behind p + n may be read. */
static inline uint32_t hash_of(const char *p, uint32_t n) {
  uint64_t h = 0;
  for (; n > 16; p += 8, n -= 8) h = (h ^ load8(p)) * UINT64_C(0x9E3779B97F4A7C15), h ^= h >> 29;
  bool two = n > 8; /* no branch: whether a word is long cannot be predicted */
  uint64_t first = load8(p) & (two ? ~UINT64_C(0) : ~UINT64_C(0) >> (64 - 8 * n)), last = two ? load8(p + (two ? n - 8 : 0)) : 0;
  h = (h ^ first ^ (last * UINT64_C(0x9E3779B97F4A7C15))) * UINT64_C(0xD6E8FEB86659FD93);
  return (uint32_t)(h >> 32);
}

static uint32_t edge_hash(uint32_t from, uint32_t hash) { return hash ^ from * 0x85EBCA6Bu ^ (from * 0x85EBCA6Bu) >> 15; }

/* First bit at or behind at that is set; some bit behind n is. */
static inline uint32_t next_bit(const uint64_t *words, uint32_t at, bool set) {
  uint32_t i = at / 64;
  uint64_t flip = set ? 0 : ~UINT64_C(0), x;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  x = (load8((const char *)words + at / 8) ^ flip) >> (at % 8); /* 57 bits, wherever they lie, settle nearly every word */
  if (x) return at + (uint32_t)__builtin_ctzll(x);
#endif
  x = (words[i] ^ flip) >> (at % 64) << (at % 64);
  while (!x) x = words[++i] ^ flip;
  return i * 64 + (uint32_t)__builtin_ctzll(x);
}

static bool is_word_byte(const uint64_t *words, uint32_t at) { return words[at / 64] >> (at % 64) & 1; }

/* The word or sign at `at`, which is none of white space; its end. */
static uint32_t token_end(const uint64_t *words, const char *s, uint32_t n, uint32_t at) {
  if (is_word_byte(words, at)) return next_bit(words, at, false);
  uint32_t cp;
  return at + utf8_decode(s + at, s + n, &cp);
}

static uint32_t skip_space(const char *s, uint32_t n, uint32_t at) {
  while (at < n) {
    if (s[at] == ' ') { at++; continue; }
    uint32_t cp, len = utf8_decode(s + at, s + n, &cp);
    if (cp == UINT32_MAX || !uni_is_space(cp)) break;
    at += len;
  }
  return at;
}

/* ---- building ---- */

static uint32_t find_edge(const terms *t, uint32_t from, const char *p, uint32_t n, uint32_t hash) {
  for (uint32_t i = edge_hash(from, hash) & t->mask;; i = (i + 1) & t->mask) {
    slot s = t->slots[i];
    if (!s.node) return 0;
    const node *x = &t->v[s.node];
    if (s.hash == hash && x->from == from && x->n == n && !memcmp(x->p, p, n)) return s.node;
  }
}

static uint32_t add_edge(terms *t, uint32_t from, const char *p, uint32_t n) {
  uint32_t hash = hash_of(p, n), k = find_edge(t, from, p, n, hash);
  if (k) return k;
  k = t->nnodes++;
  t->v[k] = (node){ .p = p, .n = n, .from = from };
  t->v[from / 2].more = true;
  uint32_t i = edge_hash(from, hash) & t->mask;
  while (t->slots[i].node) i = (i + 1) & t->mask;
  t->slots[i] = (slot){ hash, k };
  if (from) return k;
  uint32_t b = hash & t->bit_mask;
  t->bits[b / 64] |= UINT64_C(1) << (b % 64);
  return k;
}

/* A term in another form: é as one character, or as e and a mark; a straight apostrophe or a curved one. Systems write either. */
typedef struct form { str text; uint32_t index; } form;
typedef VEC(form) forms;

/* text in another form; false: it is in that form. Most terms are short, and of most nothing is left behind in the arena. */
static bool other_form(arena *a, enum uni_form kind, str text, str *out) {
  enum { SHORT = 64 };
  if (text.n <= SHORT) {
    UChar in[SHORT + 1], to[4 * SHORT];
    int32_t n, k;
    UErrorCode e = U_ZERO_ERROR;
    u_strFromUTF8WithSub(in, SHORT + 1, &n, text.p, (int32_t)text.n, 0xFFFD, NULL, &e);
    const UNormalizer2 *nz = kind == UNI_NFC ? unorm2_getNFCInstance(&e) : unorm2_getNFDInstance(&e);
    if (U_FAILURE(e)) return false;
    k = unorm2_spanQuickCheckYes(nz, in, n, &e);
    if (k == n || U_FAILURE(e)) return false;
    k = unorm2_normalize(nz, in, n, to, 4 * SHORT, &e);
    if (U_SUCCESS(e) && k == n && u_memcmp(in, to, n) == 0) return false;
  }
  lib_ctx c = { .a = a };
  return uni_normalize(&c, kind, text, out) && !str_eq(*out, text);
}

/* With the other apostrophe, straight or curved, which word processors put in by themselves; false: there is none. */
static bool other_apostrophe(arena *a, str text, str *out) {
  static const char curved[] = "\xE2\x80\x99";
  bool straight = memchr(text.p, '\'', text.n) != NULL;
  buf b = { .a = a };
  bool any = false;
  for (uint32_t i = 0; i < text.n; i++) {
    bool is_curved = text.n - i >= 3 && memcmp(text.p + i, curved, 3) == 0;
    if (straight && text.p[i] == '\'') buf_z(&b, curved), any = true;
    else if (!straight && is_curved) buf_ch(&b, '\''), i += 2, any = true;
    else buf_ch(&b, text.p[i]);
  }
  if (any) *out = buf_done(&b);
  return any;
}

/* A term with marks is found in the two forms in which texts come, all composed or all decomposed, besides the one in which it is written; one with
 * apostrophes in both spellings. */
static void add_forms(arena *a, const term_entry *entries, uint32_t n, forms *out) {
  for (uint32_t i = 0; i < n; i++) {
    str other;
    if (!entries[i].text.n) continue;
    bool ascii = str_is_ascii(entries[i].text), apostrophe = ascii ? memchr(entries[i].text.p, '\'', entries[i].text.n) != NULL : true;
    if (apostrophe && other_apostrophe(a, entries[i].text, &other)) *VEC_PUSH(a, out) = (form){ other, i };
    if (ascii) continue;
    if (other_form(a, UNI_NFC, entries[i].text, &other)) *VEC_PUSH(a, out) = (form){ other, i };
    if (other_form(a, UNI_NFD, entries[i].text, &other)) *VEC_PUSH(a, out) = (form){ other, i };
  }
}

/* The terms, and their other forms, folded, behind each other; each ends where the next begins. */
typedef struct folded { folder f; uint32_t *end; uint64_t tokens; forms more; uint32_t nentries; } folded;

static str text_at(const terms *t, const folded *all, uint32_t i) { return i < all->nentries ? t->entries[i].text : all->more.v[i - all->nentries].text; }

static void fold_all(terms *t, arena *a, uint32_t n, folded *out) {
  uint64_t room = 0;
  for (uint32_t i = 0; i < n; i++) room += text_at(t, out, i).n + (t->fold ? 2u * count_high(text_at(t, out, i)) : 0) + 1;
  out->f = (folder){ .t = t, .out = arena_alloc(a, room + SLACK), .words = ARENA_ARRAY(a, uint64_t, room / 64 + 3) };
  out->end = ARENA_ARRAY(a, uint32_t, n + 1);
  for (uint32_t i = 0; i < n; i++) {
    uint32_t at = out->f.n;
    fold_text(&out->f, text_at(t, out, i));
    mark(&out->f, 0, 1); /* so that words of two terms do not touch */
    out->end[i] = out->f.n - 1;
    const char *s = out->f.out;
    for (at = skip_space(s, out->end[i], at); at < out->end[i]; at = skip_space(s, out->end[i], at)) {
      at = token_end(out->f.words, s, out->end[i], at);
      out->tokens++;
    }
  }
}

static void make_tables(terms *t, arena *a, uint32_t n, uint64_t tokens) {
  t->v = ARENA_ARRAY(a, node, tokens + 1);
  t->nnodes = 1;
  t->mask = 15;
  while (t->mask < tokens * 2) t->mask = t->mask * 2 + 1;
  t->slots = ARENA_ARRAY(a, slot, (size_t)t->mask + 1);
  t->bit_mask = 1023; /* 16 bits a term keep false probes under 7% while 10,000 terms stay in the first cache level */
  while (t->bit_mask < (uint64_t)n * 8 && t->bit_mask < UINT32_MAX / 2) t->bit_mask = t->bit_mask * 2 + 1;
  t->bits = ARENA_ARRAY(a, uint64_t, ((size_t)t->bit_mask + 1) / 64);
}

/* The node of the whole term; 0 when it is empty. */
static uint32_t add_term(terms *t, const folded *all, uint32_t at, uint32_t end) {
  const char *s = all->f.out;
  uint32_t k = 0;
  bool gap = false;
  for (at = skip_space(s, end, at); at < end;) {
    uint32_t stop = token_end(all->f.words, s, end, at);
    if (!k && !is_word_byte(all->f.words, at)) t->any_sign = t->sign[(unsigned char)s[at]] = true;
    k = add_edge(t, k * 2 + gap, s + at, stop - at);
    at = skip_space(s, end, stop);
    gap = at > stop;
  }
  return k;
}

terms *terms_build(arena *a, const term_entry *entries, uint32_t n, bool fold, terms_report *report, void *ud) {
  terms *t = ARENA_NEW(a, terms);
  t->entries = entries, t->fold = fold;
  fill_low(t);
  folded all = { .nentries = n };
  add_forms(a, entries, n, &all.more);
  fold_all(t, a, n + all.more.n, &all);
  make_tables(t, a, n + all.more.n, all.tokens);
  for (uint32_t i = 0; i < n; i++) {
    uint32_t k = add_term(t, &all, i ? all.end[i - 1] + 1 : 0, all.end[i]);
    if (k && !t->v[k].term) t->v[k].term = i + 1, t->nterms++;
    else if (report) report(ud, k ? TERMS_DUPLICATE : TERMS_EMPTY, i, k ? t->v[k].term - 1 : i);
  }
  for (uint32_t i = n; i < n + all.more.n; i++) {
    uint32_t k = add_term(t, &all, all.end[i - 1] + 1, all.end[i]);
    if (k && !t->v[k].term) t->v[k].term = all.more.v[i - n].index + 1;
  }
  return t;
}

uint32_t terms_count(const terms *t) { return t->nterms; }

/* ---- searching ---- */

bool terms_begin(terms_scan *w, lib_ctx *c, const terms *t, str s) {
  size_t room = (size_t)s.n + (t->fold ? 2 * (size_t)count_high(s) : 0) + SLACK;
  *w = (terms_scan){ .t = t, .c = c };
  lib_work(c, s.n / 8 + 1);
  if (room > UINT32_MAX) { c->error = STR("the text is too long to be searched for terms"); return false; }
  folder f = { .t = t, .out = arena_alloc(c->a, room), .words = ARENA_ARRAY(c->a, uint64_t, room / 64 + 2), .a = c->a };
  fold_text(&f, s);
  f.words[f.n / 64 + 1] = UINT64_C(1) << 63; /* both searches for a bit end: there are clear bits before this one */
  w->p = f.out, w->n = f.n, w->words = f.words, w->shift = f.shifts.v, w->nshift = f.shifts.n;
  return true;
}

/* The longest term that begins with the edge to node k, whose word ends at `at`. Its end and its entry's index + 1 (0: none does). */
static uint32_t longest(const terms_scan *w, uint32_t k, uint32_t at, uint32_t *term) {
  const terms *t = w->t;
  uint32_t best = at, steps = 0;
  for (*term = 0;; steps++) {
    const node *x = &t->v[k];
    if (x->term) *term = x->term, best = at;
    if (!x->more) break;
    uint32_t next = skip_space(w->p, w->n, at);
    if (next >= w->n) break;
    uint32_t end = token_end(w->words, w->p, w->n, next);
    k = find_edge(t, k * 2 + (next > at), w->p + next, end - next, hash_of(w->p + next, end - next));
    if (!k) break;
    at = end;
  }
  if (steps) lib_work(w->c, steps);
  return best;
}

/* Folded offsets to the text's; they only grow. */
static uint32_t place(terms_scan *w, uint32_t at) {
  while (w->cursor < w->nshift && w->shift[w->cursor].folded <= at) w->cursor++;
  if (!w->cursor) return at;
  const struct shift *s = &w->shift[w->cursor - 1];
  return at - s->folded + s->text;
}

/* The first word or sign at or behind at with which a term may begin. */
static uint32_t next_start(const terms_scan *w, uint32_t at) {
  if (!w->t->any_sign) return next_bit(w->words, at, true);
  while (at < w->n && !is_word_byte(w->words, at) && !w->t->sign[(unsigned char)w->p[at]]) {
    uint32_t cp;
    at += (unsigned char)w->p[at] < 0x80 ? 1 : utf8_decode(w->p + at, w->p + w->n, &cp);
  }
  return at;
}

bool terms_next(terms_scan *w, term_match *out) {
  const terms *t = w->t;
  for (uint32_t at = w->at; (at = next_start(w, at)) < w->n;) {
    uint32_t end = token_end(w->words, w->p, w->n, at), h = hash_of(w->p + at, end - at), b = h & t->bit_mask, term = 0;
    if (t->bits[b / 64] >> (b % 64) & 1) {
      uint32_t k = find_edge(t, 0, w->p + at, end - at, h), stop = k ? longest(w, k, end, &term) : 0;
      if (k && term) {
        *out = (term_match){ .beg = place(w, at), .end = place(w, stop), .index = term - 1 };
        w->at = stop;
        return true;
      }
    }
    at = end;
  }
  w->at = w->n;
  return false;
}
