/* The library as the checker sees it, without its functions: the tables as data, and operations simple enough for the compiler's own
 * tests, which link nothing to the right of compiler/. */
#ifndef TESTS_FAKE_LIB_H
#define TESTS_FAKE_LIB_H
#include <string.h>

#include "base/lib.h"

static const builtin fake_table[] = {
#define BUILTIN(fn, name, sig, flags, group, doc, example, result) { name, sig, group, doc, example, result, #fn, NULL, flags },
#include "stdlib/builtins.def"
};

static const librec fake_recs[] = {
#define LIBREC(name, fields, doc) { name, fields, doc },
#include "stdlib/builtins.def"
};

static bool fake_format_check(arena *a, const type *t, str format, str *why) {
  (void)a;
  *why = (str){ NULL, 0 };
  if (str_eq(format, STR("bytes"))) return t->kind == TY_INT;
  if (format.p[0] == '.') return t->kind == TY_INT || t->kind == TY_NUMBER;
  *why = STR("there is no such format");
  return false;
}

static bool fake_pattern_check(arena *a, str source, str flags, str *error, uint32_t *offset) {
  (void)a, (void)flags;
  int open = 0;
  for (uint32_t i = 0; i < source.n; i++) {
    if (source.p[i] == '\\') i++;
    else if (source.p[i] == '(') open++;
    else if (source.p[i] == ')') open--;
  }
  *offset = source.n ? source.n - 1 : 0;
  *error = STR("missing closing parenthesis");
  return open == 0;
}

static int fake_textformat_find(str name) {
  static const char *const names[] = { "url", "email", "locale", "country", "language", "currency", "spdx", "gtin", "uuid", "mime", "slug" };
  for (int i = 0; i < 11; i++)
    if (str_eq(name, str_z(names[i]))) return i;
  return -1;
}

/* Equal texts are duplicates; there is nothing to search with. */
static struct terms *fake_terms_build(arena *a, const term_entry *e, uint32_t n, bool fold, terms_report *report, void *ud) {
  (void)fold;
  for (uint32_t i = 0; i < n; i++) {
    if (!e[i].text.n && report) report(ud, TERMS_EMPTY, i, i);
    for (uint32_t k = 0; k < i && report; k++)
      if (e[i].text.n && str_eq(e[k].text, e[i].text)) { report(ud, TERMS_DUPLICATE, i, k); break; }
  }
  return arena_alloc(a, 1);
}

static bool fake_zone_instant(arena *a, str zone, int64_t local, int64_t *utc) {
  (void)a;
  *utc = local - INT64_C(3600000000);
  return str_eq(zone, STR("Europe/Berlin"));
}

static const lib_ops fake_lib = {
  .zone_instant = fake_zone_instant,
  .table = fake_table, .count = sizeof fake_table / sizeof *fake_table, .recs = fake_recs, .rec_count = sizeof fake_recs / sizeof *fake_recs,
  .format_check = fake_format_check, .pattern_check = fake_pattern_check, .textformat_find = fake_textformat_find,
  .terms_build = fake_terms_build,
};

#endif
