/* Reading whole files and walking folders. See files.h. */
#include "runtime/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool file_is_folder(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static const char *reason(int err) {
  switch (err) {
  case ENOENT: return "there is no such file or folder";
  case EACCES:
  case EPERM: return "permission denied";
  case EISDIR: return "it is a folder";
  case ENOTDIR: return "a part of the path is not a folder";
  case ELOOP: return "its links go round in a circle";
  case ENAMETOOLONG: return "the name is too long";
  case EMFILE:
  case ENFILE: return "too many files are open";
  case ENOMEM: return "not enough memory";
  default: return "it cannot be read";
  }
}

char *file_read(const mem *m, const char *path, size_t max, size_t *n, const char **why) {
  bool is_stdin = strcmp(path, "-") == 0;
  int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) { *why = reason(errno); return NULL; }
  struct stat st;
  size_t cap = 65536, used = 0;
  if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 && (uintmax_t)st.st_size < SIZE_MAX / 2)
    cap = (size_t)st.st_size + 2;
  if (cap > max) cap = max + 2;
  char *p = mem_try(m, cap);
  *why = NULL;
  if (!p) *why = "not enough memory";
  while (!*why) {
    if (used + 1 >= cap) {
      char *q = mem_grow(m, p, cap, cap * 2);
      if (!q) { *why = "not enough memory"; break; }
      p = q, cap *= 2;
    }
    ssize_t got = read(fd, p + used, cap - used - 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) *why = reason(errno);
    if (got <= 0) break;
    used += (size_t)got;
    if (used > max) *why = "it is too large";
  }
  if (!is_stdin) close(fd);
  if (*why) { mem_free(m, p, cap); return NULL; }
  p[used] = 0;
  char *fit = mem_grow(m, p, cap, used + 1); /* so that the caller knows the block's size */
  if (!fit) { mem_free(m, p, cap); *why = "not enough memory"; return NULL; }
  *n = used;
  return fit;
}

typedef struct seen { dev_t dev; ino_t ino; } seen;
typedef struct finder {
  arena *a;
  VEC(str) files;
  VEC(str) folders;   /* still to be read */
  VEC(seen) visited;
} finder;

static bool first_visit(finder *f, const struct stat *st) {
  for (uint32_t i = 0; i < f->visited.n; i++)
    if (f->visited.v[i].dev == st->st_dev && f->visited.v[i].ino == st->st_ino) return false;
  *VEC_PUSH(f->a, &f->visited) = (seen){ st->st_dev, st->st_ino };
  return true;
}

/* A rule file or folder is kept for later. False, with the path and the reason, when a rule file, or what may be a folder of them, cannot be
 * looked at: nothing that looks like rules is passed over without a word. */
static bool take_entry(finder *f, str dir, const char *name, str *where, const char **why) {
  if (name[0] == '.') return true;
  str path = dir.n && dir.p[dir.n - 1] == '/' ? str_fmt(f->a, "%.*s%s", STR_ARG(dir), name)
                                              : str_fmt(f->a, "%.*s/%s", STR_ARG(dir), name);
  struct stat st;
  size_t n = strlen(name);
  bool rules = n > 4 && memcmp(name + n - 4, ".blz", 4) == 0;
  if (stat(path.p, &st) != 0) {
    if (!rules && (errno == ENOENT || errno == ELOOP)) return true; /* a link to nowhere */
    *where = path, *why = reason(errno);
    return false;
  }
  if (S_ISDIR(st.st_mode)) {
    *VEC_PUSH(f->a, &f->folders) = path;
  } else if (rules && S_ISREG(st.st_mode)) {
    *VEC_PUSH(f->a, &f->files) = path;
  } else if (rules) {
    *where = path, *why = "it is no regular file"; /* a pipe that nobody writes to would be waited for */
    return false;
  }
  return true;
}

static int by_bytes(const void *x, const void *y) { return str_cmp(*(const str *)x, *(const str *)y); }

bool files_find(arena *a, str dir, str **paths, uint32_t *n, str *where, const char **why) {
  finder f = { .a = a };
  *VEC_PUSH(a, &f.folders) = str_dup(a, dir);
  while (f.folders.n) {
    str at = f.folders.v[--f.folders.n];
    struct stat st;
    if (stat(at.p, &st) == 0 && !first_visit(&f, &st)) continue;
    /* an arena's jump would leave the folder open, so its names are collected with the arena's handler away */
    jmp_buf *outer = a->oom, here;
    a->oom = &here;
    DIR *d = opendir(at.p);
    if (!d) { a->oom = outer; *where = at, *why = reason(errno); return false; }
    int jumped = setjmp(here);
    if (jumped) { closedir(d); a->oom = outer; if (!outer) abort(); longjmp(*outer, jumped); }
    bool ok = true;
    for (struct dirent *e; ok && (e = readdir(d));) ok = take_entry(&f, at, e->d_name, where, why);
    closedir(d);
    a->oom = outer;
    if (!ok) return false;
  }
  if (f.files.n) qsort(f.files.v, f.files.n, sizeof *f.files.v, by_bytes);
  *paths = f.files.v, *n = f.files.n;
  return true;
}

bool file_identity(const char *path, file_id *out) {
  struct stat st;
  if (stat(path, &st) != 0 || !S_ISREG(st.st_mode)) return false;
  *out = (file_id){ (uint64_t)st.st_dev, (uint64_t)st.st_ino };
  return true;
}
