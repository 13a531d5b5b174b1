/* Decisions through the public interface: answers that follow the weights, ids that are answered again, memory that runs out at every point. */
#include "blazon.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char rules[] =
  "record P { id : text key  locale : text  age : int? }\nrecord V { id : text key  locale : text }\nrecord S { variant : text  clicks : int  views : int }\n"
  "source ps : P\nsource vs : V\nsource ss : S\n"
  "choose drawn for p in ps {\n  from v in vs where v.locale == p.locale\n  over s in ss where s.variant == v.id\n"
  "  by weights(s.clicks / s.views)\n  fallback \"fall\"\n}\n"
  "choose kept for p in ps { from v in vs where v.locale == p.locale  by epsilon_greedy(value: 1, epsilon: 100%)  sticky 7 days }\n"
  "template pair for p in ps { slot one in vs where one.locale == p.locale  slot two in vs where two.locale == p.locale  require one.id < two.id }\n"
  "choose pairs for p in ps { from b in pair where b.one.id != b.two.id  by first()  fallback \"a, b\" }\n"
  "choose learnt for p in ps {\n  from v in vs where v.locale == p.locale\n  over e in evidence where e.choice == \"learnt\" and e.candidate == v.id\n"
  "  by best((1 + e.successes) / (2 + e.trials))\n}\n"
  "choose crowded for p in ps { from v in vs where v.locale == p.locale  by weights(1)  floor 40% }\n"
  "experiment cta for p in ps where p.age >= 18 { \"blue\" -> 25%  \"red\" -> 75% }\n";

static const int64_t LATER = INT64_C(4102444800000000); /* 2100 */
static char dir[64], vs[100], ss[100], db[100];

typedef struct counting { int64_t live, left; } counting;
static void *counting_fn(void *ud, void *p, size_t old, size_t n) {
  counting *c = ud;
  if (!n) {
    c->live -= (int64_t)old;
    free(p);
    return NULL;
  }
  if (!c->left) return NULL;
  if (c->left > 0) c->left--;
  void *q = realloc(p, n);
  if (q) c->live += (int64_t)n - (p ? (int64_t)old : 0);
  return q;
}

typedef struct world { blz_program *p; blz_engine *e; size_t drawn, kept, pairs, learnt, crowded, cta; } world;

static int open_world(world *w, const blz_allocator *a) {
  blz_source sources[] = { { "vs", vs, NULL }, { "ss", ss, NULL } };
  *w = (world){ .p = blz_program_new(a) };
  if (!w->p || blz_program_add_text(w->p, "c.blz", rules, sizeof rules - 1) != BLZ_OK || blz_program_compile(w->p, NULL, NULL) != BLZ_OK) return 0;
  w->e = blz_engine_new(w->p);
  return w->e && blz_engine_open_data(w->e, NULL, sources, 2, NULL, NULL) == BLZ_OK && blz_program_find_choice(w->p, "drawn", &w->drawn) == BLZ_OK &&
         blz_program_find_choice(w->p, "kept", &w->kept) == BLZ_OK && blz_program_find_choice(w->p, "pairs", &w->pairs) == BLZ_OK &&
         blz_program_find_choice(w->p, "learnt", &w->learnt) == BLZ_OK &&
         blz_program_find_choice(w->p, "crowded", &w->crowded) == BLZ_OK &&
         blz_program_find_experiment(w->p, "cta", &w->cta) == BLZ_OK;
}

static void close_world(world *w) {
  blz_engine_free(w->e);
  blz_program_free(w->p);
}

static blz_status decide(world *w, size_t choice, const char *json, const char *id, blz_decision *d) {
  blz_record *r = NULL;
  blz_status s = blz_record_from_json(w->e, "P", json, strlen(json), &r);
  if (s == BLZ_OK) s = blz_engine_decide(w->e, choice, r, id, d);
  blz_record_free(r);
  return s;
}

static void draws_follow_the_weights(void **state) {
  (void)state;
  world w;
  blz_decision d;
  int first = 0, n = 4000;
  assert_true(open_world(&w, NULL));
  for (int i = 0; i < n; i++) {
    char json[80], id[20];
    snprintf(json, sizeof json, "{\"id\":\"u%d\",\"locale\":\"en\"}", i);
    snprintf(id, sizeof id, "d%d", i);
    assert_int_equal(decide(&w, w.drawn, json, id, &d), BLZ_OK);
    assert_true(fabs(d.p - (strcmp(d.chosen, "a") == 0 ? 0.75 : 0.25)) < 1e-12);
    first += strcmp(d.chosen, "a") == 0;
  }
  assert_in_range(first, n * 72 / 100, n * 78 / 100);
  assert_int_equal(decide(&w, w.drawn, "{\"id\":\"u\",\"locale\":\"xx\"}", NULL, &d), BLZ_OK);
  assert_string_equal(d.stage, "fallback");
  assert_string_equal(d.chosen, "fall");
  assert_true(d.p == -1 && strlen(d.id) == 36);
  assert_string_equal(d.warning, "");
  assert_int_equal(decide(&w, w.crowded, "{\"id\":\"u\",\"locale\":\"en\"}", NULL, &d), BLZ_OK);
  assert_string_equal(d.warning, "the floors of 2 candidates, 40% each, take more than half of the chance");
  close_world(&w);
}

static void what_cannot_be_decided_is_told(void **state) {
  (void)state;
  world w;
  blz_decision d;
  assert_true(open_world(&w, NULL));
  assert_int_equal(decide(&w, w.kept, "{\"id\":\"u\",\"locale\":\"en\"}", NULL, &d), BLZ_MISUSE);
  assert_non_null(strstr(blz_engine_error(w.e), "needs a state file"));
  assert_int_equal(decide(&w, w.drawn, "{\"locale\":\"en\"}", NULL, &d), BLZ_BAD_VALUE);
  assert_int_equal(decide(&w, 99, "{\"id\":\"u\",\"locale\":\"en\"}", NULL, &d), BLZ_BAD_VALUE);
  blz_record *r;
  const char *arm;
  assert_int_equal(blz_record_from_json(w.e, "P", "{\"id\":\"u\",\"locale\":\"en\"}", 24, &r), BLZ_OK);
  assert_int_equal(blz_engine_experiment(w.e, w.cta, r, &arm), BLZ_OK);
  assert_null(arm);
  assert_string_equal(blz_engine_experiment_reason(w.e), "age is missing");
  assert_int_equal(blz_record_set_int(r, "age", 17), BLZ_OK);
  assert_int_equal(blz_engine_experiment(w.e, w.cta, r, &arm), BLZ_OK);
  assert_null(arm);
  assert_string_equal(blz_engine_experiment_reason(w.e), "`where` leaves it out: p.age >= 18");
  assert_int_equal(blz_record_set_int(r, "age", 20), BLZ_OK);
  assert_int_equal(blz_engine_experiment(w.e, w.cta, r, &arm), BLZ_OK);
  assert_null(blz_engine_experiment_reason(w.e));
  assert_true(arm && (strcmp(arm, "blue") == 0 || strcmp(arm, "red") == 0));
  blz_record_free(r);
  close_world(&w);
}

static void combinations_are_told_with_their_parts(void **state) {
  (void)state;
  world w;
  blz_decision d;
  assert_true(open_world(&w, NULL));
  assert_int_equal(decide(&w, w.pairs, "{\"id\":\"u\",\"locale\":\"en\"}", NULL, &d), BLZ_OK);
  assert_string_equal(d.chosen, "a, b");
  assert_int_equal(d.part_count, 2);
  assert_string_equal(d.parts[0].slot, "one");
  assert_string_equal(d.parts[0].key, "a");
  assert_string_equal(d.parts[1].slot, "two");
  assert_string_equal(d.parts[1].key, "b");
  assert_int_equal(decide(&w, w.pairs, "{\"id\":\"u\",\"locale\":\"zz\"}", NULL, &d), BLZ_OK); /* one record cannot fill both */
  assert_null(d.chosen);
  assert_int_equal(d.part_count, 0);
  assert_int_equal(decide(&w, w.drawn, "{\"id\":\"u\",\"locale\":\"en\"}", NULL, &d), BLZ_OK);
  assert_int_equal(d.part_count, 0);
  close_world(&w);
}

static void a_state_keeps_what_was_answered(void **state) {
  (void)state;
  world w;
  blz_decision d;
  blz_state *s;
  char first[20], error[200];
  unlink(db);
  assert_true(open_world(&w, NULL));
  assert_int_equal(blz_state_open(NULL, db, BLZ_STATE_CREATE | BLZ_STATE_RELAXED, &s, error, sizeof error), BLZ_OK);
  assert_int_equal(blz_engine_use_state(w.e, s), BLZ_OK);
  assert_int_equal(decide(&w, w.kept, "{\"id\":\"u\",\"locale\":\"en\"}", "one", &d), BLZ_OK);
  snprintf(first, sizeof first, "%s", d.chosen);
  assert_true(d.assignment == 1 && fabs(d.p_assign - 0.5) < 1e-9);
  for (int i = 0; i < 5; i++) {
    char id[20];
    snprintf(id, sizeof id, "again%d", i);
    assert_int_equal(decide(&w, w.kept, "{\"id\":\"u\",\"locale\":\"en\"}", id, &d), BLZ_OK);
    assert_string_equal(d.stage, "sticky");
    assert_string_equal(d.chosen, first);
    assert_true(d.p == 1 && fabs(d.p_assign - 0.5) < 1e-9);
  }
  assert_int_equal(decide(&w, w.kept, "{\"id\":\"u\",\"locale\":\"en\"}", "one", &d), BLZ_OK);
  assert_string_equal(d.stage, "policy"); /* as it was */
  assert_int_equal(decide(&w, w.kept, "{\"id\":\"other\",\"locale\":\"en\"}", "one", &d), BLZ_BAD_VALUE);
  assert_int_equal(blz_engine_outcome(w.e, "one", NULL, 1, LATER), BLZ_OK);
  assert_int_equal(blz_engine_outcome(w.e, "one", NULL, 1, LATER), BLZ_OK);
  assert_int_equal(blz_engine_outcome(w.e, "one", NULL, 2, LATER), BLZ_BAD_VALUE);
  assert_int_equal(blz_engine_outcome(w.e, "one", "early", 1, 0), BLZ_BAD_VALUE);
  assert_int_equal(blz_engine_outcome(w.e, "none", NULL, 1, LATER), BLZ_NOT_FOUND);
  close_world(&w);
  blz_state_free(s);
  assert_int_equal(blz_state_open(NULL, "/nowhere/state.db", BLZ_STATE_CREATE, &s, error, sizeof error), BLZ_DATA);
  assert_true(strlen(error) > 0);
}

static void memory_that_runs_out_is_told_and_nothing_leaks(void **state) {
  (void)state;
  bool done = false;
  for (int64_t left = 0; !done && left < 20000; left += left < 400 ? 1 : 37) {
    counting c = { 0, left };
    blz_allocator a = { counting_fn, &c };
    world w;
    blz_decision d;
    done = open_world(&w, &a) && decide(&w, w.drawn, "{\"id\":\"u\",\"locale\":\"en\"}", "x", &d) == BLZ_OK &&
           decide(&w, w.pairs, "{\"id\":\"u\",\"locale\":\"en\"}", "y", &d) == BLZ_OK;
    close_world(&w);
    assert_int_equal(c.live, 0);
  }
  assert_true(done);
}

/* The rules' own source of evidence is in the state that the engine uses, whether the data was opened before or after. */
static void evidence_is_read_from_the_state(void **state) {
  (void)state;
  world w;
  blz_decision d;
  blz_state *s;
  char error[200], id[20];
  unlink(db);
  assert_true(open_world(&w, NULL));
  assert_int_equal(decide(&w, w.learnt, "{\"id\":\"u\",\"locale\":\"en\"}", NULL, &d), BLZ_DATA);
  assert_int_equal(blz_state_open(NULL, db, BLZ_STATE_CREATE | BLZ_STATE_RELAXED, &s, error, sizeof error), BLZ_OK);
  assert_int_equal(blz_engine_use_state(w.e, s), BLZ_OK);
  int b = 0;
  for (int i = 0; i < 50; i++) {
    snprintf(id, sizeof id, "d%d", i);
    assert_int_equal(decide(&w, w.learnt, "{\"id\":\"u\",\"locale\":\"en\"}", id, &d), BLZ_OK);
    assert_true(fabs(d.p - 0.5) < 1e-9); /* nothing is known of either */
    if (strcmp(d.chosen, "b") != 0) continue;
    b++;
    assert_int_equal(blz_engine_outcome(w.e, id, NULL, 1, LATER), BLZ_OK);
  }
  assert_true(b > 0 && b < 50);
  assert_true(blz_engine_data_changed(w.e));
  blz_source sources[] = { { "vs", vs, NULL }, { "ss", ss, NULL } };
  assert_int_equal(blz_engine_open_data(w.e, NULL, sources, 2, NULL, NULL), BLZ_OK);
  for (int i = 0; i < 5; i++) {
    assert_int_equal(decide(&w, w.learnt, "{\"id\":\"u\",\"locale\":\"en\"}", NULL, &d), BLZ_OK);
    assert_string_equal(d.chosen, "b");
    assert_true(d.p == 1);
  }
  assert_int_equal(blz_engine_use_state(w.e, NULL), BLZ_OK);
  assert_int_equal(decide(&w, w.learnt, "{\"id\":\"u\",\"locale\":\"en\"}", NULL, &d), BLZ_DATA);
  close_world(&w);
  blz_state_free(s);
}

static int make_data(void **state) {
  (void)state;
  snprintf(dir, sizeof dir, "/tmp/blazon-decide-XXXXXX");
  if (!mkdtemp(dir)) return -1;
  snprintf(vs, sizeof vs, "%s/vs.csv", dir), snprintf(ss, sizeof ss, "%s/ss.csv", dir), snprintf(db, sizeof db, "%s/s.db", dir);
  FILE *f = fopen(vs, "w");
  fputs("id,locale\na,en\nb,en\nfall,zz\n", f);
  fclose(f);
  f = fopen(ss, "w");
  fputs("variant,clicks,views\na,20,100\na,10,100\nb,5,50\nb,5,150\n", f); /* 30 of 200, 10 of 200 */
  fclose(f);
  return 0;
}

static int remove_data(void **state) {
  (void)state;
  char path[120];
  unlink(vs), unlink(ss), unlink(db);
  snprintf(path, sizeof path, "%s-wal", db), unlink(path);
  snprintf(path, sizeof path, "%s-shm", db), unlink(path);
  return rmdir(dir);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(draws_follow_the_weights),
    cmocka_unit_test(what_cannot_be_decided_is_told),
    cmocka_unit_test(combinations_are_told_with_their_parts),
    cmocka_unit_test(a_state_keeps_what_was_answered),
    cmocka_unit_test(evidence_is_read_from_the_state),
    cmocka_unit_test(memory_that_runs_out_is_told_and_nothing_leaks),
  };
  return cmocka_run_group_tests(tests, make_data, remove_data);
}
