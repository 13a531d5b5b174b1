/* From source text to bytecode: MB/s, and whether 100,000 rules take 100 times as long as 1,000.
 *
 * Files as large as generated rule sets get: records, functions, rules with guards, lets, messages. Each size is compiled in a fresh arena; times
 * are processor time, the best of a few rounds, for what disturbs a measurement only makes it longer. Usage: frontend */
#include "base/mem.h"
#include "compiler/compile.h"
#include "stdlib/builtin.h"
#include "vm/vm.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

typedef struct text_buf { char *p; size_t n, cap; } text_buf;

static void put(text_buf *b, const char *s) {
  size_t n = strlen(s);
  if (b->n + n + 1 > b->cap) {
    b->cap = (b->cap + n) * 2 + 4096;
    b->p = realloc(b->p, b->cap);
    if (!b->p) exit(1);
  }
  memcpy(b->p + b->n, s, n + 1);
  b->n += n;
}

static void make_source(text_buf *b, int rules) {
  char s[1024];
  put(b, "/// Generated to measure the front end.\nmodule bench\n\ntype Channel = \"meta\" | \"google\" | \"email\" | \"ooh\"\n\n"
         "record Asset {\n  id : text key\n  kind : \"image\" | \"video\" | \"copy\"\n  title : text 1..80\n  alt_text : text?\n  channel : Channel\n"
         "  width : int 1..20000\n  height : int 1..20000\n  bytes : int >= 0\n  tags : list 0..30 of text split \",\"\n}\n\n"
         "source assets : Asset from \"assets\"\n\nfn area(a : Asset) -> int = a.width * a.height\n\n");
  for (int i = 0; i < rules; i++) {
    snprintf(s, sizeof s,
      "/// Guideline %d of the generated set.\n"
      "rule guideline_%d for a in assets where a.kind == \"image\" and a.channel != \"ooh\" {\n"
      "  severity warning\n"
      "  owner    \"team-%d\"\n"
      "  because  \"Number %d says so\"\n"
      "  let side = a.width + %d\n"
      "  require side <= %d and area(a) > %d\n"
      "    otherwise \"{a.title} is {a.width} px wide, not {side}\"\n"
      "  require a.alt_text exists and a.alt_text.trim().length() in %d..125\n"
      "  require every t in a.tags: t != \"tag-%d\"\n"
      "}\n\n", i, i, i % 40, i, i % 97, 30000 + i, i % 1000, i % 20, i);
    put(b, s);
  }
}

typedef struct timing { double parse, all; size_t bytes; } timing;

static timing measure(int rules) {
  text_buf b = { 0 };
  make_source(&b, rules);
  timing best = { 1e9, 1e9, b.n };
  int rounds = rules >= 100000 ? 2 : rules >= 10000 ? 4 : 12;
  for (int i = 0; i < rounds; i++) {
    arena a;
    sources src;
    diags d;
    jmp_buf oom;
    if (setjmp(oom)) { fprintf(stderr, "bench/frontend: out of memory\n"); exit(1); }
    arena_init(&a, &mem_libc, &oom);
    sources_init(&src, &a);
    diags_init(&d, &a, &src);
    const srcfile *f = sources_add(&src, STR("bench.blz"), (str){ b.p, (uint32_t)b.n });
    double t0 = seconds();
    parse_file(&a, &d, f);
    double t1 = seconds();
    compile_opts o = { .lib = &lib_std, .lints = true, .now = INT64_MIN };
    ir_program *p = compile(&a, &d, &src, &o);
    vm_program *vm = p ? vm_compile(&a, &d, p) : NULL;
    double t2 = seconds();
    if (!vm || d.errors) { fprintf(stderr, "bench/frontend: the generated source does not compile\n"); exit(1); }
    if (t1 - t0 < best.parse) best.parse = t1 - t0;
    if (t2 - t1 < best.all) best.all = t2 - t1;
    arena_free(&a);
  }
  free(b.p);
  return best;
}

int main(void) {
  static const int sizes[] = { 1000, 10000, 100000 };
  double first = 0, last = 0;
  printf("frontend  source text to bytecode, lints on\n");
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    timing t = measure(sizes[i]);
    double mb = (double)t.bytes / 1e6;
    printf("  %6d rules, %6.2f MB   parse %6.1f MB/s   all %6.1f MB/s (goal 1)   %6.2f us a rule\n", sizes[i], mb, mb / t.parse, mb / t.all,
      t.all * 1e6 / sizes[i]);
    if (i == 0) first = t.all / sizes[i];
    last = t.all / sizes[i];
  }
  printf("  time per rule at 100,000 over 1,000: %.2f (linear is 1)\n", last / first);
  return 0;
}
