/* The report as SARIF 2.1.0 (OASIS), for code scanning services. Rules of the program and codes of messages are its rules; a row of a
 * database is a logical location, a place in a data file a physical one; the rule's own text is a related location. */
#include "cli/cli.h"

#include "blazon.h"

#include <stdio.h>
#include <string.h>

typedef struct writer {
  json j;
  const show *s;
  uint32_t codes[DIAG_COUNT]; /* index among the rules, UINT32_MAX: not used */
  uint32_t nrules;
} writer;

static const char *level(severity s) { return s == SEV_ERROR ? "error" : s == SEV_WARNING ? "warning" : "note"; }

static bool is_uri(str s) {
  if (s.n < 8 || (memcmp(s.p, "http://", 7) != 0 && memcmp(s.p, "https://", 8) != 0)) return false;
  for (uint32_t i = 0; i < s.n; i++)
    if ((unsigned char)s.p[i] <= ' ' || (unsigned char)s.p[i] >= 0x7F || strchr("<>\"{}|\\^`", s.p[i])) return false;
  return true;
}

static void uri(writer *w, str path) {
  buf b = { .a = &w->s->c->a };
  if (path.n && path.p[0] == '/') buf_z(&b, "file://");
  for (uint32_t i = 0; i < path.n; i++) {
    unsigned char c = (unsigned char)path.p[i];
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("/-_.~", c) != NULL;
    if (plain && c) buf_ch(&b, (char)c);
    else buf_fmt(&b, "%%%02X", c);
  }
  json_object(&w->j, "artifactLocation");
  json_str(&w->j, "uri", buf_done(&b));
  json_end_object(&w->j);
}

static void message(writer *w, const char *name, str text) {
  json_object(&w->j, name);
  json_str(&w->j, "text", text.n ? text : STR("(no message)"));
  json_end_object(&w->j);
}

/* Columns of SARIF count characters, ours bytes. */
static uint32_t characters(const srcfile *f, uint32_t line, uint32_t col) {
  str s = source_line(f, line);
  uint32_t n = 1;
  for (uint32_t i = 0; i + 1 < col && i < s.n; i++) n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
  return n;
}

static void region(writer *w, const char *name, const srcfile *f, span sp) {
  uint32_t line, col, end_line, end_col;
  source_line_col(f, sp.beg, &line, &col);
  source_line_col(f, sp.end > sp.beg ? sp.end : sp.beg, &end_line, &end_col);
  json_object(&w->j, name);
  json_int(&w->j, "startLine", line);
  json_int(&w->j, "startColumn", characters(f, line, col));
  json_int(&w->j, "endLine", end_line);
  json_int(&w->j, "endColumn", characters(f, end_line, end_col));
  json_end_object(&w->j);
}

static bool physical(writer *w, span sp) {
  const srcfile *f = sp.beg ? sources_find(rt_sources(w->s->p), sp.beg) : NULL;
  if (!f) return false;
  json_object(&w->j, "physicalLocation");
  uri(w, f->path);
  region(w, "region", f, sp);
  json_end_object(&w->j);
  return true;
}

/* ---- rules ---- */

static void rule_row(writer *w, const prog_rule *r) {
  json *j = &w->j;
  json_object(j, NULL);
  json_str(j, "id", r->name);
  str brief = r->because.n ? r->because : r->doc.n ? r->doc : r->name;
  message(w, "shortDescription", brief);
  message(w, "fullDescription", r->doc.n ? r->doc : brief); /* GitHub refuses rules without one */
  buf help = { .a = &w->s->c->a };
  buf_str(&help, brief);
  if (r->link.n) buf_fmt(&help, "\nGuideline: %.*s", STR_ARG(r->link));
  if (r->owner.n) buf_fmt(&help, "\nOwner: %.*s", STR_ARG(r->owner));
  for (uint32_t i = 0; i < r->nclauses; i++)
    buf_fmt(&help, "\n%s %.*s", r->clauses[i].forbid ? "forbid" : "require", STR_ARG(r->clauses[i].text));
  message(w, "help", buf_done(&help));
  if (is_uri(r->link)) json_str(j, "helpUri", r->link);
  json_object(j, "defaultConfiguration");
  json_z(j, "level", level(r->sev));
  json_end_object(j);
  json_object(j, "properties");
  json_array(j, "tags");
  for (uint32_t i = 0; i < r->ntags; i++) json_str(j, NULL, r->tags[i]);
  json_end_array(j);
  json_str_if(j, "owner", r->owner);
  json_end_object(j);
  json_end_object(j);
  w->nrules++;
}

static void code_row(writer *w, diag_code code) {
  if (w->codes[code] != UINT32_MAX) return;
  w->codes[code] = w->nrules++;
  json *j = &w->j;
  json_object(j, NULL);
  json_z(j, "id", diag_table[code].code);
  json_z(j, "name", diag_table[code].name);
  message(w, "shortDescription", str_z(diag_table[code].title));
  message(w, "fullDescription", str_z(diag_table[code].text));
  message(w, "help", str_z(diag_table[code].text));
  json_object(j, "defaultConfiguration");
  json_z(j, "level", level(diag_table[code].sev));
  json_end_object(j);
  json_end_object(j);
}

static void data_code(void *ud, const finding *x) {
  if (x->kind == FIND_DATA) code_row(ud, x->code);
}

static void rules(writer *w) {
  for (uint32_t i = 0; i < DIAG_COUNT; i++) w->codes[i] = UINT32_MAX;
  json_array(&w->j, "rules");
  if (w->s->p->ir)
    for (uint32_t i = 0; i < w->s->p->ir->nrules; i++) {
      arena_mark mark = arena_save(&w->s->c->a);
      rule_row(w, w->s->p->ir->rules[i]);
      arena_restore(&w->s->c->a, mark);
    }
  for (uint32_t i = 0; i < w->s->p->d.list.n; i++) code_row(w, w->s->p->d.list.v[i]->code);
  if (w->s->r) each_finding(w->s->r, data_code, w);
  json_end_array(&w->j);
}

/* ---- results ---- */

static void diagnostic(writer *w, const diag *g) {
  json *j = &w->j;
  json_object(j, NULL);
  json_z(j, "ruleId", diag_table[g->code].code);
  json_int(j, "ruleIndex", w->codes[g->code]);
  json_z(j, "level", level(g->sev));
  message(w, "message", g->message);
  json_array(j, "locations");
  if (g->sp.beg && sources_find(rt_sources(w->s->p), g->sp.beg)) {
    json_object(j, NULL);
    physical(w, g->sp);
    json_end_object(j);
  }
  json_end_array(j);
  json_array(j, "relatedLocations");
  for (const diag_note *n = g->notes; n; n = n->next) {
    json_object(j, NULL);
    physical(w, n->sp);
    message(w, "message", n->text);
    json_end_object(j);
  }
  json_end_array(j);
  const srcfile *f = g->edits ? sources_find(rt_sources(w->s->p), g->edits->sp.beg) : NULL;
  if (f) {
    json_array(j, "fixes");
    json_object(j, NULL);
    message(w, "description", g->fix_title);
    json_array(j, "artifactChanges");
    json_object(j, NULL);
    uri(w, f->path);
    json_array(j, "replacements");
    for (const diag_edit *e = g->edits; e; e = e->next) {
      if (sources_find(rt_sources(w->s->p), e->sp.beg) != f) continue;
      json_object(j, NULL);
      region(w, "deletedRegion", f, e->sp);
      json_object(j, "insertedContent");
      json_str(j, "text", e->text);
      json_end_object(j);
      json_end_object(j);
    }
    json_end_array(j);
    json_end_object(j);
    json_end_array(j);
    json_end_object(j);
    json_end_array(j);
  }
  json_end_object(j);
}

static void location(writer *w, const finding *x) {
  json *j = &w->j;
  const ir_program *ir = w->s->p->ir;
  arena *a = &w->s->c->a;
  json_object(j, NULL);
  if (finding_of_waiver(x)) physical(w, x->decl);
  else if (x->file.n && x->line) {
    json_object(j, "physicalLocation");
    uri(w, x->file);
    json_object(j, "region");
    json_int(j, "startLine", x->line);
    json_int(j, "startColumn", x->col ? x->col : 1);
    json_end_object(j);
    json_end_object(j);
  }
  str source = x->source == UINT32_MAX ? STR("database") : ir->sources[x->source]->name;
  str key = x->key.n ? x->key : str_fmt(a, "#%lld", (long long)x->position);
  json_array(j, "logicalLocations");
  json_object(j, NULL);
  json_str(j, "name", x->position || x->key.n ? key : source);
  str full = x->position || x->key.n ? str_fmt(a, "%.*s/%.*s", STR_ARG(source), STR_ARG(key)) : source;
  if (x->source != UINT32_MAX && x->field >= 0)
    full = str_fmt(a, "%.*s/%.*s", STR_ARG(full), STR_ARG(ir->records[ir->sources[x->source]->record]->fields[x->field].name));
  json_str(j, "fullyQualifiedName", full);
  json_z(j, "kind", "row");
  json_end_object(j);
  json_end_array(j);
  json_end_object(j);
}

/* The same finding has the same print in every run, wherever its row stands, as long as rows have keys. */
static uint64_t fingerprint(const show *s, const finding *x) {
  str source = x->source == UINT32_MAX ? STR("") : s->p->ir->sources[x->source]->name;
  str who = x->key.n ? x->key : str_fmt(&s->c->a, "#%lld", (long long)x->position);
  str part = finding_of_waiver(x) ? x->message : x->column, all =
      str_fmt(&s->c->a, "%.*s\n%.*s\n%.*s\n%.*s", STR_ARG(finding_rule(s, x)), STR_ARG(source), STR_ARG(part), STR_ARG(who));
  return str_hash(all);
}

/* The waiver stands in the rule files, apart from the data: an external suppression. */
static void suppressed(writer *w, const prog_waiver *v) {
  json *j = &w->j;
  json_array(j, "suppressions");
  json_object(j, NULL);
  json_z(j, "kind", "external");
  json_z(j, "status", "accepted");
  if (v) {
    json_str(j, "justification", waiver_text(&w->s->c->a, v));
    json_object(j, "location");
    physical(w, v->sp);
    json_end_object(j);
  }
  json_end_object(j);
  json_end_array(j);
}

static void result(void *ud, const finding *x) {
  writer *w = ud;
  json *j = &w->j;
  const show *s = w->s;
  arena_mark mark = arena_save(&s->c->a);
  str id = finding_rule(s, x);
  json_object(j, NULL);
  json_str(j, "ruleId", id);
  json_int(j, "ruleIndex", x->kind == FIND_RULE ? x->rule : w->codes[x->code]);
  json_z(j, "level", level(x->sev));
  message(w, "message", finding_message(&s->c->a, s, x));
  json_array(j, "locations");
  location(w, x);
  json_end_array(j);
  span at = x->kind == FIND_RULE
                ? (x->nclauses ? s->p->ir->rules[x->rule]->clauses[x->clauses[0].clause].sp : s->p->ir->rules[x->rule]->sp)
                : x->decl;
  if (at.beg && sources_find(rt_sources(s->p), at.beg)) {
    json_array(j, "relatedLocations");
    json_object(j, NULL);
    json_int(j, "id", 0);
    physical(w, at);
    message(w, "message", x->kind == FIND_RULE ? STR("the rule") : finding_of_waiver(x) ? STR("the waiver") : STR("the declaration"));
    json_end_object(j);
    json_end_array(j);
  }
  if (s->r->baseline && x->v != V_WAIVED) json_z(j, "baselineState", "new");
  json_object(j, "partialFingerprints");
  json_str(j, "recordAndRule/v1", str_fmt(&s->c->a, "%016llx", (unsigned long long)fingerprint(s, x)));
  json_end_object(j);
  json_object(j, "properties");
  json_z(j, "verdict", x->kind == FIND_RULE ? verdict_names[x->v] : "error");
  json_str_if(j, "key", x->key);
  fixes_of_finding(j, s, x);
  json_end_object(j);
  if (x->kind == FIND_RULE && x->v == V_WAIVED) suppressed(w, rt_waiver_of(s->p->ir, x));
  json_end_object(j);
  arena_restore(&s->c->a, mark);
}

void report_sarif(const show *s) {
  writer w = { .s = s };
  json *j = &w.j;
  json_begin(j, s->o, &s->c->a, true);
  json_object(j, NULL);
  json_z(j, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
  json_z(j, "version", "2.1.0");
  json_array(j, "runs");
  json_object(j, NULL);
  json_object(j, "tool");
  json_object(j, "driver");
  json_z(j, "name", "blazon");
  json_z(j, "version", blz_version());
  rules(&w);
  json_end_object(j);
  json_end_object(j);
  json_array(j, "invocations");
  json_object(j, NULL);
  json_bool(j, "executionSuccessful", s->status == RT_OK);
  if (s->r && s->r->failure.n) {
    json_array(j, "toolExecutionNotifications");
    json_object(j, NULL);
    json_z(j, "level", "error");
    message(&w, "message", s->r->failure);
    json_end_object(j);
    json_end_array(j);
  }
  json_end_object(j);
  json_end_array(j);
  json_z(j, "columnKind", "unicodeCodePoints");
  json_array(j, "results");
  for (uint32_t i = 0; i < s->p->d.list.n; i++) diagnostic(&w, s->p->d.list.v[i]);
  if (s->r) each_finding(s->r, result, &w), each_waived(s->r, result, &w);
  json_end_array(j);
  json_end_object(j);
  json_end_array(j);
  json_end_object(j);
  out_ch(s->o, '\n');
}
