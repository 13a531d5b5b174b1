/* See gaps.h.
 *
 * A kind of subject is a value for each field that the template reads. Fields of unions and bools have all of their values in turn, and missing where they
 * are optional; other optional fields are missing; what is left, texts and numbers that are always there, has the values that the subjects of the data have. */
#include "runtime/gaps.h"

#include "runtime/assemble.h"
#include "runtime/src_priv.h"

#include <string.h>

enum { KINDS_MOST = 4096, TOLD_MOST = 20, NODES_MOST = 100000 };

typedef enum answer { NOT_ASKED, FOUND, NOTHING } answer;

typedef struct dim { uint16_t field; uint32_t n; /* values; the last is missing where that may be */ } dim;

typedef struct looking {
  rt_engine *e;
  src_data *data;
  arena *a;
  void (*issue)(void *, const src_issue *);
  void *ud;
  str *failure;
  const prog_template *t;
  uint32_t index;
  const type_rec *shape;
  uint32_t ndims, nopen, product;
  dim *dims;
  uint16_t *open;          /* always there, without a finite set of values */
  rec *subject;
  uint32_t *at;            /* per dim: the value under way */
  answer *answers;         /* per kind, of the open values under way */
  uint32_t *empty;         /* per kind: the first slot that nothing fits; nslots: each has something */
  bool *filled;            /* per slot */
  uint32_t asked, told;
  bool whole;              /* all kinds were looked at */
} looking;

/* ---- kinds ---- */

static bool is_finite(const type *t) { return t->kind == TY_UNION || t->kind == TY_BOOL; }

static void sort_fields(looking *l) {
  const prog_template *t = l->t;
  l->dims = ARENA_ARRAY(l->a, dim, t->nreads + 1u);
  l->open = ARENA_ARRAY(l->a, uint16_t, t->nreads + 1u);
  l->product = 1;
  for (uint32_t i = 0; i < t->nreads; i++) {
    const type *ty = l->shape->fields[t->reads[i]].type;
    if (!is_finite(ty)) {
      if (!ty->opt) l->open[l->nopen++] = t->reads[i];
      continue;
    }
    uint32_t n = (ty->kind == TY_BOOL ? 2 : ty->nlits) + (ty->opt ? 1 : 0);
    l->dims[l->ndims++] = (dim){ t->reads[i], n };
    if (l->product > KINDS_MOST / n) l->whole = false;
    else l->product *= n;
  }
}

static void set_dim(looking *l, uint32_t d, uint32_t value) {
  uint16_t f = l->dims[d].field;
  const type *ty = l->shape->fields[f].type;
  bool missing = ty->opt && value + 1 == l->dims[d].n;
  l->at[d] = value;
  l->subject->st[f] = missing ? ST_MISSING : ST_OK;
  if (missing) return;
  if (ty->kind == TY_BOOL) l->subject->v[f].i = value == 0;
  else l->subject->v[f].t = ty->lits[value];
}

static void set_kind(looking *l, uint32_t kind) {
  for (uint32_t d = l->ndims; d--;) {
    set_dim(l, d, kind % l->dims[d].n);
    kind /= l->dims[d].n;
  }
}

static uint32_t value_of(const looking *l, uint32_t kind, uint32_t d) {
  for (uint32_t i = l->ndims; --i > d;) kind /= l->dims[i].n;
  return kind % l->dims[d].n;
}

/* ---- asking ---- */

static int ask(looking *l, uint32_t kind) {
  asm_opts o = { .limit = 1, .nodes = NODES_MOST };
  asm_result r;
  set_kind(l, kind);
  vm_reset(l->e->vm);
  arena_mark mark = arena_save(l->a);
  int status = rt_assemble(l->e, l->index, l->subject, &o, l->a, &r, l->failure);
  if (status != RT_OK) return status;
  answer got = r.status == ASM_SUBJECT || (!r.n && r.status == ASM_LIMIT) ? NOT_ASKED : r.n ? FOUND : NOTHING;
  for (uint32_t i = 0; r.status != ASM_SUBJECT && i < l->t->nslots; i++) l->filled[i] |= r.candidates[i] > 0;
  l->empty[kind] = 0;
  while (l->empty[kind] < l->t->nslots && r.candidates[l->empty[kind]]) l->empty[kind]++;
  arena_restore(l->a, mark);
  l->answers[kind] = got;
  l->asked += got != NOT_ASKED;
  return RT_OK;
}

/* ---- telling ---- */

static str short_name(str name) {
  const char *dot = memrchr(name.p, '.', name.n);
  return dot ? (str){ dot + 1, name.n - (uint32_t)(dot + 1 - name.p) } : name;
}

static void put_field(looking *l, buf *b, uint16_t f, bool *some) {
  buf_fmt(b, "%s%.*s ", *some ? ", " : " for ", STR_ARG(l->shape->fields[f].name));
  *some = true;
  if (l->subject->st[f] != ST_OK) { buf_z(b, "missing"); return; }
  val_print(b, l->shape->fields[f].type, l->subject->v[f], true);
}

/* One gap: the open values under way, and the values of the dims that are in the set; none: whatever they are. */
static void tell(looking *l, uint32_t kind, uint64_t dims) {
  if (l->told++ >= TOLD_MOST) return;
  buf b = { .a = l->a };
  bool some = false;
  buf_fmt(&b, "`%.*s` has no combination", STR_ARG(short_name(l->t->name)));
  for (uint32_t i = 0; i < l->nopen; i++) put_field(l, &b, l->open[i], &some);
  set_kind(l, kind);
  for (uint32_t d = 0; d < l->ndims; d++)
    if (dims >> d & 1) put_field(l, &b, l->dims[d].field, &some);
  if (!some) buf_fmt(&b, " for any %.*s", STR_ARG(short_name(l->shape->name)));
  uint32_t slot = l->empty[kind];
  if (slot < l->t->nslots) buf_fmt(&b, ": nothing fits the slot `%.*s`", STR_ARG(l->t->slots[slot].name));
  else buf_z(&b, ": nothing satisfies every condition");
  src_issue i = { .code = DIAG_TEMPLATE_GAP, .sev = SEV_WARNING, .source = l->t->source, .field = -1, .message = buf_done(&b), .decl = l->t->sp };
  i.column = i.file = i.key = (str){ "", 0 };
  i.fix = STR("add components that fit, or say in the template's `where` that it is not for these");
  l->issue(l->ud, &i);
}

static bool matches(const looking *l, uint32_t kind, uint32_t d, uint32_t value) { return d == UINT32_MAX || value_of(l, kind, d) == value; }

/* Whether there is nothing for all kinds that have the value, of those that were asked. *first is one of them. */
static bool all_nothing(const looking *l, uint32_t d, uint32_t value, uint32_t *first) {
  *first = UINT32_MAX;
  for (uint32_t k = 0; k < l->product; k++) {
    if (!matches(l, k, d, value)) continue;
    if (l->answers[k] == FOUND) return false;
    if (l->answers[k] == NOTHING && *first == UINT32_MAX) *first = k;
  }
  return *first != UINT32_MAX;
}

/* In as few words as say it: for whatever values, for one value of one field, or for a whole kind. */
static void tell_gaps(looking *l) {
  uint32_t first;
  if (all_nothing(l, UINT32_MAX, 0, &first)) { tell(l, first, 0); return; }
  for (uint32_t d = 0; d < l->ndims; d++)
    for (uint32_t v = 0; v < l->dims[d].n; v++) {
      if (!all_nothing(l, d, v, &first)) continue;
      tell(l, first, UINT64_C(1) << d);
      for (uint32_t k = 0; k < l->product; k++)
        if (matches(l, k, d, v)) l->answers[k] = NOT_ASKED;
    }
  for (uint32_t k = 0; k < l->product; k++)
    if (l->answers[k] == NOTHING) tell(l, k, UINT64_MAX);
}

static void tell_slots(looking *l) {
  for (uint32_t s = 0; l->asked && s < l->t->nslots; s++) {
    const prog_slot *p = &l->t->slots[s];
    if (l->filled[s]) continue;
    str source = short_name(l->e->p->ir->sources[p->source]->name);
    src_issue i = { .code = DIAG_SLOT_EMPTY, .sev = SEV_WARNING, .source = p->source, .field = -1, .decl = p->sp };
    i.message = str_fmt(l->a, "no record of %.*s fits the slot `%.*s` of `%.*s`, whoever it is for", STR_ARG(source), STR_ARG(p->name), STR_ARG(short_name(l->t->name)));
    i.column = i.file = i.key = (str){ "", 0 };
    i.fix = STR("compare the slot's `where` with the data: a value that is spelled otherwise, or components that are not there yet");
    l->issue(l->ud, &i);
  }
}

/* ---- the walk ---- */

static int kinds(looking *l) {
  int status = RT_OK;
  memset(l->answers, 0, sizeof *l->answers * l->product);
  for (uint32_t k = 0; k < l->product && status == RT_OK; k++) status = ask(l, k);
  return status;
}

static str open_key(looking *l, const rec *r) {
  buf b = { .a = l->a };
  for (uint32_t i = 0; i < l->nopen; i++) {
    uint16_t f = l->open[i];
    if (r->st[f] != ST_OK) return (str){ NULL, 0 };
    src_key_bytes(&b, l->shape->fields[f].type, r->v[f]);
    buf_ch(&b, '\n');
  }
  return buf_done(&b);
}

/* A first pass finds out whether every slot is filled for somebody; only then it is worth telling for whom there is nothing. */
static int each(looking *l, bool telling) {
  if (!l->nopen) {
    int status = kinds(l);
    if (status == RT_OK && telling) tell_gaps(l);
    return status;
  }
  src_cursor *cur = NULL;
  VEC(str) seen = { 0 };
  int got = src_walk(l->data, l->t->source, &cur), status = RT_OK;
  for (rec *r; status == RT_OK && got == SRC_OK && (got = src_next(cur, &r)) == SRC_OK;) {
    str key = open_key(l, r);
    bool known = !key.p;
    for (uint32_t i = 0; i < seen.n && !known; i++) known = str_eq(seen.v[i], key);
    if (known) continue;
    if ((seen.n + 1) * l->product > KINDS_MOST) { l->whole = false; break; }
    *VEC_PUSH(l->a, &seen) = key;
    for (uint32_t i = 0; i < l->nopen; i++) l->subject->v[l->open[i]] = r->v[l->open[i]], l->subject->st[l->open[i]] = ST_OK;
    status = kinds(l);
    if (status == RT_OK && telling) tell_gaps(l);
  }
  src_end(cur);
  if (status != RT_OK) return status;
  if (got == SRC_OOM) return RT_OOM;
  if (got == SRC_FAILED) { *l->failure = src_failure(l->data); return RT_ENV; }
  return RT_OK;
}

static bool all_filled(const looking *l) {
  for (uint32_t s = 0; s < l->t->nslots; s++)
    if (!l->filled[s]) return false;
  return true;
}

static void tell_rest(looking *l) {
  src_issue i = { .code = DIAG_TEMPLATE_GAP, .sev = SEV_INFO, .source = l->t->source, .field = -1, .decl = l->t->sp };
  i.column = i.file = i.key = i.fix = (str){ "", 0 };
  str name = short_name(l->t->name);
  if (l->told > TOLD_MOST)
    i.message = str_fmt(l->a, "`%.*s` has no combination for %u more kinds of %.*s", STR_ARG(name), l->told - TOLD_MOST, STR_ARG(short_name(l->shape->name)));
  else if (!l->whole)
    i.message = str_fmt(l->a, "`%.*s` reads more kinds of %.*s than the %d that are looked at for gaps", STR_ARG(name), STR_ARG(short_name(l->shape->name)), KINDS_MOST);
  else return;
  l->issue(l->ud, &i);
}

static int one(looking *l, const bool *opened) {
  for (uint32_t s = 0; s < l->t->nslots; s++)
    if (!opened[l->t->slots[s].source]) return RT_OK;
  l->shape = &l->e->p->ir->records[l->t->record]->shape;
  l->whole = true;
  sort_fields(l);
  if (l->nopen && !opened[l->t->source]) return RT_OK;
  uint32_t n = l->shape->nfields, room = vm_frame_size(l->e->p->vm);
  l->subject = ARENA_NEW(l->a, rec);
  *l->subject = (rec){ .ty = l->shape, .cap = n > room ? n : room, .source = l->t->source };
  l->subject->v = ARENA_ARRAY(l->a, val, l->subject->cap + 1u), l->subject->st = ARENA_ARRAY(l->a, uint8_t, l->subject->cap + 1u);
  memset(l->subject->st, ST_MISSING, l->subject->cap);
  l->at = ARENA_ARRAY(l->a, uint32_t, l->ndims + 1u);
  l->answers = ARENA_ARRAY(l->a, answer, l->product), l->empty = ARENA_ARRAY(l->a, uint32_t, l->product);
  l->filled = ARENA_ARRAY(l->a, bool, l->t->nslots + 1u);
  if (!l->whole) { tell_rest(l); return RT_OK; }
  int status = each(l, false);
  if (status != RT_OK) return status;
  if (!all_filled(l)) { tell_slots(l); return RT_OK; }
  status = each(l, true);
  if (status == RT_OK) tell_rest(l);
  return status;
}

int rt_gaps(rt_engine *e, src_data *data, const bool *opened, arena *a, void (*issue)(void *, const src_issue *), void *ud, str *failure) {
  int status = RT_OK;
  for (uint32_t i = 0; i < e->p->ir->ntemplates && status == RT_OK; i++) {
    looking *l = ARENA_NEW(a, looking);
    *l = (looking){ .e = e, .data = data, .a = a, .issue = issue, .ud = ud, .failure = failure, .t = e->p->ir->templates[i], .index = i };
    status = one(l, opened);
  }
  return status;
}
