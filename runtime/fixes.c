/* Proposals of one row: computed on the record as it is, compared, and judged again together with every rule of the run. A proposal that does
 * not make its own rule pass, or makes another one worse, is told and not made; so are two different ones for one field. */
#include "runtime/fixes.h"

#include <stdlib.h>
#include <string.h>

typedef struct proposal {
  uint32_t at, fix, field; /* at: in the rules of the run */
  val v;
  bool has, same;          /* there is a value; it changes nothing */
  str why;
} proposal;

typedef struct proposing {
  rt_engine *e;
  src_data *d;
  src_cursor *cur;
  const rec *r;
  const uint32_t *rules;
  uint32_t n;
  const uint8_t *before;
  uint8_t *after;
  arena *a;
  VEC(proposal) p;
  str *failure;
} proposing;

void rt_fixes_init(rt_fixes *f, const mem *m, jmp_buf *oom) {
  *f = (rt_fixes){ .made = 0 };
  arena_init(&f->a, m, oom);
}

void rt_fixes_free(rt_fixes *f) { arena_free(&f->a); }

static const prog_rule *rule_of(const proposing *x, uint32_t at) { return x->e->p->ir->rules[x->rules[at]]; }

static const type *field_type(const proposing *x, uint32_t field) { return x->r->ty->fields[field].type; }

static str show(arena *a, const type *t, val v) {
  buf b = { .a = a };
  if (t->base->kind == TY_LIST || t->base->kind == TY_MAP) val_json(&b, t, v, ST_OK); /* whole: it is to be reviewed */
  else val_print(&b, t, v, true);
  return buf_done(&b);
}

/* ---- what is proposed ---- */

static int gather(proposing *x) {
  for (uint32_t i = 0; i < x->n; i++) {
    const prog_rule *pr = rule_of(x, i);
    for (uint32_t k = 0; k < pr->nfixes && (x->before[i] & 0x7F) == V_FAIL; k++) {
      proposal p = { .at = i, .fix = k, .field = pr->fixes[k].field, .why = { "", 0 } };
      uint8_t st;
      int status = rt_engine_status(x->e, vm_fix(x->e->vm, x->rules[i], k, x->r, &p.v, &st), x->failure);
      if (status != RT_OK) return status;
      if (st != ST_OK) p.why = st == ST_MISSING ? STR("what it proposes is missing") : STR("what it proposes could not be computed");
      else p.has = true, p.same = x->r->st[p.field] == ST_OK && val_eq(field_type(x, p.field)->base, x->r->v[p.field], p.v);
      *VEC_PUSH(x->a, &x->p) = p;
    }
  }
  return RT_OK;
}

/* What keeps one proposal of a rule from being made keeps all of that rule. */
static void refuse(proposing *x, uint32_t at, str why) {
  for (uint32_t i = 0; i < x->p.n; i++)
    if (x->p.v[i].at == at && !x->p.v[i].why.n) x->p.v[i].why = why;
}

static bool refused(const proposing *x, uint32_t at) {
  for (uint32_t i = 0; i < x->p.n; i++)
    if (x->p.v[i].at == at && x->p.v[i].why.n) return true;
  return false;
}

static void incomplete(proposing *x) {
  for (uint32_t i = 0; i < x->p.n; i++)
    if (x->p.v[i].why.n) refuse(x, x->p.v[i].at, STR("another proposal of the same rule is not made"));
}

static void conflicts(proposing *x) {
  uint32_t n = x->p.n;
  bool *clash = ARENA_ARRAY(x->a, bool, n + 1);
  uint32_t *with = ARENA_ARRAY(x->a, uint32_t, n + 1);
  for (uint32_t i = 0; i < n; i++)
    for (uint32_t k = 0; k < n; k++) {
      const proposal *p = &x->p.v[i], *q = &x->p.v[k];
      if (p->at == q->at || p->field != q->field || p->why.n || q->why.n || val_eq(field_type(x, p->field)->base, p->v, q->v)) continue;
      clash[i] = true, with[i] = q->at;
    }
  for (uint32_t i = 0; i < n; i++)
    if (clash[i]) x->p.v[i].why = str_fmt(x->a, "`%.*s` proposes another value", STR_ARG(rule_of(x, with[i])->name));
  incomplete(x);
}

/* ---- rechecking ---- */

static int gravity(uint8_t v) {
  switch ((verdict)(v & 0x7F)) {
  case V_PASS: case V_SKIP: case V_INACTIVE: case V_COUNT: return 0;
  case V_WAIVED: return 1;
  case V_UNKNOWN: return 2;
  case V_FAIL: return 3;
  case V_ERROR: return 4;
  }
  return 4;
}

/* The record with the proposals of one rule, or of all that are left (at UINT32_MAX). */
static rec *changed(const proposing *x, uint32_t at) {
  uint32_t n = x->r->ty->nfields;
  rec *r = ARENA_NEW(x->a, rec);
  *r = *x->r;
  r->cap = n, r->clean = true;
  r->v = ARENA_ARRAY(x->a, val, n + 1), r->st = ARENA_ARRAY(x->a, uint8_t, n + 1);
  memcpy(r->v, x->r->v, sizeof *r->v * n), memcpy(r->st, x->r->st, n);
  for (uint32_t i = 0; i < x->p.n; i++) {
    const proposal *p = &x->p.v[i];
    if (!p->why.n && (at == UINT32_MAX || at == p->at)) r->v[p->field] = p->v, r->st[p->field] = ST_OK;
  }
  for (uint32_t i = 0; i < n; i++) r->clean = r->clean && (r->st[i] == ST_OK || (r->st[i] == ST_MISSING && r->ty->fields[i].type->opt));
  return r;
}

/* *why empty: the rule passes then (all of those that are left, for UINT32_MAX), and no other one is worse than before. */
static int recheck(proposing *x, uint32_t at, str *why) {
  int status = rt_engine_status(x->e, vm_rules(x->e->vm, x->rules, x->n, changed(x, at), x->after), x->failure);
  *why = (str){ "", 0 };
  if (status != RT_OK) return status;
  for (uint32_t i = 0; i < x->n && !why->n; i++) {
    verdict was = (verdict)(x->before[i] & 0x7F), is = (verdict)(x->after[i] & 0x7F);
    bool mine = false;
    for (uint32_t k = 0; k < x->p.n; k++) mine |= x->p.v[k].at == i && !x->p.v[k].why.n && (at == UINT32_MAX || at == i);
    if (mine && is != V_PASS) *why = str_fmt(x->a, "the rule would still not pass: %s", verdict_names[is]);
    else if (!mine && gravity(x->after[i]) > gravity(x->before[i]))
      *why = str_fmt(x->a, "`%.*s` would be %s instead of %s", STR_ARG(rule_of(x, i)->name), verdict_names[is], verdict_names[was]);
  }
  return RT_OK;
}

static int judge(proposing *x) {
  uint32_t left = 0;
  str why;
  int status;
  for (uint32_t i = 0; i < x->n; i++) {
    bool any = false;
    for (uint32_t k = 0; k < x->p.n; k++) any |= x->p.v[k].at == i && !x->p.v[k].same;
    if (!any || refused(x, i)) continue;
    if ((status = recheck(x, i, &why)) != RT_OK) return status;
    if (why.n) refuse(x, i, why);
    else left++;
  }
  if (left < 2) return RT_OK;
  if ((status = recheck(x, UINT32_MAX, &why)) != RT_OK) return status;
  for (uint32_t i = 0; i < x->n && why.n; i++) refuse(x, i, str_fmt(x->a, "together with the other proposals for this record: %.*s", STR_ARG(why)));
  return RT_OK;
}

/* ---- keeping ---- */

static uint32_t add_row(rt_fixes *f, const proposing *x) {
  const rec *r = x->r;
  rt_fix_row row = { .source = r->source, .position = r->position, .home = src_home_of(x->d, r->source) };
  row.key = src_key_text(&f->a, x->e->p->ir, r);
  row.order = findings_order(&f->a, r);
  row.home.table = str_dup(&f->a, row.home.table), row.home.file = str_dup(&f->a, row.home.file), row.home.pointer = str_dup(&f->a, row.home.pointer);
  str *columns = ARENA_ARRAY(&f->a, str, r->ty->nfields + 1);
  for (uint32_t i = 0; i < r->ty->nfields; i++) columns[i] = str_dup(&f->a, src_column_of(x->d, r->source, i));
  row.columns = columns;
  row.keys = ARENA_ARRAY(&f->a, src_stored, r->ty->nkeys + 1);
  for (uint32_t i = 0; i < r->ty->nkeys; i++) src_stored_of(x->cur, r->ty->keys[i], &f->a, &row.keys[i]);
  *VEC_PUSH(&f->a, &f->rows) = row;
  return f->rows.n - 1;
}

static void keep(rt_fixes *f, proposing *x) {
  uint32_t row = add_row(f, x), first = f->v.n;
  const prog_record *pr = x->e->p->ir->records[x->e->p->ir->sources[x->r->source]->record];
  for (uint32_t i = 0; i < x->p.n; i++) {
    const proposal *p = &x->p.v[i];
    const type *t = field_type(x, p->field);
    rt_fix y = { .row = row, .field = p->field, .rule = x->rules[p->at], .why = str_dup(&f->a, p->why) };
    if (p->same) continue; /* proposes nothing */
    rt_fix *twin = NULL;
    for (uint32_t k = first; k < f->v.n && !p->why.n; k++)
      if (f->v.v[k].field == p->field && !f->v.v[k].why.n) twin = &f->v.v[k];
    if (twin) {
      twin->rules = str_fmt(&f->a, "%.*s, %.*s", STR_ARG(twin->rules), STR_ARG(rule_of(x, p->at)->name));
      continue;
    }
    y.rules = rule_of(x, p->at)->name;
    y.before = x->r->st[p->field] == ST_OK ? show(&f->a, t, x->r->v[p->field]) : x->r->st[p->field] == ST_MISSING ? STR("missing") : STR("unreadable");
    for (const bad *b = x->r->bads; b; b = b->next)
      if (b->field == p->field) y.before = str_dup(&f->a, b->message);
    y.after = p->has ? show(&f->a, t, p->v) : (str){ "", 0 };
    src_stored_of(x->cur, p->field, &f->a, &y.was);
    y.writable = !p->why.n && rt_store(&f->a, &pr->fields[p->field], p->v, &f->rows.v[row].home, &y.was, &y.put);
    if (p->why.n) f->refused++;
    else f->made++;
    *VEC_PUSH(&f->a, &f->v) = y;
  }
  if (f->v.n == first) f->rows.n--;
}

int rt_fixes_row(rt_fixes *f, rt_engine *e, src_data *d, src_cursor *cur, rec *r, const uint32_t *rules, uint32_t n, const uint8_t *verdicts,
                 arena *scratch, str *failure) {
  bool any = false;
  for (uint32_t i = 0; i < n && !any; i++) any = (verdicts[i] & 0x7F) == V_FAIL && e->p->ir->rules[rules[i]]->nfixes;
  if (!any) return RT_OK;
  proposing x = { .e = e, .d = d, .cur = cur, .r = r, .rules = rules, .n = n, .before = verdicts, .a = scratch, .failure = failure };
  x.after = ARENA_ARRAY(scratch, uint8_t, n + 1);
  int status = gather(&x);
  if (status != RT_OK) return status;
  incomplete(&x);
  conflicts(&x);
  status = judge(&x);
  if (status != RT_OK) return status;
  f->a.oom = scratch->oom;
  keep(f, &x);
  return RT_OK;
}

static int by_record(const void *x, const void *y, void *ud) {
  const rt_fix *a = x, *b = y;
  const rt_fixes *f = ud;
  const rt_fix_row *p = &f->rows.v[a->row], *q = &f->rows.v[b->row];
  if (p->source != q->source) return p->source < q->source ? -1 : 1;
  uint32_t n = p->order.n < q->order.n ? p->order.n : q->order.n;
  int c = n ? memcmp(p->order.p, q->order.p, n) : 0;
  if (c || p->order.n != q->order.n) return c ? c : p->order.n < q->order.n ? -1 : 1;
  if (a->field != b->field) return a->field < b->field ? -1 : 1;
  return a->rule < b->rule ? -1 : a->rule > b->rule;
}

void rt_fixes_sort(rt_fixes *f) {
  if (f->v.n) qsort_r(f->v.v, f->v.n, sizeof *f->v.v, by_record, f);
}
