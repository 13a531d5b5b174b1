#!/bin/bash
# Line coverage of the library by the unit tests, one line a folder: `make cover`.
set -eu
cd "$(dirname "$0")/.."
BUILD=${BUILD:-build}
make --no-print-directory -s -j"$(nproc)" VARIANT=cover BUILD="$BUILD" tests-build
find "$BUILD/cover" -name '*.gcda' -delete
for t in tests/unit/*.c; do "$BUILD/cover/tests/unit/$(basename "$t" .c)" > /dev/null 2>&1 || echo "$t fails" >&2; done
for dir in base lexer parser compiler reference vm stdlib runtime; do
  find "$BUILD/cover/$dir" -name '*.gcda' -print0 | xargs -0 -r gcov -n -s . 2> /dev/null |
    awk -v dir="$dir" '/^File / { own = index($2, "'\''" dir "/") == 1 && $2 ~ /\.c/ } /^Lines executed/ && own { split($0, a, /[:% ]+/); lines += $NF + 0; hit += a[3] * $NF / 100; own = 0 }
      END { if (lines) printf "%-10s %5.1f %% of %d lines\n", dir, 100 * hit / lines, lines }'
done
