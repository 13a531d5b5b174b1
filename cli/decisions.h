/* Reports of decisions: one model (runtime/state_report.h), three formats. */
#ifndef CLI_DECISIONS_H
#define CLI_DECISIONS_H
#include "cli/cli.h"
#include "runtime/state_report.h"

typedef struct decisions_show { cli *c; const state_report *r; str state; /* path as given */ } decisions_show;
void decisions_text(const decisions_show *s);
void decisions_json(json *j, const decisions_show *s);      /* one object (docs/schema/decisions.schema.json) */
void decisions_html(const decisions_show *s);               /* a page that needs nothing else */

#endif
