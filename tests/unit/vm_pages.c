/* docs/errors.md and docs/opcodes.md are written from the tables; this test holds them to them. BLESS=1 writes them anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/diag.h"

static const struct { const char *prefix, *title; } chapters[] = {
  { "E01", "Characters and words of a rule file" }, { "E02", "Grammar" }, { "E03", "Names and modules" }, { "E04", "Types and missing values" },
  { "E05", "Declarations" }, { "W06", "Suspicious, but legal" }, { "E07", "Cost and limits" }, { "E08", "Data" },
  { "E09", "Running, bundles, files" }, { "E10", "Usage" },
};

/* Codes of one chapter count together whatever their severity: W0961 stands with E09. */
static size_t chapter_of(const char *code) {
  size_t i = 0;
  while (i < sizeof chapters / sizeof *chapters && strncmp(code + 1, chapters[i].prefix + 1, 2) != 0) i++;
  return i;
}

/* Indented code becomes a fence that nothing runs; the rest is the text as `blazon explain` prints it, with what Markdown
 * would read as HTML escaped. */
static void explanation(buf *b, const char *z) {
  bool code = false, span = false;
  while (*z) {
    size_t n = strcspn(z, "\n");
    bool indented = n >= 4 && strncmp(z, "    ", 4) == 0;
    if (n && indented != code) buf_z(b, indented ? "```text\n" : "```\n"), code = indented;
    for (size_t i = code && indented ? 4 : 0; i < n; i++) {
      span ^= !code && z[i] == '`';
      if (z[i] == '<' && !code && !span) buf_z(b, "&lt;");
      else buf_ch(b, z[i]);
    }
    z += n;
    if (*z) buf_ch(b, '\n'), z++;
  }
  buf_z(b, code ? "\n```\n\n" : "\n\n");
}

static str errors(arena *a) {
  buf b = { .a = a };
  buf_z(&b, "# Messages\n\nWritten from the tables that the tool reads. `blazon explain E0303` shows one of these on the terminal.\n"
            "`E` is an error, `W` a warning, `I` a remark; a code is never reused.\n\n");
  for (size_t c = 0; c < sizeof chapters / sizeof *chapters; c++) {
    buf_fmt(&b, "## %s\n\n", chapters[c].title);
    for (size_t i = 0; i < DIAG_COUNT; i++) {
      if (chapter_of(diag_table[i].code) != c) continue;
      buf_fmt(&b, "### %s: %s\n\n", diag_table[i].code, diag_table[i].title);
      explanation(&b, diag_table[i].text);
    }
  }
  return buf_done(&b);
}

static const struct { const char *mnemonic, *flow, *operands, *meaning; } opcodes[] = {
#define OP(name, mnemonic, flow, a, b, c, d, meaning) { mnemonic, #flow, #a " " #b " " #c " " #d, meaning },
#include "vm/opcodes.def"
#undef OP
};

static str instructions(arena *a) {
  buf b = { .a = a };
  buf_z(&b, "# Instructions\n\nWritten from [`vm/opcodes.def`](../vm/opcodes.def), whose head says what flow and operands mean.\n"
            "`blazon disasm RULES` shows the instructions of a rule.\n\n"
            "| instruction | flow | a b c d | what it does |\n|---|---|---|---|\n");
  for (size_t i = 0; i < sizeof opcodes / sizeof *opcodes; i++) {
    buf_fmt(&b, "| `%s` | %s | `%s` | ", opcodes[i].mnemonic, opcodes[i].flow, opcodes[i].operands);
    for (const char *z = opcodes[i].meaning; *z; z++) {
      if (*z == '<') { buf_z(&b, "&lt;"); continue; }
      if (*z == '|') buf_ch(&b, '\\');
      buf_ch(&b, *z);
    }
    buf_z(&b, " |\n");
  }
  return buf_done(&b);
}

static void hold(const char *page, str (*write)(arena *)) {
  arena a;
  arena_init(&a, &mem_libc, NULL);
  str now = write(&a);
  const char *bless = getenv("BLESS");
  if (bless && *bless == '1') {
    FILE *f = fopen(page, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(now.p, 1, now.n, f), now.n);
    fclose(f);
  }
  FILE *f = fopen(page, "rb");
  if (!f) fail_msg("%s is not there: run with BLESS=1 from the project's root", page);
  char *old = arena_alloc(&a, now.n + 2u);
  size_t n = fread(old, 1, now.n + 1u, f);
  fclose(f);
  if (n != now.n || memcmp(old, now.p, n) != 0) fail_msg("%s is out of date: run this test with BLESS=1", page);
  arena_free(&a);
}

static void errors_are_current(void **state) {
  (void)state;
  hold("docs/errors.md", errors);
}
static void opcodes_are_current(void **state) {
  (void)state;
  hold("docs/opcodes.md", instructions);
}

/* Every code has its chapter, so that none is left out. */
static void chapters_are_complete(void **state) {
  (void)state;
  for (size_t i = 0; i < DIAG_COUNT; i++)
    if (chapter_of(diag_table[i].code) == sizeof chapters / sizeof *chapters) fail_msg("%s has no chapter", diag_table[i].code);
}

int main(void) {
  const struct CMUnitTest tests[] = { cmocka_unit_test(errors_are_current), cmocka_unit_test(opcodes_are_current), cmocka_unit_test(chapters_are_complete) };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
