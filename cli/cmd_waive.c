/* blazon waive: a recorded exception for records that break a rule, ready to be pasted into a rule file. */
#include "cli/cli.h"

#include "base/civil.h"
#include "compiler/waiver.h"

#include <string.h>

enum { DEFAULT_DAYS = 90 };

static const opt opts[] = {
  { "rules", 'r', "RULES", NULL, "Rule file, folder or bundle. May be repeated." },
  OPT_DB,
  OPT_SOURCE,
  { "until", 0, "DATE", NULL, "The waiver's last day; default: in 90 days." },
  { "because", 0, "TEXT", NULL, "Why the exception is made." },
  { "owner", 0, "TEXT", NULL, "Who agreed to it; default: the rule's owner." },
  OPT_NOW,
  OPT_COLOR,
  OPT_END,
};

typedef struct asked { str until, because, owner; } asked;

static void literal(cli *c, const type *t, val v) {
  while (t->kind == TY_REF && t->rec && t->rec->nkeys == 1) t = t->rec->fields[t->rec->keys[0]].type;
  buf b = { .a = &c->a };
  if (t->kind == TY_TEXT || t->kind == TY_UNION) cli_quoted(&b, str_of(v.t));
  else val_print(&b, t, v, false);
  out_str(c->out, buf_done(&b));
}

void cli_quoted(buf *b, str s) {
  buf_ch(b, '"');
  for (uint32_t i = 0; i < s.n; i++) {
    char ch = s.p[i];
    if (ch == '\n') buf_z(b, "\\n");
    else if (ch == '\t') buf_z(b, "\\t");
    else if (ch == '"' || ch == '\\' || ch == '{') buf_fmt(b, "\\%c", ch);
    else if ((unsigned char)ch < 32 || ch == 127) buf_fmt(b, "\\u{%X}", (unsigned)ch);
    else buf_ch(b, ch);
  }
  buf_ch(b, '"');
}

static void option(cli *c, const char *name, str value, bool quoted) {
  out_fmt(c->out, "  %-7s ", name);
  buf b = { .a = &c->a };
  if (quoted) cli_quoted(&b, value);
  else buf_str(&b, value);
  out_str(c->out, buf_done(&b));
  out_ch(c->out, '\n');
}

static void put_waiver(cli *c, const prog_rule *pr, const rec *r, str why, const char *digest, const asked *o) {
  for (uint32_t i = 0; i < why.n;) { /* what the rule says, as comments: not a part of the waiver */
    const char *nl = memchr(why.p + i, '\n', why.n - i);
    uint32_t stop = nl ? (uint32_t)(nl - why.p) : why.n;
    out_z(c->out, "// ");
    out_safe(c->out, (str){ why.p + i, stop - i });
    out_ch(c->out, '\n');
    i = stop + 1;
  }
  out_fmt(c->out, "waive %.*s for ", STR_ARG(pr->name));
  if (r->ty->nkeys > 1) out_ch(c->out, '[');
  for (uint32_t i = 0; i < r->ty->nkeys; i++) {
    if (i) out_z(c->out, ", ");
    literal(c, r->ty->fields[r->ty->keys[i]].type, r->v[r->ty->keys[i]]);
  }
  if (r->ty->nkeys > 1) out_ch(c->out, ']');
  out_z(c->out, " {\n");
  option(c, "until", o->until, false);
  option(c, "because", o->because, true);
  option(c, "owner", o->owner.n ? o->owner : pr->owner.n ? pr->owner : STR("say who agreed to it"), true);
  option(c, "digest", str_z(digest), true);
  out_z(c->out, "}\n");
}

static const char *why_not(verdict v) {
  switch (v) {
  case V_PASS: return "it passes";
  case V_SKIP: return "the rule is not about it (its `where` is false)";
  case V_INACTIVE: return "the rule is not active at this time";
  case V_ERROR: return "a value cannot be read, and no waiver covers that";
  case V_FAIL: case V_UNKNOWN: case V_WAIVED: case V_COUNT: break;
  }
  return "it needs none";
}

/* One record. X_FINDINGS: there is nothing to waive, said so. */
static int one(one_record *x, uint32_t rule, const char *key, bool first, const asked *o) {
  cli *c = x->c;
  const prog_rule *pr = x->p->ir->rules[rule];
  rec *r = NULL;
  int status = one_record_find(x, pr, key, &r);
  if (status == RT_NONE) return one_record_none(x, pr, key);
  if (status == RT_OOM) return cli_env(c, "out of memory");
  if (status != RT_OK) return cli_failed(c, x->failure);
  vm_result res;
  vm_reset(x->e.vm);
  status = rt_engine_status(&x->e, vm_rule(x->e.vm, rule, r, true, &res), &x->failure);
  if (status == RT_OOM) return cli_env(c, "out of memory");
  if (status != RT_OK) return cli_failed(c, x->failure);
  char digest[WAIVER_DIGEST + 1];
  if (res.v != V_FAIL && res.v != V_UNKNOWN && res.v != V_WAIVED) {
    cli_env(c, "`%.*s` needs no waiver of `%.*s`: %s", (int)strlen(key), key, STR_ARG(pr->name), why_not(res.v));
    return X_FINDINGS;
  }
  if (!waiver_digest(&c->a, pr, r, digest)) {
    cli_env(c, "`%s` has a field that `%.*s` reads and that cannot be read, so nothing would tell when it changes; repair it first", key, STR_ARG(pr->name));
    return X_FINDINGS;
  }
  if (res.v == V_WAIVED) {
    int64_t at = waiver_find(x->p->ir, rule, r);
    str where = at >= 0 ? place_text(&c->a, rt_sources(x->p), x->p->ir->waivers[at]->sp) : (str){ "", 0 };
    out_fmt(c->err, "blazon: `%s` is waived already at %.*s; this replaces it\n", key, STR_ARG(where));
  }
  finding f = rt_finding_of(&c->a, x->p, rule, r, &res);
  if (!first) out_ch(c->out, '\n');
  put_waiver(c, pr, r, rt_finding_message(&c->a, &f), digest, o);
  return X_GOOD;
}

static bool read_asked(cli *c, const args *a, asked *o) {
  const char *until = args_value(a, "until"), *because = args_value(a, "because");
  int64_t days = c->now / USEC_PER_DAY - (c->now % USEC_PER_DAY < 0) + DEFAULT_DAYS;
  if (until && !civil_parse_date(str_z(until), &days)) {
    cli_usage(c, a->cmd, "`%s` is not a date; write it as 2026-12-31", until);
    return false;
  }
  if ((days + 1) * USEC_PER_DAY <= c->now) {
    cli_usage(c, a->cmd, "a waiver until %s has ended already", until);
    return false;
  }
  char text[11];
  civil_print_date(days, text);
  o->until = str_dup(&c->a, str_z(text));
  o->because = because && *because ? str_z(because) : STR("say why");
  o->owner = str_z(args_value(a, "owner"));
  return true;
}

static int run(cli *c, const args *a) {
  uint32_t nbindings, at = 0;
  const src_binding *bindings;
  asked o;
  VEC(const char *) files = { 0 };
  for (const given *g; (g = args_next(a, "rules", &at));) *VEC_PUSH(&c->a, &files) = g->value;
  if (!cli_clock(c, a) || !cli_bindings(c, a, &nbindings, &bindings) || !read_asked(c, a, &o)) return X_USAGE;
  if (!files.n) return cli_usage(c, a->cmd, "--rules is missing: a rule file, a folder or a bundle");
  int status = cli_load(c, files.v, files.n, false);
  if (status == RT_OOM) return cli_env(c, "out of memory");
  if (status != RT_OK) {
    show_diags(c, c->err, c->p, false);
    return cli_exit_of(status);
  }
  int64_t rule = cli_find(c, RT_NAME_RULE, a->files[0]);
  if (rule < 0 || !cli_known_sources(c, nbindings, bindings)) return X_USAGE;
  const prog_rule *pr = c->p->ir->rules[rule];
  if (pr->source < 0 && !pr->refinement) return cli_usage(c, NULL, "`%.*s` is not about records, so there is none to waive it for", STR_ARG(pr->name));
  if (!c->p->ir->records[pr->record]->shape.nkeys)
    return cli_usage(c, NULL, "the records of `%.*s` have no key, so a waiver could not name one", STR_ARG(pr->name));
  one_record x = { .c = c, .p = c->p };
  status = one_record_open(&x, args_value(a, "db"), nbindings, bindings, pr);
  int code = status == RT_OK ? X_GOOD : cli_failed(c, x.failure);
  for (uint32_t i = 1; i < a->nfiles && code <= X_FINDINGS; i++) {
    int got = one(&x, (uint32_t)rule, a->files[i], i == 1, &o);
    if (got > code) code = got;
  }
  one_record_close(&x);
  return cli_finish(c, code);
}

const command cmd_waive = {
  "waive",
  "RULE KEY... --rules RULES [--db FILE] [--source NAME=FILE]...",
  "Print a waiver for records that break a rule.",
  "The waiver is printed to be pasted into a rule file, with the digest of the fields that the rule reads: when one of them changes, the "
  "waiver loses its force and the record is judged again. Several values that make one key are joined with commas.",
  opts,
  2,
  UINT32_MAX,
  "a rule and the key of a record",
  run,
  "  blazon waive on_palette A-1007 --rules rules/ --db library.db --because \"licensed before the rule\"\n"
  "  blazon waive Asset.title A-1007 A-1012 --rules rules/ --db library.db --until 2026-12-31 >> rules/waivers.blz\n",
};
