/* validate --fix: what rules propose, as a diff to review, and as a patch that somebody else applies. */
#include "cli/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* ---- before the run ---- */

static bool ends(const char *s, const char *tail) {
  size_t n = strlen(s), k = strlen(tail);
  return n > k && strcmp(s + n - k, tail) == 0;
}

int fix_open(cli *c, const args *a, rt_validate_opts *o) {
  const char *path = args_value(a, "write");
  if (!args_has(a, "fix")) return path ? cli_usage(c, a->cmd, "--write belongs to --fix: where the patch goes") : X_GOOD;
  if (path && !ends(path, ".sql") && !ends(path, ".json"))
    return cli_usage(c, a->cmd, "`%s` ends in neither .sql nor .json: SQL is for tables, JSON Patch for files", path);
  c->fixes = ARENA_NEW(&c->a, rt_fixes);
  rt_fixes_init(c->fixes, &mem_libc, &c->oom);
  o->fixes = c->fixes;
  return X_GOOD;
}

/* ---- the patch ---- */

int fix_write(cli *c, const args *a) {
  static out file; /* a large buffer, one a run */
  const char *path = args_value(a, "write");
  if (!path) return X_GOOD;
  buf b = { .a = &c->a };
  int64_t skipped;
  int why = 0;
  bool sql = ends(path, ".sql");
  const char *wrong = NULL;
  if (sql) rt_patch_sql(&b, c->p->ir, c->fixes, &skipped);
  else wrong = rt_patch_json(&b, c->p->ir, c->fixes, &skipped);
  if (wrong) return cli_env(c, "no patch is written: %s", wrong);
  if (!out_file(&file, path, &why)) return cli_env(c, "cannot write `%s`: %s", path, cli_reason(why));
  out_str(&file, buf_done(&b));
  why = out_close(&file, true);
  if (why) return cli_env(c, "cannot write `%s`: %s", path, cli_reason(why));
  int64_t made = c->fixes->made - skipped;
  if (!c->quiet) out_fmt(c->err, "blazon: `%s` holds %" PRId64 " %s\n", path, made, plural(made, "fix", "fixes"));
  if (skipped)
    out_fmt(c->err, "blazon: %" PRId64 " %s not in it: %s\n", skipped, plural(skipped, "fix is", "fixes are"),
            sql ? "of a file (--write FILE.json), a view, a record without key, or not to be kept in the column's form"
                : "of a table (--write FILE.sql), or not to be kept in the member's form");
  return X_GOOD;
}

/* ---- to review ---- */

static void line(const show *s, char sign, enum style style, str text) {
  out_style(s->o, style);
  out_fmt(s->o, "      %c ", sign);
  out_safe(s->o, text);
  out_style(s->o, S_PLAIN);
  out_ch(s->o, '\n');
}

static void one_fix(const show *s, const rt_fix *x) {
  const rt_fix_row *row = &s->r->fixes->rows.v[x->row];
  const ir_program *ir = s->p->ir;
  out_fmt(s->o, "    %.*s  ", STR_ARG(ir->records[ir->sources[row->source]->record]->fields[x->field].name));
  out_style(s->o, S_DIM);
  out_fmt(s->o, "(%.*s)", STR_ARG(x->rules));
  out_style(s->o, S_PLAIN);
  out_ch(s->o, '\n');
  line(s, '-', S_RED, x->before);
  if (!x->why.n) line(s, '+', S_GREEN, x->after);
  else {
    if (x->after.n) line(s, '?', S_YELLOW, x->after);
    out_z(s->o, "        not made: ");
    out_safe(s->o, x->why);
    out_ch(s->o, '\n');
  }
}

void fixes_text(const show *s) {
  const rt_fixes *f = s->r->fixes;
  if (!f) return;
  for (uint32_t i = 0; i < f->v.n; i++) {
    const rt_fix_row *row = &f->rows.v[f->v.v[i].row];
    if (!i || f->v.v[i].row != f->v.v[i - 1].row) {
      out_fmt(s->o, "%sfix  %.*s ", i ? "\n" : "", STR_ARG(s->p->ir->sources[row->source]->name));
      out_style(s->o, S_BOLD);
      out_safe(s->o, row->key);
      out_style(s->o, S_PLAIN);
      out_ch(s->o, '\n');
    }
    one_fix(s, &f->v.v[i]);
  }
  if (f->v.n) out_ch(s->o, '\n');
}

void fixes_remark(const show *s) {
  const rt_fixes *f = s->r->fixes;
  if (!f) return;
  arena *a = &s->c->a;
  out_fmt(s->o, "%s %s proposed", grouped(a, f->made).p, plural(f->made, "fix is", "fixes are"));
  if (f->refused) out_fmt(s->o, ", %s not made", grouped(a, f->refused).p);
  out_z(s->o, "; nothing has been changed\n");
}

void fixes_json(json *j, const show *s) {
  const rt_fixes *f = s->r->fixes;
  const ir_program *ir = s->p->ir;
  if (!f) return;
  json_array(j, "fixes");
  for (uint32_t i = 0; i < f->v.n; i++) {
    const rt_fix *x = &f->v.v[i];
    const rt_fix_row *row = &f->rows.v[x->row];
    json_object(j, NULL);
    json_str(j, "source", ir->sources[row->source]->name);
    json_str(j, "key", row->key);
    json_int(j, "position", row->position);
    json_str(j, "field", ir->records[ir->sources[row->source]->record]->fields[x->field].name);
    json_str_if(j, "column", row->columns[x->field]);
    json_str(j, "rule", ir->rules[x->rule]->name);
    json_str(j, "rules", x->rules);
    json_str(j, "old", x->before);
    json_str_if(j, "new", x->after);
    json_bool(j, "made", !x->why.n);
    json_str_if(j, "why_not", x->why);
    json_end_object(j);
  }
  json_end_array(j);
}

/* Of one finding: a proposal is no edit of a text file, so SARIF carries it as a property. */
void fixes_of_finding(json *j, const show *s, const finding *x) {
  const rt_fixes *f = s->r->fixes;
  bool some = false;
  if (!f || x->kind != FIND_RULE) return;
  uint32_t lo = 0, hi = f->v.n; /* sorted by source and place in the order, as findings are */
  while (lo < hi) {
    uint32_t mid = lo + (hi - lo) / 2;
    const rt_fix_row *row = &f->rows.v[f->v.v[mid].row];
    int c = row->source != x->source ? (row->source < x->source ? -1 : 1) : str_cmp(row->order, x->order);
    if (c < 0) lo = mid + 1;
    else hi = mid;
  }
  for (; lo < f->v.n && str_eq(f->rows.v[f->v.v[lo].row].order, x->order); lo++) {
    const rt_fix *y = &f->v.v[lo];
    if (y->rule != x->rule || y->why.n) continue;
    if (!some) json_array(j, "fixes");
    some = true;
    json_object(j, NULL);
    json_str(j, "field", s->p->ir->records[s->p->ir->sources[x->source]->record]->fields[y->field].name);
    json_str(j, "old", y->before);
    json_str(j, "new", y->after);
    json_end_object(j);
  }
  if (some) json_end_array(j);
}
