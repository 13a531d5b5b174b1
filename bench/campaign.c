/* What policies lose in simulated campaigns (examples/campaign/campaign.h) to the best choice for each visit, against a plain Thompson sampler
 * and UCB1 that are written here in a few lines and share nothing with runtime/policy.c.
 *
 * The references learn from every conversion at once, as textbooks have it. The policies see their evidence as it is in practice: by day of
 * the decision, brought up to date four times a day. All meet the same visitors. Fails when Thompson loses far more than the plain sampler
 * where nothing makes it hard. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "examples/campaign/campaign.h"
#include "runtime/policy.h"

enum { ARMS = 8, DAYS = 60, PER_DAY = 1000, UPDATES = 4 /* a day */, VISITS = DAYS * PER_DAY };

typedef struct world { const char *name; double drift, fatigue, delay; bool segments; } world;
static const world worlds[] = {
  { "steady", 0, 0, 0, false },
  { "drift", 0.5, 0, 0, false },
  { "delay", 0, 0, 3, false },
  { "fatigue", 0, 0.1, 0, false },
  { "segments", 0, 0, 0, true },
  { "all of it", 0.5, 0.1, 3, true },
};
enum { WORLDS = sizeof worlds / sizeof *worlds };

/* ---- evidence: by segment, arm and day of the decision ---- */

typedef struct evidence {
  double trials[CAMPAIGN_SEGMENTS][ARMS][DAYS], success[CAMPAIGN_SEGMENTS][ARMS][DAYS];
  int32_t due[VISITS + 1], next[VISITS]; /* conversions by the visit before which they arrive: lists, -1 ends */
  uint8_t arm[VISITS], segment[VISITS];
} evidence;

static void forget(evidence *e) {
  memset(e->trials, 0, sizeof e->trials);
  memset(e->success, 0, sizeof e->success);
  for (int i = 0; i <= VISITS; i++) e->due[i] = -1;
}

static void arrive(evidence *e, int before) {
  for (int i = e->due[before]; i >= 0; i = e->next[i]) e->success[e->segment[i]][e->arm[i]][i / PER_DAY]++;
}

static void show(evidence *e, campaign *c, const campaign_visit *v, int arm) {
  int i = (int)v->i;
  double day;
  e->arm[i] = (uint8_t)arm, e->segment[i] = (uint8_t)v->segment;
  e->trials[v->segment][arm][i / PER_DAY]++;
  if (!campaign_show(c, v, arm, &day) || day >= DAYS) return;
  int at = (int)(day * PER_DAY) + 1;
  if (at <= i) at = i + 1;
  if (at > VISITS) return;
  e->next[i] = e->due[at];
  e->due[at] = i;
}

/* ---- contestants ---- */

typedef struct contestant {
  const char *name;
  policy_spec s;
  int half_life, delay;    /* days; 0: none */
  bool segments;           /* evidence of the visitor's segment only */
  enum { POLICY, SAMPLER, UCB1 } who;
} contestant;

#define BETA .s = { .kind = POLICY_THOMPSON_BETA, .prior = { 1, 20 } }
static const contestant contestants[] = {
  { .name = "plain sampler", .who = SAMPLER },
  { .name = "UCB1", .who = UCB1 },
  { .name = "thompson", BETA },
  { .name = "thompson, floor 2%", .s = { .kind = POLICY_THOMPSON_BETA, .prior = { 1, 20 }, .floor = 0.02 } },
  { .name = "thompson, half life 14 days", BETA, .half_life = 14 },
  { .name = "thompson, delay 6 days", BETA, .delay = 6 },
  { .name = "thompson, by segment", BETA, .segments = true },
  { .name = "epsilon_greedy, 10%", .s = { .kind = POLICY_EPSILON_GREEDY, .epsilon = 0.1 } },
  { .name = "softmax, temperature 1%", .s = { .kind = POLICY_SOFTMAX, .temperature = 0.01 } },
  { .name = "ucb, alpha 0.3", .s = { .kind = POLICY_UCB, .alpha = 0.3 } },
  { .name = "best", .s = { .kind = POLICY_BEST } },
  { .name = "weights, all alike", .s = { .kind = POLICY_WEIGHTS } },
};
enum { CONTESTANTS = sizeof contestants / sizeof *contestants, THOMPSON = 2 };

static void arms_of(const evidence *e, const contestant *x, int segment, int today, policy_arm *arms) {
  for (int k = 0; k < ARMS; k++) {
    double n = 0, s = 0;
    for (int g = 0; g < CAMPAIGN_SEGMENTS; g++)
      for (int d = 0; d <= today - x->delay - (x->delay > 0) && (!x->segments || g == segment); d++) {
        double w = x->half_life ? policy_decay(today - d, x->half_life) : 1;
        n += w * e->trials[g][k][d], s += w * e->success[g][k][d];
      }
    arms[k] = (policy_arm){ .success = s < n ? s : n, .trials = n };
    arms[k].value = x->s.kind == POLICY_WEIGHTS ? 1 : n > 0 ? s / n : 1; /* never tried: worth a try */
  }
}

static int choose(const evidence *e, const contestant *x, arena *a, const campaign_visit *v, uint64_t seed, uint64_t w[][ARMS]) {
  if (v->i % (PER_DAY / UPDATES) == 0)
    for (int g = 0; g < (x->segments ? CAMPAIGN_SEGMENTS : 1); g++) {
      policy_arm arms[ARMS];
      const char *why;
      arms_of(e, x, g, (int)v->day, arms);
      if (!policy_weights(a, &x->s, arms, ARMS, w[g], &why)) {
        fprintf(stderr, "%s: %s\n", x->name, why);
        exit(1);
      }
    }
  return (int)policy_draw(w[x->segments ? v->segment : 0], ARMS, campaign_hash(seed, CAMPAIGN_DRAW, v->i));
}

/* ---- references ---- */

static uint64_t run_seed;
static int64_t rolled;
static double roll(void) { return campaign_uniform(run_seed, CAMPAIGN_OTHER, rolled++) + 0x1p-54; }
static double normal(void) { return sqrt(-2 * log(roll())) * cos(6.283185307179586 * roll()); }

/* G. Marsaglia, W. Tsang, "A simple method for generating gamma variables" (2000); shape >= 1 */
static double gamma_of(double shape) {
  double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
  for (;;) {
    double x = normal(), v = 1 + c * x;
    if (v <= 0) continue;
    v = v * v * v;
    if (log(roll()) < 0.5 * x * x + d - d * v + d * log(v)) return d * v;
  }
}

static int refer(const contestant *x, const double *n, const double *s, double all) {
  double most = -1;
  int best = 0;
  for (int k = 0; k < ARMS; k++) {
    double score;
    if (x->who == SAMPLER) {
      double hit = gamma_of(1 + s[k]), miss = gamma_of(20 + n[k] - s[k]);
      score = hit / (hit + miss);
    } else score = n[k] > 0 ? s[k] / n[k] + sqrt(2 * log(all) / n[k]) : INFINITY;
    if (score > most) most = score, best = k;
  }
  return best;
}

/* ---- one run ---- */

/* What was lost, in conversions. */
static double lose(const contestant *x, const world *w, uint64_t seed, evidence *e, arena *a) {
  campaign_spec spec = { .seed = seed, .arms = ARMS, .subjects = 3000, .days = DAYS, .per_day = PER_DAY, .low = 0.02, .high = 0.08, .drift = w->drift,
                         .fatigue = w->fatigue, .delay = w->delay, .spread = 0.3, .segments = w->segments };
  campaign c;
  if (!campaign_open(&c, &spec)) exit(1);
  double lost = 0, n[ARMS] = { 0 }, s[ARMS] = { 0 };
  uint64_t weights[CAMPAIGN_SEGMENTS][ARMS];
  forget(e);
  run_seed = seed, rolled = 0;
  for (int i = 0; i < VISITS; i++) {
    campaign_visit v = campaign_visit_at(&c, i);
    arrive(e, i);
    for (int at = e->due[i]; at >= 0; at = e->next[at]) s[e->arm[at]]++;
    int arm = x->who == POLICY ? choose(e, x, a, &v, seed, weights) : refer(x, n, s, i);
    double best = 0;
    for (int k = 0; k < ARMS; k++) best = fmax(best, campaign_rate(&c, &v, k));
    lost += best - campaign_rate(&c, &v, arm);
    n[arm]++;
    show(e, &c, &v, arm);
  }
  campaign_close(&c);
  return lost;
}

int main(void) {
  int runs = getenv("RUNS") ? atoi(getenv("RUNS")) : 6;
  if (runs < 1) runs = 1;
  evidence *e = malloc(sizeof *e);
  arena a;
  arena_init(&a, &mem_libc, NULL);
  if (!e) return 1;
  double lost[CONTESTANTS][WORLDS] = { 0 };
  for (int k = 0; k < CONTESTANTS; k++)
    for (int w = 0; w < WORLDS; w++)
      for (int r = 0; r < runs; r++) lost[k][w] += lose(&contestants[k], &worlds[w], (uint64_t)r + 1, e, &a) / runs * 1000 / VISITS;
  printf("conversions lost in 1,000 decisions to the best choice for each visit: %d arms of 2%% to 8%%, %d decisions, mean of %d %s\n  %-30s",
         ARMS, VISITS, runs, runs == 1 ? "run" : "runs", "");
  for (int w = 0; w < WORLDS; w++) printf("%10s", worlds[w].name);
  puts("");
  for (int k = 0; k < CONTESTANTS; k++) {
    printf("  %-30s", contestants[k].name);
    for (int w = 0; w < WORLDS; w++) printf("%10.2f", lost[k][w]);
    puts("");
  }
  printf("  thompson to the plain sampler ");
  for (int w = 0; w < WORLDS; w++) printf("%8.2f x", lost[THOMPSON][w] / lost[0][w]);
  puts("");
  arena_free(&a);
  free(e);
  if (lost[THOMPSON][0] > 2 * lost[0][0] || lost[THOMPSON][0] > lost[1][0] / 2) { /* few runs vary */
    fprintf(stderr, "thompson loses more than it should\n");
    return 1;
  }
  return 0;
}
