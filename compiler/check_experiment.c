/* Experiments: arms by hash. An experiment is a function of its subject that gives the arm, a union of the labels, or nothing for who is not in it:
 * `if where then arms[experiment_arm(unit, ...)]`. So every reader of functions reads experiments. */
#include "compiler/check.h"

#include <string.h>

enum { MAX_ARMS = 1000 };

typedef struct trial {
  checker *c;
  decl *d;
  prog_experiment *x;
  VEC(str) labels;
  VEC(share) weights;
  VEC(span) places;
  str salt, hash;
  span hash_sp;
  ex unit;
  bool ranged;           /* share A..B of "namespace" */
  share part, lo, hi;    /* part: share A */
  unsigned seen;
  str cause;             /* `cta(p)`: what is missing when a subject is in no arm; no field is called so */
} trial;

static bool percent(trial *t, const ast *n, share *out) {
  checker *c = t->c;
  str s = slice_of(c, n->sp);
  if (n->kind == AST_PERCENT && s.n && share_parse((str){ s.p, s.n - 1 }, true, out)) return true;
  diag_add(c->d, DIAG_EXPERIMENT, n->sp, "a share is a percentage from 0%% to 100%% with at most 15 digits, such as `12.5%%`");
  t->d->bad = true;
  return false;
}

static void arm(trial *t, const ast *n) {
  checker *c = t->c;
  share w;
  if (!n->a || !n->b || !percent(t, n->b, &w)) { t->d->bad = true; return; }
  for (uint32_t i = 0; i < t->labels.n; i++)
    if (str_eq(t->labels.v[i], n->a->text)) {
      diag *g = diag_add(c->d, DIAG_NAME_DUPLICATE, n->a->sp, "the arm \"%.*s\" stands twice", STR_ARG(n->a->text));
      diag_note_add(c->d, g, t->places.v[i], "first here");
      t->d->bad = true;
      return;
    }
  if (t->labels.n == MAX_ARMS) {
    diag_add(c->d, DIAG_TOO_LARGE, n->sp, "an experiment has at most %d arms", MAX_ARMS);
    t->d->bad = true;
    return;
  }
  *VEC_PUSH(c->a, &t->labels) = n->a->text;
  *VEC_PUSH(c->a, &t->weights) = w;
  *VEC_PUSH(c->a, &t->places) = n->a->sp;
}

/* ---- options ---- */

static str text_value(trial *t, const ast *n) {
  const ast *v = n->first ? n->first->a : NULL;
  if (v && v->kind == AST_TEXT && !n->first->next) return v->text;
  if (v && v->kind != AST_ERROR) diag_add(t->c->d, DIAG_OPTION_VALUE, v->sp, "`%.*s` takes a text", STR_ARG(n->name));
  t->d->bad = true;
  return (str){ "", 0 };
}

/* A constant path, p.household, as the expression that it reads like. */
ex check_path_value(checker *c, const ast *v) {
  if (v->kind == AST_NAME) return check_expr(c, v);
  ast *at = NULL;
  for (uint32_t i = 0, from = 0; i <= v->text.n; i++) {
    if (i < v->text.n && v->text.p[i] != '.') continue;
    ast *n = ARENA_NEW(c->a, ast);
    str name = { v->text.p + from, i - from };
    if (!at) *n = (ast){ .kind = AST_NAME, .sp = v->sp, .text = name, .name = name, .name_sp = v->sp };
    else *n = (ast){ .kind = AST_MEMBER, .sp = v->sp, .a = at, .name = name, .name_sp = v->sp };
    at = n, from = i + 1;
  }
  return check_expr(c, at);
}

static void unit_option(trial *t, const ast *n) {
  checker *c = t->c;
  const ast *v = n->first ? n->first->a : NULL;
  if (!v || n->first->next || (v->kind != AST_NAME && v->kind != AST_PATH)) {
    if (v && v->kind != AST_ERROR) diag_add(c->d, DIAG_OPTION_VALUE, v->sp, "`unit` takes a field of the subject: `unit p.household`");
    t->d->bad = true;
    return;
  }
  t->unit = check_path_value(c, v);
  if (ex_isbad(t->unit)) { t->d->bad = true; return; }
  type_kind k = t->unit.t->kind;
  if (k == TY_TEXT || k == TY_UNION || k == TY_INT || k == TY_REF) return;
  str got = type_str(c, t->unit.t);
  diag_add(c->d, DIAG_OPTION_VALUE, v->sp, "`unit` takes a text, an int or a reference, not %.*s", STR_ARG(got));
  t->d->bad = true;
}

/* share 40%   share 0%..40% of "checkout" */
static void share_option(trial *t, const ast *n) {
  const ast *v = n->first, *hi = v ? v->next : NULL, *of = hi ? hi->next : NULL;
  if (!v || !v->a || v->a->kind == AST_ERROR) { t->d->bad = true; return; }
  if (!hi) {
    percent(t, v->a, &t->part);
    return;
  }
  if (hi->op != SEP_RANGE || !of || of->op != SEP_OF || of->next || !of->a || of->a->kind != AST_TEXT || !of->a->text.n) {
    diag_add(t->c->d, DIAG_OPTION_VALUE, n->sp, "`share` is written `share 40%%`, or `share 0%%..40%% of \"checkout\"` for a part of a namespace");
    t->d->bad = true;
    return;
  }
  t->ranged = true, t->x->ns = of->a->text;
  if (!percent(t, v->a, &t->lo) || !percent(t, hi->a, &t->hi)) return;
  if (share_cmp(t->lo, t->hi) < 0) return;
  diag_add(t->c->d, DIAG_EXPERIMENT, n->sp, "this range is empty: its end is not above its beginning");
  t->d->bad = true;
}

static void option(trial *t, const ast *n) {
  static const char *const names[] = { "salt", "hash", "unit", "share" };
  checker *c = t->c;
  unsigned i = 0;
  while (i < 4 && !str_eq(n->name, str_z(names[i]))) i++;
  if (i == 4) {
    strs near = { 0 };
    for (i = 0; i < 4; i++) *VEC_PUSH(c->a, &near) = str_z(names[i]);
    check_unknown_option(c, n, "an experiment, beside its arms,", &near);
    t->d->bad = true;
    return;
  }
  if (t->seen >> i & 1) diag_add(c->d, DIAG_OPTION_TWICE, n->name_sp, "`%s` is given twice", names[i]);
  t->seen |= 1u << i;
  if (i == 0) t->salt = text_value(t, n);
  else if (i == 1) t->hash = text_value(t, n), t->hash_sp = n->first && n->first->a ? n->first->a->sp : n->sp;
  else if (i == 2) unit_option(t, n);
  else share_option(t, n);
}

/* ---- what must fit together ---- */

static void check_sum(trial *t) {
  checker *c = t->c;
  uint64_t sum = 0;
  if (!share_common(t->weights.v, t->weights.n)) {
    diag_add(c->d, DIAG_EXPERIMENT, t->d->node->name_sp, "these shares have more digits than can be compared exactly");
    t->d->bad = true;
    return;
  }
  for (uint32_t i = 0; i < t->weights.n; i++) sum += t->weights.v[i].num;
  if (sum == t->weights.v[0].den) return;
  diag *g = diag_add(c->d, DIAG_EXPERIMENT, t->d->node->name_sp, "the arms of `%.*s` come to %.10g%%, not to 100%%", STR_ARG(t->d->name),
                     (double)sum * 100 / (double)t->weights.v[0].den);
  diag_note_add(c->d, g, (span){ 0, 0 }, "who gets no arm is said by `share 40%%`, which leaves the others out of the experiment");
  t->d->bad = true;
}

static void check_scheme(trial *t) {
  checker *c = t->c;
  assign_scheme s;
  if (!assign_scheme_find(t->hash, &s)) {
    diag *g = diag_add(c->d, DIAG_OPTION_VALUE, t->hash_sp, "there is no hash \"%.*s\"", STR_ARG(t->hash));
    strs near = { 0 }, names = { 0 };
    str name;
    for (uint32_t i = 1; assign_scheme_name(i, &name); i++) {
      *VEC_PUSH(c->a, &names) = name;
      *VEC_PUSH(c->a, &near) = str_fmt(c->a, "\"%.*s\"", STR_ARG(name));
    }
    str all = check_listed(c, &names, '"');
    check_suggest(c, g, t->hash_sp, str_fmt(c->a, "\"%.*s\"", STR_ARG(t->hash)), &near);
    diag_note_add(c->d, g, (span){ 0, 0 }, "other systems' are %.*s; without `hash` it is Blazon's own", STR_ARG(all));
    t->d->bad = true;
    return;
  }
  bool own = s == ASSIGN_BLAZON, growthbook = s == ASSIGN_GROWTHBOOK_V1 || s == ASSIGN_GROWTHBOOK_V2;
  if (own || growthbook || !(t->seen >> 3 & 1)) return;
  diag_add(c->d, DIAG_EXPERIMENT, t->hash_sp, "\"%.*s\" knows no `share`: what that system calls so is decided elsewhere", STR_ARG(t->hash));
  t->d->bad = true;
}

/* ---- the function ---- */

static ir *int_list(checker *c, const int64_t *v, uint32_t n, span sp) {
  list *l = ARENA_NEW(c->a, list);
  val *e = ARENA_ARRAY(c->a, val, n + 1u);
  for (uint32_t i = 0; i < n; i++) e[i].i = v[i];
  *l = (list){ n, e };
  return ir_const(c, type_list(&c->ty, c->t_int), (val){ .l = l }, sp);
}

static ir *as_text(checker *c, ir *v, span sp) {
  ir *x = ir_new(c, IR_INTERP, v->ty->opt ? type_opt(&c->ty, c->t_text) : c->t_text, sp);
  x->n = 1, x->v = ARENA_ARRAY(c->a, ir *, 1), x->fmt = ARENA_ARRAY(c->a, str, 1);
  x->v[0] = v;
  return x;
}

/* The subject's key as text, as reports show it. NULL: the record has none. */
ir *check_key_text(checker *c, ir *subject, span sp) {
  const type_rec *r = subject->ty->rec;
  VEC(part) parts = { 0 };
  for (uint32_t i = 0; i < r->nkeys; i++) {
    if (i) *VEC_PUSH(c->a, &parts) = (part){ .s = STR(", ") };
    *VEC_PUSH(c->a, &parts) = (part){ .n = ir_field(c, subject, r->keys[i], sp) };
  }
  return parts.n ? message_join(c, sp, parts.v, parts.n) : NULL;
}

static ir *arm_call(trial *t, ir *unit) {
  checker *c = t->c;
  span sp = t->d->node->name_sp;
  sig *s = sig_find(c, STR("experiment_arm"));
  int64_t *w = ARENA_ARRAY(c->a, int64_t, t->weights.n + 1u), share1[2], range[3];
  for (uint32_t i = 0; i < t->weights.n; i++) w[i] = (int64_t)t->weights.v[i].num;
  bool parted = (t->seen >> 3 & 1) && !t->ranged;
  share1[0] = (int64_t)t->part.num, share1[1] = (int64_t)t->part.den;
  share both[2] = { t->lo, t->hi };
  if (t->ranged) share_common(both, 2);
  range[0] = (int64_t)both[0].num, range[1] = (int64_t)both[1].num, range[2] = (int64_t)both[0].den;
  ir *x = ir_new(c, IR_CALL, type_opt(&c->ty, c->t_int), sp);
  x->index = s->index, x->n = 7, x->v = ARENA_ARRAY(c->a, ir *, 7);
  x->v[0] = unit, x->v[1] = ir_text(c, t->salt, sp), x->v[2] = ir_text(c, t->hash, sp), x->v[3] = int_list(c, w, t->weights.n, sp);
  x->v[4] = int_list(c, share1, parted ? 2 : 0, sp), x->v[5] = ir_text(c, t->x->ns, sp), x->v[6] = int_list(c, range, t->ranged ? 3 : 0, sp);
  x->cause = t->cause;
  return x;
}

static ir *body(trial *t, ir *where, ir *unit) {
  checker *c = t->c;
  span sp = t->d->node->name_sp;
  const type *u = t->d->fn->ret->base;
  list *l = ARENA_NEW(c->a, list);
  val *e = ARENA_ARRAY(c->a, val, t->labels.n + 1u);
  for (uint32_t i = 0; i < t->labels.n; i++) e[i].t = check_atom(c, t->labels.v[i]);
  *l = (list){ t->labels.n, e };
  ir *x = ir_bin(c, IR_INDEX, type_opt(&c->ty, u), sp, ir_const(c, type_list(&c->ty, u), (val){ .l = l }, sp), arm_call(t, unit));
  x->cause = t->cause;
  if (!where) return x;
  ir *cond = ir_new(c, IR_IF, type_opt(&c->ty, u), sp), *none = ir_bin(c, IR_INDEX, type_opt(&c->ty, u), sp, x->a, ir_int(c, 0, sp));
  none->cause = t->cause; /* there is no arm 0: missing, under the experiment's name */
  cond->a = where, cond->b = x, cond->c = none;
  return cond;
}

void experiment_header(checker *c, decl *d) {
  if (d->header) return;
  d->header = true;
  prog_experiment *x = d->experiment = ARENA_NEW(c->a, prog_experiment);
  x->name = d->qname, x->sp = d->node->name_sp, x->doc = d->node->doc, x->ns = (str){ "", 0 };
  prog_fn *f = ARENA_NEW(c->a, prog_fn);
  f->name = d->qname, f->sp = d->node->sp;
  d->index = c->fns.n, d->fn = f;
  *VEC_PUSH(c->a, &c->fns) = f;
  *VEC_PUSH(c->a, &c->fn_decls) = d;
  *VEC_PUSH(c->a, &c->experiments) = x;
  *VEC_PUSH(c->a, &c->experiment_decls) = d;
  unit u;
  unit_open(c, &u, NULL, d->file);
  const ast *b = d->node->a;
  decl *s = b && b->kind == AST_BINDER ? binder_source(c, b) : NULL;
  if (!s) d->bad = true;
  else x->source = s->index, x->record = s->source->record, x->local_name = b->name;
  const type **params = ARENA_ARRAY(c->a, const type *, 1);
  params[0] = s ? type_record(&c->ty, &c->records.v[x->record]->shape) : c->t_err;
  f->params = params, f->nparams = 1;
  VEC(const text *) lits = { 0 };
  AST_EACH(n, d->node)
    if (n->kind == AST_ARM && n->a) *VEC_PUSH(c->a, &lits) = check_atom(c, n->a->text);
  f->ret = lits.n ? type_opt(&c->ty, type_union(&c->ty, lits.v, lits.n)) : c->t_err;
  if (!lits.n) {
    diag_add(c->d, DIAG_EXPERIMENT, d->node->name_sp, "the experiment `%.*s` has no arms: write them as `\"blue\" -> 50%%`", STR_ARG(d->name));
    d->bad = true;
  }
  unit_close(c, &u);
}

/* What `where` asks, one by one, for whoever wants to know why a subject is in no arm. */
static void conditions(trial *t, ir *where) {
  prog_experiment *x = t->x;
  ir *one[1] = { where }, **list = where->kind == IR_AND ? where->v : one;
  x->nconditions = where->kind == IR_AND ? where->n : 1;
  x->conditions = ARENA_ARRAY(t->c->a, prog_condition, x->nconditions);
  for (uint32_t i = 0; i < x->nconditions; i++)
    x->conditions[i] = (prog_condition){ lambda_add(t->c, t->d, STR("condition"), t->d->fn->params, 1, list[i]), slice_of(t->c, list[i]->sp) };
}

void experiment_body(checker *c, decl *d) {
  trial *t = ARENA_NEW(c->a, trial);
  *t = (trial){ .c = c, .d = d, .x = d->experiment, .salt = d->qname, .hash = { "", 0 }, .unit = { NULL, NULL } };
  unit u;
  unit_open(c, &u, d, d->file);
  const ast *b = d->node->a;
  ir *where = NULL;
  t->cause = str_fmt(c->a, "%.*s(%.*s)", STR_ARG(d->name), STR_ARG(d->experiment->local_name));
  if (b && b->kind == AST_BINDER) {
    scope_push(c, b->name, b->name_sp, d->fn->params[0], LK_ROOT);
    if (b->b) {
      ex e = check_test(c, b->b);
      if (ex_isbad(e)) d->bad = true;
      where = e.n;
    }
  }
  AST_EACH(n, d->node) {
    if (n->kind == AST_ARM) arm(t, n);
    else if (n->kind == AST_OPTION) option(t, n);
  }
  if (t->weights.n && !d->bad) check_sum(t);
  if (!d->bad) check_scheme(t);
  ir *unit = NULL, *subject = NULL;
  if (!d->bad) {
    subject = ir_local(c, &c->u->scope.v[0], d->node->name_sp);
    unit = t->unit.n ? as_text(c, t->unit.n, t->unit.n->sp) : check_key_text(c, subject, d->node->name_sp);
    if (!unit) {
      diag_add(c->d, DIAG_EXPERIMENT, d->node->name_sp, "the subjects of `%.*s` have no key to hash: say `unit %.*s.FIELD`", STR_ARG(d->name),
               STR_ARG(b->name));
      d->bad = true;
    }
  }
  prog_experiment *x = t->x;
  x->salt = t->salt, x->narms = t->labels.n, x->arms = t->labels.v, x->weights = t->weights.v;
  x->ranged = t->ranged, x->lo = t->lo, x->hi = t->hi;
  d->fn->body = d->bad ? NULL : body(t, where, unit);
  if (where && !d->bad) conditions(t, where);
  d->fn->nlocals = u.nlocals;
  unit_close(c, &u);
}

/* Two experiments may not want the same part of one namespace. */
void experiments_overlap(checker *c) {
  for (uint32_t i = 0; i < c->experiments.n; i++)
    for (uint32_t k = 0; k < i; k++) {
      const prog_experiment *x = c->experiments.v[i], *y = c->experiments.v[k];
      if (!x->ranged || !y->ranged || !str_eq(x->ns, y->ns)) continue;
      if (share_cmp(x->lo, y->hi) >= 0 || share_cmp(y->lo, x->hi) >= 0) continue;
      diag *g = diag_add(c->d, DIAG_EXPERIMENT, x->sp, "`%.*s` and `%.*s` take parts of \"%.*s\" that overlap", STR_ARG(x->name), STR_ARG(y->name), STR_ARG(x->ns));
      diag_note_add(c->d, g, y->sp, "the other one is here");
      diag_note_add(c->d, g, (span){ 0, 0 }, "ranges are half-open: 0%%..40%% and 40%%..100%% do not touch each other's subjects");
    }
}

void experiments_number(checker *c, uint32_t base) {
  for (uint32_t i = 0; i < c->experiments.n; i++) {
    prog_experiment *x = c->experiments.v[i];
    x->fn = c->experiment_decls.v[i]->index;
    for (uint32_t k = 0; k < x->nconditions; k++) x->conditions[k].test += base;
  }
}
