/* Bundles: the container (magic, version, length, checksum), and the codec's primitives. What is inside stands in
 * bundle_types.c (types and values), bundle_model.c (declarations) and bundle_code.c (units). All numbers are little-endian;
 * most are varints. */
#include "vm/bundle.h"

#include <math.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>

static const uint8_t magic[8] = { 'B', 'L', 'A', 'Z', 'O', 'N', 0x1A, '\n' };
enum { FORMAT_VERSION = 6, HEAD = 8 + 4 + 8 + 32, WITH_MOST = 1000 }; /* magic, version, length, SHA-256 of what follows */

/* ---- primitives ---- */

void cd_fail(cd *c, const char *wrong) {
  if (!c->wrong) c->wrong = wrong;
  c->p = c->end;
}

bool cd_reading(const cd *c) { return c->mode == CD_READ; }
uint64_t cd_left(const cd *c) { return (uint64_t)(c->end - c->p); }

static void put(cd *c, uint8_t byte) {
  if (c->mode == CD_WRITE) buf_ch(&c->out, (char)byte);
}

void cd_u64(cd *c, uint64_t *v) {
  if (c->mode != CD_READ) {
    uint64_t x = *v;
    for (; x >= 0x80; x >>= 7) put(c, (uint8_t)(x | 0x80));
    put(c, (uint8_t)x);
    return;
  }
  uint64_t x = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (c->p == c->end) { cd_fail(c, "it ends too early"); break; }
    uint8_t b = *c->p++;
    x |= (uint64_t)(b & 0x7F) << shift;
    if (!(b & 0x80)) { *v = x; return; }
  }
  cd_fail(c, "a number is malformed");
  *v = 0;
}

void cd_i64(cd *c, int64_t *v) {
  uint64_t z = (uint64_t)*v << 1 ^ (uint64_t)(*v >> 63);
  cd_u64(c, &z);
  if (c->mode == CD_READ) *v = (int64_t)(z >> 1 ^ (0 - (z & 1)));
}

uint64_t cd_below(cd *c, uint64_t v, uint64_t below) {
  cd_u64(c, &v);
  if (c->mode != CD_READ || v < below) return v;
  cd_fail(c, "a number is out of range");
  return 0;
}

void cd_bool(cd *c, bool *v) {
  uint8_t b = *v;
  cd_u8(c, &b, 2);
  *v = b;
}

void cd_f64(cd *c, double *v) {
  uint64_t bits;
  memcpy(&bits, v, sizeof bits);
  for (int i = 0; i < 8 && c->mode != CD_READ; i++) put(c, (uint8_t)(bits >> (8 * i)));
  if (c->mode != CD_READ) return;
  bits = 0;
  if (cd_left(c) < 8) cd_fail(c, "it ends too early");
  else for (int i = 0; i < 8; i++) bits |= (uint64_t)*c->p++ << (8 * i);
  memcpy(v, &bits, sizeof bits);
  if (!isfinite(*v)) cd_fail(c, "a number is not finite"), *v = 0;
}

void cd_count(cd *c, uint32_t *n) { cd_u32(c, n, c->mode == CD_READ ? cd_left(c) + 1 : UINT64_C(1) << 32); }

void cd_str(cd *c, str *s) {
  cd_count(c, &s->n);
  if (c->mode == CD_WRITE) buf_add(&c->out, s->p, s->n);
  if (c->mode != CD_READ) return;
  if (s->n > cd_left(c)) cd_fail(c, "it ends too early"), s->n = 0;
  s->p = (const char *)c->p;
  c->p += s->n;
}

void cd_span(cd *c, span *s) {
  uint32_t n = s->end - s->beg;
  cd_u32(c, &s->beg, UINT64_C(1) << 32);
  cd_u32(c, &n, UINT64_C(1) << 32);
  if (c->mode != CD_READ) return;
  const srcfile *f = sources_find(c->ir->src, s->beg);
  s->end = s->beg + n;
  if (!f || s->end < s->beg || s->end - f->base > f->text.n) *s = (span){ 0, 0 }; /* a place that is none */
}

/* ---- container ---- */

bool vm_is_bundle(const void *bytes, size_t n) { return n >= sizeof magic && memcmp(bytes, magic, sizeof magic) == 0; }

static void put_le(uint8_t *p, uint64_t v, int n) {
  for (int i = 0; i < n; i++) p[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t get_le(const uint8_t *p, int n) {
  uint64_t v = 0;
  for (int i = 0; i < n; i++) v |= (uint64_t)p[i] << (8 * i);
  return v;
}

static void sha256(const void *p, size_t n, uint8_t out[32]) {
  struct sha256_ctx h;
  sha256_init(&h);
  sha256_update(&h, n, p);
  sha256_digest(&h, 32, out);
}

/* What the bundle was made with: it is told, but belongs to no rule. */
static void cd_made_with(cd *c, str *with) {
  cd_str(c, with);
  if (with->n > WITH_MOST) cd_fail(c, "it does not say what it was made with");
}

str vm_pack(arena *a, const vm_program *p, str made_with) {
  cd c = { .mode = CD_COLLECT, .a = a, .ir = p->ir };
  cd_model(&c);
  cd_code(&c, p->c);
  c.mode = CD_WRITE;
  c.out = (buf){ .a = a };
  uint8_t head[HEAD] = { 0 };
  buf_add(&c.out, (const char *)head, HEAD);
  cd_made_with(&c, &made_with);
  cd_model(&c);
  cd_code(&c, p->c);
  str s = buf_done(&c.out);
  uint8_t *b = (uint8_t *)c.out.p;
  memcpy(b, magic, sizeof magic);
  put_le(b + 8, FORMAT_VERSION, 4);
  put_le(b + 12, s.n - HEAD, 8);
  sha256(b + HEAD, s.n - HEAD, b + 20);
  return s;
}

void vm_packed_hash(str packed, char out[65]) {
  uint8_t digest[32];
  sha256(packed.p, packed.n, digest);
  for (int i = 0; i < 32; i++) snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

bool vm_hash(const vm_program *p, char out[65]) {
  arena scratch;
  jmp_buf oom;
  volatile bool done = false;
  arena_init(&scratch, p->a->m, &oom);
  if (!setjmp(oom)) {
    vm_packed_hash(vm_pack(&scratch, p, (str){ "", 0 }), out);
    done = true;
  }
  arena_free(&scratch);
  return done;
}

/* What can be told without reading the inside. NULL: all is well. */
static const char *head_wrong(const uint8_t *b, size_t n, arena *a) {
  if (!vm_is_bundle(b, n)) return "it is not a Blazon bundle";
  if (n < HEAD) return "the bundle is damaged: it ends inside its header";
  uint64_t version = get_le(b + 8, 4), length = get_le(b + 12, 8);
  if (version != FORMAT_VERSION)
    return str_fmt(a, "the bundle has format %llu, this version reads format %d; build it again", (unsigned long long)version, FORMAT_VERSION).p;
  if (length != n - HEAD)
    return str_fmt(a, "the bundle is damaged: it has %llu bytes, %llu are expected", (unsigned long long)n, (unsigned long long)(length + HEAD)).p;
  if (n > UINT32_MAX) return "the bundle is larger than 4 GB";
  uint8_t sum[32];
  sha256(b + HEAD, n - HEAD, sum);
  return memcmp(sum, b + 20, 32) ? "the bundle is damaged: its checksum does not match" : NULL;
}

vm_program *vm_unpack(arena *a, const lib_ops *lib, const void *bytes, size_t n, str *error) {
  const char *wrong = head_wrong(bytes, n, a);
  if (wrong) { *error = str_z(wrong); return NULL; }
  vm_program *p = ARENA_NEW(a, vm_program);
  *p = (vm_program){ .a = a, .ir = ARENA_NEW(a, ir_program), .c = ARENA_NEW(a, code) };
  p->ir->a = a, p->ir->lib = lib, p->c->p = p->ir;
  const uint8_t *b = bytes;
  cd c = { .mode = CD_READ, .a = a, .p = b + HEAD, .begin = b + HEAD, .end = b + n, .ir = p->ir };
  cd_made_with(&c, &p->made_with);
  if (!c.wrong) cd_model(&c);
  if (!c.wrong) cd_code(&c, p->c);
  if (!c.wrong && c.p != c.end) cd_fail(&c, "there is more than belongs to it");
  if (c.wrong) {
    *error = c.wrong_name.n ? str_fmt(a, "the bundle %s: `%.*s`", c.wrong, STR_ARG(c.wrong_name)) : str_fmt(a, "the bundle is damaged: %s", c.wrong);
    return NULL;
  }
  str why;
  if (!vm_verify(p, &why)) { *error = str_fmt(a, "the bundle is damaged: %.*s", STR_ARG(why)); return NULL; }
  wrong = vm_measure(p);
  if (wrong) { *error = str_fmt(a, "the bundle is damaged: %s", wrong); return NULL; }
  return p;
}
