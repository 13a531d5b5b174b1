/* The formatter: writes a file's tokens anew, with the space between them decided by the tree.
 *
 * It copies tokens instead of printing the tree: literals keep their spelling, and no comment can be lost, because comments lie between
 * tokens whatever the tree looks like. The layout depends on tokens, tree, comments and empty lines between statements only, never
 * on where lines broke before, and those four survive formatting: so formatting twice changes nothing. */
#include "parser/format.h"

#include "parser/layout.h"

#include <string.h>

enum { LINE_WIDTH = 100 };

static const char *source_at(const layout *l, uint32_t place) { return l->f->text.p + (place - l->f->base); }
static str source_of(const layout *l, span sp) { return (str){ source_at(l, sp.beg), sp.end - sp.beg }; }

/* Characters up to the first line break. */
uint32_t layout_columns(const layout *l, uint32_t i) {
  str s = source_of(l, l->atoms[i].sp);
  uint32_t w = 0;
  for (uint32_t k = 0; k < s.n && s.p[k] != '\n'; k++) w += (s.p[k] & 0xC0) != 0x80;
  return w;
}

static bool name_like(const atom *t) { return t->kind == LEX_NAME || t->class == LEX_SOFT_WORD; }

bool layout_space(const layout *l, uint32_t i) {
  const atom *p = &l->atoms[i - 1], *t = &l->atoms[i];
  if ((p->flags & ATOM_TIGHT_AFTER) || (t->flags & ATOM_TIGHT_BEFORE)) return false;
  if (t->flags & ATOM_SPACE_BEFORE) return true;
  if (p->kind == LEX_DOTDOT || t->kind == LEX_DOTDOT) return false;
  if (p->kind < 128 && p->kind && strchr("([.", p->kind)) return false;
  if (t->kind < 128 && t->kind && strchr(",)].?", t->kind)) return false;
  return !(t->kind == '(' && name_like(p));
}

uint32_t layout_find(const layout *l, uint32_t place) {
  uint32_t lo = 0, hi = l->n - 1;
  while (lo < hi) {
    uint32_t mid = (lo + hi) / 2;
    if (l->atoms[mid].sp.beg < place) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}

static bool blank_between(const layout *l, uint32_t from, uint32_t to) {
  const char *p = source_at(l, from), *end = source_at(l, to);
  p = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;
  if (!p) return false;
  for (p++; p < end; p++) {
    if (*p == '\n') return true;
    if (*p != ' ' && *p != '\t' && *p != '\r') return false;
  }
  return false;
}

/* The end of what was written before comment c or, with c == to, before atom i itself. */
static uint32_t end_before(const layout *l, uint32_t i, uint32_t c) {
  if (c > l->atoms[i].comment) return l->comments[c - 1].sp.end;
  return i ? l->atoms[i - 1].sp.end : l->f->base;
}

static uint32_t comments_end(const layout *l, uint32_t i) { return i + 1 < l->n ? l->atoms[i + 1].comment : l->ncomments; }

bool layout_blank_before(const layout *l, uint32_t i) {
  uint32_t to = comments_end(l, i);
  for (uint32_t c = l->atoms[i].comment; c < to; c++)
    if (blank_between(l, end_before(l, i, c), l->comments[c].sp.beg)) return true;
  return blank_between(l, end_before(l, i, to), l->atoms[i].sp.beg);
}

/* ---- atoms from tokens ---- */

/* Token t, behind prev, belongs to the text that is the last atom. Lines of code in its holes keep their place, so then the text does too. */
static void extend(layout *l, const token *prev, const token *t, uint32_t depth) {
  atom *x = &l->atoms[l->n - 1];
  x->sp.end = t->sp.end;
  str between = source_of(l, (span){ prev->sp.end, t->sp.beg }), own = source_of(l, t->sp);
  bool code = depth > 1 || (t->kind != LEX_MID && t->kind != LEX_TAIL);
  if (memchr(between.p, '\n', between.n) || (code && memchr(own.p, '\n', own.n))) x->flags &= (uint8_t)~ATOM_LINES;
}

static void collect(layout *l, const lexed *tokens) {
  l->atoms = ARENA_ARRAY(l->a, atom, tokens->n);
  uint32_t c = 0, depth = 0;
  for (uint32_t i = 0; i < tokens->n; i++) {
    const token *t = &tokens->tokens[i];
    bool inside = depth > 0;
    if (t->kind == LEX_HEAD) depth++;
    if (t->kind == LEX_TAIL) depth--;
    if (inside) {
      extend(l, &tokens->tokens[i - 1], t, depth + (t->kind == LEX_TAIL));
      continue;
    }
    uint32_t from = c;
    while (c < l->ncomments && l->comments[c].sp.beg < t->sp.beg) c++;
    atom *x = &l->atoms[l->n++];
    *x = (atom){ .kind = t->kind, .class = t->class, .sp = t->sp, .level = BREAK_NONE, .comment = from };
    bool name = t->class && ((l->n > 1 && x[-1].kind == '.') || tokens->tokens[i + 1].kind == ':');
    if (name || t->kind == LEX_NAME) x->kind = LEX_NAME, x->class = LEX_NO_WORD;
    if (t->kind == LEX_HEAD) x->kind = LEX_TEXT;
    if (x->kind == LEX_TEXT && (t->flags & LEX_TRIPLE)) x->flags |= ATOM_LINES;
  }
}

/* Comments between the braces of a text are part of that atom. */
static uint32_t drop_inner_comments(comment *all, uint32_t n, const lexed *tokens) {
  uint32_t kept = 0, depth = 0, t = 0;
  for (uint32_t c = 0; c < n; c++) {
    for (; t < tokens->n && tokens->tokens[t].sp.beg < all[c].sp.beg; t++) {
      if (tokens->tokens[t].kind == LEX_HEAD) depth++;
      else if (tokens->tokens[t].kind == LEX_TAIL) depth--;
    }
    if (!depth) all[kept++] = all[c];
  }
  return kept;
}

static bool has_comments(const layout *l, uint32_t i) { return l->atoms[i].comment < comments_end(l, i); }

static void measure(layout *l) {
  l->width = ARENA_ARRAY(l->a, uint32_t, l->n + 1);
  l->blockers = ARENA_ARRAY(l->a, uint32_t, l->n + 1);
  for (uint32_t i = 0; i < l->n; i++) {
    l->width[i + 1] = l->width[i] + layout_columns(l, i) + (i && layout_space(l, i)) + l->atoms[i].pad;
    l->blockers[i + 1] = l->blockers[i] + (has_comments(l, i) || (l->atoms[i].flags & ATOM_FORCED));
  }
}

/* ---- writing ---- */

static void new_line(buf *out, bool blank, uint32_t indent) {
  if (out->n) buf_z(out, blank ? "\n\n" : "\n");
  for (uint32_t i = 0; i < indent; i++) buf_z(out, "  ");
}

/* The comments before atom i; those that followed something on their line still do. Gives whether there were any. */
static bool write_comments(buf *out, const layout *l, uint32_t i, uint32_t indent, bool statement) {
  uint32_t to = comments_end(l, i);
  const atom *prev = i ? &l->atoms[i - 1] : NULL;
  for (uint32_t c = l->atoms[i].comment; c < to; c++) {
    const comment *k = &l->comments[c];
    bool after_opener = prev && (prev->flags & ATOM_OPENER) && c == l->atoms[i].comment;
    if (!k->own_line && out->n) buf_z(out, "  ");
    else new_line(out, statement && !after_opener && blank_between(l, end_before(l, i, c), k->sp.beg), indent);
    buf_str(out, source_of(l, k->sp));
  }
  return l->atoms[i].comment < to;
}

/* indent: of the line on which it begins. */
static void write_atom(buf *out, const layout *l, uint32_t i, uint32_t indent) {
  str s = source_of(l, l->atoms[i].sp);
  const char *p = s.p, *end = s.p + s.n;
  uint32_t shared = 0;
  if (l->atoms[i].flags & ATOM_LINES) {
    str inner = { s.p + 3, s.n - 6 };
    shared = lex_common_indent(&inner, 1).n;
  }
  for (const char *eol; (l->atoms[i].flags & ATOM_LINES) && (eol = memchr(p, '\n', (size_t)(end - p))); ) {
    buf_add(out, p, (size_t)(eol + 1 - p));
    p = eol + 1;
    for (uint32_t k = 0; k < shared && (*p == ' ' || *p == '\t'); k++) p++;
    bool blank = *p == '\n' || (*p == '\r' && p[1] == '\n');
    if (!blank)
      for (uint32_t k = 0; k <= indent; k++) buf_z(out, "  ");
  }
  buf_add(out, p, (size_t)(end - p));
}

static void write_flat(buf *out, const layout *l, uint32_t from, uint32_t to, uint32_t indent) {
  uint32_t line_indent = indent;
  for (uint32_t i = from; i < to; i++) {
    if (i > from) {
      if (write_comments(out, l, i, indent + 1, false)) new_line(out, false, line_indent = indent + 1);
      else {
        if (layout_space(l, i)) buf_ch(out, ' ');
        for (uint32_t k = 0; k < l->atoms[i].pad; k++) buf_ch(out, ' ');
      }
    }
    write_atom(out, l, i, line_indent);
  }
}

/* Atoms [from, to), the first of which stands at the start of a line with this indentation. */
static void write_range(buf *out, const layout *l, uint32_t from, uint32_t to, uint32_t indent) {
  uint32_t width = l->width[to] - l->width[from + 1] + layout_columns(l, from);
  bool blocked = l->blockers[to] != l->blockers[from + 1];
  int level = BREAK_HARD;
  if (blocked || indent * 2 + width > LINE_WIDTH)
    for (uint32_t i = from + 1; i < to; i++)
      if (l->atoms[i].level < level) level = l->atoms[i].level;
  if (level >= BREAK_HARD) {
    write_flat(out, l, from, to, indent);
    return;
  }
  uint32_t part = from, part_indent = indent;
  for (uint32_t i = from + 1; i <= to; i++) {
    if (i < to && l->atoms[i].level != level) continue;
    write_range(out, l, part, i, part_indent);
    if (i == to) break;
    part = i, part_indent = indent + l->atoms[i].indent;
    write_comments(out, l, i, part_indent + (l->atoms[i].flags & ATOM_CLOSER ? 1 : 0), false);
    new_line(out, false, part_indent);
  }
}

static void write_statements(buf *out, const layout *l) {
  for (uint32_t i = 0, next; i < l->n; i = next) {
    const atom *t = &l->atoms[i];
    bool closer = t->flags & ATOM_CLOSER;
    write_comments(out, l, i, t->indent + (closer ? 1u : 0u), true);
    next = i + 1;
    if (next == l->n) break;
    bool after_opener = i && (l->atoms[i - 1].flags & ATOM_OPENER) && !has_comments(l, i);
    bool blank = !closer && !after_opener && blank_between(l, end_before(l, i, comments_end(l, i)), t->sp.beg);
    new_line(out, blank, t->indent);
    while (l->atoms[next].level != BREAK_HARD) next++;
    write_range(out, l, i, next, t->indent);
  }
}

void fmt_file(buf *out, arena *a, const srcfile *f, const ast *file) {
  sources none;
  diags ignored; /* the file has been parsed without an error: there is nothing to hear */
  sources_init(&none, a);
  diags_init(&ignored, a, &none);
  lexer *lx = ARENA_NEW(a, lexer);
  lex_open(lx, a, &ignored, f);
  lexed tokens = lex_all(lx);
  layout l = { .a = a, .f = f, .comments = lx->comments.v };
  l.ncomments = drop_inner_comments(lx->comments.v, lx->comments.n, &tokens);
  collect(&l, &tokens);
  layout_plan(&l, file);
  measure(&l);
  buf fresh = { .a = a };
  write_statements(&fresh, &l);
  if (fresh.n) buf_ch(&fresh, '\n');
  buf_str(out, buf_done(&fresh));
}
