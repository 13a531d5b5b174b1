/* The state file: what was answered is there, whoever is killed, and several threads and processes agree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runtime/state.h"

#define ONE (UINT64_C(1) << 53)
#define T0 INT64_C(1790000000000000)
#define DAY INT64_C(86400000000)

static char dir[] = "/tmp/blazon-state-XXXXXX";
static arena a;
static jmp_buf oom;

static str path_of(const char *name) { return str_fmt(&a, "%s/%s", dir, name); }

static struct state *try_open(const char *name, bool create, uint32_t busy_ms, str *why) {
  state_config c = { .m = &mem_libc, .path = path_of(name), .create = create, .busy_ms = busy_ms };
  return state_open(&c, &a, why);
}

static struct state *open_ok(const char *name) {
  str why;
  struct state *s = try_open(name, true, 0, &why);
  if (!s) fail_msg("%.*s", STR_ARG(why));
  return s;
}

static bool has(str text, const char *part) { return strstr(text.p, part) != NULL; }

static void run_sql(const char *name, const char *sql) {
  sqlite3 *db;
  assert_int_equal(sqlite3_open(path_of(name).p, &db), SQLITE_OK);
  char *error = NULL;
  if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK) fail_msg("%s", error);
  sqlite3_close(db);
}

static int64_t ask(const char *name, const char *sql) {
  sqlite3 *db;
  sqlite3_stmt *q;
  assert_int_equal(sqlite3_open_v2(path_of(name).p, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
  sqlite3_busy_timeout(db, 5000);
  if (sqlite3_prepare_v2(db, sql, -1, &q, NULL) != SQLITE_OK) fail_msg("%s", sqlite3_errmsg(db));
  assert_int_equal(sqlite3_step(q), SQLITE_ROW);
  int64_t n = sqlite3_column_int64(q, 0);
  sqlite3_finalize(q);
  sqlite3_close(db);
  return n;
}

static const state_candidate two[] = { { STR("blue"), ELIGIBLE, { 0 }, ONE / 4 }, { STR("red"), NOT_WHERE, STR("v.locale == \"de\""), 0 },
                                       { STR("teal"), ELIGIBLE, { 0 }, ONE - ONE / 4 } };

static state_decision decision(const char *id, const char *subject, const char *candidate, int64_t at) {
  return (state_decision){ .id = str_z(id), .choice = STR("shop.hero"), .subject = str_z(subject), .candidate = str_z(candidate), .stage = STAGE_POLICY,
                           .unit = str_z(id), .drawn = true, .weight = ONE / 4, .ncandidates = 3, .candidates = two, .evidence = STR("{\"blue\":[1,2]}"),
                           .record = str_fmt(&a, "{\"id\":\"%s\"}", subject), .bundle = STR("ab12"), .at = at };
}

static int log_one(struct state *s, const state_decision *d, state_decision *known) { return state_log(s, &a, d, known); }

static void logged(struct state *s, const char *id, const char *subject, const char *candidate, int64_t at) {
  state_decision d = decision(id, subject, candidate, at), known;
  assert_int_equal(log_one(s, &d, &known), RT_OK);
}

/* ---- one process ---- */

static void a_decision_comes_back_as_it_was_logged(void **state) {
  (void)state;
  struct state *s = open_ok("back");
  state_decision d = decision("d1", "u1", "blue", T0), x, known;
  d.assigned = true, d.assignment = 7, d.assign_weight = 5, d.unit = STR("7");
  assert_int_equal(state_begin(s), RT_OK);
  assert_int_equal(log_one(s, &d, &known), RT_OK);
  assert_int_equal(state_commit(s), RT_OK);
  state_close(s);
  s = open_ok("back");
  assert_int_equal(state_decision_find(s, &a, STR("d1"), true, &x), RT_OK);
  assert_true(str_eq(x.choice, d.choice) && str_eq(x.subject, d.subject) && str_eq(x.candidate, d.candidate) && str_eq(x.unit, d.unit));
  assert_true(x.drawn && x.weight == ONE / 4 && x.assigned && x.assignment == 7 && x.assign_weight == 5 && x.at == T0 && x.stage == STAGE_POLICY);
  assert_true(str_eq(x.evidence, d.evidence) && str_eq(x.record, d.record) && str_eq(x.bundle, d.bundle));
  assert_int_equal(x.ncandidates, 3);
  for (int i = 0; i < 3; i++) {
    assert_true(str_eq(x.candidates[i].key, two[i].key) && str_eq(x.candidates[i].reason, two[i].reason));
    assert_true(x.candidates[i].eligible == two[i].eligible && x.candidates[i].weight == two[i].weight);
  }
  assert_int_equal(state_decision_find(s, &a, STR("nobody"), true, &x), RT_NONE);
  state_close(s);
}

static void what_repeats_is_stored_once(void **state) {
  (void)state;
  struct state *s = open_ok("once");
  state_about about;
  for (int round = 0; round < 2; round++) { /* again with nothing in memory */
    for (int i = 0; i < 5; i++) {
      state_decision d = decision(str_fmt(&a, "%d-%d", round, i).p, "u", "blue", T0), known;
      assert_int_equal(log_one(s, &d, &known), RT_OK);
    }
    state_close(s);
    s = open_ok("once");
  }
  assert_int_equal(state_show(s, &about), RT_OK);
  assert_true(about.rows.decisions == 10 && about.rows.candidate_sets == 1 && about.rows.blobs == 2 && about.rows.bundles == 1);
  state_close(s);
}

static void an_id_is_used_once(void **state) {
  (void)state;
  struct state *s = open_ok("ids");
  logged(s, "d1", "u1", "blue", T0);
  state_decision again = decision("d1", "u2", "teal", T0 + 5), known;
  assert_int_equal(log_one(s, &again, &known), RT_STOPPED);
  assert_true(str_eq(known.subject, STR("u1")) && str_eq(known.candidate, STR("blue")) && known.at == T0);
  assert_int_equal(ask("ids", "SELECT count(*) FROM decisions"), 1);
  assert_int_equal(ask("ids", "SELECT sum(trials) FROM evidence"), 1);
  state_close(s);
}

static void what_cannot_be_is_refused_and_the_transaction_with_it(void **state) {
  (void)state;
  struct state *s = open_ok("refused");
  state_decision d = decision("d1", "u", "blue", T0), bad = decision("d2", "u", "blue", -5), known;
  assert_int_equal(log_one(s, &bad, &known), RT_ENV);
  assert_true(has(state_failure(s, &a), "clock"));
  assert_int_equal(log_one(s, &d, &known), RT_OK);
  assert_int_equal(ask("refused", "SELECT count(*) FROM decisions"), 1);
  state_close(s);
}

static void the_first_assignment_of_a_number_holds(void **state) {
  (void)state;
  struct state *s = open_ok("assign"), *other = open_ok("assign");
  state_assignment in = { .number = 1, .candidate = STR("blue"), .assigned_at = T0, .expires_at = T0 + DAY, .weight = 99, .decision = STR("d1") }, out, late;
  assert_int_equal(state_assigned(s, &a, STR("c"), STR("u"), &out), RT_NONE);
  assert_int_equal(state_assign(s, &a, STR("c"), STR("u"), &in, &out), RT_OK);
  late = in, late.candidate = STR("teal"), late.decision = STR("d2");
  assert_int_equal(state_assign(other, &a, STR("c"), STR("u"), &late, &out), RT_OK);
  assert_true(str_eq(out.candidate, STR("blue")) && str_eq(out.decision, STR("d1")) && out.weight == 99 && !out.dropped);
  assert_int_equal(state_drop(other, STR("c"), STR("u"), 1), RT_OK);
  assert_int_equal(state_assigned(s, &a, STR("c"), STR("u"), &out), RT_OK);
  assert_true(out.dropped && out.number == 1);
  in.number = 2;
  assert_int_equal(state_assign(s, &a, STR("c"), STR("u"), &in, &out), RT_OK);
  assert_int_equal(state_assigned(other, &a, STR("c"), STR("u"), &out), RT_OK);
  assert_true(out.number == 2 && !out.dropped);
  assert_int_equal(state_assigned(s, &a, STR("c"), STR("v"), &out), RT_NONE);
  state_close(s);
  state_close(other);
}

static void caps_count_what_was_shown_also_after_the_clock_went_back(void **state) {
  (void)state;
  struct state *s = open_ok("caps");
  uint32_t n;
  state_shown *shown;
  logged(s, "1", "u", "blue", T0);
  logged(s, "2", "u", "blue", T0 + DAY);
  logged(s, "3", "u", "teal", T0 + DAY);
  logged(s, "4", "v", "blue", T0 + DAY);
  assert_int_equal(state_shown_since(s, &a, STR("shop.hero"), STR("u"), T0 + 1, &n, &shown), RT_OK);
  assert_true(n == 2 && str_eq(shown[0].candidate, STR("blue")) && shown[0].times == 1 && shown[1].times == 1);
  /* "now" is two days before all of it: everything still counts */
  assert_int_equal(state_shown_since(s, &a, STR("shop.hero"), STR("u"), T0 - 9 * DAY, &n, &shown), RT_OK);
  assert_true(n == 2 && shown[0].times == 2);
  state_close(s);
}

static void outcomes_join_once_and_become_evidence(void **state) {
  (void)state;
  struct state *s = open_ok("outcomes");
  state_joined how;
  int64_t at = 0;
  logged(s, "d1", "u", "blue", T0);
  logged(s, "d2", "u", "blue", T0);
  logged(s, "d3", "u", "blue", T0 + DAY);
  state_outcome o = { .decision = STR("d1"), .reward = 2.5, .at = T0 + 1 };
  assert_int_equal(state_outcome_add(s, &o, &how, &at), RT_OK);
  assert_true(how == JOINED_NEW && at == T0);
  assert_int_equal(state_outcome_add(s, &o, &how, &at), RT_OK);
  assert_true(how == JOINED_AGAIN);
  o.reward = 3;
  assert_int_equal(state_outcome_add(s, &o, &how, &at), RT_OK);
  assert_true(how == JOINED_OTHER);
  o.name = STR("order");
  assert_int_equal(state_outcome_add(s, &o, &how, &at), RT_OK);
  assert_true(how == JOINED_NEW);
  o.decision = STR("d9");
  assert_int_equal(state_outcome_add(s, &o, &how, &at), RT_OK);
  assert_true(how == JOINED_UNKNOWN);
  o.reward = NAN;
  assert_int_equal(state_outcome_add(s, &o, &how, &at), RT_ENV);
  assert_int_equal(ask("outcomes", "SELECT count(*) FROM outcomes"), 2);
  assert_int_equal(ask("outcomes", "SELECT count(*) FROM evidence"), 2);
  assert_int_equal(ask("outcomes", "SELECT trials = 2 AND successes = 1 AND reward = 2.5 AND squares = 6.25 FROM evidence ORDER BY day LIMIT 1"), 1);
  state_close(s);
}

static void purge_and_erase_forget_what_they_say(void **state) {
  (void)state;
  struct state *s = open_ok("forget");
  state_counts n;
  state_assignment in = { .number = 1, .candidate = STR("blue"), .assigned_at = T0, .expires_at = T0 + 99 * DAY, .weight = 1, .decision = STR("1") }, out;
  assert_int_equal(state_assign(s, &a, STR("shop.hero"), STR("secret-person"), &in, &out), RT_OK);
  logged(s, "1", "secret-person", "blue", T0);
  logged(s, "2", "other", "blue", T0);
  logged(s, "3", "secret-person", "teal", T0 + 5 * DAY);
  bool first;
  assert_int_equal(state_expose(s, STR("x"), STR("secret-person"), STR("red"), T0, &first), RT_OK);
  assert_true(first);
  assert_int_equal(state_expose(s, STR("x"), STR("secret-person"), STR("red"), T0, &first), RT_OK);
  assert_false(first);
  assert_int_equal(state_purge(s, T0 + DAY, T0 + 9 * DAY, false, &n), RT_OK);
  assert_true(n.decisions == 2 && n.exposures == 1 && n.assignments == 0 && n.evidence == 0);
  assert_int_equal(ask("forget", "SELECT count(*) FROM blobs"), 2); /* evidence, and the record of the one who is left */
  logged(s, "4", "other", "blue", T0 + 6 * DAY);                    /* what was kept in memory is gone from the file */
  state_decision x;
  assert_int_equal(state_decision_find(s, &a, STR("4"), true, &x), RT_OK);
  assert_true(x.ncandidates == 3 && str_eq(x.record, STR("{\"id\":\"other\"}")));
  assert_int_equal(state_erase(s, STR("secret-person"), &n), RT_OK);
  assert_true(n.decisions == 1 && n.assignments == 1);
  state_close(s);
  assert_int_equal(ask("forget", "SELECT count(*) FROM decisions"), 1);
  assert_int_equal(ask("forget", "SELECT sum(trials) FROM evidence"), 4);
  char command[200];
  snprintf(command, sizeof command, "grep -q secret-person %s/forget*", dir);
  assert_int_not_equal(system(command), 0);
}

/* Another process purged what this one keeps by id. */
static void what_another_purged_is_not_referred_to(void **state) {
  (void)state;
  struct state *s = open_ok("purged"), *other = open_ok("purged");
  state_counts n;
  logged(s, "1", "u", "blue", T0);
  assert_int_equal(state_purge(other, T0 + 1, T0 + 1, false, &n), RT_OK);
  assert_int_equal(n.candidate_sets, 1);
  state_decision elsewhere = decision("x", "v", "blue", T0), known, x;
  elsewhere.ncandidates = 1; /* takes the id that was freed */
  assert_int_equal(log_one(other, &elsewhere, &known), RT_OK);
  logged(s, "2", "u", "blue", T0 + 2);
  assert_int_equal(state_decision_find(s, &a, STR("2"), true, &x), RT_OK);
  assert_int_equal(x.ncandidates, 3);
  state_close(s);
  state_close(other);
}

/* ---- files that are not right ---- */

static void refused(const char *name, bool create, const char *says) {
  str why;
  struct state *s = try_open(name, create, 50, &why);
  if (s) state_close(s);
  assert_null(s);
  if (!has(why, says)) fail_msg("`%s` should say `%s`", why.p, says);
}

static void write_file(const char *name, const char *text, size_t n, long at) {
  FILE *f = fopen(path_of(name).p, at < 0 ? "w" : "r+");
  assert_non_null(f);
  if (at >= 0) fseek(f, at, SEEK_SET);
  fwrite(text, 1, n, f);
  fclose(f);
}

static void wrong_files_are_refused_in_words(void **state) {
  (void)state;
  refused("none", false, "does not exist");
  refused("nowhere/at/all", true, "cannot be opened");
  refused(".", true, "a directory");
  write_file("text", "id,reward\nthis is no database at all, but a list of things\n", 58, -1);
  refused("text", true, "no SQLite database");
  run_sql("foreign", "CREATE TABLE orders(id); PRAGMA user_version=1");
  refused("foreign", true, "not a state file");
  assert_int_equal(ask("foreign", "SELECT count(*) FROM sqlite_schema"), 1);
  state_close(open_ok("newer"));
  run_sql("newer", "PRAGMA user_version=99");
  refused("newer", true, "version 99");
  struct state *s = open_ok("corrupt");
  for (int i = 0; i < 300; i++) logged(s, str_fmt(&a, "%d", i).p, "u", "blue", T0);
  state_close(s);
  char noise[4096 * 8];
  memset(noise, 0xA5, sizeof noise);
  write_file("corrupt", noise, sizeof noise, 4096);
  str why;
  s = try_open("corrupt", false, 50, &why);
  if (s) { /* the damage lies deeper than opening looks */
    state_decision d = decision("x", "u", "blue", T0), known;
    assert_int_equal(log_one(s, &d, &known), RT_ENV);
    why = state_failure(s, &a);
    state_close(s);
  }
  if (!has(why, "corrupt")) fail_msg("%s", why.p);
}

static void a_locked_file_is_told_after_a_while(void **state) {
  (void)state;
  str why;
  struct state *s = open_ok("locked"), *other = try_open("locked", true, 60, &why);
  assert_int_equal(state_begin(s), RT_OK);
  assert_int_equal(state_begin(other), RT_ENV);
  assert_true(has(state_failure(other, &a), "locked"));
  state_abandon(s);
  logged(other, "1", "u", "blue", T0);
  state_close(s);
  state_close(other);
}

static void a_full_disk_loses_no_answer(void **state) {
  (void)state;
  struct state *s = open_ok("full");
  struct rlimit old, small;
  getrlimit(RLIMIT_FSIZE, &old);
  small = old, small.rlim_cur = 900000;
  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  int answered = 0, refusals = 0;
  for (int i = 0; i < 2000 && refusals < 3; i++) {
    state_decision d = decision(str_fmt(&a, "%d", i).p, str_fmt(&a, "user-%d", i).p, "blue", T0), known;
    if (log_one(s, &d, &known) == RT_OK) answered++;
    else refusals++;
  }
  str why = state_failure(s, &a);
  setrlimit(RLIMIT_FSIZE, &old);
  assert_int_equal(refusals, 3);
  if (!has(why, "space") && !has(why, "disk")) fail_msg("%s", why.p);
  assert_true(answered > 5);
  logged(s, "after", "u", "blue", T0); /* and goes on when there is space again */
  state_close(s);
  assert_int_equal(ask("full", "SELECT count(*) FROM decisions"), answered + 1);
  assert_int_equal(ask("full", "SELECT sum(trials) FROM evidence"), answered + 1);
}

/* ---- many at once ---- */

enum { THREADS = 8, EACH = 300, PROCESSES = 4 };

static void *many(void *arg) {
  struct state *s = ((void **)arg)[0];
  int me = (int)(intptr_t)((void **)arg)[1];
  arena mine;
  jmp_buf j;
  arena_init(&mine, &mem_libc, &j);
  if (_setjmp(j)) return arg;
  intptr_t bad = 0;
  for (int i = 0; i < EACH; i++) {
    arena_reset(&mine);
    str id = str_fmt(&mine, "%d-%d-%d", (int)getpid(), me, i), subject = str_fmt(&mine, "u%d", i % 20);
    state_decision d = { .id = id, .choice = STR("c"), .subject = subject, .candidate = STR("x"), .unit = STR("1"), .at = T0,
                         .ncandidates = 3, .candidates = two }, known;
    uint32_t n;
    state_shown *shown;
    if (state_begin(s) != RT_OK) { bad++; continue; }
    bool ok = state_shown_since(s, &mine, d.choice, subject, 0, &n, &shown) == RT_OK;
    if (ok && n && shown[0].times >= 10) d.candidate = STR(""), d.stage = STAGE_NONE; /* a cap of ten, whoever decides */
    state_assignment in = { .number = 1, .candidate = id, .weight = 1, .decision = id }, out;
    ok = ok && state_assign(s, &mine, STR("c"), subject, &in, &out) == RT_OK && state_log(s, &mine, &d, &known) == RT_OK;
    if (state_commit(s) != RT_OK || !ok) bad++;
  }
  arena_free(&mine);
  return (void *)bad;
}

static intptr_t threads(struct state *s, int n) {
  pthread_t t[THREADS];
  void *args[THREADS][2], *bad;
  intptr_t sum = 0;
  for (int i = 0; i < n; i++) {
    args[i][0] = s, args[i][1] = (void *)(intptr_t)i;
    assert_int_equal(pthread_create(&t[i], NULL, many, args[i]), 0);
  }
  for (int i = 0; i < n; i++) {
    pthread_join(t[i], &bad);
    sum += (intptr_t)bad;
  }
  return sum;
}

static void threads_and_processes_agree_and_lose_nothing(void **state) {
  (void)state;
  pid_t children[PROCESSES];
  for (int i = 0; i < PROCESSES; i++) {
    children[i] = fork();
    if (children[i]) continue;
    state_config c = { .m = &mem_libc, .path = path_of("many"), .create = true, .busy_ms = 60000, .durability = STATE_RELAXED };
    str why;
    struct state *s = state_open(&c, &a, &why); /* all of them make it at once */
    if (!s) fprintf(stderr, "%.*s\n", STR_ARG(why)), _exit(9);
    intptr_t bad = threads(s, THREADS / 2);
    if (bad) fprintf(stderr, "%d: %s\n", (int)bad, state_failure(s, &a).p);
    state_close(s);
    _exit(bad ? 8 : 0);
  }
  for (int i = 0; i < PROCESSES; i++) {
    int status;
    waitpid(children[i], &status, 0);
    assert_int_equal(status, 0);
  }
  assert_int_equal(ask("many", "SELECT count(*) FROM decisions"), PROCESSES * THREADS / 2 * EACH);
  assert_int_equal(ask("many", "SELECT max(n) FROM (SELECT count(candidate) n FROM decisions GROUP BY subject)"), 10);
  assert_int_equal(ask("many", "SELECT sum(trials) FROM evidence"), 200);
  assert_int_equal(ask("many", "SELECT count(*) FROM assignments"), 20);
}

static void a_killed_process_has_lost_no_answer(void **state) {
  (void)state;
  for (int round = 0; round < 8; round++) {
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pid_t child = fork();
    if (!child) {
      struct state *s = open_ok("killed");
      for (int i = 0;; i++) {
        int batch = 1 + i % 7;
        char line[64];
        state_decision known;
        if (state_begin(s) != RT_OK) _exit(1);
        for (int k = 0; k < batch; k++) {
          snprintf(line, sizeof line, "%d-%d-%d", round, i, k);
          state_decision d = decision(str_dup(&a, str_z(line)).p, "u", "blue", T0);
          if (state_log(s, &a, &d, &known) != RT_OK) _exit(1);
        }
        if (state_commit(s) != RT_OK) _exit(1);
        if (write(fds[1], &batch, sizeof batch) != sizeof batch) _exit(1); /* the answer */
      }
    }
    close(fds[1]);
    usleep((useconds_t)(20000 + round * 7919));
    kill(child, SIGKILL);
    int status, batch, answered = 0;
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status));
    while (read(fds[0], &batch, sizeof batch) == sizeof batch) answered += batch;
    close(fds[0]);
    struct state *s = open_ok("killed");
    state_close(s);
    int64_t found = ask("killed", str_fmt(&a, "SELECT count(*) FROM decisions WHERE id LIKE '%d-%%'", round).p);
    assert_true(found >= answered && found <= answered + 7);
  }
  assert_int_equal(ask("killed", "SELECT count(*) - (SELECT sum(trials) FROM evidence) FROM decisions"), 0);
}

static int kept_lines;
static bool keep_line(void *ud, str line) {
  (void)ud;
  kept_lines++;
  return line.n > 2 && line.p[0] == '{' && kept_lines < 100;
}

static void everything_can_be_taken_out(void **state) {
  (void)state;
  struct state *s = open_ok("export");
  logged(s, "1", "u", "blue", T0);
  logged(s, "2", "u", "teal", T0 + 1);
  kept_lines = 0;
  assert_int_equal(state_export(s, keep_line, NULL), RT_OK);
  assert_int_equal(kept_lines, 1 + 2 + 2);
  state_decision d[5];
  int64_t seqs[5];
  uint32_t got;
  assert_int_equal(state_read(s, &a, STR("shop.hero"), 0, 5, true, d, seqs, &got), RT_OK);
  assert_true(got == 2 && str_eq(d[1].candidate, STR("teal")) && d[1].ncandidates == 3);
  assert_int_equal(state_read(s, &a, STR(""), seqs[0], 5, false, d, seqs, &got), RT_OK);
  assert_int_equal(got, 1);
  assert_int_equal(state_read(s, &a, STR("other"), 0, 5, false, d, seqs, &got), RT_OK);
  assert_int_equal(got, 0);
  str bytes;
  assert_int_equal(state_bundle_bytes(s, &a, STR("ab12"), &bytes), RT_NONE);
  assert_int_equal(state_bundle(s, STR("ab12"), STR("BYTES")), RT_OK);
  assert_int_equal(state_bundle_bytes(s, &a, STR("ab12"), &bytes), RT_OK);
  assert_true(str_eq(bytes, STR("BYTES")));
  state_close(s);
}

static void ids_have_their_shape_and_order(void **state) {
  (void)state;
  char x[37], y[37];
  state_random r = { .left = 0 };
  state_uuid(&r, T0, x);
  state_uuid(&r, T0 + 1, y);
  assert_int_equal(strlen(x), 36);
  assert_true(x[14] == '7' && strchr("89ab", x[19]) && x[8] == '-' && strcmp(x, y) < 0);
}

static void a_forked_process_makes_ids_of_its_own(void **state) {
  (void)state;
  char x[37], y[37] = "";
  int ends[2];
  state_random r = { .left = 0 };
  state_uuid(&r, T0, x);
  assert_int_equal(pipe(ends), 0);
  pid_t pid = fork();
  if (!pid) {
    state_uuid(&r, T0, y);
    _exit(write(ends[1], y, sizeof y) != (ssize_t)sizeof y);
  }
  assert_int_equal(read(ends[0], y, sizeof y), sizeof y);
  close(ends[0]), close(ends[1]);
  int status;
  assert_int_equal(waitpid(pid, &status, 0), pid);
  state_uuid(&r, T0, x);
  assert_int_equal(strlen(y), 36);
  assert_string_not_equal(x, y);
}

static int setup(void **state) {
  (void)state;
  arena_init(&a, &mem_libc, &oom);
  return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  char command[100];
  snprintf(command, sizeof command, "rm -rf %s", dir);
  arena_free(&a);
  return system(command);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_decision_comes_back_as_it_was_logged),
    cmocka_unit_test(what_repeats_is_stored_once),
    cmocka_unit_test(an_id_is_used_once),
    cmocka_unit_test(what_cannot_be_is_refused_and_the_transaction_with_it),
    cmocka_unit_test(the_first_assignment_of_a_number_holds),
    cmocka_unit_test(caps_count_what_was_shown_also_after_the_clock_went_back),
    cmocka_unit_test(outcomes_join_once_and_become_evidence),
    cmocka_unit_test(purge_and_erase_forget_what_they_say),
    cmocka_unit_test(what_another_purged_is_not_referred_to),
    cmocka_unit_test(wrong_files_are_refused_in_words),
    cmocka_unit_test(a_locked_file_is_told_after_a_while),
    cmocka_unit_test(a_full_disk_loses_no_answer),
    cmocka_unit_test(threads_and_processes_agree_and_lose_nothing),
    cmocka_unit_test(a_killed_process_has_lost_no_answer),
    cmocka_unit_test(everything_can_be_taken_out),
    cmocka_unit_test(ids_have_their_shape_and_order), cmocka_unit_test(a_forked_process_makes_ids_of_its_own),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
