/* What a waiver covers, for both evaluators and for reports: which one names a record, and the digest that ties it to the record as it
 * was when somebody looked at it. */
#ifndef COMPILER_WAIVER_H
#define COMPILER_WAIVER_H
#include "compiler/ir.h"

enum { WAIVER_DIGEST = 16 }; /* hex digits */

/* The waiver of a rule that names the record by its key: an index of p->waivers, -1 when there is none. */
int64_t waiver_find(const ir_program *p, uint32_t rule, const rec *r);

static inline bool waiver_ended(const prog_waiver *w, int64_t now) { return now >= w->until; }

/* The fields of the record that the rule reads, as canonical JSON ("Digests" in docs/waivers.md). False: one of them cannot be read. */
bool waiver_content(buf *out, const prog_rule *pr, const rec *r);
/* Its SHA-256, the first 16 hex digits and a NUL. False: as above. The text is made in a. */
bool waiver_digest(arena *a, const prog_rule *pr, const rec *r, char out[WAIVER_DIGEST + 1]);

/* Does a waiver turn the fail or unknown of this rule and record into waived, now? */
bool waiver_covers(arena *a, const ir_program *p, uint32_t rule, const rec *r, int64_t now);

#endif
