/* The command line as tables: one command a row, its options one a row; parsing, help, usage errors with suggestions, completions and
 * the manual page all follow from them. Conventions are GNU's: --name=value or --name value, -n value or -nvalue, unique beginnings of
 * long names, "--" ends the options, options and arguments may be mixed. */
#ifndef CLI_OPT_H
#define CLI_OPT_H
#include "cli/out.h"

typedef struct opt {
  const char *name;
  char letter;             /* 0 none */
  const char *arg;         /* NULL: a flag; two names for two values: "RULE KEY" */
  const char *choices;     /* "text|json": the only values; NULL any */
  const char *help;        /* one sentence */
} opt;

struct cli;
typedef struct args args;

typedef struct command {
  const char *name, *synopsis, *summary, *about; /* about: paragraphs for help and manual; may be NULL */
  const opt *opts;         /* ends with a row without a name */
  uint32_t min, max;       /* positional arguments */
  const char *what;        /* what a missing positional argument is: "a rule file or folder" */
  int (*run)(struct cli *c, const args *a);
  const char *examples;    /* lines; may be NULL */
} command;

typedef struct given { const opt *o; const char *value, *value2; } given;

struct args {
  const command *cmd;
  uint32_t nopts, nfiles;
  given *opts;             /* in order */
  const char **files;      /* positional arguments */
};

/* argv[0] is the command's own name. false: wrong usage, a message stands in *error (arena's). */
bool args_parse(args *a, arena *mem, const command *cmd, int argc, char **argv, str *error);
bool args_has(const args *a, const char *name);
const char *args_value(const args *a, const char *name);               /* the last one, NULL none */
const given *args_next(const args *a, const char *name, uint32_t *at); /* all in order; *at starts at 0 */

/* The word among those of a "a|b|c" list (or a list of commands) that is near; NULL none. */
const char *near_choice(arena *mem, const char *wrong, const char *choices);

#endif
