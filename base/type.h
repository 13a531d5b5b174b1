/* Static types. One struct serves the checker and the run time (a bundle carries its types), so that generic library functions
 * can compare, order and print values. Types are canonical within one type table: equal types are the same pointer. */
#ifndef BASE_TYPE_H
#define BASE_TYPE_H
#include "base/source.h"

typedef enum type_kind {
  TY_ERROR,     /* poison: what follows from an error stays silent */
  TY_NEVER,     /* element type of the empty list literal; fits every type */
  TY_BOOL, TY_INT, TY_NUMBER, TY_TEXT,
  TY_UNION,     /* some of the program's text literals; a subtype of text */
  TY_COLOR, TY_DATE, TY_TIME,
  TY_DURATION,  /* exact, microseconds */
  TY_MONTHS,    /* calendar step (months, years): only added to or taken from a date or time */
  TY_PATTERN,   /* a raw pattern literal, r"..." */
  TY_LIST, TY_MAP, TY_RECORD,
  TY_REF,       /* -> source: represented by the value of the target's key */
  TY_PALETTE,   /* a palette's name used as an argument */
  TY_TERMS,     /* the same of a list of terms */
  TY_VAR        /* T, U in library signatures only */
} type_kind;

/* One field of a record at run time. What only the checker needs (refinements, docs) stands in ir.h. */
typedef struct type_field {
  str name;
  const struct type *type;
} type_field;

/* A record's shape. Library functions that give a record (nearest, find_all, map entries) have shapes of their own. */
typedef struct type_rec {
  str name;            /* qualified: acme.brand.Asset */
  uint32_t id;         /* index in the program's record table; UINT32_MAX for library shapes */
  uint32_t nfields;
  type_field *fields;
  uint32_t nkeys;      /* 0: known by position */
  const uint16_t *keys;/* field indexes, in declaration order */
} type_rec;

typedef struct type {
  uint8_t kind;            /* type_kind */
  bool opt;                /* T? */
  uint8_t var;             /* TY_VAR: 'T', 'U' */
  const struct type *base; /* the same type without ?; itself when not optional */
  const struct type *elem; /* LIST, MAP */
  const type_rec *rec;     /* RECORD; REF: record of the target source */
  uint32_t source;         /* REF: index of the source in the program */
  uint32_t nlits;          /* UNION: literals in order of declaration */
  const struct text *const *lits; /* UNION: canonical texts */
} type;

/* "list of text?", "\"a\" | \"b\"", "-> campaigns" as users write it. Source names come from names (may be NULL: "-> source 3"). */
struct type_names { str (*source)(void *ud, uint32_t id); void *ud; };
void type_print(buf *out, const type *t, const struct type_names *names);

#endif
