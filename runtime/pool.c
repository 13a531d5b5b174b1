/* Candidates, evidence and weights of a choice; see pool.h. */
#include "runtime/pool.h"

#include "base/agg.h"
#include "runtime/combos.h"
#include "runtime/src_priv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ARGS = 4, THOMPSON_MOST = 10000 /* candidates: beyond, the quadrature takes seconds */ };

typedef struct filling {
  rt_engine *e;
  const prog_choice *x;
  pool *p;
  int64_t today;           /* days since 1970 */
  arena *a;                /* of the caller: *failure */
  str *failure;
  val args[ARGS];
  uint8_t sts[ARGS];
  bool assembled;          /* combos, ncombos and no_combo are there */
  rec **combos;
  uint32_t ncombos;
  str no_combo;            /* why there are none */
} filling;

typedef struct row { const rec *r; str order; } row;

/* ---- asking the program ---- */

static void set_arg(filling *f, uint32_t i, const rec *r) {
  f->args[i].r = r;
  f->sts[i] = r ? ST_OK : ST_MISSING;
}

static int call(filling *f, uint32_t fn, val *v, uint8_t *st) {
  int got = vm_call(f->e->vm, fn, f->args, f->sts, v, st, NULL, NULL);
  if (got == VM_OK) return RT_OK;
  int status = rt_engine_status(f->e, got, f->failure);
  *f->failure = str_dup(f->a, *f->failure);
  return status;
}

/* What is missing or in error, in words, in the pool's arena. */
static int reason_of(filling *f, uint32_t fn, const char *what, str *why) {
  val v;
  uint8_t st;
  uint32_t n = 0;
  vm_cause *causes = NULL;
  if (vm_call(f->e->vm, fn, f->args, f->sts, &v, &st, &n, &causes) != VM_OK) { *why = str_z(what); return RT_OK; }
  buf b = { .a = &f->p->a };
  buf_z(&b, what);
  for (uint32_t i = 0; i < n; i++) {
    buf_z(&b, i ? "; " : ": ");
    buf_str(&b, causes[i].text);
    if (causes[i].kind == ST_MISSING) buf_z(&b, " is missing");
    else if (causes[i].error.n) buf_fmt(&b, ": %.*s", STR_ARG(causes[i].error));
  }
  *why = buf_done(&b);
  return RT_OK;
}

static int test(filling *f, uint32_t fn, truth *t) {
  val v;
  uint8_t st;
  *t = TR_T;
  if (fn == UINT32_MAX) return RT_OK;
  int status = call(f, fn, &v, &st);
  *t = st == ST_ERR ? TR_E : st == ST_MISSING ? TR_U : v.i ? TR_T : TR_F;
  return status;
}

/* ---- rows ---- */

static int by_order(const void *x, const void *y) {
  const row *a = x, *b = y;
  uint32_t n = a->order.n < b->order.n ? a->order.n : b->order.n;
  int c = n ? memcmp(a->order.p, b->order.p, n) : 0;
  return c ? c : (a->order.n > b->order.n) - (a->order.n < b->order.n);
}

typedef struct walk { uint32_t source; int32_t field; val key; struct host_cursor *cur; VEC(row) rows; } walk;

/* The rows of a source whose field equals what key gives (or all), kept in the VM's arena. Look-ups allocate there outside of the VM's own runs: a jump has to
   land here. */
static int rows_of(filling *f, walk *w) {
  const host *h = &f->e->proxy;
  arena *va = vm_arena(f->e->vm);
  jmp_buf *back = va->oom, here;
  if (setjmp(here)) {
    va->oom = back;
    if (w->cur) h->close(h->ud, w->cur);
    return RT_OOM;
  }
  va->oom = &here;
  const rec *r;
  int got = h->open(h->ud, w->source, w->field, w->key, false, &w->cur);
  while (got == HOST_FOUND && (got = h->next(h->ud, w->cur, true, &r)) == HOST_FOUND) *VEC_PUSH(va, &w->rows) = (row){ .r = r };
  if (w->cur) h->close(h->ud, w->cur);
  w->cur = NULL;
  va->oom = back;
  if (got == HOST_NONE) return RT_OK;
  *f->failure = str_dup(f->a, h->failure(h->ud));
  return RT_ENV;
}

static int look_up(filling *f, uint32_t source, int32_t field, uint32_t key, walk *w) {
  *w = (walk){ .source = source, .field = field };
  if (field >= 0) {
    uint8_t st;
    int status = call(f, key, &w->key, &st);
    if (status != RT_OK) return status;
    if (st != ST_OK) w->field = -1; /* why it is not there is for the test to say, row by row */
  }
  return rows_of(f, w);
}

/* ---- evidence ---- */

static bool days_of(const type *t, val v, int64_t *day) {
  if (t->kind == TY_DATE) *day = v.i;
  else *day = v.i / INT64_C(86400000000) - (v.i % INT64_C(86400000000) < 0);
  return true;
}

/* How much of a row counts: nothing until even the last decision of its day is as old as the delay, then less with age. Ages are whole days. */
static int weight_of(filling *f, double *w, str *why) {
  const prog_choice *x = f->x;
  const double day = 86400e6;
  *w = 1;
  if (x->day == UINT32_MAX) return RT_OK;
  val v;
  uint8_t st;
  int64_t when;
  int status = call(f, x->day, &v, &st);
  if (status != RT_OK) return status;
  if (st != ST_OK) return reason_of(f, x->day, "the day of its evidence", why);
  days_of(f->e->p->ir->fns[x->day]->ret, v, &when);
  double age = (double)(f->today - when);
  if (x->delay && (age - 1) * day < (double)x->delay) *w = 0;
  else if (x->half_life) *w = policy_decay(age, (double)x->half_life / day);
  return RT_OK;
}

static int add_row(filling *f, agg *sums, str *why) {
  const prog_choice *x = f->x;
  double w;
  int status = weight_of(f, &w, why);
  if (status != RT_OK || why->n || w == 0) return status;
  const rec *r = f->args[2].r;
  for (uint32_t i = 0; i < x->nsummed; i++) {
    uint16_t k = x->sum_of[i];
    const type_field *field = &r->ty->fields[k];
    if (r->st[k] != ST_OK) {
      *why = str_fmt(&f->p->a, "its evidence: %.*s of %.*s is %s", STR_ARG(field->name), STR_ARG(src_key_text(&f->p->a, f->e->p->ir, r)),
                     r->st[k] == ST_MISSING ? "missing" : "in error");
      return RT_OK;
    }
    agg_add(&sums[i], (val){ .n = w * (field->type->kind == TY_INT ? (double)r->v[k].i : r->v[k].n) });
  }
  return RT_OK;
}

/* The sums of the rows that belong to the candidate, as a record for the policy's arguments. */
static int gather(filling *f, rec *sums, str *why) {
  const prog_choice *x = f->x;
  walk w;
  int status = look_up(f, x->over_source, x->over_field, x->over_key, &w);
  agg *g = ARENA_ARRAY(&f->p->a, agg, x->nsummed + 1u);
  for (uint32_t i = 0; i < x->nsummed; i++) agg_init(&g[i], AGG_SUM, x->sums->fields[x->summed[i]].type);
  for (uint32_t i = 0; status == RT_OK && !why->n && i < w.rows.n; i++) {
    truth t;
    set_arg(f, 2, w.rows.v[i].r);
    status = test(f, x->over_test, &t);
    if (status == RT_OK && (t == TR_U || t == TR_E)) status = reason_of(f, x->over_test, "which evidence is its own", why);
    if (status == RT_OK && t == TR_T) status = add_row(f, g, why);
  }
  set_arg(f, 2, NULL);
  for (uint32_t i = 0; status == RT_OK && !why->n && i < x->nsummed; i++) {
    if (agg_done(&g[i], &sums->v[x->summed[i]]) != ST_OK) *why = STR("its evidence is too large to be summed");
  }
  return status;
}

static int arm_of(filling *f, policy_arm *arm, rec *sums, str *why) {
  const prog_choice *x = f->x;
  double *to[CHOICE_ARGS] = { &arm->value, &arm->success, &arm->trials, &arm->sum, &arm->sum_squares, &arm->count };
  int status = RT_OK;
  if (x->has_over) {
    memset(sums->st, ST_OK, x->sums->nfields);
    memset(sums->v, 0, sizeof *sums->v * x->sums->nfields);
    status = gather(f, sums, why);
    set_arg(f, 3, sums);
  }
  for (int i = 0; i < CHOICE_ARGS && status == RT_OK && !why->n; i++) {
    val v;
    uint8_t st;
    if (x->args[i] == UINT32_MAX) continue;
    if ((status = call(f, x->args[i], &v, &st)) != RT_OK) break;
    if (st != ST_OK) status = reason_of(f, x->args[i], "what the policy asks of it", why);
    else *to[i] = v.n;
  }
  const char *wrong = status == RT_OK && !why->n ? policy_arm_wrong((policy_kind)x->policy, arm) : NULL;
  if (wrong) *why = str_fmt(&f->p->a, "its evidence cannot be right: %s", wrong);
  return status;
}

/* ---- candidates ---- */

/* The condition that keeps the candidate out: the first that is false. */
static int excluded_by(filling *f, state_candidate *c) {
  c->reason = STR("`where` is false");
  for (uint32_t i = 0; i < f->x->nconditions; i++) {
    truth t;
    int status = test(f, f->x->conditions[i].test, &t);
    if (status != RT_OK) return status;
    if (t != TR_F) continue;
    c->reason = f->x->conditions[i].text;
    break;
  }
  return RT_OK;
}

static int judge(filling *f, state_candidate *c, policy_arm *arm, rec *sums) {
  truth t;
  int status = test(f, f->x->cand_test, &t);
  c->eligible = t == TR_T ? ELIGIBLE : t == TR_F ? NOT_WHERE : t == TR_U ? NOT_KNOWN : NOT_COMPUTED;
  if (status != RT_OK) return status;
  if (t == TR_U || t == TR_E) return reason_of(f, f->x->cand_test, "whether it may be shown", &c->reason);
  if (t == TR_F) return excluded_by(f, c);
  str why = { "", 0 };
  status = arm_of(f, arm, sums, &why);
  if (why.n) c->eligible = NOT_COMPUTED, c->reason = why;
  return status;
}

/* A template's combinations, put together once. */
static int combos(filling *f, walk *w) {
  int status = RT_OK;
  if (!f->assembled) status = combos_make(f->e, f->x, (rec *)(uintptr_t)f->args[0].r, &f->p->work, &f->ncombos, &f->combos, &f->no_combo, f->failure);
  if (status != RT_OK) { *f->failure = str_dup(f->a, *f->failure); return status; }
  f->assembled = true;
  *w = (walk){ .rows = { 0 } };
  for (uint32_t i = 0; i < f->ncombos; i++) *VEC_PUSH(&f->p->work, &w->rows) = (row){ .r = f->combos[i] };
  return RT_OK;
}

static int candidates(filling *f) {
  const prog_choice *x = f->x;
  pool *p = f->p;
  walk w;
  int status = x->template >= 0 ? combos(f, &w) : look_up(f, x->cand_source, x->cand_field, x->cand_key, &w);
  if (status != RT_OK) return status;
  for (uint32_t i = 0; i < w.rows.n; i++) w.rows.v[i].order = findings_order(&p->a, w.rows.v[i].r);
  if (w.rows.n) qsort(w.rows.v, w.rows.n, sizeof *w.rows.v, by_order);
  p->v = ARENA_ARRAY(&p->a, state_candidate, w.rows.n + 1u);
  p->arms = ARENA_ARRAY(&p->a, policy_arm, w.rows.n + 1u);
  rec *sums = NULL;
  if (x->has_over) {
    sums = ARENA_NEW(&p->a, rec);
    uint32_t n = x->sums->nfields;
    *sums = (rec){ .ty = x->sums, .cap = n, .clean = true, .source = UINT32_MAX };
    sums->v = ARENA_ARRAY(&p->a, val, n + 1u), sums->st = ARENA_ARRAY(&p->a, uint8_t, n + 1u);
  }
  for (uint32_t i = 0; i < w.rows.n; i++) {
    state_candidate *c = &p->v[p->n];
    set_arg(f, 1, w.rows.v[i].r);
    *c = (state_candidate){ .key = src_key_text(&p->a, f->e->p->ir, w.rows.v[i].r), .reason = { "", 0 } };
    if ((status = judge(f, c, &p->arms[p->n], sums)) != RT_OK) return status;
    if (p->n && str_eq(c->key, p->v[p->n - 1].key)) { /* two rows of one key: neither can be meant */
      p->v[p->n - 1].eligible = NOT_COMPUTED, p->v[p->n - 1].reason = STR("two records have this key");
      continue;
    }
    p->n++;
  }
  set_arg(f, 1, NULL);
  return RT_OK;
}

/* ---- holdout and fallback ---- */

/* A candidate by its key as text; NULL: there is none. */
static int find_key(filling *f, str key, const rec **out) {
  const prog_choice *x = f->x;
  const type_rec *shape = &f->e->p->ir->records[x->cand_record]->shape;
  const type *t = shape->fields[shape->keys[0]].type;
  walk w = { .source = x->cand_source, .field = -1 };
  int status;
  text *k = ARENA_NEW(vm_arena(f->e->vm), text);
  *out = NULL;
  if (x->template < 0 && t->kind == TY_TEXT) {
    const text *atom = atom_find(&f->e->p->atoms, key);
    *k = text_of(key);
    w.field = shape->keys[0], w.key.t = atom ? atom : k;
  }
  status = x->template >= 0 ? combos(f, &w) : rows_of(f, &w);
  for (uint32_t i = 0; status == RT_OK && i < w.rows.n; i++)
    if (str_eq(src_key_text(&f->p->a, f->e->p->ir, w.rows.v[i].r), key)) *out = w.rows.v[i].r;
  return status;
}

static int stand_in(filling *f, str key, const char *what, bool *ok, str *why) {
  const rec *r;
  truth t;
  int status = find_key(f, key, &r);
  if (status != RT_OK) return status;
  if (!r) { *why = str_fmt(&f->p->a, "there is no candidate \"%.*s\" to %s", STR_ARG(key), what); return RT_OK; }
  set_arg(f, 1, r);
  status = test(f, f->x->brand, &t);
  *ok = t == TR_T;
  if (status == RT_OK && t == TR_F) *why = str_fmt(&f->p->a, "\"%.*s\", which is to %s, does not pass the rules that `where` names", STR_ARG(key), what);
  else if (status == RT_OK && t != TR_T) status = reason_of(f, f->x->brand, str_fmt(&f->p->a, "whether \"%.*s\" passes the rules", STR_ARG(key)).p, why);
  set_arg(f, 1, NULL);
  return status;
}

/* ---- the whole ---- */

static const type text_type = { .kind = TY_TEXT, .base = &text_type };

static void write_evidence(filling *f) {
  const prog_choice *x = f->x;
  static const char *const names[CHOICE_ARGS] = { "value", "success", "trials", "sum", "sum_squares", "count" };
  buf b = { .a = &f->p->a };
  bool some = false;
  buf_ch(&b, '{');
  for (uint32_t i = 0; i < f->p->n; i++) {
    const policy_arm *m = &f->p->arms[i];
    const double v[CHOICE_ARGS] = { m->value, m->success, m->trials, m->sum, m->sum_squares, m->count };
    if (f->p->v[i].eligible != ELIGIBLE) continue;
    text k = text_of(f->p->v[i].key);
    if (some) buf_ch(&b, ',');
    some = true;
    val_json(&b, &text_type, (val){ .t = &k }, ST_OK);
    buf_z(&b, ":{");
    bool first = true;
    for (int j = 0; j < CHOICE_ARGS; j++) {
      char t[32];
      if (x->args[j] == UINT32_MAX) continue;
      number_print(v[j], t);
      buf_fmt(&b, "%s\"%s\":%s", first ? "" : ",", names[j], t);
      first = false;
    }
    buf_ch(&b, '}');
  }
  buf_ch(&b, '}');
  f->p->evidence = buf_done(&b);
}

int pool_make(rt_engine *e, uint32_t choice, rec *subject, int64_t now, policy_cache *cache, pool *p, arena *a, str *failure) {
  const prog_choice *x = e->p->ir->choices[choice];
  const int64_t day = INT64_C(86400000000);
  filling *f = ARENA_NEW(&p->a, filling);
  *f = (filling){ .e = e, .x = x, .p = p, .today = now / day - (now % day < 0), .a = a, .failure = failure };
  for (uint32_t i = 0; i < ARGS; i++) set_arg(f, i, NULL);
  set_arg(f, 0, subject);
  p->evidence = p->why = p->subject_why = p->holdout_why = p->fallback_why = f->no_combo = (str){ "", 0 };
  int status = test(f, x->test, &p->subject);
  if (status == RT_OK && (p->subject == TR_U || p->subject == TR_E)) status = reason_of(f, x->test, "whether the choice is for this subject", &p->subject_why);
  if (status != RT_OK || p->subject == TR_F) return status;
  if (p->subject == TR_T) status = candidates(f);
  if (status == RT_OK && x->has_holdout) status = stand_in(f, x->holdout_key, "hold out", &p->holdout_ok, &p->holdout_why);
  if (status == RT_OK && x->has_fallback) status = stand_in(f, x->fallback_key, "fall back to", &p->fallback_ok, &p->fallback_why);
  if (status != RT_OK || p->subject != TR_T) return status;
  bool asked = false;
  for (int i = 0; i < CHOICE_ARGS; i++) asked |= x->args[i] != UINT32_MAX;
  if (asked) write_evidence(f);
  uint64_t *w = ARENA_ARRAY(&p->a, uint64_t, p->n + 1u);
  const char *why = NULL;
  p->drawable = rt_decide_weights(x, &p->a, cache, p->arms, p->v, p->n, w, &why);
  if (!p->drawable) p->why = f->no_combo.n ? str_dup(&p->a, f->no_combo) : str_z(why);
  for (uint32_t i = 0; i < p->n; i++) p->v[i].weight = p->drawable ? w[i] : 0;
  return RT_OK;
}
