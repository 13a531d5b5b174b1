/* The parts of the public interface that belong to no object: version, words for codes. See include/blazon.h. */
#include "blazon.h"

#include "base/verdict.h"

const char *blz_version(void) { return BLZ_VERSION; }

const char *blz_status_text(blz_status s) {
  switch (s) {
  case BLZ_OK: return "all is well";
  case BLZ_RULES: return "the rules do not compile";
  case BLZ_DATA: return "data could not be read";
  case BLZ_LIMIT: return "a rule took more steps or memory than is allowed";
  case BLZ_STOPPED: return "stopped by the callback";
  case BLZ_NOT_FOUND: return "there is nothing of that name";
  case BLZ_BAD_VALUE: return "the value does not fit";
  case BLZ_MISUSE: return "called in the wrong order";
  case BLZ_NO_MEMORY: return "out of memory";
  }
  return "unknown status";
}

const char *blz_verdict_text(blz_verdict v) { return (unsigned)v < V_COUNT ? verdict_names[v] : "unknown verdict"; }
