/* Does a call in a bundle suit the library of this build? Library functions trust their arguments' types, so a call is
 * compared with the signature in the library's table before it may run: "(s: text, n: int?) -> list of T". T and U stand for
 * one type each, NUM for int or number. */
#include "vm/vm_int.h"

#include <string.h>

typedef struct scan {
  const lib_ops *lib;
  const char *p;
  const type *var[3];    /* T, U, NUM */
  int depth;
} scan;

static void blank(scan *s) { while (*s->p == ' ') s->p++; }

static bool take(scan *s, char ch) {
  blank(s);
  if (*s->p != ch) return false;
  s->p++;
  return true;
}

static str word(scan *s) {
  blank(s);
  const char *b = s->p;
  while ((*s->p >= 'a' && *s->p <= 'z') || (*s->p >= 'A' && *s->p <= 'Z') || (*s->p >= '0' && *s->p <= '9') || *s->p == '_') s->p++;
  return (str){ b, (uint32_t)(s->p - b) };
}

static const type *bare(const type *t) { return t->opt ? t->base : t; }

static bool is_text(const type *t) { return t->kind == TY_TEXT || t->kind == TY_UNION; }

/* Two types for one variable; the empty list's element agrees with everything and binds nothing. */
static bool bind(const type **var, const type *t) {
  if (!*var || (*var)->kind == TY_NEVER) { *var = t; return true; }
  return code_fits(*var, t) || code_fits(t, *var);
}

static bool match(scan *s, const type *t);

/* A record of the library: the same field names, and types that match what its row says. */
static bool match_record(scan *s, str name, const type *t) {
  if (t->kind != TY_RECORD || t->rec->id != UINT32_MAX || s->depth > 3) return false;
  for (uint32_t i = 0; i < s->lib->rec_count; i++) {
    const librec *r = &s->lib->recs[i];
    if (!str_eq(name, str_z(r->name))) continue;
    scan f = { .lib = s->lib, .p = r->fields, .depth = s->depth + 1 };
    for (uint32_t k = 0; k < t->rec->nfields; k++) {
      if (k && !take(&f, ',')) return false;
      if (!str_eq(word(&f), t->rec->fields[k].name) || !take(&f, ':') || !match(&f, t->rec->fields[k].type)) return false;
    }
    blank(&f);
    return !*f.p;
  }
  return false;
}

static bool match_named(scan *s, str w, const type *t) {
  static const struct { const char *name; type_kind k; } kinds[] = { { "bool", TY_BOOL }, { "int", TY_INT }, { "number", TY_NUMBER }, { "color", TY_COLOR },
    { "date", TY_DATE }, { "time", TY_TIME }, { "duration", TY_DURATION }, { "months", TY_MONTHS }, { "pattern", TY_PATTERN }, { "palette", TY_PALETTE },
    { "terms", TY_TERMS } };
  if (str_eq(w, STR("text"))) return is_text(t);
  if (str_eq(w, STR("NUM"))) return (t->kind == TY_INT || t->kind == TY_NUMBER) && bind(&s->var[2], t);
  if (str_eq(w, STR("T"))) return bind(&s->var[0], t);
  if (str_eq(w, STR("U"))) return bind(&s->var[1], t);
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (str_eq(w, str_z(kinds[i].name))) return t->kind == kinds[i].k;
  return match_record(s, w, t);
}

/* Reads one type of the signature and compares t with it. */
static bool match(scan *s, const type *given) {
  const type *t = code_rep(bare(given));
  if (!t || t->kind == TY_ERROR || t->kind == TY_VAR) return false;
  str w = word(s);
  bool ok;
  if (str_eq(w, STR("list")) || str_eq(w, STR("map"))) {
    if (!str_eq(word(s), STR("of"))) return false;
    if (t->kind != (w.n == 4 ? TY_LIST : TY_MAP) || !t->elem) return false;
    if (t->elem->kind == TY_NEVER) { /* fits every list; the words of its element are passed over */
      while (str_eq(w = word(s), STR("list")) || str_eq(w, STR("map")) || str_eq(w, STR("of"))) {}
      ok = w.n > 0;
    } else {
      ok = match(s, t->elem);
    }
  } else {
    ok = w.n && match_named(s, w, t);
  }
  take(s, '?');
  return ok;
}

bool vm_signature_fits(const lib_ops *lib, const builtin *f, const code_site *site) {
  scan s = { .lib = lib, .p = f->sig };
  if (!take(&s, '(')) return false;
  for (uint32_t i = 0; i < site->n; i++) {
    if (i && !take(&s, ',')) return false;
    if (!word(&s).n || !take(&s, ':') || !match(&s, site->argt[i])) return false;
    if (!site->lifts[i] && s.p[-1] != '?') return false; /* the function would see a value that is not there */
  }
  return take(&s, ')') && take(&s, '-') && take(&s, '>') && match(&s, site->rett);
}

/* ---- formats of text, by name, since a bundle outlives the order of a table ---- */

static const char *const format_names[] = {
#define TEXTFORMAT(name, sentence, valid, invalid) #name,
#include "stdlib/textformats.def"
#undef TEXTFORMAT
};

const char *vm_textformat_name(uint32_t format) { return format < sizeof format_names / sizeof *format_names ? format_names[format] : NULL; }
