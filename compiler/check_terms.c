/* Lists of terms: `terms banned { "cheap" -> "affordable" }` or `terms legal from "legal.csv"`. Each list is one constant of the program; the
 * library makes what finds its terms. */
#include "compiler/check.h"

#include <string.h>

enum { REPORTED = 20 }; /* a list that repeats all of another's terms is told of in so many messages */

typedef struct listing { checker *c; const decl *d; const term_row *rows; uint32_t n, untold; } listing;

static void problem(void *ud, enum terms_problem why, uint32_t index, uint32_t other) {
  listing *l = ud;
  const term_row *r = &l->rows[index];
  if (l->n++ >= REPORTED) { l->untold++; return; }
  if (why == TERMS_EMPTY) {
    diag *g = diag_add(l->c->d, DIAG_TERM_EMPTY, r->sp, "a term of `%.*s` is empty", STR_ARG(l->d->name));
    diag_note_add(l->c->d, g, (span){ 0, 0 }, "remove the line, or write the words that are to be found");
    return;
  }
  str text = r->e.text;
  if (text.n > 80) text.n = 80;
  diag *g = diag_add(l->c->d, DIAG_TERM_DUPLICATE, r->sp, "the term \"%.*s\" stands in `%.*s` twice", STR_ARG(text), STR_ARG(l->d->name));
  const char *where = str_eq(l->rows[other].e.text, r->e.text) ? "first here"
                    : l->d->node->flags & AST_IGNORING_CASE    ? "first here; the list ignores case and the width of spaces"
                                                               : "first here; the width of spaces makes no difference";
  diag_note_add(l->c->d, g, l->rows[other].sp, "%s", where);
}

static void inline_rows(checker *c, const ast *n, term_rows *rows) {
  AST_EACH(t, n) {
    if (t->kind != AST_TERM || !t->a) continue;
    term_row r = { .e = { .text = t->a->text, .has_replacement = t->b != NULL }, .sp = t->a->sp };
    if (t->b) r.e.replacement = t->b->text;
    *VEC_PUSH(c->a, rows) = r;
  }
}

static bool file_rows(checker *c, const decl *d, term_rows *rows) {
  const ast *from = d->node->b;
  load_request r = { .from = d->file->src->path, .path = from->text };
  const srcfile *f = c->o->load ? c->o->load(c->o->ud, c->src, &r) : NULL;
  if (f) return terms_csv(c, f, rows);
  if (!r.why.n) r.why = c->o->load ? STR("there is no such file") : STR("files cannot be read here");
  diag *g = diag_add(c->d, DIAG_TERMS_FILE, from->sp, "the terms of `%.*s` cannot be read from `%.*s`: %.*s", STR_ARG(d->name),
                     STR_ARG(from->text), STR_ARG(r.why));
  diag_note_add(c->d, g, (span){ 0, 0 }, "the path is relative to the folder of this rule file");
  return false;
}

void terms_decl(checker *c, decl *d) {
  term_rows rows = { 0 };
  uint32_t errors = c->d->errors;
  bool ok = true;
  if (d->node->b) ok = file_rows(c, d, &rows);
  else inline_rows(c, d->node, &rows);
  if (ok && !rows.n)
    diag_add(c->d, DIAG_RECORD_EMPTY, d->node->b ? d->node->b->sp : d->node->name_sp, "the list `%.*s` has no terms", STR_ARG(d->name));
  term_entry *e = ARENA_ARRAY(c->a, term_entry, rows.n ? rows.n : 1);
  for (uint32_t i = 0; i < rows.n; i++) e[i] = rows.v[i].e;
  term_list *t = ARENA_NEW(c->a, term_list);
  *t = (term_list){ .name = d->qname, .n = rows.n, .id = c->term_lists.n, .entries = e, .fold = d->node->flags & AST_IGNORING_CASE };
  listing l = { .c = c, .d = d, .rows = rows.v };
  if (ok) t->matcher = c->lib->terms_build(c->a, e, rows.n, t->fold, problem, &l);
  if (l.untold) diag_add(c->d, DIAG_TERM_DUPLICATE, d->node->name_sp, "`%.*s` has %u more terms that are empty or stand twice", STR_ARG(d->name), l.untold);
  d->bad = c->d->errors != errors || !rows.n;
  *VEC_PUSH(c->a, &c->term_lists) = t;
  d->value = ex_of(ir_const(c, c->t_terms, (val){ .p = t }, d->node->sp));
  d->ty.t = c->t_terms;
  d->state = DS_DONE;
}
