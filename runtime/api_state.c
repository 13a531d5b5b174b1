/* The public interface of state files: opening one, and rewards. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "runtime/api.h"

static blz_status open_file(blz_state *x, const char *path, unsigned flags, char *error, size_t size) {
  jmp_buf oom;
  arena a;
  str why = { "", 0 };
  volatile blz_status got = BLZ_NO_MEMORY;
  state_config c = { .m = &x->m, .path = str_z(path), .create = flags & BLZ_STATE_CREATE };
  c.durability = flags & BLZ_STATE_RELAXED ? STATE_RELAXED : STATE_FULL;
  arena_init(&a, &x->m, &oom);
  if (!setjmp(oom)) {
    x->s = state_open(&c, &a, &why);
    got = x->s ? BLZ_OK : BLZ_DATA;
  }
  if (error && size) snprintf(error, size, "%.*s", STR_ARG(got == BLZ_NO_MEMORY ? STR("out of memory") : why));
  arena_free(&a);
  return got;
}

blz_status blz_state_open(const blz_allocator *a, const char *path, unsigned flags, blz_state **out, char *error, size_t size) {
  mem m = a ? (mem){ a->fn, a->ud } : mem_libc;
  *out = NULL;
  if (error && size) error[0] = 0;
  blz_state *x = mem_try(&m, sizeof *x);
  if (!x) return BLZ_NO_MEMORY;
  *x = (blz_state){ .m = m };
  blz_status got = open_file(x, path, flags, error, size);
  if (got == BLZ_OK) *out = x;
  else mem_free(&m, x, sizeof *x);
  return got;
}

void blz_state_free(blz_state *x) {
  if (!x) return;
  mem m = x->m;
  state_close(x->s);
  mem_free(&m, x, sizeof *x);
}

static blz_status told(blz_engine *e, state_joined how, const char *decision) {
  switch (how) {
  case JOINED_NEW:
  case JOINED_AGAIN: break;
  case JOINED_OTHER: return api_fail(e, BLZ_BAD_VALUE, "the decision `%s` has another reward of this name already", decision);
  case JOINED_EARLY: return api_fail(e, BLZ_BAD_VALUE, "the reward is from before its decision `%s`", decision);
  case JOINED_UNKNOWN: return api_fail(e, BLZ_NOT_FOUND, "no decision `%s` is in the state file", decision);
  }
  return BLZ_OK;
}

blz_status blz_engine_outcome(blz_engine *e, const char *decision, const char *name, double reward, int64_t microseconds) {
  e->error[0] = 0;
  if (!e->state) return api_fail(e, BLZ_MISUSE, "the engine uses no state; see blz_engine_use_state");
  if (!isfinite(reward) || fabs(reward) > 1e100) return api_fail(e, BLZ_BAD_VALUE, "the reward is no finite number, or too large");
  arena_reset(&e->a);
  if (setjmp(e->oom)) return api_fail(e, BLZ_NO_MEMORY, "out of memory");
  state_outcome o = { .decision = str_z(decision), .name = str_z(name), .reward = reward, .at = microseconds };
  state_joined how;
  int status = state_outcome_add(e->state->s, &o, &how, NULL);
  if (status == RT_OK) return told(e, how, decision);
  return api_status(e, status, status == RT_ENV ? state_failure(e->state->s, &e->a) : (str){ "", 0 });
}
