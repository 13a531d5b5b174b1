/* What templates, experiments and choices from a bundle must be like, so that the runtime may call their functions without looking: each takes the records
 * of its declaration and gives what its place needs. */
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

/* What a reference holds is its target's key. */
static type_kind key_kind(const type *t) {
  for (uint32_t i = 0; t->kind == TY_REF && t->rec->nkeys == 1 && i < 100; i++) t = t->rec->fields[t->rec->keys[0]].type;
  return t->base->kind;
}

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

/* ---- experiments and choices ---- */

bool vm_experiment_wrong(const ir_program *p, const prog_experiment *x) {
  const type_rec *subject = &p->records[x->record]->shape;
  for (uint32_t i = 0; i < x->nconditions; i++) {
    const prog_fn *test = p->fns[x->conditions[i].test];
    if (test->nparams != 1 || !is_record(test->params[0], subject) || test->ret->kind != TY_BOOL) return true;
  }
  const prog_fn *f = p->fns[x->fn];
  return !x->narms || f->nparams != 1 || !is_record(f->params[0], subject) || f->ret->kind != TY_UNION;
}

static bool choice_fn(const ir_program *p, const prog_choice *x, uint32_t fn, bool may_be_none, type_kind a, type_kind b) {
  if (fn == UINT32_MAX) return may_be_none;
  const prog_fn *f = p->fns[fn];
  if (f->nparams != (x->has_over ? 4 : 2) || !is_record(f->params[0], &p->records[x->record]->shape)) return false;
  if (!is_record(f->params[1], &p->records[x->cand_record]->shape)) return false;
  if (x->has_over && (!is_record(f->params[2], &p->records[x->over_record]->shape) || !is_record(f->params[3], x->sums))) return false;
  return f->ret->kind == a || f->ret->kind == b;
}

static bool choice_key(const ir_program *p, const prog_choice *x, uint32_t fn, uint32_t record, int32_t field) {
  if (field < 0) return fn == UINT32_MAX;
  if (fn == UINT32_MAX || key_kind(p->fns[fn]->ret) != key_kind(p->records[record]->shape.fields[field].type)) return false;
  return choice_fn(p, x, fn, false, p->fns[fn]->ret->kind, p->fns[fn]->ret->kind);
}

static bool sums_fit(const ir_program *p, const prog_choice *x) {
  for (uint32_t i = 0; i < x->nsummed; i++) {
    type_kind k = p->records[x->over_record]->shape.fields[x->sum_of[i]].type->kind;
    if (x->sums->fields[x->summed[i]].type->kind != TY_NUMBER || (k != TY_INT && k != TY_NUMBER)) return false;
  }
  return true;
}

static unsigned args_needed(choice_policy k) {
  switch (k) {
  case CHOICE_FIRST: return 0;
  case CHOICE_BEST: case CHOICE_WEIGHTS: case CHOICE_EPSILON_GREEDY: case CHOICE_SOFTMAX: return 1u << CHOICE_VALUE;
  case CHOICE_UCB: case CHOICE_THOMPSON: return 1u << CHOICE_SUCCESS | 1u << CHOICE_TRIALS;
  case CHOICE_THOMPSON_NORMAL: return 1u << CHOICE_SUM | 1u << CHOICE_SUM_SQUARES | 1u << CHOICE_COUNT;
  case CHOICE_POLICY_COUNT: break;
  }
  return 0;
}

/* A combination's shape: its key, a part a slot, and what `prefer` came to where there is one. */
static bool combo_fits(const ir_program *p, const prog_choice *x) {
  const prog_template *t = p->templates[x->template];
  const type_rec *s = &p->records[x->cand_record]->shape;
  bool prefers = t->prefer != UINT32_MAX, ok = t->record == x->record && s->nfields == 1 + t->nslots + prefers && s->nkeys == 1 && s->keys[0] == 0;
  ok = ok && s->fields[0].type->kind == TY_TEXT && x->cand_field < 0;
  for (uint32_t i = 0; ok && i < t->nslots; i++) {
    const type_rec *part = &p->records[t->slots[i].record]->shape;
    ok = is_record(s->fields[i + 1].type, part) && part->nkeys > 0;
  }
  return ok && (!prefers || s->fields[s->nfields - 1].type->kind == TY_NUMBER);
}

bool vm_choice_wrong(const ir_program *p, const prog_choice *x) {
  if (x->template >= 0 && !combo_fits(p, x)) return true;
  bool ok = choice_fn(p, x, x->test, true, TY_BOOL, TY_BOOL) && choice_fn(p, x, x->cand_test, true, TY_BOOL, TY_BOOL) &&
            choice_fn(p, x, x->brand, true, TY_BOOL, TY_BOOL) && choice_key(p, x, x->cand_key, x->cand_record, x->cand_field);
  if (x->has_over)
    ok = ok && sums_fit(p, x) && choice_fn(p, x, x->over_test, false, TY_BOOL, TY_BOOL) && choice_fn(p, x, x->day, true, TY_DATE, TY_TIME) &&
         choice_key(p, x, x->over_key, x->over_record, x->over_field);
  else ok = ok && x->over_key == UINT32_MAX && x->over_test == UINT32_MAX && x->day == UINT32_MAX && !x->half_life && !x->delay;
  for (int i = 0; i < CHOICE_ARGS && ok; i++)
    ok = choice_fn(p, x, x->args[i], !(args_needed(x->policy) >> i & 1), TY_NUMBER, TY_NUMBER);
  for (uint32_t i = 0; i < x->nconditions && ok; i++) ok = choice_fn(p, x, x->conditions[i].test, false, TY_BOOL, TY_BOOL);
  ok = ok && p->records[x->cand_record]->shape.nkeys > 0 && p->records[x->record]->shape.nkeys > 0;
  ok = ok && x->epsilon >= 0 && x->epsilon <= 1 && x->floor >= 0 && x->floor <= 1 && x->alpha >= 0 && x->half_life >= 0 && x->delay >= 0 && x->sticky >= 0;
  if (x->policy == CHOICE_SOFTMAX) ok = ok && x->temperature > 0;
  if (x->policy == CHOICE_THOMPSON) ok = ok && x->prior[0] > 0 && x->prior[1] > 0;
  if (x->policy == CHOICE_THOMPSON_NORMAL) ok = ok && x->prior[1] > 0;
  for (uint32_t i = 0; i < x->ncaps; i++) ok = ok && x->caps[i].times > 0 && x->caps[i].per > 0;
  return !ok;
}
