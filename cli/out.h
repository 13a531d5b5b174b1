/* Where a command writes: standard output, standard error, or a file that appears whole or not at all.
 *
 * A file is written beside its place under another name and renamed at the end, so that nobody ever sees half of it; what is no regular
 * file (a device, a pipe) is written directly. Errors are kept until out_close: a full disk is told there, a reader that went away
 * (EPIPE) is no error, only silence. */
#ifndef CLI_OUT_H
#define CLI_OUT_H
#include "base/str.h"

typedef struct out {
  int fd;
  bool color;
  bool gone;               /* the reader closed the pipe: drop everything */
  int error;               /* errno of the first failure */
  uint32_t n;
  char *path, *tmp;        /* of a file; tmp NULL: written directly */
  char buf[32768];
} out;

enum style { S_PLAIN, S_BOLD, S_DIM, S_RED, S_YELLOW, S_BLUE, S_GREEN, S_CYAN, S_STYLES };

void out_fd(out *o, int fd, bool color);
/* false: it cannot be created; *why is errno. */
bool out_file(out *o, const char *path, int *why);
void out_add(out *o, const char *p, size_t n);
void out_str(out *o, str s);
void out_z(out *o, const char *z);
void out_ch(out *o, char c);
void out_fmt(out *o, const char *f, ...) __attribute__((format(printf, 2, 3)));
void out_style(out *o, enum style s);      /* nothing without colors */
/* s without control characters (shown as U+FFFD) and with line breaks as they are: data must not steer a terminal. */
void out_safe(out *o, str s);
/* s as a cell of a CSV row, in quotes where it needs them. */
void out_csv(out *o, str s);
void out_flush(out *o);
/* Flushes; a file gets its name when keep is set and all went well, else it goes away. 0, or the errno of what failed. */
int out_close(out *o, bool keep);

/* On a signal that ends the program the unfinished file is removed. */
void out_guard_signals(void);

#endif
