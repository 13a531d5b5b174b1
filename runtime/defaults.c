/* Defaults that their own field forbids: each record without the field would be a finding. They are judged as a record would be, by the rules that the
 * compiler makes of the field's type. */
#include "runtime/defaults.h"
#include "runtime/engine.h"

#include <string.h>

typedef struct judged { vm_engine *e; const rt_program *p; rec r; } judged;

static const prog_field *default_of(const ir_program *ir, const prog_rule *r) {
  const prog_field *f = r->refinement ? &ir->records[r->record]->fields[r->field] : NULL;
  return f && f->has_default ? f : NULL;
}

/* What the rule says of the field's default; empty: nothing. Bounds are constants, so the clock does not matter; what asks the data (`unique`) is left
   to the run. */
static str complaint(judged *j, arena *a, uint32_t rule) {
  const prog_rule *r = j->p->ir->rules[rule];
  vm_result out;
  memset(j->r.st, ST_MISSING, j->r.ty->nfields);
  j->r.v[r->field] = default_of(j->p->ir, r)->def, j->r.st[r->field] = ST_OK;
  str said = { "", 0 };
  if (vm_rule(j->e, rule, &j->r, true, &out) == VM_OK && out.v == V_FAIL && out.nclauses && out.clauses[0].nmessages) {
    str s = out.clauses[0].messages[0];
    char *copy = arena_try(a, s.n + 1u); /* no jump while the engine is open */
    if (copy) said = (str){ memcpy(copy, s.p, s.n), s.n };
  }
  vm_reset(j->e);
  return said;
}

void rt_check_defaults(rt_program *p, const ir_program *ir) {
  uint32_t most = 0;
  bool any = false;
  for (uint32_t i = 0; i < ir->nrules; i++) any |= default_of(ir, ir->rules[i]) != NULL;
  if (!any) return;
  for (uint32_t i = 0; i < ir->nrecords; i++)
    if (ir->records[i]->shape.nfields > most) most = ir->records[i]->shape.nfields;
  str *said = ARENA_ARRAY(&p->a, str, ir->nrules);
  judged j = { .p = p, .r = { .v = ARENA_ARRAY(&p->a, val, most), .st = ARENA_ARRAY(&p->a, uint8_t, most), .source = UINT32_MAX } };
  rt_engine e;
  if (!rt_engine_open(&e, p, &p->m, (vm_limits){ 0 }, 0)) return; /* whoever runs the program will be told */
  j.e = e.vm;
  for (uint32_t i = 0; i < ir->nrules; i++) {
    if (!default_of(ir, ir->rules[i])) continue;
    j.r.ty = &ir->records[ir->rules[i]->record]->shape, j.r.cap = j.r.ty->nfields;
    said[i] = complaint(&j, &p->a, i);
  }
  rt_engine_close(&e);
  for (uint32_t i = 0; i < ir->nrules; i++) {
    const prog_field *f = default_of(ir, ir->rules[i]);
    if (f && said[i].n) diag_add(&p->d, DIAG_FIELD_MODIFIER, f->sp, "the default of `%.*s` is not allowed by the field itself: %.*s", STR_ARG(f->name), STR_ARG(said[i]));
  }
}
