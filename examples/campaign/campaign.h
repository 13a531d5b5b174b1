/* A campaign that can be run again: visitors, arms and conversions from a seed, for examples and benchmarks.
 *
 * What makes real campaigns hard, each with a knob: click rates that drift, conversions that arrive days later, people who tire of what they
 * have seen, segments that like different things, people who convert more than others whatever they see. Every random number is a hash of
 * (seed, stream, position), so that two policies meet the same visitors, in the same mood, and differ only by what they show. Needs the C
 * library only. */
#ifndef EXAMPLES_CAMPAIGN_H
#define EXAMPLES_CAMPAIGN_H
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

enum { CAMPAIGN_SEGMENTS = 3, CAMPAIGN_MAX_ARMS = 64 };

typedef struct campaign_spec {
  uint64_t seed;
  int arms, subjects, days, per_day;
  double low, high;        /* base rates of the arms are spread evenly between these, in an order that the seed shuffles */
  double drift;            /* 0.5: rates swing by factors of e^-0.5 .. e^0.5 over 30 days, each arm with its own phase */
  double fatigue;          /* 0.1: each showing of an arm takes a tenth off its rate for this person; half forgotten in a week */
  double delay;            /* mean days until a conversion arrives, exponential; 0: at once */
  double spread;           /* 0.5: people differ by factors of e^-0.5 .. e^0.5, whatever they see */
  bool segments;           /* segments rank the arms differently */
} campaign_spec;

typedef struct campaign {
  campaign_spec s;
  double base[CAMPAIGN_SEGMENTS][CAMPAIGN_MAX_ARMS], phase[CAMPAIGN_MAX_ARMS];
  float *seen, *seen_at;   /* subjects * arms: showings, half forgotten in a week; when they were brought up to date */
} campaign;

typedef struct campaign_visit { int64_t i; int subject, segment; double day; } campaign_visit;

enum campaign_stream {
  CAMPAIGN_BASE, CAMPAIGN_PHASE, CAMPAIGN_SUBJECT, CAMPAIGN_SEGMENT, CAMPAIGN_MOOD, CAMPAIGN_REWARD, CAMPAIGN_DELAY, CAMPAIGN_DRAW, CAMPAIGN_OTHER
};

/* splitmix64's finish over seed, stream and position: uniform in [0, 1) */
static inline uint64_t campaign_hash(uint64_t seed, int stream, int64_t at) {
  uint64_t z = seed * UINT64_C(0x9E3779B97F4A7C15) + (uint64_t)stream * UINT64_C(0xD1B54A32D192ED03) + (uint64_t)at * UINT64_C(0x8CB92BA72F3D8DD7);
  for (int k = 0; k < 2; k++) {
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    z ^= z >> 31;
  }
  return z;
}
static inline double campaign_uniform(uint64_t seed, int stream, int64_t at) { return (double)(campaign_hash(seed, stream, at) >> 11) / 9007199254740992.0; }

static inline int64_t campaign_visits(const campaign_spec *s) { return (int64_t)s->days * s->per_day; }

/* false: no memory, or more arms than there is room for. */
static inline bool campaign_open(campaign *c, const campaign_spec *s) {
  *c = (campaign){ .s = *s };
  if (s->arms < 1 || s->arms > CAMPAIGN_MAX_ARMS || s->subjects < 1) return false;
  for (int g = 0; g < CAMPAIGN_SEGMENTS; g++) {
    double order[CAMPAIGN_MAX_ARMS];
    for (int k = 0; k < s->arms; k++) order[k] = campaign_uniform(s->seed, CAMPAIGN_BASE, (s->segments ? g : 0) * CAMPAIGN_MAX_ARMS + k);
    for (int k = 0; k < s->arms; k++) {
      int rank = 0;
      for (int j = 0; j < s->arms; j++) rank += order[j] < order[k];
      c->base[g][k] = s->arms > 1 ? s->low + (s->high - s->low) * rank / (s->arms - 1) : s->high;
    }
  }
  for (int k = 0; k < s->arms; k++) c->phase[k] = campaign_uniform(s->seed, CAMPAIGN_PHASE, k);
  c->seen = calloc((size_t)s->subjects * (size_t)s->arms, sizeof *c->seen);
  c->seen_at = calloc((size_t)s->subjects * (size_t)s->arms, sizeof *c->seen_at);
  if (c->seen && c->seen_at) return true;
  free(c->seen), free(c->seen_at);
  return false;
}

static inline void campaign_close(campaign *c) { free(c->seen), free(c->seen_at); }

/* The i-th visit: who comes, and when. Half of the people are new, 30% loyal, 20% lapsed. */
static inline campaign_visit campaign_visit_at(const campaign *c, int64_t i) {
  int subject = (int)(campaign_uniform(c->s.seed, CAMPAIGN_SUBJECT, i) * c->s.subjects);
  double u = campaign_uniform(c->s.seed, CAMPAIGN_SEGMENT, subject);
  return (campaign_visit){ i, subject, u < 0.5 ? 0 : u < 0.8 ? 1 : 2, (double)i / c->s.per_day };
}

static inline double campaign_seen(const campaign *c, const campaign_visit *v, int arm) {
  size_t at = (size_t)v->subject * (size_t)c->s.arms + (size_t)arm;
  return c->seen[at] > 0 ? (double)c->seen[at] * exp2(-(v->day - (double)c->seen_at[at]) / 7) : 0;
}

/* The probability that this visit converts when it is shown the arm: the truth that no policy sees. */
static inline double campaign_rate(const campaign *c, const campaign_visit *v, int arm) {
  double r = c->base[v->segment][arm];
  if (c->s.drift > 0) r *= exp(c->s.drift * sin(6.283185307179586 * (v->day / 30 + c->phase[arm])));
  if (c->s.fatigue > 0) r *= pow(1 - c->s.fatigue, campaign_seen(c, v, arm));
  if (c->s.spread > 0) r *= exp(c->s.spread * (2 * campaign_uniform(c->s.seed, CAMPAIGN_MOOD, v->subject) - 1));
  return r < 0.95 ? r : 0.95;
}

/* Shows the arm. true: it converts, and that is known at *day. */
static inline bool campaign_show(campaign *c, const campaign_visit *v, int arm, double *day) {
  bool converts = campaign_uniform(c->s.seed, CAMPAIGN_REWARD, v->i) < campaign_rate(c, v, arm);
  *day = v->day;
  if (converts && c->s.delay > 0) *day -= c->s.delay * log(1 - campaign_uniform(c->s.seed, CAMPAIGN_DELAY, v->i));
  if (c->s.fatigue > 0) {
    size_t at = (size_t)v->subject * (size_t)c->s.arms + (size_t)arm;
    c->seen[at] = (float)(campaign_seen(c, v, arm) + 1);
    c->seen_at[at] = (float)v->day;
  }
  return converts;
}

#endif
