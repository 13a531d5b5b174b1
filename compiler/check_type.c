/* Types as written become canonical types plus refinements. A refinement never changes what a value may be: it becomes a rule
 * (check_refine.c), so it is kept beside the type. Constants of the grammar are read here too. */
#include "compiler/check.h"

static rtype bad_type(checker *c) { return (rtype){ c->t_err, NULL }; }

static refine *refine_new(checker *c, refine_kind k, span sp) {
  refine *r = ARENA_NEW(c->a, refine);
  r->kind = (uint8_t)k, r->sp = sp;
  return r;
}

static void refine_add(refine **list, refine *r) {
  while (*list) list = &(*list)->next;
  *list = r;
}

static const type *builtin_type(checker *c, str name) {
  static const struct { const char *name; type_kind k; } known[] = {
    { "bool", TY_BOOL }, { "int", TY_INT }, { "number", TY_NUMBER }, { "text", TY_TEXT },
    { "color", TY_COLOR }, { "date", TY_DATE }, { "time", TY_TIME }, { "duration", TY_DURATION },
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (str_eq(name, str_z(known[i].name))) return type_simple(&c->ty, known[i].k);
  return NULL;
}

static rtype named_type(checker *c, const ast *path);

/* Only what is known by now: a declaration that is under way would seem to use itself. */
static rtype meant_type(checker *c, const ast *path, str likely) {
  decl *d = likely.n ? find_path(c, likely) : NULL;
  if (!likely.n || (d && (d->kind != DK_TYPE || d->state != DS_DONE))) return bad_type(c);
  ast meant = *path;
  meant.text = likely;
  return named_type(c, &meant);
}

static rtype unknown_type(checker *c, const ast *path) {
  diag *g = diag_add(c->d, DIAG_TYPE_UNKNOWN, path->sp, "there is no type `%.*s`", STR_ARG(path->text));
  static const char *const basic[] = { "bool", "int", "number", "text", "color", "date", "time", "duration", "url", "email", "locale",
                                       "country", "language", "currency", "spdx", "gtin", "uuid", "mime", "slug" };
  static const char *const other[][2] = { { "string", "text" }, { "str", "text" }, { "float", "number" }, { "double", "number" },
                                          { "real", "number" }, { "decimal", "number" }, { "integer", "int" }, { "boolean", "bool" },
                                          { "datetime", "time" }, { "timestamp", "time" }, { "instant", "time" } };
  for (size_t i = 0; i < sizeof other / sizeof *other; i++)
    if (str_eq(path->text, str_z(other[i][0]))) {
      diag_fix_add(c->d, g, path->sp, str_z(other[i][1]), "did you mean `%s`?", other[i][1]);
      return (rtype){ builtin_type(c, str_z(other[i][1])), NULL };
    }
  strs near = { 0 };
  near_decls(c, &near, 1u << DK_TYPE | 1u << DK_RECORD);
  for (size_t i = 0; i < sizeof basic / sizeof *basic; i++) *VEC_PUSH(c->a, &near) = str_z(basic[i]);
  return meant_type(c, path, check_suggest(c, g, path->sp, path->text, &near));
}

static rtype named_type(checker *c, const ast *path) {
  decl *d = find_path(c, path->text);
  if (d && d->kind == DK_TYPE) {
    type_decl(c, d);
    return d->ty;
  }
  if (d && d->kind == DK_RECORD) {
    refine *r = refine_new(c, RF_RECORD, path->sp);
    r->record = d;
    return (rtype){ type_record(&c->ty, &d->record->shape), r };
  }
  if (d && d->kind == DK_IDLE) return bad_type(c);
  const type *t = d ? NULL : builtin_type(c, path->text);
  if (t) return (rtype){ t, NULL };
  int f = d ? -1 : c->lib->textformat_find(path->text);
  if (f >= 0) {
    refine *r = refine_new(c, RF_FORMAT, path->sp);
    r->index = (uint32_t)f, r->name = path->text;
    return (rtype){ c->t_text, r };
  }
  if (!d) return unknown_type(c, path);
  diag *g = diag_add(c->d, DIAG_NAME_KIND, path->sp, "`%.*s` is %s; a type is expected here", STR_ARG(path->text), decl_what(d));
  if (d->kind == DK_SOURCE)
    diag_fix_add(c->d, g, path->sp, str_fmt(c->a, "-> %.*s", STR_ARG(path->text)), "a reference to a row of it is written `-> %.*s`", STR_ARG(path->text));
  return bad_type(c);
}

static rtype ref_type(checker *c, const ast *n) {
  decl *d = need_path(c, n->a, "a source", 1u << DK_SOURCE, DIAG_SOURCE_UNKNOWN);
  if (!d || d->kind != DK_SOURCE || d->bad) return bad_type(c);
  refine *r = refine_new(c, RF_RESOLVES, n->sp);
  r->index = d->index, r->name = d->name;
  return (rtype){ type_ref(&c->ty, d->index, &c->records.v[d->source->record]->shape), r };
}

static rtype union_type(checker *c, const ast *n) {
  VEC(const text *) lits = { 0 };
  names seen;
  names_init(&seen, c->a);
  AST_EACH(l, n->a) {
    const text *t = check_atom(c, l->text);
    if (names_put(&seen, l->text, (void *)(uintptr_t)t)) *VEC_PUSH(c->a, &lits) = t;
    else if (c->o->lints) diag_add(c->d, DIAG_UNION_TWICE, l->sp, "\"%.*s\" stands in this union twice", STR_ARG(l->text));
  }
  return (rtype){ type_union(&c->ty, lits.v, lits.n), NULL };
}

/* A bound's constant, converted to what it is compared with; NULL: reported. */
static ir *bound_value(checker *c, const ast *n, const type *want, const char *of) {
  ex e = check_constant(c, n);
  if (ex_isbad(e)) return NULL;
  bool ok;
  ex k = check_coerce(c, e, want, &ok);
  if (ok && ir_is(k.n, IR_CONST)) return k.n;
  str got = type_str(c, e.t), w = type_str(c, want);
  diag_add(c->d, DIAG_BOUND, n->sp, "the bound of %s is %.*s; %.*s is expected", of, STR_ARG(got), STR_ARG(w));
  return NULL;
}

static void range_bound(checker *c, rtype *t, const ast *b, const type *want, bool length, const char *of) {
  refine *r = refine_new(c, b->kind == AST_BOUND_RANGE ? RF_RANGE : RF_CMP, b->sp);
  r->op = b->op, r->length = length;
  r->lo = bound_value(c, b->a, want, of);
  r->hi = b->kind == AST_BOUND_RANGE ? bound_value(c, b->b, want, of) : NULL;
  if (!r->lo || (b->kind == AST_BOUND_RANGE && !r->hi)) return;
  if (r->hi && val_cmp(want, r->lo->k, r->hi->k) > 0) {
    diag_add(c->d, DIAG_BOUND, b->sp, "this range is empty: its low end is above its high end");
    return;
  }
  if (length && (r->hi ? r->hi->k.i : (r->op == OP_LE || r->op == OP_LT) ? r->lo->k.i : 0) < 0) {
    diag_add(c->d, DIAG_BOUND, b->sp, "a length is never negative");
    return;
  }
  refine_add(&t->r, r);
}

static void match_bound(checker *c, rtype *t, const ast *b) {
  str error = { NULL, 0 };
  uint32_t at = 0;
  if (!c->lib->pattern_check(c->a, b->a->text, b->a->name, &error, &at)) {
    diag_add(c->d, DIAG_PATTERN, b->a->sp, "this pattern is malformed at its character %u: %.*s", at + 1, STR_ARG(error));
    return;
  }
  refine *r = refine_new(c, RF_MATCH, b->sp);
  r->index = check_pattern(c, b->a->text, b->a->name)->id;
  r->name = slice_of(c, b->a->sp);
  refine_add(&t->r, r);
}

static void add_bounds(checker *c, rtype *t, const ast *n, int allow) {
  AST_EACH(b, n) {
    const type *base = t->t;
    if (base->kind == TY_ERROR || b->kind == AST_ERROR) continue;
    if (!(allow & RT_BOUNDS)) {
      diag_add(c->d, DIAG_BOUND_PLACE, b->sp, "a bound has no effect here: bounds are rules of a record's fields");
      return;
    }
    bool text = base->kind == TY_TEXT;
    if (b->kind == AST_BOUND_MATCH && (text || base->kind == TY_UNION)) match_bound(c, t, b);
    else if (b->kind != AST_BOUND_MATCH && text) range_bound(c, t, b, c->t_int, true, "a text's length");
    else if (b->kind != AST_BOUND_MATCH && type_is_ordered(base) && base->kind != TY_UNION) range_bound(c, t, b, base, false, "this type");
    else {
      str s = type_str(c, base);
      diag_add(c->d, DIAG_BOUND, b->sp, "%.*s cannot be bounded so", STR_ARG(s));
    }
  }
}

static void elem_refines(checker *c, rtype *t, refine *of, span sp) {
  if (!of) return;
  refine *r = refine_new(c, RF_ELEMS, sp);
  r->sub = of;
  refine_add(&t->r, r);
}

static rtype container_type(checker *c, const ast *n, int allow) {
  if (!check_enter(c, n->sp)) return bad_type(c);
  rtype e = check_type(c, n->a, allow);
  check_leave(c);
  bool list = n->kind == AST_TYPE_LIST;
  if (e.t->opt) {
    diag *g = diag_add(c->d, DIAG_MISSING_ELEMENT, n->a->sp, "the elements of a %s are never missing", list ? "list" : "map");
    diag_note_add(c->d, g, (span){ 0, 0 }, "write the `?` last when the whole %s may be missing", list ? "list" : "map");
    e.t = e.t->base;
  }
  rtype t = { e.t->kind == TY_ERROR ? c->t_err : list ? type_list(&c->ty, e.t) : type_map(&c->ty, e.t), NULL };
  if (list && n->b) {
    if (allow & RT_BOUNDS) range_bound(c, &t, n->b, c->t_int, true, "a list's length");
    else diag_add(c->d, DIAG_BOUND_PLACE, n->b->sp, "a bound has no effect here: bounds are rules of a record's fields");
  }
  elem_refines(c, &t, e.r, n->a->sp);
  return t;
}

/* A copy of a chain, so that bounds added to a use of an alias stay with that use. */
static refine *copy_chain(checker *c, const refine *r) {
  refine *head = NULL, **at = &head;
  for (; r; r = r->next, at = &(*at)->next) {
    *at = ARENA_NEW(c->a, refine);
    **at = *r;
    (*at)->next = NULL;
  }
  return head;
}

rtype check_type(checker *c, const ast *n, int allow) {
  rtype t = bad_type(c);
  if (!n) return t;
  if (n->kind == AST_TYPE_NAME) {
    t = named_type(c, n->a);
    t.r = copy_chain(c, t.r);
  } else if (n->kind == AST_TYPE_REF) t = ref_type(c, n);
  else if (n->kind == AST_TYPE_UNION) t = union_type(c, n);
  else if (n->kind == AST_TYPE_LIST || n->kind == AST_TYPE_MAP) t = container_type(c, n, allow);
  else return t;
  if (n->kind != AST_TYPE_LIST && n->kind != AST_TYPE_MAP) add_bounds(c, &t, n, allow);
  if (n->flags & AST_OPTIONAL) t.t = type_opt(&c->ty, t.t);
  return t;
}

void type_decl(checker *c, decl *d) {
  if (d->state == DS_DONE) return;
  if (d->state == DS_BUSY) {
    if (!d->bad) diag_add(c->d, DIAG_CYCLE, d->node->name_sp, "the type `%.*s` is defined by itself", STR_ARG(d->name));
    d->bad = true;
    d->ty = bad_type(c);
    return;
  }
  d->state = DS_BUSY;
  d->ty = bad_type(c);
  if (check_enter(c, d->node->sp)) {
    unit u;
    unit_open(c, &u, NULL, d->file);
    rtype t = check_type(c, d->node->a, RT_BOUNDS);
    unit_close(c, &u);
    check_leave(c);
    d->ty = d->bad ? bad_type(c) : t;
  }
  d->state = DS_DONE;
}

/* ---- constants ---- */

static ex constant_name(checker *c, const ast *n) {
  str path = n->kind == AST_PATH ? n->text : dotted_name(c, n);
  if (str_eq(path, STR("true"))) return ex_of(ir_const(c, c->t_bool, (val){ .i = 1 }, n->sp));
  if (str_eq(path, STR("false"))) return ex_of(ir_const(c, c->t_bool, (val){ .i = 0 }, n->sp));
  decl *d = path.n ? find_path(c, path) : NULL;
  if (d && (d->kind == DK_IDLE || d->bad)) return ex_bad(c, n->sp);
  if (d && (d->kind == DK_LET || d->kind == DK_PALETTE || d->kind == DK_TERMS)) {
    let_decl(c, d);
    if (d->value.n) return (ex){ d->value.n, d->value.t };
    if (d->bad || type_bad(d->ty.t)) return ex_bad(c, n->sp);
  }
  diag *g = diag_add(c->d, DIAG_CONSTANT, n->sp, d ? "`%.*s` is not known when the rules are compiled; a constant is expected here"
                                                   : "there is no constant `%.*s`", STR_ARG(path));
  strs near = { 0 };
  near_decls(c, &near, 1u << DK_LET);
  if (!d) check_suggest(c, g, n->sp, path, &near);
  if (!d && !suggest(path, near.v, near.n))
    diag_note_add(c->d, g, (span){ 0, 0 }, "a text stands in quotes: `\"%.*s\"`", STR_ARG(path));
  return ex_bad(c, n->sp);
}

ex check_constant(checker *c, const ast *n) {
  if (n->kind == AST_NAME || n->kind == AST_PATH || n->kind == AST_MEMBER) return constant_name(c, n);
  if (n->kind == AST_ERROR) return ex_bad(c, n->sp);
  ex e = check_expr(c, n);
  if (ex_isbad(e) || ir_is(e.n, IR_CONST)) return e;
  diag_add(c->d, DIAG_CONSTANT, n->sp, "a constant is expected here");
  return ex_bad(c, n->sp);
}
