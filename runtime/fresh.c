/* See fresh.h. What both threads touch is under mu, or atomic; the version of the data in use is asked for by this thread alone, on a connection that serves
 * nothing else. */
#include "runtime/fresh.h"

#include "runtime/validate.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <xxhash.h>

enum { RECENT = 1024, PROBLEM = 512, CLOCK_USEC = 1000000 };

typedef struct seen { uint32_t choice; char *json; uint32_t n; } seen;

typedef struct pair { src_data *data; rt_decider *d; } pair;

struct rt_fresh {
  fresh_config c;
  rt_engine *owner;
  rt_engine e;             /* for deciding in advance */
  pthread_t thread;
  pthread_mutex_t mu;
  pthread_cond_t wake;
  bool stop;
  src_data *current;       /* the newest there is; its version tells of writers. The thread's */
  int64_t version;
  uint64_t files;          /* what the files were when it was opened */
  pair next, old;          /* laid ready; to be closed */
  atomic_bool ready, behind;
  seen recent[RECENT];
  int64_t opened;
  char problem[PROBLEM];
};

/* ---- the other thread: what is asked of it ---- */

void rt_fresh_seen(void *ud, uint32_t choice, const rec *subject) {
  rt_fresh *f = ud;
  arena a;
  jmp_buf oom;
  arena_init(&a, f->c.m, &oom);
  if (!setjmp(oom)) {
    str json = rt_subject_json(&a, subject);
    seen s = { choice, mem_try(f->c.m, json.n + 1u), json.n };
    if (s.json) {
      memcpy(s.json, json.p, json.n);
      pthread_mutex_lock(&f->mu);
      seen *at = &f->recent[(XXH3_64bits(s.json, s.n) + choice) % RECENT], before = *at;
      *at = s;
      pthread_mutex_unlock(&f->mu);
      if (before.json) mem_free(f->c.m, before.json, before.n + 1u);
    }
  }
  arena_free(&a); /* without memory the subject is decided about when it comes again */
}

bool rt_fresh_take(rt_fresh *f, src_data **data, rt_decider **d, int64_t *opened) {
  if (!atomic_load_explicit(&f->ready, memory_order_acquire)) return false;
  pthread_mutex_lock(&f->mu);
  bool some = f->next.data && !f->old.data;
  if (some) {
    f->old = (pair){ *data, *d };
    *data = f->next.data, *d = f->next.d, *opened = f->opened;
    f->next = (pair){ NULL, NULL };
    atomic_store(&f->ready, false);
    atomic_store(&f->behind, false);
    pthread_cond_signal(&f->wake);
  }
  pthread_mutex_unlock(&f->mu);
  if (!some) return false;
  rt_decider_use(*d, f->owner);
  rt_decider_watch(*d, rt_fresh_seen, f);
  return true;
}

bool rt_fresh_behind(rt_fresh *f) { return atomic_load(&f->behind); }

void rt_fresh_problem(rt_fresh *f, char *text, size_t n) {
  pthread_mutex_lock(&f->mu);
  snprintf(text, n, "%s", f->problem);
  pthread_mutex_unlock(&f->mu);
}

/* ---- this thread ---- */

static void close_pair(pair x) {
  if (!x.data) return;
  rt_decider_free(x.d);
  src_close(x.data);
}

static void nothing_to_tell(void *ud, const src_issue *i) { (void)ud, (void)i; }

static bool stopping(rt_fresh *f) {
  pthread_mutex_lock(&f->mu);
  bool stop = f->stop;
  pthread_mutex_unlock(&f->mu);
  return stop;
}

static bool next_seen(rt_fresh *f, uint32_t i, arena *a, uint32_t *choice, str *json) {
  pthread_mutex_lock(&f->mu);
  const seen *s = &f->recent[i];
  bool some = s->json != NULL;
  char *copy = some ? arena_try(a, s->n + 1u) : NULL;
  if (copy) memcpy(copy, s->json, s->n), *choice = s->choice, *json = (str){ copy, s->n };
  pthread_mutex_unlock(&f->mu);
  return copy != NULL;
}

static int warm_one(rt_fresh *f, rt_decider *d, uint32_t i, int64_t now, arena *a) {
  const ir_program *ir = f->c.p->ir;
  uint32_t choice = 0;
  str json, error = { "", 0 };
  if (!next_seen(f, i, a, &choice, &json)) return RT_OK;
  rec *r = src_record_json(a, ir, ir->choices[choice]->record, &f->c.p->atoms, json, vm_frame_size(f->c.p->vm), false, &error);
  if (!r) return RT_OK;
  r->source = ir->choices[choice]->source;
  return rt_decider_warm(d, choice, r, now, a);
}

/* Decides in advance for the subjects of late, for as long as there is between two looks: who is left is decided about when it comes. */
static void warm(rt_fresh *f, rt_decider *d) {
  int64_t now = f->c.now ? f->c.now : rt_clock(), until = rt_clock() + (f->c.every > CLOCK_USEC ? f->c.every : CLOCK_USEC);
  arena a;
  jmp_buf oom;
  vm_set_now(f->e.vm, now);
  arena_init(&a, f->c.m, &oom);
  if (!setjmp(oom)) {
    for (uint32_t i = 0; i < RECENT && rt_clock() < until && !stopping(f); i++) {
      arena_reset(&a);
      if (warm_one(f, d, i, now, &a) != RT_OK) break; /* the engine will meet it too, and tell */
    }
  }
  arena_free(&a);
}

static void note_problem(rt_fresh *f, const char *why, uint32_t n) {
  pthread_mutex_lock(&f->mu);
  snprintf(f->problem, sizeof f->problem, "%.*s", (int)n, why);
  pthread_mutex_unlock(&f->mu);
}

static int open_data(rt_fresh *f, arena *a, src_data **data, str *failure) {
  const ir_program *ir = f->c.p->ir;
  bool *wanted = ARENA_ARRAY(a, bool, ir->nsources + 1);
  for (uint32_t s = 0; s < ir->nsources; s++) wanted[s] = rt_source_given(ir, s, f->c.db, f->c.nbindings, f->c.bindings);
  return rt_open_data(f->c.p, f->c.m, f->c.db, f->c.nbindings, f->c.bindings, wanted, NULL, nothing_to_tell, NULL, a, data, failure);
}

/* false: not now; it is tried again at the next look. */
static bool make(rt_fresh *f, pair *out) {
  arena a;
  jmp_buf oom;
  src_data *volatile data = NULL;
  rt_decider *volatile d = NULL;
  arena_init(&a, f->c.m, &oom);
  bool ok = false;
  if (setjmp(oom)) note_problem(f, "out of memory", 13);
  else {
    src_data *opened = NULL;
    str failure = { "", 0 };
    int status = open_data(f, &a, &opened, &failure);
    data = opened;
    if (status == RT_OK) {
      rt_engine_data(&f->e, data);
      d = rt_decider_new(&f->e);
      if (d) warm(f, d);
      rt_engine_data(&f->e, NULL);
      vm_reset(f->e.vm);
    }
    ok = d != NULL;
    if (ok) note_problem(f, "", 0);
    else if (failure.n) note_problem(f, failure.p, failure.n);
    else note_problem(f, "out of memory", 13);
  }
  arena_free(&a);
  if (!ok && data) src_close(data);
  *out = (pair){ ok ? data : NULL, d };
  return ok;
}

/* Which files there are: a database by its identity, since its changes have a counter, others also by size and time. */
static uint64_t files_of(const rt_fresh *f) {
  struct stat st;
  uint64_t h = 0;
  if (f->c.db.n && !stat(f->c.db.p, &st)) h = XXH3_64bits_withSeed(&st.st_ino, sizeof st.st_ino, h);
  for (uint32_t i = 0; i < f->c.nbindings; i++) {
    const src_binding *b = &f->c.bindings[i];
    if (stat(b->file.p, &st)) { h++; continue; }
    int64_t v[4] = { (int64_t)st.st_ino, st.st_size, st.st_mtim.tv_sec, st.st_mtim.tv_nsec };
    h = XXH3_64bits_withSeed(v, str_eq(b->source, SRC_STATE) ? sizeof v[0] : sizeof v, h);
  }
  return h;
}

static void look(rt_fresh *f) {
  int64_t version = src_version(f->current);
  uint64_t files = files_of(f);
  bool same = version == f->version && files == f->files;
  if (same && !atomic_load(&f->behind)) return;
  pthread_mutex_lock(&f->mu);
  bool waits = f->next.data != NULL && same; /* the newest lies ready; nobody has called yet */
  pthread_mutex_unlock(&f->mu);
  if (waits) return;
  atomic_store(&f->behind, true);
  pair made, replaced;
  int64_t now = rt_clock();
  if (!make(f, &made)) return;
  f->current = made.data, f->version = src_snapshot_version(made.data), f->files = files;
  pthread_mutex_lock(&f->mu);
  replaced = f->next;
  f->next = made, f->opened = now;
  atomic_store_explicit(&f->ready, true, memory_order_release);
  pthread_mutex_unlock(&f->mu);
  close_pair(replaced);
}

static void *run(void *ud) {
  rt_fresh *f = ud;
  pthread_mutex_lock(&f->mu);
  while (!f->stop) {
    pair old = f->old;
    f->old = (pair){ NULL, NULL };
    pthread_mutex_unlock(&f->mu);
    close_pair(old);
    look(f);
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    int64_t nsec = until.tv_nsec + f->c.every % 1000000 * 1000;
    until.tv_sec += (time_t)(f->c.every / 1000000 + nsec / 1000000000), until.tv_nsec = nsec % 1000000000;
    pthread_mutex_lock(&f->mu);
    int late = 0;
    while (!f->stop && !f->old.data && !late) late = pthread_cond_timedwait(&f->wake, &f->mu, &until);
  }
  pthread_mutex_unlock(&f->mu);
  return NULL;
}

/* ---- beginning and end ---- */

rt_fresh *rt_fresh_start(const fresh_config *c, rt_engine *e, src_data *data) {
  rt_fresh *f = mem_try(c->m, sizeof *f);
  if (!f) return NULL;
  memset(f, 0, sizeof *f);
  f->c = *c, f->owner = e, f->current = data, f->version = src_snapshot_version(data), f->files = files_of(f);
  if (!rt_engine_open(&f->e, c->p, c->m, c->limits, c->now ? c->now : rt_clock())) {
    mem_free(c->m, f, sizeof *f);
    return NULL;
  }
  pthread_mutex_init(&f->mu, NULL);
  pthread_cond_init(&f->wake, NULL);
  if (!pthread_create(&f->thread, NULL, run, f)) return f;
  rt_engine_close(&f->e);
  pthread_mutex_destroy(&f->mu), pthread_cond_destroy(&f->wake);
  mem_free(c->m, f, sizeof *f);
  return NULL;
}

void rt_fresh_stop(rt_fresh *f) {
  if (!f) return;
  pthread_mutex_lock(&f->mu);
  f->stop = true;
  pthread_cond_signal(&f->wake);
  pthread_mutex_unlock(&f->mu);
  pthread_join(f->thread, NULL);
  close_pair(f->next), close_pair(f->old);
  for (int i = 0; i < RECENT; i++)
    if (f->recent[i].json) mem_free(f->c.m, f->recent[i].json, f->recent[i].n + 1u);
  rt_engine_close(&f->e);
  pthread_mutex_destroy(&f->mu), pthread_cond_destroy(&f->wake);
  const mem *m = f->c.m;
  mem_free(m, f, sizeof *f);
}
