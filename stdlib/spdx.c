/* SPDX license expressions: identifiers of the license list, joined by WITH, AND and OR (in this order of binding), parentheses, `+` for "or later", and
 * LicenseRef- names of one's own. A valid expression spells everything as the list does; the canonical one is made from any case. */
#include "stdlib/identifiers.h"

#include <string.h>

static const char *const licenses[] = {
#define SPDX_LICENSE(id) id,
#define SPDX_EXCEPTION(id)
#include "stdlib/data/spdx.inc"
#undef SPDX_LICENSE
#undef SPDX_EXCEPTION
};
static const char *const exceptions[] = {
#define SPDX_LICENSE(id)
#define SPDX_EXCEPTION(id) id,
#include "stdlib/data/spdx.inc"
#undef SPDX_LICENSE
#undef SPDX_EXCEPTION
};

static int compare(str s, const char *z) {
  for (uint32_t i = 0; i < s.n; i++) {
    int a = (unsigned char)ascii_lower(s.p[i]), b = (unsigned char)ascii_lower(z[i]);
    if (a != b) return a - b;
  }
  return z[s.n] ? -1 : 0;
}

/* The list's spelling of an identifier in any case; NULL when it is not listed. */
static const char *listed(const char *const *table, size_t n, str s) {
  if (s.n > 100) return NULL;
  for (size_t i = 0; i < n; i++)
    if (ascii_lower(table[i][0]) == ascii_lower(s.p[0]) && compare(s, table[i]) == 0) return table[i];
  return NULL;
}

struct parser { str s; uint32_t at; str tok; buf *b; bool strict; str why; int depth; };

static bool is_id_char(char ch) { return ascii_alnum(ch) || ch == '-' || ch == '.' || ch == ':'; }

/* The next token: a word, one of ( ) +, or empty at the end. */
static void advance(struct parser *p) {
  while (p->at < p->s.n && (p->s.p[p->at] == ' ' || p->s.p[p->at] == '\t' || p->s.p[p->at] == '\n')) p->at++;
  uint32_t beg = p->at;
  while (p->at < p->s.n && is_id_char(p->s.p[p->at])) p->at++;
  if (p->at == beg && p->at < p->s.n) p->at++;
  p->tok = (str){ p->s.p + beg, p->at - beg };
}

static bool stop(struct parser *p, str why) {
  if (!p->why.n) p->why = why;
  return false;
}

static void emit(struct parser *p, const char *z) {
  if (p->b) buf_z(p->b, z);
}

static bool word(const struct parser *p, const char *op) { return p->tok.n && compare(p->tok, op) == 0; }

/* An operator: in a strict reading it must be in upper case. */
static bool operator(struct parser *p, const char *op) {
  if (!word(p, op)) return false;
  if (p->strict && !str_eq(p->tok, str_z(op))) return stop(p, STR("AND, OR and WITH are in upper case"));
  return true;
}

static bool known(struct parser *p, const char *const *table, size_t n, str none) {
  const char *id = listed(table, n, p->tok);
  if (!id) return stop(p, none);
  if (p->strict && !str_eq(p->tok, str_z(id))) return stop(p, STR("an identifier is not spelled as in the SPDX list"));
  emit(p, id);
  return true;
}

/* LicenseRef-NAME or DocumentRef-NAME:LicenseRef-NAME */
static bool is_reference(str t) {
  static const str doc = { "DocumentRef-", 12 }, lic = { "LicenseRef-", 11 };
  if (t.n > doc.n && memcmp(t.p, doc.p, doc.n) == 0) {
    const char *colon = memchr(t.p, ':', t.n);
    if (!colon || colon == t.p + doc.n) return false;
    t = (str){ colon + 1, (uint32_t)(t.p + t.n - colon - 1) };
  }
  return t.n > lic.n && memcmp(t.p, lic.p, lic.n) == 0 && !memchr(t.p, ':', t.n);
}

static bool expression(struct parser *p);

static bool simple(struct parser *p) {
  if (p->tok.n == 1 && p->tok.p[0] == '(') {
    if (++p->depth > 50) return stop(p, STR("the parentheses are nested too deeply"));
    emit(p, "(");
    advance(p);
    if (!expression(p)) return false;
    if (p->tok.n != 1 || p->tok.p[0] != ')') return stop(p, STR("a closing parenthesis is missing"));
    emit(p, ")");
    advance(p);
    p->depth--;
    return true;
  }
  if (!p->tok.n || !ascii_alnum(p->tok.p[0])) return stop(p, STR("a license identifier is missing"));
  if (is_reference(p->tok)) {
    if (p->b) buf_str(p->b, p->tok);
    advance(p);
  } else {
    if (!known(p, licenses, sizeof licenses / sizeof *licenses, STR("it has an identifier that is not in the SPDX license list"))) return false;
    bool adjoins = p->at < p->s.n && p->s.p[p->at] == '+';
    advance(p);
    if (adjoins) emit(p, "+"), advance(p);
  }
  if (word(p, "WITH")) {
    if (!operator(p, "WITH")) return false;
    emit(p, " WITH ");
    advance(p);
    if (!p->tok.n) return stop(p, STR("an exception is missing after WITH"));
    str none = STR("WITH is not followed by an exception of the SPDX list");
    if (!known(p, exceptions, sizeof exceptions / sizeof *exceptions, none)) return false;
    advance(p);
  }
  return true;
}

static bool expression(struct parser *p) {
  for (;;) { /* how AND and OR bind does not matter to spelling and validity */
    if (!simple(p)) return false;
    const char *op = word(p, "AND") ? "AND" : word(p, "OR") ? "OR" : NULL;
    if (!op) return true;
    if (!operator(p, op)) return false;
    emit(p, " ");
    emit(p, op);
    emit(p, " ");
    advance(p);
  }
}

static bool whole(struct parser *p) {
  advance(p);
  if (!p->tok.n) return stop(p, STR("it is empty"));
  if (!expression(p)) return false;
  return !p->tok.n || stop(p, STR("AND or OR is missing between two identifiers"));
}

bool fmt_spdx_valid(str s, str *why) {
  struct parser p = { .s = s, .strict = true };
  if (whole(&p)) return true;
  *why = p.why;
  return false;
}

bool fmt_spdx_canonical(arena *a, str s, str *out) {
  buf b = { .a = a };
  struct parser p = { .s = s, .b = &b };
  if (!whole(&p)) return false;
  *out = buf_done(&b);
  return true;
}
