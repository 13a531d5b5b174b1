/* Expressions: literals, names, members, lists, interpolation; and the conversions that the language makes by itself. Operators stand in
 * check_op.c, tests in check_test.c, calls in check_call.c, what walks lists and sources in check_binder.c. */
#include "compiler/check.h"

#include <string.h>

/* ---- conversions ---- */

ex check_deref(checker *c, ex e) {
  if (e.t->kind != TY_REF) return e;
  ir *n = ir_un(c, IR_DEREF, type_record(&c->ty, e.t->rec), e.n->sp, e.n);
  n->index = e.t->source;
  n->cause = e.n->cause;
  c->sources.v[e.t->source]->referenced = true;
  return (ex){ n, lift1(c, n->ty->base, e.t) };
}

static const type *key_type(const type *ref) { return ref->rec->nkeys == 1 ? ref->rec->fields[ref->rec->keys[0]].type : NULL; }

static ex to_number(checker *c, ex e) {
  ir *n = ir_un(c, IR_TO_NUMBER, c->t_num, e.n->sp, e.n);
  n->cause = e.n->cause;
  return fold(c, (ex){ n, lift1(c, c->t_num, e.t) });
}

static ex retyped(checker *c, ex e, const type *t) { return (ex){ ir_retype(c, e.n, t->base), lift1(c, t->base, e.t) }; }

/* A list literal of ints where numbers are expected, of texts where literals of a union are: converted element by element. */
static ex coerce_list(checker *c, ex e, const type *want, bool *ok) {
  *ok = false;
  if (e.n->kind == IR_CONST) {
    const list *l = e.n->k.l;
    const type *from = e.t->elem;
    val *v = ARENA_ARRAY(c->a, val, l->n ? l->n : 1);
    for (uint32_t i = 0; i < l->n; i++) {
      bool fits;
      ex x = check_coerce(c, ex_of(ir_const(c, from, l->v[i], e.n->sp)), want->elem, &fits);
      if (!fits || x.n->kind != IR_CONST) return e;
      v[i] = x.n->k;
    }
    list *out = ARENA_NEW(c->a, list);
    *out = (list){ l->n, v };
    *ok = true;
    return ex_of(ir_const(c, want->base, (val){ .l = out }, e.n->sp));
  }
  if (e.n->kind != IR_LIST) return e;
  ir *n = ARENA_NEW(c->a, ir);
  *n = *e.n;
  n->v = ARENA_ARRAY(c->a, ir *, n->n ? n->n : 1);
  for (uint32_t i = 0; i < n->n; i++) {
    bool fits;
    n->v[i] = check_coerce(c, ex_of(e.n->v[i]), want->elem, &fits).n;
    if (!fits) return e;
  }
  n->ty = lift1(c, want->base, n->ty);
  *ok = true;
  return (ex){ n, lift1(c, want->base, e.t) };
}

/* `if p then "image" else "copy"` and `kind ?? "image"` are texts by themselves; where a union is wanted, both sides have to be of it. */
static ex coerce_sides(checker *c, ex e, const type *to, bool *ok) {
  bool if_ok, else_ok, is_if = e.n->kind == IR_IF;
  ex x = check_coerce(c, ex_of(is_if ? e.n->b : e.n->a), to, &if_ok), y = check_coerce(c, ex_of(is_if ? e.n->c : e.n->b), to, &else_ok);
  *ok = if_ok && else_ok;
  if (!*ok) return e;
  ir *n = ARENA_NEW(c->a, ir);
  *n = *e.n;
  if (is_if) n->b = x.n, n->c = y.n;
  else n->a = x.n, n->b = y.n;
  n->ty = e.n->ty->opt ? type_opt(&c->ty, to) : to;
  return (ex){ n, e.t->opt ? type_opt(&c->ty, to) : to };
}

ex check_coerce(checker *c, ex e, const type *want, bool *ok) {
  const type *from = e.t->base, *to = want->base;
  *ok = true;
  if (from == to || from->kind == TY_ERROR || to->kind == TY_ERROR) return e;
  if (type_fits(from, to)) return retyped(c, e, to);
  if (from->kind == TY_INT && to->kind == TY_NUMBER) return to_number(c, e);
  if (from->kind == TY_TEXT && to->kind == TY_UNION && e.n->kind == IR_CONST && union_has(to, str_of(e.n->k.t))) return retyped(c, e, to);
  if (from->kind == TY_TEXT && to->kind == TY_UNION && (e.n->kind == IR_IF || e.n->kind == IR_COALESCE)) return coerce_sides(c, e, to, ok);
  if (from->kind == TY_REF && to->kind == TY_RECORD && from->rec == to->rec) return check_deref(c, e);
  if (from->kind == TY_RECORD && to->kind == TY_REF && from->rec == to->rec && from->rec->nkeys == 1) { /* a row stands for its key */
    ir *key = ir_field(c, e.n, from->rec->keys[0], e.n->sp);
    return retyped(c, (ex){ key, lift1(c, key->ty->base, e.t) }, to);
  }
  if (from->kind == TY_REF && to->kind != TY_REF && key_type(from) && type_fits(key_type(from), to)) return retyped(c, e, to);
  if (from->kind == TY_LIST && to->kind == TY_LIST) return coerce_list(c, e, to, ok);
  *ok = false;
  return e;
}

void report_vanishing(checker *c, ex e, span sp, diag_code code, const char *msg) {
  diag *g = diag_add(c->d, code, sp, "%s", msg);
  if (e.t->kind == TY_BOOL) {
    str s = source_slice(c->src, e.n->sp);
    diag_note_add(c->d, g, (span){ 0, 0 }, "say what a missing value means: `x exists and ...`, `x missing or ...`, or `(...) ?? false`");
    if (s.n && s.n < 500) diag_fix_add(c->d, g, e.n->sp, str_fmt(c->a, "((%.*s) ?? false)", STR_ARG(s)), "count a missing value as false");
  } else {
    diag_note_add(c->d, g, (span){ 0, 0 }, "give a default with `??`, or use it after `... exists and`");
  }
}

ex check_want(checker *c, ex e, const type *want, const char *what_fmt, ...) {
  if (ex_isbad(e) || type_bad(want)) return e;
  bool ok;
  ex k = check_coerce(c, e, want, &ok);
  va_list ap;
  va_start(ap, what_fmt);
  str what = str_vfmt(c->a, what_fmt, ap);
  va_end(ap);
  str w = type_str(c, ok ? want : want->base);
  if (!ok) {
    str got = type_str(c, e.t);
    bool literal = e.t->kind == TY_TEXT && want->kind == TY_UNION && e.n->kind == IR_CONST;
    diag *g = literal ? diag_add(c->d, DIAG_UNION_LITERAL, e.n->sp, "\"%.*s\" is none of %.*s", STR_ARG(str_of(e.n->k.t)), STR_ARG(w))
                      : diag_add(c->d, DIAG_TYPE_MISMATCH, e.n->sp, "%.*s %.*s, but this is %.*s", STR_ARG(what), STR_ARG(w), STR_ARG(got));
    if (literal) {
      strs near = { 0 };
      for (uint32_t i = 0; i < want->nlits; i++) *VEC_PUSH(c->a, &near) = str_fmt(c->a, "\"%.*s\"", STR_ARG(str_of(want->lits[i])));
      check_suggest(c, g, e.n->sp, str_fmt(c->a, "\"%.*s\"", STR_ARG(str_of(e.n->k.t))), &near);
    }
    return ex_bad(c, e.n->sp);
  }
  if (k.t->opt && !want->opt) {
    str msg = str_fmt(c->a, "%.*s %.*s, but this may be missing", STR_ARG(what), STR_ARG(w));
    report_vanishing(c, e, e.n->sp, DIAG_MISSING_DEMANDED, msg.p);
    return ex_bad(c, e.n->sp);
  }
  return k;
}

/* ---- names ---- */

str dotted_name(checker *c, const ast *n) {
  VEC(str) parts = { 0 };
  for (; n->kind == AST_MEMBER; n = n->a) *VEC_PUSH(c->a, &parts) = n->name;
  if (n->kind != AST_NAME) return (str){ NULL, 0 };
  buf b = { .a = c->a };
  buf_str(&b, n->text);
  for (uint32_t i = parts.n; i > 0; i--) buf_ch(&b, '.'), buf_str(&b, parts.v[i - 1]);
  return buf_done(&b);
}

static ex let_value(checker *c, decl *d, span sp) {
  dep_add(c, d, sp);
  let_decl(c, d);
  if (d->bad || type_bad(d->ty.t)) return ex_bad(c, sp);
  if (d->value.n) {
    ir *k = ir_const(c, d->value.n->ty, d->value.n->k, sp);
    return (ex){ k, d->value.t };
  }
  ir *n = ir_new(c, IR_FN, d->fn->ret, sp);
  n->index = d->index;
  n->cause = d->name;
  *VEC_PUSH(c->a, &c->fn_nodes) = n;
  return ex_of(n);
}

ex check_value_of(checker *c, decl *d, span sp) {
  if (d->kind == DK_LET) return let_value(c, d, sp);
  if (d->kind == DK_PALETTE) return d->bad ? ex_bad(c, sp) : ex_of(ir_const(c, c->t_palette, d->value.n->k, sp));
  if (d->kind == DK_TERMS) return d->bad ? ex_bad(c, sp) : ex_of(ir_const(c, c->t_terms, d->value.n->k, sp));
  if (d->kind == DK_IDLE || d->bad) return ex_bad(c, sp);
  diag *g = diag_add(c->d, DIAG_NAME_KIND, sp, "`%.*s` is %s, not a value", STR_ARG(d->name), decl_what(d));
  switch ((decl_kind)d->kind) {
  case DK_SOURCE:
    diag_note_add(c->d, g, (span){ 0, 0 }, "walk it: `some x in %.*s: ...`, `count(x for x in %.*s where ...)`", STR_ARG(d->name), STR_ARG(d->name));
    break;
  case DK_FN: case DK_EXTERN: diag_note_add(c->d, g, (span){ 0, 0 }, "functions have parentheses: `%.*s(...)`", STR_ARG(d->name)); break;
  case DK_TABLE: diag_note_add(c->d, g, (span){ 0, 0 }, "a table is asked as a function is: `%.*s(...)`", STR_ARG(d->name)); break;
  case DK_RECORD: diag_note_add(c->d, g, (span){ 0, 0 }, "a record is built with its fields: `%.*s(...)`", STR_ARG(d->name)); break;
  case DK_AUDIENCE: diag_note_add(c->d, g, (span){ 0, 0 }, "ask for membership: `x in %.*s`", STR_ARG(d->name)); break;
  case DK_RULESET: diag_note_add(c->d, g, (span){ 0, 0 }, "ask for its verdict: `x passes %.*s`", STR_ARG(d->name)); break;
  case DK_RULE: diag_note_add(c->d, g, (span){ 0, 0 }, "ask for its verdict: `x passes %.*s`", STR_ARG(d->name)); break;
  case DK_TYPE: diag_note_add(c->d, g, (span){ 0, 0 }, "its literals are `values(%.*s)`", STR_ARG(d->name)); break;
  case DK_EXPERIMENT: diag_note_add(c->d, g, (span){ 0, 0 }, "its arm for somebody is `%.*s(...)`", STR_ARG(d->name)); break;
  case DK_CHOICE: diag_note_add(c->d, g, (span){ 0, 0 }, "`blazon decide %.*s` makes it", STR_ARG(d->name)); break;
  case DK_TEMPLATE: diag_note_add(c->d, g, (span){ 0, 0 }, "`blazon assemble %.*s` puts it together", STR_ARG(d->name)); break;
  case DK_PALETTE: case DK_TERMS: case DK_LET: case DK_IDLE: break;
  }
  return ex_bad(c, sp);
}

static ex unknown_name(checker *c, const ast *n) {
  str name = n->text;
  diag *g = diag_add(c->d, DIAG_NAME_UNKNOWN, n->sp, "there is no `%.*s` here", STR_ARG(name));
  if (c->u && c->u->scope.n && c->u->scope.v[0].kind == LK_ROOT && c->u->scope.v[0].t->rec) {
    const type_rec *r = c->u->scope.v[0].t->rec;
    for (uint32_t i = 0; i < r->nfields; i++)
      if (str_eq(r->fields[i].name, name)) {
        str root = c->u->scope.v[0].name;
        diag_fix_add(c->d, g, n->sp, str_fmt(c->a, "%.*s.%.*s", STR_ARG(root), STR_ARG(name)), "did you mean the field, `%.*s.%.*s`?", STR_ARG(root), STR_ARG(name));
        return ex_bad(c, n->sp);
      }
  }
  if (str_eq(name, STR("null")) || str_eq(name, STR("nil")) || str_eq(name, STR("none")) || str_eq(name, STR("None"))) {
    diag_note_add(c->d, g, (span){ 0, 0 }, "ask whether a value is there with `x exists` and `x missing`");
    return ex_bad(c, n->sp);
  }
  for (uint32_t i = 0; i < c->ty.all.n; i++)
    if (c->ty.all.v[i]->kind == TY_UNION && union_has(c->ty.all.v[i], name)) {
      diag_fix_add(c->d, g, n->sp, str_fmt(c->a, "\"%.*s\"", STR_ARG(name)), "if the text is meant, write \"%.*s\"", STR_ARG(name));
      return ex_bad(c, n->sp);
    }
  strs near = { 0 };
  near_locals(c, &near);
  near_decls(c, &near, ~0u);
  if (c->u && c->u->scope.n && c->u->scope.v[0].kind == LK_ROOT && c->u->scope.v[0].t->rec && c->suggestions < 200) {
    strs fields = { 0 };
    const type_rec *r = c->u->scope.v[0].t->rec;
    for (uint32_t i = 0; i < r->nfields; i++) *VEC_PUSH(c->a, &fields) = r->fields[i].name;
    const str *f = suggest(name, fields.v, fields.n);
    if (f && !suggest(name, near.v, near.n)) *VEC_PUSH(c->a, &near) = str_fmt(c->a, "%.*s.%.*s", STR_ARG(c->u->scope.v[0].name), STR_ARG(*f));
    if (near.n && f && near.v[near.n - 1].n == c->u->scope.v[0].name.n + 1 + f->n) {
      diag_fix_add(c->d, g, n->sp, near.v[near.n - 1], "did you mean the field, `%.*s`?", STR_ARG(near.v[near.n - 1]));
      return ex_bad(c, n->sp);
    }
  }
  static const char *const predefined[] = { "true", "false", "now", "today" };
  for (int i = 0; i < 4; i++) *VEC_PUSH(c->a, &near) = str_z(predefined[i]);
  check_suggest(c, g, n->sp, name, &near);
  if (!g->edits && sig_find(c, name)) diag_note_add(c->d, g, (span){ 0, 0 }, "functions have parentheses: `%.*s(...)`", STR_ARG(name));
  return ex_bad(c, n->sp);
}

static ex name_value(checker *c, const ast *n) {
  local *l = scope_find(c, n->text);
  if (l) {
    l->used = true;
    if (type_bad(l->t)) return ex_bad(c, n->sp);
    ir *x = ir_local(c, l, n->sp);
    return (ex){ x, x->ty->opt && fact_holds(c, x) ? x->ty->base : x->ty };
  }
  if (!(n->flags & AST_QUOTED)) {
    if (str_eq(n->text, STR("true"))) return ex_of(ir_const(c, c->t_bool, (val){ .i = 1 }, n->sp));
    if (str_eq(n->text, STR("false"))) return ex_of(ir_const(c, c->t_bool, (val){ .i = 0 }, n->sp));
    bool now = str_eq(n->text, STR("now"));
    if (now || str_eq(n->text, STR("today"))) {
      if (c->p) c->p->uses_now = true;
      ir *x = ir_new(c, now ? IR_NOW : IR_TODAY, now ? c->t_time : c->t_date, n->sp);
      x->cause = n->text;
      return ex_of(x);
    }
  }
  decl *d = find_decl(c, n->text);
  return d ? check_value_of(c, d, n->sp) : unknown_name(c, n);
}

/* ---- members ---- */

static ex palette_member(checker *c, ex o, str name, span sp) {
  strs near = { 0 };
  for (uint32_t i = 0; i < o.n->k.l->n; i++) {
    const rec *r = o.n->k.l->v[i].r;
    if (str_eq(str_of(r->v[0].t), name)) return ex_of(ir_const(c, c->t_color, r->v[1], sp));
    *VEC_PUSH(c->a, &near) = str_of(r->v[0].t);
  }
  diag *g = diag_add(c->d, DIAG_FIELD_UNKNOWN, sp, "the palette has no color `%.*s`", STR_ARG(name));
  check_suggest(c, g, (span){ sp.end - name.n, sp.end }, name, &near);
  return ex_bad(c, sp);
}

ex check_member(checker *c, ex o, str name, span name_sp, span sp) {
  if (ex_isbad(o)) return ex_bad(c, sp);
  if (o.t->kind == TY_PALETTE && o.n->kind == IR_CONST) return palette_member(c, o, name, sp);
  o = check_deref(c, o);
  if (o.t->kind != TY_RECORD) {
    str t = type_str(c, o.t->base);
    diag *g = diag_add(c->d, DIAG_NOT_A_RECORD, name_sp, "%.*s has no fields", STR_ARG(t));
    if (sig_find(c, name)) diag_fix_add(c->d, g, (span){ name_sp.end, name_sp.end }, STR("()"), "functions have parentheses: `.%.*s()`", STR_ARG(name));
    else if (o.t->kind == TY_LIST) diag_note_add(c->d, g, (span){ 0, 0 }, "walk the list: `[x.%.*s for x in ...]`, `every x in ...: ...`", STR_ARG(name));
    else if (o.t->kind == TY_MAP) diag_note_add(c->d, g, (span){ 0, 0 }, "the value under a key is `m[\"%.*s\"]`", STR_ARG(name));
    return ex_bad(c, sp);
  }
  uint32_t meant = UINT32_MAX, i = check_field(c, o.t->rec, name, name_sp, "", &meant);
  if (i == UINT32_MAX) i = meant;
  if (i == UINT32_MAX || type_bad(o.t->rec->fields[i].type)) return ex_bad(c, sp);
  ir *n = ir_field(c, o.n, i, sp);
  const type *t = lift1(c, o.t->rec->fields[i].type, o.t);
  return (ex){ n, t->opt && fact_holds(c, n) ? t->base : t };
}

static ex member(checker *c, const ast *n) {
  const ast *root = n;
  while (root->kind == AST_MEMBER) root = root->a;
  if (root->kind == AST_NAME && !scope_find(c, root->text) && !find_decl(c, root->text)) { /* legal.max_words, acme.legal.max_words */
    str path = dotted_name(c, n);
    decl *d = path.n ? find_path(c, path) : NULL;
    if (d) return check_value_of(c, d, n->sp);
    module *m = n->a->kind == AST_NAME || n->a->kind == AST_MEMBER ? find_module(c, dotted_name(c, n->a)) : NULL;
    if (m) {
      diag *g = diag_add(c->d, DIAG_NAME_UNKNOWN, n->name_sp, "the module `%.*s` has no `%.*s`", STR_ARG(m->name), STR_ARG(n->name));
      strs near = { 0 };
      for (uint32_t i = 0; i < m->list.n && c->suggestions < 200; i++) *VEC_PUSH(c->a, &near) = m->list.v[i]->name;
      check_suggest(c, g, n->name_sp, n->name, &near);
      return ex_bad(c, n->sp);
    }
  }
  return check_member(c, check_expr(c, n->a), n->name, n->name_sp, n->sp);
}

/* ---- lists and texts ---- */

ex check_list(checker *c, const ast *n) {
  if (n->first && n->first->kind == AST_COMPREHENSION) return check_comprehension(c, n->first);
  VEC(ex) v = { 0 };
  const type *elem = c->t_never;
  bool bad = false;
  AST_EACH(i, n) {
    ex e = check_expr(c, i->kind == AST_ARG ? i->a : i);
    if (ex_isbad(e)) {
      bad = true;
      continue;
    }
    if (e.t->opt) {
      report_vanishing(c, e, e.n->sp, DIAG_MISSING_ELEMENT, "an element of a list is never missing, but this may be");
      bad = true;
      continue;
    }
    const type *j = type_join(&c->ty, elem, e.t);
    if (!j) {
      str x = type_str(c, e.t), y = type_str(c, elem);
      diag_add(c->d, DIAG_TYPE_MISMATCH, e.n->sp, "this element is %.*s; the ones before it are %.*s", STR_ARG(x), STR_ARG(y));
      bad = true;
      continue;
    }
    elem = j->base;
    *VEC_PUSH(c->a, &v) = e;
  }
  if (bad) return ex_bad(c, n->sp);
  ir *l = ir_new(c, IR_LIST, type_list(&c->ty, elem), n->sp);
  l->v = ARENA_ARRAY(c->a, ir *, v.n ? v.n : 1), l->n = v.n;
  bool opt = false;
  for (uint32_t i = 0; i < v.n; i++) {
    bool ok;
    l->v[i] = check_coerce(c, v.v[i], elem, &ok).n;
    opt |= l->v[i]->ty->opt;
  }
  if (opt) l->ty = type_opt(&c->ty, l->ty);
  return fold(c, (ex){ l, l->ty->base });
}

ex check_interp(checker *c, const ast *n) {
  if (n->kind == AST_TEXT) return ex_of(ir_text(c, n->text, n->sp));
  VEC(ir *) v = { 0 };
  VEC(str) fmt = { 0 };
  bool bad = false, opt = false, may = false;
  AST_EACH(i, n) {
    if (i->kind != AST_HOLE) {
      *VEC_PUSH(c->a, &v) = ir_text(c, i->text, i->sp);
      *VEC_PUSH(c->a, &fmt) = (str){ NULL, 0 };
      continue;
    }
    ex e = check_expr(c, i->a);
    if (ex_isbad(e)) {
      bad = true;
      continue;
    }
    str why = { NULL, 0 };
    if (e.t->kind == TY_PATTERN || e.t->kind == TY_PALETTE || e.t->kind == TY_TERMS) {
      str t = e.t->kind == TY_TERMS ? STR("list of terms") : type_str(c, e.t);
      diag_add(c->d, DIAG_TYPE_MISMATCH, i->sp, "a %.*s cannot be put into a text", STR_ARG(t));
      bad = true;
    } else if (i->text.n && !c->lib->format_check(c->a, e.t->base, i->text, &why)) {
      str t = type_str(c, e.t->base);
      if (why.n) diag_add(c->d, DIAG_FORMAT, i->sp, "the format `%.*s` does not fit %.*s: %.*s", STR_ARG(i->text), STR_ARG(t), STR_ARG(why));
      else diag_add(c->d, DIAG_FORMAT, i->sp, "the format `%.*s` does not fit %.*s", STR_ARG(i->text), STR_ARG(t));
      bad = true;
    }
    opt |= e.n->ty->opt, may |= e.t->opt;
    *VEC_PUSH(c->a, &v) = e.n;
    *VEC_PUSH(c->a, &fmt) = i->text;
  }
  if (bad) return ex_bad(c, n->sp);
  ir *x = ir_new(c, IR_INTERP, opt ? type_opt(&c->ty, c->t_text) : c->t_text, n->sp);
  x->v = v.v, x->n = v.n, x->fmt = fmt.v;
  return (ex){ x, may ? x->ty : c->t_text };
}

/* ---- literals and the switch over everything ---- */

static ex raw_pattern(checker *c, const ast *n) {
  str error = { NULL, 0 };
  uint32_t at = 0;
  if (c->lib->pattern_check(c->a, n->text, n->name, &error, &at))
    return ex_of(ir_const(c, c->t_pattern, (val){ .p = check_pattern(c, n->text, n->name) }, n->sp));
  str source = source_slice(c->src, n->sp);
  uint32_t open = source.n > 4 && !memcmp(source.p, "r\"\"\"", 4) ? 4 : 2;
  span sp = { n->sp.beg + open + at, n->sp.beg + open + at + 1 };
  bool inside = at <= n->text.n && open + at + 1 <= source.n && open + n->text.n <= source.n && !memcmp(source.p + open, n->text.p, n->text.n);
  diag_add(c->d, DIAG_PATTERN, inside ? sp : n->sp, "this pattern is malformed: %.*s", STR_ARG(error));
  return ex_bad(c, n->sp);
}

static ex literal(checker *c, const ast *n, const type *t) { return ex_of(ir_const(c, t, (val){ .i = n->v.i }, n->sp)); }
static ex number(checker *c, const ast *n) { return ex_of(ir_const(c, c->t_num, (val){ .n = n->v.n }, n->sp)); }

static ex quantity(checker *c, const ast *n) {
  return literal(c, n, n->op == UNIT_SIZE ? c->t_int : n->op == UNIT_MONTHS ? c->t_months : c->t_dur);
}

static ex expr_of(checker *c, const ast *n) {
  switch ((ast_kind)n->kind) {
  case AST_PAREN: return check_expr(c, n->a);
  case AST_INT: return literal(c, n, c->t_int);
  case AST_DEC: case AST_PERCENT: case AST_RATIO: return number(c, n);
  case AST_QUANTITY: return quantity(c, n);
  case AST_COLOR: return literal(c, n, c->t_color);
  case AST_DATE: return literal(c, n, c->t_date);
  case AST_TIME: return literal(c, n, c->t_time);
  case AST_TEXT: case AST_INTERP: return check_interp(c, n);
  case AST_RAW: return raw_pattern(c, n);
  case AST_NAME: return name_value(c, n);
  case AST_LIST: case AST_GROUP: return check_list(c, n);
  case AST_COMPREHENSION: return check_comprehension(c, n);
  case AST_MEMBER: return member(c, n);
  case AST_CALL: return check_call(c, n);
  case AST_INDEX: return check_index(c, n);
  case AST_NEG: return check_neg(c, n);
  case AST_ARITH: return check_arith(c, n);
  case AST_COALESCE: return check_coalesce(c, n);
  case AST_CMP: return check_cmp(c, n);
  case AST_IN: return check_in(c, n);
  case AST_CONTAINS: return check_contains(c, n);
  case AST_MATCHES: return check_matches(c, n);
  case AST_EXISTS: case AST_IS_MISSING: return check_presence(c, n);
  case AST_PASSES: return check_passes(c, n);
  case AST_NOT: {
    ex e = check_test(c, n->a);
    if (ex_isbad(e)) return e;
    ir *x = ir_not(c, e.n);
    if (x != e.n->a) x->sp = n->sp;
    return fold(c, (ex){ x, e.t });
  }
  case AST_AND: case AST_OR: return check_and_or(c, n);
  case AST_IMPLIES: return check_implies(c, n);
  case AST_QUANT: return check_quant(c, n);
  case AST_IF: return check_if(c, n);
  case AST_ARG: return check_expr(c, n->a);
  /* declarations, clauses, types and cells are no expressions; the parser gives an ERROR in such places */
  case AST_ERROR: case AST_FILE: case AST_MODULE: case AST_IMPORT: case AST_TYPE: case AST_RECORD: case AST_SOURCE: case AST_PALETTE:
  case AST_SWATCH: case AST_TERMS: case AST_TERM: case AST_TABLE: case AST_ROW: case AST_LET: case AST_FN: case AST_EXTERN: case AST_RULE:
  case AST_RULESET: case AST_WAIVE: case AST_AUDIENCE: case AST_EXPERIMENT: case AST_ARM: case AST_CHOOSE: case AST_TEMPLATE: case AST_TEST:
  case AST_PARAMS: case AST_PARAM: case AST_FIELD: case AST_MODIFIER: case AST_BINDER: case AST_PATH: case AST_TYPE_NAME: case AST_TYPE_REF:
  case AST_TYPE_UNION: case AST_TYPE_LIST: case AST_TYPE_MAP: case AST_BOUND_RANGE: case AST_BOUND_CMP: case AST_BOUND_MATCH: case AST_CELL_ANY:
  case AST_CELL_MISSING: case AST_CELL_CMP: case AST_CELL_RANGE: case AST_CELL_SET: case AST_OPTION: case AST_OPTVALUE: case AST_REQUIRE:
  case AST_FORBID: case AST_FIX: case AST_FROM: case AST_OVER: case AST_BY: case AST_SLOT: case AST_PREFER: case AST_GIVEN: case AST_EXPECT:
  case AST_HOLE: case AST_KIND_COUNT: break;
  }
  return ex_bad(c, n->sp);
}

ex check_expr(checker *c, const ast *n) {
  if (!n) return ex_bad(c, (span){ 0, 0 });
  if (!check_enter(c, n->sp)) return ex_bad(c, n->sp);
  ex e = expr_of(c, n);
  check_leave(c);
  return e;
}
