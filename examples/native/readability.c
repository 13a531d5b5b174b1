/* Two functions for rule files, as a native library: how hard a text is to read, and its longest sentence. See blazon_native.h.
 *
 *     cc -std=c11 -O2 -fPIC -shared readability.c -o libreadability.so
 *
 * English is counted by rule of thumb: a syllable is a run of vowels, a sentence ends in a full stop, a question or an exclamation mark. */
#include <blazon_native.h>

#include <ctype.h>
#include <stdbool.h>

/* What Blazon compares with the declarations of rule files. */
const char *const blz_native_signatures[] = {
  "reading_ease(text : text) -> number?",
  "sentence_lengths(text : text) -> list of int",
  NULL,
};

typedef struct counts { int64_t words, sentences, syllables, open; } counts; /* open: words of the sentence under way */

static bool is_vowel(int c) { return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u' || c == 'y'; }

/* Walks over a text; tells the length of each sentence to lengths when that is not NULL. */
static counts walk(const char *text, size_t n, int64_t *lengths) {
  counts k = { 0, 0, 0, 0 };
  bool in_word = false, in_vowels = false;
  for (size_t i = 0; i <= n; i++) {
    int c = i < n ? tolower((unsigned char)text[i]) : ' ';
    bool letter = isalpha(c) || c >= 0x80 || c == '\'';
    if (letter && !in_word) k.words++, k.open++;
    if (is_vowel(c) && !in_vowels) k.syllables++;
    in_word = letter, in_vowels = is_vowel(c);
    bool end = i == n || c == '.' || c == '!' || c == '?';
    if (!end || !k.open) continue;
    if (lengths) lengths[k.sentences] = k.open;
    k.sentences++, k.open = 0;
  }
  return k;
}

/* Flesch's reading ease: about 100 for the easiest, below 30 for a contract. Missing for a text without words. */
int reading_ease(blz_native *c, const char *text, size_t n, double *result) {
  (void)c;
  counts k = walk(text, n, NULL);
  if (!k.words) return BLZ_NATIVE_MISSING;
  *result = 206.835 - 1.015 * (double)k.words / (double)k.sentences - 84.6 * (double)k.syllables / (double)k.words;
  return BLZ_NATIVE_OK;
}

int sentence_lengths(blz_native *c, const char *text, size_t n, blz_native_list *result) {
  counts k = walk(text, n, NULL);
  int64_t *lengths = c->alloc(c, ((size_t)k.sentences + 1) * sizeof *lengths);
  if (!lengths) {
    c->fail(c, "there is no memory for the sentences");
    return BLZ_NATIVE_ERROR;
  }
  walk(text, n, lengths);
  result->v = lengths, result->n = (size_t)k.sentences;
  return BLZ_NATIVE_OK;
}
