/* Rows in memory as a host. See memhost.h. */
#include "runtime/memhost.h"

#include <stdlib.h>
#include <string.h>

struct host_cursor {
  const mem_table *t;
  uint32_t at;
  bool backwards;
  int32_t field;           /* >= 0: only rows whose field may equal key */
  val key;
  rec *lent;               /* a copy that dies at the next step */
};

static const type_rec *shape_of(const mem_host *h, uint32_t source) { return &h->p->records[h->p->sources[source]->record]->shape; }

static bool has_key(const rec *r, const type_rec *ty, uint32_t field, val key) {
  return r->st[field] == ST_OK && val_eq(ty->fields[field].type->base, r->v[field], key);
}

static int lookup(void *ud, uint32_t source, val key, const rec **out) {
  const mem_host *h = ud;
  const type_rec *ty = shape_of(h, source);
  const mem_table *t = &h->tables[source];
  for (uint32_t i = 0; i < t->n; i++)
    if (has_key(t->rows[i], ty, ty->keys[0], key)) { *out = t->rows[i]; return HOST_FOUND; }
  return HOST_NONE;
}

static int open_walk(void *ud, uint32_t source, int32_t field, val key, bool ordered, struct host_cursor **out) {
  mem_host *h = ud;
  struct host_cursor *c = mem_try(h->m, sizeof *c);
  if (!c) { h->oom = true; return HOST_FAILED; }
  *c = (struct host_cursor){ .t = &h->tables[source], .field = field, .key = key, .backwards = h->unkind && !ordered };
  h->open++;
  *out = c;
  return HOST_FOUND;
}

/* What is not present cannot be compared with the key, so it must be given; an unkind host gives every third row for nothing. */
static bool given(const mem_host *h, const struct host_cursor *c, const rec *r) {
  if (c->field < 0) return true;
  uint32_t f = (uint32_t)c->field;
  return r->st[f] != ST_OK || has_key(r, r->ty, f, c->key) || (h->unkind && r->position % 3 == 0);
}

static void take_back(const mem_host *h, struct host_cursor *c) {
  if (!c->lent) return;
  size_t n = c->lent->ty->nfields;
  memset(c->lent->v, 0xA5, sizeof(val) * n);
  memset(c->lent->st, 0xA5, n);
  mem_free(h->m, c->lent->v, sizeof(val) * n);
  mem_free(h->m, c->lent->st, n);
  mem_free(h->m, c->lent, sizeof *c->lent);
  c->lent = NULL;
}

static int lend(mem_host *h, struct host_cursor *c, const rec *r, const rec **out) {
  size_t n = r->ty->nfields;
  rec *x = mem_try(h->m, sizeof *x);
  val *v = mem_try(h->m, sizeof(val) * n);
  uint8_t *st = mem_try(h->m, n);
  if (!x || !v || !st) {
    mem_free(h->m, x, sizeof *x), mem_free(h->m, v, sizeof(val) * n), mem_free(h->m, st, n);
    h->oom = true;
    return HOST_FAILED;
  }
  *x = *r;
  x->v = memcpy(v, r->v, sizeof(val) * n), x->st = memcpy(st, r->st, n);
  *out = c->lent = x;
  return HOST_FOUND;
}

static int next_row(void *ud, struct host_cursor *c, bool keep, const rec **out) {
  mem_host *h = ud;
  take_back(h, c);
  while (c->at < c->t->n) {
    uint32_t i = c->at++;
    const rec *r = c->t->rows[c->backwards ? c->t->n - 1 - i : i];
    if (!given(h, c, r)) continue;
    if (h->unkind && !keep) return lend(h, c, r, out);
    *out = r;
    return HOST_FOUND;
  }
  return HOST_NONE;
}

static void close_walk(void *ud, struct host_cursor *c) {
  mem_host *h = ud;
  take_back(h, c);
  mem_free(h->m, c, sizeof *c);
  h->open--;
}

static int count_equal(void *ud, uint32_t source, uint16_t field, val v, int64_t *n) {
  const mem_host *h = ud;
  const mem_table *t = &h->tables[source];
  *n = 0;
  for (uint32_t i = 0; i < t->n; i++) *n += has_key(t->rows[i], shape_of(h, source), field, v);
  return HOST_FOUND;
}

static str failure(void *ud) { return ((mem_host *)ud)->oom ? STR("out of memory") : STR("the rows cannot be read"); }

void mem_host_init(mem_host *h, arena *a, const mem *m, const ir_program *p) {
  *h = (mem_host){ .h = { h, lookup, open_walk, next_row, close_walk, count_equal, failure }, .p = p, .m = m };
  h->tables = ARENA_ARRAY(a, mem_table, p->nsources + 1);
}

void mem_host_clear(mem_host *h) { memset(h->tables, 0, sizeof *h->tables * h->p->nsources); }

static int by_keys(const rec *x, const rec *y) {
  for (uint32_t i = 0; i < x->ty->nkeys; i++) {
    uint16_t f = x->ty->keys[i];
    if (x->st[f] != y->st[f]) return x->st[f] - y->st[f];
    int k = x->st[f] == ST_OK ? val_cmp(x->ty->fields[f].type->base, x->v[f], y->v[f]) : 0;
    if (k) return k;
  }
  return 0;
}

static int by_place(const void *a, const void *b) {
  const rec *x = *(const rec *const *)a, *y = *(const rec *const *)b;
  int k = by_keys(x, y);
  return k ? k : (x->position > y->position) - (x->position < y->position);
}

bool mem_host_rows(mem_host *h, uint32_t source, const rec **rows, uint32_t n, const rec **one, const rec **two) {
  if (n) qsort(rows, n, sizeof *rows, by_place);
  h->tables[source] = (mem_table){ n, rows };
  for (uint32_t i = 1; i < n && rows[0]->ty->nkeys; i++)
    if (rows[i]->st[rows[i]->ty->keys[0]] == ST_OK && !by_keys(rows[i - 1], rows[i])) {
      *one = rows[i - 1], *two = rows[i];
      return false;
    }
  return true;
}
