/* Decoding texts: escapes, shared indentation, line ends, UTF-8. See lexer.h. */
#include "lexer/lexer.h"

#include <string.h>

static uint32_t utf8_put(char *p, uint32_t c) {
  if (c < 0x80) return p[0] = (char)c, 1;
  if (c < 0x800) return p[0] = (char)(0xC0 | c >> 6), p[1] = (char)(0x80 | (c & 63)), 2;
  if (c < 0x10000) return p[0] = (char)(0xE0 | c >> 12), p[1] = (char)(0x80 | (c >> 6 & 63)), p[2] = (char)(0x80 | (c & 63)), 3;
  p[0] = (char)(0xF0 | c >> 18), p[1] = (char)(0x80 | (c >> 12 & 63)), p[2] = (char)(0x80 | (c >> 6 & 63)), p[3] = (char)(0x80 | (c & 63));
  return 4;
}

/* \u{...}: i is behind the opening brace; gives the place behind the closing one, or i when it is malformed. */
static uint32_t unicode_escape(str s, uint32_t i, char *out, uint32_t *n) {
  uint32_t c = 0, k = i;
  for (; k < s.n && k < i + 6; k++) {
    char h = s.p[k];
    if (h >= '0' && h <= '9') c = c << 4 | (uint32_t)(h - '0');
    else if ((h | 32) >= 'a' && (h | 32) <= 'f') c = c << 4 | (uint32_t)((h | 32) - 'a' + 10);
    else break;
  }
  if (k == i || k >= s.n || s.p[k] != '}') return i;
  if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) c = 0xFFFD; /* reported where the escape was scanned */
  *n += utf8_put(out + *n, c);
  return k + 1;
}

/* The shortest escape of a character of k bytes is longer than k, so the result fits in as many bytes as s has. */
str lex_unescape(arena *a, str s) {
  if (!s.n || !memchr(s.p, '\\', s.n)) return s;
  char *out = arena_alloc(a, (size_t)s.n + 1);
  uint32_t n = 0;
  for (uint32_t i = 0; i < s.n;) {
    char c = s.p[i++];
    if (c != '\\' || i == s.n) {
      if (c != '\\') out[n++] = c;
      continue;
    }
    c = s.p[i++];
    if (c == 'n') out[n++] = '\n';
    else if (c == 't') out[n++] = '\t';
    else if (c == '"' || c == '\\' || c == '{' || c == '}') out[n++] = c;
    else if (c == 'u' && i < s.n && s.p[i] == '{') i = unicode_escape(s, i + 1, out, &n);
  }
  return (str){ out, n };
}

str lex_newlines(arena *a, str s) {
  if (!s.n || !memchr(s.p, '\r', s.n)) return s;
  char *out = arena_alloc(a, s.n);
  uint32_t n = 0;
  for (uint32_t i = 0; i < s.n; i++)
    if (s.p[i] != '\r' || i + 1 == s.n || s.p[i + 1] != '\n') out[n++] = s.p[i];
  return (str){ out, n };
}

static bool blank(char c) { return c == ' ' || c == '\t'; }

/* Narrows *indent to what it shares with the white space at p. */
static void share(str *indent, bool *any, const char *p, uint32_t n) {
  if (!*any) *indent = (str){ p, n }, *any = true;
  uint32_t k = 0;
  while (k < indent->n && k < n && indent->p[k] == p[k]) k++;
  indent->n = k;
}

str lex_common_indent(const str *chunks, uint32_t n) {
  str indent = { "", 0 };
  bool any = false;
  for (uint32_t c = 0; c < n; c++) {
    const char *p = chunks[c].p, *end = p + chunks[c].n;
    while (p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
      const char *q = ++p;
      while (q < end && blank(*q)) q++;
      bool blank_line = q < end && (*q == '\n' || (*q == '\r' && q + 1 < end && q[1] == '\n'));
      if (!blank_line) share(&indent, &any, p, (uint32_t)(q - p));
      p = q;
    }
  }
  return indent;
}

static str remove_indent(arena *a, str s, uint32_t width) {
  if (!width || !memchr(s.p, '\n', s.n)) return s;
  char *out = arena_alloc(a, s.n);
  uint32_t n = 0;
  for (uint32_t i = 0; i < s.n;) {
    char c = out[n++] = s.p[i++];
    if (c != '\n') continue;
    for (uint32_t k = 0; k < width && i < s.n && blank(s.p[i]); k++) i++;
  }
  return (str){ out, n };
}

void lex_text_finish(arena *a, str *chunks, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) chunks[i] = lex_newlines(a, chunks[i]);
  str indent = lex_common_indent(chunks, n);
  for (uint32_t i = 0; i < n; i++)
    if (chunks[i].n) chunks[i] = remove_indent(a, chunks[i], indent.n);
  str *head = &chunks[0], *tail = &chunks[n - 1];
  uint32_t k = 0;
  while (k < head->n && blank(head->p[k])) k++;
  if (k < head->n && head->p[k] == '\n') head->p += k + 1, head->n -= k + 1;
  uint32_t end = tail->n;
  while (end && blank(tail->p[end - 1])) end--;
  if (end && tail->p[end - 1] == '\n') tail->n = end - 1;
  for (uint32_t i = 0; i < n; i++) chunks[i] = lex_unescape(a, chunks[i]);
}

uint32_t lex_utf8_check(str s, uint32_t from) {
  const unsigned char *p = (const unsigned char *)s.p;
  uint32_t i = from;
  while (i < s.n) {
    if (i + 8 <= s.n) { /* rule files are ASCII for the most part */
      uint64_t w;
      memcpy(&w, p + i, 8);
      if (!(w & 0x8080808080808080u)) { i += 8; continue; }
    }
    unsigned char c = p[i];
    uint32_t left = s.n - i, k;
    if (c < 0x80) { i++; continue; }
    if (c >= 0xC2 && c <= 0xDF) k = 1;
    else if (c >= 0xE0 && c <= 0xEF) k = 2;
    else if (c >= 0xF0 && c <= 0xF4) k = 3;
    else return i;
    if (left <= k || (p[i + 1] & 0xC0) != 0x80) return i;
    if ((c == 0xE0 && p[i + 1] < 0xA0) || (c == 0xED && p[i + 1] > 0x9F) || (c == 0xF0 && p[i + 1] < 0x90) || (c == 0xF4 && p[i + 1] > 0x8F)) return i;
    for (uint32_t j = 2; j <= k; j++)
      if ((p[i + j] & 0xC0) != 0x80) return i;
    i += k + 1;
  }
  return i > s.n ? s.n : i;
}
