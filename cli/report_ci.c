/* Reports for build servers: JUnit XML with one test case a rule, and GitHub's annotation lines. */
#include "cli/cli.h"

#include "base/utf8.h"

#include <inttypes.h>
#include <string.h>

/* ---- JUnit ---- */

void out_xml(out *o, str s) {
  if (!s.n) return;
  const char *p = s.p, *end = s.p + s.n;
  while (p < end) {
    uint32_t cp, k = utf8_decode(p, end, &cp);
    bool bad =
        cp == UINT32_MAX || (cp < 32 && cp != '\n' && cp != '\t') || cp == 0xFFFE || cp == 0xFFFF || (cp >= 0x7F && cp < 0xA0);
    if (bad) out_z(o, "\xEF\xBF\xBD");
    else if (cp == '<') out_z(o, "&lt;");
    else if (cp == '>') out_z(o, "&gt;");
    else if (cp == '&') out_z(o, "&amp;");
    else if (cp == '"') out_z(o, "&quot;");
    else if (cp == '\n') out_z(o, "&#10;");
    else out_add(o, p, k);
    p += k;
  }
}

static void case_open(out *o, str class, str name) {
  out_z(o, "    <testcase classname=\"");
  out_xml(o, class);
  out_z(o, "\" name=\"");
  out_xml(o, name);
  out_z(o, "\"");
}

static void listed(const show *s, const find_group *g) {
  for (uint32_t i = 0; i < g->n; i++) {
    arena_mark mark = arena_save(&s->c->a);
    const finding *x = g->v[i];
    out_xml(s->o, x->key);
    if (x->key.n) out_z(s->o, ": ");
    if (x->file.n && x->line) {
      out_xml(s->o, x->file);
      out_fmt(s->o, ":%u:%u: ", x->line, x->col);
    }
    str m = finding_message(&s->c->a, s, x);
    for (uint32_t k = 0; k < m.n;) { /* several lines become one here: lines stand for records */
      const char *nl = memchr(m.p + k, '\n', m.n - k);
      uint32_t stop = nl ? (uint32_t)(nl - m.p) : m.n;
      if (k) out_z(s->o, "; ");
      out_xml(s->o, (str){ m.p + k, stop - k });
      k = nl ? stop + 1 : m.n;
    }
    out_ch(s->o, '\n');
    arena_restore(&s->c->a, mark);
  }
}

static str module_of(str name) {
  const char *dot = memrchr(name.p, '.', name.n);
  return dot ? (str){ name.p, (uint32_t)(dot - name.p) } : STR("rules");
}

static str base_of(str name) {
  const char *dot = memrchr(name.p, '.', name.n);
  return dot ? (str){ dot + 1, name.n - (uint32_t)(dot + 1 - name.p) } : name;
}

typedef struct tally { int64_t tests, failures, errors, skipped; } tally;

static bool rule_ran(const show *s, uint32_t i) {
  return s->status == RT_OK && s->r->selected[i] && s->r->has_data[i] && !s->r->rules[i].n[V_INACTIVE];
}

static bool breaks(const show *s, uint32_t i) {
  return s->p->ir->rules[i]->sev <= s->fail_on && rt_counts_bad(&s->r->rules[i], s->allow) > 0;
}

static bool data_breaks(const show *s, const find_group *g) { return g->v[0]->sev <= s->fail_on; }

static tally count(const show *s) {
  tally t = { 0 };
  for (uint32_t i = 0; i < s->p->d.list.n; i++) t.tests++, t.errors += s->p->d.list.v[i]->sev == SEV_ERROR;
  for (uint32_t i = 0; s->r && i < s->p->ir->nrules; i++) {
    if (!s->r->selected[i]) continue;
    t.tests++;
    if (!rule_ran(s, i)) t.skipped++;
    else if (breaks(s, i)) t.failures++;
  }
  for (uint32_t g = 0; s->r && g < s->r->ndata_groups; g++)
    if (s->r->f.groups[g].n) t.tests++, t.errors += data_breaks(s, &s->r->f.groups[g]);
  return t;
}

static void data_case(const show *s, const find_group *g) {
  const finding *x = g->v[0];
  str name = x->source == UINT32_MAX ? STR("database") : s->p->ir->sources[x->source]->name;
  if (finding_of_waiver(x)) name = STR("waivers");
  if (x->field >= 0) name = str_fmt(&s->c->a, "%.*s.%.*s", STR_ARG(name), STR_ARG(x->column));
  case_open(s->o, STR("data"), name);
  bool bad = data_breaks(s, g);
  out_fmt(s->o, bad ? ">\n      <error type=\"%s\" message=\"" : ">\n      <system-out><!-- %s -->", diag_table[x->code].code);
  if (bad) out_xml(s->o, x->message), out_z(s->o, "\">");
  listed(s, g);
  out_z(s->o, bad ? "</error>\n    </testcase>\n" : "</system-out>\n    </testcase>\n");
}

static const char *skip_reason(const show *s, const rt_counts *c) {
  if (s->status != RT_OK) return "the run did not get to its end";
  return c->n[V_INACTIVE] ? "not active at this time" : "no data was given for its source";
}

static void put_waived(const show *s, const finding *x) {
  const prog_waiver *w = rt_waiver_of(s->p->ir, x);
  out_xml(s->o, x->key);
  out_z(s->o, ": ");
  out_xml(s->o, w ? waiver_text(&s->c->a, w) : STR("waived"));
  out_ch(s->o, '\n');
}

static void rule_case(const show *s, uint32_t i) {
  const prog_rule *r = s->p->ir->rules[i];
  const rt_counts *c = &s->r->rules[i];
  case_open(s->o, module_of(r->name), base_of(r->name));
  if (!rule_ran(s, i)) {
    out_fmt(s->o, ">\n      <skipped message=\"%s\"/>\n    </testcase>\n", skip_reason(s, c));
    return;
  }
  const find_group *waived = &s->r->f.groups[s->r->nlisted_groups + i];
  if (!rt_counts_bad(c, 0) && !waived->n) { out_z(s->o, "/>\n"); return; }
  bool bad = breaks(s, i);
  if (bad) {
    out_fmt(s->o, ">\n      <failure type=\"%s\" message=\"%" PRId64 " fail, %" PRId64 " unknown, %" PRId64 " error%s",
            severity_name(r->sev), c->n[V_FAIL], c->n[V_UNKNOWN], c->n[V_ERROR], r->because.n ? ": " : "");
    out_xml(s->o, r->because);
    out_z(s->o, "\">");
    listed(s, &s->r->f.groups[s->r->ndata_groups + i]);
    out_z(s->o, waived->n ? "</failure>\n      <system-out>" : "</failure>\n");
  } else {
    out_z(s->o, ">\n      <system-out>");
    listed(s, &s->r->f.groups[s->r->ndata_groups + i]);
  }
  for (uint32_t k = 0; k < waived->n; k++) put_waived(s, waived->v[k]);
  out_z(s->o, !bad || waived->n ? "</system-out>\n    </testcase>\n" : "    </testcase>\n");
}

static void diag_case(const show *s, const diag *g) {
  str at = place_text(&s->c->a, rt_sources(s->p), g->sp);
  case_open(s->o, STR("rules"), at.n ? at : STR("files"));
  if (g->sev != SEV_ERROR) out_z(s->o, ">\n      <system-out>");
  else out_fmt(s->o, ">\n      <error type=\"%s\" message=\"", diag_table[g->code].code), out_xml(s->o, g->message), out_z(s->o, "\">");
  out_xml(s->o, g->message);
  out_z(s->o, g->sev == SEV_ERROR ? "</error>\n    </testcase>\n" : "</system-out>\n    </testcase>\n");
}

void report_junit(const show *s) {
  tally t = count(s);
  if (s->status != RT_OK && s->r) t.tests++, t.errors++;
  bool nothing = !t.tests; /* build servers take a report without cases for one that was lost */
  if (nothing) t.tests++;
  out_z(s->o, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
  out_fmt(s->o, "<testsuites name=\"blazon\" tests=\"%" PRId64 "\" failures=\"%" PRId64 "\" errors=\"%" PRId64 "\">\n", t.tests,
          t.failures, t.errors);
  out_fmt(s->o,
          "  <testsuite name=\"blazon %s\" tests=\"%" PRId64 "\" failures=\"%" PRId64 "\" errors=\"%" PRId64
          "\" skipped=\"%" PRId64 "\">\n",
          s->command, t.tests, t.failures, t.errors, t.skipped);
  for (uint32_t i = 0; i < s->p->d.list.n; i++) diag_case(s, s->p->d.list.v[i]);
  for (uint32_t g = 0; s->r && g < s->r->ndata_groups; g++)
    if (s->r->f.groups[g].n) data_case(s, &s->r->f.groups[g]);
  for (uint32_t i = 0; s->r && i < s->p->ir->nrules; i++)
    if (s->r->selected[i]) rule_case(s, i);
  if (s->status != RT_OK && s->r) {
    case_open(s->o, STR("data"), STR("run"));
    out_z(s->o, ">\n      <error type=\"run\" message=\"");
    out_xml(s->o, s->r->failure);
    out_z(s->o, "\"/>\n    </testcase>\n");
  }
  if (nothing) case_open(s->o, STR("rules"), str_z(s->command)), out_z(s->o, "/>\n");
  out_z(s->o, "  </testsuite>\n</testsuites>\n");
}

/* ---- GitHub ---- */

static void escaped(out *o, str s, bool property) {
  for (uint32_t i = 0; i < s.n; i++) {
    char c = s.p[i];
    if (c == '%') out_z(o, "%25");
    else if (c == '\r') out_z(o, "%0D");
    else if (c == '\n') out_z(o, "%0A");
    else if (property && c == ':') out_z(o, "%3A");
    else if (property && c == ',') out_z(o, "%2C");
    else if ((unsigned char)c < 32) out_z(o, "\xEF\xBF\xBD");
    else out_ch(o, c);
  }
}

static const char *github_word(severity s) { return s == SEV_ERROR ? "error" : s == SEV_WARNING ? "warning" : "notice"; }

static bool at_rule(const show *s, span sp) {
  const srcfile *f = sp.beg ? sources_find(rt_sources(s->p), sp.beg) : NULL;
  uint32_t line, col;
  if (!f) return false;
  source_line_col(f, sp.beg, &line, &col);
  out_z(s->o, " file=");
  escaped(s->o, f->path, true);
  out_fmt(s->o, ",line=%u,col=%u,", line, col);
  return true;
}

/* What the run was told to let pass does not stand out as what breaks it. */
static bool allowed(const show *s, const finding *x) {
  if (x->kind == FIND_DATA) return x->code == DIAG_ROW_VALUE && s->allow & RT_ALLOW_ERROR;
  return (x->v == V_UNKNOWN && s->allow & RT_ALLOW_UNKNOWN) || (x->v == V_ERROR && s->allow & RT_ALLOW_ERROR);
}

static void annotation(void *ud, const finding *x) {
  const show *s = ud;
  arena_mark mark = arena_save(&s->c->a);
  out_fmt(s->o, "::%s", allowed(s, x) ? "notice" : github_word(x->sev));
  span at = x->kind == FIND_RULE ? s->p->ir->rules[x->rule]->sp : x->decl;
  if (x->file.n && x->line) {
    out_z(s->o, " file=");
    escaped(s->o, x->file, true);
    out_fmt(s->o, ",line=%u,col=%u,", x->line, x->col ? x->col : 1);
  } else if (!at_rule(s, at)) out_ch(s->o, ' ');
  out_z(s->o, "title=");
  escaped(s->o, finding_rule(s, x), true);
  out_z(s->o, "::");
  if (x->key.n) escaped(s->o, x->key, false), out_z(s->o, ": ");
  if (x->kind == FIND_DATA && x->key.n && x->column.n) escaped(s->o, x->column, false), out_z(s->o, ": ");
  escaped(s->o, finding_message(&s->c->a, s, x), false);
  if (x->kind == FIND_RULE && s->p->ir->rules[x->rule]->because.n) {
    out_z(s->o, "%0A");
    escaped(s->o, s->p->ir->rules[x->rule]->because, false);
  }
  out_ch(s->o, '\n');
  arena_restore(&s->c->a, mark);
}

static void waived_notice(void *ud, const finding *x) {
  const show *s = ud;
  const prog_waiver *w = rt_waiver_of(s->p->ir, x);
  if (!w) return;
  out_z(s->o, "::notice");
  if (!at_rule(s, w->sp)) out_ch(s->o, ' ');
  out_z(s->o, "title=");
  escaped(s->o, finding_rule(s, x), true);
  out_z(s->o, "::");
  escaped(s->o, x->key, false);
  out_z(s->o, ": ");
  escaped(s->o, waiver_text(&s->c->a, w), false);
  out_ch(s->o, '\n');
}

void report_github(const show *s) {
  for (uint32_t i = 0; i < s->p->d.list.n; i++) {
    const diag *g = s->p->d.list.v[i];
    out_fmt(s->o, "::%s", github_word(g->sev));
    if (!at_rule(s, g->sp)) out_ch(s->o, ' ');
    out_fmt(s->o, "title=%s::", diag_table[g->code].code);
    escaped(s->o, g->message, false);
    out_ch(s->o, '\n');
  }
  if (s->r) each_finding(s->r, annotation, (void *)(uintptr_t)s), each_waived(s->r, waived_notice, (void *)(uintptr_t)s);
  if (s->r && s->status != RT_OK) {
    out_z(s->o, "::error title=blazon::");
    escaped(s->o, s->r->failure, false);
    out_ch(s->o, '\n');
  }
}
