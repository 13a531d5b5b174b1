/* What became of the waivers in a run: which of them covered something, and what is wrong with the others. */
#ifndef RUNTIME_WAIVED_H
#define RUNTIME_WAIVED_H
#include "runtime/engine.h"

/* Of one waiver; what counts most is the greatest. */
enum { WAIVER_UNSEEN, WAIVER_IDLE, WAIVER_UNREADABLE, WAIVER_CHANGED, WAIVER_USED };

/* Notes the verdict of a rule that has waivers on one record. seen: one a waiver. */
void rt_waiver_note(const ir_program *ir, uint32_t rule, const rec *r, verdict v, uint8_t *seen);
/* What is to be said of a waiver after a run at `now`. false: nothing. whole: every record was looked at. Texts are in a; group and order
   are the caller's. */
bool rt_waiver_finding(arena *a, const ir_program *ir, uint32_t waiver, uint8_t seen, bool whole, int64_t now, finding *out);
/* The waiver behind a finding with the verdict waived. */
const prog_waiver *rt_waiver_of(const ir_program *ir, const finding *x);
/* "2026-12-31", or an instant when it ends in the middle of a day. */
str rt_waiver_until(arena *a, int64_t until);

#endif
