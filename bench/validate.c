/* The whole of `blazon validate` against the least that reading the data can cost.
 *
 * 20 rules over 1,000,000 rows of 12 columns in a SQLite table, everything passing, against a C loop that only steps through the same rows and
 * reads the same columns (NOMUTEX, mmap). The tool runs as a process of its own, so that start, compile and summary are in its time, and its
 * peak anonymous memory (the file that is mapped does not count) is what the kernel says of it. Usage: validate BLAZON DIRECTORY [ROWS] */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { ROUNDS = 5 };

static const char rules[] =
  "module bench\n"
  "type Kind = \"image\" | \"video\" | \"copy\" | \"logo\"\n"
  "record Asset {\n"
  "  id       : int key\n"
  "  kind     : Kind\n"
  "  title    : text\n"
  "  channel  : \"meta\" | \"google\" | \"email\" | \"ooh\"\n"
  "  width    : int\n"
  "  height   : int\n"
  "  bytes    : int\n"
  "  ctr      : number\n"
  "  spend    : number\n"
  "  approved : bool\n"
  "  priority : int\n"
  "  locale   : text\n"
  "}\n"
  "source assets : Asset from \"assets\"\n";

/* One condition a rule; together they read all twelve columns. */
static const char *const conditions[] = {
  "a.width >= 100", "a.width <= 5000", "a.height >= 100", "a.height <= 5000", "a.bytes > 0", "a.bytes <= 30 MB", "a.ctr >= 0", "a.ctr <= 1",
  "a.spend >= 0", "a.spend < 100000", "a.approved or a.priority < 9", "a.priority in 1..9", "a.kind == \"video\" implies a.width >= 200",
  "a.kind in [\"image\", \"video\", \"copy\", \"logo\"]", "a.channel == \"google\" implies a.bytes <= 25 MB",
  "a.channel != \"ooh\" or a.height >= 120", "a.title != \"\"", "a.locale in [\"en-US\", \"de-DE\", \"fr-FR\", \"es-ES\"]",
  "a.width * a.height > 1000", "a.id > 0 and a.spend * a.ctr < 100000",
};

static double clock_of(clockid_t id) {
  struct timespec t;
  clock_gettime(id, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Wall time is what users wait for; processor time is steadier where other programs run beside this one. */
typedef struct timing { double wall, cpu; } timing;

static void die(const char *what, const char *why) {
  fprintf(stderr, "bench/validate: %s: %s\n", what, why);
  exit(1);
}

static void make_rules(const char *path) {
  FILE *f = fopen(path, "w");
  if (!f) die(path, strerror(errno));
  fputs(rules, f);
  for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++)
    fprintf(f, "rule r%02zu for a in assets { require %s }\n", i + 1, conditions[i]);
  if (fclose(f) != 0) die(path, strerror(errno));
}

static void make_data(const char *path, int64_t rows) {
  sqlite3 *db;
  char sql[2048];
  unlink(path);
  if (sqlite3_open(path, &db) != SQLITE_OK) die(path, sqlite3_errmsg(db));
  snprintf(sql, sizeof sql,
    "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; BEGIN;"
    "CREATE TABLE assets(id INTEGER PRIMARY KEY, kind TEXT NOT NULL, title TEXT NOT NULL, channel TEXT NOT NULL, width INTEGER NOT NULL,"
    " height INTEGER NOT NULL, bytes INTEGER NOT NULL, ctr REAL NOT NULL, spend REAL NOT NULL, approved INTEGER NOT NULL, priority INTEGER NOT NULL,"
    " locale TEXT NOT NULL);"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < %" PRId64 ") INSERT INTO assets SELECT i,"
    " CASE i*7919%%4 WHEN 0 THEN 'image' WHEN 1 THEN 'video' WHEN 2 THEN 'copy' ELSE 'logo' END, 'Asset number '||i||' of the library',"
    " CASE i*104729%%4 WHEN 0 THEN 'meta' WHEN 1 THEN 'google' WHEN 2 THEN 'email' ELSE 'ooh' END, 200+i*31%%3800, 200+i*17%%3800, 1000+i*7919%%20000000,"
    " (i*13%%1000)/1000.0, (i*29%%90000)/1.5, i%%3<>0, 1+i*5%%8, CASE i*3%%4 WHEN 0 THEN 'en-US' WHEN 1 THEN 'de-DE' WHEN 2 THEN 'fr-FR' ELSE 'es-ES' END"
    " FROM n; COMMIT;", rows);
  if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) die(path, sqlite3_errmsg(db));
  sqlite3_close(db);
}

/* What cannot be avoided: step, and read each of the twelve columns as its type. */
static timing read_only(const char *path, int64_t *sum) {
  timing start = { clock_of(CLOCK_MONOTONIC), clock_of(CLOCK_PROCESS_CPUTIME_ID) };
  sqlite3 *db;
  sqlite3_stmt *st;
  if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) die(path, sqlite3_errmsg(db));
  sqlite3_exec(db, "PRAGMA mmap_size=4294967296", NULL, NULL, NULL);
  if (sqlite3_prepare_v2(db, "SELECT id,kind,title,channel,width,height,bytes,ctr,spend,approved,priority,locale FROM assets", -1, &st, NULL) != SQLITE_OK)
    die("prepare", sqlite3_errmsg(db));
  int64_t n = 0;
  while (sqlite3_step(st) == SQLITE_ROW) {
    n += sqlite3_column_int64(st, 0) + sqlite3_column_int64(st, 4) + sqlite3_column_int64(st, 5) + sqlite3_column_int64(st, 6) +
         sqlite3_column_int64(st, 9) + sqlite3_column_int64(st, 10);
    n += (int64_t)(sqlite3_column_double(st, 7) + sqlite3_column_double(st, 8));
    static const int texts[] = { 1, 2, 3, 11 };
    for (int i = 0; i < 4; i++) {
      const unsigned char *t = sqlite3_column_text(st, texts[i]);
      n += t[0] + sqlite3_column_bytes(st, texts[i]);
    }
  }
  sqlite3_finalize(st);
  sqlite3_close(db);
  *sum += n;
  return (timing){ clock_of(CLOCK_MONOTONIC) - start.wall, clock_of(CLOCK_PROCESS_CPUTIME_ID) - start.cpu };
}

static long anonymous_kb(pid_t pid) {
  char path[64], line[256];
  long kb = 0;
  snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
  FILE *f = fopen(path, "r");
  if (!f) return 0;
  while (fgets(line, sizeof line, f))
    if (sscanf(line, "RssAnon: %ld", &kb) == 1) break;
  fclose(f);
  return kb;
}

/* Runs the tool; *peak_kb is the most anonymous memory that it was seen to hold, looked at every 2 ms. */
static timing run_tool(const char *blazon, const char *rule_file, const char *db, const char *jobs, long *peak_kb) {
  char *argv[] = { (char *)blazon, "validate", (char *)rule_file, "--db", (char *)db, "--jobs", (char *)jobs, "--now", "2026-06-15T09:00:00Z", NULL };
  posix_spawn_file_actions_t fa;
  posix_spawn_file_actions_init(&fa);
  posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
  pid_t pid;
  double start = clock_of(CLOCK_MONOTONIC);
  struct rusage used;
  if (posix_spawn(&pid, blazon, &fa, NULL, argv, environ) != 0) die(blazon, "cannot be started");
  posix_spawn_file_actions_destroy(&fa);
  int status;
  while (wait4(pid, &status, WNOHANG, &used) == 0) {
    long kb = anonymous_kb(pid);
    if (kb > *peak_kb) *peak_kb = kb;
    nanosleep(&(struct timespec){ 0, 2000000 }, NULL);
  }
  double wall = clock_of(CLOCK_MONOTONIC) - start;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) die(blazon, "did not end with 0: every row should pass");
  return (timing){ wall, (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6 };
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Of each clock by itself. */
static timing median(const timing *v) {
  double wall[ROUNDS], cpu[ROUNDS];
  for (int i = 0; i < ROUNDS; i++) wall[i] = v[i].wall, cpu[i] = v[i].cpu;
  qsort(wall, ROUNDS, sizeof *wall, by_value);
  qsort(cpu, ROUNDS, sizeof *cpu, by_value);
  return (timing){ wall[ROUNDS / 2], cpu[ROUNDS / 2] };
}

int main(int argc, char **argv) {
  if (argc < 3) die("usage", "validate BLAZON DIRECTORY [ROWS]");
  int64_t rows = argc > 3 ? atoll(argv[3]) : 1000000;
  char rule_file[4096], db[4096];
  snprintf(rule_file, sizeof rule_file, "%s/validate.blz", argv[2]);
  snprintf(db, sizeof db, "%s/validate-%" PRId64 ".db", argv[2], rows);
  make_rules(rule_file);
  if (access(db, R_OK) != 0) make_data(db, rows);

  timing loop[ROUNDS], one[ROUNDS], two[ROUNDS];
  int64_t sum = 0;
  long peak = 0, peak_two = 0;
  read_only(db, &sum); /* the page cache */
  for (int i = 0; i < ROUNDS; i++) { /* in turns, so that a busy moment of the machine meets all */
    loop[i] = read_only(db, &sum);
    one[i] = run_tool(argv[1], rule_file, db, "1", &peak);
    two[i] = run_tool(argv[1], rule_file, db, "2", &peak_two);
  }
  timing l = median(loop), o = median(one), t = median(two);
  printf("validate  %" PRId64 " rows x 12 columns, %zu rules, medians of %d\n", rows, sizeof conditions / sizeof *conditions, ROUNDS);
  printf("  C loop that steps and reads      %7.3f s wall  %7.3f s processor\n", l.wall, l.cpu);
  printf("  blazon validate --jobs 1         %7.3f s wall  %7.3f s processor   %.2f x the loop, %.2f x in processor time (goal 1.5)\n", o.wall, o.cpu,
    o.wall / l.wall, o.cpu / l.cpu);
  printf("  blazon validate --jobs 2         %7.3f s wall  %7.3f s processor   %.2f x as fast as one worker\n", t.wall, t.cpu, o.wall / t.wall);
  printf("  peak anonymous memory            %7.1f MB with one worker, %.1f MB with two (goal 64)\n", (double)peak / 1024, (double)peak_two / 1024);
  printf("  (checksum %" PRId64 ")\n", sum);
  return 0;
}
