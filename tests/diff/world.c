/* The records and sources of every program: each type once always there and once optional, references, nested records, lists and maps. */
#include "diff.h"

#include <string.h>

#define L(t) (gt)(G_LIST + (t))
#define M(t) (gt)(G_MAP + (t))

static const wfield asset_fields[] = {
  { "id", G_TEXT, false, { " key" } },
  { "b", G_BOOL, false, { 0 } }, { "ob", G_BOOL, true, { 0 } },
  { "i", G_INT, false, { " 1..100", " >= 0", " < 3" } }, { "j", G_INT, false, { 0 } }, { "oi", G_INT, true, { " -5..5", " > 0" } },
  { "x", G_NUM, false, { " >= 0", " 0..1.5" } }, { "ox", G_NUM, true, { " < 2.5" } },
  { "s", G_TEXT, false, { " 1..4", " matches r\"^[a-z]+$\"", " unique" } }, { "os", G_TEXT, true, { " 2..3", " matches r\"a|3\"i" } },
  { "k", G_KIND, false, { 0 } }, { "ok", G_KIND, true, { 0 } },
  { "w", G_TIER, false, { 0 } }, { "ow", G_TIER, true, { 0 } },
  { "c", G_COLOR, false, { 0 } }, { "oc", G_COLOR, true, { 0 } },
  { "d", G_DATE, false, { " >= 2020-01-01" } }, { "od", G_DATE, true, { " 2000-01-01..2026-12-31" } },
  { "t", G_TIME, false, { 0 } }, { "ot", G_TIME, true, { 0 } },
  { "u", G_DUR, false, { 0 } }, { "ou", G_DUR, true, { 0 } },
  { "tags", L(G_TEXT), false, { 0 } }, { "otags", L(G_TEXT), true, { 0 } },
  { "nums", L(G_INT), false, { 0 } }, { "xs", L(G_NUM), false, { 0 } },
  { "cols", L(G_COLOR), false, { 0 } }, { "dates", L(G_DATE), false, { 0 } }, { "kinds", L(G_KIND), false, { 0 } },
  { "parts", L(G_PART), false, { 0 } },
  { "m", M(G_INT), false, { 0 } }, { "om", M(G_TEXT), true, { 0 } },
  { "part", G_PART, false, { 0 } }, { "opart", G_PART, true, { 0 } },
  { "camp", G_REF_CAMPAIGN, false, { 0 } }, { "ocamp", G_REF_CAMPAIGN, true, { 0 } },
  { "home", G_TEXT, true, { "@url", "@email", "@slug" } },
  { 0 }
};

static const wfield campaign_fields[] = {
  { "id", G_TEXT, false, { " key" } },
  { "brand", G_REF_BRAND, false, { 0 } }, { "obrand", G_REF_BRAND, true, { 0 } },
  { "kind", G_KIND, false, { 0 } }, { "starts", G_DATE, false, { " <= 2030-01-01" } }, { "budget", G_NUM, true, { " > 0" } },
  { "rank", G_INT, false, { " 1..9" } }, { "label", G_TEXT, true, { " 1..3" } }, { "tones", L(G_COLOR), false, { 0 } },
  { 0 }
};

static const wfield brand_fields[] = {
  { "id", G_TEXT, false, { " key" } }, { "name", G_TEXT, false, { " 1..9" } }, { "tone", G_COLOR, true, { 0 } }, { "rank", G_INT, false, { 0 } },
  { 0 }
};

static const wfield license_fields[] = {
  { "id", G_INT, false, { " key" } },
  { "asset", G_TEXT, false, { 0 } }, { "of", G_REF_ASSET, false, { 0 } },
  { "fee", G_NUM, false, { " >= 0" } }, { "spots", G_INT, false, { 0 } }, { "ends", G_DATE, true, { 0 } }, { "paid", G_DUR, false, { 0 } },
  { "tier", G_TIER, false, { 0 } }, { "note", G_TEXT, true, { " unique" } }, { "live", G_BOOL, false, { 0 } },
  { 0 }
};

static const wfield log_fields[] = {
  { "at", G_TIME, false, { 0 } }, { "asset", G_TEXT, false, { 0 } }, { "amount", G_INT, false, { " >= 1" } }, { "word", G_TEXT, true, { 0 } },
  { 0 }
};

static const wfield part_fields[] = {
  { "label", G_TEXT, false, { 0 } }, { "size", G_INT, false, { 0 } }, { "tint", G_COLOR, true, { 0 } }, { "ratio", G_NUM, false, { 0 } },
  { 0 }
};

static const wfield entry_int_fields[] = { { "key", G_TEXT, false, { 0 } }, { "value", G_INT, false, { 0 } }, { 0 } };
static const wfield entry_text_fields[] = { { "key", G_TEXT, false, { 0 } }, { "value", G_TEXT, false, { 0 } }, { 0 } };
static const wfield match_fields[] = { { "text", G_TEXT, false, { 0 } }, { "start", G_INT, false, { 0 } }, { "end", G_INT, false, { 0 } }, { 0 } };
static const wfield nearest_fields[] = { { "name", G_TEXT, false, { 0 } }, { "color", G_COLOR, false, { 0 } }, { "delta_e", G_NUM, false, { 0 } }, { 0 } };
static const wfield swatch_fields[] = { { "name", G_TEXT, false, { 0 } }, { "color", G_COLOR, false, { 0 } }, { 0 } };
static const wfield hsl_fields[] = { { "hue", G_NUM, false, { 0 } }, { "saturation", G_NUM, false, { 0 } }, { "lightness", G_NUM, false, { 0 } }, { 0 } };
static const wfield lab_fields[] = { { "l", G_NUM, false, { 0 } }, { "a", G_NUM, false, { 0 } }, { "b", G_NUM, false, { 0 } }, { 0 } };
static const wfield oklch_fields[] = { { "lightness", G_NUM, false, { 0 } }, { "chroma", G_NUM, false, { 0 } }, { "hue", G_NUM, false, { 0 } }, { 0 } };

static const wfield term_match_fields[] = {
  { "text", G_TEXT, false, { 0 } }, { "start", G_INT, false, { 0 } }, { "end", G_INT, false, { 0 } }, { "term", G_TEXT, false, { 0 } },
  { "replacement", G_TEXT, true, { 0 } },
  { 0 }
};

const wrecord world[] = {
  { "Asset", "assets", G_ASSET, asset_fields, true },
  { "Campaign", "campaigns", G_CAMPAIGN, campaign_fields, true },
  { "Brand", "brands", G_BRAND, brand_fields, true },
  { "License", "licenses", G_LICENSE, license_fields, true },
  { "Log", "logs", G_LOG, log_fields, false },
  { "Part", NULL, G_PART, part_fields, false },
  { "Entry", NULL, G_ENTRY_INT, entry_int_fields, false },
  { "Entry", NULL, G_ENTRY_TEXT, entry_text_fields, false },
  { "Match", NULL, G_MATCH, match_fields, false },
  { "Nearest", NULL, G_NEAREST, nearest_fields, false },
  { "Swatch", NULL, G_SWATCH, swatch_fields, false },
  { "Hsl", NULL, G_HSL, hsl_fields, false },
  { "Lab", NULL, G_LAB, lab_fields, false },
  { "Oklch", NULL, G_OKLCH, oklch_fields, false },
  { "TermMatch", NULL, G_TERM_MATCH, term_match_fields, false },
  { 0 }
};

const wrecord *world_record(gt t) {
  for (const wrecord *r = world; r->name; r++)
    if (r->t == t) return r;
  return NULL;
}

const char *gt_name(gt t) {
  static const char *const names[] = { "bool", "int", "number", "text", "Kind", "Tier", "color", "date", "time", "duration", "Part", "Asset",
    "Campaign", "Brand", "License", "Log", "?", "?", "Match", "Nearest", "Swatch", "Hsl", "Lab", "Oklch", "TermMatch", "-> assets", "-> campaigns", "-> brands" };
  static const char *const lists[] = { "list of bool", "list of int", "list of number", "list of text", "list of Kind", "list of Tier",
    "list of color", "list of date", "list of time", "list of duration", "list of Part" };
  if (t >= G_MAP) return t == G_MAP + G_INT ? "map of int" : "map of text";
  if (t >= G_LIST) return lists[t - G_LIST];
  return names[t];
}

static void print_field(buf *out, rng *r, const wfield *f) {
  uint32_t n = 0;
  while (n < 4 && f->refine[n]) n++;
  const char *refine = "";
  if (n && !strcmp(f->refine[0], " key")) refine = f->refine[0];
  else if (n && r && chance(r, 60)) refine = f->refine[below(r, n)];
  const char *type = gt_name(f->t);
  if (*refine == '@') type = refine + 1, refine = "";
  bool modifier = !strcmp(refine, " key") || !strcmp(refine, " unique");
  buf_fmt(out, "  %s : %s%s%s%s\n", f->name, type, modifier ? "" : refine, f->opt ? "?" : "", modifier ? refine : "");
}

void world_print(buf *out, rng *r) {
  buf_z(out, "module t.world\n"
             "type Kind = \"image\" | \"video\" | \"copy\"\n"
             "type Tier = \"gold\" | \"silver\" | \"a\"\n"
             "palette acme {\n  red #E4002B\n  ink #1A1A1A\n  paper #FFFFFF\n}\n"
             "terms hype ignoring case {\n  \"A\" -> \"b\"\n  \"x y\"\n  \"zo\\u{CB}\" -> \"\"\n  \"HELLO\" -> \"\\u{1F600}\"\n  \"!\"\n}\n"
             "terms exact {\n  \"image\" -> \"picture\"\n  \"-\" -> \"minus\"\n}\n");
  for (const wrecord *w = world; w->name; w++) {
    if (!w->source && w->t != G_PART) continue;
    buf_fmt(out, "record %s {\n", w->name);
    for (const wfield *f = w->f; f->name; f++) print_field(out, r, f);
    buf_z(out, "}\n");
    if (w->source) buf_fmt(out, "source %s : %s from \"%s\"\n", w->source, w->name, w->source);
  }
}
