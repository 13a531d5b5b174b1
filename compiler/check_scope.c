/* Which name means what, where: locals of the unit under way, declarations of its module, names that its file imports. And what is known
 * to be present there (narrowing), since that lives and dies with the same blocks. */
#include "compiler/check.h"

#include <string.h>

void unit_open(checker *c, unit *u, decl *d, cfile *f) {
  memset(u, 0, sizeof *u);
  u->d = d, u->file = f, u->source = -1, u->outer = c->u;
  c->u = u;
}

void unit_close(checker *c, unit *u) {
  scope_pop(c, 0);
  c->u = u->outer;
}

static uint32_t bucket_of(const local *l) { return l->hash % LOCAL_BUCKETS; }

local *scope_bind(checker *c, str name, span sp, const type *t, int32_t index, local_kind k) {
  unit *u = c->u;
  local *l = VEC_PUSH(c->a, &u->scope);
  *l = (local){ .name = name, .sp = sp, .t = t, .index = index, .kind = (uint8_t)k, .hash = (uint32_t)str_hash(name) };
  l->below = u->bucket[bucket_of(l)];
  u->bucket[bucket_of(l)] = (int32_t)u->scope.n;
  return l;
}

local *scope_find(checker *c, str name) {
  unit *u = c->u;
  if (!u) return NULL;
  uint32_t h = (uint32_t)str_hash(name);
  for (int32_t i = u->bucket[h % LOCAL_BUCKETS]; i; i = u->scope.v[i - 1].below) {
    local *l = &u->scope.v[i - 1];
    if (l->hash == h && str_eq(l->name, name)) return l;
  }
  return NULL;
}

local *scope_push(checker *c, str name, span sp, const type *t, local_kind k) {
  const local *old = scope_find(c, name);
  if (old) {
    diag *g = diag_add(c->d, DIAG_NAME_SHADOWED, sp, "`%.*s` is in use here already", STR_ARG(name));
    diag_note_add(c->d, g, old->sp, "it was introduced here");
  } else if (name_is_predefined(name)) {
    diag_add(c->d, DIAG_NAME_PREDEFINED, sp, "`%.*s` is predefined and cannot be given another meaning", STR_ARG(name));
  }
  return scope_bind(c, name, sp, t, (int32_t)c->u->nlocals++, k);
}

uint32_t scope_mark(const checker *c) { return c->u->scope.n; }

void scope_pop(checker *c, uint32_t mark) {
  unit *u = c->u;
  while (u->scope.n > mark) {
    local *l = &u->scope.v[u->scope.n - 1];
    bool named = l->kind == LK_LET || l->kind == LK_PARAM;
    if (c->o->lints && named && !l->used && !type_bad(l->t) && l->name.p[0] != '_')
      diag_add(c->d, DIAG_UNUSED, l->sp, l->kind == LK_LET ? "`%.*s` is never used" : "the parameter `%.*s` is never used", STR_ARG(l->name));
    u->bucket[bucket_of(l)] = l->below;
    u->scope.n--;
  }
}

/* ---- narrowing ---- */

static void fact_add(checker *c, ir *path) {
  if (path->ty->opt && is_path(path)) *VEC_PUSH(c->a, &c->u->facts) = path;
}

void facts_when(checker *c, const ir *n, bool is) {
  if (n->kind == IR_NOT) facts_when(c, n->a, !is);
  else if ((n->kind == IR_EXISTS && is) || (n->kind == IR_IS_MISSING && !is)) fact_add(c, n->a);
  else if ((n->kind == IR_AND && is) || (n->kind == IR_OR && !is)) {
    for (uint32_t i = 0; i < n->n; i++) facts_when(c, n->v[i], is);
  } else if (n->kind == IR_IMPLIES && !is) {
    facts_when(c, n->a, true);
    facts_when(c, n->b, false);
  }
}

bool fact_holds(const checker *c, const ir *path) {
  if (!c->u || !c->u->facts.n || !is_path(path)) return false;
  for (uint32_t i = c->u->facts.n; i > 0; i--)
    if (same_path(c->u->facts.v[i - 1], path)) return true;
  return false;
}

/* ---- declarations ---- */

void dep_add(checker *c, decl *d, span sp) {
  if (!c->u || !c->u->d) return;
  decl *user = c->u->d;
  for (uint32_t i = user->deps.n, n = 0; i > 0 && n < 8; i--, n++) /* the usual repeats; the graph does not mind the rest */
    if (user->deps.v[i - 1] == d) return;
  *VEC_PUSH(c->a, &user->deps) = d;
  *VEC_PUSH(c->a, &user->dep_spans) = sp;
}

static cfile *here(checker *c) { return c->u ? c->u->file : NULL; }

decl *find_decl(checker *c, str name) {
  cfile *f = here(c);
  if (!f) return NULL;
  decl *d = names_get(&f->mod->decls, name);
  if (d) return d;
  import *i = names_get(&f->imports, name);
  if (!i || !i->d) return NULL;
  i->used = true;
  return i->d;
}

module *find_module(checker *c, str path) {
  cfile *f = here(c);
  import *i = f ? names_get(&f->imports, path) : NULL;
  if (i && i->mod && !i->d) {
    i->used = true;
    return i->mod;
  }
  return names_get(&c->modules, path);
}

decl *find_path(checker *c, str path) {
  decl *d = find_decl(c, path);
  if (d) return d;
  for (uint32_t i = path.n; i > 0; i--) {
    if (path.p[i - 1] != '.') continue;
    str prefix = { path.p, i - 1 };
    import *poison = here(c) ? names_get(&here(c)->imports, prefix) : NULL;
    if (poison && poison->d && poison->d->bad && poison->d->kind == DK_IDLE) return poison->d;
    module *m = find_module(c, prefix);
    return m ? names_get(&m->decls, (str){ path.p + i, path.n - i }) : NULL;
  }
  return NULL;
}

const char *decl_what(const decl *d) {
  switch ((decl_kind)d->kind) {
  case DK_TYPE: return "a type";
  case DK_RECORD: return "a record";
  case DK_SOURCE: return "a source";
  case DK_PALETTE: return "a palette";
  case DK_TERMS: return "a list of terms";
  case DK_LET: return "a value";
  case DK_FN: return "a function";
  case DK_EXTERN: return "an extern function";
  case DK_RULE: return "a rule";
  case DK_AUDIENCE: return "an audience";
  case DK_TABLE: return "a table";
  case DK_RULESET: return "a rule set";
  case DK_TEMPLATE: return "a template";
  case DK_EXPERIMENT: return "an experiment";
  case DK_CHOICE: return "a choice";
  case DK_IDLE: break;
  }
  return "something that this version does not run";
}

void near_decls(checker *c, strs *out, unsigned kinds) {
  cfile *f = here(c);
  if (!f || c->suggestions >= 200) return;
  for (uint32_t i = 0; i < f->mod->list.n; i++)
    if (kinds >> f->mod->list.v[i]->kind & 1) *VEC_PUSH(c->a, out) = f->mod->list.v[i]->name;
  for (uint32_t i = 0; i < f->list.n; i++)
    if (!f->list.v[i]->d || kinds >> f->list.v[i]->d->kind & 1) *VEC_PUSH(c->a, out) = f->list.v[i]->name;
  if (kinds >> DK_SOURCE & 1) builtin_near(c, out);
}

void near_locals(checker *c, strs *out) {
  if (!c->u || c->suggestions >= 200) return;
  for (uint32_t i = 0; i < c->u->scope.n; i++) *VEC_PUSH(c->a, out) = c->u->scope.v[i].name;
}

decl *need_path(checker *c, const ast *path, const char *what, unsigned kinds, diag_code code) {
  decl *d = find_path(c, path->text);
  if (d && (kinds >> d->kind & 1 || d->kind == DK_IDLE)) return d;
  if (d) {
    diag *g = diag_add(c->d, DIAG_NAME_KIND, path->sp, "`%.*s` is %s; %s is expected here", STR_ARG(path->text), decl_what(d), what);
    diag_note_add(c->d, g, d->node->name_sp, "it is declared here");
    return NULL;
  }
  diag *g = diag_add(c->d, code, path->sp, "there is no `%.*s`; %s is expected here", STR_ARG(path->text), what);
  strs near = { 0 };
  near_decls(c, &near, kinds);
  str likely = check_suggest(c, g, path->sp, path->text, &near);
  d = likely.n ? find_path(c, likely) : NULL;
  return d && kinds >> d->kind & 1 ? d : NULL;
}
