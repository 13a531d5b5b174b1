/* Data behind a program's sources: SQLite tables and views, JSON, NDJSON and CSV files, standard input, records fed by the host.
 *
 * Read-only, one snapshot a run. Values that cannot be read as their type become bad fields of their record, never a stop. What concerns a whole
 * source (a missing column, duplicate keys, ragged rows) goes to the issue callback with its place. Library code never prints. */
#ifndef RUNTIME_SOURCE_H
#define RUNTIME_SOURCE_H
#include "base/diag.h"
#include "base/host.h"
#include "compiler/ir.h"

/* Something about the data. Codes E08xx of base/diag_data.def. */
typedef struct src_issue {
  diag_code code;
  severity sev;
  uint32_t source;           /* index, UINT32_MAX: the database as a whole */
  int32_t field;             /* of the source's record, -1 none */
  str column;                /* as the data calls it; may be one that the record does not declare */
  str file;                  /* database or file path */
  uint32_t line, col;        /* in the file; 0 none */
  int64_t position;          /* row position, 0: the source as a whole */
  str key;                   /* the row's key as text; empty: none */
  str message;
  str fix;                   /* what to do, as a sentence or a snippet of rule text; empty: none */
  span decl;                 /* place in the rule files that is concerned (the field's declaration), {0,0} none */
} src_issue;

/* --source NAME=FILE[#/json/pointer] */
typedef struct src_binding { str source; /* qualified or last part */ str file; /* "-": standard input */ str pointer; /* JSON pointer or empty */ } src_binding;

/* --state FILE is a binding of this name. It gives rows to the sources that every program has (compiler/check_builtin.c). */
#define SRC_STATE STR("blazon.state")
bool src_in_state(const prog_source *s);

typedef struct src_config {
  const ir_program *p;
  const mem *m;
  str db;                    /* SQLite file; empty: none. Opened read-only, NOMUTEX, mmap */
  uint32_t nbindings;
  const src_binding *bindings;
  bool by_ext;               /* formats by extension: .json .ndjson .jsonl .csv .tsv; standard input: an array when it begins with [, NDJSON with {, else CSV */
  uint32_t frame;            /* rec.cap of row records (vm_frame_size) */
  const bool *wanted;        /* per source: will be walked by the run; NULL: all. Others are opened only when something looks into them */
  const bool *const *fields; /* per source and field: read by some active rule; NULL or NULL entry: all */
  void (*issue)(void *ud, const src_issue *i); /* called on the thread that opened or walks */
  void *ud;
  str tmp_dir;               /* for spill databases; empty: the system's */
  const struct lib_ctx *lib; /* for nothing but formats in messages; may be NULL */
} src_config;

typedef struct src_data src_data;
typedef struct src_cursor src_cursor;

enum src_status { SRC_OK = 0, SRC_DONE = 1, SRC_FAILED = 2 /* unreadable: exit code 3; src_failure tells */, SRC_OOM = 3,
                  SRC_MOVED = 4 /* src_walk_part: the data changed before this worker had its snapshot; close, open and start over with one */ };

/* Opens and checks the schema of every wanted source. A failure's text ends in its code, "... [E0805]". SRC_FAILED also when a column is missing or of an impossible type (each an issue). */
int src_open(const src_config *c, src_data **out, arena *scratch, str *failure);
void src_close(src_data *d);
str src_failure(const src_data *d);
diag_code src_failure_code(const src_data *d);
const host *src_host(src_data *d, arena *eval);  /* look-ups for the evaluators; records they keep live in eval */

/* The walk of validate and match: rows in storage order (rowid, file order). The record is the cursor's, valid until the next step. */
int src_walk(src_data *d, uint32_t source, src_cursor **out);
/* The same over the n-th of m parts (rowid ranges), for workers; a source that cannot be split gives everything to part 0. */
int src_walk_part(src_data *d, uint32_t source, uint32_t part, uint32_t parts, src_cursor **out);
int src_next(src_cursor *c, rec **out);          /* SRC_OK, SRC_DONE, SRC_FAILED */
void src_end(src_cursor *c);                     /* after a whole walk: reports duplicate and null keys */
/* One record by its key texts in order (as the user typed them on the command line). SRC_DONE: there is none; SRC_FAILED also when two have it. */
int src_find(src_data *d, uint32_t source, uint32_t nkeys, const str *keys, arena *a, rec **out);

/* How the row that a cursor stands on keeps a field, apart from what it means. Texts are copied to a. */
typedef enum stored_kind { STORED_ABSENT, STORED_NULL, STORED_INT, STORED_REAL, STORED_TEXT, STORED_BLOB, STORED_JSON } stored_kind;
typedef struct src_stored { uint8_t kind; int64_t i; double r; str s; /* TEXT, BLOB, JSON: other than a text, as JSON */ } src_stored;
void src_stored_of(src_cursor *c, uint32_t field, arena *a, src_stored *out);

/* Where a source's rows are. lines: the file is no JSON document (CSV, NDJSON); texts: its cells are texts. */
typedef struct src_home { str table, file, pointer; bool view, lines, texts; } src_home;
src_home src_home_of(const src_data *d, uint32_t source);
str src_column_of(const src_data *d, uint32_t source, uint32_t field); /* as the database spells it; empty: it has none */

/* ignored_columns: different names of columns and members that the record does not declare; none for exact records, whose are issues. */
typedef struct src_counts { int64_t rows; int64_t ignored_columns; int64_t bad_values; } src_counts;
src_counts src_count(const src_data *d, uint32_t source);
int64_t src_estimate(src_data *d, uint32_t source); /* rows, -1 unknown: for progress and cost */

/* The key of a record as text: values joined with ", ", those of several parts by src_key_part; "#12" (position) for records without a key. */
str src_key_text(arena *a, const ir_program *p, const rec *r);
/* What is wrong with a field of the key that is not there: "`id` is empty", "`id`: `x` is not an int". */
str src_key_wrong(arena *a, const rec *r, uint32_t field);
/* One part of a key of several: in quotes as in CSV where it is empty, has a comma or a quote in it, or a blank at an end, so that no two keys look alike. */
void src_key_part(buf *b, str part);

/* A text or number of a JSON object by its name, as text in a; empty: there is none. false: not a JSON object. */
bool src_json_member(arena *a, str json, str name, str *out);

/* One record from JSON text, for the C API and the command line. NULL: not JSON or not an object (message in *error with its place: line and column;
   one_line, for one of many lines: column). Members that are not as declared become bad fields. frame: room for values, at least the number of fields. */
rec *src_record_json(arena *a, const ir_program *p, uint32_t record, const atom_index *atoms, str json, uint32_t frame, bool one_line, str *error);

/* Decimal text as JSON has it, correctly rounded; false: no finite number. */
bool src_number(arena *a, str s, double *out);

/* Version of the data now, for "did it change under the run": SQLite's data_version. */
int64_t src_version(src_data *d);
/* The version that is being read, to compare it with. Asking for the version of now instead would miss who wrote while the data was opened. */
int64_t src_snapshot_version(const src_data *d);

#endif
