/* Calls of native functions: values to C and back. The one file that includes ffi.h. What comes back is judged before it becomes a value: a
 * native library is trusted not to break the process, and not trusted to keep to its declaration. */
#include "runtime/native.h"

#include "base/civil.h"
#include "base/utf8.h"

#include <ffi.h>
#include <math.h>
#include <string.h>

enum { CALL_STEPS = 100, MAX_ARGS = 2 + 2 * EXTERN_MAX_PARAMS };

struct native_fn {
  native_sig sig;
  ffi_cif cif;
  void (*symbol)(void);      /* of a library */
  blz_native_fn host;        /* of the host program, with ud */
  void *ud;
  const char *absent;        /* why it cannot be called */
};

/* One call: pub is what the function sees. */
typedef struct context { blz_native pub; lib_ctx *c; str why; bool full; } context;

/* ---- what a function may ask for: called over its frames, so that nothing here may jump ---- */

static void *give_memory(blz_native *pub, size_t n) {
  context *x = (context *)(void *)pub;
  void *p = n < SIZE_MAX / 2 ? arena_try(x->c->a, n ? n : 1) : NULL;
  if (!p) x->full = true;
  return p;
}

static void take_reason(blz_native *pub, const char *why) {
  context *x = (context *)(void *)pub;
  size_t n = why ? strnlen(why, 1000) : 0;
  char *copy = n ? arena_try(x->c->a, n) : NULL;
  if (!copy) return;
  memcpy(copy, why, n);
  x->why = (str){ copy, (uint32_t)n };
}

/* ---- making functions ---- */

static ffi_type *single_type(uint8_t kind) {
  switch ((type_kind)kind) {
  case TY_BOOL: return &ffi_type_uint8;
  case TY_INT: return &ffi_type_sint64;
  case TY_NUMBER: return &ffi_type_double;
  case TY_COLOR: return &ffi_type_uint32;
  case TY_DATE: return &ffi_type_sint32;
  case TY_ERROR: case TY_NEVER: case TY_TEXT: case TY_UNION: case TY_TIME: case TY_DURATION: case TY_MONTHS: case TY_PATTERN: case TY_LIST: case TY_MAP:
  case TY_RECORD: case TY_REF: case TY_PALETTE: case TY_TERMS: case TY_VAR: break;
  }
  return &ffi_type_pointer;
}

static bool is_pair(native_type t) { return t.list || t.kind == TY_TEXT; }

native_fn *native_prepare(arena *a, const prog_extern *x, void (*symbol)(void)) {
  native_fn *f = ARENA_NEW(a, native_fn);
  *f = (native_fn){ .sig = native_sig_of(x), .symbol = symbol };
  ffi_type **types = ARENA_ARRAY(a, ffi_type *, MAX_ARGS);
  ffi_type *length = sizeof(size_t) == 8 ? &ffi_type_uint64 : &ffi_type_uint32;
  unsigned n = 0;
  types[n++] = &ffi_type_pointer;
  for (uint32_t i = 0; i < f->sig.n; i++) {
    native_type t = f->sig.params[i];
    types[n++] = is_pair(t) || t.opt ? &ffi_type_pointer : single_type(t.kind);
    if (is_pair(t)) types[n++] = length;
  }
  types[n++] = &ffi_type_pointer;
  return ffi_prep_cif(&f->cif, FFI_DEFAULT_ABI, n, &ffi_type_sint, types) == FFI_OK ? f : NULL;
}

native_fn *native_of_host(arena *a, const prog_extern *x, const native_host_fn *h) {
  native_fn *f = ARENA_NEW(a, native_fn);
  *f = (native_fn){ .sig = native_sig_of(x), .host = h->fn, .ud = h->ud };
  return f;
}

native_fn *native_absent(arena *a, const char *why) {
  native_fn *f = ARENA_NEW(a, native_fn);
  f->absent = why;
  return f;
}

/* ---- values out ---- */

static size_t size_in_list(uint8_t kind) {
  switch ((type_kind)kind) {
  case TY_BOOL: return sizeof(uint8_t);
  case TY_INT: return sizeof(int64_t);
  case TY_NUMBER: return sizeof(double);
  case TY_COLOR: return sizeof(uint32_t);
  case TY_DATE: return sizeof(int32_t);
  case TY_ERROR: case TY_NEVER: case TY_TEXT: case TY_UNION: case TY_TIME: case TY_DURATION: case TY_MONTHS: case TY_PATTERN: case TY_LIST: case TY_MAP:
  case TY_RECORD: case TY_REF: case TY_PALETTE: case TY_TERMS: case TY_VAR: break;
  }
  return sizeof(blz_native_text);
}

/* Writes v as C sees it to p, which has size_in_list bytes. */
static void put(arena *a, uint8_t kind, val v, void *p) {
  uint8_t b = v.i != 0;
  uint32_t color = (uint32_t)v.i;
  int32_t date = (int32_t)v.i;
  if (kind == TY_BOOL) memcpy(p, &b, sizeof b);
  else if (kind == TY_INT) memcpy(p, &v.i, sizeof v.i);
  else if (kind == TY_NUMBER) memcpy(p, &v.n, sizeof v.n);
  else if (kind == TY_COLOR) memcpy(p, &color, sizeof color);
  else if (kind == TY_DATE) memcpy(p, &date, sizeof date);
  else {
    char *copy = arena_alloc(a, (size_t)v.t->n + 1); /* zeroed: the byte at its end */
    if (v.t->n) memcpy(copy, v.t->p, v.t->n);
    memcpy(p, &(blz_native_text){ copy, v.t->n }, sizeof(blz_native_text));
  }
}

static blz_native_kind kind_of(native_type t) {
  if (t.list) return BLZ_NATIVE_LIST;
  return t.kind == TY_BOOL ? BLZ_NATIVE_BOOL : t.kind == TY_INT ? BLZ_NATIVE_INT : t.kind == TY_NUMBER ? BLZ_NATIVE_NUMBER :
         t.kind == TY_TEXT ? BLZ_NATIVE_TEXT : t.kind == TY_COLOR ? BLZ_NATIVE_COLOR : BLZ_NATIVE_DATE;
}

static void put_argument(arena *a, native_type t, val v, blz_native_value *out) {
  out->kind = kind_of(t);
  if (!t.list) {
    put(a, t.kind, v, &out->as);
    return;
  }
  size_t size = size_in_list(t.kind);
  char *p = arena_alloc(a, v.l->n ? v.l->n * size : 1);
  for (uint32_t i = 0; i < v.l->n; i++) put(a, t.kind, v.l->v[i], p + i * size);
  out->as.list = (blz_native_list){ p, v.l->n };
}

/* ---- values in: NULL, or what is wrong ---- */

static const char *get_text(arena *a, blz_native_text t, val *out) {
  if (!t.p) return "returned a null pointer instead of a text";
  if (t.n >= UINT32_MAX) return "returned a text that is too long";
  for (const char *p = t.p, *end = t.p + t.n; p < end;) {
    uint32_t cp;
    p += utf8_decode(p, end, &cp);
    if (cp == UINT32_MAX) return "returned a text that is not UTF-8";
  }
  text *made = ARENA_NEW(a, text);
  *made = text_of(str_dup(a, (str){ t.p, (uint32_t)t.n }));
  out->t = made;
  return NULL;
}

static const char *get(arena *a, uint8_t kind, const void *p, val *out) {
  uint8_t b;
  uint32_t color;
  int32_t date;
  blz_native_text t;
  *out = (val){ .i = 0 };
  if (kind == TY_BOOL) memcpy(&b, p, sizeof b), out->i = b != 0;
  else if (kind == TY_INT) memcpy(&out->i, p, sizeof out->i);
  else if (kind == TY_COLOR) memcpy(&color, p, sizeof color), out->i = color;
  else if (kind == TY_NUMBER) {
    memcpy(&out->n, p, sizeof out->n);
    if (!isfinite(out->n)) return "returned a number that is not finite";
    if (out->n == 0) out->n = 0; /* no negative zero */
  } else if (kind == TY_DATE) {
    memcpy(&date, p, sizeof date), out->i = date;
    if (date < CIVIL_DAY_MIN || date > CIVIL_DAY_MAX) return "returned a date outside the years 1 to 9999";
  } else {
    memcpy(&t, p, sizeof t);
    return get_text(a, t, out);
  }
  return NULL;
}

static const char *get_result(arena *a, native_type t, const blz_native_value *r, val *out) {
  if (r->kind != kind_of(t)) return "returned a value of another kind than declared";
  if (!t.list) return get(a, t.kind, &r->as, out);
  blz_native_list l = r->as.list;
  if (!l.v) return "returned a null pointer instead of a list";
  size_t size = size_in_list(t.kind);
  if (l.n > UINT32_MAX / sizeof(val)) return "returned a list that is too long";
  list *made = ARENA_NEW(a, list);
  val *v = ARENA_ARRAY(a, val, l.n ? l.n : 1);
  for (size_t i = 0; i < l.n; i++) {
    const char *wrong = get(a, t.kind, (const char *)l.v + i * size, &v[i]);
    if (wrong) return wrong;
  }
  *made = (list){ (uint32_t)l.n, v };
  out->l = made;
  return NULL;
}

/* ---- the call ---- */

static int call_library(const native_fn *f, context *x, blz_native_value *args, blz_native_value *result) {
  void *argv[MAX_ARGS], *context_at = &x->pub, *result_at = &result->as, *optional[EXTERN_MAX_PARAMS];
  unsigned n = 0;
  argv[n++] = &context_at;
  for (uint32_t i = 0; i < f->sig.n; i++) {
    native_type t = f->sig.params[i];
    optional[i] = args[i].kind == BLZ_NATIVE_NONE ? NULL : &args[i].as;
    if (t.list) argv[n++] = &args[i].as.list.v, argv[n++] = &args[i].as.list.n;
    else if (t.kind == TY_TEXT) argv[n++] = &args[i].as.text.p, argv[n++] = &args[i].as.text.n;
    else argv[n++] = t.opt ? (void *)&optional[i] : &args[i].as;
  }
  argv[n++] = &result_at;
  ffi_arg status = 0;
  ffi_call((ffi_cif *)(uintptr_t)&f->cif, f->symbol, &status, argv);
  return (int)status;
}

static int refuse(lib_ctx *c, const char *why) {
  c->error = str_z(why);
  return ST_ERR;
}

int native_call(const native_fn *f, lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  if (f->absent) return refuse(c, f->absent);
  context x = { .pub = { sizeof x.pub, give_memory, take_reason }, .c = c };
  blz_native_value given[EXTERN_MAX_PARAMS], result = { .kind = kind_of(f->sig.ret) };
  memset(given, 0, sizeof given);
  for (uint32_t i = 0; i < f->sig.n; i++)
    if (st[i] == ST_OK) put_argument(c->a, f->sig.params[i], args[i], &given[i]);
  if (c->steps) *c->steps += CALL_STEPS;
  int status = f->host ? f->host(f->ud, &x.pub, given, f->sig.n, &result) : call_library(f, &x, given, &result);
  if (status == BLZ_NATIVE_ERROR) {
    c->error = x.why.n ? x.why : x.full ? STR("needed more memory than its budget allows") : STR("reported an error and gave no reason");
    return ST_ERR;
  }
  bool none = status == BLZ_NATIVE_MISSING || (status == BLZ_NATIVE_OK && result.kind == BLZ_NATIVE_NONE);
  if (none) return f->sig.ret.opt ? ST_MISSING : refuse(c, "gave no value, and its declared result is not optional");
  if (status != BLZ_NATIVE_OK) return refuse(c, "returned a status that means nothing (0, 1 and 2 do)");
  const char *wrong = get_result(c->a, f->sig.ret, &result, out);
  return wrong ? refuse(c, wrong) : ST_OK;
}
