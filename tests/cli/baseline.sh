#!/bin/bash
# validate --baseline: what is known is not told again, what is new breaks the run, what is gone is told as better.
. "$(dirname "$0")/common.inc"
write_library

validate() { run validate rules.blz --db lib.db --now 2026-11-22 --baseline base.txt "$@"; }
validate
exits "a baseline that is not there" 3
says "says how it is made" err '--update-baseline makes it'
run validate rules.blz --db lib.db --update-baseline
exits "--update-baseline needs a file" 4
validate --update-baseline --sample 2
exits "a sample cannot update" 4
if [ -e base.txt ]; then not_ok "and writes nothing"; else ok "and writes nothing"; fi
validate --update-baseline
exits "the first baseline" 0
says "says what it knows" err 'knows 8 findings now'
same "one line a finding, and a head" "$(wc -l < base.txt)" 9
tail -n +2 base.txt | LC_ALL=C sort -c && ok "sorted" || not_ok "sorted"
cp base.txt first.txt
validate --update-baseline
if cmp -s base.txt first.txt; then ok "the same data give the same bytes"; else not_ok "the same data give the same bytes"; fi
validate
exits "nothing new is good" 0
says "it is counted" out '8 findings are not told'
says "and said" out 'nothing new'
validate --jobs 4 --max-findings 0
exits "whatever the limits" 0
validate --format json
json "known in all" '$.baseline.known' 8
json "none listed" '$.summary.findings' 0
json "known verdicts are in no other count" '$.summary.counts.fail' 0

# ---- new and better ----
sqlite3 lib.db "update assets set width = 2000 where id = 'A-2'"
validate
says "what became better is told" out 'better: 1 finding of the baseline is gone: lib.wide A-2'
validate --format json
json "in JSON, too" '$.baseline.better[0].key' A-2
validate --only red
lacks "a run of other rules does not tell" out better
validate --only red --update-baseline
same "nor does it lose their lines" "$(grep -c 'lib.wide' base.txt)" "$(grep -c 'lib.wide' first.txt)"
validate --update-baseline -q
same "an update drops what is gone" "$(grep -c 'A-2' base.txt)" "$(($(grep -c 'A-2' first.txt) - 1))"
validate
exits "and all is good" 0
sqlite3 lib.db "update assets set width = 300 where id = 'A-2'"
validate
exits "what comes back is new" 1
says "and told" out 'A-2 is only 300 pixels wide'
validate --format sarif
same "new in SARIF" "$(sqlite3 :memory: "select json_extract(cast(readfile('out') as text), '$.runs[0].results[0].baselineState')")" new

# ---- merging, damage ----
sort -u first.txt base.txt first.txt > merged.txt; mv merged.txt base.txt
validate
exits "the lines of two branches together" 0
{ cat first.txt; echo '<<<<<<< HEAD'; } > base.txt
validate
exits "a conflict is refused" 3
says "with its line" err 'base.txt:10'
says "and what to do" err 'keep the lines of both sides'
printf 'lib.wide\tlib.assets\tA-2\tbroken\t0000000000000000\n' > base.txt
validate
says "no verdict" err 'fail, unknown or error'
validate --update-baseline
exits "a damaged one is not overwritten" 3
cp first.txt base.txt; sed -i 's/A-2/A-2\tx/' base.txt
validate
says "too many parts" err 'more than five parts'
sed '1s/baseline 1/baseline 2/' first.txt > base.txt
validate
exits "one of a newer version is refused" 3
says "and why" err 'base.txt:1: the file is of another version'
tr '\n' '\r' < first.txt | sed 's/\r/\r\n/g' > base.txt
validate
exits "line ends of other systems" 0
mkdir locked; cp first.txt locked/base.txt; chmod 555 locked; chmod 755 .
if lesser validate rules.blz --db lib.db --now 2026-11-22 --baseline locked/base.txt --update-baseline; then
  exits "a folder that cannot be written" 3
  if cmp -s locked/base.txt first.txt; then ok "leaves the old one"; else not_ok "leaves the old one"; fi
else skip "a folder that cannot be written" "root may write anywhere, and there is no setpriv"; fi
chmod 755 locked

# ---- records without a key ----
cat > k.blz << 'END'
record Row { name : text  n : int }
source rows : Row
rule small for r in rows { require r.n < 10 }
END
printf 'name,n\na,50\nb,60\nc,1\n' > rows.csv
keyless() { run validate k.blz --source rows=rows.csv --baseline k.txt "$@"; }
keyless --update-baseline
exits "rows without keys" 0
printf 'name,n\nnew,3\nc,1\nb,60\na,50\n' > rows.csv
keyless
exits "are known wherever they stand" 0
printf 'name,n\nb,60\na,50\nq,50\n' > rows.csv
keyless
exits "what the rule does not read is not looked at, but rows are counted" 1
says "one is new" out '1 finding (1 error)'
printf 'name,n\nb,61\na,50\n' > rows.csv
keyless
exits "another value is new" 1
says "and the old one gone" out 'better: 1 finding'
printf 'name,n\nb,x\na,50\n' > rows.csv
keyless --update-baseline
printf 'name,n\nq,1\na,50\nb,x\n' > rows.csv
keyless
exits "values that cannot be read are known by what they are" 0
printf 'name,n\nb,y\na,50\n' > rows.csv
keyless
exits "another one is new" 1
printf '# blazon baseline 2: of the future\n' > future.txt
run validate rules.blz --source rows=rows.csv --baseline future.txt
exits "a baseline of a newer version" 3
says "is refused" err 'of another version'
# A record that gets better in one of two ways is no news; one that gets worse is.
cat > parts.blz << 'END'
record P { id : text key  w : int  u : text? }
source ps : P
rule both for p in ps { require p.w > 5  require p.u exists  require p.w < 90 }
END
parts() { printf 'id,w,u\n%s\n' "$@" > ps.csv; run validate parts.blz --source ps=ps.csv --baseline parts.txt; }
printf 'id,w,u\na,1,\n' > ps.csv
run validate parts.blz --source ps=ps.csv --baseline parts.txt --update-baseline
exits "two clauses are broken" 0
parts 'a,7,'
exits "one of them is repaired: nothing is new" 0
says "it is known" out '1 finding is not told'
parts 'a,1,x'
exits "or the other" 0
parts 'a,99,'
exits "another one that breaks is new" 1
parts 'a,7,x'
says "none left is better" out 'better: 1 finding'
printf 'id,w,u\na,7,\n' > ps.csv
run validate parts.blz --source ps=ps.csv --baseline parts.txt --update-baseline
parts 'a,1,'
exits "and after an update what was repaired is new when it breaks again" 1
finish
