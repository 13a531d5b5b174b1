/* Decisions logged a second: 20 candidates, a subject of its own and its record for each, evidence that moves on with every batch; durable, in batches, by one
 * thread; and by eight threads that each commit every decision and ride together. Beside them, in the same run, SQLite alone: one insert of a decision's
 * texts into one table, in the same batches. Usage: state FILE [DECISIONS] (FILE is made anew) */
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runtime/state.h"

enum { CANDIDATES = 20, BATCH = 10000, THREADS = 8, EACH = 500 };
#define ONE (UINT64_C(1) << 53)
#define T0 INT64_C(1790000000000000)

static double seconds(clockid_t id) {
  struct timespec t;
  clock_gettime(id, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void die(const char *what) {
  fprintf(stderr, "bench/state: %s\n", what);
  exit(1);
}

static void forget_file(const char *path) {
  char name[4200];
  const char *const ends[] = { "", "-wal", "-shm" };
  for (int i = 0; i < 3; i++) {
    snprintf(name, sizeof name, "%s%s", path, ends[i]);
    unlink(name);
  }
}

typedef struct texts { char id[37], subject[24], record[140]; } texts; /* made before time is taken */
typedef struct one { char evidence[60]; state_candidate c[CANDIDATES]; state_decision d; } one;

static void make_texts(texts *x, long i) {
  state_random chance = { .left = 0 };
  state_uuid(&chance, T0 + i * 100, x->id);
  snprintf(x->subject, sizeof x->subject, "user-%ld", i * 7919 % 1000003);
  snprintf(x->record, sizeof x->record, "{\"id\":\"%s\",\"locale\":\"de-DE\",\"segment\":\"s%ld\",\"age\":%ld,\"consent\":true,\"country\":\"DE\"}",
           x->subject, i % 5, i % 80);
}

static texts *all_texts(long from, long n) {
  texts *t = malloc((size_t)n * sizeof *t);
  if (!t) die("out of memory");
  for (long i = 0; i < n; i++) make_texts(&t[i], from + i);
  return t;
}

static void make(one *x, const texts *t, long i) {
  static const char *const names[CANDIDATES] = { "v01", "v02", "v03", "v04", "v05", "v06", "v07", "v08", "v09", "v10",
                                                 "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20" };
  if (i % BATCH == 0) snprintf(x->evidence, sizeof x->evidence, "{\"v01\":[%ld,40],\"v02\":[3,77]}", i / BATCH);
  for (uint32_t k = 0; k < CANDIDATES; k++)
    x->c[k] = (state_candidate){ .key = str_z(names[k]), .weight = ONE / CANDIDATES, .eligible = k % 7 == 6 ? NOT_WHERE : ELIGIBLE,
                                 .reason = k % 7 == 6 ? STR("v.locale == p.locale") : (str){ 0 } };
  x->d = (state_decision){ .id = str_z(t->id), .choice = STR("shop.hero"), .subject = str_z(t->subject), .candidate = x->c[i % CANDIDATES].key,
                           .unit = str_z(t->id), .drawn = true, .weight = ONE / CANDIDATES, .ncandidates = CANDIDATES, .candidates = x->c,
                           .evidence = str_z(x->evidence), .record = str_z(t->record), .bundle = STR("0123456789abcdef"), .at = T0 + i * 100 };
}

static double batches(struct state *s, arena *a, const texts *t, long n, double *wall) {
  one *x = calloc(1, sizeof *x);
  state_decision known;
  double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
  *wall = seconds(CLOCK_MONOTONIC);
  for (long i = 0; i < n;) {
    if (state_begin(s) != RT_OK) die(state_failure(s, a).p);
    for (int k = 0; k < BATCH && i < n; k++, i++) {
      make(x, &t[i], i);
      if (state_log(s, a, &x->d, &known) != RT_OK) die(state_failure(s, a).p);
    }
    if (state_commit(s) != RT_OK) die(state_failure(s, a).p);
  }
  free(x);
  *wall = seconds(CLOCK_MONOTONIC) - *wall;
  return seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
}

/* The least that SQLite can do with as many bytes. */
static double bare(const char *path, const texts *t, long n, double *wall) {
  sqlite3 *db;
  sqlite3_stmt *q;
  one *x = calloc(1, sizeof *x);
  char name[4200];
  snprintf(name, sizeof name, "%s-bare", path);
  forget_file(name);
  if (sqlite3_open(name, &db) != SQLITE_OK ||
      sqlite3_exec(db, "PRAGMA journal_mode=wal; PRAGMA synchronous=FULL; CREATE TABLE log(id TEXT, subject TEXT, record TEXT)", NULL, NULL, NULL) != SQLITE_OK ||
      sqlite3_prepare_v2(db, "INSERT INTO log VALUES (?1, ?2, ?3)", -1, &q, NULL) != SQLITE_OK)
    die(sqlite3_errmsg(db));
  double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
  *wall = seconds(CLOCK_MONOTONIC);
  for (long i = 0; i < n;) {
    sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
    for (int k = 0; k < BATCH && i < n; k++, i++) {
      make(x, &t[i], i);
      sqlite3_bind_text(q, 1, t[i].id, -1, SQLITE_STATIC);
      sqlite3_bind_text(q, 2, t[i].subject, -1, SQLITE_STATIC);
      sqlite3_bind_text(q, 3, t[i].record, -1, SQLITE_STATIC);
      if (sqlite3_step(q) != SQLITE_DONE) die(sqlite3_errmsg(db));
      sqlite3_reset(q);
    }
    if (sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) die(sqlite3_errmsg(db));
  }
  *wall = seconds(CLOCK_MONOTONIC) - *wall;
  cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
  sqlite3_finalize(q);
  sqlite3_close(db);
  forget_file(name);
  free(x);
  return cpu;
}

static void *one_by_one(void *arg) {
  struct state *s = arg;
  one *x = calloc(1, sizeof *x);
  arena a;
  jmp_buf oom;
  state_decision known;
  texts *t = all_texts(5000000, EACH);
  arena_init(&a, &mem_libc, &oom);
  for (int i = 0; i < EACH; i++) {
    make(x, &t[i], 5000000 + i);
    if (state_log(s, &a, &x->d, &known) != RT_OK) die(state_failure(s, &a).p);
  }
  arena_free(&a);
  free(x);
  free(t);
  return NULL;
}

int main(int argc, char **argv) {
  const char *path = argc > 1 ? argv[1] : "build/bench-state.db";
  long n = argc > 2 ? atol(argv[2]) : 500000;
  arena a;
  jmp_buf oom;
  str why;
  double wall, least;
  arena_init(&a, &mem_libc, &oom);
  forget_file(path);
  state_config c = { .m = &mem_libc, .path = str_z(path), .create = true };
  struct state *s = state_open(&c, &a, &why);
  if (!s) die(why.p);
  texts *t0 = all_texts(0, n);
  double cpu = batches(s, &a, t0, n, &wall), bare_cpu = bare(path, t0, n, &least);
  free(t0);
  printf("log, batches of %d, one thread: %.0f decisions/s of processor time (%.0f/s of wall time); goal 100000\n", BATCH, (double)n / cpu, (double)n / wall);
  printf("a bare insert in SQLite:          %.0f/s (%.0f/s): the log costs %.2f x\n", (double)n / bare_cpu, (double)n / least, cpu / bare_cpu);
  pthread_t t[THREADS];
  wall = seconds(CLOCK_MONOTONIC);
  one_by_one(s);
  double alone = seconds(CLOCK_MONOTONIC) - wall;
  wall = seconds(CLOCK_MONOTONIC);
  for (int i = 0; i < THREADS; i++) pthread_create(&t[i], NULL, one_by_one, s);
  for (int i = 0; i < THREADS; i++) pthread_join(t[i], NULL);
  double together = seconds(CLOCK_MONOTONIC) - wall;
  printf("one commit a decision: %.0f/s by one thread, %.0f/s by %d threads that ride together\n", EACH / alone, THREADS * EACH / together, THREADS);
  state_close(s);
  arena_free(&a);
  return 0;
}
