/* Writing JSON, one value at a time, indented. Commas and nesting are kept here; names are given by the caller (NULL inside arrays). */
#ifndef CLI_JSON_H
#define CLI_JSON_H
#include "cli/out.h"

enum { JSON_DEPTH = 64 };

typedef struct json {
  out *o;
  arena *a;                /* scratch, given back after each value */
  uint32_t depth;
  bool lines;              /* false: all on one line */
  bool page;               /* inside a page of HTML: no text may end the element that holds it */
  bool some[JSON_DEPTH];   /* this level has a member already */
} json;

void json_begin(json *j, out *o, arena *a, bool lines);
void json_object(json *j, const char *name);
void json_array(json *j, const char *name);
void json_end_object(json *j);
void json_end_array(json *j);
void json_str(json *j, const char *name, str s);
void json_z(json *j, const char *name, const char *z);
void json_int(json *j, const char *name, int64_t i);
void json_num(json *j, const char *name, double n);       /* shortest text that reads back; null unless finite */
void json_bool(json *j, const char *name, bool b);
void json_null(json *j, const char *name);
void json_time(json *j, const char *name, int64_t usec);
void json_str_if(json *j, const char *name, str s);   /* left out when empty */

#endif
