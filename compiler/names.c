/* A hash table from names to pointers in the compile arena: the one structure behind modules, declarations, fields and literals, so
 * that no look-up depends on how many names there are. Insert only. */
#include "compiler/check.h"

void names_init(names *t, arena *a) { *t = (names){ .a = a }; }

static name_slot *slot_of(const names *t, str key, uint64_t h) {
  for (uint32_t i = (uint32_t)h & (t->cap - 1);; i = (i + 1) & (t->cap - 1)) {
    name_slot *s = &t->slot[i];
    if (!s->v || (s->hash == h && str_eq(s->key, key))) return s;
  }
}

void *names_get(const names *t, str key) { return t->cap ? slot_of(t, key, str_hash(key))->v : NULL; }

bool names_put(names *t, str key, void *v) {
  if (t->n * 2 >= t->cap) {
    names bigger = { .a = t->a, .cap = t->cap ? t->cap * 2 : 16 };
    bigger.slot = ARENA_ARRAY(t->a, name_slot, bigger.cap);
    for (uint32_t i = 0; i < t->cap; i++)
      if (t->slot[i].v) *slot_of(&bigger, t->slot[i].key, t->slot[i].hash) = t->slot[i];
    bigger.n = t->n;
    *t = bigger;
  }
  uint64_t h = str_hash(key);
  name_slot *s = slot_of(t, key, h);
  if (s->v) return false;
  *s = (name_slot){ key, h, v };
  t->n++;
  return true;
}
