/* Choices: where candidates come from, which rows of evidence belong to each, the policy, and what surrounds it. Each expression becomes a function of the
 * subject, a candidate, a row of evidence and the sums of the candidate's rows (check_lambda.c). In `by` the evidence's name stands for those sums: its int
 * and number fields, as numbers; so a ratio of fields is a ratio of sums. */
#include "compiler/check.h"

#include <math.h>
#include <string.h>

enum { L_SUBJECT, L_CANDIDATE, L_ROW, L_SUMS, LOCALS };

typedef struct making {
  checker *c;
  decl *d;
  prog_choice *x;
  const type *params[LOCALS];
  const ast *from, *over, *by;
  const ast *holdout_at, *fallback_at;
  VEC(prog_cap) caps;
  unsigned seen, given;  /* options; arguments of the policy */
} making;

static uint32_t lambda(making *m, const char *what, ir *body) {
  return lambda_add(m->c, m->d, str_z(what), m->params, m->x->has_over ? LOCALS : 2, body);
}

static void refuse(making *m) { m->d->bad = true; }

/* ---- from, over ---- */

static bool source_of(making *m, const ast *clause, uint32_t *source, uint32_t *record, const type **t) {
  checker *c = m->c;
  const ast *b = clause->a;
  decl *s = b && b->kind == AST_BINDER ? binder_source(c, b) : NULL;
  *t = c->t_err;
  if (!s) { refuse(m); return false; }
  *source = s->index, *record = s->source->record;
  *t = type_record(&c->ty, &c->records.v[*record]->shape);
  return true;
}

/* A source's records, or the combinations of a template for the subject. */
static bool candidates_of(making *m) {
  checker *c = m->c;
  prog_choice *x = m->x;
  const ast *b = m->from->a;
  if (!b || b->kind != AST_BINDER) { refuse(m); return false; }
  decl *s = binder_origin(c, b, "a source or a template", 1u << DK_SOURCE | 1u << DK_TEMPLATE);
  const prog_record *combo = s && s->kind == DK_TEMPLATE ? combo_record(c, s, b->a->sp) : NULL;
  if (!s || (s->kind == DK_TEMPLATE && !combo)) { refuse(m); return false; }
  if (!combo) {
    x->cand_source = s->index, x->cand_record = s->source->record;
  } else if (s->template->record != x->record) {
    diag *g = diag_add(c->d, DIAG_CHOICE, b->a->sp, "`%.*s` puts parts together for %.*s, and this choice is for %.*s", STR_ARG(s->name),
                       STR_ARG(c->records.v[s->template->record]->name), STR_ARG(c->records.v[x->record]->name));
    diag_note_add(c->d, g, s->node->name_sp, "it is declared here");
    refuse(m);
    return false;
  } else x->template = (int32_t)s->index, x->cand_source = UINT32_MAX, x->cand_record = combo->shape.id;
  m->params[L_CANDIDATE] = type_record(&c->ty, &c->records.v[x->cand_record]->shape);
  return true;
}

/* The conjuncts of where that name rule sets: holdout and fallback, which skip the rest, must pass them too. */
static ir *brand_of(making *m, ir *where) {
  checker *c = m->c;
  VEC(ir *) v = { 0 };
  ir *one[1] = { where }, **list = where->kind == IR_AND ? where->v : one;
  uint32_t n = where->kind == IR_AND ? where->n : 1;
  for (uint32_t i = 0; i < n; i++)
    if (list[i]->kind == IR_PASSES && !(list[i]->flags & IRF_FAILS)) *VEC_PUSH(c->a, &v) = list[i];
  return v.n ? ir_nary(c, IR_AND, where->sp, v.v, v.n) : NULL;
}

static void from_where(making *m) {
  prog_choice *x = m->x;
  const ast *b = m->from->a;
  source_filter f = { .eq_field = -1 };
  if (x->template < 0) {
    if (!check_source_filter(m->c, x->cand_source, L_CANDIDATE, m->params[L_CANDIDATE], b->b, &f)) { refuse(m); return; }
  } else if (b->b) {
    ex t = check_test(m->c, b->b);
    if (ex_isbad(t)) { refuse(m); return; }
    f.where = t.n;
  }
  if (!f.where) return;
  x->cand_test = lambda(m, "from", f.where);
  ir *one[1] = { f.where }, **list = f.where->kind == IR_AND ? f.where->v : one;
  x->nconditions = f.where->kind == IR_AND ? f.where->n : 1;
  x->conditions = ARENA_ARRAY(m->c->a, prog_condition, x->nconditions);
  for (uint32_t i = 0; i < x->nconditions; i++)
    x->conditions[i] = (prog_condition){ lambda(m, "condition", list[i]), slice_of(m->c, list[i]->sp) };
  ir *brand = brand_of(m, f.where);
  if (brand) x->brand = lambda(m, "brand", brand);
  if (f.eq_field < 0) return;
  x->cand_field = f.eq_field;
  x->cand_key = lambda(m, "from-key", f.eq_key);
}

static void over_where(making *m) {
  prog_choice *x = m->x;
  source_filter f;
  if (!check_source_filter(m->c, x->over_source, L_ROW, m->params[L_ROW], m->over->a->b, &f)) { refuse(m); return; }
  if (!f.where) {
    diag_add(m->c->d, DIAG_CHOICE, m->over->sp, "say which rows belong to a candidate: `over %.*s in ... where %.*s.variant == %.*s.id`",
             STR_ARG(m->over->a->name), STR_ARG(m->over->a->name), STR_ARG(m->from->a->name));
    refuse(m);
    return;
  }
  x->over_test = lambda(m, "over", f.where);
  if (f.eq_field < 0) return;
  x->over_field = f.eq_field;
  x->over_key = lambda(m, "over-key", f.eq_key);
}

/* What the evidence's name stands for in `by`. */
static void make_sums(making *m) {
  checker *c = m->c;
  const prog_record *r = c->records.v[m->x->over_record];
  type_rec *s = ARENA_NEW(c->a, type_rec);
  *s = (type_rec){ .name = str_fmt(c->a, "sums of %.*s", STR_ARG(r->name)), .id = UINT32_MAX };
  s->fields = ARENA_ARRAY(c->a, type_field, r->shape.nfields + 1u);
  for (uint32_t i = 0; i < r->shape.nfields; i++) {
    type_kind k = r->shape.fields[i].type->kind;
    if (k == TY_INT || k == TY_NUMBER) s->fields[s->nfields++] = (type_field){ r->shape.fields[i].name, c->t_num };
  }
  m->x->sums = s;
  m->params[L_SUMS] = type_record(&c->ty, s);
}

typedef struct summing { const type_rec *s; bool *read; } summing;

static void sums_read(void *ud, const ir *n) {
  summing *x = ud;
  if (n->kind == IR_FIELD && n->a->kind == IR_LOCAL && n->a->local == L_SUMS) x->read[n->index] = true;
  ir_children(n, sums_read, x);
}

static void note_sums(making *m, bool *read, const ir *n) {
  summing s = { m->x->sums, read };
  if (m->x->has_over) sums_read(&s, n);
}

static void keep_sums(making *m, const bool *read) {
  checker *c = m->c;
  prog_choice *x = m->x;
  if (!x->has_over) return;
  const type_rec *rows = &c->records.v[x->over_record]->shape;
  x->summed = ARENA_ARRAY(c->a, uint16_t, x->sums->nfields + 1u);
  x->sum_of = ARENA_ARRAY(c->a, uint16_t, x->sums->nfields + 1u);
  for (uint32_t i = 0; i < x->sums->nfields; i++) {
    if (!read[i]) continue;
    for (uint32_t k = 0; k < rows->nfields; k++)
      if (str_eq(rows->fields[k].name, x->sums->fields[i].name)) x->sum_of[x->nsummed] = (uint16_t)k;
    x->summed[x->nsummed++] = (uint16_t)i;
  }
}

/* ---- by ---- */

enum { P_EPSILON = CHOICE_ARGS, P_TEMPERATURE, P_ALPHA, P_PRIOR, P_DAY, P_HALF_LIFE, P_DELAY, P_COUNT };
static const char *const param_names[P_COUNT] = { "value", "success", "trials", "sum", "sum_squares", "count", "epsilon", "temperature", "alpha", "prior",
                                                  "day", "half_life", "delay" };
#define BIT(p) (1u << (p))
static const struct { const char *name; unsigned need, may; const char *form; } policies[CHOICE_POLICY_COUNT] = {
  { "first", 0, 0, "first()" },
  { "best", BIT(CHOICE_VALUE), 0, "best(s.margin)" },
  { "weights", BIT(CHOICE_VALUE), 0, "weights(v.weight)" },
  { "epsilon_greedy", BIT(CHOICE_VALUE) | BIT(P_EPSILON), 0, "epsilon_greedy(value: s.clicks / s.views, epsilon: 5%)" },
  { "softmax", BIT(CHOICE_VALUE) | BIT(P_TEMPERATURE), 0, "softmax(value: s.clicks / s.views, temperature: 0.1)" },
  { "ucb", BIT(CHOICE_SUCCESS) | BIT(CHOICE_TRIALS), BIT(P_ALPHA), "ucb(success: s.clicks, trials: s.views, alpha: 1.4)" },
  { "thompson", BIT(CHOICE_SUCCESS) | BIT(CHOICE_TRIALS) | BIT(P_PRIOR), 0, "thompson(success: s.clicks, trials: s.views, prior: [1, 40])" },
  { "thompson", BIT(CHOICE_SUM) | BIT(CHOICE_SUM_SQUARES) | BIT(CHOICE_COUNT) | BIT(P_PRIOR), 0,
    "thompson(sum: s.revenue, sum_squares: s.revenue_squares, count: s.orders, prior: [0, 10])" },
};
static const unsigned timed = BIT(P_DAY) | BIT(P_HALF_LIFE) | BIT(P_DELAY);

static bool number_const(making *m, const ast *n, double lo, double hi, bool open, const char *what, double *out) {
  checker *c = m->c;
  ex e = fold(c, check_expr(c, n));
  if (ex_isbad(e)) { refuse(m); return false; }
  bool ok;
  e = check_coerce(c, e, c->t_num, &ok);
  if (ok) e = fold(c, e);
  if (ok && ir_is(e.n, IR_CONST) && e.n->k.n <= hi && (open ? e.n->k.n > lo : e.n->k.n >= lo)) {
    *out = e.n->k.n;
    return true;
  }
  diag_add(c->d, DIAG_CHOICE, n->sp, "%s", what);
  refuse(m);
  return false;
}

static bool duration_const(making *m, const ast *n, const char *name, bool is_const, int64_t *out) {
  checker *c = m->c;
  ex e = is_const ? check_constant(c, n) : fold(c, check_expr(c, n));
  if (ex_isbad(e)) { refuse(m); return false; }
  if (e.t->kind == TY_DURATION && ir_is(e.n, IR_CONST) && e.n->k.i > 0) {
    *out = e.n->k.i;
    return true;
  }
  bool length = e.t->kind == TY_DURATION && ir_is(e.n, IR_CONST);
  diag_add(c->d, DIAG_CHOICE, n->sp, "`%s` takes a length of time%s such as `14 days`", name, length ? " above 0," : "");
  refuse(m);
  return false;
}

static void prior(making *m, const ast *n) {
  const ast *one = n->first, *two = one ? one->next : NULL;
  bool normal = m->x->policy == CHOICE_THOMPSON_NORMAL;
  if (n->kind != AST_LIST || !two || two->next) {
    diag_add(m->c->d, DIAG_CHOICE, n->sp, normal ? "`prior` takes a mean and a standard deviation, as in `prior: [0, 10]`"
                                                 : "`prior` takes two numbers, as in `prior: [1, 40]`: one success in forty-one trials");
    refuse(m);
    return;
  }
  const char *what = normal ? "a prior's mean is a number and its standard deviation is above 0" : "both numbers of a prior are above 0";
  number_const(m, one, normal ? -HUGE_VAL : 0, 1e300, !normal, what, &m->x->prior[0]);
  number_const(m, two, 0, 1e300, true, what, &m->x->prior[1]);
}

static void value_arg(making *m, int p, const ast *n, bool *read) {
  checker *c = m->c;
  ex e = check_expr(c, n);
  if (!ex_isbad(e)) e = check_want(c, e, c->t_num, "`%s` is", param_names[p]);
  if (ex_isbad(e)) { refuse(m); return; }
  note_sums(m, read, e.n);
  m->x->args[p] = lambda(m, param_names[p], e.n);
}

static void day_arg(making *m, const ast *n) {
  checker *c = m->c;
  uint32_t mark = scope_mark(c);
  scope_bind(c, m->over->a->name, m->over->a->name_sp, m->params[L_ROW], L_ROW, LK_BINDER); /* the row itself: a day is not summed */
  ex e = check_expr(c, n);
  scope_pop(c, mark);
  if (ex_isbad(e)) { refuse(m); return; }
  if (e.t->kind == TY_DATE || e.t->kind == TY_TIME) {
    m->x->day = lambda(m, "day", e.n);
    return;
  }
  str got = type_str(c, e.t);
  diag_add(c->d, DIAG_CHOICE, n->sp, "`day` takes the date or time of a row of evidence, not %.*s", STR_ARG(got));
  refuse(m);
}

static void policy_arg(making *m, int p, const ast *n, bool *read) {
  prog_choice *x = m->x;
  if (p < CHOICE_ARGS) value_arg(m, p, n, read);
  else if (p == P_EPSILON) number_const(m, n, 0, 1, false, "`epsilon` is a share from 0% to 100%, such as `5%`", &x->epsilon);
  else if (p == P_TEMPERATURE) number_const(m, n, 0, 1e300, true, "`temperature` is a number above 0", &x->temperature);
  else if (p == P_ALPHA) number_const(m, n, 0, 1e300, false, "`alpha` is a number that is not negative", &x->alpha);
  else if (p == P_PRIOR) prior(m, n);
  else if (p == P_DAY) day_arg(m, n);
  else duration_const(m, n, param_names[p], false, p == P_HALF_LIFE ? &x->half_life : &x->delay);
}

static int param_named(str name) {
  for (int p = 0; p < P_COUNT; p++)
    if (str_eq(name, str_z(param_names[p]))) return p;
  return -1;
}

/* Which policy; thompson's two are told apart by their arguments. -1: reported. */
static int policy_named(making *m, const ast *n) {
  checker *c = m->c;
  str name = n->kind == AST_CALL && !n->a ? n->name : n->kind == AST_NAME ? n->text : (str){ "", 0 };
  bool sums = false;
  if (n->kind == AST_CALL) AST_EACH(i, n) sums |= i->kind == AST_ARG && str_eq(i->name, STR("sum"));
  for (int p = 0; p < CHOICE_POLICY_COUNT; p++)
    if (n->kind == AST_CALL && str_eq(name, str_z(policies[p].name))) return p == CHOICE_THOMPSON && sums ? CHOICE_THOMPSON_NORMAL : p;
  diag *g = diag_add(c->d, DIAG_CHOICE, n->sp, "a policy is expected here: first, best, weights, epsilon_greedy, softmax, ucb or thompson, with parentheses");
  strs near = { 0 };
  for (int p = 0; p < CHOICE_THOMPSON_NORMAL; p++) *VEC_PUSH(c->a, &near) = str_z(policies[p].name);
  if (name.n) check_suggest(c, g, n->kind == AST_CALL ? n->name_sp : n->sp, name, &near);
  return -1;
}

static void by_policy(making *m) {
  checker *c = m->c;
  prog_choice *x = m->x;
  const ast *n = m->by->a;
  while (n->kind == AST_PAREN) n = n->a;
  int p = policy_named(m, n);
  if (p < 0) { refuse(m); return; }
  x->policy = (choice_policy)p;
  x->alpha = sqrt(2);
  unsigned may = policies[p].need | policies[p].may | (x->has_over ? timed : 0);
  bool *read = ARENA_ARRAY(c->a, bool, (x->sums ? x->sums->nfields : 0) + 1u);
  AST_EACH(i, n) {
    if (i->kind == AST_COMPREHENSION) { refuse(m); diag_add(c->d, DIAG_CHOICE, i->sp, "a policy takes values, written `%s`", policies[p].form); continue; }
    int k = i->name.n ? param_named(i->name) : CHOICE_VALUE;
    if (k < 0 || !(may >> k & 1)) {
      diag *g = diag_add(c->d, DIAG_CHOICE, i->name.n ? i->name_sp : i->sp, i->name.n ? "`%s` takes no `%.*s`" : "`%s` takes no value without a name",
                         policies[p].name, STR_ARG(i->name));
      diag_note_add(c->d, g, (span){ 0, 0 }, "it is written `%s`%s", policies[p].form,
                    k >= P_DAY ? "; `day`, `half_life` and `delay` need evidence, `over`" : "");
      refuse(m);
      continue;
    }
    if (m->given >> k & 1) { diag_add(c->d, DIAG_CHOICE, i->sp, "`%s` is given twice", param_names[k]); refuse(m); continue; }
    m->given |= BIT(k);
    policy_arg(m, k, i->a, read);
  }
  for (int k = 0; k < P_COUNT; k++)
    if ((policies[p].need & ~m->given) >> k & 1) {
      diag_add(c->d, DIAG_CHOICE, n->sp, "`%s` also needs `%s`: it is written `%s`", policies[p].name, param_names[k], policies[p].form);
      refuse(m);
    }
  if ((m->given & (BIT(P_HALF_LIFE) | BIT(P_DELAY))) && !(m->given & BIT(P_DAY))) {
    diag_add(c->d, DIAG_CHOICE, n->sp, "`half_life` and `delay` need to know how old a row is: give `day: %s.day`", "s");
    refuse(m);
  }
  keep_sums(m, read);
}

/* ---- options ---- */

static const ast *value_of(const ast *n, int i) {
  const ast *v = n->first;
  while (v && i--) v = v->next;
  return v && v->a && v->a->kind != AST_ERROR ? v->a : NULL;
}

static bool shaped(making *m, const ast *n, int sep, const char *form) {
  const ast *v = n->first, *w = v ? v->next : NULL;
  bool two = sep != SEP_NONE, ok = two ? w && w->op == sep && !w->next : v && !w;
  if (ok && value_of(n, 0) && (!two || value_of(n, 1))) return true;
  if (v && v->a && v->a->kind != AST_ERROR) diag_add(m->c->d, DIAG_OPTION_VALUE, n->sp, "`%.*s` is written `%s`", STR_ARG(n->name), form);
  refuse(m);
  return false;
}

static bool key_value(making *m, const ast *v, str *out) {
  if (v->kind == AST_TEXT) { *out = v->text; return true; }
  diag_add(m->c->d, DIAG_OPTION_VALUE, v->sp, "the key of a candidate is expected here, as a text");
  refuse(m);
  return false;
}

static void holdout(making *m, const ast *n) {
  checker *c = m->c;
  if (!shaped(m, n, SEP_ARROW, "holdout 5% -> \"control\"")) return;
  const ast *p = value_of(n, 0);
  str s = slice_of(c, p->sp);
  if (p->kind != AST_PERCENT || !share_parse((str){ s.p, s.n - 1 }, true, &m->x->holdout)) {
    diag_add(c->d, DIAG_OPTION_VALUE, p->sp, "a share is a percentage from 0%% to 100%%, such as `5%%`");
    refuse(m);
    return;
  }
  m->holdout_at = n;
  m->x->has_holdout = key_value(m, value_of(n, 1), &m->x->holdout_key);
}

static void cap(making *m, const ast *n) {
  checker *c = m->c;
  if (!shaped(m, n, SEP_PER, "cap 3 per 7 days")) return;
  ex times = check_constant(c, value_of(n, 0));
  prog_cap x = { 0, 0 };
  if (ex_isbad(times) || times.t->kind != TY_INT || times.n->k.i < 1) {
    diag_add(c->d, DIAG_OPTION_VALUE, n->sp, "`cap` takes how often, at least once: `cap 3 per 7 days`");
    refuse(m);
    return;
  }
  x.times = times.n->k.i;
  if (duration_const(m, value_of(n, 1), "cap", true, &x.per)) *VEC_PUSH(c->a, &m->caps) = x;
}

static void floor_option(making *m, const ast *n) {
  if (!shaped(m, n, SEP_NONE, "floor 2%")) return;
  number_const(m, value_of(n, 0), 0, 1, false, "`floor` is a share from 0% to 100%, such as `2%`: every candidate keeps this chance", &m->x->floor);
}

static void option(making *m, const ast *n) {
  static const char *const names[] = { "holdout", "floor", "sticky", "cap", "fallback", "salt" };
  checker *c = m->c;
  unsigned i = 0;
  while (i < 6 && !str_eq(n->name, str_z(names[i]))) i++;
  if (i == 6) {
    static const char *const clauses[] = { "from", "over", "by" }, *const of_policy[] = { "half_life", "delay", "prior", "day", "epsilon", "temperature", "alpha" };
    strs near = { 0 };
    for (i = 0; i < 3; i++) *VEC_PUSH(c->a, &near) = str_z(clauses[i]);
    for (i = 0; i < 6; i++) *VEC_PUSH(c->a, &near) = str_z(names[i]);
    diag *g = check_unknown_option(c, n, "a choice", &near);
    for (i = 0; i < sizeof of_policy / sizeof *of_policy; i++)
      if (str_eq(n->name, str_z(of_policy[i])))
        diag_note_add(c->d, g, (span){ 0, 0 }, "`%s` is the policy's: `by thompson(success: ..., trials: ..., %s: ...)`", of_policy[i], of_policy[i]);
    refuse(m);
    return;
  }
  if (m->seen >> i & 1 && i != 3) diag_add(c->d, DIAG_OPTION_TWICE, n->name_sp, "`%s` is given twice", names[i]);
  m->seen |= 1u << i;
  if (i == 0) holdout(m, n);
  else if (i == 1) floor_option(m, n);
  else if (i == 2 && shaped(m, n, SEP_NONE, "sticky 14 days")) duration_const(m, value_of(n, 0), "sticky", true, &m->x->sticky);
  else if (i == 3) cap(m, n);
  else if (i == 4 && shaped(m, n, SEP_NONE, "fallback \"hero_default\"")) {
    m->fallback_at = n;
    m->x->has_fallback = key_value(m, value_of(n, 0), &m->x->fallback_key);
  } else if (i == 5 && shaped(m, n, SEP_NONE, "salt \"2026q4\"")) key_value(m, value_of(n, 0), &m->x->salt);
}

/* ---- the whole ---- */

static void sort_clauses(making *m) {
  checker *c = m->c;
  AST_EACH(n, m->d->node) {
    const ast **to = n->kind == AST_FROM ? &m->from : n->kind == AST_OVER ? &m->over : n->kind == AST_BY ? &m->by : NULL;
    if (to && *to) {
      diag_add(c->d, DIAG_OPTION_TWICE, n->sp, "a choice has one of these, and this is the second");
      refuse(m);
    } else if (to) *to = n;
    else if (n->kind != AST_OPTION && n->kind != AST_ERROR) {
      diag_add(c->d, DIAG_CLAUSE_PLACE, n->sp, "a choice has `from`, `over`, `by` and its options; this clause belongs elsewhere");
      refuse(m);
    }
  }
  if (!m->from || !m->from->a) {
    diag_add(c->d, DIAG_CHOICE, m->d->node->name_sp, "the choice `%.*s` does not say where its candidates come from: `from v in variants`", STR_ARG(m->d->name));
    refuse(m);
  }
  if (!m->by || !m->by->a) {
    diag_add(c->d, DIAG_CHOICE, m->d->node->name_sp, "the choice `%.*s` does not say by which policy: `by first()`", STR_ARG(m->d->name));
    refuse(m);
  }
}

static void check_keys(making *m) {
  checker *c = m->c;
  const prog_record *r = c->records.v[m->x->cand_record];
  const ast *at = m->holdout_at ? m->holdout_at : m->fallback_at;
  if (!r->shape.nkeys) {
    diag_add(c->d, DIAG_CHOICE, m->from->a->sp, "%.*s has no key, and candidates are told apart by theirs", STR_ARG(r->name));
    refuse(m);
  } else if (at && r->shape.nkeys > 1) {
    diag_add(c->d, DIAG_CHOICE, at->sp, "%.*s has several keys, so one text cannot name a candidate", STR_ARG(r->name));
    refuse(m);
  }
  const type_rec *p = &c->records.v[m->x->record]->shape;
  if (!p->nkeys) {
    diag_add(c->d, DIAG_CHOICE, m->d->node->a->sp, "%.*s has no key, and a decision is about a subject with one", STR_ARG(c->records.v[m->x->record]->name));
    refuse(m);
  }
}

static void body(making *m) {
  checker *c = m->c;
  prog_choice *x = m->x;
  const ast *b = m->d->node->a;
  decl *s = b && b->kind == AST_BINDER ? binder_source(c, b) : NULL;
  for (int i = 0; i < LOCALS; i++) m->params[i] = c->t_err;
  sort_clauses(m);
  if (!s) { refuse(m); return; }
  x->source = s->index, x->record = s->source->record, x->local_name = b->name;
  m->params[L_SUBJECT] = type_record(&c->ty, &c->records.v[x->record]->shape);
  if (!m->from || !m->from->a || !candidates_of(m)) return;
  x->has_over = m->over && m->over->a;
  if (x->has_over) {
    if (!source_of(m, m->over, &x->over_source, &x->over_record, &m->params[L_ROW])) return;
    make_sums(m);
  }
  scope_push(c, b->name, b->name_sp, m->params[L_SUBJECT], LK_ROOT);
  c->u->nlocals = LOCALS; /* before anything else takes a place among the locals */
  if (b->b) {
    ex test = check_test(c, b->b);
    if (ex_isbad(test)) refuse(m);
    else x->test = lambda(m, "for", test.n);
  }
  scope_bind(c, m->from->a->name, m->from->a->name_sp, m->params[L_CANDIDATE], L_CANDIDATE, LK_BINDER);
  from_where(m);
  uint32_t mark = scope_mark(c);
  if (x->has_over) {
    scope_bind(c, m->over->a->name, m->over->a->name_sp, m->params[L_ROW], L_ROW, LK_BINDER);
    over_where(m);
    scope_pop(c, mark);
    scope_bind(c, m->over->a->name, m->over->a->name_sp, m->params[L_SUMS], L_SUMS, LK_BINDER);
  }
  if (m->by && m->by->a) by_policy(m);
  AST_EACH(n, m->d->node)
    if (n->kind == AST_OPTION) option(m, n);
  check_keys(m);
}

void choice_header(checker *c, decl *d) {
  prog_choice *x = d->choice = ARENA_NEW(c->a, prog_choice);
  x->name = x->salt = d->qname, x->sp = d->node->name_sp, x->doc = d->node->doc;
  x->test = x->cand_key = x->cand_test = x->brand = x->over_key = x->over_test = x->day = UINT32_MAX;
  for (int i = 0; i < CHOICE_ARGS; i++) x->args[i] = UINT32_MAX;
  x->cand_field = x->over_field = x->template = -1;
  x->holdout_key = x->fallback_key = (str){ "", 0 }, x->holdout = (share){ 0, 1 };
  d->index = c->choices.n;
  *VEC_PUSH(c->a, &c->choices) = x;
}

void choice_body(checker *c, decl *d) {
  making *m = ARENA_NEW(c->a, making);
  *m = (making){ .c = c, .d = d, .x = d->choice };
  unit u;
  unit_open(c, &u, d, d->file);
  body(m);
  d->choice->caps = m->caps.v, d->choice->ncaps = m->caps.n;
  unit_close(c, &u);
}

void choices_number(checker *c, uint32_t base) {
  for (uint32_t i = 0; i < c->choices.n; i++) {
    prog_choice *x = c->choices.v[i];
    uint32_t *fns[] = { &x->test, &x->cand_key, &x->cand_test, &x->brand, &x->over_key, &x->over_test, &x->day };
    for (size_t k = 0; k < sizeof fns / sizeof *fns; k++)
      if (*fns[k] != UINT32_MAX) *fns[k] += base;
    for (int k = 0; k < CHOICE_ARGS; k++)
      if (x->args[k] != UINT32_MAX) x->args[k] += base;
    for (uint32_t k = 0; k < x->nconditions; k++) x->conditions[k].test += base;
  }
}
