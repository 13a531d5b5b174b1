/* One program: compiled, run by both evaluators on every record of its data, and compared. */
#include "diff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_SOURCE UINT32_MAX

enum { REF_STEPS = 3000000, REF_BYTES = 128 << 20, VM_STEPS = 30000000, VM_BYTES = 128 << 20 };

#define NOW INT64_C(1772368200000000) /* 2026-03-01T12:30:00Z */

typedef struct bench {
  arena *a;
  ir_program *p;
  vm_program *vp;
  vm_engine *e;
  struct lib_state *ref_lib, *vm_lib;
  const data *rd, *vd;     /* the same rows, made for the program that the reference runs and for the VM's, which may come from a bundle */
  mem_host host, vm_host;
  arena eval;              /* the reference's, reset per case */
  jmp_buf oom;
  lib_ctx lib;
  ref_ctx ref;
  coverage *cov;
  outcome *out;
} bench;

static void see(void *ud, const ir *n, uint32_t depth, val v, uint8_t st) {
  coverage *c = ud;
  (void)depth, (void)v;
  c->kind[n->kind][st]++;
  if (n->kind == IR_ARITH) c->arith[n->op][st]++;
  if (n->kind == IR_CMP) c->cmp[n->op]++;
  if (n->kind == IR_AGG) c->agg[n->op]++;
  if (n->kind == IR_QUANT) c->quant[n->op - Q_EVERY]++;
  if (n->kind == IR_CALL) c->lib[n->index]++;
}

/* ---- printing both answers ---- */

static const char *const truths[] = { "false", "true", "unknown", "error" };

typedef struct cause { str text; uint8_t kind; } cause;

static int by_cause(const void *x, const void *y) {
  const cause *a = x, *b = y;
  return a->kind != b->kind ? a->kind - b->kind : str_cmp(a->text, b->text);
}

/* Causes as a set. */
static void print_causes(buf *out, arena *a, uint32_t n, cause *v) {
  (void)a;
  if (n) qsort(v, n, sizeof *v, by_cause);
  for (uint32_t i = 0; i < n; i++) buf_fmt(out, "    %s %.*s\n", v[i].kind == ST_ERR ? "bad" : "missing", STR_ARG(v[i].text));
}

static void print_ref_causes(buf *out, arena *a, uint32_t n, const ref_cause *c) {
  cause *v = ARENA_ARRAY(a, cause, n + 1);
  for (uint32_t i = 0; i < n; i++) v[i] = (cause){ c[i].text, c[i].kind };
  print_causes(out, a, n, v);
}

static void print_vm_causes(buf *out, arena *a, uint32_t n, const vm_cause *c) {
  cause *v = ARENA_ARRAY(a, cause, n + 1);
  for (uint32_t i = 0; i < n; i++) v[i] = (cause){ c[i].text, c[i].kind };
  print_causes(out, a, n, v);
}

static void print_messages(buf *out, uint32_t n, const str *m) {
  for (uint32_t i = 0; i < n; i++) buf_fmt(out, "    \"%.*s\"\n", STR_ARG(m[i]));
}

static str show_ref(bench *b, const ref_result *r) {
  buf out = { .a = &b->eval };
  buf_fmt(&out, "  %s%s\n", verdict_names[r->v], r->vacuous ? " (vacuous)" : "");
  for (uint32_t i = 0; i < r->nclauses; i++) {
    const ref_clause *c = &r->clauses[i];
    buf_fmt(&out, "   clause %u is %s\n", c->clause + 1, truths[c->result]);
    print_messages(&out, c->nmessages, c->messages);
    print_ref_causes(&out, &b->eval, c->ncauses, c->causes);
    if (b->cov) b->cov->causes += c->ncauses, b->cov->messages += c->nmessages;
  }
  return buf_done(&out);
}

static str show_vm(bench *b, const vm_result *r) {
  buf out = { .a = &b->eval };
  buf_fmt(&out, "  %s%s\n", verdict_names[r->v], r->vacuous ? " (vacuous)" : "");
  for (uint32_t i = 0; i < r->nclauses; i++) {
    const vm_clause_result *c = &r->clauses[i];
    buf_fmt(&out, "   clause %u is %s\n", c->clause + 1, truths[c->result]);
    print_messages(&out, c->nmessages, c->messages);
    print_vm_causes(&out, &b->eval, c->ncauses, c->causes);
  }
  return buf_done(&out);
}

/* ---- one case ---- */

/* Whether a look-up found nothing depends on how many rows too many the host gives, so such a mark cannot be compared. */
static bool looks_up_vacuously(const ir *n) {
  if (!n) return false;
  if (n->kind == IR_QUANT && (n->flags & IRF_VACUOUS) && n->bind->eq_field >= 0) return true;
  if (n->kind == IR_AND)
    for (uint32_t i = 0; i < n->n; i++)
      if (looks_up_vacuously(n->v[i])) return true;
  return n->kind == IR_IMPLIES && looks_up_vacuously(n->b);
}

static bool vacuity_open(const prog_rule *r) {
  for (uint32_t i = 0; i < r->nclauses; i++)
    if (looks_up_vacuously(r->clauses[i].test)) return true;
  return false;
}

/* The record as a reader would hand it out: its own arrays, sometimes with room for a frame. */
static rec *lend(bench *b, const rec *r, bool roomy) {
  if (!r) return NULL;
  uint32_t cap = roomy ? vm_frame_size(b->vp) : r->ty->nfields;
  if (cap < r->ty->nfields) cap = r->ty->nfields;
  rec *x = ARENA_NEW(&b->eval, rec);
  *x = *r;
  x->cap = cap;
  x->v = ARENA_ARRAY(&b->eval, val, cap + 1);
  x->st = ARENA_ARRAY(&b->eval, uint8_t, cap + 1);
  memcpy(x->v, r->v, sizeof(val) * r->ty->nfields);
  memcpy(x->st, r->st, r->ty->nfields);
  return x;
}

static void differ(bench *b, str name, uint32_t source, uint32_t row, str ref, str vm) {
  b->out->differs = true;
  b->out->rule = str_dup(b->a, name);
  b->out->source = source;
  b->out->row = row;
  b->out->problem = str_fmt(b->a, "the reference says\n%.*sthe VM says\n%.*s", STR_ARG(ref), STR_ARG(vm));
}

/* A fresh arena for the reference; false when it ran out of memory on the way (a case to skip). */
#define WITH_EVAL(b) (arena_reset(&(b)->eval), (b)->ref.steps = 0, !setjmp((b)->oom))

static void skip(bench *b) {
  if (b->cov) b->cov->skipped++;
}

static const rec *row_of(const data *d, uint32_t source, uint32_t row) { return source == NO_SOURCE ? NULL : d->t[source].rows[row]; }

static void run_rule(bench *b, uint32_t rule, uint32_t source, uint32_t row) {
  const rec *r = row_of(b->rd, source, row), *v = row_of(b->vd, source, row);
  vm_reset(b->e);
  if (!WITH_EVAL(b)) { skip(b); return; }
  ref_result ref;
  vm_result vm;
  rec *mine = lend(b, v, row % 2);
  if (!ref_rule(&b->ref, rule, r, &ref)) { skip(b); return; }
  int got = vm_rule(b->e, rule, mine, true, &vm);
  str name = b->p->rules[rule]->name;
  bool open = vacuity_open(b->p->rules[rule]);
  if (open) ref.vacuous = vm.vacuous = false;
  if (got == VM_BUDGET || got == VM_OOM) { skip(b); return; }
  if (b->cov) {
    if (b->p->rules[rule]->refinement) b->cov->refinements++; /* they are the same few everywhere: not counted as cases */
    else b->cov->cases++;
    b->cov->verdicts[ref.v]++;
    b->cov->vacuous += ref.vacuous;
  }
  str x = show_ref(b, &ref), y = got == VM_OK ? show_vm(b, &vm) : STR("  failure\n");
  if (!str_eq(x, y)) { differ(b, name, source, row, x, y); return; }
  uint8_t quick = 0, expect = (uint8_t)(ref.v | (ref.vacuous ? 0x80 : 0));
  got = vm_rules(b->e, &rule, 1, lend(b, v, row % 2 == 0), &quick);
  if (got == VM_BUDGET || got == VM_OOM) return;
  if (open) quick &= 0x7F;
  if (got != VM_OK || quick != expect)
    differ(b, name, source, row, x, str_fmt(&b->eval, "  %s%s in bulk\n", verdict_names[(quick & 0x7F) % V_COUNT], quick & 0x80 ? " (vacuous)" : ""));
  if (b->host.open || b->vm_host.open) differ(b, name, source, row, x, STR("  left a walk open\n"));
}

static void run_fix(bench *b, uint32_t rule, uint32_t fix, uint32_t source, uint32_t row) {
  const rec *r = row_of(b->rd, source, row), *v = row_of(b->vd, source, row);
  const prog_rule *pr = b->p->rules[rule];
  val x = { 0 }, y = { 0 };
  uint8_t sx, sy;
  vm_reset(b->e);
  if (!WITH_EVAL(b)) { skip(b); return; }
  if (!ref_fix(&b->ref, rule, fix, r, &x, &sx)) { skip(b); return; }
  int got = vm_fix(b->e, rule, fix, lend(b, v, row % 2), &y, &sy);
  if (got == VM_BUDGET || got == VM_OOM) { skip(b); return; }
  const type *t = pr->fixes[fix].value->ty->base;
  buf p = { .a = &b->eval }, q = { .a = &b->eval };
  buf_fmt(&p, "  fix %d ", sx), buf_fmt(&q, "  fix %d ", got == VM_OK ? sy : 9);
  if (!sx) val_print(&p, t, x, true);
  if (!sy) val_print(&q, t, y, true);
  str xs = buf_done(&p), ys = buf_done(&q);
  if (b->cov) b->cov->fixes[sx]++;
  if (!str_eq(xs, ys)) differ(b, pr->name, source, row, xs, ys);
}

static void run_fixes(bench *b, uint32_t rule, uint32_t source, uint32_t row) {
  for (uint32_t i = 0; i < b->p->rules[rule]->nfixes && !b->out->differs; i++) run_fix(b, rule, i, source, row);
}

static void run_audience(bench *b, uint32_t audience, uint32_t source, uint32_t row) {
  const rec *r = row_of(b->rd, source, row), *mine = row_of(b->vd, source, row);
  vm_reset(b->e);
  if (!WITH_EVAL(b)) { skip(b); return; }
  truth t, u, v;
  uint32_t n = 0, k = 0;
  ref_cause *rc = NULL;
  vm_cause *vc = NULL;
  if (!ref_audience(&b->ref, audience, r, &t, &n, &rc)) { skip(b); return; }
  int got = vm_audience(b->e, audience, lend(b, mine, row % 2), &u);
  if (got == VM_OK) got = vm_audience_causes(b->e, audience, lend(b, mine, true), &v, &k, &vc);
  if (got == VM_BUDGET || got == VM_OOM) { skip(b); return; }
  if (b->cov) b->cov->cases++, b->cov->audience[t]++;
  buf x = { .a = &b->eval }, y = { .a = &b->eval };
  buf_fmt(&x, "  %s %s\n", truths[t], truths[t]);
  print_ref_causes(&x, &b->eval, n, rc);
  buf_fmt(&y, "  %s %s\n", truths[u], truths[v]);
  print_vm_causes(&y, &b->eval, k, vc);
  str xs = buf_done(&x), ys = buf_done(&y);
  if (!str_eq(xs, ys)) differ(b, b->p->audiences[audience]->name, source, row, xs, ys);
}

/* What a list of rules, as `validate` runs them, says of one of them. */
static int in_list(bench *b, const vm_list *l, uint32_t at, const rec *r, uint8_t *verdict) {
  const uint32_t *told;
  uint32_t n;
  uint8_t all[64];
  vm_reset(b->e);
  int got = vm_list_run(b->e, l, lend(b, r, true), all, &told, &n);
  *verdict = V_PASS; /* of a rule that is not told */
  for (uint32_t i = 0; i < n && got == VM_OK; i++)
    if (told[i] == at) *verdict = all[at];
  return got;
}

/* Rules in one list, all of them and by pairs, must give what each gives alone. */
static void run_bulk(bench *b, uint32_t source, uint32_t row) {
  const rec *r = row_of(b->vd, source, row);
  uint32_t rules[64], n = 0;
  for (uint32_t i = 0; i < b->p->nrules && n < 64; i++)
    if (b->p->rules[i]->record == b->p->sources[source]->record && (b->p->rules[i]->refinement || b->p->rules[i]->source == (int32_t)source)) rules[n++] = i;
  if (!n || !WITH_EVAL(b)) return;
  const vm_list *all = vm_list_new(b->e, &b->eval, rules, n);
  for (uint32_t i = 0; i < n; i++) {
    const vm_list *two = vm_list_new(b->e, &b->eval, rules + i, i + 1 < n ? 2 : 1);
    uint8_t alone, told[2];
    vm_reset(b->e);
    if (vm_rules(b->e, &rules[i], 1, lend(b, r, true), &alone) != VM_OK) continue;
    if (in_list(b, all, i, r, &told[0]) != VM_OK || in_list(b, two, 0, r, &told[1]) != VM_OK) continue;
    for (int k = 0; k < 2; k++) {
      if (alone == told[k] || (vacuity_open(b->p->rules[rules[i]]) && (alone & 0x7F) == (told[k] & 0x7F))) continue;
      differ(b, b->p->rules[rules[i]]->name, source, row, str_fmt(&b->eval, "  (alone) %s\n", verdict_names[(alone & 0x7F) % V_COUNT]),
             str_fmt(&b->eval, "  (with others) %s\n", verdict_names[(told[k] & 0x7F) % V_COUNT]));
      return;
    }
  }
}

static bool rule_runs_on(const ir_program *p, const prog_rule *r, uint32_t source) {
  return r->refinement ? r->record == p->sources[source]->record : r->source == (int32_t)source;
}

static void run_all(bench *b, const data *d) {
  for (uint32_t i = 0; i < b->p->nrules; i++)
    if (b->p->rules[i]->source < 0 && !b->p->rules[i]->refinement && !b->out->differs) run_rule(b, i, NO_SOURCE, 0);
  for (uint32_t s = 0; s < b->p->nsources && s < MAX_SOURCES; s++)
    for (uint32_t k = 0; k < d->t[s].n; k++) {
      for (uint32_t i = 0; i < b->p->nrules && !b->out->differs; i++)
        if (rule_runs_on(b->p, b->p->rules[i], s)) run_rule(b, i, s, k), run_fixes(b, i, s, k);
      for (uint32_t i = 0; i < b->p->naudiences && !b->out->differs; i++)
        if (b->p->audiences[i]->source == s) run_audience(b, i, s, k);
      if (!b->out->differs) run_bulk(b, s, k);
      if (b->out->differs) return;
    }
}

/* ---- a program ---- */

static str first_messages(arena *a, const diags *d) {
  buf out = { .a = a };
  for (uint32_t i = 0; i < d->list.n && i < 4; i++) {
    const diag *g = d->list.v[i];
    if (g->sev != SEV_ERROR) continue;
    buf_fmt(&out, "%s: %.*s\n", diag_table[g->code].code, STR_ARG(g->message));
    const srcfile *f = sources_find(d->src, g->sp.beg);
    uint32_t line = 0, col = 0;
    if (!f) continue;
    source_line_col(f, g->sp.beg, &line, &col);
    buf_fmt(&out, "  %u:%u: %.*s\n  here: %.*s\n", line, col, STR_ARG(source_line(f, line)), STR_ARG(source_slice(d->src, g->sp)));
  }
  return buf_done(&out);
}

/* One program in five goes through a bundle on its way. */
static vm_program *through_bundle(arena *a, vm_program *vp, str *error) {
  str bytes = vm_pack(a, vp, (str){ "", 0 });
  return vm_unpack(a, &lib_std, bytes.p, bytes.n, error);
}

static void run_program(bench *b, rng data_seed, const data_mask *m) {
  const ir_program *model = vm_model(b->vp);
  atom_index x;
  atom_index_build(&x, b->a, b->p->atoms, b->p->natoms);
  b->rd = b->vd = b->out->d = data_make(b->a, b->p, &x, data_seed, m);
  if (model != b->p) {
    atom_index_build(&x, b->a, model->atoms, model->natoms);
    b->vd = data_make(b->a, model, &x, data_seed, m);
  }
  host_init(&b->host, b->a, b->rd);
  host_init(&b->vm_host, b->a, b->vd);
  arena_init(&b->eval, &mem_libc, &b->oom);
  b->eval.limit = REF_BYTES;
  b->ref_lib = lib_open(&mem_libc);
  b->vm_lib = lib_open(&mem_libc);
  extern_host natives = { (void *)(uintptr_t)b->p, extern_answer };
  b->lib = (lib_ctx){ .a = &b->eval, .keep = b->a, .m = &mem_libc, .now = NOW, .state = b->ref_lib, .externs = &natives };
  b->ref = (ref_ctx){ .a = &b->eval, .p = b->p, .h = &b->host.h, .lib = &b->lib, .now = NOW, .max_steps = REF_STEPS,
    .trace = b->cov ? see : NULL, .trace_ud = b->cov };
  b->e = vm_open(&mem_libc, b->vp, &b->vm_host.h, b->vm_lib, (vm_limits){ VM_STEPS, VM_BYTES });
  vm_lib(b->e)->externs = &natives;
  vm_set_now(b->e, NOW);
  run_all(b, b->rd);
  vm_close(b->e);
  lib_close(b->ref_lib);
  lib_close(b->vm_lib);
  arena_free(&b->eval);
}

outcome run_text(arena *a, str text, rng data_seed, const data_mask *m, coverage *cov) {
  outcome out = { 0 };
  diags d;
  sources src;
  sources_init(&src, a);
  diags_init(&d, a, &src);
  const char *next = memmem(text.p, text.n, NEXT_FILE, strlen(NEXT_FILE));
  uint32_t first = next ? (uint32_t)(next - text.p) : text.n;
  sources_add(&src, STR("random.blz"), (str){ text.p, first });
  if (next) sources_add(&src, STR("rules.blz"), (str){ next, text.n - first });
  compile_opts o = { .lib = &lib_std, .now = INT64_MIN };
  bench *b = ARENA_NEW(a, bench);
  b->a = a, b->cov = cov, b->out = &out;
  b->p = compile(a, &d, &src, &o);
  out.p = b->p;
  out.compiled = b->p != NULL && d.errors == 0;
  if (out.compiled) b->vp = vm_compile(a, &d, b->p);
  if (!out.compiled || !b->vp) {
    out.compiled = false;
    out.problem = first_messages(a, &d);
    return out;
  }
  if (cov) cov->programs++, cover_program(cov, b->p, b->vp);
  if (str_hash(text) % 5 == 0) {
    str error = { 0 };
    vm_program *vp = through_bundle(a, b->vp, &error);
    if (!vp) {
      out.differs = true;
      out.rule = STR("bundle");
      out.problem = str_fmt(a, "the program does not come back from its bundle: %.*s\n", STR_ARG(error));
      return out;
    }
    b->vp = vp;
  }
  run_program(b, data_seed, m);
  return out;
}
