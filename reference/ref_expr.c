/* The tree walk: the value of one expression, exactly as compiler/ir.def words it. One function a kind of node where there is more to say
 * than a line; no node is ever skipped, reordered or remembered. What always holds: after a node, the causes noted since its start are those
 * that made its result missing or bad, and none when it is present. */
#include "base/civil.h"
#include "reference/ref_int.h"

#include <string.h>

static const ref_val missing = { { .i = 0 }, ST_MISSING };
static const ref_val in_error = { { .i = 0 }, ST_ERR };

static ref_val present(val v) { return (ref_val){ v, ST_OK }; }
static ref_val of_bool(bool b) { return present((val){ .i = b }); }
static ref_val no_value(uint8_t st) { return st == ST_ERR ? in_error : missing; }

/* ---- truths ---- */

truth ref_and(truth a, truth b) {
  static const truth strength[] = { TR_F, TR_E, TR_U, TR_T };
  for (int i = 0; i < 4; i++)
    if (a == strength[i] || b == strength[i]) return strength[i];
  return TR_T;
}

truth ref_not(truth a) { return a == TR_T ? TR_F : a == TR_F ? TR_T : a; }
truth ref_or(truth a, truth b) { return ref_not(ref_and(ref_not(a), ref_not(b))); }

ref_val ref_of_truth(truth t) { return t == TR_E ? in_error : t == TR_U ? missing : of_bool(t == TR_T); }

static truth truth_of(ref_val v) { return v.st == ST_ERR ? TR_E : v.st == ST_MISSING ? TR_U : v.v.i ? TR_T : TR_F; }

truth ref_truth(ref_eval *e, const ir *n) { return truth_of(ref_walk(e, n)); }

/* ---- causes, frames, giving up ---- */

_Noreturn void ref_give_up(ref_eval *e) { longjmp(*e->give_up, 1); }

void ref_note(ref_eval *e, const ir *n, uint8_t st, str error) {
  *VEC_PUSH(e->c->a, &e->notes) = (ref_cause){ n->cause, st, st == ST_ERR ? str_dup(e->c->a, error) : (str){ 0 } };
}

void ref_filter(ref_eval *e, uint32_t mark, uint8_t st) {
  uint32_t kept = mark;
  for (uint32_t i = mark; i < e->notes.n; i++)
    if (st != ST_OK && e->notes.v[i].kind == st) e->notes.v[kept++] = e->notes.v[i];
  e->notes.n = kept;
}

ref_frame *ref_push_frame(ref_eval *e, uint32_t nlocals, const rec *root) {
  ref_frame *back = e->f, *f = ARENA_NEW(e->c->a, ref_frame);
  f->n = nlocals;
  f->local = ARENA_ARRAY(e->c->a, ref_val, nlocals + 1);
  f->notes = ARENA_ARRAY(e->c->a, ref_notes, nlocals + 1);
  f->root = root;
  for (uint32_t i = 0; i < nlocals; i++) f->local[i] = missing;
  if (root && nlocals) f->local[0] = present((val){ .r = root });
  e->f = f;
  return back;
}

static ref_val fails(ref_eval *e, const ir *n, str why) {
  ref_note(e, n, ST_ERR, why);
  return in_error;
}

static ref_val is_missing(ref_eval *e, const ir *n) {
  ref_note(e, n, ST_MISSING, (str){ 0 });
  return missing;
}

/* Operands of a strict node: all are evaluated, the worst status counts. */
static uint8_t operands(ref_eval *e, ir *const *v, uint32_t n, ref_val *out) {
  uint8_t st = ST_OK;
  for (uint32_t i = 0; i < n; i++) {
    out[i] = ref_walk(e, v[i]);
    if (out[i].st > st) st = out[i].st;
  }
  return st;
}

/* ---- reading ---- */

static ref_val walk_local(ref_eval *e, const ir *n) {
  ref_notes s = e->f->notes[n->local];
  for (uint32_t i = 0; i < s.n; i++) *VEC_PUSH(e->c->a, &e->notes) = s.v[i];
  return e->f->local[n->local];
}

static ref_val walk_field(ref_eval *e, const ir *n) {
  ref_val a = ref_walk(e, n->a);
  if (a.st) return no_value(a.st);
  const rec *r = a.v.r;
  uint8_t st = r->st[n->index];
  if (st == ST_OK) return present(r->v[n->index]);
  ref_note(e, n, st, rec_why_bad(e->c->a, r, n->index, e->top));
  return no_value(st);
}

static int look_up(ref_eval *e, uint32_t source, val key, const rec **out) {
  const host *h = e->c->h;
  int got = h ? h->lookup(h->ud, source, key, out) : HOST_FAILED;
  if (got == HOST_FAILED) ref_give_up(e);
  return got;
}

static ref_val walk_deref(ref_eval *e, const ir *n) {
  ref_val a = ref_walk(e, n->a);
  if (a.st) return no_value(a.st);
  const rec *r;
  if (look_up(e, n->index, a.v, &r) == HOST_FOUND) return present((val){ .r = r });
  buf b = { .a = e->c->a };
  buf_str(&b, e->c->p->sources[n->index]->name);
  buf_z(&b, " has no row with the key ");
  val_print(&b, n->a->ty, a.v, true);
  return fails(e, n, buf_done(&b));
}

static ref_val walk_index(ref_eval *e, const ir *n) {
  ref_val v[2];
  uint8_t st = operands(e, (ir *const[]){ n->a, n->b }, 2, v);
  if (st) return no_value(st);
  int64_t i = v[1].v.i, len = v[0].v.l->n;
  if (i < 0 && i >= -len) i = len + 1 + i; /* -1 is the last */
  if (i < 1 || i > len) return is_missing(e, n);
  return present(v[0].v.l->v[i - 1]);
}

static const val *map_find(const map *m, str key) {
  for (uint32_t i = 0; i < m->n; i++)
    if (str_eq(str_of(m->e[i].key), key)) return &m->e[i].value;
  return NULL;
}

static ref_val walk_map_get(ref_eval *e, const ir *n) {
  ref_val v[2];
  uint8_t st = operands(e, (ir *const[]){ n->a, n->b }, 2, v);
  if (st) return no_value(st);
  const val *x = map_find(v[0].v.m, str_of(v[1].v.t));
  return x ? present(*x) : is_missing(e, n);
}

/* ---- making values ---- */

static ref_val walk_arith(ref_eval *e, const ir *n) {
  ref_val v[2], r = { .st = ST_OK };
  str why = { 0 };
  uint8_t st = operands(e, (ir *const[]){ n->a, n->b }, 2, v);
  if (st) return no_value(st);
  return ref_arith((ir_arith)n->op, v[0].v, v[1].v, e->c->a, &r.v, &why) ? fails(e, n, why) : r;
}

static ref_val walk_neg(ref_eval *e, const ir *n) {
  ref_val a = ref_walk(e, n->a), r = { .st = ST_OK };
  str why = { 0 };
  if (a.st) return no_value(a.st);
  return ref_negate(n->ty, a.v, &r.v, &why) ? fails(e, n, why) : r;
}

static ref_val walk_list(ref_eval *e, const ir *n) {
  ref_val *v = ARENA_ARRAY(e->c->a, ref_val, n->n + 1);
  uint8_t st = operands(e, n->v, n->n, v);
  if (st) return no_value(st);
  val *x = ARENA_ARRAY(e->c->a, val, n->n + 1);
  list *l = ARENA_NEW(e->c->a, list);
  for (uint32_t i = 0; i < n->n; i++) x[i] = v[i].v;
  *l = (list){ n->n, x };
  return present((val){ .l = l });
}

static rec *new_rec(ref_eval *e, const type_rec *ty) {
  rec *r = ARENA_NEW(e->c->a, rec);
  r->ty = ty;
  r->cap = ty->nfields;
  r->v = ARENA_ARRAY(e->c->a, val, ty->nfields + 1);
  r->st = ARENA_ARRAY(e->c->a, uint8_t, ty->nfields + 1);
  r->source = UINT32_MAX;
  return r;
}

static void set_clean(rec *r) {
  r->clean = true;
  for (uint32_t i = 0; i < r->ty->nfields; i++)
    if (r->st[i] == ST_ERR || (r->st[i] == ST_MISSING && !r->ty->fields[i].type->opt)) r->clean = false;
}

/* A new value of a field: in error it spoils the record, missing it does so where the field must be there. */
static uint8_t set_field(rec *r, uint32_t i, ref_val x) {
  r->v[i] = x.v;
  r->st[i] = x.st;
  return x.st == ST_MISSING && r->ty->fields[i].type->opt ? ST_OK : x.st;
}

static ref_val walk_record(ref_eval *e, const ir *n) {
  rec *r = new_rec(e, n->ty->rec);
  uint8_t worst = ST_OK;
  for (uint32_t i = 0; i < n->n; i++) {
    uint8_t st = set_field(r, i, ref_walk(e, n->v[i]));
    if (st > worst) worst = st;
  }
  set_clean(r);
  return worst ? no_value(worst) : present((val){ .r = r });
}

static ref_val walk_with(ref_eval *e, const ir *n) {
  ref_val a = ref_walk(e, n->a);
  uint8_t worst = a.st;
  rec *r = new_rec(e, n->ty->rec);
  if (!a.st) {
    memcpy(r->v, a.v.r->v, sizeof *r->v * r->ty->nfields);
    memcpy(r->st, a.v.r->st, r->ty->nfields);
    r->bads = a.v.r->bads; /* a reason is asked for only where st says error, so those of replaced fields do no harm */
  }
  for (uint32_t i = 0; i < n->n; i++) {
    uint8_t st = set_field(r, n->idx[i], ref_walk(e, n->v[i]));
    if (st > worst) worst = st;
  }
  if (worst) return no_value(worst);
  set_clean(r);
  return present((val){ .r = r });
}

static ref_val of_text(ref_eval *e, str s) {
  text *t = ARENA_NEW(e->c->a, text);
  *t = text_of(s);
  return present((val){ .t = t });
}

static ref_val walk_interp(ref_eval *e, const ir *n) {
  ref_val *v = ARENA_ARRAY(e->c->a, ref_val, n->n + 1);
  uint8_t st = operands(e, n->v, n->n, v);
  if (st && !(n->flags & IRF_SHOWN)) return no_value(st);
  buf b = { .a = e->c->a };
  for (uint32_t i = 0; i < n->n; i++) {
    const type *t = n->v[i]->ty;
    if (v[i].st) buf_z(&b, v[i].st == ST_MISSING ? "(missing)" : "(error)");
    else if (n->fmt && n->fmt[i].n) e->c->p->lib->format(&b, t, v[i].v, n->fmt[i]);
    else val_print(&b, t, v[i].v, false);
  }
  return of_text(e, buf_done(&b));
}

/* Is the i-th parameter of a library signature declared T?: it then takes a missing value as it is. */
static bool takes_missing(const char *sig, uint32_t i) {
  const char *p = strchr(sig, '(');
  if (!p) return false;
  for (p++; *p && *p != ')' && i; p++) i -= *p == ',';
  size_t n = strcspn(p, ",)");
  while (n && p[n - 1] == ' ') n--;
  return n && p[n - 1] == '?';
}

static ref_val walk_call(ref_eval *e, const ir *n) {
  const builtin *f = &e->c->p->lib->table[n->index];
  ref_val *got = ARENA_ARRAY(e->c->a, ref_val, n->n + 1), r = { .st = ST_OK };
  val *args = ARENA_ARRAY(e->c->a, val, n->n + 1);
  uint8_t *st = ARENA_ARRAY(e->c->a, uint8_t, n->n + 1), worst = ST_OK;
  const type **argt = ARENA_ARRAY(e->c->a, const type *, n->n + 1);
  for (uint32_t i = 0; i < n->n; i++) {
    got[i] = ref_walk(e, n->v[i]);
    args[i] = got[i].v, st[i] = got[i].st, argt[i] = n->v[i]->ty;
    if (st[i] > worst && !(st[i] == ST_MISSING && takes_missing(f->sig, i))) worst = st[i];
  }
  if (worst) return no_value(worst);
  lib_ctx *c = e->c->lib;
  c->a = e->c->a;
  c->now = e->c->now;
  c->argt = argt;
  c->rett = n->ty;
  c->error = (str){ 0 };
  c->steps = &e->c->steps;
  int done = f->fn(c, args, st, &r.v);
  if (done == ST_ERR) return fails(e, n, c->error);
  return done == ST_MISSING ? is_missing(e, n) : r;
}

static ref_val walk_extern(ref_eval *e, const ir *n) {
  const prog_extern *x = e->c->p->externs[n->index];
  ref_val r = { .st = ST_OK };
  val *args = ARENA_ARRAY(e->c->a, val, n->n + 1);
  uint8_t *st = ARENA_ARRAY(e->c->a, uint8_t, n->n + 1), worst = ST_OK;
  for (uint32_t i = 0; i < n->n; i++) {
    ref_val got = ref_walk(e, n->v[i]);
    args[i] = got.v, st[i] = got.st;
    if (st[i] > worst && !(st[i] == ST_MISSING && x->params[i]->opt)) worst = st[i];
  }
  if (worst) return no_value(worst);
  lib_ctx *c = e->c->lib;
  c->a = e->c->a;
  c->error = (str){ 0 };
  c->steps = &e->c->steps;
  int done = extern_call(c, n->index, args, st, &r.v);
  if (done == ST_ERR) return fails(e, n, c->error);
  return done == ST_MISSING ? is_missing(e, n) : r;
}

static bool by_value(const type *t) {
  type_kind k = t->base->kind;
  return k == TY_BOOL || k == TY_INT || k == TY_NUMBER || k == TY_COLOR || k == TY_DATE || k == TY_TIME || k == TY_DURATION || k == TY_MONTHS;
}

/* A missing argument of a parameter that is not T? makes the call missing; an argument in error makes every call an error. */
static ref_val walk_fn(ref_eval *e, const ir *n) {
  const prog_fn *f = e->c->p->fns[n->index];
  ref_memo *once = n->n || !by_value(f->ret) ? NULL : e->c->once; /* what a value points to may be gone with its row */
  if (once && once[n->index].known) return present(once[n->index].v);
  ref_val *v = ARENA_ARRAY(e->c->a, ref_val, n->n + 1), r;
  uint8_t worst = ST_OK;
  for (uint32_t i = 0; i < n->n; i++) {
    v[i] = ref_walk(e, n->v[i]);
    if (v[i].st > worst && !(v[i].st == ST_MISSING && f->params[i]->opt)) worst = v[i].st;
  }
  if (worst) return no_value(worst);
  ref_frame *back = ref_push_frame(e, f->nlocals > n->n ? f->nlocals : n->n, NULL);
  for (uint32_t i = 0; i < n->n; i++) e->f->local[i] = v[i];
  r = ref_walk(e, f->body);
  e->f = back;
  if (once && r.st == ST_OK) once[n->index] = (ref_memo){ true, r.v };
  return r;
}

static bool cell_accepts(const type *t, const prog_cell *c, ref_val x) {
  bool there = x.st == ST_OK;
  switch ((cell_kind)c->kind) {
  case CELL_ANY: return true;
  case CELL_MISSING: return !there;
  case CELL_RANGE: return there && ref_compare(t, x.v, t, c->v[0]) >= 0 && ref_compare(t, x.v, t, c->v[1]) <= 0;
  case CELL_SET:
    for (uint32_t i = 0; i < c->n && there; i++)
      if (ref_equal(t, x.v, t, c->v[i])) return true;
    return false;
  case CELL_CMP: break;
  }
  if (!there) return false;
  int k = ref_compare(t, x.v, t, c->v[0]);
  return c->op == OP_LT ? k < 0 : c->op == OP_LE ? k <= 0 : c->op == OP_GT ? k > 0 : k >= 0;
}

/* The first row whose cells all accept; arguments lift as those of a function do. */
static ref_val walk_table(ref_eval *e, const ir *n) {
  const prog_table *t = e->c->p->tables[n->index];
  ref_val *v = ARENA_ARRAY(e->c->a, ref_val, n->n + 1);
  uint8_t worst = ST_OK;
  for (uint32_t i = 0; i < n->n; i++) {
    v[i] = ref_walk(e, n->v[i]);
    if (v[i].st > worst && !(v[i].st == ST_MISSING && t->params[i]->opt)) worst = v[i].st;
  }
  if (worst) return no_value(worst);
  for (uint32_t r = 0; r < t->nrows; r++) {
    uint32_t i = 0;
    while (i < n->n && cell_accepts(t->params[i]->base, &t->cells[(size_t)r * n->n + i], v[i])) i++;
    if (i < n->n) continue;
    if (e->c->chosen) e->c->chosen(e->c->trace_ud, n->index, r);
    return present(t->results[r]);
  }
  return is_missing(e, n);
}

static ref_val walk_if(ref_eval *e, const ir *n) {
  ref_val a = ref_walk(e, n->a);
  return a.st ? no_value(a.st) : ref_walk(e, a.v.i ? n->b : n->c);
}

/* ---- walks ---- */

/* What an element of a map is: a record of its key and its value. */
static const type_rec *entry_shape(ref_eval *e, const type *map_type) {
  type *key = ARENA_NEW(e->c->a, type);
  type_rec *s = ARENA_NEW(e->c->a, type_rec);
  key->kind = TY_TEXT;
  key->base = key;
  s->name = STR("Entry");
  s->id = UINT32_MAX;
  s->nfields = 2;
  s->fields = ARENA_ARRAY(e->c->a, type_field, 2);
  s->fields[0] = (type_field){ STR("key"), key };
  s->fields[1] = (type_field){ STR("value"), map_type->elem };
  return s;
}

static void each_of_list(ref_eval *e, const ir_binder *b, const list *l, bool (*each)(ref_eval *, void *), void *ud, uint64_t *walked) {
  for (uint32_t i = 0; i < l->n; i++) {
    e->f->local[b->local] = present(l->v[i]);
    ++*walked;
    if (!each(e, ud)) return;
  }
}

static void each_of_map(ref_eval *e, const ir_binder *b, const map *m, bool (*each)(ref_eval *, void *), void *ud, uint64_t *walked) {
  const type_rec *shape = entry_shape(e, b->list->ty);
  for (uint32_t i = 0; i < m->n; i++) {
    rec *r = new_rec(e, shape);
    r->v[0].t = m->e[i].key;
    r->v[1] = m->e[i].value;
    r->clean = true;
    e->f->local[b->local] = present((val){ .r = r });
    ++*walked;
    if (!each(e, ud)) return;
  }
}

/* The key by which rows may be picked, when look-ups are on and the key is there. Its causes are noted, and it is traced, by the test that reads it again. */
static bool key_of(ref_eval *e, const ir_binder *b, val *key) {
  if (!e->c->indexed || b->eq_field < 0) return false;
  uint32_t mark = e->notes.n;
  void (*trace)(void *, const ir *, uint32_t, val, uint8_t) = e->c->trace;
  e->c->trace = NULL;
  ref_val k = ref_walk(e, b->eq_key);
  e->c->trace = trace;
  e->notes.n = mark;
  *key = k.v;
  return k.st == ST_OK;
}

static void each_of_source(ref_eval *e, const ir_binder *b, bool ordered, bool keep, bool (*each)(ref_eval *, void *), void *ud,
                           uint64_t *walked) {
  const host *h = e->c->h;
  val key = { .i = 0 };
  bool keyed = key_of(e, b, &key);
  ref_cursor *c = ARENA_NEW(e->c->a, ref_cursor);
  if (!h || h->open(h->ud, (uint32_t)b->source, keyed ? b->eq_field : -1, key, ordered, &c->c) != HOST_FOUND) ref_give_up(e);
  c->next = e->open;
  e->open = c;
  const rec *r;
  int got;
  while ((got = h->next(h->ud, c->c, keep, &r)) == HOST_FOUND) {
    e->f->local[b->local] = present((val){ .r = r });
    ++*walked;
    if (!each(e, ud)) break;
  }
  e->open = c->next;
  h->close(h->ud, c->c);
  if (got == HOST_FAILED) ref_give_up(e);
}

uint8_t ref_each(ref_eval *e, const ir_binder *b, bool ordered, bool keep, bool (*each)(ref_eval *, void *), void *ud,
                 uint64_t *walked) {
  *walked = 0;
  ref_val l = { .st = ST_OK }, outer = e->f->local[b->local];
  if (b->source >= 0) each_of_source(e, b, ordered, keep, each, ud, walked);
  else l = ref_walk(e, b->list);
  if (l.st) return l.st;
  if (b->source < 0 && b->list->ty->kind == TY_MAP) each_of_map(e, b, l.v.m, each, ud, walked);
  else if (b->source < 0) each_of_list(e, b, l.v.l, each, ud, walked);
  e->f->local[b->local] = outer; /* missing, but inside a message that asks its own quantifier again: that one's element stays */
  return ST_OK;
}

typedef struct fold { const ir *n; truth t; } fold;

static bool fold_one(ref_eval *e, void *ud) {
  fold *x = ud;
  truth t = x->n->a ? ref_truth(e, x->n->a) : TR_T;
  x->t = x->n->op == Q_EVERY ? ref_and(x->t, t) : ref_or(x->t, t);
  return true;
}

static ref_val walk_quant(ref_eval *e, const ir *n) {
  fold x = { n, n->op == Q_EVERY ? TR_T : TR_F };
  uint64_t walked;
  uint8_t st = ref_each(e, n->bind, false, false, fold_one, &x, &walked);
  if (st) return no_value(st);
  if (!walked && (n->flags & IRF_VACUOUS)) e->vacuous = true;
  return ref_of_truth(n->op == Q_NO ? ref_not(x.t) : x.t);
}

/* Gathers what a comprehension or an aggregate is made of. */
typedef struct gather { const ir *n; uint8_t worst; VEC(val) got; } gather;

static bool gather_one(ref_eval *e, void *ud) {
  gather *g = ud;
  const ir *where = g->n->bind->where;
  ref_val w = where ? ref_walk(e, where) : of_bool(true);
  if (w.st > g->worst) g->worst = w.st;
  if (w.st || !w.v.i) return true;
  ref_val x = g->n->a ? ref_walk(e, g->n->a) : of_bool(true);
  if (x.st > g->worst) g->worst = x.st;
  if (!x.st) *VEC_PUSH(e->c->a, &g->got) = x.v;
  return true;
}

static ref_val walk_compr(ref_eval *e, const ir *n) {
  gather g = { .n = n };
  uint64_t walked;
  uint8_t st = ref_each(e, n->bind, true, true, gather_one, &g, &walked);
  if (st > g.worst) g.worst = st;
  if (g.worst) return no_value(g.worst);
  list *l = ARENA_NEW(e->c->a, list);
  *l = (list){ g.got.n, g.got.v };
  return present((val){ .l = l });
}

static ref_val walk_agg(ref_eval *e, const ir *n) {
  gather g = { .n = n };
  uint64_t walked;
  uint8_t st = ref_each(e, n->bind, false, n->op == AGG_MIN || n->op == AGG_MAX, gather_one, &g, &walked);
  if (st > g.worst) g.worst = st;
  if (g.worst) return no_value(g.worst);
  agg a;
  ref_val r = { .st = ST_OK };
  agg_init(&a, (agg_op)n->op, n->a ? n->a->ty : NULL);
  for (uint32_t i = 0; i < g.got.n; i++) agg_add(&a, g.got.v[i]);
  int done = agg_done(&a, &r.v);
  if (done == ST_ERR) return fails(e, n, STR("the result is too large"));
  return done == ST_MISSING ? is_missing(e, n) : r;
}

/* ---- tests ---- */

static ref_val walk_many(ref_eval *e, const ir *n) {
  truth t = n->kind == IR_AND ? TR_T : TR_F;
  for (uint32_t i = 0; i < n->n; i++) {
    truth one = ref_truth(e, n->v[i]);
    t = n->kind == IR_AND ? ref_and(t, one) : ref_or(t, one);
  }
  return ref_of_truth(t);
}

static ref_val walk_implies(ref_eval *e, const ir *n) {
  truth a = ref_truth(e, n->a);
  return ref_of_truth(ref_or(ref_not(a), ref_truth(e, n->b)));
}

static bool holds(uint8_t op, const type *ta, val a, const type *tb, val b) {
  switch ((enum ast_op)op) {
  case OP_EQ: return ref_equal(ta, a, tb, b);
  case OP_NE: return !ref_equal(ta, a, tb, b);
  case OP_LT: return ref_compare(ta, a, tb, b) < 0;
  case OP_LE: return ref_compare(ta, a, tb, b) <= 0;
  case OP_GT: return ref_compare(ta, a, tb, b) > 0;
  case OP_GE: return ref_compare(ta, a, tb, b) >= 0;
  case OP_NONE: case OP_ADD: case OP_SUB: case OP_MUL: case OP_DIV: case Q_EVERY: case Q_SOME: case Q_NO: case MOD_KEY: case MOD_UNIQUE:
  case MOD_FROM: case MOD_SPLIT: case MOD_DEFAULT: case UNIT_DURATION: case UNIT_SIZE: case UNIT_MONTHS: case SEP_NONE: case SEP_RANGE:
  case SEP_ARROW: case SEP_PER: case SEP_OF: break;
  }
  return false;
}

static bool in_list(const type *tx, val x, const type *tl, val l) {
  for (uint32_t i = 0; i < l.l->n; i++)
    if (ref_equal(tx, x, tl->elem, l.l->v[i])) return true;
  return false;
}

static bool contains(const ir *n, val a, val b) {
  const type *t = n->a->ty;
  if (t->kind == TY_MAP) return map_find(a.m, str_of(b.t)) != NULL;
  if (t->kind == TY_LIST) return in_list(n->b->ty, b, t, a);
  return b.t->n == 0 || memmem(a.t->p, a.t->n, b.t->p, b.t->n) != NULL;
}

/* Tests whose operands are one to three expressions. */
static ref_val walk_test(ref_eval *e, const ir *n) {
  ref_val v[3];
  uint32_t k = n->c ? 3 : n->b ? 2 : 1;
  uint8_t st = operands(e, (ir *const[]){ n->a, n->b, n->c }, k, v);
  if (st) return no_value(st);
  const type *ta = n->a->ty, *tb = n->b ? n->b->ty : NULL, *tc = n->c ? n->c->ty : NULL;
  for (uint32_t i = 0; i < k; i++)
    if (ref_has_error((i == 0 ? ta : i == 1 ? tb : tc), v[i].v)) return fails(e, n, STR("a field of the record is in error"));
  if (n->kind == IR_CMP) return of_bool(holds(n->op, ta, v[0].v, tb, v[1].v));
  if (n->kind == IR_IN_RANGE) return of_bool(ref_compare(tb, v[1].v, ta, v[0].v) <= 0 && ref_compare(ta, v[0].v, tc, v[2].v) <= 0);
  if (n->kind == IR_IN_LIST) return of_bool(in_list(ta, v[0].v, tb, v[1].v));
  return of_bool(contains(n, v[0].v, v[1].v));
}

static ref_val walk_matches(ref_eval *e, const ir *n) {
  ref_val a = ref_walk(e, n->a);
  if (a.st) return no_value(a.st);
  lib_ctx *c = e->c->lib;
  c->a = e->c->a;
  c->error = (str){ 0 };
  c->steps = &e->c->steps;
  int got = e->c->p->lib->matches(c, e->c->p->patterns[n->index], str_of(a.v.t));
  return got < 0 ? fails(e, n, c->error) : of_bool(got == 1);
}

static ref_val walk_unique(ref_eval *e, const ir *n) {
  ref_val a = ref_walk(e, n->a);
  if (a.st) return no_value(a.st);
  const rec *root = e->f->root;
  const host *h = e->c->h;
  int64_t held = 0;
  if (!root || root->source == UINT32_MAX) return of_bool(true); /* a record that no source holds clashes with none */
  if (!h || h->count_equal(h->ud, root->source, (uint16_t)n->index, a.v, &held) != HOST_FOUND) ref_give_up(e);
  return of_bool(held <= 1);
}

/* Tests that one operand decides. */
static ref_val walk_unary_test(ref_eval *e, const ir *n) {
  ref_val a = ref_walk(e, n->a);
  const rec *r;
  if (n->kind == IR_EXISTS || n->kind == IR_IS_MISSING) return a.st == ST_ERR ? in_error : of_bool((a.st == ST_OK) == (n->kind == IR_EXISTS));
  if (a.st) return no_value(a.st);
  if (n->kind == IR_FORMAT_OK) return of_bool(e->c->p->lib->textformat_valid((int)n->index, str_of(a.v.t), &(str){ 0 }));
  if (n->kind == IR_RESOLVES) return of_bool(look_up(e, n->index, a.v, &r) == HOST_FOUND);
  return ref_of_truth(ref_audience_truth(e, e->c->p->audiences[n->index], a.v.r));
}

static ref_val walk_names(ref_eval *e, const prog_passes *s, const rec *r) {
  const prog_rule **failing = ARENA_ARRAY(e->c->a, const prog_rule *, s->nrules + 1u);
  uint32_t n = 0;
  for (uint32_t i = 0; i < s->nrules; i++)
    if (ref_rule_truth(e, e->c->p->rules[s->rules[i]], r) == TR_F) failing[n++] = e->c->p->rules[s->rules[i]];
  buf b = { .a = e->c->a };
  prog_rules_text(&b, failing, n);
  return of_text(e, buf_done(&b));
}

static ref_val walk_passes(ref_eval *e, const ir *n) {
  ref_val a = ref_walk(e, n->a);
  if (a.st) return no_value(a.st);
  const prog_passes *s = e->c->p->passes[n->index];
  if (n->flags & IRF_NAMES) return walk_names(e, s, a.v.r);
  if (n->flags & IRF_VERDICT) {
    const prog_rule *r = e->c->p->rules[s->rules[0]];
    return present(n->b->k.l->v[ref_rule_verdict(e, r, r->source >= 0 || r->refinement ? a.v.r : NULL)]);
  }
  truth t = TR_T;
  for (uint32_t i = 0; i < s->nrules; i++) {
    const prog_rule *r = e->c->p->rules[s->rules[i]];
    e->depth++;
    truth one = ref_rule_truth(e, r, a.v.r);
    e->depth--;
    if (e->c->judged) e->c->judged(e->c->trace_ud, r, e->depth, one);
    t = ref_and(t, one);
  }
  return ref_of_truth(n->flags & IRF_FAILS ? ref_not(t) : t);
}

/* ---- every kind ---- */

static ref_val walk_kind(ref_eval *e, const ir *n) {
  ref_val a;
  switch ((ir_kind)n->kind) {
  case IR_CONST: return present(n->k);
  case IR_NONE: return missing;
  case IR_LOCAL: return walk_local(e, n);
  case IR_NOW: return present((val){ .i = e->c->now });
  case IR_TODAY: return present((val){ .i = e->c->now / USEC_PER_DAY - (e->c->now % USEC_PER_DAY < 0) });
  case IR_FIELD: return walk_field(e, n);
  case IR_DEREF: return walk_deref(e, n);
  case IR_INDEX: return walk_index(e, n);
  case IR_MAP_GET: return walk_map_get(e, n);
  case IR_ARITH: return walk_arith(e, n);
  case IR_NEG: return walk_neg(e, n);
  case IR_TO_NUMBER:
    a = ref_walk(e, n->a);
    return a.st ? no_value(a.st) : present((val){ .n = (double)a.v.i });
  case IR_LIST: return walk_list(e, n);
  case IR_RECORD: return walk_record(e, n);
  case IR_WITH: return walk_with(e, n);
  case IR_INTERP: return walk_interp(e, n);
  case IR_CALL: return walk_call(e, n);
  case IR_FN: return walk_fn(e, n);
  case IR_EXTERN: return walk_extern(e, n);
  case IR_TABLE: return walk_table(e, n);
  case IR_COALESCE:
    a = ref_walk(e, n->a);
    return a.st == ST_MISSING ? ref_walk(e, n->b) : a;
  case IR_IF: return walk_if(e, n);
  case IR_COMPR: return walk_compr(e, n);
  case IR_AGG: return walk_agg(e, n);
  case IR_AND: case IR_OR: return walk_many(e, n);
  case IR_NOT: return ref_of_truth(ref_not(ref_truth(e, n->a)));
  case IR_IMPLIES: return walk_implies(e, n);
  case IR_QUANT: return walk_quant(e, n);
  case IR_CMP: case IR_IN_RANGE: case IR_IN_LIST: case IR_CONTAINS: return walk_test(e, n);
  case IR_MATCHES: return walk_matches(e, n);
  case IR_EXISTS: case IR_IS_MISSING: case IR_IN_AUDIENCE: case IR_FORMAT_OK: case IR_RESOLVES: return walk_unary_test(e, n);
  case IR_UNIQUE: return walk_unique(e, n);
  case IR_PASSES: return walk_passes(e, n);
  case IR_KIND_COUNT: break;
  }
  return in_error;
}

ref_val ref_walk(ref_eval *e, const ir *n) {
  if (++e->c->steps > e->c->max_steps && e->c->max_steps) ref_give_up(e);
  uint32_t mark = e->notes.n;
  e->depth++;
  ref_val r = walk_kind(e, n);
  e->depth--;
  ref_filter(e, mark, r.st);
  if (e->c->trace) e->c->trace(e->c->trace_ud, n, e->depth, r.v, r.st);
  return r;
}
