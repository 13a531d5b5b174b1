/* Operators on values: arithmetic by the table arith.def, comparison, membership, patterns, defaults. Each says what it does not do and what to
 * write instead. */
#include "compiler/check.h"

static const struct { const char *r, *a; uint8_t op; const char *b; } arith_rows[IA_COUNT] = {
#define ARITH(name, r, a, op, b) { r, a, op, b },
#include "compiler/arith.def"
#undef ARITH
};

static const char *kind_word(const type *t) {
  switch ((type_kind)t->kind) {
  case TY_INT: return "int";
  case TY_NUMBER: return "number";
  case TY_TEXT: case TY_UNION: return "text";
  case TY_DATE: return "date";
  case TY_TIME: return "time";
  case TY_DURATION: return "duration";
  case TY_MONTHS: return "months";
  case TY_ERROR: case TY_NEVER: case TY_BOOL: case TY_COLOR: case TY_PATTERN: case TY_LIST: case TY_MAP: case TY_RECORD: case TY_REF:
  case TY_PALETTE: case TY_TERMS: case TY_VAR: break;
  }
  return "";
}

static int find_arith(const char *a, uint8_t op, const char *b) {
  for (int i = 0; i < IA_COUNT; i++)
    if (arith_rows[i].op == op && str_eq(str_z(arith_rows[i].a), str_z(a)) && str_eq(str_z(arith_rows[i].b), str_z(b))) return i;
  return -1;
}

static const type *named(checker *c, const char *r) {
  static const type_kind kinds[] = { TY_INT, TY_NUMBER, TY_TEXT, TY_DATE, TY_TIME, TY_DURATION };
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    const type *t = type_simple(&c->ty, kinds[i]);
    if (str_eq(str_z(kind_word(t)), str_z(r))) return t;
  }
  return c->t_err;
}

static ex arith_bad(checker *c, const ast *n, ex a, ex b) {
  static const char *const words[] = { "added to", "taken from", "multiplied with", "divided by" };
  str x = type_str(c, a.t->base), y = type_str(c, b.t->base);
  uint8_t op = n->op;
  if (op == OP_ADD) { str s = x; x = y, y = s; }
  if (op == OP_SUB) { str s = x; x = y, y = s; }
  diag *g = diag_add(c->d, DIAG_OPERANDS, n->sp, "%.*s cannot be %s %.*s", STR_ARG(x), words[op - OP_ADD], STR_ARG(y));
  type_kind ka = a.t->kind, kb = b.t->kind;
  if ((ka == TY_DATE && kb == TY_TIME) || (ka == TY_TIME && kb == TY_DATE)) diag_note_add(c->d, g, (span){ 0, 0 }, "the date of a time is `t.date(\"UTC\")`, or of another zone");
  else if (ka == TY_DATE && kb == TY_INT) diag_note_add(c->d, g, (span){ 0, 0 }, "say which unit: `+ 30 days`, or `.add_days(n)`");
  else if (op == OP_ADD && (ka == TY_TEXT || kb == TY_TEXT)) diag_note_add(c->d, g, (span){ 0, 0 }, "put values into a text with braces: `\"{x} pixels\"`");
  else if (ka == TY_LIST && kb == TY_LIST) diag_note_add(c->d, g, (span){ 0, 0 }, "lists are joined with `xs.concat(ys)`, and `xs.minus(ys)` removes");
  return ex_bad(c, n->sp);
}

static ex arith_step(checker *c, const ast *n, ex a, ex b) {
  if (ex_isbad(a) || ex_isbad(b)) return ex_bad(c, n->sp);
  const char *ka = kind_word(a.t), *kb = kind_word(b.t);
  int row = find_arith(ka, n->op, kb);
  bool ia = a.t->kind == TY_INT, ib = b.t->kind == TY_INT;
  if (row < 0 && ia && !ib) row = find_arith(ka = "number", n->op, kb);
  if (row < 0 && ib && !ia) row = find_arith(ka, n->op, kb = "number");
  if (row < 0 && ia && ib) row = find_arith(ka = "number", n->op, kb = "number");
  if (row < 0 && n->op == OP_MUL) { /* 3 * 2 days */
    row = find_arith(kind_word(b.t), OP_MUL, kind_word(a.t));
    if (row >= 0) {
      ex s = a;
      a = b, b = s, ka = kind_word(a.t), kb = kind_word(b.t);
    }
  }
  if (row < 0) return arith_bad(c, n, a, b);
  bool ok;
  if (str_eq(str_z(ka), STR("number"))) a = check_coerce(c, a, c->t_num, &ok);
  if (str_eq(str_z(kb), STR("number"))) b = check_coerce(c, b, c->t_num, &ok);
  const type *t = named(c, arith_rows[row].r);
  ir *x = ir_bin(c, IR_ARITH, t, n->sp, a.n, b.n);
  x->cause = subject_of(c, x);
  x->op = (uint8_t)row;
  return fold(c, (ex){ x, lift2(c, t, a.t, b.t) });
}

ex check_arith(checker *c, const ast *n) {
  VEC(const ast *) spine = { 0 }; /* a chain leans to the left: no recursion along it */
  for (; n->kind == AST_ARITH; n = n->a) *VEC_PUSH(c->a, &spine) = n;
  ex e = check_expr(c, n);
  for (uint32_t i = spine.n; i > 0; i--) e = arith_step(c, spine.v[i - 1], e, check_expr(c, spine.v[i - 1]->b));
  return e;
}

ex check_neg(checker *c, const ast *n) {
  ex e = check_expr(c, n->a);
  if (ex_isbad(e)) return e;
  type_kind k = e.t->kind;
  if (k == TY_MONTHS && e.n->kind == IR_CONST) return ex_of(ir_const(c, e.t, (val){ .i = -e.n->k.i }, n->sp));
  if (k != TY_INT && k != TY_NUMBER && k != TY_DURATION) {
    str s = type_str(c, e.t);
    diag_add(c->d, DIAG_OPERANDS, n->sp, "%.*s has no negative", STR_ARG(s));
    return ex_bad(c, n->sp);
  }
  ir *x = ir_un(c, IR_NEG, e.t->base, n->sp, e.n);
  x->cause = subject_of(c, x);
  return fold(c, (ex){ x, e.t });
}

/* ---- comparison ---- */

static bool is_text(const type *t) { return t->kind == TY_TEXT || t->kind == TY_UNION; }

static void note_interned(checker *c, const ir *field) {
  if (field->kind != IR_FIELD || !is_text(field->ty)) return;
  uint32_t id = field->a->ty->rec->id;
  if (id < c->records.n) c->records.v[id]->fields[field->index].intern = true;
}

/* A text literal beside a union must be one of its literals: otherwise the comparison could never be true. */
static bool literal_in_union(checker *c, ex *u, ex *k) {
  if (u->t->kind != TY_UNION || k->t->kind != TY_TEXT || k->n->kind != IR_CONST) return true;
  note_interned(c, u->n);
  str s = str_of(k->n->k.t);
  if (union_has(u->t, s)) {
    bool ok;
    *k = check_coerce(c, *k, u->t, &ok);
    return true;
  }
  str t = type_str(c, u->t->base);
  diag *g = diag_add(c->d, DIAG_UNION_LITERAL, k->n->sp, "\"%.*s\" is none of %.*s, so this never matches", STR_ARG(s), STR_ARG(t));
  strs near = { 0 };
  for (uint32_t i = 0; i < u->t->nlits; i++) *VEC_PUSH(c->a, &near) = str_fmt(c->a, "\"%.*s\"", STR_ARG(str_of(u->t->lits[i])));
  check_suggest(c, g, k->n->sp, str_fmt(c->a, "\"%.*s\"", STR_ARG(s)), &near);
  return false;
}

static bool unions_meet(const type *x, const type *y) {
  for (uint32_t i = 0; i < x->nlits; i++)
    if (union_has(y, str_of(x->lits[i]))) return true;
  return false;
}

static ex key_of(checker *c, ex r) { /* a record compared with a reference to it */
  ir *n = ir_field(c, r.n, r.t->rec->keys[0], r.n->sp);
  return (ex){ n, lift1(c, n->ty->base, r.t) };
}

/* A literal in quotes where none belong: shows how the type's literals are written. */
static void without_quotes(checker *c, diag *g, const type *t, const ir *literal) {
  const type *l = literal->ty->base;
  if (literal->kind != IR_CONST || !(is_text(l) || (l->kind == TY_LIST && is_text(l->elem)))) return;
  const char *how = t->kind == TY_COLOR ? "a color is written `#E4002B`" : t->kind == TY_DATE ? "a date is written `2026-11-22`"
                  : t->kind == TY_TIME ? "a time is written `2026-11-22T09:00:00Z`" : t->kind == TY_BOOL ? "write `true` or `false`"
                  : t->kind == TY_DURATION ? "a duration is written `90 days`" : t->kind == TY_INT || t->kind == TY_NUMBER ? "a number is written `300`" : NULL;
  if (how) diag_note_add(c->d, g, (span){ 0, 0 }, "%s, without quotes", how);
}

/* Brings both to one base type (or one int and one number). False: reported or bad. */
static bool make_comparable(checker *c, span sp, ex *a, ex *b) {
  if (ex_isbad(*a) || ex_isbad(*b)) return false;
  if (!literal_in_union(c, a, b) || !literal_in_union(c, b, a)) return false;
  if (b->n->kind == IR_CONST) note_interned(c, a->n);
  if (a->n->kind == IR_CONST) note_interned(c, b->n);
  if (a->t->kind == TY_RECORD && b->t->kind == TY_REF && a->t->rec == b->t->rec && a->t->rec->nkeys == 1) *a = key_of(c, *a);
  if (b->t->kind == TY_RECORD && a->t->kind == TY_REF && b->t->rec == a->t->rec && b->t->rec->nkeys == 1) *b = key_of(c, *b);
  const type *x = a->t->base, *y = b->t->base;
  if (x == y) return x->kind != TY_PATTERN && x->kind != TY_TERMS && x->kind != TY_MONTHS;
  bool xn = x->kind == TY_INT || x->kind == TY_NUMBER, yn = y->kind == TY_INT || y->kind == TY_NUMBER;
  if (xn && yn) return true;
  if (x->kind == TY_UNION && y->kind == TY_UNION && !unions_meet(x, y)) {
    str s = type_str(c, x), t = type_str(c, y);
    diag_add(c->d, DIAG_COMPARE, sp, "%.*s and %.*s have no literal in common: they are never equal", STR_ARG(s), STR_ARG(t));
    return false;
  }
  if (is_text(x) && is_text(y)) {
    bool ok;
    *a = check_coerce(c, *a, c->t_text, &ok);
    *b = check_coerce(c, *b, c->t_text, &ok);
    return true;
  }
  bool ok;
  ex k = check_coerce(c, *b, x, &ok);
  if (ok && x->kind != TY_RECORD) {
    *b = k;
    return true;
  }
  k = check_coerce(c, *a, y, &ok);
  if (ok && y->kind != TY_RECORD) {
    *a = k;
    return true;
  }
  str s = type_str(c, x), t = type_str(c, y);
  if ((x->kind == TY_DATE && y->kind == TY_TIME) || (x->kind == TY_TIME && y->kind == TY_DATE)) {
    ex time = x->kind == TY_TIME ? *a : *b;
    diag *g = diag_add(c->d, DIAG_DATE_TIME, sp, "a date and a time are not compared: on which day an instant falls depends on the zone");
    diag_fix_add(c->d, g, (span){ time.n->sp.end, time.n->sp.end }, STR(".date(\"UTC\")"), "compare the date in a zone: `.date(\"UTC\")`");
    return false;
  }
  diag *g = diag_add(c->d, DIAG_COMPARE, sp, "%.*s and %.*s cannot be compared", STR_ARG(s), STR_ARG(t));
  without_quotes(c, g, x, b->n);
  without_quotes(c, g, y, a->n);
  const type *other = x->kind == TY_DURATION ? y : y->kind == TY_DURATION ? x : NULL;
  if (other && (other->kind == TY_INT || other->kind == TY_NUMBER)) diag_note_add(c->d, g, (span){ 0, 0 }, "a duration has a unit: `30 days`, `6 hours`");
  bool listed = x->kind == TY_LIST && y->kind != TY_LIST;
  if (listed) diag_note_add(c->d, g, (span){ 0, 0 }, "whether a list has an element: `xs contains x`");
  bool slashed = (x->kind == TY_DATE && y->kind == TY_NUMBER) || (x->kind == TY_NUMBER && y->kind == TY_DATE) || (x->kind == TY_DATE && y->kind == TY_INT);
  if (slashed) diag_note_add(c->d, g, (span){ 0, 0 }, "a date is written `2026-11-22`: year, month, day, with `-` between");
  return false;
}

static const char *ordered_hint(const type *t) {
  return t->kind == TY_COLOR ? "colors have no order; compare `.luminance()` or `.contrast(...)`" : t->kind == TY_LIST ? "compare lengths: `.length()`" : NULL;
}

ex check_cmp(checker *c, const ast *n) {
  ex a = check_expr(c, n->a), b = check_expr(c, n->b);
  if (ex_isbad(a) || ex_isbad(b)) return ex_bad(c, n->sp);
  uint32_t before = c->d->list.n;
  if (!make_comparable(c, n->sp, &a, &b)) {
    if (c->d->list.n == before) {
      str s = type_str(c, a.t);
      diag_add(c->d, DIAG_COMPARE, n->sp, "values of type %.*s are not compared", STR_ARG(s));
    }
    return ex_bad(c, n->sp);
  }
  bool order = n->op != OP_EQ && n->op != OP_NE;
  if (order && !type_is_ordered(a.t)) {
    str s = type_str(c, a.t->base);
    diag *g = diag_add(c->d, DIAG_COMPARE, n->sp, "values of type %.*s have no order; only `==` and `!=` compare them", STR_ARG(s));
    if (ordered_hint(a.t)) diag_note_add(c->d, g, (span){ 0, 0 }, "%s", ordered_hint(a.t));
    return ex_bad(c, n->sp);
  }
  ir *x = ir_bin(c, IR_CMP, c->t_bool, n->sp, a.n, b.n);
  x->op = n->op;
  if (c->o->lints && !c->sealed && is_path(a.n) && is_path(b.n) && same_path(a.n, b.n))
    diag_add(c->d, DIAG_SAME_SIDES, n->sp, "both sides are the same");
  return fold(c, (ex){ x, lift2(c, c->t_bool, a.t, b.t) });
}

/* ---- in, contains, matches ---- */

static ex in_range(checker *c, const ast *n, ex a) {
  ex lo = check_expr(c, n->b), hi = check_expr(c, n->c);
  if (ex_isbad(a) || !make_comparable(c, n->sp, &a, &lo) || !make_comparable(c, n->sp, &a, &hi)) return ex_bad(c, n->sp);
  if (!type_is_ordered(a.t)) {
    str s = type_str(c, a.t->base);
    diag_add(c->d, DIAG_COMPARE, n->sp, "values of type %.*s have no order, so there is no range of them", STR_ARG(s));
    return ex_bad(c, n->sp);
  }
  if (lo.n->kind == IR_CONST && hi.n->kind == IR_CONST && lo.t == hi.t && val_cmp(lo.t, lo.n->k, hi.n->k) > 0)
    diag_add(c->d, DIAG_BOUND, n->b->sp, "this range is empty: its low end is above its high end");
  ir *x = ir_bin(c, IR_IN_RANGE, c->t_bool, n->sp, a.n, lo.n);
  x->c = hi.n;
  if (hi.n->ty->opt) x->ty = type_opt(&c->ty, x->ty);
  return (ex){ x, lift1(c, lift2(c, c->t_bool, a.t, lo.t), hi.t) };
}

/* Elements of a constant list beside a union are checked one by one, so that a misspelt one is found. */
static bool list_in_union(checker *c, const ast *n, ex a, ex *b) {
  if (a.t->kind != TY_UNION || b->t->kind != TY_LIST || b->t->elem->kind != TY_TEXT || b->n->kind != IR_CONST) return true;
  note_interned(c, a.n);
  bool ok = true;
  const ast *item = n->kind == AST_LIST ? n->first : NULL;
  for (uint32_t i = 0; i < b->n->k.l->n; i++, item = item ? item->next : NULL) {
    ex k = ex_of(ir_const(c, c->t_text, b->n->k.l->v[i], item ? item->sp : b->n->sp));
    ok = literal_in_union(c, &a, &k) && ok;
  }
  return ok;
}

static ex in_list(checker *c, const ast *n, ex a, ex b) {
  if (ex_isbad(a) || ex_isbad(b)) return ex_bad(c, n->sp);
  if (b.t->kind == TY_PALETTE && b.n->kind == IR_CONST) { /* the palette's colors */
    list *l = ARENA_NEW(c->a, list);
    val *v = ARENA_ARRAY(c->a, val, b.n->k.l->n + 1);
    for (uint32_t i = 0; i < b.n->k.l->n; i++) v[i] = b.n->k.l->v[i].r->v[1];
    *l = (list){ b.n->k.l->n, v };
    b = ex_of(ir_const(c, type_list(&c->ty, c->t_color), (val){ .l = l }, b.n->sp));
  }
  if (b.t->kind != TY_LIST) {
    str s = type_str(c, b.t->base);
    diag *g = diag_add(c->d, DIAG_NOT_ITERABLE, b.n->sp, "`in` is followed by a list, a range or an audience, not by %.*s", STR_ARG(s));
    bool minus = n->b && n->b->kind == AST_ARITH && n->b->op == OP_SUB && b.t->kind == TY_INT;
    if (minus) diag_note_add(c->d, g, (span){ 0, 0 }, "a range has two dots: `%.*s..%.*s`", STR_ARG(slice_of(c, n->b->a->sp)), STR_ARG(slice_of(c, n->b->b->sp)));
    if (is_text(b.t)) diag_note_add(c->d, g, (span){ 0, 0 }, "whether a text stands in another: `text contains \"part\"`");
    if (b.t->kind == TY_TERMS) diag_note_add(c->d, g, (span){ 0, 0 }, "whether one of the terms stands in a text: `words.has(text)`");
    if (b.t->kind == TY_MAP) diag_note_add(c->d, g, (span){ 0, 0 }, "whether a map has a key: `m contains \"key\"`");
    return ex_bad(c, n->sp);
  }
  const ast *list_ast = n->b;
  while (list_ast->kind == AST_PAREN) list_ast = list_ast->a;
  if (!list_in_union(c, list_ast, a, &b)) return ex_bad(c, n->sp);
  if (b.n->kind == IR_CONST) note_interned(c, a.n);
  const type *e = b.t->elem;
  bool ok = e->kind == TY_NEVER || (a.t->kind == TY_INT && e->kind == TY_NUMBER);
  if (!ok) {
    ex k = check_coerce(c, a, e, &ok);
    if (ok && e->kind != TY_RECORD && e->kind != TY_NUMBER) a = k;
    else if (!ok) { /* the list may be what is converted: ints beside a number, literals beside a union */
      b = check_coerce(c, b, type_list(&c->ty, a.t->base), &ok);
    }
  }
  if (!ok) {
    str s = type_str(c, a.t->base), t = type_str(c, b.t->base);
    diag *g = diag_add(c->d, DIAG_COMPARE, n->sp, "%.*s is never an element of %.*s", STR_ARG(s), STR_ARG(t));
    without_quotes(c, g, a.t->base, b.n);
    return ex_bad(c, n->sp);
  }
  ir *x = ir_bin(c, IR_IN_LIST, c->t_bool, n->sp, a.n, b.n);
  return (ex){ x, lift2(c, c->t_bool, a.t, b.t) };
}

static decl *named_decl(checker *c, const ast *n) {
  while (n->kind == AST_PAREN) n = n->a;
  str path = dotted_name(c, n);
  if (!path.n) return NULL;
  const ast *root = n;
  while (root->kind == AST_MEMBER) root = root->a;
  return scope_find(c, root->text) ? NULL : find_path(c, path);
}

static ex in_audience(checker *c, const ast *n, ex a, decl *d) {
  audience_header(c, d);
  if (ex_isbad(a) || d->bad) return ex_bad(c, n->sp);
  a = check_deref(c, a);
  const prog_record *r = c->records.v[d->audience->record];
  if (a.t->kind != TY_RECORD || a.t->rec != &r->shape) {
    str s = type_str(c, a.t->base);
    diag_add(c->d, DIAG_AUDIENCE_RECORD, n->sp, "`%.*s` is an audience of %.*s records, but this is %.*s", STR_ARG(d->name), STR_ARG(c->record_decls.v[r->shape.id]->name), STR_ARG(s));
    return ex_bad(c, n->sp);
  }
  dep_add(c, d, n->b->sp);
  ir *x = ir_un(c, IR_IN_AUDIENCE, c->t_bool, n->sp, a.n);
  x->ty = type_opt(&c->ty, c->t_bool); /* whether its test can be unknown may not be known yet */
  x->index = d->index;
  *VEC_PUSH(c->a, &c->audience_nodes) = x;
  return ex_of(x);
}

ex check_in(checker *c, const ast *n) {
  ex a = check_expr(c, n->a), r;
  decl *d = n->c ? NULL : named_decl(c, n->b);
  if (n->c) r = in_range(c, n, a);
  else if (d && d->kind == DK_AUDIENCE) r = in_audience(c, n, a, d);
  else r = in_list(c, n, a, check_expr(c, n->b));
  if (ex_isbad(r) || !(n->flags & AST_NEGATED)) return r;
  ir *x = ir_not(c, r.n);
  x->sp = n->sp;
  return (ex){ x, r.t };
}

ex check_contains(checker *c, const ast *n) {
  ex a = check_expr(c, n->a), b = check_expr(c, n->b);
  if (ex_isbad(a) || ex_isbad(b)) return ex_bad(c, n->sp);
  bool ok = false;
  if (is_text(a.t) || a.t->kind == TY_MAP) b = check_coerce(c, b, c->t_text, &ok);
  else if (a.t->kind == TY_LIST) {
    ex u = ex_of(ir_new(c, IR_NONE, a.t->elem, a.n->sp));
    if (!literal_in_union(c, &u, &b)) return ex_bad(c, n->sp);
    if (b.n->kind == IR_CONST) note_interned(c, a.n);
    if (a.n->kind == IR_CONST) note_interned(c, b.n);
    ok = a.t->elem->kind == TY_NEVER;
    if (!ok) b = check_coerce(c, b, a.t->elem, &ok);
    if (ok && a.t->elem->kind == TY_RECORD && b.n->kind == IR_DEREF) ok = true;
  } else {
    str s = type_str(c, a.t->base);
    diag_add(c->d, DIAG_NOT_ITERABLE, n->a->sp, "`contains` asks a text, a list or a map, not %.*s", STR_ARG(s));
    return ex_bad(c, n->sp);
  }
  if (!ok) {
    str s = type_str(c, a.t->base), t = type_str(c, b.t->base);
    diag_add(c->d, DIAG_COMPARE, n->sp, "%.*s never contains %.*s", STR_ARG(s), STR_ARG(t));
    return ex_bad(c, n->sp);
  }
  return (ex){ ir_bin(c, IR_CONTAINS, c->t_bool, n->sp, a.n, b.n), lift2(c, c->t_bool, a.t, b.t) };
}

ex check_matches(checker *c, const ast *n) {
  ex a = check_expr(c, n->a), b = check_expr(c, n->b);
  if (ex_isbad(a) || ex_isbad(b)) return ex_bad(c, n->sp);
  if (!is_text(a.t)) {
    str s = type_str(c, a.t->base);
    diag_add(c->d, DIAG_OPERANDS, n->a->sp, "patterns are searched in texts, not in %.*s", STR_ARG(s));
    return ex_bad(c, n->sp);
  }
  if (b.t->kind != TY_PATTERN || b.n->kind != IR_CONST) {
    diag *g = diag_add(c->d, DIAG_PATTERN_LITERAL, n->b->sp, "`matches` is followed by a pattern, `r\"...\"`");
    if (b.n->kind == IR_CONST && is_text(b.t)) diag_fix_add(c->d, g, (span){ n->b->sp.beg, n->b->sp.beg }, STR("r"), "write `r` before the quotes");
    return ex_bad(c, n->sp);
  }
  ir *x = ir_un(c, IR_MATCHES, c->t_bool, n->sp, a.n);
  x->index = ((const pattern *)b.n->k.p)->id;
  x->cause = subject_of(c, x);
  return (ex){ x, lift1(c, c->t_bool, a.t) };
}

/* ---- ?? and [] ---- */

ex check_coalesce(checker *c, const ast *n) {
  ex a = check_expr(c, n->a), b = check_expr(c, n->b);
  if (ex_isbad(a) || ex_isbad(b)) return ex_bad(c, n->sp);
  bool ok;
  if (a.t->kind == TY_UNION) b = check_coerce(c, b, a.t->base, &ok); /* a literal of the union keeps the result in it */
  const type *t = type_join(&c->ty, a.t->base, b.t->base);
  if (!t) {
    str x = type_str(c, a.t->base), y = type_str(c, b.t->base);
    diag_add(c->d, DIAG_TYPE_MISMATCH, n->b->sp, "the value before `??` is %.*s, its default is %.*s", STR_ARG(x), STR_ARG(y));
    return ex_bad(c, n->sp);
  }
  if (!a.t->opt && !a.n->ty->opt && c->o->lints && !c->sealed)
    diag_add(c->d, DIAG_NEVER_MISSING, n->a->sp, "this is never missing, so `??` has no effect");
  a = check_coerce(c, a, t, &ok);
  b = check_coerce(c, b, t, &ok);
  ir *x = ir_new(c, IR_COALESCE, b.n->ty->opt ? type_opt(&c->ty, t) : t, n->sp);
  x->a = a.n, x->b = b.n;
  if (a.n->cause.n) x->cause = a.n->cause;
  return (ex){ x, b.t->opt && a.t->opt ? type_opt(&c->ty, t) : t };
}

ex check_index(checker *c, const ast *n) {
  ex a = check_expr(c, n->a), b = check_expr(c, n->b);
  if (ex_isbad(a) || ex_isbad(b)) return ex_bad(c, n->sp);
  bool list = a.t->kind == TY_LIST, map = a.t->kind == TY_MAP;
  if (!list && !map) {
    str s = type_str(c, a.t->base);
    diag *g = diag_add(c->d, DIAG_INDEX, n->sp, "%.*s has no elements to index; lists and maps do", STR_ARG(s));
    if (is_text(a.t)) diag_note_add(c->d, g, (span){ 0, 0 }, "a part of a text is `.slice(first, last)`");
    return ex_bad(c, n->sp);
  }
  bool ok;
  b = check_coerce(c, b, list ? c->t_int : c->t_text, &ok);
  if (!ok) {
    str s = type_str(c, b.t->base);
    diag_add(c->d, DIAG_INDEX, n->b->sp, list ? "a list is indexed by an int from 1, not by %.*s" : "a map is indexed by a text, not by %.*s", STR_ARG(s));
    return ex_bad(c, n->sp);
  }
  if (list && b.n->kind == IR_CONST && b.n->k.i == 0) diag_add(c->d, DIAG_INDEX, n->b->sp, "the first element is number 1; there is no element 0");
  const type *t = type_opt(&c->ty, a.t->elem);
  ir *x = ir_bin(c, list ? IR_INDEX : IR_MAP_GET, t, n->sp, a.n, b.n);
  str key = slice_of(c, n->b->sp), of = subject_of(c, a.n);
  if (of.n + key.n < 200) x->cause = str_fmt(c->a, "%.*s[%.*s]", STR_ARG(of), STR_ARG(key));
  else x->cause = of; /* chains must not cost their square */
  return ex_of(x);
}
