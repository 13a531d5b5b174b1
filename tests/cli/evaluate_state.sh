#!/bin/bash
# blazon decide, outcome, then evaluate and report of the same state: other rules over the log, and every reason to refuse.
. "$(dirname "$0")/common.inc"
cat > old.blz << 'END'
module shop

record Profile {
  id     : text key
  locale : text
}

record Variant {
  id     : text key
  locale : text
}

record Stat {
  variant : text
  clicks  : int
  views   : int
}

source profiles : Profile
source variants : Variant from "variants"
source stats    : Stat from "stats"

choose hero for p in profiles {
  from  v in variants where v.locale == p.locale
  over  s in stats where s.variant == v.id
  by    thompson(success: s.clicks, trials: s.views, prior: [1, 20])
  floor 10%
}

experiment cta for p in profiles {
  "blue" -> 50%
  "red"  -> 50%
}
END
sed 's/by .*/by    best(s.clicks)/' old.blz > best.blz
sed 's/by .*/by    ucb(success: s.clicks, trials: s.views, alpha: 0.1)/; s/floor 10%/floor 5%/' old.blz > ucb.blz
sed 's/floor 10%//; s/prior.*/prior: [1, 20])/' old.blz > bare.blz
sqlite3 d.db << 'END'
create table variants(id text primary key not null, locale text not null);
create table stats(variant text not null, clicks integer not null, views integer not null);
insert into variants values ('a', 'en'), ('b', 'en'), ('c', 'en'), ('d', 'de'), ('e', 'de');
insert into stats values ('a', 30, 1000), ('b', 45, 1000), ('c', 40, 1000), ('d', 5, 100), ('e', 9, 100);
END
awk 'BEGIN { for (i = 0; i < 3000; i++) printf "{\"id\":\"p%d\",\"locale\":\"%s\",\"d\":\"d%d\"}\n", i, i % 3 ? "en" : "de", i }' > in.ndjson
"$BLAZON" decide hero old.blz --db d.db --lines --id-member d --state s.db < in.ndjson > decided 2> err
rc=$?
exits "3,000 decisions" 0
# b and e are twice as good as the others: luck is a fixed sequence
sqlite3 s.db "select 'decision,reward' union all select id || ',' || ((seq * 7919 + seq * seq * 31) % 1009 < iif(candidate in ('b', 'e'), 101, 50)) from decisions" > rewards.csv
"$BLAZON" outcome --state s.db rewards.csv > out 2> err
rc=$?
exits "their rewards" 0

run evaluate hero old.blz --state s.db --format json
exits "the same rules" 0
mean=$(sqlite3 s.db "select sum(reward) / 3000.0 from outcomes")
json "the same rules earn what was earned" '$.snips.value' "$mean"
json "all draws were replayed" '$.replayed' 3000
json "the largest weight" '$.largest_weight' 1
run evaluate hero ucb.blz --state s.db --format json
exits "another policy" 0
# a draw's new chance: 5% and what is left for b or e; counted by hand
want=$(sqlite3 s.db "select sum(w * reward) / 3000 from (select o.reward, iif(d.candidate = 'b', 0.9, iif(d.candidate = 'e', 0.95, 0.05)) / d.p as w from decisions d join outcomes o on o.decision = d.id)")
got=$(sqlite3 :memory: "select json_extract(cast(readfile('out') as text), '\$.ips.value')")
if awk -v x="$got" -v y="$want" 'BEGIN { exit !(x - y < 1e-9 && y - x < 1e-9) }'; then ok "IPS as counted by hand"; else not_ok "IPS is $got, by hand $want"; fi
run evaluate shop.hero ucb.blz --state s.db
says "what is and what is not evaluated" out 'another `where` or other evidence is not evaluated'
says "replay" out 'replay gave the logged chances again in 3,000 draws'

run evaluate hero best.blz --state s.db
exits "a policy that reads something else" 1
says "why" out 'reads `value` of each candidate'
"$BLAZON" decide hero bare.blz --db d.db --lines --id-member d --state bare.db < in.ndjson > decided 2> err
run evaluate hero old.blz --state bare.db
exits "the log had no floor, and draws are with small chances" 0

# a sticky repeat has no chance of its own: what it earned belongs to its draw
sed 's/floor 10%/floor 10%\n  sticky 30 days/' old.blz > sticky.blz
for round in first again; do
  head -n 500 in.ndjson | sed "s/\"d\":\"/&$round-/" | "$BLAZON" decide hero sticky.blz --db d.db --lines --id-member d --state sticky.db > decided 2> err
done
sqlite3 sticky.db "select 'decision,reward' union all select id || ',' || (seq % 7 = 0) from decisions" > rewards.csv
"$BLAZON" outcome --state sticky.db rewards.csv > out 2> err
run evaluate hero sticky.blz --state sticky.db --format json
json "a row a draw" '$.decisions' 500
json "repeats are counted with it" '$.sticky' 500
json "what they earned is in it" '$.logged_reward' "$(sqlite3 sticky.db "select sum(reward) / 500.0 from outcomes")"

# a log that was changed
cp s.db changed.db
sqlite3 changed.db "update candidate_sets set members = replace(replace(members, '\"key\":\"a\"', '\"key\":\"x\"'), '\"key\":\"b\"', '\"key\":\"a\"')"
run evaluate hero ucb.blz --state changed.db
exits "a log whose candidates were renamed" 1
cp s.db changed.db
sqlite3 changed.db "update blobs set content = replace(content, '\"trials\":1000', '\"trials\":2000')"
run evaluate hero ucb.blz --state changed.db
exits "a log whose evidence was changed" 1
says "why: replay" out 'replay differs from the log'
cp s.db changed.db
sqlite3 changed.db "delete from decisions where candidate in ('b', 'e') and seq % 2 = 0"
run evaluate hero ucb.blz --state changed.db
exits "a log with holes" 1
says "why: the guard" out 'the sample ratio guard has tripped'

run evaluate hiro old.blz --state s.db
exits "no such choice" 4
says "near names" err 'did you mean `shop.hero`?'
run evaluate hero old.blz --state s.db --policy uniform
exits "two policies" 4
run evaluate hero old.blz
exits "no state" 4
run evaluate hero old.blz --state nowhere.db
exits "a state that is not there" 3
run evaluate hero --state s.db
exits "no rules" 4

# the report of the same, and of an experiment with its rules
"$BLAZON" decide cta old.blz --db d.db --lines --state s.db < in.ndjson > decided 2> err
run report --state s.db old.blz
says "the choice" out 'choice shop.hero'
says "different people" out 'some arms never had a chance where the leader had one'
says "the experiment's arms are as they should be" out 'ok      sample ratio          3000 draws went where they were meant to go'
sqlite3 s.db "delete from exposures where arm = 'red' and substr(subject, -1) in ('1', '2', '3', '4')"
run report --state s.db old.blz --only cta
exits "people who are lost trip the experiment's guard" 1
says "which" out 'TRIPPED sample ratio'
finish
