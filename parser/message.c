/* Syntax errors in words for people who do not know what a token is. The grammar tells which tokens could stand here; this file groups
 * them ("an expression", "a clause"), and recognizes the usual slips. */
#include "parser/parse.h"

#include <stdio.h>
#include <string.h>

enum { KINDS = LEX_KIND_END };
typedef struct kindset { bool has[KINDS]; } kindset;

static bool all_of(const kindset *s, const int *kinds) {
  for (; *kinds; kinds++)
    if (!s->has[*kinds]) return false;
  return true;
}

static void remove_all(kindset *s, const int *kinds) {
  for (; *kinds; kinds++) s->has[*kinds] = false;
}

static void remove_class(kindset *s, lex_class class) {
  for (uint32_t i = 0; i < lex_nwords; i++)
    if (lex_words[i].class == class) s->has[lex_words[i].kind] = false;
}

typedef struct phrases { str v[16]; int n; bool whole; } phrases;
static void say(phrases *p, str s) { if (p->n < 16) p->v[p->n++] = s; }

static const int values[] = { LEX_NAME, LEX_TEXT, LEX_HEAD, LEX_RAW, LEX_INT, LEX_DEC, LEX_PERCENT, LEX_RATIO, LEX_COLOR, LEX_DATE, LEX_TIME,
                              '(', '[', '-', LEX_NOT, LEX_IF, LEX_EVERY, LEX_SOME, LEX_NO, 0 };
static const int operators[] = { '+', '-', '*', '/', '<', '>', '.', '[', '=', LEX_EQ, LEX_NE, LEX_LE, LEX_GE, LEX_COALESCE, LEX_AND, LEX_OR, LEX_NOT,
                                 LEX_IMPLIES, LEX_IN, LEX_EXISTS, LEX_MISSING, LEX_CONTAINS, LEX_MATCHES, LEX_PASSES, LEX_FAILS, LEX_DUNIT, LEX_SUNIT, 0 };
static const int bounds[] = { '<', '>', LEX_LE, LEX_GE, LEX_MATCHES, LEX_INT, LEX_DEC, LEX_PERCENT, LEX_RATIO, LEX_COLOR, LEX_DATE, LEX_TIME, '-', 0 };
static const int modifiers[] = { LEX_KEY, LEX_UNIQUE, LEX_FROM, LEX_SPLIT, LEX_DEFAULT, 0 };

/* The larger groups first: each takes its members out of the set. */
static void group(kindset *s, phrases *out) {
  bool clause = s->has[LEX_REQUIRE], declaration = s->has[LEX_RECORD] && s->has[LEX_RULE];
  bool soft = s->has[LEX_IGNORING] && s->has[LEX_CASE];
  if (all_of(s, (int[]){ LEX_AND, LEX_OR, '+', 0 })) {
    remove_all(s, operators);
    remove_all(s, (int[]){ '(', 0 });
    if (clause || declaration) {
      say(out, STR("an operator such as `and`"));
      say(out, clause ? STR("the next clause") : STR("the next declaration"));
      out->whole = true;
      return;
    }
    say(out, STR("an operator"));
  } else if (all_of(s, (int[]){ LEX_INT, '(', LEX_RAW, 0 })) {
    say(out, s->has[LEX_NOT] ? STR("an expression") : STR("a value"));
    remove_all(s, values);
    remove_class(s, LEX_SOFT_WORD);
  } else if (all_of(s, (int[]){ LEX_UNDERSCORE, LEX_INT, 0 })) {
    say(out, STR("a cell (a value, a set `a | b`, a range `1..5` or `>= 5`, `missing`, or `_` for anything)"));
    remove_all(s, values);
    remove_all(s, (int[]){ LEX_UNDERSCORE, LEX_MISSING, '<', '>', LEX_LE, LEX_GE, 0 });
  } else if (all_of(s, (int[]){ LEX_INT, LEX_TEXT, LEX_RAW, 0 })) {
    say(out, STR("a constant"));
    remove_all(s, values);
  } else if (all_of(s, (int[]){ LEX_LIST, LEX_MAP, LEX_ARROW, 0 })) {
    say(out, STR("a type"));
    remove_all(s, (int[]){ LEX_LIST, LEX_MAP, LEX_ARROW, LEX_NAME, LEX_TEXT, 0 });
  }
  if (s->has[LEX_KEY] && s->has[LEX_SPLIT] && !soft) {
    say(out, STR("a modifier such as `key`"));
    remove_all(s, modifiers);
    if (s->has['}']) say(out, STR("the next field")), s->has['}'] = s->has[LEX_NAME] = false;
  }
  if (s->has[LEX_MATCHES] && s->has[LEX_INT]) {
    say(out, STR("a bound such as `1..80`"));
    remove_all(s, bounds);
  } else if (all_of(s, (int[]){ LEX_INT, LEX_DATE, LEX_COLOR, 0 })) {
    say(out, STR("a number, date, time or color"));
    remove_all(s, bounds);
  }
  if (soft && s->has[LEX_NAME]) {
    say(out, STR("a name"));
    remove_class(s, LEX_SOFT_WORD);
    s->has[LEX_NAME] = false;
  }
  if (clause) {
    say(out, STR("a clause"));
    remove_class(s, LEX_CLAUSE_WORD);
    s->has[LEX_LET] = s->has[LEX_NAME] = false;
  }
  if (s->has['}']) s->has[LEX_DOTDOT] = s->has[LEX_ARROW] = s->has[LEX_OF] = s->has[LEX_PER] = false; /* a longer option */
  if (declaration) {
    if (!s->has['}']) say(out, STR("a declaration"));
    remove_class(s, LEX_DECL_WORD);
    s->has[LEX_LET] = s->has[LEX_EOF] = false;
  }
}

static str what_expected(parser *p, const expected *e) {
  kindset s = { { false } };
  phrases out = { .n = 0 };
  for (int i = 0; i < e->n; i++) s.has[e->kinds[i]] = true;
  s.has[LEX_UNDEF] = false;
  group(&s, &out);
  int left = 0;
  for (int k = 0; k < KINDS; k++) left += s.has[k];
  if (left + out.n > 1) s.has['.'] = s.has['|'] = s.has['?'] = false; /* what only lengthens the thing before */
  for (int k = 0; k < KINDS && !out.whole && out.n < 7; k++)
    if (s.has[k]) {
      str what = lex_describe(p->a, k);
      bool said = false;
      for (int i = 0; i < out.n; i++) said = said || str_eq(out.v[i], what);
      if (!said) say(&out, what);
    }
  buf b = { .a = p->a };
  for (int i = 0; i < out.n; i++) {
    if (i) buf_z(&b, i + 1 == out.n ? " or " : ", ");
    buf_str(&b, out.v[i]);
  }
  return buf_done(&b);
}

static str what_found(parser *p, const token *t) {
  str s = parse_text(p, t->sp);
  switch ((int)t->kind) {
    case LEX_EOF: return STR("the end of the file");
    case LEX_MID: case LEX_TAIL: return STR("the end of the braces");
    case LEX_TEXT: case LEX_HEAD:
      if (s.n > 30 || memchr(s.p, '\n', s.n)) return STR("a text");
      return str_fmt(p->a, "the text %.*s", STR_ARG(s));
    default: break;
  }
  return s.n && s.n <= 40 && !memchr(s.p, '\n', s.n) ? str_fmt(p->a, "`%.*s`", STR_ARG(s)) : lex_describe(p->a, t->kind);
}

bool parse_expects(const expected *e, int kind) {
  for (int i = 0; i < e->n; i++)
    if (e->kinds[i] == kind) return true;
  return false;
}

str parse_text(const parser *p, span sp) { return (str){ p->f->text.p + (sp.beg - p->f->base), sp.end - sp.beg }; }

bool parse_misspelt(parser *p, const token *word, str meant) {
  diag *g = lex_error(&p->lx, DIAG_SYN_WORD, word->sp, "unknown word `%.*s`; did you mean `%.*s`?", STR_ARG(word->text), STR_ARG(meant));
  lex_fix(&p->lx, g, word->sp, meant, "write `%.*s`", STR_ARG(meant));
  return true;
}

static bool is_reserved(const token *t) { return t->class != LEX_NO_WORD && t->class != LEX_SOFT_WORD; }

/* A declared name follows these. */
static bool introduces_name(const token *t) {
  switch ((int)t->kind) {
    case LEX_TYPE: case LEX_RECORD: case LEX_SOURCE: case LEX_PALETTE: case LEX_TERMS: case LEX_TABLE: case LEX_LET: case LEX_FN: case LEX_RULE:
    case LEX_RULESET: case LEX_AUDIENCE: case LEX_EXPERIMENT: case LEX_CHOOSE: case LEX_TEMPLATE: case LEX_GIVEN: case LEX_FOR: case LEX_EVERY:
    case LEX_SOME: case LEX_NO: case LEX_SLOT: case LEX_FROM: case LEX_OVER: case LEX_MODULE: case LEX_IMPORT: case LEX_AT: case LEX_FIX:
      return true;
    default: return false;
  }
}

static bool report_reserved(parser *p, const expected *e) {
  const token *t = &p->tok;
  if (!is_reserved(t) || t->kind == LEX_UNDERSCORE || !parse_expects(e, LEX_NAME) || (t->flags & LEX_LINE_FIRST)) return false;
  if (!introduces_name(&p->prev) || parse_expects(e, LEX_INT)) return false;
  diag *g = lex_error(&p->lx, DIAG_SYN_RESERVED, t->sp, "`%.*s` is a reserved word and cannot be a name as it stands", STR_ARG(t->text));
  lex_fix(&p->lx, g, t->sp, str_fmt(p->a, "`%.*s`", STR_ARG(t->text)), "write it in back quotes");
  return true;
}

/* The word of this class that the name is nearest to. */
static str near_word(str name, bool declaration) {
  str words[64];
  size_t n = 0;
  for (uint32_t i = 0; i < lex_nwords && n < 64; i++) {
    int c = lex_words[i].class;
    if (c == LEX_LET_WORD || c == (declaration ? LEX_DECL_WORD : LEX_CLAUSE_WORD)) words[n++] = str_z(lex_words[i].word);
  }
  const str *best = suggest(name, words, n);
  return best ? *best : (str){ "", 0 };
}

static bool report_misspelt(parser *p, bool at_file) {
  const token *w = &p->line_word;
  if (w->kind != LEX_NAME || (w->flags & LEX_BACKQUOTED) || w->text.n < 3) return false;
  if (!at_file && w->sp.beg == p->tok.sp.beg) return false; /* a name may begin a line here: it is not what is wrong */
  str near = near_word(w->text, at_file);
  if (!near.n) return false;
  for (uint32_t i = 0; at_file && i < lex_nwords; i++)
    if (str_eq(str_z(lex_words[i].word), near)) p->decl = lex_words[i].kind;
  return parse_misspelt(p, w, near);
}

/* Between two declarations. */
static void report_at_file(parser *p) {
  const token *t = &p->tok;
  str found = what_found(p, t);
  if (t->kind == '}') {
    diag *g = lex_error(&p->lx, DIAG_SYN_STRAY_BRACE, t->sp, "this `}` closes nothing");
    lex_fix(&p->lx, g, t->sp, STR(""), "remove it");
  } else if (t->class == LEX_CLAUSE_WORD || t->class == LEX_PART_WORD) {
    lex_error(&p->lx, DIAG_SYN_MODULE, t->sp, "a declaration is expected here; %.*s stands between the braces of one", STR_ARG(found));
  } else if (!report_misspelt(p, true)) {
    lex_error(&p->lx, DIAG_SYN_MODULE, t->sp, "a declaration such as `rule` or `record` is expected here, not %.*s", STR_ARG(found));
  }
}

/* The slips that deserve a message of their own. */
static bool report_special(parser *p, const expected *e) {
  const token *t = &p->tok;
  if (t->kind == LEX_HEAD && parse_expects(e, LEX_TEXT) && !parse_expects(e, LEX_HEAD)) {
    span brace = { t->sp.end - 1, t->sp.end };
    diag *g = lex_error(&p->lx, DIAG_SYN_LABEL, t->sp, "this text is fixed and cannot have holes `{...}`");
    lex_fix(&p->lx, g, brace, STR("\\{"), "write `\\{` if a brace is meant");
    return true;
  }
  if ((t->kind == LEX_MID || t->kind == LEX_TAIL) && (p->prev.kind == LEX_HEAD || p->prev.kind == LEX_MID)) {
    lex_error(&p->lx, DIAG_SYN_HOLE, (span){ p->prev.sp.end - 1, t->sp.beg + 1 },
              "nothing stands between these braces; for braces as such write `\\{` and `\\}`");
    return true;
  }
  if (parse_expects(e, LEX_THEN) || parse_expects(e, LEX_ELSE)) {
    lex_error(&p->lx, DIAG_SYN_ELSE, t->flags & LEX_LINE_FIRST ? p->prev.sp : t->sp, "expected `%s`, found %.*s: `if` is written `if c then a else b`",
              parse_expects(e, LEX_THEN) ? "then" : "else", STR_ARG(what_found(p, t)));
    return true;
  }
  return report_reserved(p, e);
}

void parse_report(parser *p, const expected *e) {
  const token *t = &p->tok;
  if (t->kind == LEX_UNDEF || p->lx.stopped || str_eq(parse_text(p, t->sp), STR("=>"))) return; /* told by the scanner */
  bool at_file = parse_expects(e, LEX_RECORD) && parse_expects(e, LEX_MODULE) && !parse_expects(e, LEX_AND) && !parse_expects(e, '.') &&
                 !parse_expects(e, LEX_FROM);
  if (at_file && (t->flags & LEX_LINE_FIRST)) {
    if (parse_expects(e, '}') && parse_slip(p, e)) return; /* its block is still open */
    report_at_file(p);
    return;
  }
  if (report_special(p, e) || parse_slip(p, e)) return;
  if (!(t->flags & LEX_LINE_FIRST) && report_misspelt(p, false)) return;
  str want = what_expected(p, e), found = what_found(p, t);
  bool next_line = ((t->flags & LEX_LINE_FIRST) || t->kind == LEX_EOF) && p->prev.kind;
  diag *g;
  if (next_line)
    g = lex_error(&p->lx, DIAG_SYN_UNEXPECTED, p->prev.sp, "expected %.*s after this, found %.*s%s", STR_ARG(want), STR_ARG(found),
                  t->kind == LEX_EOF ? "" : " on the next line");
  else
    g = lex_error(&p->lx, DIAG_SYN_UNEXPECTED, t->sp, "expected %.*s, found %.*s", STR_ARG(want), STR_ARG(found));
  if (is_reserved(t) && !next_line && parse_expects(e, LEX_NAME) && t->kind != LEX_UNDERSCORE)
    lex_note(&p->lx, g, (span){ 0, 0 }, "`%.*s` is a reserved word; as a name it is written in back quotes: ``%.*s``", STR_ARG(t->text), STR_ARG(t->text));
}

void parse_unclosed(parser *p, span open, span end, const char *what) {
  if (p->lx.stopped) return;
  diag *g = lex_error(&p->lx, DIAG_SYN_UNCLOSED, open, "this %s is never closed: `}` is missing", what);
  lex_fix(&p->lx, g, (span){ end.beg, end.beg }, STR("\n}"), "close it after its last line");
}
