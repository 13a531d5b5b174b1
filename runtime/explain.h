/* Why a verdict is what it is: the whole derivation of a rule or an audience on one record, through the reference evaluator, which
 * visits every part of every clause and tells its value. As a tree, and from it as text for people or as JSON. */
#ifndef RUNTIME_EXPLAIN_H
#define RUNTIME_EXPLAIN_H
#include "runtime/engine.h"

typedef struct ex_node {
  str text;                /* the expression as it is written */
  str value;               /* "true", "\"video\"", "missing", "error: ..." */
  str json;                /* the same as JSON: null when missing or in error */
  uint8_t st;
  bool test;               /* a bool: shown as true, false, unknown, error */
  bool rule;               /* a rule that a `passes` asked, or the count of those that pass: "passes", "fails", "unknown", "error" */
  struct ex_node *first, *next; /* parts, in order of evaluation */
  uint32_t more;           /* parts that were left out */
} ex_node;

typedef struct ex_part {   /* a where, a let or a clause */
  const char *word;        /* "where", "let x =", "require", "forbid" */
  str text;
  span sp;
  truth result;            /* of a test */
  bool let;
  ex_node *tree;           /* NULL: never evaluated */
  uint32_t nmessages, ncauses;
  const str *messages;
  const find_cause *causes;
} ex_part;

typedef struct explanation {
  const rt_program *p;
  str name, because, link, owner;
  bool audience;
  verdict v;
  truth t;                 /* audiences */
  bool vacuous;
  const prog_waiver *waiver; /* with V_WAIVED; else NULL */
  const rec *record;       /* NULL: none */
  str key;
  uint32_t nparts;
  ex_part *parts;
} explanation;

/* p must have trees (rt_program_with_trees). Everything lands in a. false: the look-ups failed or the budget is used up. */
bool rt_explain_rule(arena *a, const rt_program *p, const host *h, lib_ctx *lib, int64_t now, uint32_t rule, const rec *r,
                     explanation *out);
bool rt_explain_audience(arena *a, const rt_program *p, const host *h, lib_ctx *lib, int64_t now, uint32_t audience, const rec *r,
                         explanation *out);

str rt_one_line(arena *a, str s);   /* white space, line breaks among it, folded to single blanks */
void explanation_text(buf *out, const explanation *x);
void explanation_json(buf *out, const explanation *x);

#endif
