/* The data of a run as a whole: which source is which table or file, opening, failures, counts. */
#include <stdio.h>
#include <string.h>

#include "runtime/src_priv.h"

/* ---- failures and issues ---- */

void src_fail(src_data *d, diag_code code, const char *fmt, ...) {
  va_list ap;
  if (d->failed) return; /* what follows from the first one says less */
  va_start(ap, fmt);
  vsnprintf(d->failure_text, sizeof d->failure_text - 16, fmt, ap);
  va_end(ap);
  size_t n = strlen(d->failure_text);
  snprintf(d->failure_text + n, sizeof d->failure_text - n, " [%s]", diag_table[code].code);
  d->failure = str_z(d->failure_text);
  d->failure_code = code;
  d->failed = true;
}

void src_fail_sql(src_data *d, sql_db *db, const src_state *s, const char *what) {
  diag_code code;
  str why = str_z(sql_why(db, &code));
  bool spill = db == d->spill;
  if (spill) code = DIAG_DATA_SPILL;
  if (spill) src_fail(d, code, "temporary space cannot be used: %.*s", STR_ARG(why));
  else if (s) src_fail(d, code, "`%.*s` in `%.*s`: %s: %.*s", STR_ARG(s->table), STR_ARG(src_db_path(d, s)), what, STR_ARG(why));
  else src_fail(d, code, "the database `%.*s`: %s: %.*s", STR_ARG(d->c.db), what, STR_ARG(why));
}

src_issue src_issue_of(const src_data *d, const src_state *s, diag_code code) {
  src_issue i = { .code = code, .sev = diag_table[code].sev, .source = s ? s->index : UINT32_MAX, .field = -1 };
  i.file = s && s->kind == SK_FILE ? s->file.path : src_db_path(d, s);
  return i;
}

void src_tell(src_data *d, const src_issue *i) {
  if (d->c.issue) d->c.issue(d->c.ud, i);
}

str src_failure(const src_data *d) { return d->failure; }
diag_code src_failure_code(const src_data *d) { return d->failure_code; }

/* ---- which source is what ---- */

bool src_in_state(const prog_source *s) {
  str prefix = SRC_STATE;
  return s->name.n > prefix.n && s->name.p[prefix.n] == '.' && !memcmp(s->name.p, prefix.p, prefix.n);
}

str src_db_path(const src_data *d, const src_state *s) { return s && src_in_state(s->ps) ? d->state_path : d->c.db; }

static str last_part(str s) {
  for (uint32_t i = s.n; i; i--)
    if (s.p[i - 1] == '.') return (str){ s.p + i, s.n - i };
  return s;
}

/* The source a binding names, -1 none, -2 several. */
static int32_t source_named(const ir_program *p, str name) {
  int32_t found = -1;
  for (uint32_t i = 0; i < p->nsources; i++) {
    if (str_eq(p->sources[i]->name, name)) return (int32_t)i;
    if (str_eq(last_part(p->sources[i]->name), name)) found = found == -1 ? (int32_t)i : -2;
  }
  return found;
}

static bool bad_binding(src_data *d, str name, int32_t k) {
  const ir_program *p = d->c.p;
  arena *a = &d->a;
  src_issue i = src_issue_of(d, NULL, DIAG_DATA_BINDING);
  str *names = ARENA_ARRAY(a, str, 2 * p->nsources + 1);
  for (uint32_t s = 0; s < p->nsources; s++) names[2 * s] = p->sources[s]->name, names[2 * s + 1] = last_part(p->sources[s]->name);
  const str *near = suggest(name, names, 2 * p->nsources);
  i.message = str_fmt(a, k == -2 ? "several sources are called `%.*s`: give the full name" : "the rules have no source `%.*s`", STR_ARG(name));
  if (near && k == -1) i.fix = str_fmt(a, "did you mean `%.*s`?", STR_ARG(*near));
  src_tell(d, &i);
  src_fail(d, DIAG_DATA_BINDING, "%.*s", STR_ARG(i.message));
  return false;
}

static bool bind_sources(src_data *d) {
  bool ok = true;
  for (uint32_t b = 0; b < d->c.nbindings; b++) {
    if (str_eq(d->c.bindings[b].source, SRC_STATE)) {
      d->state_path = d->c.bindings[b].file;
      continue;
    }
    int32_t k = source_named(d->c.p, d->c.bindings[b].source);
    if (k < 0) { ok = bad_binding(d, d->c.bindings[b].source, k); continue; }
    src_state *s = &d->s[k];
    if (s->binding) {
      src_fail(d, DIAG_DATA_BINDING, "the source `%.*s` is given twice", STR_ARG(s->ps->name));
      ok = false;
    }
    for (uint32_t earlier = 0; earlier < b; earlier++)
      if (str_eq(d->c.bindings[b].file, STR("-")) && str_eq(d->c.bindings[earlier].file, STR("-"))) {
        src_fail(d, DIAG_DATA_BINDING, "standard input can feed one source, not both `%.*s` and `%.*s`", STR_ARG(d->c.bindings[earlier].source),
                 STR_ARG(d->c.bindings[b].source));
        ok = false;
      }
    s->binding = &d->c.bindings[b];
    s->kind = SK_FILE;
  }
  for (uint32_t i = 0; i < d->c.p->nsources; i++) {
    src_state *s = &d->s[i];
    bool table = src_in_state(s->ps) ? d->state_path.n > 0 : s->ps->from.n && d->c.db.n;
    if (s->kind == SK_NONE && table) s->kind = SK_TABLE;
  }
  return ok;
}

static void select_fields(src_data *d, src_state *s) {
  uint32_t n = s->pr->shape.nfields;
  s->sel = ARENA_ARRAY(&d->a, bool, n + 1);
  s->ix = ARENA_ARRAY(&d->a, src_ix, n + 1);
  const bool *want = d->c.fields ? d->c.fields[s->index] : NULL;
  for (uint32_t f = 0; f < n; f++) s->sel[f] = !want || want[f] || s->pr->fields[f].key || s->pr->fields[f].unique;
  for (uint32_t k = 0; k < s->pr->shape.nkeys; k++) s->sel[s->pr->shape.keys[k]] = true;
  for (uint32_t k = 0; k < s->ps->nindexes; k++) s->sel[s->ps->indexes[k]] = true;
}

/* ---- files ---- */

static void column_twice(src_data *d, src_state *s, uint32_t c) {
  src_issue i = src_issue_of(d, s, DIAG_DATA_CSV);
  i.line = 1, i.col = s->file.header_col[c], i.column = s->file.header[c];
  i.message = str_fmt(&d->a, "the header names the column `%.*s` twice", STR_ARG(s->file.header[c]));
  src_tell(d, &i);
}

/* `id;title;width`, said once instead of for each column that is not found. */
static bool one_cell(src_data *d, src_state *s) {
  const src_file *f = &s->file;
  str h = f->ncells == 1 ? f->header[0] : (str){ "", 0 };
  bool semicolons = h.n && memchr(h.p, ';', h.n), tabs = h.n && memchr(h.p, '\t', h.n);
  if ((!semicolons && !tabs) || s->pr->shape.nfields < 2) return false;
  src_fail(d, DIAG_DATA_CSV, "the header of `%.*s` is one cell, %.*s: it is separated by %s. %s", STR_ARG(f->path), STR_ARG(src_quote(&d->a, h)),
           semicolons ? "`;`" : "tabs", semicolons ? "Save it with commas, or with tabs as a .tsv file" : "Name it .tsv");
  return true;
}

static bool csv_columns(src_data *d, src_state *s) {
  arena *a = &d->a;
  const prog_record *pr = s->pr;
  src_file *f = &s->file;
  if (one_cell(d, s)) return false;
  uint32_t errors = 0;
  bool *seen = ARENA_ARRAY(a, bool, pr->shape.nfields + 1);
  f->field_of = ARENA_ARRAY(a, int32_t, f->ncells + 1);
  for (uint32_t c = 0; c < f->ncells; c++) {
    f->field_of[c] = -1;
    for (uint32_t k = 0; k < pr->shape.nfields; k++)
      if (str_eq(pr->fields[k].column, f->header[c])) {
        f->field_of[c] = (int32_t)k;
        if (seen[k]) column_twice(d, s, c), errors++;
        seen[k] = true;
      }
    if (f->field_of[c] >= 0) continue;
    if (!pr->exact) { s->ignored_columns++; continue; }
    src_issue i = src_issue_of(d, s, DIAG_DATA_UNDECLARED);
    i.line = 1, i.col = f->header_col[c], i.column = f->header[c], i.decl = pr->sp;
    i.message = str_fmt(a, "the file has a column `%.*s` that `%.*s` does not declare, and the record is exact", STR_ARG(f->header[c]), STR_ARG(pr->name));
    src_tell(d, &i);
  }
  for (uint32_t k = 0; k < pr->shape.nfields; k++) {
    const prog_field *pf = &pr->fields[k];
    if (seen[k]) continue;
    src_issue i = src_issue_of(d, s, pf->has_default ? DIAG_DATA_DEFAULTED : DIAG_DATA_NO_COLUMN);
    i.line = 1, i.col = 1, i.field = (int32_t)k, i.column = pf->column, i.decl = pf->sp;
    i.message = str_fmt(a, "the header has no column `%.*s` for the field `%.*s`%s", STR_ARG(pf->column), STR_ARG(pf->name),
                        pf->has_default ? "; every row has its default" : "");
    str *names = ARENA_ARRAY(a, str, f->ncells + 1);
    uint32_t n = 0;
    for (uint32_t c = 0; c < f->ncells; c++)
      if (f->field_of[c] < 0) names[n++] = f->header[c];
    const str *near = suggest(pf->column, names, n);
    if (near) i.fix = src_from_fix(a, pf, *near);
    src_tell(d, &i);
    if (!pf->has_default) errors++;
  }
  if (errors) src_fail(d, DIAG_DATA_NO_COLUMN, "`%.*s` does not fit the record `%.*s`: %u %s", STR_ARG(f->path), STR_ARG(pr->name), errors,
                       errors == 1 ? "column" : "columns");
  return !errors;
}

static bool open_file(src_data *d, src_state *s) {
  str why = { 0 };
  diag_code code = DIAG_DATA_UNREADABLE;
  if (!file_open(&s->file, d->m, &d->a, s->binding->file, s->binding->pointer, d->c.by_ext, d->c.tmp_dir, &code, &why)) {
    src_fail(d, code, "%.*s", STR_ARG(why));
    return false;
  }
  bool csv = s->file.format == FMT_CSV || s->file.format == FMT_TSV;
  return !csv || csv_columns(d, s);
}

bool src_ready(src_data *d, src_state *s) {
  if (s->opened) return true;
  if (s->open_failed) {
    src_fail(d, DIAG_DATA_UNBOUND, "the source `%.*s` could not be opened", STR_ARG(s->ps->name));
    return false;
  }
  s->open_failed = true; /* until it has worked, also when memory ends meanwhile */
  bool ok = false;
  switch (s->kind) {
  case SK_NONE: {
    src_issue i = src_issue_of(d, s, DIAG_DATA_UNBOUND);
    i.decl = s->ps->sp;
    i.message = str_fmt(&d->a, "the source `%.*s` has no data", STR_ARG(s->ps->name));
    str short_name = last_part(s->ps->name);
    i.fix = src_in_state(s->ps) ? str_fmt(&d->a, "name the state file with --state FILE")
            : s->ps->from.n ? str_fmt(&d->a, "give a database with --db, or a file with --source %.*s=FILE", STR_ARG(short_name))
                          : str_fmt(&d->a, "give a file with --source %.*s=FILE", STR_ARG(short_name));
    src_tell(d, &i);
    src_fail(d, DIAG_DATA_UNBOUND, "%.*s; %.*s", STR_ARG(i.message), STR_ARG(i.fix));
    break;
  }
  case SK_TABLE: ok = schema_open(d, s); break;
  case SK_FILE: ok = open_file(d, s); break;
  }
  s->opened = ok, s->open_failed = !ok;
  return ok;
}

/* ---- life ---- */

static bool open_one(src_data *d, sql_db **out, str path, bool snapshot) {
  diag_code code;
  str why;
  if (!path.n) return true;
  *out = sql_open(&d->scratch, path, snapshot, &code, &why);
  if (!*out) src_fail(d, code, "%.*s", STR_ARG(why));
  return *out;
}

static int64_t version_of(src_data *d) { return (d->watch ? sql_data_version(d->watch) : 0) + (d->state_watch ? sql_data_version(d->state_watch) : 0); }

/* The version that the snapshots have: the database's and the state file's belong together. */
static bool open_database(src_data *d) {
  bool state = false; /* a snapshot that nobody reads would only keep the state's log from being merged */
  for (uint32_t i = 0; i < d->c.p->nsources; i++) state |= d->s[i].kind == SK_TABLE && src_in_state(d->s[i].ps);
  if (!state) d->state_path = (str){ "", 0 };
  if (!open_one(d, &d->watch, d->c.db, false) || !open_one(d, &d->state_watch, d->state_path, false)) return false;
  for (int tries = 0;; tries++) {
    d->version = version_of(d);
    if (!open_one(d, &d->db, d->c.db, true) || !open_one(d, &d->state, d->state_path, true)) return false;
    if (tries == 8 || version_of(d) == d->version) break;
    sql_close(d->db), sql_close(d->state);
    d->db = d->state = NULL;
  }
  for (uint32_t i = 0; i < d->c.p->nsources; i++) d->s[i].db = src_in_state(d->s[i].ps) ? d->state : d->db;
  return true;
}

static bool open_all(src_data *d) {
  const ir_program *p = d->c.p;
  atom_index_build(&d->atoms, &d->a, p->atoms, p->natoms);
  d->s = ARENA_ARRAY(&d->a, src_state, p->nsources + 1);
  for (uint32_t i = 0; i < p->nsources; i++) {
    src_state *s = &d->s[i];
    s->index = i, s->ps = p->sources[i], s->pr = p->records[s->ps->record], s->int_pk = -1, s->file.fd = -1;
    select_fields(d, s);
  }
  if (!look_open(d)) longjmp(*d->a.oom, ARENA_OOM);
  if (!bind_sources(d) || !open_database(d)) return false;
  bool ok = true;
  for (uint32_t i = 0; i < p->nsources; i++) {
    src_state *s = &d->s[i];
    /* hosts that feed records themselves ask for everything and mean what there is */
    if (d->c.wanted ? !d->c.wanted[i] : s->kind == SK_NONE && !s->ps->from.n) continue;
    if (!src_ready(d, s)) ok = false;
  }
  return ok;
}

int src_open(const src_config *c, src_data **out, arena *scratch, str *failure) {
  *out = NULL;
  *failure = (str){ 0 };
  src_data *d = mem_try(c->m, sizeof *d);
  if (!d) return SRC_OOM;
  *d = (src_data){ .c = *c, .m = c->m, .keys_in_memory = 1 << 20 };
  jmp_buf j;
  arena_init(&d->a, c->m, &j);
  arena_init(&d->scratch, c->m, &j);
  volatile int st = SRC_OOM;
  if (!_setjmp(j)) st = open_all(d) ? SRC_OK : SRC_FAILED;
  d->a.oom = d->scratch.oom = NULL;
  if (st == SRC_OK) {
    *out = d;
    return SRC_OK;
  }
  if (st == SRC_FAILED) { /* scratch is the caller's and may jump: copy by hand, then let go of everything */
    char *p = arena_try(scratch, (size_t)d->failure.n + 1);
    if (p) *failure = (str){ memcpy(p, d->failure.p, d->failure.n), d->failure.n };
  }
  src_close(d);
  return st;
}

void src_close(src_data *d) {
  if (!d) return;
  look_close(d);
  for (uint32_t i = 0; d->s && i < d->c.p->nsources; i++) file_close(&d->s[i].file);
  sql_close(d->db);
  sql_close(d->watch);
  sql_close(d->state);
  sql_close(d->state_watch);
  sql_close(d->spill);
  arena_free(&d->a);
  arena_free(&d->scratch);
  mem_free(d->m, d, sizeof *d);
}

/* ---- what a run wants to know ---- */

src_counts src_count(const src_data *d, uint32_t source) {
  const src_state *s = &d->s[source];
  return (src_counts){ .rows = s->rows, .ignored_columns = s->ignored_columns + s->ignored, .bad_values = s->bad };
}

int64_t src_version(src_data *d) { return version_of(d); }
int64_t src_snapshot_version(const src_data *d) { return d->version; }

/* A sample of the file tells how long its rows are; a table's rowids tell nearly how many there are. */
static int64_t estimate(src_data *d, src_state *s) {
  if (!src_ready(d, s)) return -1;
  if (s->kind == SK_TABLE) {
    if (!s->has_rowid) return -1;
    sql_stmt *st = sql_prepare(s->db, str_fmt(&d->scratch, "SELECT (SELECT max(%s) FROM %.*s) - (SELECT min(%s) FROM %.*s) + 1", s->rowid, STR_ARG(s->table_quoted),
                                              s->rowid, STR_ARG(s->table_quoted)));
    int64_t n = -1;
    if (st && sql_step(st) == SQL_ROW) n = sql_read_type(st, 0) == SQL_NULL ? 0 : sql_read_type(st, 0) == SQL_INT ? sql_read_int(st, 0) : -1;
    sql_finalize(st);
    return n;
  }
  char *p = ARENA_ARRAY(&d->scratch, char, 64 << 10);
  int64_t got = file_peek(&s->file, p, 64 << 10), lines = 0;
  if (got <= 0 || s->file.format == FMT_JSON) return got == 0 ? 0 : -1;
  for (int64_t i = 0; i < got; i++) lines += p[i] == '\n';
  int64_t size = file_size(&s->file);
  if (!lines) return 1;
  double n = (double)size * (double)lines / (double)got;
  return (int64_t)n - (s->file.format != FMT_NDJSON);
}

int64_t src_estimate(src_data *d, uint32_t source) {
  jmp_buf j, *before = d->a.oom;
  d->a.oom = d->scratch.oom = &j;
  volatile int64_t n = -1;
  if (!_setjmp(j)) {
    arena_reset(&d->scratch);
    n = estimate(d, &d->s[source]);
  }
  d->a.oom = d->scratch.oom = before;
  return n;
}
