/* Text slices and buffers. */
#include "base/str.h"

#include <stdio.h>
#include <string.h>

bool str_eq(str a, str b) { return a.n == b.n && (!a.n || memcmp(a.p, b.p, a.n) == 0); }

int str_cmp(str a, str b) {
  uint32_t n = a.n < b.n ? a.n : b.n;
  int c = n ? memcmp(a.p, b.p, n) : 0;
  return c ? c : (a.n > b.n) - (a.n < b.n);
}

str str_z(const char *z) { return z ? (str){ z, (uint32_t)strlen(z) } : (str){ "", 0 }; }

str str_dup(arena *a, str s) {
  char *p = arena_alloc(a, (size_t)s.n + 1);
  if (s.n) memcpy(p, s.p, s.n);
  return (str){ p, s.n };
}

str str_vfmt(arena *a, const char *f, va_list ap) {
  va_list again;
  va_copy(again, ap);
  int n = vsnprintf(NULL, 0, f, ap);
  if (n < 0) n = 0;
  char *p = arena_alloc(a, (size_t)n + 1);
  vsnprintf(p, (size_t)n + 1, f, again);
  va_end(again);
  return (str){ p, (uint32_t)n };
}

str str_fmt(arena *a, const char *f, ...) {
  va_list ap;
  va_start(ap, f);
  str s = str_vfmt(a, f, ap);
  va_end(ap);
  return s;
}

uint64_t str_hash(str s) {
  uint64_t h = 0xcbf29ce484222325u;
  for (uint32_t i = 0; i < s.n; i++) h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3u;
  return h ^ h >> 32;
}

/* Three rows of the usual table are enough for adjacent transpositions. Names are short: cap at 64 bytes. */
size_t str_distance(str a, str b, size_t max) {
  enum { CAP = 64 };
  if (a.n > CAP || b.n > CAP) return max + 1;
  size_t r[3][CAP + 1];
  for (size_t j = 0; j <= b.n; j++) r[0][j] = j;
  for (size_t i = 1; i <= a.n; i++) {
    size_t *cur = r[i % 3], *up = r[(i + 2) % 3], *up2 = r[(i + 1) % 3], best = cur[0] = i;
    for (size_t j = 1; j <= b.n; j++) {
      size_t d = up[j - 1] + (a.p[i - 1] != b.p[j - 1]);
      if (up[j] + 1 < d) d = up[j] + 1;
      if (cur[j - 1] + 1 < d) d = cur[j - 1] + 1;
      if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1] && up2[j - 2] + 1 < d) d = up2[j - 2] + 1;
      cur[j] = d;
      if (d < best) best = d;
    }
    if (best > max) return max + 1;
  }
  size_t d = r[a.n % 3][b.n];
  return d > max ? max + 1 : d;
}

static void room(buf *b, size_t n) {
  if (b->cap - b->n > n) return; /* one spare byte for the NUL of buf_done */
  size_t cap = b->cap ? (size_t)b->cap * 2 : 64;
  while (cap - b->n <= n) cap *= 2;
  char *p = arena_alloc(b->a, cap > UINT32_MAX ? SIZE_MAX : cap); /* 4 GB of text is out of memory by definition */
  if (b->n) memcpy(p, b->p, b->n);
  b->p = p, b->cap = (uint32_t)cap;
}

void buf_add(buf *b, const char *p, size_t n) {
  if (!n) return;
  room(b, n);
  memcpy(b->p + b->n, p, n);
  b->n += (uint32_t)n;
}

void buf_str(buf *b, str s) { buf_add(b, s.p, s.n); }
void buf_z(buf *b, const char *z) { buf_add(b, z, strlen(z)); }
void buf_ch(buf *b, char c) { buf_add(b, &c, 1); }

void buf_fmt(buf *b, const char *f, ...) {
  va_list ap, again;
  va_start(ap, f);
  va_copy(again, ap);
  int n = vsnprintf(NULL, 0, f, ap);
  va_end(ap);
  if (n > 0) {
    room(b, (size_t)n);
    vsnprintf(b->p + b->n, (size_t)n + 1, f, again);
    b->n += (uint32_t)n;
  }
  va_end(again);
}

str buf_done(buf *b) {
  room(b, 0);
  b->p[b->n] = 0;
  return (str){ b->p, b->n };
}
