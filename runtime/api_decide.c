/* The public interface of decisions: choices and experiments. See include/blazon.h. */
#include "runtime/api.h"
#include "runtime/combos.h"

#include <stdio.h>
#include <string.h>

/* ---- names ---- */

size_t blz_program_choice_count(const blz_program *p) { return p->compiled ? p->rt->ir->nchoices : 0; }

const char *blz_program_choice_name(const blz_program *p, size_t choice) {
  return choice < blz_program_choice_count(p) ? p->choices[choice] : NULL;
}

static blz_status find(const blz_program *p, enum rt_names what, const char *name, size_t *at) {
  str a, b;
  int64_t found = p->compiled ? rt_find_name(p->rt->ir, what, str_z(name), &a, &b) : -1;
  if (found < 0) return BLZ_NOT_FOUND;
  *at = (size_t)found;
  return BLZ_OK;
}

blz_status blz_program_find_choice(const blz_program *p, const char *name, size_t *choice) { return find(p, RT_NAME_CHOICE, name, choice); }
blz_status blz_program_find_experiment(const blz_program *p, const char *name, size_t *at) { return find(p, RT_NAME_EXPERIMENT, name, at); }

/* ---- engines ---- */

int blz_engine_data_changed(blz_engine *e) {
  if (e->fresh) return rt_fresh_behind(e->fresh);
  return e->data && src_version(e->data) != e->version;
}

void api_forget_decisions(blz_engine *e) {
  if (e->decider) rt_decider_forget(e->decider);
}

/* The record, standing in the source that the declaration is about. Memory is of the engine's arena: a jump to oom must be expected. */
static blz_status subject_of(blz_engine *e, blz_record *r, uint32_t record, uint32_t source, str name) {
  if (!r || r->record != record) return api_fail(e, BLZ_BAD_VALUE, "`%.*s` is not about records of this type", STR_ARG(name));
  str wrong = rt_subject_wrong(&e->a, r->r);
  if (wrong.n) return api_fail(e, BLZ_BAD_VALUE, "%.*s", STR_ARG(wrong));
  r->r->source = source;
  return BLZ_OK;
}

static const char *zero(blz_engine *e, str s) { return s.n ? str_dup(&e->a, s).p : ""; }

static blz_status state_fail(blz_engine *e) { return api_fail(e, BLZ_DATA, "%.*s", STR_ARG(state_failure(e->state->s, &e->a))); }

/* Once for each engine: the rules that decide are kept beside what they decided. */
static blz_status remember_rules(blz_engine *e) {
  if (e->bundled == e->state) return BLZ_OK;
  int status = state_bundle(e->state->s, str_z(e->p->hash), e->p->kept);
  if (status == RT_OOM) return api_fail(e, BLZ_NO_MEMORY, "out of memory");
  if (status != RT_OK) return state_fail(e);
  e->bundled = e->state;
  return BLZ_OK;
}

static void describe_parts(blz_engine *e, const prog_choice *x, str key, blz_decision *out) {
  const prog_template *t = x->template >= 0 ? e->p->rt->ir->templates[x->template] : NULL;
  str parts[COMBO_PARTS];
  if (!t || !key.n || !combos_parts(&e->a, key, t->nslots, parts)) return;
  blz_part *v = ARENA_ARRAY(&e->a, blz_part, t->nslots);
  for (uint32_t i = 0; i < t->nslots; i++) v[i] = (blz_part){ zero(e, t->slots[i].name), zero(e, parts[i]) };
  out->parts = v, out->part_count = t->nslots;
}

static void describe(blz_engine *e, const prog_choice *x, const decide_result *r, blz_decision *out) {
  const state_decision *d = &r->d;
  *out = (blz_decision){ .id = zero(e, d->id), .choice = zero(e, d->choice), .subject = zero(e, d->subject), .stage = state_stage_names[d->stage] };
  out->reason = zero(e, d->reason);
  out->chosen = d->candidate.n ? zero(e, d->candidate) : NULL;
  out->p = d->drawn ? (double)d->weight / (double)POLICY_ONE : -1;
  out->p_assign = d->assigned ? (double)d->assign_weight / (double)POLICY_ONE : -1;
  out->assignment = d->assigned ? d->assignment : 0;
  out->held_out = r->held_out;
  uint32_t crowd = rt_crowded(x, r);
  out->warning = crowd ? str_fmt(&e->a, "the floors of %u candidates, %.6g%% each, take more than half of the chance", crowd, x->floor * 100).p : "";
}

/* Between begin and commit. BLZ_OK: res is to be answered once that is durable. */
static blz_status decide(blz_engine *e, uint32_t choice, blz_record *r, decide_opts *o, decide_result *res) {
  str failure = { "", 0 };
  bool again, of_state;
  decide_keep keep = { .log = o->st, .bundle = str_z(e->p->hash) };
  int status = rt_decide_once(e->decider, choice, r->r, o, &keep, &e->a, res, &again, &of_state, &failure);
  if (of_state) return state_fail(e);
  if (status == RT_NONE) return api_fail(e, BLZ_BAD_VALUE, "%.*s", STR_ARG(failure));
  if (status == RT_STOPPED) return api_fail(e, BLZ_MISUSE, "%.*s", STR_ARG(failure));
  return status == RT_OK ? BLZ_OK : api_status(e, status, failure);
}

/* The engine's clock goes on with the host's; it is told the VM only where it can matter, since that forgets what is kept between records. */
static int64_t clock_of(blz_engine *e, const prog_choice *x) {
  if (e->clock_set) return e->now;
  int64_t now = rt_clock();
  const int64_t day = INT64_C(86400000000);
  if (x->reads_now || now / day != e->now / day) {
    e->now = now;
    vm_set_now(e->e.vm, now);
  }
  return now;
}

blz_status blz_engine_decide(blz_engine *e, size_t choice, blz_record *subject, const char *id, blz_decision *out) {
  api_begin(e);
  const ir_program *ir = e->p->rt->ir;
  if (choice >= ir->nchoices) return api_fail(e, BLZ_BAD_VALUE, "there is no choice number %zu", choice);
  const prog_choice *x = ir->choices[choice];
  if (!e->decider && (e->decider = rt_decider_new(&e->e)) && e->fresh) rt_decider_watch(e->decider, rt_fresh_seen, e->fresh);
  if (!e->decider) return api_fail(e, BLZ_NO_MEMORY, "out of memory");
  volatile bool open = false;
  if (setjmp(e->oom)) {
    if (open) state_abandon(e->state->s);
    return api_fail(e, BLZ_NO_MEMORY, "out of memory");
  }
  blz_status s = subject_of(e, subject, x->record, x->source, x->name);
  if (s != BLZ_OK) return s;
  decide_opts o = { .id = id ? str_z(id) : (str){ "", 0 }, .now = clock_of(e, x), .st = e->state ? e->state->s : NULL };
  decide_result res = { .arms = NULL };
  if (e->state && (s = remember_rules(e)) != BLZ_OK) return s;
  if (e->state && state_begin(o.st) != RT_OK) return state_fail(e);
  open = e->state != NULL;
  s = decide(e, (uint32_t)choice, subject, &o, &res);
  open = false;
  if (e->state && s != BLZ_OK) state_abandon(o.st);
  else if (e->state && state_commit(o.st) != RT_OK) s = state_fail(e);
  if (s == BLZ_OK) describe(e, x, &res, out), describe_parts(e, x, res.d.candidate, out);
  return s;
}

blz_status blz_engine_experiment(blz_engine *e, size_t experiment, blz_record *subject, const char **arm) {
  api_begin(e);
  *arm = NULL;
  const ir_program *ir = e->p->rt->ir;
  if (experiment >= ir->nexperiments) return api_fail(e, BLZ_BAD_VALUE, "there is no experiment number %zu", experiment);
  const prog_experiment *x = ir->experiments[experiment];
  volatile bool open = false;
  if (setjmp(e->oom)) {
    if (open) state_abandon(e->state->s);
    return api_fail(e, BLZ_NO_MEMORY, "out of memory");
  }
  blz_status s = subject_of(e, subject, x->record, x->source, x->name);
  if (s != BLZ_OK) return s;
  experiment_result res;
  str failure = { "", 0 };
  int status = rt_experiment(&e->e, (uint32_t)experiment, subject->r, &e->a, &res, &failure);
  if (status != RT_OK) return api_status(e, status, failure);
  if (!res.arm.n) {
    e->no_arm = zero(e, res.why);
    return BLZ_OK;
  }
  if (e->state) {
    if (state_begin(e->state->s) != RT_OK) return state_fail(e);
    open = true;
    status = state_expose(e->state->s, x->name, src_key_text(&e->a, ir, subject->r), res.arm, e->clock_set ? e->now : rt_clock(), NULL);
    open = false;
    if (state_commit(e->state->s) != RT_OK || status != RT_OK) return state_fail(e);
  }
  *arm = zero(e, res.arm);
  return BLZ_OK;
}

const char *blz_engine_experiment_reason(const blz_engine *e) { return e->no_arm; }
