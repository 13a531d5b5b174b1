/* One record of a rule, by its key as somebody typed it: for commands that are about a single verdict. */
#include "cli/cli.h"

#include <string.h>

static void on_issue(void *ud, const src_issue *i) {
  one_record *x = ud;
  if (i->sev == SEV_ERROR && x->issues++ < 20) cli_issue(x->c, i, 0);
}

int one_record_find(one_record *x, const prog_rule *pr, const char *key, rec **out) {
  const ir_program *ir = x->p->ir;
  arena *a = &x->c->a;
  for (uint32_t s = 0; s < ir->nsources; s++) {
    if (pr->refinement ? pr->record != ir->sources[s]->record : pr->source != (int32_t)s) continue;
    const type_rec *shape = &ir->records[ir->sources[s]->record]->shape;
    str *keys;
    uint32_t n;
    cli_key(x->c, shape, key, &keys, &n);
    int got = src_find(x->data, s, n, keys, a, out);
    if (got == SRC_OK) return RT_OK;
    if (got == SRC_OOM) return RT_OOM;
    if (got != SRC_DONE) { x->failure = src_failure(x->data); return RT_ENV; }
  }
  return RT_NONE;
}

int one_record_none(one_record *x, const prog_rule *pr, const char *key) {
  const type_rec *shape = &x->p->ir->records[pr->record]->shape;
  buf b = { .a = &x->c->a };
  str *parts;
  uint32_t n;
  cli_key(x->c, shape, key, &parts, &n);
  if (!shape->nkeys) buf_z(&b, "; its records have no key and are named by their position: `#1` is the first");
  else if (n != shape->nkeys && key[0] != '#') {
    buf_fmt(&b, "; its key has %u parts: `", shape->nkeys);
    for (uint32_t i = 0; i < shape->nkeys; i++) buf_fmt(&b, "%s%.*s", i ? ", " : "", STR_ARG(shape->fields[shape->keys[i]].name));
    buf_ch(&b, '`');
  }
  str hint = buf_done(&b);
  return cli_usage(x->c, NULL, "there is no record `%s` for rule `%.*s`%.*s", key, STR_ARG(pr->name), STR_ARG(hint));
}

int one_record_open(one_record *x, const char *db, uint32_t nbindings, const src_binding *bindings, const prog_rule *pr) {
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

void one_record_close(one_record *x) {
  rt_engine_close(&x->e);
  if (x->data) src_close(x->data);
  x->data = NULL;
}
