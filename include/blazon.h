/* Blazon: rules, metadata and targeting for a brand's content. The whole public interface.
 *
 * In short: make a program from rule files (or a bundle), make an engine for each thread, open data, then validate
 * all of it or ask about one record.
 *
 *     blz_program *p = blz_program_new(NULL);
 *     blz_program_add_path(p, "rules/");
 *     if (blz_program_compile(p, on_diagnostic, NULL) != BLZ_OK) ...
 *     blz_engine *e = blz_engine_new(p);
 *     blz_record *r;
 *     blz_record_from_json(e, "Asset", json, strlen(json), &r);
 *     blz_engine_check(e, r, on_finding, NULL);
 *
 * Threads. There is no global state. A compiled program is immutable: any number of threads may use it at once, and
 * it must outlive its engines. An engine and its records belong to one thread at a time. Callbacks are called on the
 * thread that called the function, before it returns.
 *
 * Memory. What a function returns as a pointer to an opaque type is freed by the function of the same prefix that
 * ends in _free; NULL is fine there. Texts that are handed to a callback or returned as `const char *` belong to
 * Blazon and live as long as their comment says. All texts are UTF-8; where a length is given beside a text, it is
 * in bytes, and the text need not end in a zero byte.
 *
 * Errors. Functions that can fail return a blz_status. blz_program_error and blz_engine_error tell in words what the
 * last failing call on that object met. Nothing is ever printed, and the process is never ended. */
#ifndef BLAZON_H
#define BLAZON_H

#include "blazon_native.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BLZ_VERSION "0.1.0"
#define BLZ_API __attribute__((visibility("default")))

typedef enum blz_status {
  BLZ_OK = 0,
  BLZ_RULES = 1,      /* the rules do not compile; the diagnostics callback was told why */
  BLZ_DATA = 2,       /* a file or a database could not be read */
  BLZ_LIMIT = 3,      /* a rule took more steps or memory than the engine allows; never a verdict */
  BLZ_STOPPED = 4,    /* a callback asked to stop */
  BLZ_NOT_FOUND = 5,  /* no rule, audience, record type, source or field of that name */
  BLZ_BAD_VALUE = 6,  /* a value does not fit: not JSON, an index out of range, a wrong type */
  BLZ_MISUSE = 7,     /* called in the wrong order: a program that is not compiled, or one that is already */
  BLZ_NO_MEMORY = 8
} blz_status;

typedef enum blz_severity { BLZ_SEVERITY_ERROR, BLZ_SEVERITY_WARNING, BLZ_SEVERITY_INFO } blz_severity;

/* What a rule says of a record. Only BLZ_PASS is a pass. */
typedef enum blz_verdict {
  BLZ_PASS,      /* every clause holds */
  BLZ_FAIL,      /* a clause does not hold */
  BLZ_UNKNOWN,   /* something that a clause needs is missing */
  BLZ_ERROR,     /* something that a clause needs cannot be read, or could not be computed */
  BLZ_SKIP,      /* the rule's `where` leaves this record out */
  BLZ_WAIVED,    /* a recorded exception covers it */
  BLZ_INACTIVE   /* outside the rule's since and until */
} blz_verdict;

/* The four results of a test, such as an audience's. Only BLZ_TRUE is "in". */
typedef enum blz_truth { BLZ_FALSE, BLZ_TRUE, BLZ_MAYBE /* unknown */, BLZ_BROKEN /* error */ } blz_truth;

typedef struct blz_program blz_program; /* rules, compiled; shared by threads */
typedef struct blz_engine blz_engine;   /* one thread's means to evaluate a program */
typedef struct blz_state blz_state;     /* a state file; shared by threads */
typedef struct blz_record blz_record;   /* one record that the host supplies */

/* An allocator for Blazon's own memory (SQLite, ICU and the other libraries keep theirs). fn(ud, NULL, 0, n)
   allocates, fn(ud, p, old, n) moves, fn(ud, p, old, 0) frees and returns NULL. Memory is aligned as malloc's is.
   NULL means failure, which shows as BLZ_NO_MEMORY. It may be called from every thread that uses the program. */
typedef struct blz_allocator {
  void *(*fn)(void *ud, void *ptr, size_t old_size, size_t new_size);
  void *ud;
} blz_allocator;

/* A message about rule files. All texts live until the callback returns. */
typedef struct blz_diagnostic {
  const char *code;         /* "E0312"; codes never change their meaning */
  blz_severity severity;
  const char *message;      /* one sentence */
  const char *file;         /* as it was added; "" when there is no place */
  unsigned line, column;    /* from 1, columns in bytes; 0 when there is no place */
  unsigned end_line, end_column;
  const char *fix;          /* what would help; "" when nothing is proposed */
} blz_diagnostic;
typedef void (*blz_diagnostic_fn)(void *ud, const blz_diagnostic *d);

/* A rule's verdict on a record that is no pass, or something wrong with the data itself (rule is NULL then). All
   texts live until the callback returns; none is NULL but rule. */
typedef struct blz_finding {
  const char *rule;         /* qualified name; NULL: about the data */
  const char *code;         /* of a finding about the data, "E0899"; "" else */
  blz_verdict verdict;      /* BLZ_FAIL, BLZ_UNKNOWN or BLZ_ERROR; BLZ_ERROR for data */
  blz_severity severity;
  const char *source;       /* qualified name; "" for a rule without a record */
  const char *key;          /* the record's key as text; "#12" by position where the record has no key; "" none */
  int64_t position;         /* row or element in its source, from 1; 0 none */
  const char *file;         /* data file, "" for rows of a database and records of the host */
  unsigned line, column;    /* in that file, from 1; 0 none */
  const char *field;        /* the field that the finding points at; "" none */
  const char *message;      /* one or more sentences, one a line */
  const char *actual;       /* the field's value as text; "" none */
  const char *expected;     /* the first clause that does not hold, as it is written; "" for data */
  const char *missing;      /* names of what is missing, ", " between them; "" none */
  const char *owner, *because, *link; /* as the rule says; "" when it does not */
} blz_finding;
/* Returns 0 to go on, anything else to stop. */
typedef int (*blz_finding_fn)(void *ud, const blz_finding *f);

/* "0.1.0": the version of the library that is running. Static. */
BLZ_API const char *blz_version(void);
/* A status in a few English words. Static; never NULL. */
BLZ_API const char *blz_status_text(blz_status s);
/* "pass", "fail", "unknown", "error", "skip", "waived", "inactive". Static; never NULL. */
BLZ_API const char *blz_verdict_text(blz_verdict v);

/* ---- programs ---- */

/* An empty program. a: the allocator, copied; NULL for malloc. NULL: out of memory. */
BLZ_API blz_program *blz_program_new(const blz_allocator *a);
BLZ_API void blz_program_free(blz_program *p);
/* Adds a rule file, a folder (all files below it that end in .blz) or a bundle. BLZ_OK; BLZ_DATA: it cannot be read,
   or is damaged; BLZ_MISUSE: already compiled. */
BLZ_API blz_status blz_program_add_path(blz_program *p, const char *path);
/* Adds rule text under a name that messages will show; files of terms are looked for in the folder of that name. Both
   are copied. BLZ_OK, BLZ_DATA (more than 1 GB), BLZ_MISUSE. */
BLZ_API blz_status blz_program_add_text(blz_program *p, const char *name, const char *text, size_t length);
/* Adds the bytes of a bundle (made by `blazon build` or blz_program_pack), copied. Any bytes are safe. BLZ_DATA:
   damaged, of another version, or not alone. */
BLZ_API blz_status blz_program_add_bundle(blz_program *p, const void *bytes, size_t length);
/* Functions that rule files declare with `extern fn`, to be called before blz_program_compile; blazon_native.h tells how functions are written,
   and what they owe. The texts are copied.
   blz_program_add_function: a function of the host for a declaration `from "host"`. signature: name (qualified, or its last part) and types,
   "acme.phash(path : text) -> int?"; compiling compares it with the declaration. fn and ud must stay good as long as the program, and fn is
   called by every thread that has an engine. BLZ_OK; BLZ_BAD_VALUE: no signature; BLZ_MISUSE: already compiled.
   blz_program_allow_native: lets rule files call a native library, a file ("lib/libphash.so") or a name ("phash") that is looked for in the folders
   of blz_program_native_path. Compiling opens what the rules name, and fails with BLZ_DATA where something is not allowed, not there, or not as
   declared. BLZ_OK, BLZ_MISUSE. */
BLZ_API blz_status blz_program_add_function(blz_program *p, const char *signature, blz_native_fn fn, void *ud);
BLZ_API blz_status blz_program_allow_native(blz_program *p, const char *library);
BLZ_API blz_status blz_program_native_path(blz_program *p, const char *folder);
/* Compiles what was added. fn (may be NULL) is told all errors and warnings, in order of place. BLZ_OK; BLZ_RULES;
   BLZ_DATA when something added could not be read. After BLZ_OK the program is immutable; after anything else it can
   only be freed. */
BLZ_API blz_status blz_program_compile(blz_program *p, blz_diagnostic_fn fn, void *ud);
/* The program as a bundle: *bytes (owned by the program, freed with it) and *length. Must not be called by two
   threads at once, nor while engines of the program run in others. */
BLZ_API blz_status blz_program_pack(blz_program *p, const void **bytes, size_t *length);
/* What the last failing call on p met; "" when none failed. Lives until the next call on p. */
BLZ_API const char *blz_program_error(const blz_program *p);

/* Rules (refinements of fields included) are numbered from 0, sorted by qualified name; audiences from 0 in no
   particular order. Names live as long as the program. */
BLZ_API size_t blz_program_rule_count(const blz_program *p);
BLZ_API const char *blz_program_rule_name(const blz_program *p, size_t rule);             /* NULL: no such number */
BLZ_API size_t blz_program_audience_count(const blz_program *p);
BLZ_API const char *blz_program_audience_name(const blz_program *p, size_t audience);     /* NULL: no such number */
/* The number of a rule or audience by its qualified name or its last parts ("on_palette"). BLZ_OK, BLZ_NOT_FOUND
   (also when several match). */
BLZ_API blz_status blz_program_find_rule(const blz_program *p, const char *name, size_t *rule);
BLZ_API blz_status blz_program_find_audience(const blz_program *p, const char *name, size_t *audience);

/* ---- engines ---- */

/* An engine over a compiled program, with the program's allocator and the present as its clock. NULL: out of memory,
   or the program is not compiled. */
BLZ_API blz_engine *blz_engine_new(const blz_program *p);
BLZ_API void blz_engine_free(blz_engine *e);
/* The clock that `now` and `today` read: microseconds since 1970-01-01T00:00:00Z, from year 1 to 9999. BLZ_OK,
   BLZ_BAD_VALUE. */
BLZ_API blz_status blz_engine_set_now(blz_engine *e, int64_t microseconds);
/* At most so many steps and bytes for each record; 0 for the default (50 million steps, 256 MB). Closes data that is
   open. */
BLZ_API blz_status blz_engine_set_limits(blz_engine *e, uint64_t steps, uint64_t bytes);

/* A file for one source of the program. */
typedef struct blz_source {
  const char *name;         /* of the source, qualified or its last parts */
  const char *file;         /* .json, .ndjson, .jsonl, .csv or .tsv */
  const char *pointer;      /* JSON pointer to the array inside the file ("/icons"), or NULL */
} blz_source;

/* Opens the data that look-ups and blz_engine_validate read: a SQLite database (NULL: none) and n files. Data that
   was open before is closed. Read-only: one snapshot until it is closed. fn (may be NULL) is told what is wrong with
   the data's shape. BLZ_OK; BLZ_DATA: cannot be read, a column is missing or of an impossible type; BLZ_NOT_FOUND:
   no such source. */
BLZ_API blz_status blz_engine_open_data(blz_engine *e, const char *database, const blz_source *sources, size_t n, blz_finding_fn fn,
                                        void *ud);
BLZ_API void blz_engine_close_data(blz_engine *e);

/* What a validation counted, over all rules and records. */
typedef struct blz_counts {
  int64_t rows;                  /* records checked */
  int64_t verdicts[7];           /* by blz_verdict */
  int64_t vacuous;               /* passes only because a list was empty */
  int64_t data_errors, data_warnings;
} blz_counts;

/* Runs every rule over every row of the opened data's sources. only: NULL for all rules, or a name or pattern such
   as "acme.brand.*". fn (may be NULL) gets the findings in order (data, then by rule and key), at most max of them,
   the first in that order; 0: all. counts (may be NULL) is exact in any case. BLZ_OK (findings or not), BLZ_DATA,
   BLZ_LIMIT, BLZ_STOPPED, BLZ_NOT_FOUND (only matches no rule). */
BLZ_API blz_status blz_engine_validate(blz_engine *e, const char *only, size_t max, blz_finding_fn fn, void *ud,
                                       blz_counts *counts);

/* Runs every rule that applies to a record of this type over it. fn (may be NULL) gets the rules that do not pass.
   *worst (may be NULL): BLZ_PASS, or the gravest verdict (error before fail before unknown). BLZ_OK, BLZ_DATA (a
   look-up failed: no data is open, or it cannot be read), BLZ_LIMIT, BLZ_STOPPED. */
BLZ_API blz_status blz_engine_check(blz_engine *e, blz_record *r, blz_finding_fn fn, void *ud, blz_verdict *worst);
/* One rule's verdict. r may be NULL for a rule without `for`. BLZ_BAD_VALUE: no such rule, or it is not for this
   record's type. */
BLZ_API blz_status blz_engine_rule(blz_engine *e, size_t rule, blz_record *r, blz_verdict *verdict);
/* Is the record in the audience? BLZ_BAD_VALUE: no such audience, or it is not for this record's type. */
BLZ_API blz_status blz_engine_match(blz_engine *e, size_t audience, blz_record *r, blz_truth *result);

enum { BLZ_TEXT = 0, BLZ_JSON = 1 };
/* Why: the whole derivation of a rule's verdict, every part of every clause with its value, as text for people or as
   JSON. *text lives until the next call on e. */
BLZ_API blz_status blz_engine_explain_rule(blz_engine *e, size_t rule, blz_record *r, int format, const char **text);
BLZ_API blz_status blz_engine_explain_audience(blz_engine *e, size_t audience, blz_record *r, int format, const char **text);

/* What the last failing call on e or one of its records met; "" when none failed. Lives until the next call on e. */
BLZ_API const char *blz_engine_error(const blz_engine *e);

/* ---- records ---- */

/* An empty record of a type, by its qualified name or its last parts ("Asset"). Fields that are never set hold their
   default, or are missing; a field that is not optional and has no default is then in error. The engine must outlive
   it. BLZ_OK, BLZ_NOT_FOUND. */
BLZ_API blz_status blz_record_new(blz_engine *e, const char *type, blz_record **out);
/* The same filled from a JSON object. A member that does not fit its field makes that field bad (rules that need it
   give BLZ_ERROR), as in a data file. BLZ_OK, BLZ_NOT_FOUND, BLZ_BAD_VALUE (not a JSON object). */
BLZ_API blz_status blz_record_from_json(blz_engine *e, const char *type, const char *json, size_t length, blz_record **out);
BLZ_API void blz_record_free(blz_record *r);
/* Setters. field: the name in the record. BLZ_OK; BLZ_NOT_FOUND: no such field; BLZ_BAD_VALUE: the field's type does
   not hold such a value (it keeps the value it had). */
/* text, enums, and dates, times, durations and colors as texts; copied */
BLZ_API blz_status blz_record_set_text(blz_record *r, const char *field, const char *text, size_t length);
/* int and number fields */
BLZ_API blz_status blz_record_set_int(blz_record *r, const char *field, int64_t value);
/* number fields; finite */
BLZ_API blz_status blz_record_set_number(blz_record *r, const char *field, double value);
BLZ_API blz_status blz_record_set_bool(blz_record *r, const char *field, int value);
/* days since 1970-01-01 */
BLZ_API blz_status blz_record_set_date(blz_record *r, const char *field, int32_t days);
/* since 1970-01-01T00:00:00Z */
BLZ_API blz_status blz_record_set_time(blz_record *r, const char *field, int64_t microseconds);
/* 0xRRGGBBAA */
BLZ_API blz_status blz_record_set_color(blz_record *r, const char *field, uint32_t rgba);
/* anything, lists and maps too */
BLZ_API blz_status blz_record_set_json(blz_record *r, const char *field, const char *json, size_t length);
/* nothing: optional fields only */
BLZ_API blz_status blz_record_set_missing(blz_record *r, const char *field);

/* ---- state files ---- */

enum {
  BLZ_STATE_CREATE = 1,     /* make the file when it is not there */
  BLZ_STATE_RELAXED = 2     /* a commit waits for the operating system only: survives a killed process, not loss of power */
};

/* Opens a state file: what was assigned, decided and shown, and what came of it. One for all threads and engines of
   the process: what they write at the same time shares a commit. a: the allocator, copied; NULL for malloc. error (may
   be NULL) has room for size bytes and is told in words why. BLZ_OK; BLZ_DATA: of a newer version, no state file,
   corrupt, locked, not writable ...; BLZ_NO_MEMORY. */
BLZ_API blz_status blz_state_open(const blz_allocator *a, const char *path, unsigned flags, blz_state **out, char *error, size_t size);
/* After the last engine that uses it is freed, or uses another. */
BLZ_API void blz_state_free(blz_state *s);
/* The engine reads and writes this state from now on; NULL: none. Where the rules read decisions, outcomes, evidence or exposures, the data is opened anew
   with the state file's. BLZ_OK; then also BLZ_DATA, BLZ_NO_MEMORY, as blz_engine_open_data. */
BLZ_API blz_status blz_engine_use_state(blz_engine *e, blz_state *s);
/* Joins a reward to a decision, and to the evidence that policies learn from; on disk when it returns. name: NULL for
   "reward", the only one that policies learn from. microseconds: when, since 1970-01-01T00:00:00Z. The same again is
   BLZ_OK and changes nothing. BLZ_OK; BLZ_NOT_FOUND: no such decision; BLZ_BAD_VALUE: another reward of this name is
   there already, it is from before its decision, or no finite number; BLZ_DATA: not written; BLZ_MISUSE: no state. */
BLZ_API blz_status blz_engine_outcome(blz_engine *e, const char *decision, const char *name, double reward, int64_t microseconds);

/* ---- decisions ---- */

/* Choices and experiments are numbered from 0, in the order in which they were declared. */
BLZ_API size_t blz_program_choice_count(const blz_program *p);
BLZ_API const char *blz_program_choice_name(const blz_program *p, size_t choice);         /* NULL: no such number */
/* By the qualified name or its last parts ("hero"). BLZ_OK, BLZ_NOT_FOUND (also when several match). */
BLZ_API blz_status blz_program_find_choice(const blz_program *p, const char *name, size_t *choice);
BLZ_API blz_status blz_program_find_experiment(const blz_program *p, const char *name, size_t *experiment);

/* Has a writer changed the database, or the state file where rules read it, since it was opened? Cheap. Evidence and candidates stay as they were until
   blz_engine_open_data is called again, or by blz_engine_keep_fresh. */
BLZ_API int blz_engine_data_changed(blz_engine *e);
/* Keeps the open data fresh without a pause in deciding: a thread of the library's own looks every so many milliseconds whether a writer has changed the
   database or the state file (by SQLite's change counter) or a file (by its size and time), opens it anew, computes ahead what was decided lately, and the next
   call on the engine takes it over. Ends with 0 milliseconds, when the data is closed or opened again, and with the engine. The program's allocator, native
   and host functions are then called from that thread, too. BLZ_OK, BLZ_MISUSE: no data is open, BLZ_NO_MEMORY. */
BLZ_API blz_status blz_engine_keep_fresh(blz_engine *e, unsigned milliseconds);
/* When the data that the engine uses was opened, in microseconds since 1970; 0: none is open. *problem (problem may be NULL): why newer data could not be
   opened, or "": the engine goes on with what it has. It lives until the next call on the engine. */
BLZ_API int64_t blz_engine_data_time(blz_engine *e, const char **problem);

/* What fills a slot of the template that a choice draws from: the key of the record. */
typedef struct blz_part { const char *slot, *key; } blz_part;

/* Texts live until the next call on the engine; none is NULL but chosen. */
typedef struct blz_decision {
  const char *id;           /* as given, or a UUIDv7 */
  const char *choice, *subject;
  const char *chosen;       /* the candidate's key; NULL: nothing may be shown */
  size_t part_count;        /* 0 unless the choice draws from a template and something was chosen */
  const blz_part *parts;    /* what chosen is put together from, in the order of the slots */
  const char *stage;        /* "policy", "sticky", "holdout", "fallback", "none" */
  const char *reason;       /* of fallback and none; "" else */
  double p;                 /* probability with which it was drawn: policy; 1 for sticky; -1: none (holdout, fallback, none) */
  double p_assign;          /* of the assignment that it repeats or makes; -1: none */
  int64_t assignment;       /* its number for this subject, 0: none */
  int held_out;
  const char *warning;      /* "the floors of 12 candidates, 5% each, take more than half of the chance"; "" mostly. Nothing of it is logged */
} blz_decision;

/* Decides for a subject, a record of the choice's source type. id: the decision's, NULL or "" for a new one; the same id is answered the same again. With a
   state the answer comes after its commit; threads that decide at the same time share commits. BLZ_OK; BLZ_BAD_VALUE: no such choice, the record is of
   another type or has no key, or the id belongs to another decision; BLZ_MISUSE: the choice needs a state; BLZ_DATA, BLZ_LIMIT, BLZ_NO_MEMORY. */
BLZ_API blz_status blz_engine_decide(blz_engine *e, size_t choice, blz_record *subject, const char *id, blz_decision *out);
/* The subject's arm of an experiment; *arm is NULL when it is in none, or that cannot be told. With a state the exposure is logged, once. */
BLZ_API blz_status blz_engine_experiment(blz_engine *e, size_t experiment, blz_record *subject, const char **arm);
/* Why the latest call gave no arm: "`where` leaves it out: p.age >= 18", "outside the share", "age is missing". NULL when it gave one, or was another
   call. Owned by the engine, until its next call. */
BLZ_API const char *blz_engine_experiment_reason(const blz_engine *e);

#ifdef __cplusplus
}
#endif
#endif
