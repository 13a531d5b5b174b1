/* blazon fmt: one layout for all rule files, in place. */
#include "cli/cli.h"

#include "parser/format.h"
#include "runtime/files.h"

#include <string.h>

static const opt opts[] = {
  { "check", 'c', NULL, NULL, "Change nothing; name the files that are not formatted and exit with 1." },
  { "diff", 'd', NULL, NULL, "Change nothing; print what would change as a unified diff, and exit with 1 if there is anything." },
  { "quiet", 'q', NULL, NULL, "Do not name the files that were changed." },
  OPT_COLOR,
  OPT_END,
};

/* ---- unified diff by lines ---- */

typedef struct lines { str *v; uint32_t n, cap; } lines;

static lines split(arena *a, str s) {
  lines l = { 0 };
  for (uint32_t at = 0; at < s.n;) {
    const char *nl = memchr(s.p + at, '\n', s.n - at);
    uint32_t end = nl ? (uint32_t)(nl - s.p) + 1 : s.n;
    *VEC_PUSH(a, &l) = (str){ s.p + at, end - at };
    at = end;
  }
  return l;
}

enum { DIFF_CELLS = 16 << 20, CONTEXT = 3 };

/* For each line: does it stand in both (in a longest common subsequence)? Where the table would be too large everything counts as
   changed. */
static void common_lines(arena *a, const lines *x, const lines *y, uint32_t head, bool *in_x, bool *in_y) {
  uint32_t n = x->n - head, m = y->n - head;
  if (!n || !m || (uint64_t)n * m > DIFF_CELLS) return;
  uint32_t *t = ARENA_ARRAY(a, uint32_t, (size_t)(n + 1) * (m + 1));
#define AT(i, j) t[(size_t)(i) * (m + 1) + (j)]
  for (uint32_t i = n; i-- > 0;)
    for (uint32_t j = m; j-- > 0;) {
      uint32_t down = AT(i + 1, j), right = AT(i, j + 1);
      AT(i, j) = str_eq(x->v[head + i], y->v[head + j]) ? AT(i + 1, j + 1) + 1 : down > right ? down : right;
    }
  for (uint32_t i = 0, j = 0; i < n && j < m;) {
    if (str_eq(x->v[head + i], y->v[head + j])) in_x[head + i++] = in_y[head + j++] = true;
    else if (AT(i + 1, j) >= AT(i, j + 1)) i++;
    else j++;
  }
#undef AT
}

static void diff_line(out *o, char mark, str line) {
  out_style(o, mark == '+' ? S_GREEN : mark == '-' ? S_RED : S_PLAIN);
  out_ch(o, mark);
  bool newline = line.n && line.p[line.n - 1] == '\n';
  out_safe(o, (str){ line.p, line.n - newline });
  out_style(o, S_PLAIN);
  out_z(o, newline ? "\n" : "\n\\ No newline at end of file\n");
}

typedef struct edit { char mark; str line; uint32_t x, y; } edit; /* x, y: lines before it on either side */

static void hunk(out *o, const edit *e, uint32_t from, uint32_t to) {
  uint32_t nx = 0, ny = 0;
  for (uint32_t i = from; i < to; i++) nx += e[i].mark != '+', ny += e[i].mark != '-';
  out_style(o, S_CYAN);
  out_fmt(o, "@@ -%u,%u +%u,%u @@\n", nx ? e[from].x + 1 : e[from].x, nx, ny ? e[from].y + 1 : e[from].y, ny);
  out_style(o, S_PLAIN);
  for (uint32_t i = from; i < to; i++) diff_line(o, e[i].mark, e[i].line);
}

static void show_diff(cli *c, str path, str old, str new) {
  arena *a = &c->a;
  lines x = split(a, old), y = split(a, new);
  bool *in_x = ARENA_ARRAY(a, bool, x.n + 1), *in_y = ARENA_ARRAY(a, bool, y.n + 1);
  uint32_t head = 0, n = 0;
  while (head < x.n && head < y.n && str_eq(x.v[head], y.v[head])) in_x[head] = in_y[head] = true, head++;
  common_lines(a, &x, &y, head, in_x, in_y);
  edit *e = ARENA_ARRAY(a, edit, (size_t)x.n + y.n + 1);
  for (uint32_t i = 0, j = 0; i < x.n || j < y.n;) {
    if (i < x.n && !in_x[i]) e[n++] = (edit){ '-', x.v[i], i, j }, i++;
    else if (j < y.n && !in_y[j]) e[n++] = (edit){ '+', y.v[j], i, j }, j++;
    else e[n++] = (edit){ ' ', x.v[i], i, j }, i++, j++;
  }
  out_fmt(c->out, "--- %.*s\n+++ %.*s\n", STR_ARG(path), STR_ARG(path));
  for (uint32_t i = 0; i < n;) {
    while (i < n && e[i].mark == ' ') i++;
    if (i == n) break;
    uint32_t from = i > CONTEXT ? i - CONTEXT : 0, to = i, quiet = 0;
    while (to < n && quiet <= 2 * CONTEXT) quiet = e[to].mark == ' ' ? quiet + 1 : 0, to++;
    to -= quiet > CONTEXT ? quiet - CONTEXT : 0;
    hunk(c->out, e, from, to);
    i = to;
  }
}

/* ---- files ---- */

static int write_back(cli *c, const char *path, str text) {
  static out file; /* a large buffer, one a run */
  int why = 0;
  if (!out_file(&file, path, &why)) return cli_env(c, "cannot write `%s`: %s", path, cli_reason(why));
  out_str(&file, text);
  int error = out_close(&file, true);
  return error ? cli_env(c, "cannot write `%s`: %s", path, cli_reason(error)) : X_GOOD;
}

static int format_text(cli *c, const args *a, str path, str text) {
  arena *m = &c->a;
  sources src;
  diags d;
  sources_init(&src, m);
  diags_init(&d, m, &src);
  const srcfile *f = sources_add(&src, path, text);
  if (!f) return cli_env(c, "`%.*s` is too large", STR_ARG(path));
  ast *file = parse_file(m, &d, f);
  if (d.errors) {
    diags_sort(&d);
    for (uint32_t i = 0; i < d.list.n; i++) show_diag(c, c->err, &src, d.list.v[i]);
    return X_RULES;
  }
  buf b = { .a = m };
  fmt_file(&b, m, f, file);
  str new = buf_done(&b);
  bool same = str_eq(new, text), is_stdin = str_eq(path, STR("-"));
  if (args_has(a, "diff")) {
    if (!same) show_diff(c, path, text, new);
    return same ? X_GOOD : X_FINDINGS;
  }
  if (args_has(a, "check")) {
    if (!same && !c->quiet) out_fmt(c->out, "%.*s\n", STR_ARG(path));
    return same ? X_GOOD : X_FINDINGS;
  }
  if (is_stdin) {
    out_str(c->out, new);
    return X_GOOD;
  }
  if (same) return X_GOOD;
  int code = write_back(c, path.p, new);
  if (code == X_GOOD && !c->quiet) out_fmt(c->out, "formatted %.*s\n", STR_ARG(path));
  return code;
}

static int format_path(cli *c, const args *a, str path) {
  size_t n;
  const char *why;
  char *bytes = file_read(&mem_libc, path.p, 1 << 30, &n, &why);
  if (!bytes) return cli_env(c, "`%.*s`: %s", STR_ARG(path), why);
  str text = str_dup(&c->a, (str){ bytes, (uint32_t)n });
  mem_free(&mem_libc, bytes, n + 1);
  return format_text(c, a, path, text);
}

static int format_folder(cli *c, const args *a, str path) {
  str *files, where;
  uint32_t n;
  const char *why;
  if (!files_find(&c->a, path, &files, &n, &where, &why)) return cli_env(c, "`%.*s`: %s", STR_ARG(where), why);
  if (!n) return cli_env(c, "`%.*s`: there are no files ending in .blz in this folder", STR_ARG(path));
  int worst = X_GOOD;
  for (uint32_t i = 0; i < n; i++) {
    arena_mark mark = arena_save(&c->a);
    int code = format_path(c, a, files[i]);
    arena_restore(&c->a, mark);
    if (code > worst) worst = code;
  }
  return worst;
}

static int run(cli *c, const args *a) {
  int worst = X_GOOD;
  for (uint32_t i = 0; i < a->nfiles; i++) {
    str path = str_z(a->files[i]);
    int code = file_is_folder(path.p) ? format_folder(c, a, path) : format_path(c, a, path);
    if (code > worst) worst = code;
  }
  return cli_finish(c, worst);
}

const command cmd_fmt = {
  "fmt",
  "[OPTION]... FILES...",
  "Lay out rule files in the one standard way, in place.",
  "FILES are rule files or folders; - formats standard input to standard output. A file with errors is left alone.",
  opts,
  1,
  UINT32_MAX,
  "a rule file or folder",
  run,
  "  blazon fmt rules/\n  blazon fmt --check --diff rules/\n  blazon fmt - < draft.blz\n",
};
