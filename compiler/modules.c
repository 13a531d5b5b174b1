/* Files, modules, imports, and the whole compile from parsing to the program. A module may span files and files need no order; what a file
 * imports is visible in that file only. */
#include "compiler/check.h"

#include <stdlib.h>
#include <string.h>

/* ---- modules and declarations ---- */

static module *module_get(checker *c, str name) {
  module *m = names_get(&c->modules, name);
  if (m) return m;
  m = ARENA_NEW(c->a, module);
  m->name = str_dup(c->a, name);
  names_init(&m->decls, c->a);
  names_put(&c->modules, m->name, m);
  *VEC_PUSH(c->a, &c->module_list) = m;
  return m;
}

static int decl_kind_of(const ast *n) {
  switch ((ast_kind)n->kind) {
  case AST_TYPE: return DK_TYPE;
  case AST_RECORD: return DK_RECORD;
  case AST_SOURCE: return DK_SOURCE;
  case AST_PALETTE: return DK_PALETTE;
  case AST_LET: return DK_LET;
  case AST_FN: return DK_FN;
  case AST_RULE: return DK_RULE;
  case AST_AUDIENCE: return DK_AUDIENCE;
  case AST_TERMS: return DK_TERMS;
  case AST_TABLE: return DK_TABLE;
  case AST_EXTERN: return DK_EXTERN;
  case AST_RULESET: return DK_RULESET;
  case AST_EXPERIMENT: return DK_EXPERIMENT;
  case AST_CHOOSE: return DK_CHOICE;
  case AST_TEMPLATE: return DK_TEMPLATE;
  case AST_ERROR: case AST_FILE: case AST_MODULE: case AST_IMPORT: case AST_SWATCH: case AST_TERM: case AST_ROW: case AST_ARM:
  case AST_PARAMS: case AST_PARAM: case AST_FIELD: case AST_MODIFIER: case AST_GROUP: case AST_BINDER: case AST_PATH: case AST_TYPE_NAME:
  case AST_TYPE_REF: case AST_TYPE_UNION: case AST_TYPE_LIST: case AST_TYPE_MAP: case AST_BOUND_RANGE: case AST_BOUND_CMP: case AST_BOUND_MATCH:
  case AST_CELL_ANY: case AST_CELL_MISSING: case AST_CELL_CMP: case AST_CELL_RANGE: case AST_CELL_SET: case AST_OPTION: case AST_OPTVALUE:
  case AST_REQUIRE: case AST_FORBID: case AST_FIX: case AST_FROM: case AST_OVER: case AST_BY: case AST_SLOT: case AST_PREFER: case AST_GIVEN:
  case AST_EXPECT: case AST_INT: case AST_DEC: case AST_PERCENT: case AST_RATIO: case AST_QUANTITY: case AST_COLOR: case AST_DATE: case AST_TIME:
  case AST_TEXT: case AST_RAW: case AST_INTERP: case AST_HOLE: case AST_NAME: case AST_PAREN: case AST_LIST: case AST_COMPREHENSION:
  case AST_MEMBER: case AST_CALL: case AST_ARG: case AST_INDEX: case AST_NEG: case AST_ARITH: case AST_COALESCE: case AST_CMP: case AST_IN:
  case AST_CONTAINS: case AST_MATCHES: case AST_EXISTS: case AST_IS_MISSING: case AST_PASSES: case AST_NOT: case AST_AND: case AST_OR:
  case AST_IMPLIES: case AST_QUANT: case AST_IF: case AST_TEST: case AST_WAIVE:
  case AST_KIND_COUNT: break;
  }
  return -1;
}

static void declare(checker *c, cfile *f, ast *n, int kind) {
  if (!n->name.n) return; /* waive has none */
  decl *d = ARENA_NEW(c->a, decl);
  d->kind = (uint8_t)kind, d->name = n->name, d->node = n, d->mod = f->mod, d->file = f;
  d->ty.t = c->t_err;
  d->qname = f->mod->name.n ? str_fmt(c->a, "%.*s.%.*s", STR_ARG(f->mod->name), STR_ARG(n->name)) : n->name;
  if (name_is_predefined(n->name))
    diag_add(c->d, DIAG_NAME_PREDEFINED, n->name_sp, "`%.*s` is predefined and cannot be given another meaning", STR_ARG(n->name));
  if (!names_put(&f->mod->decls, n->name, d)) {
    const decl *old = names_get(&f->mod->decls, n->name);
    diag *g = diag_add(c->d, DIAG_NAME_DUPLICATE, n->name_sp, "`%.*s` is declared twice in this module", STR_ARG(n->name));
    diag_note_add(c->d, g, old->node->name_sp, "first here, as %s", decl_what(old));
    return; /* what it contains would be reported against the first */
  }
  *VEC_PUSH(c->a, &f->mod->list) = d;
  *VEC_PUSH(c->a, &c->decls) = d;
}

static void file_module(checker *c, cfile *f) {
  const ast *found = NULL, *before = NULL;
  AST_EACH(n, f->tree) {
    if (n->kind != AST_MODULE) {
      if (!before && n->kind != AST_ERROR) before = n;
      continue;
    }
    if (found) {
      diag *g = diag_add(c->d, DIAG_MODULE_PLACE, n->sp, "a file belongs to one module, and this is its second `module` line");
      diag_note_add(c->d, g, found->sp, "the first is here");
    } else if (before) {
      diag_add(c->d, DIAG_MODULE_PLACE, n->sp, "`module` stands before every other declaration of its file");
    }
    if (!found) found = n;
  }
  f->mod = module_get(c, found && found->a ? found->a->text : (str){ "", 0 });
}

static void add_file(checker *c, const srcfile *src) {
  cfile *f = ARENA_NEW(c->a, cfile);
  f->src = src;
  f->tree = parse_file(c->a, c->d, src);
  names_init(&f->imports, c->a);
  file_module(c, f);
  *VEC_PUSH(c->a, &c->files) = f;
}

static void declare_file(checker *c, cfile *f) {
  AST_EACH(n, f->tree) {
    int kind = decl_kind_of(n);
    if (kind >= 0) declare(c, f, n, kind);
    if (n->kind == AST_TEST) *VEC_PUSH(c->a, &c->tests) = (test_decl){ f, n };
  }
}

/* ---- imports ---- */

/* Asks the host for the file of a module that none of the given files declares: acme/legal.blz, legal.blz. */
static module *load_module(checker *c, cfile *f, str name) {
  if (!c->o->load) return NULL;
  str last = name;
  char *path = (char *)(uintptr_t)str_fmt(c->a, "%.*s.blz", STR_ARG(name)).p;
  for (uint32_t i = 0; i < name.n; i++)
    if (path[i] == '.') path[i] = '/', last = (str){ name.p + i + 1, name.n - i - 1 };
  str tries[2] = { str_z(path), str_fmt(c->a, "%.*s.blz", STR_ARG(last)) };
  for (int i = 0; i < 2; i++) {
    load_request r = { .from = f->src->path, .path = tries[i], .module = true };
    const srcfile *s = c->o->load(c->o->ud, c->src, &r);
    if (!s) continue;
    add_file(c, s);
    return names_get(&c->modules, name);
  }
  return NULL;
}

static void import_put(checker *c, cfile *f, str name, module *m, decl *d, span sp) {
  import *i = ARENA_NEW(c->a, import), *old;
  *i = (import){ .name = name, .mod = m, .d = d, .sp = sp };
  if (!names_put(&f->imports, name, i)) {
    old = names_get(&f->imports, name);
    if (old->mod == m && old->d == d) return;
    diag *g = diag_add(c->d, DIAG_NAME_DUPLICATE, sp, "`%.*s` is imported twice with different meanings", STR_ARG(name));
    diag_note_add(c->d, g, old->sp, "first here");
    return;
  }
  const decl *own = names_get(&f->mod->decls, name);
  if (own && d) {
    diag *g = diag_add(c->d, DIAG_NAME_DUPLICATE, sp, "`%.*s` is imported, but this module declares it too", STR_ARG(name));
    diag_note_add(c->d, g, own->node->name_sp, "declared here");
  }
  *VEC_PUSH(c->a, &f->list) = i;
}

/* What could not be imported has been reported: its uses stay silent. */
static void import_poison(checker *c, cfile *f, str name, ast *n) {
  decl *d = ARENA_NEW(c->a, decl);
  d->kind = DK_IDLE, d->bad = true, d->name = d->qname = name, d->node = n, d->mod = f->mod, d->file = f, d->ty.t = c->t_err;
  import *i = ARENA_NEW(c->a, import);
  *i = (import){ .name = name, .d = d, .used = true };
  names_put(&f->imports, name, i);
}

static str last_part(str path) {
  for (uint32_t i = path.n; i > 0; i--)
    if (path.p[i - 1] == '.') return (str){ path.p + i, path.n - i };
  return path;
}

static void import_names(checker *c, cfile *f, const ast *n, module *m) {
  AST_EACH(i, n) {
    str name = i->text.n ? i->text : i->name;
    decl *d = names_get(&m->decls, name);
    if (d) {
      import_put(c, f, name, m, d, i->sp);
      continue;
    }
    diag *g = diag_add(c->d, DIAG_NAME_UNKNOWN, i->sp, "the module `%.*s` has no `%.*s`", STR_ARG(m->name), STR_ARG(name));
    strs near = { 0 };
    for (uint32_t k = 0; k < m->list.n && c->suggestions < 200; k++) *VEC_PUSH(c->a, &near) = m->list.v[k]->name;
    check_suggest(c, g, i->sp, name, &near);
    import_poison(c, f, name, i);
  }
}

static void one_import(checker *c, cfile *f, const ast *n) {
  str path = n->a->text;
  module *m = names_get(&c->modules, path);
  if (!m) {
    diag *g = diag_add(c->d, DIAG_MODULE_UNKNOWN, n->a->sp, "there is no module `%.*s` among the files of this run", STR_ARG(path));
    diag_note_add(c->d, g, (span){ 0, 0 }, "name the file that begins with `module %.*s`, or its folder, beside the others on the command line", STR_ARG(path));
    strs near = { 0 };
    for (uint32_t i = 0; i < c->module_list.n; i++) *VEC_PUSH(c->a, &near) = c->module_list.v[i]->name;
    check_suggest(c, g, n->a->sp, path, &near);
    import_poison(c, f, last_part(path), (ast *)(uintptr_t)n);
    AST_EACH(i, n) import_poison(c, f, i->text.n ? i->text : i->name, i);
    return;
  }
  if (n->flags & AST_LISTED) {
    import_names(c, f, n, m);
    return;
  }
  import_put(c, f, last_part(path), m, NULL, n->sp);
}

static void all_imports(checker *c) {
  for (uint32_t i = 0; i < c->files.n; i++) /* files may be added meanwhile */
    AST_EACH(n, c->files.v[i]->tree)
      if (n->kind == AST_IMPORT && n->a && n->a->kind == AST_PATH && !names_get(&c->modules, n->a->text)) load_module(c, c->files.v[i], n->a->text);
  for (uint32_t i = 0; i < c->files.n; i++) declare_file(c, c->files.v[i]);
  for (uint32_t i = 0; i < c->files.n; i++)
    AST_EACH(n, c->files.v[i]->tree)
      if (n->kind == AST_IMPORT && n->a && n->a->kind == AST_PATH) one_import(c, c->files.v[i], n);
}

module *file_declared(checker *c, const srcfile *src) {
  add_file(c, src);
  cfile *f = c->files.v[c->files.n - 1];
  declare_file(c, f);
  return f->mod;
}

void file_sees(checker *c, cfile *f, decl *d) {
  import *i = ARENA_NEW(c->a, import);
  *i = (import){ .name = d->name, .mod = d->mod, .d = d, .used = true };
  names_put(&f->imports, d->name, i);
}

/* ---- the program ---- */

static int by_name(const void *x, const void *y) {
  const prog_rule *a = *(prog_rule *const *)x, *b = *(prog_rule *const *)y;
  int k = str_cmp(a->name, b->name);
  return k ? k : (a->sp.beg > b->sp.beg) - (a->sp.beg < b->sp.beg);
}

static void number_passes(checker *c) {
  names at;
  names_init(&at, c->a);
  for (uint32_t i = 0; i < c->rules.n && (c->passes.n || c->rulesets.n); i++)
    names_put(&at, str_fmt(c->a, "%p", (void *)c->rules.v[i]), (void *)(uintptr_t)(i + 1));
  for (uint32_t i = 0; i < c->passes.n; i++)
    for (uint32_t k = 0; k < c->passes.v[i]->nrules; k++)
      c->passes.v[i]->rules[k] = (uint32_t)(uintptr_t)names_get(&at, str_fmt(c->a, "%p", (void *)c->passes_rules.v[i][k])) - 1;
  ruleset_number(c, &at);
}

/* Hands the checker's tables to the program; again after each compile_expr, which may add to them. */
static void share_tables(checker *c, ir_program *p) {
  p->types = c->ty.all.v, p->ntypes = c->ty.all.n;
  p->atoms = c->atom_list.v, p->natoms = c->atom_list.n;
  p->patterns = c->pattern_list.v, p->npatterns = c->pattern_list.n;
  p->rulesets = c->rulesets.v, p->nrulesets = c->rulesets.n;
  p->externs = c->externs.v, p->nexterns = c->externs.n;
  p->tables = c->tables.v, p->ntables = c->tables.n;
  p->terms = c->term_lists.v, p->nterms = c->term_lists.n;
  p->passes = c->passes.v, p->npasses = c->passes.n;
  p->tests = c->prog_tests.v, p->ntests = c->prog_tests.n;
}

static void finish(checker *c, ir_program *p) {
  if (c->rules.n) qsort(c->rules.v, c->rules.n, sizeof *c->rules.v, by_name);
  number_passes(c);
  waivers_number(c, p);
  p->records = c->records.v, p->nrecords = c->records.n;
  p->sources = c->sources.v, p->nsources = c->sources.n;
  uint32_t base = lambdas_number(c);
  templates_number(c, base);
  choices_number(c, base);
  experiments_number(c, base);
  p->experiments = c->experiments.v, p->nexperiments = c->experiments.n;
  p->choices = c->choices.v, p->nchoices = c->choices.n;
  p->templates = c->templates.v, p->ntemplates = c->templates.n;
  p->fns = c->fns.v, p->nfns = c->fns.n;
  p->rules = c->rules.v, p->nrules = c->rules.n;
  p->audiences = c->audiences.v, p->naudiences = c->audiences.n;
  p->modules = ARENA_ARRAY(c->a, str, c->module_list.n + 1);
  for (uint32_t i = 0; i < c->module_list.n; i++) p->modules[p->nmodules++] = c->module_list.v[i]->name;
  share_tables(c, p);
  p->front = c;
  c->sealed = true;
}

/* After an error a declaration may seem unused only because its use could not be checked; see lost.c for the others. */
static void drop_consequences(checker *c, const lost *l, uint32_t first) {
  uint32_t out = first;
  for (uint32_t i = first; i < c->d->list.n; i++) {
    diag *g = c->d->list.v[i];
    if (g->code == DIAG_UNUSED || g->code == DIAG_UNUSED_IMPORT || lost_explains(l, g)) {
      if (g->sev == SEV_ERROR) c->d->errors--;
      else if (g->sev == SEV_WARNING) c->d->warnings--;
      continue;
    }
    c->d->list.v[out++] = g;
  }
  c->d->list.n = out;
}

static checker *checker_new(arena *a, diags *d, sources *src, const compile_opts *o) {
  checker *c = ARENA_NEW(a, checker);
  compile_opts *copy = ARENA_NEW(a, compile_opts);
  *copy = *o;
  c->a = a, c->d = d, c->src = src, c->o = copy, c->lib = o->lib;
  types_init(&c->ty, a);
  names *tables[] = { &c->modules, &c->prefixes, &c->atoms, &c->patterns, &c->entries, &c->passes_names };
  for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) names_init(tables[i], a);
  c->t_err = type_simple(&c->ty, TY_ERROR), c->t_never = type_simple(&c->ty, TY_NEVER), c->t_bool = type_simple(&c->ty, TY_BOOL);
  c->t_int = type_simple(&c->ty, TY_INT), c->t_num = type_simple(&c->ty, TY_NUMBER), c->t_text = type_simple(&c->ty, TY_TEXT);
  c->t_color = type_simple(&c->ty, TY_COLOR), c->t_date = type_simple(&c->ty, TY_DATE), c->t_time = type_simple(&c->ty, TY_TIME);
  c->t_dur = type_simple(&c->ty, TY_DURATION), c->t_months = type_simple(&c->ty, TY_MONTHS);
  c->t_pattern = type_simple(&c->ty, TY_PATTERN), c->t_palette = type_simple(&c->ty, TY_PALETTE), c->t_terms = type_simple(&c->ty, TY_TERMS);
  sigs_init(c);
  return c;
}

ir_program *compile(arena *a, diags *d, sources *src, const compile_opts *o) {
  checker *c = checker_new(a, d, src, o);
  ir_program *p = c->p = ARENA_NEW(a, ir_program);
  p->a = a, p->src = src, p->lib = o->lib;
  uint32_t given = src->files.n;
  for (uint32_t i = 0; i < given; i++)
    if (!src->files.v[i]->data) add_file(c, src->files.v[i]);
  if (!c->module_list.n) module_get(c, (str){ "", 0 });
  lost *l = lost_find(c);
  c->lost = l;
  uint32_t first = d->list.n;
  all_imports(c);
  builtin_sources(c);
  declare_all(c);
  decl_list order = { 0 };
  bool acyclic = graph_check(c, &order);
  if (!d->errors && acyclic) {
    graph_renumber(c, &order);
    reads_all(c, &order);
    cost_all(c, &order);
  }
  if (!d->errors && acyclic) {
    once_all(c);
    if (o->lints) lint_scans(c, &order);
  }
  if (o->lints) lint_imports(c);
  if (d->errors) drop_consequences(c, l, first);
  diags_sort(d);
  if (d->errors) return NULL;
  finish(c, p);
  return p;
}

ir *compile_expr(arena *a, diags *d, ir_program *p, const srcfile *f, str mod, uint32_t *nlocals) {
  checker *c = p->front;
  uint32_t errors = d->errors;
  ast *n = parse_expr(a, d, f);
  if (!c) {
    diag_add(d, DIAG_NO_FRONT, n ? n->sp : (span){ 0, 0 }, "a bundle holds no declarations by name, so expressions cannot be compiled against it");
    return NULL;
  }
  if (!n || d->errors != errors) return NULL;
  diags *outer = c->d;
  sources *src = c->src;
  c->d = d, c->depth = 0;
  if (d->src) c->src = d->src;
  cfile file = { .src = f, .mod = mod.n ? names_get(&c->modules, mod) : NULL };
  if (!file.mod) file.mod = c->module_list.v[0];
  unit u;
  unit_open(c, &u, NULL, &file);
  ex e = check_expr(c, n);
  *nlocals = u.nlocals;
  unit_close(c, &u);
  c->d = outer, c->src = src;
  if (d->errors != errors || ex_isbad(e)) return NULL;
  number_passes(c);
  share_tables(c, p);
  return e.n;
}
