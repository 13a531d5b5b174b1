/* blazon match: who is in an audience, who is out, and of whom it cannot be told. */
#include "cli/cli.h"

#include "base/civil.h"
#include "runtime/src_table.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

static const opt opts[] = {
  { "rules", 'r', "RULES", NULL, "Rule file, folder or bundle. May be repeated." },
  OPT_DB,
  OPT_SOURCE,
  OPT_STATE,
  { "list", 'l', "WHICH", "in|out|unknown|error|all|none", "Which records to list on standard output; default: in." },
  { "format", 'f', "FORMAT", "text|json", "How to print the list and the counts; default: text." },
  { "to", 0, "FILE", NULL, "Write all results to a file: .ndjson or .csv, one line a record and audience." },
  { "table", 0, "NAME", NULL, "Write all results to a new table of the database --out-db." },
  { "out-db", 0, "FILE", NULL, "SQLite database for --table; made when it does not exist. Never the one that is read." },
  { "allow", 0, "WHAT", "error", "End with 0 though records are in error, or could not be read." },
  OPT_NOW,
  { "quiet", 'q', NULL, NULL, "Only the counts; no progress." },
  OPT_COLOR,
  OPT_NATIVE,
  OPT_END,
};

typedef struct names { const char **v; uint32_t n, cap; } names;

typedef struct matching {
  cli *c;
  out *file;               /* --to */
  bool csv;
  table_writer *table;     /* --table */
  bool list[4];            /* by truth: listed on standard output */
  bool json;
  int64_t told, lost;      /* issues shown; those that are errors */
  progress p;
  str failure;
} matching;

static const char *const words[] = { "out", "in", "unknown", "error" };

static void put_cause(buf *b, const vm_cause *k) {
  buf_str(b, k->text);
  if (k->kind == ST_ERR && k->error.n) buf_fmt(b, ": %.*s", STR_ARG(k->error));
}

/* What is missing, or what is in error and why. */
static str causes_text(arena *a, const rt_match *x) {
  buf b = { .a = a };
  for (uint32_t i = 0; i < x->ncauses; i++) {
    if (i) buf_z(&b, x->causes[i].kind == ST_ERR ? "; " : ", ");
    put_cause(&b, &x->causes[i]);
  }
  return buf_done(&b);
}

static void key_values(json *j, const rec *r) {
  json_object(j, "record");
  for (uint32_t i = 0; i < r->ty->nkeys; i++) {
    uint16_t f = r->ty->keys[i];
    buf b = { .a = j->a };
    val_print(&b, r->ty->fields[f].type, r->v[f], false);
    if (r->st[f] == ST_OK) json_str(j, str_dup(j->a, r->ty->fields[f].name).p, buf_done(&b));
  }
  json_end_object(j);
}

static void write_json(out *o, arena *a, const rt_program *p, const rt_match *x) {
  json j;
  json_begin(&j, o, a, false);
  json_object(&j, NULL);
  json_str(&j, "audience", p->ir->audiences[x->audience]->name);
  json_str(&j, "source", p->ir->sources[p->ir->audiences[x->audience]->source]->name);
  json_str(&j, "key", x->key);
  json_z(&j, "result", words[x->result]);
  if (x->record->ty->nkeys > 1) key_values(&j, x->record);
  if (x->ncauses) {
    json_array(&j, "causes");
    for (uint32_t i = 0; i < x->ncauses; i++) {
      buf b = { .a = a };
      put_cause(&b, &x->causes[i]);
      json_str(&j, NULL, buf_done(&b));
    }
    json_end_array(&j);
  }
  json_end_object(&j);
  out_ch(o, '\n');
}

static void write_csv(out *o, arena *a, const rt_program *p, const rt_match *x) {
  out_csv(o, p->ir->audiences[x->audience]->name);
  out_ch(o, ',');
  out_csv(o, x->key);
  out_fmt(o, ",%s,", words[x->result]);
  out_csv(o, causes_text(a, x));
  out_z(o, "\r\n");
}

static bool on_match(void *ud, const rt_match *x) {
  matching *m = ud;
  cli *c = m->c;
  arena_mark mark = arena_save(&c->a);
  bool go_on = true;
  if (m->file) {
    if (m->csv) write_csv(m->file, &c->a, c->p, x);
    else write_json(m->file, &c->a, c->p, x);
    go_on = !m->file->error;
  }
  const str cells[] = { c->p->ir->audiences[x->audience]->name, x->key, str_z(words[x->result]), m->table ? causes_text(&c->a, x) : (str){ "", 0 } };
  if (m->table && !table_write(m->table, cells)) {
    m->failure = table_failure(m->table);
    go_on = false;
  }
  if (m->list[x->result]) {
    if (m->json) write_json(c->out, &c->a, c->p, x);
    else {
      out_fmt(c->out, "%-7s  ", words[x->result]);
      out_safe(c->out, c->p->ir->audiences[x->audience]->name);
      out_z(c->out, "  ");
      out_safe(c->out, x->key);
      if (x->ncauses) out_z(c->out, "  ("), out_safe(c->out, causes_text(&c->a, x)), out_ch(c->out, ')');
      out_ch(c->out, '\n');
    }
  }
  arena_restore(&c->a, mark);
  return go_on;
}

static bool on_progress(void *ud, str source, int64_t rows, int64_t estimate) {
  matching *m = ud;
  return progress_tick(&m->p, source, rows, estimate);
}

static void on_issue(void *ud, const src_issue *i) {
  matching *m = ud;
  m->lost += i->sev == SEV_ERROR;
  if (i->sev != SEV_INFO) cli_issue(m->c, i, m->told++);
}

/* An audience that is short because something could not be read must not look like a whole one. */
static int say_errors(const args *a, const matching *m, uint32_t nlist, const rt_match_counts *counts) {
  cli *c = m->c;
  int64_t errors = 0;
  for (uint32_t i = 0; i < nlist; i++) errors += counts[i].n[TR_E];
  cli_issues_end(c, m->told, m->lost);
  if (errors && !m->list[TR_E])
    out_fmt(c->err, "%s in error, neither in nor out; `--list error` shows which and why\n",
            errors == 1 ? "a record is" : str_fmt(&c->a, "%s records are", grouped(&c->a, errors).p).p);
  return (errors || m->lost) && !args_value(a, "allow") ? X_FINDINGS : X_GOOD;
}

static bool find_audiences(cli *c, const names *audiences, uint32_t **list) {
  *list = ARENA_ARRAY(&c->a, uint32_t, audiences->n + 1);
  for (uint32_t i = 0; i < audiences->n; i++) {
    int64_t at = cli_find(c, RT_NAME_AUDIENCE, audiences->v[i]);
    if (at < 0) return false;
    (*list)[i] = (uint32_t)at;
  }
  return true;
}

static void set_list(const args *a, matching *m) {
  const char *which = args_value(a, "list");
  if (!which) which = args_value(a, "to") || args_value(a, "table") || m->c->quiet ? "none" : "in";
  for (int i = 0; i < 4; i++) m->list[i] = strcmp(which, "all") == 0 || strcmp(which, words[i]) == 0;
}

static bool ends_with(const char *s, const char *tail) {
  size_t n = strlen(s), k = strlen(tail);
  return n >= k && strcmp(s + n - k, tail) == 0;
}

static int open_outputs(cli *c, const args *a, matching *m, out *file) {
  const char *to = args_value(a, "to"), *table = args_value(a, "table"), *db = args_value(a, "out-db"), *in = args_value(a, "db");
  int why = 0;
  if (to) {
    m->csv = ends_with(to, ".csv");
    if (!m->csv && !ends_with(to, ".ndjson") && !ends_with(to, ".jsonl") && !ends_with(to, ".json"))
      return cli_usage(c, a->cmd, "`%s` is neither a .ndjson nor a .csv file", to);
    if (!out_file(file, to, &why)) return cli_env(c, "cannot write `%s`: %s", to, cli_reason(why));
    m->file = file;
    if (m->csv) out_z(file, "audience,key,result,causes\r\n");
  }
  if (!table != !db) return cli_usage(c, a->cmd, "--table and --out-db belong together");
  if (!table) return X_GOOD;
  str failure = { "", 0 };
  const str columns[] = { STR("audience"), STR("key"), STR("result"), STR("causes") };
  m->table = table_open(&c->a, str_z(db), str_z(table), columns, 4, str_z(in), &failure);
  return m->table ? X_GOOD : cli_env(c, "cannot write table `%s` of `%s`: %.*s", table, db, STR_ARG(failure));
}

static int close_outputs(cli *c, const args *a, matching *m, int code) {
  bool keep = code == X_GOOD;
  if (m->file) {
    int error = out_close(m->file, keep);
    if (error && keep) code = cli_env(c, "cannot write `%s`: %s", args_value(a, "to"), cli_reason(error));
  }
  if (m->table) {
    str failure = { "", 0 };
    if (!table_close(m->table, keep && code == X_GOOD, &c->a, &failure))
      code = cli_env(c, "cannot write `%s`: %.*s", args_value(a, "out-db"), STR_ARG(failure));
  }
  return code;
}

static void show_counts(cli *c, uint32_t nlist, const uint32_t *list, const rt_match_counts *counts, bool to_json) {
  for (uint32_t i = 0; i < nlist; i++) {
    const rt_match_counts *n = &counts[i];
    str name = c->p->ir->audiences[list[i]]->name;
    if (to_json) {
      json j;
      json_begin(&j, c->out, &c->a, false);
      json_object(&j, NULL);
      json_str(&j, "audience", name);
      json_object(&j, "counts");
      for (int k = 0; k < 4; k++) json_int(&j, words[k], n->n[k]);
      json_end_object(&j);
      json_end_object(&j);
      out_ch(c->out, '\n');
      continue;
    }
    out_style(c->out, S_BOLD);
    out_safe(c->out, name);
    out_style(c->out, S_PLAIN);
    out_fmt(c->out, ": %s in, %s out, %s unknown", grouped(&c->a, n->n[TR_T]).p, grouped(&c->a, n->n[TR_F]).p,
            grouped(&c->a, n->n[TR_U]).p);
    if (n->n[TR_E]) out_fmt(c->out, ", %s in error", grouped(&c->a, n->n[TR_E]).p);
    out_ch(c->out, '\n');
  }
}

static int match(cli *c, const args *a, const names *audiences, rt_match_opts *o, matching *m) {
  static out file; /* a large buffer, one a run */
  uint32_t *list;
  if (!find_audiences(c, audiences, &list) || !cli_known_sources(c, o->nbindings, o->bindings)) return X_USAGE;
  o->naudiences = audiences->n, o->audiences = list, o->causes = true, o->ud = m;
  o->on_match = on_match, o->issue = on_issue, o->progress = on_progress;
  rt_match_counts *counts = ARENA_ARRAY(&c->a, rt_match_counts, audiences->n + 1);
  int code = open_outputs(c, a, m, &file);
  str failure = { "", 0 };
  if (code == X_GOOD) {
    m->p = progress_start(c);
    int status = rt_match_run(c->p, o, &c->a, counts, &failure);
    progress_clear(&m->p);
    code = cli_exit_of(status);
    if (status == RT_OOM) code = cli_env(c, "out of memory");
    else if (status == RT_STOPPED && m->failure.n) code = cli_failed(c, m->failure);
    else if (status == RT_STOPPED && m->file)
      code = cli_env(c, "cannot write `%s`: %s", args_value(a, "to"), cli_reason(m->file->error));
    else if (status != RT_OK) code = cli_failed(c, failure);
  }
  code = close_outputs(c, a, m, code);
  if (code == X_GOOD) {
    show_counts(c, audiences->n, list, counts, m->json);
    code = say_errors(a, m, audiences->n, counts);
  }
  return cli_finish(c, code);
}

static void sort_arguments(cli *c, const args *a, names *rules, names *audiences) {
  uint32_t at = 0;
  for (const given *g; (g = args_next(a, "rules", &at));) *VEC_PUSH(&c->a, rules) = g->value;
  bool rules_given = rules->n > 0;
  for (uint32_t i = 0; i < a->nfiles; i++) {
    if (cli_is_path(a->files[i], rules_given)) *VEC_PUSH(&c->a, rules) = a->files[i];
    else *VEC_PUSH(&c->a, audiences) = a->files[i];
  }
}

static int run(cli *c, const args *a) {
  rt_match_opts o = { .m = &mem_libc };
  matching m = { .c = c };
  names rules = { 0 }, audiences = { 0 };
  if (!cli_clock(c, a) || !cli_bindings(c, a, &o.nbindings, &o.bindings)) return X_USAGE;
  m.json = cli_format(a) == F_JSON;
  o.now = c->now, o.db = str_z(args_value(a, "db"));
  set_list(a, &m);
  sort_arguments(c, a, &rules, &audiences);
  if (!rules.n) return cli_usage(c, a->cmd, "the rules are missing: name a rule file, a folder or a bundle");
  if (!audiences.n) return cli_usage(c, a->cmd, "an audience is missing");
  int code = cli_ready(c, a, rules.v, rules.n);
  if (code) return code;
  show_diags(c, c->err, c->p, true);
  return match(c, a, &audiences, &o, &m);
}

const command cmd_match = {
  "match",
  "AUDIENCE... RULES... [--db FILE] [OPTION]...",
  "List who is in an audience, who is out and of whom it cannot be told.",
  "Unknown means that something the audience asks for is missing: such a record is neither in nor out. Ends with 1 when a record is in error or could not be read, since the lists are not whole then. RULES are rule files, "
  "folders or a bundle; --to and --table get "
  "all results.",
  opts,
  1,
  UINT32_MAX,
  "an audience",
  run,
  "  blazon match lapsed_buyers rules/ --db crm.db\n  blazon match lapsed_buyers new_buyers rules/ --db crm.db --to "
  "audiences.ndjson\n",
};
