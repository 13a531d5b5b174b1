/* Fixes as patches: SQL for tables, JSON Patch for files. A patch names what it expects to find, so that what somebody has changed meanwhile is
 * left alone, and puts values back in the form in which they were kept. */
#include "runtime/fixes.h"

#include "base/civil.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* ---- values as they are kept ---- */

typedef struct form { bool hash, lower, number, space; } form; /* colors: with #, in lower case; times: as a number, with a blank for the T */

static form form_of(const src_stored *was) {
  form f = { .hash = true };
  if (was->kind == STORED_INT || was->kind == STORED_REAL) f.number = true;
  if (was->kind == STORED_JSON && was->s.n && (was->s.p[0] == '-' || (was->s.p[0] >= '0' && was->s.p[0] <= '9'))) f.number = true;
  if ((was->kind != STORED_TEXT && was->kind != STORED_JSON) || !was->s.n) return f;
  bool upper = false, digit = false;
  for (uint32_t i = 0; i < was->s.n; i++) {
    char c = was->s.p[i];
    f.lower |= c >= 'a' && c <= 'f', upper |= c >= 'A' && c <= 'F', digit |= (c >= '0' && c <= '9') || (c | 32) == c;
  }
  f.lower = f.lower && !upper;
  f.hash = memchr(was->s.p, '#', was->s.n) != NULL || (!digit && !upper && !f.lower);
  f.space = was->s.n > 10 && was->s.p[10] == ' ';
  return f;
}

static const type *repr(const type *t) {
  t = t->base;
  for (int hops = 0; t->kind == TY_REF && hops < 32 && t->rec && t->rec->nkeys == 1; hops++) t = t->rec->fields[t->rec->keys[0]].type->base;
  return t;
}

/* A single value as a text. */
static void put_text(buf *b, const type *t, val v, const form *f) {
  if (t->kind == TY_COLOR) {
    buf c = { .a = b->a };
    val_print(&c, t, v, false);
    for (uint32_t i = f->hash ? 0 : 1; i < c.n; i++) buf_ch(b, f->lower && c.p[i] >= 'A' && c.p[i] <= 'F' ? (char)(c.p[i] | 32) : c.p[i]);
  } else if (t->kind == TY_TIME) {
    char text[32];
    civil_print_time(v.i, text);
    if (f->space) text[10] = ' ';
    buf_z(b, text);
  } else if (t->kind == TY_DURATION) {
    int64_t usec = v.i % USEC_PER_SEC;
    buf_fmt(b, "%sPT%" PRIu64, v.i < 0 ? "-" : "", (uint64_t)(v.i < 0 ? -(v.i / USEC_PER_SEC) : v.i / USEC_PER_SEC));
    if (usec) buf_fmt(b, ".%06" PRId64, usec < 0 ? -usec : usec);
    buf_ch(b, 'S');
  } else val_print(b, t, v, false);
}

static bool is_number(const type *t) { return t->kind == TY_INT || t->kind == TY_NUMBER || t->kind == TY_BOOL; }

static void put_json(buf *b, const type *t, val v, const form *f) {
  t = repr(t);
  if (t->kind == TY_LIST) {
    buf_ch(b, '[');
    for (uint32_t i = 0; i < v.l->n; i++) {
      if (i) buf_ch(b, ',');
      put_json(b, t->elem, v.l->v[i], f);
    }
    buf_ch(b, ']');
  } else if (t->kind == TY_MAP) {
    buf_ch(b, '{');
    for (uint32_t i = 0; i < v.m->n; i++) {
      if (i) buf_ch(b, ',');
      json_text(b, str_of(v.m->e[i].key));
      buf_ch(b, ':');
      put_json(b, t->elem, v.m->e[i].value, f);
    }
    buf_ch(b, '}');
  } else if (is_number(t)) val_json(b, t, v, ST_OK);
  else {
    buf s = { .a = b->a };
    put_text(&s, t, v, f);
    json_text(b, buf_done(&s));
  }
}

static bool put_split(buf *b, const prog_field *pf, val v, const form *f) {
  for (uint32_t i = 0; i < v.l->n; i++) {
    buf one = { .a = b->a };
    put_text(&one, repr(repr(pf->type)->elem), v.l->v[i], f);
    str s = buf_done(&one);
    if (!s.n || memmem(s.p, s.n, pf->split.p, pf->split.n)) return false; /* would be read as none, or as two */
    if (i) buf_str(b, pf->split);
    buf_str(b, s);
  }
  return true;
}

static void as_text(src_stored *out, str s) { out->kind = STORED_TEXT, out->s = s; }

/* Instants and spans that are kept as seconds. */
static bool seconds(arena *a, val v, bool json, src_stored *out) {
  if (v.i % USEC_PER_SEC == 0 && !json) {
    out->kind = STORED_INT, out->i = v.i / USEC_PER_SEC;
    return true;
  }
  out->r = (double)v.i / (double)USEC_PER_SEC, out->kind = STORED_REAL;
  char n[32];
  int len = number_print(out->r, n);
  if (json) out->kind = STORED_JSON, out->s = str_dup(a, (str){ n, (uint32_t)len });
  return true;
}

bool rt_store(arena *a, const prog_field *pf, val v, const src_home *home, const src_stored *was, src_stored *out) {
  const type *t = repr(pf->type);
  form f = form_of(was);
  buf b = { .a = a };
  bool json = home->file.n && !home->texts, table = home->table.n > 0;
  *out = (src_stored){ .s = { "", 0 } };
  if (home->view || (table && was->kind == STORED_ABSENT)) return false;
  if (was->kind == STORED_BLOB || t->kind == TY_RECORD) return false;
  if (t->kind == TY_LIST && pf->split.n && !(json && was->kind == STORED_JSON)) {
    if (!put_split(&b, pf, v, &f)) return false;
    as_text(out, buf_done(&b));
    return true;
  }
  if (t->kind == TY_LIST || t->kind == TY_MAP) {
    put_json(&b, t, v, &f);
    out->kind = json ? STORED_JSON : STORED_TEXT, out->s = buf_done(&b);
    return true;
  }
  if ((t->kind == TY_TIME || t->kind == TY_DURATION) && f.number) return seconds(a, v, json, out);
  if (json && is_number(t) && was->kind != STORED_TEXT) {
    val_json(&b, t, v, ST_OK);
    out->kind = STORED_JSON, out->s = buf_done(&b);
    return true;
  }
  if (table && is_number(t) && was->kind != STORED_TEXT) {
    if (t->kind == TY_NUMBER) out->kind = STORED_REAL, out->r = v.n;
    else out->kind = STORED_INT, out->i = v.i;
    return true;
  }
  put_text(&b, t, v, &f);
  as_text(out, buf_done(&b));
  return !home->texts || out->s.n; /* an empty cell is a missing one */
}

/* ---- SQL ---- */

static void sql_name(buf *b, str s) {
  buf_ch(b, '"');
  for (uint32_t i = 0; i < s.n; i++) {
    if (s.p[i] == '"') buf_ch(b, '"');
    buf_ch(b, s.p[i]);
  }
  buf_ch(b, '"');
}

static bool sql_can(const src_stored *s) {
  if (s->kind == STORED_TEXT && memchr(s->s.p, 0, s->s.n)) return false; /* no literal can hold it */
  return s->kind != STORED_ABSENT && s->kind != STORED_JSON;
}

static void sql_value(buf *b, const src_stored *s) {
  char n[32];
  switch ((stored_kind)s->kind) {
  case STORED_INT: buf_fmt(b, "%" PRId64, s->i); break;
  case STORED_REAL: {
    int len = number_print(s->r, n);
    buf_add(b, n, (size_t)len);
    if (!strpbrk(n, ".e")) buf_z(b, ".0");
    break;
  }
  case STORED_TEXT:
    buf_ch(b, '\'');
    for (uint32_t i = 0; i < s->s.n; i++) {
      if (s->s.p[i] == '\'') buf_ch(b, '\'');
      buf_ch(b, s->s.p[i]);
    }
    buf_ch(b, '\'');
    break;
  case STORED_BLOB:
    buf_z(b, "x'");
    for (uint32_t i = 0; i < s->s.n; i++) buf_fmt(b, "%02x", (unsigned char)s->s.p[i]);
    buf_ch(b, '\'');
    break;
  case STORED_NULL: case STORED_ABSENT: case STORED_JSON: buf_z(b, "NULL"); break;
  }
}

/* Exactly this value: whatever the column's collation calls equal. */
static void sql_is(buf *b, str column, const src_stored *s) {
  sql_name(b, column);
  buf_z(b, " IS ");
  sql_value(b, s);
  if (s->kind == STORED_TEXT) buf_z(b, " COLLATE BINARY");
}

static bool sql_row(const ir_program *ir, const rt_fix_row *row) {
  const type_rec *shape = &ir->records[ir->sources[row->source]->record]->shape;
  for (uint32_t i = 0; i < shape->nkeys; i++)
    if (!row->columns[shape->keys[i]].n || !sql_can(&row->keys[i]) || row->keys[i].kind == STORED_NULL) return false;
  return shape->nkeys > 0 && row->home.table.n && !row->home.view;
}

static bool sql_fix(const rt_fix *x) { return !x->why.n && x->writable && sql_can(&x->was) && sql_can(&x->put); }

static void comment(buf *b, str s) {
  for (uint32_t i = 0; i < s.n; i++) buf_ch(b, s.p[i] == '\n' || s.p[i] == '\r' ? ' ' : s.p[i]);
}

static void sql_update(buf *b, const ir_program *ir, const rt_fixes *f, uint32_t from, uint32_t to) {
  const rt_fix_row *row = &f->rows.v[f->v.v[from].row];
  const type_rec *shape = &ir->records[ir->sources[row->source]->record]->shape;
  uint32_t n = 0;
  for (uint32_t i = from; i < to; i++) {
    if (!sql_fix(&f->v.v[i])) continue;
    buf_z(b, "-- ");
    comment(b, f->v.v[i].rules);
    buf_ch(b, '\n');
  }
  buf_z(b, "UPDATE ");
  sql_name(b, row->home.table);
  buf_z(b, " SET ");
  for (uint32_t i = from; i < to; i++) {
    if (!sql_fix(&f->v.v[i])) continue;
    if (n++) buf_z(b, ", ");
    sql_name(b, row->columns[f->v.v[i].field]);
    buf_z(b, " = ");
    sql_value(b, &f->v.v[i].put);
  }
  buf_z(b, "\n  WHERE ");
  for (uint32_t i = 0; i < shape->nkeys; i++) {
    if (i) buf_z(b, " AND ");
    sql_is(b, row->columns[shape->keys[i]], &row->keys[i]);
  }
  for (uint32_t i = from; i < to; i++) {
    if (!sql_fix(&f->v.v[i])) continue;
    buf_z(b, " AND ");
    sql_is(b, row->columns[f->v.v[i].field], &f->v.v[i].was);
  }
  buf_z(b, ";\n");
}

void rt_patch_sql(buf *out, const ir_program *ir, const rt_fixes *f, int64_t *skipped) {
  int64_t updates = 0;
  *skipped = 0;
  buf_z(out, "-- Proposed by blazon validate --fix. A row that has changed since is left alone.\nBEGIN IMMEDIATE;\n");
  for (uint32_t i = 0, end; i < f->v.n; i = end) {
    uint32_t here = 0;
    bool can = sql_row(ir, &f->rows.v[f->v.v[i].row]);
    for (end = i; end < f->v.n && f->v.v[end].row == f->v.v[i].row; end++) {
      bool made = !f->v.v[end].why.n, fits = can && sql_fix(&f->v.v[end]);
      here += fits;
      *skipped += made && !fits;
    }
    if (here) sql_update(out, ir, f, i, end), updates++;
  }
  buf_fmt(out, "SELECT total_changes() || ' of %" PRId64 " rows were as expected and have been changed';\nCOMMIT;\n", updates);
}

/* ---- JSON Patch ---- */

static void pointer_part(buf *b, str s) {
  buf_ch(b, '/');
  for (uint32_t i = 0; i < s.n; i++) {
    if (s.p[i] == '~') buf_z(b, "~0");
    else if (s.p[i] == '/') buf_z(b, "~1");
    else buf_ch(b, s.p[i]);
  }
}

static void json_value(buf *b, const src_stored *s) {
  if (s->kind == STORED_TEXT) json_text(b, s->s);
  else if (s->kind == STORED_JSON) buf_str(b, s->s);
  else buf_z(b, "null");
}

static void operation(buf *b, bool *some, const char *op, const rt_fix_row *row, str column, const src_stored *value) {
  buf path = { .a = b->a };
  if (!row->home.lines) buf_str(&path, row->home.pointer);
  buf_fmt(&path, "/%" PRId64, row->position - 1);
  pointer_part(&path, column);
  buf_fmt(b, "%s  {\"op\": \"%s\", \"path\": ", *some ? ",\n" : "", op);
  json_text(b, buf_done(&path));
  buf_z(b, ", \"value\": ");
  json_value(b, value);
  buf_ch(b, '}');
  *some = true;
}

static void json_fix(buf *b, bool *some, const ir_program *ir, const rt_fix_row *row, const rt_fix *x) {
  const type_rec *shape = &ir->records[ir->sources[row->source]->record]->shape;
  for (uint32_t i = 0; i < shape->nkeys; i++)
    if (row->keys[i].kind != STORED_ABSENT) operation(b, some, "test", row, row->columns[shape->keys[i]], &row->keys[i]);
  if (x->was.kind != STORED_ABSENT) operation(b, some, "test", row, row->columns[x->field], &x->was);
  operation(b, some, x->was.kind == STORED_ABSENT ? "add" : "replace", row, row->columns[x->field], &x->put);
}

const char *rt_patch_json(buf *out, const ir_program *ir, const rt_fixes *f, int64_t *skipped) {
  str file = { "", 0 };
  bool some = false;
  *skipped = 0;
  buf_z(out, "[\n");
  for (uint32_t i = 0; i < f->v.n; i++) {
    const rt_fix *x = &f->v.v[i];
    const rt_fix_row *row = &f->rows.v[x->row];
    if (x->why.n) continue;
    if (!row->home.file.n || !x->writable) {
      ++*skipped;
      continue;
    }
    if (file.n && !str_eq(file, row->home.file)) return "a JSON Patch is for one file, and the fixes are for several; run the rules of one source with --only";
    file = row->home.file;
    json_fix(out, &some, ir, row, x);
  }
  buf_z(out, some ? "\n]\n" : "]\n");
  return NULL;
}
