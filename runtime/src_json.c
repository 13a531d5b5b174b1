/* Tokens to values: JSON values of every type, records from JSON objects and from CSV cells, and one record fed by the host. */
#include <stdlib.h>
#include <string.h>

#include "runtime/src_priv.h"

rec *src_new_rec(arena *a, const prog_record *pr, uint32_t frame) {
  rec *r = ARENA_NEW(a, rec);
  r->ty = &pr->shape;
  r->cap = frame > pr->shape.nfields ? frame : pr->shape.nfields;
  r->v = arena_alloc_line(a, sizeof *r->v * (r->cap ? r->cap : 1)); /* four values at a time then cross no line (vm/bulk.c) */
  r->st = ARENA_ARRAY(a, uint8_t, r->cap ? r->cap : 1);
  r->source = UINT32_MAX;
  return r;
}

/* ---- values ---- */

static const char *token_name(const tok *k) {
  switch ((tok_kind)k->kind) {
  case TK_NULL: return "null";
  case TK_FALSE:
  case TK_TRUE: return "a bool";
  case TK_NUMBER: return "a number";
  case TK_STRING:
  case TK_KEY:
  case TK_CELL: return "text";
  case TK_ARRAY: return "a list";
  case TK_OBJECT: return "an object";
  }
  return "something else";
}

static bool mismatch(src_dec *d, const type *t, const tape *tp, uint32_t at) {
  const tok *k = &tp->t[at];
  str want = src_type_name(d->a, d->p, t->base ? t->base : t);
  if (k->kind == TK_ARRAY || k->kind == TK_OBJECT)
    d->error = str_fmt(d->a, "is %s, not %.*s", k->kind == TK_ARRAY ? "a list" : "an object", STR_ARG(want));
  else if (k->kind == TK_STRING)
    d->error = str_fmt(d->a, "%.*s is text, not %.*s", STR_ARG(src_quote(d->a, tape_str(tp, at))), STR_ARG(want));
  else
    d->error = str_fmt(d->a, "`%.*s` is %s, not %.*s", STR_ARG(tape_str(tp, at)), token_name(k), STR_ARG(want));
  return false;
}

static bool fail_at(src_dec *d, const tok *k) {
  if (!d->eline) d->eline = k->line, d->ecol = k->col;
  return false;
}

static bool list_of(src_dec *d, const type *t, const tape *tp, uint32_t at, val *out) {
  const tok *k = &tp->t[at];
  list *l = ARENA_NEW(d->a, list);
  val *v = ARENA_ARRAY(d->a, val, k->n ? k->n : 1);
  uint32_t i = at + 1;
  for (uint32_t e = 0; e < k->n; e++, i += tp->t[i].skip) {
    bool ok = tp->t[i].kind != TK_NULL;
    if (!ok) d->error = STR("null (a list holds no missing values)");
    if (ok) ok = src_from_tape(d, t->elem, tp, i, &v[e]);
    if (!ok) {
      d->error = str_fmt(d->a, "element %u: %.*s", e + 1, STR_ARG(d->error));
      return fail_at(d, &tp->t[i]);
    }
  }
  l->n = k->n, l->v = v;
  out->l = l;
  return true;
}

static int by_key(const void *a, const void *b) {
  return str_cmp(str_of(((const map_entry *)a)->key), str_of(((const map_entry *)b)->key));
}

static bool map_of(src_dec *d, const type *t, const tape *tp, uint32_t at, val *out) {
  const tok *k = &tp->t[at];
  map *m = ARENA_NEW(d->a, map);
  map_entry *e = ARENA_ARRAY(d->a, map_entry, k->n ? k->n : 1);
  uint32_t i = at + 1, n = 0;
  for (uint32_t x = 0; x < k->n; x++) {
    str name = tape_str(tp, i);
    if (tp->t[i].flags & TKF_SURROGATE) {
      d->error = str_fmt(d->a, "the name %.*s escapes half a surrogate pair", STR_ARG(src_quote(d->a, name)));
      return fail_at(d, &tp->t[i]);
    }
    i++;
    if (tp->t[i].kind == TK_NULL && t->elem->opt) { i++; continue; } /* m["x"] is missing either way */
    bool ok = tp->t[i].kind != TK_NULL;
    if (!ok) d->error = STR("null (its values are not optional)");
    if (ok) ok = src_from_tape(d, t->elem, tp, i, &e[n].value);
    if (!ok) {
      d->error = str_fmt(d->a, "%.*s: %.*s", STR_ARG(src_quote(d->a, name)), STR_ARG(d->error));
      return fail_at(d, &tp->t[i]);
    }
    e[n++].key = src_text(d, name);
    i += tp->t[i].skip;
  }
  qsort(e, n, sizeof *e, by_key);
  for (uint32_t x = 1; x < n; x++)
    if (!by_key(&e[x - 1], &e[x])) {
      d->error = str_fmt(d->a, "the name %.*s stands twice", STR_ARG(src_quote(d->a, str_of(e[x].key))));
      return fail_at(d, k);
    }
  m->n = n, m->e = e;
  out->m = m;
  return true;
}

bool src_from_tape(src_dec *d, const type *t, const tape *tp, uint32_t at, val *out) {
  const tok *k = &tp->t[at];
  if (t->kind == TY_REF) t = src_repr(t);
  if (!t) { d->error = STR("the reference's target has no single key"); return false; }
  if (k->flags & TKF_SURROGATE) {
    d->error = STR("escapes half a surrogate pair (\\uD800 to \\uDFFF), which is no character");
    return false;
  }
  str s = tape_str(tp, at);
  switch ((type_kind)t->kind) {
  case TY_BOOL:
    if (k->kind != TK_TRUE && k->kind != TK_FALSE) break;
    out->i = k->kind == TK_TRUE;
    return true;
  case TY_INT:
  case TY_NUMBER:
    if (k->kind != TK_NUMBER) break;
    return src_from_text(d, t, s, out);
  case TY_TEXT:
    if (k->kind != TK_STRING) break;
    out->t = src_text(d, s); /* the parser has checked the UTF-8 */
    return true;
  case TY_UNION:
  case TY_COLOR:
  case TY_DATE:
    if (k->kind != TK_STRING) break;
    return src_from_text(d, t, s, out);
  case TY_TIME:
  case TY_DURATION:
    if (k->kind != TK_STRING && k->kind != TK_NUMBER) break;
    return src_from_text(d, t, s, out);
  case TY_LIST:
    if (k->kind != TK_ARRAY) break;
    return list_of(d, t, tp, at, out);
  case TY_MAP:
    if (k->kind != TK_OBJECT) break;
    return map_of(d, t, tp, at, out);
  case TY_RECORD: {
    if (k->kind != TK_OBJECT || t->rec->id >= d->p->nrecords) break;
    const prog_record *pr = d->p->records[t->rec->id];
    rec *r = src_new_rec(d->a, pr, 0);
    r->line = k->line, r->col = k->col;
    src_rec_from_tape(d, pr, tp, at, NULL, r);
    out->r = r;
    return true;
  }
  case TY_REF:
  case TY_ERROR:
  case TY_NEVER:
  case TY_MONTHS:
  case TY_PATTERN:
  case TY_PALETTE:
  case TY_TERMS:
  case TY_VAR: break;
  }
  return mismatch(d, t, tp, at);
}

bool src_from_json_text(src_dec *d, const mem *m, const type *t, str json, val *out) {
  tape tp = { .m = m };
  jmp_buf jump, *outer = d->a->oom; /* the tape is not the arena's */
  volatile int ok = 0;
  int why = 0;
  d->a->oom = &jump;
  if (!(why = _setjmp(jump))) {
    str error;
    uint32_t line, col;
    bool copy = d->copy;
    if (!tape_json(&tp, json, 1, 1, d->a, &error, &line, &col)) {
      if (tp.oom) why = ARENA_OOM;
      else d->error = str_fmt(d->a, "%.*s is not JSON: %.*s", STR_ARG(src_quote(d->a, json)), STR_ARG(error));
    } else if (tp.t[0].kind == TK_NULL) {
      ok = 2;
    } else {
      d->copy = true;
      ok = src_from_tape(d, t, &tp, 0, out);
      d->copy = copy;
      d->eline = d->ecol = 0; /* a place inside the column's text is no place in a file */
    }
  }
  d->a->oom = outer;
  tape_free(&tp);
  if (why) {
    if (!outer) abort();
    longjmp(*outer, why);
  }
  if (ok == 2) d->error = STR("is the JSON null");
  return ok == 1;
}

/* ---- records ---- */

/* The field a column or member is called, starting the search where the last one was found: files keep one order. */
static int32_t field_named(const prog_record *pr, str name, uint32_t *hint) {
  uint32_t n = pr->shape.nfields;
  for (uint32_t k = 0; k < n; k++) {
    uint32_t f = *hint + k;
    if (f >= n) f -= n;
    if (str_eq(pr->fields[f].column, name)) {
      *hint = f + 1 < n ? f + 1 : 0;
      return (int32_t)f;
    }
  }
  return -1;
}

/* What broke inside a nested record counts for the field that holds it, too: findings are told of the outer record. */
static void nested_bads(src_dec *d, rec *r, uint32_t field, const rec *inner, str prefix) {
  for (const bad *b = inner->bads; b; b = b->next)
    src_add_bad(d->a, r, field, str_fmt(d->a, "%.*s.%.*s: %.*s", STR_ARG(prefix), STR_ARG(inner->ty->fields[b->field].name), STR_ARG(b->message)),
                b->line, b->col);
}

void src_tell_nested(src_dec *d, rec *r, uint32_t field, const type *t, str name, val v) {
  if (t->kind == TY_RECORD && v.r->bads) nested_bads(d, r, field, v.r, name);
  if (t->kind == TY_LIST && t->elem->kind == TY_RECORD)
    for (uint32_t i = 0; i < v.l->n; i++)
      if (v.l->v[i].r->bads) nested_bads(d, r, field, v.l->v[i].r, str_fmt(d->a, "%.*s[%u]", STR_ARG(name), i));
  if (t->kind == TY_MAP && t->elem->kind == TY_RECORD)
    for (uint32_t i = 0; i < v.m->n; i++)
      if (v.m->e[i].value.r->bads)
        nested_bads(d, r, field, v.m->e[i].value.r, str_fmt(d->a, "%.*s[\"%.*s\"]", STR_ARG(name), STR_ARG(str_of(v.m->e[i].key))));
}

static void set_bad(src_dec *d, rec *r, const prog_record *pr, uint32_t f, uint32_t line, uint32_t col) {
  r->st[f] = ST_ERR;
  if (!pr->fields[f].type->opt) r->clean = false;
  bad *b = src_add_bad(d->a, r, f, d->error, d->eline ? d->eline : line, d->eline ? d->ecol : col);
  b->found = d->found, d->found = (str){ "", 0 };
}

enum { ST_UNSEEN = 3 };

void src_rec_from_tape(src_dec *d, const prog_record *pr, const tape *tp, uint32_t at, const bool *only, rec *r) {
  uint32_t n = pr->shape.nfields, hint = 0;
  r->bads = NULL, r->clean = true;
  memset(r->st, ST_UNSEEN, n);
  uint32_t i = at + 1;
  for (uint32_t m = 0; m < tp->t[at].n; m++) {
    uint32_t key = i++, value = i;
    i += tp->t[value].skip;
    str name = tape_str(tp, key);
    int32_t f = field_named(pr, name, &hint);
    if (f < 0) {
      if (d->undeclared) d->undeclared(d, pr, name, tp->t[key].line, tp->t[key].col);
      continue;
    }
    if (only && !only[f]) continue;
    if (pr == d->root) d->field = (uint32_t)f;
    const tok *k = &tp->t[value];
    const type *t = pr->fields[f].type;
    d->eline = d->ecol = 0;
    if (r->st[f] != ST_UNSEEN) {
      d->error = str_fmt(d->a, "%.*s stands twice in its object", STR_ARG(src_quote(d->a, name)));
      if (r->st[f] != ST_ERR) set_bad(d, r, pr, (uint32_t)f, tp->t[key].line, tp->t[key].col);
    } else if (k->kind == TK_NULL) {
      src_settle_missing(d, r, pr, (uint32_t)f, "null", k->line, k->col);
    } else if (k->kind == TK_STRING && t->kind == TY_LIST && pr->fields[f].split.n) {
      if (src_from_split(d, t, pr->fields[f].split, tape_str(tp, value), &r->v[f])) r->st[f] = ST_OK;
      else set_bad(d, r, pr, (uint32_t)f, k->line, k->col);
    } else if (src_from_tape(d, t, tp, value, &r->v[f])) {
      r->st[f] = ST_OK;
      if (t->kind == TY_RECORD || t->kind == TY_LIST || t->kind == TY_MAP) src_tell_nested(d, r, (uint32_t)f, t, pr->fields[f].name, r->v[f]);
    } else {
      set_bad(d, r, pr, (uint32_t)f, k->line, k->col);
    }
  }
  for (uint32_t f = 0; f < n; f++) {
    if (r->st[f] != ST_UNSEEN) continue;
    if (only && !only[f]) r->st[f] = ST_MISSING;
    else src_settle_missing(d, r, pr, f, "not there", tp->t[at].line, tp->t[at].col);
  }
}

void src_rec_from_cells(src_dec *d, const prog_record *pr, const src_file *file, const src_row *row, const bool *only, rec *r) {
  uint32_t n = pr->shape.nfields;
  r->bads = NULL, r->clean = true;
  memset(r->st, ST_UNSEEN, n);
  for (uint32_t c = 0; c < file->ncells && c < row->ncells; c++) {
    int32_t f = file->field_of[c];
    if (f < 0 || (only && !only[f])) continue;
    d->field = (uint32_t)f;
    const tok *k = &row->t->t[row->at + c];
    const prog_field *pf = &pr->fields[f];
    str s = tape_str(row->t, row->at + c);
    bool list = pf->type->kind == TY_LIST, split = list && pf->split.n, ok;
    d->eline = d->ecol = 0;
    if (row->untrusted) { /* no cell is sure to stand in its own column */
      d->error = row->broken, ok = false;
    } else if (!s.n && !(split && !pf->type->opt && !pf->has_default)) { /* a list that must be there has no other way to be empty */
      src_settle_missing(d, r, pr, (uint32_t)f, "empty", k->line, k->col);
      continue;
    } else if (split) {
      ok = src_from_split(d, pf->type, pf->split, s, &r->v[f]);
    } else if (list || pf->type->kind == TY_MAP || pf->type->kind == TY_RECORD) {
      ok = src_from_json_text(d, row->t->m, pf->type, s, &r->v[f]);
      if (ok) src_tell_nested(d, r, (uint32_t)f, pf->type, pf->name, r->v[f]);
    } else {
      ok = src_from_text(d, pf->type, s, &r->v[f]);
    }
    if (ok) r->st[f] = ST_OK;
    else set_bad(d, r, pr, (uint32_t)f, k->line, k->col);
  }
  for (uint32_t f = 0; f < n; f++) {
    if (r->st[f] != ST_UNSEEN) continue;
    if (only && !only[f]) { r->st[f] = ST_MISSING; continue; }
    if (row->broken.n) {
      d->error = row->broken, d->eline = 0;
      set_bad(d, r, pr, f, row->line, row->col);
    } else {
      src_settle_missing(d, r, pr, f, "not there", row->line, row->col);
    }
  }
}

/* ---- one record fed by the host ---- */

typedef struct undeclared { str *error; arena *a; bool one_line; } undeclared_ctx;

static str place(arena *a, bool one_line, uint32_t line, uint32_t col) {
  return one_line ? str_fmt(a, "column %u", col) : str_fmt(a, "line %u, column %u", line, col);
}

static void refuse(src_dec *d, const prog_record *pr, str name, uint32_t line, uint32_t col) {
  undeclared_ctx *u = d->ud;
  if (pr->exact && !u->error->n)
    *u->error = str_fmt(u->a, "%.*s: `%.*s` declares no field %.*s and is exact", STR_ARG(place(u->a, u->one_line, line, col)), STR_ARG(pr->name),
                        STR_ARG(src_quote(u->a, name)));
}

rec *src_record_json(arena *a, const ir_program *p, uint32_t record, const atom_index *atoms, str json, uint32_t frame, bool one_line, str *error) {
  *error = (str){ 0 };
  tape tp = { .m = a->m, .single = true };
  jmp_buf jump, *outer = a->oom;
  rec *volatile out = NULL;
  a->oom = &jump;
  int why = _setjmp(jump);
  if (!why) {
    str text = json, e;
    uint32_t line = 1, col = 1;
    if (text.n >= 3 && !memcmp(text.p, "\xEF\xBB\xBF", 3)) text.p += 3, text.n -= 3;
    if (!tape_json(&tp, text, 1, 1, a, &e, &line, &col)) {
      if (tp.oom) why = ARENA_OOM;
      else *error = str_fmt(a, "%.*s: %.*s", STR_ARG(place(a, one_line, line, col)), STR_ARG(e));
    } else if (tp.t[0].kind != TK_OBJECT) {
      *error = str_fmt(a, "%.*s: a record is a JSON object, this is %s", STR_ARG(place(a, one_line, tp.t[0].line, tp.t[0].col)), token_name(&tp.t[0]));
    } else {
      undeclared_ctx u = { error, a, one_line };
      src_dec d = { .p = p, .atoms = atoms, .a = a, .copy = true, .undeclared = refuse, .ud = &u };
      const prog_record *pr = p->records[record];
      rec *r = src_new_rec(a, pr, frame);
      r->line = tp.t[0].line, r->col = tp.t[0].col;
      src_rec_from_tape(&d, pr, &tp, 0, NULL, r);
      out = r;
    }
  }
  a->oom = outer;
  tape_free(&tp);
  if (why) {
    if (!outer) abort();
    longjmp(*outer, why);
  }
  return error->n ? NULL : out;
}

bool src_json_member(arena *a, str json, str name, str *out) {
  tape tp = { .m = a->m };
  arena none; /* a message that nobody reads, and no jump while the tape holds memory */
  jmp_buf jump;
  str e;
  uint32_t line, col;
  arena_init(&none, a->m, &jump);
  volatile uint32_t found = 0;
  volatile bool ok = false;
  if (!_setjmp(jump)) ok = tape_json(&tp, json, 1, 1, &none, &e, &line, &col) && tp.t[0].kind == TK_OBJECT;
  arena_free(&none);
  *out = (str){ "", 0 };
  for (uint32_t i = 1; ok && !found && i + 1 < tp.nt; i += 1 + tp.t[i + 1].skip)
    if (str_eq(tape_str(&tp, i), name)) found = i + 1;
  char *copy = NULL;
  bool text = found && (tp.t[found].kind == TK_STRING || tp.t[found].kind == TK_NUMBER);
  if (text) copy = arena_try(a, tp.t[found].n + 1u);
  if (copy) {
    str s = tape_str(&tp, found);
    memcpy(copy, s.p, s.n);
    *out = (str){ copy, s.n };
  }
  tape_free(&tp);
  return ok;
}
