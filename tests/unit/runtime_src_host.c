/* Look-ups into sources: the same answers from a table with an index, one without, a view, a table without rowid, a JSON and a CSV file. */
#include "runtime/src_priv.h"
#include "tests/unit/runtime_src_model.h"

#include <cmocka.h>

enum { ROWS = 600 };
static world w;

static int setup(void **state) { (void)state; world_init(&w); return 0; }
static int teardown(void **state) { (void)state; world_free(&w); return 0; }

/* id distinct, in no order; brand repeats, some are null and some no union value; n repeats, some are text that is no int. */
static const char *id_of(int i) { return str_fmt(&w.a, "k%03d", i * 377 % 997).p; }
static const char *brand_of(int i) { return i % 41 == 3 ? "" : i % 53 == 7 ? "oops" : i % 3 ? "acme" : "apex"; }
static const char *n_of(int i) { return i % 67 == 5 ? "wide" : str_fmt(&w.a, "%d", i % 10).p; }

static void make_database(void) {
  buf b = { .a = &w.a };
  buf_z(&b, "CREATE TABLE plain(id TEXT NOT NULL, brand TEXT, n INT);\n"
            "CREATE TABLE indexed(id TEXT NOT NULL PRIMARY KEY, brand TEXT, n INT);\n"
            "CREATE TABLE tight(id TEXT NOT NULL PRIMARY KEY, brand TEXT, n INT) WITHOUT ROWID;\n"
            "CREATE INDEX by_brand ON indexed(brand); CREATE INDEX by_n ON indexed(n); CREATE VIEW v AS SELECT * FROM plain;\n"
            "CREATE TABLE nocase(id TEXT NOT NULL, brand TEXT COLLATE NOCASE, n INT); CREATE INDEX by_case ON nocase(brand);\nBEGIN;\n");
  for (int i = 0; i < ROWS; i++) buf_fmt(&b, "INSERT INTO plain VALUES('%s', nullif('%s', ''), '%s');\n", id_of(i), brand_of(i), n_of(i));
  buf_z(&b, "INSERT INTO indexed SELECT * FROM plain; INSERT INTO tight SELECT * FROM plain; INSERT INTO nocase SELECT * FROM plain; COMMIT;\n");
  w.c.db = world_path(&w, "t.db");
  str cmd = str_fmt(&w.a, "sqlite3 -bail '%s' < '%s'", w.c.db.p, world_file(&w, "s.sql", buf_done(&b)).p);
  if (system(cmd.p)) abort();
}

static void make_files(void) {
  buf c = { .a = &w.a }, j = { .a = &w.a };
  buf_z(&c, "id,brand,n\n"), buf_ch(&j, '[');
  for (int i = 0; i < ROWS; i++) {
    const char *q = brand_of(i)[0] ? "\"" : "";
    buf_fmt(&c, "%s,%s,%s\n", id_of(i), brand_of(i), n_of(i));
    buf_fmt(&j, "%s{\"id\":\"%s\",\"brand\":%s%s%s,\"n\":%s%s%s}\n", i ? "," : "", id_of(i), q, *q ? brand_of(i) : "null", q, n_of(i)[0] == 'w' ? "\"" : "",
            n_of(i), n_of(i)[0] == 'w' ? "\"" : "");
  }
  buf_ch(&j, ']');
  world_bind(&w, "csv", world_file(&w, "a.csv", buf_done(&c)), "");
  world_bind(&w, "json", world_file(&w, "a.json", buf_done(&j)), "");
}

static const char *const names[] = { "plain", "indexed", "tight", "v", "nocase", "csv", "json" };
enum { SOURCES = 7 };

static const host *open_all(bool optional) {
  make_database();
  make_files();
  uint32_t r = model_record(&w.m, "Item", optional ? "id text key; brand acme|apex?; n int?" : "id text key unique; brand acme|apex; n int");
  for (int s = 0; s < SOURCES; s++) model_source(&w.m, names[s], r, s < 5 ? names[s] : "");
  if (world_open(&w) != SRC_OK) fail_msg("%s", w.failure.p);
  return src_host(w.d, &w.eval);
}

static val text_val(const char *s) {
  text *t = ARENA_NEW(&w.a, text);
  *t = text_of(str_z(s));
  return (val){ .t = t };
}

static void records_are_found_by_key(void **state) {
  (void)state;
  const host *h = open_all(true);
  for (uint32_t s = 0; s < SOURCES; s++)
    for (int round = 0; round < 2; round++) { /* the second from the cache */
      const rec *first = NULL, *r;
      assert_int_equal(h->lookup(h->ud, s, text_val(id_of(1)), &first), HOST_FOUND);
      for (int i = 0; i < ROWS; i += 7) {
        assert_int_equal(h->lookup(h->ud, s, text_val(id_of(i)), &r), HOST_FOUND);
        assert_true(str_eq(str_of(r->v[0].t), str_z(id_of(i))));
        assert_int_equal(r->st[1], brand_of(i)[0] ? brand_of(i)[0] == 'o' ? ST_ERR : ST_OK : ST_MISSING);
        assert_int_equal(r->source, s);
      }
      assert_int_equal(h->lookup(h->ud, s, text_val("nobody"), &r), HOST_NONE);
      assert_int_equal(h->lookup(h->ud, s, text_val("K001"), &r), HOST_NONE);
      assert_true(str_eq(str_of(first->v[0].t), str_z(id_of(1)))); /* still there: the arena was not reset */
      arena_reset(&w.eval);
    }
}

/* Every row whose field equals key or cannot be read must come, each once; in key order if asked. */
static void check_cursor(const host *h, uint32_t s, int32_t field, val key, bool ordered, bool keep) {
  struct host_cursor *c;
  bool seen[ROWS] = { false };
  const rec *r;
  int st, got = 0;
  char last[8] = "";
  assert_int_equal(h->open(h->ud, s, field, key, ordered, &c), HOST_FOUND);
  while ((st = h->next(h->ud, c, keep, &r)) == HOST_FOUND) {
    char id[8];
    snprintf(id, sizeof id, "%.*s", STR_ARG(str_of(r->v[0].t)));
    if (ordered && strcmp(last, id) >= 0) fail_msg("%s: %s comes after %s", names[s], id, last);
    strcpy(last, id);
    int i = 0;
    while (i < ROWS && strcmp(id_of(i), id)) i++;
    assert_true(i < ROWS);
    assert_false(seen[i]);
    seen[i] = true, got++;
  }
  assert_int_equal(st, HOST_NONE);
  h->close(h->ud, c);
  for (int i = 0; i < ROWS; i++) {
    bool must = field < 0;
    if (field == 1) must = brand_of(i)[0] != 'a' || !strcmp(brand_of(i), str_dup(&w.a, str_of(key.t)).p);
    if (field == 2) must = n_of(i)[0] == 'w' || atoi(n_of(i)) == key.i;
    if (must && !seen[i]) fail_msg("%s: row %d is not there (field %d)", names[s], i, field);
    if (!must && seen[i] && field >= 0 && i % 3 == 0) assert_true(got < ROWS); /* a superset, but no walk */
  }
  if (field >= 0) assert_true(got < ROWS);
}

static void cursors(bool optional) {
  const host *h = open_all(optional);
  for (uint32_t s = 0; s < SOURCES; s++)
    for (int ordered = 0; ordered < 2; ordered++) {
      check_cursor(h, s, 1, text_val("acme"), ordered, false);
      check_cursor(h, s, 1, text_val("apex"), ordered, true);
      check_cursor(h, s, 2, (val){ .i = 4 }, ordered, false);
      check_cursor(h, s, -1, (val){ .i = 0 }, ordered, true);
      arena_reset(&w.eval);
    }
}

static void equal_rows_and_bad_ones(void **state) { (void)state; cursors(true); }
static void null_where_none_may_be_counts_as_bad(void **state) { (void)state; cursors(false); }

static void walks_nest(void **state) {
  (void)state;
  const host *h = open_all(true);
  for (uint32_t s = 0; s < SOURCES; s += 2) {
    struct host_cursor *outer, *inner;
    const rec *a, *b;
    int64_t pairs = 0;
    assert_int_equal(h->open(h->ud, s, 2, (val){ .i = 3 }, true, &outer), HOST_FOUND);
    while (h->next(h->ud, outer, false, &a) == HOST_FOUND) {
      assert_int_equal(h->open(h->ud, s, 2, (val){ .i = 3 }, false, &inner), HOST_FOUND);
      while (h->next(h->ud, inner, false, &b) == HOST_FOUND) pairs += a->st[2] == ST_OK && b->st[2] == ST_OK;
      h->close(h->ud, inner);
    }
    h->close(h->ud, outer);
    int64_t n = 0;
    for (int i = 0; i < ROWS; i++) n += n_of(i)[0] == '3';
    assert_int_equal(pairs, n * n);
  }
}

static void repeated_values_are_counted(void **state) {
  (void)state;
  const host *h = open_all(true);
  for (uint32_t s = 0; s < SOURCES; s++) {
    int64_t n, want = 0;
    for (int i = 0; i < ROWS; i++) want += n_of(i)[0] == '4';
    assert_int_equal(h->count_equal(h->ud, s, 2, (val){ .i = 4 }, &n), HOST_FOUND);
    assert_int_equal(n, want);
    assert_int_equal(h->count_equal(h->ud, s, 0, text_val(id_of(9)), &n), HOST_FOUND);
    assert_int_equal(n, 1);
  }
}

static void int_keys_are_rowids(void **state) {
  (void)state;
  w.c.db = world_path(&w, "t.db");
  str cmd = str_fmt(&w.a, "sqlite3 '%s' \"CREATE TABLE t(id INTEGER PRIMARY KEY, up INT); CREATE INDEX u ON t(up); INSERT INTO t VALUES(5, NULL), (-3, 5), (9, 5), (7, 'x')\"",
                    w.c.db.p);
  if (system(cmd.p)) abort();
  uint32_t r = model_record(&w.m, "Node", "id int key");
  model_source(&w.m, "nodes", r, "t");
  w.m.p.nrecords = 0; /* once more, now that the source that its reference names is there */
  model_record(&w.m, "Node", "id int key; up ->0?");
  assert_int_equal(world_open(&w), SRC_OK);
  const host *h = src_host(w.d, &w.eval);
  const rec *x;
  assert_int_equal(h->lookup(h->ud, 0, (val){ .i = -3 }, &x), HOST_FOUND);
  assert_int_equal(x->v[1].i, 5);
  assert_int_equal(h->lookup(h->ud, 0, (val){ .i = 6 }, &x), HOST_NONE);
  struct host_cursor *c;
  int64_t ids[5] = { 0 };
  int n = 0;
  assert_int_equal(h->open(h->ud, 0, 1, (val){ .i = 5 }, true, &c), HOST_FOUND);
  while (h->next(h->ud, c, true, &x) == HOST_FOUND && n < 5) ids[n++] = x->v[0].i;
  h->close(h->ud, c);
  assert_int_equal(n, 4);
  assert_int_equal(ids[0], -3), assert_int_equal(ids[1], 5), assert_int_equal(ids[2], 7), assert_int_equal(ids[3], 9);
}

static void a_source_that_cannot_be_opened_stops_the_run(void **state) {
  (void)state;
  uint32_t r = model_record(&w.m, "Item", "id text key");
  model_source(&w.m, "fed", r, "");
  bool wanted[] = { false };
  w.c.wanted = wanted;
  assert_int_equal(world_open(&w), SRC_OK);
  const host *h = src_host(w.d, &w.eval);
  const rec *x;
  assert_int_equal(h->lookup(h->ud, 0, text_val("A"), &x), HOST_FAILED);
  assert_non_null(strstr(h->failure(h->ud).p, "the source `fed` has no data"));
}

/* More keys than memory is given: they go to the temporary database, and the answer is the same. */
static void many_keys_are_spilled(void **state) {
  (void)state;
  buf b = { .a = &w.a };
  for (int i = 0; i < 50000; i++) buf_fmt(&b, "{\"id\":%d}\n", i == 31000 ? 777 : i);
  model_source(&w.m, "big", model_record(&w.m, "Item", "id int key"), "");
  world_bind(&w, "big", world_file(&w, "a.ndjson", buf_done(&b)), "");
  w.c.tmp_dir = str_z(w.dir);
  assert_int_equal(world_open(&w), SRC_OK);
  w.d->keys_in_memory = 4096;
  walk_text(&w, 0);
  assert_int_equal(w.ntold, 1);
  assert_true(said(&w, DIAG_DATA_DUPLICATE_KEY, "`777` of row #31001 is also that of row #778"));
  assert_int_equal(w.told[0].line, 31001);
  world_close(&w);
  assert_int_equal(access(world_path(&w, "a.ndjson").p, F_OK), 0);
  str cmd = str_fmt(&w.a, "test -z \"$(ls '%s' | grep blazon)\"", w.dir);
  assert_int_equal(system(cmd.p), 0); /* nothing is left behind */
}

/* A look-up moves a file's rows to the temporary database: what they say, and where, stays the same. */
static void rows_kept_aside_are_the_same(void **state) {
  (void)state;
  static const struct { const char *file, *text; } files[] = {
    { "a.json", "[\n {\"id\":\"A\",\"tags\":[\"x\",[],\"\"],\"m\":{\"k\":1,\"l\":null},\"size\":{\"w\":\"é\",\"h\":[{\"q\":[]}]}},\n\n"
                "  {\"id\":\"B\",\"tags\":[\"a\",\"b\"],\"m\":{},\"zz\":{\"a\":[1,{\"b\":2}]},\n\"size\":{\"w\":7}}, {\"id\":\"\\ud800\",\"size\":null}, {}]" },
    { "b.ndjson", "{\"id\":\"A\",\"m\":[]}\n\n{no\n{\"id\":\"B\",\"tags\":[\"q\"]}\n{}\n" },
    { "c.csv", "id,tags,m,size\nA,\"[\"\"x\"\",\"\"y\"\"]\",{,\n\"multi\nline\",,,\"{\"\"w\"\":1}\"\nB\nC,,,,\n" },
  };
  for (size_t i = 0; i < 3; i++) {
    if (i) teardown(NULL), setup(NULL);
    model_record(&w.m, "Size", "w int; h int?");
    model_source(&w.m, "items", model_record(&w.m, "Item", "id text? key; tags list:text?; m map:int?; size {0}?"), "");
    world_bind(&w, "items", world_file(&w, files[i].file, str_z(files[i].text)), "");
    assert_int_equal(world_open(&w), SRC_OK);
    const char *before = walk_text(&w, 0);
    assert_non_null(strstr(before, "id=A"));
    const host *h = src_host(w.d, &w.eval);
    const rec *r;
    assert_int_equal(h->lookup(h->ud, 0, text_val("B"), &r), HOST_FOUND);
    assert_string_equal(host_text(&w, h, 0), before);
    uint32_t told = w.ntold;
    w.ntold = 0;
    assert_string_equal(walk_text(&w, 0), before); /* and a walk still tells what is wrong with the file */
    assert_int_equal(w.ntold, told);
  }
}

static void temporary_space_that_is_not_there(void **state) {
  (void)state;
  model_source(&w.m, "items", model_record(&w.m, "Item", "id text key"), "");
  world_bind(&w, "items", world_file(&w, "a.ndjson", STR("{\"id\":\"A\"}\n")), "");
  w.c.tmp_dir = world_path(&w, "no/such");
  assert_int_equal(world_open(&w), SRC_OK);
  const host *h = src_host(w.d, &w.eval);
  const rec *x;
  assert_int_equal(h->lookup(h->ud, 0, text_val("A"), &x), HOST_FAILED);
  assert_non_null(strstr(h->failure(h->ud).p, "no temporary file can be made"));
  assert_int_equal(src_failure_code(w.d), DIAG_DATA_SPILL);
}

/* ---- memory runs out inside a look-up: a jump to the evaluator's handler, and everything is given back ---- */

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

static int look_around(src_data *d, arena *eval) {
  jmp_buf j;
  eval->oom = &j;
  if (_setjmp(j)) return SRC_OOM;
  const host *h = src_host(d, eval);
  for (uint32_t s = 0; s < SOURCES; s++) {
    const rec *r;
    struct host_cursor *c;
    int64_t n;
    if (h->lookup(h->ud, s, text_val("k377"), &r) == HOST_FAILED) return SRC_FAILED;
    for (int field = -1; field < 2; field += 2) {
      if (h->open(h->ud, s, field, text_val("acme"), true, &c) == HOST_FAILED) return SRC_FAILED;
      for (int i = 0; i < 5; i++)
        if (h->next(h->ud, c, true, &r) == HOST_FAILED) return SRC_FAILED;
      h->close(h->ud, c);
    }
    if (h->count_equal(h->ud, s, 1, text_val("acme"), &n) == HOST_FAILED) return SRC_FAILED;
  }
  return SRC_OK;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  open_all(true);
  world_close(&w);
  for (long n = 0;; n += n < 120 ? 1 : 41) {
    meter mt = { n, 0 };
    mem mm = { metered, &mt };
    src_config c = w.c;
    c.m = &mm;
    src_data *d;
    arena eval;
    arena_init(&eval, &mm, NULL);
    int st = src_open(&c, &d, &w.a, &w.failure);
    if (st == SRC_OK) {
      st = look_around(d, &eval);
      src_close(d);
    }
    arena_free(&eval);
    assert_int_equal(mt.live, 0);
    if (mt.left > 0) { assert_int_equal(st, SRC_OK); assert_true(n > 100); break; }
    assert_int_not_equal(st, SRC_OK);
  }
}

int main(void) {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
  const struct CMUnitTest tests[] = {
    T(records_are_found_by_key), T(equal_rows_and_bad_ones), T(null_where_none_may_be_counts_as_bad), T(walks_nest), T(repeated_values_are_counted),
    T(int_keys_are_rowids), T(a_source_that_cannot_be_opened_stops_the_run), T(many_keys_are_spilled), T(rows_kept_aside_are_the_same),
    T(temporary_space_that_is_not_there),
    T(every_allocation_may_fail),
  };
  return cmocka_run_group_tests_name("look-ups", tests, NULL, NULL);
}
