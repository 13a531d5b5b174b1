/* Files that rule files name: lists of terms. Read once each, relative to the rule file, and kept among the sources so that messages have places
 * and bundles have the text. Rules themselves are never fetched: which files belong to a run is said by whoever starts it. */
#include "runtime/load.h"

#include "runtime/files.h"

#include <string.h>
#include <sys/stat.h>

enum { LIST_MAX = 256 << 20 };

/* The folder of the rule file, then the path; never "-", which would be standard input. */
static str full_path(arena *a, str from, str path) {
  if (path.n && path.p[0] == '/') return str_dup(a, path);
  const char *slash = memrchr(from.p, '/', from.n);
  if (slash) return str_fmt(a, "%.*s/%.*s", (int)(slash - from.p), from.p, STR_ARG(path));
  return str_eq(path, STR("-")) ? STR("./-") : str_dup(a, path);
}

static const srcfile *known(const sources *src, str path) {
  for (uint32_t i = 0; i < src->files.n; i++)
    if (src->files.v[i]->data && str_eq(src->files.v[i]->path, path)) return src->files.v[i];
  return NULL;
}

static rt_loaded state_of(str path, const struct stat *st, bool there) {
  if (!there) return (rt_loaded){ .path = path, .size = -1 };
  return (rt_loaded){ path, st->st_mtim.tv_sec, st->st_mtim.tv_nsec, st->st_size };
}

bool rt_loads_changed(const rt_program *p) {
  for (uint32_t i = 0; i < p->loaded.n; i++) {
    struct stat st;
    rt_loaded was = p->loaded.v[i], is = state_of(was.path, &st, stat(was.path.p, &st) == 0);
    if (was.sec != is.sec || was.nsec != is.nsec || was.size != is.size) return true;
  }
  return false;
}

const srcfile *rt_load(void *ud, sources *src, load_request *r) {
  rt_program *p = ud;
  if (r->module) return NULL;
  if (!r->path.n || memchr(r->path.p, 0, r->path.n)) return NULL;
  str path = full_path(&p->a, r->from, r->path);
  const srcfile *there = known(src, path);
  if (there) return there;
  struct stat st;
  bool exists = stat(path.p, &st) == 0;
  *VEC_PUSH(&p->a, &p->loaded) = state_of(path, &st, exists);
  if (exists && !S_ISREG(st.st_mode)) { /* a pipe would wait for somebody who writes */
    r->why = S_ISDIR(st.st_mode) ? STR("it is a folder") : STR("it is no ordinary file");
    return NULL;
  }
  size_t n = 0;
  const char *why = NULL;
  char *bytes = file_read(&p->m, path.p, LIST_MAX, &n, &why);
  if (!bytes) { r->why = str_z(why); return NULL; }
  jmp_buf *outer = p->a.oom, here; /* bytes are ours while the arena may jump */
  srcfile *f = NULL;
  int jumped = setjmp(here);
  if (!jumped) {
    p->a.oom = &here;
    f = sources_add(src, path, (str){ bytes, (uint32_t)n });
  }
  p->a.oom = outer;
  mem_free(&p->m, bytes, n + 1);
  if (jumped) longjmp(*outer, jumped);
  if (!f) { r->why = STR("all files together are too large"); return NULL; }
  f->data = true;
  return f;
}
