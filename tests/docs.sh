#!/bin/bash
# Runs the code in README.md and docs/: tests/docs.sh BLAZON. What each fence means stands in tests/README.md.
set -u
cd "$(dirname "$0")/.." || exit 3
blazon=$(realpath "${1:?tests/docs.sh BLAZON}") || exit 3
root=$PWD
work=$(realpath -m "${BUILD:-build}")/docs
rm -rf "$work"; mkdir -p "$work/bin"
ln -s "$blazon" "$work/bin/blazon"
export PATH=$work/bin:$PATH NO_COLOR=1 COLUMNS=100
n=0 bad=0
pass() { n=$((n + 1)); echo "ok $n - $1"; }
fail() { n=$((n + 1)); bad=$((bad + 1)); echo "not ok $n - $1"; sed 's/^/    /' | head -n 30; }

# the word after KEY= in a fence's information
word() { tr ' ' '\n' <<< "$2" | sed -n "s/^$1=//p" | head -n 1; }

# text with `...` on a line of its own for whatever stands there -> a pattern for [[ ]]
as_pattern() { sed -e 's/[][\\*?(){}|+@!]/\\&/g' -e 's/^\.\.\.$/*/' "$1"; }

# each `$ command` line of a block, with what must follow it
run_console() { # BLOCK DIRECTORY NAME
  local cmd='' expected=$work/expected actual=$work/actual line
  : > "$expected"
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
      '$ '*) [ -n "$cmd" ] && check_command "$cmd" "$2" "$3"; cmd=${line#'$ '}; : > "$expected" ;;
      *) echo "$line" >> "$expected" ;;
    esac
  done < "$1"
  [ -n "$cmd" ] && check_command "$cmd" "$2" "$3"
}
check_command() {
  (cd "$2" && timeout 60 sh -c "$1") > "$actual" 2>&1 < /dev/null
  # shellcheck disable=SC2053 # a pattern on purpose
  if [[ $(cat "$actual") == $(as_pattern "$expected") ]]; then pass "$3: $1"; else
    fail "$3: $1" < <(echo "expected:"; cat "$expected"; echo "actual:"; cat "$actual")
  fi
}

# lines `EXPRESSION  // VALUE`, each a rule of its own
run_expressions() { # BLOCK NAME
  local i=0 expr value line
  { echo 'module doc'; cat "$root/stdlib/examples.blz" 2> /dev/null | grep -v '^module '; } > "$work/expr.blz"
  while IFS= read -r line; do
    case $line in
      *' // '*)
        expr=${line%% // *} value=${line#* // }
        i=$((i + 1))
        if [ "${value%% *}" = missing ]; then echo "rule e$i { require ($expr) missing }"; else echo "rule e$i { require ($expr) == ($value) }"; fi
        ;;
    esac
  done < "$1" >> "$work/expr.blz"
  [ $i -gt 0 ] || { fail "$2" <<< "no line 'EXPRESSION  // VALUE'"; return; }
  if blazon validate "$work/expr.blz" --now 2026-06-15T09:00:00Z > "$work/out" 2>&1; then pass "$2: $i expressions"; else fail "$2" < "$work/out"; fi
}

mapfile -t pages < <({ echo README.md; find docs examples bench -name '*.md'; } | sort)
for page in "${pages[@]}"; do
  [ -e "$page" ] || continue
  dir=$work/$(echo "${page%.md}" | tr '/' '_')
  mkdir -p "$dir"
  # one file a block: BLOCK.N, its fence's words in INFO.N, its line in LINE.N
  awk -v dir="$dir" '
    /^ *```/ && !inside { info = $0; sub(/^ *```+/, "", info); inside = 1; n++; file = dir "/BLOCK." n; printf "%s\n", info > (dir "/INFO." n); print NR > (dir "/LINE." n); printf "" > file; next }
    /^ *``` *$/ && inside { inside = 0; close(file); next }
    inside { print > file }' "$page"
  i=1
  while [ -e "$dir/INFO.$i" ]; do
    info=$(cat "$dir/INFO.$i") block=$dir/BLOCK.$i name="$page:$(cat "$dir/LINE.$i")"
    i=$((i + 1))
    kept=$(word name "$info")
    case ${info%% *} in
      blazon)
        file=$dir/${kept:-block.blz}
        mkdir -p "$(dirname "$file")"
        cp "$block" "$file"
        code=$(word error "$info") with=$(word with "$info")
        if [[ " $info " == *" syntax "* ]]; then
          if blazon fmt - < "$file" > "$work/out" 2>&1; then pass "$name parses"; else fail "$name" < "$work/out"; fi
        elif [ -n "$code" ]; then
          blazon check "$file" ${with:+"$dir/$with"} > "$work/out" 2>&1
          rc=$?
          if [ $rc -eq 2 ] && grep -q "$code" "$work/out"; then pass "$name is refused with $code"; else fail "$name: $code expected, status $rc" < "$work/out"; fi
        elif blazon check "$file" ${with:+"$dir/$with"} > "$work/out" 2>&1; then pass "$name compiles"; else fail "$name" < "$work/out"; fi
        ;;
      blazon-expr) run_expressions "$block" "$name" ;;
      file) mkdir -p "$dir/$(dirname "${kept:?}")"; cp "$block" "$dir/$kept" ;;
      console) run_console "$block" "$dir" "$name" ;;
    esac
  done
done

# links inside the repository lead somewhere
broken=$(for page in "${pages[@]}"; do
  [ -e "$page" ] || continue
  awk '/^ *```/ { code = !code; next } !code' "$page" | grep -oE '\]\([^)]+\)' | sed 's/^](//; s/)$//; s/#.*//' | grep -v '^$\|://' | sort -u | while read -r target; do
    [ -e "$(dirname "$page")/$target" ] || echo "$page links to $target"
  done
done)
if [ -z "$broken" ]; then pass "links inside the repository lead somewhere"; else fail "links inside the repository" <<< "$broken"; fi

# each folder's README has a line for each of its files
unlisted=$(for readme in */README.md; do
  folder=$(dirname "$readme")
  case $folder in build* | examples | tests | docs) continue ;; esac
  for f in "$folder"/*; do
    [ -f "$f" ] && [ "$f" != "$readme" ] && ! grep -qF "\`$(basename "$f")\`" "$readme" && echo "$readme does not name $(basename "$f")"
  done
done)
if [ -z "$unlisted" ]; then pass "folder READMEs name every file"; else fail "folder READMEs name every file" <<< "$unlisted"; fi
[ $bad -eq 0 ]
