/* blazon validate --explain RULE KEY: the whole derivation of one verdict. */
#include "cli/cli.h"

#include "runtime/explain.h"
#include "stdlib/builtin.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct explaining {
  cli *c;
  rt_program *p;           /* with trees */
  rt_engine e;
  src_data *data;
  str failure;
  int64_t issues;
} explaining;

static void on_issue(void *ud, const src_issue *i) {
  explaining *x = ud;
  if (i->sev != SEV_ERROR || x->issues++ >= 20) return;
  out_fmt(x->c->err, "error[%s]: ", diag_table[i->code].code);
  out_safe(x->c->err, i->message);
  out_ch(x->c->err, '\n');
}

/* The rule's source that has the record: a refinement's record may be in several. */
static int find_record(explaining *x, const prog_rule *pr, const char *key, rec **out) {
  const ir_program *ir = x->p->ir;
  arena *a = &x->c->a;
  for (uint32_t s = 0; s < ir->nsources; s++) {
    if (pr->refinement ? pr->record != ir->sources[s]->record : pr->source != (int32_t)s) continue;
    const type_rec *shape = &ir->records[ir->sources[s]->record]->shape;
    VEC(str) keys = { 0 };
    if (shape->nkeys > 1) {
      for (const char *p = key; *p;) {
        const char *comma = strchr(p, ',');
        uint32_t n = comma ? (uint32_t)(comma - p) : (uint32_t)strlen(p);
        *VEC_PUSH(a, &keys) = (str){ p, n };
        p += n;
        if (*p == ',') p++;
        while (*p == ' ') p++;
      }
    } else *VEC_PUSH(a, &keys) = str_z(key);
    int got = src_find(x->data, s, keys.n, keys.v, a, out);
    if (got == SRC_OK) return RT_OK;
    if (got == SRC_OOM) return RT_OOM;
    if (got != SRC_DONE) { x->failure = src_failure(x->data); return RT_ENV; }
  }
  return RT_NONE;
}

static int open_all(explaining *x, const char *db, uint32_t nbindings, const src_binding *bindings, const prog_rule *pr) {
  const ir_program *ir = x->p->ir;
  if (!rt_engine_open(&x->e, x->p, &mem_libc, (vm_limits){ 0 }, x->c->now)) return RT_OOM;
  bool *wanted = ARENA_ARRAY(&x->c->a, bool, ir->nsources + 1);
  for (uint32_t s = 0; s < ir->nsources; s++) {
    bool given = pr->record == ir->sources[s]->record && rt_source_given(ir, s, str_z(db), nbindings, bindings);
    wanted[s] = pr->refinement ? given : pr->source == (int32_t)s;
  }
  int status =
      rt_open_data(x->p, &mem_libc, str_z(db), nbindings, bindings, wanted, NULL, on_issue, x, &x->c->a, &x->data, &x->failure);
  if (status == RT_OK) rt_engine_data(&x->e, x->data);
  return status;
}

static int explain_now(explaining *x, const args *a, uint32_t rule, const char *key, uint32_t nbindings,
                       const src_binding *bindings) {
  cli *c = x->c;
  const prog_rule *pr = x->p->ir->rules[rule];
  int status = open_all(x, args_value(a, "db"), nbindings, bindings, pr);
  rec *r = NULL;
  if (status == RT_OK && (pr->source >= 0 || pr->refinement)) status = find_record(x, pr, key, &r);
  bool keyless = !x->p->ir->records[pr->record]->shape.nkeys;
  if (status == RT_NONE)
    return cli_usage(c, NULL, "there is no record `%s` for rule `%.*s`%s", key, STR_ARG(pr->name),
                     keyless ? "; its records have no key and are named by their position: `#1` is the first" : "");
  if (status == RT_OOM) return cli_env(c, "out of memory");
  if (status != RT_OK) return cli_env(c, "%.*s", STR_ARG(x->failure));
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
  int status = cli_load(c, a->files, a->nfiles, false);
  if (status == RT_OOM) return cli_env(c, "out of memory");
  if (status != RT_OK) {
    show_diags(c, c->err, c->p, false);
    return cli_exit_of(status);
  }
  str first, second, name = str_z(rule);
  int64_t at = rt_find_name(c->p->ir, RT_NAME_RULE, name, &first, &second);
  if (at < 0) {
    const str *near = rt_suggest_name(&c->a, c->p->ir, RT_NAME_RULE, name);
    if (first.n)
      return cli_usage(c, NULL, "`%s` could be `%.*s` or `%.*s`; write the full name", rule, STR_ARG(first), STR_ARG(second));
    if (near) return cli_usage(c, NULL, "no rule is named `%s`; did you mean `%.*s`?", rule, STR_ARG(*near));
    return cli_usage(c, NULL, "no rule is named `%s`; `blazon check --list` lists them", rule);
  }
  explaining x = { .c = c, .p = c->p };
  x.e.vm = NULL;
  if (c->p->bundle) x.p = rt_program_with_trees(c->p);
  if (!x.p) return cli_env(c, "this bundle does not hold the rules' text, which an explanation needs");
  if (!cli_known_sources(c, nbindings, bindings)) return X_USAGE;
  int code = explain_now(&x, a, (uint32_t)at, key, nbindings, bindings);
  rt_engine_close(&x.e);
  if (x.data) src_close(x.data);
  if (x.p != c->p) rt_program_free(x.p);
  return code;
}
