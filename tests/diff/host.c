/* Random rows as a host that is as unkind as base/host.h allows. */
#include "diff.h"

void host_init(mem_host *h, arena *a, const data *d) {
  mem_host_init(h, a, &mem_libc, d->p);
  h->unkind = true;
  for (uint32_t s = 0; s < d->p->nsources && s < MAX_SOURCES; s++) {
    const rec *one, *two, **rows = ARENA_ARRAY(a, const rec *, d->t[s].n + 1);
    for (uint32_t i = 0; i < d->t[s].n; i++) rows[i] = d->t[s].rows[i];
    mem_host_rows(h, s, rows, d->t[s].n, &one, &two); /* keys are as unlike as the rows' numbers */
  }
}
