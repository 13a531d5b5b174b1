/* What the tests reach and what they would not notice, behind their results. Counts are exact; lists are cut to what fits a screen unless
 * --verbose asks for all. */
#include "cli/cli.h"

#include <inttypes.h>

enum { LISTED = 12 };

static const char *const kind_words[] = { "where", "require", "forbid", "row" };

double cover_percent(const rt_coverage *x) { return x->total ? 100.0 * (double)x->seen / (double)x->total : 100.0; }

/* Rounded down: 100% is said of nothing less. */
str cover_percent_text(arena *a, const rt_coverage *x) {
  uint64_t tenths = x->total ? x->seen * 1000 / x->total : 1000;
  return tenths % 10 ? str_fmt(a, "%" PRIu64 ".%" PRIu64 "%%", tenths / 10, tenths % 10) : str_fmt(a, "%" PRIu64 "%%", tenths / 10);
}

static const char *lacking(const cover_item *x, bool unknown) {
  if (unknown) return "never unknown";
  if (x->kind == COVER_ROW) return "never chosen";
  if (!x->seen[TR_T] && !x->seen[TR_F]) return x->seen[TR_U] || x->seen[TR_E] ? "only unknown" : "never reached";
  return x->seen[TR_T] ? "never false" : "never true";
}

static void item_text(const test_show *s, const cover_item *x, bool unknown) {
  arena *a = &s->c->a;
  str at = place_text(a, rt_sources(s->p), x->sp), text = x->text;
  out_fmt(s->o, "  %.*s  ", STR_ARG(at));
  out_safe(s->o, x->name);
  if (x->kind == COVER_ROW) out_fmt(s->o, ", row %u: ", x->row);
  else out_fmt(s->o, ": %s ", kind_words[x->kind]);
  bool cut = text.n > 60;
  if (cut)
    for (text.n = 57; text.n && ((unsigned char)text.p[text.n] & 0xC0) == 0x80;) text.n--;
  out_safe(s->o, text);
  out_fmt(s->o, "%s  (%s)\n", cut ? "..." : "", lacking(x, unknown));
}

static void list_text(const test_show *s, unsigned what, const char *head) {
  const rt_coverage *r = s->r->coverage;
  uint32_t n = 0, limit = s->verbose ? UINT32_MAX : LISTED;
  for (uint32_t i = 0; i < r->n; i++) {
    if (!(cover_lacks(&r->v[i]) & what)) continue;
    if (!n) out_fmt(s->o, "%s\n", head);
    if (n++ < limit) item_text(s, &r->v[i], what == 1u << TR_U);
  }
  if (n > limit) out_fmt(s->o, "  ... and %u more; --verbose lists all\n", n - limit);
}

void cover_text(const test_show *s) {
  const rt_coverage *r = s->r->coverage;
  str percent = cover_percent_text(&s->c->a, r);
  list_text(s, 1u << TR_T | 1u << TR_F, "not reached by a test:");
  if (!s->c->quiet) list_text(s, 1u << TR_U, "never seen unknown (this does not count):");
  out_fmt(s->o, "coverage: %.*s, %" PRIu64 " of %" PRIu64 " (conditions seen true, seen false; rows chosen)\n", STR_ARG(percent), r->seen, r->total);
  if (s->min_coverage >= 0 && cover_percent(r) < s->min_coverage) out_fmt(s->o, "that is less than the %g%% of --min-coverage\n", s->min_coverage);
}

void cover_json(json *j, const test_show *s) {
  const rt_coverage *r = s->r->coverage;
  json_object(j, "coverage");
  str percent = cover_percent_text(&s->c->a, r);
  json_str(j, "percent", (str){ percent.p, percent.n - 1 });
  json_int(j, "seen", (int64_t)r->seen);
  json_int(j, "total", (int64_t)r->total);
  json_array(j, "items");
  for (uint32_t i = 0; i < r->n; i++) {
    const cover_item *x = &r->v[i];
    json_object(j, NULL);
    json_z(j, "kind", kind_words[x->kind]);
    json_str(j, "name", x->name);
    if (x->kind == COVER_ROW) json_int(j, "row", x->row);
    json_str(j, "text", x->text);
    json_place(j, rt_sources(s->p), x->sp);
    if (x->kind == COVER_ROW) json_int(j, "chosen", (int64_t)x->seen[TR_T]);
    else {
      json_int(j, "true", (int64_t)x->seen[TR_T]);
      json_int(j, "false", (int64_t)x->seen[TR_F]);
      json_int(j, "unknown", (int64_t)x->seen[TR_U]);
      json_int(j, "error", (int64_t)x->seen[TR_E]);
      json_bool(j, "can_be_unknown", x->may_miss);
    }
    json_end_object(j);
  }
  json_end_array(j);
  json_end_object(j);
}

/* ---- mutants ---- */

static void mutant_text(const test_show *s, const mutant *x) {
  str at = place_text(&s->c->a, rt_sources(s->p), x->sp), text = x->text;
  bool cut = text.n > 60;
  if (cut)
    for (text.n = 57; text.n && ((unsigned char)text.p[text.n] & 0xC0) == 0x80;) text.n--;
  out_fmt(s->o, "  %.*s  ", STR_ARG(at));
  out_safe(s->o, x->name);
  out_z(s->o, ": ");
  out_safe(s->o, text);
  out_fmt(s->o, "%s  (%.*s)\n", cut ? "..." : "", STR_ARG(x->change));
}

void mutants_text(const test_show *s) {
  const rt_mutation *m = s->r->mutation;
  if (!m) {
    out_z(s->o, "mutants: not tried, since not all tests pass\n");
    return;
  }
  uint32_t limit = s->verbose ? UINT32_MAX : 2 * LISTED;
  if (m->n) out_z(s->o, "no test notices these changes:\n");
  for (uint32_t i = 0; i < m->n && i < limit; i++) mutant_text(s, &m->v[i]);
  if (m->n > limit) out_fmt(s->o, "  ... and %u more; --verbose lists all\n", m->n - limit);
  out_fmt(s->o, "mutants: %u of %u changes noticed", m->noticed, m->tried);
  if (m->unreached) out_fmt(s->o, "; %u not tried where no test reaches (--coverage tells)", m->unreached);
  if (m->left) out_fmt(s->o, "; %u left when time was up (--mutate-seconds)", m->left);
  out_ch(s->o, '\n');
}

void mutants_json(json *j, const test_show *s) {
  const rt_mutation *m = s->r->mutation;
  json_object(j, "mutants");
  json_int(j, "tried", m->tried);
  json_int(j, "noticed", m->noticed);
  json_int(j, "unreached", m->unreached);
  json_int(j, "left", m->left);
  json_array(j, "survivors");
  for (uint32_t i = 0; i < m->n; i++) {
    json_object(j, NULL);
    json_str(j, "name", m->v[i].name);
    json_str(j, "text", m->v[i].text);
    json_str(j, "change", m->v[i].change);
    json_place(j, rt_sources(s->p), m->v[i].sp);
    json_end_object(j);
  }
  json_end_array(j);
  json_end_object(j);
}
