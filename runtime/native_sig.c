/* Signatures of native functions: as text, as declared, compared. */
#include "runtime/native.h"

#include <string.h>

static const struct { const char *name; type_kind k; } kinds[] = {
  { "bool", TY_BOOL }, { "int", TY_INT }, { "number", TY_NUMBER }, { "text", TY_TEXT }, { "color", TY_COLOR }, { "date", TY_DATE },
};

typedef struct reader { const char *p, *end; } reader;

static void blank(reader *r) {
  while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\n')) r->p++;
}

static bool take(reader *r, const char *what) {
  size_t n = strlen(what);
  blank(r);
  if ((size_t)(r->end - r->p) < n || memcmp(r->p, what, n) != 0) return false;
  r->p += n;
  return true;
}

static bool letter(char c, bool dot) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || (dot && c == '.');
}

static str word(reader *r, bool dot) {
  blank(r);
  const char *b = r->p;
  while (r->p < r->end && letter(*r->p, dot)) r->p++;
  return (str){ b, (uint32_t)(r->p - b) };
}

static bool read_type(reader *r, native_type *t) {
  *t = (native_type){ 0 };
  str w = word(r, false);
  if (str_eq(w, STR("list"))) {
    if (!str_eq(word(r, false), STR("of"))) return false;
    t->list = true;
    w = word(r, false);
  }
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (str_eq(w, str_z(kinds[i].name))) {
      t->kind = (uint8_t)kinds[i].k;
      t->opt = take(r, "?");
      return true;
    }
  return false;
}

const char *native_sig_parse(str s, native_sig *out) {
  reader r = { s.p, s.p + s.n };
  *out = (native_sig){ .name = word(&r, true) };
  if (!out->name.n) return "it does not begin with a name";
  if (!take(&r, "(")) return "after the name, `(` is expected";
  if (!take(&r, ")")) do {
      if (out->n == EXTERN_MAX_PARAMS) return "it has too many parameters";
      if (!word(&r, false).n || !take(&r, ":")) return "a parameter is written as `name : type`";
      if (!read_type(&r, &out->params[out->n++])) return "a type is bool, int, number, text, color, date or a list of one of these";
      if (take(&r, ")")) break;
      if (!take(&r, ",")) return "after a parameter, `,` or `)` is expected";
    } while (true);
  if (!take(&r, "->")) return "after the parameters, `-> type` is expected";
  if (!read_type(&r, &out->ret)) return "a type is bool, int, number, text, color, date or a list of one of these";
  blank(&r);
  return r.p == r.end ? NULL : "there is more than one signature in it";
}

static native_type type_as(const type *t) {
  return (native_type){ .kind = t->kind == TY_LIST ? t->elem->kind : t->kind, .list = t->kind == TY_LIST, .opt = t->opt };
}

native_sig native_sig_of(const prog_extern *x) {
  native_sig s = { .name = x->name, .n = x->nparams, .ret = type_as(x->ret) };
  for (uint32_t i = 0; i < x->nparams && i < EXTERN_MAX_PARAMS; i++) s.params[i] = type_as(x->params[i]);
  return s;
}

static bool type_same(native_type a, native_type b) { return a.kind == b.kind && a.list == b.list && a.opt == b.opt; }

bool native_sig_eq(const native_sig *a, const native_sig *b) {
  bool same = a->n == b->n && type_same(a->ret, b->ret);
  for (uint32_t i = 0; same && i < a->n; i++) same = type_same(a->params[i], b->params[i]);
  return same;
}

static void print_type(buf *out, native_type t) {
  if (t.list) buf_z(out, "list of ");
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (kinds[i].k == (type_kind)t.kind) buf_z(out, kinds[i].name);
  if (t.opt) buf_ch(out, '?');
}

void native_sig_print(buf *out, const native_sig *s) {
  const char *dot = memrchr(s->name.p, '.', s->name.n);
  str name = dot ? (str){ dot + 1, s->name.n - (uint32_t)(dot + 1 - s->name.p) } : s->name;
  buf_str(out, name);
  buf_ch(out, '(');
  for (uint32_t i = 0; i < s->n; i++) {
    if (i) buf_z(out, ", ");
    print_type(out, s->params[i]);
  }
  buf_z(out, ") -> ");
  print_type(out, s->ret);
}
