/* Random values: literals, paths, arithmetic, lists, records, comprehensions, aggregates. */
#include "gen.h"

static const char *pick(gen *g, const char *const *v, uint32_t n) { return v[below(&g->r, n)]; }
#define PICK(g, ...) pick((g), (const char *const[]){ __VA_ARGS__ }, sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

/* ---- leaves ---- */

static const char *text_literal(gen *g) {
  return PICK(g, "\"\"", "\"a\"", "\"ab\"", "\"image\"", "\"Zo\xC3\xAB\"", "\"gold\"", "\"DE\"", "\"A1\"", "\"x y\"", "\"3\"", "\"C1\"", "\"B1\"", "\"\\{q\\}\\n\"",
              "\"https://example.com\"", "\"\\u{1F600}!\"");
}

static const char *int_literal(gen *g) {
  if (chance(&g->r, 4)) return PICK(g, "9223372036854775807", "(-9223372036854775807 - 1)", "4611686018427387904", "9007199254740993");
  return PICK(g, "0", "1", "2", "3", "4", "7", "(-1)", "(-2)", "10", "100", "1_000", "150 KB", "2 MiB");
}

static node *part_literal(gen *g) {
  node *label = leaf(g, G_TEXT, false, text_literal(g)), *size = leaf(g, G_INT, false, int_literal(g));
  return NODE(g, G_PART, false, "Part(label: " K ", size: " K ", ratio: 1.5)", label, size);
}

node *gen_literal(gen *g, gt t) {
  if (t == G_PART) return part_literal(g);
  if (t == G_LIST + G_KIND) return leaf(g, t, false, "values(Kind)"); /* literals alone would be texts */
  if (t == G_LIST + G_TIER) return leaf(g, t, false, "values(Tier)");
  if (t >= G_LIST && t < G_MAP) {
    node *x = gen_literal(g, (gt)(t - G_LIST)), *y = gen_literal(g, (gt)(t - G_LIST));
    return chance(&g->r, 50) ? NODE(g, t, false, "[" K "]", x) : NODE(g, t, false, "[" K ", " K "]", x, y);
  }
  const char *s = NULL;
  switch (t) {
  case G_BOOL: s = PICK(g, "true", "false"); break;
  case G_INT: s = int_literal(g); break;
  case G_NUM: s = !g->in_text && chance(&g->r, 10) ? "16:9" : PICK(g, "0.5", "1.5", "0.0", "5%", "2.5", "0.1", "(-0.25)", "3.0", "1_000.125", "9007199254740993.0"); break;
  case G_TEXT: s = text_literal(g); break;
  case G_KIND: s = PICK(g, "\"image\"", "\"video\"", "\"copy\""); break;
  case G_TIER: s = PICK(g, "\"gold\"", "\"silver\"", "\"a\""); break;
  case G_COLOR: s = PICK(g, "#E4002B", "#000", "#ffffff80", "#1A1A1A", "#FFFFFF"); break;
  case G_DATE: s = PICK(g, "today", "2026-02-28", "2024-02-29", "2026-03-01", "2020-12-31", "0001-01-01", "9999-12-31"); break;
  case G_TIME: s = PICK(g, "2026-03-01T09:00:00Z", "now", "2024-02-29T23:59:59Z", "1999-12-31T23:30:00+02:00"); break;
  case G_DUR: s = PICK(g, "1 day", "90 days", "6 hours", "(-2 days)", "30 minutes", "0 seconds", "36500 days", "100000000 days"); break;
  default: return NULL;
  }
  return leaf(g, t, false, s);
}

node *gen_leaf(gen *g, gt t, bool opt) {
  bool literal_type = t != G_KIND && t != G_TIER;
  node *x = literal_type && chance(&g->r, 25) ? NULL : gen_path(g, t, opt, false, false);
  if (!x) x = gen_literal(g, t);
  return x ? x : gen_path(g, t, opt, false, false);
}

/* ---- operators ---- */

static node *binary(gen *g, gt t, const char *op, gt ta, gt tb, bool opt, int d) {
  node *a = gen_expr(g, ta, opt, d), *b = gen_expr(g, tb, opt, d);
  return a && b ? NODE(g, t, a->opt || b->opt, fmt(g, "(" K " %s " K ")", op), a, b) : NULL;
}

static node *unary(gen *g, gt t, const char *text, gt ta, bool opt, int d) {
  node *a = gen_expr(g, ta, opt, d);
  return a ? NODE(g, t, a->opt, text, a) : NULL;
}

static const char *months(gen *g) { return PICK(g, "1 month", "2 months", "13 months", "1 year", "4 years", "20000 years"); }

static node *arithmetic(gen *g, gt t, bool opt, int d) {
  switch (t) {
  case G_INT: return chance(&g->r, 12) ? unary(g, t, "(-" K ")", G_INT, opt, d) : binary(g, t, PICK(g, "+", "-", "*"), G_INT, G_INT, opt, d);
  case G_NUM:
    switch (below(&g->r, 7)) {
    case 0: return unary(g, t, "(-" K ")", G_NUM, opt, d);
    case 1: return binary(g, t, "/", G_INT, G_INT, opt, d);
    case 2: return binary(g, t, "/", G_DUR, G_DUR, opt, d);
    case 3: return binary(g, t, PICK(g, "+", "-", "*", "/"), G_INT, G_NUM, opt, d);
    case 4: return binary(g, t, PICK(g, "+", "-", "*", "/"), G_NUM, G_INT, opt, d);
    default: return binary(g, t, PICK(g, "+", "-", "*", "/"), G_NUM, G_NUM, opt, d);
    }
  case G_TEXT: return chance(&g->r, 40) ? gen_message(g, d) : binary(g, t, "+", G_TEXT, G_TEXT, opt, d);
  case G_DATE:
    if (chance(&g->r, 40)) return unary(g, t, fmt(g, "(" K " %s %s)", PICK(g, "+", "-"), months(g)), G_DATE, opt, d);
    return binary(g, t, PICK(g, "+", "-"), G_DATE, G_DUR, opt, d);
  case G_TIME:
    if (chance(&g->r, 40)) return unary(g, t, fmt(g, "(" K " %s %s)", PICK(g, "+", "-"), months(g)), G_TIME, opt, d);
    return binary(g, t, PICK(g, "+", "-"), G_TIME, G_DUR, opt, d);
  case G_DUR:
    switch (below(&g->r, 7)) {
    case 0: return binary(g, t, "-", G_DATE, G_DATE, opt, d);
    case 1: return binary(g, t, "-", G_TIME, G_TIME, opt, d);
    case 2: return binary(g, t, "*", G_DUR, G_INT, opt, d);
    case 3: return binary(g, t, "*", G_DUR, G_NUM, opt, d);
    case 4: return binary(g, t, "/", G_DUR, G_NUM, opt, d);
    case 5: return unary(g, t, "(-" K ")", G_DUR, opt, d);
    default: return binary(g, t, PICK(g, "+", "-"), G_DUR, G_DUR, opt, d);
    }
  default: return NULL;
  }
}

/* ---- shapes that any type can have ---- */

/* A literal of a union is a text where nothing beside it says which union is meant. */
static bool union_literal(const node *n) { return n && (n->t == G_KIND || n->t == G_TIER) && n->atom && n->text[0] == '"'; }

static node *conditional(gen *g, gt t, bool opt, int d) {
  uint32_t narrowed = g->nnarrow;
  node *p = chance(&g->r, 40) && g->nnarrow < MAX_NARROW ? gen_path(g, any_scalar(g), true, true, true) : NULL, *c, *a, *b;
  if (p) {
    c = NODE(g, G_BOOL, false, K " exists", p);
    g->narrow[g->nnarrow++] = p->text;
  } else {
    c = gen_test(g, opt, d);
  }
  a = gen_expr(g, t, opt, d);
  g->nnarrow = narrowed;
  b = gen_expr(g, t, opt, d);
  if (union_literal(a) || union_literal(b)) return NULL;
  return a && b ? NODE(g, t, c->opt || a->opt || b->opt, "(if " K " then " K " else " K ")", c, a, b) : NULL;
}

/* An expression that may be missing, never one that may not: for `??` and `exists`. */
static node *optional(gen *g, gt t, int d) {
  node *x = gen_path(g, t, true, true, false);
  if (x && chance(&g->r, 70)) return x;
  for (int i = 0; i < 4; i++) {
    node *y = gen_expr(g, t, true, d);
    if (y && y->opt) return y;
  }
  return x;
}

static node *coalesce(gen *g, gt t, bool opt, int d) {
  node *a = optional(g, t, d);
  if (!a) return NULL;
  if (t >= G_LIST && t < G_MAP && chance(&g->r, 20)) return NODE(g, t, false, "(" K " ?? [])", a);
  node *b = gen_expr(g, t, opt, d);
  if (union_literal(b)) return NULL;
  return b ? NODE(g, t, b->opt, "(" K " ?? " K ")", a, b) : NULL;
}

static node *element(gen *g, gt t, int d) {
  node *i = chance(&g->r, 60) ? leaf(g, G_INT, false, PICK(g, "1", "2", "(-1)", "(-2)", "3")) : gen_variable_path(g, G_INT, true); /* a constant 0 does not compile */
  node *l = gen_expr(g, (gt)(G_LIST + t), true, d);
  return i && l ? NODE(g, t, true, "(" K ")[" K "]", l, i) : NULL;
}

static node *map_get(gen *g, gt t, int d) {
  node *m = chance(&g->r, 25) && (t == G_INT || t == G_TEXT) ? gen_call(g, (gt)(G_MAP + t), true, d - 1) : NULL, *k = gen_expr(g, G_TEXT, true, d - 1);
  if (m) m = NODE(g, m->t, m->opt, "(" K ")", m);
  else m = gen_path(g, (gt)(G_MAP + t), true, false, false);
  return m && k ? NODE(g, t, true, K "[" K "]", m, k) : NULL;
}

node *gen_fn_call(gen *g, gt t, bool opt, int d) {
  for (int tries = 0; tries < 6 && g->nfns; tries++) {
    const gfn *f = &g->fns[below(&g->r, g->nfns)];
    if (f->ret != t) continue;
    node *args[4];
    bool missing = f->ret_opt, good = true;
    buf b = { .a = g->a };
    bool named = chance(&g->r, 15);
    buf_fmt(&b, "%s(", f->name);
    for (uint32_t i = 0; i < f->n; i++) {
      args[i] = gen_expr(g, f->param[i], true, f->param[i] < G_SCALARS ? d - 1 : 0);
      good = good && args[i] != NULL;
      if (good && args[i]->opt && !f->param_opt[i]) missing = true;
      if (i) buf_z(&b, ", ");
      if (named) buf_fmt(&b, "%s: ", f->param_name[i]);
      buf_z(&b, K);
    }
    buf_ch(&b, ')');
    if (f->field) buf_fmt(&b, ".%s", f->field);
    if (good && (opt || !missing)) return new_node(g, t, missing, buf_done(&b).p, f->n, args);
  }
  return NULL;
}

static node *aggregate(gen *g, gt t, bool opt, int d) {
  uint32_t nvars = g->nvars;
  bool sources = g->no_sources;
  walk w;
  node *x = NULL;
  if (!gen_walk(g, &w, opt, true, d)) return NULL;
  node *where = chance(&g->r, 65) ? gen_where(g, &w, d - 1) : NULL;
  bool ordered = t == G_INT || t == G_NUM || t == G_TEXT || t == G_DATE || t == G_TIME || t == G_DUR;
  bool count = t == G_INT && chance(&g->r, 30), adds = !count && (t == G_INT || t == G_NUM || t == G_DUR) && chance(&g->r, 45);
  const char *f = count ? "count" : adds ? "sum" : PICK(g, "min", "max");
  gt te = t;
  if (t == G_NUM && opt && chance(&g->r, 40)) f = "avg", te = chance(&g->r, 50) ? G_INT : G_NUM, adds = false;
  else if (!count && !adds && !(opt && ordered)) { gen_leave(g, nvars); g->no_sources = sources; return NULL; }
  node *e = count ? leaf(g, w.elem, false, w.var) : gen_expr(g, te, false, d - 1);
  bool may_miss = w.opt || !(count || adds);
  if (e && where) x = NODE(g, t, may_miss, fmt(g, "%s(" K " for %s in " K " where " K ")", f, w.var), e, w.over, where);
  else if (e) x = NODE(g, t, may_miss, fmt(g, "%s(" K " for %s in " K ")", f, w.var), e, w.over);
  gen_leave(g, nvars);
  g->no_sources = sources;
  return x;
}

/* ---- records and lists ---- */

static node *gen_part(gen *g, bool opt, int d) {
  if (chance(&g->r, 50)) {
    node *p = gen_leaf(g, G_PART, opt);
    if (chance(&g->r, 50)) return NODE(g, G_PART, p->opt, K ".with(size: " K ")", p, gen_expr(g, G_INT, false, d - 1));
    return NODE(g, G_PART, p->opt, K ".with(label: " K ", tint: " K ")", p, gen_expr(g, G_TEXT, false, d - 1), gen_expr(g, G_COLOR, true, d - 1));
  }
  node *label = gen_expr(g, G_TEXT, false, d - 1), *size = gen_expr(g, G_INT, false, d - 1), *ratio = gen_expr(g, G_NUM, false, d - 1);
  if (chance(&g->r, 50)) return NODE(g, G_PART, false, "Part(label: " K ", size: " K ", ratio: " K ")", label, size, ratio);
  return NODE(g, G_PART, false, "Part(label: " K ", size: " K ", ratio: " K ", tint: " K ")", label, size, ratio, gen_expr(g, G_COLOR, true, d - 1));
}

static node *comprehension(gen *g, gt t, bool opt, int d) {
  uint32_t nvars = g->nvars;
  bool sources = g->no_sources;
  walk w;
  node *x = NULL;
  if (!gen_walk(g, &w, opt, true, d - 1)) return NULL;
  node *e = gen_expr(g, (gt)(t - G_LIST), false, d - 1);
  if (union_literal(e)) e = NULL;
  node *where = chance(&g->r, 60) ? gen_where(g, &w, d - 1) : NULL;
  if (e && where) x = NODE(g, t, w.opt, fmt(g, "[" K " for %s in " K " where " K "]", w.var), e, w.over, where);
  else if (e) x = NODE(g, t, w.opt, fmt(g, "[" K " for %s in " K "]", w.var), e, w.over);
  gen_leave(g, nvars);
  g->no_sources = sources;
  return x;
}

static node *gen_list(gen *g, gt t, bool opt, int d) {
  gt te = (gt)(t - G_LIST);
  if (chance(&g->r, 40)) return comprehension(g, t, opt, d);
  if ((te == G_KIND || te == G_TIER) && (chance(&g->r, 20) || !gen_path(g, te, false, false, false))) return gen_literal(g, t);
  uint32_t n = 1 + below(&g->r, 3);
  node *v[3];
  buf b = { .a = g->a };
  bool missing = false;
  buf_ch(&b, '[');
  for (uint32_t i = 0; i < n; i++) {
    v[i] = gen_expr(g, te, false, d - 1);
    if (!v[i] || union_literal(v[i])) return NULL;
    missing |= v[i]->opt;
    buf_z(&b, i ? ", " K : K);
  }
  buf_ch(&b, ']');
  return new_node(g, t, missing, buf_done(&b).p, n, v);
}

/* ---- all together ---- */

static node *try_expr(gen *g, gt t, bool opt, int d) {
  uint32_t x = below(&g->r, 100);
  if (x < 8) return conditional(g, t, opt, d);
  if (x < 16) return coalesce(g, t, opt, d);
  if (x < 22) return gen_fn_call(g, t, opt, d);
  if (x < 42) return gen_call(g, t, opt, d);
  if (t < G_SCALARS) {
    if (x < 50 && opt) return element(g, t, d);
    if (x < 55 && opt && (t == G_INT || t == G_TEXT)) return map_get(g, t, d);
    if (x < 70) return aggregate(g, t, opt, d);
    return arithmetic(g, t, opt, d);
  }
  if (t == G_PART) return gen_part(g, opt, d);
  if (t > G_LIST && t < G_MAP) return gen_list(g, t, opt, d);
  return NULL;
}

node *gen_expr(gen *g, gt t, bool opt, int d) {
  if (t == G_BOOL) return gen_test(g, opt, d);
  if ((t == G_KIND || t == G_TIER) && !gen_path(g, t, opt, false, false)) return gen_literal(g, t);
  if (d > 0 && chance(&g->r, 80)) {
    node *x = try_expr(g, t, opt, d - 1);
    if (x && (opt || !x->opt)) return x;
  }
  return gen_leaf(g, t, opt);
}

/* A text with interpolated values of any type; missing where one of them is. Messages may be missing: then the clause speaks for itself. */
node *gen_message(gen *g, int d) {
  static const struct { gt t; const char *f; } formats[] = {
    { G_INT, ":bytes" }, { G_INT, ":grouped" }, { G_INT, ":.2" }, { G_NUM, ":.1" }, { G_NUM, ":percent" }, { G_COLOR, ":hex" }, { G_COLOR, ":rgb" },
    { G_DATE, ":long" }, { G_DATE, ":iso" }, { G_TIME, ":date" }, { G_TIME, ":time" }, { G_DUR, ":hours" }, { G_DUR, ":days" }, { G_TEXT, ":quoted" },
  };
  uint32_t n = 1 + below(&g->r, 2);
  node *v[2];
  buf b = { .a = g->a };
  bool missing = false;
  g->in_text++;
  buf_z(&b, "\"so ");
  for (uint32_t i = 0; i < n; i++) {
    uint32_t k = below(&g->r, 14);
    bool formatted = chance(&g->r, 40);
    v[i] = gen_expr(g, formatted ? formats[k].t : any_type(g), true, d - 1);
    if (!v[i]) v[i] = gen_literal(g, G_INT), formatted = false;
    missing |= v[i]->opt;
    buf_fmt(&b, "{" K "%s}%s", formatted ? formats[k].f : "", i ? "." : " and ");
  }
  buf_ch(&b, '"');
  g->in_text--;
  return new_node(g, G_TEXT, missing, buf_done(&b).p, n, v);
}
