/* Functions that nobody wrote: the expressions of a declaration over its variables (the tests of a template's slots, what a choice weighs), as
 * functions of these variables, so that emitter, bundles and both evaluators need nothing new for them. They stand behind the program's own functions;
 * nothing calls them but the runtime. */
#include "compiler/check.h"

uint32_t lambda_add(checker *c, const decl *d, str what, const type *const *params, uint32_t n, ir *body) {
  prog_fn *f = ARENA_NEW(c->a, prog_fn);
  f->name = str_fmt(c->a, "%.*s.%.*s", STR_ARG(d->qname), STR_ARG(what));
  f->params = ARENA_ARRAY(c->a, const type *, n + 1u);
  for (uint32_t i = 0; i < n; i++) f->params[i] = params[i];
  f->nparams = n, f->ret = body->ty, f->body = body, f->sp = body->sp;
  f->nlocals = c->u->nlocals > n ? c->u->nlocals : n;
  *VEC_PUSH(c->a, &c->lambdas) = f;
  return c->lambdas.n - 1;
}

/* Appends them to the program's functions; gives the number of the first. */
uint32_t lambdas_number(checker *c) {
  uint32_t base = c->fns.n;
  for (uint32_t i = 0; i < c->lambdas.n; i++) *VEC_PUSH(c->a, &c->fns) = c->lambdas.v[i];
  return base;
}
