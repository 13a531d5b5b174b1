/* Assignment by hash: exact shares, arms that do not move when a share grows, and the published vectors of the systems that people come from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_tree.h>

#include "base/parts.h"
#include "stdlib/assign.h"

static yajl_val load(const char *path) {
  FILE *f = fopen(path, "rb");
  if (!f) return NULL;
  static char text[1 << 20];
  size_t n = fread(text, 1, sizeof text - 1, f);
  fclose(f);
  text[n] = 0;
  return yajl_tree_parse(text, NULL, 0);
}
static yajl_val at(yajl_val v, size_t i) { return YAJL_GET_ARRAY(v)->values[i]; }
static size_t count(yajl_val v) { return YAJL_GET_ARRAY(v)->len; }
static yajl_val member(yajl_val v, const char *name) { return yajl_tree_get(v, (const char *[]){ name, NULL }, yajl_t_any); }

static void shares_are_exact(void **st) {
  (void)st;
  share s;
  assert_true(share_parse(STR("12.5"), true, &s) && s.num == 125 && s.den == 1000);
  assert_true(share_parse(STR("100"), true, &s) && share_has(s, UINT64_MAX));
  assert_true(share_parse(STR("0"), true, &s) && !share_has(s, 0));
  assert_true(share_parse(STR("0.5"), false, &s) && share_has(s, UINT64_MAX / 2) && !share_has(s, UINT64_C(1) << 63));
  assert_false(share_parse(STR("100.1"), true, &s));
  assert_false(share_parse(STR("1.2.3"), true, &s));
  assert_false(share_parse(STR(""), true, &s));
  assert_false(share_parse(STR("0.1234567890123456789"), true, &s));
  share third[3] = { { 333, 1000 }, { 34, 100 }, { 327, 1000 } };
  assert_true(share_common(third, 3) && third[1].num == 340 && third[1].den == 1000);
}

static void parts_do_not_run_together(void **st) {
  (void)st;
  assert_true(parts_hash((const str[]){ STR("ab"), STR("c") }, 2) != parts_hash((const str[]){ STR("a"), STR("bc") }, 2));
  assert_true(parts_hash((const str[]){ STR("") }, 1) != parts_hash((const str[]){ STR(""), STR("") }, 2));
}

/* Arms are even and independent of a share of the same subjects: with one hash for both, a 40% share would be all blue. */
static void arms_are_independent_of_shares(void **st) {
  (void)st;
  share half[2] = { { 50, 100 }, { 50, 100 } }, forty = { 40, 100 };
  int in = 0, blue = 0;
  for (int i = 0; i < 20000; i++) {
    char id[16];
    str unit = { id, (uint32_t)snprintf(id, sizeof id, "u%d", i) };
    if (!share_has(forty, parts_hash((const str[]){ STR("blz1.share"), STR("cta"), unit }, 3))) continue;
    in++;
    blue += assign_arm(ASSIGN_BLAZON, STR("cta"), unit, half, 2) == 0;
  }
  assert_in_range(in, 7650, 8350);           /* 5 standard deviations */
  assert_in_range(blue, in / 2 - 230, in / 2 + 230);
}

static void growthbook(void **st) {
  (void)st;
  yajl_val all = load("../shared/vectors/growthbook/cases.json");
  if (!all) skip();
  yajl_val v = member(all, "hash");
  for (size_t i = 0; i < count(v); i++) {
    yajl_val c = at(v, i);
    if (!YAJL_IS_NUMBER(at(c, 3))) continue; /* an unknown version has no hash */
    assign_scheme s = YAJL_GET_INTEGER(at(c, 2)) == 1 ? ASSIGN_GROWTHBOOK_V1 : ASSIGN_GROWTHBOOK_V2;
    double got = assign_place(s, str_z(YAJL_GET_STRING(at(c, 0))), str_z(YAJL_GET_STRING(at(c, 1))));
    assert_true(fabs(got - YAJL_GET_DOUBLE(at(c, 3))) < 1e-12);
  }
  v = member(all, "inNamespace");
  for (size_t i = 0; i < count(v); i++) {
    yajl_val c = at(v, i), ns = at(c, 2);
    str name = str_z(YAJL_GET_STRING(at(ns, 0))), unit = str_z(YAJL_GET_STRING(at(c, 1)));
    bool got = assign_growthbook_namespace(name, unit, YAJL_GET_DOUBLE(at(ns, 1)), YAJL_GET_DOUBLE(at(ns, 2)));
    assert_int_equal(got, YAJL_IS_TRUE(at(c, 3)));
  }
  yajl_tree_free(all);
}

static void planout(void **st) {
  (void)st;
  yajl_val all = load("../shared/vectors/planout/planout-vectors.json");
  if (!all) skip();
  yajl_val v = member(all, "generated_by_reimplementation_checked_against_published");
  assert_true(count(v) > 10);
  for (size_t i = 0; i < count(v); i++) {
    yajl_val c = at(v, i);
    const char *input = YAJL_GET_STRING(member(c, "sha1_input"));
    const char *dot = strchr(strchr(input, '.') + 1, '.'); /* experiment.salt | unit */
    double got = assign_place(ASSIGN_PLANOUT, (str){ input, (uint32_t)(dot - input) }, str_z(dot + 1));
    assert_true(fabs(got - YAJL_GET_DOUBLE(member(c, "uniform"))) < 1e-15);
    share thirds[] = { { 3, 10 }, { 7, 10 } }; /* WeightedChoice: the first whose sum of weights is not below the uniform number */
    assert_int_equal(assign_arm(ASSIGN_PLANOUT, (str){ input, (uint32_t)(dot - input) }, str_z(dot + 1), thirds, 2), got > 0.3);
  }
  yajl_tree_free(all);
}

/* What the other projects publish. */
static void published(void **st) {
  (void)st;
  /* Unleash: normalizedVariantValue(id, group, 1000) of npm unleash-client 6.12.1, which counts from 1. "123" and "999" are of that project's own tests (96 and
     60 of 100). */
  static const struct { const char *group, *id; int value; } unleash[] = {
    { "gr1", "123", 796 }, { "groupX", "999", 260 }, { "demo", "user-1", 293 }, { "demo", "bob", 905 }, { "feature", "user7", 644 },
    { "checkout.button", "alice", 959 }, { "x", "", 29 }, { "toggle", "a1b2c3d4-e5f6", 564 },
  };
  for (size_t i = 0; i < sizeof unleash / sizeof *unleash; i++)
    assert_true(assign_place(ASSIGN_UNLEASH, str_z(unleash[i].group), str_z(unleash[i].id)) == (unleash[i].value - 1) / 1000.0);
  /* Eppo: the sharder's test of @eppo/js-client-sdk-common gives "test-input" shard 5619 of 10,000; an input is salt-subject. The other from Python's hashlib. */
  assert_true(assign_place(ASSIGN_EPPO, STR("test"), STR("input")) == 5619 / 10000.0);
  assert_true(assign_place(ASSIGN_EPPO, STR("exp"), STR("user7")) == 9669 / 10000.0);
  /* PlanOut, python/planout/test/test_assignment.py: uniformChoice of a and b with salts test_salt, foo (or bar, baz) and unit 4. A uniform choice is the hash
     modulo the number of choices, so the last bit tells: place * (2^60 - 1) is odd for b. */
  static const struct { const char *salt; int choice; } planout[] = { { "test_salt.foo", 1 }, { "test_salt.bar", 0 }, { "test_salt.baz", 0 } };
  for (size_t i = 0; i < sizeof planout / sizeof *planout; i++)
    assert_int_equal((int)(assign_planout_hash(str_z(planout[i].salt), STR("4")) % 2), planout[i].choice);
}

static void scheme_names(void **st) {
  (void)st;
  assign_scheme s;
  assert_true(assign_scheme_find(STR("md5-eppo"), &s) && s == ASSIGN_EPPO);
  assert_true(assign_scheme_find(STR(""), &s) && s == ASSIGN_BLAZON);
  assert_false(assign_scheme_find(STR("growthbook"), &s));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(shares_are_exact), cmocka_unit_test(parts_do_not_run_together), cmocka_unit_test(arms_are_independent_of_shares),
    cmocka_unit_test(growthbook), cmocka_unit_test(planout), cmocka_unit_test(published), cmocka_unit_test(scheme_names),
  };
  return cmocka_run_group_tests_name("stdlib_assign", tests, NULL, NULL);
}
