#!/bin/bash
# blazon evaluate: a published log against an independent reference, and every log on which it must refuse.
. "$(dirname "$0")/common.inc"
MAP=action=item_id,reward=click,propensity=propensity_score
near() { # NAME PATH WANT: the number at the path agrees to 1e-9
  local got
  got=$(sqlite3 :memory: "select json_extract(cast(readfile('out') as text), '$2')")
  if awk -v x="$got" -v y="$3" 'BEGIN { d = x - y; if (d < 0) d = -d; exit !(x != "" && d < 1e-9 * (y > 1 ? y : 1)) }'; then ok "$1"; else not_ok "$1: $2 is $got, not $3"; fi
}
V=$ROOT/../shared/vectors/open_bandit
if [ -e "$V/bts_men.csv.gz" ]; then
  wanted() { sqlite3 :memory: "select json_extract(cast(readfile('$V/ope-reference.json') as text), '$.results.men.$1')"; }
  zcat "$V/bts_men.csv.gz" > bts.csv
  zcat "$V/random_men.csv.gz" > random.csv
  run evaluate --log bts.csv --map $MAP --policy uniform --format json
  exits "the uniform policy from the log of another" 0
  near "IPS" '$.ips.value' "$(wanted ipw)"
  near "its standard error" '$.ips.standard_error' "$(wanted ipw_se)"
  near "SNIPS" '$.snips.value' "$(wanted snipw)"
  near "effective sample size" '$.effective_sample_size' "$(wanted ess)"
  near "largest weight" '$.largest_weight' "$(wanted max_weight)"
  near "mean weight" '$.mean_weight' "$(wanted mean_weight)"
  # the truth is an estimate itself: 46 clicks, so 0.00068 of standard error
  both="sqrt(pow(json_extract(j, '$.dr.standard_error'), 2) + pow(0.00068, 2))"
  off="abs(json_extract(j, '$.dr.value') - $(wanted on_policy_truth))"
  same "DR is where the policy's own clicks are" "$(sqlite3 :memory: "select $off < 2 * $both from (select cast(readfile('out') as text) j)")" 1
  # a policy that favors ten items, from the log that favored none: weighted clicks, counted by hand
  { echo action,probability; for i in $(seq 0 33); do [ "$i" -lt 10 ] && echo "$i,0.076" || echo "$i,0.01"; done; } > ten.csv
  run evaluate --log random.csv --map $MAP --policy ten.csv --format json
  near "a fixed policy against the log's own clicks" '$.ips.value' "$(awk -F, 'NR > 1 && $5 == 1 { s += $3 < 10 ? 0.076 : 0.01 } NR > 1 { n++ } END { printf "%.17g", s * 34 / n }' random.csv)"
  "$BLAZON" evaluate --log - --map $MAP --policy ten.csv --format json < random.csv > piped 2> err
  if cmp -s out piped; then ok "standard input gives the same"; else not_ok "standard input gives the same"; fi
else
  skip "the Open Bandit log" "its files are not here"
fi

# who refuses, and why
log() { awk "BEGIN { srand(1); print \"who,item,reward,p\"; for (i = 0; i < $1; i++) { $2; print who \",\" item \",\" reward \",\" p } }" > log.csv; }
M=action=item,reward=reward,propensity=p
refused() { # NAME TEXT
  exits "$1: refused" 1
  says "$1: why" out "$2"
  says "$1: what would help" out 'what would help'
  lacks "$1: no estimate" out 'IPS'
}
log 2000 'who = i; item = i % 2 ? "a" : "b"; reward = i % 5 == 0; p = 0.5'
run evaluate --log log.csv --map $M --policy uniform
exits "a sound log" 0
says "three estimates" out 'DR'
log 2000 'who = i; item = "a"; reward = 1; p = 1'
run evaluate --log log.csv --map $M --policy uniform
refused "a log without chance" 'left nothing to chance'
log 2000 'who = i; item = i % 2 ? "a" : "b"; reward = 1; p = 0.5'
sed '1s/.*/who,"the item, shown",reward,p/' log.csv > comma.csv
run evaluate --log comma.csv --map 'action="the item, shown",reward=reward,propensity=p' --policy uniform
says "a column with a comma in its name" out '2,000 decisions'
run evaluate --log log.csv --map "action=who,$M" --policy uniform
exits "a column that is named twice" 4
run evaluate --log log.csv --map "${M//,/, }" --policy uniform
exits "blanks after commas" 0
sed '1s/who/p/' log.csv > twice.csv
run evaluate --log twice.csv --map $M --policy uniform
exits "two columns of one name" 3
says "are not chosen from" err 'has 2 columns `p`'
printf 'action,probability\na,0.5\n,0.5\n' > new.csv
run evaluate --log log.csv --map $M --policy new.csv
exits "a policy without an action" 3
says "is placed" err 'new.csv:3:1: the action is missing'
sed '5s/0.5$//' log.csv > holes.csv
run evaluate --log holes.csv --map $M --policy uniform
exits "a missing probability" 3
says "is placed" err 'holes.csv:5:1: column `p` is empty here'
printf 'action,probability\na,0.5\nc,0.5\n' > new.csv
run evaluate --log log.csv --map $M --policy new.csv
refused "an action that was never taken" 'never took: c'
log 60 'who = i; item = i % 2 ? "a" : "b"; reward = 1; p = 0.5'
run evaluate --log log.csv --map $M --policy uniform
refused "too few" 'effective sample size is 60'
log 2000 'who = i; item = i % 4 ? "a" : "b"; reward = 1; p = 0.5'
printf 'action,probability\na,0.9\nb,0.1\n' > new.csv
run evaluate --log log.csv --map $M --policy new.csv
refused "probabilities that are not those used" 'standard errors'
echo who,item,reward,p > log.csv
run evaluate --log log.csv --map $M --policy uniform
refused "an empty log" 'holds no decisions'
run evaluate --log log.csv --map $M --policy uniform --format json
json "JSON says so" '$.refused' 1

# rows of one subject
log 2000 'who = int(i / 20); item = rand() < 0.5 ? "a" : "b"; reward = who % 2; p = 0.5'
run evaluate --log log.csv --map $M --policy uniform --format json
alone=$(sqlite3 :memory: "select json_extract(cast(readfile('out') as text), '$.ips.standard_error')")
run evaluate --log log.csv --map $M,subject=who --policy uniform --format json
together=$(sqlite3 :memory: "select json_extract(cast(readfile('out') as text), '$.ips.standard_error')")
if awk -v x="$alone" -v y="$together" 'BEGIN { exit !(y > 3 * x) }'; then ok "rows of one subject widen the interval"; else not_ok "rows of one subject widen the interval: $alone, $together"; fi

# what cannot be read
printf 'item,reward,p\na,1,0.5\nb,1,0\n' > log.csv
run evaluate --log log.csv --map $M --policy uniform
exits "a probability of zero" 3
says "its place" err 'log.csv:3:1: the probability `0`'
printf 'item,reward,p\na,one,0.5\n' > log.csv
run evaluate --log log.csv --map $M --policy uniform
says "a reward that is no number" err '`one` in column `reward` is no number'
printf 'item,reward,p\na,1\n' > log.csv
run evaluate --log log.csv --map $M --policy uniform
exits "a short row" 3
run evaluate --log log.csv --map action=itm,reward=reward,propensity=p --policy uniform
says "a column that is not there" err 'did you mean `item`?'
run evaluate --log log.csv --map action=item,reward=reward --policy uniform
exits "a map without a propensity" 4
run evaluate --log nowhere.csv --map $M --policy uniform
exits "no log" 3
printf 'item,reward,p\na,1,0.5\n' > log.csv
printf 'action,probability\na,0.5\n' > new.csv
run evaluate --log log.csv --map $M --policy new.csv
says "a policy that is no distribution" err 'sum to 0.5, not to 1'
log 2000 'who = i; item = i % 3; reward = i % 5 == 0; p = 0.333'
run evaluate --log log.csv --map $M --policy uniform
exits "probabilities of three decimals are not wrong ones" 0
log 2000 'who = i; item = i % 3; reward = i % 5 == 0; p = 0.33'
run evaluate --log log.csv --map $M --policy uniform
exits "those that are off by a hundredth are" 1
finish
