/* Rules and audiences: options, guard, lets, clauses; which record and which of its fields a rule is about. */
#include "compiler/check.h"
#include "base/civil.h"

#include <string.h>

/* ---- options ---- */

static const struct { const char *name; unsigned places; const char *home; } options[] = {
  { "severity", OPT_RULE | OPT_RECORD, "a rule or a record" },
  { "owner", OPT_RULE | OPT_RECORD | OPT_WAIVER, "a rule, a record or a waiver" },
  { "because", OPT_RULE | OPT_RECORD | OPT_WAIVER, "a rule, a record or a waiver" },
  { "link", OPT_RULE | OPT_RECORD, "a rule or a record" },
  { "tags", OPT_RULE, "a rule" },
  { "since", OPT_RULE, "a rule" },
  { "until", OPT_RULE | OPT_WAIVER, "a rule or a waiver" },
  { "zone", OPT_RULE, "a rule" },
  { "share", OPT_OTHER, "an experiment" },
  { "salt", OPT_OTHER, "an experiment or a choice" },
  { "hash", OPT_OTHER, "an experiment" },
  { "unit", OPT_OTHER, "an experiment" },
  { "floor", OPT_OTHER, "a choice" },
  { "sticky", OPT_OTHER, "a choice" },
  { "cap", OPT_OTHER, "a choice" },
  { "holdout", OPT_OTHER, "a choice" },
  { "fallback", OPT_OTHER, "a choice" },
  { "limit", OPT_OTHER, "a template" },
  { "digest", OPT_WAIVER, "a waiver" },
};
enum { NOPTIONS = sizeof options / sizeof *options };

static const char *place_name(enum opt_place p) { return p == OPT_RULE ? "a rule" : p == OPT_WAIVER ? "a waiver" : "a record"; }

static str option_text(checker *c, const ast *n, const ast *v) {
  ex e = check_constant(c, v);
  if (ex_isbad(e)) return (str){ NULL, 0 };
  if (e.t->kind == TY_TEXT) return str_of(e.n->k.t);
  diag *g = diag_add(c->d, DIAG_OPTION_VALUE, v->sp, "`%.*s` takes a text in quotes", STR_ARG(n->name));
  str s = source_slice(c->src, v->sp);
  if (v->kind == AST_NAME || v->kind == AST_PATH) diag_fix_add(c->d, g, v->sp, str_fmt(c->a, "\"%.*s\"", STR_ARG(s)), "put it in quotes");
  return (str){ NULL, 0 };
}

static severity option_severity(checker *c, const ast *v) {
  static const char *const words[] = { "error", "warning", "info" };
  str s = v->kind == AST_TEXT || v->kind == AST_PATH ? v->text : dotted_name(c, v);
  for (int i = 0; i < 3; i++)
    if (s.n && str_eq(s, str_z(words[i])) && v->kind != AST_TEXT) return (severity)i;
  diag *g = diag_add(c->d, DIAG_OPTION_VALUE, v->sp, "`severity` is one of error, warning, info");
  strs near = { 0 };
  for (int i = 0; i < 3; i++) {
    *VEC_PUSH(c->a, &near) = str_z(words[i]);
    if (v->kind == AST_TEXT && str_eq(s, str_z(words[i]))) diag_fix_add(c->d, g, v->sp, s, "leave out the quotes");
  }
  if (!g->edits && s.n) check_suggest(c, g, v->sp, s, &near);
  return SEV_ERROR;
}

static void option_instant(checker *c, const ast *n, const ast *v, rule_options *o, prog_rule *r) {
  ex e = check_constant(c, v);
  if (ex_isbad(e)) return;
  bool until = str_eq(n->name, STR("until")), date = e.t->kind == TY_DATE;
  if (!date && e.t->kind != TY_TIME) {
    diag_add(c->d, DIAG_OPTION_VALUE, v->sp, "`%.*s` takes a date or a time, as in `%.*s 2026-12-31`", STR_ARG(n->name), STR_ARG(n->name));
    return;
  }
  int64_t at = date ? (e.n->k.i + until) * USEC_PER_DAY : e.n->k.i; /* a date's whole day belongs to it, a time itself no longer */
  if (until) r->has_until = true, r->until = at, o->until_date = date;
  else r->has_since = true, r->since = at, o->since_date = date;
}

/* Days begin at midnight of the rule's zone, as the tz database has it now. */
static void option_zone(checker *c, const rule_options *o, prog_rule *r) {
  if (!o->zone) return;
  str zone = o->zone->text;
  if (o->zone->kind != AST_TEXT) {
    diag_add(c->d, DIAG_OPTION_VALUE, o->zone->sp, "`zone` takes a text, as in `zone \"Europe/Berlin\"`");
    return;
  }
  int64_t *at[2] = { o->since_date ? &r->since : NULL, o->until_date ? &r->until : NULL }, utc = 0;
  for (int i = 0; i < 2; i++) {
    if (c->lib->zone_instant(c->a, zone, at[i] ? *at[i] : 0, &utc)) {
      if (at[i]) *at[i] = utc;
      continue;
    }
    diag *g = diag_add(c->d, DIAG_OPTION_VALUE, o->zone->sp, "there is no time zone \"%.*s\"", STR_ARG(zone));
    diag_note_add(c->d, g, (span){ 0, 0 }, "zones have the names of the tz database, such as \"Europe/Berlin\" or \"America/New_York\"");
    return;
  }
}

static void option_tags(checker *c, const ast *v, prog_rule *r) {
  ex e = check_constant(c, v);
  if (ex_isbad(e)) return;
  bool one = e.t->kind == TY_TEXT;
  if (!one && !(e.t->kind == TY_LIST && (e.t->elem->kind == TY_TEXT || e.t->elem->kind == TY_NEVER))) {
    diag_add(c->d, DIAG_OPTION_VALUE, v->sp, "`tags` takes a list of texts, as in `tags [\"print\", \"logo\"]`");
    return;
  }
  r->ntags = one ? 1 : e.n->k.l->n;
  r->tags = ARENA_ARRAY(c->a, str, r->ntags ? r->ntags : 1);
  for (uint32_t i = 0; i < r->ntags; i++) r->tags[i] = str_of(one ? e.n->k.t : e.n->k.l->v[i].t);
}

/* Operators of other languages: what reads as an option is meant to continue the clause before it. */
static const struct { const char *word, *instead; } operators[] = {
  { "greater", "`>` compares, and `>=` when both may be alike" },
  { "less", "`<` compares, and `<=` when both may be alike" },
  { "more", "`>` compares, and `>=` when both may be alike" },
  { "is", "`==` compares, `x exists` and `x missing` ask whether a value is there" },
  { "isnt", "`!=` compares, `x exists` and `x missing` ask whether a value is there" },
  { "equals", "`==` compares" },
  { "eq", "`==` compares" },
  { "between", "a range is asked for with `in`: `x in 1..3`" },
  { "like", "write `x contains \"part\"`, or `x matches r\"^pattern$\"`" },
  { "has", "write `xs contains x`" },
  { "match", "write `x matches r\"^pattern$\"`" },
  { "contain", "write `x contains \"part\"`" },
  { "exist", "write `x exists`" },
  { "pass", "write `x passes rule`" },
  { "fail", "write `x fails rule`" },
  { "includes", "write `xs contains x`" },
  { "startswith", "write `x.starts_with(\"start\")`" },
  { "endswith", "write `x.ends_with(\"end\")`" },
};

/* What to write instead of the foreign operator with which a clause goes on; NULL: it does not. */
static const char *foreign_operator(checker *c, const ast *clause) {
  const ast *o = clause ? clause->next : NULL;
  if (!o || (clause->kind != AST_REQUIRE && clause->kind != AST_FORBID) || o->kind != AST_OPTION) return NULL;
  str between = source_slice(c->src, (span){ clause->sp.end, o->sp.beg });
  if (memchr(between.p, '\n', between.n)) return NULL;
  const ast *value = o->first ? o->first->a : NULL; /* `is greater than 3` */
  str word = str_eq(o->name, STR("is")) && value && value->kind == AST_NAME ? value->text : o->name;
  for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
    if (str_eq(word, str_z(operators[i].word))) return operators[i].instead;
  for (size_t i = 0; i < sizeof operators / sizeof *operators && word.p != o->name.p; i++)
    if (str_eq(o->name, str_z(operators[i].word))) return operators[i].instead;
  return NULL;
}

static void option_unknown(checker *c, const ast *n, enum opt_place place) {
  strs near = { 0 };
  if (place == OPT_RULE) {
    static const char *const words[] = { "require", "forbid", "otherwise", "let", "fix", "at" };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) *VEC_PUSH(c->a, &near) = str_z(words[i]);
  }
  for (int i = 0; i < NOPTIONS; i++)
    if (options[i].places & place) *VEC_PUSH(c->a, &near) = str_z(options[i].name);
  check_unknown_option(c, n, place_name(place), &near);
}

void check_option(checker *c, const ast *n, enum opt_place place, rule_options *o, prog_rule *r, uint32_t *seen) {
  int i = 0;
  while (i < NOPTIONS && !str_eq(n->name, str_z(options[i].name))) i++;
  if (i == NOPTIONS) {
    option_unknown(c, n, place);
    return;
  }
  if (!(options[i].places & place)) {
    diag_add(c->d, DIAG_OPTION_PLACE, n->name_sp, "`%s` belongs to %s, not to %s", options[i].name, options[i].home, place_name(place));
    return;
  }
  if (*seen >> i & 1) diag_add(c->d, DIAG_OPTION_TWICE, n->name_sp, "`%s` is given twice", options[i].name);
  *seen |= 1u << i;
  const ast *v = n->first ? n->first->a : NULL;
  if (!v || v->kind == AST_ERROR) return;
  if (n->first->next) {
    diag_add(c->d, DIAG_OPTION_VALUE, n->first->next->sp, "`%s` takes one value", options[i].name);
    return;
  }
  switch (i) {
  case 0: o->sev = option_severity(c, v); break;
  case 1: o->owner = option_text(c, n, v); break;
  case 2: o->because = option_text(c, n, v); break;
  case 3: o->link = option_text(c, n, v); break;
  case 4: option_tags(c, v, r); break;
  case 5: case 6: option_instant(c, n, v, o, r); break;
  case 18: o->digest = v; break;
  default: o->zone = v;
  }
}

/* Where the line that pos stands on ends. */
static uint32_t line_end(const srcfile *f, uint32_t pos) {
  const char *at = f->text.p + (pos - f->base), *end = memchr(at, '\n', f->text.n - (pos - f->base));
  return pos + (uint32_t)((end ? end : f->text.p + f->text.n) - at);
}

/* `because Images must be wide`: options to the parser, a text to its writer. */
static bool unquoted_text(checker *c, const ast *n, const srcfile *f) {
  static const char *const texts[] = { "owner", "because", "link" };
  const ast *v = n->first ? n->first->a : NULL;
  bool one = false;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) one |= str_eq(n->name, str_z(texts[i]));
  if (!one || (v && (v->kind != AST_NAME || find_decl(c, v->text)))) return false;
  span rest = { n->name_sp.end, line_end(f, n->name_sp.end) };
  str s = source_slice(c->src, rest);
  const char *brace = memchr(s.p, '}', s.n);
  if (brace) s.n = (uint32_t)(brace - s.p);
  while (s.n && (*s.p == ' ' || *s.p == '\t')) s.p++, s.n--, rest.beg++;
  while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' || s.p[s.n - 1] == '\r')) s.n--;
  if (!s.n || memchr(s.p, '"', s.n) || memchr(s.p, '\\', s.n)) return false;
  rest.end = rest.beg + s.n;
  diag *g = diag_add(c->d, DIAG_OPTION_VALUE, rest, "a text stands in quotes");
  diag_fix_add(c->d, g, rest, str_fmt(c->a, "\"%.*s\"", STR_ARG(s)), "write `%.*s \"%.*s\"`", STR_ARG(n->name), STR_ARG(s));
  return true;
}

/* ---- headers ---- */

prog_rule *rule_new(checker *c, decl *d) {
  prog_rule *r = ARENA_NEW(c->a, prog_rule);
  r->source = -1, r->field = -1, r->sev = SEV_ERROR;
  *VEC_PUSH(c->a, &c->rules) = r;
  if (d) d->rule = r;
  return r;
}

decl *binder_origin(checker *c, const ast *b, const char *what, unsigned kinds) {
  decl *s = source_named(c, b->a);
  if (s) return s->bad ? NULL : s;
  str path = dotted_name(c, b->a);
  if (!path.n) {
    diag_add(c->d, DIAG_SOURCE_UNKNOWN, b->a->sp, "%s is expected here", what);
    return NULL;
  }
  ast p = { .kind = AST_PATH, .text = path, .sp = b->a->sp };
  decl *d = need_path(c, &p, what, kinds, DIAG_SOURCE_UNKNOWN);
  return d && d->kind != DK_IDLE && !d->bad ? d : NULL;
}

decl *binder_source(checker *c, const ast *b) { return binder_origin(c, b, "a source", 1u << DK_SOURCE); }

void rule_header(checker *c, decl *d) {
  if (d->header) return;
  d->header = true;
  prog_rule *r = rule_new(c, d);
  unit u;
  unit_open(c, &u, NULL, d->file);
  r->name = d->qname, r->sp = d->node->name_sp, r->doc = d->node->doc;
  rule_options o = { .sev = SEV_ERROR };
  uint32_t seen = 0, said = 0; /* what stands before `said` is part of what has been told */
  const ast *last = NULL;
  AST_EACH(n, d->node) {
    if (n->sp.beg < said) said = line_end(d->file->src, n->sp.end); /* its value may stand on the next line */
    else if (n->kind == AST_OPTION) {
      if (foreign_operator(c, last) || unquoted_text(c, n, d->file->src)) said = line_end(d->file->src, n->sp.end);
      else check_option(c, n, OPT_RULE, &o, r, &seen);
    }
    last = n;
  }
  option_zone(c, &o, r);
  r->sev = o.sev, r->owner = o.owner, r->because = o.because, r->link = o.link;
  const ast *b = d->node->a;
  if (b && b->kind == AST_BINDER) {
    decl *s = binder_source(c, b);
    r->local_name = b->name;
    if (s) r->source = (int32_t)s->index, r->record = s->source->record;
    else d->bad = true;
  } else if (b) {
    d->bad = true;
  }
  unit_close(c, &u);
}

void audience_header(checker *c, decl *d) {
  if (d->header) return;
  d->header = true;
  prog_audience *a = d->audience = ARENA_NEW(c->a, prog_audience);
  d->index = c->audiences.n;
  *VEC_PUSH(c->a, &c->audiences) = a;
  *VEC_PUSH(c->a, &c->audience_decls) = d;
  unit u;
  unit_open(c, &u, NULL, d->file);
  a->name = d->qname, a->sp = d->node->name_sp, a->doc = d->node->doc;
  const ast *b = d->node->a;
  decl *s = b && b->kind == AST_BINDER ? binder_source(c, b) : NULL;
  if (s) a->source = s->index, a->record = s->source->record, a->local_name = b->name;
  else d->bad = true;
  unit_close(c, &u);
}

/* ---- clauses ---- */

/* Which empty lists make a pass vacuous. Not what is looked up by equality: how many rows are walked there is up to the host, which may propose too
   many, and a mark must not depend on it. */
static void mark_vacuous(ir *n) {
  if (n->kind == IR_AND)
    for (uint32_t i = 0; i < n->n; i++) mark_vacuous(n->v[i]);
  else if (n->kind == IR_IMPLIES) mark_vacuous(n->b);
  else if (n->kind == IR_QUANT && n->op == Q_EVERY && n->bind->eq_field < 0) n->flags |= IRF_VACUOUS;
}

static bool has_quant(const ir *n) {
  return n->kind == IR_QUANT || (n->kind == IR_NOT && has_quant(n->a)) || (n->kind == IR_IMPLIES && has_quant(n->b));
}

/* The quantifiers a message may speak of: those whose breaking elements break the clause. */
static void clause_witnesses(checker *c, prog_clause *k, ir *n) {
  VEC(ir_witness) w = { 0 };
  for (bool neg = false; n;) {
    if (n->kind == IR_NOT) n = n->a, neg = !neg;
    else if (n->kind == IR_IMPLIES && !neg) n = n->b;
    else if (n->kind == IR_AND && !neg) {
      ir *only = NULL;
      uint32_t found = 0;
      for (uint32_t i = 0; i < n->n; i++)
        if (has_quant(n->v[i])) only = n->v[i], found++;
      n = found == 1 ? only : NULL;
    } else if (n->kind == IR_QUANT && ((n->op == Q_EVERY && !neg) || (n->op == Q_NO && !neg) || (n->op == Q_SOME && neg))) {
      const quant_name *q = &c->quants.v[n->index - 1];
      bool negative = n->op != Q_EVERY;
      *VEC_PUSH(c->a, &w) = (ir_witness){ n->bind, n->a ? n->a : ir_const(c, c->t_bool, (val){ .i = 1 }, n->sp), negative };
      scope_bind(c, q->name, q->sp, q->t, n->bind->local, LK_QUANT);
      n = n->a;
      neg = negative;
    } else n = NULL;
  }
  k->witness = w.v, k->nwitness = w.n;
}

/* The first field of the rule's record that a test reads, with the whole path. */
typedef struct first { const ir *path; } first;

static void first_path(void *ud, const ir *n) {
  first *f = ud;
  if (f->path) return;
  if (n->kind == IR_FIELD && is_path(n)) {
    const ir *root = n;
    while (root->kind == IR_FIELD || root->kind == IR_DEREF) root = root->a;
    if (root->local == 0) f->path = n;
    return;
  }
  ir_children(n, first_path, f);
}

static int32_t root_field(const ir *n) {
  int32_t at = -1;
  for (; n->kind == IR_FIELD || n->kind == IR_DEREF; n = n->a)
    if (n->kind == IR_FIELD) at = (int32_t)n->index;
  return at;
}

static void clause_at(checker *c, prog_clause *k, const ast *path, bool has_record) {
  k->at_field = -1;
  if (!path) {
    first f = { NULL };
    const ir *t = k->test;
    while (t->kind == IR_IMPLIES) t = t->b; /* what is required, before what it depends on */
    if (has_record) first_path(&f, t);
    if (has_record && !f.path) first_path(&f, k->test);
    if (f.path) k->at_field = root_field(f.path), k->at_path = f.path->cause;
    return;
  }
  local *l = path->first ? scope_find(c, path->first->text) : NULL;
  if (!has_record || !l || l->kind != LK_ROOT || !path->first->next) {
    diag_add(c->d, DIAG_AT, path->sp, has_record ? "`at` names a field of the rule's record, as in `at %.*s.title`" : "`at` needs a rule with a record%.*s",
             has_record ? (int)c->u->scope.v[0].name.n : 0, has_record ? c->u->scope.v[0].name.p : "");
    return;
  }
  l->used = true;
  ex e = { ir_local(c, l, path->first->sp), l->t };
  for (const ast *p = path->first->next; p && !ex_isbad(e); p = p->next) e = check_member(c, e, p->text, p->sp, path->sp);
  if (!ex_isbad(e)) k->at_field = root_field(e.n), k->at_path = e.n->cause;
}

/* Of a clause that is wrong: its quantifiers' variables, as poisoned values, so that all that is wrong with the message comes in the same run. */
static void poisoned_names(checker *c, const ast *n) {
  if (!n) return;
  if (n->kind == AST_QUANT && n->name.n) scope_bind(c, n->name, n->name_sp, c->t_err, (int32_t)c->u->nlocals++, LK_QUANT);
  poisoned_names(c, n->a), poisoned_names(c, n->b), poisoned_names(c, n->c);
  AST_EACH(i, n) poisoned_names(c, i);
}

bool rule_clause(checker *c, const ast *n, prog_clause *k, bool has_record) {
  ex t = check_test(c, n->a);
  *k = (prog_clause){ .forbid = n->kind == AST_FORBID, .doc = n->doc, .sp = n->sp, .text = slice_of(c, n->a->sp), .at_field = -1 };
  bool bad = ex_isbad(t);
  uint32_t mark = scope_mark(c);
  if (!bad) {
    k->may_miss = t.t->opt;
    k->test = k->forbid ? ir_not(c, t.n) : t.n;
    mark_vacuous(k->test);
    clause_witnesses(c, k, k->test);
    clause_at(c, k, n->b, has_record);
  } else poisoned_names(c, n->a);
  if (n->c) {
    ex m = check_interp(c, n->c);
    if (bad || ex_isbad(m)) bad = true;
    else k->message = message_settled(c, m.n);
  } else if (!bad) {
    k->generated = true;
    k->message = message_settled(c, message_of_clause(c, k, t.n, k->forbid));
  }
  scope_pop(c, mark);
  return !bad;
}

static const char *clause_home(ast_kind k) {
  return k == AST_SLOT || k == AST_PREFER ? "a template" : k == AST_GIVEN || k == AST_EXPECT ? "a test" : "a choice";
}

void rule_let(checker *c, const ast *n, ir_let *l) {
  ex e = check_expr(c, n->a);
  const local *v = scope_push(c, n->name, n->name_sp, ex_isbad(e) ? c->t_err : e.n->ty, LK_LET);
  *l = (ir_let){ v->index, e.n, n->name };
  if (!ex_isbad(e) && e.n->ty->opt && !e.t->opt) *VEC_PUSH(c->a, &c->u->facts) = ir_local(c, v, n->name_sp); /* known to be there where it is used */
}

void rule_body(checker *c, decl *d) {
  prog_rule *r = d->rule;
  unit u;
  unit_open(c, &u, d, d->file);
  u.source = r->source;
  const ast *b = d->node->a;
  if (b && b->kind == AST_BINDER) {
    const type *t = r->source >= 0 ? type_record(&c->ty, &c->records.v[r->record]->shape) : c->t_err;
    scope_push(c, b->name, b->name_sp, t, LK_ROOT);
    if (b->b) {
      ex g = check_test(c, b->b);
      if (ex_isbad(g)) d->bad = true;
      else {
        r->guard = g.n, r->guard_may_miss = g.t->opt;
        facts_when(c, g.n, true);
      }
    }
  }
  VEC(ir_let) lets = { 0 };
  VEC(prog_clause) clauses = { 0 };
  VEC(prog_fix) fixes = { 0 };
  bool any = false;
  AST_EACH(n, d->node) {
    ast_kind k = (ast_kind)n->kind;
    if (k == AST_LET) {
      ir_let l;
      rule_let(c, n, &l);
      *VEC_PUSH(c->a, &lets) = l;
    } else if (k == AST_REQUIRE || k == AST_FORBID) {
      prog_clause x;
      const char *instead = foreign_operator(c, n);
      any = true;
      if (instead) {
        diag *g = diag_add(c->d, DIAG_OPTION_UNKNOWN, n->next->name_sp, "there is no operator `%.*s`", STR_ARG(n->next->name));
        diag_note_add(c->d, g, (span){ 0, 0 }, "%s", instead);
        d->bad = true;
      } else if (rule_clause(c, n, &x, r->source >= 0)) *VEC_PUSH(c->a, &clauses) = x;
      else d->bad = true;
    } else if (k == AST_FIX) {
      prog_fix x;
      if (rule_fix(c, n, r, &x)) {
        rule_fix_twice(c, fixes.v, fixes.n, &x);
        *VEC_PUSH(c->a, &fixes) = x;
      } else d->bad = true;
    } else if (k == AST_ERROR) {
      any = true;
    } else if (k != AST_OPTION) {
      diag_add(c->d, DIAG_CLAUSE_PLACE, n->sp, "this clause belongs into %s, not into a rule", clause_home(k));
      any = true;
    }
  }
  if (!any) {
    diag *g = diag_add(c->d, DIAG_RULE_EMPTY, d->node->name_sp, "the rule `%.*s` requires nothing", STR_ARG(d->name));
    diag_note_add(c->d, g, (span){ 0, 0 }, "give it a clause, `require ...` or `forbid ...`");
  }
  r->lets = lets.v, r->nlets = lets.n;
  r->clauses = clauses.v, r->nclauses = clauses.n;
  r->fixes = fixes.v, r->nfixes = fixes.n;
  r->nlocals = u.nlocals;
  unit_close(c, &u);
  if (c->o->lints && !d->bad) lint_rule(c, r);
}

void audience_body(checker *c, decl *d) {
  prog_audience *a = d->audience;
  unit u;
  unit_open(c, &u, d, d->file);
  const ast *b = d->node->a;
  if (b && b->kind == AST_BINDER) {
    if (!d->bad) u.source = (int32_t)a->source;
    scope_push(c, b->name, b->name_sp, d->bad ? c->t_err : type_record(&c->ty, &c->records.v[a->record]->shape), LK_ROOT);
    ex t = b->b ? check_test(c, b->b) : (ex){ NULL, c->t_bool };
    if (ex_isbad(t)) d->bad = true;
    a->test = t.n, a->may_miss = t.t->opt;
  }
  a->nlocals = u.nlocals;
  unit_close(c, &u);
}
