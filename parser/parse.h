/* Shared inside parser/: the state of one parse, the token filter, and the functions that grammar actions call. */
#ifndef PARSER_PARSE_H
#define PARSER_PARSE_H
#include "lexer/lexer.h"
#include "parser/ast.h"

/* A list under construction; passed by value through the parser's stack. */
typedef struct nodes { ast *first, *last; uint16_t depth, nest; } nodes;

typedef struct parser {
  arena *a;
  diags *d;
  const srcfile *f;
  lexer lx;
  nodes items;          /* declarations so far: kept even when the parser has to give up */
  ast *expr;            /* result of parse_expr */
  bool want_expr;       /* parse_expr, not parse_file */
  bool started;         /* the pseudo token that says so has been given */
  /* filter.c */
  token tok, prev, before, peek; /* tok: the parser's lookahead; prev: the one before it; before: that before prev; peek: read ahead */
  bool has_peek;
  token line_word;      /* first token of the line on which tok stands, or of the block that begins on it */
  uint32_t parens;      /* open ( and [ at tok, since the last word that begins a clause or declaration */
  uint32_t depth;       /* open brackets of every kind, for the limit */
  int skip;             /* recovery: drop tokens up to the next place of this level (+1); 0 is none */
  uint32_t last_sync;   /* place at which recovery went on last, to see that it makes progress */
  int decl;             /* the word that began the current declaration */
  int orphan;           /* tok stands for the start of a block whose header could not be read: its declaration's word */
  bool too_deep;        /* reported in this declaration */
} parser;

enum { SYNC_FILE, SYNC_BLOCK }; /* levels of recovery: the list of declarations; the list inside a block */

/* filter.c: between scanner and grammar. */
int parse_lex_kind(const token *t);              /* the grammar's number of a token */
void parse_next(parser *p);                      /* reads the next token into p->tok */
bool parse_resync(parser *p, int level);         /* after an error: true when the lookahead is to be dropped */

/* message.c: what is wrong, in words. */
typedef struct expected { const int *kinds; int n; } expected; /* lexer kinds that could stand here */
void parse_report(parser *p, const expected *e);
bool parse_expects(const expected *e, int kind);
str parse_text(const parser *p, span sp);        /* as it stands in the file */
bool parse_misspelt(parser *p, const token *word, str meant); /* reports it: true */
bool parse_slip(parser *p, const expected *e);   /* slip.c: a usual slip, reported: true */
bool parse_slip_word(parser *p, const expected *e); /* slip_word.c: the same, for words, units and dates */
void parse_unclosed(parser *p, span open, span end, const char *what);

/* build.c: one function a construct. Every one allocates in p->a and never fails (see arena_alloc). */
typedef ast *node;
ast *mk(parser *p, ast_kind kind, span sp);
ast *mk_a(parser *p, ast_kind kind, span sp, ast *a);
ast *mk_ab(parser *p, ast_kind kind, span sp, ast *a, ast *b);
ast *mk_abc(parser *p, ast_kind kind, span sp, ast *a, ast *b, ast *c);
ast *mk_named(parser *p, ast_kind kind, span sp, token name, ast *a, ast *b, ast *c);
ast *mk_list(parser *p, ast_kind kind, span sp, nodes list);
ast *mk_op(parser *p, ast_kind kind, int op, span sp, ast *a, ast *b);
ast *with_list(parser *p, ast *n, nodes list);
ast *with_flags(ast *n, int flags);
ast *with_op(ast *n, int op);
nodes list_new(ast *n);
nodes list_add(nodes l, ast *n);
nodes list_doc(parser *p, nodes l, ast *n); /* list_add of a documented part */
void file_add(parser *p, ast *item);

ast *mk_literal(parser *p, ast_kind kind, span sp, token t);
ast *mk_quantity(parser *p, span sp, token number, token unit);
ast *mk_text(parser *p, span sp, token t);
ast *mk_interp(parser *p, span sp, token head, nodes rest, token tail);
nodes mk_chunk(parser *p, nodes list, token mid);
ast *mk_hole(parser *p, span sp, ast *expr, str format);
ast *mk_name(parser *p, span sp, token t);
ast *mk_path(parser *p, span sp, nodes parts);
ast *mk_const_path(parser *p, span sp, nodes parts); /* NAME when it has one part */
ast *mk_type_list(parser *p, ast_kind kind, span sp, ast *elem, ast *bound);
ast *mk_arith(parser *p, int op, span sp, ast *a, ast *b);
ast *mk_member(parser *p, span sp, ast *object, token name);
ast *mk_call(parser *p, span sp, ast *object, token name, nodes args);
ast *mk_index(parser *p, span sp, ast *object, ast *index);
ast *mk_bracketed(parser *p, span sp, nodes elems);
ast *mk_arg(parser *p, span sp, token name, ast *expr);
ast *mk_chained(parser *p, span sp, span op, ast *a, ast *b, ast *c);
ast *mk_mixed(parser *p, span sp, span op, ast *a, ast *b);
ast *mk_equals(parser *p, span sp, span op, ast *a, ast *b);
ast *mk_if(parser *p, span sp, ast *c, ast *t, ast *e);
ast *mk_quant(parser *p, int op, span sp, ast *binder, ast *body);
ast *mk_waive(parser *p, span sp, ast *path, nodes keys, nodes clauses);
ast *mk_row(parser *p, span sp, nodes cells, nodes results);

#endif
