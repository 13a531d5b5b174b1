/* SQLite behind src_sql.h. Opens databases without ever writing to them and tells every way in which that can fail apart.
 *
 * The file is never opened beside SQLite: closing a second descriptor would drop the locks that this process (an embedding program, say) holds
 * on it. A database in WAL mode needs a -shm file; where none can be made, the database is opened as immutable, but only if there is no
 * -wal with changes in it, and it is checked afterwards that nobody has written meanwhile. */
#include "runtime/src_sql.h"

#include <errno.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A statement of ours. Virtual tables (full-text search) have statements on the same connection, which sqlite3_next_stmt() would name as well and
 * which are theirs to finalize. */
struct sql_stmt {
  sqlite3_stmt *st;
  sql_db *db;
  sql_stmt *next, *prev;
};

struct sql_db {
  sqlite3 *h;
  sql_stmt *own;          /* those that are not finalized yet */
  char *path;             /* real path where there is one */
  bool immutable;
  struct stat st;
};

enum { BUSY_MS = 3000 };
static sqlite3_stmt *S(sql_stmt *st) { return st->st; }

/* ---- opening ---- */

static int configure(sqlite3 *h) {
  sqlite3_busy_timeout(h, BUSY_MS);
  sqlite3_db_config(h, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_db_config(h, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  sqlite3_db_config(h, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
  sqlite3_extended_result_codes(h, 1);
  return sqlite3_exec(h, "PRAGMA mmap_size=1099511627776; PRAGMA query_only=1; PRAGMA cell_size_check=1", NULL, NULL, NULL);
}

static int first_read(sqlite3 *h, bool snapshot) {
  int rc = snapshot ? sqlite3_exec(h, "BEGIN", NULL, NULL, NULL) : SQLITE_OK;
  return rc == SQLITE_OK ? sqlite3_exec(h, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL) : rc;
}

/* Size of a companion file, -1 when there is none. */
static int64_t beside(const char *path, const char *suffix) {
  char name[PATH_MAX];
  struct stat st;
  if ((size_t)snprintf(name, sizeof name, "%s%s", path, suffix) >= sizeof name || stat(name, &st)) return -1;
  return st.st_size;
}

static bool uri_of(char *out, size_t cap, const char *path) {
  size_t n = 0;
  for (const char *p = "file:"; *p; p++) out[n++] = *p;
  for (; *path && n + 4 < cap; path++) {
    unsigned char c = (unsigned char)*path;
    bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || strchr("/._-~", c);
    if (plain) out[n++] = (char)c;
    else n += (size_t)snprintf(out + n, 4, "%%%02X", c);
  }
  if (*path || n + 20 > cap) return false;
  strcpy(out + n, "?immutable=1");
  return true;
}

static diag_code code_of(int rc) {
  switch (rc & 0xFF) {
  case SQLITE_NOTADB: return DIAG_DATA_NOT_DATABASE;
  case SQLITE_CORRUPT: return DIAG_DATA_CORRUPT;
  case SQLITE_BUSY:
  case SQLITE_LOCKED: return DIAG_DATA_LOCKED;
  case SQLITE_READONLY: return DIAG_DATA_WAL;
  case SQLITE_FULL: return DIAG_DATA_SPILL;
  }
  return DIAG_DATA_UNREADABLE;
}

static str explain(arena *a, str path, int rc, diag_code code, const char *detail) {
  int n = (int)path.n;
  const char *p = path.p;
  if (code == DIAG_DATA_NOT_DATABASE) return str_fmt(a, "`%.*s` is not a SQLite database", n, p);
  if (code == DIAG_DATA_CORRUPT) return str_fmt(a, "the database `%.*s` is corrupt (%s)", n, p, detail);
  if (code == DIAG_DATA_LOCKED) return str_fmt(a, "the database `%.*s` is locked by another program, for more than %d seconds", n, p, BUSY_MS / 1000);
  if (code == DIAG_DATA_WAL && (rc & 0xFF) == SQLITE_READONLY)
    return str_fmt(a, "the database `%.*s` was left in the middle of a write and has to be recovered; open it once with a program that may write it", n, p);
  return str_fmt(a, "the database `%.*s` cannot be read: %s", n, p, detail);
}

static bool there(arena *a, str path, const char *z, diag_code *code, str *why) {
  struct stat st;
  int e = stat(z, &st) ? errno : 0;
  if (e == ENOENT || e == ENOTDIR) {
    *code = DIAG_DATA_NO_FILE;
    *why = str_fmt(a, "the database `%.*s` does not exist", STR_ARG(path));
    return false;
  }
  *code = DIAG_DATA_UNREADABLE;
  if (!e && S_ISDIR(st.st_mode)) {
    *why = str_fmt(a, "`%.*s` is a directory, not a database", STR_ARG(path));
    return false;
  }
  if (!e && !S_ISREG(st.st_mode)) {
    *why = str_fmt(a, "`%.*s` is not a regular file", STR_ARG(path));
    return false;
  }
  if (!e && access(z, R_OK)) e = errno;
  if (e) *why = str_fmt(a, "the database `%.*s` cannot be opened: %s", STR_ARG(path), strerror(e));
  return !e;
}

sql_db *sql_open(arena *a, str path, bool snapshot, diag_code *code, str *why) {
  bool absolute = path.n && path.p[0] == '/';
  const char *z = str_fmt(a, "%s%.*s", absolute ? "" : "./", STR_ARG(path)).p; /* "file:x" and ":memory:" are names of files, too */
  if (memchr(path.p, 0, path.n)) {
    *code = DIAG_DATA_NO_FILE, *why = STR("the database's name holds a zero byte");
    return NULL;
  }
  if (!there(a, path, z, code, why)) return NULL;
  sql_db *db = calloc(1, sizeof *db);
  if (!db) goto oom;
  db->path = realpath(z, NULL);
  if (!db->path) db->path = strdup(z);
  if (!db->path || stat(db->path, &db->st)) goto oom;
  int rc = sqlite3_open_v2(db->path, &db->h, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
  if (rc == SQLITE_OK) rc = configure(db->h);
  if (rc == SQLITE_OK) rc = first_read(db->h, snapshot);
  int low = rc & 0xFF;
  if (low == SQLITE_CANTOPEN || low == SQLITE_READONLY || low == SQLITE_IOERR || low == SQLITE_PERM) {
    int64_t wal = beside(db->path, "-wal"), journal = beside(db->path, "-journal");
    if (wal > 0 || journal > 0) {
      *code = DIAG_DATA_WAL;
      *why = wal > 0 ? str_fmt(a, "the database `%.*s` has changes in `%.*s-wal` that cannot be read here; reading on without them would give stale rows. "
                                  "Merge them where the database can be written (PRAGMA wal_checkpoint(TRUNCATE), or close the program that writes)",
                               STR_ARG(path), STR_ARG(path))
                     : str_fmt(a, "a program that wrote to the database `%.*s` was cut off: what it left half done must first be undone with the help of "
                                  "`%.*s-journal`. Any program that may write there does so: sqlite3 FILE \"SELECT count(*) FROM sqlite_schema\"",
                               STR_ARG(path), STR_ARG(path));
      sql_close(db);
      return NULL;
    }
    char uri[PATH_MAX * 3 + 32];
    if (low != SQLITE_IOERR && uri_of(uri, sizeof uri, db->path)) {
      sqlite3_close(db->h);
      db->h = NULL;
      rc = sqlite3_open_v2(uri, &db->h, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, NULL);
      if (rc == SQLITE_OK) rc = configure(db->h);
      if (rc == SQLITE_OK) rc = first_read(db->h, snapshot);
      db->immutable = true;
      if (rc == SQLITE_OK && sql_moved(db)) {
        *code = DIAG_DATA_CHANGED;
        *why = str_fmt(a, "the database `%.*s` changed while it was opened", STR_ARG(path));
        sql_close(db);
        return NULL;
      }
    }
  }
  if (rc == SQLITE_OK) return db;
  if ((rc & 0xFF) == SQLITE_NOMEM) goto oom;
  *code = code_of(rc);
  *why = explain(a, path, rc, *code, db->h ? sqlite3_errmsg(db->h) : sqlite3_errstr(rc));
  sql_close(db);
  return NULL;
oom:
  *code = DIAG_DATA_UNREADABLE, *why = STR("out of memory while opening the database");
  sql_close(db);
  return NULL;
}

sql_db *sql_open_temp(arena *a, str dir, str *why) {
  sql_db *db = calloc(1, sizeof *db);
  if (!db) { *why = STR("out of memory"); return NULL; }
  int rc;
  if (dir.n) { /* a name of its own, removed at once: SQLite keeps the descriptor, and without a journal it never opens a second one */
    char *name = (char *)(uintptr_t)str_fmt(a, "%.*s/blazon-XXXXXX", STR_ARG(dir)).p;
    int fd = mkstemp(name);
    if (fd < 0) {
      *why = str_fmt(a, "no temporary file can be made in `%.*s`: %s", STR_ARG(dir), strerror(errno));
      free(db);
      return NULL;
    }
    rc = sqlite3_open_v2(name, &db->h, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK)
      rc = sqlite3_exec(db->h, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=OFF; CREATE TABLE held(x)", NULL, NULL, NULL);
    unlink(name);
    close(fd);
  } else {
    rc = sqlite3_open_v2("", &db->h, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
  }
  if (rc == SQLITE_OK) {
    sqlite3_extended_result_codes(db->h, 1);
    rc = sqlite3_exec(db->h, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-8000; PRAGMA temp_store=FILE; BEGIN", NULL, NULL, NULL);
  }
  if (rc == SQLITE_OK) return db;
  *why = str_fmt(a, "the temporary database cannot be made: %s", db->h ? sqlite3_errmsg(db->h) : sqlite3_errstr(rc));
  sql_close(db);
  return NULL;
}

void sql_close(sql_db *db) {
  if (!db) return;
  if (db->h) {
    while (db->own) sql_finalize(db->own);
    sqlite3_close(db->h);
  }
  free(db->path);
  free(db);
}

/* ---- statements ---- */

bool sql_exec(sql_db *db, const char *sql) { return sqlite3_exec(db->h, sql, NULL, NULL, NULL) == SQLITE_OK; }

sql_stmt *sql_prepare(sql_db *db, str sql) {
  sql_stmt *st = calloc(1, sizeof *st);
  if (!st) return NULL;
  sqlite3_prepare_v3(db->h, sql.p, (int)sql.n, SQLITE_PREPARE_PERSISTENT, &st->st, NULL);
  if (!st->st) {
    free(st);
    return NULL;
  }
  st->db = db, st->next = db->own;
  if (db->own) db->own->prev = st;
  db->own = st;
  return st;
}

int sql_step(sql_stmt *st) {
  int rc = sqlite3_step(S(st));
  return rc == SQLITE_ROW ? SQL_ROW : rc == SQLITE_DONE ? SQL_DONE : SQL_ERR;
}

void sql_reset(sql_stmt *st) {
  sqlite3_reset(S(st));
  sqlite3_clear_bindings(S(st));
}

void sql_finalize(sql_stmt *st) {
  if (!st) return;
  if (st->next) st->next->prev = st->prev;
  if (st->prev) st->prev->next = st->next;
  else st->db->own = st->next;
  sqlite3_finalize(st->st);
  free(st);
}

sqlite3_stmt *sql_raw(sql_stmt *st) { return st->st; }

/* One sqlite3_column_ call a cell, each of which checks the statement and its errors again; values of a connection without mutexes may be read
   directly (see "protected" values in SQLite's manual). On 12 columns that saves a fifth of a walk's time. */
void sql_read(sql_stmt *st, int c, sql_cell *out) {
  sqlite3_value *v = sqlite3_column_value(S(st), c);
  switch (sqlite3_value_type(v)) {
  case SQLITE_INTEGER: out->type = SQL_INT, out->i = sqlite3_value_int64(v); return;
  case SQLITE_FLOAT: out->type = SQL_REAL, out->r = sqlite3_value_double(v); return;
  case SQLITE_TEXT:
    out->type = SQL_TEXT;
    out->p = (const char *)sqlite3_value_text(v);
    out->n = (uint32_t)sqlite3_value_bytes(v);
    if (!out->p) out->p = "", out->n = 0;
    return;
  case SQLITE_BLOB:
    out->type = SQL_BLOB;
    out->p = sqlite3_value_blob(v);
    out->n = (uint32_t)sqlite3_value_bytes(v);
    return;
  }
  out->type = SQL_NULL;
}

sql_type sql_read_type(sql_stmt *st, int c) {
  switch (sqlite3_column_type(S(st), c)) {
  case SQLITE_INTEGER: return SQL_INT;
  case SQLITE_FLOAT: return SQL_REAL;
  case SQLITE_TEXT: return SQL_TEXT;
  case SQLITE_BLOB: return SQL_BLOB;
  }
  return SQL_NULL;
}

int64_t sql_read_int(sql_stmt *st, int c) { return sqlite3_column_int64(S(st), c); }

str sql_read_str(sql_stmt *st, int c) {
  const char *p = (const char *)sqlite3_column_blob(S(st), c);
  return p ? (str){ p, (uint32_t)sqlite3_column_bytes(S(st), c) } : (str){ "", 0 };
}

bool sql_bind_int(sql_stmt *st, int at, int64_t i) { return sqlite3_bind_int64(S(st), at, i) == SQLITE_OK; }
bool sql_bind_text(sql_stmt *st, int at, str s) {
  return sqlite3_bind_text(S(st), at, s.p ? s.p : "", (int)s.n, SQLITE_STATIC) == SQLITE_OK;
}
bool sql_bind_blob(sql_stmt *st, int at, const void *p, size_t n) {
  return sqlite3_bind_blob64(S(st), at, p ? p : "", n, SQLITE_STATIC) == SQLITE_OK;
}
bool sql_copy_cell(sql_stmt *to, int at, sql_stmt *from, int c) {
  return sqlite3_bind_value(S(to), at, sqlite3_column_value(S(from), c)) == SQLITE_OK;
}

const char *sql_why(sql_db *db, diag_code *code) {
  int rc = sqlite3_extended_errcode(db->h);
  *code = code_of(rc);
  return sqlite3_errmsg(db->h);
}

int64_t sql_data_version(sql_db *db) {
  sql_stmt *st = sql_prepare(db, STR("PRAGMA data_version"));
  int64_t v = st && sql_step(st) == SQL_ROW ? sql_read_int(st, 0) : -1;
  sql_finalize(st);
  return v;
}

bool sql_moved(sql_db *db) {
  struct stat st;
  if (!db->immutable) return false;
  return stat(db->path, &st) || st.st_size != db->st.st_size || st.st_ino != db->st.st_ino || st.st_mtim.tv_sec != db->st.st_mtim.tv_sec ||
         st.st_mtim.tv_nsec != db->st.st_mtim.tv_nsec || beside(db->path, "-wal") > 0 || beside(db->path, "-journal") > 0;
}

bool sql_utf8(sql_db *db) {
  sql_stmt *st = sql_prepare(db, STR("PRAGMA encoding"));
  bool yes = st && sql_step(st) == SQL_ROW && str_eq(sql_read_str(st, 0), STR("UTF-8"));
  sql_finalize(st);
  return yes;
}

str sql_path(const sql_db *db) { return str_z(db->path); }

sqlite3 *sql_handle(sql_db *db) { return db->h; }

bool sql_binary(sql_db *db, const char *table, const char *column) {
  const char *type, *coll = NULL;
  int nn, pk, ai;
  if (sqlite3_table_column_metadata(db->h, "main", table, column, &type, &coll, &nn, &pk, &ai) != SQLITE_OK) return false;
  return !coll || !strcmp(coll, "BINARY");
}
