/* blazon state: looking at a state file, taking it out, and forgetting. */
#include "cli/cli.h"
#include "runtime/state.h"

#include <string.h>

#include "base/civil.h"

static const opt opts[] = {
  { "state", 0, "FILE", NULL, "The state file." },
  { "before", 0, "DATE", NULL, "purge: forget what is older than this day, such as 2026-01-31, or time." },
  { "evidence", 0, NULL, NULL, "purge: forget the daily sums that policies learn from, too." },
  { "subject", 0, "KEY", NULL, "erase: the key of the subject to forget everywhere." },
  { "format", 'f', "FORMAT", "text|json", "show, purge, erase: how to print; default: text." },
  { "output", 'o', "FILE", NULL, "Write to a file instead of standard output; the file appears whole or not at all." },
  OPT_NOW,
  OPT_COLOR,
  OPT_END,
};

typedef struct row { const char *name, *what; int64_t n; } row;

/* One row a kind, in the order in which people ask. */
static void rows_of(const state_counts *n, row out[8]) {
  const row all[8] = { { "decisions", "", n->decisions },
                       { "outcomes", "", n->outcomes },
                       { "assignments", "of sticky choices", n->assignments },
                       { "exposures", "to experiments", n->exposures },
                       { "evidence", "sums of a candidate and day", n->evidence },
                       { "candidate_sets", "stored once by content", n->candidate_sets },
                       { "blobs", "records and evidence, stored once by content", n->blobs },
                       { "bundles", "sets of rules that decided", n->bundles } };
  memcpy(out, all, sizeof all);
}

static void counts_json(json *j, const state_counts *n) {
  row r[8];
  rows_of(n, r);
  json_object(j, "rows");
  for (int i = 0; i < 8; i++) json_int(j, r[i].name, r[i].n);
  json_end_object(j);
}

static str size_text(arena *a, int64_t bytes) {
  if (bytes < 1000000) return str_fmt(a, "%.1f KB", (double)bytes / 1e3);
  return bytes < 1000000000 ? str_fmt(a, "%.1f MB", (double)bytes / 1e6) : str_fmt(a, "%.2f GB", (double)bytes / 1e9);
}

static void show_text(cli *c, str path, const state_about *x) {
  out *o = c->out;
  row r[8];
  char from[32], to[32];
  out_safe(o, path);
  out_fmt(o, ": state file, version %u, %.*s", x->version, STR_ARG(size_text(&c->a, x->bytes)));
  if (x->wal_bytes) out_fmt(o, " and %.*s not merged yet", STR_ARG(size_text(&c->a, x->wal_bytes)));
  out_ch(o, '\n');
  rows_of(&x->rows, r);
  for (int i = 0; i < 8; i++) {
    str n = grouped(&c->a, r[i].n);
    out_fmt(o, "  %-15s%13.*s  %s\n", r[i].name, STR_ARG(n), r[i].what);
  }
  if (!x->any) return;
  civil_print_time(x->first, from), civil_print_time(x->last, to);
  out_fmt(o, "decisions from %s to %s\n", from, to);
}

static int show_state(cli *c, const args *a, state *s) {
  state_about x;
  if (state_show(s, &x) != RT_OK) return X_ENV;
  if (cli_format(a) != F_JSON) {
    show_text(c, state_path(s), &x);
    return X_GOOD;
  }
  json j;
  json_begin(&j, c->out, &c->a, true);
  json_object(&j, NULL);
  json_str(&j, "file", state_path(s));
  json_int(&j, "version", x.version);
  json_int(&j, "bytes", x.bytes);
  json_int(&j, "wal_bytes", x.wal_bytes);
  counts_json(&j, &x.rows);
  if (x.any) json_time(&j, "first_decision", x.first), json_time(&j, "last_decision", x.last);
  json_end_object(&j);
  out_ch(c->out, '\n');
  return X_GOOD;
}

static int removed(cli *c, const args *a, const state_counts *n) {
  if (cli_format(a) == F_JSON) {
    json j;
    json_begin(&j, c->out, &c->a, true);
    json_object(&j, NULL);
    counts_json(&j, n);
    json_end_object(&j);
    out_ch(c->out, '\n');
    return X_GOOD;
  }
  row r[8];
  bool any = false;
  rows_of(n, r);
  out_z(c->out, "forgotten:");
  for (int i = 0; i < 8; i++) {
    if (!r[i].n) continue;
    str num = grouped(&c->a, r[i].n);
    out_fmt(c->out, "%s %.*s %s", any ? "," : "", STR_ARG(num), r[i].name);
    any = true;
  }
  out_z(c->out, any ? "\n" : " nothing\n");
  return X_GOOD;
}

static int purge(cli *c, const args *a, state *s, int64_t before) {
  state_counts n;
  if (state_purge(s, before, c->now, args_has(a, "evidence"), &n) != RT_OK) return X_ENV;
  return removed(c, a, &n);
}

static int erase(cli *c, const args *a, state *s) {
  state_counts n;
  if (state_erase(s, str_z(args_value(a, "subject")), &n) != RT_OK) return X_ENV;
  return removed(c, a, &n);
}

static bool one_line(void *ud, str line) {
  cli *c = ud;
  out_str(c->out, line);
  out_ch(c->out, '\n');
  return !c->out->error && !c->out->gone;
}

static int export(cli *c, state *s) {
  int status = state_export(s, one_line, c);
  return status == RT_OK || status == RT_STOPPED ? X_GOOD : X_ENV;
}

static bool before_of(cli *c, const args *a, int64_t *before) {
  const char *text = args_value(a, "before");
  int64_t days;
  if (!text) cli_usage(c, a->cmd, "--before is missing: the day from which on everything is kept");
  else if (civil_parse_time(str_z(text), true, before)) return true;
  else if (civil_parse_date(str_z(text), &days)) { *before = days * USEC_PER_DAY; return true; }
  else cli_usage(c, a->cmd, "`%s` is not a day or time; write it as 2026-01-31 or 2026-01-31T09:00:00Z", text);
  return false;
}

static const char actions[] = "init|show|purge|erase|export";

static int run(cli *c, const args *a) {
  const char *what = a->files[0], *path = args_value(a, "state");
  enum { INIT, SHOW, PURGE, ERASE, EXPORT } act = SHOW;
  int64_t before = 0;
  if (strcmp(what, "show") == 0) act = SHOW;
  else if (strcmp(what, "init") == 0) act = INIT;
  else if (strcmp(what, "purge") == 0) act = PURGE;
  else if (strcmp(what, "erase") == 0) act = ERASE;
  else if (strcmp(what, "export") == 0) act = EXPORT;
  else {
    const char *near = near_choice(&c->a, what, actions);
    if (near) return cli_usage(c, a->cmd, "`%s` is nothing that can be done with a state file; did you mean `%s`?", what, near);
    return cli_usage(c, a->cmd, "`%s` is nothing that can be done with a state file; it is init, show, purge, erase or export", what);
  }
  if (!path) return cli_usage(c, a->cmd, "--state is missing: the state file");
  if (!cli_clock(c, a) || (act == PURGE && !before_of(c, a, &before))) return X_USAGE;
  if (act == ERASE && !args_value(a, "subject")) return cli_usage(c, a->cmd, "--subject is missing: the key of the subject to forget");
  if (act != PURGE && (args_has(a, "before") || args_has(a, "evidence"))) return cli_usage(c, a->cmd, "--before and --evidence belong to `purge`");
  if (act != ERASE && args_has(a, "subject")) return cli_usage(c, a->cmd, "--subject belongs to `erase`");
  state_config conf = { .m = &mem_libc, .path = str_z(path), .create = act == INIT, .reading = act == SHOW || act == EXPORT };
  str why;
  state *s = state_open(&conf, &c->a, &why);
  if (!s) return cli_env(c, "%.*s", STR_ARG(why));
  int code = X_ENV;
  if (cli_output(c, a)) {
    code = act == SHOW || act == INIT ? show_state(c, a, s) : act == PURGE ? purge(c, a, s, before) : act == ERASE ? erase(c, a, s) : export(c, s);
    if (code == X_ENV) {
      cli_discard(c);
      cli_env(c, "%.*s", STR_ARG(state_failure(s, &c->a)));
    } else code = cli_finish(c, code);
  }
  state_close(s);
  return code;
}

const command cmd_state = {
  "state",
  "init|show|purge|erase|export --state FILE [OPTION]...",
  "Look into a state file, take everything out, or make it forget.",
  "init: make an empty one, as `blazon decide --state` does by itself. show: what is in it. purge --before DATE: forget older decisions with their outcomes, exposures, and assignments that have ended. erase --subject KEY: forget one "
  "subject everywhere. export: all tables as NDJSON. The file may be in use meanwhile. docs/state.md describes its tables.",
  opts,
  1,
  1,
  "init, show, purge, erase or export",
  run,
  "  blazon state show --state shop.state\n  blazon state purge --before 2026-01-01 --state shop.state\n"
  "  blazon state erase --subject user-17 --state shop.state\n  blazon state export --state shop.state -o shop.ndjson\n",
};
