#!/bin/bash
# How messages about rule files look: carets under tabs and wide characters, long lines, every format, every kind of broken file.
. "$(dirname "$0")/common.inc"

printf 'module a\nlet\tx = 1 && 2\n' > tabs.blz
run check tabs.blz
exits "an error in the rules" 2
if grep -A2 '2 | let x = 1' out | grep -qE '^  \| {11}\^\^'; then ok "the caret stands right after a tab"; else not_ok "the caret stands right after a tab"; fi
printf 'module a\nlet x = "日本" && 2\n' > wide.blz
run check wide.blz
if grep -A1 '^2 |' out | grep -qE '^  \| {16}\^\^'; then ok "the caret stands right after wide characters"; else not_ok "the caret stands right after wide characters"; fi
printf 'module a\nlet x = "e\xcc\x81" && 2\n' > combining.blz
run check combining.blz
if grep -A1 '^2 |' out | grep -qE '^  \| {13}\^\^'; then ok "the caret stands right after a combining mark"; else not_ok "the caret stands right after a combining mark"; fi

{ printf 'let x = "'; head -c 200000 /dev/zero | tr '\0' 'a'; printf '" && 1\n'; } > long.blz
run check long.blz
exits "a long line is an error like any other" 2
if [ "$(wc -L < out)" -lt 250 ]; then ok "a long line is shown in part"; else not_ok "a long line is shown in part"; fi

: > empty.blz
run check empty.blz
exits "an empty file is no error" 0
says "but it is told" out 'empty.blz:1:1'
run validate empty.blz
says "and that no rules were run" out 'no rules were run'
head -c 4096 /dev/urandom > binary.blz
run check binary.blz
exits "a binary file is an error" 2
if [ "$(grep -c '^error' out)" -le 3 ]; then ok "a binary file is one error, not thousands"; else not_ok "a binary file is one error, not thousands"; fi
printf 'module a\n// caf\xe9\n' > latin1.blz
run check latin1.blz
exits "Latin-1 is an error" 2
says "and its code says what it is" out 'E0101'
{ printf 'let x = '; head -c 10000 /dev/zero | tr '\0' '('; printf 1; head -c 10000 /dev/zero | tr '\0' ')'; echo; } > deep.blz
run check deep.blz
exits "10,000 parentheses are an error, not a crash" 2
printf 'let x = 1 &&\nlet y = 2 ||\n' > two.blz
run check two.blz
if [ "$(grep -c '^error' out)" -ge 2 ]; then ok "all errors of a file in one run"; else not_ok "all errors of a file in one run"; fi

printf 'let x = true && false\n' > bad.blz
run check --format json bad.blz
exits "JSON for broken rules" 2
json "its status" '$.status' 'rules_do_not_compile'
json "its message" '$.diagnostics[0].code' 'E0116'
json "its place" '$.diagnostics[0].line' 1
json "its fix" '$.diagnostics[0].fix.edits[0].replacement' 'and'
run check --format sarif bad.blz
json "SARIF has its version" '$.version' '2.1.0'
json "SARIF has the message" '$.runs[0].results[0].ruleId' 'E0116'
json "SARIF has the place" '$.runs[0].results[0].locations[0].physicalLocation.region.startColumn' 14
json "SARIF has the fix" '$.runs[0].results[0].fixes[0].artifactChanges[0].replacements[0].insertedContent.text' 'and'
run check --format github bad.blz
says "an annotation for GitHub" out '::error file=bad.blz,line=1,col=14,title=E0116::'
run check --format junit bad.blz
says "a JUnit error" out '<error type="E0116"'
echo 'module good' > good.blz
run check --format junit good.blz
says "JUnit: that nothing is wrong is a case that passes" out '<testcase classname="rules" name="check"/>'
says "and is counted" out 'tests="1" failures="0" errors="0"'
run validate --format json bad.blz
json "validate says so too" '$.status' 'rules_do_not_compile'
exits "validate of broken rules" 2
run validate bad.blz
says "as text on standard error" err 'E0116'
silent "and nothing on standard output" out

run check --color always bad.blz
if grep -q $'\033' out; then ok "colors when asked for"; else not_ok "colors when asked for"; fi
run check bad.blz
if grep -q $'\033' out; then not_ok "no colors into a file"; else ok "no colors into a file"; fi

# calls in a row are bounded in number, and as many as are allowed need little stack
calls() { printf 'module deep\nlet x = 1%s\n' "$(printf '.abs()%.0s' $(seq "$1"))" > deep.blz; }
calls 2000
(ulimit -s 4096 && "$BLAZON" check deep.blz) > out 2> err < /dev/null
rc=$?
exits "two thousand calls in a row, in half the stack" 0
calls 10000
run check deep.blz
exits "ten thousand calls in a row are refused" 2
says "and told" out 'E0208'

mkdir -p tree/sub tree/.hidden
echo 'module t' > tree/one.blz
printf 'module t\nlet x = 1 && 2\n' > tree/sub/two.blz
printf 'let x = 1 && 2\n' > tree/.hidden/three.blz
ln -s .. tree/sub/loop
run check tree
says "folders are read with what is below" out 'tree/sub/two.blz'
lacks "hidden folders are not" out 'three.blz'
mkdir odd && echo 'module t' > odd/one.blz
ln -s nowhere odd/link.blz
run check odd
exits "a rule file that is a link to nowhere is not passed over" 3
says "it is named" err '`odd/link.blz`: there is no such file'
rm odd/link.blz && mkfifo odd/pipe.blz
timeout 10 "$BLAZON" check odd > out 2> err < /dev/null
rc=$?
exits "a pipe among rule files is not waited for" 3
says "it is named" err '`odd/pipe.blz`: it is no regular file'
rm odd/pipe.blz && ln -s nowhere odd/notes.txt && ln -s odd2 odd/odd2
run check odd
exits "other links to nowhere are no matter" 0
"$BLAZON" check - < bad.blz > out 2> err
rc=$?
exits "rules from standard input" 2
says "are called -" out '-:1:'
# a default that its own field forbids would make a finding of every record without the field
cat > defaults.blz << 'END'
record A {
  id : text key
  w : int 10..200 default 5
  t : text 3..10 default "ab"
  u : url default "nope"
  d : date >= 2021-01-01 default 2020-12-31
  l : list 1..2 of text split "," default ["a", "b", "c"]
  fine : text 3..10 unique default "abc"
}
source as : A
END
run check defaults.blz
exits "defaults that their fields forbid" 2
same "are told with what is allowed" "$(grep -o 'the default of .*' out)" "\
the default of \`w\` is not allowed by the field itself: w is 5; 10 to 200 is allowed
the default of \`t\` is not allowed by the field itself: t has 2 characters; 3 to 10 are allowed
the default of \`u\` is not allowed by the field itself: u is \"nope\", which is no valid url
the default of \`d\` is not allowed by the field itself: d is 2020-12-31; at least 2021-01-01 is allowed
the default of \`l\` is not allowed by the field itself: l has 3 elements; 1 to 2 are allowed"
finish
