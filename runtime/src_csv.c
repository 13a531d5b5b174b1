/* CSV and TSV as RFC 4180 has them: quotes double inside quotes, rows end in LF, CRLF or CR, a quoted cell may hold line breaks. What real
 * files add is told or taken: a byte order mark, blank lines, rows that are too short or too long, text after a closing quote. */
#include "runtime/src_priv.h"

#include <errno.h>
#include <string.h>

struct csv_reader {
  window w;
  tape tp;
  char delim;
  bool begun;
  uint32_t line, col;
  int64_t position;       /* data rows so far; the header is none */
  uint32_t want;          /* cells of the header, 0 while it is read */
};

csv_reader *csv_open(const src_file *f, const mem *m) {
  csv_reader *c = mem_try(m, sizeof *c);
  if (!c) return NULL;
  *c = (csv_reader){ .w = { .f = f, .m = m }, .tp = { .m = m }, .delim = f->format == FMT_TSV ? '\t' : ',', .line = 1, .col = 1 };
  return c;
}

void csv_close(csv_reader *c) {
  const mem *m = c->w.m;
  window_free(&c->w);
  tape_free(&c->tp);
  mem_free(m, c, sizeof *c);
}

enum cut { CUT_ROW, CUT_MORE, CUT_OOM, CUT_LARGE };

typedef struct scan { size_t i; uint32_t line, col, cells; bool after_quote; uint32_t aline, acol; bool open; uint32_t oline, ocol; } scan;

/* A quoted cell from its opening quote; false: its end is not in the window. The undoubled text goes to the tape. */
static enum cut quoted(csv_reader *c, scan *s) {
  window *w = &c->w;
  uint32_t line = s->line, col = s->col;
  size_t i = s->i + 1;
  s->open = true, s->oline = line, s->ocol = col;
  if (!tape_token(&c->tp, TK_CELL, NULL, 0, line, col)) return c->tp.oom ? CUT_OOM : CUT_LARGE;
  tok *t = &c->tp.t[c->tp.nt - 1];
  s->col++;
  for (;;) {
    const char *q = memchr(w->p + i, '"', w->n - i);
    size_t end = q ? (size_t)(q - w->p) : w->n;
    if (!q) return CUT_MORE;
    if (end + 1 == w->n && !w->eof) return CUT_MORE; /* the next byte may double it */
    bool doubled = end + 1 < w->n && w->p[end + 1] == '"';
    size_t upto = doubled ? end + 1 : end; /* one of the two quotes is text */
    for (const char *p = w->p + i, *e = w->p + upto; p < e; p++) {
      bool cr = *p == '\r' && !(p + 1 < w->p + w->n && p[1] == '\n');
      if (*p == '\n' || cr) s->line++, s->col = 1;
      else s->col++;
    }
    uint32_t at = (uint32_t)(t - c->tp.t);
    if (upto > i) {
      if (!tape_token(&c->tp, TK_CELL, w->p + i, upto - i, line, col)) return c->tp.oom ? CUT_OOM : CUT_LARGE;
      c->tp.nt--; /* only its bytes are wanted: they follow the cell's own */
      t = &c->tp.t[at];
      t->n += (uint32_t)(upto - i);
    }
    s->col++;
    i = doubled ? end + 2 : end + 1;
    if (doubled) continue;
    s->i = i, s->open = false;
    return CUT_ROW;
  }
}

/* One row from the window's unread part onto the tape. CUT_MORE: it is not all there. */
static enum cut cut_row(csv_reader *c, scan *s) {
  window *w = &c->w;
  c->tp.nt = c->tp.nb = 0;
  *s = (scan){ .i = w->at, .line = c->line, .col = c->col };
  for (;;) {
    if (s->i < w->n && w->p[s->i] == '"') {
      enum cut k = quoted(c, s);
      if (k != CUT_ROW) return k;
      if (s->i < w->n && w->p[s->i] != c->delim && w->p[s->i] != '\n' && w->p[s->i] != '\r') {
        if (!s->after_quote) s->after_quote = true, s->aline = s->line, s->acol = s->col;
        while (s->i < w->n && w->p[s->i] != c->delim && w->p[s->i] != '\n' && w->p[s->i] != '\r') s->i++, s->col++;
      }
    } else {
      size_t b = s->i;
      while (s->i < w->n && w->p[s->i] != c->delim && w->p[s->i] != '\n' && w->p[s->i] != '\r') s->i++;
      if (s->i == w->n && !w->eof) return CUT_MORE;
      if (!tape_token(&c->tp, TK_CELL, w->p + b, s->i - b, s->line, s->col)) return c->tp.oom ? CUT_OOM : CUT_LARGE;
      s->col += (uint32_t)(s->i - b);
    }
    s->cells++;
    if (s->i == w->n) return w->eof ? CUT_ROW : CUT_MORE;
    char end = w->p[s->i];
    if (end == c->delim) { s->i++, s->col++; continue; }
    if (end == '\r') {
      if (s->i + 1 == w->n && !w->eof) return CUT_MORE;
      if (s->i + 1 < w->n && w->p[s->i + 1] == '\n') s->i++;
    }
    s->i++, s->line++, s->col = 1;
    return CUT_ROW;
  }
}

static int failed(csv_reader *c, int why, arena *a, reader_error *e) {
  e->line = c->line, e->col = 1;
  if (why == -2) return SRC_OOM;
  if (why == -3) {
    e->code = DIAG_DATA_TOO_LARGE;
    e->message = str_fmt(a, "the row that begins here is larger than %d MB (is a quote never closed?)", SRC_MAX_ROW >> 20);
  } else {
    e->code = DIAG_DATA_UNREADABLE;
    e->message = str_fmt(a, "cannot be read: %s", strerror(errno));
  }
  return SRC_FAILED;
}

int csv_next(csv_reader *c, src_row *row, arena *a, reader_error *e) {
  window *w = &c->w;
  for (;;) {
    if (!c->begun) {
      while (w->n < 3 && !w->eof) {
        int more = window_more(w);
        if (more < 0) return failed(c, more, a, e);
      }
      if (w->n >= 3 && !memcmp(w->p, "\xEF\xBB\xBF", 3)) w->at = 3;
      c->begun = true;
    }
    scan s;
    enum cut k;
    if (w->at == w->n && !w->eof) {
      int more = window_more(w);
      if (more < 0) return failed(c, more, a, e);
    }
    if (w->at == w->n && w->eof) return SRC_DONE;
    while ((k = cut_row(c, &s)) == CUT_MORE) {
      if (s.open && w->eof) {
        e->code = DIAG_DATA_CSV, e->line = s.oline, e->col = s.ocol;
        e->message = STR("the quote that opens here is never closed");
        return SRC_FAILED;
      }
      size_t before = w->n - w->at;
      int more = 1; /* double what is there before trying again, so that a long row costs linear time */
      while (more > 0 && w->n - w->at < before * 2) more = window_more(w);
      if (more < 0) return failed(c, more, a, e);
    }
    if (k == CUT_OOM) return SRC_OOM;
    if (k == CUT_LARGE) return failed(c, -3, a, e);
    uint32_t line = c->line;
    bool blank = s.cells == 1 && c->tp.t[0].n == 0 && w->p[w->at] != '"';
    w->at = s.i, c->line = s.line, c->col = s.col;
    if (blank) continue;
    *row = (src_row){ .t = &c->tp, .ncells = s.cells, .line = line, .col = 1 };
    if (!c->want) { c->want = s.cells; return SRC_OK; }
    row->position = ++c->position;
    row->untrusted = s.after_quote || s.cells > c->want;
    if (s.after_quote)
      row->broken = str_fmt(a, "the row is not well-formed: text follows a closing quote at line %u, column %u (a quote inside a cell is doubled)",
                            s.aline, s.acol);
    else if (s.cells > c->want)
      row->broken = str_fmt(a, "the row has %u cells, the header has %u (does a cell hold a separator without quotes?)", s.cells, c->want);
    else if (s.cells < c->want)
      row->broken = str_fmt(a, "the row has %u %s, the header has %u", s.cells, s.cells == 1 ? "cell" : "cells", c->want);
    return SRC_OK;
  }
}
