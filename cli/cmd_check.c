/* blazon check: do the rules compile, what is suspicious about them, what do they cost, and does the data have the columns they need? */
#include "cli/cli.h"

#include <stdlib.h>

static const opt opts[] = {
  OPT_DB,
  OPT_SOURCE,
  { "format", 'f', "FORMAT", "text|json|sarif|junit|github", "How to print what was found; default: text." },
  { "output", 'o', "FILE", NULL, "Write to a file instead of standard output; the file appears whole or not at all." },
  { "cost", 0, NULL, NULL, "List what each rule costs for one record, dearest first." },
  { "list", 'l', NULL, NULL, "List the sources, rules, audiences, templates and native functions that are declared." },
  { "strict", 0, NULL, NULL, "Count warnings as errors: exit with 2." },
  OPT_NOW,
  { "quiet", 'q', NULL, NULL, "Say nothing when all is well." },
  OPT_COLOR,
  OPT_NATIVE,
  OPT_END,
};

static void list_rules(cli *c) {
  const ir_program *ir = c->p->ir;
  for (uint32_t i = 0; i < ir->nsources; i++)
    out_fmt(c->out, "source    %.*s : %.*s\n", STR_ARG(ir->sources[i]->name), STR_ARG(ir->records[ir->sources[i]->record]->name));
  for (uint32_t i = 0; i < ir->nrules; i++)
    out_fmt(c->out, "%-8s  %.*s  (%s)\n", ir->rules[i]->refinement ? "field" : "rule", STR_ARG(ir->rules[i]->name),
            severity_name(ir->rules[i]->sev));
  for (uint32_t i = 0; i < ir->naudiences; i++) out_fmt(c->out, "audience  %.*s\n", STR_ARG(ir->audiences[i]->name));
  for (uint32_t i = 0; i < ir->ntemplates; i++) out_fmt(c->out, "template  %.*s\n", STR_ARG(ir->templates[i]->name));
  for (uint32_t i = 0; i < ir->nexterns; i++)
    out_fmt(c->out, "native    %.*s  (from \"%.*s\")\n", STR_ARG(ir->externs[i]->name), STR_ARG(ir->externs[i]->lib));
  for (uint32_t i = 0; i < ir->ntests; i++) {
    out_fmt(c->out, "test      %.*s%s\"", STR_ARG(ir->tests[i]->module), ir->tests[i]->module.n ? " " : "");
    out_safe(c->out, ir->tests[i]->name);
    out_z(c->out, "\"\n");
  }
}

typedef struct priced { str name, text; double cost; } priced;

static int dearest(const void *a, const void *b) {
  const priced *x = a, *y = b;
  if (x->cost != y->cost) return x->cost > y->cost ? -1 : 1;
  return str_cmp(x->name, y->name);
}

static void list_costs(cli *c) {
  const ir_program *ir = c->p->ir;
  priced *all = ARENA_ARRAY(&c->a, priced, ir->nrules + ir->naudiences + 1);
  uint32_t n = 0, width = 4;
  for (uint32_t i = 0; i < ir->nrules; i++) all[n++] = (priced){ ir->rules[i]->name, ir->rules[i]->cost_text, ir->rules[i]->cost };
  for (uint32_t i = 0; i < ir->naudiences; i++)
    all[n++] = (priced){ ir->audiences[i]->name, ir->audiences[i]->cost_text, ir->audiences[i]->cost };
  if (n) qsort(all, n, sizeof *all, dearest);
  for (uint32_t i = 0; i < n; i++)
    if (all[i].name.n > width) width = all[i].name.n;
  out_fmt(c->out, "%-*s  steps for one record, at most\n", (int)width, "rule");
  for (uint32_t i = 0; i < n; i++) {
    out_fmt(c->out, "%-*.*s  ", (int)width, STR_ARG(all[i].name));
    if (all[i].text.n) out_str(c->out, all[i].text);
    else out_fmt(c->out, "%.0f", all[i].cost);
    out_ch(c->out, '\n');
  }
}

/* The data is opened, which compares its columns with the records, and closed again. */


static int check_data(cli *c, const args *a, uint32_t nbindings, const src_binding *bindings) {
  const char *db = args_value(a, "db");
  if (!db && !nbindings) return RT_OK;
  rt_validate_opts o = { .m = &mem_libc,
                         .db = str_z(db),
                         .nbindings = nbindings,
                         .bindings = bindings,
                         .now = c->now,
                         .per_rule = RT_ALL,
                         .total = 1000,
                         .schema_only = true };
  return rt_validate(c->p, &o, &c->r);
}

static void counts_line(cli *c) {
  const ir_program *ir = c->p->ir;
  uint32_t fields = 0;
  for (uint32_t i = 0; i < ir->nrules; i++) fields += ir->rules[i]->refinement;
  uint32_t rules = ir->nrules - fields;
  out_fmt(c->out, "ok: %u %s, %u checked %s, %u %s, %u %s", rules, plural(rules, "rule", "rules"), fields,
          plural(fields, "field", "fields"), ir->naudiences, plural(ir->naudiences, "audience", "audiences"), ir->nsources,
          plural(ir->nsources, "source", "sources"));
  uint32_t terms = 0;
  for (uint32_t i = 0; i < ir->nterms; i++) terms += ir->terms[i]->n;
  if (terms) out_fmt(c->out, ", %u %s of %u %s", ir->nterms, plural(ir->nterms, "list", "lists"), terms, plural(terms, "term", "terms"));
  if (ir->ntests) out_fmt(c->out, ", %u %s (not run: `blazon test`)", ir->ntests, plural(ir->ntests, "test", "tests"));
  out_ch(c->out, '\n');
  str with = vm_made_with(c->p->vm), here = rt_versions(&c->a);
  if (!with.n) return;
  out_z(c->out, "built with "), out_safe(c->out, with);
  if (!str_eq(with, here)) out_fmt(c->out, "\nthis is %.*s: what depends on these may come out differently", STR_ARG(here));
  out_ch(c->out, '\n');
}

static int run(cli *c, const args *a) {
  uint32_t nbindings;
  const src_binding *bindings;
  if (!cli_clock(c, a) || !cli_bindings(c, a, &nbindings, &bindings)) return X_USAGE;
  enum format f = cli_format(a);
  int status = cli_load(c, a->files, a->nfiles, true);
  if (status == RT_OK && args_has(a, "allow-native")) status = cli_native(c, a);
  if (status == RT_OOM) return cli_env(c, "out of memory");
  if (!cli_output(c, a)) return X_ENV;
  if (status == RT_OK) status = check_data(c, a, nbindings, bindings);
  if (status == RT_OOM) return cli_env(c, "out of memory");
  show s = { .c = c,
             .o = c->out,
             .p = c->p,
             .r = c->r,
             .status = status,
             .fail_on = SEV_ERROR,
             .per_rule = RT_ALL,
             .command = "check",
             .costs = args_has(a, "cost") };
  if (f != F_TEXT) report_any(&s, f);
  else {
    show_diags(c, status == RT_ENV && c->p->unreadable ? c->err : c->out, c->p, true);
    if (c->r) report_data(&s);
    if (c->r && c->r->failure.n) cli_env(c, "%.*s", STR_ARG(c->r->failure));
    if (status == RT_OK && args_has(a, "list")) list_rules(c);
    if (status == RT_OK && args_has(a, "cost")) list_costs(c);
    if (status == RT_OK && !c->quiet && !args_has(a, "list") && !args_has(a, "cost")) counts_line(c);
  }
  int code = cli_exit_of(status);
  if (code == X_GOOD && c->r && c->r->data_counts[SEV_ERROR]) code = X_ENV;
  if (code == X_GOOD && args_has(a, "strict") && c->p->d.warnings) code = X_RULES;
  return cli_finish(c, code);
}

const command cmd_check = {
  "check",
  "[OPTION]... RULES...",
  "Compile rules, point out what is suspicious, compare them with the data's columns.",
  "RULES are rule files, folders (all .blz files below them) or one bundle; - is standard input.",
  opts,
  1,
  UINT32_MAX,
  "a rule file or folder",
  run,
  "  blazon check rules/\n  blazon check rules/ --db library.db\n  blazon check --cost rules/brand.blz\n",
};
