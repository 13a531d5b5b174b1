/* Warnings of what is legal but suspicious. Only what is wrong nearly always: a warning that people learn to ignore hides the others. More lints
 * stand where the fact is known anyway: unused names (check_scope.c), quantifiers and scans (check_binder.c), `??` and `exists` on what is
 * never missing (check_op.c, check_test.c). */
#include "compiler/check.h"
#include "base/civil.h"

void lint_rule(checker *c, const prog_rule *r) {
  if (r->has_since && r->has_until && r->since >= r->until) {
    diag_add(c->d, DIAG_RULE_NEVER, r->sp, "`since` is not before `until`, so this rule is never active");
    return;
  }
  if (r->has_until && c->o->now != INT64_MIN && c->o->now >= r->until) {
    char when[32];
    civil_print_time(r->until, when);
    diag *g = diag_add(c->d, DIAG_RULE_EXPIRED, r->sp, "this rule has not been active since %s", when);
    diag_note_add(c->d, g, (span){ 0, 0 }, "extend `until`, or remove the rule");
  }
}

/* `x != "a" or x != "b"` is always true, `x == "a" and x == "b"` never. */
void lint_and_or(checker *c, const ir *n) {
  uint8_t op = n->kind == IR_OR ? OP_NE : OP_EQ;
  if (n->n > 64) return; /* a pair of a long chain is no slip of the pen worth its square */
  for (uint32_t i = 0; i < n->n; i++) {
    const ir *x = n->v[i];
    if (x->kind != IR_CMP || x->op != op || x->b->kind != IR_CONST || !is_path(x->a)) continue;
    for (uint32_t k = 0; k < i; k++) {
      const ir *y = n->v[k];
      if (y->kind != IR_CMP || y->op != op || y->b->kind != IR_CONST || !is_path(y->a) || !same_path(x->a, y->a)) continue;
      if (x->b->ty->base != y->b->ty->base || val_eq(x->b->ty->base, x->b->k, y->b->k)) continue;
      diag *g = diag_add(c->d, DIAG_ALWAYS, n->sp, op == OP_NE ? "this is true whatever the value is: it always differs from one of the two"
                                                               : "this is never true: nothing equals both");
      diag_note_add(c->d, g, (span){ 0, 0 }, op == OP_NE ? "\"neither of them\" is written with `and`, or `not in [...]`"
                                                         : "\"one of them\" is written with `or`, or `in [...]`");
      return;
    }
  }
}

void lint_imports(checker *c) {
  for (uint32_t i = 0; i < c->files.n; i++)
    for (uint32_t k = 0; k < c->files.v[i]->list.n; k++) {
      const import *m = c->files.v[i]->list.v[k];
      if (!m->used && m->sp.end) diag_add(c->d, DIAG_UNUSED_IMPORT, m->sp, "the import `%.*s` is never used", STR_ARG(m->name));
    }
}

/* A scan hidden in a function costs as much as one that is written in the rule. Without parameters, as in a `let`, it is made once in a run. */
void lint_scans(checker *c, const decl_list *order) {
  for (uint32_t i = 0; i < c->scans.n; i++) {
    const scan_note *s = &c->scans.v[i];
    if (!s->once) warn_of_scan(c, s->sp, s->walked, s->rows, (str){ "", 0 }, s->same);
  }
  for (uint32_t i = 0; i < order->n; i++) {
    decl *d = order->v[i];
    int32_t source = d->rule ? d->rule->source : d->audience && !d->bad ? (int32_t)d->audience->source : -1;
    for (uint32_t k = 0; k < d->deps.n; k++) {
      const decl *used = d->deps.v[k];
      if (!used->scans || !used->fn || !used->fn->nparams) continue;
      if (d->fn && !d->scans) d->scans = used->scans;
      if (source < 0) continue;
      warn_of_scan(c, d->dep_spans.v[k], used->scans, c->source_decls.v[source], str_fmt(c->a, ", in `%.*s`", STR_ARG(used->name)), false);
    }
  }
}
