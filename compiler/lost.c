/* What a syntax error takes with it. The parser skips to the next line or block, so a name may be unknown only because its declaration was
 * among what it skipped: such a message is a consequence and not worth a word. Every other one is kept, so that one run tells all.
 *
 * A lost region is the text between the two neighbors of an error that could be read, in the innermost list around it: clauses of a rule,
 * fields of a record, declarations of a file. A name is explained by the regions when it is used inside one, or when one holds its word. */
#include "compiler/check.h"

#include <string.h>

typedef struct region { span sp; const ast *decl; } region; /* decl: the declaration that it is part of, NULL: between declarations */
struct lost {
  checker *c;
  VEC(region) v;
  names words;           /* that stand in some region */
  bool all;              /* a file's module line is among it: any name of that file may stand in the wrong module */
};

static bool word_byte(char ch) {
  unsigned char u = (unsigned char)ch;
  return (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z') || (u >= '0' && u <= '9') || u == '_' || u >= 0x80;
}

/* The next word of s from *at on; empty: there is none. */
static str next_word(str s, uint32_t *at) {
  uint32_t i = *at;
  while (i < s.n && !word_byte(s.p[i])) i++;
  uint32_t beg = i;
  while (i < s.n && word_byte(s.p[i])) i++;
  *at = i;
  return (str){ s.p + beg, i - beg };
}

static region region_of(const cfile *f, uint32_t pos) {
  const ast *node = f->tree;
  region r = { { f->src->base, f->src->base + f->src->text.n }, NULL };
  for (;;) {
    const ast *in = NULL, *after = NULL, *before = NULL;
    AST_EACH(n, node) {
      if (n->kind == AST_ERROR) continue;
      if (n->sp.end <= pos) before = n;
      else if (n->sp.beg <= pos) in = n;
      else { after = n; break; }
    }
    if (!in) {
      if (before) r.sp.beg = before->sp.end;
      if (after) r.sp.end = after->sp.beg;
      return r;
    }
    r.sp = in->sp;
    if (!r.decl) r.decl = in;
    if (!in->first) return r;
    node = in;
  }
}

static const cfile *file_at(const checker *c, uint32_t pos) {
  for (uint32_t i = 0; i < c->files.n; i++) {
    const srcfile *s = c->files.v[i]->src;
    if (pos >= s->base && pos <= s->base + s->text.n) return c->files.v[i];
  }
  return NULL;
}

static void lose(lost *l, const cfile *f, uint32_t pos) {
  region r = region_of(f, pos);
  if (l->v.n && l->v.v[l->v.n - 1].sp.beg == r.sp.beg && l->v.v[l->v.n - 1].sp.end == r.sp.end) return;
  *VEC_PUSH(l->c->a, &l->v) = r;
  str text = source_slice(l->c->src, r.sp);
  uint32_t at = 0;
  for (str w; (w = next_word(text, &at)).n;) {
    names_put(&l->words, w, l);
    l->all |= !r.decl && str_eq(w, STR("module"));
  }
}

lost *lost_find(checker *c) {
  lost *l = ARENA_NEW(c->a, lost);
  l->c = c;
  names_init(&l->words, c->a);
  for (uint32_t i = 0; i < c->d->list.n; i++) {
    const diag *g = c->d->list.v[i];
    const cfile *f = g->sev == SEV_ERROR ? file_at(c, g->sp.beg) : NULL;
    if (f) lose(l, f, g->sp.beg);
  }
  return l;
}

/* A declaration that lost a part may look empty, or seem to have nothing that applies. */
static bool broken_around(const lost *l, uint32_t pos) {
  for (uint32_t i = 0; i < l->v.n; i++) {
    const ast *d = l->v.v[i].decl;
    if (d && pos >= d->sp.beg && pos < d->sp.end) return true;
    if (pos >= l->v.v[i].sp.beg && pos < l->v.v[i].sp.end) return true;
  }
  return false;
}

bool lost_explains(const lost *l, const diag *g) {
  if (!l->v.n) return false;
  if (g->code == DIAG_PASSES_NONE) return true;
  if (g->code == DIAG_RECORD_EMPTY || g->code == DIAG_RULE_EMPTY || g->code == DIAG_TEST_EMPTY) return broken_around(l, g->sp.beg);
  for (uint32_t i = 0; g->code == DIAG_TEST_EXPECTED && i < l->v.n; i++) /* `require a.width between 1 and 3`: it was not read to its end */
    if (l->v.v[i].sp.beg == g->sp.end) return true;
  if (strncmp(diag_table[g->code].code, "E03", 3) != 0 || g->code == DIAG_NAME_DUPLICATE || g->code == DIAG_CYCLE) return false;
  if (l->all) return true;
  for (uint32_t i = 0; i < l->v.n; i++)
    if (g->sp.beg >= l->v.v[i].sp.beg && g->sp.beg < l->v.v[i].sp.end) return true;
  str text = source_slice(l->c->src, g->sp);
  uint32_t at = 0;
  for (str w; (w = next_word(text, &at)).n;)
    if (names_get(&l->words, w)) return true;
  return false;
}
