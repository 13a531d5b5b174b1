/* The report that a brand manager reads: findings under the guideline that they break, then a summary that fits a screen, worst rules
   first. */
#include "cli/cli.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { SUMMARY_RULES = 12, KEY_WIDTH = 24 };

static enum style severity_style(severity s) { return s == SEV_ERROR ? S_RED : s == SEV_WARNING ? S_YELLOW : S_CYAN; }

/* A text over several lines, all at the same indentation. */
static void indented(out *o, str s, int indent) {
  const char *p = s.p, *end = s.p + s.n;
  while (p < end) {
    const char *nl = memchr(p, '\n', (size_t)(end - p));
    const char *stop = nl ? nl : end;
    if (p != s.p) out_fmt(o, "\n%*s", indent, "");
    out_safe(o, (str){ p, (uint32_t)(stop - p) });
    p = nl ? nl + 1 : end;
  }
  out_ch(o, '\n');
}

static void spaces(out *o, int64_t n) {
  while (n-- > 0) out_ch(o, ' ');
}

/* On one line, whatever the key holds. */
static str record_name(arena *a, const show *s, const finding *x) {
  if (x->key.n) {
    if (!memchr(x->key.p, '\n', x->key.n) && !memchr(x->key.p, '\t', x->key.n)) return x->key;
    buf b = { .a = a };
    for (uint32_t i = 0; i < x->key.n; i++)
      if (x->key.p[i] == '\n' || x->key.p[i] == '\t') buf_z(&b, x->key.p[i] == '\n' ? "\\n" : "\\t");
      else buf_ch(&b, x->key.p[i]);
    return buf_done(&b);
  }
  if (x->position) return str_fmt(a, "#%" PRId64, x->position);
  if (x->line && x->file.n) return str_fmt(a, "%.*s:%u:%u", STR_ARG(x->file), x->line, x->col);
  (void)s;
  return STR("-");
}

static void put_key(const show *s, const finding *x, int width) {
  str key = record_name(&s->c->a, s, x);
  out_style(s->o, S_BOLD);
  out_safe(s->o, key);
  out_style(s->o, S_PLAIN);
  int64_t w = text_width(s->c, key);
  if (w > width) out_fmt(s->o, "\n%*s", width + 4, ""), w = width;
  spaces(s->o, width + 2 - w);
}

static bool holds(str text, str part) { return !part.n || memmem(text.p, text.n, part.p, part.n) != NULL; }

/* Does the message name the value already? */
static bool told(const find_clause *c) {
  str bare = c->actual;
  if (bare.n > 2 && bare.p[0] == '"') bare.p++, bare.n -= 2;
  for (uint32_t i = 0; i < c->nmessages; i++)
    if (holds(c->messages[i], bare)) return true;
  return false;
}

/* At most n bytes of a text, cut between characters; *cut tells whether something is missing. */
static str clipped(str s, uint32_t n, bool *cut) {
  *cut = s.n > n;
  if (!*cut) return s;
  while (n && ((unsigned char)s.p[n] & 0xC0) == 0x80) n--;
  while (n && s.p[n - 1] == ' ') n--;
  return (str){ s.p, n };
}

/* Where a message of the rule's own words does not tell the value, tell it: actual against expected. */
static void put_actual(const show *s, const finding *x, const find_clause *c, int indent) {
  const prog_rule *r = s->p->ir->rules[x->rule];
  const prog_clause *pc = &r->clauses[c->clause];
  if (c->result != TR_F || pc->generated || !c->actual.n || r->refinement || told(c)) return;
  out_style(s->o, S_DIM);
  out_fmt(s->o, "%*s%.*s is ", indent, "", STR_ARG(pc->at_path));
  bool cut;
  out_safe(s->o, clipped(c->actual, 200, &cut));
  if (cut) out_z(s->o, " …");
  str rule = clipped(pc->text, 120, &cut); /* --explain shows all of it */
  out_fmt(s->o, "; the rule: %s %.*s%s", pc->forbid ? "forbid" : "require", STR_ARG(rule), cut ? " …" : "");
  out_style(s->o, S_PLAIN);
  out_ch(s->o, '\n');
}

static void put_place(const show *s, const finding *x, int indent) {
  if (!x->line || !x->file.n || (!x->key.n && !x->position)) return;
  out_style(s->o, S_DIM);
  out_fmt(s->o, "%*sat ", indent, "");
  out_safe(s->o, x->file);
  out_fmt(s->o, ":%u:%u\n", x->line, x->col);
  out_style(s->o, S_PLAIN);
}

static void put_declared(const show *s, const finding *x, int indent) {
  str at = place_text(&s->c->a, rt_sources(s->p), x->decl);
  if (!at.n) return;
  out_style(s->o, S_DIM);
  out_fmt(s->o, "%*sat ", indent, "");
  out_safe(s->o, at);
  out_ch(s->o, '\n');
  out_style(s->o, S_PLAIN);
}

static void put_finding(const show *s, const finding *x, int width) {
  arena_mark mark = arena_save(&s->c->a);
  bool whole = x->kind == FIND_DATA && !x->key.n && !x->position && !x->line; /* about a column or a table: no record to name */
  int indent = whole ? 4 : width + 6;
  out_z(s->o, "    ");
  if (!whole) put_key(s, x, width);
  indented(s->o, finding_message(&s->c->a, s, x), indent);
  for (uint32_t i = 0; i < x->nclauses; i++) put_actual(s, x, &x->clauses[i], indent);
  put_place(s, x, indent);
  if (finding_of_waiver(x)) put_declared(s, x, indent);
  if (x->fix.n) {
    out_fmt(s->o, "%*sfix: ", indent, "");
    indented(s->o, x->fix, indent + 5);
  }
  arena_restore(&s->c->a, mark);
}

static int key_width(const show *s, finding *const *v, uint32_t n) {
  int64_t width = 4;
  for (uint32_t i = 0; i < n; i++) {
    int64_t w = text_width(s->c, record_name(&s->c->a, s, v[i]));
    if (w > width && w <= KEY_WIDTH) width = w;
  }
  return (int)width;
}

static void more(const show *s, int64_t n) {
  if (n <= 0) return;
  out_style(s->o, S_DIM);
  out_fmt(s->o, "    … and %s more\n", grouped(&s->c->a, n).p);
  out_style(s->o, S_PLAIN);
}

static void put_findings(const show *s, finding *const *v, uint32_t listed, int64_t all) {
  uint32_t n = listed < s->per_rule ? listed : s->per_rule;
  int width = key_width(s, v, n);
  for (uint32_t i = 0; i < n; i++) put_finding(s, v[i], width);
  more(s, all - n);
  out_ch(s->o, '\n');
}

/* ---- data ---- */

static void data_head(const show *s, const finding *x) {
  out_style(s->o, severity_style(x->sev));
  out_fmt(s->o, finding_of_waiver(x) ? "waiver %s" : "data %s", severity_name(x->sev));
  out_style(s->o, S_PLAIN);
  out_z(s->o, "  ");
  out_style(s->o, S_BOLD);
  if (x->source != UINT32_MAX) out_str(s->o, s->p->ir->sources[x->source]->name);
  else out_z(s->o, "the database");
  if (x->field >= 0 && x->column.n) out_fmt(s->o, ", column %.*s", STR_ARG(x->column));
  out_style(s->o, S_PLAIN);
  out_fmt(s->o, "  %s [%s]\n", diag_table[x->code].title, diag_table[x->code].code);
}

void report_data(const show *s) {
  for (uint32_t g = 0; g < s->r->ndata_groups; g++) {
    const find_group *group = &s->r->f.groups[g];
    for (uint32_t i = 0, end; i < group->n; i = end) { /* in order of code: one head for each */
      for (end = i + 1; end < group->n && group->v[end]->code == group->v[i]->code;) end++;
      data_head(s, group->v[i]);
      put_findings(s, group->v + i, end - i, end == group->n ? end - i + s->r->data_found[g] - group->n : end - i);
    }
  }
}

/* ---- rules ---- */

/* What the rule's records are called: by their source, where there is only one. */
static str source_word(const show *s, const prog_rule *r, int64_t n) {
  const ir_program *ir = s->p->ir;
  int32_t source = r->source;
  for (uint32_t i = 0, found = 0; r->refinement && i < ir->nsources; i++)
    if (ir->sources[i]->record == r->record) source = found++ ? -1 : (int32_t)i;
  if (source < 0) return n == 1 ? STR("record") : STR("records");
  str name = ir->sources[source]->name;
  const char *dot = memrchr(name.p, '.', name.n);
  return dot ? (str){ dot + 1, name.n - (uint32_t)(dot + 1 - name.p) } : name;
}

static int64_t checked(const rt_counts *c) {
  int64_t n = 0;
  for (int v = 0; v < V_COUNT; v++) n += c->n[v];
  return n + c->known;
}

static void part(const show *s, bool *some, int64_t n, const char *word) {
  if (!n) return;
  out_fmt(s->o, "%s%.*s %s", *some ? ", " : "", STR_ARG(grouped(&s->c->a, n)), word);
  *some = true;
}

/* "3 of 318 assets fail, 2 unknown" */
static void verdict_counts(const show *s, const prog_rule *r, const rt_counts *c) {
  static const struct {
    verdict v;
    const char *one, *many;
  } parts[] = { { V_FAIL, "fails", "fail" }, { V_UNKNOWN, "unknown", "unknown" }, { V_ERROR, "in error", "in error" } };
  bool some = false;
  for (int i = 0; i < 3; i++) {
    int64_t n = c->n[parts[i].v], all = checked(c);
    const char *word = plural(n, parts[i].one, parts[i].many);
    if (!n) continue;
    if (some || (r->source < 0 && !r->refinement)) part(s, &some, n, word);
    else {
      str of = source_word(s, r, all);
      out_fmt(s->o, "%s of %s %.*s %s", grouped(&s->c->a, n).p, grouped(&s->c->a, all).p, STR_ARG(of), word);
      some = true;
    }
  }
  out_ch(s->o, '\n');
}

static void rule_head(const show *s, uint32_t i) {
  const prog_rule *r = s->p->ir->rules[i];
  const rt_counts *c = &s->r->rules[i];
  out_style(s->o, severity_style(r->sev));
  out_z(s->o, severity_name(r->sev));
  out_style(s->o, S_PLAIN);
  out_z(s->o, "  ");
  out_style(s->o, S_BOLD);
  out_str(s->o, r->name);
  out_style(s->o, S_PLAIN);
  out_z(s->o, "  ");
  verdict_counts(s, r, c);
  if (r->because.n || r->owner.n) {
    out_z(s->o, "  ");
    out_safe(s->o, r->because);
    if (r->owner.n) out_fmt(s->o, "%s(%.*s)", r->because.n ? "  " : "", STR_ARG(r->owner));
    out_ch(s->o, '\n');
  }
  if (r->link.n) out_fmt(s->o, "  %.*s\n", STR_ARG(r->link));
}

static void rule_groups(const show *s) {
  for (uint32_t i = 0; i < s->p->ir->nrules; i++) {
    uint32_t g = s->r->ndata_groups + i;
    int64_t bad = rt_counts_bad(&s->r->rules[i], 0);
    if (!bad) continue;
    rule_head(s, i);
    put_findings(s, s->r->f.groups[g].v, s->r->f.groups[g].n, bad);
  }
}

static void waived_groups(const show *s) {
  for (uint32_t i = 0; i < s->p->ir->nrules; i++) {
    const find_group *g = &s->r->f.groups[s->r->nlisted_groups + i];
    if (!g->n) continue;
    out_z(s->o, "waived  ");
    out_style(s->o, S_BOLD);
    out_str(s->o, s->p->ir->rules[i]->name);
    out_style(s->o, S_PLAIN);
    out_ch(s->o, '\n');
    uint32_t n = g->n < s->per_rule ? g->n : s->per_rule;
    int width = key_width(s, g->v, n);
    for (uint32_t k = 0; k < n; k++) {
      const prog_waiver *w = rt_waiver_of(s->p->ir, g->v[k]);
      out_z(s->o, "    ");
      put_key(s, g->v[k], width);
      indented(s->o, w ? waiver_text(&s->c->a, w) : (str){ "waived", 6 }, width + 6);
    }
    more(s, s->r->rules[i].n[V_WAIVED] - n);
    out_ch(s->o, '\n');
  }
}

/* ---- by record ---- */

typedef struct listed { const finding **v; uint32_t n; } listed;

static void gather(void *ud, const finding *x) {
  listed *l = ud;
  l->v[l->n++] = x;
}

static str
record_order(const finding *x) { /* row findings about values carry two bytes of their own in front (see runtime/validate.c) */
  if (x->kind == FIND_RULE) return x->order;
  if (x->code == DIAG_ROW_VALUE && x->order.n > 2) return (str){ x->order.p + 2, x->order.n - 2 };
  return (str){ "", 0 };
}

static int by_record(const void *a, const void *b) {
  const finding *x = *(const finding *const *)a, *y = *(const finding *const *)b;
  str p = record_order(x), q = record_order(y);
  uint32_t n = p.n < q.n ? p.n : q.n;
  int c = n ? memcmp(p.p, q.p, n) : 0;
  if (c) return c;
  if (p.n != q.n) return p.n < q.n ? -1 : 1;
  return x->group < y->group ? -1 : x->group > y->group;
}

static void record_head(const show *s, const finding *x) {
  str order = record_order(x);
  out_style(s->o, S_BOLD);
  if (!order.n && x->kind == FIND_RULE) out_z(s->o, "rules about everything");
  else if (!order.n) out_z(s->o, "the data as a whole");
  else {
    out_str(s->o, s->p->ir->sources[x->source]->name);
    out_ch(s->o, ' ');
    out_safe(s->o, record_name(&s->c->a, s, x));
  }
  out_style(s->o, S_PLAIN);
  out_ch(s->o, '\n');
}

static void by_records(const show *s) {
  listed l = { ARENA_ARRAY(&s->c->a, const finding *, s->r->f.total + 1), 0 };
  each_finding(s->r, gather, &l);
  if (l.n) qsort(l.v, l.n, sizeof *l.v, by_record);
  for (uint32_t i = 0; i < l.n; i++) {
    const finding *x = l.v[i];
    arena_mark mark = arena_save(&s->c->a);
    bool new_record =
        !i || !str_eq(record_order(x), record_order(l.v[i - 1])) || (!record_order(x).n && x->kind != l.v[i - 1]->kind);
    if (new_record) {
      if (i) out_ch(s->o, '\n');
      record_head(s, x);
    }
    out_z(s->o, "  ");
    out_style(s->o, severity_style(x->sev));
    out_fmt(s->o, "%-7s", severity_name(x->sev));
    out_style(s->o, S_PLAIN);
    out_fmt(s->o, "  %.*s", STR_ARG(finding_rule(s, x)));
    if (x->kind == FIND_DATA && x->source != UINT32_MAX && x->column.n)
      out_fmt(s->o, "  %.*s, column %.*s", STR_ARG(s->p->ir->sources[x->source]->name), STR_ARG(x->column));
    out_z(s->o, "\n           ");
    indented(s->o, finding_message(&s->c->a, s, x), 11);
    put_place(s, x, 11);
    arena_restore(&s->c->a, mark);
  }
  if (l.n) out_ch(s->o, '\n');
  int64_t all = s->r->data_counts[0] + s->r->data_counts[1] + s->r->data_counts[2];
  for (uint32_t i = 0; i < s->p->ir->nrules; i++) all += rt_counts_bad(&s->r->rules[i], 0);
  if (all > l.n) more(s, all - l.n);
}

/* ---- the summary ---- */

typedef struct ranked { uint32_t rule; severity sev; int64_t bad; } ranked;

static int worst_first(const void *a, const void *b) {
  const ranked *x = a, *y = b;
  if (x->sev != y->sev) return x->sev < y->sev ? -1 : 1;
  if (x->bad != y->bad) return x->bad > y->bad ? -1 : 1;
  return x->rule < y->rule ? -1 : 1;
}

static void rule_table(const show *s, const ranked *list, uint32_t n) {
  if (!n) return;
  uint32_t shown = n < SUMMARY_RULES ? n : SUMMARY_RULES, width = 4;
  for (uint32_t i = 0; i < shown; i++)
    if (s->p->ir->rules[list[i].rule]->name.n > width) width = s->p->ir->rules[list[i].rule]->name.n;
  out_style(s->o, S_DIM);
  out_fmt(s->o, "  %-*s  %-8s %9s %9s %9s %9s\n", (int)width, "rule", "severity", "fail", "unknown", "error", "pass");
  out_style(s->o, S_PLAIN);
  for (uint32_t i = 0; i < shown; i++) {
    arena *a = &s->c->a;
    const prog_rule *r = s->p->ir->rules[list[i].rule];
    const rt_counts *c = &s->r->rules[list[i].rule];
    out_fmt(s->o, "  %-*.*s  ", (int)width, STR_ARG(r->name));
    out_style(s->o, severity_style(r->sev));
    out_fmt(s->o, "%-8s", severity_name(r->sev));
    out_style(s->o, S_PLAIN);
    out_fmt(s->o, " %9s %9s %9s %9s\n", grouped(a, c->n[V_FAIL]).p, grouped(a, c->n[V_UNKNOWN]).p, grouped(a, c->n[V_ERROR]).p,
            grouped(a, c->n[V_PASS]).p);
  }
  if (n > shown) out_fmt(s->o, "  … and %s more %s with findings\n", grouped(&s->c->a, n - shown).p, plural(n - shown, "rule", "rules"));
  out_ch(s->o, '\n');
}

/* A refinement of a record that only other records hold is reported with their fields: it has no rows of its own. */
static bool has_source(const show *s, uint32_t rule) {
  const ir_program *ir = s->p->ir;
  for (uint32_t k = 0; k < ir->nsources; k++)
    if (!ir->rules[rule]->refinement || ir->sources[k]->record == ir->rules[rule]->record) return true;
  return false;
}

/* Rules of the run whose `until` has passed: they judge nothing any more, and somebody may believe that they do. */
static void expired(const show *s) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < s->p->ir->nrules; i++) {
    const prog_rule *r = s->p->ir->rules[i];
    if (!s->r->selected[i] || !r->has_until || s->r->now < r->until) continue;
    str until = rt_waiver_until(&s->c->a, r->until);
    out_fmt(s->o, "%s%.*s (until %.*s)", n++ ? ", " : "expired: ", STR_ARG(r->name), STR_ARG(until));
  }
  if (n) out_z(s->o, "; extend `until`, or remove the rule\n");
}

static void remarks(const show *s) {
  int64_t vacuous = 0, ignored = 0, waived = 0;
  uint32_t rules = 0, inactive = 0, unfed = 0;
  for (uint32_t i = 0; i < s->p->ir->nrules; i++) {
    vacuous += s->r->rules[i].vacuous, rules += s->r->rules[i].vacuous > 0;
    inactive += s->r->rules[i].n[V_INACTIVE] > 0, waived += s->r->rules[i].n[V_WAIVED];
    unfed += s->r->selected[i] && !s->r->has_data[i] && has_source(s, i);
  }
  for (uint32_t i = 0; i < s->p->ir->nsources; i++) ignored += s->r->sources[i].ignored_columns;
  if (vacuous) {
    out_fmt(s->o, "%.*s %s vacuous (the list that the rule looks at is empty), in %u %s", STR_ARG(grouped(&s->c->a, vacuous)),
            plural(vacuous, "pass is", "passes are"), rules, plural(rules, "rule", "rules"));
    uint32_t told = 0;
    for (uint32_t i = 0; i < s->p->ir->nrules && told < 3; i++)
      if (s->r->rules[i].vacuous)
        out_fmt(s->o, "%s%.*s (%s)", told++ ? ", " : ": ", STR_ARG(s->p->ir->rules[i]->name),
                grouped(&s->c->a, s->r->rules[i].vacuous).p);
    out_z(s->o, told < rules ? ", …\n" : "\n");
  }
  if (waived) out_fmt(s->o, "%.*s %s waived\n", STR_ARG(grouped(&s->c->a, waived)), plural(waived, "finding is", "findings are"));
  baseline_remark(s);
  fixes_remark(s);
  if (inactive)
    out_fmt(s->o, "%u %s outside since and until: not active at this time\n", inactive, plural(inactive, "rule is", "rules are"));
  expired(s);
  if (unfed) out_fmt(s->o, "%u %s not run: no data was given for the source\n", unfed, plural(unfed, "rule was", "rules were"));
  if (ignored) out_fmt(s->o, "%.*s %s ignored: no record declares %s\n", STR_ARG(grouped(&s->c->a, ignored)),
                       plural(ignored, "column or key was", "columns or keys were"), plural(ignored, "it", "them"));
}

/* Findings that a limit keeps off the list are counted all the same; say how to see them. */
static void unlisted(const show *s, int64_t all) {
  int64_t listed = 0;
  if (s->c->quiet || s->r->fixes) return;
  listed = listed_findings(s->r);
  if (listed >= all) return;
  int64_t left = all - listed;
  out_fmt(s->o, "%s %s not listed; --max-findings 1000 lists that many, --only RULE those of one rule\n", grouped(&s->c->a, left).p,
          plural(left, "finding is", "findings are"));
}

static void verdict_line(const show *s, uint32_t nrules, int64_t by_severity[3]) {
  int64_t all = by_severity[0] + by_severity[1] + by_severity[2], breaks = rt_report_breaks(s->r, s->fail_on, s->allow);
  arena *a = &s->c->a;
  out_style(s->o, S_BOLD);
  out_fmt(s->o, "%s %s%s checked against %s %s in %.1f s: ", grouped(a, s->r->rows).p, plural(s->r->rows, "record", "records"),
          s->sampled ? " (a sample)" : "", grouped(a, nrules).p, plural(nrules, "rule", "rules"), s->seconds);
  if (!nrules) out_z(s->o, "no rules were run; ");
  out_style(s->o, all ? (by_severity[0] ? S_RED : S_YELLOW) : S_GREEN);
  if (!all) out_z(s->o, !nrules ? "nothing was found" : s->r->baseline && s->r->baseline->known ? "nothing new" : "all good");
  else {
    bool some = false;
    out_fmt(s->o, "%s %s (", grouped(a, all).p, plural(all, "finding", "findings"));
    part(s, &some, by_severity[0], plural(by_severity[0], "error", "errors"));
    part(s, &some, by_severity[1], plural(by_severity[1], "warning", "warnings"));
    part(s, &some, by_severity[2], "info");
    out_z(s->o, ")");
  }
  out_style(s->o, S_PLAIN);
  if (all && !breaks) out_z(s->o, "; none breaks this run");
  out_ch(s->o, '\n');
}

static void summary(const show *s) {
  const ir_program *ir = s->p->ir;
  ranked *list = ARENA_ARRAY(&s->c->a, ranked, ir->nrules + 1);
  uint32_t n = 0, nrules = 0;
  int64_t by_severity[3] = { s->r->data_counts[0], s->r->data_counts[1], s->r->data_counts[2] };
  for (uint32_t i = 0; i < ir->nrules; i++) {
    int64_t bad = rt_counts_bad(&s->r->rules[i], 0);
    nrules += s->r->selected[i];
    by_severity[ir->rules[i]->sev] += bad;
    if (bad) list[n++] = (ranked){ i, ir->rules[i]->sev, bad };
  }
  if (n) qsort(list, n, sizeof *list, worst_first);
  rule_table(s, list, n);
  remarks(s);
  unlisted(s, by_severity[0] + by_severity[1] + by_severity[2]);
  verdict_line(s, nrules, by_severity);
}

void report_text(const show *s) {
  if (!s->r) return;
  if (s->r->fixes && !s->c->quiet) fixes_text(s);
  else if (!s->c->quiet) {
    if (s->by_record) by_records(s);
    else report_data(s), rule_groups(s);
    waived_groups(s);
  }
  if (s->status == RT_OK) summary(s);
}
