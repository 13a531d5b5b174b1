/* Rule files in memory, and positions in them.
 *
 * All files of one compile share one 32-bit position space: a file with base B owns positions B .. B + n, so a span needs no
 * file id. Line and column are computed from the line table only when asked for. */
#ifndef BASE_SOURCE_H
#define BASE_SOURCE_H
#include "base/str.h"

typedef struct span { uint32_t beg, end; } span; /* half-open byte range; {0,0} is "nowhere" (base starts at 1) */

typedef struct srcfile {
  str path;             /* as the user wrote it; "-" is standard input */
  str text;             /* whole file; a NUL byte follows it */
  uint32_t base;        /* position of text.p[0] */
  uint32_t *lines;      /* offset of each line's start; lines[0] = 0 */
  uint32_t nlines;
  bool data;            /* read by a declaration (`terms x from "file"`), holds no rules */
} srcfile;

typedef struct sources { arena *a; VEC(srcfile *) files; uint32_t next; } sources;

void sources_init(sources *s, arena *a);
/* Copies path and text into the arena. NULL when the position space (4 GB) is full. */
srcfile *sources_add(sources *s, str path, str text);
const srcfile *sources_find(const sources *s, uint32_t pos);         /* NULL for nowhere */
/* 1-based line, 1-based column in bytes. */
void source_line_col(const srcfile *f, uint32_t pos, uint32_t *line, uint32_t *col);
str source_line(const srcfile *f, uint32_t line);                    /* without its newline */
str source_slice(const sources *s, span sp);

#endif
