/* What does not fit in memory: a temporary SQLite database, private and gone when the data is closed. It holds, each made when first asked for,
 *
 *   s<source>(pos, ...)          rows that cannot be read again by position: those of files, views, tables without rowid
 *   i<source>_<field>(h, pos)    equality: the hash of the field's value, bucket 0 the rows whose field is missing or bad
 *   z<source>_<field>(h, pos)    bucket 0 alone, beside an index of the database itself
 *   o<source>(pos, k)            order: the key as bytes that memcmp orders
 *   c<source>_<field>(a, b, n)   values that more than one row holds
 *   k<n>(a, b, pos)              keys of a walk, when they are too many for memory */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/src_priv.h"

sql_db *src_spill(src_data *d) {
  if (d->spill) return d->spill;
  str why;
  d->spill = sql_open_temp(&d->scratch, d->c.tmp_dir, &why);
  if (!d->spill) src_fail(d, DIAG_DATA_SPILL, "%.*s", STR_ARG(why));
  return d->spill;
}

static bool run(src_data *d, const char *sql) {
  if (sql_exec(d->spill, sql)) return true;
  src_fail_sql(d, d->spill, NULL, "temporary space cannot be used");
  return false;
}

static sql_stmt *prepare(src_data *d, str sql) {
  sql_stmt *st = sql_prepare(d->spill, sql);
  if (!st) src_fail_sql(d, d->spill, NULL, "temporary space cannot be used");
  return st;
}

static bool insert(src_data *d, sql_stmt *st) {
  int rc = sql_step(st);
  sql_reset(st);
  if (rc == SQL_ERR) src_fail_sql(d, d->spill, NULL, "temporary space cannot be used");
  return rc != SQL_ERR;
}

/* ---- sets of keys ---- */

typedef struct entry { uint64_t h[2]; int64_t pos; } entry;

struct keyset {
  src_data *d;
  entry *e;
  uint32_t n, cap, at;
  uint32_t id;           /* k<id> in the spill database, 0 none */
  sql_stmt *st;
  bool failed;
};

keyset *keyset_new(src_data *d) {
  keyset *k = mem_try(d->m, sizeof *k);
  if (k) *k = (keyset){ .d = d };
  return k;
}

void keyset_free(keyset *k) {
  if (!k) return;
  if (k->st) sql_finalize(k->st);
  if (k->id) { /* no arena: this also runs while cleaning up after a jump */
    char sql[40];
    snprintf(sql, sizeof sql, "DROP TABLE IF EXISTS k%u", k->id);
    sql_exec(k->d->spill, sql);
  }
  mem_free(k->d->m, k->e, k->cap * sizeof *k->e);
  mem_free(k->d->m, k, sizeof *k);
}

bool keyset_failed(const keyset *k) { return k->failed; }

static bool flush(keyset *k) {
  src_data *d = k->d;
  if (!k->id) {
    if (!src_spill(d)) return false;
    k->id = ++d->keysets;
    if (!run(d, str_fmt(&d->scratch, "CREATE TABLE k%u(a INT, b INT, pos INT)", k->id).p)) return false;
    k->st = prepare(d, str_fmt(&d->scratch, "INSERT INTO k%u VALUES(?1, ?2, ?3)", k->id));
    if (!k->st) return false;
  }
  for (uint32_t i = 0; i < k->n; i++) {
    sql_bind_int(k->st, 1, (int64_t)k->e[i].h[0]), sql_bind_int(k->st, 2, (int64_t)k->e[i].h[1]), sql_bind_int(k->st, 3, k->e[i].pos);
    if (!insert(d, k->st)) return false;
  }
  k->n = 0;
  return true;
}

bool keyset_add(keyset *k, const uint64_t h[2], int64_t pos) {
  if (k->n == k->cap && k->cap < k->d->keys_in_memory) {
    uint32_t cap = k->cap ? k->cap * 2 : 1024;
    void *p = mem_grow(k->d->m, k->e, k->cap * sizeof *k->e, cap * sizeof *k->e);
    if (!p) {
      src_fail(k->d, DIAG_DATA_SPILL, "out of memory while comparing keys");
      return !(k->failed = true);
    }
    k->e = p, k->cap = cap;
  }
  if (k->n == k->cap && !flush(k)) return !(k->failed = true);
  k->e[k->n++] = (entry){ { h[0], h[1] }, pos };
  return true;
}

static int by_hash(const void *a, const void *b) {
  const entry *x = a, *y = b;
  for (int i = 0; i < 2; i++)
    if ((int64_t)x->h[i] != (int64_t)y->h[i]) return (int64_t)x->h[i] < (int64_t)y->h[i] ? -1 : 1;
  return (x->pos > y->pos) - (x->pos < y->pos);
}

bool keyset_sort(keyset *k) {
  if (!k->id) {
    if (k->n) qsort(k->e, k->n, sizeof *k->e, by_hash);
    return true;
  }
  if (!flush(k)) return !(k->failed = true);
  sql_finalize(k->st);
  k->st = prepare(k->d, str_fmt(&k->d->scratch, "SELECT a, b, pos FROM k%u ORDER BY a, b, pos", k->id));
  return k->st || !(k->failed = true);
}

bool keyset_next(keyset *k, uint64_t h[2], int64_t *pos) {
  if (!k->id) {
    if (k->at == k->n) return false;
    h[0] = k->e[k->at].h[0], h[1] = k->e[k->at].h[1], *pos = k->e[k->at].pos;
    k->at++;
    return true;
  }
  int rc = sql_step(k->st);
  if (rc == SQL_ERR) {
    k->failed = true;
    src_fail_sql(k->d, k->d->spill, NULL, "temporary space cannot be used");
  }
  if (rc != SQL_ROW) return false;
  h[0] = (uint64_t)sql_read_int(k->st, 0), h[1] = (uint64_t)sql_read_int(k->st, 1), *pos = sql_read_int(k->st, 2);
  return true;
}

/* ---- passes over a source ---- */

typedef struct pass { src_data *d; src_state *s; src_cursor *c; sql_stmt *st; keyset *keys; } pass;

static void pass_end(pass *p) {
  if (p->st) sql_finalize(p->st);
  cursor_free(p->c);
  keyset_free(p->keys);
}

/* Runs body(p, x) for every row; memory that jumps is given back on the way. */
static bool each_row(pass *p, bool (*body)(pass *p, void *x), void *x) {
  src_data *d = p->d;
  jmp_buf j, *before = d->a.oom;
  volatile int st = SRC_OOM;
  int why = _setjmp(j);
  if (!why) {
    d->a.oom = d->scratch.oom = &j;
    p->c = cursor_new(d, p->s, true);
    st = p->c ? cursor_scan(p->c) : SRC_OOM;
    while (st == SRC_OK && (st = cursor_step(p->c)) == SRC_OK)
      if (!body(p, x)) st = SRC_FAILED;
  }
  d->a.oom = d->scratch.oom = before;
  if (st == SRC_DONE) return true;
  if (st == SRC_OOM) {
    pass_end(p);
    if (before) longjmp(*before, why ? why : ARENA_OOM);
    abort();
  }
  return false;
}

static bool store_row(pass *p, void *x) {
  (void)x;
  src_cursor *c = p->c;
  sql_bind_int(p->st, 1, c->row.position);
  if (p->s->kind == SK_TABLE) {
    for (uint32_t i = 0; i < p->s->ncols; i++) sql_copy_cell(p->st, (int)i + 2, c->st, (int)i + 1);
    return insert(p->d, p->st);
  }
  buf b = { .a = &c->a };
  row_pack(&b, &c->row);
  sql_bind_int(p->st, 2, c->row.line), sql_bind_int(p->st, 3, c->row.col);
  sql_bind_blob(p->st, 4, b.p, b.n);
  return insert(p->d, p->st);
}

bool spill_store(src_data *d, src_state *s) {
  if (s->stored) return true;
  if (s->store_failed || !src_spill(d)) return false;
  s->store_failed = true; /* until it has worked: a half-filled table is never read */
  buf create = { .a = &d->scratch }, put = { .a = &d->scratch };
  uint32_t n = s->kind == SK_TABLE ? s->ncols : 3;
  buf_fmt(&create, "CREATE TABLE s%u(pos INTEGER PRIMARY KEY", s->index);
  buf_fmt(&put, "INSERT INTO s%u VALUES(?1", s->index);
  for (uint32_t i = 0; i < n; i++) buf_fmt(&create, ", c%u", i), buf_fmt(&put, ", ?%u", i + 2);
  buf_ch(&create, ')'), buf_ch(&put, ')');
  if (!run(d, buf_done(&create).p)) return false;
  pass p = { .d = d, .s = s, .st = prepare(d, buf_done(&put)) };
  bool ok = p.st && each_row(&p, store_row, NULL);
  pass_end(&p);
  s->stored = ok, s->store_failed = !ok;
  return ok;
}

/* ---- equality ---- */

typedef struct index_ctx { uint32_t field; const bool *only; bool bad_only, any0; } index_ctx;

static bool index_row(pass *p, void *x) {
  index_ctx *ix = x;
  rec *r;
  cursor_decode(p->c, ix->only, NULL, &r);
  uint64_t h = 0;
  if (r->st[ix->field] == ST_OK) {
    if (ix->bad_only) return true;
    h = src_hash1(&p->c->a, p->s->pr->shape.fields[ix->field].type, r->v[ix->field]);
  } else {
    ix->any0 = true;
  }
  sql_bind_int(p->st, 1, (int64_t)h), sql_bind_int(p->st, 2, p->c->row.position);
  return insert(p->d, p->st);
}

static bool *only_field(src_data *d, const src_state *s, uint32_t f) {
  bool *only = ARENA_ARRAY(&d->scratch, bool, s->pr->shape.nfields + 1);
  only[f] = true;
  return only;
}

/* Two tables, because one may be read while the other is made: i for all rows, z for bucket 0 alone. */
bool spill_index(src_data *d, src_state *s, uint32_t f, bool full) {
  src_ix *ix = &s->ix[f];
  if (!ix->asked && s->kind == SK_TABLE) ix->direct = table_indexed(d, s, f);
  ix->asked = true;
  full = full || !ix->direct;
  if (full ? ix->full : ix->zero) return true;
  if (!src_spill(d)) return false;
  if (!(s->kind == SK_TABLE && s->has_rowid) && !spill_store(d, s)) return false;
  str name = str_fmt(&d->scratch, "%c%u_%u", full ? 'i' : 'z', s->index, f);
  if (!run(d, str_fmt(&d->scratch, "CREATE TABLE %s(h INT, pos INT)", name.p).p)) return false;
  index_ctx x = { .field = f, .only = only_field(d, s, f), .bad_only = !full };
  pass p = { .d = d, .s = s, .st = prepare(d, str_fmt(&d->scratch, "INSERT INTO %s VALUES(?1, ?2)", name.p)) };
  bool ok = p.st && each_row(&p, index_row, &x);
  pass_end(&p);
  if (!ok || !run(d, str_fmt(&d->scratch, "CREATE INDEX x%s ON %s(h, pos)", name.p, name.p).p)) return false;
  ix->any0 = x.any0;
  return *(full ? &ix->full : &ix->zero) = true;
}

/* ---- order ---- */

static bool order_row(pass *p, void *x) {
  index_ctx *ix = x;
  rec *r;
  cursor_decode(p->c, ix->only, NULL, &r);
  buf b = { .a = &p->c->a };
  src_key_of(&b, p->s->pr, r);
  sql_bind_int(p->st, 1, p->c->row.position);
  sql_bind_blob(p->st, 2, b.p, b.n);
  return insert(p->d, p->st);
}

bool spill_order(src_data *d, src_state *s) {
  if (s->ordered) return true;
  if (!src_spill(d)) return false;
  if (!(s->kind == SK_TABLE && s->has_rowid) && !spill_store(d, s)) return false;
  bool *only = ARENA_ARRAY(&d->scratch, bool, s->pr->shape.nfields + 1);
  for (uint32_t k = 0; k < s->pr->shape.nkeys; k++) only[s->pr->shape.keys[k]] = true;
  if (!run(d, str_fmt(&d->scratch, "DROP TABLE IF EXISTS o%u", s->index).p)) return false;
  if (!run(d, str_fmt(&d->scratch, "CREATE TABLE o%u(pos INTEGER PRIMARY KEY, k BLOB)", s->index).p)) return false;
  index_ctx x = { .only = only };
  pass p = { .d = d, .s = s, .st = prepare(d, str_fmt(&d->scratch, "INSERT INTO o%u VALUES(?1, ?2)", s->index)) };
  bool ok = p.st && each_row(&p, order_row, &x);
  pass_end(&p);
  return s->ordered = ok && run(d, str_fmt(&d->scratch, "CREATE INDEX xo%u ON o%u(k, pos)", s->index, s->index).p);
}

/* ---- how often a value occurs ---- */

static bool count_row(pass *p, void *x) {
  index_ctx *ix = x;
  rec *r;
  cursor_decode(p->c, ix->only, NULL, &r);
  if (r->st[ix->field] != ST_OK) return true;
  buf b = { .a = &p->c->a };
  uint64_t h[2];
  src_key_bytes(&b, p->s->pr->shape.fields[ix->field].type, r->v[ix->field]);
  src_key_hash(&b, h);
  return keyset_add(p->keys, h, p->c->row.position);
}

/* Keeps only values that stand more than once: a column that is unique as it should be costs nothing afterwards. */
static bool keep_repeated(src_data *d, src_ix *ix, keyset *k, sql_stmt *put) {
  uint64_t h[2], last[2] = { 0, 0 };
  int64_t pos, n = 0;
  bool more = keyset_sort(k), ok = more;
  while (ok && more) {
    more = keyset_next(k, h, &pos);
    if (more && n && h[0] == last[0] && h[1] == last[1]) { n++; continue; }
    if (n > 1) {
      ix->dups = true;
      sql_bind_int(put, 1, (int64_t)last[0]), sql_bind_int(put, 2, (int64_t)last[1]), sql_bind_int(put, 3, n);
      ok = insert(d, put);
    }
    last[0] = h[0], last[1] = h[1], n = 1;
  }
  return ok && !keyset_failed(k);
}

bool spill_count(src_data *d, src_state *s, uint32_t f) {
  src_ix *ix = &s->ix[f];
  if (ix->counted) return true;
  if (!src_spill(d)) return false;
  str name = str_fmt(&d->scratch, "c%u_%u", s->index, f);
  if (!run(d, str_fmt(&d->scratch, "DROP TABLE IF EXISTS %s", name.p).p)) return false;
  if (!run(d, str_fmt(&d->scratch, "CREATE TABLE %s(a INT, b INT, n INT, PRIMARY KEY(a, b)) WITHOUT ROWID", name.p).p)) return false;
  index_ctx x = { .field = f, .only = only_field(d, s, f) };
  pass p = { .d = d, .s = s, .st = prepare(d, str_fmt(&d->scratch, "INSERT INTO %s VALUES(?1, ?2, ?3)", name.p)) };
  p.keys = keyset_new(d);
  bool ok = p.st && p.keys && each_row(&p, count_row, &x) && keep_repeated(d, ix, p.keys, p.st);
  pass_end(&p);
  return ix->counted = ok;
}
