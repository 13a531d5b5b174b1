/* The table of canonical types: equal types are one pointer, so that every later question is a comparison of pointers or kinds.
 * Here too: which type holds the values of two (join), and which values may stand where another type is expected (fits). */
#include "compiler/check.h"

#include <string.h>

static uint64_t mix(uint64_t h, uint64_t v) { return (h ^ v) * UINT64_C(0x9E3779B97F4A7C15) ^ h >> 29; }

static uint64_t hash_of(const type *t) {
  uint64_t h = mix(t->kind, t->opt);
  h = mix(h, t->var);
  h = mix(h, (uintptr_t)t->elem);
  h = mix(h, (uintptr_t)t->rec);
  h = mix(h, t->source);
  for (uint32_t i = 0; i < t->nlits; i++) h = mix(h, (uintptr_t)t->lits[i]);
  return h ^ h >> 32;
}

static bool same(const type *x, const type *y) {
  return x->kind == y->kind && x->opt == y->opt && x->var == y->var && x->elem == y->elem && x->rec == y->rec && x->source == y->source &&
         x->nlits == y->nlits && (!x->nlits || !memcmp(x->lits, y->lits, x->nlits * sizeof *x->lits));
}

static void insert(const type **slot, uint32_t cap, const type *t) {
  uint32_t i = (uint32_t)hash_of(t) & (cap - 1);
  while (slot[i]) i = (i + 1) & (cap - 1);
  slot[i] = t;
}

static const type *canonical(types *t, type want) {
  if (want.kind == TY_ERROR) want.opt = false;
  if (t->n * 2 >= t->cap) {
    uint32_t cap = t->cap ? t->cap * 2 : 64;
    const type **slot = ARENA_ARRAY(t->a, const type *, cap);
    for (uint32_t i = 0; i < t->all.n; i++) insert(slot, cap, t->all.v[i]);
    t->slot = slot, t->cap = cap;
  }
  for (uint32_t i = (uint32_t)hash_of(&want) & (t->cap - 1); t->slot[i]; i = (i + 1) & (t->cap - 1))
    if (same(t->slot[i], &want)) return t->slot[i];
  type *n = ARENA_NEW(t->a, type);
  *n = want;
  if (want.opt) want.opt = false, n->base = canonical(t, want);
  else n->base = n;
  *VEC_PUSH(t->a, &t->all) = n;
  t->n++;
  insert(t->slot, t->cap, n);
  if (t->n * 2 >= t->cap) { /* the base may have grown the table meanwhile; keep room */
    uint32_t cap = t->cap * 2;
    const type **slot = ARENA_ARRAY(t->a, const type *, cap);
    for (uint32_t i = 0; i < t->all.n; i++) insert(slot, cap, t->all.v[i]);
    t->slot = slot, t->cap = cap;
  }
  return n;
}

void types_init(types *t, arena *a) { *t = (types){ .a = a }; }
const type *type_simple(types *t, type_kind k) { return canonical(t, (type){ .kind = (uint8_t)k }); }
const type *type_list(types *t, const type *elem) { return canonical(t, (type){ .kind = TY_LIST, .elem = elem }); }
const type *type_map(types *t, const type *elem) { return canonical(t, (type){ .kind = TY_MAP, .elem = elem }); }
const type *type_record(types *t, const type_rec *r) { return canonical(t, (type){ .kind = TY_RECORD, .rec = r }); }
const type *type_var(types *t, uint8_t name) { return canonical(t, (type){ .kind = TY_VAR, .var = name }); }

const type *type_ref(types *t, uint32_t source, const type_rec *r) {
  return canonical(t, (type){ .kind = TY_REF, .source = source, .rec = r });
}

const type *type_union(types *t, const text *const *lits, uint32_t n) {
  return canonical(t, (type){ .kind = TY_UNION, .lits = lits, .nlits = n });
}

const type *type_opt(types *t, const type *x) {
  if (x->opt || x->kind == TY_ERROR) return x;
  type o = *x;
  o.opt = true, o.base = NULL;
  return canonical(t, o);
}

bool union_has(const type *u, str s) {
  for (uint32_t i = 0; i < u->nlits; i++)
    if (str_eq(str_of(u->lits[i]), s)) return true;
  return false;
}

static bool union_within(const type *x, const type *y) {
  for (uint32_t i = 0; i < x->nlits; i++)
    if (!union_has(y, str_of(x->lits[i]))) return false;
  return true;
}

bool type_fits(const type *from, const type *to) {
  from = from->base, to = to->base;
  if (from == to || from->kind == TY_ERROR || to->kind == TY_ERROR || from->kind == TY_NEVER) return true;
  if (from->kind == TY_UNION) return to->kind == TY_TEXT || (to->kind == TY_UNION && union_within(from, to));
  if (from->kind != to->kind) return false;
  if (from->kind == TY_LIST || from->kind == TY_MAP) return type_fits(from->elem, to->elem);
  return false;
}

bool type_is_ordered(const type *t) {
  type_kind k = t->kind;
  return k == TY_INT || k == TY_NUMBER || k == TY_TEXT || k == TY_UNION || k == TY_DATE || k == TY_TIME || k == TY_DURATION || k == TY_ERROR;
}

static const type *join_base(types *t, const type *x, const type *y) {
  if (type_fits(x, y)) return x->kind == TY_ERROR ? x : y;
  if (type_fits(y, x)) return x;
  if ((x->kind == TY_INT && y->kind == TY_NUMBER) || (x->kind == TY_NUMBER && y->kind == TY_INT)) return type_simple(t, TY_NUMBER);
  bool tx = x->kind == TY_TEXT || x->kind == TY_UNION, ty = y->kind == TY_TEXT || y->kind == TY_UNION;
  if (tx && ty) return type_simple(t, TY_TEXT);
  if (x->kind == y->kind && (x->kind == TY_LIST || x->kind == TY_MAP)) {
    const type *e = join_base(t, x->elem, y->elem);
    if (!e || (e->kind == TY_NUMBER && x->elem != y->elem)) return NULL; /* whole lists are not converted */
    return x->kind == TY_LIST ? type_list(t, e) : type_map(t, e);
  }
  return NULL;
}

const type *type_join(types *t, const type *x, const type *y) {
  const type *j = join_base(t, x->base, y->base);
  return j && (x->opt || y->opt) ? type_opt(t, j) : j;
}
