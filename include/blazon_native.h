/* Native functions for Blazon: how a C library, or a program that embeds Blazon, gives functions to rule files. This header needs
 * nothing but the C library, and a native library links nothing of Blazon's.
 *
 * A rule file declares
 *
 *     extern fn phash(path : text, size : int?) -> int? from "phash"
 *
 * and the library libphash.so has a function of that name:
 *
 *     int phash(blz_native *c, const char *path, size_t path_length, const int64_t *size, int64_t *result);
 *
 * First comes the call's context, then each parameter, last the place for the result:
 *
 *     Blazon            parameter                                 optional parameter (T?)            result
 *     bool              uint8_t (0 or 1)                          const uint8_t *, NULL: missing     uint8_t *
 *     int               int64_t                                   const int64_t *                    int64_t *
 *     number            double                                    const double *                     double *
 *     color             uint32_t (0xRRGGBBAA)                     const uint32_t *                   uint32_t *
 *     date              int32_t (days since 1970-01-01)           const int32_t *                    int32_t *
 *     text              const char *, size_t (bytes of UTF-8)     the same; the pointer is NULL      blz_native_text *
 *     list of T         const T *, size_t (elements)              the same; the pointer is NULL      blz_native_list *
 *
 * where T is uint8_t, int64_t, double, uint32_t, int32_t or blz_native_text. Texts end in a zero byte beside their length. A text or list that
 * is empty is never NULL.
 *
 * It returns BLZ_NATIVE_OK with *result set; BLZ_NATIVE_MISSING, when there is no such value (the declared result must be optional);
 * or BLZ_NATIVE_ERROR, best after blz_native.fail has been told why: the rule's verdict is `error` then, with that text.
 *
 * Ownership. Arguments are the caller's, for the time of the call. What a result points to lives until the call's thread calls this library
 * again: memory from blz_native.alloc (which the caller frees) or static memory do. Text must be UTF-8 and numbers finite, or the call is an error.
 *
 * Purity. The function must give the same result for the same arguments as long as a run lasts, and have no effect that anybody can see: it may be
 * called more often than the rule file suggests, less often, in another order, and by several threads at once. Nothing checks that.
 *
 * A library may say what its functions are, in a symbol that is checked against the declarations (parameters' names do not count):
 *
 *     const char *const blz_native_signatures[] = { "phash(path : text, size : int?) -> int?", NULL };
 */
#ifndef BLAZON_NATIVE_H
#define BLAZON_NATIVE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { BLZ_NATIVE_OK = 0, BLZ_NATIVE_MISSING = 1, BLZ_NATIVE_ERROR = 2 };

typedef struct blz_native_text { const char *p; size_t n; } blz_native_text;
typedef struct blz_native_list { const void *v; size_t n; } blz_native_list; /* v: array of T as in the table above */

/* The context of one call. It may grow at its end in later versions; size tells. */
typedef struct blz_native blz_native;
struct blz_native {
  size_t size;                                  /* of this struct */
  void *(*alloc)(blz_native *c, size_t n);      /* memory that lives as long as the result is needed; NULL: there is none */
  void (*fail)(blz_native *c, const char *why); /* the reason of BLZ_NATIVE_ERROR, as the rest of a sentence; copied */
};

/* ---- functions of a host program (blz_program_add_function): values with their kinds beside them ---- */

typedef enum blz_native_kind {
  BLZ_NATIVE_NONE, /* a missing value */
  BLZ_NATIVE_BOOL, BLZ_NATIVE_INT, BLZ_NATIVE_NUMBER, BLZ_NATIVE_TEXT, BLZ_NATIVE_COLOR, BLZ_NATIVE_DATE, BLZ_NATIVE_LIST
} blz_native_kind;

typedef struct blz_native_value {
  blz_native_kind kind;
  union {
    uint8_t b;
    int64_t i;
    double n;
    uint32_t color;
    int32_t date;
    blz_native_text text;
    blz_native_list list; /* elements by the declared type, as above */
  } as;
} blz_native_value;

/* n arguments by the declared types, those of parameters T? perhaps of kind NONE. *result comes with the kind of the declared result and its value 0:
   set the value. Returns as above. */
typedef int (*blz_native_fn)(void *ud, blz_native *c, const blz_native_value *args, size_t n, blz_native_value *result);

#ifdef __cplusplus
}
#endif
#endif
