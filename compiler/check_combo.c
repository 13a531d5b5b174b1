/* What a combination of a template is to a choice that draws from it: a record with the field `key`, which says its parts by their keys, one field a slot, the
 * part itself, and `prefer`, what the template's preference came to. It stands behind the declared records of the program; no source has it. */
#include "compiler/check.h"

#include <string.h>

static bool parts_have_keys(checker *c, const decl *d, span sp) {
  for (uint32_t i = 0; i < d->template->nslots; i++) {
    const prog_slot *s = &d->template->slots[i];
    const prog_record *r = c->records.v[s->record];
    if (r->shape.nkeys) continue;
    diag *g = diag_add(c->d, DIAG_CHOICE, sp, "candidates are told apart by the keys of their parts, and %.*s, which fills `%.*s`, has no key",
                       STR_ARG(r->name), STR_ARG(s->name));
    diag_note_add(c->d, g, s->sp, "this is the slot");
    return false;
  }
  return true;
}

static bool names_free(checker *c, const decl *d, span sp) {
  for (uint32_t i = 0; i < d->template->nslots; i++) {
    const prog_slot *s = &d->template->slots[i];
    if (!str_eq(s->name, STR("key")) && !str_eq(s->name, STR("prefer"))) continue;
    diag *g = diag_add(c->d, DIAG_CHOICE, sp, "the slot `%.*s` needs another name before a choice can draw from this template: the name stands for the combination's own",
                       STR_ARG(s->name));
    diag_note_add(c->d, g, s->sp, "this is the slot");
    return false;
  }
  return true;
}

static void add(prog_record *r, str name, const type *t, span sp) {
  r->fields[r->shape.nfields] = (prog_field){ .name = name, .column = name, .type = t, .split = { "", 0 }, .doc = { "", 0 }, .sp = sp };
  r->shape.fields[r->shape.nfields++] = (type_field){ name, t };
}

const prog_record *combo_record(checker *c, decl *d, span sp) {
  if (d->record || d->bad) return d->record;
  const prog_template *t = d->template;
  if (!parts_have_keys(c, d, sp) || !names_free(c, d, sp)) return NULL;
  prog_record *r = d->record = ARENA_NEW(c->a, prog_record);
  *r = (prog_record){ .name = d->qname, .sp = d->node->name_sp, .doc = { "", 0 } };
  r->fields = ARENA_ARRAY(c->a, prog_field, t->nslots + 2u);
  r->shape = (type_rec){ .name = d->qname, .id = c->records.n, .nkeys = 1, .keys = ARENA_ARRAY(c->a, uint16_t, 1) };
  r->shape.fields = ARENA_ARRAY(c->a, type_field, t->nslots + 2u);
  add(r, STR("key"), c->t_text, t->sp);
  r->fields[0].key = true;
  for (uint32_t i = 0; i < t->nslots; i++) add(r, t->slots[i].name, type_record(&c->ty, &c->records.v[t->slots[i].record]->shape), t->slots[i].sp);
  if (t->prefer != UINT32_MAX) add(r, STR("prefer"), c->t_num, t->sp);
  *VEC_PUSH(c->a, &c->records) = r;
  return r;
}
