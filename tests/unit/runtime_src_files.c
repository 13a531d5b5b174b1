/* JSON, NDJSON and CSV files as sources: values, positions, and what is wrong with them. */
#include "tests/unit/runtime_src_model.h"

#include <cmocka.h>

#define FIELDS "id text key; n int?; x number?; on bool?; c color?; d date?; t time?; u duration?; kind image|video?; tags list:text?; m map:int?"

static world w;

static int setup(void **state) { (void)state; world_init(&w); return 0; }
static int teardown(void **state) { (void)state; world_free(&w); return 0; }

static void one_source(const char *fields, const char *file, str text, const char *pointer) {
  model_source(&w.m, "lib.items", model_record(&w.m, "Item", fields), "");
  world_bind(&w, "items", world_file(&w, file, text), pointer);
}

static const char *rows_of(const char *fields, const char *file, str text, const char *pointer) {
  one_source(fields, file, text, pointer);
  int st = world_open(&w);
  if (st != SRC_OK) return str_fmt(&w.a, "open: %.*s", STR_ARG(w.failure)).p;
  return walk_text(&w, 0);
}

static void json_values(void **state) {
  (void)state;
  const char *got = rows_of(FIELDS, "a.json", STR("[{\"id\":\"A\",\"n\":9007199254740993,\"x\":0.1,\"on\":true,\"c\":\"E4002B\",\"d\":\"2026-02-28\",\n"
    "\"t\":\"2026-11-22 09:00:00\",\"u\":\"PT1H30M\",\"kind\":\"video\",\"tags\":[\"a\",\"b\"],\"m\":{\"z\":1,\"a\":2}},\n"
    "{\"id\":\"\\u00e9\\ud83d\\ude00\",\"t\":1700000000,\"u\":90,\"n\":5.0,\"x\":1e3, \"extra\":[{}]}]"), "");
  assert_string_equal(got,
    "id=A n=9007199254740993 x=0.1 on=true c=#E4002B d=2026-02-28 t=2026-11-22T09:00:00Z u=1 hour 30 minutes kind=video tags=[\"a\", \"b\"] m={\"a\": 2, \"z\": 1}\n"
    "id=é😀 n=5 x=1000 on=? c=? d=? t=2023-11-14T22:13:20Z u=1 minute 30 seconds kind=? tags=? m=?\n");
  assert_int_equal(src_count(w.d, 0).ignored_columns, 1);
  assert_int_equal(src_count(w.d, 0).rows, 2);
}

static void ignored_names_are_counted_once(void **state) {
  (void)state;
  rows_of("id text", "a.ndjson", STR("{\"id\":\"A\",\"x\":1,\"y\":2}\n{\"id\":\"B\",\"y\":1,\"z\":{\"w\":1}}\n"), "");
  assert_int_equal(src_count(w.d, 0).ignored_columns, 3);
  assert_int_equal(w.ntold, 0);
}

static void json_bad_values_say_what_and_where(void **state) {
  (void)state;
  const char *got = rows_of("id text key; n int; c color?; kind image|video; tags list:int?; title text", "a.json", STR(
    "[\n {\"id\": \"A\", \"n\": \"5\", \"c\": \"teal\", \"kind\": \"imgae\", \"tags\": [1, null], \"title\": null},\n {\"n\": 1.5, \"n\": 2}\n]"), "");
  assert_string_equal(got,
    "id=A n=! c=! kind=! tags=! title=! [n@2:19: `5` is text, not int] [c@2:29: `teal` is not a color (#RRGGBB)] "
    "[kind@2:45: `imgae` is not one of \"image\", \"video\"; did you mean \"image\"?] "
    "[tags@2:66: element 2: null (a list holds no missing values)] "
    "[title@2:82: is null but `title` is not optional (end its type in `?`, or give it a default)]\n"
    "id=! n=! c=? kind=! tags=? title=! [n@3:8: `1.5` is not a whole number] [id@3:2: is not there but `id` is not optional (end its type in `?`, or give "
    "it a default)] [kind@3:2: is not there but `kind` is not optional (end its type in `?`, or give it a default)] [title@3:2: is not "
    "there but `title` is not optional (end its type in `?`, or give it a default)]\n");
  assert_int_equal(src_count(w.d, 0).bad_values, 9);
  assert_true(said(&w, DIAG_DATA_NULL_KEY, "#2"));
}

static void a_member_that_stands_twice_is_bad(void **state) {
  (void)state;
  assert_string_equal(rows_of("id text; n int?", "a.ndjson", STR("{\"id\":\"A\",\"n\":1,\"n\":1}\n"), ""),
    "id=A n=! [n@1:17: `n` stands twice in its object]\n");
}

static void large_ints_stay_exact(void **state) {
  (void)state;
  assert_string_equal(rows_of("n int?", "a.ndjson", STR("{\"n\":9223372036854775807}\n{\"n\":-9223372036854775808}\n{\"n\":9223372036854775808}\n{\"n\":9007199254740993.0}\n"), ""),
    "n=9223372036854775807\nn=-9223372036854775808\nn=! [n@3:6: `9223372036854775808` does not fit an int (64 bit)]\n"
    "n=! [n@4:6: `9007199254740993.0` is not written as an int]\n");
}

static void half_a_surrogate_is_no_text(void **state) {
  (void)state;
  assert_string_equal(rows_of("s text?", "a.ndjson", STR("{\"s\":\"\\ud83d\"}\n{\"s\":\"\\ude00x\"}\n{\"s\":\"\\ud83d\\ude00\"}\n{\"s\":\"a\\\\ud83d\"}\n"), ""),
    "s=! [s@1:6: escapes half a surrogate pair (\\uD800 to \\uDFFF), which is no character]\n"
    "s=! [s@2:6: escapes half a surrogate pair (\\uD800 to \\uDFFF), which is no character]\ns=😀\ns=a\\ud83d\n");
}

static void nested_records_tell_where_they_break(void **state) {
  (void)state;
  uint32_t inner = model_record(&w.m, "Size", "w int; h int?");
  assert_int_equal(inner, 0);
  model_source(&w.m, "lib.items", model_record(&w.m, "Item", "id text key; size {0}?; parts list:{0}?"), "");
  world_bind(&w, "items", world_file(&w, "a.json", STR("[{\"id\":\"A\",\"size\":{\"w\":\"x\",\"h\":2},\"parts\":[{\"w\":1},{\"w\":null}]}]")), "");
  assert_int_equal(world_open(&w), SRC_OK);
  src_cursor *c;
  rec *r;
  assert_int_equal(src_walk(w.d, 0, &c), SRC_OK);
  assert_int_equal(src_next(c, &r), SRC_OK);
  assert_int_equal(r->st[1], ST_OK); /* the record is there; its field is not */
  assert_int_equal(r->v[1].r->st[0], ST_ERR);
  assert_false(r->v[1].r->clean);
  assert_int_equal(r->v[1].r->v[1].i, 2);
  assert_int_equal(r->v[2].l->n, 2);
  assert_int_equal(r->v[2].l->v[1].r->st[0], ST_ERR);
  str first = r->bads->message, second = r->bads->next->message;
  assert_true(str_eq(first, STR("size.w: `x` is text, not int")));
  assert_memory_equal(second.p, "parts[1].w: is null but", 23);
  assert_int_equal(r->bads->col, 24);
  src_end(c);
}

static void pointers_lead_into_the_file(void **state) {
  (void)state;
  static const struct { const char *pointer, *json, *want; } cases[] = {
    { "/icons", "{\"v\":[{\"id\":\"no\"}],\"icons\":[{\"id\":\"A\"},{\"id\":\"B\"}],\"z\":{\"icons\":[{\"id\":\"no\"}]}}", "id=A\nid=B\n" },
    { "/a~1b/1/~0", "{\"a/b\":[[],{\"x\":{},\"~\":[{\"id\":\"A\"}]},{\"~\":[{\"id\":\"no\"}]}]}", "id=A\n" },
    { "/", "{\"\":[{\"id\":\"A\"}]}", "id=A\n" },
    { "/icosn", "{\"icons\":[{\"id\":\"A\"}]}", "`/icosn` is not in the file; did you mean `icons`?" },
    { "/a/b", "{\"a\":{\"c\":1,\"bb\":2},\"x\":1}", "`/a/b` is not in the file; did you mean `bb`?" },
    { "/a", "{\"a\":{\"b\":[]}}", "`/a` is an object, not an array" },
    { "/a/b", "{\"a\":5}", "`/a/b` leads into a number" },
    { "", "{\"icons\":[{\"id\":\"A\"}],\"n\":1}", "the file holds an object, not an array; say which member with FILE#/NAME: there is `icons`, `n`" },
    { "/a", "{\"a\":[{\"id\":\"A\",\"a\":1}],\"b\":{\"a\":1},\"a\":[]}", "the member `a` stands twice" },
    { "/0", "[[{\"id\":\"A\"}],[]]", "id=A\n" },
    { "", "5", "the file holds a number, not an array" },
    { "a", "[]", "is no JSON pointer" },
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    if (i) teardown(NULL), setup(NULL);
    const char *got = rows_of("id text", "a.json", str_z(cases[i].json), cases[i].pointer);
    if (!strstr(got, cases[i].want)) fail_msg("%s in %s\n gave %s\n not  %s", cases[i].pointer, cases[i].json, got, cases[i].want);
  }
}

static void broken_json_has_a_place_and_a_reason(void **state) {
  (void)state;
  static const struct { const char *json, *want; } cases[] = {
    { "", "a.json:1:1: the file is empty" },
    { "[{\"id\":\"A\"},\n {\"id\": NaN}]", "a.json:2:9: `NaN` is no JSON number (write null)" },
    { "[{\"id\":\"A\"}] x", "a.json:1:14: goes on after its value has ended" },
    { "[{\"id\":\"A\"}", "ends too early" },
    { "[{\"id\":\"A\",}]", "a.json:1:12:" },
    { "[{\"id\":\"A\" \"n\":1}]", "a.json:1:12: a `,` or `}` is expected here" },
    { "[{\"id\":\"A\",]", "a.json:1:12: a member's name in double quotes is expected here" },
    { "[{\"id\":'A'}]", "a.json:1:8: no JSON value begins like this" },
    { "[{\"id\":\"A\nB\"}]", "a line break or control character stands inside a text (write \\n)" },
    { "[{\"id\":True}]", "`True` is no JSON value" },
    { "[{\"id\":\"\xff\"}]", "not valid UTF-8" },
    { "[{\"id\":\"A\"},5,{\"id\":\"B\"}]", "id=A\nid=B\n" },
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    if (i) teardown(NULL), setup(NULL);
    const char *got = rows_of("id text", "a.json", str_z(cases[i].json), "");
    if (!strstr(got, cases[i].want)) fail_msg("%s\n gave %s\n not  %s", cases[i].json, got, cases[i].want);
  }
  assert_true(said(&w, DIAG_DATA_NOT_OBJECT, "a record is an object, this is a number"));
  assert_int_equal(w.told[0].col, 13);
  teardown(NULL), setup(NULL);
  buf b = { .a = &w.a };
  buf_z(&b, "[{\"id\":");
  for (int i = 0; i < 10000; i++) buf_ch(&b, '[');
  assert_non_null(strstr(rows_of("id text", "a.json", buf_done(&b), ""), "nested more than 500 deep"));
}

static void ndjson_loses_only_the_broken_line(void **state) {
  (void)state;
  const char *got = rows_of("id text key", "a.jsonl", STR("\xEF\xBB\xBF{\"id\":\"A\"}\r\n\n{\"id\":\n{\"id\":\"B\"} {\"id\":\"C\"}\n[1]\n{\"id\":\"E\n{\"id\":\"D\"}"), "");
  assert_string_equal(got, "id=A\nid=D\n");
  assert_int_equal(w.ntold, 4);
  assert_int_equal(w.told[3].line, 6), assert_int_equal(w.told[3].col, 9);
  assert_string_equal(w.told[3].message, w.told[0].message);
  assert_int_equal(w.told[0].line, 3), assert_int_equal(w.told[1].line, 4), assert_int_equal(w.told[2].line, 5);
  assert_true(said(&w, DIAG_DATA_JSON, "the line ends before its value does"));
  assert_true(said(&w, DIAG_DATA_JSON, "a second value"));
  assert_true(said(&w, DIAG_DATA_NOT_OBJECT, "this is an array"));
}

/* Chunks end anywhere: a file of many shapes, larger than several chunks, read back in full with the right places. */
static void tokens_may_span_chunks(void **state) {
  (void)state;
  enum { N = 6000 };
  buf b = { .a = &w.a };
  buf_z(&b, "{\"skip\":[[{\"items\":[1]}]],\"items\":[");
  for (int i = 0; i < N; i++) {
    buf_fmt(&b, "%s\n  {\"id\" : \"k%d\", \"s\": \"", i ? "," : "", i);
    for (int k = 0; k < i % 97; k++) buf_z(&b, k % 3 ? "é" : "\\u00e9");
    buf_fmt(&b, "\", \"n\": %d }", i * 1000);
  }
  buf_z(&b, "]}");
  one_source("id text key; s text; n int", "a.json", buf_done(&b), "/items");
  assert_int_equal(world_open(&w), SRC_OK);
  src_cursor *c;
  rec *r;
  assert_int_equal(src_walk(w.d, 0, &c), SRC_OK);
  for (int i = 0; i < N; i++) {
    assert_int_equal(src_next(c, &r), SRC_OK);
    char id[16];
    snprintf(id, sizeof id, "k%d", i);
    assert_true(str_eq(str_of(r->v[0].t), str_z(id)));
    assert_int_equal(r->v[1].t->n, 2 * (i % 97));
    assert_int_equal(r->v[2].i, i * 1000);
    assert_int_equal(r->line, i + 2), assert_int_equal(r->col, 3);
    assert_int_equal(r->position, i + 1);
  }
  assert_int_equal(src_next(c, &r), SRC_DONE);
  src_end(c);
  assert_int_equal(w.ntold, 0);
}

static void csv_rows(void **state) {
  (void)state;
  const char *got = rows_of("id text key; title text?; n int?; tags list:text split |; on bool?", "a.csv", STR(
    "\xEF\xBB\xBFid,title,n,tags,on,other\r\nA,\"say \"\"hi\"\", you\",5,a| b |c,TRUE,x\r\n\"B\",\"two\nlines\",,,0,\n\nC,,x,\"\",,\n"), "");
  assert_string_equal(got,
    "id=A title=say \"hi\", you n=5 tags=[\"a\", \"b\", \"c\"] on=true\nid=B title=two\nlines n=? tags=[] on=false\n"
    "id=C title=? n=! tags=[] on=? [n@6:4: `x` is not an int]\n");
  assert_int_equal(src_count(w.d, 0).ignored_columns, 1);
}

static void csv_quotes_and_ends(void **state) {
  (void)state;
  static const struct { const char *csv, *want; } cases[] = {
    { "id,t\n", "" },
    { "id,t\rA,1\rB,2", "id=A t=1\nid=B t=2\n" },
    { "id,t\nA,\"\"\"\"\nB,\"a\"\"b\"", "id=A t=\"\nid=B t=a\"b\n" },
    { "id,t\nA,x\"y\nB,\",\"", "id=A t=x\"y\nid=B t=,\n" },
    { "id,t\nA", "id=A t=! [t@2:1: the row has 1 cell, the header has 2]\n" },
    { "id,t\n\"A\"b", "id=! t=! [id@2:1: the row is not well-formed" },
    { "id,t\nA,b,c", "(does a cell hold a separator without quotes?)" },
    { "id,t\nA,\"b\"c\nD,e", "text follows a closing quote at line 2, column 6" },
    { "id,t\nA,\"b\nc", "a.csv:2:3: the quote that opens here is never closed" },
    { "", "is empty: the first row of a CSV file names its columns" },
    { "id;t\nA;b", "it is separated by `;`" },
    { "id,t,id\nA,b,c", "does not fit the record" },
    { "id,\xfft\nA,b", "does not fit the record" },
    { "t,id\n\xc3\x28,A", "id=A t=! [t@2:1: `\\xC3(` is not valid UTF-8]\n" },
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    if (i) teardown(NULL), setup(NULL);
    const char *got = rows_of("id text; t text?", "a.csv", str_z(cases[i].csv), "");
    if (!strstr(got, cases[i].want)) fail_msg("%s\n gave %s\n not  %s", cases[i].csv, got, cases[i].want);
  }
}

static void csv_ragged_rows_never_pass(void **state) {
  (void)state;
  rows_of("id text; t text?", "a.csv", STR("id,t\nA,b,c\nB,c\nC\n"), "");
  assert_int_equal(w.ntold, 2);
  assert_int_equal(w.told[0].code, DIAG_DATA_RAGGED), assert_int_equal(w.told[0].line, 2), assert_int_equal(w.told[0].position, 1);
  assert_int_equal(w.told[1].line, 4), assert_int_equal(w.told[1].position, 3);
}

static void csv_header_is_checked(void **state) {
  (void)state;
  const char *got = rows_of("id text; title text?; region text default EU", "a.csv", STR("id,titel\nA,b\n"), "");
  assert_non_null(strstr(got, "[E0808]"));
  assert_true(said(&w, DIAG_DATA_NO_COLUMN, "write `from \"titel\"` behind the type of `title`"));
  assert_true(said(&w, DIAG_DATA_DEFAULTED, "`region`"));
  teardown(NULL), setup(NULL);
  assert_string_equal(rows_of("id text; region text default EU", "a.csv", STR("id\nA\n"), ""), "id=A region=EU\n");
  teardown(NULL), setup(NULL);
  got = rows_of("id text; title text?", "a.csv", STR("id;title\nA;b\n"), "");
  assert_non_null(strstr(got, "is one cell, `id;title`: it is separated by `;`. Save it with commas"));
  assert_int_equal(w.ntold, 0); /* once, not for each column */
  teardown(NULL), setup(NULL);
  got = rows_of("id text; title text?", "a.csv", STR("id\ttitle\nA\tb\n"), "");
  assert_non_null(strstr(got, "it is separated by tabs. Name it .tsv"));
  teardown(NULL), setup(NULL);
  got = rows_of("id text; title text?", "a.csv", STR("id,title,title\nA,b,c\n"), "");
  assert_true(said(&w, DIAG_DATA_CSV, "the header names the column `title` twice"));
  teardown(NULL), setup(NULL);
  assert_string_equal(rows_of("id text; title text?", "a.csv", STR("id,title,note,note\nA,b,c,d\n"), ""), "id=A title=b\n"); /* columns that nobody reads */
}

static void tsv_separates_by_tabs(void **state) {
  (void)state;
  assert_string_equal(rows_of("id text; t text?", "a.TSV", STR("id\tt\nA\t1,2\n"), ""), "id=A t=1,2\n");
}

static void exact_records_refuse_what_they_do_not_declare(void **state) {
  (void)state;
  one_source("id text; title text?", "a.ndjson", STR("{\"id\":\"A\",\"titel\":\"x\"}\n{\"id\":\"B\"}\n"), "");
  w.m.rec_at[0].exact = true;
  assert_int_equal(world_open(&w), SRC_OK);
  walk_text(&w, 0);
  assert_int_equal(w.ntold, 1);
  assert_int_equal(w.told[0].code, DIAG_DATA_UNDECLARED);
  assert_int_equal(w.told[0].line, 1), assert_int_equal(w.told[0].col, 11), assert_int_equal(w.told[0].position, 1);
  assert_string_equal(w.told[0].fix, "did you mean `title`?");
}

static void duplicate_keys_are_told_with_their_places(void **state) {
  (void)state;
  rows_of("a text key; b int key", "a.csv", STR("a,b\nx,1\nx,2\ny,1\nx,02\nx,1\n,1\n"), "");
  assert_int_equal(w.ntold, 3);
  assert_true(said(&w, DIAG_DATA_NULL_KEY, "`a`"));
  assert_int_equal(w.told[1].code, DIAG_DATA_DUPLICATE_KEY);
  assert_int_equal(w.told[1].line, 5), assert_string_equal(w.told[1].key, "x, 2");
  assert_non_null(strstr(w.told[1].message, "of row #4 is also that of row #2"));
  assert_int_equal(w.told[2].line, 6), assert_string_equal(w.told[2].key, "x, 1");
}

static void opening_fails_clearly(void **state) {
  (void)state;
  static const struct { const char *name, *text, *want; } cases[] = {
    { "missing.csv", NULL, "No such file or directory [E0801]" },
    { "dir.json", "/", "is a directory, not a file [E0802]" },
    { "a.xlsx", "PK", "does not say its format: name it .json, .ndjson, .csv or .tsv [E0820]" },
    { "u.csv", "\xFF\xFEi", "is UTF-16; save it as UTF-8 [E0824]" },
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    if (i) teardown(NULL), setup(NULL);
    model_source(&w.m, "lib.items", model_record(&w.m, "Item", "id text"), "");
    str path = world_path(&w, cases[i].name);
    if (cases[i].text && cases[i].text[0] == '/') mkdir(path.p, 0700);
    else if (cases[i].text) world_file(&w, cases[i].name, str_z(cases[i].text));
    world_bind(&w, "items", path, "");
    assert_int_equal(world_open(&w), SRC_FAILED);
    assert_null(w.d);
    if (!strstr(w.failure.p, cases[i].want)) fail_msg("%s", w.failure.p);
  }
  teardown(NULL), setup(NULL);
  one_source("id text", "a.json", STR("[]"), "");
  world_bind(&w, "itms", world_path(&w, "a.json"), "");
  assert_int_equal(world_open(&w), SRC_FAILED);
  assert_true(said(&w, DIAG_DATA_BINDING, "did you mean `items`?"));
  teardown(NULL), setup(NULL);
  model_source(&w.m, "lib.items", model_record(&w.m, "Item", "id text"), "");
  bool wanted[] = { true };
  w.c.wanted = wanted;
  assert_int_equal(world_open(&w), SRC_FAILED);
  assert_non_null(strstr(w.failure.p, "--source items=FILE [E0818]"));
}

static void rows_without_end_are_refused(void **state) {
  (void)state;
  static const struct { const char *file, *head, *want; } cases[] = {
    { "a.ndjson", "{\"id\":\"A\"}\n{\"id\":\"", "a.ndjson:2:1: the line that begins here is larger than 64 MB [E0826]" },
    { "a.csv", "id\nA\n\"", "a.csv:3:1: the row that begins here is larger than 64 MB (is a quote never closed?) [E0826]" },
    { "a.json", "[{\"id\":\"A\"},\n{\"id\":\"", "a.json:2:7: holds a value larger than 64 MB" },
  };
  enum { BYTES = 70 << 20 };
  char *big = malloc(BYTES);
  memset(big, 'x', BYTES);
  for (size_t i = 0; i < 3; i++) {
    if (i) teardown(NULL), setup(NULL);
    size_t n = strlen(cases[i].head);
    memcpy(big, cases[i].head, n);
    const char *got = rows_of("id text", cases[i].file, (str){ big, BYTES }, "");
    memset(big, 'x', n);
    if (!strstr(got, cases[i].want)) fail_msg("%s", got);
    assert_int_equal(src_failure_code(w.d), DIAG_DATA_TOO_LARGE);
  }
  free(big);
}

static void standard_input_feeds_one_source(void **state) {
  (void)state;
  uint32_t r = model_record(&w.m, "Item", "id text");
  model_source(&w.m, "a", r, ""), model_source(&w.m, "b", r, "");
  world_bind(&w, "a", STR("-"), ""), world_bind(&w, "b", STR("-"), "");
  assert_int_equal(world_open(&w), SRC_FAILED);
  assert_non_null(strstr(w.failure.p, "standard input can feed one source"));
}

static void a_pipe_can_be_walked_twice(void **state) {
  (void)state;
  str path = world_path(&w, "fifo.ndjson");
  assert_int_equal(mkfifo(path.p, 0600), 0);
  pid_t child = fork();
  if (!child) {
    FILE *f = fopen(path.p, "w");
    for (int i = 0; i < 3000; i++) fprintf(f, "{\"id\":\"k%d\"}\n", i);
    fclose(f);
    _exit(0);
  }
  model_source(&w.m, "lib.items", model_record(&w.m, "Item", "id text key"), "");
  world_bind(&w, "items", path, "");
  assert_int_equal(world_open(&w), SRC_OK);
  const char *first = walk_text(&w, 0);
  assert_int_equal(src_count(w.d, 0).rows, 3000);
  assert_string_equal(first, walk_text(&w, 0));
}

static void a_file_that_changes_is_noticed(void **state) {
  (void)state;
  one_source("id text", "a.ndjson", STR("{\"id\":\"A\"}\n"), "");
  assert_int_equal(world_open(&w), SRC_OK);
  world_file(&w, "a.ndjson", STR("{\"id\":\"A\"}\n{\"id\":\"B\"}\n"));
  assert_non_null(strstr(walk_text(&w, 0), "was changed while it was read"));
}

static void records_from_the_host(void **state) {
  (void)state;
  uint32_t id = model_record(&w.m, "Item", "id text key; n int; kind image|video intern");
  atom_index atoms;
  atom_index_build(&atoms, &w.a, w.m.atoms, w.m.p.natoms);
  str error;
  rec *r = src_record_json(&w.a, &w.m.p, id, &atoms, STR("{\"id\":\"A\",\"n\":\"x\",\"kind\":\"video\"}"), 10, false, &error);
  assert_non_null(r);
  assert_int_equal(r->cap, 10);
  assert_int_equal(r->st[1], ST_ERR);
  assert_ptr_equal(r->v[2].t, w.m.atoms[1]);
  assert_string_equal(src_key_text(&w.a, &w.m.p, r).p, "A");
  static const struct { const char *json, *want; } cases[] = {
    { "", "line 1, column 1: " }, { "[]", "line 1, column 1: a record is a JSON object, this is a list" }, { "{\"id\":\n 5", "ends too early" },
    { "{} {}", "line 1, column 4: goes on after" } };
  for (size_t i = 0; i < 4; i++) {
    assert_null(src_record_json(&w.a, &w.m.p, id, &atoms, str_z(cases[i].json), 0, false, &error));
    if (!error.n || !strstr(error.p, cases[i].want)) fail_msg("%s: %s", cases[i].json, error.p);
  }
  w.m.rec_at[0].exact = true;
  assert_null(src_record_json(&w.a, &w.m.p, id, &atoms, STR("{\"id\":\"A\",\"nn\":1}"), 0, true, &error));
  assert_non_null(strstr(error.p, "`nn`"));
  assert_true(strncmp(error.p, "column 11: ", 11) == 0);
  assert_null(src_record_json(&w.a, &w.m.p, id, &atoms, STR("{} {}"), 0, true, &error));
  assert_string_equal(error.p, "column 4: goes on after its value has ended");
}

/* ---- memory runs out: a status, no leak, no crash ---- */

typedef struct meter { long left, live; } meter;

static void *metered(void *ud, void *p, size_t old_n, size_t new_n) {
  meter *m = ud;
  (void)old_n;
  if (!new_n) { m->live--; free(p); return NULL; }
  if (m->left-- <= 0) return NULL;
  void *q = realloc(p, new_n);
  if (!p && q) m->live++;
  return q;
}

static int run_metered(meter *mt, arena *scratch) {
  mem mm = { metered, mt };
  src_config c = w.c;
  c.m = &mm;
  src_data *d;
  str failure;
  int st = src_open(&c, &d, scratch, &failure);
  if (st != SRC_OK) return st;
  for (uint32_t s = 0; s < w.m.p.nsources && st == SRC_OK; s++) {
    src_cursor *cur;
    rec *r;
    st = src_walk(d, s, &cur);
    if (st != SRC_OK) break;
    while ((st = src_next(cur, &r)) == SRC_OK) {}
    src_end(cur);
    if (st == SRC_DONE) st = SRC_OK;
  }
  src_close(d);
  return st;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  model_record(&w.m, "Size", "w int; h int?");
  uint32_t item = model_record(&w.m, "Item", "id text key; n int?; tags list:text?; size {0}?; m map:int?");
  model_source(&w.m, "lib.a", item, "");
  model_source(&w.m, "lib.b", item, "");
  model_source(&w.m, "lib.c", item, "");
  world_bind(&w, "a", world_file(&w, "a.json", STR("{\"x\":[{\"id\":\"A\",\"n\":\"bad\",\"tags\":[\"a\",\"b\"],\"size\":{\"w\":\"z\"},\"m\":{\"a\":1}},{\"id\":\"A\"},5,{\"q\":1}]}")), "/x");
  world_bind(&w, "b", world_file(&w, "b.ndjson", STR("{\"id\":\"A\"}\n{]\n{\"id\":\"B\"}\n")), "");
  world_bind(&w, "c", world_file(&w, "c.csv", STR("id,n,tags,size,m\nA,1,\"[\"\"a\"\"]\",{,\nB\nA,2,,,\n")), "");
  long most = 0;
  for (long n = 0;; n++) {
    meter mt = { n, 0 };
    int st = run_metered(&mt, &w.a);
    assert_int_equal(mt.live, 0);
    w.ntold = 0;
    if (mt.left > 0) { assert_int_equal(st, SRC_OK); most = n; break; }
    assert_true(n < 5000);
  }
  assert_true(most > 20);
}

int main(void) {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
  const struct CMUnitTest tests[] = {
    T(json_values), T(ignored_names_are_counted_once), T(json_bad_values_say_what_and_where), T(a_member_that_stands_twice_is_bad), T(large_ints_stay_exact),
    T(half_a_surrogate_is_no_text),
    T(nested_records_tell_where_they_break), T(pointers_lead_into_the_file), T(broken_json_has_a_place_and_a_reason), T(ndjson_loses_only_the_broken_line),
    T(tokens_may_span_chunks), T(csv_rows), T(csv_quotes_and_ends), T(csv_ragged_rows_never_pass), T(csv_header_is_checked), T(tsv_separates_by_tabs),
    T(exact_records_refuse_what_they_do_not_declare), T(duplicate_keys_are_told_with_their_places), T(opening_fails_clearly), T(rows_without_end_are_refused),
    T(standard_input_feeds_one_source),
    T(a_pipe_can_be_walked_twice),
    T(a_file_that_changes_is_noticed), T(records_from_the_host), T(every_allocation_may_fail),
  };
  return cmocka_run_group_tests_name("data files", tests, NULL, NULL);
}
