/* validate --baseline: reads the baseline before the run, tells afterwards what got better, and writes it anew when asked to. */
#include "cli/cli.h"

#include "runtime/files.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum { GONE_SHOWN = 10 };
static const size_t baseline_max = (size_t)1 << 30;

int baseline_open(cli *c, const args *a, rt_validate_opts *o) {
  const char *path = args_value(a, "baseline"), *why;
  bool update = args_has(a, "update-baseline");
  if (!path && update) return cli_usage(c, a->cmd, "--update-baseline needs --baseline FILE: where to write it");
  if (!path) return X_GOOD;
  if (update && (o->sample || o->share > 0)) return cli_usage(c, a->cmd, "a sample cannot update a baseline: what it does not look at would be lost or kept by chance");
  rt_baseline *b = ARENA_NEW(&c->a, rt_baseline);
  rt_baseline_init(b, &mem_libc, &c->oom);
  b->collect = update;
  c->baseline = o->baseline = b;
  if (update && access(path, F_OK) != 0 && errno == ENOENT) return X_GOOD; /* the first one */
  size_t n;
  char *text = file_read(&mem_libc, path, baseline_max, &n, &why);
  if (!text && access(path, F_OK) != 0) return cli_env(c, "there is no baseline `%s`; --update-baseline makes it", path);
  if (!text) return cli_env(c, "cannot read the baseline `%s`: %s", path, why);
  str own = str_dup(&b->a, (str){ text, (uint32_t)n });
  mem_free(&mem_libc, text, n + 1);
  uint32_t line = rt_baseline_read(b, own, &why);
  return line ? cli_env(c, "%s:%u: %s", path, line, why) : X_GOOD;
}

int baseline_write(cli *c, const args *a) {
  static out file; /* a large buffer, one a run */
  const char *path = args_value(a, "baseline");
  int why = 0;
  if (!out_file(&file, path, &why)) return cli_env(c, "cannot write `%s`: %s", path, cli_reason(why));
  c->baseline->a.oom = &c->oom; /* the run had its own */
  out_str(&file, rt_baseline_text(c->baseline));
  why = out_close(&file, true);
  if (why) return cli_env(c, "cannot write `%s`: %s", path, cli_reason(why));
  uint32_t n = c->baseline->found.n;
  if (!c->quiet) out_fmt(c->err, "blazon: `%s` knows %u %s now\n", path, n, plural(n, "finding", "findings"));
  return X_GOOD;
}

void baseline_remark(const show *s) {
  const rt_baseline *b = s->r->baseline;
  if (!b) return;
  arena *a = &s->c->a;
  if (b->known) out_fmt(s->o, "%s %s not told: the baseline knows %s\n", grouped(a, b->known).p, plural(b->known, "finding is", "findings are"),
                        plural(b->known, "it", "them"));
  if (!b->gone) return;
  out_style(s->o, S_GREEN);
  out_fmt(s->o, "better: %s %s of the baseline %s gone", grouped(a, b->gone).p, plural(b->gone, "finding", "findings"), plural(b->gone, "is", "are"));
  out_style(s->o, S_PLAIN);
  uint32_t told = 0;
  for (uint32_t i = 0; i < b->entries.n && told < GONE_SHOWN && !s->c->quiet; i++) {
    const base_entry *e = &b->entries.v[i];
    if (!e->gone) continue;
    out_fmt(s->o, "%s%.*s%s", told++ ? ", " : ": ", STR_ARG(e->rule), e->key.n ? " " : "");
    out_safe(s->o, e->key);
  }
  out_z(s->o, told && told < b->gone ? ", …" : "");
  out_z(s->o, b->collect ? "\n" : "; --update-baseline drops them\n");
}

void baseline_json(json *j, const show *s) {
  const rt_baseline *b = s->r->baseline;
  if (!b) return;
  json_object(j, "baseline");
  json_int(j, "known", b->known);
  json_int(j, "gone", b->gone);
  json_array(j, "better");
  for (uint32_t i = 0; i < b->entries.n; i++) {
    const base_entry *e = &b->entries.v[i];
    if (!e->gone) continue;
    json_object(j, NULL);
    json_str(j, "rule", e->rule);
    json_str_if(j, "source", e->source);
    json_str_if(j, "key", e->key);
    json_end_object(j);
  }
  json_end_array(j);
  json_end_object(j);
}
