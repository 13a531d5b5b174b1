/* The report of decisions as text and as JSON. */
#include "base/civil.h"
#include "cli/decisions.h"

#include "blazon.h"

#include <math.h>

static const char *state_word(guard_state g) {
  switch (g) {
  case GUARD_OK: return "ok";
  case GUARD_TRIPPED: return "tripped";
  case GUARD_SILENT: return "silent";
  }
  return "";
}

/* ---- text ---- */

static str count_of(const decisions_show *s, int64_t n) { return grouped(&s->c->a, n); }

static str day_of(const decisions_show *s, int64_t at) {
  char text[11];
  int64_t day = at / INT64_C(86400000000);
  civil_print_date(day, text);
  return str_fmt(&s->c->a, "%s", text);
}

static str money(const decisions_show *s, double x) {
  if (isfinite(x) && fabs(x) >= 100 && fabs(x) < 1e15) return grouped(&s->c->a, (int64_t)llround(x));
  return str_fmt(&s->c->a, "%.3g", x);
}

static void head(const decisions_show *s, const report_entry *e) {
  out *o = s->c->out;
  out_style(o, S_BOLD);
  out_z(o, e->experiment ? "experiment " : "choice ");
  out_safe(o, e->name);
  out_style(o, S_PLAIN);
  out_ch(o, '\n');
  int64_t all = 0;
  for (int i = 0; i < REPORT_STAGES; i++) all += e->stages[i];
  if (e->experiment) out_fmt(o, "  %s %s", count_of(s, e->subjects).p, plural(e->subjects, "subject met its arm", "subjects met their arms"));
  else {
    out_fmt(o, "  %s %s for %s %s", count_of(s, all).p, plural(all, "decision", "decisions"), count_of(s, e->subjects).p, plural(e->subjects, "subject", "subjects"));
    const char *sep = ": ";
    static const char *const words[] = { "drawn", "sticky", "held out", "by fallback", "none" };
    for (int i = 0; i < REPORT_STAGES; i++)
      if (e->stages[i]) out_fmt(o, "%s%s %s", sep, count_of(s, e->stages[i]).p, words[i]), sep = ", ";
  }
  if (e->s.shown) out_fmt(o, "; %s to %s", day_of(s, e->s.first).p, day_of(s, e->s.last).p);
  out_ch(o, '\n');
  for (uint32_t i = 0; i < e->nreasons; i++) {
    out_fmt(o, "    %s times: ", count_of(s, e->reasons[i].decisions).p);
    out_safe(o, e->reasons[i].text);
    out_ch(o, '\n');
  }
  out_fmt(o, "  %s %s", count_of(s, e->s.rewards).p, plural(e->s.rewards, "reward", "rewards"));
  if (!e->s.binary) out_fmt(o, ", %s in all", money(s, e->s.reward).p);
  if (e->s.shown) out_fmt(o, ", %.4g a %s", e->s.reward / (double)e->s.shown, e->experiment ? "subject" : "showing");
  out_ch(o, '\n');
}

static void padded(const decisions_show *s, str x, int64_t width) {
  int64_t w = text_width(s->c, x);
  out_safe(s->c->out, x);
  out_fmt(s->c->out, "%*s", (int)(w < width ? width - w : 0), "");
}

static void arms(const decisions_show *s, const report_entry *e) {
  out *o = s->c->out;
  const report_series *r = &e->s;
  int64_t wide = 3;
  for (uint32_t k = 0; k < r->narms; k++)
    if (text_width(s->c, r->arms[k].name) > wide) wide = text_width(s->c, r->arms[k].name);
  out_style(o, S_DIM);
  out_fmt(o, "\n  %-*s %9s %9s %9s %8s  %9s  %-21s %7s  %s\n", (int)wide, "arm", "shown", "drawn", "expected", "rewards", "mean", "95%, at all times", "best",
          "less than the leader");
  out_style(o, S_PLAIN);
  for (uint32_t k = 0; k < r->narms; k++) {
    const report_arm *x = &r->arms[k];
    bool lead = !r->withheld && k == r->leader;
    out_z(o, "  ");
    if (lead) out_style(o, S_GREEN);
    padded(s, x->name, wide);
    if (lead) out_style(o, S_PLAIN);
    out_fmt(o, " %9s", count_of(s, x->shown).p);
    if (r->drawn) out_fmt(o, " %9s %9s", count_of(s, x->drawn).p, count_of(s, (int64_t)llround(x->expected)).p);
    else out_fmt(o, " %9s %9s", "-", "-");
    out_fmt(o, " %8s", count_of(s, x->rewards).p);
    if (!x->shown || guard_ratio_tripped(&r->ratio)) {
      out_z(o, x->shown ? "          -\n" : "  never shown\n");
      continue;
    }
    str interval = isfinite(x->high) ? str_fmt(&s->c->a, "%.4g .. %.4g", x->low, x->high) : STR("-");
    out_fmt(o, "  %9.4g  %s", x->mean, interval.p);
    if (r->withheld) {
      out_ch(o, '\n');
      continue;
    }
    out_fmt(o, "%*s %6.1f%%", interval.n < 21 ? (int)(21 - interval.n) : 0, "", 100 * x->best);
    if (lead) out_z(o, "  leader");
    else if (isfinite(x->less_width)) {
      out_fmt(o, "  %.3g +- %.3g", x->less, x->less_width);
      if (fabs(x->less) > x->less_width) out_z(o, x->less > 0 ? ", surely" : ", surely more");
    }
    out_ch(o, '\n');
  }
}

static void conclusion(const decisions_show *s, const report_entry *e) {
  out *o = s->c->out;
  const report_series *r = &e->s;
  const char *note = "";
  if (r->withheld) {
    out_style(o, S_YELLOW);
    out_fmt(o, "\n  which arm is best is not said: %s\n", r->withheld);
    out_style(o, S_PLAIN);
    return;
  }
  out_z(o, r->learned ? "\n  best: " : "\n  leading: ");
  out_safe(o, r->arms[r->leader].name);
  out_fmt(o, ", the best with a probability of %.1f%%", 100 * r->arms[r->leader].best);
  const char *unit = e->experiment ? "subjects" : "showings";
  if (r->apart) note = "  some arms never had a chance where the leader had one: they were shown to others, and are compared with care\n";
  if (r->learned) out_fmt(o, "; above 95%% since %s %s\n", count_of(s, r->learned).p, unit);
  else out_fmt(o, "; 95%% not reached yet, after %s %s\n", count_of(s, r->shown).p, unit);
  if (isfinite(r->regret)) {
    out_fmt(o, "  regret: always showing the best would have earned at most %s more", money(s, r->regret).p);
    if (r->reward > 0) out_fmt(o, " (%.0f%% of what was earned)", 100 * r->regret / r->reward);
    out_ch(o, '\n');
  }
  out_z(o, note);
}

static void guards(const decisions_show *s, const report_entry *e) {
  out *o = s->c->out;
  out_z(o, "\n  guards\n");
  for (uint32_t i = 0; i < e->nguards; i++) {
    const report_guard *g = &e->guards[i];
    out_style(o, g->state == GUARD_TRIPPED ? S_RED : g->state == GUARD_OK ? S_GREEN : S_DIM);
    out_fmt(o, "    %-8s", g->state == GUARD_TRIPPED ? "TRIPPED" : g->state == GUARD_OK ? "ok" : "-");
    out_style(o, S_PLAIN);
    out_fmt(o, "%-21s ", g->name);
    out_safe(o, g->text);
    out_ch(o, '\n');
  }
}

void decisions_text(const decisions_show *s) {
  if (!s->r->n) {
    out_z(s->c->out, "nothing was decided yet\n");
    return;
  }
  for (uint32_t i = 0; i < s->r->n; i++) {
    const report_entry *e = &s->r->entries[i];
    if (i) out_ch(s->c->out, '\n');
    head(s, e);
    if (e->s.narms) arms(s, e);
    conclusion(s, e);
    guards(s, e);
  }
}

/* ---- JSON ---- */

static void json_known(json *j, const char *name, double x) {
  if (isfinite(x)) json_num(j, name, x);
}

static void json_arm(json *j, const report_series *r, const report_arm *x) {
  json_object(j, NULL);
  json_str(j, "name", x->name);
  json_int(j, "shown", x->shown);
  json_int(j, "rewards", x->rewards);
  json_num(j, "reward", x->sum);
  if (r->drawn) {
    json_int(j, "drawn", x->drawn);
    json_num(j, "expected", x->expected);
  }
  if (x->shown && !guard_ratio_tripped(&r->ratio)) {
    json_num(j, "mean", x->mean);
    json_known(j, "low", x->low);
    json_known(j, "high", x->high);
  }
  if (x->shown && !r->withheld) {
    json_num(j, "best", x->best);
    if (isfinite(x->less_width)) json_num(j, "less_than_leader", x->less), json_num(j, "less_than_leader_width", x->less_width);
  }
  json_end_object(j);
}

static void json_point(json *j, const report_series *r, const report_point *p) {
  json_object(j, NULL);
  json_int(j, "shown", p->shown);
  json_time(j, "time", p->at);
  json_array(j, "share");
  for (uint32_t k = 0; k < r->narms; k++) json_num(j, NULL, p->share[k]);
  json_end_array(j);
  if (p->best && !r->withheld) {
    json_array(j, "best");
    for (uint32_t k = 0; k < r->narms; k++) json_num(j, NULL, p->best[k]);
    json_end_array(j);
  }
  json_end_object(j);
}

static void json_decisions(json *j, const report_entry *e) {
  json_object(j, "decisions");
  for (int i = 0; i < REPORT_STAGES; i++) json_int(j, state_stage_names[i], e->stages[i]);
  json_end_object(j);
  json_array(j, "reasons");
  for (uint32_t i = 0; i < e->nreasons; i++) {
    json_object(j, NULL);
    json_str(j, "reason", e->reasons[i].text);
    json_int(j, "decisions", e->reasons[i].decisions);
    json_end_object(j);
  }
  json_end_array(j);
}

static void json_entry(json *j, const report_entry *e) {
  const report_series *r = &e->s;
  json_object(j, NULL);
  json_z(j, "kind", e->experiment ? "experiment" : "choice");
  json_str(j, "name", e->name);
  json_int(j, "subjects", e->subjects);
  if (!e->experiment) json_decisions(j, e);
  json_int(j, "shown", r->shown);
  json_int(j, "outcomes", e->outcomes);
  json_int(j, "rewards", r->rewards);
  json_num(j, "reward", r->reward);
  if (r->shown) json_time(j, "first", r->first), json_time(j, "last", r->last);
  json_bool(j, "tripped", e->tripped);
  if (r->withheld) json_z(j, "withheld", r->withheld);
  else {
    json_str(j, "leader", r->arms[r->leader].name);
    if (r->learned) json_int(j, "learned_after", r->learned);
    json_known(j, "regret_at_most", r->regret);
    json_bool(j, "apart", r->apart);
  }
  json_array(j, "arms");
  for (uint32_t k = 0; k < r->narms; k++) json_arm(j, r, &r->arms[k]);
  json_end_array(j);
  json_array(j, "guards");
  for (uint32_t i = 0; i < e->nguards; i++) {
    json_object(j, NULL);
    json_z(j, "name", e->guards[i].name);
    json_z(j, "state", state_word(e->guards[i].state));
    json_str(j, "text", e->guards[i].text);
    json_end_object(j);
  }
  json_end_array(j);
  json_array(j, "points");
  for (uint32_t i = 0; i < r->npoints; i++) json_point(j, r, &r->points[i]);
  json_end_array(j);
  json_end_object(j);
}

void decisions_json(json *j, const decisions_show *s) {
  json_object(j, NULL);
  json_z(j, "format", "blazon-decisions/1");
  json_z(j, "blazon", BLZ_VERSION);
  json_str(j, "state", s->state);
  json_array(j, "entries");
  for (uint32_t i = 0; i < s->r->n; i++) json_entry(j, &s->r->entries[i]);
  json_end_array(j);
  json_end_object(j);
}
