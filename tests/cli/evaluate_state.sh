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

# ips NAME CHANCE: the IPS of the last run is the one counted by hand, with this chance of a draw `d` under the new policy
ips() {
  local want got
  want=$(sqlite3 s.db "select sum(w * reward) / 3000 from (select o.reward, $2 / d.p as w from decisions d join outcomes o on o.decision = d.id)")
  got=$(sqlite3 :memory: "select json_extract(cast(readfile('out') as text), '\$.ips.value')")
  if awk -v x="$got" -v y="$want" 'BEGIN { exit !(x - y < 1e-9 && y - x < 1e-9) }'; then ok "$1"; else not_ok "$1: IPS is $got, by hand $want"; fi
}
run evaluate hero old.blz --state s.db --format json
exits "the same rules" 0
mean=$(sqlite3 s.db "select sum(reward) / 3000.0 from outcomes")
json "the same rules earn what was earned" '$.snips.value' "$mean"
json "all draws were replayed" '$.replayed' 3000
json "the largest weight" '$.largest_weight' 1
run evaluate hero ucb.blz --state s.db --format json
exits "another policy" 0
# a draw's new chance: 5% and what is left for b or e; counted by hand
ips "IPS as counted by hand" "iif(d.candidate = 'b', 0.9, iif(d.candidate = 'e', 0.95, 0.05))"
run evaluate shop.hero ucb.blz --state s.db
says "what is evaluated" out 'chooses from the candidates that were eligible then'
says "replay" out 'replay gave the logged chances again in 3,000 draws'

run evaluate hero best.blz --state s.db
exits "a policy that reads something else" 1
says "why" out 'reads `value` of each candidate'
"$BLAZON" decide hero bare.blz --db d.db --lines --id-member d --state bare.db < in.ndjson > decided 2> err
run evaluate hero old.blz --state bare.db
exits "the log had no floor, and draws are with small chances" 0

# rules that say otherwise who may be shown
sed 's/== p.locale$/& and v.id != "a"/' ucb.blz > where.blz
run evaluate hero where.blz --state s.db
exits "another where" 1
says "why" out '`where` of the new rules is another than that of the rules that made 3000 draws'
says "what would help" out 'give the data with --db or --source'
run evaluate hero where.blz --state s.db --db d.db --format json
exits "judged anew" 0
json "all of them" '$.judged_anew' 3000
ips "IPS without the candidate, as counted by hand" "case d.candidate when 'a' then 0 when 'b' then 0.95 when 'e' then 0.95 else 0.05 end"
sed 's/for p in profiles {/for p in profiles where p.locale == "en" {/' ucb.blz > english.blz
run evaluate hero english.blz --state s.db --db d.db --format json
exits "for fewer people" 0
json "who is left out" '$.left_out' 1000
json "who is not" '$.decisions' 2000
# the same condition in a function, which then changes
sed 's/v.locale == p.locale$/fits(v.locale, p.locale)/; s/^choose/fn fits(a : text, b : text) -> bool = a == b\n\n&/' old.blz > fits.blz
"$BLAZON" decide hero fits.blz --db d.db --lines --id-member d --state fits.db < in.ndjson > decided 2> err
sed 's/by .*/by    softmax(value: s.clicks, temperature: 5)/' fits.blz > other.blz
sed 's/prior: .1, 20./prior: [2, 30]/' fits.blz > prior.blz
sed 's/= a == b/= a == b or a == "fr"/' prior.blz > french.blz
run evaluate hero prior.blz --state fits.db
exits "another prior" 0
run evaluate hero french.blz --state fits.db
exits "a function means something else" 1
says "which is seen" out '`where` of the new rules is another'
run evaluate hero french.blz --state fits.db --db d.db
exits "with the data nothing changes" 0
run evaluate hero other.blz --state fits.db
exits "a policy that reads something else" 1
# evidence that is gathered in another way, and caps
sed 's/s.variant == v.id/& and s.views > 0/' ucb.blz > over.blz
run evaluate hero over.blz --state s.db --db d.db
exits "other evidence" 1
says "which" out '`over` of the new rules is another'
sed 's/success: s.clicks/success: s.views - s.clicks/' ucb.blz > by.blz
run evaluate hero by.blz --state s.db --db d.db
exits "evidence of another meaning" 1
says "which" out '`by` of the new rules is another'
sed 's/floor 5%/&\n  cap 2 per 1 day/' ucb.blz > cap.blz
run evaluate hero cap.blz --state s.db --db d.db
exits "another cap" 1
says "which" out '`cap` of the new rules is another'
# what the candidates themselves say need not be in the log, when the data is there
sed '/  over/d; s/  by .*/  by    weights(v.locale.length() + 1)/; /floor/d' old.blz > even.blz
run evaluate hero even.blz --state s.db
exits "a policy that reads the candidates" 1
run evaluate hero even.blz --state s.db --db d.db --format json
exits "with the data" 0
json "says that it is the data's" '$.evidence_from_data' 1
ips "IPS of equal weights, as counted by hand" "iif(d.candidate in ('d', 'e'), 1.0 / 2, 1.0 / 3)"
run evaluate hero even.blz --state s.db --db nowhere.db
exits "data that is not there" 3
run evaluate --log x.csv --map action=a,reward=b,propensity=c --policy uniform --db d.db
exits "data for a log of another system" 4

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

cp s.db rare.db
sqlite3 rare.db "delete from decisions where candidate = 'a'"
run evaluate hero ucb.blz --state rare.db
lacks "what had a chance but was never drawn is no lack of support" out 'never took'
run evaluate hero best.blz --state s.db
lacks "nor is it" out 'never took'
"$BLAZON" decide cta old.blz --db d.db --lines --state empty.db < in.ndjson > decided 2> err
run evaluate hero old.blz --state empty.db
exits "an empty log" 1
says "is told" out 'the log holds no decisions'
lacks "and not measured" out 'effective sample size'

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
