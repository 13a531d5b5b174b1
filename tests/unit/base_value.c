/* Values: how numbers, texts and containers print, compare, hash and become JSON. */
#include "base/civil.h"
#include "base/value.h"
#include "comma_locale.h"

#include <math.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const type t_int = { .kind = TY_INT, .base = &t_int };
static const type t_num = { .kind = TY_NUMBER, .base = &t_num };
static const type t_text = { .kind = TY_TEXT, .base = &t_text };
static const type t_list = { .kind = TY_LIST, .base = &t_list, .elem = &t_int };

static void numbers_print_shortest(void **state) {
  (void)state;
  static const struct { double n; const char *s; } cases[] = {
    { 0, "0" }, { -0.0, "0" }, { 0.1, "0.1" }, { 0.1 + 0.2, "0.30000000000000004" }, { 1e300, "1e+300" }, { 100000, "100000" },
    { 1e21, "1e+21" }, { 123456789012345680000.0, "123456789012345680000" }, { 1e-7, "0.0000001" }, { 1.5e-8, "1.5e-8" },
    { -2.5, "-2.5" }, { 5e-324, "5e-324" }, { 1.7976931348623157e308, "1.7976931348623157e+308" }, { 16.0 / 9, "1.7777777777777777" },
    { 2.2250738585072014e-308, "2.2250738585072014e-308" }, { 9007199254740993.0, "9007199254740992" }, { 4.35, "4.35" }, { 0x1p-791, "7.678447687145631e-239" } /* its 16 digits are not the nearest ones */, { 0.07, "0.07" },
    { 99999.995, "99999.995" }, { 123456.789, "123456.789" }, { 0.001, "0.001" },
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char out[32];
    int n = number_print(cases[i].n, out);
    assert_string_equal(out, cases[i].s);
    assert_int_equal(n, strlen(out));
  }
}

static void numbers_read_back(void **state) {
  (void)state;
  uint64_t x = 88172645463325252u;
  for (int i = 0; i < 200000; i++) {
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    uint64_t bits = i % 3 ? x : (x % 2047) << 52; /* a third are powers of two, where the gaps differ */
    double d;
    memcpy(&d, &bits, sizeof d);
    if (isnan(d) || isinf(d)) continue;
    char out[32];
    assert_true(number_print(d, out) < 32);
    assert_true(strtod(out, NULL) == d);
  }
}

static void numbers_ignore_the_locale(void **state) {
  (void)state;
  if (!comma_locale()) { print_message("no locale with a decimal comma is installed here\n"); skip(); }
  char out[32];
  number_print(0.5, out);
  setlocale(LC_ALL, "C");
  assert_string_equal(out, "0.5");
}

static const char *printed(arena *a, const type *t, val v, bool quoted) {
  buf b = { .a = a };
  val_print(&b, t, v, quoted);
  return buf_done(&b).p;
}

static const char *as_json(arena *a, const type *t, val v, uint8_t st) {
  buf b = { .a = a };
  val_json(&b, t, v, st);
  return buf_done(&b).p;
}

static void values_print(void **state) {
  (void)state;
  arena a;
  arena_init(&a, &mem_libc, NULL);
  type t = { .kind = TY_COLOR };
  assert_string_equal(printed(&a, &t, (val){ .i = 0xE4002BFF }, false), "#E4002B");
  assert_string_equal(printed(&a, &t, (val){ .i = 0xE4002B80 }, false), "#E4002B80");
  t.kind = TY_MONTHS;
  assert_string_equal(printed(&a, &t, (val){ .i = 14 }, false), "1 year 2 months");
  assert_string_equal(printed(&a, &t, (val){ .i = 0 }, false), "0 months");
  t.kind = TY_DATE;
  assert_string_equal(printed(&a, &t, (val){ .i = civil_days(2026, 11, 22) }, false), "2026-11-22");
  text x = text_of(STR("say \"{hi}\"\n\x01"));
  assert_string_equal(printed(&a, &t_text, (val){ .t = &x }, true), "\"say \\\"{hi}\\\"\\n\\u{1}\"");
  assert_string_equal(printed(&a, &t_text, (val){ .t = &x }, false), "say \"{hi}\"\n\x01");
  val v[10];
  for (int i = 0; i < 10; i++) v[i].i = i;
  list l = { 10, v };
  assert_string_equal(printed(&a, &t_list, (val){ .l = &l }, false), "[0, 1, 2, 3, 4, 5, 6, 7, … 10 in all]");
  assert_string_equal(as_json(&a, &t_list, (val){ .l = &l }, ST_OK), "[0,1,2,3,4,5,6,7,8,9]");
  type_field f[] = { { STR("id"), &t_text }, { STR("w"), &t_int } };
  type_rec shape = { .name = STR("acme.brand.Asset"), .nfields = 2, .fields = f };
  type tr = { .kind = TY_RECORD, .rec = &shape };
  text id = text_of(STR("A-1"));
  val fv[] = { { .t = &id }, { .i = 0 } };
  uint8_t st[] = { ST_OK, ST_MISSING };
  rec r = { .ty = &shape, .v = fv, .st = st };
  assert_string_equal(printed(&a, &tr, (val){ .r = &r }, false), "Asset(id: \"A-1\")");
  assert_string_equal(as_json(&a, &tr, (val){ .r = &r }, ST_OK), "{\"id\":\"A-1\",\"w\":null}");
  arena_free(&a);
}

static void json_repairs_bad_utf8(void **state) {
  (void)state;
  arena a;
  arena_init(&a, &mem_libc, NULL);
  text x = text_of(STR("a\xff\xe2\x82" "b\xed\xa0\x80\"\\\x1f€😀"));
  assert_string_equal(as_json(&a, &t_text, (val){ .t = &x }, ST_OK),
                      "\"a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD" "b\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\\\"\\\\\\u001f€😀\"");
  arena_free(&a);
}

static void order_and_hash_agree_with_equality(void **state) {
  (void)state;
  text p = text_of(STR("a")), q = text_of(STR("a")), r = text_of(STR("b")), e = text_of(STR("\xC3\xA9"));
  assert_true(val_eq(&t_text, (val){ .t = &p }, (val){ .t = &q }));
  assert_int_equal(val_hash(&t_text, (val){ .t = &p }), val_hash(&t_text, (val){ .t = &q }));
  assert_true(val_cmp(&t_text, (val){ .t = &p }, (val){ .t = &r }) < 0);
  assert_true(val_cmp(&t_text, (val){ .t = &e }, (val){ .t = &r }) > 0); /* by code point: bytes are unsigned */
  assert_true(val_eq(&t_num, (val){ .n = 0.0 }, (val){ .n = -0.0 }));
  assert_int_equal(val_hash(&t_num, (val){ .n = 0.0 }), val_hash(&t_num, (val){ .n = -0.0 }));
  val v1[] = { { .i = 1 }, { .i = 2 } }, v2[] = { { .i = 1 }, { .i = 2 }, { .i = 3 } };
  list a = { 2, v1 }, b = { 3, v2 }, c = { 2, v2 };
  assert_true(val_cmp(&t_list, (val){ .l = &a }, (val){ .l = &b }) < 0);
  assert_true(val_eq(&t_list, (val){ .l = &a }, (val){ .l = &c }));
  assert_int_equal(val_hash(&t_list, (val){ .l = &a }), val_hash(&t_list, (val){ .l = &c }));
}

/* A reference is represented by its target's key, and a key may be a reference. */
static void references_compare_by_key(void **state) {
  (void)state;
  type_field f[] = { { STR("name"), &t_text } };
  uint16_t keys[] = { 0 };
  type_rec target = { .name = STR("m.Brand"), .nfields = 1, .fields = f, .nkeys = 1, .keys = keys };
  type ref = { .kind = TY_REF, .rec = &target, .source = 3 };
  text a = text_of(STR("x")), b = text_of(STR("x"));
  assert_true(val_eq(&ref, (val){ .t = &a }, (val){ .t = &b }));
  assert_int_equal(val_hash(&ref, (val){ .t = &a }), val_hash(&t_text, (val){ .t = &b }));
}

static str source_name(void *ud, uint32_t id) {
  (void)ud;
  return id == 3 ? STR("campaigns") : STR("");
}

static void types_print_as_written(void **state) {
  (void)state;
  arena a;
  arena_init(&a, &mem_libc, NULL);
  text one = text_of(STR("meta")), two = text_of(STR("ooh"));
  const text *lits[] = { &one, &two };
  type_rec shape = { .name = STR("acme.brand.Asset") };
  type un = { .kind = TY_UNION, .nlits = 2, .lits = lits }, rec_ty = { .kind = TY_RECORD, .rec = &shape };
  const struct { type t; const char *s; } cases[] = {
    { { .kind = TY_LIST, .opt = true, .elem = &un }, "list of \"meta\" | \"ooh\"?" }, { { .kind = TY_MAP, .elem = &t_num }, "map of number" },
    { rec_ty, "Asset" }, { { .kind = TY_REF, .source = 3, .opt = true }, "-> campaigns?" }, { { .kind = TY_REF, .source = 4 }, "-> source 4" }, { { .kind = TY_BOOL, .opt = true }, "bool?" },
    { { .kind = TY_TEXT }, "text" }, { { .kind = TY_COLOR }, "color" }, { { .kind = TY_DATE }, "date" }, { { .kind = TY_TIME }, "time" }, { { .kind = TY_DURATION }, "duration" },
    { { .kind = TY_MONTHS }, "months" }, { { .kind = TY_PATTERN }, "pattern" }, { { .kind = TY_PALETTE }, "palette" }, { { .kind = TY_TERMS }, "terms" }, { { .kind = TY_VAR, .var = 'U' }, "U" }, { { .kind = TY_INT }, "int" },
  };
  struct type_names names = { source_name, NULL };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    buf b = { .a = &a };
    type_print(&b, &cases[i].t, &names);
    assert_string_equal(buf_done(&b).p, cases[i].s);
  }
  arena_free(&a);
}

/* Maps and records: by entries and fields; what is missing on both sides is equal and sorts first. */
static void maps_and_records(void **state) {
  (void)state;
  arena a;
  arena_init(&a, &mem_libc, NULL);
  text ka = text_of(STR("a")), kb = text_of(STR("b"));
  type map_of = { .kind = TY_MAP, .elem = &t_int };
  map_entry e1[] = { { &ka, { .i = 1 } }, { &kb, { .i = 2 } } }, e2[] = { { &ka, { .i = 1 } }, { &kb, { .i = 3 } } };
  map m1 = { 2, e1 }, m2 = { 2, e2 }, m3 = { 1, e1 };
  assert_true(val_cmp(&map_of, (val){ .m = &m1 }, (val){ .m = &m2 }) < 0);
  assert_true(val_cmp(&map_of, (val){ .m = &m3 }, (val){ .m = &m1 }) < 0);
  assert_false(val_eq(&map_of, (val){ .m = &m3 }, (val){ .m = &m1 }));
  assert_true(val_eq(&map_of, (val){ .m = &m1 }, (val){ .m = &m1 }));
  assert_string_equal(printed(&a, &map_of, (val){ .m = &m1 }, false), "{\"a\": 1, \"b\": 2}");
  assert_string_equal(as_json(&a, &map_of, (val){ .m = &m1 }, ST_OK), "{\"a\":1,\"b\":2}");
  assert_true(val_hash(&map_of, (val){ .m = &m1 }) != val_hash(&map_of, (val){ .m = &m2 }));
  type_field f[] = { { STR("x"), &t_int }, { STR("y"), &t_int } };
  type_rec shape = { .name = STR("P"), .nfields = 2, .fields = f };
  type tr = { .kind = TY_RECORD, .rec = &shape };
  val v1[] = { { .i = 1 }, { .i = 99 } }, v2[] = { { .i = 1 }, { .i = -5 } };
  uint8_t none[] = { ST_OK, ST_MISSING }, bad[] = { ST_OK, ST_ERR }, all[] = { ST_OK, ST_OK };
  rec r1 = { .ty = &shape, .v = v1, .st = none }, r2 = { .ty = &shape, .v = v2, .st = none };
  rec r3 = { .ty = &shape, .v = v2, .st = all }, r4 = { .ty = &shape, .v = v2, .st = bad };
  assert_true(val_eq(&tr, (val){ .r = &r1 }, (val){ .r = &r2 })); /* what a missing field's slot holds does not count */
  assert_int_equal(val_hash(&tr, (val){ .r = &r1 }), val_hash(&tr, (val){ .r = &r2 }));
  assert_true(val_cmp(&tr, (val){ .r = &r1 }, (val){ .r = &r3 }) < 0);
  assert_false(val_eq(&tr, (val){ .r = &r1 }, (val){ .r = &r4 }));
  assert_string_equal(printed(&a, &tr, (val){ .r = &r4 }, false), "P(x: 1, y: error)");
  assert_string_equal(as_json(&a, &tr, (val){ .r = &r4 }, ST_OK), "{\"x\":1,\"y\":null}");
  arena_free(&a);
}

static void json_of_everything(void **state) {
  (void)state;
  arena a;
  arena_init(&a, &mem_libc, NULL);
  const struct { type t; val v; const char *s; } cases[] = {
    { { .kind = TY_BOOL }, { .i = 1 }, "true" }, { { .kind = TY_INT }, { .i = INT64_MIN }, "-9223372036854775808" }, { { .kind = TY_NUMBER }, { .n = 0.1 }, "0.1" },
    { { .kind = TY_COLOR }, { .i = 0xE4002BFF }, "\"#E4002B\"" }, { { .kind = TY_DATE }, { .i = 0 }, "\"1970-01-01\"" }, { { .kind = TY_TIME }, { .i = 0 }, "\"1970-01-01T00:00:00Z\"" },
    { { .kind = TY_DURATION }, { .i = USEC_PER_DAY }, "\"1 day\"" }, { { .kind = TY_MONTHS }, { .i = 12 }, "\"1 year\"" },
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_string_equal(as_json(&a, &cases[i].t, cases[i].v, ST_OK), cases[i].s);
    assert_string_equal(as_json(&a, &cases[i].t, cases[i].v, ST_MISSING), "null");
  }
  arena_free(&a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(numbers_print_shortest), cmocka_unit_test(numbers_read_back), cmocka_unit_test(numbers_ignore_the_locale),
    cmocka_unit_test(values_print), cmocka_unit_test(json_repairs_bad_utf8), cmocka_unit_test(order_and_hash_agree_with_equality),
    cmocka_unit_test(references_compare_by_key), cmocka_unit_test(types_print_as_written), cmocka_unit_test(maps_and_records),
    cmocka_unit_test(json_of_everything),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
