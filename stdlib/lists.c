/* Lists and maps, and the aggregates over lists (base/agg.h does the sums, here and in one pass over a source). Sets are found by hashing, so that a thousand
 * elements cost a thousand steps and not a million. */
#include "stdlib/lib.h"

#include "base/agg.h"

#include <stdlib.h>
#include <string.h>

#define UNUSED (void)c, (void)st

static const type *elem_of(const lib_ctx *c, int i) { return c->argt[i]->elem; }

/* The type by which elements compare: that of a list that is not the empty literal. */
static const type *either_elem(const lib_ctx *c) { return elem_of(c, 0)->kind == TY_NEVER ? elem_of(c, 1) : elem_of(c, 0); }

/* ---- aggregates ---- */

static int aggregate(lib_ctx *c, agg_op op, const list *l, val *out) {
  agg g;
  lib_work(c, l->n + 1u);
  agg_init(&g, op, elem_of(c, 0));
  for (uint32_t i = 0; i < l->n; i++) agg_add(&g, l->v[i]);
  int r = agg_done(&g, out);
  return r == ST_ERR ? lib_fail(c, STR("the sum is too large")) : r;
}

int bi_sum(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return aggregate(c, AGG_SUM, args[0].l, out); }
int bi_avg(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return aggregate(c, AGG_AVG, args[0].l, out); }
int bi_min(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return aggregate(c, AGG_MIN, args[0].l, out); }
int bi_max(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return aggregate(c, AGG_MAX, args[0].l, out); }
int bi_count(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return ok_int(out, args[0].l->n); }
int bi_count_map(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return ok_int(out, args[0].m->n); }
int bi_is_empty_list(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return ok_bool(out, args[0].l->n == 0); }

/* ---- sorting: a stable merge, so that no comparator of libc is jumped over and equal elements keep their order ---- */

static val *sorted(lib_ctx *c, const type *t, const list *l, bool descending) {
  val *v = ARENA_ARRAY(c->a, val, l->n + 1), *w = ARENA_ARRAY(c->a, val, l->n + 1);
  if (l->n) memcpy(v, l->v, l->n * sizeof *v);
  for (uint64_t width = 1; width < l->n; width *= 2) {
    lib_work(c, l->n);
    for (uint64_t lo = 0; lo < l->n; lo += 2 * width) {
      uint64_t mid = lo + width < l->n ? lo + width : l->n, hi = lo + 2 * width < l->n ? lo + 2 * width : l->n;
      uint64_t i = lo, j = mid;
      for (uint64_t k = lo; k < hi; k++) {
        bool left = j >= hi;
        if (i < mid && j < hi) {
          int d = val_cmp(t, v[i], v[j]);
          left = descending ? d >= 0 : d <= 0;
        }
        w[k] = left ? v[i++] : v[j++];
      }
    }
    val *swap = v;
    v = w, w = swap;
  }
  return v;
}

int bi_sort(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  return ok_list(c, out, sorted(c, elem_of(c, 0), args[0].l, false), args[0].l->n);
}

int bi_sort_desc(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  return ok_list(c, out, sorted(c, elem_of(c, 0), args[0].l, true), args[0].l->n);
}

int bi_is_sorted(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  const list *l = args[0].l;
  lib_work(c, l->n + 1u);
  for (uint32_t i = 1; i < l->n; i++)
    if (val_cmp(elem_of(c, 0), l->v[i - 1], l->v[i]) > 0) return ok_bool(out, false);
  return ok_bool(out, true);
}

static double as_number(const type *t, val v) { return t->kind == TY_NUMBER ? v.n : (double)v.i; }

int bi_median(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  const list *l = args[0].l;
  const type *t = elem_of(c, 0);
  if (!l->n) return ST_MISSING;
  const val *v = sorted(c, t, l, false);
  if (l->n % 2) return ok_number(c, out, as_number(t, v[l->n / 2]));
  agg g; /* the mean of two, rounded once and without overflow */
  agg_init(&g, AGG_AVG, t);
  agg_add(&g, v[l->n / 2 - 1]), agg_add(&g, v[l->n / 2]);
  return agg_done(&g, out);
}

int bi_percentile(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  const list *l = args[0].l;
  double share = args[1].n;
  if (!(share >= 0 && share <= 1)) return lib_fail(c, STR("a share goes from 0 to 1"));
  if (!l->n) return ST_MISSING;
  const val *v = sorted(c, elem_of(c, 0), l, false);
  double rank = share * l->n;
  uint32_t i = (uint32_t)rank;
  if (rank > i) i++; /* nearest rank */
  if (i < 1) i = 1;
  if (i > l->n) i = l->n;
  return ok_number(c, out, as_number(elem_of(c, 0), v[i - 1]));
}

/* ---- sets ---- */

/* Open addressing over element values; index + 1 in the slot. */
struct set { const type *t; uint32_t mask, *slot; const val *v; };

static void set_init(lib_ctx *c, struct set *s, const type *t, const val *v, uint32_t n) {
  uint32_t size = 16;
  while (size < n * 2 && size < 1u << 30) size *= 2;
  *s = (struct set){ .t = t, .mask = size - 1, .slot = ARENA_ARRAY(c->a, uint32_t, size), .v = v };
  lib_work(c, n + 1u);
}

/* The slot of x: holds it, or is free. */
static uint32_t *set_slot(struct set *s, val x) {
  uint32_t h = (uint32_t)(val_hash(s->t, x) & s->mask);
  while (s->slot[h] && !val_eq(s->t, s->v[s->slot[h] - 1], x)) h = (h + 1) & s->mask;
  return &s->slot[h];
}

static bool set_has(struct set *s, val x) { return *set_slot(s, x) != 0; }

static void set_fill(lib_ctx *c, struct set *s, const type *t, const list *l) {
  set_init(c, s, t, l->v, l->n);
  for (uint32_t i = 0; i < l->n; i++) {
    uint32_t *at = set_slot(s, l->v[i]);
    if (!*at) *at = i + 1;
  }
}

/* Elements of l, each once, that are (keep) or are not in other; other NULL: all. */
static int chosen(lib_ctx *c, const type *t, const list *l, struct set *other, bool keep, val *out) {
  struct set seen;
  val *v = ARENA_ARRAY(c->a, val, l->n + 1);
  uint32_t n = 0;
  set_init(c, &seen, t, v, l->n);
  for (uint32_t i = 0; i < l->n; i++) {
    if (other && set_has(other, l->v[i]) != keep) continue;
    uint32_t *at = set_slot(&seen, l->v[i]);
    if (*at) continue;
    v[n++] = l->v[i];
    *at = n;
  }
  return ok_list(c, out, v, n);
}

int bi_all_distinct(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  const list *l = args[0].l;
  const type *t = elem_of(c, 0);
  if (l->n <= 8) { /* most lists of a record are short: comparing pairs beats building a set */
    for (uint32_t i = 1; i < l->n; i++)
      for (uint32_t j = 0; j < i; j++)
        if (val_eq(t, l->v[i], l->v[j])) return ok_bool(out, false);
    return ok_bool(out, true);
  }
  struct set s;
  set_init(c, &s, t, l->v, l->n);
  for (uint32_t i = 0; i < l->n; i++) {
    uint32_t *at = set_slot(&s, l->v[i]);
    if (*at) return ok_bool(out, false);
    *at = i + 1;
  }
  return ok_bool(out, true);
}

int bi_distinct(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  return chosen(c, elem_of(c, 0), args[0].l, NULL, true, out);
}

int bi_duplicates(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  const list *l = args[0].l;
  struct set s;
  set_init(c, &s, elem_of(c, 0), l->v, l->n);
  uint32_t *times = ARENA_ARRAY(c->a, uint32_t, l->n + 1), n = 0;
  for (uint32_t i = 0; i < l->n; i++) {
    uint32_t *at = set_slot(&s, l->v[i]);
    if (!*at) *at = i + 1;
    times[*at - 1]++;
  }
  val *v = ARENA_ARRAY(c->a, val, l->n + 1);
  for (uint32_t i = 0; i < l->n; i++)
    if (times[i] > 1) v[n++] = l->v[i];
  return ok_list(c, out, v, n);
}

int bi_union(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  val both;
  if (bi_concat(c, args, st, &both) != ST_OK) return ST_ERR;
  return chosen(c, either_elem(c), both.l, NULL, true, out);
}

int bi_intersect(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  struct set s;
  set_fill(c, &s, either_elem(c), args[1].l);
  return chosen(c, either_elem(c), args[0].l, &s, true, out);
}

int bi_minus(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  struct set s;
  set_fill(c, &s, either_elem(c), args[1].l);
  return chosen(c, either_elem(c), args[0].l, &s, false, out);
}

int bi_overlaps(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  struct set s;
  set_fill(c, &s, either_elem(c), args[1].l);
  for (uint32_t i = 0; i < args[0].l->n; i++)
    if (set_has(&s, args[0].l->v[i])) return ok_bool(out, true);
  return ok_bool(out, false);
}

int bi_is_subset(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  struct set s;
  set_fill(c, &s, either_elem(c), args[1].l);
  for (uint32_t i = 0; i < args[0].l->n; i++)
    if (!set_has(&s, args[0].l->v[i])) return ok_bool(out, false);
  return ok_bool(out, true);
}

/* ---- parts ---- */

int bi_reverse(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  const list *l = args[0].l;
  val *v = ARENA_ARRAY(c->a, val, l->n + 1);
  lib_work(c, l->n + 1u);
  for (uint32_t i = 0; i < l->n; i++) v[i] = l->v[l->n - 1 - i];
  return ok_list(c, out, v, l->n);
}

int bi_first(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  if (!args[0].l->n) return ST_MISSING;
  *out = args[0].l->v[0];
  return ST_OK;
}

int bi_last(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  if (!args[0].l->n) return ST_MISSING;
  *out = args[0].l->v[args[0].l->n - 1];
  return ST_OK;
}

/* How many of n elements a count that users give means. */
static bool count_of(lib_ctx *c, int64_t want, uint32_t n, uint32_t *k) {
  if (want < 0) (void)lib_fail(c, str_fmt(c->a, "a number of elements cannot be negative: %lld", (long long)want));
  *k = want > n ? n : (uint32_t)(want < 0 ? 0 : want);
  return want >= 0;
}

int bi_take_list(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  uint32_t k;
  return count_of(c, args[1].i, args[0].l->n, &k) ? ok_list(c, out, args[0].l->v, k) : ST_ERR;
}

int bi_skip_list(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  uint32_t k;
  const list *l = args[0].l;
  return count_of(c, args[1].i, l->n, &k) ? ok_list(c, out, l->n ? l->v + k : NULL, l->n - k) : ST_ERR;
}

int bi_slice_list(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  uint32_t from, to;
  const list *l = args[0].l;
  return lib_range(c, args[1].i, args[2].i, l->n, &from, &to) ? ok_list(c, out, l->n ? l->v + from : NULL, to - from) : ST_ERR;
}

int bi_index_of_list(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  const list *l = args[0].l;
  lib_work(c, l->n / 4 + 1);
  for (uint32_t i = 0; i < l->n; i++)
    if (val_eq(elem_of(c, 0), l->v[i], args[1])) return ok_int(out, (int64_t)i + 1);
  return ST_MISSING;
}

int bi_count_of_list(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  const list *l = args[0].l;
  int64_t n = 0;
  lib_work(c, l->n / 4 + 1);
  for (uint32_t i = 0; i < l->n; i++) n += val_eq(elem_of(c, 0), l->v[i], args[1]);
  return ok_int(out, n);
}

static int too_long(lib_ctx *c) { return lib_fail(c, STR("the list would have over 100,000,000 elements")); }

int bi_concat(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  const list *a = args[0].l, *b = args[1].l;
  uint64_t n = (uint64_t)a->n + b->n;
  if (n > 100000000) return too_long(c);
  lib_work(c, n + 1);
  val *v = ARENA_ARRAY(c->a, val, n + 1);
  if (a->n) memcpy(v, a->v, a->n * sizeof *v);
  if (b->n) memcpy(v + a->n, b->v, b->n * sizeof *v);
  return ok_list(c, out, v, (uint32_t)n);
}

int bi_flatten(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  const list *l = args[0].l;
  uint64_t n = 0;
  for (uint32_t i = 0; i < l->n; i++) n += l->v[i].l->n;
  if (n > 100000000) return too_long(c);
  lib_work(c, n + l->n + 1);
  val *v = ARENA_ARRAY(c->a, val, n + 1);
  uint32_t k = 0;
  for (uint32_t i = 0; i < l->n; i++)
    for (uint32_t j = 0; j < l->v[i].l->n; j++) v[k++] = l->v[i].l->v[j];
  return ok_list(c, out, v, k);
}

int bi_range(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  int64_t a = args[0].i, b = args[1].i;
  if (b < a) return ok_list(c, out, NULL, 0);
  uint64_t n = (uint64_t)b - (uint64_t)a;
  if (n >= 1000000) return lib_fail(c, STR("a range has at most 1,000,000 numbers"));
  val *v = ARENA_ARRAY(c->a, val, n + 1);
  lib_work(c, n + 1);
  for (uint64_t i = 0; i <= n; i++) v[i].i = a + (int64_t)i;
  return ok_list(c, out, v, (uint32_t)n + 1);
}

int bi_keys(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  const map *m = args[0].m;
  val *v = ARENA_ARRAY(c->a, val, m->n + 1);
  lib_work(c, m->n + 1u);
  for (uint32_t i = 0; i < m->n; i++) v[i].t = m->e[i].key;
  return ok_list(c, out, v, m->n);
}

static int by_key(const void *a, const void *b) { return str_cmp(str_of(((const map_entry *)a)->key), str_of(((const map_entry *)b)->key)); }

int bi_map_of(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  const list *keys = args[0].l, *values = args[1].l;
  if (keys->n != values->n) return lib_fail(c, str_fmt(c->a, "there are %u keys and %u values", keys->n, values->n));
  map_entry *e = ARENA_ARRAY(c->a, map_entry, keys->n + 1);
  lib_work(c, 4 * (uint64_t)keys->n + 1);
  for (uint32_t i = 0; i < keys->n; i++) e[i] = (map_entry){ keys->v[i].t, values->v[i] };
  if (keys->n) qsort(e, keys->n, sizeof *e, by_key);
  for (uint32_t i = 1; i < keys->n; i++)
    if (!by_key(&e[i - 1], &e[i])) return lib_fail(c, str_fmt(c->a, "the key \"%.*s\" is there twice", STR_ARG(str_of(e[i].key))));
  map *m = ARENA_NEW(c->a, map);
  *m = (map){ keys->n, e };
  out->m = m;
  return ST_OK;
}

int bi_special(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED, (void)args, (void)out;
  return lib_fail(c, STR("this function is computed by the compiler"));
}
