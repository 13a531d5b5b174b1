/* State files through the public interface. */
#include "blazon.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/state.h"

static char dir[] = "/tmp/blazon-api-state-XXXXXX";
static char path[100];

static const char rules[] = "module shop\nrecord P { id : text key }\nsource ps : P\n";

static void one_decision(const char *id) {
  arena a;
  jmp_buf oom;
  str why;
  arena_init(&a, &mem_libc, &oom);
  state_config c = { .m = &mem_libc, .path = str_z(path), .create = true };
  state *s = state_open(&c, &a, &why);
  assert_non_null(s);
  state_decision d = { .id = str_z(id), .choice = STR("shop.hero"), .subject = STR("u"), .candidate = STR("blue"), .unit = str_z(id), .at = 1000 }, known;
  assert_int_equal(state_log(s, &a, &d, &known), RT_OK);
  state_close(s);
  arena_free(&a);
}

static void rewards_join_and_problems_are_told(void **unused) {
  (void)unused;
  char error[200];
  blz_state *s, *other;
  assert_int_equal(blz_state_open(NULL, path, 0, &s, error, sizeof error), BLZ_DATA);
  assert_null(s);
  assert_non_null(strstr(error, "does not exist"));
  assert_int_equal(blz_state_open(NULL, dir, 0, &s, NULL, 0), BLZ_DATA);
  one_decision("d1");
  assert_int_equal(blz_state_open(NULL, path, BLZ_STATE_RELAXED, &s, error, sizeof error), BLZ_OK);
  assert_string_equal(error, "");
  blz_program *p = blz_program_new(NULL);
  assert_int_equal(blz_program_add_text(p, "r.blz", rules, sizeof rules - 1), BLZ_OK);
  assert_int_equal(blz_program_compile(p, NULL, NULL), BLZ_OK);
  blz_engine *e = blz_engine_new(p);
  assert_int_equal(blz_engine_outcome(e, "d1", NULL, 1, 2000), BLZ_MISUSE);
  assert_int_equal(blz_engine_use_state(e, s), BLZ_OK);
  assert_int_equal(blz_engine_outcome(e, "d1", NULL, 1, 2000), BLZ_OK);
  assert_int_equal(blz_engine_outcome(e, "d1", "reward", 1, 3000), BLZ_OK);
  assert_int_equal(blz_engine_outcome(e, "d1", NULL, 2, 2000), BLZ_BAD_VALUE);
  assert_int_equal(blz_engine_outcome(e, "d1", "order", 2, 500), BLZ_BAD_VALUE);
  assert_non_null(strstr(blz_engine_error(e), "before its decision"));
  assert_int_equal(blz_engine_outcome(e, "d1", NULL, NAN, 2000), BLZ_BAD_VALUE);
  assert_int_equal(blz_engine_outcome(e, "d2", NULL, 1, 2000), BLZ_NOT_FOUND);
  assert_non_null(strstr(blz_engine_error(e), "`d2`"));
  assert_int_equal(blz_state_open(NULL, path, BLZ_STATE_CREATE, &other, NULL, 0), BLZ_OK); /* as another process would */
  assert_int_equal(blz_engine_use_state(e, other), BLZ_OK);
  assert_int_equal(blz_engine_outcome(e, "d1", NULL, 1, 2000), BLZ_OK);
  blz_engine_free(e);
  blz_program_free(p);
  blz_state_free(s);
  blz_state_free(other);
  blz_state_free(NULL);
}

/* ---- memory that runs out in the middle of decisions ---- */

static const char chooses[] =
  "module shop\nrecord P { id : text key }\nrecord V { id : text key }\nsource ps : P\nsource vs : V from \"vs\"\n"
  "choose hero for p in ps { from v in vs  by weights(1)  sticky 2 days  cap 2 per 1 day  fallback \"c\" }\n";

static _Thread_local int64_t left = -1; /* allocations of this thread until one fails; -1: none does */

static void *failing(void *ud, void *p, size_t old_n, size_t n) {
  (void)ud;
  if (!n) { free(p); return NULL; }
  (void)old_n;
  return left >= 0 && left-- == 0 ? NULL : realloc(p, n);
}
static const blz_allocator alloc = { failing, NULL };

static int64_t ask(const char *file, const char *sql) {
  sqlite3 *db;
  sqlite3_stmt *q;
  int64_t n = -1;
  assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
  assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
  int rc = sqlite3_step(q);
  if (rc == SQLITE_ROW) n = sqlite3_column_int64(q, 0);
  sqlite3_finalize(q);
  sqlite3_close(db);
  return n;
}

typedef struct job { const blz_program *p; blz_state *s; const char *data; int me, each, fails_after, answered, refused; } job;

static void *decide_many(void *arg) {
  job *j = arg;
  size_t at;
  blz_engine *e = blz_engine_new(j->p);
  if (!e || blz_engine_open_data(e, j->data, NULL, 0, NULL, NULL) != BLZ_OK || blz_engine_use_state(e, j->s) != BLZ_OK) return arg;
  if (blz_program_find_choice(j->p, "shop.hero", &at) != BLZ_OK) return arg;
  for (int i = 0; i < j->each; i++) {
    char id[40], json[60];
    blz_record *r;
    blz_decision d;
    snprintf(id, sizeof id, "%d-%d", j->me, i);
    snprintf(json, sizeof json, "{\"id\":\"u%d\"}", i % 50);
    left = -1;
    if (blz_record_from_json(e, "P", json, strlen(json), &r) != BLZ_OK) return arg;
    if (j->fails_after) left = i % j->fails_after;
    blz_status got = blz_engine_decide(e, at, r, id, &d);
    left = -1;
    blz_record_free(r);
    if (got == BLZ_OK) j->answered++;
    else if (got == BLZ_NO_MEMORY || got == BLZ_DATA) j->refused++;
    else return arg;
  }
  blz_engine_free(e);
  return NULL;
}

static void who_runs_out_of_memory_takes_nobody_along(void **unused) {
  (void)unused;
  char data[100], file[100];
  snprintf(data, sizeof data, "%s/data.db", dir), snprintf(file, sizeof file, "%s/memory.state", dir);
  ask(data, "CREATE TABLE vs(id TEXT PRIMARY KEY NOT NULL)");
  ask(data, "INSERT INTO vs VALUES ('a'), ('b'), ('c')");
  blz_program *p = blz_program_new(&alloc);
  blz_state *s;
  assert_int_equal(blz_program_add_text(p, "r.blz", chooses, sizeof chooses - 1), BLZ_OK);
  assert_int_equal(blz_program_compile(p, NULL, NULL), BLZ_OK);
  assert_int_equal(blz_state_open(&alloc, file, BLZ_STATE_CREATE | BLZ_STATE_RELAXED, &s, NULL, 0), BLZ_OK);
  job jobs[4];
  pthread_t threads[4];
  int answered = 0, refused = 0;
  for (int i = 0; i < 4; i++) {
    jobs[i] = (job){ p, s, data, i, 400, i == 0 ? 60 : 0, 0, 0 };
    assert_int_equal(pthread_create(&threads[i], NULL, decide_many, &jobs[i]), 0);
  }
  for (int i = 0; i < 4; i++) {
    void *bad;
    pthread_join(threads[i], &bad);
    assert_null(bad);
    answered += jobs[i].answered, refused += jobs[i].refused;
  }
  assert_int_equal(answered + refused, 1600);
  assert_in_range(refused, 1, 400);
  blz_state_free(s);
  blz_program_free(p);
  assert_int_equal(ask(file, "SELECT count(*) FROM decisions"), answered);
  assert_int_equal(ask(file, "SELECT count(*) FROM assignments WHERE decision NOT IN (SELECT id FROM decisions)"), 0);
  assert_int_equal(ask(file, "SELECT sum(trials) FROM evidence"), ask(file, "SELECT count(*) FROM decisions WHERE stage IN ('policy', 'sticky')"));
  assert_int_equal(ask(file, "SELECT max(n) FROM (SELECT count(*) n FROM decisions WHERE stage <> 'fallback' GROUP BY subject, candidate)"), 2);
}

static int setup(void **unused) {
  (void)unused;
  if (!mkdtemp(dir)) return -1;
  snprintf(path, sizeof path, "%s/s.state", dir);
  return 0;
}

static int teardown(void **unused) {
  (void)unused;
  char command[100];
  snprintf(command, sizeof command, "rm -rf %s", dir);
  return system(command);
}

int main(void) {
  const struct CMUnitTest tests[] = { cmocka_unit_test(rewards_join_and_problems_are_told), cmocka_unit_test(who_runs_out_of_memory_takes_nobody_along) };
  return cmocka_run_group_tests(tests, setup, teardown);
}
