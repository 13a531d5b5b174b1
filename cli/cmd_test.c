/* blazon test: the tests that stand beside the rules. */
#include "cli/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const opt opts[] = {
  { "filter", 0, "TEXT", NULL, "Run only tests whose name or module contains this text, in any case. May be repeated." },
  { "format", 'f', "FORMAT", "text|junit|tap|json", "How to print the results; default: text." },
  { "output", 'o', "FILE", NULL, "Write to a file instead of standard output; the file appears whole or not at all." },
  { "coverage", 0, NULL, NULL, "Also say which conditions the tests have seen true and false, which rows of tables they have chosen, and what they have not reached." },
  { "min-coverage", 0, "N%", NULL, "Exit with 1 when the coverage is less than N%; implies --coverage." },
  { "mutate", 0, NULL, NULL,
    "Also change the rules in one place at a time (a condition turned round, a boundary moved, and for or) and list the changes that no test notices." },
  { "mutate-seconds", 0, "N", NULL, "Stop trying changes after N seconds; default: 60." },
  { "runs", 0, "N", NULL, "Records that the search of a test `for any` tries; default: 2,000." },
  { "seed", 0, "N", NULL, "Begin these searches elsewhere; default: 1. The same seed finds the same." },
  { "watch", 0, NULL, NULL, "Run again whenever a rule file changes, until Ctrl-C." },
  { "now", 0, "TIME", NULL, "The clock of tests that do not give one; default: 2026-01-01, so that every run is the same." },
  { "verbose", 'v', NULL, NULL, "List everything: tests that pass, all that do not, all that is not covered (text)." },
  { "quiet", 'q', NULL, NULL, "Say nothing when all is well (text)." },
  OPT_COLOR,
  OPT_NATIVE,
  OPT_END,
};

static enum test_format format_of(const args *a) {
  static const char *const names[] = { "text", "junit", "tap", "json" };
  const char *value = args_value(a, "format");
  for (int i = 0; value && i < 4; i++)
    if (strcmp(names[i], value) == 0) return (enum test_format)i;
  return TF_TEXT;
}

static void read_filters(cli *c, const args *a, rt_test_opts *o) {
  VEC(str) all = { 0 };
  uint32_t at = 0;
  for (const given *g; (g = args_next(a, "filter", &at));) *VEC_PUSH(&c->a, &all) = str_z(g->value);
  o->filters = all.v, o->nfilters = all.n;
}

/* -1: not asked for. false: not understood, said so. */
static bool read_minimum(cli *c, const args *a, double *out) {
  const char *text = args_value(a, "min-coverage");
  char *end;
  *out = -1;
  if (!text) return true;
  *out = strtod(text, &end);
  if (end != text && (!*end || strcmp(end, "%") == 0) && *out >= 0 && *out <= 100) return true;
  cli_usage(c, a->cmd, "`%s` is not a share; write it as 80%% or 100%%", text);
  return false;
}

/* false: not understood, said so. */
static bool read_number(cli *c, const args *a, const char *name, uint64_t max, uint64_t *out) {
  const char *text = args_value(a, name);
  char *end;
  if (!text) return true;
  errno = 0;
  *out = strtoull(text, &end, 10);
  if (end != text && !*end && !errno && text[0] != '-' && *out <= max) return true;
  cli_usage(c, a->cmd, "`%s` is not a number for `--%s`", text, name);
  return false;
}

static int show_result(cli *c, const args *a, const rt_test_report *r, double minimum, int code) {
  test_show s = { .c = c, .o = c->out, .p = c->p, .r = r, .code = code, .verbose = args_has(a, "verbose"), .min_coverage = minimum };
  s.coverage = args_has(a, "coverage") || minimum >= 0, s.mutate = args_has(a, "mutate");
  report_tests(&s, format_of(a));
  return cli_finish(c, code);
}

/* The rules are not there to be tested: said, in the format that was asked for. */
static int not_compiled(cli *c, const args *a, int status) {
  int code = cli_exit_of(status);
  if (format_of(a) == TF_TEXT) {
    show_diags(c, c->err, c->p, false);
    return cli_finish(c, code);
  }
  return show_result(c, a, NULL, -1, code);
}

/* Loads the rules, runs their tests, shows the results. */
static int test_once(cli *c, const args *a, const rt_test_opts *o, double minimum) {
  int status = cli_load(c, a->files, a->nfiles, false);
  if (status == RT_OK) status = cli_native(c, a);
  if (status == RT_OOM) return cli_env(c, "out of memory");
  if (c->p->bundle && status == RT_OK) return cli_usage(c, a->cmd, "a bundle holds no tests; give the rule files that it was built from");
  if (!cli_output(c, a)) return X_ENV;
  if (status != RT_OK) return not_compiled(c, a, status);
  status = rt_test(c->p, o, &c->t);
  if (status == RT_OOM) return cli_env(c, "out of memory");
  if (status != RT_OK) {
    cli_discard(c);
    cli_env(c, "%.*s", STR_ARG(c->t->failure));
    return cli_exit_of(status);
  }
  if (o->nfilters && !c->t->n && c->t->left_out) {
    cli_discard(c);
    return cli_usage(c, NULL, "no test has `%.*s` in its name; there %s %u", STR_ARG(o->filters[0]), c->t->left_out == 1 ? "is" : "are", c->t->left_out);
  }
  bool bad = c->t->failed || c->t->errors || (c->t->coverage && cover_percent(c->t->coverage) < minimum);
  return show_result(c, a, c->t, minimum, bad ? X_FINDINGS : X_GOOD);
}

/* Again whenever a file changes, until somebody has seen enough. */
static int test_forever(cli *c, const args *a, const rt_test_opts *o, double minimum) {
  if (format_of(a) != TF_TEXT || args_has(a, "output")) return cli_usage(c, a->cmd, "`--watch` is for people: it shows text, and only on standard output");
  for (uint32_t i = 0; i < a->nfiles; i++)
    if (strcmp(a->files[i], "-") == 0) return cli_usage(c, a->cmd, "standard input cannot be watched");
  watch_begin();
  for (;;) {
    uint64_t state = watch_state(c, a);
    arena_mark mark = arena_save(&c->a);
    int code = test_once(c, a, o, minimum);
    if (code == X_USAGE) return code;
    out_flush(c->err);
    bool more = watch_wait(c, a, state);
    rt_test_free(c->t), c->t = NULL;
    rt_program_free(c->p), c->p = NULL;
    arena_restore(&c->a, mark);
    if (!more) return X_GOOD;
    out_z(c->out, "\n");
    out_style(c->out, S_DIM);
    out_z(c->out, "---- changed ----\n");
    out_style(c->out, S_PLAIN);
  }
}

static int run(cli *c, const args *a) {
  rt_test_opts o = { .m = &mem_libc, .now = INT64_MIN, .seed = 1, .mutate = args_has(a, "mutate") };
  double minimum;
  uint64_t runs = 0, limit = 60;
  if (args_has(a, "now")) {
    if (!cli_clock(c, a)) return X_USAGE;
    o.now = c->now;
  }
  read_filters(c, a, &o);
  if (!read_minimum(c, a, &minimum) || !read_number(c, a, "seed", UINT64_MAX, &o.seed) || !read_number(c, a, "runs", 10000000, &runs) ||
      !read_number(c, a, "mutate-seconds", 1000000, &limit))
    return X_USAGE;
  o.runs = (uint32_t)runs, o.mutate_seconds = (double)limit;
  o.coverage = args_has(a, "coverage") || minimum >= 0;
  return args_has(a, "watch") ? test_forever(c, a, &o, minimum) : test_once(c, a, &o, minimum);
}

const command cmd_test = {
  "test",
  "[OPTION]... RULES...",
  "Run the tests that stand beside the rules.",
  "RULES are rule files and folders (all .blz files below them). A test supplies the rows that it needs; no data of yours is read. The exit code is 0 when "
  "all tests pass, 1 when one does not, 2 when the rules do not compile.",
  opts,
  1,
  UINT32_MAX,
  "a rule file or folder",
  run,
  "  blazon test rules/\n  blazon test rules/ --filter palette\n  blazon test rules/ --format junit -o tests.xml\n",
};
