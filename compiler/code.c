/* The instructions' rows as data, for whoever walks code without running it: the assembler, the disassembler, the verifier,
 * bundles. */
#include "compiler/code.h"

const code_row code_rows[OPCODE_COUNT] = {
#define OP(name, text, flow, a, b, c, d, doc) [BC_##name] = { text, doc, FLOW_##flow, #a[0], #b[0], #c[0], #d[0] },
#include "vm/opcodes.def"
};
