/* A locale whose decimal point is a comma, for tests that no such thing matters: an installed one, else one made for the test where localedef can. */
#ifndef TESTS_COMMA_LOCALE_H
#define TESTS_COMMA_LOCALE_H
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline bool comma_locale(void) {
  static const char *const names[] = { "de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8" };
  for (size_t i = 0; i < 3; i++)
    if (setlocale(LC_ALL, names[i])) return strcmp(localeconv()->decimal_point, ",") == 0;
  char dir[] = P_tmpdir "/blazon-locale-XXXXXX", command[256];
  if (!mkdtemp(dir)) return false;
  snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 >/dev/null 2>&1", dir);
  bool made = system(command) == 0;
  if (made) setenv("LOCPATH", dir, 1);
  bool set = made && setlocale(LC_ALL, "de_DE.UTF-8") && strcmp(localeconv()->decimal_point, ",") == 0;
  snprintf(command, sizeof command, "rm -rf %s", dir);
  return system(command) == 0 && set;
}

#endif
