/* Bundles and bytecode: what is packed comes back the same; what is damaged is refused with a reason, or is harmless; and how
 * programs look as bytecode (tests/golden/bytecode, BLESS=1 rewrites). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <nettle/sha2.h>

#include "tests/unit/fake_lib.h"
#include "tests/unit/vm_kit.h"
#include "vm/vm_int.h"

/* The fake library, with one function that can be called. */
static int length_of(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  (void)c, (void)st;
  out->i = args[0].t->n;
  return ST_OK;
}

static int count_of(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  (void)c, (void)st;
  out->i = args[0].l->n;
  return ST_OK;
}

static int no_terms(lib_ctx *c, const val *args, const uint8_t *st, val *out) {
  (void)args, (void)st, (void)out;
  c->error = STR("nothing is searched here");
  return ST_ERR;
}

static bool known_format(int format, str s, str *why) {
  *why = (str){ 0 };
  return format == 10 && s.n > 0; /* slug */
}

static lib_ops test_lib(builtin *table) {
  lib_ops lib = fake_lib;
  memcpy(table, fake_table, sizeof fake_table);
  for (uint32_t i = 0; i < fake_lib.count; i++)
    if (!strncmp(table[i].sig, "(s: text", 8) && !strcmp(table[i].name, "length")) table[i].fn = length_of;
    else if (!strcmp(table[i].name, "count")) table[i].fn = count_of;
    else if (!strncmp(table[i].sig, "(t: terms", 9)) table[i].fn = no_terms;
  lib.table = table;
  lib.textformat_valid = known_format;
  return lib;
}

static builtin table[sizeof fake_table / sizeof *fake_table];
static lib_ops lib;

static const char program[] =
  "module t\ntype Kind = \"image\" | \"video\"\nrecord Asset {\n  id : text key\n  kind : Kind\n  name : slug\n  title : text\n  width : int default 5\n"
  "  price : number?\n  day : date?\n  tags : list of text\n  home : -> assets?\n}\nsource assets : Asset from \"assets\"\npalette acme {\n  red #E4002B\n}\n"
  "terms banned ignoring case {\n  \"cheap\" -> \"affordable\"\n  \"best\"\n}\nterms listed from \"list.csv\"\n"
  "rule words for a in assets { forbid banned.has(a.title) or listed.has(a.title) or listed.replace(a.title) == \"\" }\n"
  "extern fn hash(s : text, n : list of int?) -> int? from \"host\"\nrule hashed for a in assets { require hash(a.title, [a.width]) > 0 }\n"
  "fn area(x : int, y : int?) -> int = x * (y ?? 2)\naudience wide for a in assets where area(a.width, a.width) > 100\n"
  "rule r for a in assets where a.kind == \"image\" {\n  severity warning\n  owner \"brand\"\n  because \"it matters\"\n  tags [\"x\", \"y\"]\n  until 2030-01-01\n"
  "  require a.title.length() > 3 and (a in wide or a.home.title == \"x\") otherwise \"{a.title} is {a.width}\"\n"
  "  require every t in a.tags: t in [\"one\", \"two\", \"three\"]\n  require a.price in 0.5..10.5 and a.day + 1 month < 2030-01-01\n}\n";

static int set_up(void **state) {
  (void)state;
  lib = test_lib(table);
  return 0;
}

static str packed(kit *k) {
  assert_true(kit_compile(k, &lib, program));
  return vm_pack(&k->a, k->vp, (str){ "", 0 });
}

static void a_program_comes_back_the_same(void **state) {
  (void)state;
  kit k;
  str b = packed(&k), why;
  assert_true(vm_is_bundle(b.p, b.n));
  vm_program *back = vm_unpack(&k.a, &lib, b.p, b.n, &why);
  if (!back) fail_msg("%.*s", STR_ARG(why));
  str again = vm_pack(&k.a, back, (str){ "", 0 });
  assert_true(str_eq(b, again));
  char x[65], y[65];
  assert_true(vm_hash(k.vp, x));
  assert_true(vm_hash(back, y));
  assert_string_equal(x, y);
  buf one = { .a = &k.a }, two = { .a = &k.a };
  vm_disasm(&one, k.vp, (str){ 0 });
  vm_disasm(&two, back, (str){ 0 });
  assert_true(str_eq(buf_done(&one), buf_done(&two)));
  const ir_program *p = vm_model(back);
  const prog_rule *r = p->rules[kit_rule(&k, "t.r")];
  assert_int_equal(r->sev, SEV_WARNING);
  assert_true(str_eq(r->because, STR("it matters")));
  assert_int_equal(r->ntags, 2);
  assert_true(r->has_until && !r->has_since);
  assert_int_equal(r->nclauses, 3);
  assert_null(r->clauses[0].test);
  assert_true(str_eq(r->clauses[1].text, k.p->rules[kit_rule(&k, "t.r")]->clauses[1].text));
  assert_true(str_eq(source_slice(p->src, r->sp), source_slice(&k.src, k.p->rules[kit_rule(&k, "t.r")]->sp)));
  assert_int_equal(p->nterms, 2);
  assert_true(p->terms[0]->fold && !p->terms[1]->fold && p->terms[1]->n == 3 && p->terms[1]->matcher);
  const srcfile *file = p->src->files.v[1];
  assert_true(file->data && p->terms[1]->entries[0].text.p == file->text.p); /* a slice of the file, not a copy */
  assert_true(p->terms[0]->entries[0].has_replacement && str_eq(p->terms[0]->entries[0].replacement, STR("affordable")));
  assert_true(!p->terms[1]->entries[1].has_replacement && str_eq(p->terms[1]->entries[2].replacement, STR("a \"quoted\" text")));
  assert_true(p->records[0]->fields[4].has_default && p->records[0]->fields[4].def.i == 5);
  arena_free(&k.a);
}

/* Verdict, messages and causes of a few records, as text. */
static str answers(kit *k) {
  buf b = { .a = &k->a };
  for (int i = 0; i < 6; i++) {
    rec *r = kit_rec(k, 0, i & 1);
    kit_text(k, r, "id", "A");
    kit_text(k, r, "kind", i == 5 ? "video" : "image");
    kit_text(k, r, "name", "slug");
    kit_text(k, r, "title", i == 1 ? "x" : "long");
    kit_int(r, "width", i * 10);
    if (i > 2) kit_num(r, "price", 2);
    if (i > 3) kit_int(r, "day", 20000);
    kit_ints(k, r, "tags", 0, NULL);
    vm_result out;
    assert_int_equal(vm_rule(k->e, kit_rule(k, "t.r"), r, true, &out), VM_OK);
    buf_fmt(&b, "%s%s\n", verdict_names[out.v], out.vacuous ? " vacuous" : "");
    for (uint32_t c = 0; c < out.nclauses; c++) {
      buf_fmt(&b, "  %u %d\n", out.clauses[c].clause, (int)out.clauses[c].result);
      for (uint32_t m = 0; m < out.clauses[c].nmessages; m++) buf_fmt(&b, "    %.*s\n", STR_ARG(out.clauses[c].messages[m]));
      for (uint32_t m = 0; m < out.clauses[c].ncauses; m++) buf_fmt(&b, "    ? %.*s\n", STR_ARG(out.clauses[c].causes[m].text));
    }
    vm_reset(k->e);
  }
  return buf_done(&b);
}

static void a_bundle_answers_as_its_program(void **state) {
  (void)state;
  kit k;
  str b = packed(&k), why;
  assert_true(kit_start(&k, NULL, (vm_limits){ 0 }));
  str first = answers(&k);
  assert_non_null(strstr(first.p, "pass"));
  assert_non_null(strstr(first.p, "fail"));
  assert_non_null(strstr(first.p, "skip"));
  assert_non_null(strstr(first.p, "? price"));
  vm_close(k.e);
  k.vp = vm_unpack(&k.a, &lib, b.p, b.n, &why);
  assert_non_null(k.vp);
  assert_true(kit_start(&k, NULL, (vm_limits){ 0 }));
  assert_true(str_eq(first, answers(&k)));
  kit_end(&k);
}

/* ---- damage ---- */

static vm_program *unpack_copy(kit *k, const uint8_t *p, size_t n, str *why) {
  uint8_t *exact = malloc(n ? n : 1); /* of exactly that size, for the sanitizer */
  memcpy(exact, p, n);
  vm_program *vp = vm_unpack(&k->a, &lib, exact, n, why);
  if (vp) { /* keeps pointing into it */
    void *kept = arena_alloc(&k->a, n);
    memcpy(kept, exact, n);
    vp = vm_unpack(&k->a, &lib, kept, n, why);
  }
  free(exact);
  return vp;
}

static void damage_is_told_by_name(void **state) {
  (void)state;
  kit k;
  str b = packed(&k), why;
  uint8_t *c = malloc(b.n + 1);
  for (size_t n = 0; n < b.n; n += n < 64 ? 1 : 97) {
    memcpy(c, b.p, n);
    assert_null(unpack_copy(&k, c, n, &why));
    assert_true(why.n > 10);
  }
  for (size_t at = 0; at < b.n; at += 7) { /* one bit */
    memcpy(c, b.p, b.n);
    c[at] ^= (uint8_t)(1u << at % 8);
    assert_null(unpack_copy(&k, c, b.n, &why));
  }
  memcpy(c, b.p, b.n);
  c[8] = 99;
  assert_null(vm_unpack(&k.a, &lib, c, b.n, &why));
  assert_non_null(strstr(why.p, "format 99"));
  memcpy(c, b.p, b.n);
  c[b.n - 1] ^= 1;
  assert_null(vm_unpack(&k.a, &lib, c, b.n, &why));
  assert_non_null(strstr(why.p, "checksum"));
  assert_null(vm_unpack(&k.a, &lib, "rule r", 6, &why));
  assert_non_null(strstr(why.p, "not a Blazon bundle"));
  free(c);
  arena_free(&k.a);
}

static void a_missing_function_is_named(void **state) {
  (void)state;
  kit k;
  str b = packed(&k), why;
  builtin other[sizeof table / sizeof *table];
  memcpy(other, table, sizeof table);
  for (uint32_t i = 0; i < lib.count; i++)
    if (!strcmp(other[i].name, "length")) other[i].name = "renamed";
  lib_ops less = lib;
  less.table = other;
  assert_null(vm_unpack(&k.a, &less, b.p, b.n, &why));
  assert_non_null(strstr(why.p, "`length`"));
  arena_free(&k.a);
}

static void seal(uint8_t *p, size_t n) {
  struct sha256_ctx h;
  sha256_init(&h);
  sha256_update(&h, n - 52, p + 52);
  sha256_digest(&h, 32, p + 20);
}

/* Damaged under a checksum that fits: refused, or else it may be disassembled and packed without harm. fuzz/fuzz_bundle.c runs such programs too. */
static void damage_under_a_right_checksum_is_harmless(void **state) {
  (void)state;
  kit k;
  str b = packed(&k), why;
  uint8_t *c = malloc(b.n);
  uint64_t seed = 7;
  int refused = 0, accepted = 0;
  for (int i = 0; i < 1500; i++) {
    arena_mark m = arena_save(&k.a);
    memcpy(c, b.p, b.n);
    for (int edits = 1 + i % 3; edits > 0; edits--) {
      seed = seed * 6364136223846793005u + 1442695040888963407u;
      c[52 + (seed >> 33) % (b.n - 52)] = (uint8_t)(seed >> 20);
    }
    seal(c, b.n);
    vm_program *vp = vm_unpack(&k.a, &lib, c, b.n, &why);
    if (vp) {
      buf out = { .a = &k.a };
      vm_disasm(&out, vp, (str){ 0 });
      vm_pack(&k.a, vp, (str){ "", 0 });
      accepted++;
    } else {
      assert_true(why.n > 10);
      refused++;
    }
    arena_restore(&k.a, m);
  }
  assert_in_range(refused, 100, 1499); /* source text, names and numbers may change without harm */
  assert_int_equal(refused + accepted, 1500);
  free(c);
  arena_free(&k.a);
}

/* The end of an `each` costs no step: one that leads back to itself, or through jumps to an earlier one, would never end. */
static void end_leads_back(void *ud, code_unit *u, str name, uint32_t part) {
  int *found = ud;
  (void)name, (void)part;
  for (uint32_t at = 0, first = UINT32_MAX; at < u->n; at++) {
    if (u->code[at].op != BC_EACH) continue;
    if (first == UINT32_MAX) first = at;
    u->code[at].f = (uint16_t)first;
    (*found)++;
  }
}

static void loops_without_steps_are_refused(void **state) {
  (void)state;
  static const char *const loops[] = {
    "record A { id : text key  xs : list of int }\nsource s : A from \"s\"\nrule r for a in s { require every x in a.xs: x > 1 }\n",
    "record A { id : text key  xs : list of int }\nsource s : A from \"s\"\nrule r for a in s { require every x in a.xs: some y in a.xs: y > x }\n",
  };
  for (size_t i = 0; i < sizeof loops / sizeof *loops; i++) {
    kit k;
    str why = { 0 };
    int found = 0;
    assert_true(kit_compile(&k, &lib, loops[i]));
    assert_true(vm_verify(k.vp, &why));
    vm_each_unit(k.vp, end_leads_back, &found);
    assert_in_range(found, 1, 100);
    assert_false(vm_verify(k.vp, &why));
    assert_non_null(strstr(why.p, "a loop does not count its rounds"));
    arena_free(&k.a);
  }
}

/* ---- how it looks ---- */

static str read_file(arena *a, const char *path) {
  FILE *f = fopen(path, "rb");
  buf b = { .a = a };
  char part[4096];
  if (!f) return (str){ NULL, 0 };
  for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;) buf_add(&b, part, n);
  fclose(f);
  return buf_done(&b);
}

static bool golden(const char *dir, const char *name) {
  kit k;
  arena a;
  arena_init(&a, &mem_libc, NULL);
  str path = str_fmt(&a, "%s/%s", dir, name), text = read_file(&a, path.p);
  bool good = kit_compile(&k, &lib, text.p);
  str why = { 0 };
  buf b = { .a = &a };
  if (good && !vm_verify(k.vp, &why)) buf_fmt(&b, "not verified: %.*s\n", STR_ARG(why));
  if (good) vm_disasm(&b, k.vp, (str){ 0 });
  str got = buf_done(&b), out = str_fmt(&a, "%.*s.out", (int)path.n - 4, path.p), want = read_file(&a, out.p);
  if (getenv("BLESS") && good && !str_eq(got, want)) {
    FILE *f = fopen(out.p, "wb");
    if (f) fwrite(got.p, 1, got.n, f), fclose(f);
  } else if (!good || !str_eq(got, want)) {
    fprintf(stderr, "%s differs; it is now:\n%.*s", path.p, STR_ARG(got));
    good = false;
  }
  if (k.vp || k.a.head) arena_free(&k.a);
  arena_free(&a);
  return good;
}

static void bytecode_looks_as_it_did(void **state) {
  (void)state;
  const char *dir = "tests/golden/bytecode";
  DIR *d = opendir(dir);
  int cases = 0, wrong = 0;
  assert_non_null(d);
  for (struct dirent *f; (f = readdir(d));) {
    size_t n = strlen(f->d_name);
    if (n < 5 || strcmp(f->d_name + n - 4, ".blz")) continue;
    cases++;
    wrong += !golden(dir, f->d_name);
  }
  closedir(d);
  assert_int_equal(wrong, 0);
  assert_in_range(cases, 5, 1000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_program_comes_back_the_same),
    cmocka_unit_test(a_bundle_answers_as_its_program),
    cmocka_unit_test(damage_is_told_by_name),
    cmocka_unit_test(a_missing_function_is_named),
    cmocka_unit_test(damage_under_a_right_checksum_is_harmless),
    cmocka_unit_test(loops_without_steps_are_refused),
    cmocka_unit_test(bytecode_looks_as_it_did),
  };
  return cmocka_run_group_tests(tests, set_up, NULL);
}
