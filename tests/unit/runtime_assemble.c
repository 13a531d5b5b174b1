/* Assembly against brute force: every combination counted and sorted, for preferences that trap a search which sorts each slot by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/assemble.h"
#include "runtime/validate.h"

enum { PARTS = 7, LIMIT = 40 };

typedef struct part { double x; int k; bool known; } part;
typedef struct combo { double v; int at[3]; } combo;

static part parts[3][PARTS];
static char dir[64];

static uint64_t seed;
static uint32_t draw(uint32_t n) {
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(seed >> 33) % n;
}

#define A parts[0][a].x
#define B parts[1][b].x
#define C parts[2][c].x
static double product(int a, int b, int c) { return A * B + 0 * C; }
static double mixed(int a, int b, int c) { return A - B * C; }
static double quotient(int a, int b, int c) { return -(A + B) / (C * C + 1); }
static double square(int a, int b, int c) { return (A + B) * (B - C); }
static double risky(int a, int b, int c) { return A / (B + C); }
static double none(int a, int b, int c) { (void)a, (void)b, (void)c; return 0; }

static const struct { const char *text; double (*f)(int a, int b, int c); } preferences[] = {
  { "prefer a.x * b.x + 0 * c.x", product }, { "prefer a.x - b.x * c.x", mixed },   { "prefer -(a.x + b.x) / (c.x * c.x + 1)", quotient },
  { "prefer (a.x + b.x) * (b.x - c.x)", square }, { "prefer a.x / (b.x + c.x)", risky }, { "", none },
};

static void write_parts(void) {
  for (int s = 0; s < 3; s++) {
    char path[128];
    snprintf(path, sizeof path, "%s/s%d.csv", dir, s);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f, "id,x,k\n");
    for (int i = 0; i < PARTS; i++) {
      part *p = &parts[s][i];
      *p = (part){ ((int)draw(41) - 20) / 10.0, (int)draw(4), draw(6) > 0 };
      if (p->known) fprintf(f, "%d,%.1f,%d\n", i, p->x, p->k);
      else fprintf(f, "%d,%.1f,\n", i, p->x); /* conditions on it are unknown: never part of a combination */
    }
    fclose(f);
  }
  char path[128];
  snprintf(path, sizeof path, "%s/p.csv", dir);
  FILE *f = fopen(path, "w");
  fprintf(f, "id\n1\n");
  fclose(f);
}

static int better(const void *x, const void *y) {
  const combo *a = x, *b = y;
  if (a->v != b->v) return a->v > b->v ? -1 : 1;
  for (int i = 0; i < 3; i++)
    if (a->at[i] != b->at[i]) return a->at[i] < b->at[i] ? -1 : 1;
  return 0;
}

static uint32_t by_force(double (*f)(int a, int b, int c), combo *out) {
  uint32_t n = 0;
  for (int a = 0; a < PARTS; a++)
    for (int b = 0; b < PARTS; b++)
      for (int c = 0; c < PARTS; c++) {
        const part *p = &parts[0][a], *q = &parts[1][b], *r = &parts[2][c];
        double v = f(a, b, c);
        if (!p->known || !q->known || !r->known || p->k == q->k || q->k + r->k > 4 || p->x < -1.5 || !isfinite(v)) continue;
        out[n++] = (combo){ v, { a, b, c } };
      }
  qsort(out, n, sizeof *out, better);
  return n;
}

typedef struct world { rt_program *p; rt_engine e; src_data *data; arena a; str failure; } world;

static void open_world(world *w, const char *prefer) {
  char text[1024], files[4][128];
  snprintf(text, sizeof text,
           "record P { id : int key }\nrecord S { id : int key  x : number  k : int? }\n"
           "source ps : P\nsource s0 : S\nsource s1 : S\nsource s2 : S\n"
           "template t for p in ps {\n  slot a in s0 where a.x >= -1.5\n  slot b in s1\n  slot c in s2\n"
           "  require a.k != b.k\n  require b.k + c.k <= 4\n  %s\n  limit %d\n}\n",
           prefer, LIMIT);
  *w = (world){ .p = rt_program_new(&mem_libc) };
  arena_init(&w->a, &mem_libc, NULL);
  assert_int_equal(rt_program_add_text(w->p, STR("t.blz"), str_z(text)), RT_OK);
  assert_int_equal(rt_program_compile(w->p, false, INT64_MIN), RT_OK);
  assert_true(rt_engine_open(&w->e, w->p, &mem_libc, (vm_limits){ 0 }, 0));
  static const char *const names[4] = { "ps", "s0", "s1", "s2" };
  src_binding b[4];
  for (int i = 0; i < 4; i++) {
    snprintf(files[i], sizeof files[i], "%s/%s.csv", dir, i ? names[i] : "p");
    b[i] = (src_binding){ str_z(names[i]), str_dup(&w->a, str_z(files[i])), { "", 0 } };
  }
  src_binding *kept = ARENA_ARRAY(&w->a, src_binding, 4);
  memcpy(kept, b, sizeof b);
  assert_int_equal(rt_open_data(w->p, &mem_libc, (str){ "", 0 }, 4, kept, NULL, NULL, NULL, NULL, &w->a, &w->data, &w->failure), RT_OK);
  rt_engine_data(&w->e, w->data);
}

static void close_world(world *w) {
  rt_engine_close(&w->e);
  src_close(w->data);
  rt_program_free(w->p);
  arena_free(&w->a);
}

static void best_first_is_best(void **state) {
  (void)state;
  static combo want[PARTS * PARTS * PARTS];
  seed = 11;
  int ties = 0;
  for (int round = 0; round < 25; round++) {
    write_parts();
    for (size_t k = 0; k < sizeof preferences / sizeof *preferences; k++) {
      uint32_t n = by_force(preferences[k].f, want);
      world w;
      open_world(&w, preferences[k].text);
      rec *p;
      str key = STR("1");
      asm_result r;
      assert_int_equal(src_find(w.data, 0, 1, &key, &w.a, &p), SRC_OK);
      assert_int_equal(rt_assemble(&w.e, 0, p, &(asm_opts){ .why = true }, &w.a, &r, &w.failure), RT_OK);
      assert_int_equal(r.status, ASM_DONE);
      assert_int_equal(r.n, n < LIMIT ? n : LIMIT);
      assert_true(r.more == (n > LIMIT));
      for (uint32_t i = 0; i < r.n; i++) {
        assert_true(fabs(r.v[i].prefer - want[i].v) <= 1e-12 * fabs(want[i].v));
        for (int s = 0; s < 3; s++) assert_int_equal(r.v[i].parts[s]->v[0].i, want[i].at[s]);
        ties += i && want[i].v == want[i - 1].v;
      }
      close_world(&w);
    }
  }
  assert_true(ties > 1000);
}

static void a_search_that_is_cut_off_says_so(void **state) {
  (void)state;
  seed = 12;
  write_parts();
  world w;
  open_world(&w, preferences[0].text);
  rec *p;
  str key = STR("1");
  asm_result r;
  assert_int_equal(src_find(w.data, 0, 1, &key, &w.a, &p), SRC_OK);
  assert_int_equal(rt_assemble(&w.e, 0, p, &(asm_opts){ .nodes = 10 }, &w.a, &r, &w.failure), RT_OK);
  assert_int_equal(r.status, ASM_LIMIT);
  assert_int_equal(r.nodes, 10);
  close_world(&w);
}

static int make_dir(void **state) {
  (void)state;
  snprintf(dir, sizeof dir, "/tmp/blazon-assemble-XXXXXX");
  return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state) {
  (void)state;
  char path[128];
  static const char *const names[4] = { "p", "s0", "s1", "s2" };
  for (int i = 0; i < 4; i++) {
    snprintf(path, sizeof path, "%s/%s.csv", dir, names[i]);
    unlink(path);
  }
  return rmdir(dir);
}

int main(void) {
  const struct CMUnitTest tests[] = { cmocka_unit_test(best_first_is_best), cmocka_unit_test(a_search_that_is_cut_off_says_so) };
  return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
