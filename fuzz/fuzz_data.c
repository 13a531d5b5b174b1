/* Data files: any bytes as JSON (with and without a pointer), NDJSON, CSV and TSV, and as one record from a host, read into a record of every
 * type. What comes out must hold what source.h promises: a status for each field, a message for each bad one, texts that are UTF-8. */
#include "tests/unit/runtime_src_model.h"

#include "base/utf8.h"

#define FIELDS "id text key; n int; x number?; on bool?; c color?; d date?; t time?; u duration?; kind image|video intern?; tags list:text? split ,; " \
               "l list:int?; m map:text?; size {0}?; sizes list:{0}?; by map:{0}?"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_text(str s) {
  for (const char *p = s.p, *end = s.p + s.n; p < end;) {
    uint32_t cp;
    p += utf8_decode(p, end, &cp);
    if (cp == UINT32_MAX) __builtin_trap();
  }
}

static void check_rec(const rec *r) {
  for (uint32_t f = 0; f < r->ty->nfields; f++) {
    const type *t = r->ty->fields[f].type;
    if (r->st[f] > ST_ERR) __builtin_trap();
    bool told = false;
    for (const bad *b = r->bads; b; b = b->next) {
      told |= b->field == f && b->message.n;
      check_text(b->message);
    }
    if (r->st[f] == ST_ERR && !told) __builtin_trap();
    if (r->st[f] == ST_MISSING && !t->opt) __builtin_trap();
    if (r->st[f] != ST_OK) continue;
    if (t->kind == TY_TEXT) check_text(str_of(r->v[f].t));
    if (t->kind == TY_RECORD) check_rec(r->v[f].r);
  }
}

static str walk(world *w) {
  src_cursor *c;
  rec *r;
  buf b = { .a = &w->a };
  int st = src_walk(w->d, 0, &c);
  if (st == SRC_OK) {
    while ((st = src_next(c, &r)) == SRC_OK) {
      check_rec(r);
      row_print(&b, r);
      buf_ch(&b, '\n');
    }
    src_end(c);
  }
  if (st != SRC_DONE && !src_failure(w->d).n) __builtin_trap();
  return st == SRC_DONE ? buf_done(&b) : (str){ NULL, 0 };
}

/* stored: a look-up moves the rows to the temporary database, where they must say the same. */
static void one(world *w, const char *file, str bytes, const char *pointer, bool stored) {
  w->c.nbindings = 0;
  world_bind(w, "items", world_file(w, file, bytes), pointer);
  if (world_open(w) != SRC_OK) {
    if (!w->failure.n) __builtin_trap();
    return;
  }
  str first = walk(w);
  if (stored && first.p) {
    const host *h = src_host(w->d, &w->eval);
    const rec *r;
    text key = text_of(STR("A"));
    if (h->lookup(h->ud, 0, (val){ .t = &key }, &r) == HOST_FAILED) __builtin_trap();
    if (strcmp(host_text(w, h, 0), first.p)) __builtin_trap();
    arena_reset(&w->eval);
  }
  world_close(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  static world w; /* the directory is made once; everything else is given back each time */
  if (!w.dir[0]) world_init(&w);
  static const char *const files[] = { "a.json", "b.json", "a.ndjson", "a.csv", "a.tsv" };
  if (!n) return 0;
  arena_reset(&w.m.a);
  model_init(&w.m, &mem_libc);
  model_record(&w.m, "Size", "w int; h int?; name text?");
  model_source(&w.m, "items", model_record(&w.m, "Item", FIELDS), "");
  str text = { (const char *)data + 1, (uint32_t)n - 1 };
  uint32_t which = (data[0] & 63) % 6;
  w.m.rec_at[1].exact = data[0] & 64;
  w.ntold = 0;
  if (which < 5) {
    one(&w, files[which], text, which == 1 ? "/a/1" : "", data[0] & 128);
  } else {
    atom_index atoms;
    str error;
    atom_index_build(&atoms, &w.a, w.m.atoms, w.m.p.natoms);
    rec *r = src_record_json(&w.a, &w.m.p, 1, &atoms, text, 0, data[0] & 128, &error);
    if (r) check_rec(r);
    else if (!error.n) __builtin_trap();
  }
  arena_free(&w.a), arena_free(&w.m.a);
  arena_init(&w.a, &mem_libc, NULL);
  return 0;
}
