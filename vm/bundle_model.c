/* Declarations in bundles: everything that a run, a report or an explanation wants to know of a program but its code.
 * Expressions are not stored; a program that comes from a bundle has its declarations with every ir pointer NULL. */
#include "compiler/table.h"
#include "vm/bundle.h"

#include <float.h>
#include <string.h>

static void cd_strs(cd *c, uint32_t *n, str **v) {
  cd_count(c, n);
  CD_ARRAY(c, v, *n);
  for (uint32_t i = 0; i < *n; i++) cd_str(c, &(*v)[i]);
}

static void cd_fields(cd *c, uint32_t *n, uint16_t **v, uint64_t below) {
  cd_count(c, n);
  CD_ARRAY(c, v, *n);
  for (uint32_t i = 0; i < *n; i++) cd_u16(c, &(*v)[i], below);
}

/* Pointers to fresh objects when reading. */
#define CD_OBJECTS(c, v, n, T) \
  do { \
    CD_ARRAY(c, v, n); \
    if (cd_reading(c)) \
      for (uint32_t k_ = 0; k_ < (n); k_++) (*(v))[k_] = ARENA_NEW((c)->a, T); \
  } while (0)

/* ---- files, literals, patterns ---- */

static void cd_files(cd *c) {
  ir_program *p = c->ir;
  uint32_t n = cd_reading(c) ? 0 : p->src->files.n;
  cd_count(c, &n);
  if (cd_reading(c)) {
    p->src = ARENA_NEW(c->a, sources);
    sources_init(p->src, c->a);
  }
  for (uint32_t i = 0; i < n && !c->wrong; i++) {
    str path = { 0 }, text = { 0 };
    if (!cd_reading(c)) path = p->src->files.v[i]->path, text = p->src->files.v[i]->text;
    cd_str(c, &path);
    cd_str(c, &text);
    bool data = !cd_reading(c) && p->src->files.v[i]->data;
    cd_bool(c, &data);
    srcfile *f = cd_reading(c) && !c->wrong ? sources_add(p->src, path, text) : NULL;
    if (f) f->data = data;
    else if (cd_reading(c)) cd_fail(c, "its rule files are too large");
  }
}

static void cd_atoms(cd *c) {
  ir_program *p = c->ir;
  cd_count(c, &p->natoms);
  CD_ARRAY(c, &p->atoms, p->natoms);
  for (uint32_t i = 0; i < p->natoms; i++) {
    str s = cd_reading(c) ? (str){ 0 } : str_of(p->atoms[i]);
    cd_str(c, &s);
    if (!cd_reading(c)) continue;
    text *t = ARENA_NEW(c->a, text);
    *t = (text){ s.p, s.n, i + 1 };
    p->atoms[i] = t;
  }
}

static void cd_patterns(cd *c) {
  ir_program *p = c->ir;
  cd_count(c, &p->npatterns);
  CD_OBJECTS(c, &p->patterns, p->npatterns, pattern);
  for (uint32_t i = 0; i < p->npatterns && !c->wrong; i++) {
    pattern *x = p->patterns[i];
    cd_str(c, &x->source);
    cd_str(c, &x->flags);
    if (!cd_reading(c)) continue;
    str why;
    uint32_t at;
    x->id = i;
    if (!c->wrong && !p->lib->pattern_check(c->a, x->source, x->flags, &why, &at)) cd_fail(c, "a pattern is malformed");
  }
}

/* ---- records and sources ---- */

/* Can a source hold values of it? What only a program makes (patterns, palettes, shapes of the library) no reader knows. */
static bool can_be_read(const type *t) {
  t = t->base;
  while (t->kind == TY_LIST || t->kind == TY_MAP) t = t->elem->base;
  switch ((type_kind)t->kind) {
  case TY_BOOL: case TY_INT: case TY_NUMBER: case TY_TEXT: case TY_UNION: case TY_COLOR: case TY_DATE: case TY_TIME: case TY_DURATION: case TY_REF: return true;
  case TY_RECORD: return t->rec->id != UINT32_MAX;
  case TY_ERROR: case TY_NEVER: case TY_MONTHS: case TY_PATTERN: case TY_LIST: case TY_MAP: case TY_PALETTE: case TY_TERMS: case TY_VAR: return false;
  }
  return false;
}

static void cd_field(cd *c, prog_field *f) {
  cd_str(c, &f->name);
  cd_str(c, &f->column);
  cd_type(c, &f->type);
  cd_str(c, &f->split);
  cd_bool(c, &f->key);
  cd_bool(c, &f->unique);
  cd_bool(c, &f->intern);
  cd_bool(c, &f->has_default);
  cd_str(c, &f->doc);
  cd_span(c, &f->sp);
  if (!cd_reading(c) || c->wrong) return;
  if (!can_be_read(f->type) || (f->split.n && f->type->base->kind != TY_LIST)) cd_fail(c, "a field's type is impossible");
}

static void cd_record_decl(cd *c, prog_record *r) {
  cd_str(c, &r->name);
  cd_bool(c, &r->exact);
  cd_str(c, &r->doc);
  cd_span(c, &r->sp);
  cd_count(c, &r->shape.nfields);
  if (r->shape.nfields > UINT16_MAX) cd_fail(c, "a record has too many fields"), r->shape.nfields = 0;
  CD_ARRAY(c, &r->fields, r->shape.nfields);
  for (uint32_t i = 0; i < r->shape.nfields; i++) cd_field(c, &r->fields[i]);
  uint16_t *keys = (uint16_t *)(uintptr_t)r->shape.keys;
  cd_fields(c, &r->shape.nkeys, &keys, r->shape.nfields);
  if (!cd_reading(c)) return;
  r->shape.keys = keys;
  r->shape.name = r->name;
  r->shape.fields = ARENA_ARRAY(c->a, type_field, r->shape.nfields + 1);
  for (uint32_t i = 0; i < r->shape.nfields; i++) r->shape.fields[i] = (type_field){ r->fields[i].name, r->fields[i].type };
}

/* After every record has its fields: a default may be a record. */
static void cd_defaults(cd *c) {
  for (uint32_t i = 0; i < c->ir->nrecords && !c->wrong; i++)
    for (uint32_t k = 0; k < c->ir->records[i]->shape.nfields && !c->wrong; k++) {
      prog_field *f = &c->ir->records[i]->fields[k];
      if (f->has_default) cd_value(c, f->type, &f->def, 0);
    }
}

static void cd_source_decl(cd *c, prog_source *s) {
  cd_str(c, &s->name);
  cd_u32(c, &s->record, c->ir->nrecords);
  cd_str(c, &s->from);
  cd_bool(c, &s->scanned);
  cd_bool(c, &s->referenced);
  cd_span(c, &s->sp);
  if (!c->wrong) cd_fields(c, &s->nindexes, &s->indexes, c->ir->records[s->record]->shape.nfields);
}

/* A reference's record is that of its source. */
static void check_references(cd *c) {
  for (uint32_t i = 0; i < c->types.n && !c->wrong; i++) {
    const type *t = c->types.v[i];
    if (t->kind == TY_REF && &c->ir->records[c->ir->sources[t->source]->record]->shape != t->rec) cd_fail(c, "a reference is not to its source");
  }
}

/* ---- functions, rules, audiences ---- */

static void cd_fn_decl(cd *c, prog_fn *f) {
  cd_str(c, &f->name);
  cd_count(c, &f->nparams);
  CD_ARRAY(c, &f->params, f->nparams);
  for (uint32_t i = 0; i < f->nparams; i++) cd_type(c, &f->params[i]);
  cd_type(c, &f->ret);
  cd_span(c, &f->sp);
}

static void cd_cost(cd *c, double *cost, str *text) {
  double d = *cost <= DBL_MAX ? *cost : DBL_MAX;
  cd_f64(c, &d);
  *cost = d;
  cd_str(c, text);
}

static void cd_clause(cd *c, prog_clause *k, uint32_t nfields) {
  cd_bool(c, &k->forbid);
  cd_bool(c, &k->generated);
  uint32_t field = (uint32_t)(k->at_field + 1); /* 0: none */
  cd_u32(c, &field, (uint64_t)nfields + 1);
  k->at_field = (int32_t)field - 1;
  cd_str(c, &k->at_path);
  cd_str(c, &k->text);
  cd_str(c, &k->doc);
  cd_span(c, &k->sp);
}

static void cd_severity(cd *c, severity *s) {
  uint8_t v = (uint8_t)*s;
  cd_u8(c, &v, SEV_INFO + 1);
  *s = (severity)v;
}

/* -1 or an index. */
static void cd_maybe(cd *c, int32_t *v, uint32_t n) {
  uint32_t x = (uint32_t)(*v + 1);
  cd_u32(c, &x, (uint64_t)n + 1);
  *v = (int32_t)x - 1;
}

static void cd_rule(cd *c, prog_rule *r) {
  cd_str(c, &r->name);
  cd_severity(c, &r->sev);
  cd_str(c, &r->owner);
  cd_str(c, &r->because);
  cd_str(c, &r->link);
  cd_strs(c, &r->ntags, &r->tags);
  cd_bool(c, &r->has_since);
  cd_bool(c, &r->has_until);
  cd_i64(c, &r->since);
  cd_i64(c, &r->until);
  cd_maybe(c, &r->source, c->ir->nsources);
  cd_bool(c, &r->refinement);
  bool judges = r->source >= 0 || r->refinement;
  if (judges) cd_u32(c, &r->record, c->ir->nrecords);
  if (c->wrong) return;
  if (r->source >= 0 && c->ir->sources[r->source]->record != r->record) { cd_fail(c, "a rule's record is not its source's"); return; }
  uint32_t nfields = judges ? c->ir->records[r->record]->shape.nfields : 0;
  cd_maybe(c, &r->field, nfields);
  cd_str(c, &r->local_name);
  cd_u32(c, &r->nlocals, UINT64_C(1) << 32);
  cd_count(c, &r->nclauses);
  CD_ARRAY(c, &r->clauses, r->nclauses);
  for (uint32_t i = 0; i < r->nclauses; i++) cd_clause(c, &r->clauses[i], nfields);
  cd_count(c, &r->nfixes);
  CD_ARRAY(c, &r->fixes, r->nfixes);
  for (uint32_t i = 0; i < r->nfixes && !c->wrong; i++) {
    cd_u32(c, &r->fixes[i].field, nfields);
    cd_str(c, &r->fixes[i].text);
    cd_span(c, &r->fixes[i].sp);
  }
  cd_fields(c, &r->nreads, &r->reads, nfields);
  cd_count(c, &r->nlooks);
  CD_ARRAY(c, &r->looks, r->nlooks);
  for (uint32_t i = 0; i < r->nlooks; i++) cd_u32(c, &r->looks[i], c->ir->nsources);
  cd_cost(c, &r->cost, &r->cost_text);
  cd_span(c, &r->sp);
  cd_str(c, &r->doc);
}

static void cd_waiver(cd *c, prog_waiver *w, uint32_t at) {
  cd_u32(c, &w->rule, c->ir->nrules);
  if (c->wrong) return;
  prog_rule *r = c->ir->rules[w->rule];
  bool fits = (r->source >= 0 || r->refinement) && (!at || c->ir->waivers[at - 1]->rule <= w->rule);
  if (cd_reading(c) && !fits) { cd_fail(c, "a waiver's rule is impossible"); return; }
  const type_rec *shape = &c->ir->records[r->record]->shape;
  if (cd_reading(c)) w->nkeys = shape->nkeys;
  CD_ARRAY(c, &w->keys, w->nkeys);
  for (uint32_t i = 0; i < w->nkeys && !c->wrong; i++) {
    const type *t = code_rep(shape->fields[shape->keys[i]].type);
    if (!t) cd_fail(c, "a waiver's key is of an impossible type");
    else cd_value(c, t, &w->keys[i], 0);
  }
  cd_str(c, &w->key);
  cd_i64(c, &w->until);
  cd_str(c, &w->because);
  cd_str(c, &w->owner);
  cd_str(c, &w->digest);
  cd_span(c, &w->sp);
  if (!w->nkeys) cd_fail(c, "a waiver names no record");
  if (cd_reading(c) && !c->wrong && !r->nwaivers++) r->first_waiver = at;
}

static void cd_audience(cd *c, prog_audience *a) {
  cd_str(c, &a->name);
  cd_u32(c, &a->source, c->ir->nsources);
  if (c->wrong) return;
  a->record = c->ir->sources[a->source]->record;
  cd_str(c, &a->local_name);
  cd_u32(c, &a->nlocals, UINT64_C(1) << 32);
  cd_fields(c, &a->nreads, &a->reads, c->ir->records[a->record]->shape.nfields);
  cd_cost(c, &a->cost, &a->cost_text);
  cd_span(c, &a->sp);
  cd_str(c, &a->doc);
}

static void cd_passes(cd *c, prog_passes *s) {
  cd_str(c, &s->name);
  cd_count(c, &s->nrules);
  CD_ARRAY(c, &s->rules, s->nrules);
  for (uint32_t i = 0; i < s->nrules; i++) cd_u32(c, &s->rules[i], c->ir->nrules);
}

/* ---- decision tables ---- */

static void cd_cell(cd *c, prog_cell *x, const type *t) {
  cd_u8(c, &x->kind, CELL_SET + 1);
  if (x->kind == CELL_CMP) {
    cd_u8(c, &x->op, OP_GE + 1);
    if (x->op < OP_LT) cd_fail(c, "a table compares in no known way");
  }
  if (x->kind == CELL_CMP) x->n = 1;
  if (x->kind == CELL_RANGE) x->n = 2;
  if (x->kind == CELL_SET) cd_count(c, &x->n);
  val *v = (val *)(uintptr_t)x->v;
  CD_ARRAY(c, &v, x->n);
  for (uint32_t i = 0; i < x->n && !c->wrong; i++) cd_value(c, t, &v[i], 0);
  x->v = v;
}

static void cd_table(cd *c, prog_table *t) {
  cd_str(c, &t->name);
  cd_count(c, &t->nparams);
  CD_ARRAY(c, &t->params, t->nparams);
  for (uint32_t i = 0; i < t->nparams; i++) cd_type(c, &t->params[i]);
  cd_type(c, &t->ret);
  cd_span(c, &t->sp);
  for (uint32_t i = 0; i < t->nparams && !c->wrong; i++)
    if (!table_takes(t->params[i])) cd_fail(c, "a table's parameter is of an impossible type");
  cd_count(c, &t->nrows);
  if (c->wrong) return;
  if (!t->nparams || (cd_reading(c) && t->nrows > cd_left(c) / t->nparams)) { cd_fail(c, "a table's rows are not all there"); return; }
  prog_cell *cells = (prog_cell *)(uintptr_t)t->cells;
  val *results = (val *)(uintptr_t)t->results;
  CD_ARRAY(c, &cells, (size_t)t->nrows * t->nparams);
  CD_ARRAY(c, &results, t->nrows);
  for (uint32_t r = 0; r < t->nrows && !c->wrong; r++) {
    for (uint32_t i = 0; i < t->nparams && !c->wrong; i++) cd_cell(c, &cells[(size_t)r * t->nparams + i], t->params[i]->base);
    if (!c->wrong) cd_value(c, t->ret->base, &results[r], 0);
  }
  t->cells = cells, t->results = results;
  if (cd_reading(c) && !c->wrong) t->index = table_index_build(c->a, t);
}

/* ---- native functions: their names; libraries are opened by the run that allows them ---- */

static void cd_extern(cd *c, prog_extern *x) {
  cd_str(c, &x->name);
  cd_str(c, &x->lib);
  cd_count(c, &x->nparams);
  if (x->nparams > EXTERN_MAX_PARAMS) { cd_fail(c, "a native function has too many parameters"); return; }
  CD_ARRAY(c, &x->params, x->nparams);
  for (uint32_t i = 0; i < x->nparams; i++) cd_type(c, &x->params[i]);
  cd_type(c, &x->ret);
  cd_span(c, &x->sp);
  for (uint32_t i = 0; i <= x->nparams && !c->wrong; i++)
    if (!extern_takes(i < x->nparams ? x->params[i] : x->ret)) cd_fail(c, "a native function is of an impossible type");
}

/* ---- all ---- */

static void cd_counts(cd *c) {
  ir_program *p = c->ir;
  cd_count(c, &p->nrecords);
  CD_OBJECTS(c, &p->records, p->nrecords, prog_record);
  for (uint32_t i = 0; cd_reading(c) && i < p->nrecords; i++) p->records[i]->shape.id = i;
  cd_count(c, &p->nsources);
  CD_OBJECTS(c, &p->sources, p->nsources, prog_source);
}

/* ---- templates ---- */

/* A function of the template, or none. What it takes and gives is vm_templates_wrong's to see. */
static void cd_maybe_fn(cd *c, uint32_t *fn) {
  int32_t x = *fn == UINT32_MAX ? -1 : (int32_t)*fn;
  cd_maybe(c, &x, c->ir->nfns);
  *fn = x < 0 ? UINT32_MAX : (uint32_t)x;
}

static void cd_slot(cd *c, prog_slot *s) {
  cd_str(c, &s->name);
  cd_u32(c, &s->source, c->ir->nsources);
  if (c->wrong) return;
  s->record = c->ir->sources[s->source]->record;
  cd_maybe(c, &s->eq_field, c->ir->records[s->record]->shape.nfields);
  cd_maybe_fn(c, &s->key);
  cd_maybe_fn(c, &s->test);
  cd_span(c, &s->sp);
}

static void cd_bound(cd *c, prog_bound *b, uint32_t at, uint32_t nslots) {
  cd_u8(c, &b->kind, BOUND_KIND_COUNT);
  cd_maybe(c, &b->slot, nslots);
  cd_maybe_fn(c, &b->fn);
  cd_u32(c, &b->a, at ? at : 1);
  cd_u32(c, &b->b, at ? at : 1);
}

static void cd_template(cd *c, prog_template *t) {
  cd_str(c, &t->name);
  cd_u32(c, &t->source, c->ir->nsources);
  if (c->wrong) return;
  t->record = c->ir->sources[t->source]->record;
  cd_str(c, &t->local_name);
  cd_maybe_fn(c, &t->test);
  cd_count(c, &t->nslots);
  CD_ARRAY(c, &t->slots, t->nslots);
  for (uint32_t i = 0; i < t->nslots && !c->wrong; i++) cd_slot(c, &t->slots[i]);
  cd_count(c, &t->ndemands);
  CD_ARRAY(c, &t->demands, t->ndemands);
  for (uint32_t i = 0; i < t->ndemands && !c->wrong; i++) {
    cd_maybe_fn(c, &t->demands[i].test);
    cd_maybe_fn(c, &t->demands[i].message);
    cd_u32(c, &t->demands[i].upto, (uint64_t)t->nslots + 1);
    cd_str(c, &t->demands[i].text);
    cd_span(c, &t->demands[i].sp);
  }
  cd_maybe_fn(c, &t->prefer);
  cd_count(c, &t->nbounds);
  CD_ARRAY(c, &t->bounds, t->nbounds);
  for (uint32_t i = 0; i < t->nbounds && !c->wrong; i++) cd_bound(c, &t->bounds[i], i, t->nslots);
  int32_t root = t->bound == UINT32_MAX ? -1 : (int32_t)t->bound;
  cd_maybe(c, &root, t->nbounds);
  t->bound = root < 0 ? UINT32_MAX : (uint32_t)root;
  cd_u32(c, &t->limit, UINT64_C(1) << 32);
  cd_fields(c, &t->nreads, &t->reads, c->ir->records[t->record]->shape.nfields);
  cd_span(c, &t->sp);
  cd_str(c, &t->doc);
  if (!c->wrong && cd_reading(c) && vm_template_wrong(c->ir, t)) cd_fail(c, "a template's functions do not fit it");
}

/* ---- experiments and choices ---- */

static void cd_share(cd *c, share *s) {
  cd_u64(c, &s->num);
  cd_u64(c, &s->den);
  if (!c->wrong && cd_reading(c) && (!s->den || s->den > INT64_MAX || s->num > s->den)) cd_fail(c, "a share is no share");
}

static void cd_experiment(cd *c, prog_experiment *x) {
  cd_str(c, &x->name);
  cd_u32(c, &x->source, c->ir->nsources);
  if (c->wrong) return;
  x->record = c->ir->sources[x->source]->record;
  cd_str(c, &x->local_name);
  cd_u32(c, &x->fn, c->ir->nfns);
  cd_count(c, &x->nconditions);
  CD_ARRAY(c, &x->conditions, x->nconditions);
  for (uint32_t i = 0; i < x->nconditions && !c->wrong; i++) cd_u32(c, &x->conditions[i].test, c->ir->nfns), cd_str(c, &x->conditions[i].text);
  cd_count(c, &x->narms);
  CD_ARRAY(c, &x->arms, x->narms);
  CD_ARRAY(c, &x->weights, x->narms);
  for (uint32_t i = 0; i < x->narms && !c->wrong; i++) cd_str(c, &x->arms[i]), cd_share(c, &x->weights[i]);
  cd_str(c, &x->salt);
  cd_bool(c, &x->ranged);
  cd_str(c, &x->ns);
  if (x->ranged) cd_share(c, &x->lo), cd_share(c, &x->hi);
  cd_span(c, &x->sp);
  cd_str(c, &x->doc);
  if (!c->wrong && cd_reading(c) && vm_experiment_wrong(c->ir, x)) cd_fail(c, "an experiment's function does not fit it");
}

static void cd_choice_numbers(cd *c, prog_choice *x) {
  cd_f64(c, &x->epsilon), cd_f64(c, &x->temperature), cd_f64(c, &x->alpha), cd_f64(c, &x->prior[0]), cd_f64(c, &x->prior[1]), cd_f64(c, &x->floor);
  cd_i64(c, &x->half_life), cd_i64(c, &x->delay), cd_i64(c, &x->sticky);
  cd_bool(c, &x->has_holdout);
  if (x->has_holdout) cd_share(c, &x->holdout);
  cd_str(c, &x->holdout_key);
  cd_bool(c, &x->has_fallback);
  cd_str(c, &x->fallback_key);
  cd_count(c, &x->ncaps);
  CD_ARRAY(c, &x->caps, x->ncaps);
  for (uint32_t i = 0; i < x->ncaps; i++) cd_i64(c, &x->caps[i].times), cd_i64(c, &x->caps[i].per);
  cd_str(c, &x->salt);
}

/* The sums' shape is the type of the functions' fourth parameter. */
static void cd_sums(cd *c, prog_choice *x) {
  const type *t = NULL;
  for (uint32_t i = 0; i < c->types.n && !cd_reading(c); i++)
    if (c->types.v[i]->kind == TY_RECORD && c->types.v[i]->rec == x->sums && !c->types.v[i]->opt) t = c->types.v[i];
  cd_type(c, &t);
  if (c->wrong) return;
  if (t->kind != TY_RECORD) { cd_fail(c, "a choice's sums are no record"); return; }
  x->sums = t->rec;
  cd_fields(c, &x->nsummed, &x->summed, x->sums->nfields);
  uint32_t n = x->nsummed;
  cd_fields(c, &n, &x->sum_of, c->ir->records[x->over_record]->shape.nfields);
  if (n != x->nsummed) cd_fail(c, "a choice's sums do not fit its evidence");
}

static void cd_choice(cd *c, prog_choice *x) {
  cd_str(c, &x->name);
  cd_u32(c, &x->source, c->ir->nsources);
  cd_maybe(c, &x->template, c->ir->ntemplates);
  if (x->template >= 0) cd_u32(c, &x->cand_record, c->ir->nrecords);
  else cd_u32(c, &x->cand_source, c->ir->nsources);
  cd_bool(c, &x->has_over);
  if (x->has_over) cd_u32(c, &x->over_source, c->ir->nsources);
  if (c->wrong) return;
  x->record = c->ir->sources[x->source]->record;
  if (x->template >= 0) x->cand_source = UINT32_MAX;
  else x->cand_record = c->ir->sources[x->cand_source]->record;
  if (x->has_over) x->over_record = c->ir->sources[x->over_source]->record;
  cd_str(c, &x->local_name);
  cd_maybe(c, &x->cand_field, c->ir->records[x->cand_record]->shape.nfields);
  if (x->has_over) cd_maybe(c, &x->over_field, c->ir->records[x->over_record]->shape.nfields);
  else x->over_field = -1;
  uint32_t *fns[] = { &x->test, &x->cand_key, &x->cand_test, &x->brand, &x->over_key, &x->over_test, &x->day };
  for (size_t i = 0; i < sizeof fns / sizeof *fns; i++) cd_maybe_fn(c, fns[i]);
  for (int i = 0; i < CHOICE_ARGS; i++) cd_maybe_fn(c, &x->args[i]);
  cd_count(c, &x->nconditions);
  CD_ARRAY(c, &x->conditions, x->nconditions);
  for (uint32_t i = 0; i < x->nconditions && !c->wrong; i++) cd_maybe_fn(c, &x->conditions[i].test), cd_str(c, &x->conditions[i].text);
  if (x->has_over && !c->wrong) cd_sums(c, x);
  uint8_t policy = (uint8_t)x->policy;
  cd_u8(c, &policy, CHOICE_POLICY_COUNT);
  x->policy = (choice_policy)policy;
  cd_choice_numbers(c, x);
  cd_fields(c, &x->nreads, &x->reads, c->ir->records[x->record]->shape.nfields);
  cd_bool(c, &x->reads_now);
  cd_span(c, &x->sp);
  cd_str(c, &x->doc);
  if (!c->wrong && cd_reading(c) && vm_choice_wrong(c->ir, x)) cd_fail(c, "a choice's functions do not fit it");
}

void cd_model(cd *c) {
  ir_program *p = c->ir;
  cd_files(c);
  cd_strs(c, &p->nmodules, &p->modules);
  cd_bool(c, &p->uses_now);
  cd_atoms(c);
  cd_patterns(c);
  cd_term_lists(c);
  cd_counts(c);
  cd_types(c);
  if (cd_reading(c)) p->types = c->types.v, p->ntypes = c->types.n;
  for (uint32_t i = 0; i < p->nrecords && !c->wrong; i++) cd_record_decl(c, p->records[i]);
  cd_defaults(c);
  for (uint32_t i = 0; i < p->nsources && !c->wrong; i++) cd_source_decl(c, p->sources[i]);
  if (cd_reading(c)) check_references(c);
  if (c->wrong) return;
  cd_count(c, &p->nexterns);
  CD_OBJECTS(c, &p->externs, p->nexterns, prog_extern);
  for (uint32_t i = 0; i < p->nexterns && !c->wrong; i++) cd_extern(c, p->externs[i]);
  if (c->wrong) return;
  cd_count(c, &p->ntables);
  CD_OBJECTS(c, &p->tables, p->ntables, prog_table);
  for (uint32_t i = 0; i < p->ntables && !c->wrong; i++) cd_table(c, p->tables[i]);
  if (c->wrong) return;
  cd_count(c, &p->nfns);
  CD_OBJECTS(c, &p->fns, p->nfns, prog_fn);
  for (uint32_t i = 0; i < p->nfns && !c->wrong; i++) cd_fn_decl(c, p->fns[i]);
  cd_count(c, &p->nrules);
  CD_OBJECTS(c, &p->rules, p->nrules, prog_rule);
  for (uint32_t i = 0; i < p->nrules && !c->wrong; i++) cd_rule(c, p->rules[i]);
  cd_count(c, &p->nwaivers);
  CD_OBJECTS(c, &p->waivers, p->nwaivers, prog_waiver);
  for (uint32_t i = 0; i < p->nwaivers && !c->wrong; i++) cd_waiver(c, p->waivers[i], i);
  cd_count(c, &p->naudiences);
  CD_OBJECTS(c, &p->audiences, p->naudiences, prog_audience);
  for (uint32_t i = 0; i < p->naudiences && !c->wrong; i++) cd_audience(c, p->audiences[i]);
  cd_count(c, &p->npasses);
  CD_OBJECTS(c, &p->passes, p->npasses, prog_passes);
  for (uint32_t i = 0; i < p->npasses && !c->wrong; i++) cd_passes(c, p->passes[i]);
  cd_count(c, &p->nrulesets);
  CD_OBJECTS(c, &p->rulesets, p->nrulesets, prog_passes);
  for (uint32_t i = 0; i < p->nrulesets && !c->wrong; i++) cd_passes(c, p->rulesets[i]);
  cd_count(c, &p->ntemplates);
  CD_OBJECTS(c, &p->templates, p->ntemplates, prog_template);
  for (uint32_t i = 0; i < p->ntemplates && !c->wrong; i++) cd_template(c, p->templates[i]);
  cd_count(c, &p->nexperiments);
  CD_OBJECTS(c, &p->experiments, p->nexperiments, prog_experiment);
  for (uint32_t i = 0; i < p->nexperiments && !c->wrong; i++) cd_experiment(c, p->experiments[i]);
  cd_count(c, &p->nchoices);
  CD_OBJECTS(c, &p->choices, p->nchoices, prog_choice);
  for (uint32_t i = 0; i < p->nchoices && !c->wrong; i++) cd_choice(c, p->choices[i]);
}
