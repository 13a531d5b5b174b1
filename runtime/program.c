/* Loading a program: files and folders are gathered, then compiled together; a bundle is unpacked and verified. See program.h. */
#include "runtime/program.h"

#include "runtime/defaults.h"
#include "runtime/files.h"
#include "runtime/load.h"
#include "runtime/native.h"
#include "stdlib/builtin.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 1 << 30 };

rt_program *rt_program_new(const mem *m) {
  rt_program *p = mem_try(m, sizeof *p);
  if (!p) return NULL;
  memset(p, 0, sizeof *p);
  p->m = *m;
  arena_init(&p->a, &p->m, &p->oom);
  sources_init(&p->src, &p->a);
  diags_init(&p->d, &p->a, &p->src);
  return p;
}

void rt_program_free(rt_program *p) {
  if (!p) return;
  mem m = p->m;
  if (p->owns_natives) rt_native_free(p->natives);
  arena_free(&p->a);
  mem_free(&m, p->image, p->image_size);
  mem_free(&m, p, sizeof *p);
}

static void env_error(rt_program *p, diag_code code, str path, const char *why) {
  p->unreadable = true;
  diag_add(&p->d, code, (span){ 0, 0 }, "`%.*s`: %s", STR_ARG(path), why);
}

static int add_image(rt_program *p, str path, char *bytes, size_t n) {
  if (p->image || p->src.files.n) {
    mem_free(&p->m, bytes, n + 1);
    env_error(p, DIAG_ENV_BUNDLE_MIX, path, "a bundle cannot be used together with rule files or another bundle");
    return RT_ENV;
  }
  p->image = bytes, p->image_size = n + 1, p->bundle = true;
  str error = { "", 0 };
  vm_program *vm = vm_unpack(&p->a, &lib_std, bytes, n, &error);
  if (!vm) {
    p->unreadable = true;
    diag_add(&p->d, DIAG_ENV_BUNDLE, (span){ 0, 0 }, "`%.*s`: %.*s", STR_ARG(path), STR_ARG(error));
    return RT_ENV;
  }
  p->vm = vm, p->ir = vm_model(vm);
  return RT_OK;
}

static int add_source(rt_program *p, str path, str text) {
  if (p->image) {
    env_error(p, DIAG_ENV_BUNDLE_MIX, path, "rule files cannot be used together with a bundle");
    return RT_ENV;
  }
  if (text.n >= FILE_MAX || !sources_add(&p->src, path, text)) {
    env_error(p, DIAG_ENV_TOO_LARGE, path, "all rule files together are too large");
    return RT_ENV;
  }
  return RT_OK;
}

/* Takes over bytes. */
static int add_bytes(rt_program *p, str path, char *bytes, size_t n) {
  if (vm_is_bundle(bytes, n)) return add_image(p, path, bytes, n);
  int status = add_source(p, path, (str){ bytes, (uint32_t)n });
  mem_free(&p->m, bytes, n + 1);
  return status;
}

/* Is this file, by another path or named again, a part of the program already? Notes it if not. */
static bool is_again(rt_program *p, str path) {
  file_id id;
  if (!file_identity(path.p, &id)) return false;
  if (p->nfiles * 2 >= p->file_slots) {
    file_id *old = p->files;
    uint32_t n = p->file_slots;
    p->file_slots = n ? n * 2 : 64;
    p->files = ARENA_ARRAY(&p->a, file_id, p->file_slots);
    for (uint32_t i = 0; i < n; i++) {
      if (!old[i].node) continue;
      uint32_t at = (uint32_t)(old[i].node + old[i].device) & (p->file_slots - 1);
      while (p->files[at].node) at = (at + 1) & (p->file_slots - 1);
      p->files[at] = old[i];
    }
  }
  uint32_t at = (uint32_t)(id.node + id.device) & (p->file_slots - 1);
  for (; p->files[at].node; at = (at + 1) & (p->file_slots - 1))
    if (p->files[at].node == id.node && p->files[at].device == id.device) return true;
  p->files[at] = id, p->nfiles++;
  return false;
}

/* The bytes of a file are nobody's until add_bytes has placed them: an arena that runs out meanwhile must not lose them, so the jump is
   caught here. */
static int add_file(rt_program *p, str path) {
  size_t n = 0;
  const char *why = NULL;
  if (is_again(p, path)) return RT_OK;
  char *bytes = file_read(&p->m, path.p, FILE_MAX, &n, &why);
  if (!bytes) { env_error(p, DIAG_ENV_READ, path, why); return RT_ENV; }
  jmp_buf *outer = p->a.oom, here;
  int status, jumped = setjmp(here);
  if (jumped) {
    p->a.oom = outer;
    if (bytes != p->image) mem_free(&p->m, bytes, n + 1);
    return RT_OOM;
  }
  p->a.oom = &here;
  status = add_bytes(p, path, bytes, n);
  p->a.oom = outer;
  return status;
}

static int add_folder(rt_program *p, str path) {
  str *files, where = { "", 0 };
  uint32_t n = 0;
  const char *why = NULL;
  if (!files_find(&p->a, path, &files, &n, &where, &why)) { env_error(p, DIAG_ENV_READ, where, why); return RT_ENV; }
  if (!n) { env_error(p, DIAG_ENV_NO_RULES, path, "there are no files ending in .blz in this folder"); return RT_ENV; }
  int worst = RT_OK;
  for (uint32_t i = 0; i < n; i++) {
    int status = add_file(p, files[i]);
    if (status == RT_OOM) return RT_OOM;
    if (status != RT_OK) worst = status;
  }
  return worst;
}

int rt_program_add_path(rt_program *p, str path) {
  if (setjmp(p->oom)) return RT_OOM;
  str z = str_dup(&p->a, path);
  return file_is_folder(z.p) ? add_folder(p, z) : add_file(p, z);
}

int rt_program_add_text(rt_program *p, str name, str text) {
  if (setjmp(p->oom)) return RT_OOM;
  return add_source(p, name, text);
}

int rt_program_add_bundle(rt_program *p, str name, const void *bytes, size_t n) {
  char *copy = mem_try(&p->m, n + 1);
  if (!copy) return RT_OOM;
  memcpy(copy, bytes, n);
  copy[n] = 0;
  if (setjmp(p->oom)) {
    if (copy != p->image) mem_free(&p->m, copy, n + 1);
    return RT_OOM;
  }
  return add_image(p, name, copy, n);
}

static void warn_of_empty_files(rt_program *p) {
  for (uint32_t i = 0; i < p->src.files.n; i++) {
    const srcfile *f = p->src.files.v[i];
    if (f->data) continue;
    uint32_t k = 0;
    while (k < f->text.n && strchr(" \t\r\n", f->text.p[k])) k++;
    if (k == f->text.n) diag_add(&p->d, DIAG_ENV_EMPTY, (span){ f->base, f->base }, "`%.*s` is empty", STR_ARG(f->path));
  }
}

int rt_program_compile(rt_program *p, bool lints, int64_t now) {
  if (setjmp(p->oom)) { p->ir = NULL, p->vm = NULL; return RT_OOM; }
  if (p->unreadable) return RT_ENV;
  if (!p->bundle) {
    warn_of_empty_files(p);
    compile_opts o = { .lib = &lib_std, .lints = lints, .now = now, .load = rt_load, .ud = p };
    ir_program *ir = compile(&p->a, &p->d, &p->src, &o);
    if (ir && !p->d.errors) {
      p->vm = vm_compile(&p->a, &p->d, ir);
      if (p->vm && !p->d.errors) p->ir = ir, rt_check_defaults(p, ir);
      if (p->d.errors) p->ir = NULL, p->vm = NULL;
    }
    diags_sort(&p->d);
    if (!p->ir) return RT_RULES;
  }
  atom_index_build(&p->atoms, &p->a, p->ir->atoms, p->ir->natoms);
  return RT_OK;
}

rt_program *rt_program_with_trees(const rt_program *p) {
  const sources *src = rt_sources(p);
  rt_program *q = rt_program_new(&p->m);
  if (!q) return NULL;
  for (uint32_t i = 0; i < src->files.n; i++) {
    const srcfile *f = src->files.v[i];
    if (rt_program_add_text(q, f->path, f->text) != RT_OK) { rt_program_free(q); return NULL; }
    q->src.files.v[i]->data = f->data;
  }
  if (rt_program_compile(q, false, INT64_MIN) != RT_OK) { rt_program_free(q); return NULL; }
  q->natives = p->natives; /* the same functions: they stand in the same order */
  return q;
}

/* ---- names as people write them ---- */

static bool has_wildcard(str s) { return memchr(s.p, '*', s.n) || memchr(s.p, '?', s.n) || memchr(s.p, '[', s.n); }

static bool glob(str pattern, str name) {
  char pat[512], text[512];
  if (pattern.n >= sizeof pat || name.n >= sizeof text) return false;
  memcpy(pat, pattern.p, pattern.n), pat[pattern.n] = 0;
  memcpy(text, name.p, name.n), text[name.n] = 0;
  return fnmatch(pat, text, 0) == 0;
}

static bool is_tail(str tail, str name) {
  if (tail.n > name.n || memcmp(name.p + name.n - tail.n, tail.p, tail.n) != 0) return false;
  return tail.n == name.n || name.p[name.n - tail.n - 1] == '.';
}

bool rt_name_matches(str pattern, str name) {
  if (!pattern.n) return false;
  if (has_wildcard(pattern)) {
    for (str rest = name;;) {
      if (glob(pattern, rest)) return true;
      const char *dot = memchr(rest.p, '.', rest.n);
      if (!dot) return false;
      rest = (str){ dot + 1, rest.n - (uint32_t)(dot + 1 - rest.p) };
    }
  }
  bool head = pattern.n < name.n && memcmp(name.p, pattern.p, pattern.n) == 0 && name.p[pattern.n] == '.';
  if (head || is_tail(pattern, name)) return true;
  for (uint32_t i = 0; i + pattern.n < name.n; i++) /* whole parts in the middle: `Asset` of acme.brand.Asset.title */
    if (name.p[i] == '.' && i + 1 + pattern.n < name.n && name.p[i + 1 + pattern.n] == '.' &&
        memcmp(name.p + i + 1, pattern.p, pattern.n) == 0)
      return true;
  return false;
}

bool rt_rule_matches(const ir_program *ir, str pattern, uint32_t rule) {
  if (rt_name_matches(pattern, ir->rules[rule]->name)) return true;
  for (uint32_t i = 0; i < ir->nrulesets; i++) {
    const prog_passes *s = ir->rulesets[i];
    if (!str_eq(pattern, s->name) && !is_tail(pattern, s->name)) continue;
    for (uint32_t k = 0; k < s->nrules; k++)
      if (s->rules[k] == rule) return true;
  }
  return false;
}

static uint32_t name_count(const ir_program *ir, enum rt_names what) {
  switch (what) {
  case RT_NAME_RULE: return ir->nrules;
  case RT_NAME_AUDIENCE: return ir->naudiences;
  case RT_NAME_SOURCE: return ir->nsources;
  case RT_NAME_TEMPLATE: return ir->ntemplates;
  case RT_NAME_CHOICE: return ir->nchoices;
  case RT_NAME_EXPERIMENT: break;
  }
  return ir->nexperiments;
}

static str name_at(const ir_program *ir, enum rt_names what, uint32_t i) {
  switch (what) {
  case RT_NAME_RULE: return ir->rules[i]->name;
  case RT_NAME_AUDIENCE: return ir->audiences[i]->name;
  case RT_NAME_SOURCE: return ir->sources[i]->name;
  case RT_NAME_TEMPLATE: return ir->templates[i]->name;
  case RT_NAME_CHOICE: return ir->choices[i]->name;
  case RT_NAME_EXPERIMENT: break;
  }
  return ir->experiments[i]->name;
}

int64_t rt_find_name(const ir_program *ir, enum rt_names what, str name, str *ambiguous_a, str *ambiguous_b) {
  int64_t found = -1;
  *ambiguous_a = *ambiguous_b = (str){ "", 0 };
  for (uint32_t i = 0; i < name_count(ir, what); i++) {
    str at = name_at(ir, what, i);
    if (str_eq(at, name)) {
      *ambiguous_a = (str){ "", 0 };
      return i;
    }
    if (!is_tail(name, at)) continue;
    if (found < 0) found = i;
    else if (!ambiguous_a->n) *ambiguous_a = name_at(ir, what, (uint32_t)found), *ambiguous_b = at;
  }
  return ambiguous_a->n ? -1 : found;
}

static str last_part(str name) {
  const char *dot = memrchr(name.p, '.', name.n);
  return dot ? (str){ dot + 1, name.n - (uint32_t)(dot + 1 - name.p) } : name;
}

const str *rt_suggest_name(arena *a, const ir_program *ir, enum rt_names what, str name) {
  uint32_t n = name_count(ir, what);
  str *full = ARENA_ARRAY(a, str, n ? n : 1), *tails = ARENA_ARRAY(a, str, n ? n : 1);
  for (uint32_t i = 0; i < n; i++) full[i] = name_at(ir, what, i), tails[i] = last_part(full[i]);
  const str *near = suggest(name, full, n);
  if (near) return near;
  near = suggest(last_part(name), tails, n);
  if (near) return &full[near - tails];
  for (uint32_t i = 0; i < n; i++)
    if (str_eq(tails[i], last_part(name))) return &full[i];
  return NULL;
}
