/* Defaults that their own field forbids. See defaults.c. */
#ifndef RUNTIME_DEFAULTS_H
#define RUNTIME_DEFAULTS_H
#include "runtime/program.h"

/* Adds an error for each default that the bounds of its field do not allow. Of a program that is compiled. May jump. */
void rt_check_defaults(rt_program *p, const ir_program *ir);

#endif
