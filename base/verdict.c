/* Names of verdicts. */
#include "base/verdict.h"

const char *const verdict_names[V_COUNT] = { "pass", "fail", "unknown", "error", "skip", "waived", "inactive" };
