/* Colors: sRGB with alpha, 0xRRGGBBAA. Lab is relative to D65, sRGB's own white, so that no adaptation stands between what a designer typed and what is
 * measured; matrices and white are those of CSS Color 4. Contrast is WCAG 2. Converting a color takes three cube roots and CIEDE2000 a dozen more functions,
 * while real assets repeat a few colors: an engine remembers the Lab of colors and the nearest swatch of colors that it saw lately. */
#include "stdlib/lib.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define UNUSED (void)c, (void)st

struct lab { double l, a, b; };

enum { LAB_SLOTS = 1024, NEAREST_SLOTS = 1024 };

struct color_state {
  double linear[256];                                     /* sRGB byte -> linear light */
  struct { uint32_t rgb; bool used; struct lab lab; } lab[LAB_SLOTS];
  struct { uint64_t palette; uint32_t rgb, index; double delta; } nearest[NEAREST_SLOTS]; /* palette: hash of its colors, never 0 */
};

/* ---- linear light ---- */

static double to_linear(double v) {
  double s = v < 0 ? -1 : 1;
  v = fabs(v);
  return s * (v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4));
}

static double from_linear(double v) {
  double s = v < 0 ? -1 : 1;
  v = fabs(v);
  return s * (v > 0.0031308 ? 1.055 * pow(v, 1 / 2.4) - 0.055 : 12.92 * v);
}

static struct color_state *state(lib_ctx *c) {
  struct lib_state *s = c->state;
  if (!s->colors) {
    struct color_state *k = mem_try(s->m, sizeof *k);
    if (!k) { (void)lib_fail(c, STR("out of memory")); return NULL; }
    memset(k, 0, sizeof *k);
    for (int i = 0; i < 256; i++) k->linear[i] = to_linear(i / 255.0);
    s->colors = k;
  }
  return s->colors;
}

void color_close(struct lib_state *s) {
  mem_free(s->m, s->colors, sizeof *s->colors);
  s->colors = NULL;
}

static inline int part(int64_t color, int shift) { return (int)(color >> shift & 255); }
static inline int64_t pack(int r, int g, int b, int a) { return (int64_t)r << 24 | (int64_t)g << 16 | (int64_t)b << 8 | a; }

/* Relative luminance as WCAG 2 defines it, coefficients included. */
static double luminance(const struct color_state *k, int64_t color) {
  return 0.2126 * k->linear[part(color, 24)] + 0.7152 * k->linear[part(color, 16)] + 0.0722 * k->linear[part(color, 8)];
}

/* ---- Lab and its differences ---- */

static const double white[3] = { 0.3127 / 0.3290, 1.0, (1.0 - 0.3127 - 0.3290) / 0.3290 };

static double lab_f(double t) {
  const double eps = 216.0 / 24389, kappa = 24389.0 / 27;
  return t > eps ? cbrt(t) : (kappa * t + 16) / 116;
}

static struct lab lab_of(const struct color_state *k, int64_t color) {
  double r = k->linear[part(color, 24)], g = k->linear[part(color, 16)], b = k->linear[part(color, 8)];
  double x = 0.41239079926595934 * r + 0.357584339383878 * g + 0.1804807884018343 * b;
  double y = 0.21263900587151027 * r + 0.715168678767756 * g + 0.07219231536073371 * b;
  double z = 0.01933081871559182 * r + 0.11919477979462598 * g + 0.9505321522496607 * b;
  double fx = lab_f(x / white[0]), fy = lab_f(y / white[1]), fz = lab_f(z / white[2]);
  return (struct lab){ 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz) };
}

static struct lab cached_lab(struct color_state *k, int64_t color) {
  uint32_t rgb = (uint32_t)color >> 8, slot = (rgb * 2654435761u) >> 22;
  if (!k->lab[slot].used || k->lab[slot].rgb != rgb) {
    k->lab[slot].rgb = rgb, k->lab[slot].used = true;
    k->lab[slot].lab = lab_of(k, color);
  }
  return k->lab[slot].lab;
}

static double radians(double deg) { return deg * (M_PI / 180); }

static double hue_angle(double a, double b) {
  if (a == 0 && b == 0) return 0;
  double h = atan2(b, a) * (180 / M_PI);
  return h < 0 ? h + 360 : h;
}

/* CIEDE2000 as Sharma, Wu and Dalal (2005) state it, with their treatment of hues. */
static double ciede2000(struct lab x, struct lab y) {
  const double pow25_7 = 6103515625.0;
  double c1 = hypot(x.a, x.b), c2 = hypot(y.a, y.b), cm = (c1 + c2) / 2;
  double cm7 = cm * cm * cm * cm * cm * cm * cm;
  double g = 0.5 * (1 - sqrt(cm7 / (cm7 + pow25_7)));
  double a1 = (1 + g) * x.a, a2 = (1 + g) * y.a;
  double cp1 = hypot(a1, x.b), cp2 = hypot(a2, y.b), h1 = hue_angle(a1, x.b), h2 = hue_angle(a2, y.b);
  double dl = y.l - x.l, dc = cp2 - cp1, dh = 0, hm = h1 + h2;
  if (cp1 * cp2 != 0) {
    dh = h2 - h1;
    if (dh > 180) dh -= 360;
    else if (dh < -180) dh += 360;
    if (fabs(h1 - h2) <= 180) hm = (h1 + h2) / 2;
    else hm = h1 + h2 < 360 ? (h1 + h2 + 360) / 2 : (h1 + h2 - 360) / 2;
  }
  double dH = 2 * sqrt(cp1 * cp2) * sin(radians(dh) / 2);
  double lm = (x.l + y.l) / 2, cpm = (cp1 + cp2) / 2;
  double t = 1 - 0.17 * cos(radians(hm - 30)) + 0.24 * cos(radians(2 * hm)) + 0.32 * cos(radians(3 * hm + 6)) - 0.20 * cos(radians(4 * hm - 63));
  double turn = (hm - 275) / 25, dtheta = 30 * exp(-turn * turn);
  double cpm7 = cpm * cpm * cpm * cpm * cpm * cpm * cpm;
  double rc = 2 * sqrt(cpm7 / (cpm7 + pow25_7)), l50 = (lm - 50) * (lm - 50);
  double sl = 1 + 0.015 * l50 / sqrt(20 + l50), sc = 1 + 0.045 * cpm, sh = 1 + 0.015 * cpm * t, rt = -sin(radians(2 * dtheta)) * rc;
  double L = dl / sl, C = dc / sc, H = dH / sh, sum = L * L + C * C + H * H + rt * C * H;
  return sum > 0 ? sqrt(sum) : 0;
}

double color_delta_e_lab(const double x[3], const double y[3]) {
  return ciede2000((struct lab){ x[0], x[1], x[2] }, (struct lab){ y[0], y[1], y[2] });
}

static double delta76(struct lab x, struct lab y) {
  return sqrt((x.l - y.l) * (x.l - y.l) + (x.a - y.a) * (x.a - y.a) + (x.b - y.b) * (x.b - y.b));
}

/* ---- reading and making ---- */

static int hex_digit(char ch) {
  if (ch >= '0' && ch <= '9') return ch - '0';
  ch = ascii_lower(ch);
  return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

bool lib_color_parse(str s, int64_t *out) {
  if (s.n && s.p[0] == '#') s.p++, s.n--;
  if (s.n != 3 && s.n != 4 && s.n != 6 && s.n != 8) return false;
  bool brief = s.n < 6;
  uint32_t v = 0;
  for (uint32_t i = 0; i < s.n; i++) {
    int d = hex_digit(s.p[i]);
    if (d < 0) return false;
    v = v << 4 | (uint32_t)d;
    if (brief) v = v << 4 | (uint32_t)d;
  }
  if (s.n == 3 || s.n == 6) v = v << 8 | 0xFF;
  *out = v;
  return true;
}

int bi_color(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  return lib_color_parse(str_of(args[0].t), &out->i) ? ST_OK : ST_MISSING;
}

int bi_rgb(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  for (int i = 0; i < 3; i++)
    if (args[i].i < 0 || args[i].i > 255)
      return lib_fail(c, str_fmt(c->a, "a color's part goes from 0 to 255, not %lld", (long long)args[i].i));
  return ok_int(out, pack((int)args[0].i, (int)args[1].i, (int)args[2].i, 255));
}

static int to_byte(double v) { return v <= 0 ? 0 : v >= 1 ? 255 : (int)floor(v * 255 + 0.5); }

static bool in_unit(lib_ctx *c, double v, const char *what) {
  if (v >= 0 && v <= 1) return true;
  char n[32];
  number_print(v, n);
  (void)lib_fail(c, str_fmt(c->a, "%s goes from 0 to 1, not %s", what, n));
  return false;
}

int bi_from_hsl(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  if (!in_unit(c, args[1].n, "saturation") || !in_unit(c, args[2].n, "lightness")) return ST_ERR;
  double h = fmod(args[0].n, 360), s = args[1].n, l = args[2].n, part_of[3];
  if (h < 0) h += 360;
  for (int i = 0; i < 3; i++) { /* the formula of CSS Color 4 */
    static const int shift[] = { 0, 8, 4 };
    double k = fmod(shift[i] + h / 30, 12), a = s * fmin(l, 1 - l);
    part_of[i] = l - a * fmax(-1, fmin(fmin(k - 3, 9 - k), 1));
  }
  return ok_int(out, pack(to_byte(part_of[0]), to_byte(part_of[1]), to_byte(part_of[2]), 255));
}

int bi_from_oklch(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  if (!in_unit(c, args[0].n, "lightness")) return ST_ERR;
  if (args[1].n < 0) return lib_fail(c, STR("chroma is never negative"));
  double h = radians(fmod(args[2].n, 360)), a = args[1].n * cos(h), b = args[1].n * sin(h), L = args[0].n;
  double l = L + 0.3963377773761749 * a + 0.2158037573099136 * b, m = L - 0.1055613458156586 * a - 0.0638541728258133 * b;
  double s = L - 0.0894841775298119 * a - 1.2914855480194092 * b;
  l = l * l * l, m = m * m * m, s = s * s * s;
  double rgb[3] = { 4.0767416360759574 * l - 3.3077115392580616 * m + 0.2309699031821044 * s,
                    -1.2684379732850317 * l + 2.6097573492876887 * m - 0.3413193760026573 * s,
                    -0.0041960761386756 * l - 0.7034186179359362 * m + 1.7076146940746117 * s };
  for (int i = 0; i < 3; i++) {
    rgb[i] = from_linear(rgb[i]);
    if (!(rgb[i] >= -0.0005 && rgb[i] <= 1.0005)) return ST_MISSING; /* rounding noise alone is let through */
  }
  return ok_int(out, pack(to_byte(rgb[0]), to_byte(rgb[1]), to_byte(rgb[2]), 255));
}

/* ---- parts ---- */

int bi_red(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return ok_int(out, part(args[0].i, 24)); }
int bi_green(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return ok_int(out, part(args[0].i, 16)); }
int bi_blue(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return ok_int(out, part(args[0].i, 8)); }
int bi_alpha(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return ok_number(c, out, part(args[0].i, 0) / 255.0); }

int bi_with_alpha(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  if (!in_unit(c, args[1].n, "opacity")) return ST_ERR;
  return ok_int(out, (args[0].i & ~INT64_C(255)) | to_byte(args[1].n));
}

int bi_hex(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  static const type color = { .kind = TY_COLOR };
  buf b = { .a = c->a };
  val_print(&b, &color, args[0], false);
  return ok_text(c, out, buf_done(&b));
}

static int three(lib_ctx *c, val *out, double x, double y, double z) {
  val v[3] = { { .n = x }, { .n = y }, { .n = z } };
  out->r = lib_record(c, c->rett->rec, v);
  return ST_OK;
}

int bi_hsl(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  int r = part(args[0].i, 24), g = part(args[0].i, 16), b = part(args[0].i, 8);
  int max = r > g ? r : g, min = r < g ? r : g;
  if (b > max) max = b;
  if (b < min) min = b;
  double l = (max + min) / 510.0, d = max - min, h = 0, s = 0;
  if (d > 0) {
    s = d / (max + min > 255 ? 510 - max - min : max + min);
    if (max == r) h = (g - b) / d + (g < b ? 6 : 0);
    else if (max == g) h = (b - r) / d + 2;
    else h = (r - g) / d + 4;
  }
  return three(c, out, h * 60, s, l);
}

int bi_lab(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  struct color_state *k = state(c);
  if (!k) return ST_ERR;
  struct lab v = cached_lab(k, args[0].i);
  return three(c, out, v.l, v.a, v.b);
}

int bi_oklch(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  struct color_state *k = state(c);
  if (!k) return ST_ERR;
  double r = k->linear[part(args[0].i, 24)], g = k->linear[part(args[0].i, 16)], b = k->linear[part(args[0].i, 8)];
  double l = cbrt(0.4122214694707629 * r + 0.5363325372617349 * g + 0.0514459932675022 * b);
  double m = cbrt(0.2119034958178251 * r + 0.6806995506452345 * g + 0.1073969535369405 * b);
  double s = cbrt(0.0883024591900564 * r + 0.2817188391361215 * g + 0.6299787016738222 * b);
  double L = 0.2104542683093140 * l + 0.7936177747023054 * m - 0.0040720430116193 * s;
  double A = 1.9779985324311684 * l - 2.4285922420485799 * m + 0.4505937096174110 * s;
  double B = 0.0259040424655478 * l + 0.7827717124575296 * m - 0.8086757549230774 * s;
  bool gray = part(args[0].i, 24) == part(args[0].i, 16) && part(args[0].i, 16) == part(args[0].i, 8);
  return three(c, out, L, gray ? 0 : hypot(A, B), gray ? 0 : hue_angle(A, B));
}

/* ---- comparisons ---- */

/* The upper color's share of what is seen, rounded once to bytes. */
static int64_t composite(int64_t top, int64_t bottom) {
  double at = part(top, 0) / 255.0, ab = part(bottom, 0) / 255.0, a = at + ab * (1 - at);
  if (a <= 0) return 0;
  int v[3];
  for (int i = 0; i < 3; i++) {
    int shift = 24 - 8 * i;
    v[i] = (int)floor((part(top, shift) * at + part(bottom, shift) * ab * (1 - at)) / a + 0.5);
  }
  return pack(v[0], v[1], v[2], to_byte(a));
}

int bi_luminance(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  struct color_state *k = state(c);
  return k ? ok_number(c, out, luminance(k, args[0].i)) : ST_ERR;
}

int bi_contrast(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  struct color_state *k = state(c);
  if (!k) return ST_ERR;
  int64_t a = args[0].i, b = args[1].i;
  if (part(b, 0) != 255) b = composite(b, 0xFFFFFFFF);
  if (part(a, 0) != 255) a = composite(a, b);
  double x = luminance(k, a), y = luminance(k, b);
  return ok_number(c, out, x > y ? (x + 0.05) / (y + 0.05) : (y + 0.05) / (x + 0.05));
}

int bi_over(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  return ok_int(out, composite(args[0].i, args[1].i));
}

int bi_mix(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  if (!in_unit(c, args[2].n, "a share")) return ST_ERR;
  int v[4];
  for (int i = 0; i < 4; i++) {
    int shift = 24 - 8 * i, x = part(args[0].i, shift), y = part(args[1].i, shift);
    v[i] = (int)floor(x + (y - x) * args[2].n + 0.5);
  }
  return ok_int(out, pack(v[0], v[1], v[2], v[3]));
}

static double delta(struct color_state *k, int64_t a, int64_t b) {
  if (((a ^ b) & INT64_C(0xFFFFFF00)) == 0) return 0;
  return ciede2000(cached_lab(k, a), cached_lab(k, b));
}

int bi_delta_e(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  struct color_state *k = state(c);
  lib_work(c, 4);
  return k ? ok_number(c, out, delta(k, args[0].i, args[1].i)) : ST_ERR;
}

int bi_delta_e76(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  struct color_state *k = state(c);
  return k ? ok_number(c, out, delta76(cached_lab(k, args[0].i), cached_lab(k, args[1].i))) : ST_ERR;
}

/* ---- palettes ---- */

static int64_t swatch_color(const list *palette, uint32_t i) { return palette->v[i].r->v[1].i; }
static const text *swatch_name(const list *palette, uint32_t i) { return palette->v[i].r->v[0].t; }

/* Names a palette by what is in it: an address could come again with other colors. Walking the colors costs a hundredth of comparing with them. */
static uint64_t palette_hash(const list *p) {
  uint64_t h = p->n;
  for (uint32_t i = 0; i < p->n; i++) h = (h ^ (uint64_t)swatch_color(p, i)) * 0x9E3779B97F4A7C15u, h ^= h >> 29;
  return h | 1;
}

int bi_nearest(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  struct color_state *k = state(c);
  const list *p = args[1].l;
  if (!k) return ST_ERR;
  if (!p->n) return lib_fail(c, STR("the palette has no colors"));
  uint64_t name = palette_hash(p);
  uint32_t rgb = (uint32_t)args[0].i >> 8, slot = (rgb * 2654435761u ^ (uint32_t)(name >> 32)) % NEAREST_SLOTS;
  if (k->nearest[slot].palette != name || k->nearest[slot].rgb != rgb) {
    uint32_t best = 0;
    double least = INFINITY;
    lib_work(c, 4 * (uint64_t)p->n);
    for (uint32_t i = 0; i < p->n && least > 0; i++) {
      double d = delta(k, args[0].i, swatch_color(p, i));
      if (d < least) least = d, best = i;
    }
    k->nearest[slot].palette = name, k->nearest[slot].rgb = rgb;
    k->nearest[slot].index = best, k->nearest[slot].delta = least;
  }
  uint32_t i = k->nearest[slot].index;
  val v[3] = { { .t = swatch_name(p, i) }, { .i = swatch_color(p, i) }, { .n = k->nearest[slot].delta } };
  out->r = lib_record(c, c->rett->rec, v);
  return ST_OK;
}

int bi_nearest_list(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  struct color_state *k = state(c);
  const list *l = args[1].l;
  if (!k) return ST_ERR;
  if (!l->n) return ST_MISSING;
  uint32_t best = 0;
  double least = INFINITY;
  lib_work(c, 4 * (uint64_t)l->n);
  for (uint32_t i = 0; i < l->n && least > 0; i++) {
    double d = delta(k, args[0].i, l->v[i].i);
    if (d < least) least = d, best = i;
  }
  val v[3] = { { .i = 0 }, l->v[best], { .n = least } };
  if (bi_hex(c, &l->v[best], st, &v[0]) != ST_OK) return ST_ERR;
  out->r = lib_record(c, c->rett->rec, v);
  return ST_OK;
}

int bi_palette_colors(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  const list *p = args[0].l;
  val *v = ARENA_ARRAY(c->a, val, p->n + 1);
  for (uint32_t i = 0; i < p->n; i++) v[i].i = swatch_color(p, i);
  return ok_list(c, out, v, p->n);
}

int bi_palette_names(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  const list *p = args[0].l;
  val *v = ARENA_ARRAY(c->a, val, p->n + 1);
  for (uint32_t i = 0; i < p->n; i++) v[i].t = swatch_name(p, i);
  return ok_list(c, out, v, p->n);
}

int bi_palette_get(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  const list *p = args[0].l;
  for (uint32_t i = 0; i < p->n; i++)
    if (text_eq(swatch_name(p, i), args[1].t)) return ok_int(out, swatch_color(p, i));
  return ST_MISSING;
}
