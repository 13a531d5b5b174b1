/* Values as they are written in rule files. See literal.h. */
#include "runtime/literal.h"

#include "base/civil.h"
#include "base/utf8.h"

#include <inttypes.h>

static void text_literal(buf *out, str s) {
  buf_ch(out, '"');
  const char *p = s.p, *end = s.p + s.n;
  while (p < end) {
    uint32_t cp, n = utf8_decode(p, end, &cp);
    if (cp == '"' || cp == '\\' || cp == '{') buf_ch(out, '\\'), buf_ch(out, (char)cp);
    else if (cp == '\n') buf_z(out, "\\n");
    else if (cp == '\t') buf_z(out, "\\t");
    else if (cp < 32 || cp == 127 || cp == UINT32_MAX) buf_fmt(out, "\\u{%x}", cp == UINT32_MAX ? 0xFFFD : cp);
    else buf_add(out, p, n);
    p += n;
  }
  buf_ch(out, '"');
}

static void duration_literal(buf *out, int64_t us) {
  static const struct { int64_t us; const char *name; } units[] = { { USEC_PER_DAY, "days" },      { 3600 * USEC_PER_SEC, "hours" }, { 60 * USEC_PER_SEC, "minutes" },
                                                                    { USEC_PER_SEC, "seconds" }, { 1000, "milliseconds" } };
  for (int i = 0; i < 5; i++)
    if (us % units[i].us == 0) {
      buf_fmt(out, "%" PRId64 " %s", us / units[i].us, units[i].name);
      return;
    }
  buf_fmt(out, "%s%" PRIu64 ".%03u milliseconds", us < 0 ? "-" : "", (us < 0 ? 0 - (uint64_t)us : (uint64_t)us) / 1000, (unsigned)((us < 0 ? 0 - (uint64_t)us : (uint64_t)us) % 1000));
}

static void record_literal(buf *out, const ir_program *ir, const rec *r) {
  const type_rec *t = r->ty;
  uint32_t from = t->name.n;
  while (from && t->name.p[from - 1] != '.') from--;
  buf_add(out, t->name.p + from, t->name.n - from);
  buf_ch(out, '(');
  bool some = false;
  for (uint32_t i = 0; i < t->nfields; i++) {
    const prog_field *f = t->id < ir->nrecords ? &ir->records[t->id]->fields[i] : NULL;
    if (r->st[i] != ST_OK || (f && f->has_default && val_eq(f->type->base, r->v[i], f->def))) continue;
    if (some) buf_z(out, ", ");
    some = true;
    buf_fmt(out, "%.*s: ", STR_ARG(t->fields[i].name));
    literal_print(out, ir, t->fields[i].type, r->v[i], ST_OK);
  }
  buf_ch(out, ')');
}

static void map_literal(buf *out, const ir_program *ir, const type *t, const map *m) {
  buf_z(out, "map_of([");
  for (uint32_t i = 0; i < m->n; i++) {
    if (i) buf_z(out, ", ");
    text_literal(out, str_of(m->e[i].key));
  }
  buf_z(out, "], [");
  for (uint32_t i = 0; i < m->n; i++) {
    if (i) buf_z(out, ", ");
    literal_print(out, ir, t->elem, m->e[i].value, ST_OK);
  }
  buf_z(out, "])");
}

void literal_print(buf *out, const ir_program *ir, const type *t, val v, uint8_t st) {
  if (st != ST_OK) {
    buf_z(out, st == ST_MISSING ? "missing" : "error");
    return;
  }
  switch ((type_kind)t->kind) {
  case TY_TEXT: case TY_UNION: text_literal(out, str_of(v.t)); break;
  case TY_DURATION: duration_literal(out, v.i); break;
  case TY_LIST:
    buf_ch(out, '[');
    for (uint32_t i = 0; i < v.l->n; i++) {
      if (i) buf_z(out, ", ");
      literal_print(out, ir, t->elem, v.l->v[i], ST_OK);
    }
    buf_ch(out, ']');
    break;
  case TY_MAP: map_literal(out, ir, t, v.m); break;
  case TY_RECORD: record_literal(out, ir, v.r); break;
  case TY_REF: literal_print(out, ir, t->rec->fields[t->rec->keys[0]].type, v, ST_OK); break;
  case TY_BOOL: case TY_INT: case TY_NUMBER: case TY_COLOR: case TY_DATE: case TY_TIME: case TY_MONTHS: case TY_ERROR: case TY_NEVER: case TY_PATTERN:
  case TY_PALETTE: case TY_TERMS: case TY_VAR: val_print(out, t->base, v, true); break;
  }
}
