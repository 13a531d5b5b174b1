/* What the files of the library share: an engine's caches, and the few lines that every library function needs to answer.
 * Internal to stdlib/. */
#ifndef STDLIB_LIB_H
#define STDLIB_LIB_H
#include "stdlib/builtin.h"

/* Caches of one engine, one subject each; NULL until first used. Each is made, used and freed by the file of its name. */
struct lib_state {
  const mem *m;
  struct uni_state *uni;       /* unicode.c: break iterators, case map, transliterator */
  struct pat_state *patterns;  /* patterns.c: compiled patterns, match data */
  struct zone_state *zones;    /* zones.c: loaded time zones */
  struct color_state *colors;  /* color.c: linear light, Lab of colors seen lately */
};
void uni_close(struct lib_state *s);
void pat_close(struct lib_state *s);
void zone_close(struct lib_state *s);
void color_close(struct lib_state *s);

#define BUILTIN(fn, ...) int fn(lib_ctx *c, const val *args, const uint8_t *st, val *out);
#include "stdlib/builtins.def"

/* Charges work in proportion to input, so that the engine's budget sees long texts and lists. */
static inline void lib_work(lib_ctx *c, uint64_t n) {
  if (c->steps) *c->steps += n;
}

static inline int lib_fail(lib_ctx *c, str why) {
  c->error = why;
  return ST_ERR;
}

static inline int ok_int(val *out, int64_t i) {
  out->i = i;
  return ST_OK;
}

static inline int ok_bool(val *out, bool b) {
  out->i = b;
  return ST_OK;
}

/* NaN and infinity never exist: a result that is neither finite nor wanted is an error. */
static inline int ok_number(lib_ctx *c, val *out, double n) {
  if (!__builtin_isfinite(n)) return lib_fail(c, STR("the result is not a finite number"));
  out->n = n;
  return ST_OK;
}

/* A text value over bytes that live as long as the result (an argument's, or the arena's). */
static inline const text *lib_text(lib_ctx *c, str s) {
  text *t = ARENA_NEW(c->a, text);
  *t = text_of(s);
  return t;
}

static inline int ok_text(lib_ctx *c, val *out, str s) {
  out->t = lib_text(c, s);
  return ST_OK;
}

static inline int ok_list(lib_ctx *c, val *out, const val *v, uint32_t n) {
  list *l = ARENA_NEW(c->a, list);
  l->n = n, l->v = v;
  out->l = l;
  return ST_OK;
}

/* A record of the shape that the call's static result type names; all fields present. */
static inline const rec *lib_record(lib_ctx *c, const type_rec *shape, const val *v) {
  rec *r = ARENA_NEW(c->a, rec);
  val *copy = ARENA_ARRAY(c->a, val, shape->nfields);
  for (uint32_t i = 0; i < shape->nfields; i++) copy[i] = v[i];
  *r = (rec){ .ty = shape, .v = copy, .st = ARENA_ARRAY(c->a, uint8_t, shape->nfields), .cap = shape->nfields, .clean = true, .source = UINT32_MAX };
  return r;
}

static inline bool str_is_ascii(str s) {
  uint32_t i = 0;
  uint64_t w;
  for (; i + 8 <= s.n; i += 8) {
    __builtin_memcpy(&w, s.p + i, 8);
    if (w & 0x8080808080808080u) return false;
  }
  for (; i < s.n; i++)
    if ((unsigned char)s.p[i] >= 0x80) return false;
  return true;
}

static inline char ascii_lower(char ch) { return ch >= 'A' && ch <= 'Z' ? (char)(ch + 32) : ch; }
static inline char ascii_upper(char ch) { return ch >= 'a' && ch <= 'z' ? (char)(ch - 32) : ch; }
static inline bool ascii_digit(char ch) { return ch >= '0' && ch <= '9'; }
static inline bool ascii_alpha(char ch) { return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z'); }
static inline bool ascii_alnum(char ch) { return ascii_digit(ch) || ascii_alpha(ch); }

/* First occurrence of part in s at or after from; -1 for none. */
static inline int64_t str_find(str s, str part, uint32_t from) {
  if (from > s.n) return -1;
  if (!part.n) return from;
  if (s.n - from < part.n) return -1;
  const char *p = __builtin_memchr(s.p + from, part.p[0], s.n - from);
  while (p) {
    if ((size_t)(s.p + s.n - p) < part.n) return -1;
    if (__builtin_memcmp(p, part.p, part.n) == 0) return p - s.p;
    p = __builtin_memchr(p + 1, part.p[0], (size_t)(s.p + s.n - (p + 1)));
  }
  return -1;
}

/* #RGB, #RGBA, #RRGGBB, #RRGGBBAA, with or without #. */
bool lib_color_parse(str s, int64_t *out);
/* CIEDE2000 of two Lab triples: the published test data is in Lab. */
double color_delta_e_lab(const double x[3], const double y[3]);

/* Positions that users give, turned into a half-open range of n elements: 1-based, both ends included, negative from the end. Positions
   outside are cut; false for position 0, which is an error (c->error is set). */
bool lib_range(lib_ctx *c, int64_t first, int64_t last, uint32_t n, uint32_t *from, uint32_t *to);

/* A decimal number as users write it, with a point in every locale; false when it is none or too large. */
bool lib_number_parse(str s, double *out);
/* x to so many decimals (0 to 15), halves away from zero, as digits without a locale's ideas; 400 bytes are enough. */
int number_fixed(double x, int decimals, char out[400]);

#endif
