#!/bin/bash
# The whole loop, day by day: who comes is decided for, what came of it is joined, and the next day's chances follow.
#
#   loop.sh BLAZON FOLDER [DAYS [NAME=VALUE ...]]    makes FOLDER/decisions.db; names and values are the simulator's
set -eu
here=$(cd "$(dirname "$0")" && pwd)
blazon=$1 out=$2 days=${3:-14}
[ $# -gt 3 ] && shift 3 || shift $#
mkdir -p "$out"
rm -f "$out"/decisions.db* "$out/outcomes.csv"
${CC:-cc} -std=c11 -O2 -o "$out/simulate" "$here/simulate.c" -lm
for ((day = 0; day < days; day++)); do
  now=$(date -u -d "2026-06-01 + $day days" +%Y-%m-%dT00:00:00Z)
  # rewards that have arrived by now; giving them again would change nothing
  if [ "$day" -gt 0 ]; then
    { echo decision,reward,time; awk -F, -v now="$now" '$3 < now' "$out/outcomes.csv"; } > "$out/today.csv"
    "$blazon" outcome --state "$out/decisions.db" "$out/today.csv" > "$out/joined"
    awk -F, -v now="$now" '$3 >= now' "$out/outcomes.csv" > "$out/later.csv"
    mv "$out/later.csv" "$out/outcomes.csv"
  fi
  "$out/simulate" --visits="$day" "$@" |
    "$blazon" decide hero "$here/campaign.blz" --source arms="$here/arms.csv" --lines --id-member visit --state "$out/decisions.db" --now "$now" > "$out/answers.ndjson"
  "$out/simulate" --outcomes "$@" < "$out/answers.ndjson" | tail -n +2 >> "$out/outcomes.csv"
done
"$blazon" report --state "$out/decisions.db"
