/* Rewards joined to decisions, and the evidence that both add up to: trials, successes and rewards of a candidate on a day. See state.h.
 *
 * The evidence is kept as sums while decisions and outcomes are written, so that a policy can read it without any other job and however long the log
 * is. A transaction adds up what it changes in memory and writes each sum once, at its end. */
#include <math.h>
#include <string.h>
#include <xxhash.h>

#include "runtime/state_priv.h"

static const char standard[] = "reward"; /* the outcome that evidence learns from */

static void rehash(state *s) {
  memset(s->sum_slot, 0, s->nslots * sizeof *s->sum_slot);
  for (uint32_t i = 0; i < s->nsums; i++) {
    uint64_t at = s->sums[i].hash % s->nslots;
    while (s->sum_slot[at]) at = (at + 1) % s->nslots;
    s->sum_slot[at] = i + 1;
  }
}

static void slots_free(state *s) {
  if (s->sum_slot) mem_free(&s->m, s->sum_slot, s->nslots * sizeof *s->sum_slot);
}

static bool room(state *s) {
  if (s->nsums < s->csums) return true;
  uint32_t cap = s->csums ? 2 * s->csums : 64;
  uint32_t *slots = mem_try(&s->m, 2 * (size_t)cap * sizeof *slots);
  evidence_sum *sums = slots ? mem_grow(&s->m, s->sums, s->csums * sizeof *sums, cap * sizeof *sums) : NULL;
  if (!sums) {
    if (slots) mem_free(&s->m, slots, 2 * (size_t)cap * sizeof *slots);
    return false;
  }
  slots_free(s);
  s->sums = sums, s->sum_slot = slots, s->csums = cap, s->nslots = 2 * cap;
  rehash(s);
  return true;
}

static char *copy_z(state *s, str x) {
  char *p = mem_try(&s->m, (size_t)x.n + 1);
  if (p && x.n) memcpy(p, x.p, x.n);
  if (p) p[x.n] = 0;
  return p;
}

static void free_z(state *s, char *z) {
  if (z) mem_free(&s->m, z, strlen(z) + 1);
}

static bool same(const char *z, str x) { return strlen(z) == x.n && !memcmp(z, x.p, x.n); }

static evidence_sum *sum_of(state *s, str choice, str candidate, int64_t day) {
  if (!room(s)) return NULL;
  uint64_t hash = XXH3_64bits_withSeed(candidate.p, candidate.n, XXH3_64bits_withSeed(choice.p, choice.n, (uint64_t)day));
  uint64_t at = hash % s->nslots;
  for (; s->sum_slot[at]; at = (at + 1) % s->nslots) {
    evidence_sum *e = &s->sums[s->sum_slot[at] - 1];
    if (e->hash == hash && e->day == day && same(e->choice, choice) && same(e->candidate, candidate)) return e;
  }
  evidence_sum *e = &s->sums[s->nsums];
  *e = (evidence_sum){ .choice = copy_z(s, choice), .candidate = copy_z(s, candidate), .hash = hash, .day = day };
  if (!e->choice || !e->candidate) {
    free_z(s, e->choice), free_z(s, e->candidate);
    return NULL;
  }
  s->sum_slot[at] = ++s->nsums;
  return e;
}

bool state_evidence_add(state *s, str choice, str candidate, int64_t at, int64_t trials, int64_t successes, double reward) {
  evidence_sum *e = sum_of(s, choice, candidate, at / INT64_C(86400000000));
  if (!e) return false;
  e->trials += trials, e->successes += successes, e->reward += reward, e->squares += reward * reward;
  return true;
}

void state_evidence_drop(state *s) {
  for (uint32_t i = 0; i < s->nsums; i++) free_z(s, s->sums[i].choice), free_z(s, s->sums[i].candidate);
  s->nsums = 0;
  if (s->sum_slot) memset(s->sum_slot, 0, s->nslots * sizeof *s->sum_slot);
}

void state_evidence_free(state *s) {
  state_evidence_drop(s);
  if (s->sums) mem_free(&s->m, s->sums, s->csums * sizeof *s->sums);
  slots_free(s);
}

int state_evidence_flush(state *s) {
  int status = RT_OK;
  for (uint32_t i = 0; i < s->nsums && status == RT_OK; i++) {
    const evidence_sum *e = &s->sums[i];
    sqlite3_stmt *q = state_q(s, Q_EVIDENCE_ADD);
    if (!q) return RT_ENV;
    state_bind_str(q, 1, str_z(e->choice)), state_bind_str(q, 2, str_z(e->candidate));
    sqlite3_bind_int64(q, 3, e->day), sqlite3_bind_int64(q, 4, e->trials), sqlite3_bind_int64(q, 5, e->successes);
    sqlite3_bind_double(q, 6, e->reward), sqlite3_bind_double(q, 7, e->squares);
    status = state_run(s, q);
  }
  state_evidence_drop(s);
  return status;
}

/* ---- outcomes ---- */

/* Which reward of this name the decision has already. */
static int compare(state *s, const state_outcome *o, str name, state_joined *how) {
  sqlite3_stmt *q = state_q(s, Q_OUTCOME_GET);
  if (!q) return RT_ENV;
  state_bind_str(q, 1, o->decision), state_bind_str(q, 2, name);
  int rc = state_step(s, q);
  if (rc == SQLITE_ROW) *how = sqlite3_column_double(q, 0) == o->reward ? JOINED_AGAIN : JOINED_OTHER;
  sqlite3_reset(q);
  return rc == SQLITE_ROW ? RT_OK : RT_ENV;
}

static int join(state *s, const state_outcome *o, state_joined *how, int64_t *decided_at) {
  str name = o->name.n ? o->name : STR(standard);
  *how = JOINED_UNKNOWN;
  if (!isfinite(o->reward) || fabs(o->reward) > 1e100) {
    state_fail(s, "a reward is a finite number");
    return RT_ENV;
  }
  sqlite3_stmt *d = state_q(s, Q_DECIDED);
  if (!d) return RT_ENV;
  state_bind_str(d, 1, o->decision);
  int rc = state_step(s, d);
  if (rc != SQLITE_ROW) {
    sqlite3_reset(d);
    return rc < 0 ? RT_ENV : RT_OK;
  }
  int64_t at = sqlite3_column_int64(d, 3);
  bool counts = sqlite3_column_int64(d, 4) && sqlite3_column_type(d, 2) != SQLITE_NULL && str_eq(name, STR(standard));
  if (decided_at) *decided_at = at;
  int64_t came = o->whole_day && o->at < at && at - o->at < INT64_C(86400000000) ? at : o->at; /* on the decision's day: after it */
  if (came < at) {
    *how = JOINED_EARLY;
    sqlite3_reset(d);
    return RT_OK;
  }
  sqlite3_stmt *q = state_q(s, Q_OUTCOME_PUT);
  if (!q) return RT_ENV;
  state_bind_str(q, 1, o->decision), state_bind_str(q, 2, name);
  sqlite3_bind_double(q, 3, o->reward), sqlite3_bind_int64(q, 4, came);
  for (int i = 0; i < 3; i++) sqlite3_bind_value(q, 5 + i, sqlite3_column_value(d, i));
  str choice = { (const char *)sqlite3_column_text(d, 0), (uint32_t)sqlite3_column_bytes(d, 0) };
  str candidate = { (const char *)sqlite3_column_text(d, 2), (uint32_t)sqlite3_column_bytes(d, 2) };
  int status = state_run(s, q);
  bool fresh = status == RT_OK && sqlite3_changes(s->db);
  if (fresh) *how = JOINED_NEW;
  if (fresh && counts && !state_evidence_add(s, choice, candidate, at, 0, o->reward > 0, o->reward)) status = RT_OOM;
  sqlite3_reset(d);
  return fresh || status != RT_OK ? status : compare(s, o, name, how);
}

int state_outcome_add(state *s, const state_outcome *o, state_joined *how, int64_t *decided_at) {
  bool own;
  int status = state_begin_here(s, &own);
  return status == RT_OK ? state_end_here(s, own, join(s, o, how, decided_at)) : status;
}
