/* Entry points of the parser. See ast.h. */
#include "parser/parse.h"
#include "parser/grammar.h"

static void start(parser *p, arena *a, diags *d, const srcfile *f) {
  *p = (parser){ .a = a, .d = d, .f = f };
  lex_open(&p->lx, a, d, f);
}

ast *parse_file(arena *a, diags *d, const srcfile *f) {
  parser *p = ARENA_NEW(a, parser);
  start(p, a, d, f);
  /* 2: the parser's stack was full, which has been reported; go on behind that declaration */
  while (syn_parse(p) == 2 && p->tok.kind != LEX_EOF) p->skip = SYNC_FILE + 1, p->decl = 0, p->too_deep = p->started = false;
  ast *n = mk(p, AST_FILE, (span){ f->base, f->base + f->text.n });
  n->first = p->items.first, n->last = p->items.last;
  return n;
}

ast *parse_expr(arena *a, diags *d, const srcfile *f) {
  parser *p = ARENA_NEW(a, parser);
  start(p, a, d, f);
  p->want_expr = true;
  uint32_t before = d->errors;
  syn_parse(p);
  return p->expr && d->errors == before ? p->expr : mk(p, AST_ERROR, (span){ f->base, f->base + f->text.n });
}
