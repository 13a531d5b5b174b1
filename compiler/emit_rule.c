/* Units of declarations: for each rule one that gives the verdict (and one more for records that are clean), one a clause that
 * says why it does not hold, and one a clause that writes its messages; audiences, functions and single expressions. */
#include "compiler/emit.h"

#include <string.h>

/* ---- the parts of a rule ---- */

static void emit_lets(emitter *e, const prog_rule *r) {
  for (uint32_t i = 0; i < r->nlets; i++) {
    const ir_let *l = &r->lets[i];
    reg mark = NO_REG, v = emit_temp(e, l->init->ty);
    emit_pin(e, v);
    if (e->collect) emit_op(e, BC_MARK, mark = emit_reg_new(e, REG_COUNT, 0, NULL))->x = 1;
    emit_into(e, l->init, v);
    if (mark != NO_REG) {
      reg causes = emit_reg_new(e, REG_CAUSES, 0, NULL);
      emit_pin(e, causes);
      emit_op_bc(e, BC_SAVE, causes, mark, 0);
      emit_free(e, mark);
      e->causes[l->local] = causes;
    }
    e->local[l->local] = v;
  }
}

static void ret_truth(emitter *e, label here, truth t) {
  emit_bind(e, here);
  emit_op(e, BC_RET_TRUTH, 0)->x = (uint8_t)t;
}

static void ret_verdict(emitter *e, label here, verdict v) {
  emit_bind(e, here);
  emit_op(e, BC_RET_VERDICT, 0)->x = (uint8_t)v;
}

/* The verdict is that of the clauses together; a guard that is unknown or in error weakens every clause that does not hold:
   a false clause under an unknown guard is unknown. */
static void rule_verdict(emitter *e, const prog_rule *r) {
  label pass = emit_label(e), fail = emit_label(e), unknown = emit_label(e), error = emit_label(e), skip = emit_label(e);
  unsigned guard_may = r->guard ? emit_may(e, r->guard) : 0, may = guard_may;
  for (uint32_t i = 0; i < r->nclauses; i++) may |= emit_may(e, r->clauses[i].test);
  reg guard = guard_may ? emit_gauge(e) : NO_REG, all = may ? emit_gauge(e) : NO_REG;
  if (r->guard) {
    label on = emit_label(e), u = emit_label(e), bad = emit_label(e);
    emit_test(e, r->guard, (ways){ on, skip, u, bad });
    if (guard_may) {
      emit_worse(e, guard, ST_MISSING, u, on);
      emit_worse(e, guard, ST_ERR, bad, on);
    } else emit_bind(e, u), emit_bind(e, bad); /* never taken */
    emit_bind(e, on);
  }
  emit_lets(e, r);
  for (uint32_t i = 0; i < r->nclauses; i++) {
    label next = emit_label(e), u = emit_label(e), bad = emit_label(e), no = guard_may ? emit_label(e) : fail;
    e->sp = r->clauses[i].sp;
    emit_test(e, r->clauses[i].test, (ways){ next, no, u, bad });
    if (guard_may) {
      emit_bind(e, no);
      emit_check(e, guard, fail, u, bad);
    }
    if (may) {
      emit_worse(e, all, ST_MISSING, u, next);
      emit_worse(e, all, ST_ERR, bad, next);
    } else emit_bind(e, u), emit_bind(e, bad);
    emit_bind(e, next);
  }
  if (may) {
    label some = emit_label(e);
    emit_check(e, all, pass, some, error);
    emit_bind(e, some);
    if (guard_may) emit_check(e, guard, unknown, unknown, error);
    else emit_jump(e, unknown);
  }
  ret_verdict(e, pass, V_PASS);
  ret_verdict(e, fail, V_FAIL);
  ret_verdict(e, unknown, V_UNKNOWN);
  ret_verdict(e, error, V_ERROR);
  ret_verdict(e, skip, V_SKIP);
}

/* guard implies clause, with causes. */
static void clause_why(emitter *e, const prog_rule *r, const prog_clause *c) {
  label yes = emit_label(e), no = emit_label(e), unknown = emit_label(e), error = emit_label(e), holds = emit_label(e), broken = emit_label(e);
  label u = emit_label(e), bad = emit_label(e), joined = emit_label(e), on = emit_label(e);
  reg mark = emit_mark(e), gauge = emit_gauge(e);
  if (r->guard) {
    label gu = emit_label(e), ge = emit_label(e);
    emit_test(e, r->guard, (ways){ on, holds, gu, ge });
    emit_worse(e, gauge, ST_MISSING, gu, on);
    emit_worse(e, gauge, ST_ERR, ge, on);
  }
  emit_bind(e, on);
  emit_lets(e, r);
  e->sp = c->sp;
  emit_test(e, c->test, (ways){ holds, joined, u, bad });
  emit_worse(e, gauge, ST_MISSING, u, joined);
  emit_worse(e, gauge, ST_ERR, bad, joined);
  emit_bind(e, joined);
  emit_check(e, gauge, no, unknown, broken);
  emit_cut(e, holds, mark, CUT_ALL, yes);
  emit_cut(e, broken, mark, CUT_BUT_ERRORS, error);
  ret_truth(e, yes, TR_T);
  ret_truth(e, no, TR_F);
  ret_truth(e, unknown, TR_U);
  ret_truth(e, error, TR_E);
}

/* ---- messages ---- */

typedef struct saying { const prog_clause *c; reg told; label full; } saying;

static void say_here(emitter *e, const saying *s, label more) {
  reg m;
  if (s->c->message) m = emit_value(e, s->c->message);
  else emit_op(e, BC_NONE, m = emit_temp(e, emit_text_type()))->x = ST_MISSING;
  emit_op(e, BC_TRUTH, s->told)->x = TR_T;
  emit_test_op(e, BC_MESSAGE, m, s->full, more);
  emit_free(e, m);
}

/* One level of the chain of quantifiers, then the rest of it for every element that breaks it: that alone makes the clause false, which those that
 * are unknown or in error do not. more: where to go on after it. */
static void say_level(emitter *e, const saying *s, uint32_t level, label more) {
  if (level == s->c->nwitness) { say_here(e, s, more); return; }
  const ir_witness *w = &s->c->witness[level];
  walk k;
  saying inner = *s;
  inner.full = emit_label(e);
  emit_walk_begin(e, &k, w->bind, true, false, more, more);
  label breaks = emit_label(e);
  if (w->bind->where) {
    label on = emit_label(e);
    emit_test(e, w->bind->where, (ways){ on, k.next, k.next, k.next });
    emit_bind(e, on);
  }
  if (!w->test) emit_jump(e, w->negative ? breaks : k.next);
  else emit_test(e, w->test, w->negative ? (ways){ breaks, k.next, k.next, k.next } : (ways){ k.next, breaks, k.next, k.next });
  emit_bind(e, breaks);
  say_level(e, &inner, level + 1, k.next);
  emit_walk_leave(e, &k, inner.full, s->full);
  emit_walk_end(e, &k);
  emit_jump(e, more);
  emit_free(e, k.counter);
}

static void clause_say(emitter *e, const prog_rule *r, const prog_clause *c) {
  label end = emit_label(e), after = emit_label(e);
  e->sp = c->sp;
  emit_lets(e, r);
  saying s = { c, emit_temp(e, emit_bool_type()), end };
  emit_op(e, BC_TRUTH, s.told)->x = TR_F;
  say_level(e, &s, 0, after);
  emit_bind(e, after);
  if (c->nwitness) { /* no single element is to blame, as when the list itself is missing */
    label quiet = emit_label(e);
    emit_test_op(e, BC_BOOL, s.told, end, quiet);
    emit_bind(e, quiet);
    for (uint32_t i = 0; i < c->nwitness; i++) {
      reg none = emit_temp(e, c->witness[i].bind->elem);
      emit_pin(e, none);
      emit_op(e, BC_NONE, none)->x = ST_MISSING;
      e->local[c->witness[i].bind->local] = none;
    }
    say_here(e, &s, end);
  }
  ret_truth(e, end, TR_T);
}

/* ---- declarations ---- */

static code_unit *finish(emitter *e, str name, span sp) {
  code_unit *u = emit_end(e);
  if (!u) {
    diag *g = diag_add(e->d, DIAG_UNIT_TOO_LARGE, sp, "`%.*s` is too large to be compiled", STR_ARG(name));
    diag_note_add(e->d, g, (span){ 0, 0 }, "split it into several rules or functions");
  }
  return u;
}

static bool same_code(const code_unit *a, const code_unit *b) {
  if (a->n != b->n || a->nregs != b->nregs || memcmp(a->code, b->code, sizeof(ins) * a->n)) return false;
  for (uint32_t i = 0; i < a->nregs; i++)
    if (a->regs[i].kind != b->regs[i].kind || a->regs[i].type != b->regs[i].type || a->regs[i].depth != b->regs[i].depth) return false;
  return true;
}

static code_unit *verdict_unit(emitter *e, const prog_rule *r, const type_rec *root, bool clean) {
  e->clean = clean, e->collect = false;
  emit_begin(e, UNIT_RULE, root, r->nlocals);
  e->sp = r->sp;
  rule_verdict(e, r);
  return finish(e, r->name, r->sp);
}

static bool emit_rule(emitter *e, const prog_rule *r, code_rule *out) {
  const type_rec *root = r->source >= 0 || r->refinement ? &e->p->records[r->record]->shape : NULL;
  out->why = ARENA_ARRAY(e->a, code_unit *, r->nclauses + 1);
  out->say = ARENA_ARRAY(e->a, code_unit *, r->nclauses + 1);
  out->main = out->fast = verdict_unit(e, r, root, false);
  if (!out->main) return false;
  if (root) out->fast = verdict_unit(e, r, root, true);
  if (!out->fast) return false;
  if (same_code(out->fast, out->main)) out->fast = out->main;
  e->clean = false;
  for (uint32_t i = 0; i < r->nclauses; i++) {
    e->collect = true;
    emit_begin(e, UNIT_CLAUSE, root, r->nlocals);
    e->sp = r->sp;
    clause_why(e, r, &r->clauses[i]);
    out->why[i] = finish(e, r->name, r->clauses[i].sp);
    e->collect = false;
    emit_begin(e, UNIT_MESSAGE, root, r->nlocals);
    clause_say(e, r, &r->clauses[i]);
    out->say[i] = finish(e, r->name, r->clauses[i].sp);
    if (!out->why[i] || !out->say[i]) return false;
  }
  out->fix = ARENA_ARRAY(e->a, code_unit *, r->nfixes + 1);
  for (uint32_t i = 0; i < r->nfixes; i++) {
    emit_begin(e, UNIT_FIX, root, r->nlocals);
    emit_lets(e, r);
    e->sp = r->fixes[i].sp;
    emit_op(e, BC_RET, emit_value(e, r->fixes[i].value));
    e->u->ret = r->fixes[i].value->ty;
    out->fix[i] = finish(e, r->name, r->fixes[i].sp);
    if (!out->fix[i]) return false;
  }
  return true;
}

static code_unit *audience_unit(emitter *e, const prog_audience *a, bool clean, bool collect) {
  e->clean = clean, e->collect = collect;
  emit_begin(e, UNIT_AUDIENCE, &e->p->records[a->record]->shape, a->nlocals);
  e->sp = a->sp;
  ways w = { emit_label(e), emit_label(e), emit_label(e), emit_label(e) };
  if (a->test) emit_test(e, a->test, w);
  ret_truth(e, w.t, TR_T);
  ret_truth(e, w.f, TR_F);
  ret_truth(e, w.u, TR_U);
  ret_truth(e, w.e, TR_E);
  return finish(e, a->name, a->sp);
}

static code_unit *fn_unit(emitter *e, const prog_fn *f, bool collect) {
  e->clean = false, e->collect = collect;
  emit_begin(e, UNIT_FN, NULL, f->nlocals > f->nparams ? f->nlocals : f->nparams);
  e->sp = f->sp;
  for (uint32_t i = 0; i < f->nparams; i++) e->local[i] = emit_fixed(e, f->params[i]);
  emit_op(e, BC_RET, emit_value(e, f->body));
  e->u->ret = f->ret;
  return finish(e, f->name, f->sp);
}

static void begin_tables(emitter *e, emit_tables *t) {
  *t = (emit_tables){ .a = e->a };
  e->tab = t;
}

static void share_tables(const emit_tables *t, code_tables *out) {
  *out = (code_tables){ t->consts.n, t->sites.n, t->causes.n, t->consts.v, t->sites.v, t->causes.v };
}

static void attach(code *c, code_unit *u) { if (u) u->tab = &c->tab; }

static void attach_all(code *c) {
  const ir_program *p = c->p;
  for (uint32_t i = 0; i < p->nfns; i++) attach(c, c->fns[i].main), attach(c, c->fns[i].why);
  for (uint32_t i = 0; i < p->naudiences; i++) attach(c, c->audiences[i].main), attach(c, c->audiences[i].fast), attach(c, c->audiences[i].why);
  for (uint32_t i = 0; i < p->nrules; i++) {
    attach(c, c->rules[i].main), attach(c, c->rules[i].fast);
    for (uint32_t k = 0; k < p->rules[i]->nclauses; k++) attach(c, c->rules[i].why[k]), attach(c, c->rules[i].say[k]);
    for (uint32_t k = 0; k < p->rules[i]->nfixes; k++) attach(c, c->rules[i].fix[k]);
  }
}

code *emit_program(arena *a, diags *d, const ir_program *p) {
  emitter *e = ARENA_NEW(a, emitter);
  emit_tables tab;
  *e = (emitter){ .a = a, .d = d, .p = p };
  begin_tables(e, &tab);
  code *c = ARENA_NEW(a, code);
  *c = (code){ .p = p, .fns = ARENA_ARRAY(a, code_fn, p->nfns + 1), .audiences = ARENA_ARRAY(a, code_audience, p->naudiences + 1),
               .rules = ARENA_ARRAY(a, code_rule, p->nrules + 1) };
  bool ok = true;
  for (uint32_t i = 0; i < p->nfns; i++) {
    c->fns[i].main = fn_unit(e, p->fns[i], false);
    c->fns[i].why = fn_unit(e, p->fns[i], true);
    ok = ok && c->fns[i].main && c->fns[i].why;
  }
  for (uint32_t i = 0; i < p->naudiences; i++) {
    code_audience *o = &c->audiences[i];
    o->main = audience_unit(e, p->audiences[i], false, false);
    o->fast = audience_unit(e, p->audiences[i], true, false);
    o->why = audience_unit(e, p->audiences[i], false, true);
    ok = ok && o->main && o->fast && o->why;
    if (ok && same_code(o->fast, o->main)) o->fast = o->main;
  }
  for (uint32_t i = 0; i < p->nrules; i++) ok = emit_rule(e, p->rules[i], &c->rules[i]) && ok;
  share_tables(&tab, &c->tab);
  attach_all(c);
  return ok ? c : NULL;
}

code_unit *emit_expression(arena *a, diags *d, const ir_program *p, const ir *x, uint32_t nlocals) {
  emitter *e = ARENA_NEW(a, emitter);
  emit_tables tab;
  *e = (emitter){ .a = a, .d = d, .p = p, .collect = true };
  begin_tables(e, &tab);
  emit_begin(e, UNIT_EXPR, NULL, nlocals);
  emit_op(e, BC_RET, emit_value(e, x));
  e->u->ret = x->ty;
  code_unit *u = finish(e, STR("expression"), x->sp);
  code_tables *t = ARENA_NEW(a, code_tables);
  share_tables(&tab, t);
  if (u) u->tab = t;
  return u;
}
