/* Types and constant values in bundles. A type stands after its element and its base, so that reading makes no cycles; records
 * break them by standing in a table of their own. Values follow their type; what is read is checked to be one of it (dates
 * that exist, finite numbers, literals of the program). */
#include "vm/bundle.h"

#include "base/civil.h"

#include <string.h>

/* ---- collecting ---- */

static uint32_t *slot_of(cd *c, const type *t) {
  uint32_t i = (uint32_t)(((uintptr_t)t >> 4) * UINT64_C(0x9E3779B97F4A7C15) >> 32) & (c->nslots - 1);
  while (c->slots[i] && c->types.v[c->slots[i] - 1] != t) i = (i + 1) & (c->nslots - 1);
  return &c->slots[i];
}

static void grow_slots(cd *c) {
  c->nslots = c->nslots ? c->nslots * 2 : 256;
  c->slots = ARENA_ARRAY(c->a, uint32_t, c->nslots);
  for (uint32_t i = 0; i < c->types.n; i++) *slot_of(c, c->types.v[i]) = i + 1;
}

static void collect(cd *c, const type *t);

static bool is_program_shape(const cd *c, const type_rec *r) { return r->id < c->ir->nrecords && &c->ir->records[r->id]->shape == r; }

static uint32_t shape_index(const cd *c, const type_rec *r) {
  for (uint32_t i = 0; i < c->shapes.n; i++)
    if (c->shapes.v[i] == r) return i;
  return c->shapes.n;
}

static void collect_shape(cd *c, const type_rec *r) {
  if (!r || is_program_shape(c, r) || shape_index(c, r) < c->shapes.n) return;
  *VEC_PUSH(c->a, &c->shapes) = r;
  for (uint32_t i = 0; i < r->nfields; i++) collect(c, r->fields[i].type);
}

static void collect(cd *c, const type *t) {
  if (2 * (c->types.n + 1) > c->nslots) grow_slots(c);
  if (*slot_of(c, t)) return;
  if (t->opt) collect(c, t->base);
  if (t->elem) collect(c, t->elem);
  collect_shape(c, t->rec);
  if (2 * (c->types.n + 1) > c->nslots) grow_slots(c);
  *VEC_PUSH(c->a, &c->types) = t;
  *slot_of(c, t) = c->types.n;
}

/* ---- naming ---- */

void cd_type(cd *c, const type **t) {
  if (c->mode == CD_COLLECT) { collect(c, *t); return; }
  uint32_t i = c->mode == CD_WRITE ? *slot_of(c, *t) - 1 : 0;
  cd_u32(c, &i, c->types.n);
  if (c->mode != CD_READ) return;
  static const type none = { .kind = TY_NEVER, .base = &none };
  *t = i < c->types.n ? c->types.v[i] : &none;
}

void cd_type_or_null(cd *c, const type **t) {
  bool is = *t != NULL;
  cd_bool(c, &is);
  if (is) cd_type(c, t);
  else *t = NULL;
}

/* 0: none, 1 + id: of the program, 1 + records + index: of the library. */
static void cd_shape(cd *c, const type_rec **r) {
  uint32_t records = c->ir->nrecords, i = 0;
  if (*r) i = is_program_shape(c, *r) ? 1 + (*r)->id : 1 + records + shape_index(c, *r);
  cd_u32(c, &i, (uint64_t)records + c->shapes.n + 1);
  if (c->mode == CD_READ) *r = !i ? NULL : i <= records ? &c->ir->records[i - 1]->shape : c->shapes.v[i - 1 - records];
}

/* ---- the table ---- */

static void cd_literals(cd *c, type *t) {
  cd_count(c, &t->nlits);
  const text **lits = c->mode == CD_READ ? ARENA_ARRAY(c->a, const text *, t->nlits + 1) : NULL;
  for (uint32_t i = 0; i < t->nlits; i++) {
    uint32_t atom = c->mode == CD_READ ? 0 : t->lits[i]->atom - 1;
    cd_u32(c, &atom, c->ir->natoms);
    if (lits && c->wrong) { t->nlits = 0; break; }
    if (lits) lits[i] = c->ir->atoms[atom];
  }
  if (lits) t->lits = lits;
}

static bool whole(const type *t) {
  switch ((type_kind)t->kind) {
  case TY_ERROR: case TY_VAR: return false;
  case TY_LIST: case TY_MAP: return t->elem && !t->elem->opt;
  case TY_RECORD: return t->rec != NULL;
  case TY_REF: return t->rec && t->rec->nkeys <= t->rec->nfields;
  case TY_NEVER: case TY_BOOL: case TY_INT: case TY_NUMBER: case TY_TEXT: case TY_UNION: case TY_COLOR: case TY_DATE: case TY_TIME: case TY_DURATION:
  case TY_MONTHS: case TY_PATTERN: case TY_PALETTE: case TY_TERMS: return true;
  }
  return false;
}

static void cd_one_type(cd *c, type *t, uint32_t index) {
  cd_u8(c, &t->kind, TY_VAR + 1);
  cd_bool(c, &t->opt);
  uint32_t base = 0, elem = 0;
  if (c->mode == CD_WRITE) {
    base = t->opt ? *slot_of(c, t->base) : 0;
    elem = t->elem ? *slot_of(c, t->elem) : 0;
  }
  cd_u32(c, &base, (uint64_t)index + 1); /* 1 + index of an earlier one */
  cd_u32(c, &elem, (uint64_t)index + 1);
  cd_shape(c, &t->rec);
  cd_u32(c, &t->source, UINT64_C(1) << 32);
  cd_literals(c, t);
  if (c->mode != CD_READ) return;
  t->elem = elem ? c->types.v[elem - 1] : NULL;
  t->base = base ? c->types.v[base - 1] : t;
  if (c->wrong) return;
  if (t->opt != (base != 0) || (t->opt && t->base->opt) || !whole(t)) cd_fail(c, "a type is malformed");
  if (t->opt && (t->base->kind != t->kind || t->base->elem != t->elem || t->base->rec != t->rec)) cd_fail(c, "a type is malformed");
  if (t->kind == TY_REF && t->source >= c->ir->nsources) cd_fail(c, "a type names no source");
}

static void cd_shape_fields(cd *c, type_rec *r) {
  cd_str(c, &r->name);
  cd_count(c, &r->nfields);
  CD_ARRAY(c, &r->fields, r->nfields);
  for (uint32_t i = 0; i < r->nfields; i++) {
    cd_str(c, &r->fields[i].name);
    cd_type(c, &r->fields[i].type);
  }
  r->id = UINT32_MAX;
}

void cd_types(cd *c) {
  if (c->mode == CD_COLLECT) return;
  uint32_t nshapes = c->shapes.n, n = c->types.n;
  cd_count(c, &nshapes);
  if (c->mode == CD_READ)
    for (uint32_t i = 0; i < nshapes; i++) *VEC_PUSH(c->a, &c->shapes) = ARENA_NEW(c->a, type_rec);
  cd_count(c, &n);
  for (uint32_t i = 0; i < n && !c->wrong; i++) {
    type t = { 0 }, *to = &t;
    if (c->mode == CD_READ) *VEC_PUSH(c->a, &c->types) = to = ARENA_NEW(c->a, type);
    else t = *c->types.v[i];
    cd_one_type(c, to, i);
  }
  for (uint32_t i = 0; i < nshapes && !c->wrong; i++) {
    type_rec *r = (type_rec *)(uintptr_t)c->shapes.v[i], copy = *r; /* ours when reading */
    cd_shape_fields(c, c->mode == CD_READ ? r : &copy);
  }
}

/* ---- values ---- */

static void cd_text(cd *c, val *v) {
  uint32_t atom = 0;
  str s = { 0 };
  if (c->mode != CD_READ) {
    uint32_t at = v->t->atom;
    if (at && at <= c->ir->natoms && c->ir->atoms[at - 1] == v->t) atom = at;
    s = str_of(v->t);
  }
  cd_u32(c, &atom, (uint64_t)c->ir->natoms + 1);
  if (!atom) cd_str(c, &s);
  if (c->mode != CD_READ) return;
  if (atom) { v->t = c->ir->atoms[atom - 1]; return; }
  text *t = ARENA_NEW(c->a, text);
  *t = text_of(s);
  v->t = t;
}

static void cd_elems(cd *c, const type *elem, val *v, int depth) {
  uint32_t n = c->mode == CD_READ ? 0 : v->l->n;
  cd_count(c, &n);
  val *e = c->mode == CD_READ ? ARENA_ARRAY(c->a, val, n + 1) : NULL;
  for (uint32_t i = 0; i < n && !c->wrong; i++) {
    val x = e ? (val){ .i = 0 } : v->l->v[i];
    cd_value(c, elem, &x, depth + 1);
    if (e) e[i] = x;
  }
  if (!e) return;
  list *l = ARENA_NEW(c->a, list);
  *l = (list){ c->wrong ? 0 : n, e };
  v->l = l;
}

static void cd_map(cd *c, const type *elem, val *v, int depth) {
  uint32_t n = c->mode == CD_READ ? 0 : v->m->n;
  cd_count(c, &n);
  map_entry *e = c->mode == CD_READ ? ARENA_ARRAY(c->a, map_entry, n + 1) : NULL;
  for (uint32_t i = 0; i < n && !c->wrong; i++) {
    val key = { .i = 0 }, x = { .i = 0 };
    if (!e) key.t = v->m->e[i].key, x = v->m->e[i].value;
    cd_text(c, &key);
    cd_value(c, elem, &x, depth + 1);
    if (!e) continue;
    e[i] = (map_entry){ key.t, x };
    if (i && str_cmp(str_of(e[i - 1].key), str_of(key.t)) >= 0) cd_fail(c, "a map is not in order");
  }
  if (!e) return;
  map *m = ARENA_NEW(c->a, map);
  *m = (map){ c->wrong ? 0 : n, e };
  v->m = m;
}

static void cd_record(cd *c, const type_rec *shape, val *v, int depth) {
  rec *r = NULL;
  if (c->mode == CD_READ) {
    v->r = r = ARENA_NEW(c->a, rec);
    *r = (rec){ .ty = shape, .v = ARENA_ARRAY(c->a, val, shape->nfields + 1), .st = ARENA_ARRAY(c->a, uint8_t, shape->nfields + 1), .cap = shape->nfields,
                .source = UINT32_MAX, .clean = true };
    memset(r->st, ST_MISSING, shape->nfields);
  }
  for (uint32_t i = 0; i < shape->nfields && !c->wrong; i++) {
    const type *t = shape->fields[i].type;
    uint8_t st = r ? 0 : v->r->st[i];
    cd_u8(c, &st, ST_ERR + 1);
    val x = r ? (val){ .i = 0 } : v->r->v[i];
    if (st == ST_OK) cd_value(c, t, &x, depth + 1);
    if (!r) continue;
    r->v[i] = x, r->st[i] = c->wrong ? ST_MISSING : st;
    if (st == ST_ERR || (st == ST_MISSING && !t->opt)) r->clean = false;
  }
}

/* A palette is a list of the library's Swatch records. */
static void cd_palette(cd *c, val *v) {
  const type_rec *shape = c->mode != CD_READ && v->l->n ? v->l->v[0].r->ty : NULL;
  if (c->mode == CD_COLLECT) { collect_shape(c, shape); return; }
  cd_shape(c, &shape);
  uint32_t n = c->mode == CD_READ ? 0 : v->l->n;
  cd_count(c, &n);
  bool two = shape && shape->nfields == 2 && shape->fields[0].type && shape->fields[1].type;
  bool fine = !n || (two && shape->fields[0].type->kind == TY_TEXT && shape->fields[1].type->kind == TY_COLOR);
  if (!fine) cd_fail(c, "a palette's colors are none");
  val *e = c->mode == CD_READ ? ARENA_ARRAY(c->a, val, n + 1) : NULL;
  for (uint32_t i = 0; i < n && !c->wrong; i++) {
    val x = e ? (val){ .i = 0 } : v->l->v[i];
    cd_record(c, shape, &x, 1);
    if (e && !x.r->clean) cd_fail(c, "a palette's colors are none");
    if (e) e[i] = x;
  }
  if (!e) return;
  list *l = ARENA_NEW(c->a, list);
  *l = (list){ c->wrong ? 0 : n, e };
  v->l = l;
}

static void cd_pattern(cd *c, val *v) {
  uint32_t id = c->mode == CD_READ ? 0 : ((const pattern *)v->p)->id;
  cd_u32(c, &id, c->ir->npatterns);
  if (c->mode == CD_READ) v->p = c->wrong ? NULL : c->ir->patterns[id];
}

static void cd_terms(cd *c, val *v) {
  uint32_t id = c->mode == CD_READ ? 0 : ((const term_list *)v->p)->id;
  cd_u32(c, &id, c->ir->nterms);
  if (c->mode == CD_READ) v->p = c->wrong ? NULL : c->ir->terms[id];
}

static void cd_whole(cd *c, val *v, int64_t lo, int64_t hi) {
  cd_i64(c, &v->i);
  if (c->mode == CD_READ && (v->i < lo || v->i > hi)) cd_fail(c, "a constant is out of range"), v->i = lo;
}

void cd_value(cd *c, const type *type_in, val *v, int depth) {
  const type *t = code_rep(type_in);
  if (!t || depth > 60) { cd_fail(c, "a constant's type is unusable"); return; }
  if (c->mode == CD_READ) v->i = 0;
  switch ((type_kind)t->kind) {
  case TY_BOOL: cd_whole(c, v, 0, 1); break;
  case TY_INT: case TY_DURATION: case TY_MONTHS: cd_whole(c, v, INT64_MIN, INT64_MAX); break;
  case TY_COLOR: cd_whole(c, v, 0, UINT32_MAX); break;
  case TY_DATE: cd_whole(c, v, CIVIL_DAY_MIN, CIVIL_DAY_MAX); break;
  case TY_TIME: cd_whole(c, v, CIVIL_DAY_MIN * USEC_PER_DAY, (CIVIL_DAY_MAX + 1) * USEC_PER_DAY - 1); break;
  case TY_NUMBER: cd_f64(c, &v->n); break;
  case TY_TEXT: case TY_UNION: cd_text(c, v); break;
  case TY_LIST: cd_elems(c, t->elem, v, depth); break;
  case TY_MAP: cd_map(c, t->elem, v, depth); break;
  case TY_RECORD: cd_record(c, t->rec, v, depth); break;
  case TY_PALETTE: cd_palette(c, v); break;
  case TY_PATTERN: cd_pattern(c, v); break;
  case TY_TERMS: cd_terms(c, v); break;
  case TY_ERROR: case TY_NEVER: case TY_REF: case TY_VAR: cd_fail(c, "a constant's type is unusable"); break;
  }
}
