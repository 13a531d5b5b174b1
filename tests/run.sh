#!/bin/bash
# Runs parts of the test suite, sums their cases, and ends with one line: `N passed, N failed`.
#
#   tests/run.sh PART...    parts are the functions part_* below; `full` and `quick` are lists of them
#
# A part that fails stops no other. Each writes a log to build/check/; the logs of failing programs are printed. What a part runs
# reports in TAP: a line `ok 1 - name` or `not ok 2 - name` a case, `# SKIP why` where a case cannot run here (cmocka does so when asked).
# A program that ends badly without having said `not ok` counts as one failure.
set -u
cd "$(dirname "$0")/.." || exit 3

BUILD=${BUILD:-build}
JOBS=${JOBS:-$(nproc 2>/dev/null || echo 2)}
CASES=${CASES:-100000}
SEED=${SEED:-1}
FUZZ_SECONDS=${FUZZ_SECONDS:-10}
LOGS=$BUILD/check
MAKE="make --no-print-directory -k -j$JOBS BUILD=$BUILD"
export CMOCKA_MESSAGE_OUTPUT=TAP BUILD JOBS
mkdir -p "$LOGS"

passed=0 failed=0 skipped=0
failing=()
skips=()

# tally NAME LOG RC: adds a finished program's cases
tally() {
  local name=$1 log=$2 rc=$3 ok notok skip
  skip=$(grep -acE '^(not )?ok [0-9]+ .*# SKIP' "$log")
  ok=$(grep -aE '^ok [0-9]+ ' "$log" | grep -acv '# SKIP')
  notok=$(grep -aE '^not ok [0-9]+ ' "$log" | grep -acv '# SKIP')
  if [ "$rc" -ne 0 ] && [ "$notok" -eq 0 ]; then
    notok=1
    echo "ended with status $rc" >> "$log"
  fi
  passed=$((passed + ok)) failed=$((failed + notok)) skipped=$((skipped + skip))
  [ "$skip" -gt 0 ] && skips+=("$name: $(grep -aE '^(not )?ok [0-9]+ .*# SKIP' "$log" | sed -E 's/^(not )?ok [0-9]+ (- )?//' | head -n 3 | paste -sd';')")
  if [ "$notok" -gt 0 ]; then
    failing+=("$name ($notok)")
    echo "--- $name failed; from $log:"
    { grep -aE -A3 '^not ok|ERROR:|runtime error|SUMMARY| error: |Error [0-9]' "$log" | head -n 40; echo '    ...'; tail -n 25 "$log"; } | cut -c1-300 | sed 's/^/    /'
  fi
  return 0
}

# one NAME CMD...: a program that reports TAP, or one case when it reports nothing
one() {
  local name=$1 log rc start=$SECONDS
  shift
  log=$LOGS/$(echo "$name" | tr '/ ' '__').log
  "$@" > "$log" 2>&1 < /dev/null
  rc=$?
  [ $rc -eq 0 ] && ! grep -qaE '^(not )?ok [0-9]+ ' "$log" && echo "ok 1 - $name" >> "$log"
  tally "$name" "$log" $rc
  printf '%-28s %4ds\n' "$name" $((SECONDS - start))
}

# many NAME PREFIX PROGRAM...: runs programs side by side (PREFIX: a command before each, may be empty), then adds them up
many() {
  local group=$1 prefix=$2 start=$SECONDS dir p before=$((passed + failed))
  shift 2
  dir=$LOGS/$(echo "$group" | tr '/ ' '__')
  rm -rf "$dir"; mkdir -p "$dir"
  [ $# -eq 0 ] && return 0
  printf '%s\n' "$@" | DIR=$dir PREFIX=$prefix xargs -P "$JOBS" -I{} bash -c '
    log=$DIR/$(basename {}).log
    SECONDS=0
    if [ -e {} ]; then timeout -k 5 "${TEST_TIMEOUT:-400}" $PREFIX {} > "$log" 2>&1 < /dev/null; echo $? > "$log.rc"
    else echo "not built" > "$log"; echo 127 > "$log.rc"; fi
    [ $SECONDS -lt 20 ] || echo "  $(basename {}): $SECONDS s"'
  for p in "$@"; do
    tally "$group $(basename "$p")" "$dir/$(basename "$p").log" "$(cat "$dir/$(basename "$p").log.rc" 2>/dev/null || echo 125)"
  done
  printf '%-28s %4ds  %d cases\n' "$group" $((SECONDS - start)) $((passed + failed - before))
}

unit_programs() { for f in tests/unit/*.c; do [ -e "$f" ] && echo "$BUILD/$1/tests/unit/$(basename "$f" .c)"; done; }
golden_programs() { unit_programs "$1" | grep -E '_(golden|conformance)[a-z_]*$'; }
build() { # VARIANT TARGETS: a build is one case: no warning, no error
  local v=$1
  shift
  one "build $v" $MAKE VARIANT="$v" "$@"
}

part_build() { build release all tests-build lib; }
# One build by clang for its warnings, AddressSanitizer, UndefinedBehaviorSanitizer and the fuzzers; without clang, two by gcc.
part_sanitize() {
  command -v clang > /dev/null || { skip_part clang "clang is not installed"; part_asan; part_ubsan; return; }
  build fuzz all tests-build fuzz-build
  export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1
  many "sanitize" "" $(unit_programs fuzz)
  part_cli_with fuzz
}
# Unit tests that start threads, under ThreadSanitizer.
part_threads() {
  local programs
  programs=$(grep -lE 'pthread_create|blz_engine_keep_fresh|\.jobs = ' tests/unit/*.c | sed "s|^tests/unit/\(.*\)\.c$|$BUILD/tsan/tests/unit/\1|")
  # shellcheck disable=SC2086 # a list
  build tsan $programs
  TSAN_OPTIONS=halt_on_error=0:exitcode=9 many "threads" "" $programs
}
part_clang() { if command -v clang > /dev/null; then build clang all tests-build; else skip_part clang "clang is not installed"; fi; }
part_unit() { many "unit" "" $(unit_programs release); }
part_golden() { build release all tests-build; many "golden" "" $(golden_programs release); }
part_asan() { build asan all tests-build; ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 many "asan" "" $(unit_programs asan); part_cli_with asan; }
part_ubsan() { build ubsan all tests-build; UBSAN_OPTIONS=print_stacktrace=1 many "ubsan" "" $(unit_programs ubsan); }
part_valgrind() {
  command -v valgrind > /dev/null || { skip_part valgrind "valgrind is not installed"; return; }
  build release all tests-build
  many "valgrind" "valgrind -q --leak-check=full --errors-for-leak-kinds=definite,possible --error-exitcode=9 --suppressions=tests/valgrind.supp" \
    $(golden_programs release)
}
part_diff() {
  [ -d tests/diff ] || return 0
  build release tests-build
  one "diff" timeout -k 5 900 "$BUILD/release/tests/diff/diff" "$CASES" "$SEED"
  tail -n 3 "$LOGS/diff.log"
}
# The same beside the other parts: it keeps one processor busy for a minute or two, and most builds end on one.
part_diff_start() {
  [ -d tests/diff ] || return 0
  timeout -k 5 1500 "$BUILD/release/tests/diff/diff" "$CASES" "$SEED" > "$LOGS/diff.log" 2>&1 < /dev/null &
  diff_pid=$!
}
part_diff_end() {
  [ -n "${diff_pid:-}" ] || return 0
  wait "$diff_pid"
  local rc=$?
  [ $rc -eq 0 ] && ! grep -qaE '^(not )?ok [0-9]+ ' "$LOGS/diff.log" && echo "ok 1 - diff" >> "$LOGS/diff.log"
  tally diff "$LOGS/diff.log" $rc
  grep -av '^ok ' "$LOGS/diff.log" | tail -n 2
}
part_cli_with() { # VARIANT: the command line tool's shell tests against that build
  compgen -G 'tests/cli/*.sh' > /dev/null || return 0
  BLAZON=$PWD/$BUILD/$1/blazon many "cli $1" "bash" $(ls tests/cli/*.sh)
}
part_cli() { build release all lib; part_cli_with release; }
part_examples() { build release all lib; one "examples" bash tests/examples.sh "$BUILD/release"; }
part_docs() { build release all; one "docs" bash tests/docs.sh "$BUILD/release/blazon"; }
part_layers() { one "layers" tools/layers.sh; }
part_symbols() { build release lib; one "symbols" tools/symbols.sh "$BUILD/release" "$BUILD"/release/libblazon.so.? "$BUILD/release/libblazon.a"; }
part_format() { one "format" tools/format.sh; }
part_fuzz() {
  local f name
  compgen -G 'fuzz/fuzz_*.c' > /dev/null || return 0
  command -v clang > /dev/null || { skip_part fuzz "clang is not installed"; return; }
  build fuzz fuzz-build
  for f in fuzz/fuzz_*.c; do
    name=$(basename "$f" .c)
    one "$name" tests/fuzz.sh "$BUILD/fuzz/fuzz/$name" "$FUZZ_SECONDS"
  done
}
skip_part() { skipped=$((skipped + 1)); skips+=("$1: $2"); echo "$1 skipped: $2"; }

trap '[ -n "${diff_pid:-}" ] && kill "$diff_pid" 2> /dev/null; exit 130' INT TERM
started=$SECONDS
for part in "$@"; do
  case $part in
    full) export FUZZ_RUNS=${FUZZ_RUNS:-2000}; list="layers format build diff_start unit cli examples docs symbols sanitize threads valgrind fuzz diff_end" ;;
    quick) list="layers format build unit cli examples docs" ;;
    *_start | *_end) list='' ;;
    *) list=$part ;;
  esac
  for p in $list; do
    declare -F "part_$p" > /dev/null || { echo "tests/run.sh: there is no part '$p'" >&2; exit 4; }
    "part_$p"
  done
done
[ ${#skips[@]} -gt 0 ] && printf 'skipped %d: %s\n' "$skipped" "$(printf '%s. ' "${skips[@]}")"
[ ${#failing[@]} -gt 0 ] && printf 'failed in: %s\n' "$(printf '%s, ' "${failing[@]}")"
echo "took $((SECONDS - started)) s"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
