/* Files that rule files name, for compile_opts.load. */
#ifndef RUNTIME_LOAD_H
#define RUNTIME_LOAD_H
#include "runtime/program.h"

const srcfile *rt_load(void *program, sources *src, load_request *r);

#endif
