/* The state file: what was assigned, decided, shown and earned. One SQLite database in WAL mode that any number of threads and processes use at once;
 * docs/state.md has its tables for people who query them.
 *
 * What is answered is on disk. Writes happen between state_begin and state_commit, and nothing may be answered before state_commit has said RT_OK: then
 * a process that is killed at any instant has lost no decision that it answered. Many decisions share one commit in two ways: one thread puts many into
 * one begin..commit (a batch), or many threads each do their own, and the state lets them ride in one transaction (group commit).
 *
 * Between begin and commit the caller holds the file's write lock: what it reads (assignments, counts for caps, a decision by its id) stays true until
 * it is committed, in this process and in every other. So: open the data and compute what can be computed first, and keep it short between the two.
 *
 * Times are microseconds since 1970 UTC as the caller's clock gives them. That clock may go backwards: order is the order of commits (decisions.seq),
 * never time; a window of a cap reaches into the future, and an assignment from the future has age 0, so going back never shows too much.
 *
 * Functions give RT_OK, RT_OOM, or RT_ENV with a sentence in state_failure; after RT_ENV inside begin..commit, state_commit gives RT_ENV too and nothing of the
 * transaction is kept, for any thread that rode in it. */
#ifndef RUNTIME_STATE_H
#define RUNTIME_STATE_H
#include "runtime/program.h"

typedef struct state state;

enum { STATE_VERSION = 1 };

typedef enum state_durability {
  STATE_FULL,              /* a commit waits until the disk has it (synchronous=FULL): survives loss of power */
  STATE_RELAXED            /* a commit waits for the operating system only (synchronous=NORMAL): survives a killed process, not loss of power */
} state_durability;

typedef struct state_config {
  const mem *m;
  str path;
  bool create;             /* make it when it is not there; else that is a failure */
  bool reading;            /* nothing will be written: it may lie where nothing can be */
  state_durability durability;
  uint32_t busy_ms;        /* how long to wait for another process; 0: 5,000 */
} state_config;

/* Opens, makes or migrates the file. NULL: *failure (in a) says why in a sentence: of a newer version, not a state file, corrupt, locked, no space ... */
state *state_open(const state_config *c, arena *a, str *failure);
void state_close(state *s);                    /* NULL is fine; nobody may be in a transaction */
/* The last failure of this thread's transaction, or of a function that failed outside of one; the text is copied to a. */
str state_failure(state *s, arena *a);
str state_path(const state *s);
/* Versions of all that can change an answer, as they are noted with every decision that is logged: Blazon's and its libraries'. */
str state_versions(const state *s);

/* ---- transactions ---- */
int state_begin(state *s);                     /* waits for other threads and processes. RT_ENV: locked for too long, ...: then there is no transaction */
int state_commit(state *s);                    /* RT_OK: everything since state_begin is durable */
void state_abandon(state *s);                  /* instead of commit, for a caller that wrote nothing */

/* ---- assignments: sticky ---- */
typedef struct state_assignment {
  int64_t number;          /* of this subject in this choice, from 1 */
  str candidate;
  int64_t assigned_at, expires_at;
  uint64_t weight;         /* of 2^53, when it was drawn: p_assign */
  str decision;            /* id of the decision that drew it */
  bool dropped;            /* `where` no longer allowed it */
} state_assignment;

/* The subject's latest assignment, dropped and expired ones included. RT_NONE: there is none. Texts in a. */
int state_assigned(state *s, arena *a, str choice, str subject, state_assignment *out);
/* INSERT OR IGNORE and read back: *out (may be in's own) is what holds now, which is another process's when that came first. A number that is gone
   already gives its holder. Also good outside of a transaction: then it makes one. */
int state_assign(state *s, arena *a, str choice, str subject, const state_assignment *in, state_assignment *out);
int state_drop(state *s, str choice, str subject, int64_t number); /* `where` no longer allows it */

/* ---- caps ---- */
typedef struct state_shown { str candidate; int64_t times; } state_shown;
/* How often each candidate was shown to the subject by this choice at or after `since`. Candidates never shown are not listed. */
int state_shown_since(state *s, arena *a, str choice, str subject, int64_t since, uint32_t *n, state_shown **out);

/* ---- decisions ---- */
typedef enum state_stage { STAGE_POLICY, STAGE_STICKY, STAGE_HOLDOUT, STAGE_FALLBACK, STAGE_NONE /* nothing may be shown */ } state_stage;
typedef enum state_eligible {
  ELIGIBLE,
  NOT_WHERE,               /* a clause of `where` is false */
  NOT_KNOWN,               /* ... unknown */
  NOT_COMPUTED,            /* ... in error, or its evidence is */
  NOT_CAP                  /* shown too often */
} state_eligible;
extern const char *const state_stage_names[];      /* "policy", "sticky", "holdout", "fallback", "none" */
extern const char *const state_eligible_names[];   /* "eligible", "where", "unknown", "error", "cap" */

typedef struct state_candidate {
  str key;
  state_eligible eligible;
  str reason;              /* of one that is not eligible */
  uint64_t weight;         /* of 2^53 */
} state_candidate;

typedef struct state_decision {
  str id;                  /* unique in the file */
  str choice, subject;     /* qualified name; the subject's key as text */
  str candidate;           /* chosen; empty: none */
  state_stage stage;
  str reason;              /* why this stage, when it is fallback or none; empty else */
  str unit;                /* what the draw hashed */
  bool drawn;              /* weight and p are known: policy and sticky */
  uint64_t weight;         /* of 2^53; a sticky repeat has 2^53: p = 1 */
  bool assigned;           /* assignment and assign_weight are known */
  int64_t assignment;      /* number */
  uint64_t assign_weight;  /* p_assign */
  uint32_t ncandidates;
  const state_candidate *candidates;  /* in key order */
  str evidence;            /* JSON: what the policy saw of each candidate; empty: nothing */
  str record;              /* JSON: the subject as the decision saw it; empty: not kept */
  str bundle;              /* hash of the rules as hexadecimal text, see state_bundle */
  str versions;            /* read: what it was decided with, see state_versions; empty when that is not known */
  int64_t at;
} state_decision;

/* Logs one decision. RT_STOPPED: this id was already used; *known (in a) is that decision (chosen, stage, weights, reason, unit, at; no candidates) and
   nothing was written: answer it again when choice and subject are the same, else refuse. Everything is checked before anything is written. */
int state_log(state *s, arena *a, const state_decision *d, state_decision *known);
/* The decision of an id. RT_NONE: there is none. full: candidates, evidence and record, too. */
int state_decision_find(state *s, arena *a, str id, bool full, state_decision *out);
/* Remembers the rules that decide: bytes of the bundle (may be empty) once for each hash. */
int state_bundle(state *s, str hash, str bytes);

/* ---- exposures: experiments ---- */
/* Notes that a subject met its arm, once a subject and experiment. *first (may be NULL): this was the first time. */
int state_expose(state *s, str experiment, str subject, str arm, int64_t at, bool *first);

/* ---- outcomes ---- */
typedef enum state_joined {
  JOINED_NEW,
  JOINED_AGAIN,            /* the same reward of this name was there already: nothing changed */
  JOINED_OTHER,            /* another reward of this name is there: refused, the first one stays */
  JOINED_EARLY,            /* it is from before its decision: refused */
  JOINED_UNKNOWN           /* no such decision */
} state_joined;
typedef struct state_outcome {
  str decision, name;      /* name empty: "reward" */
  double reward;
  int64_t at;
  bool whole_day;          /* at is the beginning of the day on which it came, and more is not known */
} state_outcome;
/* Joins a reward to its decision and to the evidence. *decided_at (may be NULL): when the decision was made, for "late". */
int state_outcome_add(state *s, const state_outcome *o, state_joined *how, int64_t *decided_at);

/* ---- reading the log (replay, report) ---- */
/* Decisions in order of commit after seq, at most n of one choice (empty: all). full as above. *got 0: the end. Each out[i].. with its seq in seqs[i]. */
int state_read(state *s, arena *a, str choice, int64_t after, uint32_t n, bool full, state_decision *out, int64_t *seqs, uint32_t *got);
/* Hashes of all bundles, oldest first. */
int state_bundles(state *s, arena *a, uint32_t *n, str **hashes);
/* The bytes of a bundle. RT_NONE: not kept. */
int state_bundle_bytes(state *s, arena *a, str hash, str *bytes);

/* ---- keeping ---- */
typedef struct state_counts { int64_t decisions, outcomes, assignments, exposures, candidate_sets, blobs, bundles, evidence; } state_counts;
typedef struct state_about {
  uint32_t version;
  state_counts rows;
  int64_t bytes, wal_bytes;
  bool any;                /* first, last: of decisions */
  int64_t first, last;
} state_about;
int state_show(state *s, state_about *out);
/* Forgets what is older: decisions with their outcomes, exposures, assignments that have ended by `now`, and what only they used. Evidence, which is sums
   without subjects, stays unless asked for. removed: how many rows. */
int state_purge(state *s, int64_t before, int64_t now, bool evidence, state_counts *removed);
/* Forgets one subject in all choices and experiments. Pages are overwritten (secure_delete) and the write-ahead log is emptied. */
int state_erase(state *s, str subject, state_counts *removed);
/* NDJSON, one row a line: {"table":"decisions", ...}. write gives false to stop (RT_STOPPED). */
int state_export(state *s, bool (*write)(void *ud, str line), void *ud);

/* ---- ids ---- */
/* Random bytes in store, zeroed at first; of one thread. */
typedef struct state_random { uint8_t bytes[256]; uint32_t left; int32_t owner; } state_random;
/* A UUIDv7: the time in microseconds, then random bits; give it the real clock, so that ids rise and the log's index grows at its end. out has room for 36
   characters and a zero. */
void state_uuid(state_random *r, int64_t at, char out[37]);

#endif
