/* Between scanner and grammar: the one-token filter, and finding a place to go on after an error.
 *
 * The filter: after a dot and before a colon every word is a name, so that a column may be called `from`. It works on tokens, so
 * comments and line breaks do not matter.
 *
 * Recovery: when the grammar has dropped to a list (`error` in grammar.y), tokens are skipped up to one that begins a line and looks like the
 * beginning of a list's element, or to the brace that ends the block. Rule files are written a clause a line, so this finds the next
 * error in the same block far more often than error productions alone. The block behind a header that could not be read is
 * read all the same. Progress: the same place is never given twice. */
#include "parser/parse.h"
#include "parser/grammar.h"

int parse_lex_kind(const token *t) {
  if (t->kind == LEX_EOF) return T_END;
  return t->kind < LEX_FIRST_NAMED ? t->kind : parse_token_kinds[t->kind - LEX_FIRST_NAMED];
}

static void raw_next(parser *p, token *t) {
  if (p->has_peek) *t = p->peek, p->has_peek = false;
  else lex_next(&p->lx, t);
}

static bool next_is_colon(parser *p) {
  if (!p->has_peek) lex_next(&p->lx, &p->peek), p->has_peek = true;
  return p->peek.kind == ':';
}

static bool begins_statement(const token *t) {
  return t->class == LEX_DECL_WORD || t->class == LEX_LET_WORD || t->class == LEX_CLAUSE_WORD;
}

/* One token, words turned into names where they are. */
static void filtered_next(parser *p) {
  p->before = p->prev, p->prev = p->tok;
  raw_next(p, &p->tok);
  token *t = &p->tok;
  if (t->class && (p->prev.kind == '.' || next_is_colon(p))) t->kind = LEX_NAME, t->class = LEX_NO_WORD;
  if (t->flags & LEX_LINE_FIRST) {
    p->line_word = *t;
    if (begins_statement(t)) p->parens = 0;
    if (t->class == LEX_DECL_WORD) p->decl = t->kind;
  }
  else if (p->prev.kind == '{') p->line_word = *t;
  if (t->kind == '(' || t->kind == '[') p->parens++;
  else if ((t->kind == ')' || t->kind == ']') && p->parens) p->parens--;
}

/* Could an element of a list at this level begin with t? depth: braces opened since the error. */
static bool is_sync(const parser *p, const token *t, int level, uint32_t depth) {
  if (t->kind == LEX_EOF) return true;
  bool first = t->flags & LEX_LINE_FIRST;
  if (t->class == LEX_DECL_WORD) return first; /* even in braces: they may be what is wrong */
  if (depth) return false;
  if (t->class == LEX_LET_WORD) return first;
  if (level == SYNC_FILE) return false;
  if (t->kind == '}') return true;
  if (!first) return false;
  if (t->class == LEX_CLAUSE_WORD) return true;
  /* a name or text may as well continue an expression in brackets */
  return !p->parens && (t->kind == LEX_NAME || t->class == LEX_SOFT_WORD || t->kind == LEX_TEXT || t->kind == LEX_UNDERSCORE);
}

/* Declarations whose blocks make sense without their headers. */
static bool is_readable(int decl) {
  return decl == LEX_RULE || decl == LEX_RECORD || decl == LEX_CHOOSE || decl == LEX_TEMPLATE || decl == LEX_TEST || decl == LEX_WAIVE;
}

static void skip(parser *p, int level) {
  uint32_t depth = 0;
  for (;;) {
    filtered_next(p);
    if (is_sync(p, &p->tok, level, depth)) break;
    if (p->tok.kind == '{' && level == SYNC_FILE && !depth && is_readable(p->decl)) {
      p->orphan = p->decl;
      p->decl = 0;
      p->peek = p->tok, p->has_peek = true; /* free here: only words look ahead */
      break;
    }
    if (p->tok.kind == '{') depth++;
    else if (p->tok.kind == '}' && depth) depth--;
  }
  p->parens = 0;
  p->last_sync = p->tok.sp.beg;
}

void parse_next(parser *p) {
  if (p->skip) {
    int level = p->skip - 1;
    p->skip = 0;
    skip(p, level);
    return;
  }
  filtered_next(p);
  if (p->parens <= AST_MAX_NEST) return;
  if (!p->too_deep) lex_error(&p->lx, DIAG_SYN_TOO_DEEP, p->tok.sp, "nested too deep (limit %d)", AST_MAX_NEST);
  p->too_deep = true;
  p->tok.kind = LEX_UNDEF; /* a silent error: what follows is skipped like after any other */
}

bool parse_resync(parser *p, int level) {
  if (level == SYNC_FILE) p->too_deep = false;
  if (is_sync(p, &p->tok, level, 0) && p->tok.sp.beg != p->last_sync) {
    p->last_sync = p->tok.sp.beg;
    p->parens = 0;
    return false;
  }
  if (p->tok.kind == LEX_EOF) return false;
  if (p->tok.kind == '{' && !p->has_peek) p->peek = p->tok, p->has_peek = true; /* skip is to see it */
  p->skip = level + 1;
  return true;
}
