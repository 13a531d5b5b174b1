/* Term lists: find whole words and phrases of a list in a text, longest first, without overlaps.
 *
 * A term matches where it stands as whole words: a letter, digit, mark or underscore at its end may not go on in the text. A run of
 * white space matches any run of
 * white space. With fold, Unicode full case folding is applied to both sides. At one place the longest term wins; what follows a
 * match is searched on. */
#ifndef STDLIB_TERMS_H
#define STDLIB_TERMS_H
#include "stdlib/lib.h"

typedef struct terms terms;

typedef struct term_entry { str text; str replacement; bool has_replacement; } term_entry;

enum terms_problem { TERMS_EMPTY, TERMS_DUPLICATE };

/* Builds the matcher in the arena, linear in the size of the list. entries are kept by reference. problem is told of terms that are empty or stand twice
   (equal after folding; other is the first one's index); they are left out. */
terms *terms_build(arena *a, const term_entry *entries, uint32_t n, bool fold,
                   void (*problem)(void *ud, enum terms_problem why, uint32_t index, uint32_t other), void *ud);
uint32_t terms_count(const terms *t);
const term_entry *terms_entry(const terms *t, uint32_t index);

typedef struct term_match { uint32_t beg, end, index; } term_match; /* byte range in the text */

/* A walk over the matches of one text. Memory is the arena's, and only for texts that are not plain ASCII. */
typedef struct terms_scan {
  const terms *t;
  str s;
  uint32_t at;              /* next byte of the folded text */
  const char *folded;       /* the text itself when nothing had to be folded */
  uint32_t nfolded;
  const uint32_t *origin;   /* folded offset -> text offset; NULL: the same */
} terms_scan;

bool terms_begin(terms_scan *w, lib_ctx *c, const terms *t, str s); /* false: c->error is set */
bool terms_next(terms_scan *w, term_match *out);

#endif
