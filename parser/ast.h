/* The syntax tree: one generic node in the compile arena. The kinds and the meaning of their children stand in ast.def.
 * Nothing after the parser changes a node. */
#ifndef PARSER_AST_H
#define PARSER_AST_H
#include "base/diag.h"

typedef enum ast_kind {
#define AST(name, sexp, doc) AST_##name,
#include "parser/ast.def"
#undef AST
  AST_KIND_COUNT
} ast_kind;

enum ast_op {
  OP_NONE,
  OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE,
  OP_ADD, OP_SUB, OP_MUL, OP_DIV,
  Q_EVERY, Q_SOME, Q_NO,
  MOD_KEY, MOD_UNIQUE, MOD_FROM, MOD_SPLIT, MOD_DEFAULT,
  UNIT_DURATION, UNIT_SIZE, UNIT_MONTHS,
  SEP_NONE, SEP_RANGE, SEP_ARROW, SEP_PER, SEP_OF /* before an OPTVALUE: "", .., ->, per, of */
};

enum ast_flag {
  AST_OPTIONAL = 1, AST_EXACT = 2, AST_IGNORING_CASE = 4, AST_EXCEPT = 8, AST_LISTED = 16, AST_NEGATED = 32,
  AST_QUOTED = 64, AST_MULTILINE = 128 /* TEXT, INTERP or RAW written with """ */
};

/* What every recursive pass may rely on. Chains (`a and b and ...`, `+`, `*`, `x.y.z`) lean to the left and are counted apart. */
enum { AST_MAX_NEST = 500, AST_MAX_CHAIN = 2000, AST_MAX_DEPTH = AST_MAX_NEST + AST_MAX_CHAIN };

typedef struct ast ast;
struct ast {
  uint8_t kind;        /* ast_kind */
  uint8_t op;          /* ast_op */
  uint16_t flags;      /* ast_flag */
  span sp, name_sp;
  uint16_t depth, nest; /* the parser's own: height of the tree below, and the same without chains (see AST_MAX_DEPTH) */
  str name, text, doc; /* doc: the /// lines above it, joined by \n, markers and one space removed */
  union { int64_t i; double n; } v;
  ast *a, *b, *c;
  ast *first, *last;   /* list */
  ast *next;           /* sibling in the list it stands in */
};

#define AST_EACH(it, node) for (ast *it = (node)->first; it; it = it->next)

extern const char *const ast_kind_names[AST_KIND_COUNT]; /* s-expression names */

/* Prints the tree as one s-expression a declaration: what golden tests and `fmt` compare. Positions and PAREN are left out. */
void ast_print(buf *out, const ast *node);
bool ast_equal(const ast *x, const ast *y); /* structure and values; not positions, PAREN or docs' places */

/* Parses one file: always returns a FILE node; errors go to d, all of the file's in one run. */
ast *parse_file(arena *a, diags *d, const srcfile *f);
/* Parses one expression alone (for the command line and tests). */
ast *parse_expr(arena *a, diags *d, const srcfile *f);

#endif
