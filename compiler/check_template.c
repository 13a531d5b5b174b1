/* Templates: what fills a slot, what every combination must satisfy, which ones are better. Each expression becomes a function of the subject and the slots
 * (check_lambda.c). What `prefer` computes is also cut into parts that speak of one slot alone, joined by arithmetic: the search bounds with them what a
 * combination that is not complete yet can come to. */
#include "compiler/check.h"

#include <string.h>

enum { MAX_SLOTS = 32, DEFAULT_LIMIT = 100, MAX_LIMIT = 1000000 };

typedef struct building {
  checker *c;
  decl *d;
  prog_template *t;
  const type *params[MAX_SLOTS + 1]; /* the subject is local 0, slot i is local i + 1: the parameters of every function made here */
  uint32_t nslots;
  prog_slot slots[MAX_SLOTS];
  const ast *binders[MAX_SLOTS];
  VEC(prog_demand) demands;
  VEC(prog_bound) bounds;
} building;

/* ---- which slots an expression speaks of: bit i for slot i ---- */

typedef struct speaking { const building *b; uint32_t slots; } speaking;

static void look(void *ud, const ir *n) {
  speaking *s = ud;
  if (n->kind == IR_LOCAL && n->local > 0 && (uint32_t)n->local <= s->b->nslots) s->slots |= 1u << (n->local - 1);
  ir_children(n, look, s);
}

static uint32_t slots_of(const building *b, const ir *n) {
  speaking s = { b, 0 };
  look(&s, n);
  return s.slots;
}

static uint32_t deepest(uint32_t slots) { return slots ? 32 - (uint32_t)__builtin_clz(slots) : 0; }

static uint32_t lambda(const building *b, const char *what, ir *body) {
  return lambda_add(b->c, b->d, str_z(what), b->params, b->nslots + 1, body);
}

/* A condition that is tested as soon as the slots it speaks of are filled. */
static void demand(building *b, ir *test, str text, ir *message, span sp) {
  prog_demand *x = VEC_PUSH(b->c->a, &b->demands);
  *x = (prog_demand){ .upto = deepest(slots_of(b, test)), .text = text, .sp = sp, .message = UINT32_MAX };
  x->test = lambda(b, "require", test);
  if (message) x->message = lambda(b, "message", message);
}

/* ---- clauses ---- */

static void slot_header(building *b, const ast *n) {
  checker *c = b->c;
  const ast *x = n->a;
  if (!x || x->kind != AST_BINDER) { b->d->bad = true; return; }
  if (b->nslots == MAX_SLOTS) {
    if (!b->d->bad) diag_add(c->d, DIAG_TOO_LARGE, n->sp, "a template has at most %d slots", MAX_SLOTS);
    b->d->bad = true;
    return;
  }
  bool taken = str_eq(x->name, b->t->local_name);
  for (uint32_t i = 0; i < b->nslots && !taken; i++) taken = str_eq(x->name, b->slots[i].name);
  if (taken) {
    diag_add(c->d, DIAG_NAME_DUPLICATE, x->name_sp, "`%.*s` is taken: each slot has a name of its own", STR_ARG(x->name));
    b->d->bad = true;
    return;
  }
  decl *s = binder_source(c, x);
  prog_slot *o = &b->slots[b->nslots];
  *o = (prog_slot){ .name = x->name, .eq_field = -1, .key = UINT32_MAX, .test = UINT32_MAX, .sp = x->sp };
  b->binders[b->nslots++] = x;
  b->params[b->nslots] = c->t_err;
  if (!s) { b->d->bad = true; return; }
  o->source = s->index, o->record = s->source->record;
  b->params[b->nslots] = type_record(&c->ty, &c->records.v[o->record]->shape);
}

static void slot_where(building *b, uint32_t i) {
  checker *c = b->c;
  prog_slot *o = &b->slots[i];
  const ast *where = b->binders[i]->b;
  source_filter f;
  if (!check_source_filter(c, o->source, (int32_t)i + 1, b->params[i + 1], where, &f)) { b->d->bad = true; return; }
  if (!f.where) return;
  facts_when(c, f.where, true); /* whatever a combination is asked has passed it */
  uint32_t others = slots_of(b, f.where) & ~(1u << i);
  if (others) demand(b, f.where, slice_of(c, where->sp), NULL, where->sp); /* what fits here depends on another slot */
  else o->test = lambda(b, "where", f.where);
  if (f.eq_field < 0 || slots_of(b, f.eq_key)) return;
  o->eq_field = f.eq_field;
  o->key = lambda(b, "key", f.eq_key);
}

static void require(building *b, const ast *n) {
  checker *c = b->c;
  bool forbid = n->kind == AST_FORBID;
  ex t = check_test(c, n->a);
  ex m = { NULL, NULL };
  if (n->c) m = check_interp(c, n->c);
  if (n->b) diag_add(c->d, DIAG_AT, n->b->sp, "a template's condition is about a combination, not about a field: leave `at` out");
  if (ex_isbad(t) || (n->c && ex_isbad(m))) { b->d->bad = true; return; }
  demand(b, forbid ? ir_not(c, t.n) : t.n, slice_of(c, n->a->sp), n->c ? message_settled(c, m.n) : NULL, n->a->sp);
  facts_when(c, t.n, !forbid);
}

/* The tree of bounds: leaves are functions of one slot at most, inner nodes the arithmetic that joins them. */
static uint32_t bound(building *b, ir *n) {
  uint32_t slots = slots_of(b, n);
  prog_bound x = { .kind = BOUND_ANY, .slot = -1, .fn = UINT32_MAX };
  bool one = (slots & (slots - 1)) == 0;
  if (one) {
    x.kind = BOUND_LEAF, x.slot = (int32_t)deepest(slots) - 1;
    x.fn = lambda(b, "part", n);
  } else if (n->kind == IR_TO_NUMBER) {
    return bound(b, n->a);
  } else if (n->kind == IR_NEG && n->ty->base->kind != TY_DURATION) {
    x.kind = BOUND_NEG, x.a = bound(b, n->a);
  } else if (n->kind == IR_ARITH) {
    static const struct { uint8_t op, kind; } known[] = { /* of dates and durations there is no bound */
      { IA_ADD_INT, BOUND_ADD }, { IA_ADD_NUM, BOUND_ADD }, { IA_SUB_INT, BOUND_SUB }, { IA_SUB_NUM, BOUND_SUB },
      { IA_MUL_INT, BOUND_MUL }, { IA_MUL_NUM, BOUND_MUL }, { IA_DIV_NUM, BOUND_DIV },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
      if (known[i].op == n->op) x.kind = known[i].kind;
    if (x.kind != BOUND_ANY) x.a = bound(b, n->a), x.b = bound(b, n->b);
  }
  *VEC_PUSH(b->c->a, &b->bounds) = x;
  return b->bounds.n - 1;
}

static void prefer(building *b, const ast *n, bool *seen) {
  checker *c = b->c;
  ex e = check_expr(c, n->a);
  if (*seen) {
    diag_add(c->d, DIAG_OPTION_TWICE, n->sp, "`prefer` is given twice");
    b->d->bad = true;
  }
  *seen = true;
  if (!ex_isbad(e)) e = check_want(c, e, c->t_num, "what `prefer` asks for is");
  if (ex_isbad(e)) { b->d->bad = true; return; }
  b->t->prefer = lambda(b, "prefer", e.n);
  b->t->bound = bound(b, e.n);
}

static void limit(building *b, const ast *n, bool *seen) {
  checker *c = b->c;
  const ast *v = n->first ? n->first->a : NULL;
  if (*seen) diag_add(c->d, DIAG_OPTION_TWICE, n->name_sp, "`limit` is given twice");
  *seen = true;
  if (!v || v->kind == AST_ERROR) { b->d->bad = true; return; }
  ex e = check_constant(c, v);
  if (ex_isbad(e)) { b->d->bad = true; return; }
  if (n->first->next || e.t->kind != TY_INT || e.n->k.i < 1 || e.n->k.i > MAX_LIMIT) {
    diag_add(c->d, DIAG_OPTION_VALUE, v->sp, "`limit` takes a whole number from 1 to %d: how many combinations are wanted", MAX_LIMIT);
    b->d->bad = true;
    return;
  }
  b->t->limit = (uint32_t)e.n->k.i;
}

static void option(building *b, const ast *n, bool *limited) {
  checker *c = b->c;
  if (str_eq(n->name, STR("limit"))) { limit(b, n, limited); return; }
  strs near = { 0 };
  static const char *const words[] = { "limit", "slot", "require", "forbid", "prefer" };
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) *VEC_PUSH(c->a, &near) = str_z(words[i]);
  check_unknown_option(c, n, "a template", &near);
  b->d->bad = true;
}

static void clauses(building *b) {
  bool preferred = false, limited = false;
  AST_EACH(n, b->d->node) {
    ast_kind k = (ast_kind)n->kind;
    if (k == AST_SLOT || k == AST_ERROR) continue;
    if (k == AST_REQUIRE || k == AST_FORBID) require(b, n);
    else if (k == AST_PREFER) prefer(b, n, &preferred);
    else if (k == AST_OPTION) option(b, n, &limited);
    else {
      diag_add(b->c->d, DIAG_CLAUSE_PLACE, n->sp, "a template has slots, `require`, `forbid`, `prefer` and `limit`; this clause belongs elsewhere");
      b->d->bad = true;
    }
  }
}

void template_header(checker *c, decl *d) {
  prog_template *t = d->template = ARENA_NEW(c->a, prog_template);
  t->name = d->qname, t->sp = d->node->name_sp, t->doc = d->node->doc, t->limit = DEFAULT_LIMIT;
  t->prefer = t->test = t->bound = UINT32_MAX;
  d->index = c->templates.n;
  *VEC_PUSH(c->a, &c->templates) = t;
}

static void body(building *b, const ast *x, decl *source) {
  checker *c = b->c;
  prog_template *t = b->t;
  b->params[0] = c->t_err;
  if (source) {
    t->source = source->index, t->record = source->source->record;
    b->params[0] = type_record(&c->ty, &c->records.v[t->record]->shape);
  } else b->d->bad = true;
  t->local_name = x->name;
  scope_push(c, x->name, x->name_sp, b->params[0], LK_ROOT);
  AST_EACH(n, b->d->node)
    if (n->kind == AST_SLOT) slot_header(b, n);
  c->u->nlocals = 1 + b->nslots; /* before anything else takes a place among the locals */
  if (x->b) {
    ex test = check_test(c, x->b);
    if (ex_isbad(test)) b->d->bad = true;
    else {
      t->test = lambda(b, "for", test.n);
      facts_when(c, test.n, true);
    }
  }
  for (uint32_t i = 0; i < b->nslots; i++) scope_bind(c, b->binders[i]->name, b->binders[i]->name_sp, b->params[i + 1], (int32_t)i + 1, LK_BINDER);
  for (uint32_t i = 0; i < b->nslots; i++)
    if (!type_bad(b->params[i + 1])) slot_where(b, i);
  clauses(b);
  if (b->nslots || b->d->bad) return;
  diag *g = diag_add(c->d, DIAG_TEMPLATE_EMPTY, b->d->node->name_sp, "the template `%.*s` has no slots", STR_ARG(b->d->name));
  diag_note_add(c->d, g, (span){ 0, 0 }, "say what it is put together from: `slot headline in copy where ...`");
  b->d->bad = true;
}

void template_body(checker *c, decl *d) {
  building *b = ARENA_NEW(c->a, building);
  *b = (building){ .c = c, .d = d, .t = d->template };
  unit u;
  unit_open(c, &u, d, d->file);
  const ast *x = d->node->a;
  if (x && x->kind == AST_BINDER) body(b, x, binder_source(c, x));
  else d->bad = true;
  prog_template *t = d->template;
  t->nslots = b->nslots, t->slots = ARENA_ARRAY(c->a, prog_slot, b->nslots + 1u);
  memcpy(t->slots, b->slots, sizeof *t->slots * b->nslots);
  t->demands = b->demands.v, t->ndemands = b->demands.n;
  t->bounds = b->bounds.v, t->nbounds = b->bounds.n;
  unit_close(c, &u);
}

static void renumber(uint32_t *fn, uint32_t base) {
  if (*fn != UINT32_MAX) *fn += base;
}

void templates_number(checker *c, uint32_t base) {
  for (uint32_t i = 0; i < c->templates.n; i++) {
    prog_template *t = c->templates.v[i];
    renumber(&t->test, base), renumber(&t->prefer, base);
    for (uint32_t k = 0; k < t->nslots; k++) renumber(&t->slots[k].test, base), renumber(&t->slots[k].key, base);
    for (uint32_t k = 0; k < t->ndemands; k++) renumber(&t->demands[k].test, base), renumber(&t->demands[k].message, base);
    for (uint32_t k = 0; k < t->nbounds; k++) renumber(&t->bounds[k].fn, base);
  }
}
