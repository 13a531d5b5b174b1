/* Reading whole files and walking folders: the little that loading rule files needs of the operating system. */
#ifndef RUNTIME_FILES_H
#define RUNTIME_FILES_H
#include "base/str.h"

/* Reads all of a file, or of standard input for "-", into memory of m with a NUL behind it that *n does not count. Anything that can be
   read will do: pipes too. NULL: *why says what is wrong (static text). The caller frees n + 1 bytes with mem_free. max: more bytes than
   this are refused. */
char *file_read(const mem *m, const char *path, size_t max, size_t *n, const char **why);

/* All files below dir whose names end in .blz, sorted by path bytes, hidden folders left out; links are followed, a folder that contains
   itself is visited once. Gives false with *why and *where when a folder cannot be read. The paths are the arena's. */
bool files_find(arena *a, str dir, str **paths, uint32_t *n, str *where, const char **why);

bool file_is_folder(const char *path);

/* What a regular file is, by whatever path; false: it is none, or cannot be asked. */
typedef struct file_id { uint64_t device, node; } file_id;
bool file_identity(const char *path, file_id *out);

#endif
