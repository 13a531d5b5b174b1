/* Rule files in memory: registry and line tables. */
#include "base/source.h"

#include <string.h>

void sources_init(sources *s, arena *a) { *s = (sources){ .a = a, .next = 1 }; }

srcfile *sources_add(sources *s, str path, str text) {
  if (text.n > UINT32_MAX - 2 - s->next) return NULL;
  srcfile *f = ARENA_NEW(s->a, srcfile);
  f->path = str_dup(s->a, path);
  f->text = str_dup(s->a, text);
  f->base = s->next;
  s->next += text.n + 1;
  uint32_t n = 1;
  for (const char *p = f->text.p, *e = p + text.n; p < e && (p = memchr(p, '\n', (size_t)(e - p))); p++) n++;
  f->lines = ARENA_ARRAY(s->a, uint32_t, n);
  f->nlines = 1;
  for (const char *p = f->text.p, *e = p + text.n; p < e && (p = memchr(p, '\n', (size_t)(e - p))); p++)
    f->lines[f->nlines++] = (uint32_t)(p + 1 - f->text.p);
  *VEC_PUSH(s->a, &s->files) = f;
  return f;
}

const srcfile *sources_find(const sources *s, uint32_t pos) {
  uint32_t lo = 0, hi = s->files.n;
  while (lo < hi) { /* last file with base <= pos */
    uint32_t mid = (lo + hi) / 2;
    if (s->files.v[mid]->base <= pos) lo = mid + 1;
    else hi = mid;
  }
  if (!lo) return NULL;
  const srcfile *f = s->files.v[lo - 1];
  return pos - f->base <= f->text.n ? f : NULL;
}

void source_line_col(const srcfile *f, uint32_t pos, uint32_t *line, uint32_t *col) {
  uint32_t off = pos - f->base, lo = 0, hi = f->nlines;
  while (lo < hi) {
    uint32_t mid = (lo + hi) / 2;
    if (f->lines[mid] <= off) lo = mid + 1;
    else hi = mid;
  }
  *line = lo;
  *col = off - f->lines[lo - 1] + 1;
}

str source_line(const srcfile *f, uint32_t line) {
  if (!line || line > f->nlines) return (str){ "", 0 };
  uint32_t beg = f->lines[line - 1], end = line < f->nlines ? f->lines[line] - 1 : f->text.n;
  if (end > beg && f->text.p[end - 1] == '\r') end--;
  return (str){ f->text.p + beg, end - beg };
}

str source_slice(const sources *s, span sp) {
  const srcfile *f = sources_find(s, sp.beg);
  if (!f || sp.end < sp.beg || sp.end - f->base > f->text.n) return (str){ "", 0 };
  return (str){ f->text.p + (sp.beg - f->base), sp.end - sp.beg };
}
