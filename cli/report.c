/* What all reports share: the order of findings, one text for a finding, names and places. */
#include "cli/cli.h"

#include <string.h>

void each_finding(const rt_report *r, void (*f)(void *ud, const finding *x), void *ud) {
  for (uint32_t g = 0; g < r->nlisted_groups; g++)
    for (uint32_t i = 0; i < r->f.groups[g].n; i++) f(ud, r->f.groups[g].v[i]);
}

int64_t listed_findings(const rt_report *r) {
  int64_t n = 0;
  for (uint32_t g = 0; g < r->nlisted_groups; g++) n += r->f.groups[g].n;
  return n;
}

void each_waived(const rt_report *r, void (*f)(void *ud, const finding *x), void *ud) {
  for (uint32_t g = r->nlisted_groups; g < r->f.ngroups; g++)
    for (uint32_t i = 0; i < r->f.groups[g].n; i++) f(ud, r->f.groups[g].v[i]);
}

bool finding_of_waiver(const finding *x) {
  return x->kind == FIND_DATA && (x->code == DIAG_WAIVE_IDLE || x->code == DIAG_WAIVE_CHANGED || x->code == DIAG_WAIVE_ENDED);
}

str waiver_text(arena *a, const prog_waiver *w) {
  str until = rt_waiver_until(a, w->until);
  str owner = w->owner.n ? str_fmt(a, " (%.*s)", STR_ARG(w->owner)) : (str){ "", 0 };
  return str_fmt(a, "waived until %.*s: %.*s%.*s", STR_ARG(until), STR_ARG(w->because), STR_ARG(owner));
}

str finding_rule(const show *s, const finding *x) {
  return x->kind == FIND_RULE ? s->p->ir->rules[x->rule]->name : str_z(diag_table[x->code].code);
}

str finding_file(const show *s, const finding *x) {
  (void)s;
  return x->line ? x->file : (str){ "", 0 };
}

str finding_message(arena *a, const show *s, const finding *x) {
  (void)s;
  return rt_finding_message(a, x);
}

void report_any(const show *s, enum format f) {
  switch (f) {
  case F_TEXT: report_text(s); break;
  case F_JSON: report_json(s); break;
  case F_SARIF: report_sarif(s); break;
  case F_JUNIT: report_junit(s); break;
  case F_GITHUB: report_github(s); break;
  }
}
