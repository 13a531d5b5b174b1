/* The public interface of programs: thin over runtime/program.h. See include/blazon.h for what each function promises. */
#include "runtime/api.h"

#include <stdio.h>
#include <string.h>

blz_program *blz_program_new(const blz_allocator *a) {
  mem m = a ? (mem){ a->fn, a->ud } : mem_libc;
  blz_program *p = mem_try(&m, sizeof *p);
  if (!p) return NULL;
  memset(p, 0, sizeof *p);
  p->m = m;
  p->rt = rt_program_new(&p->m);
  if (p->rt) return p;
  mem_free(&m, p, sizeof *p);
  return NULL;
}

void blz_program_free(blz_program *p) {
  if (!p) return;
  mem m = p->m;
  rt_program_free(p->rt);
  mem_free(&m, p, sizeof *p);
}

static blz_status fail(blz_program *p, blz_status s, const char *text) {
  snprintf(p->error, sizeof p->error, "%s", text);
  return s;
}

/* The message of the latest diagnostic stands for a call that failed. */
static blz_status from_runtime(blz_program *p, int status) {
  if (status == RT_OK) return BLZ_OK;
  if (status == RT_OOM) return fail(p, BLZ_NO_MEMORY, "out of memory");
  const diags *d = &p->rt->d;
  for (uint32_t i = d->list.n; i-- > 0;)
    if (d->list.v[i]->sev == SEV_ERROR) {
      snprintf(p->error, sizeof p->error, "%.*s", STR_ARG(d->list.v[i]->message));
      break;
    }
  return status == RT_RULES ? BLZ_RULES : BLZ_DATA;
}

static bool open_for_more(blz_program *p) {
  p->error[0] = 0;
  return !p->compiled;
}

static blz_status too_late(blz_program *p) { return fail(p, BLZ_MISUSE, "the program is compiled already; make a new one"); }

blz_status blz_program_add_path(blz_program *p, const char *path) {
  if (!open_for_more(p)) return too_late(p);
  return from_runtime(p, rt_program_add_path(p->rt, str_z(path)));
}

blz_status blz_program_add_text(blz_program *p, const char *name, const char *text, size_t length) {
  if (!open_for_more(p)) return too_late(p);
  if (length >= UINT32_MAX) return fail(p, BLZ_DATA, "the rule text is too large");
  return from_runtime(p, rt_program_add_text(p->rt, str_z(name), (str){ length ? text : "", (uint32_t)length }));
}

blz_status blz_program_add_bundle(blz_program *p, const void *bytes, size_t length) {
  if (!open_for_more(p)) return too_late(p);
  return from_runtime(p, rt_program_add_bundle(p->rt, STR("bundle"), bytes, length));
}

/* ---- diagnostics ---- */

static void tell(blz_program *p, const diag *g, blz_diagnostic_fn fn, void *ud) {
  arena *a = &p->rt->a;
  arena_mark mark = arena_save(a);
  blz_diagnostic d = { .code = diag_table[g->code].code, .severity = (blz_severity)g->sev, .file = "" };
  d.message = str_dup(a, g->message).p;
  d.fix = str_dup(a, g->fix_title).p;
  const srcfile *f = g->sp.beg ? sources_find(rt_sources(p->rt), g->sp.beg) : NULL;
  if (f) {
    d.file = str_dup(a, f->path).p;
    source_line_col(f, g->sp.beg, &d.line, &d.column);
    source_line_col(f, g->sp.end, &d.end_line, &d.end_column);
  }
  fn(ud, &d);
  arena_restore(a, mark);
}

static const char **names(blz_program *p, uint32_t n, str (*at)(const ir_program *, uint32_t)) {
  const char **v = ARENA_ARRAY(&p->rt->a, const char *, n + 1);
  for (uint32_t i = 0; i < n; i++) v[i] = str_dup(&p->rt->a, at(p->rt->ir, i)).p;
  return v;
}

static str rule_name(const ir_program *ir, uint32_t i) { return ir->rules[i]->name; }
static str choice_name(const ir_program *ir, uint32_t i) { return ir->choices[i]->name; }
static str audience_name(const ir_program *ir, uint32_t i) { return ir->audiences[i]->name; }

static void keep_for_states(blz_program *p) {
  p->kept = vm_pack(&p->rt->a, p->rt->vm, (str){ "", 0 });
  vm_packed_hash(p->kept, p->hash);
}

blz_status blz_program_compile(blz_program *p, blz_diagnostic_fn fn, void *ud) {
  if (!open_for_more(p)) return too_late(p);
  int status = rt_program_compile(p->rt, true, INT64_MIN);
  native_wants w = { p->allowed.n, p->dirs.n, p->functions.n, p->allowed.v, p->dirs.v, p->functions.v, true };
  if (status == RT_OK) status = rt_native_bind(p->rt, &w);
  if (setjmp(p->rt->oom)) return fail(p, BLZ_NO_MEMORY, "out of memory");
  for (uint32_t i = 0; fn && i < p->rt->d.list.n; i++) tell(p, p->rt->d.list.v[i], fn, ud);
  if (status == RT_OK) {
    p->rules = names(p, p->rt->ir->nrules, rule_name);
    p->audiences = names(p, p->rt->ir->naudiences, audience_name);
    p->choices = names(p, p->rt->ir->nchoices, choice_name);
    if (p->rt->ir->nchoices) keep_for_states(p);
    p->compiled = true;
  }
  return from_runtime(p, status);
}

blz_status blz_program_pack(blz_program *p, const void **bytes, size_t *length) {
  p->error[0] = 0;
  if (!p->compiled) return fail(p, BLZ_MISUSE, "the program is not compiled");
  if (setjmp(p->rt->oom)) return fail(p, BLZ_NO_MEMORY, "out of memory");
  if (!p->packed.n) p->packed = vm_pack(&p->rt->a, p->rt->vm, rt_versions(&p->rt->a));
  *bytes = p->packed.p, *length = p->packed.n;
  return BLZ_OK;
}

const char *blz_program_error(const blz_program *p) { return p->error; }

/* ---- what a program holds ---- */

size_t blz_program_rule_count(const blz_program *p) { return p->compiled ? p->rt->ir->nrules : 0; }
size_t blz_program_audience_count(const blz_program *p) { return p->compiled ? p->rt->ir->naudiences : 0; }
const char *blz_program_rule_name(const blz_program *p, size_t rule) {
  return rule < blz_program_rule_count(p) ? p->rules[rule] : NULL;
}
const char *blz_program_audience_name(const blz_program *p, size_t at) {
  return at < blz_program_audience_count(p) ? p->audiences[at] : NULL;
}

static blz_status find(const blz_program *p, enum rt_names what, const char *name, size_t *out) {
  str a, b;
  if (!p->compiled) return BLZ_MISUSE;
  int64_t at = rt_find_name(p->rt->ir, what, str_z(name), &a, &b);
  if (at < 0) return BLZ_NOT_FOUND;
  *out = (size_t)at;
  return BLZ_OK;
}

blz_status blz_program_find_rule(const blz_program *p, const char *name, size_t *rule) { return find(p, RT_NAME_RULE, name, rule); }
blz_status blz_program_find_audience(const blz_program *p, const char *name, size_t *at) {
  return find(p, RT_NAME_AUDIENCE, name, at);
}
