/* Reports of a state file: what was shown and earned is counted, the better arm is found, and guards say when not to believe it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "examples/campaign/campaign.h"
#include "runtime/state_report.h"

#define ONE (UINT64_C(1) << 53)
#define T0 INT64_C(1790000000000000)
#define HOUR INT64_C(3600000000)

enum { ARMS = 3 };
static const char *const names[ARMS] = { "blue", "red", "teal" };
static const double weights[ARMS] = { 0.5, 0.25, 0.25 };

typedef struct world {
  int n;
  double rate[ARMS];
  double lost;             /* of decisions for blue */
  double scale;            /* reward of a success */
  int outcomes_until;      /* decisions after this one get none; 0: all do */
  bool alone;              /* only blue is eligible */
} world;

static arena a;
static char path[64];

static struct state *open_new(void) {
  static int files;
  snprintf(path, sizeof path, "/tmp/blazon-report-%d-%d.db", (int)getpid(), files++);
  state_config c = { .m = &mem_libc, .path = str_z(path), .create = true, .durability = STATE_RELAXED };
  str why;
  struct state *s = state_open(&c, &a, &why);
  if (!s) fail_msg("%.*s", STR_ARG(why));
  return s;
}

static void done(struct state *s) {
  state_close(s);
  unlink(path);
}

static void simulate(struct state *s, const world *w) {
  assert_int_equal(state_begin(s), RT_OK);
  for (int i = 0; i < w->n; i++) {
    double u = campaign_uniform(7, CAMPAIGN_DRAW, i);
    int arm = w->alone || u < weights[0] ? 0 : u < weights[0] + weights[1] ? 1 : 2;
    if (arm == 0 && campaign_uniform(7, CAMPAIGN_OTHER, i) < w->lost) continue;
    state_candidate set[ARMS] = { 0 };
    for (int k = 0; k < ARMS; k++)
      set[k] = (state_candidate){ .key = str_z(names[k]), .weight = w->alone ? (k == 0 ? ONE : 0) : (uint64_t)(weights[k] * (double)ONE),
                                  .eligible = w->alone && k ? NOT_WHERE : ELIGIBLE };
    char id[24], subject[24];
    snprintf(id, sizeof id, "d%d", i);
    snprintf(subject, sizeof subject, "p%d", i / 2);
    int64_t at = T0 + i * HOUR / 10;
    state_decision d = { .id = str_z(id), .choice = STR("shop.hero"), .subject = str_z(subject), .candidate = str_z(names[arm]), .stage = STAGE_POLICY, .drawn = true,
                         .weight = set[arm].weight, .ncandidates = ARMS, .candidates = set, .bundle = STR("00"), .at = at };
    assert_int_equal(state_log(s, &a, &d, NULL), RT_OK);
    bool hit = campaign_uniform(7, CAMPAIGN_REWARD, i) < w->rate[arm];
    state_outcome o = { .decision = d.id, .reward = hit ? w->scale : 0, .at = at + 5 * HOUR };
    state_joined how;
    if (!w->outcomes_until || i < w->outcomes_until) assert_int_equal(state_outcome_add(s, &o, &how, NULL), RT_OK);
    state_expose(s, STR("shop.cta"), str_z(subject), str_z(names[arm]), at, NULL);
  }
  assert_int_equal(state_commit(s), RT_OK);
}

static const report_entry *report_of(struct state *s, const char *name) {
  static const str arms[ARMS] = { { "blue", 4 }, { "red", 3 }, { "teal", 4 } };
  static const report_weights w = { { "shop.cta", 8 }, ARMS, arms, weights };
  state_report *r = ARENA_NEW(&a, state_report);
  assert_int_equal(state_report_read(s, &a, 1, &w, r), RT_OK);
  for (uint32_t i = 0; i < r->n; i++)
    if (str_eq(r->entries[i].name, str_z(name))) return &r->entries[i];
  fail_msg("no report of %s", name);
  return NULL;
}

static guard_state state_of(const report_entry *e, const char *name) {
  for (uint32_t i = 0; i < e->nguards; i++)
    if (strcmp(e->guards[i].name, name) == 0) return e->guards[i].state;
  fail_msg("no guard %s", name);
  return GUARD_OK;
}

static void the_better_arm_is_found(void **state) {
  (void)state;
  struct state *s = open_new();
  simulate(s, &(world){ .n = 8000, .rate = { 0.05, 0.10, 0.05 }, .scale = 1 });
  const report_entry *e = report_of(s, "shop.hero");
  const report_series *x = &e->s;
  assert_int_equal(e->stages[STAGE_POLICY], 8000);
  assert_int_equal(e->subjects, 4000);
  assert_int_equal(x->shown, 8000);
  assert_int_equal(x->arms[0].shown + x->arms[1].shown + x->arms[2].shown, 8000);
  assert_true(fabs(x->arms[0].expected - 4000) < 1e-6);
  assert_true(x->binary && !x->withheld && x->leader == 1 && x->arms[1].best > 0.99);
  for (int k = 0; k < ARMS; k++) assert_true(x->arms[k].low < x->arms[k].mean && x->arms[k].mean < x->arms[k].high);
  for (int k = 0; k < ARMS; k++) /* 0.05 less, and told apart from nothing; the leader not from itself */
    if (k == 1) assert_true(isinf(x->arms[k].less_width));
    else assert_true(fabs(x->arms[k].less - 0.05) < x->arms[k].less_width && x->arms[k].less > x->arms[k].less_width);
  assert_true(x->learned > 200 && x->learned < 6000);
  /* red always: about 8,000 * 0.10 - what was earned */
  double truth = 8000 * 0.10 - 8000 * (0.75 * 0.05 + 0.25 * 0.10);
  assert_true(x->regret > truth && x->regret < 4 * truth);
  assert_in_range(x->npoints, 90, REPORT_POINTS + 1);
  assert_int_equal(x->points[x->npoints - 1].shown, 8000);
  assert_true(fabs(x->points[x->npoints - 1].best[1] - x->arms[1].best) < 1e-9);
  assert_true(!e->tripped);
  done(s);
}

static void rewards_of_any_size(void **state) {
  (void)state;
  struct state *s = open_new();
  simulate(s, &(world){ .n = 8000, .rate = { 0.05, 0.10, 0.05 }, .scale = 37.5 });
  const report_entry *e = report_of(s, "shop.hero");
  assert_true(!e->s.binary && e->s.leader == 1 && e->s.arms[1].best > 0.99 && e->s.arms[1].high > 2.5);
  done(s);
}

static void too_little_says_nothing(void **state) {
  (void)state;
  struct state *s = open_new();
  simulate(s, &(world){ .n = 60, .rate = { 0.9, 0.1, 0.1 }, .scale = 1 });
  const report_entry *e = report_of(s, "shop.hero");
  assert_non_null(strstr(e->s.withheld, "not enough data"));
  assert_null(e->s.points[e->s.npoints - 1].best);
  done(s);
}

static void lost_decisions_trip_the_guard(void **state) {
  (void)state;
  struct state *s = open_new();
  simulate(s, &(world){ .n = 8000, .rate = { 0.05, 0.10, 0.05 }, .scale = 1, .lost = 0.2 });
  const report_entry *e = report_of(s, "shop.hero");
  assert_int_equal(state_of(e, "sample ratio"), GUARD_TRIPPED);
  assert_true(e->tripped && e->s.withheld && strstr(e->s.withheld, "sample ratio"));
  done(s);
}

static void outcomes_that_stop_are_told(void **state) {
  (void)state;
  struct state *s = open_new();
  simulate(s, &(world){ .n = 4000, .rate = { 0.05, 0.10, 0.05 }, .scale = 1, .outcomes_until = 3000 });
  assert_int_equal(state_of(report_of(s, "shop.hero"), "outcomes are current"), GUARD_TRIPPED);
  done(s);
}

static void one_candidate_is_no_choice(void **state) {
  (void)state;
  struct state *s = open_new();
  simulate(s, &(world){ .n = 500, .rate = { 0.5, 0.5, 0.5 }, .scale = 1, .alone = true });
  const report_entry *e = report_of(s, "shop.hero");
  assert_int_equal(state_of(e, "there is a choice"), GUARD_TRIPPED);
  assert_non_null(strstr(e->s.withheld, "only one arm"));
  assert_int_equal(e->s.narms, 3); /* those that were never eligible stand there, too */
  done(s);
}

static void evidence_from_elsewhere(void **state) {
  (void)state;
  struct state *s = open_new();
  simulate(s, &(world){ .n = 500, .rate = { 0.5, 0.5, 0.5 }, .scale = 1 });
  assert_int_equal(state_of(report_of(s, "shop.hero"), "evidence is possible"), GUARD_OK);
  sqlite3 *db;
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db, "UPDATE evidence SET successes = trials + 1 WHERE candidate = 'red'", NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(db);
  assert_int_equal(state_of(report_of(s, "shop.hero"), "evidence is possible"), GUARD_TRIPPED);
  done(s);
}

static void experiments_count_subjects(void **state) {
  (void)state;
  struct state *s = open_new();
  simulate(s, &(world){ .n = 8000, .rate = { 0.05, 0.10, 0.05 }, .scale = 1 });
  const report_entry *e = report_of(s, "shop.cta");
  assert_true(e->experiment && !e->tripped);
  assert_int_equal(e->s.shown, 4000);
  assert_int_equal(e->s.drawn, 4000);
  assert_true(e->s.reward > 0 && e->outcomes == 8000);
  assert_int_equal(state_of(e, "sample ratio"), GUARD_OK);
  state_report r;
  assert_int_equal(state_report_read(s, &a, 0, NULL, &r), RT_OK); /* without the rules */
  assert_int_equal(state_of(&r.entries[1], "sample ratio"), GUARD_SILENT);
  done(s);
}

static int alternate(void *ud, void (*row)(void *to, const report_row *r), void *to) {
  static const uint32_t arms[2] = { 0, 1 };
  static const double half[2] = { 0.5, 0.5 };
  for (int64_t i = 0; i < *(int64_t *)ud; i++) {
    uint32_t arm = (uint32_t)(i % 2);
    report_row r = { .arm = arm, .chosen = arm, .n = 2, .arms = arms, .p = half, .at = i, .reward = i % 20 < 2, .rewarded = true };
    row(to, &r);
  }
  return 0;
}

/* Intervals that hold at all times are wider, in standard errors, the longer one looks: tuned anew at each look they would miss the truth now and then. */
static void intervals_are_not_tuned_at_each_look(void **state) {
  (void)state;
  const str two[2] = { STR("x"), STR("y") };
  double width[2], apart[2];
  for (int k = 0; k < 2; k++) {
    int64_t n = k ? 400000 : 2000;
    report_series s;
    assert_int_equal(report_compute(&a, 2, two, &(report_walk){ alternate, &n }, &s), 0);
    width[k] = (s.arms[1].high - s.arms[1].low) * sqrt((double)n), apart[k] = s.arms[1 - s.leader].less_width * sqrt((double)n);
  }
  assert_true(width[1] > 1.15 * width[0]);
  assert_true(apart[1] > 1.15 * apart[0]);
}

static void nothing_is_a_report_too(void **state) {
  (void)state;
  struct state *s = open_new();
  state_report r;
  assert_int_equal(state_report_read(s, &a, 0, NULL, &r), RT_OK);
  assert_int_equal(r.n, 0);
  done(s);
}

int main(void) {
  arena_init(&a, &mem_libc, NULL);
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_better_arm_is_found), cmocka_unit_test(rewards_of_any_size), cmocka_unit_test(too_little_says_nothing),
    cmocka_unit_test(lost_decisions_trip_the_guard), cmocka_unit_test(outcomes_that_stop_are_told), cmocka_unit_test(one_candidate_is_no_choice),
    cmocka_unit_test(evidence_from_elsewhere), cmocka_unit_test(experiments_count_subjects), cmocka_unit_test(intervals_are_not_tuned_at_each_look),
    cmocka_unit_test(nothing_is_a_report_too),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  arena_free(&a);
  return failed;
}
