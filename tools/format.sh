#!/bin/bash
# The light rules of layout that every file keeps, and `blazon fmt` for the examples. With --fix, repairs what can be repaired.
#
# No tabs (but in the Makefile), no blanks at a line's end, a line end at the file's end, at most 160 characters a line of code (lines
# that hold a text, tables, Markdown and data excepted), no file of code over 1,000 lines, nothing left to do in comments.
set -u
cd "$(dirname "$0")/.." || exit 3
fix=
[ "${1:-}" = --fix ] && fix=yes
export LC_ALL=C.UTF-8
n=0 bad=0
report() { # NAME OUTPUT: empty output is a pass
  n=$((n + 1))
  if [ -z "$2" ]; then echo "ok $n - $1"; else bad=$((bad + 1)); echo "not ok $n - $1"; printf '%s\n' "$2" | head -n 20 | cut -c1-180; fi
}

# what git knows or would take, without data, golden inputs that are wrong on purpose, and seeds
mapfile -t all < <(git ls-files -co --exclude-standard 2>/dev/null | grep -vE '^(tests/golden/|tests/cli/data/|fuzz/|stdlib/data/|LICENSE)' |
  while read -r f; do [ -f "$f" ] && echo "$f"; done)
mapfile -t text < <(printf '%s\n' "${all[@]}" | grep -E '\.(c|h|y|l|def|sh|blz|md|json|in|sql|1|bash|zsh|fish)$|^Makefile$|^\.ci/run$')
mapfile -t code < <(printf '%s\n' "${all[@]}" | grep -E '\.(c|h|y|l|sh|blz)$')

if [ -n "$fix" ]; then
  sed -i -E 's/[ \t]+$//' "${text[@]}"
  for f in "${text[@]}"; do [ -s "$f" ] && [ -n "$(tail -c 1 "$f")" ] && echo >> "$f"; done
fi
report "no tabs" "$(printf '%s\n' "${text[@]}" | grep -vE '^Makefile$|\.fish$|\.bash$' | xargs -d '\n' grep -nP '\t' | head -n 20)"
report "no blanks at the end of a line" "$(grep -nP '[ \t]+$' "${text[@]}" | head -n 20)"
report "a line end at the end of each file" "$(for f in "${text[@]}"; do [ -s "$f" ] && [ -n "$(tail -c 1 "$f")" ] && echo "$f"; done)"
report "at most 160 characters a line" "$(grep -nP '^[^"]{161,}$|^.{261,}' "${code[@]}" | head -n 20)"
report "no file of code over 1,000 lines" "$(wc -l "${code[@]}" | awk '$1 > 1000 && $2 != "total" { print $2 ": " $1 " lines" }')"
report "nothing left to do in comments" "$(grep -nE '\b(TODO|FIXME)\b(:| *\()' "${code[@]}" | grep -v '^tools/format.sh' | head -n 20)"

blazon=${BUILD:-build}/release/blazon
mapfile -t rules < <(printf '%s\n' "${all[@]}" | grep -E '^examples/.*\.blz$')
if [ -x "$blazon" ] && [ ${#rules[@]} -gt 0 ]; then
  [ -n "$fix" ] && "$blazon" fmt "${rules[@]}"
  report "the examples are laid out by blazon fmt" "$("$blazon" fmt --check "${rules[@]}" 2>&1)"
fi
[ $bad -eq 0 ]
