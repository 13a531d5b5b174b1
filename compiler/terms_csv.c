/* Terms in a file: `term,replacement` a line, quoted as RFC 4180 says. The first line may name the columns. Spaces around a cell that is not
 * quoted do not count; an empty cell is no replacement, `""` is the empty one. */
#include "compiler/check.h"

#include <string.h>

#include "base/utf8.h"

enum { COLUMNS = 16, REPORTED = 20 };

typedef struct cell { str s; bool quoted; span sp; } cell;
typedef struct reader {
  checker *c;
  const srcfile *f;
  const char *p, *end;
  cell cells[COLUMNS];
  uint32_t n, wrong;
  uint32_t by;             /* the column of the replacement */
} reader;

static span span_of(const reader *r, const char *beg, const char *end) {
  return (span){ r->f->base + (uint32_t)(beg - r->f->text.p), r->f->base + (uint32_t)(end - r->f->text.p) };
}

static void wrong(reader *r, const char *beg, const char *end, const char *what, const char *help) {
  if (r->wrong++ >= REPORTED) return;
  diag *g = diag_add(r->c->d, DIAG_TERMS_CSV, span_of(r, beg, end), "%s", what);
  if (help) diag_note_add(r->c->d, g, (span){ 0, 0 }, "%s", help);
}

static bool at_line_end(const reader *r) { return r->p == r->end || *r->p == '\n' || (*r->p == '\r' && (r->p + 1 == r->end || r->p[1] == '\n')); }
static bool is_blank(char ch) { return ch == ' ' || ch == '\t'; }

static void skip_line(reader *r) {
  const char *nl = memchr(r->p, '\n', (size_t)(r->end - r->p));
  r->p = nl ? nl : r->end;
}

/* The inside of a quoted cell; r->p stands behind the opening quote, then behind the closing one. */
static bool quoted_cell(reader *r, cell *x) {
  const char *open = r->p - 1, *beg = r->p, *q = beg;
  bool doubled = false;
  for (;; q += 2, doubled = true) {
    q = memchr(q, '"', (size_t)(r->end - q));
    if (!q) {
      const char *nl = memchr(open, '\n', (size_t)(r->end - open));
      wrong(r, open, nl ? nl : r->end, "this quote is never closed", "a quote inside a quoted cell is written twice: `\"5\"\" screen\"`");
      r->p = r->end;
      return false;
    }
    if (q + 1 == r->end || q[1] != '"') break;
  }
  x->s = (str){ beg, (uint32_t)(q - beg) };
  x->sp = span_of(r, open, q + 1);
  if (doubled) {
    char *out = arena_alloc(r->c->a, x->s.n);
    uint32_t n = 0;
    for (const char *s = beg; s < q; s++) {
      out[n++] = *s;
      if (*s == '"') s++;
    }
    x->s = (str){ out, n };
  }
  r->p = q + 1;
  while (r->p < r->end && is_blank(*r->p)) r->p++;
  if (at_line_end(r) || *r->p == ',') return true;
  wrong(r, open, r->p, "text follows the closing quote of a cell", "quote the whole cell, and write a quote inside it twice");
  skip_line(r);
  return false;
}

static void plain_cell(reader *r, cell *x) {
  const char *beg = r->p;
  while (!at_line_end(r) && *r->p != ',') r->p++;
  const char *end = r->p;
  while (end > beg && is_blank(end[-1])) end--;
  x->s = (str){ beg, (uint32_t)(end - beg) };
  x->sp = span_of(r, beg, end > beg ? end : beg);
}

/* The cells of one line; false when it is malformed, which has been reported. */
static bool line(reader *r) {
  for (r->n = 0;;) {
    while (r->p < r->end && is_blank(*r->p)) r->p++;
    if (r->n == COLUMNS) {
      wrong(r, r->p, r->p, "this line has too many columns", NULL);
      skip_line(r);
      return false;
    }
    cell *x = &r->cells[r->n++];
    *x = (cell){ .quoted = r->p < r->end && *r->p == '"' };
    if (x->quoted) {
      r->p++;
      if (!quoted_cell(r, x)) return false;
    } else plain_cell(r, x);
    if (r->p == r->end || *r->p != ',') return true;
    r->p++;
  }
}

static void line_end(reader *r) {
  if (r->p < r->end && *r->p == '\r') r->p++;
  if (r->p < r->end && *r->p == '\n') r->p++;
}

static bool named(const cell *x, const char *name) {
  if (x->quoted || x->s.n != strlen(name)) return false;
  for (uint32_t i = 0; i < x->s.n; i++)
    if ((x->s.p[i] | 32) != name[i]) return false;
  return true;
}

/* `term`, alone or with `replacement` somewhere behind it; other columns are for people. */
static bool header(reader *r) {
  if (!named(&r->cells[0], "term")) return false;
  for (uint32_t i = 1; i < r->n; i++)
    if (named(&r->cells[i], "replacement")) { r->by = i; return true; }
  return r->n == 1;
}

/* A first line such as `term;replacement`: every line would be one long term that is found nowhere. */
static bool other_separator(reader *r) {
  const cell *x = &r->cells[0];
  if (r->n > 1 || x->s.n < 5 || (x->s.p[4] != ';' && x->s.p[4] != '\t') || !named(&(cell){ .s = { x->s.p, 4 }, .quoted = x->quoted }, "term")) return false;
  wrong(r, x->s.p, x->s.p + x->s.n, x->s.p[4] == ';' ? "the columns of this file are separated by `;`" : "the columns of this file are separated by tabs",
        "save it with commas: `term,replacement`");
  return true;
}

static bool is_utf8(reader *r) {
  for (const char *p = r->f->text.p, *end = p + r->f->text.n; p < end;) {
    if (!*p) {
      wrong(r, p, p + 1, "this is not a text file: a byte is zero", "save the file as UTF-8");
      return false;
    }
    if ((unsigned char)*p < 0x80) { p++; continue; }
    uint32_t cp, n = utf8_decode(p, end, &cp);
    if (cp == UINT32_MAX) {
      wrong(r, p, p + 1, "this is not UTF-8", "save the file as UTF-8");
      return false;
    }
    p += n;
  }
  return true;
}

bool terms_csv(checker *c, const srcfile *f, term_rows *out) {
  reader r = { .c = c, .f = f, .p = f->text.p, .end = f->text.p + f->text.n, .by = 1 };
  if (!is_utf8(&r)) return false;
  if (f->text.n >= 3 && memcmp(r.p, "\xEF\xBB\xBF", 3) == 0) r.p += 3;
  bool any = false, titled = false;
  for (; r.p < r.end; line_end(&r)) {
    if (!line(&r)) continue;
    const cell *x = &r.cells[0];
    if (r.n == 1 && !x->quoted && !x->s.n) continue; /* an empty line */
    if (!any) {
      any = true;
      if ((titled = header(&r))) continue;
      if (other_separator(&r)) return false;
    }
    if (!titled && r.n > 2) {
      wrong(&r, f->text.p + (x->sp.beg - f->base), r.p, "this line has more than two columns, and a line is `term,replacement`",
            "put a text with a comma in it into quotes; further columns need a first line that names them: `term,replacement,reason`");
      continue;
    }
    term_row row = { .e = { .text = x->s }, .sp = x->sp };
    if (r.by < r.n && (r.cells[r.by].quoted || r.cells[r.by].s.n)) row.e.has_replacement = true, row.e.replacement = r.cells[r.by].s;
    *VEC_PUSH(c->a, out) = row;
  }
  if (r.wrong > REPORTED) diag_add(c->d, DIAG_TERMS_CSV, (span){ f->base, f->base }, "%u more lines of this file are malformed", r.wrong - REPORTED);
  return !r.wrong;
}
