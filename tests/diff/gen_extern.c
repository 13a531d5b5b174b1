/* Random native functions: their declarations, and what a host makes of their calls: values, nothing and errors, all by a hash of the arguments. */
#include "gen.h"

#include <string.h>

static const gt passing[] = { G_BOOL, G_INT, G_NUM, G_TEXT, G_COLOR, G_DATE, G_LIST + G_INT, G_LIST + G_TEXT };

const char *gen_extern(gen *g) {
  gfn f = { .name = new_name(g, "h"), .n = below(&g->r, 4) };
  f.ret = passing[below(&g->r, 8)], f.ret_opt = chance(&g->r, 50);
  buf b = { .a = g->a };
  buf_fmt(&b, "extern fn %s(", f.name);
  for (uint32_t i = 0; i < f.n; i++) {
    f.param[i] = passing[below(&g->r, 8)], f.param_opt[i] = chance(&g->r, 30);
    f.param_name[i] = fmt(g, "p%u", i);
    buf_fmt(&b, "%sp%u : %s%s", i ? ", " : "", i, gt_name(f.param[i]), f.param_opt[i] ? "?" : "");
  }
  buf_fmt(&b, ") -> %s%s from \"host\"\n", gt_name(f.ret), f.ret_opt ? "?" : "");
  g->fns[g->nfns++] = f;
  return buf_done(&b).p;
}

static val value(arena *a, const type *t, uint64_t h) {
  static const char *const texts[] = { "", "a", "Zo\xC3\xAB", "gold", "image" };
  text *s;
  list *l;
  val *v;
  switch ((type_kind)t->kind) {
  case TY_BOOL: return (val){ .i = (int64_t)(h & 1) };
  case TY_NUMBER: return (val){ .n = (double)(int64_t)(h % 200) / 8 - 10 };
  case TY_COLOR: return (val){ .i = (int64_t)(h & 0xFFFFFFFF) };
  case TY_DATE: return (val){ .i = (int64_t)(h % 3) + 20500 };
  case TY_TEXT:
    s = ARENA_NEW(a, text);
    *s = text_of(str_z(texts[h % 5]));
    return (val){ .t = s };
  case TY_LIST:
    l = ARENA_NEW(a, list), v = ARENA_ARRAY(a, val, 4);
    for (uint32_t i = 0; i < 4; i++) v[i] = value(a, t->elem, h >> (5 * i + 3));
    *l = (list){ (uint32_t)(h % 4), v };
    return (val){ .l = l };
  case TY_INT: case TY_ERROR: case TY_NEVER: case TY_UNION: case TY_TIME: case TY_DURATION: case TY_MONTHS: case TY_PATTERN:
  case TY_MAP: case TY_RECORD: case TY_REF: case TY_PALETTE: case TY_TERMS: case TY_VAR: break;
  }
  return (val){ .i = h % 11 ? (int64_t)(h % 7) - 2 : INT64_MAX };
}

int extern_answer(void *ud, uint32_t at, lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  const prog_extern *x = ((const ir_program *)ud)->externs[at];
  uint64_t h = str_hash(x->name);
  for (uint32_t i = 0; i < x->nparams; i++) h = (h ^ (st[i] == ST_OK ? val_hash(x->params[i]->base, args[i]) : 7)) * 0x9E3779B97F4A7C15u, h ^= h >> 29;
  if (h % 9 == 0) {
    c->error = STR("the host said no");
    return ST_ERR;
  }
  if (h % 5 == 0 && x->ret->opt) return ST_MISSING;
  *out = value(c->a, x->ret->base, h >> 8);
  return ST_OK;
}
