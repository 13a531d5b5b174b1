/* See combos.h. */
#include "runtime/combos.h"

#include "runtime/source.h"

#include <string.h>

/* ---- keys ---- */

str combos_key(arena *a, const ir_program *p, uint32_t n, const rec *const *parts) {
  buf b = { .a = a };
  for (uint32_t i = 0; i < n; i++) {
    if (i) buf_z(&b, ", ");
    src_key_part(&b, src_key_text(a, p, parts[i]));
  }
  return buf_done(&b);
}

static bool quoted_part(arena *a, str key, uint32_t *at, str *out) {
  buf b = { .a = a };
  for (uint32_t i = *at + 1; i < key.n; i++) {
    if (key.p[i] != '"') { buf_ch(&b, key.p[i]); continue; }
    if (i + 1 < key.n && key.p[i + 1] == '"') { buf_ch(&b, '"'), i++; continue; }
    *at = i + 1, *out = buf_done(&b);
    return true;
  }
  return false;
}

bool combos_parts(arena *a, str key, uint32_t n, str *out) {
  uint32_t at = 0;
  for (uint32_t i = 0; i < n; i++) {
    if (i) {
      if (at + 2 > key.n || key.p[at] != ',' || key.p[at + 1] != ' ') return false;
      at += 2;
    }
    if (at < key.n && key.p[at] == '"') {
      if (!quoted_part(a, key, &at, &out[i])) return false;
      continue;
    }
    const char *end = memchr(key.p + at, ',', key.n - at);
    uint32_t to = end ? (uint32_t)(end - key.p) : key.n;
    out[i] = (str){ key.p + at, to - at };
    at = to;
  }
  return n > 0 && at == key.n;
}

/* ---- candidates ---- */

static rec *combo(arena *a, const ir_program *p, const prog_choice *x, const prog_template *t, const asm_combo *c, int64_t rank) {
  const type_rec *ty = &p->records[x->cand_record]->shape;
  rec *r = ARENA_NEW(a, rec);
  *r = (rec){ .ty = ty, .cap = ty->nfields, .clean = true, .source = UINT32_MAX, .position = rank };
  r->v = ARENA_ARRAY(a, val, ty->nfields), r->st = ARENA_ARRAY(a, uint8_t, ty->nfields);
  memset(r->st, ST_OK, ty->nfields);
  str key = combos_key(a, p, t->nslots, c->parts);
  text *k = ARENA_NEW(a, text);
  *k = text_of(key);
  r->v[0].t = k;
  for (uint32_t i = 0; i < t->nslots; i++) r->v[1 + i].r = c->parts[i];
  if (t->prefer != UINT32_MAX) r->v[ty->nfields - 1].n = c->prefer;
  return r;
}

static str name_of(const prog_template *t) {
  const char *dot = memrchr(t->name.p, '.', t->name.n);
  return dot ? (str){ dot + 1, t->name.n - (uint32_t)(dot + 1 - t->name.p) } : t->name;
}

static void none(arena *a, const prog_template *t, const asm_result *r, str *why) {
  str name = name_of(t);
  if (r->status == ASM_SUBJECT) {
    *why = str_fmt(a, "the template `%.*s` is not for this subject%s%.*s", STR_ARG(name), r->subject_why.n ? ": " : "", STR_ARG(r->subject_why));
    return;
  }
  for (uint32_t i = 0; i < t->nslots; i++)
    if (!r->candidates[i]) {
      *why = str_fmt(a, "nothing fits the slot `%.*s` of `%.*s`", STR_ARG(t->slots[i].name), STR_ARG(name));
      return;
    }
  *why = str_fmt(a, "no combination of `%.*s` satisfies all its conditions", STR_ARG(name));
}

int combos_make(rt_engine *e, const prog_choice *x, rec *subject, arena *a, uint32_t *n, rec ***out, str *why, str *failure) {
  const prog_template *t = e->p->ir->templates[x->template];
  asm_opts o = { .why = true };
  asm_result r;
  *n = 0;
  int status = rt_assemble(e, (uint32_t)x->template, subject, &o, a, &r, failure);
  if (status != RT_OK) return status;
  if (r.status == ASM_LIMIT) { /* what was found so far need not be the best there is */
    *why = str_fmt(a, "the search for the best combinations of `%.*s` was cut off after %lld", STR_ARG(name_of(t)), (long long)r.nodes);
    return RT_OK;
  }
  if (!r.n) none(a, t, &r, why);
  *out = ARENA_ARRAY(a, rec *, r.n + 1u);
  for (; *n < r.n; ++*n) (*out)[*n] = combo(a, e->p->ir, x, t, &r.v[*n], (int64_t)*n + 1);
  return RT_OK;
}
