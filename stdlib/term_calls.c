/* The functions over lists of terms: find, has, replace. What finds is terms.c; here bytes become positions, and matches records. */
#include "stdlib/terms.h"
#include "stdlib/unicode.h"

#include <string.h>

static const term_list *list_of(const val *args) { return args[0].p; }

/* Byte offsets to characters, for offsets that only grow. NULL bounds: every byte is a character. */
typedef struct ruler { const uint32_t *bounds; uint32_t n, at; } ruler;

static bool ruler_open(lib_ctx *c, ruler *r, str s) {
  *r = (ruler){ 0 };
  if (!s.n || (str_is_ascii(s) && !memchr(s.p, '\r', s.n))) return true;
  r->bounds = uni_bounds(c, UNI_CHARACTER, s, &r->n, NULL);
  return r->bounds != NULL;
}

/* How many characters begin before offset. */
static int64_t ruler_read(ruler *r, uint32_t offset) {
  if (!r->bounds) return offset;
  while (r->at < r->n && r->bounds[r->at] < offset) r->at++;
  return r->at;
}

/* The position of the character in which offset lies, from 1. */
static int64_t ruler_begin(ruler *r, uint32_t offset) {
  int64_t before = ruler_read(r, offset);
  return r->bounds && (r->at == r->n || r->bounds[r->at] != offset) ? before : before + 1;
}

static val match_value(lib_ctx *c, ruler *r, str s, const term_list *l, const term_match *m) {
  const term_entry *e = &l->entries[m->index];
  const type_rec *shape = c->rett->elem->rec;
  int64_t start = ruler_begin(r, m->beg);
  val v[5] = { { .t = lib_text(c, (str){ s.p + m->beg, m->end - m->beg }) }, { .i = start }, { .i = ruler_read(r, m->end) }, { .t = lib_text(c, e->text) } };
  if (e->has_replacement) v[4].t = lib_text(c, e->replacement);
  rec *x = (rec *)(uintptr_t)lib_record(c, shape, v); /* made just now */
  if (!e->has_replacement) x->st[4] = ST_MISSING;
  return (val){ .r = x };
}

int bi_terms_find(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  (void)st;
  const term_list *l = list_of(args);
  str s = str_of(args[1].t);
  VEC(val) v = { 0 };
  terms_scan w;
  term_match m;
  ruler r;
  if (!terms_begin(&w, c, l->matcher, s)) return ST_ERR;
  while (terms_next(&w, &m)) {
    if (!v.n && !ruler_open(c, &r, s)) return ST_ERR;
    *VEC_PUSH(c->a, &v) = match_value(c, &r, s, l, &m);
  }
  return ok_list(c, out, v.v, v.n);
}

int bi_terms_has(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  (void)st;
  terms_scan w;
  term_match m;
  if (!terms_begin(&w, c, list_of(args)->matcher, str_of(args[1].t))) return ST_ERR;
  return ok_bool(out, terms_next(&w, &m));
}

int bi_terms_replace(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  (void)st;
  const term_list *l = list_of(args);
  str s = str_of(args[1].t);
  buf b = { .a = c->a };
  terms_scan w;
  term_match m;
  uint32_t done = 0;
  if (!terms_begin(&w, c, l->matcher, s)) return ST_ERR;
  while (terms_next(&w, &m)) {
    const term_entry *e = &l->entries[m.index];
    if (!e->has_replacement) continue;
    buf_add(&b, s.p + done, m.beg - done);
    buf_str(&b, e->replacement);
    lib_work(c, e->replacement.n / 8 + 1);
    done = m.end;
  }
  if (!done && !b.n) { *out = args[1]; return ST_OK; }
  buf_add(&b, s.p + done, s.n - done);
  return ok_text(c, out, buf_done(&b));
}
