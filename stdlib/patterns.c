/* Patterns over PCRE2. Each pattern of a program is compiled once per engine. A match may take a bounded number of steps, of heap and of depth: a
 * pattern that runs away is an error that names it, never a hang. Patterns are UTF and Unicode-aware, `$` is the very end; offsets become
 * positions in characters only where a user sees them. */
#include "stdlib/unicode.h"

#include <stdio.h>
#include <string.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define UNUSED (void)c, (void)st
#define ARG(i) str_of(args[i].t)

/* A million steps are about 10 ms: far more than any sane pattern needs on a text of a kilobyte, and an end for those that are not sane.
   Long texts need steps in proportion, see match_at. */
enum { MATCH_LIMIT = 1000000, DEPTH_LIMIT = 1000000, HEAP_LIMIT_KB = 65536, JIT_STACK_MIN = 32 << 10, JIT_STACK_MAX = 1 << 20 };

struct compiled { const pattern *key; str source, flags; pcre2_code *code; };

struct pat_state {
  const mem *m;
  pcre2_general_context *general;
  pcre2_match_context *match;
  pcre2_match_data *data;
  pcre2_jit_stack *stack;
  uint32_t groups;       /* that data has room for */
  struct compiled *v;    /* by pattern id */
  uint32_t n;
};

/* PCRE2 frees without saying how much: each block carries its size in front. */
static void *pcre_malloc(size_t n, void *ud) {
  const mem *m = ud;
  if (n > SIZE_MAX / 2) return NULL;
  size_t *p = mem_try(m, n + 16);
  if (!p) return NULL;
  p[0] = n + 16;
  return (char *)p + 16;
}

static void pcre_free(void *p, void *ud) {
  if (!p) return;
  size_t *head = (size_t *)(void *)((char *)p - 16);
  mem_free(ud, head, head[0]);
}

static uint32_t options_of(str flags, bool *known) {
  uint32_t o = PCRE2_UTF | PCRE2_UCP | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C;
  *known = true;
  for (uint32_t i = 0; i < flags.n; i++) {
    if (flags.p[i] == 'i') o |= PCRE2_CASELESS;
    else if (flags.p[i] == 's') o |= PCRE2_DOTALL;
    else if (flags.p[i] == 'm') o |= PCRE2_MULTILINE;
    else if (flags.p[i] == 'x') o |= PCRE2_EXTENDED;
    else *known = false;
  }
  return o;
}

static pcre2_code *compile(pcre2_general_context *g, str source, str flags, int *code, size_t *at) {
  bool known;
  uint32_t options = options_of(flags, &known);
  pcre2_compile_context *cc = pcre2_compile_context_create(g);
  if (!cc) { *code = PCRE2_ERROR_NOMEMORY; return NULL; }
  pcre2_set_parens_nest_limit(cc, 200);
  pcre2_set_newline(cc, PCRE2_NEWLINE_ANYCRLF);
  pcre2_code *p = pcre2_compile((PCRE2_SPTR)(source.n ? source.p : ""), source.n, options, code, at, cc);
  pcre2_compile_context_free(cc);
  return p;
}

bool lib_pattern_check(arena *a, str source, str flags, str *error, uint32_t *offset) {
  bool known;
  *offset = 0;
  options_of(flags, &known);
  if (!known) {
    *error = STR("flags of a pattern are i (ignoring case), s (the dot matches line ends), m (^ and $ at every line) and x (spaces are ignored)");
    return false;
  }
  mem libc = *a->m;
  pcre2_general_context *g = pcre2_general_context_create(pcre_malloc, pcre_free, &libc);
  int code = PCRE2_ERROR_NOMEMORY;
  size_t at = 0;
  pcre2_code *p = g ? compile(g, source, flags, &code, &at) : NULL;
  bool ok = p != NULL;
  pcre2_code_free(p);
  if (g) pcre2_general_context_free(g);
  if (ok) return true;
  char message[256];
  pcre2_get_error_message(code, (PCRE2_UCHAR *)message, sizeof message);
  *error = str_dup(a, str_z(message));
  *offset = at > source.n ? source.n : (uint32_t)at;
  return false;
}

static struct pat_state *state(lib_ctx *c) {
  struct lib_state *s = c->state;
  if (s->patterns) return s->patterns;
  struct pat_state *p = mem_try(s->m, sizeof *p);
  if (!p) return NULL;
  memset(p, 0, sizeof *p);
  p->m = s->m;
  s->patterns = p;
  p->general = pcre2_general_context_create(pcre_malloc, pcre_free, (void *)(uintptr_t)s->m);
  if (p->general) p->match = pcre2_match_context_create(p->general);
  if (!p->match) { pat_close(s); return NULL; }
  p->stack = pcre2_jit_stack_create(JIT_STACK_MIN, JIT_STACK_MAX, p->general); /* NULL without a JIT: none is needed then */
  if (p->stack) pcre2_jit_stack_assign(p->match, NULL, p->stack);
  pcre2_set_depth_limit(p->match, DEPTH_LIMIT);
  pcre2_set_heap_limit(p->match, HEAP_LIMIT_KB);
  return p;
}

void pat_close(struct lib_state *s) {
  struct pat_state *p = s->patterns;
  if (!p) return;
  for (uint32_t i = 0; i < p->n; i++) pcre2_code_free(p->v[i].code);
  mem_free(s->m, p->v, p->n * sizeof *p->v);
  pcre2_match_data_free(p->data);
  pcre2_jit_stack_free(p->stack);
  pcre2_match_context_free(p->match);
  pcre2_general_context_free(p->general);
  mem_free(s->m, p, sizeof *p);
  s->patterns = NULL;
}

/* Room for the pattern's slot. Programs number their patterns densely; a foreign id far beyond them only costs memory. */
static bool make_room(struct pat_state *p, uint32_t id) {
  if (id < p->n) return true;
  if (id > 10000000) return false;
  uint32_t n = p->n ? p->n : 8;
  while (n <= id) n *= 2;
  struct compiled *v = mem_grow(p->m, p->v, p->n * sizeof *v, n * sizeof *v);
  if (!v) return false;
  memset(v + p->n, 0, (n - p->n) * sizeof *v);
  p->v = v, p->n = n;
  return true;
}

static pcre2_code *code_of(lib_ctx *c, const pattern *key) {
  struct pat_state *p = state(c);
  if (!p || !make_room(p, key->id)) { (void)lib_fail(c, STR("out of memory")); return NULL; }
  struct compiled *k = &p->v[key->id];
  if (k->code && k->key == key && k->source.p == key->source.p) return k->code;
  pcre2_code_free(k->code); /* another program's pattern of the same number */
  *k = (struct compiled){ 0 };
  int code;
  size_t at;
  pcre2_code *made = compile(p->general, key->source, key->flags, &code, &at);
  if (!made) { (void)lib_fail(c, str_fmt(c->a, "the pattern %.*s cannot be compiled", STR_ARG(key->source))); return NULL; }
  pcre2_jit_compile(made, PCRE2_JIT_COMPLETE); /* where there is none the interpreter serves */
  uint32_t groups = 0;
  pcre2_pattern_info(made, PCRE2_INFO_CAPTURECOUNT, &groups);
  if (!p->data || groups + 1 > p->groups) {
    pcre2_match_data *d = pcre2_match_data_create(groups + 1, p->general);
    if (!d) { pcre2_code_free(made); (void)lib_fail(c, STR("out of memory")); return NULL; }
    pcre2_match_data_free(p->data);
    p->data = d, p->groups = groups + 1;
  }
  *k = (struct compiled){ .key = key, .source = key->source, .flags = key->flags, .code = made };
  return made;
}

/* Number of groups filled (>= 1), 0 no match, -1 error. Pairs of byte offsets in *ov. */
static int match_at(lib_ctx *c, const pattern *key, pcre2_code *code, str s, size_t from, uint32_t options, const size_t **ov) {
  struct pat_state *p = c->state->patterns;
  if (str_is_ascii(s)) options |= PCRE2_NO_UTF_CHECK; /* PCRE2's own check costs as much as a short match */
  uint64_t limit = MATCH_LIMIT + (uint64_t)s.n * 8;
  pcre2_set_match_limit(p->match, limit > 100000000 ? 100000000 : (uint32_t)limit);
  lib_work(c, (s.n - from) / 8 + 4);
  int r = pcre2_match(code, (PCRE2_SPTR)(s.n ? s.p : ""), s.n, from, options, p->data, p->match);
  if (r == PCRE2_ERROR_JIT_STACKLIMIT) /* the interpreter keeps its frames on the heap, where there is more room */
    r = pcre2_match(code, (PCRE2_SPTR)(s.n ? s.p : ""), s.n, from, options | PCRE2_NO_JIT, p->data, p->match);
  *ov = pcre2_get_ovector_pointer(p->data);
  if (r > 0) {
    if ((*ov)[0] > (*ov)[1]) (void)lib_fail(c, str_fmt(c->a, "the pattern %.*s ends its match before it starts (\\K)", STR_ARG(key->source)));
    return (*ov)[0] > (*ov)[1] ? -1 : r;
  }
  if (r == PCRE2_ERROR_NOMATCH) return 0;
  if (r == PCRE2_ERROR_MATCHLIMIT || r == PCRE2_ERROR_DEPTHLIMIT || r == PCRE2_ERROR_HEAPLIMIT) {
    lib_work(c, limit / 8);
    (void)lib_fail(c, str_fmt(c->a, "the pattern r\"%.*s\" takes too long on a text of %u bytes: it tries too many ways to match (look for nested + or *)",
                              STR_ARG(key->source), s.n));
  } else if (r <= PCRE2_ERROR_UTF8_ERR1 && r >= PCRE2_ERROR_UTF8_ERR21) {
    (void)lib_fail(c, STR("the text is not valid UTF-8"));
  } else {
    char message[256];
    pcre2_get_error_message(r, (PCRE2_UCHAR *)message, sizeof message);
    (void)lib_fail(c, str_fmt(c->a, "the pattern r\"%.*s\" failed: %s", STR_ARG(key->source), message));
  }
  return -1;
}

int lib_matches(lib_ctx *c, const pattern *p, str s) {
  pcre2_code *code = code_of(c, p);
  const size_t *ov;
  int r = code ? match_at(c, p, code, s, 0, 0, &ov) : -1;
  return r > 0 ? 1 : r;
}

/* ---- walking over matches ---- */

struct walk {
  const pattern *key;
  pcre2_code *code;
  str s;
  size_t at;
  bool empty, again;      /* the last match was empty: the next must not be empty at the same place */
  const size_t *ov;
  int groups;
};

static bool walk_start(lib_ctx *c, struct walk *w, str s, val p) {
  *w = (struct walk){ .key = p.p, .s = s };
  w->code = code_of(c, w->key);
  return w->code != NULL;
}

/* 1 with ov set, 0 at the end, -1 error. The subject's UTF-8 is checked once. */
static int walk_next(lib_ctx *c, struct walk *w) {
  for (;;) {
    if (w->at > w->s.n) return 0;
    uint32_t options = (w->again ? PCRE2_NO_UTF_CHECK : 0) | (w->empty ? PCRE2_NOTEMPTY_ATSTART | PCRE2_ANCHORED : 0);
    w->groups = match_at(c, w->key, w->code, w->s, w->at, options, &w->ov);
    if (w->groups < 0) return -1;
    w->again = true;
    if (w->groups > 0) {
      if (w->ov[1] < w->at) return 0; /* lookbehind games with \K: never walk backward */
      w->at = w->ov[1];
      w->empty = w->ov[0] == w->ov[1];
      return 1;
    }
    if (!w->empty) return 0;
    w->empty = false;
    if (w->at >= w->s.n) return 0;
    do w->at++; /* one code point on */
    while (w->at < w->s.n && ((unsigned char)w->s.p[w->at] & 0xC0) == 0x80);
  }
}

/* Byte offsets to positions, for offsets that only grow. */
struct ruler { const uint32_t *v; uint32_t n, i; bool bytes; };

static bool ruler_start(lib_ctx *c, struct ruler *r, str s) {
  *r = (struct ruler){ 0 };
  r->bytes = !s.n || (str_is_ascii(s) && !memchr(s.p, '\r', s.n));
  if (r->bytes) return true;
  r->v = uni_bounds(c, UNI_CHARACTER, s, &r->n, NULL);
  return r->v != NULL;
}

/* How many characters begin before offset at. */
static int64_t ruler_read(struct ruler *r, size_t at) {
  if (r->bytes) return (int64_t)at;
  while (r->i > 0 && r->v[r->i - 1] >= at) r->i--;
  while (r->i < r->n && r->v[r->i] < at) r->i++;
  return r->i;
}

static const type_rec *match_shape(const lib_ctx *c) {
  const type *t = c->rett;
  if (t->kind == TY_LIST) t = t->elem;
  return t->rec;
}

static val match_value(lib_ctx *c, struct ruler *r, str s, size_t beg, size_t end, const val *groups, uint32_t ngroups) {
  val v[4];
  v[0].t = lib_text(c, (str){ s.p + beg, (uint32_t)(end - beg) });
  v[1].i = ruler_read(r, beg) + 1;
  if (!r->bytes && r->i < r->n && r->v[r->i] != beg) v[1].i--; /* inside a character: that one */
  v[2].i = end == beg ? v[1].i - 1 : ruler_read(r, end);
  ok_list(c, &v[3], groups, ngroups);
  return (val){ .r = lib_record(c, match_shape(c), v) };
}

static str group_text(const struct walk *w, int i) {
  if (i >= w->groups || w->ov[2 * i] == PCRE2_UNSET) return (str){ NULL, 0 };
  return (str){ w->s.p + w->ov[2 * i], (uint32_t)(w->ov[2 * i + 1] - w->ov[2 * i]) };
}

static val walk_value(lib_ctx *c, struct walk *w, struct ruler *r) {
  uint32_t n = 0;
  pcre2_pattern_info(w->code, PCRE2_INFO_CAPTURECOUNT, &n);
  val *g = ARENA_ARRAY(c->a, val, n + 1);
  for (uint32_t i = 0; i < n; i++) {
    str t = group_text(w, (int)i + 1);
    g[i].t = lib_text(c, t.p ? t : STR(""));
  }
  return match_value(c, r, w->s, w->ov[0], w->ov[1], g, n);
}

int bi_find(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  struct walk w;
  struct ruler r;
  int k = walk_start(c, &w, ARG(0), args[1]) ? walk_next(c, &w) : -1;
  if (k <= 0) return k < 0 ? ST_ERR : ST_MISSING;
  if (!ruler_start(c, &r, w.s)) return ST_ERR;
  *out = walk_value(c, &w, &r);
  return ST_OK;
}

int bi_find_all(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  struct walk w;
  struct ruler r;
  VEC(val) v = { 0 };
  int k = -1;
  if (!walk_start(c, &w, ARG(0), args[1]) || !ruler_start(c, &r, w.s)) return ST_ERR;
  while ((k = walk_next(c, &w)) > 0) *VEC_PUSH(c->a, &v) = walk_value(c, &w, &r);
  return k < 0 ? ST_ERR : ok_list(c, out, v.v, v.n);
}

int bi_find_text(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  str s = ARG(0), part = ARG(1);
  struct ruler r;
  lib_work(c, s.n / 8 + 1);
  int64_t at = str_find(s, part, 0);
  if (at < 0) return ST_MISSING;
  if (!ruler_start(c, &r, s)) return ST_ERR;
  *out = match_value(c, &r, s, (size_t)at, (size_t)at + part.n, NULL, 0);
  return ST_OK;
}

int bi_find_all_text(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  str s = ARG(0), part = ARG(1);
  struct ruler r;
  VEC(val) v = { 0 };
  if (!part.n) return lib_fail(c, STR("an empty text occurs everywhere and cannot be searched for"));
  lib_work(c, s.n / 8 + 1);
  int64_t at = str_find(s, part, 0);
  if (at >= 0 && !ruler_start(c, &r, s)) return ST_ERR;
  for (; at >= 0; at = str_find(s, part, (uint32_t)at + part.n))
    *VEC_PUSH(c->a, &v) = match_value(c, &r, s, (size_t)at, (size_t)at + part.n, NULL, 0);
  return ok_list(c, out, v.v, v.n);
}

int bi_count_matches(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  struct walk w;
  int k;
  int64_t n = 0;
  if (!walk_start(c, &w, ARG(0), args[1])) return ST_ERR;
  while ((k = walk_next(c, &w)) > 0) n++;
  return k < 0 ? ST_ERR : ok_int(out, n);
}

int bi_matches_whole(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  const pattern *p = args[1].p;
  pcre2_code *code = code_of(c, p);
  const size_t *ov;
  int r = code ? match_at(c, p, code, ARG(0), 0, PCRE2_ANCHORED | PCRE2_ENDANCHORED, &ov) : -1;
  return r < 0 ? ST_ERR : ok_bool(out, r > 0);
}

/* ---- captures ---- */

static int no_group(lib_ctx *c, const pattern *p, str name) {
  return lib_fail(c, str_fmt(c->a, "the pattern r\"%.*s\" has no group %.*s", STR_ARG(p->source), STR_ARG(name)));
}

/* Group number of the first match; a named group that stands in several alternatives is asked for by the caller. */
static int captured(lib_ctx *c, struct walk *w, int64_t group, val *out) {
  str t = group_text(w, (int)group);
  return t.p ? ok_text(c, out, t) : ST_MISSING;
}

static int capture_number(lib_ctx *c, const val *args, int64_t group, val *out) {
  struct walk w;
  uint32_t n = 0;
  if (!walk_start(c, &w, ARG(0), args[1])) return ST_ERR;
  pcre2_pattern_info(w.code, PCRE2_INFO_CAPTURECOUNT, &n);
  if (group < 0 || group > n) return no_group(c, w.key, str_fmt(c->a, "%lld", (long long)group));
  int k = walk_next(c, &w);
  return k < 0 ? ST_ERR : k == 0 ? ST_MISSING : captured(c, &w, group, out);
}

int bi_capture(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return capture_number(c, args, 1, out); }
int bi_capture_n(lib_ctx *c, const val *args, const uint8_t *st, val *out) { UNUSED; return capture_number(c, args, args[2].i, out); }

int bi_capture_name(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  struct walk w;
  if (!walk_start(c, &w, ARG(0), args[1])) return ST_ERR;
  str name = str_dup(c->a, ARG(2)); /* NUL-terminated */
  PCRE2_SPTR first, last;
  int step = pcre2_substring_nametable_scan(w.code, (PCRE2_SPTR)name.p, &first, &last);
  if (step <= 0 || memchr(name.p, 0, name.n)) return no_group(c, w.key, name);
  int k = walk_next(c, &w);
  if (k <= 0) return k < 0 ? ST_ERR : ST_MISSING;
  for (PCRE2_SPTR e = first; e <= last; e += step)
    if (captured(c, &w, e[0] << 8 | e[1], out) == ST_OK) return ST_OK;
  return ST_MISSING;
}

/* ---- replacing and splitting ---- */

/* Appends the replacement with $1, ${name}, $$ filled in. ST_ERR for a group that the pattern does not have. */
static int expand(lib_ctx *c, buf *b, struct walk *w, str with) {
  uint32_t count = 0;
  pcre2_pattern_info(w->code, PCRE2_INFO_CAPTURECOUNT, &count);
  for (uint32_t i = 0; i < with.n; i++) {
    if (with.p[i] != '$' || i + 1 == with.n) { buf_ch(b, with.p[i]); continue; }
    char next = with.p[i + 1];
    uint32_t end;
    str name;
    if (next == '$') { buf_ch(b, '$'), i++; continue; }
    if (ascii_digit(next)) {
      end = i + 2;
      if (end < with.n && ascii_digit(with.p[end]) && (uint32_t)((next - '0') * 10 + (with.p[end] - '0')) <= count) end++;
      name = (str){ with.p + i + 1, end - i - 1 };
    } else if (next == '{') {
      end = i + 2;
      while (end < with.n && with.p[end] != '}') end++;
      if (end == with.n) { buf_ch(b, '$'); continue; }
      name = (str){ with.p + i + 2, end - i - 2 };
      end++;
    } else { buf_ch(b, '$'); continue; }
    uint32_t group = 0;
    bool numeric = name.n > 0 && name.n < 4;
    for (uint32_t k = 0; numeric && k < name.n; k++) numeric = ascii_digit(name.p[k]), group = group * 10 + (uint32_t)(name.p[k] - '0');
    if (!numeric) {
      int g = pcre2_substring_number_from_name(w->code, (PCRE2_SPTR)str_dup(c->a, name).p);
      if (g <= 0) return no_group(c, w->key, name);
      group = (uint32_t)g;
    } else if (group > count) return no_group(c, w->key, name);
    str t = group_text(w, (int)group);
    if (t.p) buf_str(b, t);
    i = end - 1;
  }
  return ST_OK;
}

int bi_replace_pattern(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  struct walk w;
  buf b = { .a = c->a };
  size_t done = 0;
  int k;
  if (!walk_start(c, &w, ARG(0), args[1])) return ST_ERR;
  while ((k = walk_next(c, &w)) > 0) {
    buf_add(&b, w.s.p + done, w.ov[0] > done ? w.ov[0] - done : 0);
    if (expand(c, &b, &w, ARG(2)) != ST_OK) return ST_ERR;
    done = w.ov[1];
  }
  if (k < 0) return ST_ERR;
  buf_add(&b, w.s.p + done, w.s.n - done);
  return ok_text(c, out, buf_done(&b));
}

int bi_split_pattern(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  UNUSED;
  struct walk w;
  VEC(val) v = { 0 };
  size_t done = 0;
  int k;
  if (!walk_start(c, &w, ARG(0), args[1])) return ST_ERR;
  while ((k = walk_next(c, &w)) > 0) {
    if (w.ov[0] == w.ov[1] && (w.ov[0] == 0 || w.ov[0] == w.s.n)) continue; /* an empty match at an end cuts nothing off */
    if (w.ov[0] < done) continue;
    VEC_PUSH(c->a, &v)->t = lib_text(c, (str){ w.s.p + done, (uint32_t)(w.ov[0] - done) });
    done = w.ov[1];
  }
  if (k < 0) return ST_ERR;
  VEC_PUSH(c->a, &v)->t = lib_text(c, (str){ w.s.p + done, (uint32_t)(w.s.n - done) });
  return ok_list(c, out, v.v, v.n);
}
