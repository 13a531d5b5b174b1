/* Native functions: `extern fn NAME(...) -> TYPE from "LIBRARY"`. A declaration names a library and says nothing of where it is or that it may
 * be opened: that is for the run to allow. */
#include "compiler/check.h"

static bool can_pass(checker *c, const type *t, span sp, str name) {
  if (type_bad(t)) return false;
  if (extern_takes(t)) return true;
  str s = type_str(c, t);
  diag *g = diag_add(c->d, DIAG_EXTERN, sp, "the native function `%.*s` cannot take or give %.*s", STR_ARG(name), STR_ARG(s));
  diag_note_add(c->d, g, (span){ 0, 0 }, "bool, int, number, text, color and date can, with or without `?`, and lists of them");
  return false;
}

static bool library_name(checker *c, decl *d, const ast *lib) {
  const char *why = NULL;
  if (!lib->text.n) why = "the name of the library is empty";
  for (uint32_t i = 0; i < lib->text.n && !why; i++) {
    char ch = lib->text.p[i];
    bool fine = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '_' || ch == '-' || ch == '+' || ch == '.';
    if (!fine || ch == '.') why = fine && i ? NULL : "a library is named without its folder";
  }
  if (!why) return true;
  diag *g = diag_add(c->d, DIAG_EXTERN, lib->sp, "%s", why);
  diag_note_add(c->d, g, (span){ 0, 0 }, "write `from \"%.*s\"`, and say in the run where libraries are: --allow-native FILE, or --native-path FOLDER", STR_ARG(d->name));
  return false;
}

void extern_decl(checker *c, decl *d) {
  prog_extern *x = d->native = ARENA_NEW(c->a, prog_extern);
  x->name = d->qname, x->sp = d->node->sp;
  unit u;
  unit_open(c, &u, NULL, d->file);
  names seen;
  names_init(&seen, c->a);
  VEC(const type *) params = { 0 };
  VEC(str) named = { 0 };
  if (d->node->a) AST_EACH(p, d->node->a) {
    const type *t = check_type(c, p->a, 0).t;
    if (!can_pass(c, t, p->a->sp, d->name)) d->bad = true;
    if (!names_put(&seen, p->name, d)) {
      diag_add(c->d, DIAG_NAME_DUPLICATE, p->name_sp, "the parameter `%.*s` is declared twice", STR_ARG(p->name));
      d->bad = true;
    }
    *VEC_PUSH(c->a, &params) = t;
    *VEC_PUSH(c->a, &named) = p->name;
  }
  x->params = params.v, x->nparams = params.n, d->params = named.v;
  if (params.n > EXTERN_MAX_PARAMS) {
    diag_add(c->d, DIAG_EXTERN, d->node->name_sp, "a native function has at most %d parameters", EXTERN_MAX_PARAMS);
    d->bad = true;
  }
  x->ret = check_type(c, d->node->b, 0).t;
  if (!can_pass(c, x->ret, d->node->b->sp, d->name)) d->bad = true;
  unit_close(c, &u);
  if (!library_name(c, d, d->node->c)) d->bad = true;
  x->lib = str_dup(c->a, d->node->c->text);
  d->index = c->externs.n;
  *VEC_PUSH(c->a, &c->externs) = x;
}
