/* What the files of the data sources share. Nothing outside runtime/src_*.c includes this.
 *
 * Every kind of data becomes a *row* first (columns of a SQLite statement, or tokens on a tape) and a record second (src_value.c,
 * src_json.c), so that a value is read in the same way whether it is met on a walk, in a look-up or in an index. */
#ifndef RUNTIME_SRC_PRIV_H
#define RUNTIME_SRC_PRIV_H
#include "runtime/source.h"
#include "runtime/src_sql.h"

#include <sys/stat.h>

/* ---- values (src_value.c) ---- */

typedef struct src_dec {
  const ir_program *p;
  const atom_index *atoms;
  arena *a;               /* results and messages */
  bool copy;              /* texts are copied to a; else they point into the raw data */
  bool strict_json;       /* the raw data is JSON: a text is no int */
  str error;              /* set on failure: "`abc` is not an int" */
  str found;              /* of the text that was not: the text itself */
  uint32_t eline, ecol;   /* where in the data file, 0: not known closer than its value */
  const prog_record *root; /* the source's own record, and which of its fields is being read: what a member that is nested deeper belongs to */
  uint32_t field;
  /* called for each member that its record does not declare; may be NULL */
  void (*undeclared)(struct src_dec *d, const prog_record *r, str name, uint32_t line, uint32_t col);
  void *ud;
} src_dec;

const type *src_repr(const type *t);       /* a reference's key type; NULL when there is none */
bool src_utf8_ok(const char *p, size_t n);
str src_quote(arena *a, str s);            /* `text`, cut when long, invalid bytes as \xNN */
str src_type_name(arena *a, const ir_program *p, const type *t);
str src_from_fix(arena *a, const prog_field *f, str column); /* what to write when a field is meant to be this column */
const text *src_text(src_dec *d, str s);   /* a text value: canonical atom, or in d->a */
/* Scalars. False: d->error says what was found and what was expected. */
bool src_from_text(src_dec *d, const type *t, str s, val *out);
bool src_from_int(src_dec *d, const type *t, int64_t i, val *out);
bool src_from_real(src_dec *d, const type *t, double n, val *out);
bool src_from_split(src_dec *d, const type *t, str delim, str s, val *out);
/* Puts a field in error; bads stay in the order of arrival. */
bad *src_add_bad(arena *a, rec *r, uint32_t field, str message, uint32_t line, uint32_t col);
/* Settles a field without a value: default, missing, or error. */
void src_settle_missing(src_dec *d, rec *r, const prog_record *pr, uint32_t field, const char *found, uint32_t line, uint32_t col);
/* Bytes that are equal iff the values are, and that memcmp orders as val_cmp does. */
void src_key_bytes(buf *b, const type *t, val v);
void src_key_hash(const buf *b, uint64_t h[2]);

/* ---- tape: one row of a file as flat tokens, free of pointers (src_tape.c) ---- */

typedef enum tok_kind { TK_NULL, TK_FALSE, TK_TRUE, TK_NUMBER, TK_STRING, TK_KEY, TK_ARRAY, TK_OBJECT, TK_CELL } tok_kind;
enum { TKF_SURROGATE = 1, TKF_DEEP = 2 }; /* a lone surrogate was escaped in it */
typedef struct tok {
  uint8_t kind, flags;
  uint32_t off, n;        /* text bytes; ARRAY, OBJECT: n elements or members (a TK_KEY before each value) */
  uint32_t skip;          /* tokens of this value, itself included */
  uint32_t line, col;     /* 1-based, bytes */
} tok;
typedef struct tape {
  const mem *m;
  tok *t;
  char *b;
  uint32_t nt, ct;
  uint32_t nb, cb;
  bool oom, large;        /* an append failed: no memory, or the row is too large */
  bool single;            /* of no file: no name can be given to it */
} tape;
enum { SRC_NAMES = 256, SRC_MAX_ROW = 64 << 20, SRC_MAX_DEPTH = 500 };

bool tape_token(tape *t, tok_kind k, const char *p, size_t n, uint32_t line, uint32_t col);
void tape_free(tape *t);
void tape_drop(tape *t, uint32_t tokens, uint32_t bytes); /* forgets a head; the rest moves down */
static inline str tape_str(const tape *t, uint32_t i) { return (str){ t->b ? t->b + t->t[i].off : "", t->t[i].n }; }
/* One JSON value from text, line and col its place. False: *error; or t->oom. */
bool tape_json(tape *t, str json, uint32_t line, uint32_t col, arena *a, str *error, uint32_t *eline, uint32_t *ecol);

/* ---- files (src_file.c, src_csv.c, src_jsonfile.c) ---- */

typedef enum file_format { FMT_JSON, FMT_NDJSON, FMT_CSV, FMT_TSV } file_format;
typedef struct src_file {
  int fd;                 /* regular, or a private copy of what cannot be read twice */
  str path, pointer;
  file_format format;
  struct stat st;         /* at open, to notice a change */
  bool copied;
  uint32_t nsegs;
  str *segs;              /* decoded JSON pointer */
  /* CSV */
  uint32_t ncells;
  str *header;
  uint32_t *header_col;
  int32_t *field_of;      /* per cell: field or -1 */
} src_file;

typedef struct src_row {  /* where a file reader stands */
  const tape *t;
  uint32_t at;            /* first token: an object, or the first cell */
  uint32_t ncells;        /* CSV */
  uint32_t line, col;
  int64_t position;
  str broken;             /* CSV: why the row does not fit the header */
  bool untrusted;         /* then: no cell is sure to stand in its own column (else only some are not there) */
} src_row;

typedef struct src_reader src_reader;
/* Copies pipes, finds the format, reads a CSV header. False: *failure. */
bool file_open(src_file *f, const mem *m, arena *a, str path, str pointer, bool by_ext, str tmp_dir, diag_code *code, str *failure);
void file_close(src_file *f);
bool file_unchanged(const src_file *f);
int64_t file_size(const src_file *f);
int64_t file_peek(const src_file *f, char *p, size_t n); /* its first bytes; -1: unreadable */
src_reader *reader_open(const src_file *f, const mem *m);  /* NULL: out of memory */
void reader_close(src_reader *r);
typedef struct reader_error { diag_code code; str message; uint32_t line, col; } reader_error; /* in the arena given */
/* SRC_OK, SRC_DONE, SRC_FAILED, SRC_OOM; SRC_BROKEN: this row is no record, *e says why, go on. */
enum { SRC_BROKEN = 100 };
int reader_next(src_reader *r, src_row *row, arena *a, reader_error *e);

/* Common to the readers: a window on the file that slides. */
typedef struct window { const src_file *f; const mem *m; char *p; size_t n, at, cap; int64_t off; bool eof; } window;
int window_more(window *w);              /* reads more behind what is unread: 1 more, 0 end, -1 error (errno), -2 no memory, -3 too large */
void window_free(window *w);

typedef struct csv_reader csv_reader;
csv_reader *csv_open(const src_file *f, const mem *m);
void csv_close(csv_reader *c);
int csv_next(csv_reader *c, src_row *row, arena *a, reader_error *e);
typedef struct json_reader json_reader;
json_reader *json_open(const src_file *f, const mem *m);
void json_close(json_reader *c);
int json_next(json_reader *c, src_row *row, arena *a, reader_error *e);

/* Tokens to values (src_json.c). */
bool src_from_tape(src_dec *d, const type *t, const tape *tp, uint32_t at, val *out);
/* Fields of an object into r (v, st, bads, clean). only: fields to read, NULL all. */
void src_rec_from_tape(src_dec *d, const prog_record *pr, const tape *tp, uint32_t at, const bool *only, rec *r);
void src_rec_from_cells(src_dec *d, const prog_record *pr, const src_file *f, const src_row *row, const bool *only, rec *r);
/* Bad values inside nested records are told for the field that holds them. */
void src_tell_nested(src_dec *d, rec *r, uint32_t field, const type *t, str name, val v);
bool src_from_json_text(src_dec *d, const mem *m, const type *t, str json, val *out);
rec *src_new_rec(arena *a, const prog_record *pr, uint32_t frame);

/* ---- the data as a whole ---- */

typedef enum src_kind { SK_NONE, SK_TABLE, SK_FILE } src_kind;

typedef struct src_ix {      /* equality on one field */
  bool asked, direct;        /* direct: an index of the database finds the rows that are equal */
  bool full, zero;           /* i<source>_<field>, z<source>_<field> are there */
  bool any0;                 /* some row's field is missing or in error */
  bool counted, dups;        /* for count_equal */
} src_ix;

/* What decoding a column needs, side by side: a row touches one cache line for every two columns. */
typedef struct src_column {
  const prog_field *pf;
  const type *t;          /* of a reference its key's type; NULL: it has none */
  uint32_t field;
  uint8_t kind;
  uint8_t plain;          /* PLAIN_* */
  bool intern;
  bool may_miss;          /* nothing there is no more than missing */
  uint32_t seen;          /* of PLAIN_ATOM and above: which slots of the cursor are its */
} src_column;

/* ---- plain cells (src_plain.c) ---- */

/* What a column's cells are when nothing is to be said of them: what is read as it stands, texts, those that may be atoms, and those that are read as
   another value, which is kept. */
enum { PLAIN_NONE, PLAIN_INT, PLAIN_BOOL, PLAIN_NUMBER, PLAIN_TEXT, PLAIN_ATOM, PLAIN_SEEN, SRC_SEEN = 16 };
struct src_state;
typedef struct src_seen { uint64_t lo, hi; val v; uint32_t n; bool known; } src_seen;
uint8_t plain_kind(const src_column *col);
/* Reads the row's cells into r as long as they are plain; gives the first that is not, or their number. Sets nothing of r but values and statuses. */
uint32_t plain_cells(const struct src_state *s, sql_stmt *st, const atom_index *atoms, src_seen *seen, text *cells, rec *r);
/* What a text of the column was read as. v must last as long as the cursor. */
void plain_keep(src_seen *seen, const src_column *col, str s, val v);

typedef struct src_state {
  uint32_t index;
  const prog_source *ps;
  const prog_record *pr;
  src_kind kind;
  sql_db *db;                /* of a table: the database or the state file */
  bool opened, open_failed, store_failed;
  const src_binding *binding;
  bool *sel;                 /* fields to read */
  int64_t rows, ignored, bad;
  int64_t ignored_columns;   /* of a table or a CSV header */
  /* table */
  str table;                 /* as the database spells it */
  bool has_rowid, is_view;
  const char *rowid;         /* "rowid", "_rowid_" or "oid" */
  str *column;               /* per field, as the database spells it; empty: not there (default) */
  uint8_t *affinity;         /* per field */
  int32_t int_pk;            /* field that is the rowid, -1; its value is the position, it has no column of its own in cols */
  bool utf8;                 /* the database's encoding */
  bool key_unique;           /* the database guarantees distinct keys */
  uint32_t ncols, nseen;     /* nseen: columns with slots for what was seen */
  struct src_column *cols;   /* selected columns in order */
  uint32_t nabsent;
  uint32_t *absent;          /* fields that have a default and no column */
  str table_quoted;          /* as an SQL name */
  str select;                /* ", \"a\", \"b\"" */
  /* file */
  src_file file;
  /* spill */
  bool stored;               /* rows are in the spill database: s<index>(pos, ...) */
  bool ordered;              /* o<index> is built */
  src_ix *ix;                /* per field */
} src_state;

struct src_data {
  src_config c;
  const mem *m;
  arena a;                   /* lives as long as the data */
  arena scratch;             /* reset by each API call */
  str failure;
  diag_code failure_code;
  bool failed;
  char failure_text[1000];   /* not an arena's: it is written when memory has run out, too */
  uint32_t keysets;          /* names of temporary tables */
  uint32_t keys_in_memory;   /* how many before they are spilled; tests lower it */
  atom_index atoms;
  sql_db *db, *watch, *spill;
  sql_db *state, *state_watch; /* the state file, when --state names one */
  str state_path;
  int64_t version;
  src_state *s;
  arena *eval;
  host h;
  struct look *look;         /* src_host.c */
};

void src_fail(src_data *d, diag_code code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void src_fail_sql(src_data *d, sql_db *db, const src_state *s, const char *what);
void src_tell(src_data *d, const src_issue *i);
src_issue src_issue_of(const src_data *d, const src_state *s, diag_code code);
bool src_ready(src_data *d, src_state *s);   /* opens and checks it now if it is not; false: failure */
bool look_open(src_data *d);
void look_close(src_data *d);
str src_db_path(const src_data *d, const src_state *s); /* of the file that its table is in */
sql_db *src_spill(src_data *d);              /* NULL: failure */

/* Schema check and statements of a table (src_schema.c). */
bool schema_open(src_data *d, src_state *s);
str table_sql(arena *a, const src_state *s, const char *where, const char *order);
str table_equal(arena *a, const src_state *s, uint32_t f);    /* "\"column\" = ?1" */
bool table_indexed(src_data *d, src_state *s, uint32_t f);    /* an index of the database finds exactly the rows whose good value is equal */
/* The row a statement stands on; column 0 is its position. The columns before `from` are read already; seen may be NULL. */
void table_decode(src_data *d, const src_state *s, sql_stmt *st, const bool *only, src_dec *dec, text *cells, src_seen *seen, uint32_t from, rec *r);

/* A walk over the rows of a source, whatever its kind (src_cursor.c). */
struct src_cursor {
  src_data *d;
  src_state *s;
  sql_db *db;                /* own connection of a part, else NULL */
  sql_stmt *st;
  src_reader *rd;
  tape tape;                 /* a stored file row */
  src_row row;
  bool quiet;                /* no issues, no counts: look-ups and helpers */
  bool whole, ended, stored;
  int64_t ordinal;
  int64_t rows, ignored, bad;
  uint64_t names[SRC_NAMES]; /* hashes of the undeclared members seen so far, open addressing */
  arena a;                   /* of the current row */
  rec r;
  val *v;
  uint8_t *stt;
  text *cells;
  src_seen *seen;            /* NULL: cells are not read as plain */
  bool stepped;              /* the next row was stepped to, with this result, and so many of its cells are read */
  int rc;
  uint32_t plain;
  uint32_t cap;
  struct keyset *keys;
  struct src_cursor *helper; /* of a check at the end; here so that it is freed whatever jumps */
  uint32_t part;
  bool empty;
  uint64_t null_keys, broken_rows, ragged, undeclared;
  VEC(src_issue) held;       /* of the row under way, in a */
};
/* NULL: out of memory. */
src_cursor *cursor_new(src_data *d, src_state *s, bool quiet);
int cursor_statement(src_cursor *c, sql_db *db, str sql); /* rows of a statement instead of all: SRC_OK, SRC_FAILED */
void row_pack(buf *b, const src_row *row);
int cursor_scan(src_cursor *c);              /* starts at the first row */
int cursor_step(src_cursor *c);              /* to the next raw row: SRC_OK, SRC_DONE, SRC_FAILED, SRC_OOM */
/* The current row as a record. a NULL: into the cursor's own, valid until the next step. */
void cursor_decode(src_cursor *c, const bool *only, arena *a, rec **out);
void cursor_free(src_cursor *c);

/* Sets of 128-bit keys, small in memory, large in the spill database (src_spill.c). */
typedef struct keyset keyset;
keyset *keyset_new(src_data *d);
bool keyset_add(keyset *k, const uint64_t h[2], int64_t pos);
bool keyset_sort(keyset *k);
bool keyset_next(keyset *k, uint64_t h[2], int64_t *pos);   /* in order of hash, then position */
bool keyset_failed(const keyset *k);
void keyset_free(keyset *k);  /* may be NULL */

/* Random access by position, equality, order (src_spill.c). False: failure. */
bool spill_store(src_data *d, src_state *s);                 /* rows of a file, a view or a table without rowid */
/* full: every row; else only what the database's own index does not find (when it has one). */
bool spill_index(src_data *d, src_state *s, uint32_t field, bool full);
bool spill_order(src_data *d, src_state *s);
bool spill_count(src_data *d, src_state *s, uint32_t field);
uint64_t src_hash1(arena *a, const type *t, val v);          /* never 0 */
void src_key_of(buf *b, const prog_record *pr, const rec *r); /* all keys of a record; missing ones sort first */

#endif
