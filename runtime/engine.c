/* One thread's means to evaluate a program. See engine.h. */
#include "runtime/engine.h"

#include "blazon.h"
#include "compiler/waiver.h"
#include "runtime/native.h"
#include "stdlib/builtin.h"

#include <string.h>
#include <time.h>

str rt_versions(arena *a) { return str_fmt(a, "Blazon " BLZ_VERSION "; %.*s", STR_ARG(lib_versions(a))); }

int64_t rt_clock(void) {
  struct timespec ts;
  clock_gettime(CLOCK_REALTIME, &ts);
  return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* ---- the host that the VM sees ---- */

static int no_data(rt_engine *e, uint32_t src) {
  (void)src;
  e->failure = STR("a rule looks into a source, but no data was opened");
  return HOST_FAILED;
}

static int proxy_lookup(void *ud, uint32_t src, val key, const rec **out) {
  rt_engine *e = ud;
  return e->inner ? e->inner->lookup(e->inner->ud, src, key, out) : no_data(e, src);
}

static int proxy_open(void *ud, uint32_t src, int32_t field, val key, bool ordered, struct host_cursor **out) {
  rt_engine *e = ud;
  return e->inner ? e->inner->open(e->inner->ud, src, field, key, ordered, out) : no_data(e, src);
}

static int proxy_next(void *ud, struct host_cursor *c, bool keep, const rec **out) {
  rt_engine *e = ud;
  return e->inner->next(e->inner->ud, c, keep, out);
}

static void proxy_close(void *ud, struct host_cursor *c) {
  rt_engine *e = ud;
  e->inner->close(e->inner->ud, c);
}

static int proxy_count_equal(void *ud, uint32_t src, uint16_t field, val v, int64_t *n) {
  rt_engine *e = ud;
  return e->inner ? e->inner->count_equal(e->inner->ud, src, field, v, n) : no_data(e, src);
}

static str proxy_failure(void *ud) {
  rt_engine *e = ud;
  return e->inner ? e->inner->failure(e->inner->ud) : e->failure;
}

bool rt_engine_open(rt_engine *e, const rt_program *p, const mem *m, vm_limits limits, int64_t now) {
  *e = (rt_engine){ .p = p, .m = m };
  e->proxy = (host){ e, proxy_lookup, proxy_open, proxy_next, proxy_close, proxy_count_equal, proxy_failure };
  e->ls = lib_open(m);
  if (e->ls) e->vm = vm_open(m, p->vm, &e->proxy, e->ls, limits);
  if (!e->vm) { rt_engine_close(e); return false; }
  vm_lib(e->vm)->externs = rt_native_host(p->natives);
  vm_set_now(e->vm, now);
  return true;
}

void rt_engine_data(rt_engine *e, src_data *d) {
  e->inner = d ? src_host(d, vm_arena(e->vm)) : NULL;
  vm_forget(e->vm);
}

void rt_engine_close(rt_engine *e) {
  if (e->vm) vm_close(e->vm);
  if (e->ls) lib_close(e->ls);
  e->vm = NULL, e->ls = NULL;
}

int rt_engine_status(rt_engine *e, int vm_status, str *failure) {
  switch (vm_status) {
  case VM_OK: return RT_OK;
  case VM_BUDGET: *failure = vm_failure(e->vm); return RT_BUDGET;
  case VM_HOST: *failure = vm_failure(e->vm); return RT_ENV;
  default: return RT_OOM;
  }
}

/* ---- a verdict as a finding ---- */

static str field_text(arena *a, const rec *r, int32_t field) {
  if (!r || field < 0 || (uint32_t)field >= r->ty->nfields) return (str){ "", 0 };
  if (r->st[field] == ST_MISSING) return STR("missing");
  buf b = { .a = a };
  if (r->st[field] == ST_OK) {
    val_print(&b, r->ty->fields[field].type, r->v[field], true);
    return buf_done(&b);
  }
  for (const bad *x = r->bads; x; x = x->next)
    if (x->field == field) return x->message;
  return (str){ "", 0 };
}

str *rt_messages(arena *a, const prog_clause *pc, uint32_t n, str *messages) {
  str *out = messages;
  for (uint32_t i = 0; pc->generated && i < n; i++) {
    if (!str_eq(messages[i], STR("(error)"))) continue;
    if (out == messages) out = ARENA_ARRAY(a, str, n), memcpy(out, messages, n * sizeof *out);
    out[i] = str_fmt(a, pc->forbid ? "this must not hold: %.*s" : "this does not hold: %.*s", STR_ARG(pc->text));
  }
  return out;
}

finding rt_finding_of(arena *a, const rt_program *p, uint32_t rule, const rec *r, const vm_result *res) {
  const prog_rule *pr = p->ir->rules[rule];
  finding x = { .kind = FIND_RULE, .sev = pr->sev, .rule = rule, .v = res->v, .waiver = -1, .source = UINT32_MAX, .field = -1 };
  if (res->v == V_WAIVED) x.waiver = waiver_find(p->ir, rule, r);
  x.key = x.file = x.column = x.message = x.fix = (str){ "", 0 };
  if (r) {
    x.source = r->source, x.position = r->position, x.line = r->line, x.col = r->col;
    x.key = src_key_text(a, p->ir, r);
  }
  x.nclauses = res->nclauses;
  x.clauses = ARENA_ARRAY(a, find_clause, res->nclauses ? res->nclauses : 1);
  for (uint32_t i = 0; i < res->nclauses; i++) {
    const vm_clause_result *c = &res->clauses[i];
    const prog_clause *pc = &pr->clauses[c->clause];
    find_cause *causes = ARENA_ARRAY(a, find_cause, c->ncauses ? c->ncauses : 1);
    for (uint32_t k = 0; k < c->ncauses; k++) causes[k] = (find_cause){ c->causes[k].text, c->causes[k].kind, c->causes[k].error };
    int32_t field = pc->at_field;
    /* `campaign.ends` is no value of this record: its own field `campaign` holds the key, and showing that would be wrong */
    bool own = r && field >= 0 && (uint32_t)field < r->ty->nfields && str_eq(pc->at_path, r->ty->fields[field].name);
    x.clauses[i] = (find_clause){ .clause = c->clause,
                                  .result = c->result,
                                  .nmessages = c->result == TR_F ? c->nmessages : 0, /* the others say what is missing or in error */
                                  .messages = rt_messages(a, pc, c->nmessages, c->messages),
                                  .ncauses = c->ncauses,
                                  .causes = causes,
                                  .actual = own ? field_text(a, r, field) : (str){ "", 0 } };
    if (x.field < 0) x.field = field;
  }
  /* the finding points at the field's own place in the data file where the reader noted it */
  for (const bad *b = r ? r->bads : NULL; b; b = b->next)
    if (b->field == x.field && b->line) x.line = b->line, x.col = b->col;
  return x;
}

finding rt_finding_of_issue(const src_issue *i) {
  return (finding){ .kind = FIND_DATA,
                    .sev = i->sev,
                    .source = i->source,
                    .field = i->field,
                    .key = i->key,
                    .position = i->position,
                    .file = i->file,
                    .line = i->line,
                    .col = i->col,
                    .code = i->code,
                    .column = i->column,
                    .message = i->message,
                    .fix = i->fix,
                    .decl = i->decl };
}

/* ---- a finding in words ---- */

static void join_causes(buf *b, const find_clause *c, uint8_t kind) {
  uint32_t n = 0, left = 0;
  for (uint32_t i = 0; i < c->ncauses; i++) left += c->causes[i].kind == kind;
  for (uint32_t i = 0; i < c->ncauses; i++) {
    if (c->causes[i].kind != kind) continue;
    left--;
    if (n) buf_z(b, left ? ", " : " and ");
    buf_str(b, c->causes[i].text);
    n++;
  }
  if (kind == ST_MISSING) buf_z(b, n == 1 ? " is missing" : " are missing");
}

static void clause_text(buf *b, const find_clause *c) {
  if (c->result == TR_F) {
    for (uint32_t i = 0; i < c->nmessages; i++) {
      if (i) buf_ch(b, '\n');
      buf_str(b, c->messages[i]);
    }
    return;
  }
  if (c->result == TR_U) {
    buf_z(b, "cannot tell: ");
    if (c->ncauses) join_causes(b, c, ST_MISSING);
    else buf_z(b, "something is missing");
    return;
  }
  buf_z(b, "cannot tell: ");
  uint32_t n = 0;
  for (uint32_t i = 0; i < c->ncauses; i++) {
    if (c->causes[i].kind != ST_ERR) continue;
    if (n++) buf_z(b, "; ");
    buf_str(b, c->causes[i].text);
    if (c->causes[i].error.n) buf_fmt(b, ": %.*s", STR_ARG(c->causes[i].error));
    else buf_z(b, " is in error");
  }
  if (!n) buf_z(b, "a value is in error");
}

static bool said_before(const str *said, uint32_t n, str text) {
  for (uint32_t i = 0; i < n; i++)
    if (str_eq(said[i], text)) return true;
  return false;
}

/* What clauses say alike, as when all of them read the same broken reference, is said once. */
str rt_finding_message(arena *a, const finding *x) {
  if (x->kind == FIND_DATA) return x->message;
  buf b = { .a = a };
  str *said = ARENA_ARRAY(a, str, x->nclauses + 1);
  uint32_t n = 0;
  for (uint32_t i = 0; i < x->nclauses; i++) {
    buf one = { .a = a };
    clause_text(&one, &x->clauses[i]);
    str text = buf_done(&one);
    if (said_before(said, n, text)) continue;
    if (n) buf_ch(&b, '\n');
    buf_str(&b, text);
    said[n++] = text;
  }
  if (!x->nclauses) buf_fmt(&b, "verdict: %s", verdict_names[x->v]);
  return buf_done(&b);
}
