/* Who uses whom: one graph over all declarations with expressions. It must have no cycle, which is what makes every program end; its order is
 * the order in which functions are numbered and costs are added up. No recursion: a chain may be as long as the program. */
#include "compiler/check.h"

typedef struct frame { decl *d; uint32_t next; } frame;
typedef VEC(frame) frames;

enum { GRAY = 1, BLACK = 2 };

static void report_cycle(checker *c, const frames *s, const decl *again, span use) {
  uint32_t from = s->n;
  while (from > 0 && s->v[from - 1].d != again) from--;
  from = from ? from - 1 : 0;
  buf names = { .a = c->a };
  const decl *first = NULL;
  uint32_t shown = 0;
  for (uint32_t i = from; i < s->n; i++) {
    const decl *d = s->v[i].d;
    if (!d->name.n) continue; /* a set of rules, no declaration */
    if (!first) first = d;
    if (++shown > 12) continue;
    buf_fmt(&names, "`%.*s` uses ", STR_ARG(d->name));
  }
  if (!first) return;
  if (shown > 12) buf_z(&names, "... uses ");
  buf_fmt(&names, "`%.*s`", STR_ARG(first->name));
  str text = buf_done(&names);
  diag *g = diag_add(c->d, DIAG_CYCLE, first->node->name_sp, shown == 1 ? "`%.*s` uses itself" : "these use each other in a circle: %.*s",
                     shown == 1 ? (int)first->name.n : (int)text.n, shown == 1 ? first->name.p : text.p);
  diag_note_add(c->d, g, use, "the circle closes here");
  for (uint32_t i = from; i < s->n; i++) s->v[i].d->bad = s->v[i].d->cyclic = true;
}

bool graph_check(checker *c, decl_list *order) {
  bool ok = true;
  frames stack = { 0 };
  for (uint32_t i = 0; i < c->decls.n; i++) c->decls.v[i]->mark = 0;
  for (uint32_t i = 0; i < c->decls.n; i++) {
    if (c->decls.v[i]->mark) continue;
    c->decls.v[i]->mark = GRAY;
    *VEC_PUSH(c->a, &stack) = (frame){ c->decls.v[i], 0 };
    while (stack.n) {
      frame *f = &stack.v[stack.n - 1];
      if (f->next == f->d->deps.n) {
        f->d->mark = BLACK;
        *VEC_PUSH(c->a, order) = f->d;
        stack.n--;
        continue;
      }
      decl *to = f->d->deps.v[f->next];
      span use = f->d->dep_spans.v[f->next++];
      if (to->mark == GRAY) {
        if (!to->cyclic) report_cycle(c, &stack, to, use);
        ok = false;
      } else if (!to->mark) {
        to->mark = GRAY;
        *VEC_PUSH(c->a, &stack) = (frame){ to, 0 };
      }
    }
  }
  return ok;
}

void graph_renumber(checker *c, const decl_list *order) {
  uint32_t *fn = ARENA_ARRAY(c->a, uint32_t, c->fns.n + 1), *aud = ARENA_ARRAY(c->a, uint32_t, c->audiences.n + 1), nf = 0, na = 0;
  prog_fn **fns = ARENA_ARRAY(c->a, prog_fn *, c->fns.n + 1);
  prog_audience **audiences = ARENA_ARRAY(c->a, prog_audience *, c->audiences.n + 1);
  decl **fd = ARENA_ARRAY(c->a, decl *, c->fns.n + 1), **ad = ARENA_ARRAY(c->a, decl *, c->audiences.n + 1);
  for (uint32_t i = 0; i < order->n; i++) {
    decl *d = order->v[i];
    if (d->fn) fn[d->index] = nf, fns[nf] = d->fn, fd[nf] = d, d->index = nf++;
    if (d->audience) aud[d->index] = na, audiences[na] = d->audience, ad[na] = d, d->index = na++;
  }
  for (uint32_t i = 0; i < c->fn_nodes.n; i++) c->fn_nodes.v[i]->index = fn[c->fn_nodes.v[i]->index];
  for (uint32_t i = 0; i < c->audience_nodes.n; i++) c->audience_nodes.v[i]->index = aud[c->audience_nodes.v[i]->index];
  c->fns.v = fns, c->fn_decls.v = fd, c->audiences.v = audiences, c->audience_decls.v = ad;
  c->fns.n = c->fn_decls.n = c->fns.cap = c->fn_decls.cap = nf;
  c->audiences.n = c->audience_decls.n = c->audiences.cap = c->audience_decls.cap = na;
}
