/* blazon validate: every rule over every row, as a report for people or machines. */
#include "cli/cli.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_PER_RULE = 5, MACHINE_PER_RULE = 1000, MACHINE_TOTAL = 20000 };

static const opt opts[] = {
  OPT_DB,
  OPT_SOURCE,
  OPT_STATE,
  { "format", 'f', "FORMAT", "text|json|sarif|junit|github", "How to print the findings; default: text." },
  { "output", 'o', "FILE", NULL, "Write to a file instead of standard output; the file appears whole or not at all." },
  { "by", 0, "WHAT", "rule|record", "Group the findings of the text format by rule (default) or by record." },
  { "only", 0, "RULE", NULL,
    "Run only this rule, rule set, module or record's fields (on_palette, publishable, acme.brand, Asset, or a pattern such as "
    "'*.legal.*'). May be repeated." },
  { "fail-on", 0, "SEVERITY", "error|warning|info",
    "Exit with 1 when there are findings at or above this severity; default: error." },
  { "allow", 0, "VERDICT", "unknown|error", "Do not count unknown (or error) verdicts for the exit code. May be repeated." },
  { "max-findings", 0, "N", NULL,
    "List at most N findings in all, the first by rule and key; the counts stay exact. Default: 5 of each rule as text, else "
    "1,000." },
  { "sample", 0, "N|P%", NULL,
    "Check only N rows of each source, or P% of them, chosen by a hash of the key: the same ones every time." },
  { "baseline", 0, "FILE", NULL, "Tell only what this file does not know; it holds one line a finding." },
  { "update-baseline", 0, NULL, NULL, "Write what is found to the file of --baseline, and end with 0." },
  { "fix", 0, NULL, NULL, "Show what the rules propose for records that fail them, rechecked; nothing is changed." },
  { "write", 0, "FILE", NULL, "With --fix: write a patch, SQL (FILE.sql) for tables or JSON Patch (FILE.json) for a file." },
  { "explain", 0, "RULE KEY", NULL, "Instead of a report, show the whole derivation of one rule's verdict on one record; KEY is `#3` for the third record of data without keys, `-` for a rule without records." },
  { "jobs", 'j', "N", NULL, "Threads for large tables; default: one a processor. The result does not depend on it." },
  OPT_NOW,
  { "quiet", 'q', NULL, NULL, "Only the summary (text); no progress." },
  OPT_COLOR,
  OPT_NATIVE,
  OPT_END,
};

static bool number(const char *text, int64_t min, int64_t max, int64_t *out) {
  char *end;
  errno = 0;
  *out = strtoll(text, &end, 10);
  return end != text && !*end && !errno && *out >= min && *out <= max;
}

static bool read_sample(cli *c, const args *a, rt_validate_opts *o) {
  const char *text = args_value(a, "sample");
  if (!text) return true;
  size_t n = strlen(text);
  if (n > 1 && text[n - 1] == '%') {
    char *end;
    o->share = strtod(text, &end) / 100;
    if (end == text + n - 1 && isfinite(o->share) && o->share > 0 && o->share <= 1) return true;
  } else if (number(text, 1, 100000000, &o->sample)) return true;
  cli_usage(c, a->cmd, "`%s` is not a sample; write a number of rows such as 1000, or a share such as 5%%", text);
  return false;
}

static bool read_only(cli *c, const args *a, rt_validate_opts *o) {
  VEC(str) only = { 0 };
  uint32_t at = 0;
  for (const given *g; (g = args_next(a, "only", &at));) *VEC_PUSH(&c->a, &only) = str_z(g->value);
  o->only = only.v, o->nonly = only.n;
  return true;
}

/* After the rules are known: does each --only mean some rule? */
static bool check_only(cli *c, const rt_validate_opts *o) {
  const ir_program *ir = c->p->ir;
  for (uint32_t k = 0; k < o->nonly; k++) {
    bool any = false;
    for (uint32_t i = 0; i < ir->nrules && !any; i++) any = rt_rule_matches(ir, o->only[k], i);
    if (any) continue;
    const str *near = rt_suggest_name(&c->a, ir, RT_NAME_RULE, o->only[k]);
    if (near) cli_usage(c, NULL, "no rule is named `%.*s`; did you mean `%.*s`?", STR_ARG(o->only[k]), STR_ARG(*near));
    else cli_usage(c, NULL, "no rule is named `%.*s`; `blazon check --list` lists them", STR_ARG(o->only[k]));
    return false;
  }
  return true;
}

static bool read_limits(cli *c, const args *a, rt_validate_opts *o, enum format f) {
  const char *max = args_value(a, "max-findings"), *jobs = args_value(a, "jobs");
  int64_t n = 0;
  long cpus = sysconf(_SC_NPROCESSORS_ONLN);
  o->per_rule = f == F_TEXT ? TEXT_PER_RULE : MACHINE_PER_RULE, o->total = MACHINE_TOTAL;
  if (max && strcmp(max, "all") == 0) o->per_rule = o->total = RT_ALL;
  else if (max && number(max, 0, RT_ALL - 1, &n)) o->per_rule = o->total = (uint32_t)n;
  else if (max) { cli_usage(c, a->cmd, "`%s` is not a number of findings", max); return false; }
  o->jobs = cpus > 1 ? (uint32_t)cpus : 1;
  if (jobs && !number(jobs, 1, 64, &n)) {
    cli_usage(c, a->cmd, "`%s` is not a number of threads from 1 to 64", jobs);
    return false;
  }
  if (jobs) o->jobs = (uint32_t)n;
  return true;
}

static severity fail_severity(const args *a) {
  const char *text = args_value(a, "fail-on");
  if (text && strcmp(text, "warning") == 0) return SEV_WARNING;
  return text && strcmp(text, "info") == 0 ? SEV_INFO : SEV_ERROR;
}

static unsigned allowed(const args *a) {
  unsigned allow = 0;
  uint32_t at = 0;
  for (const given *g; (g = args_next(a, "allow", &at));)
    allow |= strcmp(g->value, "unknown") == 0 ? RT_ALLOW_UNKNOWN : RT_ALLOW_ERROR;
  return allow;
}

static int run_report(cli *c, const args *a, rt_validate_opts *o, enum format f) {
  int status = cli_load(c, a->files, a->nfiles, false);
  if (status == RT_OK) status = cli_native(c, a);
  if (status == RT_OOM) return cli_env(c, "out of memory");
  show s = { .c = c,
             .o = c->out,
             .p = c->p,
             .status = status,
             .fail_on = fail_severity(a),
             .allow = allowed(a),
             .per_rule = o->per_rule,
             .command = "validate" };
  const char *by = args_value(a, "by");
  s.by_record = by && strcmp(by, "record") == 0;
  if (status == RT_OK && (!check_only(c, o) || !cli_known_sources(c, o->nbindings, o->bindings))) return X_USAGE;
  if (!cli_output(c, a)) return X_ENV;
  if (status != RT_OK) {
    if (f == F_TEXT) show_diags(c, c->err, c->p, false);
    else report_any(&s, f);
    return cli_finish(c, cli_exit_of(status));
  }
  if (f == F_TEXT) show_diags(c, c->err, c->p, true);
  progress t = progress_start(c);
  o->progress = progress_tick, o->ud = &t;
  status = rt_validate(c->p, o, &c->r);
  progress_clear(&t);
  if (status == RT_OOM) return cli_env(c, "out of memory");
  s.sampled = args_has(a, "sample"), s.r = c->r, s.status = status, s.seconds = progress_seconds(&t);
  report_any(&s, f);
  bool update = args_has(a, "update-baseline");
  int code = status != RT_OK ? cli_exit_of(status) : rt_report_breaks(c->r, s.fail_on, s.allow) && !update ? X_FINDINGS : X_GOOD;
  if (status != RT_OK && f == F_TEXT) cli_discard(c); /* the other formats say themselves that the run did not end */
  code = cli_finish(c, code);
  if (update && code == X_GOOD) code = baseline_write(c, a);
  if (o->fixes && code <= X_FINDINGS && fix_write(c, a) != X_GOOD) code = X_ENV;
  if (status != RT_OK) cli_env(c, "%.*s", STR_ARG(c->r->failure));
  return code;
}

static int run(cli *c, const args *a) {
  rt_validate_opts o = { .m = &mem_libc };
  enum format f = cli_format(a);
  if (!cli_clock(c, a) || !cli_bindings(c, a, &o.nbindings, &o.bindings) || !read_sample(c, a, &o) || !read_only(c, a, &o) ||
      !read_limits(c, a, &o, f))
    return X_USAGE;
  o.now = c->now;
  o.db = str_z(args_value(a, "db"));
  int bad = baseline_open(c, a, &o);
  if (bad == X_GOOD) bad = fix_open(c, a, &o);
  if (bad != X_GOOD) return bad;
  uint32_t at = 0;
  const given *explain = args_next(a, "explain", &at);
  if (explain) return explain_record(c, a, explain->value, explain->value2, o.nbindings, o.bindings);
  return run_report(c, a, &o, f);
}

const command cmd_validate = {
  "validate",
  "[OPTION]... RULES... [--db FILE] [--source NAME=FILE]...",
  "Run rules over data and report what breaks them.",
  "RULES are rule files, folders (all .blz files below them) or one bundle. The data is a SQLite database (--db) for sources "
  "that name a table, and files (--source) "
  "for the others. Nothing is ever written to it. A verdict is pass, fail, unknown (something is missing) or error (something "
  "cannot be read); only pass is a pass.",
  opts,
  1,
  UINT32_MAX,
  "a rule file or folder",
  run,
  "  blazon validate rules/ --db library.db\n  blazon validate icons.blz --source icons=simple-icons.json#/icons\n"
  "  blazon validate rules/ --db library.db --only acme.legal --format sarif -o findings.sarif\n"
  "  blazon validate rules/ --db library.db --explain on_palette A-1007\n",
};
