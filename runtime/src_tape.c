/* JSON to tokens. yajl finds the tokens and checks the text; this file notes where each one stands and lays those that are wanted
 * on a tape: a flat array that can be moved, stored in the spill database and read again without parsing.
 *
 * yajl calls back, so nothing here may jump: memory comes from mem_grow, a failure is a flag and a callback that stops the parse. */
#include "runtime/src_sax.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

/* ---- the tape ---- */

static bool room(tape *t, size_t bytes) {
  if (bytes > SRC_MAX_ROW || t->nb > SRC_MAX_ROW - bytes) { t->large = true; return false; }
  if (t->nt == t->ct) {
    uint32_t c = t->ct ? t->ct * 2 : 64;
    if ((size_t)c * sizeof(tok) > (size_t)SRC_MAX_ROW * 4) { t->large = true; return false; }
    void *p = mem_grow(t->m, t->t, t->ct * sizeof(tok), c * sizeof(tok));
    if (!p) { t->oom = true; return false; }
    t->t = p, t->ct = c;
  }
  if (t->cb - t->nb < bytes) {
    size_t c = t->cb ? t->cb : 512;
    while (c - t->nb < bytes) c *= 2;
    void *p = mem_grow(t->m, t->b, t->cb, c);
    if (!p) { t->oom = true; return false; }
    t->b = p, t->cb = (uint32_t)c;
  }
  return true;
}

bool tape_token(tape *t, tok_kind k, const char *p, size_t n, uint32_t line, uint32_t col) {
  if (!room(t, n)) return false;
  t->t[t->nt++] = (tok){ .kind = (uint8_t)k, .off = t->nb, .n = (uint32_t)n, .skip = 1, .line = line, .col = col };
  if (n) memcpy(t->b + t->nb, p, n);
  t->nb += (uint32_t)n;
  return true;
}

void tape_free(tape *t) {
  mem_free(t->m, t->t, t->ct * sizeof(tok));
  mem_free(t->m, t->b, t->cb);
  *t = (tape){ .m = t->m };
}

void tape_drop(tape *t, uint32_t tokens, uint32_t bytes) {
  t->nt -= tokens, t->nb -= bytes;
  if (t->nt) memmove(t->t, t->t + tokens, t->nt * sizeof(tok));
  if (t->nb) memmove(t->b, t->b + bytes, t->nb);
  for (uint32_t i = 0; i < t->nt; i++) t->t[i].off -= bytes;
}

/* ---- yajl's memory ----
 * yajl does not look at what malloc gives it. When the injected allocator fails, a block is borrowed from the C library, the failure is
 * noted, and the next event stops the parse. */

typedef struct head { size_t n; bool ours; } head;
enum { HEAD_SIZE = 16 };

static void *y_malloc(void *ctx, size_t n) {
  sax *s = ctx;
  char *p = mem_try(s->m, n + HEAD_SIZE);
  bool ours = p != NULL;
  if (!p) {
    s->oom = true;
    p = malloc(n + HEAD_SIZE);
    if (!p) abort(); /* the injected allocator and the C library both have nothing: yajl would crash */
  }
  *(head *)(void *)p = (head){ n + HEAD_SIZE, ours };
  return p + HEAD_SIZE;
}
static void y_free(void *ctx, void *p) {
  sax *s = ctx;
  if (!p) return;
  head *h = (head *)(void *)((char *)p - HEAD_SIZE);
  if (h->ours) mem_free(s->m, h, h->n);
  else free(h);
}
static void *y_realloc(void *ctx, void *p, size_t n) {
  if (!p) return y_malloc(ctx, n);
  head *h = (head *)(void *)((char *)p - HEAD_SIZE);
  size_t old = h->n - HEAD_SIZE;
  void *q = y_malloc(ctx, n);
  memcpy(q, p, old < n ? old : n);
  y_free(ctx, p);
  return q;
}

/* ---- where tokens stand ---- */

static bool between(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',' || c == ':'; }

static void skip_between(sax *s, size_t upto) {
  while (s->at < upto && between(s->chunk[s->at])) {
    if (s->chunk[s->at] == '\n') s->line++, s->col = 1;
    else s->col++;
    s->at++;
  }
}

/* Looks for escaped surrogates that stand alone: yajl replaces them, which would change data silently. */
static void scan_escapes(sax *s, const char *p, size_t n) {
  const char *end = p + n;
  while (p < end) {
    if (!s->esc && !s->high) {
      p = memchr(p, '\\', (size_t)(end - p));
      if (!p) return;
      p++, s->esc = 1;
      continue;
    }
    char c = *p++;
    if (s->esc == 0) { /* after an escaped high surrogate */
      if (c == '\\') s->esc = 1;
      else s->lone = true, s->high = false;
    } else if (s->esc == 1) {
      s->hex = 0;
      s->esc = c == 'u' ? 2 : 0;
      if (c != 'u' && s->high) s->lone = true, s->high = false;
    } else {
      uint32_t h = c >= '0' && c <= '9' ? (uint32_t)(c - '0') : (uint32_t)((c | 32) - 'a' + 10);
      s->hex = s->hex << 4 | (h & 15);
      if (++s->esc < 6) continue;
      s->esc = 0;
      bool hi = s->hex >= 0xD800 && s->hex < 0xDC00, lo = s->hex >= 0xDC00 && s->hex < 0xE000;
      if (lo != s->high) s->lone = true;
      s->high = hi;
    }
  }
}

static void token_bytes(sax *s, size_t upto) {
  if (s->at >= upto) return;
  if (!s->started) s->in_string = s->chunk[s->at] == '"', s->esc = 0, s->high = s->lone = false;
  if (s->in_string) scan_escapes(s, s->chunk + s->at, upto - s->at);
  s->col += (uint32_t)(upto - s->at);
  s->at = upto;
}

/* A token ends at upto: its start goes to tline, tcol. */
static void token_ends(sax *s, size_t upto) {
  if (!s->started) {
    skip_between(s, upto);
    s->tline = s->line, s->tcol = s->col;
    if (s->at >= upto) s->in_string = false;
  }
  token_bytes(s, upto);
  s->started = false;
}

static void chunk_ends(sax *s, size_t n) {
  if (!s->started) {
    skip_between(s, n);
    if (s->at < n) {
      s->tline = s->line, s->tcol = s->col;
      token_bytes(s, n);
      s->started = true;
    }
  } else {
    token_bytes(s, n);
  }
  s->at = 0;
}

/* ---- what is recorded ---- */

static void note_name(sax *s, const char *p, size_t n) {
  if (s->frozen || s->nnames == SAX_NAMES || n > SAX_NAME_MAX) return;
  memcpy(s->names[s->nnames].p, p, n);
  s->names[s->nnames++].n = (uint32_t)n;
}

static bool seg_is(str seg, const char *p, size_t n) { return seg.n == n && (!n || !memcmp(seg.p, p, n)); }

static bool seg_index(str seg, uint64_t *i) {
  if (!seg.n || seg.n > 18 || (seg.n > 1 && seg.p[0] == '0')) return false;
  *i = 0;
  for (uint32_t k = 0; k < seg.n; k++) {
    if (seg.p[k] < '0' || seg.p[k] > '9') return false;
    *i = *i * 10 + (uint64_t)(seg.p[k] - '0');
  }
  return true;
}

static bool put(sax *s, tok_kind k, const char *p, size_t n) {
  if (s->oom || !tape_token(s->tp, k, p, n, s->tline, s->tcol)) return false;
  if (s->lone && (k == TK_STRING || k == TK_KEY)) s->tp->t[s->tp->nt - 1].flags |= TKF_SURROGATE;
  s->lone = false;
  return true;
}

static void finish(sax *s) { s->complete++, s->start = s->tp->nt; }

/* A value begins: is it an element to record, a container on the path, or of no interest? */
static bool on_value(sax *s, tok_kind k, const char *p, size_t n) {
  bool container = k == TK_ARRAY || k == TK_OBJECT;
  if (container && ++s->depth > SRC_MAX_DEPTH) { s->deep = true; return false; }
  if (s->oom) return false;
  bool record = s->rec_depth > 0;
  if (record) {
    tok *up = &s->tp->t[s->start + s->stack[s->rec_depth - 1]];
    if (up->kind == TK_ARRAY) up->n++;
  } else if (!s->each) {
    record = true;
    s->start = s->tp->nt;
  } else if (s->found) {
    record = !s->done && s->depth - container == s->path_depth;
    if (record) s->start = s->tp->nt;
  } else {
    bool here = s->on_path;
    if (!here && s->path_depth && s->is_array[s->path_depth - 1] && s->depth - container == s->path_depth) {
      uint64_t want;
      here = s->matched < s->nsegs && seg_index(s->segs[s->matched], &want) && want == s->index[s->path_depth - 1]++;
      if (here) s->matched++;
    }
    s->on_path = false;
    if (!here) return true;
    if (s->matched == s->nsegs && k == TK_ARRAY) {
      s->found = true;
      s->path_depth = s->depth;
    } else if (s->matched < s->nsegs && container && s->path_depth < 64) {
      s->is_array[s->path_depth] = k == TK_ARRAY, s->index[s->path_depth] = 0;
      s->path_depth++;
      s->nnames = 0, s->frozen = false;
    } else {
      static const char *const names[] = { "null", "a bool", "a bool", "a number", "text", "a name", "an array", "an object", "a cell" };
      s->what = names[k], s->at_target = s->matched == s->nsegs;
      if (k == TK_OBJECT && !s->nsegs) s->is_array[0] = false, s->path_depth = 1; /* its members may be what was meant */
    }
    return true;
  }
  if (!record) return true;
  if (!put(s, k, container ? NULL : p, container ? 0 : n)) return false;
  if (container) s->stack[s->rec_depth++] = s->tp->nt - 1 - s->start;
  else if (!s->rec_depth) finish(s);
  return true;
}

static bool on_end(sax *s) {
  s->depth--;
  if (s->oom) return false;
  if (s->rec_depth) {
    uint32_t at = s->start + s->stack[--s->rec_depth];
    s->tp->t[at].skip = s->tp->nt - at;
    if (!s->rec_depth) finish(s);
  } else if (s->found) {
    if (s->depth < s->path_depth && !s->done) s->done = true, s->holder = s->depth;
    else if (s->depth < s->holder) s->holder = 0;
  } else if (s->depth < s->path_depth) {
    s->path_depth = s->depth;
    s->matched = s->depth ? s->depth - 1 : 0;
    s->frozen = true; /* the names seen so far are those of where the path broke off */
  }
  return true;
}

static size_t here(const sax *s) { return yajl_get_bytes_consumed(s->h); }

static int y_null(void *c) { token_ends(c, here(c)); return on_value(c, TK_NULL, "null", 4); }
static int y_bool(void *c, int v) { token_ends(c, here(c)); return on_value(c, v ? TK_TRUE : TK_FALSE, v ? "true" : "false", v ? 4 : 5); }
static int y_number(void *c, const char *p, size_t n) { token_ends(c, here(c)); return on_value(c, TK_NUMBER, p, n); }
static int y_string(void *c, const unsigned char *p, size_t n) {
  token_ends(c, here(c));
  return on_value(c, TK_STRING, (const char *)p, n);
}
static int y_object(void *c) { token_ends(c, here(c)); return on_value(c, TK_OBJECT, NULL, 0); }
static int y_array(void *c) { token_ends(c, here(c)); return on_value(c, TK_ARRAY, NULL, 0); }
static int y_end(void *c) { token_ends(c, here(c)); return on_end(c); }
static int y_key(void *c, const unsigned char *u, size_t n) {
  sax *s = c;
  const char *p = (const char *)u;
  token_ends(s, here(s));
  if (s->oom) return 0;
  if (s->rec_depth) {
    s->tp->t[s->start + s->stack[s->rec_depth - 1]].n++;
    return put(s, TK_KEY, p, n);
  }
  if (s->done && s->holder && s->depth == s->holder && !s->is_array[s->holder - 1] && seg_is(s->segs[s->nsegs - 1], p, n)) return !(s->twice = true);
  if (s->each && !s->found && s->depth == s->path_depth && s->path_depth && !s->is_array[s->path_depth - 1]) {
    s->on_path = !s->what && s->matched < s->nsegs && seg_is(s->segs[s->matched], p, n);
    if (s->on_path) s->matched++;
    else note_name(s, p, n);
  }
  return 1;
}

static const yajl_callbacks callbacks = {
  .yajl_null = y_null, .yajl_boolean = y_bool, .yajl_number = y_number, .yajl_string = y_string, .yajl_start_map = y_object,
  .yajl_map_key = y_key, .yajl_end_map = y_end, .yajl_start_array = y_array, .yajl_end_array = y_end,
};

bool sax_open(sax *s, const mem *m, tape *tp, bool multiple) {
  memset(s, 0, sizeof *s);
  s->m = m, s->tp = tp, s->line = s->col = 1, s->multiple = multiple, s->on_path = true;
  yajl_alloc_funcs f = { y_malloc, y_realloc, y_free, s };
  s->h = yajl_alloc(&callbacks, &f, s);
  if (multiple) yajl_config(s->h, yajl_allow_multiple_values, 1);
  if (!s->oom) return true;
  sax_close(s);
  return false;
}

void sax_close(sax *s) {
  if (s->h) yajl_free(s->h);
  s->h = NULL;
}

/* yajl's reasons in words for people who did not write a parser. */
static str reason(sax *s, const char *p, size_t n, arena *a) {
  if (s->deep) return str_fmt(a, "is nested more than %d deep", SRC_MAX_DEPTH);
  if (s->twice) return str_fmt(a, "the member `%.*s` stands twice", STR_ARG(s->segs[s->nsegs - 1]));
  if (s->tp->large) return str_fmt(a, "holds a value larger than %d MB", SRC_MAX_ROW >> 20);
  size_t at = s->at < n ? s->at : n;
  while (at < n && between(p[at])) at++;
  str word = { p + at, 0 };
  while (at + word.n < n && word.n < 20 && ((word.p[word.n] | 32) >= 'a' && (word.p[word.n] | 32) <= 'z')) word.n++;
  char text[160]; /* not the arena yet: it may jump, and yajl's text would be lost */
  unsigned char *e = yajl_get_error(s->h, 0, (const unsigned char *)p, n);
  snprintf(text, sizeof text, "%s", (const char *)e);
  yajl_free_error(s->h, e);
  str why = str_dup(a, str_z(text));
  while (why.n && (why.p[why.n - 1] == '\n' || why.p[why.n - 1] == '.')) why.n--;
  const char *colon = memchr(why.p, ':', why.n);
  if (colon && (size_t)(colon - why.p) + 2 < why.n) {
    why.n -= (uint32_t)(colon + 2 - why.p);
    why.p = colon + 2;
  }
  if (str_eq(word, STR("NaN")) || str_eq(word, STR("Infinity")) || str_eq(word, STR("nan")) || str_eq(word, STR("inf")))
    return str_fmt(a, "`%.*s` is no JSON number (write null)", STR_ARG(word));
  if (str_eq(word, STR("True")) || str_eq(word, STR("False")) || str_eq(word, STR("None")) || str_eq(word, STR("undefined")))
    return str_fmt(a, "`%.*s` is no JSON value (true, false and null are written small)", STR_ARG(word));
  const struct { const char *part, *say; } words_of[] = {
    { "UTF8", "holds bytes that are not valid UTF-8" },
    { "premature", "ends too early: something is not closed" },
    { "trailing garbage", s->tp->single ? "goes on after its value has ended" : "goes on after its value has ended (one value a line? name the file .ndjson)" },
    { "comment", "JSON has no comments" },
    { "invalid string in json text", "no JSON value begins like this (text stands in double quotes)" },
    { "malformed number", "a digit is missing in this number" },
    { "before a character which it may not", "a \\ stands before a letter that has no meaning after it (a \\ itself is doubled)" },
    { "non-hex", "four hexadecimal digits are expected after \\u" },
    { "invalid char in json text", "no JSON value begins like this (text stands in double quotes)" },
    { "unallowed token", "a value, or what ends the list or object, is expected here (a comma too many?)" },
    { "invalid object key", "a member's name in double quotes is expected here (a comma too many?)" },
    { "after key and value", "a `,` or `}` is expected here" },
    { "after array element", "a `,` or `]` is expected here" },
    { "separated by a colon", "a `:` is expected between a member's name and its value" },
    { "invalid character inside string", "a line break or control character stands inside a text (write \\n)" },
  };
  for (size_t i = 0; i < sizeof words_of / sizeof *words_of; i++)
    if (memmem(why.p, why.n, words_of[i].part, strlen(words_of[i].part))) return str_z(words_of[i].say);
  return why;
}

bool sax_feed(sax *s, const char *p, size_t n, arena *a, str *error, uint32_t *line, uint32_t *col) {
  s->chunk = p;
  s->at = 0;
  s->pending = s->started ? s->pending + n : 0;
  if (s->pending > SRC_MAX_ROW) { /* yajl would keep a text that never ends */
    *line = s->tline, *col = s->tcol;
    *error = str_fmt(a, "holds a value larger than %d MB (is a quote never closed?)", SRC_MAX_ROW >> 20);
    s->tp->large = true;
    return false;
  }
  yajl_status st = n ? yajl_parse(s->h, (const unsigned char *)p, n) : yajl_complete_parse(s->h);
  if (s->tp->oom) s->oom = true;
  if (s->oom) return false;
  if (st == yajl_status_ok) {
    chunk_ends(s, n);
    return true;
  }
  if (n) {
    size_t at = yajl_get_bytes_consumed(s->h);
    if (!s->started) skip_between(s, at < n ? at : n);
  }
  *line = s->started ? s->tline : s->line, *col = s->started ? s->tcol : s->col;
  *error = reason(s, p, n, a);
  return false;
}

bool tape_json(tape *t, str json, uint32_t line, uint32_t col, arena *a, str *error, uint32_t *eline, uint32_t *ecol) {
  sax s;
  *error = (str){ 0 };
  if (!sax_open(&s, t->m, t, false)) { t->oom = true; return false; }
  s.line = line, s.col = col;
  jmp_buf jump, *outer = a->oom; /* the reason is written to a, and yajl's handle must not be lost */
  a->oom = &jump;
  volatile bool ok = false, lost = false;
  if (!_setjmp(jump)) {
    ok = (!json.n || sax_feed(&s, json.p, json.n, a, error, eline, ecol)) && sax_feed(&s, "", 0, a, error, eline, ecol);
  } else {
    lost = true;
  }
  a->oom = outer;
  if (s.oom || lost) t->oom = true;
  sax_close(&s);
  return ok && !t->oom;
}
