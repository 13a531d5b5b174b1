/* Assembly: best first over partial combinations. See assemble.h.
 *
 * Slots are filled in their order, candidates are tried in the order of their keys. A node is a combination of the first so many slots; its
 * priority is an upper bound of what `prefer` can come to: the tree of parts, each of one slot alone, evaluated in interval arithmetic, with exact
 * values for filled slots and the range over all candidates for open ones. The bound is sound whatever `prefer` is, products of negative
 * numbers too, so the first complete combination that comes off the queue is the best there is. Among equal priorities the lexicographically
 * least prefix goes first: ties come out in the order of the keys. */
#include "runtime/assemble.h"

#include "runtime/findings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_NODES = 1000000, MAX_SLOTS = 32 };

typedef struct range { double lo, hi; } range;

typedef struct candidate { const rec *r; str order; } candidate;

typedef struct fill {      /* one slot */
  uint32_t n;
  candidate *v;
} fill;

typedef struct node { double bound; uint32_t depth; uint32_t at[]; } node;

typedef struct search {
  rt_engine *e;
  const prog_template *t;
  const asm_opts *o;
  arena *a;
  asm_result *out;
  str *failure;
  val args[MAX_SLOTS + 1];
  uint8_t sts[MAX_SLOTS + 1];
  fill fills[MAX_SLOTS];
  double **leaf;           /* per bound that is a leaf: a value for each candidate of its slot (one when it has none) */
  range *open, *now;       /* per bound that is a leaf: over all candidates; scratch */
  VEC(node *) queue;       /* a heap */
} search;

/* ---- asking the program ---- */

static int ended(search *s, int vm_status) { return rt_engine_status(s->e, vm_status, s->failure); }

static str causes_text(arena *a, uint32_t n, const vm_cause *v) {
  buf b = { .a = a };
  for (uint32_t i = 0; i < n; i++) {
    if (i) buf_z(&b, v[i].kind == ST_ERR ? "; " : ", ");
    buf_str(&b, v[i].text);
    if (v[i].kind == ST_MISSING) buf_z(&b, " is missing");
    else if (v[i].error.n) buf_fmt(&b, ": %.*s", STR_ARG(v[i].error));
  }
  return buf_done(&b);
}

/* Why the function is missing or in error, once for each condition. */
static int note_why(search *s, uint32_t fn, str *why) {
  if (!s->o->why || why->n) return RT_OK;
  uint32_t n = 0;
  vm_cause *causes = NULL;
  val v;
  uint8_t st;
  int got = vm_call(s->e->vm, fn, s->args, s->sts, &v, &st, &n, &causes);
  if (got == VM_OK) *why = causes_text(s->a, n, causes);
  return ended(s, got);
}

/* A test over the arguments that are set. *yes: it is true. Counts what is not. */
static int ask(search *s, uint32_t fn, asm_out *o, truth *t) {
  val v;
  uint8_t st;
  int got = vm_call(s->e->vm, fn, s->args, s->sts, &v, &st, NULL, NULL);
  if (got != VM_OK) return ended(s, got);
  *t = st == ST_ERR ? TR_E : st == ST_MISSING ? TR_U : v.i ? TR_T : TR_F;
  if (*t == TR_F) o->untrue++;
  else if (*t == TR_U) o->unknown++;
  else if (*t == TR_E) o->bad++;
  return *t == TR_U || *t == TR_E ? note_why(s, fn, &o->why) : RT_OK;
}

static void set_arg(search *s, uint32_t i, const rec *r) {
  s->args[i].r = r;
  s->sts[i] = r ? ST_OK : ST_MISSING;
}

/* ---- candidates ---- */

static int by_order(const void *x, const void *y) {
  const candidate *a = x, *b = y;
  uint32_t n = a->order.n < b->order.n ? a->order.n : b->order.n;
  int c = n ? memcmp(a->order.p, b->order.p, n) : 0;
  return c ? c : (a->order.n > b->order.n) - (a->order.n < b->order.n);
}

/* Look-ups allocate in the VM's arena, outside of its own runs: a jump has to land here. */
static int gather_rows(search *s, const prog_slot *p, int32_t field, val key, struct host_cursor **cur, candidate **rows, uint32_t *n) {
  const host *h = &s->e->proxy;
  arena *va = vm_arena(s->e->vm);
  jmp_buf *back = va->oom, here;
  VEC(candidate) v = { 0 };
  int why = setjmp(here), got = HOST_FAILED;
  if (why) {
    va->oom = back;
    if (*cur) h->close(h->ud, *cur);
    return RT_OOM;
  }
  va->oom = &here;
  got = h->open(h->ud, p->source, field, key, false, cur);
  const rec *r;
  while (got == HOST_FOUND && (got = h->next(h->ud, *cur, true, &r)) == HOST_FOUND) *VEC_PUSH(va, &v) = (candidate){ .r = r };
  if (*cur) h->close(h->ud, *cur);
  *cur = NULL;
  va->oom = back;
  *rows = v.v, *n = v.n;
  if (got == HOST_NONE) return RT_OK;
  *s->failure = h->failure(h->ud);
  return RT_ENV;
}

static int slot_rows(search *s, uint32_t i, candidate **rows, uint32_t *n) {
  const prog_slot *p = &s->t->slots[i];
  val key = { .i = 0 };
  int32_t field = p->eq_field;
  if (field >= 0) {
    uint8_t st;
    int got = vm_call(s->e->vm, p->key, s->args, s->sts, &key, &st, NULL, NULL);
    if (got != VM_OK) return ended(s, got);
    if (st != ST_OK) field = -1; /* nothing equals it; why not is for the test to say, row by row */
  }
  struct host_cursor *cur = NULL;
  return gather_rows(s, p, field, key, &cur, rows, n);
}

static int slot_fill(search *s, uint32_t i) {
  const prog_slot *p = &s->t->slots[i];
  fill *f = &s->fills[i];
  candidate *rows = NULL;
  uint32_t n = 0;
  int status = slot_rows(s, i, &rows, &n);
  if (status != RT_OK) return status;
  f->v = ARENA_ARRAY(s->a, candidate, n + 1u);
  for (uint32_t k = 0; k < n; k++) {
    truth t = TR_T;
    set_arg(s, i + 1, rows[k].r);
    if (p->test != UINT32_MAX && (status = ask(s, p->test, &s->out->slots[i], &t)) != RT_OK) return status;
    if (t == TR_T) f->v[f->n++] = (candidate){ rows[k].r, findings_order(s->a, rows[k].r) };
  }
  set_arg(s, i + 1, NULL);
  if (f->n) qsort(f->v, f->n, sizeof *f->v, by_order);
  s->out->candidates[i] = f->n;
  return RT_OK;
}

/* ---- bounds ---- */

static int leaf_values(search *s, uint32_t k) {
  const prog_bound *b = &s->t->bounds[k];
  fill one = { 1, NULL }, *f = b->slot < 0 ? &one : &s->fills[b->slot];
  bool whole = s->e->p->ir->fns[b->fn]->ret->kind == TY_INT;
  double *v = s->leaf[k] = ARENA_ARRAY(s->a, double, f->n + 1u);
  range *o = &s->open[k];
  *o = (range){ INFINITY, -INFINITY };
  for (uint32_t i = 0; i < f->n; i++) {
    val x;
    uint8_t st;
    if (b->slot >= 0) set_arg(s, (uint32_t)b->slot + 1, f->v[i].r);
    int got = vm_call(s->e->vm, b->fn, s->args, s->sts, &x, &st, NULL, NULL);
    if (got != VM_OK) return ended(s, got);
    v[i] = st != ST_OK ? NAN : whole ? (double)x.i : x.n; /* NAN: whatever it stands in is in error, which the whole will tell */
    if (st != ST_OK) continue;
    if (v[i] < o->lo) o->lo = v[i];
    if (v[i] > o->hi) o->hi = v[i];
  }
  if (b->slot >= 0) set_arg(s, (uint32_t)b->slot + 1, NULL);
  return RT_OK;
}

static const range everything = { -INFINITY, INFINITY };

static range of4(double a, double b, double c, double d) {
  if (isnan(a) || isnan(b) || isnan(c) || isnan(d)) return everything; /* 0 times infinity */
  return (range){ fmin(fmin(a, b), fmin(c, d)), fmax(fmax(a, b), fmax(c, d)) };
}

static range join(bound_kind k, range x, range y) {
  switch (k) {
  case BOUND_ADD: return (range){ x.lo + y.lo, x.hi + y.hi };
  case BOUND_SUB: return (range){ x.lo - y.hi, x.hi - y.lo };
  case BOUND_MUL: return of4(x.lo * y.lo, x.lo * y.hi, x.hi * y.lo, x.hi * y.hi);
  case BOUND_DIV: return y.lo <= 0 && y.hi >= 0 ? everything : of4(x.lo / y.lo, x.lo / y.hi, x.hi / y.lo, x.hi / y.hi);
  case BOUND_NEG: return (range){ -x.hi, -x.lo };
  case BOUND_LEAF: case BOUND_ANY: case BOUND_KIND_COUNT: break;
  }
  return everything;
}

/* What `prefer` can come to at most. Rounding is monotone, so each step's bound stays one; the little that is added covers sums of ints, which are exact. */
static double upper(search *s, const node *x) {
  const prog_template *t = s->t;
  if (t->prefer == UINT32_MAX) return 0;
  range *r = s->now;
  for (uint32_t k = 0; k < t->nbounds; k++) {
    const prog_bound *b = &t->bounds[k];
    if (b->kind != BOUND_LEAF) { r[k] = join((bound_kind)b->kind, r[b->a], r[b->b]); continue; }
    bool filled = b->slot < 0 || (uint32_t)b->slot < x->depth;
    double v = filled ? s->leaf[k][b->slot < 0 ? 0 : x->at[b->slot]] : 0;
    r[k] = filled ? (range){ v, v } : s->open[k];
    if (isnan(r[k].lo) || r[k].lo > r[k].hi) r[k] = everything;
  }
  double hi = r[t->bound].hi;
  return isnan(hi) ? INFINITY : hi + fabs(hi) * 1e-12 + 1e-300;
}

/* ---- the queue ---- */

static bool before(const node *x, const node *y) {
  if (x->bound != y->bound) return x->bound > y->bound;
  uint32_t n = x->depth < y->depth ? x->depth : y->depth;
  for (uint32_t i = 0; i < n; i++)
    if (x->at[i] != y->at[i]) return x->at[i] < y->at[i];
  return x->depth < y->depth;
}

static void queue_push(search *s, node *x) {
  *VEC_PUSH(s->a, &s->queue) = x;
  uint32_t i = s->queue.n - 1;
  for (; i && before(x, s->queue.v[(i - 1) / 2]); i = (i - 1) / 2) s->queue.v[i] = s->queue.v[(i - 1) / 2];
  s->queue.v[i] = x;
}

static node *queue_pop(search *s) {
  node *top = s->queue.v[0], *last = s->queue.v[--s->queue.n];
  uint32_t i = 0;
  for (uint32_t c; (c = 2 * i + 1) < s->queue.n; i = c) {
    if (c + 1 < s->queue.n && before(s->queue.v[c + 1], s->queue.v[c])) c++;
    if (!before(s->queue.v[c], last)) break;
    s->queue.v[i] = s->queue.v[c];
  }
  if (s->queue.n) s->queue.v[i] = last;
  return top;
}

/* ---- the search ---- */

/* The conditions that speak of the first depth slots, the last of them among these. *ok: all hold. */
static int demands_at(search *s, uint32_t depth, bool *ok) {
  *ok = true;
  for (uint32_t i = 0; i < s->t->ndemands && *ok; i++) {
    if (s->t->demands[i].upto != depth) continue;
    truth t;
    int status = ask(s, s->t->demands[i].test, &s->out->demands[i], &t);
    if (status != RT_OK) return status;
    *ok = t == TR_T;
  }
  return RT_OK;
}

/* A complete combination's own value. *ok false: it is in error and does not count. */
static int value_of(search *s, double *v, bool *ok) {
  val x;
  uint8_t st;
  *ok = true, *v = 0;
  if (s->t->prefer == UINT32_MAX) return RT_OK;
  int got = vm_call(s->e->vm, s->t->prefer, s->args, s->sts, &x, &st, NULL, NULL);
  if (got != VM_OK) return ended(s, got);
  *ok = st == ST_OK, *v = x.n;
  if (*ok) return RT_OK;
  if (st == ST_ERR) s->out->prefer.bad++;
  else s->out->prefer.unknown++;
  return note_why(s, s->t->prefer, &s->out->prefer.why);
}

static int child(search *s, const node *parent, uint32_t at) {
  uint32_t depth = parent ? parent->depth + 1 : 0;
  bool ok;
  double v = 0;
  s->out->nodes++;
  if (depth) set_arg(s, depth, s->fills[depth - 1].v[at].r);
  int status = demands_at(s, depth, &ok);
  if (status == RT_OK && ok && depth == s->t->nslots) status = value_of(s, &v, &ok);
  if (status != RT_OK || !ok) return status;
  node *x = arena_alloc(s->a, sizeof *x + sizeof *x->at * s->t->nslots);
  x->depth = depth;
  for (uint32_t i = 0; i + 1 < depth; i++) x->at[i] = parent->at[i];
  if (depth) x->at[depth - 1] = at;
  x->bound = depth == s->t->nslots ? v : upper(s, x);
  queue_push(s, x);
  return RT_OK;
}

static int expand(search *s, const node *x, int64_t most) {
  uint32_t depth = x->depth;
  for (uint32_t i = 0; i < s->t->nslots; i++) set_arg(s, i + 1, i < depth ? s->fills[i].v[x->at[i]].r : NULL);
  for (uint32_t k = 0; k < s->fills[depth].n; k++) {
    if (s->out->nodes >= most) { s->out->status = ASM_LIMIT; return RT_OK; }
    int status = child(s, x, k);
    if (status != RT_OK) return status;
  }
  set_arg(s, depth + 1, NULL);
  return RT_OK;
}

static void take(search *s, const node *x) {
  asm_combo *c = &s->out->v[s->out->n++];
  *c = (asm_combo){ ARENA_ARRAY(s->a, const rec *, s->t->nslots), s->t->prefer == UINT32_MAX ? 0 : x->bound };
  for (uint32_t i = 0; i < s->t->nslots; i++) c->parts[i] = s->fills[i].v[x->at[i]].r;
}

static int run(search *s, uint32_t limit, int64_t most) {
  int status = RT_OK;
  for (uint32_t i = 0; i < s->t->nslots; i++)
    if ((status = slot_fill(s, i)) != RT_OK) return status;
  for (uint32_t i = 0; i < s->t->nslots; i++)
    if (!s->fills[i].n) return RT_OK; /* a slot that nothing fits: no combination */
  for (uint32_t k = 0; k < s->t->nbounds; k++)
    if (s->t->bounds[k].kind == BOUND_LEAF && (status = leaf_values(s, k)) != RT_OK) return status;
  s->out->v = ARENA_ARRAY(s->a, asm_combo, limit + 1u);
  status = child(s, NULL, 0);
  while (status == RT_OK && s->queue.n && s->out->status == ASM_DONE) {
    node *x = queue_pop(s);
    if (x->depth < s->t->nslots) { status = expand(s, x, most); continue; }
    if (s->out->n == limit) { s->out->more = true; break; }
    take(s, x);
  }
  return status;
}

static int for_subject(search *s, rec *subject) {
  const prog_template *t = s->t;
  set_arg(s, 0, subject);
  for (uint32_t i = 0; i < t->nslots; i++) set_arg(s, i + 1, NULL);
  s->out->subject = TR_T;
  if (t->test != UINT32_MAX) {
    asm_out o = { .why = { "", 0 } };
    int status = ask(s, t->test, &o, &s->out->subject);
    if (status != RT_OK) return status;
    s->out->subject_why = o.why;
    if (s->out->subject != TR_T) { s->out->status = ASM_SUBJECT; return RT_OK; }
  }
  return run(s, s->o->limit ? s->o->limit : t->limit, s->o->nodes ? s->o->nodes : DEFAULT_NODES);
}

int rt_assemble(rt_engine *e, uint32_t template, rec *subject, const asm_opts *o, arena *a, asm_result *out, str *failure) {
  const prog_template *t = e->p->ir->templates[template];
  search *s = ARENA_NEW(a, search);
  *s = (search){ .e = e, .t = t, .o = o, .a = a, .out = out, .failure = failure };
  *out = (asm_result){ .status = ASM_DONE };
  out->candidates = ARENA_ARRAY(a, uint32_t, t->nslots + 1u);
  out->slots = ARENA_ARRAY(a, asm_out, t->nslots + 1u);
  out->demands = ARENA_ARRAY(a, asm_out, t->ndemands + 1u);
  s->leaf = ARENA_ARRAY(a, double *, t->nbounds + 1u);
  s->open = ARENA_ARRAY(a, range, t->nbounds + 1u);
  s->now = ARENA_ARRAY(a, range, t->nbounds + 1u);
  return for_subject(s, subject);
}
