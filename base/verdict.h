/* What a rule says of a record (docs/language.md, "Rules and verdicts"). */
#ifndef BASE_VERDICT_H
#define BASE_VERDICT_H

typedef enum verdict { V_PASS, V_FAIL, V_UNKNOWN, V_ERROR, V_SKIP, V_WAIVED, V_INACTIVE, V_COUNT } verdict;
extern const char *const verdict_names[V_COUNT]; /* "pass", "fail" ... */

#endif
