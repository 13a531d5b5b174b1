/* The public interface of engines: data, validation, one record at a time, explanations. See include/blazon.h for what each function
   promises. */
#include "runtime/api.h"

#include "base/civil.h"
#include "runtime/explain.h"
#include "stdlib/builtin.h"

#include <stdio.h>
#include <string.h>

blz_status api_fail(blz_engine *e, blz_status s, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(e->error, sizeof e->error, fmt, ap);
  va_end(ap);
  return s;
}

blz_status api_status(blz_engine *e, int status, str failure) {
  switch (status) {
  case RT_OK: return BLZ_OK;
  case RT_ENV: return api_fail(e, BLZ_DATA, "%.*s", STR_ARG(failure));
  case RT_BUDGET: return api_fail(e, BLZ_LIMIT, "%.*s", STR_ARG(failure));
  case RT_STOPPED: return api_fail(e, BLZ_STOPPED, "stopped by the callback");
  default: return api_fail(e, BLZ_NO_MEMORY, "out of memory");
  }
}

blz_engine *blz_engine_new(const blz_program *p) {
  if (!p->compiled) return NULL;
  mem m = p->m;
  blz_engine *e = mem_try(&m, sizeof *e);
  if (!e) return NULL;
  memset(e, 0, sizeof *e);
  e->p = p, e->m = m, e->now = rt_clock();
  arena_init(&e->a, &e->m, &e->oom);
  arena_init(&e->kept, &e->m, &e->oom);
  if (rt_engine_open(&e->e, p->rt, &e->m, e->limits, e->now)) return e;
  mem_free(&m, e, sizeof *e);
  return NULL;
}

void blz_engine_free(blz_engine *e) {
  if (!e) return;
  mem m = e->m;
  blz_engine_close_data(e);
  rt_decider_free(e->decider);
  rt_engine_close(&e->e);
  rt_program_free(e->trees);
  arena_free(&e->a);
  arena_free(&e->kept);
  mem_free(&m, e, sizeof *e);
}

const char *blz_engine_error(const blz_engine *e) { return e->error; }

blz_status blz_engine_set_now(blz_engine *e, int64_t usec) {
  e->error[0] = 0;
  if (usec < CIVIL_DAY_MIN * USEC_PER_DAY || usec >= (CIVIL_DAY_MAX + 1) * USEC_PER_DAY)
    return api_fail(e, BLZ_BAD_VALUE, "the time is outside the years 1 to 9999");
  e->now = usec, e->clock_set = true;
  vm_set_now(e->e.vm, usec);
  return BLZ_OK;
}

blz_status blz_engine_set_limits(blz_engine *e, uint64_t steps, uint64_t bytes) {
  e->error[0] = 0;
  blz_engine_close_data(e);
  rt_decider_free(e->decider), e->decider = NULL;
  rt_engine_close(&e->e);
  e->limits = (vm_limits){ steps, bytes };
  return rt_engine_open(&e->e, e->p->rt, &e->m, e->limits, e->now) ? BLZ_OK : api_fail(e, BLZ_NO_MEMORY, "out of memory");
}

/* ---- findings ---- */

static const char *zero(blz_engine *e, str s) { return s.n ? str_dup(&e->a, s).p : ""; }

static const char *missing_names(blz_engine *e, const finding *x) {
  buf b = { .a = &e->a };
  for (uint32_t i = 0; i < x->nclauses; i++)
    for (uint32_t k = 0; k < x->clauses[i].ncauses; k++) {
      if (x->clauses[i].causes[k].kind != ST_MISSING) continue;
      if (b.n) buf_z(&b, ", ");
      buf_str(&b, x->clauses[i].causes[k].text);
    }
  return b.n ? buf_done(&b).p : "";
}

static void describe_rule(blz_engine *e, const finding *x, blz_finding *f) {
  const prog_rule *r = e->p->rt->ir->rules[x->rule];
  f->rule = e->p->rules[x->rule], f->code = "", f->verdict = (blz_verdict)x->v;
  f->owner = zero(e, r->owner), f->because = zero(e, r->because), f->link = zero(e, r->link);
  f->missing = missing_names(e, x);
  if (!x->nclauses) return;
  const prog_clause *c = &r->clauses[x->clauses[0].clause];
  f->expected = zero(e, c->text), f->actual = zero(e, x->clauses[0].actual);
  f->field = zero(e, c->at_path);
}

bool api_tell(blz_engine *e, const finding *x) {
  if (!e->fn) return true;
  const ir_program *ir = e->p->rt->ir;
  blz_finding f = { .code = diag_table[x->code].code,
                    .verdict = BLZ_ERROR,
                    .severity = (blz_severity)x->sev,
                    .source = "",
                    .field = "",
                    .actual = "",
                    .expected = "",
                    .missing = "",
                    .owner = "",
                    .because = "",
                    .link = "",
                    .position = x->position,
                    .line = x->line,
                    .column = x->col };
  if (x->source != UINT32_MAX) f.source = zero(e, ir->sources[x->source]->name);
  f.key = zero(e, x->key), f.file = zero(e, x->file);
  f.message = zero(e, rt_finding_message(&e->a, x));
  if (x->kind == FIND_RULE) describe_rule(e, x, &f);
  else if (x->source != UINT32_MAX && x->field >= 0)
    f.field = zero(e, ir->records[ir->sources[x->source]->record]->fields[x->field].name);
  if (e->fn(e->ud, &f) == 0) return true;
  e->stopped = true;
  return false;
}

static void tell_issue(void *ud, const src_issue *i) {
  blz_engine *e = ud;
  if (e->stopped || !e->fn) return;
  jmp_buf *outer = e->a.oom, here; /* reached from under the reader of the data: an arena's jump ends here */
  if (setjmp(here)) { e->a.oom = outer; return; }
  e->a.oom = &here;
  finding x = rt_finding_of_issue(i);
  api_tell(e, &x);
  e->a.oom = outer;
}

void api_begin(blz_engine *e) {
  e->error[0] = 0, e->fn = NULL, e->ud = NULL, e->stopped = false, e->no_arm = NULL;
  arena_reset(&e->a);
  if (e->fresh && rt_fresh_take(e->fresh, &e->data, &e->decider, &e->opened)) rt_engine_data(&e->e, e->data);
  vm_reset(e->e.vm);
}

static void begin(blz_engine *e, blz_finding_fn fn, void *ud) {
  api_begin(e);
  e->fn = fn, e->ud = ud;
}

/* ---- data ---- */

static void let_go(blz_engine *e) {
  rt_fresh_stop(e->fresh);
  e->fresh = NULL;
  if (e->data) {
    rt_engine_data(&e->e, NULL);
    api_forget_decisions(e);
    src_close(e->data);
  }
  e->data = NULL;
}

void blz_engine_close_data(blz_engine *e) {
  let_go(e);
  e->db = NULL, e->nbindings = 0, e->bindings = NULL;
  arena_reset(&e->kept);
}

static blz_status keep_bindings(blz_engine *e, const char *database, const blz_source *sources, size_t n) {
  const ir_program *ir = e->p->rt->ir;
  e->db = database ? (char *)(uintptr_t)str_dup(&e->kept, str_z(database)).p : NULL;
  e->bindings = ARENA_ARRAY(&e->kept, src_binding, n + 2); /* and the state file */
  for (size_t i = 0; i < n; i++) {
    str a, b;
    if (rt_find_name(ir, RT_NAME_SOURCE, str_z(sources[i].name), &a, &b) < 0)
      return api_fail(e, BLZ_NOT_FOUND, "there is no source `%s`, or there are several", sources[i].name);
    if (strcmp(sources[i].file, "-") == 0) return api_fail(e, BLZ_BAD_VALUE, "standard input belongs to the host; name a file");
    e->bindings[i] = (src_binding){ str_dup(&e->kept, str_z(sources[i].name)), str_dup(&e->kept, str_z(sources[i].file)),
                                    str_dup(&e->kept, str_z(sources[i].pointer)) };
  }
  e->nbindings = (uint32_t)n;
  return BLZ_OK;
}

/* The rules' own sources of decisions and evidence are in the state file that the engine uses. */
static void bind_state(blz_engine *e) {
  if (!e->bindings) e->bindings = ARENA_ARRAY(&e->kept, src_binding, 1);
  if (e->nbindings && str_eq(e->bindings[e->nbindings - 1].source, SRC_STATE)) e->nbindings--;
  if (!e->state) return;
  e->bindings[e->nbindings++] = (src_binding){ SRC_STATE, str_dup(&e->kept, state_path(e->state->s)), { "", 0 } };
}

static blz_status open_bound(blz_engine *e) {
  const ir_program *ir = e->p->rt->ir;
  bool *wanted = ARENA_ARRAY(&e->a, bool, ir->nsources + 1);
  for (uint32_t s = 0; s < ir->nsources; s++) wanted[s] = rt_source_given(ir, s, str_z(e->db), e->nbindings, e->bindings);
  str failure = { "", 0 };
  int status = rt_open_data(e->p->rt, &e->m, str_z(e->db), e->nbindings, e->bindings, wanted, NULL, tell_issue, e, &e->a,
                            &e->data, &failure);
  if (status != RT_OK) {
    api_status(e, status, failure);
    blz_engine_close_data(e);
    return status == RT_OOM ? BLZ_NO_MEMORY : BLZ_DATA;
  }
  rt_engine_data(&e->e, e->data);
  api_forget_decisions(e);
  e->version = src_snapshot_version(e->data), e->opened = rt_clock();
  return BLZ_OK;
}

blz_status blz_engine_keep_fresh(blz_engine *e, unsigned milliseconds) {
  begin(e, NULL, NULL);
  rt_fresh_stop(e->fresh);
  e->fresh = NULL;
  if (!milliseconds) return BLZ_OK;
  if (!e->data) return api_fail(e, BLZ_MISUSE, "no data is open");
  fresh_config c = { .p = e->p->rt, .m = &e->m, .limits = e->limits, .db = str_z(e->db), .nbindings = e->nbindings, .bindings = e->bindings,
                     .every = (int64_t)milliseconds * 1000, .now = e->clock_set ? e->now : 0 };
  e->fresh = rt_fresh_start(&c, &e->e, e->data);
  if (e->decider && e->fresh) rt_decider_watch(e->decider, rt_fresh_seen, e->fresh);
  return e->fresh ? BLZ_OK : api_fail(e, BLZ_NO_MEMORY, "out of memory");
}

int64_t blz_engine_data_time(blz_engine *e, const char **problem) {
  begin(e, NULL, NULL);
  if (e->fresh) rt_fresh_problem(e->fresh, e->error, sizeof e->error);
  if (problem) *problem = e->error;
  return e->data ? e->opened : 0;
}

blz_status blz_engine_open_data(blz_engine *e, const char *database, const blz_source *sources, size_t n, blz_finding_fn fn,
                                void *ud) {
  blz_engine_close_data(e);
  begin(e, fn, ud);
  if (setjmp(e->oom)) { blz_engine_close_data(e); return api_fail(e, BLZ_NO_MEMORY, "out of memory"); }
  blz_status got = keep_bindings(e, database, sources, n);
  if (got != BLZ_OK) { blz_engine_close_data(e); return got; }
  bind_state(e);
  return open_bound(e);
}

blz_status blz_engine_use_state(blz_engine *e, blz_state *s) {
  begin(e, NULL, NULL);
  if (e->state == s) return BLZ_OK;
  e->state = s;
  const ir_program *ir = e->p->rt->ir;
  bool reads = false;
  for (uint32_t i = 0; i < ir->nsources; i++) reads |= src_in_state(ir->sources[i]);
  if (!reads) return BLZ_OK;
  let_go(e);
  if (setjmp(e->oom)) { blz_engine_close_data(e); return api_fail(e, BLZ_NO_MEMORY, "out of memory"); }
  bind_state(e);
  return open_bound(e);
}

static void count(const rt_report *r, blz_counts *c) {
  memset(c, 0, sizeof *c);
  c->rows = r->rows, c->data_errors = r->data_counts[SEV_ERROR], c->data_warnings = r->data_counts[SEV_WARNING];
  for (uint32_t i = 0; i < r->p->ir->nrules; i++) {
    for (int v = 0; v < V_COUNT; v++) c->verdicts[v] += r->rules[i].n[v];
    c->vacuous += r->rules[i].vacuous;
  }
}

static int tell_all(blz_engine *e, const rt_report *r) {
  for (uint32_t g = 0; g < r->nlisted_groups; g++)
    for (uint32_t i = 0; i < r->f.groups[g].n; i++) {
      arena_mark mark = arena_save(&e->a);
      bool go_on = api_tell(e, r->f.groups[g].v[i]);
      arena_restore(&e->a, mark);
      if (!go_on) return RT_STOPPED;
    }
  return RT_OK;
}

blz_status blz_engine_validate(blz_engine *e, const char *only, size_t max, blz_finding_fn fn, void *ud, blz_counts *counts) {
  begin(e, fn, ud);
  const ir_program *ir = e->p->rt->ir;
  str pattern = str_z(only);
  bool any = !only;
  for (uint32_t i = 0; i < ir->nrules && !any; i++) any = rt_rule_matches(ir, pattern, i);
  if (!any) return api_fail(e, BLZ_NOT_FOUND, "no rule is named `%s`", only);
  uint32_t limit = !fn ? 0 : !max || max >= RT_ALL ? RT_ALL : (uint32_t)max;
  rt_validate_opts o = { .m = &e->m,
                         .db = str_z(e->db),
                         .nbindings = e->nbindings,
                         .bindings = e->bindings,
                         .now = e->clock_set ? e->now : rt_clock(),
                         .nonly = only != NULL,
                         .only = &pattern,
                         .per_rule = limit,
                         .total = limit,
                         .limits = e->limits };
  rt_report *volatile rep = NULL;
  rt_report *made = NULL;
  if (setjmp(e->oom)) { rt_report_free(rep); return api_fail(e, BLZ_NO_MEMORY, "out of memory"); }
  int status = rt_validate(e->p->rt, &o, &made);
  rep = made;
  if (rep && counts) count(rep, counts);
  int told = rep && fn ? tell_all(e, rep) : RT_OK;
  if (status == RT_OK) status = told;
  blz_status s = api_status(e, status, rep ? rep->failure : (str){ "", 0 });
  rt_report_free(rep);
  return s;
}

/* ---- one record ---- */

bool api_rule_fits(const ir_program *ir, uint32_t rule, const blz_record *r) {
  const prog_rule *pr = ir->rules[rule];
  if (pr->source < 0 && !pr->refinement) return true;
  return r && pr->record == r->record;
}

static void place_in_source(const prog_rule *pr, const blz_record *r) {
  if (r && pr->source >= 0) r->r->source = (uint32_t)pr->source;
}

blz_status blz_engine_rule(blz_engine *e, size_t rule, blz_record *r, blz_verdict *verdict) {
  begin(e, NULL, NULL);
  const ir_program *ir = e->p->rt->ir;
  if (rule >= ir->nrules) return api_fail(e, BLZ_BAD_VALUE, "there is no rule number %zu", rule);
  if (!api_rule_fits(ir, (uint32_t)rule, r))
    return api_fail(e, BLZ_BAD_VALUE, "`%s` is not about records of this type", e->p->rules[rule]);
  place_in_source(ir->rules[rule], r);
  vm_result res;
  str failure = { "", 0 };
  int status = rt_engine_status(&e->e, vm_rule(e->e.vm, (uint32_t)rule, r ? r->r : NULL, false, &res), &failure);
  if (status == RT_OK) *verdict = (blz_verdict)res.v;
  return api_status(e, status, failure);
}

static int gravity(verdict v) { return v == V_ERROR ? 3 : v == V_FAIL ? 2 : v == V_UNKNOWN ? 1 : 0; }

blz_status blz_engine_check(blz_engine *e, blz_record *r, blz_finding_fn fn, void *ud, blz_verdict *worst) {
  begin(e, fn, ud);
  const ir_program *ir = e->p->rt->ir;
  verdict gravest = V_PASS;
  if (setjmp(e->oom)) return api_fail(e, BLZ_NO_MEMORY, "out of memory");
  for (uint32_t i = 0; i < ir->nrules; i++) {
    const prog_rule *pr = ir->rules[i];
    if ((pr->source < 0 && !pr->refinement) || !api_rule_fits(ir, i, r)) continue;
    place_in_source(pr, r);
    vm_result res;
    str failure = { "", 0 };
    vm_reset(e->e.vm);
    int status = rt_engine_status(&e->e, vm_rule(e->e.vm, i, r->r, true, &res), &failure);
    if (status != RT_OK) return api_status(e, status, failure);
    if (!gravity(res.v)) continue;
    if (gravity(res.v) > gravity(gravest)) gravest = res.v;
    arena_reset(&e->a);
    finding x = rt_finding_of(&e->a, e->p->rt, i, r->r, &res);
    if (!api_tell(e, &x)) return api_status(e, RT_STOPPED, (str){ "", 0 });
  }
  if (worst) *worst = (blz_verdict)gravest;
  return BLZ_OK;
}

blz_status blz_engine_match(blz_engine *e, size_t audience, blz_record *r, blz_truth *result) {
  begin(e, NULL, NULL);
  const ir_program *ir = e->p->rt->ir;
  if (audience >= ir->naudiences) return api_fail(e, BLZ_BAD_VALUE, "there is no audience number %zu", audience);
  if (!r || ir->audiences[audience]->record != r->record)
    return api_fail(e, BLZ_BAD_VALUE, "`%s` is not about records of this type", e->p->audiences[audience]);
  r->r->source = ir->audiences[audience]->source;
  truth t = TR_E;
  str failure = { "", 0 };
  int status = rt_engine_status(&e->e, vm_audience(e->e.vm, (uint32_t)audience, r->r, &t), &failure);
  if (status == RT_OK) *result = (blz_truth)t;
  return api_status(e, status, failure);
}

/* ---- explanations ---- */

static const rt_program *with_trees(blz_engine *e) {
  if (!e->p->rt->bundle) return e->p->rt;
  if (!e->trees) e->trees = rt_program_with_trees(e->p->rt);
  return e->trees;
}

static blz_status explain(blz_engine *e, bool audience, size_t at, blz_record *r, int format, const char **out) {
  begin(e, NULL, NULL);
  *out = "";
  const rt_program *p = with_trees(e);
  if (!p) return api_fail(e, BLZ_DATA, "the rules' text, which an explanation needs, is not in the bundle");
  arena *inner = vm_arena(e->e.vm);
  if (setjmp(e->oom)) return api_fail(e, BLZ_NO_MEMORY, "out of memory");
  inner->oom = &e->oom; /* look-ups allocate there, outside of the VM's own runs */
  lib_ctx lib = *vm_lib(e->e.vm);
  lib.a = &e->a, lib.now = e->now;
  explanation x;
  bool ok = audience ? rt_explain_audience(&e->a, p, &e->e.proxy, &lib, e->now, (uint32_t)at, r->r, &x)
                     : rt_explain_rule(&e->a, p, &e->e.proxy, &lib, e->now, (uint32_t)at, r ? r->r : NULL, &x);
  if (!ok) {
    str why = e->e.proxy.failure(&e->e);
    return why.n ? api_fail(e, BLZ_DATA, "%.*s", STR_ARG(why)) : api_fail(e, BLZ_LIMIT, "the derivation takes too many steps");
  }
  buf b = { .a = &e->a };
  if (format == BLZ_JSON) explanation_json(&b, &x);
  else explanation_text(&b, &x);
  *out = buf_done(&b).p;
  return BLZ_OK;
}

blz_status blz_engine_explain_rule(blz_engine *e, size_t rule, blz_record *r, int format, const char **text) {
  const ir_program *ir = e->p->rt->ir;
  if (rule >= ir->nrules || !api_rule_fits(ir, (uint32_t)rule, r))
    return api_fail(e, BLZ_BAD_VALUE, "there is no such rule for this record");
  place_in_source(ir->rules[rule], r);
  return explain(e, false, rule, r, format, text);
}

blz_status blz_engine_explain_audience(blz_engine *e, size_t audience, blz_record *r, int format, const char **text) {
  const ir_program *ir = e->p->rt->ir;
  if (audience >= ir->naudiences || !r || ir->audiences[audience]->record != r->record)
    return api_fail(e, BLZ_BAD_VALUE, "there is no such audience for this record");
  return explain(e, true, audience, r, format, text);
}
