#!/bin/bash
# blazon decide: stages, policies, state, ids, lines. What is hashed is fixed, so answers are compared as they are.
. "$(dirname "$0")/common.inc"
cat > c.blz << 'END'
record Profile { id : text key  locale : text  segment : text  age : int? }
record Asset { id : text key  width : int }
record Variant { id : text key  locale : text  asset : -> assets }
record Stat { variant : -> variants  segment : text  day : date  clicks : int  views : int? }
source profiles : Profile
source assets : Asset
source variants : Variant
source stats : Stat
rule wide for a in assets { require a.width > 100 }
experiment cta for p in profiles where p.age >= 18 { "blue" -> 50%  "red" -> 50% }
experiment half for p in profiles { "in" -> 100%  share 50% }
choose hero for p in profiles {
  from v in variants where v.locale == p.locale and v.asset passes wide
  over s in stats where s.variant == v.id and s.segment == p.segment
  by thompson(success: s.clicks, trials: s.views, day: s.day, prior: [1, 40], half_life: 14 days)
  floor 2%
  sticky 14 days
  cap 2 per 7 days
  fallback "fall"
}
choose simple for p in profiles where p.locale != "xx" {
  from v in variants where v.locale == p.locale
  over s in stats where s.variant == v.id
  by best(s.clicks / s.views)
}
choose held for p in profiles { from v in variants  by first()  holdout 100% -> "ctl" }
choose narrow for p in profiles { from v in variants where v.asset passes wide  by first()  holdout 100% -> "v3" }
END
printf 'id,locale,segment,age\np1,en,a,20\np2,en,b,10\np3,fr,a,\np4,xx,a,40\n' > profiles.csv
printf 'id,width\na1,200\na2,50\n' > assets.csv
printf 'id,locale,asset\nv1,en,a1\nv2,en,a1\nv3,en,a2\nv4,de,a1\nctl,zz,a1\nfall,zz,a1\n' > variants.csv
printf 'variant,segment,day,clicks,views\nv1,a,2026-11-01,30,400\nv1,a,2026-11-10,20,300\nv2,a,2026-11-10,5,200\nv2,b,2026-11-10,500,200\n' > stats.csv
DATA="--source profiles=profiles.csv --source assets=assets.csv --source variants=variants.csv --source stats=stats.csv --now 2026-11-22"
run decide hero c.blz $DATA --subject p1 --stateless --id d1 --explain
exits "one subject" 0
says "what was chosen" out 'hero for p1: v1  (drawn, p 96.1853%)'
says "the evidence, decayed" out 'v1  96.1853%   success 21.6475 of 307.035 trials'
says "who is not eligible" out 'v3  not eligible, this is false: v.asset passes wide'
says "the hash" out 'subject "p1", unit "d1"'
cp out first
run decide hero c.blz $DATA --subject p1 --stateless --id d1 --explain
if cmp -s out first; then ok "the same again"; else not_ok "the same again"; fi
for d in 11 12; do
  sed "s/half_life: 14 days/delay: $d days/" c.blz > delay.blz
  run decide hero delay.blz $DATA --subject p1 --stateless --explain
  if [ $d = 11 ]; then says "a day that is over for as long as the delay counts" out 'success 50 of 700 trials'
  else says "a decision of its last minute would be younger than the delay" out 'success 30 of 400 trials'; fi
done
run build c.blz -o c.blzb
run decide hero c.blzb $DATA --subject p1 --stateless --id d1 --explain
if cmp -s out first; then ok "and from a bundle"; else not_ok "and from a bundle"; fi
run decide hero c.blz $DATA --subject p2 --stateless --explain
says "evidence that cannot be right" out 'v2  not eligible, in error: its evidence cannot be right: it has more successes than trials'
run decide hero c.blz $DATA --subject p3 --stateless --format json
json "nobody is eligible: the fallback" '$.chosen' fall
json "with its reason" '$.reason' 'no candidate is eligible'
run decide simple c.blz $DATA --subject p1 --format json --explain
json "ratios of sums" '$.evidence.v1.value' '0.0714285714285714'
json "the best" '$.chosen' v2
run decide simple c.blz $DATA --subject p4
says "not for this subject" out 'none  (nothing may be shown: the choice is not for this subject)'
run decide held c.blz $DATA --subject p1 --format json
json "held out" '$.chosen' ctl
json "no probability" '$.p' ''
run decide narrow c.blz $DATA --subject p1
says "a holdout value that breaks the rules is not shown" out '"v3", which is to hold out, does not pass the rules'
run decide hero c.blz $DATA --subject p1
exits "sticky needs a state file" 4
run decide hero c.blz $DATA --json '{"id":"q","locale":"en","segment":"a"}' --stateless --id d1 --format json
json "a subject as JSON" '$.subject' q
run decide hero c.blz $DATA --subject '{"id":"q","locale":"en","segment":"a"}' --stateless
exits "which --subject does not take" 4
says "but says who does" err 'given with --json'
run decide cta c.blz $DATA --all
same "an experiment: arms by hash" "$(sed 's/.*"subject":\("[^"]*"\),/\1 /; s/}$//' out | paste -sd' ')" \
  '"p1" "arm":"red" "p2" "arm":null,"reason":"`where` leaves it out: p.age >= 18" "p3" "arm":null,"reason":"age is missing" "p4" "arm":"blue"'
sed 's/experiment cta/experiment age/' c.blz > age.blz
run decide age age.blz $DATA --subject p3
says "a field of the experiment's name is not taken for it" out 'it cannot be told  (age is missing)'
seq 2000 | sed 's/.*/{"id":"u&","locale":"en","segment":"a"}/' > many.ndjson
"$BLAZON" decide half c.blz $DATA --lines < many.ndjson > out 2> err
if [ "$(grep -c '"arm":"in"' out)" -gt 920 ] && [ "$(grep -c '"arm":"in"' out)" -lt 1080 ]; then ok "half of all are in"; else not_ok "half of all are in"; fi
same "the others are told why not" "$(grep -c '"arm":null,"reason":"outside the share"' out)" "$(grep -vc '"arm":"in"' out)"
grep '"arm":"in"' out | cut -d'"' -f8 | sort > in50
sed 's/share 50%/share 60%/' c.blz > c60.blz
"$BLAZON" decide half c60.blz $DATA --lines < many.ndjson | grep '"arm":"in"' | cut -d'"' -f8 | sort > in60
same "a share that grows moves nobody" "$(comm -23 in50 in60 | wc -l)" 0

# with a state file
run decide hero c.blz $DATA --subject p1 --state s.db --id d1 --format json
json "drawn" '$.stage' policy
json "and assigned" '$.assignment' 1
run decide hero c.blz $DATA --subject p1 --state s.db --id d2 --format json
json "sticky" '$.stage' sticky
json "a repeat is certain" '$.p' 1
run decide hero c.blz $DATA --subject p1 --state s.db --id d3 --format json
json "capped: another one for now" '$.chosen' v2
run decide hero c.blz $DATA --subject p1 --state s.db --id d1 --format json
json "an id is answered the same again" '$.stage' policy
run decide hero c.blz $DATA --subject p2 --state s.db --id d1 --format json
exits "but not for another subject" 1
says "which is told" out 'the decision `d1` is about hero for p1 already'
same "the log holds three" "$(sqlite3 s.db 'select count(*) from decisions')" 3
run decide hero c.blz $DATA --subject p2 --state s.db --no-log
same "--no-log adds none" "$(sqlite3 s.db 'select count(*) from decisions')" 3
printf '%s\n' '{"id":"x1","locale":"en","segment":"a","d":"l1"}' '{"id":"x1"' '{"locale":"en","d":"l2"}' '{"id":"x2","locale":"en","segment":"a"}' '' \
  '{"id":"x3","locale":"en","segment":"a","d":"l3"}' > lines.ndjson
"$BLAZON" decide hero c.blz $DATA --lines --id-member d --state s.db < lines.ndjson > out 2> err
rc=$?
exits "lines with errors end with 1" 1
same "one answer a line, in order" "$(sed 's/^{"\(decision\|line\)":\("[^"]*"\|[0-9]*\).*/\2/' out | paste -sd' ')" '"l1" 2 3 4 "l3"'
same "what could be decided is in the log" "$(sqlite3 s.db "select group_concat(id, ' ') from decisions where id like 'l%'")" 'l1 l3'
printf '%s\n' '{"id":"y","locale":"en","segment":"a"}' | "$BLAZON" decide hero c.blz $DATA --lines --state /nowhere/s.db > out 2> err
rc=$?
exits "a state file that cannot be made" 3
silent "answers nothing" out
run decide hero c.blz $DATA --subject p1 --state s.db --id ''
exits "an empty id is refused" 4
says "with the reason" err '--id is empty'
printf '%s\n' '{"id":"","locale":"en","segment":"a"}' '{"id":"a\u0000b","locale":"en","segment":"a"}' '{"id":"n","locale":"en","segment":"a"}' > keys.ndjson
"$BLAZON" decide hero c.blz $DATA --lines --state s.db < keys.ndjson > out 2> err
rc=$?
exits "keys that are none" 1
says "empty" out '{"line":1,"error":"the subject has no key: `id` is empty"}'
says "with a NUL" out '{"line":2,"error":"the subject'"'"'s key holds a NUL'
says "do not stop the others" out '"subject":"n"'
sed 's/floor 2%/floor 30%/' c.blz > floor.blz
run decide hero floor.blz $DATA --subject p1 --stateless --explain
says "floors that leave little to the policy" err 'in 1 decision the floors of up to 2 candidates, 30% each, take more than half of the chance'
says "are told in the story" out 'every candidate keeps 30%, together more than the policy has to give'
sed 's/floor 2%/floor 80%/' c.blz > floor.blz
run decide hero floor.blz $DATA --subject p1 --stateless --explain
says "a floor is never more than an equal share" out 'every candidate keeps 50%, together all of the chance'
run decide hero c.blz $DATA --subject p1 --state again.db --id same --explain
cp out first
silent "and small ones are not spoken of" err
run decide hero c.blz $DATA --subject p1 --state again.db --id same --explain
same "what is answered again has the hash that drew it" "$(grep draw out)" "$(grep draw first)"
run decide hero c.blz $DATA --stateless --json '{"id":"a\u001b[31m","locale":"en","segment":"a"}'
lacks "no key moves a terminal's cursor" out "$(printf '\033')"
run decide cta c.blz $DATA --subject p1 --id e1
exits "an experiment has no ids" 4
says "which is told" err 'its arm is the same at every time and has no id; leave out --id'
printf '%s\n' '{"id":1}' '{"locale":"en"}' '{"id":"a","locale":"en"} x' | "$BLAZON" decide hero c.blz $DATA --lines --stateless > out 2> err
says "a key of another type" out '{"line":1,"error":"the subject has no key: `id`: `1` is a number, not text"}'
says "one that is not there" out '{"line":2,"error":"the subject has no key: `id` is not there"}'
says "more than a record on a line" out '{"line":3,"error":"column 26: goes on after its value has ended"}'
printf '{"id":\n' | "$BLAZON" decide hero c.blz $DATA --lines --stateless > out 2> err
says "places are those in the line" out '{"line":1,"error":"column '
printf 'id,locale,segment,age\n,en,a,20\np5,en,a,20\n' > keyless.csv
run decide hero c.blz ${DATA/profiles.csv/keyless.csv} --all --stateless
exits "nor is a row decided for that has no key" 1
says "which is told" out '{"line":1,"error":"the subject has no key: `id` is empty"}'
says "and the next one is" out '"subject":"p5"'
printf 'id,locale,segment,age\np1,en,a,20\np1,de,b,30\n' > twins.csv
run decide hero c.blz ${DATA/profiles.csv/twins.csv} --subject p1 --stateless
exits "a key that two subjects have" 3
says "is not decided by chance" err 'rows #1 and #2 of `profiles` both have this key'
run decide heroo c.blz $DATA --subject p1
says "a choice is suggested" err 'did you mean `hero`?'
run decide hero c.blz $DATA
exits "for whom must be said" 4
# a choice that only logs: the id is looked for when it is logged, and nothing is left of a decision that was there already
printf '%s\n' '{"id":"p1","locale":"en","segment":"a","d":"o1"}' '{"id":"p1","locale":"de","segment":"b","d":"o1"}' '{"id":"p2","locale":"en","segment":"a","d":"o1"}' > once.ndjson
"$BLAZON" decide simple c.blz $DATA --lines --id-member d --state once.db < once.ndjson > out 2> err
rc=$?
exits "an id that was used for somebody else" 1
same "the same id is answered the same" "$(sed -n 2p out)" "$(sed -n 1p out)"
says "the id of another subject is refused" out '{"line":3,"error":"the decision `o1` is about simple for p1 already"}'
same "one decision is in the log" "$(sqlite3 once.db 'select count(*), count(distinct record) from decisions')" '1|1'
same "and no record of the others" "$(sqlite3 once.db 'select count(*) from blobs where place is null and id not in (select record from decisions)')" 0
same "the evidence counts it once" "$(sqlite3 once.db 'select sum(trials) from evidence')" 1
finish
