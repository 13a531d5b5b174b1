#!/bin/bash
# Lists of terms: read from files beside the rules, carried by bundles, told with their places when they are wrong, large without harm.
. "$(dirname "$0")/common.inc"

mkdir -p rules/lists
cat > rules/copy.blz << 'END'
module words

record Copy { id : text key  title : text  body : text? }
source copy : Copy

terms legal ignoring case from "lists/legal.csv"
terms exact from "lists/legal.csv"

rule plain for c in copy {
  require no t in legal.find(c.title)
    otherwise "say \"{t.replacement ?? "something else"}\" instead of \"{t.text}\""
}
rule as_written for c in copy { forbid exact.has(c.title) }
END
printf '\xef\xbb\xbfTerm, why ,Replacement\r\nutilize,long,use\r\n\r\n"state of the art, truly",hype,\r\n"5"" screen",inches,"a ""large"" screen"\r\n' > rules/lists/legal.csv
printf '%s\n' '{"id":"a","title":"Utilize a 5\" screen"}' '{"id":"b","title":"State of  the art, truly"}' '{"id":"c","title":"utilized"}' > copy.ndjson

run validate rules --source copy=copy.ndjson
exits "a list is read relative to its rule file" 1
says "a term and its replacement" out 'say "use" instead of "Utilize"'
says "quotes inside of a quoted cell" out 'say "a "large" screen" instead of "5" screen"'
says "a term without a replacement, over a comma and spaces" out 'say "something else" instead of "State of  the art, truly"'
says "the same file without ignoring case" out 'words.as_written  1 of 3'
cp out files.out

run check rules
says "check counts them" out ', 2 lists of 6 terms'
run build rules -o words.blzb
exits "a bundle is built" 0
mv rules/lists/legal.csv away.csv
run validate words.blzb --source copy=copy.ndjson
exits "a bundle needs the file no longer" 1
same "and finds the same" "$(sed 's/in [0-9.]* s/in/' out)" "$(sed 's/in [0-9.]* s/in/' files.out)"
run validate words.blzb --source copy=copy.ndjson --explain plain b
exits "explaining from a bundle" 1
says "shows the match" out 'TermMatch(text: "State of  the art, truly", start: 1, end: 24'
run disasm words.blzb
exits "a bundle with lists is disassembled" 0

run check rules
exits "a file that is not there" 2
says "is named, with its place" out 'rules/copy.blz:6:32'
says "and why" out 'there is no such file'
mkdir rules/lists/legal.csv
run check rules
says "a folder is no list" out 'it is a folder'
rmdir rules/lists/legal.csv
mkfifo rules/lists/legal.csv
run check rules
says "a pipe is not waited for" out 'it is no ordinary file'
rm rules/lists/legal.csv

printf 'one\ntwo\nOne\none\n,x\n"open\n' > rules/lists/legal.csv
run check rules
exits "a malformed list" 2
says "has a place in its own file" out 'rules/lists/legal.csv:6:1'
sed -i '$d' rules/lists/legal.csv
run check rules
exits "repeated and empty terms" 2
says "the second one" out 'rules/lists/legal.csv:3:1'
says "and the first" out 'rules/lists/legal.csv:1:1'
says "the empty one" out 'rules/lists/legal.csv:5:1'

# lists are watched as rule files are
printf 'cheap\n' > watched.csv
cat > watched.blz << 'END'
terms banned from "watched.csv"
test "x" { expect banned.has("cheap") }
END
"$BLAZON" test watched.blz --watch > out 2> err < /dev/null &
watcher=$!
wait_for() { for _ in $(seq 100); do grep -qF -- "$1" out err && return; sleep 0.1; done; }
wait_for "1 test: 1 passed"
printf 'expensive\n' > watched.csv
wait_for "1 failed"
says "--watch: again after a change of a list" out "1 test: 0 passed, 1 failed"
rm watched.csv
wait_for "E0570"
says "--watch: a list that has gone is told" err "there is no such file"
printf 'cheap\n' > watched.csv
for _ in $(seq 100); do [ "$(grep -c "1 test: 1 passed" out)" -ge 2 ] && break; sleep 0.1; done
same "--watch: again when it is back" "$(grep -c "1 test: 1 passed" out)" 2
kill -INT $watcher
wait $watcher
rc=$?
exits "--watch: ends with 0 on a signal" 0

# 1.5 GB, where the build under test can live with a limit at all (a sanitizer cannot)
limited() { (ulimit -v 1500000; "$BLAZON" --version) > /dev/null 2>&1 && ulimit -v 1500000; }
awk 'BEGIN { for (i = 0; i < 1000000; i++) printf "term %d of many,word%d\n", i, i }' > rules/lists/legal.csv
(limited; timeout 60 "$BLAZON" validate rules --source copy=copy.ndjson > out 2> err); rc=$?
exits "a million terms" 0
awk 'BEGIN { for (i = 0; i < 1000000; i++) print "the same" }' > rules/lists/legal.csv
(limited; timeout 60 "$BLAZON" check rules > out 2> err); rc=$?
exits "a million times the same term" 2
says "is not told a million times" out 'more terms that are empty or stand twice'
finish
