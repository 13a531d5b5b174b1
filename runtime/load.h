/* Files that rule files name, for compile_opts.load. */
#ifndef RUNTIME_LOAD_H
#define RUNTIME_LOAD_H
#include "runtime/program.h"

bool rt_loads_changed(const rt_program *p); /* does one of the files differ by now from what was read? */
const srcfile *rt_load(void *program, sources *src, load_request *r);

#endif
