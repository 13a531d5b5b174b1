/* Tables and views as sources: the schema against the record when the database is opened, and rows to records. */
#include <stdio.h>
#include <string.h>

#include "runtime/src_priv.h"

enum affinity { AF_NONE, AF_TEXT, AF_INT, AF_REAL, AF_NUMERIC, AF_BLOB };

static char low(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c; }

static bool same_fold(str a, str b) {
  if (a.n != b.n) return false;
  for (uint32_t i = 0; i < a.n; i++)
    if (low(a.p[i]) != low(b.p[i])) return false;
  return true;
}

static bool holds(str s, const char *word) {
  size_t n = strlen(word);
  for (size_t i = 0; i + n <= s.n; i++)
    if (same_fold((str){ s.p + i, (uint32_t)n }, (str){ word, (uint32_t)n })) return true;
  return false;
}

/* SQLite's own rules, in its order; a BLOB that was asked for is told apart from no type at all. */
static enum affinity affinity_of(str decl) {
  if (!decl.n) return AF_NONE;
  if (holds(decl, "INT")) return AF_INT;
  if (holds(decl, "CHAR") || holds(decl, "CLOB") || holds(decl, "TEXT")) return AF_TEXT;
  if (holds(decl, "BLOB")) return AF_BLOB;
  if (holds(decl, "REAL") || holds(decl, "FLOA") || holds(decl, "DOUB")) return AF_REAL;
  if (same_fold(decl, STR("ANY"))) return AF_NONE;
  return AF_NUMERIC;
}

/* Can a column of this affinity ever hold the type? Columns without a type, and NUMERIC ones (DATE, BOOLEAN, STRING ...), may hold all. */
static bool possible(const type *t, enum affinity af) {
  switch ((type_kind)t->kind) {
  case TY_TEXT:
  case TY_UNION:
  case TY_COLOR:
  case TY_DATE:
  case TY_LIST:
  case TY_MAP:
  case TY_RECORD: return af != AF_INT && af != AF_REAL && af != AF_BLOB;
  case TY_BOOL: return af != AF_REAL && af != AF_BLOB;
  case TY_INT:
  case TY_NUMBER:
  case TY_TIME:
  case TY_DURATION: return af != AF_BLOB;
  case TY_REF:
  case TY_ERROR:
  case TY_NEVER:
  case TY_MONTHS:
  case TY_PATTERN:
  case TY_PALETTE:
  case TY_TERMS:
  case TY_VAR: break;
  }
  return true;
}

static void quote_name(buf *b, str s) {
  buf_ch(b, '"');
  for (uint32_t i = 0; i < s.n; i++) {
    if (s.p[i] == '"') buf_ch(b, '"');
    buf_ch(b, s.p[i]);
  }
  buf_ch(b, '"');
}

typedef struct column { str name, decl; bool notnull, hidden, used; int pk; } column;
typedef struct columns { VEC(column) list; } columns;

static sql_stmt *ask(src_data *d, const src_state *s, str sql, str arg) {
  sql_stmt *st = sql_prepare(s->db, sql);
  if (st) sql_bind_text(st, 1, arg);
  else src_fail_sql(d, s->db, NULL, "its schema cannot be read");
  return st;
}

/* Of a source of the state file: the last part of its name. */
static str table_name(const src_state *s) {
  uint32_t prefix = SRC_STATE.n + 1;
  return src_in_state(s->ps) ? (str){ s->ps->name.p + prefix, s->ps->name.n - prefix } : s->ps->from;
}

static bool find_table(src_data *d, src_state *s) {
  arena *a = &d->a;
  str wanted = table_name(s);
  sql_stmt *st = ask(d, s, STR("SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main' AND name = ?1 COLLATE NOCASE"), wanted);
  if (!st) return false;
  int rc = sql_step(st);
  if (rc == SQL_ROW) {
    s->table = str_dup(a, sql_read_str(st, 0));
    str kind = sql_read_str(st, 1);
    s->is_view = str_eq(kind, STR("view"));
    s->has_rowid = str_eq(kind, STR("table")) && !sql_read_int(st, 2);
  } else if (rc == SQL_ERR) {
    src_fail_sql(d, s->db, NULL, "its schema cannot be read");
  }
  sql_finalize(st);
  if (rc != SQL_DONE) return rc == SQL_ROW;

  VEC(str) names = { 0 };
  st = ask(d, s, STR("SELECT name FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' AND ?1 NOT NULL ORDER BY name"),
           wanted);
  if (!st) return false;
  while (sql_step(st) == SQL_ROW) *VEC_PUSH(a, &names) = str_dup(a, sql_read_str(st, 0));
  sql_finalize(st);
  src_issue i = src_issue_of(d, s, DIAG_DATA_NO_TABLE);
  i.message = str_fmt(a, "the database has no table or view `%.*s`", STR_ARG(wanted));
  i.decl = s->ps->sp;
  const str *near = suggest(wanted, names.v, names.n);
  buf b = { .a = a };
  if (near) buf_fmt(&b, "did you mean `%.*s`?", STR_ARG(*near));
  else if (!names.n) buf_z(&b, "the database is empty");
  else {
    buf_z(&b, "it has ");
    for (uint32_t k = 0; k < names.n && k < 8; k++) buf_fmt(&b, "%s`%.*s`", k ? ", " : "", STR_ARG(names.v[k]));
    if (names.n > 8) buf_fmt(&b, " and %u more", names.n - 8);
  }
  i.fix = buf_done(&b);
  src_tell(d, &i);
  src_fail(d, DIAG_DATA_NO_TABLE, "%.*s", STR_ARG(i.message));
  return false;
}

static bool read_columns(src_data *d, src_state *s, columns *out) {
  sql_stmt *st = ask(d, s, STR("SELECT name, type, \"notnull\", pk, hidden FROM pragma_table_xinfo(?1)"), s->table);
  if (!st) return false;
  int rc;
  while ((rc = sql_step(st)) == SQL_ROW) {
    column *c = VEC_PUSH(&d->a, &out->list);
    c->name = str_dup(&d->a, sql_read_str(st, 0)), c->decl = str_dup(&d->a, sql_read_str(st, 1));
    c->notnull = sql_read_int(st, 2) != 0, c->pk = (int)sql_read_int(st, 3), c->hidden = sql_read_int(st, 4) == 1;
  }
  if (rc == SQL_ERR) src_fail_sql(d, s->db, s, "the columns cannot be read");
  sql_finalize(st);
  return rc == SQL_DONE;
}

static void no_column(src_data *d, src_state *s, uint32_t f, const columns *cols) {
  arena *a = &d->a;
  const prog_field *pf = &s->pr->fields[f];
  src_issue i = src_issue_of(d, s, pf->has_default ? DIAG_DATA_DEFAULTED : DIAG_DATA_NO_COLUMN);
  i.field = (int32_t)f, i.column = pf->column, i.decl = pf->sp;
  i.message = str_fmt(a, "%s `%.*s` has no column `%.*s` for the field `%.*s`%s", s->is_view ? "view" : "table", STR_ARG(s->table), STR_ARG(pf->column),
                      STR_ARG(pf->name), pf->has_default ? "; every row has its default" : "");
  str *names = ARENA_ARRAY(a, str, cols->list.n ? cols->list.n : 1);
  uint32_t n = 0;
  for (uint32_t k = 0; k < cols->list.n; k++)
    if (!cols->list.v[k].used) names[n++] = cols->list.v[k].name;
  const str *near = suggest(pf->column, names, n);
  if (near) i.fix = src_from_fix(a, pf, *near);
  src_tell(d, &i);
}

static void wrong_type(src_data *d, src_state *s, uint32_t f, const column *c, enum affinity af) {
  arena *a = &d->a;
  const prog_field *pf = &s->pr->fields[f];
  src_issue i = src_issue_of(d, s, DIAG_DATA_COLUMN_TYPE);
  i.field = (int32_t)f, i.column = c->name, i.decl = pf->sp;
  i.message = str_fmt(a, "column `%.*s` is %.*s, which never holds the %.*s of the field `%.*s`", STR_ARG(c->name), STR_ARG(c->decl),
                      STR_ARG(src_type_name(a, d->c.p, pf->type)), STR_ARG(pf->name));
  const char *say = af == AF_INT ? "int" : af == AF_REAL ? "number" : NULL;
  if (say) i.fix = str_fmt(a, "write `%.*s : %s%s`, or bind another column with `from`", STR_ARG(pf->name), say, pf->type->opt ? "?" : "");
  else i.fix = STR("Blazon reads no binary columns: bind another column with `from`");
  src_tell(d, &i);
}

static void nullable(src_data *d, src_state *s, uint32_t f, const column *c) {
  arena *a = &d->a;
  const prog_field *pf = &s->pr->fields[f];
  if (src_in_state(s->ps)) return; /* computed columns look so; they never are */
  src_issue i = src_issue_of(d, s, DIAG_DATA_NULLABLE);
  if (s->is_view || c->pk) i.sev = SEV_INFO; /* SQLite always says so: nothing that a run should fail for */
  i.field = (int32_t)f, i.column = c->name, i.decl = pf->sp;
  i.message = str_fmt(a, "column `%.*s` may be null%s, but the field `%.*s` is not optional", STR_ARG(c->name),
                      s->is_view ? " (a view's columns always may)" : c->pk ? " (SQLite allows it in a primary key of this type)" : "",
                      STR_ARG(pf->name));
  if (pf->key) i.fix = STR("a key is always there: declare the column NOT NULL in the database");
  else
    i.fix = str_fmt(a, "end the type of `%.*s` in `?`, give it a default, or declare the column NOT NULL", STR_ARG(pf->name));
  src_tell(d, &i);
}

/* SQLite's equality and Blazon's are the same for this field's good values. */
static bool exact_column(const src_state *s, uint32_t f) {
  const type *t = src_repr(s->pr->fields[f].type);
  if (!t) return false;
  if (t->kind == TY_INT) return s->affinity[f] == AF_INT;
  return (t->kind == TY_TEXT || t->kind == TY_UNION || t->kind == TY_DATE) && s->affinity[f] == AF_TEXT;
}

static int32_t key_named(const src_state *s, str column) {
  for (uint32_t k = 0; k < s->pr->shape.nkeys; k++)
    if (same_fold(s->column[s->pr->shape.keys[k]], column)) return (int32_t)s->pr->shape.keys[k];
  return -1;
}

/* A unique index over some of the key's columns makes the key unique. */
static bool unique_by_index(src_data *d, src_state *s) {
  sql_stmt *st = ask(d, s, STR("SELECT il.name, ii.name FROM pragma_index_list(?1) il, pragma_index_info(il.name) ii WHERE il.\"unique\" AND NOT il.partial "
                            "ORDER BY il.name, ii.seqno"), s->table);
  if (!st) return false;
  char last[256] = "";
  bool unique = false, all = false;
  while (sql_step(st) == SQL_ROW) {
    str name = sql_read_str(st, 0), column = sql_read_str(st, 1);
    if (!str_eq(name, str_z(last))) {
      unique |= all;
      all = name.n < sizeof last;
      snprintf(last, sizeof last, "%.*s", STR_ARG(name));
    }
    int32_t f = column.n ? key_named(s, column) : -1;
    all = all && f >= 0 && exact_column(s, (uint32_t)f);
  }
  sql_finalize(st);
  return unique || all;
}

/* An `INTEGER PRIMARY KEY DESC` is no name of the rowid, but a column with an index: the only way to tell them apart. */
static bool has_pk_index(src_data *d, src_state *s) {
  sql_stmt *st = ask(d, s, STR("SELECT 1 FROM pragma_index_list(?1) WHERE origin = 'pk'"), s->table);
  bool yes = !st || sql_step(st) == SQL_ROW;
  sql_finalize(st);
  return yes;
}

bool table_indexed(src_data *d, src_state *s, uint32_t f) {
  if (!s->has_rowid || !exact_column(s, f) || !s->utf8) return false;
  if (s->int_pk == (int32_t)f) return true;
  if (!sql_binary(s->db, str_dup(&d->scratch, s->table).p, str_dup(&d->scratch, s->column[f]).p)) return false;
  sql_stmt *st = ask(d, s, STR("SELECT ix.name FROM pragma_index_list(?1) il, pragma_index_xinfo(il.name) ix WHERE NOT il.partial AND ix.seqno = 0 AND "
                            "ix.coll = 'BINARY'"), s->table);
  bool yes = false;
  while (st && !yes && sql_step(st) == SQL_ROW) yes = same_fold(sql_read_str(st, 0), s->column[f]);
  sql_finalize(st);
  return yes;
}

static void choose_rowid(src_state *s, const columns *cols) {
  static const char *const names[] = { "rowid", "_rowid_", "oid" };
  for (int k = 0; k < 3 && s->has_rowid; k++) {
    bool taken = false;
    for (uint32_t c = 0; c < cols->list.n; c++) taken |= same_fold(cols->list.v[c].name, str_z(names[k]));
    if (!taken) { s->rowid = names[k]; return; }
  }
  s->has_rowid = false; /* three columns hide it */
}

static void undeclared_columns(src_data *d, src_state *s, const columns *cols) {
  arena *a = &d->a;
  for (uint32_t k = 0; k < cols->list.n; k++) {
    const column *c = &cols->list.v[k];
    if (c->used || c->hidden || src_in_state(s->ps)) continue;
    if (!s->pr->exact) { s->ignored_columns++; continue; }
    src_issue i = src_issue_of(d, s, DIAG_DATA_UNDECLARED);
    i.column = c->name, i.decl = s->pr->sp;
    i.message = str_fmt(a, "%s `%.*s` has a column `%.*s` that `%.*s` does not declare, and the record is exact", s->is_view ? "view" : "table",
                        STR_ARG(s->table), STR_ARG(c->name), STR_ARG(s->pr->name));
    i.fix = str_fmt(a, "declare the field, or remove `exact`");
    src_tell(d, &i);
  }
}

bool schema_open(src_data *d, src_state *s) {
  arena *a = &d->a;
  const prog_record *pr = s->pr;
  uint32_t n = pr->shape.nfields;
  columns cols = { { 0 } };
  if (!find_table(d, s) || !read_columns(d, s, &cols)) return false;
  choose_rowid(s, &cols);
  buf quoted = { .a = a };
  quote_name(&quoted, s->table);
  s->table_quoted = buf_done(&quoted);
  s->utf8 = sql_utf8(s->db);
  s->int_pk = -1;
  s->column = ARENA_ARRAY(a, str, n + 1);
  s->affinity = ARENA_ARRAY(a, uint8_t, n + 1);
  s->cols = ARENA_ARRAY(a, src_column, n + 1);
  s->absent = ARENA_ARRAY(a, uint32_t, n + 1);
  uint32_t npk = 0, errors = 0;
  column **of = ARENA_ARRAY(a, column *, n + 1);
  for (uint32_t k = 0; k < cols.list.n; k++) npk += cols.list.v[k].pk > 0;
  for (uint32_t f = 0; f < n; f++)
    for (uint32_t k = 0; k < cols.list.n; k++)
      if (same_fold(cols.list.v[k].name, pr->fields[f].column)) of[f] = &cols.list.v[k], of[f]->used = true;
  buf select = { .a = a };
  for (uint32_t f = 0; f < n; f++) {
    const prog_field *pf = &pr->fields[f];
    column *c = of[f];
    if (!c) {
      no_column(d, s, f, &cols);
      if (!pf->has_default) errors++;
      else if (s->sel[f]) s->absent[s->nabsent++] = f;
      continue;
    }
    s->column[f] = c->name;
    enum affinity af = affinity_of(c->decl);
    s->affinity[f] = (uint8_t)af;
    const type *t = src_repr(pf->type);
    if (t && !possible(t, af)) { wrong_type(d, s, f, c, af); errors++; }
    bool alias = s->has_rowid && npk == 1 && c->pk && same_fold(c->decl, STR("INTEGER"));
    if (alias && t && t->kind == TY_INT && !has_pk_index(d, s)) s->int_pk = (int32_t)f;
    bool strict_pk = !s->is_view && !s->has_rowid && c->pk;
    if (!c->notnull && !alias && !strict_pk && !pf->type->opt && !pf->has_default) nullable(d, s, f, c);
    if (!s->sel[f] || s->int_pk == (int32_t)f) continue;
    src_column *col = &s->cols[s->ncols++];
    *col = (src_column){ .pf = pf, .t = t, .field = f, .kind = t ? t->kind : TY_ERROR, .intern = pf->intern };
    col->may_miss = pf->type->opt && !pf->has_default;
    col->plain = plain_kind(col);
    if (col->plain >= PLAIN_ATOM) col->seen = s->nseen++;
    buf_z(&select, ", ");
    quote_name(&select, c->name);
  }
  s->select = buf_done(&select);
  undeclared_columns(d, s, &cols);
  if (errors) {
    src_fail(d, DIAG_DATA_NO_COLUMN, "table `%.*s` does not fit the record `%.*s`: %u %s", STR_ARG(s->table), STR_ARG(pr->name), errors,
             errors == 1 ? "column" : "columns");
    return false;
  }
  bool single = pr->shape.nkeys == 1;
  s->key_unique = single && s->int_pk == (int32_t)pr->shape.keys[0];
  if (pr->shape.nkeys && !s->key_unique && !s->is_view) s->key_unique = unique_by_index(d, s);
  return true;
}

str table_sql(arena *a, const src_state *s, const char *where, const char *order) {
  buf b = { .a = a };
  buf_fmt(&b, "SELECT %s%.*s FROM %.*s", s->has_rowid ? s->rowid : "NULL", STR_ARG(s->select), STR_ARG(s->table_quoted));
  if (where) buf_fmt(&b, " WHERE %s", where);
  if (order) buf_fmt(&b, " ORDER BY %s", order);
  return buf_done(&b);
}

str table_equal(arena *a, const src_state *s, uint32_t f) {
  buf b = { .a = a };
  quote_name(&b, s->column[f]);
  buf_z(&b, " = ?1");
  return buf_done(&b);
}

/* ---- rows ---- */

static bool blank_json_null(str s) {
  while (s.n && (s.p[0] == ' ' || s.p[0] == '\n' || s.p[0] == '\t' || s.p[0] == '\r')) s.p++, s.n--;
  while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\n' || s.p[s.n - 1] == '\t' || s.p[s.n - 1] == '\r')) s.n--;
  return str_eq(s, STR("null"));
}

/* 1 read, 0 bad (dec->error), -1 nothing there */
static int from_text(src_data *d, src_dec *dec, const src_column *col, str s, text *cell, val *out) {
  if (col->kind == TY_TEXT) {
    if (!src_utf8_ok(s.p, s.n)) return src_from_text(dec, col->t, s, out); /* for its message */
    const text *at = col->intern && dec->atoms ? atom_find(dec->atoms, s) : NULL;
    if (at) out->t = at;
    else if (cell) *cell = text_of(s), out->t = cell;
    else out->t = src_text(dec, s);
    return 1;
  }
  if (col->kind == TY_LIST && col->pf->split.n) return src_from_split(dec, col->t, col->pf->split, s, out);
  if (col->kind == TY_LIST || col->kind == TY_MAP || col->kind == TY_RECORD) {
    if (blank_json_null(s)) return -1;
    return src_from_json_text(dec, d->m, col->t, s, out);
  }
  return src_from_text(dec, col->pf->type, s, out);
}

void table_decode(src_data *d, const src_state *s, sql_stmt *st, const bool *only, src_dec *dec, text *cells, src_seen *seen, uint32_t from, rec *r) {
  const prog_record *pr = s->pr;
  r->bads = NULL, r->clean = true;
  for (uint32_t i = 0; i < s->nabsent; i++) r->v[s->absent[i]] = pr->fields[s->absent[i]].def, r->st[s->absent[i]] = ST_OK;
  if (s->int_pk >= 0) {
    uint32_t f = (uint32_t)s->int_pk;
    bool wanted = s->sel[f] && (!only || only[f]);
    if (wanted) r->v[f].i = sql_read_int(st, 0);
    r->st[f] = wanted ? ST_OK : ST_MISSING;
  }
  for (uint32_t i = from; i < s->ncols; i++) {
    const src_column *col = &s->cols[i];
    uint32_t f = dec->field = col->field;
    if (only && !only[f]) { r->st[f] = ST_MISSING; continue; }
    sql_cell c;
    int ok = 0;
    sql_read(st, (int)i + 1, &c);
    switch (c.type) {
    case SQL_NULL: ok = -1; break;
    case SQL_INT:
      if (col->kind == TY_INT) r->v[f].i = c.i, ok = 1;
      else ok = src_from_int(dec, col->pf->type, c.i, &r->v[f]);
      break;
    case SQL_REAL: ok = src_from_real(dec, col->pf->type, c.r, &r->v[f]); break;
    case SQL_TEXT: ok = from_text(d, dec, col, (str){ c.p, c.n }, cells ? &cells[f] : NULL, &r->v[f]);
      if (ok > 0 && seen && col->plain == PLAIN_SEEN) plain_keep(seen, col, (str){ c.p, c.n }, r->v[f]);
      break;
    case SQL_BLOB:
      dec->error = str_fmt(dec->a, "is binary data (%u byte%s), not %.*s", c.n, c.n == 1 ? "" : "s", STR_ARG(src_type_name(dec->a, d->c.p, col->pf->type->base)));
      break;
    }
    if (ok > 0) {
      r->st[f] = ST_OK;
      if (col->kind == TY_RECORD || col->kind == TY_LIST || col->kind == TY_MAP) src_tell_nested(dec, r, f, col->t, col->pf->name, r->v[f]);
    } else if (ok < 0) {
      src_settle_missing(dec, r, pr, f, "null", 0, 0);
    } else {
      r->st[f] = ST_ERR;
      if (!col->pf->type->opt) r->clean = false;
      src_add_bad(dec->a, r, f, dec->error, 0, 0)->found = dec->found;
      dec->found = (str){ "", 0 };
    }
  }
}
