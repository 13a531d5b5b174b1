/* Code in bundles: the library functions that are called (by name and signature), the tables that instructions name, and the
 * units. An instruction is written by the roles of its row in opcodes.def, so that a new one needs nothing here. Literals of
 * the program go by number and become pointers again when they are read. */
#include "vm/bundle.h"

#include <string.h>

/* ---- library functions ---- */

static uint32_t function_index(const cd *c, uint32_t lib) {
  for (uint32_t i = 0; i < c->functions.n; i++)
    if (c->functions.v[i] == lib) return i;
  return c->functions.n;
}

static void cd_functions(cd *c) {
  const lib_ops *lib = c->ir->lib;
  uint32_t n = c->functions.n;
  cd_count(c, &n);
  for (uint32_t i = 0; i < n && !c->wrong; i++) {
    str name = { 0 }, sig = { 0 };
    if (!cd_reading(c)) name = str_z(lib->table[c->functions.v[i]].name), sig = str_z(lib->table[c->functions.v[i]].sig);
    cd_str(c, &name);
    cd_str(c, &sig);
    if (!cd_reading(c) || c->wrong) continue;
    uint32_t k = 0;
    while (k < lib->count && !(str_eq(name, str_z(lib->table[k].name)) && str_eq(sig, str_z(lib->table[k].sig)))) k++;
    if (k == lib->count) {
      c->wrong_name = name;
      cd_fail(c, "calls a function that this version's library has not");
    } else *VEC_PUSH(c->a, &c->functions) = k;
  }
}

/* ---- tables ---- */

typedef enum site_kind { SITE_PLAIN, SITE_LIB, SITE_FN, SITE_EXTERN, SITE_TABLE } site_kind;

/* What a site's index names is known by the instruction that uses it; here it is written beside it. */
static void cd_site(cd *c, code_site *s, uint8_t *kind) {
  cd_u8(c, kind, SITE_TABLE + 1);
  if (*kind == SITE_LIB) {
    uint32_t f = s->index;
    if (c->mode == CD_COLLECT && function_index(c, f) == c->functions.n) *VEC_PUSH(c->a, &c->functions) = f;
    if (c->mode == CD_WRITE) f = function_index(c, f);
    cd_u32(c, &f, c->functions.n);
    if (cd_reading(c)) s->index = c->wrong ? 0 : c->functions.v[f];
  } else if (*kind == SITE_FN) cd_u32(c, &s->index, c->ir->nfns);
  else if (*kind == SITE_EXTERN) cd_u32(c, &s->index, c->ir->nexterns);
  else if (*kind == SITE_TABLE) cd_u32(c, &s->index, c->ir->ntables);
  uint32_t n = s->n;
  cd_count(c, &n);
  if (n > UINT16_MAX) cd_fail(c, "a call has too many operands"), n = 0;
  s->n = (uint16_t)n;
  uint16_t *regs = (uint16_t *)(uintptr_t)s->regs, *idx = (uint16_t *)(uintptr_t)s->idx;
  const type **argt = (const type **)(uintptr_t)s->argt;
  bool *lifts = (bool *)(uintptr_t)s->lifts, has_idx = idx != NULL, has_fmt = s->fmt != NULL;
  str *fmt = (str *)(uintptr_t)s->fmt;
  CD_ARRAY(c, &regs, n);
  CD_ARRAY(c, &argt, n);
  CD_ARRAY(c, &lifts, n);
  cd_bool(c, &has_idx);
  cd_bool(c, &has_fmt);
  if (has_idx) CD_ARRAY(c, &idx, n);
  if (has_fmt) CD_ARRAY(c, &fmt, n);
  for (uint32_t i = 0; i < n; i++) {
    cd_u16(c, &regs[i], UINT16_MAX);
    cd_type(c, &argt[i]);
    cd_bool(c, &lifts[i]);
    if (has_idx) cd_u16(c, &idx[i], UINT16_MAX);
    if (has_fmt) cd_str(c, &fmt[i]);
  }
  cd_type(c, &s->rett);
  if (!cd_reading(c)) return;
  s->regs = regs, s->argt = argt, s->lifts = lifts;
  s->idx = has_idx ? idx : NULL, s->fmt = has_fmt ? fmt : NULL;
}

static void mark_sites(uint8_t *kinds, const code_unit *u) {
  for (uint32_t i = 0; i < u->n; i++) {
    if (u->code[i].op == BC_CALL) kinds[u->code[i].d] = SITE_LIB;
    if (u->code[i].op == BC_FN) kinds[u->code[i].d] = SITE_FN;
    if (u->code[i].op == BC_EXTERN) kinds[u->code[i].d] = SITE_EXTERN;
    if (u->code[i].op == BC_TABLE) kinds[u->code[i].d] = SITE_TABLE;
  }
}

typedef struct mark { uint8_t *kinds; } mark;
static void mark_unit(void *ud, code_unit *u, str name, uint32_t part) {
  (void)name, (void)part;
  mark_sites(((mark *)ud)->kinds, u);
}

static void cd_tables(cd *c, code *k) {
  code_tables *t = &k->tab;
  code_const *consts = (code_const *)(uintptr_t)t->consts;
  code_site *sites = (code_site *)(uintptr_t)t->sites;
  str *causes = (str *)(uintptr_t)t->causes;
  cd_count(c, &t->nconsts);
  CD_ARRAY(c, &consts, t->nconsts);
  for (uint32_t i = 0; i < t->nconsts && !c->wrong; i++) {
    cd_type(c, &consts[i].type);
    cd_value(c, consts[i].type, &consts[i].v, 0);
  }
  cd_count(c, &t->nsites);
  CD_ARRAY(c, &sites, t->nsites);
  uint8_t *kinds = ARENA_ARRAY(c->a, uint8_t, t->nsites + 1);
  if (!cd_reading(c)) vm_each_unit(&(vm_program){ .ir = c->ir, .c = k }, mark_unit, &(mark){ kinds });
  for (uint32_t i = 0; i < t->nsites && !c->wrong; i++) cd_site(c, &sites[i], &kinds[i]);
  cd_count(c, &t->ncauses);
  CD_ARRAY(c, &causes, t->ncauses);
  for (uint32_t i = 0; i < t->ncauses; i++) cd_str(c, &causes[i]);
  if (cd_reading(c)) t->consts = consts, t->sites = sites, t->causes = causes;
}

/* ---- instructions ---- */

static void cd_literal(cd *c, ins *i) {
  uint32_t atom = cd_reading(c) ? 0 : i->k->atom - 1;
  cd_u32(c, &atom, c->ir->natoms);
  if (cd_reading(c)) i->k = c->wrong ? NULL : c->ir->atoms[atom];
}

/* Formats of text by name. */
static void cd_format(cd *c, ins *i) {
  str name = cd_reading(c) ? (str){ 0 } : str_z(vm_textformat_name(i->d));
  cd_str(c, &name);
  if (!cd_reading(c) || c->wrong) return;
  int f = c->ir->lib->textformat_find(name);
  if (f >= 0) { i->d = (uint32_t)f; return; }
  c->wrong_name = name;
  cd_fail(c, "names a format that this version has not");
}

static void cd_payload(cd *c, ins *i) {
  const code_row *r = &code_rows[i->op];
  switch (r->b) {
  case 'I': cd_i64(c, &i->i); return;
  case 'N': cd_f64(c, &i->n); return;
  case 'T': cd_literal(c, i); return;
  case 'P': {
    int64_t lo = i->lo, hi = i->hi;
    cd_i64(c, &lo);
    cd_i64(c, &hi);
    if (lo < INT32_MIN || lo > INT32_MAX || hi < INT32_MIN || hi > INT32_MAX) { cd_fail(c, "a number is out of range"); return; }
    i->lo = (int32_t)lo, i->hi = (int32_t)hi;
    return;
  }
  default: break;
  }
  if (r->b != '_') cd_u16(c, &i->b, UINT16_MAX + 1);
  if (r->c != '_') cd_u16(c, &i->c, UINT16_MAX + 1);
  if (r->d == 'M') cd_format(c, i);
  else if (r->d != '_') cd_u32(c, &i->d, UINT64_C(1) << 32);
}

static void cd_ins(cd *c, ins *i, uint32_t n) {
  cd_u8(c, &i->op, OPCODE_COUNT);
  const code_row *r = &code_rows[i->op];
  cd_u8(c, &i->x, 256);
  if (r->a != '_') cd_u16(c, &i->a, UINT16_MAX + 1);
  if (r->flow == FLOW_JUMP || r->flow == FLOW_TEST || r->flow == FLOW_CHECK) cd_u16(c, &i->t, n);
  if (r->flow == FLOW_TEST || r->flow == FLOW_CHECK) cd_u16(c, &i->f, n);
  cd_payload(c, i);
}

/* Places in runs of instructions that share one. */
static void cd_map(cd *c, code_unit *u) {
  for (uint32_t i = 0; i < u->n && !c->wrong;) {
    uint32_t run = 1;
    if (!cd_reading(c)) while (i + run < u->n && u->map[i + run].beg == u->map[i].beg && u->map[i + run].end == u->map[i].end) run++;
    cd_u32(c, &run, (uint64_t)(u->n - i) + 1);
    span sp = u->map[i];
    cd_span(c, &sp);
    for (uint32_t k = 0; k < run && cd_reading(c); k++) u->map[i + k] = sp;
    i += run ? run : 1;
  }
}

/* ---- units ---- */

static void cd_unit(cd *c, code *k, code_unit **out, code_unit like) {
  if (cd_reading(c)) {
    *out = ARENA_NEW(c->a, code_unit);
    **out = like;
    (*out)->tab = &k->tab;
  }
  code_unit *u = *out;
  uint32_t nregs = u->nregs;
  cd_count(c, &nregs);
  if (nregs >= UINT16_MAX) cd_fail(c, "a unit has too many registers"), nregs = 0;
  u->nregs = (uint16_t)nregs;
  cd_u16(c, &u->nfixed, (uint64_t)nregs + 1);
  CD_ARRAY(c, &u->regs, nregs);
  for (uint32_t i = 0; i < nregs; i++) {
    cd_u8(c, &u->regs[i].kind, REG_KINDS);
    cd_u8(c, &u->regs[i].sub, AGG_MAX + 1);
    cd_u16(c, &u->regs[i].depth, UINT16_MAX);
    cd_type_or_null(c, &u->regs[i].type);
  }
  cd_count(c, &u->n);
  if (u->n > UINT16_MAX) cd_fail(c, "a unit is too long"), u->n = 0;
  CD_ARRAY(c, &u->code, u->n);
  CD_ARRAY(c, &u->map, u->n);
  for (uint32_t i = 0; i < u->n && !c->wrong; i++) cd_ins(c, &u->code[i], u->n);
  cd_map(c, u);
}

/* The unit for clean records, when it is not the other one. */
static void cd_fast(cd *c, code *k, code_unit **fast, code_unit *main, code_unit like) {
  bool same = *fast == main;
  cd_bool(c, &same);
  like.clean = true;
  if (same) *fast = main;
  else cd_unit(c, k, fast, like);
}

static void cd_rule_code(cd *c, code *k, uint32_t i) {
  const prog_rule *r = c->ir->rules[i];
  code_rule *o = &k->rules[i];
  const type_rec *root = r->source >= 0 || r->refinement ? &c->ir->records[r->record]->shape : NULL;
  cd_unit(c, k, &o->main, (code_unit){ .kind = UNIT_RULE, .root = root });
  cd_fast(c, k, &o->fast, o->main, (code_unit){ .kind = UNIT_RULE, .root = root });
  CD_ARRAY(c, &o->why, r->nclauses);
  CD_ARRAY(c, &o->say, r->nclauses);
  for (uint32_t n = 0; n < r->nclauses && !c->wrong; n++) {
    cd_unit(c, k, &o->why[n], (code_unit){ .kind = UNIT_CLAUSE, .root = root, .collect = true });
    cd_unit(c, k, &o->say[n], (code_unit){ .kind = UNIT_MESSAGE, .root = root });
  }
  CD_ARRAY(c, &o->fix, r->nfixes);
  for (uint32_t n = 0; n < r->nfixes && !c->wrong; n++)
    cd_unit(c, k, &o->fix[n], (code_unit){ .kind = UNIT_FIX, .root = root, .ret = root->fields[r->fixes[n].field].type });
}

static void cd_audience_code(cd *c, code *k, uint32_t i) {
  const type_rec *root = &c->ir->records[c->ir->audiences[i]->record]->shape;
  code_audience *o = &k->audiences[i];
  cd_unit(c, k, &o->main, (code_unit){ .kind = UNIT_AUDIENCE, .root = root });
  cd_fast(c, k, &o->fast, o->main, (code_unit){ .kind = UNIT_AUDIENCE, .root = root });
  cd_unit(c, k, &o->why, (code_unit){ .kind = UNIT_AUDIENCE, .root = root, .collect = true });
}

/* A function's parameters are its first registers. */
static void cd_fn_code(cd *c, code *k, uint32_t i) {
  const prog_fn *f = c->ir->fns[i];
  code_fn *o = &k->fns[i];
  cd_unit(c, k, &o->main, (code_unit){ .kind = UNIT_FN, .ret = f->ret });
  cd_unit(c, k, &o->why, (code_unit){ .kind = UNIT_FN, .ret = f->ret, .collect = true });
  for (int n = 0; n < 2 && cd_reading(c) && !c->wrong; n++) {
    const code_unit *u = n ? o->why : o->main;
    if (u->nfixed != f->nparams) cd_fail(c, "a function's parameters are not its registers");
    for (uint32_t r = 0; r < f->nparams && !c->wrong; r++)
      if (!u->regs[r].type || !code_fits(u->regs[r].type, f->params[r])) cd_fail(c, "a function's parameters are not its registers");
  }
}

void cd_code(cd *c, code *k) {
  const ir_program *p = c->ir;
  if (c->mode != CD_COLLECT) cd_functions(c);
  if (!c->wrong) cd_tables(c, k);
  if (cd_reading(c)) {
    k->fns = ARENA_ARRAY(c->a, code_fn, p->nfns + 1);
    k->audiences = ARENA_ARRAY(c->a, code_audience, p->naudiences + 1);
    k->rules = ARENA_ARRAY(c->a, code_rule, p->nrules + 1);
  }
  for (uint32_t i = 0; i < p->nfns && !c->wrong; i++) cd_fn_code(c, k, i);
  for (uint32_t i = 0; i < p->naudiences && !c->wrong; i++) cd_audience_code(c, k, i);
  for (uint32_t i = 0; i < p->nrules && !c->wrong; i++) cd_rule_code(c, k, i);
}
