/* The differential test: random well-typed programs, as source text, run on random records by the reference evaluator and by the VM.
 *
 * The world (world.c) is a fixed set of records and sources that has every type, once always present and once optional; each program has the
 * same records with refinements of its own choice. Everything follows from one seed: the program from (seed, program number), its data from
 * (seed, program number) as well, so that a program can shrink while its data stay. */
#ifndef TESTS_DIFF_H
#define TESTS_DIFF_H
#include "base/host.h"
#include "compiler/compile.h"
#include "reference/ref.h"
#include "stdlib/builtin.h"
#include "runtime/memhost.h"
#include "vm/vm.h"

/* ---- random numbers ---- */

typedef struct rng { uint64_t s; } rng;

static inline uint64_t rnd(rng *r) { /* splitmix64 */
  uint64_t z = (r->s += 0x9E3779B97F4A7C15u);
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
  z = (z ^ z >> 27) * 0x94D049BB133111EBu;
  return z ^ z >> 31;
}
static inline uint32_t below(rng *r, uint32_t n) { return (uint32_t)((rnd(r) >> 33) % n); }
static inline bool chance(rng *r, uint32_t percent) { return below(r, 100) < percent; }
static inline rng rng_of(uint64_t seed, uint64_t a, uint64_t b) {
  rng r = { seed * 0xD1342543DE82EF95u + a };
  r.s = rnd(&r) ^ b;
  rnd(&r);
  return r;
}

/* ---- types of the world ---- */

typedef enum base_kind {
  G_BOOL, G_INT, G_NUM, G_TEXT, G_KIND, G_TIER, G_COLOR, G_DATE, G_TIME, G_DUR, G_SCALARS, /* the rest are not scalar */
  G_PART = G_SCALARS, G_ASSET, G_CAMPAIGN, G_BRAND, G_LICENSE, G_LOG, G_ENTRY_INT, G_ENTRY_TEXT, G_MATCH, G_NEAREST, G_SWATCH, G_HSL, G_LAB, G_OKLCH,
  G_TERM_MATCH,
  G_REF_ASSET, G_REF_CAMPAIGN, G_REF_BRAND,
  G_LIST = 64,  /* + element */
  G_MAP = 128   /* + element: G_INT or G_TEXT */
} base_kind;

typedef uint8_t gt;      /* base_kind, or a list or map of one */

typedef struct wfield { const char *name; gt t; bool opt; const char *refine[4]; } wfield;
typedef struct wrecord { const char *name, *source; gt t; const wfield *f; bool keyed; } wrecord;
extern const wrecord world[];            /* ends with a NULL name; those with a source come first, in order of the sources */
const wrecord *world_record(gt t);       /* NULL: not a record */
const char *gt_name(gt t);               /* as written in source text */
void world_print(buf *out, rng *r);      /* the declarations that begin every program; r NULL: no refinements */

/* ---- programs ---- */

/* A piece of source text with typed holes. The text marks each hole by K. */
#define K "\x01"
typedef struct node {
  gt t;
  bool opt;                /* may be missing, as the checker sees it */
  bool atom;               /* a leaf already: does not shrink */
  const char *text;
  uint32_t n;
  struct node **kid;
} node;

enum { D_LET, D_FN, D_AUDIENCE, D_RULE };

typedef struct clause { bool dropped; node *test, *message; const char *head, *at; } clause;

typedef struct decl {
  uint8_t kind;
  bool dropped;            /* taken out by shrinking */
  const char *head, *tail; /* before and after the first node */
  node *guard;             /* rule: where; let, fn, audience: the expression. May be NULL */
  uint32_t nlets, nclauses;
  struct { bool dropped; const char *name; node *init; } lets[4];
  clause clauses[4];
} decl;

typedef struct program { str world; uint32_t n; decl **d; bool two; /* the rules are a module of their own */ } program;
#define NEXT_FILE "//---- next file\n"

program *gen_program(arena *a, rng r);
void program_print(buf *out, const program *p);
void node_print(buf *out, const node *n);

/* ---- data ---- */

enum { MAX_ROWS = 6, MAX_SOURCES = 8, MAX_FIELDS = 48 };

/* What shrinking may take away from the data: rows, and the randomness of single fields. */
typedef struct data_mask { uint8_t rows[MAX_SOURCES]; uint64_t plain[MAX_SOURCES][MAX_ROWS]; } data_mask;

typedef struct table { uint32_t n; rec *rows[MAX_ROWS]; } table;
typedef struct data { const ir_program *p; table t[MAX_SOURCES]; } data;

void mask_init(data_mask *m);
data *data_make(arena *a, const ir_program *p, const atom_index *x, rng r, const data_mask *m);
void data_print(buf *out, const data *d, uint32_t source);

/* Rows of data as an unkind host (runtime/memhost.h): none of what it does may change an answer. */
void host_init(mem_host *h, arena *a, const data *d);

/* ---- running and comparing ---- */

typedef struct coverage {
  uint64_t kind[IR_KIND_COUNT][3];  /* results of each kind of node in the reference: present, missing, error */
  uint64_t arith[IA_COUNT][3], cmp[8], agg[5], quant[3];
  uint64_t verdicts[V_COUNT], fixes[3], vacuous, audience[4], *lib, causes, messages;
  uint64_t opcode[256];
  uint64_t cases, refinements, skipped, programs, differences, rejected;
} coverage;

typedef struct outcome {
  bool compiled, differs;
  str problem;             /* what differs, or the compiler's first messages */
  str rule;                /* where */
  uint32_t source, row;
  const data *d;
  ir_program *p;
} outcome;

/* Compiles text, makes its data and runs everything on every record; stops at the first difference. All memory is a's. cov may be NULL. */
outcome run_text(arena *a, str text, rng data_seed, const data_mask *m, coverage *cov);
void shrink(arena *a, program *p, rng data_seed, data_mask *m);

void cover_init(coverage *c, uint64_t *lib); /* lib: one counter a library function */
void cover_program(coverage *c, const ir_program *p, const vm_program *vm);
int cover_report(const coverage *c, bool verbose, bool enough); /* number of things that never occurred */

/* What a native function gives in a run (gen_extern.c); ud: the program. */
int extern_answer(void *ud, uint32_t at, lib_ctx *c, const val *args, const uint8_t *st, val *out);

#endif
