/* The state file as a database: opening, who may write when, group commit, and failures in words. See state.h for the contract. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "runtime/engine.h"
#include "runtime/state_priv.h"

static _Thread_local char self; /* its address is this thread's name */

/* ---- failures ---- */

void state_say(char *out, size_t n, const char *path, int rc, const char *detail) {
  switch (rc & 0xFF) {
  case SQLITE_NOTADB: snprintf(out, n, "`%s` is not a state file: it is no SQLite database at all", path); return;
  case SQLITE_CORRUPT:
    snprintf(out, n, "the state file `%s` is corrupt (%s); stop what writes to it, and save what can be read with: sqlite3 '%s' .recover", path,
             detail, path);
    return;
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    snprintf(out, n, "the state file `%s` is locked by another process, which did not let go in time; a purge, a backup or an open sqlite3 shell may hold it",
             path);
    return;
  case SQLITE_FULL: snprintf(out, n, "there is no space left to write the state file `%s`; nothing of this transaction was kept", path); return;
  case SQLITE_READONLY: snprintf(out, n, "the state file `%s` cannot be written: it, or its folder, is read-only", path); return;
  case SQLITE_IOERR:
    snprintf(out, n, "the state file `%s` cannot be read or written (%s%s): is the disk full, or a file size limit reached?", path, detail,
             rc == SQLITE_IOERR_WRITE ? " while writing" : "");
    return;
  case SQLITE_CANTOPEN: snprintf(out, n, "the state file `%s` cannot be opened: %s", path, errno ? strerror(errno) : detail); return;
  case SQLITE_NOMEM: snprintf(out, n, "out of memory while using the state file `%s`", path); return;
  }
  snprintf(out, n, "the state file `%s`: %s", path, detail);
}

void state_fail(state *s, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(s->failure, sizeof s->failure, fmt, ap);
  va_end(ap);
}

void state_sql_failed(state *s) {
  if (s->open && s->broken) return; /* the first failure is the reason */
  state_say(s->failure, sizeof s->failure, s->name, sqlite3_extended_errcode(s->db), sqlite3_errmsg(s->db));
  if (s->open) s->broken = true;
}

str state_failure(state *s, arena *a) {
  char text[sizeof s->failure];
  state_enter(s);
  memcpy(text, s->failure, sizeof text);
  state_leave(s);
  return str_dup(a, str_z(text));
}

str state_path(const state *s) { return str_z(s->name); }
str state_versions(const state *s) { return str_z(s->versions); }

/* false: out of memory. */
static bool note_versions(state *s) {
  arena a;
  jmp_buf oom;
  arena_init(&a, &s->m, &oom);
  if (!setjmp(oom)) {
    str v = rt_versions(&a);
    s->versions = mem_try(&s->m, v.n + 1u);
    if (s->versions) memcpy(s->versions, v.p, v.n), s->versions[v.n] = 0;
  }
  arena_free(&a);
  return s->versions != NULL;
}

/* ---- statements ---- */

sqlite3_stmt *state_q(state *s, state_sql q) {
  if (!s->q[q] && sqlite3_prepare_v3(s->db, state_sql_text[q], -1, SQLITE_PREPARE_PERSISTENT, &s->q[q], NULL) != SQLITE_OK) {
    state_sql_failed(s);
    return NULL;
  }
  sqlite3_reset(s->q[q]);
  return s->q[q];
}

int state_step(state *s, sqlite3_stmt *q) {
  int rc = sqlite3_step(q);
  if (rc == SQLITE_ROW || rc == SQLITE_DONE) return rc;
  state_sql_failed(s);
  sqlite3_reset(q);
  return -1;
}

int state_run(state *s, sqlite3_stmt *q) {
  if (!q) return RT_ENV;
  int rc = state_step(s, q);
  sqlite3_reset(q);
  return rc < 0 ? RT_ENV : RT_OK;
}

sqlite3_stmt *state_prepare(state *s, const char *sql) {
  if (sqlite3_prepare_v2(s->db, sql, -1, &s->loose, NULL) == SQLITE_OK) return s->loose;
  state_sql_failed(s);
  return NULL;
}

void state_calm(state *s) {
  sqlite3_finalize(s->loose);
  s->loose = NULL;
  for (int i = 0; i < Q_COUNT; i++) sqlite3_reset(s->q[i]);
}

int state_exec(state *s, const char *sql) {
  if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK) return RT_OK;
  state_sql_failed(s);
  return RT_ENV;
}

void state_bind_str(sqlite3_stmt *q, int at, str x) { sqlite3_bind_text(q, at, x.n ? x.p : "", (int)x.n, SQLITE_STATIC); }

void state_bind_opt(sqlite3_stmt *q, int at, str x) {
  if (x.n) state_bind_str(q, at, x);
  else sqlite3_bind_null(q, at);
}

str state_column(arena *a, sqlite3_stmt *q, int column) {
  const char *p = sqlite3_column_blob(q, column);
  int n = sqlite3_column_bytes(q, column);
  return p ? str_dup(a, (str){ p, (uint32_t)n }) : (str){ "", 0 };
}

/* ---- who holds it ---- */

static bool is_mine(state *s) { return atomic_load_explicit(&s->owner, memory_order_relaxed) == &self; }

static int finish(state *s);

void state_enter(state *s) {
  if (is_mine(s)) { s->depth++; return; }
  atomic_fetch_add(&s->queued, 1);
  pthread_mutex_lock(&s->mu);
  atomic_fetch_sub(&s->queued, 1);
  atomic_store_explicit(&s->owner, &self, memory_order_relaxed);
  s->depth = 1;
}

static void let_go(state *s) {
  s->depth = 0;
  atomic_store_explicit(&s->owner, NULL, memory_order_relaxed);
  pthread_mutex_unlock(&s->mu);
}

void state_leave(state *s) {
  if (--s->depth) return;
  if (s->open && s->riders && !s->mine && !atomic_load(&s->queued)) finish(s); /* others sleep on this transaction, and nobody else comes to end it */
  let_go(s);
}

/* ---- transactions ---- */

/* Another connection wrote: what is kept by content may have been purged. */
static int look_around(state *s) {
  sqlite3_stmt *q = state_q(s, Q_DATA_VERSION);
  if (!q || state_step(s, q) < 0) return RT_ENV;
  int64_t v = sqlite3_column_int64(q, 0);
  sqlite3_reset(q);
  if (v == s->data_version) return RT_OK;
  q = state_q(s, Q_EPOCH);
  if (!q || state_step(s, q) < 0) return RT_ENV;
  int64_t epoch = sqlite3_column_int64(q, 0);
  sqlite3_reset(q);
  if (epoch != s->epoch) state_forget_kept(s);
  s->data_version = v, s->epoch = epoch;
  return RT_OK;
}

static void roll_back(state *s) {
  if (!sqlite3_get_autocommit(s->db)) state_run(s, state_q(s, Q_ROLLBACK));
  state_evidence_drop(s);
  state_forget_kept(s); /* ids of rows that are gone again */
}

/* Ends the transaction for everybody in it. */
static int finish(state *s) {
  int status = s->broken ? RT_ENV : state_evidence_flush(s);
  if (status == RT_OK) status = state_run(s, state_q(s, Q_COMMIT));
  if (status != RT_OK) roll_back(s);
  s->open = s->broken = s->mine = false;
  bool any = s->riders;
  for (rider *r = s->riders, *next; r; r = next) {
    next = r->next;
    r->status = status, r->done = true;
  }
  s->riders = NULL, s->nriders = 0;
  if (any) pthread_cond_broadcast(&s->done);
  return status;
}

int state_begin(state *s) {
  state_enter(s);
  if (!s->open) {
    int status = state_run(s, state_q(s, Q_BEGIN));
    if (status == RT_OK) {
      s->open = true, s->broken = false;
      status = look_around(s);
      if (status != RT_OK) s->broken = true, finish(s);
    }
    if (status != RT_OK) {
      state_leave(s);
      return status;
    }
  }
  s->mine = true;
  s->changes = sqlite3_total_changes64(s->db);
  return RT_OK;
}

int state_commit(state *s) {
  s->mine = false;
  if (!s->broken && atomic_load(&s->queued) && s->nriders < RIDERS) { /* somebody comes after us: one commit for both */
    rider me = { .next = s->riders, .status = RT_ENV };
    s->riders = &me, s->nriders++;
    s->depth = 0;
    atomic_store_explicit(&s->owner, NULL, memory_order_relaxed);
    while (!me.done) pthread_cond_wait(&s->done, &s->mu);
    pthread_mutex_unlock(&s->mu);
    return me.status;
  }
  int status = finish(s);
  let_go(s);
  return status;
}

void state_abandon(state *s) {
  s->mine = false;
  bool wrote = sqlite3_total_changes64(s->db) != s->changes;
  if (s->riders && wrote && !s->broken) state_fail(s, "a thread that shared this transaction gave up in the middle of it, and nothing of it was kept");
  if (!s->riders || wrote) {
    s->broken = true;
    finish(s);
  }
  state_leave(s);
}

int state_begin_here(state *s, bool *own) {
  *own = !(is_mine(s) && s->open && s->mine);
  return *own ? state_begin(s) : RT_OK;
}

int state_end_here(state *s, bool own, int status) {
  if (!own) {
    if (status == RT_OOM && !s->broken) s->broken = true, state_fail(s, "out of memory while using the state file `%s`", s->name);
    return status;
  }
  if (status == RT_ENV || status == RT_OOM) {
    s->broken = true;
    int ended = state_commit(s);
    return ended == RT_OK ? status : status == RT_OOM ? RT_OOM : ended;
  }
  int ended = state_commit(s);
  return ended == RT_OK ? status : ended;
}

/* ---- opening ---- */

/* SQLite's own waits grow to a tenth of a second; between processes that each commit within milliseconds, short ones keep everybody going. */
static int wait_turn(void *ud, int times) {
  state *s = ud;
  struct timespec now;
  if ((uint64_t)times * 700 > (uint64_t)s->busy_ms * 1000) return 0;
  clock_gettime(CLOCK_MONOTONIC, &now);
  usleep((useconds_t)(400 + now.tv_nsec / 64 % 600));
  return 1;
}

static bool file_there(const state *s, bool create, char *why, size_t n) {
  struct stat st;
  if (stat(s->path, &st)) {
    if (errno == ENOENT && create) return true;
    if (errno == ENOENT) snprintf(why, n, "the state file `%s` does not exist; `blazon decide --state` makes it", s->name);
    else snprintf(why, n, "the state file `%s` cannot be opened: %s", s->name, strerror(errno));
    return false;
  }
  if (S_ISREG(st.st_mode)) return true;
  snprintf(why, n, "`%s` is %s, not a state file", s->name, S_ISDIR(st.st_mode) ? "a directory" : "no regular file");
  return false;
}

static bool open_to_read(state *s, arena *a, char *why, size_t n) {
  diag_code code;
  str failure;
  s->read = sql_open(a, str_z(s->name), false, &code, &failure);
  if (!s->read) {
    snprintf(why, n, "%.*s", STR_ARG(failure));
    return false;
  }
  s->db = sql_handle(s->read);
  return state_schema_fits(s, why, n);
}

static bool open_db(state *s, const state_config *c, arena *a, char *why, size_t n) {
  if (!file_there(s, c->create, why, n)) return false;
  if (c->reading) return open_to_read(s, a, why, n);
  errno = 0;
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (c->create ? SQLITE_OPEN_CREATE : 0);
  int rc = sqlite3_open_v2(s->path, &s->db, flags, NULL);
  if (rc != SQLITE_OK) {
    state_say(why, n, s->name, rc, s->db ? sqlite3_errmsg(s->db) : sqlite3_errstr(rc));
    return false;
  }
  sqlite3_busy_handler(s->db, wait_turn, s);
  sqlite3_extended_result_codes(s->db, 1);
  sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  if (!state_schema(s, c->create, why, n)) return false;
  char sql[200];
  snprintf(sql, sizeof sql, "PRAGMA synchronous=%s; PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=16000; PRAGMA journal_size_limit=134217728; "
                            "PRAGMA temp_store=MEMORY; PRAGMA cell_size_check=1", c->durability == STATE_RELAXED ? "NORMAL" : "FULL");
  if (state_exec(s, sql) == RT_OK) return true;
  snprintf(why, n, "%s", s->failure);
  return false;
}

state *state_open(const state_config *c, arena *a, str *failure) {
  char why[700] = "out of memory while opening the state file";
  *failure = (str){ 0 };
  if (!c->path.n || memchr(c->path.p, 0, c->path.n)) {
    *failure = STR("the state file has no name");
    return NULL;
  }
  state *s = mem_try(c->m, sizeof *s);
  if (s) {
    *s = (state){ .m = *c->m, .busy_ms = c->busy_ms ? c->busy_ms : 5000, .data_version = -1, .epoch = -1 };
    pthread_mutex_init(&s->mu, NULL);
    pthread_cond_init(&s->done, NULL);
    arena_init(&s->scratch, &s->m, NULL);
    bool absolute = c->path.p[0] == '/'; /* "file:x" and ":memory:" are names of files, too */
    size_t size = (size_t)c->path.n + (absolute ? 1 : 3);
    s->path = mem_try(&s->m, size);
    if (s->path) snprintf(s->path, size, "%s%.*s", absolute ? "" : "./", STR_ARG(c->path)), s->name = s->path + (absolute ? 0 : 2);
    if (s->path && note_versions(s) && open_db(s, c, a, why, sizeof why)) return s;
    state_close(s);
  }
  *failure = str_dup(a, str_z(why));
  return NULL;
}

void state_forget_kept(state *s) {
  for (int k = 0; k < KINDS; k++) {
    if (!s->kept[k]) continue;
    for (int i = 0; i < INTERNED; i++)
      if (s->kept[k][i].bytes) mem_free(&s->m, s->kept[k][i].bytes, s->kept[k][i].n + 1u);
    mem_free(&s->m, s->kept[k], INTERNED * sizeof(interned));
    s->kept[k] = NULL;
  }
}

void state_close(state *s) {
  if (!s) return;
  for (int i = 0; i < Q_COUNT; i++) sqlite3_finalize(s->q[i]);
  state_forget_kept(s);
  state_evidence_free(s);
  if (s->read) sql_close(s->read);
  else sqlite3_close(s->db);
  pthread_mutex_destroy(&s->mu);
  pthread_cond_destroy(&s->done);
  arena_free(&s->scratch);
  mem m = s->m;
  if (s->path) mem_free(&m, s->path, strlen(s->path) + 1);
  if (s->versions) mem_free(&m, s->versions, strlen(s->versions) + 1);
  mem_free(&m, s, sizeof *s);
}
