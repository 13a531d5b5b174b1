/* Results as a table of a SQLite database. See src_table.h. */
#include "runtime/src_table.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

struct table_writer {
  sqlite3 *db;
  sqlite3_stmt *insert;
  bool made;               /* the file did not exist before: remove it when nothing is kept */
  const char *path;
};

static bool same_file(const char *x, const char *y) {
  struct stat a, b;
  return stat(x, &a) == 0 && stat(y, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static bool exec(sqlite3 *db, const char *sql) { return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK; }

static bool begin(table_writer *t, arena *a, str name) {
  buf quoted = { .a = a };
  for (uint32_t i = 0; i < name.n; i++) {
    if (name.p[i] == '"') buf_ch(&quoted, '"');
    buf_ch(&quoted, name.p[i]);
  }
  str q = buf_done(&quoted);
  str create =
      str_fmt(a, "CREATE TABLE \"%.*s\" (audience TEXT NOT NULL, key TEXT NOT NULL, result TEXT NOT NULL, causes TEXT NOT NULL)",
              STR_ARG(q));
  str insert = str_fmt(a, "INSERT INTO \"%.*s\" VALUES (?1, ?2, ?3, ?4)", STR_ARG(q));
  return exec(t->db, "BEGIN IMMEDIATE") && exec(t->db, create.p) &&
         sqlite3_prepare_v2(t->db, insert.p, -1, &t->insert, NULL) == SQLITE_OK;
}

table_writer *table_open(arena *a, str path, str name, str read_db, str *failure) {
  table_writer *t = ARENA_NEW(a, table_writer);
  t->path = str_dup(a, path).p;
  if (!name.n) { *failure = STR("the table has no name"); return NULL; }
  if (read_db.n && same_file(t->path, str_dup(a, read_db).p)) {
    *failure = STR("it is the database that is being read; name another one");
    return NULL;
  }
  t->made = access(t->path, F_OK) != 0;
  int got = sqlite3_open_v2(t->path, &t->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
  sqlite3_busy_timeout(t->db, 5000);
  if (got == SQLITE_OK && begin(t, a, name)) return t;
  *failure = str_dup(a, table_failure(t));
  str rest;
  table_close(t, false, a, &rest);
  return NULL;
}

bool table_write(table_writer *t, str audience, str key, str result, str causes) {
  const str cells[] = { audience, key, result, causes };
  for (int i = 0; i < 4; i++)
    if (sqlite3_bind_text(t->insert, i + 1, cells[i].n ? cells[i].p : "", (int)cells[i].n, SQLITE_STATIC) != SQLITE_OK)
      return false;
  bool ok = sqlite3_step(t->insert) == SQLITE_DONE;
  return sqlite3_reset(t->insert) == SQLITE_OK && ok;
}

str table_failure(const table_writer *t) {
  if (!t->db) return STR("not enough memory");
  switch (sqlite3_errcode(t->db)) {
  case SQLITE_FULL: return STR("the disk is full");
  case SQLITE_READONLY: return STR("it is read-only");
  case SQLITE_BUSY: return STR("another program is writing to it");
  case SQLITE_NOTADB: return STR("it is not a SQLite database");
  default: return str_z(sqlite3_errmsg(t->db));
  }
}

bool table_close(table_writer *t, bool keep, arena *a, str *failure) {
  sqlite3_finalize(t->insert);
  bool ok = keep && exec(t->db, "COMMIT");
  if (keep && !ok) *failure = str_dup(a, table_failure(t));
  if (!ok && t->db) exec(t->db, "ROLLBACK");
  sqlite3_close(t->db);
  if (!ok && t->made) unlink(t->path);
  return ok || !keep;
}
