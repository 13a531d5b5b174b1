#!/bin/bash
# blazon replay: logged decisions again, under the same rules and under others.
. "$(dirname "$0")/common.inc"
cat > rules.blz << 'END'
module shop
record Profile { id : text key  locale : text }
record Variant { id : text key  locale : text }
source profiles : Profile
source variants : Variant
choose hero for p in profiles {
  from v in variants where v.locale == p.locale
  over e in evidence where e.choice == "shop.hero" and e.candidate == v.id
  by thompson(success: e.successes, trials: e.trials, prior: [1, 10])
  holdout 5% -> "control"
  floor 2%
  sticky 14 days
  cap 2 per 7 days
  fallback "dflt"
}
END
printf 'id,locale\nblue,de\nred,de\ncontrol,de\ndflt,de\nfr,fr\n' > variants.csv
for i in $(seq 1 300); do echo "{\"id\":\"u$((i % 120))\",\"locale\":\"$([ $((i % 3)) = 0 ] && echo fr || echo de)\"}"; done > subjects.ndjson
"$BLAZON" decide hero rules.blz --source variants=variants.csv --state s.state --lines --batch 50 < subjects.ndjson > answers 2> err
rc=$?
exits "decisions to replay" 0
same "all of them logged" "$(sqlite3 s.state 'select count(*) from decisions')" 300

run replay --state s.state
exits "from the rules that the state file keeps" 0
says "all come out the same" out '300 decisions by the same rules: 300 come out the same'
run replay --state s.state --choice hero
says "a choice by its last name, with these rules" out '300 decisions by the same rules: 300 come out the same'
run replay --state s.state rules.blz --source variants=variants.csv
exits "and from the data" 0
says "which has not changed" out '300 come out the same, from the log and from the data'
run replay --state s.state rules.blz --source variants=variants.csv --choice hero --format json
json "one choice, as JSON" '$.same_rules.same' 300

# versions of libraries are noted with the rules, and told where they are others
sqlite3 s.state "vacuum into 'v.state'"
sqlite3 v.state "update bundles set versions = 'Blazon 0.0.9; ICU 1'"
run replay --state v.state
exits "decided with other versions" 0
says "which is told" out '300 were decided with other versions of what can change an answer: Blazon 0.0.9; ICU 1'
"$BLAZON" decide hero rules.blz --source variants=variants.csv --state v.state --json '{"id":"late","locale":"de"}' > /dev/null
same "the same rules are kept once, their versions each" "$(sqlite3 v.state 'select count(*), count(distinct hash), count(bytes) from bundles')" '2|1|1'
run replay --state v.state --format json
json "those of this version are not counted" '$.same_rules.other_versions' 300
run build rules.blz -o rules.blzb
run check rules.blzb
says "a bundle tells what it was built with" out 'built with Blazon'
lacks "and nothing more where that is this version" out 'come out differently'

# other rules: who moves, and that nobody does for evidence that came since
cp s.state later.state
sqlite3 later.state "update evidence set successes = trials where candidate = 'red'"
sed 's/floor 2%/floor 2.001%/' rules.blz > hair.blz
run replay --state later.state hair.blz --source variants=variants.csv --format json
same "a change of next to nothing moves next to nobody" "$(sqlite3 :memory: "select json_extract(j, '$.other_rules.moved') < 5, json_extract(j, '$.other_rules.evidence_now') from (select cast(readfile('out') as text) j)")" '1|0'
sed 's/e.candidate == v.id/e.candidate == v.id and e.trials > 0/' rules.blz > gathers.blz
run replay --state later.state gathers.blz --source variants=variants.csv
says "evidence that is gathered in another way is that of now" out 'with evidence as it is now'
# other rules: who moves
sed 's/floor 2%/floor 20%/; s/fallback "dflt"/fallback "red"/' rules.blz > other.blz
run replay --state s.state other.blz --source variants=variants.csv
exits "under other rules" 0
says "nobody comes out by the same rules" out '300 decisions were made by other rules'
run replay --state s.state other.blz --source variants=variants.csv --format json
same "who stays and who moves is everybody" "$(sqlite3 :memory: "select json_extract(j, '$.other_rules.stay') + json_extract(j, '$.other_rules.moved') from (select cast(readfile('out') as text) j)")" 300
run replay --state s.state other.blz
exits "without data other rules cannot decide" 3
says "which is asked for" err 'give it with --db or --source'
sed 's/choose hero/choose banner/' rules.blz > gone.blz
run replay --state s.state gone.blz --source variants=variants.csv
says "a choice that is gone" out '300 are of a choice that these rules do not have'

# data and log that are not what they were
grep -v red variants.csv > fewer.csv
run replay --state s.state rules.blz --source variants=fewer.csv
exits "data that changed" 1
says "is the reason" out '[data]: the candidate `red` is not there any more'
sqlite3 s.state "update decisions set candidate = 'nobody' where seq = (select min(seq) from decisions where stage = 'policy')"
run replay --state s.state
exits "a log that was changed" 1
says "is found" out '[draw]: the draw from the logged weights gives another candidate'
sqlite3 s.state "update blobs set content = replace(content, '\"blue\":{\"success\":0,\"trials\":0', '\"blue\":{\"success\":5,\"trials\":9')"
run replay --state s.state
says "evidence that was changed, too" out '[rules]: the logged evidence gives other weights'
run replay --state s.state --choice her
exits "a choice that nobody has" 4
says "is named" err 'no choice is named `her`'
run replay
exits "a state file is needed" 4
run replay --state nowhere.state
exits "and must be there" 3
finish
