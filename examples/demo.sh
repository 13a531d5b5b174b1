#!/bin/sh
# Shows Blazon on real input: `make demo`. demo.sh BLAZON. Findings are what it is there to show, so it ends with 0 although there are some.
set -eu
blazon=$1
out=${BUILD:-build}/demo
here=$(dirname "$0")
mkdir -p "$out"

say() { printf '\n== %s\n' "$1"; }
run() {
  printf '$ %s\n' "$*"
  status=0
  "$@" || status=$?
  case $status in
    0 | 1) ;; # 1: findings
    *) echo "demo.sh: that ended with status $status" >&2; exit "$status" ;;
  esac
}

say "Morrow Coffee's library: 360 assets and what belongs to them ($out/dam.db)"
"$here/dam/make.sh" "$out/dam.db"
run "$blazon" validate "$here/dam" --db "$out/dam.db" --now 2026-06-15T09:00:00Z
say "Whom the launch of cold brew may be sent to"
run "$blazon" match morrow.audiences.cold_brew_launch "$here/dam" --db "$out/dam.db" --now 2026-06-15T09:00:00Z --to "$out/cold-brew.csv"

say "The newsletter of each campaign, put together from parts"
run "$blazon" assemble newsletter "$here/dam" --db "$out/dam.db" --now 2026-06-15T09:00:00Z --limit 1

if command -v npm > /dev/null 2>&1; then
  for version in 16.37.0 5.0.0; do
    say "simple-icons $version: its data file against its schema"
    if source=$("$here/simple-icons/fetch.sh" "$version" "$out/simple-icons"); then
      run "$blazon" validate "$here/simple-icons" --source "$source"
    else
      echo "skipped: the package could not be fetched"
    fi
  done
else
  say "simple-icons: skipped, because npm is not installed"
fi
say "What one person sees at the top of the shop, and why"
rm -f "$out/state.db" "$out/state.db-wal" "$out/state.db-shm"
run "$blazon" decide hero "$here/dam" --db "$out/dam.db" --now 2026-06-15T09:00:00Z --state "$out/state.db" --subject P-0012 --explain
say "Done. Findings are what this shows, so make ends well; \`blazon validate\` itself ends with 1 when there are errors."
