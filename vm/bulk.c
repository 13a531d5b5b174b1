/* Many rules on one record: the path of validate. Rules whose units are tables (prepare.c) are judged here, a few nanoseconds
 * each; the others one by one by the interpreter. Apart from engine.c because it is compiled twice, for processors with AVX2 and
 * for all others, with the table's loop inside the rules' loop: a call a rule costs as much as the rule. */
#include "vm/vm_int.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

/* ---- tables ---- */

static inline bool out_of_set(const vm_set *s, const val *R) {
  uint32_t atom = R[s->slot].t->atom;
  return atom / 64 != s->window || !(s->mask >> (atom % 64) & 1);
}

/* Whatever is no range of one field. Not inlined: the loops around it then need no frame. */
static __attribute__((noinline)) bool out_of_rest(const vm_table *t, const val *R) {
  bool out = false;
  for (uint32_t k = 0; k < t->nsets; k++)
    if (out_of_set(&t->sets[k], R)) return true;
  for (const vm_pair *p = t->pairs, *end = p + t->npairs; p < end; p++)
    out |= ((uint64_t)R[p->slot[0]].i - p->lo[0] > p->span[0]) & ((uint64_t)R[p->slot[1]].i - p->lo[1] > p->span[1]);
  return out;
}

static inline unsigned out_of_range(const vm_block *b, int k, const val *R) {
  return (int64_t)((uint64_t)R[k].i - b->lo[k]) > (int64_t)b->span[k];
}

static inline bool blocks_plain(const vm_table *t, const val *R) {
  unsigned out = 0;
  for (const vm_block *b = t->blocks, *last = b + t->nblocks; b < last; b++) {
    const val *v = R + b->at;
    out |= out_of_range(b, 0, v) | out_of_range(b, 1, v) | out_of_range(b, 2, v) | out_of_range(b, 3, v);
  }
  return out;
}

/* What decides is read from a table, not branched to: records that differ cost no wrong guess. */
#define RUN(out_of_blocks) \
  for (;; t = t->next) { \
    bool out = out_of_blocks(t, R); \
    if (t->nsets | t->npairs) out = out || out_of_rest(t, R); \
    if (out || !t->next) return t->verdict[out]; \
  }

static int run_plain(const vm_table *t, const val *R) { RUN(blocks_plain) }

/* The rules from i on, where one of them takes more than ranges. */
static __attribute__((noinline)) int rules_from(vm_engine *e, const uint32_t *rules, uint32_t n, rec *r, uint8_t *verdicts, uint32_t i) {
  bool clean = r && r->clean;
  for (; i < n; i++) {
    const vm_table *t = e->tables[rules[i]];
    if (clean && t) {
      verdicts[i] = (uint8_t)e->run_table(t, r->v);
      continue;
    }
    int rc = vm_one_rule(e, rules[i], r, &verdicts[i]);
    if (rc != VM_OK) return rc;
  }
  return VM_OK;
}

/* rules_from is a tail call and the only one, so that no frame is made. */
#define RULES(out_of_blocks) \
  if (!r || !r->clean) return rules_from(e, rules, n, r, verdicts, 0); \
  for (uint32_t i = 0; i < n; i++) { \
    const vm_table *t = e->tables[rules[i]]; \
    if (__builtin_expect(!t || !t->ranges, 0)) return rules_from(e, rules, n, r, verdicts, i); \
    verdicts[i] = t->verdict[out_of_blocks(t, r->v)]; \
  } \
  return VM_OK

static int rules_plain(vm_engine *e, const uint32_t *rules, uint32_t n, rec *r, uint8_t *verdicts) { RULES(blocks_plain); }

#ifdef __x86_64__
#define AVX2 __attribute__((target("avx2")))

/* The same, a block at a time. */
AVX2 static inline __attribute__((always_inline)) bool blocks_avx2(const vm_table *t, const val *R) {
  __m256i out = _mm256_setzero_si256();
  for (const vm_block *b = t->blocks, *last = b + t->nblocks; b < last; b++) {
    __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(R + b->at));
    v = _mm256_sub_epi64(v, _mm256_loadu_si256((const __m256i *)(const void *)b->lo));
    out = _mm256_or_si256(out, _mm256_cmpgt_epi64(v, _mm256_loadu_si256((const __m256i *)(const void *)b->span)));
  }
  return !_mm256_testz_si256(out, out);
}

AVX2 static int run_avx2(const vm_table *t, const val *R) { RUN(blocks_avx2) }
AVX2 static int rules_avx2(vm_engine *e, const uint32_t *rules, uint32_t n, rec *r, uint8_t *verdicts) { RULES(blocks_avx2); }

vm_table_fn vm_table_runner(void) { return __builtin_cpu_supports("avx2") ? run_avx2 : run_plain; }
vm_rules_fn vm_rules_runner(void) { return __builtin_cpu_supports("avx2") ? rules_avx2 : rules_plain; }
#else
vm_table_fn vm_table_runner(void) { return run_plain; }
vm_rules_fn vm_rules_runner(void) { return rules_plain; }
#endif

int vm_rules(vm_engine *e, const uint32_t *rules, uint32_t n, rec *r, uint8_t *verdicts) { return e->run_rules(e, rules, n, r, verdicts); }

/* ---- lists of rules that judge many records ---- */

struct vm_list {
  uint32_t n, nrest;
  const uint32_t *rules;
  uint32_t *rest;          /* positions of the rules that are not in `all` */
  uint32_t *every;         /* 0, 1, 2 ... */
  bool merged;
  vm_table all;
};

vm_list *vm_list_new(vm_engine *e, arena *a, const uint32_t *rules, uint32_t n) {
  vm_list *l = ARENA_NEW(a, vm_list);
  *l = (vm_list){ .n = n, .rules = rules, .rest = ARENA_ARRAY(a, uint32_t, n + 1), .every = ARENA_ARRAY(a, uint32_t, n + 1) };
  const code_unit **units = ARENA_ARRAY(a, const code_unit *, n + 1);
  bool *in = ARENA_ARRAY(a, bool, n + 1);
  for (uint32_t i = 0; i < n; i++) l->every[i] = i, units[i] = e->inactive[rules[i]] ? NULL : e->rules[rules[i]].fast;
  l->merged = vm_merge(a, units, n, &l->all, in);
  for (uint32_t i = 0; i < n; i++)
    if (!l->merged || !in[i]) l->rest[l->nrest++] = i;
  return l;
}

int vm_list_run(vm_engine *e, const vm_list *l, rec *r, uint8_t *verdicts, const uint32_t **at, uint32_t *n) {
  bool clean = r && r->clean;
  *at = l->every, *n = l->n;
  if (clean && l->merged && e->run_table(&l->all, r->v) == V_PASS) *at = l->rest, *n = l->nrest;
  for (uint32_t i = 0; i < *n; i++) {
    uint32_t k = (*at)[i];
    const vm_table *t = e->tables[l->rules[k]];
    int rc = VM_OK;
    if (clean && t) verdicts[k] = (uint8_t)e->run_table(t, r->v);
    else rc = vm_one_rule(e, l->rules[k], r, &verdicts[k]);
    if (rc != VM_OK) return rc;
  }
  return VM_OK;
}

uint32_t vm_list_rest(const vm_list *l, const uint32_t **at) {
  *at = l->rest;
  return l->nrest;
}
