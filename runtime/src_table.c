/* Results as a table of a SQLite database. See src_table.h. */
#include "runtime/src_table.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

struct table_writer {
  sqlite3 *db;
  sqlite3_stmt *insert;
  uint32_t n;              /* columns */
  bool made;               /* the file did not exist before: remove it when nothing is kept */
  const char *path;
};

static bool same_file(const char *x, const char *y) {
  struct stat a, b;
  return stat(x, &a) == 0 && stat(y, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static bool exec(sqlite3 *db, const char *sql) { return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK; }

static str quoted(arena *a, str name) {
  buf b = { .a = a };
  buf_ch(&b, '"');
  for (uint32_t i = 0; i < name.n; i++) {
    if (name.p[i] == '"') buf_ch(&b, '"');
    buf_ch(&b, name.p[i]);
  }
  buf_ch(&b, '"');
  return buf_done(&b);
}

static bool begin(table_writer *t, arena *a, str name, const str *columns) {
  buf create = { .a = a }, insert = { .a = a };
  str q = quoted(a, name);
  buf_fmt(&create, "CREATE TABLE %.*s (", STR_ARG(q));
  buf_fmt(&insert, "INSERT INTO %.*s VALUES (", STR_ARG(q));
  for (uint32_t i = 0; i < t->n; i++) {
    buf_fmt(&create, "%s%.*s TEXT NOT NULL", i ? ", " : "", STR_ARG(quoted(a, columns[i])));
    buf_fmt(&insert, "%s?%u", i ? ", " : "", i + 1);
  }
  buf_ch(&create, ')'), buf_ch(&insert, ')');
  return exec(t->db, "BEGIN IMMEDIATE") && exec(t->db, buf_done(&create).p) &&
         sqlite3_prepare_v2(t->db, buf_done(&insert).p, -1, &t->insert, NULL) == SQLITE_OK;
}

table_writer *table_open(arena *a, str path, str name, const str *columns, uint32_t n, str read_db, str *failure) {
  table_writer *t = ARENA_NEW(a, table_writer);
  t->n = n;
  t->path = str_dup(a, path).p;
  if (!name.n) { *failure = STR("the table has no name"); return NULL; }
  if (read_db.n && same_file(t->path, str_dup(a, read_db).p)) {
    *failure = STR("it is the database that is being read; name another one");
    return NULL;
  }
  t->made = access(t->path, F_OK) != 0;
  int got = sqlite3_open_v2(t->path, &t->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
  sqlite3_busy_timeout(t->db, 5000);
  if (got == SQLITE_OK && begin(t, a, name, columns)) return t;
  *failure = str_dup(a, table_failure(t));
  str rest;
  table_close(t, false, a, &rest);
  return NULL;
}

bool table_write(table_writer *t, const str *cells) {
  for (uint32_t i = 0; i < t->n; i++)
    if (sqlite3_bind_text(t->insert, (int)i + 1, cells[i].n ? cells[i].p : "", (int)cells[i].n, SQLITE_STATIC) != SQLITE_OK)
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
