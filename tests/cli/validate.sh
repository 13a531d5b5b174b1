#!/bin/bash
# blazon validate: verdicts, exit codes, selection, samples, explanations, in every format.
. "$(dirname "$0")/common.inc"
write_library

run check rules.blz --db lib.db
exits "check with a database" 0
run check --list rules.blz
says "check --list names the rules" out 'lib.wide'
says "and the fields that are checked" out 'lib.Asset.title'
says "and the audiences" out 'lib.tall'
run check --cost rules.blz
says "check --cost lists costs" out 'lib.red'

run validate rules.blz --db lib.db --now 2026-11-22
exits "findings end with 1" 1
says "the rule that fails" out 'lib.wide'
says "its message" out 'A-2 is only 300 pixels wide'
says "its guideline" out 'Heroes fill the screen'
says "its link" out 'https://brand.example/width'
says "its owner" out 'web team'
says "what is missing" out 'alt_text is missing'
says "a field's own rule" out 'lib.Asset.title'
says "a value that cannot be read" out 'wide'
says "vacuous passes" out 'vacuous'
says "rules that are not active" out 'not active'
says "those that have expired, by name" out 'expired: lib.old (until 2020-01-01)'
if [ "$(wc -l < out)" -lt 60 ]; then ok "four records fit a screen or two"; else not_ok "four records fit a screen or two"; fi
cp out first
run validate rules.blz --db lib.db --now 2026-11-22 --jobs 2
if diff <(sed 's/in [0-9.]* s/in s/' first) <(sed 's/in [0-9.]* s/in s/' out) > /dev/null; then ok "two threads say the same"; else not_ok "two threads say the same"; fi
run validate rules.blz --db lib.db --by record
says "by record" out 'lib.assets A-2'

run validate rules.blz --db lib.db --format json --now 2026-11-22
exits "JSON with findings" 1
json "its format" '$.format' 'blazon-findings/1'
json "its status" '$.status' 'complete'
json "the clock" '$.now' '2026-11-22T00:00:00Z'
json "the records" '$.summary.records' 4
json "ignored columns" '$.sources[0].ignored_columns' 1
count() { sqlite3 :memory: "select json_extract(r.value, '$.counts.$2') from json_each(cast(readfile('out') as text), '$.rules') r where json_extract(r.value, '$.rule') = '$1'"; }
same "wide fails once" "$(count lib.wide fail)" 1
same "wide is in error once" "$(count lib.wide error)" 1
same "wide passes twice" "$(count lib.wide pass)" 2
same "described is unknown once" "$(count lib.described unknown)" 1
same "described fails once" "$(count lib.described fail)" 1
same "red passes three times" "$(count lib.red pass)" 3
same "red is vacuous once" "$(count lib.red vacuous)" 1
same "old is inactive" "$(count lib.old inactive)" 4
finding() { sqlite3 :memory: "select json_extract(f.value, '$.$3') from json_each(cast(readfile('out') as text), '$.findings') f where json_extract(f.value, '$.rule') = '$1' and json_extract(f.value, '$.key') = '$2'"; }
same "a finding's verdict" "$(finding lib.wide A-2 verdict)" fail
same "its message" "$(finding lib.wide A-2 message)" 'A-2 is only 300 pixels wide'
same "what was expected" "$(finding lib.wide A-2 'clauses[0].expected')" 'a.width >= 1000'
same "what it is" "$(finding lib.wide A-2 'clauses[0].actual')" 300
same "an unknown's cause" "$(finding lib.described A-2 'clauses[0].causes[0].name')" alt_text
same "an error's cause" "$(finding lib.wide A-4 'clauses[0].causes[0].kind')" error
same "the bad value is a finding of its own" "$(finding E0899 A-4 column)" width
order=$(sqlite3 :memory: "select group_concat(json_extract(f.value, '$.kind') || json_extract(f.value, '$.rule') || json_extract(f.value, '$.key'), ' ') from json_each(cast(readfile('out') as text), '$.findings') f")
same "findings are sorted" "$order" "$(tr ' ' '\n' <<< "$order" | sort | paste -sd' ')"
if command -v python3 > /dev/null && python3 -c 'import jsonschema' 2> /dev/null; then
  if python3 -c 'import json,sys,jsonschema; jsonschema.validate(json.load(open("out")), json.load(open(sys.argv[1])))' "$ROOT/docs/schema/findings.schema.json" 2> err; then ok "the JSON is as its schema says"; else not_ok "the JSON is as its schema says"; fi
else skip "the JSON is as its schema says" "python3 with jsonschema is not installed"; fi

run validate rules.blz --db lib.db --format sarif
json "SARIF: a row is a logical location" '$.runs[0].results[0].locations[0].logicalLocations[0].kind' row
sql() { sqlite3 :memory: "select $1 from json_each(cast(readfile('out') as text), '$2') x where $3"; }
same "SARIF: rules have help" "$(sql 'count(*)' '$.runs[0].tool.driver.rules' "json_extract(x.value, '$.help.text') is null")" 0
same "SARIF: and a full description, which GitHub asks for" "$(sql 'count(*)' '$.runs[0].tool.driver.rules' "json_extract(x.value, '$.fullDescription.text') is null")" 0
indexed="json_extract(cast(readfile('out') as text), '$.runs[0].tool.driver.rules[' || json_extract(x.value, '$.ruleIndex') || '].id')"
same "SARIF: each result's rule is where its index says" "$(sql 'count(*)' '$.runs[0].results' "json_extract(x.value, '$.ruleId') != $indexed")" 0
run validate rules.blz --db lib.db --format junit
says "JUnit: a case a rule" out '<testcase classname="lib" name="wide">'
says "JUnit: a failure" out '<failure type="error" message="1 fail, 0 unknown, 1 error: Heroes fill the screen"'
says "JUnit: a rule that is not active is skipped" out '<skipped message="not active'
if command -v xmllint > /dev/null; then if xmllint --noout out 2> err; then ok "JUnit: well-formed"; else not_ok "JUnit: well-formed"; fi
else skip "JUnit: well-formed" "xmllint is not installed"; fi
run validate rules.blz --db lib.db --format github
says "GitHub: an annotation" out '::error file=rules.blz,line=15'
says "GitHub: a warning" out '::warning file=rules.blz'

run validate rules.blz --db lib.db --only described
exits "warnings alone end with 0" 0
run validate rules.blz --db lib.db --only described --fail-on warning
exits "unless they count" 1
run validate rules.blz --db lib.db --only 'lib.Asset' --format json
others="json_extract(x.value, '$.kind') = 'rule' and json_extract(x.value, '$.rule') not like 'lib.Asset.%'"
same "a record's name selects its fields" "$(sql 'count(*)' '$.findings' "$others")" 0
sed '$a ruleset chosen { Asset wide  except Asset.title }' rules.blz > chosen.blz
run validate chosen.blz --db lib.db --only chosen --format json
others="json_extract(x.value, '$.kind') = 'rule' and (json_extract(x.value, '$.rule') not in ('lib.wide') and json_extract(x.value, '$.rule') not like 'lib.Asset.%' or json_extract(x.value, '$.rule') = 'lib.Asset.title')"
same "a rule set's name selects its rules, and no other" "$(sql 'count(*)' '$.findings' "$others")" 0
same "and these are run" "$(sql 'count(*) > 0' '$.findings' "json_extract(x.value, '$.rule') = 'lib.wide'")" 1
run build chosen.blz -o chosen.blzb
run validate chosen.blzb --db lib.db --only chosen --format json
same "also from a bundle" "$(sql 'count(*)' '$.findings' "$others")" 0
# a source that other rules look into is read as narrowly as any when no chosen rule does
cat > refs.blz << 'END'
record Part { id : text key  size : int  note : int }
record Whole { id : text key  part : -> parts }
source parts : Part
source wholes : Whole
rule sized for p in parts { require p.size > 0 }
rule noted for w in wholes { require w.part.note > 0 }
END
printf 'id,size,note\np1,1,none\n' > parts.csv
printf 'id,part\nw1,p1\n' > wholes.csv
run validate refs.blz --source parts=parts.csv --source wholes=wholes.csv --only sized
exits "a column that no chosen rule reads is not looked at" 0
run validate refs.blz --source parts=parts.csv --source wholes=wholes.csv --only noted
exits "one that is read by reference is" 1
says "and its rule is in error" out '1 of 1 wholes in error'
run build refs.blz -o refs.blzb
run validate refs.blzb --source parts=parts.csv --source wholes=wholes.csv --only sized
exits "from a bundle, too" 0
run validate rules.blz --db lib.db --only wied
exits "no such rule is wrong usage" 4
says "and is suggested" err 'did you mean `lib.wide`?'
run validate rules.blz --db lib.db --only described --fail-on warning --allow unknown --format json
json "allowed unknowns do not count" '$.summary.breaking' 1
sqlite3 lib.db "update assets set alt_text = 'long enough' where id = 'A-3'"
run validate rules.blz --db lib.db --only described --fail-on warning --allow unknown
exits "--allow unknown" 0
run validate rules.blz --db lib.db --max-findings 1 --format json
json "--max-findings lists so many" '$.summary.listed' 1
json "but counts all" '$.summary.findings' 7
run validate rules.blz --db lib.db --max-findings 0
exits "--max-findings 0 is only a summary" 1

run validate rules.blz --db lib.db --explain wide A-2
exits "--explain ends as the verdict does" 1
says "names the verdict" out 'lib.wide on A-2: fail'
says "shows the value" out 'a.width  =  300'
says "shows the record" out 'title'
run validate rules.blz --db lib.db --explain wide A-1
exits "a pass" 0
run validate rules.blz --db lib.db --explain described A-2 --format json
json "as JSON" '$.verdict' unknown
json "with the cause" '$.clauses[0].causes[0].name' alt_text
run validate rules.blz --db lib.db --explain wide A-9
exits "no such record" 4
run validate rules.blz --db lib.db --explain wyde A-1
says "no such rule" err 'did you mean `lib.wide`?'

cat > nums.blz << 'END'
module n
record Row { id : int key   v : int }
source rows : Row from "rows"
rule even for r in rows { require r.v.mod(2) == 0 }
END
sqlite3 nums.db "create table rows (id integer primary key, v int not null); with recursive c(i) as (select 1 union all select i + 1 from c where i < 120000) insert into rows select i, i from c"
run validate nums.blz --db nums.db --sample 500 --format json
json "--sample N takes N rows" '$.summary.records' 500
sqlite3 :memory: "select json_extract(f.value, '$.key') from json_each(cast(readfile('out') as text), '$.findings') f" > sample1
run validate nums.blz --db nums.db --sample 500 --format json --jobs 1
sqlite3 :memory: "select json_extract(f.value, '$.key') from json_each(cast(readfile('out') as text), '$.findings') f" > sample2
if cmp -s sample1 sample2 && [ -s sample1 ]; then ok "the same rows every time"; else not_ok "the same rows every time"; fi
run validate nums.blz --db nums.db --sample 5% --format json
n=$(sqlite3 :memory: "select json_extract(cast(readfile('out') as text), '$.summary.records')")
if [ "$n" -gt 5500 ] && [ "$n" -lt 6500 ]; then ok "--sample P% takes about so many"; else not_ok "--sample P% takes about so many: $n"; fi
for jobs in 1 2 3; do
  run validate nums.blz --db nums.db --jobs $jobs --format json --now 2026-01-01
  cp out "jobs$jobs"
done
json "large tables are counted whole" '$.summary.findings' 60000
if cmp -s jobs1 jobs2 && cmp -s jobs1 jobs3; then ok "any number of threads gives the same bytes"; else not_ok "any number of threads gives the same bytes"; fi
sqlite3 holes.db << 'END'
create table rows (id int, v int not null, extra text);
with recursive c(i) as (select 1 union all select i + 1 from c where i < 60000)
insert into rows select case when i % 30000 = 0 then null when i % 25000 = 1 then 5 else i end, i, 'x' from c;
END
for jobs in 1 2 3; do
  run validate nums.blz --db holes.db --jobs $jobs --format json --now 2026-01-01
  cp out "holes$jobs"
done
if cmp -s holes1 holes2 && cmp -s holes1 holes3; then ok "rows without keys, and keys that stand twice, too"; else not_ok "rows without keys, and keys that stand twice, too"; fi
cp jobs1 out
json "ints sort as ints" '$.findings[4].key' 9

run validate rules.blz --db nowhere.db
exits "a database that is not there" 3
says "is named" err 'nowhere.db'
run validate rules.blz
exits "no database at all" 3
# a program that was killed in the middle of a change: nothing is read before SQLite has undone its half
cp lib.db cut.db
(sqlite3 cut.db 'pragma cache_size = 1; begin; with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000)
  insert into assets select i, i, printf("%200d", i), i, "[]", null from n;' '.shell kill -9 $PPID'; :) > out 2>&1
run validate rules.blz --db cut.db
exits "a database whose writer was killed" 3
says "what is half done is told" err 'was cut off: what it left half done must first be undone'
sqlite3 cut.db 'select count(*) from sqlite_schema' > out
run validate rules.blz --db cut.db
exits "and once it is undone the rows are those from before" 1
says "all four" out '4 records'

# a full-text index has statements of its own on the connection, whether its table is read or not
if sqlite3 fts.db "create virtual table assets using fts5(id, title, alt_text, width, colors); insert into assets values ('A-1', 'Fine', 'A cup of coffee', '1600', '[]')" 2> err; then
  run validate rules.blz --db fts.db
  exits "a full-text table is read like any other" 0
  says "with its row" out '1 record'
  cp lib.db beside.db
  sqlite3 beside.db "create virtual table search using fts5(title, content=''); create virtual table box using rtree(id, a, b)"
  run validate rules.blz --db beside.db --jobs 2
  exits "and one beside the tables does no harm" 1
  run validate rules.blz --db fts.db --explain wide A-1
  exits "nor when one record is explained" 0
else
  skip "full-text tables" "this sqlite3 has no fts5"
fi

echo 'this is no database, only some text that is long enough to look at' > text.db
run validate rules.blz --db text.db
exits "a file that is no database" 3
sqlite3 other.db "create table assets (id text primary key, titel text, alt_text text, width int, colors text)"
run validate rules.blz --db other.db
exits "a column that is not there" 3
says "is suggested" out 'titel'
run check rules.blz --db other.db
exits "check says so too" 3
run validate rules.blz --db lib.db --source icons=x.json
exits "a source that the rules do not have" 4
sqlite3 empty.db "create table assets (id text primary key not null, title text not null, alt_text text, width int not null, colors text not null)"
run validate rules.blz --db empty.db
exits "an empty table is fine" 0

cat > icons.blz << 'END'
module icons
record Icon { title : text   hex : text matches r"^[0-9A-F]{6}$" }
source icons : Icon
END
printf '{"icons": [{"title": "A", "hex": "00FF00"},\n  {"title": "B", "hex": "green"}]}' > icons.json
run validate icons.blz --source icons=icons.json#/icons --format json
exits "a JSON file" 1
json "records without a key are known by position" '$.findings[0].key' '#2'
json "with the line in the file" '$.findings[0].data_line' 2
"$BLAZON" validate icons.blz --source icons=- > out 2> err << 'END'
{"title": "A", "hex": "00FF00"}
{"title": "B", "hex": "oops"}
END
rc=$?
exits "NDJSON from standard input" 1
says "with its finding" out 'icons.Icon.hex'
printf 'title,hex\nA,00FF00\nB,123\n' > icons.csv
run validate icons.blz --source icons=icons.csv
exits "a CSV file" 1
run validate icons.blz
exits "no data at all is no pass" 3
says "and how to give some" err '--source icons=FILE'
run validate icons.blz --source icons=icons.json#/icons --explain Icon.hex '#2'
says "records without a key are explained by position" out 'icons.Icon.hex on #2: fail'
run validate icons.blz --source icons=nowhere.json
exits "a data file that is not there" 3
printf '{"icons": [{"title": "A", "hex": NaN}]}' > nan.json
run validate icons.blz --source icons=nan.json#/icons
exits "NaN is no JSON" 3

run build rules.blz -o rules.blzb
exits "build" 0
"$BLAZON" build rules.blz -o - > again.blzb
if cmp -s rules.blzb again.blzb; then ok "the same rules give the same bundle"; else not_ok "the same rules give the same bundle"; fi
run validate rules.blzb --db lib.db --format json --now 2026-11-22
cp out bundled
run validate rules.blz --db lib.db --format json --now 2026-11-22
if cmp -s out bundled; then ok "a bundle says what its rules say"; else not_ok "a bundle says what its rules say"; fi
run validate rules.blzb --db lib.db --explain wide A-2
says "and explains" out 'a.width  =  300'
run validate rules.blzb icons.blz --db lib.db
exits "a bundle stands alone" 3
head -c 200 rules.blzb > cut.blzb
run validate cut.blzb --db lib.db
exits "a bundle that is cut" 3
run disasm rules.blz --only lib.wide
exits "disasm" 0
silent "without complaint" err

cat > ref.blz << 'END'
record C { id : text key  n : int }
record A { id : text key  c : -> cs  k : int }
source cs : C from "cs"
source as_ : A from "as_"
rule through for a in as_ { require a.c.n > 5 otherwise "too low" }
rule own for a in as_ { require a.k > 5 otherwise "too low" }
END
echo '{"id":"c1","n":1}' > cs.ndjson
echo '{"id":"a1","c":"c1","k":2}' > as.ndjson
run validate ref.blz --source cs=cs.ndjson --source as_=as.ndjson
says "a field's value stands beside the rule's own words" out 'k is 2'
lacks "the key of a reference is not shown as the value behind it" out 'is "c1"'

# what steers a terminal is shown, not sent, in the names of files too; a zero byte ends no key
odd=$'odd\e[31m.json'
printf '[{"id": "A\\u0000B", "title": "x", "alt_text": "a cup of coffee", "width": 10, "colors": []}]' > "$odd"
run validate rules.blz --source "assets=$odd"
says "the place names the file" out 'odd'
if grep -q $'\e' out; then not_ok "without what steers a terminal"; else ok "without what steers a terminal"; fi
run validate rules.blz --source "assets=$odd" --explain wide '#1'
exits "a record whose key has a zero byte in it" 1
says "is named whole" out $'lib.wide on A\ufffdB: fail'

# what is wrong with a JSON file, in words that need no parser
not_json() { # TEXT PLACE MESSAGE
  printf '%s' "$1" > bad.json
  run validate rules.blz --source assets=bad.json
  says "$1" err "bad.json:$2: $3 [E0814]"
}
not_json '[yes]' 1:2 'no JSON value begins like this (text stands in double quotes)'
not_json '[// first' 1:2 'JSON has no comments'
not_json '[1.]' 1:2 'a digit is missing in this number'
not_json '["C:\images"]' 1:2 'a \ stands before a letter that has no meaning after it (a \ itself is doubled)'
not_json '["\u12"]' 1:2 'four hexadecimal digits are expected after \u'

# a limit that leaves one value says so
cat > exact.blz << 'END'
module exact
record Flag { id : text key  flag : text 1..1  bars : list 3..3 of text  year : int 2026..2026 }
source flags : Flag
END
echo '[{"id": "a", "flag": "", "bars": [], "year": 7}]' > flags.json
run validate exact.blz --source flags=flags.json
says "one character" out 'flag has 0 characters; exactly 1 is allowed'
says "three elements" out 'bars has 0 elements; exactly 3 are allowed'
says "one number" out 'year is 7; exactly 2026 is allowed'

# small things that people trip over
: > empty.blz
run validate empty.blz
says "an empty rule file is told" err '`empty.blz` is empty'
exits "and is no error" 0
run disasm rules.blz --only wide
says "disasm knows short names" out 'lib.wide'
run disasm rules.blz --only wyde
exits "and says when there is none" 4
printf '[{"id":"two\\nlines","size":0,"note":1}]' > parts.json
run validate refs.blz --source parts=parts.json --only sized
says "a key with a line break stays on its line" out 'two\nlines  size is 0'
printf 'record P { size : int }\nsource ps : P\nrule sized for p in ps { require p.size > 0 }\n' > keyless.blz
run validate keyless.blz --source ps=parts.json --explain sized 7
says "records without a key are named by position" err '`#1` is the first'
run validate rules.blz --db lib.db --only described --fail-on warning --allow unknown --format github
lacks "what is allowed is no warning" out '::warning'
# three clauses that read one broken reference say so once; a long condition is cut in the text, not in JSON
cat > broken.blz << 'END'
record P { id : text key  size : int  maker : -> makers }
record M { id : text key  n : int }
source ps : P
source makers : M
rule three for p in ps {
  require p.maker.n > 0
  require p.maker.n < 9
  require p.size > 0 otherwise "too small"
}
rule long for p in ps {
  require p.size == 1 or p.size == 2 or p.size == 3 or p.size == 4 or p.size == 5 or p.size == 6 or p.size == 7 or p.size == 8 or p.size == 90 otherwise "odd"
}
END
printf 'id,size,maker\n1,11,gone\n' > ps.csv
printf 'id,n\na,1\n' > makers.csv
run validate broken.blz --source ps=ps.csv --source makers=makers.csv --only three
same "a broken reference is told once a rule" "$(grep -c 'cannot tell: maker' out)" 1
run validate broken.blz --source ps=ps.csv --source makers=makers.csv --only long
says "the message comes first" out 'odd'
says "a long condition is cut" out 'p.size == 8 or …'
lacks "and its end left out" out 'p.size == 90'
run validate broken.blz --source ps=ps.csv --source makers=makers.csv --only long --format json
says "JSON has all of it" out 'p.size == 90'
# `passes` says which of its rules fail, and a derivation shows those that do not pass
cp "$ROOT/tests/golden/run/passes_names.blz" names.blz
sed -n 's|^//! assets ||p' names.blz > names.ndjson
run validate names.blz --source assets=names.ndjson --only own --only single
says "one rule that fails; what is waived passes" out 'a     the record does not pass all: nice and small'
says "a refinement has its record's name; what is unknown does not fail" out 'b     the record does not pass all: Asset.title, wide and round'
says "many" out 'c     the record does not pass all: Asset.width, wide, tall, even and 2 more'
says "of one rule nothing needs to be said" out 'b     the record does not pass one'
run validate names.blz --source assets=names.ndjson --only above
says "of a reference" out 'c     parent does not pass all: Asset.title, wide and round'
run validate names.blz --source assets=names.ndjson --explain own b
says "the derivation has the rules" out '    t.wide  fails'
says "with their parts" out '      a.width >= 100  is  false'
says "what is unknown" out '    t.tall  unknown'
says "and counts those that pass" out '    6 other rules  pass'
run validate names.blz --source assets=names.ndjson --explain own b --format json
json "so does JSON" '$.clauses[0].derivation.parts[1].text' t.wide
json "their verdicts" '$.clauses[0].derivation.parts[1].shown' fails
# Keys of several parts: no two look alike, and what a report shows finds the record again.
printf 'record K { a : text key  b : text key  w : int }\nsource ks : K\nrule kept for k in ks { require k.w > 3 }\n' > keys.blz
printf '[{"a":"x, y","b":"z","w":1},{"a":"x","b":"y, z","w":1},{"a":"q\\"","b":"","w":1}]' > ks.json
run validate keys.blz --source ks=ks.json
says "a part with a comma stands in quotes" out '"x, y", z'
says "whichever part it is" out 'x, "y, z"'
says "and one with a quote, and one that is empty" out '"q""", ""'
run validate keys.blz --source ks=ks.json --explain kept 'x'
says "a key with a part too few is told how it is written" err 'its key has 2 parts: `a, b`'
for key in '"x, y", z' 'x, "y, z"' '"q""", ""'; do
  run validate keys.blz --source ks=ks.json --explain kept "$key"
  exits "$key is found" 1
  says "and is that one" out "kept on $key: fail"
done
# A key that looks like a position is a key; a position is meant only where no record has it.
printf 'record H { id : text key  w : int }\nsource hs : H\nrule kept for h in hs { require h.w > 3 }\n' > hash.blz
printf '[{"id":"#2","w":1},{"id":"b","w":2},{"id":"","w":3}]' > hs.json
run validate hash.blz --source hs=hs.json --explain kept '#2'
says "a key that looks like a position is found" out 'kept on #2: fail'
run validate hash.blz --source hs=hs.json --explain kept '#3'
says "and a position where there is no such key" out 'w                    3'
run validate hash.blz --source hs=hs.json --explain kept '#4'
exits "and neither" 4
run waive kept '#2' --rules hash.blz --source hs=hs.json
says "an exception is made for the record of that key" out 'waive kept for "#2"'
# A clause that is false although a part of it is in error says what it is, not "(error)".
printf 'record E { id : text key  w : int }\nsource es : E\nrule both for e in es { require e.w.div(0) > 1 and e.w > 3 }\n' > both.blz
printf '[{"id":"a","w":1}]' > es.json
run validate both.blz --source es=es.json
says "the clause is quoted" out 'this does not hold: e.w.div(0) > 1 and e.w > 3'
run validate both.blz --source es=es.json --explain both a
says "in the derivation, too" out '> this does not hold: e.w.div(0) > 1 and e.w > 3'
# A file that is named twice, or lies in a folder that is named, is one file.
mkdir -p one && cp both.blz one/
run check one one/both.blz ./one/../one/both.blz
exits "a rule file named twice is read once" 0
run validate one --source es=es.json --db one.db --db two.db
exits "two databases" 4
says "are one too many" err '--db is given twice'
# A budget that is used up: whose it was.
cat > costly.blz << 'END'
record L { id : text key  l : list of int }
source ls : L
rule cheap for x in ls { require x.id != "" }
rule costly for x in ls { require every a in x.l: no b in x.l: b == a + 100_000_000 }
END
{ printf '[{"id":"small","l":[1]},{"id":"large","l":[1'; seq -s, 2 20000 | sed 's/^/,/' | tr -d '\n'; printf ']}]'; } > ls.json
run validate costly.blz --source ls=ls.json
exits "a budget that is used up ends the run" 3
says "with the rule and the record" err 'rule `costly` on `large`: the evaluation took more steps'
# Only elements that make a clause false are blamed for it, not those of which it cannot be told.
cat > blame.blz << 'END'
record Part { name : text key  of : text?  w : int }
record Whole { id : text key  tags : list of text }
source parts : Part
source wholes : Whole
rule light for x in wholes { require no p in parts: p.of == x.id and p.w > 3 }
rule plain for x in wholes { require no t in x.tags: t.length() > 2 and t != "abc" }
END
printf '[{"name":"lost","w":9},{"name":"heavy","of":"A","w":9},{"name":"ok","of":"A","w":1}]' > parts.json
printf '[{"id":"A","tags":["abc","defg"]}]' > wholes.json
run validate blame.blz --source parts=parts.json --source wholes=wholes.json
says "the row that breaks it, by its key" out 'parts has "heavy", for which this holds: p.of == id and p.w > 3'
lacks "not the row that may or may not" out '"lost"'
says "the element of a list" out 'tags has "defg", for which this holds'
run validate keys.blz --source ks=ks.json --sample 1
says "a sample says that it is one" out '1 record (a sample) checked against'
# What is the same for every row outlives the rows that it was read from.
cat > once.blz << 'END'
module once
record R { id : int key  n : int  t : text }
source rs : R from "rs"
let late = [b.t for b in rs where b.n > 95]
rule named for r in rs { require r.t in late or r.n < 95 }
rule mapped for r in rs { require map_of([b.t for b in rs], [b.n for b in rs]) contains r.t and r.t >= min(b.t for b in rs) }
rule listed for r in rs where r.n < 3 { require r.t in [b.t for b in rs where b.n == 2] }
END
(echo id,n,t; for i in $(seq 1 100); do echo "$i,$i,number $i"; done) > once.csv
run validate once.blz --source rs=once.csv --format json
same "lists, maps and texts that are computed once" "$(sqlite3 :memory: "select group_concat(json_extract(value, '$.rule') || ' ' || json_extract(value, '$.key')) from json_each(cast(readfile('out') as text), '$.findings')")" \
  "once.listed 1,once.named 95"

# a row without a key is told once, with why; a member that is not declared by the record's key
cat > keys.blz << 'END'
module keys
record A exact { id : int key  n : int }
source as : A from "as"
rule r for a in as { require a.n > 0 }
END
printf 'id,n\n1,1\n,2\nq,x\n' > as.csv
run validate keys.blz --source as=as.csv --format json
told() { sqlite3 :memory: "select group_concat($1, '; ') from json_each(cast(readfile('out') as text), '$.findings') where json_extract(value, '$.kind') = 'data'"; }
same "rows without a key are told once" "$(told "json_extract(value, '$.rule') || ' ' || json_extract(value, '$.message')")" \
  'E0812 row #2 has no key: `id` is empty; E0812 row #3 has no key: `id`: `q` is not an int; E0899 `x` is not an int'
printf '{"m":1,"id":7,"n":1}\n{"id":8,"n":2,"o":{"p":3}}\n' > as.ndjson
run validate keys.blz --source as=as.ndjson --format json
same "what is not declared is told by the record's key" "$(told "json_extract(value, '$.key') || ' ' || json_extract(value, '$.column')")" '7 m; 8 o'

# pipes have no names that tell their format
printf 'id,n\n1,0\n2,2\n' > pipe.csv
sed 's/exact/ /' keys.blz > piped.blz
"$BLAZON" validate piped.blz --source as=<(cat pipe.csv) > out 2> err
says "CSV from a pipe" out '2 records checked'
"$BLAZON" validate piped.blz --source as=<(echo '[{"id":1,"n":1},{"id":2,"n":2},{"id":3,"n":3}]') > out 2> err
says "JSON from a pipe" out '3 records checked'
"$BLAZON" validate piped.blz --source as=/dev/stdin < pipe.csv > out 2> err
says "standard input by its other name" out '2 records checked'
# What is no key is told at its own place, and of a key of several parts the row is named by its position: what is left of the key names no row.
printf 'record N { id : int key  part : text key  n : int }\nsource ns : N from "ns"\nrule small for n in ns { require n.n < 9 }\n' > nokey.blz
printf '[{"part":"p","n":1,"id":null},\n{"part":"p","id":"x","n":1},\n{"id":2,"n":1},\n{"n":1}]' > nokey.json
run validate nokey.blz --source ns=nokey.json --format json
sqlite3 :memory: "select json_extract(value, '$.data_line') || ':' || json_extract(value, '$.data_column') || ' ' || json_extract(value, '$.message')
  from json_each(cast(readfile('out') as text), '$.findings') order by 1" > told
same "a row without a key" "$(cat told)" '1:25 row #1 has no key: `id` is null
2:18 row #2 has no key: `id`: `x` is text, not int
3:1 row #3 has no key: `part` is not there
4:1 row #4 has no key: `id` is not there, `part` is not there'
finish
