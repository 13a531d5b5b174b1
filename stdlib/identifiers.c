/* The functions over formats of text: is_NAME and canonical_NAME for every format, and parts of URLs, addresses and locales. */
#include "stdlib/identifiers.h"

#include <string.h>

#define UNUSED (void)c, (void)st
#define ARG(i) str_of(args[i].t)

#define TEXTFORMAT(name, doc, good, bad)                                                      \
  int bi_is_##name(lib_ctx *c, const val *args, const uint8_t *st, val *out) {                \
    UNUSED;                                                                                   \
    str why;                                                                                  \
    lib_work(c, args[0].t->n / 4 + 1);                                                        \
    return ok_bool(out, fmt_##name##_valid(ARG(0), &why));                                    \
  }                                                                                           \
  int bi_canonical_##name(lib_ctx *c, const val *args, const uint8_t *st, val *out) {         \
    UNUSED;                                                                                   \
    str s;                                                                                    \
    lib_work(c, args[0].t->n / 4 + 1);                                                        \
    return fmt_##name##_canonical(c->a, ARG(0), &s) ? ok_text(c, out, s) : ST_MISSING;        \
  }
#include "stdlib/textformats.def"
#undef TEXTFORMAT

int bi_url_scheme(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  struct url u;
  str why;
  return url_parse(ARG(0), &u, &why) ? ok_text(c, out, str_lower_ascii(c->a, u.scheme)) : ST_MISSING;
}

int bi_url_host(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  struct url u;
  str why;
  return url_parse(ARG(0), &u, &why) ? ok_text(c, out, str_lower_ascii(c->a, u.host)) : ST_MISSING;
}

int bi_url_path(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  struct url u;
  str why;
  return url_parse(ARG(0), &u, &why) ? ok_text(c, out, u.path) : ST_MISSING;
}

int bi_email_domain(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  str s = ARG(0), why;
  if (!fmt_email_valid(s, &why)) return ST_MISSING;
  const char *at = memchr(s.p, '@', s.n);
  return ok_text(c, out, str_lower_ascii(c->a, (str){ at + 1, (uint32_t)(s.p + s.n - at - 1) }));
}

/* A part of the canonical tag: what the parts of the original are ranges of. */
static int locale_part(lib_ctx *c, const val *args, size_t offset, val *out) {
  struct locale l;
  str s, why;
  if (!fmt_locale_canonical(c->a, ARG(0), &s) || !locale_parse(s, &l, &why)) return ST_MISSING;
  const str *part = (const str *)(const void *)((const char *)&l + offset);
  return part->n ? ok_text(c, out, *part) : ST_MISSING;
}

int bi_locale_language(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  return locale_part(c, args, offsetof(struct locale, language), out);
}

int bi_locale_script(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  return locale_part(c, args, offsetof(struct locale, script), out);
}

int bi_locale_region(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  return locale_part(c, args, offsetof(struct locale, region), out);
}

int bi_country_name(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  str s;
  return country_name(c->a, ARG(0), &s) ? ok_text(c, out, s) : ST_MISSING;
}

int bi_language_name(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  str s;
  return language_name(c->a, ARG(0), &s) ? ok_text(c, out, s) : ST_MISSING;
}
