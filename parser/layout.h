/* Inside the formatter: a file as a row of atoms, and what the tree says about the space before each. format.c writes them;
 * layout.c walks the tree and marks them. */
#ifndef PARSER_LAYOUT_H
#define PARSER_LAYOUT_H
#include "lexer/lexer.h"
#include "parser/ast.h"

/* One token, or a whole text with its holes, copied as it stands in the source. */
typedef struct atom {
  uint16_t kind;       /* lexer kind after the one-token filter; LEX_TEXT for a text with holes */
  uint8_t class;
  uint8_t flags;       /* atom_flag */
  uint8_t level;       /* BREAK_NONE, BREAK_HARD, or: may begin a line; lower levels break first */
  uint8_t indent;      /* HARD: indentation; else what a line that begins here adds to the line it continues */
  uint16_t pad;        /* spaces before it to align a column */
  span sp;
  uint32_t comment;    /* comments[comment ... next atom's comment) stand before it */
} atom;

enum atom_flag {
  ATOM_TIGHT_BEFORE = 1, ATOM_TIGHT_AFTER = 2, /* no space */
  ATOM_FORCED = 4,                             /* its soft break is always taken */
  ATOM_CLOSER = 8,                             /* a closing bracket: comments before it belong inside */
  ATOM_OPENER = 16,                            /* an opening brace: no empty line behind it */
  ATOM_SPACE_BEFORE = 32,
  ATOM_LINES = 64                              /* a text in triple quotes whose lines may be moved sideways */
};
enum { BREAK_NONE = 255, BREAK_HARD = 254, BREAK_MAX = 200 };

typedef struct layout {
  arena *a;
  const srcfile *f;
  atom *atoms;         /* the last stands for the end of the file */
  uint32_t n;
  const comment *comments;
  uint32_t ncomments;
  uint32_t *width;     /* width[i]: columns of atoms 0..i-1 on one line, with spaces and pads */
  uint32_t *blockers;  /* blockers[i]: atoms 0..i-1 that may not stand in the middle of a line (comments before them, FORCED) */
} layout;

/* layout.c: sets break, tightness and alignment of every atom from the tree. */
void layout_plan(layout *l, const ast *file);

uint32_t layout_columns(const layout *l, uint32_t i);        /* width of an atom itself */
bool layout_space(const layout *l, uint32_t i);              /* is there a space between atoms i - 1 and i? */
uint32_t layout_find(const layout *l, uint32_t place);       /* first atom that begins at or behind place */
bool layout_blank_before(const layout *l, uint32_t i);       /* is there an empty line somewhere between atoms i - 1 and i? */

#endif
