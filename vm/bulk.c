/* Many rules on one record: the path of validate. What the rules of a list ask of fields (prepare.c) is asked for all of them at once, which tells of
 * nearly every record that they all pass; the others, and whatever is no test of a field, are judged one by one, as tables where they are such, a few
 * nanoseconds each, else by the interpreter. Tables are run by code for processors with AVX2, or for all others. */
#include "vm/vm_int.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#define UNLIKELY(x) __builtin_expect((x), 0)

/* ---- tables ---- */

static inline bool out_of_set(const vm_set *s, const val *R) {
  uint32_t atom = R[s->slot].t->atom;
  return atom / 64 != s->window || !(s->mask >> (atom % 64) & 1);
}

static inline bool among(const vm_words *w, const text *t) {
  for (uint32_t i = 0; i < w->n; i++)
    if (w->atoms[i].t == t) return true;
  for (uint32_t i = 0; i < w->n && !t->atom; i++) /* not every reader looks for atoms */
    if (text_eq(w->atoms[i].t, t)) return true;
  return false;
}

/* Whatever is no range of one field. Not inlined: the loops around it then need no frame. */
static __attribute__((noinline)) bool out_of_rest(const vm_set *sets, uint32_t nsets, const vm_words *words, uint32_t nwords, const val *R) {
  for (uint32_t k = 0; k < nsets; k++)
    if (out_of_set(&sets[k], R)) return true;
  for (uint32_t k = 0; k < nwords; k++)
    if (among(&words[k], R[words[k].slot].t) != words[k].among) return true;
  return false;
}

static inline unsigned out_of_range(const vm_block *b, int k, const val *R) {
  return (int64_t)((uint64_t)R[k].i - b->lo[k]) > (int64_t)b->span[k];
}

static inline bool blocks_plain(const vm_table *t, const val *R) {
  unsigned out = 0;
  for (uint32_t i = 0; i < t->nblocks; i++) {
    const vm_block *b = &t->blocks[i];
    const val *v = R + t->at[i];
    out |= out_of_range(b, 0, v) | out_of_range(b, 1, v) | out_of_range(b, 2, v) | out_of_range(b, 3, v);
  }
  return out;
}

/* What decides is read from a table, not branched to: records that differ cost no wrong guess. */
#define RUN(out_of_blocks) \
  for (;; t = t->next) { \
    bool out = out_of_blocks(t, R); \
    if (t->nsets | t->nwords) out = out || out_of_rest(t->sets, t->nsets, t->words, t->nwords, R); \
    if (out || !t->next) return t->verdict[out]; \
  }

int vm_run_plain(const vm_table *t, const val *R) { RUN(blocks_plain) }

static __attribute__((noinline)) int each_rule(vm_engine *e, const uint32_t *rules, uint32_t n, rec *r, uint8_t *verdicts) {
  bool clean = r && r->clean;
  for (uint32_t i = 0; i < n; i++) {
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

static inline bool ranges_alone(const vm_table *t) { return !t->next && !t->nsets && !t->nwords; }

#ifdef __x86_64__
#define AVX2 __attribute__((target("avx2")))

AVX2 static inline __attribute__((always_inline)) __m256i out_of_block(const vm_block *b, const val *R) {
  __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)R);
  v = _mm256_sub_epi64(v, _mm256_loadu_si256((const __m256i *)(const void *)b->lo));
  return _mm256_cmpgt_epi64(v, _mm256_loadu_si256((const __m256i *)(const void *)b->span));
}

/* The same, a block at a time. */
AVX2 static inline __attribute__((always_inline)) bool blocks_avx2(const vm_table *t, const val *R) {
  __m256i out = out_of_block(&t->blocks[0], R + t->at[0]);
  for (uint32_t i = 1; i < t->nblocks; i++) out = _mm256_or_si256(out, out_of_block(&t->blocks[i], R + t->at[i]));
  return !_mm256_testz_si256(out, out);
}

AVX2 static int run_avx2(const vm_table *t, const val *R) { RUN(blocks_avx2) }

/* Without a loop, called by its name, and the outcome branched to: whoever asks about one record at a time branches by it, too. */
AVX2 static __attribute__((noinline)) int run_direct(const vm_table *t, const val *R, uint8_t *verdict) {
  const vm_block *b = t->blocks;
  __m256i out = out_of_block(b, R + t->at[0]);
  if (t->nblocks > 1) {
    out = _mm256_or_si256(out, out_of_block(b + 1, R));
    if (t->nblocks > 2) {
      out = _mm256_or_si256(out, out_of_block(b + 2, R + 4));
      if (UNLIKELY(t->nblocks > 3)) out = _mm256_or_si256(out, out_of_block(b + 3, R + 8));
    }
  }
  if (UNLIKELY(!_mm256_testz_si256(out, out))) *verdict = t->verdict[1];
  else *verdict = t->verdict[0];
  return VM_OK;
}

vm_table_fn vm_table_runner(void) { return __builtin_cpu_supports("avx2") ? run_avx2 : vm_run_plain; }
const vm_table *vm_direct(const vm_table *t) { return t && t->in_order && ranges_alone(t) && __builtin_cpu_supports("avx2") ? t : NULL; }
#else
static int run_direct(const vm_table *t, const val *R, uint8_t *verdict) { *verdict = t->verdict[blocks_plain(t, R)]; return VM_OK; }
vm_table_fn vm_table_runner(void) { return vm_run_plain; }
const vm_table *vm_direct(const vm_table *t) { return t && ranges_alone(t) ? t : NULL; }
#endif

/* One rule over ranges, the case where every instruction counts: only tail calls, so that no frame is made. */
int vm_rules(vm_engine *e, const uint32_t *rules, uint32_t n, rec *r, uint8_t *verdicts) {
  if (n == 1 && r && r->clean) {
    const vm_table *t = e->direct[rules[0]];
    if (!UNLIKELY(t == NULL)) return run_direct(t, r->v, verdicts);
  }
  return each_rule(e, rules, n, r, verdicts);
}

/* ---- lists of rules that judge many records ---- */

struct vm_list {
  uint32_t n, nrest;
  const uint32_t *rules;
  uint32_t *rest;          /* positions of the rules that are not in `all` */
  uint32_t *every;         /* 0, 1, 2 ... */
  const code_unit **pure;  /* per position: judges clean records and cannot fail; NULL: it takes more */
  const type_rec *root;    /* what those judge */
  uint32_t frame;
  bool merged;
  vm_all all;
};

vm_list *vm_list_new(vm_engine *e, arena *a, const uint32_t *rules, uint32_t n) {
  vm_list *l = ARENA_NEW(a, vm_list);
  *l = (vm_list){ .n = n, .rules = rules, .rest = ARENA_ARRAY(a, uint32_t, n + 1), .every = ARENA_ARRAY(a, uint32_t, n + 1) };
  l->pure = ARENA_ARRAY(a, const code_unit *, n + 1);
  bool *in = ARENA_ARRAY(a, bool, n + 1);
  for (uint32_t i = 0; i < n; i++) {
    const code_unit *u = e->rules[rules[i]].fast;
    l->every[i] = i;
    if (e->inactive[rules[i]] || !u->pure || !u->root || (l->root && l->root != u->root)) continue;
    l->pure[i] = u, l->root = u->root;
    if (u->nregs > l->frame) l->frame = u->nregs;
  }
  l->merged = vm_merge(a, l->pure, n, &l->all, in);
  for (uint32_t i = 0; i < n; i++)
    if (!l->merged || !in[i]) l->rest[l->nrest++] = i;
  return l;
}

static inline unsigned outside(const vm_span *s, const val *R) { return (uint64_t)R[s->slot].i - s->lo > s->span; }

static bool all_pass(const vm_all *all, const val *R) {
  unsigned out = 0;
  for (uint32_t k = 0; k < all->nspans; k++) out |= outside(&all->spans[k], R);
  for (uint32_t k = 0; k < all->npairs; k++) out |= outside(&all->pairs[k][0], R) & outside(&all->pairs[k][1], R);
  return !out && !out_of_rest(all->sets, all->nsets, all->words, all->nwords, R);
}

int vm_list_run(vm_engine *e, const vm_list *l, rec *r, uint8_t *verdicts, const uint32_t **at, uint32_t *n) {
  bool clean = r && r->clean && l->root && r->ty->nfields == l->root->nfields && r->cap >= l->frame;
  *at = l->every, *n = l->n;
  if (clean && l->merged && all_pass(&l->all, r->v)) *at = l->rest, *n = l->nrest;
  for (uint32_t i = 0; i < *n; i++) {
    uint32_t k = (*at)[i];
    const code_unit *u = clean ? l->pure[k] : NULL;
    int rc = u ? vm_pure(e, u, r, &verdicts[k]) : vm_one_rule(e, l->rules[k], r, &verdicts[k]);
    if (rc != VM_OK) return rc;
  }
  return VM_OK;
}

uint32_t vm_list_rest(const vm_list *l, const uint32_t **at) {
  *at = l->rest;
  return l->nrest;
}
