/* docs/library.md is written from the tables; this test holds it to them. BLESS=1 writes it anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stdlib/builtin.h"

static const char *const page = "docs/library.md";

static const struct { const char *group, *title, *note; } groups[] = {
  { "text", "Text", "Characters are what users see: an emoji, or a letter with its accents, is one. Positions count from 1, and from the end as -1; ranges include both ends." },
  { "style", "Style of text", "Rules of thumb that editors use." },
  { "patterns", "Patterns", "`matches` and these take a pattern literal, `r\"…\"`. A pattern that tries too many ways to match is an error, never a wait." },
  { "color", "Colors", "sRGB with opacity. Differences are CIEDE2000 on Lab relative to D65, contrast is WCAG 2." },
  { "terms", "Lists of terms", "Of a list that `terms` declares; see [the language](language.md#lists-of-terms)." },
  { "number", "Numbers", "`NUM` is int or number. No result is infinite or \"not a number\": that is an error." },
  { "list", "Lists and aggregates", "`count`, `sum`, `avg`, `min` and `max` also take a comprehension, over a list or a source: `sum(l.fee for l in licenses where l.asset == a.id)`." },
  { "date", "Dates and times", "Whatever depends on a place takes the name of a time zone of the system's tz database." },
  { "identifier", "Identifiers", "`is_…` judges the text as it stands; `canonical_…` gives the usual spelling, or nothing." },
  { "hash", "Hashes and shares", "The same on every machine." },
};

/* Inside a table's cell and a code span: a bar would end the cell. */
static void code(buf *b, const char *z) {
  buf_z(b, "`");
  for (; *z; z++) {
    if (*z == '|') buf_ch(b, '\\');
    buf_ch(b, *z);
  }
  buf_z(b, "`");
}

static void functions(buf *b, const char *group) {
  buf_z(b, "| | | |\n|---|---|---|\n");
  for (uint32_t i = 0; i < lib_count; i++) {
    const builtin *r = &lib_table[i];
    if (strcmp(r->group, group) != 0) continue;
    buf_fmt(b, "| `%s%s` | %s | ", r->name, r->sig, r->doc);
    code(b, r->example);
    buf_z(b, " is ");
    code(b, r->result);
    buf_z(b, " |\n");
  }
  buf_ch(b, '\n');
}

static str written(arena *a) {
  buf b = { .a = a };
  buf_z(&b, "# The standard library\n\nWritten from the tables that the compiler reads; every example runs as a test. `blazon explain NAME` shows the same for one function.\n"
            "`x.f(a)` and `f(x, a)` are the same call. A missing argument gives a missing result. `T` is any type, `T?` a result that may be missing.\n\n");
  for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
    buf_fmt(&b, "## %s\n\n%s\n\n", groups[g].title, groups[g].note);
    functions(&b, groups[g].group);
  }
  buf_z(&b, "## Records that functions give\n\n| | | |\n|---|---|---|\n");
  for (uint32_t i = 0; i < lib_rec_count; i++) buf_fmt(&b, "| `%s` | `%s` | %s |\n", lib_recs[i].name, lib_recs[i].fields, lib_recs[i].doc);
  buf_z(&b, "\n## Formats in messages\n\n`{x:FORMAT}` inside a text. Besides these, `.1` prints one decimal (`.0` to `.15`), `.1%` a percentage with one decimal.\n\n| | | | |\n|---|---|---|---|\n");
#define FMT(name, types, example, result, doc) buf_z(&b, "| `" #name "` | " types " | "), code(&b, example), buf_z(&b, " is "), code(&b, result), buf_z(&b, " | " doc " |\n");
#include "stdlib/formats.def"
#undef FMT
  buf_z(&b, "\n## Formats of text\n\nTypes of fields, such as `homepage : url?`. A value that is malformed is a finding, and flows.\n\n| | | |\n|---|---|---|\n");
#define TEXTFORMAT(name, doc, good, bad) buf_z(&b, "| `" #name "` | " doc " | "), code(&b, good), buf_z(&b, ", not "), code(&b, bad), buf_z(&b, " |\n");
#include "stdlib/textformats.def"
#undef TEXTFORMAT
  return buf_done(&b);
}

static void page_is_current(void **state) {
  (void)state;
  arena a;
  arena_init(&a, &mem_libc, NULL);
  str now = written(&a);
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

/* Every group of the table has its section, so that no function is left out. */
static void groups_are_complete(void **state) {
  (void)state;
  for (uint32_t i = 0; i < lib_count; i++) {
    bool found = false;
    for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) found |= strcmp(groups[g].group, lib_table[i].group) == 0;
    if (!found) fail_msg("group %s of %s has no section", lib_table[i].group, lib_table[i].name);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = { cmocka_unit_test(page_is_current), cmocka_unit_test(groups_are_complete) };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
