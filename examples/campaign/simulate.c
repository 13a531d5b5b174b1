/* A simulated campaign: cc -O2 -o simulate simulate.c -lm && ./simulate > log.csv
 *
 * Without an option it writes the log of a policy as another system would: one CSV row a decision, with its day, subject, segment, action,
 * propensity, reward, and the day the reward arrived. --truth prints instead what the policy earns a decision in truth, without the luck of
 * the draw: what an estimate from another policy's log should come to.
 *
 * --visits=DAY prints who comes that day, one JSON object a line, for `blazon decide --lines`; --outcomes reads its answers and prints what came
 * of them, for `blazon outcome`. Day 0 is 2026-06-01. Fatigue is left out there: it would have to remember what was shown. */
#include "campaign.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char usage[] =
  "usage: simulate [--truth | --visits=DAY | --outcomes] [NAME=VALUE ...]\n"
  "  seed=1 arms=6 subjects=5000 days=30 per_day=1000 low=0.02 high=0.08\n"
  "  drift=0 fatigue=0 delay=0 spread=0 segments=0     what makes it hard; campaign.h says what they are\n"
  "  policy=uniform                                    or a CSV file: action,probability\n";

static bool set(campaign_spec *s, const char *name, size_t n, const char *value) {
  char *end;
  double x = strtod(value, &end);
  if (end == value || *end || !(x >= 0 && x < 1e9)) return false;
  struct { const char *name; int *i; double *d; } const knobs[] = {
    { "arms", &s->arms, NULL }, { "subjects", &s->subjects, NULL }, { "days", &s->days, NULL }, { "per_day", &s->per_day, NULL },
    { "low", NULL, &s->low }, { "high", NULL, &s->high }, { "drift", NULL, &s->drift }, { "fatigue", NULL, &s->fatigue },
    { "delay", NULL, &s->delay }, { "spread", NULL, &s->spread },
  };
  for (size_t k = 0; k < sizeof knobs / sizeof *knobs; k++) {
    if (strlen(knobs[k].name) != n || memcmp(name, knobs[k].name, n) != 0) continue;
    if (knobs[k].i) *knobs[k].i = (int)x;
    else *knobs[k].d = x;
    return true;
  }
  if (n == 4 && memcmp(name, "seed", 4) == 0) s->seed = (uint64_t)x;
  else if (n == 8 && memcmp(name, "segments", 8) == 0) s->segments = x > 0;
  else return false;
  return true;
}

/* Probabilities of the arms, named arm_0, arm_1, ... false: said what is wrong. */
static bool read_policy(const char *file, int arms, double *p) {
  if (strcmp(file, "uniform") == 0) {
    for (int k = 0; k < arms; k++) p[k] = 1.0 / arms;
    return true;
  }
  FILE *f = fopen(file, "r");
  if (!f) { perror(file); return false; }
  char line[256];
  double sum = 0, x;
  int arm;
  while (fgets(line, sizeof line, f))
    if (sscanf(line, "arm_%d,%lf", &arm, &x) == 2 && arm >= 0 && arm < arms && x >= 0) p[arm] = x, sum += x;
  fclose(f);
  if (fabs(sum - 1) < 1e-6) return true;
  fprintf(stderr, "%s: lines `arm_0,0.25` whose probabilities sum to 1 are expected; they sum to %g\n", file, sum);
  return false;
}

static int draw(const double *p, int n, double u) {
  for (int k = 0; k + 1 < n; k++)
    if ((u -= p[k]) < 0) return k;
  int last = n - 1; /* rounding may leave a little: give it to the last that has a chance */
  while (last && p[last] <= 0) last--;
  return last;
}

static const char *const segments[] = { "new", "loyal", "lapsed" };

static void print_visits(const campaign *c, int day) {
  for (int64_t i = (int64_t)day * c->s.per_day; i < (int64_t)(day + 1) * c->s.per_day; i++) {
    campaign_visit v = campaign_visit_at(c, i);
    printf("{\"id\":\"u%d\",\"segment\":\"%s\",\"visit\":\"v%lld\"}\n", v.subject, segments[v.segment], (long long)i);
  }
}

/* Answers like {"decision":"v12",...,"chosen":"arm_3",...}, one a line; others are passed over. */
static void print_outcomes(campaign *c) {
  char line[65536], when[32];
  puts("decision,reward,time");
  while (fgets(line, sizeof line, stdin)) {
    const char *id = strstr(line, "\"decision\":\"v"), *arm = strstr(line, "\"chosen\":\"arm_");
    if (!id || !arm) continue;
    long long i = atoll(id + 13);
    int k = atoi(arm + 14);
    if (k < 0 || k >= c->s.arms) continue;
    campaign_visit v = campaign_visit_at(c, i);
    double day;
    if (!campaign_show(c, &v, k, &day)) continue;
    time_t t = (time_t)(1780272000 + day * 86400);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime(&t));
    printf("v%lld,1,%s\n", i, when);
  }
}

int main(int argc, char **argv) {
  campaign_spec s = { .seed = 1, .arms = 6, .subjects = 5000, .days = 30, .per_day = 1000, .low = 0.02, .high = 0.08 };
  const char *policy = "uniform";
  bool truth = false, outcomes = false;
  int visits = -1;
  for (int i = 1; i < argc; i++) {
    const char *eq = strchr(argv[i], '=');
    if (strcmp(argv[i], "--truth") == 0) truth = true;
    else if (strcmp(argv[i], "--outcomes") == 0) outcomes = true;
    else if (strncmp(argv[i], "--visits=", 9) == 0) visits = atoi(argv[i] + 9);
    else if (strncmp(argv[i], "policy=", 7) == 0) policy = argv[i] + 7;
    else if (!eq || !set(&s, argv[i], (size_t)(eq - argv[i]), eq + 1)) {
      fprintf(stderr, "`%s` is not understood\n%s", argv[i], usage);
      return 4;
    }
  }
  campaign c;
  double p[CAMPAIGN_MAX_ARMS] = { 0 }, earned = 0;
  if (!campaign_open(&c, &s)) {
    fprintf(stderr, "1 to %d arms and at least one subject are possible\n", CAMPAIGN_MAX_ARMS);
    return 4;
  }
  if (visits >= 0 || outcomes) {
    c.s.fatigue = 0;
    if (outcomes) print_outcomes(&c);
    else print_visits(&c, visits);
    campaign_close(&c);
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 3;
  }
  if (!read_policy(policy, s.arms, p)) {
    campaign_close(&c);
    return 3;
  }
  if (!truth) puts("decision,day,subject,segment,action,propensity,reward,reward_day");
  for (int64_t i = 0; i < campaign_visits(&s); i++) {
    campaign_visit v = campaign_visit_at(&c, i);
    int arm = draw(p, s.arms, campaign_uniform(s.seed, CAMPAIGN_DRAW, i));
    for (int k = 0; truth && k < s.arms; k++) earned += p[k] * campaign_rate(&c, &v, k);
    double day;
    bool converts = campaign_show(&c, &v, arm, &day);
    if (truth) continue;
    printf("%lld,%d,u%d,%s,arm_%d,%.17g,%d,", (long long)i, (int)v.day, v.subject, segments[v.segment], arm, p[arm], converts);
    if (converts) printf("%d", (int)day);
    putchar('\n');
  }
  if (truth) printf("%.6g\n", earned / (double)campaign_visits(&s));
  campaign_close(&c);
  return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 3;
}
