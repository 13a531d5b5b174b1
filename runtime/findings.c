/* The collector of findings: one bounded heap a group. See findings.h. */
#include "runtime/findings.h"

#include <stdlib.h>
#include <string.h>

bool findings_init(findings *f, const mem *m, uint32_t ngroups, uint32_t per_group, uint32_t total_max) {
  *f = (findings){ .m = m, .ngroups = ngroups, .per_group = per_group, .total_max = total_max };
  f->groups = mem_try(m, sizeof *f->groups * (ngroups + 1));
  if (!f->groups) return false;
  memset(f->groups, 0, sizeof *f->groups * (ngroups + 1));
  return true;
}

void findings_free(findings *f) {
  if (!f->groups) return;
  for (uint32_t g = 0; g < f->ngroups; g++) {
    find_group *h = &f->groups[g];
    for (uint32_t i = 0; i < h->n; i++) mem_free(f->m, h->v[i], h->v[i]->size);
    mem_free(f->m, h->v, sizeof *h->v * h->cap);
  }
  mem_free(f->m, f->groups, sizeof *f->groups * (f->ngroups + 1));
  *f = (findings){ 0 };
}

static int order_cmp(str a, str b) {
  uint32_t n = a.n < b.n ? a.n : b.n;
  int c = n ? memcmp(a.p, b.p, n) : 0;
  return c ? c : (a.n > b.n) - (a.n < b.n);
}

/* ---- one block a finding: measured first, then copied by the same walk ---- */

typedef struct packer { char *p; size_t n; } packer;

static void *pack(packer *k, const void *from, size_t n) {
  size_t at = k->n;
  k->n += (n + 15) / 16 * 16;
  if (!k->p) return NULL;
  if (n) memcpy(k->p + at, from, n);
  return k->p + at;
}

static str pack_str(packer *k, str s) { return (str){ s.n ? pack(k, s.p, s.n) : "", s.n }; }

static void pack_clause(packer *k, const find_clause *from, find_clause *to) {
  str *messages = pack(k, from->messages, sizeof *messages * from->nmessages);
  find_cause *causes = pack(k, from->causes, sizeof *causes * from->ncauses);
  str actual = pack_str(k, from->actual);
  for (uint32_t i = 0; i < from->nmessages; i++) {
    str s = pack_str(k, from->messages[i]);
    if (messages) messages[i] = s;
  }
  for (uint32_t i = 0; i < from->ncauses; i++) {
    str text = pack_str(k, from->causes[i].text), error = pack_str(k, from->causes[i].error);
    if (causes) causes[i].text = text, causes[i].error = error;
  }
  if (to) to->messages = messages, to->causes = causes, to->actual = actual;
}

static void pack_finding(packer *k, const finding *x) {
  finding *y = pack(k, x, sizeof *x);
  find_clause *clauses = pack(k, x->clauses, sizeof *clauses * x->nclauses);
  for (uint32_t i = 0; i < x->nclauses; i++) pack_clause(k, &x->clauses[i], clauses ? &clauses[i] : NULL);
  str order = pack_str(k, x->order), key = pack_str(k, x->key), file = pack_str(k, x->file), column = pack_str(k, x->column);
  str message = pack_str(k, x->message), fix = pack_str(k, x->fix);
  if (!y) return;
  y->clauses = clauses, y->order = order, y->key = key, y->file = file, y->column = column, y->message = message, y->fix = fix;
  y->size = k->n;
}

static finding *finding_copy(const mem *m, const finding *x) {
  packer k = { 0 };
  pack_finding(&k, x);
  size_t size = k.n;
  k = (packer){ mem_try(m, size), 0 };
  if (!k.p) return NULL;
  pack_finding(&k, x);
  return (finding *)(void *)k.p;
}

/* ---- the heaps ---- */

static bool after(const finding *a, const finding *b) { return order_cmp(a->order, b->order) > 0; }

static void sift_up(find_group *h, uint32_t i) {
  for (uint32_t up; i && after(h->v[i], h->v[up = (i - 1) / 2]); i = up) {
    finding *t = h->v[i];
    h->v[i] = h->v[up], h->v[up] = t;
  }
}

static void sift_down(find_group *h) {
  for (uint32_t i = 0, big;; i = big) {
    big = i;
    for (uint32_t c = 2 * i + 1; c <= 2 * i + 2 && c < h->n; c++)
      if (after(h->v[c], h->v[big])) big = c;
    if (big == i) return;
    finding *t = h->v[i];
    h->v[i] = h->v[big], h->v[big] = t;
  }
}

static void drop_top(findings *f, find_group *h) {
  finding *top = h->v[0];
  h->v[0] = h->v[--h->n];
  sift_down(h);
  mem_free(f->m, top, top->size);
  f->total--, f->dropped++;
}

/* f->last is at or above the last group that holds anything, and comes down as groups become empty. */
static find_group *last_group(const findings *f) {
  uint32_t g = f->last;
  while (g && !f->groups[g - 1].n) g--;
  return g ? &f->groups[g - 1] : NULL;
}

bool findings_wants(const findings *f, uint32_t group, str order) {
  const find_group *h = &f->groups[group];
  if (!f->per_group || !f->total_max) return false;
  if (h->n >= f->per_group) return order_cmp(order, h->v[0]->order) < 0;
  if (f->total < f->total_max) return true;
  const find_group *last = last_group(f);
  if (!last || last > h) return true;
  return last == h && order_cmp(order, h->v[0]->order) < 0;
}

static bool push(findings *f, find_group *h, finding *y) {
  if (h->n == h->cap) {
    uint32_t cap = h->cap ? h->cap * 2 : 8;
    finding **v = mem_grow(f->m, h->v, sizeof *v * h->cap, sizeof *v * cap);
    if (!v) return false;
    h->v = v, h->cap = cap;
  }
  h->v[h->n++] = y;
  sift_up(h, h->n - 1);
  f->total++;
  uint32_t at = (uint32_t)(h - f->groups) + 1;
  if (at > f->last) f->last = at;
  if (h->n > f->per_group) drop_top(f, h);
  if (f->total > f->total_max) {
    find_group *last = last_group(f);
    f->last = (uint32_t)(last - f->groups) + 1;
    drop_top(f, last);
  }
  return true;
}

bool findings_add(findings *f, const finding *x) {
  if (!findings_wants(f, x->group, x->order)) { f->dropped++; return true; }
  finding *y = finding_copy(f->m, x);
  if (!y) return false;
  if (push(f, &f->groups[x->group], y)) return true;
  mem_free(f->m, y, y->size);
  return false;
}

bool findings_take(findings *into, findings *from) {
  bool all = true;
  into->dropped += from->dropped;
  for (uint32_t g = 0; g < from->ngroups; g++) {
    find_group *h = &from->groups[g];
    while (h->n) {
      finding *x = h->v[--h->n];
      if (!all || !push(into, &into->groups[g], x)) all = false, mem_free(from->m, x, x->size);
    }
  }
  findings_free(from);
  return all;
}

static int by_order(const void *x, const void *y) {
  return order_cmp((*(finding *const *)x)->order, (*(finding *const *)y)->order);
}

void findings_sort(findings *f) {
  for (uint32_t g = 0; g < f->ngroups; g++)
    if (f->groups[g].n > 1) qsort(f->groups[g].v, f->groups[g].n, sizeof(finding *), by_order);
}

/* ---- keys as bytes ---- */

static void add_u64(buf *b, uint64_t u) {
  char bytes[8];
  for (int i = 7; i >= 0; i--, u >>= 8) bytes[i] = (char)(unsigned char)(u & 0xFF);
  buf_add(b, bytes, 8);
}

static void add_text(buf *b, str s) { /* a zero byte sorts before everything, the end before that */
  for (uint32_t i = 0; i < s.n; i++) {
    buf_ch(b, s.p[i]);
    if (!s.p[i]) buf_ch(b, (char)0xFF);
  }
  buf_add(b, "\0\0", 2);
}

static const type *key_type(const type *t) { /* a reference is represented by its target's key */
  for (int hops = 0; t->kind == TY_REF && hops < 32; hops++) {
    if (!t->rec || t->rec->nkeys != 1) break;
    t = t->rec->fields[t->rec->keys[0]].type;
  }
  return t;
}

static void add_value(buf *b, const type *t, val v) {
  t = key_type(t);
  switch ((type_kind)t->kind) {
  case TY_BOOL: case TY_INT: case TY_COLOR: case TY_DATE: case TY_TIME: case TY_DURATION: case TY_MONTHS:
    add_u64(b, (uint64_t)v.i ^ UINT64_C(1) << 63);
    break;
  case TY_NUMBER: {
    uint64_t u;
    double n = v.n == 0 ? 0 : v.n;
    memcpy(&u, &n, sizeof u);
    add_u64(b, u >> 63 ? ~u : u | UINT64_C(1) << 63);
    break;
  }
  case TY_TEXT: case TY_UNION: add_text(b, str_of(v.t)); break;
  case TY_ERROR:
  case TY_NEVER:
  case TY_PATTERN:
  case TY_LIST:
  case TY_MAP:
  case TY_RECORD:
  case TY_REF:
  case TY_PALETTE:
  case TY_TERMS:
  case TY_VAR: {
    buf s = { .a = b->a };
    val_print(&s, t, v, true);
    add_text(b, buf_done(&s));
    break;
  }
  }
}

str findings_order(arena *a, const rec *r) {
  buf b = { .a = a };
  add_u64(&b, r->source == UINT32_MAX ? UINT64_MAX : r->source);
  for (uint32_t i = 0; i < r->ty->nkeys; i++) {
    uint16_t f = r->ty->keys[i];
    buf_ch(&b, r->st[f] == ST_OK ? 1 : 2); /* records without a usable key come last */
    if (r->st[f] == ST_OK) add_value(&b, r->ty->fields[f].type, r->v[f]);
  }
  add_u64(&b, (uint64_t)r->position);
  return buf_done(&b);
}
