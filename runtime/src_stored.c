/* How a value is kept, apart from what it means: the raw cell or member of the row that a walk stands on. A patch names it as what it
 * expects to find, and keeps its form. */
#include "runtime/src_priv.h"

#include <string.h>

static void of_cell(arena *a, sql_stmt *st, int column, src_stored *out) {
  sql_cell c;
  sql_read(st, column, &c);
  out->i = c.i, out->r = c.r;
  switch (c.type) {
  case SQL_NULL: out->kind = STORED_NULL; break;
  case SQL_INT: out->kind = STORED_INT; break;
  case SQL_REAL: out->kind = STORED_REAL; break;
  case SQL_TEXT: out->kind = STORED_TEXT, out->s = str_dup(a, (str){ c.p, c.n }); break;
  case SQL_BLOB: out->kind = STORED_BLOB, out->s = str_dup(a, (str){ c.p, c.n }); break;
  }
}

/* One value of a tape as JSON. Depth is bounded where the tape is made. */
static uint32_t json_of(buf *b, const tape *t, uint32_t at) {
  const tok *k = &t->t[at];
  uint32_t i = at + 1;
  switch ((tok_kind)k->kind) {
  case TK_NULL: buf_z(b, "null"); break;
  case TK_FALSE: buf_z(b, "false"); break;
  case TK_TRUE: buf_z(b, "true"); break;
  case TK_NUMBER: buf_str(b, tape_str(t, at)); break;
  case TK_STRING: case TK_KEY: case TK_CELL: json_text(b, tape_str(t, at)); break;
  case TK_ARRAY:
    buf_ch(b, '[');
    for (uint32_t n = 0; n < k->n; n++) {
      if (n) buf_ch(b, ',');
      i = json_of(b, t, i);
    }
    buf_ch(b, ']');
    break;
  case TK_OBJECT:
    buf_ch(b, '{');
    for (uint32_t n = 0; n < k->n; n++) {
      if (n) buf_ch(b, ',');
      json_text(b, tape_str(t, i++));
      buf_ch(b, ':');
      i = json_of(b, t, i);
    }
    buf_ch(b, '}');
    break;
  }
  return i;
}

static void of_member(arena *a, const src_row *row, const prog_field *f, src_stored *out) {
  const tape *t = row->t;
  uint32_t i = row->at + 1;
  for (uint32_t m = 0; m < t->t[row->at].n; m++) {
    bool mine = str_eq(tape_str(t, i), f->column);
    if (mine) {
      buf b = { .a = a };
      uint8_t kind = t->t[i + 1].kind;
      json_of(&b, t, i + 1);
      out->s = kind == TK_STRING ? str_dup(a, tape_str(t, i + 1)) : buf_done(&b);
      out->kind = kind == TK_NULL ? STORED_NULL : kind == TK_STRING ? STORED_TEXT : STORED_JSON;
      return;
    }
    i += 1 + t->t[i + 1].skip;
  }
}

static void of_csv(arena *a, const src_file *file, const src_row *row, uint32_t field, src_stored *out) {
  for (uint32_t c = 0; c < file->ncells && c < row->ncells; c++)
    if (file->field_of[c] == (int32_t)field) {
      out->kind = STORED_TEXT, out->s = str_dup(a, tape_str(row->t, row->at + c));
      return;
    }
}

void src_stored_of(src_cursor *c, uint32_t field, arena *a, src_stored *out) {
  const src_state *s = c->s;
  *out = (src_stored){ .kind = STORED_ABSENT, .s = { "", 0 } };
  if (s->kind == SK_TABLE) {
    if (s->int_pk == (int32_t)field) of_cell(a, c->st, 0, out);
    for (uint32_t i = 0; i < s->ncols; i++)
      if (s->cols[i].field == field) of_cell(a, c->st, (int)i + 1, out);
  } else if (c->row.ncells) of_csv(a, &s->file, &c->row, field, out);
  else if (c->row.t) of_member(a, &c->row, &s->pr->fields[field], out);
}

src_home src_home_of(const src_data *d, uint32_t source) {
  const src_state *s = &d->s[source];
  src_home h = { .table = { "", 0 }, .file = { "", 0 }, .pointer = { "", 0 } };
  if (s->kind == SK_TABLE) h.table = s->table, h.view = s->is_view;
  else if (s->kind == SK_FILE) {
    h.file = s->file.path, h.pointer = s->file.pointer;
    h.texts = s->file.format == FMT_CSV || s->file.format == FMT_TSV;
    h.lines = h.texts || s->file.format == FMT_NDJSON;
  }
  return h;
}

str src_column_of(const src_data *d, uint32_t source, uint32_t field) {
  const src_state *s = &d->s[source];
  return s->kind == SK_TABLE ? s->column[field] : s->pr->fields[field].column;
}
