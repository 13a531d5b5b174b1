/* SQLite tables and views as sources: the schema check, values of every storage class, keys, snapshots, and databases that cannot be read. */
#include "tests/unit/runtime_src_model.h"

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

/* The tests make databases with the command line tool, so that sqlite3.h stays in one file of the project. */
static world w;

static int setup(void **state) { (void)state; world_init(&w); return 0; }
static int teardown(void **state) { (void)state; world_free(&w); return 0; }

static void sql(const char *text) {
  w.c.db = world_path(&w, "t.db");
  str script = world_file(&w, "script.sql", str_z(text));
  str cmd = str_fmt(&w.a, "sqlite3 -bail '%s' < '%s' > /dev/null", w.c.db.p, script.p);
  if (system(cmd.p)) fail_msg("sqlite3 refused: %s", text);
}

static const char *open_rows(const char *fields, const char *from) {
  model_source(&w.m, "lib.items", model_record(&w.m, "Item", fields), from);
  int st = world_open(&w);
  if (st != SRC_OK) return str_fmt(&w.a, "open: %.*s", STR_ARG(w.failure)).p;
  return walk_text(&w, 0);
}

static void values_of_every_storage_class(void **state) {
  (void)state;
  sql("CREATE TABLE t(id TEXT NOT NULL PRIMARY KEY, n INT, x, on_ BOOLEAN, c TEXT, d DATE, t DATETIME, u, kind TEXT, tags TEXT, l TEXT, m TEXT, s STRING);"
      "INSERT INTO t VALUES('A', 9007199254740993, 0.1, 1, 'e4002b', '2026-02-28', '2026-11-22 09:00:00', 90, 'video', 'a| b', '[1,2]', '{\"z\":1}', '2024');"
      "INSERT INTO t VALUES('B', '12', '1e3', 'false', '#12345678', NULL, 1700000000.5, 'PT1M', NULL, '', 'null', '{}', 'é');"
      "INSERT INTO t VALUES('C', 'abc', 'x', 2, 'teal', '2026-02-30', 'soon', '1 h', 'imgae', x'00', '[1,', '[]', 1.5);");
  const char *got = open_rows("id text key; n int?; x number?; on bool? from on_; c color?; d date?; t time?; u duration?; kind image|video?; tags "
                              "list:text? split |; l list:int?; m map:int?; s text?", "T");
  assert_string_equal(got,
    "id=A n=9007199254740993 x=0.1 on=true c=#E4002B d=2026-02-28 t=2026-11-22T09:00:00Z u=1 minute 30 seconds kind=video tags=[\"a\", \"b\"] l=[1, 2] "
    "m={\"z\": 1} s=2024\n"
    "id=B n=12 x=1000 on=false c=#12345678 d=? t=2023-11-14T22:13:20.5Z u=1 minute kind=? tags=[] l=? m={} s=é\n"
    "id=C n=! x=! on=! c=! d=! t=! u=! kind=! tags=! l=! m=! s=! [n@0:0: `abc` is not an int] [x@0:0: `x` is not a number] [on@0:0: `2` is not a bool "
    "(true or false)] [c@0:0: `teal` is not a color (#RRGGBB)] [d@0:0: `2026-02-30` is not a date (YYYY-MM-DD)] [t@0:0: `soon` is not a time (like "
    "2026-11-22T09:00:00Z, or unix seconds)] [u@0:0: `1 h` is not a duration (seconds, or ISO 8601 like PT1H30M)] [kind@0:0: `imgae` is not one of "
    "\"image\", \"video\"; did you mean \"image\"?] [tags@0:0: is binary data (1 byte), not list of text] [l@0:0: `[1,` is not JSON: ends too early: "
    "something is not closed] [m@0:0: is a list, not map of int] [s@0:0: `1.5` is a number, not text]\n");
  assert_int_equal(w.ntold, 0);
  assert_int_equal(src_count(w.d, 0).rows, 3);
  assert_int_equal(src_count(w.d, 0).bad_values, 12);
}

static void nulls_defaults_and_invalid_text(void **state) {
  (void)state;
  sql("CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b INT); INSERT INTO t VALUES(1, NULL, NULL), (7, CAST(x'61ff' AS TEXT), 3), (5, 'x', 9e999);");
  assert_string_equal(open_rows("id int key; a text; b int default 4", "t"),
    "id=1 a=! b=4 [a@0:0: is null but `a` is not optional (end its type in `?`, or give it a default)]\n"
    "id=5 a=x b=! [b@0:0: is infinite or no number at all]\n"
    "id=7 a=! b=3 [a@0:0: `a\\xFF` is not valid UTF-8]\n");
  assert_true(said(&w, DIAG_DATA_NULLABLE, "end the type of `a` in `?`"));
  for (uint32_t i = 0; i < w.ntold; i++)
    if (w.told[i].code == DIAG_DATA_NULLABLE) assert_int_equal(w.told[i].sev, SEV_WARNING);
  assert_int_equal(w.ntold, 1);
}

static void literals_of_the_program_are_atoms(void **state) {
  (void)state;
  sql("CREATE TABLE t(id TEXT NOT NULL, k TEXT, c TEXT); INSERT INTO t VALUES('A', 'video', 'EU'), ('B', 'image', 'US')");
  model_source(&w.m, "lib.items", model_record(&w.m, "Item", "id text key; k image|video?; c text? intern"), "t");
  const text *eu = model_atom(&w.m, STR("EU"));
  assert_int_equal(world_open(&w), SRC_OK);
  src_cursor *c;
  rec *r;
  assert_int_equal(src_walk(w.d, 0, &c), SRC_OK);
  assert_int_equal(src_next(c, &r), SRC_OK);
  assert_ptr_equal(r->v[1].t, w.m.atoms[1]);
  assert_ptr_equal(r->v[2].t, eu);
  assert_int_equal(src_next(c, &r), SRC_OK);
  assert_int_equal(r->v[2].t->atom, 0);
  assert_int_equal(src_next(c, &r), SRC_DONE);
  src_end(c);
}

/* Rows that are read as plain, and those with a cell that is not: literals, more than are kept, of every length around what is kept; each row's own text. */
static void plain_cells_and_others_are_read_alike(void **state) {
  (void)state;
  sql("CREATE TABLE t(k TEXT, c TEXT, own TEXT NOT NULL, d TEXT NOT NULL, u, n REAL, b);"
      "WITH RECURSIVE i(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM i WHERE i < 399) INSERT INTO t SELECT substr('abcdefghijklmnopqrstuvwxyz', 1, 1 + i % 20), "
      "substr('abcdefghijklmnopqrstuvwxyz', 1, i % 23), replace(printf('%.*c', i % 30, 'x'), 'x', 'ä'), date('2024-01-01', i || ' days'), CASE i % 7 WHEN 3 THEN 60 ELSE 'PT1M' "
      "END, CASE i % 5 WHEN 0 THEN NULL ELSE i END, i % 11 = 0 FROM i;"
      "UPDATE t SET k = 'nope' WHERE rowid = 200; UPDATE t SET b = 7 WHERE rowid = 300");
  model_source(&w.m, "lib.items", model_record(&w.m, "Item",
    "k a|ab|abc|abcd|abcde|abcdef|abcdefg|abcdefgh|abcdefghi|abcdefghij|abcdefghijk|abcdefghijkl|abcdefghijklm|abcdefghijklmn; c text? intern; own text; "
    "d date; u duration; n number?; b bool"), "t");
  assert_int_equal(world_open(&w), SRC_OK);
  src_cursor *c;
  rec *r;
  assert_int_equal(src_walk(w.d, 0, &c), SRC_OK);
  for (int i = 0; i < 400; i++) {
    assert_int_equal(src_next(c, &r), SRC_OK);
    bool literal = i % 20 < 14 && i != 199;
    assert_int_equal(r->position, i + 1);
    assert_int_equal(r->st[0], literal ? ST_OK : ST_ERR);
    if (literal) assert_ptr_equal(r->v[0].t, w.m.atoms[i % 20]);
    assert_int_equal(r->st[1], ST_OK);
    assert_int_equal(r->v[1].t->n, i % 23);
    if (i % 23 >= 1 && i % 23 <= 14) assert_ptr_equal(r->v[1].t, w.m.atoms[i % 23 - 1]);
    else assert_int_equal(r->v[1].t->atom, 0);
    assert_int_equal(r->v[2].t->n, 2 * (i % 30 ? i % 30 : 1));
    assert_int_equal(r->v[3].i, 19723 + i);
    assert_int_equal(r->v[4].i, 60 * USEC_PER_SEC);
    assert_int_equal(r->st[5], i % 5 ? ST_OK : ST_MISSING);
    if (i % 5) assert_true(r->v[5].n == i);
    assert_int_equal(r->st[6], i == 299 ? ST_ERR : ST_OK);
    if (i != 299) assert_int_equal(r->v[6].i, i % 11 == 0);
    assert_int_equal(r->clean, literal && i != 299);
    assert_int_equal(r->bads ? r->bads->field : 99, !literal ? 0 : i == 299 ? 6 : 99);
  }
  assert_int_equal(src_next(c, &r), SRC_DONE);
  src_end(c);
}

/* SQLite's one exception: with DESC, an INTEGER PRIMARY KEY is a column like any other. */
static void a_descending_key_is_no_position(void **state) {
  (void)state;
  sql("CREATE TABLE t(id INTEGER PRIMARY KEY DESC, a INT); INSERT INTO t VALUES(9, 1), (7, 2), (NULL, 3)");
  assert_string_equal(open_rows("id int key; a int?", "t"), "id=9 a=1\nid=7 a=2\nid=! a=3 [id@0:0: is null but `id` is not optional (end its type in `?`, or "
                                                            "give it a default)]\n");
  rec *r;
  str key = STR("7");
  assert_int_equal(src_find(w.d, 0, 1, &key, &w.a, &r), SRC_OK);
  assert_int_equal(r->v[1].i, 2);
}

static void only_what_is_read_is_selected(void **state) {
  (void)state;
  sql("CREATE TABLE t(id TEXT NOT NULL, a INT, b INT); INSERT INTO t VALUES('A', 'bad', 2)");
  bool fields[] = { false, false, true };
  const bool *const per[] = { fields };
  w.c.fields = per, w.c.frame = 40;
  assert_string_equal(open_rows("id text key; a int?; b int?", "t"), "id=A a=? b=2\n");
  src_cursor *c;
  rec *r;
  assert_int_equal(src_walk(w.d, 0, &c), SRC_OK);
  assert_int_equal(src_next(c, &r), SRC_OK);
  assert_int_equal(r->cap, 40);
  assert_true(r->clean);
  src_end(c);
}

static void the_schema_is_checked_when_opened(void **state) {
  (void)state;
  sql("CREATE TABLE assets(id TEXT PRIMARY KEY, titel TEXT NOT NULL, w INTEGER NOT NULL, h REAL NOT NULL, raw BLOB NOT NULL, extra)");
  const char *got = open_rows("id text key; title text; w color; h int; raw text; region text default EU", "assets");
  assert_non_null(strstr(got, "does not fit the record `Item`: 3 columns [E0808]"));
  assert_true(said(&w, DIAG_DATA_NULLABLE, "`id` may be null (SQLite allows it in a primary key of this type)"));
  assert_true(said(&w, DIAG_DATA_NO_COLUMN, "did you mean `titel`? write `from \"titel\"` behind the type of `title`"));
  assert_true(said(&w, DIAG_DATA_COLUMN_TYPE, "column `w` is INTEGER, which never holds the color of the field `w`"));
  assert_true(said(&w, DIAG_DATA_COLUMN_TYPE, "write `w : int`"));
  assert_true(said(&w, DIAG_DATA_COLUMN_TYPE, "column `raw` is BLOB"));
  assert_true(said(&w, DIAG_DATA_DEFAULTED, "`region`"));
  assert_int_equal(w.ntold, 5);
  teardown(NULL), setup(NULL);
  sql("CREATE TABLE assets(a); CREATE VIEW assets_live AS SELECT * FROM assets");
  got = open_rows("a text?", "asets");
  assert_non_null(strstr(got, "the database has no table or view `asets` [E0807]"));
  assert_true(said(&w, DIAG_DATA_NO_TABLE, "did you mean `assets`?"));
  teardown(NULL), setup(NULL);
  sql("CREATE TABLE t(id INTEGER PRIMARY KEY, a NOT NULL, b NOT NULL); INSERT INTO t VALUES(1, 2, 3)");
  model_source(&w.m, "lib.items", model_record(&w.m, "Item", "id int key; a int"), "t");
  w.m.rec_at[0].exact = true;
  assert_int_equal(world_open(&w), SRC_OK);
  assert_int_equal(w.ntold, 1);
  assert_true(said(&w, DIAG_DATA_UNDECLARED, "`b`"));
  assert_int_equal(src_count(w.d, 0).ignored_columns, 0);
}

static void views_and_tables_without_rowid(void **state) {
  (void)state;
  sql("CREATE TABLE t(id TEXT PRIMARY KEY, n INT NOT NULL) WITHOUT ROWID; INSERT INTO t VALUES('b', 2), ('a', 1);"
      "CREATE VIEW v AS SELECT id, n + 1 AS m FROM t; CREATE TABLE e(id INT NOT NULL)");
  assert_string_equal(open_rows("id text key; n int", "t"), "id=a n=1\nid=b n=2\n");
  assert_int_equal(w.ntold, 0);
  teardown(NULL), setup(NULL);
  sql("CREATE TABLE t(id TEXT PRIMARY KEY, n INT NOT NULL) WITHOUT ROWID; INSERT INTO t VALUES('b', 2), ('a', 1);"
      "CREATE VIEW v AS SELECT id, n + 1 AS m FROM t; CREATE TABLE e(id INT NOT NULL)");
  assert_string_equal(open_rows("id text key; m int", "v"), "id=a m=2\nid=b m=3\n");
  assert_true(said(&w, DIAG_DATA_NULLABLE, "(a view's columns always may)"));
  assert_int_equal(w.told[0].sev, SEV_INFO); /* nobody can change it, so `--fail-on warning` must not break on it */
  teardown(NULL), setup(NULL);
  sql("CREATE TABLE e(id INT NOT NULL)");
  assert_string_equal(open_rows("id int key", "e"), "");
  assert_int_equal(src_estimate(w.d, 0), 0);
}

static void keys_that_repeat_or_are_null(void **state) {
  (void)state;
  sql("CREATE TABLE t(id TEXT, r TEXT NOT NULL); INSERT INTO t VALUES('A','x'), (NULL,'x'), ('B','x'), ('A','x'), ('A','y')");
  open_rows("id text key; r text key", "t");
  assert_true(said(&w, DIAG_DATA_NULL_KEY, "row #2 has no key: `id` is null"));
  uint32_t twins = 0;
  for (uint32_t i = 0; i < w.ntold; i++)
    if (w.told[i].code == DIAG_DATA_DUPLICATE_KEY) {
      twins++;
      assert_int_equal(w.told[i].position, 4);
      assert_string_equal(w.told[i].key, "A, x");
      assert_non_null(strstr(w.told[i].message, "of row #4 is also that of row #1"));
    }
  assert_int_equal(twins, 1);
}

static void a_walk_in_parts_sees_every_row_once(void **state) {
  (void)state;
  sql("CREATE TABLE t(id INT NOT NULL, n INT); WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 1000) INSERT INTO t SELECT i, i FROM c;"
      "INSERT INTO t VALUES(17, 0)");
  model_source(&w.m, "lib.items", model_record(&w.m, "Item", "id int key; n int?"), "t");
  assert_int_equal(world_open(&w), SRC_OK);
  src_cursor *c[3];
  int64_t sum = 0, rows = 0;
  for (uint32_t i = 0; i < 3; i++) assert_int_equal(src_walk_part(w.d, 0, i, 3, &c[i]), SRC_OK);
  for (uint32_t i = 0; i < 3; i++) {
    rec *r;
    int64_t own = 0;
    while (src_next(c[i], &r) == SRC_OK) sum += r->v[1].i, own++;
    assert_true(own > 300);
    rows += own;
  }
  for (uint32_t i = 0; i < 3; i++) src_end(c[i]);
  assert_int_equal(rows, 1001), assert_int_equal(sum, 500500);
  assert_int_equal(src_count(w.d, 0).rows, 1001);
  assert_int_equal(w.ntold, 1);
  assert_true(said(&w, DIAG_DATA_DUPLICATE_KEY, "17"));
}

static void found_by_key(void **state) {
  (void)state;
  sql("CREATE TABLE t(id TEXT NOT NULL, r INT NOT NULL, n TEXT); INSERT INTO t VALUES('A', 1, 'a1'), ('A', 2, 'a2')");
  open_rows("id text key; r int key; n text?", "t");
  rec *r;
  str keys[] = { STR("A"), STR("2") };
  assert_int_equal(src_find(w.d, 0, 2, keys, &w.a, &r), SRC_OK);
  assert_true(str_eq(str_of(r->v[2].t), STR("a2")));
  assert_string_equal(src_key_text(&w.a, &w.m.p, r).p, "A, 2");
  assert_int_equal(src_find(w.d, 0, 1, keys, &w.a, &r), SRC_DONE);
  keys[1] = STR("x");
  assert_int_equal(src_find(w.d, 0, 2, keys, &w.a, &r), SRC_DONE);
  str position = STR("#1");
  assert_int_equal(src_find(w.d, 0, 1, &position, &w.a, &r), SRC_OK);
  assert_true(str_eq(str_of(r->v[2].t), STR("a1")));
}

/* ---- databases that others use, or that cannot be read ---- */

/* A child that holds the database with what `script` says, until told to end. */
static pid_t holder(const char *script, int *to) {
  int in[2], out[2];
  if (pipe(in) || pipe(out)) abort();
  pid_t pid = fork();
  if (!pid) {
    dup2(in[0], 0), dup2(out[1], 1);
    close(in[0]), close(in[1]), close(out[0]), close(out[1]);
    execlp("sqlite3", "sqlite3", "-bail", w.c.db.p, (char *)NULL);
    _exit(127);
  }
  close(in[0]), close(out[1]);
  char ready[8] = { 0 };
  if (write(in[1], script, strlen(script)) < 0 || write(in[1], "\nSELECT 'ready';\n", 17) < 0) abort();
  do if (read(out[0], ready, 1) != 1) abort(); while (ready[0] != 'y');
  close(out[0]);
  *to = in[1];
  return pid;
}

static void let_go(pid_t pid, int to) {
  close(to);
  waitpid(pid, NULL, 0);
}

static void a_writer_in_wal_mode_does_not_disturb(void **state) {
  (void)state;
  signal(SIGPIPE, SIG_IGN);
  sql("PRAGMA journal_mode=wal; CREATE TABLE t(id INTEGER PRIMARY KEY, n INT NOT NULL); INSERT INTO t VALUES(1, 1)");
  int to;
  pid_t writer = holder("INSERT INTO t VALUES(2, 2); BEGIN; INSERT INTO t VALUES(3, 3);", &to);
  model_source(&w.m, "lib.items", model_record(&w.m, "Item", "id int key; n int"), "t");
  assert_int_equal(world_open(&w), SRC_OK);
  int64_t before = src_version(w.d);
  const char *first = walk_text(&w, 0);
  assert_string_equal(first, "id=1 n=1\nid=2 n=2\n"); /* committed but not checkpointed: there; not committed: not */
  if (write(to, "COMMIT; INSERT INTO t VALUES(4, 4); SELECT 1;\n", 47) < 0) abort();
  for (int i = 0; i < 200 && src_version(w.d) == before; i++) usleep(10000);
  assert_true(src_version(w.d) != before);
  assert_string_equal(walk_text(&w, 0), first); /* one snapshot a run */
  src_cursor *c;
  assert_int_equal(src_walk_part(w.d, 0, 0, 2, &c), SRC_MOVED);
  assert_null(c);
  let_go(writer, to);
}

static void a_lock_is_told(void **state) {
  (void)state;
  sql("CREATE TABLE t(id INTEGER PRIMARY KEY, n INT NOT NULL)");
  int to;
  pid_t writer = holder("BEGIN EXCLUSIVE;", &to);
  const char *got = open_rows("id int key; n int", "t");
  let_go(writer, to);
  assert_non_null(strstr(got, "is locked by another program, for more than 3 seconds [E0805]"));
}

static void what_cannot_be_opened(void **state) {
  (void)state;
  static const struct { const char *text, *want; } cases[] = {
    { NULL, "does not exist [E0801]" },
    { "/", "is a directory, not a database [E0802]" },
    { "id,title\nA,b\n and so on, for more than a hundred bytes so that SQLite takes it for a page ........................................", "is not a SQLite database [E0803]" },
    { "", "the database has no table or view `t` [E0807]" },
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    if (i) teardown(NULL), setup(NULL);
    w.c.db = world_path(&w, "t.db");
    if (cases[i].text && cases[i].text[0] == '/') mkdir(w.c.db.p, 0700);
    else if (cases[i].text) world_file(&w, "t.db", str_z(cases[i].text));
    const char *got = open_rows("id int key", "t");
    if (!strstr(got, cases[i].want)) fail_msg("%zu: %s", i, got);
  }
}

static void corruption_is_told(void **state) {
  (void)state;
  sql("CREATE TABLE t(id INTEGER PRIMARY KEY, n TEXT NOT NULL); WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 5000) "
      "INSERT INTO t SELECT i, hex(randomblob(20)) FROM c");
  int fd = open(w.c.db.p, O_RDWR);
  char junk[4096 * 3];
  memset(junk, 0xA5, sizeof junk);
  assert_int_equal(pwrite(fd, junk, sizeof junk, 4096 * 9), sizeof junk);
  close(fd);
  const char *got = open_rows("id int key; n text", "t");
  assert_non_null(strstr(got, "malformed [E0804]"));
  assert_int_equal(src_failure_code(w.d), DIAG_DATA_CORRUPT);
}

static void names_that_look_like_something_else(void **state) {
  (void)state;
  char before[512];
  assert_non_null(getcwd(before, sizeof before));
  sql("CREATE TABLE t(id INTEGER PRIMARY KEY, \"a\"\"b\" INT NOT NULL, rowid INT NOT NULL); INSERT INTO t VALUES(1, 2, 3)");
  assert_int_equal(chdir(w.dir), 0);
  assert_int_equal(rename("t.db", "file:x?mode=memory"), 0);
  w.c.db = STR("file:x?mode=memory");
  const char *got = open_rows("id int key; x int from a\"b; rowid int", "t");
  assert_int_equal(chdir(before), 0);
  assert_string_equal(got, "id=1 x=2 rowid=3\n");
}

/* A copy of a database and its -wal on a file system that nobody can write. Needs the right to mount. */
static bool read_only_copy(const char *files) {
  char cmd[600];
  str ro = world_path(&w, "ro");
  mkdir(ro.p, 0700);
  if (mount("tmpfs", ro.p, "tmpfs", 0, "size=8m")) return false;
  snprintf(cmd, sizeof cmd, "cd '%s' && cp -a %s ro/", w.dir, files);
  if (system(cmd) || mount("tmpfs", ro.p, "tmpfs", MS_REMOUNT | MS_RDONLY, "size=8m")) { umount(ro.p); return false; }
  w.c.db = world_path(&w, "ro/t.db");
  return true;
}

static void read_only_media(void **state) {
  (void)state;
  const char *const kinds[] = { "delete", "wal" };
  for (int i = 0; i < 2; i++) {
    if (i) teardown(NULL), setup(NULL);
    sql(str_fmt(&w.a, "PRAGMA journal_mode=%s; CREATE TABLE t(id INTEGER PRIMARY KEY); INSERT INTO t VALUES(1)", kinds[i]).p);
    if (!read_only_copy("t.db")) { print_message("no right to mount: not tested\n"); skip(); }
    const char *got = open_rows("id int key", "t");
    world_close(&w);
    umount(world_path(&w, "ro").p);
    assert_string_equal(got, "id=1\n");
  }
}

static void stale_rows_are_refused(void **state) {
  (void)state;
  sql("PRAGMA journal_mode=wal; CREATE TABLE t(id INTEGER PRIMARY KEY); INSERT INTO t VALUES(1)");
  int to;
  pid_t writer = holder("INSERT INTO t VALUES(2);", &to);
  bool ok = read_only_copy("t.db t.db-wal");
  let_go(writer, to);
  if (!ok) { print_message("no right to mount: not tested\n"); skip(); }
  const char *got = open_rows("id int key", "t");
  umount(world_path(&w, "ro").p);
  assert_non_null(strstr(got, "-wal` that cannot be read here; reading on without them would give stale rows"));
  assert_non_null(strstr(got, "[E0806]"));
}

int main(void) {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
  const struct CMUnitTest tests[] = {
    T(values_of_every_storage_class), T(nulls_defaults_and_invalid_text), T(literals_of_the_program_are_atoms), T(plain_cells_and_others_are_read_alike),
    T(a_descending_key_is_no_position), T(only_what_is_read_is_selected),
    T(the_schema_is_checked_when_opened), T(views_and_tables_without_rowid), T(keys_that_repeat_or_are_null), T(a_walk_in_parts_sees_every_row_once),
    T(found_by_key), T(a_writer_in_wal_mode_does_not_disturb), T(a_lock_is_told), T(what_cannot_be_opened), T(corruption_is_told),
    T(names_that_look_like_something_else), T(read_only_media), T(stale_rows_are_refused),
  };
  return cmocka_run_group_tests_name("tables", tests, NULL, NULL);
}
