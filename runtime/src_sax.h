/* The JSON parser (yajl) behind a tape: values that lie where a JSON pointer says are recorded, everything else is only checked. */
#ifndef RUNTIME_SRC_SAX_H
#define RUNTIME_SRC_SAX_H
#include "runtime/src_priv.h"

enum { SAX_NAMES = 24, SAX_NAME_MAX = 48 };

typedef struct sax {
  void *h;                    /* yajl_handle */
  tape *tp;
  const mem *m;
  bool oom, deep, multiple;
  /* where */
  const char *chunk;
  size_t at;                  /* offset in the chunk up to which line and col count */
  uint32_t line, col;         /* of that byte */
  bool started;               /* a token began in an earlier chunk */
  size_t pending;             /* its bytes in later chunks */
  uint32_t tline, tcol;       /* start of the current token */
  uint8_t esc;                /* inside a string: 0 plain, 1 after a backslash, 2..5 reading \uXXXX */
  bool in_string, high, lone;
  uint32_t hex;
  /* what is recorded */
  bool each;                  /* the elements of the array at the pointer; else whole root values */
  const str *segs;
  uint32_t nsegs, matched;    /* segments matched so far */
  uint32_t depth, path_depth; /* open containers; those of them that lie on the path */
  bool on_path;               /* the next value is on the path */
  uint64_t index[64];         /* per container on the path: elements seen */
  bool is_array[64];
  bool found, done, frozen;
  uint32_t holder;            /* depth of the object that held the array, while it is open; a second member of that name would be lost */
  bool twice;
  const char *what;           /* "an object": stands where the pointer ends (at_target) or where it would go on */
  bool at_target;
  uint32_t nnames;            /* members seen where the path broke off, for suggestions */
  struct { char p[SAX_NAME_MAX]; uint32_t n; } names[SAX_NAMES];
  uint32_t stack[SRC_MAX_DEPTH + 2]; /* open containers of the value being recorded, relative to start */
  uint32_t rec_depth, start;
  uint32_t complete;          /* values that are finished on the tape */
} sax;

/* multiple: several root values one after the other, each recorded. each with segs: the elements of an array. */
bool sax_open(sax *s, const mem *m, tape *tp, bool multiple);
void sax_close(sax *s);
/* Feeds a chunk (n == 0: end of text). False: not JSON, *error (in a) and place; or oom. */
bool sax_feed(sax *s, const char *p, size_t n, arena *a, str *error, uint32_t *line, uint32_t *col);

#endif
