/* What all reports share: the order of findings, one text for a finding, names and places. */
#include "cli/cli.h"

#include <string.h>

void each_finding(const rt_report *r, void (*f)(void *ud, const finding *x), void *ud) {
  for (uint32_t g = 0; g < r->f.ngroups; g++)
    for (uint32_t i = 0; i < r->f.groups[g].n; i++) f(ud, r->f.groups[g].v[i]);
}

str finding_rule(const show *s, const finding *x) {
  return x->kind == FIND_RULE ? s->p->ir->rules[x->rule]->name : str_z(diag_table[x->code].code);
}

str finding_file(const show *s, const finding *x) {
  (void)s;
  return x->line ? x->file : (str){ "", 0 };
}

static void join_causes(buf *b, const find_clause *c, uint8_t kind) {
  uint32_t n = 0, left = 0;
  for (uint32_t i = 0; i < c->ncauses; i++) left += c->causes[i].kind == kind;
  for (uint32_t i = 0; i < c->ncauses; i++) {
    if (c->causes[i].kind != kind) continue;
    left--;
    if (n) buf_z(b, left ? ", " : " and ");
    buf_str(b, c->causes[i].text);
    n++;
  }
  if (kind == ST_MISSING) buf_z(b, n == 1 ? " is missing" : " are missing");
}

static void clause_text(buf *b, const find_clause *c) {
  if (c->result == TR_F) {
    for (uint32_t i = 0; i < c->nmessages; i++) {
      if (i) buf_ch(b, '\n');
      buf_str(b, c->messages[i]);
    }
    return;
  }
  if (c->result == TR_U) {
    buf_z(b, "cannot tell: ");
    if (c->ncauses) join_causes(b, c, ST_MISSING);
    else buf_z(b, "something is missing");
    return;
  }
  buf_z(b, "cannot tell: ");
  uint32_t n = 0;
  for (uint32_t i = 0; i < c->ncauses; i++) {
    if (c->causes[i].kind != ST_ERR) continue;
    if (n++) buf_z(b, "; ");
    buf_str(b, c->causes[i].text);
    if (c->causes[i].error.n) buf_fmt(b, ": %.*s", STR_ARG(c->causes[i].error));
    else buf_z(b, " is in error");
  }
  if (!n) buf_z(b, "a value is in error");
}

str finding_message(arena *a, const show *s, const finding *x) {
  (void)s;
  if (x->kind == FIND_DATA) return x->message;
  buf b = { .a = a };
  for (uint32_t i = 0; i < x->nclauses; i++) {
    if (i) buf_ch(&b, '\n');
    clause_text(&b, &x->clauses[i]);
  }
  if (!x->nclauses) buf_fmt(&b, "verdict: %s", verdict_names[x->v]);
  return buf_done(&b);
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
