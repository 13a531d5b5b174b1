/* Sources that every program has: what the state file knows of decisions and of what came of them. They are declared in the language itself, as a file
 * that is compiled along when a rule file names one of them and does not declare that name itself; nothing of it is there otherwise.
 *
 * The runtime knows these sources by their module (SRC_STATE in runtime/source.h) and reads them from the file that --state names. */
#include "compiler/check.h"

static const char path[] = "<blazon.state>";
static const char declarations[] =
    "module blazon.state\n"
    "record Decision {\n"
    "  id : text key  choice : text  subject : text  candidate : text?\n"
    "  stage : \"policy\" | \"sticky\" | \"holdout\" | \"fallback\" | \"none\"\n"
    "  time : time  day : date  p : number?  p_assign : number?\n"
    "}\n"
    "record Outcome {\n"
    "  decision : text key  name : text key  choice : text  subject : text  candidate : text?  reward : number  time : time\n"
    "}\n"
    "record Evidence {\n"
    "  choice : text key  candidate : text key  day : date key  trials : int  successes : int  reward : number  squares : number\n"
    "}\n"
    "record Exposure {\n"
    "  experiment : text key  subject : text key  arm : text  time : time\n"
    "}\n"
    "source decisions : Decision\n"
    "source outcomes : Outcome\n"
    "source evidence : Evidence\n"
    "source exposures : Exposure\n";

static const char *const names_of[] = { "decisions", "outcomes", "evidence", "exposures", "Decision", "Outcome", "Evidence", "Exposure" };
enum { NAMES = sizeof names_of / sizeof *names_of };

/* The sources among the names that a misspelt one may mean. */
void builtin_near(checker *c, strs *out) {
  for (uint32_t i = 0; i < NAMES / 2; i++) *VEC_PUSH(c->a, out) = str_z(names_of[i]);
}

/* Which of the names the file uses as names (not as fields) without giving them a meaning of its own. */
static unsigned used_names(checker *c, const cfile *f) {
  unsigned found = 0;
  VEC(const ast *) todo = { 0 };
  *VEC_PUSH(c->a, &todo) = f->tree;
  while (todo.n) {
    const ast *n = todo.v[--todo.n];
    bool named = n->kind == AST_NAME || n->kind == AST_PATH || n->kind == AST_TYPE_NAME;
    str name = n->kind == AST_GIVEN ? n->name : named ? n->text : (str){ "", 0 };
    for (uint32_t i = 0; name.n && i < NAMES; i++)
      if (str_eq(name, str_z(names_of[i]))) found |= 1u << i;
    const ast *parts[] = { n->a, n->b, n->c };
    for (int i = 0; i < 3; i++)
      if (parts[i]) *VEC_PUSH(c->a, &todo) = parts[i];
    if (n->kind != AST_PATH) AST_EACH(k, n) *VEC_PUSH(c->a, &todo) = k;
  }
  for (uint32_t i = 0; i < NAMES; i++)
    if (names_get(&f->mod->decls, str_z(names_of[i])) || names_get(&f->imports, str_z(names_of[i]))) found &= ~(1u << i);
  return found;
}

/* The file with the declarations; a program that comes from a bundle's sources has it already. */
static const srcfile *declared_in(checker *c) {
  for (uint32_t i = 0; i < c->src->files.n; i++)
    if (str_eq(c->src->files.v[i]->path, STR(path))) return c->src->files.v[i];
  srcfile *f = sources_add(c->src, STR(path), STR(declarations));
  if (f) f->data = true; /* nobody's rules: not compiled by itself the next time */
  return f;
}

void builtin_sources(checker *c) {
  module *m = NULL;
  uint32_t given = c->files.n;
  for (uint32_t k = 0; k < given; k++) {
    cfile *f = c->files.v[k];
    unsigned used = used_names(c, f);
    if (!used) continue;
    const srcfile *src = m ? NULL : declared_in(c);
    if (src) m = file_declared(c, src);
    for (uint32_t i = 0; m && i < NAMES; i++) {
      decl *d = used >> i & 1 ? names_get(&m->decls, str_z(names_of[i])) : NULL;
      if (d) file_sees(c, f, d);
    }
  }
}
