/* Calling library functions from tests as an engine does: through the table, by name and signature. */
#ifndef TESTS_STDLIB_CALL_H
#define TESTS_STDLIB_CALL_H
#include "base/civil.h"
#include "stdlib/builtin.h"

#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const type ty_bool = { .kind = TY_BOOL, .base = &ty_bool };
static const type ty_int = { .kind = TY_INT, .base = &ty_int };
static const type ty_number = { .kind = TY_NUMBER, .base = &ty_number };
static const type ty_text = { .kind = TY_TEXT, .base = &ty_text };
static const type ty_maybe_text = { .kind = TY_TEXT, .opt = true, .base = &ty_text };
static const type ty_color = { .kind = TY_COLOR, .base = &ty_color };
static const type ty_date = { .kind = TY_DATE, .base = &ty_date };
static const type ty_time = { .kind = TY_TIME, .base = &ty_time };
static const type ty_duration = { .kind = TY_DURATION, .base = &ty_duration };
static const type ty_pattern = { .kind = TY_PATTERN, .base = &ty_pattern };
static const type ty_ints = { .kind = TY_LIST, .base = &ty_ints, .elem = &ty_int };
static const type ty_numbers = { .kind = TY_LIST, .base = &ty_numbers, .elem = &ty_number };
static const type ty_texts = { .kind = TY_LIST, .base = &ty_texts, .elem = &ty_text };
static const type ty_colors = { .kind = TY_LIST, .base = &ty_colors, .elem = &ty_color };

struct bench { /* one engine's worth of library */
  arena a;
  lib_ctx c;
  uint64_t steps;
  uint32_t patterns;
};

static inline void bench_open(struct bench *b) {
  memset(b, 0, sizeof *b);
  arena_init(&b->a, &mem_libc, NULL);
  b->c = (lib_ctx){ .a = &b->a, .keep = &b->a, .m = &mem_libc, .state = lib_open(&mem_libc), .steps = &b->steps };
  assert_non_null(b->c.state);
}

static inline void bench_close(struct bench *b) {
  lib_close(b->c.state);
  arena_free(&b->a);
}

/* The row of this name whose signature begins with sig (all overloads differ there). */
static inline const builtin *row_of(const char *name, const char *sig) {
  for (uint32_t i = 0; i < lib_count; i++)
    if (strcmp(lib_table[i].name, name) == 0 && strncmp(lib_table[i].sig, sig, strlen(sig)) == 0) return &lib_table[i];
  fail_msg("no function %s%s", name, sig);
  return NULL;
}

struct arg { const type *t; val v; };

static inline struct arg a_text(struct bench *b, const char *z) {
  text *t = ARENA_NEW(&b->a, text);
  *t = text_of(str_z(z));
  return (struct arg){ &ty_text, { .t = t } };
}
static inline struct arg a_textn(struct bench *b, const char *p, size_t n) {
  text *t = ARENA_NEW(&b->a, text);
  *t = text_of((str){ p, (uint32_t)n });
  return (struct arg){ &ty_text, { .t = t } };
}
static inline struct arg a_int(int64_t i) { return (struct arg){ &ty_int, { .i = i } }; }
static inline struct arg a_num(double n) { return (struct arg){ &ty_number, { .n = n } }; }
static inline struct arg a_color(uint32_t rgb) { return (struct arg){ &ty_color, { .i = (int64_t)rgb << 8 | 0xFF } }; }
static inline struct arg a_date(const char *z) {
  struct arg a = { &ty_date, { .i = 0 } };
  assert_true(civil_parse_date(str_z(z), &a.v.i));
  return a;
}
static inline struct arg a_time(const char *z) {
  struct arg a = { &ty_time, { .i = 0 } };
  assert_true(civil_parse_time(str_z(z), false, &a.v.i));
  return a;
}
static inline struct arg a_pattern(struct bench *b, const char *source, const char *flags) {
  pattern *p = ARENA_NEW(&b->a, pattern);
  *p = (pattern){ str_z(source), str_z(flags), b->patterns++ };
  return (struct arg){ &ty_pattern, { .p = p } };
}
static inline struct arg a_list(struct bench *b, const type *t, uint32_t n, const struct arg *v) {
  list *l = ARENA_NEW(&b->a, list);
  val *e = ARENA_ARRAY(&b->a, val, n + 1);
  for (uint32_t i = 0; i < n; i++) e[i] = v[i].v;
  l->n = n, l->v = e;
  return (struct arg){ t, { .l = l } };
}

/* Shapes of library records, made from their declaration. */
static inline const type *record_type(struct bench *b, const char *name) {
  for (uint32_t i = 0; i < lib_rec_count; i++) {
    if (strcmp(lib_recs[i].name, name) != 0) continue;
    type_rec *r = ARENA_NEW(&b->a, type_rec);
    r->name = str_z(name), r->id = UINT32_MAX;
    r->fields = ARENA_ARRAY(&b->a, type_field, 8);
    char *copy = (char *)(uintptr_t)str_dup(&b->a, str_z(lib_recs[i].fields)).p, *save = NULL;
    for (char *f = strtok_r(copy, ",", &save); f; f = strtok_r(NULL, ",", &save)) {
      while (*f == ' ') f++;
      char *colon = strchr(f, ':');
      assert_non_null(colon);
      const char *t = colon + 2;
      r->fields[r->nfields++] = (type_field){ { f, (uint32_t)(colon - f) },
        strcmp(t, "text") == 0 ? &ty_text : strcmp(t, "int") == 0 ? &ty_int : strcmp(t, "color") == 0 ? &ty_color :
        strcmp(t, "number") == 0 ? &ty_number : strcmp(t, "list of text") == 0 ? &ty_texts : strcmp(t, "text?") == 0 ? &ty_maybe_text : NULL };
      assert_non_null(r->fields[r->nfields - 1].type);
    }
    type *t = ARENA_NEW(&b->a, type);
    *t = (type){ .kind = TY_RECORD, .base = t, .rec = r };
    return t;
  }
  fail_msg("no library record %s", name);
  return NULL;
}

static inline int call(struct bench *b, const char *name, const char *sig, const type *ret, uint32_t n, const struct arg *args, val *out) {
  const type *types[6];
  val v[6];
  uint8_t st[6] = { ST_OK };
  for (uint32_t i = 0; i < n; i++) types[i] = args[i].t, v[i] = args[i].v;
  b->c.argt = types, b->c.rett = ret, b->c.error = (str){ NULL, 0 };
  int r = row_of(name, sig)->fn(&b->c, v, st, out);
  if (r == ST_ERR) assert_true(b->c.error.n > 0); /* every error says why */
  return r;
}

/* The result as an example's last column shows it. */
static inline const char *show(struct bench *b, const char *name, const char *sig, const type *ret, uint32_t n, const struct arg *args) {
  val out;
  int r = call(b, name, sig, ret, n, args, &out);
  if (r != ST_OK) return r == ST_MISSING ? "missing" : "error";
  buf s = { .a = &b->a };
  val_print(&s, ret, out, true);
  return buf_done(&s).p;
}

#define ARGS(...) (sizeof((struct arg[]){ __VA_ARGS__ }) / sizeof(struct arg)), (struct arg[]){ __VA_ARGS__ }
#define SHOWS(b, name, sig, ret, expected, ...) assert_string_equal(show((b), (name), (sig), (ret), ARGS(__VA_ARGS__)), (expected))

#endif
