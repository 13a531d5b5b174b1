/* The operations of the interpreter that take more than a few lines: calls, look-ups, walks over sources, and the making of
 * lists, records and texts. */
#include "compiler/table.h"
#include "vm/vm_int.h"

#include <string.h>

static int give_status(const vm_frame *f, const ins *i, uint8_t st) {
  f->S[i->a] = st;
  return 0;
}

static int give_bool(const vm_frame *f, const ins *i, bool b) {
  f->R[i->a].i = b;
  return give_status(f, i, ST_OK);
}

static int refuse(vm_engine *e, const vm_frame *f, const ins *i, uint8_t st, str why) {
  e->made = true, e->why = why;
  return give_status(f, i, st);
}

static int host_failed(vm_engine *e) {
  e->failure = e->h && e->h->failure ? e->h->failure(e->h->ud) : STR("there is no data to read");
  return RUN_HOST;
}

static int over_budget(const vm_engine *e) { return e->steps > e->max_steps ? RUN_BUDGET : 0; }

/* ---- look-ups ---- */

static int look_up(vm_engine *e, uint32_t source, val key, const rec **out) {
  int got = e->h && e->h->lookup ? e->h->lookup(e->h->ud, source, key, out) : HOST_FAILED;
  return got == HOST_FAILED ? host_failed(e) : got;
}

int vm_op_deref(vm_engine *e, const vm_frame *f, const ins *i) {
  const rec *r = NULL;
  e->steps++;
  int got = look_up(e, i->d, f->R[i->b], &r);
  if (got < 0) return got;
  if (got == HOST_FOUND) {
    f->R[i->a].r = r;
    return give_status(f, i, ST_OK);
  }
  if (!f->u->collect) return give_status(f, i, ST_ERR); /* nobody asks why */
  buf b = { .a = e->cur };
  buf_str(&b, e->p->ir->sources[i->d]->name);
  buf_z(&b, " has no row with the key ");
  val_print(&b, f->u->regs[i->b].type, f->R[i->b], true);
  return refuse(e, f, i, ST_ERR, buf_done(&b));
}

int vm_op_resolves(vm_engine *e, const vm_frame *f, const ins *i) {
  const rec *r;
  int got = look_up(e, i->d, f->R[i->b], &r);
  return got < 0 ? got : give_bool(f, i, got == HOST_FOUND);
}

int vm_op_unique(vm_engine *e, const vm_frame *f, const ins *i) {
  int64_t held = 0;
  if (!f->root || f->root->source == UINT32_MAX) return give_bool(f, i, true); /* a record that no source holds clashes with none */
  if (!e->h || !e->h->count_equal || e->h->count_equal(e->h->ud, f->root->source, (uint16_t)i->d, f->R[i->b], &held) != HOST_FOUND) return host_failed(e);
  return give_bool(f, i, held <= 1);
}

/* ---- calls ---- */

/* The worst status among operands that do not take a missing value as it is. */
static uint8_t lifted(const vm_frame *f, const code_site *s) {
  uint8_t st = ST_OK;
  for (uint32_t k = 0; k < s->n; k++) {
    uint8_t one = f->S[s->regs[k]];
    if (one > st && (s->lifts[k] || one == ST_ERR)) st = one;
  }
  return st;
}

/* A function of the library, or a native one. */
static int call_outside(vm_engine *e, const vm_frame *f, const ins *i, bool native) {
  const code_site *s = &f->u->tab->sites[i->d];
  uint8_t st = lifted(f, s);
  if (st != ST_OK) return give_status(f, i, st);
  enum { FEW = 8 };
  val few[FEW], *args = s->n <= FEW ? few : ARENA_ARRAY(e->cur, val, s->n);
  uint8_t few_st[FEW], *args_st = s->n <= FEW ? few_st : ARENA_ARRAY(e->cur, uint8_t, s->n);
  for (uint32_t k = 0; k < s->n; k++) args[k] = f->R[s->regs[k]], args_st[k] = f->S[s->regs[k]];
  e->lib.argt = s->argt;
  e->lib.rett = s->rett;
  e->lib.error = (str){ 0 };
  val out = { .i = 0 };
  int done = native ? extern_call(&e->lib, s->index, args, args_st, &out) : e->p->ir->lib->table[s->index].fn(&e->lib, args, args_st, &out);
  if (e->steps > e->max_steps) return RUN_BUDGET;
  f->R[i->a] = out;
  if (done == ST_OK) return give_status(f, i, ST_OK);
  return refuse(e, f, i, done == ST_ERR ? ST_ERR : ST_MISSING, e->lib.error);
}

int vm_op_call(vm_engine *e, const vm_frame *f, const ins *i) { return call_outside(e, f, i, false); }
int vm_op_extern(vm_engine *e, const vm_frame *f, const ins *i) { return call_outside(e, f, i, true); }

static bool keep_text(vm_engine *e, const text **t) {
  uint32_t n = (*t)->n;
  if ((*t)->atom) return true; /* one of the program's literals stays where it is: their equality is that of their places */
  text *to = arena_try(&e->kept, sizeof *to + n);
  if (!to) return false;
  *to = text_of((str){ n ? memcpy(to + 1, (*t)->p, n) : "", n });
  *t = to;
  return true;
}

/* Copies what *v points to, of a type that is kept. false: there is no room, so that it will be computed again. */
static bool keep(vm_engine *e, const type *t, val *v) {
  t = code_rep(t);
  if (t->kind == TY_TEXT || t->kind == TY_UNION) return keep_text(e, &v->t);
  if (t->kind == TY_LIST) {
    list *to = arena_try(&e->kept, sizeof *to + v->l->n * sizeof(val));
    if (!to) return false;
    val *x = (val *)(void *)(to + 1);
    for (uint32_t i = 0; i < v->l->n; i++) {
      x[i] = v->l->v[i];
      if (!keep(e, t->elem, &x[i])) return false;
    }
    *to = (list){ v->l->n, x };
    v->l = to;
  } else if (t->kind == TY_MAP) {
    map *to = arena_try(&e->kept, sizeof *to + v->m->n * sizeof(map_entry));
    if (!to) return false;
    map_entry *x = (map_entry *)(void *)(to + 1);
    for (uint32_t i = 0; i < v->m->n; i++) {
      x[i] = v->m->e[i];
      if (!keep_text(e, &x[i].key) || !keep(e, t->elem, &x[i].value)) return false;
    }
    *to = (map){ v->m->n, x };
    v->m = to;
  }
  return true;
}

/* A function without parameters (so is every `let` of a module that is no constant) depends on the run's data and clock alone: it is computed once.
   What its value points to is memory of the row under way, and is copied. */
static void remember(vm_engine *e, uint32_t fn) {
  const type *t = e->p->ir->fns[fn]->ret;
  val v = e->ret;
  if (e->ret_st == ST_OK && (!code_is_kept(t) || !keep(e, t, &v))) return;
  e->once[fn] = (vm_once){ true, e->ret_st, v };
}

int vm_op_fn(vm_engine *e, const vm_frame *f, const ins *i) {
  const code_site *s = &f->u->tab->sites[i->d];
  const vm_once *once = s->n ? NULL : &e->once[s->index];
  if (once && once->known && (once->st == ST_OK || !f->u->collect)) { /* causes are noted by the body */
    f->R[i->a] = once->v;
    return give_status(f, i, once->st);
  }
  uint8_t st = lifted(f, s);
  if (st != ST_OK) return give_status(f, i, st);
  const code_fn *fn = &e->p->c->fns[s->index];
  const code_unit *u = f->u->collect ? fn->why : fn->main;
  uint32_t base = e->sp;
  if (base + u->nregs > e->stack_cap) return RUN_BUDGET; /* cannot be: the stack has room for the deepest chain */
  val *R = e->stack + base;
  uint8_t *S = e->stack_st + base;
  for (uint32_t k = 0; k < s->n; k++) R[k] = f->R[s->regs[k]], S[k] = f->S[s->regs[k]];
  memset(S + s->n, ST_MISSING, (size_t)(u->nregs - s->n));
  e->sp += u->nregs;
  int rc = vm_run(e, u, R, S, NULL);
  e->sp = base;
  if (rc < 0) return rc;
  if (once) remember(e, s->index);
  f->R[i->a] = e->ret;
  return give_status(f, i, e->ret_st);
}

int vm_op_table(vm_engine *e, const vm_frame *f, const ins *i) {
  const code_site *s = &f->u->tab->sites[i->d];
  uint8_t st = lifted(f, s);
  if (st != ST_OK) return give_status(f, i, st);
  const prog_table *t = e->p->ir->tables[s->index];
  uint32_t row = table_find(t, f->R, f->S, s->regs, &e->steps);
  if (e->steps > e->max_steps) return RUN_BUDGET;
  if (row == TABLE_NO_ROW) return refuse(e, f, i, ST_MISSING, (str){ 0 });
  f->R[i->a] = t->results[row];
  return give_status(f, i, ST_OK);
}

static int give_truth(const vm_frame *f, const ins *i, truth t) {
  f->R[i->a].i = t == TR_T;
  return give_status(f, i, t == TR_E ? ST_ERR : t == TR_U ? ST_MISSING : ST_OK);
}

int vm_op_audience(vm_engine *e, const vm_frame *f, const ins *i) {
  const code_audience *a = &e->p->c->audiences[i->d];
  bool vacuous = e->vacuous;
  int t = vm_run_on_record(e, f->u->collect ? a->why : a->main, f->R[i->b].r);
  e->vacuous = vacuous;
  return t < 0 ? t : give_truth(f, i, (truth)t);
}

static truth both(truth a, truth b) {
  if (a == TR_F || b == TR_F) return TR_F;
  if (a == TR_E || b == TR_E) return TR_E;
  return a == TR_U || b == TR_U ? TR_U : TR_T;
}

static truth truth_of(verdict v) { return v == V_FAIL ? TR_F : v == V_ERROR ? TR_E : v == V_UNKNOWN ? TR_U : TR_T; }

/* One rule of a passes list; where causes are collected, clause by clause. */
static int rule_truth(vm_engine *e, const vm_frame *f, uint32_t rule, const rec *r) {
  const code_rule *c = &e->p->c->rules[rule];
  if (e->inactive[rule] == RULE_INACTIVE) return TR_T;
  if (!f->u->collect) {
    int v = vm_run_on_record(e, c->main, r);
    return v < 0 ? v : (int)truth_of(vm_waived(e, rule, r, (verdict)v));
  }
  uint32_t mark = e->notes.n;
  truth all = TR_T;
  for (uint32_t k = 0; k < e->p->ir->rules[rule]->nclauses; k++) {
    int t = vm_run_on_record(e, c->why[k], r);
    if (t < 0) return t;
    all = both(all, (truth)t);
  }
  verdict v = all == TR_F ? V_FAIL : all == TR_U ? V_UNKNOWN : V_PASS;
  if (vm_waived(e, rule, r, v) != V_WAIVED) return (int)all;
  e->notes.n = mark;
  return TR_T;
}

static int op_verdict(vm_engine *e, const vm_frame *f, const ins *i, uint32_t rule) {
  bool vacuous = e->vacuous;
  int v = e->inactive[rule] == RULE_INACTIVE ? V_INACTIVE : vm_run_on_record(e, e->p->c->rules[rule].main, f->R[i->b].r);
  if (v < 0) return v;
  e->vacuous = vacuous;
  f->R[i->a].i = (int64_t)vm_waived(e, rule, f->R[i->b].r, (verdict)v) + 1;
  int over = over_budget(e);
  return over ? over : give_status(f, i, ST_OK);
}

static int op_names(vm_engine *e, const vm_frame *f, const ins *i, const prog_passes *s) {
  const prog_rule **failing = ARENA_ARRAY(e->cur, const prog_rule *, s->nrules + 1u);
  uint32_t n = 0;
  bool vacuous = e->vacuous;
  const rec *r = f->R[i->b].r;
  for (uint32_t k = 0; k < s->nrules; k++) {
    uint32_t rule = s->rules[k];
    e->steps++;
    int v = e->inactive[rule] == RULE_INACTIVE ? V_INACTIVE : vm_run_on_record(e, e->p->c->rules[rule].main, r);
    if (v < 0) return v;
    if (vm_waived(e, rule, r, (verdict)v) == V_FAIL) failing[n++] = e->p->ir->rules[rule];
  }
  e->vacuous = vacuous;
  buf b = { .a = e->cur };
  prog_rules_text(&b, failing, n);
  text *t = ARENA_NEW(e->cur, text);
  *t = text_of(buf_done(&b));
  f->R[i->a].t = t;
  int over = over_budget(e);
  return over ? over : give_status(f, i, ST_OK);
}

int vm_op_passes(vm_engine *e, const vm_frame *f, const ins *i) {
  const prog_passes *s = e->p->ir->passes[i->d];
  if (i->x == PASSES_VERDICT) return op_verdict(e, f, i, s->rules[0]);
  if (i->x == PASSES_NAMES) return op_names(e, f, i, s);
  bool vacuous = e->vacuous;
  truth all = TR_T;
  for (uint32_t k = 0; k < s->nrules && (f->u->collect || all != TR_F); k++) {
    e->steps++;
    int t = rule_truth(e, f, s->rules[k], f->R[i->b].r);
    if (t < 0) return t;
    all = both(all, (truth)t);
  }
  e->vacuous = vacuous; /* the mark belongs to the rule that is asked about, not to those that it asks */
  if (i->x) all = all == TR_T ? TR_F : all == TR_F ? TR_T : all;
  int over = over_budget(e);
  return over ? over : give_truth(f, i, all);
}

/* ---- walks over sources ---- */

int vm_op_open(vm_engine *e, const vm_frame *f, const ins *i) {
  if (e->nwalks == e->walks_cap) {
    uint32_t cap = e->walks_cap ? e->walks_cap * 2 : 16;
    vm_walk *w = mem_grow(e->m, e->walks, sizeof *w * e->walks_cap, sizeof *w * cap);
    if (!w) return RUN_OOM;
    e->walks = w, e->walks_cap = cap;
  }
  bool keyed = (i->x & OPEN_KEYED) && f->S[i->a] == ST_OK;
  vm_walk *w = &e->walks[e->nwalks];
  *w = (vm_walk){ .keep = i->x & OPEN_KEEP, .back = e->cur };
  val key = keyed ? f->R[i->a] : (val){ .i = 0 };
  if (!e->h || !e->h->open || e->h->open(e->h->ud, i->d, keyed ? i->c : -1, key, i->x & OPEN_ORDERED, &w->c) != HOST_FOUND) return host_failed(e);
  e->nwalks++;
  if (!w->keep) {
    w->mark = arena_save(&e->loop);
    e->cur = e->lib.a = &e->loop;
  }
  memset(f->S + i->b, ST_MISSING, (size_t)(f->u->nregs - i->b));
  return 0;
}

int vm_op_step(vm_engine *e, const vm_frame *f, const ins *i) {
  vm_walk *w = &e->walks[e->nwalks - 1];
  const rec *r = NULL;
  if (!w->keep) {
    arena_restore(&e->loop, w->mark);
    memset(f->S + i->b, ST_MISSING, (size_t)(f->u->nregs - i->b));
  }
  int got = e->h->next(e->h->ud, w->c, w->keep, &r);
  if (got == HOST_FAILED) return host_failed(e);
  if (got != HOST_FOUND) return 0;
  f->R[i->a].r = r;
  f->S[i->a] = ST_OK;
  f->R[i->c].i = (int64_t)((uint64_t)f->R[i->c].i + 1);
  return 1;
}

void vm_op_close(vm_engine *e) { vm_close_walks(e, e->nwalks - 1); }

void vm_close_walks(vm_engine *e, uint32_t down_to) {
  while (e->nwalks > down_to) {
    vm_walk *w = &e->walks[--e->nwalks];
    e->h->close(e->h->ud, w->c);
    if (w->keep) continue;
    arena_restore(&e->loop, w->mark);
    e->cur = e->lib.a = w->back;
  }
}

/* ---- making values ---- */

void vm_op_list(vm_engine *e, const vm_frame *f, const ins *i) {
  const code_site *s = &f->u->tab->sites[i->d];
  uint8_t st = lifted(f, s);
  if (st != ST_OK) { f->S[i->a] = st; return; }
  list *l = ARENA_NEW(e->cur, list);
  val *v = ARENA_ARRAY(e->cur, val, s->n);
  for (uint32_t k = 0; k < s->n; k++) v[k] = f->R[s->regs[k]];
  *l = (list){ s->n, v };
  f->R[i->a].l = l;
  f->S[i->a] = ST_OK;
}

static rec *new_record(vm_engine *e, const type_rec *shape) {
  rec *r = ARENA_NEW(e->cur, rec);
  *r = (rec){ .ty = shape, .cap = shape->nfields, .source = UINT32_MAX, .v = ARENA_ARRAY(e->cur, val, shape->nfields),
              .st = ARENA_ARRAY(e->cur, uint8_t, shape->nfields) };
  return r;
}

static void finish_record(const vm_frame *f, const ins *i, rec *r) {
  r->clean = true;
  for (uint32_t k = 0; k < r->ty->nfields; k++)
    if (r->st[k] == ST_ERR || (r->st[k] == ST_MISSING && !r->ty->fields[k].type->opt)) r->clean = false;
  f->R[i->a].r = r;
  f->S[i->a] = ST_OK;
}

void vm_op_record(vm_engine *e, const vm_frame *f, const ins *i) {
  const code_site *s = &f->u->tab->sites[i->d];
  uint8_t st = lifted(f, s);
  if (st != ST_OK) { f->S[i->a] = st; return; }
  rec *r = new_record(e, s->rett->rec);
  for (uint32_t k = 0; k < s->n; k++) r->v[k] = f->R[s->regs[k]], r->st[k] = f->S[s->regs[k]];
  finish_record(f, i, r);
}

void vm_op_with(vm_engine *e, const vm_frame *f, const ins *i) {
  const code_site *s = &f->u->tab->sites[i->d];
  uint8_t st = lifted(f, s);
  if (f->S[i->b] > st) st = f->S[i->b];
  if (st != ST_OK) { f->S[i->a] = st; return; }
  const rec *from = f->R[i->b].r;
  rec *r = new_record(e, from->ty);
  memcpy(r->v, from->v, sizeof *r->v * r->ty->nfields);
  memcpy(r->st, from->st, r->ty->nfields);
  r->bads = from->bads;
  for (uint32_t k = 0; k < s->n; k++) r->v[s->idx[k]] = f->R[s->regs[k]], r->st[s->idx[k]] = f->S[s->regs[k]];
  finish_record(f, i, r);
}

void vm_op_interp(vm_engine *e, const vm_frame *f, const ins *i) {
  const code_site *s = &f->u->tab->sites[i->d];
  bool shown = s->n && !s->lifts[0]; /* all or none */
  uint8_t st = shown ? ST_OK : lifted(f, s);
  if (st != ST_OK) { f->S[i->a] = st; return; }
  buf b = { .a = e->cur };
  for (uint32_t k = 0; k < s->n; k++) {
    if (f->S[s->regs[k]] != ST_OK) buf_z(&b, f->S[s->regs[k]] == ST_MISSING ? "(missing)" : "(error)");
    else if (s->fmt && s->fmt[k].n) e->p->ir->lib->format(&b, s->argt[k], f->R[s->regs[k]], s->fmt[k]);
    else val_print(&b, s->argt[k], f->R[s->regs[k]], false);
  }
  text *t = ARENA_NEW(e->cur, text);
  *t = text_of(buf_done(&b));
  e->steps += t->n / 64;
  f->R[i->a].t = t;
  f->S[i->a] = ST_OK;
}

void vm_op_entry(vm_engine *e, const vm_frame *f, const ins *i, uint32_t at) {
  const map_entry *m = &f->R[i->b].m->e[at];
  rec *r = new_record(e, f->u->regs[i->a].type->rec);
  r->v[0].t = m->key;
  r->v[1] = m->value;
  r->clean = true;
  f->R[i->a].r = r;
  f->S[i->a] = ST_OK;
}

/* The least or greatest text must outlive the row that it came from. */
void vm_op_agg_add(vm_engine *e, const vm_frame *f, const ins *i) {
  if (f->S[i->a] != ST_OK || f->S[i->b] != ST_OK) return;
  agg *g = (agg *)(uintptr_t)f->R[i->a].p;
  const text *before = g->n ? g->best.t : NULL;
  agg_add(g, f->R[i->b]);
  if ((g->op != AGG_MIN && g->op != AGG_MAX) || !g->elem || !code_is_pointer(g->elem) || g->best.t == before) return;
  if (g->best.t->atom) return; /* canonical literals live as long as the program */
  text *t = ARENA_NEW(&e->main, text);
  *t = text_of(str_dup(&e->main, str_of(g->best.t)));
  g->best.t = t;
}

/* ---- tests ---- */

void vm_op_matches(vm_engine *e, const vm_frame *f, const ins *i) {
  e->lib.error = (str){ 0 };
  int got = e->p->ir->lib->matches(&e->lib, e->p->ir->patterns[i->d], str_of(f->R[i->b].t));
  if (got < 0) refuse(e, f, i, ST_ERR, e->lib.error);
  else give_bool(f, i, got == 1);
}

bool vm_has_error(const type *t, val v) {
  switch ((type_kind)t->kind) {
  case TY_RECORD:
    for (uint32_t k = 0; k < v.r->ty->nfields; k++) {
      if (v.r->st[k] == ST_ERR) return true;
      if (v.r->st[k] == ST_OK && vm_has_error(v.r->ty->fields[k].type, v.r->v[k])) return true;
    }
    return false;
  case TY_LIST: case TY_PALETTE:
    for (uint32_t k = 0; t->elem && code_is_pointer(t->elem) && k < v.l->n; k++)
      if (vm_has_error(t->elem, v.l->v[k])) return true;
    return false;
  case TY_MAP:
    for (uint32_t k = 0; code_is_pointer(t->elem) && k < v.m->n; k++)
      if (vm_has_error(t->elem, v.m->e[k].value)) return true;
    return false;
  case TY_ERROR: case TY_NEVER: case TY_BOOL: case TY_INT: case TY_NUMBER: case TY_TEXT: case TY_UNION: case TY_COLOR: case TY_DATE: case TY_TIME:
  case TY_DURATION: case TY_MONTHS: case TY_PATTERN: case TY_REF: case TY_TERMS: case TY_VAR: return false;
  }
  return false;
}

static bool holds_nothing(const type *t) { return t->kind == TY_NEVER || (t->elem && holds_nothing(t->elem)); }

static const str field_in_error = { "a field of the record is in error", 33 };

static bool alike(const type *ta, val a, const type *tb, val b) {
  if (ta->kind == TY_INT && tb->kind == TY_NUMBER) return vm_compare_mixed(a.i, b.n) == 0;
  if (ta->kind == TY_NUMBER && tb->kind == TY_INT) return vm_compare_mixed(b.i, a.n) == 0;
  return val_eq(holds_nothing(ta) ? tb : ta, a, b);
}

void vm_op_eq(vm_engine *e, const vm_frame *f, const ins *i) {
  const type *tb = f->u->regs[i->b].type, *tc = f->u->regs[i->c].type;
  val b = f->R[i->b], c = f->R[i->c];
  if (vm_has_error(tb, b) || vm_has_error(tc, c)) refuse(e, f, i, ST_ERR, field_in_error);
  else give_bool(f, i, alike(tb, b, tc, c));
}

void vm_op_in_list(vm_engine *e, const vm_frame *f, const ins *i) {
  const type *tx = f->u->regs[i->b].type, *tl = f->u->regs[i->c].type;
  val x = f->R[i->b];
  const list *l = f->R[i->c].l;
  if (vm_has_error(tx, x) || vm_has_error(tl, f->R[i->c])) { refuse(e, f, i, ST_ERR, field_in_error); return; }
  bool found = false;
  for (uint32_t k = 0; k < l->n && tl->elem && !found; k++) found = alike(tx, x, tl->elem->base ? tl->elem->base : tl->elem, l->v[k]);
  give_bool(f, i, found);
}

/* Sets are sorted by value; short ones are searched from the front. */
bool vm_in_set(const type *list_type, val v, const list *l) {
  const type *t = code_rep(list_type->elem);
  if (l->n <= 8) {
    bool text = t->kind == TY_TEXT || t->kind == TY_UNION, number = t->kind == TY_NUMBER;
    for (uint32_t k = 0; k < l->n; k++)
      if (text ? text_eq(v.t, l->v[k].t) : number ? v.n == l->v[k].n : v.i == l->v[k].i) return true;
    return false;
  }
  uint32_t low = 0, high = l->n;
  while (low < high) {
    uint32_t mid = low + (high - low) / 2;
    int c = val_cmp(t, l->v[mid], v);
    if (c == 0) return true;
    if (c < 0) low = mid + 1;
    else high = mid;
  }
  return false;
}

/* Maps are sorted by key. */
const val *vm_map_find(const map *m, const text *key) {
  uint32_t low = 0, high = m->n;
  while (low < high) {
    uint32_t mid = low + (high - low) / 2;
    int c = str_cmp(str_of(m->e[mid].key), str_of(key));
    if (c == 0) return &m->e[mid].value;
    if (c < 0) low = mid + 1;
    else high = mid;
  }
  return NULL;
}

/* ---- causes ---- */

/* Distinct by text and kind: the first reason stands. Causes before note_base belong to something else (see BC_MARK). */
void vm_note(vm_engine *e, str cause, uint8_t st, str error) {
  for (uint32_t k = e->note_base; k < e->notes.n; k++)
    if (e->notes.v[k].kind == st && str_eq(e->notes.v[k].text, cause)) return;
  *VEC_PUSH(&e->main, &e->notes) = (vm_cause){ cause, st, st == ST_ERR ? str_dup(&e->main, error) : (str){ 0 } };
}

void vm_cut(vm_engine *e, uint32_t mark, uint8_t what) {
  uint32_t kept = mark;
  for (uint32_t k = mark; k < e->notes.n; k++)
    if (what != ST_OK && e->notes.v[k].kind == what) e->notes.v[kept++] = e->notes.v[k];
  if (kept < e->notes.n) e->notes.n = kept;
}
