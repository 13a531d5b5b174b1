/* The message of a clause that has no `otherwise`: what is, and what should be, in words that a brand manager reads. Made from the shape of the
 * test; what has no good words is quoted as it stands, with the values it speaks of. */
#include "compiler/check.h"

#include <string.h>

typedef struct msg {
  checker *c;
  span sp;
  const prog_clause *k;  /* whose witnesses are "an element of ..." */
  VEC(part) v;
  uint32_t depth;
} msg;

static void say(msg *m, str s) {
  if (s.n) *VEC_PUSH(m->c->a, &m->v) = (part){ .s = s };
}
static void say_z(msg *m, const char *z) { say(m, str_z(z)); }
static void say_ir(msg *m, ir *n) { *VEC_PUSH(m->c->a, &m->v) = (part){ .n = n }; }

ir *message_join(checker *c, span sp, const part *parts, uint32_t n) {
  ir *x = ir_new(c, IR_INTERP, c->t_text, sp);
  uint32_t values = 0;
  for (uint32_t i = 0; i < n; i++) values += parts[i].n != NULL;
  x->v = ARENA_ARRAY(c->a, ir *, values * 2 + 1);
  for (uint32_t i = 0; i < n;) {
    if (parts[i].n) {
      if (parts[i].n->ty->opt) x->ty = type_opt(&c->ty, c->t_text);
      x->v[x->n++] = parts[i++].n;
      continue;
    }
    uint32_t from = i;
    while (i < n && !parts[i].n) i++;
    buf b = { .a = c->a };
    for (uint32_t k = from; k < i && i - from > 1; k++) buf_str(&b, parts[k].s);
    x->v[x->n++] = ir_chunk(c, i - from > 1 ? buf_done(&b) : parts[from].s);
  }
  x->fmt = ARENA_ARRAY(c->a, str, x->n ? x->n : 1);
  return x;
}

static ir *or_missing(checker *c, ir *v, ir *shown, span sp) {
  if (!v->ty->opt) return shown;
  ir *e = ir_new(c, IR_EXISTS, c->t_bool, sp);
  e->a = v;
  ir *x = ir_new(c, IR_IF, c->t_text, sp);
  x->a = e, x->b = shown, x->c = ir_chunk(c, STR("(missing)"));
  return x;
}

/* " character" after 1, else " characters". */
ir *message_unit(checker *c, ir *count, const char *one, const char *many, span sp) {
  ir *is_one = ir_bin(c, IR_CMP, c->t_bool, sp, count, ir_int(c, 1, sp)), *x = ir_new(c, IR_IF, lift1(c, c->t_text, count->ty), sp);
  is_one->op = OP_EQ;
  x->a = is_one, x->b = ir_chunk(c, str_z(one)), x->c = ir_chunk(c, str_z(many));
  return x;
}

/* A value: texts in quotes. One that may be missing says so. */
static void show(msg *m, const ir *n) {
  checker *c = m->c;
  ir *v = (ir *)(uintptr_t)n;
  bool quote = v->ty->kind == TY_TEXT || v->ty->kind == TY_UNION;
  if (quote && v->kind == IR_CONST) {
    buf b = { .a = c->a };
    val_print(&b, v->ty, v->k, true);
    say(m, buf_done(&b));
    return;
  }
  if (v->ty->opt) {
    part parts[3] = { { .s = STR("\"") }, { .n = v }, { .s = STR("\"") } };
    say_ir(m, or_missing(c, v, quote ? message_join(c, m->sp, parts, 3) : message_join(c, m->sp, parts + 1, 1), m->sp));
    return;
  }
  if (quote) say_z(m, "\"");
  say_ir(m, v);
  if (quote) say_z(m, "\"");
}

static bool showable(const ir *n) {
  type_kind k = n->ty->kind;
  return k != TY_RECORD && k != TY_MAP && k != TY_PATTERN && k != TY_PALETTE && k != TY_TERMS && !(k == TY_LIST && n->ty->elem->kind == TY_RECORD);
}

static const ir_witness *witness_of(const msg *m, int32_t local) {
  for (uint32_t i = 0; m->k && i < m->k->nwitness; i++)
    if (m->k->witness[i].bind->local == local) return &m->k->witness[i];
  return NULL;
}

static str walked(msg *m, const ir_binder *b) {
  return b->source >= 0 ? m->c->source_decls.v[b->source]->name : b->list ? subject_of(m->c, b->list) : STR("it");
}

static str subject(msg *m, const ir *n) {
  const ir_witness *w = n->kind == IR_LOCAL ? witness_of(m, n->local) : NULL;
  if (w) {
    str l = walked(m, w->bind);
    return str_fmt(m->c->a, w->bind->source >= 0 ? "a row of %.*s" : "an element of %.*s", STR_ARG(l));
  }
  if (n->kind == IR_LOCAL && !n->cause.n) return STR("the record");
  return subject_of(m->c, n);
}

static bool is_length(const msg *m, const ir *n) {
  return n->kind == IR_CALL && n->n == 1 && n->index < m->c->lib->count && !strcmp(m->c->lib->table[n->index].name, "length");
}

/* "width is 200", "title has 93 characters" */
static void say_what_is(msg *m, const ir *n) {
  if (is_length(m, n)) {
    const ir *of = n->v[0];
    if (of->kind == IR_CALL && of->n == 1 && !strcmp(m->c->lib->table[of->index].name, "trim")) of = of->v[0]; /* nobody counts outer blanks */
    bool list = n->v[0]->ty->kind == TY_LIST;
    const ir_witness *w = of->kind == IR_LOCAL && !list ? witness_of(m, of->local) : NULL;
    if (w) { /* "toolong" in tags has 7 characters */
      show(m, of);
      say_z(m, " in ");
      say(m, walked(m, w->bind));
    } else {
      say(m, subject(m, of));
    }
    say_z(m, " has ");
    show(m, n);
    ir *unit = message_unit(m->c, (ir *)(uintptr_t)n, list ? " element" : " character", list ? " elements" : " characters", m->sp);
    say_ir(m, n->ty->opt ? or_missing(m->c, unit, unit, m->sp) : unit);
    return;
  }
  say(m, subject(m, n));
  say_z(m, " is ");
  show(m, n);
}

static void say_bound(msg *m, const ir *n) {
  show(m, n);
  if (n->kind != IR_CONST && is_path(n) && n->kind == IR_FIELD) {
    say_z(m, " (");
    say(m, subject(m, n));
    say_z(m, ")");
  }
}

static enum ast_op op_not(enum ast_op op) {
  return op == OP_EQ ? OP_NE : op == OP_NE ? OP_EQ : op == OP_LT ? OP_GE : op == OP_GE ? OP_LT : op == OP_LE ? OP_GT : OP_LE;
}

static enum ast_op op_flip(enum ast_op op) {
  return op == OP_LT ? OP_GT : op == OP_GT ? OP_LT : op == OP_LE ? OP_GE : op == OP_GE ? OP_LE : op;
}

static bool phrase_cmp(msg *m, const ir *n, bool neg) {
  const ir *a = n->a, *b = n->b;
  enum ast_op op = neg ? op_not((enum ast_op)n->op) : (enum ast_op)n->op;
  /* what the data holds comes first: `a.t.trim() == a.t` is about a.t */
  bool computed = op == OP_EQ && !is_path(a) && a->kind != IR_CONST && b->kind == IR_FIELD && is_path(b) && !is_length(m, a) && !a->ty->opt;
  if ((a->kind == IR_CONST && b->kind != IR_CONST) || computed) {
    const ir *s = a;
    a = b, b = s, op = op_flip(op);
  }
  if (!showable(a) || !showable(b) || a->kind == IR_CONST) return false;
  say_what_is(m, a);
  if (op == OP_NE) {
    say_z(m, b->kind == IR_CONST ? ", which is not allowed" : ", which must differ from ");
    if (b->kind != IR_CONST) say(m, subject(m, b));
    return true;
  }
  bool when = op != OP_EQ && (a->ty->kind == TY_DATE || a->ty->kind == TY_TIME);
  say_z(m, when ? "; it must be " : "; ");
  const char *before = op == OP_EQ ? "" : when ? (op == OP_GT ? "after " : op == OP_LT ? "before " : "")
                     : op == OP_GE ? "at least " : op == OP_GT ? "more than " : op == OP_LE ? "at most " : "less than ";
  say_z(m, before);
  say_bound(m, b);
  if (computed) {
    say_z(m, " (");
    say(m, subject(m, b));
    say_z(m, ")");
  }
  if (when && op == OP_GE) say_z(m, " or later");
  if (when && op == OP_LE) say_z(m, " or earlier");
  if (when) return true;
  say_z(m, op == OP_LE || op == OP_LT ? (is_length(m, a) ? " are allowed" : " is allowed") : is_length(m, a) ? " are required" : " is required");
  return true;
}

static bool phrase_range(msg *m, const ir *n, bool neg) {
  if (!showable(n->a)) return false;
  say_what_is(m, n->a);
  say_z(m, neg ? "; " : "; ");
  show(m, n->b);
  say_z(m, " to ");
  show(m, n->c);
  say_z(m, is_length(m, n->a) ? " are" : " is");
  say_z(m, neg ? " not allowed" : " allowed");
  return true;
}

static bool phrase_in(msg *m, const ir *n, bool neg) {
  if (!showable(n->a)) return false;
  say_what_is(m, n->a);
  if (neg) {
    say_z(m, ", which is not allowed");
    return true;
  }
  if (n->b->kind == IR_CONST && n->b->k.l->n && n->b->k.l->n <= 12) {
    say_z(m, n->b->k.l->n == 1 ? "; " : "; one of ");
    for (uint32_t i = 0; i < n->b->k.l->n; i++) {
      buf b = { .a = m->c->a };
      if (i) buf_z(&b, ", ");
      val_print(&b, n->b->ty->elem, n->b->k.l->v[i], true);
      say(m, buf_done(&b));
    }
    say_z(m, " is required");
  } else {
    say_z(m, ", which is not in ");
    say(m, subject(m, n->b));
  }
  return true;
}

static bool phrase(msg *m, const ir *n, bool neg);

static ir *phrase_alone(msg *m, const ir *n, bool neg) {
  msg in = { .c = m->c, .sp = m->sp, .k = m->k, .depth = m->depth + 1 };
  return phrase(&in, n, neg) ? message_join(m->c, m->sp, in.v.v, in.v.n) : NULL;
}

/* Several conditions of which all must hold: the message of the first that does not. */
static bool phrase_all(msg *m, const ir *n, bool neg) {
  checker *c = m->c;
  if (n->n > 16 || m->depth > 4) return false;
  ir *rest = phrase_alone(m, n->v[n->n - 1], neg);
  for (uint32_t i = n->n - 1; rest && i > 0; i--) {
    ir *one = phrase_alone(m, n->v[i - 1], neg), *t = n->v[i - 1];
    if (!one) return false;
    if (t->ty->opt) {
      ir *settled = ir_new(c, IR_COALESCE, c->t_bool, m->sp);
      settled->a = t, settled->b = ir_const(c, c->t_bool, (val){ .i = !neg }, m->sp);
      t = settled;
    }
    ir *x = ir_new(c, IR_IF, c->t_text, m->sp);
    x->a = t, x->b = neg ? one : rest, x->c = neg ? rest : one;
    rest = x;
  }
  if (!rest) return false;
  say_ir(m, rest);
  return true;
}

/* `x missing or p`: when it does not hold, x is there and p is what does not. */
static bool phrase_unless_missing(msg *m, const ir *n) {
  const ir *rest = NULL;
  for (uint32_t i = 0; i < n->n; i++) {
    if (n->v[i]->kind == IR_IS_MISSING || (n->v[i]->kind == IR_NOT && n->v[i]->a->kind == IR_EXISTS)) continue;
    if (rest) return false;
    rest = n->v[i];
  }
  return rest && phrase(m, rest, false);
}

/* What holds, as a reason: "kind is "image"". */
static bool reason(msg *m, const ir *n) {
  if (n->kind == IR_CMP && n->op == OP_EQ && showable(n->a) && showable(n->b)) {
    say_what_is(m, n->a->kind == IR_CONST ? n->b : n->a);
    return true;
  }
  if (n->kind == IR_EXISTS && showable(n->a)) {
    say_what_is(m, n->a);
    return true;
  }
  if ((n->kind == IR_IN_LIST || n->kind == IR_IN_RANGE || n->kind == IR_CMP) && showable(n->a) && n->a->kind != IR_CONST) {
    say_what_is(m, n->a);
    return true;
  }
  if (n->kind == IR_FIELD) {
    say(m, subject(m, n));
    say_z(m, " is true");
    return true;
  }
  return false;
}

/* " has "A-7"": the element that breaks a clause, by its value or its key; false: it has neither, and nothing is said. */
static bool say_which(msg *m, const ir_binder *b) {
  const type *t = b->elem->base;
  ir *it = ir_new(m->c, IR_LOCAL, b->elem, m->sp);
  it->local = b->local;
  if (t->kind == TY_RECORD) {
    if (b->source < 0 || t->rec->nkeys != 1) return false;
    it = ir_field(m->c, it, t->rec->keys[0], m->sp);
  }
  if (!showable(it)) return false;
  say_z(m, " has ");
  show(m, it);
  return true;
}

/* Do all parts of the test name the element themselves? Then nothing else must. */
static bool names_element(const msg *m, const ir *n, int32_t local) {
  if (n->kind == IR_AND || n->kind == IR_OR) {
    for (uint32_t i = 0; i < n->n; i++)
      if (!names_element(m, n->v[i], local)) return false;
    return true;
  }
  if (n->kind == IR_LOCAL || !n->a) return false;
  const ir *of = is_length(m, n->a) ? n->a->v[0] : n->a;
  return of->kind == IR_LOCAL && of->local == local;
}

static bool phrase_quant(msg *m, const ir *n, bool neg) {
  const ir_witness *w = witness_of(m, n->bind->local);
  str in = walked(m, n->bind);
  bool wants_none = w && w->negative;
  if (w && n->a) {
    const ir *body = n->a->kind == IR_IMPLIES && !wants_none ? n->a->b : n->a;
    uint32_t at = m->v.n;
    type_kind k = n->bind->elem->kind;
    bool prefix = !names_element(m, body, n->bind->local) && k != TY_RECORD && k != TY_LIST && k != TY_MAP;
    if (prefix) {
      ir *l = ir_new(m->c, IR_LOCAL, n->bind->elem, m->sp);
      l->local = n->bind->local;
      show(m, l);
      say_z(m, ": ");
    }
    if (phrase(m, n->a, wants_none)) return true;
    m->v.n = at;
  }
  if (wants_none || (n->op == Q_NO && !neg) || (n->op == Q_SOME && neg)) {
    say(m, in);
    if (!n->a) say_z(m, n->bind->source >= 0 ? " has rows; none is allowed" : " is not empty");
    else {
      say_z(m, w && say_which(m, n->bind) ? ", for which this holds: " : " has one for which this holds: ");
      say(m, subject_of(m->c, n->a));
    }
    return true;
  }
  if (n->op == Q_SOME && !neg) {
    if (!n->a) {
      say(m, in);
      say_z(m, " is empty");
    } else {
      say_z(m, n->bind->source >= 0 ? "no row of " : "no element of ");
      say(m, in);
      say_z(m, " fulfills: ");
      say(m, subject_of(m->c, n->a));
    }
    return true;
  }
  return false;
}

static bool phrase(msg *m, const ir *n, bool neg) {
  checker *c = m->c;
  if (m->depth > 20) return false;
  switch ((ir_kind)n->kind) {
  case IR_CMP: return phrase_cmp(m, n, neg);
  case IR_IN_RANGE: return phrase_range(m, n, neg);
  case IR_IN_LIST: return phrase_in(m, n, neg);
  case IR_NOT: return phrase(m, n->a, !neg);
  case IR_AND: return !neg && phrase_all(m, n, neg);
  case IR_OR: return neg ? phrase_all(m, n, neg) : phrase_unless_missing(m, n);
  case IR_QUANT: return phrase_quant(m, n, neg);
  case IR_CONTAINS:
    if (!showable(n->b)) return false;
    say(m, subject(m, n->a));
    say_z(m, neg ? " contains " : " does not contain ");
    show(m, n->b);
    if (neg) say_z(m, ", which is not allowed");
    return true;
  case IR_MATCHES: {
    say_what_is(m, n->a);
    const pattern *p = c->pattern_list.v[n->index];
    say(m, str_fmt(c->a, neg ? ", which matches r\"%.*s\"%.*s" : ", which does not match r\"%.*s\"%.*s", STR_ARG(p->source), STR_ARG(p->flags)));
    return true;
  }
  case IR_EXISTS: case IR_IS_MISSING:
    if ((n->kind == IR_EXISTS) != neg) {
      say(m, subject(m, n->a));
      say_z(m, " is missing");
      return true;
    }
    if (showable(n->a)) say_what_is(m, n->a);
    else say(m, subject(m, n->a)), say_z(m, " is there");
    say_z(m, "; it must be missing");
    return true;
  case IR_IMPLIES: {
    if (neg) return false;
    uint32_t at = m->v.n;
    if (reason(m, n->a)) say_z(m, ", but ");
    if (phrase(m, n->b, false)) return true;
    m->v.n = at;
    return false;
  }
  case IR_PASSES:
    say(m, subject(m, n->a));
    say_z(m, ((n->flags & IRF_FAILS) != 0) != neg ? " passes " : " does not pass ");
    say(m, c->passes.v[n->index]->name);
    if (((n->flags & IRF_FAILS) != 0) == neg && c->passes.v[n->index]->nrules > 1) {
      ir *names = ir_un(c, IR_PASSES, c->t_text, n->sp, n->a);
      names->index = n->index, names->flags |= IRF_NAMES;
      say_ir(m, names);
    }
    return true;
  case IR_IN_AUDIENCE:
    say(m, subject(m, n->a));
    say_z(m, neg ? " is in the audience " : " is not in the audience ");
    say(m, c->audience_decls.v[n->index]->name);
    return true;
  case IR_FIELD: case IR_LOCAL:
    say(m, subject(m, n));
    say_z(m, neg ? " is true" : " is false");
    return true;
  case IR_FORMAT_OK: case IR_UNIQUE: case IR_RESOLVES: /* refinements say it themselves */
  case IR_CONST: case IR_NONE: case IR_NOW: case IR_TODAY: case IR_DEREF: case IR_INDEX: case IR_MAP_GET: case IR_ARITH: case IR_NEG:
  case IR_TO_NUMBER: case IR_LIST: case IR_RECORD: case IR_WITH: case IR_INTERP: case IR_CALL: case IR_FN: case IR_TABLE: case IR_COALESCE: case IR_IF:
  case IR_EXTERN:
  case IR_COMPR: case IR_AGG: case IR_KIND_COUNT: break;
  }
  return false;
}

/* ---- the last resort: the condition as written, and what it read ---- */

typedef struct found { const ir *v[4]; uint32_t n; } found;

static void find_values(void *ud, const ir *n) {
  found *f = ud;
  if (f->n == 4) return;
  if (n->kind == IR_FIELD && is_path(n) && showable(n)) {
    const ir *root = n;
    while (root->kind == IR_FIELD || root->kind == IR_DEREF) root = root->a;
    if (root->local != 0) return;
    for (uint32_t i = 0; i < f->n; i++)
      if (same_path(f->v[i], n)) return;
    f->v[f->n++] = n;
    return;
  }
  if (!n->bind) ir_children(n, find_values, f);
}

ir *message_of(checker *c, const ir *test, bool negated, str text) {
  msg m = { .c = c, .sp = test->sp };
  if (!phrase(&m, test, negated)) {
    m.v.n = 0;
    say_z(&m, negated ? "this must not hold: " : "this does not hold: ");
    say(&m, text);
    found f = { .n = 0 };
    find_values(&f, test);
    for (uint32_t i = 0; i < f.n; i++) {
      say_z(&m, i ? ", " : " (");
      say_what_is(&m, f.v[i]);
    }
    if (f.n) say_z(&m, ")");
  }
  return message_join(c, test->sp, m.v.v, m.v.n);
}

/* The same for a clause, whose witnesses' variables may be spoken of. */
ir *message_of_clause(checker *c, const prog_clause *k, const ir *test, bool negated) {
  msg m = { .c = c, .sp = test->sp, .k = k };
  return phrase(&m, test, negated) ? message_join(c, test->sp, m.v.v, m.v.n) : message_of(c, test, negated, k->text);
}

/* A message is for people: a part that is missing or in error says so in its place instead of silencing the whole. */
ir *message_settled(checker *c, ir *m) {
  if (m->kind != IR_INTERP) return m;
  ir *x = ARENA_NEW(c->a, ir);
  *x = *m;
  x->ty = c->t_text, x->flags |= IRF_SHOWN;
  return x;
}
