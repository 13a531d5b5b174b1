/* Data kept fresh under an engine that decides: what a writer adds is taken over between two calls, trouble is told and survived. */
#include "blazon.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char rules[] =
  "record P { id : text key  locale : text }\nrecord V { id : text key  locale : text }\nrecord S { variant : text  clicks : int  views : int }\n"
  "source ps : P\nsource vs : V from \"vs\"\nsource ss : S\n"
  "choose hero for p in ps {\n  from v in vs where v.locale == p.locale\n  over s in ss where s.variant == v.id\n  by best(s.clicks / s.views)\n}\n"
  "choose learnt for p in ps {\n  from v in vs where v.locale == p.locale\n  over e in evidence where e.choice == \"learnt\" and e.candidate == v.id\n"
  "  by best(e.successes)\n}\n";

enum { PATIENCE = 10000 /* milliseconds */ };

static char dir[64], db[100], stats[100], state_db[100];

static void sql(const char *text) {
  sqlite3 *c;
  assert_int_equal(sqlite3_open(db, &c), SQLITE_OK);
  sqlite3_busy_timeout(c, 5000);
  assert_int_equal(sqlite3_exec(c, text, NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(c);
}

static void write_stats(int a, int b) {
  FILE *f = fopen(stats, "w");
  fprintf(f, "variant,clicks,views\na,%d,1000\nb,%d,1000\nc,%d,1000\n", a, b, a + b);
  fclose(f);
}

static blz_engine *open_engine(blz_program *p) {
  blz_engine *e = blz_engine_new(p);
  blz_source sources[] = { { "ss", stats, NULL } };
  assert_int_equal(blz_engine_open_data(e, db, sources, 1, NULL, NULL), BLZ_OK);
  return e;
}

static const char *decide(blz_engine *e, const char *choice, const char *id, blz_program *p) {
  static char chosen[40];
  blz_record *r = NULL;
  blz_decision d;
  size_t at;
  assert_int_equal(blz_program_find_choice(p, choice, &at), BLZ_OK);
  assert_int_equal(blz_record_from_json(e, "P", "{\"id\":\"u\",\"locale\":\"en\"}", 24, &r), BLZ_OK);
  if (blz_engine_decide(e, at, r, id, &d) != BLZ_OK) fail_msg("%s", blz_engine_error(e));
  snprintf(chosen, sizeof chosen, "%s", d.chosen ? d.chosen : "none");
  blz_record_free(r);
  return chosen;
}

/* Decides until the answer is the wanted one. */
static int becomes(blz_engine *e, const char *choice, const char *want, blz_program *p) {
  for (int i = 0; i < PATIENCE; i++) {
    if (strcmp(decide(e, choice, NULL, p), want) == 0) return 1;
    usleep(1000);
  }
  return 0;
}

static blz_program *compile(void) {
  blz_program *p = blz_program_new(NULL);
  assert_int_equal(blz_program_add_text(p, "f.blz", rules, sizeof rules - 1), BLZ_OK);
  assert_int_equal(blz_program_compile(p, NULL, NULL), BLZ_OK);
  return p;
}

static void what_is_written_is_taken_over(void **unused) {
  (void)unused;
  blz_program *p = compile();
  blz_engine *e = open_engine(p);
  assert_int_equal(blz_engine_keep_fresh(e, 5), BLZ_OK);
  assert_string_equal(decide(e, "hero", NULL, p), "b");
  const char *problem;
  int64_t first = blz_engine_data_time(e, &problem);
  assert_true(first > 0 && !*problem);
  sql("INSERT INTO vs VALUES ('c', 'en')"); /* a better candidate in the database */
  assert_true(becomes(e, "hero", "c", p));
  assert_true(blz_engine_data_time(e, NULL) > first);
  sql("DELETE FROM vs WHERE id = 'c'");
  assert_true(becomes(e, "hero", "b", p));
  write_stats(900, 10); /* other evidence in a file */
  assert_true(becomes(e, "hero", "a", p));
  assert_int_equal(blz_engine_keep_fresh(e, 0), BLZ_OK);
  sql("DELETE FROM vs WHERE id = 'a'");
  usleep(50000);
  assert_string_equal(decide(e, "hero", NULL, p), "a"); /* nobody looks any more */
  assert_true(blz_engine_data_changed(e));
  blz_engine_free(e);
  blz_program_free(p);
}

static void trouble_is_told_and_survived(void **unused) {
  (void)unused;
  blz_program *p = compile();
  blz_engine *e = blz_engine_new(p);
  const char *problem;
  assert_int_equal(blz_engine_keep_fresh(e, 5), BLZ_MISUSE);
  blz_engine_free(e);
  e = open_engine(p);
  assert_int_equal(blz_engine_keep_fresh(e, 5), BLZ_OK);
  sql("ALTER TABLE vs RENAME TO elsewhere");
  int told = 0;
  for (int i = 0; i < PATIENCE && !told; i++, usleep(1000)) {
    assert_string_equal(decide(e, "hero", NULL, p), "b");
    blz_engine_data_time(e, &problem);
    told = strstr(problem, "vs") != NULL;
  }
  assert_true(told);
  sql("ALTER TABLE elsewhere RENAME TO vs; INSERT INTO vs VALUES ('c', 'en')");
  assert_true(becomes(e, "hero", "c", p));
  blz_engine_data_time(e, &problem);
  assert_string_equal(problem, "");
  blz_engine_free(e);
  blz_program_free(p);
}

/* Who writes while the data is opened writes after the snapshot: the change must be seen, else it is not taken over before the next one. */
static int write_meanwhile(void *ud, const blz_finding *f) {
  (void)f;
  if (!(*(int *)ud)++) sql("INSERT INTO vs VALUES ('c', 'en')");
  return 0;
}

static void a_change_while_opening_is_seen(void **unused) {
  (void)unused;
  blz_program *p = compile();
  blz_engine *e = blz_engine_new(p);
  blz_source sources[] = { { "ss", stats, NULL } };
  int told = 0;
  sql("DROP TABLE vs; CREATE TABLE vs (id TEXT PRIMARY KEY NOT NULL, locale TEXT); INSERT INTO vs VALUES ('a', 'en'), ('b', 'en')"); /* a warning */
  assert_int_equal(blz_engine_open_data(e, db, sources, 1, write_meanwhile, &told), BLZ_OK);
  assert_true(told > 0);
  assert_string_equal(decide(e, "hero", NULL, p), "b");
  assert_true(blz_engine_data_changed(e));
  assert_int_equal(blz_engine_keep_fresh(e, 5), BLZ_OK);
  assert_true(becomes(e, "hero", "c", p));
  blz_engine_free(e);
  blz_program_free(p);
}

static void evidence_of_the_state_comes_back(void **unused) {
  (void)unused;
  blz_program *p = compile();
  blz_engine *e = open_engine(p);
  blz_state *s;
  char error[200], id[20];
  assert_int_equal(blz_state_open(NULL, state_db, BLZ_STATE_CREATE | BLZ_STATE_RELAXED, &s, error, sizeof error), BLZ_OK);
  assert_int_equal(blz_engine_use_state(e, s), BLZ_OK);
  assert_int_equal(blz_engine_keep_fresh(e, 5), BLZ_OK);
  int rewarded = 0;
  for (int i = 0; i < 200 && !rewarded; i++) {
    snprintf(id, sizeof id, "d%d", i);
    if (strcmp(decide(e, "learnt", id, p), "b") != 0) continue;
    assert_int_equal(blz_engine_outcome(e, id, NULL, 1, INT64_C(4102444800000000)), BLZ_OK);
    rewarded = 1;
  }
  assert_true(rewarded);
  int same = 0; /* b alone has a success */
  for (int i = 0; i < PATIENCE && same < 20; i++, usleep(1000)) same = strcmp(decide(e, "learnt", NULL, p), "b") == 0 ? same + 1 : 0;
  assert_int_equal(same, 20);
  blz_engine_free(e);
  blz_state_free(s);
  blz_program_free(p);
}

static int make_data(void **unused) {
  (void)unused;
  snprintf(dir, sizeof dir, "/tmp/blazon-fresh-XXXXXX");
  if (!mkdtemp(dir)) return -1;
  snprintf(db, sizeof db, "%s/data.db", dir), snprintf(stats, sizeof stats, "%s/stats.csv", dir), snprintf(state_db, sizeof state_db, "%s/state.db", dir);
  return 0;
}

static int fill(void **unused) {
  (void)unused;
  sql("PRAGMA journal_mode = WAL; DROP TABLE IF EXISTS vs; CREATE TABLE vs (id TEXT PRIMARY KEY NOT NULL, locale TEXT NOT NULL);"
      "INSERT INTO vs VALUES ('a', 'en'), ('b', 'en')");
  write_stats(10, 100);
  return 0;
}

static int remove_data(void **unused) {
  (void)unused;
  char command[100];
  snprintf(command, sizeof command, "rm -rf '%s'", dir);
  return system(command);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup(what_is_written_is_taken_over, fill),
    cmocka_unit_test_setup(trouble_is_told_and_survived, fill),
    cmocka_unit_test_setup(a_change_while_opening_is_seen, fill),
    cmocka_unit_test_setup(evidence_of_the_state_comes_back, fill),
  };
  return cmocka_run_group_tests(tests, make_data, remove_data);
}
