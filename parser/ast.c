/* Printing and comparing trees. One generic walk serves all kinds: every node has the same parts (ast.h). */
#include "parser/ast.h"

#include <stdio.h>
#include <stdlib.h>

const char *const ast_kind_names[AST_KIND_COUNT] = {
#define AST(name, sexp, doc) [AST_##name] = sexp,
#include "parser/ast.def"
#undef AST
};

static const char *const op_names[] = {
  [OP_NONE] = "", [OP_EQ] = "==", [OP_NE] = "!=", [OP_LT] = "<", [OP_LE] = "<=", [OP_GT] = ">", [OP_GE] = ">=",
  [OP_ADD] = "+", [OP_SUB] = "-", [OP_MUL] = "*", [OP_DIV] = "/", [Q_EVERY] = "every", [Q_SOME] = "some", [Q_NO] = "no",
  [MOD_KEY] = "key", [MOD_UNIQUE] = "unique", [MOD_FROM] = "from", [MOD_SPLIT] = "split", [MOD_DEFAULT] = "default",
  [UNIT_DURATION] = "duration", [UNIT_SIZE] = "size", [UNIT_MONTHS] = "months",
  [SEP_NONE] = "", [SEP_RANGE] = "..", [SEP_ARROW] = "->", [SEP_PER] = "per", [SEP_OF] = "of",
};

/* Flags that are part of the meaning; how something was spelled is not. */
enum { MEANT = AST_OPTIONAL | AST_EXACT | AST_IGNORING_CASE | AST_EXCEPT | AST_LISTED | AST_NEGATED };

static void print_text(buf *out, str s) {
  buf_ch(out, '"');
  for (uint32_t i = 0; i < s.n; i++) {
    unsigned char c = (unsigned char)s.p[i];
    if (c == '\n') buf_z(out, "\\n");
    else if (c == '\t') buf_z(out, "\\t");
    else if (c == '"' || c == '\\') buf_ch(out, '\\'), buf_ch(out, (char)c);
    else if (c < 32 || c == 127) buf_fmt(out, "\\x%02x", c);
    else buf_ch(out, (char)c);
  }
  buf_ch(out, '"');
}

static void print_number(buf *out, double n) {
  char s[40];
  for (int digits = 1; digits <= 17; digits++) {
    snprintf(s, sizeof s, "%.*g", digits, n);
    if (strtod(s, NULL) == n) break;
  }
  buf_z(out, s);
}

/* The part of a leaf that stands behind its kind. */
static void print_value(buf *out, const ast *n) {
  switch ((ast_kind)n->kind) {
    case AST_INT: case AST_QUANTITY: case AST_DATE: case AST_TIME: buf_fmt(out, " %lld", (long long)n->v.i); return;
    case AST_COLOR: buf_fmt(out, " %08llX", (unsigned long long)n->v.i); return;
    case AST_DEC: case AST_PERCENT: case AST_RATIO: buf_ch(out, ' '), print_number(out, n->v.n); return;
    case AST_TEXT: buf_ch(out, ' '), print_text(out, n->text); return;
    case AST_RAW: buf_ch(out, ' '), print_text(out, n->text), buf_str(out, n->name); return;
    case AST_NAME: case AST_PATH: buf_ch(out, ' '), buf_str(out, n->text); return;
    case AST_HOLE: if (n->text.n) buf_z(out, " :"), buf_str(out, n->text); return;
#define AST_STRUCTURE \
    case AST_ERROR: case AST_FILE: case AST_MODULE: case AST_IMPORT: case AST_TYPE: case AST_RECORD: case AST_SOURCE: case AST_PALETTE: \
    case AST_SWATCH: case AST_TERMS: case AST_TERM: case AST_TABLE: case AST_ROW: case AST_LET: case AST_FN: case AST_EXTERN: case AST_RULE: \
    case AST_RULESET: case AST_WAIVE: case AST_AUDIENCE: case AST_EXPERIMENT: case AST_ARM: case AST_CHOOSE: case AST_TEMPLATE: case AST_TEST: \
    case AST_PARAMS: case AST_PARAM: case AST_FIELD: case AST_MODIFIER: case AST_GROUP: case AST_BINDER: case AST_TYPE_NAME: case AST_TYPE_REF: \
    case AST_TYPE_UNION: case AST_TYPE_LIST: case AST_TYPE_MAP: case AST_BOUND_RANGE: case AST_BOUND_CMP: case AST_BOUND_MATCH: case AST_CELL_ANY: \
    case AST_CELL_MISSING: case AST_CELL_CMP: case AST_CELL_RANGE: case AST_CELL_SET: case AST_OPTION: case AST_OPTVALUE: case AST_REQUIRE: \
    case AST_FORBID: case AST_FIX: case AST_FROM: case AST_OVER: case AST_BY: case AST_SLOT: case AST_PREFER: case AST_GIVEN: case AST_EXPECT: \
    case AST_INTERP: case AST_PAREN: case AST_LIST: case AST_COMPREHENSION: case AST_MEMBER: case AST_CALL: case AST_ARG: case AST_INDEX: \
    case AST_NEG: case AST_ARITH: case AST_COALESCE: case AST_CMP: case AST_IN: case AST_CONTAINS: case AST_MATCHES: case AST_EXISTS: \
    case AST_IS_MISSING: case AST_PASSES: case AST_NOT: case AST_AND: case AST_OR: case AST_IMPLIES: case AST_QUANT: case AST_IF: case AST_KIND_COUNT
    AST_STRUCTURE:
      if (n->name.n) buf_ch(out, ' '), buf_str(out, n->name);
      return;
  }
}

static void print(buf *out, const ast *n) {
  while (n->kind == AST_PAREN) n = n->a;
  buf_ch(out, '(');
  buf_z(out, ast_kind_names[n->kind]);
  if (n->op && *op_names[n->op]) buf_ch(out, ' '), buf_z(out, op_names[n->op]);
  if (n->flags & AST_OPTIONAL) buf_z(out, " ?");
  if (n->flags & AST_EXACT) buf_z(out, " exact");
  if (n->flags & AST_IGNORING_CASE) buf_z(out, " ignoring-case");
  if (n->flags & AST_EXCEPT) buf_z(out, " except");
  if (n->flags & AST_LISTED) buf_z(out, " listed");
  if (n->flags & AST_NEGATED) buf_z(out, " not");
  print_value(out, n);
  if (n->doc.n) buf_z(out, " ;"), print_text(out, n->doc);
  const ast *parts[3] = { n->a, n->b, n->c };
  int last = n->c ? 3 : n->b ? 2 : n->a ? 1 : 0;
  for (int i = 0; i < last; i++) {
    buf_ch(out, ' ');
    if (parts[i]) print(out, parts[i]);
    else buf_ch(out, '~');
  }
  if (n->kind != AST_PATH)
    AST_EACH(c, n) {
      buf_ch(out, ' ');
      print(out, c);
    }
  buf_ch(out, ')');
}

void ast_print(buf *out, const ast *node) {
  if (node->kind != AST_FILE) {
    print(out, node);
    buf_ch(out, '\n');
    return;
  }
  AST_EACH(c, node) {
    print(out, c);
    buf_ch(out, '\n');
  }
}

static bool same_value(const ast *x, const ast *y) {
  switch ((ast_kind)x->kind) {
    case AST_INT: case AST_QUANTITY: case AST_DATE: case AST_TIME: case AST_COLOR: return x->v.i == y->v.i;
    case AST_DEC: case AST_PERCENT: case AST_RATIO: return x->v.n == y->v.n;
    case AST_TEXT: case AST_RAW: case AST_NAME: case AST_PATH: case AST_HOLE: return str_eq(x->text, y->text) && str_eq(x->name, y->name);
    AST_STRUCTURE: return str_eq(x->name, y->name);
  }
  return false;
}

bool ast_equal(const ast *x, const ast *y) {
  while (x && x->kind == AST_PAREN) x = x->a;
  while (y && y->kind == AST_PAREN) y = y->a;
  if (!x || !y) return x == y;
  if (x->kind != y->kind || x->op != y->op || (x->flags & MEANT) != (y->flags & MEANT) || !same_value(x, y) || !str_eq(x->doc, y->doc)) return false;
  if (!ast_equal(x->a, y->a) || !ast_equal(x->b, y->b) || !ast_equal(x->c, y->c)) return false;
  const ast *i = x->first, *j = y->first;
  for (; i && j; i = i->next, j = j->next)
    if (!ast_equal(i, j)) return false;
  return !i && !j;
}
