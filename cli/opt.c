/* Parsing arguments by the tables of opt.h. */
#include "cli/opt.h"

#include "base/diag.h"

#include <string.h>

typedef struct parser {
  args *a;
  arena *mem;
  int argc, at;
  char **argv;
  uint32_t cap_opts, cap_files;
  str *error;
} parser;

static const opt help_opt = { "help", 'h', NULL, NULL, "Show this help." };

const char *near_choice(arena *mem, const char *wrong, const char *choices) {
  VEC(str) words = { 0 };
  for (const char *p = choices; *p;) {
    size_t n = strcspn(p, "|");
    *VEC_PUSH(mem, &words) = str_dup(mem, (str){ p, (uint32_t)n });
    p += n + (p[n] == '|');
  }
  const str *near = suggest(str_z(wrong), words.v, words.n);
  return near ? near->p : NULL;
}

static bool is_choice(const char *value, const char *choices) {
  size_t n = strlen(value);
  for (const char *p = choices; *p;) {
    size_t k = strcspn(p, "|");
    if (k == n && memcmp(p, value, n) == 0) return true;
    p += k + (p[k] == '|');
  }
  return false;
}

static const opt *find_long(const command *cmd, const char *name, size_t n, bool *ambiguous) {
  const opt *found = NULL;
  *ambiguous = false;
  if (n == 4 && memcmp(name, "help", 4) == 0) return &help_opt;
  for (const opt *o = cmd->opts; o->name; o++) {
    if (strncmp(o->name, name, n) != 0) continue;
    if (!o->name[n]) { *ambiguous = false; return o; }
    *ambiguous = found != NULL;
    found = o;
  }
  return found;
}

static const opt *find_letter(const command *cmd, char c) {
  if (c == 'h') return &help_opt;
  for (const opt *o = cmd->opts; o->name; o++)
    if (o->letter == c) return o;
  return NULL;
}

static bool fail(parser *p, str message) {
  *p->error = message;
  return false;
}

static bool take(parser *p, const opt *o, const char *value, const char *shown) {
  const char *second = NULL;
  bool two = o->arg && strchr(o->arg, ' ');
  if (!o->arg && value) return fail(p, str_fmt(p->mem, "option `%s` takes no value", shown));
  if (o->arg && !value) {
    if (p->at >= p->argc)
      return fail(p, str_fmt(p->mem, "option `%s` needs %s: %s %s", shown, two ? "two values" : "a value", shown, o->arg));
    value = p->argv[p->at++];
  }
  if (two) {
    if (p->at >= p->argc) return fail(p, str_fmt(p->mem, "option `%s` needs two values: %s %s", shown, shown, o->arg));
    second = p->argv[p->at++];
  }
  if (o->choices && !is_choice(value, o->choices)) {
    const char *near = near_choice(p->mem, value, o->choices);
    str s = near ? str_fmt(p->mem, "`%s` is not a value of `%s`; did you mean `%s`?", value, shown, near)
                 : str_fmt(p->mem, "`%s` is not a value of `%s`; the values are %s", value, shown, o->choices);
    return fail(p, s);
  }
  if (p->a->nopts == p->cap_opts) p->a->opts = arena_grow_(p->mem, p->a->opts, sizeof *p->a->opts, p->a->nopts, &p->cap_opts);
  p->a->opts[p->a->nopts++] = (given){ o, value, second };
  return true;
}

static bool unknown_long(parser *p, const char *name, size_t n) {
  VEC(str) names = { 0 };
  *VEC_PUSH(p->mem, &names) = STR("help");
  for (const opt *o = p->a->cmd->opts; o->name; o++) *VEC_PUSH(p->mem, &names) = str_z(o->name);
  const str *near = suggest((str){ name, (uint32_t)n }, names.v, names.n);
  if (near) return fail(p, str_fmt(p->mem, "unknown option `--%.*s`; did you mean `--%.*s`?", (int)n, name, STR_ARG(*near)));
  return fail(p, str_fmt(p->mem, "unknown option `--%.*s`; `blazon help %s` lists the options", (int)n, name, p->a->cmd->name));
}

static bool parse_long(parser *p, const char *word) {
  size_t n = strcspn(word, "=");
  bool ambiguous;
  const opt *o = find_long(p->a->cmd, word, n, &ambiguous);
  if (ambiguous) return fail(p, str_fmt(p->mem, "`--%.*s` could be several options; write it in full", (int)n, word));
  if (!o) return unknown_long(p, word, n);
  return take(p, o, word[n] == '=' ? word + n + 1 : NULL, str_fmt(p->mem, "--%s", o->name).p);
}

static bool parse_letters(parser *p, const char *word) {
  for (const char *c = word; *c; c++) {
    const opt *o = find_letter(p->a->cmd, *c);
    if (!o) return fail(p, str_fmt(p->mem, "unknown option `-%c`; `blazon help %s` lists the options", *c, p->a->cmd->name));
    const char *rest = o->arg && c[1] ? c + 1 : NULL;
    if (!take(p, o, rest, str_fmt(p->mem, "-%c", *c).p)) return false;
    if (rest) break;
  }
  return true;
}

static void take_file(parser *p, const char *word) {
  if (p->a->nfiles == p->cap_files)
    p->a->files = arena_grow_(p->mem, p->a->files, sizeof *p->a->files, p->a->nfiles, &p->cap_files);
  p->a->files[p->a->nfiles++] = word;
}

bool args_parse(args *a, arena *mem, const command *cmd, int argc, char **argv, str *error) {
  *a = (args){ .cmd = cmd };
  parser p = { .a = a, .mem = mem, .argc = argc, .at = 1, .argv = argv, .error = error };
  bool only_files = false;
  while (p.at < argc) {
    const char *word = argv[p.at++];
    if (!only_files && strcmp(word, "--") == 0) only_files = true;
    else if (only_files || word[0] != '-' || !word[1]) take_file(&p, word);
    else if (word[1] == '-' ? !parse_long(&p, word + 2) : !parse_letters(&p, word + 1)) return false;
  }
  if (args_has(a, "help")) return true;
  if (a->nfiles < cmd->min)
    return fail(&p, str_fmt(mem, "%s is missing: blazon %s %s", cmd->what, cmd->name, cmd->synopsis)), false;
  if (a->nfiles > cmd->max) return fail(&p, str_fmt(mem, "`%s` is one argument too many", a->files[cmd->max])), false;
  return true;
}

const given *args_next(const args *a, const char *name, uint32_t *at) {
  while (*at < a->nopts) {
    const given *g = &a->opts[(*at)++];
    if (strcmp(g->o->name, name) == 0) return g;
  }
  return NULL;
}

const char *args_value(const args *a, const char *name) {
  const char *last = NULL;
  uint32_t at = 0;
  for (const given *g; (g = args_next(a, name, &at));) last = g->value;
  return last;
}

bool args_has(const args *a, const char *name) {
  uint32_t at = 0;
  return args_next(a, name, &at) != NULL;
}
