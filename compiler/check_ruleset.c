/* Sets of rules: what a name in `passes`, or an entry of a `ruleset`, stands for. A set is the rules that its entries name without
 * those that its `except` lines name; the order of its lines does not matter. */
#include "compiler/check.h"

rule_set *rule_set_new(checker *c) {
  rule_set *s = ARENA_NEW(c->a, rule_set);
  names_init(&s->seen, c->a);
  return s;
}

static str key_of(checker *c, const prog_rule *r) { return str_fmt(c->a, "%p", (const void *)r); }

static void add(checker *c, rule_set *s, prog_rule *r, decl *d) {
  if (names_put(&s->seen, key_of(c, r), r)) *VEC_PUSH(c->a, &s->v) = (set_entry){ r, d };
}

static void add_bad(checker *c, rule_set *s, const rule_set *from) {
  for (uint32_t i = 0; i < from->bad.n; i++) *VEC_PUSH(c->a, &s->bad) = from->bad.v[i];
}

static void add_decl(checker *c, rule_set *s, decl *d) {
  if (d->kind == DK_RULE) {
    rule_header(c, d);
    if (d->bad && d->rule) *VEC_PUSH(c->a, &s->bad) = d->rule;
    if (!d->bad && d->rule) add(c, s, d->rule, d);
  } else if (d->kind == DK_RECORD) {
    for (uint32_t i = 0; i < d->own.n; i++) add(c, s, d->own.v[i], NULL);
  }
}

/* Record.field, when that is what the path says. */
static bool one_refinement(checker *c, str p, rule_set *s) {
  for (uint32_t i = p.n; i > 0; i--) {
    if (p.p[i - 1] != '.') continue;
    decl *r = find_path(c, (str){ p.p, i - 1 });
    void *f = r && r->kind == DK_RECORD ? names_get(&r->fields, (str){ p.p + i, p.n - i }) : NULL;
    for (uint32_t k = 0; f && k < r->own.n; k++)
      if (r->own.v[k]->field == (int32_t)((uintptr_t)f - 1)) add(c, s, r->own.v[k], NULL);
    return f != NULL;
  }
  return false;
}

bool rule_set_collect(checker *c, const ast *path, rule_set *s) {
  str p = path->text;
  span sp = path->first ? (span){ path->first->sp.beg, path->sp.end } : path->sp; /* without `except` */
  decl *d = find_path(c, p);
  if (d && d->kind == DK_RULESET) {
    ruleset_decl(c, d);
    if (d->set) add_bad(c, s, d->set);
    for (uint32_t i = 0; d->set && i < d->set->v.n; i++) add(c, s, d->set->v.v[i].rule, d->set->v.v[i].d);
    return d->set != NULL; /* else reported there */
  }
  if (d && d->kind != DK_RULE && d->kind != DK_RECORD) {
    if (d->kind != DK_IDLE)
      diag_add(c->d, DIAG_NAME_KIND, sp, "`%.*s` is %s; a rule, a rule set, a record or a module of rules is expected here", STR_ARG(p), decl_what(d));
    return false;
  }
  if (d) {
    add_decl(c, s, d);
    return true;
  }
  if (one_refinement(c, p, s)) return true;
  module *m = find_module(c, p);
  for (uint32_t i = 0; m && i < m->list.n; i++) add_decl(c, s, m->list.v[i]);
  if (m) return true;
  diag *g = diag_add(c->d, DIAG_NAME_UNKNOWN, sp, "there is no rule or module `%.*s`", STR_ARG(p));
  strs near = { 0 };
  near_decls(c, &near, 1u << DK_RULE | 1u << DK_RECORD | 1u << DK_RULESET);
  for (uint32_t i = 0; i < c->module_list.n; i++) *VEC_PUSH(c->a, &near) = c->module_list.v[i]->name;
  check_suggest(c, g, sp, p, &near);
  return false;
}

/* ---- the declaration ---- */

static bool members(checker *c, decl *d, rule_set *in, rule_set *out) {
  bool ok = true;
  AST_EACH(n, d->node) {
    if (n->kind != AST_PATH) { /* could not be parsed */
      ok = false;
      continue;
    }
    rule_set *one = rule_set_new(c);
    if (!rule_set_collect(c, n, one)) {
      ok = false;
      continue;
    }
    bool except = n->flags & AST_EXCEPT;
    if (!except) add_bad(c, in, one);
    for (uint32_t i = 0; i < one->v.n; i++) add(c, except ? out : in, one->v.v[i].rule, one->v.v[i].d);
  }
  return ok;
}

/* An exception that takes nothing away is a mistake: the rule was renamed, or never in. */
static void idle_exceptions(checker *c, const decl *d, const rule_set *in) {
  AST_EACH(n, d->node) {
    if (n->kind != AST_PATH || !(n->flags & AST_EXCEPT)) continue;
    rule_set *one = rule_set_new(c);
    bool used = !rule_set_collect(c, n, one) || one->bad.n;
    for (uint32_t i = 0; i < one->v.n && !used; i++) used = names_get(&in->seen, key_of(c, one->v.v[i].rule)) != NULL;
    if (!used) diag_add(c->d, DIAG_EXCEPT, n->sp, "`%.*s` is in no entry of `%.*s`, so this takes nothing away", STR_ARG(n->text), STR_ARG(d->name));
  }
}

/* d is an entry of the set that is under way, which is in d. */
static void set_circle(checker *c, const decl *d) {
  VEC(const decl *) chain = { 0 };
  for (const decl *s = c->ruleset; s && s != d; s = s->in_set) *VEC_PUSH(c->a, &chain) = s;
  if (!chain.n) {
    diag_add(c->d, DIAG_CYCLE, d->node->name_sp, "the rule set `%.*s` contains itself", STR_ARG(d->name));
    return;
  }
  buf names = { .a = c->a };
  buf_fmt(&names, "`%.*s`", STR_ARG(d->name));
  for (uint32_t i = chain.n, shown = 0; i > 0; i--, shown++)
    if (shown < 12) buf_fmt(&names, " contains `%.*s`", STR_ARG(chain.v[i - 1]->name));
  str all = buf_done(&names);
  diag_add(c->d, DIAG_CYCLE, d->node->name_sp, "these contain each other in a circle: %.*s%s contains `%.*s`", STR_ARG(all), chain.n > 12 ? " ..." : "", STR_ARG(d->name));
}

void ruleset_decl(checker *c, decl *d) {
  if (d->state == DS_DONE) return;
  if (d->state == DS_BUSY || !check_enter(c, d->node->sp)) {
    if (!d->bad && d->state == DS_BUSY) set_circle(c, d);
    d->bad = true;
    return;
  }
  d->state = DS_BUSY;
  d->in_set = c->ruleset, c->ruleset = d;
  unit u;
  unit_open(c, &u, NULL, d->file);
  rule_set *in = rule_set_new(c), *out = rule_set_new(c), *set = rule_set_new(c);
  bool ok = members(c, d, in, out);
  for (uint32_t i = 0; i < in->v.n; i++)
    if (!names_get(&out->seen, key_of(c, in->v.v[i].rule))) add(c, set, in->v.v[i].rule, in->v.v[i].d);
  if (ok && c->o->lints) idle_exceptions(c, d, in);
  if (ok && !set->v.n && (in->v.n || !d->node->first || !c->d->errors)) /* else its rules may be among those with errors */
    diag_add(c->d, DIAG_RECORD_EMPTY, d->node->name_sp, "the rule set `%.*s` has no rules", STR_ARG(d->name));
  unit_close(c, &u);
  check_leave(c);
  c->ruleset = d->in_set;
  d->state = DS_DONE;
  d->bad |= !ok;
  if (d->bad) return;
  d->set = set;
  d->index = c->rulesets.n;
  prog_passes *p = ARENA_NEW(c->a, prog_passes);
  *p = (prog_passes){ .name = d->qname, .nrules = set->v.n, .rules = ARENA_ARRAY(c->a, uint32_t, set->v.n + 1) };
  *VEC_PUSH(c->a, &c->rulesets) = p;
  *VEC_PUSH(c->a, &c->ruleset_decls) = d;
}

void ruleset_number(checker *c, const names *at) {
  for (uint32_t i = 0; i < c->rulesets.n; i++)
    for (uint32_t k = 0; k < c->rulesets.v[i]->nrules; k++)
      c->rulesets.v[i]->rules[k] = (uint32_t)(uintptr_t)names_get(at, key_of(c, c->ruleset_decls.v[i]->set->v.v[k].rule)) - 1;
}
