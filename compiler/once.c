/* What no row changes is computed once: a value that walks a source and reads nothing of its surroundings ("avg(b.width for b in assets)" in a rule)
 * becomes a function of its own ("m.rule#1") without parameters, as if a `let` of the module had named it, and the VM computes those once in a run.
 * Nothing else changes: it is still evaluated only when it is reached. Tests stay where they are, since messages speak of their elements, and so do
 * records, which the VM does not keep. */
#include "compiler/check.h"
#include "compiler/code.h"

typedef VEC(ir **) places;
typedef struct moved { const ir *from; uint32_t fn; } moved;

typedef struct once {
  checker *c;
  VEC(prog_fn *) fns;    /* in their new order */
  uint32_t *depth;       /* by local of the unit: how many walks are open where it is bound, 0: it is given from outside */
  places found;          /* the largest such values of the unit */
  VEC(ir_binder *) walks;
  names out, same;       /* printed addresses of binders: of what has moved out; of tests that are the same for every row */
} once;

/* lowest: the least depth of a local that is read and bound outside; UINT32_MAX: none */
typedef struct seen { uint32_t lowest; bool scans, vacuous; } seen;

/* Texts that are put together are moved out in parts, since what a message speaks of stands in the test, too. */
static bool kept(const ir *n) {
  type_kind k = n->ty->kind;
  if (k == TY_TEXT || k == TY_UNION) return n->kind == IR_AGG || n->kind == IR_CALL;
  return k != TY_BOOL && code_is_kept(n->ty);
}

static str address(once *o, const void *p) { return str_fmt(o->c->a, "%p", p); }

static seen look(once *o, ir **at, uint32_t depth);

static void look_into(once *o, seen *s, ir **at, uint32_t depth) {
  if (!*at) return;
  seen one = look(o, at, depth);
  if (one.lowest < s->lowest) s->lowest = one.lowest;
  s->scans |= one.scans, s->vacuous |= one.vacuous;
}

static seen look(once *o, ir **at, uint32_t depth) {
  ir *n = *at;
  ir_binder *b = n->bind;
  seen s = { UINT32_MAX, b && b->source >= 0 && !b->eq_unique, n->flags & IRF_VACUOUS };
  uint32_t mark = o->found.n;
  if (n->kind == IR_LOCAL) s.lowest = o->depth[n->local];
  if (b) {
    look_into(o, &s, &b->list, depth);
    o->depth[b->local] = depth + 1;
    look_into(o, &s, &b->where, depth + 1);
    *VEC_PUSH(o->c->a, &o->walks) = b;
  }
  look_into(o, &s, &n->a, depth + (b != NULL));
  if (b) o->depth[b->local] = 0;
  look_into(o, &s, &n->b, depth);
  look_into(o, &s, &n->c, depth);
  for (uint32_t i = 0; i < n->n; i++) look_into(o, &s, &n->v[i], depth);
  if (s.lowest <= depth) return s;
  s.lowest = UINT32_MAX; /* what it reads it binds by itself */
  if (s.scans && !s.vacuous && kept(n)) o->found.n = mark, *VEC_PUSH(o->c->a, &o->found) = at;
  if (b && n->ty->kind == TY_BOOL) names_put(&o->same, address(o, b), b);
  return s;
}

static void rest(void *ud, const ir *n) {
  once *o = ud;
  if (n->bind) names_put(&o->out, address(o, n->bind), n->bind);
  ir_children(n, rest, o);
}

/* The call that stands for n; several places may share a node. */
static ir *call_for(once *o, ir *n, str name, uint32_t nlocals, uint32_t *count, names *done) {
  str key = address(o, n);
  ir *call = names_get(done, key);
  if (call) return call;
  prog_fn *f = ARENA_NEW(o->c->a, prog_fn);
  *f = (prog_fn){ .name = str_fmt(o->c->a, "%.*s#%u", STR_ARG(name), ++*count), .ret = n->ty, .nlocals = nlocals, .body = n, .sp = n->sp };
  f->params = ARENA_ARRAY(o->c->a, const type *, 1);
  call = ir_new(o->c, IR_FN, n->ty, n->sp);
  call->index = o->fns.n, call->cause = n->cause;
  *VEC_PUSH(o->c->a, &o->fns) = f;
  names_put(done, key, call);
  names_put(done, address(o, call), call); /* of a node in two trees one place is found twice */
  rest(o, n);
  return call;
}

/* ---- units: some roots over the same locals ---- */

typedef struct roots { VEC(ir **) v; str name; uint32_t nlocals; } roots;

static void add_root(once *o, roots *r, ir **at) {
  if (*at) *VEC_PUSH(o->c->a, &r->v) = at;
}

/* Whether the unit still walks a source. */
static bool move_out(once *o, roots *r) {
  names done;
  uint32_t count = 0;
  bool scans = false;
  o->depth = ARENA_ARRAY(o->c->a, uint32_t, r->nlocals + 1u);
  o->found.n = o->walks.n = 0;
  for (uint32_t i = 0; i < r->v.n; i++) scans |= look(o, r->v.v[i], 0).scans;
  if (!o->found.n) return scans;
  names_init(&done, o->c->a);
  for (uint32_t i = 0; i < o->found.n; i++) *o->found.v[i] = call_for(o, *o->found.v[i], r->name, r->nlocals, &count, &done);
  for (uint32_t i = 0; i < o->walks.n; i++) { /* look-ups share their keys with what they are read from */
    ir_binder *b = o->walks.v[i];
    ir *call = b->eq_key ? names_get(&done, address(o, b->eq_key)) : NULL;
    if (call) b->eq_key = call;
  }
  o->found.n = 0, scans = false;
  for (uint32_t i = 0; i < r->v.n; i++) scans |= look(o, r->v.v[i], 0).scans;
  return scans;
}

static void rule_once(once *o, prog_rule *p) {
  roots r = { .name = p->name, .nlocals = p->nlocals };
  add_root(o, &r, &p->guard);
  for (uint32_t i = 0; i < p->nlets; i++) add_root(o, &r, &p->lets[i].init);
  for (uint32_t i = 0; i < p->nclauses; i++) add_root(o, &r, &p->clauses[i].test), add_root(o, &r, &p->clauses[i].message);
  for (uint32_t i = 0; i < p->nfixes; i++) add_root(o, &r, &p->fixes[i].value);
  move_out(o, &r);
}

static bool fn_once(once *o, prog_fn *f) {
  roots r = { .name = f->name, .nlocals = f->nlocals };
  add_root(o, &r, &f->body);
  return f->nparams && move_out(o, &r);
}

void once_all(checker *c) {
  once o = { .c = c };
  names_init(&o.out, c->a), names_init(&o.same, c->a);
  uint32_t *now = ARENA_ARRAY(c->a, uint32_t, c->fns.n + 1);
  for (uint32_t i = 0; i < c->fns.n; i++) {
    bool scans = fn_once(&o, c->fns.v[i]);
    decl *d = c->fn_decls.v[i];
    if (!scans && d->fn->nparams) d->scans = NULL;
    d->index = now[i] = o.fns.n;
    *VEC_PUSH(c->a, &o.fns) = c->fns.v[i];
  }
  for (uint32_t i = 0; i < c->lambdas.n; i++) fn_once(&o, c->lambdas.v[i]);
  for (uint32_t i = 0; i < c->audiences.n; i++) {
    prog_audience *a = c->audiences.v[i];
    roots r = { .name = a->name, .nlocals = a->nlocals };
    add_root(&o, &r, &a->test);
    move_out(&o, &r);
  }
  for (uint32_t i = 0; i < c->rules.n; i++)
    if (c->rules.v[i]->source >= 0) rule_once(&o, c->rules.v[i]);
  for (uint32_t i = 0; i < c->fn_nodes.n; i++) c->fn_nodes.v[i]->index = now[c->fn_nodes.v[i]->index];
  c->fns.v = o.fns.v, c->fns.n = o.fns.n, c->fns.cap = o.fns.cap;
  for (uint32_t i = 0; i < c->scans.n; i++) {
    str at = address(&o, c->scans.v[i].b);
    c->scans.v[i].once = names_get(&o.out, at), c->scans.v[i].same = names_get(&o.same, at);
  }
}
