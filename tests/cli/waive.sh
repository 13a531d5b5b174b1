#!/bin/bash
# Waivers from the outside: blazon waive prints them, validate honors them and tells of those that do nothing, in every format.
. "$(dirname "$0")/common.inc"
write_library
cp rules.blz plain.blz

run waive wide A-2 --rules plain.blz --db lib.db --now 2026-11-22 --because 'so "it" is {agreed}'
exits "a waiver is printed" 0
says "for the record" out 'waive lib.wide for "A-2" {'
says "what the rule says, as a comment" out '// A-2 is only 300 pixels wide'
says "with an end in 90 days" out 'until   2027-02-20'
says "the reason, quoted" out 'because "so \"it\" is \{agreed}"'
says "the rule's owner" out 'owner   "web team"'
cp out waiver
cat plain.blz waiver > rules.blz
run check rules.blz
exits "it compiles" 0
lacks "without a warning" out W066

run validate rules.blz --db lib.db --now 2026-11-22 --only wide --format json
json "the record is waived" '$.summary.counts.waived' 1
json "and no failure" '$.summary.counts.fail' 0
json "it is listed" '$.waived[0].key' A-2
json "with its reason" '$.waived[0].because' 'so "it" is {agreed}'
json "its end" '$.waived[0].until' 2027-02-20
json "its place" '$.waived[0].declared.file' rules.blz
json "and what the rule would say" '$.waived[0].message' 'A-2 is only 300 pixels wide'
if command -v python3 > /dev/null && python3 -c 'import jsonschema' 2> /dev/null; then
  if python3 -c 'import json, sys, jsonschema; jsonschema.validate(json.load(open("out")), json.load(open(sys.argv[1])))' "$ROOT/docs/schema/findings.schema.json" > err 2>&1
  then ok "it fits the schema"; else not_ok "it fits the schema"; fi
else skip "it fits the schema" "python3-jsonschema is not installed"; fi
run validate rules.blz --db lib.db --now 2026-11-22 --only wide --format sarif
sarif() { sqlite3 :memory: "select group_concat(json_extract(r.value, '$.$1')) from json_each(cast(readfile('out') as text), '$.runs[0].results') r where json_extract(r.value, '$.suppressions') is not null"; }
same "SARIF suppresses it" "$(sarif 'suppressions[0].kind')" external
same "as accepted" "$(sarif 'suppressions[0].status')" accepted
same "at the waiver" "$(sarif 'suppressions[0].location.physicalLocation.artifactLocation.uri')" rules.blz
run validate rules.blz --db lib.db --now 2026-11-22 --only wide --format junit
says "JUnit tells it" out 'A-2: waived until 2027-02-20: so &quot;it&quot; is {agreed} (web team)'
run validate rules.blz --db lib.db --now 2026-11-22 --only wide --format github
says "GitHub notes it at the waiver" out '::notice file=rules.blz,line='
run validate rules.blz --db lib.db --now 2026-11-22 --only wide
says "text lists it" out 'waived until 2027-02-20'
says "and counts it" out '1 finding is waived'
run validate rules.blz --db lib.db --now 2026-11-22 --explain wide A-2
exits "an explained waived verdict is fine" 0
says "the explanation names the waiver" out 'waived until 2027-02-20: so "it" is {agreed} (web team)'
run build rules.blz -o rules.bundle
run validate rules.bundle --db lib.db --now 2026-11-22 --only wide --format json
json "a bundle waives it, too" '$.summary.counts.waived' 1
run waive wide A-2 --rules rules.bundle --db lib.db --now 2026-11-22
says "a waived record can be waived anew" err 'is waived already at rules.blz:'

# ---- waivers that do nothing ----
sqlite3 lib.db "update assets set width = 310 where id = 'A-2'"
run validate rules.blz --db lib.db --now 2026-11-22 --only wide
exits "an edited record fails again" 1
says "with the reason" out 'W0962'
says "and the waiver's place" out 'at rules.blz:'
run validate rules.blz --db lib.db --now 2027-02-21 --only wide
says "so does an ended waiver" out 'ended on 2027-02-20'
run validate rules.blz --db lib.db --now 2027-02-20 --only wide
lacks "which holds on its last day" out 'ended on'
sqlite3 lib.db "update assets set width = 3000 where id = 'A-2'"
run validate rules.blz --db lib.db --now 2026-11-22 --only wide --format json --allow error
exits "a waiver that is not needed is a warning" 0
json "W0961" '$.findings[1].rule' W0961
json "with the waiver's place" '$.findings[1].declared.file' rules.blz
run validate rules.blz --db lib.db --now 2026-11-22 --only wide --allow error --fail-on warning
exits "--fail-on warning minds it" 1
sqlite3 lib.db "delete from assets where id = 'A-2'"
run validate rules.blz --db lib.db --now 2026-11-22 --only wide --format github
says "so is one for nobody" out 'A-2: `lib.wide` is waived for a record that is not there'
run validate rules.blz --db lib.db --now 2026-11-22 --only wide --sample 2
lacks "a sample does not tell that" out W0961
run validate rules.blz --db lib.db --now 2026-11-22 --only red
lacks "nor does a run of other rules" out W0961

# ---- what cannot be waived ----
run waive wide A-1 --rules plain.blz --db lib.db
exits "a record that passes" 1
says "is told so" err 'it passes'
run waive wide A-4 --rules plain.blz --db lib.db
exits "a record in error" 1
says "is told so, too" err 'no waiver covers that'
run waive wide A-999 --rules plain.blz --db lib.db
exits "a record that is not there" 4
run waive wdie A-1 --rules plain.blz --db lib.db
exits "a rule that is not there" 4
says "with the near name" err 'lib.wide'
run waive wide A-1 --db lib.db
exits "no rules" 4
run waive wide A-1 --rules plain.blz --db lib.db --until tomorrow
exits "no date" 4
run waive wide A-1 --rules plain.blz --db lib.db --until 2020-01-01
exits "a date that has passed" 4
run waive wide A-1 --rules plain.blz --db nothing.db
exits "no data" 3
run waive wide A-1 --rules plain.blz
exits "no data named" 3
same "is told once" "$(grep -c 'has no data' err)" 1
says "with what to do" err '--source assets=FILE'
finish
