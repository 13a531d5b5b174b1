/* blazon assemble: the combinations of a template's parts for one subject or all of them, best first. */
#include "cli/cli.h"

#include "base/value.h"
#include "runtime/assemble.h"
#include "runtime/src_table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const opt opts[] = {
  { "rules", 'r', "RULES", NULL, "Rule file, folder or bundle. May be repeated." },
  OPT_DB,
  OPT_SOURCE,
  { "for", 0, "KEY", NULL, "Only for the subject with this key; default: for every one." },
  { "limit", 'n', "N", NULL, "At most N combinations for each subject; default: what the template says." },
  { "nodes", 0, "N", NULL, "Look at no more than N combinations and parts of combinations for each subject; default: 1000000." },
  { "explain", 0, NULL, NULL, "Say how many records fit each slot, and what each condition kept out." },
  { "format", 'f', "FORMAT", "text|json", "How to print; json: one line a combination. Default: text." },
  { "to", 0, "FILE", NULL, "Write to a file: .ndjson or .csv, one line a combination." },
  { "table", 0, "NAME", NULL, "Write to a new table of the database --out-db." },
  { "out-db", 0, "FILE", NULL, "SQLite database for --table; made when it does not exist. Never the one that is read." },
  OPT_NOW,
  { "quiet", 'q', NULL, NULL, "Only the counts; no progress." },
  OPT_COLOR,
  OPT_NATIVE,
  OPT_END,
};

typedef struct assembling {
  cli *c;
  const prog_template *t;
  uint32_t index;
  asm_opts o;
  bool json, explain, list;
  out *file;
  bool csv;
  table_writer *table;
  rt_engine e;
  src_data *data;
  str failure;
  int64_t subjects, left_out, unknown, bad, without, combinations, limited, told, lost;
  int64_t untold, wrong; /* records of slots, combinations and parts of them that were left out: something is missing, something is in error */
  int64_t asked;           /* subjects that the template is for */
  bool *filled;            /* one a slot: something fitted it */
} assembling;

static str short_name(str name) {
  const char *dot = memrchr(name.p, '.', name.n);
  return dot ? (str){ dot + 1, name.n - (uint32_t)(dot + 1 - name.p) } : name;
}

static str number_text(arena *a, double n) {
  char t[32];
  number_print(n, t);
  return str_dup(a, str_z(t));
}

/* ---- one combination ---- */

static void as_json(out *o, arena *a, const assembling *x, str subject, uint32_t rank, const asm_combo *k) {
  json j;
  json_begin(&j, o, a, false);
  json_object(&j, NULL);
  json_str(&j, "template", x->t->name);
  json_str(&j, "subject", subject);
  json_int(&j, "rank", rank);
  if (x->t->prefer != UINT32_MAX) json_num(&j, "prefer", k->prefer);
  json_object(&j, "parts");
  for (uint32_t i = 0; i < x->t->nslots; i++)
    json_str(&j, str_dup(a, x->t->slots[i].name).p, src_key_text(a, x->c->p->ir, k->parts[i]));
  json_end_object(&j);
  json_end_object(&j);
  out_ch(o, '\n');
}

static void as_cells(arena *a, const assembling *x, str subject, uint32_t rank, const asm_combo *k, str *cells) {
  cells[0] = x->t->name, cells[1] = subject, cells[2] = str_fmt(a, "%u", rank);
  cells[3] = x->t->prefer != UINT32_MAX ? number_text(a, k->prefer) : (str){ "", 0 };
  for (uint32_t i = 0; i < x->t->nslots; i++) cells[4 + i] = src_key_text(a, x->c->p->ir, k->parts[i]);
}

static void as_text(out *o, arena *a, const assembling *x, uint32_t rank, const asm_combo *k) {
  out_fmt(o, "  %4u  ", rank);
  if (x->t->prefer != UINT32_MAX) out_fmt(o, "%-12.6g ", k->prefer);
  for (uint32_t i = 0; i < x->t->nslots; i++) {
    out_fmt(o, "%s%.*s ", i ? "  " : "", STR_ARG(x->t->slots[i].name));
    out_safe(o, src_key_text(a, x->c->p->ir, k->parts[i]));
  }
  out_ch(o, '\n');
}

/* whole: all that belongs to the subject is known. What machines read must not look so when it is not. */
static bool put(assembling *x, str subject, uint32_t rank, const asm_combo *k, bool whole) {
  cli *c = x->c;
  if (!whole) {
    if (x->list && !x->json) as_text(c->out, &c->a, x, rank, k);
    return true;
  }
  arena_mark mark = arena_save(&c->a);
  bool ok = true;
  uint32_t n = x->t->nslots + 4;
  if (x->table || x->csv) {
    str *cells = ARENA_ARRAY(&c->a, str, n);
    as_cells(&c->a, x, subject, rank, k, cells);
    if (x->table && !(ok = table_write(x->table, cells))) x->failure = table_failure(x->table);
    for (uint32_t i = 0; x->csv && i < n; i++) {
      if (i) out_ch(x->file, ',');
      out_csv(x->file, cells[i]);
    }
    if (x->csv) out_z(x->file, "\r\n");
  }
  if (x->file && !x->csv) as_json(x->file, &c->a, x, subject, rank, k);
  if (x->list && x->json) as_json(c->out, &c->a, x, subject, rank, k);
  else if (x->list) as_text(c->out, &c->a, x, rank, k);
  arena_restore(&c->a, mark);
  return ok && (!x->file || !x->file->error);
}

/* ---- why there are so few ---- */

static void put_out(const assembling *x, const char *what, str text, const asm_out *o) {
  out *w = x->c->out;
  if (!o->untrue && !o->unknown && !o->bad) return;
  out_fmt(w, "        %s ", what);
  out_safe(w, text);
  out_fmt(w, ": %s", grouped(&x->c->a, o->untrue).p);
  out_z(w, o->untrue == 1 ? " does not fit" : " do not fit");
  if (o->unknown) out_fmt(w, ", of %s it cannot be told", grouped(&x->c->a, o->unknown).p);
  if (o->bad) out_fmt(w, ", %s in error", grouped(&x->c->a, o->bad).p);
  if (o->why.n) out_z(w, " ("), out_safe(w, o->why), out_ch(w, ')');
  out_ch(w, '\n');
}

static void put_story(const assembling *x, const asm_result *r) {
  for (uint32_t i = 0; i < x->t->nslots; i++) {
    out_fmt(x->c->out, "      slot %.*s: %s %s\n", STR_ARG(x->t->slots[i].name), grouped(&x->c->a, r->candidates[i]).p,
            plural(r->candidates[i], "record fits", "records fit"));
    put_out(x, "of the others,", STR("where"), &r->slots[i]);
  }
  for (uint32_t i = 0; i < x->t->ndemands; i++) put_out(x, "require", x->t->demands[i].text, &r->demands[i]);
  put_out(x, "prefer", STR(""), &r->prefer);
  out_fmt(x->c->out, "      %s combinations and parts of them were looked at\n", grouped(&x->c->a, r->nodes).p);
}

/* In a few words: the first slot that nothing fits, else the conditions. */
static void put_none(const assembling *x, const asm_result *r) {
  out *w = x->c->out;
  if (r->status == ASM_SUBJECT) {
    out_z(w, r->subject == TR_U ? "        it cannot be told whether the template is for it: " : "        whether the template is for it is in error: ");
    out_safe(w, r->subject_why), out_ch(w, '\n');
    return;
  }
  for (uint32_t i = 0; i < x->t->nslots; i++)
    if (!r->candidates[i]) {
      out_fmt(w, "        nothing fits the slot `%.*s`\n", STR_ARG(x->t->slots[i].name));
      return;
    }
  out_z(w, r->status == ASM_LIMIT ? "        none was found before the search was cut off\n" : "        no combination satisfies every condition\n");
}

/* ---- one subject ---- */

static void note_left_out(assembling *x, const asm_result *r) {
  for (uint32_t i = 0; i < x->t->nslots; i++) x->untold += r->slots[i].unknown, x->wrong += r->slots[i].bad;
  for (uint32_t i = 0; i < x->t->ndemands; i++) x->untold += r->demands[i].unknown, x->wrong += r->demands[i].bad;
  x->untold += r->prefer.unknown, x->wrong += r->prefer.bad;
}

/* Which slots something fits, for at least one subject. */
static void note_slots(assembling *x, const asm_result *r) {
  if (r->status == ASM_SUBJECT) return;
  x->asked++;
  for (uint32_t i = 0; i < x->t->nslots; i++) x->filled[i] = x->filled[i] || r->candidates[i];
}

static void say_cut(const assembling *x, str subject, int64_t nodes) {
  out *o = x->c->err;
  out_fmt(o, "%.*s for ", STR_ARG(short_name(x->t->name)));
  out_safe(o, subject);
  out_fmt(o, ": cut off after %s combinations and parts of them, so nothing is written for it; --nodes allows more\n", grouped(&x->c->a, nodes).p);
}

/* A slot that stays empty whatever the subject is most likely a mistake in its `where`, or data that is not there. */
static void say_empty_slots(const assembling *x) {
  for (uint32_t i = 0; i < x->t->nslots && x->asked > 1; i++) {
    if (x->filled[i]) continue;
    out *o = x->c->err;
    out_style(o, S_YELLOW);
    out_z(o, "warning");
    out_style(o, S_PLAIN);
    out_fmt(o, ": no record of %.*s fits the slot `%.*s`, for any subject\n", STR_ARG(short_name(x->c->p->ir->sources[x->t->slots[i].source]->name)),
            STR_ARG(x->t->slots[i].name));
  }
}

static int one(assembling *x, rec *r) {
  cli *c = x->c;
  arena_mark mark = arena_save(&c->a);
  asm_result res;
  vm_reset(x->e.vm);
  int status = rt_assemble(&x->e, x->index, r, &x->o, &c->a, &res, &x->failure);
  if (status != RT_OK) return status;
  if (res.status == ASM_SUBJECT && res.subject == TR_F) x->left_out++;
  else {
    str subject = src_key_text(&c->a, c->p->ir, r);
    x->subjects++;
    x->unknown += res.subject == TR_U, x->bad += res.subject == TR_E;
    x->without += !res.n, x->combinations += res.n, x->limited += res.status == ASM_LIMIT;
    bool told = x->list && !x->json;
    if (told) {
      out_style(c->out, S_BOLD);
      out_fmt(c->out, "%.*s for ", STR_ARG(short_name(x->t->name))), out_safe(c->out, subject);
      out_style(c->out, S_PLAIN);
      out_fmt(c->out, "  %s %s%s\n", grouped(&c->a, res.n).p, plural(res.n, "combination", "combinations"),
              res.status == ASM_LIMIT ? "; the search was cut off, so others may be better placed behind these" : res.more ? ", the best of more" : "");
    }
    if (res.status != ASM_SUBJECT) note_left_out(x, &res);
    note_slots(x, &res);
    if (res.status == ASM_LIMIT && (x->file || x->table || x->json)) say_cut(x, subject, res.nodes);
    for (uint32_t i = 0; i < res.n && status == RT_OK; i++)
      if (!put(x, subject, i + 1, &res.v[i], res.status != ASM_LIMIT)) status = RT_STOPPED;
    if (told && !res.n) put_none(x, &res);
    if (told && x->explain && res.status != ASM_SUBJECT) put_story(x, &res);
  }
  arena_restore(&c->a, mark);
  return status;
}

static int all(assembling *x) {
  src_cursor *cur = NULL;
  int got = src_walk(x->data, x->t->source, &cur), status = RT_OK;
  if (got == SRC_OOM) return RT_OOM;
  if (got != SRC_OK) { x->failure = src_failure(x->data); return RT_ENV; }
  progress p = progress_start(x->c);
  int64_t rows = 0, estimate = src_estimate(x->data, x->t->source);
  for (rec *r; status == RT_OK && (got = src_next(cur, &r)) == SRC_OK;) {
    status = one(x, r);
    if (++rows % 256 == 0 && !progress_tick(&p, x->c->p->ir->sources[x->t->source]->name, rows, estimate)) status = RT_STOPPED;
  }
  progress_clear(&p);
  src_end(cur);
  if (status != RT_OK || got == SRC_DONE) return status;
  if (got == SRC_OOM) return RT_OOM;
  x->failure = src_failure(x->data);
  return RT_ENV;
}

static int single(assembling *x, const char *key) {
  const type_rec *shape = &x->c->p->ir->records[x->t->record]->shape;
  VEC(str) keys = { 0 };
  cli_key(x->c, shape, key, &keys.v, &keys.n);
  rec *r;
  int got = src_find(x->data, x->t->source, keys.n, keys.v, &x->c->a, &r);
  if (got == SRC_OK) return one(x, r);
  if (got == SRC_OOM) return RT_OOM;
  if (got != SRC_DONE) { x->failure = src_failure(x->data); return RT_ENV; }
  return RT_NONE;
}

/* ---- the command ---- */

static void on_issue(void *ud, const src_issue *i) {
  assembling *x = ud;
  x->lost += i->sev == SEV_ERROR;
  if (i->sev != SEV_INFO) cli_issue(x->c, i, x->told++);
}

static int open_outputs(assembling *x, const args *a, out *file) {
  cli *c = x->c;
  const char *to = args_value(a, "to"), *table = args_value(a, "table"), *db = args_value(a, "out-db");
  str columns[36] = { STR("template"), STR("subject"), STR("rank"), STR("prefer") };
  int why = 0;
  for (uint32_t i = 0; i < x->t->nslots; i++) columns[4 + i] = x->t->slots[i].name;
  if (!table != !db) return cli_usage(c, a->cmd, "--table and --out-db belong together");
  if (to) {
    const char *dot = strrchr(to, '.');
    x->csv = dot && strcmp(dot, ".csv") == 0;
    if (!x->csv && (!dot || (strcmp(dot, ".ndjson") != 0 && strcmp(dot, ".jsonl") != 0 && strcmp(dot, ".json") != 0)))
      return cli_usage(c, a->cmd, "`%s` is neither a .ndjson nor a .csv file", to);
    if (!out_file(file, to, &why)) return cli_env(c, "cannot write `%s`: %s", to, cli_reason(why));
    x->file = file;
    for (uint32_t i = 0; x->csv && i < x->t->nslots + 4; i++) out_z(file, i ? "," : ""), out_csv(file, columns[i]);
    if (x->csv) out_z(file, "\r\n");
  }
  if (!table) return X_GOOD;
  str failure = { "", 0 };
  x->table = table_open(&c->a, str_z(db), str_z(table), columns, x->t->nslots + 4, str_z(args_value(a, "db")), &failure);
  return x->table ? X_GOOD : cli_env(c, "cannot write table `%s` of `%s`: %.*s", table, db, STR_ARG(failure));
}

static int close_outputs(assembling *x, const args *a, int code) {
  cli *c = x->c;
  if (x->file) {
    int error = out_close(x->file, code == X_GOOD);
    if (error && code == X_GOOD) code = cli_env(c, "cannot write `%s`: %s", args_value(a, "to"), cli_reason(error));
  }
  if (x->table) {
    str failure = { "", 0 };
    if (!table_close(x->table, code == X_GOOD, &c->a, &failure)) code = cli_env(c, "cannot write `%s`: %.*s", args_value(a, "out-db"), STR_ARG(failure));
  }
  return code;
}

static int run_all(assembling *x, const args *a, uint32_t nbindings, const src_binding *bindings) {
  cli *c = x->c;
  const char *key = args_value(a, "for"), *db = args_value(a, "db");
  bool *wanted = ARENA_ARRAY(&c->a, bool, c->p->ir->nsources + 1);
  x->filled = ARENA_ARRAY(&c->a, bool, x->t->nslots + 1);
  wanted[x->t->source] = true;
  for (uint32_t i = 0; i < x->t->nslots; i++) wanted[x->t->slots[i].source] = true;
  if (!rt_engine_open(&x->e, c->p, &mem_libc, (vm_limits){ 0 }, c->now)) return RT_OOM;
  int status = rt_open_data(c->p, &mem_libc, str_z(db), nbindings, bindings, wanted, NULL, on_issue, x, &c->a, &x->data, &x->failure);
  if (status != RT_OK) return status;
  rt_engine_data(&x->e, x->data);
  return key ? single(x, key) : all(x);
}

/* What is left out for a reason that somebody can mend is never left out in silence. */
static void say_left_out(const assembling *x) {
  cli *c = x->c;
  if (x->wrong)
    out_fmt(c->err, "warning: %s %s left out because something in %s is in error; --explain says what\n", grouped(&c->a, x->wrong).p,
            plural(x->wrong, "record or combination was", "records and combinations were"), plural(x->wrong, "it", "them"));
  if (x->untold && !c->quiet)
    out_fmt(c->err, "%s %s left out because something in %s is missing; --explain says what\n", grouped(&c->a, x->untold).p,
            plural(x->untold, "record or combination was", "records and combinations were"), plural(x->untold, "it", "them"));
}

static void counts(const assembling *x) {
  cli *c = x->c;
  if (x->json) return;
  out_style(c->out, S_BOLD);
  out_safe(c->out, x->t->name);
  out_style(c->out, S_PLAIN);
  out_fmt(c->out, ": %s %s for %s %s", grouped(&c->a, x->combinations).p, plural(x->combinations, "combination", "combinations"),
          grouped(&c->a, x->subjects).p, plural(x->subjects, "subject", "subjects"));
  if (x->without) out_fmt(c->out, ", %s without any", grouped(&c->a, x->without).p);
  if (x->unknown) out_fmt(c->out, ", of %s it cannot be told", grouped(&c->a, x->unknown).p);
  if (x->bad) out_fmt(c->out, ", %s in error", grouped(&c->a, x->bad).p);
  if (x->limited) out_fmt(c->out, ", %s cut off by --nodes", grouped(&c->a, x->limited).p);
  if (x->left_out) out_fmt(c->out, "; %s left out by the template's `where`", grouped(&c->a, x->left_out).p);
  out_ch(c->out, '\n');
}

static bool count_option(cli *c, const args *a, const char *name, int64_t most, int64_t *n) {
  const char *text = args_value(a, name);
  char *end;
  *n = 0;
  if (!text) return true;
  *n = strtoll(text, &end, 10);
  if (!*end && *n >= 1 && *n <= most) return true;
  cli_usage(c, a->cmd, "`%s` for --%s is no number from 1 to %" PRId64, text, name, most);
  return false;
}

static int assemble(cli *c, const args *a, assembling *x, uint32_t nbindings, const src_binding *bindings) {
  static out file; /* a large buffer, one a run */
  int code = open_outputs(x, a, &file);
  if (code == X_GOOD) {
    int status = run_all(x, a, nbindings, bindings);
    code = cli_exit_of(status);
    if (status == RT_NONE) code = cli_usage(c, NULL, "there is no subject `%s`", args_value(a, "for"));
    else if (status == RT_OOM) code = cli_env(c, "out of memory");
    else if (status == RT_STOPPED && x->file && x->file->error)
      code = cli_env(c, "cannot write `%s`: %s", args_value(a, "to"), cli_reason(x->file->error));
    else if (status != RT_OK) code = cli_failed(c, x->failure);
  }
  code = close_outputs(x, a, code);
  if (code == X_GOOD) counts(x), say_left_out(x), say_empty_slots(x), cli_issues_end(c, x->told, x->lost);
  if (code == X_GOOD && (x->limited || x->bad || x->wrong || x->lost)) code = X_FINDINGS;
  rt_engine_close(&x->e);
  if (x->data) src_close(x->data);
  return cli_finish(c, code);
}

static int run(cli *c, const args *a) {
  uint32_t nbindings;
  const src_binding *bindings;
  int64_t limit, nodes;
  if (!cli_clock(c, a) || !cli_bindings(c, a, &nbindings, &bindings) || !count_option(c, a, "limit", 1000000, &limit) ||
      !count_option(c, a, "nodes", 1000000000, &nodes))
    return X_USAGE;
  const char *name;
  int code = cli_named(c, a, "template", &name);
  if (code) return code;
  int64_t found = cli_find(c, RT_NAME_TEMPLATE, name);
  if (found < 0) return X_USAGE;
  if (!cli_known_sources(c, nbindings, bindings)) return X_USAGE;
  assembling x = { .c = c, .t = c->p->ir->templates[found], .index = (uint32_t)found, .json = cli_format(a) == F_JSON, .explain = args_has(a, "explain") };
  x.o = (asm_opts){ .limit = (uint32_t)limit, .nodes = nodes, .why = true };
  x.list = !args_has(a, "to") && !args_has(a, "table") && !c->quiet;
  return assemble(c, a, &x, nbindings, bindings);
}

const command cmd_assemble = {
  "assemble",
  "TEMPLATE RULES... [--db FILE] [OPTION]...",
  "Put a template's parts together: the combinations that satisfy every condition, best first.",
  "For every subject of the template, or the one that --for names. Combinations of which a condition cannot be told, or is in error, are left out and counted. "
  "Ends with 1 when a search was cut off by --nodes, a subject, a part or a condition is in error, or data could not be read: then the lists are not whole.",
  opts,
  1,
  UINT32_MAX,
  "a template",
  run,
  "  blazon assemble banner rules/ --db library.db --for P-0012\n  blazon assemble banner rules/ --db library.db --to banners.ndjson\n",
};
