#!/bin/bash
# Output that is whole or not at all: files, full disks, closed pipes.
. "$(dirname "$0")/common.inc"
write_library

run validate rules.blz --db lib.db --output report.txt
exits "a report into a file" 1
silent "leaves nothing on standard output" out
if grep -q 'lib.wide' report.txt; then ok "and is there"; else not_ok "and is there"; fi
echo precious > report.txt
run validate rules.blz --db nowhere.db --output report.txt
exits "a database that is not there" 3
same "and the old report is still there" "$(cat report.txt)" precious
run validate rules.blz --db nowhere.db --format junit --output report.xml
exits "the same for machines" 3
if grep -q '<error type="run"' report.xml && ! grep -q '<testcase classname="lib" name="wide"/>' report.xml; then ok "says so, and that nothing passed"
else not_ok "says so, and that nothing passed"; fi
run build rules.blz -o /nowhere/x.blzb
exits "a folder that is not there" 3
says "is told in plain words" err 'there is no such folder'
echo precious > kept.blzb
printf 'let x = 1 && 2\n' > bad.blz
run build bad.blz -o kept.blzb
exits "broken rules build nothing" 2
same "and leave the old bundle" "$(cat kept.blzb)" precious

# What a run reads it never writes, whatever the option and however the path is written.
printf 'id,title,alt_text,width,colors\nA-1,Fine,,1600,"[]"\n' > assets.csv
mkdir -p rules && cp rules.blz rules/lib.blz
before=$(cat rules.blz lib.db assets.csv rules/lib.blz | cksum)
refuses() {
  run "$@"
  exits "refused: $*" 4
  says "and why" err 'is read by this run'
  same "and nothing is lost" "$(cat rules.blz lib.db assets.csv rules/lib.blz | cksum)" "$before"
}
refuses validate rules.blz --db lib.db -o rules.blz
refuses validate rules.blz --db lib.db -o "$PWD/lib.db"
refuses validate rules.blz --source assets=assets.csv -o ./assets.csv
refuses validate rules --db lib.db -o rules/lib.blz
refuses check rules.blz -o rules.blz
refuses build rules.blz -o rules.blz
refuses build rules -o rules/lib.blz
refuses disasm rules.blz -o rules.blz
refuses match tall rules.blz --source assets=assets.csv --to assets.csv
refuses validate rules.blz --db lib.db --baseline lib.db --update-baseline
for side in wal journal shm; do
  run validate rules.blz --db lib.db -o "$PWD/lib.db-$side"
  exits "refused: the database's -$side" 4
  says "and why" err 'where SQLite keeps changes'
  if [ -e "lib.db-$side" ]; then not_ok "and nothing is written"; else ok "and nothing is written"; fi
done
run validate rules.blz --db lib.db -o other.db-wal
exits "a name like that of another database is no matter" 1
ln -s assets.csv link.csv
refuses match tall --rules rules.blz --source assets=assets.csv --to link.csv
"$BLAZON" validate rules.blz --source assets=- -o assets.csv < assets.csv > out 2> err
rc=$?
exits "refused: standard input is that file" 4

if [ -e /dev/full ]; then
  "$BLAZON" validate rules.blz --db lib.db > /dev/full 2> err
  rc=$?
  exits "a full disk" 3
  says "is told" err 'the disk is full'
  run validate rules.blz --db lib.db --output /dev/full
  exits "a full disk by --output" 3
  "$BLAZON" help > /dev/full 2> err
  rc=$?
  exits "even of help" 3
else skip "a full disk" "there is no /dev/full"; fi

(ulimit -f 1; "$BLAZON" validate rules.blz --db lib.db --format sarif --output big.sarif 2> err; echo $? > code) 2> /dev/null
rc=$(cat code)
exits "a file that grows too large" 3
same "leaves nothing half-written" "$(ls big.sarif* 2> /dev/null)" ""

"$BLAZON" explain --list 2> err | head -n 1 > /dev/null
rc=${PIPESTATUS[0]}
exits "a reader that goes away" 0
silent "is no reason to complain" err
if [ "$(id -u)" -ne 0 ]; then
  mkdir ro && chmod 555 ro
  run build rules.blz -o ro/x.blzb
  exits "a folder that may not be written" 3
else
  run build rules.blz -o /proc/x.blzb
  exits "a folder that may not be written" 3
fi
finish
