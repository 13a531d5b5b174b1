/* Native functions: libraries that a run allows, functions of the host program, and calls of both. The calling convention stands in
 * include/blazon_native.h. */
#ifndef RUNTIME_NATIVE_H
#define RUNTIME_NATIVE_H
#include "blazon_native.h"
#include "runtime/program.h"

/* A type that crosses the border: kind is a type_kind of a single value. */
typedef struct native_type { uint8_t kind; bool list, opt; } native_type;
typedef struct native_sig { str name; uint32_t n; native_type params[EXTERN_MAX_PARAMS], ret; } native_sig;

/* "phash(path : text) -> int?"; the name may be qualified. NULL, or what is wrong with it. The name is a part of s. */
const char *native_sig_parse(str s, native_sig *out);
native_sig native_sig_of(const prog_extern *x);
bool native_sig_eq(const native_sig *a, const native_sig *b);   /* names and parameters' names do not count */
void native_sig_print(buf *out, const native_sig *s);           /* "phash(text) -> int?", last part of the name */

/* What a run allows, before it is known what the rules ask for. Texts are kept by reference. */
typedef struct native_host_fn { native_sig sig; blz_native_fn fn; void *ud; } native_host_fn;
typedef struct native_wants {
  uint32_t nallowed, ndirs, nhost;
  const str *allowed;      /* --allow-native: a name, or a file (with a `/`) */
  const str *dirs;         /* --native-path */
  const native_host_fn *host;
  bool embedded;           /* a host program: functions of "host" that it does not give are mistakes; else their calls are errors */
} native_wants;

/* Opens what the program's extern functions need, all of them, and sets p->natives. What cannot be used goes to p->d with the place of the
   declaration. RT_OK, RT_ENV, RT_OOM. A program without extern functions needs nothing. */
int rt_native_bind(rt_program *p, const native_wants *w);
void rt_native_free(rt_natives *n);                             /* NULL is fine; closes the libraries */
const extern_host *rt_native_host(const rt_natives *n);         /* for lib_ctx.externs; NULL when n is NULL */

/* Inside: a function that can be called (native.c). */
typedef struct native_fn native_fn;
native_fn *native_prepare(arena *a, const prog_extern *x, void (*symbol)(void));  /* NULL: libffi cannot */
native_fn *native_of_host(arena *a, const prog_extern *x, const native_host_fn *h);
native_fn *native_absent(arena *a, const char *why);            /* each call is an error */
int native_call(const native_fn *f, lib_ctx *c, const val *args, const uint8_t *st, val *out);

#endif
