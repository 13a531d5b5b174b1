/* The Unicode Consortium's break tests, against the version of Unicode that the library has. */
#include "stdlib_call.h"

#include "base/utf8.h"
#include "stdlib/unicode.h"

static struct bench box, *b = &box;
static int setup(void **state) { (void)state; bench_open(b); return 0; }
static int teardown(void **state) { (void)state; bench_close(b); return 0; }

/* One line of a break test: "÷ 0061 × 0308 ÷ # ...": text and the offsets of its breaks. */
struct row { char s[256]; uint32_t n, breaks[64], nbreaks; };

static bool read_row(char *line, struct row *r) {
  *r = (struct row){ .n = 0 };
  char *hash = strchr(line, '#'), *save = NULL;
  if (hash) *hash = 0;
  for (char *w = strtok_r(line, " \t\n", &save); w; w = strtok_r(NULL, " \t\n", &save)) {
    if (strcmp(w, "÷") == 0) r->breaks[r->nbreaks++] = r->n;
    else if (strcmp(w, "×") != 0) r->n += utf8_encode((uint32_t)strtoul(w, NULL, 16), r->s + r->n);
    assert_true(r->n < 200 && r->nbreaks < 60);
  }
  return r->n > 0;
}

/* Runs every line of a test file; gives how many lines there are. */
static int run(FILE *f, enum uni_break kind, int *bad) {
  char line[4096];
  int rows = 0;
  struct row r;
  *bad = 0;
  while (fgets(line, sizeof line, f)) {
    char copy[4096];
    strcpy(copy, line);
    if (!read_row(line, &r)) continue;
    uint32_t n;
    const uint32_t *v = uni_bounds(&b->c, kind, (str){ r.s, r.n }, &n, NULL);
    assert_non_null(v);
    rows++;
    if (n == r.nbreaks && memcmp(v, r.breaks, n * sizeof *v) == 0) continue;
    if (++*bad <= 20) print_message("differs: %s", copy);
  }
  return rows;
}

static void characters(void **state) {
  (void)state;
  FILE *f = fopen("../shared/vectors/unicode/GraphemeBreakTest.txt", "r");
  if (!f) { print_message("../shared/vectors/unicode is not there\n"); skip(); }
  int bad, rows = run(f, UNI_CHARACTER, &bad);
  fclose(f);
  assert_true(rows > 500);
  assert_int_equal(bad, 0);
}

static void words(void **state) {
  (void)state;
  FILE *test = fopen("../shared/vectors/unicode/WordBreakTest.txt.gz", "r");
  if (!test) { print_message("../shared/vectors/unicode is not there\n"); skip(); }
  fclose(test);
  FILE *f = popen("zcat ../shared/vectors/unicode/WordBreakTest.txt.gz", "r");
  assert_non_null(f);
  int bad, rows = run(f, UNI_WORD, &bad);
  pclose(f);
  assert_true(rows > 1500);
  assert_int_equal(bad, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = { cmocka_unit_test(characters), cmocka_unit_test(words) };
  return cmocka_run_group_tests(tests, setup, teardown);
}
