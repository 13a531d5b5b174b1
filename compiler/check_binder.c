/* Whatever walks a list, a map, a palette or a source: quantifiers, comprehensions, aggregates. One binder for all: it names the element,
 * checks that a filter cannot hide a missing value, and finds the equality by which a source is looked up instead of scanned. */
#include "compiler/check.h"

typedef struct walk {
  ir_binder *b;
  uint32_t mark, facts;  /* scope and facts outside */
  bool bad;
  bool list_opt;         /* the list itself may be missing */
  bool list_may;         /* ... as far as the checker knows */
  span sp;
} walk;

decl *source_named(checker *c, const ast *n) {
  while (n->kind == AST_PAREN) n = n->a;
  const ast *root = n;
  while (root->kind == AST_MEMBER) root = root->a;
  if (root->kind != AST_NAME || scope_find(c, root->text)) return NULL;
  decl *d = find_path(c, dotted_name(c, n));
  return d && d->kind == DK_SOURCE ? d : NULL;
}

static const type *source_record(checker *c, decl *d) { return type_record(&c->ty, &c->records.v[d->source->record]->shape); }

static void walk_source(checker *c, walk *w, decl *d) {
  w->bad = d->bad;
  w->b->source = (int32_t)d->index;
  w->b->elem = d->bad ? c->t_err : source_record(c, d);
}

static void walk_list(checker *c, walk *w, const ast *n) {
  ex e = check_expr(c, n);
  w->b->elem = c->t_err;
  w->bad = ex_isbad(e);
  if (w->bad) return;
  w->list_opt = e.n->ty->opt, w->list_may = e.t->opt;
  w->b->list = e.n;
  if (e.t->kind == TY_LIST) w->b->elem = e.t->elem;
  else if (e.t->kind == TY_MAP) w->b->elem = entry_type(c, e.t->base);
  else if (e.t->kind == TY_PALETTE) {
    const type_rec *s = librec_find(c, STR("Swatch"));
    if (s) w->b->elem = type_record(&c->ty, s);
    w->b->list = ir_retype(c, e.n, type_list(&c->ty, w->b->elem));
  } else {
    str t = type_str(c, e.t->base);
    diag *g = diag_add(c->d, DIAG_NOT_ITERABLE, n->sp, "a list, a map or a source is expected after `in`, not %.*s", STR_ARG(t));
    if (e.t->kind == TY_TEXT) diag_note_add(c->d, g, (span){ 0, 0 }, "the parts of a text are `.words()`, `.characters()`, `.lines()`, `.split(\",\")`");
    if (e.t->kind == TY_TERMS) diag_note_add(c->d, g, (span){ 0, 0 }, "what is found of them in a text is a list: `words.find(text)`");
    if (e.t->kind == TY_REF || e.t->kind == TY_RECORD) diag_note_add(c->d, g, (span){ 0, 0 }, "this is one record; walk its source instead");
    w->bad = true;
  }
}

/* Opens a walk over operand as name. The local is in scope until walk_close, poisoned when the operand is. */
static walk walk_open(checker *c, str name, span name_sp, const ast *operand) {
  walk w = { .b = ARENA_NEW(c->a, ir_binder), .sp = operand->sp };
  w.b->source = -1, w.b->eq_field = -1;
  decl *d = source_named(c, operand);
  if (d) walk_source(c, &w, d);
  else walk_list(c, &w, operand);
  w.mark = scope_mark(c), w.facts = c->u->facts.n;
  const local *l = scope_push(c, name, name_sp, w.bad ? c->t_err : w.b->elem, LK_BINDER);
  w.b->local = l->index;
  return w;
}

static bool walk_close(checker *c, walk *w) {
  bool used = c->u->scope.v[w->mark].used;
  scope_pop(c, w->mark);
  c->u->facts.n = w->facts;
  return used;
}

/* ---- look-ups ---- */

static bool is_own_field(const ir *n, int32_t local) { return n->kind == IR_FIELD && n->a->kind == IR_LOCAL && n->a->local == local; }

static void propose(checker *c, ir_binder *b, const ir *cmp, bool optional_too) {
  if (cmp->kind != IR_CMP || cmp->op != OP_EQ || b->eq_unique) return;
  for (int side = 0; side < 2; side++) {
    ir *f = side ? cmp->b : cmp->a, *k = side ? cmp->a : cmp->b;
    if (!is_own_field(f, b->local) || ir_reads_local(k, b->local)) continue;
    const type *t = b->elem->rec->fields[f->index].type;
    type_kind tk = t->kind;
    if ((t->opt && !optional_too) || tk == TY_LIST || tk == TY_MAP || tk == TY_RECORD || tk == TY_BOOL) continue;
    if (f->ty->base->kind != k->ty->base->kind) continue;
    bool key = b->elem->rec->nkeys == 1 && b->elem->rec->keys[0] == f->index;
    if (b->eq_field >= 0 && !key) continue;
    b->eq_field = (int32_t)f->index, b->eq_key = k, b->eq_unique = key;
    (void)c;
  }
}

static void find_lookup(checker *c, ir_binder *b, const ir *test, bool optional_too) {
  if (b->source < 0 || !test) return;
  propose(c, b, test, optional_too);
  if (test->kind == IR_AND)
    for (uint32_t i = 0; i < test->n; i++) propose(c, b, test->v[i], optional_too);
}

void warn_of_scan(checker *c, span sp, const decl *walked, const decl *rows, str by, bool same) {
  diag *g = diag_add(c->d, DIAG_SCAN, sp, "every row of `%.*s` is read again for each row of `%.*s`%.*s", STR_ARG(walked->name), STR_ARG(rows->name),
                     STR_ARG(by));
  diag_note_add(c->d, g, (span){ 0, 0 }, "the work grows with rows(%.*s) · rows(%.*s)", STR_ARG(rows->name), STR_ARG(walked->name));
  diag_note_add(c->d, g, (span){ 0, 0 }, same ? "the answer is the same for every row: give it a name with a `let` of the module, which is computed once"
                                              : "an equality on one of its fields, as in `where x.field == ...`, makes this a look-up");
}

static void note_source(checker *c, const walk *w) {
  ir_binder *b = w->b;
  if (b->source < 0 || w->bad) return;
  prog_source *s = c->sources.v[b->source];
  if (b->eq_unique) s->referenced = true;
  else if (b->eq_field >= 0) {
    for (uint32_t i = 0; i < s->nindexes; i++)
      if (s->indexes[i] == b->eq_field) return;
    uint16_t *more = ARENA_ARRAY(c->a, uint16_t, s->nindexes + 1u);
    for (uint32_t i = 0; i < s->nindexes; i++) more[i] = s->indexes[i];
    more[s->nindexes++] = (uint16_t)b->eq_field;
    s->indexes = more;
  } else {
    bool per_row = c->u->source >= 0 || (c->u->d && (c->u->d->kind == DK_FN || c->u->d->kind == DK_LET));
    if (per_row) s->scanned = true;
    if (per_row && c->u->source < 0) c->u->d->scans = c->source_decls.v[b->source];
    if (c->u->source < 0 || c->sealed) return;
    *VEC_PUSH(c->a, &c->scans) = (scan_note){ .sp = w->sp, .walked = c->source_decls.v[b->source], .rows = c->source_decls.v[c->u->source], .b = b };
  }
}

bool check_source_filter(checker *c, uint32_t source, int32_t local, const type *elem, const ast *where, source_filter *out) {
  *out = (source_filter){ .eq_field = -1 };
  walk w = { .b = ARENA_NEW(c->a, ir_binder), .sp = where ? where->sp : (span){ 0, 0 } };
  *w.b = (ir_binder){ .local = local, .source = (int32_t)source, .elem = elem, .eq_field = -1 };
  if (where) {
    ex t = check_test(c, where);
    if (ex_isbad(t)) return false;
    out->where = t.n;
    find_lookup(c, w.b, t.n, true);
  }
  if (w.b->eq_field >= 0) note_source(c, &w);
  else c->sources.v[source]->scanned = true;
  out->eq_field = w.b->eq_field, out->eq_key = w.b->eq_key;
  return true;
}

/* ---- every, some, no ---- */

static const char *quant_word(uint8_t op) { return op == Q_EVERY ? "every" : op == Q_SOME ? "some" : "no"; }

static void lint_quant(checker *c, const ast *n, const ir *body, int32_t local) {
  if (!c->o->lints || c->sealed || !body) return;
  const ir *at = body->kind == IR_IMPLIES ? body->b : body;
  if (at->kind == IR_AND && n->op == Q_EVERY) {
    for (uint32_t i = 0; i < at->n; i++)
      if (!ir_reads_local(at->v[i], local)) {
        diag *g = diag_add(c->d, DIAG_QUANT_UNUSED, at->v[i]->sp, "this does not speak of `%.*s`, yet it stands under `every`", STR_ARG(n->name));
        diag_note_add(c->d, g, (span){ 0, 0 }, "a quantifier reaches as far right as it can; put it into parentheses, or say this before it");
      }
  } else if (!ir_reads_local(body, local)) {
    diag_add(c->d, DIAG_QUANT_UNUSED, body->sp, "this does not speak of `%.*s`, the variable of `%s`", STR_ARG(n->name), quant_word(n->op));
  }
}

ex check_quant(checker *c, const ast *n) {
  walk w = walk_open(c, n->name, n->name_sp, n->a);
  ex body = { NULL, c->t_bool };
  if (n->b) body = check_test(c, n->b);
  else if (n->op == Q_EVERY) {
    diag *g = diag_add(c->d, DIAG_QUANT_BODY, n->sp, "`every` needs a condition: `every %.*s in ...: ...`", STR_ARG(n->name));
    diag_note_add(c->d, g, (span){ 0, 0 }, "only `some` and `no` may stand alone: they ask whether there is an element at all");
    w.bad = true;
  }
  if (!w.bad && !ex_isbad(body) && body.n) {
    bool every = n->op == Q_EVERY;
    find_lookup(c, w.b, every ? body.n->kind == IR_IMPLIES ? body.n->a : NULL : body.n, false);
    lint_quant(c, n, body.n, w.b->local);
  }
  note_source(c, &w);
  walk_close(c, &w);
  if (w.bad || ex_isbad(body)) return ex_bad(c, n->sp);
  bool opt = w.list_opt || (body.n && body.n->ty->opt), may = w.list_may || body.t->opt;
  ir *x = ir_new(c, IR_QUANT, opt ? type_opt(&c->ty, c->t_bool) : c->t_bool, n->sp);
  x->op = n->op, x->bind = w.b, x->a = body.n;
  *VEC_PUSH(c->a, &c->quants) = (quant_name){ x, n->name, n->name_sp, w.b->elem };
  x->index = c->quants.n; /* where its variable's name stands, for messages; no consumer reads it */
  return (ex){ x, may ? type_opt(&c->ty, c->t_bool) : c->t_bool };
}

/* ---- comprehensions ---- */

static walk comprehension_open(checker *c, const ast *b) {
  walk w = walk_open(c, b->name, b->name_sp, b->a);
  if (!b->b) return w;
  ex p = check_test(c, b->b);
  if (ex_isbad(p)) {
    w.bad = true;
    return w;
  }
  if (p.t->opt) {
    report_vanishing(c, p, b->b->sp, DIAG_UNKNOWN_VANISHES, "this filter may be unknown, and what is unknown would vanish without a trace");
    w.bad = true;
    return w;
  }
  w.b->where = p.n;
  facts_when(c, p.n, true);
  find_lookup(c, w.b, p.n, true);
  return w;
}

static ex element(checker *c, const ast *n) {
  ex e = check_expr(c, n);
  if (ex_isbad(e) || !e.t->opt) return e;
  report_vanishing(c, e, n->sp, DIAG_MISSING_ELEMENT, "an element is never missing, but this may be");
  return ex_bad(c, n->sp);
}

ex check_comprehension(checker *c, const ast *n) {
  walk w = comprehension_open(c, n->b);
  ex e = element(c, n->a);
  note_source(c, &w);
  walk_close(c, &w);
  if (w.bad || ex_isbad(e)) return ex_bad(c, n->sp);
  const type *t = type_list(&c->ty, e.t->base);
  ir *x = ir_new(c, IR_COMPR, w.list_opt ? type_opt(&c->ty, t) : t, n->sp);
  x->bind = w.b, x->a = e.n;
  return (ex){ x, w.list_may ? type_opt(&c->ty, t) : t };
}

static int agg_of(const char *name) {
  static const char *const ops[] = { "count", "sum", "avg", "min", "max" };
  for (int i = 0; i < 5; i++)
    if (str_eq(str_z(name), str_z(ops[i]))) return i;
  return -1;
}

/* The aggregate's result for elements of type t; NULL: reported. */
static const type *agg_result(checker *c, agg_op op, const type *t, span sp) {
  bool num = t->kind == TY_INT || t->kind == TY_NUMBER || t->kind == TY_DURATION;
  str s = type_str(c, t);
  if (op == AGG_COUNT) return c->t_int;
  if (op == AGG_SUM || op == AGG_AVG) {
    if (!num) {
      diag_add(c->d, DIAG_ARGUMENT, sp, "only numbers and durations are added up, not %.*s", STR_ARG(s));
      return NULL;
    }
    if (op == AGG_SUM) return t;
    return type_opt(&c->ty, t->kind == TY_DURATION ? t : c->t_num);
  }
  if (type_is_ordered(t)) return type_opt(&c->ty, t);
  diag_add(c->d, DIAG_ARGUMENT, sp, "values of type %.*s have no order, so there is no least and no greatest", STR_ARG(s));
  return NULL;
}

static ex aggregate(checker *c, const ast *call, walk *w, ex e, int op) {
  const type *t = agg_result(c, (agg_op)op, e.t->base, e.n->sp);
  if (!t) return ex_bad(c, call->sp);
  bool opt = w->list_opt || t->opt, may = w->list_may || t->opt;
  ir *x = ir_new(c, IR_AGG, opt ? type_opt(&c->ty, t) : t, call->sp);
  x->op = (uint8_t)op, x->bind = w->b;
  if (op != AGG_COUNT) x->a = e.n;
  x->cause = subject_of(c, x);
  return (ex){ x, may ? type_opt(&c->ty, t) : t };
}

ex check_aggregate(checker *c, const ast *call, const ast *compr, const sig *s) {
  int op = agg_of(s->b->name);
  walk w = comprehension_open(c, compr->b);
  ex e = element(c, compr->a);
  note_source(c, &w);
  walk_close(c, &w);
  if (w.bad || ex_isbad(e) || op < 0) return ex_bad(c, call->sp);
  return aggregate(c, call, &w, e, op);
}

ex check_agg_source(checker *c, const ast *call, decl *d, const sig *s) {
  walk w = { .b = ARENA_NEW(c->a, ir_binder), .sp = call->sp };
  w.b->source = -1, w.b->eq_field = -1;
  walk_source(c, &w, d);
  w.b->local = (int32_t)c->u->nlocals++;
  if (w.bad) return ex_bad(c, call->sp);
  note_source(c, &w);
  ex e = ex_of(ir_new(c, IR_NONE, w.b->elem, call->sp));
  return aggregate(c, call, &w, e, agg_of(s->b->name));
}
