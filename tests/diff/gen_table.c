/* Random decision tables: every kind of cell over every kind of parameter, with few values, so that rows overlap and inputs hit their edges. */
#include "gen.h"

/* Constants of each type in order, so that a range can be taken from them. */
static const char *const values[][8] = {
  [G_BOOL] = { "false", "true" },
  [G_INT] = { "-9223372036854775807", "-1", "0", "1", "3", "100", "150 KB", "9223372036854775807" },
  [G_NUM] = { "-0.25", "0", "5%", "0.5", "1", "1.5", "16:9", "9007199254740993.0" },
  [G_TEXT] = { "\"\"", "\"3\"", "\"A1\"", "\"DE\"", "\"Zo\xC3\xAB\"", "\"ab\"", "\"gold\"", "\"image\"" },
  [G_KIND] = { "\"image\"", "\"video\"", "\"copy\"" },
  [G_TIER] = { "\"gold\"", "\"silver\"", "\"a\"" },
  [G_COLOR] = { "#000", "#1A1A1A", "#E4002B", "#FFFFFF", "#ffffff80" },
  [G_DATE] = { "0001-01-01", "2020-12-31", "2024-02-29", "2026-02-28", "2026-03-01", "9999-12-31" },
  [G_TIME] = { "1999-12-31T23:30:00+02:00", "2024-02-29T23:59:59Z", "2026-03-01T00:00:00Z", "2026-03-01T09:00:00Z" },
  [G_DUR] = { "-2 days", "0 seconds", "30 minutes", "6 hours", "1 day", "90 days" },
};

static uint32_t count(gt t) {
  uint32_t n = 0;
  while (n < 8 && values[t][n]) n++;
  return n;
}

static const char *value(gen *g, gt t) { return values[t][below(&g->r, count(t))]; }

static bool has_order(gt t) { return t == G_INT || t == G_NUM || t == G_DATE || t == G_TIME || t == G_DUR; }

static void cell(gen *g, buf *out, gt t, bool opt) {
  static const char *const ops[] = { "<", "<=", ">", ">=" };
  uint32_t x = below(&g->r, 100);
  if (opt && x < 15) buf_z(out, "missing");
  else if (x < 30) buf_z(out, "_");
  else if (has_order(t) && x < 50) buf_fmt(out, "%s %s", ops[below(&g->r, 4)], value(g, t));
  else if (has_order(t) && x < 70) {
    uint32_t lo = below(&g->r, count(t)), hi = lo + below(&g->r, count(t) - lo);
    buf_fmt(out, "%s..%s", values[t][lo], values[t][hi]);
  } else {
    buf_z(out, value(g, t));
    while (chance(&g->r, 25)) buf_fmt(out, " | %s", value(g, t));
  }
}

const char *gen_table(gen *g) {
  gfn f = { .name = new_name(g, "t"), .n = 1 + below(&g->r, 3) };
  gt other = any_scalar(g);
  bool two = chance(&g->r, 35);
  f.ret = any_scalar(g);
  f.ret_opt = chance(&g->r, 60); /* else a last row accepts everything */
  buf b = { .a = g->a };
  buf_fmt(&b, "table %s(", f.name);
  for (uint32_t i = 0; i < f.n; i++) {
    f.param[i] = any_scalar(g), f.param_opt[i] = chance(&g->r, 40);
    f.param_name[i] = fmt(g, "p%u", i);
    buf_fmt(&b, "%sp%u : %s%s", i ? ", " : "", i, gt_name(f.param[i]), f.param_opt[i] ? "?" : "");
  }
  if (two) buf_fmt(&b, ") -> (x : %s, y : %s) {\n", gt_name(other), gt_name(f.ret)), f.field = "y";
  else buf_fmt(&b, ") -> %s {\n", gt_name(f.ret));
  uint32_t rows = 1 + below(&g->r, chance(&g->r, 20) ? 40 : 9);
  for (uint32_t r = 0; r < rows; r++) {
    bool last = r + 1 == rows && !f.ret_opt;
    for (uint32_t i = 0; i < f.n; i++) {
      buf_z(&b, i ? ", " : "  ");
      if (last) buf_z(&b, "_");
      else cell(g, &b, f.param[i], f.param_opt[i]);
    }
    if (two) buf_fmt(&b, " -> %s, %s\n", value(g, other), value(g, f.ret));
    else buf_fmt(&b, " -> %s\n", value(g, f.ret));
  }
  buf_z(&b, "}\n");
  g->fns[g->nfns++] = f;
  return buf_done(&b).p;
}
