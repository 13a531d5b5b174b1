/* Formats of text that need no data: url, email, gtin, uuid, mime, slug; and the table over all of them. Locales and codes of countries, languages and
 * currencies stand in locales.c, licenses in spdx.c. A format judges, it never repairs: that is what canonical texts are for. */
#include "stdlib/identifiers.h"

#include <string.h>

static const struct { const char *name; bool (*valid)(str, str *); bool (*canonical)(arena *, str, str *); } formats[] = {
#define TEXTFORMAT(name, doc, good, bad) { #name, fmt_##name##_valid, fmt_##name##_canonical },
#include "stdlib/textformats.def"
#undef TEXTFORMAT
};

enum { FORMATS = sizeof formats / sizeof *formats };

int lib_textformat_find(str name) {
  for (int i = 0; i < FORMATS; i++)
    if (str_eq(name, str_z(formats[i].name))) return i;
  return -1;
}

bool lib_textformat_valid(int format, str s, str *why) {
  str unused;
  if (!why) why = &unused;
  *why = STR("");
  return format >= 0 && format < FORMATS && formats[format].valid(s, why);
}

bool lib_textformat_canonical(arena *a, int format, str s, str *out) {
  return format >= 0 && format < FORMATS && formats[format].canonical(a, s, out);
}

str str_lower_ascii(arena *a, str s) {
  char *p = arena_alloc(a, (size_t)s.n + 1);
  for (uint32_t i = 0; i < s.n; i++) p[i] = ascii_lower(s.p[i]);
  return (str){ p, s.n };
}

str str_upper_ascii(arena *a, str s) {
  char *p = arena_alloc(a, (size_t)s.n + 1);
  for (uint32_t i = 0; i < s.n; i++) p[i] = ascii_upper(s.p[i]);
  return (str){ p, s.n };
}

static bool fails(str *why, str text) {
  *why = text;
  return false;
}
#define FAILS(why, text) fails(why, STR(text))

static bool is_hex(char ch) { return ascii_digit(ch) || (ch >= 'a' && ch <= 'f') || (ch >= 'A' && ch <= 'F'); }
static int hex_value(char ch) { return ascii_digit(ch) ? ch - '0' : ascii_lower(ch) - 'a' + 10; }

/* ---- url: RFC 3986, absolute, with a host ---- */

static bool is_unreserved(char ch) { return ascii_alnum(ch) || ch == '-' || ch == '.' || ch == '_' || ch == '~'; }
static bool is_delim(char ch) { return ch && strchr("!$&'()*+,;=", ch); }

/* Unreserved, percent-encoded, sub-delims, and the extra characters. */
static bool url_chars(str s, const char *extra, str *why) {
  for (uint32_t i = 0; i < s.n; i++) {
    char ch = s.p[i];
    if (is_unreserved(ch) || is_delim(ch) || (ch && strchr(extra, ch))) continue;
    if (ch == '%') {
      if (i + 2 >= s.n || !is_hex(s.p[i + 1]) || !is_hex(s.p[i + 2])) return FAILS(why, "a % in a URL is followed by two hexadecimal digits");
      i += 2;
      continue;
    }
    if (ch == ' ') return FAILS(why, "a space in a URL is written %20");
    if ((unsigned char)ch >= 0x80) return FAILS(why, "characters outside ASCII are percent-encoded in a URL");
    return FAILS(why, "a character that no URL may hold");
  }
  return true;
}

static bool ipv6(str s) {
  int groups = 0;
  bool gap = false;
  uint32_t i = 0;
  if (s.n >= 2 && s.p[0] == ':' && s.p[1] == ':') gap = true, i = 2;
  while (i < s.n) {
    uint32_t beg = i;
    while (i < s.n && is_hex(s.p[i])) i++;
    if (i < s.n && s.p[i] == '.') { /* the last 32 bits as IPv4 */
      int parts = 0;
      for (i = beg; i < s.n;) {
        int v = 0, digits = 0;
        while (i < s.n && ascii_digit(s.p[i]) && digits < 3) v = v * 10 + (s.p[i++] - '0'), digits++;
        if (!digits || v > 255) return false;
        parts++;
        if (i < s.n && s.p[i++] != '.') return false;
      }
      groups += 2;
      return parts == 4 && s.p[s.n - 1] != '.' && (gap ? groups < 8 : groups == 8);
    }
    if (i == beg || i - beg > 4) return false;
    groups++;
    if (i == s.n) break;
    if (s.p[i++] != ':') return false;
    if (i < s.n && s.p[i] == ':') {
      if (gap) return false;
      gap = true, i++;
    } else if (i == s.n) return false;
  }
  return gap ? groups < 8 : groups == 8;
}

bool url_parse(str s, struct url *u, str *why) {
  uint32_t i = 0;
  *u = (struct url){ 0 };
  while (i < s.n && (ascii_alnum(s.p[i]) || s.p[i] == '+' || s.p[i] == '-' || s.p[i] == '.')) i++;
  if (i == 0 || i >= s.n || s.p[i] != ':' || !ascii_alpha(s.p[0])) return FAILS(why, "it does not begin with a scheme such as https:");
  u->scheme = (str){ s.p, i };
  if (i + 2 >= s.n || s.p[i + 1] != '/' || s.p[i + 2] != '/') return FAILS(why, "the scheme is not followed by // and a host");
  uint32_t beg = i += 3;
  while (i < s.n && s.p[i] != '/' && s.p[i] != '?' && s.p[i] != '#') i++;
  str authority = { s.p + beg, i - beg };
  for (uint32_t k = authority.n; k > 0; k--)
    if (authority.p[k - 1] == '@') {
      u->userinfo = (str){ authority.p, k - 1 };
      authority = (str){ authority.p + k, authority.n - k };
      break;
    }
  uint32_t end = authority.n;
  if (authority.n && authority.p[0] == '[') {
    end = 0;
    while (end < authority.n && authority.p[end] != ']') end++;
    if (end == authority.n || !ipv6((str){ authority.p + 1, end - 1 })) return FAILS(why, "the address in brackets is no IPv6 address");
    end++;
    if (end < authority.n && authority.p[end] != ':') return FAILS(why, "something stands between the host and the port");
  } else {
    for (uint32_t k = authority.n; k > 0; k--)
      if (authority.p[k - 1] == ':') end = k - 1;
  }
  u->host = (str){ authority.p, end };
  if (end < authority.n) u->port = (str){ authority.p + end + 1, authority.n - end - 1 };
  if (!u->host.n) return FAILS(why, "the host is missing");
  if (u->host.p[0] != '[' && !url_chars(u->host, "", why)) return false;
  if (!url_chars(u->userinfo, ":", why)) return false;
  uint32_t port = 0;
  for (uint32_t k = 0; k < u->port.n; k++) {
    if (!ascii_digit(u->port.p[k])) return FAILS(why, "the port is not a number");
    port = port * 10 + (uint32_t)(u->port.p[k] - '0');
    if (port > 65535) return FAILS(why, "the port is above 65535");
  }
  uint32_t path = i;
  while (i < s.n && s.p[i] != '?' && s.p[i] != '#') i++;
  u->path = (str){ s.p + path, i - path };
  u->rest = (str){ s.p + i, s.n - i };
  if (!url_chars(u->path, ":@/", why)) return false;
  uint32_t hash = 0;
  while (hash < u->rest.n && u->rest.p[hash] != '#') hash++;
  if (!url_chars((str){ u->rest.p, hash }, ":@/?", why)) return false;
  return hash == u->rest.n || url_chars((str){ u->rest.p + hash + 1, u->rest.n - hash - 1 }, ":@/?", why);
}

bool fmt_url_valid(str s, str *why) {
  struct url u;
  return url_parse(s, &u, why);
}

/* Percent-encoding in its one normal form: unreserved characters plain, the rest with upper case digits. */
static str url_plain(arena *a, str s) {
  buf b = { .a = a };
  for (uint32_t i = 0; i < s.n; i++) {
    if (s.p[i] != '%') { buf_ch(&b, s.p[i]); continue; }
    char ch = (char)(hex_value(s.p[i + 1]) << 4 | hex_value(s.p[i + 2]));
    if (is_unreserved(ch)) buf_ch(&b, ch);
    else buf_ch(&b, '%'), buf_ch(&b, ascii_upper(s.p[i + 1])), buf_ch(&b, ascii_upper(s.p[i + 2]));
    i += 2;
  }
  return buf_done(&b);
}

/* RFC 3986, 5.2.4: . and .. resolved. The path begins with / or is empty. */
static str without_dots(arena *a, str s) {
  char *p = arena_alloc(a, (size_t)s.n + 1);
  uint32_t n = 0, i = 0;
  while (i < s.n) {
    uint32_t end = i + 1;
    while (end < s.n && s.p[end] != '/') end++;
    str seg = { s.p + i + 1, end - i - 1 };
    bool last = end == s.n, one = str_eq(seg, STR(".")), two = str_eq(seg, STR(".."));
    if (two)
      while (n > 0 && p[--n] != '/') continue;
    if (one || two) {
      if (last) p[n++] = '/';
    } else {
      memcpy(p + n, s.p + i, end - i);
      n += end - i;
    }
    i = end;
  }
  return (str){ p, n };
}

bool fmt_url_canonical(arena *a, str s, str *out) {
  static const struct { const char *scheme, *port; } defaults[] = { { "http", "80" }, { "https", "443" }, { "ftp", "21" }, { "ws", "80" }, { "wss", "443" } };
  struct url u;
  str why;
  if (!url_parse(s, &u, &why)) return false;
  buf b = { .a = a };
  str scheme = str_lower_ascii(a, u.scheme);
  buf_str(&b, scheme);
  buf_z(&b, "://");
  if (u.userinfo.n) buf_str(&b, url_plain(a, u.userinfo)), buf_ch(&b, '@');
  buf_str(&b, str_lower_ascii(a, url_plain(a, u.host)));
  bool usual = u.port.n == 0;
  for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
    usual |= str_eq(scheme, str_z(defaults[i].scheme)) && str_eq(u.port, str_z(defaults[i].port));
  if (!usual) buf_ch(&b, ':'), buf_str(&b, u.port);
  str path = without_dots(a, url_plain(a, u.path));
  buf_str(&b, path.n ? path : STR("/"));
  buf_str(&b, url_plain(a, u.rest));
  *out = buf_done(&b);
  return true;
}

/* ---- email: what mail systems accept in practice, RFC 5321 sizes; no quoted local parts, no comments, no address literals ---- */

static bool is_host_name(str s, str *why) {
  uint32_t labels = 0, beg = 0;
  bool digits = true;
  for (uint32_t i = 0; i <= s.n; i++) {
    if (i < s.n && s.p[i] != '.') {
      if (!ascii_alnum(s.p[i]) && s.p[i] != '-') return FAILS(why, "the domain has a character that is no letter, digit or hyphen");
      continue;
    }
    str label = { s.p + beg, i - beg };
    if (!label.n) return FAILS(why, "the domain has an empty part");
    if (label.n > 63) return FAILS(why, "a part of the domain is longer than 63 characters");
    if (label.p[0] == '-' || label.p[label.n - 1] == '-') return FAILS(why, "a part of the domain begins or ends with a hyphen");
    digits = true;
    for (uint32_t k = 0; k < label.n; k++) digits &= ascii_digit(label.p[k]);
    labels++;
    beg = i + 1;
  }
  if (labels < 2) return FAILS(why, "the domain has no dot");
  if (digits) return FAILS(why, "the domain ends in a number");
  return true;
}

static bool email_parse(str s, str *local, str *domain, str *why) {
  const char *at = s.n ? memchr(s.p, '@', s.n) : NULL;
  if (!at) return FAILS(why, "there is no @");
  *local = (str){ s.p, (uint32_t)(at - s.p) };
  *domain = (str){ at + 1, s.n - local->n - 1 };
  if (!local->n) return FAILS(why, "nothing stands before the @");
  if (local->n > 64) return FAILS(why, "more than 64 characters stand before the @");
  if (s.n > 254) return FAILS(why, "it is longer than 254 characters");
  for (uint32_t i = 0; i < local->n; i++) {
    char ch = local->p[i];
    if (ch == '.') {
      if (i == 0 || i + 1 == local->n || local->p[i - 1] == '.') return FAILS(why, "dots before the @ stand alone between other characters");
    } else if (!ascii_alnum(ch) && !(ch && strchr("!#$%&'*+-/=?^_`{|}~", ch))) return FAILS(why, "a character stands before the @ that may not");
  }
  return is_host_name(*domain, why);
}

bool fmt_email_valid(str s, str *why) {
  str local, domain;
  return email_parse(s, &local, &domain, why);
}

bool fmt_email_canonical(arena *a, str s, str *out) {
  str local, domain, why;
  if (!email_parse(s, &local, &domain, &why)) return false;
  buf b = { .a = a };
  buf_str(&b, local);
  buf_ch(&b, '@');
  buf_str(&b, str_lower_ascii(a, domain));
  *out = buf_done(&b);
  return true;
}

/* ---- gtin ---- */

bool fmt_gtin_valid(str s, str *why) {
  static const char *const right[] = { "the check digit should be 0", "the check digit should be 1", "the check digit should be 2", "the check digit should be 3",
                                       "the check digit should be 4", "the check digit should be 5", "the check digit should be 6", "the check digit should be 7",
                                       "the check digit should be 8", "the check digit should be 9" };
  for (uint32_t i = 0; i < s.n; i++)
    if (!ascii_digit(s.p[i])) return FAILS(why, "it has a character that is no digit");
  if (s.n != 8 && s.n != 12 && s.n != 13 && s.n != 14) return FAILS(why, "it has not 8, 12, 13 or 14 digits");
  int sum = 0;
  for (uint32_t i = 0; i + 1 < s.n; i++) sum += (s.p[i] - '0') * ((s.n - i) % 2 ? 1 : 3);
  int check = (10 - sum % 10) % 10;
  return s.p[s.n - 1] - '0' == check || fails(why, str_z(right[check]));
}

bool fmt_gtin_canonical(arena *a, str s, str *out) {
  str why;
  char plain[16];
  uint32_t n = 0;
  for (uint32_t i = 0; i < s.n; i++) { /* printed with spaces or hyphens, as under a bar code */
    if (s.p[i] == ' ' || s.p[i] == '-') continue;
    if (n == 14) return false;
    plain[n++] = s.p[i];
  }
  if (!fmt_gtin_valid((str){ plain, n }, &why)) return false;
  char *p = arena_alloc(a, 15);
  memset(p, '0', 14);
  memcpy(p + 14 - n, plain, n);
  *out = (str){ p, 14 };
  return true;
}

/* ---- uuid ---- */

bool fmt_uuid_valid(str s, str *why) {
  if (s.n != 36) return FAILS(why, "it has not the 36 characters of a UUID");
  for (uint32_t i = 0; i < 36; i++) {
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? s.p[i] != '-' : !is_hex(s.p[i])) return FAILS(why, "it is not 8-4-4-4-12 hexadecimal digits");
  }
  return true;
}

bool fmt_uuid_canonical(arena *a, str s, str *out) {
  str why;
  if (s.n == 38 && s.p[0] == '{' && s.p[37] == '}') s = (str){ s.p + 1, 36 };
  if (!fmt_uuid_valid(s, &why)) return false;
  *out = str_lower_ascii(a, s);
  return true;
}

/* ---- mime: RFC 6838 names, RFC 9110 parameters ---- */

static bool is_token_char(char ch) { return ascii_alnum(ch) || (ch && strchr("!#$%&'*+-.^_`|~", ch)); }

static bool mime_name(str s, uint32_t *i) {
  uint32_t beg = *i;
  while (*i < s.n && (ascii_alnum(s.p[*i]) || (*i > beg && s.p[*i] && strchr("!#$&-^_.+", s.p[*i])))) ++*i;
  return *i > beg && *i - beg <= 127;
}

static void spaces(str s, uint32_t *i) {
  while (*i < s.n && (s.p[*i] == ' ' || s.p[*i] == '\t')) ++*i;
}

/* Writes the canonical form to b when it is given. */
static bool mime_parse(str s, buf *b, str *why) {
  uint32_t i = 0, beg;
  if (!mime_name(s, &i) || i == s.n || s.p[i++] != '/' || !mime_name(s, &i)) return FAILS(why, "it is not type/subtype");
  for (uint32_t k = 0; b && k < i; k++) buf_ch(b, ascii_lower(s.p[k]));
  for (;;) {
    spaces(s, &i);
    if (i == s.n) return true;
    if (s.p[i++] != ';') return FAILS(why, "parameters of a media type follow a semicolon");
    spaces(s, &i);
    if (b) buf_ch(b, ';');
    for (beg = i; i < s.n && is_token_char(s.p[i]); i++)
      if (b) buf_ch(b, ascii_lower(s.p[i]));
    if (i == beg || i == s.n || s.p[i++] != '=') return FAILS(why, "a parameter of a media type is name=value");
    if (b) buf_ch(b, '=');
    beg = i;
    if (i < s.n && s.p[i] == '"') {
      for (i++; i < s.n && s.p[i] != '"'; i++)
        if (s.p[i] == '\\') i++;
      if (i >= s.n) return FAILS(why, "a quoted value does not end");
      i++;
    } else {
      while (i < s.n && is_token_char(s.p[i])) i++;
    }
    if (i == beg) return FAILS(why, "a parameter has no value");
    if (b) buf_add(b, s.p + beg, i - beg);
  }
}

bool fmt_mime_valid(str s, str *why) { return mime_parse(s, NULL, why); }

bool fmt_mime_canonical(arena *a, str s, str *out) {
  buf b = { .a = a };
  str why;
  if (!mime_parse(s, &b, &why)) return false;
  *out = buf_done(&b);
  return true;
}

/* ---- slug ---- */

bool fmt_slug_valid(str s, str *why) {
  if (!s.n) return FAILS(why, "it is empty");
  for (uint32_t i = 0; i < s.n; i++) {
    char ch = s.p[i];
    if (ch == '-') {
      if (i == 0 || i + 1 == s.n || s.p[i - 1] == '-') return FAILS(why, "hyphens stand alone between letters and digits");
    } else if (!ascii_digit(ch) && !(ch >= 'a' && ch <= 'z')) return FAILS(why, "it has a character that is no lower case letter, digit or hyphen");
  }
  return true;
}

bool fmt_slug_canonical(arena *a, str s, str *out) {
  (void)a;
  str why;
  *out = s;
  return fmt_slug_valid(s, &why);
}
