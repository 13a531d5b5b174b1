/* The public interface of native functions: noted until the program is compiled. */
#include "runtime/api.h"

#include <stdio.h>

static blz_status fail(blz_program *p, blz_status s, const char *text) {
  snprintf(p->error, sizeof p->error, "%s", text);
  return s;
}

static blz_status ready(blz_program *p) {
  p->error[0] = 0;
  return p->compiled ? fail(p, BLZ_MISUSE, "the program is compiled already; make a new one") : BLZ_OK;
}

blz_status blz_program_add_function(blz_program *p, const char *signature, blz_native_fn fn, void *ud) {
  blz_status s = ready(p);
  if (s != BLZ_OK) return s;
  if (!fn) return fail(p, BLZ_BAD_VALUE, "there is no function");
  if (setjmp(p->rt->oom)) return fail(p, BLZ_NO_MEMORY, "out of memory");
  native_host_fn h = { .fn = fn, .ud = ud };
  const char *wrong = native_sig_parse(str_dup(&p->rt->a, str_z(signature)), &h.sig);
  if (wrong) {
    snprintf(p->error, sizeof p->error, "`%s` is no signature: %s", signature, wrong);
    return BLZ_BAD_VALUE;
  }
  *VEC_PUSH(&p->rt->a, &p->functions) = h;
  return BLZ_OK;
}

blz_status blz_program_allow_native(blz_program *p, const char *library) {
  blz_status s = ready(p);
  if (s != BLZ_OK) return s;
  if (setjmp(p->rt->oom)) return fail(p, BLZ_NO_MEMORY, "out of memory");
  *VEC_PUSH(&p->rt->a, &p->allowed) = str_dup(&p->rt->a, str_z(library));
  return BLZ_OK;
}

blz_status blz_program_native_path(blz_program *p, const char *folder) {
  blz_status s = ready(p);
  if (s != BLZ_OK) return s;
  if (setjmp(p->rt->oom)) return fail(p, BLZ_NO_MEMORY, "out of memory");
  *VEC_PUSH(&p->rt->a, &p->dirs) = str_dup(&p->rt->a, str_z(folder));
  return BLZ_OK;
}
