/* The contract between the language and its library. builtins.def holds one row a function (overloads: several rows of one name):
 *
 *   BUILTIN(c_name, "name", "(s: text, n: int) -> text?", FLAGS, "group", "One sentence.", "example expression", "its result")
 *
 * The row is at once the checker's signature, the VM's entry, `blazon explain NAME`, the reference page and a test: the example is compiled,
 * run and its result printed as val_print(quoted) must equal the last column ("missing" for a missing value, "error" for an error).
 *
 * Signatures: types as users write them (text, list of T, map of T, T?, bool, int, number, color, date, time, duration, months, pattern, palette, terms,
 * T and U as variables, NUM = int or number (the result NUM is the same type)), library records by name (Nearest, Match ...).
 * A parameter declared T? does not lift: it gets its status. Any other parameter lifts (missing in, missing out) before the C function
 * is called, so a C function never sees a missing or bad strict argument. An int given for a number parameter is converted by the checker.
 *
 *   LIBREC("Nearest", "name: text, color: color, delta_e: number", "sentence")    declares a library record
 */
#ifndef STDLIB_BUILTIN_H
#define STDLIB_BUILTIN_H
#include "base/lib.h"

extern const lib_ops lib_std; /* the tables and operations below, as the other layers take them */

/* The tables as data (stdlib/table.c); indexes are stable within one build and are checked by name when a bundle is loaded. The compiler, left of
   stdlib, includes builtins.def itself and sees no function pointers; the VM is handed lib_table by the runtime. */
extern const builtin lib_table[];
extern const uint32_t lib_count;
extern const librec lib_recs[];
extern const uint32_t lib_rec_count;

struct lib_state *lib_open(const mem *m);   /* NULL when out of memory */
void lib_close(struct lib_state *s);
/* "ICU 72.1, Unicode 15.0; PCRE2 10.42; tzdata 2025b": what could change an answer. */
str lib_versions(arena *a);

/* Interpolation formats {x:FORMAT}, one table formats.def for checker, VM and docs: FMT("bytes", "int", "150 KB", "...") . Also .N (N decimals, number or int),
   and for date/time: date, time, iso. lib_format_check answers whether format fits type t (what is wrong otherwise, in *why);
   lib_format prints a present value. */
bool lib_format_check(arena *a, const type *t, str format, str *why);
void lib_format(buf *out, const type *t, val v, str format);

/* A pattern literal: compiled at check time for its errors and once per engine for use. Flags: i s m x. */
bool lib_pattern_check(arena *a, str source, str flags, str *error, uint32_t *offset);
/* 1 match, 0 none, -1 error (limit; c->error set) */
int lib_matches(lib_ctx *c, const pattern *p, str subject);

/* Formats of text (url email locale ...): formats of fields and the functions is_url() ... The set is stdlib/textformats.def: TEXTFORMAT(name, "sentence", "valid example", "invalid example") */
int lib_textformat_find(str name);                       /* index, -1 for none */
bool lib_textformat_valid(int format, str s, str *why);  /* why: "the check digit should be 7" or empty; static */
bool lib_textformat_canonical(arena *a, int format, str s, str *out); /* false when not valid */
/* Length in user-perceived characters (extended grapheme clusters, UAX #29). */
int64_t lib_text_length(lib_ctx *c, str s);

#endif
