/* How the layers left of stdlib/ reach the library: types of the entries and a table of operations that the runtime hands in.
 * The functions themselves stand in stdlib/ (see stdlib/builtin.h for the table's format). */
#ifndef BASE_LIB_H
#define BASE_LIB_H
#include "base/value.h"

enum builtin_flag {
  BF_PURE = 0,
  BF_AGG = 1,       /* may take a comprehension over a source and be computed in one pass: count sum min max avg (base/agg.h) */
  BF_NOW = 2,       /* reads the run's clock */
  BF_ZONE = 4,      /* reads the tz database */
  BF_SPECIAL = 8    /* compiled by the checker itself, has no C function: values ... */
};

/* What a library function may use. One per engine; never shared by threads. */
typedef struct lib_ctx {
  arena *a;              /* results; reset per record by the VM */
  arena *keep;           /* lives as long as the engine */
  const mem *m;
  int64_t now;           /* microseconds, UTC */
  struct lib_state *state; /* stdlib's own caches (break iterators, zones, patterns); made by lib_open */
  const type *const *argt; /* static types of this call's arguments (for T) */
  const type *rett;
  uint64_t *steps;       /* work done so far; long-running functions add to it in proportion to their input */
  const struct extern_host *externs; /* NULL: none are allowed */
  str error;             /* set together with ST_ERR: "month 13 is out of range"; static or in a */
} lib_ctx;

/* Functions of a program that are not written in Blazon (`extern fn`): how the evaluators reach them. call: as builtin_fn; at: index in the
   program. It may be called by every thread that has an engine. */
typedef struct extern_host {
  void *ud;
  int (*call)(void *ud, uint32_t at, lib_ctx *c, const val *args, const uint8_t *st, val *out);
} extern_host;

/* A run that allows no native functions has none: each call is an error. */
static inline int extern_call(lib_ctx *c, uint32_t at, const val *args, const uint8_t *st, val *out) {
  if (c->externs) return c->externs->call(c->externs->ud, at, c, args, st, out);
  c->error = STR("native functions are not allowed in this run");
  return ST_ERR;
}

/* Gives ST_OK (out is set), ST_MISSING or ST_ERR (error is set). st is all ST_OK but for T? parameters. */
typedef int (*builtin_fn)(lib_ctx *c, const val *args, const uint8_t *st, val *out);

typedef struct builtin {
  const char *name, *sig, *group, *doc, *example, *result, *c_name;
  builtin_fn fn;
  uint32_t flags;
} builtin;

typedef struct librec { const char *name, *fields, *doc; } librec;

/* A pattern literal. id: index in the program, for the engine's cache of compiled patterns. */
typedef struct pattern { str source, flags; uint32_t id; } pattern;

/* One term of a list, and what to say instead. */
typedef struct term_entry { str text; str replacement; bool has_replacement; } term_entry;
enum terms_problem { TERMS_EMPTY, TERMS_DUPLICATE };
/* index: the entry; other: of two that are the same, the first one. */
typedef void terms_report(void *ud, enum terms_problem why, uint32_t index, uint32_t other);

/* A list of terms of the program. id: index in the program. */
typedef struct term_list {
  str name;
  uint32_t n, id;
  const term_entry *entries;
  bool fold;                     /* ignoring case */
  const struct terms *matcher;   /* made by terms_build */
} term_list;

/* The library as data and operations (stdlib's is lib_std). Meanings: stdlib/builtin.h, functions of the same names. */
typedef struct lib_ops {
  const builtin *table;
  uint32_t count;
  const librec *recs;
  uint32_t rec_count;
  bool (*format_check)(arena *a, const type *t, str format, str *why);
  void (*format)(buf *out, const type *t, val v, str format);
  bool (*pattern_check)(arena *a, str source, str flags, str *error, uint32_t *offset);
  int (*matches)(lib_ctx *c, const pattern *p, str subject);      /* 1, 0, -1 error */
  int (*textformat_find)(str name);                               /* -1 none */
  bool (*textformat_valid)(int format, str s, str *why);
  int64_t (*text_length)(lib_ctx *c, str s);
  /* The instant, in microseconds, when a clock in the zone shows what a clock in UTC shows at local. false: there is no such zone. */
  bool (*zone_instant)(arena *a, str zone, int64_t local, int64_t *utc);
  /* In the arena; keeps entries by reference. Entries that are empty or stand twice are told to report (may be NULL) and left out. */
  struct terms *(*terms_build)(arena *a, const term_entry *entries, uint32_t n, bool fold, terms_report *report, void *ud);
} lib_ops;

#endif
