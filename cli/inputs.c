/* The files that options name. What a run reads it never writes: no option that names a file to be written may name one that the run reads,
 * by whatever path. */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The file that is to be written; it exists and is a regular file. */
typedef struct target { struct stat st; char *real; } target;

/* Where SQLite keeps what is not yet part of a database: written over, changes would be lost. */
static const char *const beside[] = { "-wal", "-journal", "-shm" };

static bool is_it(const target *t, const char *path) {
  struct stat s;
  return stat(path, &s) == 0 && s.st_dev == t->st.st_dev && s.st_ino == t->st.st_ino;
}

/* A rule file or a folder of them; hidden folders are not looked into, but who would write there. */
static bool in_rules(const target *t, const char *path) {
  struct stat s;
  if (stat(path, &s) != 0) return false;
  if (!S_ISDIR(s.st_mode)) return is_it(t, path);
  size_t n = strlen(t->real);
  if (n < 4 || strcmp(t->real + n - 4, ".blz") != 0) return false;
  char *folder = realpath(path, NULL);
  size_t k = folder ? strlen(folder) : 0;
  bool in = k && strncmp(folder, t->real, k) == 0 && (t->real[k] == '/' || k == 1);
  free(folder);
  return in;
}

/* NAME=FILE, NAME=FILE#/pointer, NAME=- */
static bool in_source(const target *t, const char *value) {
  const char *eq = strchr(value, '=');
  if (!eq) return false;
  struct stat s;
  if (strcmp(eq + 1, "-") == 0) return fstat(0, &s) == 0 && s.st_dev == t->st.st_dev && s.st_ino == t->st.st_ino;
  if (is_it(t, eq + 1)) return true;
  const char *hash = strrchr(eq + 1, '#');
  char *cut = hash ? strndup(eq + 1, (size_t)(hash - eq - 1)) : NULL;
  bool same = cut && is_it(t, cut);
  free(cut);
  return same;
}

static bool is_database(const char *option) { return strcmp(option, "db") == 0 || strcmp(option, "state") == 0 || strcmp(option, "out-db") == 0; }

/* Is `path` one of the files that belong to a database of this run? It need not be there: SQLite would take it for its own. */
static bool belongs_to_database(const args *a, const char *path) {
  size_t n = strlen(path);
  for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
    size_t k = strlen(beside[i]);
    target t;
    bool named = n > k && strcmp(path + n - k, beside[i]) == 0;
    char *database = named ? strndup(path, n - k) : NULL;
    bool there = database && stat(database, &t.st) == 0, same = false;
    free(database);
    for (uint32_t j = 0; there && j < a->nopts; j++) same = same || (a->opts[j].value && is_database(a->opts[j].o->name) && is_it(&t, a->opts[j].value));
    if (same) return true;
  }
  return false;
}

static bool reads(const args *a, const target *t, const char *writes) {
  for (uint32_t i = 0; i < a->nfiles; i++)
    if (in_rules(t, a->files[i])) return true;
  for (uint32_t i = 0; i < a->nopts; i++) {
    const char *name = a->opts[i].o->name, *value = a->opts[i].value;
    if (!value || strcmp(name, writes) == 0) continue;
    if (strcmp(name, "source") == 0 ? in_source(t, value) : strcmp(name, "rules") == 0 ? in_rules(t, value) : false) return true;
    if ((strcmp(name, "db") == 0 || strcmp(name, "state") == 0 || strcmp(name, "baseline") == 0 || strcmp(name, "log") == 0 || strcmp(name, "policy") == 0) && is_it(t, value))
      return true;
  }
  return false;
}

/* Of two databases one would be left unread without a word. */
static bool given_twice(cli *c, const args *a) {
  static const char *const single[] = { "db", "state", "baseline", "log", "policy", "output", "to", "write", "out-db" };
  for (size_t i = 0; i < sizeof single / sizeof *single; i++) {
    uint32_t at = 0;
    const given *first = args_next(a, single[i], &at), *second = first ? args_next(a, single[i], &at) : NULL;
    if (!second || strcmp(first->value, second->value) == 0) continue;
    cli_usage(c, a->cmd, "--%s is given twice: `%s` and `%s`", single[i], first->value, second->value);
    return true;
  }
  return false;
}

bool cli_spares_inputs(cli *c, const args *a) {
  if (given_twice(c, a)) return false;
  static const char *const writing[] = { "output", "to", "write", "baseline" };
  for (size_t i = 0; i < sizeof writing / sizeof *writing; i++) {
    const char *path = args_value(a, writing[i]);
    target t;
    if (!path || (strcmp(writing[i], "baseline") == 0 && !args_has(a, "update-baseline"))) continue;
    if (belongs_to_database(a, path)) {
      cli_usage(c, a->cmd, "`%s` is where SQLite keeps changes of a database of this run; name another file", path);
      return false;
    }
    if (stat(path, &t.st) != 0 || !S_ISREG(t.st.st_mode) || !(t.real = realpath(path, NULL))) continue;
    bool same = reads(a, &t, writing[i]);
    free(t.real);
    if (!same) continue;
    cli_usage(c, a->cmd, "`%s` is read by this run, and a run never writes what it reads; name another file", path);
    return false;
  }
  return true;
}
