/* Waivers in a run. A waiver that does nothing is a risk: somebody believes that an exception is recorded, or that a record was looked at. */
#include "runtime/waived.h"

#include "base/civil.h"
#include "compiler/waiver.h"

void rt_waiver_note(const ir_program *ir, uint32_t rule, const rec *r, verdict v, uint8_t *seen) {
  int64_t at = waiver_find(ir, rule, r);
  if (at < 0) return;
  uint8_t now = WAIVER_IDLE;
  switch (v) {
  case V_WAIVED: case V_INACTIVE: now = WAIVER_USED; break; /* nothing can be told of it while the rule is inactive */
  case V_FAIL: case V_UNKNOWN: now = WAIVER_CHANGED; break;
  case V_ERROR: now = WAIVER_UNREADABLE; break;
  case V_PASS: case V_SKIP: case V_COUNT: break;
  }
  if (now > seen[at]) seen[at] = now;
}

str rt_waiver_until(arena *a, int64_t until) {
  char text[32];
  if (until % USEC_PER_DAY == 0) civil_print_date(until / USEC_PER_DAY - 1, text);
  else civil_print_time(until, text);
  return str_dup(a, str_z(text));
}

static uint32_t source_of(const ir_program *ir, const prog_rule *r) {
  if (r->source >= 0) return (uint32_t)r->source;
  for (uint32_t s = 0; s < ir->nsources; s++)
    if (ir->sources[s]->record == r->record) return s;
  return UINT32_MAX;
}

bool rt_waiver_finding(arena *a, const ir_program *ir, uint32_t waiver, uint8_t seen, bool whole, int64_t now, finding *out) {
  const prog_waiver *w = ir->waivers[waiver];
  const prog_rule *r = ir->rules[w->rule];
  str empty = { "", 0 };
  *out = (finding){ .kind = FIND_DATA, .sev = SEV_WARNING, .source = source_of(ir, r), .field = -1, .key = w->key, .decl = w->sp };
  out->file = out->column = out->fix = out->message = empty;
  out->code = DIAG_WAIVE_IDLE;
  if (waiver_ended(w, now)) {
    out->code = DIAG_WAIVE_ENDED;
    out->message = str_fmt(a, "the waiver of `%.*s` ended on %.*s", STR_ARG(r->name), STR_ARG(rt_waiver_until(a, w->until)));
    out->fix = STR("remove it, or decide anew and extend `until`");
    return true;
  }
  switch (seen) {
  case WAIVER_UNSEEN:
    out->message = str_fmt(a, "`%.*s` is waived for a record that is not there", STR_ARG(r->name));
    out->fix = STR("correct the key, or remove the waiver");
    return whole;
  case WAIVER_IDLE:
    out->message = str_fmt(a, "`%.*s` is waived, and does not fail (any more)", STR_ARG(r->name));
    out->fix = STR("remove the waiver");
    return true;
  case WAIVER_UNREADABLE:
    out->message = str_fmt(a, "`%.*s` is waived, but in error, which no waiver covers", STR_ARG(r->name));
    out->fix = STR("repair the value that cannot be read");
    return true;
  case WAIVER_CHANGED:
    out->code = DIAG_WAIVE_CHANGED;
    out->message = str_fmt(a, "the waiver of `%.*s` holds no longer: what the rule reads has changed since", STR_ARG(r->name));
    out->fix = str_fmt(a, "look at the record again; `blazon waive %.*s '%.*s'` prints a new waiver", STR_ARG(r->name), STR_ARG(w->key));
    return true;
  default: return false;
  }
}

const prog_waiver *rt_waiver_of(const ir_program *ir, const finding *x) {
  return x->kind == FIND_RULE && x->waiver >= 0 ? ir->waivers[x->waiver] : NULL;
}
