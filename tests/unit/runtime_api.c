/* The public interface as a host sees it: programs, engines, records, data, explanations, and memory that runs out at every point. */
#include "blazon.h"

#include <pthread.h>
#include <stdbool.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char rules[] =
  "module shop\n"
  "record Asset {\n"
  "  id : text key\n"
  "  kind : \"image\" | \"video\"\n"
  "  title : text 1..20\n"
  "  alt_text : text?\n"
  "  width : int 1..20000\n"
  "  weight : number?\n"
  "  shot : date?\n"
  "  seen : time?\n"
  "  live : bool default true\n"
  "  tint : color?\n"
  "  colors : list of color\n"
  "}\n"
  "source assets : Asset\n"
  "rule wide for a in assets where a.kind == \"image\" {\n"
  "  severity warning\n"
  "  owner \"web\"\n"
  "  because \"Heroes fill the screen\"\n"
  "  link \"https://brand.example/width\"\n"
  "  require a.width >= 1000 otherwise \"{a.width} pixels\"\n"
  "}\n"
  "rule described for a in assets { require a.alt_text.length() >= 5 }\n"
  "rule red for a in assets { require every c in a.colors: c == #FF0000 }\n"
  "rule counted { require count(a for a in assets where a.width > 10) >= 1 }\n"
  "audience heavy for a in assets where a.weight > 2.5\n";

typedef struct counting { int64_t live, left; pthread_mutex_t lock; } counting;

static void *counting_fn(void *ud, void *p, size_t old, size_t n) {
  counting *c = ud;
  pthread_mutex_lock(&c->lock);
  void *q = NULL;
  if (!n) {
    c->live -= (int64_t)old;
    free(p);
  } else if (c->left) {
    if (c->left > 0) c->left--;
    q = realloc(p, n);
    if (q) c->live += (int64_t)n - (p ? (int64_t)old : 0);
  }
  pthread_mutex_unlock(&c->lock);
  return q;
}

typedef struct heard {
  int n;
  char rules[512], messages[2048], missing[256], first_key[64];
  blz_severity severity;
  int stop_after;
} heard;

static int hear(void *ud, const blz_finding *f) {
  heard *h = ud;
  if (!h->n) snprintf(h->first_key, sizeof h->first_key, "%s", f->key), h->severity = f->severity;
  h->n++;
  strncat(h->rules, f->rule ? f->rule : f->code, sizeof h->rules - strlen(h->rules) - 1);
  strncat(h->rules, " ", sizeof h->rules - strlen(h->rules) - 1);
  strncat(h->messages, f->message, sizeof h->messages - strlen(h->messages) - 1);
  strncat(h->missing, f->missing, sizeof h->missing - strlen(h->missing) - 1);
  return h->stop_after && h->n >= h->stop_after;
}

typedef struct diagnosed { int n; char code[8]; unsigned line, column; char fix[128]; } diagnosed;

static void diagnose(void *ud, const blz_diagnostic *d) {
  diagnosed *x = ud;
  if (!x->n++) {
    snprintf(x->code, sizeof x->code, "%s", d->code);
    snprintf(x->fix, sizeof x->fix, "%s", d->fix);
    x->line = d->line, x->column = d->column;
  }
}

static void honors_waivers(void **state) {
  (void)state;
  static const char text[] =
    "module shop\nrecord Asset { id : text key  width : int }\nsource assets : Asset\n"
    "rule wide for a in assets { require a.width >= 1000 }\nrule usable for a in assets { require a passes wide }\n"
    "waive wide for \"A-2\" { until 2026-12-31  because \"archive\"  owner \"lead\"  digest \"bdda67cf47a0d3dd\" }\n";
  blz_program *p = blz_program_new(NULL);
  assert_int_equal(blz_program_add_text(p, "rules.blz", text, strlen(text)), BLZ_OK);
  assert_int_equal(blz_program_compile(p, NULL, NULL), BLZ_OK);
  blz_engine *e = blz_engine_new(p);
  blz_record *r = NULL;
  static const char json[] = "{\"id\": \"A-2\", \"width\": 300}"; /* its digest: SHA-256 of {"width":300} */
  assert_int_equal(blz_record_from_json(e, "Asset", json, strlen(json), &r), BLZ_OK);
  size_t wide, usable;
  blz_program_find_rule(p, "wide", &wide);
  blz_program_find_rule(p, "usable", &usable);
  blz_verdict v;
  assert_int_equal(blz_engine_set_now(e, INT64_C(1798761599999999)), BLZ_OK); /* the last microsecond of 2026 */
  assert_int_equal(blz_engine_rule(e, wide, r, &v), BLZ_OK);
  assert_int_equal(v, BLZ_WAIVED);
  assert_int_equal(blz_engine_rule(e, usable, r, &v), BLZ_OK);
  assert_int_equal(v, BLZ_PASS);
  assert_int_equal(blz_engine_check(e, r, NULL, NULL, &v), BLZ_OK);
  assert_int_equal(v, BLZ_PASS);
  assert_int_equal(blz_record_set_int(r, "width", 301), BLZ_OK); /* edited: the digest is another one */
  assert_int_equal(blz_engine_rule(e, wide, r, &v), BLZ_OK);
  assert_int_equal(v, BLZ_FAIL);
  assert_int_equal(blz_engine_rule(e, usable, r, &v), BLZ_OK);
  assert_int_equal(v, BLZ_FAIL);
  assert_int_equal(blz_record_set_int(r, "width", 300), BLZ_OK);
  assert_int_equal(blz_engine_set_now(e, INT64_C(1798761600000000)), BLZ_OK); /* 2027 */
  assert_int_equal(blz_engine_check(e, r, NULL, NULL, &v), BLZ_OK);
  assert_int_equal(v, BLZ_FAIL);
  blz_record_free(r);
  blz_engine_free(e);
  blz_program_free(p);
}

static blz_program *compiled(void) {
  blz_program *p = blz_program_new(NULL);
  assert_non_null(p);
  assert_int_equal(blz_program_add_text(p, "rules.blz", rules, strlen(rules)), BLZ_OK);
  diagnosed d = { 0 };
  if (blz_program_compile(p, diagnose, &d) != BLZ_OK) fail_msg("line %u: %s", d.line, blz_program_error(p));
  return p;
}

static blz_record *asset(blz_engine *e, const char *json) {
  blz_record *r = NULL;
  if (blz_record_from_json(e, "Asset", json, strlen(json), &r) != BLZ_OK) fail_msg("%s", blz_engine_error(e));
  return r;
}

#define GOOD                                                                                                                     \
  "{\"id\": \"A-1\", \"kind\": \"image\", \"title\": \"Cup\", \"alt_text\": \"A cup of coffee\", \"width\": 1600, \"colors\": "  \
  "[\"#FF0000\"]}"

static void tells_what_does_not_compile(void **state) {
  (void)state;
  static const char bad[] = "module a\nlet x = true && false\n";
  blz_program *p = blz_program_new(NULL);
  diagnosed d = { 0 };
  blz_program_add_text(p, "bad.blz", bad, strlen(bad));
  assert_int_equal(blz_program_compile(p, diagnose, &d), BLZ_RULES);
  assert_true(d.n >= 1);
  assert_string_equal(d.code, "E0116");
  assert_int_equal(d.line, 2);
  assert_int_equal(d.column, 14);
  assert_true(strlen(d.fix) > 0 && strlen(blz_program_error(p)) > 0);
  assert_null(blz_engine_new(p));
  blz_program_free(p);
  p = blz_program_new(NULL);
  assert_int_equal(blz_program_add_path(p, "/nowhere/rules.blz"), BLZ_DATA);
  assert_non_null(strstr(blz_program_error(p), "/nowhere/rules.blz"));
  assert_int_equal(blz_program_add_bundle(p, "no bundle", 9), BLZ_DATA);
  blz_program_free(p);
  blz_program_free(NULL);
}

static void names_rules_and_audiences(void **state) {
  (void)state;
  blz_program *p = compiled();
  size_t at, n = blz_program_rule_count(p);
  assert_true(n >= 4);
  for (size_t i = 1; i < n; i++) assert_true(strcmp(blz_program_rule_name(p, i - 1), blz_program_rule_name(p, i)) < 0);
  assert_null(blz_program_rule_name(p, n));
  assert_int_equal(blz_program_find_rule(p, "wide", &at), BLZ_OK);
  assert_string_equal(blz_program_rule_name(p, at), "shop.wide");
  assert_int_equal(blz_program_find_rule(p, "wyde", &at), BLZ_NOT_FOUND);
  assert_int_equal(blz_program_find_audience(p, "shop.heavy", &at), BLZ_OK);
  assert_string_equal(blz_program_audience_name(p, at), "shop.heavy");
  assert_int_equal(blz_program_add_text(p, "x", "", 0), BLZ_MISUSE);
  assert_int_equal(blz_program_compile(p, NULL, NULL), BLZ_MISUSE);
  blz_program_free(p);
}

static void checks_one_record(void **state) {
  (void)state;
  blz_program *p = compiled();
  blz_engine *e = blz_engine_new(p);
  blz_record *r = asset(e, GOOD);
  blz_verdict v = BLZ_ERROR;
  heard h = { 0 };
  assert_int_equal(blz_engine_check(e, r, hear, &h, &v), BLZ_OK);
  assert_int_equal(h.n, 0);
  assert_int_equal(v, BLZ_PASS);

  assert_int_equal(blz_record_set_int(r, "width", 400), BLZ_OK);
  assert_int_equal(blz_record_set_missing(r, "alt_text"), BLZ_OK);
  assert_int_equal(blz_engine_check(e, r, hear, &h, &v), BLZ_OK);
  assert_string_equal(h.rules, "shop.described shop.wide ");
  assert_string_equal(h.missing, "alt_text");
  assert_non_null(strstr(h.messages, "400 pixels"));
  assert_string_equal(h.first_key, "A-1");
  assert_int_equal(v, BLZ_FAIL);

  heard one = { .stop_after = 1 };
  assert_int_equal(blz_engine_check(e, r, hear, &one, &v), BLZ_STOPPED);
  assert_int_equal(one.n, 1);

  assert_int_equal(blz_record_set_json(r, "colors", "[\"#FF0000\", \"#00FF00\"]", 22), BLZ_OK);
  heard red = { 0 };
  assert_int_equal(blz_engine_check(e, r, hear, &red, &v), BLZ_OK);
  assert_non_null(strstr(red.rules, "shop.red"));
  blz_record_free(r);

  r = asset(e, "{\"id\": \"A-2\", \"kind\": \"image\", \"title\": \"Cup\", \"width\": \"wide\", \"colors\": []}");
  assert_int_equal(blz_engine_check(e, r, NULL, NULL, &v), BLZ_OK);
  assert_int_equal(v, BLZ_ERROR);
  size_t at;
  blz_program_find_rule(p, "red", &at);
  assert_int_equal(blz_engine_rule(e, at, r, &v), BLZ_OK);
  assert_int_equal(v, BLZ_PASS);
  assert_int_equal(blz_engine_rule(e, 999, r, &v), BLZ_BAD_VALUE);
  assert_int_equal(blz_record_set_text(r, "kind", "video", 5), BLZ_OK);
  blz_program_find_rule(p, "wide", &at);
  assert_int_equal(blz_engine_rule(e, at, r, &v), BLZ_OK);
  assert_int_equal(v, BLZ_SKIP);
  assert_int_equal(blz_record_set_int(r, "width", 5), BLZ_OK); /* what was bad is good again */
  assert_int_equal(blz_engine_check(e, r, NULL, NULL, &v), BLZ_OK);
  assert_int_equal(v, BLZ_UNKNOWN);
  blz_record_free(r);
  blz_engine_free(e);
  blz_program_free(p);
}

static void refuses_what_does_not_fit(void **state) {
  (void)state;
  blz_program *p = compiled();
  blz_engine *e = blz_engine_new(p);
  blz_record *r = NULL;
  assert_int_equal(blz_record_new(e, "Nothing", &r), BLZ_NOT_FOUND);
  assert_int_equal(blz_record_from_json(e, "Asset", "[1]", 3, &r), BLZ_BAD_VALUE);
  assert_int_equal(blz_record_from_json(e, "Asset", "{\"id\": ", 7, &r), BLZ_BAD_VALUE);
  assert_null(r);
  assert_int_equal(blz_record_new(e, "shop.Asset", &r), BLZ_OK);
  assert_int_equal(blz_record_set_text(r, "titel", "x", 1), BLZ_NOT_FOUND);
  assert_int_equal(blz_record_set_text(r, "kind", "audio", 5), BLZ_BAD_VALUE);
  assert_true(strlen(blz_engine_error(e)) > 0);
  assert_int_equal(blz_record_set_text(r, "width", "12", 2), BLZ_BAD_VALUE);
  assert_int_equal(blz_record_set_int(r, "title", 1), BLZ_BAD_VALUE);
  assert_int_equal(blz_record_set_number(r, "width", 1.5), BLZ_BAD_VALUE);
  assert_int_equal(blz_record_set_number(r, "weight", 1.0 / 0.0), BLZ_BAD_VALUE);
  assert_int_equal(blz_record_set_bool(r, "title", 1), BLZ_BAD_VALUE);
  assert_int_equal(blz_record_set_text(r, "shot", "2026-02-30", 10), BLZ_BAD_VALUE);
  assert_int_equal(blz_record_set_json(r, "colors", "[1]", 3), BLZ_BAD_VALUE);
  assert_int_equal(blz_record_set_json(r, "colors", "[", 1), BLZ_BAD_VALUE);
  assert_int_equal(blz_record_set_missing(r, "width"), BLZ_BAD_VALUE);
  assert_int_equal(blz_record_set_text(r, "title", "a \"quoted\" one", 14), BLZ_OK);
  assert_int_equal(blz_record_set_text(r, "shot", "2026-02-28", 10), BLZ_OK);
  assert_int_equal(blz_record_set_date(r, "shot", 20000), BLZ_OK);
  assert_int_equal(blz_record_set_time(r, "seen", 0), BLZ_OK);
  assert_int_equal(blz_record_set_time(r, "seen", INT64_MAX), BLZ_BAD_VALUE);
  assert_int_equal(blz_record_set_color(r, "tint", 0xE4002BFF), BLZ_OK);
  assert_int_equal(blz_record_set_bool(r, "live", 0), BLZ_OK);
  blz_record_free(r);
  blz_record_free(NULL);
  blz_engine_free(e);
  blz_engine_free(NULL);
  blz_program_free(p);
}

static blz_truth matched(blz_engine *e, size_t audience, blz_record *r) {
  blz_truth t = BLZ_BROKEN;
  assert_int_equal(blz_engine_match(e, audience, r, &t), BLZ_OK);
  return t;
}

static void matches_audiences(void **state) {
  (void)state;
  blz_program *p = compiled();
  blz_engine *e = blz_engine_new(p);
  blz_record *r = asset(e, GOOD);
  size_t at = 0;
  blz_program_find_audience(p, "heavy", &at);
  assert_int_equal(matched(e, at, r), BLZ_MAYBE);
  blz_record_set_number(r, "weight", 2.5);
  assert_int_equal(matched(e, at, r), BLZ_FALSE);
  blz_record_set_int(r, "weight", 3);
  assert_int_equal(matched(e, at, r), BLZ_TRUE);
  blz_truth t;
  assert_int_equal(blz_engine_match(e, 99, r, &t), BLZ_BAD_VALUE);
  const char *text;
  assert_int_equal(blz_engine_explain_audience(e, at, r, BLZ_TEXT, &text), BLZ_OK);
  assert_non_null(strstr(text, "shop.heavy on A-1: in"));
  assert_non_null(strstr(text, "a.weight  =  3"));
  blz_record_free(r);
  blz_engine_free(e);
  blz_program_free(p);
}

static void explains_from_a_bundle(void **state) {
  (void)state;
  blz_program *p = compiled(), *q = blz_program_new(NULL);
  const void *bytes;
  size_t n, at;
  assert_int_equal(blz_program_pack(p, &bytes, &n), BLZ_OK);
  assert_int_equal(blz_program_add_bundle(q, bytes, n), BLZ_OK);
  assert_int_equal(blz_program_compile(q, NULL, NULL), BLZ_OK);
  blz_program_free(p);
  assert_int_equal(blz_program_find_rule(q, "described", &at), BLZ_OK);
  blz_engine *e = blz_engine_new(q);
  blz_record *r = asset(e, "{\"id\": \"A-2\", \"kind\": \"image\", \"title\": \"Cup\", \"width\": 5, \"colors\": []}");
  const char *text;
  assert_int_equal(blz_engine_explain_rule(e, at, r, BLZ_TEXT, &text), BLZ_OK);
  assert_non_null(strstr(text, "shop.described on A-2: unknown"));
  assert_non_null(strstr(text, "alt_text is missing"));
  assert_int_equal(blz_engine_explain_rule(e, at, r, BLZ_JSON, &text), BLZ_OK);
  assert_non_null(strstr(text, "\"verdict\":\"unknown\""));
  blz_record_free(r);
  blz_engine_free(e);
  blz_program_free(q);
}

static char *data_file(char path[64], const char *text) {
  const char *dir = getenv("TMPDIR");
  snprintf(path, 64, "%.30s/blazon_api_XXXXXX.ndjson", dir && strlen(dir) <= 30 ? dir : P_tmpdir);
  int fd = mkstemps(path, 7);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
  close(fd);
  return path;
}

#define ROWS                                                                                                        \
  GOOD "\n"                                                                                                         \
  "{\"id\": \"A-3\", \"kind\": \"image\", \"title\": \"Mug\", \"width\": 300, \"colors\": []}\n"                    \
  "{\"id\": \"A-2\", \"kind\": \"radio\", \"title\": \"Pot\", \"alt_text\": \"A pot\", \"width\": 5000, \"colors\": []}\n"

static void validates_data(void **state) {
  (void)state;
  char path[64];
  blz_program *p = compiled();
  blz_engine *e = blz_engine_new(p);
  blz_source s = { "assets", data_file(path, ROWS), NULL }, wrong = { "asets", path, NULL },
             none = { "assets", "nowhere.ndjson", NULL };
  blz_counts counts;
  heard h = { 0 };
  size_t at;
  blz_verdict v;
  blz_program_find_rule(p, "counted", &at);
  assert_int_equal(blz_engine_rule(e, at, NULL, &v), BLZ_DATA); /* a look-up without data is no verdict */
  assert_true(strlen(blz_engine_error(e)) > 0);
  assert_int_equal(blz_engine_open_data(e, NULL, &wrong, 1, NULL, NULL), BLZ_NOT_FOUND);
  assert_int_equal(blz_engine_open_data(e, NULL, &none, 1, NULL, NULL), BLZ_DATA);
  assert_non_null(strstr(blz_engine_error(e), "nowhere.ndjson"));
  assert_int_equal(blz_engine_open_data(e, NULL, &s, 1, hear, &h), BLZ_OK);
  assert_int_equal(blz_engine_rule(e, at, NULL, &v), BLZ_OK);
  assert_int_equal(v, BLZ_PASS);
  assert_int_equal(blz_engine_validate(e, NULL, 0, hear, &h, &counts), BLZ_OK);
  assert_int_equal(counts.rows, 3);
  assert_int_equal(counts.data_errors, 1);       /* "radio" */
  assert_int_equal(counts.verdicts[BLZ_FAIL], 1); /* A-3 is narrow */
  assert_int_equal(counts.verdicts[BLZ_UNKNOWN], 1);
  assert_int_equal(counts.vacuous, 2);
  assert_true(strncmp(h.rules, "E0899 ", 6) == 0); /* what is wrong with the data comes first */
  heard one = { 0 };
  assert_int_equal(blz_engine_validate(e, "described", 1, hear, &one, &counts), BLZ_OK);
  assert_string_equal(one.first_key, "A-3");
  assert_int_equal(blz_engine_validate(e, "descrybed", 1, hear, &one, &counts), BLZ_NOT_FOUND);
  heard stop = { .stop_after = 1 };
  assert_int_equal(blz_engine_validate(e, NULL, 0, hear, &stop, &counts), BLZ_STOPPED);
  assert_int_equal(stop.n, 1);
  blz_engine_close_data(e);
  blz_engine_free(e);
  blz_program_free(p);
  unlink(path);
}

static void keeps_to_its_limits(void **state) {
  (void)state;
  static const char costly[] = "module m\nrecord R { id : text key  xs : list of int }\nsource rs : R\n"
                               "rule r for a in rs { require every x in a.xs: every y in a.xs: every z in a.xs: x + y + z >= 0 }\n";
  blz_program *p = blz_program_new(NULL);
  blz_program_add_text(p, "m.blz", costly, strlen(costly));
  assert_int_equal(blz_program_compile(p, NULL, NULL), BLZ_OK);
  blz_engine *e = blz_engine_new(p);
  assert_int_equal(blz_engine_set_limits(e, 10000, 0), BLZ_OK);
  blz_record *r;
  assert_int_equal(blz_record_new(e, "R", &r), BLZ_OK);
  blz_record_set_text(r, "id", "1", 1);
  char list[1024] = "[0";
  for (int i = 0; i < 200; i++) strcat(list, ",1");
  strcat(list, "]");
  assert_int_equal(blz_record_set_json(r, "xs", list, strlen(list)), BLZ_OK);
  blz_verdict v;
  size_t at;
  blz_program_find_rule(p, "m.r", &at);
  assert_int_equal(blz_engine_rule(e, at, r, &v), BLZ_LIMIT);
  assert_true(strlen(blz_engine_error(e)) > 0);
  assert_int_equal(blz_record_set_json(r, "xs", "[1]", 3), BLZ_OK);
  assert_int_equal(blz_engine_rule(e, at, r, &v), BLZ_OK); /* the engine goes on */
  assert_int_equal(v, BLZ_PASS);
  assert_int_equal(blz_engine_set_now(e, INT64_MAX), BLZ_BAD_VALUE);
  blz_record_free(r);
  blz_engine_free(e);
  blz_program_free(p);
}

/* A whole use of the library, whatever fails on the way. true: nothing failed. */
static bool use_all(const blz_allocator *a, const char *path) {
  blz_program *p = blz_program_new(a);
  if (!p) return false;
  bool ok = blz_program_add_text(p, "rules.blz", rules, strlen(rules)) == BLZ_OK && blz_program_compile(p, NULL, NULL) == BLZ_OK;
  blz_engine *e = ok ? blz_engine_new(p) : NULL;
  blz_record *r = NULL;
  ok = e && blz_record_from_json(e, "Asset", GOOD, strlen(GOOD), &r) == BLZ_OK;
  heard h = { 0 };
  const char *text;
  blz_counts counts;
  blz_source s = { "assets", path, NULL };
  ok = ok && blz_record_set_int(r, "width", 100) == BLZ_OK && blz_record_set_text(r, "title", "A longer title", 14) == BLZ_OK;
  ok = ok && blz_engine_check(e, r, hear, &h, NULL) == BLZ_OK && h.n > 0;
  ok = ok && blz_engine_explain_rule(e, 0, r, BLZ_JSON, &text) == BLZ_OK;
  ok = ok && blz_engine_open_data(e, NULL, &s, 1, NULL, NULL) == BLZ_OK &&
       blz_engine_validate(e, NULL, 0, hear, &h, &counts) == BLZ_OK;
  blz_record_free(r);
  blz_engine_free(e);
  blz_program_free(p);
  return ok;
}

static void survives_lost_memory(void **state) {
  (void)state;
  char path[64];
  data_file(path, ROWS);
  counting c = { 0, -1, PTHREAD_MUTEX_INITIALIZER };
  blz_allocator a = { counting_fn, &c };
  assert_true(use_all(&a, path));
  assert_int_equal(c.live, 0);
  int64_t n = 0;
  for (bool done = false; !done; n++) {
    c.left = n;
    done = use_all(&a, path) && c.left > 0;
    if (c.live) fail_msg("%lld bytes are lost when allocation %lld fails", (long long)c.live, (long long)n);
    assert_true(n < 100000);
  }
  assert_true(n > 20);
  unlink(path);
}

typedef struct job { const blz_program *p; int failures; } job;

static void *check_many(void *ud) {
  job *j = ud;
  blz_engine *e = blz_engine_new(j->p);
  if (!e) return NULL;
  blz_record *r = NULL;
  if (blz_record_from_json(e, "Asset", GOOD, strlen(GOOD), &r) != BLZ_OK) return NULL;
  for (int i = 0; i < 500; i++) {
    blz_verdict v = BLZ_ERROR;
    blz_record_set_int(r, "width", i);
    if (blz_engine_check(e, r, NULL, NULL, &v) == BLZ_OK && v == BLZ_FAIL) j->failures++;
  }
  blz_record_free(r);
  blz_engine_free(e);
  return NULL;
}

static void threads_share_a_program(void **state) {
  (void)state;
  blz_program *p = compiled();
  pthread_t threads[4];
  job jobs[4];
  for (int i = 0; i < 4; i++) {
    jobs[i] = (job){ p, 0 };
    assert_int_equal(pthread_create(&threads[i], NULL, check_many, &jobs[i]), 0);
  }
  for (int i = 0; i < 4; i++) {
    pthread_join(threads[i], NULL);
    assert_int_equal(jobs[i].failures, 500);
  }
  blz_program_free(p);
}

static void words_for_codes(void **state) {
  (void)state;
  assert_string_equal(blz_version(), BLZ_VERSION);
  assert_string_equal(blz_verdict_text(BLZ_UNKNOWN), "unknown");
  for (int i = 0; i <= BLZ_NO_MEMORY + 1; i++) assert_true(strlen(blz_status_text((blz_status)i)) > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(tells_what_does_not_compile),
    cmocka_unit_test(names_rules_and_audiences),
    cmocka_unit_test(checks_one_record),
    cmocka_unit_test(honors_waivers),
    cmocka_unit_test(refuses_what_does_not_fit),
    cmocka_unit_test(matches_audiences),
    cmocka_unit_test(explains_from_a_bundle),
    cmocka_unit_test(validates_data),
    cmocka_unit_test(keeps_to_its_limits),
    cmocka_unit_test(survives_lost_memory),
    cmocka_unit_test(threads_share_a_program),
    cmocka_unit_test(words_for_codes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
