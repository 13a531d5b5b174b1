/* What several commands do alike: complain of wrong usage, read the common options, load rules, write output. */
#include "cli/cli.h"

#include "base/civil.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void problem(cli *c, const char *code, const char *fmt, va_list ap) {
  char text[2048];
  vsnprintf(text, sizeof text, fmt, ap);
  out_style(c->err, S_RED);
  out_fmt(c->err, "error%s%s%s", code ? "[" : "", code ? code : "", code ? "]" : "");
  out_style(c->err, S_PLAIN);
  out_z(c->err, ": ");
  out_safe(c->err, str_z(text));
  out_ch(c->err, '\n');
  out_flush(c->err);
}

int cli_usage(cli *c, const command *cmd, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  problem(c, diag_table[DIAG_USE_OPTION].code, fmt, ap);
  va_end(ap);
  if (cmd) out_fmt(c->err, "usage: blazon %s %s\n", cmd->name, cmd->synopsis);
  return X_USAGE;
}

int cli_env(cli *c, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  problem(c, NULL, fmt, ap);
  va_end(ap);
  return X_ENV;
}

bool cli_color(const args *a, int fd) {
  const char *when = args_value(a, "color"), *no = getenv("NO_COLOR"), *term = getenv("TERM");
  if (when && strcmp(when, "always") == 0) return true;
  if (when && strcmp(when, "never") == 0) return false;
  return isatty(fd) && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

bool cli_clock(cli *c, const args *a) {
  const char *text = args_value(a, "now");
  int64_t days;
  c->now = rt_clock();
  if (!text) return true;
  if (civil_parse_time(str_z(text), true, &c->now)) return true;
  if (civil_parse_date(str_z(text), &days)) { c->now = days * USEC_PER_DAY; return true; }
  cli_usage(c, a->cmd, "`%s` is not a time; write it as 2026-11-22T09:00:00Z or 2026-11-22", text);
  return false;
}

/* FILE#icons, where FILE is there and FILE#icons is not: the place lacks its slash. */
static bool lacks_slash(cli *c, const args *a, const char *path, const char *hash) {
  if (!hash || !hash[1] || hash[1] == '/' || access(path, F_OK) == 0) return false;
  str file = str_dup(&c->a, (str){ path, (uint32_t)(hash - path) });
  if (!file.n || access(file.p, F_OK) != 0) return false;
  cli_usage(c, a->cmd, "a place in a file begins with `/`: write `%.*s#/%s`", STR_ARG(file), hash + 1);
  return true;
}

bool cli_bindings(cli *c, const args *a, uint32_t *n, const src_binding **result) {
  VEC(src_binding) all = { 0 };
  uint32_t at = 0, stdins = 0;
  for (const given *g; (g = args_next(a, "source", &at));) {
    const char *eq = strchr(g->value, '=');
    if (!eq || eq == g->value || !eq[1]) {
      cli_usage(c, a->cmd, "`%s` is not of the form NAME=FILE, such as icons=data/icons.json", g->value);
      return false;
    }
    src_binding b = { { g->value, (uint32_t)(eq - g->value) }, str_z(eq + 1), { "", 0 } };
    const char *hash = strrchr(eq + 1, '#');
    if (lacks_slash(c, a, eq + 1, hash)) return false;
    if (hash && (hash[1] == '/' || !hash[1])) b.file.n = (uint32_t)(hash - (eq + 1)), b.pointer = str_z(hash + 1);
    b.file = str_dup(&c->a, b.file);
    stdins += str_eq(b.file, STR("-"));
    for (uint32_t i = 0; i < all.n; i++)
      if (str_eq(all.v[i].source, b.source)) {
        cli_usage(c, a->cmd, "source `%.*s` is given twice", STR_ARG(b.source));
        return false;
      }
    *VEC_PUSH(&c->a, &all) = b;
  }
  const char *state = args_value(a, "state");
  if (state) *VEC_PUSH(&c->a, &all) = (src_binding){ SRC_STATE, str_z(state), { "", 0 } };
  for (uint32_t i = 0; i < a->nfiles; i++) stdins += a->cmd != &cmd_fmt && strcmp(a->files[i], "-") == 0;
  if (stdins > 1) {
    cli_usage(c, a->cmd, "standard input can be read only once");
    return false;
  }
  *n = all.n, *result = all.v;
  return true;
}

bool cli_known_sources(cli *c, uint32_t n, const src_binding *bindings) {
  const ir_program *ir = c->p->ir;
  for (uint32_t i = 0; i < n; i++) {
    str x, y, name = bindings[i].source;
    if (str_eq(name, SRC_STATE)) continue; /* --state */
    if (rt_find_name(ir, RT_NAME_SOURCE, name, &x, &y) >= 0) continue;
    const str *near = rt_suggest_name(&c->a, ir, RT_NAME_SOURCE, name);
    if (x.n)
      cli_usage(c, NULL, "source `%.*s` could be `%.*s` or `%.*s`; write the full name", STR_ARG(name), STR_ARG(x), STR_ARG(y));
    else if (near) cli_usage(c, NULL, "no source is named `%.*s`; did you mean `%.*s`?", STR_ARG(name), STR_ARG(*near));
    else cli_usage(c, NULL, "no source is named `%.*s`; `blazon check --list` lists them", STR_ARG(name));
    return false;
  }
  return true;
}

enum format cli_format(const args *a) {
  static const char *const names[] = { "text", "json", "sarif", "junit", "github" };
  const char *value = args_value(a, "format");
  for (int i = 0; value && i < 5; i++)
    if (strcmp(names[i], value) == 0) return (enum format)i;
  return F_TEXT;
}

const char *cli_reason(int error) {
  switch (error) {
  case ENOSPC: return "the disk is full";
  case EDQUOT: return "your disk quota is used up";
  case EFBIG: return "the file would be larger than is allowed";
  case EACCES:
  case EPERM: return "permission denied";
  case EROFS: return "the file system is read-only";
  case ENOENT: return "there is no such folder";
  case ENOTDIR: return "a part of the path is not a folder";
  case EISDIR: return "it is a folder";
  case ENOMEM: return "not enough memory";
  default: return strerror(error);
  }
}

bool cli_output(cli *c, const args *a) {
  const char *path = args_value(a, "output");
  if (!path || strcmp(path, "-") == 0) return true;
  int why = 0;
  if (out_file(c->out, path, &why)) return true;
  cli_env(c, "cannot write `%s`: %s", path, cli_reason(why));
  out_fd(c->out, STDOUT_FILENO, false);
  return false;
}

void cli_discard(cli *c) {
  if (!c->out->path) return;
  out_close(c->out, false);
  out_fd(c->out, STDOUT_FILENO, false);
}

int cli_finish(cli *c, int code) {
  char path[512];
  snprintf(path, sizeof path, "%s", c->out->path ? c->out->path : "standard output");
  int error = out_close(c->out, true);
  out_fd(c->out, STDOUT_FILENO, false);
  return error ? cli_env(c, "cannot write `%s`: %s", path, cli_reason(error)) : code;
}

int cli_load(cli *c, const char **files, uint32_t n, bool lints) {
  c->p = rt_program_new(&mem_libc);
  if (!c->p) return RT_OOM;
  for (uint32_t i = 0; i < n; i++)
    if (rt_program_add_path(c->p, str_z(files[i])) == RT_OOM) return RT_OOM;
  return rt_program_compile(c->p, lints, c->now);
}

int cli_exit_of(int status) {
  switch (status) {
  case RT_OK: return X_GOOD;
  case RT_RULES: return X_RULES;
  case RT_NONE: return X_USAGE;
  default: return X_ENV;
  }
}

int cli_ready(cli *c, const args *a, const char **files, uint32_t n) {
  int status = cli_load(c, files, n, false);
  if (status == RT_OK) status = cli_native(c, a);
  if (status == RT_OOM) return cli_env(c, "out of memory");
  if (status == RT_OK) return X_GOOD;
  show_diags(c, c->err, c->p, false);
  return cli_exit_of(status);
}

int cli_named(cli *c, const args *a, const char *what, const char **name) {
  const char **rules = ARENA_ARRAY(&c->a, const char *, a->nfiles + a->nopts + 1);
  uint32_t n = 0, at = 0;
  *name = NULL;
  for (const given *g; (g = args_next(a, "rules", &at));) rules[n++] = g->value;
  for (uint32_t i = 0; i < a->nfiles; i++) {
    if (cli_is_path(a->files[i], args_has(a, "rules"))) rules[n++] = a->files[i];
    else if (*name) return cli_usage(c, a->cmd, "one %s at a time: `%s` or `%s`", what, *name, a->files[i]);
    else *name = a->files[i];
  }
  if (!n) return cli_usage(c, a->cmd, "the rules are missing: name a rule file, a folder or a bundle");
  if (!*name) return cli_usage(c, a->cmd, "the %s is missing", what);
  return cli_ready(c, a, rules, n);
}

int64_t cli_find(cli *c, enum rt_names what, const char *name) {
  static const char *const kinds[] = { [RT_NAME_RULE] = "rule", [RT_NAME_AUDIENCE] = "audience", [RT_NAME_SOURCE] = "source",
                                       [RT_NAME_TEMPLATE] = "template", [RT_NAME_CHOICE] = "choice", [RT_NAME_EXPERIMENT] = "experiment" };
  str first, second;
  int64_t at = rt_find_name(c->p->ir, what, str_z(name), &first, &second);
  if (at >= 0) return at;
  const str *near = rt_suggest_name(&c->a, c->p->ir, what, str_z(name));
  bool listed = what == RT_NAME_RULE || what == RT_NAME_AUDIENCE;
  if (first.n) cli_usage(c, NULL, "`%s` could be `%.*s` or `%.*s`; write the full name", name, STR_ARG(first), STR_ARG(second));
  else if (near) cli_usage(c, NULL, "no %s is named `%s`; did you mean `%.*s`?", kinds[what], name, STR_ARG(*near));
  else cli_usage(c, NULL, "no %s is named `%s`%s", kinds[what], name, listed ? "; `blazon check --list` lists them" : "");
  return -1;
}

int cli_engine_open(cli_engine *x, cli *c, const args *a, const rt_program *p, uint32_t nbindings, const src_binding *bindings,
                    void (*issue)(void *ud, const src_issue *), void *ud, str *failure) {
  *x = (cli_engine){ .data = args_has(a, "db") || args_has(a, "source") };
  if (!rt_engine_open(&x->e, p, &mem_libc, (vm_limits){ 0 }, c->now)) return RT_OOM;
  if (!x->data) return RT_OK;
  bool *wanted = ARENA_ARRAY(&c->a, bool, p->ir->nsources + 1); /* opened when something looks into them */
  int status = rt_open_data(p, &mem_libc, str_z(args_value(a, "db")), nbindings, bindings, wanted, NULL, issue, ud, &c->a, &x->d, failure);
  if (status == RT_OK) rt_engine_data(&x->e, x->d);
  return status;
}

void cli_engine_close(cli_engine *x) {
  rt_engine_close(&x->e);
  if (x->d) src_close(x->d);
}

/* ---- what several commands say or read alike ---- */

bool cli_is_path(const char *word, bool rules_given) {
  size_t n = strlen(word);
  bool rules = (n > 4 && strcmp(word + n - 4, ".blz") == 0) || (n > 5 && strcmp(word + n - 5, ".blzb") == 0);
  return strchr(word, '/') || rules || strcmp(word, "-") == 0 || (!rules_given && access(word, F_OK) == 0);
}

void cli_key(cli *c, const type_rec *shape, const char *key, str **parts, uint32_t *n) {
  VEC(str) v = { 0 };
  for (const char *p = key; shape->nkeys > 1 && *p;) {
    buf b = { .a = &c->a };
    bool quoted = *p == '"';
    if (quoted) p++;
    while (*p && (quoted || *p != ',')) {
      if (quoted && *p == '"' && *++p != '"') { quoted = false; continue; }
      buf_ch(&b, *p++);
    }
    *VEC_PUSH(&c->a, &v) = buf_done(&b);
    if (*p == ',') p++;
    while (*p == ' ') p++;
  }
  if (shape->nkeys <= 1) *VEC_PUSH(&c->a, &v) = str_z(key);
  *parts = v.v, *n = v.n;
}

enum { ISSUES_TOLD = 100 };

void cli_issue(cli *c, const src_issue *i, int64_t nth) {
  out *o = c->err;
  if (nth >= ISSUES_TOLD) return;
  if (i->file.n && i->line) out_safe(o, i->file), out_fmt(o, ":%u:%u: ", i->line, i->col);
  out_fmt(o, "%s[%s]: ", severity_name(i->sev), diag_table[i->code].code);
  if (i->source != UINT32_MAX) out_safe(o, c->p->ir->sources[i->source]->name), out_z(o, ": ");
  if (i->key.n) out_safe(o, i->key), out_z(o, ": ");
  out_safe(o, i->message);
  out_ch(o, '\n');
  if (i->fix.n) out_z(o, "  fix: "), out_safe(o, i->fix), out_ch(o, '\n');
  if (i->sev == SEV_ERROR) *VEC_PUSH(&c->a, &c->told) = str_dup(&c->a, i->message);
}

int cli_failed(cli *c, str failure) {
  for (uint32_t i = 0; i < c->told.n; i++) {
    str told = c->told.v[i];
    if (told.n && told.n <= failure.n && memcmp(told.p, failure.p, told.n) == 0) return X_ENV;
  }
  return cli_env(c, "%.*s", STR_ARG(failure));
}

void cli_issues_end(cli *c, int64_t told, int64_t lost) {
  if (told > ISSUES_TOLD) out_fmt(c->err, "… and %s more about the data\n", grouped(&c->a, told - ISSUES_TOLD).p);
  if (lost)
    out_fmt(c->err, "%s with the data: what could not be read is in no list and no count; `blazon validate` tells more\n",
            lost == 1 ? "an error" : str_fmt(&c->a, "%s errors", grouped(&c->a, lost).p).p);
}
