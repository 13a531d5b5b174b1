/* blazon: the command line. Finds the command, parses its arguments by its table, runs it. */
#include "cli/cli.h"

#include "blazon.h"
#include "stdlib/builtin.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* In the order of help, which says what each group is for (cmd_help.c). */
const command *const commands[] = {
  &cmd_check,
  &cmd_validate,
  &cmd_test,
  &cmd_waive,
  &cmd_match,
  &cmd_assemble,
  &cmd_decide,
  &cmd_outcome,
  &cmd_report,
  &cmd_replay,
  &cmd_evaluate,
  &cmd_state,
  &cmd_fmt,
  &cmd_explain,
  &cmd_build,
  &cmd_disasm,
  &cmd_completions,
  &cmd_help,
  NULL,
};

static const command *find_command(const char *name) {
  for (size_t i = 0; commands[i]; i++)
    if (strcmp(commands[i]->name, name) == 0) return commands[i];
  return NULL;
}

static int unknown_command(cli *c, const char *name) {
  VEC(str) names = { 0 };
  for (size_t i = 0; commands[i]; i++) *VEC_PUSH(&c->a, &names) = str_z(commands[i]->name);
  const str *near = suggest(str_z(name), names.v, names.n);
  if (near) return cli_usage(c, NULL, "unknown command `%s`; did you mean `%.*s`?", name, STR_ARG(*near));
  return cli_usage(c, NULL, "unknown command `%s`; `blazon help` lists the commands", name);
}

static int version(cli *c) {
  str libs = lib_versions(&c->a);
  out_fmt(c->out, "blazon %s\n%.*s\n", blz_version(), STR_ARG(libs));
  return cli_finish(c, X_GOOD);
}

static int dispatch(cli *c, int argc, char **argv) {
  if (argc < 2) {
    char *help[] = { "help" };
    args a;
    str error;
    args_parse(&a, &c->a, &cmd_help, 1, help, &error);
    cmd_help.run(c, &a);
    return X_USAGE;
  }
  const char *name = argv[1];
  if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) return version(c);
  if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) name = "help";
  if (name[0] == '-') return cli_usage(c, NULL, "`%s` stands before a command; `blazon help` lists the commands", name);
  const command *cmd = find_command(name);
  if (!cmd) return unknown_command(c, name);
  args a;
  str error;
  if (!args_parse(&a, &c->a, cmd, argc - 1, argv + 1, &error)) return cli_usage(c, cmd, "%.*s", STR_ARG(error));
  if (args_has(&a, "help")) {
    char *words[] = { "help", (char *)(uintptr_t)cmd->name };
    args_parse(&a, &c->a, &cmd_help, 2, words, &error);
    return cmd_help.run(c, &a);
  }
  c->err->color = cli_color(&a, STDERR_FILENO);
  c->out->color = cli_color(&a, STDOUT_FILENO);
  c->quiet = args_has(&a, "quiet");
  if (!cli_spares_inputs(c, &a)) return X_USAGE;
  return cmd->run(c, &a);
}

int main(int argc, char **argv) {
  static out standard, errors; /* large buffers; one each, as there is one of each stream */
  static cli c;
  out_guard_signals();
  out_fd(&standard, STDOUT_FILENO, false);
  out_fd(&errors, STDERR_FILENO, false);
  c.out = &standard, c.err = &errors, c.now = INT64_MIN;
  arena_init(&c.a, &mem_libc, &c.oom);
  int code;
  if (setjmp(c.oom)) code = cli_env(&c, "out of memory");
  else code = dispatch(&c, argc, argv);
  if (c.out->path) out_close(c.out, false);
  rt_report_free(c.r);
  if (c.baseline) rt_baseline_free(c.baseline);
  if (c.fixes) rt_fixes_free(c.fixes);
  rt_test_free(c.t);
  rt_program_free(c.p);
  if (c.ls) lib_close(c.ls);
  out_flush(c.err);
  arena_free(&c.a);
  return code;
}
