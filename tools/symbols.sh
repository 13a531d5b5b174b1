#!/bin/bash
# What the library shows and what it uses: tools/symbols.sh BUILD_VARIANT_DIR SHARED STATIC
#
# Exported are the functions of include/blazon.h and nothing else, from both libraries. The library does not print, exit, read the
# environment or the locale, or keep state that changes outside of what its caller holds.
set -u
cd "$(dirname "$0")/.." || exit 3
B=$1 shared=$2 static=$3
n=0 bad=0
report() {
  n=$((n + 1))
  if [ -z "$2" ]; then echo "ok $n - $1"; else bad=$((bad + 1)); echo "not ok $n - $1"; printf '%s\n' "$2" | head -n 20 | sed 's/^/  /'; fi
}
[ -e "$shared" ] && [ -e "$static" ] || { echo "not ok 1 - the libraries are not built"; exit 1; }

declared=$(sed 's|//.*||' include/blazon.h | tr '\n' ' ' | sed -E 's|/\*[^*]*\*+([^/*][^*]*\*+)*/| |g' | tr ';{' '\n\n' |
  grep BLZ_API | grep -oE '\bblz_[a-z0-9_]+ *\(' | tr -d ' (' | sort -u)
exported=$(nm -D --defined-only "$shared" | awk '$2 != "A" { print $3 }' | sed 's/@.*//' | sort -u)
kept=$(nm --defined-only --extern-only "$static" | awk 'NF == 3 { print $3 }' | sort -u)
report "the shared library exports only blz_*" "$(grep -v '^blz_' <<< "$exported")"
report "the static library keeps only blz_* global" "$(grep -v '^blz_' <<< "$kept")"
report "every function of the header is in the library" "$(comm -23 <(echo "$declared") <(echo "$exported"))"
report "every exported function is in the header" "$(comm -13 <(echo "$declared") <(echo "$exported"))"

# The library's own code. flex and bison bring a fatal-error printer that is never reached (their allocation is ours), and an arena without a handler
# aborts, which only unit tests have (base/mem.h).
objects=$(find "$B"/base "$B"/lexer "$B"/parser "$B"/compiler "$B"/reference "$B"/vm "$B"/stdlib "$B"/runtime -name '*.o')
# shellcheck disable=SC2086 # a list of files
wanted=$(nm -A -u $objects | sed -E "s|^$B/||; s/: +[UwW] / uses /" |
  grep -v '^lexer/scan.o uses \(exit\|fprintf\|stderr\|stdin\|stdout\)$' | grep -v '^parser/grammar.o uses \(fprintf\|stderr\)$')
uses() { grep -E " uses ($1)\$" <<< "$wanted"; }
report "the library never prints" "$(uses 'printf|vprintf|puts|putchar|perror|stdout|stderr')"
report "the library never ends the process" "$(uses 'exit|_exit|quick_exit|__assert_fail')"
report "the library reads neither environment nor locale" "$(uses 'getenv|secure_getenv|setlocale|localtime|localtime_r|tzset')"
report "randomness is hashing only" "$(uses 'rand|srand|random|srandom|drand48|arc4random')"
# .data and .bss hold what can change; .data.rel.ro cannot after loading
# shellcheck disable=SC2086
state=$(nm -A --format=sysv $objects | awk -F'|' '$4 ~ /OBJECT/ { gsub(/ /, "", $1); gsub(/ /, "", $7); if ($7 == ".data" || $7 == ".bss") print $1 }' | sed "s|^$B/||")
report "the library has no global state" "$state"
[ $bad -eq 0 ]
