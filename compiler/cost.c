/* A bound on the work of each rule, symbolic in the lengths of lists and the sizes of sources ("12 + 9 · colors + 3 · rows(licenses)"), and
 * on how large a value may grow. Since nothing recurs, one pass in the order of use finds both. What is out of reach even with lists of
 * one element is refused: functions that call each other twice, texts that double. */
#include "compiler/check.h"

#include <string.h>

#define LIMIT_STEPS 1e9 /* with every list of length 1: minutes for a single record */
#define LIMIT_BYTES 1e9 /* from texts of one byte */
enum { MAX_TERMS = 8, MAX_KEY = 120 };

typedef struct term { str key; double k; } term;
typedef struct poly { term t[MAX_TERMS]; uint32_t n; } poly;

typedef struct costing {
  checker *c;
  poly *fn, *audience;   /* by index */
  double *fn_size;
  names rule;            /* printed address of a prog_rule -> poly */
  poly *acc;
  double *local_size;    /* of the unit under way */
  uint32_t nlocals;
} costing;

static void add(poly *p, str key, double k) {
  if (k == 0) return;
  for (uint32_t i = 0; i < p->n; i++)
    if (str_eq(p->t[i].key, key)) {
      p->t[i].k += k;
      return;
    }
  if (p->n == MAX_TERMS) p->t[MAX_TERMS - 1].key = STR("more"), p->t[MAX_TERMS - 1].k += k;
  else p->t[p->n++] = (term){ key, k };
}

static str times(checker *c, str key, str symbol) {
  if (!key.n) return symbol;
  if (!symbol.n) return key;
  if (key.n + symbol.n > MAX_KEY) return STR("more");
  return str_fmt(c->a, "%.*s · %.*s", STR_ARG(key), STR_ARG(symbol));
}

static void add_poly(costing *s, const poly *p, str key, double k) {
  for (uint32_t i = 0; i < p->n; i++) add(s->acc, times(s->c, key, p->t[i].key), p->t[i].k * k);
}

static double total(const poly *p) {
  double n = 0;
  for (uint32_t i = 0; i < p->n; i++) n += p->t[i].k;
  return n;
}

static poly *rule_poly(costing *s, const prog_rule *r) {
  str key = str_fmt(s->c->a, "%p", (const void *)r);
  return names_get(&s->rule, key);
}

static str list_symbol(const ir *l) { return is_path(l) && l->cause.n && l->cause.n < 40 ? l->cause : STR("list"); }

static str walk_symbol(costing *s, const ir_binder *b) {
  checker *c = s->c;
  if (b->source < 0) {
    if (b->list->kind == IR_CONST && b->list->ty->kind == TY_LIST) return (str){ NULL, 0 };
    return list_symbol(b->list);
  }
  if (b->eq_unique) return (str){ NULL, 0 };
  str n = c->source_decls.v[b->source]->name;
  if (b->eq_field < 0) return str_fmt(c->a, "rows(%.*s)", STR_ARG(n));
  return str_fmt(c->a, "rows(%.*s by %.*s)", STR_ARG(n), STR_ARG(b->elem->rec->fields[b->eq_field].name));
}

static void steps(costing *s, const ir *n, str key, double k);

static void walk_steps(costing *s, const ir *n, str key, double k) {
  const ir_binder *b = n->bind;
  double times_const = 1;
  if (b->list) {
    steps(s, b->list, key, k);
    if (b->list->kind == IR_CONST && b->list->ty->kind == TY_LIST) times_const = b->list->k.l->n;
  }
  if (b->source >= 0) add(s->acc, key, 20 * k);
  if (b->eq_key) steps(s, b->eq_key, key, k);
  str in = times(s->c, key, walk_symbol(s, b));
  k *= times_const;
  add(s->acc, in, 2 * k);
  if (b->where) steps(s, b->where, in, k);
  if (n->a) steps(s, n->a, in, k);
}

static double own_steps(const ir *n) {
  switch ((ir_kind)n->kind) {
  case IR_CONST: case IR_NONE: case IR_LOCAL: return 0;
  case IR_CALL: case IR_INTERP: return 8;
  case IR_EXTERN: return 100; /* somebody else's code: a guess */
  case IR_TABLE: return 8; /* found by its index: rows beside the point are few */
  case IR_MATCHES: return 40;
  case IR_DEREF: case IR_UNIQUE: case IR_RESOLVES: return 20;
  case IR_IN_LIST: return 2 + (n->b->kind == IR_CONST && n->b->ty->kind == TY_LIST ? n->b->k.l->n / 8.0 : 1);
  case IR_NOW: case IR_TODAY: case IR_FIELD: case IR_INDEX: case IR_MAP_GET: case IR_ARITH: case IR_NEG: case IR_TO_NUMBER: case IR_LIST:
  case IR_RECORD: case IR_WITH: case IR_FN: case IR_COALESCE: case IR_IF: case IR_COMPR: case IR_AGG: case IR_AND: case IR_OR: case IR_NOT:
  case IR_IMPLIES: case IR_QUANT: case IR_CMP: case IR_IN_RANGE: case IR_CONTAINS: case IR_EXISTS: case IR_IS_MISSING: case IR_IN_AUDIENCE:
  case IR_PASSES: case IR_FORMAT_OK: case IR_KIND_COUNT: break;
  }
  return 1;
}

/* Library functions and membership walk the whole list that they are given. */
static void whole_list(costing *s, const ir *l, str key, double k) {
  if ((l->ty->kind == TY_LIST || l->ty->kind == TY_MAP) && l->kind != IR_CONST) add(s->acc, times(s->c, key, list_symbol(l)), k);
}

static void steps(costing *s, const ir *n, str key, double k) {
  add(s->acc, key, own_steps(n) * k);
  if (n->kind == IR_CALL)
    for (uint32_t i = 0; i < n->n; i++) whole_list(s, n->v[i], key, k);
  if (n->kind == IR_IN_LIST || n->kind == IR_CONTAINS) whole_list(s, n->kind == IR_IN_LIST ? n->b : n->a, key, k);
  if (n->bind) {
    walk_steps(s, n, key, k);
    return;
  }
  if (n->kind == IR_FN) add_poly(s, &s->fn[n->index], key, k);
  if (n->kind == IR_IN_AUDIENCE) add_poly(s, &s->audience[n->index], key, k);
  if (n->kind == IR_PASSES) {
    prog_rule **r = s->c->passes_rules.v[n->index];
    for (uint32_t i = 0; i < s->c->passes.v[n->index]->nrules; i++) {
      const poly *p = rule_poly(s, r[i]);
      if (p) add_poly(s, p, key, k);
    }
  }
  if (n->a) steps(s, n->a, key, k);
  if (n->b) steps(s, n->b, key, k);
  if (n->c) steps(s, n->c, key, k);
  for (uint32_t i = 0; i < n->n; i++) steps(s, n->v[i], key, k);
}

/* ---- how large a value may get, from inputs of size 1 ---- */

static double size_of(costing *s, const ir *n);

static double parts(costing *s, const ir *n) {
  double z = 0;
  for (uint32_t i = 0; i < n->n; i++) z += size_of(s, n->v[i]);
  return z;
}

static double size_of(costing *s, const ir *n) {
  double a, b;
  switch ((ir_kind)n->kind) {
  case IR_CONST: return n->ty->kind == TY_TEXT || n->ty->kind == TY_UNION ? n->k.t->n : 1;
  case IR_LOCAL: return n->local >= 0 && (uint32_t)n->local < s->nlocals && s->local_size[n->local] > 0 ? s->local_size[n->local] : 1;
  case IR_ARITH:
    a = size_of(s, n->a), b = size_of(s, n->b);
    return n->op == IA_ADD_TEXT ? a + b : 1;
  case IR_INTERP: case IR_LIST: case IR_RECORD: return parts(s, n);
  case IR_WITH: return size_of(s, n->a) + parts(s, n);
  case IR_CALL: case IR_EXTERN: a = parts(s, n); return a > 1 ? a : 1;
  case IR_TABLE: return 1; /* a constant of the program */
  case IR_FN: a = parts(s, n); return s->fn_size[n->index] * (a > 1 ? a : 1);
  case IR_IF: a = size_of(s, n->b), b = size_of(s, n->c); return a > b ? a : b;
  case IR_COALESCE: a = size_of(s, n->a), b = size_of(s, n->b); return a > b ? a : b;
  case IR_COMPR: a = size_of(s, n->a); return n->bind->list ? a * size_of(s, n->bind->list) : a;
  case IR_AGG: return n->a ? size_of(s, n->a) : 1;
  case IR_FIELD: case IR_INDEX: case IR_MAP_GET: return size_of(s, n->a);
  case IR_NONE: case IR_NOW: case IR_TODAY: case IR_DEREF: case IR_NEG: case IR_TO_NUMBER: case IR_AND: case IR_OR: case IR_NOT:
  case IR_IMPLIES: case IR_QUANT: case IR_CMP: case IR_IN_RANGE: case IR_IN_LIST: case IR_CONTAINS: case IR_MATCHES: case IR_EXISTS:
  case IR_IS_MISSING: case IR_IN_AUDIENCE: case IR_PASSES: case IR_FORMAT_OK: case IR_UNIQUE: case IR_RESOLVES: case IR_KIND_COUNT: break;
  }
  return 1;
}

/* ---- units ---- */

static str print_poly(checker *c, const poly *p) {
  buf b = { .a = c->a };
  for (int constant = 1; constant >= 0; constant--)
    for (uint32_t i = 0; i < p->n; i++) {
      if ((p->t[i].key.n == 0) != constant) continue;
      if (b.n) buf_z(&b, " + ");
      double k = p->t[i].k < 1 ? 1 : p->t[i].k;
      if (k < 1e15) buf_fmt(&b, "%.0f", k);
      else buf_fmt(&b, "%.1e", k);
      if (!constant) buf_fmt(&b, " · %.*s", STR_ARG(p->t[i].key));
    }
  if (!b.n) buf_ch(&b, '1');
  return buf_done(&b);
}

static bool too_costly(costing *s, const poly *p, double size, span sp, str name) {
  double n = total(p);
  if (n > LIMIT_STEPS) {
    diag *g = diag_add(s->c->d, DIAG_COST_STEPS, sp, "`%.*s` may take %.1e steps for one record, even when every list has one element", STR_ARG(name), n);
    diag_note_add(s->c->d, g, (span){ 0, 0 }, "functions that call each other several times multiply; give a result a name with `let` and use it twice");
    return true;
  }
  if (size > LIMIT_BYTES) {
    diag_add(s->c->d, DIAG_COST_BYTES, sp, "a value in `%.*s` may grow to %.1e times the size of its inputs", STR_ARG(name), size);
    return true;
  }
  return false;
}

static void open_unit(costing *s, poly *acc, uint32_t nlocals) {
  s->acc = acc;
  s->nlocals = nlocals;
  s->local_size = ARENA_ARRAY(s->c->a, double, nlocals + 1);
}

static double rule_cost(costing *s, prog_rule *r) {
  poly *p = ARENA_NEW(s->c->a, poly);
  names_put(&s->rule, str_fmt(s->c->a, "%p", (const void *)r), p);
  open_unit(s, p, r->nlocals);
  str none = { NULL, 0 };
  double largest = 1;
  if (r->guard) steps(s, r->guard, none, 1);
  for (uint32_t i = 0; i < r->nlets; i++) {
    steps(s, r->lets[i].init, none, 1);
    double z = s->local_size[r->lets[i].local] = size_of(s, r->lets[i].init);
    if (z > largest) largest = z;
  }
  for (uint32_t i = 0; i < r->nclauses; i++) {
    steps(s, r->clauses[i].test, none, 1);
    double z = size_of(s, r->clauses[i].message);
    if (z > largest) largest = z;
  }
  r->cost = total(p);
  r->cost_text = print_poly(s->c, p);
  return largest;
}

static void unit_cost(costing *s, decl *d) {
  str none = { NULL, 0 };
  if (d->fn) {
    poly *p = &s->fn[d->index];
    open_unit(s, p, d->fn->nlocals);
    steps(s, d->fn->body, none, 1);
    double z = size_of(s, d->fn->body);
    s->fn_size[d->index] = z < 1 ? 1 : z;
    if (too_costly(s, p, z, d->node->name_sp, d->name)) *p = (poly){ .n = 0 }, s->fn_size[d->index] = 1; /* reported once, not at each use */
  } else if (d->audience) {
    poly *p = &s->audience[d->index];
    open_unit(s, p, d->audience->nlocals);
    if (d->audience->test) steps(s, d->audience->test, none, 1);
    d->audience->cost = total(p);
    d->audience->cost_text = print_poly(s->c, p);
    if (too_costly(s, p, 1, d->node->name_sp, d->name)) *p = (poly){ .n = 0 };
  } else if (d->rule) {
    double z = rule_cost(s, d->rule);
    poly *p = rule_poly(s, d->rule);
    if (too_costly(s, p, z, d->node->name_sp, d->name)) *p = (poly){ .n = 0 };
  }
}

void cost_all(checker *c, const decl_list *order) {
  costing s = { .c = c };
  s.fn = ARENA_ARRAY(c->a, poly, c->fns.n + 1);
  s.fn_size = ARENA_ARRAY(c->a, double, c->fns.n + 1);
  s.audience = ARENA_ARRAY(c->a, poly, c->audiences.n + 1);
  names_init(&s.rule, c->a);
  for (uint32_t i = 0; i < c->rules.n; i++)
    if (c->rules.v[i]->refinement) rule_cost(&s, c->rules.v[i]);
  for (uint32_t i = 0; i < order->n; i++) unit_cost(&s, order->v[i]);
}
