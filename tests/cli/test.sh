#!/bin/bash
# blazon test: results, formats, exit codes.
. "$(dirname "$0")/common.inc"

cat > good.blz << 'END'
module acme.brand

record Campaign { id : text key   name : text 1..60 }
source campaigns : Campaign from "campaigns"

record Asset {
  id       : text key
  kind     : "image" | "video"
  title    : text 3..80
  alt_text : text?
  code     : text matches r"^[A-Z]{2}-\d{4}$"
  width    : int 10..20000
  share    : number > 0
  colors   : list 1..9 of color
  campaign : -> campaigns
  home     : url
  made     : date >= 2026-03-01
}
source assets : Asset from "assets"

rule wide_enough for a in assets where a.kind == "image" {
  severity warning
  require a.width >= 600
    otherwise "{a.width} px are too few"
}
rule described for a in assets { require a.alt_text.length() >= 8 }
rule spring for a in assets { since 2026-02-01 require a.made <= today }
rule unlike for a in assets { require count(b for b in assets where b.title == a.title) == 1 }
rule settings { require count(assets) < 3 }
ruleset publishable { wide_enough described }
audience big for a in assets where a.width > 1000
fn twice(n : int) -> int = n * 2

test "verdicts" {
  given now = 2026-06-15
  given campaigns = [sample(Campaign)]
  let a = sample(Asset).with(width: 500)
  expect a passes Asset
  expect a fails wide_enough saying "500 px"
  expect a.with(width: 600) passes wide_enough
  expect verdict(a.with(kind: "video"), wide_enough) == "skip"
  expect verdict(a, described) == "unknown"
  expect a.with(alt_text: "short") fails publishable
  expect not (a in big) and a.with(width: 1001) in big
  expect twice(a.width) == 1000
  expect verdict(settings) == "pass"
  expect a.with(made: 2026-06-16) fails spring
}
test "the clock is the same in every run" {
  expect today == 2026-01-01
}
test "rows that are given" {
  given campaigns = [sample(Campaign).with(id: "C")]
  let a = sample(Asset)
  given assets = [a, a.with(id: "2"), a.with(id: "1", title: "other")]
  expect count(assets) == 3
  expect a.campaign.id == "C"
  expect a fails unlike
  expect a.with(title: "other") passes unlike
  expect verdict(settings) == "fail"
  expect verdict(a, spring) == "inactive"
}
END
run test good.blz
exits "tests that pass" 0
says "tests that pass are counted" out "3 tests: 3 passed"
silent "nothing on standard error" err
run test good.blz --quiet
silent "--quiet says nothing when all is well" out
run test good.blz -v
says "--verbose lists those that pass" out "pass  acme.brand: verdicts"
run test good.blz --filter VERD
exits "--filter" 0
says "--filter leaves out" out "1 test: 1 passed; 2 left out by --filter"
run test good.blz --filter nothing
exits "--filter that finds nothing is wrong usage" 4
says "--filter says how many there are" err "there are 3"
run test good.blz --now 2026-05-05
exits "--now changes the clock of tests without one" 1
says "what is and what should be" out "today is 2026-05-05"

run test good.blz --coverage
exits "--coverage" 0
says "--coverage: what is not reached" out "acme.brand.spring: require a.made <= today  (never true)"
says "--coverage: a rule without a record" out "coverage: 85.7%, 12 of 14"
lacks "--coverage: what is reached is not listed" out "wide_enough"
run test good.blz --min-coverage 85%
exits "--min-coverage that is reached" 0
run test good.blz --min-coverage 86%
exits "--min-coverage that is not reached" 1
says "--min-coverage that is not reached: says so" out "less than the 86% of --min-coverage"
run test good.blz --min-coverage lots
exits "--min-coverage that is no share" 4
run test good.blz --min-coverage 100 --format tap
says "--min-coverage in TAP" out "not ok 4 - coverage: the tests cover 85.7%; 100% are demanded"
run test good.blz --min-coverage 100 --format junit
says "--min-coverage in JUnit" out '<testcase classname="coverage" name="--min-coverage">'
cat > table.blz << 'END'
table size(width : int, retina : bool?) -> text {
  >= 1000, true -> "large"
  >= 1000, _    -> "medium"
  _,       _    -> "small"
}
record A { id : text key  n : int? }
source as : A
rule r for a in as { require a.n > 0 }
test "sizes" {
  expect sample(A).with(n: 1) passes r
  expect sample(A).with(n: 0) fails r
  expect size(1000, true) == "large"
  expect size(999, true) == "small"
}
END
run test table.blz --coverage
says "--coverage of what can be unknown" out "never seen unknown (this does not count)"
says "--coverage of rows" out "table.blz:3  size, row 2: >= 1000, _ -> \"medium\"  (never chosen)"
says "--coverage of rows: share" out "coverage: 80%, 4 of 5"

cat > bad.blz << 'END'
module bad
record A { id : text key   n : int   name : text? }
source as : A
rule positive for a in as where a.n != 7 { require a.n > 0 otherwise "{a.n} is not positive" }
test "wrong verdicts" {
  let a = sample(A)
  expect a passes positive
  expect a.with(n: 1) fails positive
  expect a.with(n: 7) fails positive
  expect a fails positive saying "nope"
  expect a.name == "x"
  expect a.n + 1 == 3
}
test "two rows with one key" {
  given as = [
    sample(A),
    sample(A).with(n: 3),
  ]
  expect count(as) == 2
}
test "division" { expect 1 / sample(A).n == 1 }
END
run test bad.blz
exits "tests that fail" 1
says "a verdict that is not as expected" out "positive: fail: 0 is not positive"
says "a rule that passes" out "positive: pass"
says "a rule that skips" out "positive: skip, since its \`where\` does not hold"
says "messages that do not say it" out "it fails, but no message contains \"nope\""
says "what is missing" out "cannot tell: a.name is missing"
says "values" out "a.n + 1 is 1; 3 is required"
says "the place" out "bad.blz:7:3"
says "two rows with one key" out "rows 1 and 2 of \`bad.as\` have the same key, x"
says "two rows with one key: the other place" out "the other one is at bad.blz:16"
says "an error of a value" out "division by zero"
says "the summary" out "3 tests: 0 passed, 2 failed, 1 could not be run"

run test good.blz bad.blz --format tap
exits "TAP" 1
says "TAP: the plan" out "1..6"
says "TAP: passed" out "ok 1 - acme.brand: verdicts"
says "TAP: failed" out "not ok 4 - bad: wrong verdicts"
run test good.blz bad.blz --format junit -o tests.xml
exits "JUnit" 1
mv tests.xml out
says "JUnit: counts" out '<testsuite name="blazon test" tests="6" failures="2" errors="1">'
says "JUnit: a case that passes" out '<testcase classname="acme.brand" name="verdicts"/>'
says "JUnit: a case that fails" out '<failure message='
if command -v xmllint > /dev/null; then xmllint --noout out 2> err && ok "JUnit: well formed" || not_ok "JUnit: well formed"; fi
run test good.blz bad.blz --format json
if command -v sqlite3 > /dev/null; then
  json "JSON: summary" '$.summary.failed' 2
  json "JSON: exit code" '$.summary.exit_code' 1
  json "JSON: status" '$.tests[3].status' fail
  json "JSON: place" '$.tests[3].problems[0].line' 7
  json "JSON: details" '$.tests[3].problems[0].details[0]' 'positive: fail: 0 is not positive'
else skip "JSON" "the sqlite3 command is not installed"; fi

cat > any.blz << 'END'
module any
record C { id : text key }
source cs : C
record P { id : text key  age : int 0..120?  tags : list of text  since : date?  c : -> cs  note : text default "-" }
source ps : P
audience young for p in ps where p.age < 30 and p.since < today - 180 days
audience tagged for p in ps where p.tags.length() >= 2 and p.age >= 29
test "apart" for any p : P {
  given now = 2026-06-30
  given cs = [C(id: "k")]
  expect not (p in young and p in tagged)
}
test "together" for any p : P {
  given cs = [C(id: "k")]
  expect p.age exists implies p.age in 0..120
  expect p passes P
}
END
run test any.blz
exits "for any: a counterexample ends with 1" 1
says "for any: the smallest counterexample" out 'let p = P(id: "x", age: 29, tags: ["", ""], since: 2025-12-31, c: "k")   // found in'
says "for any: the values of the counterexample" out "p.age  =  29"
cp out first
run test any.blz
same "for any: the same in every run" "$(cat out)" "$(cat first)"
run test any.blz --seed 7
says "for any: another seed finds the same" out 'let p = P(id: "x", age: 29, tags: ["", ""], since: 2025-12-31, c: "k")'
sed 's/.*let p = \(P(.*)\)   .*/test "pasted" { given now = 2026-06-30  given cs = [C(id: "k")]  let p = \1  expect p in young and p in tagged }/; /^test/!d' first > pasted.txt
cat any.blz pasted.txt > pasted.blz
run test pasted.blz --filter pasted
exits "for any: what is printed can be pasted" 0
run test any.blz --runs 1
exits "for any: --runs" 0
echo 'record R { id : text key  n : int? }  test "u" for any r : R { expect r.n < 5 or r.n >= 5 }' > unknown.blz
run test unknown.blz
exits "for any: what is unknown does not hold" 1
says "for any: what is unknown does not hold: says what to do" out "say what a missing value means"
run test any.blz --runs some
exits "for any: --runs that is no number" 4

{ for i in $(seq 50); do echo "test \"t$i\" { expect $i == 0 }"; done; } > many.blz
run test many.blz
says "many failures are cut" out "... and 30 more tests that do not pass; --verbose shows all"
says "many failures are counted" out "50 tests: 0 passed, 50 failed"
lacks "many failures: the last is not shown" out "FAIL  t21"
run test many.blz -v
says "--verbose shows all failures" out "FAIL  t50"

cat > mutate.blz << 'END'
record A { id : text key   n : int   k : "a" | "b"   o : int? }
source as : A
fn much(n : int) -> bool = n >= 10
table size(n : int) -> text { < 5 -> "s"  5..9 -> "m"  _ -> "l" }
rule r for a in as where a.k == "a" { require a.n > 3 and a.n != 7   forbid a.n in 20..30 }
rule idle for a in as { require a.o < 3 }
audience big for a in as where much(a.n) or a.k == "b"
test "some" {
  let a = sample(A).with(k: "a", n: 4)
  expect a passes r
  expect a.with(n: 3) fails r
  expect a.with(n: 7) fails r
  expect a.with(n: 25) fails r
  expect a.with(n: 12) in big
  expect not (a in big)
  expect size(4) == "s" and size(5) == "m" and size(9) == "m" and size(10) == "l"
}
END
run test mutate.blz --mutate
exits "--mutate" 0
says "--mutate: a boundary that no test tries" out "mutate.blz:3  much: n >= 10  (\`>=\` became \`>\`)"
says "--mutate: the ends of a range" out "r: a.n in 20..30  (the lower bound 20 no longer belongs to it)"
lacks "--mutate: what is noticed is not listed" out "a.n > 3"
lacks "--mutate: what no test reaches is not tried" out "idle"
says "--mutate: what no test reaches is counted" out "1 not tried where no test reaches"
lacks "--mutate: tables are changed, and noticed" out "size"
run test bad.blz --mutate
exits "--mutate with a test that fails" 1
says "--mutate with a test that fails: says so" out "mutants: not tried, since not all tests pass"
run test mutate.blz --mutate --mutate-seconds 5 --format json
if command -v sqlite3 > /dev/null; then
  json "--mutate as JSON" '$.mutants.survivors[0].change' '`>=` became `>`'
fi

cat > watched.blz << 'END'
test "x" { expect 1 == 1 }
END
"$BLAZON" test watched.blz --watch > out 2> err < /dev/null &
watcher=$!
wait_for() { for _ in $(seq 100); do grep -qF -- "$1" out err && return; sleep 0.1; done; }
wait_for "1 test: 1 passed"
says "--watch: the first run" out "1 test: 1 passed"
echo 'test "y" { expect 1 == 2 }' >> watched.blz
wait_for "2 tests"
says "--watch: again after a change" out "2 tests: 1 passed, 1 failed"
echo 'test "z" { expect nope }' >> watched.blz
wait_for "E0301"
says "--watch: rules that do not compile are told, and it goes on" err "there is no \`nope\` here"
echo 'test "y" { expect 1 == 1 }' > watched.blz
for _ in $(seq 100); do [ "$(grep -c "1 test: 1 passed" out)" -ge 2 ] && break; sleep 0.1; done
same "--watch: again when they do" "$(grep -c "1 test: 1 passed" out)" 2
kill -INT $watcher
wait $watcher
rc=$?
exits "--watch: ends with 0 on a signal" 0
run test watched.blz --watch --format json
exits "--watch is for people" 4

echo 'test "x" { expect nothing }' > wrong.blz
run test wrong.blz
exits "rules that do not compile" 2
says "rules that do not compile: why" err "there is no \`nothing\` here"
run test wrong.blz --format json
exits "rules that do not compile, as JSON" 2
says "rules that do not compile, as JSON: status" out '"rules_do_not_compile"'
run test nowhere.blz
exits "rules that are not there" 3
echo 'rule r { require 1 == 1 }' > none.blz
run test none.blz
exits "no tests" 0
says "no tests: how to write one" out "there are no tests"

run check good.blz
says "check counts tests" out "3 tests (not run: \`blazon test\`)"
run check good.blz --list
says "check lists tests" out 'test      acme.brand "verdicts"'

# what a test looks up changes nothing in what a run reads
cat > plain.blz << 'END'
record A { id : text key   n : int   m : int }
source as : A from "as"
rule r for a in as { require a.n > 0 }
END
{ cat plain.blz; echo 'test "t" { given as = [sample(A)]  expect count(a for a in as where a.m == 0) == 1 and today < 2100-01-01 }'; } > tested.blz
run disasm plain.blz
cp out plain.asm
run disasm tested.blz
same "tests add no code" "$(cat out)" "$(cat plain.asm)"

# tests are no part of a run over data, nor of a bundle
echo '[{"id":"1","n":1}]' > as.json
run validate bad.blz --source as=as.json
exits "validate runs no tests" 0
run build bad.blz -o bad.bundle
exits "build leaves tests out" 0
run validate bad.bundle --source as=as.json
exits "a bundle of rules with tests" 0
run test bad.bundle
exits "a bundle holds no tests" 4
says "a bundle holds no tests: says so" err "a bundle holds no tests"
run fmt --check good.blz
lacks "fmt knows tests" err "error"
# What the rows of a source come to is computed once in a test, not once for all of them.
cat > average.blz << 'END'
record Page { id : text key  n : int }
source pages : Page
rule usual for p in pages { require p.n <= 2 * avg(o.n for o in pages) otherwise "more than {2 * avg(o.n for o in pages)}" }
fn share(p : Page) -> number? = p.n / sum(o.n for o in pages where o.n > -5)
audience most for p in pages where share(p) > 50%
test "few" { let a = Page(id: "a", n: 9)  given pages = [a, Page(id: "b", n: 1), Page(id: "c", n: 1)]
  expect a fails usual saying "more than 7.33"
  expect a in most }
test "alike" { let a = Page(id: "a", n: 9)  given pages = [a, a.with(id: "b")]
  expect a passes usual
  expect not (a in most) }
test "again" { let a = Page(id: "a", n: 8)  given pages = [a, Page(id: "b", n: 1), Page(id: "c", n: 0)]
  expect a fails usual saying "more than 6"
  expect a in most }
END
run test average.blz
exits "averages of each test's own rows" 0
run test average.blz --mutate
says "what is computed once is changed, too, where it is written" out 'average.blz:4  share: o.n > -5  (`>` became `>=`)'
# The smallest counterexample is small inside, too.
cat > inside.blz << 'END'
record Part { n : int  note : text? }
record Kit { id : text key  parts : list of Part  tags : list of text }
source kits : Kit
test "parts are few" for any k : Kit { expect every p in k.parts: p.n < 5 }
test "tags are short" for any k : Kit { expect every t in k.tags: t.length() < 4 }
END
run test inside.blz
says "fields of a list's records are left out" out 'parts: [Part(n: 5)]'
if grep -q 'tags: \["[^"]\{4\}"\]' out; then ok "texts of a list are short"; else not_ok "texts of a list are short"; fi
finish
