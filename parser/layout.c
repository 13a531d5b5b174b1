/* What the tree says about layout: where lines begin, where they may break, which columns line up.
 *
 * Breaks come in levels. A statement that does not fit on its line breaks at all places of its lowest level; each part that still does
 * not fit breaks at its own lowest level, and so on (format.c). So outer structure breaks before inner. */
#include "parser/layout.h"

enum { LABEL_MAX = 40 }; /* a longer first column is not lined up with */

static uint32_t first_of(const layout *l, const ast *n) { return layout_find(l, n->sp.beg); }
static uint32_t after(const layout *l, const ast *n) { return layout_find(l, n->sp.end); }

static void flag(layout *l, uint32_t i, int flags) { l->atoms[i].flags |= (uint8_t)flags; }

static void soft(layout *l, uint32_t i, int level, int indent) {
  atom *t = &l->atoms[i];
  if (t->level == BREAK_HARD || t->level <= level) return;
  t->level = (uint8_t)(level < BREAK_MAX ? level : BREAK_MAX), t->indent = (uint8_t)indent;
}

static void hard(layout *l, uint32_t i, int indent) { l->atoms[i].level = BREAK_HARD, l->atoms[i].indent = (uint8_t)indent; }

/* ---- expressions ---- */

static void plan(layout *l, const ast *n, int level);

static void plan_children(layout *l, const ast *n, int level) {
  if (n->a) plan(l, n->a, level);
  if (n->b) plan(l, n->b, level);
  if (n->c) plan(l, n->c, level);
  if (n->kind != AST_PATH) AST_EACH(c, n) plan(l, c, level);
}

/* Elements between brackets: a line each when they do not fit. close: the closing bracket's atom. */
static void plan_bracketed(layout *l, const ast *n, uint32_t close, int level) {
  AST_EACH(c, n) {
    soft(l, first_of(l, c), level, 1);
    plan(l, c, level + 1);
  }
  if (n->first) soft(l, close, level, 0), flag(l, close, ATOM_CLOSER);
}

/* a op b op c: the operators of one kind on one level. */
static void plan_chain(layout *l, const ast *n, int level) {
  const ast *x = n;
  for (; x->a->kind == n->kind; x = x->a) {
    soft(l, after(l, x->a), level, 1);
    plan(l, x->b, level + 1);
  }
  soft(l, after(l, x->a), level, 1);
  plan(l, x->b, level + 1);
  plan(l, x->a, level + 1);
}

static void plan_binder(layout *l, const ast *n, int level, int indent) {
  plan(l, n->a, level + 1);
  if (!n->b) return;
  soft(l, after(l, n->a), level, indent); /* `where` */
  plan(l, n->b, level + 1);
}

static bool is_method(const ast *n) { return n->kind == AST_CALL && n->a; }

/* x.f(...).g(...): a line each, beginning with the dot. */
static void plan_methods(layout *l, const ast *n, int level) {
  const ast *x = n;
  for (; x->kind == AST_MEMBER || is_method(x); x = x->a) {
    if (!is_method(x)) continue;
    soft(l, after(l, x->a), level, 1);
    plan_bracketed(l, x, after(l, x) - 1, level + 1);
  }
  plan(l, x, level + 1);
}

static bool is_method_chain(const ast *n) {
  int calls = 0;
  for (; n->kind == AST_MEMBER || is_method(n); n = n->a) calls += is_method(n);
  return calls > 1;
}

/* A break before the operator behind n->a. */
static void plan_binary(layout *l, const ast *n, int level) {
  soft(l, after(l, n->a), level, 1);
  plan_children(l, n, level + 1);
}

static void plan(layout *l, const ast *n, int level) {
  if (level > BREAK_MAX) level = BREAK_MAX;
  switch ((ast_kind)n->kind) {
    case AST_AND: case AST_OR: case AST_ARITH: plan_chain(l, n, level); return;
    case AST_IMPLIES: case AST_COALESCE: case AST_CMP: case AST_CONTAINS: plan_binary(l, n, level); return;
    case AST_QUANT: {
      plan(l, n->a, level + 1);
      if (!n->b) return;
      flag(l, after(l, n->a), ATOM_TIGHT_BEFORE); /* `:` */
      soft(l, first_of(l, n->b), level, 1);
      plan(l, n->b, level + 1);
      return;
    }
    case AST_IF:
      soft(l, after(l, n->a), level, 1);
      soft(l, after(l, n->b), level, 1);
      plan_children(l, n, level + 1);
      return;
    case AST_CALL:
      if (is_method_chain(n)) {
        plan_methods(l, n, level);
        return;
      }
      if (n->a) plan(l, n->a, level + 1);
      plan_bracketed(l, n, after(l, n) - 1, level);
      return;
    case AST_LIST: plan_bracketed(l, n, after(l, n) - 1, level); return;
    case AST_PAREN: {
      uint32_t close = after(l, n) - 1;
      soft(l, first_of(l, n->a), level, 1);
      soft(l, close, level, 0), flag(l, close, ATOM_CLOSER);
      plan(l, n->a, level + 1);
      return;
    }
    case AST_INDEX:
      flag(l, after(l, n->a), ATOM_TIGHT_BEFORE); /* `[` */
      plan_children(l, n, level);
      return;
    case AST_ARG:
      if (n->name.n) flag(l, layout_find(l, n->name_sp.end), ATOM_TIGHT_BEFORE); /* `:` */
      plan(l, n->a, level);
      return;
    case AST_COMPREHENSION:
      soft(l, after(l, n->a), level, 0); /* `for` */
      plan(l, n->a, level + 1);
      plan_binder(l, n->b, level, 0);
      return;
    case AST_BINDER: plan_binder(l, n, level, 1); return;
    case AST_NEG:
      flag(l, first_of(l, n), ATOM_TIGHT_AFTER);
      plan(l, n->a, level);
      return;
    case AST_TYPE_UNION:
      AST_EACH(c, n->a) if (c != n->a->first) soft(l, first_of(l, c) - 1, level, 1);
      return;
    case AST_PARAMS:
      AST_EACH(c, n) {
        soft(l, first_of(l, c), level, 1);
        plan(l, c, level + 1);
      }
      if (n->first) soft(l, after(l, n->last), level, 0), flag(l, after(l, n->last), ATOM_CLOSER);
      return;
    case AST_INTERP: return; /* one atom */
    case AST_ERROR: case AST_FILE: case AST_MODULE: case AST_IMPORT: case AST_TYPE: case AST_RECORD: case AST_SOURCE: case AST_PALETTE:
    case AST_SWATCH: case AST_TERMS: case AST_TERM: case AST_TABLE: case AST_ROW: case AST_LET: case AST_FN: case AST_EXTERN: case AST_RULE:
    case AST_RULESET: case AST_WAIVE: case AST_AUDIENCE: case AST_EXPERIMENT: case AST_ARM: case AST_CHOOSE: case AST_TEMPLATE: case AST_TEST:
    case AST_PARAM: case AST_FIELD: case AST_MODIFIER: case AST_GROUP: case AST_PATH: case AST_TYPE_NAME: case AST_TYPE_REF: case AST_TYPE_LIST:
    case AST_TYPE_MAP: case AST_BOUND_RANGE: case AST_BOUND_CMP: case AST_BOUND_MATCH: case AST_CELL_ANY: case AST_CELL_MISSING: case AST_CELL_CMP:
    case AST_CELL_RANGE: case AST_CELL_SET: case AST_OPTION: case AST_OPTVALUE: case AST_REQUIRE: case AST_FORBID: case AST_FIX: case AST_FROM:
    case AST_OVER: case AST_BY: case AST_SLOT: case AST_PREFER: case AST_GIVEN: case AST_EXPECT: case AST_INT: case AST_DEC: case AST_PERCENT:
    case AST_RATIO: case AST_QUANTITY: case AST_COLOR: case AST_DATE: case AST_TIME: case AST_TEXT: case AST_RAW: case AST_HOLE: case AST_NAME:
    case AST_MEMBER: case AST_IN: case AST_MATCHES: case AST_EXISTS: case AST_IS_MISSING: case AST_PASSES: case AST_NOT: case AST_KIND_COUNT:
      plan_children(l, n, level);
      return;
  }
}

/* ---- columns ---- */

static uint32_t flat(const layout *l, uint32_t from, uint32_t to) {
  uint32_t w = 0;
  for (uint32_t i = from; i < to; i++) w += layout_columns(l, i) + (i > from && layout_space(l, i));
  return w;
}

typedef uint32_t (*column_fn)(const layout *l, const ast *n); /* the atom that is to line up, 0 when n takes no part */

static uint32_t field_column(const layout *l, const ast *n) { return n->kind == AST_FIELD ? layout_find(l, n->name_sp.end) : 0; }
static uint32_t swatch_column(const layout *l, const ast *n) { return n->kind == AST_SWATCH ? first_of(l, n->a) : 0; }
static uint32_t arrow_column(const layout *l, const ast *n) { return n->kind == AST_ARM || n->kind == AST_TERM ? after(l, n->a) : 0; }
static uint32_t slot_column(const layout *l, const ast *n) { return n->kind == AST_SLOT ? layout_find(l, n->a->name_sp.end) : 0; }
static uint32_t value_column(const layout *l, const ast *n) {
  bool in = n->kind == AST_OPTION || n->kind == AST_FROM || n->kind == AST_OVER || n->kind == AST_BY || n->kind == AST_PREFER;
  return in ? first_of(l, n) + 1 : 0;
}

/* Lines up one column in each run of siblings that take part and have no empty line between them. */
static void align(layout *l, const ast *list, column_fn column) {
  for (const ast *run = list->first, *end; run; run = end) {
    uint32_t most = 0;
    for (end = run; end && column(l, end) && (end == run || !layout_blank_before(l, first_of(l, end))); end = end->next) {
      uint32_t w = flat(l, first_of(l, end), column(l, end));
      if (w <= LABEL_MAX && w > most) most = w;
    }
    if (end == run) {
      end = run->next;
      continue;
    }
    for (const ast *c = run; c != end; c = c->next) {
      uint32_t w = flat(l, first_of(l, c), column(l, c));
      bool has_column = column(l, c) < after(l, c); /* a term may have nothing behind its text */
      if (w < most && has_column) l->atoms[column(l, c)].pad = (uint16_t)(most - w);
    }
  }
}

static bool is_number(const ast *n) {
  ast_kind k = (ast_kind)n->kind;
  return k == AST_INT || k == AST_DEC || k == AST_PERCENT || k == AST_QUANTITY || k == AST_NEG;
}

enum { COLUMNS_MAX = 64 };
typedef struct column { uint32_t width; bool right; } column;

/* Widths of the cells of one side of a table's rows. */
static void measure(const layout *l, const ast *group, column *cols) {
  int k = 0;
  AST_EACH(c, group) {
    if (k == COLUMNS_MAX) return;
    uint32_t w = flat(l, first_of(l, c), after(l, c));
    if (w > cols[k].width) cols[k].width = w;
    cols[k++].right &= is_number(c);
  }
}

/* Room left over in a cell goes before it when its column is right-aligned, else before what follows its comma or arrow. */
static void place(layout *l, const ast *group, const column *cols, bool last_matters) {
  int k = 0;
  uint32_t carry = 0;
  AST_EACH(c, group) {
    if (k == COLUMNS_MAX) return;
    uint32_t room = cols[k].width - flat(l, first_of(l, c), after(l, c)), before = carry;
    carry = cols[k].right ? 0 : room;
    if (cols[k].right) before += room;
    if (c != group->first || cols[k].right) l->atoms[first_of(l, c)].pad = (uint16_t)before;
    if (!c->next && last_matters) l->atoms[after(l, c)].pad = (uint16_t)carry;
    k++;
  }
}

static void align_rows(layout *l, const ast *table) {
  for (const ast *run = table->first, *end; run; run = end) {
    column cells[COLUMNS_MAX], results[COLUMNS_MAX];
    for (int i = 0; i < COLUMNS_MAX; i++) cells[i] = (column){ 0, false }, results[i] = (column){ 0, true };
    for (end = run; end && (end == run || !layout_blank_before(l, first_of(l, end))); end = end->next)
      measure(l, end->a, cells), measure(l, end->b, results);
    for (int i = 0; i < COLUMNS_MAX; i++)
      if (cells[i].width > LABEL_MAX) return; /* such a table reads no better in columns */
    for (const ast *r = run; r != end; r = r->next) {
      place(l, r->a, cells, true);
      place(l, r->b, results, false);
    }
  }
}

/* ---- declarations and clauses ---- */

/* Brackets break inside; these begin a line of their own instead. */
static bool worth_a_line(const ast *e) {
  ast_kind k = (ast_kind)e->kind;
  return k == AST_AND || k == AST_OR || k == AST_IMPLIES || k == AST_IF || k == AST_QUANT || k == AST_CMP || k == AST_ARITH || k == AST_COALESCE;
}

/* `name = expr` */
static void plan_value(layout *l, const ast *e) {
  if (worth_a_line(e)) soft(l, first_of(l, e), 0, 1);
  plan(l, e, 1);
}

static void plan_clause(layout *l, const ast *n) {
  ast_kind k = (ast_kind)n->kind;
  if (k == AST_REQUIRE || k == AST_FORBID) {
    plan(l, n->a, 2);
    uint32_t next = after(l, n->a);
    if (n->b) soft(l, next, 1, 1), next = after(l, n->b);
    if (n->c) soft(l, next, 0, 1), flag(l, next, ATOM_FORCED);
  } else if (k == AST_EXPECT) {
    plan(l, n->a, 1);
    if (n->b) soft(l, after(l, n->a), 0, 1);
  } else if (k == AST_LET || k == AST_GIVEN) {
    plan_value(l, n->a);
  } else if (k == AST_FIX) {
    plan_value(l, n->b);
  } else {
    plan_children(l, n, 0);
  }
}

static void plan_block(layout *l, const ast *n) {
  uint32_t close = after(l, n) - 1;
  flag(l, close, ATOM_CLOSER);
  if (!n->first) {
    uint32_t open = close - 1;
    flag(l, open, ATOM_OPENER);
    if (l->atoms[close].comment < l->atoms[close + 1].comment) hard(l, close, 0); /* a comment alone in its braces */
    else flag(l, close, ATOM_TIGHT_BEFORE);
    return;
  }
  flag(l, first_of(l, n->first) - 1, ATOM_OPENER);
  AST_EACH(c, n) {
    hard(l, first_of(l, c), 1);
    plan_clause(l, c);
  }
  hard(l, close, 0);
  static const column_fn columns[] = { field_column, swatch_column, arrow_column, slot_column, value_column };
  for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) align(l, n, columns[i]);
  if (n->kind == AST_TABLE) align_rows(l, n);
}

static void plan_import(layout *l, const ast *n) {
  plan(l, n->a, 0);
  if (!(n->flags & AST_LISTED)) return;
  flag(l, first_of(l, n->first) - 1, ATOM_SPACE_BEFORE); /* not a call's bracket */
  plan_bracketed(l, n, after(l, n) - 1, 0);
}

static bool has_block(const ast *n) {
  ast_kind k = (ast_kind)n->kind;
  return k == AST_RULE || k == AST_CHOOSE || k == AST_TEMPLATE || k == AST_EXPERIMENT || k == AST_WAIVE || k == AST_TEST || k == AST_RECORD ||
         k == AST_PALETTE || k == AST_RULESET || k == AST_TABLE || (k == AST_TERMS && !n->b);
}

static void plan_item(layout *l, const ast *n) {
  ast_kind k = (ast_kind)n->kind;
  hard(l, first_of(l, n), 0);
  if (k == AST_IMPORT) {
    plan_import(l, n);
  } else if (k == AST_LET) {
    plan_value(l, n->a);
  } else if (k == AST_FN) {
    plan(l, n->a, 1);
    plan(l, n->b, 2);
    plan_value(l, n->c);
  } else if (k == AST_TABLE) {
    plan(l, n->a, 0);
    plan(l, n->b, 1);
  } else if (k == AST_AUDIENCE) {
    plan_binder(l, n->a, 1, 1);
  } else if (k == AST_RULE || k == AST_CHOOSE || k == AST_TEMPLATE || k == AST_EXPERIMENT) {
    if (n->a) plan_binder(l, n->a, 1, 2); /* deeper than the clauses that follow */
  } else if (k == AST_WAIVE) {
    AST_EACH(c, n->b) {
      soft(l, first_of(l, c), 0, 2);
      plan(l, c, 1);
    }
  } else if (k == AST_TEST) {
    if (n->b) plan(l, n->b, 0);
  } else if (!has_block(n)) {
    plan_children(l, n, 0);
  }
  if (has_block(n)) plan_block(l, n);
}

void layout_plan(layout *l, const ast *file) {
  AST_EACH(n, file) plan_item(l, n);
  hard(l, l->n - 1, 0);
}
