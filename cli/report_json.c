/* The report as JSON. Its shape is described by docs/schema/findings.schema.json and only ever grows. */
#include "cli/cli.h"

#include "blazon.h"

#include <string.h>

static const char *const truth_words[] = { "false", "true", "unknown", "error" };

static const char *status_word(const show *s) {
  switch (s->status) {
  case RT_OK: return "complete";
  case RT_RULES: return "rules_do_not_compile";
  case RT_BUDGET: return "limit_reached";
  case RT_STOPPED: return "stopped";
  default: return "data_unreadable";
  }
}

void json_place(json *j, const sources *src, span sp) {
  const srcfile *f = sp.beg ? sources_find(src, sp.beg) : NULL;
  uint32_t line, col;
  if (!f) return;
  json_str(j, "file", f->path);
  source_line_col(f, sp.beg, &line, &col);
  json_int(j, "line", line);
  json_int(j, "column", col);
  source_line_col(f, sp.end > sp.beg ? sp.end : sp.beg, &line, &col);
  json_int(j, "end_line", line);
  json_int(j, "end_column", col);
}

static void diagnostic(json *j, const sources *src, const diag *g) {
  json_object(j, NULL);
  json_z(j, "code", diag_table[g->code].code);
  json_z(j, "severity", severity_name(g->sev));
  json_str(j, "message", g->message);
  json_z(j, "title", diag_table[g->code].title);
  json_place(j, src, g->sp);
  if (g->notes) {
    json_array(j, "notes");
    for (const diag_note *n = g->notes; n; n = n->next) {
      json_object(j, NULL);
      json_str(j, "message", n->text);
      json_place(j, src, n->sp);
      json_end_object(j);
    }
    json_end_array(j);
  }
  if (g->fix_title.n) {
    json_object(j, "fix");
    json_str(j, "title", g->fix_title);
    json_array(j, "edits");
    for (const diag_edit *e = g->edits; e; e = e->next) {
      json_object(j, NULL);
      json_place(j, src, e->sp);
      json_str(j, "replacement", e->text);
      json_end_object(j);
    }
    json_end_array(j);
    json_end_object(j);
  }
  json_end_object(j);
}

void json_diags(json *j, const show *s) {
  json_array(j, "diagnostics");
  for (uint32_t i = 0; i < s->p->d.list.n; i++) diagnostic(j, rt_sources(s->p), s->p->d.list.v[i]);
  json_end_array(j);
}

static void counts(json *j, const rt_counts *c, bool known) {
  json_object(j, "counts");
  for (int v = 0; v < V_COUNT; v++) json_int(j, verdict_names[v], c->n[v]);
  json_int(j, "vacuous", c->vacuous);
  if (known) json_int(j, "known", c->known);
  json_end_object(j);
}

static void rule(json *j, const show *s, uint32_t i) {
  const prog_rule *r = s->p->ir->rules[i];
  json_object(j, NULL);
  json_str(j, "rule", r->name);
  json_z(j, "severity", severity_name(r->sev));
  json_z(j, "kind", r->refinement ? "field" : "rule");
  if (r->source >= 0) json_str(j, "source", s->p->ir->sources[r->source]->name);
  json_str_if(j, "owner", r->owner);
  json_str_if(j, "because", r->because);
  json_str_if(j, "link", r->link);
  if (r->ntags) {
    json_array(j, "tags");
    for (uint32_t k = 0; k < r->ntags; k++) json_str(j, NULL, r->tags[k]);
    json_end_array(j);
  }
  json_place(j, rt_sources(s->p), r->sp);
  if (s->r && r->has_until && s->r->now >= r->until) json_bool(j, "expired", true);
  if (s->costs) json_str(j, "cost", r->cost_text);
  if (s->r && s->r->rules) {
    json_bool(j, "ran", s->status == RT_OK && s->r->selected[i] && s->r->has_data[i]);
    counts(j, &s->r->rules[i], s->r->baseline);
  }
  json_end_object(j);
}

static void clause(json *j, const show *s, const finding *x, const find_clause *c) {
  const prog_clause *pc = &s->p->ir->rules[x->rule]->clauses[c->clause];
  json_object(j, NULL);
  json_z(j, "kind", pc->forbid ? "forbid" : "require");
  json_str(j, "expected", pc->text);
  json_z(j, "result", truth_words[c->result]);
  json_str_if(j, "field", pc->at_path);
  json_str_if(j, "actual", c->actual);
  json_array(j, "messages");
  for (uint32_t i = 0; i < c->nmessages; i++) json_str(j, NULL, c->messages[i]);
  json_end_array(j);
  json_array(j, "causes");
  for (uint32_t i = 0; i < c->ncauses; i++) {
    json_object(j, NULL);
    json_z(j, "kind", c->causes[i].kind == ST_MISSING ? "missing" : "error");
    json_str(j, "name", c->causes[i].text);
    json_str_if(j, "error", c->causes[i].error);
    json_end_object(j);
  }
  json_end_array(j);
  json_place(j, rt_sources(s->p), pc->sp);
  json_end_object(j);
}

typedef struct writer { json *j; const show *s; } writer;

static void declared(json *j, const show *s, span sp) {
  json_object(j, "declared");
  json_place(j, rt_sources(s->p), sp);
  json_end_object(j);
}

static void one_waived(void *ud, const finding *x) {
  writer *w = ud;
  json *j = w->j;
  arena *a = &w->s->c->a;
  arena_mark mark = arena_save(a);
  const prog_waiver *v = rt_waiver_of(w->s->p->ir, x);
  json_object(j, NULL);
  json_str(j, "rule", finding_rule(w->s, x));
  json_z(j, "severity", severity_name(x->sev));
  if (x->source != UINT32_MAX) json_str(j, "source", w->s->p->ir->sources[x->source]->name);
  json_str(j, "key", x->key);
  json_str(j, "message", finding_message(a, w->s, x));
  if (v) {
    json_str(j, "until", rt_waiver_until(a, v->until));
    json_str(j, "because", v->because);
    json_str_if(j, "owner", v->owner);
    json_str_if(j, "digest", v->digest);
    declared(j, w->s, v->sp);
  }
  json_end_object(j);
  arena_restore(a, mark);
}

static void one_finding(void *ud, const finding *x) {
  writer *w = ud;
  json *j = w->j;
  const ir_program *ir = w->s->p->ir;
  arena_mark mark = arena_save(&w->s->c->a);
  json_object(j, NULL);
  json_z(j, "kind", x->kind == FIND_RULE ? "rule" : "data");
  json_str(j, "rule", finding_rule(w->s, x));
  json_z(j, "verdict", x->kind == FIND_RULE ? verdict_names[x->v] : "error");
  json_z(j, "severity", severity_name(x->sev));
  if (x->source != UINT32_MAX) json_str(j, "source", ir->sources[x->source]->name);
  if (x->source != UINT32_MAX || x->position) {
    if (x->key.n) json_str(j, "key", x->key);
    else json_null(j, "key");
  }
  if (x->position) json_int(j, "position", x->position);
  if (x->file.n) json_str(j, "data_file", x->file);
  if (x->line) json_int(j, "data_line", x->line), json_int(j, "data_column", x->col);
  if (x->source != UINT32_MAX && x->field >= 0)
    json_str(j, "field", ir->records[ir->sources[x->source]->record]->fields[x->field].name);
  else if (x->kind == FIND_RULE && x->nclauses) json_str_if(j, "field", ir->rules[x->rule]->clauses[x->clauses[0].clause].at_path);
  json_str_if(j, "column", x->column);
  json_str(j, "message", finding_message(&w->s->c->a, w->s, x));
  json_str_if(j, "fix", x->fix);
  if (finding_of_waiver(x)) declared(j, w->s, x->decl);
  if (x->kind == FIND_RULE) {
    json_array(j, "clauses");
    for (uint32_t i = 0; i < x->nclauses; i++) clause(j, w->s, x, &x->clauses[i]);
    json_end_array(j);
  }
  json_end_object(j);
  arena_restore(&w->s->c->a, mark);
}

static void source(json *j, const show *s, uint32_t i) {
  const rt_source_counts *c = &s->r->sources[i];
  json_object(j, NULL);
  json_str(j, "source", s->p->ir->sources[i]->name);
  json_bool(j, "read", c->walked);
  json_int(j, "rows", c->rows);
  json_int(j, "checked", c->checked);
  json_int(j, "ignored_columns", c->ignored_columns);
  json_end_object(j);
}

static void summary(json *j, const show *s) {
  rt_counts all = { 0 };
  int64_t by_severity[3] = { s->r->data_counts[0], s->r->data_counts[1], s->r->data_counts[2] }, total = 0;
  for (uint32_t i = 0; i < s->p->ir->nrules; i++) {
    const rt_counts *c = &s->r->rules[i];
    for (int v = 0; v < V_COUNT; v++) all.n[v] += c->n[v];
    all.vacuous += c->vacuous, all.known += c->known;
    by_severity[s->p->ir->rules[i]->sev] += rt_counts_bad(c, 0);
  }
  for (int k = 0; k < 3; k++) total += by_severity[k];
  json_object(j, "summary");
  json_int(j, "records", s->r->rows);
  json_int(j, "findings", total);
  json_int(j, "listed", listed_findings(s->r));
  json_int(j, "errors", by_severity[SEV_ERROR]);
  json_int(j, "warnings", by_severity[SEV_WARNING]);
  json_int(j, "infos", by_severity[SEV_INFO]);
  json_int(j, "data_findings", s->r->data_counts[0] + s->r->data_counts[1] + s->r->data_counts[2]);
  json_int(j, "breaking", rt_report_breaks(s->r, s->fail_on, s->allow));
  counts(j, &all, s->r->baseline);
  json_end_object(j);
}

void report_json(const show *s) {
  json j;
  json_begin(&j, s->o, &s->c->a, true);
  json_object(&j, NULL);
  json_z(&j, "format", "blazon-findings/1");
  json_z(&j, "blazon", blz_version());
  json_z(&j, "command", s->command);
  json_z(&j, "status", s->r || s->status != RT_OK ? status_word(s) : "complete");
  if (s->r) {
    json_time(&j, "now", s->r->now);
    json_str_if(&j, "failure", s->r->failure);
    summary(&j, s);
    baseline_json(&j, s);
    json_array(&j, "sources");
    for (uint32_t i = 0; i < s->p->ir->nsources; i++) source(&j, s, i);
    json_end_array(&j);
  }
  if (s->p->ir) {
    json_array(&j, "rules");
    for (uint32_t i = 0; i < s->p->ir->nrules; i++) rule(&j, s, i);
    json_end_array(&j);
  }
  if (s->r) {
    writer w = { &j, s };
    json_array(&j, "findings");
    each_finding(s->r, one_finding, &w);
    json_end_array(&j);
    fixes_json(&j, s);
    json_array(&j, "waived");
    each_waived(s->r, one_waived, &w);
    json_end_array(&j);
  }
  json_diags(&j, s);
  json_end_object(&j);
  out_ch(s->o, '\n');
}
