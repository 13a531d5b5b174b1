/* Programs of records and sources for the tests of the data sources, built from a few words, without rules or a compiler:
 *   model_record(&m, "Asset", "id text key; title text?; kind \"a\"|\"b\"; width int default 5; tags list text split ,; size {Size}; camp ->1")
 * and what the tests share: files, databases, collected issues. */
#ifndef TESTS_RUNTIME_SRC_MODEL_H
#define TESTS_RUNTIME_SRC_MODEL_H
#include "base/civil.h"
#include "runtime/source.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct model {
  arena a;
  jmp_buf oom;
  ir_program p;
  prog_record *records[8];
  prog_source *sources[8];
  const text *atoms[32];
  prog_record rec_at[8];
  prog_source src_at[8];
} model;

static inline const text *model_atom(model *m, str s) {
  for (uint32_t i = 0; i < m->p.natoms; i++)
    if (str_eq(str_of(m->atoms[i]), s)) return m->atoms[i];
  text *t = ARENA_NEW(&m->a, text);
  *t = text_of(str_dup(&m->a, s));
  m->atoms[m->p.natoms++] = t;
  t->atom = m->p.natoms;
  return t;
}

static inline void model_init(model *m, const mem *mm) {
  memset(m, 0, sizeof *m);
  arena_init(&m->a, mm, NULL);
  m->p.a = &m->a, m->p.records = m->records, m->p.sources = m->sources, m->p.atoms = m->atoms;
}

static inline const type *model_type(model *m, str w) {
  type *t = ARENA_NEW(&m->a, type);
  t->base = t;
  if (w.p[w.n - 1] == '?') {
    const type *b = model_type(m, (str){ w.p, w.n - 1 });
    *t = *b, t->opt = true, t->base = b;
    return t;
  }
  static const struct { const char *name; type_kind kind; } simple[] = {
    { "bool", TY_BOOL }, { "int", TY_INT }, { "number", TY_NUMBER }, { "text", TY_TEXT }, { "color", TY_COLOR }, { "date", TY_DATE }, { "time", TY_TIME },
    { "duration", TY_DURATION } };
  for (size_t i = 0; i < sizeof simple / sizeof *simple; i++)
    if (str_eq(w, str_z(simple[i].name))) { t->kind = (uint8_t)simple[i].kind; return t; }
  if (w.n > 5 && !memcmp(w.p, "list:", 5)) {
    t->kind = TY_LIST, t->elem = model_type(m, (str){ w.p + 5, w.n - 5 });
  } else if (w.n > 4 && !memcmp(w.p, "map:", 4)) {
    t->kind = TY_MAP, t->elem = model_type(m, (str){ w.p + 4, w.n - 4 });
  } else if (w.p[0] == '{') { /* {N}: record N */
    t->kind = TY_RECORD, t->rec = &m->rec_at[w.p[1] - '0'].shape;
  } else if (w.p[0] == '-') { /* ->N: source N */
    t->kind = TY_REF, t->source = (uint32_t)(w.p[2] - '0'), t->rec = &m->rec_at[m->src_at[t->source].record].shape;
  } else { /* a|b|c */
    const text **lits = ARENA_ARRAY(&m->a, const text *, 16);
    t->kind = TY_UNION;
    for (const char *p = w.p, *end = w.p + w.n; p <= end;) {
      const char *q = memchr(p, '|', (size_t)(end - p));
      if (!q) q = end;
      lits[t->nlits++] = model_atom(m, (str){ p, (uint32_t)(q - p) });
      p = q + 1;
    }
    t->lits = lits;
  }
  return t;
}

static inline str model_word(const char **p) {
  while (**p == ' ') ++*p;
  const char *b = *p;
  while (**p && **p != ' ' && **p != ';') ++*p;
  return (str){ b, (uint32_t)(*p - b) };
}

/* Fields: NAME TYPE [key] [unique] [intern] [from COLUMN] [split D] [default INT|TEXT], separated by ;. Types: int, list:text, map:int, {N}, ->N, a|b. */
static inline uint32_t model_record(model *m, const char *name, const char *fields) {
  uint32_t id = m->p.nrecords++;
  prog_record *r = m->records[id] = &m->rec_at[id];
  r->name = str_z(name), r->fields = ARENA_ARRAY(&m->a, prog_field, 64);
  type_field *tf = ARENA_ARRAY(&m->a, type_field, 64);
  uint16_t *keys = ARENA_ARRAY(&m->a, uint16_t, 8);
  r->shape = (type_rec){ .name = r->name, .id = id, .fields = tf, .keys = keys };
  for (const char *p = fields; *p;) {
    uint16_t i = (uint16_t)r->shape.nfields++;
    prog_field *f = &r->fields[i];
    f->name = f->column = model_word(&p);
    f->type = model_type(m, model_word(&p));
    for (str w = model_word(&p); w.n; w = model_word(&p)) {
      if (str_eq(w, STR("key"))) f->key = true, keys[r->shape.nkeys++] = i;
      else if (str_eq(w, STR("unique"))) f->unique = true;
      else if (str_eq(w, STR("intern"))) f->intern = true;
      else if (str_eq(w, STR("from"))) f->column = model_word(&p);
      else if (str_eq(w, STR("split"))) f->split = model_word(&p);
      else if (str_eq(w, STR("default"))) {
        str v = model_word(&p);
        f->has_default = true;
        if (f->type->kind == TY_INT) f->def.i = atoi(v.p);
        else f->def.t = model_atom(m, v);
      }
    }
    tf[i] = (type_field){ f->name, f->type };
    while (*p == ';' || *p == ' ') p++;
  }
  return id;
}

static inline uint32_t model_source(model *m, const char *name, uint32_t record, const char *from) {
  uint32_t i = m->p.nsources++;
  m->src_at[i] = (prog_source){ .name = str_z(name), .record = record, .from = str_z(from) };
  m->sources[i] = &m->src_at[i];
  return i;
}

/* ---- a place for files, and what was told ---- */

typedef struct told { diag_code code; severity sev; uint32_t line, col; int64_t position; char message[400], fix[300], key[100], column[60]; } told;

typedef struct world {
  model m;
  arena a, eval;
  char dir[64];
  src_config c;
  src_binding bindings[4];
  src_data *d;
  str failure;
  told told[300];
  uint32_t ntold;
} world;

static inline void world_issue(void *ud, const src_issue *i) {
  world *w = ud;
  if (w->ntold == 300) return;
  told *t = &w->told[w->ntold++];
  t->code = i->code, t->sev = i->sev, t->line = i->line, t->col = i->col, t->position = i->position;
  snprintf(t->message, sizeof t->message, "%.*s", STR_ARG(i->message));
  snprintf(t->fix, sizeof t->fix, "%.*s", STR_ARG(i->fix));
  snprintf(t->key, sizeof t->key, "%.*s", STR_ARG(i->key));
  snprintf(t->column, sizeof t->column, "%.*s", STR_ARG(i->column));
}

static inline void world_init(world *w) {
  memset(w, 0, sizeof *w);
  model_init(&w->m, &mem_libc);
  arena_init(&w->a, &mem_libc, NULL);
  arena_init(&w->eval, &mem_libc, NULL);
  const char *tmp = getenv("TMPDIR");
  snprintf(w->dir, sizeof w->dir, "%.40s/blz-src-XXXXXX", tmp ? tmp : "/tmp");
  if (!mkdtemp(w->dir)) abort();
  w->c = (src_config){ .p = &w->m.p, .m = &mem_libc, .by_ext = true, .issue = world_issue, .ud = w, .bindings = w->bindings };
}

static inline void world_close(world *w) {
  src_close(w->d);
  w->d = NULL;
}

static inline void world_free(world *w) {
  world_close(w);
  arena_free(&w->a), arena_free(&w->eval), arena_free(&w->m.a);
  char cmd[128];
  snprintf(cmd, sizeof cmd, "rm -rf '%s'", w->dir);
  if (system(cmd)) abort();
}

static inline str world_path(world *w, const char *name) { return str_fmt(&w->a, "%s/%s", w->dir, name); }

static inline str world_file(world *w, const char *name, str text) {
  str path = world_path(w, name);
  FILE *f = fopen(path.p, "wb");
  if (!f || fwrite(text.p, 1, text.n, f) != text.n || fclose(f)) abort();
  return path;
}

static inline void world_bind(world *w, const char *source, str file, const char *pointer) {
  w->bindings[w->c.nbindings++] = (src_binding){ str_z(source), file, str_z(pointer) };
}

static inline int world_open(world *w) { return src_open(&w->c, &w->d, &w->a, &w->failure); }

static inline bool said(const world *w, diag_code code, const char *part) {
  for (uint32_t i = 0; i < w->ntold; i++)
    if (w->told[i].code == code && (strstr(w->told[i].message, part) || strstr(w->told[i].fix, part))) return true;
  return false;
}

/* All rows as text, "id=A-1 width=5 title=? kind=!; ..." with ? missing and !(message) bad: one string to compare. */
static inline void row_print(buf *b, const rec *r) {
  for (uint32_t f = 0; f < r->ty->nfields; f++) {
    if (f) buf_ch(b, ' ');
    buf_str(b, r->ty->fields[f].name);
    buf_ch(b, '=');
    if (r->st[f] == ST_OK) val_print(b, r->ty->fields[f].type, r->v[f], false);
    else buf_ch(b, r->st[f] == ST_MISSING ? '?' : '!');
  }
  for (const bad *x = r->bads; x; x = x->next) buf_fmt(b, " [%.*s@%u:%u: %.*s]", STR_ARG(r->ty->fields[x->field].name), x->line, x->col, STR_ARG(x->message));
}

static inline const char *walk_text(world *w, uint32_t source) {
  buf b = { .a = &w->a };
  src_cursor *c;
  int st = src_walk(w->d, source, &c);
  if (st != SRC_OK) return str_fmt(&w->a, "walk: %d %.*s", st, STR_ARG(src_failure(w->d))).p;
  rec *r;
  while ((st = src_next(c, &r)) == SRC_OK) {
    row_print(&b, r);
    buf_ch(&b, '\n');
  }
  if (st != SRC_DONE) buf_fmt(&b, "next: %d %.*s\n", st, STR_ARG(src_failure(w->d)));
  src_end(c);
  return buf_done(&b).p;
}

/* The same by way of the host's look-ups. */
static inline const char *host_text(world *w, const host *h, uint32_t source) {
  buf b = { .a = &w->a };
  struct host_cursor *c;
  const rec *r;
  if (h->open(h->ud, source, -1, (val){ .i = 0 }, false, &c) != HOST_FOUND) return str_fmt(&w->a, "open: %.*s", STR_ARG(h->failure(h->ud))).p;
  while (h->next(h->ud, c, false, &r) == HOST_FOUND) {
    row_print(&b, r);
    buf_ch(&b, '\n');
  }
  h->close(h->ud, c);
  return buf_done(&b).p;
}

#endif
