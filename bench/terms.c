/* Finding the 10,000 terms of a list in texts, as whole words whatever their case: the library's matcher against Hyperscan's literal matcher, whose
 * callback looks at the characters beside each match. Both must find the same.
 *
 * The text is generated: words by Zipf's law, one in eight capitalized, sentences, commas, a record of some 1,000 bytes at a time, as rules see
 * them, and once more as one text of 16 MB; with a few accented letters (which only the library folds, so the terms have none) and without. Terms
 * are one to three words from the rarer end. Times are processor time, medians of interleaved rounds. Usage: terms */
#include "stdlib/terms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef HAVE_HYPERSCAN
#include <hs.h>
#endif

enum { WORDS = 60000, TERMS = 10000, TEXT = 16 << 20, RECORD = 1000, ROUNDS = 9 };

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static uint64_t seed = 42;
static uint32_t roll(uint32_t n) {
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(((seed >> 33) * n) >> 31);
}

typedef struct corpus {
  char *word[WORDS];
  double sum[WORDS];       /* of the frequencies up to a word */
  term_entry term[TERMS];
  char *text;
  uint32_t n, nrecords, *record; /* where each begins; one more: the end */
} corpus;

static void *must(void *p) {
  if (!p) { fprintf(stderr, "bench/terms: out of memory\n"); exit(1); }
  return p;
}

static char *make_word(uint32_t rank, bool accents) {
  static const char *const on[] = { "b", "c", "d", "f", "g", "h", "l", "m", "n", "p", "r", "s", "t", "v", "st", "tr", "pl", "ch" };
  static const char *const nucleus[] = { "a", "e", "i", "o", "u", "ea", "ou", "\xC3\xA9" };
  char s[64] = "";
  uint32_t syllables = rank < 200 ? 1 + roll(2) : 2 + roll(3); /* frequent words are short */
  for (uint32_t i = 0; i < syllables; i++) {
    strcat(s, on[roll(18)]);
    strcat(s, nucleus[roll(accents ? 8 : 7)]);
    if (roll(3) == 0) strcat(s, "n");
  }
  return must(strdup(s));
}

static uint32_t zipf(const corpus *c) {
  double x = (double)roll(1u << 30) / (double)(1u << 30) * c->sum[WORDS - 1];
  uint32_t lo = 0, hi = WORDS - 1;
  while (lo < hi) {
    uint32_t mid = (lo + hi) / 2;
    if (c->sum[mid] < x) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}

static bool is_ascii(const char *s) {
  while (*s) if (*s++ & 0x80) return false;
  return true;
}

/* Terms are distinct: the first word alone tells most of them apart, and repeats are drawn again. */
static void make_terms(corpus *c) {
  for (uint32_t i = 0; i < TERMS;) {
    char s[256] = "";
    for (uint32_t k = 0, n = roll(10) < 7 ? 1 : 2 + roll(2); k < n; k++) {
      const char *w = c->word[2000 + roll(WORDS - 2000)];
      if (!is_ascii(w)) { s[0] = 0; break; }
      if (k) strcat(s, " ");
      strcat(s, w);
    }
    bool fresh = s[0] != 0;
    for (uint32_t k = 0; k < i && fresh; k++) fresh = strcmp(c->term[k].text.p, s) != 0;
    if (fresh) c->term[i++].text = str_z(must(strdup(s)));
  }
}

static void make_text(corpus *c) {
  c->text = must(malloc(TEXT + 512));
  c->record = must(malloc((TEXT / RECORD + 2) * sizeof *c->record));
  uint32_t n = 0, in_sentence = 0;
  for (c->nrecords = 0, c->record[0] = 0; n < TEXT;) {
    const char *w = roll(200) == 0 ? c->term[roll(TERMS)].text.p : c->word[zipf(c)];
    uint32_t at = n;
    while (*w) c->text[n++] = *w++;
    if ((!in_sentence || roll(8) == 0) && c->text[at] > 0) c->text[at] = (char)(c->text[at] - 32);
    in_sentence = (in_sentence + 1) % 14;
    if (!in_sentence) c->text[n++] = '.';
    else if (roll(12) == 0) c->text[n++] = ',';
    c->text[n++] = ' ';
    if (n - c->record[c->nrecords] >= RECORD) c->record[++c->nrecords] = n;
  }
  if (c->record[c->nrecords] < n) c->record[++c->nrecords] = n;
  c->n = n;
}

static corpus *make_corpus(bool accents) {
  corpus *c = must(calloc(1, sizeof *c));
  for (uint32_t i = 0; i < WORDS; i++) {
    c->word[i] = make_word(i, accents);
    c->sum[i] = (i ? c->sum[i - 1] : 0) + 1.0 / (i + 1);
  }
  make_terms(c);
  make_text(c);
  return c;
}

/* ---- contestants: how many matches in the records, or in the whole; a sum over their places ---- */

typedef struct answer { uint64_t matches, places; } answer;

static answer ours(const corpus *c, const terms *t, arena *a, bool whole) {
  answer r = { 0 };
  lib_ctx ctx = { .a = a };
  for (uint32_t i = 0; i < (whole ? 1 : c->nrecords); i++) {
    uint32_t beg = whole ? 0 : c->record[i], end = whole ? c->n : c->record[i + 1];
    terms_scan w;
    term_match m;
    arena_reset(a);
    if (!terms_begin(&w, &ctx, t, (str){ c->text + beg, end - beg })) exit(1);
    while (terms_next(&w, &m)) r.matches++, r.places += beg + m.end;
  }
  return r;
}

#ifdef HAVE_HYPERSCAN
typedef struct found { uint32_t beg, end; } found;
typedef struct theirs {
  const corpus *c;
  hs_database_t *db;
  hs_scratch_t *scratch;
  const char *text;
  uint32_t n, nhits, cap;
  found *hit;
} theirs;

static bool is_word(unsigned char ch) { return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '_' || ch >= 0x80; }

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ud) {
  theirs *h = ud;
  (void)from, (void)flags;
  uint32_t end = (uint32_t)to, beg = end - h->c->term[id].text.n;
  if ((beg && is_word((unsigned char)h->text[beg - 1])) || (end < h->n && is_word((unsigned char)h->text[end]))) return 0;
  if (h->nhits == h->cap) h->hit = must(realloc(h->hit, (h->cap = h->cap * 2 + 64) * sizeof *h->hit));
  h->hit[h->nhits++] = (found){ beg, end };
  return 0;
}

static int by_place(const void *x, const void *y) {
  const found *a = x, *b = y;
  return a->beg != b->beg ? (a->beg > b->beg ? 1 : -1) : (b->end > a->end) - (b->end < a->end);
}

/* Not a part of the time: the longest at each place, without overlaps. */
static void settle(theirs *h, uint32_t offset, answer *r) {
  if (h->nhits) qsort(h->hit, h->nhits, sizeof *h->hit, by_place);
  uint32_t at = 0;
  for (uint32_t i = 0; i < h->nhits; i++) {
    if (h->hit[i].beg < at) continue;
    at = h->hit[i].end;
    r->matches++, r->places += offset + at;
  }
  h->nhits = 0;
}

static answer scan_theirs(theirs *h, bool whole, bool check) {
  answer r = { 0 };
  for (uint32_t i = 0; i < (whole ? 1 : h->c->nrecords); i++) {
    uint32_t beg = whole ? 0 : h->c->record[i], end = whole ? h->c->n : h->c->record[i + 1];
    h->text = h->c->text + beg, h->n = end - beg;
    if (hs_scan(h->db, h->text, h->n, 0, h->scratch, on_match, h) != HS_SUCCESS) exit(1);
    if (check) settle(h, beg, &r);
    else h->nhits = 0;
  }
  return r;
}

static bool open_theirs(theirs *h, const corpus *c) {
  const char **s = must(malloc(TERMS * sizeof *s));
  unsigned *flags = must(malloc(TERMS * sizeof *flags)), *ids = must(malloc(TERMS * sizeof *ids));
  size_t *len = must(malloc(TERMS * sizeof *len));
  for (unsigned i = 0; i < TERMS; i++) s[i] = c->term[i].text.p, len[i] = c->term[i].text.n, flags[i] = HS_FLAG_CASELESS, ids[i] = i;
  hs_compile_error_t *why = NULL;
  *h = (theirs){ .c = c };
  bool ok = hs_compile_lit_multi(s, flags, ids, len, TERMS, HS_MODE_BLOCK, NULL, &h->db, &why) == HS_SUCCESS &&
            hs_alloc_scratch(h->db, &h->scratch) == HS_SUCCESS;
  if (!ok) printf("  Hyperscan cannot be measured: %s\n", why ? why->message : "no memory");
  free(s), free(flags), free(ids), free(len);
  return ok;
}
#endif

static int by_size(const void *x, const void *y) {
  double a = *(const double *)x, b = *(const double *)y;
  return (a > b) - (a < b);
}

static double median(double *v) {
  qsort(v, ROUNDS, sizeof *v, by_size);
  return v[ROUNDS / 2];
}

static const terms *build(const corpus *c, arena *a) {
  double took[ROUNDS];
  terms *t = NULL;
  for (int i = 0; i < ROUNDS; i++) {
    arena_reset(a);
    double t0 = seconds();
    t = terms_build(a, c->term, TERMS, true, NULL, NULL);
    took[i] = seconds() - t0;
  }
  if (terms_count(t) != TERMS) exit(1);
  printf("  building a list of %d terms: %.1f ms (goal 50)\n", TERMS, median(took) * 1e3);
  return t;
}

static void compare(const corpus *c, const char *what, bool whole) {
  arena keep, a;
  jmp_buf oom;
  if (setjmp(oom)) exit(1);
  arena_init(&keep, &mem_libc, &oom);
  arena_init(&a, &mem_libc, &oom);
  terms *t = terms_build(&keep, c->term, TERMS, true, NULL, NULL);
  double mine[ROUNDS];
  answer r = ours(c, t, &a, whole);
#ifdef HAVE_HYPERSCAN
  theirs h;
  double other[ROUNDS];
  bool there = open_theirs(&h, c);
  if (there) {
    answer o = scan_theirs(&h, whole, true);
    if (o.matches != r.matches || o.places != r.places) { fprintf(stderr, "bench/terms: Hyperscan finds %llu, the library %llu\n",
      (unsigned long long)o.matches, (unsigned long long)r.matches); exit(1); }
  }
#endif
  for (int i = 0; i < ROUNDS; i++) {
    double t0 = seconds();
    ours(c, t, &a, whole);
    mine[i] = seconds() - t0;
#ifdef HAVE_HYPERSCAN
    if (!there) continue;
    t0 = seconds();
    scan_theirs(&h, whole, false);
    other[i] = seconds() - t0;
#endif
  }
  double m = median(mine), gb = (double)c->n / 1e9;
  printf("  %-34s %7llu matches   library %5.2f GB/s", what, (unsigned long long)r.matches, gb / m);
#ifdef HAVE_HYPERSCAN
  if (there) {
    double o = median(other);
    printf("   Hyperscan %5.2f GB/s   ratio %.2f (goal 1.5)", gb / o, o / m);
    hs_free_scratch(h.scratch), hs_free_database(h.db), free(h.hit);
  }
#endif
  printf("\n");
  arena_free(&a);
  arena_free(&keep);
}

static void free_corpus(corpus *c) {
  for (uint32_t i = 0; i < WORDS; i++) free(c->word[i]);
  for (uint32_t i = 0; i < TERMS; i++) free((char *)(uintptr_t)c->term[i].text.p);
  free(c->text), free(c->record), free(c);
}

int main(void) {
  printf("terms  %d terms, whole words ignoring case, %d MB of text\n", TERMS, TEXT >> 20);
#ifndef HAVE_HYPERSCAN
  printf("  Hyperscan is left out: libhyperscan-dev is not installed\n");
#endif
  corpus *plain = make_corpus(false), *accents = make_corpus(true);
  arena a;
  arena_init(&a, &mem_libc, NULL);
  build(plain, &a);
  arena_free(&a);
  compare(plain, "records of 1 KB, ASCII", false);
  compare(plain, "one text, ASCII", true);
  compare(accents, "records of 1 KB, accented letters", false);
  free_corpus(plain);
  free_corpus(accents);
  return 0;
}
