/* The tables of a state file, and what is done to open one: made when it is new, brought up to date when it is older, refused when it is newer or not ours.
 * docs/state.md describes the tables; a change here is a new version with its step in `steps`. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/state_priv.h"

#define TWO_53 "9007199254740992.0"
#define TIME_OF(at) "(" at " / 1000000.0)"

static const char *const version_1 =
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "INSERT INTO meta VALUES ('epoch', 0);"
    "CREATE TABLE bundles(id INTEGER PRIMARY KEY, hash TEXT NOT NULL, versions TEXT NOT NULL DEFAULT '', bytes BLOB, UNIQUE (hash, versions)) STRICT;"
    "CREATE TABLE candidate_sets(id INTEGER PRIMARY KEY, place INTEGER NOT NULL, digest BLOB NOT NULL, members TEXT NOT NULL) STRICT;"
    "CREATE INDEX candidate_sets_place ON candidate_sets(place);"
    "CREATE TABLE blobs(id INTEGER PRIMARY KEY, place INTEGER, digest BLOB, content TEXT NOT NULL) STRICT;"
    "CREATE INDEX blobs_place ON blobs(place) WHERE place NOT NULL;"
    "CREATE TABLE decisions("
    " seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, choice TEXT NOT NULL, subject TEXT NOT NULL, candidate TEXT,"
    " stage TEXT NOT NULL, reason TEXT, unit TEXT, at INTEGER NOT NULL, weight INTEGER, assignment INTEGER, assign_weight INTEGER,"
    " candidate_set INTEGER, evidence INTEGER, record INTEGER, bundle INTEGER,"
    " p REAL AS (weight / " TWO_53 ") VIRTUAL, p_assign REAL AS (assign_weight / " TWO_53 ") VIRTUAL,"
    " time REAL AS " TIME_OF("at") " VIRTUAL, day TEXT AS (date(at / 1000000, 'unixepoch')) VIRTUAL) STRICT;"
    "CREATE INDEX decisions_subject ON decisions(subject);"
    "CREATE TABLE assignments("
    " choice TEXT NOT NULL, subject TEXT NOT NULL, number INTEGER NOT NULL, candidate TEXT NOT NULL, assigned_at INTEGER NOT NULL,"
    " expires_at INTEGER NOT NULL, weight INTEGER NOT NULL, decision TEXT NOT NULL, dropped INTEGER NOT NULL DEFAULT 0,"
    " p REAL AS (weight / " TWO_53 ") VIRTUAL, PRIMARY KEY (subject, choice, number)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE exposures("
    " experiment TEXT NOT NULL, subject TEXT NOT NULL, arm TEXT NOT NULL, at INTEGER NOT NULL, time REAL AS " TIME_OF("at") " VIRTUAL,"
    " PRIMARY KEY (subject, experiment)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE outcomes("
    " seq INTEGER PRIMARY KEY, decision TEXT NOT NULL, name TEXT NOT NULL, reward REAL NOT NULL, at INTEGER NOT NULL,"
    " choice TEXT NOT NULL, subject TEXT NOT NULL, candidate TEXT, time REAL AS " TIME_OF("at") " VIRTUAL, UNIQUE (decision, name)) STRICT;"
    "CREATE INDEX outcomes_subject ON outcomes(subject);"
    "CREATE INDEX outcomes_candidate ON outcomes(candidate);"
    "CREATE INDEX outcomes_choice ON outcomes(choice);"
    "CREATE TABLE evidence("
    " id INTEGER PRIMARY KEY, choice TEXT NOT NULL, candidate TEXT NOT NULL, day TEXT NOT NULL, trials INTEGER NOT NULL, successes INTEGER NOT NULL,"
    " reward REAL NOT NULL, squares REAL NOT NULL, UNIQUE (choice, candidate, day)) STRICT;"
    "CREATE INDEX evidence_candidate ON evidence(candidate);";

/* steps[v] leads from version v to v + 1; 0 is an empty file. */
static const char *const *steps(void) {
  static const char *const all[STATE_VERSION] = { version_1 };
  return all;
}

const char *const state_sql_text[Q_COUNT] = {
  [Q_BEGIN] = "BEGIN IMMEDIATE",
  [Q_COMMIT] = "COMMIT",
  [Q_ROLLBACK] = "ROLLBACK",
  [Q_DATA_VERSION] = "PRAGMA data_version",
  [Q_EPOCH] = "SELECT value FROM meta WHERE name = 'epoch'",
  [Q_EPOCH_NEXT] = "UPDATE meta SET value = value + 1 WHERE name = 'epoch'",
  [Q_DECISION_PUT] = "INSERT OR IGNORE INTO decisions(id, choice, subject, candidate, stage, reason, unit, at, weight, assignment, assign_weight, "
                     "candidate_set, evidence, record, bundle) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15)",
  [Q_DECISION_GET] = "SELECT " STATE_DECISION " FROM decisions d WHERE d.id = ?1",
  [Q_SET_GET] = "SELECT id FROM candidate_sets WHERE place = ?1 AND digest = ?2",
  [Q_SET_PUT] = "INSERT INTO candidate_sets(place, digest, members) VALUES (?1, ?2, ?3)",
  [Q_BLOB_GET] = "SELECT id FROM blobs WHERE place = ?1 AND digest = ?2",
  [Q_BLOB_PUT] = "INSERT INTO blobs(place, digest, content) VALUES (?1, ?2, ?3)",
  [Q_RECORD_GET] = "SELECT b.id, b.content FROM decisions d JOIN blobs b ON b.id = d.record WHERE d.subject = ?1 ORDER BY d.seq DESC LIMIT 8",
  [Q_RECORD_PUT] = "INSERT INTO blobs(content) VALUES (?1)",
  [Q_RECORD_DROP] = "DELETE FROM blobs WHERE id = ?1",
  [Q_BUNDLE_GET] = "SELECT id FROM bundles WHERE hash = ?1 AND versions = ?2",
  [Q_BUNDLE_PUT] = "INSERT OR IGNORE INTO bundles(hash, versions) VALUES (?1, ?2)",
  [Q_BUNDLE_BYTES] = "SELECT bytes FROM bundles WHERE hash = ?1 AND bytes IS NOT NULL",
  [Q_BUNDLE_FILL] = "UPDATE bundles SET bytes = ?3 WHERE hash = ?1 AND versions = ?2 AND NOT EXISTS "
                    "(SELECT 1 FROM bundles WHERE hash = ?1 AND bytes IS NOT NULL)",
  [Q_ASSIGN_GET] = "SELECT number, candidate, assigned_at, expires_at, weight, decision, dropped FROM assignments "
                   "WHERE subject = ?1 AND choice = ?2 AND number = ?3",
  [Q_ASSIGN_LAST] = "SELECT number, candidate, assigned_at, expires_at, weight, decision, dropped FROM assignments "
                    "WHERE subject = ?1 AND choice = ?2 ORDER BY number DESC LIMIT 1",
  [Q_ASSIGN_PUT] = "INSERT OR IGNORE INTO assignments(subject, choice, number, candidate, assigned_at, expires_at, weight, decision) "
                   "VALUES (?1,?2,?3,?4,?5,?6,?7,?8)",
  [Q_ASSIGN_DROP] = "UPDATE assignments SET dropped = 1 WHERE subject = ?1 AND choice = ?2 AND number = ?3",
  [Q_SHOWN] = "SELECT candidate, count(*) FROM decisions WHERE subject = ?1 AND choice = ?2 AND at >= ?3 AND candidate IS NOT NULL "
              "GROUP BY candidate ORDER BY candidate",
  [Q_EXPOSE] = "INSERT OR IGNORE INTO exposures(experiment, subject, arm, at) VALUES (?1,?2,?3,?4)",
  [Q_OUTCOME_PUT] = "INSERT OR IGNORE INTO outcomes(decision, name, reward, at, choice, subject, candidate) VALUES (?1,?2,?3,?4,?5,?6,?7)",
  [Q_OUTCOME_GET] = "SELECT reward FROM outcomes WHERE decision = ?1 AND name = ?2",
  [Q_EVIDENCE_ADD] = "INSERT INTO evidence(choice, candidate, day, trials, successes, reward, squares) "
                     "VALUES (?1, ?2, date(?3 * 86400, 'unixepoch'), ?4, ?5, ?6, ?7) ON CONFLICT (choice, candidate, day) DO UPDATE SET "
                     "trials = trials + excluded.trials, successes = successes + excluded.successes, reward = reward + excluded.reward, "
                     "squares = squares + excluded.squares",
  [Q_DECIDED] = "SELECT choice, subject, candidate, at, stage IN ('policy', 'sticky') FROM decisions WHERE id = ?1",
  [Q_SET_READ] = "SELECT j.value ->> 'key', j.value ->> 'eligible', j.value ->> 'reason', j.value ->> 'weight' "
                 "FROM candidate_sets c, json_each(c.members) j WHERE c.id = ?1 ORDER BY j.key",
};

/* ---- opening ---- */

static bool ask(state *s, const char *sql, int64_t *out) {
  sqlite3_stmt *st = NULL;
  bool ok = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW;
  if (ok) *out = sqlite3_column_int64(st, 0);
  sqlite3_finalize(st);
  return ok;
}

typedef struct head { int64_t app, version, tables; } head;

static bool read_head(state *s, head *h) {
  return ask(s, "PRAGMA application_id", &h->app) && ask(s, "PRAGMA user_version", &h->version) && ask(s, "SELECT count(*) FROM sqlite_schema", &h->tables);
}

static bool ours(const state *s, const head *h, bool create, char *why, size_t n) {
  bool fresh = !h->app && !h->version && !h->tables;
  if (fresh && create) return true;
  if (fresh) snprintf(why, n, "`%s` is an empty database, not a state file", s->name);
  else if (h->app != STATE_APP_ID)
    snprintf(why, n, "`%s` is a SQLite database, but not a state file of Blazon; nothing was changed in it. Name another file for the state", s->name);
  else if (h->version > STATE_VERSION)
    snprintf(why, n, "the state file `%s` has version %d, and this Blazon knows versions up to %d; use the newer Blazon that wrote it", s->name,
             (int)h->version, STATE_VERSION);
  else if (h->version < 1) snprintf(why, n, "the state file `%s` is damaged: it has no version", s->name);
  else return true;
  return false;
}

static bool migrate(state *s, bool create, char *why, size_t n) {
  head h;
  char sql[80];
  if (sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK || !read_head(s, &h)) goto failed; /* another process may just have done it */
  if (!ours(s, &h, create, why, n)) {
    sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return false;
  }
  for (int64_t v = h.version; v < STATE_VERSION; v++)
    if (sqlite3_exec(s->db, steps()[v], NULL, NULL, NULL) != SQLITE_OK) goto failed;
  snprintf(sql, sizeof sql, "PRAGMA user_version=%d; PRAGMA application_id=%d", STATE_VERSION, STATE_APP_ID);
  if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK && sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK) return true;
failed:
  state_say(why, n, s->name, sqlite3_extended_errcode(s->db), sqlite3_errmsg(s->db));
  if (!sqlite3_get_autocommit(s->db)) sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
  return false;
}

/* Changing to WAL does not wait by itself while another process makes the same file. */
static bool wal_mode(state *s, char *why, size_t n) {
  for (uint32_t waited = 0;; waited += 2) {
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(s->db, "PRAGMA journal_mode=wal", -1, &st, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_step(st);
    bool ok = rc == SQLITE_ROW && sqlite3_column_bytes(st, 0) == 3 && !memcmp(sqlite3_column_text(st, 0), "wal", 3);
    sqlite3_finalize(st);
    if (ok) return true;
    if ((rc & 0xFF) != SQLITE_BUSY || waited >= s->busy_ms) {
      if (rc == SQLITE_ROW) snprintf(why, n, "the state file `%s` lies where processes cannot share memory (a network file system?); keep it on a local disk", s->name);
      else state_say(why, n, s->name, rc, sqlite3_errmsg(s->db));
      return false;
    }
    usleep(2000);
  }
}

/* In one snapshot: another process may be making the same file, and half of a new one looks like a stranger's. */
static bool known(state *s, head *h, bool create, char *why, size_t n) {
  bool read = sqlite3_exec(s->db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK && read_head(s, h) && sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK;
  if (!read) state_say(why, n, s->name, sqlite3_extended_errcode(s->db), sqlite3_errmsg(s->db));
  return read && ours(s, h, create, why, n);
}

bool state_schema(state *s, bool create, char *why, size_t n) {
  head h;
  if (!known(s, &h, create, why, n) || !wal_mode(s, why, n)) return false;
  return (h.app == STATE_APP_ID && h.version == STATE_VERSION) || migrate(s, create, why, n);
}

bool state_schema_fits(state *s, char *why, size_t n) {
  head h;
  if (!known(s, &h, false, why, n)) return false;
  if (h.version == STATE_VERSION) return true;
  snprintf(why, n, "the state file `%s` is of an older version, and has to be brought to this one where it can be written: blazon state init --state FILE", s->name);
  return false;
}
