/* What the random programs reached: kinds of nodes and their statuses, operators, instructions, library functions, verdicts. The test fails when
 * something never occurs, since then it tests less than it says. */
#include "diff.h"

#include "compiler/code.h"

#include <stdio.h>
#include <string.h>

static const char *const op_names[] = {
#define OP(name, text, flow, a, b, c, d, doc) text,
#include "vm/opcodes.def"
#undef OP
};
enum { OPCODES = sizeof op_names / sizeof *op_names };

void cover_init(coverage *c, uint64_t *lib) {
  memset(c, 0, sizeof *c);
  c->lib = lib;
}

/* Counts the words of the disassembly that are mnemonics: the VM's own view of what it runs, without a look inside. */
void cover_program(coverage *c, const ir_program *p, const vm_program *vm) {
  (void)p;
  if (c->programs % 8) return; /* an eighth of the programs shows enough */
  arena a;
  arena_init(&a, &mem_libc, NULL);
  buf b = { .a = &a };
  vm_disasm(&b, vm, (str){ 0 });
  str s = buf_done(&b);
  for (uint32_t i = 0; i < s.n;) {
    while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\n')) i++;
    uint32_t beg = i;
    while (i < s.n && s.p[i] != ' ' && s.p[i] != '\n') i++;
    for (uint32_t k = 0; k < OPCODES; k++)
      if (strlen(op_names[k]) == i - beg && !memcmp(op_names[k], s.p + beg, i - beg)) c->opcode[k]++;
  }
  arena_free(&a);
}

static int lacking;

static void row(const char *what, const char *name, uint64_t n, bool enough, bool verbose) {
  if (verbose) printf("  %-12s %-20s %12llu\n", what, name, (unsigned long long)n);
  if (n || !enough) return;
  printf("  never seen: %s %s\n", what, name);
  lacking++;
}

static void report_kinds(const coverage *c, bool verbose, bool enough) {
  static const char *const status[] = { "present", "missing", "error" };
  for (int k = 0; k < IR_KIND_COUNT; k++) {
    uint64_t all = c->kind[k][0] + c->kind[k][1] + c->kind[k][2];
    row("node", ir_kind_names[k], all, enough, false);
    if (!verbose) continue;
    printf("  node         %-14s", ir_kind_names[k]);
    for (int s = 0; s < 3; s++) printf(" %12llu %s", (unsigned long long)c->kind[k][s], status[s]);
    printf("\n");
  }
  static const char *const arith[] = {
#define ARITH(name, r, a, op, b) #name,
#include "compiler/arith.def"
#undef ARITH
  };
  for (int k = 0; k < IA_COUNT; k++) row("arithmetic", arith[k], c->arith[k][0], enough, verbose);
  static const char *const cmp[] = { "", "==", "!=", "<", "<=", ">", ">=" };
  for (int k = OP_EQ; k <= OP_GE; k++) row("comparison", cmp[k], c->cmp[k], enough, verbose);
  static const char *const agg[] = { "count", "sum", "avg", "min", "max" };
  for (int k = 0; k < 5; k++) row("aggregate", agg[k], c->agg[k], enough, verbose);
  static const char *const quant[] = { "every", "some", "no" };
  for (int k = 0; k < 3; k++) row("quantifier", quant[k], c->quant[k], enough, verbose);
}

int cover_report(const coverage *c, bool verbose, bool enough) {
  static const char *const truths[] = { "out", "in", "unknown", "error" };
  lacking = 0;
  report_kinds(c, verbose, enough);
  for (int k = 0; k < OPCODES; k++) row("instruction", op_names[k], c->opcode[k], enough, verbose);
  for (int k = 0; k < V_COUNT; k++)
    row("verdict", verdict_names[k], c->verdicts[k], enough, verbose);
  for (int k = 0; k < 4; k++) row("audience", truths[k], c->audience[k], enough, verbose);
  static const char *const fixes[] = { "value", "missing", "error" };
  for (int k = 0; k < 3; k++) row("fix", fixes[k], c->fixes[k], enough, verbose);
  row("pass", "vacuous", c->vacuous, enough, verbose);
  for (uint32_t k = 0; k < lib_std.count; k++)
    if (!(lib_std.table[k].flags & BF_SPECIAL)) row("function", lib_std.table[k].sig, c->lib[k], enough && strcmp(lib_std.table[k].name, "count"), verbose);
  return lacking;
}
