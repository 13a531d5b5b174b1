/* Waivers at run time: found by rule and key, and held to the record's content by a digest. */
#include "compiler/waiver.h"

#include <nettle/sha2.h>
#include <string.h>

/* A reference is represented by its target's key. */
static const type *stored(const type *t) {
  for (int hops = 0; t->kind == TY_REF && hops < 32 && t->rec && t->rec->nkeys == 1; hops++) t = t->rec->fields[t->rec->keys[0]].type;
  return t;
}

static int key_cmp(const prog_waiver *w, const rec *r) {
  for (uint32_t i = 0; i < w->nkeys; i++) {
    uint16_t f = r->ty->keys[i];
    int c = val_cmp(stored(r->ty->fields[f].type)->base, w->keys[i], r->v[f]);
    if (c) return c;
  }
  return 0;
}

int64_t waiver_find(const ir_program *p, uint32_t rule, const rec *r) {
  const prog_rule *pr = p->rules[rule];
  if (!pr->nwaivers || !r || !r->ty->nkeys || r->ty->nkeys != p->waivers[pr->first_waiver]->nkeys) return -1;
  for (uint32_t i = 0; i < r->ty->nkeys; i++)
    if (r->st[r->ty->keys[i]] != ST_OK) return -1;
  uint32_t lo = pr->first_waiver, hi = lo + pr->nwaivers;
  while (lo < hi) {
    uint32_t mid = lo + (hi - lo) / 2;
    int c = key_cmp(p->waivers[mid], r);
    if (!c) return mid;
    if (c < 0) lo = mid + 1;
    else hi = mid;
  }
  return -1;
}

bool waiver_content(buf *out, const prog_rule *pr, const rec *r) {
  buf_ch(out, '{');
  for (uint32_t i = 0; i < pr->nreads; i++) {
    uint16_t f = pr->reads[i];
    if (r->st[f] == ST_ERR) return false;
    if (i) buf_ch(out, ',');
    json_text(out, r->ty->fields[f].name);
    buf_ch(out, ':');
    val_json(out, r->ty->fields[f].type, r->v[f], r->st[f]);
  }
  buf_ch(out, '}');
  return true;
}

bool waiver_digest(arena *a, const prog_rule *pr, const rec *r, char out[WAIVER_DIGEST + 1]) {
  static const char hex[] = "0123456789abcdef";
  buf b = { .a = a };
  uint8_t sum[WAIVER_DIGEST / 2];
  struct sha256_ctx h;
  if (!waiver_content(&b, pr, r)) return false;
  sha256_init(&h);
  sha256_update(&h, b.n, (const uint8_t *)b.p);
  sha256_digest(&h, sizeof sum, sum);
  for (size_t i = 0; i < sizeof sum; i++) out[2 * i] = hex[sum[i] >> 4], out[2 * i + 1] = hex[sum[i] & 15];
  out[WAIVER_DIGEST] = 0;
  return true;
}

bool waiver_covers(arena *a, const ir_program *p, uint32_t rule, const rec *r, int64_t now) {
  int64_t at = waiver_find(p, rule, r);
  if (at < 0 || waiver_ended(p->waivers[at], now)) return false;
  str want = p->waivers[at]->digest;
  char got[WAIVER_DIGEST + 1];
  return !want.n || (waiver_digest(a, p->rules[rule], r, got) && str_eq(want, str_z(got)));
}
