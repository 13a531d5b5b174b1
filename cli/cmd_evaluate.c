/* blazon evaluate: what another policy would have earned, from the log of the one that ran. */
#include "cli/cli.h"

#include "base/value.h"
#include "runtime/evaluate.h"
#include "runtime/opelog.h"

#include <string.h>

static const opt opts[] = {
  { "state", 0, "FILE", NULL, "Evaluate the choice of these rules over the decisions that were logged in this state file." },
  { "rules", 'r', "RULES", NULL, "With --state: rule file, folder or bundle. May be repeated." },
  { "log", 0, "FILE", NULL, "Without --state: the log of another system, a CSV file with one row a decision; - for standard input." },
  { "map", 0, "COLUMNS", NULL,
    "Which column holds what: action=NAME,reward=NAME,propensity=NAME[,subject=NAME]. Propensity: the probability with which the "
    "action was taken. Rows of one subject are counted as dependent; without it every row stands alone. A name with a comma stands in double quotes." },
  { "policy", 0, "POLICY", NULL, "The policy to evaluate: uniform (over the actions of the log), or a CSV file with the columns action and probability." },
  { "format", 'f', "FORMAT", "text|json", "How to print the result; default: text." },
  { "output", 'o', "FILE", NULL, "Write to a file instead of standard output." },
  OPT_DB,
  OPT_SOURCE,
  OPT_COLOR,
  OPT_NATIVE,
  OPT_END,
};

static bool read_map(cli *c, const args *a, ope_map *map) {
  const char *text = args_value(a, "map");
  static const char *const names[] = { "action", "reward", "propensity", "subject" };
  str *to[] = { &map->action, &map->reward, &map->propensity, &map->subject };
  for (const char *p = text; p && *p;) {
    p += strspn(p, " ");
    size_t n = strcspn(p, ",");
    const char *eq = memchr(p, '=', n), *end = eq && eq[1] == '"' ? strchr(eq + 2, '"') : NULL;
    bool quoted = end && (end[1] == ',' || !end[1]); /* action="item, name" */
    if (quoted) n = (size_t)(end + 1 - p);
    int k = 0;
    while (eq && k < 4 && (strlen(names[k]) != (size_t)(eq - p) || memcmp(p, names[k], (size_t)(eq - p)) != 0)) k++;
    if (!eq || k == 4) {
      cli_usage(c, a->cmd, "`%.*s` in --map is not understood: write action=, reward=, propensity= or subject= and a column's name", (int)n, p);
      return false;
    }
    if (to[k]->n) {
      cli_usage(c, a->cmd, "--map says twice which column holds the %s", names[k]);
      return false;
    }
    *to[k] = quoted ? (str){ eq + 2, (uint32_t)(end - eq - 2) } : (str){ eq + 1, (uint32_t)(p + n - eq - 1) };
    p += n + (p[n] == ',');
  }
  for (int k = 0; k < 3; k++)
    if (!to[k]->n) {
      cli_usage(c, a->cmd, "--map does not say which column holds the %s", names[k]);
      return false;
    }
  return true;
}

/* ---- text ---- */

static void put_estimate(cli *c, const char *name, const ope_estimate *e, const char *what) {
  out_style(c->out, S_BOLD);
  out_fmt(c->out, "  %-6s", name);
  out_style(c->out, S_PLAIN);
  out_fmt(c->out, " %-12.6g  %11.6g .. %-11.6g  %11.6g .. %-11.6g", e->value, e->lo, e->hi, e->least, e->most);
  out_style(c->out, S_DIM);
  out_fmt(c->out, "  %s\n", what);
  out_style(c->out, S_PLAIN);
}

/* e: of a state file; NULL: an imported log. */
static void as_text(cli *c, const ope_log *l, const ope_result *r, const char *policy, const evaluate_result *e) {
  arena *a = &c->a;
  if (r->n) out_fmt(c->out, "%s %s of %s %s, %u %s; the policy that ran earned %.6g a %s\n", grouped(a, (int64_t)r->n).p,
          e ? plural((int64_t)r->n, "draw", "draws") : plural((int64_t)r->n, "decision", "decisions"), grouped(a, r->subjects).p, plural(r->subjects, "subject", "subjects"), l->nactions,
          plural(l->nactions, "action", "actions"), r->logged, e ? "draw" : "decision");
  if (e && (e->undrawn || e->repeats || e->orphans)) {
    out_fmt(c->out, "  of %s decisions in the log: %s without a draw, %s sticky, counted with the draw that they repeat", grouped(a, e->decisions).p, grouped(a, e->undrawn).p,
            grouped(a, e->repeats).p);
    if (e->orphans) out_fmt(c->out, "; %s sticky whose draw is gone", grouped(a, e->orphans).p);
    out_ch(c->out, '\n');
  }
  if (r->n) out_ch(c->out, '\n');
  if (r->nrefusals) {
    out_style(c->out, S_RED);
    out_fmt(c->out, "No estimate of the policy `%s`:\n", policy);
    out_style(c->out, S_PLAIN);
    for (uint32_t i = 0; i < r->nrefusals; i++) {
      out_z(c->out, "  - "), out_safe(c->out, r->refusals[i].reason), out_ch(c->out, '\n');
      out_z(c->out, "    what would help: "), out_safe(c->out, r->refusals[i].help), out_ch(c->out, '\n');
    }
  } else {
    out_fmt(c->out, "The policy `%s` would have earned, a %s:\n", policy, e ? "draw" : "decision");
    out_style(c->out, S_DIM);
    out_fmt(c->out, "  %-6s %-12s  %-26s  %-26s\n", "", "estimate", "95% interval", "bound (empirical Bernstein)");
    out_style(c->out, S_PLAIN);
    put_estimate(c, "IPS", &r->ips, "reward weighted by new over logged probability");
    put_estimate(c, "SNIPS", &r->snips, "the same, divided by the weights' sum");
    put_estimate(c, "DR", &r->dr, "arm means, corrected by what they miss; cross-fitted");
  }
  if (!r->n) return;
  out_fmt(c->out, "\n  effective sample size %.1f; weights: mean %.4f (standard error %.4f), largest %.4f\n", r->ess, r->mean_weight, r->mean_weight_se,
          r->max_weight);
  if (!e) {
    out_z(c->out, "  an imported log cannot be replayed: that its probabilities are those that were used is taken on trust, and what else could have\n"
                  "  been chosen is known only from what was\n");
    return;
  }
  out_fmt(c->out, "  replay gave the logged chances again in %s draws", grouped(a, e->replayed).p);
  if (e->not_replayed) out_fmt(c->out, "; of %s the rules were not kept", grouped(a, e->not_replayed).p);
  if (e->anew) {
    out_fmt(c->out, "\n  `%s` is another than in the log: in %s %s who may be shown was judged anew, from the data as it is now", e->anew, grouped(a, e->judged).p,
            plural(e->judged, "draw", "draws"));
    if (e->left_out) out_fmt(c->out, "; %s, which have no answer by policy any more, are left out", grouped(a, e->left_out).p);
  } else out_z(c->out, "\n  the new policy chooses from the candidates that were eligible then");
  out_fmt(c->out, "\n  what it reads of them is as %s\n", e->valued ? "the data has it now; the log does not hold it" : "it was logged");
}

/* ---- JSON ---- */

static void json_estimate(json *j, const char *name, const ope_estimate *e) {
  json_object(j, name);
  json_num(j, "value", e->value);
  json_num(j, "standard_error", e->se);
  json_num(j, "low", e->lo);
  json_num(j, "high", e->hi);
  json_num(j, "bound_low", e->least);
  json_num(j, "bound_high", e->most);
  json_end_object(j);
}

static void as_json(cli *c, const ope_log *l, const ope_result *r, const char *policy, const evaluate_result *e) {
  json j;
  json_begin(&j, c->out, &c->a, true);
  json_object(&j, NULL);
  json_z(&j, "format", "blazon-evaluation/1");
  json_z(&j, "policy", policy);
  json_int(&j, "decisions", (int64_t)r->n);
  json_int(&j, "subjects", r->subjects);
  json_int(&j, "actions", l->nactions);
  if (e) {
    json_int(&j, "logged_decisions", e->decisions);
    json_int(&j, "without_draw", e->undrawn);
    json_int(&j, "sticky", e->repeats);
    json_int(&j, "sticky_without_draw", e->orphans);
    json_int(&j, "replayed", e->replayed);
    json_int(&j, "not_replayed", e->not_replayed);
    json_int(&j, "judged_anew", e->judged);
    json_int(&j, "left_out", e->left_out);
    json_bool(&j, "evidence_from_data", e->valued);
  }
  json_num(&j, "logged_reward", r->logged);
  json_num(&j, "effective_sample_size", r->ess);
  json_num(&j, "largest_weight", r->max_weight);
  json_num(&j, "mean_weight", r->mean_weight);
  json_num(&j, "mean_weight_standard_error", r->mean_weight_se);
  json_bool(&j, "refused", r->nrefusals > 0);
  json_array(&j, "reasons");
  for (uint32_t i = 0; i < r->nrefusals; i++) {
    json_object(&j, NULL);
    json_str(&j, "reason", r->refusals[i].reason);
    json_str(&j, "help", r->refusals[i].help);
    json_end_object(&j);
  }
  json_end_array(&j);
  if (!r->nrefusals) {
    json_estimate(&j, "ips", &r->ips);
    json_estimate(&j, "snips", &r->snips);
    json_estimate(&j, "dr", &r->dr);
  }
  json_end_object(&j);
  out_ch(c->out, '\n');
}

static int print_result(cli *c, const args *a, const ope_log *l, const ope_result *r, const char *policy, const evaluate_result *e) {
  if (!cli_output(c, a)) return X_ENV;
  if (cli_format(a) == F_JSON) as_json(c, l, r, policy, e);
  else as_text(c, l, r, policy, e);
  return cli_finish(c, r->nrefusals ? X_FINDINGS : X_GOOD);
}

/* ---- a state file ---- */

static void on_issue(void *ud, const src_issue *i) {
  if (i->sev == SEV_ERROR) cli_issue(ud, i, 0);
}

static int of_state(cli *c, const args *a, const char *path) {
  const char *name;
  uint32_t nbindings;
  const src_binding *bindings;
  if (args_has(a, "log") || args_has(a, "map") || args_has(a, "policy"))
    return cli_usage(c, a->cmd, "--state brings its own log and the rules the policy: --log, --map and --policy do not belong to it");
  if (!cli_bindings(c, a, &nbindings, &bindings)) return X_USAGE;
  c->now = rt_clock();
  int code = cli_named(c, a, "choice", &name);
  if (code) return code;
  int64_t choice = cli_find(c, RT_NAME_CHOICE, name);
  if (choice < 0 || !cli_known_sources(c, nbindings, bindings)) return X_USAGE;
  state_config config = { .m = &mem_libc, .path = str_z(path), .reading = true };
  str failure = { "", 0 };
  state *s = state_open(&config, &c->a, &failure);
  if (!s) return cli_env(c, "%.*s", STR_ARG(failure));
  evaluate_result e;
  cli_engine en;
  int status = cli_engine_open(&en, c, a, c->p, nbindings, bindings, on_issue, c, &failure);
  if (status == RT_OK) status = rt_evaluate(s, &en.e, en.data, (uint32_t)choice, &c->a, &e, &failure);
  cli_engine_close(&en);
  state_close(s);
  if (status == RT_OOM) return cli_env(c, "out of memory");
  if (status != RT_OK) return cli_failed(c, failure);
  str shown = c->p->ir->choices[choice]->name;
  return print_result(c, a, &e.log, &e.r, str_fmt(&c->a, "%.*s", STR_ARG(shown)).p, &e);
}

static int run(cli *c, const args *a) {
  const char *log = args_value(a, "log"), *policy = args_value(a, "policy"), *path = args_value(a, "state");
  ope_map map = { .action = { "", 0 }, .reward = { "", 0 }, .propensity = { "", 0 }, .subject = { "", 0 } };
  if (path) return of_state(c, a, path);
  if (args_has(a, "db") || args_has(a, "source")) return cli_usage(c, a->cmd, "--db and --source belong to --state: a log of another system brings all that is used");
  if (a->nfiles) return cli_usage(c, a->cmd, "the state file is missing: --state FILE; for the log of another system, --log, --map and --policy say it all");
  if (!log) return cli_usage(c, a->cmd, "the log is missing: --state FILE, or --log FILE");
  if (!policy) return cli_usage(c, a->cmd, "the policy is missing: --policy uniform, or --policy FILE.csv");
  if (!read_map(c, a, &map)) return X_USAGE;
  ope_policy new_policy = { strcmp(policy, "uniform") == 0, str_z(policy) };
  ope_log l;
  str error;
  if (!ope_log_read(&c->a, &mem_libc, str_z(log), &map, &new_policy, &l, &error)) return cli_env(c, "%.*s", STR_ARG(error));
  ope_result r;
  ope_evaluate(&c->a, &l, &r);
  return print_result(c, a, &l, &r, policy, NULL);
}

const command cmd_evaluate = {
  "evaluate",
  "(CHOICE RULES... --state FILE | --log FILE --map COLUMNS --policy POLICY)",
  "Estimate what another policy would have earned, from the log of the one that ran.",
  "Three estimates (IPS, SNIPS, doubly robust), with 95% intervals clustered by subject. Where the log cannot answer, it says why, what would "
  "help, and ends with 1: too few effective rows, actions that were never taken, probabilities that cannot be right, or a policy that left "
  "nothing to chance.",
  opts,
  0,
  UINT32_MAX,
  NULL,
  run,
  "  blazon evaluate shop.hero rules/ --state decisions.db\n"
  "  blazon evaluate --log log.csv --map action=item,reward=click,propensity=p --policy uniform\n",
};
