/* Values at run time. Statically typed: a val carries no tag, its type is known from the program. Whether it is there is a status
 * beside it: present, missing, or error (bad data, overflow ...).
 *
 *   bool 0/1, int, date (days), time and duration (microseconds), months, color (0xRRGGBBAA)  .i
 *   number .n     text, union .t     list .l     map .m     record .r     ref: the key's own representation
 *   pattern .p (const struct pattern *)    palette .l (list of library record Swatch)    terms .p (const struct term_list *) */
#ifndef BASE_VALUE_H
#define BASE_VALUE_H
#include "base/type.h"

/* atom != 0: canonical in its program: two texts with atoms are equal iff the pointers are. Union values always have one. */
typedef struct text {
  const char *p;
  uint32_t n;
  uint32_t atom;
} text;

typedef union val {
  int64_t i;
  double n;
  const text *t;
  const struct list *l;
  const struct map *m;
  const struct rec *r;
  const void *p;
} val;

enum { ST_OK = 0, ST_MISSING = 1, ST_ERR = 2 };             /* st = max over strict operands */
typedef enum truth { TR_F = 0, TR_T = 1, TR_U = 2, TR_E = 3 } truth;

typedef struct list { uint32_t n; const val *v; } list;      /* elements are never missing nor in error */
typedef struct map_entry { const text *key; val value; } map_entry;
typedef struct map { uint32_t n; const map_entry *e; } map;  /* sorted by key bytes, keys distinct */

/* Why a field is in error; made by the source that read it. */
typedef struct bad {
  uint16_t field;
  str message;              /* "`abc` is not an int" */
  const char *absent;       /* "null", "missing" ...: nothing stood where the field is not optional; NULL: something that cannot be read */
  str found;                /* that, when it is a text; else empty */
  uint32_t line, col;       /* in the data file, 1-based; 0 when the source has none */
  struct bad *next;
} bad;

/* A record value. Row records are owned by their cursor and valid until its next step; others live in an evaluation arena. */
typedef struct rec {
  const type_rec *ty;
  val *v;                   /* ty->nfields values ... */
  uint8_t *st;              /* ... and their statuses */
  uint32_t cap;             /* room in v and st: a VM frame may be laid over a row record with enough room */
  bool clean;               /* no field that may be assumed present (not optional) is missing or in error */
  int64_t position;         /* 1-based position in its source (row, line or element), 0 for none */
  uint32_t source;          /* index in the program; UINT32_MAX for a value built by the program */
  uint32_t line, col;       /* place in the data file, 0 for none */
  const bad *bads;          /* one a field in error */
} rec;

static inline text text_of(str s) { return (text){ s.p, s.n, 0 }; }
static inline str str_of(const text *t) { return (str){ t->p, t->n }; }
static inline bool text_eq(const text *a, const text *b) {
  return a == b || (a->n == b->n && !(a->atom && b->atom) && str_eq(str_of(a), str_of(b)));
}

/* Structural equality and a total order of two present values of type t (base type; opt ignored).
   Order: false < true; numbers; texts by code point (UTF-8 bytes); colors by value; lists, records lexicographically; maps by entries.
   Records compare by their fields; a field missing on both sides is equal, missing sorts first. Errors: see vm. */
bool val_eq(const type *t, val a, val b);
int val_cmp(const type *t, val a, val b);
uint64_t val_hash(const type *t, val v);   /* equal values hash alike */

/* How a value looks in messages (quoted = false: text bare) and in lists and tables of the output (quoted = true: "text").
   Numbers: shortest round-trip. Dates ISO. Colors #RRGGBB or #RRGGBBAA. Long lists are cut after 8 elements with their count. */
void val_print(buf *out, const type *t, val v, bool quoted);
/* Why a field of r is in error. top: the record that is being judged; another one is named by its key. */
str rec_why_bad(arena *a, const rec *r, uint32_t field, const rec *top);
/* The same as JSON: text, int, number as JSON; date, time, color, duration as their texts; ref as its key. */
void val_json(buf *out, const type *t, val v, uint8_t st);
void json_text(buf *out, str s);           /* quoted and escaped JSON string; invalid UTF-8 becomes U+FFFD */
int number_print(double n, char out[32]);  /* shortest text that reads back as n, "0.1", "1e+300", "-0" is "0"; gives its length */

#endif
