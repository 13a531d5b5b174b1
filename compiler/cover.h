/* What a decision table covers: which rows can ever match, and an input that no row matches.
 *
 * Every column's domain is mapped onto a range of 64-bit positions that keeps its order (a union's literals and bools by index; ints and dates
 * by value; numbers by their ordered bit pattern; texts by the index of each literal that the table names, and one position for all others), and missing apart.
 * Then a table is a list of boxes, and the answer is exact: no sampling. */
#ifndef COMPILER_COVER_H
#define COMPILER_COVER_H
#include "base/mem.h"

typedef struct cover_range { int64_t lo, hi; } cover_range; /* closed, lo <= hi */

typedef struct cover_cell {
  bool any;                 /* `_`: everything, missing included */
  bool missing;             /* accepts missing */
  uint32_t n;
  const cover_range *v;     /* accepts these positions */
} cover_cell;

typedef struct cover_column { int64_t lo, hi; bool optional; } cover_column;

typedef struct cover_value { bool missing; int64_t at; } cover_value;

typedef struct cover_result {
  bool complete;            /* false: the table was too large to decide within the steps given; reachable and uncovered are then not to be used */
  bool *reachable;          /* one a row */
  bool covered;             /* some row matches every input */
  cover_value *uncovered;   /* one a column, when not covered: the first such input in the order of the domains */
} cover_result;

/* rows: nrows * ncols cells, row by row; earlier rows win. Work is bounded by steps. */
cover_result cover_table(arena *a, const cover_column *cols, uint32_t ncols, const cover_cell *rows, uint32_t nrows, uint64_t steps);

#endif
