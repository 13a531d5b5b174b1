#!/bin/bash
# --allow-native and --native-path: which library a run may call, and what is said of one that cannot be used.
. "$(dirname "$0")/common.inc"

cat > n.blz <<'END'
module m
record A { id : text key  n : int }
source as : A
extern fn twice(n : int) -> int? from "num"
rule small for a in as { require twice(a.n) < 10 }
test "twice" { expect twice(4) == 8 }
END
echo '{"id":"a","n":4}
{"id":"b","n":5}
{"id":"c","n":-1}
{"id":"d","n":0}' > d.ndjson
cat > num.c <<'END'
#include <blazon_native.h>
#ifdef SIGNATURE
const char *const blz_native_signatures[] = { SIGNATURE, NULL };
#endif
int NAME(blz_native *c, int64_t n, int64_t *out) {
  *out = 2 * n;
  if (n < 0) c->fail(c, "negative numbers are not doubled");
  return n < 0 ? BLZ_NATIVE_ERROR : n ? BLZ_NATIVE_OK : BLZ_NATIVE_MISSING;
}
END
compile() { ${CC:-gcc} -std=c11 -fPIC -shared -I "$ROOT/include" num.c -o "$@" 2> cc.err; }
if ! compile libnum.so -DNAME=twice; then
  not_ok "the library compiles"
  finish
fi
validate() { run validate n.blz --source as=d.ndjson "$@"; }

validate
exits "not allowed" 3
says "says which function of which library" err '`twice` is a function of the native library `num`, which this run does not allow'
says "and where it is declared" err 'n.blz:4:1'
validate --allow-native nun
says "says what is allowed" err 'allowed are `nun`'
validate --allow-native num
exits "a name without a folder" 3
says "nothing was searched" err 'nothing was searched'
mkdir -p empty
validate --allow-native num --native-path empty --native-path nowhere
says "says what was searched" err 'searched were `empty/libnum.so`, `empty/num.so`, `nowhere/libnum.so`, `nowhere/num.so`'
validate --allow-native other/libnum.so
says "a file that is not there" err 'there is no file `other/libnum.so`'

for allow in "--allow-native ./libnum.so" "--allow-native libnum.so" "--allow-native num --native-path ."; do
  # shellcheck disable=SC2086
  validate $allow
  exits "allowed by $allow" 1
  says "a wrong value" out 'twice(n) is 10'
  says "an error with its reason" out 'twice(n): negative numbers are not doubled'
  says "a missing value" out 'twice(n) is missing'
done
run test n.blz --allow-native libnum.so
exits "test" 0
run test n.blz
exits "test, not allowed" 3
run check n.blz
exits "check needs no library" 0
run check n.blz --list
says "lists it with its library" out 'native    m.twice  (from "num")'
run check n.blz --allow-native nosuch.so
exits "but looks at one that is named" 3
run validate n.blz --source as=d.ndjson --allow-native libnum.so --explain small c
says "explained" out 'negative numbers are not doubled'
run build n.blz -o n.blzb
exits "a bundle is made without the library" 0
run validate n.blzb --source as=d.ndjson
exits "and needs it to run" 3
run validate n.blzb --source as=d.ndjson --allow-native libnum.so --jobs 2
exits "where it is allowed" 1

compile libnum.so -DNAME=thrice && validate --allow-native libnum.so
exits "a library without the function" 3
says "says so" err 'the library `num` has no function `twice`'
compile libnum.so -DNAME=twice -DSIGNATURE='"twice(n : int) -> int"' && validate --allow-native libnum.so
exits "another signature" 3
says "shows the declared one" err 'declared: twice(int) -> int?'
says "and the library's" err 'it says: twice(int) -> int'
compile libnum.so -DNAME=twice -DSIGNATURE='"thrice(n : int) -> int"' && validate --allow-native libnum.so
says "a library that does not list it" err 'lists its functions, and `twice` is not among them'
compile libnum.so -DNAME=twice -DSIGNATURE='"twice(n : thing) -> int"' && validate --allow-native libnum.so
says "a signature that is none" err 'gives a signature that cannot be read'
compile libnum.so -DNAME=twice -DSIGNATURE='"twice(x : int) -> int?"' && validate --allow-native libnum.so
exits "the same signature" 1
echo "no library" > libnum.so
validate --allow-native libnum.so
exits "no library at all" 3
says "what the system says" err 'the system says: '

sed 's/"num"/"host"/' n.blz > h.blz
run validate h.blz --source as=d.ndjson
exits "a function of a host program" 1
says "is an error of each call" out 'it is a function of a program that embeds Blazon'

# ---- decisions ----
compile libnum.so -DNAME=twice
printf 'id,n\na,1\nb,3\n' > ps.csv
printf 'id\nx\ny\n' > vs.csv
cat > c.blz <<'END'
module m
record P { id : text key  n : int }
record V { id : text key }
source ps : P
source vs : V
extern fn twice(n : int) -> int? from "num"
choose c for p in ps {
  from v in vs where twice(p.n) > 4
  by first()
}
END
decisions() { run "$@" -s ps=ps.csv -s vs=vs.csv; }
decisions decide c c.blz --all --state s.db
exits "decide, not allowed" 3
decisions decide c c.blz --all --state s.db --allow-native libnum.so
exits "decide" 0
says "by what the library gives" out '"subject":"b","chosen":"x"'
decisions replay --state s.db
exits "replay, not allowed" 3
says "says why" err 'which this run does not allow'
lacks "and nothing of the data" err 'computed from the data'
decisions replay --state s.db --allow-native libnum.so
exits "replay" 0
says "comes out the same" out '2 come out the same'
finish
