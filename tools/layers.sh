#!/bin/bash
# Fails on an #include that points to the right, and on a foreign library's header outside the files that may hold it.
#
# The folders and what each may include stand below; docs/architecture.md explains them. X-macro tables (*.def) are data and may be read
# from anywhere.
set -u
cd "$(dirname "$0")/.." || exit 3

may_include() {
  case $1 in
    base) echo "base" ;;
    lexer) echo "base lexer" ;;
    parser) echo "base lexer parser" ;;
    compiler) echo "base lexer parser compiler" ;;
    reference) echo "base lexer parser compiler reference" ;;
    vm) echo "base lexer parser compiler vm" ;;
    stdlib) echo "base lexer parser compiler vm stdlib" ;;
    runtime) echo "base lexer parser compiler reference vm stdlib runtime include" ;;
    cli) echo "base lexer parser compiler reference vm stdlib runtime include cli" ;;
  esac
}

# foreign header -> files that may include it
holder() {
  case $1 in
    sqlite3.h) echo "runtime/src_*.c runtime/state_*" ;;
    ffi.h) echo "runtime/native*.c" ;;
    pcre2.h) echo "stdlib/*" ;;
    unicode/*) echo "stdlib/*" ;;
    yajl/*) echo "runtime/src_*.c" ;;
    nettle/*) echo "stdlib/* vm/* compiler/waiver.c runtime/state_log.c" ;;
    xxhash.h) echo "base/* stdlib/* vm/* runtime/*" ;;
    *) echo "" ;;
  esac
}

n=0 bad=0
fail() { n=$((n + 1)); bad=$((bad + 1)); echo "not ok $n - $1"; }
exceptions=$(sed -n 's/^ *- layering exception: `\([^`]*\)` includes `\([^`]*\)`.*/\1 \2/p' docs/architecture.md 2>/dev/null)

for dir in base lexer parser compiler reference vm stdlib runtime cli; do
  allowed=" $(may_include $dir) "
  before=$bad
  while IFS=: read -r file line text; do
    [ -n "$file" ] || continue
    inc=$(sed -E 's/^ *# *include *[<"]([^>"]*)[>"].*/\1/' <<< "$text")
    case $text in
      *\"*)
        case $inc in
          *.def) continue ;;
          */*) to=${inc%%/*} ;;
          blazon.h) to=include ;;
          *) to=$dir ;;
        esac
        case $inc in grammar.h | parser/grammar.h) to=parser; [ $dir = lexer ] && to=lexer ;; esac # token codes belong to both
        case $allowed in *" $to "*) continue ;; esac
        grep -qxF "$file $inc" <<< "$exceptions" && continue
        fail "$file:$line includes $inc, which is not to the left of $dir/"
        ;;
      *)
        held=$(holder "$inc")
        [ -z "$held" ] && continue
        ok=
        for pattern in $held; do
          # shellcheck disable=SC2254 # a pattern on purpose
          case $file in $pattern) ok=yes ;; esac
        done
        [ -n "$ok" ] || { grep -qxF "$file $inc" <<< "$exceptions" || fail "$file:$line includes <$inc>; only $held may"; }
        ;;
    esac
  done < <(grep -nHE '^ *# *include' $dir/*.c $dir/*.h $dir/*.y $dir/*.l 2>/dev/null)
  [ $bad -eq $before ] && { n=$((n + 1)); echo "ok $n - $dir/ includes only what stands to its left"; }
done

# base/ and the public headers stand alone
if grep -nE '^ *# *include *"' include/*.h | grep -v '"blazon_native.h"$'; then fail "include/blazon.h includes a private header"; fi
[ $bad -eq 0 ]
