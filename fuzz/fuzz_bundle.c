/* Bundles: a valid bundle, damaged by the input's edits, with a checksum that fits again. Whatever vm_unpack accepts is then
 * run over records of every shape: nothing may crash, read a row that is gone, or leave a walk open. An input's first byte
 * picks the program; then edits of five bytes: how, where (2), what (2). */
#include "tests/unit/vm_kit.h"

#include "stdlib/builtin.h"

#include <nettle/sha2.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define HEAD \
  "module t\n" \
  "type Kind = \"image\" | \"video\" | \"copy\"\n" \
  "record Asset {\n id : text key\n kind : Kind\n title : text 1..80\n alt : text?\n width : int 1..20000\n price : number?\n day : date?\n at : time\n " \
  "tags : list of text\n sizes : list of int\n notes : map of text\n part : Part?\n home : -> assets?\n tint : color\n ttl : duration\n}\n" \
  "record Part {\n label : text\n size : int?\n}\nrecord License {\n id : int key\n asset : text\n fee : number\n ends : date?\n}\n" \
  "source assets : Asset from \"assets\"\nsource licenses : License from \"licenses\"\npalette acme {\n red #E4002B\n ink #1A1A1A\n}\n"

static const char *const programs[] = {
  HEAD "rule a for a in assets where a.kind == \"image\" { require a.width >= 10 and a.width in 1..500 and a.kind in [\"image\", \"copy\"] }\n",
  HEAD "rule b for a in assets {\n let f = sum(l.fee for l in licenses where l.asset == a.id)\n require f > 0 otherwise \"{a.title}: {f:.2}\"\n"
       " require every t in a.tags: t.length() > 1 and t != a.title otherwise \"{t}\"\n require no l in licenses: l.asset == a.id and l.ends < a.day }\n",
  HEAD "fn area(x : int, y : int?) -> int = x * (y ?? 1)\nfn deep(x : int) -> int? = area(x, x) + [1, 2, 3][x]\n"
       "rule c for a in assets { require deep(a.width) > 3 and a.part.size exists and (a.home.title ?? \"none\") matches r\"n+\" \n"
       " require if a.alt exists then a.alt.trim().length() > 3 else a.price > 2.5 }\n",
  HEAD "audience wide for a in assets where a.width > 100 and a.alt exists\nrule d for a in assets { require a in wide or a.home in wide\n"
       " require (min(l.ends for l in licenses where l.ends exists) ?? 2026-01-01) + 3 months < 2027-01-01\n require count([t for t in a.tags where t contains \"x\"]) < 3 }\n",
  HEAD "rule e for a in assets { require a passes Asset\n require a.with(width: 5).width == 5 and Part(label: \"x\").label == \"x\"\n"
       " require some e in a.notes: e.key == \"k\" and e.value != \"\"\n require a.tint.nearest(acme).delta_e <= 50 otherwise \"{a.tint} {a.at:iso}\" }\n",
  HEAD "rule f for a in assets { require every l in licenses: (some b in assets: b.id == l.asset and (every t in b.tags: t in a.tags)) or l.fee * 2 > 10\n"
       " require max(l.asset for l in licenses) exists and a.ttl + 1 day > 2 days and a.title < \"zzz\" and a.notes[\"k\"] exists }\n",
  HEAD "terms banned ignoring case {\n \"image\" -> \"picture\"\n \"Zo\u00EB x\"\n}\nterms listed from \"list.csv\"\n"
       "rule g for a in assets { require no t in banned.find(a.title) otherwise \"{t.text} {t.replacement ?? listed.replace(a.title)}\"\n"
       " forbid listed.has(a.alt) or (if a.width > 9 then banned else listed).has(a.id) }\n",
};
enum { PROGRAMS = sizeof programs / sizeof *programs, HEADER = 52 };

/* ---- damage ---- */

typedef struct bytes { uint8_t *p; size_t n; } bytes;

static void edit(bytes *b, const uint8_t *e) {
  size_t at = HEADER + (size_t)(e[1] | e[2] << 8) % (b->n - HEADER);
  switch (e[0] % 5) {
  case 0: b->p[at] = e[3]; break;
  case 1: b->p[at] = (uint8_t)(b->p[at] + e[3]); break;
  case 2: memmove(b->p + at, b->p + at + 1, b->n - at - 1); b->n--; break;
  case 3: memmove(b->p + at + 1, b->p + at, b->n - at); b->p[at] = e[3]; b->n++; break;
  case 4: { /* a stretch from elsewhere */
    size_t from = HEADER + (size_t)(e[3] | e[4] << 8) % (b->n - HEADER), len = 16;
    if (at + len < b->n && from + len < b->n) memmove(b->p + at, b->p + from, len);
    break;
  }
  }
}

static void seal(bytes *b) {
  struct sha256_ctx h;
  uint64_t len = b->n - HEADER;
  for (int i = 0; i < 8; i++) b->p[12 + i] = (uint8_t)(len >> (8 * i));
  sha256_init(&h);
  sha256_update(&h, len, b->p + HEADER);
  sha256_digest(&h, 32, b->p + 20);
}

/* ---- values of any type ---- */

static uint64_t state;
static uint32_t roll(uint32_t n) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return n ? (uint32_t)(state >> 33) % n : 0;
}

static const text *some_text(kit *k) {
  static const char *const words[] = { "", "x", "a1", "none", "image", "Zo\xC3\xAB", "https://example.com" };
  text *t = ARENA_NEW(&k->a, text);
  *t = text_of(str_dup(&k->a, str_z(words[roll(7)])));
  return t;
}

static val some_value(kit *k, const type *t, int depth);

static rec *some_rec(kit *k, const type_rec *ty, int depth) {
  uint32_t cap = ty->nfields + (roll(2) ? vm_frame_size(k->vp) : 0);
  rec *r = ARENA_NEW(&k->a, rec);
  *r = (rec){ .ty = ty, .cap = cap, .v = ARENA_ARRAY(&k->a, val, cap + 1), .st = ARENA_ARRAY(&k->a, uint8_t, cap + 1), .source = roll(2) ? 0 : UINT32_MAX };
  for (uint32_t i = 0; i < ty->nfields; i++) {
    const type *t = ty->fields[i].type;
    uint32_t fate = roll(8);
    r->st[i] = fate == 0 ? ST_ERR : fate == 1 || depth > 3 ? ST_MISSING : ST_OK;
    if (t->kind == TY_REF && depth > 1) r->st[i] = ST_MISSING;
    if (r->st[i] == ST_OK) r->v[i] = some_value(k, t, depth + 1);
  }
  kit_clean(r);
  return r;
}

static val some_list(kit *k, const type *elem, int depth) {
  list *l = ARENA_NEW(&k->a, list);
  uint32_t n = elem->kind == TY_NEVER ? 0 : roll(4);
  val *v = ARENA_ARRAY(&k->a, val, n + 1);
  for (uint32_t i = 0; i < n; i++) v[i] = some_value(k, elem, depth + 1);
  *l = (list){ n, v };
  return (val){ .l = l };
}

static val some_map(kit *k, const type *elem, int depth) {
  static const text keys[] = { { "a", 1, 0 }, { "k", 1, 0 }, { "z", 1, 0 } };
  map *m = ARENA_NEW(&k->a, map);
  map_entry *e = ARENA_ARRAY(&k->a, map_entry, 3);
  m->n = roll(4), m->e = e;
  for (uint32_t i = 0; i < m->n; i++) e[i] = (map_entry){ &keys[i], some_value(k, elem, depth + 1) };
  return (val){ .m = m };
}

/* Of the shapes that only a program makes (patterns, palettes) a host has none. */
static val some_value(kit *k, const type *t, int depth) {
  const ir_program *p = vm_model(k->vp);
  t = t->base;
  switch ((type_kind)t->kind) {
  case TY_BOOL: return (val){ .i = roll(2) };
  case TY_INT: case TY_DURATION: case TY_MONTHS: return (val){ .i = roll(4) ? (int64_t)roll(200) - 3 : INT64_MAX };
  case TY_COLOR: return (val){ .i = roll(UINT32_MAX) };
  case TY_DATE: return (val){ .i = roll(30000) };
  case TY_TIME: return (val){ .i = (int64_t)roll(1000000) * 1000000 };
  case TY_NUMBER: return (val){ .n = roll(100) / 4.0 };
  case TY_TEXT: return (val){ .t = some_text(k) };
  case TY_UNION: return (val){ .t = t->nlits ? t->lits[roll(t->nlits)] : p->natoms ? p->atoms[0] : some_text(k) };
  case TY_LIST: return some_list(k, t->elem, depth);
  case TY_MAP: return some_map(k, t->elem, depth);
  case TY_RECORD: return (val){ .r = some_rec(k, t->rec, depth) };
  case TY_REF: return t->rec && t->rec->nkeys == 1 ? some_value(k, t->rec->fields[t->rec->keys[0]].type, depth) : (val){ .i = 0 };
  case TY_ERROR: case TY_NEVER: case TY_PATTERN: case TY_PALETTE: case TY_TERMS: case TY_VAR: break;
  }
  static const list empty = { 0, NULL };
  return (val){ .l = &empty };
}

/* Are there values of it that a host could hold? */
static bool plain(const type *t, int depth) {
  t = t->base;
  if (depth > 4) return false;
  if (t->kind == TY_PATTERN || t->kind == TY_PALETTE || t->kind == TY_TERMS || t->kind == TY_ERROR || t->kind == TY_VAR) return false;
  if (t->kind == TY_REF) return t->rec->nkeys == 1 && t->rec->keys[0] < t->rec->nfields && plain(t->rec->fields[t->rec->keys[0]].type, depth + 1);
  if (t->elem) return plain(t->elem, depth + 1);
  if (t->kind != TY_RECORD) return true;
  for (uint32_t i = 0; i < t->rec->nfields; i++)
    if (!plain(t->rec->fields[i].type, depth + 1)) return false;
  return true;
}

static bool plain_records(const ir_program *p) {
  for (uint32_t i = 0; i < p->nrecords; i++)
    for (uint32_t f = 0; f < p->records[i]->shape.nfields; f++)
      if (!plain(p->records[i]->shape.fields[f].type, 0)) return false;
  return p->nsources <= 16;
}

/* ---- running ---- */

static void run_all(kit *k) {
  const ir_program *p = vm_model(k->vp);
  for (uint32_t s = 0; s < p->nsources; s++)
    for (int i = 0; i < 3; i++) k->rows[s][i] = some_rec(k, &p->records[p->sources[s]->record]->shape, 1);
  for (uint32_t i = 0; i < p->nrules && i < 8; i++) {
    const prog_rule *r = p->rules[i];
    rec *row = r->source >= 0 || r->refinement ? some_rec(k, &p->records[r->record]->shape, 0) : NULL;
    vm_result out;
    uint8_t verdict;
    vm_rule(k->e, i, row, true, &out);
    vm_reset(k->e);
    vm_rules(k->e, &i, 1, row, &verdict);
    vm_reset(k->e);
    if (k->open) __builtin_trap();
  }
  for (uint32_t i = 0; i < p->naudiences; i++) {
    rec *row = some_rec(k, &p->records[p->audiences[i]->record]->shape, 0);
    truth t;
    uint32_t n;
    vm_cause *causes;
    vm_audience(k->e, i, row, &t);
    vm_audience_causes(k->e, i, row, &t, &n, &causes);
    vm_reset(k->e);
    if (k->open) __builtin_trap();
  }
}

static void try_bundle(const uint8_t *p, size_t n, uint64_t seed) {
  kit k;
  jmp_buf oom;
  kit_init(&k);
  k.a.oom = &oom;
  k.a.limit = 64 << 20;
  state = seed;
  struct lib_state *ls = lib_open(&mem_libc);
  if (!setjmp(oom)) {
    str error;
    k.vp = vm_unpack(&k.a, &lib_std, p, n, &error);
    if (k.vp) {
      buf text = { .a = &k.a };
      vm_disasm(&text, k.vp, (str){ 0 });
      if (plain_records(vm_model(k.vp)) && kit_start(&k, ls, (vm_limits){ 20000, 4 << 20 })) run_all(&k);
    }
  }
  vm_close(k.e);
  lib_close(ls);
  arena_free(&k.a);
}

static bytes packed[PROGRAMS];

static void pack_all(void) {
  for (int i = 0; i < PROGRAMS; i++) {
    kit k;
    if (!kit_compile(&k, &lib_std, programs[i])) abort();
    str s = vm_pack(&k.a, k.vp, (str){ "", 0 });
    packed[i] = (bytes){ malloc(s.n), s.n };
    if (!packed[i].p) abort();
    memcpy(packed[i].p, s.p, s.n);
    kit_end(&k);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  if (!packed[0].p) pack_all();
  if (!n) return 0;
  const bytes *like = &packed[data[0] % PROGRAMS];
  size_t edits = (n - 1) / 5;
  bytes b = { malloc(like->n + edits + 1), like->n };
  if (!b.p) return 0;
  memcpy(b.p, like->p, like->n);
  for (size_t i = 0; i < edits && b.n > HEADER + 64; i++) edit(&b, data + 1 + 5 * i);
  seal(&b);
  try_bundle(b.p, b.n, n * 31 + data[n - 1]);
  free(b.p);
  return 0;
}
