/* What the files of the state share. Nothing outside runtime/state_*.c includes this.
 *
 * One connection, one mutex. Whoever is between enter and leave (or begin and commit) holds the mutex; the others queue. A thread that commits while
 * others queue lets the next one go on in the same transaction and sleeps until the last of them has committed for all ("riders"). */
#ifndef RUNTIME_STATE_PRIV_H
#define RUNTIME_STATE_PRIV_H
#include "runtime/src_sql.h"
#include "runtime/state.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>

enum { STATE_APP_ID = 0x424C5A53 /* "BLZS" */, DIGEST = 32, INTERNED = 2048, INTERNED_MOST = 1 << 16, RIDERS = 512 };

/* Statements that are prepared once. */
typedef enum state_sql {
  Q_BEGIN, Q_COMMIT, Q_ROLLBACK, Q_DATA_VERSION, Q_EPOCH, Q_EPOCH_NEXT,
  Q_DECISION_PUT, Q_DECISION_GET, Q_SET_GET, Q_SET_PUT, Q_BLOB_GET, Q_BLOB_PUT, Q_RECORD_GET, Q_RECORD_PUT, Q_RECORD_DROP,
  Q_BUNDLE_GET, Q_BUNDLE_PUT, Q_BUNDLE_BYTES, Q_BUNDLE_FILL,
  Q_ASSIGN_GET, Q_ASSIGN_LAST, Q_ASSIGN_PUT, Q_ASSIGN_DROP, Q_SHOWN, Q_EXPOSE, Q_OUTCOME_PUT, Q_OUTCOME_GET, Q_EVIDENCE_ADD, Q_SET_READ, Q_DECIDED,
  Q_COUNT
} state_sql;

/* What was stored by content, so that repeating it costs a comparison. */
typedef struct interned { uint64_t hash; char *bytes; uint32_t n; int64_t id; } interned;
enum { KIND_SET, KIND_EVIDENCE, KIND_BUNDLE, KINDS };

/* What a transaction adds to the evidence, written once at its end. */
typedef struct evidence_sum { char *choice, *candidate; uint64_t hash; int64_t day, trials, successes; double reward, squares; } evidence_sum;

typedef struct rider { struct rider *next; bool done; int status; } rider;

struct state {
  mem m;
  sqlite3 *db;
  sql_db *read;            /* whose connection db is, when nothing will be written; else NULL */
  char *path;
  char *versions;          /* of what writes here, see state_versions */
  const char *name;        /* the same as it was given, for messages */
  uint32_t busy_ms;
  pthread_mutex_t mu;
  pthread_cond_t done;
  _Atomic(const void *) owner; /* thread that holds mu, by the address of something of its own */
  atomic_uint queued;
  unsigned depth;          /* of enter by the owner */
  bool open;               /* a transaction is */
  bool mine;               /* ... and its owner called state_begin */
  bool broken;             /* ... and it cannot be committed any more */
  rider *riders;           /* asleep until it is committed */
  uint32_t nriders;
  int64_t changes;         /* of the connection, when the owner began */
  sqlite3_stmt *q[Q_COUNT];
  sqlite3_stmt *loose;     /* one that is prepared for a single use, see state_prepare */
  int64_t data_version, epoch;
  interned *kept[KINDS];   /* INTERNED entries each */
  evidence_sum *sums;
  uint32_t nsums, csums;
  uint32_t *sum_slot;      /* hash table over sums: place + 1 */
  uint32_t nslots;
  arena scratch;
  char failure[700];
};

/* ---- state_db.c ---- */
void state_enter(state *s);                    /* holds the mutex; nests */
void state_leave(state *s);
sqlite3_stmt *state_q(state *s, state_sql q);  /* reset, ready to bind; NULL: state_sql_failed was called */
/* Steps: SQLITE_ROW or SQLITE_DONE; else the failure is noted and -1 given. */
int state_step(state *s, sqlite3_stmt *q);
int state_run(state *s, sqlite3_stmt *q);      /* steps and resets: RT_OK, RT_ENV */
int state_exec(state *s, const char *sql);     /* RT_OK, RT_ENV */
void state_fail(state *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void state_sql_failed(state *s);               /* notes what SQLite says; inside a transaction nothing of it will be kept */
void state_say(char *out, size_t n, const char *path, int rc, const char *detail);
sqlite3_stmt *state_prepare(state *s, const char *sql);    /* for one use, ended by state_calm; NULL: state_sql_failed was called */
void state_calm(state *s);                     /* ends what was prepared so and resets all others: after a jump nothing may keep reading */
/* In a transaction of its own when the caller is in none. */
int state_begin_here(state *s, bool *own);
int state_end_here(state *s, bool own, int status);
void state_forget_kept(state *s);
void state_bind_str(sqlite3_stmt *q, int at, str x);       /* stays where it is until the statement is reset */
void state_bind_opt(sqlite3_stmt *q, int at, str x);       /* empty: null */
str state_column(arena *a, sqlite3_stmt *q, int column);   /* copied; null is empty. Needs a handler in a */

/* ---- state_schema.c ---- */
extern const char *const state_sql_text[Q_COUNT];
/* Makes, checks or migrates the schema. NULL, or why not in why. */
bool state_schema(state *s, bool create, char *why, size_t n);
bool state_schema_fits(state *s, char *why, size_t n); /* of a file that is only read */

/* ---- state_outcome.c ---- */
bool state_evidence_add(state *s, str choice, str candidate, int64_t at, int64_t trials, int64_t successes, double reward);
int state_evidence_flush(state *s);
void state_evidence_drop(state *s);
void state_evidence_free(state *s);            /* and its room */

/* ---- state_log.c ---- */
void state_digest(const void *p, size_t n, uint8_t out[DIGEST]);
/* The row that a statement of the columns STATE_DECISION stands on; *set: its candidate set for state_read_set, when full. */
void state_decision_row(arena *a, sqlite3_stmt *q, bool full, state_decision *out, int64_t *set);
int state_read_set(state *s, arena *a, int64_t set, state_decision *out);

/* Of `decisions d`. */
#define STATE_DECISION                                                                                                                      \
  "d.id, d.choice, d.subject, d.candidate, d.stage, d.reason, coalesce(d.unit, d.id), d.at, d.weight, d.assignment, d.assign_weight, "     \
  "(SELECT hash FROM bundles WHERE id = d.bundle), d.candidate_set, (SELECT content FROM blobs WHERE id = d.evidence), "                    \
  "(SELECT content FROM blobs WHERE id = d.record), d.seq, (SELECT versions FROM bundles WHERE id = d.bundle)"

/* Runs body with jumps of the caller's arena caught, so that none leaves the mutex held. */
#define STATE_READING(s, a, status, body)                                                                                                  \
  do {                                                                                                                                     \
    jmp_buf jump_, *volatile before_ = (a)->oom;                                                                                           \
    state_enter(s);                                                                                                                        \
    (a)->oom = &jump_;                                                                                                                     \
    if (_setjmp(jump_)) status = RT_OOM;                                                                                                   \
    else status = (body);                                                                                                                  \
    if (status == RT_OOM) state_calm(s);                                                                                                   \
    (a)->oom = before_;                                                                                                                    \
    state_leave(s);                                                                                                                        \
  } while (0)

#endif
