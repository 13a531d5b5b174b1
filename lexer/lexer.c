/* Opening a file for the scanner, the word table, and the count of errors. See lexer.h. */
#include "lexer/lexer.h"

#include <string.h>

int lex_scan(token *t, span *sp, void *scanner); /* scan.l */
int lex_scan_open(lexer *lx, size_t n);

const lex_word lex_words[] = {
#define KEYWORD(word, token, class) { word, LEX_##token, LEX_##class##_WORD, LEX_NO_UNIT, 0 },
#define UNIT(word, token, kind, factor) { word, LEX_##token, LEX_SOFT_WORD, kind, factor },
#include "lexer/keywords.def"
};
const uint32_t lex_nwords = sizeof lex_words / sizeof *lex_words;

const char *const lex_kind_names[LEX_KIND_END - LEX_FIRST_NAMED] = {
#define TOK(name, what) [LEX_##name - LEX_FIRST_NAMED] = #name,
#include "lexer/token.def"
#define KEYWORD(word, token, class) [LEX_##token - LEX_FIRST_NAMED] = #token,
#include "lexer/keywords.def"
};

static const char *const descriptions[LEX_KIND_END - LEX_FIRST_NAMED] = {
#define TOK(name, what) [LEX_##name - LEX_FIRST_NAMED] = what,
#include "lexer/token.def"
#define KEYWORD(word, token, class) [LEX_##token - LEX_FIRST_NAMED] = "`" word "`",
#include "lexer/keywords.def"
};

str lex_describe(arena *a, int kind) {
  if (kind == LEX_EOF) return STR("the end of the file");
  if (kind < LEX_FIRST_NAMED) return str_fmt(a, "`%c`", kind);
  return str_z(descriptions[kind - LEX_FIRST_NAMED]);
}

diag *lex_error(lexer *lx, diag_code code, span sp, const char *fmt, ...) {
  if (lx->stopped && lx->errors >= LEX_MAX_ERRORS) return NULL;
  if (++lx->errors > LEX_MAX_ERRORS - 1) {
    lx->stopped = true;
    diag_add(lx->d, DIAG_LEX_TOO_MANY, sp, "too many errors in this file: the first %d are shown, the rest of the file is not read", LEX_MAX_ERRORS - 1);
    return NULL;
  }
  va_list ap;
  va_start(ap, fmt);
  str s = str_vfmt(lx->d->a, fmt, ap);
  va_end(ap);
  return diag_add(lx->d, code, sp, "%.*s", STR_ARG(s));
}

void lex_note(lexer *lx, diag *g, span sp, const char *fmt, ...) {
  if (!g) return;
  va_list ap;
  va_start(ap, fmt);
  str s = str_vfmt(lx->d->a, fmt, ap);
  va_end(ap);
  diag_note_add(lx->d, g, sp, "%.*s", STR_ARG(s));
}

void lex_fix(lexer *lx, diag *g, span sp, str replacement, const char *fmt, ...) {
  if (!g) return;
  va_list ap;
  va_start(ap, fmt);
  str s = str_vfmt(lx->d->a, fmt, ap);
  va_end(ap);
  diag_fix_add(lx->d, g, sp, replacement, "%.*s", STR_ARG(s));
}

static uint32_t word_hash(str s) {
  return ((uint32_t)(unsigned char)s.p[0] * 31 + (unsigned char)s.p[s.n - 1]) * 37 + s.n * 101 + (unsigned char)s.p[s.n / 2] * 7;
}

static void words_fill(lexer *lx) {
  for (uint32_t i = 0; i < lex_nwords; i++) {
    uint32_t h = word_hash(str_z(lex_words[i].word)) & 255;
    while (lx->words[h]) h = (h + 1) & 255;
    lx->words[h] = (uint8_t)(i + 1);
  }
}

const lex_word *lex_word_find(const lexer *lx, str s) {
  if (!s.n || s.n > 12) return NULL; /* `milliseconds` is the longest */
  for (uint32_t h = word_hash(s) & 255; lx->words[h]; h = (h + 1) & 255) {
    const lex_word *w = &lex_words[lx->words[h] - 1];
    if (strncmp(w->word, s.p, s.n) == 0 && !w->word[s.n]) return w;
  }
  return NULL;
}

static bool is_control(unsigned char c) { return (c < 32 && (c < 9 || c > 13 || c == 11)) || c == 127; }

/* A file in another encoding or no text at all gets one error that says so: its bytes would give thousands. */
static bool is_text(lexer *lx, str s) {
  const srcfile *f = lx->f;
  span start = { f->base, f->base + (s.n ? 1 : 0) };
  const unsigned char *u = (const unsigned char *)s.p;
  if (s.n >= 2 && ((u[0] == 0xFF && u[1] == 0xFE) || (u[0] == 0xFE && u[1] == 0xFF))) {
    lex_error(lx, DIAG_LEX_BINARY, start, "this file is in UTF-16; save it as UTF-8");
    return false;
  }
  const char *nul = s.n ? memchr(s.p, 0, s.n) : NULL;
  if (nul) {
    uint32_t at = f->base + (uint32_t)(nul - s.p);
    lex_error(lx, DIAG_LEX_BINARY, (span){ at, at + 1 }, "this is not a text file: byte %u is zero", (unsigned)(nul - s.p) + 1);
    return false;
  }
  uint32_t odd = 0, sample = s.n < 4096 ? s.n : 4096;
  for (uint32_t i = 0; i < sample; i++) odd += is_control(u[i]);
  for (uint32_t i = lex_utf8_check(s, 0); i < sample; i = lex_utf8_check(s, i + 1)) odd++;
  if (odd >= 8 && odd > sample / 10) {
    lex_error(lx, DIAG_LEX_BINARY, start, "this is not a text file");
    return false;
  }
  return true;
}

static void report_utf8(lexer *lx, str s) {
  enum { SHOWN = 10 };
  uint32_t bad = 0, first = 0, last = 0;
  for (uint32_t i = lex_utf8_check(s, 0); i < s.n; i = lex_utf8_check(s, i + 1)) {
    uint32_t at = lx->f->base + i;
    bool same_line = bad && !memchr(s.p + last, '\n', i - last);
    if (!bad++) first = at;
    last = i;
    if (bad > SHOWN || same_line) continue; /* one a line is enough to find it */
    lex_error(lx, DIAG_LEX_UTF8, (span){ at, at + 1 }, "byte 0x%02X is not UTF-8 here; save the file as UTF-8", (unsigned char)s.p[i]);
  }
  if (bad > SHOWN)
    lex_error(lx, DIAG_LEX_UTF8, (span){ first, first + 1 }, "%u bytes in this file are not UTF-8: it is probably in another encoding, such as Latin-1", bad);
}

/* Anywhere, comments and texts included: they are invisible, and a terminal obeys them. */
static void report_controls(lexer *lx, str s) {
  enum { SHOWN = 10 };
  uint32_t shown = 0;
  for (uint32_t i = 0; i < s.n && shown < SHOWN; i++) {
    if (!is_control((unsigned char)s.p[i])) continue;
    uint32_t at = lx->f->base + i;
    lex_error(lx, DIAG_LEX_CHAR, (span){ at, at + 1 }, "control character U+%04X; in a text write it as `\\u{%X}`", (unsigned)s.p[i], (unsigned)s.p[i]);
    shown++;
  }
}

void lex_open(lexer *lx, arena *a, diags *d, const srcfile *f) {
  *lx = (lexer){ .a = a, .d = d, .f = f, .line_first = true };
  words_fill(lx);
  str s = f->text;
  if (s.n > LEX_MAX_FILE) {
    lex_error(lx, DIAG_LEX_TOO_LARGE, (span){ f->base, f->base + 1 }, "this file has more than %d MB; divide it into several", LEX_MAX_FILE >> 20);
    lx->stopped = true;
    return;
  }
  if (!is_text(lx, s)) {
    lx->stopped = true;
    return;
  }
  if (s.n >= 3 && memcmp(s.p, "\xEF\xBB\xBF", 3) == 0) lx->skip = 3;
  report_utf8(lx, s);
  report_controls(lx, s);
  uint32_t n = s.n - lx->skip;
  lx->buf = arena_alloc(a, (size_t)n + 2); /* flex wants two NULs behind the text */
  if (n) memcpy(lx->buf, s.p + lx->skip, n);
  if (lex_scan_open(lx, n)) lx->stopped = true;
}

static void attach_doc(lexer *lx, uint32_t place) {
  uint32_t n = lx->doc_lines.n;
  str text = lx->doc_lines.v[0];
  if (n > 1) {
    buf b = { .a = lx->a };
    for (uint32_t i = 0; i < n; i++) {
      if (i) buf_ch(&b, '\n');
      buf_str(&b, lx->doc_lines.v[i]);
    }
    text = buf_done(&b);
  }
  *VEC_PUSH(lx->a, &lx->docs) = (doc){ place, text };
  lx->doc_lines.n = 0;
}

void lex_next(lexer *lx, token *t) {
  *t = (token){ 0 };
  span sp = { lx->f->base + lx->f->text.n, lx->f->base + lx->f->text.n };
  if (!lx->stopped) {
    t->kind = (uint16_t)lex_scan(t, &sp, lx->scanner);
    if (lx->stopped) t->kind = LEX_EOF;
  }
  t->sp = sp;
  if (lx->line_first) t->flags |= LEX_LINE_FIRST;
  if (lx->spaced) t->flags |= LEX_SPACED;
  lx->line_first = lx->spaced = false;
  if (lx->doc_lines.n) attach_doc(lx, sp.beg);
}

lexed lex_all(lexer *lx) {
  VEC(token) v = { 0 };
  do lex_next(lx, VEC_PUSH(lx->a, &v));
  while (v.v[v.n - 1].kind != LEX_EOF);
  return (lexed){ v.v, v.n };
}
