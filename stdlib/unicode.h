/* Unicode for the rest of the library: boundaries, case, normalization, width. Over ICU, with paths of its own for simple texts.
 * Texts should be valid UTF-8; in invalid ones every stray byte counts as U+FFFD. */
#ifndef STDLIB_UNICODE_H
#define STDLIB_UNICODE_H
#include "stdlib/lib.h"

enum uni_break { UNI_CHARACTER, UNI_WORD, UNI_SENTENCE };
enum uni_case { UNI_LOWER, UNI_UPPER, UNI_FOLD, UNI_TITLE };
enum uni_form { UNI_NFC, UNI_NFD, UNI_NFKC, UNI_NFKD };

/* Byte offsets of all boundaries, 0 and s.n included (an empty text has one); in the arena. kinds, for words: one flag per segment, whether it
   is a word (has a letter, digit, kana or ideograph); may be NULL. NULL when ICU fails: c->error is set. */
const uint32_t *uni_bounds(lib_ctx *c, enum uni_break b, str s, uint32_t *n, const uint8_t **kinds);
/* Number of user-perceived characters; -1 when ICU fails. */
int64_t uni_length(lib_ctx *c, str s);
/* Byte offset after the first n characters (s.n when there are fewer). */
int64_t uni_offset(lib_ctx *c, str s, int64_t n);
/* The text itself when nothing changes, else a new one in the arena. false when ICU fails. */
bool uni_case(lib_ctx *c, enum uni_case k, str s, str *out);
bool uni_normalize(lib_ctx *c, enum uni_form f, str s, str *out);
bool uni_is_normalized(lib_ctx *c, str s);
/* To ASCII as well as can be: any script to Latin, accents and ligatures resolved. */
bool uni_to_ascii(lib_ctx *c, str s, str *out);
int64_t uni_width(lib_ctx *c, str s);
bool uni_is_space(uint32_t cp);
str uni_trim(str s, bool start, bool end);

#endif
