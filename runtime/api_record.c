/* The public interface of records: what a host knows of one row, set field by field or from JSON. Every value goes through the reader of
 * JSON data (src_record_json), so that a host's record and a row of a file mean the same. */
#include "runtime/api.h"

#include "base/civil.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const ir_program *model(const blz_record *r) { return r->e->p->rt->ir; }

static int64_t find_type(const ir_program *ir, const char *name) {
  str wanted = str_z(name);
  int64_t found = -1;
  for (uint32_t i = 0; i < ir->nrecords; i++) {
    str at = ir->records[i]->name;
    if (str_eq(at, wanted)) return i;
    bool tail = at.n > wanted.n && at.p[at.n - wanted.n - 1] == '.' && memcmp(at.p + at.n - wanted.n, wanted.p, wanted.n) == 0;
    if (tail) found = found < 0 ? (int64_t)i : -2;
    if (found == -2) return -1;
  }
  return found;
}

static rec *parse(blz_record *r, str json, str *error) {
  return src_record_json(&r->a, model(r), r->record, &r->e->p->rt->atoms, json, vm_frame_size(r->e->p->rt->vm), false, error);
}

static uint32_t source_of(const ir_program *ir, uint32_t record) {
  for (uint32_t s = 0; s < ir->nsources; s++)
    if (ir->sources[s]->record == record) return s;
  return UINT32_MAX;
}

blz_status blz_record_from_json(blz_engine *e, const char *type, const char *json, size_t length, blz_record **out) {
  *out = NULL;
  e->error[0] = 0;
  int64_t at = find_type(e->p->rt->ir, type);
  if (at < 0) return api_fail(e, BLZ_NOT_FOUND, "there is no record type `%s`, or there are several", type);
  if (length >= UINT32_MAX) return api_fail(e, BLZ_BAD_VALUE, "the JSON text is too long");
  blz_record *r = mem_try(&e->m, sizeof *r);
  if (!r) return api_fail(e, BLZ_NO_MEMORY, "out of memory");
  memset(r, 0, sizeof *r);
  r->e = e, r->record = (uint32_t)at;
  arena_init(&r->a, &e->m, &r->oom);
  if (setjmp(r->oom)) {
    blz_record_free(r);
    return api_fail(e, BLZ_NO_MEMORY, "out of memory");
  }
  str error = { "", 0 };
  r->r = parse(r, (str){ json, (uint32_t)length }, &error);
  if (!r->r) {
    api_fail(e, BLZ_BAD_VALUE, "%.*s", STR_ARG(error));
    blz_record_free(r);
    return BLZ_BAD_VALUE;
  }
  r->r->source = source_of(e->p->rt->ir, r->record);
  *out = r;
  return BLZ_OK;
}

blz_status blz_record_new(blz_engine *e, const char *type, blz_record **out) { return blz_record_from_json(e, type, "{}", 2, out); }

void blz_record_free(blz_record *r) {
  if (!r) return;
  mem m = r->e->m;
  arena_free(&r->a);
  mem_free(&m, r, sizeof *r);
}

/* ---- setters ---- */

static int64_t find_field(blz_record *r, const char *name) {
  const type_rec *t = &model(r)->records[r->record]->shape;
  r->e->error[0] = 0;
  for (uint32_t i = 0; i < t->nfields; i++)
    if (str_eq(t->fields[i].name, str_z(name))) return i;
  api_fail(r->e, BLZ_NOT_FOUND, "`%.*s` has no field `%s`", STR_ARG(t->name), name);
  return -1;
}

static const type *field_type(const blz_record *r, int64_t field) { return model(r)->records[r->record]->shape.fields[field].type; }

static void settle(blz_record *r) {
  const type_rec *t = &model(r)->records[r->record]->shape;
  bool clean = true;
  for (uint32_t i = 0; i < t->nfields; i++)
    clean = clean && (r->r->st[i] == ST_OK || (r->r->st[i] == ST_MISSING && t->fields[i].type->opt));
  r->r->clean = clean;
}

static void put(blz_record *r, int64_t field, val v, uint8_t st) {
  r->r->v[field] = v, r->r->st[field] = st;
  const bad **at = &r->r->bads;
  while (*at && (*at)->field != field) at = (const bad **)(uintptr_t)&(*at)->next;
  if (*at) *at = (*at)->next;
  settle(r);
}

static blz_status misfit(blz_record *r, int64_t field, str why) {
  return api_fail(r->e, BLZ_BAD_VALUE, "`%.*s`: %.*s", STR_ARG(model(r)->records[r->record]->shape.fields[field].name),
                  STR_ARG(why));
}

/* A record of this field alone is read from JSON, and its value taken over. */
static blz_status set_json(blz_record *r, int64_t field, str json) {
  if (setjmp(r->oom)) return api_fail(r->e, BLZ_NO_MEMORY, "out of memory");
  buf b = { .a = &r->a };
  buf_ch(&b, '{');
  json_text(&b, model(r)->records[r->record]->fields[field].column);
  buf_ch(&b, ':');
  buf_str(&b, json);
  buf_ch(&b, '}');
  str error = { "", 0 };
  rec *one = parse(r, buf_done(&b), &error);
  if (!one) return misfit(r, field, error);
  for (const bad *x = one->bads; x; x = x->next)
    if (x->field == field) return misfit(r, field, x->message);
  put(r, field, one->v[field], one->st[field]);
  return BLZ_OK;
}

blz_status blz_record_set_json(blz_record *r, const char *field, const char *json, size_t length) {
  int64_t at = find_field(r, field);
  if (at < 0) return BLZ_NOT_FOUND;
  if (length >= UINT32_MAX / 2) return misfit(r, at, STR("the JSON text is too long"));
  return set_json(r, at, (str){ json, (uint32_t)length });
}

blz_status blz_record_set_text(blz_record *r, const char *field, const char *text, size_t length) {
  int64_t at = find_field(r, field);
  if (at < 0) return BLZ_NOT_FOUND;
  if (length >= UINT32_MAX / 8) return misfit(r, at, STR("the text is too long"));
  switch ((type_kind)field_type(r, at)->kind) {
  case TY_TEXT: case TY_UNION: case TY_COLOR: case TY_DATE: case TY_TIME: case TY_DURATION: case TY_REF: break;
  case TY_ERROR:
  case TY_NEVER:
  case TY_BOOL:
  case TY_INT:
  case TY_NUMBER:
  case TY_MONTHS:
  case TY_PATTERN:
  case TY_LIST:
  case TY_MAP:
  case TY_RECORD:
  case TY_PALETTE: case TY_TERMS: case TY_VAR: return misfit(r, at, STR("it does not hold a text"));
  }
  if (setjmp(r->oom)) return api_fail(r->e, BLZ_NO_MEMORY, "out of memory");
  buf b = { .a = &r->a };
  json_text(&b, (str){ length ? text : "", (uint32_t)length });
  return set_json(r, at, buf_done(&b));
}

blz_status blz_record_set_int(blz_record *r, const char *field, int64_t value) {
  int64_t at = find_field(r, field);
  if (at < 0) return BLZ_NOT_FOUND;
  char digits[24];
  int n = snprintf(digits, sizeof digits, "%lld", (long long)value);
  switch ((type_kind)field_type(r, at)->kind) {
  case TY_INT: put(r, at, (val){ .i = value }, ST_OK); return BLZ_OK;
  case TY_NUMBER: case TY_REF: return set_json(r, at, (str){ digits, (uint32_t)n });
  case TY_ERROR:
  case TY_NEVER:
  case TY_BOOL:
  case TY_TEXT:
  case TY_UNION:
  case TY_COLOR:
  case TY_DATE:
  case TY_TIME:
  case TY_DURATION:
  case TY_MONTHS:
  case TY_PATTERN: case TY_LIST: case TY_MAP: case TY_RECORD: case TY_PALETTE: case TY_TERMS: case TY_VAR: break;
  }
  return misfit(r, at, STR("it does not hold an int"));
}

/* A value of exactly this kind, without a detour. */
static blz_status set_plain(blz_record *r, const char *field, type_kind kind, val v, bool fits, const char *what) {
  int64_t at = find_field(r, field);
  if (at < 0) return BLZ_NOT_FOUND;
  if (field_type(r, at)->kind != kind) return misfit(r, at, str_z(what));
  if (!fits) return misfit(r, at, STR("the value is out of range"));
  put(r, at, v, ST_OK);
  return BLZ_OK;
}

blz_status blz_record_set_number(blz_record *r, const char *field, double value) {
  return set_plain(r, field, TY_NUMBER, (val){ .n = value }, isfinite(value), "it does not hold a number");
}

blz_status blz_record_set_bool(blz_record *r, const char *field, int value) {
  return set_plain(r, field, TY_BOOL, (val){ .i = value != 0 }, true, "it does not hold a bool");
}

blz_status blz_record_set_date(blz_record *r, const char *field, int32_t days) {
  return set_plain(r, field, TY_DATE, (val){ .i = days }, days >= CIVIL_DAY_MIN && days <= CIVIL_DAY_MAX,
                   "it does not hold a date");
}

blz_status blz_record_set_time(blz_record *r, const char *field, int64_t usec) {
  bool fits = usec >= CIVIL_DAY_MIN * USEC_PER_DAY && usec < (CIVIL_DAY_MAX + 1) * USEC_PER_DAY;
  return set_plain(r, field, TY_TIME, (val){ .i = usec }, fits, "it does not hold a time");
}

blz_status blz_record_set_color(blz_record *r, const char *field, uint32_t rgba) {
  return set_plain(r, field, TY_COLOR, (val){ .i = rgba }, true, "it does not hold a color");
}

blz_status blz_record_set_missing(blz_record *r, const char *field) {
  int64_t at = find_field(r, field);
  if (at < 0) return BLZ_NOT_FOUND;
  if (!field_type(r, at)->opt) return misfit(r, at, STR("it is not optional"));
  put(r, at, (val){ 0 }, ST_MISSING);
  return BLZ_OK;
}
