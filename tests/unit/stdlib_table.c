/* The table itself: every row complete and told apart from its neighbors, signatures in the notation that the checker reads, library state that survives
 * running out of memory anywhere. */
#include "stdlib_call.h"

/* Words that a signature may hold beside parameter names. */
static bool is_type_word(const char *w) {
  static const char *const words[] = { "text", "list", "map", "of", "bool", "int", "number", "color", "date", "time", "duration", "months", "pattern", "palette", "terms", "T", "U", "NUM" };
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strcmp(w, words[i]) == 0) return true;
  for (uint32_t i = 0; i < lib_rec_count; i++)
    if (strcmp(w, lib_recs[i].name) == 0) return true;
  return false;
}

static void check_types(const char *sig, const char *p) {
  char w[40];
  while (*p) {
    size_t n = strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_");
    if (!n) { p++; continue; }
    assert_true(n < sizeof w);
    memcpy(w, p, n), w[n] = 0;
    p += n;
    if (*p == ':') continue; /* a parameter's name */
    if (!is_type_word(w)) fail_msg("%s: `%s` is no type", sig, w);
  }
}

static void rows(void **state) {
  (void)state;
  assert_true(lib_count > 200);
  for (uint32_t i = 0; i < lib_count; i++) {
    const builtin *r = &lib_table[i];
    assert_non_null(r->fn);
    assert_true(r->sig[0] == '(' && strstr(r->sig, ") -> "));
    check_types(r->sig, r->sig);
    if (!r->example[0] || !r->result[0] || !r->group[0]) fail_msg("%s has no example", r->name);
    char last = r->doc[strlen(r->doc) - 1];
    if (last != '.' && last != '?') fail_msg("the sentence of %s does not end: %s", r->name, r->doc);
    for (uint32_t k = 0; k < i; k++)
      if (strcmp(r->name, lib_table[k].name) == 0 && strcmp(r->sig, lib_table[k].sig) == 0) fail_msg("%s%s stands there twice", r->name, r->sig);
  }
  for (uint32_t i = 0; i < lib_rec_count; i++) check_types(lib_recs[i].name, lib_recs[i].fields);
  assert_ptr_equal(lib_std.table, lib_table);
  assert_int_equal(lib_std.count, lib_count);
}

/* ---- running out of memory ---- */

struct limited { size_t left; };

static void *limited_fn(void *ud, void *p, size_t old_n, size_t new_n) {
  struct limited *l = ud;
  if (new_n && !l->left) return NULL;
  if (new_n) l->left--;
  return mem_libc.fn(NULL, p, old_n, new_n);
}

static int exercise(lib_ctx *c, const mem *m) {
  static const text s = { "see SKU-1042 \xC3\xA9", 15, 0 }, zone = { "Europe/Paris", 12, 0 };
  static const pattern digits = { { "(\\d+)", 5 }, { "", 0 }, 3 };
  const type *types[2] = { &ty_text, &ty_pattern };
  uint8_t st[2] = { ST_OK, ST_OK };
  val out, a[2] = { { .t = &s }, { .p = &digits } };
  struct lib_state *ls = lib_open(m);
  int failed = !ls;
  if (!ls) return failed;
  c->state = ls, c->argt = types, c->rett = &ty_text;
  failed += row_of("capture", "(s: text, p: pattern) ")->fn(c, a, st, &out) == ST_ERR;
  a[0] = (val){ .i = 0 }, a[1] = (val){ .t = &zone };
  failed += row_of("hour", "(")->fn(c, a, st, &out) == ST_ERR;
  a[0] = (val){ .i = 0xFF }, a[1] = (val){ .i = 0xFFFFFFFF };
  failed += row_of("contrast", "(")->fn(c, a, st, &out) == ST_ERR;
  a[0] = (val){ .t = &s };
  failed += row_of("length", "(s")->fn(c, a, st, &out) == ST_ERR;
  failed += row_of("upper", "(")->fn(c, a, st, &out) == ST_ERR;
  lib_close(ls);
  return failed;
}

/* Every allocation of the library's own caches fails once: no crash, no leak, an error that says so. */
static void every_allocation_may_fail(void **state) {
  (void)state;
  bool done = false;
  for (size_t n = 0; !done && n < 500; n++) {
    struct limited l = { n };
    mem m = { limited_fn, &l };
    arena a;
    arena_init(&a, &mem_libc, NULL);
    lib_ctx c = { .a = &a, .keep = &a, .m = &m };
    done = exercise(&c, &m) == 0;
    if (!done && n) assert_true(c.error.n > 0);
    arena_free(&a);
  }
  assert_true(done);
}

static void versions(void **state) {
  (void)state;
  arena a;
  arena_init(&a, &mem_libc, NULL);
  str v = lib_versions(&a);
  assert_true(strncmp(v.p, "ICU ", 4) == 0);
  assert_non_null(strstr(v.p, "Unicode 1"));
  assert_non_null(strstr(v.p, "PCRE2 10."));
  assert_non_null(strstr(v.p, "tzdata 20"));
  arena_free(&a);
}

int main(void) {
  const struct CMUnitTest tests[] = { cmocka_unit_test(rows), cmocka_unit_test(every_allocation_may_fail), cmocka_unit_test(versions) };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
