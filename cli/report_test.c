/* The results of tests: as text for people, as JUnit XML and TAP for build servers, as JSON (docs/schema/tests.schema.json). */
#include "cli/cli.h"

#include "blazon.h"

#include <string.h>

static const sources *src_of(const test_show *s) { return rt_sources(s->p); }

static str full_name(const test_show *s, const prog_test *t) {
  return t->module.n ? str_fmt(&s->c->a, "%.*s: %.*s", STR_ARG(t->module), STR_ARG(t->name)) : t->name;
}

/* ---- text ---- */

enum { TREE_LINES = 14, MAX_SHOWN = 20 };

static void tree_text(const test_show *s, const ex_node *x, uint32_t depth, uint32_t *left) {
  if (!*left) return;
  if (--*left == 0) { out_fmt(s->o, "%*s...\n", (int)(4 + 2 * depth), ""); return; }
  out_fmt(s->o, "%*s", (int)(4 + 2 * depth), "");
  out_safe(s->o, x->text);
  out_z(s->o, x->test ? "  is  " : "  =  ");
  out_safe(s->o, x->value);
  out_ch(s->o, '\n');
  for (const ex_node *y = x->first; y; y = y->next) tree_text(s, y, depth + 1, left);
}

static void problem_text(const test_show *s, const test_problem *p) {
  const srcfile *f = sources_find(src_of(s), p->sp.beg);
  if (f) snippet(s->c, s->o, f, p->sp, S_RED, NULL);
  for (uint32_t i = 0; i < p->message.n;) {
    const char *nl = memchr(p->message.p + i, '\n', p->message.n - i);
    uint32_t stop = nl ? (uint32_t)(nl - p->message.p) : p->message.n;
    out_z(s->o, "  ");
    out_safe(s->o, (str){ p->message.p + i, stop - i });
    out_ch(s->o, '\n');
    i = stop + (nl != NULL);
  }
  for (uint32_t i = 0; i < p->ndetails; i++) {
    out_z(s->o, "    ");
    out_safe(s->o, p->details[i]);
    out_ch(s->o, '\n');
  }
  if (p->other.end) {
    str at = place_text(&s->c->a, src_of(s), p->other);
    out_fmt(s->o, "    the other one is at %.*s\n", STR_ARG(at));
  }
  uint32_t left = TREE_LINES;
  if (p->tree && p->tree->first)
    for (const ex_node *y = p->tree->first; y; y = y->next) tree_text(s, y, 0, &left);
}

static void result_text(const test_show *s, const test_result *r) {
  str name = full_name(s, r->test);
  if (r->status == TEST_PASS) {
    if (!s->verbose) return;
    out_style(s->o, S_GREEN);
    out_z(s->o, "pass");
    out_style(s->o, S_PLAIN);
    out_z(s->o, "  ");
    out_safe(s->o, name);
    out_ch(s->o, '\n');
    return;
  }
  out_style(s->o, S_RED);
  out_z(s->o, r->status == TEST_FAIL ? "FAIL" : "ERROR");
  out_style(s->o, S_PLAIN);
  out_z(s->o, "  ");
  out_style(s->o, S_BOLD);
  out_safe(s->o, name);
  out_style(s->o, S_PLAIN);
  out_ch(s->o, '\n');
  if (r->counterexample.n) {
    out_fmt(s->o, "  let %.*s = ", STR_ARG(r->test->any_name));
    out_safe(s->o, r->counterexample);
    out_fmt(s->o, "   // found in %u %s\n", r->tries, plural(r->tries, "try", "tries"));
  }
  for (uint32_t i = 0; i < r->nproblems; i++) problem_text(s, &r->problems[i]);
  out_ch(s->o, '\n');
}

static void summary_text(const test_show *s) {
  const rt_test_report *r = s->r;
  if (s->c->quiet && !s->code) return;
  if (!r->n && !r->left_out) {
    out_z(s->o, "there are no tests; a test is declared with `test \"what it shows\" { expect ... }`\n");
    return;
  }
  out_fmt(s->o, "%u %s: %u passed", r->n, plural(r->n, "test", "tests"), r->passed);
  if (r->failed) out_fmt(s->o, ", %u failed", r->failed);
  if (r->errors) out_fmt(s->o, ", %u could not be run", r->errors);
  if (r->left_out) out_fmt(s->o, "; %u left out by --filter", r->left_out);
  out_ch(s->o, '\n');
}

/* --min-coverage as a test of its own, where each test is a case. */
static bool demands(const test_show *s) { return s->r && s->min_coverage >= 0; }
static bool short_of(const test_show *s) { return demands(s) && cover_percent(s->r->coverage) < s->min_coverage; }

static str coverage_line(const test_show *s) {
  str percent = cover_percent_text(&s->c->a, s->r->coverage);
  return str_fmt(&s->c->a, "the tests cover %.*s; %g%% are demanded", STR_ARG(percent), s->min_coverage);
}

static void tests_text(const test_show *s) {
  uint32_t shown = 0, left = 0;
  for (uint32_t i = 0; i < s->r->n; i++) {
    if (s->r->v[i].status != TEST_PASS && shown == MAX_SHOWN && !s->verbose) left++;
    else result_text(s, &s->r->v[i]), shown += s->r->v[i].status != TEST_PASS;
  }
  if (left) out_fmt(s->o, "... and %u more tests that do not pass; --verbose shows all\n\n", left);
  bool quiet = s->c->quiet && !s->code;
  if (s->coverage && !quiet) cover_text(s);
  if (s->mutate && !quiet) mutants_text(s);
  summary_text(s);
}

/* ---- one text of a problem, for formats that have room for one ---- */

static str problem_line(const test_show *s, const test_result *r, const test_problem *p) {
  buf b = { .a = &s->c->a };
  if (r->counterexample.n) buf_fmt(&b, "let %.*s = %.*s\n", STR_ARG(r->test->any_name), STR_ARG(r->counterexample));
  str at = place_text(&s->c->a, src_of(s), p->sp);
  buf_fmt(&b, "%.*s: ", STR_ARG(at));
  if (p->text.n) buf_fmt(&b, "%.*s: ", STR_ARG(p->text));
  buf_str(&b, p->message);
  for (uint32_t i = 0; i < p->ndetails; i++) buf_z(&b, "\n  "), buf_str(&b, p->details[i]);
  return buf_done(&b);
}

/* ---- JUnit ---- */

static void result_junit(const test_show *s, const test_result *r) {
  out_z(s->o, "    <testcase classname=\"");
  out_xml(s->o, r->test->module.n ? r->test->module : STR("tests"));
  out_z(s->o, "\" name=\"");
  out_xml(s->o, r->test->name);
  if (r->status == TEST_PASS) { out_z(s->o, "\"/>\n"); return; }
  const char *word = r->status == TEST_FAIL ? "failure" : "error";
  out_fmt(s->o, "\">\n      <%s message=\"", word);
  if (r->nproblems) out_xml(s->o, r->problems[0].message);
  out_z(s->o, "\">");
  for (uint32_t i = 0; i < r->nproblems; i++) out_xml(s->o, problem_line(s, r, &r->problems[i])), out_ch(s->o, '\n');
  out_fmt(s->o, "</%s>\n    </testcase>\n", word);
}

static void tests_junit(const test_show *s) {
  uint32_t broken = 0;
  for (uint32_t i = 0; !s->r && i < s->p->d.list.n; i++) broken += s->p->d.list.v[i]->sev == SEV_ERROR;
  uint32_t n = s->r ? s->r->n + demands(s) : broken, failures = s->r ? s->r->failed + short_of(s) : 0, errors = s->r ? s->r->errors : broken;
  out_z(s->o, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
  out_fmt(s->o, "<testsuites name=\"blazon\" tests=\"%u\" failures=\"%u\" errors=\"%u\">\n", n, failures, errors);
  out_fmt(s->o, "  <testsuite name=\"blazon test\" tests=\"%u\" failures=\"%u\" errors=\"%u\">\n", n, failures, errors);
  for (uint32_t i = 0; s->r && i < s->r->n; i++) result_junit(s, &s->r->v[i]);
  if (demands(s)) {
    out_z(s->o, "    <testcase classname=\"coverage\" name=\"--min-coverage\"");
    if (short_of(s)) out_z(s->o, ">\n      <failure message=\""), out_xml(s->o, coverage_line(s)), out_z(s->o, "\"/>\n    </testcase>\n");
    else out_z(s->o, "/>\n");
  }
  for (uint32_t i = 0; !s->r && i < s->p->d.list.n; i++) {
    const diag *g = s->p->d.list.v[i];
    if (g->sev != SEV_ERROR) continue;
    str at = place_text(&s->c->a, src_of(s), g->sp);
    out_z(s->o, "    <testcase classname=\"rules\" name=\"");
    out_xml(s->o, at.n ? at : STR("files"));
    out_fmt(s->o, "\">\n      <error type=\"%s\" message=\"", diag_table[g->code].code);
    out_xml(s->o, g->message);
    out_z(s->o, "\"/>\n    </testcase>\n");
  }
  out_z(s->o, "  </testsuite>\n</testsuites>\n");
}

/* ---- TAP ---- */

static void tap_text(out *o, str s, bool name) {
  for (uint32_t i = 0; i < s.n; i++) {
    unsigned char ch = (unsigned char)s.p[i];
    if (name && (ch == '#' || ch == '\\')) out_ch(o, '\\');
    out_ch(o, ch < 32 ? ' ' : (char)ch);
  }
}

static void tap_lines(const test_show *s, str text) {
  for (uint32_t i = 0; i < text.n;) {
    const char *nl = memchr(text.p + i, '\n', text.n - i);
    uint32_t stop = nl ? (uint32_t)(nl - text.p) : text.n;
    out_z(s->o, "  # ");
    tap_text(s->o, (str){ text.p + i, stop - i }, false);
    out_ch(s->o, '\n');
    i = stop + (nl != NULL);
  }
}

static void tests_tap(const test_show *s) {
  out_z(s->o, "TAP version 13\n");
  if (!s->r) {
    out_z(s->o, "Bail out! The rules do not compile\n");
    return;
  }
  out_fmt(s->o, "1..%u\n", s->r->n + demands(s));
  for (uint32_t i = 0; i < s->r->n; i++) {
    const test_result *r = &s->r->v[i];
    out_fmt(s->o, "%sok %u - ", r->status == TEST_PASS ? "" : "not ", i + 1);
    tap_text(s->o, full_name(s, r->test), true);
    out_ch(s->o, '\n');
    for (uint32_t k = 0; k < r->nproblems; k++) tap_lines(s, problem_line(s, r, &r->problems[k]));
  }
  if (demands(s)) {
    str line = coverage_line(s);
    out_fmt(s->o, "%sok %u - coverage: %.*s\n", short_of(s) ? "not " : "", s->r->n + 1, STR_ARG(line));
  }
}

/* ---- JSON ---- */

static void problem_json(json *j, const test_show *s, const test_problem *p) {
  json_object(j, NULL);
  json_str(j, "message", p->message);
  json_str_if(j, "expectation", p->text);
  json_place(j, src_of(s), p->sp);
  json_array(j, "details");
  for (uint32_t i = 0; i < p->ndetails; i++) json_str(j, NULL, p->details[i]);
  json_end_array(j);
  json_end_object(j);
}

static void result_json(json *j, const test_show *s, const test_result *r) {
  json_object(j, NULL);
  json_str(j, "module", r->test->module);
  json_str(j, "name", r->test->name);
  json_z(j, "status", test_status_names[r->status]);
  json_place(j, src_of(s), r->test->name_sp);
  if (r->test->any) json_int(j, "tries", r->tries);
  json_str_if(j, "counterexample", r->counterexample);
  json_array(j, "problems");
  for (uint32_t i = 0; i < r->nproblems; i++) problem_json(j, s, &r->problems[i]);
  json_end_array(j);
  json_end_object(j);
}

static void tests_json(const test_show *s) {
  json j;
  json_begin(&j, s->o, &s->c->a, true);
  json_object(&j, NULL);
  json_z(&j, "format", "blazon-tests/1");
  json_z(&j, "blazon", blz_version());
  json_z(&j, "status", s->r ? "complete" : s->code == X_RULES ? "rules_do_not_compile" : "rules_unreadable");
  if (s->r) {
    json_object(&j, "summary");
    json_int(&j, "tests", s->r->n);
    json_int(&j, "passed", s->r->passed);
    json_int(&j, "failed", s->r->failed);
    json_int(&j, "errors", s->r->errors);
    json_int(&j, "left_out", s->r->left_out);
    json_int(&j, "exit_code", s->code);
    json_end_object(&j);
    json_array(&j, "tests");
    for (uint32_t i = 0; i < s->r->n; i++) result_json(&j, s, &s->r->v[i]);
    json_end_array(&j);
  }
  if (s->r && s->coverage) cover_json(&j, s);
  if (s->r && s->r->mutation) mutants_json(&j, s);
  show d = { .c = s->c, .o = s->o, .p = s->p };
  json_diags(&j, &d);
  json_end_object(&j);
  out_ch(s->o, '\n');
}

void report_tests(const test_show *s, enum test_format f) {
  switch (f) {
  case TF_TEXT: tests_text(s); break;
  case TF_JUNIT: tests_junit(s); break;
  case TF_TAP: tests_tap(s); break;
  case TF_JSON: tests_json(s); break;
  }
}
