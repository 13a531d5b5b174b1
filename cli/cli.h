/* What the commands share: memory, output, exit codes, loading rules, and the ways to show diagnostics and findings. */
#ifndef CLI_CLI_H
#define CLI_CLI_H
#include "cli/json.h"
#include "cli/opt.h"
#include "runtime/match.h"
#include "runtime/testrun.h"
#include "runtime/validate.h"
#include "runtime/waived.h"

enum { X_GOOD = 0, X_FINDINGS = 1, X_RULES = 2, X_ENV = 3, X_USAGE = 4 };
enum format { F_TEXT, F_JSON, F_SARIF, F_JUNIT, F_GITHUB };

typedef struct cli {
  arena a;
  jmp_buf oom;
  struct lib_state *ls;    /* for the width of characters; opened when first needed */
  out *out, *err;          /* out: standard output or --output */
  rt_program *p;           /* closed by main */
  rt_report *r;
  rt_baseline *baseline;   /* of --baseline; closed by main */
  rt_fixes *fixes;         /* of --fix; closed by main */
  rt_test_report *t;
  VEC(str) told;           /* what cli_issue has said is wrong */
  bool quiet;
  int64_t now;
} cli;

extern const command *const commands[];      /* cli/main.c; ends with NULL */
extern const command cmd_check, cmd_validate, cmd_match, cmd_fmt, cmd_explain, cmd_waive,
    cmd_build, cmd_disasm, cmd_completions, cmd_help, cmd_test, cmd_evaluate, cmd_report, cmd_assemble, cmd_decide, cmd_outcome, cmd_replay, cmd_state;

#define OPT_COLOR                                                                                                                \
  { "color", 0, "WHEN", "auto|always|never", "Use colors: auto (on a terminal, unless NO_COLOR is set), always, never." }
#define OPT_NOW { "now", 0, "TIME", NULL, "The run's clock, such as 2026-11-22T09:00:00Z or 2026-11-22; default: the present." }
#define OPT_DB { "db", 0, "FILE", NULL, "SQLite database that holds the tables that the sources name." }
#define OPT_SOURCE                                                                                                               \
  {                                                                                                                              \
    "source", 's', "NAME=FILE", NULL,                                                                                            \
        "Read the source NAME from a JSON, NDJSON, CSV or TSV file (FILE#/pointer: from that place in a JSON file; -: standard " \
        "input). May be repeated."                                                                                               \
  }
#define OPT_STATE                                                                                                                \
  { "state", 0, "FILE", NULL, "State file that holds the rows of the sources decisions, outcomes, evidence and exposures." }
#define OPT_NATIVE                                                                                                               \
  { "allow-native", 0, "LIB", NULL, "Let the rules call this native library, by file or by name. It runs with all of your rights. May be repeated." },  \
  { "native-path", 0, "FOLDER", NULL, "Where native libraries that are allowed by name are looked for. May be repeated." }
#define OPT_END { NULL, 0, NULL, NULL, NULL }

/* ---- wrong usage, files ---- */
int cli_usage(cli *c, const command *cmd, const char *fmt, ...) __attribute__((format(printf, 3, 4)));   /* prints, gives X_USAGE */
int cli_env(cli *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));                         /* prints, gives X_ENV */
bool cli_color(const args *a, int fd);
/* --now, --color and the like. false: said what is wrong. */
bool cli_clock(cli *c, const args *a);
bool cli_bindings(cli *c, const args *a, uint32_t *n, const src_binding **out);
enum format cli_format(const args *a);
/* Of the arguments some are rules, the others names: what looks like a path, or is a file while no --rules says where the rules are. */
bool cli_is_path(const char *word, bool rules_given);
/* Is no file that the options name for writing among those that the run reads, and none of an option that takes one given twice? false: said which is. */
bool cli_spares_inputs(cli *c, const args *a);
/* The parts of a key as reports show it, `P-0012, 4` or `"a,b", 4`; in c->a. */
void cli_key(cli *c, const type_rec *shape, const char *key, str **parts, uint32_t *n);
/* What is wrong with the data, on standard error: each thing (nth: from 0; beyond a hundred nothing more is shown), then how many were not shown, and how many
   are errors, so that lists are not whole. */
void cli_issue(cli *c, const src_issue *i, int64_t nth);
void cli_issues_end(cli *c, int64_t told, int64_t lost);
/* Why a run could not go on, unless cli_issue has told it: X_ENV. */
int cli_failed(cli *c, str failure);
/* Do all bindings name sources of c->p? false: said which does not. */
bool cli_known_sources(cli *c, uint32_t n, const src_binding *bindings);
/* Points c->out to --output (default: standard output). false: it cannot be created, said so. */
bool cli_output(cli *c, const args *a);
/* Closes c->out and says what failed: code, or X_ENV. */
int cli_finish(cli *c, int code);
/* Drops what was written to --output: nothing, rather than a part, is left. */
void cli_discard(cli *c);
const char *cli_reason(int error);           /* an errno in plain words */

/* Loads and compiles the files; c->p is set unless memory ran out. RT_OK ... of program.h. Says nothing. */
int cli_load(cli *c, const char **files, uint32_t n, bool lints);
/* After cli_load: opens the native libraries that the rules name and --allow-native allows. RT_OK; RT_ENV: diagnostics say why. */
int cli_native(cli *c, const args *a);
int cli_native_of(cli *c, const args *a, rt_program *p);
/* cli_load and cli_native for a command that only goes on with sound rules: X_GOOD, or said what is wrong and the exit code. */
int cli_ready(cli *c, const args *a, const char **files, uint32_t n);
/* cli_ready for a command line of rules and one name of a thing (a `what`: "choice", "template") in any order. */
int cli_named(cli *c, const args *a, const char *what, const char **name);
/* The rule, audience, template or choice (what) that is meant: its index in c->p, or -1, said that there is none or that several match. */
int64_t cli_find(cli *c, enum rt_names what, const char *name);
/* An engine of p with, where --db or --source give some (data), what its look-ups read. Close it also when it could not be opened. */
typedef struct cli_engine { rt_engine e; src_data *d; bool data; } cli_engine;
int cli_engine_open(cli_engine *x, cli *c, const args *a, const rt_program *p, uint32_t nbindings, const src_binding *bindings,
                    void (*issue)(void *ud, const src_issue *), void *ud, str *failure); /* RT_*; x must not move while it is open */
void cli_engine_close(cli_engine *x);
int cli_exit_of(int status);                 /* RT_* -> exit code of a run that did not get to its end */

/* ---- showing diagnostics (show_diag.c, snippet.c) ---- */
struct lib_ctx;
void snippet(cli *c, out *o, const srcfile *f, span sp, enum style mark, const char *label);
void show_diag(cli *c, out *o, const sources *src, const diag *g);
void show_diags(cli *c, out *o, const rt_program *p, bool warnings);     /* with a closing line of counts */
const char *plural(int64_t n, const char *one, const char *many);
str grouped(arena *a, int64_t n);            /* 1,234,567 */
int64_t text_width(cli *c, str s);

/* ---- progress (progress.c) ---- */
typedef struct progress { cli *c; double started, told; bool wanted, shown; } progress;
progress progress_start(cli *c);
bool progress_tick(void *ud, str source, int64_t rows, int64_t estimate);  /* ud: the progress */
void progress_clear(const progress *t);
double progress_seconds(const progress *t);

/* ---- reports: one file a format ---- */
typedef struct show {
  cli *c;
  out *o;
  const rt_program *p;     /* may have errors: then r is NULL */
  const rt_report *r;      /* NULL: a check */
  int status;              /* RT_* of the run */
  severity fail_on;
  unsigned allow;
  bool by_record;
  bool sampled;            /* not all records were looked at */
  uint32_t per_rule;       /* text: findings shown of each rule */
  const char *command;     /* "check" or "validate" */
  bool costs;
  double seconds;          /* how long the run took; text only */
} show;
void report_text(const show *s);
void report_data(const show *s);                                  /* as text: only what is wrong with the data itself */
void report_json(const show *s);
void report_sarif(const show *s);
void report_junit(const show *s);
void report_github(const show *s);
void report_any(const show *s, enum format f);
void json_place(json *j, const sources *src, span sp);            /* members file, line, column ...; none for nowhere */
void json_diags(json *j, const show *s);                          /* member diagnostics */
void out_xml(out *o, str s);                                      /* as text or attribute of XML */
/* Each finding in order (data first, then rule by rule). */
void each_finding(const rt_report *r, void (*f)(void *ud, const finding *x), void *ud);
int64_t listed_findings(const rt_report *r);
void each_waived(const rt_report *r, void (*f)(void *ud, const finding *x), void *ud); /* as far as they are kept */
bool finding_of_waiver(const finding *x);                         /* about a waiver, whose place is x->decl */
str waiver_text(arena *a, const prog_waiver *w);                  /* "waived until 2026-12-31: archive (brand-lead)" */
str finding_message(arena *a, const show *s, const finding *x);   /* one text for formats that have room for one */
str finding_file(const show *s, const finding *x);                /* data file, or empty for rows of a database */
str finding_rule(const show *s, const finding *x);                /* rule name, or the code of a data finding */
const char *severity_name(severity s);
void cli_quoted(buf *b, str s);                                    /* as a text literal of the language */
str place_text(arena *a, const sources *src, span sp);            /* "rules/brand.blz:12", empty for nowhere */

/* ---- watching rule files (watch.c) ---- */
void watch_begin(void);                                           /* SIGINT and SIGTERM end watch_wait from now on */
uint64_t watch_state(cli *c, const args *a);                      /* of the files and folders that are given */
bool watch_wait(cli *c, const args *a, uint64_t state);           /* until it is another; false: a signal came */

/* ---- reports of tests (report_test.c) ---- */
enum test_format { TF_TEXT, TF_JUNIT, TF_TAP, TF_JSON };
typedef struct test_show {
  cli *c;
  out *o;
  const rt_program *p;
  const rt_test_report *r; /* NULL: the rules do not compile */
  int code;
  bool verbose;
  bool coverage, mutate;   /* asked for */
  double min_coverage;     /* percent; below 0: not asked for */
} test_show;
double cover_percent(const rt_coverage *x);                       /* report_cover.c */
str cover_percent_text(arena *a, const rt_coverage *x);
void cover_text(const test_show *s);
void cover_json(json *j, const test_show *s);
void mutants_text(const test_show *s);
void mutants_json(json *j, const test_show *s);
void report_tests(const test_show *s, enum test_format f);

/* ---- baselines (baseline.c) ---- */
int baseline_open(cli *c, const args *a, rt_validate_opts *o); /* --baseline into o; not X_GOOD: said what is wrong */
int baseline_write(cli *c, const args *a);                     /* --update-baseline, after a whole run */
void baseline_remark(const show *s);                           /* as text: what is known, what got better */
void baseline_json(json *j, const show *s);

/* ---- fixes (fix.c) ---- */
int fix_open(cli *c, const args *a, rt_validate_opts *o);      /* --fix, --write into o; not X_GOOD: said what is wrong */
int fix_write(cli *c, const args *a);                          /* the patch of --write, after a whole run */
void fixes_text(const show *s);
void fixes_remark(const show *s);
void fixes_json(json *j, const show *s);
void fixes_of_finding(json *j, const show *s, const finding *x);

/* ---- one record by its key (one_record.c) ---- */
typedef struct one_record {
  cli *c;
  rt_program *p;
  rt_engine e;
  src_data *data;
  str failure;
  int64_t issues;
} one_record;
/* Opens the data for look-ups of one rule's records. RT_*; with RT_ENV the text is in x->failure. */
int one_record_open(one_record *x, const char *db, uint32_t nbindings, const src_binding *bindings, const prog_rule *pr);
/* From whichever source of the rule has it (a refinement's record may be in several). RT_NONE: there is none. */
int one_record_find(one_record *x, const prog_rule *pr, const char *key, rec **out);
/* Says that there is none, and how its key is written: X_USAGE. */
int one_record_none(one_record *x, const prog_rule *pr, const char *key);
void one_record_close(one_record *x);        /* also of one that could not be opened */

/* ---- explaining one verdict (explain_tree.c) ---- */
int explain_record(cli *c, const args *a, const char *rule, const char *key, uint32_t nbindings, const src_binding *bindings);

#endif
