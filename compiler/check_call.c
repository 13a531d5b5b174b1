/* Calls: of the library (overloads by the types of the arguments, type variables, conversion of int to number), of functions of the
 * program, record literals, `with`, `values`. `x.f(a)` is `f(x, a)`. */
#include "compiler/check.h"

typedef struct carg { str name; span sp; const ast *node; ex e; bool done; } carg;
typedef struct cargs { carg *v; uint32_t n; } cargs;

static cargs gather(checker *c, const ast *n, bool receiver) {
  VEC(carg) v = { 0 };
  if (receiver) *VEC_PUSH(c->a, &v) = (carg){ .sp = n->a->sp, .node = n->a };
  AST_EACH(i, n) {
    bool arg = i->kind == AST_ARG;
    *VEC_PUSH(c->a, &v) = (carg){ .name = arg ? i->name : (str){ NULL, 0 }, .sp = i->sp, .node = arg ? i->a : i };
  }
  return (cargs){ v.v, v.n };
}

/* Checks every argument; false when one is bad. */
static bool evaluate(checker *c, cargs *a) {
  bool ok = true;
  for (uint32_t i = 0; i < a->n; i++) {
    if (!a->v[i].done) a->v[i].e = check_expr(c, a->v[i].node);
    a->v[i].done = true;
    ok = ok && !ex_isbad(a->v[i].e);
  }
  return ok;
}

/* ---- functions of the program ---- */

static bool order_named(checker *c, const ast *n, cargs *a, const str *params, uint32_t nparams, str name) {
  carg *out = ARENA_ARRAY(c->a, carg, nparams ? nparams : 1);
  uint32_t at = 0;
  for (uint32_t i = 0; i < a->n; i++) {
    uint32_t k = at;
    if (a->v[i].name.n) {
      for (k = 0; k < nparams && !str_eq(params[k], a->v[i].name); k++) {}
      if (k == nparams) {
        diag *g = diag_add(c->d, DIAG_ARGUMENT_NAME, a->v[i].sp, "`%.*s` has no parameter `%.*s`", STR_ARG(name), STR_ARG(a->v[i].name));
        strs near = { 0 };
        for (uint32_t j = 0; j < nparams; j++) *VEC_PUSH(c->a, &near) = params[j];
        check_suggest(c, g, (span){ a->v[i].sp.beg, a->v[i].sp.beg + a->v[i].name.n }, a->v[i].name, &near);
        return false;
      }
    } else {
      at++;
    }
    if (k < nparams && out[k].node) {
      diag_add(c->d, DIAG_ARGUMENT_NAME, a->v[i].sp, "the parameter `%.*s` is given twice", STR_ARG(params[k]));
      return false;
    }
    if (k < nparams) out[k] = a->v[i];
  }
  buf missing = { .a = c->a };
  for (uint32_t k = 0; k < nparams; k++)
    if (!out[k].node) buf_fmt(&missing, "%s`%.*s`", missing.n ? ", " : "", STR_ARG(params[k]));
  if (missing.n || a->n != nparams) {
    str m = buf_done(&missing);
    diag_add(c->d, DIAG_ARGUMENT_COUNT, n->sp, "`%.*s` takes %u argument%s, not %u%s%.*s", STR_ARG(name), nparams, nparams == 1 ? "" : "s", a->n,
             m.n ? "; missing: " : "", STR_ARG(m));
    return false;
  }
  a->v = out;
  return true;
}

/* Of what has declared parameters: a function or a table. */
static ex call_declared(checker *c, const ast *n, decl *d, cargs a, ir_kind kind, const type *const *want_types, const type *ret, const str *params,
                        uint32_t nparams, bool ok) {
  if (!order_named(c, n, &a, params, nparams, d->name) || !ok || type_bad(ret)) return ex_bad(c, n->sp);
  ir *x = ir_new(c, kind, ret, n->sp);
  x->index = d->index, x->n = nparams;
  x->v = ARENA_ARRAY(c->a, ir *, x->n ? x->n : 1);
  bool opt = false, may = false;
  for (uint32_t i = 0; i < x->n; i++) {
    const type *want = want_types[i];
    ex e = a.v[i].e;
    if (!want->opt && e.t->opt) may = true;
    e = check_want(c, e, type_opt(&c->ty, want), "the parameter `%.*s` of `%.*s` is", STR_ARG(params[i]), STR_ARG(d->name));
    if (ex_isbad(e)) return ex_bad(c, n->sp);
    if (!want->opt && e.n->ty->opt) opt = true;
    x->v[i] = e.n;
  }
  str subject = n->sp.end - n->sp.beg <= 80 ? subject_of(c, x) : (str){ NULL, 0 };
  x->cause = subject.n ? subject : str_fmt(c->a, "%.*s(...)", STR_ARG(d->name));
  if (opt) x->ty = type_opt(&c->ty, x->ty);
  if (kind == IR_FN) *VEC_PUSH(c->a, &c->fn_nodes) = x;
  return (ex){ x, may ? type_opt(&c->ty, ret) : ret };
}

static ex call_fn(checker *c, const ast *n, decl *d, cargs a) {
  if (d->kind == DK_EXPERIMENT) experiment_header(c, d);
  else fn_header(c, d);
  dep_add(c, d, n->name_sp);
  bool ok = evaluate(c, &a);
  if (d->bad && !d->fn) return ex_bad(c, n->sp);
  const prog_fn *f = d->fn;
  str *params = ARENA_ARRAY(c->a, str, f->nparams ? f->nparams : 1);
  uint32_t k = 0;
  if (d->kind == DK_EXPERIMENT) params[k++] = d->node->a->name;
  else if (d->node->a) AST_EACH(p, d->node->a) params[k++] = p->name;
  return call_declared(c, n, d, a, IR_FN, f->params, f->ret, params, f->nparams, ok);
}

static ex call_table(checker *c, const ast *n, decl *d, cargs a) {
  table_decl(c, d);
  dep_add(c, d, n->name_sp);
  bool ok = evaluate(c, &a);
  if (d->bad || !d->table) return ex_bad(c, n->sp); /* reported there; a circle of values and tables by the graph */
  return call_declared(c, n, d, a, IR_TABLE, d->table->params, d->table->ret, d->params, d->table->nparams, ok);
}

static ex call_extern(checker *c, const ast *n, decl *d, cargs a) {
  bool ok = evaluate(c, &a);
  if (d->bad) return ex_bad(c, n->sp);
  return call_declared(c, n, d, a, IR_EXTERN, d->native->params, d->native->ret, d->params, d->native->nparams, ok);
}

/* ---- record literals and with ---- */

/* The type in which a reference, or a list of references, is written in a literal: as the keys that it holds. NULL: t is neither. */
static const type *as_keys(checker *c, const type *t) {
  if (t->kind == TY_REF && t->rec->nkeys == 1) return t->rec->fields[t->rec->keys[0]].type;
  const type *key = t->kind == TY_LIST ? as_keys(c, t->elem) : NULL;
  return key ? type_list(&c->ty, key) : NULL;
}

static ex field_value(checker *c, const type_rec *r, uint32_t i, carg *a) {
  a->e = check_expr(c, a->node);
  const type *t = r->fields[i].type, *keys = as_keys(c, t);
  const type *elem = a->e.t->kind == TY_LIST ? a->e.t->elem : a->e.t;
  if (keys && elem->kind != TY_REF && elem->kind != TY_RECORD && type_fits(a->e.t->base, keys->base))
    a->e = (ex){ ir_retype(c, a->e.n, t->base), lift1(c, t->base, a->e.t) };
  return check_want(c, a->e, t, "the field `%.*s` is", STR_ARG(r->fields[i].name));
}

static ex record_literal(checker *c, const ast *n, decl *d, cargs a) {
  const prog_record *r = d->record;
  const type_rec *shape = &r->shape;
  ir *x = ir_new(c, IR_RECORD, type_record(&c->ty, shape), n->sp);
  x->n = shape->nfields, x->v = ARENA_ARRAY(c->a, ir *, x->n ? x->n : 1);
  bool bad = d->bad;
  for (uint32_t i = 0; i < a.n; i++) {
    if (!a.v[i].name.n) {
      diag_add(c->d, DIAG_RECORD_LITERAL, a.v[i].sp, "fields are given by name: `%.*s(field: value)`", STR_ARG(d->name));
      bad = true;
      continue;
    }
    uint32_t f = check_field(c, shape, a.v[i].name, (span){ a.v[i].sp.beg, a.v[i].sp.beg + a.v[i].name.n }, "", NULL);
    if (f == UINT32_MAX) {
      bad = true;
      continue;
    }
    if (x->v[f]) {
      diag_add(c->d, DIAG_RECORD_LITERAL, a.v[i].sp, "the field `%.*s` is given twice", STR_ARG(a.v[i].name));
      bad = true;
    }
    ex e = field_value(c, shape, f, &a.v[i]);
    bad |= ex_isbad(e);
    x->v[f] = e.n;
  }
  buf missing = { .a = c->a };
  for (uint32_t i = 0; i < x->n; i++) {
    const prog_field *f = &r->fields[i];
    if (x->v[i]) continue;
    if (f->has_default) x->v[i] = ir_const(c, f->type->base, f->def, n->sp);
    else if (f->type->opt) x->v[i] = ir_new(c, IR_NONE, f->type, n->sp);
    else if (type_bad(f->type)) bad = true;
    else buf_fmt(&missing, "%s`%.*s`", missing.n ? ", " : "", STR_ARG(f->name));
  }
  if (missing.n) {
    str m = buf_done(&missing);
    diag_add(c->d, DIAG_RECORD_LITERAL, n->sp, "fields that are not optional are left out: %.*s", STR_ARG(m));
    bad = true;
  }
  return bad ? ex_bad(c, n->sp) : ex_of(x);
}

static ex with(checker *c, const ast *n, cargs a) {
  ex o = check_deref(c, a.v[0].e);
  if (o.t->kind != TY_RECORD || o.t->rec->id == UINT32_MAX) {
    str t = type_str(c, o.t->base);
    diag_add(c->d, DIAG_NOT_A_RECORD, n->a->sp, "`with` copies a record with changes, but this is %.*s", STR_ARG(t));
    return ex_bad(c, n->sp);
  }
  ir *x = ir_un(c, IR_WITH, o.t->base, n->sp, o.n);
  x->n = a.n - 1, x->v = ARENA_ARRAY(c->a, ir *, a.n), x->idx = ARENA_ARRAY(c->a, uint16_t, a.n);
  bool bad = false, none = false;
  for (uint32_t i = 1; i < a.n; i++) {
    str name = a.v[i].name;
    if (!name.n) {
      diag_add(c->d, DIAG_RECORD_LITERAL, a.v[i].sp, "changes are given by name: `.with(field: value)`");
      return ex_bad(c, n->sp);
    }
    uint32_t f = check_field(c, o.t->rec, name, (span){ a.v[i].sp.beg, a.v[i].sp.beg + name.n }, "", NULL);
    if (f == UINT32_MAX) {
      none = true;
      continue;
    }
    for (uint32_t k = 1; k < i; k++)
      if (str_eq(a.v[k].name, name)) {
        diag_add(c->d, DIAG_RECORD_LITERAL, a.v[i].sp, "the field `%.*s` is given twice", STR_ARG(name));
        bad = true;
      }
    ex e = field_value(c, o.t->rec, f, &a.v[i]);
    bad |= ex_isbad(e);
    x->v[i - 1] = e.n, x->idx[i - 1] = (uint16_t)f;
  }
  if (bad || none) return o; /* told; its type is the same with any change */
  return (ex){ x, o.t };
}

static ex values_of(checker *c, const ast *n, const cargs *a) {
  const ast *u = a->n == 1 ? a->v[0].node : NULL;
  while (u && u->kind == AST_PAREN) u = u->a;
  decl *d = u ? find_path(c, dotted_name(c, u)) : NULL;
  if (d && d->kind == DK_IDLE) return ex_bad(c, n->sp);
  if (d && d->kind == DK_TYPE) type_decl(c, d);
  if (!d || d->kind != DK_TYPE || d->ty.t->kind != TY_UNION) {
    if (d && type_bad(d->ty.t) && d->kind == DK_TYPE) return ex_bad(c, n->sp);
    diag *g = diag_add(c->d, DIAG_ARGUMENT, n->sp, "`values` takes the name of a union type, as in `values(Channel)`");
    strs near = { 0 };
    near_decls(c, &near, 1u << DK_TYPE);
    if (u && !d && u->kind == AST_NAME) check_suggest(c, g, u->sp, u->text, &near);
    return ex_bad(c, n->sp);
  }
  const type *t = d->ty.t->base;
  list *l = ARENA_NEW(c->a, list);
  val *v = ARENA_ARRAY(c->a, val, t->nlits);
  for (uint32_t i = 0; i < t->nlits; i++) v[i].t = t->lits[i];
  *l = (list){ t->nlits, v };
  return ex_of(ir_const(c, type_list(&c->ty, t), (val){ .l = l }, n->sp));
}

/* ---- the library ---- */

enum { TYPE_VARS = 26 }; /* named by capital letters */
typedef struct match { const sig *s; const type *var[TYPE_VARS]; ex *v; int score; } match;

static unsigned var_index(const type *t) { return (unsigned)(t->var - 'A') % TYPE_VARS; }

static bool unify(checker *c, const type *p, const type *a, const ir *literal, const type **var) {
  p = p->base, a = a->base;
  if (p->kind == TY_VAR) {
    if (a->kind == TY_PATTERN || a->kind == TY_PALETTE || a->kind == TY_TERMS) return false;
    const type **v = &var[var_index(p)];
    if (p->var == 'N' && a->kind != TY_INT && a->kind != TY_NUMBER && a->kind != TY_NEVER) return false;
    if (!*v) *v = a;
    else if ((*v)->kind == TY_UNION && a->kind == TY_TEXT && literal && literal->kind == IR_CONST) return true; /* must be one of its literals */
    else {
      const type *j = type_join(&c->ty, *v, a);
      if (!j) return false;
      *v = j->base;
    }
    return true;
  }
  if (p->kind == TY_LIST || p->kind == TY_MAP) return a->kind == p->kind && unify(c, p->elem, a->elem, NULL, var);
  return true;
}

static const type *instantiate(checker *c, const type *p, const type *const *var) {
  const type *t = p->base;
  if (t->kind == TY_VAR) t = var[var_index(t)] ? var[var_index(t)] : c->t_never;
  else if (t->kind == TY_LIST) t = type_list(&c->ty, instantiate(c, t->elem, var));
  else if (t->kind == TY_MAP) t = type_map(&c->ty, instantiate(c, t->elem, var));
  return p->opt ? type_opt(&c->ty, t) : t;
}

static int distance(const type *from, const type *to) {
  from = from->base, to = to->base;
  if (from == to) return 0;
  if (from->kind == TY_REF) return 4;
  if (from->kind == TY_INT && to->kind == TY_NUMBER) return 2;
  return 1;
}

/* Arguments in the order of the signature's parameters; false when names do not fit. */
static bool arrange(const sig *s, const cargs *a, const carg **out) {
  uint32_t at = 0;
  for (uint32_t i = 0; i < a->n; i++) {
    uint32_t k = at;
    if (a->v[i].name.n)
      for (k = 0; k < s->nparams && !str_eq(s->params[k].name, a->v[i].name); k++) {}
    else at++;
    if (k >= s->nparams || out[k]) return false;
    out[k] = &a->v[i];
  }
  return true;
}

static bool try_match(checker *c, const sig *s, const cargs *a, match *m) {
  if (s->nparams != a->n) return false;
  const carg **arg = ARENA_ARRAY(c->a, const carg *, a->n ? a->n : 1);
  *m = (match){ .s = s, .v = ARENA_ARRAY(c->a, ex, a->n ? a->n : 1) };
  if (!arrange(s, a, arg)) return false;
  for (uint32_t i = 0; i < a->n; i++) {
    if (!unify(c, s->params[i].t, arg[i]->e.t, arg[i]->e.n, m->var)) return false;
    if (s->params[i].t->base->kind == TY_VAR) m->score += 1;
  }
  for (uint32_t i = 0; i < a->n; i++) {
    const type *want = instantiate(c, s->params[i].t, m->var);
    bool ok;
    m->v[i] = check_coerce(c, arg[i]->e, want, &ok);
    if (!ok) return false;
    m->score += distance(arg[i]->e.t, want);
  }
  return true;
}

static ex special(checker *c, const ast *n, const sig *s, const cargs *a) {
  if (str_eq(str_z(s->b->name), STR("values"))) return values_of(c, n, a);
  return ex_bad(c, n->sp);
}

static bool field_called(checker *c, const ast *n, const cargs *a, diag *g);

/* The one candidate of this arity fails: say which argument, and why. */
static ex explain_one(checker *c, const ast *n, const sig *s, const cargs *a) {
  const carg **arg = ARENA_ARRAY(c->a, const carg *, a->n ? a->n : 1);
  const type *var[TYPE_VARS] = { 0 };
  uint32_t before = c->d->errors;
  if (arrange(s, a, arg)) {
    for (uint32_t i = 0; i < a->n; i++) {
      if (unify(c, s->params[i].t, arg[i]->e.t, arg[i]->e.n, var)) continue;
      str got = type_str(c, arg[i]->e.t->base), p = type_str(c, s->params[i].t->base);
      bool bound = false; /* by the arguments before this one */
      for (int k = 0; k < TYPE_VARS; k++) bound |= var[k] != NULL;
      if (bound) p = type_str(c, instantiate(c, s->params[i].t, var)->base);
      else if (s->params[i].t->base->kind == TY_VAR && s->params[i].t->base->var == 'N') p = STR("a number");
      diag *g = diag_add(c->d, DIAG_ARGUMENT, arg[i]->e.n->sp, "the parameter `%.*s` of `%s` is %.*s, but this is %.*s", STR_ARG(s->params[i].name), s->b->name,
               STR_ARG(p), STR_ARG(got));
      field_called(c, n, a, g);
      return ex_bad(c, n->sp);
    }
    for (uint32_t i = 0; i < a->n && c->d->errors == before; i++)
      check_want(c, arg[i]->e, type_opt(&c->ty, instantiate(c, s->params[i].t, var)), "the parameter `%.*s` of `%s` is", STR_ARG(s->params[i].name), s->b->name);
  }
  if (c->d->errors != before) {
    field_called(c, n, a, c->d->list.v[c->d->list.n - 1]);
    return ex_bad(c, n->sp);
  }
  diag_add(c->d, DIAG_ARGUMENT, n->sp, "the arguments do not fit `%s%s`", s->b->name, s->b->sig);
  return ex_bad(c, n->sp);
}

/* A form over lists of terms is meant only where one is given, and then no other is. */
static bool is_meant(const sig *s, const cargs *a) {
  bool wants = s->nparams && s->nparams != UINT32_MAX && s->params[0].t->kind == TY_TERMS;
  return !a->n || a->v[0].name.n || wants == (a->v[0].e.t->kind == TY_TERMS);
}

/* `title.has(words)` for `words.has(title)`. */
static bool is_swapped(const sig *first, const cargs *a) {
  if (a->n != 2 || a->v[0].name.n || a->v[1].name.n || a->v[0].e.t->kind == TY_TERMS || a->v[1].e.t->kind != TY_TERMS) return false;
  for (const sig *s = first; s; s = s->next)
    if (s->nparams == 2 && s->params[0].t->kind == TY_TERMS) return true;
  return false;
}

static ex no_overload(checker *c, const ast *n, const sig *first, const cargs *a) {
  bool swapped = is_swapped(first, a);
  const sig *same_arity = NULL;
  uint32_t fitting = 0, total = 0;
  for (const sig *s = first; s; s = s->next) {
    total++;
    if (!is_meant(s, a)) continue;
    if (s->nparams == a->n) same_arity = s, fitting++;
  }
  if (fitting == 1 && !swapped) return explain_one(c, n, same_arity, a);
  diag *g;
  if (!fitting && !swapped) {
    g = diag_add(c->d, DIAG_ARGUMENT_COUNT, n->sp, "`%s` does not take %u argument%s", first->b->name, a->n, a->n == 1 ? "" : "s");
  } else {
    buf b = { .a = c->a };
    for (uint32_t i = 0; i < a->n; i++) {
      str t = type_str(c, a->v[i].e.t);
      buf_fmt(&b, "%s%.*s", i ? ", " : "", STR_ARG(t));
    }
    str got = buf_done(&b);
    g = diag_add(c->d, DIAG_ARGUMENT, n->sp, "no form of `%s` takes (%.*s)", first->b->name, STR_ARG(got));
  }
  if (swapped) diag_note_add(c->d, g, (span){ 0, 0 }, "the list of terms comes first: `words.%s(text)`, not `text.%s(words)`", first->b->name, first->b->name);
  for (const sig *s = first; s && !swapped; s = s->next)
    if (is_meant(s, a) || total == 1) diag_note_add(c->d, g, (span){ 0, 0 }, "there is `%s%s`", s->b->name, s->b->sig);
  return ex_bad(c, n->sp);
}

static ex call_result(checker *c, const ast *n, const match *m) {
  const sig *s = m->s;
  const type *ret = instantiate(c, s->ret, m->var);
  ir *x = ir_new(c, IR_CALL, ret, n->sp);
  x->index = s->index, x->n = s->nparams, x->v = ARENA_ARRAY(c->a, ir *, x->n ? x->n : 1);
  bool opt = false, may = false;
  for (uint32_t i = 0; i < x->n; i++) {
    x->v[i] = m->v[i].n;
    if (s->params[i].t->opt) continue;
    opt |= m->v[i].n->ty->opt, may |= m->v[i].t->opt;
  }
  if (opt) x->ty = type_opt(&c->ty, ret);
  if (s->b->flags & BF_NOW && c->p) c->p->uses_now = true;
  str subject = n->sp.end - n->sp.beg <= 80 ? subject_of(c, x) : (str){ NULL, 0 };
  x->cause = subject.n ? subject : str_fmt(c->a, "%s(...)", s->b->name);
  return (ex){ x, may ? type_opt(&c->ty, ret) : ret };
}

/* The form that fits the arguments best. Not inlined, so that its matches do not lie on the stack while arguments are checked: a chain of
 * calls is as deep as AST_MAX_DEPTH. */
static __attribute__((noinline)) ex choose_form(checker *c, const ast *n, const sig *first, const cargs *a) {
  match best = { 0 }, m;
  for (const sig *s = first; s; s = s->next)
    if (try_match(c, s, a, &m) && (!best.s || m.score < best.score)) best = m;
  return best.s ? call_result(c, n, &best) : no_overload(c, n, first, a);
}

static ex call_library(checker *c, const ast *n, const sig *first, cargs a) {
  if (first->b->flags & BF_SPECIAL) return special(c, n, first, &a);
  const sig *agg = first; /* min(a, b) stands before min(list) */
  while (agg && !(agg->b->flags & BF_AGG)) agg = agg->next;
  if (agg && a.n == 1 && !a.v[0].name.n && !a.v[0].done) {
    if (a.v[0].node->kind == AST_COMPREHENSION) return check_aggregate(c, n, a.v[0].node, agg);
    decl *d = str_eq(str_z(agg->b->name), STR("count")) ? source_named(c, a.v[0].node) : NULL;
    if (d) return check_agg_source(c, n, d, agg);
  }
  return evaluate(c, &a) ? choose_form(c, n, first, &a) : ex_bad(c, n->sp);
}

/* ---- which of them is meant ---- */

/* `a.width()` where width is a field: says so. */
static bool field_called(checker *c, const ast *n, const cargs *a, diag *g) {
  const type *t = n->a && a->n == 1 && a->v[0].done ? a->v[0].e.t : NULL;
  for (uint32_t i = 0; t && t->rec && i < t->rec->nfields; i++)
    if (str_eq(t->rec->fields[i].name, n->name)) {
      diag_fix_add(c->d, g, (span){ n->name_sp.end, n->sp.end }, (str){ "", 0 }, "`%.*s` is a field: fields have no parentheses", STR_ARG(n->name));
      return true;
    }
  return false;
}

static ex unknown_function(checker *c, const ast *n, cargs a) {
  evaluate(c, &a);
  if (n->a && ex_isbad(a.v[0].e)) return ex_bad(c, n->sp);
  diag *g = diag_add(c->d, DIAG_FUNCTION_UNKNOWN, n->name_sp, "there is no function `%.*s`", STR_ARG(n->name));
  if (field_called(c, n, &a, g)) return ex_bad(c, n->sp);
  static const char *const elsewhere[][2] = { /* what other languages call it */
    { "len", "length" }, { "size", "length" }, { "lowercase", "lower" }, { "toLowerCase", "lower" }, { "tolower", "lower" }, { "uppercase", "upper" },
    { "toUpperCase", "upper" }, { "toupper", "upper" }, { "strip", "trim" }, { "substring", "slice" }, { "substr", "slice" }, { "average", "avg" },
    { "mean", "avg" }, { "total", "sum" }, { "startsWith", "starts_with" }, { "endsWith", "ends_with" }, { "isEmpty", "is_empty" },
    { "indexOf", "index_of" }, { "unique", "distinct" }, { "concatenate", "concat" },
  };
  for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
    if (str_eq(n->name, str_z(elsewhere[i][0])) && sig_find(c, str_z(elsewhere[i][1]))) {
      diag_fix_add(c->d, g, n->name_sp, str_z(elsewhere[i][1]), "it is called `%s` here", elsewhere[i][1]);
      return ex_bad(c, n->sp);
    }
  if (!n->a && (str_eq(n->name, STR("today")) || str_eq(n->name, STR("now")))) {
    diag_fix_add(c->d, g, (span){ n->name_sp.end, n->sp.end }, (str){ "", 0 }, "`%.*s` has no parentheses", STR_ARG(n->name));
    return ex_bad(c, n->sp);
  }
  if (str_eq(n->name, STR("includes")) || str_eq(n->name, STR("contains"))) {
    diag_note_add(c->d, g, (span){ 0, 0 }, "`contains` is an operator: `a.tags contains \"print\"`");
    return ex_bad(c, n->sp);
  }
  if (str_eq(n->name, STR("filter")) || str_eq(n->name, STR("map"))) {
    diag_note_add(c->d, g, (span){ 0, 0 }, "lists are filtered and mapped by `[x.name for x in xs where x.width > 100]`");
    return ex_bad(c, n->sp);
  }
  strs near = { 0 };
  near_decls(c, &near, 1u << DK_FN | 1u << DK_TABLE | 1u << DK_EXTERN);
  for (uint32_t i = 0; i < c->lib->count && c->suggestions < 200; i++) *VEC_PUSH(c->a, &near) = str_z(c->lib->table[i].name);
  check_suggest(c, g, n->name_sp, n->name, &near);
  return ex_bad(c, n->sp);
}

static ex call_decl(checker *c, const ast *n, decl *d, cargs a, bool receiver) {
  if (d->kind == DK_FN || d->kind == DK_EXPERIMENT) return call_fn(c, n, d, a);
  if (d->kind == DK_TABLE) return call_table(c, n, d, a);
  if (d->kind == DK_EXTERN) return call_extern(c, n, d, a);
  if (d->kind == DK_RECORD && !receiver) return record_literal(c, n, d, a);
  if (d->kind == DK_IDLE) {
    evaluate(c, &a);
    return ex_bad(c, n->sp);
  }
  diag_add(c->d, DIAG_NAME_KIND, n->name_sp, "`%.*s` is %s, not a function", STR_ARG(n->name), decl_what(d));
  return ex_bad(c, n->sp);
}

/* sample(T); the library's sample(key, share ...) takes more. */
static bool is_sample(const ast *n) { return !n->a && str_eq(n->name, STR("sample")) && n->first && !n->first->next; }

ex check_call(checker *c, const ast *n) {
  if (n->a) { /* legal.max_words(...): the receiver is a module */
    const ast *root = n->a;
    while (root->kind == AST_MEMBER) root = root->a;
    if (root->kind == AST_NAME && !scope_find(c, root->text) && !find_decl(c, root->text)) {
      module *m = find_module(c, dotted_name(c, n->a));
      decl *d = m ? names_get(&m->decls, n->name) : NULL;
      if (d) return call_decl(c, n, d, gather(c, n, false), false);
    }
  }
  bool tests_own = !find_decl(c, n->name);
  if (tests_own && str_eq(n->name, STR("verdict"))) return check_verdict(c, n);
  if (tests_own && is_sample(n)) return check_sample(c, n, NULL);
  cargs a = gather(c, n, n->a != NULL);
  if (n->a && str_eq(n->name, STR("with"))) {
    const ast *of = n->a;
    a.v[0].e = of->kind == AST_CALL && is_sample(of) && !find_decl(c, of->name) ? check_sample(c, of, n) : check_expr(c, a.v[0].node);
    a.v[0].done = true;
    return ex_isbad(a.v[0].e) ? ex_bad(c, n->sp) : with(c, n, a);
  }
  decl *d = find_decl(c, n->name);
  sig *s = sig_find(c, n->name);
  unsigned called = 1u << DK_FN | 1u << DK_EXPERIMENT | 1u << DK_TABLE | 1u << DK_EXTERN | 1u << DK_RECORD | 1u << DK_IDLE;
  if (d && (called >> d->kind & 1 || !s)) return call_decl(c, n, d, a, n->a != NULL);
  return s ? call_library(c, n, s, a) : unknown_function(c, n, a);
}
