/* The collector of findings: whatever comes in whatever order, the first ones in order are kept, and nothing leaks. And names as people
   write them. */
#include "runtime/findings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GROUPS = 5, MANY = 3000 };

typedef struct counting { int64_t live, left; } counting; /* left: allocations until failure, -1 never */

static void *counting_fn(void *ud, void *p, size_t old, size_t n) {
  counting *c = ud;
  if (!n) {
    c->live -= (int64_t)old;
    free(p);
    return NULL;
  }
  if (!c->left) return NULL;
  if (c->left > 0) c->left--;
  void *q = realloc(p, n);
  if (q) c->live += (int64_t)n - (p ? (int64_t)old : 0);
  return q;
}

/* Finding number i: group and order follow from a permutation of 0 .. MANY - 1. */
static finding made(char order[16], int i) {
  int k = (int)((int64_t)i * 1117 % MANY);
  snprintf(order, 16, "%06d", k / GROUPS);
  finding x = { .group = (uint32_t)(k % GROUPS), .kind = FIND_RULE, .v = V_FAIL };
  x.order = (str){ order, 6 }, x.key = x.order;
  x.file = x.column = x.message = x.fix = (str){ "", 0 };
  return x;
}

static void check_kept(const findings *f, uint32_t per_group, uint32_t total) {
  uint32_t kept = 0;
  for (uint32_t g = 0; g < GROUPS; g++) {
    uint32_t room = total - kept < per_group ? total - kept : per_group, all = MANY / GROUPS;
    assert_int_equal(f->groups[g].n, room < all ? room : all);
    for (uint32_t i = 0; i < f->groups[g].n; i++) {
      char order[16];
      snprintf(order, sizeof order, "%06u", i);
      assert_memory_equal(f->groups[g].v[i]->order.p, order, 6);
      assert_memory_equal(f->groups[g].v[i]->key.p, order, 6);
    }
    kept += f->groups[g].n;
  }
  assert_int_equal(f->total, kept);
  assert_int_equal(f->dropped, MANY - (int64_t)kept);
}

static void keeps_the_first(void **state) {
  (void)state;
  static const uint32_t limits[][2] = {
    { UINT32_MAX, UINT32_MAX }, { 10, UINT32_MAX }, { 10, 25 }, { UINT32_MAX, 700 }, { 1, 1 }, { 0, 0 }, { 600, 1 }
  };
  for (size_t k = 0; k < sizeof limits / sizeof *limits; k++) {
    counting c = { 0, -1 };
    mem m = { counting_fn, &c };
    findings f;
    assert_true(findings_init(&f, &m, GROUPS, limits[k][0], limits[k][1]));
    for (int i = 0; i < MANY; i++) {
      char order[16];
      finding x = made(order, i);
      assert_true(findings_add(&f, &x));
    }
    findings_sort(&f);
    check_kept(&f, limits[k][0], limits[k][1]);
    findings_free(&f);
    assert_int_equal(c.live, 0);
  }
}

static void merges_as_one(void **state) {
  (void)state;
  findings parts[3];
  for (int p = 0; p < 3; p++) {
    assert_true(findings_init(&parts[p], &mem_libc, GROUPS, 10, 33));
    for (int i = p; i < MANY; i += 3) {
      char order[16];
      finding x = made(order, i);
      assert_true(findings_add(&parts[p], &x));
    }
  }
  assert_true(findings_take(&parts[0], &parts[1]));
  assert_true(findings_take(&parts[0], &parts[2]));
  findings_sort(&parts[0]);
  check_kept(&parts[0], 10, 33);
  findings_free(&parts[0]);
}

static void copies_everything(void **state) {
  (void)state;
  char text[] = "message one", cause[] = "alt_text";
  str messages[] = { { text, 11 }, { text, 7 } };
  find_cause causes[] = { { { cause, 8 }, ST_MISSING, { "", 0 } } };
  find_clause clauses[] = {
    { .clause = 3, .result = TR_F, .nmessages = 2, .messages = messages, .ncauses = 1, .causes = causes, .actual = { text, 3 } }
  };
  finding x = { .group = 1, .order = { cause, 8 }, .kind = FIND_RULE, .nclauses = 1, .clauses = clauses, .file = { text, 1 } };
  x.key = x.column = x.message = x.fix = (str){ text, 11 };
  findings f;
  assert_true(findings_init(&f, &mem_libc, GROUPS, 10, 10));
  assert_true(findings_add(&f, &x));
  memset(text, 'x', sizeof text - 1), memset(cause, 'x', sizeof cause - 1), memset(messages, 0, sizeof messages),
      memset(clauses, 0, sizeof clauses);
  const finding *y = f.groups[1].v[0];
  assert_int_equal(y->nclauses, 1);
  assert_int_equal(y->clauses[0].clause, 3);
  assert_true(str_eq(y->clauses[0].messages[1], STR("message")));
  assert_true(str_eq(y->clauses[0].causes[0].text, STR("alt_text")));
  assert_true(str_eq(y->clauses[0].actual, STR("mes")));
  assert_true(str_eq(y->message, STR("message one")));
  findings_free(&f);
}

static void survives_lost_memory(void **state) {
  (void)state;
  for (int64_t n = 0; n < 400; n++) {
    counting c = { 0, n };
    mem m = { counting_fn, &c };
    findings f;
    bool ok = findings_init(&f, &m, GROUPS, 50, 100);
    for (int i = 0; ok && i < MANY; i++) {
      char order[16];
      finding x = made(order, i);
      ok = findings_add(&f, &x);
    }
    findings_free(&f);
    assert_int_equal(c.live, 0);
  }
}

static void orders_records_by_key(void **state) {
  (void)state;
  static const type int_type = { .kind = TY_INT }, number_type = { .kind = TY_NUMBER }, text_type = { .kind = TY_TEXT };
  type_field fields[] = { { STR("a"), &int_type }, { STR("b"), &number_type }, { STR("c"), &text_type } };
  uint16_t keys[] = { 0, 1, 2 };
  type_rec shape = { .name = STR("R"), .nfields = 3, .fields = fields, .nkeys = 3, .keys = keys };
  static const int64_t ints[] = { INT64_MIN, -5, 0, 9, 10, INT64_MAX };
  static const double numbers[] = { -1e300, -1, -0.5, 0, 1e-300, 2, 1e300 };
  static const char *const texts[] = { "", "a", "aa", "ab", "b" };
  arena a;
  arena_init(&a, &mem_libc, NULL);
  str last = { "", 0 };
  for (size_t i = 0; i < 6; i++)
    for (size_t j = 0; j < 7; j++)
      for (size_t k = 0; k < 5; k++) {
        text t = { texts[k], (uint32_t)strlen(texts[k]), 0 };
        val v[3] = { { .i = ints[i] }, { .n = numbers[j] }, { .t = &t } };
        uint8_t st[3] = { 0 };
        rec r = { .ty = &shape, .v = v, .st = st, .position = 1 };
        str order = findings_order(&a, &r);
        uint32_t n = last.n < order.n ? last.n : order.n;
        int c = memcmp(last.p, order.p, n);
        assert_true(c < 0 || (c == 0 && last.n < order.n));
        last = order;
      }
  arena_free(&a);
}

static void names_as_people_write_them(void **state) {
  (void)state;
  static const struct { const char *pattern, *name; bool matches; } cases[] = {
    { "acme.brand.on_palette", "acme.brand.on_palette", true }, { "on_palette", "acme.brand.on_palette", true },
    { "brand.on_palette", "acme.brand.on_palette", true },      { "acme.brand", "acme.brand.on_palette", true },
    { "acme", "acme.brand.on_palette", true },                  { "Asset", "acme.brand.Asset.title", true },
    { "palette", "acme.brand.on_palette", false },              { "acm", "acme.brand.on_palette", false },
    { "acme.*", "acme.brand.on_palette", true },                { "*.brand.*", "acme.brand.on_palette", true },
    { "on_*", "acme.brand.on_palette", true },                  { "off_*", "acme.brand.on_palette", false },
    { "", "acme.brand.on_palette", false },                     { "brand.o", "acme.brand.on_palette", false },
    { "acme.brand.on_palette.x", "acme.brand.on_palette", false },
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    if (rt_name_matches(str_z(cases[i].pattern), str_z(cases[i].name)) != cases[i].matches)
      fail_msg("%s and %s", cases[i].pattern, cases[i].name);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(keeps_the_first),      cmocka_unit_test(merges_as_one),         cmocka_unit_test(copies_everything),
    cmocka_unit_test(survives_lost_memory), cmocka_unit_test(orders_records_by_key), cmocka_unit_test(names_as_people_write_them),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
