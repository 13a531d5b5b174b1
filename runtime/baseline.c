/* Baselines: reading and writing them, and what makes two findings the same. */
#include "runtime/baseline.h"

#include "compiler/waiver.h"
#include "runtime/validate.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { FIELDS = 5 };
static const char head[] = "# blazon baseline 1: findings that are known. `blazon validate --baseline FILE --update-baseline` writes it.\n";

void rt_baseline_init(rt_baseline *b, const mem *m, jmp_buf *oom) {
  *b = (rt_baseline){ .known = 0 };
  arena_init(&b->a, m, oom);
}

void rt_baseline_free(rt_baseline *b) { arena_free(&b->a); }

/* ---- the file ---- */

static void place(rt_baseline *b, uint32_t i) {
  uint32_t at = (uint32_t)str_hash(b->entries.v[i].line) & (b->nslots - 1);
  while (b->slots[at]) at = (at + 1) & (b->nslots - 1);
  b->slots[at] = i + 1;
}

static base_entry *find(const rt_baseline *b, str line) {
  for (uint32_t at = (uint32_t)str_hash(line); b->nslots && b->slots[at & (b->nslots - 1)]; at++) {
    base_entry *e = &b->entries.v[b->slots[at & (b->nslots - 1)] - 1];
    if (str_eq(e->line, line)) return e;
  }
  return NULL;
}

static void add(rt_baseline *b, const base_entry *e) {
  base_entry *old = find(b, e->line);
  if (old) {
    old->times++;
    return;
  }
  *VEC_PUSH(&b->a, &b->entries) = *e;
  if (b->entries.n * 2 <= b->nslots) {
    place(b, b->entries.n - 1);
    return;
  }
  b->nslots = b->nslots ? b->nslots * 2 : 64;
  b->slots = ARENA_ARRAY(&b->a, uint32_t, b->nslots);
  for (uint32_t i = 0; i < b->entries.n; i++) place(b, i);
}

static bool is_verdict(str s) {
  return str_eq(s, str_z(verdict_names[V_FAIL])) || str_eq(s, str_z(verdict_names[V_UNKNOWN])) || str_eq(s, str_z(verdict_names[V_ERROR]));
}

static const char *read_line(rt_baseline *b, str line) {
  str part[FIELDS];
  uint32_t n = 0, from = 0;
  if (line.n >= 7 && (memcmp(line.p, "<<<<<<<", 7) == 0 || memcmp(line.p, "=======", 7) == 0 || memcmp(line.p, ">>>>>>>", 7) == 0))
    return "a merge has left its conflict here: keep the lines of both sides, without the marks";
  for (uint32_t i = 0; i <= line.n; i++) {
    if (i < line.n && line.p[i] != '\t') continue;
    if (n == FIELDS) return "this is no line of a baseline: it has more than five parts between tabs";
    part[n++] = (str){ line.p + from, i - from };
    from = i + 1;
  }
  if (n < FIELDS || !part[0].n) return "this is no line of a baseline: one has five parts with tabs between them: rule, source, key, verdict, digest";
  if (!is_verdict(part[3])) return "this is no line of a baseline: the fourth part is the verdict: fail, unknown or error";
  if (part[4].n != 16) return "this is no line of a baseline: the fifth part is a digest of 16 digits";
  add(b, &(base_entry){ .line = line, .rule = part[0], .source = part[1], .key = part[2], .times = 1 });
  return NULL;
}

static bool other_version(str line) {
  enum { NAME = sizeof "# blazon baseline " - 1, ALL = NAME + sizeof "1:" - 1 };
  return line.n > NAME && !memcmp(line.p, head, NAME) && (line.n < ALL || memcmp(line.p, head, ALL) != 0);
}

uint32_t rt_baseline_read(rt_baseline *b, str text, const char **why) {
  uint32_t number = 1;
  for (uint32_t i = 0; i < text.n; number++) {
    const char *nl = memchr(text.p + i, '\n', text.n - i);
    uint32_t stop = nl ? (uint32_t)(nl - text.p) : text.n;
    str line = { text.p + i, stop - i };
    if (line.n && line.p[line.n - 1] == '\r') line.n--;
    i = stop + 1;
    if (other_version(line)) {
      *why = "the file is of another version, and this Blazon reads baselines of version 1";
      return number;
    }
    if (!line.n || line.p[0] == '#') continue;
    *why = read_line(b, line);
    if (*why) return number;
  }
  return 0;
}

/* ---- what a finding is ---- */

static void add_content(buf *b, const prog_rule *pr, const rec *r) {
  for (uint32_t i = 0; i < pr->nreads; i++) {
    uint16_t f = pr->reads[i];
    buf_fmt(b, "\n%.*s=", STR_ARG(r->ty->fields[f].name));
    if (r->st[f] != ST_ERR) val_json(b, r->ty->fields[f].type, r->v[f], r->st[f]);
    for (const bad *x = r->bads; x; x = x->next)
      if (x->field == f) buf_str(b, x->message);
  }
}

static bool has_key(const rec *r) {
  for (uint32_t i = 0; i < r->ty->nkeys; i++)
    if (r->st[r->ty->keys[i]] != ST_OK) return false;
  return r->ty->nkeys > 0;
}

static void add_clause(buf *b, const prog_rule *pr, uint32_t clause, int result) { buf_fmt(b, "%d %.*s\n", result, STR_ARG(pr->clauses[clause].text)); }

uint64_t rt_baseline_rule_id(arena *a, const prog_rule *pr, const rec *r, const vm_result *res) {
  buf b = { .a = a };
  for (uint32_t i = 0; i < res->nclauses; i++) add_clause(&b, pr, res->clauses[i].clause, res->clauses[i].result);
  if (r && !has_key(r)) add_content(&b, pr, r);
  return XXH64(b.p ? b.p : "", b.n, 0);
}

uint64_t rt_baseline_data_id(arena *a, const finding *x) {
  str what = x->code == DIAG_ROW_VALUE ? x->message : x->column, s = str_fmt(a, "%.*s\n%.*s", STR_ARG(x->column), STR_ARG(what));
  return XXH64(s.p, s.n, 0);
}

static void escaped(buf *b, str s) {
  for (uint32_t i = 0; i < s.n; i++) {
    char c = s.p[i];
    if (c == '\t') buf_z(b, "\\t");
    else if (c == '\n') buf_z(b, "\\n");
    else if (c == '\r') buf_z(b, "\\r");
    else if (c == '\\') buf_z(b, "\\\\");
    else buf_ch(b, c);
  }
}

bool rt_baseline_has(rt_baseline *b, arena *scratch, str rule, str source, str key, const char *verdict, uint64_t id) {
  buf s = { .a = scratch };
  buf_fmt(&s, "%.*s\t%.*s\t", STR_ARG(rule), STR_ARG(source));
  escaped(&s, key);
  buf_fmt(&s, "\t%s\t%016llx", verdict, (unsigned long long)id);
  str line = buf_done(&s);
  base_entry *e = find(b, line);
  if (b->collect) {
    b->a.oom = scratch->oom;
    *VEC_PUSH(&b->a, &b->found) = e ? e->line : str_dup(&b->a, line);
  }
  if (!e || (e->seen >= e->times && !key.n)) return false; /* rows without keys are counted: one more of the same is new */
  e->seen++, b->known++;
  return true;
}

/* ---- a record that has become better ---- */

static int by_number(const void *x, const void *y) {
  uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
  return a < b ? -1 : a > b;
}

static uint64_t subject_hash(str rule, str source, str key) {
  uint64_t h = XXH64(rule.p ? rule.p : "", rule.n, 0);
  h = XXH64(source.p ? source.p : "", source.n, h);
  return XXH64(key.p ? key.p : "", key.n, h);
}

static bool knows_subject(rt_baseline *b, uint64_t h) {
  uint32_t n = b->entries.n;
  if (!n) return false;
  if (!b->subjects) {
    uint64_t *v = ARENA_ARRAY(&b->a, uint64_t, n);
    for (uint32_t i = 0; i < n; i++) v[i] = subject_hash(b->entries.v[i].rule, b->entries.v[i].source, b->entries.v[i].key);
    qsort(v, n, sizeof *v, by_number);
    b->subjects = v;
  }
  return bsearch(&h, b->subjects, n, sizeof h, by_number) != NULL;
}

enum { OTHERS = 5 }; /* 4^5 ways in which other clauses may have been broken */

typedef struct former { rt_baseline *b; arena *a; str start; const prog_rule *pr; uint8_t *result; } former;

/* Is there an entry for these results of the clauses? */
static bool has_results(const former *f) {
  bool any[TR_E + 1] = { false };
  buf what = { .a = f->a }, line = { .a = f->a };
  for (uint32_t k = 0; k < f->pr->nclauses; k++) {
    any[f->result[k]] = true;
    if (f->result[k] != TR_T) add_clause(&what, f->pr, k, f->result[k]);
  }
  verdict v = any[TR_F] ? V_FAIL : any[TR_E] ? V_ERROR : V_UNKNOWN;
  buf_str(&line, f->start);
  buf_fmt(&line, "\t%s\t%016llx", verdict_names[v], (unsigned long long)XXH64(what.p ? what.p : "", what.n, 0));
  base_entry *e = find(f->b, buf_done(&line));
  if (!e) return false;
  e->seen++, f->b->known++;
  return true;
}

/* Tries all ways in which the clauses from k on that hold now may have been broken. */
static bool try_from(const former *f, uint32_t k) {
  while (k < f->pr->nclauses && f->result[k] != TR_T) k++;
  if (k == f->pr->nclauses) return has_results(f);
  static const uint8_t former_results[] = { TR_T, TR_F, TR_U, TR_E };
  bool had = false;
  for (uint32_t i = 0; i < 4 && !had; i++) {
    f->result[k] = former_results[i];
    had = try_from(f, k + 1);
  }
  f->result[k] = TR_T;
  return had;
}

bool rt_baseline_had_more(rt_baseline *b, arena *scratch, str source, str key, const prog_rule *pr, const vm_result *res) {
  if (!key.n || !res->nclauses || pr->nclauses - res->nclauses > OTHERS) return false;
  buf s = { .a = scratch }, shown = { .a = scratch };
  escaped(&shown, key);
  str safe = buf_done(&shown);
  b->a.oom = scratch->oom;
  if (!knows_subject(b, subject_hash(pr->name, source, safe))) return false;
  buf_fmt(&s, "%.*s\t%.*s\t%.*s", STR_ARG(pr->name), STR_ARG(source), STR_ARG(safe));
  former f = { .b = b, .a = scratch, .start = buf_done(&s), .pr = pr, .result = ARENA_ARRAY(scratch, uint8_t, pr->nclauses) };
  for (uint32_t k = 0; k < pr->nclauses; k++) f.result[k] = TR_T;
  for (uint32_t i = 0; i < res->nclauses; i++) f.result[res->clauses[i].clause] = (uint8_t)res->clauses[i].result;
  return try_from(&f, 0);
}

/* ---- after the run ---- */

static bool source_read(const rt_report *r, str source) {
  const ir_program *ir = r->p->ir;
  for (uint32_t s = 0; s < ir->nsources; s++)
    if (str_eq(ir->sources[s]->name, source)) return r->sources[s].walked;
  return true; /* there is none of that name any more */
}

static bool looked_for(const rt_report *r, const base_entry *e, bool partial) {
  const ir_program *ir = r->p->ir;
  uint32_t lo = 0, hi = ir->nrules; /* sorted by name */
  if (e->source.n && !source_read(r, e->source)) return false;
  while (lo < hi) {
    uint32_t mid = lo + (hi - lo) / 2;
    int c = str_cmp(ir->rules[mid]->name, e->rule);
    if (!c) return r->selected[mid] && r->has_data[mid];
    if (c < 0) lo = mid + 1;
    else hi = mid;
  }
  return !partial; /* a code, or a rule that is gone */
}

void rt_baseline_judge(rt_baseline *b, const rt_report *r, bool sampled, bool partial) {
  b->gone = 0;
  for (uint32_t i = 0; i < b->entries.n; i++) {
    base_entry *e = &b->entries.v[i];
    e->gone = !e->seen && !sampled && looked_for(r, e, partial);
    b->gone += e->gone;
    if (!e->gone && !e->seen && b->collect)
      for (uint32_t k = 0; k < e->times; k++) *VEC_PUSH(&b->a, &b->found) = e->line;
  }
}

static int by_bytes(const void *x, const void *y) { return str_cmp(*(const str *)x, *(const str *)y); }

str rt_baseline_text(rt_baseline *b) {
  buf s = { .a = &b->a };
  buf_z(&s, head);
  if (b->found.n) qsort(b->found.v, b->found.n, sizeof *b->found.v, by_bytes);
  for (uint32_t i = 0; i < b->found.n; i++) {
    buf_str(&s, b->found.v[i]);
    buf_ch(&s, '\n');
  }
  return buf_done(&s);
}
