/* Matching audiences: one walk over each source that some audience is over. See match.h. */
#include "runtime/match.h"

#include "runtime/validate.h"

#include <string.h>

enum { PROGRESS_ROWS = 8192 };

typedef struct matcher {
  const rt_program *p;
  const rt_match_opts *o;
  rt_engine e;
  src_data *data;
  arena a;                 /* one row's texts */
  rt_match_counts *counts;
  str failure;
} matcher;

static int match_row(matcher *w, uint32_t source, rec *r) {
  const ir_program *ir = w->p->ir;
  for (uint32_t i = 0; i < w->o->naudiences; i++) {
    uint32_t at = w->o->audiences[i];
    if (ir->audiences[at]->source != source) continue;
    rt_match x = { .audience = at, .record = r };
    int status = vm_audience(w->e.vm, at, r, &x.result);
    if (status == VM_OK && w->o->causes && (x.result == TR_U || x.result == TR_E)) {
      vm_cause *causes;
      status = vm_audience_causes(w->e.vm, at, r, &x.result, &x.ncauses, &causes);
      x.causes = causes;
    }
    if (status != VM_OK) return rt_engine_status(&w->e, status, &w->failure);
    w->counts[i].n[x.result]++;
    if (!w->o->on_match) continue;
    x.key = src_key_text(&w->a, ir, r);
    if (!w->o->on_match(w->o->ud, &x)) return RT_STOPPED;
  }
  return RT_OK;
}

static int walk_rows(matcher *w, uint32_t source, src_cursor *cur) {
  int64_t rows = 0, estimate = src_estimate(w->data, source);
  for (rec *r;;) {
    int got = src_next(cur, &r);
    if (got == SRC_DONE) return RT_OK;
    if (got == SRC_OOM) return RT_OOM;
    if (got != SRC_OK) { w->failure = src_failure(w->data); return RT_ENV; }
    vm_reset(w->e.vm);
    if (w->a.used) arena_reset(&w->a);
    if (++rows % PROGRESS_ROWS == 0 && w->o->progress &&
        !w->o->progress(w->o->ud, w->p->ir->sources[source]->name, rows, estimate))
      return RT_STOPPED;
    int status = match_row(w, source, r);
    if (status != RT_OK) return status;
  }
}

static int walk(matcher *w, uint32_t source) {
  src_cursor *cur = NULL;
  int status, got = src_walk(w->data, source, &cur);
  if (got == SRC_OOM) return RT_OOM;
  if (got != SRC_OK) { w->failure = src_failure(w->data); return RT_ENV; }
  jmp_buf *outer = w->a.oom, here;
  if (setjmp(here)) status = RT_OOM;
  else {
    w->a.oom = &here;
    status = walk_rows(w, source, cur);
  }
  w->a.oom = outer;
  src_end(cur);
  return status;
}

static int run(matcher *w, const bool *wanted, arena *a) {
  const rt_match_opts *o = w->o;
  if (!rt_engine_open(&w->e, w->p, o->m, o->limits, o->now)) return RT_OOM;
  int status = rt_open_data(w->p, o->m, o->db, o->nbindings, o->bindings, wanted, NULL, o->issue, o->ud, a, &w->data, &w->failure);
  if (status != RT_OK) return status;
  rt_engine_data(&w->e, w->data);
  for (uint32_t s = 0; status == RT_OK && s < w->p->ir->nsources; s++)
    if (wanted[s]) status = walk(w, s);
  return status;
}

int rt_match_run(const rt_program *p, const rt_match_opts *o, arena *a, rt_match_counts *counts, str *failure) {
  matcher w = { .p = p, .o = o, .counts = counts };
  bool *wanted = ARENA_ARRAY(a, bool, p->ir->nsources + 1);
  for (uint32_t i = 0; i < o->naudiences; i++) wanted[p->ir->audiences[o->audiences[i]]->source] = true;
  memset(counts, 0, sizeof *counts * o->naudiences);
  jmp_buf *outer = a->oom, here;
  int jumped = setjmp(here), status = RT_OOM;
  if (!jumped) {
    a->oom = &here;
    arena_init(&w.a, o->m, &here);
    status = run(&w, wanted, a);
    if (w.failure.n) *failure = str_dup(a, w.failure);
  }
  a->oom = outer;
  rt_engine_close(&w.e);
  if (w.data) src_close(w.data);
  arena_free(&w.a);
  return status;
}
