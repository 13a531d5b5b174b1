/* A loaded set of rules: rule files, folders or one bundle, compiled to bytecode. Immutable once it is compiled, and then shared by
 * threads.
 *
 * Everything lives in one arena. What is wrong with the rules stands in diags; a program with errors has no ir and no vm. */
#ifndef RUNTIME_PROGRAM_H
#define RUNTIME_PROGRAM_H
#include "compiler/compile.h"
#include "vm/vm.h"

/* What an operation of the runtime comes to; cli/ turns them into exit codes, the API into blz_status. */
enum rt_status {
  RT_OK = 0,
  RT_RULES,    /* the rules do not compile: see diags */
  RT_ENV,      /* data or files cannot be read; a text says why */
  RT_BUDGET,   /* a rule took more steps or memory than the run allows */
  RT_OOM,
  RT_STOPPED,  /* the caller's callback asked to stop */
  RT_NONE      /* no such rule, record ... */
};

/* A file that a rule file names, as it was when it was read. */
typedef struct rt_loaded { str path; int64_t sec, nsec, size; /* size -1: it was not there */ } rt_loaded;
typedef struct rt_natives rt_natives;  /* native.h */

typedef struct rt_program {
  mem m;
  arena a;
  jmp_buf oom;
  sources src;             /* as given; a bundle's own are ir->src */
  diags d;
  const ir_program *ir;
  const vm_program *vm;
  atom_index atoms;
  bool bundle;
  bool unreadable;         /* a file or folder could not be read: RT_ENV rather than RT_RULES */
  VEC(rt_loaded) loaded;
  rt_natives *natives;     /* NULL: calls of native functions are errors */
  bool owns_natives;
  char *image;             /* bytes of the bundle, kept for the program */
  size_t image_size;
  struct file_id *files;   /* files that were added, by device and node (a hash table, 0: free): one that is named twice is read once */
  uint32_t nfiles, file_slots;
} rt_program;

rt_program *rt_program_new(const mem *m);      /* NULL: out of memory */
void rt_program_free(rt_program *p);           /* NULL is fine */

/* A file, a folder (all *.blz below it), a bundle, or "-" for standard input; what was added already is left out. Problems go to p->d. RT_OK, RT_ENV, RT_OOM. */
int rt_program_add_path(rt_program *p, str path);
int rt_program_add_text(rt_program *p, str name, str text);      /* both are copied */
int rt_program_add_bundle(rt_program *p, str name, const void *bytes, size_t n); /* copied */
/* After all were added. lints: warn of what is suspicious. now: INT64_MIN for none. RT_OK, RT_RULES, RT_ENV, RT_OOM. */
int rt_program_compile(rt_program *p, bool lints, int64_t now);
/* The same program with its typed trees, which a bundle does not carry: compiled anew from the sources in the bundle. NULL: out of
   memory, or the sources are not there. The caller frees it. */
rt_program *rt_program_with_trees(const rt_program *p);

static inline const sources *rt_sources(const rt_program *p) { return p->ir && p->ir->src ? p->ir->src : &p->src; }

/* Does a name that a person wrote mean this qualified name? All of it, its last or first parts, or a pattern with * and ? over either. */
bool rt_name_matches(str pattern, str name);
/* The same of a rule; the name of a rule set stands for the rules in it. */
bool rt_rule_matches(const ir_program *ir, str pattern, uint32_t rule);
/* The rule, audience or source that is meant: the index, or -1. *ambiguous: several match equally well (the first two are named). */
enum rt_names { RT_NAME_RULE, RT_NAME_AUDIENCE, RT_NAME_SOURCE, RT_NAME_TEMPLATE, RT_NAME_CHOICE, RT_NAME_EXPERIMENT };
int64_t rt_find_name(const ir_program *ir, enum rt_names what, str name, str *ambiguous_a, str *ambiguous_b);
/* The closest name to one that is not there, by its full name or its last part; NULL when none is near. In arena a. */
const str *rt_suggest_name(arena *a, const ir_program *ir, enum rt_names what, str name);

#endif
