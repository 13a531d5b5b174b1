/* The library as data, and an engine's caches: made empty, filled by the subjects on first use, freed here. */
#include "stdlib/terms.h"
#include "stdlib/zones.h"

#include <stdio.h>
#include <string.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif
#include <unicode/uchar.h>
#include <unicode/uversion.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

const builtin lib_table[] = {
#define BUILTIN(fn, name, sig, flags, group, doc, example, result) { name, sig, group, doc, example, result, #fn, fn, flags },
#include "stdlib/builtins.def"
};
const uint32_t lib_count = sizeof lib_table / sizeof *lib_table;

const librec lib_recs[] = {
#define LIBREC(name, fields, doc) { name, fields, doc },
#include "stdlib/builtins.def"
};
const uint32_t lib_rec_count = sizeof lib_recs / sizeof *lib_recs;

const lib_ops lib_std = {
  .table = lib_table,
  .count = sizeof lib_table / sizeof *lib_table,
  .recs = lib_recs,
  .rec_count = sizeof lib_recs / sizeof *lib_recs,
  .format_check = lib_format_check,
  .format = lib_format,
  .pattern_check = lib_pattern_check,
  .matches = lib_matches,
  .textformat_find = lib_textformat_find,
  .textformat_valid = lib_textformat_valid,
  .text_length = lib_text_length,
  .zone_instant = lib_zone_instant,
  .terms_build = terms_build,
};

struct lib_state *lib_open(const mem *m) {
  struct lib_state *s = mem_try(m, sizeof *s);
  if (!s) return NULL;
  *s = (struct lib_state){ .m = m };
  return s;
}

void lib_close(struct lib_state *s) {
  if (!s) return;
  uni_close(s);
  pat_close(s);
  zone_close(s);
  color_close(s);
  mem_free(s->m, s, sizeof *s);
}

str lib_versions(arena *a) {
  UVersionInfo icu, unicode;
  char icu_text[U_MAX_VERSION_STRING_LENGTH], unicode_text[U_MAX_VERSION_STRING_LENGTH], pcre[64] = "";
  u_getVersion(icu);
  u_getUnicodeVersion(unicode);
  u_versionToString(icu, icu_text);
  u_versionToString(unicode, unicode_text);
  pcre2_config(PCRE2_CONFIG_VERSION, pcre);
  pcre[strcspn(pcre, " ")] = 0;
  uint32_t jit = 0;
  pcre2_config(PCRE2_CONFIG_JIT, &jit); /* with it a pattern reaches its limit at another place */
  str tz = zone_version(a);
#ifdef __GLIBC__
  const char *math = gnu_get_libc_version(); /* its logarithms and powers are not rounded the same everywhere */
#else
  const char *math = "of unknown version";
#endif
  return str_fmt(a, "ICU %s, Unicode %s; PCRE2 %s%s; tzdata %.*s; libm %s", icu_text, unicode_text, pcre, jit ? " with JIT" : "",
                 STR_ARG(tz.n ? tz : STR("of unknown version")), math);
}
