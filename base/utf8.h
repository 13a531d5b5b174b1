/* Decoding and encoding of UTF-8, one code point at a time, for code that has no need of a Unicode library. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H
#include "base/str.h"

/* Decodes the code point at p (p < end) into *cp and gives its length. Anything invalid (stray or cut sequences, overlong forms,
   surrogates, beyond U+10FFFF) gives length 1 and *cp = UINT32_MAX, so that a caller always moves on. */
static inline uint32_t utf8_decode(const char *p, const char *end, uint32_t *cp) {
  const unsigned char *s = (const unsigned char *)p;
  size_t n = (size_t)(end - p);
  uint32_t c = s[0];
  if (c < 0x80) { *cp = c; return 1; }
  *cp = UINT32_MAX;
  if (c < 0xC2 || c > 0xF4 || n < 2 || (s[1] & 0xC0) != 0x80) return 1;
  if (c < 0xE0) { *cp = (c & 0x1F) << 6 | (s[1] & 0x3Fu); return 2; }
  if (n < 3 || (s[2] & 0xC0) != 0x80) return 1;
  if (c < 0xF0) {
    uint32_t v = (c & 0x0F) << 12 | (s[1] & 0x3Fu) << 6 | (s[2] & 0x3Fu);
    if (v < 0x800 || (v >= 0xD800 && v < 0xE000)) return 1;
    *cp = v;
    return 3;
  }
  if (n < 4 || (s[3] & 0xC0) != 0x80) return 1;
  uint32_t v = (c & 0x07) << 18 | (s[1] & 0x3Fu) << 12 | (s[2] & 0x3Fu) << 6 | (s[3] & 0x3Fu);
  if (v < 0x10000 || v > 0x10FFFF) return 1;
  *cp = v;
  return 4;
}

/* Writes cp (a scalar value) and gives the number of bytes, 1 to 4. */
static inline uint32_t utf8_encode(uint32_t cp, char out[4]) {
  if (cp < 0x80) { out[0] = (char)cp; return 1; }
  if (cp < 0x800) {
    out[0] = (char)(0xC0 | cp >> 6), out[1] = (char)(0x80 | (cp & 0x3F));
    return 2;
  }
  if (cp < 0x10000) {
    out[0] = (char)(0xE0 | cp >> 12), out[1] = (char)(0x80 | (cp >> 6 & 0x3F)), out[2] = (char)(0x80 | (cp & 0x3F));
    return 3;
  }
  out[0] = (char)(0xF0 | cp >> 18), out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
  out[2] = (char)(0x80 | (cp >> 6 & 0x3F)), out[3] = (char)(0x80 | (cp & 0x3F));
  return 4;
}

#endif
