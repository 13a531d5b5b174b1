/* Random calls of the standard library: functions are chosen from its table by what their signatures give, so that a new function is tested
 * from the day it is there. */
#include "gen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FUNCTIONS = 512, MAX_PARAMS = 8 };

typedef enum ptype { P_GT, P_T, P_LIST_T, P_LIST_LIST_T, P_MAP_T, P_NUM, P_LIST_NUM, P_PATTERN, P_PALETTE, P_TERMS, P_UNSUPPORTED } ptype;
typedef struct param { char name[32]; ptype k; gt t; bool opt; } param;
typedef struct signature { uint32_t n; param p[MAX_PARAMS]; param ret; bool usable; } signature;

static param parse_type(const char *s, size_t n) {
  param p = { .k = P_UNSUPPORTED };
  if (n && s[n - 1] == '?') p.opt = true, n--;
  static const struct { const char *name; gt t; } names[] = {
    { "bool", G_BOOL }, { "int", G_INT }, { "number", G_NUM }, { "text", G_TEXT }, { "color", G_COLOR }, { "date", G_DATE }, { "time", G_TIME },
    { "duration", G_DUR }, { "list of text", G_LIST + G_TEXT }, { "list of int", G_LIST + G_INT }, { "list of number", G_LIST + G_NUM },
    { "list of color", G_LIST + G_COLOR }, { "list of date", G_LIST + G_DATE }, { "list of duration", G_LIST + G_DUR }, { "Match", G_MATCH },
    { "Nearest", G_NEAREST }, { "Swatch", G_SWATCH }, { "Hsl", G_HSL }, { "Lab", G_LAB }, { "Oklch", G_OKLCH }, { "list of Match", G_LIST + G_MATCH },
    { "TermMatch", G_TERM_MATCH }, { "list of TermMatch", G_LIST + G_TERM_MATCH },
  };
  static const struct { const char *name; ptype k; } special[] = {
    { "T", P_T }, { "list of T", P_LIST_T }, { "list of list of T", P_LIST_LIST_T }, { "map of T", P_MAP_T }, { "NUM", P_NUM },
    { "list of NUM", P_LIST_NUM }, { "pattern", P_PATTERN }, { "palette", P_PALETTE }, { "terms", P_TERMS },
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strlen(names[i].name) == n && !memcmp(names[i].name, s, n)) p.k = P_GT, p.t = names[i].t;
  for (size_t i = 0; i < sizeof special / sizeof *special; i++)
    if (strlen(special[i].name) == n && !memcmp(special[i].name, s, n)) p.k = special[i].k;
  return p;
}

static signature parse_signature(const builtin *b) {
  signature s = { .usable = b->fn != NULL && !(b->flags & BF_SPECIAL) };
  const char *p = b->sig + 1;
  while (*p && *p != ')' && s.n < MAX_PARAMS) {
    while (*p == ' ' || *p == ',') p++;
    size_t name = strcspn(p, ":"), n;
    const char *t = p + name + 1;
    while (*t == ' ') t++;
    n = strcspn(t, ",)");
    s.p[s.n] = parse_type(t, n);
    snprintf(s.p[s.n].name, sizeof s.p[s.n].name, "%.*s", (int)name, p);
    if (s.p[s.n++].k == P_UNSUPPORTED) s.usable = false;
    p = t + n;
  }
  if (*p && *p != ')') s.usable = false; /* more parameters than there is room for */
  const char *arrow = strstr(p, "-> ");
  if (arrow) s.ret = parse_type(arrow + 3, strlen(arrow + 3));
  if (!arrow || s.ret.k == P_UNSUPPORTED) s.usable = false;
  return s;
}

/* What T must be so that the result is t; false when it cannot be. */
static bool solve(gen *g, const signature *s, gt t, gt *var) {
  *var = any_scalar(g);
  switch (s->ret.k) {
  case P_GT:
    for (uint32_t i = 0; i < s->n; i++)
      if (s->p[i].k == P_NUM || s->p[i].k == P_LIST_NUM) *var = chance(&g->r, 50) ? G_INT : G_NUM;
    return s->ret.t == t;
  case P_T: *var = t; return t <= G_PART && t != G_BOOL;
  case P_NUM: *var = t; return t == G_INT || t == G_NUM;
  case P_LIST_T: *var = (gt)(t - G_LIST); return t >= G_LIST && t < G_MAP;
  case P_MAP_T: *var = (gt)(t - G_MAP); return t == G_MAP + G_INT || t == G_MAP + G_TEXT;
  case P_LIST_LIST_T: case P_LIST_NUM: case P_PATTERN: case P_PALETTE: case P_TERMS: case P_UNSUPPORTED: return false;
  }
  return false;
}

/* Functions that put their elements in order take what has one. */
static bool needs_order(const char *name) {
  static const char *const names[] = { "min", "max", "sort", "sort_desc", "is_sorted" };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (!strcmp(names[i], name)) return true;
  return false;
}

static bool has_order(gt t) { return t == G_INT || t == G_NUM || t == G_TEXT || t == G_DATE || t == G_TIME || t == G_DUR; }

static node *argument(gen *g, const param *p, gt var, bool opt, int d) {
  gt t = p->t;
  switch (p->k) {
  case P_GT: break;
  case P_T: case P_NUM: t = var; break;
  case P_LIST_T: case P_LIST_NUM: t = (gt)(G_LIST + var); break;
  case P_MAP_T: t = (gt)(G_MAP + var); break;
  case P_LIST_LIST_T: {
    node *x = gen_expr(g, (gt)(G_LIST + var), false, d - 1), *y = gen_expr(g, (gt)(G_LIST + var), false, 0);
    return x && y ? NODE(g, 0, false, "[" K ", " K "]", x, y) : NULL;
  }
  case P_PATTERN: {
    static const char *const patterns[] = { "r\"[a-z]+\"", "r\"(a)(b)?\"i", "r\"\\d\"", "r\"x*\"", "r\"(?<n>o)\"", "r\"e|:\"" };
    return leaf(g, 0, false, patterns[below(&g->r, 6)]);
  }
  case P_PALETTE: return leaf(g, 0, false, "acme");
  case P_TERMS: return leaf(g, 0, false, chance(&g->r, 50) ? "hype" : "exact");
  case P_UNSUPPORTED: return NULL;
  }
  if (!strcmp(p->name, "zone")) {
    static const char *const zones[] = { "\"UTC\"", "\"Europe/Berlin\"", "\"America/New_York\"", "\"Nope/Nope\"" };
    return leaf(g, G_TEXT, false, zones[below(&g->r, 4)]);
  }
  /* what an experiment is made of: at random it would hardly ever hold together */
  static const struct { const char *name, *v[3]; } parts[] = {
    { "scheme", { "\"\"", "\"growthbook-v2\"", "\"sha1-planout\"" } }, { "weights", { "[1, 1]", "[30, 60, 10]", "[0]" } },
    { "share", { "[]", "[40, 100]", "[2, 1]" } }, { "range", { "[]", "[0, 40, 100]", "[20, 90, 100]" } },
  };
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    if ((t == G_LIST + G_INT || t == G_TEXT) && !strcmp(p->name, parts[i].name)) return leaf(g, t, false, parts[i].v[below(&g->r, 3)]);
  if (t == G_INT && chance(&g->r, 93)) { /* lengths and positions: large ones only make large texts and lists */
    static const char *const small[] = { "0", "1", "2", "3", "(-1)", "(-2)", "5", "12", "30", "2024" };
    return leaf(g, G_INT, false, small[below(&g->r, 10)]);
  }
  return gen_expr(g, t, opt, d);
}

static node *make(gen *g, uint32_t index, const signature *s, gt want, gt var, bool opt, int d) {
  const builtin *b = &lib_std.table[index];
  node *v[MAX_PARAMS];
  bool missing = s->ret.opt;
  bool method = s->n && s->p[0].k != P_PATTERN && (chance(&g->r, 60) || !strcmp(b->name, "over")); /* `over` is reserved, but not after a dot */
  buf text = { .a = g->a };
  if (needs_order(b->name) && (s->p[0].k == P_LIST_T) && !has_order(var)) return NULL;
  for (uint32_t i = 0; i < s->n; i++) {
    v[i] = argument(g, &s->p[i], var, opt, d - 1);
    if (!v[i] || (v[i]->opt && s->p[i].opt)) return NULL;
    missing |= v[i]->opt;
  }
  /* a method's receiver: parenthesized, since `1.f` and `-x.f` read otherwise */
  if (method) buf_fmt(&text, "(" K ").%s(", b->name);
  else buf_fmt(&text, "%s(", b->name);
  for (uint32_t i = method ? 1 : 0; i < s->n; i++) buf_z(&text, i > (method ? 1 : 0) ? ", " K : K);
  buf_ch(&text, ')');
  return opt || !missing ? new_node(g, want, missing, buf_done(&text).p, s->n, v) : NULL;
}

/* A field of what a function gives: find("...").start, c.nearest(acme).delta_e */
static node *field_of_result(gen *g, gt t, bool opt, int d) {
  if (opt && (t == G_INT || t == G_TEXT) && chance(&g->r, 25)) {
    const wfield *f = &world_record(G_TERM_MATCH)->f[below(&g->r, 5)];
    node *l = f->t == t ? gen_call(g, G_LIST + G_TERM_MATCH, opt, d) : NULL;
    return l ? NODE(g, t, true, fmt(g, "(" K ")[1].%s", f->name), l) : NULL;
  }
  static const gt records[] = { G_MATCH, G_NEAREST, G_HSL, G_LAB, G_OKLCH };
  gt from = records[t == G_NUM ? 1 + below(&g->r, 4) : below(&g->r, 2)];
  const wrecord *r = world_record(from);
  uint32_t n = 0;
  while (r->f[n].name) n++;
  const wfield *f = &r->f[below(&g->r, n)];
  if (f->t != t) return NULL;
  if (from == G_MATCH && opt && chance(&g->r, 40)) {
    node *l = gen_call(g, G_LIST + G_MATCH, opt, d);
    return l ? NODE(g, t, true, fmt(g, "(" K ")[1].%s", f->name), l) : NULL;
  }
  node *x = gen_call(g, from, opt, d);
  return x ? NODE(g, t, x->opt, fmt(g, "(" K ").%s", f->name), x) : NULL;
}

node *gen_call(gen *g, gt t, bool opt, int d) {
  if (d < 0) return NULL;
  if ((t == G_INT || t == G_TEXT || t == G_COLOR || t == G_NUM) && chance(&g->r, 15)) return field_of_result(g, t, opt, d);
  static signature table[MAX_FUNCTIONS]; /* parsed once: programs ask thousands of times */
  static bool parsed;
  uint32_t n = lib_std.count < MAX_FUNCTIONS ? lib_std.count : MAX_FUNCTIONS, fit[MAX_FUNCTIONS], nfit = 0;
  for (uint32_t i = 0; i < n && !parsed; i++) table[i] = parse_signature(&lib_std.table[i]);
  parsed = true;
  gt var, vars[MAX_FUNCTIONS];
  for (uint32_t i = 0; i < n; i++) {
    const signature *s = &table[i];
    if (!s->usable || (s->ret.opt && !opt) || !solve(g, s, t, &var)) continue;
    if (var == G_KIND || var == G_TIER) continue; /* a union's literal is a text here: overloads would see another T */
    vars[nfit] = var;
    fit[nfit++] = i;
  }
  uint32_t k = nfit ? below(&g->r, nfit) : 0;
  return nfit ? make(g, fit[k], &table[fit[k]], t, vars[k], opt, d) : NULL;
}
