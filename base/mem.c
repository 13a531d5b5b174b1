/* Allocator shim and arena. See mem.h for who owns what. */
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static void *libc_fn(void *ud, void *ptr, size_t old_size, size_t new_size) {
  (void)ud, (void)old_size;
  if (!new_size) { free(ptr); return NULL; }
  return realloc(ptr, new_size);
}

const mem mem_libc = { libc_fn, NULL };

void *mem_try(const mem *m, size_t n) { return m->fn(m->ud, NULL, 0, n ? n : 1); }
void *mem_grow(const mem *m, void *p, size_t old_n, size_t new_n) { return m->fn(m->ud, p, old_n, new_n ? new_n : 1); }
void mem_free(const mem *m, void *p, size_t n) { if (p) m->fn(m->ud, p, n, 0); }

/* Blocks double from 4 KB to 1 MB: small compiles stay small, large ones make few calls. */
enum { BLOCK_MIN = 4096, BLOCK_MAX = 1 << 20, ALIGN = 16 };

struct arena_block {
  struct arena_block *prev;
  size_t size, at; /* at: next free byte, from the block's start */
};
enum { HEAD = (sizeof(struct arena_block) + ALIGN - 1) / ALIGN * ALIGN };

void arena_init(arena *a, const mem *m, jmp_buf *oom) { *a = (arena){ .m = m, .oom = oom }; }

void arena_free(arena *a) {
  while (a->head) {
    struct arena_block *b = a->head;
    a->head = b->prev;
    mem_free(a->m, b, b->size);
  }
  a->used = 0;
  a->epoch++;
}

void arena_reset(arena *a) {
  while (a->head && a->head->prev) {
    struct arena_block *b = a->head->prev; /* keep the newest: the largest of the doubling sequence */
    a->head->prev = b->prev;
    mem_free(a->m, b, b->size);
  }
  if (a->head) a->head->at = HEAD;
  a->used = 0;
  a->epoch++;
}

static void *take(arena *a, size_t n) {
  n = (n + ALIGN - 1) / ALIGN * ALIGN;
  struct arena_block *b = a->head;
  if (!b || b->size - b->at < n) {
    size_t size = b ? b->size * 2 : BLOCK_MIN;
    if (size > BLOCK_MAX) size = BLOCK_MAX;
    if (size < HEAD + n) size = HEAD + n;
    struct arena_block *nb = mem_try(a->m, size);
    if (!nb) return NULL;
    nb->prev = b, nb->size = size, nb->at = HEAD;
    a->head = b = nb;
  }
  void *p = (char *)b + b->at;
  b->at += n;
  a->used += n;
  memset(p, 0, n);
  return p;
}

void *arena_try(arena *a, size_t n) {
  if (n > SIZE_MAX / 2 || (a->limit && a->used + n > a->limit)) return NULL;
  return take(a, n);
}

void *arena_alloc(arena *a, size_t n) {
  int why = ARENA_OOM;
  if (a->limit && (n > a->limit || a->used + n > a->limit)) why = ARENA_LIMIT;
  else if (n <= SIZE_MAX / 2) {
    void *p = take(a, n);
    if (p) return p;
  }
  if (!a->oom) abort();
  longjmp(*a->oom, why);
}

void *arena_alloc_line(arena *a, size_t n) {
  enum { LINE = 64 };
  char *p = arena_alloc(a, n > SIZE_MAX / 2 ? n : n + LINE - ALIGN);
  return p + -(uintptr_t)p % LINE;
}

arena_mark arena_save(const arena *a) {
  return (arena_mark){ a->head, a->head ? a->head->at : 0, a->used };
}

void arena_restore(arena *a, arena_mark m) {
  while (a->head != m.block && a->head) {
    struct arena_block *b = a->head;
    if (!m.block && !b->prev) { b->at = HEAD; break; } /* marked when empty: keep one block */
    a->head = b->prev;
    mem_free(a->m, b, b->size);
  }
  if (m.block && a->head) a->head->at = m.at;
  a->used = m.used;
  a->epoch++;
}

void *arena_grow_(arena *a, const void *v, size_t elem, uint32_t n, uint32_t *cap) {
  uint32_t want = *cap ? *cap * 2 : 8;
  void *p = arena_alloc(a, elem * want);
  if (n) memcpy(p, v, elem * n);
  *cap = want;
  return p;
}
