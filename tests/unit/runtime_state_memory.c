/* The state file when memory runs out: the n-th allocation fails, of Blazon's allocator or of SQLite's. What was answered is there, what was refused is not,
 * whoever waits gets his turn, and nothing leaks. */
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

#include "runtime/state.h"
#include "runtime/state_report.h"

#define ONE (UINT64_C(1) << 53)
#define T0 INT64_C(1790000000000000)

static char in_memory[] = "/dev/shm/blazon-state-memory-XXXXXX", on_disk[] = "/tmp/blazon-state-memory-XXXXXX", *dir = in_memory;
static char path[100];

/* ---- allocators that fail ---- */

typedef struct failing { int left; bool once; bool hit; long balance; } failing;

static bool fails(failing *f) {
  if (f->left < 0 || f->left-- > 0) return false;
  f->hit = true;
  f->left = f->once ? -1 : 0;
  return true;
}

static void *ours(void *ud, void *p, size_t old_n, size_t n) {
  failing *f = ud;
  if (!n) { f->balance -= p ? (long)old_n : 0; free(p); return NULL; }
  if (fails(f)) return NULL;
  f->balance += (long)n - (p ? (long)old_n : 0);
  return realloc(p, n);
}

static sqlite3_mem_methods real;
static failing theirs = { -1, false, false, 0 };
static void *their_malloc(int n) { return fails(&theirs) ? NULL : real.xMalloc(n); }
static void *their_realloc(void *p, int n) { return fails(&theirs) ? NULL : real.xRealloc(p, n); }

/* ---- one process' work ---- */

typedef struct did { int decisions, outcomes, exposures, bundles; bool read, all; } did;

static const state_candidate set[] = { { STR("blue"), ELIGIBLE, { 0 }, ONE / 4 }, { STR("red"), NOT_WHERE, STR("v.locale == \"de\""), 0 },
                                       { STR("teal"), ELIGIBLE, { 0 }, ONE - ONE / 4 } };

static bool decide(state *s, arena *a, const char *id, did *d) {
  state_decision x = { .id = str_z(id), .choice = STR("shop.hero"), .subject = STR("u"), .candidate = STR("blue"), .stage = STAGE_POLICY, .unit = STR("1"), .drawn = true,
                       .weight = ONE / 4, .ncandidates = 3, .candidates = set, .evidence = STR("{\"blue\":[1,2]}"), .record = STR("{\"id\":\"u\"}"), .bundle = STR("ab12"),
                       .at = T0 }, known;
  uint32_t n;
  state_shown *shown;
  state_assignment in = { .number = 1, .candidate = STR("blue"), .assigned_at = T0, .expires_at = T0 + 1, .weight = ONE / 4, .decision = str_z(id) }, out;
  if (state_begin(s) != RT_OK) return false;
  bool ok = state_shown_since(s, a, x.choice, x.subject, 0, &n, &shown) == RT_OK && state_assign(s, a, x.choice, x.subject, &in, &out) == RT_OK;
  ok = ok && state_log(s, a, &x, &known) == RT_OK;
  if (!ok) state_abandon(s);
  else ok = state_commit(s) == RT_OK;
  d->decisions += ok;
  return ok;
}

static bool read_back(state *s, arena *a) {
  state_decision *list = ARENA_ARRAY(a, state_decision, 10), one;
  int64_t *seqs = ARENA_ARRAY(a, int64_t, 10);
  uint32_t got, n;
  str *hashes;
  state_report r;
  if (state_read(s, a, STR("shop.hero"), 0, 10, true, list, seqs, &got) != RT_OK || state_bundles(s, a, &n, &hashes) != RT_OK) return false;
  if (state_report_read(s, a, 0, NULL, &r) != RT_OK) return false;
  if (state_decision_find(s, a, STR("d1"), true, &one) != RT_OK) return false;
  assert_int_equal(one.ncandidates, 3);
  assert_int_equal(one.candidates[2].weight, ONE - ONE / 4);
  assert_true(str_eq(one.evidence, STR("{\"blue\":[1,2]}")) && str_eq(one.record, STR("{\"id\":\"u\"}")));
  return true;
}

static void work(const mem *m, did *d) {
  arena a;
  jmp_buf oom;
  str why;
  state *volatile s = NULL;
  state_config c = { .m = m, .path = str_z(path), .create = true, .durability = STATE_RELAXED };
  arena_init(&a, m, &oom);
  if (!setjmp(oom)) {
    s = state_open(&c, &a, &why);
    if (s) {
      bool ok = state_bundle(s, STR("ab12"), STR("rules")) == RT_OK;
      d->bundles += ok;
      ok &= decide(s, &a, "d1", d);
      ok &= decide(s, &a, "d2", d);
      state_outcome o = { .decision = STR("d1"), .reward = 1, .at = T0 + 1 };
      state_joined how;
      bool joined = state_outcome_add(s, &o, &how, NULL) == RT_OK && how == JOINED_NEW;
      d->outcomes += joined;
      bool exposed = state_expose(s, STR("cta"), STR("u"), STR("red"), T0, NULL) == RT_OK;
      d->exposures += exposed;
      d->read = read_back(s, &a);
      d->all = ok && joined && exposed && d->read;
    }
  }
  state_close(s);
  arena_free(&a);
}

/* ---- what is there afterwards ---- */

static int64_t ask(const char *sql) {
  sqlite3 *db;
  sqlite3_stmt *q;
  int64_t n = 0;
  if (access(path, F_OK)) return 0;
  assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
  if (sqlite3_prepare_v2(db, sql, -1, &q, NULL) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW) n = sqlite3_column_int64(q, 0);
  sqlite3_finalize(q);
  sqlite3_close(db);
  return n;
}

static void fresh(void) {
  char name[120];
  static const char *const tails[] = { "", "-wal", "-shm" };
  for (int i = 0; i < 3; i++) {
    snprintf(name, sizeof name, "%s%s", path, tails[i]);
    unlink(name);
  }
}

static void as_answered(const did *d) {
  assert_int_equal(ask("SELECT count(*) FROM decisions"), d->decisions);
  assert_int_equal(ask("SELECT coalesce(sum(trials), 0) FROM evidence"), d->decisions);
  assert_int_equal(ask("SELECT count(*) FROM outcomes"), d->outcomes);
  assert_int_equal(ask("SELECT coalesce(sum(successes), 0) FROM evidence"), d->outcomes);
  assert_int_equal(ask("SELECT count(*) FROM exposures"), d->exposures);
  assert_int_equal(ask("SELECT count(*) FROM assignments WHERE decision NOT IN (SELECT id FROM decisions)"), 0);
  assert_int_equal(ask("SELECT count(*) FROM decisions WHERE candidate_set NOT IN (SELECT id FROM candidate_sets) OR evidence NOT IN (SELECT id FROM blobs) "
                       "OR record NOT IN (SELECT id FROM blobs) OR bundle NOT IN (SELECT id FROM bundles)"), 0);
  assert_int_equal(ask("SELECT count(*) FROM decisions WHERE candidate_set IS NULL OR evidence IS NULL OR record IS NULL OR bundle IS NULL OR weight IS NULL"), 0);
}

static void our_memory(bool once) {
  int whole = 0, n = 0;
  for (; !whole && n < 3000; n += n < 30 ? 1 : 3) {
    fresh();
    did d = { 0 };
    failing f = { n, once, false, 0 };
    mem m = { ours, &f };
    sqlite3_int64 before = sqlite3_memory_used();
    work(&m, &d);
    assert_int_equal(f.balance, 0);
    assert_int_equal(sqlite3_memory_used(), before);
    as_answered(&d);
    if (!f.hit) assert_true(d.all);
    whole += !f.hit;
  }
  assert_in_range(n, 20, 2999);
}

static void our_memory_runs_out(void **unused) {
  (void)unused;
  our_memory(false);
}

static void our_memory_fails_once(void **unused) {
  (void)unused;
  our_memory(true);
}

static void sqlites_memory(bool once) {
  int whole = 0, n = 0;
  for (; !whole && n < 20000; n += n < 40 ? 3 : 29) { /* each run makes a file: not all of them */
    fresh();
    did d = { 0 };
    failing f = { -1, false, false, 0 };
    mem m = { ours, &f };
    sqlite3_int64 before = sqlite3_memory_used();
    theirs = (failing){ n, once, false, 0 };
    work(&m, &d);
    bool hit = theirs.hit;
    theirs.left = -1;
    assert_int_equal(sqlite3_memory_used(), before);
    assert_int_equal(f.balance, 0);
    as_answered(&d);
    if (!hit) assert_true(d.all);
    whole += !hit;
  }
  assert_in_range(n, 200, 19999);
}

static void sqlites_memory_runs_out(void **unused) {
  (void)unused;
  sqlites_memory(false);
}

static void sqlites_memory_fails_once(void **unused) {
  (void)unused;
  sqlites_memory(true);
}

static int setup(void **unused) {
  (void)unused;
  sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real);
  sqlite3_mem_methods with = real;
  with.xMalloc = their_malloc, with.xRealloc = their_realloc;
  sqlite3_config(SQLITE_CONFIG_MALLOC, &with);
  sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0); /* every allocation is one that can fail */
  if (!mkdtemp(dir)) dir = mkdtemp(on_disk); /* thousands of files: a disk would be waited for */
  if (sqlite3_initialize() != SQLITE_OK || !dir) return -1;
  snprintf(path, sizeof path, "%s/s.state", dir);
  return 0;
}

static int teardown(void **unused) {
  (void)unused;
  fresh();
  return rmdir(dir);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(our_memory_runs_out), cmocka_unit_test(our_memory_fails_once),
    cmocka_unit_test(sqlites_memory_runs_out), cmocka_unit_test(sqlites_memory_fails_once),
  };
  return cmocka_run_group_tests_name("runtime_state_memory", tests, setup, teardown);
}
