/* blazon decide: which candidate a subject is shown, or which arm of an experiment it is in: for one subject, for all of the data, or line by line from
 * standard input. With a state file nothing is answered before its decision is on disk. */
#include "cli/cli.h"

#include "base/value.h"
#include "runtime/combos.h"
#include "runtime/decide.h"
#include "runtime/source.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BATCH = 5000, LINE_MAX_BYTES = 16 << 20, REFRESH_USEC = 1000000 };

static const opt opts[] = {
  { "rules", 'r', "RULES", NULL, "Rule file, folder or bundle. May be repeated." },
  OPT_DB,
  OPT_SOURCE,
  { "subject", 0, "KEY", NULL, "The subject with this key, from the data." },
  { "json", 0, "RECORD", NULL, "A subject as a JSON object." },
  { "all", 0, NULL, NULL, "Every subject of the data." },
  { "lines", 0, NULL, NULL, "Subjects from standard input, one JSON object a line; answers in the same order, one a line." },
  { "id", 0, "ID", NULL, "The decision's id: the same id is answered the same again. Default: a new UUIDv7." },
  { "id-member", 0, "NAME", NULL, "With --lines: the member of each line that holds the decision's id." },
  { "state", 0, "FILE", NULL, "State file for assignments, caps and the log; made when it does not exist." },
  { "no-log", 0, NULL, NULL, "Write nothing: neither the decision nor an assignment." },
  { "stateless", 0, NULL, NULL, "Decide without a state file, as if `sticky` and `cap` were not there." },
  { "relaxed", 0, NULL, NULL, "Let a commit wait for the operating system only: survives a killed process, not loss of power." },
  { "batch", 0, "N", NULL, "With --lines and --all: commit after N decisions, or when no line waits; default: 5000. Answers come after their commit." },
  { "explain", 0, NULL, NULL, "Tell the whole story of each decision: stages, candidates, evidence, probabilities, hash." },
  { "format", 'f', "FORMAT", "text|json", "How to print; default: text for one subject, json for many." },
  OPT_NOW,
  OPT_COLOR,
  OPT_NATIVE,
  OPT_END,
};

/* A chance as text. */
enum { CHANCES = 64 };
typedef struct chance { uint64_t weight; uint8_t n; char text[32]; } chance;

typedef struct deciding {
  chance chances[CHANCES];
  cli *c;
  int64_t choice, experiment; /* one of them, the other -1 */
  const char *name;
  uint32_t source, record;
  bool json, explain, log, lines, many;
  bool fixed_clock;        /* --now */
  str db;
  uint32_t nbindings;
  const src_binding *bindings;
  bool *wanted;
  int64_t looked_at, version; /* of the data: when it was last asked for, and what it was */
  bool quiet;              /* opening the data again says nothing new */
  decide_opts o;
  const char *id_member;
  state *st;
  bool open;               /* a transaction */
  str bundle;
  int64_t batch, waiting;  /* answers not yet printed */
  buf answers;
  arena batch_arena, one;  /* answers; one decision */
  rt_engine e;
  src_data *data;
  rt_decider *d;
  str failure;
  int64_t told, lost, decided, refused, none;
  int64_t crowded;         /* draws whose floors took more than half of the chance */
  uint32_t crowd;          /* most candidates of one of them */
} deciding;

/* ---- transactions ---- */

static int fail_state(deciding *x) { return cli_env(x->c, "%.*s", STR_ARG(state_failure(x->st, &x->c->a))); }

static int begin(deciding *x) {
  if (!x->st || x->open) return X_GOOD;
  if (state_begin(x->st) != RT_OK) return fail_state(x);
  x->open = true;
  return X_GOOD;
}

/* Makes what was decided durable, then answers. */
static int commit(deciding *x) {
  if (x->open) {
    x->open = false;
    if (x->log ? state_commit(x->st) != RT_OK : (state_abandon(x->st), false)) return fail_state(x);
  }
  if (x->answers.n && x->json) out_add(x->c->out, x->answers.p, x->answers.n);
  else if (x->answers.n) out_safe(x->c->out, (str){ x->answers.p, (uint32_t)x->answers.n }); /* keys are data: none of them moves a cursor */
  if (x->answers.n) out_flush(x->c->out);
  x->answers = (buf){ .a = &x->batch_arena };
  arena_reset(&x->batch_arena);
  x->waiting = 0;
  return X_GOOD;
}

/* ---- answers ---- */

static void put_name(buf *b, const char *name) {
  buf_ch(b, '"'), buf_z(b, name), buf_z(b, "\":");
}

static void put_str(buf *b, const char *name, str s) {
  put_name(b, name);
  json_text(b, s);
}

/* The shortest text of a number is searched for with printf, and a third of an answer's time; answers repeat a few chances. */
static void put_p(deciding *x, buf *b, const char *name, uint64_t w) {
  chance *k = &x->chances[(w ^ w >> 17) % CHANCES];
  if (k->weight != w || !k->n) k->weight = w, k->n = (uint8_t)number_print((double)w / (double)POLICY_ONE, k->text);
  buf_ch(b, ','), put_name(b, name), buf_add(b, k->text, k->n);
}

static void put_candidates(deciding *x, buf *b, const decide_result *r) {
  buf_z(b, ",\"candidates\":[");
  for (uint32_t i = 0; i < r->d.ncandidates; i++) {
    const state_candidate *k = &r->d.candidates[i];
    buf_z(b, i ? ",{" : "{");
    put_str(b, "key", k->key);
    buf_fmt(b, ",\"eligible\":%s", k->eligible == ELIGIBLE ? "true" : "false");
    if (k->eligible == ELIGIBLE) buf_fmt(b, ",\"weight\":\"%" PRIu64 "\"", k->weight), put_p(x, b, "p", k->weight);
    else buf_fmt(b, ",\"stage\":\"%s\",", state_eligible_names[k->eligible]), put_str(b, "reason", k->reason);
    buf_ch(b, '}');
  }
  buf_ch(b, ']');
  if (r->d.evidence.n) buf_fmt(b, ",\"evidence\":%.*s", STR_ARG(r->d.evidence));
  if (r->d.stage == STAGE_POLICY) {
    buf_ch(b, ','), put_str(b, "unit", r->d.unit);
    if (r->hash) buf_fmt(b, ",\"hash\":\"%016" PRIx64 "\"", r->hash);
  }
}

/* What a chosen combination is put together from, one a slot; NULL: the candidates are none, or none was chosen. */
static const prog_template *parts_of(deciding *x, str key, str *parts) {
  const ir_program *ir = x->c->p->ir;
  int32_t at = ir->choices[x->choice]->template;
  const prog_template *t = at >= 0 ? ir->templates[at] : NULL;
  return t && key.n && combos_parts(&x->one, key, t->nslots, parts) ? t : NULL;
}

static void put_parts(deciding *x, buf *b, str key) {
  str parts[COMBO_PARTS];
  const prog_template *t = parts_of(x, key, parts);
  if (!t) return;
  buf_z(b, ",\"parts\":{");
  for (uint32_t i = 0; i < t->nslots; i++) {
    if (i) buf_ch(b, ',');
    put_str(b, str_dup(&x->one, t->slots[i].name).p, parts[i]);
  }
  buf_ch(b, '}');
}

static void answer_json(deciding *x, const decide_result *r) {
  buf *b = &x->answers;
  const state_decision *d = &r->d;
  buf_ch(b, '{');
  put_str(b, "decision", d->id);
  buf_ch(b, ','), put_str(b, "choice", d->choice);
  buf_ch(b, ','), put_str(b, "subject", d->subject);
  buf_ch(b, ',');
  if (d->candidate.n) put_str(b, "chosen", d->candidate);
  else buf_z(b, "\"chosen\":null");
  put_parts(x, b, d->candidate);
  buf_z(b, ",\"stage\":\""), buf_z(b, state_stage_names[d->stage]), buf_ch(b, '"');
  if (d->reason.n) buf_ch(b, ','), put_str(b, "reason", d->reason);
  if (d->drawn) put_p(x, b, "p", d->weight);
  if (d->assigned) buf_fmt(b, ",\"assignment\":%" PRId64, d->assignment), put_p(x, b, "p_assign", d->assign_weight);
  if (r->held_out) buf_z(b, ",\"held_out\":true");
  if (x->explain) put_candidates(x, b, r);
  buf_z(b, "}\n");
}

static void percent(buf *b, uint64_t w) { buf_fmt(b, "%.6g%%", (double)w / (double)POLICY_ONE * 100); }

static void story(deciding *x, const decide_result *r) {
  const prog_choice *p = x->c->p->ir->choices[x->choice];
  buf *b = &x->answers;
  const state_decision *d = &r->d;
  if (p->has_holdout) {
    buf_fmt(b, "  holdout   %s: %.6g%% of the subjects, by hash, are\n", r->held_out ? "the subject is held out" : "the subject is not held out",
            (double)p->holdout.num * 100 / (double)p->holdout.den);
  }
  static const char *const titles[] = { "eligible", "this is false", "it cannot be told", "in error", "shown too often" };
  uint32_t eligible = 0;
  for (uint32_t i = 0; i < d->ncandidates; i++) eligible += d->candidates[i].eligible == ELIGIBLE;
  if (d->ncandidates) buf_fmt(b, "  candidates  %u of %u eligible\n", eligible, d->ncandidates);
  else buf_z(b, "  candidates  none was judged\n");
  for (uint32_t i = 0; i < d->ncandidates; i++) {
    const state_candidate *k = &d->candidates[i];
    buf_fmt(b, "    %.*s  ", STR_ARG(k->key));
    if (k->eligible == ELIGIBLE) percent(b, k->weight);
    else {
      buf_fmt(b, "not eligible, %s", titles[k->eligible]);
      if (k->reason.n) buf_fmt(b, ": %.*s", STR_ARG(k->reason));
    }
    if (k->eligible == ELIGIBLE && r->arms && p->args[CHOICE_TRIALS] != UINT32_MAX)
      buf_fmt(b, "   success %.6g of %.6g trials", r->arms[i].success, r->arms[i].trials);
    else if (k->eligible == ELIGIBLE && r->arms && p->args[CHOICE_VALUE] != UINT32_MAX) buf_fmt(b, "   value %.6g", r->arms[i].value);
    else if (k->eligible == ELIGIBLE && r->arms && p->args[CHOICE_COUNT] != UINT32_MAX)
      buf_fmt(b, "   %.6g rewards that sum to %.6g", r->arms[i].count, r->arms[i].sum);
    buf_ch(b, '\n');
  }
  buf_fmt(b, "  policy    %s", policy_name(rt_policy_spec(p).kind));
  double keeps = eligible && p->floor * eligible > 1 ? 1.0 / eligible : p->floor;
  if (p->floor > 0) buf_fmt(b, ", every candidate keeps %.6g%%", keeps * 100);
  if (p->floor * eligible > 0.5) buf_fmt(b, ", together %s", keeps * eligible < 1 ? "more than the policy has to give" : "all of the chance");
  buf_ch(b, '\n');
  if (d->stage == STAGE_POLICY && r->hash)
    buf_fmt(b, "  draw      hash %016" PRIx64 " of salt \"%.*s\", subject \"%.*s\", unit \"%.*s\"\n", r->hash, STR_ARG(p->salt), STR_ARG(d->subject), STR_ARG(d->unit));
  if (d->stage == STAGE_STICKY) buf_fmt(b, "  sticky    assignment %" PRId64 " still holds\n", d->assignment);
}

static void answer_text(deciding *x, const decide_result *r) {
  buf *b = &x->answers;
  const state_decision *d = &r->d;
  static const char *const how[] = { "drawn", "assigned before", "held out", "fallback", "nothing may be shown" };
  buf_fmt(b, "%.*s for %.*s: ", STR_ARG(d->choice), STR_ARG(d->subject));
  buf_str(b, d->candidate.n ? d->candidate : STR("none"));
  buf_fmt(b, "  (%s", how[d->stage]);
  if (d->drawn && d->stage == STAGE_POLICY) buf_z(b, ", p "), percent(b, d->weight);
  if (d->stage == STAGE_STICKY) buf_z(b, " with p "), percent(b, d->assign_weight);
  if (d->reason.n) buf_fmt(b, ": %.*s", STR_ARG(d->reason));
  buf_fmt(b, ")\n  decision  %.*s\n", STR_ARG(d->id));
  str parts[COMBO_PARTS];
  const prog_template *t = parts_of(x, d->candidate, parts);
  for (uint32_t i = 0; t && i < t->nslots; i++) buf_fmt(b, "%s%.*s %.*s%s", i ? "" : "  parts     ", STR_ARG(t->slots[i].name), STR_ARG(parts[i]),
                                                       i + 1 < t->nslots ? ", " : "\n");
  if (x->explain) story(x, r);
}

static void answer_error(deciding *x, int64_t line, str why) {
  buf *b = &x->answers;
  x->refused++;
  if (!x->json) {
    if (x->many) buf_fmt(b, "%s %" PRId64 ": ", x->lines ? "line" : "record", line);
    buf_fmt(b, "%s%.*s\n", x->many ? "" : "refused: ", STR_ARG(why));
    return;
  }
  buf_fmt(b, "{\"line\":%" PRId64 ",", line);
  put_str(b, "error", why);
  buf_z(b, "}\n");
}

/* ---- one subject ---- */

static int experiment(deciding *x, rec *r) {
  const prog_experiment *p = x->c->p->ir->experiments[x->experiment];
  experiment_result res;
  int status = rt_experiment(&x->e, (uint32_t)x->experiment, r, &x->one, &res, &x->failure);
  if (status != RT_OK) return status;
  str subject = src_key_text(&x->one, x->c->p->ir, r);
  if (x->st && x->log && res.arm.n && state_expose(x->st, p->name, subject, res.arm, x->o.now, NULL) != RT_OK) return RT_STOPPED;
  buf *b = &x->answers;
  x->decided++, x->none += !res.arm.n;
  if (x->json) {
    buf_ch(b, '{'), put_str(b, "experiment", p->name);
    buf_ch(b, ','), put_str(b, "subject", subject), buf_ch(b, ',');
    if (res.arm.n) put_str(b, "arm", res.arm);
    else buf_z(b, "\"arm\":null");
    if (res.why.n) buf_ch(b, ','), put_str(b, "reason", res.why);
    buf_z(b, "}\n");
  } else {
    const char *not_in = res.in == TR_F ? "in no arm" : res.in == TR_U ? "it cannot be told" : "in error";
    buf_fmt(b, "%.*s for %.*s: %.*s", STR_ARG(p->name), STR_ARG(subject), STR_ARG(res.arm.n ? res.arm : str_z(not_in)));
    if (res.why.n) buf_fmt(b, "  (%.*s)", STR_ARG(res.why));
    buf_ch(b, '\n');
  }
  return RT_OK;
}

/* The record as the decision saw it. */
static void note_floor(deciding *x, const prog_choice *p, const decide_result *r) {
  uint32_t n = rt_crowded(p, r);
  x->crowded += n > 0;
  if (n > x->crowd) x->crowd = n;
}

static void tell_floor(deciding *x) {
  cli *c = x->c;
  if (!x->crowded) return;
  const prog_choice *p = c->p->ir->choices[x->choice];
  out_fmt(c->err, "warning: in %s %s the floors of up to %u candidates, %.6g%% each, take more than half of the chance: the policy decides the smaller part\n",
          grouped(&c->a, x->crowded).p, plural(x->crowded, "decision", "decisions"), x->crowd, p->floor * 100);
}

static int choice(deciding *x, rec *r, int64_t line) {
  const prog_choice *p = x->c->p->ir->choices[x->choice];
  decide_result res = { .arms = NULL };
  decide_keep keep = { .log = x->st && x->log, .full = x->explain, .bundle = x->bundle };
  bool again, of_state;
  str failure = { "", 0 };
  int status = rt_decide_once(x->d, (uint32_t)x->choice, r, &x->o, &keep, &x->one, &res, &again, &of_state, &failure);
  if (status == RT_NONE) {
    answer_error(x, line, failure);
    return RT_OK;
  }
  x->failure = failure;
  if (status != RT_OK) return status;
  bool by_these = !x->bundle.n || str_eq(res.d.bundle, x->bundle); /* other rules may have had another salt */
  if (!again) note_floor(x, p, &res);
  else if (res.d.stage == STAGE_POLICY && by_these) res.hash = rt_draw_hash(p, res.d.subject, res.d.unit);
  x->decided++, x->none += !res.d.candidate.n;
  if (x->json) answer_json(x, &res);
  else answer_text(x, &res);
  return RT_OK;
}

/* Each decision is a run of its own, with the time that it is then. */
static void tick(deciding *x) {
  if (x->fixed_clock) return;
  int64_t now = rt_clock();
  if (now < x->o.now) rt_decider_forget(x->d);
  x->o.now = now;
  vm_set_now(x->e.vm, now);
}

static void on_issue(void *ud, const src_issue *i) {
  deciding *x = ud;
  if (x->quiet) return;
  x->lost += i->sev == SEV_ERROR;
  if (i->sev != SEV_INFO) cli_issue(x->c, i, x->told++);
}

static int open_rows(deciding *x) {
  cli *c = x->c;
  int status =
      rt_open_data(c->p, &mem_libc, x->db, x->nbindings, x->bindings, x->wanted, NULL, on_issue, x, &c->a, &x->data, &x->failure);
  if (status == RT_OOM) return cli_env(c, "out of memory");
  if (status != RT_OK) return cli_failed(c, x->failure);
  rt_engine_data(&x->e, x->data);
  x->version = src_snapshot_version(x->data), x->looked_at = rt_clock();
  return X_GOOD;
}

/* Whoever decides for hours learns meanwhile: between batches, at most once a second, data that somebody has written is opened anew. */
static int refresh(deciding *x) {
  if (!x->lines || rt_clock() - x->looked_at < REFRESH_USEC) return X_GOOD;
  x->looked_at = rt_clock();
  if (src_version(x->data) == x->version) return X_GOOD;
  rt_engine_data(&x->e, NULL);
  src_close(x->data);
  x->data = NULL, x->quiet = true;
  arena_mark mark = arena_save(&x->c->a);
  int code = open_rows(x);
  if (code == X_GOOD) arena_restore(&x->c->a, mark);
  x->quiet = false;
  rt_decider_forget(x->d);
  return code;
}

/* line: 0 for one subject. An exit code: X_GOOD to go on. */
static int one(deciding *x, rec *r, int64_t line) {
  int code = begin(x);
  if (code != X_GOOD) return code;
  tick(x);
  int status = x->experiment >= 0 ? experiment(x, r) : choice(x, r, line);
  if (status == RT_STOPPED && x->failure.n)
    return cli_usage(x->c, NULL, "%.*s: give one with --state FILE, or decide without it by --stateless", STR_ARG(x->failure));
  if (status == RT_OOM) return cli_env(x->c, "out of memory");
  if (status != RT_OK && x->failure.n) return cli_failed(x->c, x->failure);
  if (status != RT_OK) return fail_state(x);
  if (++x->waiting < x->batch) return X_GOOD;
  code = commit(x);
  return code == X_GOOD ? refresh(x) : code;
}

/* ---- where subjects come from ---- */

/* One of many that nothing can be decided for. */
static int no_subject(deciding *x, int64_t line, str why) {
  int code = begin(x);
  if (code != X_GOOD) return code;
  answer_error(x, line, why);
  return ++x->waiting >= x->batch ? commit(x) : X_GOOD;
}

static int from_data(deciding *x) {
  src_cursor *cur = NULL;
  int got = src_walk(x->data, x->source, &cur), code = X_GOOD;
  if (got != SRC_OK) return cli_failed(x->c, src_failure(x->data));
  int64_t line = 0;
  for (rec *r; code == X_GOOD && (got = src_next(cur, &r)) == SRC_OK;) {
    arena_reset(&x->one);
    x->o.id = (str){ "", 0 };
    str wrong = rt_subject_wrong(&x->one, r);
    line++;
    code = wrong.n ? no_subject(x, line, wrong) : one(x, r, line);
  }
  src_end(cur);
  if (code == X_GOOD && got != SRC_DONE) code = cli_failed(x->c, src_failure(x->data));
  return code;
}

static int by_key(deciding *x, const char *key) {
  str *keys;
  uint32_t n;
  rec *r;
  cli_key(x->c, &x->c->p->ir->records[x->record]->shape, key, &keys, &n);
  int got = src_find(x->data, x->source, n, keys, &x->c->a, &r);
  if (got == SRC_DONE) return cli_env(x->c, "there is no subject `%s`", key);
  if (got != SRC_OK) return cli_failed(x->c, src_failure(x->data));
  str wrong = rt_subject_wrong(&x->one, r);
  return wrong.n ? cli_env(x->c, "%.*s", STR_ARG(wrong)) : one(x, r, 1);
}

/* The decision's id in a line: a member of its own, taken out of the record's way by being undeclared there or not. */
static bool id_of(deciding *x, str json, str *error) {
  x->o.id = (str){ "", 0 };
  if (!x->id_member) return true;
  if (!src_json_member(&x->one, json, str_z(x->id_member), &x->o.id)) { *error = STR("the line is not a JSON object"); return false; }
  if (x->o.id.n && memchr(x->o.id.p, 0, x->o.id.n)) { *error = STR("the decision's id holds a NUL character, which no other program could look it up"); return false; }
  if (x->o.id.n) return true;
  *error = str_fmt(&x->one, "the member `%s`, which holds the decision's id, is missing or no text", x->id_member);
  return false;
}

static int by_json(deciding *x, str json, int64_t line) {
  str error = { "", 0 };
  rec *r = NULL;
  const ir_program *ir = x->c->p->ir;
  if (x->lines && !id_of(x, json, &error)) r = NULL;
  else r = src_record_json(&x->one, ir, x->record, &x->c->p->atoms, json, vm_frame_size(x->c->p->vm), x->lines, &error);
  if (r) {
    r->source = x->source;
    error = rt_subject_wrong(&x->one, r);
  }
  if (!error.n) return one(x, r, line);
  if (!x->lines) return cli_env(x->c, "--json: %.*s", STR_ARG(error));
  return no_subject(x, line, error);
}

/* Lines of standard input. A batch ends early when nobody has more to say: whoever asks line by line is answered line by line. */
typedef struct lines { char *p; size_t n, at, cap; bool eof; } lines;

static bool input_waits(void) {
  struct pollfd f = { .fd = STDIN_FILENO, .events = POLLIN };
  return poll(&f, 1, 0) != 0;
}

/* Reads more behind what is unread. An exit code. */
static int more(deciding *x, lines *l) {
  int code = x->waiting && !input_waits() ? commit(x) : X_GOOD;
  if (code != X_GOOD) return code;
  if (l->at) memmove(l->p, l->p + l->at, l->n - l->at), l->n -= l->at, l->at = 0;
  if (l->n == l->cap) {
    char *p = mem_grow(&mem_libc, l->p, l->cap, l->cap ? l->cap * 2 : 1 << 16);
    if (!p) return cli_env(x->c, "out of memory");
    l->p = p, l->cap = l->cap ? l->cap * 2 : 1 << 16;
  }
  ssize_t got;
  do got = read(STDIN_FILENO, l->p + l->n, l->cap - l->n);
  while (got < 0 && errno == EINTR);
  if (got < 0) return cli_env(x->c, "standard input cannot be read: %s", cli_reason(errno));
  l->n += (size_t)got, l->eof = got == 0;
  return X_GOOD;
}

static int one_line(deciding *x, str s, int64_t line) {
  while (s.n && s.p[s.n - 1] == '\r') s.n--;
  if (!s.n) return X_GOOD;
  arena_reset(&x->one);
  return by_json(x, s, line);
}

static int from_lines(deciding *x) {
  lines l = { .p = NULL };
  int code = X_GOOD;
  int64_t line = 0;
  size_t seen = 0;       /* of the unread bytes, without a line's end */
  bool skipping = false; /* the rest of a line that is too long */
  while (code == X_GOOD && !x->c->out->gone) {
    char *end = l.n > l.at + seen ? memchr(l.p + l.at + seen, '\n', l.n - l.at - seen) : NULL;
    bool last = !end && l.eof;
    if (last && l.at == l.n) break;
    if (!end && !last) {
      seen = l.n - l.at;
      if (seen > LINE_MAX_BYTES) {
        if (!skipping) line++, answer_error(x, line, STR("the line is longer than 16 MB"));
        skipping = true, l.at = l.n, seen = 0;
      }
      code = more(x, &l);
      continue;
    }
    size_t n = (end ? (size_t)(end - l.p) : l.n) - l.at;
    if (skipping) skipping = false;
    else code = one_line(x, (str){ l.p + l.at, (uint32_t)n }, ++line);
    l.at += n + (end != NULL), seen = 0;
  }
  mem_free(&mem_libc, l.p, l.cap);
  return code;
}

/* ---- the command ---- */

static int open_data(deciding *x, const args *a, uint32_t nbindings, const src_binding *bindings) {
  cli *c = x->c;
  const ir_program *ir = c->p->ir;
  bool *wanted = x->wanted = ARENA_ARRAY(&c->a, bool, ir->nsources + 1);
  wanted[x->source] = args_has(a, "subject") || args_has(a, "all");
  if (x->choice >= 0) {
    const prog_choice *p = ir->choices[x->choice];
    if (p->template < 0) wanted[p->cand_source] = true;
    for (uint32_t i = 0; p->template >= 0 && i < ir->templates[p->template]->nslots; i++) wanted[ir->templates[p->template]->slots[i].source] = true;
    if (p->has_over) wanted[p->over_source] = true;
  }
  if (!rt_engine_open(&x->e, c->p, &mem_libc, (vm_limits){ 0 }, c->now)) return cli_env(c, "out of memory");
  x->db = str_z(args_value(a, "db")), x->nbindings = nbindings, x->bindings = bindings;
  int code = open_rows(x);
  if (code != X_GOOD) return code;
  x->d = rt_decider_new(&x->e);
  return x->d ? X_GOOD : cli_env(c, "out of memory");
}

static int open_state(deciding *x, const args *a) {
  cli *c = x->c;
  const char *path = args_value(a, "state");
  if (!path) return X_GOOD;
  state_config conf = { .m = &mem_libc, .path = str_z(path), .create = x->log, .durability = args_has(a, "relaxed") ? STATE_RELAXED : STATE_FULL };
  str why = { "", 0 };
  x->st = state_open(&conf, &c->a, &why);
  if (!x->st) return cli_env(c, "%.*s", STR_ARG(why));
  x->o.st = x->st;
  if (!x->log || x->choice < 0) return X_GOOD;
  char hash[65];
  str packed = vm_pack(&c->a, c->p->vm, (str){ "", 0 });
  vm_packed_hash(packed, hash);
  x->bundle = str_dup(&c->a, str_z(hash));
  return state_bundle(x->st, x->bundle, packed) == RT_OK ? X_GOOD : fail_state(x);
}

static int decide(deciding *x, const args *a, uint32_t nbindings, const src_binding *bindings) {
  int code = open_state(x, a);
  if (code == X_GOOD) code = open_data(x, a, nbindings, bindings);
  if (code == X_GOOD) {
    const char *json = args_value(a, "json"), *key = args_value(a, "subject");
    if (x->lines) code = from_lines(x);
    else if (args_has(a, "all")) code = from_data(x);
    else if (json) code = by_json(x, str_z(json), 1);
    else code = by_key(x, key);
  }
  if (code == X_GOOD) code = commit(x);
  else if (x->open) state_abandon(x->st), x->open = false;
  if (code == X_GOOD) {
    tell_floor(x);
    cli_issues_end(x->c, x->told, x->lost);
    if (x->refused || x->lost) code = X_FINDINGS;
  }
  rt_decider_free(x->d);
  rt_engine_close(&x->e);
  if (x->data) src_close(x->data);
  state_close(x->st);
  return cli_finish(x->c, code);
}

static bool find(deciding *x, const char *name) {
  cli *c = x->c;
  const ir_program *ir = c->p->ir;
  str a1, a2, b1, b2;
  x->choice = rt_find_name(ir, RT_NAME_CHOICE, str_z(name), &a1, &a2);
  x->experiment = x->choice < 0 ? rt_find_name(ir, RT_NAME_EXPERIMENT, str_z(name), &b1, &b2) : -1;
  if (x->choice >= 0) x->source = ir->choices[x->choice]->source, x->record = ir->choices[x->choice]->record;
  else if (x->experiment >= 0) x->source = ir->experiments[x->experiment]->source, x->record = ir->experiments[x->experiment]->record;
  else {
    const str *near = rt_suggest_name(&c->a, ir, RT_NAME_CHOICE, str_z(name));
    if (!near) near = rt_suggest_name(&c->a, ir, RT_NAME_EXPERIMENT, str_z(name));
    if (a1.n) cli_usage(c, NULL, "`%s` could be `%.*s` or `%.*s`; write the full name", name, STR_ARG(a1), STR_ARG(a2));
    else if (near) cli_usage(c, NULL, "no choice or experiment is named `%s`; did you mean `%.*s`?", name, STR_ARG(*near));
    else cli_usage(c, NULL, "no choice or experiment is named `%s`", name);
    return false;
  }
  return true;
}

static bool read_options(deciding *x, const args *a) {
  cli *c = x->c;
  const char *format = args_value(a, "format"), *batch = args_value(a, "batch"), *id = args_value(a, "id"), *key = args_value(a, "subject");
  int ways = args_has(a, "subject") + args_has(a, "json") + args_has(a, "all") + args_has(a, "lines");
  x->lines = args_has(a, "lines");
  if (ways != 1) {
    cli_usage(c, a->cmd, ways ? "--subject, --json, --all and --lines exclude each other" : "say for whom: --subject KEY, --json RECORD, --all, or --lines for standard input");
    return false;
  }
  if (key && key[0] == '{') { cli_usage(c, NULL, "--subject takes a key of the data; a subject as a JSON object is given with --json"); return false; }
  if (id && (x->lines || args_has(a, "all"))) { cli_usage(c, a->cmd, "--id is for one decision; with --lines each has its own by --id-member NAME"); return false; }
  if (id && !*id) { cli_usage(c, a->cmd, "--id is empty: the same decision could not be told again; leave it out to get a new id"); return false; }
  x->id_member = args_value(a, "id-member");
  if (x->id_member && !x->lines) { cli_usage(c, a->cmd, "--id-member belongs to --lines"); return false; }
  x->many = x->lines || args_has(a, "all");
  x->json = format ? strcmp(format, "json") == 0 : x->many;
  x->explain = args_has(a, "explain"), x->log = !args_has(a, "no-log");
  x->o.stateless = args_has(a, "stateless"), x->o.now = c->now, x->fixed_clock = args_has(a, "now");
  if (id) x->o.id = str_z(id);
  x->batch = BATCH;
  char *end;
  if (!batch) return true;
  x->batch = strtoll(batch, &end, 10);
  if (!*end && x->batch > 0) return true;
  cli_usage(c, a->cmd, "`%s` for --batch is no number above 0", batch);
  return false;
}

static int run(cli *c, const args *a) {
  static deciding room;
  deciding *x = &room;
  uint32_t nbindings;
  const src_binding *bindings;
  *x = (deciding){ .c = c, .choice = -1, .experiment = -1, .failure = { "", 0 }, .bundle = { "", 0 } };
  x->o.id = (str){ "", 0 };
  if (!cli_clock(c, a) || !cli_bindings(c, a, &nbindings, &bindings) || !read_options(x, a)) return X_USAGE;
  const char *name;
  int code = cli_named(c, a, "choice", &name);
  if (code) return code;
  if (!find(x, name) || !cli_known_sources(c, nbindings, bindings)) return X_USAGE;
  if (x->experiment >= 0 && (args_has(a, "id") || x->id_member))
    return cli_usage(c, NULL, "`%s` is an experiment: its arm is the same at every time and has no id; leave out %s", name, x->id_member ? "--id-member" : "--id");
  arena_init(&x->batch_arena, &mem_libc, &c->oom);
  arena_init(&x->one, &mem_libc, &c->oom);
  x->answers = (buf){ .a = &x->batch_arena };
  code = decide(x, a, nbindings, bindings);
  arena_free(&x->batch_arena);
  arena_free(&x->one);
  return code;
}

const command cmd_decide = {
  "decide",
  "CHOICE RULES... (--subject KEY | --json RECORD | --all | --lines) [OPTION]...",
  "Decide which candidate a subject is shown, or which arm of an experiment it is in.",
  "With --state a decision is answered after it is on disk; the same id is answered the same again. A choice that is sticky or capped needs a state file. "
  "--lines reads one JSON object a line and answers in the same order; a line that cannot be decided is answered with an error, and the command ends with 1.",
  opts,
  1,
  UINT32_MAX,
  "a choice",
  run,
  "  blazon decide hero rules/ --db crm.db --subject P-0012 --state state.db --explain\n  blazon decide hero rules/ --db crm.db --lines --state state.db < "
  "subjects.ndjson\n",
};
