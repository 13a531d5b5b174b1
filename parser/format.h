/* The formatter: one layout for every file. */
#ifndef PARSER_FORMAT_H
#define PARSER_FORMAT_H
#include "parser/ast.h"

/* Appends file f, laid out anew, to out. `file` is its tree from parse_file without an error; a file with errors is not formatted.
 * The result parses to an equal tree, holds every comment and literal as spelled, and formats to itself. */
void fmt_file(buf *out, arena *a, const srcfile *f, const ast *file);

#endif
