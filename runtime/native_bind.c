/* From declarations to functions: which libraries the run allows, where they are, what they hold, and whether they say the same as the
 * declaration. */
#include "runtime/native.h"

#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

struct rt_natives {
  extern_host host;
  uint32_t n, nlibs;
  native_fn **fns;         /* one an extern function of the program */
  struct library *libs;
};

typedef struct library { str name; void *handle; bool tried; } library;

typedef struct binder { rt_program *p; const native_wants *w; rt_natives *out; uint32_t wrong; } binder;

static int call(void *ud, uint32_t at, lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  const rt_natives *n = ud;
  return native_call(n->fns[at], c, args, st, out);
}

const extern_host *rt_native_host(const rt_natives *n) { return n ? &n->host : NULL; }

void rt_native_free(rt_natives *n) {
  for (uint32_t i = 0; n && i < n->nlibs; i++)
    if (n->libs[i].handle) dlclose(n->libs[i].handle);
}

static diag *problem(binder *b, const prog_extern *x, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static diag *problem(binder *b, const prog_extern *x, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  str s = str_vfmt(&b->p->a, fmt, ap);
  va_end(ap);
  b->wrong++;
  return diag_add(&b->p->d, DIAG_ENV_NATIVE, x->sp, "%.*s", STR_ARG(s));
}

static void note(binder *b, diag *g, str s) { diag_note_add(&b->p->d, g, (span){ 0, 0 }, "%.*s", STR_ARG(s)); }

static str last_part(str name) {
  const char *dot = memrchr(name.p, '.', name.n);
  return dot ? (str){ dot + 1, name.n - (uint32_t)(dot + 1 - name.p) } : name;
}

/* ---- libraries ---- */

static bool is_file(str s) { return memchr(s.p, '/', s.n) || (s.n > 3 && memcmp(s.p + s.n - 3, ".so", 3) == 0); }

/* "lib/libphash.so" is the library phash. */
static str name_of_file(str s) {
  const char *slash = memrchr(s.p, '/', s.n);
  if (slash) s = (str){ slash + 1, s.n - (uint32_t)(slash + 1 - s.p) };
  const char *so = memmem(s.p, s.n, ".so", 3);
  if (so) s.n = (uint32_t)(so - s.p);
  if (s.n > 3 && memcmp(s.p, "lib", 3) == 0) s.p += 3, s.n -= 3;
  return s;
}

/* The file that holds the library; empty: said why there is none. */
static str find_library(binder *b, const prog_extern *x) {
  arena *a = &b->p->a;
  bool allowed = false;
  for (uint32_t i = 0; i < b->w->nallowed; i++) {
    str s = b->w->allowed[i];
    if (is_file(s) && str_eq(name_of_file(s), x->lib)) return str_fmt(a, "%s%.*s", memchr(s.p, '/', s.n) ? "" : "./", STR_ARG(s));
    allowed = allowed || str_eq(s, x->lib);
  }
  if (!allowed) {
    diag *g = problem(b, x, "`%.*s` is a function of the native library `%.*s`, which this run does not allow", STR_ARG(last_part(x->name)), STR_ARG(x->lib));
    buf given = { .a = a };
    for (uint32_t i = 0; i < b->w->nallowed; i++) buf_fmt(&given, "%s`%.*s`", i ? ", " : "", STR_ARG(b->w->allowed[i]));
    if (given.n) note(b, g, str_fmt(a, "allowed are %.*s", STR_ARG(buf_done(&given))));
    note(b, g, str_fmt(a, "if you trust it: --allow-native FILE, or --allow-native %.*s --native-path FOLDER", STR_ARG(x->lib)));
    return (str){ "", 0 };
  }
  buf tried = { .a = a };
  for (uint32_t i = 0; i < 2 * b->w->ndirs; i++) {
    str path = str_fmt(a, "%.*s/%s%.*s.so", STR_ARG(b->w->dirs[i / 2]), i % 2 ? "" : "lib", STR_ARG(x->lib));
    if (access(path.p, F_OK) == 0) return path;
    buf_fmt(&tried, "%s`%.*s`", tried.n ? ", " : "", STR_ARG(path));
  }
  diag *g = problem(b, x, "the native library `%.*s` was not found", STR_ARG(x->lib));
  if (tried.n) note(b, g, str_fmt(a, "searched were %.*s", STR_ARG(buf_done(&tried))));
  else note(b, g, str_fmt(a, "nothing was searched: say where it is by --native-path FOLDER, or --allow-native FILE"));
  return (str){ "", 0 };
}

/* NULL: it cannot be used; said once for each library. */
static void *open_library(binder *b, const prog_extern *x) {
  rt_natives *n = b->out;
  for (uint32_t i = 0; i < n->nlibs; i++)
    if (str_eq(n->libs[i].name, x->lib)) return n->libs[i].handle;
  library *l = &n->libs[n->nlibs++];
  l->name = x->lib;
  str path = find_library(b, x);
  if (!path.n) return NULL;
  if (access(path.p, F_OK) != 0) {
    problem(b, x, "there is no file `%.*s` for the native library `%.*s`", STR_ARG(path), STR_ARG(x->lib));
    return NULL;
  }
  l->handle = dlopen(path.p, RTLD_NOW | RTLD_LOCAL);
  if (!l->handle) {
    const char *why = dlerror();
    diag *g = problem(b, x, "`%.*s` cannot be loaded as a native library", STR_ARG(path));
    if (why) note(b, g, str_fmt(&b->p->a, "the system says: %s", why));
  }
  return l->handle;
}

/* ---- functions ---- */

static str shown(binder *b, const native_sig *s) {
  buf out = { .a = &b->p->a };
  native_sig_print(&out, s);
  return buf_done(&out);
}

static void contradicts(binder *b, const prog_extern *x, const native_sig *declared, const native_sig *other, const char *who) {
  diag *g = problem(b, x, "`%.*s` is declared otherwise than %s has it", STR_ARG(last_part(x->name)), who);
  note(b, g, str_fmt(&b->p->a, "declared: %.*s", STR_ARG(shown(b, declared))));
  note(b, g, str_fmt(&b->p->a, "it says: %.*s", STR_ARG(shown(b, other))));
}

/* What the library says of its functions, if it does. */
static bool signature_agrees(binder *b, const prog_extern *x, void *handle) {
  const char *const *list = (const char *const *)dlsym(handle, "blz_native_signatures");
  if (!list) return true;
  native_sig declared = native_sig_of(x), s;
  str name = last_part(x->name);
  for (uint32_t i = 0; list[i] && i < 10000; i++) {
    const char *wrong = native_sig_parse(str_z(list[i]), &s);
    if (wrong) {
      problem(b, x, "the library `%.*s` gives a signature that cannot be read, `%s`: %s", STR_ARG(x->lib), list[i], wrong);
      return false;
    }
    if (!str_eq(last_part(s.name), name)) continue;
    if (native_sig_eq(&declared, &s)) return true;
    contradicts(b, x, &declared, &s, "its library");
    return false;
  }
  problem(b, x, "the library `%.*s` lists its functions, and `%.*s` is not among them", STR_ARG(x->lib), STR_ARG(name));
  return false;
}

static native_fn *from_library(binder *b, const prog_extern *x) {
  void *handle = open_library(b, x);
  if (!handle) return NULL;
  str name = str_dup(&b->p->a, last_part(x->name));
  void *found = dlsym(handle, name.p);
  void (*symbol)(void);
  memcpy(&symbol, &found, sizeof symbol); /* POSIX: an address is good for both */
  if (!found) {
    diag *g = problem(b, x, "the library `%.*s` has no function `%.*s`", STR_ARG(x->lib), STR_ARG(name));
    note(b, g, STR("the C function has the name of the declaration, and must be visible outside the library"));
    return NULL;
  }
  if (!signature_agrees(b, x, handle)) return NULL;
  native_fn *f = native_prepare(&b->p->a, x, symbol);
  if (!f) problem(b, x, "`%.*s` cannot be called on this machine", STR_ARG(name));
  return f;
}

static native_fn *from_host(binder *b, const prog_extern *x) {
  native_sig declared = native_sig_of(x);
  for (uint32_t i = 0; i < b->w->nhost; i++) {
    const native_host_fn *h = &b->w->host[i];
    if (!str_eq(h->sig.name, x->name) && !str_eq(h->sig.name, last_part(x->name))) continue;
    if (native_sig_eq(&declared, &h->sig)) return native_of_host(&b->p->a, x, h);
    contradicts(b, x, &declared, &h->sig, "the program that embeds Blazon");
    return NULL;
  }
  if (!b->w->embedded) return native_absent(&b->p->a, "it is a function of a program that embeds Blazon, and this run has none");
  problem(b, x, "the program that embeds Blazon has added no function `%.*s`", STR_ARG(x->name));
  return NULL;
}

int rt_native_bind(rt_program *p, const native_wants *w) {
  if (setjmp(p->oom)) return RT_OOM;
  const ir_program *ir = p->ir;
  if (!ir->nexterns) return RT_OK;
  rt_natives *n = ARENA_NEW(&p->a, rt_natives);
  n->fns = ARENA_ARRAY(&p->a, native_fn *, ir->nexterns);
  n->libs = ARENA_ARRAY(&p->a, library, ir->nexterns);
  n->host = (extern_host){ n, call };
  p->natives = n, p->owns_natives = true;
  binder b = { p, w, n, 0 };
  for (uint32_t i = 0; i < ir->nexterns; i++) {
    const prog_extern *x = ir->externs[i];
    n->fns[i] = str_eq(x->lib, STR("host")) ? from_host(&b, x) : from_library(&b, x);
    if (!n->fns[i]) n->fns[i] = native_absent(&p->a, "it cannot be called in this run");
  }
  diags_sort(&p->d);
  return b.wrong ? RT_ENV : RT_OK;
}
