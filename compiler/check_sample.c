/* sample(T): a record that is valid and says as little as possible. Optional fields are missing, lists as short as they may be, numbers as near to 0 as
 * their bounds allow, texts as their format or pattern wants them, references those of the first row that the test has given. What cannot be made
 * is a compile error that names the field: never a sample that is not valid. */
#include "compiler/check.h"
#include "base/civil.h"
#include "base/utf8.h"

#include <string.h>

enum { MAX_DEPTH = 40, MAX_TEXT = 4000, MAX_STEPS = 100000, MAX_SIZE = 20000, DAY = 20454 /* 2026-01-01 */ };

typedef struct sampling {
  checker *c;
  span sp;
  uint32_t depth, size;    /* size: values made so far, texts by their length */
  bool quiet, failed;
  bool search;             /* for `for any`, where no field can be given */
} sampling;

static ir *cannot(sampling *s, str what, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static ir *cannot(sampling *s, str what, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  str why = str_vfmt(s->c->a, fmt, ap);
  va_end(ap);
  if (!s->quiet && !s->failed) {
    diag *g = diag_add(s->c->d, DIAG_SAMPLE, s->sp, "no sample of `%.*s` can be made: %.*s", STR_ARG(what), STR_ARG(why));
    if (s->search) diag_note_add(s->c->d, g, (span){ 0, 0 }, "a search begins with a valid sample, and this record has none that is known");
    else diag_note_add(s->c->d, g, (span){ 0, 0 }, "give the field yourself: `sample(T).with(%.*s: ...)`", STR_ARG(what));
  }
  s->failed = true;
  return NULL;
}

/* ---- numbers, dates ---- */

static bool accepts(const refine *r, const type *t, val v) {
  for (; r; r = r->next) {
    if (r->length || (r->kind != RF_RANGE && r->kind != RF_CMP)) continue;
    int k = val_cmp(t, v, r->lo->k);
    if (r->kind == RF_RANGE) {
      if (k < 0 || val_cmp(t, v, r->hi->k) > 0) return false;
    } else if (r->op == OP_LT ? k >= 0 : r->op == OP_LE ? k > 0 : r->op == OP_GT ? k <= 0 : k < 0) return false;
  }
  return true;
}

static val beside(const type *t, val v, int step) {
  if (t->kind == TY_NUMBER) return (val){ .n = v.n + step };
  if (t->kind == TY_TIME || t->kind == TY_DURATION) step *= 1000000;
  if (__builtin_add_overflow(v.i, (int64_t)step, &v.i)) v.i -= step;
  return v;
}

static bool try_value(const refine *r, const type *t, val v, val *out) {
  if (!accepts(r, t, v)) return false;
  *out = v;
  return true;
}

/* The first that the bounds accept of: the plainest value, the bounds themselves, their neighbors, the middle of two bounds. */
static bool bounded(const refine *all, const type *t, val *out) {
  val plain = { .i = 0 };
  if (t->kind == TY_NUMBER) plain.n = 0;
  if (t->kind == TY_DATE) plain.i = DAY;
  if (t->kind == TY_TIME) plain.i = DAY * USEC_PER_DAY;
  if (try_value(all, t, plain, out)) return true;
  for (const refine *r = all; r; r = r->next) {
    if (r->length || (r->kind != RF_RANGE && r->kind != RF_CMP)) continue;
    val v[3] = { r->lo->k, beside(t, r->lo->k, 1), beside(t, r->lo->k, -1) };
    for (int i = 0; i < 3; i++)
      if (try_value(all, t, v[i], out)) return true;
    for (const refine *q = all; q; q = q->next) {
      if (q->length || (q->kind != RF_RANGE && q->kind != RF_CMP)) continue;
      val a = r->lo->k, b = (q->hi ? q->hi : q->lo)->k;
      val mid = t->kind == TY_NUMBER ? (val){ .n = a.n / 2 + b.n / 2 } : (val){ .i = a.i / 2 + b.i / 2 };
      if (try_value(all, t, b, out) || try_value(all, t, mid, out)) return true;
    }
  }
  return false;
}

/* ---- lengths ---- */

static void lengths(const refine *r, int64_t *lo, int64_t *hi) {
  *lo = 0, *hi = INT64_MAX;
  for (; r; r = r->next) {
    if (!r->length || (r->kind != RF_RANGE && r->kind != RF_CMP)) continue;
    int64_t a = r->lo->k.i, b = r->kind == RF_RANGE ? r->hi->k.i : 0;
    if (r->kind == RF_RANGE) {
      if (a > *lo) *lo = a;
      if (b < *hi) *hi = b;
    } else if (r->op == OP_GE || r->op == OP_GT) {
      if (a + (r->op == OP_GT) > *lo) *lo = a + (r->op == OP_GT);
    } else if (a - (r->op == OP_LT) < *hi) *hi = a - (r->op == OP_LT);
  }
}

/* ---- patterns: a text that one matches, by construction; what this reader does not know gives none ---- */

typedef struct gen {
  arena *a;
  const char *p, *end;
  buf *out;
  uint32_t extra;          /* characters that are still wanted beyond the fewest */
  uint32_t depth, steps;
  bool ok, off;            /* off: parse only */
  VEC(uint32_t) edges;     /* where \b must hold */
  VEC(uint32_t) ends;      /* where $ must hold */
} gen;

static void alternatives(gen *g);

static void put(gen *g, uint32_t cp) {
  char b[4];
  if (g->off) return;
  if (g->out->n > MAX_TEXT) g->ok = false;
  else if (cp < 0x80) buf_ch(g->out, (char)cp);
  else buf_add(g->out, b, utf8_encode(cp, b));
}

static uint32_t hex_escape(gen *g) {
  uint32_t v = 0, n = 0;
  bool braced = g->p < g->end && *g->p == '{';
  if (braced) g->p++;
  for (; g->p < g->end && n < (braced ? 6u : 2u); g->p++, n++) {
    char ch = *g->p;
    if (ch >= '0' && ch <= '9') v = v * 16 + (uint32_t)(ch - '0');
    else if ((ch | 32) >= 'a' && (ch | 32) <= 'f') v = v * 16 + (uint32_t)((ch | 32) - 'a') + 10;
    else break;
  }
  if (braced && (g->p >= g->end || *g->p++ != '}')) g->ok = false;
  if (v > 0x10FFFF || (v >= 0xD800 && v < 0xE000)) g->ok = false;
  return v;
}

static bool in_shorthand(char kind, uint32_t cp) {
  bool digit = cp >= '0' && cp <= '9', word = digit || cp == '_' || (cp < 128 && (cp | 32) >= 'a' && (cp | 32) <= 'z');
  bool space = cp == ' ' || (cp >= 9 && cp <= 13);
  switch (kind) {
  case 'd': return digit;
  case 'D': return !digit;
  case 'w': return word;
  case 'W': return !word;
  case 's': return space;
  case 'S': return !space;
  default: return false;
  }
}

/* One character of a class: of a few likely ones, the first that it holds. */
typedef struct class_item { char kind; uint32_t lo, hi; } class_item;

static uint32_t next_char(gen *g) {
  uint32_t cp;
  g->p += utf8_decode(g->p, g->end, &cp);
  if (cp == UINT32_MAX) g->ok = false;
  return cp;
}

/* A character or shorthand inside a class, after its backslash has been seen. */
static class_item class_escape(gen *g) {
  if (g->p >= g->end) { g->ok = false; return (class_item){ 0 }; }
  char ch = *g->p++;
  if (strchr("dDwWsS", ch)) return (class_item){ .kind = ch };
  uint32_t cp = (unsigned char)ch;
  if (ch == 'n') cp = '\n';
  else if (ch == 't') cp = '\t';
  else if (ch == 'r') cp = '\r';
  else if (ch == 'x') cp = hex_escape(g);
  else if (in_shorthand('w', cp)) g->ok = false; /* \p, \h ... */
  return (class_item){ .kind = 'r', .lo = cp, .hi = cp };
}

static bool class_holds(const class_item *v, uint32_t n, uint32_t cp) {
  for (uint32_t i = 0; i < n; i++)
    if (v[i].kind == 'r' ? cp >= v[i].lo && cp <= v[i].hi : in_shorthand(v[i].kind, cp)) return true;
  return false;
}

static uint32_t char_class(gen *g) {
  VEC(class_item) v = { 0 };
  bool not = g->p < g->end && *g->p == '^';
  if (not) g->p++;
  for (bool first = true; g->ok; first = false) {
    if (g->p >= g->end) { g->ok = false; break; }
    if (*g->p == ']' && !first) { g->p++; break; }
    if (*g->p == '[' && g->p + 1 < g->end && strchr(":.=", g->p[1])) { g->ok = false; break; }
    class_item x;
    if (*g->p == '\\') g->p++, x = class_escape(g);
    else x.kind = 'r', x.lo = x.hi = next_char(g);
    if (x.kind == 'r' && g->end - g->p > 1 && *g->p == '-' && g->p[1] != ']') {
      g->p++;
      class_item to;
      if (*g->p == '\\') g->p++, to = class_escape(g);
      else to.kind = 'r', to.hi = next_char(g);
      x.hi = to.hi;
      g->ok = g->ok && to.kind == 'r' && to.hi >= x.lo;
    }
    *VEC_PUSH(g->a, &v) = x;
  }
  static const char likely[] = "a0Ax-_. 1bB";
  for (const char *p = likely; *p; p++)
    if (class_holds(v.v, v.n, (unsigned char)*p) != not) return (unsigned char)*p;
  for (uint32_t cp = 33; cp < 127; cp++)
    if (class_holds(v.v, v.n, cp) != not) return cp;
  if (!not)
    for (uint32_t i = 0; i < v.n; i++)
      if (v.v[i].kind == 'r') return v.v[i].lo;
  g->ok = false;
  return 'x';
}

static void group(gen *g) {
  if (g->p < g->end && *g->p == '?') {
    if (g->end - g->p > 1 && g->p[1] == ':') g->p += 2;
    else { g->ok = false; return; } /* looks around, names, options */
  }
  alternatives(g);
  if (g->p < g->end && *g->p == ')') g->p++;
  else g->ok = false;
}

static void escape(gen *g) {
  if (g->p >= g->end) { g->ok = false; return; }
  char ch = *g->p++;
  switch (ch) {
  case 'd': put(g, '0'); return;
  case 'w': put(g, 'a'); return;
  case 's': put(g, ' '); return;
  case 'D': case 'S': put(g, 'x'); return;
  case 'W': put(g, '-'); return;
  case 'n': put(g, '\n'); return;
  case 't': put(g, '\t'); return;
  case 'r': put(g, '\r'); return;
  case 'x': put(g, hex_escape(g)); return;
  case 'b': if (!g->off) *VEC_PUSH(g->a, &g->edges) = g->out->n; return;
  default: break;
  }
  if (in_shorthand('w', (unsigned char)ch)) g->ok = false;
  else put(g, (unsigned char)ch);
}

static void atom(gen *g) {
  char ch = *g->p;
  if (++g->steps > MAX_STEPS) g->ok = false;
  if (ch == '(') { g->p++; group(g); }
  else if (ch == '[') { g->p++; put(g, char_class(g)); }
  else if (ch == '\\') { g->p++; escape(g); }
  else if (ch == '.') { g->p++; put(g, 'x'); }
  else if (ch == '^') { g->p++; g->ok = g->ok && (g->off || !g->out->n); }
  else if (ch == '$') { g->p++; if (!g->off) *VEC_PUSH(g->a, &g->ends) = g->out->n; }
  else if (strchr("*+?{", ch)) g->ok = false;
  else put(g, next_char(g));
}

static bool number(gen *g, uint32_t *out) {
  uint32_t v = 0;
  const char *from = g->p;
  for (; g->p < g->end && *g->p >= '0' && *g->p <= '9' && v < 100000; g->p++) v = v * 10 + (uint32_t)(*g->p - '0');
  *out = v;
  return g->p > from;
}

static void quantifier(gen *g, uint32_t *lo, uint32_t *hi) {
  *lo = *hi = 1;
  if (g->p >= g->end) return;
  char ch = *g->p;
  if (ch == '?') *lo = 0, g->p++;
  else if (ch == '*') *lo = 0, *hi = MAX_TEXT, g->p++;
  else if (ch == '+') *hi = MAX_TEXT, g->p++;
  else if (ch == '{') {
    g->p++;
    if (!number(g, lo)) { g->ok = false; return; }
    *hi = *lo;
    if (g->p < g->end && *g->p == ',') {
      g->p++;
      if (!number(g, hi)) *hi = MAX_TEXT;
    }
    if (g->p >= g->end || *g->p++ != '}') g->ok = false;
  } else return;
  if (g->p < g->end && (*g->p == '?' || *g->p == '+')) { /* lazy asks for the same texts; possessive may take them away from what follows */
    if (*g->p == '+') g->ok = false;
    g->p++;
  }
}

static void sequence(gen *g) {
  while (g->ok && g->p < g->end && *g->p != '|' && *g->p != ')') {
    const char *from = g->p;
    bool off = g->off;
    uint32_t lo, hi, before = g->out->n;
    uint32_t edges = g->edges.n, ends = g->ends.n;
    atom(g);
    quantifier(g, &lo, &hi);
    if (off || !g->ok) continue;
    const char *next = g->p;
    uint32_t one = g->out->n - before, reps = lo;
    if (one && hi > lo && g->extra) {
      uint32_t more = (g->extra + one - 1) / one;
      if (more > hi - lo) more = hi - lo;
      reps += more;
      g->extra = g->extra > more * one ? g->extra - more * one : 0;
    }
    if (!reps) g->out->n = before, g->edges.n = edges, g->ends.n = ends;
    for (uint32_t i = 1; i < reps && g->ok; i++) {
      g->p = from;
      atom(g);
    }
    g->p = next;
  }
}

static void alternatives(gen *g) {
  if (++g->depth > 50) g->ok = false;
  sequence(g);
  bool off = g->off;
  while (g->ok && g->p < g->end && *g->p == '|') {
    g->p++;
    g->off = true;
    sequence(g);
    g->off = off;
  }
  g->depth--;
}

static bool word_at(const buf *b, uint32_t i) { return i < b->n && in_shorthand('w', (unsigned char)b->p[i]); }

static bool generate(arena *a, str pattern, uint32_t extra, buf *out) {
  gen g = { .a = a, .p = pattern.p, .end = pattern.p + pattern.n, .out = out, .extra = extra, .ok = true };
  alternatives(&g);
  bool ok = g.ok && g.p == g.end;
  for (uint32_t i = 0; i < g.edges.n; i++) {
    uint32_t at = g.edges.v[i];
    ok = ok && (at > 0 && word_at(out, at - 1)) != word_at(out, at);
  }
  for (uint32_t i = 0; i < g.ends.n; i++) ok = ok && g.ends.v[i] == out->n;
  return ok;
}

static int64_t characters(const buf *b) {
  int64_t n = 0;
  for (uint32_t i = 0; i < b->n; i++) n += ((unsigned char)b->p[i] & 0xC0) != 0x80;
  return n;
}

static const char *format_example(str name) {
  static const struct { const char *name, *good; } formats[] = {
#define TEXTFORMAT(name, doc, good, bad) { #name, good },
#include "stdlib/textformats.def"
#undef TEXTFORMAT
  };
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
    if (str_eq(name, str_z(formats[i].name))) return formats[i].good;
  return NULL;
}

static ir *text_sample(sampling *s, const type *t, const refine *all, str what) {
  checker *c = s->c;
  int64_t lo, hi;
  lengths(all, &lo, &hi);
  const refine *shape = NULL;
  for (const refine *r = all; r; r = r->next) {
    if (r->kind != RF_MATCH && r->kind != RF_FORMAT) continue;
    if (shape && (shape->kind != r->kind || !str_eq(shape->name, r->name))) return cannot(s, what, "it has several patterns or formats");
    shape = r;
  }
  buf b = { .a = c->a };
  if (lo > MAX_TEXT) return cannot(s, what, "it is too long");
  if (!shape) {
    for (int64_t i = 0; i < (lo ? lo : hi > 0); i++) buf_ch(&b, 'x');
  } else if (shape->kind == RF_FORMAT) {
    const char *good = format_example(shape->name);
    if (!good) return cannot(s, what, "no example of the format `%.*s` is known", STR_ARG(shape->name));
    buf_z(&b, good);
  } else {
    const pattern *p = c->pattern_list.v[shape->index];
    bool plain = true;
    for (uint32_t i = 0; i < p->flags.n; i++) plain &= p->flags.p[i] == 'i';
    if (!plain || !generate(c->a, p->source, 0, &b)) return cannot(s, what, "its pattern is too involved to make a text for it");
    if (characters(&b) < lo) {
      uint32_t more = (uint32_t)(lo - characters(&b));
      b = (buf){ .a = c->a };
      if (!generate(c->a, p->source, more, &b)) return cannot(s, what, "its pattern is too involved to make a text for it");
    }
  }
  if (characters(&b) < lo || characters(&b) > hi) return cannot(s, what, "no text of the right length is known");
  s->size += b.n / 16;
  return ir_const(c, t->base, (val){ .t = check_atom(c, buf_done(&b)) }, s->sp);
}

/* ---- references, lists, records ---- */

static ir *value_sample(sampling *s, const type *t, const refine *r, str what);

static ir *ref_sample(sampling *s, const type *t, str what) {
  checker *c = s->c;
  const decl *src = c->source_decls.v[t->source];
  testing *in = c->u->test;
  ir *row = in ? in->rows[t->source] : NULL;
  const type_rec *shape = t->rec;
  if (row && shape->nkeys == 1) {
    ir *key = ir_field(c, row, shape->keys[0], s->sp);
    return ir_retype(c, key, t->base);
  }
  if (s->quiet) return value_sample(s, shape->fields[shape->keys[0]].type->base, NULL, what);
  if (!s->failed) {
    diag *g = diag_add(c->d, DIAG_SAMPLE, s->sp, "no sample of `%.*s` can be made: it refers to a row of `%.*s`, and this test has given none", STR_ARG(what), STR_ARG(src->name));
    const decl *rec = c->record_decls.v[shape->id];
    if (in && in->given[t->source].end) diag_note_add(c->d, g, in->given[t->source], "the rows given here are not written one by one");
    else diag_note_add(c->d, g, (span){ 0, 0 }, "give one: `given %.*s = [sample(%.*s)]`", STR_ARG(src->name), STR_ARG(rec->name));
    if (!s->search) diag_note_add(c->d, g, (span){ 0, 0 }, "or write the key yourself: `sample(T).with(%.*s: ...)`", STR_ARG(what));
  }
  s->failed = true;
  return NULL;
}

static ir *list_sample(sampling *s, const type *t, const refine *all, str what) {
  checker *c = s->c;
  int64_t lo, hi;
  lengths(all, &lo, &hi);
  const refine *elems = NULL;
  for (const refine *r = all; r; r = r->next)
    if (r->kind == RF_ELEMS) elems = r->sub;
  if (lo > 1000) return cannot(s, what, "it has at least %lld elements", (long long)lo);
  ir *x = ir_new(c, IR_LIST, t->base, s->sp);
  x->n = (uint32_t)lo, x->v = ARENA_ARRAY(c->a, ir *, x->n + 1);
  for (uint32_t i = 0; i < x->n; i++)
    if (!(x->v[i] = value_sample(s, t->elem, elems, what))) return NULL;
  return fold(c, ex_of(x)).n;
}

static ir *record_sample(sampling *s, const type_rec *shape, const ast *changed, str what) {
  checker *c = s->c;
  const decl *d = shape->id < c->record_decls.n ? c->record_decls.v[shape->id] : NULL;
  if (!d || d->bad || s->depth >= MAX_DEPTH) return cannot(s, what, "it holds records within records without an end");
  s->depth++;
  ir *x = ir_new(c, IR_RECORD, type_record(&c->ty, shape), s->sp);
  x->n = shape->nfields, x->v = ARENA_ARRAY(c->a, ir *, x->n + 1);
  for (uint32_t i = 0; i < x->n; i++) {
    const prog_field *f = &d->record->fields[i];
    bool given = false, quiet = s->quiet, failed = s->failed;
    if (changed)
      AST_EACH(a, changed)
        if (a->kind == AST_ARG) given |= str_eq(a->name, f->name);
    str path = what.n ? str_fmt(c->a, "%.*s.%.*s", STR_ARG(what), STR_ARG(f->name)) : f->name;
    if (type_bad(f->type)) s->failed = true;
    else if (f->has_default) x->v[i] = ir_const(c, f->type->base, f->def, s->sp);
    else if (f->type->opt) x->v[i] = ir_new(c, IR_NONE, f->type, s->sp);
    else {
      s->quiet |= given;
      x->v[i] = value_sample(s, f->type, given ? NULL : d->refines[i], path);
      if (given) s->failed = failed;
      s->quiet = quiet;
    }
    if (!x->v[i]) { s->depth--; return NULL; }
  }
  s->depth--;
  return x;
}

static ir *value_sample(sampling *s, const type *t, const refine *r, str what) {
  checker *c = s->c;
  val v = { .i = 0 };
  if (++s->size > MAX_SIZE) return cannot(s, what, "its lists and records within each other are too large");
  switch ((type_kind)t->kind) {
  case TY_BOOL: break;
  case TY_INT: case TY_NUMBER: case TY_DATE: case TY_TIME: case TY_DURATION:
    if (!bounded(r, t->base, &v)) return cannot(s, what, "no value within its bounds is known");
    break;
  case TY_MONTHS: break;
  case TY_COLOR: v.i = 0xFF; break; /* black */
  case TY_UNION: v.t = t->lits[0]; break;
  case TY_TEXT: return text_sample(s, t, r, what);
  case TY_LIST: return list_sample(s, t, r, what);
  case TY_MAP: v.m = ARENA_NEW(c->a, map); break;
  case TY_RECORD: return record_sample(s, t->rec, NULL, what);
  case TY_REF: return ref_sample(s, t, what);
  case TY_ERROR: case TY_NEVER: case TY_PATTERN: case TY_PALETTE: case TY_TERMS: case TY_VAR: return cannot(s, what, "it has no values");
  }
  return ir_const(c, t->base, v, s->sp);
}

ir *sample_of(checker *c, const type *t, const refine *r, str what, span sp) {
  sampling s = { .c = c, .sp = sp, .search = true };
  if (t->opt) return ir_new(c, IR_NONE, t, sp);
  return t->kind == TY_RECORD ? record_sample(&s, t->rec, NULL, STR("")) : value_sample(&s, t, r, what);
}

ex check_sample(checker *c, const ast *n, const ast *changed) {
  const ast *of = n->first && !n->first->next ? (n->first->kind == AST_ARG ? n->first->a : n->first) : NULL;
  while (of && of->kind == AST_PAREN) of = of->a;
  if (!c->u || !c->u->test) {
    diag *g = diag_add(c->d, DIAG_TEST_ONLY, n->name_sp, "`sample` is for tests");
    diag_note_add(c->d, g, (span){ 0, 0 }, "elsewhere write the record with its fields: `T(field: value)`");
    return ex_bad(c, n->sp);
  }
  str name = of ? dotted_name(c, of) : (str){ NULL, 0 };
  decl *d = name.n ? find_path(c, name) : NULL;
  if (d && (d->bad || d->kind == DK_IDLE)) return ex_bad(c, n->sp);
  if (d && d->kind == DK_TYPE && d->ty.t->kind == TY_RECORD && d->ty.t->rec->id < c->record_decls.n) d = c->record_decls.v[d->ty.t->rec->id];
  if (!d || d->kind != DK_RECORD) {
    diag *g = d ? diag_add(c->d, DIAG_ARGUMENT, of->sp, "`%.*s` is %s; `sample` takes the name of a record", STR_ARG(name), decl_what(d))
                : diag_add(c->d, DIAG_ARGUMENT, of ? of->sp : n->sp, "`sample` takes the name of a record, as in `sample(Asset)`");
    strs near = { 0 };
    near_decls(c, &near, 1u << DK_RECORD);
    if (!d && name.n) check_suggest(c, g, of->sp, name, &near);
    return ex_bad(c, n->sp);
  }
  sampling s = { .c = c, .sp = n->sp };
  ir *x = record_sample(&s, &d->record->shape, changed, (str){ "", 0 });
  return x ? ex_of(x) : ex_bad(c, n->sp);
}
