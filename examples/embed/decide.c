/* Deciding under load: one program, an engine per thread, one state file; latencies are printed as percentiles. Meanwhile evidence changes, which the library
 * takes over by itself, and half way the rules are changed over to a new version, as a host does that must not pause.
 *
 *     cc decide.c $(pkg-config --cflags --libs blazon) -pthread -o decide && ./decide
 *
 * The program ends with 0 when every answer is one that the rules allow. */
#define _GNU_SOURCE /* mkdtemp, usleep */
#include <blazon.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 4, EACH = 2000, VARIANTS = 20 };

static const char rules[] =
  "record Visitor { id : text key  locale : text }\n"
  "record Variant { id : text key  locale : text }\n"
  "record Stat { variant : text  clicks : int  views : int }\n"
  "source visitors : Visitor\n"
  "source variants : Variant\n"
  "source stats : Stat\n"
  "choose hero for v in visitors {\n"
  "  from c in variants where c.locale == v.locale\n"
  "  over s in stats where s.variant == c.id\n"
  "  by thompson(success: s.clicks, trials: s.views, prior: [1, 40])\n"
  "  floor 1%\n"
  "  fallback \"v0\"\n"
  "}\n";

/* What threads decide with now; the reloader puts a new one here. Old programs are kept to the end, so nobody has to wait for anybody. */
static _Atomic(blz_program *) current;
static blz_state *state;
static char folder[64], variants_csv[100], stats_csv[100], state_db[100];
static atomic_int wrong;

typedef struct worker { int number; double took[EACH]; } worker;

static void fail(const char *what, const char *why) {
  fprintf(stderr, "%s: %s\n", what, why);
  atomic_fetch_add(&wrong, 1);
}

static blz_program *compile(void) {
  blz_program *p = blz_program_new(NULL);
  if (blz_program_add_text(p, "hero.blz", rules, sizeof rules - 1) == BLZ_OK && blz_program_compile(p, NULL, NULL) == BLZ_OK) return p;
  fail("the rules", blz_program_error(p));
  blz_program_free(p);
  return NULL;
}

static blz_engine *open_engine(blz_program *p) {
  blz_engine *e = blz_engine_new(p);
  blz_source sources[] = { { "variants", variants_csv, NULL }, { "stats", stats_csv, NULL } };
  if (blz_engine_open_data(e, NULL, sources, 2, NULL, NULL) != BLZ_OK) fail("the data", blz_engine_error(e));
  if (blz_engine_use_state(e, state) != BLZ_OK || blz_engine_keep_fresh(e, 20) != BLZ_OK) fail("the engine", blz_engine_error(e));
  return e;
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void decide(blz_engine *e, size_t hero, int number, int i) {
  char json[100], id[40];
  blz_record *visitor = NULL;
  blz_decision d;
  int n = snprintf(json, sizeof json, "{\"id\": \"user-%d-%d\", \"locale\": \"%s\"}", number, i, i % 50 ? "en" : "xx");
  snprintf(id, sizeof id, "%d-%d", number, i);
  if (blz_record_from_json(e, "Visitor", json, (size_t)n, &visitor) != BLZ_OK || blz_engine_decide(e, hero, visitor, id, &d) != BLZ_OK)
    fail("a decision", blz_engine_error(e));
  else if (!d.chosen || (i % 50 ? strcmp(d.stage, "policy") != 0 || !(d.p > 0.0099) : strcmp(d.stage, "fallback") != 0 || strcmp(d.chosen, "v0") != 0))
    fail("an answer that the rules do not allow", d.stage);
  blz_record_free(visitor);
}

static void *work(void *ud) {
  worker *w = ud;
  blz_program *p = NULL;
  blz_engine *e = NULL;
  size_t hero = 0;
  for (int i = 0; i < EACH; i++) {
    blz_program *now = atomic_load(&current);
    if (now != p) { /* a new version of the rules: this thread changes over between two decisions */
      blz_engine_free(e);
      p = now, e = open_engine(p);
      if (blz_program_find_choice(p, "hero", &hero) != BLZ_OK) fail("the choice", "is not there");
    }
    double from = seconds();
    decide(e, hero, w->number, i);
    w->took[i] = seconds() - from;
  }
  blz_engine_free(e);
  return NULL;
}

static int by_size(const void *x, const void *y) {
  double a = *(const double *)x, b = *(const double *)y;
  return (a > b) - (a < b);
}

/* Evidence is replaced whole, as exports are: written beside, then renamed. */
static void write_stats(int best) {
  char beside[120];
  snprintf(beside, sizeof beside, "%s.new", stats_csv);
  FILE *s = fopen(beside, "w");
  fprintf(s, "variant,clicks,views\n");
  for (int i = 0; i < VARIANTS; i++) fprintf(s, "v%d,%d,%d\n", i, i == best ? 500 : 10, 1000);
  fclose(s);
  rename(beside, stats_csv);
}

static void write_data(void) {
  FILE *v = fopen(variants_csv, "w");
  fprintf(v, "id,locale\n");
  for (int i = 0; i < VARIANTS; i++) fprintf(v, "v%d,en\n", i);
  fclose(v);
  write_stats(3);
}

/* Decides until the new evidence shows: all but the floor is v7's. */
static void wait_for_evidence(blz_engine *e, size_t hero) {
  for (int i = 0; i < 10000; i++) {
    blz_record *visitor = NULL;
    blz_decision d;
    static const char json[] = "{\"id\": \"x\", \"locale\": \"en\"}";
    blz_record_from_json(e, "Visitor", json, sizeof json - 1, &visitor);
    bool there = blz_engine_decide(e, hero, visitor, NULL, &d) == BLZ_OK && d.chosen && strcmp(d.chosen, "v7") == 0 && d.p > 0.5;
    blz_record_free(visitor);
    if (there) return;
    usleep(1000);
  }
  fail("new evidence", "was not taken over");
}

int main(void) {
  static worker workers[THREADS];
  static double all[THREADS * EACH];
  pthread_t threads[THREADS];
  char error[300];
  snprintf(folder, sizeof folder, "/tmp/blazon-decide-XXXXXX");
  if (!mkdtemp(folder)) return 1;
  snprintf(variants_csv, sizeof variants_csv, "%s/variants.csv", folder);
  snprintf(stats_csv, sizeof stats_csv, "%s/stats.csv", folder);
  snprintf(state_db, sizeof state_db, "%s/state.db", folder);
  write_data();
  blz_program *first = compile(), *second = compile();
  if (!first || !second) return 1;
  atomic_store(&current, first);
  if (blz_state_open(NULL, state_db, BLZ_STATE_CREATE | BLZ_STATE_RELAXED, &state, error, sizeof error) != BLZ_OK) {
    fprintf(stderr, "%s\n", error);
    return 1;
  }
  double from = seconds();
  for (int i = 0; i < THREADS; i++) {
    workers[i].number = i;
    pthread_create(&threads[i], NULL, work, &workers[i]);
  }
  usleep(20000);
  write_stats(7);
  atomic_store(&current, second); /* the reload */
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  double took = seconds() - from;
  for (int i = 0; i < THREADS; i++) memcpy(all + i * EACH, workers[i].took, sizeof workers[i].took);
  qsort(all, THREADS * EACH, sizeof *all, by_size);
  blz_engine *learner = open_engine(second);
  size_t hero = 0;
  blz_program_find_choice(second, "hero", &hero);
  write_stats(3), usleep(50000), write_stats(7);
  wait_for_evidence(learner, hero);
  if (blz_engine_outcome(learner, "0-1", NULL, 1, (int64_t)time(NULL) * 1000000 + 1000000) != BLZ_OK) fail("an outcome", blz_engine_error(learner));
  if (blz_engine_outcome(learner, "nobody", NULL, 1, 0) != BLZ_NOT_FOUND) fail("an outcome of no decision", "was taken");
  blz_engine_free(learner);
  printf("%d decisions by %d threads, logged: %.0f a second; microseconds: median %.0f, 99%% %.0f, 99.9%% %.0f, longest %.0f\n", THREADS * EACH, THREADS,
         THREADS * EACH / took, all[THREADS * EACH / 2] * 1e6, all[THREADS * EACH * 99 / 100] * 1e6, all[THREADS * EACH / 1000 * 999] * 1e6,
         all[THREADS * EACH - 1] * 1e6);
  blz_state_free(state);
  blz_program_free(first);
  blz_program_free(second);
  unlink(variants_csv), unlink(stats_csv), unlink(state_db);
  strcat(state_db, "-wal"), unlink(state_db);
  strcpy(strrchr(state_db, '-'), "-shm"), unlink(state_db);
  rmdir(folder);
  return atomic_load(&wrong) != 0;
}
