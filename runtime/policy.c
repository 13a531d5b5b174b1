/* Policies; see policy.h. Everything is computed as probabilities in double precision and rounded once to integer weights, so equal inputs give equal bits and
 * the sum is exact.
 *
 * UCB: P. Auer, N. Cesa-Bianchi, P. Fischer, "Finite-time Analysis of the Multiarmed Bandit Problem" (2002); alpha = sqrt(2) is their UCB1.
 * Gaussian rewards: the normal prior is conjugate to normal rewards of known variance; that variance is pooled over the candidates (the sum of
 * squares about their own means by its degrees of freedom), and is the prior's until two rewards of one candidate are there. */
#include "runtime/policy.h"

#include "runtime/thompson.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

const char *policy_name(policy_kind k) {
  static const char *const names[POLICY_COUNT] = { "first", "best", "weights", "epsilon_greedy", "softmax", "ucb", "thompson", "thompson" };
  return k < POLICY_COUNT ? names[k] : "";
}

static const char beyond[] = "the evidence is beyond what can be computed with";

/* ---- evidence ---- */

static const char *counts_wrong(double success, double trials) {
  if (!isfinite(success) || !isfinite(trials)) return "its counts are not finite";
  if (trials < 0) return "its trials are negative";
  if (success < 0) return "its successes are negative";
  if (success > trials) return "it has more successes than trials";
  return NULL;
}

static const char *moments_wrong(const policy_arm *x) {
  if (!isfinite(x->sum) || !isfinite(x->sum_squares) || !isfinite(x->count)) return "its sums are not finite";
  if (x->count < 0) return "its count is negative";
  if (x->sum_squares < 0) return "its sum of squares is negative";
  if (x->count == 0) return x->sum != 0 || x->sum_squares != 0 ? "it has rewards but a count of zero" : NULL;
  double least = x->sum / x->count * x->sum; /* Cauchy-Schwarz, but for rounding */
  return x->sum_squares < least * (1 - 1e-9) ? "its sum of squares is smaller than its sum allows" : NULL;
}

const char *policy_arm_wrong(policy_kind k, const policy_arm *x) {
  switch (k) {
  case POLICY_FIRST: return NULL;
  case POLICY_BEST: case POLICY_EPSILON_GREEDY: case POLICY_SOFTMAX: return isfinite(x->value) ? NULL : "its value is not finite";
  case POLICY_WEIGHTS: return !isfinite(x->value) ? "its weight is not finite" : x->value < 0 ? "its weight is negative" : NULL;
  case POLICY_UCB: case POLICY_THOMPSON_BETA: return counts_wrong(x->success, x->trials);
  case POLICY_THOMPSON_NORMAL: return moments_wrong(x);
  case POLICY_COUNT: break;
  }
  return NULL;
}

/* What has halved a thousand times is nothing: further down, where doubles lose their digits, sums would contradict each other. */
double policy_decay(double age, double half_life) { return !(age > 0) ? 1 : age / half_life > 1000 ? 0 : exp2(-age / half_life); }

/* ---- integers ---- */

typedef struct rest { double r; uint32_t i; } rest;

static int by_rest(const void *x, const void *y) {
  const rest *a = x, *b = y;
  if (a->r != b->r) return a->r > b->r ? -1 : 1;
  return a->i < b->i ? -1 : a->i > b->i;
}

void policy_round(arena *a, const double *p, uint32_t n, uint64_t *w) {
  arena_mark mark = arena_save(a);
  rest *v = ARENA_ARRAY(a, rest, n);
  double sum = 0;
  for (uint32_t i = 0; i < n; i++) sum += p[i];
  int64_t left = (int64_t)POLICY_ONE;
  for (uint32_t i = 0; i < n; i++) {
    double x = ldexp(p[i] / sum, 53), whole = floor(x);
    w[i] = (uint64_t)whole;
    v[i] = (rest){ x - whole, i };
    left -= (int64_t)w[i];
  }
  qsort(v, n, sizeof *v, by_rest);
  /* rounding of the quotients leaves a few units more or less than there are candidates */
  for (uint32_t k = 0; left > 0; k = (k + 1) % n) w[v[k].i]++, left--;
  for (uint32_t k = n; left < 0;) {
    k = k ? k - 1 : n - 1;
    if (w[v[k].i]) w[v[k].i]--, left++;
  }
  arena_restore(a, mark);
}

uint32_t policy_draw(const uint64_t *w, uint32_t n, uint64_t hash) {
  uint64_t at = hash >> 11, sum = 0;
  for (uint32_t i = 0; i < n; i++)
    if ((sum += w[i]) > at) return i;
  return n - 1; /* cannot be: the weights sum to 2^53 */
}

/* ---- probabilities ---- */

/* All that have the greatest score share what there is. */
static void share_best(const double *score, uint32_t n, double all, double *p) {
  double best = score[0];
  uint32_t many = 0;
  for (uint32_t i = 1; i < n; i++)
    if (score[i] > best) best = score[i];
  for (uint32_t i = 0; i < n; i++) many += score[i] == best;
  for (uint32_t i = 0; i < n; i++) p[i] = score[i] == best ? all / many : 0;
}

static void values_of(const policy_arm *arms, uint32_t n, double *v) {
  for (uint32_t i = 0; i < n; i++) v[i] = arms[i].value;
}

static bool in_proportion(const policy_arm *arms, uint32_t n, double *p, const char **why) {
  double most = 0;
  for (uint32_t i = 0; i < n; i++)
    if (arms[i].value > most) most = arms[i].value;
  if (most == 0) { *why = "all weights are zero"; return false; }
  for (uint32_t i = 0; i < n; i++) p[i] = arms[i].value / most; /* cannot overflow in the sum */
  return true;
}

static void softmax(const policy_arm *arms, uint32_t n, double temperature, double *p) {
  double most = arms[0].value;
  for (uint32_t i = 1; i < n; i++)
    if (arms[i].value > most) most = arms[i].value;
  for (uint32_t i = 0; i < n; i++) p[i] = exp((arms[i].value - most) / temperature);
}

static void bounds(const policy_arm *arms, uint32_t n, double alpha, double *score) {
  double all = 0;
  for (uint32_t i = 0; i < n; i++) all += arms[i].trials;
  double width = all > 1 ? log(all) : 0;
  for (uint32_t i = 0; i < n; i++) {
    const policy_arm *x = &arms[i];
    double bonus = alpha > 0 ? alpha * sqrt(width / x->trials) : 0; /* 0 times infinity is no number */
    score[i] = x->trials > 0 ? x->success / x->trials + bonus : INFINITY;
  }
}

static double pooled_variance(const policy_arm *arms, uint32_t n, double prior_sd) {
  double squares = 0, freedom = 0;
  for (uint32_t i = 0; i < n; i++) {
    const policy_arm *x = &arms[i];
    if (x->count <= 1) continue;
    double about = x->sum_squares - x->sum / x->count * x->sum;
    if (about > 0) squares += about;
    freedom += x->count - 1;
  }
  double least = prior_sd * prior_sd * 1e-12; /* rewards that never vary: certain, but not infinitely so */
  double v = freedom > 0 ? squares / freedom : prior_sd * prior_sd;
  return v > least ? v : least;
}

static bool thompson(arena *a, const policy_spec *s, const policy_arm *arms, uint32_t n, double *p, const char **why) {
  belief *b = ARENA_ARRAY(a, belief, n);
  bool normal = s->kind == POLICY_THOMPSON_NORMAL;
  double noise = normal ? pooled_variance(arms, n, s->prior[1]) : 0;
  for (uint32_t i = 0; i < n; i++) {
    const policy_arm *x = &arms[i];
    if (!normal) {
      b[i] = (belief){ false, s->prior[0] + x->success, s->prior[1] + (x->trials - x->success) };
      continue;
    }
    double precision = 1 / (s->prior[1] * s->prior[1]) + x->count / noise;
    double mean = (s->prior[0] / (s->prior[1] * s->prior[1]) + x->sum / noise) / precision;
    b[i] = (belief){ true, mean, 1 / sqrt(precision) };
  }
  if (thompson_best(a, b, n, p)) return true;
  *why = beyond;
  return false;
}

static bool probabilities(arena *a, const policy_spec *s, const policy_arm *arms, uint32_t n, double *p, const char **why) {
  double *score = ARENA_ARRAY(a, double, n);
  switch (s->kind) {
  case POLICY_FIRST:
    for (uint32_t i = 0; i < n; i++) p[i] = i == 0;
    return true;
  case POLICY_BEST:
    values_of(arms, n, score);
    share_best(score, n, 1, p);
    return true;
  case POLICY_WEIGHTS: return in_proportion(arms, n, p, why);
  case POLICY_EPSILON_GREEDY:
    values_of(arms, n, score);
    share_best(score, n, 1 - s->epsilon, p);
    for (uint32_t i = 0; i < n; i++) p[i] += s->epsilon / n;
    return true;
  case POLICY_SOFTMAX: softmax(arms, n, s->temperature, p); return true;
  case POLICY_UCB:
    bounds(arms, n, s->alpha, score);
    share_best(score, n, 1, p);
    return true;
  case POLICY_THOMPSON_BETA: case POLICY_THOMPSON_NORMAL: return thompson(a, s, arms, n, p, why);
  case POLICY_COUNT: break;
  }
  *why = "there is no such policy";
  return false;
}

bool policy_weights(arena *a, const policy_spec *s, const policy_arm *arms, uint32_t n, uint64_t *w, const char **why) {
  arena_mark mark = arena_save(a);
  double *p = ARENA_ARRAY(a, double, n), sum = 0;
  bool ok = probabilities(a, s, arms, n, p, why);
  if (ok) {
    double f = s->floor < 1.0 / n ? s->floor : 1.0 / n;
    for (uint32_t i = 0; i < n; i++) sum += p[i];
    ok = sum > 0 && isfinite(sum);
    if (!ok) *why = beyond;
    for (uint32_t i = 0; ok && f > 0 && i < n; i++) p[i] = (1 - n * f) * (p[i] / sum) + f;
    for (uint32_t i = 0; ok && f > 0 && i < n; i++)
      if (p[i] < 0) p[i] = 0; /* 1 - n (1 / n) may be less than nothing by a rounding */
    if (ok) policy_round(a, p, n, w);
  }
  arena_restore(a, mark);
  return ok;
}

/* ---- weights by content ---- */

enum { SLOTS = 1024, CACHED_MAX = 4096 /* candidates */ };

/* A slot holds one question, whole, and its answer: a hash only says where to look. */
typedef struct slot { uint64_t hash; uint32_t n; policy_spec s; policy_arm *arms; uint64_t *w; } slot;
struct policy_cache { const mem *m; slot v[SLOTS]; };

policy_cache *policy_cache_new(const mem *m) {
  policy_cache *c = mem_try(m, sizeof *c);
  if (!c) return NULL;
  memset(c, 0, sizeof *c);
  c->m = m;
  return c;
}

static void slot_free(policy_cache *c, slot *x) {
  mem_free(c->m, x->arms, sizeof *x->arms * x->n);
  mem_free(c->m, x->w, sizeof *x->w * x->n);
  *x = (slot){ .n = 0 };
}

void policy_cache_free(policy_cache *c) {
  if (!c) return;
  const mem *m = c->m;
  for (int i = 0; i < SLOTS; i++) slot_free(c, &c->v[i]);
  mem_free(m, c, sizeof *c);
}

static bool same(const slot *x, uint64_t hash, const policy_spec *s, const policy_arm *arms, uint32_t n) {
  return x->n == n && x->hash == hash && memcmp(&x->s, s, sizeof *s) == 0 && memcmp(x->arms, arms, sizeof *arms * n) == 0;
}

static void keep(policy_cache *c, slot *x, uint64_t hash, const policy_spec *s, const policy_arm *arms, uint32_t n, const uint64_t *w) {
  slot_free(c, x);
  policy_arm *copy = mem_try(c->m, sizeof *copy * n);
  uint64_t *answer = mem_try(c->m, sizeof *answer * n);
  if (!copy || !answer) { /* a cache may stay empty */
    mem_free(c->m, copy, sizeof *copy * n);
    mem_free(c->m, answer, sizeof *answer * n);
    return;
  }
  memcpy(copy, arms, sizeof *copy * n);
  memcpy(answer, w, sizeof *answer * n);
  *x = (slot){ hash, n, *s, copy, answer };
}

bool policy_cached(policy_cache *c, arena *a, const policy_spec *s, const policy_arm *arms, uint32_t n, uint64_t *w, const char **why) {
  if (!c || n > CACHED_MAX) return policy_weights(a, s, arms, n, w, why);
  policy_spec key;
  memset(&key, 0, sizeof key); /* padding takes part in the comparison */
  key.kind = s->kind, key.epsilon = s->epsilon, key.temperature = s->temperature, key.alpha = s->alpha;
  key.prior[0] = s->prior[0], key.prior[1] = s->prior[1], key.floor = s->floor;
  uint64_t hash = XXH3_64bits_withSeed(arms, sizeof *arms * n, XXH3_64bits(&key, sizeof key));
  slot *x = &c->v[hash % SLOTS];
  if (same(x, hash, &key, arms, n)) {
    memcpy(w, x->w, sizeof *w * n);
    return true;
  }
  if (!policy_weights(a, s, arms, n, w, why)) return false;
  keep(c, x, hash, &key, arms, n, w);
  return true;
}
