#!/bin/bash
# The command line itself: help, versions, misspelt words, exit code 4.
. "$(dirname "$0")/common.inc"

run help
exits "help ends well" 0
says "help groups them by task" out "choices and experiments:"
for command in check validate test waive match assemble decide outcome report replay evaluate state fmt explain build disasm completions help; do
  says "help lists $command" out "  $command"
  run help "$command"
  exits "help $command ends well" 0
  says "help $command shows how it is called" out "usage: blazon $command"
  run help
done
for later in serve lsp repl; do lacks "help does not list $later, which this version has not" out "  $later "; done

run --version
exits "--version ends well" 0
says "--version names the version" out "blazon "
says "--version names what could change an answer" out "tzdata"

run
exits "no command is wrong usage" 4
run valdate rules.blz
exits "a misspelt command is wrong usage" 4
says "a misspelt command is suggested" err 'did you mean `validate`?'
run validate --fromat json rules.blz
says "a misspelt option is suggested" err 'did you mean `--format`?'
exits "a misspelt option is wrong usage" 4
run validate --format jsno rules.blz
says "a misspelt value is suggested" err 'did you mean `json`?'
run validate --format
says "a missing value is told" err 'needs a value'
run validate
says "missing rules are told" err 'a rule file or folder is missing'
exits "missing rules are wrong usage" 4
run validate --max-findings many rules.blz
exits "a number that is none is wrong usage" 4
run validate --now yesterday rules.blz
says "a time that is none shows how to write one" err '2026-11-22T09:00:00Z'
run validate --source icons rules.blz
says "a source without a file shows how to write it" err 'NAME=FILE'
echo '{"icons": []}' > icons.json
run validate --source icons=icons.json#icons rules.blz
exits "a place without its slash is wrong usage" 4
says "a place in a file begins with a slash" err 'write `icons.json#/icons`'
run validate --sample 0% rules.blz
exits "an empty sample is wrong usage" 4
run validate -- --format
exits "after -- everything is a file" 3
run check --quiet=yes x.blz
says "a flag takes no value" err 'takes no value'

run check nowhere.blz
exits "a rule file that is not there" 3
says "and it is named" err 'nowhere.blz'
mkdir empty
run check empty
exits "a folder without rules" 3
says "and it says what it looked for" err '.blz'

run explain E0105
exits "explain a code" 0
says "explain shows an example" out '    because'
run explain e0105
exits "codes in any case" 0
run explain severity length slug
exits "explain an option, a function and a format" 0
says "explain shows a function's type" out 'length(s: text) -> int'
unexplained=$(sed -n 's/^KEYWORD("\([^"]*\)".*/\1/p' "$ROOT/lexer/keywords.def" | while read -r word; do "$BLAZON" explain "$word" > /dev/null 2>&1 || echo "$word"; done)
same "every word of the language is explained" "$unexplained" ""
run explain lenght
says "explain suggests" err 'did you mean `length`?'
exits "nothing to explain is wrong usage" 4
run explain --list
says "explain lists codes" out 'E0101'

for shell in bash zsh fish; do
  run completions $shell
  exits "completions for $shell" 0
  says "completions for $shell know the options" out 'max-findings'
done
if bash -n <("$BLAZON" completions bash); then ok "the bash completions are valid"; else not_ok "the bash completions are valid"; fi
run completions tcsh
exits "no completions for other shells" 4
run help --man
says "the manual page has a head" out '.TH BLAZON 1'
if command -v groff > /dev/null; then
  if [ -z "$("$BLAZON" help --man | groff -man -Tutf8 -ww -z 2>&1)" ]; then ok "the manual page formats without a warning"; else not_ok "the manual page formats without a warning"; fi
else skip "the manual page formats without a warning" "groff is not installed"; fi
finish
