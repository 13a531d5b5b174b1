/* Assignments, caps, decisions, exposures and bundles in the state file. See state.h for the contract.
 *
 * What repeats from decision to decision is stored once by content. The last few thousand of each kind are kept in memory, so that a
 * repeated candidate set costs a comparison and not a SHA-256. */
#include <math.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include <xxhash.h>

#include "runtime/state_priv.h"

const char *const state_stage_names[] = { "policy", "sticky", "holdout", "fallback", "none" };
const char *const state_eligible_names[] = { "eligible", "where", "unknown", "error", "cap" };

void state_digest(const void *p, size_t n, uint8_t out[DIGEST]) {
  struct sha256_ctx h;
  sha256_init(&h);
  sha256_update(&h, n, n ? p : "");
  sha256_digest(&h, DIGEST, out);
}

/* ---- by content ---- */

static interned *place_of(state *s, int kind, const char *p, uint32_t n, uint64_t *hash) {
  *hash = XXH3_64bits(p, n);
  if (!s->kept[kind]) {
    s->kept[kind] = mem_try(&s->m, INTERNED * sizeof(interned));
    if (!s->kept[kind]) return NULL;
    memset(s->kept[kind], 0, INTERNED * sizeof(interned));
  }
  return &s->kept[kind][*hash % INTERNED];
}

static int64_t kept_id(const interned *k, uint64_t hash, const char *p, uint32_t n) {
  return k && k->bytes && k->hash == hash && k->n == n && !memcmp(k->bytes, p, n) ? k->id : 0;
}

static void keep(state *s, interned *k, uint64_t hash, const char *p, uint32_t n, int64_t id) {
  char *copy = k && n <= INTERNED_MOST ? mem_try(&s->m, n + 1u) : NULL;
  if (!copy) return;
  memcpy(copy, p, n);
  if (k->bytes) mem_free(&s->m, k->bytes, k->n + 1u);
  *k = (interned){ hash, copy, n, id };
}

/* The id of a row by its digest, which is made when it is not there. `place`, the digest's first bytes, is what is indexed: random keys land on pages all
   over the index, and a short key makes it a quarter as many pages to write. 0: failed. */
static int64_t row_of(state *s, state_sql get, state_sql put, str content) {
  uint8_t digest[DIGEST];
  int64_t place, id = 0;
  state_digest(content.p, content.n, digest);
  memcpy(&place, digest, sizeof place);
  for (int write = 0; write < 2 && !id; write++) {
    sqlite3_stmt *q = state_q(s, write ? put : get);
    if (!q) return 0;
    sqlite3_bind_int64(q, 1, place);
    sqlite3_bind_blob(q, 2, digest, DIGEST, SQLITE_STATIC);
    if (write) state_bind_str(q, 3, content);
    int rc = state_step(s, q);
    if (rc < 0) return 0;
    if (rc == SQLITE_ROW) id = sqlite3_column_int64(q, 0);
    else if (write) id = sqlite3_last_insert_rowid(s->db);
    sqlite3_reset(q);
  }
  return id;
}

static void quoted(buf *b, str s) {
  buf_ch(b, '"');
  for (uint32_t i = 0; i < s.n; i++) {
    unsigned char c = (unsigned char)s.p[i];
    if (c == '"' || c == '\\') buf_ch(b, '\\'), buf_ch(b, (char)c);
    else if (c < 0x20) buf_fmt(b, "\\u%04x", c);
    else buf_ch(b, (char)c);
  }
  buf_ch(b, '"');
}

static str set_json(arena *a, const state_decision *d) {
  buf b = { .a = a };
  buf_ch(&b, '[');
  for (uint32_t i = 0; i < d->ncandidates; i++) {
    const state_candidate *c = &d->candidates[i];
    buf_z(&b, i ? ",{\"key\":" : "{\"key\":");
    quoted(&b, c->key);
    buf_fmt(&b, ",\"eligible\":\"%s\"", state_eligible_names[c->eligible]);
    if (c->reason.n) {
      buf_z(&b, ",\"reason\":");
      quoted(&b, c->reason);
    }
    buf_fmt(&b, ",\"weight\":%llu}", (unsigned long long)c->weight);
  }
  buf_ch(&b, ']');
  return buf_done(&b);
}

/* All that a set says, as bytes that are quicker to make than its JSON. */
static str set_bytes(arena *a, const state_decision *d) {
  size_t n = 0;
  for (uint32_t i = 0; i < d->ncandidates; i++) n += 20 + (size_t)d->candidates[i].key.n + d->candidates[i].reason.n;
  char *p = arena_alloc(a, n + 1), *at = p;
  for (uint32_t i = 0; i < d->ncandidates; i++) {
    const state_candidate *c = &d->candidates[i];
    uint32_t head[3] = { c->key.n, c->reason.n, (uint32_t)c->eligible };
    memcpy(at, head, 12), memcpy(at + 12, &c->weight, 8), at += 20;
    if (c->key.n) memcpy(at, c->key.p, c->key.n), at += c->key.n;
    if (c->reason.n) memcpy(at, c->reason.p, c->reason.n), at += c->reason.n;
  }
  return (str){ p, (uint32_t)n };
}

static int64_t set_id(state *s, arena *a, const state_decision *d) {
  uint64_t hash;
  str bytes = set_bytes(a, d);
  interned *k = place_of(s, KIND_SET, bytes.p, bytes.n, &hash);
  int64_t id = kept_id(k, hash, bytes.p, bytes.n);
  if (id) return id;
  id = row_of(s, Q_SET_GET, Q_SET_PUT, set_json(a, d));
  if (id) keep(s, k, hash, bytes.p, bytes.n, id);
  return id;
}

static int64_t evidence_id(state *s, str content) {
  uint64_t hash;
  interned *k = place_of(s, KIND_EVIDENCE, content.p, content.n, &hash);
  int64_t id = kept_id(k, hash, content.p, content.n);
  if (!id && (id = row_of(s, Q_BLOB_GET, Q_BLOB_PUT, content))) keep(s, k, hash, content.p, content.n, id);
  return id;
}

/* A subject's record, which is new (*made) or what one of its last decisions saw. It needs no index of its own: only the subject's own decisions can have
   the same. */
static int64_t record_id(state *s, str subject, str content, bool *made) {
  sqlite3_stmt *q = state_q(s, Q_RECORD_GET);
  if (!q) return 0;
  state_bind_str(q, 1, subject);
  int rc;
  int64_t id = 0;
  while (!id && (rc = state_step(s, q)) == SQLITE_ROW)
    if (str_eq(content, (str){ sqlite3_column_blob(q, 1), (uint32_t)sqlite3_column_bytes(q, 1) })) id = sqlite3_column_int64(q, 0);
  sqlite3_reset(q);
  if (id) return id;
  if (rc < 0) return 0;
  if (!(q = state_q(s, Q_RECORD_PUT))) return 0;
  state_bind_str(q, 1, content);
  *made = true;
  return state_run(s, q) == RT_OK ? sqlite3_last_insert_rowid(s->db) : 0;
}

static int64_t bundle_id(state *s, str hash_text, str bytes) {
  uint64_t hash;
  interned *k = place_of(s, KIND_BUNDLE, hash_text.p, hash_text.n, &hash);
  int64_t id = bytes.n ? 0 : kept_id(k, hash, hash_text.p, hash_text.n);
  if (id) return id;
  sqlite3_stmt *q = state_q(s, Q_BUNDLE_PUT);
  if (!q) return 0;
  state_bind_str(q, 1, hash_text), state_bind_str(q, 2, str_z(s->versions));
  if (state_run(s, q) != RT_OK) return 0;
  if (bytes.n) { /* once for each hash */
    if (!(q = state_q(s, Q_BUNDLE_FILL))) return 0;
    state_bind_str(q, 1, hash_text), state_bind_str(q, 2, str_z(s->versions));
    sqlite3_bind_blob(q, 3, bytes.p, (int)bytes.n, SQLITE_STATIC);
    if (state_run(s, q) != RT_OK) return 0;
  }
  if (!(q = state_q(s, Q_BUNDLE_GET))) return 0;
  state_bind_str(q, 1, hash_text), state_bind_str(q, 2, str_z(s->versions));
  if (state_step(s, q) == SQLITE_ROW) id = sqlite3_column_int64(q, 0);
  sqlite3_reset(q);
  if (id) keep(s, k, hash, hash_text.p, hash_text.n, id);
  return id;
}

/* Runs body in the caller's transaction or one of its own, which is ended when memory runs out, too: a jump must not leave the mutex held. */
#define GUARDED(s, a, status, body)                                                                                                        \
  do {                                                                                                                                     \
    jmp_buf jump_, *volatile before_ = (a)->oom;                                                                                           \
    bool own_;                                                                                                                             \
    status = state_begin_here(s, &own_);                                                                                                   \
    if (status != RT_OK) break;                                                                                                            \
    (s)->scratch.oom = (a)->oom = &jump_;                                                                                                  \
    if (_setjmp(jump_)) status = RT_OOM;                                                                                                   \
    else status = (body);                                                                                                                  \
    if (status == RT_OOM) state_calm(s);                                                                                                   \
    (a)->oom = before_, (s)->scratch.oom = NULL;                                                                                           \
    arena_reset(&(s)->scratch);                                                                                                            \
    status = state_end_here(s, own_, status);                                                                                              \
  } while (0)

/* ---- decisions ---- */

void state_decision_row(arena *a, sqlite3_stmt *q, bool full, state_decision *out, int64_t *set) {
  *out = (state_decision){ .id = state_column(a, q, 0), .choice = state_column(a, q, 1), .subject = state_column(a, q, 2), .candidate = state_column(a, q, 3),
                           .reason = state_column(a, q, 5), .unit = state_column(a, q, 6), .at = sqlite3_column_int64(q, 7) };
  str stage = state_column(a, q, 4);
  for (int i = 0; i <= STAGE_NONE; i++)
    if (str_eq(stage, str_z(state_stage_names[i]))) out->stage = (state_stage)i;
  out->drawn = sqlite3_column_type(q, 8) != SQLITE_NULL;
  out->weight = (uint64_t)sqlite3_column_int64(q, 8);
  out->assigned = sqlite3_column_type(q, 9) != SQLITE_NULL;
  out->assignment = sqlite3_column_int64(q, 9), out->assign_weight = (uint64_t)sqlite3_column_int64(q, 10);
  out->bundle = state_column(a, q, 11);
  if (full) out->versions = state_column(a, q, 16);
  *set = full ? sqlite3_column_int64(q, 12) : 0;
  if (full) out->evidence = state_column(a, q, 13), out->record = state_column(a, q, 14);
}

int state_read_set(state *s, arena *a, int64_t set, state_decision *out) {
  if (!set) return RT_OK;
  VEC(state_candidate) list = { 0 };
  sqlite3_stmt *q = state_q(s, Q_SET_READ);
  if (!q) return RT_ENV;
  sqlite3_bind_int64(q, 1, set);
  int rc;
  while ((rc = state_step(s, q)) == SQLITE_ROW) {
    state_candidate c = { .key = state_column(a, q, 0), .reason = state_column(a, q, 2), .weight = (uint64_t)sqlite3_column_int64(q, 3) };
    str e = state_column(a, q, 1);
    for (int i = 0; i <= NOT_CAP; i++)
      if (str_eq(e, str_z(state_eligible_names[i]))) c.eligible = (state_eligible)i;
    *VEC_PUSH(a, &list) = c;
  }
  sqlite3_reset(q);
  out->candidates = list.v, out->ncandidates = list.n;
  return rc < 0 ? RT_ENV : RT_OK;
}

static int find(state *s, arena *a, str id, bool full, state_decision *out) {
  sqlite3_stmt *q = state_q(s, Q_DECISION_GET);
  if (!q) return RT_ENV;
  state_bind_str(q, 1, id);
  int rc = state_step(s, q);
  int64_t set = 0;
  if (rc == SQLITE_ROW) state_decision_row(a, q, full, out, &set);
  sqlite3_reset(q);
  return rc < 0 ? RT_ENV : rc == SQLITE_DONE ? RT_NONE : state_read_set(s, a, set, out);
}

int state_decision_find(state *s, arena *a, str id, bool full, state_decision *out) {
  volatile int status;
  STATE_READING(s, a, status, find(s, a, id, full, out));
  return status;
}

static bool sane(state *s, const state_decision *d) {
  if (!d->id.n || !d->choice.n || d->weight > (UINT64_C(1) << 53) || d->assign_weight > (UINT64_C(1) << 53)) {
    state_fail(s, "a decision without an id or a choice, or with a weight above 2^53, cannot be logged");
    return false;
  }
  if (d->at >= 0 && d->at < INT64_C(253402300800000000)) return true;
  state_fail(s, "a decision before 1970 or after 9999 cannot be logged; is the clock right?");
  return false;
}

static void bind_id(sqlite3_stmt *q, int at, int64_t id) {
  if (id) sqlite3_bind_int64(q, at, id);
  else sqlite3_bind_null(q, at);
}

static void bind_weight(sqlite3_stmt *q, int at, bool known, int64_t w) {
  if (known) sqlite3_bind_int64(q, at, w);
  else sqlite3_bind_null(q, at);
}

static int log_one(state *s, arena *a, const state_decision *d, state_decision *known) {
  if (!sane(s, d)) return RT_ENV;
  int64_t set = 0, evidence = 0, record = 0, bundle = 0;
  bool made = false;
  if ((d->ncandidates && !(set = set_id(s, &s->scratch, d))) || (d->evidence.n && !(evidence = evidence_id(s, d->evidence))) ||
      (d->record.n && !(record = record_id(s, d->subject, d->record, &made))) || (d->bundle.n && !(bundle = bundle_id(s, d->bundle, (str){ 0 }))))
    return RT_ENV;
  sqlite3_stmt *q = state_q(s, Q_DECISION_PUT);
  if (!q) return RT_ENV;
  state_bind_str(q, 1, d->id), state_bind_str(q, 2, d->choice), state_bind_str(q, 3, d->subject);
  state_bind_opt(q, 4, d->candidate);
  str stage = str_z(state_stage_names[d->stage]);
  state_bind_str(q, 5, stage);
  state_bind_opt(q, 6, d->reason);
  state_bind_opt(q, 7, str_eq(d->unit, d->id) ? (str){ 0 } : d->unit);
  sqlite3_bind_int64(q, 8, d->at);
  bind_weight(q, 9, d->drawn, (int64_t)d->weight);
  bind_weight(q, 10, d->assigned, d->assignment), bind_weight(q, 11, d->assigned, (int64_t)d->assign_weight);
  bind_id(q, 12, set), bind_id(q, 13, evidence), bind_id(q, 14, record), bind_id(q, 15, bundle);
  if (state_run(s, q) != RT_OK) return RT_ENV;
  if (!sqlite3_changes(s->db)) {
    if (made && (q = state_q(s, Q_RECORD_DROP))) sqlite3_bind_int64(q, 1, record);
    if (made && (!q || state_run(s, q) != RT_OK)) return RT_ENV;
    int status = find(s, a, d->id, false, known);
    return status == RT_OK ? RT_STOPPED : status;
  }
  bool counts = d->candidate.n && (d->stage == STAGE_POLICY || d->stage == STAGE_STICKY);
  return counts && !state_evidence_add(s, d->choice, d->candidate, d->at, 1, 0, 0) ? RT_OOM : RT_OK;
}

int state_log(state *s, arena *a, const state_decision *d, state_decision *known) {
  volatile int status;
  GUARDED(s, a, status, log_one(s, a, d, known));
  return status;
}

int state_bundle(state *s, str hash, str bytes) {
  bool own;
  int status = state_begin_here(s, &own);
  return status == RT_OK ? state_end_here(s, own, bundle_id(s, hash, bytes) ? RT_OK : RT_ENV) : status;
}

int state_bundle_bytes(state *s, arena *a, str hash, str *bytes) {
  int status = RT_ENV;
  state_enter(s);
  sqlite3_stmt *q = state_q(s, Q_BUNDLE_BYTES);
  if (q) {
    state_bind_str(q, 1, hash);
    int rc = state_step(s, q);
    status = rc < 0 ? RT_ENV : rc == SQLITE_DONE ? RT_NONE : RT_OK;
    uint32_t n = rc == SQLITE_ROW ? (uint32_t)sqlite3_column_bytes(q, 0) : 0;
    char *p = status == RT_OK ? arena_try(a, n + 1) : NULL;
    if (p) *bytes = (str){ memcpy(p, sqlite3_column_blob(q, 0), n), n };
    else if (status == RT_OK) status = RT_OOM;
    sqlite3_reset(q);
  }
  state_leave(s);
  return status;
}

/* ---- assignments ---- */

static int assignment(state *s, arena *a, state_sql which, str choice, str subject, int64_t number, state_assignment *out) {
  sqlite3_stmt *q = state_q(s, which);
  if (!q) return RT_ENV;
  state_bind_str(q, 1, subject), state_bind_str(q, 2, choice);
  if (which == Q_ASSIGN_GET) sqlite3_bind_int64(q, 3, number);
  int rc = state_step(s, q);
  if (rc == SQLITE_ROW)
    *out = (state_assignment){ .number = sqlite3_column_int64(q, 0), .candidate = state_column(a, q, 1), .assigned_at = sqlite3_column_int64(q, 2),
                               .expires_at = sqlite3_column_int64(q, 3), .weight = (uint64_t)sqlite3_column_int64(q, 4),
                               .decision = state_column(a, q, 5), .dropped = sqlite3_column_int64(q, 6) != 0 };
  sqlite3_reset(q);
  return rc < 0 ? RT_ENV : rc == SQLITE_ROW ? RT_OK : RT_NONE;
}

int state_assigned(state *s, arena *a, str choice, str subject, state_assignment *out) {
  volatile int status;
  STATE_READING(s, a, status, assignment(s, a, Q_ASSIGN_LAST, choice, subject, 0, out));
  return status;
}

static int assign(state *s, arena *a, str choice, str subject, const state_assignment *in, state_assignment *out) {
  sqlite3_stmt *q = state_q(s, Q_ASSIGN_PUT);
  if (!q) return RT_ENV;
  state_bind_str(q, 1, subject), state_bind_str(q, 2, choice);
  sqlite3_bind_int64(q, 3, in->number);
  state_bind_str(q, 4, in->candidate);
  sqlite3_bind_int64(q, 5, in->assigned_at), sqlite3_bind_int64(q, 6, in->expires_at), sqlite3_bind_int64(q, 7, (int64_t)in->weight);
  state_bind_str(q, 8, in->decision);
  int status = state_run(s, q);
  return status == RT_OK ? assignment(s, a, Q_ASSIGN_GET, choice, subject, in->number, out) : status;
}

int state_assign(state *s, arena *a, str choice, str subject, const state_assignment *in, state_assignment *out) {
  volatile int status;
  GUARDED(s, a, status, assign(s, a, choice, subject, in, out));
  return status;
}

int state_drop(state *s, str choice, str subject, int64_t number) {
  bool own;
  int status = state_begin_here(s, &own);
  if (status != RT_OK) return status;
  sqlite3_stmt *q = state_q(s, Q_ASSIGN_DROP);
  if (q) state_bind_str(q, 1, subject), state_bind_str(q, 2, choice), sqlite3_bind_int64(q, 3, number);
  return state_end_here(s, own, state_run(s, q));
}

/* ---- caps, exposures ---- */

static int shown(state *s, arena *a, str choice, str subject, int64_t since, uint32_t *n, state_shown **out) {
  VEC(state_shown) list = { 0 };
  sqlite3_stmt *q = state_q(s, Q_SHOWN);
  if (!q) return RT_ENV;
  state_bind_str(q, 1, subject), state_bind_str(q, 2, choice);
  sqlite3_bind_int64(q, 3, since);
  int rc;
  while ((rc = state_step(s, q)) == SQLITE_ROW) *VEC_PUSH(a, &list) = (state_shown){ state_column(a, q, 0), sqlite3_column_int64(q, 1) };
  sqlite3_reset(q);
  *n = list.n, *out = list.v;
  return rc < 0 ? RT_ENV : RT_OK;
}

int state_shown_since(state *s, arena *a, str choice, str subject, int64_t since, uint32_t *n, state_shown **out) {
  volatile int status;
  STATE_READING(s, a, status, shown(s, a, choice, subject, since, n, out));
  return status;
}

int state_expose(state *s, str experiment, str subject, str arm, int64_t at, bool *first) {
  bool own;
  int status = state_begin_here(s, &own);
  if (status != RT_OK) return status;
  sqlite3_stmt *q = state_q(s, Q_EXPOSE);
  if (q) state_bind_str(q, 1, experiment), state_bind_str(q, 2, subject), state_bind_str(q, 3, arm), sqlite3_bind_int64(q, 4, at);
  status = state_run(s, q);
  if (first) *first = status == RT_OK && sqlite3_changes(s->db);
  return state_end_here(s, own, status);
}

/* ---- ids ---- */

/* 16 bytes of chance. They are asked for by the dozen; a process that was forked asks anew, for it must not make the ids that its parent makes. */
static void take_random(state_random *r, uint8_t out[16]) {
  if (r->left < 16 || r->owner != getpid()) {
    if (getrandom(r->bytes, sizeof r->bytes, 0) != (ssize_t)sizeof r->bytes) memset(r->bytes, 0, sizeof r->bytes); /* never: so few are given whole */
    r->left = sizeof r->bytes, r->owner = getpid();
  }
  r->left -= 16;
  memcpy(out, r->bytes + r->left, 16);
}

void state_uuid(state_random *r, int64_t at, char out[37]) {
  uint8_t b[16];
  take_random(r, b);
  uint64_t ms = (uint64_t)(at < 0 ? 0 : at / 1000);
  for (int i = 0; i < 6; i++) b[i] = (uint8_t)(ms >> (40 - 8 * i));
  uint64_t part = (uint64_t)(at < 0 ? 0 : at % 1000) * 4096 / 1000; /* RFC 9562, 6.2, method 3 */
  b[6] = (uint8_t)(0x70 | part >> 8), b[7] = (uint8_t)part, b[8] = (uint8_t)(0x80 | (b[8] & 0x3F));
  for (int i = 0, at_ = 0; i < 16; i++) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out[at_++] = '-';
    out[at_++] = "0123456789abcdef"[b[i] >> 4], out[at_++] = "0123456789abcdef"[b[i] & 15];
  }
  out[36] = 0;
}
