/* Random rows for the sources of a program. Every field draws from a generator of its own, so that shrinking one changes no other, and the
 * same seed gives the same rows whatever the rules of the program are. */
#include "diff.h"

#include "base/civil.h"

#include <stdlib.h>
#include <string.h>

typedef struct maker { arena *a; const ir_program *p; const atom_index *x; rng r; bool intern, plain; } maker;

static const text *make_text(maker *m, const char *z) {
  str s = str_z(z);
  bool lucky = chance(&m->r, 50); /* drawn in any case: what else is drawn must not depend on the program */
  const text *atom = m->intern || lucky ? atom_find(m->x, s) : NULL;
  if (atom) return atom;
  text *t = ARENA_NEW(m->a, text);
  *t = text_of(str_dup(m->a, s));
  return t;
}

static const char *some_text(maker *m) {
  static const char *const pool[] = { "", "a", "ab", "abc", "image", "Zo\xC3\xAB", "gold", "DE", "A1", "A2", "x y", "3", "C1", "B1",
    "{q}\n", "https://example.com",
    "\xF0\x9F\x98\x80!", "Hello world. Bye!", "ana@example.com", "video", "-12", "2.5", "2026-03-01", "#E4002B", "\tA\n" };
  return pool[below(&m->r, sizeof pool / sizeof *pool)];
}

static int64_t some_int(maker *m) {
  static const int64_t wild[] = { INT64_MAX, INT64_MIN, INT64_MAX - 1, INT64_C(1) << 53, (INT64_C(1) << 53) + 1, 1000000, 4611686018427387904 };
  return chance(&m->r, 7) ? wild[below(&m->r, 7)] : (int64_t)below(&m->r, 13) - 4;
}

static double some_number(maker *m) {
  static const double v[] = { 0, 0.5, 1, 1.5, -2.25, 2, 3, 0.1, 0.2, -1, 100, 2.5, 1e300, -1e300, 5e-324,
    9007199254740992.0, 9007199254740994.0, 9.3e18, 0.05 };
  return v[below(&m->r, 19)];
}

static int64_t some_day(maker *m) {
  static const int64_t v[] = { 20513, 20514, 20515, 20512, 19782, 20000, 0, CIVIL_DAY_MIN, CIVIL_DAY_MAX, 20484 };
  return chance(&m->r, 90) ? v[below(&m->r, 7)] : v[below(&m->r, 10)];
}

static int64_t some_usec(maker *m) {
  int64_t day = some_day(m);
  return day * USEC_PER_DAY + (chance(&m->r, 50) ? 0 : (int64_t)below(&m->r, 86400) * USEC_PER_SEC + (chance(&m->r, 20) ? 250000 : 0));
}

static int64_t some_duration(maker *m) {
  static const int64_t v[] = { 0, 1, USEC_PER_SEC, 3600 * USEC_PER_SEC, USEC_PER_DAY, -USEC_PER_DAY, 30 * USEC_PER_DAY,
    90 * USEC_PER_DAY, 36500 * USEC_PER_DAY, INT64_MAX, 7777777 };
  return v[below(&m->r, chance(&m->r, 95) ? 8 : 11)];
}

static int64_t some_color(maker *m) {
  static const int64_t v[] = { 0xE4002BFF, 0x000000FF, 0xFFFFFFFF, 0xFFFFFF80, 0x1A1A1AFF, 0x3366CCFF, 0x00000000 };
  return v[below(&m->r, 7)];
}

static val make_key(maker *m, const type_rec *target, const char *source) {
  const type *k = target->fields[target->keys[0]].type;
  uint32_t n = chance(&m->r, 70) ? 1 + below(&m->r, 2) : 1 + below(&m->r, 7); /* the first two rows are always there; others may dangle */
  if (k->kind == TY_INT) return (val){ .i = n };
  char name[8] = { source[0] == 'a' ? 'A' : source[0] == 'b' ? 'B' : 'C', (char)('0' + n), 0 };
  return (val){ .t = make_text(m, name) };
}

static val make_value(maker *m, const type *t, int depth);

static rec *make_rec(maker *m, const type_rec *ty, int depth) {
  rec *r = ARENA_NEW(m->a, rec);
  r->ty = ty;
  r->cap = ty->nfields;
  r->v = ARENA_ARRAY(m->a, val, ty->nfields + 1);
  r->st = ARENA_ARRAY(m->a, uint8_t, ty->nfields + 1);
  r->clean = true;
  r->source = UINT32_MAX;
  bool outer = m->intern;
  for (uint32_t i = 0; i < ty->nfields; i++) {
    const type *t = ty->fields[i].type;
    if (ty->id != UINT32_MAX) m->intern = outer || m->p->records[ty->id]->fields[i].intern;
    r->st[i] = t->opt && chance(&m->r, 30) ? ST_MISSING : ST_OK;
    if (r->st[i] == ST_OK) r->v[i] = make_value(m, t, depth + 1);
  }
  m->intern = outer;
  return r;
}

static int by_key(const void *a, const void *b) { return str_cmp(str_of(((const map_entry *)a)->key), str_of(((const map_entry *)b)->key)); }

static val make_map(maker *m, const type *t, int depth) {
  static const char *const keys[] = { "", "DE", "a", "image", "x y" };
  map *x = ARENA_NEW(m->a, map);
  map_entry *e = ARENA_ARRAY(m->a, map_entry, 6);
  for (uint32_t i = 0; i < 5; i++)
    if (chance(&m->r, 35)) e[x->n++] = (map_entry){ make_text(m, keys[i]), make_value(m, t->elem, depth + 1) };
  qsort(e, x->n, sizeof *e, by_key);
  x->e = e;
  return (val){ .m = x };
}

static val make_list(maker *m, const type *t, int depth) {
  list *l = ARENA_NEW(m->a, list);
  uint32_t n = m->plain ? 0 : below(&m->r, 5);
  val *v = ARENA_ARRAY(m->a, val, n + 1);
  for (uint32_t i = 0; i < n; i++) v[i] = make_value(m, t->elem, depth + 1);
  *l = (list){ n, v };
  return (val){ .l = l };
}

static val make_value(maker *m, const type *t, int depth) {
  val v = { .i = 0 };
  switch ((type_kind)t->kind) {
  case TY_BOOL: v.i = !m->plain && chance(&m->r, 50); break;
  case TY_INT: v.i = m->plain ? 0 : some_int(m); break;
  case TY_NUMBER: v.n = m->plain ? 0 : some_number(m); break;
  case TY_TEXT: v.t = make_text(m, m->plain ? "" : some_text(m)); break;
  case TY_UNION: v.t = t->lits[m->plain ? 0 : below(&m->r, t->nlits)]; break;
  case TY_COLOR: v.i = m->plain ? 0xFF : some_color(m); break;
  case TY_DATE: v.i = m->plain ? 0 : some_day(m); break;
  case TY_TIME: v.i = m->plain ? 0 : some_usec(m); break;
  case TY_DURATION: case TY_MONTHS: v.i = m->plain ? 0 : some_duration(m); break;
  case TY_LIST: v = make_list(m, t, depth); break;
  case TY_MAP: v = make_map(m, t, depth); break;
  case TY_RECORD: v.r = make_rec(m, t->rec, depth); break;
  case TY_REF: v = make_key(m, t->rec, m->p->sources[t->source]->from.p); break;
  case TY_ERROR: case TY_NEVER: case TY_PATTERN: case TY_PALETTE: case TY_TERMS: case TY_VAR: break;
  }
  return v;
}

void mask_init(data_mask *m) {
  memset(m, 0, sizeof *m);
  memset(m->rows, MAX_ROWS, sizeof m->rows);
}

static const bad *make_bad(arena *a, uint32_t field, const bad *next) {
  bad *b = ARENA_NEW(a, bad);
  *b = (bad){ .field = (uint16_t)field, .message = STR("`?!` cannot be read"), .next = (bad *)(uintptr_t)next };
  return b;
}

static rec *make_row(maker *m, uint32_t source, uint32_t row, rng r, uint64_t plain) {
  const prog_record *pr = m->p->records[m->p->sources[source]->record];
  const type_rec *ty = &pr->shape;
  const char *from = m->p->sources[source]->from.p;
  rec *x = ARENA_NEW(m->a, rec);
  x->ty = ty;
  x->cap = ty->nfields;
  x->v = ARENA_ARRAY(m->a, val, ty->nfields + 1);
  x->st = ARENA_ARRAY(m->a, uint8_t, ty->nfields + 1);
  x->clean = true;
  x->position = row + 1;
  x->source = source;
  uint64_t of_row = rnd(&r);
  bool tidy = of_row % 3 == 0; /* some rows are as clean as rows should be */
  for (uint32_t i = 0; i < ty->nfields; i++) {
    const type *t = ty->fields[i].type;
    m->r = rng_of(of_row, i, 7);
    m->plain = plain >> i & 1;
    m->intern = pr->fields[i].intern;
    uint32_t dice = below(&m->r, 100);
    bool key = pr->fields[i].key;
    if (!key && (m->plain ? t->opt : t->opt && dice < 30)) x->st[i] = ST_MISSING;
    else if (!key && !m->plain && !tidy && dice > 95) x->st[i] = ST_ERR, x->bads = make_bad(m->a, i, x->bads);
    else if (key && t->kind == TY_INT) x->v[i].i = row + 1;
    else if (key) x->v[i].t = make_text(m, (char[]){ from[0] == 'a' ? 'A' : from[0] == 'b' ? 'B' : 'C', (char)('1' + row), 0 });
    else x->v[i] = make_value(m, t, 0);
    if (x->st[i] == ST_ERR && !t->opt) x->clean = false;
  }
  return x;
}

data *data_make(arena *a, const ir_program *p, const atom_index *x, rng r, const data_mask *mask) {
  data *d = ARENA_NEW(a, data);
  d->p = p;
  for (uint32_t s = 0; s < p->nsources && s < MAX_SOURCES; s++) {
    maker m = { .a = a, .p = p, .x = x };
    uint64_t name = str_hash(p->sources[s]->from); /* not the index: declarations may be sorted or dropped */
    rng mine = rng_of(r.s, name, 3);
    uint32_t n = chance(&mine, 10) ? below(&mine, 2) : 2 + below(&mine, MAX_ROWS - 2);
    if (n > mask->rows[s]) n = mask->rows[s];
    for (uint32_t i = 0; i < n; i++) d->t[s].rows[i] = make_row(&m, s, i, rng_of(mine.s, i, 5), mask->plain[s][i]);
    d->t[s].n = n;
  }
  return d;
}

static void print_rec(buf *out, const rec *r) {
  buf_z(out, "{ ");
  for (uint32_t i = 0; i < r->ty->nfields; i++) {
    buf_fmt(out, "%s%.*s: ", i ? ", " : "", STR_ARG(r->ty->fields[i].name));
    if (r->st[i] == ST_OK) val_print(out, r->ty->fields[i].type, r->v[i], true);
    else buf_z(out, r->st[i] == ST_ERR ? "ERROR" : "missing");
  }
  buf_z(out, " }");
}

void data_print(buf *out, const data *d, uint32_t source) {
  for (uint32_t i = 0; i < d->t[source].n; i++) {
    buf_fmt(out, "  %.*s %u: ", STR_ARG(d->p->sources[source]->name), i + 1);
    print_rec(out, d->t[source].rows[i]);
    buf_ch(out, '\n');
  }
}
