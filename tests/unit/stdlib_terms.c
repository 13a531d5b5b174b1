/* Term lists: what counts as a word, which term wins, how folding maps back to the text; compared with a naive search on random texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "stdlib/terms.h"
#include "stdlib/unicode.h"

static jmp_buf oom;

typedef struct fix { arena a; lib_ctx c; } fix;

static int setup(void **st) {
  fix *f = calloc(1, sizeof *f);
  arena_init(&f->a, &mem_libc, &oom);
  f->c = (lib_ctx){ .a = &f->a, .keep = &f->a, .m = &mem_libc, .state = lib_open(&mem_libc) };
  *st = f;
  return 0;
}

static int teardown(void **st) {
  fix *f = *st;
  lib_close(f->c.state);
  arena_free(&f->a);
  free(f);
  return 0;
}

/* Matches as "[a][b]", from the text itself. */
static const char *find(fix *f, bool fold, const char *text, const char *const *list, uint32_t n) {
  term_entry *e = ARENA_ARRAY(&f->a, term_entry, n);
  for (uint32_t i = 0; i < n; i++) e[i].text = str_z(list[i]);
  terms *t = terms_build(&f->a, e, n, fold, NULL, NULL);
  buf b = { .a = &f->a };
  terms_scan w;
  term_match m;
  assert_true(terms_begin(&w, &f->c, t, str_z(text)));
  while (terms_next(&w, &m)) buf_fmt(&b, "[%.*s=%u]", (int)(m.end - m.beg), text + m.beg, m.index);
  return buf_done(&b).p;
}
#define FIND(fold, text, ...) find(f, fold, text, (const char *[]){ __VA_ARGS__ }, sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *))

static void whole_words(void **st) {
  fix *f = *st;
  assert_string_equal(FIND(false, "a cheap thing, cheaper; cheap", "cheap"), "[cheap=0][cheap=0]");
  assert_string_equal(FIND(false, "uncheap cheap_ _cheap 1cheap", "cheap"), "");
  assert_string_equal(FIND(false, "Cheap", "cheap"), "");
  assert_string_equal(FIND(false, "(cheap)", "cheap"), "[cheap=0]");
  assert_string_equal(FIND(false, "cafe\xCC\x81 cafe", "cafe"), "[cafe=0]"); /* a combining mark goes on */
  assert_string_equal(FIND(false, "", "cheap"), "");
}

/* é as one character and as two, in the list and in the text */
static void composed_and_decomposed(void **st) {
  fix *f = *st;
  assert_string_equal(FIND(false, "caf\xC3\xA9 cafe\xCC\x81 cafe", "caf\xC3\xA9"), "[caf\xC3\xA9=0][cafe\xCC\x81=0]");
  assert_string_equal(FIND(false, "caf\xC3\xA9 cafe\xCC\x81", "cafe\xCC\x81"), "[caf\xC3\xA9=0][cafe\xCC\x81=0]");
  assert_string_equal(FIND(true, "CAFE\xCC\x81 \xC3\x89T\xC3\x89", "caf\xC3\xA9", "e\xCC\x81te\xCC\x81"), "[CAFE\xCC\x81=0][\xC3\x89T\xC3\x89=1]");
  assert_string_equal(FIND(false, "don't don\xE2\x80\x99t", "don't"), "[don't=0][don\xE2\x80\x99t=0]");
  assert_string_equal(FIND(true, "DON'T Don\xE2\x80\x99t", "don\xE2\x80\x99t"), "[DON'T=0][Don\xE2\x80\x99t=0]");
  /* both written: each is itself */
  assert_string_equal(FIND(false, "caf\xC3\xA9 cafe\xCC\x81", "caf\xC3\xA9", "cafe\xCC\x81"), "[caf\xC3\xA9=0][cafe\xCC\x81=1]");
  assert_string_equal(FIND(false, "\xED\x95\x9C \xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB", "\xED\x95\x9C"), "[\xED\x95\x9C=0][\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB=0]");
}

static void longest_first_without_overlap(void **st) {
  fix *f = *st;
  assert_string_equal(FIND(false, "new york city, new york, new", "new", "new york", "new york city"), "[new york city=2][new york=1][new=0]");
  assert_string_equal(FIND(false, "a b c", "a b", "b c"), "[a b=0]");
  assert_string_equal(FIND(false, "world-class world class", "world", "world-class"), "[world-class=1][world=0]");
}

static void spaces_and_signs(void **st) {
  fix *f = *st;
  assert_string_equal(FIND(false, "new \n\t york", "new york"), "[new \n\t york=0]");
  assert_string_equal(FIND(false, "C++ and C, #1 not #12", "C++", "#1", "C"), "[C++=0][C=2][#1=1]");
  assert_string_equal(FIND(false, "100% $$$x", "100%", "$$$"), "[100%=0][$$$=1]");
}

static void folding(void **st) {
  fix *f = *st;
  assert_string_equal(FIND(true, "Cheap CHEAP", "cHeap"), "[Cheap=0][CHEAP=0]");
  assert_string_equal(FIND(true, "die STRASSE, die Straße", "straße"), "[STRASSE=0][Straße=0]");
  assert_string_equal(FIND(true, "ÉCLAIR é", "éclair"), "[ÉCLAIR=0]");
  assert_string_equal(FIND(true, "\xF0\x90\x90\x80x \xF0\x90\x90\x80", "\xF0\x90\x90\xA8"), "[\xF0\x90\x90\x80=0]"); /* Deseret, beyond the BMP */
  assert_string_equal(FIND(true, "\xFF\xFE" "cheap \xC3", "cheap"), "[cheap=0]"); /* stray bytes are no words and no crash */
}

typedef struct seen { enum terms_problem why; uint32_t index, other, n; } seen;
static void note(void *ud, enum terms_problem why, uint32_t index, uint32_t other) {
  seen *s = ud;
  s->why = why, s->index = index, s->other = other, s->n++;
}

static void problems(void **st) {
  fix *f = *st;
  seen s = { .n = 0 };
  term_entry dup[] = { { .text = STR("a b") }, { .text = STR("x") }, { .text = STR("A  B") } };
  assert_int_equal(terms_count(terms_build(&f->a, dup, 3, true, note, &s)), 2);
  assert_true(s.n == 1 && s.why == TERMS_DUPLICATE && s.index == 2 && s.other == 0);
  term_entry blank[] = { { .text = STR(" \t ") } };
  s.n = 0;
  assert_int_equal(terms_count(terms_build(&f->a, blank, 1, true, note, &s)), 0);
  assert_true(s.n == 1 && s.why == TERMS_EMPTY);
}

static uint32_t rnd(uint64_t *seed, uint32_t n) {
  *seed = *seed * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(*seed >> 33) % n;
}

/* Random texts over a tiny alphabet, against a search that tries every term at every place. */
static void against_naive(void **st) {
  fix *f = *st;
  uint64_t seed = 12345;
  for (int round = 0; round < 3000; round++) {
    arena_reset(&f->a);
    static const char letters[] = "ab -#";
    char words[6][8], text[200];
    term_entry e[6];
    uint32_t n = 1 + rnd(&seed, 6), len = rnd(&seed, round % 4 ? 39 : 199);
    for (uint32_t i = 0; i < n; i++) {
      uint32_t k = 1 + rnd(&seed, 4);
      for (uint32_t j = 0; j < k; j++) words[i][j] = letters[rnd(&seed, 5)];
      words[i][0] = "ab#"[rnd(&seed, 3)], words[i][k - 1] = "ab#"[rnd(&seed, 3)]; /* no spaces at the ends, and no double ones below */
      for (uint32_t j = 1; j < k; j++) if (words[i][j] == ' ' && words[i][j - 1] == ' ') words[i][j] = 'a';
      e[i] = (term_entry){ .text = { words[i], k } };
    }
    for (uint32_t i = 0; i < len; i++) { text[i] = letters[rnd(&seed, 5)]; if (i && text[i] == ' ' && text[i - 1] == ' ') text[i] = 'b'; }
    terms *t = terms_build(&f->a, e, n, false, NULL, NULL);
    terms_scan w;
    term_match m;
    assert_true(terms_begin(&w, &f->c, t, (str){ text, len }));
    uint32_t at = 0;
    for (bool more = true; more;) {
      uint32_t best_at = UINT32_MAX, best_n = 0;
#define WORD(ch) ((ch) == 'a' || (ch) == 'b')
      for (uint32_t p = at; p < len && best_at == UINT32_MAX; p++)
        for (uint32_t i = 0; i < n; i++) {
          uint32_t k = e[i].text.n;
          if (p + k > len || memcmp(text + p, words[i], k) || k <= best_n) continue;
          if (WORD(words[i][0]) && p > 0 && WORD(text[p - 1])) continue;
          if (WORD(words[i][k - 1]) && p + k < len && WORD(text[p + k])) continue;
          best_at = p, best_n = k;
        }
      more = terms_next(&w, &m);
      assert_int_equal(more, best_at != UINT32_MAX);
      if (more) {
        assert_int_equal(m.beg, best_at);
        assert_int_equal(m.end, best_at + best_n);
        at = m.end;
      }
    }
  }
}

/* Folding the text first and searching as written finds as much as searching ignoring case; and what is found is, folded, the term. */
static void against_folded(void **st) {
  fix *f = *st;
  static const char *const piece[] = { "a", "B", "\xC3\xA9", "\xC3\x89", "\xC5\xBF", "\xC3\x9F", "\xE2\x84\xAA", "\xCE\x90", "\xC5\x89", "\xC4\xB0", "\xEF\xAC\x81", "\xF0\x90\x90\x80",
    " ", "\xC2\xA0", "-", "\xE2\x80\x94", "\xFF", "\xCC\x81", "\xD4\xB1", "0" };
  enum { PIECES = sizeof piece / sizeof *piece };
  uint64_t seed = 99;
  uint32_t found = 0;
  for (int round = 0; round < 4000; round++) {
    arena_reset(&f->a);
    term_entry e[4] = { { .text = { "", 0 } } }, folded[4] = { { .text = { "", 0 } } };
    uint32_t n = 1 + rnd(&seed, 4);
    buf b = { .a = &f->a };
    for (uint32_t i = 0; i < n; i++) {
      buf t = { .a = &f->a };
      for (uint32_t k = 1 + rnd(&seed, 3); k > 0; k--) buf_z(&t, piece[rnd(&seed, PIECES)]);
      e[i].text = buf_done(&t);
      assert_true(uni_case(&f->c, UNI_FOLD, e[i].text, &folded[i].text));
    }
    for (uint32_t k = rnd(&seed, 90); k > 0; k--) {
      if (rnd(&seed, 4)) buf_z(&b, piece[rnd(&seed, PIECES)]);
      else buf_str(&b, e[rnd(&seed, n)].text);
    }
    str text = buf_done(&b), low, part;
    assert_true(uni_case(&f->c, UNI_FOLD, text, &low));
    terms_scan w, v;
    term_match m, o;
    assert_true(terms_begin(&w, &f->c, terms_build(&f->a, e, n, true, NULL, NULL), text));
    assert_true(terms_begin(&v, &f->c, terms_build(&f->a, folded, n, false, NULL, NULL), low));
    bool more;
    do {
      more = terms_next(&w, &m);
      assert_int_equal(terms_next(&v, &o), more);
      if (!more) break;
      found++;
      assert_int_equal(m.index, o.index);
      assert_true(m.beg < m.end && m.end <= text.n);
      assert_true(uni_case(&f->c, UNI_FOLD, (str){ text.p + m.beg, m.end - m.beg }, &part));
      assert_true(str_eq(part, (str){ low.p + o.beg, o.end - o.beg }));
    } while (more);
  }
  assert_true(found > 4000);
}

/* Phrases that all begin alike, in a text that says little else: work stays in proportion to the text times the longest phrase. */
static void alike_beginnings(void **st) {
  fix *f = *st;
  enum { N = 300 };
  term_entry e[N];
  buf b = { .a = &f->a }, text = { .a = &f->a };
  for (int i = 0; i < N; i++) {
    for (int k = 0; k < 20; k++) buf_z(&b, "new ");
    buf_fmt(&b, "x%d", i);
    e[i] = (term_entry){ .text = buf_done(&b) };
    b = (buf){ .a = &f->a };
  }
  for (int i = 0; i < 5000; i++) buf_z(&text, "new ");
  buf_z(&text, "x299");
  uint64_t steps = 0;
  f->c.steps = &steps;
  terms_scan w;
  term_match m;
  assert_true(terms_begin(&w, &f->c, terms_build(&f->a, e, N, true, NULL, NULL), buf_done(&text)));
  assert_true(terms_next(&w, &m) && m.index == 299 && !terms_next(&w, &m));
  assert_in_range(steps, 5000, 5000 * 30);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(whole_words, setup, teardown),
    cmocka_unit_test_setup_teardown(composed_and_decomposed, setup, teardown),
    cmocka_unit_test_setup_teardown(longest_first_without_overlap, setup, teardown),
    cmocka_unit_test_setup_teardown(spaces_and_signs, setup, teardown),
    cmocka_unit_test_setup_teardown(folding, setup, teardown),
    cmocka_unit_test_setup_teardown(problems, setup, teardown),
    cmocka_unit_test_setup_teardown(against_folded, setup, teardown), cmocka_unit_test_setup_teardown(alike_beginnings, setup, teardown),
    cmocka_unit_test_setup_teardown(against_naive, setup, teardown),
  };
  return cmocka_run_group_tests_name("stdlib_terms", tests, NULL, NULL);
}
