#!/bin/bash
# blazon fmt: in place, as a check, as a diff, through pipes.
. "$(dirname "$0")/common.inc"

printf 'module  a\nrecord R {  x:int\n   yy : text }\n' > a.blz
cp a.blz before.blz
run fmt --check a.blz
exits "fmt --check of a file that is not formatted" 1
says "names it" out 'a.blz'
if cmp -s a.blz before.blz; then ok "and leaves it alone"; else not_ok "and leaves it alone"; fi
run fmt --diff a.blz
exits "fmt --diff ends alike" 1
says "and shows the old" out '-record R {  x:int'
says "and the new" out '+record R {'
if cmp -s a.blz before.blz; then ok "and leaves it alone too"; else not_ok "and leaves it alone too"; fi
if command -v patch > /dev/null; then
  cp a.blz patched.blz
  "$BLAZON" fmt --diff a.blz | patch -s patched.blz > /dev/null 2>&1
  "$BLAZON" fmt - < a.blz > formatted.blz
  if cmp -s patched.blz formatted.blz; then ok "the diff is one that patch applies"; else not_ok "the diff is one that patch applies"; fi
else skip "the diff is one that patch applies" "patch is not installed"; fi
chmod 640 a.blz
run fmt a.blz
exits "fmt formats" 0
says "and tells" out 'formatted a.blz'
same "keeping the file's mode" "$(stat -c %a a.blz)" 640
run fmt --check a.blz
exits "what is formatted is formatted" 0
silent "without a word" out
"$BLAZON" fmt - < before.blz > piped.blz
if cmp -s piped.blz a.blz; then ok "a pipe gives the same"; else not_ok "a pipe gives the same"; fi
printf 'let x = 1 && 2\n' > bad.blz
run fmt bad.blz a.blz
exits "a file with errors is refused" 2
says "with its errors" err 'E0116'
same "and left alone" "$(cat bad.blz)" 'let x = 1 && 2'
mkdir d && cp before.blz d/x.blz && cp before.blz d/y.blz
run fmt d
same "folders are formatted whole" "$(cmp d/x.blz a.blz && cmp d/y.blz a.blz && echo yes)" yes
run fmt nowhere.blz
exits "a file that is not there" 3
ln -s a.blz link.blz
cp before.blz a.blz
run fmt link.blz
same "a link stays one" "$([ -L link.blz ] && cmp a.blz d/x.blz && echo yes)" yes
same "no temporary files stay" "$(ls | grep -c '\.blz\.')" 0
finish
