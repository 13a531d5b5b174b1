#!/bin/bash
# Runs the examples and compares with what they are known to find: tests/examples.sh BUILD_VARIANT_DIR
#
# The asset library against examples/dam/expected.tsv (BLESS=1 rewrites it: read the diff); simple-icons against what the project's own schema check
# said of old releases, where npm and the reference vectors are at hand; SARIF against its schema; the installed library, embedded by a C program.
set -u
cd "$(dirname "$0")/.." || exit 3
B=$1
blazon=$PWD/$B/blazon
work=$(realpath -m "${BUILD:-build}")/examples
now=2026-06-15T09:00:00Z
rm -rf "$work"; mkdir -p "$work"
export NO_COLOR=1
n=0 bad=0
pass() { n=$((n + 1)); echo "ok $n - $1"; }
skip() { n=$((n + 1)); echo "ok $n - $1 # SKIP $2"; }
fail() { n=$((n + 1)); bad=$((bad + 1)); echo "not ok $n - $1"; sed 's/^/    /' | head -n 40; }
same() { # NAME EXPECTED ACTUAL
  if diff -u "$2" "$3" > "$work/diff"; then pass "$1"; else fail "$1" < "$work/diff"; fi
}
json() { sqlite3 -batch -separator $'\t' :memory: "$1"; }
# a JSON report -> one line a rule with findings, one a column with bad data
by_rule() {
  json "SELECT 'rule', json_extract(value,'\$.rule'), json_extract(value,'\$.counts.fail'), json_extract(value,'\$.counts.unknown'),
          json_extract(value,'\$.counts.error'), json_extract(value,'\$.counts.vacuous')
        FROM json_each(readfile('$1'),'\$.rules')
        WHERE json_extract(value,'\$.counts.fail') + json_extract(value,'\$.counts.unknown') + json_extract(value,'\$.counts.error') +
          json_extract(value,'\$.counts.vacuous') > 0 ORDER BY 2;
        SELECT 'data', json_extract(value,'\$.source'), coalesce(json_extract(value,'\$.column'),''), json_extract(value,'\$.rule'), count(*)
        FROM json_each(readfile('$1'),'\$.findings') WHERE json_extract(value,'\$.kind') = 'data' GROUP BY 2, 3, 4 ORDER BY 2, 3, 4"
}

# ---- tests beside the rules: every condition seen true and false ----
for rules in examples/dam examples/simple-icons examples/tone-of-voice examples/rights examples/accessibility examples/channels examples/metadata; do
  if "$blazon" test $rules --min-coverage 100% > "$work/tests" 2>&1; then pass "$rules: its tests pass and reach everything"; else fail "$rules: test" < "$work/tests"; fi
done

# ---- the asset library ----
db=$work/dam.db
if ! command -v sqlite3 > /dev/null; then
  skip "asset library" "the sqlite3 command is not installed"
elif ! examples/dam/make.sh "$db" 2> "$work/err"; then
  fail "the asset library is made" < "$work/err"
else
  if "$blazon" check examples/dam --db "$db" > "$work/check" 2>&1; then pass "dam: the rules compile and fit the database"; else fail "dam: check" < "$work/check"; fi
  "$blazon" validate examples/dam --db "$db" --now $now --format json --max-findings 1000000 > "$work/dam.json" 2> "$work/err"
  rc=$?
  if [ $rc -eq 1 ]; then pass "dam: validate ends with 1"; else fail "dam: validate ends with $rc, not 1" < "$work/err"; fi
  by_rule "$work/dam.json" > "$work/dam.tsv"
  for audience in adults reachable lapsed_buyers oat_lovers cold_brew_launch; do
    "$blazon" match "morrow.audiences.$audience" examples/dam --db "$db" --now $now --allow error --to "$work/$audience.csv" > "$work/match" 2>&1 ||
      echo "match $audience ended with $?" >> "$work/dam.tsv"
    tail -n +2 "$work/$audience.csv" | awk -F, -v a=$audience '{ n[$3]++ } END { for (v in n) print "audience\t" a "\t" v "\t" n[v] }' | LC_ALL=C sort >> "$work/dam.tsv"
  done
  # exceptions, and what the rules propose: the patch is applied to a copy, which is then without those findings
  cp "$db" "$work/fixed.db"
  "$blazon" validate examples/dam --db "$db" --now $now --format json --fix --write "$work/fix.sql" > "$work/fix.json" 2> "$work/err"
  json "SELECT 'waived', json_extract(value,'\$.rule'), json_extract(value,'\$.key'), json_extract(value,'\$.until') FROM json_each(readfile('$work/fix.json'),'\$.waived');
        SELECT 'fix', json_extract(value,'\$.rule'), sum(json_extract(value,'\$.made')), sum(1 - json_extract(value,'\$.made'))
        FROM json_each(readfile('$work/fix.json'),'\$.fixes') GROUP BY 2 ORDER BY 2" >> "$work/dam.tsv"
  sqlite3 "$work/fixed.db" < "$work/fix.sql" > "$work/applied" 2>&1
  "$blazon" validate examples/dam --db "$work/fixed.db" --now $now --format json > "$work/fixed.json" 2> "$work/err"
  json "SELECT 'fixed', json_extract(a.value,'\$.rule'), json_extract(a.value,'\$.counts.fail') - json_extract(b.value,'\$.counts.fail')
        FROM json_each(readfile('$work/fix.json'),'\$.rules') a JOIN json_each(readfile('$work/fixed.json'),'\$.rules') b ON b.key = a.key
        WHERE json_extract(a.value,'\$.counts') != json_extract(b.value,'\$.counts') ORDER BY 2" >> "$work/dam.tsv"
  "$blazon" assemble newsletter examples/dam --db "$db" --now $now --to "$work/newsletter.csv" > "$work/match" 2>&1 || echo "assemble ended with $?" >> "$work/dam.tsv"
  tail -n +2 "$work/newsletter.csv" | tr -d '\r' | awk -F, '{ print "newsletter\t" $2 "\t" $3 "\t" $5 "\t" $6 "\t" $7 }' >> "$work/dam.tsv"
  # decisions: sticky, so the draws hash the assignment's number and are the same every time
  rm -f "$work/dam-state.db"*
  "$blazon" decide hero examples/dam --db "$db" --now $now --all --state "$work/dam-state.db" > "$work/decided" 2> "$work/err" || echo "decide ended with $?" >> "$work/dam.tsv"
  sqlite3 -separator "$(printf '\t')" "$work/dam-state.db" "select 'hero', stage, candidate, count(*) from decisions group by 2, 3 order by 2, 3" >> "$work/dam.tsv"
  "$blazon" decide subject_line examples/dam --db "$db" --now $now --all --no-log > "$work/arms" 2> "$work/err" || echo "decide ended with $?" >> "$work/dam.tsv"
  sed 's/.*"arm":\("[^"]*"\|null\).*/\1/' "$work/arms" | LC_ALL=C sort | uniq -c | awk '{ print "subject_line\t" $2 "\t" $1 }' >> "$work/dam.tsv"
  [ "${BLESS:-}" = 1 ] && cp "$work/dam.tsv" examples/dam/expected.tsv
  same "dam: findings by rule, bad data by column, audiences" examples/dam/expected.tsv "$work/dam.tsv"

  # the same from a bundle, and by several workers
  if "$blazon" build examples/dam -o "$work/dam.bundle" > "$work/err" 2>&1; then
    "$blazon" validate "$work/dam.bundle" --db "$db" --now $now --format json --max-findings 1000000 > "$work/bundle.json" 2> "$work/err"
    by_rule "$work/bundle.json" > "$work/bundle.tsv"
    head -n "$(wc -l < "$work/bundle.tsv")" "$work/dam.tsv" > "$work/files.tsv"
    same "dam: a bundle finds the same" "$work/files.tsv" "$work/bundle.tsv"
  else fail "dam: build" < "$work/err"; fi
  "$blazon" validate examples/dam --db "$db" --now $now --format json --max-findings 1000000 --jobs 3 > "$work/jobs.json" 2> "$work/err"
  same "dam: three workers write the same report" "$work/dam.json" "$work/jobs.json"
fi

# ---- tone of voice ----
voice=examples/tone-of-voice
if ! command -v sqlite3 > /dev/null; then
  skip "tone of voice" "the sqlite3 command is not installed"
else
  "$blazon" validate $voice --source copy=$voice/copy.ndjson --format json --max-findings 1000000 > "$work/voice.json" 2> "$work/err"
  rc=$?
  if [ $rc -eq 1 ]; then pass "voice: validate ends with 1"; else fail "voice: validate ends with $rc, not 1" < "$work/err"; fi
  by_rule "$work/voice.json" > "$work/voice.tsv"
  json "SELECT 'says', json_extract(value,'\$.rule'), json_extract(value,'\$.key'), json_extract(value,'\$.message')
        FROM json_each(readfile('$work/voice.json'),'\$.findings') WHERE json_extract(value,'\$.message') LIKE '%say%' ORDER BY 2, 3, 4" >> "$work/voice.tsv"
  [ "${BLESS:-}" = 1 ] && cp "$work/voice.tsv" $voice/expected.tsv
  same "voice: findings by rule, and what they propose" $voice/expected.tsv "$work/voice.tsv"
  "$blazon" validate $voice --source copy=$voice/copy.ndjson --fix 2> "$work/err" | grep -E '^(fix|    +[-+])' > "$work/voice-fixes"
  [ "${BLESS:-}" = 1 ] && cp "$work/voice-fixes" $voice/fixes.txt
  same "voice: what is proposed" $voice/fixes.txt "$work/voice-fixes"
  "$blazon" build $voice -o "$work/voice.bundle" > "$work/err" 2>&1 &&
    "$blazon" validate "$work/voice.bundle" --source copy=$voice/copy.ndjson --format json --max-findings 1000000 > "$work/voice-bundle.json" 2> "$work/err"
  by_rule "$work/voice-bundle.json" > "$work/voice-bundle.tsv"
  by_rule "$work/voice.json" > "$work/voice-files.tsv"
  same "voice: a bundle, which carries the lists, finds the same" "$work/voice-files.tsv" "$work/voice-bundle.tsv"
  cut -d, -f1 $voice/terms/*.csv | grep -vx term | tr '[:upper:]' '[:lower:]' | LC_ALL=C sort | uniq -d > "$work/twice"
  if [ -s "$work/twice" ]; then fail "voice: a term stands in two lists" < "$work/twice"; else pass "voice: no term stands in two lists"; fi
fi

# ---- the examples that are one folder of rules and small files ----
# library NAME FILE...: the sources of examples/NAME are its FILEs, each named as its source. What it finds, waives and proposes, and who is in its audiences,
# is expected.tsv (BLESS=1 rewrites it); a bundle finds the same.
library() {
  local name=$1 dir=examples/$1 f rc out=$work/$1 sources=()
  shift
  for f; do sources+=(--source "${f%.*}=$dir/$f"); done
  if ! command -v sqlite3 > /dev/null; then skip "$name" "the sqlite3 command is not installed"; return; fi
  if "$blazon" check "$dir" "${sources[@]}" --strict > "$out.check" 2>&1; then pass "$name: the rules compile and fit the files"; else fail "$name: check" < "$out.check"; fi
  "$blazon" validate "$dir" "${sources[@]}" --now $now --format json --max-findings all --fix > "$out.json" 2> "$work/err"
  rc=$?
  if [ $rc -eq 1 ]; then pass "$name: validate ends with 1"; else fail "$name: validate ends with $rc, not 1" < "$work/err"; fi
  {
    by_rule "$out.json"
    json "SELECT 'says', coalesce(json_extract(value,'\$.rule'),''), coalesce(json_extract(value,'\$.key'), json_extract(value,'\$.position'), ''), json_extract(value,'\$.severity'),
            json_extract(value,'\$.verdict'), replace(json_extract(value,'\$.message'), char(10), ' / ')
          FROM json_each(readfile('$out.json'),'\$.findings') ORDER BY 2, 3, 6;
          SELECT 'waived', json_extract(value,'\$.rule'), json_extract(value,'\$.key'), json_extract(value,'\$.until')
          FROM json_each(readfile('$out.json'),'\$.waived') ORDER BY 2, 3;
          SELECT 'fix', json_extract(value,'\$.rules'), json_extract(value,'\$.key'), json_extract(value,'\$.field'), json_extract(value,'\$.old'), '->',
            json_extract(value,'\$.new'), CASE json_extract(value,'\$.made') WHEN 1 THEN '' ELSE 'not made' END
          FROM json_each(readfile('$out.json'),'\$.fixes') ORDER BY 2, 3, 4"
    for f in $(sed -n 's/^audience \([a-z_]*\) .*/\1/p' "$dir"/*.blz); do
      "$blazon" match "$f" "$dir" "${sources[@]}" --now $now --allow error --quiet --to "$out.csv" > /dev/null 2> "$work/err" || echo "match $f ended with $?"
      tr -d '\r' < "$out.csv" | awk -F, -v a="$f" 'NR > 1 { n[$3]++; if ($3 == "in") who = who " " $2 } END { for (v in n) print "audience\t" a "\t" v "\t" n[v] (v == "in" ? "\t" who : "") }' | LC_ALL=C sort
    done
  } > "$out.tsv"
  [ "${BLESS:-}" = 1 ] && cp "$out.tsv" "$dir/expected.tsv"
  same "$name: findings, exceptions, proposals and audiences" "$dir/expected.tsv" "$out.tsv"
  by_rule "$out.json" > "$out.files"
  "$blazon" build "$dir" -o "$out.bundle" > "$work/err" 2>&1 &&
    "$blazon" validate "$out.bundle" "${sources[@]}" --now $now --format json --max-findings all > "$out.json" 2> "$work/err"
  by_rule "$out.json" > "$out.tsv"
  same "$name: a bundle finds the same" "$out.files" "$out.tsv"
}
library rights licenses.csv assets.csv releases.csv uses.csv grants.csv
library accessibility pages.csv images.ndjson texts.csv controls.csv films.ndjson
library channels creatives.csv
library metadata assets.ndjson collections.csv subjects.csv
# a baseline: what was known is no news; the next bad entry is
if command -v sqlite3 > /dev/null; then
  md=examples/metadata
  entries=(--source collections=$md/collections.csv --source subjects=$md/subjects.csv --now $now --baseline $md/known.txt)
  "$blazon" validate $md --source assets=$md/assets.ndjson "${entries[@]}" > "$work/out" 2>&1
  rc=$?
  if [ $rc -eq 0 ]; then pass "metadata: what is known is no news"; else fail "metadata: the baseline" < "$work/out"; fi
  { cat $md/assets.ndjson; sed -n '22s/BA-0022/BA-0023/; s/octopus-camera/octopus-again/; s/One arm[^"]*/no/p' $md/assets.ndjson; } > "$work/more.ndjson"
  "$blazon" validate $md --source assets="$work/more.ndjson" "${entries[@]}" > "$work/out" 2>&1
  rc=$?
  if [ $rc -eq 1 ] && grep -q 'BA-0023  10 to 150 characters' "$work/out" && ! grep -q 'BA-0003' "$work/out"
  then pass "metadata: the next bad entry is"; else fail "metadata: a new entry, $rc" < "$work/out"; fi
fi

# ---- SARIF ----
if [ -e "$db" ]; then
  "$blazon" validate examples/dam --db "$db" --now $now --format sarif > "$work/dam.sarif" 2> "$work/err"
  "$blazon" validate examples/dam --db "$db" --now $now --format sarif --max-findings 3 --fix > "$work/fix.sarif" 2> "$work/err"
  "$blazon" validate examples/rights --source assets=examples/rights/assets.csv --now $now --format sarif > "$work/no-data.sarif" 2> "$work/err"
  printf 'module m\nrecord R {\n  id : txt\n' > "$work/bad.blz"
  "$blazon" check "$work/bad.blz" --format sarif > "$work/bad.sarif" 2> "$work/err"
  rc=77
  if ! command -v python3 > /dev/null; then echo "python3 is not installed" > "$work/sarif.log"
  else python3 tests/sarif.py "${BUILD:-build}/sarif" "$work"/{dam,fix,no-data,bad}.sarif > "$work/sarif.log" 2>&1; rc=$?; fi
  case $rc in
    0) pass "SARIF fits its schema" ;;
    77) skip "SARIF fits its schema" "$(tail -n 1 "$work/sarif.log")" ;;
    *) fail "SARIF fits its schema" < "$work/sarif.log" ;;
  esac
fi

# ---- simple-icons ----
vectors=../shared/vectors/simple_icons/jsonschema_failures.tsv
icons() { # VERSION COUNT
  local version=$1 count=$2 source rc path
  source=$(examples/simple-icons/fetch.sh "$version" "${BUILD:-build}/simple-icons" 2> "$work/err")
  rc=$?
  if [ $rc -eq 77 ]; then skip "simple-icons $version" "$(tail -n 1 "$work/err")"; return; fi
  if [ $rc -ne 0 ]; then fail "simple-icons $version: fetch" < "$work/err"; return; fi
  "$blazon" validate examples/simple-icons --source "$source" --format json --max-findings 1000000 > "$work/icons-$version.json" 2> "$work/err"
  rc=$?
  [ $rc -le 1 ] || { fail "simple-icons $version: validate ended with $rc" < "$work/err"; return; }
  path='$'; case $source in *#/icons) path='$.icons' ;; esac
  # entries by position -> title, and the member of the entry that the finding is about
  json "SELECT DISTINCT '$version', json_extract(i.value,'\$.title'), json_extract(f.value,'\$.field')
        FROM json_each(readfile('$work/icons-$version.json'),'\$.findings') f
        JOIN json_each(readfile('$(sed 's/^icons=//; s/#.*//' <<< "$source")'),'$path') i ON i.key = json_extract(f.value,'\$.position') - 1
        WHERE json_extract(f.value,'\$.severity') = 'error'" | LC_ALL=C sort > "$work/icons-$version.tsv"
  [ "$(wc -l < "$work/icons-$version.tsv")" -eq "$count" ] && pass "simple-icons $version: $count entries and fields" ||
    fail "simple-icons $version: $(wc -l < "$work/icons-$version.tsv") instead of $count" < "$work/icons-$version.tsv"
  if [ ! -e $vectors ]; then skip "simple-icons $version: the same as the JSON schema" "no reference vectors beside the repository"; return; fi
  awk -F'\t' -v v="$version" '$1 == v { print $1 "\t" $2 "\t" $3 }' $vectors | LC_ALL=C sort > "$work/schema-$version.tsv"
  same "simple-icons $version: the same entries and fields as the JSON schema" "$work/schema-$version.tsv" "$work/icons-$version.tsv"
}
if command -v sqlite3 > /dev/null; then
  icons 1.0.0 86
  icons 5.0.0 84
  icons 16.37.0 0
fi

# ---- the campaign: an estimate from one policy's log, against what the other earns in truth ----
if ${CC:-gcc} -std=c11 -O2 -Wall -Wextra -Werror examples/campaign/simulate.c -o "$work/simulate" -lm > "$work/err" 2>&1; then
  world='drift=0.5 segments=1 spread=0.5 per_day=2000'
  # shellcheck disable=SC2086
  "$work/simulate" $world > "$work/campaign.csv"
  # shellcheck disable=SC2086
  truth=$("$work/simulate" --truth $world policy=examples/campaign/favorite.csv)
  "$blazon" evaluate --log "$work/campaign.csv" --map action=action,reward=reward,propensity=propensity,subject=subject \
    --policy examples/campaign/favorite.csv --format json > "$work/campaign.json" 2> "$work/err"
  held=$(json "SELECT json_extract(j,'\$.dr.low') < $truth AND $truth < json_extract(j,'\$.dr.high') FROM (SELECT CAST(readfile('$work/campaign.json') AS TEXT) AS j)")
  if [ "$held" = 1 ]; then pass "campaign: the estimate holds the truth, $truth"; else fail "campaign: the truth is $truth" < <(cat "$work/err" "$work/campaign.json"); fi
else fail "campaign: the simulator compiles" < "$work/err"; fi
if examples/campaign/loop.sh "$blazon" "$work/campaign" 8 per_day=500 low=0.01 high=0.2 delay=1 > "$work/loop" 2>&1; then
  found=$("$blazon" report --state "$work/campaign/decisions.db" --format json | sed -n 's/^ *"leader": "\(.*\)",/\1/p')
  best=$(for arm in 0 1 2 3 4 5; do
    printf 'action,probability\narm_%s,1\n' $arm > "$work/only.csv"
    echo "$("$work/simulate" --truth per_day=500 days=8 low=0.01 high=0.2 policy="$work/only.csv") arm_$arm"
  done | sort -g | tail -n 1 | cut -d' ' -f2)
  if [ -n "$best" ] && [ "$found" = "$best" ]; then pass "campaign: the loop finds the best arm, $best"; else fail "campaign: the loop finds $found, the best is $best" < "$work/loop"; fi
else fail "campaign: the loop" < "$work/loop"; fi

# ---- a native library ----
if ${CC:-gcc} -std=c11 -Wall -Wextra -Werror -O2 -fPIC -shared -I include examples/native/readability.c -o "$work/libreadability.so" 2> "$work/err"; then
  native=(--allow-native readability --native-path "$work")
  if "$blazon" test examples/native "${native[@]}" > "$work/out" 2>&1; then pass "native: its tests pass"; else fail "native: test" < "$work/out"; fi
  "$blazon" validate examples/native --source texts=examples/native/texts.ndjson "${native[@]}" > "$work/out" 2>&1
  rc=$?
  if [ $rc -eq 1 ] && grep -q 'everyday English' "$work/out" && grep -q 'reading_ease(body) is missing' "$work/out" && grep -q 'a sentence has 26 words' "$work/out"
  then pass "native: its functions decide"; else fail "native: validate ended with $rc" < "$work/out"; fi
  "$blazon" validate examples/native --source texts=examples/native/texts.ndjson > "$work/out" 2>&1
  rc=$?
  if [ $rc -eq 3 ] && grep -q 'does not allow' "$work/out"; then pass "native: refused unless allowed"; else fail "native: not allowed, ended with $rc" < "$work/out"; fi
else fail "native: the library does not compile" < "$work/err"; fi

# ---- the library, installed and embedded ----
stage=$work/stage
if make --no-print-directory -s BUILD="${BUILD:-build}" VARIANT="$(basename "$B")" install DESTDIR="$stage" PREFIX=/usr > "$work/install" 2>&1; then
  pass "make install"
  missing=$(for f in bin/blazon include/blazon.h include/blazon_native.h lib/libblazon.a lib/libblazon.so lib/pkgconfig/blazon.pc share/man/man1/blazon.1 \
    share/bash-completion/completions/blazon share/zsh/site-functions/_blazon share/fish/vendor_completions.d/blazon.fish share/doc/blazon/LICENSE; do
    [ -s "$stage/usr/$f" ] || echo "$f"
  done)
  [ -z "$missing" ] && pass "everything is installed" || fail "not installed" <<< "$missing"
  export PKG_CONFIG_PATH=$stage/usr/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$stage
  for c in examples/embed/*.c; do
    [ -e "$c" ] || continue
    name=$(basename "$c" .c)
    # shellcheck disable=SC2046
    if ${CC:-gcc} -std=c11 -Wall -Wextra -Werror "$c" -o "$work/$name" $(pkg-config --cflags --libs blazon) -pthread > "$work/err" 2>&1 &&
      (cd "$work" && LD_LIBRARY_PATH=$stage/usr/lib "./$name") > "$work/out" 2>&1; then pass "embed: $name with the shared library"
    else fail "embed: $name with the shared library" < <(cat "$work/err" "$work/out" 2> /dev/null); fi
    # the libraries behind it are the system's own: their paths need no prefix
    # shellcheck disable=SC2046
    if ${CC:-gcc} -std=c11 "$c" -o "$work/$name-static" -I"$stage/usr/include" "$stage/usr/lib/libblazon.a" \
      $(PKG_CONFIG_PATH='' PKG_CONFIG_SYSROOT_DIR='' pkg-config --libs $(sed -n 's/^Requires.private: //p' "$stage/usr/lib/pkgconfig/blazon.pc")) -lm -pthread > "$work/err" 2>&1 &&
      (cd "$work" && "./$name-static") > "$work/out" 2>&1; then pass "embed: $name with the static library"
    else fail "embed: $name with the static library" < <(cat "$work/err" "$work/out" 2> /dev/null); fi
  done
  unset PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
  make --no-print-directory -s BUILD="${BUILD:-build}" VARIANT="$(basename "$B")" uninstall DESTDIR="$stage" PREFIX=/usr > "$work/install" 2>&1
  left=$(find "$stage" -type f -o -type l)
  [ -z "$left" ] && pass "make uninstall leaves nothing" || fail "make uninstall leaves" <<< "$left"
else
  fail "make install" < "$work/install"
fi
[ $bad -eq 0 ]
