/* Building IR: constructors that keep its rules (a strict node is optional when an operand is), and the questions that several parts ask
 * of a tree: is it a path, does it read a local, how would a user name it. */
#include "compiler/check.h"

#include <string.h>

ir *ir_new(checker *c, ir_kind k, const type *t, span sp) {
  ir *n = ARENA_NEW(c->a, ir);
  n->kind = (uint8_t)k, n->ty = t, n->sp = sp, n->local = -1;
  return n;
}

ir *ir_un(checker *c, ir_kind k, const type *t, span sp, ir *a) {
  ir *n = ir_new(c, k, a->ty->opt ? type_opt(&c->ty, t) : t, sp);
  n->a = a;
  return n;
}

ir *ir_bin(checker *c, ir_kind k, const type *t, span sp, ir *a, ir *b) {
  ir *n = ir_new(c, k, a->ty->opt || b->ty->opt ? type_opt(&c->ty, t) : t, sp);
  n->a = a, n->b = b;
  return n;
}

ir *ir_retype(checker *c, ir *n, const type *t) {
  if (n->ty->opt) t = type_opt(&c->ty, t);
  if (n->ty == t) return n;
  ir *m = ARENA_NEW(c->a, ir);
  *m = *n;
  m->ty = t;
  if (n->kind == IR_FN) *VEC_PUSH(c->a, &c->fn_nodes) = m; /* copies are renumbered too */
  return m;
}

ir *ir_const(checker *c, const type *t, val v, span sp) {
  ir *n = ir_new(c, IR_CONST, t, sp);
  n->k = v;
  return n;
}

ir *ir_int(checker *c, int64_t i, span sp) { return ir_const(c, c->t_int, (val){ .i = i }, sp); }
ir *ir_text(checker *c, str s, span sp) { return ir_const(c, c->t_text, (val){ .t = check_atom(c, s) }, sp); }

ir *ir_chunk(checker *c, str s) {
  const text *t = check_atom(c, s);
  while (c->chunks.n < t->atom) *VEC_PUSH(c->a, &c->chunks) = NULL;
  ir **at = &c->chunks.v[t->atom - 1];
  if (!*at) *at = ir_const(c, c->t_text, (val){ .t = t }, (span){ 0, 0 });
  return *at;
}

ir *ir_local(checker *c, const local *l, span sp) {
  ir *n = ir_new(c, IR_LOCAL, l->t, sp);
  n->local = l->index;
  n->cause = l->kind == LK_ROOT ? (str){ NULL, 0 } : l->name;
  return n;
}

ir *ir_field(checker *c, ir *rec, uint32_t field, span sp) {
  const type_field *f = &rec->ty->rec->fields[field];
  const ir *o = rec;
  while (ir_is(o, IR_DEREF)) o = o->a;
  ir *n = ir_un(c, IR_FIELD, f->type, sp, rec);
  n->index = field;
  n->cause = o->cause.n ? str_fmt(c->a, "%.*s.%.*s", STR_ARG(o->cause), STR_ARG(f->name)) : f->name;
  if (o->cause.n > 200) n->cause = f->name; /* a chain of thousands of dots must not cost its square */
  return n;
}

ir *ir_nary(checker *c, ir_kind k, span sp, ir **v, uint32_t n) {
  if (n == 1) return v[0];
  VEC(ir *) flat = { 0 };
  bool opt = false;
  for (uint32_t i = 0; i < n; i++) {
    opt |= v[i]->ty->opt;
    if (v[i]->kind != k) *VEC_PUSH(c->a, &flat) = v[i];
    else
      for (uint32_t j = 0; j < v[i]->n; j++) *VEC_PUSH(c->a, &flat) = v[i]->v[j];
  }
  ir *r = ir_new(c, k, opt ? type_opt(&c->ty, c->t_bool) : c->t_bool, sp);
  r->v = flat.v, r->n = flat.n;
  return r;
}

ir *ir_not(checker *c, ir *n) { return n->kind == IR_NOT ? n->a : ir_un(c, IR_NOT, c->t_bool, n->sp, n); }

ex ex_bad(checker *c, span sp) { return (ex){ ir_new(c, IR_NONE, c->t_err, sp), c->t_err }; }

const type *lift1(checker *c, const type *t, const type *a) { return a->opt ? type_opt(&c->ty, t) : t; }
const type *lift2(checker *c, const type *t, const type *a, const type *b) { return a->opt || b->opt ? type_opt(&c->ty, t) : t; }

static str source_name(void *ud, uint32_t id) {
  checker *c = ud;
  return id < c->source_decls.n ? c->source_decls.v[id]->name : (str){ NULL, 0 };
}

str type_str(checker *c, const type *t) {
  struct type_names names = { source_name, c };
  buf b = { .a = c->a };
  type_print(&b, t, &names);
  str s = buf_done(&b);
  if (s.n > 120) s = str_fmt(c->a, "%.*s ...", 116, s.p);
  return s;
}

str slice_of(checker *c, span sp) {
  str s = source_slice(c->src, sp);
  buf b = { .a = c->a };
  bool text = false, space = false;
  for (uint32_t i = 0; i < s.n; i++) {
    char ch = s.p[i];
    if (!text && ch == '/' && i + 1 < s.n && s.p[i + 1] == '/') { /* a comment inside an expression says nothing to its reader */
      while (i < s.n && s.p[i] != '\n') i++;
      ch = '\n';
    }
    if (ch == '"') text = !text;
    if (text && ch == '\\' && i + 1 < s.n) {
      buf_ch(&b, ch);
      ch = s.p[++i];
    } else if (!text && (ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r')) {
      space = true;
      continue;
    }
    if (space && b.n) buf_ch(&b, ' ');
    space = false;
    buf_ch(&b, ch);
  }
  return buf_done(&b);
}

static bool word_char(char ch) { return ch == '_' || (ch >= '0' && ch <= '9') || ((ch | 32) >= 'a' && (ch | 32) <= 'z'); }

str subject_of(checker *c, const ir *n) {
  if (n->cause.n && n->kind != IR_CALL) return n->cause;
  /* a chain of thousands of operators must not cost its square: what is cut off below is not even read */
  span sp = n->sp;
  bool cut = sp.end - sp.beg > 400;
  if (cut) sp.end = sp.beg + 400;
  str s = slice_of(c, sp), root = { NULL, 0 };
  if (c->u && c->u->scope.n && c->u->scope.v[0].kind == LK_ROOT) root = c->u->scope.v[0].name;
  if (root.n) { /* every "a." that is the record's own name goes */
    buf b = { .a = c->a };
    for (uint32_t i = 0; i < s.n;) {
      bool start = !i || (!word_char(s.p[i - 1]) && s.p[i - 1] != '.' && s.p[i - 1] != '`');
      if (start && s.n - i > root.n && s.p[i + root.n] == '.' && !memcmp(s.p + i, root.p, root.n)) i += root.n + 1;
      else buf_ch(&b, s.p[i++]);
    }
    s = buf_done(&b);
  }
  if (s.n > 100 || cut) {
    uint32_t keep = s.n < 97 ? s.n : 97;
    while (keep && ((unsigned char)s.p[keep] & 0xC0) == 0x80) keep--; /* between characters */
    s = str_fmt(c->a, "%.*s...", (int)keep, s.p);
  }
  return s;
}

bool check_enter(checker *c, span sp) {
  if (++c->depth <= 2 * AST_MAX_DEPTH) return true;
  diag_add(c->d, DIAG_TOO_DEEP, sp, "declarations are nested too deep in each other here");
  c->depth--;
  return false;
}

void check_leave(checker *c) { c->depth--; }

str check_suggest(checker *c, diag *g, span sp, str wrong, const strs *near) {
  const str none = { "", 0 };
  if (c->suggestions >= 200) return none; /* a file with thousands of errors is no misspelling */
  c->suggestions++;
  const str *s = suggest(wrong, near->v, near->n);
  if (!s) return none;
  diag_fix_add(c->d, g, sp, *s, "did you mean `%.*s`?", STR_ARG(*s));
  /* Of short names half of the letters may be others, and what a syntax error took may have been the right one. */
  return wrong.n >= 4 && !lost_explains(c->lost, g) ? *s : none;
}

str check_listed(checker *c, const strs *words, char quote) {
  buf b = { .a = c->a };
  for (uint32_t i = 0; i < words->n; i++) buf_fmt(&b, "%s%c%.*s%c", i == 0 ? "" : i + 1 == words->n ? " and " : ", ", quote, STR_ARG(words->v[i]), quote);
  return buf_done(&b);
}

diag *check_unknown_option(checker *c, const ast *option, const char *what, const strs *words) {
  diag *g = diag_add(c->d, DIAG_OPTION_UNKNOWN, option->name_sp, "unknown option `%.*s`", STR_ARG(option->name));
  check_suggest(c, g, option->name_sp, option->name, words);
  if (g->edits) return g;
  str all = check_listed(c, words, '`');
  diag_note_add(c->d, g, (span){ 0, 0 }, "%s has %.*s", what, STR_ARG(all));
  return g;
}

bool is_path(const ir *n) {
  while (n->kind == IR_FIELD || n->kind == IR_DEREF) n = n->a;
  return n->kind == IR_LOCAL;
}

bool same_path(const ir *x, const ir *y) {
  while (x->kind == y->kind && (x->kind == IR_FIELD || x->kind == IR_DEREF)) {
    if (x->index != y->index) return false;
    x = x->a, y = y->a;
  }
  return x->kind == IR_LOCAL && y->kind == IR_LOCAL && x->local == y->local;
}

void ir_children(const ir *n, void (*fn)(void *ud, const ir *child), void *ud) {
  if (n->bind) {
    if (n->bind->list) fn(ud, n->bind->list);
    if (n->bind->where) fn(ud, n->bind->where);
  }
  if (n->a) fn(ud, n->a);
  if (n->b) fn(ud, n->b);
  if (n->c) fn(ud, n->c);
  for (uint32_t i = 0; i < n->n; i++) fn(ud, n->v[i]);
}

struct reads { int32_t local; bool found; };

static void look(void *ud, const ir *n) {
  struct reads *r = ud;
  if (r->found) return;
  if (n->kind == IR_LOCAL && n->local == r->local) r->found = true;
  else ir_children(n, look, r);
}

bool ir_reads_local(const ir *n, int32_t local) {
  struct reads r = { local, false };
  look(&r, n);
  return r.found;
}
