/* The test runner. See testrun.h. A test is a rule whose clauses are its expectations: the rows that it gives are made by the reference, put into a host
 * in memory, and the rule is run by the VM. */
#include "runtime/testrun_int.h"

#include "base/civil.h"
#include "runtime/native.h"
#include "stdlib/builtin.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REF_STEPS = 20000000, MAX_DETAILS = 12 };

const char *const test_status_names[] = { "pass", "fail", "error" };

/* ---- a program with its tests ---- */

static void with_tests(tester *t) {
  const ir_program *p = t->p->ir;
  ir_program *ir = t->ir = ARENA_NEW(t->a, ir_program);
  *ir = *p;
  uint32_t more = p->ntests, wraps = 0;
  for (uint32_t i = 0; i < p->ntests; i++) more += p->tests[i]->nvalid, wraps += p->tests[i]->wrap != NULL;
  ir->rules = ARENA_ARRAY(t->a, prog_rule *, p->nrules + more + 1);
  ir->records = ARENA_ARRAY(t->a, prog_record *, p->nrecords + wraps + 1);
  if (p->nrules) memcpy(ir->rules, p->rules, sizeof *p->rules * p->nrules);
  if (p->nrecords) memcpy(ir->records, p->records, sizeof *p->records * p->nrecords);
  t->rule_at = ARENA_ARRAY(t->a, uint32_t, p->ntests + 1);
  for (uint32_t i = 0; i < p->ntests; i++) {
    prog_test *x = p->tests[i];
    if (x->wrap) ir->records[x->rule->record] = x->wrap;
    t->rule_at[i] = ir->nrules;
    ir->rules[ir->nrules++] = x->rule;
    for (uint32_t k = 0; k < x->nvalid; k++) ir->rules[ir->nrules++] = x->valid[k];
  }
  ir->nrecords += wraps;
}

static bool compile_tests(tester *t) {
  diags d;
  diags_init(&d, t->a, t->ir->src);
  t->vp = vm_compile(&t->code, &d, t->ir);
  for (uint32_t i = 0; i < d.list.n && !t->vp; i++)
    if (d.list.v[i]->sev == SEV_ERROR) { t->rep->failure = d.list.v[i]->message; break; }
  return t->vp != NULL;
}

static int tester_open(tester *t) {
  with_tests(t);
  t->q = *t->p;
  t->q.ir = t->ir;
  mem_host_init(&t->host, t->a, &t->rep->m, t->ir);
  t->vm_ls = lib_open(&t->rep->m);
  t->ref_ls = lib_open(&t->rep->m);
  if (!t->vm_ls || !t->ref_ls) return RT_OOM;
  t->lib = (lib_ctx){ .a = &t->rows, .keep = t->a, .m = &t->rep->m, .state = t->ref_ls, .externs = rt_native_host(t->p->natives) };
  t->ref = (ref_ctx){ .a = &t->rows, .p = t->ir, .h = &t->host.h, .lib = &t->lib, .max_steps = REF_STEPS };
  if (!compile_tests(t)) return RT_RULES;
  t->q.vm = t->vp;
  t->e = vm_open(&t->rep->m, t->vp, &t->host.h, t->vm_ls, t->o->limits);
  if (t->e) vm_lib(t->e)->externs = rt_native_host(t->p->natives);
  return t->e ? RT_OK : RT_OOM;
}

static void tester_close(tester *t) {
  if (t->e) vm_close(t->e);
  if (t->vm_ls) lib_close(t->vm_ls);
  if (t->ref_ls) lib_close(t->ref_ls);
  arena_free(&t->rows);
  arena_free(&t->tries);
  arena_free(&t->changed);
  arena_free(&t->code);
}

/* ---- telling ---- */

typedef struct telling { tester *t; const prog_test *x; uint32_t rule; rec *root; arena *a; VEC(test_problem) problems; enum test_status status; } telling;

static test_problem *problem(telling *o, enum test_status status, span sp) {
  if (status > o->status) o->status = status;
  test_problem *p = VEC_PUSH(o->a, &o->problems);
  *p = (test_problem){ .sp = sp, .text = { "", 0 }, .message = { "", 0 } };
  return p;
}

/* Something could not be set up, or run. */
static void broken(telling *o, span sp, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void broken(telling *o, span sp, const char *fmt, ...) {
  if (o->status < TEST_ERROR) o->status = TEST_ERROR;
  if (!o->a) return;
  va_list ap;
  va_start(ap, fmt);
  problem(o, TEST_ERROR, sp)->message = str_vfmt(o->a, fmt, ap);
  va_end(ap);
}

static str short_name(const prog_test *x, str name) {
  uint32_t n = x->module.n;
  if (n && name.n > n && name.p[n] == '.' && !memcmp(name.p, x->module.p, n)) return (str){ name.p + n + 1, name.n - n - 1 };
  return name;
}

static str causes_text(arena *a, uint32_t n, const ref_cause *v, uint8_t st) {
  buf b = { .a = a };
  for (uint32_t i = 0; i < n; i++) {
    if (v[i].kind != st) continue;
    if (b.n) buf_z(&b, "; ");
    buf_str(&b, v[i].text);
    if (st == ST_MISSING) buf_z(&b, " is missing");
    else if (v[i].error.n) buf_fmt(&b, ": %.*s", STR_ARG(v[i].error));
    else buf_z(&b, " is in error");
  }
  if (!b.n) buf_z(&b, st == ST_MISSING ? "something is missing" : "a value is in error");
  return buf_done(&b);
}

/* ---- given ---- */

/* A value that a test gives; false: told why there is none. */
static bool given_value(telling *o, const prog_given *g, const ir *x, val *out) {
  tester *t = o->t;
  uint8_t st;
  uint32_t n = 0;
  ref_cause *causes = NULL;
  if (!ref_in_rule(&t->ref, o->x->rule, g->nlets, o->root, x, out, &st, &n, &causes)) {
    broken(o, x->sp, t->host.oom ? "out of memory" : "this takes more steps than its budget allows");
    return false;
  }
  if (st == ST_OK) return true;
  str why = causes_text(&t->rows, n, causes, st);
  broken(o, x->sp, "this cannot be given: %.*s", STR_ARG(why));
  return false;
}

static const rec *as_row(telling *o, const rec *r, uint32_t source, uint32_t position) {
  rec *x = ARENA_NEW(&o->t->rows, rec);
  *x = *r;
  x->source = source, x->position = position;
  return x;
}

static void two_rows(telling *o, const prog_given *g, const rec *one, const rec *two) {
  const ir_program *ir = o->t->ir;
  str key = src_key_text(&o->t->rows, ir, two);
  uint32_t i = g->list ? 0 : (uint32_t)one->position - 1, k = g->list ? 0 : (uint32_t)two->position - 1;
  broken(o, g->rows[k]->sp, "rows %u and %u of `%.*s` have the same key, %.*s", (unsigned)one->position, (unsigned)two->position,
         STR_ARG(ir->sources[g->source]->name), STR_ARG(key));
  if (o->a && !g->list) o->problems.v[o->problems.n - 1].other = g->rows[i]->sp;
}

static bool give_rows(telling *o, const prog_given *g) {
  tester *t = o->t;
  VEC(const rec *) rows = { 0 };
  uint32_t source = (uint32_t)g->source;
  for (uint32_t i = 0; i < g->nrows; i++) {
    val v;
    if (!given_value(o, g, g->rows[i], &v)) return false;
    for (uint32_t k = 0; k < (g->list ? v.l->n : 1u); k++) {
      const rec *r = as_row(o, g->list ? v.l->v[k].r : v.r, source, rows.n + 1);
      *VEC_PUSH(&t->rows, &rows) = r;
    }
  }
  const rec *one, *two;
  if (mem_host_rows(&t->host, source, rows.v, rows.n, &one, &two)) return true;
  two_rows(o, g, one, two);
  return false;
}

static void set_clock(tester *t, int64_t now) {
  vm_set_now(t->e, now);
  t->ref.now = t->lib.now = now;
}

typedef struct reading { const prog_rule *r; bool found; } reading;

static void look(reading *x, const ir *n) {
  if (!n || x->found) return;
  if (n->kind == IR_LOCAL) {
    x->found = n->local == 0;
    for (uint32_t i = 0; i < x->r->nlets; i++) x->found |= x->r->lets[i].local == n->local;
  }
  look(x, n->a), look(x, n->b), look(x, n->c);
  for (uint32_t i = 0; i < n->n; i++) look(x, n->v[i]);
  if (n->bind) look(x, n->bind->list), look(x, n->bind->where);
}

/* Does a test of `for any` give the same whatever the record is? */
static bool gives_the_same(const prog_test *x) {
  reading r = { x->rule, false };
  for (uint32_t i = 0; i < x->ngivens; i++)
    for (uint32_t k = 0; k < x->givens[i].nrows; k++) look(&r, x->givens[i].rows[k]);
  return !r.found;
}

static bool set_up(telling *o) {
  tester *t = o->t;
  vm_reset(t->e);
  if (o->root && t->given == o->x) { /* a search: everything is in its place */
    arena_restore(&t->rows, t->given_mark);
    return true;
  }
  t->given = NULL;
  arena_reset(&t->rows);
  mem_host_clear(&t->host);
  set_clock(t, t->o->now == INT64_MIN ? RT_TEST_NOW : t->o->now);
  for (uint32_t i = 0; i < o->x->ngivens; i++) {
    const prog_given *g = &o->x->givens[i];
    val v;
    t->ref.steps = 0;
    if (g->source >= 0) {
      if (!give_rows(o, g)) return false;
    } else if (given_value(o, g, g->rows[0], &v)) set_clock(t, v.i);
    else return false;
  }
  if (o->root && gives_the_same(o->x)) t->given = o->x, t->given_mark = arena_save(&t->rows);
  return true;
}

/* ---- what the rules say ---- */

typedef struct said { verdict v; str message; bool vacuous; uint32_t nmessages; str *messages; } said;

/* What a rule that fails says, by the reference; false: it did not end. */
static bool ask_reference(telling *o, uint32_t rule, const rec *subject, arena *a, said *out) {
  ref_result res;
  o->t->ref.steps = 0;
  if (!ref_rule(&o->t->ref, rule, subject, &res)) {
    broken(o, o->x->name_sp, "it takes more steps than its budget allows");
    return false;
  }
  VEC(str) all = { 0 };
  for (uint32_t i = 0; i < res.nclauses; i++)
    for (uint32_t k = 0; res.clauses[i].result == TR_F && k < res.clauses[i].nmessages; k++) *VEC_PUSH(a, &all) = res.clauses[i].messages[k];
  *out = (said){ .v = res.v, .nmessages = all.n, .messages = all.v };
  return true;
}

/* false: the run of the rule did not end. */
static bool ask_rule(telling *o, uint32_t rule, const rec *subject, arena *a, said *out) {
  tester *t = o->t;
  vm_result res;
  const prog_rule *pr = t->ir->rules[rule];
  bool has = pr->source >= 0 || pr->refinement;
  if (t->by_reference) return ask_reference(o, rule, has ? subject : NULL, a, out);
  if (vm_rule(t->e, rule, has ? (rec *)(uintptr_t)subject : NULL, true, &res) != VM_OK) {
    broken(o, pr->sp, "%.*s", STR_ARG(vm_failure(t->e)));
    return false;
  }
  *out = (said){ .v = res.v, .vacuous = res.vacuous };
  VEC(str) all = { 0 };
  for (uint32_t i = 0; i < res.nclauses; i++)
    for (uint32_t k = 0; res.clauses[i].result == TR_F && k < res.clauses[i].nmessages; k++) *VEC_PUSH(a, &all) = str_dup(a, res.clauses[i].messages[k]);
  out->messages = all.v, out->nmessages = all.n;
  if (!res.nclauses) return true;
  finding f = rt_finding_of(a, &t->q, rule, has ? subject : NULL, &res);
  out->message = str_dup(a, rt_finding_message(a, &f));
  return true;
}

static str joined_lines(arena *a, str s) {
  buf b = { .a = a };
  for (uint32_t i = 0; i < s.n; i++)
    if (s.p[i] == '\n') buf_z(&b, "; ");
    else buf_ch(&b, s.p[i]);
  return buf_done(&b);
}

static str verdict_line(telling *o, uint32_t rule, const said *s) {
  str name = short_name(o->x, o->t->ir->rules[rule]->name);
  buf b = { .a = o->a };
  buf_fmt(&b, "%.*s: %s", STR_ARG(name), verdict_names[s->v]);
  if (s->v == V_SKIP) buf_z(&b, ", since its `where` does not hold");
  else if (s->v == V_INACTIVE) {
    char when[32];
    civil_print_time(o->t->ref.now, when);
    buf_fmt(&b, " at %s; `given now = ...` sets the clock", when);
  } else if (s->v == V_PASS && s->vacuous) buf_z(&b, ", since a list is empty and nothing was looked at");
  else if (s->message.n) {
    str m = joined_lines(o->a, s->message);
    buf_fmt(&b, ": %.*s", STR_ARG(m));
  }
  return buf_done(&b);
}

/* The record that `expect x passes ...` speaks of; NULL when it cannot be had. */
static const rec *subject_of(telling *o, const prog_expect *x) {
  tester *t = o->t;
  val v;
  uint8_t st;
  t->ref.steps = 0;
  if (!ref_in_rule(&t->ref, o->x->rule, o->x->rule->nlets, o->root, x->subject, &v, &st, NULL, NULL) || st != ST_OK) return NULL;
  return v.r;
}

static void passes_details(telling *o, const prog_expect *x, test_problem *p) {
  const prog_passes *s = o->t->ir->passes[x->passes];
  const rec *r = subject_of(o, x);
  VEC(str) lines = { 0 };
  uint32_t left = 0;
  for (uint32_t i = 0; r && i < s->nrules; i++) {
    said said;
    if (!ask_rule(o, s->rules[i], r, o->a, &said)) break;
    bool bad = said.v == V_FAIL || said.v == V_UNKNOWN || said.v == V_ERROR;
    if (!x->fails && !bad) continue;
    if (lines.n == MAX_DETAILS) left++;
    else *VEC_PUSH(o->a, &lines) = verdict_line(o, s->rules[i], &said);
  }
  if (left) *VEC_PUSH(o->a, &lines) = str_fmt(o->a, "... and %u more", left);
  p->details = lines.v, p->ndetails = lines.n;
}

/* ---- expectations ---- */

static str clause_message(telling *o, const vm_result *res, const vm_clause_result *k) {
  vm_result one = *res;
  one.nclauses = 1, one.clauses = (vm_clause_result *)(uintptr_t)k;
  finding f = rt_finding_of(o->a, &o->t->q, o->rule, o->root, &one);
  return str_dup(o->a, rt_finding_message(o->a, &f));
}

static void derive(telling *o, uint32_t clause, test_problem *p) {
  explanation *ex = ARENA_NEW(o->a, explanation);
  lib_ctx lib = o->t->lib;
  lib.a = o->a;
  if (!rt_explain_rule(o->a, &o->t->q, &o->t->host.h, &lib, o->t->ref.now, o->rule, o->root, ex)) return;
  uint32_t at = o->x->rule->nlets + clause;
  if (at < ex->nparts) p->tree = ex->parts[at].tree;
}

static void unmet(telling *o, const vm_result *res, const vm_clause_result *k) {
  const prog_clause *c = &o->x->rule->clauses[k->clause];
  const prog_expect *x = &o->x->expects[k->clause];
  test_problem *p = problem(o, TEST_FAIL, c->sp);
  p->text = c->text;
  if (!x->subject || k->result == TR_E) {
    p->message = clause_message(o, res, k);
    if (o->x->any && k->result == TR_U) {
      p->details = ARENA_NEW(o->a, str);
      p->details[p->ndetails++] = STR("say what a missing value means: `... exists implies ...`, or `(...) ?? true`");
    }
    if (!x->subject) derive(o, k->clause, p);
    return;
  }
  if (k->result == TR_U) p->message = x->fails ? STR("it does not fail: a rule cannot tell") : STR("it does not pass: a rule cannot tell");
  else p->message = x->fails ? STR("it does not fail") : STR("it does not pass");
  uint32_t at = (uint32_t)(p - o->problems.v);
  test_problem told = *p;
  passes_details(o, x, &told);
  o->problems.v[at] = told;
}

/* Does a message of a rule that fails contain the text? */
static bool says(telling *o, uint32_t clause) {
  tester *t = o->t;
  const prog_expect *x = &o->x->expects[clause];
  const prog_passes *s = t->ir->passes[x->passes];
  const rec *r = subject_of(o, x);
  val want;
  uint8_t st;
  if (!r || !ref_in_rule(&t->ref, o->x->rule, o->x->rule->nlets, o->root, x->saying, &want, &st, NULL, NULL) || st != ST_OK) {
    broken(o, x->saying->sp, "the text after `saying` is missing or in error");
    return false;
  }
  VEC(str) lines = { 0 };
  for (uint32_t i = 0; i < s->nrules; i++) {
    said said;
    if (!ask_rule(o, s->rules[i], r, &t->rows, &said)) return false;
    for (uint32_t k = 0; said.v == V_FAIL && k < said.nmessages; k++) {
      str m = said.messages[k];
      if (!want.t->n || memmem(m.p, m.n, want.t->p, want.t->n)) return true;
      if (o->a) *VEC_PUSH(o->a, &lines) = str_dup(o->a, m);
    }
  }
  if (o->status < TEST_FAIL) o->status = TEST_FAIL;
  if (!o->a) return false;
  const prog_clause *c = &o->x->rule->clauses[clause];
  test_problem *p = problem(o, TEST_FAIL, x->saying->sp);
  p->text = c->text;
  p->message = str_fmt(o->a, "it fails, but no message contains \"%.*s\"", (int)want.t->n, want.t->p);
  p->details = lines.v, p->ndetails = lines.n;
  return false;
}

/* Both evaluators must say the same: if ever they do not, that is told rather than passed over. */
static void look_again(telling *o, verdict v) {
  tester *t = o->t;
  t->ref.steps = 0;
  verdict again = cover_run(t->cover, &t->ref, o->rule, o->root);
  if (again != v && again != V_COUNT) broken(o, o->x->name_sp, "the evaluators disagree, which is a mistake of Blazon's: %s and %s", verdict_names[v], verdict_names[again]);
}

static void check(telling *o) {
  tester *t = o->t;
  vm_result res = { .v = V_PASS };
  said said;
  if (t->by_reference) {
    if (!ask_reference(o, o->rule, o->root, &t->rows, &said)) return;
    res.v = said.v;
  } else if (vm_rule(t->e, o->rule, o->root, o->a != NULL, &res) != VM_OK) {
    broken(o, o->x->name_sp, "%.*s", STR_ARG(vm_failure(t->e)));
    return;
  }
  t->verdict = res.v;
  if (res.v != V_PASS && o->status < TEST_FAIL) o->status = TEST_FAIL;
  if (t->cover) look_again(o, res.v);
  for (uint32_t i = 0; o->a && i < res.nclauses; i++) unmet(o, &res, &res.clauses[i]);
  for (uint32_t i = 0; i < o->x->rule->nclauses; i++) {
    if (!o->x->expects[i].saying || (!o->a && o->status)) continue;
    bool failed = false;
    for (uint32_t k = 0; k < res.nclauses && o->a; k++) failed |= res.clauses[k].clause == i;
    if (!failed) says(o, i);
  }
}

static int by_span(const void *a, const void *b) {
  const test_problem *x = a, *y = b;
  return (x->sp.beg > y->sp.beg) - (x->sp.beg < y->sp.beg);
}

enum test_status tester_run(tester *t, uint32_t test, rec *root, arena *keep, test_result *out) {
  t->verdict = V_PASS;
  telling o = { .t = t, .x = t->ir->tests[test], .rule = t->rule_at[test], .root = root, .a = keep };
  if (set_up(&o)) check(&o);
  if (o.problems.n) qsort(o.problems.v, o.problems.n, sizeof *o.problems.v, by_span);
  if (out) *out = (test_result){ .test = o.x, .index = test, .status = (uint8_t)o.status, .nproblems = o.problems.n, .problems = o.problems.v };
  return o.status;
}

void tester_cannot(tester *t, uint32_t test, test_result *out, const char *why) {
  telling o = { .t = t, .x = t->ir->tests[test], .rule = t->rule_at[test], .a = t->a };
  broken(&o, o.x->name_sp, "%s", why);
  *out = (test_result){ .test = o.x, .index = test, .status = TEST_ERROR, .nproblems = o.problems.n, .problems = o.problems.v };
}

/* ---- for any ---- */

static rec *wrapped(arena *a, const type_rec *shape, val v, uint8_t st) {
  rec *r = ARENA_NEW(a, rec);
  *r = (rec){ .ty = shape, .v = ARENA_ARRAY(a, val, 1), .st = ARENA_ARRAY(a, uint8_t, 1), .cap = 1, .clean = true, .source = UINT32_MAX };
  r->v[0] = v, r->st[0] = st;
  return r;
}

/* The plainest value of a test's `for any`, as the record that its rule judges. */
rec *tester_sample(tester *t, uint32_t test, arena *a) {
  const prog_test *x = t->ir->tests[test];
  val v;
  uint8_t st;
  t->ref.a = t->lib.a = a;
  t->ref.steps = 0;
  bool ok = ref_in_rule(&t->ref, x->rule, x->rule->nlets, NULL, x->any_sample, &v, &st, NULL, NULL);
  t->ref.a = t->lib.a = &t->rows;
  if (!ok || st == ST_ERR || (st == ST_MISSING && !x->any_type->opt)) return NULL;
  return x->wrap ? wrapped(a, &x->wrap->shape, v, st) : (rec *)(uintptr_t)v.r;
}

/* ---- all of them ---- */

double tester_seconds(void) {
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c | 32) : c; }

static bool contains(str s, str part) {
  for (uint32_t i = 0; i + part.n <= s.n; i++) {
    uint32_t k = 0;
    while (k < part.n && lower(s.p[i + k]) == lower(part.p[k])) k++;
    if (k == part.n) return true;
  }
  return false;
}

static bool chosen(const rt_test_opts *o, const prog_test *x) {
  for (uint32_t i = 0; i < o->nfilters; i++)
    if (contains(x->name, o->filters[i]) || contains(x->module, o->filters[i])) return true;
  return !o->nfilters;
}

static void run_all(tester *t) {
  rt_test_report *rep = t->rep;
  rep->v = ARENA_ARRAY(t->a, test_result, t->ir->ntests + 1);
  if (t->o->coverage || t->o->mutate) t->cover = cover_new(t->a, t->ir, t->p->ir->nrules);
  for (uint32_t i = 0; i < t->ir->ntests; i++) {
    if (!chosen(t->o, t->ir->tests[i])) { rep->left_out++; continue; }
    test_result *r = &rep->v[rep->n++];
    if (t->ir->tests[i]->any) tester_search(t, i, r);
    else tester_run(t, i, NULL, t->a, r);
    if (r->status == TEST_PASS) rep->passed++;
    else if (r->status == TEST_FAIL) rep->failed++;
    else rep->errors++;
  }
  struct cover *cover = t->cover;
  if (t->o->mutate && !rep->failed && !rep->errors) rep->mutation = tester_mutate(t);
  if (cover) rep->coverage = cover_result_of(cover);
}

int rt_test(const rt_program *p, const rt_test_opts *o, rt_test_report **out) {
  *out = NULL;
  rt_test_report *rep = mem_try(o->m, sizeof *rep);
  tester *t = mem_try(o->m, sizeof *t);
  if (!rep || !t) {
    mem_free(o->m, rep, sizeof *rep), mem_free(o->m, t, sizeof *t);
    return RT_OOM;
  }
  memset(rep, 0, sizeof *rep);
  *t = (tester){ .rep = rep, .a = &rep->a, .p = p, .o = o };
  rep->p = p, rep->m = *o->m;
  arena_init(&rep->a, &rep->m, &rep->oom);
  arena_init(&t->rows, &rep->m, &rep->oom);
  arena_init(&t->code, &rep->m, &rep->oom);
  arena_init(&t->tries, &rep->m, &rep->oom);
  arena_init(&t->changed, &rep->m, &rep->oom);
  volatile int status = RT_OOM;
  if (!setjmp(rep->oom)) {
    status = tester_open(t);
    if (status == RT_OK) run_all(t);
  } else status = RT_OOM;
  tester_close(t);
  mem_free(o->m, t, sizeof *t);
  if (status == RT_OOM) rt_test_free(rep), rep = NULL;
  *out = rep;
  return status;
}

void rt_test_free(rt_test_report *r) {
  if (!r) return;
  mem m = r->m;
  arena_free(&r->a);
  mem_free(&m, r, sizeof *r);
}
