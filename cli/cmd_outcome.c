/* blazon outcome: what came of decisions, joined to them in the state file. */
#include "cli/cli.h"
#include "runtime/outcome.h"

enum { LISTED = 20 };

static const opt opts[] = {
  { "state", 0, "FILE", NULL, "The state file that holds the decisions." },
  { "format", 'f', "FORMAT", "text|json", "How to print the summary and the lines that were refused; default: text." },
  { "output", 'o', "FILE", NULL, "Write the summary to a file instead of standard output." },
  { "relaxed", 0, NULL, NULL, "Let a commit wait for the operating system only: survives a killed process, not loss of power." },
  { "now", 0, "TIME", NULL, "The time of rewards that have none, such as 2026-11-22T09:00:00Z; default: the present." },
  OPT_COLOR,
  OPT_END,
};

typedef struct refused { cli *c; VEC(outcome_refusal) list; } refused;

static void on_refused(void *ud, const outcome_refusal *r) {
  refused *x = ud;
  if (x->list.n >= LISTED) return;
  *VEC_PUSH(&x->c->a, &x->list) = (outcome_refusal){ r->line, r->position, str_dup(&x->c->a, r->decision), str_dup(&x->c->a, r->message) };
}

static void as_text(cli *c, const char *file, const outcome_counts *n, const refused *x) {
  out *o = c->out;
  for (uint32_t i = 0; i < x->list.n; i++) {
    const outcome_refusal *r = &x->list.v[i];
    out_fmt(o, "%s:%lld: ", file, (long long)(r->line ? r->line : r->position));
    if (r->decision.n) out_z(o, "`"), out_safe(o, r->decision), out_z(o, "`: ");
    out_safe(o, r->message);
    out_ch(o, '\n');
  }
  int64_t more = outcome_refused(n) - x->list.n;
  if (more > 0) out_fmt(o, "... and %.*s more that were refused\n", STR_ARG(grouped(&c->a, more)));
  out_fmt(o, "%.*s read: %.*s joined", STR_ARG(grouped(&c->a, n->read)), STR_ARG(grouped(&c->a, n->joined)));
  if (n->late) out_fmt(o, " (%.*s more than a day after the decision)", STR_ARG(grouped(&c->a, n->late)));
  if (n->again) out_fmt(o, ", %.*s there already", STR_ARG(grouped(&c->a, n->again)));
  if (n->unknown) out_fmt(o, ", %.*s of unknown decisions", STR_ARG(grouped(&c->a, n->unknown)));
  if (n->conflicting) out_fmt(o, ", %.*s in conflict with an earlier one", STR_ARG(grouped(&c->a, n->conflicting)));
  if (n->early) out_fmt(o, ", %.*s from before their decision", STR_ARG(grouped(&c->a, n->early)));
  if (n->bad) out_fmt(o, ", %.*s unreadable", STR_ARG(grouped(&c->a, n->bad)));
  out_ch(o, '\n');
  if (n->other_name)
    out_fmt(o, "note: %.*s %s another name than `reward`; policies learn from `reward` only\n", STR_ARG(grouped(&c->a, n->other_name)),
            plural(n->other_name, "has", "have"));
}

static void as_json(cli *c, const outcome_counts *n, const refused *x) {
  json j;
  json_begin(&j, c->out, &c->a, true);
  json_object(&j, NULL);
  json_int(&j, "read", n->read);
  json_int(&j, "joined", n->joined);
  json_int(&j, "late", n->late);
  json_int(&j, "other_name", n->other_name);
  json_int(&j, "again", n->again);
  json_int(&j, "unknown", n->unknown);
  json_int(&j, "conflicting", n->conflicting);
  json_int(&j, "early", n->early);
  json_int(&j, "unreadable", n->bad);
  json_array(&j, "refused");
  for (uint32_t i = 0; i < x->list.n; i++) {
    json_object(&j, NULL);
    json_int(&j, "line", x->list.v[i].line ? x->list.v[i].line : x->list.v[i].position);
    json_str_if(&j, "decision", x->list.v[i].decision);
    json_str(&j, "message", x->list.v[i].message);
    json_end_object(&j);
  }
  json_end_array(&j);
  json_end_object(&j);
  out_ch(c->out, '\n');
}

static int run(cli *c, const args *a) {
  const char *path = args_value(a, "state"), *file = a->nfiles ? a->files[0] : "-";
  if (!path) return cli_usage(c, a->cmd, "--state is missing: the file that `blazon decide --state` wrote its decisions to");
  if (!cli_clock(c, a)) return X_USAGE;
  state_config conf = { .m = &mem_libc, .path = str_z(path), .durability = args_has(a, "relaxed") ? STATE_RELAXED : STATE_FULL };
  str why;
  state *s = state_open(&conf, &c->a, &why);
  if (!s) return cli_env(c, "%.*s", STR_ARG(why));
  refused x = { .c = c };
  outcome_counts n;
  int status = cli_output(c, a) ? RT_OK : RT_STOPPED;
  if (status == RT_OK) status = outcome_read(&mem_libc, s, str_z(file), c->now, on_refused, &x, &c->a, &n, &why);
  state_close(s);
  if (status == RT_STOPPED) return X_ENV;
  if (status != RT_OK) {
    cli_discard(c);
    return cli_env(c, "%.*s", STR_ARG(status == RT_OOM ? STR("out of memory") : why));
  }
  if (cli_format(a) == F_JSON) as_json(c, &n, &x);
  else as_text(c, file[0] == '-' && !file[1] ? "standard input" : file, &n, &x);
  return cli_finish(c, outcome_refused(&n) ? X_FINDINGS : X_GOOD);
}

const command cmd_outcome = {
  "outcome",
  "--state FILE [OPTION]... [REWARDS]",
  "Join rewards (clicks, orders) to the decisions that they came of.",
  "REWARDS is a CSV, NDJSON or JSON file; without it, or as -, standard input. Its fields: decision (the id that `decide` answered), reward (a number), and "
  "optionally time (default: now; a date alone will do) and name (default: reward). Giving the same again changes nothing. Lines that cannot be joined are listed and counted, "
  "and end the command with 1; all others are kept.",
  opts,
  0,
  1,
  NULL,
  run,
  "  blazon outcome --state shop.state clicks.csv\n  kafka-export clicks | blazon outcome --state shop.state\n",
};
