/* What a function computes, as a text: its code without places, then the code of all that it calls, each once, in the order in which they are met.
 *
 * Where following a thing would take a description of its own (decision tables, palettes), the digest of the whole program stands for it: then only the
 * same program is the same. */
#include "vm/vm_int.h"

typedef enum used { USED_FN, USED_AUDIENCE, USED_RULE, USED_RECORD, USED_KINDS } used;

typedef struct meaning {
  buf *out;
  const vm_program *p;
  bool *seen[USED_KINDS];
  VEC(uint32_t) next[USED_KINDS];
  bool digest;
} meaning;

static void meet(meaning *m, used k, uint32_t i) {
  if (m->seen[k][i]) return;
  m->seen[k][i] = true;
  *VEC_PUSH(m->out->a, &m->next[k]) = i;
}

static void meet_source(meaning *m, uint32_t s) {
  const prog_source *x = m->p->ir->sources[s];
  buf_fmt(m->out, "source %.*s from %.*s\n", STR_ARG(x->name), STR_ARG(x->from));
  meet(m, USED_RECORD, x->record);
}

static void meet_type(meaning *m, const type *t) {
  while (t && (t->kind == TY_LIST || t->kind == TY_MAP)) t = t->elem;
  if (t && t->kind == TY_RECORD && t->rec->id < m->p->ir->nrecords) meet(m, USED_RECORD, t->rec->id);
}

static void meet_const(meaning *m, const code_const *c) {
  if (c->type->kind == TY_PALETTE) m->digest = true;
  if (c->type->kind != TY_TERMS) return;
  const term_list *l = c->v.p;
  buf_fmt(m->out, "terms %.*s%s", STR_ARG(l->name), l->fold ? " ignoring case" : "");
  for (uint32_t i = 0; i < l->n; i++) buf_fmt(m->out, "\n  \"%.*s\" \"%.*s\"", STR_ARG(l->entries[i].text), STR_ARG(l->entries[i].replacement));
  buf_ch(m->out, '\n');
}

static void meet_operand(meaning *m, const code_unit *u, const ins *i, char role, uint32_t v) {
  const ir_program *ir = m->p->ir;
  if (role == 'S') meet_source(m, v);
  if (role == 'Q') meet(m, USED_AUDIENCE, v);
  if (role == 'K') meet_const(m, &u->tab->consts[v]);
  if (role == 'V')
    for (uint32_t k = 0; k < ir->passes[v]->nrules; k++) meet(m, USED_RULE, ir->passes[v]->rules[k]);
  if (role != 'Y') return;
  if (i->op == BC_FN) meet(m, USED_FN, u->tab->sites[v].index);
  if (i->op == BC_TABLE) m->digest = true;
}

static void unit(meaning *m, code_unit *u, str name) {
  vm_disasm_unit(m->out, m->p, u, name);
  for (uint32_t r = 0; r < u->nregs; r++) meet_type(m, u->regs[r].type);
  for (uint32_t k = 0; k < u->n; k++) {
    const ins *i = &u->code[k];
    const code_row *row = &code_rows[i->op];
    meet_operand(m, u, i, row->a, i->a);
    meet_operand(m, u, i, row->b, i->b);
    meet_operand(m, u, i, row->c, i->c);
    meet_operand(m, u, i, row->d, i->d);
  }
}

static void record(meaning *m, const prog_record *x) {
  buf_fmt(m->out, "record %.*s%s\n", STR_ARG(x->name), x->exact ? " exact" : "");
  for (uint32_t i = 0; i < x->shape.nfields; i++) {
    const prog_field *f = &x->fields[i];
    buf_fmt(m->out, "  %.*s from %.*s split %.*s%s: ", STR_ARG(f->name), STR_ARG(f->column), STR_ARG(f->split), f->key ? " key" : "");
    type_print(m->out, f->type, NULL);
    if (f->has_default) val_print(m->out, f->type, f->def, true);
    buf_ch(m->out, '\n');
  }
}

static void tell(meaning *m, used k, uint32_t i) {
  const ir_program *ir = m->p->ir;
  const code *c = m->p->c;
  switch (k) {
  case USED_FN: unit(m, c->fns[i].main, ir->fns[i]->name); break;
  case USED_AUDIENCE: unit(m, c->audiences[i].main, ir->audiences[i]->name); break;
  case USED_RULE: unit(m, c->rules[i].main, ir->rules[i]->name); break;
  case USED_RECORD: record(m, ir->records[i]); break;
  case USED_KINDS: break;
  }
}

void vm_meaning(buf *out, const vm_program *p, uint32_t fn) {
  const ir_program *ir = p->ir;
  const uint32_t n[USED_KINDS] = { ir->nfns, ir->naudiences, ir->nrules, ir->nrecords };
  uint32_t told[USED_KINDS] = { 0 };
  meaning m = { .out = out, .p = p };
  for (int k = 0; k < USED_KINDS; k++) m.seen[k] = ARENA_ARRAY(out->a, bool, n[k] + 1u);
  meet(&m, USED_FN, fn);
  for (used k = USED_FN; k < USED_KINDS;) { /* what is told may meet more, of any kind */
    if (told[k] == m.next[k].n) { k++; continue; }
    tell(&m, k, m.next[k].v[told[k]++]);
    k = USED_FN;
  }
  if (!m.digest) return;
  char hash[65];
  vm_packed_hash(vm_pack(out->a, p, (str){ "", 0 }), hash);
  buf_z(out, hash);
}
