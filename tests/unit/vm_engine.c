/* The engine from outside: verdicts on both paths (clean records and others, frames over the record and apart), explanations,
 * budgets, hosts and allocators that fail. What programs mean is compared with the reference evaluator by tests/diff; here it
 * is what a run may rely on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/fake_lib.h"
#include "tests/unit/vm_kit.h"
#include "vm/vm_int.h"

#define ASSETS \
  "module t\nrecord Asset {\n  id : text key\n  kind : \"image\" | \"video\" | \"copy\"\n  title : text\n  alt : text?\n  width : int\n" \
  "  price : number?\n  live : bool\n  sizes : list of int\n}\nsource assets : Asset from \"assets\"\n" \
  "record License {\n  id : int key\n  asset : text\n  fee : int\n}\nsource licenses : License from \"licenses\"\n"

static rec *an_asset(kit *k, bool wide) {
  rec *r = kit_rec(k, 0, wide);
  kit_text(k, r, "id", "A1");
  kit_text(k, r, "kind", "image");
  kit_text(k, r, "title", "Spring");
  kit_int(r, "width", 500);
  kit_int(r, "live", 1);
  kit_ints(k, r, "sizes", 3, (const int64_t[]){ 1, 2, 3 });
  kit_clean(r);
  return r;
}

static void begin(kit *k, const char *text) {
  assert_true(kit_compile(k, &fake_lib, text));
  str why = { 0 };
  if (!vm_verify(k->vp, &why)) fail_msg("%.*s", STR_ARG(why));
  assert_true(kit_start(k, NULL, (vm_limits){ 0 }));
}

/* The verdict of one rule on every path, which must agree: alone and in bulk, frame over the record and apart, as it is and as not clean. */
static verdict judge(kit *k, const char *rule, rec *narrow, rec *wide) {
  uint32_t n = kit_rule(k, rule);
  vm_result out;
  uint8_t bulk;
  int all = -1;
  for (int i = 0; i < 4; i++) {
    rec *r = i & 1 ? wide : narrow;
    bool clean = r->clean;
    if (i & 2) r->clean = false;
    assert_int_equal(vm_rule(k->e, n, r, false, &out), VM_OK);
    assert_int_equal(vm_rules(k->e, &n, 1, r, &bulk), VM_OK);
    r->clean = clean;
    assert_int_equal(bulk & 0x7F, out.v);
    assert_int_equal(bulk >> 7, out.vacuous);
    if (all >= 0) assert_int_equal(all, out.v);
    all = (int)out.v;
    vm_reset(k->e);
  }
  return (verdict)all;
}

typedef struct verdict_case { const char *field; int64_t i; int st; verdict want; } verdict_case;

static void verdicts_agree_on_every_path(void **state) {
  (void)state;
  kit k;
  begin(&k, ASSETS "rule r for a in assets where a.kind == \"image\" { require a.width in 300..1000 and a.live and a.kind in [\"image\", \"copy\"]\n"
                   "  require a.width != 444 }\n"
                   "rule p for a in assets { require a.price > 1.5 or a.price missing }\nrule q for a in assets { require a.price > 1.5 }\n");
  static const verdict_case cases[] = {
    { "width", 500, ST_OK, V_PASS }, { "width", 299, ST_OK, V_FAIL }, { "width", 1001, ST_OK, V_FAIL }, { "width", 300, ST_OK, V_PASS },
    { "width", 444, ST_OK, V_FAIL }, { "width", 0, ST_ERR, V_ERROR }, { "width", 0, ST_MISSING, V_UNKNOWN }, { "live", 0, ST_OK, V_FAIL },
    { "kind", 0, ST_ERR, V_ERROR }, { "width", INT64_MIN, ST_OK, V_FAIL }, { "width", INT64_MAX, ST_OK, V_FAIL },
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    rec *r[2] = { an_asset(&k, false), an_asset(&k, true) };
    for (int n = 0; n < 2; n++) {
      if (cases[i].st == ST_OK) kit_int(r[n], cases[i].field, cases[i].i);
      else kit_lose(r[n], cases[i].field, (uint8_t)cases[i].st);
    }
    assert_int_equal(judge(&k, "t.r", r[0], r[1]), cases[i].want);
  }
  rec *a = an_asset(&k, false), *b = an_asset(&k, true);
  kit_text(&k, a, "kind", "video"), kit_text(&k, b, "kind", "video");
  assert_int_equal(judge(&k, "t.r", a, b), V_SKIP);
  assert_int_equal(judge(&k, "t.q", a, b), V_UNKNOWN);
  assert_int_equal(judge(&k, "t.p", a, b), V_PASS);
  kit_num(a, "price", 1.5), kit_num(b, "price", 1.5);
  assert_int_equal(judge(&k, "t.q", a, b), V_FAIL);
  assert_int_equal(judge(&k, "t.p", a, b), V_FAIL);
  kit_end(&k);
}

/* Records that are clean are judged by tables of ranges, others instruction by instruction: both must say the same at every edge. */
static void both_ways_of_comparing_agree_at_the_edges(void **state) {
  (void)state;
  static const char *const ops[] = { "==", "!=", "<", "<=", ">", ">=" };
  static const char *const numbers[] = { "0.0", "-1.5", "1000000.0", "0.1" }, *const ints[] = { "0", "-7", "9223372036854775807", "63" };
  static const double nvalues[] = { 0.0, -0.0, 5e-324, -5e-324, -1.5, 0.1, 0.09999999999999999, 0.10000000000000002, 1000000, 1e300 };
  static const int64_t ivalues[] = { 0, 1, -1, -7, -6, -8, 63, 64, 62, 127, INT64_MAX, INT64_MIN };
  kit k;
  arena a;
  arena_init(&a, &mem_libc, NULL);
  buf b = { .a = &a };
  buf_z(&b, "module t\nrecord R {\n  id : text key\n  n : number\n  i : int\n  kind : \"a\" | \"b\" | \"c\" | \"d\"\n}\nsource rs : R from \"rs\"\n");
  int rules = 0;
  for (int o = 0; o < 6; o++)
    for (int c = 0; c < 4; c++) {
      buf_fmt(&b, "rule r%d for r in rs { require r.n %s %s }\n", rules++, ops[o], numbers[c]);
      buf_fmt(&b, "rule r%d for r in rs { require r.i %s %s }\n", rules++, ops[o], ints[c]);
    }
  static const char *const others[] = { "r.n in -1.5..0.0", "r.i in -7..63", "r.i in [3, 4, 5, 6]", "r.i in [-7, 0, 40]", "r.i not in [0, 1]", "r.kind in [\"a\", \"b\", \"c\"]",
    "r.kind in [\"a\", \"d\"]", "r.kind not in [\"b\"]", "r.kind != \"c\" and r.i > -7 and r.n < 0.1 and r.i < 64" };
  for (size_t n = 0; n < sizeof others / sizeof *others; n++) buf_fmt(&b, "rule r%d for r in rs { require %s }\n", rules++, others[n]);
  begin(&k, buf_done(&b).p);
  int passed = 0;
  for (int v = 0; v < 12; v++) {
    rec *r = kit_rec(&k, 0, true);
    kit_text(&k, r, "id", "x");
    kit_text(&k, r, "kind", (const char *[]){ "a", "b", "c", "d" }[v % 4]);
    kit_num(r, "n", nvalues[v % 10]);
    kit_int(r, "i", ivalues[v]);
    for (uint32_t n = 0; n < k.p->nrules; n++) {
      uint8_t fast, slow;
      r->clean = true;
      assert_int_equal(vm_rules(k.e, &n, 1, r, &fast), VM_OK);
      r->clean = false;
      assert_int_equal(vm_rules(k.e, &n, 1, r, &slow), VM_OK);
      if (fast != slow) fail_msg("%.*s, value %d: %s and %s", STR_ARG(k.p->rules[n]->clauses[0].text), v, verdict_names[fast], verdict_names[slow]);
      passed += fast == V_PASS;
    }
  }
  assert_in_range(passed, 100, rules * 12 - 100);
  kit_end(&k);
  arena_free(&a);
}

/* The verdict by tables, on every way that they are run; the interpreter says what is right. */
static void same_by_tables(kit *k, uint32_t rule, rec *r, uint8_t want) {
  uint8_t got;
  const vm_table *direct = k->e->direct[rule];
  vm_table_fn best = k->e->run_table;
  r->clean = true;
  for (int way = 0; way < 3; way++) {
    if (way >= 1) k->e->direct[rule] = NULL;
    if (way == 2) k->e->run_table = vm_run_plain;
    assert_int_equal(vm_rules(k->e, &rule, 1, r, &got), VM_OK);
    if (got != want) fail_msg("%.*s: way %d says %s, not %s", STR_ARG(k->p->rules[rule]->clauses[0].text), way, verdict_names[got], verdict_names[want]);
  }
  k->e->direct[rule] = direct, k->e->run_table = best;
}

/* Wherever the fields lie that a rule asks about, at whatever size of the record, and however often it asks about one. */
static void tables_find_their_fields(void **state) {
  (void)state;
  enum { MOST = 24, RULES = 60, EACH = 3 };
  uint32_t direct = 0, chains = 0, passed = 0, merged = 0;
  srand(1);
  for (uint32_t nfields = 4; nfields <= MOST; nfields++) {
    kit k;
    arena a;
    arena_init(&a, &mem_libc, NULL);
    buf b = { .a = &a };
    buf_z(&b, "module t\nrecord R {\n  id : text key\n");
    for (uint32_t i = 1; i < nfields; i++) buf_fmt(&b, "  f%u : int\n", i);
    buf_z(&b, "}\nsource rs : R from \"rs\"\n");
    for (uint32_t n = 0; n < RULES; n++) {
      uint32_t tests = n % 3 ? (uint32_t)rand() % 4 + 1 : (uint32_t)rand() % 40 + 1;
      buf_fmt(&b, "rule r%u for r in rs%s { require ", n, n % 5 == 1 ? " where r.f1 != 100" : "");
      for (uint32_t t = 0; t < tests; t++)
        buf_fmt(&b, "%sr.f%u %s %d", t ? " and " : "", (uint32_t)rand() % (nfields - 1) + 1, (const char *[]){ "!=", "!=", "<=", ">=" }[rand() % 4], rand() % 7 ? 1000 : 100);
      buf_z(&b, " }\n");
    }
    begin(&k, buf_done(&b).p);
    uint32_t rules[RULES];
    for (uint32_t n = 0; n < RULES; n++) {
      rules[n] = n;
      direct += k.e->direct[n] != NULL, chains += k.e->tables[n] && k.e->tables[n]->next;
    }
    const vm_list *lists[RULES / EACH];
    for (uint32_t n = 0; n < RULES; n += EACH) lists[n / EACH] = vm_list_new(k.e, &k.a, rules + n, EACH);
    for (int v = 0; v < 40; v++) {
      rec *r = kit_rec(&k, 0, true);
      kit_text(&k, r, "id", "x");
      for (uint32_t i = 1; i < nfields; i++) r->v[i].i = rand() % 12 ? 500 : rand() % 2 ? 1000 : 100, r->st[i] = ST_OK;
      uint8_t want[RULES], all[RULES];
      r->clean = false;
      for (uint32_t n = 0; n < RULES; n++) {
        assert_int_equal(vm_rules(k.e, &n, 1, r, &want[n]), VM_OK);
        all[n] = V_PASS;
      }
      for (uint32_t n = 0; n < RULES; n++) {
        same_by_tables(&k, n, r, want[n]);
        passed += want[n] == V_PASS;
      }
      for (uint32_t n = 0; n < RULES; n += EACH) {
        const uint32_t *at;
        uint32_t told;
        assert_int_equal(vm_list_run(k.e, lists[n / EACH], r, all + n, &at, &told), VM_OK);
        merged += told < EACH;
      }
      assert_memory_equal(all, want, sizeof all);
    }
    kit_end(&k);
    arena_free(&a);
  }
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx2")) assert_in_range(direct, 200, (MOST - 3) * RULES - 200);
#endif
  assert_in_range(chains, 20, (MOST - 3) * RULES - 20);
  assert_in_range(passed, 5000, (MOST - 3) * RULES * 40 - 5000);
  assert_in_range(merged, 100, (MOST - 3) * RULES / EACH * 40 - 100);
}

static void a_guard_that_is_unknown_weakens_its_clauses(void **state) {
  (void)state;
  kit k;
  begin(&k, ASSETS "rule r for a in assets where a.price > 1 { require a.width > 10\n require a.live }\n");
  rec *a = an_asset(&k, false), *b = an_asset(&k, true);
  assert_int_equal(judge(&k, "t.r", a, b), V_PASS); /* whatever the price is */
  kit_int(a, "live", 0), kit_int(b, "live", 0);
  assert_int_equal(judge(&k, "t.r", a, b), V_UNKNOWN);
  kit_lose(a, "price", ST_ERR), kit_lose(b, "price", ST_ERR);
  assert_int_equal(judge(&k, "t.r", a, b), V_ERROR);
  vm_result out;
  assert_int_equal(vm_rule(k.e, kit_rule(&k, "t.r"), a, true, &out), VM_OK);
  assert_int_equal(out.nclauses, 1);
  assert_int_equal(out.clauses[0].clause, 1);
  assert_int_equal(out.clauses[0].result, TR_E);
  assert_int_equal(out.clauses[0].ncauses, 1);
  assert_true(str_eq(out.clauses[0].causes[0].text, STR("price")));
  assert_int_equal(out.clauses[0].causes[0].kind, ST_ERR);
  kit_end(&k);
}

static void messages_name_up_to_three_elements(void **state) {
  (void)state;
  kit k;
  begin(&k, ASSETS "rule r for a in assets { require every s in a.sizes: s > 10 otherwise \"{s} is small\"\n require a.price > 1 otherwise \"costs {a.price}\" }\n");
  rec *a = an_asset(&k, true);
  kit_ints(&k, a, "sizes", 6, (const int64_t[]){ 1, 20, 2, 30, 3, 4 });
  vm_result out;
  assert_int_equal(vm_rule(k.e, kit_rule(&k, "t.r"), a, true, &out), VM_OK);
  assert_int_equal(out.v, V_FAIL);
  assert_int_equal(out.nclauses, 2);
  assert_int_equal(out.clauses[0].nmessages, 3);
  assert_true(str_eq(out.clauses[0].messages[0], STR("1 is small")));
  assert_true(str_eq(out.clauses[0].messages[2], STR("3 is small")));
  assert_int_equal(out.clauses[1].result, TR_U);
  assert_string_equal(out.clauses[1].messages[0].p, "costs (missing)");
  assert_true(str_eq(out.clauses[1].causes[0].text, STR("price")));
  kit_end(&k);
}

static void empty_lists_pass_vacuously(void **state) {
  (void)state;
  kit k;
  begin(&k, ASSETS "rule r for a in assets { require every s in a.sizes: s > 0 }\n"
                   "rule i for a in assets { require a.live implies every s in a.sizes: s > 0 }\n");
  rec *a = an_asset(&k, true);
  vm_result out;
  assert_int_equal(vm_rule(k.e, kit_rule(&k, "t.r"), a, true, &out), VM_OK);
  assert_true(out.v == V_PASS && !out.vacuous);
  kit_ints(&k, a, "sizes", 0, NULL);
  uint32_t rules[] = { kit_rule(&k, "t.r"), kit_rule(&k, "t.i") };
  uint8_t v[2];
  assert_int_equal(vm_rules(k.e, rules, 2, a, v), VM_OK);
  assert_int_equal(v[0], V_PASS | 0x80);
  assert_int_equal(v[1], V_PASS | 0x80);
  kit_end(&k);
}

static void rules_outside_their_time_are_inactive(void **state) {
  (void)state;
  kit k;
  begin(&k, ASSETS "rule r for a in assets { since 2026-03-01\n until 2026-03-31\n require a.width > 1000 }\n");
  rec *a = an_asset(&k, true);
  static const struct { int64_t day; verdict want; } days[] = { { 20512, V_INACTIVE }, { 20513, V_FAIL }, { 20543, V_FAIL }, { 20544, V_INACTIVE } };
  uint32_t n = kit_rule(&k, "t.r");
  for (int i = 0; i < 4; i++) { /* 20513 is 2026-03-01; the last day belongs to it */
    vm_result out;
    uint8_t bulk;
    vm_set_now(k.e, days[i].day * INT64_C(86400000000));
    assert_int_equal(vm_rule(k.e, n, a, true, &out), VM_OK);
    assert_int_equal(vm_rules(k.e, &n, 1, a, &bulk), VM_OK);
    assert_int_equal(out.v, days[i].want);
    assert_int_equal(bulk, days[i].want);
  }
  kit_end(&k);
}

/* ---- budgets and failures ---- */


static void fill_licenses(kit *k, int n) {
  for (int i = 0; i < n; i++) {
    rec *l = kit_rec(k, 1, false);
    kit_int(l, "id", i);
    kit_text(k, l, "asset", "A1");
    kit_int(l, "fee", i);
    k->rows[1][i] = l;
  }
}

static void a_spent_budget_is_no_verdict(void **state) {
  (void)state;
  kit k;
  assert_true(kit_compile(&k, &fake_lib, ASSETS "rule r for a in assets { require every l in licenses: every m in licenses: l.fee + m.fee >= 0 }\n"));
  fill_licenses(&k, KIT_ROWS);
  rec *a = an_asset(&k, true);
  uint32_t n = kit_rule(&k, "t.r");
  int spent = 0;
  for (uint64_t steps = 1; steps < 200; steps++) {
    vm_result out;
    uint8_t v = 99;
    assert_true(kit_start(&k, NULL, (vm_limits){ .steps = steps }));
    int rc = vm_rule(k.e, n, a, true, &out), bulk = (vm_reset(k.e), vm_rules(k.e, &n, 1, a, &v));
    assert_int_equal(rc, bulk);
    assert_int_equal(k.open, 0);
    if (rc == VM_BUDGET) {
      spent++;
      assert_true(vm_failure(k.e).n > 0);
    } else assert_true(rc == VM_OK && out.v == V_PASS);
    vm_reset(k.e);
    vm_close(k.e);
  }
  k.e = NULL;
  assert_in_range(spent, 50, 150);
  kit_end(&k);
}

static void a_failing_host_ends_the_run(void **state) {
  (void)state;
  kit k;
  begin(&k, ASSETS "rule r for a in assets { require every l in licenses: some m in licenses: l.id == m.id }\n");
  fill_licenses(&k, 3);
  rec *a = an_asset(&k, true);
  vm_result out;
  int failed = 0;
  for (int at = 0; at < 12; at++) {
    k.fail_after = at;
    int rc = vm_rule(k.e, kit_rule(&k, "t.r"), a, false, &out);
    assert_int_equal(k.open, 0);
    if (rc == VM_HOST) failed++, assert_true(str_eq(vm_failure(k.e), STR("the disk is gone")));
    else assert_int_equal(out.v, V_PASS);
    vm_reset(k.e);
  }
  assert_in_range(failed, 5, 11);
  kit_end(&k);
}

/* What a `let` of the module finds in the data is found once, and again when the data is another. */
static void what_no_row_changes_is_computed_once(void **state) {
  (void)state;
  kit k;
  begin(&k, ASSETS "let dearest = max(l.fee for l in licenses)\nlet first = min(l.asset for l in licenses)\n"
                   "let none = min(l.fee for l in licenses where l.fee > 100)\nlet owners = [l.asset for l in licenses]\nlet fees = [[l.fee] for l in licenses]\n"
                   "rule r for a in assets { require dearest == 2 and first == \"A1\" and a.id in owners and some f in fees: 2 in f }\nrule u for a in assets { require none > 1 }\n");
  fill_licenses(&k, 3);
  rec *a = an_asset(&k, true);
  uint32_t r = kit_rule(&k, "t.r"), u = kit_rule(&k, "t.u");
  vm_result out;
  for (int i = 0; i < 3; i++) {
    if (i) k.fail_after = 0; /* nobody asks the host again */
    assert_int_equal(vm_rule(k.e, r, a, false, &out), VM_OK);
    assert_int_equal(out.v, V_PASS);
    assert_int_equal(vm_rule(k.e, u, a, false, &out), VM_OK);
    assert_int_equal(out.v, V_UNKNOWN);
    vm_reset(k.e);
  }
  k.fail_after = -1; /* an explanation computes what is missing once more, for its causes */
  assert_int_equal(vm_rule(k.e, u, a, true, &out), VM_OK);
  assert_int_equal(out.clauses[0].ncauses, 1);
  vm_reset(k.e);
  kit_int(k.rows[1][2], "fee", 7);
  assert_int_equal(vm_rule(k.e, r, a, false, &out), VM_OK);
  assert_int_equal(out.v, V_PASS);
  vm_forget(k.e);
  assert_int_equal(vm_rule(k.e, r, a, false, &out), VM_OK);
  assert_int_equal(out.v, V_FAIL);
  kit_end(&k);
}

/* An allocator that fails at its n-th call. */
typedef struct failing { int left; long balance; } failing;
static void *failing_fn(void *ud, void *p, size_t old_n, size_t n) {
  failing *f = ud;
  (void)old_n;
  if (!n) { f->balance -= p != NULL; free(p); return NULL; }
  if (f->left-- <= 0) return NULL;
  f->balance += p == NULL;
  return realloc(p, n);
}

static void memory_that_runs_out_is_told_and_nothing_leaks(void **state) {
  (void)state;
  kit k;
  assert_true(kit_compile(&k, &fake_lib, ASSETS "rule r for a in assets { require every l in licenses: \"{l.asset}{l.fee}\" != \"{a.title}\" and l.fee > 100 otherwise \"{l.asset} {l.fee}\" }\n"));
  fill_licenses(&k, 5);
  rec *a = an_asset(&k, false);
  int finished = 0;
  for (int n = 0; n < 60; n++) {
    failing f = { n, 0 };
    mem m = { failing_fn, &f };
    vm_engine *e = vm_open(&m, k.vp, &k.h, NULL, (vm_limits){ 0 });
    if (e) {
      vm_result out;
      int rc = vm_rule(e, kit_rule(&k, "t.r"), a, true, &out);
      assert_true(rc == VM_OOM || (rc == VM_OK && out.v == V_FAIL && out.clauses[0].nmessages == 3));
      finished += rc == VM_OK;
      assert_int_equal(k.open, 0);
      vm_close(e);
    }
    assert_int_equal(f.balance, 0);
  }
  assert_in_range(finished, 1, 59);
  kit_end(&k);
}

static void bytes_are_bounded_too(void **state) {
  (void)state;
  kit k;
  assert_true(kit_compile(&k, &fake_lib, ASSETS
    "fn twice(s : text) -> text = s + s\nfn more(s : text) -> text = twice(twice(twice(twice(s))))\n"
    "rule r for a in assets { require more(more(more(more(a.title)))) != \"\" }\n"));
  rec *a = an_asset(&k, true);
  vm_result out;
  assert_true(kit_start(&k, NULL, (vm_limits){ .bytes = 100000 }));
  assert_int_equal(vm_rule(k.e, kit_rule(&k, "t.r"), a, false, &out), VM_BUDGET);
  vm_reset(k.e);
  vm_close(k.e);
  assert_true(kit_start(&k, NULL, (vm_limits){ .bytes = 100 << 20 }));
  assert_int_equal(vm_rule(k.e, kit_rule(&k, "t.r"), a, false, &out), VM_OK);
  kit_end(&k);
}

static void walks_with_texts_take_constant_memory(void **state) {
  (void)state;
  kit k;
  assert_true(kit_compile(&k, &fake_lib, ASSETS "rule r for a in assets { require every l in licenses: every m in licenses: every n in licenses: every o in licenses: "
                                                "\"{l.fee} {m.fee} {n.fee} {o.fee}\" != a.title }\n"));
  fill_licenses(&k, KIT_ROWS);
  rec *a = an_asset(&k, true);
  vm_result out;
  assert_true(kit_start(&k, NULL, (vm_limits){ .bytes = 8192 })); /* 4,096 texts go through it */
  assert_int_equal(vm_rule(k.e, kit_rule(&k, "t.r"), a, false, &out), VM_OK);
  assert_int_equal(out.v, V_PASS);
  kit_end(&k);
}

static void a_rule_does_not_judge_a_record_of_another_type(void **state) {
  (void)state;
  kit k;
  begin(&k, ASSETS "rule r for a in assets { require a.width > 0 }\n");
  fill_licenses(&k, 1);
  vm_result out;
  assert_int_equal(vm_rule(k.e, kit_rule(&k, "t.r"), k.rows[1][0], true, &out), VM_HOST);
  assert_int_equal(vm_rule(k.e, kit_rule(&k, "t.r"), NULL, true, &out), VM_HOST);
  kit_end(&k);
}

static void calls_are_bounded_in_depth(void **state) {
  (void)state;
  kit k;
  kit_init(&k);
  buf b = { .a = &k.a };
  buf_z(&b, ASSETS "fn f0(x : int) -> int = x\n");
  for (int i = 1; i < 300; i++) buf_fmt(&b, "fn f%d(x : int) -> int = f%d(x)\n", i, i - 1);
  buf_z(&b, "rule r for a in assets { require f299(a.width) > 0 }\n");
  sources_init(&k.src, &k.a);
  diags_init(&k.d, &k.a, &k.src);
  sources_add(&k.src, STR("deep.blz"), buf_done(&b));
  compile_opts o = { .lib = &fake_lib, .now = INT64_MIN };
  k.p = compile(&k.a, &k.d, &k.src, &o);
  if (k.p) { /* the checker may refuse it already */
    assert_null(vm_compile(&k.a, &k.d, k.p));
    assert_int_equal(k.d.list.v[k.d.list.n - 1]->code, DIAG_CALLS_TOO_DEEP);
  }
  assert_true(k.d.errors > 0);
  arena_free(&k.a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(verdicts_agree_on_every_path),
    cmocka_unit_test(both_ways_of_comparing_agree_at_the_edges),
    cmocka_unit_test(tables_find_their_fields),
    cmocka_unit_test(a_guard_that_is_unknown_weakens_its_clauses),
    cmocka_unit_test(messages_name_up_to_three_elements),
    cmocka_unit_test(empty_lists_pass_vacuously),
    cmocka_unit_test(rules_outside_their_time_are_inactive),
    cmocka_unit_test(a_spent_budget_is_no_verdict),
    cmocka_unit_test(a_failing_host_ends_the_run),
    cmocka_unit_test(what_no_row_changes_is_computed_once),
    cmocka_unit_test(memory_that_runs_out_is_told_and_nothing_leaks),
    cmocka_unit_test(bytes_are_bounded_too),
    cmocka_unit_test(walks_with_texts_take_constant_memory),
    cmocka_unit_test(a_rule_does_not_judge_a_record_of_another_type),
    cmocka_unit_test(calls_are_bounded_in_depth),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
