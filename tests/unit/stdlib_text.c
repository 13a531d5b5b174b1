/* Text functions on the texts that break naive ones: marks, emoji, line ends, empty texts, invalid bytes, positions from both ends. */
#include "stdlib_call.h"

#define T(z) a_text(b, z)
#define TEXT_IS(name, sig, expected, ...) SHOWS(b, name, sig, &ty_text, expected, __VA_ARGS__)
#define INT_IS(name, sig, expected, ...) SHOWS(b, name, sig, &ty_int, expected, __VA_ARGS__)
#define BOOL_IS(name, expected, ...) SHOWS(b, name, "(", &ty_bool, expected, __VA_ARGS__)
#define LIST_IS(name, sig, expected, ...) SHOWS(b, name, sig, &ty_texts, expected, __VA_ARGS__)

static struct bench box, *b = &box;

static int setup(void **state) { (void)state; bench_open(b); return 0; }
static int teardown(void **state) { (void)state; bench_close(b); return 0; }

static void characters_are_what_users_see(void **state) {
  (void)state;
  static const struct { const char *s, *n; } cases[] = {
    { "", "0" }, { "abc", "3" }, { "a\r\nb", "3" }, { "12345678\r\n", "9" }, { "1234567\r\n", "8" }, { "\r\r\n\n", "3" }, { "e\xCC\x81", "1" },
    { "Zoë 👩‍👩‍👧", "5" }, { "🇧🇷🇵🇹", "2" }, { "👍🏽", "1" }, { "日本語", "3" }, { "한국어", "3" }, { "Привет", "6" }, { "“quote”…", "8" },
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) INT_IS("length", "(s", cases[i].n, T(cases[i].s));
  INT_IS("width", "(", "7", T("日本 ok"));
  INT_IS("width", "(", "2", T("👩‍👩‍👧"));
  INT_IS("width", "(", "2", T("🇧🇷"));
  INT_IS("width", "(", "1", T("e\xCC\x81"));
  INT_IS("width", "(", "3", T("a\tbc"));
  LIST_IS("characters", "(", "[\"a\", \"é\", \"👍🏽\"]", T("aé👍🏽"));
}

static void invalid_bytes_do_no_harm(void **state) {
  (void)state;
  static const char *const bad[] = { "\xff\xfe", "a\xc3", "\xe2\x82", "\xf0\x9f\x98", "\xed\xa0\x80z", "\x80\x80\x80\x80\x80\x80\x80\x80\x80" };
  static const char *const unary[] = { "length", "width", "characters", "words", "sentences", "lines", "lower", "upper", "title_case", "capitalize", "fold",
                                       "normalize", "nfd", "nfkc", "nfkd", "is_normalized", "remove_accents", "trim", "collapse_spaces", "reverse", "slug",
                                       "is_upper", "is_title_case", "is_sentence_case", "has_emoji", "has_invisible", "is_filler", "scripts", "placeholders",
                                       "ari", "lix", "sha256", "is_url", "is_email", "is_locale", "is_spdx", "is_mime", "canonical_locale", "file_extension" };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    for (size_t k = 0; k < sizeof unary / sizeof *unary; k++) {
      val out;
      assert_in_range(call(b, unary[k], "(", &ty_text, ARGS(T(bad[i])), &out), ST_OK, ST_ERR);
    }
    val out;
    assert_int_equal(call(b, "matches_whole", "(", &ty_bool, ARGS(T(bad[i]), a_pattern(b, ".*", "")), &out), ST_ERR);
    assert_int_equal(call(b, "slice", "(s", &ty_text, ARGS(T(bad[i]), a_int(1), a_int(-1)), &out), ST_OK);
  }
}

static void positions_count_from_one_and_from_the_end(void **state) {
  (void)state;
  const char *s = "Spring sale";
  TEXT_IS("slice", "(s", "\"sale\"", T(s), a_int(-4), a_int(-1));
  TEXT_IS("slice", "(s", "\"S\"", T(s), a_int(1), a_int(1));
  TEXT_IS("slice", "(s", "\"Spring sale\"", T(s), a_int(-100), a_int(100));
  TEXT_IS("slice", "(s", "\"\"", T(s), a_int(5), a_int(4));
  TEXT_IS("slice", "(s", "\"\"", T(s), a_int(100), a_int(200));
  TEXT_IS("slice", "(s", "\"\"", T(s), a_int(-200), a_int(-100));
  TEXT_IS("slice", "(s", "\"\"", T(""), a_int(1), a_int(1));
  TEXT_IS("slice", "(s", "error", T(s), a_int(0), a_int(3));
  TEXT_IS("slice", "(s", "\"\"", T(s), a_int(INT64_MAX), a_int(INT64_MIN));
  TEXT_IS("slice", "(s", "\"Spring sale\"", T(s), a_int(INT64_MIN), a_int(INT64_MAX));
  TEXT_IS("slice", "(s", "\"👍🏽b\"", T("aé👍🏽b"), a_int(3), a_int(-1));
  INT_IS("index_of", "(s", "3", T("aé👍🏽b"), T("👍🏽"));
  INT_IS("index_of", "(s", "4", T("aé👍🏽b"), T("b"));
  INT_IS("index_of", "(s", "1", T("abc"), T(""));
  INT_IS("index_of", "(s", "missing", T("abc"), T("abcd"));
  INT_IS("last_index_of", "(", "4", T("banana"), T("an"));
  INT_IS("last_index_of", "(", "missing", T(""), T("x"));
  TEXT_IS("take", "(s", "\"aé\"", T("aé👍🏽b"), a_int(2));
  TEXT_IS("skip", "(s", "\"b\"", T("aé👍🏽b"), a_int(3));
  TEXT_IS("take", "(s", "error", T("a"), a_int(-1));
  TEXT_IS("truncate", "(", "\"Spring…\"", T(s), a_int(7));
  TEXT_IS("truncate", "(", "\"Spring sale\"", T(s), a_int(11));
  TEXT_IS("truncate", "(", "\"\"", T(s), a_int(0));
}

static void words_and_sentences(void **state) {
  (void)state;
  LIST_IS("words", "(", "[\"Don't\", \"panic\", \"it's\", \"4.5\"]", T("Don't panic, it's 4.5!"));
  LIST_IS("words", "(", "[]", T(" -- !"));
  LIST_IS("sentences", "(", "[\"New.\", \"Bold!\", \"Yours?\"]", T(" New. Bold!  Yours? "));
  LIST_IS("lines", "(", "[\"a\", \"\", \"b\"]", T("a\r\n\nb\r"));
  LIST_IS("lines", "(", "[]", T(""));
  BOOL_IS("contains_word", "true", T("Cheaper, not CHEAP!"), T("cheap"));
  BOOL_IS("contains_word", "false", T("Cheaper"), T("cheap"));
  BOOL_IS("contains_word", "true", T("a world-class team"), T("World-Class"));
  BOOL_IS("contains_word", "false", T("anything"), T(" "));
}

static void splitting_and_replacing(void **state) {
  (void)state;
  LIST_IS("split", "(s: text, separator", "[\"a\", \"b\", \"\", \"c\"]", T("a,b,,c"), T(","));
  LIST_IS("split", "(s: text, separator", "[\"\"]", T(""), T(","));
  LIST_IS("split", "(s: text, separator", "[\"é\", \"b\"]", T("éb"), T(""));
  TEXT_IS("replace", "(s: text, old", "\"aXbX\"", T("a--b--"), T("--"), T("X"));
  TEXT_IS("replace", "(s: text, old", "\"abc\"", T("abc"), T(""), T("X"));
  TEXT_IS("replace_first", "(", "\"Xaa\"", T("aaa"), T("a"), T("X"));
  TEXT_IS("repeat", "(", "\"ababab\"", T("ab"), a_int(3));
  TEXT_IS("repeat", "(", "error", T("ab"), a_int(INT64_MAX));
  TEXT_IS("repeat", "(", "\"\"", T(""), a_int(INT64_MAX));
  TEXT_IS("repeat", "(", "error", T("ab"), a_int(-1));
  TEXT_IS("pad_start", "(", "\"00042\"", T("42"), a_int(5), T("0"));
  TEXT_IS("pad_start", "(", "error", T("42"), a_int(5), T("ab"));
  TEXT_IS("pad_end", "(", "error", T("42"), a_int(INT64_MAX), T("é"));
  TEXT_IS("before", "(", "missing", T("abc"), T("@"));
  TEXT_IS("after", "(", "\"\"", T("abc@"), T("@"));
  INT_IS("count_of", "(s: text, part", "2", T("aaaa"), T("aa"));
  INT_IS("count_of", "(s: text, part", "error", T("aaaa"), T(""));
}

static void case_and_normalization(void **state) {
  (void)state;
  TEXT_IS("upper", "(", "\"STRASSE\"", T("straße"));
  TEXT_IS("lower", "(", "\"i̇stanbul\"", T("İSTANBUL"));
  TEXT_IS("title_case", "(", "\"Wild Beans\"", T("wild BEANS"));
  TEXT_IS("capitalize", "(", "\"Éclair NYC\"", T("éclair NYC"));
  TEXT_IS("capitalize", "(", "\"\"", T(""));
  BOOL_IS("equals_ignoring_case", "true", T("Straße"), T("STRASSE"));
  INT_IS("bytes", "(", "3", (struct arg){ &ty_text, { .t = a_text(b, "e\xCC\x81").v.t } });
  TEXT_IS("nfc", "(", "\"\xC3\xA9\"", T("e\xCC\x81"));
  TEXT_IS("nfkc", "(", "\"fine\"", T("ﬁne"));
  BOOL_IS("is_normalized", "false", T("e\xCC\x81"));
  TEXT_IS("remove_accents", "(", "\"Creme brulee Lodz\"", T("Crème brûlée Łódź"));
  TEXT_IS("trim", "(", "\"a\xC2\xA0z\"", T("\xC2\xA0\t a\xC2\xA0z\xE3\x80\x80\n"));
  TEXT_IS("collapse_spaces", "(", "\"a b c\"", T(" a \xC2\xA0\n b  c"));
  TEXT_IS("slug", "(", "\"creme-brulee-2-0\"", T("Crème & Brûlée 2.0"));
  TEXT_IS("slug", "(", "\"strasse\"", T("Straße"));
  TEXT_IS("slug", "(", "\"moskva\"", T("Москва"));
  TEXT_IS("slug", "(", "\"ri-ben-smorgasbord-5\"", T("日本 – smörgåsbord €5"));
  TEXT_IS("slug", "(", "\"thors-aether\"", T("Þór’s Æther"));
  TEXT_IS("slug", "(", "\"dont\"", T("--Don't!--"));
  TEXT_IS("slug", "(", "\"\"", T("!!"));
  TEXT_IS("file_extension", "(", "missing", T("shoot.v2/.hidden"));
  TEXT_IS("file_extension", "(", "missing", T("name."));
  TEXT_IS("file_stem", "(", "\"Hero.final\"", T("a\\b\\Hero.final.PNG"));
}

static void styles(void **state) {
  (void)state;
  static const struct { const char *f, *s, *r; } cases[] = {
    { "is_title_case", "The Art of Coffee", "true" }, { "is_title_case", "The art of Coffee", "false" }, { "is_title_case", "Of Mice and Men", "true" },
    { "is_title_case", "What We Live for", "false" }, { "is_title_case", "iPhone Cases", "true" }, { "is_title_case", "42", "false" },
    { "is_sentence_case", "Fresh coffee, every day", "true" }, { "is_sentence_case", "Fresh Coffee", "false" },
    { "is_sentence_case", "Made by NASA. I'm on it", "true" }, { "is_sentence_case", "New here. but not for long", "true" },
    { "is_sentence_case", "fresh", "false" }, { "is_upper", "SALE 50!", "true" }, { "is_upper", "50!", "false" }, { "is_lower", "été", "true" },
    { "is_snake_case", "spring_sale_26", "true" }, { "is_snake_case", "spring__sale", "false" }, { "is_snake_case", "_a", "false" },
    { "is_kebab_case", "a-b", "true" }, { "is_kebab_case", "a-", "false" }, { "is_camel_case", "springSale", "true" }, { "is_camel_case", "SpringSale", "false" },
    { "is_pascal_case", "SpringSale", "true" }, { "is_pascal_case", "SALE", "false" }, { "is_digits", "", "false" }, { "is_letters", "Zoe\xCC\x88", "true" },
    { "is_alphanumeric", "Zoë 2", "false" }, { "has_emoji", "Sale 🔥", "true" }, { "has_emoji", "© 2026 #1", "false" }, { "has_emoji", "1️⃣", "true" },
    { "has_invisible", "a\xE2\x80\x8B" "b", "true" }, { "has_invisible", "👩‍👩‍👧 ok\n", "false" }, { "has_invisible", "a\xE2\x80\xAE" "b", "true" },
    { "is_filler", " N/A ", "true" }, { "is_filler", "Lorem ipsum dolor", "true" }, { "is_filler", "--", "true" }, { "is_filler", "Test drive", "false" },
    { "is_filler", "🔥", "false" },
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const char *got = show(b, cases[i].f, "(s", &ty_bool, ARGS(T(cases[i].s)));
    if (strcmp(got, cases[i].r) != 0) fail_msg("%s(%s) is %s", cases[i].f, cases[i].s, got);
  }
  LIST_IS("scripts", "(", "[\"Latn\", \"Cyrl\"]", T("Zoë Жан 1"));
  LIST_IS("placeholders", "(", "[\"{{name}}\", \"%d\", \"{0}\", \"${x}\", \"%1$s\", \"%(n)s\", \"[[a]]\", \"%{b}\"]",
          T("Hi {{name}}, %d {0} ${x} %1$s %(n)s [[a]] %{b}"));
  LIST_IS("placeholders", "(", "[\"{n, plural, one {# asset} other {# assets}}\"]", T("You have {n, plural, one {# asset} other {# assets}}."));
  LIST_IS("placeholders", "(", "[]", T("5% off, 100%, {} %% 50% dark { a b"));
}

static void likeness_and_reading(void **state) {
  (void)state;
  INT_IS("edit_distance", "(", "1", T("recieve"), T("receive"));
  INT_IS("edit_distance", "(", "3", T("kitten"), T("sitting"));
  INT_IS("edit_distance", "(", "2", T(""), T("éa"));
  SHOWS(b, "similarity", "(", &ty_number, "1", T(""), T(""));
  SHOWS(b, "similarity", "(", &ty_number, "0", T("abc"), T("xyz"));
  SHOWS(b, "similarity", "(", &ty_number, "0.75", T("abcd"), T("abce"));
  SHOWS(b, "lix", "(", &ty_number, "3", T("The cat sat. The dog ran."));
  SHOWS(b, "lix", "(", &ty_number, "missing", T("!"));
  /* 4.71 * 18/6 + 0.5 * 6/2 - 21.43; 0.0588 * 300 - 0.296 * 100/3 - 15.8 */
  val v;
  assert_int_equal(call(b, "ari", "(", &ty_number, ARGS(T("The cat sat. The dog ran.")), &v), ST_OK);
  assert_true(fabs(v.n - -5.80) < 1e-9);
  assert_int_equal(call(b, "coleman_liau", "(", &ty_number, ARGS(T("The cat sat. The dog ran.")), &v), ST_OK);
  assert_true(fabs(v.n - -8.0266666667) < 1e-9);
  char *big = malloc(20001);
  memset(big, 'a', 20000), big[20000] = 0;
  char *other = strdup(big);
  memset(other, 'b', 20000);
  assert_int_equal(call(b, "similarity", "(", &ty_number, ARGS(T(big), T(other)), &v), ST_ERR); /* refused, not a minute of work */
  free(big), free(other);
}

/* The paths for simple texts give what the library's iterator gives. */
static void fast_paths_agree(void **state) {
  (void)state;
  static const char *const parts[] = { "a", "\r", "\n", "é", "ж", "日", "가", "–", "€", "\xCC\x81", "👍", "🏽", "ア", "\xE2\x80\x8D" };
  uint32_t x = 12345;
  for (int i = 0; i < 5000; i++) {
    char s[128] = "";
    for (int k = 0; k < 12; k++) {
      x = x * 1664525 + 1013904223;
      strcat(s, parts[(x >> 16) % (sizeof parts / sizeof *parts)]);
    }
    val all, n;
    /* the iterator sees a text whose last character is never simple: one more character than the text alone, unless it joins */
    assert_int_equal(call(b, "length", "(s", &ty_int, ARGS(T(s)), &n), ST_OK);
    assert_int_equal(call(b, "characters", "(", &ty_texts, ARGS(T(s)), &all), ST_OK);
    assert_int_equal(all.l->n, n.i);
    char t[160];
    snprintf(t, sizeof t, "%s\n\xE1\x84\x80", s); /* a jamo after a line end: forces the iterator, joins nothing */
    val m;
    assert_int_equal(call(b, "length", "(s", &ty_int, ARGS(T(t)), &m), ST_OK);
    bool joined = s[strlen(s) - 1] == '\r';
    assert_int_equal(m.i, n.i + (joined ? 1 : 2));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(characters_are_what_users_see), cmocka_unit_test(invalid_bytes_do_no_harm), cmocka_unit_test(positions_count_from_one_and_from_the_end),
    cmocka_unit_test(words_and_sentences), cmocka_unit_test(splitting_and_replacing), cmocka_unit_test(case_and_normalization), cmocka_unit_test(styles),
    cmocka_unit_test(likeness_and_reading), cmocka_unit_test(fast_paths_agree),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
