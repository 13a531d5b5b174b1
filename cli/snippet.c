/* A source line with carets under a span: correct under tabs, wide and combining characters, and short even where the line is not. */
#include "cli/cli.h"

#include "stdlib/builtin.h"
#include "stdlib/unicode.h"

#include <stdio.h>

enum { TAB = 4, BEFORE = 60, AFTER = 100 }; /* bytes of a long line shown around the place */

static lib_ctx *width_ctx(cli *c, lib_ctx *x) {
  if (!c->ls) c->ls = lib_open(&mem_libc);
  *x = (lib_ctx){ .a = &c->a, .keep = &c->a, .m = &mem_libc, .state = c->ls };
  return c->ls ? x : NULL;
}

int64_t text_width(cli *c, str s) {
  bool ascii = true;
  for (uint32_t i = 0; i < s.n && ascii; i++) ascii = (unsigned char)s.p[i] < 0x80;
  if (ascii) return s.n;
  lib_ctx x;
  if (!width_ctx(c, &x)) return s.n;
  arena_mark mark = arena_save(&c->a);
  int64_t w = uni_width(&x, s);
  arena_restore(&c->a, mark);
  return w;
}

/* The window of a line that is shown: whole when short, else around [from, to), cut between characters. */
static void window(str line, uint32_t from, uint32_t *beg, uint32_t *end) {
  *beg = 0, *end = line.n;
  if (line.n <= BEFORE + AFTER) return;
  if (from > BEFORE) *beg = from - BEFORE;
  if (*end - *beg > BEFORE + AFTER) *end = *beg + BEFORE + AFTER;
  while (*beg < from && ((unsigned char)line.p[*beg] & 0xC0) == 0x80) (*beg)++;
  while (*end < line.n && ((unsigned char)line.p[*end] & 0xC0) == 0x80) (*end)++;
}

/* Prints bytes [beg, end) with tabs made spaces; column: where the text begins. Gives the column after it. */
static int64_t put(cli *c, out *o, str line, uint32_t beg, uint32_t end, int64_t column, bool print) {
  uint32_t at = beg;
  while (at < end) {
    uint32_t stop = at;
    while (stop < end && line.p[stop] != '\t') stop++;
    str part = { line.p + at, stop - at };
    if (print) out_safe(o, part);
    column += text_width(c, part);
    if (stop < end) {
      int64_t n = TAB - column % TAB;
      for (int64_t i = 0; print && i < n; i++) out_ch(o, ' ');
      column += n, stop++;
    }
    at = stop;
  }
  return column;
}

static void gutter(out *o, int width, const char *number) {
  out_style(o, S_BLUE);
  out_fmt(o, "%*s |", width, number);
  out_style(o, S_PLAIN);
}

void snippet(cli *c, out *o, const srcfile *f, span sp, enum style mark, const char *label) {
  uint32_t ln, col;
  char number[16];
  source_line_col(f, sp.beg, &ln, &col);
  str line = source_line(f, ln);
  uint32_t from = col - 1 < line.n ? col - 1 : line.n, to = from + (sp.end > sp.beg ? sp.end - sp.beg : 0), beg, end;
  if (to > line.n) to = line.n;
  window(line, from, &beg, &end);
  if (to > end) to = end;
  int width = snprintf(number, sizeof number, "%u", ln);
  out_style(o, S_BLUE);
  out_fmt(o, "%*s--> ", width, "");
  out_style(o, S_PLAIN);
  out_safe(o, f->path);
  out_fmt(o, ":%u:%u\n", ln, col);
  gutter(o, width, "");
  out_ch(o, '\n');
  gutter(o, width, number);
  out_ch(o, ' ');
  int64_t column = 0;
  if (beg) out_z(o, "…"), column = 1;
  int64_t left = put(c, o, line, beg, from, column, true), right = put(c, o, line, from, to, left, true);
  put(c, o, line, to, end, right, true);
  out_z(o, end < line.n ? "…\n" : "\n");
  gutter(o, width, "");
  out_ch(o, ' ');
  for (int64_t i = 0; i < left; i++) out_ch(o, ' ');
  out_style(o, mark);
  for (int64_t i = left; i < (right > left ? right : left + 1); i++) out_ch(o, '^');
  if (label) out_fmt(o, " %s", label);
  out_style(o, S_PLAIN);
  out_ch(o, '\n');
}
