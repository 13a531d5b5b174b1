#!/bin/sh
# Decisions a second through the command line: `decide --lines`, 20 candidates, a new subject each; without a log, and with one that is durable before each
# batch of answers. Processor time. Beside it, where jq is installed, jq reading one member of the same lines. Usage: lines.sh BLAZON FOLDER [LINES]
set -eu
blazon=$1 work=$2/lines lines=${3:-400000}
rm -rf "$work" && mkdir -p "$work"
cat > "$work/rules.blz" << 'END'
module shop
record Profile { id : text key  locale : text }
record Variant { id : text key  locale : text }
record Stat { variant : text  clicks : int  views : int }
source profiles : Profile
source variants : Variant from "variants"
source stats : Stat from "stats"
choose hero for p in profiles {
  from  v in variants where v.locale == p.locale
  over  s in stats where s.variant == v.id
  by    thompson(success: s.clicks, trials: s.views, prior: [1, 20])
  floor 1%
}
END
{ echo id,locale; i=1; while [ $i -le 20 ]; do echo "v$i,en"; i=$((i + 1)); done; } > "$work/variants.csv"
{ echo variant,clicks,views; i=1; while [ $i -le 20 ]; do echo "v$i,$((i * 5)),1000"; i=$((i + 1)); done; } > "$work/stats.csv"
awk -v n="$lines" 'BEGIN { for (i = 0; i < n; i++) printf "{\"id\":\"p%d\",\"locale\":\"en\",\"d\":\"d%d\"}\n", i, i }' > "$work/in.ndjson"
cpu() { awk 'NR == 2 { split($1, u, "m"); split($2, s, "m"); print u[1] * 60 + u[2] + s[1] * 60 + s[2] }' "$work/times"; }
took() { # NAME COMMAND...: by the shell's own count of what its children used
  name=$1; shift
  times > "$work/times"
  before=$(cpu)
  "$@" < "$work/in.ndjson" > "$work/out.ndjson"
  times > "$work/times"
  after=$(cpu)
  awk -v name="$name" -v t="$before $after" -v n="$lines" 'BEGIN { split(t, x, " "); d = x[2] - x[1]; printf "lines   %-26s %9d a second, %.1f us each\n", name, n / d, d / n * 1e6 }'
}
decide() { "$blazon" decide hero "$work/rules.blz" --source variants="$work/variants.csv" --source stats="$work/stats.csv" --lines --id-member d "$@"; }
took "decide --lines --no-log" decide --no-log
took "decide --lines --state" decide --state "$work/state.db"
if command -v jq > /dev/null; then took "jq -c .id" jq -c .id; else echo "jq is not installed: not measured beside it"; fi
rm -rf "$work"
