/* blazon validate --explain RULE KEY: the whole derivation of one verdict. */
#include "cli/cli.h"

#include "runtime/explain.h"
#include "stdlib/builtin.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int explain_now(one_record *x, const args *a, uint32_t rule, const char *key, uint32_t nbindings,
                       const src_binding *bindings) {
  cli *c = x->c;
  const prog_rule *pr = x->p->ir->rules[rule];
  int status = one_record_open(x, args_value(a, "db"), nbindings, bindings, pr);
  rec *r = NULL;
  if (status == RT_OK && (pr->source >= 0 || pr->refinement)) status = one_record_find(x, pr, key, &r);
  if (status == RT_NONE) return one_record_none(x, pr, key);
  if (status == RT_OOM) return cli_env(c, "out of memory");
  if (status != RT_OK) return cli_failed(c, x->failure);
  explanation ex;
  lib_ctx *lib = vm_lib(x->e.vm);
  lib_ctx mine = *lib;
  mine.a = &c->a, mine.now = c->now;
  vm_arena(x->e.vm)->oom = &c->oom; /* look-ups allocate there, outside of the VM's own runs */
  if (!rt_explain_rule(&c->a, x->p, &x->e.proxy, &mine, c->now, rule, r, &ex))
    return cli_env(c, "the verdict could not be derived: %.*s", STR_ARG(src_failure(x->data)));
  if (!cli_output(c, a)) return X_ENV;
  buf b = { .a = &c->a };
  if (cli_format(a) == F_JSON) explanation_json(&b, &ex);
  else explanation_text(&b, &ex);
  if (cli_format(a) == F_JSON) out_add(c->out, b.p, b.n);
  else out_safe(c->out, buf_done(&b));
  return cli_finish(c, ex.v == V_FAIL || ex.v == V_UNKNOWN || ex.v == V_ERROR ? X_FINDINGS : X_GOOD);
}

int explain_record(cli *c, const args *a, const char *rule, const char *key, uint32_t nbindings, const src_binding *bindings) {
  int code = cli_ready(c, a, a->files, a->nfiles);
  if (code) return code;
  int64_t at = cli_find(c, RT_NAME_RULE, rule);
  if (at < 0) return X_USAGE;
  one_record x = { .c = c, .p = c->p };
  x.e.vm = NULL;
  if (c->p->bundle) x.p = rt_program_with_trees(c->p);
  if (!x.p) return cli_env(c, "this bundle does not hold the rules' text, which an explanation needs");
  if (!cli_known_sources(c, nbindings, bindings)) return X_USAGE;
  code = explain_now(&x, a, (uint32_t)at, key, nbindings, bindings);
  one_record_close(&x);
  if (x.p != c->p) rt_program_free(x.p);
  return code;
}
