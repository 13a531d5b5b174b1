/* The base: arenas that jump or refuse, buffers that grow, texts, UTF-8, sources and their lines, messages and their codes. */
#include "base/diag.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct meter { size_t held, left; };

/* Allocates while left lasts; held must be 0 when everything was given back with its right size. */
static void *metered(void *ud, void *p, size_t old_n, size_t new_n) {
  struct meter *m = ud;
  if (new_n > old_n && new_n - old_n > m->left) return NULL;
  m->left -= new_n - old_n, m->held += new_n - old_n;
  return mem_libc.fn(NULL, p, old_n, new_n);
}

static void arena_gives_everything_back(void **state) {
  (void)state;
  struct meter meter = { 0, 100 << 20 };
  mem m = { metered, &meter };
  arena a;
  arena_init(&a, &m, NULL);
  unsigned char *first = arena_alloc(&a, 10);
  for (int i = 0; i < 10; i++) assert_int_equal(first[i], 0);
  first[9] = 7;
  for (size_t n = 1; n < 3000000; n = n * 3 + 1) {
    unsigned char *p = arena_alloc(&a, n);
    assert_int_equal((uintptr_t)p % 16, 0);
    assert_true(p[0] == 0 && p[n - 1] == 0);
    memset(p, 0xAA, n);
  }
  assert_int_equal(first[9], 7);
  arena_mark mark = arena_save(&a);
  size_t used = a.used;
  for (int i = 0; i < 1000; i++) arena_alloc(&a, 5000);
  arena_restore(&a, mark);
  assert_int_equal(a.used, used);
  unsigned char *again = arena_alloc(&a, 5000); /* memory used before the restore is zero again */
  for (int i = 0; i < 5000; i++) assert_int_equal(again[i], 0);
  arena_reset(&a);
  assert_int_equal(a.used, 0);
  arena_free(&a);
  assert_int_equal(meter.held, 0);
}

static void arena_jumps_or_refuses(void **state) {
  (void)state;
  struct meter meter = { 0, 100000 };
  mem m = { metered, &meter };
  jmp_buf env;
  arena a;
  volatile int jumped = 0;
  arena_init(&a, &m, &env);
  int why = setjmp(env);
  if (!why) {
    for (;;) arena_alloc(&a, 1000);
  }
  assert_int_equal(why, ARENA_OOM);
  assert_null(arena_try(&a, 90000));
  assert_null(arena_try(&a, SIZE_MAX));
  arena_reset(&a);
  a.limit = 5000;
  why = setjmp(env);
  if (!why) {
    for (;;) arena_alloc(&a, 1000), jumped++;
  }
  assert_int_equal(why, ARENA_LIMIT);
  assert_in_range(jumped, 4, 5);
  arena_free(&a);
  assert_int_equal(meter.held, 0);
}

static void buffers_and_texts(void **state) {
  (void)state;
  arena a;
  arena_init(&a, &mem_libc, NULL);
  buf b = { .a = &a };
  for (int i = 0; i < 10000; i++) buf_fmt(&b, "%d,", i % 10);
  str s = buf_done(&b);
  assert_int_equal(s.n, 20000);
  assert_int_equal(s.p[s.n], 0);
  assert_memory_equal(s.p, "0,1,2,3,", 8);
  assert_memory_equal(s.p + 19992, "6,7,8,9,", 8);
  assert_true(str_cmp(STR("a"), STR("ab")) < 0 && str_cmp(STR("b"), STR("ab")) > 0 && str_cmp(STR(""), STR("")) == 0);
  assert_true(str_cmp(STR("\x7f"), STR("\xc3\xa9")) < 0);
  assert_int_equal(str_distance(STR("recieve"), STR("receive"), 3), 1);
  assert_int_equal(str_distance(STR("kitten"), STR("sitting"), 3), 3);
  assert_int_equal(str_distance(STR("kitten"), STR("sitting"), 2), 3); /* farther than asked: max + 1 */
  assert_int_equal(str_distance(STR(""), STR("ab"), 3), 2);
  str names[] = { STR("severity"), STR("because"), STR("owner") };
  assert_ptr_equal(suggest(STR("severty"), names, 3), &names[0]);
  assert_ptr_equal(suggest(STR("OWNER"), names, 3), &names[2]);
  assert_null(suggest(STR("digest"), names, 3));
  arena_free(&a);
}

static void utf8_there_and_back(void **state) {
  (void)state;
  for (uint32_t cp = 0; cp <= 0x10FFFF; cp++) {
    if (cp >= 0xD800 && cp < 0xE000) continue;
    char s[4] = { 0 };
    uint32_t n = utf8_encode(cp, s), back;
    if (utf8_decode(s, s + n, &back) != n || back != cp) fail_msg("U+%X", cp);
    for (uint32_t cut = 1; cut < n; cut++) { /* a cut sequence is invalid, one byte long */
      assert_int_equal(utf8_decode(s, s + cut, &back), 1);
      assert_int_equal(back, UINT32_MAX);
    }
  }
  static const char *const bad[] = { "\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xC3(" };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    uint32_t cp;
    assert_int_equal(utf8_decode(bad[i], bad[i] + strlen(bad[i]), &cp), 1);
    assert_int_equal(cp, UINT32_MAX);
  }
}

static void places_in_sources(void **state) {
  (void)state;
  arena a;
  sources s;
  arena_init(&a, &mem_libc, NULL);
  sources_init(&s, &a);
  srcfile *one = sources_add(&s, STR("one.blz"), STR("a\nbc\r\n\nd")), *two = sources_add(&s, STR("two.blz"), STR(""));
  uint32_t line, col;
  assert_ptr_equal(sources_find(&s, one->base), one);
  assert_ptr_equal(sources_find(&s, one->base + one->text.n), one); /* the end of a file is a place in it */
  assert_ptr_equal(sources_find(&s, two->base), two);
  assert_null(sources_find(&s, 0));
  assert_null(sources_find(&s, two->base + 1));
  source_line_col(one, one->base + 3, &line, &col);
  assert_int_equal(line, 2);
  assert_int_equal(col, 2);
  source_line_col(one, one->base + one->text.n, &line, &col);
  assert_int_equal(line, 4);
  assert_int_equal(col, 2);
  assert_true(str_eq(source_line(one, 2), STR("bc")));
  assert_true(str_eq(source_line(one, 3), STR("")));
  assert_true(str_eq(source_line(one, 5), STR("")));
  assert_true(str_eq(source_slice(&s, (span){ one->base + 2, one->base + 4 }), STR("bc")));
  assert_true(str_eq(source_slice(&s, (span){ one->base, two->base + 9 }), STR("")));
  arena_free(&a);
}

static void messages_in_order(void **state) {
  (void)state;
  arena a;
  sources s;
  diags d;
  arena_init(&a, &mem_libc, NULL);
  sources_init(&s, &a);
  diags_init(&d, &a, &s);
  diag_add(&d, (diag_code)0, (span){ 9, 10 }, "second");
  diag_add(&d, (diag_code)0, (span){ 3, 4 }, "first");
  diag_add(&d, (diag_code)0, (span){ 9, 10 }, "second");
  diag_add(&d, (diag_code)0, (span){ 9, 10 }, "third");
  diags_sort(&d);
  assert_int_equal(d.list.n, 3); /* an exact repeat is dropped */
  assert_string_equal(d.list.v[0]->message.p, "first");
  assert_string_equal(d.list.v[1]->message.p, "second");
  assert_string_equal(d.list.v[2]->message.p, "third");
  assert_int_equal(d.errors + d.warnings, 3);
  arena_free(&a);
}

/* Codes are unique, say their severity by their letter, and each has a title and a real explanation. */
static void codes(void **state) {
  (void)state;
  for (size_t i = 0; i < DIAG_COUNT; i++) {
    const diag_info *g = &diag_table[i];
    if (strlen(g->code) != 5 || !strchr("EWI", g->code[0])) fail_msg("%s is no code", g->code);
    if (!g->title[0] || g->title[strlen(g->title) - 1] == '.') fail_msg("the title of %s", g->code);
    if (strlen(g->text) < 60) fail_msg("%s has no explanation", g->code);
    for (size_t k = 0; k < i; k++)
      if (strcmp(g->code, diag_table[k].code) == 0) fail_msg("%s stands there twice", g->code);
    assert_ptr_equal(diag_find(str_z(g->code)), g);
  }
  assert_null(diag_find(STR("E9999")));
  char lower[6] = "";
  for (int i = 0; i < 5; i++) lower[i] = (char)(diag_table[0].code[i] | 32);
  assert_ptr_equal(diag_find(str_z(lower)), &diag_table[0]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(arena_gives_everything_back), cmocka_unit_test(arena_jumps_or_refuses), cmocka_unit_test(buffers_and_texts),
    cmocka_unit_test(utf8_there_and_back), cmocka_unit_test(places_in_sources), cmocka_unit_test(messages_in_order), cmocka_unit_test(codes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
