/* The evidence of a logged decision, read back; see logged.h. It is what write_evidence in pool.c wrote, and nothing else. */
#include "runtime/logged.h"

#include "base/value.h"
#include "runtime/source.h"

#include <string.h>

static bool take(str *s, const char *what, size_t n) {
  if (s->n < n || memcmp(s->p, what, n) != 0) return false;
  s->p += n, s->n -= (uint32_t)n;
  return true;
}

const char *const logged_names[CHOICE_ARGS] = { "value", "success", "trials", "sum", "sum_squares", "count" };

/* {"success":1,"trials":2}; numbers were written by the shortest text that reads back, so they are the same bits. *has: which are there. */
static bool one_arm(arena *a, str *s, policy_arm *arm, unsigned *has) {
  double *const to[CHOICE_ARGS] = { &arm->value, &arm->success, &arm->trials, &arm->sum, &arm->sum_squares, &arm->count };
  *has = 0;
  if (!take(s, ":{", 2)) return false;
  while (!take(s, "}", 1)) {
    int at = -1;
    take(s, ",", 1);
    for (int i = 0; i < CHOICE_ARGS && at < 0; i++) {
      str name = str_fmt(a, "\"%s\":", logged_names[i]);
      if (take(s, name.p, name.n)) at = i;
    }
    uint32_t n = 0;
    while (n < s->n && s->p[n] != ',' && s->p[n] != '}') n++;
    if (at < 0 || !n || !src_number(a, (str){ s->p, n }, to[at])) return false;
    *has |= 1u << at;
    s->p += n, s->n -= n;
  }
  return true;
}

bool logged_evidence(arena *a, const state_decision *d, policy_arm *arms, unsigned *has) {
  str s = d->evidence;
  *has = 0;
  if (!s.n) return true;
  if (!take(&s, "{", 1)) return false;
  *has = ~0u;
  for (uint32_t i = 0; i < d->ncandidates; i++) {
    buf key = { .a = a };
    json_text(&key, d->candidates[i].key);
    str before = s;
    unsigned mine;
    take(&s, ",", 1);
    if (!take(&s, key.p, key.n)) {
      s = before;
      if (d->candidates[i].eligible == ELIGIBLE) return false;
      continue;
    }
    if (!one_arm(a, &s, &arms[i], &mine)) return false;
    *has &= mine;
  }
  return take(&s, "}", 1) && !s.n;
}

int64_t logged_at(const state_decision *d, str key) {
  for (uint32_t i = 0; i < d->ncandidates; i++)
    if (str_eq(d->candidates[i].key, key)) return i;
  return -1;
}

int logged_rules(state *s, const mem *m, str hash, str choice, arena *a, rt_program **p, const prog_choice **x, str *failure) {
  str bytes;
  *p = NULL, *x = NULL;
  int status = hash.n ? state_bundle_bytes(s, a, hash, &bytes) : RT_NONE;
  if (status == RT_ENV) *failure = state_failure(s, a);
  if (status != RT_OK) return status == RT_NONE ? RT_OK : status;
  rt_program *r = rt_program_new(m);
  if (!r) return RT_OOM;
  if (rt_program_add_bundle(r, STR("state"), bytes.p, bytes.n) != RT_OK || rt_program_compile(r, false, INT64_MIN) != RT_OK) {
    rt_program_free(r);
    return RT_OK;
  }
  for (uint32_t i = 0; i < r->ir->nchoices; i++)
    if (str_eq(r->ir->choices[i]->name, choice)) *x = r->ir->choices[i];
  *p = r;
  return RT_OK;
}

int logged_again(rt_decider *d, rt_engine *e, uint32_t choice, const state_decision *was, int64_t *last, arena *a, decide_result *r, str *why, str *failure) {
  const prog_choice *p = e->p->ir->choices[choice];
  *why = (str){ "", 0 };
  if (!was->record.n) { *why = STR("the subject's record was not kept"); return RT_NONE; }
  rec *subject = src_record_json(a, e->p->ir, p->record, &e->p->atoms, was->record, vm_frame_size(e->p->vm), false, why);
  if (!subject) return RT_NONE;
  subject->source = p->source;
  if (was->at < *last) rt_decider_forget(d); /* the clock is set back */
  *last = was->at;
  vm_set_now(e->vm, was->at);
  decide_opts o = { .id = was->id, .now = was->at, .stateless = true };
  return rt_decide(d, choice, subject, &o, a, r, failure);
}
