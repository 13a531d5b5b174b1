/* Formats of text: each is a checker and a rewriter, listed in textformats.def. Internal to stdlib/. */
#ifndef STDLIB_IDENTIFIERS_H
#define STDLIB_IDENTIFIERS_H
#include "stdlib/lib.h"

/* NAME_valid: is s exactly as it should be? why: static text, may be empty. NAME_canonical: the usual spelling, in the arena; false when
   s cannot be read as one. */
#define TEXTFORMAT(name, doc, good, bad)         \
  bool fmt_##name##_valid(str s, str *why);      \
  bool fmt_##name##_canonical(arena *a, str s, str *out);
#include "stdlib/textformats.def"
#undef TEXTFORMAT

/* A URL's parts, as ranges of its text; port empty when there is none. */
struct url { str scheme, userinfo, host, port, path, rest; /* rest: ?query#fragment as written */ };
bool url_parse(str s, struct url *u, str *why);

/* A language tag's parts. */
struct locale { str language, script, region; bool grandfathered, private_use; };
bool locale_parse(str s, struct locale *l, str *why);

/* English names; false when there is none. */
bool country_name(arena *a, str s, str *out);
bool language_name(arena *a, str s, str *out);

str str_lower_ascii(arena *a, str s);
str str_upper_ascii(arena *a, str s);

#endif
