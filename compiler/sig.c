/* The library's signatures as types: each row of the table is read when a program first names its function. A row that cannot be read is a
 * bug of the table, which the library's own test finds; here such a row is left out. */
#include "compiler/check.h"

#include <string.h>

typedef struct scan { checker *c; const char *p; bool bad; } scan;

static void blank(scan *s) {
  while (*s->p == ' ') s->p++;
}

static str word(scan *s) {
  blank(s);
  const char *b = s->p;
  while ((*s->p >= 'a' && *s->p <= 'z') || (*s->p >= 'A' && *s->p <= 'Z') || (*s->p >= '0' && *s->p <= '9') || *s->p == '_') s->p++;
  if (s->p == b) s->bad = true;
  return (str){ b, (uint32_t)(s->p - b) };
}

static bool mark(scan *s, const char *m) {
  blank(s);
  size_t n = strlen(m);
  if (strncmp(s->p, m, n) != 0) return false;
  s->p += n;
  return true;
}

static const type *simple_named(checker *c, str w) {
  static const struct { const char *name; type_kind k; } known[] = {
    { "bool", TY_BOOL }, { "int", TY_INT }, { "number", TY_NUMBER }, { "text", TY_TEXT }, { "color", TY_COLOR }, { "date", TY_DATE },
    { "time", TY_TIME }, { "duration", TY_DURATION }, { "months", TY_MONTHS }, { "pattern", TY_PATTERN }, { "palette", TY_PALETTE },
    { "terms", TY_TERMS },
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (str_eq(w, str_z(known[i].name))) return type_simple(&c->ty, known[i].k);
  return NULL;
}

static const type *core_type(scan *s) {
  str w = word(s);
  if (s->bad) return s->c->t_err;
  if (str_eq(w, STR("list")) || str_eq(w, STR("map"))) {
    bool list = w.n == 4;
    str of = word(s);
    if (!str_eq(of, STR("of"))) s->bad = true;
    const type *e = core_type(s);
    return list ? type_list(&s->c->ty, e) : type_map(&s->c->ty, e);
  }
  const type *t = simple_named(s->c, w);
  if (t) return t;
  if (str_eq(w, STR("NUM"))) return type_var(&s->c->ty, 'N');
  if (w.n == 1) return type_var(&s->c->ty, (uint8_t)w.p[0]);
  const type_rec *r = librec_find(s->c, w);
  if (r) return type_record(&s->c->ty, r);
  s->bad = true;
  return s->c->t_err;
}

static const type *whole_type(scan *s) {
  const type *t = core_type(s);
  return mark(s, "?") ? type_opt(&s->c->ty, t) : t;
}

static void read_sig(checker *c, sig *g) {
  scan s = { c, g->b->sig, false };
  VEC(sig_param) params = { 0 };
  g->ret = c->t_err;
  if (!mark(&s, "(")) s.bad = true;
  while (!s.bad && !mark(&s, ")")) {
    if (params.n && !mark(&s, ",")) s.bad = true;
    str name = word(&s);
    if (!mark(&s, ":")) s.bad = true;
    if (!s.bad) *VEC_PUSH(c->a, &params) = (sig_param){ name, whole_type(&s) };
  }
  if (!s.bad && mark(&s, "->")) g->ret = whole_type(&s);
  else s.bad = true;
  g->params = params.v, g->nparams = s.bad ? UINT32_MAX : params.n;
}

void sigs_init(checker *c) {
  names_init(&c->builtins, c->a);
  names_init(&c->librecs, c->a);
  for (uint32_t i = c->lib->count; i > 0; i--) { /* backwards, so that chains are in the table's order */
    const builtin *b = &c->lib->table[i - 1];
    sig *g = ARENA_NEW(c->a, sig), *copy;
    g->b = b, g->index = i - 1;
    copy = names_get(&c->builtins, str_z(b->name));
    if (!copy) {
      names_put(&c->builtins, str_z(b->name), g);
      continue;
    }
    sig *rest = ARENA_NEW(c->a, sig); /* the slot's row stays where it is and takes over the earlier row */
    *rest = *copy;
    g->next = rest;
    *copy = *g;
  }
}

sig *sig_find(checker *c, str name) {
  sig *g = names_get(&c->builtins, name);
  for (sig *i = g; i && !i->ret; i = i->next) read_sig(c, i);
  return g;
}

const type_rec *librec_find(checker *c, str name) {
  type_rec *r = names_get(&c->librecs, name);
  if (r) return r;
  for (uint32_t i = 0; i < c->lib->rec_count; i++) {
    if (!str_eq(name, str_z(c->lib->recs[i].name))) continue;
    scan s = { c, c->lib->recs[i].fields, false };
    VEC(type_field) f = { 0 };
    while (!s.bad && *s.p) {
      if (f.n && !mark(&s, ",")) s.bad = true;
      str field = word(&s);
      if (!mark(&s, ":")) s.bad = true;
      if (!s.bad) *VEC_PUSH(c->a, &f) = (type_field){ field, whole_type(&s) };
      blank(&s);
    }
    if (s.bad) return NULL;
    r = ARENA_NEW(c->a, type_rec);
    *r = (type_rec){ .name = str_z(c->lib->recs[i].name), .id = UINT32_MAX, .nfields = f.n, .fields = f.v };
    names_put(&c->librecs, r->name, r);
    return r;
  }
  return NULL;
}

const type *entry_type(checker *c, const type *map) {
  str key = str_fmt(c->a, "%p", (const void *)map->elem);
  type_rec *r = names_get(&c->entries, key);
  if (!r) {
    r = ARENA_NEW(c->a, type_rec);
    *r = (type_rec){ .name = STR("Entry"), .id = UINT32_MAX, .nfields = 2, .fields = ARENA_ARRAY(c->a, type_field, 2) };
    r->fields[0] = (type_field){ STR("key"), c->t_text };
    r->fields[1] = (type_field){ STR("value"), map->elem };
    names_put(&c->entries, key, r);
  }
  return type_record(&c->ty, r);
}
