/* The probability of being best, p_i = integral of f_i(x) * prod_{j != i} F_j(x), by cells (semantics: "Thompson, independent arms").
 *
 * With L_i = log F_i and G = exp(sum L_i), a cell [x, y] adds (G(y) - G(x)) * dL_i / sum dL_j to p_i: the increments of G are exact, so the p_i sum to 1
 * whatever the cells are, and only the split inside a cell is approximated. A cell is halved until the split of the whole and of its
 * halves agree; the pair is then extrapolated (the split's error falls fourfold with each halving).
 *
 * Rates are walked in logit(x): Beta(1, 0.001) has nearly all its mass nearer to 1 than a double can be, but at logits of a few thousand. A place so
 * knows x, 1 - x and the logarithm of both, each to full precision.
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
  double log_p, log_q;
  double peak;              /* log of x^a (1 - x)^b / B(a, b) at x = p */
  double base;              /* -log B(a, b) */
  uint32_t index, count;    /* of the first belief of the group; how many equal ones */
} arm;

static arm prepare(const belief *m) {
  arm r = { .normal = m->normal, .a = m->a, .b = m->b, .count = 1 };
  if (m->normal) { r.mean = m->a, r.sd = m->b; return r; }
  double n = m->a + m->b;
  r.mean = r.p = m->a / n, r.q = m->b / n;
  r.log_p = r.p < 0.5 ? log(r.p) : log1p(-r.q), r.log_q = r.q < 0.5 ? log(r.q) : log1p(-r.p); /* times 10^14: every digit counts */
  r.sd = sqrt(r.p * r.q / (n + 1));
  r.peak = 0.5 * (log(m->a) + r.log_q - 1.83787706640934548356) + stirling_error(n) - stirling_error(m->a) - stirling_error(m->b);
  r.base = r.peak - m->a * r.log_p - m->b * r.log_q;
  return r;
}

/* A rate: x, 1 - x and their logarithms. Normal beliefs know x only, and t is x. */
typedef struct rate { double t, x, y, log_x, log_y; } rate;

static rate rate_at(double t) { /* t: logit(x) */
  double e = exp(-fabs(t)), l = log1p(e), much = 1 / (1 + e), little = e / (1 + e), log_little = -fabs(t) - l;
  return t < 0 ? (rate){ t, little, much, log_little, -l } : (rate){ t, much, little, -l, log_little };
}

static rate rate_of(double x) { return (rate){ log(x) - log1p(-x), x, 1 - x, log(x), log1p(-x) }; }

/* log of x^a (1 - x)^b / B(a, b). */
static double log_kernel(const arm *m, const rate *r) {
  double d = m->p < 0.5 ? r->x - m->p : m->q - r->y;
  /* near the mean the two logarithms nearly cancel; log1p keeps what is left of them */
  if (fabs(d) < 0.1 * m->p && fabs(d) < 0.1 * m->q) return m->peak + m->a * log1p(d / m->p) + m->b * log1p(-d / m->q);
  return m->peak + m->a * (r->log_x - m->log_p) + m->b * (r->log_y - m->log_q);
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

/* Mass below x (or above it: the smaller one of both), two panels; the density has nothing left beyond 9 standard deviations there. Integrated over the
   smaller of x and 1 - x, whose digits are all there. */
static double tail_mass(const arm *m, const rate *at, bool below) {
  bool low = m->p < 0.5;
  double x = low ? at->x : at->y, p = low ? m->p : m->q;
  double far = below == low ? fmax(0, fmin(p - 9 * m->sd, x - 4 * m->sd)) : fmin(1, fmax(p + 9 * m->sd, x + 4 * m->sd));
  double cut = x + (far - x) / 3, edges[3] = { x, cut, far }, sum = 0;
  for (int k = 0; k < 2; k++) {
    double mid = (edges[k] + edges[k + 1]) / 2, half = (edges[k + 1] - edges[k]) / 2, part = 0;
    for (int i = 0; i < 10; i++)
      for (int s = -1; s <= 1; s += 2) {
        double z = mid + s * half * gl_x[i], lz = log(z), lr = log1p(-z);
        rate r = low ? (rate){ 0, z, 1 - z, lz, lr } : (rate){ 0, 1 - z, z, lr, lz };
        part += gl_w[i] * exp(log_kernel(m, &r)) / (z * (1 - z));
      }
    sum += part * half;
  }
  return fabs(sum);
}

enum { QUADRATURE_FROM = 3000 }; /* above this parameter the fraction is the slower one */

static double beta_log_cdf(const arm *m, const rate *r) {
  double k = log_kernel(m, r);
  bool low = m->p < 0.5 ? r->x < (m->a + 1) / (m->a + m->b + 2) : r->y > (m->b + 1) / (m->a + m->b + 2);
  if (!low && k - log(m->b) < -60) return 0; /* the mass above x is below 1e-24 */
  if (fmax(m->a, m->b) > QUADRATURE_FROM && fmin(m->a, m->b) > 20 && k > -600) {
    bool left = m->p < 0.5 ? r->x < m->p : r->y > m->q;
    double t = tail_mass(m, r, left);
    return left ? log(t) : log1p(-t);
  }
  if (low) return fmin(k + log(fraction(m->a, m->b, r->x) / m->a), 0);
  double above = exp(k) * fraction(m->b, m->a, r->y) / m->b;
  return above < 1 ? log1p(-above) : -40; /* F is below what 1 - F can tell */
}

static double normal_log_cdf(const arm *m, double x) {
  double z = (x - m->mean) / m->sd;
  if (z > 0) return log1p(-0.5 * erfc(z * M_SQRT1_2));
  if (z > -30) return log(0.5 * erfc(-z * M_SQRT1_2));
  double r = 1 / (z * z); /* asymptotic series of Mills' ratio */
  return -0.5 * z * z - log(-z * 2.50662827463100050242) + log1p(-r * (1 - 3 * r * (1 - 5 * r)));
}

static double log_cdf(const arm *m, const rate *r) { return m->normal ? normal_log_cdf(m, r->x) : beta_log_cdf(m, r); }

double belief_log_cdf(const belief *b, double x) {
  arm m = prepare(b);
  if (m.normal) return normal_log_cdf(&m, x);
  if (x <= 0 || x >= 1) return x <= 0 ? -INFINITY : 0;
  rate r = rate_of(x);
  return beta_log_cdf(&m, &r);
}

/* ---- cells ---- */

typedef struct quad {
  arena *a;
  const arm *arms;          /* groups */
  uint32_t n;
  bool normal;
  double narrow;            /* standard deviation, about, of the narrowest along t */
  double *sum;              /* of each group */
  double *whole;            /* scratch: the cell's own split */
} quad;

/* All distribution functions at one place. */
typedef struct place {
  rate r;
  double g;                 /* their product, to the power of the multiplicities */
  double *f, *l;            /* F and count * log F of each group */
} place;

static place place_new(const quad *q, double t) {
  return (place){ q->normal ? (rate){ .t = t, .x = t } : rate_at(t), 0, ARENA_ARRAY(q->a, double, q->n), ARENA_ARRAY(q->a, double, q->n) };
}

static place place_direct(const quad *q, double t) {
  place r = place_new(q, t);
  double s = 0;
  for (uint32_t i = 0; i < q->n; i++) {
    double l = log_cdf(&q->arms[i], &r.r);
    r.f[i] = exp(l);
    s += r.l[i] = l * q->arms[i].count;
  }
  r.g = exp(s);
  return r;
}

/* The same from a place a little above: F there less the integral of the density between, 8-point Gauss-Legendre, whose logarithms all groups share. A
   hundred times cheaper than the incomplete beta function for large parameters. Good for steps of at most two standard deviations; where a small F
   would be left, the direct way. Along t the density is x^a (1 - x)^b / B, smooth for all a and b. */
static place place_below(const quad *q, const place *y, double t) {
  static const double gx[4] = { 0.1834346424956498049394761, 0.5255324099163289858177390, 0.7966664774136267395915539, 0.9602898564975362316835609 };
  static const double gw[4] = { 0.3626837833783619829651504, 0.3137066458778872873379622, 0.2223810344533744705443560, 0.1012285362903762591525314 };
  if (q->normal || y->r.t - t > 2 * q->narrow) return place_direct(q, t);
  place r = place_new(q, t);
  rate at[8];
  double w[8], mid = (t + y->r.t) / 2, half = (y->r.t - t) / 2, s = 0;
  for (int j = 0; j < 8; j++) at[j] = rate_at(mid + (j & 1 ? half : -half) * gx[j / 2]), w[j] = half * gw[j / 2];
  for (uint32_t i = 0; i < q->n; i++) {
    const arm *m = &q->arms[i];
    double base = m->base, k = base + m->a * r.r.log_x + m->b * r.r.log_y, l;
    if (r.r.x > m->p && k < -60) { r.f[i] = 1; continue; } /* L = 0: the mass above x is below 1e-24 */
    if (m->a + m->b > 1e9) l = log_cdf(m, &r.r); /* the shared logarithms have too few digits */
    else {
      double part = 0;
      for (int j = 0; j < 8; j++) part += w[j] * exp(base + m->a * at[j].log_x + m->b * at[j].log_y);
      double f = y->f[i] - part;
      l = f > 1e-6 ? (f < 1 ? log(f) : 0) : log_cdf(m, &r.r);
    }
    r.f[i] = exp(l);
    s += r.l[i] = l * m->count;
  }
  r.g = exp(s);
  return r;
}

/* The share of a cell that goes to group i. */
static void split(const quad *q, const double *lx, const double *ly, double dg, double *out) {
  double total = 0;
  for (uint32_t i = 0; i < q->n; i++) {
    out[i] = ly[i] - lx[i];
    if (!(out[i] > 0)) out[i] = 0;
    total += out[i];
  }
  for (uint32_t i = 0; i < q->n; i++) out[i] = total > 0 ? dg * out[i] / total : dg / q->n;
}

enum { DEPTH = 1100 }; /* from the widest cell of t, 10^302, to the narrowest arm's */
/* Of the disagreement before extrapolation, summed over groups, a unit of G. Measured: errors below 4e-7 for few groups; among many each gets less of
   it. */
static const double TOLERANCE = 1e-5, TOLERANCE_MANY = 4e-5;
enum { MANY = 64 };
static const double UNSEEN = 1e-8;      /* ... of a lopsided cell: it is small beside the limit of 1e-6 even if all of it went to the wrong arm */
static const double NEGLIGIBLE = 1e-11; /* a cell of less weight is not worth a halving */

static void cell(quad *q, const place *x, const place *y, int depth) {
  double dg = y->g - x->g;
  if (!(dg > 0)) return;
  arena_mark mark = arena_save(q->a);
  double mid = x->r.t + (y->r.t - x->r.t) / 2;
  if (dg < NEGLIGIBLE || depth == DEPTH || !(mid > x->r.t && mid < y->r.t)) {
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
  /* where one half has nearly all there is, the other says nothing of how that is split */
  bool lopsided = fmin(m.g - x->g, y->g - m.g) < dg / 50 && dg > UNSEEN;
  bool few = q->n < MANY; /* then there are few nodes, and halves that agree may do so by chance */
  if (!lopsided && !(few && !depth) && err <= (few ? TOLERANCE : TOLERANCE_MANY) * dg + NEGLIGIBLE) {
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

/* Where along t nothing is left above: log(1 - F) <= b log(1 - x) - log(b B(a, b)) + log 2 from x = 1/2 on. So for F below, with a for b. */
static double far_end(double b, double base) { return fmax(1, (base - log(b) + 30) / b); }

/* First nodes: around every group's mean, so that no cell is so wide that a narrow arm hides between its ends and its middle, and along the tails of parameters
   below 1, which are powers; thinned out to about a quarter of the narrowest arm's standard deviation. */
static uint32_t nodes(const quad *q, double **out) {
  static const double at[] = { -6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6 }, tail[] = { 0.01, 0.1, 0.5, 1, 2, 4, 8, 16 };
  enum { PER = sizeof at / sizeof *at, TAIL = sizeof tail / sizeof *tail };
  double *x = ARENA_ARRAY(q->a, double, (size_t)q->n * (PER + 2 * TAIL) + 2), lo = INFINITY, hi = -INFINITY, low = -INFINITY;
  uint32_t k = 0;
  for (uint32_t i = 0; i < q->n; i++) {
    const arm *v = &q->arms[i];
    lo = fmin(lo, v->mean - 40 * v->sd);
    if (q->normal) hi = fmax(hi, v->mean + 40 * v->sd);
    else hi = fmax(hi, far_end(v->b, v->base)), low = fmax(low, -far_end(v->a, v->base)); /* one F that weighs nothing is enough */
    for (int j = 0; j < PER; j++) {
      double d = at[j] * v->sd, below = v->p + d, above = v->q - d;
      if (q->normal) x[k++] = v->mean + d;
      else if (below > 0 && above > 0) x[k++] = log(below) - log(above);
    }
    for (int j = 0; j < TAIL && !q->normal; j++) {
      if (v->b < 1) x[k++] = tail[j] / v->b;
      if (v->a < 1) x[k++] = -tail[j] / v->a;
    }
  }
  if (!q->normal) lo = low;
  qsort(x, k, sizeof *x, by_double);
  uint32_t m = 1, i = 0;
  double last = lo;
  double *v = ARENA_ARRAY(q->a, double, k + 2u);
  for (v[0] = lo; i < k; i++)
    if (x[i] - last > q->narrow / 4 && x[i] < hi) v[m++] = last = x[i];
  v[m++] = hi;
  *out = v;
  return m;
}

static bool in_range(const belief *m) {
  if (!isfinite(m->a) || !isfinite(m->b) || !(m->b > 0)) return false;
  return m->normal || (m->a >= 1e-18 && m->b >= 1e-18 && m->a + m->b < 1e15); /* smaller ones are a coin between 0 and 1; tested so far */
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
  quad q = { .a = a, .arms = v, .n = m, .normal = v[0].normal, .narrow = INFINITY, .sum = ARENA_ARRAY(a, double, m), .whole = ARENA_ARRAY(a, double, m) };
  for (uint32_t i = 0; i < m; i++) q.narrow = fmin(q.narrow, q.normal ? v[i].sd : sqrt(1 / v[i].a + 1 / v[i].b));
  double *x;
  uint32_t k = nodes(&q, &x);
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
