/* Derivations: the reference evaluator's trace, folded into a tree, and the tree as text or JSON. See explain.h.
 *
 * The trace tells a node after its parts, with its depth. A node therefore takes as its parts all nodes one deeper that were told since
 * the last node of its own depth. Values are printed at once: what they point to may change with the next row that a quantifier visits. */
#include "runtime/explain.h"

#include "compiler/waiver.h"
#include "reference/ref.h"
#include "runtime/engine.h"
#include "runtime/waived.h"

#include <string.h>

enum { MAX_PARTS = 24, MAX_DEPTH = 600, MAX_STEPS = 20000000, MAX_TEXT = 160 };

typedef struct level { ex_node *first, *last; uint32_t n, more, passing; /* rules that a `passes` asked */ } level;

typedef struct root { const ir *n; ex_node *tree; } root;

typedef struct tracer {
  arena *a;
  const sources *src;
  level levels[MAX_DEPTH];
  VEC(root) roots;         /* trees of the nodes at depth 0, in order */
} tracer;

str rt_one_line(arena *a, str s) {
  buf b = { .a = a };
  bool space = false;
  for (uint32_t i = 0; i < s.n; i++) {
    bool blank = s.p[i] == ' ' || s.p[i] == '\n' || s.p[i] == '\t' || s.p[i] == '\r';
    if (blank) { space = b.n > 0; continue; }
    if (space) buf_ch(&b, ' ');
    space = false;
    buf_ch(&b, s.p[i]);
  }
  return buf_done(&b);
}

static bool is_test(const ir *n) { return n->ty && n->ty->kind == TY_BOOL; }

static str value_text(arena *a, const ir *n, val v, uint8_t st) {
  if (st == ST_MISSING) return is_test(n) ? STR("unknown") : STR("missing");
  if (st == ST_ERR) return STR("error");
  buf b = { .a = a };
  if (n->ty->kind == TY_RECORD && v.r) {
    buf_str(&b, v.r->ty->name);
    for (uint32_t i = 0; i < v.r->ty->nkeys; i++) {
      uint16_t f = v.r->ty->keys[i];
      buf_z(&b, i ? ", " : " ");
      if (v.r->st[f] == ST_OK) val_print(&b, v.r->ty->fields[f].type, v.r->v[f], true);
    }
    return buf_done(&b);
  }
  val_print(&b, n->ty, v, true);
  return buf_done(&b);
}

static str value_json(arena *a, const ir *n, val v, uint8_t st) {
  buf b = { .a = a };
  if (n->ty->kind == TY_RECORD || n->ty->kind == TY_PATTERN || n->ty->kind == TY_PALETTE || n->ty->kind == TY_TERMS) return (str){ "", 0 };
  val_json(&b, n->ty, v, st);
  return buf_done(&b);
}

/* Literals and conversions say nothing that their parent does not. */
static bool silent(const ir *n) {
  switch ((ir_kind)n->kind) {
  case IR_CONST: case IR_NONE: case IR_TO_NUMBER: case IR_LIST: return true;
  case IR_LOCAL: return n->ty && n->ty->kind == TY_RECORD;
  case IR_NOW:
  case IR_TODAY:
  case IR_FIELD:
  case IR_DEREF:
  case IR_INDEX:
  case IR_MAP_GET:
  case IR_ARITH:
  case IR_NEG:
  case IR_RECORD:
  case IR_WITH:
  case IR_INTERP:
  case IR_CALL:
  case IR_FN: case IR_EXTERN:
  case IR_TABLE:
  case IR_COALESCE:
  case IR_IF:
  case IR_COMPR:
  case IR_AGG:
  case IR_AND:
  case IR_OR:
  case IR_NOT:
  case IR_IMPLIES:
  case IR_QUANT:
  case IR_CMP:
  case IR_IN_RANGE:
  case IR_IN_LIST:
  case IR_CONTAINS:
  case IR_MATCHES:
  case IR_EXISTS:
  case IR_IS_MISSING:
  case IR_IN_AUDIENCE: case IR_PASSES: case IR_FORMAT_OK: case IR_UNIQUE: case IR_RESOLVES: return false;
  case IR_KIND_COUNT: break;
  }
  return false;
}

static void append(level *l, ex_node *first, ex_node *last, uint32_t n, uint32_t more) {
  l->more += more;
  if (!first) return;
  if (l->n + n > MAX_PARTS) { l->more += n; return; }
  if (l->last) l->last->next = first;
  else l->first = first;
  l->last = last, l->n += n;
}

/* A rule that a `passes` asks: with its parts when it does not pass; those that do are only counted. */
static void on_rule(void *ud, const prog_rule *r, uint32_t depth, truth t) {
  static const char *const words[] = { "fails", "passes", "unknown", "error" };
  tracer *k = ud;
  if (depth + 1 >= MAX_DEPTH) return;
  level below = k->levels[depth + 1];
  k->levels[depth + 1] = (level){ 0 };
  if (t == TR_T) { k->levels[depth].passing++; return; }
  ex_node *x = ARENA_NEW(k->a, ex_node);
  *x = (ex_node){ .text = r->name, .value = str_z(words[t]), .json = (str){ "", 0 }, .rule = true, .st = t == TR_U ? ST_MISSING : t == TR_E ? ST_ERR : ST_OK,
                  .first = below.first, .more = below.more };
  append(&k->levels[depth], x, x, 1, 0);
}

static ex_node *others(arena *a, const level *l) {
  ex_node *x = ARENA_NEW(a, ex_node);
  str text = l->first ? str_fmt(a, "%u other rule%s", l->passing, l->passing == 1 ? "" : "s") : l->passing == 1 ? STR("its rule") : str_fmt(a, "its %u rules", l->passing);
  *x = (ex_node){ .text = text, .value = l->passing == 1 ? STR("passes") : STR("pass"), .json = (str){ "", 0 }, .rule = true };
  return x;
}

static void on_node(void *ud, const ir *n, uint32_t depth, val v, uint8_t st) {
  tracer *t = ud;
  if (depth + 1 >= MAX_DEPTH) return;
  level below = t->levels[depth + 1];
  t->levels[depth + 1] = (level){ 0 };
  ex_node *x = NULL;
  if (below.passing) {
    x = others(t->a, &below);
    below.n = 0, append(&below, x, x, 1, 0); /* after all that do not */
  }
  bool full = t->levels[depth].n >= MAX_PARTS;
  if (depth && (silent(n) || full)) {
    if (full && !silent(n)) t->levels[depth].more++;
    else append(&t->levels[depth], below.first, below.last, below.n, below.more);
    return;
  }
  x = ARENA_NEW(t->a, ex_node);
  str text = rt_one_line(t->a, source_slice(t->src, n->sp));
  x->text = text.n && text.n <= MAX_TEXT ? text : n->cause.n ? n->cause : text.n ? (str){ text.p, MAX_TEXT } : (str){ "", 0 };
  x->value = value_text(t->a, n, v, st), x->json = value_json(t->a, n, v, st);
  ex_node *only = below.n == 1 ? below.first : NULL;
  if (n->kind == IR_FN && only && str_eq(only->text, x->text)) below.first = only->first, below.more += only->more; /* moved out by the compiler */
  x->st = st, x->test = is_test(n), x->first = below.first, x->more = below.more;
  if (depth) append(&t->levels[depth], x, x, 1, 0);
  else *VEC_PUSH(t->a, &t->roots) = (root){ n, x };
}

static ex_node *tree_of(const tracer *t, const ir *n) {
  for (uint32_t i = 0; n && i < t->roots.n; i++)
    if (t->roots.v[i].n == n) return t->roots.v[i].tree;
  return NULL;
}

static truth truth_of(const ex_node *x) {
  if (!x) return TR_T;
  if (x->st == ST_MISSING) return TR_U;
  if (x->st == ST_ERR) return TR_E;
  return str_eq(x->value, STR("true")) ? TR_T : TR_F;
}

static find_cause *copy_causes(arena *a, const ref_cause *from, uint32_t n) {
  find_cause *to = ARENA_ARRAY(a, find_cause, n ? n : 1);
  for (uint32_t i = 0; i < n; i++) to[i] = (find_cause){ from[i].text, from[i].kind, from[i].error };
  return to;
}

static ref_ctx context(arena *a, const rt_program *p, const host *h, lib_ctx *lib, int64_t now, tracer *t) {
  *t = (tracer){ .a = a, .src = rt_sources(p) };
  return (ref_ctx){ .a = a, .p = p->ir, .h = h, .lib = lib, .now = now, .trace = on_node, .judged = on_rule, .trace_ud = t, .max_steps = MAX_STEPS,
                    .indexed = true, .once = ARENA_ARRAY(a, ref_memo, p->ir->nfns + 1u) };
}

static void start(explanation *out, arena *a, const rt_program *p, const rec *r) {
  *out = (explanation){ .p = p, .record = r };
  out->name = out->because = out->link = out->owner = out->key = (str){ "", 0 };
  if (r) out->key = src_key_text(a, p->ir, r);
}

static ex_part clause_part(arena *a, const tracer *t, const prog_rule *pr, uint32_t k, const ref_result *res) {
  const prog_clause *pc = &pr->clauses[k];
  ex_part part = { .word = pc->forbid ? "forbid" : "require", .text = pc->text, .sp = pc->sp, .tree = tree_of(t, pc->test) };
  part.result = truth_of(part.tree);
  for (uint32_t i = 0; i < res->nclauses; i++) {
    const ref_clause *rc = &res->clauses[i];
    if (rc->clause != k) continue;
    if (rc->result == TR_F) part.nmessages = rc->nmessages, part.messages = rt_messages(a, pc, rc->nmessages, rc->messages);
    part.ncauses = rc->ncauses, part.causes = copy_causes(a, rc->causes, rc->ncauses);
    if (!part.tree) part.result = rc->result;
  }
  return part;
}

bool rt_explain_rule(arena *a, const rt_program *p, const host *h, lib_ctx *lib, int64_t now, uint32_t rule, const rec *r,
                     explanation *out) {
  const prog_rule *pr = p->ir->rules[rule];
  tracer *t = ARENA_NEW(a, tracer);
  ref_ctx c = context(a, p, h, lib, now, t);
  ref_result res;
  if (!ref_rule(&c, rule, r, &res)) return false;
  start(out, a, p, r);
  out->name = pr->name, out->because = pr->because, out->link = pr->link, out->owner = pr->owner;
  out->v = res.v, out->vacuous = res.vacuous;
  int64_t waiver = res.v == V_WAIVED ? waiver_find(p->ir, rule, r) : -1;
  if (waiver >= 0) out->waiver = p->ir->waivers[waiver];
  out->parts = ARENA_ARRAY(a, ex_part, 1 + pr->nlets + pr->nclauses);
  if (pr->guard) {
    ex_node *tree = tree_of(t, pr->guard);
    out->parts[out->nparts++] = (ex_part){ .word = "where",
                                           .text = rt_one_line(a, source_slice(rt_sources(p), pr->guard->sp)),
                                           .sp = pr->guard->sp,
                                           .tree = tree,
                                           .result = truth_of(tree) };
  }
  for (uint32_t i = 0; i < pr->nlets; i++)
    out->parts[out->nparts++] = (ex_part){ .word = str_fmt(a, "let %.*s =", STR_ARG(pr->lets[i].name)).p,
                                           .let = true,
                                           .sp = pr->lets[i].init->sp,
                                           .text = rt_one_line(a, source_slice(rt_sources(p), pr->lets[i].init->sp)),
                                           .tree = tree_of(t, pr->lets[i].init) };
  for (uint32_t k = 0; k < pr->nclauses; k++) out->parts[out->nparts++] = clause_part(a, t, pr, k, &res);
  return true;
}

bool rt_explain_audience(arena *a, const rt_program *p, const host *h, lib_ctx *lib, int64_t now, uint32_t audience, const rec *r,
                         explanation *out) {
  const prog_audience *pa = p->ir->audiences[audience];
  tracer *t = ARENA_NEW(a, tracer);
  ref_ctx c = context(a, p, h, lib, now, t);
  uint32_t ncauses = 0;
  ref_cause *causes = NULL;
  truth result;
  if (!ref_audience(&c, audience, r, &result, &ncauses, &causes)) return false;
  start(out, a, p, r);
  out->audience = true, out->name = pa->name, out->t = result;
  if (!pa->test) return true;
  out->parts = ARENA_NEW(a, ex_part);
  out->nparts = 1;
  out->parts[0] = (ex_part){ .word = "where",
                             .text = rt_one_line(a, source_slice(rt_sources(p), pa->test->sp)),
                             .sp = pa->test->sp,
                             .result = result,
                             .tree = tree_of(t, pa->test),
                             .ncauses = ncauses,
                             .causes = copy_causes(a, causes, ncauses) };
  return true;
}

/* ---- as text ---- */

static const char *const truth_words[] = { "false", "true", "unknown", "error" };
static const char *const member_words[] = { "out", "in", "unknown", "error" };

static void indent(buf *b, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) buf_z(b, "  ");
}

static void node_text(buf *b, const ex_node *x, uint32_t depth) {
  indent(b, depth);
  buf_str(b, x->text);
  buf_z(b, x->rule ? "  " : x->test ? "  is  " : "  =  ");
  buf_str(b, x->value);
  buf_ch(b, '\n');
  if (depth > 40) return;
  for (const ex_node *y = x->first; y; y = y->next) node_text(b, y, depth + 1);
  if (x->more) {
    indent(b, depth + 1);
    buf_fmt(b, "... and %u more\n", x->more);
  }
}

static void record_text(buf *b, const explanation *x) {
  const rec *r = x->record;
  const prog_record *pr = r->ty->id < x->p->ir->nrecords ? x->p->ir->records[r->ty->id] : NULL;
  buf_z(b, "\nrecord:\n");
  for (uint32_t i = 0; i < r->ty->nfields; i++) {
    buf_fmt(b, "  %-20.*s ", STR_ARG(r->ty->fields[i].name));
    if (r->st[i] == ST_OK) val_print(b, r->ty->fields[i].type, r->v[i], true);
    else if (r->st[i] == ST_MISSING) buf_z(b, "missing");
    else {
      buf_z(b, "error");
      for (const bad *e = r->bads; e; e = e->next)
        if (e->field == i) buf_z(b, ": "), buf_str(b, e->message);
    }
    if (pr && r->st[i] != ST_ERR && !str_eq(pr->fields[i].column, pr->fields[i].name))
      buf_fmt(b, "  (column %.*s)", STR_ARG(pr->fields[i].column));
    buf_ch(b, '\n');
  }
}

static void place(buf *b, const explanation *x, span sp) {
  const srcfile *f = sources_find(rt_sources(x->p), sp.beg);
  uint32_t line, col;
  if (!f) return;
  source_line_col(f, sp.beg, &line, &col);
  buf_fmt(b, "   (%.*s:%u)", STR_ARG(f->path), line);
}

static void part_text(buf *b, const explanation *x, const ex_part *part) {
  buf_fmt(b, "\n%s %.*s", part->word, STR_ARG(part->text));
  place(b, x, part->sp);
  buf_ch(b, '\n');
  if (!part->tree) { buf_z(b, "  not looked at\n"); return; }
  if (part->let) buf_z(b, "  = "), buf_str(b, part->tree->value), buf_ch(b, '\n');
  else buf_fmt(b, "  is %s\n", truth_words[part->result]);
  for (const ex_node *y = part->tree->first; y; y = y->next) node_text(b, y, 2);
  if (part->tree->more) buf_fmt(b, "    ... and %u more\n", part->tree->more);
  for (uint32_t i = 0; i < part->nmessages; i++) buf_z(b, "  > "), buf_str(b, part->messages[i]), buf_ch(b, '\n');
  for (uint32_t i = 0; i < part->ncauses; i++) {
    const find_cause *c = &part->causes[i];
    buf_fmt(b, c->kind == ST_MISSING ? "  > %.*s is missing" : "  > %.*s is in error", STR_ARG(c->text));
    if (c->error.n) buf_fmt(b, ": %.*s", STR_ARG(c->error));
    buf_ch(b, '\n');
  }
}

void explanation_text(buf *b, const explanation *x) {
  buf_str(b, x->name);
  if (x->audience || x->record) buf_z(b, " on "), buf_str(b, x->key); /* whole, should a zero byte stand in it */
  buf_fmt(b, ": %s%s\n", x->audience ? member_words[x->t] : verdict_names[x->v], !x->audience && x->vacuous ? " (vacuous: a list is empty)" : "");
  if (x->waiver) {
    str until = rt_waiver_until(b->a, x->waiver->until);
    buf_fmt(b, "waived until %.*s: %.*s%s%.*s%s\n", STR_ARG(until), STR_ARG(x->waiver->because), x->waiver->owner.n ? " (" : "",
            STR_ARG(x->waiver->owner), x->waiver->owner.n ? ")" : "");
  }
  if (x->because.n) buf_fmt(b, "because %.*s\n", STR_ARG(x->because));
  if (x->link.n) buf_fmt(b, "see %.*s\n", STR_ARG(x->link));
  if (x->owner.n) buf_fmt(b, "owner %.*s\n", STR_ARG(x->owner));
  if (x->record) record_text(b, x);
  for (uint32_t i = 0; i < x->nparts; i++) part_text(b, x, &x->parts[i]);
}

/* ---- as JSON ---- */

static void member(buf *b, const char *name, str s) {
  buf_fmt(b, ",\"%s\":", name);
  json_text(b, s);
}

static void node_json(buf *b, const ex_node *x, uint32_t depth) {
  buf_z(b, "{\"text\":");
  json_text(b, x->text);
  member(b, "shown", x->value);
  if (x->json.n) buf_z(b, ",\"value\":"), buf_str(b, x->json);
  buf_z(b, x->st == ST_OK ? ",\"status\":\"present\"" : x->st == ST_MISSING ? ",\"status\":\"missing\"" : ",\"status\":\"error\"");
  if (x->first && depth < 100) {
    buf_z(b, ",\"parts\":[");
    for (const ex_node *y = x->first; y; y = y->next) {
      if (y != x->first) buf_ch(b, ',');
      node_json(b, y, depth + 1);
    }
    buf_ch(b, ']');
  }
  if (x->more) buf_fmt(b, ",\"left_out\":%u", x->more);
  buf_ch(b, '}');
}

static void part_json(buf *b, const explanation *x, const ex_part *part) {
  const srcfile *f = sources_find(rt_sources(x->p), part->sp.beg);
  buf_fmt(b, "{\"kind\":\"%s\"", part->let ? "let" : part->word);
  member(b, "text", part->text);
  if (f) {
    uint32_t line, col;
    source_line_col(f, part->sp.beg, &line, &col);
    member(b, "file", f->path);
    buf_fmt(b, ",\"line\":%u,\"column\":%u", line, col);
  }
  if (!part->let) buf_fmt(b, ",\"result\":\"%s\"", truth_words[part->result]);
  buf_z(b, ",\"messages\":[");
  for (uint32_t i = 0; i < part->nmessages; i++) {
    if (i) buf_ch(b, ',');
    json_text(b, part->messages[i]);
  }
  buf_z(b, "],\"causes\":[");
  for (uint32_t i = 0; i < part->ncauses; i++) {
    buf_fmt(b, "%s{\"kind\":\"%s\"", i ? "," : "", part->causes[i].kind == ST_MISSING ? "missing" : "error");
    member(b, "name", part->causes[i].text);
    if (part->causes[i].error.n) member(b, "error", part->causes[i].error);
    buf_ch(b, '}');
  }
  buf_z(b, "],\"derivation\":");
  if (part->tree) node_json(b, part->tree, 0);
  else buf_z(b, "null");
  buf_ch(b, '}');
}

static void record_json(buf *b, const rec *r) {
  buf_z(b, ",\"record\":{");
  for (uint32_t i = 0; i < r->ty->nfields; i++) {
    if (i) buf_ch(b, ',');
    json_text(b, r->ty->fields[i].name);
    buf_ch(b, ':');
    val_json(b, r->ty->fields[i].type, r->v[i], r->st[i]);
  }
  buf_z(b, "},\"errors\":{");
  bool some = false;
  for (const bad *e = r->bads; e; e = e->next) {
    if (some) buf_ch(b, ',');
    some = true;
    json_text(b, r->ty->fields[e->field].name);
    buf_ch(b, ':');
    json_text(b, e->message);
  }
  buf_ch(b, '}');
}

void explanation_json(buf *b, const explanation *x) {
  buf_fmt(b, "{\"%s\":", x->audience ? "audience" : "rule");
  json_text(b, x->name);
  if (x->audience) buf_fmt(b, ",\"result\":\"%s\"", member_words[x->t]);
  else buf_fmt(b, ",\"verdict\":\"%s\",\"vacuous\":%s", verdict_names[x->v], x->vacuous ? "true" : "false");
  if (x->waiver) {
    buf_z(b, ",\"waiver\":{\"until\":");
    json_text(b, rt_waiver_until(b->a, x->waiver->until));
    member(b, "because", x->waiver->because);
    if (x->waiver->owner.n) member(b, "owner", x->waiver->owner);
    buf_ch(b, '}');
  }
  if (x->because.n) member(b, "because", x->because);
  if (x->link.n) member(b, "link", x->link);
  if (x->owner.n) member(b, "owner", x->owner);
  if (x->record) {
    member(b, "key", x->key);
    record_json(b, x->record);
  }
  buf_z(b, ",\"clauses\":[");
  for (uint32_t i = 0; i < x->nparts; i++) {
    if (i) buf_ch(b, ',');
    part_json(b, x, &x->parts[i]);
  }
  buf_z(b, "]}\n");
}
