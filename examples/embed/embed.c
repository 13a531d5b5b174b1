/* Embedding Blazon: compile rules once, then ask about single records from several threads.
 *
 *     cc embed.c $(pkg-config --cflags --libs blazon) -o embed && ./embed
 *
 * The program ends with 0 when every answer is the one that the rules give. */
#include <blazon.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static const char rules[] =
  "module shop\n"
  "record Banner {\n"
  "  id       : text key\n"
  "  headline : text 1..40\n"
  "  alt_text : text?\n"
  "  bytes    : int >= 0\n"
  "}\n"
  "source banners : Banner\n"
  "rule light for b in banners {\n"
  "  owner   \"web team\"\n"
  "  because \"Banners load fast\"\n"
  "  require b.bytes <= 150 KB otherwise \"{b.bytes:bytes} is too heavy\"\n"
  "}\n"
  "rule described for b in banners {\n"
  "  require b.alt_text.length() >= 10\n"
  "}\n"
  "record Visitor { id : text key   age : int?   country : text }\n"
  "source visitors : Visitor\n"
  "audience adults_in_brazil for v in visitors where v.country == \"BR\" and v.age >= 18\n";

static int mistakes;

static void expect(int holds, const char *what) {
  printf("%s: %s\n", holds ? "ok" : "WRONG", what);
  if (!holds) mistakes++;
}

static void on_diagnostic(void *ud, const blz_diagnostic *d) {
  (void)ud;
  fprintf(stderr, "%s:%u:%u: %s %s\n", d->file, d->line, d->column, d->code, d->message);
}

static int on_finding(void *ud, const blz_finding *f) {
  int *n = ud;
  printf("   %s on %s: %s: %s\n", f->rule, f->key, blz_verdict_text(f->verdict), f->message);
  (*n)++;
  return 0;
}

static void check_banner(blz_engine *e) {
  static const char json[] = "{\"id\": \"B-1\", \"headline\": \"Fresh beans\", \"bytes\": 250000}";
  blz_record *banner = NULL;
  blz_verdict worst = BLZ_PASS;
  int findings = 0;
  if (blz_record_from_json(e, "Banner", json, strlen(json), &banner) != BLZ_OK) {
    fprintf(stderr, "%s\n", blz_engine_error(e));
    mistakes++;
    return;
  }
  expect(blz_engine_check(e, banner, on_finding, &findings, &worst) == BLZ_OK, "the banner is checked");
  expect(findings == 2 && worst == BLZ_FAIL, "too heavy is a failure, a missing alternative text is unknown: never a pass");
  blz_record_set_int(banner, "bytes", 90000);
  blz_record_set_text(banner, "alt_text", "A cup of coffee", strlen("A cup of coffee"));
  expect(blz_engine_check(e, banner, NULL, NULL, &worst) == BLZ_OK && worst == BLZ_PASS, "smaller and described, it passes");
  expect(blz_record_set_text(banner, "bytes", "many", 4) == BLZ_BAD_VALUE, "a text is refused where an int belongs");
  blz_record_free(banner);
}

static void explain_banner(const blz_program *p, blz_engine *e) {
  static const char json[] = "{\"id\": \"B-2\", \"headline\": \"Hot\", \"bytes\": 200000}";
  blz_record *banner = NULL;
  const char *text = "";
  size_t rule = 0;
  blz_record_from_json(e, "Banner", json, strlen(json), &banner);
  blz_program_find_rule(p, "light", &rule);
  expect(blz_engine_explain_rule(e, rule, banner, BLZ_TEXT, &text) == BLZ_OK && strstr(text, "200 KB is too heavy"), "the explanation names the value");
  expect(blz_engine_explain_rule(e, rule, banner, BLZ_JSON, &text) == BLZ_OK && strstr(text, "\"verdict\":\"fail\""), "and comes as JSON too");
  blz_record_free(banner);
}

/* One thread: an engine of its own over the shared program. */
typedef struct job { const blz_program *p; int first, in, unknown; } job;

static void *match_many(void *ud) {
  job *j = ud;
  blz_engine *e = blz_engine_new(j->p);
  blz_record *v = NULL;
  size_t audience = 0;
  if (!e || blz_record_new(e, "Visitor", &v) != BLZ_OK || blz_program_find_audience(j->p, "adults_in_brazil", &audience) != BLZ_OK) return NULL;
  blz_record_set_text(v, "country", "BR", 2);
  for (int i = 0; i < 1000; i++) {
    char id[16];
    blz_truth truth = BLZ_BROKEN;
    int n = snprintf(id, sizeof id, "V-%d", j->first + i);
    blz_record_set_text(v, "id", id, (size_t)n);
    if (i % 4 == 3) blz_record_set_missing(v, "age"); /* nobody knows how old every fourth visitor is */
    else blz_record_set_int(v, "age", i % 4 == 0 ? 17 : 30);
    if (blz_engine_match(e, audience, v, &truth) != BLZ_OK) break;
    j->in += truth == BLZ_TRUE;
    j->unknown += truth == BLZ_MAYBE;
  }
  blz_record_free(v);
  blz_engine_free(e);
  return NULL;
}

static void match_in_threads(const blz_program *p) {
  job jobs[4];
  pthread_t threads[4];
  int in = 0, unknown = 0;
  for (int i = 0; i < 4; i++) {
    jobs[i] = (job){ p, i * 1000, 0, 0 };
    pthread_create(&threads[i], NULL, match_many, &jobs[i]);
  }
  for (int i = 0; i < 4; i++) {
    pthread_join(threads[i], NULL);
    in += jobs[i].in, unknown += jobs[i].unknown;
  }
  expect(in == 2000 && unknown == 1000, "four threads share the program; a visitor without an age is neither in nor out");
}

static void load_as_bundle(blz_program *p) {
  const void *bytes;
  size_t length;
  blz_program *copy = blz_program_new(NULL);
  expect(blz_program_pack(p, &bytes, &length) == BLZ_OK, "the program is packed as a bundle");
  expect(blz_program_add_bundle(copy, bytes, length) == BLZ_OK && blz_program_compile(copy, on_diagnostic, NULL) == BLZ_OK, "and loads again");
  expect(blz_program_rule_count(copy) == blz_program_rule_count(p), "with the same rules");
  blz_program_free(copy);
}

int main(void) {
  printf("blazon %s\n", blz_version());
  blz_program *p = blz_program_new(NULL);
  blz_program_add_text(p, "rules.blz", rules, strlen(rules));
  if (blz_program_compile(p, on_diagnostic, NULL) != BLZ_OK) {
    fprintf(stderr, "%s\n", blz_program_error(p));
    blz_program_free(p);
    return 2;
  }
  blz_engine *e = blz_engine_new(p);
  check_banner(e);
  explain_banner(p, e);
  match_in_threads(p);
  load_as_bundle(p);
  blz_engine_free(e);
  blz_program_free(p);
  return mistakes ? 1 : 0;
}
