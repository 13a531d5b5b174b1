/* The compiler's face: files in, typed program out. */
#ifndef COMPILER_COMPILE_H
#define COMPILER_COMPILE_H
#include "compiler/ir.h"

/* A file that a rule file names. path is relative to from. */
typedef struct load_request {
  str from, path;
  bool module;           /* rules of an import; else data */
  str why;               /* out: a reason that ends the sentence "`path`: ..." */
} load_request;

typedef struct compile_opts {
  const lib_ops *lib;
  bool lints;            /* warn of what is legal but suspicious */
  int64_t now;           /* for "expired" lints; INT64_MIN: none */
  /* Adds the file that an import or a `from "file"` names to src. NULL: it is not there, and r->why may say more. May be NULL. */
  const srcfile *(*load)(void *ud, sources *src, load_request *r);
  void *ud;
} compile_opts;

/* Parses and checks the files already added to src (all of one run: modules may span files, order does not matter). Every problem goes to d. The program
   is NULL when d->errors is not 0 afterwards. All memory is the arena's (which jumps when out of memory). */
ir_program *compile(arena *a, diags *d, sources *src, const compile_opts *o);

/* One expression in the context of the program's module (NULL: the first): for the REPL, tests of examples, `--only` filters. */
ir *compile_expr(arena *a, diags *d, ir_program *p, const srcfile *f, str module, uint32_t *nlocals);

#endif
