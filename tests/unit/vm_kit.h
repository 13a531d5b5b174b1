/* What tests and fuzzers of the virtual machine share: rule text compiled and run over records and sources held in arrays. The
 * host frees a row as soon as its cursor steps unless it was asked to keep it, so that a stale pointer is a use after free
 * under the sanitizer; it counts what is open. */
#ifndef TESTS_VM_KIT_H
#define TESTS_VM_KIT_H
#include <stdio.h>
#include <stdlib.h>

#include "compiler/compile.h"
#include "vm/vm.h"

enum { KIT_ROWS = 8 };

typedef struct kit_cursor { uint32_t src, at; rec *row; struct kit_cursor *next; } kit_cursor;

typedef struct kit {
  arena a;               /* program and records */
  sources src;
  diags d;
  ir_program *p;
  vm_program *vp;
  vm_engine *e;
  host h;
  rec *rows[16][KIT_ROWS]; /* by source; NULL: no more */
  int open, fail_after;    /* cursors open now; steps until the host fails, -1 never */
} kit;

/* ---- rows that come and go ---- */

static size_t kit_row_size(const rec *r) { return sizeof *r + r->ty->nfields * (sizeof *r->v + sizeof(text) + 1); }

/* A copy in one block of its own; its texts are copied into it too. */
static rec *kit_row_copy(const rec *r) {
  uint32_t n = r->ty->nfields;
  size_t bytes = kit_row_size(r);
  for (uint32_t i = 0; i < n; i++)
    if (r->st[i] == ST_OK && r->ty->fields[i].type->base->kind == TY_TEXT && !r->v[i].t->atom) bytes += r->v[i].t->n;
  rec *c = calloc(1, bytes + 1);
  if (!c) return NULL;
  *c = *r;
  c->v = (val *)(c + 1);
  text *t = (text *)(c->v + n);
  c->st = (uint8_t *)(t + n);
  char *p = (char *)c->st + n;
  for (uint32_t i = 0; i < n; i++) {
    c->v[i] = r->v[i], c->st[i] = r->st[i];
    if (r->st[i] != ST_OK || r->ty->fields[i].type->base->kind != TY_TEXT || r->v[i].t->atom) continue;
    t[i] = text_of((str){ p, r->v[i].t->n });
    if (t[i].n) __builtin_memcpy(p, r->v[i].t->p, t[i].n);
    p += t[i].n;
    c->v[i].t = &t[i];
  }
  c->cap = n;
  return c;
}

static bool kit_key_eq(const type *t, val a, val b) { return val_eq(t->base, a, b); }

static int kit_lookup(void *ud, uint32_t src, val key, const rec **out) {
  kit *k = ud;
  if (k->fail_after == 0) return HOST_FAILED;
  if (k->fail_after > 0) k->fail_after--;
  for (int i = 0; i < KIT_ROWS && k->rows[src][i]; i++) {
    const rec *r = k->rows[src][i];
    uint16_t f = r->ty->nkeys ? r->ty->keys[0] : 0;
    if (r->st[f] == ST_OK && kit_key_eq(r->ty->fields[f].type, r->v[f], key)) { *out = r; return HOST_FOUND; }
  }
  return HOST_NONE;
}

static int kit_open(void *ud, uint32_t src, int32_t field, val key, bool ordered, struct host_cursor **out) {
  kit *k = ud;
  (void)field, (void)key, (void)ordered;
  kit_cursor *c = calloc(1, sizeof *c);
  if (!c) return HOST_FAILED;
  c->src = src;
  k->open++;
  *out = (struct host_cursor *)c;
  return HOST_FOUND;
}

static int kit_next(void *ud, struct host_cursor *hc, bool keep, const rec **out) {
  kit *k = ud;
  kit_cursor *c = (kit_cursor *)hc;
  free(c->row);
  c->row = NULL;
  if (k->fail_after == 0) return HOST_FAILED;
  if (k->fail_after > 0) k->fail_after--;
  if (c->at >= KIT_ROWS || !k->rows[c->src][c->at]) return HOST_NONE;
  const rec *r = k->rows[c->src][c->at++];
  *out = keep ? r : (c->row = kit_row_copy(r));
  return *out ? HOST_FOUND : HOST_FAILED;
}

static void kit_close(void *ud, struct host_cursor *hc) {
  kit_cursor *c = (kit_cursor *)hc;
  free(c->row);
  free(c);
  ((kit *)ud)->open--;
}

static int kit_count(void *ud, uint32_t src, uint16_t field, val v, int64_t *n) {
  kit *k = ud;
  *n = 0;
  for (int i = 0; i < KIT_ROWS && k->rows[src][i]; i++)
    *n += k->rows[src][i]->st[field] == ST_OK && kit_key_eq(k->rows[src][i]->ty->fields[field].type, k->rows[src][i]->v[field], v);
  return HOST_FOUND;
}

static str kit_failure(void *ud) {
  (void)ud;
  return STR("the disk is gone");
}

/* ---- programs ---- */

static void kit_init(kit *k) {
  __builtin_memset(k, 0, sizeof *k);
  arena_init(&k->a, &mem_libc, NULL);
  k->fail_after = -1;
  k->h = (host){ k, kit_lookup, kit_open, kit_next, kit_close, kit_count, kit_failure };
}

/* Compiles text; false: it does not compile, the messages are printed. */
/* The one file that test programs name. */
static inline const srcfile *kit_load(void *ud, sources *src, load_request *r) {
  (void)ud;
  if (r->module || !str_eq(r->path, STR("list.csv"))) return NULL;
  srcfile *f = sources_add(src, r->path, STR("x y,z\nnone\n\"a1\",\"a \"\"quoted\"\" text\"\n"));
  f->data = true;
  return f;
}

static inline bool kit_compile(kit *k, const lib_ops *lib, const char *text) {
  kit_init(k);
  sources_init(&k->src, &k->a);
  diags_init(&k->d, &k->a, &k->src);
  sources_add(&k->src, STR("test.blz"), str_z(text));
  compile_opts o = { .lib = lib, .now = INT64_MIN, .load = kit_load };
  k->p = compile(&k->a, &k->d, &k->src, &o);
  if (k->p) k->vp = vm_compile(&k->a, &k->d, k->p);
  if (k->vp) return true;
  for (uint32_t i = 0; i < k->d.list.n; i++) fprintf(stderr, "%s: %.*s\n", diag_table[k->d.list.v[i]->code].code, STR_ARG(k->d.list.v[i]->message));
  return false;
}

static inline bool kit_start(kit *k, struct lib_state *ls, vm_limits lim) {
  k->e = vm_open(&mem_libc, k->vp, &k->h, ls, lim);
  return k->e != NULL;
}

static inline void kit_end(kit *k) {
  vm_close(k->e);
  arena_free(&k->a);
}

/* ---- records ---- */

/* A record of a source's type with every field missing; room for a frame when wide. */
static inline rec *kit_rec(kit *k, uint32_t record, bool wide) {
  const type_rec *ty = &vm_model(k->vp)->records[record]->shape;
  uint32_t cap = wide && vm_frame_size(k->vp) > ty->nfields ? vm_frame_size(k->vp) : ty->nfields;
  rec *r = ARENA_NEW(&k->a, rec);
  *r = (rec){ .ty = ty, .cap = cap, .v = arena_alloc_line(&k->a, sizeof(val) * (cap + 1u)), .st = ARENA_ARRAY(&k->a, uint8_t, cap + 1) };
  __builtin_memset(r->st, ST_MISSING, cap);
  return r;
}

static inline uint32_t kit_field(const rec *r, const char *name) {
  for (uint32_t i = 0; i < r->ty->nfields; i++)
    if (str_eq(r->ty->fields[i].name, str_z(name))) return i;
  fprintf(stderr, "no field %s\n", name);
  abort();
}

static inline void kit_clean(rec *r) {
  r->clean = true;
  for (uint32_t i = 0; i < r->ty->nfields; i++)
    if (r->st[i] != ST_OK && !(r->st[i] == ST_MISSING && r->ty->fields[i].type->opt)) r->clean = false;
}

static inline void kit_set(rec *r, const char *name, val v) {
  uint32_t i = kit_field(r, name);
  r->v[i] = v, r->st[i] = ST_OK;
  kit_clean(r);
}

static inline void kit_int(rec *r, const char *name, int64_t i) { kit_set(r, name, (val){ .i = i }); }
static inline void kit_num(rec *r, const char *name, double n) { kit_set(r, name, (val){ .n = n }); }

/* A text, as the program's literal where it is one. */
static inline void kit_text(kit *k, rec *r, const char *name, const char *s) {
  const ir_program *p = vm_model(k->vp);
  const text *t = NULL;
  for (uint32_t i = 0; i < p->natoms; i++)
    if (str_eq(str_of(p->atoms[i]), str_z(s))) t = p->atoms[i];
  if (!t) {
    text *own = ARENA_NEW(&k->a, text);
    *own = text_of(str_dup(&k->a, str_z(s)));
    t = own;
  }
  kit_set(r, name, (val){ .t = t });
}

static inline void kit_ints(kit *k, rec *r, const char *name, uint32_t n, const int64_t *v) {
  list *l = ARENA_NEW(&k->a, list);
  val *e = ARENA_ARRAY(&k->a, val, n + 1);
  for (uint32_t i = 0; i < n; i++) e[i].i = v[i];
  *l = (list){ n, e };
  kit_set(r, name, (val){ .l = l });
}

static inline void kit_lose(rec *r, const char *name, uint8_t st) {
  r->st[kit_field(r, name)] = st;
  kit_clean(r);
}

static inline uint32_t kit_rule(const kit *k, const char *name) {
  const ir_program *p = vm_model(k->vp);
  for (uint32_t i = 0; i < p->nrules; i++)
    if (str_eq(p->rules[i]->name, str_z(name))) return i;
  fprintf(stderr, "no rule %s\n", name);
  abort();
}

#endif
