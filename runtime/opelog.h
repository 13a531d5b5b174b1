/* Logs of other systems for off-policy evaluation: a CSV file whose columns are named on the command line. */
#ifndef RUNTIME_OPELOG_H
#define RUNTIME_OPELOG_H
#include "runtime/ope.h"

/* Names of columns; subject may be empty: then every row is a subject of its own. */
typedef struct ope_map { str action, reward, propensity, subject; } ope_map;

/* The new policy: uniform over the actions of the log, or a CSV file of action and probability. */
typedef struct ope_policy { bool uniform; str file; } ope_policy;

/* Reads log and policy ("-": standard input) into arena a. false: *error says what is wrong and where, for example
   "log.csv:12:5: ...". The log takes 40 bytes a row. */
bool ope_log_read(arena *a, const mem *m, str path, const ope_map *map, const ope_policy *policy, ope_log *out, str *error);

#endif
