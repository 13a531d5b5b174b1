#!/bin/bash
# blazon match: in, out and unknown apart, into every kind of place.
. "$(dirname "$0")/common.inc"
write_library

run match tall rules.blz --db lib.db
exits "match" 0
says "who is in" out 'A-1'
lacks "not who is out" out 'A-3  '
says "the counts" out 'lib.tall: 2 in, 1 out, 1 unknown'
run match tall rules.blz --db lib.db --list unknown
says "who is unknown, and why" out 'A-2  (alt_text)'
run match tall --rules rules.blz --db lib.db --format json --list all
says "as JSON" out '{"audience":"lib.tall","source":"lib.assets","key":"A-3","result":"out"}'
says "with counts" out '"counts":{"out":1,"in":2,"unknown":1,"error":0}'
run match tall rules.blz --db lib.db --to all.ndjson
same "all results as NDJSON" "$(wc -l < all.ndjson)" 4
run match tall rules.blz --db lib.db --to all.csv
same "all results as CSV" "$(tr -d '\r' < all.csv | sed -n 3p)" 'lib.tall,A-2,unknown,alt_text'
run match tall rules.blz --db lib.db --table members --out-db out.db
exits "into a table" 0
same "which holds them" "$(sqlite3 out.db "select group_concat(key || result, ' ') from members order by key")" 'A-1in A-2unknown A-3out A-4in'
run match tall rules.blz --db lib.db --table members --out-db out.db
exits "a table that is there already is left alone" 3
run match tall rules.blz --db lib.db --table members --out-db lib.db
exits "never into the data itself" 3
run match tall rules.blz --db lib.db --table members
exits "a table needs a database" 4
run match toll rules.blz --db lib.db
exits "no such audience" 4
says "is suggested" err 'did you mean `lib.tall`?'
run match tall --db lib.db
exits "rules are needed" 4
run match tall rules.blz --db nowhere.db --to kept.csv
exits "no database" 3
same "leaves no file" "$(ls kept.csv* 2> /dev/null)" ""

# what cannot be read must not make an audience short in silence
cat > people.blz << 'END'
record Person { id : text key  age : int? }
source people : Person
audience adults for p in people where p.age >= 18
END
printf '%s\n' '{"id":"a","age":20}' '{"id":"b","age":' '{"id":"c","age":"old"}' '{"id":"d","age":7}' > people.ndjson
run match adults people.blz --source people=people.ndjson --to adults.csv
exits "a lost line and a bad value end with 1" 1
says "the line is named" err 'people.ndjson:2:17: error[E0814]: people: '
says "the lists are not whole" err 'an error with the data'
says "the record in error is counted" out '1 in, 1 out, 0 unknown, 1 in error'
says "and how to list it" err '`--list error` shows which and why'
same "what could be read is written" "$(tr -d '\r' < adults.csv | cut -d, -f2,3 | paste -sd' ')" 'key,result a,in c,error d,out'
run match adults people.blz --source people=people.ndjson --list error
says "a bad value is shown" out 'c  (age: `old` is text, not int)'
run match adults people.blz --source people=people.ndjson --allow error
exits "unless that is allowed" 0
finish
