/* Reads choices and experiments from a state file for a report; see state_report.h. The rows go by, twice, in the order of their commits;
 * candidate sets are parsed when they are met and the last ones kept. */
#include "runtime/state_report.h"

#include "runtime/state_priv.h"

#include <math.h>
#include <string.h>

enum { SETS = 256 };

typedef struct set { int64_t id; uint32_t n, *arms; double *p; } set;

typedef struct reader {
  state *s;
  arena *a;
  sqlite3_stmt *q;         /* the one that is open */
  const char *sql;
  str name;
  uint32_t narms;
  str *arms;               /* sorted */
  set *sets;               /* of a choice */
  const report_weights *w; /* of an experiment; NULL: not known */
  uint32_t *w_arms;        /* where its arms are */
} reader;

/* ---- statements ---- */

static void close_q(reader *r) {
  sqlite3_finalize(r->q);
  r->q = NULL;
}

static bool open_q(reader *r, const char *sql, str name) {
  close_q(r);
  if (sqlite3_prepare_v2(r->s->db, sql, -1, &r->q, NULL) != SQLITE_OK) {
    state_sql_failed(r->s);
    return false;
  }
  if (sqlite3_bind_parameter_count(r->q)) state_bind_str(r->q, 1, name);
  return true;
}

static int names_of(reader *r, const char *sql, str name, uint32_t *n, str **out) {
  VEC(str) v = { 0 };
  if (!open_q(r, sql, name)) return RT_ENV;
  int rc;
  while ((rc = state_step(r->s, r->q)) == SQLITE_ROW) {
    str x = state_column(r->a, r->q, 0);
    *VEC_PUSH(r->a, &v) = x;
  }
  close_q(r);
  *n = v.n, *out = v.v;
  return rc < 0 ? RT_ENV : RT_OK;
}

/* Numbers of the only row. */
static int numbers(reader *r, const char *sql, str name, int n, int64_t *out) {
  if (!open_q(r, sql, name)) return RT_ENV;
  int rc = state_step(r->s, r->q);
  for (int i = 0; rc == SQLITE_ROW && i < n; i++) out[i] = sqlite3_column_int64(r->q, i);
  close_q(r);
  return rc < 0 ? RT_ENV : RT_OK;
}

/* ---- rows ---- */

static int64_t arm_of(const reader *r, str x) {
  uint32_t lo = 0, hi = r->narms;
  while (lo < hi) {
    uint32_t mid = (lo + hi) / 2;
    int c = str_cmp(r->arms[mid], x);
    if (c == 0) return mid;
    if (c < 0) lo = mid + 1;
    else hi = mid;
  }
  return -1;
}

static int set_of(reader *r, int64_t id, const set **out) {
  set *x = &r->sets[(uint64_t)id % SETS];
  *out = x;
  if (x->id == id) return RT_OK;
  if (!x->arms) x->arms = ARENA_ARRAY(r->a, uint32_t, r->narms), x->p = ARENA_ARRAY(r->a, double, r->narms);
  arena_mark mark = arena_save(r->a);
  state_decision d = { 0 };
  x->id = 0, x->n = 0;
  int status = state_read_set(r->s, r->a, id, &d);
  for (uint32_t i = 0; status == RT_OK && i < d.ncandidates && x->n < r->narms; i++) {
    int64_t arm = d.candidates[i].eligible == ELIGIBLE ? arm_of(r, d.candidates[i].key) : -1;
    if (arm >= 0) x->arms[x->n] = (uint32_t)arm, x->p[x->n++] = (double)d.candidates[i].weight / 9007199254740992.0;
  }
  arena_restore(r->a, mark);
  if (status == RT_OK) x->id = id;
  return status;
}

/* Columns: arm, time, reward (null: none), candidate set (null: not drawn). */
static int rows(void *ud, void (*row)(void *to, const report_row *x), void *to) {
  reader *r = ud;
  if (!open_q(r, r->sql, r->name)) return RT_ENV;
  int rc, status = RT_OK;
  while (status == RT_OK && (rc = state_step(r->s, r->q)) == SQLITE_ROW) {
    str name = { (const char *)sqlite3_column_text(r->q, 0), (uint32_t)sqlite3_column_bytes(r->q, 0) };
    int64_t arm = arm_of(r, name), id = sqlite3_column_int64(r->q, 3);
    if (arm < 0) continue;
    report_row x = { .arm = (uint32_t)arm, .at = sqlite3_column_int64(r->q, 1), .reward = sqlite3_column_double(r->q, 2),
                     .rewarded = sqlite3_column_type(r->q, 2) != SQLITE_NULL };
    if (id) {
      const set *v;
      if ((status = set_of(r, id, &v)) != RT_OK) break;
      x.n = v->n, x.arms = v->arms, x.p = v->p;
    } else if (r->w) x.n = r->w->n, x.arms = r->w_arms, x.p = r->w->p;
    while (x.chosen < x.n && x.arms[x.chosen] != x.arm) x.chosen++;
    if (x.chosen == x.n) x.n = 0; /* shown, but not in what is known of the draw */
    row(to, &x);
  }
  if (status == RT_OK && rc < 0) status = RT_ENV;
  close_q(r);
  return status;
}

/* ---- guards ---- */

static void guard(report_entry *e, const char *name, guard_state state, str text) {
  e->guards[e->nguards++] = (report_guard){ name, state, text };
  e->tripped |= state == GUARD_TRIPPED;
}

static const char *how_long(arena *a, int64_t usec) {
  double minutes = (double)usec / 60e6;
  if (minutes < 90) return str_fmt(a, "%.0f minutes", minutes).p;
  return minutes < 48 * 60 ? str_fmt(a, "%.0f hours", minutes / 60).p : str_fmt(a, "%.1f days", minutes / 1440).p;
}

static void ratio_guard(arena *a, report_entry *e) {
  const report_series *s = &e->s;
  const guard_ratio *g = &s->ratio;
  static const char name[] = "sample ratio";
  if (!s->drawn) {
    guard(e, name, GUARD_SILENT, e->experiment ? STR("the chances of its arms are not known: name the rules, too") : STR("no draw is logged"));
    return;
  }
  if (!guard_ratio_tripped(g)) {
    guard(e, name, GUARD_OK, str_fmt(a, "%lld draws went where they were meant to go (e-value %.3g; trips at %d)", (long long)s->drawn, exp(g->log_e), GUARD_TRIPS));
    return;
  }
  uint32_t over = 0, under = 0;
  double most = -INFINITY, least = INFINITY;
  for (uint32_t k = 0; k < s->narms; k++) {
    double z = ((double)s->arms[k].drawn - s->arms[k].expected) / sqrt(s->arms[k].expected + 1);
    if (z > most) most = z, over = k;
    if (z < least) least = z, under = k;
  }
  const report_arm *x = &s->arms[over], *y = &s->arms[under];
  str when = g->impossible ? STR("something was drawn that had no chance") : str_fmt(a, "from draw %lld on", (long long)g->tripped_at);
  guard(e, name, GUARD_TRIPPED, str_fmt(a, "%.*s: `%.*s` was drawn %lld times where %.0f were expected, `%.*s` %lld times where %.0f. Something is lost or changed between the "
                                        "draw and the log", STR_ARG(when), STR_ARG(x->name), (long long)x->drawn, x->expected, STR_ARG(y->name), (long long)y->drawn, y->expected));
}

static void current_guard(arena *a, report_entry *e) {
  static const char name[] = "outcomes are current";
  int64_t gap = e->s.last - e->last_outcome, allowed = INT64_C(86400000000);
  if (3 * e->late > allowed) allowed = 3 * e->late;
  if (!e->outcomes && e->s.shown < 1000) guard(e, name, GUARD_SILENT, STR("no outcome has come yet"));
  else if (!e->outcomes) guard(e, name, GUARD_TRIPPED, str_fmt(a, "no outcome came for any of %lld showings; does `blazon outcome` run?", (long long)e->s.shown));
  else if (gap <= allowed) guard(e, name, GUARD_OK, str_fmt(a, "outcomes come %s after the %s, in the mean", how_long(a, e->late), e->experiment ? "exposure" : "decision"));
  else
    guard(e, name, GUARD_TRIPPED, str_fmt(a, "the last outcome is from %s before the last showing, and outcomes used to come after %s; what is learned is stale",
                                          how_long(a, gap), how_long(a, e->late)));
}

static int counts_guard(reader *r, report_entry *e) {
  int64_t bad[2] = { 0 };
  int status = numbers(r, "SELECT coalesce(sum(successes > trials OR successes < 0 OR trials < 0), 0), count(*) FROM "
                       "(SELECT sum(successes) AS successes, sum(trials) AS trials FROM evidence WHERE choice = ?1 GROUP BY candidate, day)", e->name, 2, bad);
  if (status != RT_OK) return status;
  static const char name[] = "evidence is possible";
  if (bad[0]) guard(e, name, GUARD_TRIPPED, str_fmt(r->a, "%lld of its rows have more successes than trials; something else writes to the table `evidence`", (long long)bad[0]));
  else if (bad[1]) guard(e, name, GUARD_OK, STR("nothing has more successes than trials"));
  else guard(e, name, GUARD_SILENT, STR("there is no evidence yet"));
  return RT_OK;
}

static void alone_guard(report_entry *e) {
  static const char name[] = "there is a choice";
  if (!e->s.drawn) guard(e, name, GUARD_SILENT, STR("no draw is logged"));
  else if (e->s.always_one) guard(e, name, GUARD_TRIPPED, STR("every draw had one candidate only: nothing is chosen, and nothing can be learned"));
  else guard(e, name, GUARD_OK, STR("draws have more than one candidate with a chance"));
}

/* ---- entries ---- */

static int stages(reader *r, report_entry *e) {
  if (!open_q(r, "SELECT stage, count(*) FROM decisions WHERE choice = ?1 GROUP BY stage", e->name)) return RT_ENV;
  int rc;
  while ((rc = state_step(r->s, r->q)) == SQLITE_ROW)
    for (int i = 0; i < REPORT_STAGES; i++)
      if (strcmp((const char *)sqlite3_column_text(r->q, 0), state_stage_names[i]) == 0) e->stages[i] = sqlite3_column_int64(r->q, 1);
  close_q(r);
  if (rc < 0) return RT_ENV;
  if (!open_q(r, "SELECT coalesce(reason, stage), count(*) AS n FROM decisions WHERE choice = ?1 AND stage IN ('fallback', 'none') GROUP BY 1 ORDER BY n DESC, 1 LIMIT 5",
              e->name))
    return RT_ENV;
  while ((rc = state_step(r->s, r->q)) == SQLITE_ROW && e->nreasons < REPORT_REASONS) {
    str why = state_column(r->a, r->q, 0);
    e->reasons[e->nreasons++] = (report_reason){ why, sqlite3_column_int64(r->q, 1) };
  }
  close_q(r);
  return rc < 0 ? RT_ENV : RT_OK;
}

static int choice(reader *r, report_entry *e) {
  r->name = e->name;
  int64_t n[3] = { 0 };
  int status = names_of(r, "SELECT DISTINCT candidate FROM decisions WHERE choice = ?1 AND candidate IS NOT NULL AND stage IN ('policy', 'sticky') UNION "
                        "SELECT m.value ->> 'key' FROM (SELECT DISTINCT candidate_set AS id FROM decisions WHERE choice = ?1) d JOIN candidate_sets c "
                        "ON c.id = d.id, json_each(c.members) m ORDER BY 1", e->name, &r->narms, &r->arms);
  if (status == RT_OK) status = stages(r, e);
  if (status == RT_OK) status = numbers(r, "SELECT count(DISTINCT subject) FROM decisions WHERE choice = ?1", e->name, 1, &e->subjects);
  if (status == RT_OK)
    status = numbers(r, "SELECT count(*), coalesce(max(o.at), 0), coalesce(avg(max(o.at - d.at, 0)), 0) FROM outcomes o JOIN decisions d ON d.id = o.decision "
                     "WHERE o.choice = ?1 AND o.name = 'reward'", e->name, 3, n);
  if (status != RT_OK) return status;
  e->outcomes = n[0], e->last_outcome = n[1], e->late = n[2];
  r->sql = "SELECT d.candidate, d.at, o.reward, iif(d.stage = 'policy', d.candidate_set, NULL) FROM decisions d LEFT JOIN outcomes o ON o.decision = d.id AND o.name = "
           "'reward' WHERE d.choice = ?1 AND d.stage IN ('policy', 'sticky') AND d.candidate IS NOT NULL ORDER BY d.seq";
  r->sets = ARENA_ARRAY(r->a, set, SETS), r->w = NULL;
  status = report_compute(r->a, r->narms, r->arms, &(report_walk){ rows, r }, &e->s);
  if (status != RT_OK) return status;
  ratio_guard(r->a, e);
  current_guard(r->a, e);
  if ((status = counts_guard(r, e)) != RT_OK) return status;
  alone_guard(e);
  return RT_OK;
}

static void weights_of(reader *r, str name, uint32_t n, const report_weights *w) {
  r->w = NULL;
  for (uint32_t i = 0; i < n; i++)
    if (str_eq(w[i].experiment, name)) r->w = &w[i];
  if (!r->w) return;
  VEC(str) all = { 0 }; /* arms of the rules that nobody has met stand in the report, too */
  for (uint32_t i = 0; i < r->narms; i++) *VEC_PUSH(r->a, &all) = r->arms[i];
  for (uint32_t i = 0; i < r->w->n; i++) {
    if (arm_of(r, r->w->arms[i]) >= 0) continue;
    uint32_t at = all.n;
    *VEC_PUSH(r->a, &all) = r->w->arms[i];
    for (; at && str_cmp(all.v[at - 1], r->w->arms[i]) > 0; at--) all.v[at] = all.v[at - 1];
    all.v[at] = r->w->arms[i];
  }
  r->arms = all.v, r->narms = all.n;
  r->w_arms = ARENA_ARRAY(r->a, uint32_t, r->w->n + 1u);
  for (uint32_t i = 0; i < r->w->n; i++) r->w_arms[i] = (uint32_t)arm_of(r, r->w->arms[i]);
}

/* A subject earns what its decisions, of any choice, earned from its exposure on. */
static int experiment(reader *r, report_entry *e, uint32_t n, const report_weights *w) {
  r->name = e->name, e->experiment = true;
  int status = names_of(r, "SELECT DISTINCT arm FROM exposures WHERE experiment = ?1 ORDER BY 1", e->name, &r->narms, &r->arms);
  if (status == RT_OK) status = numbers(r, "SELECT count(*) FROM exposures WHERE experiment = ?1", e->name, 1, &e->subjects);
  int64_t x[3] = { 0 };
  if (status == RT_OK)
    status = numbers(r, "SELECT count(*), coalesce(max(o.at), 0), coalesce(avg(max(o.at - e.at, 0)), 0) FROM exposures e JOIN outcomes o ON o.subject = e.subject AND "
                     "o.at >= e.at AND o.name = 'reward' WHERE e.experiment = ?1", e->name, 3, x);
  if (status != RT_OK) return status;
  e->outcomes = x[0], e->last_outcome = x[1], e->late = x[2];
  weights_of(r, e->name, n, w);
  r->sql = "SELECT e.arm, e.at, (SELECT sum(o.reward) FROM outcomes o WHERE o.subject = e.subject AND o.at >= e.at AND o.name = 'reward'), NULL FROM exposures e "
           "WHERE e.experiment = ?1 ORDER BY e.at, e.subject";
  status = report_compute(r->a, r->narms, r->arms, &(report_walk){ rows, r }, &e->s);
  if (status != RT_OK) return status;
  ratio_guard(r->a, e);
  current_guard(r->a, e);
  return RT_OK;
}

static int everything(reader *r, uint32_t nweights, const report_weights *weights, state_report *out) {
  uint32_t nchoices = 0, nexperiments = 0;
  str *choices = NULL, *experiments = NULL;
  if (state_exec(r->s, "BEGIN") != RT_OK) return RT_ENV;
  int status = names_of(r, "SELECT DISTINCT choice FROM decisions ORDER BY 1", (str){ 0 }, &nchoices, &choices);
  if (status == RT_OK) status = names_of(r, "SELECT DISTINCT experiment FROM exposures ORDER BY 1", (str){ 0 }, &nexperiments, &experiments);
  out->entries = ARENA_ARRAY(r->a, report_entry, nchoices + nexperiments + 1u);
  for (uint32_t i = 0; i < nchoices && status == RT_OK; i++) {
    report_entry *e = &out->entries[out->n++];
    e->name = choices[i];
    status = choice(r, e);
  }
  for (uint32_t i = 0; i < nexperiments && status == RT_OK; i++) {
    report_entry *e = &out->entries[out->n++];
    e->name = experiments[i];
    status = experiment(r, e, nweights, weights);
  }
  return status;
}

/* Jumps end here: what r holds is in memory, not in registers, because this is a call. */
static __attribute__((noinline)) int caught(reader *r, uint32_t nweights, const report_weights *weights, state_report *out) {
  volatile int status;
  STATE_READING(r->s, r->a, status, everything(r, nweights, weights, out));
  return status;
}

int state_report_read(state *s, arena *a, uint32_t nweights, const report_weights *weights, state_report *out) {
  reader r = { .s = s, .a = a };
  *out = (state_report){ 0 };
  state_enter(s);
  int status = caught(&r, nweights, weights, out);
  close_q(&r);
  if (!sqlite3_get_autocommit(s->db)) state_exec(s, "ROLLBACK");
  state_leave(s);
  return status;
}

int state_reward(state *s, str decision, double *reward) {
  int status = RT_ENV;
  state_enter(s);
  sqlite3_stmt *q = state_q(s, Q_OUTCOME_GET);
  if (q) {
    state_bind_str(q, 1, decision), state_bind_str(q, 2, STR("reward"));
    int rc = state_step(s, q);
    if (rc == SQLITE_ROW) *reward = sqlite3_column_double(q, 0);
    status = rc == SQLITE_ROW ? RT_OK : rc < 0 ? RT_ENV : RT_NONE;
    sqlite3_reset(q);
  }
  state_leave(s);
  return status;
}
