/* Cells that hold just what their field wants, as nearly all cells do: read from SQLite straight into the record, with nothing to say and no memory
 * needed. Whatever else a cell may hold is left to table_decode, which goes on from there, so nothing here decides what is good: a cell is plain only if
 * table_decode would give the same value. Short texts that name a value (literals of a union, dates, colors) are the same few in most columns: what they
 * were read as is kept. */
#include "base/civil.h"
#include "runtime/src_priv.h"

#include <math.h>
#include <sqlite3.h>
#include <string.h>

enum { SEEN_TRIES = 4 };

/* A short text as two words, which are equal iff the texts of the same length are. */
static inline bool words_of(const char *p, uint32_t n, uint64_t *lo, uint64_t *hi) {
  uint32_t a, b;
  if (n > 16) return false;
  *lo = *hi = 0;
  if (n >= 8) {
    memcpy(lo, p, 8), memcpy(hi, p + n - 8, 8);
  } else if (n >= 4) {
    memcpy(&a, p, 4), memcpy(&b, p + n - 4, 4);
    *lo = a | (uint64_t)b << 32;
  } else if (n) {
    *lo = (unsigned char)p[0] | (uint64_t)(unsigned char)p[n / 2] << 8 | (uint64_t)(unsigned char)p[n - 1] << 16;
  }
  return true;
}

/* The slot that holds the text or, when it is not known, the one to hold it: the first empty one of those that it may have, else the first. */
static inline src_seen *seen_slot(src_seen *seen, const src_column *col, uint64_t lo, uint64_t hi, uint32_t n) {
  uint64_t h = ((lo ^ (hi << 29 | hi >> 35) ^ n) * UINT64_C(0x9E3779B97F4A7C15)) >> 60;
  src_seen *of = &seen[col->seen * SRC_SEEN];
  for (uint64_t k = 0; k < SEEN_TRIES; k++) {
    src_seen *s = &of[(h + k) % SRC_SEEN];
    if (!s->known || (s->lo == lo && s->hi == hi && s->n == n)) return s;
  }
  return &of[h];
}

static inline const src_seen *seen_find(src_seen *seen, const src_column *col, const char *p, uint32_t n) {
  uint64_t lo, hi;
  if (!words_of(p, n, &lo, &hi)) return NULL;
  const src_seen *s = seen_slot(seen, col, lo, hi, n);
  return s->known && s->lo == lo && s->hi == hi && s->n == n ? s : NULL;
}

void plain_keep(src_seen *seen, const src_column *col, str s, val v) {
  uint64_t lo, hi;
  if (words_of(s.p, s.n, &lo, &hi)) *seen_slot(seen, col, lo, hi, s.n) = (src_seen){ lo, hi, v, s.n, true };
}

uint8_t plain_kind(const src_column *col) {
  switch ((type_kind)col->kind) {
  case TY_INT: return PLAIN_INT;
  case TY_BOOL: return PLAIN_BOOL;
  case TY_NUMBER: return PLAIN_NUMBER;
  case TY_TEXT: return col->intern ? PLAIN_ATOM : PLAIN_TEXT;
  case TY_UNION: case TY_DATE: case TY_TIME: case TY_DURATION: case TY_COLOR: return PLAIN_SEEN;
  case TY_LIST: case TY_MAP: case TY_RECORD: case TY_REF: case TY_ERROR: case TY_NEVER: case TY_MONTHS: case TY_PATTERN: case TY_PALETTE: case TY_TERMS:
  case TY_VAR: break;
  }
  return PLAIN_NONE;
}

static inline bool read_text(const src_column *col, const atom_index *atoms, src_seen *seen, sqlite3_value *cell, text *room, val *out) {
  const char *p = (const char *)sqlite3_value_text(cell);
  uint32_t n = (uint32_t)sqlite3_value_bytes(cell);
  const src_seen *known;
  if (!p) return false;
  if (col->plain == PLAIN_SEEN || (col->plain == PLAIN_ATOM && atom_may_be(atoms, n))) {
    if ((known = seen_find(seen, col, p, n))) {
      *out = known->v;
      return true;
    }
    str s = { p, n };
    const text *atom = col->plain == PLAIN_ATOM ? atom_find(atoms, s) : NULL;
    if (atom) out->t = atom;
    bool read = atom || (col->kind == TY_DATE && civil_parse_date(s, &out->i)) || (col->kind == TY_TIME && civil_parse_time(s, true, &out->i));
    if (read) plain_keep(seen, col, s, *out);
    if (read || col->plain == PLAIN_SEEN) return read;
  }
  if (!src_utf8_ok(p, n)) return false;
  *room = (text){ p, n, 0 };
  out->t = room;
  return true;
}

uint32_t plain_cells(const src_state *s, sql_stmt *st, const atom_index *atoms, src_seen *seen, text *cells, rec *r) {
  sqlite3_stmt *raw = sql_raw(st);
  for (uint32_t i = 0; i < s->ncols; i++) {
    const src_column *col = &s->cols[i];
    val *v = &r->v[col->field];
    uint8_t status = ST_OK;
    bool plain = false;
    sqlite3_value *cell = sqlite3_column_value(raw, (int)i + 1);
    switch (sqlite3_value_type(cell)) {
    case SQLITE_INTEGER: {
      int64_t n = sqlite3_value_int64(cell);
      plain = col->plain == PLAIN_INT || (col->plain == PLAIN_BOOL && (n == 0 || n == 1)) || col->plain == PLAIN_NUMBER;
      if (col->plain == PLAIN_NUMBER) v->n = (double)n;
      else v->i = n;
      break;
    }
    case SQLITE_FLOAT:
      v->n = sqlite3_value_double(cell);
      plain = col->plain == PLAIN_NUMBER && isfinite(v->n);
      break;
    case SQLITE_TEXT:
      plain = col->plain >= PLAIN_TEXT && read_text(col, atoms, seen, cell, &cells[col->field], v);
      break;
    case SQLITE_NULL:
      plain = col->may_miss, status = ST_MISSING;
      break;
    }
    if (!plain) return i;
    r->st[col->field] = status;
  }
  return s->ncols;
}
