/* Keeping a state file: what is in it, reading the log in order, forgetting by age or by subject, and taking everything out. See state.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/state_priv.h"

static bool number(state *s, const char *sql, int64_t *out) {
  sqlite3_stmt *q = NULL;
  bool ok = sqlite3_prepare_v2(s->db, sql, -1, &q, NULL) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW;
  if (ok) *out = sqlite3_column_int64(q, 0);
  else state_sql_failed(s);
  sqlite3_finalize(q);
  return ok;
}

/* ---- what is in it ---- */

static bool counts(state *s, state_counts *n) {
  return number(s, "SELECT count(*) FROM decisions", &n->decisions) && number(s, "SELECT count(*) FROM outcomes", &n->outcomes) &&
         number(s, "SELECT count(*) FROM assignments", &n->assignments) && number(s, "SELECT count(*) FROM exposures", &n->exposures) &&
         number(s, "SELECT count(*) FROM candidate_sets", &n->candidate_sets) && number(s, "SELECT count(*) FROM blobs", &n->blobs) &&
         number(s, "SELECT count(*) FROM bundles", &n->bundles) && number(s, "SELECT count(*) FROM evidence", &n->evidence);
}

static int64_t size_of(const state *s, const char *suffix) {
  char name[4200];
  struct stat st;
  if ((size_t)snprintf(name, sizeof name, "%s%s", s->path, suffix) >= sizeof name || stat(name, &st)) return 0;
  return st.st_size;
}

int state_show(state *s, state_about *out) {
  *out = (state_about){ .version = STATE_VERSION };
  state_enter(s);
  bool ok = counts(s, &out->rows) && number(s, "SELECT coalesce(min(at), 0) FROM decisions", &out->first) &&
            number(s, "SELECT coalesce(max(at), 0) FROM decisions", &out->last);
  out->any = out->rows.decisions > 0;
  out->bytes = size_of(s, ""), out->wal_bytes = size_of(s, "-wal");
  state_leave(s);
  return ok ? RT_OK : RT_ENV;
}

/* ---- the log in order ---- */

static int read_some(state *s, arena *a, str choice, int64_t after, uint32_t n, bool full, state_decision *out, int64_t *seqs, uint32_t *got) {
  static const char all[] = "SELECT " STATE_DECISION " FROM decisions d WHERE d.seq > ?1 ORDER BY d.seq LIMIT ?2";
  static const char one[] = "SELECT " STATE_DECISION " FROM decisions d WHERE d.seq > ?1 AND +d.choice = ?3 ORDER BY d.seq LIMIT ?2";
  *got = 0;
  int64_t *sets = ARENA_ARRAY(a, int64_t, n + 1);
  sqlite3_stmt *q = state_prepare(s, choice.n ? one : all);
  if (!q) return RT_ENV;
  sqlite3_bind_int64(q, 1, after), sqlite3_bind_int64(q, 2, n);
  if (choice.n) state_bind_str(q, 3, choice);
  int rc;
  while ((rc = state_step(s, q)) == SQLITE_ROW && *got < n) {
    state_decision_row(a, q, full, &out[*got], &sets[*got]);
    seqs[(*got)++] = sqlite3_column_int64(q, 15);
  }
  state_calm(s);
  int status = rc < 0 ? RT_ENV : RT_OK;
  for (uint32_t i = 0; i < *got && status == RT_OK; i++) status = state_read_set(s, a, sets[i], &out[i]);
  return status;
}

int state_read(state *s, arena *a, str choice, int64_t after, uint32_t n, bool full, state_decision *out, int64_t *seqs, uint32_t *got) {
  volatile int status;
  STATE_READING(s, a, status, read_some(s, a, choice, after, n, full, out, seqs, got));
  return status;
}

static int hashes_of(state *s, arena *a, uint32_t *n, str **hashes) {
  VEC(str) list = { 0 };
  sqlite3_stmt *q = state_prepare(s, "SELECT hash FROM bundles GROUP BY hash ORDER BY min(id)");
  if (!q) return RT_ENV;
  int rc;
  while ((rc = state_step(s, q)) == SQLITE_ROW) *VEC_PUSH(a, &list) = state_column(a, q, 0);
  state_calm(s);
  *n = list.n, *hashes = list.v;
  return rc < 0 ? RT_ENV : RT_OK;
}

int state_bundles(state *s, arena *a, uint32_t *n, str **hashes) {
  volatile int status;
  STATE_READING(s, a, status, hashes_of(s, a, n, hashes));
  return status;
}

/* ---- forgetting ---- */

static int exec2(state *s, const char *sql, int64_t x, int64_t y, str text, int64_t *rows) {
  sqlite3_stmt *q = NULL;
  if (sqlite3_prepare_v2(s->db, sql, -1, &q, NULL) != SQLITE_OK) {
    state_sql_failed(s);
    return RT_ENV;
  }
  int n = sqlite3_bind_parameter_count(q);
  if (text.p) state_bind_str(q, 1, text);
  else if (n >= 1) sqlite3_bind_int64(q, 1, x);
  if (n >= 2) sqlite3_bind_int64(q, 2, y);
  int rc = state_step(s, q);
  if (rows && rc >= 0) *rows += sqlite3_changes64(s->db);
  sqlite3_finalize(q);
  return rc < 0 ? RT_ENV : RT_OK;
}

/* What no decision refers to any more. Rules stay: they are small, nobody's data, and the next decision is most likely made by them again. */
static int orphans(state *s, state_counts *n) {
  int st = exec2(s, "DELETE FROM candidate_sets WHERE id NOT IN (SELECT candidate_set FROM decisions WHERE candidate_set NOT NULL)", 0, 0, (str){ 0 },
                 &n->candidate_sets);
  if (st == RT_OK)
    st = exec2(s, "DELETE FROM blobs WHERE id NOT IN (SELECT evidence FROM decisions WHERE evidence NOT NULL "
               "UNION SELECT record FROM decisions WHERE record NOT NULL)", 0, 0, (str){ 0 }, &n->blobs);
  if (st == RT_OK) st = state_run(s, state_q(s, Q_EPOCH_NEXT)); /* others forget the ids that they keep */
  state_forget_kept(s);
  return st;
}

static int purge(state *s, int64_t before, int64_t now, bool evidence, state_counts *n) {
  int st = exec2(s, "DELETE FROM outcomes WHERE decision IN (SELECT id FROM decisions WHERE at < ?1)", before, 0, (str){ 0 }, &n->outcomes);
  if (st == RT_OK) st = exec2(s, "DELETE FROM decisions WHERE at < ?1", before, 0, (str){ 0 }, &n->decisions);
  if (st == RT_OK) st = exec2(s, "DELETE FROM exposures WHERE at < ?1", before, 0, (str){ 0 }, &n->exposures);
  if (st == RT_OK)
    st = exec2(s, "DELETE FROM assignments WHERE assigned_at < ?1 AND (expires_at <= ?2 OR dropped)", before, now, (str){ 0 }, &n->assignments);
  if (st == RT_OK && evidence)
    st = exec2(s, "DELETE FROM evidence WHERE day < date(?1 / 1000000, 'unixepoch')", before, 0, (str){ 0 }, &n->evidence);
  return st == RT_OK ? orphans(s, n) : st;
}

static int erase(state *s, str subject, state_counts *n) {
  int st = exec2(s, "DELETE FROM outcomes WHERE subject = ?1 OR decision IN (SELECT id FROM decisions WHERE subject = ?1)", 0, 0, subject, &n->outcomes);
  if (st == RT_OK) st = exec2(s, "DELETE FROM decisions WHERE subject = ?1", 0, 0, subject, &n->decisions);
  if (st == RT_OK) st = exec2(s, "DELETE FROM exposures WHERE subject = ?1", 0, 0, subject, &n->exposures);
  if (st == RT_OK) st = exec2(s, "DELETE FROM assignments WHERE subject = ?1", 0, 0, subject, &n->assignments);
  return st == RT_OK ? orphans(s, n) : st;
}

/* The log ahead of the database still holds old pages. A reader may hinder this: it is tried, and the next checkpoint does the rest. */
static void empty_wal(state *s) {
  state_enter(s);
  sqlite3_wal_checkpoint_v2(s->db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
  state_leave(s);
}

static int forgetting(state *s, int (*how)(state *, const void *, state_counts *), const void *arg, state_counts *removed) {
  *removed = (state_counts){ 0 };
  int st = state_begin(s);
  if (st != RT_OK) return st;
  state_exec(s, "PRAGMA secure_delete=ON");
  st = how(s, arg, removed);
  if (st != RT_OK) s->broken = true;
  int ended = state_commit(s);
  state_enter(s);
  state_exec(s, "PRAGMA secure_delete=OFF");
  state_leave(s);
  if (ended == RT_OK) empty_wal(s);
  return ended;
}

typedef struct purge_arg { int64_t before, now; bool evidence; } purge_arg;

static int do_purge(state *s, const void *arg, state_counts *n) {
  const purge_arg *p = arg;
  return purge(s, p->before, p->now, p->evidence, n);
}

static int do_erase(state *s, const void *arg, state_counts *n) { return erase(s, *(const str *)arg, n); }

int state_purge(state *s, int64_t before, int64_t now, bool evidence, state_counts *removed) {
  purge_arg arg = { before, now, evidence };
  return forgetting(s, do_purge, &arg, removed);
}

int state_erase(state *s, str subject, state_counts *removed) { return forgetting(s, do_erase, &subject, removed); }

/* ---- taking everything out ---- */

/* Each gives one JSON text a row. Tables of ids are joined, so that a line stands for itself. */
static const char *const exports[] = {
  "SELECT json_object('table', 'bundles', 'hash', hash, 'versions', versions, 'bytes', length(bytes)) FROM bundles ORDER BY id",
  "SELECT json_object('table', 'decisions', 'seq', d.seq, 'id', d.id, 'choice', d.choice, 'subject', d.subject, 'candidate', d.candidate, 'stage', d.stage, "
  "'reason', d.reason, 'unit', coalesce(d.unit, d.id), 'at', strftime('%Y-%m-%dT%H:%M:%S', d.at / 1000000, 'unixepoch') || printf('.%06dZ', d.at % 1000000), "
  "'weight', d.weight, 'p', d.p, 'assignment', d.assignment, 'p_assign', d.p_assign, 'candidates', json((SELECT members FROM candidate_sets c WHERE c.id = "
  "d.candidate_set)), 'evidence', (SELECT content FROM blobs b WHERE b.id = d.evidence), 'evidence_digest', (SELECT lower(hex(digest)) FROM blobs b WHERE "
  "b.id = d.evidence), 'record', (SELECT content FROM blobs b WHERE b.id = d.record), 'bundle', (SELECT hash FROM bundles b WHERE b.id = d.bundle)) "
  "FROM decisions d ORDER BY d.seq",
  "SELECT json_object('table', 'outcomes', 'decision', decision, 'name', name, 'reward', reward, 'at', strftime('%Y-%m-%dT%H:%M:%S', at / 1000000, "
  "'unixepoch') || printf('.%06dZ', at % 1000000), 'choice', choice, 'subject', subject, 'candidate', candidate) FROM outcomes ORDER BY seq",
  "SELECT json_object('table', 'assignments', 'choice', choice, 'subject', subject, 'number', number, 'candidate', candidate, 'assigned_at', "
  "strftime('%Y-%m-%dT%H:%M:%SZ', assigned_at / 1000000, 'unixepoch'), 'expires_at', strftime('%Y-%m-%dT%H:%M:%SZ', expires_at / 1000000, 'unixepoch'), "
  "'p', p, 'decision', decision, 'dropped', json(iif(dropped, 'true', 'false'))) FROM assignments ORDER BY choice, subject, number",
  "SELECT json_object('table', 'exposures', 'experiment', experiment, 'subject', subject, 'arm', arm, 'at', strftime('%Y-%m-%dT%H:%M:%SZ', at / 1000000, "
  "'unixepoch')) FROM exposures ORDER BY experiment, subject",
  "SELECT json_object('table', 'evidence', 'choice', choice, 'candidate', candidate, 'day', day, 'trials', trials, 'successes', successes, 'reward', reward, "
  "'squares', squares) FROM evidence ORDER BY choice, candidate, day",
};

static int export_table(state *s, const char *sql, bool (*write)(void *ud, str line), void *ud) {
  sqlite3_stmt *q = NULL;
  if (sqlite3_prepare_v2(s->db, sql, -1, &q, NULL) != SQLITE_OK) {
    state_sql_failed(s);
    return RT_ENV;
  }
  int rc, status = RT_OK;
  while (status == RT_OK && (rc = state_step(s, q)) != SQLITE_DONE) {
    const char *line = rc < 0 ? NULL : (const char *)sqlite3_column_text(q, 0);
    if (rc >= 0 && !line) state_sql_failed(s);
    if (!line) status = RT_ENV;
    else if (!write(ud, (str){ line, (uint32_t)sqlite3_column_bytes(q, 0) })) status = RT_STOPPED;
  }
  sqlite3_finalize(q);
  return status;
}

int state_export(state *s, bool (*write)(void *ud, str line), void *ud) {
  state_enter(s);
  bool alone = sqlite3_get_autocommit(s->db);
  int status = alone ? state_exec(s, "BEGIN") : RT_OK; /* one snapshot of all tables */
  for (size_t i = 0; i < sizeof exports / sizeof *exports && status == RT_OK; i++) status = export_table(s, exports[i], write, ud);
  if (alone && !sqlite3_get_autocommit(s->db)) state_exec(s, "ROLLBACK");
  state_leave(s);
  return status;
}
