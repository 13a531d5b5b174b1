/* Walks over lists, maps and sources: the loops under quantifiers, comprehensions, aggregates and the search for what breaks a
 * clause.
 *
 * A walk over a source that does not keep its rows is one level of depth: registers made inside it are forgotten at each step,
 * because the row they may point into is gone. Every way out of such a walk goes through a CLOSE. */
#include "compiler/emit.h"

void emit_walk_begin(emitter *e, walk *w, const ir_binder *b, bool ordered, bool keep, label u, label bad) {
  *w = (walk){ .bind = b, .list = NO_REG, .key = NO_REG, .source = b->source >= 0, .keep = keep };
  w->next = emit_label(e), w->body = emit_label(e), w->done = emit_label(e);
  if (w->source) {
    bool keyed = b->eq_field >= 0 && b->eq_key;
    if (keyed) {
      reg mark = emit_mark(e);
      w->key = emit_value(e, b->eq_key);
      emit_drop(e, mark);
      emit_free(e, mark);
    }
    w->counter = emit_reg_new(e, REG_COUNT, 0, NULL);
    emit_op(e, BC_INT, w->counter)->i = 0;
    uint16_t rows = keep ? UINT16_MAX : (uint16_t)(e->depth + 1);
    ins *o = emit_op_d(e, BC_OPEN, keyed ? w->key : w->counter, rows, (uint32_t)b->source);
    o->c = keyed ? (uint16_t)b->eq_field : 0;
    o->x = (uint8_t)((keyed ? OPEN_KEYED : 0) | (ordered ? OPEN_ORDERED : 0) | (keep ? OPEN_KEEP : 0));
    if (!keep) e->depth++;
    reg elem = emit_temp(e, b->elem);
    emit_bind(e, w->next);
    ins *s = emit_test_op(e, BC_STEP, elem, w->body, w->done);
    s->b = rows, s->c = w->counter;
    w->elem = elem;
  } else {
    w->list = emit_value(e, b->list);
    w->counter = emit_reg_new(e, REG_COUNT, 0, NULL);
    if (emit_may(e, b->list)) {
      label ok = emit_label(e);
      emit_check(e, w->list, ok, u, bad);
      emit_bind(e, ok);
    }
    emit_op(e, BC_INT, w->counter)->i = 0;
    reg elem = emit_temp(e, b->elem);
    emit_bind(e, w->next);
    ins *s = emit_test_op(e, b->list->ty->kind == TY_MAP ? BC_EACH_ENTRY : BC_EACH, elem, w->body, w->done);
    s->b = w->list, s->c = w->counter;
    w->elem = elem;
  }
  emit_pin(e, w->elem);
  w->outer = e->local[b->local]; /* a message may walk with the very local of the quantifier that it speaks of */
  w->outer_present = e->present[b->local];
  e->local[b->local] = w->elem;
  e->present[b->local] = true;
  emit_bind(e, w->body);
}

void emit_walk_leave(emitter *e, walk *w, label here, label to) {
  emit_bind(e, here);
  if (w->source) emit_op(e, BC_CLOSE, 0);
  emit_jump(e, to);
}

void emit_walk_end(emitter *e, walk *w) {
  emit_bind(e, w->done);
  if (w->source) {
    emit_op(e, BC_CLOSE, 0);
    if (!w->keep) e->depth--;
  }
  emit_unpin(e, w->elem);
  e->local[w->bind->local] = w->outer;
  e->present[w->bind->local] = w->outer_present;
  emit_free(e, w->list);
  emit_free(e, w->key);
}

/* ---- quantifiers ---- */

void emit_quant(emitter *e, const ir *n, ways w) {
  bool every = n->op == Q_EVERY;
  if (n->op == Q_NO) w = (ways){ w.f, w.t, w.u, w.e }; /* not some */
  reg mark = emit_mark(e);
  bool gauged = n->a != NULL;
  reg gauge = gauged ? emit_gauge(e) : NO_REG;
  walk k;
  emit_walk_begin(e, &k, n->bind, false, false, w.u, w.e);
  label out = emit_label(e), u = emit_label(e), bad = emit_label(e);
  e->below++;
  if (n->a) emit_test(e, n->a, every ? (ways){ k.next, out, u, bad } : (ways){ out, k.next, u, bad });
  else emit_jump(e, every ? k.next : out);
  e->below--;
  if (gauged) {
    emit_worse(e, gauge, ST_MISSING, u, k.next);
    emit_worse(e, gauge, ST_ERR, bad, k.next);
  }
  label strong = every ? w.f : w.t, weak = every ? w.t : w.f, left = mark != NO_REG ? emit_label(e) : strong;
  emit_walk_leave(e, &k, out, left);
  emit_walk_end(e, &k);
  if (n->flags & IRF_VACUOUS) emit_op(e, BC_VACUOUS, k.counter);
  emit_free(e, k.counter);
  label err = mark != NO_REG ? emit_label(e) : w.e;
  if (gauged) emit_check(e, gauge, weak, w.u, err);
  else emit_jump(e, weak);
  emit_free(e, gauge);
  if (mark == NO_REG) return;
  emit_cut(e, left, mark, CUT_ALL, strong);
  emit_cut(e, err, mark, CUT_BUT_ERRORS, w.e);
  emit_free(e, mark);
}

/* ---- comprehensions and aggregates ---- */

typedef struct gather { walk w; reg mark, gauge, into; label u, bad, over; } gather;

static void gather_begin(emitter *e, gather *g, bool ordered, bool keep, const ir *n) {
  g->u = emit_label(e), g->bad = emit_label(e), g->over = emit_label(e);
  g->gauge = emit_gauge(e);
  emit_walk_begin(e, &g->w, n->bind, ordered, keep, g->u, g->bad);
}

/* The filter, then the element; an unknown or an error of either is the result's, and the walk goes on for its causes. */
static void gather_body(emitter *e, gather *g, const ir *n, opcode add) {
  label u = emit_label(e), bad = emit_label(e);
  if (n->bind->where) {
    label on = emit_label(e);
    emit_test(e, n->bind->where, (ways){ on, g->w.next, u, bad });
    emit_bind(e, on);
  }
  if (n->a) {
    reg x = emit_value(e, n->a);
    label ok = emit_label(e);
    emit_check(e, x, ok, u, bad);
    emit_bind(e, ok);
    emit_op_bc(e, add, g->into, x, 0);
    emit_free(e, x);
  } else emit_op_bc(e, add, g->into, e->local[n->bind->local], 0);
  emit_jump(e, g->w.next);
  emit_worse(e, g->gauge, ST_MISSING, u, g->w.next);
  emit_worse(e, g->gauge, ST_ERR, bad, g->w.next);
}

static void gather_end(emitter *e, gather *g, const ir *n, opcode end, reg dst) {
  emit_walk_end(e, &g->w);
  emit_free(e, g->w.counter);
  label ok = emit_label(e);
  emit_check(e, g->gauge, ok, g->u, g->bad);
  emit_bind(e, ok);
  emit_op_bc(e, end, dst, g->into, 0);
  if (end == BC_AGG_END) emit_note(e, dst, n);
  emit_jump(e, g->over);
  emit_bind(e, g->u);
  emit_op(e, BC_NONE, dst)->x = ST_MISSING;
  emit_jump(e, g->over);
  emit_bind(e, g->bad);
  emit_op(e, BC_NONE, dst)->x = ST_ERR;
  emit_bind(e, g->over);
  emit_filter(e, g->mark, dst);
  emit_free(e, g->gauge);
  emit_free(e, g->into);
}

void emit_compr(emitter *e, const ir *n, reg dst) {
  gather g = { .mark = emit_mark(e) };
  const type *elem = n->ty->opt ? n->ty->base->elem : n->ty->elem;
  g.into = emit_reg_new(e, REG_GATHER, 0, elem);
  emit_op(e, BC_LIST_NEW, g.into);
  gather_begin(e, &g, true, code_is_pointer(elem), n);
  gather_body(e, &g, n, BC_LIST_ADD);
  gather_end(e, &g, n, BC_LIST_END, dst);
}

void emit_agg(emitter *e, const ir *n, reg dst) {
  gather g = { .mark = emit_mark(e) };
  g.into = emit_reg_new(e, REG_AGG, n->op, n->a ? n->a->ty : NULL);
  emit_op(e, BC_AGG_NEW, g.into);
  gather_begin(e, &g, false, false, n);
  gather_body(e, &g, n, BC_AGG_ADD);
  gather_end(e, &g, n, BC_AGG_END, dst);
}
