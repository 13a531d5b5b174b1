/* What finds the terms of a list: whole words and phrases of a text, the longest first, without overlaps.
 *
 * A text is words (letters, digits, marks and underscores), gaps (any white space) and single signs. A term matches where the text has its words and
 * signs one after the other, with a gap where the term has one and none where it has none. So a term never matches inside a word, and any run of white
 * space is as good as any other. With fold, Unicode full case folding is applied to both sides. Letters with marks
 * are found composed and decomposed, apostrophes straight and curved. At one place the longest term wins; what
 * follows a match is searched on. */
#ifndef STDLIB_TERMS_H
#define STDLIB_TERMS_H
#include "stdlib/lib.h"

typedef struct terms terms;

/* Builds the matcher in the arena, linear in the size of the list. entries are kept by reference. report (may be NULL) is told of terms that are
   empty or stand twice (equal after folding); they are left out. */
terms *terms_build(arena *a, const term_entry *entries, uint32_t n, bool fold, terms_report *report, void *ud);
uint32_t terms_count(const terms *t);

typedef struct term_match { uint32_t beg, end, index; } term_match; /* byte range in the text */

/* A walk over the matches of one text. */
typedef struct terms_scan {
  const terms *t;
  lib_ctx *c;
  const char *p;             /* the folded text, in the arena */
  uint32_t n, at;            /* its size, and the next byte to look at */
  const uint64_t *words;     /* a bit a byte: part of a word */
  const struct shift *shift; /* where folding changed the length; NULL: nowhere */
  uint32_t nshift, cursor;
} terms_scan;

bool terms_begin(terms_scan *w, lib_ctx *c, const terms *t, str s); /* false: c->error is set */
bool terms_next(terms_scan *w, term_match *out);

#endif
