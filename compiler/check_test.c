/* Tests and what they tell of later ones: and, or, implies, if, exists, missing, passes. A test on something optional is `bool?`; after
 * `x exists and` the checker knows that x is there (docs/language.md, "Four truths"). The IR keeps the type without that knowledge, since conjuncts
 * may be evaluated in another order. */
#include "compiler/check.h"

ex check_test(checker *c, const ast *n) {
  ex e = check_expr(c, n);
  if (ex_isbad(e) || e.t->kind == TY_BOOL) return e;
  str t = type_str(c, e.t->base);
  diag *g = diag_add(c->d, DIAG_TEST_EXPECTED, n->sp, "a test is expected here, but this is %.*s", STR_ARG(t));
  if (e.t->opt) diag_fix_add(c->d, g, (span){ n->sp.end, n->sp.end }, STR(" exists"), "ask whether it is there: `... exists`");
  else if (e.t->kind == TY_LIST || e.t->kind == TY_TEXT) diag_note_add(c->d, g, (span){ 0, 0 }, "compare its length: `.length() > 0`");
  else diag_note_add(c->d, g, (span){ 0, 0 }, "compare it with something, for example `... == ...`");
  return ex_bad(c, n->sp);
}

static bool is_literal(const ast *n) {
  return n->kind == AST_INT || n->kind == AST_DEC || n->kind == AST_TEXT || n->kind == AST_COLOR || n->kind == AST_DATE;
}

/* `a.kind == "image" or "video"`: the comparison is not carried over. False: it is none of these. */
static bool half_compared(checker *c, const ast *before, const ast *n, bool is_and) {
  if (!before || before->kind != AST_CMP || !is_literal(n) || (before->op != OP_EQ && before->op != OP_NE)) return false;
  diag *g = diag_add(c->d, DIAG_TEST_EXPECTED, n->sp, "each side of `%s` is a whole test, and this is only a value", is_and ? "and" : "or");
  str of = slice_of(c, before->a->sp), one = slice_of(c, before->b->sp), two = slice_of(c, n->sp);
  diag_note_add(c->d, g, (span){ 0, 0 }, "with several values it is `%.*s %s [%.*s, %.*s]`", STR_ARG(of), before->op == OP_NE ? "not in" : "in", STR_ARG(one), STR_ARG(two));
  return true;
}

ex check_and_or(checker *c, const ast *n) {
  bool is_and = n->kind == AST_AND;
  span sp = n->sp;
  VEC(const ast *) parts = { 0 };
  uint8_t kind = n->kind;
  for (; n->kind == kind; n = n->a) *VEC_PUSH(c->a, &parts) = n->b; /* a chain leans to the left */
  *VEC_PUSH(c->a, &parts) = n;
  uint32_t facts = c->u->facts.n;
  ir **v = ARENA_ARRAY(c->a, ir *, parts.n);
  bool bad = false, opt = false;
  for (uint32_t i = 0; i < parts.n; i++) {
    const ast *part = parts.v[parts.n - 1 - i];
    ex e = half_compared(c, i ? parts.v[parts.n - i] : NULL, part, is_and) ? ex_bad(c, part->sp) : check_test(c, part);
    v[i] = e.n;
    if (ex_isbad(e)) {
      bad = true;
      continue;
    }
    opt |= e.t->opt;
    facts_when(c, e.n, is_and);
  }
  c->u->facts.n = facts;
  if (bad) return ex_bad(c, sp);
  ir *x = ir_nary(c, is_and ? IR_AND : IR_OR, sp, v, parts.n);
  if (c->o->lints && !c->sealed) lint_and_or(c, x);
  return (ex){ x, opt ? type_opt(&c->ty, c->t_bool) : c->t_bool };
}

ex check_implies(checker *c, const ast *n) {
  VEC(const ast *) left = { 0 }; /* leans to the right */
  const ast *i = n;
  uint32_t facts = c->u->facts.n;
  VEC(ex) es = { 0 };
  bool bad = false;
  for (; i->kind == AST_IMPLIES; i = i->b) {
    ex e = check_test(c, i->a);
    *VEC_PUSH(c->a, &left) = i;
    *VEC_PUSH(c->a, &es) = e;
    if (ex_isbad(e)) bad = true;
    else facts_when(c, e.n, true);
  }
  ex e = check_test(c, i);
  c->u->facts.n = facts;
  if (bad || ex_isbad(e)) return ex_bad(c, n->sp);
  for (uint32_t k = es.n; k > 0; k--) {
    ir *x = ir_bin(c, IR_IMPLIES, c->t_bool, left.v[k - 1]->sp, es.v[k - 1].n, e.n);
    e = (ex){ x, lift2(c, c->t_bool, es.v[k - 1].t, e.t) };
  }
  return e;
}

ex check_if(checker *c, const ast *n) {
  ex t = check_test(c, n->a);
  uint32_t facts = c->u->facts.n;
  if (!ex_isbad(t)) facts_when(c, t.n, true);
  ex a = check_expr(c, n->b);
  c->u->facts.n = facts;
  if (!ex_isbad(t)) facts_when(c, t.n, false);
  ex b = check_expr(c, n->c);
  c->u->facts.n = facts;
  if (ex_isbad(t) || ex_isbad(a) || ex_isbad(b)) return ex_bad(c, n->sp);
  bool ok;
  if (a.t->kind == TY_UNION) b = check_coerce(c, b, a.t->base, &ok); /* a literal of the union keeps the result in it */
  else if (b.t->kind == TY_UNION) a = check_coerce(c, a, b.t->base, &ok);
  const type *j = type_join(&c->ty, a.t, b.t);
  if (!j) {
    str x = type_str(c, a.t->base), y = type_str(c, b.t->base);
    diag_add(c->d, DIAG_TYPE_MISMATCH, n->sp, "`then` gives %.*s and `else` gives %.*s; both must be of one type", STR_ARG(x), STR_ARG(y));
    return ex_bad(c, n->sp);
  }
  a = check_coerce(c, a, j->base, &ok);
  b = check_coerce(c, b, j->base, &ok);
  bool opt = t.n->ty->opt || a.n->ty->opt || b.n->ty->opt;
  ir *x = ir_new(c, IR_IF, opt ? type_opt(&c->ty, j->base) : j->base, n->sp);
  x->a = t.n, x->b = a.n, x->c = b.n;
  return (ex){ x, t.t->opt || j->opt ? type_opt(&c->ty, j->base) : j->base };
}

ex check_presence(checker *c, const ast *n) {
  ex e = check_expr(c, n->a);
  if (ex_isbad(e)) return ex_bad(c, n->sp);
  bool exists = n->kind == AST_EXISTS;
  if (!e.n->ty->opt && c->o->lints && !c->sealed) {
    str s = slice_of(c, n->a->sp);
    if (s.n > 60) s = STR("this");
    diag_add(c->d, DIAG_NEVER_MISSING, n->sp, "`%.*s` is never missing, so this is always %s", STR_ARG(s), exists ? "true" : "false");
  }
  ir *x = ir_new(c, exists ? IR_EXISTS : IR_IS_MISSING, c->t_bool, n->sp);
  x->a = e.n;
  return ex_of(x);
}

/* ---- passes ---- */

/* A stand-in for a set of rules, so that who uses the set is not joined with each of them. */
typedef struct passes_set { uint32_t index; decl *node; } passes_set;

uint32_t make_passes(checker *c, str name, prog_rule **rules, uint32_t n) {
  prog_passes *p = ARENA_NEW(c->a, prog_passes);
  *p = (prog_passes){ .name = name, .nrules = n, .rules = ARENA_ARRAY(c->a, uint32_t, n ? n : 1) };
  *VEC_PUSH(c->a, &c->passes) = p;
  *VEC_PUSH(c->a, &c->passes_rules) = rules;
  return c->passes.n - 1;
}

/* Those of a set that `passes` asks: of severity error, about this record. */
static void applying(checker *c, const rule_set *s, uint32_t record, passes_set *out, uint32_t *n) {
  prog_rule **rules = ARENA_ARRAY(c->a, prog_rule *, s->v.n + 1);
  *n = 0;
  bool named = c->u->test && s->v.n == 1; /* a test asks a rule that it names whatever its severity is */
  for (uint32_t i = 0; i < s->v.n; i++) {
    prog_rule *r = s->v.v[i].rule;
    if ((r->sev != SEV_ERROR && !named) || r->record != record || (r->source < 0 && !r->refinement)) continue;
    rules[(*n)++] = r;
    if (!s->v.v[i].d) continue;
    *VEC_PUSH(c->a, &out->node->deps) = s->v.v[i].d;
    *VEC_PUSH(c->a, &out->node->dep_spans) = out->node->node->b->sp;
  }
  if (*n) out->index = make_passes(c, out->node->node->b->text, rules, *n);
}

/* Would a rule that is wrong apply, were it right? Then that none applies is only because of what is told of it. */
static bool wrong_applies(const rule_set *s, uint32_t record) {
  for (uint32_t i = 0; i < s->bad.n; i++)
    if (s->bad.v[i]->source < 0 || s->bad.v[i]->record == record) return true;
  return false;
}

ex check_passes(checker *c, const ast *n) {
  ex a = check_deref(c, check_expr(c, n->a));
  if (ex_isbad(a) || !n->b || n->b->kind != AST_PATH) return ex_bad(c, n->sp);
  if (a.t->kind != TY_RECORD || a.t->rec->id == UINT32_MAX) {
    str t = type_str(c, a.t->base);
    diag_add(c->d, DIAG_NOT_A_RECORD, n->a->sp, "rules judge records, not %.*s", STR_ARG(t));
    return ex_bad(c, n->sp);
  }
  /* one set for each way to name it: names mean different things in different files */
  str key = str_fmt(c->a, "%p %u %d %.*s", (void *)c->u->file, a.t->rec->id, c->u->test != NULL, STR_ARG(n->b->text));
  passes_set *set = names_get(&c->passes_names, key);
  if (!set) {
    rule_set *s = rule_set_new(c);
    uint32_t errors = c->d->errors, found;
    if (!rule_set_collect(c, n->b, s)) return ex_bad(c, n->sp);
    set = ARENA_NEW(c->a, passes_set);
    set->node = ARENA_NEW(c->a, decl);
    set->node->kind = DK_IDLE, set->node->node = (ast *)(uintptr_t)n;
    applying(c, s, a.t->rec->id, set, &found);
    if (!found) {
      if (errors == c->d->errors && !wrong_applies(s, a.t->rec->id)) {
        diag *g = diag_add(c->d, DIAG_PASSES_NONE, n->b->sp, "no rule of severity error in `%.*s` applies to %.*s", STR_ARG(n->b->text),
                           STR_ARG(c->record_decls.v[a.t->rec->id]->name));
        diag_note_add(c->d, g, (span){ 0, 0 }, "it would pass whatever it is; name rules that are `for` a source of this record");
      }
      return ex_bad(c, n->sp);
    }
    names_put(&c->passes_names, key, set);
  }
  dep_add(c, set->node, n->b->sp);
  ir *x = ir_un(c, IR_PASSES, type_opt(&c->ty, c->t_bool), n->sp, a.n);
  x->index = set->index;
  if (n->flags & AST_NEGATED) x->flags |= IRF_FAILS;
  return ex_of(x);
}
