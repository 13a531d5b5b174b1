/* Files of data: finding the format, reading through a window, and making pipes readable twice.
 *
 * A file is opened once and read by position, so that several walks share it. What is no regular file (standard input, a pipe) is copied
 * to a private file first. A file that changes while it is read is noticed by its size and time. */
#include "runtime/src_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK = 64 << 10 };

/* 1 more bytes, 0 end of file, -1 I/O error, -2 no memory, -3 more than a row may hold. */
int window_more(window *w) {
  if (w->eof) return 0;
  if (w->at) { /* what was read already makes room */
    memmove(w->p, w->p + w->at, w->n - w->at);
    w->n -= w->at, w->at = 0;
  }
  if (w->n > SRC_MAX_ROW) return -3;
  if (w->cap - w->n < CHUNK) {
    size_t cap = w->cap ? w->cap * 2 : 2 * CHUNK;
    char *p = mem_grow(w->m, w->p, w->cap, cap);
    if (!p) return -2;
    w->p = p, w->cap = cap;
  }
  ssize_t got;
  do got = pread(w->f->fd, w->p + w->n, w->cap - w->n > (1 << 20) ? 1 << 20 : w->cap - w->n, w->off);
  while (got < 0 && errno == EINTR);
  if (got < 0) return -1;
  if (!got) { w->eof = true; return 0; }
  w->n += (size_t)got, w->off += got;
  return 1;
}

void window_free(window *w) { mem_free(w->m, w->p, w->cap); w->p = NULL; }

bool file_unchanged(const src_file *f) {
  struct stat st;
  if (f->copied) return true;
  return !fstat(f->fd, &st) && st.st_size == f->st.st_size && st.st_mtim.tv_sec == f->st.st_mtim.tv_sec &&
         st.st_mtim.tv_nsec == f->st.st_mtim.tv_nsec;
}

int64_t file_size(const src_file *f) {
  struct stat st;
  return fstat(f->fd, &st) ? -1 : st.st_size;
}

int64_t file_peek(const src_file *f, char *p, size_t n) { return pread(f->fd, p, n, 0); }

static int temp_file(arena *a, str dir) {
  const char *base = dir.n ? str_dup(a, dir).p : "/tmp";
#ifdef O_TMPFILE
  int fd = open(base, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0) return fd;
#endif
  str path = str_fmt(a, "%s/blazon-XXXXXX", base);
  char *p = (char *)(uintptr_t)path.p;
  fd = mkostemp(p, O_CLOEXEC);
  if (fd >= 0) unlink(p);
  return fd;
}

/* Copies what cannot be read twice. Gives 0 or errno. */
static int copy_all(int from, int to) {
  char chunk[CHUNK / 4];
  for (;;) {
    ssize_t n = read(from, chunk, sizeof chunk);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n < 0 ? errno : 0;
    for (ssize_t done = 0; done < n;) {
      ssize_t w = write(to, chunk + done, (size_t)(n - done));
      if (w < 0 && errno == EINTR) continue;
      if (w < 0) return errno;
      done += w;
    }
  }
}

static bool ends_with(str s, const char *ext) {
  size_t n = strlen(ext);
  if (s.n < n) return false;
  for (size_t i = 0; i < n; i++)
    if ((s.p[s.n - n + i] | 32) != (ext[i] | 32)) return false;
  return true;
}

static bool pointer_parse(src_file *f, arena *a, str *why) {
  str s = f->pointer;
  if (!s.n) return true;
  if (s.p[0] != '/') {
    *why = str_fmt(a, "`%.*s` is no JSON pointer: it begins with / (`#/%.*s`?)", STR_ARG(s), STR_ARG(s));
    return false;
  }
  for (uint32_t i = 0; i < s.n; i++) f->nsegs += s.p[i] == '/';
  if (f->nsegs > 60) {
    *why = STR("the JSON pointer has more than 60 steps");
    return false;
  }
  f->segs = ARENA_ARRAY(a, str, f->nsegs);
  uint32_t k = 0;
  for (uint32_t i = 1; k < f->nsegs; i++, k++) {
    buf b = { .a = a };
    for (; i < s.n && s.p[i] != '/'; i++) {
      if (s.p[i] == '~' && i + 1 < s.n && (s.p[i + 1] == '0' || s.p[i + 1] == '1')) buf_ch(&b, s.p[++i] == '0' ? '~' : '/');
      else buf_ch(&b, s.p[i]);
    }
    f->segs[k] = buf_done(&b);
  }
  return true;
}

/* The first bytes tell what no file name can: another encoding, and for standard input and pipes the format. */
static bool look_inside(src_file *f, bool by_name, arena *a, diag_code *code, str *why) {
  unsigned char head[512];
  ssize_t n = pread(f->fd, head, sizeof head, 0);
  if (n < 0) {
    *code = DIAG_DATA_UNREADABLE;
    *why = str_fmt(a, "`%.*s` cannot be read: %s", STR_ARG(f->path), strerror(errno));
    return false;
  }
  if (n >= 2 && ((head[0] == 0xFF && head[1] == 0xFE) || (head[0] == 0xFE && head[1] == 0xFF))) {
    *code = DIAG_DATA_ENCODING;
    *why = str_fmt(a, "`%.*s` is UTF-16; save it as UTF-8", STR_ARG(f->path));
    return false;
  }
  if (n >= 16 && !memcmp(head, "SQLite format 3", 16)) {
    *code = DIAG_DATA_FORMAT;
    *why = str_fmt(a, "`%.*s` is a SQLite database; give it with --db", STR_ARG(f->path));
    return false;
  }
  if (memchr(head, 0, (size_t)n)) {
    *code = DIAG_DATA_ENCODING;
    *why = str_fmt(a, "`%.*s` is a binary file, not text", STR_ARG(f->path));
    return false;
  }
  if (by_name) return true;
  ssize_t i = n >= 3 && !memcmp(head, "\xEF\xBB\xBF", 3) ? 3 : 0;
  while (i < n && (head[i] == ' ' || head[i] == '\t' || head[i] == '\r' || head[i] == '\n')) i++;
  if (f->nsegs || (i < n && head[i] == '[')) f->format = FMT_JSON;
  else if (i == n || head[i] == '{') f->format = FMT_NDJSON;
  else if (str_eq(f->path, STR("-")) || f->copied || (f->path.n > 5 && !memcmp(f->path.p, "/dev/", 5))) f->format = FMT_CSV; /* nobody names a pipe */
  else {
    *code = DIAG_DATA_FORMAT;
    *why = str_fmt(a, "`%.*s` does not say its format: name it .json, .ndjson, .csv or .tsv", STR_ARG(f->path));
    return false;
  }
  return true;
}

bool file_open(src_file *f, const mem *m, arena *a, str path, str pointer, bool by_ext, str tmp_dir, diag_code *code, str *why) {
  *f = (src_file){ .fd = -1, .path = path, .pointer = pointer };
  *code = DIAG_DATA_POINTER;
  if (!pointer_parse(f, a, why)) return false;
  const char *z = str_dup(a, path).p;
  bool input = str_eq(path, STR("-"));
  *code = DIAG_DATA_UNREADABLE;
  f->fd = input ? fcntl(0, F_DUPFD_CLOEXEC, 3) : open(z, O_RDONLY | O_CLOEXEC);
  if (f->fd < 0) {
    if (errno == ENOENT) *code = DIAG_DATA_NO_FILE;
    *why = str_fmt(a, "`%.*s` cannot be opened: %s", STR_ARG(path), strerror(errno));
    return false;
  }
  if (fstat(f->fd, &f->st)) goto unreadable;
  if (S_ISDIR(f->st.st_mode)) {
    *why = str_fmt(a, "`%.*s` is a directory, not a file", STR_ARG(path));
    goto fail;
  }
  if (!S_ISREG(f->st.st_mode) || (input && lseek(f->fd, 0, SEEK_CUR) != 0)) {
    int copy = temp_file(a, tmp_dir), e = copy < 0 ? errno : copy_all(f->fd, copy);
    if (e) {
      *code = DIAG_DATA_SPILL;
      *why = str_fmt(a, "%s cannot be copied to a temporary file: %s", input ? "standard input" : z, strerror(e));
      if (copy >= 0) close(copy);
      goto fail;
    }
    close(f->fd);
    f->fd = copy, f->copied = true;
  }
  bool named = by_ext && !input;
  if (named && (ends_with(path, ".ndjson") || ends_with(path, ".jsonl"))) f->format = FMT_NDJSON;
  else if (named && ends_with(path, ".json")) f->format = FMT_JSON;
  else if (named && ends_with(path, ".csv")) f->format = FMT_CSV;
  else if (named && (ends_with(path, ".tsv") || ends_with(path, ".tab"))) f->format = FMT_TSV;
  else named = false;
  if (!look_inside(f, named, a, code, why)) goto fail;
  if (f->nsegs && f->format != FMT_JSON) {
    *code = DIAG_DATA_POINTER;
    *why = str_fmt(a, "`%.*s` is no JSON file, so `#%.*s` points nowhere", STR_ARG(path), STR_ARG(pointer));
    goto fail;
  }
  if (f->format != FMT_CSV && f->format != FMT_TSV) return true;

  csv_reader *c = csv_open(f, m); /* the header row */
  if (!c) { file_close(f); *why = STR("out of memory"); *code = DIAG_DATA_UNREADABLE; return false; }
  src_row row;
  reader_error e = { .message = STR("") };
  jmp_buf jump, *outer = a->oom;
  a->oom = &jump;
  int jumped = _setjmp(jump), st = SRC_OOM;
  if (!jumped) {
    st = csv_next(c, &row, a, &e);
    if (st == SRC_OK) {
      f->header = ARENA_ARRAY(a, str, row.ncells);
      f->header_col = ARENA_ARRAY(a, uint32_t, row.ncells);
      f->ncells = row.ncells;
      for (uint32_t i = 0; i < row.ncells; i++) {
        str s = tape_str(row.t, row.at + i);
        while (s.n && s.p[0] == ' ') s.p++, s.n--;
        while (s.n && s.p[s.n - 1] == ' ') s.n--;
        f->header[i] = str_dup(a, s), f->header_col[i] = row.t->t[row.at + i].col;
      }
    }
  }
  a->oom = outer;
  csv_close(c);
  if (jumped || st == SRC_OOM) {
    file_close(f);
    if (outer) longjmp(*outer, jumped ? jumped : ARENA_OOM);
    abort();
  }
  if (st == SRC_OK) return true;
  *code = st == SRC_DONE ? DIAG_DATA_CSV : e.code;
  *why = st == SRC_DONE ? str_fmt(a, "`%.*s` is empty: the first row of a CSV file names its columns", STR_ARG(path))
                        : str_fmt(a, "%.*s:%u:%u: %.*s", STR_ARG(path), e.line, e.col, STR_ARG(e.message));
  goto fail;

unreadable:
  *why = str_fmt(a, "`%.*s` cannot be read: %s", STR_ARG(path), strerror(errno));
fail:
  file_close(f);
  return false;
}

void file_close(src_file *f) {
  if (f->fd >= 0) close(f->fd);
  f->fd = -1;
}

/* ---- one reader for all formats ---- */

struct src_reader { const mem *m; csv_reader *csv; json_reader *json; };

src_reader *reader_open(const src_file *f, const mem *m) {
  src_reader *r = mem_try(m, sizeof *r);
  if (!r) return NULL;
  *r = (src_reader){ .m = m };
  if (f->format == FMT_CSV || f->format == FMT_TSV) {
    r->csv = csv_open(f, m);
    arena none; /* the header is known already; only a failure would need memory, and it was read without one before */
    arena_init(&none, m, NULL);
    jmp_buf jump;
    none.oom = &jump;
    src_row row;
    reader_error e;
    volatile bool ok = r->csv != NULL;
    if (ok) {
      if (_setjmp(jump)) ok = false;
      else ok = csv_next(r->csv, &row, &none, &e) != SRC_OOM;
    }
    arena_free(&none);
    if (ok) return r;
  } else {
    r->json = json_open(f, m);
    if (r->json) return r;
  }
  reader_close(r);
  return NULL;
}

void reader_close(src_reader *r) {
  if (!r) return;
  if (r->csv) csv_close(r->csv);
  if (r->json) json_close(r->json);
  mem_free(r->m, r, sizeof *r);
}

int reader_next(src_reader *r, src_row *row, arena *a, reader_error *e) {
  return r->csv ? csv_next(r->csv, row, a, e) : json_next(r->json, row, a, e);
}
