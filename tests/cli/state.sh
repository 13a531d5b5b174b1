#!/bin/bash
# blazon state and outcome, and the sources of the state file in rules.
. "$(dirname "$0")/common.inc"

run state show --state shop.state
exits "no state file" 3
says "is said, with what makes one" err 'the state file `shop.state` does not exist'
run state init --state shop.state
exits "an empty one" 0
sqlite3 shop.state "
  insert into bundles values (1, 'ab12', '', null);
  insert into blobs values (1, 7, x'00', '{\"id\":\"u1\"}');
  insert into decisions(id, choice, subject, candidate, stage, at, weight, record, bundle) values
    ('d1', 'shop.hero', 'u1', 'blue', 'policy', 1790000000000000, 4503599627370496, 1, 1),
    ('d2', 'shop.hero', 'u1', 'red', 'policy', 1790086400000000, 4503599627370496, 1, 1),
    ('d3', 'shop.hero', 'u2', 'red', 'holdout', 1790086400000000, null, null, 1);
  insert into evidence(choice, candidate, day, trials, successes, reward, squares) values ('shop.hero', 'blue', '2026-09-21', 1, 0, 0, 0);"
run state show --state shop.state
exits "what is in it" 0
says "counted" out 'decisions                  3'
says "and since when" out 'decisions from 2026-09-21T14:13:20Z'
run state show --state shop.state --format json
json "as JSON" '$.rows.decisions' 3

# outcomes
cat > clicks.csv << 'END'
decision,reward,time
d1,1,2026-09-21T15:00:00Z
d2,1,2026-10-01T00:00:00Z
d9,1,2026-09-21T15:00:00Z
d3,1,2020-01-01T00:00:00Z
d1,x,2026-09-21T15:00:00Z
,1,2026-09-21T15:00:00Z
END
run outcome --state shop.state clicks.csv
exits "some lines are refused" 1
says "an unknown decision" out 'clicks.csv:4: `d9`: no decision of this id'
says "one from before its decision" out 'clicks.csv:5: `d3`: the reward is from before its decision'
says "what is no number" out 'clicks.csv:6: reward: `x` is not a number'
says "what names no decision" out 'clicks.csv:7: it has no decision'
says "and the sum" out '6 read: 2 joined (1 more than a day after the decision), 1 of unknown decisions, 1 from before their decision, 2 unreadable'
printf '{"decision":"d1","reward":1}\n{"decision":"d2","reward":1}\n' > again.ndjson
run outcome --state shop.state again.ndjson
exits "the same again is fine" 0
says "and told" out '2 read: 0 joined, 2 there already'
printf '{"decision":"d1","reward":5}\n{"decision":"d1","reward":5,"name":"order"}\n' > other.ndjson
run outcome --state shop.state other.ndjson --format json
exits "another reward is refused" 1
json "as a conflict" '$.conflicting' 1
json "beside one of another name, which is kept" '$.joined' 1
same "evidence has learned once" "$(sqlite3 shop.state "select trials, successes, reward from evidence where candidate = 'blue'")" '1|1|1.0'
day=$(sqlite3 shop.state "select day from decisions where id = 'd1'")
printf 'decision,reward,time,name\nd1,1,%s,dated\nd1,1,2020-01-01,earlier\n' "$day" > dated.csv
run outcome --state shop.state dated.csv
same "a date alone is that day, after the decision" "$(sqlite3 shop.state "select o.at = d.at from outcomes o join decisions d on d.id = o.decision where name = 'dated'")" 1
says "an earlier day is too early" out 'dated.csv:3: `d1`: the reward is from before its decision'
sqlite3 shop.state "delete from outcomes where name = 'dated'"
printf 'decision,rewrd\nd1,1\n' > wrong.csv
run outcome --state shop.state wrong.csv
exits "a file without rewards" 3
says "names the columns" err 'has the columns decision and reward'
run outcome clicks.csv
exits "no state" 4
run outcome --state clicks.csv clicks.csv
exits "a state file that is none" 3
says "is told" err 'is not a state file'

# sources
cat > rules.blz << 'END'
module shop
record Profile { id : text key }
source profiles : Profile
audience seen for p in profiles where count(d for d in decisions where d.subject == p.id and d.choice == "shop.hero") >= 2
audience buyers for p in profiles where some o in outcomes: o.subject == p.id and o.name == "order"
rule clicks for e in evidence { require e.successes < e.trials }
END
printf '{"id":"u1"}\n{"id":"u2"}\n{"id":"u3"}\n' > profiles.ndjson
run match seen rules.blz --source profiles=profiles.ndjson --state shop.state --list all
exits "an audience that counts exposures" 0
says "who is in" out 'shop.seen: 1 in, 2 out, 0 unknown'
run match buyers rules.blz --source profiles=profiles.ndjson --state shop.state
says "one that counts outcomes" out 'shop.buyers: 1 in, 2 out, 0 unknown'
run match seen rules.blz --source profiles=profiles.ndjson
exits "without the state file" 3
says "it is asked for" err 'name the state file with --state FILE'
run validate rules.blz --source profiles=profiles.ndjson
exits "also by validate" 3
run validate rules.blz --source profiles=profiles.ndjson --state shop.state
exits "a rule over evidence" 1
says "finds" out 'shop.hero, blue, 2026-09-21'
lacks "and nothing about columns" out 'W0810'
"$BLAZON" build rules.blz -o rules.blzb > /dev/null
run match seen rules.blzb --source profiles=profiles.ndjson --state shop.state
says "from a bundle, too" out 'shop.seen: 1 in, 2 out, 0 unknown'
run validate rules.blz --source profiles=profiles.ndjson --state nowhere.state
exits "no such state file" 3
cat > tested.blz << 'END'
module shop
record Profile { id : text key }
source profiles : Profile
audience tired for p in profiles where count(d for d in decisions where d.subject == p.id) >= 2
test "two decisions tire" {
  let d = sample(Decision).with(subject: "u")
  given decisions = [d.with(id: "1"), d.with(id: "2")]
  given profiles = [sample(Profile).with(id: "u")]
  expect count(p for p in profiles where (p in tired) ?? false) == 1
}
END
run test tested.blz
exits "tests give rows of the state's sources" 0
sed 's/in decisions where/in decision where/' tested.blz > misspelt.blz
run check misspelt.blz
says "a name that is nearly theirs" out 'did you mean `decisions`?'
cat > own.blz << 'END'
record Evidence { id : text key }
source evidence : Evidence
rule r for e in evidence { require e.id != "x" }
END
printf '{"id":"y"}\n' > own.ndjson
run validate own.blz --source evidence=own.ndjson
exits "a program's own names come first" 0

# keeping
run state export --state shop.state
says "everything, a line a row" out '"table":"decisions","seq":1,"id":"d1"'
run state purge --state shop.state --before 2026-09-22
says "purge" out 'forgotten: 1 decisions, 2 outcomes'
run state purge --state shop.state
exits "purge needs a day" 4
run state erase --state shop.state --subject u1
says "erase" out 'forgotten: 1 decisions, 1 outcomes'
same "leaves the others" "$(sqlite3 shop.state 'select group_concat(id) from decisions')" 'd3'
run state drop --state shop.state
exits "nothing else can be done" 4
sqlite3 shop.state 'pragma user_version=7'
run state show --state shop.state
exits "a newer version" 3
says "is not touched" err 'has version 7, and this Blazon knows versions up to 1'

# what was answered is in the file, whoever is killed; several processes agree
cat > choose.blz << 'END'
module shop
record Profile { id : text key }
record Variant { id : text key }
source profiles : Profile
source variants : Variant
choose hero for p in profiles {
  from v in variants
  by first()
  cap 3 per 7 days
}
END
printf 'id\nblue\n' > variants.csv
seq 1 200000 | sed 's/.*/{"id":"u&"}/' > many.ndjson
"$BLAZON" decide hero choose.blz --source variants=variants.csv --state killed.state --lines --batch 200 < many.ndjson > answers 2> err &
pid=$!
for _ in $(seq 100); do [ -s answers ] && break; sleep 0.05; done
kill -9 $pid
wait $pid 2> /dev/null
sed -n 's/^{"decision":"\([^"]*\)".*}$/\1/p' answers > ids
same "a killed process has lost no answer" "$(sqlite3 killed.state 'create table a(id)' '.import ids a' 'select count(*) > 0, sum(id not in (select id from decisions)) from a' 2>&1 | tail -1)" '1|0'
for round in $(seq 30); do
  for i in 1 2 3 4 5 6; do "$BLAZON" decide hero choose.blz --source variants=variants.csv --state "made$round.state" --lines <<< "{\"id\":\"u$i\"}" > /dev/null 2>> err.made & done
  wait
  sqlite3 "made$round.state" 'select count(*) from decisions' 2> /dev/null
done | sort -u > made
same "processes that make the same file at the same time" "$(cat made err.made)" 6
seq 1 300 | sed 's/.*/{"id":"v"}/' > one.ndjson
for i in 1 2 3; do "$BLAZON" decide hero choose.blz --source variants=variants.csv --state shared.state --lines --batch 7 < one.ndjson > answers.$i 2> err.$i & done
wait
same "three processes keep one cap" "$(sqlite3 shared.state 'select count(*), count(candidate), count(distinct id) from decisions')" '900|3|900'
same "and tell the same" "$(cat answers.[123] | grep -c '"chosen":"blue"')" 3
finish
