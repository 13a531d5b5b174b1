/* Any bytes as a file of terms, then as a text that is searched for them: the file gives a program or errors with places in it; matches stand in
 * order inside of the text, as whole words by the matcher's own account, each found again in the piece that it names. */
#include "compiler/compile.h"
#include "stdlib/builtin.h"
#include "stdlib/terms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static str file;

static const srcfile *load(void *ud, sources *src, load_request *r) {
  (void)ud;
  if (r->module) return NULL;
  srcfile *f = sources_add(src, r->path, file);
  f->data = true;
  return f;
}

static void search(arena *a, const term_list *l, str text) {
  lib_ctx c = { .a = a, .m = a->m };
  terms_scan w, again;
  term_match m, o;
  uint32_t at = 0;
  if (!terms_begin(&w, &c, l->matcher, text)) __builtin_trap();
  while (terms_next(&w, &m)) {
    if (m.beg < at || m.end <= m.beg || m.end > text.n || m.index >= l->n) __builtin_trap();
    at = m.end;
    if (!terms_begin(&again, &c, l->matcher, (str){ text.p + m.beg, m.end - m.beg })) __builtin_trap();
    if (!terms_next(&again, &o) || o.beg != 0 || o.end != m.end - m.beg || o.index != m.index) __builtin_trap();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  arena a;
  jmp_buf oom;
  sources src;
  diags d;
  file = (str){ (const char *)data, (uint32_t)n };
  arena_init(&a, &mem_libc, &oom);
  a.limit = (size_t)1 << 30;
  if (setjmp(oom)) __builtin_trap(); /* a small input that needs a gigabyte is a defect */
  sources_init(&src, &a);
  diags_init(&d, &a, &src);
  sources_add(&src, STR("fuzz.blz"), STR("terms folded ignoring case from \"list.csv\"\nlet x = folded.has(\"x\")\n"));
  compile_opts o = { .lib = &lib_std, .now = INT64_MIN, .load = load };
  ir_program *p = compile(&a, &d, &src, &o);
  if (!p && !d.errors) __builtin_trap();
  for (uint32_t i = 0; i < d.list.n; i++)
    if (!d.list.v[i]->message.n || !d.list.v[i]->sp.end) __builtin_trap();
  if (p) {
    term_list exact = *p->terms[0];
    exact.matcher = terms_build(&a, exact.entries, exact.n, false, NULL, NULL);
    search(&a, p->terms[0], file);
    search(&a, &exact, file);
  }
  arena_free(&a);
  return 0;
}
