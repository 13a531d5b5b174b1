/* Fixes: what a rule proposes for a field of a record that fails it. A proposal is for a whole field of the rule's own record, and its value must
 * be one that the field's column can hold; that it may be missing means that there is then no proposal. */
#include "compiler/check.h"

/* Values that a run can put back into a column or a member without touching what no record declares. */
static bool can_be_put_back(const type *t) {
  t = t->base;
  while (t->kind == TY_LIST || t->kind == TY_MAP) t = t->elem->base;
  return t->kind != TY_RECORD;
}

static bool field_named(checker *c, const ast *path, const prog_rule *r, uint32_t *field) {
  const ast *root = path->first, *name = root ? root->next : NULL;
  const local *l = root ? scope_find(c, root->text) : NULL;
  if (r->source < 0 || !l || l->kind != LK_ROOT || !name) {
    diag *g = diag_add(c->d, DIAG_FIX, path->sp, r->source < 0 ? "a rule without a record has nothing to fix" : "a fix is for a field of the rule's own record");
    if (r->source >= 0) diag_note_add(c->d, g, (span){ 0, 0 }, "write `fix %.*s.field = ...`", STR_ARG(r->local_name));
    return false;
  }
  const prog_record *rec = c->records.v[r->record];
  uint32_t f = check_field(c, &rec->shape, name->text, name->sp, "", NULL);
  if (f == UINT32_MAX) return false;
  const prog_field *pf = &rec->fields[f];
  if (type_bad(pf->type)) return false;
  *field = f;
  diag *g = NULL;
  if (name->next) {
    g = diag_add(c->d, DIAG_FIX, path->sp, "a fix proposes a whole field of the rule's own record, not a part of one");
    diag_note_add(c->d, g, pf->sp, "`%.*s` is declared here", STR_ARG(pf->name));
  } else if (pf->key) {
    g = diag_add(c->d, DIAG_FIX, path->sp, "`%.*s` is the record's key, by which everything else names it", STR_ARG(pf->name));
  } else if (pf->unique) {
    g = diag_add(c->d, DIAG_FIX, path->sp, "`%.*s` is unique among all rows, and a fix sees one", STR_ARG(pf->name));
  } else if (!can_be_put_back(pf->type)) {
    str t = type_str(c, pf->type);
    g = diag_add(c->d, DIAG_FIX, path->sp, "`%.*s` is %.*s: members that no record declares would be lost", STR_ARG(pf->name), STR_ARG(t));
  }
  return g == NULL;
}

bool rule_fix(checker *c, const ast *n, const prog_rule *r, prog_fix *out) {
  uint32_t field = 0;
  if (n->a->kind != AST_PATH || !field_named(c, n->a, r, &field)) {
    check_expr(c, n->b); /* what is wrong there is told too */
    return false;
  }
  scope_find(c, n->a->first->text)->used = true;
  const prog_field *f = &c->records.v[r->record]->fields[field];
  ex e = check_expr(c, n->b);
  if (ex_isbad(e)) return false;
  e = check_want(c, e, type_opt(&c->ty, f->type->base), "`%.*s` takes", STR_ARG(f->name));
  if (ex_isbad(e)) return false;
  *out = (prog_fix){ .field = field, .value = e.n, .text = slice_of(c, n->b->sp), .sp = n->sp };
  return true;
}

void rule_fix_twice(checker *c, const prog_fix *fixes, uint32_t n, const prog_fix *x) {
  for (uint32_t i = 0; i < n; i++) {
    if (fixes[i].field != x->field) continue;
    diag *g = diag_add(c->d, DIAG_FIX, x->sp, "this rule proposes two values for one field");
    diag_note_add(c->d, g, fixes[i].sp, "the first is here");
    return;
  }
}
