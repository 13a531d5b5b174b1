/* Literals that occur once in a program: texts (atoms, so that equality with a literal is an equality of pointers) and patterns. And
 * the index by which readers of data find the atom of a text that they have read. */
#include "compiler/check.h"

#include <string.h>

const text *check_atom(checker *c, str s) {
  text *t = names_get(&c->atoms, s);
  if (t) return t;
  str copy = str_dup(c->a, s);
  t = ARENA_NEW(c->a, text);
  *t = (text){ copy.p, copy.n, c->atom_list.n + 1 };
  *VEC_PUSH(c->a, &c->atom_list) = t;
  names_put(&c->atoms, copy, t);
  return t;
}

const pattern *check_pattern(checker *c, str source, str flags) {
  str key = str_fmt(c->a, "%.*s/%.*s", STR_ARG(flags), STR_ARG(source));
  pattern *p = names_get(&c->patterns, key);
  if (p) return p;
  p = ARENA_NEW(c->a, pattern);
  *p = (pattern){ str_dup(c->a, source), str_dup(c->a, flags), c->pattern_list.n };
  *VEC_PUSH(c->a, &c->pattern_list) = p;
  names_put(&c->patterns, key, p);
  return p;
}

/* Eight bytes a step: readers of data hash every text that a rule compares with a literal. Never stored, so the byte order does not matter. */
static uint32_t atom_hash(str s) {
  uint64_t h = s.n * UINT64_C(0x9E3779B97F4A7C15), w;
  for (; s.n >= 8; s.p += 8, s.n -= 8) {
    memcpy(&w, s.p, 8);
    h = (h ^ w) * UINT64_C(0xD6E8FEB86659FD93);
    h ^= h >> 32;
  }
  w = 0;
  for (uint32_t i = 0; i < s.n; i++) w = w << 8 | (unsigned char)s.p[i];
  h = (h ^ w) * UINT64_C(0xD6E8FEB86659FD93);
  return (uint32_t)(h ^ h >> 32);
}

void atom_index_build(atom_index *x, arena *a, const text *const *atoms, uint32_t n) {
  uint32_t cap = 16;
  while (cap < n * 2) cap *= 2;
  uint32_t *slot = ARENA_ARRAY(a, uint32_t, cap);
  uint64_t lengths = 0;
  for (uint32_t i = 0; i < n; i++) {
    uint32_t at = atom_hash(str_of(atoms[i])) & (cap - 1);
    while (slot[at]) at = (at + 1) & (cap - 1);
    slot[at] = i + 1;
    lengths |= UINT64_C(1) << (atoms[i]->n < 63 ? atoms[i]->n : 63);
  }
  *x = (atom_index){ .mask = cap - 1, .lengths = lengths, .slot = slot, .atoms = atoms };
}

const text *atom_find(const atom_index *x, str s) {
  if (!atom_may_be(x, s.n)) return NULL;
  for (uint32_t at = atom_hash(s) & x->mask; x->slot[at]; at = (at + 1) & x->mask) {
    const text *t = x->atoms[x->slot[at] - 1];
    if (str_eq(str_of(t), s)) return t;
  }
  return NULL;
}
