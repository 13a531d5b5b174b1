/* Declarations without rules: shapes of records and sources, palettes, values, functions. Order matters here: first every shape gets
 * its place, so that records and sources may name each other; then fields; then whatever has an expression. */
#include "compiler/check.h"

bool name_is_predefined(str name) {
  return str_eq(name, STR("true")) || str_eq(name, STR("false")) || str_eq(name, STR("now")) || str_eq(name, STR("today"));
}

/* ---- records ---- */

static ast *modifier(const ast *field, enum ast_op op) {
  AST_EACH(m, field)
    if (m->op == op) return m;
  return NULL;
}

static bool can_be_key(const type *t) {
  type_kind k = t->kind;
  return k == TY_TEXT || k == TY_UNION || k == TY_INT || k == TY_DATE || k == TY_TIME || k == TY_REF || k == TY_ERROR;
}

static void field_default(checker *c, prog_field *f, const ast *m) {
  ex e = check_constant(c, m->a);
  if (ex_isbad(e)) return;
  bool ok;
  ex k = check_coerce(c, e, f->type, &ok);
  if (ok && ir_is(k.n, IR_CONST)) {
    f->has_default = true;
    f->def = k.n->k;
    return;
  }
  str t = type_str(c, f->type->base);
  diag_add(c->d, DIAG_FIELD_MODIFIER, m->a->sp, "the default of `%.*s` is no %.*s", STR_ARG(f->name), STR_ARG(t));
}

static void field_modifiers(checker *c, prog_field *f, const ast *n) {
  const type *t = f->type;
  const ast *m;
  unsigned seen = 0;
  AST_EACH(i, n) {
    if (i->kind != AST_MODIFIER) continue;
    if (seen >> i->op & 1) diag_add(c->d, DIAG_FIELD_MODIFIER, i->sp, "this stands here twice");
    seen |= 1u << i->op;
  }
  if ((m = modifier(n, MOD_FROM)) && m->a) f->column = str_dup(c->a, m->a->text);
  if ((m = modifier(n, MOD_KEY))) {
    f->key = true;
    if (t->opt) diag_add(c->d, DIAG_FIELD_MODIFIER, m->sp, "a key is never missing: `%.*s` cannot be optional", STR_ARG(f->name));
    else if (!can_be_key(t)) {
      str s = type_str(c, t);
      diag_add(c->d, DIAG_FIELD_MODIFIER, m->sp, "%.*s cannot be a key; text, int, date, time and references can", STR_ARG(s));
    }
  }
  if ((m = modifier(n, MOD_UNIQUE))) {
    f->unique = true;
    if (!can_be_key(t) && t->kind != TY_COLOR && t->kind != TY_NUMBER && t->kind != TY_DURATION) {
      str s = type_str(c, t);
      diag_add(c->d, DIAG_FIELD_MODIFIER, m->sp, "`unique` is for single values, not for %.*s", STR_ARG(s));
      f->unique = false;
    }
  }
  if ((m = modifier(n, MOD_SPLIT)) && m->a) {
    const type *e = t->kind == TY_LIST ? t->elem : NULL;
    if (t->kind == TY_ERROR) return;
    if (!e || e->kind == TY_LIST || e->kind == TY_MAP || e->kind == TY_RECORD)
      diag_add(c->d, DIAG_FIELD_MODIFIER, m->sp, "`split` is for lists of single values kept as one text");
    else if (!m->a->text.n) diag_add(c->d, DIAG_FIELD_MODIFIER, m->a->sp, "the delimiter is empty");
    else f->split = str_dup(c->a, m->a->text);
  }
  if ((m = modifier(n, MOD_DEFAULT)) && m->a) field_default(c, f, m);
}

static void record_cycle(checker *c, decl *d) {
  if (!d->bad) diag_add(c->d, DIAG_CYCLE, d->node->name_sp, "the record `%.*s` contains itself", STR_ARG(d->name));
  d->bad = true;
}

static decl *nested_record(checker *c, const type *t) {
  while (t->kind == TY_LIST || t->kind == TY_MAP) t = t->elem;
  return t->kind == TY_RECORD && t->rec->id < c->record_decls.n ? c->record_decls.v[t->rec->id] : NULL;
}

/* Records within records, depth first without recursion of C: a chain may be as long as the file. */
static void record_cycles(checker *c) {
  typedef struct frame { decl *d; uint32_t next; } frame;
  VEC(frame) stack = { 0 };
  for (uint32_t i = 0; i < c->record_decls.n; i++) {
    if (c->record_decls.v[i]->mark) continue;
    c->record_decls.v[i]->mark = 1;
    *VEC_PUSH(c->a, &stack) = (frame){ c->record_decls.v[i], 0 };
    while (stack.n) {
      frame *f = &stack.v[stack.n - 1];
      if (f->next == f->d->record->shape.nfields) {
        f->d->mark = 2;
        stack.n--;
        continue;
      }
      decl *in = nested_record(c, f->d->record->fields[f->next++].type);
      if (in && in->mark == 1) record_cycle(c, in);
      if (in && !in->mark) {
        in->mark = 1;
        *VEC_PUSH(c->a, &stack) = (frame){ in, 0 };
      }
    }
  }
}

/* One value goes to one field: the other would silently stay missing. */
static void column_once(checker *c, names *columns, const prog_field *all, uint32_t n, const prog_field *f) {
  if (names_put(columns, f->column, (void *)(uintptr_t)(n + 1))) return;
  const prog_field *other = &all[(uint32_t)(uintptr_t)names_get(columns, f->column) - 1];
  diag *g = diag_add(c->d, DIAG_FIELD_MODIFIER, f->sp, "`%.*s` and `%.*s` both read the column \"%.*s\", which fills one field only", STR_ARG(other->name),
                     STR_ARG(f->name), STR_ARG(f->column));
  diag_note_add(c->d, g, other->sp, "the other one is here");
}

void record_decl(checker *c, decl *d) {
  prog_record *r = d->record;
  unit u;
  unit_open(c, &u, NULL, d->file);
  VEC(prog_field) fields = { 0 };
  VEC(refine *) refines = { 0 };
  VEC(uint16_t) keys = { 0 };
  names columns;
  names_init(&d->fields, c->a), names_init(&columns, c->a);
  AST_EACH(n, d->node) {
    if (n->kind != AST_FIELD) continue;
    if (!names_put(&d->fields, n->name, (void *)(uintptr_t)(fields.n + 1))) {
      diag *g = diag_add(c->d, DIAG_NAME_DUPLICATE, n->name_sp, "the field `%.*s` is declared twice", STR_ARG(n->name));
      uint32_t first = (uint32_t)(uintptr_t)names_get(&d->fields, n->name) - 1;
      diag_note_add(c->d, g, fields.v[first].sp, "first here");
      continue;
    }
    if (fields.n >= 4000) {
      diag_add(c->d, DIAG_TOO_LARGE, n->sp, "a record has at most 4000 fields");
      break;
    }
    rtype t = check_type(c, n->a, RT_BOUNDS);
    prog_field f = { .name = n->name, .column = n->name, .type = t.t, .doc = n->doc, .sp = n->name_sp };
    f.intern = t.t->kind == TY_UNION; /* a union's values are its literals */
    field_modifiers(c, &f, n);
    column_once(c, &columns, fields.v, fields.n, &f);
    if (f.key) *VEC_PUSH(c->a, &keys) = (uint16_t)fields.n;
    *VEC_PUSH(c->a, &fields) = f;
    *VEC_PUSH(c->a, &refines) = t.r;
  }
  r->fields = fields.v;
  r->shape.nfields = fields.n;
  r->shape.fields = ARENA_ARRAY(c->a, type_field, fields.n ? fields.n : 1);
  for (uint32_t i = 0; i < fields.n; i++) r->shape.fields[i] = (type_field){ fields.v[i].name, fields.v[i].type };
  r->shape.nkeys = keys.n, r->shape.keys = keys.v;
  d->refines = refines.v;
  if (!fields.n) diag_add(c->d, DIAG_RECORD_EMPTY, d->node->name_sp, "the record `%.*s` has no fields", STR_ARG(d->name));
  unit_close(c, &u);
}

uint32_t check_field(checker *c, const type_rec *r, str name, span sp, const char *of, uint32_t *meant) {
  decl *d = r->id < c->record_decls.n ? c->record_decls.v[r->id] : NULL;
  if (d) {
    void *i = names_get(&d->fields, name);
    if (i) return (uint32_t)(uintptr_t)i - 1;
  } else {
    for (uint32_t i = 0; i < r->nfields; i++)
      if (str_eq(r->fields[i].name, name)) return i;
  }
  str short_name = r->name;
  for (uint32_t i = r->name.n; i > 0; i--)
    if (r->name.p[i - 1] == '.') {
      short_name = (str){ r->name.p + i, r->name.n - i };
      break;
    }
  diag *g = diag_add(c->d, DIAG_FIELD_UNKNOWN, sp, "%s`%.*s` has no field `%.*s`", of, STR_ARG(short_name), STR_ARG(name));
  strs near = { 0 };
  for (uint32_t i = 0; i < r->nfields; i++) *VEC_PUSH(c->a, &near) = r->fields[i].name;
  str likely = check_suggest(c, g, sp, name, &near);
  for (uint32_t i = 0; meant && i < r->nfields; i++)
    if (str_eq(r->fields[i].name, likely)) *meant = i;
  if (!suggest(name, near.v, near.n) && near.n && near.n <= 12) {
    str all = check_listed(c, &near, '`');
    diag_note_add(c->d, g, (span){ 0, 0 }, "it has %.*s", STR_ARG(all));
  }
  if (sig_find(c, name)) diag_note_add(c->d, g, (span){ 0, 0 }, "`%.*s` is a function: functions have parentheses, `.%.*s()`", STR_ARG(name), STR_ARG(name));
  return UINT32_MAX;
}

/* ---- references: the target must have one key, and what a key is must end somewhere ---- */

static void check_ref_target(checker *c, decl *owner, const prog_field *f) {
  const type *t = f->type;
  while (t->kind == TY_LIST || t->kind == TY_MAP) t = t->elem;
  for (uint32_t steps = 0; t->kind == TY_REF; steps++) {
    if (t->rec->nkeys != 1) {
      decl *s = c->source_decls.v[t->source];
      diag *g = diag_add(c->d, DIAG_REF_KEY, f->sp, "`-> %.*s` needs a record with one key; %.*s has %s", STR_ARG(s->name),
                         STR_ARG(c->record_decls.v[t->rec->id]->name), t->rec->nkeys ? "several" : "none");
      diag_note_add(c->d, g, c->record_decls.v[t->rec->id]->node->name_sp, "mark one field of this record with `key`");
      owner->bad = true;
      return;
    }
    if (steps > c->record_decls.n) {
      diag_add(c->d, DIAG_CYCLE, f->sp, "the key that this reference holds is a reference that leads back to itself");
      owner->bad = true;
      return;
    }
    t = t->rec->fields[t->rec->keys[0]].type;
  }
}

/* ---- sources, palettes ---- */

static void source_shape(checker *c, decl *d) {
  unit u;
  unit_open(c, &u, NULL, d->file);
  decl *r = need_path(c, d->node->a, "a record", 1u << DK_RECORD, DIAG_TYPE_UNKNOWN);
  unit_close(c, &u);
  d->bad = !r || r->kind != DK_RECORD;
  d->source->record = d->bad ? 0 : r->index;
  if (d->node->b) d->source->from = str_dup(c->a, d->node->b->text);
}

static void palette_decl(checker *c, decl *d) {
  const type_rec *shape = librec_find(c, STR("Swatch"));
  names seen;
  names_init(&seen, c->a);
  VEC(val) rows = { 0 };
  AST_EACH(n, d->node) {
    if (n->kind != AST_SWATCH) continue;
    if (!names_put(&seen, n->name, n)) {
      const ast *first = names_get(&seen, n->name);
      diag *g = diag_add(c->d, DIAG_NAME_DUPLICATE, n->name_sp, "the color `%.*s` is named twice", STR_ARG(n->name));
      diag_note_add(c->d, g, first->name_sp, "first here");
      continue;
    }
    rec *r = ARENA_NEW(c->a, rec);
    *r = (rec){ .ty = shape, .v = ARENA_ARRAY(c->a, val, 2), .st = ARENA_ARRAY(c->a, uint8_t, 2), .cap = 2, .clean = true, .source = UINT32_MAX };
    r->v[0].t = check_atom(c, n->name);
    r->v[1].i = n->a ? n->a->v.i : 0;
    *VEC_PUSH(c->a, &rows) = (val){ .r = r };
  }
  if (!rows.n) diag_add(c->d, DIAG_RECORD_EMPTY, d->node->name_sp, "the palette `%.*s` has no colors", STR_ARG(d->name));
  list *l = ARENA_NEW(c->a, list);
  *l = (list){ rows.n, rows.v };
  d->value = ex_of(ir_const(c, c->t_palette, (val){ .l = l }, d->node->sp));
  d->ty.t = c->t_palette;
  d->bad = !shape || !rows.n;
  d->state = DS_DONE;
}

/* ---- values and functions ---- */

static prog_fn *fn_new(checker *c, decl *d) {
  prog_fn *f = ARENA_NEW(c->a, prog_fn);
  f->name = d->qname, f->sp = d->node->sp;
  d->index = c->fns.n, d->fn = f;
  *VEC_PUSH(c->a, &c->fns) = f;
  *VEC_PUSH(c->a, &c->fn_decls) = d;
  return f;
}

void let_decl(checker *c, decl *d) {
  if (d->state != DS_NEW) return;
  d->state = DS_BUSY;
  d->ty.t = c->t_err;
  unit u;
  unit_open(c, &u, d, d->file);
  if (check_enter(c, d->node->sp)) {
    ex e = fold(c, check_expr(c, d->node->a));
    check_leave(c);
    d->ty.t = e.t;
    if (ex_isbad(e)) d->bad = true;
    else if (ir_is(e.n, IR_CONST)) d->value = e;
    else { /* computed where it is used, like a function without parameters */
      prog_fn *f = fn_new(c, d);
      f->ret = e.t, f->body = e.n, f->nlocals = u.nlocals;
    }
  }
  unit_close(c, &u);
  d->state = DS_DONE;
}

void fn_header(checker *c, decl *d) {
  if (d->header) return;
  d->header = true;
  prog_fn *f = fn_new(c, d);
  unit u;
  unit_open(c, &u, NULL, d->file);
  VEC(const type *) params = { 0 };
  if (d->node->a) AST_EACH(p, d->node->a) {
    rtype t = check_type(c, p->a, 0);
    if (type_bad(t.t)) d->bad = true;
    *VEC_PUSH(c->a, &params) = t.t;
  }
  f->params = params.v, f->nparams = params.n;
  f->ret = check_type(c, d->node->b, 0).t;
  if (type_bad(f->ret)) d->bad = true;
  unit_close(c, &u);
}

void fn_body(checker *c, decl *d) {
  prog_fn *f = d->fn;
  unit u;
  unit_open(c, &u, d, d->file);
  uint32_t i = 0;
  if (d->node->a) AST_EACH(p, d->node->a) {
    scope_push(c, p->name, p->name_sp, f->params[i++], LK_PARAM);
  }
  ex e = check_expr(c, d->node->c);
  if (!type_bad(f->ret) && !ex_isbad(e)) e = check_want(c, e, f->ret, "`%.*s` is declared to give", STR_ARG(d->name));
  f->body = e.n;
  if (ex_isbad(e)) d->bad = true;
  f->nlocals = u.nlocals;
  unit_close(c, &u);
}

/* ---- all of them, in the order that lets each find what it needs ---- */

static void shapes(checker *c) {
  for (uint32_t i = 0; i < c->decls.n; i++) {
    decl *d = c->decls.v[i];
    if (d->kind == DK_RECORD) {
      prog_record *r = d->record = ARENA_NEW(c->a, prog_record);
      d->index = c->records.n;
      r->name = r->shape.name = d->qname, r->shape.id = d->index;
      r->exact = d->node->flags & AST_EXACT, r->sp = d->node->sp, r->doc = d->node->doc;
      *VEC_PUSH(c->a, &c->records) = r;
      *VEC_PUSH(c->a, &c->record_decls) = d;
    } else if (d->kind == DK_SOURCE) {
      d->source = ARENA_NEW(c->a, prog_source);
      d->index = c->sources.n;
      d->source->name = d->qname, d->source->sp = d->node->sp;
      *VEC_PUSH(c->a, &c->sources) = d->source;
      *VEC_PUSH(c->a, &c->source_decls) = d;
    }
  }
}

/* The top-level values that an expression names, so that a chain of values is checked from its far end instead of by recursion. */
static void named_lets(checker *c, const ast *n, decl *user, void *out_) {
  typedef VEC(decl *) dv;
  dv *out = out_;
  VEC(const ast *) todo = { 0 };
  *VEC_PUSH(c->a, &todo) = n;
  while (todo.n) {
    n = todo.v[--todo.n];
    if (n->kind == AST_NAME) {
      decl *d = names_get(&user->mod->decls, n->text);
      if (d && d->kind == DK_LET && d->state == DS_NEW) *VEC_PUSH(c->a, out) = d;
    }
    if (n->a) *VEC_PUSH(c->a, &todo) = n->a;
    if (n->b) *VEC_PUSH(c->a, &todo) = n->b;
    if (n->c) *VEC_PUSH(c->a, &todo) = n->c;
    for (const ast *i = n->first; i; i = i->next) *VEC_PUSH(c->a, &todo) = i;
  }
}

static void lets_in_order(checker *c) {
  typedef VEC(decl *) dv;
  dv stack = { 0 };
  for (uint32_t i = 0; i < c->decls.n; i++) {
    if (c->decls.v[i]->kind != DK_LET || c->decls.v[i]->mark) continue;
    *VEC_PUSH(c->a, &stack) = c->decls.v[i];
    while (stack.n) {
      decl *d = stack.v[stack.n - 1];
      if (d->mark) { /* everything it names has been checked */
        stack.n--;
        let_decl(c, d);
        continue;
      }
      d->mark = 1;
      dv used = { 0 };
      named_lets(c, d->node->a, d, &used);
      for (uint32_t k = 0; k < used.n; k++)
        if (!used.v[k]->mark) *VEC_PUSH(c->a, &stack) = used.v[k];
    }
  }
}

void declare_all(checker *c) {
  shapes(c);
  for (uint32_t i = 0; i < c->source_decls.n; i++) source_shape(c, c->source_decls.v[i]);
  for (uint32_t i = 0; i < c->decls.n; i++) {
    decl *d = c->decls.v[i];
    if (d->kind == DK_PALETTE) palette_decl(c, d);
    if (d->kind == DK_TERMS) terms_decl(c, d);
    if (d->kind == DK_TYPE) type_decl(c, d);
  }
  for (uint32_t i = 0; i < c->record_decls.n; i++) record_decl(c, c->record_decls.v[i]);
  record_cycles(c);
  for (uint32_t i = 0; i < c->record_decls.n; i++)
    for (uint32_t k = 0; k < c->records.v[i]->shape.nfields; k++) check_ref_target(c, c->record_decls.v[i], &c->records.v[i]->fields[k]);
  if (c->d->errors) /* nothing walks a shape that has no end */
    for (uint32_t i = 0; i < c->record_decls.n; i++)
      if (c->record_decls.v[i]->bad)
        for (uint32_t k = 0; k < c->records.v[i]->shape.nfields; k++) {
          type_field *f = &c->records.v[i]->shape.fields[k];
          const type *t = f->type;
          while (t->kind == TY_LIST || t->kind == TY_MAP) t = t->elem;
          if (t->kind == TY_RECORD || t->kind == TY_REF) f->type = c->records.v[i]->fields[k].type = c->t_err;
        }
  for (uint32_t i = 0; i < c->decls.n; i++) {
    decl *d = c->decls.v[i];
    if (d->kind == DK_FN) fn_header(c, d);
    else if (d->kind == DK_EXTERN) extern_decl(c, d);
    else if (d->kind == DK_RULE) rule_header(c, d);
    else if (d->kind == DK_AUDIENCE) audience_header(c, d);
    else if (d->kind == DK_TEMPLATE) template_header(c, d);
    else if (d->kind == DK_EXPERIMENT) experiment_header(c, d);
    else if (d->kind == DK_CHOICE) choice_header(c, d);
  }
  for (uint32_t i = 0; i < c->record_decls.n; i++) refine_rules(c, c->record_decls.v[i]);
  for (uint32_t i = 0; i < c->decls.n; i++)
    if (c->decls.v[i]->kind == DK_TABLE) table_decl(c, c->decls.v[i]);
    else if (c->decls.v[i]->kind == DK_RULESET) ruleset_decl(c, c->decls.v[i]);
  lets_in_order(c);
  for (uint32_t i = 0; i < c->decls.n; i++) /* choices may draw from them */
    if (c->decls.v[i]->kind == DK_TEMPLATE) template_body(c, c->decls.v[i]);
  for (uint32_t i = 0; i < c->decls.n; i++) {
    decl *d = c->decls.v[i];
    if (d->kind == DK_FN) fn_body(c, d);
    else if (d->kind == DK_RULE) rule_body(c, d);
    else if (d->kind == DK_AUDIENCE) audience_body(c, d);
    else if (d->kind == DK_EXPERIMENT) experiment_body(c, d);
    else if (d->kind == DK_CHOICE) choice_body(c, d);
  }
  waivers_check(c);
  experiments_overlap(c);
  tests_check(c);
}
