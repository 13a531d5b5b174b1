/* Look-ups for the evaluators: a record by its key, the rows whose field equals a value, ordered walks, and how often a value occurs.
 *
 * Every answer is a superset that the evaluator checks again: the rows that are equal and, for equality on a field, also those whose field is
 * missing or bad. Records found by key are kept across records of the run, since many rows refer to few; the cache is emptied only
 * when the evaluation arena has been reset, for until then the evaluator may hold them. */
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "runtime/src_priv.h"

typedef struct hit { uint64_t h[2]; uint32_t src, used; const rec *r; } hit; /* r NULL: there is none */

enum { HOT_BYTES = 8 << 20, HOT_LIMIT = 64 << 20 };

struct host_cursor {
  struct host_cursor *next;
  src_state *s;
  int32_t field;
  bool ordered, busy, unique;
  src_cursor *c;          /* gives the rows */
  sql_stmt *positions;    /* of the rows, in order; NULL: c's statement gives all by itself */
  bool direct;            /* c asks the database's index; positions is bucket 0 and comes after, by fetch */
  src_cursor *fetch;
  int phase;
  char date[16];
};

typedef struct look {
  arena hot;              /* cached records */
  uint32_t epoch;         /* of the evaluation arena, when the cache was last used */
  hit *table;
  uint32_t cap, n;
  struct host_cursor *cursors;
  sql_stmt **counts;      /* per source and field, flat */
  uint32_t *first;        /* per source: index of its field 0 in counts */
  uint32_t ncounts;
} look;

static src_data *enter(void *ud) {
  src_data *d = ud;
  d->a.oom = d->scratch.oom = d->look->hot.oom = d->eval->oom;
  return d;
}

static void out_of_memory(src_data *d) {
  if (!d->eval->oom) abort();
  longjmp(*d->eval->oom, ARENA_OOM);
}

/* ---- cursors, prepared once and used again ---- */

static void free_cursor(src_data *d, struct host_cursor *h) {
  if (h->positions) sql_finalize(h->positions);
  cursor_free(h->c);
  cursor_free(h->fetch);
  mem_free(d->m, h, sizeof *h);
}

static sql_stmt *prepare(src_data *d, sql_db *db, str sql) {
  sql_stmt *st = sql_prepare(db, sql);
  if (!st) src_fail_sql(d, db, NULL, "a look-up cannot be made");
  return st;
}

/* A cursor that fetches one row by its position. */
static src_cursor *fetcher(src_data *d, src_state *s) {
  src_cursor *c = cursor_new(d, s, true);
  if (!c) out_of_memory(d);
  c->stored = s->stored;
  int st;
  if (s->stored) st = cursor_statement(c, d->spill, str_fmt(&d->scratch, "SELECT * FROM s%u WHERE pos = ?1", s->index));
  else st = cursor_statement(c, s->db, table_sql(&d->scratch, s, str_fmt(&d->scratch, "%s = ?1", s->rowid).p, NULL));
  if (st == SRC_OK) return c;
  cursor_free(c);
  return NULL;
}

static bool by_rowid(const src_state *s) { return s->kind == SK_TABLE && s->has_rowid; }

/* Storage order is key order: records without a key, and rowid keys. */
static bool in_order(const src_state *s) {
  if (!s->pr->shape.nkeys) return true;
  return by_rowid(s) && s->pr->shape.nkeys == 1 && s->int_pk == (int32_t)s->pr->shape.keys[0];
}

static bool make_scan(src_data *d, struct host_cursor *h) {
  src_state *s = h->s;
  if (s->kind == SK_FILE && !spill_store(d, s)) return false; /* reading a file once a record would parse it every time */
  if (!h->ordered || in_order(s)) {
    h->c = cursor_new(d, s, true);
    if (!h->c) out_of_memory(d);
    return cursor_scan(h->c) == SRC_OK;
  }
  if (!spill_order(d, s)) return false;
  h->positions = prepare(d, d->spill, str_fmt(&d->scratch, "SELECT pos FROM o%u ORDER BY k, pos", s->index));
  return h->positions && (h->fetch = fetcher(d, s));
}

static bool make_equal(src_data *d, struct host_cursor *h) {
  src_state *s = h->s;
  uint32_t f = (uint32_t)h->field;
  src_ix *ix = &s->ix[f];
  if (h->unique) { /* only rows that are equal are asked for: no row with a bad key can be one */
    bool direct = s->kind == SK_TABLE && table_indexed(d, s, f);
    if (direct) h->direct = true;
    else if (!spill_index(d, s, f, true)) return false;
  } else {
    bool order = h->ordered && !in_order(s);
    if (!spill_index(d, s, f, order)) return false;
    if (h->ordered && !order && ix->any0 && !spill_index(d, s, f, true)) return false; /* bucket 0 has its place among the others */
    h->direct = ix->direct && !order && !(h->ordered && ix->any0);
  }
  if (h->direct) {
    h->c = cursor_new(d, s, true);
    if (!h->c) out_of_memory(d);
    if (cursor_statement(h->c, s->db, table_sql(&d->scratch, s, table_equal(&d->scratch, s, f).p, s->rowid)) != SRC_OK) return false;
    if (h->unique || !ix->any0) return true;
    h->positions = prepare(d, d->spill, str_fmt(&d->scratch, "SELECT pos FROM %c%u_%u WHERE h = 0 ORDER BY pos", ix->zero ? 'z' : 'i', s->index, f));
  } else if (h->unique) {
    h->positions = prepare(d, d->spill, str_fmt(&d->scratch, "SELECT pos FROM i%u_%u WHERE h = ?1 ORDER BY pos", s->index, f));
  } else if (h->ordered && !in_order(s)) {
    if (!spill_order(d, s)) return false;
    h->positions = prepare(d, d->spill, str_fmt(&d->scratch, "SELECT i.pos FROM i%u_%u i CROSS JOIN o%u o ON o.pos = i.pos WHERE i.h IN (?1, 0) "
                                                             "ORDER BY o.k, i.pos", s->index, f, s->index));
  } else {
    h->positions = prepare(d, d->spill, str_fmt(&d->scratch, ix->any0 ? "SELECT pos FROM i%u_%u WHERE h IN (?1, 0) ORDER BY pos"
                                                                      : "SELECT pos FROM i%u_%u WHERE h = ?1 ORDER BY pos", s->index, f));
  }
  return h->positions && (h->fetch = fetcher(d, s));
}

static void bind(src_data *d, struct host_cursor *h, val key) {
  if (h->field < 0) return;
  const type *t = src_repr(h->s->pr->shape.fields[h->field].type);
  if (!h->direct) {
    sql_bind_int(h->positions, 1, (int64_t)src_hash1(&d->scratch, h->s->pr->shape.fields[h->field].type, key));
  } else if (t && t->kind == TY_INT) {
    sql_bind_int(h->c->st, 1, key.i);
  } else if (t && t->kind == TY_DATE) {
    civil_print_date(key.i, h->date);
    sql_bind_text(h->c->st, 1, str_z(h->date));
  } else {
    sql_bind_text(h->c->st, 1, str_of(key.t));
  }
}

static struct host_cursor *get_cursor(src_data *d, src_state *s, int32_t field, bool ordered, bool unique) {
  look *l = d->look;
  for (struct host_cursor *h = l->cursors; h; h = h->next)
    if (!h->busy && h->s == s && h->field == field && h->ordered == ordered && h->unique == unique) {
      h->busy = true, h->phase = 0;
      return h;
    }
  struct host_cursor *h = mem_try(d->m, sizeof *h);
  if (!h) out_of_memory(d);
  *h = (struct host_cursor){ .s = s, .field = field, .ordered = ordered, .unique = unique, .busy = true, .next = l->cursors };
  l->cursors = h; /* from here on it is found and freed, whatever jumps */
  if (field < 0 ? make_scan(d, h) : make_equal(d, h)) return h;
  h->s = NULL; /* never matched again */
  return NULL;
}

static void put_cursor(struct host_cursor *h) {
  if (h->positions) sql_reset(h->positions);
  if (h->c && h->c->st) sql_reset(h->c->st);
  if (h->fetch) sql_reset(h->fetch->st);
  if (h->c) h->c->ordinal = 0;
  h->busy = false;
}

/* The next row; which cursor stands on it goes to *at. */
static int step(src_data *d, struct host_cursor *h, src_cursor **at) {
  if (h->c) h->c->a.oom = d->eval->oom;
  if (h->fetch) h->fetch->a.oom = d->eval->oom;
  if (h->c && h->phase == 0) {
    int st = cursor_step(h->c);
    *at = h->c;
    if (st != SRC_DONE) return st;
    h->phase = 1;
  }
  if (!h->positions) return SRC_DONE;
  int rc = sql_step(h->positions);
  if (rc == SQL_DONE) return SRC_DONE;
  if (rc == SQL_ERR) {
    src_fail_sql(d, d->spill, h->s, "a look-up failed");
    return SRC_FAILED;
  }
  sql_reset(h->fetch->st);
  sql_bind_int(h->fetch->st, 1, sql_read_int(h->positions, 0));
  *at = h->fetch;
  int st = cursor_step(h->fetch);
  if (st == SRC_DONE) {
    src_fail(d, DIAG_DATA_CHANGED, "a row that was there is gone");
    return SRC_FAILED;
  }
  return st;
}

static int host_status(src_data *d, int st) {
  if (st == SRC_OOM) out_of_memory(d);
  return st == SRC_OK ? HOST_FOUND : st == SRC_DONE ? HOST_NONE : HOST_FAILED;
}

/* ---- records by key ---- */

static void freshen(src_data *d) {
  look *l = d->look;
  if (l->epoch == d->eval->epoch) return;
  l->epoch = d->eval->epoch;
  if (l->hot.used > HOT_BYTES) { /* nothing of it is held any more */
    arena_reset(&l->hot);
    l->table = NULL, l->cap = l->n = 0;
  }
}

static hit *slot(look *l, uint32_t src, const uint64_t h[2]) {
  if (!l->cap) return NULL;
  for (uint32_t i = (uint32_t)h[0];; i++) {
    hit *x = &l->table[i & (l->cap - 1)];
    if (!x->used || (x->h[0] == h[0] && x->h[1] == h[1] && x->src == src)) return x;
  }
}

static void remember(look *l, uint32_t src, const uint64_t h[2], const rec *r) {
  if (l->n * 2 >= l->cap) {
    uint32_t old_cap = l->cap, cap = old_cap ? old_cap * 2 : 256;
    hit *old = l->table, *fresh = ARENA_ARRAY(&l->hot, hit, cap);
    l->table = fresh, l->cap = cap;
    for (uint32_t i = 0; i < old_cap; i++)
      if (old[i].used) *slot(l, old[i].src, old[i].h) = old[i];
  }
  hit *x = slot(l, src, h);
  if (!x->used) l->n++;
  *x = (hit){ { h[0], h[1] }, src, 1, r };
}

static int find_by_key(src_data *d, src_state *s, uint32_t field, val key, arena *keep, const rec **out) {
  struct host_cursor *h = get_cursor(d, s, (int32_t)field, false, true);
  if (!h) return SRC_FAILED;
  const type *t = src_repr(s->pr->shape.fields[field].type);
  bind(d, h, key);
  src_cursor *at = NULL;
  int st;
  while ((st = step(d, h, &at)) == SRC_OK) {
    rec *r;
    if (!h->direct) { /* by hash: another key may share it */
      bool *only = ARENA_ARRAY(&d->scratch, bool, s->pr->shape.nfields + 1);
      only[field] = true;
      cursor_decode(at, only, NULL, &r);
      if (r->st[field] != ST_OK || !t || !val_eq(t, r->v[field], key)) continue;
    }
    cursor_decode(at, NULL, keep, &r);
    if (r->st[field] != ST_OK || !t || !val_eq(t, r->v[field], key)) continue;
    *out = r;
    break;
  }
  put_cursor(h);
  return st;
}

static int host_lookup(void *ud, uint32_t src, val key, const rec **out) {
  src_data *d = enter(ud);
  src_state *s = &d->s[src];
  look *l = d->look;
  *out = NULL;
  if (!src_ready(d, s)) return HOST_FAILED;
  if (s->pr->shape.nkeys != 1) return HOST_NONE;
  freshen(d);
  uint32_t field = s->pr->shape.keys[0];
  char local[256];
  buf b = { .a = &d->scratch, .p = local, .cap = sizeof local };
  uint64_t h[2];
  arena_reset(&d->scratch);
  src_key_bytes(&b, s->pr->shape.fields[field].type, key);
  src_key_hash(&b, h);
  hit *x = slot(l, src, h);
  if (x && x->used) {
    *out = x->r;
    return x->r ? HOST_FOUND : HOST_NONE;
  }
  bool room = l->hot.used < HOT_LIMIT; /* one record that looks up very much: its own budget bounds it */
  int st = find_by_key(d, s, field, key, room ? &l->hot : d->eval, out);
  if (room && (st == SRC_OK || st == SRC_DONE)) remember(l, src, h, st == SRC_OK ? *out : NULL);
  return host_status(d, st);
}

/* ---- walks ---- */

static int host_open(void *ud, uint32_t src, int32_t field, val key, bool ordered, struct host_cursor **out) {
  src_data *d = enter(ud);
  src_state *s = &d->s[src];
  *out = NULL;
  if (!src_ready(d, s)) return HOST_FAILED;
  arena_reset(&d->scratch);
  if (field >= 0 && !s->sel[field]) field = -1; /* not read at all: every row may be equal */
  struct host_cursor *h = get_cursor(d, s, field, ordered, false);
  if (!h) return HOST_FAILED;
  bind(d, h, key);
  *out = h;
  return HOST_FOUND;
}

static int host_next(void *ud, struct host_cursor *h, bool keep, const rec **out) {
  src_data *d = enter(ud);
  src_cursor *at = NULL;
  int st = step(d, h, &at);
  if (st == SRC_OK) {
    rec *r;
    cursor_decode(at, NULL, keep ? d->eval : NULL, &r);
    *out = r;
  }
  return host_status(d, st);
}

static void host_close(void *ud, struct host_cursor *h) {
  (void)ud;
  if (h) put_cursor(h);
}

static int host_count_equal(void *ud, uint32_t src, uint16_t field, val v, int64_t *n) {
  src_data *d = enter(ud);
  src_state *s = &d->s[src];
  look *l = d->look;
  if (!src_ready(d, s)) return HOST_FAILED;
  arena_reset(&d->scratch);
  if (!spill_count(d, s, field)) return HOST_FAILED;
  *n = 1; /* it is asked of the values that rows hold */
  if (!s->ix[field].dups) return HOST_FOUND;
  sql_stmt **st = &l->counts[l->first[src] + field];
  if (!*st) *st = prepare(d, d->spill, str_fmt(&d->scratch, "SELECT n FROM c%u_%u WHERE a = ?1 AND b = ?2", src, field));
  if (!*st) return HOST_FAILED;
  buf b = { .a = &d->scratch };
  uint64_t h[2];
  src_key_bytes(&b, s->pr->shape.fields[field].type, v);
  src_key_hash(&b, h);
  sql_bind_int(*st, 1, (int64_t)h[0]), sql_bind_int(*st, 2, (int64_t)h[1]);
  int rc = sql_step(*st);
  if (rc == SQL_ROW) *n = sql_read_int(*st, 0);
  if (rc == SQL_ERR) src_fail_sql(d, d->spill, s, "a look-up failed");
  sql_reset(*st);
  return rc == SQL_ERR ? HOST_FAILED : HOST_FOUND;
}

static str host_failure(void *ud) { return ((src_data *)ud)->failure; }

/* ---- life ---- */

bool look_open(src_data *d) {
  uint32_t n = 0, ns = d->c.p->nsources;
  look *l = mem_try(d->m, sizeof *l);
  if (!l) return false;
  *l = (look){ 0 };
  arena_init(&l->hot, d->m, NULL);
  d->look = l;
  l->first = ARENA_ARRAY(&d->a, uint32_t, ns + 1);
  for (uint32_t i = 0; i < ns; i++) l->first[i] = n, n += d->s[i].pr->shape.nfields;
  l->counts = ARENA_ARRAY(&d->a, sql_stmt *, n + 1);
  l->ncounts = n;
  d->h = (host){ d, host_lookup, host_open, host_next, host_close, host_count_equal, host_failure };
  return true;
}

void look_close(src_data *d) {
  look *l = d->look;
  if (!l) return;
  while (l->cursors) {
    struct host_cursor *h = l->cursors;
    l->cursors = h->next;
    free_cursor(d, h);
  }
  for (uint32_t i = 0; i < l->ncounts; i++)
    if (l->counts[i]) sql_finalize(l->counts[i]);
  arena_free(&l->hot);
  mem_free(d->m, l, sizeof *l);
  d->look = NULL;
}

const host *src_host(src_data *d, arena *eval) {
  d->eval = eval;
  d->look->epoch = eval->epoch;
  return &d->h;
}
