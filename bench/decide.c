/* Decisions a second, in one thread: 20 candidates, evidence that is known already, no log; beside it the hash alone that such a decision cannot do without, so
 * that the numbers are ratios. And the first decision after the data changed, which computes everything; most of that is the probability of being best, which
 * is measured alone, too, for K candidates of which no two are alike. */
#include "blazon.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/parts.h"
#include "runtime/thompson.h"

enum { CANDIDATES = 20, SUBJECTS = 1000, ROUNDS = 300 };

static const char rules[] =
  "record P { id : text key  locale : text }\nrecord V { id : text key  locale : text }\nrecord S { variant : text  clicks : int  views : int }\n"
  "source ps : P\nsource vs : V\nsource ss : S\n"
  "choose hero for p in ps {\n  from v in vs where v.locale == p.locale\n  over s in ss where s.variant == v.id\n"
  "  by thompson(success: s.clicks, trials: s.views, prior: [1, 40])\n  floor 1%\n}\n"
  "experiment cta for p in ps { \"blue\" -> 50%  \"red\" -> 50% }\n";

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void write_data(const char *vs, const char *ss) {
  FILE *v = fopen(vs, "w"), *s = fopen(ss, "w");
  fprintf(v, "id,locale\n");
  fprintf(s, "variant,clicks,views\n");
  for (int i = 0; i < CANDIDATES; i++) fprintf(v, "v%02d,en\n", i), fprintf(s, "v%02d,%d,%d\n", i, 100 + i, 10000);
  fclose(v);
  fclose(s);
}

/* Milliseconds, the slowest of several kinds of evidence: few trials, many, and very many with rates that are close. */
static double best_of(uint32_t k) {
  static belief b[1000];
  static double p[1000];
  const double trials[] = { 10, 1000, 1e6 };
  double slowest = 0;
  arena a;
  arena_init(&a, &mem_libc, NULL);
  for (int t = 0; t < 3; t++) {
    for (uint32_t i = 0; i < k; i++) {
      double n = trials[t] * (1 + i % 7), rate = t == 2 ? 0.05 + i * 1e-6 : 0.02 + 0.05 * ((i * 37 % k) / (double)k);
      b[i] = (belief){ false, 1 + rate * n, 40 + (1 - rate) * n };
    }
    double from = now();
    if (!thompson_best(&a, b, k, p)) return -1;
    double took = (now() - from) * 1e3;
    if (took > slowest) slowest = took;
    arena_reset(&a);
  }
  arena_free(&a);
  return slowest;
}

int main(void) {
  char vs[] = "/tmp/blazon-bench-vs.csv", ss[] = "/tmp/blazon-bench-ss.csv";
  write_data(vs, ss);
  blz_program *p = blz_program_new(NULL);
  blz_program_add_text(p, "bench.blz", rules, sizeof rules - 1);
  if (blz_program_compile(p, NULL, NULL) != BLZ_OK) return 1;
  blz_engine *e = blz_engine_new(p);
  blz_source sources[] = { { "vs", vs, NULL }, { "ss", ss, NULL } };
  if (blz_engine_open_data(e, NULL, sources, 2, NULL, NULL) != BLZ_OK) return 1;
  static blz_record *subjects[SUBJECTS];
  for (int i = 0; i < SUBJECTS; i++) {
    char json[80];
    int n = snprintf(json, sizeof json, "{\"id\": \"user-%d\", \"locale\": \"en\"}", i);
    if (blz_record_from_json(e, "P", json, (size_t)n, &subjects[i]) != BLZ_OK) return 1;
  }
  blz_decision d;
  const char *arm;
  double from = now();
  if (blz_engine_decide(e, 0, subjects[0], "first", &d) != BLZ_OK) return 1;
  double cold = now() - from;
  from = now();
  for (int r = 0; r < ROUNDS; r++)
    for (int i = 0; i < SUBJECTS; i++)
      if (blz_engine_decide(e, 0, subjects[i], "d", &d) != BLZ_OK) return 1;
  double warm = (now() - from) / (ROUNDS * SUBJECTS);
  from = now();
  for (int r = 0; r < ROUNDS; r++)
    for (int i = 0; i < SUBJECTS; i++)
      if (blz_engine_experiment(e, 0, subjects[i], &arm) != BLZ_OK) return 1;
  double experiment = (now() - from) / (ROUNDS * SUBJECTS);
  uint64_t sum = 0;
  from = now();
  for (int i = 0; i < ROUNDS * SUBJECTS; i++) {
    str parts[] = { STR("blz1.draw"), STR("hero"), { (const char *)&i, sizeof i }, STR("d") };
    sum += parts_hash(parts, 4);
  }
  double hash = (now() - from) / (ROUNDS * SUBJECTS);
  printf("decide  20 candidates, evidence known: %.2f us, %.0f times its hash (%.0f ns)%s\n", warm * 1e6, warm / hash, hash * 1e9, sum ? "" : " ");
  printf("decide  the first after the data changed: %.2f ms\n", cold * 1e3);
  printf("decide  the probability of being best, K = 20: %.1f ms, K = 1,000: %.0f ms\n", best_of(20), best_of(1000));
  printf("decide  an experiment's arm: %.2f us, %.0f times its hash\n", experiment * 1e6, experiment / hash);
  for (int i = 0; i < SUBJECTS; i++) blz_record_free(subjects[i]);
  blz_engine_free(e);
  blz_program_free(p);
  remove(vs);
  remove(ss);
  return 0;
}
