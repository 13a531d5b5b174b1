#!/bin/bash
# docs/options.md is what `blazon help` says of each command. BLESS=1 writes it anew.
. "$(dirname "$0")/common.inc"
export NO_COLOR=1

run help
exits "help lists the commands" 0
commands=$(sed -n '/^exit codes:/q;s/^  \([a-z]\{1,\}\) .*/\1/p' out)
{
  echo '# Commands and options'
  echo
  cat << 'END'
Written from the tables that the tool reads; `blazon help COMMAND` shows the same on the terminal.
[The command line](cli.md) says what can be relied on.
END
  for c in $commands; do
    # shellcheck disable=SC2016
    printf '\n## `blazon %s`\n\n```text\n' "$c"
    "$BLAZON" help "$c"
    echo '```'
  done
} > options.md
[ "${BLESS:-}" = 1 ] && cp options.md "$ROOT/docs/options.md"
if diff "$ROOT/docs/options.md" options.md > out 2>&1; then ok "docs/options.md is current"; else not_ok "docs/options.md is out of date: BLESS=1 tests/cli/pages.sh writes it"; fi
# the page would be empty if the list of commands were read wrongly
says "it has a chapter on validate" options.md 'blazon validate'
says "and the options of decide" options.md '--subject'
says "and one on help itself" options.md '## `blazon help`'
finish
