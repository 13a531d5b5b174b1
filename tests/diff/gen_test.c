/* Random tests and walks: everything that has four truths. */
#include "gen.h"

static const char *pick(gen *g, const char *const *v, uint32_t n) { return v[below(&g->r, n)]; }
#define PICK(g, ...) pick((g), (const char *const[]){ __VA_ARGS__ }, sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

/* ---- walks ---- */

static const struct { const char *source; gt t; } walked[] = {
  { "licenses", G_LICENSE }, { "licenses", G_LICENSE }, { "campaigns", G_CAMPAIGN }, { "brands", G_BRAND }, { "logs", G_LOG }, { "assets", G_ASSET },
};

bool gen_walk(gen *g, walk *w, bool opt, bool may_source, int d) {
  static const gt lists[] = { G_INT, G_TEXT, G_NUM, G_COLOR, G_DATE, G_KIND, G_PART, G_PART };
  if (g->nvars + 2 > MAX_VARS) return false;
  *w = (walk){ .var = NULL };
  uint32_t x = below(&g->r, 100);
  if (x < 40 && may_source && !g->no_sources) {
    uint32_t i = below(&g->r, 6);
    w->source = true;
    w->elem = walked[i].t;
    w->over = leaf(g, 0, false, walked[i].source);
    g->no_sources = true;
  } else if (x < 50) {
    w->elem = chance(&g->r, 50) ? G_ENTRY_INT : G_ENTRY_TEXT;
    w->over = gen_path(g, (gt)(G_MAP + (w->elem == G_ENTRY_INT ? G_INT : G_TEXT)), opt, false, false);
  } else if (x < 54) {
    w->elem = G_SWATCH;
    w->over = leaf(g, 0, false, "acme");
  } else {
    w->elem = lists[below(&g->r, 8)];
    w->over = chance(&g->r, 70) ? gen_path(g, (gt)(G_LIST + w->elem), opt, false, false) : NULL;
    if (!w->over) w->over = gen_expr(g, (gt)(G_LIST + w->elem), opt, d > 1 ? 1 : d);
    if (w->over && w->over->n) w->over = NODE(g, w->over->t, w->over->opt, "(" K ")", w->over);
  }
  if (!w->over) return false;
  w->opt = w->over->opt;
  w->var = new_name(g, "v");
  g->vars[g->nvars++] = (var){ w->var, w->elem, false };
  return true;
}

void gen_leave(gen *g, uint32_t nvars) {
  g->nvars = nvars;
  g->no_sources = false;
}

node *gen_where(gen *g, const walk *w, int d) {
  static const struct { gt record; const char *field; gt t; } keys[] = {
    { G_LICENSE, "asset", G_TEXT }, { G_LICENSE, "id", G_INT }, { G_LICENSE, "tier", G_TIER }, { G_CAMPAIGN, "id", G_TEXT }, { G_CAMPAIGN, "kind", G_KIND },
    { G_BRAND, "id", G_TEXT }, { G_LOG, "asset", G_TEXT }, { G_LOG, "amount", G_INT }, { G_ASSET, "id", G_TEXT }, { G_ASSET, "i", G_INT },
    { G_LICENSE, "of", G_REF_ASSET },
  };
  uint32_t i = below(&g->r, 11);
  if (!w->source || chance(&g->r, 25)) return gen_test(g, false, d);
  for (uint32_t k = 0; k < 11; k++, i = (i + 1) % 11)
    if (keys[i].record == w->elem) break;
  var element = g->vars[--g->nvars]; /* the key must not read the variable */
  node *key = gen_expr(g, keys[i].t, false, d < 1 ? 0 : 1);
  g->vars[g->nvars++] = element;
  if (!key) return gen_test(g, false, d);
  bool flip = chance(&g->r, 30);
  node *field = leaf(g, keys[i].t, false, fmt(g, "%s.%s", w->var, keys[i].field));
  node *eq = NODE(g, G_BOOL, false, K " == " K, flip ? key : field, flip ? field : key);
  if (chance(&g->r, 40)) return eq;
  node *more = gen_test(g, false, d - 1);
  return chance(&g->r, 50) ? NODE(g, G_BOOL, false, K " and " K, eq, more) : NODE(g, G_BOOL, false, K " and " K, more, eq);
}

static node *quantifier(gen *g, bool opt, int d) {
  uint32_t nvars = g->nvars;
  bool outer = g->no_sources;
  walk w;
  if (!gen_walk(g, &w, opt, true, d)) return NULL;
  node *x;
  if (chance(&g->r, 8)) {
    x = NODE(g, G_BOOL, w.opt, fmt(g, "(%s %s in " K ")", PICK(g, "some", "no"), w.var), w.over);
  } else {
    node *body = gen_test(g, opt, d);
    if (w.source && chance(&g->r, 60)) {
      node *p = gen_where(g, &w, d - 1);
      body = NODE(g, G_BOOL, p->opt || body->opt, chance(&g->r, 60) ? "(" K " implies " K ")" : "(" K " and " K ")", p, body);
    }
    x = NODE(g, G_BOOL, body->opt || w.opt, fmt(g, "(%s %s in " K ": " K ")", PICK(g, "every", "some", "no"), w.var), w.over, body);
  }
  gen_leave(g, nvars);
  g->no_sources = outer;
  return x;
}

/* ---- comparisons and other atoms ---- */

static node *compare(gen *g, gt ta, const char *op, gt tb, bool opt, int d) {
  node *a = gen_expr(g, ta, opt, d), *b = gen_expr(g, tb, opt, d);
  return a && b ? NODE(g, G_BOOL, a->opt || b->opt, fmt(g, "(" K " %s " K ")", op), a, b) : NULL;
}

static node *union_test(gen *g, bool opt, int d) {
  gt t = chance(&g->r, 60) ? G_KIND : G_TIER;
  node *a = gen_expr(g, t, opt, d);
  if (!a) return NULL;
  if (chance(&g->r, 40)) {
    node *x = gen_literal(g, t), *y = gen_literal(g, t);
    return NODE(g, G_BOOL, a->opt, chance(&g->r, 50) ? "(" K " in [" K ", " K "])" : "(" K " not in [" K ", " K "])", a, x, y);
  }
  node *b = chance(&g->r, 60) ? gen_literal(g, t) : gen_expr(g, t, opt, d);
  return b ? NODE(g, G_BOOL, a->opt || b->opt, chance(&g->r, 70) ? "(" K " == " K ")" : "(" K " != " K ")", a, b) : NULL;
}

static node *same(gen *g, bool opt, int d) {
  static const gt t[] = { G_PART, G_LIST + G_INT, G_LIST + G_TEXT, G_LIST + G_PART, G_MAP + G_INT, G_REF_CAMPAIGN, G_COLOR, G_BOOL, G_REF_BRAND };
  gt x = t[below(&g->r, 9)];
  node *l = x >= G_LIST && x < G_MAP && chance(&g->r, 20) ? gen_expr(g, x, opt, d) : NULL;
  if (l) return NODE(g, G_BOOL, l->opt, chance(&g->r, 50) ? "(" K " == [])" : "([] != " K ")", l);
  return compare(g, x, PICK(g, "==", "!="), x, opt, d);
}

static node *range_test(gen *g, bool opt, int d) {
  gt t = any_ordered(g), tb = t == G_INT && chance(&g->r, 30) ? G_NUM : t == G_NUM && chance(&g->r, 30) ? G_INT : t;
  node *a = gen_expr(g, t, opt, d), *b = gen_expr(g, tb, opt, d - 1), *c = gen_expr(g, tb, opt, d - 1);
  if (c) c = gen_variable_path(g, tb, opt); /* two constants in the wrong order do not compile */
  if (!a || !b || !c) return NULL;
  return NODE(g, G_BOOL, a->opt || b->opt || c->opt, chance(&g->r, 70) ? "(" K " in " K ".." K ")" : "(" K " not in " K ".." K ")", a, b, c);
}

static node *member(gen *g, bool opt, int d) {
  static const gt t[] = { G_INT, G_TEXT, G_NUM, G_COLOR, G_DATE, G_KIND, G_PART };
  gt te = t[below(&g->r, 7)], tx = te == G_NUM && chance(&g->r, 40) ? G_INT : te;
  node *x = gen_expr(g, tx, opt, d), *l = gen_expr(g, (gt)(G_LIST + te), opt, d);
  if (!x || !l) return NULL;
  if (chance(&g->r, 50)) return NODE(g, G_BOOL, x->opt || l->opt, chance(&g->r, 70) ? "(" K " in " K ")" : "(" K " not in " K ")", x, l);
  return NODE(g, G_BOOL, x->opt || l->opt, "(" K " contains " K ")", l, x);
}

static node *text_test(gen *g, bool opt, int d) {
  node *a = gen_expr(g, G_TEXT, opt, d);
  if (!a) return NULL;
  if (chance(&g->r, 50)) {
    const char *p = PICK(g, "r\"^[a-z]+$\"", "r\"a\"i", "r\"\\d\"", "r\"^$\"", "r\"(a|b)*c\"", "r\"\\bimage\\b\"", "r\"o.+\"");
    return NODE(g, G_BOOL, a->opt, fmt(g, "(" K " matches %s)", p), a);
  }
  node *b = gen_expr(g, G_TEXT, opt, d - 1);
  return b ? NODE(g, G_BOOL, a->opt || b->opt, "(" K " contains " K ")", a, b) : NULL;
}

static node *map_test(gen *g, bool opt, int d) {
  node *m = gen_path(g, (gt)(G_MAP + (chance(&g->r, 50) ? G_INT : G_TEXT)), opt, false, false), *k = gen_expr(g, G_TEXT, opt, d - 1);
  return m && k ? NODE(g, G_BOOL, m->opt || k->opt, "(" K " contains " K ")", m, k) : NULL;
}

static node *presence(gen *g, int d) {
  gt t = any_type(g);
  node *x = chance(&g->r, 70) ? gen_path(g, t, true, true, false) : NULL;
  for (int i = 0; i < 3 && !(x && x->opt); i++) x = gen_expr(g, t, true, d);
  return x && x->opt ? NODE(g, G_BOOL, false, chance(&g->r, 60) ? "(" K " exists)" : "(" K " missing)", x) : NULL;
}

/* p exists and ..., p missing or ...: to the right of it the compiler knows that p is there. */
static node *narrowing(gen *g, bool opt, int d) {
  if (g->nnarrow == MAX_NARROW) return NULL;
  node *p = gen_path(g, any_type(g), true, true, true);
  if (!p) return NULL;
  g->narrow[g->nnarrow++] = p->text;
  node *q = gen_test(g, opt, d);
  g->nnarrow--;
  if (chance(&g->r, 20)) return NODE(g, G_BOOL, q->opt, "(not (" K " exists) or " K ")", p, q);
  return NODE(g, G_BOOL, q->opt, chance(&g->r, 50) ? "(" K " exists and " K ")" : "(" K " missing or " K ")", p, q);
}

static node *record_test(gen *g, bool opt) {
  node *a = gen_path(g, chance(&g->r, 30) ? G_REF_ASSET : G_ASSET, opt, false, false);
  if (!a) return NULL;
  if (chance(&g->r, 30)) a = NODE(g, G_ASSET, a->opt, K ".with(i: " K ", os: " K ")", a, gen_literal(g, G_INT), gen_leaf(g, G_TEXT, true));
  if (g->nauds && chance(&g->r, 50))
    return NODE(g, G_BOOL, true, fmt(g, chance(&g->r, 75) ? "(" K " in %s)" : "(" K " not in %s)", g->auds[below(&g->r, g->nauds)]), a);
  if (chance(&g->r, 15)) return NODE(g, G_BOOL, true, chance(&g->r, 70) ? "(" K " passes Asset)" : "(" K " fails Asset)", a); /* its refinements */
  if (!g->nrules) return NULL;
  return NODE(g, G_BOOL, true, fmt(g, chance(&g->r, 70) ? "(" K " passes %s)" : "(" K " fails %s)", g->rules[below(&g->r, g->nrules)]), a);
}

/* ---- combining ---- */

static node *combine(gen *g, bool opt, int d) {
  uint32_t n = 2 + below(&g->r, 3), x = below(&g->r, 100);
  node *v[4];
  bool missing = false;
  if (x < 15) {
    node *a = gen_test(g, opt, d);
    return NODE(g, G_BOOL, a->opt, "(not " K ")", a);
  }
  if (x < 25) n = 2;
  const char *op = x < 25 ? "implies" : x < 65 ? "and" : "or";
  buf b = { .a = g->a };
  buf_ch(&b, '(');
  for (uint32_t i = 0; i < n; i++) {
    v[i] = gen_test(g, opt, d);
    missing |= v[i]->opt;
    if (i) buf_fmt(&b, " %s ", op);
    buf_z(&b, K);
  }
  buf_ch(&b, ')');
  return new_node(g, G_BOOL, missing, buf_done(&b).p, n, v);
}

static node *choice(gen *g, bool opt, int d) {
  node *c = gen_test(g, opt, d), *a = gen_test(g, opt, d), *b = gen_test(g, opt, d);
  return NODE(g, G_BOOL, c->opt || a->opt || b->opt, "(if " K " then " K " else " K ")", c, a, b);
}

static node *settled(gen *g, int d) {
  for (int i = 0; i < 4; i++) {
    node *a = gen_test(g, true, d);
    if (a->opt) return NODE(g, G_BOOL, false, chance(&g->r, 50) ? "(" K " ?? false)" : "(" K " ?? true)", a);
  }
  return NULL;
}

static node *ordered(gen *g, bool opt, int d) {
  gt t = any_ordered(g), u = t == G_INT && chance(&g->r, 25) ? G_NUM : t == G_NUM && chance(&g->r, 25) ? G_INT : t;
  return compare(g, t, PICK(g, "==", "!=", "<", "<=", ">", ">="), u, opt, d);
}

static node *try_test(gen *g, bool opt, int d) {
  uint32_t x = below(&g->r, 100);
  if (x < 22) return combine(g, opt, d);
  if (x < 31) return quantifier(g, opt, d);
  if (x < 36) return narrowing(g, opt, d);
  if (x < 41) return presence(g, d);
  if (x < 44) return choice(g, opt, d);
  if (x < 48) return settled(g, d);
  if (x < 54) return union_test(g, opt, d);
  if (x < 58) return same(g, opt, d);
  if (x < 64) return range_test(g, opt, d);
  if (x < 69) return member(g, opt, d);
  if (x < 75) return text_test(g, opt, d);
  if (x < 77) return map_test(g, opt, d);
  if (x < 80) return record_test(g, opt);
  if (x < 83) return gen_fn_call(g, G_BOOL, opt, d);
  if (x < 88) return gen_call(g, G_BOOL, opt, d);
  return ordered(g, opt, d);
}

node *gen_test(gen *g, bool opt, int d) {
  for (int i = 0; i < 3 && d > 0; i++) {
    node *x = try_test(g, opt, d - 1);
    if (x && (opt || !x->opt)) return x;
  }
  node *p = chance(&g->r, 50) ? gen_path(g, G_BOOL, opt, false, false) : NULL;
  if (!p && chance(&g->r, 80)) {
    node *a = gen_path(g, G_INT, opt, false, false);
    if (a) p = NODE(g, G_BOOL, a->opt, chance(&g->r, 50) ? "(" K " > " K ")" : "(" K " <= " K ")", a, gen_literal(g, G_INT));
  }
  return p ? p : gen_literal(g, G_BOOL);
}
