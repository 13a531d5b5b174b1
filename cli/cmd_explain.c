/* blazon explain: the long story of a message code, a library function, a format, an option of a rule or a word of the language. */
#include "cli/cli.h"

#include "stdlib/builtin.h"

#include <stdio.h>
#include <string.h>

static const opt opts[] = {
  { "list", 'l', NULL, NULL, "List everything that can be explained." },
  OPT_COLOR,
  OPT_END,
};

/* What may stand in a rule or record besides its clauses: one row an option. */
typedef struct rule_option { const char *name, *form, *text; } rule_option;
static const rule_option rule_options[] = {
  { "severity", "severity error|warning|info",
    "How much it matters when the rule does not hold. `error` is the default and breaks a run; --fail-on sets from which "
    "severity on." },
  { "owner", "owner \"brand-systems\"", "Who answers for the rule and is asked about its findings." },
  { "because", "because \"Dominant colors come from the palette\"",
    "The guideline in a sentence, for the people who read the findings." },
  { "link", "link \"https://brand.example/color\"", "Where the guideline is written down." },
  { "tags", "tags [\"color\", \"print\"]", "Words to sort rules by; reports carry them along." },
  { "since", "since 2026-01-01", "The rule is inactive before this day (or instant). A day is included." },
  { "until", "until 2026-12-31", "The rule is inactive, or the waiver has ended, after this day (or from this instant on). A day is included." },
  { "digest", "digest \"bdda67cf47a0d3dd\"", "Ties a waiver to the record as it was: when a field changes that the rule reads, it holds no longer. `blazon waive` prints it." },
};

typedef struct text_format { const char *name, *doc, *good, *bad; } text_format;
static const text_format text_formats[] = {
#define TEXTFORMAT(name, doc, good, bad) { #name, doc, good, bad },
#include "stdlib/textformats.def"
#undef TEXTFORMAT
};

typedef struct show_format { const char *name, *types, *example, *result, *doc; } show_format;
static const show_format show_formats[] = {
#define FMT(name, types, example, result, doc) { #name, types, example, result, doc },
#include "stdlib/formats.def"
#undef FMT
};

typedef struct word { const char *word, *text, *example; } word;
static const word words[] = {
#define WORD(w, text, example) { w, text, example },
#include "cli/words.def"
#undef WORD
};

#define COUNT(a) (sizeof(a) / sizeof *(a))

static void head(cli *c, const char *text) {
  out_style(c->out, S_BOLD);
  out_z(c->out, text);
  out_style(c->out, S_PLAIN);
  out_ch(c->out, '\n');
}

static bool explain_code(cli *c, const char *name) {
  const diag_info *d = diag_find(str_z(name));
  if (!d) return false;
  out_style(c->out, S_BOLD);
  out_fmt(c->out, "%s: %s", d->code, d->title);
  out_style(c->out, S_PLAIN);
  out_fmt(c->out, "  (%s)\n\n%s\n", severity_name(d->sev), d->text);
  return true;
}

static bool explain_function(cli *c, const char *name) {
  bool any = false;
  for (uint32_t i = 0; i < lib_count; i++) {
    const builtin *b = &lib_table[i];
    if (strcmp(b->name, name) != 0) continue;
    if (any) out_ch(c->out, '\n');
    any = true;
    out_style(c->out, S_BOLD);
    out_fmt(c->out, "%s%s", b->name, b->sig);
    out_style(c->out, S_PLAIN);
    out_fmt(c->out, "   [%s]\n\n%s\n\n    %s   gives   %s\n", b->group, b->doc, b->example, b->result);
  }
  return any;
}

static bool explain_group(cli *c, const char *name) {
  bool any = false;
  for (uint32_t i = 0; i < lib_count; i++) {
    if (strcmp(lib_table[i].group, name) != 0) continue;
    if (!any) head(c, "functions:");
    any = true;
    out_fmt(c->out, "  %s%s\n      %s\n", lib_table[i].name, lib_table[i].sig, lib_table[i].doc);
  }
  return any;
}

static bool explain_record_type(cli *c, const char *name) {
  for (uint32_t i = 0; i < lib_rec_count; i++)
    if (strcmp(lib_recs[i].name, name) == 0) {
      head(c, lib_recs[i].name);
      out_fmt(c->out, "\n%s\n\n    %s\n", lib_recs[i].doc, lib_recs[i].fields);
      return true;
    }
  return false;
}

static bool explain_word(cli *c, const char *name, bool more) {
  for (size_t i = 0; i < COUNT(words); i++)
    if (strcmp(words[i].word, name) == 0) {
      if (more) out_ch(c->out, '\n');
      head(c, name);
      out_fmt(c->out, "\n%s\n\n    %s\n", words[i].text, words[i].example);
      return true;
    }
  return false;
}

/* more: something was said of the name before. */
static bool explain_option(cli *c, const char *name, bool more) {
  bool any = false;
  for (size_t i = 0; i < COUNT(rule_options); i++)
    if (strcmp(rule_options[i].name, name) == 0) {
      out_fmt(c->out, "%s%s: an option of rules (and of records, for the rules of their fields)\n\n%s\n\n    %s\n",
              more ? "\n" : "", name, rule_options[i].text, rule_options[i].form);
      any = true;
    }
  for (size_t i = 0; i < COUNT(text_formats); i++)
    if (strcmp(text_formats[i].name, name) == 0) {
      out_fmt(c->out, "%s%s: a format of text\n\n%s\n\n    field : %s\n    valid: %s   not valid: %s\n", any || more ? "\n" : "",
              name, text_formats[i].doc, name, text_formats[i].good, text_formats[i].bad);
      any = true;
    }
  for (size_t i = 0; i < COUNT(show_formats); i++)
    if (strcmp(show_formats[i].name, name) == 0) {
      out_fmt(c->out, "%s:%s: how a value is shown in a text (for %s)\n\n%s\n\n    \"%s\"   gives   %s\n",
              any || more ? "\n" : "", name, show_formats[i].types, show_formats[i].doc, show_formats[i].example,
              show_formats[i].result);
      any = true;
    }
  return any;
}

static void list_all(cli *c) {
  head(c, "words:");
  for (size_t i = 0; i < COUNT(words); i++) out_fmt(c->out, "  %s\n", words[i].word);
  head(c, "rule options:");
  for (size_t i = 0; i < COUNT(rule_options); i++) out_fmt(c->out, "  %s\n", rule_options[i].name);
  head(c, "formats of text:");
  for (size_t i = 0; i < COUNT(text_formats); i++) out_fmt(c->out, "  %s\n", text_formats[i].name);
  head(c, "formats of values in texts:");
  for (size_t i = 0; i < COUNT(show_formats); i++) out_fmt(c->out, "  %s\n", show_formats[i].name);
  head(c, "functions:");
  for (uint32_t i = 0; i < lib_count; i++)
    if (!i || strcmp(lib_table[i].name, lib_table[i - 1].name) != 0)
      out_fmt(c->out, "  %-24s %s\n", lib_table[i].name, lib_table[i].doc);
  head(c, "messages:");
  for (size_t i = 0; i < DIAG_COUNT; i++) out_fmt(c->out, "  %s  %s\n", diag_table[i].code, diag_table[i].title);
}

static const str *near_name(cli *c, str wrong) {
  VEC(str) names = { 0 };
  for (uint32_t i = 0; i < lib_count; i++) *VEC_PUSH(&c->a, &names) = str_z(lib_table[i].name);
  for (size_t i = 0; i < COUNT(rule_options); i++) *VEC_PUSH(&c->a, &names) = str_z(rule_options[i].name);
  for (size_t i = 0; i < COUNT(text_formats); i++) *VEC_PUSH(&c->a, &names) = str_z(text_formats[i].name);
  for (size_t i = 0; i < COUNT(words); i++) *VEC_PUSH(&c->a, &names) = str_z(words[i].word);
  for (size_t i = 0; i < DIAG_COUNT; i++) *VEC_PUSH(&c->a, &names) = str_z(diag_table[i].code);
  return suggest(wrong, names.v, names.n);
}

/* Everything of that name: a word may be a function, a format and an option at once. */
static bool explain_name(cli *c, const char *name) {
  bool any = explain_function(c, name);
  if (!any) any = explain_group(c, name);
  if (explain_record_type(c, name)) any = true;
  if (explain_option(c, name, any)) any = true;
  if (explain_word(c, name, any)) any = true;
  return any || explain_code(c, name);
}

static int run(cli *c, const args *a) {
  if (args_has(a, "list")) {
    list_all(c);
    return cli_finish(c, X_GOOD);
  }
  if (!a->nfiles) return cli_usage(c, a->cmd, "what should be explained is missing; `blazon explain --list` lists everything");
  for (uint32_t i = 0; i < a->nfiles; i++) {
    char name[128];
    snprintf(name, sizeof name, "%s", a->files[i]);
    size_t n = strlen(name);
    if (n > 2 && strcmp(name + n - 2, "()") == 0) name[n - 2] = 0;
    if (i) out_ch(c->out, '\n');
    if (explain_name(c, name)) continue;
    out_flush(c->out);
    const str *near = near_name(c, str_z(name));
    if (near) return cli_usage(c, NULL, "there is nothing to explain about `%s`; did you mean `%.*s`?", name, STR_ARG(*near));
    return cli_usage(c, NULL, "there is nothing to explain about `%s`; `blazon explain --list` lists everything", name);
  }
  return cli_finish(c, X_GOOD);
}

const command cmd_explain = {
  "explain",
  "CODE|FUNCTION|WORD...",
  "Tell the long story of a message, a function, a format or a word of the language, with an example.",
  NULL,
  opts,
  0,
  UINT32_MAX,
  "a name",
  run,
  "  blazon explain E0312\n  blazon explain nearest\n  blazon explain passes\n",
};
