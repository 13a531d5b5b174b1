/* How types look in messages: exactly as a user would write them. */
#include "base/type.h"

#include "base/value.h" /* a union's literals are texts */

static void source_name(buf *out, uint32_t id, const struct type_names *names) {
  str s = names && names->source ? names->source(names->ud, id) : (str){ NULL, 0 };
  if (s.n) buf_str(out, s);
  else buf_fmt(out, "source %u", id);
}

static void literal(buf *out, const struct text *t) {
  type plain = { .kind = TY_TEXT };
  val_print(out, &plain, (val){ .t = t }, true);
}

/* A record's short name: its module adds nothing in a message about one of its values. */
static str short_name(str q) {
  for (uint32_t i = q.n; i > 0; i--)
    if (q.p[i - 1] == '.') return (str){ q.p + i, q.n - i };
  return q;
}

void type_print(buf *out, const type *t, const struct type_names *names) {
  switch ((type_kind)t->kind) {
  case TY_ERROR: buf_z(out, "unknown type"); break;
  case TY_NEVER: buf_z(out, "nothing"); break;
  case TY_BOOL: buf_z(out, "bool"); break;
  case TY_INT: buf_z(out, "int"); break;
  case TY_NUMBER: buf_z(out, "number"); break;
  case TY_TEXT: buf_z(out, "text"); break;
  case TY_UNION:
    for (uint32_t i = 0; i < t->nlits; i++) {
      if (i) buf_z(out, " | ");
      literal(out, t->lits[i]);
    }
    break;
  case TY_COLOR: buf_z(out, "color"); break;
  case TY_DATE: buf_z(out, "date"); break;
  case TY_TIME: buf_z(out, "time"); break;
  case TY_DURATION: buf_z(out, "duration"); break;
  case TY_MONTHS: buf_z(out, "months"); break;
  case TY_PATTERN: buf_z(out, "pattern"); break;
  case TY_PALETTE: buf_z(out, "palette"); break;
  case TY_TERMS: buf_z(out, "terms"); break;
  case TY_LIST:
  case TY_MAP:
    buf_z(out, t->kind == TY_LIST ? "list of " : "map of ");
    type_print(out, t->elem, names);
    break;
  case TY_RECORD: buf_str(out, short_name(t->rec->name)); break;
  case TY_REF:
    buf_z(out, "-> ");
    source_name(out, t->source, names);
    break;
  case TY_VAR: buf_ch(out, t->var ? (char)t->var : 'T'); break;
  }
  if (t->opt) buf_ch(out, '?');
}
