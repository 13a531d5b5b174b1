/* Diagnostics: what is wrong, where, what was expected, and a fix where one exists. Collected here, rendered only by cli/ and lsp/.
 *
 * Every code stands once, in the diag_*.def tables, with its severity, its title and its long explanation. A code is never reused.
 *   E01xx lexer   E02xx parser   E03xx names, modules   E04xx types, missing values   E05xx declarations
 *   W06xx lints   E07xx cost and limits   E08xx data (sources, rows)   E09xx run time, bundles, environment   E10xx usage */
#ifndef BASE_DIAG_H
#define BASE_DIAG_H
#include "base/source.h"

typedef enum { SEV_ERROR, SEV_WARNING, SEV_INFO } severity;

/* DIAG(NAME, "E0101", SEVERITY, "title without a period", "explanation\nwith an example; plain text, 4-space indented code") */
typedef enum diag_code {
#define DIAG(name, code, sev, title, text) DIAG_##name,
#include "base/diag.def"
#undef DIAG
  DIAG_COUNT
} diag_code;

typedef struct diag_info { const char *name, *code, *title, *text; severity sev; } diag_info;
extern const diag_info diag_table[DIAG_COUNT];
const diag_info *diag_find(str code); /* by "E0312", any case; NULL when there is none */

typedef struct diag_note { span sp; str text; struct diag_note *next; } diag_note; /* sp {0,0}: no place */
/* Replace sp by text (sp.beg == sp.end inserts); several edits make one fix. */
typedef struct diag_edit { span sp; str text; struct diag_edit *next; } diag_edit;

typedef struct diag {
  diag_code code;
  severity sev;          /* the code's own unless an option of the run raised it */
  span sp;
  str message;           /* one sentence, no final period, names in `back quotes` */
  diag_note *notes;      /* in order */
  str fix_title;         /* "did you mean `severity`?"; empty when there is no fix */
  diag_edit *edits;
  uint32_t seq;          /* order of arrival, for a stable sort */
} diag;

typedef struct diags {
  arena *a;
  sources *src;
  VEC(diag *) list;
  uint32_t errors, warnings;
} diags;

void diags_init(diags *d, arena *a, sources *src);
diag *diag_add(diags *d, diag_code code, span sp, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void diag_note_add(diags *d, diag *g, span sp, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void diag_fix_add(diags *d, diag *g, span sp, str replacement, const char *title_fmt, ...) __attribute__((format(printf, 5, 6)));
void diags_sort(diags *d); /* by place, then arrival; drops exact repeats */

/* Best of n names within a third of the length (at least 1, at most 3 edits; case alone is always near); NULL when none is near. */
const str *suggest(str wrong, const str *names, size_t n);

#endif
