/* JSON arrays and NDJSON, one element at a time. A chunk of the file may finish many elements: they wait on the tape until they are
 * asked for, then the tape's tail (an element that is not finished) moves to its front. Memory is a chunk and one element. */
#include "runtime/src_sax.h"

#include <errno.h>
#include <string.h>

/* yajl reads a text that is cut off again from its beginning when the next piece comes. Pieces that grow with it keep that to a few times; they stay
 * well below what a value may have, which is counted by pieces. Of 60 MB in one text: a fifth of the time. */
enum { FEED_MAX = 1 << 20 };

struct json_reader {
  const src_file *f;
  const mem *m;
  window w;
  tape tp;
  sax sx;
  bool sax_ok, begun, ended, lines;
  uint32_t next;          /* first token of the next finished element */
  uint32_t waiting;       /* finished elements from there */
  uint32_t line;          /* NDJSON: of the next line */
  int64_t position;
};

json_reader *json_open(const src_file *f, const mem *m) {
  json_reader *j = mem_try(m, sizeof *j);
  if (!j) return NULL;
  memset(j, 0, sizeof *j);
  j->f = f, j->m = m, j->w.f = f, j->w.m = m, j->tp.m = m, j->line = 1, j->lines = f->format == FMT_NDJSON;
  j->sax_ok = sax_open(&j->sx, m, &j->tp, j->lines);
  j->sx.each = !j->lines, j->sx.segs = f->segs, j->sx.nsegs = f->nsegs;
  if (j->sax_ok) return j;
  json_close(j);
  return NULL;
}

void json_close(json_reader *j) {
  const mem *m = j->m;
  if (j->sax_ok) sax_close(&j->sx);
  window_free(&j->w);
  tape_free(&j->tp);
  mem_free(m, j, sizeof *j);
}

static int read_failed(json_reader *j, int why, arena *a, reader_error *e) {
  e->line = j->lines ? j->line : j->sx.line, e->col = 1;
  if (why == -2) return SRC_OOM;
  e->code = why == -3 ? DIAG_DATA_TOO_LARGE : DIAG_DATA_UNREADABLE;
  e->message = why == -3 ? str_fmt(a, "the line that begins here is larger than %d MB", SRC_MAX_ROW >> 20)
                         : str_fmt(a, "cannot be read: %s", strerror(errno));
  return SRC_FAILED;
}

/* Why the pointer leads to no array, and where it might have meant to go. */
static str lost(json_reader *j, arena *a) {
  sax *s = &j->sx;
  str names[SAX_NAMES];
  for (uint32_t i = 0; i < s->nnames; i++) names[i] = (str){ s->names[i].p, s->names[i].n };
  buf b = { .a = a };
  if (s->what && !s->nsegs) buf_fmt(&b, "the file holds %s, not an array", s->what);
  else if (s->what && s->at_target) buf_fmt(&b, "`%.*s` is %s, not an array", STR_ARG(j->f->pointer), s->what);
  else if (s->what) buf_fmt(&b, "`%.*s` leads into %s", STR_ARG(j->f->pointer), s->what);
  else buf_fmt(&b, "`%.*s` is not in the file", STR_ARG(j->f->pointer));
  if (!s->nnames || (s->what && s->nsegs)) return buf_done(&b);
  for (uint32_t i = 0; i < s->nsegs; i++) {
    const str *near = suggest(s->segs[i], names, s->nnames);
    if (near) {
      buf_fmt(&b, "; did you mean `%.*s`?", STR_ARG(*near));
      return buf_done(&b);
    }
  }
  buf_z(&b, s->nsegs ? "; there is " : "; say which member with FILE#/NAME: there is ");
  for (uint32_t i = 0; i < s->nnames && i < 6; i++) buf_fmt(&b, "%s`%.*s`", i ? ", " : "", STR_ARG(names[i]));
  return buf_done(&b);
}

static void skip_mark(json_reader *j) {
  if (j->w.n >= 3 && !memcmp(j->w.p, "\xEF\xBB\xBF", 3)) j->w.at = 3;
  j->begun = true;
}

static int take(json_reader *j, src_row *row, arena *a, reader_error *e) {
  const tok *t = &j->tp.t[j->next];
  uint32_t at = j->next;
  j->next += t->skip, j->waiting--, j->position++;
  *row = (src_row){ .t = &j->tp, .at = at, .line = t->line, .col = t->col, .position = j->position };
  if (t->kind == TK_OBJECT) return SRC_OK;
  e->code = DIAG_DATA_NOT_OBJECT, e->line = t->line, e->col = t->col;
  static const char *const names[] = { "null", "a bool", "a bool", "a number", "text", "text", "an array", "an object", "text" };
  e->message = str_fmt(a, "a record is an object, this is %s", names[t->kind]);
  return SRC_BROKEN;
}

static void settle(json_reader *j) { /* drops what was handed out */
  if (!j->next) return;
  tape_drop(&j->tp, j->next, j->next < j->tp.nt ? j->tp.t[j->next].off : j->tp.nb);
  j->sx.start -= j->next;
  j->next = 0;
}

static int next_element(json_reader *j, src_row *row, arena *a, reader_error *e) {
  while (!j->waiting) {
    if (j->ended) return SRC_DONE;
    settle(j);
    int more;
    size_t want = j->sx.pending < FEED_MAX ? j->sx.pending : FEED_MAX;
    do more = window_more(&j->w);
    while (more > 0 && (j->begun ? j->w.n - j->w.at < want : j->w.n < 3));
    if (more < 0) return read_failed(j, more, a, e);
    if (!j->begun) skip_mark(j);
    size_t n = j->w.n - j->w.at;
    if (n || more == 0) {
      bool ok = true;
      if (n) ok = sax_feed(&j->sx, j->w.p + j->w.at, n, a, &e->message, &e->line, &e->col);
      j->w.at = j->w.n;
      if (ok && more == 0) ok = sax_feed(&j->sx, "", 0, a, &e->message, &e->line, &e->col), j->ended = true;
      if (!ok) {
        if (j->sx.oom) return SRC_OOM;
        e->code = j->tp.large ? DIAG_DATA_TOO_LARGE : DIAG_DATA_JSON;
        if (!j->sx.found && j->sx.depth == 0 && more == 0 && j->w.off <= 3) e->message = STR("the file is empty");
        return SRC_FAILED;
      }
    }
    j->waiting = j->sx.complete, j->sx.complete = 0;
    if (j->ended && !j->sx.found) {
      e->code = DIAG_DATA_POINTER, e->line = 1, e->col = 1;
      e->message = lost(j, a);
      return SRC_FAILED;
    }
  }
  return take(j, row, a, e);
}

/* ---- NDJSON: every line is parsed by itself, so that a broken one costs only its own row ---- */

static int broken_line(json_reader *j, size_t end, reader_error *e, src_row *row) {
  sax_close(&j->sx);
  tape_free(&j->tp);
  j->sax_ok = sax_open(&j->sx, j->m, &j->tp, true);
  j->w.at = end;
  *row = (src_row){ .line = j->line, .col = 1, .position = ++j->position };
  j->line++;
  if (!j->sax_ok) return SRC_OOM;
  e->code = DIAG_DATA_JSON;
  return SRC_BROKEN;
}

static int next_line(json_reader *j, src_row *row, arena *a, reader_error *e) {
  window *w = &j->w;
  for (;;) {
    j->tp.nt = j->tp.nb = 0;
    j->sx.start = 0;
    size_t seen = w->at;
    const char *nl;
    while (!(nl = w->n > seen ? memchr(w->p + seen, '\n', w->n - seen) : NULL) && !w->eof) {
      size_t unread = w->n - w->at;
      int more = window_more(w);
      if (more < 0) return read_failed(j, more, a, e);
      seen = w->at + unread;
    }
    if (!j->begun) skip_mark(j);
    if (!nl && w->at == w->n) return SRC_DONE;
    size_t end = nl ? (size_t)(nl - w->p) + 1 : w->n, n = (nl ? end - 1 : end) - w->at;
    const char *p = w->p + w->at;
    size_t i = 0;
    while (i < n && (p[i] == ' ' || p[i] == '\t' || p[i] == '\r')) i++;
    if (i == n) { w->at = end, j->line++; continue; } /* a blank line is no row */
    j->sx.line = j->line, j->sx.col = 1;
    e->line = j->line, e->col = 1;
    bool ok = sax_feed(&j->sx, p, n, a, &e->message, &e->line, &e->col), closed = ok;
    if (ok) closed = sax_feed(&j->sx, "\n", 1, a, &e->message, &e->line, &e->col); /* ends a number; inside a text it is refused */
    if (!closed && j->sx.oom) return SRC_OOM;
    if (!ok) return broken_line(j, end, e, row);
    if (!closed || j->sx.depth || !j->sx.complete) {
      e->line = j->line, e->col = (uint32_t)n + 1;
      e->message = STR("the line ends before its value does (in NDJSON a value stands on one line)");
      return broken_line(j, end, e, row);
    }
    if (j->sx.complete > 1) {
      e->col = j->tp.t[j->tp.t[0].skip].col;
      e->message = STR("a second value begins on the line");
      return broken_line(j, end, e, row);
    }
    j->sx.complete = 0;
    w->at = end, j->line++;
    j->next = 0, j->waiting = 1;
    return take(j, row, a, e);
  }
}

int json_next(json_reader *j, src_row *row, arena *a, reader_error *e) {
  return j->lines ? next_line(j, row, a, e) : next_element(j, row, a, e);
}
