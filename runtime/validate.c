/* The validation run: opens the data, walks every source once with all of its rules, and gathers counts and findings. See validate.h.
 *
 * Memory does not grow with the data: a row's evaluation arena is reset before the next, findings are bounded (findings.h). A row is
 * explained only when its finding will be kept. With several threads each has an engine, a connection and a collector of its own over a
 * part of the rows; what they found is merged, and because findings have one order, the result does not depend on their number. */
#include "runtime/validate.h"
#include "runtime/gaps.h"
#include "runtime/waived.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { PROGRESS_ROWS = 8192, PARALLEL_ROWS = 50000, JOBS_MAX = 64 };

typedef struct run run;

/* One thread's part. */
typedef struct worker {
  run *run;
  rt_engine e;
  src_data *data;
  arena a;                 /* texts of one row's findings; reset per row */
  jmp_buf oom;
  rt_counts *rules;
  rt_source_counts *sources;
  int64_t *data_found;     /* per data group */
  uint8_t *waivers;        /* what became of each */
  findings f;
  int64_t data_counts[3], data_bad_values, version; /* version: of the data when it was opened */
  bool mute;               /* drop the issues of the data: somebody else has reported them */
  bool lost;               /* an issue could not be kept: out of memory */
  str failure;
  int status;
  uint32_t part, parts, source;
  src_cursor *cur;
  const vm_list *list;     /* the source's rules */
  uint8_t *verdicts;
  int64_t quick;           /* rows that all rules but the list's rest pass */
  int64_t walk_issues;     /* told while walking, apart from opening and ending */
  bool walking;
  uint64_t cut;            /* rows with a hash up to here are checked */
} worker;

struct run {
  const rt_program *p;
  const rt_validate_opts *o;
  rt_report *rep;
  uint32_t *group_base;    /* per source: group of its data as a whole; its fields follow */
  uint32_t **lists;        /* per source: rules to run over its rows ... */
  uint32_t *nlist;
  bool *wanted;
  bool **fields;           /* per source, NULL: all */
  uint32_t ngroups;
};

/* ---- which rules run where ---- */

static bool selected(const rt_validate_opts *o, const ir_program *ir, uint32_t rule) {
  for (uint32_t i = 0; i < o->nonly; i++)
    if (rt_rule_matches(ir, o->only[i], rule)) return true;
  return !o->nonly;
}

static bool runs_over(const prog_rule *r, const ir_program *ir, uint32_t source) {
  return r->refinement ? r->record == ir->sources[source]->record : r->source == (int32_t)source;
}

static bool binding_names(const src_binding *b, str source) {
  return str_eq(b->source, source) || (source.n > b->source.n && source.p[source.n - b->source.n - 1] == '.' &&
                                       memcmp(source.p + source.n - b->source.n, b->source.p, b->source.n) == 0);
}

bool rt_source_given(const ir_program *ir, uint32_t source, str db, uint32_t nbindings, const src_binding *bindings) {
  const prog_source *s = ir->sources[source];
  for (uint32_t i = 0; i < nbindings; i++)
    if (binding_names(&bindings[i], s->name) || (src_in_state(s) && str_eq(bindings[i].source, SRC_STATE))) return true;
  return s->from.n && db.n;
}

str rt_source_file(const ir_program *ir, uint32_t source, uint32_t nbindings, const src_binding *bindings) {
  for (uint32_t i = 0; i < nbindings; i++)
    if (binding_names(&bindings[i], ir->sources[source]->name)) return bindings[i].file;
  return (str){ "", 0 };
}

/* Does a chosen rule look into the source? Then all of its fields are wanted: look-ups read the same columns as the walk. */
static bool looked_into(const run *run, uint32_t s) {
  const ir_program *ir = run->p->ir;
  for (uint32_t i = 0; i < ir->nrules; i++)
    for (uint32_t k = 0; run->rep->selected[i] && k < ir->rules[i]->nlooks; k++)
      if (ir->rules[i]->looks[k] == s) return true;
  return false;
}

static bool *fields_of(arena *a, const run *run, uint32_t s) {
  const ir_program *ir = run->p->ir;
  const type_rec *shape = &ir->records[ir->sources[s]->record]->shape;
  if (!run->o->nonly || run->o->fixes || looked_into(run, s)) return NULL;
  bool *f = ARENA_ARRAY(a, bool, shape->nfields + 1);
  for (uint32_t i = 0; i < shape->nkeys; i++) f[shape->keys[i]] = true;
  for (uint32_t i = 0; i < run->nlist[s]; i++) {
    const prog_rule *r = ir->rules[run->lists[s][i]];
    for (uint32_t k = 0; k < r->nreads; k++) f[r->reads[k]] = true;
    for (uint32_t k = 0; k < r->nclauses; k++)
      if (r->clauses[k].at_field >= 0) f[r->clauses[k].at_field] = true;
  }
  return f;
}

static void plan(run *run) {
  const ir_program *ir = run->p->ir;
  rt_report *rep = run->rep;
  arena *a = &rep->a;
  run->group_base = ARENA_ARRAY(a, uint32_t, ir->nsources + 1);
  run->lists = ARENA_ARRAY(a, uint32_t *, ir->nsources + 1);
  run->nlist = ARENA_ARRAY(a, uint32_t, ir->nsources + 1);
  run->wanted = ARENA_ARRAY(a, bool, ir->nsources + 1);
  run->fields = ARENA_ARRAY(a, bool *, ir->nsources + 1);
  uint32_t group = 1;
  for (uint32_t i = 0; i < ir->nrules; i++) {
    rep->selected[i] = selected(run->o, ir, i);
    rep->has_data[i] = ir->rules[i]->source < 0 && !ir->rules[i]->refinement;
  }
  for (uint32_t s = 0; s < ir->nsources; s++) {
    run->group_base[s] = group;
    group += 1 + ir->records[ir->sources[s]->record]->shape.nfields;
    bool given = rt_source_given(ir, s, run->o->db, run->o->nbindings, run->o->bindings), state = src_in_state(ir->sources[s]);
    bool file = ir->sources[s]->from.n > 0 || state;
    rep->sources[s].given = given;
    uint32_t room = 1;
    for (uint32_t i = 0; i < ir->nrules; i++) room += rep->selected[i] && runs_over(ir->rules[i], ir, s);
    uint32_t *list = ARENA_ARRAY(a, uint32_t, room);
    for (uint32_t i = 0; i < ir->nrules; i++) {
      if (!rep->selected[i] || !runs_over(ir->rules[i], ir, s)) continue;
      list[run->nlist[s]++] = i;
      if (given) rep->has_data[i] = true;
    }
    run->lists[s] = list;
    /* a table that some rule needs but no database is given for: opening says so; a source that the host feeds is left out, and so is what lies in the
       state file and no rule asks for */
    run->wanted[s] = run->nlist[s] && !run->o->schema_only ? given || file : given && !run->o->nonly && !state;
    run->fields[s] = fields_of(a, run, s);
  }
  bool some = false;
  for (uint32_t s = 0; s < ir->nsources; s++) some = some || run->wanted[s];
  for (uint32_t s = 0; !some && s < ir->nsources; s++)
    run->wanted[s] = run->nlist[s] > 0; /* no data at all is no pass: opening says what is missing */
  rep->waiver_group = group++;
  rep->ndata_groups = group;
  rep->data_found = ARENA_ARRAY(a, int64_t, group);
  rep->nlisted_groups = group + ir->nrules;
  run->ngroups = rep->nlisted_groups + ir->nrules; /* then what is waived, by rule */
}

/* ---- what is wrong with the data ---- */

static str order_prefix(arena *a, diag_code code, str rest) {
  buf b = { .a = a };
  buf_ch(&b, (char)(code >> 8 & 0xFF));
  buf_ch(&b, (char)(code & 0xFF));
  buf_str(&b, rest);
  return buf_done(&b);
}

static str issue_order(arena *a, const src_issue *i) {
  str place = str_fmt(a, "%020lld %010u %010u ", (long long)i->position, i->line, i->col);
  return order_prefix(
      a, i->code, str_fmt(a, "%.*s%.*s\n%.*s\n%.*s", STR_ARG(place), STR_ARG(i->key), STR_ARG(i->column), STR_ARG(i->message)));
}

/* ---- what the baseline knows ---- */

static str source_name(const worker *w, uint32_t source) {
  return source == UINT32_MAX ? (str){ "", 0 } : w->run->p->ir->sources[source]->name;
}

/* A key that is only a position names nothing that lasts. */
static str lasting(str key) { return key.n && key.p[0] == '#' ? (str){ "", 0 } : key; }

static bool known_data(worker *w, const finding *x) {
  rt_baseline *b = w->run->o->baseline;
  return b && rt_baseline_has(b, &w->a, str_z(diag_table[x->code].code), source_name(w, x->source), lasting(x->key), "error", rt_baseline_data_id(&w->a, x));
}

static bool known_verdict(worker *w, uint32_t rule, const rec *r, const vm_result *res) {
  rt_baseline *b = w->run->o->baseline;
  const prog_rule *pr = w->run->p->ir->rules[rule];
  if (!b || res->v == V_WAIVED) return false;
  str key = r ? lasting(src_key_text(&w->a, w->run->p->ir, r)) : (str){ "", 0 };
  str source = source_name(w, r ? r->source : UINT32_MAX);
  bool known = rt_baseline_has(b, &w->a, pr->name, source, key, verdict_names[res->v], rt_baseline_rule_id(&w->a, pr, r, res));
  if (!known && !rt_baseline_had_more(b, &w->a, source, key, pr, res)) return false;
  w->rules[rule].n[res->v]--, w->rules[rule].known++;
  return true;
}

/* May be called from under a foreign library's frames, so the arena's jump ends here. */
static void on_issue(void *ud, const src_issue *i) {
  worker *w = ud;
  if (w->mute) return;
  w->walk_issues += w->walking;
  jmp_buf *outer = w->a.oom, here;
  if (setjmp(here)) { w->a.oom = outer; w->lost = true; return; }
  w->a.oom = &here;
  uint32_t group = i->source == UINT32_MAX ? 0 : w->run->group_base[i->source] + (uint32_t)(i->field + 1);
  finding x = rt_finding_of_issue(i);
  x.group = group, x.order = issue_order(&w->a, i);
  if (!known_data(w, &x)) {
    w->data_counts[i->sev]++, w->data_found[group]++;
    if (!findings_add(&w->f, &x)) w->lost = true;
  }
  w->a.oom = outer;
}

static bool note_bads(worker *w, const rec *r, str order) {
  const ir_program *ir = w->run->p->ir;
  const prog_record *pr = ir->records[ir->sources[r->source]->record];
  for (const bad *b = r->bads; b; b = b->next) {
    if (pr->fields[b->field].key) continue; /* that the row has no key is told, and why */
    uint32_t group = w->run->group_base[r->source] + 1u + b->field;
    str at = order_prefix(&w->a, DIAG_ROW_VALUE, order);
    bool wanted = findings_wants(&w->f, group, at);
    if (!wanted && !w->run->o->baseline) {
      w->data_counts[SEV_ERROR]++, w->data_bad_values++, w->data_found[group]++, w->f.dropped++;
      continue;
    }
    finding x = { .group = group,
                  .order = at,
                  .kind = FIND_DATA,
                  .sev = SEV_ERROR,
                  .source = r->source,
                  .field = b->field,
                  .key = src_key_text(&w->a, ir, r),
                  .position = r->position,
                  .line = b->line ? b->line : r->line,
                  .col = b->line ? b->col : r->col,
                  .code = DIAG_ROW_VALUE,
                  .column = pr->fields[b->field].column,
                  .message = b->message,
                  .decl = pr->fields[b->field].sp };
    x.file = rt_source_file(ir, r->source, w->run->o->nbindings, w->run->o->bindings);
    x.fix = (str){ "", 0 };
    if (known_data(w, &x)) continue;
    w->data_counts[SEV_ERROR]++, w->data_bad_values++, w->data_found[group]++;
    if (!findings_add(&w->f, &x)) return false;
  }
  return true;
}

/* ---- one row ---- */

/* The run ends at a rule. Of a budget that is used up it is told whose: the rule is looked for among the n of the list by running each alone. */
static int ends_at(worker *w, int vm_status, const uint32_t *list, uint32_t n, rec *r) {
  int status = rt_engine_status(&w->e, vm_status, &w->failure);
  if (status != RT_BUDGET) return status;
  const ir_program *ir = w->run->p->ir;
  str why = w->failure, name = { "", 0 };
  vm_result res;
  for (uint32_t i = 0; i < n && !name.n; i++) {
    if (n > 1) vm_reset(w->e.vm);
    if (n == 1 || vm_rule(w->e.vm, list[i], r, false, &res) != VM_OK) name = ir->rules[list[i]]->name;
  }
  str on = r ? str_fmt(&w->a, " on `%.*s`", STR_ARG(src_key_text(&w->a, ir, r))) : (str){ "", 0 };
  if (name.n) w->failure = str_fmt(&w->a, "rule `%.*s`%.*s: %.*s; `blazon check --cost` tells what rules cost", STR_ARG(name), STR_ARG(on), STR_ARG(why));
  else w->failure = str_fmt(&w->a, "all rules together%.*s: %.*s; `blazon check --cost` tells what rules cost", STR_ARG(on), STR_ARG(why));
  return status;
}

static int note_verdict(worker *w, uint32_t rule, rec *r, str order, bool waived) {
  uint32_t group = (waived ? w->run->rep->nlisted_groups : w->run->rep->ndata_groups) + rule;
  bool wanted = findings_wants(&w->f, group, order);
  if (!wanted) w->f.dropped++;
  if (!wanted && (waived || !w->run->o->baseline)) return RT_OK;
  vm_result res;
  int status = vm_rule(w->e.vm, rule, r, true, &res);
  if (status != VM_OK) return ends_at(w, status, &rule, 1, r);
  if (known_verdict(w, rule, r, &res) || !wanted) return RT_OK;
  finding x = rt_finding_of(&w->a, w->run->p, rule, r, &res);
  x.group = group, x.order = order;
  if (x.line) x.file = rt_source_file(w->run->p->ir, r->source, w->run->o->nbindings, w->run->o->bindings);
  return findings_add(&w->f, &x) ? RT_OK : RT_OOM;
}

static inline bool speaks(verdict v) { return v == V_FAIL || v == V_UNKNOWN || v == V_ERROR; }

static int check_row(worker *w, rec *r) {
  str order = { NULL, 0 };
  const uint32_t *list = w->run->lists[w->source], *at;
  uint32_t n = w->run->nlist[w->source], some;
  if (r->bads) {
    order = findings_order(&w->a, r);
    if (!note_bads(w, r, order)) return RT_OOM;
  }
  if (!n) return RT_OK;
  if (w->run->o->fixes) memset(w->verdicts, V_PASS, n); /* it looks at all of them */
  int status = vm_list_run(w->e.vm, w->list, r, w->verdicts, &at, &some);
  if (status != VM_OK) return ends_at(w, status, list, n, r);
  w->quick += some < n;
  for (uint32_t i = 0; i < some; i++) {
    uint32_t rule = list[at[i]];
    uint8_t verdict_bits = w->verdicts[at[i]];
    verdict v = (verdict)(verdict_bits & 0x7F);
    rt_counts *c = &w->rules[rule];
    c->n[v]++;
    if (verdict_bits & 0x80) c->vacuous++;
    if (w->run->p->ir->nwaivers && w->run->p->ir->rules[rule]->nwaivers) rt_waiver_note(w->run->p->ir, rule, r, v, w->waivers);
    if (!speaks(v) && v != V_WAIVED) continue;
    if (!order.p) order = findings_order(&w->a, r);
    if ((status = note_verdict(w, rule, r, order, v == V_WAIVED)) != RT_OK) return status;
  }
  if (!w->run->o->fixes) return RT_OK;
  return rt_fixes_row(w->run->o->fixes, &w->e, w->data, w->cur, r, list, n, w->verdicts, &w->a, &w->failure);
}

/* What was counted together. */
static void count_quick(worker *w) {
  const uint32_t *list = w->run->lists[w->source], *rest;
  uint32_t n = vm_list_rest(w->list, &rest), k = 0;
  for (uint32_t i = 0; i < w->run->nlist[w->source]; i++) {
    if (k < n && rest[k] == i) k++;
    else w->rules[list[i]].n[V_PASS] += w->quick;
  }
}

static uint64_t row_hash(worker *w, const rec *r) {
  str key = src_key_text(&w->a, w->run->p->ir, r);
  return XXH64(key.p, key.n, UINT64_C(0x626c7a2e73616d70)); /* "blz.samp": apart from the hashes that assign people */
}

/* ---- one source ---- */

static int open_cursor(worker *w, src_cursor **cur) {
  int got = w->parts > 1 ? src_walk_part(w->data, w->source, w->part, w->parts, cur) : src_walk(w->data, w->source, cur);
  if (got == SRC_OK) return RT_OK;
  if (got == SRC_OOM) return RT_OOM;
  if (got == SRC_MOVED) return RT_NONE;
  w->failure = src_failure(w->data);
  return RT_ENV;
}

static bool report_progress(worker *w, int64_t rows, int64_t estimate) {
  const rt_validate_opts *o = w->run->o;
  return w->part != 0 || !o->progress || o->progress(o->ud, w->run->p->ir->sources[w->source]->name, rows * w->parts, estimate);
}

static int walk_rows(worker *w, src_cursor *cur) {
  rt_source_counts *sc = &w->sources[w->source];
  int64_t estimate = src_estimate(w->data, w->source);
  for (rec *r;;) {
    int got = src_next(cur, &r);
    if (got == SRC_DONE) return w->lost ? RT_OOM : RT_OK;
    if (got == SRC_OOM) return RT_OOM;
    if (got != SRC_OK) { w->failure = src_failure(w->data); return RT_ENV; }
    vm_reset(w->e.vm);
    if (w->a.used) arena_reset(&w->a);
    if (++sc->rows % PROGRESS_ROWS == 0 && !report_progress(w, sc->rows, estimate)) return RT_STOPPED;
    if (w->cut != UINT64_MAX && row_hash(w, r) > w->cut) continue;
    sc->checked++;
    int status = check_row(w, r);
    if (status != RT_OK) return status;
  }
}

static int walk_cursor(worker *w) {
  int status;
  uint32_t n = w->run->nlist[w->source];
  arena lists;
  jmp_buf *outer = w->a.oom, here;
  arena_init(&lists, w->e.m, &here);
  w->walking = true, w->quick = 0;
  if (setjmp(here)) status = RT_OOM;
  else {
    w->a.oom = &here;
    w->list = vm_list_new(w->e.vm, &lists, w->run->lists[w->source], n);
    w->verdicts = ARENA_ARRAY(&lists, uint8_t, n + 1u);
    status = walk_rows(w, w->cur);
    count_quick(w);
  }
  w->a.oom = outer, w->walking = false;
  arena_free(&lists);
  return status;
}

static int walk_source(worker *w) {
  int status = open_cursor(w, &w->cur);
  if (status != RT_OK) return status;
  status = walk_cursor(w);
  src_end(w->cur);
  w->cur = NULL;
  return status == RT_OK && w->lost ? RT_OOM : status;
}

/* ---- samples ---- */

typedef struct hashes { uint64_t *v; int64_t n, cap; } hashes; /* the smallest so far, greatest on top */

static void hashes_add(hashes *h, uint64_t x) {
  int64_t i;
  if (h->n < h->cap) {
    for (i = h->n++; i && h->v[(i - 1) / 2] < x; i = (i - 1) / 2) h->v[i] = h->v[(i - 1) / 2];
    h->v[i] = x;
    return;
  }
  if (x >= h->v[0]) return;
  i = 0;
  for (int64_t c; (c = 2 * i + 1) < h->n; i = c) {
    if (c + 1 < h->n && h->v[c + 1] > h->v[c]) c++;
    if (h->v[c] <= x) break;
    h->v[i] = h->v[c];
  }
  h->v[i] = x;
}

static int gather_hashes(worker *w, src_cursor *cur, hashes *h) {
  for (rec *r;;) {
    int got = src_next(cur, &r);
    if (got == SRC_DONE) return RT_OK;
    if (got == SRC_OOM) return RT_OOM;
    if (got != SRC_OK) { w->failure = src_failure(w->data); return RT_ENV; }
    vm_reset(w->e.vm);
    if (w->a.used) arena_reset(&w->a);
    hashes_add(h, row_hash(w, r));
  }
}

/* `--sample N`: the rows whose hashes are the N smallest. They are found in a walk of its own. */
static int sample_cut(worker *w, int64_t want) {
  hashes h = { .cap = want };
  size_t bytes = sizeof *h.v * (size_t)want;
  src_cursor *cur = NULL;
  w->mute = true;
  int status = open_cursor(w, &cur);
  if (status == RT_OK) {
    jmp_buf *outer = w->a.oom, here;
    h.v = mem_try(w->e.m, bytes);
    if (!h.v || setjmp(here)) status = RT_OOM;
    else {
      w->a.oom = &here;
      status = gather_hashes(w, cur, &h);
    }
    w->a.oom = outer;
    src_end(cur);
  }
  w->cut = h.v && h.n == want ? h.v[0] : UINT64_MAX;
  mem_free(w->e.m, h.v, bytes);
  w->mute = false;
  return status;
}

static int set_cut(worker *w) {
  const rt_validate_opts *o = w->run->o;
  w->cut = UINT64_MAX;
  if (o->sample > 0) return sample_cut(w, o->sample);
  if (o->share > 0 && o->share < 1) w->cut = (uint64_t)(o->share * 18446744073709551616.0);
  return RT_OK;
}

/* ---- workers ---- */

static bool worker_open(worker *w, run *run) {
  const ir_program *ir = run->p->ir;
  const mem *m = &run->rep->m;
  *w = (worker){ .run = run, .parts = 1, .cut = UINT64_MAX };
  w->e.m = m;
  arena_init(&w->a, m, &w->oom);
  w->rules = mem_try(m, sizeof *w->rules * (ir->nrules + 1));
  w->sources = mem_try(m, sizeof *w->sources * (ir->nsources + 1));
  w->data_found = mem_try(m, sizeof *w->data_found * run->rep->ndata_groups);
  w->waivers = mem_try(m, ir->nwaivers + 1u);
  if (!w->rules || !w->sources || !w->data_found || !w->waivers || !findings_init(&w->f, m, run->ngroups, run->o->per_rule, run->o->total))
    return false;
  memset(w->rules, 0, sizeof *w->rules * (ir->nrules + 1));
  memset(w->sources, 0, sizeof *w->sources * (ir->nsources + 1));
  memset(w->data_found, 0, sizeof *w->data_found * run->rep->ndata_groups);
  memset(w->waivers, 0, ir->nwaivers + 1u);
  return rt_engine_open(&w->e, run->p, m, run->o->limits, run->rep->now);
}

static void worker_close(worker *w) {
  const ir_program *ir = w->run->p->ir;
  const mem *m = &w->run->rep->m;
  rt_engine_close(&w->e);
  if (w->data) src_close(w->data);
  findings_free(&w->f);
  mem_free(m, w->rules, sizeof *w->rules * (ir->nrules + 1));
  mem_free(m, w->sources, sizeof *w->sources * (ir->nsources + 1));
  mem_free(m, w->data_found, sizeof *w->data_found * w->run->rep->ndata_groups);
  mem_free(m, w->waivers, ir->nwaivers + 1u);
  arena_free(&w->a);
}

int rt_open_data(const rt_program *p, const mem *m, str db, uint32_t nbindings, const src_binding *bindings, const bool *wanted,
                 const bool *const *fields, void (*issue)(void *, const src_issue *), void *ud, arena *scratch, src_data **out,
                 str *failure) {
  src_config c = { .p = p->ir,
                   .m = m,
                   .db = db,
                   .nbindings = nbindings,
                   .bindings = bindings,
                   .by_ext = true,
                   .frame = vm_frame_size(p->vm),
                   .wanted = wanted,
                   .fields = fields,
                   .issue = issue,
                   .ud = ud,
                   .tmp_dir = { "", 0 } };
  int got = src_open(&c, out, scratch, failure);
  return got == SRC_OK ? RT_OK : got == SRC_OOM ? RT_OOM : RT_ENV;
}

static int worker_data(worker *w) {
  run *run = w->run;
  if (setjmp(w->oom)) return RT_OOM;
  w->a.oom = &w->oom;
  int status = rt_open_data(run->p, &run->rep->m, run->o->db, run->o->nbindings, run->o->bindings, run->wanted,
                            (const bool *const *)run->fields, on_issue, w, &w->a, &w->data, &w->failure);
  if (status == RT_OK) {
    rt_engine_data(&w->e, w->data);
    w->version = src_snapshot_version(w->data);
  }
  return status;
}

static bool worker_merge(worker *into, worker *from) {
  const ir_program *ir = into->run->p->ir;
  for (uint32_t i = 0; i < ir->nrules; i++) {
    for (int v = 0; v < V_COUNT; v++) into->rules[i].n[v] += from->rules[i].n[v];
    into->rules[i].vacuous += from->rules[i].vacuous, into->rules[i].known += from->rules[i].known;
  }
  for (uint32_t s = 0; s < ir->nsources; s++)
    into->sources[s].rows += from->sources[s].rows, into->sources[s].checked += from->sources[s].checked;
  for (int k = 0; k < 3; k++) into->data_counts[k] += from->data_counts[k];
  for (uint32_t g = 0; g < into->run->rep->ndata_groups; g++) into->data_found[g] += from->data_found[g];
  for (uint32_t i = 0; i < ir->nwaivers; i++)
    if (from->waivers[i] > into->waivers[i]) into->waivers[i] = from->waivers[i];
  into->data_bad_values += from->data_bad_values;
  return findings_take(&into->f, &from->f);
}

static bool splits(const worker *w) {
  const rt_validate_opts *o = w->run->o;
  for (uint32_t i = 0; i < o->nbindings; i++) /* a file is read by one thread */
    if (binding_names(&o->bindings[i], w->run->p->ir->sources[w->source]->name)) return false;
  return o->jobs > 1 && !o->baseline && !o->fixes && src_estimate(w->data, w->source) >= PARALLEL_ROWS;
}

/* A worker with data and a snapshot of its own, standing before its part of the rows. What opening has to say was said by the first to open. */
static int part_begin(worker *o, const worker *w, uint32_t part, uint32_t parts) {
  if (!worker_open(o, w->run)) return RT_OOM;
  o->mute = true, o->source = w->source, o->part = part, o->parts = parts, o->cut = w->cut;
  int status = worker_data(o);
  if (status == RT_OK) status = open_cursor(o, &o->cur);
  o->mute = false;
  return status;
}

static void *part_main(void *ud) {
  worker *o = ud;
  o->status = walk_cursor(o);
  return NULL;
}

static int part_end(worker *w, worker *o) {
  src_end(o->cur); /* the first part looks for keys that stand twice */
  o->cur = NULL;
  return o->lost || !worker_merge(w, o) ? RT_OOM : RT_OK;
}

/* Several threads share a source. RT_NONE, with nothing counted, when one must do it: another program wrote before all had their snapshot, or the
   rows gave issues, whose limits count over the whole walk. */
static int walk_parts(worker *w, worker *parts, uint32_t jobs) {
  pthread_t threads[JOBS_MAX];
  uint32_t made = 0;
  int status = RT_OK;
  for (uint32_t i = 0; i < jobs && status == RT_OK; i++) status = part_begin(&parts[i], w, i, jobs);
  if (status == RT_OK && src_version(w->data) != w->version) status = RT_NONE;
  for (; status == RT_OK && made < jobs; made++)
    if (pthread_create(&threads[made], NULL, part_main, &parts[made]) != 0) status = RT_NONE;
  for (uint32_t i = 0; i < made; i++) {
    pthread_join(threads[i], NULL);
    if (status == RT_OK && parts[i].status != RT_OK) status = parts[i].status, w->failure = parts[i].failure;
    if (status == RT_OK && parts[i].walk_issues) status = RT_NONE;
  }
  if (w->failure.n) w->failure = str_dup(&w->run->rep->a, w->failure);
  for (uint32_t i = 0; i < made && status == RT_OK; i++) status = part_end(w, &parts[i]);
  return status;
}

static void part_close(worker *o) {
  o->mute = true;
  if (o->cur) src_end(o->cur);
  worker_close(o);
}

static int walk_parallel(worker *w) {
  uint32_t jobs = w->run->o->jobs < JOBS_MAX ? w->run->o->jobs : JOBS_MAX;
  worker parts[JOBS_MAX] = { 0 };
  int status = walk_parts(w, parts, jobs);
  for (uint32_t i = 0; i < jobs; i++)
    if (parts[i].run) part_close(&parts[i]);
  return status == RT_NONE ? walk_source(w) : status;
}

/* ---- the run ---- */

static int run_without_record(worker *w) {
  const ir_program *ir = w->run->p->ir;
  const rt_report *rep = w->run->rep;
  if (setjmp(w->oom)) return RT_OOM;
  w->a.oom = &w->oom;
  for (uint32_t i = 0; i < ir->nrules; i++) {
    if (!rep->selected[i] || ir->rules[i]->source >= 0 || ir->rules[i]->refinement) continue;
    vm_reset(w->e.vm);
    arena_reset(&w->a);
    vm_result res;
    int status = vm_rule(w->e.vm, i, NULL, true, &res);
    if (status != VM_OK) return ends_at(w, status, &i, 1, NULL);
    w->rules[i].n[res.v]++;
    w->rules[i].vacuous += res.v == V_PASS && res.vacuous;
    if (!speaks(res.v) || known_verdict(w, i, NULL, &res)) continue;
    finding x = rt_finding_of(&w->a, w->run->p, i, NULL, &res);
    x.group = rep->ndata_groups + i;
    x.order = STR("");
    if (!findings_add(&w->f, &x)) return RT_OOM;
  }
  return RT_OK;
}

/* Waivers that did not do what somebody expects of them. */
static int judge_waivers(worker *w) {
  const ir_program *ir = w->run->p->ir;
  const rt_report *rep = w->run->rep;
  const rt_validate_opts *o = w->run->o;
  bool whole = o->sample <= 0 && !(o->share > 0 && o->share < 1);
  if (setjmp(w->oom)) return RT_OOM;
  w->a.oom = &w->oom;
  for (uint32_t i = 0; i < ir->nwaivers; i++) {
    const prog_waiver *v = ir->waivers[i];
    finding x;
    arena_reset(&w->a);
    if (!rep->selected[v->rule] || !rep->has_data[v->rule]) continue;
    if (!rt_waiver_finding(&w->a, ir, i, w->waivers[i], whole, rep->now, &x)) continue;
    x.group = rep->waiver_group, x.order = order_prefix(&w->a, x.code, str_fmt(&w->a, "%010u", i));
    w->data_counts[x.sev]++, w->data_found[x.group]++; /* always: a baseline is for what the data is, not for the rule files */
    if (!findings_add(&w->f, &x)) return RT_OOM;
  }
  return RT_OK;
}

static int run_all(worker *w) {
  const ir_program *ir = w->run->p->ir;
  int status = worker_data(w);
  if (w->run->o->schema_only) return status == RT_OK ? rt_gaps(&w->e, w->data, w->run->wanted, &w->a, on_issue, w, &w->failure) : status;
  for (uint32_t s = 0; status == RT_OK && s < ir->nsources; s++) {
    if (!w->run->wanted[s]) continue;
    w->source = s;
    w->sources[s].walked = true;
    status = set_cut(w);
    if (status == RT_OK) status = splits(w) ? walk_parallel(w) : walk_source(w);
    src_counts c = src_count(w->data, s);
    w->sources[s].ignored_columns = c.ignored_columns, w->sources[s].bad_values = c.bad_values;
  }
  if (status == RT_OK) status = run_without_record(w);
  return status == RT_OK ? judge_waivers(w) : status;
}

static void fill_report(rt_report *rep, worker *w) {
  const ir_program *ir = rep->p->ir;
  for (uint32_t i = 0; i < ir->nrules; i++) rep->rules[i] = w->rules[i];
  for (uint32_t s = 0; s < ir->nsources; s++) {
    w->sources[s].given = rep->sources[s].given;
    rep->sources[s] = w->sources[s];
    rep->rows += rep->sources[s].checked;
  }
  for (uint32_t g = 0; g < rep->ndata_groups; g++) rep->data_found[g] = w->data_found[g];
  memcpy(rep->data_counts, w->data_counts, sizeof rep->data_counts);
  rep->data_bad_values = w->data_bad_values;
  rep->f = w->f;
  w->f = (findings){ 0 };
  findings_sort(&rep->f);
}

static rt_report *report_new(const rt_program *p, const rt_validate_opts *o) {
  rt_report *rep = mem_try(o->m, sizeof *rep);
  if (!rep) return NULL;
  memset(rep, 0, sizeof *rep);
  rep->p = p, rep->baseline = o->baseline, rep->fixes = o->fixes, rep->m = *o->m, rep->now = o->now, rep->failure = (str){ "", 0 };
  arena_init(&rep->a, &rep->m, &rep->oom);
  return rep;
}

int rt_validate(const rt_program *p, const rt_validate_opts *o, rt_report **out) {
  *out = NULL;
  rt_report *rep = report_new(p, o);
  if (!rep) return RT_OOM;
  run run = { .p = p, .o = o, .rep = rep };
  worker w = { .run = &run };
  volatile bool opened = false;
  if (setjmp(rep->oom)) {
    if (opened) worker_close(&w);
    rt_report_free(rep);
    return RT_OOM;
  }
  rep->rules = ARENA_ARRAY(&rep->a, rt_counts, p->ir->nrules + 1);
  rep->selected = ARENA_ARRAY(&rep->a, bool, p->ir->nrules + 1);
  rep->has_data = ARENA_ARRAY(&rep->a, bool, p->ir->nrules + 1);
  rep->sources = ARENA_ARRAY(&rep->a, rt_source_counts, p->ir->nsources + 1);
  plan(&run);
  opened = true;
  int status = worker_open(&w, &run) ? run_all(&w) : RT_OOM;
  if (status == RT_OOM) {
    worker_close(&w);
    rt_report_free(rep);
    return RT_OOM;
  }
  if (w.failure.n) rep->failure = str_dup(&rep->a, w.failure);
  fill_report(rep, &w);
  if (o->fixes) rt_fixes_sort(o->fixes);
  if (o->baseline && status == RT_OK) {
    o->baseline->a.oom = &rep->oom;
    rt_baseline_judge(o->baseline, rep, o->sample > 0 || (o->share > 0 && o->share < 1), o->nonly > 0);
  }
  worker_close(&w);
  *out = rep;
  return status;
}

void rt_report_free(rt_report *r) {
  if (!r) return;
  mem m = r->m;
  findings_free(&r->f);
  arena_free(&r->a);
  mem_free(&m, r, sizeof *r);
}

int64_t rt_counts_bad(const rt_counts *c, unsigned allow) {
  return c->n[V_FAIL] + (allow & RT_ALLOW_UNKNOWN ? 0 : c->n[V_UNKNOWN]) + (allow & RT_ALLOW_ERROR ? 0 : c->n[V_ERROR]);
}

int64_t rt_report_breaks(const rt_report *r, severity fail_on, unsigned allow) {
  int64_t n = 0;
  for (uint32_t i = 0; i < r->p->ir->nrules; i++)
    if (r->p->ir->rules[i]->sev <= fail_on) n += rt_counts_bad(&r->rules[i], allow);
  for (int s = 0; s <= (int)fail_on; s++) n += r->data_counts[s];
  if (allow & RT_ALLOW_ERROR) n -= r->data_bad_values;
  return n;
}
