/* Text slices and a growing buffer. A str is not NUL-terminated and does not own its bytes. */
#ifndef BASE_STR_H
#define BASE_STR_H
#include "base/mem.h"

typedef struct str { const char *p; uint32_t n; } str;

#define STR(lit) ((str){ (lit), (uint32_t)(sizeof(lit) - 1) })
#define STR_ARG(s) (int)(s).n, (s).p /* for %.*s */

bool str_eq(str a, str b);
int str_cmp(str a, str b);                 /* by bytes, shorter first: <0, 0, >0 */
str str_z(const char *z);                  /* of a NUL-terminated string; NULL is empty */
str str_dup(arena *a, str s);              /* copy, with a NUL after it that n does not count */
str str_fmt(arena *a, const char *f, ...) __attribute__((format(printf, 2, 3)));
str str_vfmt(arena *a, const char *f, va_list ap);
uint64_t str_hash(str s);                  /* FNV-1a 64: for hash tables, never for assignment */
size_t str_distance(str a, str b, size_t max); /* Damerau-Levenshtein on bytes; max + 1 when farther */

/* Growing byte buffer in an arena. */
typedef struct buf { arena *a; char *p; uint32_t n, cap; } buf;
void buf_add(buf *b, const char *p, size_t n);
void buf_str(buf *b, str s);
void buf_z(buf *b, const char *z);
void buf_ch(buf *b, char c);
void buf_fmt(buf *b, const char *f, ...) __attribute__((format(printf, 2, 3)));
str buf_done(buf *b);                      /* what was added, NUL after it */

#endif
