/* Waiting until rule files, or the lists that they name, change: names, sizes and times are looked at four times a second, which works on
 * every file system. */
#include "cli/cli.h"

#include "runtime/files.h"
#include "runtime/load.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>

static volatile sig_atomic_t stopped;

static void on_stop(int sig) {
  (void)sig;
  stopped = 1;
}

static uint64_t mixed(uint64_t h, uint64_t x) { return (h ^ x) * UINT64_C(0x100000001B3); }

static uint64_t of_file(uint64_t h, str path) {
  struct stat st;
  h = mixed(h, str_hash(path));
  if (stat(path.p, &st) != 0) return mixed(h, (uint64_t)errno);
  return mixed(mixed(mixed(h, (uint64_t)st.st_mtim.tv_sec), (uint64_t)st.st_mtim.tv_nsec), (uint64_t)st.st_size);
}

uint64_t watch_state(cli *c, const args *a) {
  uint64_t h = 1;
  arena_mark mark = arena_save(&c->a);
  for (uint32_t i = 0; i < a->nfiles; i++) {
    str *files, where;
    uint32_t n = 0;
    const char *why;
    str path = str_z(a->files[i]);
    h = of_file(h, path);
    if (file_is_folder(path.p) && files_find(&c->a, path, &files, &n, &where, &why))
      for (uint32_t k = 0; k < n; k++) h = of_file(h, files[k]);
  }
  arena_restore(&c->a, mark);
  return h;
}

void watch_begin(void) {
  struct sigaction act = { .sa_handler = on_stop };
  sigaction(SIGINT, &act, NULL);
  sigaction(SIGTERM, &act, NULL);
}

bool watch_wait(cli *c, const args *a, uint64_t state) {
  while (!stopped && watch_state(c, a) == state && !(c->p && rt_loads_changed(c->p))) nanosleep(&(struct timespec){ .tv_nsec = 250000000 }, NULL);
  return !stopped;
}
