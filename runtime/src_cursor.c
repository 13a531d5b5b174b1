/* Walking the rows of a source: a table's statement, a file's reader, or rows that were put into the spill database. The row is found first and
 * made a record second, so that helpers (indexes, key checks, `find`) read only the fields that they need. */
#include <stdlib.h>
#include <string.h>

#include "runtime/src_priv.h"

enum { TELL_MAX = 100 }; /* of one kind in one walk: the rest is counted */

src_cursor *cursor_new(src_data *d, src_state *s, bool quiet) {
  uint32_t n = s->pr->shape.nfields, cap = d->c.frame > n ? d->c.frame : n;
  src_cursor *c = mem_try(d->m, sizeof *c);
  if (!c) return NULL;
  *c = (src_cursor){ .d = d, .s = s, .quiet = quiet, .cap = cap ? cap : 1, .tape = { .m = d->m } };
  arena_init(&c->a, d->m, d->a.oom);
  c->v = mem_try(d->m, c->cap * sizeof *c->v);
  c->stt = mem_try(d->m, c->cap);
  c->cells = mem_try(d->m, (n + 1) * sizeof *c->cells);
  if (!c->v || !c->stt || !c->cells) {
    cursor_free(c);
    return NULL;
  }
  memset(c->v, 0, c->cap * sizeof *c->v);
  memset(c->stt, ST_MISSING, c->cap);
  memset(c->cells, 0, (n + 1) * sizeof *c->cells);
  c->r = (rec){ .ty = &s->pr->shape, .v = c->v, .st = c->stt, .cap = cap, .source = s->index };
  return c;
}

void cursor_free(src_cursor *c) {
  if (!c) return;
  const mem *m = c->d->m;
  uint32_t n = c->s->pr->shape.nfields;
  mem_free(m, c->seen, (c->s->nseen + 1) * SRC_SEEN * sizeof *c->seen);
  if (c->st) sql_finalize(c->st);
  if (c->db) sql_close(c->db);
  reader_close(c->rd);
  cursor_free(c->helper);
  keyset_free(c->keys);
  tape_free(&c->tape);
  arena_free(&c->a);
  mem_free(m, c->v, c->cap * sizeof *c->v);
  mem_free(m, c->stt, c->cap);
  mem_free(m, c->cells, (n + 1) * sizeof *c->cells);
  mem_free(m, c, sizeof *c);
}

int cursor_statement(src_cursor *c, sql_db *db, str sql) {
  if (c->st) sql_finalize(c->st);
  c->st = sql_prepare(db, sql);
  if (c->st) return SRC_OK;
  src_fail_sql(c->d, db, c->s, "the rows cannot be read");
  return SRC_FAILED;
}

int cursor_scan(src_cursor *c) {
  src_data *d = c->d;
  src_state *s = c->s;
  c->ordinal = 0;
  c->stored = s->stored && c->quiet; /* the walk of a run reads the source itself: it also tells what is no row at all */
  if (c->stored) return cursor_statement(c, d->spill, str_fmt(&c->a, "SELECT * FROM s%u ORDER BY pos", s->index));
  if (s->kind == SK_TABLE) {
    sql_db *db = c->db ? c->db : s->db;
    return cursor_statement(c, db, table_sql(&c->a, s, NULL, s->has_rowid ? s->rowid : NULL));
  }
  reader_close(c->rd);
  c->rd = reader_open(&s->file, d->m);
  return c->rd ? SRC_OK : SRC_OOM;
}

/* ---- rows of files in the spill database ----
 * Numbers are varints, for ten million rows of them lie on disk: cells, length of `broken`, tokens, text bytes; a token is kind and flags, length or count,
 * lines below the row's first, column. Where a token's text lies and how many tokens a value has follows from the order. */

static void put(buf *b, uint32_t x) {
  for (; x >= 0x80; x >>= 7) buf_ch(b, (char)(x | 0x80));
  buf_ch(b, (char)x);
}

static bool get(const unsigned char **p, const unsigned char *end, uint32_t *x) {
  *x = 0;
  for (uint32_t shift = 0; *p < end && shift < 35; shift += 7) {
    *x |= (uint32_t)(**p & 0x7F) << shift;
    if (!(*(*p)++ & 0x80)) return true;
  }
  return false;
}

void row_pack(buf *b, const src_row *row) {
  const tape *t = row->t;
  uint32_t nt = row->ncells ? row->ncells : t->t[row->at].skip, first = t->t[row->at].off;
  uint32_t last = row->at + nt, end = last < t->nt ? t->t[last].off : t->nb;
  put(b, row->ncells << 1 | row->untrusted), put(b, row->broken.n), put(b, nt), put(b, end - first);
  for (uint32_t i = row->at; i < last; i++) {
    const tok *k = &t->t[i];
    buf_ch(b, (char)(k->kind | k->flags << 4));
    put(b, k->n), put(b, k->line - row->line), put(b, k->col);
  }
  buf_str(b, row->broken);
  if (end > first) buf_add(b, t->b + first, end - first);
}

static bool room_for(tape *t, uint32_t tokens, uint32_t bytes) {
  if (tokens > t->ct) {
    void *q = mem_grow(t->m, t->t, t->ct * sizeof(tok), tokens * sizeof(tok));
    if (!q) return !(t->oom = true);
    t->t = q, t->ct = tokens;
  }
  if (bytes > t->cb) {
    void *q = mem_grow(t->m, t->b, t->cb, bytes);
    if (!q) return !(t->oom = true);
    t->b = q, t->cb = bytes;
  }
  return true;
}

/* Gives every container its number of tokens: one pass from the back, where those of its members are known already. */
static bool count_tokens(tape *t) {
  for (uint32_t i = t->nt; i-- > 0;) {
    tok *k = &t->t[i];
    uint32_t at = i + 1;
    if (k->kind != TK_ARRAY && k->kind != TK_OBJECT) continue;
    for (uint32_t e = 0; e < k->n; e++) {
      if (k->kind == TK_OBJECT) at++;
      if (at >= t->nt) return false;
      at += t->t[at].skip;
    }
    k->skip = at - i;
  }
  return true;
}

static bool row_unpack(src_cursor *c, str blob) {
  tape *t = &c->tape;
  const unsigned char *p = (const unsigned char *)blob.p, *end = p + blob.n;
  uint32_t ncells, broken, nt, bytes, off = 0;
  if (!get(&p, end, &ncells) || !get(&p, end, &broken) || !get(&p, end, &nt) || !get(&p, end, &bytes)) return false;
  if (nt > blob.n || bytes > blob.n || !room_for(t, nt, bytes)) return false;
  for (uint32_t i = 0; i < nt; i++) {
    tok *k = &t->t[i];
    if (p == end) return false;
    *k = (tok){ .kind = *p & 15, .flags = *p >> 4, .off = off, .skip = 1 };
    p++;
    if (!get(&p, end, &k->n) || !get(&p, end, &k->line) || !get(&p, end, &k->col)) return false;
    k->line += c->row.line;
    if (k->kind != TK_ARRAY && k->kind != TK_OBJECT) off += k->n;
  }
  t->nt = nt, t->nb = bytes;
  if ((size_t)(end - p) < (size_t)broken + bytes || off != bytes || !count_tokens(t)) return false;
  if (bytes) memcpy(t->b, p + broken, bytes);
  c->row.t = t, c->row.at = 0, c->row.ncells = ncells >> 1, c->row.untrusted = ncells & 1;
  c->row.broken = str_dup(&c->a, (str){ (const char *)p, broken });
  return true;
}

/* ---- steps ---- */

static void tell_row(src_cursor *c, diag_code code, uint32_t line, uint32_t col, str message) {
  if (c->quiet) return;
  src_issue i = src_issue_of(c->d, c->s, code);
  i.line = line, i.col = col, i.position = c->row.position, i.message = message;
  src_tell(c->d, &i);
}

static int step_file(src_cursor *c) {
  for (;;) {
    reader_error e = { .message = STR("") };
    int st = reader_next(c->rd, &c->row, &c->a, &e);
    if (st == SRC_BROKEN) {
      c->broken_rows++;
      if (c->broken_rows <= TELL_MAX) tell_row(c, e.code, e.line, e.col, e.message);
      continue;
    }
    if (st == SRC_FAILED)
      src_fail(c->d, e.code, "%.*s:%u:%u: %.*s", STR_ARG(c->s->file.path), e.line, e.col, STR_ARG(e.message));
    if (st == SRC_OK || st == SRC_DONE) {
      if (st == SRC_DONE && !file_unchanged(&c->s->file)) {
        src_fail(c->d, DIAG_DATA_CHANGED, "`%.*s` was changed while it was read", STR_ARG(c->s->file.path));
        return SRC_FAILED;
      }
      if (st == SRC_OK && c->row.broken.n && c->ragged++ < TELL_MAX) tell_row(c, DIAG_DATA_RAGGED, c->row.line, c->row.col, c->row.broken);
    }
    return st;
  }
}

int cursor_step(src_cursor *c) {
  if (c->a.used) arena_reset(&c->a);
  if (c->rd) return step_file(c);
  int rc = c->stepped ? c->rc : sql_step(c->st);
  c->stepped = false;
  if (rc == SQL_DONE) {
    if (c->s->kind == SK_TABLE && sql_moved(c->db ? c->db : c->s->db)) {
      src_fail(c->d, DIAG_DATA_CHANGED, "the database was changed while it was read, and without shared memory no snapshot can be held");
      return SRC_FAILED;
    }
    return SRC_DONE;
  }
  if (rc == SQL_ERR) {
    src_fail_sql(c->d, c->stored ? c->d->spill : c->db ? c->db : c->s->db, c->s, "a row cannot be read");
    return SRC_FAILED;
  }
  bool numbered = c->stored || c->s->has_rowid;
  c->row.position = numbered ? sql_read_int(c->st, 0) : ++c->ordinal;
  if (c->s->kind == SK_FILE) {
    c->row.line = (uint32_t)sql_read_int(c->st, 1), c->row.col = (uint32_t)sql_read_int(c->st, 2);
    if (!row_unpack(c, sql_read_str(c->st, 3))) {
      if (c->tape.oom) return SRC_OOM;
      src_fail(c->d, DIAG_DATA_SPILL, "the temporary database is damaged");
      return SRC_FAILED;
    }
  }
  return SRC_OK;
}

/* How many different names are ignored is what a reader can use; beyond some hundred the number stays. */
static void count_name(src_cursor *c, str name) {
  uint64_t h = str_hash(name) | 1;
  uint32_t i = (uint32_t)(h >> 8) % SRC_NAMES;
  for (uint32_t k = 0; k < SRC_NAMES && c->names[i] != h; k++, i = (i + 1) % SRC_NAMES)
    if (!c->names[i]) {
      if (c->ignored < SRC_NAMES / 2) c->names[i] = h, c->ignored++;
      return;
    }
}

static void undeclared_member(src_dec *dec, const prog_record *pr, str name, uint32_t line, uint32_t col) {
  src_cursor *c = dec->ud;
  if (c->quiet) return;
  if (!pr->exact) count_name(c, name);
  if (!pr->exact || c->undeclared++ >= TELL_MAX) return;
  src_issue i = src_issue_of(c->d, c->s, DIAG_DATA_UNDECLARED);
  i.line = line, i.col = col, i.position = c->row.position, i.column = name, i.decl = pr->sp;
  if (pr != dec->root) {
    i.field = (int32_t)dec->field;
    i.column = str_fmt(&c->a, "%.*s.%.*s", STR_ARG(dec->root->fields[dec->field].column), STR_ARG(name));
  }
  str *names = ARENA_ARRAY(&c->a, str, pr->shape.nfields + 1);
  for (uint32_t f = 0; f < pr->shape.nfields; f++) names[f] = pr->fields[f].column;
  const str *near = suggest(name, names, pr->shape.nfields);
  i.message = str_fmt(&c->a, "`%.*s` declares no field %.*s and is exact", STR_ARG(pr->name), STR_ARG(src_quote(&c->a, name)));
  if (near) i.fix = str_fmt(&c->a, "did you mean `%.*s`?", STR_ARG(*near));
  i.column = str_dup(&c->a, i.column);
  *VEC_PUSH(&c->a, &c->held) = i;
}

void cursor_decode(src_cursor *c, const bool *only, arena *a, rec **out) {
  src_data *d = c->d;
  src_state *s = c->s;
  if (!only) only = s->sel;
  rec *r = a ? src_new_rec(a, s->pr, 0) : &c->r;
  r->source = s->index, r->position = c->row.position, r->line = c->row.line, r->col = c->row.col;
  src_dec dec = { .p = d->c.p, .atoms = &d->atoms, .a = a ? a : &c->a, .copy = a != NULL, .root = s->pr, .undeclared = undeclared_member, .ud = c };
  if (a) memset(r->st, ST_MISSING, s->pr->shape.nfields);
  if (s->kind == SK_TABLE) table_decode(d, s, c->st, only == s->sel ? NULL : only, &dec, a ? NULL : c->cells, c->seen, a || only != s->sel ? 0 : c->plain, r);
  else if (c->row.ncells) src_rec_from_cells(&dec, s->pr, &s->file, &c->row, only, r);
  else src_rec_from_tape(&dec, s->pr, c->row.t, c->row.at, only, r);
  *out = r;
}

/* ---- the walk of a run ---- */

static jmp_buf *guard(src_data *d, src_cursor *c, jmp_buf *j) {
  jmp_buf *before = d->a.oom;
  c->a.oom = j;
  if (!c->db) d->a.oom = d->scratch.oom = j; /* a part has nothing of its data's but what never changes */
  return before;
}

static bool check_keys(const src_cursor *c) { return c->s->pr->shape.nkeys && !(c->s->kind == SK_TABLE && c->s->key_unique); }

static int start(src_data *d, uint32_t source, uint32_t part, uint32_t parts, src_cursor **volatile out) {
  src_state *s = &d->s[source];
  if (!src_ready(d, s)) return SRC_FAILED;
  src_cursor *c = *out = cursor_new(d, s, false);
  if (!c) return SRC_OOM;
  c->whole = parts <= 1;
  if (parts <= 1) {
    if (check_keys(c) && !(c->keys = keyset_new(d))) return SRC_OOM;
    return cursor_scan(c);
  }
  c->part = part;
  if (s->kind != SK_TABLE || !s->has_rowid || src_in_state(s->ps)) { /* cannot be split: part 0 has it all */
    if (part) { c->empty = true; return SRC_OK; }
    c->whole = true;
    if (check_keys(c) && !(c->keys = keyset_new(d))) return SRC_OOM;
    return cursor_scan(c);
  }
  diag_code code;
  str why;
  c->db = sql_open(&d->scratch, d->c.db, true, &code, &why);
  if (!c->db) { src_fail(d, code, "%.*s", STR_ARG(why)); return SRC_FAILED; }
  if (src_version(d) != d->version) {
    src_fail(d, DIAG_DATA_CHANGED, "the database was changed before every worker had its snapshot");
    return SRC_MOVED;
  }
  /* each by a look at one end of the table: both in one query would read it whole */
  sql_stmt *st = sql_prepare(c->db, str_fmt(&d->scratch, "SELECT (SELECT min(%s) FROM %.*s), (SELECT max(%s) FROM %.*s)", s->rowid, STR_ARG(s->table_quoted),
                                            s->rowid, STR_ARG(s->table_quoted)));
  if (!st || sql_step(st) != SQL_ROW) {
    sql_finalize(st);
    src_fail_sql(d, c->db, s, "the rows cannot be counted");
    return SRC_FAILED;
  }
  if (sql_read_type(st, 0) == SQL_NULL) c->empty = true;
  int64_t lo = sql_read_int(st, 0), hi = sql_read_int(st, 1);
  sql_finalize(st);
  __int128 n = (__int128)hi - lo + 1;
  int64_t from = (int64_t)(lo + n * part / parts), to = (int64_t)(lo + n * (part + 1) / parts - 1);
  if (from > to) c->empty = true;
  str range = str_fmt(&d->scratch, "%s BETWEEN %lld AND %lld", s->rowid, (long long)from, (long long)to);
  return cursor_statement(c, c->db, table_sql(&d->scratch, s, range.p, s->rowid));
}

/* From now on rows are read as plain ones first. */
static bool read_plain(src_cursor *c) {
  size_t bytes = (c->s->nseen + 1) * SRC_SEEN * sizeof *c->seen;
  c->seen = mem_try(c->d->m, bytes);
  if (c->seen) memset(c->seen, 0, bytes);
  return c->seen;
}

static int begin(src_data *d, uint32_t source, uint32_t part, uint32_t parts, src_cursor **out) {
  jmp_buf j, *before = d->a.oom;
  src_cursor *volatile c = NULL;
  d->a.oom = d->scratch.oom = &j;
  volatile int st = SRC_OOM;
  if (!_setjmp(j)) {
    arena_reset(&d->scratch);
    st = start(d, source, part, parts, (src_cursor **volatile)&c);
    if (st == SRC_OK && c->st && !read_plain(c)) st = SRC_OOM;
  }
  d->a.oom = d->scratch.oom = before;
  if (st != SRC_OK) {
    cursor_free(c);
    c = NULL;
  }
  *out = c;
  return st;
}

int src_walk(src_data *d, uint32_t source, src_cursor **out) { return begin(d, source, 0, 1, out); }
int src_walk_part(src_data *d, uint32_t source, uint32_t part, uint32_t parts, src_cursor **out) { return begin(d, source, part, parts, out); }

str src_key_wrong(arena *a, const rec *r, uint32_t field) {
  str name = r->ty->fields[field].name;
  for (const bad *b = r->st[field] == ST_ERR ? r->bads : NULL; b; b = b->next) {
    if (b->field != field) continue;
    return b->absent ? str_fmt(a, "`%.*s` is %s", STR_ARG(name), b->absent) : str_fmt(a, "`%.*s`: %.*s", STR_ARG(name), STR_ARG(b->message));
  }
  return str_fmt(a, "`%.*s` is missing", STR_ARG(name));
}

static void place_of_bad(src_issue *i, const rec *r, uint32_t field) {
  i->line = r->line, i->col = r->col;
  for (const bad *b = r->bads; b; b = b->next)
    if (b->field == field && b->line) i->line = b->line, i->col = b->col;
}

/* One finding for all of the key: what could not be read of it is not told once more (validate.c). */
static void null_key(src_cursor *c, const rec *r) {
  const prog_record *pr = c->s->pr;
  if (c->null_keys++ >= TELL_MAX) return;
  src_issue i = src_issue_of(c->d, c->s, DIAG_DATA_NULL_KEY);
  buf why = { .a = &c->a };
  for (uint32_t k = 0; k < pr->shape.nkeys; k++) {
    uint32_t f = pr->shape.keys[k];
    if (r->st[f] == ST_OK) continue;
    if (!why.n) i.field = (int32_t)f, i.column = pr->fields[f].column, place_of_bad(&i, r, f);
    str wrong = src_key_wrong(&c->a, r, f);
    buf_fmt(&why, "%s%.*s", why.n ? ", " : "", STR_ARG(wrong));
  }
  i.position = r->position;
  i.key = src_key_text(&c->a, c->d->c.p, r);
  str all = buf_done(&why);
  i.message = str_fmt(&c->a, "row #%lld has no key: %.*s", (long long)r->position, STR_ARG(all));
  src_tell(c->d, &i);
}

/* Told when the whole row is read, and its key with it. */
static void tell_undeclared(src_cursor *c, const rec *r) {
  for (uint32_t i = 0; i < c->held.n; i++) {
    c->held.v[i].key = src_key_text(&c->a, c->d->c.p, r);
    src_tell(c->d, &c->held.v[i]);
  }
  c->held.v = NULL, c->held.n = c->held.cap = 0;
}

static bool keys_ok(const prog_record *pr, const rec *r) {
  for (uint32_t k = 0; k < pr->shape.nkeys; k++)
    if (r->st[pr->shape.keys[k]] != ST_OK) return false;
  return true;
}

/* The next row, if nothing is to be said of any of its cells; no memory is used then. false: next() goes on with what was stepped to and read. */
static bool next_plain(src_cursor *c, rec **out) {
  const src_state *s = c->s;
  rec *r = &c->r;
  if (c->a.used) arena_reset(&c->a);
  c->rc = sql_step(c->st), c->stepped = true, c->plain = 0;
  if (c->rc != SQL_ROW) return false;
  c->row.position = s->has_rowid ? sql_read_int(c->st, 0) : c->ordinal + 1;
  if (s->int_pk >= 0) {
    r->v[s->int_pk].i = c->row.position;
    r->st[s->int_pk] = s->sel[s->int_pk] ? ST_OK : ST_MISSING;
  }
  c->plain = plain_cells(s, c->st, &c->d->atoms, c->seen, c->cells, r);
  if (c->plain < s->ncols || c->keys || s->nabsent || !keys_ok(s->pr, r)) return false;
  c->ordinal++;
  r->source = s->index, r->position = c->row.position, r->bads = NULL, r->clean = true;
  c->rows++, c->stepped = false;
  *out = r;
  return true;
}

static int next(src_cursor *c, rec **out) {
  int st = cursor_step(c);
  if (st == SRC_DONE) c->ended = true;
  if (st != SRC_OK) return st;
  rec *r;
  cursor_decode(c, NULL, NULL, &r);
  c->rows++;
  if (c->held.n) tell_undeclared(c, r);
  for (const bad *b = r->bads; b; b = b->next) c->bad++;
  if (c->s->pr->shape.nkeys) {
    if (!keys_ok(c->s->pr, r)) {
      if (!c->row.broken.n) null_key(c, r); /* of a row that does not fit the header that is said already */
    }
    else if (c->keys) {
      char local[256]; /* most keys are short: no memory of the row's is used for them */
      buf b = { .a = &c->a, .p = local, .cap = sizeof local };
      uint64_t h[2];
      src_key_of(&b, c->s->pr, r);
      src_key_hash(&b, h);
      if (!keyset_add(c->keys, h, r->position)) return SRC_FAILED;
    }
  }
  *out = r;
  return SRC_OK;
}

int src_next(src_cursor *c, rec **out) {
  if (c->empty || c->ended) { c->ended = true; return SRC_DONE; }
  if (c->seen && next_plain(c, out)) return SRC_OK;
  jmp_buf j, *before = guard(c->d, c, &j);
  volatile int st = SRC_OOM;
  if (!_setjmp(j)) st = next(c, out);
  guard(c->d, c, before);
  return st;
}

/* ---- after a walk ---- */

typedef struct twin { int64_t first, second; str key; uint32_t line, col; } twin;

static int by_position(const void *a, const void *b) {
  int64_t x = ((const twin *)a)->second, y = ((const twin *)b)->second;
  return (x > y) - (x < y);
}

/* What rows at the given positions are called and where they stand: a second walk, only when there is something to tell. */
static void name_twins(src_cursor *of, twin *t, uint32_t n, arena *a) {
  src_data *d = of->d;
  src_state *s = of->s;
  bool *only = ARENA_ARRAY(a, bool, s->pr->shape.nfields + 1);
  for (uint32_t k = 0; k < s->pr->shape.nkeys; k++) only[s->pr->shape.keys[k]] = true;
  src_cursor *c = of->helper = cursor_new(d, s, true);
  if (!c) return;
  uint32_t i = 0;
  int st = cursor_scan(c);
  while (st == SRC_OK && i < n && (st = cursor_step(c)) == SRC_OK) {
    if (c->row.position != t[i].second) continue;
    rec *r;
    cursor_decode(c, only, NULL, &r);
    str key = src_key_text(&c->a, d->c.p, r);
    for (; i < n && t[i].second == c->row.position; i++) t[i].key = str_dup(a, key), t[i].line = r->line, t[i].col = r->col;
  }
  of->helper = NULL;
  cursor_free(c);
}

static void tell_twins(src_cursor *c, keyset *k) {
  src_data *d = c->d;
  arena *a = &d->scratch;
  VEC(twin) found = { 0 };
  uint64_t h[2], last[2] = { 0, 0 };
  int64_t pos, first = 0;
  uint64_t more = 0;
  bool any = false;
  if (!keyset_sort(k)) return;
  while (keyset_next(k, h, &pos)) {
    if (!any || h[0] != last[0] || h[1] != last[1]) {
      any = true, last[0] = h[0], last[1] = h[1], first = pos;
    } else if (found.n < TELL_MAX) {
      *VEC_PUSH(a, &found) = (twin){ first, pos, { 0 }, 0, 0 };
    } else {
      more++;
    }
  }
  if (keyset_failed(k) || !found.n) return;
  qsort(found.v, found.n, sizeof *found.v, by_position);
  name_twins(c, found.v, found.n, a);
  for (uint32_t i = 0; i < found.n; i++) {
    const twin *t = &found.v[i];
    src_issue x = src_issue_of(d, c->s, DIAG_DATA_DUPLICATE_KEY);
    x.field = c->s->pr->shape.nkeys == 1 ? (int32_t)c->s->pr->shape.keys[0] : -1;
    x.position = t->second, x.key = t->key, x.line = t->line, x.col = t->col;
    x.message = str_fmt(a, "the key %.*s of row #%lld is also that of row #%lld", STR_ARG(src_quote(a, t->key)), (long long)t->second,
                        (long long)t->first);
    src_tell(d, &x);
  }
  if (more) {
    src_issue x = src_issue_of(d, c->s, DIAG_DATA_DUPLICATE_KEY);
    x.message = str_fmt(a, "%llu more rows repeat a key", (unsigned long long)more);
    src_tell(d, &x);
  }
}

static void tell_rest(src_cursor *c, diag_code code, uint64_t n, const char *what) {
  if (n <= TELL_MAX) return;
  src_issue x = src_issue_of(c->d, c->s, code);
  x.message = str_fmt(&c->d->scratch, "%llu more rows %s", (unsigned long long)(n - TELL_MAX), what);
  src_tell(c->d, &x);
}

static void finish(src_cursor *c) {
  src_data *d = c->d;
  arena_reset(&d->scratch);
  c->s->rows += c->rows, c->s->bad += c->bad;
  if (c->ignored > c->s->ignored) c->s->ignored = c->ignored;
  if (!c->ended) return;
  tell_rest(c, DIAG_DATA_NULL_KEY, c->null_keys, "have no key");
  tell_rest(c, DIAG_DATA_RAGGED, c->ragged, "do not fit the header");
  tell_rest(c, DIAG_DATA_UNDECLARED, c->undeclared, "hold members that are not declared");
  tell_rest(c, DIAG_DATA_JSON, c->broken_rows, "are no records");
  if (c->keys) tell_twins(c, c->keys);
  if (c->whole || c->part || !check_keys(c)) return;
  keyset *k = c->keys = keyset_new(d); /* parts: no worker sees every key */
  src_cursor *q = c->helper = cursor_new(d, c->s, true);
  bool ok = k && q && cursor_scan(q) == SRC_OK;
  bool *only = ARENA_ARRAY(&d->scratch, bool, c->s->pr->shape.nfields + 1);
  for (uint32_t i = 0; i < c->s->pr->shape.nkeys; i++) only[c->s->pr->shape.keys[i]] = true;
  while (ok && cursor_step(q) == SRC_OK) {
    rec *r;
    cursor_decode(q, only, NULL, &r);
    if (!keys_ok(c->s->pr, r)) continue;
    buf b = { .a = &q->a };
    uint64_t h[2];
    src_key_of(&b, c->s->pr, r);
    src_key_hash(&b, h);
    ok = keyset_add(k, h, r->position);
  }
  c->helper = NULL;
  cursor_free(q);
  if (ok) tell_twins(c, k);
}

void src_end(src_cursor *c) {
  if (!c) return;
  src_data *d = c->d;
  jmp_buf j, *before = d->a.oom;
  c->a.oom = d->a.oom = d->scratch.oom = &j;
  if (!_setjmp(j)) finish(c);
  d->a.oom = d->scratch.oom = before;
  cursor_free(c);
}

/* ---- one record by its key ---- */

/* `#12`: 12; 0 when it is none. */
static int64_t position_of(src_data *d, uint32_t nkeys, const str *keys) {
  if (nkeys != 1 || keys[0].n < 2 || keys[0].p[0] != '#') return 0;
  src_dec dec = { .p = d->c.p, .a = &d->scratch };
  static const type t_int = { .kind = TY_INT, .base = &t_int };
  val v;
  return src_from_text(&dec, &t_int, (str){ keys[0].p + 1, keys[0].n - 1 }, &v) ? v.i : 0;
}

/* The values of a key as somebody typed it; false when no record of this shape can have it. */
static bool read_key(src_data *d, const prog_record *pr, uint32_t nkeys, const str *keys, arena *a, val *want) {
  if (!pr->shape.nkeys || nkeys != pr->shape.nkeys) return false;
  src_dec dec = { .p = d->c.p, .atoms = &d->atoms, .a = a, .copy = true };
  for (uint32_t i = 0; i < nkeys; i++)
    if (!src_from_text(&dec, pr->shape.fields[pr->shape.keys[i]].type, keys[i], &want[i])) return false;
  return true;
}

/* The row at `position`, or with the key `want` when that is 0. */
static int find(src_data *d, src_state *s, int64_t position, const val *want, arena *a, src_cursor **volatile cursor, rec **out) {
  const prog_record *pr = s->pr;
  bool *only = ARENA_ARRAY(&d->scratch, bool, pr->shape.nfields + 1);
  for (uint32_t i = 0; i < pr->shape.nkeys; i++) only[pr->shape.keys[i]] = true;
  src_cursor *c = *cursor = cursor_new(d, s, true);
  if (!c) return SRC_OOM;
  int st = cursor_scan(c);
  int64_t first = 0;
  while (st == SRC_OK && (st = cursor_step(c)) == SRC_OK) {
    bool same = !position || c->row.position == position;
    if (!position) {
      rec *r;
      cursor_decode(c, only, NULL, &r);
      for (uint32_t i = 0; same && i < pr->shape.nkeys; i++) {
        uint32_t f = pr->shape.keys[i];
        const type *t = src_repr(pr->shape.fields[f].type);
        same = t && r->st[f] == ST_OK && val_eq(t, r->v[f], want[i]);
      }
    }
    if (!same) continue;
    if (first) {
      src_fail(d, DIAG_DATA_DUPLICATE_KEY, "rows #%lld and #%lld of `%.*s` both have this key; name one of them by its position: `#%lld`",
               (long long)first, (long long)c->row.position, STR_ARG(s->ps->name), (long long)first);
      return SRC_FAILED;
    }
    cursor_decode(c, NULL, a, out);
    if (position) return SRC_OK;
    first = c->row.position;
  }
  return st == SRC_DONE && first ? SRC_OK : st;
}

int src_find(src_data *d, uint32_t source, uint32_t nkeys, const str *keys, arena *a, rec **out) {
  jmp_buf j, *before = d->a.oom, *a_before = a->oom;
  src_cursor *volatile c = NULL;
  d->a.oom = d->scratch.oom = a->oom = &j;
  volatile int st = SRC_OOM;
  if (!_setjmp(j)) {
    arena_reset(&d->scratch);
    src_state *s = &d->s[source];
    st = src_ready(d, s) ? SRC_DONE : SRC_FAILED;
    val *want = ARENA_ARRAY(a, val, s->pr->shape.nkeys + 1);
    int64_t position = position_of(d, nkeys, keys);
    if (st == SRC_DONE && read_key(d, s->pr, nkeys, keys, a, want)) st = find(d, s, 0, want, a, (src_cursor **volatile)&c, out);
    if (st == SRC_DONE && position) { /* no record has this key, so that a position is meant */
      cursor_free(c), c = NULL;
      st = find(d, s, position, NULL, a, (src_cursor **volatile)&c, out);
    }
  }
  cursor_free(c);
  d->a.oom = d->scratch.oom = before, a->oom = a_before;
  return st;
}
