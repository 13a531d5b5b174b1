/* The probability of being best, p_i = integral of f_i(x) * prod_{j != i} F_j(x), by cells (semantics: "Thompson, independent arms").
 *
 * With L_i = log F_i and G = exp(sum L_i), a cell [x, y] adds (G(y) - G(x)) * dL_i / sum dL_j to p_i: the increments of G are exact, so the p_i sum to 1
 * whatever the cells are, and only the split inside a cell is approximated. A cell is halved until the split of the whole and of its
 * halves agree; the pair is then extrapolated (the split's error falls fourfold with each halving).
 *
 * Equal beliefs are one group with a multiplicity: a thousand arms without evidence cost as much as one.
 *
 * The incomplete beta function: continued fraction by Lentz's method for small parameters; for large ones, where the fraction needs
 * about sqrt(max(a, b)) steps, Gauss-Legendre quadrature of the density. The density is computed around its mean after C. Loader, "Fast and Accurate Computation of Binomial
 * Probabilities" (2000): no difference of large log-gammas, so 10^8 trials lose no digits. */
#include "runtime/thompson.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* lnGamma(n + 1) - ((n + 1/2) ln n - n + ln(2 pi) / 2). */
static double stirling_error(double n) {
  if (n < 16) {
    int sign;
    return lgamma_r(n + 1, &sign) - ((n + 0.5) * log(n) - n + 0.91893853320467274178);
  }
  double r = 1 / (n * n);
  return (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - (1.0 / 1680 - r / 1188) * r) * r) * r) / n;
}

typedef struct arm {
  bool normal;
  double a, b, mean, sd;
  double p, q;              /* a / (a + b), b / (a + b) */
  double peak;              /* log of x^a (1 - x)^b / B(a, b) at x = p */
  double base;              /* -log B(a, b) */
  uint32_t index, count;    /* of the first belief of the group; how many equal ones */
} arm;

static arm prepare(const belief *m) {
  arm r = { .normal = m->normal, .a = m->a, .b = m->b, .count = 1 };
  if (m->normal) { r.mean = m->a, r.sd = m->b; return r; }
  double n = m->a + m->b;
  r.mean = r.p = m->a / n, r.q = m->b / n;
  r.sd = sqrt(r.p * r.q / (n + 1));
  r.peak = 0.5 * (log(m->a) + log(r.q) - 1.83787706640934548356) + stirling_error(n) - stirling_error(m->a) - stirling_error(m->b);
  r.base = r.peak - m->a * log(r.p) - m->b * log(r.q);
  return r;
}

/* log of x^a (1 - x)^b / B(a, b). */
static double log_kernel(const arm *m, double x) {
  double d = x - m->p;
  /* near the mean the two logarithms nearly cancel; log1p keeps what is left of them */
  if (fabs(d) < 0.1 * m->p && fabs(d) < 0.1 * m->q) return m->peak + m->a * log1p(d / m->p) + m->b * log1p(-d / m->q);
  return m->peak + m->a * log(x / m->p) + m->b * (log1p(-x) - log(m->q));
}

/* I_x(a, b) * a / (x^a (1-x)^b / B), by the continued fraction DLMF 8.17.22; converges fast for x < (a + 1) / (a + b + 2). */
static double fraction(double a, double b, double x) {
  const double tiny = 1e-300;
  double c = 1, d = 1 - (a + b) * x / (a + 1);
  if (fabs(d) < tiny) d = tiny;
  d = 1 / d;
  double h = d;
  for (int i = 1; i < 100000; i++) {
    double m = i, t = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 + t * d, c = 1 + t / c;
    if (fabs(d) < tiny) d = tiny;
    if (fabs(c) < tiny) c = tiny;
    d = 1 / d;
    h *= d * c;
    t = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 + t * d, c = 1 + t / c;
    if (fabs(d) < tiny) d = tiny;
    if (fabs(c) < tiny) c = tiny;
    d = 1 / d;
    h *= d * c;
    if (fabs(d * c - 1) < 1e-14) break;
  }
  return h;
}

/* Gauss-Legendre, 20 points: the positive nodes and their weights. */
static const double gl_x[10] = { 0.0765265211334973337546404, 0.2277858511416450780804962, 0.3737060887154195606725482, 0.5108670019508270980043641,
  0.6360536807265150254528367, 0.7463319064601507926143051, 0.8391169718222188233945291, 0.9122344282513259058677524, 0.9639719272779137912676661,
  0.9931285991850949247861224 };
static const double gl_w[10] = { 0.1527533871307258506980843, 0.1491729864726037467878287, 0.1420961093183820513292983, 0.1316886384491766268984945,
  0.1181945319615184173123774, 0.1019301198172404350367501, 0.0832767415767047487247581, 0.0626720483341090635695065, 0.0406014298003869413310400,
  0.0176140071391521183118620 };

/* Mass between x and the far end of its own side, two panels; the density has nothing left beyond 9 standard deviations there. */
static double tail_mass(const arm *m, double x) {
  double far = x < m->p ? fmax(0, fmin(m->p - 9 * m->sd, x - 4 * m->sd)) : fmin(1, fmax(m->p + 9 * m->sd, x + 4 * m->sd));
  double cut = x + (far - x) / 3, edges[3] = { x, cut, far }, sum = 0;
  for (int k = 0; k < 2; k++) {
    double mid = (edges[k] + edges[k + 1]) / 2, half = (edges[k + 1] - edges[k]) / 2, part = 0;
    for (int i = 0; i < 10; i++)
      for (int s = -1; s <= 1; s += 2) {
        double t = mid + s * half * gl_x[i];
        part += gl_w[i] * exp(log_kernel(m, t)) / (t * (1 - t));
      }
    sum += part * half;
  }
  return fabs(sum);
}

enum { QUADRATURE_FROM = 3000 }; /* above this parameter the fraction is the slower one */

static double beta_log_cdf(const arm *m, double x) {
  if (x <= 0) return -INFINITY;
  if (x >= 1) return 0;
  double k = log_kernel(m, x);
  bool low = x < (m->a + 1) / (m->a + m->b + 2);
  if (!low && k < -60) return 0; /* the mass above x is below 1e-24 */
  if (fmax(m->a, m->b) > QUADRATURE_FROM && fmin(m->a, m->b) > 20 && k > -600) {
    bool left = x < m->p;
    double t = tail_mass(m, x);
    return left ? log(t) : log1p(-t);
  }
  if (low) return k + log(fraction(m->a, m->b, x) / m->a);
  return log1p(-exp(k) * fraction(m->b, m->a, 1 - x) / m->b);
}

static double normal_log_cdf(const arm *m, double x) {
  double z = (x - m->mean) / m->sd;
  if (z > 0) return log1p(-0.5 * erfc(z * M_SQRT1_2));
  if (z > -30) return log(0.5 * erfc(-z * M_SQRT1_2));
  double r = 1 / (z * z); /* asymptotic series of Mills' ratio */
  return -0.5 * z * z - log(-z * 2.50662827463100050242) + log1p(-r * (1 - 3 * r * (1 - 5 * r)));
}

static double log_cdf(const arm *m, double x) { return m->normal ? normal_log_cdf(m, x) : beta_log_cdf(m, x); }

double belief_log_cdf(const belief *b, double x) {
  arm m = prepare(b);
  return log_cdf(&m, x);
}

/* ---- cells ---- */

typedef struct quad {
  arena *a;
  const arm *arms;          /* groups */
  uint32_t n;
  double narrow;            /* least standard deviation */
  double *sum;              /* of each group */
  double *whole;            /* scratch: the cell's own split */
} quad;

/* All distribution functions at one place. */
typedef struct place {
  double x, g;              /* g: their product, to the power of the multiplicities */
  double *f, *l;            /* F and count * log F of each group */
} place;

static place place_new(const quad *q, double x) {
  return (place){ x, 0, ARENA_ARRAY(q->a, double, q->n), ARENA_ARRAY(q->a, double, q->n) };
}

static place place_direct(const quad *q, double x) {
  place r = place_new(q, x);
  double s = 0;
  for (uint32_t i = 0; i < q->n; i++) {
    double l = log_cdf(&q->arms[i], x);
    r.f[i] = exp(l);
    s += r.l[i] = l * q->arms[i].count;
  }
  r.g = exp(s);
  return r;
}

/* The same from a place a little above: F(x) = F(y) less the integral of the density over [x, y], 8-point Gauss-Legendre, whose logarithms all groups share. A
   hundred times cheaper than the incomplete beta function for large parameters. Good for steps of at most two standard deviations; where a small F
   would be left, or the density is not smooth, the direct way. */
static place place_below(const quad *q, const place *y, double x) {
  static const double gx[4] = { 0.1834346424956498049394761, 0.5255324099163289858177390, 0.7966664774136267395915539, 0.9602898564975362316835609 };
  static const double gw[4] = { 0.3626837833783619829651504, 0.3137066458778872873379622, 0.2223810344533744705443560, 0.1012285362903762591525314 };
  if (y->x - x > 2 * q->narrow || q->arms[0].normal || x <= 0 || y->x >= 1) return place_direct(q, x);
  place r = place_new(q, x);
  double lt[8], lu[8], w[8], lx = log(x), ux = log1p(-x), mid = (x + y->x) / 2, half = (y->x - x) / 2, s = 0;
  for (int j = 0; j < 8; j++) {
    double t = mid + (j & 1 ? half : -half) * gx[j / 2];
    lt[j] = log(t), lu[j] = log1p(-t), w[j] = half * gw[j / 2] / (t * (1 - t));
  }
  for (uint32_t i = 0; i < q->n; i++) {
    const arm *m = &q->arms[i];
    double base = m->base, k = base + m->a * lx + m->b * ux, l;
    if (x > m->p && k < -60) { r.f[i] = 1; continue; } /* L = 0: the mass above x is below 1e-24 */
    if (m->a < 2 || m->b < 2 || m->a + m->b > 1e9) l = log_cdf(m, x); /* beyond 1e9 the shared logarithms have too few digits */
    else {
      double part = 0;
      for (int j = 0; j < 8; j++) part += w[j] * exp(base + m->a * lt[j] + m->b * lu[j]);
      double f = y->f[i] - part;
      l = f > 1e-6 ? (f < 1 ? log(f) : 0) : log_cdf(m, x);
    }
    r.f[i] = exp(l);
    s += r.l[i] = l * m->count;
  }
  r.g = exp(s);
  return r;
}

/* The share of a cell that goes to group i. Where L is still infinite at the left end (the edge of the domain) the shares go by the exponents
   at which the distribution functions rise from zero; such a cell is only accepted when it weighs nothing. */
static void split(const quad *q, const double *lx, const double *ly, double dg, double *out) {
  double total = 0;
  for (uint32_t i = 0; i < q->n; i++) {
    out[i] = isinf(lx[i]) ? q->arms[i].a * q->arms[i].count : ly[i] - lx[i];
    if (!(out[i] > 0)) out[i] = 0;
    total += out[i];
  }
  for (uint32_t i = 0; i < q->n; i++) out[i] = total > 0 ? dg * out[i] / total : dg / q->n;
}

enum { DEPTH = 60 };
static const double TOLERANCE = 4e-5;  /* of the disagreement before extrapolation, summed over groups, a unit of G: measured, it leaves errors below 1e-7 */
static const double NEGLIGIBLE = 1e-11; /* a cell of less weight is not worth a halving */

static void cell(quad *q, const place *x, const place *y, int depth) {
  double dg = y->g - x->g;
  if (!(dg > 0)) return;
  arena_mark mark = arena_save(q->a);
  double mid = x->x + (y->x - x->x) / 2;
  if (dg < NEGLIGIBLE || depth == DEPTH || !(mid > x->x && mid < y->x)) {
    split(q, x->l, y->l, dg, q->whole);
    for (uint32_t i = 0; i < q->n; i++) q->sum[i] += q->whole[i];
    return;
  }
  place m = place_below(q, y, mid);
  double *l = ARENA_ARRAY(q->a, double, q->n), *r = ARENA_ARRAY(q->a, double, q->n), err = 0;
  split(q, x->l, y->l, dg, q->whole);
  split(q, x->l, m.l, m.g - x->g, l);
  split(q, m.l, y->l, y->g - m.g, r);
  for (uint32_t i = 0; i < q->n; i++) err += fabs(l[i] + r[i] - q->whole[i]);
  bool edge = isinf(x->l[0]) && m.g > NEGLIGIBLE;
  if (!edge && err <= TOLERANCE * dg + NEGLIGIBLE) {
    for (uint32_t i = 0; i < q->n; i++) {
      double h = l[i] + r[i], e = h + (h - q->whole[i]) / 3;
      q->sum[i] += e > 0 ? e : h;
    }
  } else {
    cell(q, x, &m, depth + 1);
    cell(q, &m, y, depth + 1);
  }
  arena_restore(q->a, mark);
}

static int by_value(const void *x, const void *y) {
  const arm *a = x, *b = y;
  if (a->a != b->a) return a->a < b->a ? -1 : 1;
  if (a->b != b->b) return a->b < b->b ? -1 : 1;
  return a->index < b->index ? -1 : a->index > b->index;
}

static int by_double(const void *x, const void *y) {
  double a = *(const double *)x, b = *(const double *)y;
  return (a > b) - (a < b);
}

/* First nodes: around every group's mean, so that no cell is so wide that a narrow arm hides between its ends and its middle; thinned out to about a
   quarter of the narrowest arm's standard deviation. */
static uint32_t nodes(arena *a, const arm *v, uint32_t n, double narrow, double **out) {
  static const double at[] = { -6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6 };
  enum { PER = sizeof at / sizeof *at };
  double *x = ARENA_ARRAY(a, double, (size_t)n * PER + 2), lo = INFINITY, hi = -INFINITY;
  uint32_t k = 0;
  for (uint32_t i = 0; i < n; i++) {
    lo = fmin(lo, v[i].mean - 40 * v[i].sd), hi = fmax(hi, v[i].mean + 40 * v[i].sd);
    for (int j = 0; j < PER; j++) {
      double t = v[i].mean + at[j] * v[i].sd;
      if (v[i].normal || (t > 0 && t < 1)) x[k++] = t;
    }
  }
  x[k++] = v[0].normal ? lo : 0, x[k++] = v[0].normal ? hi : 1;
  qsort(x, k, sizeof *x, by_double);
  uint32_t m = 1;
  for (uint32_t i = 1; i + 1 < k; i++)
    if (x[i] - x[m - 1] > narrow / 4) x[m++] = x[i];
  if (k > 1) x[m++] = x[k - 1];
  *out = x;
  return m;
}

static bool in_range(const belief *m) {
  if (!isfinite(m->a) || !isfinite(m->b) || !(m->b > 0)) return false;
  return m->normal || (m->a > 0 && m->a + m->b < 1e15);
}

bool thompson_best(arena *a, const belief *beliefs, uint32_t n, double *p) {
  for (uint32_t i = 0; i < n; i++)
    if (!in_range(&beliefs[i]) || beliefs[i].normal != beliefs[0].normal) return false;
  if (!n) return true;
  arena_mark mark = arena_save(a);
  arm *v = ARENA_ARRAY(a, arm, n);
  uint32_t *group = ARENA_ARRAY(a, uint32_t, n);
  for (uint32_t i = 0; i < n; i++) v[i] = (arm){ .normal = beliefs[i].normal, .a = beliefs[i].a, .b = beliefs[i].b, .index = i };
  qsort(v, n, sizeof *v, by_value);
  uint32_t m = 0;
  for (uint32_t i = 0; i < n; i++) {
    if (m && v[m - 1].a == v[i].a && v[m - 1].b == v[i].b) v[m - 1].count++;
    else {
      uint32_t index = v[i].index;
      v[m] = prepare(&beliefs[index]);
      v[m++].index = index;
    }
    group[v[i].index] = m - 1; /* i >= m - 1: not overwritten before it is read, index of entry i is still its own or equal */
  }
  quad q = { .a = a, .arms = v, .n = m, .narrow = INFINITY, .sum = ARENA_ARRAY(a, double, m), .whole = ARENA_ARRAY(a, double, m) };
  for (uint32_t i = 0; i < m; i++) q.narrow = fmin(q.narrow, v[i].sd);
  double *x;
  uint32_t k = nodes(a, v, m, q.narrow, &x);
  /* From the top down, until the product weighs nothing: what lies below needs no look. */
  place y = place_direct(&q, x[k - 1]);
  while (k > 1 && y.g > NEGLIGIBLE) {
    place below = place_below(&q, &y, x[--k - 1]);
    cell(&q, &below, &y, 0);
    y = below;
  }
  double total = 0;
  for (uint32_t i = 0; i < m; i++) total += q.sum[i];
  for (uint32_t i = 0; i < n; i++) p[i] = q.sum[group[i]] / v[group[i]].count / total;
  arena_restore(a, mark);
  return true;
}
