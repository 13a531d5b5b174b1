/* Writing JSON. See json.h. */
#include "cli/json.h"

#include "base/civil.h"
#include "base/value.h"

#include <inttypes.h>
#include <math.h>

void json_begin(json *j, out *o, arena *a, bool lines) { *j = (json){ .o = o, .a = a, .lines = lines }; }

static void new_line(json *j) {
  if (!j->lines) return;
  out_ch(j->o, '\n');
  for (uint32_t i = 0; i < j->depth; i++) out_z(j->o, "  ");
}

static void quoted(json *j, str s) {
  arena_mark mark = arena_save(j->a);
  buf b = { .a = j->a };
  json_text(&b, s);
  for (uint32_t i = 0, from = 0; i <= b.n; i++) {
    bool angle = j->page && i < b.n && b.p[i] == '<';
    if (i < b.n && !angle) continue;
    out_add(j->o, b.p + from, i - from);
    if (angle) out_z(j->o, "\\u003c");
    from = i + 1;
  }
  arena_restore(j->a, mark);
}

static void member(json *j, const char *name) {
  if (j->depth) {
    if (j->some[j->depth - 1]) out_ch(j->o, ',');
    j->some[j->depth - 1] = true;
    new_line(j);
  }
  if (!name) return;
  quoted(j, str_z(name));
  out_z(j->o, j->lines ? ": " : ":");
}

static void open_level(json *j, const char *name, char c) {
  member(j, name);
  out_ch(j->o, c);
  if (j->depth < JSON_DEPTH) j->some[j->depth] = false;
  j->depth++;
}

static void close_level(json *j, char c) {
  bool some = j->some[--j->depth];
  if (some) new_line(j);
  out_ch(j->o, c);
}

void json_object(json *j, const char *name) { open_level(j, name, '{'); }
void json_array(json *j, const char *name) { open_level(j, name, '['); }
void json_end_object(json *j) { close_level(j, '}'); }
void json_end_array(json *j) { close_level(j, ']'); }

void json_str(json *j, const char *name, str s) {
  member(j, name);
  quoted(j, s);
}

void json_z(json *j, const char *name, const char *z) { json_str(j, name, str_z(z)); }

void json_int(json *j, const char *name, int64_t i) {
  member(j, name);
  out_fmt(j->o, "%" PRId64, i);
}

void json_num(json *j, const char *name, double n) {
  member(j, name);
  char text[32];
  if (!isfinite(n)) { out_z(j->o, "null"); return; }
  number_print(n, text);
  out_z(j->o, text);
}

void json_bool(json *j, const char *name, bool b) {
  member(j, name);
  out_z(j->o, b ? "true" : "false");
}

void json_null(json *j, const char *name) {
  member(j, name);
  out_z(j->o, "null");
}

void json_time(json *j, const char *name, int64_t usec) {
  char text[32];
  civil_print_time(usec, text);
  json_z(j, name, text);
}

void json_str_if(json *j, const char *name, str s) {
  if (s.n) json_str(j, name, s);
}
