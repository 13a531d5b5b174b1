#!/bin/bash
# validate --fix: proposals are rechecked, shown to review, and written as patches that change nothing that has changed meanwhile.
. "$(dirname "$0")/common.inc"
cat > f.blz << 'END'
module lib
record Asset {
  id : text key  title : text  width : int  ratio : number  hex : color  day : date?  seen : time  tags : list of text split ","
  keys : list of text  ok : bool  alt : text?
}
source assets : Asset from "assets"
rule trimmed for a in assets { require a.title == a.title.trim()  fix a.title = a.title.trim() }
rule shouted for a in assets { require not a.title.trim().starts_with("!")  fix a.title = a.title.replace("!", "") }
rule wide for a in assets { require a.width >= 100  fix a.width = 100 }
rule even for a in assets { require a.ratio <= 2  fix a.ratio = 1.5 }
rule red for a in assets { require a.hex != #ff0000  fix a.hex = #e4002b }
rule dated for a in assets { require a.day exists  fix a.day = 2026-11-22 }
rule fresh for a in assets { require a.seen >= 2020-01-01T00:00:00Z  fix a.seen = 2020-01-01T00:00:00Z }
rule tagged for a in assets { require a.tags contains "brand"  fix a.tags = a.tags.concat(["brand"]) }
rule keyed for a in assets { require a.keys contains "brand"  fix a.keys = a.keys.concat(["brand"]) }
rule okd for a in assets { require a.ok and a.alt exists  fix a.ok = true  fix a.alt = a.title.trim() }
END
sqlite3 f.db "create table assets(id text primary key not null collate nocase, title text collate nocase not null, width int not null, ratio real not null,
  hex text not null, day text, seen not null, tags text not null, keys text not null, ok not null, alt text);
  insert into assets values ('A-1', ' it''s ', 20, 3.25, 'ff0000', null, 1500000000, 'a,b', '[\"x\"]', 'false', null);
  insert into assets values ('a-2', 'fine', 200, 1, '#FF0000', '2026-01-01', '2019-05-05 10:00:00', 'brand', '[\"brand\"]', 1, 'x');
  insert into assets values ('A-3', ' !both ', 200, 1, '#000000', '2026-01-01', 1700000000, 'brand', '[\"brand\"]', 1, 'x');"
cp f.db before.db

run validate f.blz --db f.db --fix
exits "findings stay findings" 1
says "the field" out '    hex  (lib.red)'
says "the old value" out '- #FF0000'
says "the new one" out '+ #E4002B'
says "two values for one field" out 'not made: `lib.shouted` proposes another value'
says "neither is made" out 'not made: `lib.trimmed` proposes another value'
says "counted" out '12 fixes are proposed, 2 not made; nothing has been changed'
if cmp -s f.db before.db; then ok "the database is as it was"; else not_ok "the database is as it was"; fi

run validate f.blz --db f.db --fix --write p.sql
says "the patch is written" err '`p.sql` holds 12 fixes'
says "the key and the old value" p.sql "WHERE \"id\" IS 'A-1' COLLATE BINARY AND \"title\" IS ' it''s ' COLLATE BINARY"
cp f.db patched.db
sqlite3 patched.db < p.sql > out 2> err
says "it says what it did" out '2 of 2 rows were as expected'
same "every value in the form it had" "$(sqlite3 patched.db "select group_concat(quote(width) || quote(ratio) || quote(hex) || quote(day) || quote(seen) || quote(tags) || quote(keys) || quote(ok) || quote(alt), ' ') from assets where id = 'A-1'")" \
  "1001.5'e4002b''2026-11-22'1577836800'a,b,brand''[\"x\",\"brand\"]''true''it''s'"
same "a time as a text" "$(sqlite3 patched.db "select seen from assets where id = 'a-2'")" '2020-01-01 00:00:00Z'
same "a color with its sign" "$(sqlite3 patched.db "select hex from assets where id = 'a-2'")" '#E4002B'
same "conflicts are left alone" "$(sqlite3 patched.db "select quote(title) from assets where id = 'A-3'")" "' !both '"
sqlite3 patched.db < p.sql > out 2> err
says "a second time nothing is as expected" out '0 of 2 rows'
sqlite3 f.db "update assets set hex = '00FF00' where id = 'A-1'"
sqlite3 f.db < p.sql > out 2> err
says "a row that has changed is left alone" out '1 of 2 rows'
same "as it has become" "$(sqlite3 f.db "select hex || width from assets where id = 'A-1'")" 00FF0020
cp before.db f.db
run validate f.blz --db f.db --fix --only trimmed --write p.sql
says "one rule alone conflicts with none" out '2 fixes are proposed'
run build f.blz -o f.bundle
run validate f.bundle --db f.db --fix --format json
json "a bundle proposes the same" "$.fixes[0].old" '" it'"'"'s "'
same "as many" "$(sqlite3 :memory: "select sum(json_extract(value, '$.made')) from json_each(cast(readfile('out') as text), '$.fixes')")" 12
same "why not" "$(sqlite3 :memory: "select group_concat(json_extract(value, '$.why_not'), '; ') from json_each(cast(readfile('out') as text), '$.fixes')")" '`lib.trimmed` proposes another value; `lib.shouted` proposes another value'
if command -v python3 > /dev/null && python3 -c 'import jsonschema' 2> /dev/null; then
  if python3 -c 'import json, sys, jsonschema; jsonschema.validate(json.load(open("out")), json.load(open(sys.argv[1])))' "$ROOT/docs/schema/findings.schema.json" > err 2>&1
  then ok "it fits the schema"; else not_ok "it fits the schema"; fi
else skip "it fits the schema" "python3-jsonschema is not installed"; fi
run validate f.blz --db f.db --fix --format sarif --only red
same "SARIF carries the proposal" "$(sqlite3 :memory: "select json_extract(cast(readfile('out') as text), '$.runs[0].results[0].properties.fixes[0].new')")" '#E4002B'

# ---- rechecking ----
cat > g.blz << 'END'
record Asset { id : text key  width : int  height : int  title : text 1..9 }
source assets : Asset from "g"
rule seven for a in assets { require a.width == 7  fix a.width = 8 }
rule short for a in assets { require a.height < 10  fix a.height = a.width }
rule tall for a in assets { severity warning  require a.height > a.width }
rule named for a in assets { require a.title == "x"  fix a.title = "much too long" }
rule halved for a in assets { require a.width == 0  fix a.width = 1.div(a.height - 20) }
END
sqlite3 g.db "create table g(id text primary key not null, width int not null, height int not null, title text not null); insert into g values ('A-1', 5, 20, 'y')"
run validate g.blz --db g.db --fix --only seven
says "a fix that does not help" out 'the rule would still not pass: fail'
run validate g.blz --db g.db --fix --only short --only tall
says "a fix that harms another rule" out '`tall` would be fail instead of pass'
run validate g.blz --db g.db --fix --only named --only Asset
says "or a field's own rule" out 'not made:'
run validate g.blz --db g.db --fix --only halved
says "a fix that cannot be computed" out 'could not be computed'

# ---- files ----
sed 's/ from "assets"//' f.blz > k.blz
sqlite3 before.db "select json_group_array(json_object('id', id, 'title', title, 'width', width, 'ratio', ratio,
  'hex', hex, 'day', day, 'seen', '2019-05-05T10:00:00Z',
  'tags', tags, 'keys', json(keys),
  'ok', json(case when ok = 1 then 'true' else 'false' end), 'more/less', 1)) from assets" > rows
echo "{\"data\": {\"rows\": $(cat rows)}}" > d.json
run validate k.blz --source 'assets=d.json#/data/rows' --fix --write p.json
says "a JSON patch" err '`p.json` holds'
op() {
  sqlite3 :memory: "select json_extract(value, '\$.op') || json_extract(value, '\$.path') || json_extract(value, '\$.value')
    from json_each(cast(readfile('$1') as text)) limit 1 offset $2"
}
same "tests the key" "$(op p.json 0)" 'test/data/rows/0/idA-1'
if command -v python3 > /dev/null; then
  cat > apply.py << 'END'
import json, sys
doc = json.load(open(sys.argv[1]))
for op in json.load(open(sys.argv[2])):
  parts = [p.replace("~1", "/").replace("~0", "~") for p in op["path"].split("/")[1:]]
  at = doc
  for p in parts[:-1]: at = at[int(p)] if isinstance(at, list) else at[p]
  if op["op"] == "test": assert at[parts[-1]] == op["value"], op
  elif op["op"] == "replace": assert parts[-1] in at, op; at[parts[-1]] = op["value"]
  elif op["op"] == "add": at[parts[-1]] = op["value"]
json.dump(doc, open("patched.json", "w"))
END
  if python3 apply.py d.json p.json 2> err; then ok "it applies"; else not_ok "it applies"; fi
  sed -i '/^rule trimmed/d; /^rule shouted/d' k.blz
  run validate k.blz --source 'assets=patched.json#/data/rows'
  exits "and repairs what it says" 0
  same "what no record declares stays" "$(sqlite3 :memory: "select json_extract(cast(readfile('patched.json') as text), '$.data.rows[0].\"more/less\"')")" 1
  same "colors keep their form" "$(sqlite3 :memory: "select json_extract(cast(readfile('patched.json') as text), '$.data.rows[0].hex')")" e4002b
else skip "it applies" "python3 is not installed"; fi
printf 'id,title,n\nA-1, x ,1\nA-2,y,2\n' > rows.csv
cat > c.blz << 'END'
record Row { id : text key  title : text }
source rows : Row
rule trimmed for r in rows { require r.title == r.title.trim()  fix r.title = r.title.trim() }
END
run validate c.blz --source rows=rows.csv --fix --write c.json
same "rows of a CSV file by their number" "$(op c.json 2)" 'replace/0/titlex'
run validate c.blz --source rows=rows.csv --fix --write c.sql
says "no SQL for files" err '1 fix is not in it'

# ---- what is refused ----
run validate f.blz --db f.db --write p.sql
exits "--write without --fix" 4
run validate f.blz --db f.db --fix --write patch.txt
exits "another ending" 4
ln -s f.db link.sql
run validate f.blz --db f.db --fix --write link.sql
exits "the database itself" 4
says "says so" err 'never writes what it reads'
if cmp -s f.db before.db; then ok "and it is whole"; else not_ok "and it is whole"; fi
run validate k.blz --source 'assets=d.json#/data/rows' --fix --write d.json
exits "nor a data file" 4
sqlite3 f.db "create view v as select * from assets"
sed 's/"assets"/"v"/' f.blz > v.blz
run validate v.blz --db f.db --fix --write p.sql
says "a view cannot be patched" err '`p.sql` holds 0 fixes'
run validate f.blz --db f.db --fix --write nowhere/p.sql
exits "no such folder" 3
finish
