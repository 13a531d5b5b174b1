/* The engine's entry points: verdicts, explanations, audiences, expressions. This is where running out of memory lands;
 * whatever way an evaluation ends, no walk stays open. The path of validate (bulk.c) sets no landing for rules that cannot
 * fail. */
#include "compiler/waiver.h"
#include "vm/vm_int.h"

#include <string.h>

enum { DEFAULT_STEPS = 50000000, DEFAULT_BYTES = 256 << 20 };

/* ---- life ---- */

static bool grow_stack(vm_engine *e, uint32_t need) {
  if (need <= e->stack_cap && e->stack) return true;
  val *v = mem_grow(e->m, e->stack, sizeof *v * e->stack_cap, sizeof *v * need);
  if (!v) return false;
  e->stack = v;
  uint8_t *st = mem_grow(e->m, e->stack_st, e->stack_cap, need);
  if (!st) { /* the larger block stays; its size is what counts for giving it back */
    mem_free(e->m, e->stack, sizeof *v * need);
    e->stack = NULL;
    return false;
  }
  e->stack_st = st;
  e->stack_cap = need;
  return true;
}

vm_engine *vm_open(const mem *m, const vm_program *p, const host *h, struct lib_state *ls, vm_limits lim) {
  vm_engine *e = mem_try(m, sizeof *e);
  if (!e) return NULL;
  memset(e, 0, sizeof *e);
  e->m = m, e->p = p, e->h = h;
  e->rules = p->c->rules;
  e->run_table = vm_table_runner();
  e->max_steps = lim.steps ? lim.steps : DEFAULT_STEPS;
  arena_init(&e->main, m, &e->oom);
  arena_init(&e->loop, m, &e->oom);
  arena_init(&e->keep, m, &e->oom);
  arena_init(&e->kept, m, &e->oom);
  e->main.limit = e->loop.limit = e->kept.limit = lim.bytes ? lim.bytes : DEFAULT_BYTES;
  e->cur = &e->main;
  e->lib = (lib_ctx){ .a = e->cur, .keep = &e->keep, .m = m, .state = ls, .steps = &e->steps };
  e->inactive = mem_try(m, p->ir->nrules + 1u);
  e->tables = mem_try(m, sizeof *e->tables * (p->ir->nrules + 1u));
  e->direct = mem_try(m, sizeof *e->direct * (p->ir->nrules + 1u));
  e->once = mem_try(m, sizeof *e->once * (p->ir->nfns + 1u));
  if (!e->inactive || !e->tables || !e->direct || !e->once || !grow_stack(e, p->stack + 1)) {
    vm_close(e);
    return NULL;
  }
  vm_set_now(e, 0);
  return e;
}

void vm_close(vm_engine *e) {
  if (!e) return;
  vm_close_walks(e, 0);
  arena_free(&e->main);
  arena_free(&e->loop);
  arena_free(&e->keep);
  arena_free(&e->kept);
  mem_free(e->m, e->stack, sizeof *e->stack * e->stack_cap);
  mem_free(e->m, e->stack_st, e->stack_cap);
  mem_free(e->m, e->walks, sizeof *e->walks * e->walks_cap);
  mem_free(e->m, e->inactive, e->p->ir->nrules + 1u);
  mem_free(e->m, e->tables, sizeof *e->tables * (e->p->ir->nrules + 1u));
  mem_free(e->m, e->direct, sizeof *e->direct * (e->p->ir->nrules + 1u));
  mem_free(e->m, e->once, sizeof *e->once * (e->p->ir->nfns + 1u));
  mem_free(e->m, e, sizeof *e);
}

void vm_set_now(vm_engine *e, int64_t now_usec) {
  e->now = e->lib.now = now_usec;
  vm_forget(e);
  for (uint32_t i = 0; i < e->p->ir->nrules; i++) {
    const prog_rule *r = e->p->ir->rules[i];
    e->inactive[i] = (r->has_since && now_usec < r->since) || (r->has_until && now_usec >= r->until) ? RULE_INACTIVE : 0;
    for (uint32_t k = 0; k < r->nwaivers && !e->inactive[i]; k++)
      if (!waiver_ended(e->p->ir->waivers[r->first_waiver + k], now_usec)) e->inactive[i] = RULE_WAIVED;
    e->tables[i] = e->inactive[i] ? NULL : e->rules[i].table;
    e->direct[i] = vm_direct(e->tables[i]);
  }
}

void vm_forget(vm_engine *e) {
  memset(e->once, 0, sizeof *e->once * (e->p->ir->nfns + 1u));
  if (e->kept.used) arena_reset(&e->kept);
}

void vm_reset(vm_engine *e) {
  if (e->main.used) arena_reset(&e->main);
  if (e->loop.used) arena_reset(&e->loop);
  e->notes.v = NULL, e->notes.n = e->notes.cap = 0;
  e->note_base = 0;
  e->steps = 0;
}

uint64_t vm_steps(const vm_engine *e) { return e->steps; }
str vm_failure(const vm_engine *e) { return e->failure; }
arena *vm_arena(vm_engine *e) { return &e->main; }
lib_ctx *vm_lib(vm_engine *e) { return &e->lib; }

/* ---- landing ---- */

static int ended(vm_engine *e, int rc) {
  if (rc >= 0) return VM_OK;
  vm_close_walks(e, 0);
  e->cur = e->lib.a = &e->main;
  e->sp = 0;
  e->notes.n = e->note_base = 0;
  if (rc == RUN_HOST) return VM_HOST;
  if (rc == RUN_OOM) { e->failure = STR("out of memory"); return VM_OOM; }
  e->failure = e->steps > e->max_steps ? STR("the evaluation took more steps than its budget allows")
                                       : STR("the evaluation needed more memory than its budget allows");
  return VM_BUDGET;
}

/* Runs job with a place to land when memory is used up. */
static int landed(vm_engine *e, int (*job)(vm_engine *e, void *ud), void *ud) {
  int why = setjmp(e->oom);
  if (why) return ended(e, why == ARENA_LIMIT ? RUN_BUDGET : RUN_OOM);
  return ended(e, job(e, ud));
}

/* A frame over the record itself where it has the room. */
static inline int run_top(vm_engine *e, const code_unit *u, rec *r) {
  if (u->table && r) return e->run_table(u->table, r->v);
  if (!u->root || !r || r->cap < u->nregs) return vm_run_on_record(e, u, r);
  size_t own = (size_t)(u->nregs - u->nfixed);
  if (own) memset(r->st + u->nfixed, ST_MISSING, own);
  return vm_run(e, u, r->v, r->st, r);
}

static bool fitting(vm_engine *e, const code_unit *u, const rec *r) {
  if (!u->root || (r && r->ty->nfields == u->root->nfields)) return true;
  e->failure = STR("the rule judges records of another type");
  return false;
}

/* ---- verdicts ---- */

/* One rule that is no table: may allocate, so that it needs a landing unless its unit is pure. */
typedef struct bulk_job { const code_unit *u; rec *r; int v; } bulk_job;

static int run_bulk(vm_engine *e, void *ud) {
  bulk_job *j = ud;
  e->vacuous = false;
  j->v = run_top(e, j->u, j->r);
  return j->v < 0 ? j->v : 0;
}

verdict vm_waived(vm_engine *e, uint32_t rule, const rec *r, verdict v) {
  if (e->inactive[rule] != RULE_WAIVED || (v != V_FAIL && v != V_UNKNOWN)) return v;
  return waiver_covers(e->cur, e->p->ir, rule, r, e->now) ? V_WAIVED : v;
}

typedef struct waive_job { uint32_t rule; const rec *r; uint8_t *v; } waive_job;

static int run_waive(vm_engine *e, void *ud) {
  const waive_job *j = ud;
  *j->v = (uint8_t)vm_waived(e, j->rule, j->r, (verdict)*j->v);
  return 0;
}

int vm_pure(vm_engine *e, const code_unit *u, rec *r, uint8_t *verdict) {
  if (u->table) { *verdict = (uint8_t)e->run_table(u->table, r->v); return VM_OK; }
  for (uint32_t i = u->nfixed; i < u->nregs; i++) r->st[i] = ST_MISSING;
  e->vacuous = false;
  int v = vm_run(e, u, r->v, r->st, r);
  *verdict = (uint8_t)(v == V_PASS && e->vacuous ? V_PASS | 0x80 : v);
  return v < 0 ? ended(e, v) : VM_OK;
}

int vm_one_rule(vm_engine *e, uint32_t rule, rec *r, uint8_t *verdict) {
  if (e->inactive[rule] == RULE_INACTIVE) { *verdict = V_INACTIVE; return VM_OK; }
  const code_rule *c = &e->rules[rule];
  bulk_job j = { r && r->clean ? c->fast : c->main, r, 0 };
  if (j.u->root && !fitting(e, j.u, r)) return ended(e, RUN_HOST);
  int rc = j.u->pure ? ended(e, run_bulk(e, &j)) : landed(e, run_bulk, &j);
  if (rc == VM_OK) *verdict = (uint8_t)(j.v == V_PASS && e->vacuous ? V_PASS | 0x80 : j.v);
  if (rc == VM_OK && e->inactive[rule]) rc = landed(e, run_waive, &(waive_job){ rule, r, verdict });
  return rc;
}

/* ---- explanations ---- */

static void take_causes(vm_engine *e, uint32_t *n, vm_cause **causes) {
  *n = e->notes.n;
  *causes = ARENA_ARRAY(&e->main, vm_cause, e->notes.n + 1);
  if (e->notes.n) memcpy(*causes, e->notes.v, sizeof **causes * e->notes.n);
  e->notes.n = e->note_base = 0;
}

static void begin_notes(vm_engine *e) {
  e->notes.n = e->note_base = 0;
  e->made = false;
}

static int explain_clause(vm_engine *e, uint32_t rule, uint32_t clause, rec *r, vm_clause_result *out) {
  const code_rule *c = &e->p->c->rules[rule];
  begin_notes(e);
  e->top = r;
  int t = run_top(e, c->why[clause], r);
  if (t < 0) return t;
  *out = (vm_clause_result){ .clause = clause, .result = (truth)t };
  if (t == TR_T) return 0;
  take_causes(e, &out->ncauses, &out->causes);
  out->messages = ARENA_ARRAY(&e->main, str, CODE_MAX_MESSAGES);
  e->messages = out->messages, e->nmessages = 0;
  e->clause_text = e->p->ir->rules[rule]->clauses[clause].text;
  int rc = run_top(e, c->say[clause], r);
  out->nmessages = e->nmessages;
  e->messages = NULL;
  return rc < 0 ? rc : 0;
}

typedef struct rule_job { uint32_t rule; rec *r; bool explain; vm_result *out; } rule_job;

static int run_rule(vm_engine *e, void *ud) {
  const rule_job *j = ud;
  const code_rule *c = &e->p->c->rules[j->rule];
  const code_unit *u = j->r && j->r->clean ? c->fast : c->main;
  if (!fitting(e, u, j->r)) return RUN_HOST;
  e->vacuous = false;
  int v = run_top(e, u, j->r);
  if (v < 0) return v;
  j->out->v = vm_waived(e, j->rule, j->r, (verdict)v);
  j->out->vacuous = v == V_PASS && e->vacuous;
  if (!j->explain || v == V_PASS || v == V_SKIP) return 0;
  uint32_t n = e->p->ir->rules[j->rule]->nclauses;
  j->out->clauses = ARENA_ARRAY(&e->main, vm_clause_result, n + 1);
  for (uint32_t k = 0; k < n; k++) {
    vm_clause_result one;
    int rc = explain_clause(e, j->rule, k, j->r, &one);
    if (rc < 0) return rc;
    if (one.result != TR_T) j->out->clauses[j->out->nclauses++] = one;
  }
  return 0;
}

int vm_rule(vm_engine *e, uint32_t rule, rec *r, bool explain, vm_result *out) {
  *out = (vm_result){ .v = V_INACTIVE };
  if (e->inactive[rule] == RULE_INACTIVE) return VM_OK;
  rule_job j = { rule, r, explain, out };
  return landed(e, run_rule, &j);
}

/* ---- fixes ---- */

typedef struct fix_job { uint32_t rule, fix; const rec *r; val *out; uint8_t *st; } fix_job;

static int run_fix(vm_engine *e, void *ud) {
  const fix_job *j = ud;
  const code_unit *u = e->p->c->rules[j->rule].fix[j->fix];
  if (!fitting(e, u, j->r)) return RUN_HOST;
  e->top = j->r;
  int rc = vm_run_on_record(e, u, j->r);
  if (rc < 0) return rc;
  *j->out = e->ret;
  *j->st = e->ret_st;
  return 0;
}

int vm_fix(vm_engine *e, uint32_t rule, uint32_t fix, const rec *r, val *out, uint8_t *st) {
  fix_job j = { rule, fix, r, out, st };
  *st = ST_MISSING;
  return landed(e, run_fix, &j);
}

/* ---- audiences ---- */

typedef struct audience_job { uint32_t audience; rec *r; truth *out; uint32_t *n; vm_cause **causes; } audience_job;

static int run_audience(vm_engine *e, void *ud) {
  const audience_job *j = ud;
  const code_audience *a = &e->p->c->audiences[j->audience];
  const code_unit *u = j->causes ? a->why : j->r && j->r->clean ? a->fast : a->main;
  if (!fitting(e, u, j->r)) return RUN_HOST;
  begin_notes(e);
  e->top = j->r;
  int t = run_top(e, u, j->r);
  if (t < 0) return t;
  *j->out = (truth)t;
  if (j->causes) take_causes(e, j->n, j->causes);
  return 0;
}

int vm_audience(vm_engine *e, uint32_t audience, rec *r, truth *out) {
  const code_audience *a = &e->p->c->audiences[audience];
  if (r && r->clean && a->fast->pure) {
    int t = run_top(e, a->fast, r);
    if (t >= 0) *out = (truth)t;
    return t < 0 ? ended(e, t) : VM_OK;
  }
  audience_job j = { audience, r, out, NULL, NULL };
  return landed(e, run_audience, &j);
}

int vm_audience_causes(vm_engine *e, uint32_t audience, rec *r, truth *out, uint32_t *n, vm_cause **causes) {
  audience_job j = { audience, r, out, n, causes };
  return landed(e, run_audience, &j);
}

/* ---- functions ---- */

typedef struct call_job { uint32_t fn; const val *args; const uint8_t *sts; val *out; uint8_t *st; uint32_t *n; vm_cause **causes; } call_job;

static int run_call(vm_engine *e, void *ud) {
  const call_job *j = ud;
  const code_fn *fn = &e->p->c->fns[j->fn];
  const code_unit *u = j->causes ? fn->why : fn->main;
  uint32_t base = e->sp, n = e->p->ir->fns[j->fn]->nparams;
  if (base + u->nregs > e->stack_cap) return RUN_BUDGET; /* cannot be: the stack has room for the deepest chain */
  val *R = e->stack + base;
  uint8_t *S = e->stack_st + base;
  for (uint32_t k = 0; k < n; k++) R[k] = j->args[k], S[k] = j->sts[k];
  memset(S + n, ST_MISSING, (size_t)(u->nregs - n));
  begin_notes(e);
  e->sp += u->nregs;
  int rc = vm_run(e, u, R, S, NULL);
  e->sp = base;
  if (rc < 0) return rc;
  *j->out = e->ret, *j->st = e->ret_st;
  if (j->causes) take_causes(e, j->n, j->causes);
  return 0;
}

int vm_call(vm_engine *e, uint32_t fn, const val *args, const uint8_t *sts, val *out, uint8_t *st, uint32_t *n, vm_cause **causes) {
  call_job j = { fn, args, sts, out, st, n, causes };
  *st = ST_ERR;
  e->top = NULL;
  return landed(e, run_call, &j);
}

/* ---- expressions ---- */

typedef struct eval_job { diags *d; const ir *x; uint32_t nlocals; val *out; uint8_t *st; uint32_t *n; vm_cause **causes; } eval_job;

static int run_eval(vm_engine *e, void *ud) {
  const eval_job *j = ud;
  *j->st = ST_ERR;
  code_unit *u = emit_expression(&e->main, j->d, e->p->ir, j->x, j->nlocals);
  if (!u) return RUN_BUDGET;
  vm_measure_unit(e->p, u);
  if (!grow_stack(e, u->stack + 1)) return RUN_OOM;
  begin_notes(e);
  e->top = NULL;
  int rc = vm_run_on_record(e, u, NULL);
  if (rc < 0) return rc;
  *j->out = e->ret;
  *j->st = e->ret_st;
  if (j->causes) take_causes(e, j->n, j->causes);
  return 0;
}

int vm_eval(vm_engine *e, diags *d, const ir *x, uint32_t nlocals, val *out, uint8_t *st, uint32_t *ncauses, vm_cause **causes) {
  eval_job j = { d, x, nlocals, out, st, ncauses, causes };
  return landed(e, run_eval, &j);
}
