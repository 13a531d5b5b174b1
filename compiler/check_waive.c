/* Waivers: recorded exceptions for single records. Which rule and which records one is about, that it ends and says why, and that no two say
 * the same. Afterwards every record has its own entry, by rule and key, so that a run finds it by search. */
#include "compiler/check.h"
#include "base/civil.h"

#include <stdlib.h>
#include <string.h>

typedef struct waiving {
  checker *c;
  const ast *node;
  prog_rule *rule;
  const prog_record *record;
  span path;
  names *seen;           /* rule and key -> prog_waiver */
} waiving;

/* ---- which rule ---- */

static bool one_rule(waiving *w) {
  checker *c = w->c;
  const ast *path = w->node->a;
  if (!path || path->kind != AST_PATH) return false;
  rule_set *s = rule_set_new(c);
  w->path = path->sp;
  if (!rule_set_collect(c, path, s)) return false;
  decl *d = find_path(c, path->text);
  if (d && (d->bad || d->kind == DK_IDLE)) return false;
  if (s->v.n == 1 && (!d || d->kind == DK_RULE)) w->rule = s->v.v[0].rule;
  else {
    diag *g = diag_add(c->d, DIAG_WAIVE_RULE, path->sp, "`%.*s` stands for %s; a waiver is for one rule", STR_ARG(path->text),
                       s->v.n == 1 ? "all that it holds" : str_fmt(c->a, "%u rules", s->v.n).p);
    diag_note_add(c->d, g, (span){ 0, 0 }, "name a rule, or one field of a record (`Asset.title`); each exception is a decision of its own");
    return false;
  }
  if (w->rule->source < 0 && !w->rule->refinement) {
    diag_add(c->d, DIAG_WAIVE_RULE, path->sp, "`%.*s` is not about records, so there is none to waive it for", STR_ARG(path->text));
    return false;
  }
  w->record = c->records.v[w->rule->record];
  if (w->record->shape.nkeys) return true;
  diag *g = diag_add(c->d, DIAG_WAIVE_RULE, path->sp, "the records of `%.*s` have no key, so none of them can be named", STR_ARG(path->text));
  diag_note_add(c->d, g, w->record->sp, "mark what identifies a record with `key` here");
  return false;
}

/* ---- which records ---- */

static const type *key_type_of(const prog_record *r, uint32_t i) {
  const type *t = r->shape.fields[r->shape.keys[i]].type;
  for (int hops = 0; t->kind == TY_REF && hops < 32 && t->rec && t->rec->nkeys == 1; hops++) t = t->rec->fields[t->rec->keys[0]].type;
  return t;
}

static bool key_value(waiving *w, const ast *n, uint32_t i, val *out) {
  checker *c = w->c;
  ex e = check_constant(c, n);
  if (ex_isbad(e)) return false;
  const type *want = key_type_of(w->record, i);
  bool ok;
  ex k = check_coerce(c, e, want, &ok);
  if (ok && ir_is(k.n, IR_CONST)) {
    *out = k.n->k;
    return true;
  }
  const prog_field *f = &w->record->fields[w->record->shape.keys[i]];
  str t = type_str(c, want), got = type_str(c, e.t);
  diag *g = diag_add(c->d, DIAG_WAIVE_KEY, n->sp, "the key `%.*s` is %.*s, and this is %.*s", STR_ARG(f->name), STR_ARG(t), STR_ARG(got));
  diag_note_add(c->d, g, f->sp, "the key is declared here");
  return false;
}

static str key_text(waiving *w, const val *v) {
  buf b = { .a = w->c->a };
  for (uint32_t i = 0; i < w->record->shape.nkeys; i++) {
    if (i) buf_z(&b, ", ");
    val_print(&b, key_type_of(w->record, i)->base, v[i], false);
  }
  return buf_done(&b);
}

static prog_waiver *add(waiving *w, const prog_waiver *like, val *keys, span sp) {
  checker *c = w->c;
  prog_waiver *x = ARENA_NEW(c->a, prog_waiver);
  *x = *like;
  x->keys = keys, x->key = key_text(w, keys), x->sp = sp;
  str name = str_fmt(c->a, "%p %.*s", (const void *)w->rule, STR_ARG(x->key));
  if (!names_put(w->seen, name, x)) {
    const prog_waiver *old = names_get(w->seen, name);
    diag *g = diag_add(c->d, DIAG_WAIVE_TWICE, sp, "`%.*s` is waived twice for `%.*s`", STR_ARG(w->rule->name), STR_ARG(x->key));
    diag_note_add(c->d, g, old->sp, "first here; keep the one that holds");
  }
  *VEC_PUSH(c->a, &c->waivers) = (waiver_decl){ x, w->rule };
  return x;
}

static void wrong_parts(waiving *w, span sp, uint32_t n) {
  checker *c = w->c;
  uint32_t nkeys = w->record->shape.nkeys;
  buf b = { .a = c->a };
  for (uint32_t i = 0; i < nkeys; i++) buf_fmt(&b, "%s`%.*s`", i ? ", " : "", STR_ARG(w->record->fields[w->record->shape.keys[i]].name));
  diag *g = diag_add(c->d, DIAG_WAIVE_KEY, sp, "a record of `%.*s` is named by %u %s (%s), and here %s %u", STR_ARG(w->rule->name), nkeys,
                     nkeys == 1 ? "value" : "values", buf_done(&b).p, n == 1 ? "is" : "are", n);
  if (nkeys > 1) diag_note_add(c->d, g, (span){ 0, 0 }, "several records are written as lists: `for [\"A-1\", 7], [\"A-2\", 7]`");
  else diag_note_add(c->d, g, (span){ 0, 0 }, "several records stand side by side, without brackets: `for \"A-1\", \"A-2\"`");
}

static bool parts(waiving *w, const ast *first, uint32_t n, span sp, const prog_waiver *like) {
  if (n != w->record->shape.nkeys) {
    wrong_parts(w, sp, n);
    return false;
  }
  val *v = ARENA_ARRAY(w->c->a, val, n);
  uint32_t i = 0;
  bool ok = true;
  for (const ast *k = first; k && i < n; k = k->next, i++) ok = key_value(w, k, i, &v[i]) && ok;
  if (ok) add(w, like, v, sp);
  return ok;
}

static uint32_t count(const ast *n) {
  uint32_t k = 0;
  for (const ast *i = n->first; i; i = i->next) k++;
  return k;
}

/* One record for each constant where the key is one value; where it is several, they are one record, or each list is. */
static bool records(waiving *w, const prog_waiver *like) {
  const ast *keys = w->node->b;
  bool ok = true, lists = false;
  if (!keys || !keys->first) return false;
  AST_EACH(k, keys) lists |= k->kind == AST_LIST;
  if (w->record->shape.nkeys > 1 && !lists) return parts(w, keys->first, count(keys), keys->sp, like);
  AST_EACH(k, keys) {
    if (k->kind == AST_ERROR) ok = false;
    else if (k->kind == AST_LIST) ok = parts(w, k->first, count(k), k->sp, like) && ok;
    else if (w->record->shape.nkeys > 1) wrong_parts(w, k->sp, 1), ok = false;
    else {
      val *v = ARENA_ARRAY(w->c->a, val, 1);
      if (key_value(w, k, 0, v)) add(w, like, v, k->sp);
      else ok = false;
    }
  }
  return ok;
}

/* ---- what it says ---- */

static bool is_digest(str s) {
  if (s.n != 16) return false;
  for (uint32_t i = 0; i < s.n; i++)
    if (!strchr("0123456789abcdef", s.p[i])) return false;
  return true;
}

static bool digest_text(checker *c, const ast *n, str *out) {
  ex e = check_constant(c, n);
  if (ex_isbad(e)) return false;
  if (e.t->kind == TY_TEXT && is_digest(str_of(e.n->k.t))) {
    *out = str_of(e.n->k.t);
    return true;
  }
  diag *g = diag_add(c->d, DIAG_OPTION_VALUE, n->sp, "a digest is a text of 16 digits from 0 to 9 and a to f");
  diag_note_add(c->d, g, (span){ 0, 0 }, "`blazon waive RULE KEY` prints it");
  return false;
}

/* One for each record, in the order in which they stand. */
static void digests(waiving *w, const ast *n, uint32_t first) {
  checker *c = w->c;
  uint32_t want = c->waivers.n - first, given = n->kind == AST_LIST ? count(n) : 1, i = first;
  if (given != want) {
    diag *g = diag_add(c->d, DIAG_OPTION_VALUE, n->sp, "%u %s waived here, with %u %s", want, want == 1 ? "record is" : "records are", given,
                       given == 1 ? "digest" : "digests");
    diag_note_add(c->d, g, (span){ 0, 0 }, "a digest belongs to one record; several stand in a list, in the same order: `digest [\"...\", \"...\"]`");
    return;
  }
  if (n->kind != AST_LIST) digest_text(c, n, &c->waivers.v[i].w->digest);
  else
    AST_EACH(k, n) digest_text(c, k, &c->waivers.v[i++].w->digest);
}

static void required(waiving *w, bool there, const char *option, const char *why) {
  if (there) return;
  diag *g = diag_add(w->c->d, DIAG_WAIVE_NEEDS, w->path, "this waiver has no `%s`", option);
  diag_note_add(w->c->d, g, (span){ 0, 0 }, "%s", why);
}

static void lints(waiving *w, const prog_waiver *x, bool digest) {
  checker *c = w->c;
  if (!x->owner.n) {
    diag *g = diag_add(c->d, DIAG_WAIVE_OPEN, w->path, "this waiver has no `owner`");
    diag_note_add(c->d, g, (span){ 0, 0 }, "say who agreed to it, and is asked when it ends");
  }
  if (!digest) {
    diag *g = diag_add(c->d, DIAG_WAIVE_OPEN, w->path, "this waiver has no `digest`, so it holds whatever the record becomes");
    diag_note_add(c->d, g, (span){ 0, 0 }, "`blazon waive RULE KEY` prints a waiver with the digest of the record as it is now");
  }
  if (c->o->now == INT64_MIN || c->o->now < x->until) return;
  char when[32];
  civil_print_time(x->until, when);
  diag *g = diag_add(c->d, DIAG_WAIVE_ENDED, w->path, "this waiver ended at %s", when);
  diag_note_add(c->d, g, (span){ 0, 0 }, "remove it, or decide anew and extend `until`");
}

static void waive(checker *c, const ast *node, names *seen) {
  waiving w = { .c = c, .node = node, .seen = seen };
  prog_rule scratch = { 0 };
  rule_options o = { 0 };
  uint32_t given = 0, first = c->waivers.n, errors = c->d->errors;
  bool whole = true;
  AST_EACH(n, node) {
    if (n->kind == AST_OPTION) check_option(c, n, OPT_WAIVER, &o, &scratch, &given);
    else if (n->kind != AST_ERROR) diag_add(c->d, DIAG_CLAUSE_PLACE, n->sp, "this clause does not belong into a waiver, which has options only");
    whole = whole && n->kind != AST_ERROR;
  }
  bool known = one_rule(&w);
  if (whole && c->d->errors == errors) {
    required(&w, scratch.has_until, "until", "an exception without an end is a change of the rule: write `until 2026-12-31`");
    required(&w, o.because.n > 0, "because", "whoever finds it next year wants to know: write `because \"...\"`");
  }
  prog_waiver like = { .nkeys = known ? w.record->shape.nkeys : 0, .until = scratch.until, .because = o.because, .owner = o.owner };
  if (!known || !records(&w, &like)) return;
  if (o.digest) digests(&w, o.digest, first);
  if (c->o->lints && c->d->errors == errors) lints(&w, &like, o.digest != NULL);
}

void waivers_check(checker *c) {
  names seen;
  names_init(&seen, c->a);
  for (uint32_t i = 0; i < c->files.n; i++)
    AST_EACH(n, c->files.v[i]->tree) {
      if (n->kind != AST_WAIVE) continue;
      unit u;
      unit_open(c, &u, NULL, c->files.v[i]);
      waive(c, n, &seen);
      unit_close(c, &u);
    }
}

/* ---- in the program ---- */

/* By rule; of one rule by key, as waiver_find searches. */
typedef struct sorted { prog_waiver *w; const prog_record *record; } sorted;

static int by_rule_and_key(const void *x, const void *y) {
  const sorted *a = x, *b = y;
  if (a->w->rule != b->w->rule) return a->w->rule < b->w->rule ? -1 : 1;
  for (uint32_t i = 0; i < a->w->nkeys; i++) {
    int k = val_cmp(key_type_of(a->record, i)->base, a->w->keys[i], b->w->keys[i]);
    if (k) return k;
  }
  return 0;
}

void waivers_number(checker *c, ir_program *p) {
  uint32_t n = c->waivers.n;
  if (!n) return;
  names at;
  names_init(&at, c->a);
  for (uint32_t i = 0; i < c->rules.n; i++) names_put(&at, str_fmt(c->a, "%p", (void *)c->rules.v[i]), (void *)(uintptr_t)(i + 1));
  sorted *s = ARENA_ARRAY(c->a, sorted, n);
  for (uint32_t i = 0; i < n; i++) {
    s[i] = (sorted){ c->waivers.v[i].w, c->records.v[c->waivers.v[i].rule->record] };
    s[i].w->rule = (uint32_t)(uintptr_t)names_get(&at, str_fmt(c->a, "%p", (const void *)c->waivers.v[i].rule)) - 1;
  }
  qsort(s, n, sizeof *s, by_rule_and_key);
  p->waivers = ARENA_ARRAY(c->a, prog_waiver *, n);
  p->nwaivers = n;
  for (uint32_t i = 0; i < n; i++) {
    prog_rule *r = c->rules.v[s[i].w->rule];
    if (!r->nwaivers++) r->first_waiver = i;
    p->waivers[i] = s[i].w;
  }
}
