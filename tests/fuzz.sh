#!/bin/bash
# Runs one libFuzzer target: every seed once, then SECONDS of new inputs, at most FUZZ_RUNS of them. tests/fuzz.sh PROGRAM SECONDS
#
# Seeds are fuzz/seeds/NAME/ and, for rule files, every .blz of the tree. What it finds beyond them stays in build/.
set -u
prog=$1 seconds=$2
name=$(basename "$prog")
short=${name#fuzz_}
corpus=${BUILD:-build}/corpus/$name
mkdir -p "$corpus"
[ -x "$prog" ] || { echo "not ok 1 - $name is not built"; exit 1; }

seeds=()
for d in "fuzz/seeds/$name" "fuzz/seeds/$short" "fuzz/$short" "fuzz/corpus/$short"; do [ -d "$d" ] && seeds+=("$d"); done
if [ "$name" = fuzz_source ]; then
  from_tree=$corpus-tree
  mkdir -p "$from_tree"
  find tests examples stdlib fuzz -name '*.blz' -size -64k 2>/dev/null | while read -r f; do
    cp "$f" "$from_tree/$(echo "$f" | tr '/' '_')"
  done
  seeds+=("$from_tree")
fi
options=(-timeout=20 -rss_limit_mb=2048 -artifact_prefix="$corpus-" -print_final_stats=0 -verbosity=0)
[ -e "fuzz/$short.dict" ] && options+=(-dict="fuzz/$short.dict")
# A change must not fail for what luck finds in code that it did not touch: with FUZZ_RUNS the inputs are the same every time
[ -n "${FUZZ_RUNS:-}" ] && options+=(-seed=1 -runs="$FUZZ_RUNS")
if [ ${#seeds[@]} -gt 0 ]; then
  "$prog" "${options[@]}" -runs=0 "${seeds[@]}" && echo "ok 1 - $name: seeds" || { echo "not ok 1 - $name: a seed fails"; exit 1; }
fi
if "$prog" "${options[@]}" -max_total_time="$seconds" -max_len=8192 "$corpus" "${seeds[@]}"; then
  echo "ok 2 - $name: $seconds s of new inputs"
else
  echo "not ok 2 - $name: an input fails; it is kept as $corpus-*"
  exit 1
fi
