/* What a template from a bundle must be like, so that the runtime may call its functions without looking: each takes the subject and a record for each slot
 * and gives what its place needs. */
#include "vm/vm_int.h"

typedef struct wanted { const ir_program *p; const prog_template *t; } wanted;

static bool is_record(const type *t, const type_rec *shape) { return t->kind == TY_RECORD && t->rec == shape; }

/* fn may be none when it may be left out. */
static bool takes_all(const wanted *w, uint32_t fn, bool may_be_none) {
  if (fn == UINT32_MAX) return may_be_none;
  const prog_fn *f = w->p->fns[fn];
  if (f->nparams != w->t->nslots + 1 || !is_record(f->params[0], &w->p->records[w->t->record]->shape)) return false;
  for (uint32_t i = 0; i < w->t->nslots; i++)
    if (!is_record(f->params[i + 1], &w->p->records[w->t->slots[i].record]->shape)) return false;
  return true;
}

static bool gives(const wanted *w, uint32_t fn, type_kind a, type_kind b) {
  if (fn == UINT32_MAX) return true;
  type_kind k = w->p->fns[fn]->ret->kind;
  return k == a || k == b;
}

static type_kind key_kind(const type *t) { return t->base->kind; }

static bool slots_fit(const wanted *w) {
  for (uint32_t i = 0; i < w->t->nslots; i++) {
    const prog_slot *s = &w->t->slots[i];
    if (!takes_all(w, s->test, true) || !gives(w, s->test, TY_BOOL, TY_BOOL)) return false;
    if (!takes_all(w, s->key, s->eq_field < 0)) return false;
    if (s->eq_field < 0) continue;
    if (key_kind(w->p->records[s->record]->shape.fields[s->eq_field].type) != key_kind(w->p->fns[s->key]->ret)) return false;
  }
  return true;
}

static bool bounds_fit(const wanted *w) {
  const prog_template *t = w->t;
  if ((t->prefer == UINT32_MAX) != (t->bound == UINT32_MAX)) return false;
  for (uint32_t i = 0; i < t->nbounds; i++) {
    const prog_bound *b = &t->bounds[i];
    bool leaf = b->kind == BOUND_LEAF, inner = !leaf && b->kind != BOUND_ANY;
    if (leaf && (!takes_all(w, b->fn, false) || !gives(w, b->fn, TY_INT, TY_NUMBER))) return false;
    if (inner && (b->a >= i || b->b >= i)) return false;
  }
  return true;
}

bool vm_template_wrong(const ir_program *p, const prog_template *t) {
  wanted w = { p, t };
  bool ok = t->nslots > 0 && t->nslots <= 32 && takes_all(&w, t->test, true) && gives(&w, t->test, TY_BOOL, TY_BOOL) && slots_fit(&w) && bounds_fit(&w);
  ok = ok && takes_all(&w, t->prefer, true) && gives(&w, t->prefer, TY_NUMBER, TY_NUMBER);
  for (uint32_t i = 0; ok && i < t->ndemands; i++) {
    const prog_demand *d = &t->demands[i];
    ok = takes_all(&w, d->test, false) && gives(&w, d->test, TY_BOOL, TY_BOOL) && takes_all(&w, d->message, true) && gives(&w, d->message, TY_TEXT, TY_TEXT);
  }
  return !ok;
}
