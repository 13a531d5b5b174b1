/* Values as they are written in rule files, to be pasted into a test. */
#ifndef RUNTIME_LITERAL_H
#define RUNTIME_LITERAL_H
#include "compiler/ir.h"

/* A value of type t with its status; missing is written `missing`. Records leave out what is missing and what has its default. */
void literal_print(buf *out, const ir_program *ir, const type *t, val v, uint8_t st);

#endif
