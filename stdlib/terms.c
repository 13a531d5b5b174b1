/* Term lists: a hash of first words instead of an automaton over characters. Texts are mostly words that begin no term: one multiply a byte and one
 * probe of a bit table a word settle those, which measures faster than walking automaton states, and building is linear. See terms.h for the meaning. */
#include "stdlib/terms.h"

#include <string.h>
#include <unicode/uchar.h>
#include <unicode/ustring.h>

#include "base/utf8.h"
#include "stdlib/unicode.h"

/* A term in folded form, chained with others of the same first word, longest first. */
typedef struct term {
  str key;             /* folded, white space collapsed to one space */
  uint32_t head;       /* bytes of its first word; 0: it begins with a sign, then found by its first byte */
  uint32_t index;
  uint32_t next;       /* 1-based, 0 ends */
} term;

struct terms {
  const term_entry *entries;
  uint32_t nentries, nterms;
  bool fold;
  term *v;
  uint32_t mask;       /* hash slots - 1 */
  uint32_t *slot;      /* 1-based first term of a chain of equal first words */
  uint64_t *bits;      /* 1 bit a hash, so that most words never touch slot */
  uint32_t bit_mask;
  uint32_t sign[256];  /* chains of terms that begin with a sign, by first byte */
  uint8_t word[256];   /* ASCII byte classes: 1 word, 0 other; bytes from 0x80 are decided by code point */
  bool any_sign;
};

enum { MUL = 0x9E3779B1u };

static bool word_cp(uint32_t cp) {
  if (cp == '_') return true;
  if (cp >= 0x110000) return false;
  int8_t k = u_charType((UChar32)cp);
  return u_isalnum((UChar32)cp) || k == U_NON_SPACING_MARK || k == U_COMBINING_SPACING_MARK || k == U_ENCLOSING_MARK;
}

static bool word_at(const terms *t, const char *p, const char *end, uint32_t *len) {
  unsigned char ch = (unsigned char)*p;
  if (ch < 0x80) { *len = 1; return t->word[ch]; }
  uint32_t cp;
  *len = utf8_decode(p, end, &cp);
  return word_cp(cp);
}

/* Is the character that ends before p one of a word? */
static bool word_before(const terms *t, const char *beg, const char *p, const char *end) {
  if (p == beg) return false;
  const char *q = p - 1;
  while (q > beg && ((unsigned char)*q & 0xC0) == 0x80 && p - q < 4) q--;
  uint32_t len;
  return word_at(t, q, end, &len);
}

/* Length in bytes and hash of the word at p. */
static uint32_t word_run(const terms *t, const char *p, const char *end, uint32_t *hash) {
  const char *q = p;
  uint32_t h = 0, len;
  while (q < end) {
    unsigned char ch = (unsigned char)*q;
    if (ch < 0x80) {
      if (!t->word[ch]) break;
      h = (h ^ ch) * MUL;
      q++;
    } else {
      if (!word_at(t, q, end, &len)) break;
      for (uint32_t i = 0; i < len; i++) h = (h ^ (unsigned char)q[i]) * MUL;
      q += len;
    }
  }
  *hash = h ^ h >> 15;
  return (uint32_t)(q - p);
}

/* Folds s into out (room for 3 * s.n + 16 bytes: full folding of one code point grows it at most threefold). origin, when asked for,
   maps every folded byte, and the end, to the text. */
static uint32_t fold_into(str s, bool fold, char *out, uint32_t *origin) {
  uint32_t n = 0;
  for (const char *p = s.p, *end = s.p + s.n; p < end;) {
    uint32_t cp, len = utf8_decode(p, end, &cp), from = (uint32_t)(p - s.p), first = n;
    if (!fold || cp == UINT32_MAX) {
      memcpy(out + n, p, len), n += len;
    } else if (cp < 0x80) {
      out[n++] = ascii_lower((char)cp);
    } else {
      UChar in[2], folded[8];
      int32_t k = 0, m;
      UErrorCode e = U_ZERO_ERROR;
      U16_APPEND_UNSAFE(in, k, cp);
      m = u_strFoldCase(folded, 8, in, k, U_FOLD_CASE_DEFAULT, &e);
      for (int32_t i = 0; U_SUCCESS(e) && i < m;) {
        uint32_t u = folded[i++]; /* folding gives well-formed UTF-16: a high surrogate has its low one */
        if (u >= 0xD800 && u < 0xDC00 && i < m) u = 0x10000 + ((u - 0xD800) << 10) + (folded[i++] - 0xDC00u);
        n += utf8_encode(u, out + n);
      }
    }
    if (origin)
      for (uint32_t i = first; i < n; i++) origin[i] = from;
    p += len;
  }
  if (origin) origin[n] = s.n;
  return n;
}

/* White space runs to one space, none at the ends. In place. */
static uint32_t collapse(char *p, uint32_t n) {
  uint32_t out = 0;
  bool gap = false;
  for (uint32_t i = 0; i < n;) {
    uint32_t cp, len = utf8_decode(p + i, p + n, &cp);
    if (cp != UINT32_MAX && uni_is_space(cp)) gap = true;
    else {
      if (gap && out) p[out++] = ' ';
      gap = false;
      memmove(p + out, p + i, len);
      out += len;
    }
    i += len;
  }
  return out;
}

/* The chain that a term belongs to, made when it is the first of its word. */
static uint32_t *chain_of(terms *t, const term *x) {
  if (!x->head) { t->any_sign = true; return &t->sign[(unsigned char)x->key.p[0]]; }
  uint32_t h;
  word_run(t, x->key.p, x->key.p + x->head, &h);
  uint32_t b = h & t->bit_mask;
  t->bits[b / 64] |= UINT64_C(1) << (b % 64);
  for (uint32_t i = h & t->mask;; i = (i + 1) & t->mask) {
    if (!t->slot[i]) return &t->slot[i];
    const term *y = &t->v[t->slot[i] - 1];
    if (y->head == x->head && !memcmp(y->key.p, x->key.p, x->head)) return &t->slot[i];
  }
}

/* A chain is walked from its longest term; one list may hold many of one first word ("new ...") and stays linear by sorting all terms by
   length before they are chained: each new one is then the longest so far and goes first. */
static void sort_by_length(arena *a, term *v, uint32_t n) {
  uint32_t max = 0;
  for (uint32_t i = 0; i < n; i++) if (v[i].key.n > max) max = v[i].key.n;
  uint32_t *count = ARENA_ARRAY(a, uint32_t, (size_t)max + 2);
  term *out = ARENA_ARRAY(a, term, n ? n : 1);
  for (uint32_t i = 0; i < n; i++) count[v[i].key.n + 1]++;
  for (uint32_t k = 1; k <= max + 1; k++) count[k] += count[k - 1];
  for (uint32_t i = 0; i < n; i++) out[count[v[i].key.n]++] = v[i];
  if (n) memcpy(v, out, n * sizeof *v);
}

/* Exact repeats, by a hash of whole keys; v is in list order still. Gives the number kept. */
static uint32_t drop_repeats(arena *a, term *v, uint32_t n, void (*problem)(void *, enum terms_problem, uint32_t, uint32_t), void *ud) {
  uint32_t mask = 15, kept = 0;
  while (mask < n * 2) mask = mask * 2 + 1;
  uint32_t *slot = ARENA_ARRAY(a, uint32_t, (size_t)mask + 1);
  for (uint32_t i = 0; i < n; i++) {
    uint32_t at = (uint32_t)str_hash(v[i].key) & mask;
    while (slot[at] && !str_eq(v[slot[at] - 1].key, v[i].key)) at = (at + 1) & mask;
    if (slot[at]) {
      if (problem) problem(ud, TERMS_DUPLICATE, v[i].index, v[slot[at] - 1].index);
      continue;
    }
    v[kept] = v[i];
    slot[at] = ++kept;
  }
  return kept;
}

terms *terms_build(arena *a, const term_entry *entries, uint32_t n, bool fold,
                   void (*problem)(void *, enum terms_problem, uint32_t, uint32_t), void *ud) {
  terms *t = ARENA_NEW(a, terms);
  t->entries = entries, t->nentries = n, t->fold = fold;
  for (int ch = 0; ch < 128; ch++) t->word[ch] = ascii_alnum((char)ch) || ch == '_';
  t->v = ARENA_ARRAY(a, term, n ? n : 1);
  uint32_t m = 0;
  for (uint32_t i = 0; i < n; i++) {
    char *p = arena_alloc(a, (size_t)entries[i].text.n * 3 + 16);
    uint32_t len = collapse(p, fold_into(entries[i].text, fold, p, NULL));
    if (!len) {
      if (problem) problem(ud, TERMS_EMPTY, i, i);
      continue;
    }
    uint32_t h;
    t->v[m] = (term){ .key = { p, len }, .index = i };
    t->v[m].head = word_run(t, p, p + len, &h);
    m++;
  }
  t->nterms = m = drop_repeats(a, t->v, m, problem, ud);
  sort_by_length(a, t->v, m);
  t->mask = 15;
  while (t->mask < m * 2) t->mask = t->mask * 2 + 1;
  t->slot = ARENA_ARRAY(a, uint32_t, (size_t)t->mask + 1);
  t->bit_mask = 1023; /* 16 bits a term keeps false probes under 7% while 10,000 terms stay in the first cache level */
  while (t->bit_mask < m * 16) t->bit_mask = t->bit_mask * 2 + 1;
  t->bits = ARENA_ARRAY(a, uint64_t, ((size_t)t->bit_mask + 1) / 64);
  for (uint32_t i = 0; i < m; i++) {
    uint32_t *chain = chain_of(t, &t->v[i]);
    t->v[i].next = *chain;
    *chain = i + 1;
  }
  return t;
}

uint32_t terms_count(const terms *t) { return t->nterms; }
const term_entry *terms_entry(const terms *t, uint32_t index) { return &t->entries[index]; }

bool terms_begin(terms_scan *w, lib_ctx *c, const terms *t, str s) {
  *w = (terms_scan){ .t = t, .s = s, .folded = s.p, .nfolded = s.n };
  lib_work(c, s.n);
  if (!t->fold) return true;
  if (str_is_ascii(s)) {
    char *p = arena_alloc(c->a, (size_t)s.n + 1);
    for (uint32_t i = 0; i < s.n; i++) p[i] = (char)(s.p[i] + ((unsigned char)(s.p[i] - 'A') < 26 ? 32 : 0)); /* branchless: vectorizes */
    w->folded = p;
    return true;
  }
  char *p = arena_alloc(c->a, (size_t)s.n * 3 + 16);
  uint32_t *origin = ARENA_ARRAY(c->a, uint32_t, (size_t)s.n * 3 + 17);
  w->nfolded = fold_into(s, true, p, origin);
  w->folded = p, w->origin = origin;
  return true;
}

/* Does the term stand at p? Its end, or NULL. */
static const char *match_at(const terms *t, const term *x, const char *p, const char *end, bool head_known) {
  const char *k = x->key.p, *ke = k + x->key.n;
  if (head_known) k += x->head, p += x->head;
  while (k < ke) {
    if (p >= end) return NULL;
    if (*k == ' ') {
      const char *q = p;
      for (uint32_t cp, len; q < end; q += len) {
        len = utf8_decode(q, end, &cp);
        if (cp == UINT32_MAX || !uni_is_space(cp)) break;
      }
      if (q == p) return NULL;
      p = q, k++;
    } else if (*k++ != *p++) return NULL;
  }
  if (p < end && word_before(t, x->key.p, ke, ke)) {
    uint32_t len;
    if (word_at(t, p, end, &len)) return NULL;
  }
  return p;
}

/* Tries a chain at p. The end of the longest match, or NULL. */
static const char *try_chain(const terms *t, uint32_t chain, const char *p, const char *end, bool word, const term **hit) {
  for (; chain; chain = t->v[chain - 1].next) {
    const term *x = &t->v[chain - 1];
    const char *e = match_at(t, x, p, end, word);
    if (e) { *hit = x; return e; }
  }
  return NULL;
}

static uint32_t find_chain(const terms *t, const char *p, uint32_t len, uint32_t h) {
  uint32_t b = h & t->bit_mask;
  if (!(t->bits[b / 64] >> (b % 64) & 1)) return 0;
  for (uint32_t i = h & t->mask; t->slot[i]; i = (i + 1) & t->mask) {
    const term *y = &t->v[t->slot[i] - 1];
    if (y->head == len && !memcmp(y->key.p, p, len)) return t->slot[i];
  }
  return 0;
}

bool terms_next(terms_scan *w, term_match *out) {
  const terms *t = w->t;
  const char *beg = w->folded, *end = beg + w->nfolded, *p = beg + w->at;
  while (p < end) {
    uint32_t h, len = word_run(t, p, end, &h);
    const term *hit = NULL;
    const char *e = NULL;
    if (len) {
      uint32_t chain = find_chain(t, p, len, h);
      if (chain) e = try_chain(t, chain, p, end, true, &hit);
    } else {
      if (t->any_sign && t->sign[(unsigned char)*p]) e = try_chain(t, t->sign[(unsigned char)*p], p, end, false, &hit);
      uint32_t cp;
      len = utf8_decode(p, end, &cp);
    }
    if (hit) {
      w->at = (uint32_t)(e - beg);
      uint32_t b = (uint32_t)(p - beg);
      *out = (term_match){ w->origin ? w->origin[b] : b, w->origin ? w->origin[w->at] : w->at, hit->index };
      return true;
    }
    p += len;
  }
  w->at = w->nfolded;
  return false;
}
