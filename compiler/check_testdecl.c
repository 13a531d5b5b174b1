/* Test declarations: what they give (`given`), name (`let`) and expect. A test becomes a rule without a source, whose clauses are its
 * expectations, so that whoever runs and explains rules runs and explains tests; it stands in a list of its own, which no bundle carries. What only
 * tests may say, `verdict(...)`, stands here too; `sample(...)` in check_sample.c. */
#include "compiler/check.h"

/* ---- verdict ---- */

static bool only_in_tests(checker *c, const ast *n) {
  if (c->u && c->u->test) return true;
  diag *g = diag_add(c->d, DIAG_TEST_ONLY, n->name_sp, "`%.*s` is for tests; a rule cannot ask it", STR_ARG(n->name));
  if (str_eq(n->name, STR("verdict"))) diag_note_add(c->d, g, (span){ 0, 0 }, "a rule asks another one with `x passes RULE`");
  return false;
}

static ir *verdict_names_list(checker *c, span sp, const type **of) {
  const text **lits = ARENA_ARRAY(c->a, const text *, V_COUNT);
  val *v = ARENA_ARRAY(c->a, val, V_COUNT);
  for (int i = 0; i < V_COUNT; i++) v[i].t = lits[i] = check_atom(c, str_z(verdict_names[i]));
  *of = type_union(&c->ty, lits, V_COUNT);
  list *l = ARENA_NEW(c->a, list);
  *l = (list){ V_COUNT, v };
  return ir_const(c, type_list(&c->ty, *of), (val){ .l = l }, sp);
}

/* A record for a rule that looks at none. */
static ir *no_record(checker *c, span sp) {
  type_rec *shape = ARENA_NEW(c->a, type_rec);
  rec *r = ARENA_NEW(c->a, rec);
  shape->name = STR("None"), shape->id = UINT32_MAX, shape->fields = ARENA_NEW(c->a, type_field);
  *r = (rec){ .ty = shape, .v = ARENA_NEW(c->a, val), .st = ARENA_NEW(c->a, uint8_t), .source = UINT32_MAX };
  return ir_const(c, type_record(&c->ty, shape), (val){ .r = r }, sp);
}

/* The rule that the last argument names; NULL: reported. */
static prog_rule *named_rule(checker *c, const ast *n, decl **d) {
  str path = dotted_name(c, n);
  rule_set *s = rule_set_new(c);
  *d = NULL;
  if (!path.n) {
    diag_add(c->d, DIAG_TEST_ONLY, n->sp, "the name of a rule is expected here, as in `verdict(a, on_palette)`");
    return NULL;
  }
  ast p = { .kind = AST_PATH, .text = path, .sp = n->sp };
  uint32_t errors = c->d->errors;
  if (!rule_set_collect(c, &p, s)) return NULL;
  if (s->v.n == 1) {
    *d = s->v.v[0].d;
    return s->v.v[0].rule;
  }
  if (errors == c->d->errors && !s->bad.n) {
    diag *g = s->v.n ? diag_add(c->d, DIAG_TEST_ONLY, n->sp, "`%.*s` is %u rules; `verdict` asks one", STR_ARG(path), s->v.n)
                     : diag_add(c->d, DIAG_TEST_ONLY, n->sp, "`%.*s` has no rules; `verdict` asks one", STR_ARG(path));
    if (s->v.n) diag_note_add(c->d, g, (span){ 0, 0 }, "name one of them, or ask all with `passes` and `fails`");
  }
  return NULL;
}

ex check_verdict(checker *c, const ast *n) {
  const ast *subject = n->a, *rule = NULL;
  uint32_t args = n->a != NULL;
  bool odd = false;
  AST_EACH(i, n) {
    const ast *e = i->kind == AST_ARG ? i->a : i;
    odd |= i->kind == AST_ARG && i->name.n;
    if (rule) subject = rule;
    rule = e, args++;
  }
  if (!only_in_tests(c, n)) return ex_bad(c, n->sp);
  if (odd || !rule || args > 2 || args < 1) {
    diag_add(c->d, DIAG_ARGUMENT_COUNT, n->sp, "`verdict` takes a record and a rule, `verdict(a, on_palette)`; only a rule when that looks at no record");
    return ex_bad(c, n->sp);
  }
  while (rule->kind == AST_PAREN) rule = rule->a;
  ex a = subject ? check_deref(c, check_expr(c, subject)) : ex_of(no_record(c, n->sp));
  decl *d;
  prog_rule *r = named_rule(c, rule, &d);
  if (!r || ex_isbad(a)) return ex_bad(c, n->sp);
  bool has = r->source >= 0 || r->refinement;
  if (has != (subject != NULL)) {
    diag_add(c->d, DIAG_ARGUMENT, rule->sp, has ? "`%.*s` judges a record: `verdict(record, %.*s)`" : "`%.*s` judges no record: `verdict(%.*s)`", STR_ARG(r->name), STR_ARG(r->name));
    return ex_bad(c, n->sp);
  }
  if (has && (a.t->kind != TY_RECORD || a.t->rec->id != r->record)) {
    str got = type_str(c, a.t->base);
    diag_add(c->d, DIAG_ARGUMENT, subject->sp, "`%.*s` judges %.*s, but this is %.*s", STR_ARG(r->name), STR_ARG(c->records.v[r->record]->name), STR_ARG(got));
    return ex_bad(c, n->sp);
  }
  const type *t;
  ir *names = verdict_names_list(c, n->sp, &t), *x = ir_un(c, IR_PASSES, t, n->sp, a.n);
  prog_rule **rules = ARENA_ARRAY(c->a, prog_rule *, 1);
  rules[0] = r;
  x->b = names, x->index = make_passes(c, r->name, rules, 1), x->flags |= IRF_VERDICT;
  x->cause = slice_of(c, n->sp);
  return (ex){ x, lift1(c, t, a.t) };
}

/* ---- given ---- */

static const ast *unwrapped(const ast *n) {
  while (n->kind == AST_PAREN) n = n->a;
  return n;
}

static bool given_twice(checker *c, const ast *n, span *before) {
  if (before->end) {
    diag *g = diag_add(c->d, DIAG_TEST_GIVEN, n->name_sp, "`%.*s` is given twice", STR_ARG(n->name));
    diag_note_add(c->d, g, *before, str_eq(n->name, STR("now")) ? "first here" : "first here; put all rows into one list");
    return true;
  }
  *before = n->name_sp;
  return false;
}

static bool given_now(checker *c, const ast *n, prog_given *g) {
  bool twice = given_twice(c, n, &c->u->test->now);
  ex e = check_expr(c, n->a);
  if (twice || ex_isbad(e)) return false;
  if (e.t->base == c->t_date && e.n->kind == IR_CONST) e = ex_of(ir_const(c, c->t_time, (val){ .i = e.n->k.i * INT64_C(86400000000) }, n->a->sp));
  e = check_want(c, e, c->t_time, "`now` is");
  if (ex_isbad(e)) return false;
  g->rows = ARENA_ARRAY(c->a, ir *, 1);
  g->rows[0] = e.n, g->nrows = 1, g->source = -1;
  return true;
}

static decl *given_source(checker *c, const ast *n) {
  decl *d = find_decl(c, n->name);
  if (d && d->kind == DK_SOURCE) return d->bad ? NULL : d;
  if (d && (d->bad || d->kind == DK_IDLE)) return NULL;
  diag *g = d ? diag_add(c->d, DIAG_TEST_GIVEN, n->name_sp, "`%.*s` is %s; a source or `now` is given", STR_ARG(n->name), decl_what(d))
              : diag_add(c->d, DIAG_TEST_GIVEN, n->name_sp, "there is no source `%.*s`", STR_ARG(n->name));
  strs near = { 0 };
  near_decls(c, &near, 1u << DK_SOURCE);
  *VEC_PUSH(c->a, &near) = STR("now");
  check_suggest(c, g, n->name_sp, n->name, &near);
  if (!g->edits && !d) diag_note_add(c->d, g, (span){ 0, 0 }, "`given` supplies the rows of a source, or `now`; name other values with `let`");
  return NULL;
}

static bool given_rows(checker *c, const ast *n, decl *d, prog_given *g) {
  const type *want = type_record(&c->ty, &c->records.v[d->source->record]->shape);
  const ast *list = unwrapped(n->a);
  bool ok = true;
  VEC(ir *) rows = { 0 };
  bool literal = list->kind == AST_LIST && !(list->first && list->first->kind == AST_COMPREHENSION);
  if (literal) {
    AST_EACH(i, list) {
      ex e = check_expr(c, i->kind == AST_ARG ? i->a : i);
      if (!ex_isbad(e)) e = check_want(c, e, want, "a row of `%.*s` is", STR_ARG(d->name));
      ok &= !ex_isbad(e);
      *VEC_PUSH(c->a, &rows) = e.n;
    }
  } else {
    ex e = check_expr(c, list);
    ok = !ex_isbad(e);
    if (ok && e.t->kind == TY_RECORD && e.t->rec->id == d->source->record) {
      diag *x = diag_add(c->d, DIAG_TEST_GIVEN, n->a->sp, "the rows of `%.*s` are a list, even when there is only one", STR_ARG(d->name));
      diag_fix_add(c->d, x, n->a->sp, str_fmt(c->a, "[%.*s]", STR_ARG(source_slice(c->src, n->a->sp))), "put it into brackets");
      return false;
    }
    if (ok) e = check_want(c, e, type_list(&c->ty, want), "the rows of `%.*s` are", STR_ARG(d->name));
    ok &= !ex_isbad(e);
    *VEC_PUSH(c->a, &rows) = e.n;
  }
  g->rows = rows.v, g->nrows = rows.n, g->list = !literal, g->source = (int32_t)d->index;
  if (ok && literal && rows.n) c->u->test->rows[d->index] = rows.v[0];
  return ok;
}

static bool given(checker *c, const ast *n, prog_given *g) {
  g->sp = n->sp;
  if (str_eq(n->name, STR("now"))) return given_now(c, n, g);
  decl *d = given_source(c, n);
  if (!d) {
    check_expr(c, n->a);
    return false;
  }
  bool twice = given_twice(c, n, &c->u->test->given[d->index]);
  return given_rows(c, n, d, g) && !twice;
}

/* ---- expect ---- */

static bool expect(checker *c, const ast *n, prog_clause *k, prog_expect *x, bool has_record) {
  ast plain = *n;
  plain.kind = AST_REQUIRE, plain.b = plain.c = NULL;
  if (!rule_clause(c, &plain, k, has_record)) return false;
  k->sp = n->sp;
  const ir *t = k->test;
  *x = (prog_expect){ .passes = UINT32_MAX };
  if (t->kind == IR_PASSES && !(t->flags & IRF_VERDICT)) {
    x->subject = t->a, x->passes = t->index, x->fails = t->flags & IRF_FAILS;
  }
  if (!n->b) return true;
  if (!x->subject || !x->fails) {
    diag *g = diag_add(c->d, DIAG_TEST_SAYING, n->b->sp, "`saying` looks at the messages of a rule that fails");
    diag_note_add(c->d, g, (span){ 0, 0 }, "it stands behind `expect x fails RULE`: `expect a fails on_palette saying \"...\"`");
    return false;
  }
  ex s = check_interp(c, n->b);
  if (!ex_isbad(s)) s = check_want(c, s, c->t_text, "what a message says is");
  x->saying = s.n;
  return !ex_isbad(s);
}

/* ---- for any ---- */

/* A record of one field, for `for any n : int`; its refinements become rules, which are no rules of the program. */
static void wrap_param(checker *c, prog_test *t, const ast *p, rtype of, cfile *f) {
  prog_record *r = ARENA_NEW(c->a, prog_record);
  r->fields = ARENA_NEW(c->a, prog_field);
  r->fields[0] = (prog_field){ .name = p->name, .column = p->name, .type = of.t, .sp = p->name_sp };
  r->shape.fields = ARENA_NEW(c->a, type_field);
  r->shape.fields[0] = (type_field){ p->name, of.t };
  r->shape.nfields = 1, r->shape.id = UINT32_MAX;
  r->name = r->shape.name = STR("any"), r->sp = p->sp;
  t->wrap = r;
  t->rule->record = c->records.n + c->nwraps++;
  decl d = { .kind = DK_RECORD, .name = p->name, .qname = STR("any"), .file = f, .record = r, .index = t->rule->record, .refines = &of.r };
  uint32_t rules = c->rules.n;
  rule_options o = { .sev = SEV_ERROR };
  if (of.r) refine_field(c, &d, 0, &o);
  c->rules.n = rules;
  t->valid = d.own.v, t->nvalid = d.own.n;
}

/* The parameter of `for any`: a record is the rule's own, anything else a field of one. */
static bool any_param(checker *c, prog_test *t, const ast *p, cfile *f, ir_let *let, bool *has_let) {
  rtype of = check_type(c, p->a, RT_BOUNDS);
  if (type_bad(of.t)) return false;
  c->u->test->any = of.r;
  t->any = true, t->any_name = p->name, t->any_type = of.t;
  prog_rule *r = t->rule;
  r->refinement = true, r->field = -1, r->local_name = p->name;
  if (of.t->kind == TY_RECORD && !of.t->opt && of.t->rec->id != UINT32_MAX) {
    r->record = of.t->rec->id;
    scope_push(c, p->name, p->name_sp, of.t, LK_ROOT);
    return true;
  }
  wrap_param(c, t, p, of, f);
  ir *root = ir_new(c, IR_LOCAL, type_record(&c->ty, &t->wrap->shape), p->name_sp);
  root->local = (int32_t)c->u->nlocals++;
  local *l = scope_push(c, p->name, p->name_sp, of.t, LK_PARAM);
  *let = (ir_let){ l->index, ir_field(c, root, 0, p->name_sp), p->name };
  *has_let = true;
  return true;
}

/* ---- the declaration ---- */

static void wrong_clause(checker *c, const ast *n) {
  if (n->kind == AST_REQUIRE || n->kind == AST_FORBID) {
    bool require = n->kind == AST_REQUIRE;
    diag *g = diag_add(c->d, DIAG_TEST_CLAUSE, n->sp, "a test expects; `%s` is for rules", require ? "require" : "forbid");
    span word = { n->sp.beg, n->sp.beg + (require ? 7 : 6) };
    if (!n->b && !n->c) diag_fix_add(c->d, g, word, require ? STR("expect") : STR("expect not"), "write `expect`");
    return;
  }
  if (n->kind == AST_OPTION) {
    diag *g = diag_add(c->d, DIAG_TEST_CLAUSE, n->name_sp, "a test has no option `%.*s`", STR_ARG(n->name));
    strs near = { 0 };
    *VEC_PUSH(c->a, &near) = STR("given"), *VEC_PUSH(c->a, &near) = STR("expect"), *VEC_PUSH(c->a, &near) = STR("let");
    check_suggest(c, g, n->name_sp, n->name, &near);
    if (!g->edits) diag_note_add(c->d, g, (span){ 0, 0 }, "it has `given`, `let` and `expect`");
    return;
  }
  diag *g = diag_add(c->d, DIAG_TEST_CLAUSE, n->sp, "this clause does not belong into a test");
  diag_note_add(c->d, g, (span){ 0, 0 }, "a test has `given`, `let` and `expect`");
}

/* `expect a pases r`: two clauses to the parser, one mistake to its writer. */
static bool misspelt_verdict(checker *c, const ast *n) {
  const ast *next = n->next;
  if (n->kind != AST_EXPECT || !next || next->kind != AST_OPTION) return false;
  strs near = { 0 };
  *VEC_PUSH(c->a, &near) = STR("passes"), *VEC_PUSH(c->a, &near) = STR("fails"), *VEC_PUSH(c->a, &near) = STR("saying");
  if (!suggest(next->name, near.v, near.n)) return false;
  diag *g = diag_add(c->d, DIAG_TEST_CLAUSE, next->name_sp, "unknown word `%.*s`", STR_ARG(next->name));
  check_suggest(c, g, next->name_sp, next->name, &near);
  return true;
}

static void test_clauses(checker *c, const ast *node, prog_test *t, ir_let *first, bool has_let, bool *ok) {
  VEC(ir_let) lets = { 0 };
  VEC(prog_given) givens = { 0 };
  VEC(prog_clause) clauses = { 0 };
  VEC(prog_expect) expects = { 0 };
  bool any = false;
  if (has_let) *VEC_PUSH(c->a, &lets) = *first;
  AST_EACH(n, node) {
    if (misspelt_verdict(c, n)) {
      n = n->next;
      any = true, *ok = false;
    } else if (n->kind == AST_LET) {
      ir_let l;
      uint32_t errors = c->d->errors;
      rule_let(c, n, &l);
      *ok &= errors == c->d->errors;
      *VEC_PUSH(c->a, &lets) = l;
    } else if (n->kind == AST_GIVEN) {
      prog_given g = { .nlets = lets.n };
      if (given(c, n, &g)) *VEC_PUSH(c->a, &givens) = g;
      else *ok = false;
    } else if (n->kind == AST_EXPECT) {
      prog_clause k;
      prog_expect x;
      any = true;
      if (expect(c, n, &k, &x, t->any && !t->wrap)) *VEC_PUSH(c->a, &clauses) = k, *VEC_PUSH(c->a, &expects) = x;
      else *ok = false;
    } else if (n->kind == AST_ERROR) any = true;
    else {
      wrong_clause(c, n);
      any = true, *ok = false;
    }
  }
  if (!any) {
    diag *g = diag_add(c->d, DIAG_TEST_EMPTY, t->name_sp, "the test \"%.*s\" expects nothing", STR_ARG(t->name));
    diag_note_add(c->d, g, (span){ 0, 0 }, "give it a clause, `expect ...`");
  }
  t->givens = givens.v, t->ngivens = givens.n, t->expects = expects.v;
  t->rule->lets = lets.v, t->rule->nlets = lets.n;
  t->rule->clauses = clauses.v, t->rule->nclauses = clauses.n;
}

static void test_check(checker *c, cfile *f, const ast *node, names *seen) {
  prog_test *t = ARENA_NEW(c->a, prog_test);
  prog_rule *r = t->rule = ARENA_NEW(c->a, prog_rule);
  t->name = node->a ? node->a->text : STR(""), t->name_sp = node->a ? node->a->sp : node->sp;
  t->module = f->mod->name, t->sp = node->sp;
  r->name = t->name, r->source = -1, r->field = -1, r->sev = SEV_ERROR, r->sp = t->name_sp, r->doc = node->doc;
  if (!t->name.n) diag_add(c->d, DIAG_TEST_EMPTY, t->name_sp, "a test has a name that says what it shows");
  str key = str_fmt(c->a, "%.*s\n%.*s", STR_ARG(t->module), STR_ARG(t->name));
  if (!names_put(seen, key, t)) {
    const prog_test *old = names_get(seen, key);
    diag *g = diag_add(c->d, DIAG_NAME_DUPLICATE, t->name_sp, "two tests of this module are called \"%.*s\"", STR_ARG(t->name));
    diag_note_add(c->d, g, old->name_sp, "the other one is here");
  }
  testing in = { .rows = ARENA_ARRAY(c->a, ir *, c->sources.n + 1), .given = ARENA_ARRAY(c->a, span, c->sources.n + 1) };
  unit u;
  unit_open(c, &u, NULL, f);
  u.test = &in;
  bool ok = true, has_let = false;
  ir_let first;
  if (node->b) {
    ok = any_param(c, t, node->b, f, &first, &has_let);
    if (!ok) scope_push(c, node->b->name, node->b->name_sp, c->t_err, LK_ROOT);
  }
  test_clauses(c, node, t, &first, has_let, &ok);
  if (ok && t->any) {
    t->any_sample = sample_of(c, t->any_type, in.any, t->any_name, node->b->sp);
    ok = t->any_sample != NULL;
  }
  r->nlocals = u.nlocals;
  unit_close(c, &u);
  if (ok) *VEC_PUSH(c->a, &c->prog_tests) = t;
}

/* What a test looks up is no reason for a run over data to read more: sources are left as the rules need them. */
void tests_check(checker *c) {
  names seen;
  names_init(&seen, c->a);
  prog_source *before = ARENA_ARRAY(c->a, prog_source, c->sources.n + 1);
  bool uses_now = c->p->uses_now;
  for (uint32_t i = 0; i < c->sources.n; i++) before[i] = *c->sources.v[i];
  for (uint32_t i = 0; i < c->tests.n; i++) test_check(c, c->tests.v[i].file, c->tests.v[i].node, &seen);
  for (uint32_t i = 0; i < c->sources.n; i++) *c->sources.v[i] = before[i];
  c->p->uses_now = uses_now;
}
