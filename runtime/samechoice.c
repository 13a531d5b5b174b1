/* Choices compared by what their functions compute (vm_meaning), not by their words or places; see samechoice.h. */
#include "runtime/samechoice.h"

typedef struct pair { arena *a; const rt_program *p, *q; } pair;

static bool same_fn(const pair *k, uint32_t f, uint32_t g) {
  if (f == UINT32_MAX || g == UINT32_MAX) return f == g;
  buf x = { .a = k->a }, y = { .a = k->a };
  vm_meaning(&x, k->p->vm, f);
  vm_meaning(&y, k->q->vm, g);
  return str_eq(buf_done(&x), buf_done(&y));
}

static bool same_source(const pair *k, uint32_t f, uint32_t g) {
  if (f == UINT32_MAX || g == UINT32_MAX) return f == g;
  const prog_source *x = k->p->ir->sources[f], *y = k->q->ir->sources[g];
  return str_eq(x->name, y->name) && str_eq(x->from, y->from);
}

static bool same_template(const pair *k, const prog_template *t, const prog_template *u) {
  bool same = t->nslots == u->nslots && t->ndemands == u->ndemands && t->limit == u->limit && same_fn(k, t->test, u->test) && same_fn(k, t->prefer, u->prefer);
  for (uint32_t i = 0; same && i < t->nslots; i++) {
    const prog_slot *s = &t->slots[i], *v = &u->slots[i];
    same = str_eq(s->name, v->name) && same_source(k, s->source, v->source) && same_fn(k, s->key, v->key) && same_fn(k, s->test, v->test);
  }
  for (uint32_t i = 0; same && i < t->ndemands; i++) same = same_fn(k, t->demands[i].test, u->demands[i].test);
  return same;
}

const char *samechoice_who(arena *a, const rt_program *p, const prog_choice *x, const rt_program *q, const prog_choice *y) {
  pair k = { a, p, q };
  bool combos = x->template >= 0 && y->template >= 0;
  if (!same_source(&k, x->source, y->source)) return "for";
  if (!same_fn(&k, x->test, y->test)) return "where";
  if (!combos && (x->template >= 0 || y->template >= 0)) return "from";
  if (combos && !same_template(&k, p->ir->templates[x->template], q->ir->templates[y->template])) return "template";
  if (!combos && !same_source(&k, x->cand_source, y->cand_source)) return "from";
  if (!same_fn(&k, x->cand_test, y->cand_test) || !same_fn(&k, x->cand_key, y->cand_key)) return "where";
  return NULL;
}

const char *samechoice_evidence(arena *a, const rt_program *p, const prog_choice *x, const rt_program *q, const prog_choice *y) {
  pair k = { a, p, q };
  for (int i = 0; i < CHOICE_ARGS; i++)
    if (x->args[i] != UINT32_MAX && y->args[i] != UINT32_MAX && !same_fn(&k, x->args[i], y->args[i])) return "by";
  if (x->has_over != y->has_over) return "over";
  if (!x->has_over) return NULL;
  if (!same_source(&k, x->over_source, y->over_source) || !same_fn(&k, x->over_key, y->over_key) || !same_fn(&k, x->over_test, y->over_test)) return "over";
  if (x->half_life != y->half_life) return "half_life";
  if (x->delay != y->delay) return "delay";
  return (x->half_life || x->delay) && !same_fn(&k, x->day, y->day) ? "day" : NULL;
}
