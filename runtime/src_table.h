/* Writing results into a new table of a SQLite database: what `match --table` does. All in one transaction, so that a run that fails
   leaves nothing. */
#ifndef RUNTIME_SRC_TABLE_H
#define RUNTIME_SRC_TABLE_H
#include "base/str.h"

typedef struct table_writer table_writer;

/* Makes table name with these columns, all text, in the database at path, which is made when it does not exist. read_db: the
   database that is being read, which must be another one. NULL: *failure says why (the table exists, the file is locked ...). */
table_writer *table_open(arena *a, str path, str name, const str *columns, uint32_t n, str read_db, str *failure);
bool table_write(table_writer *t, const str *cells);  /* as many as there are columns */
str table_failure(const table_writer *t);
/* Commits when keep is set, else takes everything back; closes. false: the commit failed, nothing was kept. */
bool table_close(table_writer *t, bool keep, arena *a, str *failure);

#endif
