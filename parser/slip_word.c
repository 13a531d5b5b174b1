/* More slips of hands (see slip.c): words of other languages where a clause, an operator or a unit is meant, dates as people write them, and blocks
 * without braces. */
#include "parser/parse.h"

#include <string.h>

static bool is_plain(const token *t) { return t->kind == LEX_NAME && !(t->flags & LEX_BACKQUOTED); }

static char lower(char ch) { return ch >= 'A' && ch <= 'Z' ? (char)(ch + 32) : ch; }

static bool same_word(str a, const char *b) {
  if (a.n != strlen(b)) return false;
  for (uint32_t i = 0; i < a.n; i++)
    if (lower(a.p[i]) != b[i]) return false;
  return true;
}

/* 30 moths, 30 mb, 30 px */
static bool unit(parser *p, const expected *e) {
  const token *number = &p->prev, *word = &p->tok;
  if (word->kind != LEX_NAME || (word->flags & LEX_LINE_FIRST)) number = &p->before, word = &p->prev;
  if ((number->kind != LEX_INT && number->kind != LEX_DEC) || !is_plain(word) || (word->flags & LEX_LINE_FIRST)) return false;
  if (word == &p->prev && parse_expects(e, LEX_AND)) return false; /* the word was right, what follows is not */
  str words[64];
  size_t n = 0;
  for (uint32_t i = 0; i < lex_nwords && n < 64; i++)
    if (lex_words[i].kind == LEX_DUNIT || lex_words[i].kind == LEX_SUNIT) words[n++] = str_z(lex_words[i].word);
  const str *best = suggest(word->text, words, n);
  if (best && (word->text.n >= 3 || same_word(word->text, "mb") || same_word(word->text, "kb") || same_word(word->text, "gb") || same_word(word->text, "tb"))) {
    diag *g = lex_error(&p->lx, DIAG_SYN_WORD, word->sp, "there is no unit `%.*s`; did you mean `%.*s`?", STR_ARG(word->text), STR_ARG(*best));
    lex_fix(&p->lx, g, word->sp, *best, "write `%.*s`", STR_ARG(*best));
    return true;
  }
  static const char *const known[] = { "px", "pixel", "pixels", "pt", "dpi", "ppi", "em", "rem", "cm", "mm", "percent", "pct", "sec", "secs", "min", "mins", "hr", "hrs",
                                       "h", "s", "ms", "d", "w", "m", "y", "eur", "usd", "euro", "euros", "dollars", "characters", "chars", "words", "times", "bytes", "byte" };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (!same_word(word->text, known[i])) continue;
    if (same_word(word->text, "percent") || same_word(word->text, "pct")) {
      span sp = { number->sp.beg, word->sp.end };
      str by = str_fmt(p->a, "%.*s%%", STR_ARG(parse_text(p, number->sp)));
      diag *g = lex_error(&p->lx, DIAG_SYN_SLIP, sp, "a share is written `%.*s`", STR_ARG(by));
      lex_fix(&p->lx, g, sp, by, "write `%.*s`", STR_ARG(by));
      return true;
    }
    diag *g = lex_error(&p->lx, DIAG_SYN_SLIP, word->sp, "there is no unit `%.*s`", STR_ARG(word->text));
    lex_note(&p->lx, g, (span){ 0, 0 }, "sizes are `KB MB GB TB` and `KiB MiB GiB TiB`, lengths of time `seconds minutes hours days weeks months years`; "
             "other numbers stand alone");
    return true;
  }
  return false;
}

/* 22.11.2026 */
static bool dotted_date(parser *p) {
  const token *t = &p->tok;
  if (t->kind != LEX_INT || p->prev.kind != '.' || p->before.kind != LEX_DEC || p->prev.sp.beg != p->before.sp.end || t->sp.beg != p->prev.sp.end) return false;
  str year = parse_text(p, t->sp), day = parse_text(p, p->before.sp);
  const char *dot = memchr(day.p, '.', day.n);
  uint32_t d = 0, m = 0;
  for (uint32_t i = 0; i < day.n; i++) {
    if (day.p[i] == '.') continue;
    if (day.p[i] < '0' || day.p[i] > '9' || day.n > 5) return false;
    uint32_t *x = day.p + i < dot ? &d : &m;
    *x = *x * 10 + (uint32_t)(day.p[i] - '0');
  }
  span sp = { p->before.sp.beg, t->sp.end };
  diag *g = lex_error(&p->lx, DIAG_SYN_SLIP, sp, "a date is written `2026-11-22`: year, month, day; not `%.*s`", STR_ARG(parse_text(p, sp)));
  if (year.n != 4 || !d || d > 31 || !m || m > 12) return true;
  str by = str_fmt(p->a, "%.*s-%02u-%02u", STR_ARG(year), m, d);
  lex_fix(&p->lx, g, sp, by, "write `%.*s`", STR_ARG(by));
  return true;
}

/* rule r for a in as: ..., and a clause right behind the first line */
static bool brace(parser *p, const expected *e) {
  const token *t = &p->tok;
  bool block = p->decl == LEX_RULE || p->decl == LEX_CHOOSE || p->decl == LEX_TEMPLATE || p->decl == LEX_EXPERIMENT || p->decl == LEX_TEST ||
               p->decl == LEX_RECORD || p->decl == LEX_WAIVE || p->decl == LEX_TABLE;
  if (!block || !parse_expects(e, '{') || !(t->kind == ':' || t->class == LEX_CLAUSE_WORD || t->class == LEX_LET_WORD)) return false;
  bool colon = t->kind == ':';
  span at = colon ? t->sp : (span){ p->prev.sp.end, p->prev.sp.end };
  diag *g = lex_error(&p->lx, DIAG_SYN_SLIP, colon ? t->sp : p->prev.sp, colon ? "what follows stands between braces: `{` is expected, not `:`"
                                                                             : "what follows stands between braces: `{` is expected after this");
  lex_fix(&p->lx, g, at, STR(" {"), "write `{`, and `}` at the end");
  return true;
}

/* x > 3 AND y > 4: found when the words do not make sense as an option */
static bool shouted(parser *p) {
  static const char *const words[] = { "AND", "OR", "NOT", "And", "Or", "Not", "IN", "EXISTS", "MISSING" };
  const char *end = p->f->text.p + (p->tok.sp.beg - p->f->base), *beg = end;
  while (beg > p->f->text.p && beg[-1] != '\n' && end - beg < 1000) beg--;
  bool quoted = false;
  for (const char *q = beg; q < end; q++) {
    if (*q == '"') quoted = !quoted;
    if (quoted || *q != ' ') continue;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
      size_t n = strlen(words[i]);
      if ((size_t)(end - q) < n + 1 || memcmp(q + 1, words[i], n) != 0 || (q + 1 + n < end && q[1 + n] != ' ' && q[1 + n] != '(')) continue;
      uint32_t at = p->f->base + (uint32_t)(q + 1 - p->f->text.p);
      span sp = { at, at + (uint32_t)n };
      str by = str_dup(p->a, (str){ words[i], (uint32_t)n });
      char *c = (char *)(uintptr_t)by.p; /* made just now */
      for (uint32_t k = 0; k < by.n; k++) c[k] = lower(c[k]);
      diag *g = lex_error(&p->lx, DIAG_SYN_WORD, sp, "`%s` is written in lower case: `%.*s`", words[i], STR_ARG(by));
      lex_fix(&p->lx, g, sp, by, "write `%.*s`", STR_ARG(by));
      return true;
    }
  }
  return false;
}

/* a.w exist }: a word behind an operand that is nearly an operator, and was read as an option without a value */
static bool operator_word(parser *p, const expected *e) {
  const token *w = &p->prev;
  if (!is_plain(w) || w->text.n < 3 || (w->flags & LEX_LINE_FIRST) || p->before.kind == '{') return false;
  if (!parse_expects(e, LEX_INT) || parse_expects(e, LEX_NOT)) return false;
  const str words[] = { STR("exists"), STR("missing"), STR("contains"), STR("matches"), STR("passes"), STR("fails"), STR("implies"), STR("where") };
  const str *best = suggest(w->text, words, sizeof words / sizeof *words);
  return best && parse_misspelt(p, w, *best);
}

/* require p else "..." */
static bool otherwise(parser *p, const expected *e) {
  if (p->tok.kind != LEX_ELSE || !parse_expects(e, LEX_OTHERWISE)) return false;
  diag *g = lex_error(&p->lx, DIAG_SYN_SLIP, p->tok.sp, "what is said when a clause does not hold follows `otherwise`, not `else`");
  lex_fix(&p->lx, g, p->tok.sp, STR("otherwise"), "write `otherwise`");
  return true;
}

/* for each a in as */
static bool article(parser *p, const expected *e) {
  const token *w = &p->prev;
  if (p->tok.kind != LEX_NAME || !parse_expects(e, LEX_IN) || p->before.kind != LEX_FOR) return false;
  str s = parse_text(p, w->sp);
  if (!same_word(s, "each") && !same_word(s, "all") && !same_word(s, "every") && !same_word(s, "any") && !same_word(s, "the")) return false;
  diag *g = lex_error(&p->lx, DIAG_SYN_SLIP, w->sp, "`for` takes the record's name at once: `for %.*s in ...`", STR_ARG(p->tok.text));
  lex_fix(&p->lx, g, (span){ w->sp.beg, p->tok.sp.beg }, STR(""), "leave out `%.*s`", STR_ARG(s));
  return true;
}

/* must a.w > 3, when a.w > 3, if ... at the place of a clause */
static bool clause_word(parser *p, const expected *e) {
  static const char *const others[][2] = {
    { "must", "require" }, { "should", "require" }, { "shall", "require" }, { "ensure", "require" }, { "assert", "require" }, { "check", "require" }, { "verify", "require" },
    { "needs", "require" }, { "demand", "require" }, { "deny", "forbid" }, { "disallow", "forbid" }, { "reject", "forbid" }, { "prevent", "forbid" }, { "never", "forbid" },
  };
  const token *w = &p->line_word;
  if (p->decl != LEX_RULE && p->decl != LEX_TEMPLATE) return false;
  bool is_if = p->tok.kind == LEX_IF && parse_expects(e, LEX_REQUIRE) && (p->prev.kind == '{' || (p->tok.flags & LEX_LINE_FIRST));
  if (is_if || (is_plain(w) && (same_word(w->text, "when") || same_word(w->text, "unless")) && parse_expects(e, LEX_REQUIRE))) {
    lex_error(&p->lx, DIAG_SYN_SLIP, is_if ? p->tok.sp : w->sp,
              "which records a rule is for is said in its first line (`rule r for a in assets where a.width > 0 {`), and what a clause depends on before `implies` (`require p implies q`)");
    return true;
  }
  if (!is_plain(w) || !parse_expects(e, LEX_REQUIRE)) return false;
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    if (!same_word(w->text, others[i][0])) continue;
    diag *g = lex_error(&p->lx, DIAG_SYN_SLIP, w->sp, "a clause begins with `require` or `forbid`, not `%.*s`", STR_ARG(w->text));
    lex_fix(&p->lx, g, w->sp, str_z(others[i][1]), "write `%s`", others[i][1]);
    return true;
  }
  return false;
}

/* l : text matches "abc", kind : enum("a", "b"), n : int not null */
static bool field_words(parser *p, const expected *e) {
  const token *t = &p->tok;
  if (p->decl != LEX_RECORD) return false;
  if (t->kind == LEX_TEXT && p->prev.kind == LEX_MATCHES) {
    diag *g = lex_error(&p->lx, DIAG_SYN_SLIP, t->sp, "a pattern begins with `r`: `r\"^[A-Z]\"`");
    lex_fix(&p->lx, g, (span){ t->sp.beg, t->sp.beg }, STR("r"), "write `r` before the quotes");
    return true;
  }
  if (t->kind == LEX_TEXT && (p->prev.kind == LEX_GE || p->prev.kind == LEX_LE || p->prev.kind == '<' || p->prev.kind == '>') && parse_expects(e, LEX_DATE)) {
    lex_error(&p->lx, DIAG_SYN_SLIP, t->sp, "a bound stands without quotes: `300`, `2026-11-22`");
    return true;
  }
  if (t->kind == '(' && is_plain(&p->prev) && (same_word(p->prev.text, "enum") || same_word(p->prev.text, "oneof") || same_word(p->prev.text, "choice"))) {
    lex_error(&p->lx, DIAG_SYN_SLIP, p->prev.sp, "one of several texts is a type of its own: `\"image\" | \"video\"`");
    return true;
  }
  if (t->kind == LEX_NOT && parse_expects(e, LEX_KEY)) {
    lex_error(&p->lx, DIAG_SYN_SLIP, t->sp, "a field is never missing, unless its type ends in `?`: nothing needs to be said");
    return true;
  }
  return false;
}

/* id : text, title : text */
static bool comma(parser *p) {
  const token *t = &p->tok;
  bool lists = p->decl == LEX_RECORD || p->decl == LEX_PALETTE || p->decl == LEX_TERMS || p->decl == LEX_RULESET ||
               p->decl == LEX_EXPERIMENT || p->decl == LEX_RULE;
  if (t->kind != ',' || !lists || p->parens) return false;
  diag *g = lex_error(&p->lx, DIAG_SYN_SLIP, t->sp, "no comma stands here: what follows begins by itself");
  lex_fix(&p->lx, g, t->sp, STR(""), "remove it");
  return true;
}

bool parse_slip_word(parser *p, const expected *e) {
  return brace(p, e) || unit(p, e) || dotted_date(p) || otherwise(p, e) || article(p, e) || clause_word(p, e) || operator_word(p, e) || shouted(p) ||
         comma(p) || field_words(p, e);
}
