/* Arrays as a host that is as unkind as base/host.h allows: see test_host in diff.h. */
#include "diff.h"

#include <stdlib.h>
#include <string.h>

struct host_cursor {
  const rec *rows[MAX_ROWS];
  uint32_t n, at;
  rec *lent;               /* a copy that dies at the next step */
};

static const type_rec *shape_of(const data *d, uint32_t source) { return &d->p->records[d->p->sources[source]->record]->shape; }

static bool has_key(const rec *r, const type_rec *ty, uint32_t field, val key) {
  return r->st[field] == ST_OK && val_eq(ty->fields[field].type->base, r->v[field], key);
}

static int lookup(void *ud, uint32_t source, val key, const rec **out) {
  const data *d = ((test_host *)ud)->d;
  const type_rec *ty = shape_of(d, source);
  for (uint32_t i = 0; i < d->t[source].n; i++)
    if (has_key(d->t[source].rows[i], ty, ty->keys[0], key)) { *out = d->t[source].rows[i]; return HOST_FOUND; }
  return HOST_NONE;
}

static int open_walk(void *ud, uint32_t source, int32_t field, val key, bool ordered, struct host_cursor **out) {
  test_host *h = ud;
  const table *t = &h->d->t[source];
  const type_rec *ty = shape_of(h->d, source);
  struct host_cursor *c = calloc(1, sizeof *c);
  for (uint32_t i = 0; i < t->n; i++) {
    const rec *r = t->rows[ordered ? i : t->n - 1 - i]; /* rows are made in key order */
    /* what is not present cannot be compared with the key, so it must be given; and every third row is, for nothing */
    if (field < 0 || r->st[field] != ST_OK || has_key(r, ty, (uint32_t)field, key) || r->position % 3 == 0) c->rows[c->n++] = r;
  }
  h->open++;
  *out = c;
  return HOST_FOUND;
}

static void take_back(struct host_cursor *c) {
  if (!c->lent) return;
  memset(c->lent->v, 0xA5, sizeof(val) * c->lent->ty->nfields);
  memset(c->lent->st, 0xA5, c->lent->ty->nfields);
  free(c->lent->v);
  free(c->lent->st);
  free(c->lent);
  c->lent = NULL;
}

static int next_row(void *ud, struct host_cursor *c, bool keep, const rec **out) {
  (void)ud;
  take_back(c);
  if (c->at == c->n) return HOST_NONE;
  const rec *r = c->rows[c->at++];
  *out = r;
  if (keep) return HOST_FOUND;
  size_t n = r->ty->nfields;
  c->lent = malloc(sizeof *r);
  *c->lent = *r;
  c->lent->v = malloc(sizeof(val) * n);
  c->lent->st = malloc(n);
  memcpy(c->lent->v, r->v, sizeof(val) * n);
  memcpy(c->lent->st, r->st, n);
  *out = c->lent;
  return HOST_FOUND;
}

static void close_walk(void *ud, struct host_cursor *c) {
  take_back(c);
  free(c);
  ((test_host *)ud)->open--;
}

static int count_equal(void *ud, uint32_t source, uint16_t field, val v, int64_t *n) {
  const data *d = ((test_host *)ud)->d;
  const type_rec *ty = shape_of(d, source);
  *n = 0;
  for (uint32_t i = 0; i < d->t[source].n; i++) *n += has_key(d->t[source].rows[i], ty, field, v);
  return HOST_FOUND;
}

static str failure(void *ud) {
  (void)ud;
  return STR("never");
}

void host_init(test_host *h, const data *d) {
  *h = (test_host){ .h = { h, lookup, open_walk, next_row, close_walk, count_equal, failure }, .d = d };
}
