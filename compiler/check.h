/* Inside the compiler: the state of one compile and what its parts ask of each other. Nothing outside this folder includes it.
 *
 * Order of work (modules.c): parse every file; collect modules, names, imports; shapes of records and sources; then every
 * declaration that has expressions, each a unit of its own locals; then the graph of who uses whom (a cycle is one error), the cost
 * bounds, the lints; last the program. An error is reported where it is made and gives a poisoned value (type TY_ERROR), about which
 * nothing more is said. */
#ifndef COMPILER_CHECK_H
#define COMPILER_CHECK_H
#include "base/verdict.h"
#include "compiler/compile.h"

/* ---- names.c: hash table from text to pointer, in the compile arena ---- */
typedef struct name_slot { str key; uint64_t hash; void *v; } name_slot;
typedef struct names { arena *a; name_slot *slot; uint32_t n, cap; } names;
void names_init(names *t, arena *a);
void *names_get(const names *t, str key);          /* NULL when absent */
bool names_put(names *t, str key, void *v);        /* false: was there already, nothing changed */

/* ---- types.c: canonical types ---- */
typedef struct types { arena *a; const type **slot; uint32_t n, cap; VEC(const type *) all; } types;
void types_init(types *t, arena *a);
const type *type_simple(types *t, type_kind k);
const type *type_opt(types *t, const type *x);      /* x?; (x?)? is x?; poison stays poison */
const type *type_list(types *t, const type *elem);
const type *type_map(types *t, const type *elem);
const type *type_record(types *t, const type_rec *r);
const type *type_ref(types *t, uint32_t source, const type_rec *r);
const type *type_union(types *t, const text *const *lits, uint32_t n);
const type *type_var(types *t, uint8_t name);
/* The type that holds the values of both, NULL when there is none: int and number -> number, union and text -> text. Optional when either is. */
const type *type_join(types *t, const type *x, const type *y);
bool type_fits(const type *from, const type *to);   /* without any conversion of values; ignores ? at the top */
bool type_is_ordered(const type *t);
bool union_has(const type *u, str s);
static inline bool type_is(const type *t, type_kind k) { return t->kind == k; }
static inline bool type_bad(const type *t) { return t->kind == TY_ERROR; }

/* ---- declarations ---- */
typedef struct module module;
typedef struct cfile cfile;
typedef struct decl decl;
typedef struct checker checker;

/* A typed expression: t is what the checker knows (narrowed); n->ty is what may happen when conjuncts are reordered. */
typedef struct ex { ir *n; const type *t; } ex;

typedef enum refine_kind { RF_RANGE, RF_CMP, RF_MATCH, RF_FORMAT, RF_ELEMS, RF_RECORD, RF_RESOLVES } refine_kind;

/* What a declared type says beyond its shape. */
typedef struct refine {
  uint8_t kind;          /* refine_kind */
  uint8_t op;            /* RF_CMP */
  bool length;           /* RF_RANGE, RF_CMP: of the number of characters or elements, not of the value */
  ir *lo, *hi;           /* constants */
  uint32_t index;        /* RF_MATCH: pattern; RF_FORMAT: format; RF_RESOLVES: source */
  str name;              /* RF_FORMAT: format; RF_MATCH: pattern as written; RF_RESOLVES: source */
  decl *record;          /* RF_RECORD */
  struct refine *sub;    /* RF_ELEMS: of list elements or map values */
  struct refine *next;
  span sp;
} refine;

typedef struct rtype { const type *t; refine *r; } rtype;

typedef enum decl_kind {
  DK_TYPE, DK_RECORD, DK_SOURCE, DK_PALETTE, DK_TERMS, DK_LET, DK_FN, DK_RULE, DK_AUDIENCE, DK_TABLE, DK_RULESET, DK_TEMPLATE,
  DK_EXPERIMENT, DK_CHOICE, DK_EXTERN, DK_IDLE
} decl_kind;
enum decl_state { DS_NEW, DS_BUSY, DS_DONE };

struct decl {
  uint8_t kind, state, mark;
  bool bad;              /* has an error of its own: uses stay silent */
  bool cyclic;           /* stands in a circle that has been reported */
  bool header;           /* rule, audience, fn: header resolved */
  str name, qname;
  ast *node;
  module *mod;
  cfile *file;
  uint32_t index;        /* record, source, fn (also a let that is none of a constant), audience */
  rtype ty;              /* TYPE; LET: its type */
  ex value;              /* LET, PALETTE, TERMS: constant, when n is set */
  prog_record *record;
  refine **refines;      /* RECORD: one a field */
  prog_source *source;
  prog_fn *fn;
  prog_rule *rule;
  prog_audience *audience;
  prog_extern *native;   /* EXTERN */
  prog_table *table;     /* TABLE: NULL while its header is not known */
  const str *params;     /* TABLE, EXTERN: names of its parameters */
  prog_template *template;
  prog_experiment *experiment;
  prog_choice *choice;
  struct rule_set *set;  /* RULESET: its rules, of all records and severities */
  struct decl *in_set;   /* RULESET: of which it is an entry, while both are under way */
  VEC(decl *) deps;      /* declarations with expressions that this one uses, in order of use */
  VEC(span) dep_spans;
  VEC(prog_rule *) own;  /* RECORD: its refinements' rules */
  names fields;          /* RECORD: name -> field index + 1 */
  decl *scans;           /* LET, FN: a source that it walks whole, itself or by the functions that it calls */
};

struct module {
  str name;              /* empty: files without a module line */
  names decls;
  VEC(decl *) list;
  bool used;
};

typedef struct import { str name; module *mod; decl *d; span sp; bool used; struct import *next; } import;

struct cfile {
  const srcfile *src;
  ast *tree;
  module *mod;
  names imports;         /* alias -> import */
  VEC(import *) list;
};

/* modules.c: a file that is compiled along, and its module; a name that a file sees without an import of its own. */
module *file_declared(checker *c, const srcfile *src);
void file_sees(checker *c, cfile *f, decl *d);
void builtin_sources(checker *c);  /* check_builtin.c */

/* ---- one unit: a rule, audience, function, let or refinement; its locals ---- */
typedef enum local_kind { LK_ROOT, LK_LET, LK_PARAM, LK_BINDER, LK_QUANT } local_kind;
typedef struct local {
  str name;
  span sp;
  const type *t;
  int32_t index;
  uint8_t kind;
  bool used;
  int32_t below;         /* entry that this one hides in its bucket */
  uint32_t hash;
} local;

enum { LOCAL_BUCKETS = 256 };

typedef struct unit {
  struct testing *test;  /* of a test: what only tests may say */
  decl *d;
  cfile *file;
  uint32_t nlocals;
  VEC(local) scope;
  int32_t bucket[LOCAL_BUCKETS]; /* index in scope + 1 */
  VEC(ir *) facts;       /* paths known to be present here */
  int32_t source;        /* of the rule or audience, -1 none: walking another source in it is a scan per row */
  bool quiet;            /* a let of whom nobody needs the warnings again */
  struct unit *outer;
} unit;

/* A source that is walked for each row of another, unless once_all moves the walk out (once). same: in a test that reads nothing of the row. */
typedef struct scan_note { span sp; const decl *walked, *rows; const ir_binder *b; bool once, same; } scan_note;
/* The name under which a QUANT's variable is visible in messages. */
typedef struct quant_name { const ir *n; str name; span sp; const type *t; } quant_name;

/* A library function's signature, read from its row when first asked for. */
typedef struct sig_param { str name; const type *t; } sig_param;
typedef struct sig {
  const builtin *b;
  uint32_t index, nparams;
  sig_param *params;
  const type *ret;
  struct sig *next;      /* same name, next row */
} sig;

typedef struct test_decl { cfile *file; ast *node; } test_decl;

/* What a test has given so far; `sample` takes keys from it. */
typedef struct testing {
  ir **rows;             /* by source: the first row given, NULL none */
  span *given;           /* by source: where; end 0: not given */
  span now;
  const refine *any;     /* of the type in `for any` */
} testing;

typedef struct waiver_decl { prog_waiver *w; const prog_rule *rule; } waiver_decl;

struct checker {
  arena *a;
  diags *d;
  sources *src;
  const compile_opts *o;
  const lib_ops *lib;
  types ty;
  ir_program *p;
  unit *u;
  uint32_t depth;        /* of recursion into expressions */
  uint32_t suggestions;  /* made so far: after many, no more */
  const struct lost *lost; /* what syntax errors took with them */
  names modules;         /* name -> module */
  names prefixes;        /* proper prefixes of module names */
  VEC(module *) module_list;
  VEC(cfile *) files;
  VEC(decl *) decls;     /* all with a name, in order of files and places */
  names builtins;        /* name -> sig (first row) */
  names librecs;         /* name -> type_rec */
  names atoms;           /* text -> text* */
  VEC(const text *) atom_list;
  VEC(ir *) chunks;      /* by atom */
  names patterns;
  VEC(pattern *) pattern_list;
  names entries;         /* map element type, printed address -> entry record */
  VEC(prog_fn *) lambdas; /* functions made for other declarations' expressions */
  VEC(prog_template *) templates;
  VEC(prog_experiment *) experiments;
  VEC(decl *) experiment_decls;
  VEC(prog_choice *) choices;
  VEC(prog_record *) records;
  VEC(decl *) record_decls;
  VEC(prog_source *) sources;
  VEC(decl *) source_decls;
  VEC(prog_fn *) fns;
  VEC(decl *) fn_decls;
  VEC(prog_rule *) rules;
  VEC(prog_audience *) audiences;
  VEC(decl *) audience_decls;
  VEC(prog_extern *) externs;
  VEC(prog_table *) tables;
  VEC(term_list *) term_lists;
  VEC(prog_passes *) rulesets;
  VEC(decl *) ruleset_decls;
  decl *ruleset;         /* under way; NULL: none */
  VEC(waiver_decl) waivers;
  VEC(prog_passes *) passes;
  VEC(prog_rule **) passes_rules; /* by passes list, before indexes are known */
  names passes_names;
  VEC(ir *) fn_nodes, audience_nodes; /* to renumber once the order is known */
  VEC(quant_name) quants;
  VEC(scan_note) scans;  /* for lints */
  const type *t_err, *t_bool, *t_int, *t_num, *t_text, *t_color, *t_date, *t_time, *t_dur, *t_months, *t_pattern, *t_palette, *t_terms, *t_never;
  VEC(test_decl) tests;  /* declarations as parsed */
  VEC(prog_test *) prog_tests;
  uint32_t nwraps;
  bool sealed;           /* the program is made: compile_expr runs */
};

/* ---- check_util: constructors and messages (check_ir.c) ---- */
ir *ir_new(checker *c, ir_kind k, const type *t, span sp);
ir *ir_un(checker *c, ir_kind k, const type *t, span sp, ir *a);
ir *ir_bin(checker *c, ir_kind k, const type *t, span sp, ir *a, ir *b);
ir *ir_retype(checker *c, ir *n, const type *t);     /* the same value under another type of the same representation */
ir *ir_int(checker *c, int64_t i, span sp);
ir *ir_text(checker *c, str s, span sp);
ir *ir_chunk(checker *c, str s);                     /* a piece of a message: one node for each text of the program */
ir *ir_const(checker *c, const type *t, val v, span sp);
ir *ir_local(checker *c, const local *l, span sp);
ir *ir_field(checker *c, ir *rec, uint32_t field, span sp);
ir *ir_nary(checker *c, ir_kind k, span sp, ir **v, uint32_t n); /* AND, OR of bools: flattens, one operand is itself */
ir *ir_not(checker *c, ir *n);
const text *check_atom(checker *c, str s);
const pattern *check_pattern(checker *c, str source, str flags);
static inline bool ir_is(const ir *n, ir_kind k) { return n && n->kind == k; }
ex ex_bad(checker *c, span sp);
static inline bool ex_isbad(ex e) { return e.t->kind == TY_ERROR; }
static inline ex ex_of(ir *n) { return (ex){ n, n->ty }; }
/* The type of a strict node's result: t, optional when an operand is. */
const type *lift1(checker *c, const type *t, const type *a);
const type *lift2(checker *c, const type *t, const type *a, const type *b);
str type_str(checker *c, const type *t);
str slice_of(checker *c, span sp);                   /* source text, white space folded */
str subject_of(checker *c, const ir *n);             /* how a user would name it: cause, or the source without the root's own name */
bool check_enter(checker *c, span sp);               /* false, reported: nested too deep */
void check_leave(checker *c);
/* Adds "did you mean" with an edit when one of the names is near. */
typedef VEC(str) strs;
/* Gives what is most likely meant, with which checking goes on so that the mistakes behind this one are told in the same run; empty: nothing is near enough. */
str check_suggest(checker *c, diag *g, span sp, str wrong, const strs *near);
/* "`a`, `b` and `c`", each between two of quote. */
str check_listed(checker *c, const strs *words, char quote);
/* "unknown option": with the nearest of the words that may stand there, or all of them. what: "a choice". The caller may add a note. */
diag *check_unknown_option(checker *c, const ast *option, const char *what, const strs *words);
bool same_path(const ir *x, const ir *y);
bool is_path(const ir *n);                           /* fields from a local */
bool ir_reads_local(const ir *n, int32_t local);
/* Calls fn for every child, messages' parts and binders included. */
void ir_children(const ir *n, void (*fn)(void *ud, const ir *child), void *ud);

/* ---- scopes (check_scope.c) ---- */
void unit_open(checker *c, unit *u, decl *d, cfile *f);
void unit_close(checker *c, unit *u);
local *scope_push(checker *c, str name, span sp, const type *t, local_kind k); /* reports a name in use */
local *scope_bind(checker *c, str name, span sp, const type *t, int32_t index, local_kind k);
local *scope_find(checker *c, str name);
uint32_t scope_mark(const checker *c);
void scope_pop(checker *c, uint32_t mark);           /* lints of unused lets too */
void facts_when(checker *c, const ir *n, bool is);   /* what is known to be present when n is true (or false) */
bool fact_holds(const checker *c, const ir *path);
void dep_add(checker *c, decl *d, span sp);
decl *find_decl(checker *c, str name);               /* in this module and among the file's imports */
module *find_module(checker *c, str path);           /* by full name or by the last part of an import */
/* A dotted path of declarations: name, alias.name, full.module.name. NULL when there is none (nothing reported). */
decl *find_path(checker *c, str path);
decl *need_path(checker *c, const ast *path, const char *what, unsigned kinds, diag_code code); /* reports */
const char *decl_what(const decl *d);                /* "a rule" */
void near_decls(checker *c, strs *out, unsigned kinds);
void builtin_near(checker *c, strs *out);             /* check_builtin.c */
void near_locals(checker *c, strs *out);

/* ---- sig.c ---- */
void sigs_init(checker *c);
sig *sig_find(checker *c, str name);
const type_rec *librec_find(checker *c, str name);
const type *entry_type(checker *c, const type *map);

/* ---- check_type.c ---- */
enum { RT_BOUNDS = 1 };                              /* bounds may be written here */
rtype check_type(checker *c, const ast *n, int allow);
void type_decl(checker *c, decl *d);
ex check_constant(checker *c, const ast *n);         /* const of the grammar: CONST, or bad (reported) */

/* ---- check_decl.c ---- */
void declare_all(checker *c);
void record_decl(checker *c, decl *d);
void let_decl(checker *c, decl *d);
void fn_header(checker *c, decl *d);
void fn_body(checker *c, decl *d);
bool name_is_predefined(str name);
/* UINT32_MAX: reported; *meant (NULL: nobody asks) is then the field that is most likely meant, or UINT32_MAX. */
uint32_t check_field(checker *c, const type_rec *r, str name, span sp, const char *of, uint32_t *meant);
typedef struct rule_options {
  severity sev;
  str owner, because, link;
  bool any;
  const ast *digest;
  const ast *zone;             /* and whether since, until are dates, which begin and end in it */
  bool since_date, until_date;
} rule_options;
enum opt_place { OPT_RULE = 1, OPT_RECORD = 2, OPT_OTHER = 4, OPT_WAIVER = 8 };
/* Reads one option into r or o; place says what kind of block this is. seen: bit set of options so far. */
void check_option(checker *c, const ast *n, enum opt_place place, rule_options *o, prog_rule *r, uint32_t *seen);

/* ---- check_expr.c, check_op.c, check_test.c, check_binder.c, check_call.c ---- */
ex check_expr(checker *c, const ast *n);
ex check_test(checker *c, const ast *n);             /* bool or bool? */
ex check_member(checker *c, ex o, str name, span name_sp, span sp);
ex check_value_of(checker *c, decl *d, span sp);     /* a declaration's name as a value */
ex check_deref(checker *c, ex e);                    /* refs become records */
ex check_coerce(checker *c, ex e, const type *want, bool *ok); /* *ok false: does not fit, e unchanged; ? is not looked at */
ex check_want(checker *c, ex e, const type *want, const char *what_fmt, ...) __attribute__((format(printf, 4, 5))); /* reports; ? demanded too */
void report_vanishing(checker *c, ex e, span sp, diag_code code, const char *msg);
ex check_arith(checker *c, const ast *n);
ex check_neg(checker *c, const ast *n);
ex check_cmp(checker *c, const ast *n);
ex check_in(checker *c, const ast *n);
ex check_contains(checker *c, const ast *n);
ex check_matches(checker *c, const ast *n);
ex check_coalesce(checker *c, const ast *n);
ex check_index(checker *c, const ast *n);
ex check_list(checker *c, const ast *n);
ex check_interp(checker *c, const ast *n);
ex check_and_or(checker *c, const ast *n);
ex check_implies(checker *c, const ast *n);
ex check_if(checker *c, const ast *n);
ex check_presence(checker *c, const ast *n);
ex check_passes(checker *c, const ast *n);
ex check_quant(checker *c, const ast *n);
ex check_comprehension(checker *c, const ast *n);
ex check_aggregate(checker *c, const ast *call, const ast *compr, const sig *s);
ex check_agg_source(checker *c, const ast *call, decl *source, const sig *s);
ex check_call(checker *c, const ast *n);
decl *binder_source(checker *c, const ast *b);       /* the source after `in` of a rule, slot or choice; NULL: reported */
decl *binder_origin(checker *c, const ast *b, const char *what, unsigned kinds); /* the same of other kinds (1u << DK_...), in words: what */
/* The filter of a walk over a source that the runtime makes: where may be NULL, or U for some rows. Rows whose eq_field equals eq_key are all that can be T. */
typedef struct source_filter { ir *where; int32_t eq_field; ir *eq_key; } source_filter;
bool check_source_filter(checker *c, uint32_t source, int32_t local, const type *elem, const ast *where, source_filter *out); /* false: reported */
decl *source_named(checker *c, const ast *n);        /* when the expression names a source, else NULL */
str dotted_name(checker *c, const ast *n);           /* x.y.z of names only; empty when it is something else */
ex fold(checker *c, ex e);                           /* fold.c: constants computed now */
uint32_t make_passes(checker *c, str name, prog_rule **rules, uint32_t n);

/* ---- check_ruleset.c ---- */
/* Rules that a name or a set stands for; d is NULL for a refinement's. */
typedef struct set_entry { prog_rule *rule; decl *d; } set_entry;
typedef struct rule_set { names seen; VEC(set_entry) v; VEC(prog_rule *) bad; /* named too, but wrong: not in it */ } rule_set;
rule_set *rule_set_new(checker *c);
/* Adds what path names where the checker stands: a rule, a record (its refinements), one refinement (Record.field), a rule set, a module. False: reported. */
bool rule_set_collect(checker *c, const ast *path, rule_set *s);
void ruleset_decl(checker *c, decl *d);
void ruleset_number(checker *c, const names *at);    /* once rules have their indexes: at says them by printed address, + 1 */

/* ---- check_testdecl.c, check_sample.c: tests ---- */
void tests_check(checker *c);                        /* all of them, after every other declaration */
ex check_verdict(checker *c, const ast *n);          /* verdict(record, rule), verdict(rule) */
/* sample(T): a valid value of minimal parts; changed: the call of `with` around it, NULL none. Reports what it cannot make. */
ex check_sample(checker *c, const ast *n, const ast *changed);
ir *sample_of(checker *c, const type *t, const refine *r, str what, span sp); /* NULL: reported */

/* ---- check_terms.c, terms_csv.c ---- */
void terms_decl(checker *c, decl *d);
typedef struct term_row { term_entry e; span sp; } term_row;
typedef VEC(term_row) term_rows;
/* The rows of a list's file; what is wrong with it is reported. True: all rows are fine. */
bool terms_csv(checker *c, const srcfile *f, term_rows *out);

/* ---- check_fix.c ---- */
bool rule_fix(checker *c, const ast *n, const prog_rule *r, prog_fix *out);   /* false: reported */
void rule_fix_twice(checker *c, const prog_fix *fixes, uint32_t n, const prog_fix *x); /* reports a second one of a field */

/* ---- check_waive.c ---- */
void waivers_check(checker *c);                      /* after everything that they may name */
void waivers_number(checker *c, ir_program *p);      /* once rules have their order */

/* ---- check_table.c ---- */
void table_decl(checker *c, decl *d);                /* once; what it needs of other declarations is checked on the way */

/* ---- check_lambda.c ---- */
/* A function of the unit's first n locals, of these types, which computes body; `what` ends its name. Gives its number among these functions. */
uint32_t lambda_add(checker *c, const decl *d, str what, const type *const *params, uint32_t n, ir *body);
uint32_t lambdas_number(checker *c);                 /* puts them behind the program's functions: what to add to their numbers */

/* ---- check_experiment.c ---- */
void experiment_header(checker *c, decl *d);
void experiment_body(checker *c, decl *d);
void experiments_overlap(checker *c);
void experiments_number(checker *c, uint32_t base);
ex check_path_value(checker *c, const ast *v);       /* a constant path of an option, as the expression that it reads like */
ir *check_key_text(checker *c, ir *subject, span sp); /* the key of a record as reports show it; NULL: it has none */

/* ---- check_choose.c ---- */
void choice_header(checker *c, decl *d);
void choice_body(checker *c, decl *d);
void choices_number(checker *c, uint32_t base);

/* check_combo.c: what a combination of a template is to a choice; NULL: reported at sp, or before */
const prog_record *combo_record(checker *c, decl *template, span sp);

/* ---- check_template.c ---- */
void template_header(checker *c, decl *d);
void template_body(checker *c, decl *d);
void templates_number(checker *c, uint32_t base);

/* ---- check_extern.c ---- */
void extern_decl(checker *c, decl *d);

/* ---- check_rule.c, check_refine.c, check_message.c ---- */
void rule_header(checker *c, decl *d);
void rule_body(checker *c, decl *d);
void audience_header(checker *c, decl *d);
void audience_body(checker *c, decl *d);
void refine_rules(checker *c, decl *record);
ir *message_of(checker *c, const ir *test, bool negated, str clause_text);
ir *message_of_clause(checker *c, const prog_clause *k, const ir *test, bool negated);
ir *message_unit(checker *c, ir *count, const char *one, const char *many, span sp);
ir *message_settled(checker *c, ir *m);
typedef struct part { ir *n; str s; } part;          /* of a message: a value, or a piece of text when n is NULL */
ir *message_join(checker *c, span sp, const part *parts, uint32_t n);
prog_rule *rule_new(checker *c, decl *d);
bool rule_clause(checker *c, const ast *n, prog_clause *k, bool has_record); /* false: reported */
void rule_let(checker *c, const ast *n, ir_let *l);
void refine_field(checker *c, decl *record, uint32_t field, const rule_options *o); /* its rule joins record->own, if it has one */

/* ---- lost.c ---- */
typedef struct lost lost;
lost *lost_find(checker *c);                         /* once the given files are parsed: what their syntax errors took with them */
bool lost_explains(const lost *l, const diag *g);    /* is g only a consequence of that? */

/* ---- graph.c, cost.c, lint.c ---- */
typedef VEC(decl *) decl_list;
bool graph_check(checker *c, decl_list *order);      /* reports cycles; order: each after what it uses */
void once_all(checker *c);                               /* values that no row changes become functions without parameters (once.c) */
void graph_renumber(checker *c, const decl_list *order); /* functions and audiences get their places in that order */
void reads_all(checker *c, const decl_list *order);  /* reads.c */
void cost_all(checker *c, const decl_list *order);
void lint_rule(checker *c, const prog_rule *r);
void lint_imports(checker *c);
void lint_scans(checker *c, const decl_list *order);  /* after once_all */
/* check_binder.c. walked: the source that is read again for each row of rows; by: where, as the end of the sentence */
void warn_of_scan(checker *c, span sp, const decl *walked, const decl *rows, str by, bool same); /* same: for every row */
void lint_and_or(checker *c, const ir *n);

#endif
