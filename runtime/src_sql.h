/* A thin layer over SQLite, so that what reads data need not know it (src_plain.c does, for speed): opening with every failure told
   apart, statements, cells. */
#ifndef RUNTIME_SRC_SQL_H
#define RUNTIME_SRC_SQL_H
#include "base/diag.h"

typedef struct sql_db sql_db;
typedef struct sql_stmt sql_stmt;
typedef enum sql_type { SQL_NULL, SQL_INT, SQL_REAL, SQL_TEXT, SQL_BLOB } sql_type;
typedef struct sql_cell { sql_type type; uint32_t n; int64_t i; double r; const char *p; } sql_cell;
enum { SQL_ROW = 1, SQL_DONE = 0, SQL_ERR = -1 };

/* Opens a database read-only and begins a read transaction on it (snapshot), or leaves it in autocommit (to watch its version).
   Never writes to it. NULL: *code and *why (in a). */
sql_db *sql_open(arena *a, str path, bool snapshot, diag_code *code, str *why);
sql_db *sql_open_temp(arena *a, str dir, str *why);   /* private, deleted when closed; dir empty: the system's */
void sql_close(sql_db *db);
bool sql_exec(sql_db *db, const char *sql);
sql_stmt *sql_prepare(sql_db *db, str sql);           /* NULL: see sql_why */
int sql_step(sql_stmt *st);
void sql_reset(sql_stmt *st);                         /* and forgets bound values */
void sql_finalize(sql_stmt *st);                      /* closing a database does it, too */
struct sqlite3_stmt *sql_raw(sql_stmt *st);
void sql_read(sql_stmt *st, int column, sql_cell *out); /* p is valid until the next step */
sql_type sql_read_type(sql_stmt *st, int column);
int64_t sql_read_int(sql_stmt *st, int column);
str sql_read_str(sql_stmt *st, int column);
bool sql_bind_int(sql_stmt *st, int at, int64_t i);
bool sql_bind_text(sql_stmt *st, int at, str s);       /* s stays where it is until reset */
bool sql_bind_blob(sql_stmt *st, int at, const void *p, size_t n);
bool sql_copy_cell(sql_stmt *to, int at, sql_stmt *from, int column);
/* Why the latest call failed, as a sentence's end, and the code it falls under. */
const char *sql_why(sql_db *db, diag_code *code);
int64_t sql_data_version(sql_db *db);
/* Opened as immutable (no shared memory could be had): the file has been written since. */
bool sql_moved(sql_db *db);
bool sql_utf8(sql_db *db);
str sql_path(const sql_db *db);
struct sqlite3 *sql_handle(sql_db *db);               /* stays the database's */
/* Declared collation is BINARY. */
bool sql_binary(sql_db *db, const char *table, const char *column);

#endif
