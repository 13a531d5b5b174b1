#!/bin/bash
# blazon report: text, JSON and the page; guards that trip; files that are no state.
. "$(dirname "$0")/common.inc"
DATA=$ROOT/tests/cli/data/report.sql
sqlite3 state.db < "$DATA"
run report --state state.db
exits "a sound state" 0
says "the choice" out 'choice shop.hero'
says "its stages" out '3,000 decisions for 1,501 subjects: 2,970 drawn, 30 by fallback'
says "why fallback" out '30 times: profile `p` has no locale'
says "the best arm" out 'best: red, the best with a probability of 9'
says "an arm that was never eligible" out 'never shown'
says "the experiment" out 'experiment shop.cta'
says "sample ratio" out 'ok      sample ratio          2970 draws went where they were meant to go'
silent "nothing on standard error" err
cp out first
run report --state state.db
if cmp -s out first; then ok "twice gives the same"; else not_ok "twice gives the same"; fi

run report --state state.db --format json
json "JSON: format" '$.format' blazon-decisions/1
json "JSON: leader" '$.entries[0].leader' red
json "JSON: drawn" '$.entries[0].arms[0].drawn' "$(sqlite3 state.db "select count(*) from decisions where candidate = 'blue' and stage = 'policy'")"
json "JSON: rewards" '$.entries[0].rewards' "$(sqlite3 state.db "select count(*) from outcomes")"
json "JSON: points" '$.entries[0].points[98].shown' 2970
if python3 -c 'import jsonschema' 2> /dev/null; then
  if python3 -c 'import json,sys,jsonschema; jsonschema.validate(json.load(open("out")), json.load(open(sys.argv[1])))' "$ROOT/docs/schema/decisions.schema.json" 2> err
  then ok "the JSON is as its schema says"; else not_ok "the JSON is as its schema says"; fi
else skip "the JSON is as its schema says" "python3-jsonschema is not installed"; fi

run report --state state.db --only hero --format json
json "--only by the last part of a name" '$.entries[1]' ''
run report --state state.db --only shop.heros
exits "--only a name that is not there" 4
says "near names" err 'did you mean `shop.hero`?'

# the page: whole in itself, and no name can end what holds it
sqlite3 state.db "update decisions set candidate = '</script><b>' where candidate = 'red'; update candidate_sets set members = replace(members, '\"red\"', '\"</script><b>\"')"
run report --state state.db --format html -o page.html
exits "the page" 0
same "names are data in the page" "$(grep -c '</script><b>' page.html)" 0
same "nothing is fetched" "$(grep -cE '(src|href)=' page.html)" 0
says "the library's license" page.html 'Copyright (c) 2022 Leon Sorokin'

# decisions for red are lost on the way to the log
rm -f state.db*
sqlite3 state.db < "$DATA"
sqlite3 state.db "delete from decisions where candidate = 'red' and seq % 2 = 0"
run report --state state.db --only shop.hero
exits "a guard that trips" 1
says "which one" out 'TRIPPED sample ratio'
says "no best arm is named" out 'which arm is best is not said'
lacks "no probability either" out 'with a probability of'

# too little
rm -f state.db*
sqlite3 state.db < "$DATA"
sqlite3 state.db "delete from decisions where seq > 50"
run report --state state.db --only shop.hero
says "not enough data" out 'not enough data: fewer than 100 showings'
sqlite3 state.db "delete from decisions; delete from exposures"
run report --state state.db
exits "nothing yet" 0
says "says so" out 'nothing was decided yet'

run report
exits "no state" 4
run report --state nowhere.db
exits "a file that is not there" 3
sqlite3 other.db 'create table t(x)'
run report --state other.db
exits "another database" 3
says "says which" err 'not a state file'
# a state file that may only be read: reports as elsewhere, and never without what its -wal holds
mkdir locked
sqlite3 locked/state.db < "$DATA"
cat > hero.blz << 'END'
module shop
record Person { id : text key }
record Hero { id : text key }
source people : Person
source heroes : Hero
choose hero for p in people { from v in heroes }
END
for what in "report" "state show" "state export" "evaluate hero hero.blz" "replay"; do
  run ${what%% *} $(echo "$what " | cut -d' ' -f2-) --state locked/state.db
  cp out whole; cp err whole.err; was=$rc
  rm -f locked/state.db-*
  chmod 755 .; chmod 555 locked; chmod 444 locked/state.db
  if lesser ${what%% *} $(echo "$what " | cut -d' ' -f2-) --state locked/state.db; then
    exits "$what: of a file that may only be read" $was
    if cmp -s out whole && cmp -s err whole.err; then ok "$what: says the same"; else not_ok "$what: says the same"; fi
  else skip "$what: of a file that may only be read" "root may write anywhere, and there is no setpriv"; fi
  chmod 755 locked; chmod 644 locked/state.db
done
mkdir left
sqlite3 locked/state.db > /dev/null << 'END'
pragma journal_mode=wal;
pragma wal_autocheckpoint=0;
insert into exposures(experiment, subject, arm, at) values ('shop.cta', 'new', 'buy', 1);
.shell cp locked/state.db locked/state.db-wal left
END
rm -f locked/*; mv left/* locked
chmod 555 locked; chmod 444 locked/*
if lesser report --state locked/state.db; then
  exits "one with changes beside it that cannot be merged" 3
  says "says so" err 'has changes in `locked/state.db-wal` that cannot be read here'
else skip "one with changes beside it that cannot be merged" "root may write anywhere, and there is no setpriv"; fi
chmod -R u+w locked
finish
