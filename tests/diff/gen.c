/* Random programs: names in scope, paths, and declarations. Expressions stand in gen_value.c, gen_test.c and gen_call.c. */
#include "gen.h"

#include <stdio.h>
#include <string.h>

/* ---- nodes ---- */

const char *fmt(gen *g, const char *f, ...) {
  va_list ap;
  va_start(ap, f);
  str s = str_vfmt(g->a, f, ap);
  va_end(ap);
  return s.p;
}

const char *new_name(gen *g, const char *stem) { return fmt(g, "%s%u", stem, ++g->names); }

node *new_node(gen *g, gt t, bool opt, const char *text, uint32_t n, node **kid) {
  node *x = ARENA_NEW(g->a, node);
  x->t = t;
  x->opt = opt;
  x->text = text;
  x->n = n;
  x->kid = ARENA_ARRAY(g->a, node *, n + 1);
  for (uint32_t i = 0; i < n; i++) {
    if (!kid[i]) return NULL;
    x->kid[i] = kid[i];
  }
  return x;
}

node *leaf(gen *g, gt t, bool opt, const char *text) {
  node *x = new_node(g, t, opt, text, 0, NULL);
  x->atom = true;
  return x;
}

void node_print(buf *out, const node *n) {
  uint32_t next = 0;
  for (const char *p = n->text; *p; p++) {
    if (*p == *K) node_print(out, n->kid[next++]);
    else buf_ch(out, *p);
  }
}

/* ---- types ---- */

gt any_scalar(gen *g) { return (gt)below(&g->r, G_SCALARS); }

gt any_ordered(gen *g) {
  static const gt t[] = { G_INT, G_NUM, G_TEXT, G_DATE, G_TIME, G_DUR };
  return t[below(&g->r, 6)];
}

gt any_type(gen *g) {
  static const gt t[] = { G_LIST + G_INT, G_LIST + G_TEXT, G_LIST + G_NUM, G_LIST + G_COLOR, G_LIST + G_DATE, G_LIST + G_KIND, G_LIST + G_PART,
                          G_MAP + G_INT, G_PART, G_REF_CAMPAIGN };
  return chance(&g->r, 70) ? any_scalar(g) : t[below(&g->r, 10)];
}

/* ---- paths ---- */

enum { MAX_PATHS = 400 };
typedef struct path { const char *text; bool opt, narrowable; } path;
typedef struct paths { gen *g; gt want; uint32_t n; path v[MAX_PATHS]; } paths;

static gt target_of(gt t) {
  return t == G_REF_ASSET ? G_ASSET : t == G_REF_CAMPAIGN ? G_CAMPAIGN : t == G_REF_BRAND ? G_BRAND : t;
}

static bool is_narrow(const gen *g, const char *path) {
  for (uint32_t i = 0; i < g->nnarrow; i++)
    if (!strcmp(g->narrow[i], path)) return true;
  return false;
}

static void collect(paths *p, const char *text, gt t, bool opt, bool narrowable, int depth) {
  if (t == p->want && p->n < MAX_PATHS) p->v[p->n++] = (path){ text, opt, opt && narrowable };
  const wrecord *r = world_record(target_of(t));
  if (!r || !depth) return;
  for (const wfield *f = r->f; f->name; f++) {
    bool deeper = world_record(target_of(f->t)) != NULL;
    if (f->t != p->want && !deeper) continue;
    const char *next = fmt(p->g, "%s.%s", text, f->name);
    bool missing = f->opt && !is_narrow(p->g, next);
    collect(p, next, f->t, opt || missing, !opt && missing, depth - 1);
  }
}

node *gen_path(gen *g, gt t, bool opt, bool only_opt, bool narrowable) {
  paths *p = ARENA_NEW(g->a, paths);
  p->g = g, p->want = t;
  for (uint32_t i = 0; i < g->nvars; i++) {
    bool missing = g->vars[i].opt && !is_narrow(g, g->vars[i].name);
    collect(p, g->vars[i].name, g->vars[i].t, missing, false, chance(&g->r, 60) ? 1 : 3);
  }
  uint32_t fit = 0;
  for (uint32_t i = 0; i < p->n; i++)
    if ((opt || !p->v[i].opt) && (!only_opt || p->v[i].opt) && (!narrowable || p->v[i].narrowable)) p->v[fit++] = p->v[i];
  if (!fit) return NULL;
  const path *x = &p->v[below(&g->r, fit)];
  return leaf(g, t, x->opt, x->text);
}

node *gen_variable_path(gen *g, gt t, bool opt) {
  for (int i = 0; i < 4; i++) {
    node *x = gen_path(g, t, opt, false, false);
    if (x && strchr(x->text, '.')) return x;
  }
  return NULL;
}

/* ---- declarations ---- */

static decl *new_decl(gen *g, uint8_t kind, const char *head, const char *tail) {
  decl *d = ARENA_NEW(g->a, decl);
  d->kind = kind;
  d->head = head;
  d->tail = tail;
  return d;
}

/* Begins a declaration: nothing is in scope but the top-level lets. */
static void new_scope(gen *g) {
  g->nvars = g->nnarrow = 0;
  g->no_sources = false;
  for (uint32_t i = 0; i < g->ntops; i++) g->vars[g->nvars++] = g->tops[i];
}

static decl *gen_fn(gen *g) {
  gfn *f = &g->fns[g->nfns];
  memset(f, 0, sizeof *f);
  f->name = new_name(g, "f");
  f->n = 1 + below(&g->r, 3);
  f->ret = chance(&g->r, 35) ? G_BOOL : any_type(g);
  if (f->ret == G_REF_CAMPAIGN) f->ret = G_TEXT;
  new_scope(g);
  buf head = { .a = g->a };
  buf_fmt(&head, "fn %s(", f->name);
  for (uint32_t i = 0; i < f->n; i++) {
    static const gt records[] = { G_ASSET, G_CAMPAIGN, G_PART, G_LIST + G_INT, G_LIST + G_TEXT, G_MAP + G_INT };
    f->param[i] = chance(&g->r, 40) ? records[below(&g->r, 6)] : any_scalar(g);
    f->param_opt[i] = chance(&g->r, 30);
    const char *name = f->param_name[i] = new_name(g, "p");
    buf_fmt(&head, "%s%s : %s%s", i ? ", " : "", name, gt_name(f->param[i]), f->param_opt[i] ? "?" : "");
    g->vars[g->nvars++] = (var){ name, f->param[i], f->param_opt[i] };
  }
  node *body = gen_expr(g, f->ret, true, 3);
  if (!body) body = gen_leaf(g, f->ret = G_INT, false);
  f->ret_opt = body->opt;
  buf_fmt(&head, ") -> %s%s = ", gt_name(f->ret), f->ret_opt ? "?" : "");
  decl *d = new_decl(g, D_FN, buf_done(&head).p, "\n");
  d->guard = body;
  g->nfns++;
  return d;
}

static decl *gen_top_let(gen *g) {
  gt t = any_scalar(g);
  if (t == G_KIND || t == G_TIER) t = G_INT;
  const char *name = new_name(g, "g");
  decl *d = new_decl(g, D_LET, fmt(g, "let %s = ", name), "\n");
  d->guard = gen_literal(g, t);
  g->tops[g->ntops++] = (var){ name, t, false };
  return d;
}

static decl *gen_audience(gen *g) {
  const char *name = new_name(g, "aud"), *v = new_name(g, "p");
  new_scope(g);
  g->vars[g->nvars++] = (var){ v, G_ASSET, false };
  decl *d = new_decl(g, D_AUDIENCE, fmt(g, "audience %s for %s in assets where ", name, v), "\n");
  d->guard = gen_test(g, true, 4);
  if (g->nauds < 8) g->auds[g->nauds++] = name;
  return d;
}

static void gen_lets(gen *g, decl *d) {
  uint32_t n = below(&g->r, 4);
  for (uint32_t i = 0; i < n; i++) {
    node *init = gen_expr(g, chance(&g->r, 25) ? G_BOOL : any_type(g), true, 3);
    if (!init || ((init->t == G_KIND || init->t == G_TIER) && init->atom && init->text[0] == '"')) continue; /* a literal alone is a text */
    const char *name = new_name(g, "l");
    d->lets[d->nlets].name = name;
    d->lets[d->nlets++].init = init;
    g->vars[g->nvars++] = (var){ name, init->t, init->opt };
  }
}

/* A quantifier at the top of a clause, whose variable the message may use. */
static bool gen_witnessed(gen *g, clause *c) {
  uint32_t nvars = g->nvars;
  walk w;
  if (!gen_walk(g, &w, true, true, 2)) return false;
  bool every = chance(&g->r, 60);
  node *body = gen_test(g, true, 3);
  if (w.source && every && chance(&g->r, 70)) {
    node *p = gen_where(g, &w, 2);
    body = NODE(g, G_BOOL, p->opt || body->opt, "(" K " implies " K ")", p, body);
  }
  c->test = NODE(g, G_BOOL, body->opt || w.opt, fmt(g, "%s %s in " K ": " K, every ? "every" : "no", w.var), w.over, body);
  c->head = "  require ";
  c->message = chance(&g->r, 70) ? gen_message(g, 2) : NULL;
  gen_leave(g, nvars);
  return true;
}

static void gen_clause(gen *g, clause *c) {
  if (chance(&g->r, 25) && gen_witnessed(g, c)) return;
  bool value = chance(&g->r, 25); /* what counts is the message: it shows a value of any type */
  c->head = chance(&g->r, 70) ? "  require " : "  forbid ";
  c->test = value ? gen_test(g, true, 1) : gen_test(g, true, 5);
  c->message = value || chance(&g->r, 40) ? gen_message(g, value ? 4 : 2) : NULL;
  if (chance(&g->r, 12) && g->subject == G_ASSET) c->at = chance(&g->r, 50) ? fmt(g, "%s.s", g->subject_name) : fmt(g, "%s.camp", g->subject_name);
}

/* A value for a field, as one clause more. */
static void gen_fix(gen *g, clause *c) {
  static const struct { const char *name; gt t; } fields[] = { { "j", G_INT }, { "os", G_TEXT }, { "ox", G_NUM }, { "c", G_COLOR }, { "od", G_DATE },
                                                               { "tags", G_LIST + G_TEXT }, { "xs", G_LIST + G_NUM } };
  uint32_t i = below(&g->r, sizeof fields / sizeof *fields);
  *c = (clause){ .head = fmt(g, "  fix %s.%s = ", g->subject_name, fields[i].name), .test = gen_expr(g, fields[i].t, true, 4) };
  if (!c->test) c->dropped = true;
}

static const char *dates(gen *g) {
  switch (below(&g->r, 12)) {
  case 0: return "  since 2026-03-01\n";
  case 1: return "  until 2026-03-01\n";
  case 2: return "  since 2026-01-01\n  until 2026-02-28\n";
  case 3: return "  until 2026-03-01T12:00:00Z\n";
  default: return "";
  }
}

static decl *gen_rule(gen *g) {
  static const gt subjects[] = { G_ASSET, G_ASSET, G_ASSET, G_ASSET, G_ASSET, G_CAMPAIGN, G_LICENSE, G_LICENSE, G_LOG, G_BRAND };
  const char *name = new_name(g, "r"), *v = new_name(g, "a");
  gt t = subjects[below(&g->r, 10)];
  bool alone = chance(&g->r, 6), error = chance(&g->r, 60);
  new_scope(g);
  if (!alone) g->vars[g->nvars++] = (var){ v, t, false };
  g->subject = alone ? G_INT : t;
  g->subject_name = v;
  bool guarded = !alone && chance(&g->r, 40);
  const char *head = alone ? fmt(g, "rule %s", name) : fmt(g, "rule %s for %s in %s%s", name, v, world_record(t)->source, guarded ? " where " : "");
  decl *d = new_decl(g, D_RULE, head, fmt(g, " {\n  severity %s\n%s", error ? "error" : chance(&g->r, 50) ? "warning" : "info", dates(g)));
  if (guarded) d->guard = gen_test(g, true, 2);
  gen_lets(g, d);
  uint32_t n = 1 + below(&g->r, 3);
  for (uint32_t i = 0; i < n; i++) gen_clause(g, &d->clauses[d->nclauses++]);
  if (t == G_ASSET && !alone && chance(&g->r, 40)) gen_fix(g, &d->clauses[d->nclauses++]);
  if (t == G_ASSET && !alone && error && g->nrules < 16) g->rules[g->nrules++] = name;
  return d;
}

/* An exception from the rule for one or two assets. */
static decl *gen_waiver(gen *g, const decl *rule) {
  const char *name = rule->head + strlen("rule ");
  uint32_t n = 1 + below(&g->r, 5);
  const char *one = fmt(g, "waive %.*s for \"A%u\"", (int)strcspn(name, " "), name, n);
  return new_decl(g, D_LET, fmt(g, "%s%s { until 2026-%s  because \"x\"  owner \"y\" }\n", one, chance(&g->r, 50) ? fmt(g, ", \"A%u\"", n + 1) : "",
                                chance(&g->r, 70) ? "12-31" : "02-28"), "");
}

/* One name for some of the rules so far, and for a record's refinements. */
static decl *gen_ruleset(gen *g) {
  const char *name = new_name(g, "set");
  buf b = { .a = g->a };
  buf_fmt(&b, "ruleset %s {\n", name);
  if (chance(&g->r, 30)) buf_z(&b, "  Asset\n");
  for (uint32_t i = 0; i < g->nrules; i++)
    if (i == 0 || chance(&g->r, 60)) buf_fmt(&b, "  %s\n", g->rules[i]);
  buf_z(&b, "}\n");
  if (g->nrules < 16) g->rules[g->nrules++] = name;
  return new_decl(g, D_LET, buf_done(&b).p, "");
}

program *gen_program(arena *a, rng r) {
  gen *g = ARENA_NEW(a, gen);
  g->a = a;
  g->r = r;
  program *p = ARENA_NEW(a, program);
  buf world_text = { .a = a };
  world_print(&world_text, &g->r);
  p->world = buf_done(&world_text);
  p->two = chance(&g->r, 20);
  VEC(decl *) d = { 0 };
  uint32_t ntables = below(&g->r, 3), nfns = below(&g->r, 4), nlets = below(&g->r, 3), nauds = below(&g->r, 3), nrules = 3 + below(&g->r, 5);
  for (uint32_t i = 0; i < nlets; i++) {
    decl *x = gen_top_let(g);
    *VEC_PUSH(a, &d) = x;
  }
  for (uint32_t i = 0; i < ntables; i++) *VEC_PUSH(a, &d) = new_decl(g, D_FN, gen_table(g), "");
  if (chance(&g->r, 35)) *VEC_PUSH(a, &d) = new_decl(g, D_FN, gen_extern(g), "");
  for (uint32_t i = 0; i < nfns; i++) *VEC_PUSH(a, &d) = gen_fn(g);
  for (uint32_t i = 0; i < nauds + nrules; i++) {
    if (g->nrules > 1 && chance(&g->r, 12)) *VEC_PUSH(a, &d) = gen_ruleset(g);
    bool audience = below(&g->r, nauds + nrules) < nauds;
    *VEC_PUSH(a, &d) = audience ? gen_audience(g) : gen_rule(g);
    const decl *last = d.v[d.n - 1];
    if (!audience && g->subject == G_ASSET && chance(&g->r, 15)) *VEC_PUSH(a, &d) = gen_waiver(g, last);
  }
  p->n = d.n;
  p->d = d.v;
  return p;
}

static void print_clause(buf *out, const clause *c) {
  buf_z(out, c->head);
  node_print(out, c->test);
  if (c->at) buf_fmt(out, " at %s", c->at);
  if (c->message) buf_z(out, "\n    otherwise "), node_print(out, c->message);
  buf_ch(out, '\n');
}

void program_print(buf *out, const program *p) {
  buf_str(out, p->world);
  if (p->two) {
    buf_z(out, NEXT_FILE "module t.rules\nimport t.world (Kind, Tier, acme, hype, exact");
    for (const wrecord *w = world; w->name; w++) {
      if (w->source) buf_fmt(out, ", %s, %s", w->name, w->source);
      else if (w->t == G_PART) buf_fmt(out, ", %s", w->name);
    }
    buf_z(out, ")\n");
  }
  for (uint32_t i = 0; i < p->n; i++) {
    const decl *d = p->d[i];
    if (d->dropped) continue;
    buf_z(out, d->head);
    if (d->guard) node_print(out, d->guard);
    buf_z(out, d->tail);
    for (uint32_t k = 0; k < d->nlets; k++)
      if (!d->lets[k].dropped) buf_fmt(out, "  let %s = ", d->lets[k].name), node_print(out, d->lets[k].init), buf_ch(out, '\n');
    for (uint32_t k = 0; k < d->nclauses; k++)
      if (!d->clauses[k].dropped) print_clause(out, &d->clauses[k]);
    if (d->kind == D_RULE) buf_z(out, "}\n");
  }
}
