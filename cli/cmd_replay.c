/* blazon replay: logged decisions again, under the rules that made them or under others. */
#include "cli/cli.h"
#include "runtime/replay.h"

enum { LISTED = 20, MOVES = 20 };

static const opt opts[] = {
  { "state", 0, "FILE", NULL, "The state file that holds the decisions." },
  { "choice", 0, "NAME", NULL, "Only decisions of this choice." },
  OPT_DB,
  OPT_SOURCE,
  { "format", 'f', "FORMAT", "text|json", "How to print; default: text." },
  { "output", 'o', "FILE", NULL, "Write to a file instead of standard output." },
  OPT_COLOR,
  OPT_NATIVE,
  OPT_END,
};

typedef struct listed { replay_why why; str decision, subject, message; } listed;
typedef struct replaying {
  cli *c;
  const args *a;
  state *s;
  replay_opts o;
  replay_result sum;
  VEC(listed) list;
  int64_t kept;            /* sets of rules that were run from the state file */
  str failure;
  bool no_rules;           /* it is about the rules, not about the data */
  bool choice_known;       /* some of the rules have the choice that --choice names */
} replaying;

static void on_differs(void *ud, const replay_difference *d) {
  replaying *x = ud;
  arena *a = &x->c->a;
  if (x->list.n >= LISTED) return;
  *VEC_PUSH(a, &x->list) = (listed){ d->why, str_dup(a, d->decision), str_dup(a, d->subject), str_dup(a, d->message) };
}

static void on_issue(void *ud, const src_issue *i) {
  replaying *x = ud;
  if (i->sev != SEV_ERROR) return;
  out_fmt(x->c->err, "error[%s]: ", diag_table[i->code].code);
  out_safe(x->c->err, i->message);
  out_ch(x->c->err, '\n');
}

static void add(replay_result *to, const replay_result *r) {
  to->decisions += r->decisions, to->subjects += r->subjects, to->same_rules += r->same_rules, to->other_rules += r->other_rules;
  for (int i = 0; i < REPLAY_WHYS; i++) to->n[i] += r->n[i];
  if (r->other_versions && !to->other_versions) to->versions = r->versions;
  to->other_versions += r->other_versions;
  to->moved += r->moved, to->moved_subjects += r->moved_subjects, to->stay += r->stay;
  to->evidence_now += r->evidence_now, to->gone += r->gone, to->failed += r->failed;
  if (r->nmoves) to->nmoves = r->nmoves, to->moves = r->moves;
}

/* What --choice means in these rules; one that is gone from them is looked for in the log as it was written. */
static void choice_named(replaying *x, const ir_program *ir) {
  const char *name = args_value(x->a, "choice");
  if (!name) return;
  str p, q;
  int64_t at = rt_find_name(ir, RT_NAME_CHOICE, str_z(name), &p, &q);
  x->o.choice = at >= 0 ? ir->choices[at]->name : str_z(name);
  x->choice_known |= at >= 0;
}

/* An engine over p, with data when there is some, and the whole log. A status of the runtime. */
static int run_one(replaying *x, const rt_program *p, uint32_t nbindings, const src_binding *bindings) {
  cli_engine en;
  replay_result r;
  int status = cli_engine_open(&en, x->c, x->a, p, nbindings, bindings, on_issue, x, &x->failure);
  choice_named(x, p->ir);
  x->o.data = en.data;
  if (status == RT_OK) status = rt_replay(x->s, &en.e, &x->o, &x->c->a, &r, &x->failure);
  if (status == RT_OK) add(&x->sum, &r);
  cli_engine_close(&en);
  return status;
}

/* Each set of rules that the state file kept, over the decisions that it made. */
static int run_kept(replaying *x, uint32_t nbindings, const src_binding *bindings) {
  cli *c = x->c;
  str *hashes;
  uint32_t n;
  int status = state_bundles(x->s, &c->a, &n, &hashes);
  x->o.own = true;
  for (uint32_t i = 0; i < n && status == RT_OK; i++) {
    str bytes;
    status = state_bundle_bytes(x->s, &c->a, hashes[i], &bytes);
    if (status == RT_NONE) { status = RT_OK; continue; }
    rt_program *p = status == RT_OK ? rt_program_new(&mem_libc) : NULL;
    if (!p) break;
    status = rt_program_add_bundle(p, hashes[i], bytes.p, bytes.n);
    if (status == RT_OK) status = rt_program_compile(p, false, INT64_MIN);
    if (status == RT_ENV) x->failure = str_fmt(&c->a, "the rules %.12s that the state file keeps are of another version of Blazon; name their rule files", hashes[i].p);
    x->no_rules = status == RT_ENV;
    if (status == RT_OK) {
      status = cli_native_of(c, x->a, p);
      x->no_rules = status == RT_ENV;
      for (uint32_t k = 0; status == RT_ENV && k < p->d.list.n && !x->failure.n; k++) /* p goes, its messages with it */
        if (p->d.list.v[k]->sev == SEV_ERROR) x->failure = str_dup(&c->a, p->d.list.v[k]->message);
    }
    if (status == RT_OK) x->kept++, status = run_one(x, p, nbindings, bindings);
    rt_program_free(p);
  }
  if (status == RT_ENV && !x->failure.n) x->failure = state_failure(x->s, &c->a);
  return status;
}

/* ---- what came of it ---- */

static str name_of(str s) { return s.n ? s : STR("nothing"); }

static void num(cli *c, const char *before, int64_t n, const char *after) {
  str s = grouped(&c->a, n);
  out_fmt(c->out, "%s%.*s%s", before, STR_ARG(s), after);
}

static void moves_text(const replaying *x) {
  cli *c = x->c;
  const replay_result *r = &x->sum;
  num(c, "", r->other_rules, r->other_rules == 1 ? " decision was made by other rules; under these\n" : " decisions were made by other rules; under these\n");
  num(c, "  ", r->stay, r->stay == 1 ? " stays as it is\n" : " stay as they are\n");
  num(c, "  ", r->moved, r->moved == 1 ? " moves, of " : " move, of ");
  num(c, "", r->moved_subjects, r->moved_subjects == 1 ? " subject\n" : " subjects\n");
  if (r->gone) num(c, "  ", r->gone, " are of a choice that these rules do not have\n");
  if (r->failed) num(c, "  ", r->failed, " cannot be decided again: their subject's record was not kept or cannot be read\n");
  if (r->evidence_now) num(c, "  ", r->evidence_now, " with evidence as it is now: these rules gather it in another way than it was logged, so that some may move for what came since\n");
  for (uint32_t i = 0; i < r->nmoves && i < MOVES; i++) {
    const replay_move *m = &r->moves[i];
    str n = grouped(&c->a, m->decisions), from = name_of(m->from), to = name_of(m->to);
    out_fmt(c->out, "  %10.*s  ", STR_ARG(n));
    out_safe(c->out, from), out_z(c->out, " -> "), out_safe(c->out, to);
    out_ch(c->out, '\n');
  }
  if (r->nmoves > MOVES) out_fmt(c->out, "  and %u other ways\n", r->nmoves - MOVES);
}

static void as_text(const replaying *x) {
  static const char *const because[REPLAY_WHYS] = { "", " differ by the rules: ", " differ by the draw: ", " differ by the data: ", " cannot be computed again: " };
  cli *c = x->c;
  const replay_result *r = &x->sum;
  for (uint32_t i = 0; i < x->list.n; i++) {
    const listed *d = &x->list.v[i];
    out_safe(c->out, d->decision);
    out_z(c->out, " for "), out_safe(c->out, d->subject);
    out_fmt(c->out, " [%s]: ", replay_why_names[d->why]), out_safe(c->out, d->message);
    out_ch(c->out, '\n');
  }
  if (r->same_rules) {
    num(c, "", r->same_rules, r->same_rules == 1 ? " decision by the same rules: " : " decisions by the same rules: ");
    num(c, "", r->n[REPLAY_SAME], r->n[REPLAY_SAME] == 1 ? " comes out the same" : " come out the same");
    out_z(c->out, x->o.data ? ", from the log and from the data\n" : "\n");
    for (int i = REPLAY_RULES; i < REPLAY_WHYS; i++)
      if (r->n[i]) {
        static const char *const hints[REPLAY_WHYS] = { "", "the log was made by another Blazon, or changed by hand\n", "the log was changed by hand\n",
                                                        "rows, evidence or the clock are not what they were\n", "something was not kept\n" };
        num(c, "  ", r->n[i], because[i]);
        out_z(c->out, hints[i]);
      }
  }
  if (r->other_versions) {
    num(c, "  ", r->other_versions, " were decided with other versions of what can change an answer: ");
    out_safe(c->out, r->versions);
    out_z(c->out, "\n             this is "), out_str(c->out, state_versions(x->s)), out_ch(c->out, '\n');
  }
  if (r->other_rules) moves_text(x);
  if (!r->decisions) out_z(c->out, x->o.own && !x->kept ? "the state file keeps no rules; name the rule files\n" : "no decisions\n");
}

static void as_json(const replaying *x) {
  const replay_result *r = &x->sum;
  json j;
  json_begin(&j, x->c->out, &x->c->a, true);
  json_object(&j, NULL);
  json_int(&j, "decisions", r->decisions);
  json_object(&j, "same_rules");
  json_int(&j, "decisions", r->same_rules);
  for (int i = 0; i < REPLAY_WHYS; i++) json_int(&j, replay_why_names[i], r->n[i]);
  json_int(&j, "other_versions", r->other_versions);
  if (r->other_versions) json_str(&j, "versions", r->versions);
  json_end_object(&j);
  json_object(&j, "other_rules");
  json_int(&j, "decisions", r->other_rules);
  json_int(&j, "stay", r->stay);
  json_int(&j, "moved", r->moved);
  json_int(&j, "moved_subjects", r->moved_subjects);
  json_int(&j, "evidence_now", r->evidence_now);
  json_int(&j, "choice_gone", r->gone);
  json_int(&j, "failed", r->failed);
  json_array(&j, "moves");
  for (uint32_t i = 0; i < r->nmoves; i++) {
    json_object(&j, NULL);
    if (r->moves[i].from.n) json_str(&j, "from", r->moves[i].from);
    else json_null(&j, "from");
    if (r->moves[i].to.n) json_str(&j, "to", r->moves[i].to);
    else json_null(&j, "to");
    json_int(&j, "decisions", r->moves[i].decisions);
    json_end_object(&j);
  }
  json_end_array(&j);
  json_end_object(&j);
  json_array(&j, "differences");
  for (uint32_t i = 0; i < x->list.n; i++) {
    json_object(&j, NULL);
    json_z(&j, "why", replay_why_names[x->list.v[i].why]);
    json_str(&j, "decision", x->list.v[i].decision);
    json_str(&j, "subject", x->list.v[i].subject);
    json_str(&j, "message", x->list.v[i].message);
    json_end_object(&j);
  }
  json_end_array(&j);
  json_end_object(&j);
  out_ch(x->c->out, '\n');
}

static int replay(replaying *x, uint32_t nbindings, const src_binding *bindings) {
  cli *c = x->c;
  if (!cli_output(c, x->a)) return X_ENV;
  int status = x->a->nfiles ? run_one(x, c->p, nbindings, bindings) : run_kept(x, nbindings, bindings);
  if (status != RT_OK) {
    cli_discard(c);
    if (status == RT_OOM) return cli_env(c, "out of memory");
    bool no_data = !x->o.data && !x->no_rules && !state_failure(x->s, &c->a).n;
    return cli_env(c, "%.*s%s", STR_ARG(x->failure), no_data ? "; decisions of other rules are computed from the data: give it with --db or --source" : "");
  }
  if (x->o.choice.n && !x->choice_known && !x->sum.decisions && (!x->o.own || x->kept)) {
    cli_discard(c);
    return cli_usage(c, NULL, "no choice is named `%.*s`, neither in the rules nor in the log; `blazon report --state FILE` names those of the log", STR_ARG(x->o.choice));
  }
  if (cli_format(x->a) == F_JSON) as_json(x);
  else as_text(x);
  const replay_result *r = &x->sum;
  return cli_finish(c, r->n[REPLAY_SAME] != r->same_rules ? X_FINDINGS : X_GOOD);
}

static int run(cli *c, const args *a) {
  const char *path = args_value(a, "state");
  uint32_t nbindings;
  const src_binding *bindings;
  replaying x = { .c = c, .a = a };
  x.o.differs = on_differs, x.o.ud = &x;
  if (!path) return cli_usage(c, a->cmd, "--state is missing: the file that `blazon decide --state` wrote its decisions to");
  if (!cli_bindings(c, a, &nbindings, &bindings)) return X_USAGE;
  c->now = rt_clock();
  if (a->nfiles) {
    int code = cli_ready(c, a, a->files, a->nfiles);
    if (code) return code;
    if (!cli_known_sources(c, nbindings, bindings)) return X_USAGE;
  }
  state_config conf = { .m = &mem_libc, .path = str_z(path), .reading = true };
  x.s = state_open(&conf, &c->a, &x.failure);
  if (!x.s) return cli_env(c, "%.*s", STR_ARG(x.failure));
  int code = replay(&x, nbindings, bindings);
  state_close(x.s);
  return code;
}

const command cmd_replay = {
  "replay",
  "--state FILE [OPTION]... [RULES...]",
  "Compute logged decisions again: the same under the same rules, or who would move under others.",
  "Decisions that these rules made are computed again from what was logged with them, bit for bit; with --db or --source from the data, too. What differs is listed with the "
  "reason (rules, draw, data), and the command ends with 1. For decisions of other rules it tells how many subjects these would move, from what to what; that takes the data. "
  "Without RULES each decision is computed by the rules that made it, which the state file keeps.",
  opts,
  0,
  UINT32_MAX,
  NULL,
  run,
  "  blazon replay --state shop.state\n  blazon replay --state shop.state rules/ --db crm.db\n",
};
