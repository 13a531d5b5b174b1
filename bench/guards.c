/* Do intervals hold the truth as often as they say, and do guards bark when, and only when, they should? Estimators (runtime/ope.c) and guards
 * (runtime/guard.c) over many simulated campaigns whose truth is known.
 *
 * Beside each stands what people do without it: intervals that take visits of one person for independent, a chi-square test and a fixed
 * interval that are looked at again and again. RUNS campaigns each; fails when an interval or a guard does not keep its word beyond the luck
 * of that many runs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "examples/campaign/campaign.h"
#include "runtime/guard.h"
#include "runtime/ope.h"
#include "runtime/policy.h"

enum { ARMS = 5, DAYS = 10, PER_DAY = 500, VISITS = DAYS * PER_DAY };

static int failures;
static void must(bool ok, const char *what) {
  if (!ok) fprintf(stderr, "%s\n", what), failures++;
}

/* ---- estimators ---- */

static const double target[ARMS] = { 0.1, 0.1, 0.2, 0.3, 0.3 };
static const double fixed[CAMPAIGN_SEGMENTS][ARMS] = { { 0.4, 0.3, 0.15, 0.1, 0.05 }, { 0.2, 0.2, 0.2, 0.2, 0.2 }, { 0.1, 0.1, 0.1, 0.2, 0.5 } };
static const str names[ARMS] = { { "a", 1 }, { "b", 1 }, { "c", 1 }, { "d", 1 }, { "e", 1 } };
static const uint32_t arms[ARMS] = { 0, 1, 2, 3, 4 };
static const ope_dist dist = { ARMS, arms, target };

typedef struct setup { const char *name; int subjects; double spread; bool learns, apart; } setup;
static const setup setups[] = {
  { "a fixed policy logs", 100000, 0.3, false, false },
  { "thompson with floor 5% logs", 100000, 0.3, true, false },
  { "people come 20 times, and differ", 250, 1.5, false, false },
  { "the same, visits taken for independent", 250, 1.5, false, true },
};

/* Expected reward of the target policy for whoever may come. */
static double truth_of(const campaign *c) {
  static const double share[CAMPAIGN_SEGMENTS] = { 0.5, 0.3, 0.2 };
  double v = 0, mood = c->s.spread > 0 ? sinh(c->s.spread) / c->s.spread : 1;
  for (int g = 0; g < CAMPAIGN_SEGMENTS; g++)
    for (int k = 0; k < ARMS; k++) v += share[g] * target[k] * c->base[g][k] * mood;
  return v;
}

static void learn(arena *a, const ope_row *rows, int n, double *p) {
  policy_spec s = { .kind = POLICY_THOMPSON_BETA, .prior = { 1, 10 }, .floor = 0.05 };
  policy_arm known[ARMS] = { 0 };
  uint64_t w[ARMS];
  const char *why;
  for (int i = 0; i < n; i++) known[rows[i].action].trials++, known[rows[i].action].success += rows[i].reward;
  if (!policy_weights(a, &s, known, ARMS, w, &why)) exit(1);
  for (int k = 0; k < ARMS; k++) p[k] = (double)w[k] / (double)POLICY_ONE;
}

static double simulate(arena *a, const setup *x, uint64_t seed, ope_row *rows) {
  campaign_spec spec = { .seed = seed, .arms = ARMS, .subjects = x->subjects, .days = DAYS, .per_day = PER_DAY, .low = 0.03, .high = 0.15,
                         .spread = x->spread, .segments = true };
  campaign c;
  if (!campaign_open(&c, &spec)) exit(1);
  double learned[ARMS];
  for (int i = 0; i < VISITS; i++) {
    campaign_visit v = campaign_visit_at(&c, i);
    if (x->learns && i % PER_DAY == 0) learn(a, rows, i, learned);
    const double *p = x->learns ? learned : fixed[v.segment];
    double u = campaign_uniform(seed, CAMPAIGN_DRAW, i), day;
    int arm = 0;
    while (arm + 1 < ARMS && (u -= p[arm]) >= 0) arm++;
    rows[i] = (ope_row){ .action = (uint32_t)arm, .subject = (uint32_t)(x->apart ? i : v.subject), .p = p[arm], .reward = campaign_show(&c, &v, arm, &day) };
  }
  double truth = truth_of(&c);
  campaign_close(&c);
  return truth;
}

/* The estimator wants subjects numbered from 0 without gaps. */
static uint32_t number_subjects(ope_row *rows) {
  static uint32_t number[100000];
  uint32_t n = 0;
  memset(number, 0, sizeof number);
  for (int i = 0; i < VISITS; i++) {
    uint32_t *x = &number[rows[i].subject];
    if (!*x) *x = ++n;
    rows[i].subject = *x - 1;
  }
  return n;
}

static void coverage(int runs) {
  static ope_row rows[VISITS];
  printf("intervals that hold the truth, of %d campaigns of %d decisions (95%% is promised)\n  %-42s %8s %8s %8s %8s   half as wide as\n",
         runs, VISITS, "", "IPS", "SNIPS", "DR", "bound");
  for (size_t k = 0; k < sizeof setups / sizeof *setups; k++) {
    int held[3] = { 0 }, bound = 0;
    double wide[3] = { 0 }, refused = 0;
    for (int r = 0; r < runs; r++) {
      arena a;
      arena_init(&a, &mem_libc, NULL);
      double truth = simulate(&a, &setups[k], (uint64_t)r + 1, rows);
      ope_log l = { .nactions = ARMS, .nsubjects = number_subjects(rows), .ndists = 1, .n = VISITS, .rows = rows, .dists = &dist, .actions = names };
      ope_result x;
      ope_evaluate(&a, &l, &x);
      refused += x.nrefusals > 0;
      const ope_estimate *e[3] = { &x.ips, &x.snips, &x.dr };
      for (int i = 0; i < 3; i++) held[i] += e[i]->lo <= truth && truth <= e[i]->hi, wide[i] += (e[i]->hi - e[i]->lo) / 2 / truth / runs;
      bound += x.dr.least <= truth && truth <= x.dr.most;
      arena_free(&a);
    }
    printf("  %-42s", setups[k].name);
    for (int i = 0; i < 3; i++) {
      printf(" %7.1f%%", 100.0 * held[i] / runs);
      double luck = 3 * sqrt(0.95 * 0.05 / runs);
      must(setups[k].apart || (double)held[i] / runs > 0.945 - luck, "an interval holds the truth less often than it says");
    }
    printf(" %7.1f%%   ", 100.0 * bound / runs);
    for (int i = 0; i < 3; i++) printf("%s%.0f%%", i ? ", " : "", 100 * wide[i]);
    printf(" of the truth%s", refused ? "" : "\n");
    if (refused) printf("; %.0f refused\n", refused);
    must(setups[k].apart || bound >= runs * 99 / 100, "the bound holds the truth less often than it says");
  }
}

/* ---- guards ---- */

enum { LONG = 100000, LOOK = 1000 };
/* traffic as an adaptive policy sends it: the probabilities change from decision to decision */
static const double mixes[3][3] = { { 0.5, 0.3, 0.2 }, { 0.8, 0.1, 0.1 }, { 0.34, 0.33, 0.33 } };

typedef struct alarm { int64_t guard, chi; } alarm; /* decision at which it went off, 0 never */

/* Of the decisions for the first arm the share `lost` never reaches the log. chi-square: 1 in 1,000 each time, looked at after every 1,000 decisions. */
static alarm listen(arena *a, uint64_t seed, double lost, int n) {
  guard_ratio g;
  guard_ratio_init(&g, a, 3);
  alarm at = { 0 };
  double seen[3] = { 0 }, expected[3] = { 0 }, count = 0;
  for (int i = 0; i < n; i++) {
    const double *p = mixes[campaign_hash(seed, CAMPAIGN_SUBJECT, i) % 3];
    double u = campaign_uniform(seed, CAMPAIGN_DRAW, i);
    uint32_t k = u < p[0] ? 0 : u < p[0] + p[1] ? 1 : 2;
    if (k == 0 && lost > 0 && campaign_uniform(seed, CAMPAIGN_OTHER, i) < lost) continue;
    if (!guard_ratio_tripped(&g)) guard_ratio_add(&g, arms, p, 3, k);
    if (!at.guard && guard_ratio_tripped(&g)) at.guard = i + 1;
    seen[k]++, count++;
    for (int j = 0; j < 3; j++) expected[j] += p[j];
    if (at.chi || (int64_t)count % LOOK) continue;
    double chi = 0;
    for (int j = 0; j < 3; j++) chi += (seen[j] - expected[j]) * (seen[j] - expected[j]) / expected[j];
    if (chi > 13.815510558) at.chi = i + 1;
  }
  return at;
}

static int by_time(const void *x, const void *y) {
  int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
  return a < b ? -1 : a > b;
}

static void ratio(int runs) {
  static const double losses[] = { 0, 0.01, 0.02, 0.05, 0.1, 0.2 };
  int64_t *times = malloc(sizeof *times * (size_t)runs);
  if (!times) exit(1);
  printf("\nsample ratio: %d streams of %d decisions; decisions for one of three arms get lost on the way to the log\n  %-10s %-34s %s\n", runs, LONG, "lost",
         "the guard goes off (half by)", "chi-square at 1 in 1,000, looked at every 1,000");
  for (size_t k = 0; k < sizeof losses / sizeof *losses; k++) {
    int off = 0, chi = 0;
    for (int r = 0; r < runs; r++) {
      arena a;
      arena_init(&a, &mem_libc, NULL);
      alarm x = listen(&a, (uint64_t)r + 1, losses[k], LONG);
      if (x.guard) times[off++] = x.guard;
      chi += x.chi > 0;
      arena_free(&a);
    }
    qsort(times, (size_t)off, sizeof *times, by_time);
    char half[32] = "";
    if (off * 2 > runs) snprintf(half, sizeof half, "(%lld decisions)", (long long)times[runs / 2]);
    printf("  %3.0f%%       %6.1f%%  %-24s  %6.1f%%%s\n", 100 * losses[k], 100.0 * off / runs, half, 100.0 * chi / runs,
           losses[k] > 0 ? "" : "   (false alarms)");
    if (losses[k] == 0) must(off <= 1 + runs / 200, "the guard barks at sound traffic");
    if (losses[k] >= 0.1) must(off == runs, "the guard sleeps while decisions get lost");
  }
  free(times);
}

/* Two arms that are equally good: how often does an interval that is looked at after every decision ever say otherwise? */
static void difference(int runs) {
  int always = 0, once = 0, peeked = 0;
  for (int r = 0; r < runs; r++) {
    guard_mean m = { 0 };
    bool out = false, fooled = false, now = false;
    for (int i = 0; i < LONG / 5; i++) {
      double p = i % 2 ? 0.5 : 0.8;
      bool first = campaign_uniform((uint64_t)r + 1, CAMPAIGN_DRAW, i) < p, hit = campaign_uniform((uint64_t)r + 1, CAMPAIGN_REWARD, i) < 0.1;
      guard_mean_add(&m, first ? hit / p : -hit / (1 - p));
      if (i < 500) continue;
      if (!out && fabs(m.mean) > guard_mean_width(&m, 0.05, 10000)) out = true;
      now = fabs(m.mean) > 1.959963984540054 * sqrt(m.squares) / m.n;
      fooled |= now;
    }
    always += out, peeked += fooled, once += now;
  }
  printf("\ntwo arms that are alike, %d decisions, looked at after each: who ever calls one better (5%% is promised)\n", LONG / 5);
  printf("  confidence sequence %.1f%%; a 95%% interval %.1f%%, though only %.1f%% when it is looked at once, at the end\n", 100.0 * always / runs,
         100.0 * peeked / runs, 100.0 * once / runs);
  must((double)always / runs < 0.05 + 3 * sqrt(0.05 * 0.95 / runs), "the confidence sequence does not keep its word");
}

int main(void) {
  int runs = getenv("RUNS") ? atoi(getenv("RUNS")) : 400;
  if (runs < 20) runs = 20;
  coverage(runs);
  ratio(runs);
  difference(runs);
  return failures > 0;
}
