/* blazon evaluate: what another policy would have earned, from the log of the one that ran. */
#include "cli/cli.h"

#include "base/value.h"
#include "runtime/opelog.h"

#include <string.h>

static const opt opts[] = {
  { "log", 0, "FILE", NULL, "The log: a CSV file with one row a decision; - for standard input." },
  { "map", 0, "COLUMNS", NULL,
    "Which column holds what: action=NAME,reward=NAME,propensity=NAME[,subject=NAME]. Propensity: the probability with which the "
    "action was taken. Rows of one subject are counted as dependent; without it every row stands alone." },
  { "policy", 0, "POLICY", NULL, "The policy to evaluate: uniform (over the actions of the log), or a CSV file with the columns action and probability." },
  { "format", 'f', "FORMAT", "text|json", "How to print the result; default: text." },
  { "output", 'o', "FILE", NULL, "Write to a file instead of standard output." },
  OPT_COLOR,
  OPT_END,
};

static bool read_map(cli *c, const args *a, ope_map *map) {
  const char *text = args_value(a, "map");
  static const char *const names[] = { "action", "reward", "propensity", "subject" };
  str *to[] = { &map->action, &map->reward, &map->propensity, &map->subject };
  for (const char *p = text; p && *p;) {
    size_t n = strcspn(p, ",");
    const char *eq = memchr(p, '=', n);
    int k = 0;
    while (eq && k < 4 && (strlen(names[k]) != (size_t)(eq - p) || memcmp(p, names[k], (size_t)(eq - p)) != 0)) k++;
    if (!eq || k == 4) {
      cli_usage(c, a->cmd, "`%.*s` in --map is not understood: write action=, reward=, propensity= or subject= and a column's name", (int)n, p);
      return false;
    }
    *to[k] = (str){ eq + 1, (uint32_t)(p + n - eq - 1) };
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

static void as_text(cli *c, const ope_log *l, const ope_result *r, const char *policy) {
  arena *a = &c->a;
  out_fmt(c->out, "%s %s of %s %s, %u %s; the policy that ran earned %.6g a decision\n\n", grouped(a, (int64_t)r->n).p,
          plural((int64_t)r->n, "decision", "decisions"), grouped(a, r->subjects).p, plural(r->subjects, "subject", "subjects"), l->nactions,
          plural(l->nactions, "action", "actions"), r->logged);
  if (r->nrefusals) {
    out_style(c->out, S_RED);
    out_fmt(c->out, "No estimate of the policy `%s`:\n", policy);
    out_style(c->out, S_PLAIN);
    for (uint32_t i = 0; i < r->nrefusals; i++) {
      out_z(c->out, "  - "), out_safe(c->out, r->refusals[i].reason), out_ch(c->out, '\n');
      out_z(c->out, "    what would help: "), out_safe(c->out, r->refusals[i].help), out_ch(c->out, '\n');
    }
  } else {
    out_fmt(c->out, "The policy `%s` would have earned, a decision:\n", policy);
    out_style(c->out, S_DIM);
    out_fmt(c->out, "  %-6s %-12s  %-26s  %-26s\n", "", "estimate", "95% interval", "bound (empirical Bernstein)");
    out_style(c->out, S_PLAIN);
    put_estimate(c, "IPS", &r->ips, "reward weighted by new over logged probability");
    put_estimate(c, "SNIPS", &r->snips, "the same, divided by the weights' sum");
    put_estimate(c, "DR", &r->dr, "arm means, corrected by what they miss; cross-fitted");
  }
  out_fmt(c->out, "\n  effective sample size %.1f; weights: mean %.4f (standard error %.4f), largest %.4f\n", r->ess, r->mean_weight, r->mean_weight_se,
          r->max_weight);
  out_z(c->out, "  an imported log cannot be replayed: that its probabilities are those that were used is taken on trust, and what else could have\n"
                "  been chosen is known only from what was\n");
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

static void as_json(cli *c, const ope_log *l, const ope_result *r, const char *policy) {
  json j;
  json_begin(&j, c->out, &c->a, true);
  json_object(&j, NULL);
  json_z(&j, "format", "blazon-evaluation/1");
  json_z(&j, "policy", policy);
  json_int(&j, "decisions", (int64_t)r->n);
  json_int(&j, "subjects", r->subjects);
  json_int(&j, "actions", l->nactions);
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

static int run(cli *c, const args *a) {
  const char *log = args_value(a, "log"), *policy = args_value(a, "policy");
  ope_map map = { .action = { "", 0 }, .reward = { "", 0 }, .propensity = { "", 0 }, .subject = { "", 0 } };
  if (!log) return cli_usage(c, a->cmd, "the log is missing: --log FILE");
  if (!policy) return cli_usage(c, a->cmd, "the policy is missing: --policy uniform, or --policy FILE.csv");
  if (!read_map(c, a, &map)) return X_USAGE;
  ope_policy new_policy = { strcmp(policy, "uniform") == 0, str_z(policy) };
  ope_log l;
  str error;
  if (!ope_log_read(&c->a, &mem_libc, str_z(log), &map, &new_policy, &l, &error)) return cli_env(c, "%.*s", STR_ARG(error));
  if (!cli_output(c, a)) return X_ENV;
  ope_result r;
  ope_evaluate(&c->a, &l, &r);
  if (cli_format(a) == F_JSON) as_json(c, &l, &r, policy);
  else as_text(c, &l, &r, policy);
  return cli_finish(c, r.nrefusals ? X_FINDINGS : X_GOOD);
}

const command cmd_evaluate = {
  "evaluate",
  "--log FILE --map COLUMNS --policy POLICY",
  "Estimate what another policy would have earned, from the log of the one that ran.",
  "Three estimates (IPS, SNIPS, doubly robust), with 95% intervals clustered by subject. Where the log cannot answer, it says why, what would "
  "help, and ends with 1: too few effective rows, actions that were never taken, probabilities that cannot be right, or a policy that left "
  "nothing to chance.",
  opts,
  0,
  0,
  NULL,
  run,
  "  blazon evaluate --log log.csv --map action=item,reward=click,propensity=p --policy uniform\n",
};
