/* Slips of hands that are used to other languages (SQL, spreadsheets, JavaScript) or to none: each is recognized from the tokens around the error
 * and answered with what is written instead. What is not recognized is message.c's. */
#include "parser/parse.h"

#include <string.h>

static bool is_word(const token *t, const char *word) { return t->kind == LEX_NAME && !(t->flags & LEX_BACKQUOTED) && str_eq(t->text, str_z(word)); }

static bool says_fix(parser *p, span sp, str by, const char *what, str found) {
  diag *g = lex_error(&p->lx, DIAG_SYN_SLIP, sp, "%s, not `%.*s`", what, STR_ARG(found));
  lex_fix(&p->lx, g, sp, by, "write `%.*s`", STR_ARG(by));
  return true;
}

/* `== missing`, `not missing`, `is missing`, `is not missing`, `!= exists` */
static bool presence(parser *p) {
  const token *t = &p->tok, *prev = &p->prev;
  bool is = is_word(prev, "is"), neg = false;
  span sp = { prev->sp.beg, t->sp.end };
  int kind = t->kind;
  if (is && kind == LEX_NOT) {
    str rest = { p->f->text.p + (t->sp.end - p->f->base), p->f->text.n - (t->sp.end - p->f->base) };
    uint32_t i = 0;
    while (i < rest.n && rest.p[i] == ' ') i++;
    const char *words[] = { "missing", "exists" };
    for (int w = 0; w < 2; w++)
      if (rest.n - i >= strlen(words[w]) && !memcmp(rest.p + i, words[w], strlen(words[w])))
        kind = w ? LEX_EXISTS : LEX_MISSING, neg = true, sp.end += i + (uint32_t)strlen(words[w]);
  }
  if (kind != LEX_MISSING && kind != LEX_EXISTS) return false;
  if (prev->kind == LEX_NOT) {
    neg = true;
    if (is_word(&p->before, "is")) sp.beg = p->before.sp.beg;
  } else if (prev->kind == LEX_NE) neg = true;
  else if (prev->kind != LEX_EQ && prev->kind != '=' && !is) return false;
  str by = (kind == LEX_MISSING) != neg ? STR("missing") : STR("exists");
  return says_fix(p, sp, by, "whether a value is there is asked with `x exists` or `x missing`", parse_text(p, sp));
}

/* 1,000 */
static bool grouped_number(parser *p) {
  const token *t = &p->tok;
  if (t->kind != ',' || p->prev.kind != LEX_INT || p->prev.sp.end != t->sp.beg || p->parens) return false;
  uint32_t at = t->sp.end - p->f->base, i = 0;
  while (at + i < p->f->text.n && p->f->text.p[at + i] >= '0' && p->f->text.p[at + i] <= '9') i++;
  if (i != 3) return false;
  span sp = { p->prev.sp.beg, t->sp.end + 3 };
  str by = str_fmt(p->a, "%.*s_%.*s", STR_ARG(parse_text(p, p->prev.sp)), 3, p->f->text.p + at);
  return says_fix(p, sp, by, "the digits of a number are grouped with `_`", parse_text(p, sp));
}

/* all c in ... */
static bool quantifier(parser *p) {
  static const char *const others[][2] = { { "all", "every" }, { "each", "every" }, { "forall", "every" }, { "any", "some" }, { "none", "no" } };
  if (p->tok.kind != LEX_IN || p->prev.kind != LEX_NAME) return false;
  const token *w = &p->before;
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (str_eq(parse_text(p, w->sp), str_z(others[i][0]))) return says_fix(p, w->sp, str_z(others[i][1]), "`every`, `some` and `no` speak of the elements of a list", w->text);
  return false;
}

/* Where on the line of the token, before it, the word stands; NULL: nowhere. */
static const char *line_has(const parser *p, const char *word) {
  const char *end = p->f->text.p + (p->tok.sp.beg - p->f->base), *beg = end;
  while (beg > p->f->text.p && beg[-1] != '\n') beg--;
  for (size_t n = strlen(word); beg + n < end; beg++)
    if (!memcmp(beg, word, n)) return beg;
  return NULL;
}

static bool tell(parser *p, const char *what) {
  lex_error(&p->lx, DIAG_SYN_SLIP, p->tok.sp, "%s", what);
  return true;
}

static bool in_context(parser *p) {
  const token *t = &p->tok;
  if (t->kind == LEX_WHERE && (line_has(p, "every ") || line_has(p, "some ") || line_has(p, "no ")))
    return tell(p, "`every`, `some` and `no` have no `where`: write `every x in xs: p implies q`, `some x in xs: p and q`");
  if (t->kind == LEX_AND && line_has(p, " between ")) return tell(p, "a range is asked for with `in`: write `x in 1..3`, not `x between 1 and 3`");
  if (t->kind == ',' && p->prev.kind == LEX_TEXT && (line_has(p, " in \"") || line_has(p, " in (\""))) return tell(p, "a list stands in brackets: write `x in [\"a\", \"b\"]`");
  return false;
}

/* A name that is nearly one of the words that could stand here. */
static bool expected_word(parser *p, const expected *e) {
  const token *t = &p->tok;
  if (t->kind != LEX_NAME || (t->flags & (LEX_LINE_FIRST | LEX_BACKQUOTED)) || t->text.n < 3) return false;
  str words[96];
  size_t n = 0;
  for (uint32_t i = 0; i < lex_nwords; i++)
    for (int k = 0; k < e->n && n < 96; k++)
      if (e->kinds[k] == lex_words[i].kind) words[n++] = str_z(lex_words[i].word);
  const str *best = suggest(t->text, words, n);
  return best && parse_misspelt(p, t, *best);
}

/* `id : text kye`, found when the next field does not make sense as a value. */
static bool modifier(parser *p) {
  const token *w = &p->before;
  if (p->decl != LEX_RECORD || p->tok.kind != ':' || w->kind != LEX_NAME || (w->flags & LEX_LINE_FIRST)) return false;
  const str words[] = { STR("key"), STR("unique"), STR("from"), STR("split"), STR("default") };
  const str *best = suggest(w->text, words, sizeof words / sizeof *words);
  return best && parse_misspelt(p, w, *best);
}

static bool begins_limit(int kind) {
  return kind == LEX_INT || kind == LEX_DEC || kind == LEX_MATCHES || kind == LEX_GE || kind == LEX_LE || kind == '<' || kind == '>';
}

/* `text key 1..80`, `text? 1..80`, `text(80)`, `text[]`, `[text]`; and `text optional`, found when the next field does not make
 * sense as a value */
static bool field(parser *p) {
  if (p->decl != LEX_RECORD) return false;
  const token *t = &p->tok, *w = &p->before;
  int prev = p->prev.kind;
  if (begins_limit(t->kind) && (prev == LEX_KEY || prev == LEX_UNIQUE))
    return tell(p, prev == LEX_KEY ? "a limit stands right behind its type: `text 1..80 key`" : "a limit stands right behind its type: `text 1..80 unique`");
  if (begins_limit(t->kind) && prev == '?') return tell(p, "`?` comes last, behind the limit: `text 1..80?`, `int >= 0?`");
  if (t->kind == '[' && (prev == ':' || prev == LEX_NAME)) return tell(p, "a list is written `list of text`");
  if (t->kind == '(' && prev == LEX_NAME && w->kind == ':') return tell(p, "a limit is written `text 1..80`, `int 0..100` or `number >= 0`");
  if (t->kind != ':' || w->kind != LEX_NAME || (w->flags & LEX_LINE_FIRST)) return false;
  bool may = is_word(w, "optional") || is_word(w, "nullable");
  if (!may && !is_word(w, "required") && !is_word(w, "mandatory")) return false;
  lex_error(&p->lx, DIAG_SYN_SLIP, w->sp, may ? "what may be missing has a type that ends in `?`: `text?`"
                                              : "a field is never missing, unless its type ends in `?`: nothing needs to be said");
  return true;
}

/* `record A { exact` */
static bool exact(parser *p) {
  return p->decl == LEX_RECORD && p->tok.kind == LEX_EXACT && tell(p, "`exact` stands behind the record's name: `record Asset exact {`");
}

/* `red E4002B` in a palette */
static bool bare_color(parser *p) {
  str s = parse_text(p, p->tok.sp);
  if (p->decl != LEX_PALETTE || (s.n != 3 && s.n != 6)) return false;
  for (uint32_t i = 0; i < s.n; i++)
    if (!((s.p[i] >= '0' && s.p[i] <= '9') || ((s.p[i] | 32) >= 'a' && (s.p[i] | 32) <= 'f'))) return false;
  return says_fix(p, p->tok.sp, str_fmt(p->a, "#%.*s", STR_ARG(s)), "a color is written with `#`", s);
}

/* `world-class -> "excellent"` in a list of terms */
static bool bare_term(parser *p, const expected *e) {
  return p->decl == LEX_TERMS && p->tok.kind == LEX_NAME && parse_expects(e, LEX_TEXT) && tell(p, "a term stands in quotes: `\"cheap\" -> \"affordable\"`");
}

/* `otherwise Too small` */
static bool bare_message(parser *p, const expected *e) {
  return p->prev.kind == LEX_OTHERWISE && p->tok.kind == LEX_NAME && parse_expects(e, LEX_TEXT) && tell(p, "what is said stands in quotes: `otherwise \"...\"`");
}

/* `sort : int = 0` */
static bool default_sign(parser *p, const expected *e) {
  const token *t = &p->tok;
  return p->decl == LEX_RECORD && t->kind == '=' && parse_expects(e, LEX_DEFAULT) && says_fix(p, t->sp, STR("default"), "what a missing value counts as follows `default`", STR("="));
}

/* { id: "a" } or { "id": "a" } as a value */
static bool braces(parser *p, const expected *e) {
  if (p->tok.kind != '{' || !parse_expects(e, LEX_INT) || !parse_expects(e, LEX_NAME)) return false;
  const char *at = p->f->text.p + (p->tok.sp.end - p->f->base), *end = p->f->text.p + p->f->text.n;
  while (at < end && (*at == ' ' || *at == '\n' || *at == '"')) at++;
  const char *word = at;
  while (at < end && (*at == '_' || (*at >= '0' && *at <= '9') || ((*at | 32) >= 'a' && (*at | 32) <= 'z'))) at++;
  bool named = at > word;
  while (at < end && (*at == ' ' || *at == '"')) at++;
  return named && at < end && *at == ':' &&
         tell(p, "a record is written with the name of its type: `Asset(id: \"a\", width: 3)`, not between braces");
}

/* `key (a, b)` and `key a, b` after the fields */
static bool key_list(parser *p) {
  const token *t = &p->tok;
  if (p->decl != LEX_RECORD || !((t->kind == '(' && p->prev.kind == LEX_KEY) || (t->kind == ',' && p->before.kind == LEX_KEY))) return false;
  return tell(p, "a key of several fields is said at each of them: `banner : text key`, `day : date key`");
}

/* `where` between the braces of what says in its first line for whom it is */
static bool for_whom(parser *p) {
  if (p->tok.kind != LEX_WHERE || !(p->tok.flags & LEX_LINE_FIRST)) return false;
  if (p->decl == LEX_CHOOSE) return tell(p, "whom a choice is for is said in its first line: `choose hero for p in profiles where p.age >= 18 {`");
  if (p->decl == LEX_EXPERIMENT) return tell(p, "whom an experiment is for is said in its first line: `experiment cta for p in profiles where p.age >= 18 {`");
  return p->decl == LEX_TEMPLATE && tell(p, "whom a template is for is said in its first line: `template banner for p in profiles where p.age >= 18 {`");
}

bool parse_slip(parser *p, const expected *e) {
  return presence(p) || exact(p) || bare_color(p) || bare_message(p, e) || bare_term(p, e) || default_sign(p, e) || braces(p, e) || key_list(p) ||
         for_whom(p) || grouped_number(p) || quantifier(p) || in_context(p) || modifier(p) || parse_slip_word(p, e) || field(p) || expected_word(p, e);
}
