/* blazon build, blazon disasm: rules as a bundle, and bytecode to read. */
#include "cli/cli.h"

#include <string.h>
#include <unistd.h>

static int load(cli *c, const args *a) {
  int status = cli_load(c, a->files, a->nfiles, false);
  if (status == RT_OOM) return cli_env(c, "out of memory");
  if (status != RT_OK) show_diags(c, c->err, c->p, false);
  return cli_exit_of(status);
}

static int run_build(cli *c, const args *a) {
  const char *path = args_value(a, "output");
  if (!path) return cli_usage(c, a->cmd, "the bundle's name is missing: --output FILE");
  if (!cli_clock(c, a)) return X_USAGE;
  int code = load(c, a);
  if (code != X_GOOD) return code;
  if (strcmp(path, "-") == 0 && isatty(STDOUT_FILENO))
    return cli_usage(c, a->cmd, "a bundle is not for reading: name a file, or redirect the output");
  if (!cli_output(c, a)) return X_ENV;
  str bytes = vm_pack(&c->a, c->p->vm, rt_versions(&c->a));
  out_str(c->out, bytes);
  code = cli_finish(c, X_GOOD);
  if (code != X_GOOD || c->quiet || strcmp(path, "-") == 0) return code;
  char hash[65];
  if (!vm_hash(c->p->vm, hash)) return cli_env(c, "out of memory");
  out_fmt(c->err, "%s: %u %s, %s bytes, rules sha-256 %s\n", path, c->p->ir->nrules, plural(c->p->ir->nrules, "rule", "rules"),
          grouped(&c->a, bytes.n).p, hash);
  return X_GOOD;
}

static int run_disasm(cli *c, const args *a) {
  if (!cli_output(c, a)) return X_ENV;
  const char *only = args_value(a, "only");
  int code = load(c, a);
  if (code != X_GOOD) return code;
  buf b = { .a = &c->a };
  vm_disasm(&b, c->p->vm, str_z(only));
  for (int what = RT_NAME_RULE; only && !b.n && what <= RT_NAME_AUDIENCE; what++) { /* by its last parts */
    str x, y;
    int64_t at = rt_find_name(c->p->ir, (enum rt_names)what, str_z(only), &x, &y);
    if (x.n) return cli_usage(c, NULL, "`%s` could be `%.*s` or `%.*s`; write the full name", only, STR_ARG(x), STR_ARG(y));
    if (at >= 0) vm_disasm(&b, c->p->vm, what == RT_NAME_RULE ? c->p->ir->rules[at]->name : c->p->ir->audiences[at]->name);
  }
  if (!b.n && only)
    return cli_usage(c, NULL, "no rule, function or audience is named `%s`; `blazon check --list` lists them", only);
  out_add(c->out, b.p, b.n);
  return cli_finish(c, X_GOOD);
}

static const opt build_opts[] = {
  { "output", 'o', "FILE", NULL, "The bundle to write; it appears whole or not at all." },
  OPT_NOW,
  { "quiet", 'q', NULL, NULL, "Say nothing when all is well." },
  OPT_COLOR,
  OPT_END,
};

const command cmd_build = {
  "build",
  "RULES... --output FILE",
  "Compile rules into one bundle, which every command takes in place of rule files.",
  "A bundle holds the compiled rules, a check sum, and the rules' text for messages. The same rules give the same bytes.",
  build_opts,
  1,
  UINT32_MAX,
  "a rule file or folder",
  run_build,
  "  blazon build rules/ -o brand.blzb\n  blazon validate brand.blzb --db library.db\n",
};

static const opt disasm_opts[] = {
  { "only", 0, "NAME", NULL, "Only this rule, function or audience, by its name." },
  { "output", 'o', "FILE", NULL, "Write to a file instead of standard output." },
  OPT_COLOR,
  OPT_END,
};

const command cmd_disasm = {
  "disasm",
  "RULES... [--only NAME]",
  "Show the bytecode that the rules compile to.",
  NULL,
  disasm_opts,
  1,
  UINT32_MAX,
  "a rule file or folder",
  run_disasm,
  "  blazon disasm rules/brand.blz --only acme.brand.on_palette\n",
};
