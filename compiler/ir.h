/* The typed program: declarations with resolved names, and expression trees of the kinds in ir.def. Made by the checker in the
 * compile arena, immutable afterwards. A program loaded from a bundle has the same declarations with every ir pointer NULL. */
#ifndef COMPILER_IR_H
#define COMPILER_IR_H
#include "base/agg.h"
#include "base/lib.h"
#include "base/share.h"
#include "parser/ast.h" /* enum ast_op */

typedef enum ir_kind {
#define IR(name, text, doc) IR_##name,
#include "compiler/ir.def"
#undef IR
  IR_KIND_COUNT
} ir_kind;

typedef enum ir_arith {
#define ARITH(name, r, a, op, b) IA_##name,
#include "compiler/arith.def"
#undef ARITH
  IA_COUNT
} ir_arith;

enum ir_flag { IRF_VACUOUS = 1, IRF_FAILS = 2, IRF_SHOWN = 4, IRF_VERDICT = 8, IRF_NAMES = 16 };

typedef struct ir ir;

/* What a QUANT, COMPR or AGG walks, and as which local. */
typedef struct ir_binder {
  int32_t local;         /* holds the element: a record of the source, or an element of the list (map: an entry record) */
  int32_t source;        /* index of the source, or -1: list */
  const type *elem;      /* type of the local: a record of the source, the list's element, a map's entry record (fields key, value) */
  ir *list;              /* list expression when source is -1 */
  ir *where;             /* may be NULL; never U */
  int32_t eq_field;      /* >= 0: rows whose field equals eq_key are a superset of what where (or the quantifier's body) can accept */
  ir *eq_key;            /* does not read local; a missing or bad key: walk everything instead */
  bool eq_unique;        /* eq_field is the source's single key */
} ir_binder;

struct ir {
  uint8_t kind;          /* ir_kind */
  uint8_t op;            /* QUANT, CMP: ast_op; ARITH: ir_arith; AGG: agg_op */
  uint16_t flags;        /* ir_flag */
  int32_t local;         /* LOCAL */
  uint32_t index;        /* see ir.def */
  const type *ty;        /* static type; opt when the value may be missing or the test unknown */
  span sp;
  str cause;             /* the expression as a user would name it, "alt_text", "campaign.brand": binder's own name left out */
  val k;                 /* CONST */
  ir *a, *b, *c;
  uint32_t n;            /* operands in v */
  ir **v;
  uint16_t *idx;         /* WITH */
  str *fmt;              /* INTERP */
  ir_binder *bind;
};

/* ---- declarations ---- */

typedef struct prog_field {
  str name, column;      /* column: SQL column, JSON key or CSV header */
  const type *type;      /* declared, without refinements */
  str split;             /* delimiter of a list kept as text; empty: JSON array */
  bool key, unique;
  bool intern;           /* text compared with literals somewhere: readers give canonical atoms where they can */
  bool has_default;
  val def;               /* default CONSTANT, used when the column is missing or null */
  str doc;
  span sp;
} prog_field;

typedef struct prog_record {
  type_rec shape;        /* shape.id is its index; names and types once more, as the run time needs them */
  str name;              /* qualified */
  prog_field *fields;    /* shape.nfields */
  bool exact;
  span sp;
  str doc;
} prog_record;

typedef struct prog_source {
  str name;              /* qualified */
  uint32_t record;
  str from;              /* table or view; empty: host-fed, or a file given by --source */
  uint32_t nindexes;     /* fields that some binder looks up by equality */
  uint16_t *indexes;
  bool scanned;          /* some binder walks it whole inside a rule over another source */
  bool referenced;       /* some DEREF, RESOLVES or keyed lookup reads it */
  span sp;
} prog_source;

typedef struct prog_fn {
  str name;
  uint32_t nparams;
  const type **params;   /* locals 0 .. nparams - 1 */
  const type *ret;
  uint32_t nlocals;
  ir *body;
  span sp;
} prog_fn;

/* ---- decision tables ---- */

/* What a cell accepts. No kind but ANY and MISSING accepts a missing value. */
typedef enum cell_kind { CELL_ANY, CELL_MISSING, CELL_CMP /* op v[0] */, CELL_RANGE /* v[0]..v[1], inclusive */, CELL_SET /* one of v[0..n) */ } cell_kind;
typedef struct prog_cell { uint8_t kind, op; uint32_t n; const val *v; } prog_cell; /* op: ast_op */

typedef struct prog_table {
  str name;
  uint32_t nparams, nrows;
  const type **params;
  const type *ret;       /* optional unless the rows cover every input; several results: a record of a shape of its own */
  const prog_cell *cells; /* row by row, in order of precedence: values of the parameters' types */
  const val *results;    /* one a row, present */
  const struct table_index *index; /* the VM's way to a row (compiler/table.h) */
  const span *row_sps;   /* where the rows stand; NULL in a program from a bundle */
  span sp;
} prog_table;

/* A function of a native library, or of the host program (lib is "host"). Pure, by its author's word. */
enum { EXTERN_MAX_PARAMS = 32 };
typedef struct prog_extern {
  str name, lib;         /* name: qualified; the symbol is its last part */
  uint32_t nparams;
  const type **params;
  const type *ret;
  span sp;
} prog_extern;

/* A chain of quantifiers that a message may speak of: outer first. An element breaks when test is F (negative: when it is T). */
typedef struct ir_witness {
  ir_binder *bind;
  ir *test;
  bool negative;         /* Q_NO: an element breaks when test is T */
} ir_witness;

typedef struct ir_let { int32_t local; ir *init; str name; } ir_let;

typedef struct prog_clause {
  bool forbid;
  ir *test;              /* as written; a forbid's is the negated test already (NOT added), so pass iff T always */
  ir *message;           /* text: otherwise, or generated from the clause; may read lets and witness locals */
  bool generated;
  bool may_miss;         /* can be unknown, as far as the checker knows. Not in bundles */
  uint32_t nwitness;
  ir_witness *witness;
  int32_t at_field;      /* field of the rule's record that the finding points at, -1 none. `at`, else the first field the clause reads */
  str at_path;           /* as text: "title", "campaign.brand" */
  str text;              /* source slice of the condition, white space folded to single spaces */
  str doc;
  span sp;
} prog_clause;

/* What a rule proposes for a field of a record that fails it. */
typedef struct prog_fix {
  uint32_t field;        /* of the rule's record; no key, not unique, holds no record */
  ir *value;             /* of the field's type; missing or in error: no proposal. Reads what the rule's clauses may read */
  str text;              /* as written, white space folded */
  span sp;
} prog_fix;

typedef struct prog_rule {
  str name;              /* qualified: acme.brand.on_palette; a refinement: acme.brand.Asset.title */
  severity sev;
  str owner, because, link;
  uint32_t ntags;
  str *tags;
  bool has_since, has_until;
  int64_t since, until;  /* active iff since <= now < until, microseconds (a date's inclusive day is resolved by the checker) */
  int32_t source;        /* -1: evaluated once, without a record */
  uint32_t record;       /* of the source; for refinements the record they belong to (they run for every source of it) */
  bool refinement;
  int32_t field;         /* refinement: its field */
  str local_name;        /* the binder's name, "a" */
  uint32_t nlocals;      /* local 0 is the record */
  ir *guard;             /* where; NULL: none */
  bool guard_may_miss;   /* as may_miss of a clause */
  uint32_t nlets;
  ir_let *lets;          /* in order; evaluated after the guard, once */
  uint32_t nclauses;
  prog_clause *clauses;
  uint32_t nfixes;
  prog_fix *fixes;       /* one a field */
  uint32_t nreads;       /* fields of the rule's own record that it reads */
  uint16_t *reads;
  uint32_t nlooks;       /* sources whose rows it looks into: by reference, by key, or walking them */
  uint32_t *looks;
  double cost;           /* static bound in steps with every list of length 1 and every source of 1 row; see cost_text */
  str cost_text;         /* "12 + 9 · colors + 3 · rows(licenses)" */
  uint32_t first_waiver, nwaivers; /* its waivers stand side by side */
  span sp;
  str doc;
} prog_rule;

/* A recorded exception: a fail or unknown of the rule for one record becomes waived until it ends, or the record changes. */
typedef struct prog_waiver {
  uint32_t rule;
  uint32_t nkeys;        /* of the rule's record */
  val *keys;
  str key;               /* as reports name the record */
  int64_t until;         /* microseconds: no longer from here on */
  str because, owner;
  str digest;            /* of the fields that the rule reads (waiver.h); empty: holds whatever they become */
  span sp;
} prog_waiver;

typedef struct prog_audience {
  str name;
  uint32_t source, record;
  str local_name;
  uint32_t nlocals;      /* local 0 is the record */
  ir *test;              /* NULL: everybody */
  bool may_miss;         /* as of a clause */
  uint32_t nreads;
  uint16_t *reads;
  double cost;
  str cost_text;
  span sp;
  str doc;
} prog_audience;

/* The rules that `r passes S` means for one record type. */
typedef struct prog_passes { str name; uint32_t nrules; uint32_t *rules; } prog_passes;
/* Rules in a message, ": wide, sharp and 4 more", by the last part of their names; empty for none. */
void prog_rules_text(buf *out, const prog_rule *const *rules, uint32_t n);

/* ---- tests: never in a bundle ---- */

/* Rows of a source, or the clock (source -1: one expression, a time), as one test gives them. */
typedef struct prog_given {
  int32_t source;
  uint32_t nlets;        /* lets of the test that stand before it */
  uint32_t nrows;
  ir **rows;             /* records, each with its place; list: the one expression is a list of them */
  bool list;
  span sp;
} prog_given;

/* What stands beside a clause of the test's rule: `expect subject passes|fails NAME saying "..."`. */
typedef struct prog_expect {
  ir *subject;           /* record that NAME judges; NULL: another test */
  uint32_t passes;       /* passes list that NAME means */
  bool fails;
  ir *saying;            /* text; NULL: none */
} prog_expect;

typedef struct prog_test {
  str name, module;
  prog_rule *rule;       /* its lets; its expectations as clauses. `for any`: local 0 is the record that is searched */
  prog_expect *expects;  /* one a clause */
  uint32_t ngivens;
  prog_given *givens;    /* in order */
  bool any;
  str any_name;
  const type *any_type;
  prog_record *wrap;     /* `for any` of something that is no record: its only field. rule->record is then nrecords + place among the wraps */
  ir *any_sample;        /* a value of any_type */
  uint32_t nvalid;
  prog_rule **valid;     /* refinements of wrap's field */
  span sp, name_sp;
} prog_test;

/* ---- templates: variants assembled from parts ---- */

/* Functions of a template take the subject and a record for each slot, in order; those that a function does not speak of are not read. UINT32_MAX: none. */
typedef struct prog_slot {
  str name;
  uint32_t source, record;
  int32_t eq_field;      /* >= 0: rows whose field equals what key gives are all that can fit */
  uint32_t key, test;
  span sp;
} prog_slot;

typedef struct prog_demand {
  uint32_t test;         /* bool: only T admits a combination */
  uint32_t message;      /* text */
  uint32_t upto;         /* it speaks of the first so many slots at most */
  str text;              /* the condition as written */
  span sp;
} prog_demand;

/* What `prefer` can come to while slots are open: an expression over functions of one slot each. */
typedef enum bound_kind { BOUND_LEAF, BOUND_ADD, BOUND_SUB, BOUND_MUL, BOUND_DIV, BOUND_NEG, BOUND_ANY /* no bound */, BOUND_KIND_COUNT } bound_kind;
typedef struct prog_bound {
  uint8_t kind;          /* bound_kind */
  int32_t slot;          /* LEAF: the only one that fn speaks of, -1: of none */
  uint32_t fn;           /* LEAF: int or number */
  uint32_t a, b;         /* operands, earlier in the list */
} prog_bound;

typedef struct prog_template {
  str name;
  uint32_t source, record; /* of the subject */
  str local_name;
  uint32_t test;         /* for which subjects; UINT32_MAX: all */
  uint32_t nslots, ndemands, nbounds;
  prog_slot *slots;
  prog_demand *demands;
  uint32_t prefer;       /* number, greater is better; UINT32_MAX: by key alone */
  prog_bound *bounds;    /* when prefer is there; bound is the root */
  uint32_t bound;
  uint32_t limit;
  uint32_t nreads;       /* fields of the subject that it reads */
  uint16_t *reads;
  span sp;
  str doc;
} prog_template;

/* ---- experiments and choices ---- */

/* One condition of `where`, alone: which of them excludes a candidate, or a subject. */
typedef struct prog_condition { uint32_t test; str text; } prog_condition;

typedef struct prog_experiment {
  str name;
  uint32_t source, record; /* of the subject */
  str local_name;
  uint32_t fn;           /* subject -> arm, missing when it is in none */
  uint32_t nconditions;
  prog_condition *conditions; /* of the subject: what `where` joins by `and` */
  uint32_t narms;
  str *arms;
  share *weights;        /* of one denominator, summing to it */
  str salt;
  bool ranged;           /* lo..hi of the namespace ns */
  str ns;
  share lo, hi;
  span sp;
  str doc;
} prog_experiment;

typedef enum choice_policy {
  CHOICE_FIRST, CHOICE_BEST, CHOICE_WEIGHTS, CHOICE_EPSILON_GREEDY, CHOICE_SOFTMAX, CHOICE_UCB, CHOICE_THOMPSON, CHOICE_THOMPSON_NORMAL, CHOICE_POLICY_COUNT
} choice_policy;
/* What a policy is given of each candidate, in this order. */
enum choice_arg { CHOICE_VALUE, CHOICE_SUCCESS, CHOICE_TRIALS, CHOICE_SUM, CHOICE_SUM_SQUARES, CHOICE_COUNT, CHOICE_ARGS };

typedef struct prog_cap { int64_t times, per; /* microseconds */ } prog_cap;

/* Its functions take the subject, a candidate, a row of evidence, and the sums of the candidate's rows (numbers, in a shape of their own);
 * those that a function does not speak of are not read. UINT32_MAX: none. */
typedef struct prog_choice {
  str name;
  uint32_t source, record; /* of the subject */
  str local_name;
  uint32_t test;         /* for which subjects */
  int32_t template;      /* >= 0: candidates are its combinations for the subject, cand_record their shape (combo_shape_wrong); cand_source UINT32_MAX */
  uint32_t cand_source, cand_record;
  int32_t cand_field;    /* >= 0: candidates whose field equals cand_key are all that can fit */
  uint32_t cand_key, cand_test;
  uint32_t nconditions;
  prog_condition *conditions; /* what cand_test joins by `and` */
  uint32_t brand;        /* the rule sets that `where` names, alone: what holdout and fallback must pass too */
  bool has_over;
  uint32_t over_source, over_record;
  int32_t over_field;
  uint32_t over_key, over_test, day; /* day: date or time of a row */
  const type_rec *sums;  /* int and number fields of over_record, as numbers; NULL without over */
  uint32_t nsummed;
  uint16_t *summed;      /* fields of sums that are read; in over_record: sum_of */
  uint16_t *sum_of;
  choice_policy policy;
  uint32_t args[CHOICE_ARGS];
  double epsilon, temperature, alpha, prior[2], floor;
  int64_t half_life, delay, sticky; /* microseconds, 0 none */
  bool has_holdout, has_fallback;
  share holdout;
  str holdout_key, fallback_key;
  uint32_t ncaps;
  prog_cap *caps;
  str salt;
  uint32_t nreads;       /* fields of the subject that it reads */
  uint16_t *reads;
  bool reads_now;        /* it depends on the clock beyond the day */
  span sp;
  str doc;
} prog_choice;

typedef struct prog_const { str name; const type *ty; val v; str doc; span sp; } prog_const;

typedef struct ir_program {
  arena *a;              /* owns everything here */
  sources *src;          /* rule files (a bundle brings its copies) */
  const lib_ops *lib;
  uint32_t nrecords, nsources, nfns, nrules, naudiences, npasses, ntables, ntemplates, nexperiments, nchoices;
  uint32_t nrulesets, npatterns, nterms, natoms, ntypes, nmodules;
  prog_record **records;
  prog_source **sources;
  prog_fn **fns;         /* in an order in which each calls only earlier ones */
  prog_rule **rules;     /* refinements included; sorted by name */
  prog_audience **audiences; /* in an order in which each reads only earlier ones */
  prog_passes **passes;
  uint32_t nexterns;
  prog_extern **externs;
  prog_table **tables;
  prog_template **templates;
  prog_experiment **experiments;
  prog_choice **choices;
  prog_passes **rulesets; /* as declared: rules of all records and severities */
  pattern **patterns;
  uint32_t nwaivers;
  prog_waiver **waivers; /* by rule, then key */
  uint32_t ntests;
  prog_test **tests;     /* in order of files and places */
  term_list **terms;     /* by id */
  const text **atoms;    /* every text literal once; atoms[i]->atom == i + 1 */
  const type **types;    /* every type used, canonical */
  str *modules;
  bool uses_now;
  struct checker *front; /* the checker's own, for compile_expr; NULL in a program loaded from a bundle */
} ir_program;

/* May a native function take or give values of this type: bool, int, number, text, color, date, and lists of them? */
static inline bool extern_takes(const type *t) {
  if (t && t->kind == TY_LIST) t = t->elem->opt ? NULL : t->elem;
  return t && (t->kind == TY_BOOL || t->kind == TY_INT || t->kind == TY_NUMBER || t->kind == TY_TEXT || t->kind == TY_COLOR || t->kind == TY_DATE);
}

/* Finds a canonical atom: NULL when s is no literal of the program. (compiler/atoms.c; a perfect-enough hash built with the program) */
typedef struct atom_index {
  uint32_t mask;
  uint64_t lengths;      /* bit n: an atom is n bytes long; the last: as long or longer */
  const uint32_t *slot;
  const text *const *atoms;
} atom_index;
void atom_index_build(atom_index *x, arena *a, const text *const *atoms, uint32_t n);
const text *atom_find(const atom_index *x, str s);
static inline bool atom_may_be(const atom_index *x, uint32_t n) { return x->lengths >> (n < 63 ? n : 63) & 1; }

extern const char *const ir_kind_names[IR_KIND_COUNT];
void ir_print(buf *out, const ir_program *p, const ir *n); /* one line, s-expression, for tests and --explain internals */

#endif
