/* Exact, order-independent sums. See agg.h. */
#include "base/agg.h"

#include <math.h>
#include <string.h>

void agg_init(agg *a, agg_op op, const type *elem) {
  memset(a, 0, sizeof *a);
  a->op = (uint8_t)op;
  a->elem = elem;
  a->number = elem && elem->kind == TY_NUMBER;
}

/* Leaves every limb but the top one in 0 .. 2^32 - 1; the top one carries the sign. */
static void carry(agg *a) {
  for (int i = 0; i + 1 < AGG_LIMBS; i++) {
    int64_t c = a->limb[i] >> 32;
    a->limb[i] -= c * ((int64_t)1 << 32);
    a->limb[i + 1] += c;
  }
  a->pending = 0;
}

/* Adds m * 2^(bit - 1074). */
static void deposit(agg *a, uint64_t m, unsigned bit, bool neg) {
  unsigned at = bit / 32, shift = bit % 32;
  unsigned __int128 wide = (unsigned __int128)m << shift;
  for (int k = 0; k < 3; k++, wide >>= 32) {
    int64_t part = (int64_t)(uint32_t)wide;
    a->limb[at + (unsigned)k] += neg ? -part : part;
  }
  if (++a->pending == 1u << 29) carry(a);
}

static void add_number(agg *a, double x) {
  int e;
  double m = frexp(fabs(x), &e); /* x = m * 2^e, m in [0.5, 1) */
  if (m == 0) return;
  uint64_t bits = (uint64_t)ldexp(m, 53);
  e -= 53;
  if (e < -1074) bits >>= -1074 - e, e = -1074; /* subnormal: the bits shifted out are zero */
  deposit(a, bits, (unsigned)(e + 1074), signbit(x));
}

void agg_add(agg *a, val v) {
  a->n++;
  switch ((agg_op)a->op) {
  case AGG_COUNT: break;
  case AGG_SUM: case AGG_AVG:
    if (a->number) add_number(a, v.n);
    else a->isum += v.i;
    break;
  case AGG_MIN: if (a->n == 1 || val_cmp(a->elem, v, a->best) < 0) a->best = v; break;
  case AGG_MAX: if (a->n == 1 || val_cmp(a->elem, v, a->best) > 0) a->best = v; break;
  }
}

/* The register divided by n (n >= 1), rounded once. */
static double rounded(agg *a, uint64_t n) {
  enum { EXTRA = 4, W = AGG_LIMBS + EXTRA }; /* 128 fraction bits below, so that a quotient keeps its precision */
  uint32_t w[W] = { 0 };
  carry(a);
  bool neg = a->limb[AGG_LIMBS - 1] < 0;
  if (neg) {
    for (int i = 0; i < AGG_LIMBS; i++) a->limb[i] = -a->limb[i];
    carry(a);
  }
  for (int i = 0; i < AGG_LIMBS; i++) w[i + EXTRA] = (uint32_t)a->limb[i];
  unsigned __int128 rem = 0;
  for (int i = W - 1; i >= 0; i--) {
    rem = rem << 32 | w[i];
    w[i] = (uint32_t)(rem / n);
    rem %= n;
  }
  int top = W - 1;
  while (top >= 0 && !w[top]) top--;
  if (top < 0) return 0; /* zero, or below half of the smallest double */
  int high = top * 32 + 31 - __builtin_clz(w[top]);      /* index of the highest bit */
  int unit = high - 52;                                  /* index of the last bit kept */
  if (unit < EXTRA * 32) unit = EXTRA * 32;              /* subnormal results keep fewer */
  uint64_t m = 0;
  for (int b = high; b >= unit; b--) m = m << 1 | (w[b / 32] >> (b % 32) & 1);
  bool half = w[(unit - 1) / 32] >> ((unit - 1) % 32) & 1, sticky = rem != 0;
  for (int b = unit - 2; b >= 0 && !sticky; b--) sticky = w[b / 32] >> (b % 32) & 1;
  if (half && (sticky || (m & 1))) m++;
  double r = ldexp((double)m, unit - EXTRA * 32 - 1074);
  return neg ? -r : r;
}

int agg_done(agg *a, val *out) {
  switch ((agg_op)a->op) {
  case AGG_COUNT: out->i = (int64_t)a->n; return ST_OK;
  case AGG_MIN: case AGG_MAX: *out = a->best; return a->n ? ST_OK : ST_MISSING;
  case AGG_SUM:
    if (a->number) { out->n = rounded(a, 1); return isfinite(out->n) ? ST_OK : ST_ERR; }
    if (a->isum > INT64_MAX || a->isum < INT64_MIN) return ST_ERR;
    out->i = (int64_t)a->isum;
    return ST_OK;
  case AGG_AVG:
    if (!a->n) return ST_MISSING;
    if (a->elem->kind == TY_DURATION) { out->i = (int64_t)(a->isum / (__int128)a->n); return ST_OK; }
    if (!a->number) {
      unsigned __int128 u = a->isum < 0 ? -(unsigned __int128)a->isum : (unsigned __int128)a->isum;
      deposit(a, (uint64_t)u, 1074, a->isum < 0);
      deposit(a, (uint64_t)(u >> 64), 1074 + 64, a->isum < 0);
    }
    out->n = rounded(a, a->n);
    return ST_OK;
  }
  return ST_ERR;
}
