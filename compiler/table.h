/* Decision tables at run time: the first row that matches, without looking at all of them.
 *
 * Every value that a cell can name has a position, a 64-bit number that keeps the order of its type (cover.h uses the same one). The
 * index divides the positions of one column, the one that tells rows apart best, into the intervals that its cells begin and end; each
 * interval knows the rows that accept it, in order. */
#ifndef COMPILER_TABLE_H
#define COMPILER_TABLE_H
#include "compiler/ir.h"

#include <string.h>

enum { TABLE_NO_ROW = UINT32_MAX };

/* Of what types a parameter may be. */
static inline bool table_takes(const type *t) {
  switch ((type_kind)t->kind) {
  case TY_BOOL: case TY_INT: case TY_NUMBER: case TY_TEXT: case TY_UNION: case TY_COLOR: case TY_DATE: case TY_TIME: case TY_DURATION: return true;
  case TY_ERROR: case TY_NEVER: case TY_MONTHS: case TY_PATTERN: case TY_LIST: case TY_MAP: case TY_RECORD:
  case TY_REF: case TY_PALETTE: case TY_TERMS: case TY_VAR: break;
  }
  return false;
}

static inline bool table_is_text(const type *t) { return t->kind == TY_TEXT || t->kind == TY_UNION; }

/* Of a value that is no text. Numbers: the order of their bits, where -0 is 0. */
static inline int64_t table_position(const type *t, val v) {
  if (t->kind != TY_NUMBER) return v.i;
  int64_t bits;
  memcpy(&bits, &v.n, sizeof bits);
  return bits >= 0 ? bits : -(bits & INT64_MAX);
}

/* The positions that a cell of CELL_CMP or CELL_RANGE accepts; false: none. t is no text. */
bool table_range(const type *t, const prog_cell *c, int64_t *lo, int64_t *hi);

const struct table_index *table_index_build(arena *a, const prog_table *t);

/* The first row that matches values R[regs[k]] with statuses S[regs[k]] (ST_OK or ST_MISSING), or TABLE_NO_ROW. Adds the rows looked at to *steps. */
uint32_t table_find(const prog_table *t, const val *R, const uint8_t *S, const uint16_t *regs, uint64_t *steps);

#endif
