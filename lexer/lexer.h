/* Source text to tokens.
 *
 * The scanner (scan.l, flex) cuts the text; literal.c gives numbers, dates, colors and quantities their values; text.c decodes
 * texts. lexer.c opens a file (encoding, size), holds the keyword table and counts errors, so that one bad file gives a screen of
 * messages, not thousands. A token never refers to the scanner's buffer: its texts are slices of the source or arena copies. */
#ifndef LEXER_LEXER_H
#define LEXER_LEXER_H
#include "base/diag.h"

/* 0 is the end of the file, 1..255 a punctuation mark's own character. */
typedef enum lex_kind {
  LEX_EOF = 0,
  LEX_FIRST_NAMED = 255,
#define TOK(name, what) LEX_##name,
#include "lexer/token.def"
#define KEYWORD(word, token, class) LEX_##token,
#include "lexer/keywords.def"
  LEX_KIND_END
} lex_kind;

typedef enum lex_class { LEX_NO_WORD, LEX_DECL_WORD, LEX_LET_WORD, LEX_CLAUSE_WORD, LEX_PART_WORD, LEX_EXPR_WORD, LEX_SOFT_WORD } lex_class;
typedef enum lex_unit { LEX_NO_UNIT, LEX_DURATION, LEX_SIZE, LEX_MONTHS } lex_unit;

enum lex_flag {
  LEX_LINE_FIRST = 1, /* nothing but white space stands before it on its line */
  LEX_BACKQUOTED = 2, /* NAME */
  LEX_TRIPLE = 4,     /* TEXT, HEAD, MID, TAIL, RAW: of a text in triple quotes */
  LEX_SPACED = 8      /* white space or a comment stands before it */
};

typedef struct token {
  uint16_t kind;   /* lex_kind or a character */
  uint8_t flags;   /* lex_flag */
  uint8_t class;   /* lex_class */
  span sp;
  /* NAME: the name. TEXT, HEAD, MID, TAIL: decoded; with LEX_TRIPLE the raw slice between the marks (see lex_text_finish).
     RAW: the pattern. FORMAT: the format. Everything else: the source slice. */
  str text;
  str extra;       /* RAW: flags */
  union { int64_t i; double n; } v; /* as in ast.def */
} token;

typedef struct comment {
  span sp;         /* from its first slash to the end of the line, without a carriage return or white space at the end */
  bool own_line;   /* nothing but white space before it */
} comment;

/* Lines of `///` right above a token; at is that token's place. */
typedef struct doc { uint32_t at; str text; } doc;

/* An open hole of a text: brackets open in it, place of its brace, whether its text is in triple quotes. */
struct lex_hole { uint32_t depth, beg; bool triple; };

enum { LEX_MAX_ERRORS = 100, LEX_MAX_FILE = 1 << 30 };

typedef struct lexer {
  arena *a;
  diags *d;
  const srcfile *f;
  VEC(comment) comments; /* all, in order */
  VEC(doc) docs;         /* all, in order of `at` */
  uint32_t errors;       /* reported for this file by lexer and parser */
  bool stopped;          /* too many errors, or not a text file: only LEX_EOF comes */
  /* the scanner's own */
  void *scanner;
  char *buf;             /* the scanner's copy; it writes a NUL behind each token in turn */
  uint32_t skip;         /* bytes of a byte order mark */
  bool line_first, spaced;
  bool closing;          /* an unclosed hole has been reported: close what is open without further words */
  uint32_t text_beg;     /* offset of the text, pattern or chunk being scanned */
  VEC(struct lex_hole) holes;
  VEC(str) doc_lines;    /* of the doc comment being read */
  uint8_t words[256];    /* open-addressed hash of the word table; 0 is empty, else index + 1 */
} lexer;

/* Starts on a file. Checks size and encoding first; what cannot be a rule file gets one error and no tokens. All memory comes
 * from the arena; there is nothing to close. */
void lex_open(lexer *lx, arena *a, diags *d, const srcfile *f);
/* The next token; LEX_EOF for ever at the end. */
void lex_next(lexer *lx, token *t);

/* Reports an error of this file. NULL when the file has had LEX_MAX_ERRORS: then notes and fixes are not added either. */
diag *lex_error(lexer *lx, diag_code code, span sp, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void lex_note(lexer *lx, diag *g, span sp, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void lex_fix(lexer *lx, diag *g, span sp, str replacement, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* `require` for a keyword, "a name" for a NAME, `(` for a mark: how messages call a kind of token. */
str lex_describe(arena *a, int kind);
extern const char *const lex_kind_names[LEX_KIND_END - LEX_FIRST_NAMED]; /* "NAME", by kind - LEX_FIRST_NAMED */

typedef struct lex_word { const char *word; uint16_t kind; uint8_t class; uint8_t unit; int64_t factor; } lex_word;
extern const lex_word lex_words[];  /* keywords and units */
extern const uint32_t lex_nwords;
const lex_word *lex_word_find(const lexer *lx, str s); /* NULL for a plain name */

/* literal.c. Each reports what is wrong and leaves a harmless value. */
void lex_int(lexer *lx, token *t);
void lex_dec(lexer *lx, token *t);
void lex_percent(lexer *lx, token *t);
void lex_ratio(lexer *lx, token *t);
void lex_color(lexer *lx, token *t);
void lex_date(lexer *lx, token *t);
void lex_time(lexer *lx, token *t);
/* The value of `number unit` in microseconds, bytes or months. False (reported at sp) when it does not come out whole or in range. */
bool lex_quantity(lexer *lx, span sp, str number, str unit, lex_unit *kind, int64_t *value);

/* text.c */
/* Decodes escapes; gives s itself when it has none. Bad escapes (reported by the scanner) are dropped. */
str lex_unescape(arena *a, str s);
/* Chunks of one text in triple quotes, in order: drops the line break after the opening and before the closing marks, removes
 * the indentation that all lines share (the closing marks' line counts), turns CR LF into LF, decodes escapes. In place. */
void lex_text_finish(arena *a, str *chunks, uint32_t n);
/* The white space that all lines of such a text but the first share. Blank lines do not count, except the closing marks' own. */
str lex_common_indent(const str *chunks, uint32_t n);
str lex_newlines(arena *a, str s); /* CR LF to LF */
/* Offset of the first byte that is not UTF-8 at or after `from`; s.n when there is none. */
uint32_t lex_utf8_check(str s, uint32_t from);

/* All tokens of a file, LEX_EOF last: for the formatter and the tests. */
typedef struct lexed { token *tokens; uint32_t n; } lexed;
lexed lex_all(lexer *lx);

#endif
