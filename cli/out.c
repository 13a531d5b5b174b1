/* Output that is whole or not at all. See out.h. */
#include "cli/out.h"

#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The only state that a signal handler can reach: the name of the file to remove. */
static char *volatile unfinished;

static void on_signal(int sig) {
  if (unfinished) unlink(unfinished);
  signal(sig, SIG_DFL);
  raise(sig);
}

void out_guard_signals(void) {
  static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
    struct sigaction old;
    if (sigaction(ends[i], NULL, &old) == 0 && old.sa_handler == SIG_IGN) continue; /* nohup */
    signal(ends[i], on_signal);
  }
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
}

void out_fd(out *o, int fd, bool color) {
  o->fd = fd, o->color = color, o->gone = false, o->error = 0, o->n = 0, o->path = o->tmp = NULL;
}

static mode_t mode_of(const struct stat *st, bool there) {
  if (there) return st->st_mode & 0777;
  mode_t mask = umask(0);
  umask(mask);
  return 0666 & ~mask;
}

bool out_file(out *o, const char *path, int *why) {
  out_fd(o, -1, false);
  struct stat st;
  bool there = stat(path, &st) == 0;
  if (there && !S_ISREG(st.st_mode)) {
    o->fd = open(path, O_WRONLY | O_CLOEXEC);
    *why = S_ISDIR(st.st_mode) ? EISDIR : errno;
    o->path = o->fd >= 0 ? strdup(path) : NULL;
    return o->fd >= 0;
  }
  /* a link is written through: the file it names is replaced, not the link */
  o->path = there ? realpath(path, NULL) : strdup(path);
  size_t n = o->path ? strlen(o->path) + 8 : 0;
  o->tmp = n ? malloc(n) : NULL;
  if (!o->tmp) { *why = ENOMEM; free(o->path), o->path = NULL; return false; }
  snprintf(o->tmp, n, "%s.XXXXXX", o->path);
  o->fd = mkostemp(o->tmp, O_CLOEXEC);
  if (o->fd < 0 || fchmod(o->fd, mode_of(&st, there)) != 0) {
    *why = errno;
    if (o->fd >= 0) close(o->fd), unlink(o->tmp);
    free(o->tmp), free(o->path);
    o->tmp = o->path = NULL;
    return false;
  }
  unfinished = o->tmp;
  return true;
}

void out_csv(out *o, str s) {
  bool quote = false;
  for (uint32_t i = 0; i < s.n && !quote; i++) quote = strchr(",\"\r\n", s.p[i]) != NULL;
  if (quote) out_ch(o, '"');
  for (uint32_t i = 0; i < s.n; i++) {
    if (s.p[i] == '"') out_ch(o, '"');
    out_ch(o, s.p[i]);
  }
  if (quote) out_ch(o, '"');
}

void out_flush(out *o) {
  uint32_t at = 0;
  while (at < o->n && !o->gone && !o->error) {
    ssize_t got = write(o->fd, o->buf + at, o->n - at);
    if (got >= 0) at += (uint32_t)got;
    else if (errno == EPIPE) o->gone = true;
    else if (errno != EINTR) o->error = errno;
  }
  o->n = 0;
}

void out_add(out *o, const char *p, size_t n) {
  while (n) {
    size_t room = sizeof o->buf - o->n, k = n < room ? n : room;
    memcpy(o->buf + o->n, p, k);
    o->n += (uint32_t)k, p += k, n -= k;
    if (o->n == sizeof o->buf) out_flush(o);
  }
}

void out_str(out *o, str s) { out_add(o, s.p, s.n); }
void out_z(out *o, const char *z) { out_add(o, z, strlen(z)); }
void out_ch(out *o, char c) { out_add(o, &c, 1); }

void out_fmt(out *o, const char *f, ...) {
  char small[512], *p = small;
  va_list ap;
  va_start(ap, f);
  int n = vsnprintf(small, sizeof small, f, ap);
  va_end(ap);
  if (n < 0) return;
  if ((size_t)n >= sizeof small) {
    p = malloc((size_t)n + 1);
    if (!p) { o->error = ENOMEM; return; }
    va_start(ap, f);
    vsnprintf(p, (size_t)n + 1, f, ap);
    va_end(ap);
  }
  out_add(o, p, (size_t)n);
  if (p != small) free(p);
}

void out_style(out *o, enum style s) {
  static const char *const codes[S_STYLES] = { "\033[0m",    "\033[1m",    "\033[2m",    "\033[1;31m",
                                               "\033[1;33m", "\033[1;34m", "\033[1;32m", "\033[36m" };
  if (o->color) out_z(o, codes[s]);
}

void out_safe(out *o, str s) {
  if (!s.n) return;
  const char *p = s.p, *end = s.p + s.n;
  while (p < end) {
    uint32_t cp, k = utf8_decode(p, end, &cp);
    bool bad = cp == UINT32_MAX || (cp < 32 && cp != '\n' && cp != '\t') || (cp >= 0x7F && cp < 0xA0) || cp == 0x2028 ||
               cp == 0x2029 || (cp >= 0x202A && cp <= 0x202E) || (cp >= 0x2066 && cp <= 0x2069);
    if (bad) out_z(o, "\xEF\xBF\xBD");
    else out_add(o, p, k);
    p += k;
  }
}

int out_close(out *o, bool keep) {
  out_flush(o);
  if (!o->path) return o->error;
  if (!o->tmp) {
    if (close(o->fd) != 0 && !o->error) o->error = errno;
    free(o->path);
    o->path = NULL;
    return o->error;
  }
  if (!o->error && keep && fsync(o->fd) != 0 && errno != EINVAL && errno != ENOSYS) o->error = errno;
  if (close(o->fd) != 0 && !o->error) o->error = errno;
  if (!o->error && keep && rename(o->tmp, o->path) != 0) o->error = errno;
  if (o->error || !keep) unlink(o->tmp);
  unfinished = NULL;
  free(o->tmp), free(o->path);
  o->tmp = o->path = NULL;
  return o->error;
}
