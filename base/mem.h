/* The injected allocator and the arena built on it.
 *
 * Three owners of memory exist in Blazon: the compile arena (source, AST, types, IR), the immutable program,
 * and the evaluation arena that is reset per record. An arena is always passed, never global.
 *
 * Running out of memory is a jump: arena_alloc never returns NULL, it longjmps to the handler that the API
 * entry installed. Code that is called back from a foreign library (a parser's SAX callback, a comparator) must not
 * jump over that library's frames: there use arena_try, and report failure the library's way. */
#ifndef BASE_MEM_H
#define BASE_MEM_H
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* fn(ud, ptr, old, new): new == 0 frees, ptr == NULL allocates, else reallocates. NULL means failure. */
typedef struct mem {
  void *(*fn)(void *ud, void *ptr, size_t old_size, size_t new_size);
  void *ud;
} mem;

extern const mem mem_libc; /* realloc and free */

void *mem_try(const mem *m, size_t n);                                /* not zeroed; NULL on failure */
void *mem_grow(const mem *m, void *p, size_t old_n, size_t new_n);    /* NULL on failure, p then still valid */
void mem_free(const mem *m, void *p, size_t n);

enum { ARENA_OOM = 1, ARENA_LIMIT = 2 }; /* what the handler's setjmp returns */

struct arena_block;
typedef struct arena {
  const mem *m;
  struct arena_block *head;  /* newest block */
  jmp_buf *oom;              /* where arena_alloc jumps; NULL aborts (only unit tests run so) */
  size_t used;               /* bytes handed out since init or reset */
  uint32_t epoch;            /* moves on whenever memory may have been taken back (reset, restore): caches of pointers into it look here */
  size_t limit;              /* 0 none; else arena_alloc jumps with ARENA_LIMIT when used would pass it */
} arena;

typedef struct arena_mark { struct arena_block *block; size_t at, used; } arena_mark;

void arena_init(arena *a, const mem *m, jmp_buf *oom);
void arena_free(arena *a);                    /* gives back every block */
void arena_reset(arena *a);                   /* forgets everything, keeps one block */
void *arena_alloc(arena *a, size_t n);        /* zeroed, 16-byte aligned; never NULL */
void *arena_alloc_line(arena *a, size_t n);   /* the same, beginning with a cache line (64 bytes) */
void *arena_try(arena *a, size_t n);          /* as arena_alloc, NULL instead of a jump */
arena_mark arena_save(const arena *a);
void arena_restore(arena *a, arena_mark m);   /* frees what was allocated after the mark */

#define ARENA_NEW(a, T) ((T *)arena_alloc((a), sizeof(T)))
#define ARENA_ARRAY(a, T, n) ((T *)arena_alloc((a), sizeof(T) * (size_t)(n)))

/* Doubling array in an arena: VEC(T) v = {0}; *VEC_PUSH(a, &v) = x; */
#define VEC(T) struct { T *v; uint32_t n, cap; }
#define VEC_PUSH(a, vec) \
  ((vec)->n == (vec)->cap ? ((vec)->v = arena_grow_((a), (vec)->v, sizeof *(vec)->v, (vec)->n, &(vec)->cap), \
                             &(vec)->v[(vec)->n++]) : &(vec)->v[(vec)->n++])
void *arena_grow_(arena *a, const void *v, size_t elem, uint32_t n, uint32_t *cap);

#endif
