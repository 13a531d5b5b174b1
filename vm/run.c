/* The interpreter: one loop with a jump per instruction. Everything that was decided before it runs (types, jump targets,
 * constants) is not looked at again; what takes more than a few lines stands in ops.c. */
#include "vm/vm_int.h"

#include "base/civil.h"

#include <math.h>
#include <string.h>

static const vm_frame *keep_frame(vm_frame *f, const code_unit *u, val *R, uint8_t *S, const rec *root) {
  *f = (vm_frame){ u, R, S, root };
  return f;
}

static inline uint8_t worst(uint8_t a, uint8_t b) { return a > b ? a : b; }

/* Status of an instruction whose operands are not all present. */
#define STRICT1(x) do { uint8_t s_ = S[x]; if (__builtin_expect(s_ != ST_OK, 0)) { S[ip->a] = s_; NEXT; } } while (0)
#define STRICT2(x, y) \
  do { \
    if (__builtin_expect((S[x] | S[y]) != ST_OK, 0)) { S[ip->a] = worst(S[x], S[y]); NEXT; } \
  } while (0)
#define REFUSE(st, text) do { S[ip->a] = (st), e->made = true, e->why = (text); NEXT; } while (0)
#define GIVE(field, v) do { R[ip->a].field = (v); S[ip->a] = ST_OK; NEXT; } while (0)
#define TRY(call) do { int rc_ = (call); if (__builtin_expect(rc_ < 0, 0)) return rc_; } while (0)
#define STEP_DONE() do { if (__builtin_expect(++e->steps > e->max_steps, 0)) return RUN_BUDGET; } while (0)

static const code_site *site_of(const code_unit *u, const ins *i) { return &u->tab->sites[i->d]; }

int vm_run(vm_engine *e, const code_unit *u, val *R, uint8_t *S, const rec *root) {
  static const void *const labels[OPCODE_COUNT] = {
#define OP(name, text, flow, a, b, c, d, doc) [BC_##name] = &&L_##name,
#include "vm/opcodes.def"
  };
  const ins *const code = u->code, *ip = code;
  vm_frame frame;
#define F keep_frame(&frame, u, R, S, root)
#define DISPATCH goto *labels[ip->op]
#define NEXT do { ip++; DISPATCH; } while (0)
#define GO(to) do { ip = code + (to); DISPATCH; } while (0)
#define TEST(cond) do { if (cond) GO(ip->t); GO(ip->f); } while (0) /* a branch, which is predicted, where a conditional move would wait for the field */
  DISPATCH;

  /* flow */
L_JUMP: GO(ip->t);
L_CHECK: {
    uint8_t s = S[ip->a];
    if (__builtin_expect(s == ST_OK, 1)) GO(ip->t);
    GO(s == ST_ERR ? ip->c : ip->f);
  }
L_CHECK2: {
    uint8_t s = worst(S[ip->a], S[ip->b]);
    if (__builtin_expect(s == ST_OK, 1)) GO(ip->t);
    GO(s == ST_ERR ? ip->c : ip->f);
  }
L_RET_TRUTH:
L_RET_VERDICT: return ip->x;
L_RET:
  e->ret = R[ip->a], e->ret_st = S[ip->a];
  return 0;

  /* tests */
L_BOOL: TEST(R[ip->a].i != 0);
L_EQ_INT_K: TEST(R[ip->a].i == ip->i);
L_LT_INT_K: TEST(R[ip->a].i < ip->i);
L_LE_INT_K: TEST(R[ip->a].i <= ip->i);
L_EQ_NUM_K: TEST(R[ip->a].n == ip->n);
L_LT_NUM_K: TEST(R[ip->a].n < ip->n);
L_LE_NUM_K: TEST(R[ip->a].n <= ip->n);
L_EQ_INT: TEST(R[ip->a].i == R[ip->b].i);
L_LT_INT: TEST(R[ip->a].i < R[ip->b].i);
L_EQ_NUM: TEST(R[ip->a].n == R[ip->b].n);
L_LT_NUM: TEST(R[ip->a].n < R[ip->b].n);
L_EQ_MIX: TEST(vm_compare_mixed(R[ip->a].i, R[ip->b].n) == 0);
L_LT_MIX: TEST(vm_compare_mixed(R[ip->a].i, R[ip->b].n) < 0);
L_LE_MIX: TEST(vm_compare_mixed(R[ip->a].i, R[ip->b].n) <= 0);
L_EQ_ATOM: TEST(R[ip->a].t == ip->k);
L_EQ_TEXT_K: TEST(text_eq(R[ip->a].t, ip->k));
L_EQ_TEXT: TEST(text_eq(R[ip->a].t, R[ip->b].t));
L_LT_TEXT: TEST(str_cmp(str_of(R[ip->a].t), str_of(R[ip->b].t)) < 0);
L_RANGE_INT: TEST(R[ip->a].i >= ip->lo && R[ip->a].i <= ip->hi);
L_RANGE_NUM: TEST(R[ip->a].n >= u->tab->consts[ip->b].v.n && R[ip->a].n <= u->tab->consts[ip->c].v.n);
L_IN_ATOMS: {
    uint32_t atom = R[ip->a].t->atom;
    TEST(atom / 64 == ip->x && ((uint64_t)ip->i >> (atom % 64) & 1));
  }
L_IN_INTS: {
    uint64_t at = (uint64_t)R[ip->a].i - (uint64_t)(int64_t)(int8_t)ip->x;
    TEST(at < 64 && ((uint64_t)ip->i >> at & 1));
  }
L_IN_SET: {
    const code_const *k = &u->tab->consts[ip->d];
    TEST(vm_in_set(k->type, R[ip->a], k->v.l));
  }

  /* values */
L_MOVE: R[ip->a] = R[ip->b], S[ip->a] = S[ip->b]; NEXT;
L_CONST: R[ip->a] = u->tab->consts[ip->d].v, S[ip->a] = ST_OK; NEXT;
L_INT: GIVE(i, ip->i);
L_NONE: S[ip->a] = ip->x; NEXT;
L_TRUTH:
  R[ip->a].i = ip->x == TR_T;
  S[ip->a] = ip->x == TR_E ? ST_ERR : ip->x == TR_U ? ST_MISSING : ST_OK;
  NEXT;
L_ROOT: GIVE(r, root);
L_NOW: GIVE(i, e->now);
L_TODAY: GIVE(i, e->now / USEC_PER_DAY - (e->now % USEC_PER_DAY < 0));
L_FIELD: {
    STRICT1(ip->b);
    const rec *r = R[ip->b].r;
    uint8_t s = r->st[ip->d];
    R[ip->a] = r->v[ip->d];
    if (s != ST_OK) REFUSE(s, u->collect && s == ST_ERR ? rec_why_bad(e->cur, r, ip->d, e->top) : (str){ 0 });
    S[ip->a] = ST_OK;
    NEXT;
  }
L_DEREF: STRICT1(ip->b); TRY(vm_op_deref(e, F, ip)); NEXT;
L_INDEX: {
    STRICT2(ip->b, ip->c);
    const list *l = R[ip->b].l;
    int64_t at = R[ip->c].i;
    if (at < 0) at = at < -(int64_t)l->n ? 0 : l->n + 1 + at; /* -1 is the last */
    if (at < 1 || at > l->n) REFUSE(ST_MISSING, ((str){ 0 }));
    R[ip->a] = l->v[at - 1], S[ip->a] = ST_OK;
    NEXT;
  }
L_MAP_GET: {
    STRICT2(ip->b, ip->c);
    const val *v = vm_map_find(R[ip->b].m, R[ip->c].t);
    if (!v) REFUSE(ST_MISSING, ((str){ 0 }));
    R[ip->a] = *v, S[ip->a] = ST_OK;
    NEXT;
  }
#define INT_OP(how) \
  do { \
    int64_t out_; \
    STRICT2(ip->b, ip->c); \
    if (how(R[ip->b].i, R[ip->c].i, &out_)) REFUSE(ST_ERR, vm_int_overflow); \
    GIVE(i, out_); \
  } while (0)
#define NUM_OP(op) \
  do { \
    STRICT2(ip->b, ip->c); \
    double out_ = R[ip->b].n op R[ip->c].n; \
    if (!isfinite(out_)) REFUSE(ST_ERR, vm_num_overflow); \
    GIVE(n, out_); \
  } while (0)
L_ADD_INT: INT_OP(__builtin_add_overflow);
L_SUB_INT: INT_OP(__builtin_sub_overflow);
L_MUL_INT: INT_OP(__builtin_mul_overflow);
L_ADD_NUM: NUM_OP(+);
L_SUB_NUM: NUM_OP(-);
L_MUL_NUM: NUM_OP(*);
L_DIV_NUM:
  STRICT2(ip->b, ip->c);
  if (R[ip->c].n == 0) REFUSE(ST_ERR, vm_zero_division);
  NUM_OP(/);
L_ARITH: {
    STRICT2(ip->b, ip->c);
    str why = { 0 };
    if (vm_arith((ir_arith)ip->x, R[ip->b], R[ip->c], e->cur, &R[ip->a], &why)) REFUSE(ST_ERR, why);
    S[ip->a] = ST_OK;
    NEXT;
  }
L_NEG: {
    STRICT1(ip->b);
    str why = { 0 };
    if (vm_negate(u->regs[ip->a].type, R[ip->b], &R[ip->a], &why)) REFUSE(ST_ERR, why);
    S[ip->a] = ST_OK;
    NEXT;
  }
L_TO_NUMBER: STRICT1(ip->b); GIVE(n, (double)R[ip->b].i);
L_LIST: e->steps += site_of(u, ip)->n; vm_op_list(e, F, ip); NEXT;
L_RECORD: e->steps += site_of(u, ip)->n; vm_op_record(e, F, ip); NEXT;
L_WITH: e->steps += site_of(u, ip)->n; vm_op_with(e, F, ip); NEXT;
L_INTERP: STEP_DONE(); vm_op_interp(e, F, ip); NEXT;
L_CALL: STEP_DONE(); TRY(vm_op_call(e, F, ip)); NEXT;
L_FN: STEP_DONE(); TRY(vm_op_fn(e, F, ip)); NEXT;
L_EXTERN: STEP_DONE(); TRY(vm_op_extern(e, F, ip)); NEXT;
L_TABLE: STEP_DONE(); TRY(vm_op_table(e, F, ip)); NEXT;
L_WORST: {
    uint8_t s = worst(S[ip->b], S[ip->c]);
    R[ip->a].i = 1, S[ip->a] = s;
    NEXT;
  }

  /* tests that give a value */
L_EQ: STRICT2(ip->b, ip->c); vm_op_eq(e, F, ip); NEXT;
L_IN_LIST: STRICT2(ip->b, ip->c); e->steps += R[ip->c].l->n / 8; vm_op_in_list(e, F, ip); NEXT;
L_HAS_TEXT: {
    STRICT2(ip->b, ip->c);
    str s = str_of(R[ip->b].t), part = str_of(R[ip->c].t);
    e->steps += s.n / 64;
    GIVE(i, part.n == 0 || (s.n && memmem(s.p, s.n, part.p, part.n) != NULL));
  }
L_HAS_KEY: STRICT2(ip->b, ip->c); GIVE(i, vm_map_find(R[ip->b].m, R[ip->c].t) != NULL);
L_MATCHES: STRICT1(ip->b); STEP_DONE(); vm_op_matches(e, F, ip); NEXT;
L_FORMAT: {
    str why = { 0 };
    STRICT1(ip->b);
    GIVE(i, e->p->ir->lib->textformat_valid((int)ip->d, str_of(R[ip->b].t), &why));
  }
L_UNIQUE: STRICT1(ip->b); STEP_DONE(); TRY(vm_op_unique(e, F, ip)); NEXT;
L_RESOLVES: STRICT1(ip->b); STEP_DONE(); TRY(vm_op_resolves(e, F, ip)); NEXT;
L_AUDIENCE: STRICT1(ip->b); STEP_DONE(); TRY(vm_op_audience(e, F, ip)); NEXT;
L_PASSES: STRICT1(ip->b); STEP_DONE(); TRY(vm_op_passes(e, F, ip)); NEXT;
L_WORSE: S[ip->a] = worst(S[ip->a], ip->x); GO(ip->t);

  /* walks */
L_EACH: {
    const list *l = R[ip->b].l;
    uint64_t at = (uint64_t)R[ip->c].i;
    if (__builtin_expect(S[ip->b] != ST_OK, 0) || at >= l->n) GO(ip->f);
    STEP_DONE();
    R[ip->a] = l->v[at], S[ip->a] = ST_OK;
    R[ip->c].i = (int64_t)at + 1;
    GO(ip->t);
  }
L_EACH_ENTRY: {
    uint64_t at = (uint64_t)R[ip->c].i;
    if (S[ip->b] != ST_OK || at >= R[ip->b].m->n) GO(ip->f);
    STEP_DONE();
    vm_op_entry(e, F, ip, (uint32_t)at);
    R[ip->c].i = (int64_t)at + 1;
    GO(ip->t);
  }
L_OPEN: STEP_DONE(); TRY(vm_op_open(e, F, ip)); NEXT;
L_STEP: {
    STEP_DONE();
    int got = vm_op_step(e, F, ip);
    if (got < 0) return got;
    TEST(got);
  }
L_CLOSE: vm_op_close(e); NEXT;
L_VACUOUS: if (R[ip->a].i == 0) e->vacuous = true; NEXT;
L_AGG_NEW: {
    agg *g = ARENA_NEW(e->cur, agg); /* grows nowhere */
    const code_reg *r = &u->regs[ip->a];
    agg_init(g, (agg_op)r->sub, r->type);
    GIVE(p, g);
  }
L_AGG_ADD: vm_op_agg_add(e, F, ip); NEXT;
L_AGG_END: {
    STRICT1(ip->b);
    int s = agg_done((agg *)(uintptr_t)R[ip->b].p, &R[ip->a]);
    if (s != ST_OK) REFUSE((uint8_t)s, s == ST_ERR ? STR("the result is too large") : (str){ 0 });
    S[ip->a] = ST_OK;
    NEXT;
  }
L_LIST_NEW: {
    vm_gather *g = ARENA_NEW(&e->main, vm_gather); /* it may grow inside a walk that forgets the loop arena at each step */
    g->a = &e->main;
    GIVE(p, g);
  }
L_LIST_ADD: {
    if (S[ip->a] != ST_OK || S[ip->b] != ST_OK) NEXT;
    vm_gather *g = (vm_gather *)(uintptr_t)R[ip->a].p;
    *VEC_PUSH(g->a, &g->got) = R[ip->b];
    NEXT;
  }
L_LIST_END: {
    STRICT1(ip->b);
    const vm_gather *g = R[ip->b].p;
    list *l = ARENA_NEW(e->cur, list);
    *l = (list){ g->got.n, g->got.v };
    GIVE(l, l);
  }

  /* causes and messages */
L_MARK: {
    R[ip->a].i = (int64_t)((uint64_t)e->note_base << 32 | e->notes.n);
    if (ip->x) e->note_base = e->notes.n;
    S[ip->a] = ST_OK;
    NEXT;
  }
L_CUT: vm_cut(e, (uint32_t)R[ip->a].i, ip->x); GO(ip->t);
L_FILTER: vm_cut(e, (uint32_t)R[ip->a].i, S[ip->b]); NEXT;
L_NOTE:
  if (e->made) {
    e->made = false;
    if (S[ip->a] != ST_OK) vm_note(e, u->tab->causes[ip->d], S[ip->a], e->why);
  }
  NEXT;
L_NOTE_FIELD:
  if (S[ip->a] != ST_OK) vm_note(e, u->tab->causes[ip->d], S[ip->a], S[ip->a] == ST_ERR && root ? rec_why_bad(e->cur, root, ip->a, e->top) : (str){ 0 });
  NEXT;
L_SAVE: {
    uint32_t mark = (uint32_t)R[ip->b].i;
    vm_notes *n = ARENA_NEW(&e->main, vm_notes);
    if (mark < e->notes.n) {
      n->n = e->notes.n - mark;
      n->v = ARENA_ARRAY(&e->main, vm_cause, n->n);
      memcpy(n->v, e->notes.v + mark, sizeof *n->v * n->n);
      e->notes.n = mark;
    }
    e->note_base = (uint32_t)((uint64_t)R[ip->b].i >> 32);
    GIVE(p, n);
  }
L_RENOTE:
  if (S[ip->a] == ST_OK) {
    const vm_notes *n = R[ip->a].p;
    for (uint32_t k = 0; k < n->n; k++) vm_note(e, n->v[k].text, n->v[k].kind, n->v[k].error);
  }
  NEXT;
L_MESSAGE:
  if (e->nmessages < CODE_MAX_MESSAGES && e->messages) {
    e->messages[e->nmessages++] = S[ip->a] == ST_OK ? str_dup(&e->main, str_of(R[ip->a].t))
                                                    : str_fmt(&e->main, "`%.*s` does not hold", STR_ARG(e->clause_text));
  }
  TEST(e->nmessages >= CODE_MAX_MESSAGES || !e->messages);
}

int vm_run_on_record(vm_engine *e, const code_unit *u, const rec *r) {
  uint32_t base = e->sp;
  val *R = e->stack + base;
  uint8_t *S = e->stack_st + base;
  if (base + u->nregs > e->stack_cap) return RUN_BUDGET; /* cannot be: the stack has room for the deepest chain */
  e->sp += u->nregs;
  if (u->nfixed) {
    memcpy(R, r->v, sizeof *R * u->nfixed);
    memcpy(S, r->st, u->nfixed);
  }
  memset(S + u->nfixed, ST_MISSING, (size_t)(u->nregs - u->nfixed));
  int rc = vm_run(e, u, R, S, r);
  e->sp = base;
  return rc;
}
