/* Builds tree nodes: one small function for each construct that the grammar names.
 *
 * Why apart from the grammar: actions stay one line, and the limit on the tree's height, on which every later recursive pass relies,
 * is kept in one place (settle). */
#include "parser/parse.h"

#include <string.h>

static uint16_t max16(uint16_t x, uint16_t y) { return x > y ? x : y; }
static uint16_t plus1(uint16_t x) { return x < UINT16_MAX ? (uint16_t)(x + 1) : x; }

/* A left-leaning operator: its first operand continues the chain instead of nesting. */
static bool is_chain(const ast *n) {
  ast_kind k = (ast_kind)n->kind;
  return k == AST_AND || k == AST_OR || k == AST_ARITH || k == AST_MEMBER || k == AST_INDEX || k == AST_CALL;
}

static void take_child(ast *n, const ast *c, bool chained) {
  if (!c) return;
  n->depth = max16(n->depth, plus1(c->depth));
  n->nest = max16(n->nest, chained ? c->nest : plus1(c->nest));
}

/* Computes the height of a finished node; what is too high becomes an ERROR, reported once a declaration. */
static ast *settle(parser *p, ast *n, const nodes *list) {
  n->depth = n->nest = 0;
  take_child(n, n->a, is_chain(n));
  take_child(n, n->b, false);
  take_child(n, n->c, false);
  if (list && list->first) n->depth = max16(n->depth, plus1(list->depth)), n->nest = max16(n->nest, plus1(list->nest));
  bool deep = n->nest > AST_MAX_NEST, tall = n->depth > AST_MAX_DEPTH;
  if (!deep && !tall) return n;
  if (!p->too_deep) {
    span at = { n->sp.beg, n->sp.beg + 1 };
    if (deep) lex_error(&p->lx, DIAG_SYN_TOO_DEEP, at, "nested too deep (limit %d)", AST_MAX_NEST);
    else lex_error(&p->lx, DIAG_SYN_TOO_LONG, at, "too many operators in a row (limit %d)", AST_MAX_CHAIN);
    p->too_deep = true;
  }
  *n = (ast){ .kind = AST_ERROR, .sp = n->sp };
  return n;
}

ast *mk_abc(parser *p, ast_kind kind, span sp, ast *a, ast *b, ast *c) {
  ast *n = ARENA_NEW(p->a, ast);
  n->kind = (uint8_t)kind, n->sp = sp, n->a = a, n->b = b, n->c = c;
  return settle(p, n, NULL);
}

ast *mk(parser *p, ast_kind kind, span sp) { return mk_abc(p, kind, sp, NULL, NULL, NULL); }
ast *mk_a(parser *p, ast_kind kind, span sp, ast *a) { return mk_abc(p, kind, sp, a, NULL, NULL); }
ast *mk_ab(parser *p, ast_kind kind, span sp, ast *a, ast *b) { return mk_abc(p, kind, sp, a, b, NULL); }
ast *mk_list(parser *p, ast_kind kind, span sp, nodes list) { return with_list(p, mk(p, kind, sp), list); }

ast *mk_named(parser *p, ast_kind kind, span sp, token name, ast *a, ast *b, ast *c) {
  ast *n = mk_abc(p, kind, sp, a, b, c);
  if (n->kind != AST_ERROR) n->name = name.text, n->name_sp = name.sp;
  return n;
}

ast *mk_op(parser *p, ast_kind kind, int op, span sp, ast *a, ast *b) { return with_op(mk_ab(p, kind, sp, a, b), op); }

ast *with_list(parser *p, ast *n, nodes list) {
  n->first = list.first, n->last = list.last;
  return settle(p, n, &list);
}

ast *with_flags(ast *n, int flags) {
  n->flags |= (uint16_t)flags;
  return n;
}

ast *with_op(ast *n, int op) {
  n->op = (uint8_t)op;
  return n;
}

nodes list_new(ast *n) { return (nodes){ n, n, n->depth, n->nest }; }

nodes list_add(nodes l, ast *n) {
  if (!l.first) return list_new(n);
  l.last->next = n;
  return (nodes){ l.first, n, max16(l.depth, n->depth), max16(l.nest, n->nest) };
}

/* The doc comment right above the token at `place`. */
static str doc_at(const parser *p, uint32_t place) {
  uint32_t lo = 0, hi = p->lx.docs.n;
  while (lo < hi) {
    uint32_t mid = (lo + hi) / 2;
    if (p->lx.docs.v[mid].at < place) lo = mid + 1;
    else hi = mid;
  }
  return lo < p->lx.docs.n && p->lx.docs.v[lo].at == place ? p->lx.docs.v[lo].text : (str){ "", 0 };
}

nodes list_doc(parser *p, nodes l, ast *n) {
  n->doc = doc_at(p, n->sp.beg);
  return list_add(l, n);
}

void file_add(parser *p, ast *item) {
  p->items = list_doc(p, p->items, item);
  p->too_deep = false;
}

/* ---- leaves ---- */

ast *mk_literal(parser *p, ast_kind kind, span sp, token t) {
  ast *n = mk(p, kind, sp);
  n->text = t.text, n->name = t.extra;
  if (kind == AST_DEC || kind == AST_PERCENT || kind == AST_RATIO) n->v.n = t.v.n;
  else n->v.i = t.v.i;
  return with_flags(n, t.flags & LEX_TRIPLE ? AST_MULTILINE : 0);
}

ast *mk_quantity(parser *p, span sp, token number, token unit) {
  lex_unit kind;
  ast *n = mk(p, AST_QUANTITY, sp);
  lex_quantity(&p->lx, sp, number.text, unit.text, &kind, &n->v.i);
  n->op = kind == LEX_SIZE ? UNIT_SIZE : kind == LEX_MONTHS ? UNIT_MONTHS : UNIT_DURATION;
  n->text = (str){ p->f->text.p + (sp.beg - p->f->base), sp.end - sp.beg };
  return n;
}

ast *mk_text(parser *p, span sp, token t) {
  ast *n = mk(p, AST_TEXT, sp);
  n->text = t.text;
  if (!(t.flags & LEX_TRIPLE)) return n;
  lex_text_finish(p->a, &n->text, 1);
  return with_flags(n, AST_MULTILINE);
}

static ast *chunk(parser *p, token t) {
  ast *n = mk(p, AST_TEXT, t.sp);
  n->text = t.text;
  return with_flags(n, t.flags & LEX_TRIPLE ? AST_MULTILINE : 0);
}

nodes mk_chunk(parser *p, nodes list, token mid) { return list_add(list, chunk(p, mid)); }

ast *mk_interp(parser *p, span sp, token head, nodes rest, token tail) {
  nodes all = list_new(chunk(p, head));
  all.last->next = rest.first;
  all.last = rest.last, all.depth = rest.depth, all.nest = rest.nest;
  all = list_add(all, chunk(p, tail));
  if (head.flags & LEX_TRIPLE) {
    uint32_t n = 0, i = 0;
    for (ast *c = all.first; c; c = c->next) n += c->kind == AST_TEXT;
    str *texts = ARENA_ARRAY(p->a, str, n);
    for (ast *c = all.first; c; c = c->next)
      if (c->kind == AST_TEXT) texts[i++] = c->text;
    lex_text_finish(p->a, texts, n);
    i = 0;
    for (ast *c = all.first; c; c = c->next)
      if (c->kind == AST_TEXT) c->text = texts[i++];
  }
  nodes kept = { .depth = all.depth, .nest = all.nest };
  for (ast *c = all.first, *next; c; c = next) {
    next = c->next, c->next = NULL;
    if (c->kind == AST_TEXT && !c->text.n) continue; /* nothing between two holes */
    if (kept.last) kept.last->next = c;
    else kept.first = c;
    kept.last = c;
  }
  return with_flags(mk_list(p, AST_INTERP, sp, kept), head.flags & LEX_TRIPLE ? AST_MULTILINE : 0);
}

ast *mk_hole(parser *p, span sp, ast *expr, str format) {
  ast *n = mk_a(p, AST_HOLE, sp, expr);
  n->text = format;
  return n;
}

ast *mk_name(parser *p, span sp, token t) {
  ast *n = mk(p, AST_NAME, sp);
  n->text = t.text;
  return with_flags(n, t.flags & LEX_BACKQUOTED ? AST_QUOTED : 0);
}

/* ---- paths ---- */

static str dotted_text(parser *p, const nodes *parts) {
  uint32_t n = 0;
  bool plain = true;
  AST_EACH(c, parts) {
    n += c->text.n + 1;
    plain = plain && (!c->next || c->next->text.p == c->text.p + c->text.n + 1);
  }
  if (plain) return (str){ parts->first->text.p, n - 1 };
  buf b = { .a = p->a };
  AST_EACH(c, parts) {
    if (b.n) buf_ch(&b, '.');
    buf_str(&b, c->text);
  }
  return buf_done(&b);
}

ast *mk_path(parser *p, span sp, nodes parts) {
  ast *n = mk_list(p, AST_PATH, sp, parts);
  n->text = dotted_text(p, &parts);
  return n;
}

ast *mk_const_path(parser *p, span sp, nodes parts) {
  return parts.first == parts.last ? parts.first : mk_path(p, sp, parts);
}

/* ---- constructs with a say of their own ---- */

ast *mk_type_list(parser *p, ast_kind kind, span sp, ast *elem, ast *bound) { return mk_ab(p, kind, sp, elem, bound); }
ast *mk_arith(parser *p, int op, span sp, ast *a, ast *b) { return mk_op(p, AST_ARITH, op, sp, a, b); }
ast *mk_member(parser *p, span sp, ast *object, token name) { return mk_named(p, AST_MEMBER, sp, name, object, NULL, NULL); }
ast *mk_index(parser *p, span sp, ast *object, ast *index) { return mk_ab(p, AST_INDEX, sp, object, index); }
ast *mk_if(parser *p, span sp, ast *c, ast *t, ast *e) { return mk_abc(p, AST_IF, sp, c, t, e); }

/* `args` of the grammar gives bare expressions where no name stands before them: a list literal wants them so, a call wraps them. A
 * comprehension, which can only stand alone, stays as it is. */
ast *mk_call(parser *p, span sp, ast *object, token name, nodes args) {
  nodes wrapped = { 0 };
  for (ast *c = args.first, *next; c; c = next) {
    next = c->next, c->next = NULL;
    bool bare = c->kind != AST_ARG && c->kind != AST_COMPREHENSION;
    wrapped = list_add(wrapped, bare ? mk_arg(p, c->sp, (token){ .text = { "", 0 } }, c) : c);
  }
  return with_list(p, mk_named(p, AST_CALL, sp, name, object, NULL, NULL), wrapped);
}

ast *mk_arg(parser *p, span sp, token name, ast *expr) { return mk_named(p, AST_ARG, sp, name, expr, NULL, NULL); }

ast *mk_bracketed(parser *p, span sp, nodes elems) {
  nodes plain = { 0 };
  for (ast *c = elems.first, *next; c; c = next) {
    next = c->next, c->next = NULL;
    ast *e = c->kind == AST_ARG ? c->a : c;
    if (e != c) {
      diag *g = lex_error(&p->lx, DIAG_SYN_LIST_NAME, c->name_sp, "the elements of a list have no names");
      lex_fix(&p->lx, g, (span){ c->name_sp.beg, e->sp.beg }, STR(""), "remove `%.*s:`", STR_ARG(c->name));
    }
    plain = list_add(plain, e);
  }
  return mk_list(p, AST_LIST, sp, plain);
}

ast *mk_quant(parser *p, int op, span sp, ast *binder, ast *body) {
  token name = { .text = binder->name, .sp = binder->name_sp };
  return with_op(mk_named(p, AST_QUANT, sp, name, binder->a, body, NULL), op);
}

ast *mk_waive(parser *p, span sp, ast *path, nodes keys, nodes clauses) {
  span ks = { keys.first->sp.beg, keys.last->sp.end };
  return with_list(p, mk_ab(p, AST_WAIVE, sp, path, mk_list(p, AST_GROUP, ks, keys)), clauses);
}

ast *mk_row(parser *p, span sp, nodes cells, nodes results) {
  span cs = { cells.first->sp.beg, cells.last->sp.end }, rs = { results.first->sp.beg, results.last->sp.end };
  return mk_ab(p, AST_ROW, sp, mk_list(p, AST_GROUP, cs, cells), mk_list(p, AST_GROUP, rs, results));
}

/* ---- what is understood and refused ---- */

static str source_of(const parser *p, span sp) { return (str){ p->f->text.p + (sp.beg - p->f->base), sp.end - sp.beg }; }
static bool brief(str s) { return s.n <= 60 && !memchr(s.p, '\n', s.n); }

ast *mk_chained(parser *p, span sp, span op, ast *a, ast *b, ast *c) {
  diag *g = lex_error(&p->lx, DIAG_SYN_CHAINED, op, "comparisons do not chain");
  str l = source_of(p, (span){ a->sp.beg, b->sp.end }), m = source_of(p, b->sp), r = source_of(p, (span){ op.beg, c->sp.end });
  if (g && brief(l) && brief(m) && brief(r)) {
    str both = str_fmt(p->a, "%.*s and %.*s %.*s", STR_ARG(l), STR_ARG(m), STR_ARG(r));
    lex_fix(&p->lx, g, sp, both, "write `%.*s`", STR_ARG(both));
  }
  return mk(p, AST_ERROR, sp);
}

ast *mk_mixed(parser *p, span sp, span op, ast *a, ast *b) {
  diag *g = lex_error(&p->lx, DIAG_SYN_COALESCE, op, "`??` next to arithmetic needs parentheses");
  str l = source_of(p, a->sp), r = source_of(p, b->sp), o = source_of(p, op);
  if (g && brief(l) && brief(r)) {
    str fixed = str_fmt(p->a, "(%.*s) %.*s %.*s", STR_ARG(l), STR_ARG(o), STR_ARG(r));
    lex_fix(&p->lx, g, sp, fixed, "if this is meant, write `%.*s`", STR_ARG(fixed));
  }
  return mk(p, AST_ERROR, sp);
}

ast *mk_equals(parser *p, span sp, span op, ast *a, ast *b) {
  (void)a, (void)b;
  diag *g = lex_error(&p->lx, DIAG_SYN_EQUALS, op, "`=` does not compare: equality is `==`");
  lex_fix(&p->lx, g, op, STR("=="), "write `==`");
  return mk(p, AST_ERROR, sp);
}
