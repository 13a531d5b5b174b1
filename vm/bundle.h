/* Inside bundles: one codec that describes the format once, for writing and for reading alike. A function cd_X(c, &x) writes x
 * or reads it; while collecting, it only gathers the types that are named. Reading never trusts: every number is checked
 * against its bound, every count against the bytes that are left, and the first thing that is wrong sticks in c->wrong; from
 * then on everything reads as zero. */
#ifndef VM_BUNDLE_H
#define VM_BUNDLE_H
#include "vm/vm_int.h"

typedef enum cd_mode { CD_COLLECT, CD_WRITE, CD_READ } cd_mode;

typedef struct cd {
  cd_mode mode;
  arena *a;
  buf out;
  const uint8_t *p, *end, *begin;
  const char *wrong;
  str wrong_name;          /* what it is about, when that has a name */
  ir_program *ir;
  VEC(const type *) types; /* written before what uses them; each after its element, its base */
  VEC(const type_rec *) shapes; /* of the library and of map entries */
  VEC(uint32_t) functions; /* of the library that are called */
  uint32_t *slots;         /* hash of types by address, index + 1; while collecting and writing */
  uint32_t nslots;
} cd;

void cd_fail(cd *c, const char *wrong);
bool cd_reading(const cd *c);
uint64_t cd_left(const cd *c);

void cd_u64(cd *c, uint64_t *v);
void cd_i64(cd *c, int64_t *v);
uint64_t cd_below(cd *c, uint64_t v, uint64_t below);
/* v < below. A number of one byte, which most are, is read in place: a bundle has a million of them for each thousand rules. */
#define CD_SMALL(name, type) \
  static inline void name(cd *c, type *v, uint64_t below) { \
    if (c->mode == CD_READ && c->p < c->end && *c->p < 0x80 && *c->p < below) *v = *c->p++; \
    else *v = (type)cd_below(c, *v, below <= (type)-1 ? below : UINT64_C(1) << 8 * sizeof(type)); \
  }
CD_SMALL(cd_u32, uint32_t)
CD_SMALL(cd_u16, uint16_t)
CD_SMALL(cd_u8, uint8_t)
void cd_bool(cd *c, bool *v);
void cd_f64(cd *c, double *v);
void cd_str(cd *c, str *s);
void cd_span(cd *c, span *s);
/* A count whose elements take at least one byte each. */
void cd_count(cd *c, uint32_t *n);
/* *v is an array of n: read into fresh zeroed memory, else as it stands. */
#define CD_ARRAY(c, v, n) (cd_reading(c) ? (void)(*(void **)(v) = arena_alloc((c)->a, sizeof **(v) * ((size_t)(n) + 1))) : (void)0)

void cd_type(cd *c, const type **t);                     /* not NULL */
void cd_type_or_null(cd *c, const type **t);
void cd_types(cd *c);                                    /* the table itself */
void cd_value(cd *c, const type *t, val *v, int depth);

void cd_term_lists(cd *c);                               /* bundle_terms.c */
void cd_model(cd *c);                                    /* bundle_model.c: everything but code */
void cd_code(cd *c, code *k);                            /* bundle_code.c */

#endif
