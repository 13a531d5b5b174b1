/* Rewards from files. See outcome.h. The lines are rows of a source of a small program of its own, so that they are read, and what is wrong with them is
 * told, as with every other file of data. */
#include "runtime/outcome.h"

#include <math.h>

#include "base/civil.h"
#include "runtime/engine.h"
#include "runtime/source.h"
#include "runtime/validate.h"

/* A default lets a CSV file lack the column; none of 1970 is meant. */
static const char declarations[] =
    "record Outcome { decision : text?  reward : number?  time : time default 1970-01-01T00:00:00Z  name : text default \"reward\" }\n"
    "source outcomes_in : Outcome\n";
enum { F_DECISION, F_REWARD, F_TIME, F_NAME, BATCH = 10000 };

typedef struct reader {
  state *s;
  src_data *data;
  bool walking;
  int64_t now;
  outcome_counts *n;
  void (*refused)(void *ud, const outcome_refusal *r);
  void *ud;
  arena *a;                /* the caller's, who may keep things there meanwhile */
  arena one;               /* messages of a batch */
  str failure;
} reader;

static void refuse(reader *x, const rec *r, uint32_t line, int64_t *count, str decision, str message) {
  ++*count;
  if (x->refused) x->refused(x->ud, &(outcome_refusal){ line ? line : r ? r->line : 0, r ? r->position : 0, decision, message });
}

/* What concerns a whole line: no JSON, too many cells. */
static void on_issue(void *ud, const src_issue *i) {
  reader *x = ud;
  if (i->sev != SEV_ERROR) return;
  if (!x->walking) { /* the file as a whole: it will fail */
    if (!x->failure.n) x->failure = str_fmt(x->a, "%.*s; a rewards file has the columns decision and reward, and may have time and name", STR_ARG(i->message));
    return;
  }
  x->n->read++;
  refuse(x, NULL, i->line, &x->n->bad, (str){ "", 0 }, i->message);
}

/* *day: the reward's time is a date alone, that day; else INT64_MIN. */
static bool readable(reader *x, const rec *r, int64_t *day) {
  *day = INT64_MIN;
  for (uint32_t f = F_DECISION; f <= F_REWARD; f++) {
    if (r->st[f] != ST_MISSING) continue;
    refuse(x, r, 0, &x->n->bad, (str){ "", 0 }, f == F_DECISION ? STR("it has no decision") : STR("it has no reward"));
    return false;
  }
  for (const bad *b = r->bads; b; b = b->next) {
    if (b->field == F_TIME && civil_parse_date(b->found, day)) continue; /* where a time is expected */
    str name = r->ty->fields[b->field].name;
    str what = str_fmt(&x->one, "%.*s: %.*s", STR_ARG(name), STR_ARG(b->message));
    refuse(x, r, b->line, &x->n->bad, (str){ "", 0 }, what);
    return false;
  }
  return true;
}

static int join(reader *x, const rec *r) {
  outcome_counts *n = x->n;
  state_joined how;
  int64_t decided = 0;
  n->read++;
  int64_t day;
  if (!readable(x, r, &day)) return RT_OK;
  state_outcome o = { .decision = str_of(r->v[F_DECISION].t), .name = str_of(r->v[F_NAME].t), .reward = r->v[F_REWARD].n,
                      .at = r->v[F_TIME].i ? r->v[F_TIME].i : x->now };
  if (day != INT64_MIN) o.at = day * USEC_PER_DAY, o.whole_day = true;
  if (!(fabs(o.reward) <= 1e100)) {
    refuse(x, r, 0, &n->bad, o.decision, STR("the reward is too large"));
    return RT_OK;
  }
  int status = state_outcome_add(x->s, &o, &how, &decided);
  if (status != RT_OK) return status;
  switch (how) {
  case JOINED_NEW:
    n->joined++;
    n->late += o.at - decided > OUTCOME_LATE_DAYS * USEC_PER_DAY;
    n->other_name += o.name.n && !str_eq(o.name, STR("reward"));
    break;
  case JOINED_AGAIN: n->again++; break;
  case JOINED_EARLY: refuse(x, r, 0, &n->early, o.decision, STR("the reward is from before its decision; is a clock or a time zone wrong?")); break;
  case JOINED_OTHER: refuse(x, r, 0, &n->conflicting, o.decision, STR("the decision has another reward of this name already, which stays")); break;
  case JOINED_UNKNOWN: refuse(x, r, 0, &n->unknown, o.decision, STR("no decision of this id is in the state file")); break;
  }
  return RT_OK;
}

/* A batch shares one commit. */
static int batch(reader *x, src_cursor *cur, bool *end) {
  int status = state_begin(x->s);
  if (status != RT_OK) return status;
  for (int i = 0; i < BATCH && status == RT_OK && !*end; i++) {
    rec *r;
    int got = src_next(cur, &r);
    if (got == SRC_DONE) *end = true;
    else if (got == SRC_OK) status = join(x, r);
    else {
      if (got != SRC_OOM) x->failure = src_failure(x->data);
      status = got == SRC_OOM ? RT_OOM : RT_ENV;
    }
  }
  int ended = state_commit(x->s); /* what was joined before a bad line stays */
  return status == RT_OK ? ended : status;
}

static int walk(reader *x) {
  src_cursor *cur = NULL;
  jmp_buf here, *before = x->a->oom;
  int got = src_walk(x->data, 0, &cur);
  volatile int status = got == SRC_OK ? RT_OK : got == SRC_OOM ? RT_OOM : RT_ENV;
  volatile bool begun = false;
  bool end = false;
  if (status == RT_ENV) x->failure = src_failure(x->data);
  x->a->oom = x->one.oom = &here;
  if (status == RT_OK) {
    if (!_setjmp(here)) {
      while (status == RT_OK && !end) {
        begun = true;
        status = batch(x, cur, &end);
        begun = false;
        arena_reset(&x->one);
      }
    } else {
      status = RT_OOM;
      if (begun) state_commit(x->s);
    }
  }
  x->a->oom = before, x->one.oom = NULL;
  if (cur) src_end(cur);
  return status;
}

static int read_with(reader *x, const mem *m, rt_program *p, str file) {
  int status = rt_program_add_text(p, STR("outcomes"), STR(declarations));
  if (status == RT_OK) status = rt_program_compile(p, false, INT64_MIN);
  if (status != RT_OK) return status == RT_OOM ? RT_OOM : RT_ENV;
  src_binding b = { STR("outcomes_in"), file, { "", 0 } };
  static const bool wanted[] = { true };
  str why = { 0 };
  status = rt_open_data(p, m, (str){ "", 0 }, 1, &b, wanted, NULL, on_issue, x, x->a, &x->data, &why);
  if (status != RT_OK) {
    if (!x->failure.n) x->failure = why;
    return status;
  }
  x->walking = true;
  status = walk(x);
  if (x->failure.n) x->failure = str_dup(x->a, x->failure);
  src_close(x->data);
  return status;
}

int outcome_read(const mem *m, state *s, str file, int64_t now, void (*refused)(void *ud, const outcome_refusal *r), void *ud, arena *a,
                 outcome_counts *n, str *failure) {
  reader x = { .s = s, .now = now, .n = n, .refused = refused, .ud = ud, .a = a };
  *n = (outcome_counts){ 0 };
  rt_program *p = rt_program_new(m);
  if (!p) return RT_OOM;
  arena_init(&x.one, m, NULL);
  int status = read_with(&x, m, p, file);
  rt_program_free(p);
  arena_free(&x.one);
  if (status == RT_ENV) *failure = x.failure.n ? x.failure : state_failure(s, a);
  return status;
}
