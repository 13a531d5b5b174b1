/* blazon report: whether choices and experiments work, from a state file. */
#include "cli/decisions.h"

#include <string.h>

static const opt opts[] = {
  { "state", 0, "FILE", NULL, "The state file that `blazon decide` writes." },
  { "only", 0, "NAME", NULL, "Report this choice or experiment only, by its qualified name. May be repeated." },
  { "format", 'f', "FORMAT", "text|json|html", "How to print the report; html is one page with plots that needs no network. Default: text." },
  { "output", 'o', "FILE", NULL, "Write to a file instead of standard output." },
  OPT_COLOR,
  OPT_END,
};

/* The last part of a name will do where nothing else is called so. */
static bool meant(const report_entry *e, const char *name) {
  str x = str_z(name);
  if (str_eq(e->name, x)) return true;
  return e->name.n > x.n && e->name.p[e->name.n - x.n - 1] == '.' && memcmp(e->name.p + e->name.n - x.n, x.p, x.n) == 0;
}

/* Leaves what --only asks for. false: said what it asks for in vain. */
static bool pick(cli *c, const args *a, state_report *r) {
  uint32_t at = 0, kept = 0;
  if (!args_has(a, "only")) return true;
  bool *want = ARENA_ARRAY(&c->a, bool, r->n + 1u);
  for (const given *g; (g = args_next(a, "only", &at));) {
    bool found = false;
    for (uint32_t i = 0; i < r->n; i++)
      if (meant(&r->entries[i], g->value)) want[i] = found = true;
    if (found) continue;
    buf names = { .a = &c->a };
    buf near_names = { .a = &c->a };
    for (uint32_t i = 0; i < r->n; i++) {
      str name = r->entries[i].name;
      uint32_t dot = name.n;
      while (dot && name.p[dot - 1] != '.') dot--;
      buf_fmt(&names, "%s`%.*s`", i ? ", " : "", STR_ARG(name));
      buf_fmt(&near_names, "%s%.*s|%.*s", i ? "|" : "", STR_ARG(name), (int)(name.n - dot), name.p + dot);
    }
    str all = buf_done(&names);
    const char *near = near_choice(&c->a, g->value, str_fmt(&c->a, "%.*s", STR_ARG(buf_done(&near_names))).p);
    if (near) cli_usage(c, NULL, "the state file knows no choice or experiment `%s`; did you mean `%s`?", g->value, near);
    else if (r->n) cli_usage(c, NULL, "the state file knows no choice or experiment `%s`; it has %.*s", g->value, STR_ARG(all));
    else cli_usage(c, NULL, "the state file knows no choice or experiment `%s`; it has none yet", g->value);
    return false;
  }
  for (uint32_t i = 0; i < r->n; i++)
    if (want[i]) r->entries[kept++] = r->entries[i];
  r->n = kept;
  return true;
}

static int show_all(cli *c, const args *a, const state_report *r, str path) {
  const char *format = args_value(a, "format");
  if (!cli_output(c, a)) return X_ENV;
  decisions_show s = { c, r, path };
  bool tripped = false;
  for (uint32_t i = 0; i < r->n; i++) tripped |= r->entries[i].tripped;
  if (format && strcmp(format, "html") == 0) decisions_html(&s);
  else if (format && strcmp(format, "json") == 0) {
    json j;
    json_begin(&j, c->out, &c->a, true);
    decisions_json(&j, &s);
    out_ch(c->out, '\n');
  } else decisions_text(&s);
  return cli_finish(c, tripped ? X_FINDINGS : X_GOOD);
}

/* The chances that the rules give the arms of their experiments. */
static report_weights *chances(cli *c, uint32_t *n) {
  const ir_program *ir = c->p ? c->p->ir : NULL;
  *n = ir ? ir->nexperiments : 0;
  report_weights *v = ARENA_ARRAY(&c->a, report_weights, *n + 1u);
  for (uint32_t i = 0; i < *n; i++) {
    const prog_experiment *x = ir->experiments[i];
    double *p = ARENA_ARRAY(&c->a, double, x->narms + 1u);
    for (uint32_t k = 0; k < x->narms; k++) p[k] = (double)x->weights[k].num / (double)x->weights[k].den;
    v[i] = (report_weights){ x->name, x->narms, x->arms, p };
  }
  return v;
}

static int run(cli *c, const args *a) {
  const char *path = args_value(a, "state");
  if (!path) return cli_usage(c, a->cmd, "the state file is missing: --state FILE");
  int loaded = a->nfiles ? cli_load(c, a->files, a->nfiles, false) : RT_OK;
  if (loaded == RT_OOM) return cli_env(c, "out of memory");
  if (loaded != RT_OK) {
    show_diags(c, c->err, c->p, false);
    return cli_exit_of(loaded);
  }
  uint32_t nweights;
  const report_weights *weights = chances(c, &nweights);
  state_config config = { .m = &mem_libc, .path = str_z(path), .reading = true };
  str why;
  state *s = state_open(&config, &c->a, &why);
  if (!s) return cli_env(c, "%.*s", STR_ARG(why));
  state_report r;
  int status = state_report_read(s, &c->a, nweights, weights, &r);
  if (status == RT_ENV) why = state_failure(s, &c->a);
  state_close(s);
  if (status == RT_ENV) return cli_env(c, "%.*s", STR_ARG(why));
  if (status != RT_OK) return cli_env(c, "out of memory");
  return pick(c, a, &r) ? show_all(c, a, &r, str_z(path)) : X_USAGE;
}

const command cmd_report = {
  "report",
  "--state FILE [RULES...]",
  "Whether choices and experiments work: what was shown, what it earned, which arm is best, and whether to believe it.",
  "Reads the state file that decisions are logged in, as of one moment, while others go on writing. Intervals hold at all times at once: looking every day does not "
  "make them wrong. RULES tell the chances of the arms of experiments, which are not in the state file. Where there is too little data, or a guard says that what was shown is not what was drawn, nothing is said of which arm is best. Ends with 1 "
  "when a guard has tripped.",
  opts,
  0,
  UINT32_MAX,
  NULL,
  run,
  "  blazon report --state decisions.db rules/\n"
  "  blazon report --state decisions.db --only shop.hero --format html -o hero.html\n",
};
