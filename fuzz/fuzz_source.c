/* libFuzzer target: any bytes as a rule file. Parses; what parses without an error must format to a file that parses to an equal
 * tree and formats to itself.
 *
 *     make VARIANT=fuzz CC=clang build/fuzz/fuzz/fuzz_source && build/fuzz/fuzz/fuzz_source fuzz/seeds/source tests/golden/fmt */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "parser/ast.h"
#include "parser/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct pass { arena a; sources src; diags d; const ast *file; str text; } pass;

static void parse(pass *p, jmp_buf *oom, str text) {
  arena_init(&p->a, &mem_libc, oom);
  p->a.limit = (size_t)1 << 30;
  sources_init(&p->src, &p->a);
  diags_init(&p->d, &p->a, &p->src);
  srcfile *f = sources_add(&p->src, STR("fuzz.blz"), text);
  p->file = parse_file(&p->a, &p->d, f);
  diags_sort(&p->d);
  if (p->d.errors) return;
  buf out = { .a = &p->a };
  fmt_file(&out, &p->a, f, p->file);
  p->text = buf_done(&out);
}

static void fail(const char *what, str before, str after) {
  fprintf(stderr, "%s\n--- before\n%.*s\n--- after\n%.*s\n", what, STR_ARG(before), STR_ARG(after));
  abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static pass first, second;
  jmp_buf oom;
  first = second = (pass){ .text = { "", 0 } };
  if (setjmp(oom)) abort(); /* a small input that needs a gigabyte is a defect */
  str text = { (const char *)data, (uint32_t)size };
  parse(&first, &oom, text);
  if (!first.d.errors) {
    parse(&second, &oom, first.text);
    if (second.d.errors) fail("the formatted file does not parse", text, first.text);
    if (!ast_equal(first.file, second.file)) fail("the formatted file has another tree", text, first.text);
    if (!str_eq(first.text, second.text)) fail("formatting twice is not formatting once", first.text, second.text);
    arena_free(&second.a);
  }
  arena_free(&first.a);
  return 0;
}
