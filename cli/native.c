/* --allow-native and --native-path: which native libraries the rules of a run may call. */
#include "cli/cli.h"

#include "runtime/native.h"

static void gather(cli *c, const args *a, const char *option, uint32_t *n, const str **out) {
  VEC(str) all = { 0 };
  uint32_t at = 0;
  for (const given *g; (g = args_next(a, option, &at));) *VEC_PUSH(&c->a, &all) = str_z(g->value);
  *n = all.n, *out = all.v;
}

int cli_native_of(cli *c, const args *a, rt_program *p) {
  native_wants w = { 0 };
  gather(c, a, "allow-native", &w.nallowed, &w.allowed);
  gather(c, a, "native-path", &w.ndirs, &w.dirs);
  return rt_native_bind(p, &w);
}

int cli_native(cli *c, const args *a) { return cli_native_of(c, a, c->p); }
