/* Locales (BCP 47), and codes of countries (ISO 3166-1), languages (ISO 639) and currencies (ISO 4217). Well-formedness of tags is the grammar of RFC 5646;
 * countries and languages are ICU's lists. Currencies stand here: ICU's list of currencies "in use" trails the standard by years. */
#include "stdlib/identifiers.h"

#include <string.h>
#include <unicode/uloc.h>
#include <unicode/ustring.h>

static bool fails(str *why, str text) {
  *why = text;
  return false;
}
#define FAILS(why, text) fails(why, STR(text))

static bool equals_ascii_nocase(str s, const char *z) {
  size_t n = strlen(z);
  if (s.n != n) return false;
  for (uint32_t i = 0; i < s.n; i++)
    if (ascii_lower(s.p[i]) != ascii_lower(z[i])) return false;
  return true;
}

/* ---- BCP 47 ---- */

static const char *const irregular[] = { "en-GB-oed", "i-ami", "i-bnn", "i-default", "i-enochian", "i-hak", "i-klingon", "i-lux", "i-mingo", "i-navajo", "i-pwn",
                                         "i-tao", "i-tay", "i-tsu", "sgn-BE-FR", "sgn-BE-NL", "sgn-CH-DE" };

static bool all(str s, bool letters, bool digits) {
  for (uint32_t i = 0; i < s.n; i++)
    if (!((letters && ascii_alpha(s.p[i])) || (digits && ascii_digit(s.p[i])))) return false;
  return s.n > 0;
}

/* The subtag at *i, empty at the end; moves *i behind it and its hyphen. */
static str subtag(str s, uint32_t *i) {
  uint32_t beg = *i, end = beg;
  while (end < s.n && s.p[end] != '-') end++;
  *i = end < s.n ? end + 1 : end;
  return (str){ s.p + beg, end - beg };
}

static bool same_tag(str a, str b) {
  if (a.n != b.n) return false;
  for (uint32_t i = 0; i < a.n; i++)
    if (ascii_lower(a.p[i]) != ascii_lower(b.p[i])) return false;
  return true;
}

/* Is tag already among the variants between from and to? */
static bool repeated(str s, uint32_t from, uint32_t to, str tag) {
  for (uint32_t i = from; i < to;)
    if (same_tag(subtag((str){ s.p, to }, &i), tag)) return true;
  return false;
}

bool locale_parse(str s, struct locale *l, str *why) {
  *l = (struct locale){ 0 };
  if (!s.n) return FAILS(why, "it is empty");
  for (uint32_t k = 0; k < s.n; k++) {
    if (s.p[k] == '_') return FAILS(why, "parts of a language tag are joined by hyphens, not underscores");
    if (!ascii_alnum(s.p[k]) && s.p[k] != '-') return FAILS(why, "a language tag has only letters, digits and hyphens");
  }
  if (s.p[s.n - 1] == '-') return FAILS(why, "it ends in a hyphen");
  for (size_t k = 0; k < sizeof irregular / sizeof *irregular; k++)
    if (equals_ascii_nocase(s, irregular[k])) return l->grandfathered = true;
  uint32_t i = 0, at = 0;
  str t = subtag(s, &i);
  if (t.n == 1 && ascii_lower(t.p[0]) == 'x') {
    l->private_use = true;
    if (i >= s.n) return FAILS(why, "nothing follows the x");
  } else {
    if (t.n < 2 || t.n > 8 || !all(t, true, false)) return FAILS(why, "it does not begin with a language of two or more letters");
    l->language = t;
    at = i, t = subtag(s, &i);
    for (int k = 0; k < 3 && l->language.n <= 3 && t.n == 3 && all(t, true, false); k++) at = i, t = subtag(s, &i); /* extended languages */
    if (t.n == 4 && all(t, true, false)) l->script = t, at = i, t = subtag(s, &i);
    if ((t.n == 2 && all(t, true, false)) || (t.n == 3 && all(t, false, true))) l->region = t, at = i, t = subtag(s, &i);
    uint32_t variants = at;
    while ((t.n >= 5 && t.n <= 8) || (t.n == 4 && ascii_digit(t.p[0]))) {
      if (repeated(s, variants, at ? at - 1 : 0, t)) return FAILS(why, "a variant stands there twice");
      at = i, t = subtag(s, &i);
    }
    bool seen[128] = { false };
    while (t.n == 1 && ascii_lower(t.p[0]) != 'x') {
      unsigned char single = (unsigned char)ascii_lower(t.p[0]);
      if (seen[single]) return FAILS(why, "an extension stands there twice");
      seen[single] = true;
      uint32_t parts = 0;
      at = i, t = subtag(s, &i);
      while (t.n >= 2 && t.n <= 8) parts++, at = i, t = subtag(s, &i);
      if (!parts) return FAILS(why, "an extension has no content");
    }
    if (!t.n && at >= s.n) return true;
    if (!(t.n == 1 && ascii_lower(t.p[0]) == 'x')) return FAILS(why, "its parts are not in the order language-Script-REGION-variant");
    if (i >= s.n) return FAILS(why, "nothing follows the x");
  }
  while (i < s.n) {
    t = subtag(s, &i);
    if (t.n < 1 || t.n > 8) return FAILS(why, "parts of a language tag have 1 to 8 characters");
  }
  return true;
}

bool fmt_locale_valid(str s, str *why) {
  struct locale l;
  return locale_parse(s, &l, why);
}

bool fmt_locale_canonical(arena *a, str s, str *out) {
  struct locale l;
  str why;
  if (!locale_parse(s, &l, &why)) return false;
  str low = str_lower_ascii(a, s);
  char *p = (char *)(uintptr_t)low.p; /* this function's own copy */
  if (l.grandfathered) {
    for (size_t k = 0; k < sizeof irregular / sizeof *irregular; k++)
      if (equals_ascii_nocase(s, irregular[k])) memcpy(p, irregular[k], s.n);
  }
  if (l.script.n) p[l.script.p - s.p] = ascii_upper(l.script.p[0]);
  for (uint32_t k = 0; k < l.region.n; k++) p[l.region.p - s.p + k] = ascii_upper(l.region.p[k]);
  *out = low;
  return true;
}

/* ---- countries ---- */

/* ICU counts some codes that ISO only reserves: Diego Garcia, Ceuta, the Canaries, Kosovo ... */
static bool is_reserved(const char *code) {
  static const char *const reserved[] = { "AC", "CP", "CQ", "DG", "EA", "EU", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ" };
  for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
    if (strcmp(code, reserved[i]) == 0) return true;
  return false;
}

/* The alpha-2 code that equals s, apart from case; by alpha3 also one whose alpha-3 code does. */
static const char *country_find(str s, bool alpha3) {
  if (s.n != 2 && !(alpha3 && s.n == 3)) return NULL;
  for (const char *const *p = uloc_getISOCountries(); p && *p; p++) {
    if (s.n == 2) {
      if (ascii_upper(s.p[0]) == (*p)[0] && ascii_upper(s.p[1]) == (*p)[1]) return is_reserved(*p) ? NULL : *p;
      continue;
    }
    char id[16] = "und_";
    strncat(id, *p, 4);
    if (equals_ascii_nocase(s, uloc_getISO3Country(id))) return is_reserved(*p) ? NULL : *p;
  }
  return NULL;
}

bool fmt_country_valid(str s, str *why) {
  const char *found = country_find(s, true);
  if (found && str_eq(s, str_z(found))) return true;
  if (equals_ascii_nocase(s, "UK")) return FAILS(why, "the code of the United Kingdom is GB");
  if (s.n == 2 && found) return FAILS(why, "country codes are in upper case");
  if (s.n == 3 && found) return FAILS(why, "it is the three-letter code; the two-letter code is wanted");
  return s.n == 2 ? FAILS(why, "there is no such country code") : FAILS(why, "a country code has two letters");
}

bool fmt_country_canonical(arena *a, str s, str *out) {
  const char *found = country_find(s, true);
  (void)a;
  *out = str_z(found);
  return found != NULL;
}

/* ---- languages ---- */

/* The shortest code of the language: two letters where there are such. */
static const char *language_find(str s) {
  if (s.n < 2 || s.n > 3) return NULL;
  const char *const *all_languages = uloc_getISOLanguages();
  for (const char *const *p = all_languages; p && *p; p++)
    if (ascii_lower(s.p[0]) == (*p)[0] && equals_ascii_nocase(s, *p)) return *p;
  for (const char *const *p = all_languages; s.n == 3 && p && *p; p++) /* the three-letter code of one that has two */
    if (!(*p)[2] && equals_ascii_nocase(s, uloc_getISO3Language(*p))) return *p;
  return NULL;
}

bool fmt_language_valid(str s, str *why) {
  for (uint32_t i = 0; i < s.n; i++)
    if (s.p[i] < 'a' || s.p[i] > 'z') return FAILS(why, "a language code has only lower case letters");
  if (s.n < 2 || s.n > 3) return FAILS(why, "a language code has two or three letters");
  return language_find(s) || FAILS(why, "there is no such language code");
}

bool fmt_language_canonical(arena *a, str s, str *out) {
  const char *found = language_find(s);
  (void)a;
  *out = str_z(found);
  return found != NULL;
}

typedef int32_t (*display_fn)(const char *, const char *, UChar *, int32_t, UErrorCode *);

static bool display(arena *a, display_fn f, const char *id, str *out) {
  UChar wide[128];
  char name[400];
  UErrorCode e = U_ZERO_ERROR;
  int32_t n = f(id, "en", wide, 128, &e), k = 0;
  if (U_FAILURE(e) || e == U_USING_DEFAULT_WARNING || n <= 0) return false;
  u_strToUTF8(name, sizeof name, &k, wide, n, &e);
  if (U_FAILURE(e)) return false;
  *out = str_dup(a, (str){ name, (uint32_t)k });
  return true;
}

bool country_name(arena *a, str s, str *out) {
  const char *found = country_find(s, true);
  char id[16] = "und_";
  return found && display(a, uloc_getDisplayCountry, strncat(id, found, 4), out);
}

bool language_name(arena *a, str s, str *out) {
  const char *found = language_find(s);
  return found && display(a, uloc_getDisplayLanguage, found, out);
}

/* ---- currencies: ISO 4217 as of 2026-01-01, without funds codes that nobody is paid in, metals, and codes for testing ---- */

static const char currencies[] =
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLF CLP CNY COP CRC CUP CVE CZK "
    "DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR "
    "KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB "
    "PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD "
    "TZS UAH UGX USD UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG ";

static bool is_currency(str s) {
  if (s.n != 3) return false;
  for (const char *p = currencies; *p; p += 4)
    if (memcmp(p, s.p, 3) == 0) return true;
  return false;
}

bool fmt_currency_valid(str s, str *why) {
  if (is_currency(s)) return true;
  if (s.n != 3 || !all(s, true, false)) return FAILS(why, "a currency code has three letters");
  char up[3] = { ascii_upper(s.p[0]), ascii_upper(s.p[1]), ascii_upper(s.p[2]) };
  return is_currency((str){ up, 3 }) ? FAILS(why, "currency codes are in upper case") : FAILS(why, "no currency in use has this code");
}

bool fmt_currency_canonical(arena *a, str s, str *out) {
  if (s.n != 3) return false;
  *out = str_upper_ascii(a, s);
  return is_currency(*out);
}
