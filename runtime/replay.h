/* Logged decisions again: under the rules that made them, bit for bit, or what differs and why; under other rules, who would be shown something else.
 *
 * Under the same rules a decision is computed from what was logged with it (evidence, eligibility, unit), so that it must come out the same on every
 * machine and at any time. With data at hand, eligibility and evidence are computed anew from the logged subject, too: what differs then is the data's
 * or the clock's doing. */
#ifndef RUNTIME_REPLAY_H
#define RUNTIME_REPLAY_H
#include "runtime/decide.h"

typedef enum replay_why {
  REPLAY_SAME,
  REPLAY_RULES,            /* the weights, the hold-out or a named candidate are not what these rules give: the log was made by others, or was changed */
  REPLAY_DRAW,             /* the draw gives another candidate */
  REPLAY_DATA,             /* from today's data other candidates would be eligible, or their evidence is another */
  REPLAY_UNKNOWN,          /* it cannot be computed again: something was not kept */
  REPLAY_WHYS
} replay_why;
extern const char *const replay_why_names[REPLAY_WHYS];    /* "same", "rules", "draw", "data", "unknown" */

typedef struct replay_difference { replay_why why; str decision, subject, message; } replay_difference;  /* texts live until the callback returns */
typedef struct replay_move { str from, to; int64_t decisions; } replay_move;                              /* empty: nothing */

typedef struct replay_opts {
  str choice;              /* qualified name; empty: all */
  bool own;                /* only decisions that these rules made */
  bool data;               /* the engine has data: compare with it, too */
  void (*differs)(void *ud, const replay_difference *x);
  void *ud;
} replay_opts;

typedef struct replay_result {
  int64_t decisions, subjects;             /* looked at */
  int64_t same_rules, other_rules;         /* made by these rules, or by others */
  int64_t n[REPLAY_WHYS];                  /* of same_rules */
  int64_t other_versions;                  /* of same_rules: decided with other versions of libraries; nothing else need differ */
  str versions;                            /* the first of these */
  int64_t moved, moved_subjects, stay;     /* of other_rules */
  int64_t evidence_now;                    /* of other_rules: decided with evidence of the data, since these rules gather other than what was logged */
  int64_t gone, failed;                    /* of other_rules: the choice is not in these rules; no decision comes out */
  uint32_t nmoves;
  replay_move *moves;                      /* most frequent first */
} replay_result;

/* e: an engine of the rules, with data or not. Texts and lists in a. RT_OK, RT_ENV (*failure), RT_OOM. */
int rt_replay(state *s, rt_engine *e, const replay_opts *o, arena *a, replay_result *out, str *failure);

#endif
