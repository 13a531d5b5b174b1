/* The objects behind include/blazon.h, shared by runtime/api_*.c. */
#ifndef RUNTIME_API_H
#define RUNTIME_API_H
#include "blazon.h"
#include "runtime/decide.h"
#include "runtime/fresh.h"
#include "runtime/native.h"
#include "runtime/state.h"
#include "runtime/validate.h"

enum { API_ERROR = 1024 };

struct blz_program {
  mem m;
  rt_program *rt;
  bool compiled;
  const char **rules, **audiences, **choices;   /* names with a zero byte behind them */
  VEC(str) allowed, dirs;            /* native libraries */
  VEC(native_host_fn) functions;
  str packed;
  str kept;                /* what state files keep of it, when it has choices: packed before threads share it, because packing is not for two at a time */
  char hash[65];           /* likewise: its bundle hash */
  char error[API_ERROR];
};

struct blz_engine {
  const blz_program *p;
  mem m;
  arena a;                 /* texts handed out; reset by the next call */
  jmp_buf oom;
  rt_engine e;
  vm_limits limits;
  int64_t now;
  bool clock_set;
  src_data *data;
  char *db;                /* of the data that is open, for validate; NULL none */
  uint32_t nbindings;
  src_binding *bindings;
  arena kept;              /* db and bindings */
  blz_state *state;        /* the host's; NULL none */
  rt_program *trees;       /* for explanations, when the program is a bundle */
  blz_finding_fn fn;       /* during a call that tells findings */
  void *ud;
  bool stopped;
  const char *no_arm;      /* why the latest call gave none, NULL none */
  rt_decider *decider;     /* made by the first decision */
  const blz_state *bundled; /* the state file that has these rules */
  int64_t version;         /* of the data when it was opened */
  int64_t opened;          /* when that was */
  rt_fresh *fresh;         /* opens it anew; NULL: nobody does */
  char error[API_ERROR];
};

struct blz_state { mem m; state *s; };

struct blz_record {
  blz_engine *e;
  arena a;
  jmp_buf oom;
  uint32_t record;
  rec *r;
};

/* Notes why a call failed; gives the status back. */
blz_status api_fail(blz_engine *e, blz_status s, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
blz_status api_status(blz_engine *e, int rt_status, str failure);  /* RT_* */
void api_begin(blz_engine *e);                    /* each call: nothing failed yet, texts of the one before are gone */
void api_forget_decisions(blz_engine *e);         /* the data is another */
/* A finding in the public form, to e->fn. false: the callback wants no more. */
bool api_tell(blz_engine *e, const finding *x);
/* Is the record of the type that the rule, or the audience, is about? */
bool api_rule_fits(const ir_program *ir, uint32_t rule, const blz_record *r);

#endif
