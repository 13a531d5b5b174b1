/* Colors against published data (Sharma's pairs, reference values of an independent implementation, WCAG examples), and the rest of color by hand. */
#include "stdlib_call.h"

#include "stdlib/lib.h"

static struct bench box, *b = &box;
static int setup(void **state) { (void)state; bench_open(b); return 0; }
static int teardown(void **state) { (void)state; bench_close(b); return 0; }

static FILE *vectors(const char *name) {
  char path[200];
  snprintf(path, sizeof path, "../shared/vectors/%s", name);
  FILE *f = fopen(path, "r");
  if (!f) { print_message("%s is not there\n", path); skip(); }
  return f;
}

static double number(const char *name, struct arg x, struct arg y, uint32_t n) {
  val v;
  struct arg args[] = { x, y };
  assert_int_equal(call(b, name, "(", &ty_number, n, args, &v), ST_OK);
  return v.n;
}

static void sharma_pairs(void **state) {
  (void)state;
  FILE *f = vectors("ciede2000_sharma/ciede2000_34.csv");
  char line[256];
  int rows = 0;
  while (fgets(line, sizeof line, f)) {
    double x[3], y[3], want;
    if (sscanf(line, "%lf,%lf,%lf,%lf,%lf,%lf,%lf", x, x + 1, x + 2, y, y + 1, y + 2, &want) != 7) continue;
    rows++;
    if (fabs(color_delta_e_lab(x, y) - want) > 0.00005) fail_msg("row %d is %.6f, not %.4f", rows, color_delta_e_lab(x, y), want);
    if (fabs(color_delta_e_lab(y, x) - want) > 0.00005) fail_msg("row %d backward is %.6f, not %.4f", rows, color_delta_e_lab(y, x), want);
  }
  fclose(f);
  assert_int_equal(rows, 34);
}

static void reference_pairs(void **state) {
  (void)state;
  FILE *f = vectors("color_reference/hex_pairs_deltaE.tsv");
  char line[256];
  int rows = 0;
  while (fgets(line, sizeof line, f)) {
    uint32_t x, y;
    double d65, d50, d76;
    if (sscanf(line, "%x\t%x\t%lf\t%lf\t%lf", &x, &y, &d65, &d50, &d76) != 5) continue;
    rows++;
    double got = number("delta_e", a_color(x), a_color(y), 2), got76 = number("delta_e76", a_color(x), a_color(y), 2);
    if (fabs(got - d65) > 1e-5) fail_msg("%s: delta_e is %.8f", line, got);
    if (fabs(got76 - d76) > 1e-5) fail_msg("%s: delta_e76 is %.8f", line, got76);
  }
  fclose(f);
  assert_true(rows >= 1000);
}

static void reference_colors(void **state) {
  (void)state;
  FILE *f = vectors("color_reference/hex_wcag_lab.tsv");
  const type *lab = record_type(b, "Lab");
  char line[256];
  int rows = 0;
  while (fgets(line, sizeof line, f)) {
    uint32_t x;
    double lum, white, black, l, a, bb;
    if (sscanf(line, "%x\t%lf\t%lf\t%lf\t%lf\t%lf\t%lf", &x, &lum, &white, &black, &l, &a, &bb) != 7) continue;
    rows++;
    val v;
    struct arg c = a_color(x);
    assert_int_equal(call(b, "lab", "(", lab, 1, &c, &v), ST_OK);
    assert_true(fabs(v.r->v[0].n - l) < 1e-5 && fabs(v.r->v[1].n - a) < 1e-5 && fabs(v.r->v[2].n - bb) < 1e-5);
    double got[] = { number("luminance", c, c, 1), number("contrast", c, a_color(0xFFFFFF), 2), number("contrast", a_color(0), c, 2) };
    /* The reference takes the unrounded luminance row of the sRGB matrix, WCAG its four-digit coefficients: up to 4 parts in 100,000 apart. */
    if (fabs(got[0] - lum) > 4e-5 || fabs(got[1] - white) > 1e-4 * white || fabs(got[2] - black) > 1e-4 * black)
      fail_msg("%s: %.7f %.7f %.7f", line, got[0], got[1], got[2]);
  }
  fclose(f);
  assert_true(rows > 1000);
}

static void wcag_examples(void **state) {
  (void)state;
  FILE *f = vectors("color_reference/wcag_examples.tsv");
  char line[512];
  int rows = 0;
  while (fgets(line, sizeof line, f)) {
    uint32_t x, y;
    double stated, exact;
    if (sscanf(line, "%x\t%x\t%lf\t%lf", &x, &y, &stated, &exact) != 4) continue;
    rows++;
    assert_true(fabs(number("contrast", a_color(x), a_color(y), 2) - exact) < 1e-3);
  }
  fclose(f);
  assert_true(rows >= 8);
}

#define IS(name, sig, ret, expected, ...) SHOWS(b, name, sig, ret, expected, __VA_ARGS__)

static void reading_and_making(void **state) {
  (void)state;
  static const struct { const char *s, *r; } cases[] = {
    { "#E4002B", "#E4002B" }, { "e4002b", "#E4002B" }, { "#f00", "#FF0000" }, { "#F008", "#FF000088" }, { "E4002BCC", "#E4002BCC" }, { "", "missing" },
    { "#", "missing" }, { "#12345", "missing" }, { "##123", "missing" }, { "red", "missing" }, { "#GG0000", "missing" }, { " #F00", "missing" },
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) IS("color", "(", &ty_color, cases[i].r, a_text(b, cases[i].s));
  IS("rgb", "(", &ty_color, "#E4002B", a_int(228), a_int(0), a_int(43));
  IS("rgb", "(", &ty_color, "error", a_int(256), a_int(0), a_int(0));
  IS("hsl", "(hue", &ty_color, "#00FF00", a_num(120), a_num(1), a_num(0.5));
  IS("hsl", "(hue", &ty_color, "#BF4040", a_num(-360), a_num(0.5), a_num(0.5));
  IS("hsl", "(hue", &ty_color, "error", a_num(0), a_num(1.5), a_num(0.5));
  IS("oklch", "(lightness", &ty_color, "#FFFFFF", a_num(1), a_num(0), a_num(0));
  IS("oklch", "(lightness", &ty_color, "missing", a_num(0.5), a_num(0.4), a_num(140));
  IS("alpha", "(", &ty_number, "0.2", (struct arg){ &ty_color, { .i = 0x00000033 } });
  IS("with_alpha", "(", &ty_color, "#E4002B33", a_color(0xE4002B), a_num(0.2));
  IS("hex", "(", &ty_text, "\"#FF0000\"", a_color(0xFF0000));
  IS("over", "(", &ty_color, "#7F7F7F", (struct arg){ &ty_color, { .i = 0x00000080 } }, a_color(0xFFFFFF));
  IS("mix", "(", &ty_color, "#333333", a_color(0), a_color(0xFFFFFF), a_num(0.2));
  IS("contrast", "(", &ty_number, "21", a_color(0), a_color(0xFFFFFF));
  IS("contrast", "(", &ty_number, "1", (struct arg){ &ty_color, { .i = 0 } }, a_color(0x123456)); /* an invisible text */
}

/* Every color comes back from HSL and OKLCH. */
static void round_trips(void **state) {
  (void)state;
  const type *hsl = record_type(b, "Hsl"), *oklch = record_type(b, "Oklch");
  uint32_t x = 7;
  for (int i = 0; i < 5000; i++) {
    x = x * 1664525 + 1013904223;
    struct arg c = a_color(x >> 8);
    val v, back;
    assert_int_equal(call(b, "hsl", "(c", hsl, 1, &c, &v), ST_OK);
    assert_int_equal(call(b, "hsl", "(hue", &ty_color, ARGS(a_num(v.r->v[0].n), a_num(v.r->v[1].n), a_num(v.r->v[2].n)), &back), ST_OK);
    assert_int_equal(back.i, c.v.i);
    assert_int_equal(call(b, "oklch", "(c", oklch, 1, &c, &v), ST_OK);
    double l = v.r->v[0].n > 1 ? 1 : v.r->v[0].n;
    assert_int_equal(call(b, "oklch", "(lightness", &ty_color, ARGS(a_num(l), a_num(v.r->v[1].n), a_num(v.r->v[2].n)), &back), ST_OK);
    assert_int_equal(back.i, c.v.i);
  }
}

static struct arg palette(uint32_t n, const char *const *names, const uint32_t *rgb) {
  const type *swatch = record_type(b, "Swatch");
  type *t = ARENA_NEW(&b->a, type);
  *t = (type){ .kind = TY_PALETTE, .base = t, .elem = swatch };
  struct arg v[8];
  for (uint32_t i = 0; i < n; i++) {
    rec *r = ARENA_NEW(&b->a, rec);
    val *f = ARENA_ARRAY(&b->a, val, 2);
    f[0] = a_text(b, names[i]).v, f[1] = a_color(rgb[i]).v;
    *r = (rec){ .ty = swatch->rec, .v = f, .st = ARENA_ARRAY(&b->a, uint8_t, 2) };
    v[i].v.r = r;
  }
  return a_list(b, t, n, v);
}

static void nearest(void **state) {
  (void)state;
  static const char *const names[] = { "red", "ink", "paper", "red2" };
  static const uint32_t rgb[] = { 0xE4002B, 0x1A1A1A, 0xFFFFFF, 0xE4002B };
  struct arg p = palette(4, names, rgb);
  const type *t = record_type(b, "Nearest");
  val v;
  for (int again = 0; again < 2; again++) { /* the second time from the cache */
    assert_int_equal(call(b, "nearest", "(c: color, p", t, ARGS(a_color(0xE4002B), p), &v), ST_OK);
    assert_string_equal(v.r->v[0].t->p, "red"); /* the first of equals */
    assert_true(v.r->v[2].n == 0);
    assert_int_equal(call(b, "nearest", "(c: color, p", t, ARGS(a_color(0x101010), p), &v), ST_OK);
    assert_string_equal(v.r->v[0].t->p, "ink");
    assert_true(v.r->v[2].n == number("delta_e", a_color(0x101010), a_color(0x1A1A1A), 2));
  }
  assert_int_equal(call(b, "nearest", "(c: color, p", t, ARGS(a_color(1), palette(0, names, rgb)), &v), ST_ERR);
  struct arg few[] = { a_color(0x1A1A1A), a_color(0xE4002B) };
  IS("nearest", "(c: color, colors", t, "Nearest(name: \"#E4002B\", color: #E4002B, delta_e: 0)", a_color(0xE4002B), a_list(b, &ty_colors, 2, few));
  IS("nearest", "(c: color, colors", t, "missing", a_color(0xE4002B), a_list(b, &ty_colors, 0, few));
  IS("names", "(", &ty_texts, "[\"red\", \"ink\", \"paper\", \"red2\"]", p);
  IS("colors", "(", &ty_colors, "[#E4002B, #1A1A1A, #FFFFFF, #E4002B]", p);
  IS("swatch", "(", &ty_color, "#1A1A1A", p, a_text(b, "ink"));
  IS("swatch", "(", &ty_color, "missing", p, a_text(b, "Ink"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(sharma_pairs), cmocka_unit_test(reference_pairs), cmocka_unit_test(reference_colors), cmocka_unit_test(wcag_examples),
    cmocka_unit_test(reading_and_making), cmocka_unit_test(round_trips), cmocka_unit_test(nearest),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
