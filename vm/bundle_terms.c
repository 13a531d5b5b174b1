/* Lists of terms in bundles: each once, however often the rules use it. The terms of a file are slices of the file, which the bundle holds anyway;
 * others are written out. What finds them is made anew when a bundle is read. */
#include "vm/bundle.h"

/* Is s a part of the file? Slices begin behind each other, so that places are small numbers. */
static bool is_slice(const srcfile *f, str s, const char *from) {
  if (!f || (uintptr_t)s.p < (uintptr_t)from) return false;
  uintptr_t end = (uintptr_t)(f->text.p + f->text.n);
  return (uintptr_t)s.p <= end && s.n <= end - (uintptr_t)s.p;
}

/* 0 and the text, or 1 + its distance from the end of the one before and its length. */
static void cd_slice(cd *c, const srcfile *f, const char **from, str *s) {
  uint64_t at = 0;
  if (!cd_reading(c) && is_slice(f, *s, *from)) at = 1 + (uint64_t)(s->p - *from);
  cd_u64(c, &at);
  if (!at) { cd_str(c, s); return; }
  cd_u32(c, &s->n, UINT64_C(1) << 32);
  if (cd_reading(c)) {
    uint64_t left = f ? (uint64_t)(f->text.p + f->text.n - *from) : 0;
    if (!f || at - 1 > left || s->n > left - (at - 1)) { cd_fail(c, "a term is outside of its file"); *s = (str){ "", 0 }; return; }
    s->p = *from + (at - 1);
  }
  *from = s->p + s->n;
}

static const srcfile *file_of(const cd *c, const term_list *t) {
  const sources *src = c->ir->src;
  for (uint32_t i = 0; t->n && i < src->files.n; i++) {
    const srcfile *f = src->files.v[i];
    if (f->data && is_slice(f, t->entries[0].text, f->text.p)) return f;
  }
  return NULL;
}

static void cd_list(cd *c, term_list *t) {
  cd_str(c, &t->name);
  cd_bool(c, &t->fold);
  const sources *src = c->ir->src;
  const srcfile *f = cd_reading(c) ? NULL : file_of(c, t);
  uint32_t file = 0;
  while (f && src->files.v[file++] != f) {}
  cd_u32(c, &file, (uint64_t)src->files.n + 1);
  if (cd_reading(c) && file) f = src->files.v[file - 1];
  cd_count(c, &t->n);
  term_entry *e = (term_entry *)(uintptr_t)t->entries;
  CD_ARRAY(c, &e, t->n);
  const char *from = f ? f->text.p : NULL;
  for (uint32_t i = 0; i < t->n && !c->wrong; i++) {
    term_entry x = cd_reading(c) ? (term_entry){ 0 } : e[i];
    cd_slice(c, f, &from, &x.text);
    cd_bool(c, &x.has_replacement);
    if (x.has_replacement) cd_slice(c, f, &from, &x.replacement);
    if (cd_reading(c)) e[i] = x;
  }
  if (cd_reading(c)) t->entries = e;
}

/* Each list may name all of one file again in a few bytes, so what a bundle may ask for is bounded. */
static uint64_t size_of(const term_list *t) {
  uint64_t n = 0;
  for (uint32_t i = 0; i < t->n; i++) n += t->entries[i].text.n;
  return n;
}

void cd_term_lists(cd *c) {
  ir_program *p = c->ir;
  uint64_t room = (UINT64_C(256) << 20) + 16 * (uint64_t)(c->end - c->begin), size;
  cd_count(c, &p->nterms);
  CD_ARRAY(c, &p->terms, p->nterms);
  for (uint32_t i = 0; i < p->nterms && !c->wrong; i++) {
    if (cd_reading(c)) p->terms[i] = ARENA_NEW(c->a, term_list), p->terms[i]->id = i;
    cd_list(c, p->terms[i]);
    if (!cd_reading(c) || c->wrong) continue;
    size = size_of(p->terms[i]);
    if (size > room) { cd_fail(c, "its lists of terms are too large"); return; }
    room -= size;
    term_list *t = p->terms[i];
    t->matcher = p->lib->terms_build(c->a, t->entries, t->n, t->fold, NULL, NULL);
  }
}
