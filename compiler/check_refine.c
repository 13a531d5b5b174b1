/* Refinements become rules: what a field's type says beyond its shape (`text 1..80`, `url`, `unique`, `-> campaigns`) is judged like any
 * rule, under the name Record.field. Refinements inside lists and nested records belong to the outer field. */
#include "compiler/check.h"

enum { MAX_CLAUSES = 1000, MAX_STEPS = 20000 }; /* records nested in records could double with each level */

typedef struct level { ir_binder *bind; ir *guard; } level;

typedef struct refining {
  checker *c;
  prog_rule *r;
  VEC(prog_clause) clauses;
  VEC(level) levels;     /* walks and presence tests around the value, outer first */
  uint32_t steps;
  uint32_t depth;
  bool too_large;
} refining;

static const sig *length_of(checker *c, type_kind k) {
  for (const sig *s = sig_find(c, STR("length")); s; s = s->next)
    if (s->nparams == 1 && s->params[0].t->kind == k) return s;
  return NULL;
}

static ir *length_call(checker *c, ir *v) {
  const sig *s = length_of(c, v->ty->kind == TY_LIST ? TY_LIST : TY_TEXT);
  if (!s) return NULL;
  ir *x = ir_new(c, IR_CALL, lift1(c, c->t_int, v->ty), v->sp);
  x->index = s->index, x->n = 1, x->v = ARENA_ARRAY(c->a, ir *, 1);
  x->v[0] = v;
  return x;
}

static void clause_add(refining *f, ir *test, ir *message, str text, span sp) {
  checker *c = f->c;
  prog_clause k = { .message = message, .generated = true, .text = text, .sp = sp, .at_field = f->r->field };
  VEC(ir_witness) w = { 0 };
  for (uint32_t i = f->levels.n; i > 0; i--) {
    const level *l = &f->levels.v[i - 1];
    if (l->guard) {
      test = ir_bin(c, IR_IMPLIES, c->t_bool, sp, l->guard, test);
      continue;
    }
    *VEC_PUSH(c->a, &w) = (ir_witness){ l->bind, test, false };
    ir *q = ir_new(c, IR_QUANT, l->bind->list->ty->opt || test->ty->opt ? type_opt(&c->ty, c->t_bool) : c->t_bool, sp);
    q->op = Q_EVERY, q->bind = l->bind, q->a = test;
    test = q;
  }
  for (uint32_t i = 0; i * 2 < w.n; i++) { /* outer first */
    ir_witness s = w.v[i];
    w.v[i] = w.v[w.n - 1 - i], w.v[w.n - 1 - i] = s;
  }
  k.test = test, k.witness = w.v, k.nwitness = w.n;
  *VEC_PUSH(c->a, &f->clauses) = k;
}

static const char *bound_words(uint8_t op) {
  return op == OP_GE ? "at least " : op == OP_GT ? "more than " : op == OP_LE ? "at most " : "less than ";
}

static part says(str s) { return (part){ .s = s }; }
static part value(ir *n) { return (part){ .n = n }; }

static part shown(checker *c, const ir *k) {
  buf b = { .a = c->a };
  val_print(&b, k->ty, k->k, false);
  return says(buf_done(&b));
}

static ir *bound_message(checker *c, const refine *r, ir *v, ir *measured, str subject) {
  bool list = v->ty->kind == TY_LIST;
  uint32_t of = sizeof "an element of " - 1;
  str list_name = v->kind == IR_LOCAL && subject.n > of ? (str){ subject.p + of, subject.n - of } : subject;
  part p[12];
  uint32_t n = 0;
  if (r->length && v->kind == IR_LOCAL && !list) { /* an element: which one */
    p[n++] = says(STR("\""));
    p[n++] = value(v);
    p[n++] = says(str_fmt(c->a, "\" in %.*s has ", STR_ARG(list_name)));
  } else {
    p[n++] = says(str_fmt(c->a, r->length ? "%.*s has " : "%.*s is ", STR_ARG(subject)));
  }
  p[n++] = value(measured);
  if (r->length) p[n++] = value(message_unit(c, measured, list ? " element" : " character", list ? " elements" : " characters", r->sp));
  p[n++] = says(STR("; "));
  part lo = shown(c, r->lo), hi = shown(c, r->kind == RF_RANGE ? r->hi : r->lo);
  bool exact = r->kind == RF_RANGE && str_eq(lo.s, hi.s);
  if (r->kind == RF_CMP) p[n++] = says(str_z(bound_words(r->op)));
  if (exact) p[n++] = says(STR("exactly "));
  p[n++] = lo;
  if (r->kind == RF_RANGE && !exact) p[n++] = says(STR(" to ")), p[n++] = hi;
  p[n++] = says(r->length && !(exact && str_eq(lo.s, STR("1"))) ? STR(" are allowed") : STR(" is allowed"));
  return message_join(c, r->sp, p, n);
}

static void bound(refining *f, const refine *r, ir *v, str subject) {
  checker *c = f->c;
  ir *measured = r->length ? length_call(c, v) : v;
  if (!measured) return;
  ir *t = ir_bin(c, r->kind == RF_RANGE ? IR_IN_RANGE : IR_CMP, c->t_bool, r->sp, measured, r->lo);
  if (r->kind == RF_RANGE) t->c = r->hi;
  else t->op = r->op;
  str text = slice_of(c, r->sp);
  clause_add(f, t, bound_message(c, r, v, measured, subject), text, r->sp);
}

/* Texts stand in quotes, other values bare. What a reference holds is its target's key. */
static ir *value_message(checker *c, span sp, str subject, ir *v, str after) {
  const type *t = v->ty;
  while (t->kind == TY_REF) t = t->rec->fields[t->rec->keys[0]].type;
  const char *quote = t->kind == TY_TEXT || t->kind == TY_UNION ? "\"" : "";
  part p[] = { says(str_fmt(c->a, "%.*s is %s", STR_ARG(subject), quote)), value(v), says(str_fmt(c->a, "%s%.*s", quote, STR_ARG(after))) };
  return message_join(c, sp, p, 3);
}

static void text_test(refining *f, const refine *r, ir *v, str subject) {
  checker *c = f->c;
  ir_kind k = r->kind == RF_MATCH ? IR_MATCHES : r->kind == RF_FORMAT ? IR_FORMAT_OK : IR_RESOLVES;
  ir *t = ir_un(c, k, c->t_bool, r->sp, v);
  t->index = r->index;
  t->cause = v->cause;
  str after = r->kind == RF_MATCH ? str_fmt(c->a, ", which does not match %.*s", STR_ARG(r->name))
            : r->kind == RF_FORMAT ? str_fmt(c->a, ", which is no valid %.*s", STR_ARG(r->name))
                                   : str_fmt(c->a, ", which is not in %.*s", STR_ARG(r->name));
  if (r->kind == RF_RESOLVES) c->sources.v[r->index]->referenced = true;
  str text = slice_of(c, r->sp);
  clause_add(f, t, value_message(c, r->sp, subject, v, after), text, r->sp);
}

static void refine_value(refining *f, const refine *r, ir *v, str subject);

static void elements(refining *f, const refine *r, ir *v, str subject) {
  checker *c = f->c;
  ir_binder *b = ARENA_NEW(c->a, ir_binder);
  *b = (ir_binder){ .local = (int32_t)c->u->nlocals++, .source = -1, .eq_field = -1, .list = v };
  bool map = v->ty->kind == TY_MAP;
  b->elem = map ? entry_type(c, v->ty->base) : v->ty->elem;
  ir *e = ir_new(c, IR_LOCAL, b->elem, r->sp);
  e->local = b->local;
  e->cause = str_fmt(c->a, "an element of %.*s", STR_ARG(subject));
  *VEC_PUSH(c->a, &f->levels) = (level){ .bind = b };
  refine_value(f, r->sub, map ? ir_field(c, e, 1, r->sp) : e, e->cause);
  f->levels.n--;
}

static void nested(refining *f, const refine *r, ir *v, str subject) {
  checker *c = f->c;
  decl *d = r->record;
  if (d->bad) return;
  for (uint32_t i = 0; i < d->record->shape.nfields; i++) {
    if (!d->refines[i] || type_bad(d->record->shape.fields[i].type)) continue;
    ir *x = ir_field(c, v, i, r->sp);
    str name = d->record->shape.fields[i].name;
    bool opt = d->record->shape.fields[i].type->opt;
    if (opt) {
      ir *e = ir_new(c, IR_EXISTS, c->t_bool, r->sp);
      e->a = x;
      *VEC_PUSH(c->a, &f->levels) = (level){ .guard = e };
    }
    str path = v->kind == IR_LOCAL ? str_fmt(c->a, "%.*s of %.*s", STR_ARG(name), STR_ARG(subject)) : str_fmt(c->a, "%.*s.%.*s", STR_ARG(subject), STR_ARG(name));
    refine_value(f, d->refines[i], x, path);
    if (opt) f->levels.n--;
  }
}

static void refine_value(refining *f, const refine *r, ir *v, str subject) {
  if (f->depth >= 40) f->too_large = true; /* records in records in records: far beyond any data */
  f->depth++;
  for (; r && !f->too_large; r = r->next) {
    if (++f->steps > MAX_STEPS || f->clauses.n >= MAX_CLAUSES) {
      f->too_large = true;
      break;
    }
    switch ((refine_kind)r->kind) {
    case RF_RANGE: case RF_CMP: bound(f, r, v, subject); break;
    case RF_MATCH: case RF_FORMAT: case RF_RESOLVES: text_test(f, r, v, subject); break;
    case RF_ELEMS: elements(f, r, v, subject); break;
    case RF_RECORD: nested(f, r, v, subject); break;
    }
  }
  f->depth--;
}

static void unique(refining *f, const prog_field *p, ir *v) {
  checker *c = f->c;
  ir *t = ir_un(c, IR_UNIQUE, c->t_bool, p->sp, v);
  t->index = (uint32_t)f->r->field;
  t->cause = v->cause;
  clause_add(f, t, value_message(c, p->sp, p->name, v, STR(", which another record has too")), STR("unique"), p->sp);
}

void refine_field(checker *c, decl *d, uint32_t i, const rule_options *o) {
  const prog_field *p = &d->record->fields[i];
  prog_rule *r = rule_new(c, NULL);
  r->name = str_fmt(c->a, "%.*s.%.*s", STR_ARG(d->qname), STR_ARG(p->name));
  r->sev = o->sev, r->owner = o->owner, r->because = o->because, r->link = o->link;
  r->source = -1, r->record = d->index, r->refinement = true, r->field = (int32_t)i;
  r->sp = p->sp, r->doc = p->doc;
  unit u;
  unit_open(c, &u, d, d->file);
  ir *root = ir_local(c, scope_push(c, STR("it"), p->sp, type_record(&c->ty, &d->record->shape), LK_ROOT), p->sp);
  ir *v = ir_field(c, root, i, p->sp);
  refining f = { .c = c, .r = r };
  if (p->unique) unique(&f, p, v);
  refine_value(&f, d->refines[i], v, p->name);
  if (f.too_large) diag_add(c->d, DIAG_TOO_LARGE, p->sp, "the field `%.*s` holds records in records with more conditions than can be checked", STR_ARG(p->name));
  if (p->type->opt) {
    r->guard = ir_new(c, IR_EXISTS, c->t_bool, p->sp);
    r->guard->a = v;
  }
  for (uint32_t k = 0; k < f.clauses.n; k++) f.clauses.v[k].at_path = p->name;
  r->clauses = f.clauses.v, r->nclauses = f.clauses.n;
  r->local_name = STR("it"), r->nlocals = u.nlocals;
  r->nreads = 1, r->reads = ARENA_ARRAY(c->a, uint16_t, 1);
  r->reads[0] = (uint16_t)i;
  unit_close(c, &u);
  if (r->nclauses) *VEC_PUSH(c->a, &d->own) = r;
  else c->rules.n--; /* rule_new put it last */
}

void refine_rules(checker *c, decl *d) {
  rule_options o = { .sev = SEV_ERROR };
  unit u;
  unit_open(c, &u, NULL, d->file);
  uint32_t seen = 0;
  AST_EACH(n, d->node)
    if (n->kind == AST_OPTION) check_option(c, n, OPT_RECORD, &o, NULL, &seen);
  unit_close(c, &u);
  if (d->bad) return;
  for (uint32_t i = 0; i < d->record->shape.nfields; i++) {
    const prog_field *p = &d->record->fields[i];
    if (!type_bad(p->type) && (d->refines[i] || p->unique)) refine_field(c, d, i, &o);
  }
}
