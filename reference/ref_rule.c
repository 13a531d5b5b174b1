/* Rules and audiences in the reference evaluator: guard, lets, clauses, the verdict and its messages; and the entry points of ref.h, which
 * are the only places that install a jump target. */
#include "compiler/waiver.h"
#include "reference/ref_int.h"

#include <string.h>

enum { SHOWN = 3 }; /* breaking elements that a clause names */

static ref_notes notes_since(ref_eval *e, uint32_t mark) {
  ref_notes s = { e->notes.n - mark, NULL };
  ref_cause *copy = ARENA_ARRAY(e->c->a, ref_cause, s.n + 1);
  if (s.n) memcpy(copy, e->notes.v + mark, sizeof *copy * s.n);
  s.v = copy;
  e->notes.n = mark;
  return s;
}

static void note_again(ref_eval *e, ref_notes s) {
  for (uint32_t i = 0; i < s.n; i++) *VEC_PUSH(e->c->a, &e->notes) = s.v[i];
}

static void bind_lets(ref_eval *e, const prog_rule *r, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    uint32_t mark = e->notes.n;
    ref_val v = ref_walk(e, r->lets[i].init);
    e->f->local[r->lets[i].local] = v;
    e->f->notes[r->lets[i].local] = notes_since(e, mark);
  }
}

static bool active(const prog_rule *r, int64_t now) { return !(r->has_since && now < r->since) && !(r->has_until && now >= r->until); }

static uint8_t status_of(truth t) { return t == TR_E ? ST_ERR : t == TR_U ? ST_MISSING : ST_OK; }

/* guard implies clause; what both noted is kept as the result asks. */
static truth judge(ref_eval *e, truth guard, ref_notes guard_notes, const prog_clause *c) {
  uint32_t mark = e->notes.n;
  note_again(e, guard_notes);
  truth t = ref_or(ref_not(guard), ref_truth(e, c->test));
  ref_filter(e, mark, status_of(t));
  return t;
}

static bool covered(ref_eval *e, const prog_rule *r, const rec *record, verdict v) {
  if (!r->nwaivers || (v != V_FAIL && v != V_UNKNOWN)) return false;
  return waiver_covers(e->c->a, e->c->p, e->c->p->waivers[r->first_waiver]->rule, record, e->c->now);
}

/* ---- inside `passes` and `in` ---- */

verdict ref_rule_verdict(ref_eval *e, const prog_rule *r, const rec *record) {
  if (!active(r, e->c->now)) return V_INACTIVE;
  bool vacuous = e->vacuous;
  uint32_t mark = e->notes.n;
  ref_frame *back = ref_push_frame(e, r->nlocals, record);
  truth guard = r->guard ? ref_truth(e, r->guard) : TR_T, all = TR_T;
  ref_notes why = notes_since(e, mark);
  if (guard != TR_F) {
    bind_lets(e, r, r->nlets);
    for (uint32_t i = 0; i < r->nclauses; i++) all = ref_and(all, judge(e, guard, why, &r->clauses[i]));
  }
  e->f = back;
  e->vacuous = vacuous; /* the mark belongs to the rule that is asked about, not to those that it asks */
  verdict v = guard == TR_F ? V_SKIP : all == TR_F ? V_FAIL : all == TR_E ? V_ERROR : all == TR_U ? V_UNKNOWN : V_PASS;
  if (!covered(e, r, record, v)) return v;
  e->notes.n = mark;
  return V_WAIVED;
}

truth ref_rule_truth(ref_eval *e, const prog_rule *r, const rec *record) {
  verdict v = ref_rule_verdict(e, r, record);
  return v == V_FAIL ? TR_F : v == V_ERROR ? TR_E : v == V_UNKNOWN ? TR_U : TR_T;
}

truth ref_audience_truth(ref_eval *e, const prog_audience *a, const rec *record) {
  bool vacuous = e->vacuous;
  ref_frame *back = ref_push_frame(e, a->nlocals, record);
  truth t = a->test ? ref_truth(e, a->test) : TR_T;
  e->f = back;
  e->vacuous = vacuous;
  return t;
}

/* ---- messages ---- */

typedef struct telling { const prog_clause *c; uint32_t level; str *out; uint32_t n; } telling;

static void tell(ref_eval *e, telling *t) {
  ref_val m = { .st = ST_MISSING };
  if (t->c->message) m = ref_walk(e, t->c->message);
  t->out[t->n++] = m.st ? str_fmt(e->c->a, "`%.*s` does not hold", STR_ARG(t->c->text)) : str_dup(e->c->a, str_of(m.v.t));
}

static bool tell_element(ref_eval *e, void *ud);

/* Walks the quantifier at the present level, or tells when there is none left. */
static void tell_level(ref_eval *e, telling *t) {
  uint64_t walked;
  if (t->level == t->c->nwitness) tell(e, t);
  else ref_each(e, t->c->witness[t->level].bind, true, true, tell_element, t, &walked);
}

static bool tell_element(ref_eval *e, void *ud) {
  telling *t = ud;
  const ir_witness *w = &t->c->witness[t->level];
  const ir *where = w->bind->where;
  if (where && ref_truth(e, where) != TR_T) return true;
  truth got = w->test ? ref_truth(e, w->test) : TR_T;
  if (got != (w->negative ? TR_T : TR_F)) return true; /* unknown or in error: not to blame for a clause that is false */
  t->level++;
  tell_level(e, t);
  t->level--;
  return t->n < SHOWN;
}

static void tell_clause(ref_eval *e, ref_clause *out, const prog_clause *c) {
  uint32_t mark = e->notes.n;
  telling t = { .c = c, .out = ARENA_ARRAY(e->c->a, str, SHOWN) };
  tell_level(e, &t);
  if (!t.n) { /* no single element is to blame, as when the list itself is missing */
    t.level = c->nwitness;
    tell(e, &t);
  }
  e->notes.n = mark;
  out->messages = t.out;
  out->nmessages = t.n;
}

/* ---- rules ---- */

/* Distinct causes in order of first appearance. */
static void list_causes(ref_eval *e, uint32_t mark, uint32_t *n, ref_cause **out) {
  ref_cause *v = ARENA_ARRAY(e->c->a, ref_cause, e->notes.n - mark + 1);
  uint32_t k = 0;
  for (uint32_t i = mark; i < e->notes.n; i++) {
    bool seen = false;
    for (uint32_t j = 0; j < k; j++) seen |= v[j].kind == e->notes.v[i].kind && str_eq(v[j].text, e->notes.v[i].text);
    if (!seen) v[k++] = e->notes.v[i];
  }
  *n = k;
  *out = v;
}

static void judge_clauses(ref_eval *e, const prog_rule *r, truth guard, ref_notes why, ref_result *out) {
  truth all = TR_T;
  bool failed = false;
  out->clauses = ARENA_ARRAY(e->c->a, ref_clause, r->nclauses + 1);
  for (uint32_t i = 0; i < r->nclauses; i++) {
    uint32_t mark = e->notes.n;
    truth t = judge(e, guard, why, &r->clauses[i]);
    all = ref_and(all, t);
    failed |= t == TR_F;
    if (t == TR_T) continue;
    ref_clause *c = &out->clauses[out->nclauses++];
    c->clause = i;
    c->result = t;
    list_causes(e, mark, &c->ncauses, &c->causes);
    bool vacuous = e->vacuous;
    tell_clause(e, c, &r->clauses[i]);
    e->vacuous = vacuous;
    e->notes.n = mark;
  }
  out->v = failed ? V_FAIL : all == TR_E ? V_ERROR : all == TR_U ? V_UNKNOWN : V_PASS;
  out->vacuous = out->v == V_PASS && e->vacuous;
  if (covered(e, r, e->f->root, out->v)) out->v = V_WAIVED;
}

static void run_rule(ref_eval *e, const prog_rule *r, const rec *record, ref_result *out) {
  if (!active(r, e->c->now)) { out->v = V_INACTIVE; return; }
  ref_push_frame(e, r->nlocals, record);
  uint32_t mark = e->notes.n;
  truth guard = r->guard ? ref_truth(e, r->guard) : TR_T;
  ref_notes why = notes_since(e, mark);
  if (guard == TR_F) { out->v = V_SKIP; return; }
  bind_lets(e, r, r->nlets);
  judge_clauses(e, r, guard, why, out);
}

/* ---- entry points ---- */

/* What the entry points share: run(e, ud) with a place to jump to. Cursors are closed on every way out; a jump of the arena goes on to the
   handler that the caller had installed. */
static bool guarded(ref_ctx *c, const rec *top, void (*run)(ref_eval *e, void *ud), void *ud) {
  jmp_buf give_up, oom, *outer = c->a->oom;
  ref_eval *e = ARENA_NEW(c->a, ref_eval);
  e->c = c;
  e->give_up = &give_up;
  e->top = top;
  volatile int broken = 0;
  c->a->oom = &oom;
  int jumped = setjmp(oom);
  if (jumped) broken = jumped;
  else if (setjmp(give_up)) broken = -1;
  else run(e, ud);
  c->a->oom = outer;
  for (ref_cursor *k = e->open; k; k = k->next) c->h->close(c->h->ud, k->c);
  if (broken > 0 && outer) longjmp(*outer, broken);
  return !broken;
}

typedef struct rule_job { const prog_rule *r; const rec *record; ref_result *out; } rule_job;

static void run_rule_job(ref_eval *e, void *ud) {
  rule_job *j = ud;
  run_rule(e, j->r, j->record, j->out);
}

bool ref_rule(ref_ctx *c, uint32_t rule, const rec *r, ref_result *out) {
  memset(out, 0, sizeof *out);
  return guarded(c, r, run_rule_job, &(rule_job){ c->p->rules[rule], r, out });
}

typedef struct fix_job { const prog_rule *r; const prog_fix *fix; const rec *record; ref_val v; } fix_job;

static void run_fix_job(ref_eval *e, void *ud) {
  fix_job *j = ud;
  ref_push_frame(e, j->r->nlocals, j->record);
  bind_lets(e, j->r, j->r->nlets);
  j->v = ref_walk(e, j->fix->value);
}

bool ref_fix(ref_ctx *c, uint32_t rule, uint32_t fix, const rec *r, val *out, uint8_t *st) {
  const prog_rule *pr = c->p->rules[rule];
  fix_job j = { pr, &pr->fixes[fix], r, { .st = ST_MISSING } };
  if (!guarded(c, r, run_fix_job, &j)) return false;
  *out = j.v.v, *st = j.v.st;
  return true;
}

typedef struct expr_job {
  const ir *x;
  uint32_t nlocals, nlets;
  const prog_rule *rule; /* whose record and lets x may read; NULL: none */
  const prog_audience *audience;
  const rec *record;
  ref_val v;
  uint32_t *ncauses;
  ref_cause **causes;
} expr_job;

static void run_expr_job(ref_eval *e, void *ud) {
  expr_job *j = ud;
  if (j->audience) {
    j->v = ref_of_truth(ref_audience_truth(e, j->audience, j->record));
  } else {
    ref_push_frame(e, j->nlocals, j->record);
    if (j->rule) bind_lets(e, j->rule, j->nlets);
    j->v = ref_walk(e, j->x);
  }
  if (j->causes) list_causes(e, 0, j->ncauses, j->causes);
}

bool ref_audience(ref_ctx *c, uint32_t audience, const rec *r, truth *out, uint32_t *ncauses, ref_cause **causes) {
  expr_job j = { .audience = c->p->audiences[audience], .record = r, .ncauses = ncauses, .causes = causes };
  if (!guarded(c, r, run_expr_job, &j)) return false;
  *out = j.v.st == ST_ERR ? TR_E : j.v.st == ST_MISSING ? TR_U : j.v.v.i ? TR_T : TR_F;
  return true;
}

bool ref_expr(ref_ctx *c, const ir *x, uint32_t nlocals, val *out, uint8_t *st, uint32_t *ncauses, ref_cause **causes) {
  expr_job j = { .x = x, .nlocals = nlocals, .ncauses = ncauses, .causes = causes };
  if (!guarded(c, NULL, run_expr_job, &j)) return false;
  *out = j.v.v;
  *st = j.v.st;
  return true;
}

bool ref_in_rule(ref_ctx *c, const prog_rule *rule, uint32_t nlets, const rec *r, const ir *x, val *out, uint8_t *st, uint32_t *ncauses, ref_cause **causes) {
  expr_job j = { .x = x, .rule = rule, .nlocals = rule->nlocals, .nlets = nlets, .record = r, .ncauses = ncauses, .causes = causes };
  if (!guarded(c, r, run_expr_job, &j)) return false;
  *out = j.v.v;
  *st = j.v.st;
  return true;
}
