#!/bin/bash
# An experiment's arm for a subject not seen before: Blazon's library beside GrowthBook's SDK in the same run. bench/sdk.sh BUILD_VARIANT_DIR
# Needs node and npm, which fetches the package once; skips, visibly, without them.
set -u
B=$1
version=1.8.0
dir=$(dirname "$B")/bench/growthbook
command -v node > /dev/null && command -v npm > /dev/null || { echo "sdk     skipped: node and npm are not installed"; exit 0; }
mkdir -p "$dir"
if ! [ -e "$dir/node_modules/@growthbook/growthbook/package.json" ]; then
  (cd "$dir" && npm install --silent --no-audit --no-fund --prefix . "@growthbook/growthbook@$version" > npm.log 2>&1) ||
    { echo "sdk     skipped: the package could not be fetched"; exit 0; }
fi
cat > "$dir/run.mjs" << 'END'
import { createRequire } from "module";
const { GrowthBook } = createRequire(import.meta.url)("@growthbook/growthbook");
const gb = new GrowthBook({}), experiment = { key: "cta", variations: ["blue", "red"], hashAttribute: "id" };
function round(n, from) {
  const start = process.cpuUsage();
  let blue = 0;
  for (let i = 0; i < n; i++) {
    gb.setAttributes({ id: "user-" + (from + i) });
    blue += gb.run(experiment).value === "blue";
  }
  const used = process.cpuUsage(start);
  if (blue < n * 0.4 || blue > n * 0.6) throw new Error("the arms are not even");
  return (used.user + used.system) / n;
}
round(20000, 0);
const times = [];
for (let k = 1; k <= 7; k++) times.push(round(50000, k * 50000));
times.sort((a, b) => a - b);
console.log(times[3]);
END
theirs=$(cd "$dir" && node run.mjs) || { echo "sdk     GrowthBook's run failed"; exit 1; }
own=$("$B/bench/decide") || { echo "sdk     the benchmark of decisions failed"; exit 1; }
awk -v t="$theirs" -v a="$(sed -n 's/.*an experiment.s arm: \([0-9.]*\) us.*/\1/p' <<< "$own")" -v d="$(sed -n 's/.*evidence known: \([0-9.]*\) us.*/\1/p' <<< "$own")" \
  'BEGIN { printf "sdk     GrowthBook %.2f us, an arm %.2f us: %.1f times as fast; a decision with 20 candidates %.2f us: %.1f times\n", t, a, t / a, d, t / d }'
