/* Diagnostics as text: what, where with the source line, notes, fix. And the small words that all texts share. */
#include "cli/cli.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *severity_name(severity s) {
  switch (s) {
  case SEV_ERROR: return "error";
  case SEV_WARNING: return "warning";
  case SEV_INFO: break;
  }
  return "info";
}

static enum style severity_style(severity s) { return s == SEV_ERROR ? S_RED : s == SEV_WARNING ? S_YELLOW : S_CYAN; }

const char *plural(int64_t n, const char *one, const char *many) { return n == 1 ? one : many; }

str grouped(arena *a, int64_t n) {
  char digits[24], text[32];
  int len = snprintf(digits, sizeof digits, "%" PRId64, n), at = 0;
  for (int i = 0; i < len; i++) {
    text[at++] = digits[i];
    if ((len - i - 1) % 3 == 0 && i + 1 < len && digits[i] != '-') text[at++] = ',';
  }
  return str_dup(a, (str){ text, (uint32_t)at });
}

str place_text(arena *a, const sources *src, span sp) {
  const srcfile *f = sp.beg ? sources_find(src, sp.beg) : NULL;
  if (!f) return (str){ "", 0 };
  uint32_t line, col;
  source_line_col(f, sp.beg, &line, &col);
  return str_fmt(a, "%.*s:%u", STR_ARG(f->path), line);
}

static void show_note(cli *c, out *o, const sources *src, const diag_note *n) {
  const srcfile *f = n->sp.beg ? sources_find(src, n->sp.beg) : NULL;
  out_style(o, S_CYAN);
  out_z(o, "  note: ");
  out_style(o, S_PLAIN);
  out_safe(o, n->text);
  out_ch(o, '\n');
  if (f) snippet(c, o, f, n->sp, S_CYAN, NULL);
}

static void show_fix(out *o, const diag *g) {
  if (!g->fix_title.n) return;
  out_style(o, S_GREEN);
  out_z(o, "  fix: ");
  out_style(o, S_PLAIN);
  out_safe(o, g->fix_title);
  out_ch(o, '\n');
}

void show_diag(cli *c, out *o, const sources *src, const diag *g) {
  const srcfile *f = g->sp.beg ? sources_find(src, g->sp.beg) : NULL;
  out_style(o, severity_style(g->sev));
  out_fmt(o, "%s[%s]", severity_name(g->sev), diag_table[g->code].code);
  out_style(o, S_PLAIN);
  out_z(o, ": ");
  out_style(o, S_BOLD);
  out_safe(o, g->message);
  out_style(o, S_PLAIN);
  out_ch(o, '\n');
  if (f) snippet(c, o, f, g->sp, severity_style(g->sev), NULL);
  for (const diag_note *n = g->notes; n; n = n->next) show_note(c, o, src, n);
  show_fix(o, g);
  out_ch(o, '\n');
}

void show_diags(cli *c, out *o, const rt_program *p, bool warnings) {
  int64_t errors = 0, warned = 0;
  diag_code first = DIAG_COUNT;
  for (uint32_t i = 0; i < p->d.list.n; i++) {
    const diag *g = p->d.list.v[i];
    if (g->sev != SEV_ERROR && !warnings) continue;
    show_diag(c, o, rt_sources(p), g);
    if (g->sev == SEV_ERROR) errors++;
    if (g->sev == SEV_WARNING) warned++;
    if (first == DIAG_COUNT || (g->sev == SEV_ERROR && errors == 1)) first = g->code;
  }
  if (!errors && !warned) return;
  if (errors) out_fmt(o, "%" PRId64 " %s", errors, plural(errors, "error", "errors"));
  if (warned) out_fmt(o, "%s%" PRId64 " %s", errors ? ", " : "", warned, plural(warned, "warning", "warnings"));
  out_fmt(o, "; `blazon explain %s` says more\n", diag_table[first].code);
}
