/* Every function of the table with random arguments from pools of nasty values: it answers, is missing, or fails with a reason; numbers are finite,
 * texts stay valid UTF-8, the same call gives the same answer. What the sanitizers see here no program should ever meet. */
#include "stdlib_call.h"

#include "base/utf8.h"

static struct bench box, *b = &box;
static uint64_t seed = 20261122;

static uint32_t pick(uint32_t n) {
  seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
  return (uint32_t)(seed >> 33) % n;
}

static const char *const texts[] = {
  "", " ", "a", "A", "abc", "Fresh coffee", "\r\n", "a\r\nb", "é", "e\xCC\x81", "\xCC\x81", "👩‍👩‍👧", "🇧🇷🇵", "日本語 text", "ß", "İ", "ﬁ", "\xE2\x80\x8B", "\xE2\x80\xAE", "{", "{{a}}", "%", "%1$", "${", "[[", "%(", "$1", "${x}",
  "\\", "/", "//", ".", "..", "...", "a.b", "@", "a@b.c", "://", "http://", "http://[::1]:1/%41?#", "http://[", "https://a/../../b", "-", "--", "a-", "en", "en-", "x-a", "en-US-u-co", "i-enochian", "BR", "pt", "EUR", "MIT", "(MIT OR", "MIT WITH",
  "LicenseRef-", "DocumentRef-:LicenseRef-a", "4006381333931", "00000000", "123e4567-e89b-12d3-a456-426614174000", "text/html; a=\"\\", "#F00", "#E4002BCC", "UTC", "Europe/Paris", "America/Sao_Paulo", "../UTC", "2026-11-22", "2026-11-22T09:00:00Z", "P1D",
  "PT0.5S", "1", "-1", "9223372036854775808", "1e308", "1e-400", ".", "1.5e", "0x1", "\x01", "\x7F", "١٢٣", "ǅ", "Ⅷ", "က္", "한국", "\xF4\x8F\xBF\xBF", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
  "lorem ipsum", "n/a", "Mr. Smith went. \"No!\" she said…", "\xff", "a\xC3", "\xED\xA0\x80",
};
static const int64_t ints[] = { 0, 1, -1, 2, 3, -2, 7, 255, 256, 1000, 12, 29, 2026, 9999, 10000, 1000000,
                                INT64_MAX, INT64_MIN, INT64_MAX - 1, INT32_MAX, -719162, 59, 100 };
static const double numbers[] = { 0, -0.0, 1, -1, 0.5, -0.5, 2.5, 0.05, 1e-300, 5e-324, 1e300, 1.7976931348623157e308,
                                  -1.7976931348623157e308, 9223372036854775808.0, -9223372036854775808.0, 360, 720.5, 0.1, 1e15, 4503599627370496.5, 100 };
static const char *const patterns[] = { "", "a", "a*", "(a)|(b)?", "(?<n>.)", "\\b", "^", "$", "(a+)+$", "\\X", "(?=a)", "(?<=a)", ".", "\\R", "[^a]+", "(.)\\1", "\\Kx|a\\K", "(?:a|ab)(?:c|bcd)", "\\p{L}+" };

static bool is_utf8(str s) {
  uint32_t cp;
  for (const char *p = s.p, *end = s.p + s.n; p < end;) {
    p += utf8_decode(p, end, &cp);
    if (cp == UINT32_MAX) return false;
  }
  return true;
}

static bool spoiled; /* an argument of this call is not valid UTF-8 */
static const pattern *compiled[sizeof patterns / sizeof *patterns];

static val value_of(const type *t);

static val list_value(const type *elem) {
  list *l = ARENA_NEW(&b->a, list);
  l->n = pick(4) ? pick(6) : pick(40);
  val *v = ARENA_ARRAY(&b->a, val, l->n + 1);
  for (uint32_t i = 0; i < l->n; i++) v[i] = value_of(elem);
  l->v = v;
  return (val){ .l = l };
}

static val swatches(const type *t) {
  list *l = ARENA_NEW(&b->a, list);
  l->n = pick(5);
  val *v = ARENA_ARRAY(&b->a, val, l->n + 1);
  for (uint32_t i = 0; i < l->n; i++) {
    rec *r = ARENA_NEW(&b->a, rec);
    val *f = ARENA_ARRAY(&b->a, val, 2);
    f[0] = value_of(&ty_text), f[1] = value_of(&ty_color);
    *r = (rec){ .ty = t->elem->rec, .v = f, .st = ARENA_ARRAY(&b->a, uint8_t, 2) };
    v[i].r = r;
  }
  l->v = v;
  return (val){ .l = l };
}

static int64_t within(int64_t lo, int64_t hi) {
  if (pick(4) == 0) return pick(2) ? lo : hi;
  return lo + (int64_t)((uint64_t)pick(1u << 31) * (uint64_t)pick(1u << 20) % (uint64_t)(hi - lo));
}

/* A list made of the texts that are searched, so that some are found. */
static val some_terms(void) {
  term_list *l = ARENA_NEW(&b->a, term_list);
  term_entry *e = ARENA_ARRAY(&b->a, term_entry, 8);
  *l = (term_list){ .n = 8, .entries = e, .fold = pick(2) };
  for (uint32_t i = 0; i < 8; i++) {
    e[i].text = str_z(texts[pick(sizeof texts / sizeof *texts)]);
    if (pick(2)) e[i].has_replacement = true, e[i].replacement = STR("other");
    spoiled |= !is_utf8(e[i].text);
  }
  l->matcher = lib_std.terms_build(&b->a, e, l->n, l->fold, NULL, NULL);
  return (val){ .p = l };
}

static val value_of(const type *t) {
  switch ((type_kind)t->kind) {
  case TY_BOOL: return (val){ .i = pick(2) };
  case TY_INT: return (val){ .i = ints[pick(sizeof ints / sizeof *ints)] };
  case TY_NUMBER: return (val){ .n = numbers[pick(sizeof numbers / sizeof *numbers)] };
  case TY_TEXT: {
    const char *z = texts[pick(sizeof texts / sizeof *texts)];
    if (pick(3) == 0) z = str_fmt(&b->a, "%s%s%s", z, texts[pick(sizeof texts / sizeof *texts)], texts[pick(sizeof texts / sizeof *texts)]).p;
    spoiled |= !is_utf8(str_z(z));
    return a_text(b, z).v;
  }
  case TY_COLOR: return (val){ .i = pick(2) ? within(0, 0xFFFFFFFF) : within(0, 0xFFFFFF) << 8 | 0xFF };
  case TY_DATE: return (val){ .i = within(CIVIL_DAY_MIN, CIVIL_DAY_MAX) };
  case TY_TIME: return (val){ .i = within(CIVIL_DAY_MIN, CIVIL_DAY_MAX) * USEC_PER_DAY + (int64_t)pick(2) * (USEC_PER_DAY - 1) };
  case TY_DURATION: return (val){ .i = pick(3) ? ints[pick(sizeof ints / sizeof *ints)] : within(-USEC_PER_DAY, USEC_PER_DAY) };
  case TY_PATTERN: return (val){ .p = compiled[pick(sizeof patterns / sizeof *patterns)] };
  case TY_PALETTE: return swatches(t);
  case TY_TERMS: return some_terms();
  case TY_LIST: return list_value(t->elem);
  case TY_MAP: {
    static const map none = { 0, NULL };
    return (val){ .m = &none };
  }
  case TY_ERROR: case TY_NEVER: case TY_UNION: case TY_MONTHS: case TY_RECORD: case TY_REF: case TY_VAR: break;
  }
  fail_msg("no values of this type");
  return (val){ .i = 0 };
}

/* ---- types from signatures ---- */

static arena types;

static const type *listed(const type *elem) {
  type *t = ARENA_NEW(&types, type);
  *t = (type){ .kind = TY_LIST, .base = t, .elem = elem };
  return t;
}

static const type *type_at(struct bench *shapes, const char *s, const type *var, const type *num) {
  static const type ty_terms = { .kind = TY_TERMS, .base = &ty_terms };
  static const type ty_months = { .kind = TY_MONTHS, .base = &ty_months };
  static const struct { const char *name; const type *t; } plain[] = {
    { "text", &ty_text }, { "bool", &ty_bool }, { "int", &ty_int }, { "number", &ty_number }, { "color", &ty_color }, { "date", &ty_date }, { "time", &ty_time },
    { "duration", &ty_duration }, { "months", &ty_months }, { "pattern", &ty_pattern }, { "terms", &ty_terms },
  };
  if (strncmp(s, "list of ", 8) == 0) return listed(type_at(shapes, s + 8, var, num));
  if (strncmp(s, "map of ", 7) == 0) {
    type *t = ARENA_NEW(&types, type);
    *t = (type){ .kind = TY_MAP, .base = t, .elem = type_at(shapes, s + 7, var, num) };
    return t;
  }
  size_t n = strcspn(s, ",)? ");
  if (n == 1) return var;
  if (n == 3 && strncmp(s, "NUM", 3) == 0) return num;
  for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
    if (strlen(plain[i].name) == n && strncmp(s, plain[i].name, n) == 0) return plain[i].t;
  char name[40];
  snprintf(name, sizeof name, "%.*s", (int)n, s);
  if (strcmp(name, "palette") == 0) {
    type *t = ARENA_NEW(&types, type);
    *t = (type){ .kind = TY_PALETTE, .base = t, .elem = record_type(shapes, "Swatch") };
    return t;
  }
  return record_type(shapes, name);
}

/* Numbers finite, texts valid, whatever they stand in. */
static void check(const builtin *row, const type *t, val v) {
  if (t->kind == TY_NUMBER && !isfinite(v.n)) fail_msg("%s%s gives a number that is none", row->name, row->sig);
  if (t->kind == TY_TEXT && !spoiled && !is_utf8(str_of(v.t))) fail_msg("%s%s gives a text that is none", row->name, row->sig);
  if (t->kind == TY_LIST)
    for (uint32_t i = 0; i < v.l->n; i++) check(row, t->elem, v.l->v[i]);
  if (t->kind == TY_RECORD)
    for (uint32_t i = 0; i < t->rec->nfields; i++)
      if (v.r->st[i] == ST_OK) check(row, t->rec->fields[i].type, v.r->v[i]);
  if ((t->kind == TY_DATE && (v.i < CIVIL_DAY_MIN || v.i > CIVIL_DAY_MAX)) || (t->kind == TY_BOOL && (v.i & ~INT64_C(1)))) fail_msg("%s%s leaves its range", row->name, row->sig);
}

static void one_call(struct bench *shapes, const builtin *row) {
  static const type *const vars[] = { &ty_int, &ty_text, &ty_number, &ty_color, &ty_date };
  const type *var = vars[pick(5)], *num = pick(2) ? &ty_int : &ty_number, *at[6];
  val v[6], first, second;
  uint8_t st[6] = { ST_OK };
  uint32_t n = 0;
  spoiled = false;
  for (const char *p = row->sig + 1; *p != ')' && n < 6; n++) {
    p = strchr(p, ':') + 2;
    at[n] = type_at(shapes, p, var, num);
    v[n] = value_of(at[n]);
    p += strcspn(p, ",)");
    if (*p == ',') p += 2;
  }
  b->c.argt = at, b->c.rett = type_at(shapes, strstr(row->sig, "-> ") + 3, var, num), b->c.error = (str){ NULL, 0 };
  int r = row->fn(&b->c, v, st, &first);
  assert_in_range(r, ST_OK, ST_ERR);
  if (r == ST_ERR && !b->c.error.n) fail_msg("%s%s fails without a reason", row->name, row->sig);
  if (r == ST_MISSING && !strchr(strstr(row->sig, "-> "), '?')) fail_msg("%s%s may not be missing", row->name, row->sig);
  if (r == ST_OK) check(row, b->c.rett, first);
  if (row->fn(&b->c, v, st, &second) != r) fail_msg("%s%s cannot decide", row->name, row->sig);
  if (r == ST_OK && !val_eq(b->c.rett, first, second)) fail_msg("%s%s gives two answers", row->name, row->sig);
}

static void everything_answers(void **state) {
  (void)state;
  struct bench shapes;
  bench_open(&shapes);
  bench_open(b);
  arena_init(&types, &mem_libc, NULL);
  pattern kept[sizeof patterns / sizeof *patterns];
  for (uint32_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
    kept[i] = (pattern){ str_z(patterns[i]), STR(""), i };
    compiled[i] = &kept[i];
  }
  for (uint32_t i = 0; i < lib_count; i++) {
    if (lib_table[i].flags & BF_SPECIAL) continue;
    for (int k = 0; k < 100; k++) {
      one_call(&shapes, &lib_table[i]);
      arena_reset(&b->a), arena_reset(&types), arena_reset(&shapes.a);
    }
  }
  bench_close(b);
  bench_close(&shapes);
  arena_free(&types);
}

int main(void) {
  const struct CMUnitTest tests[] = { cmocka_unit_test(everything_answers) };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
