/* Diagnostics: the code table and the collector. */
#include "base/diag.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

const diag_info diag_table[DIAG_COUNT] = {
#define DIAG(name, code, sev, title, text) { #name, code, title, text, SEV_##sev },
#include "base/diag.def"
#undef DIAG
};

static bool same_fold(str a, str b) {
  if (a.n != b.n) return false;
  for (uint32_t i = 0; i < a.n; i++)
    if (tolower((unsigned char)a.p[i]) != tolower((unsigned char)b.p[i])) return false;
  return true;
}

const diag_info *diag_find(str code) {
  for (size_t i = 0; i < DIAG_COUNT; i++)
    if (same_fold(str_z(diag_table[i].code), code)) return &diag_table[i];
  return NULL;
}

void diags_init(diags *d, arena *a, sources *src) { *d = (diags){ .a = a, .src = src }; }

diag *diag_add(diags *d, diag_code code, span sp, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  diag *g = ARENA_NEW(d->a, diag);
  g->code = code, g->sp = sp, g->sev = diag_table[code].sev, g->seq = d->list.n;
  g->message = str_vfmt(d->a, fmt, ap);
  va_end(ap);
  *VEC_PUSH(d->a, &d->list) = g;
  if (g->sev == SEV_ERROR) d->errors++;
  else if (g->sev == SEV_WARNING) d->warnings++;
  return g;
}

void diag_note_add(diags *d, diag *g, span sp, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  diag_note *n = ARENA_NEW(d->a, diag_note), **at = &g->notes;
  n->sp = sp, n->text = str_vfmt(d->a, fmt, ap);
  va_end(ap);
  while (*at) at = &(*at)->next;
  *at = n;
}

void diag_fix_add(diags *d, diag *g, span sp, str replacement, const char *title_fmt, ...) {
  va_list ap;
  va_start(ap, title_fmt);
  diag_edit *e = ARENA_NEW(d->a, diag_edit), **at = &g->edits;
  e->sp = sp, e->text = str_dup(d->a, replacement);
  if (!g->fix_title.n) g->fix_title = str_vfmt(d->a, title_fmt, ap);
  va_end(ap);
  while (*at) at = &(*at)->next;
  *at = e;
}

static int by_place(const void *x, const void *y) {
  const diag *a = *(diag *const *)x, *b = *(diag *const *)y;
  if (a->sp.beg != b->sp.beg) return a->sp.beg < b->sp.beg ? -1 : 1;
  return a->seq < b->seq ? -1 : a->seq > b->seq;
}

void diags_sort(diags *d) {
  if (d->list.n < 2) return;
  qsort(d->list.v, d->list.n, sizeof *d->list.v, by_place);
  uint32_t out = 1;
  for (uint32_t i = 1; i < d->list.n; i++) {
    diag *p = d->list.v[out - 1], *g = d->list.v[i];
    bool same = p->code == g->code && p->sp.beg == g->sp.beg && p->sp.end == g->sp.end && str_eq(p->message, g->message);
    if (same && g->sev == SEV_ERROR) d->errors--;
    else if (same && g->sev == SEV_WARNING) d->warnings--;
    if (!same) d->list.v[out++] = g;
  }
  d->list.n = out;
}

const str *suggest(str wrong, const str *names, size_t n) {
  size_t max = wrong.n / 3;
  if (max < 1) max = 1;
  if (max > 3) max = 3;
  const str *best = NULL;
  for (size_t i = 0; i < n; i++) {
    if (str_eq(names[i], wrong)) continue;
    if (same_fold(names[i], wrong)) return &names[i];
    size_t d = str_distance(wrong, names[i], max);
    if (d <= max && d < names[i].n) best = &names[i], max = d - 1;
    if (best && d == 1) max = 0;
  }
  return best;
}
