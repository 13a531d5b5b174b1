/* Inside the generator: what gen.c (environment, declarations), gen_value.c (values), gen_test.c (tests) and gen_call.c (library calls) share. */
#ifndef TESTS_DIFF_GEN_H
#define TESTS_DIFF_GEN_H
#include "diff.h"

enum { MAX_VARS = 24, MAX_NARROW = 16, MAX_FNS = 8 };

typedef struct var { const char *name; gt t; bool opt; } var;
typedef struct gfn {
  const char *name;
  gt ret;
  bool ret_opt;
  uint32_t n;
  gt param[4];
  bool param_opt[4];
  const char *param_name[4], *field; /* field: of a table with several results */
} gfn;

typedef struct gen {
  arena *a;
  rng r;
  uint32_t names;                    /* counter for new names */
  uint32_t nvars, nnarrow, nfns, nauds, nrules;
  var vars[MAX_VARS];
  const char *narrow[MAX_NARROW];    /* paths known to be there */
  gfn fns[MAX_FNS];
  gt subject;                        /* of the rule under construction, and its name */
  const char *subject_name;
  uint32_t ntops;
  var tops[4];                       /* top-level lets: in scope everywhere */
  const char *auds[8];               /* audiences over assets */
  const char *rules[16];             /* rules of severity error over assets, and what else `passes` may name */
  uint32_t in_text;                  /* inside an interpolation, where there are no ratios */
  bool no_sources;                   /* inside a walk over a source: do not nest another, for time's sake */
} gen;

/* A decision table: its text. What it gives can be called from then on as functions are. */
const char *gen_table(gen *g);

/* A native function: its declaration. */
const char *gen_extern(gen *g);

/* An expression of type t that may be missing only where opt says so; NULL when none can be made. */
node *gen_expr(gen *g, gt t, bool opt, int depth);
node *gen_leaf(gen *g, gt t, bool opt);
node *gen_literal(gen *g, gt t);
node *gen_test(gen *g, bool opt, int depth);
node *gen_call(gen *g, gt t, bool opt, int depth);   /* a library call that gives t, or a field of a record that it gives */
node *gen_fn_call(gen *g, gt t, bool opt, int depth);
node *gen_message(gen *g, int depth);
/* A path of fields from a variable; only_opt: one that may be missing; narrowable: one optional field, the last. NULL: none */
node *gen_path(gen *g, gt t, bool opt, bool only_opt, bool narrowable);

/* The same from a variable whose value the compiler does not know. */
node *gen_variable_path(gen *g, gt t, bool opt);

typedef struct walk { const char *var; node *over; gt elem; bool source, opt; } walk;
/* Something to walk and a variable for its elements, which is in scope until gen_leave. */
bool gen_walk(gen *g, walk *w, bool opt, bool sources, int depth);
void gen_leave(gen *g, uint32_t nvars);
node *gen_where(gen *g, const walk *w, int depth);   /* never missing; often an equality that a look-up can use */

node *new_node(gen *g, gt t, bool opt, const char *text, uint32_t n, node **kid);
#define NODE(g, t, opt, text, ...) \
  new_node((g), (t), (opt), (text), sizeof((node *[]){ __VA_ARGS__ }) / sizeof(node *), (node *[]){ __VA_ARGS__ })
node *leaf(gen *g, gt t, bool opt, const char *text);
const char *fmt(gen *g, const char *f, ...) __attribute__((format(printf, 2, 3)));
const char *new_name(gen *g, const char *stem);
gt any_scalar(gen *g);
gt any_ordered(gen *g);                              /* int, number, text, date, time, duration */
gt any_type(gen *g);                                 /* what a let may hold */

#endif
