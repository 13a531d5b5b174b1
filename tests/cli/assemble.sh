#!/bin/bash
# blazon assemble: templates over files, into every kind of place, from rule files and bundles.
. "$(dirname "$0")/common.inc"
cat > t.blz << 'END'
record P { id : text key  locale : text  live : bool? }
record C { id : text key  role : text  locale : text  text : text  score : number  color : color }
record I { id : text key  dominant : color  ctr : number? }
source ps : P
source copy : C
source images : I
template banner for p in ps where p.live {
  slot headline in copy where headline.role == "headline" and headline.locale == p.locale
  slot image in images where image.ctr > -1
  slot cta in copy where cta.role == "cta" and cta.locale == p.locale and cta.text != headline.text
  require contrast(headline.color, image.dominant) >= 4.5
  prefer (image.ctr ?? 0) * cta.score
  limit 3
}
END
printf 'id,locale,live\np1,en,true\np2,de,true\np3,en,false\np4,en,\n' > ps.csv
cat > copy.csv << 'END'
id,role,locale,text,score,color
h1,headline,en,A,0.5,#FFFFFF
h2,headline,en,B,0.2,#000000
c1,cta,en,Go,-0.8,#000000
c2,cta,en,A,0.2,#000000
c3,cta,de,Los,0.2,#000000
END
printf 'id,dominant,ctr\ni1,#000000,-0.9\ni2,#FFFFFF,0.1\ni3,#FFFFFF,\n' > images.csv
DATA="--source ps=ps.csv --source copy=copy.csv --source images=images.csv"
run assemble banner t.blz $DATA
exits "a template" 0
says "the best first, though both numbers are negative" out '1  0.72         headline h1  image i1  cta c1'
says "then the next" out '2  0.02         headline h2  image i2  cta c2'
says "nothing fits" out 'nothing fits the slot `headline`'
says "it cannot be told" out 'live is missing'
says "the counts" out 'banner: 3 combinations for 3 subjects, 2 without any, of 1 it cannot be told; 1 left out'
run assemble banner t.blz $DATA --explain --for p1
says "how many fit" out 'slot image: 2 records fit'
says "and of which it cannot be told" out 'ctr is missing'
says "what a condition keeps out" out 'require contrast(headline.color, image.dominant) >= 4.5: '
run assemble banner t.blz $DATA --format json --for p1 --limit 1
same "as JSON" "$(cat out)" '{"template":"banner","subject":"p1","rank":1,"prefer":0.7200000000000001,"parts":{"headline":"h1","image":"i1","cta":"c1"}}'
run assemble banner t.blz $DATA --to b.csv
same "as CSV" "$(tr -d '\r' < b.csv | sed -n 1,2p | paste -sd' ')" 'template,subject,rank,prefer,headline,image,cta banner,p1,1,0.7200000000000001,h1,i1,c1'
run build t.blz -o t.blzb
run assemble banner t.blzb $DATA --table b --out-db b.db
same "from a bundle into a table" "$(sqlite3 b.db 'select count(*), min(headline) from b')" '3|h1'
run assemble banner t.blz $DATA --nodes 2
exits "a search that is cut off ends with 1" 1
says "and says so" out 'cut off'
run assemble banner t.blz $DATA --nodes 2 --to cut.csv
exits "and so where it is written to a file" 1
same "where nothing is written that is not whole" "$(wc -l < cut.csv)" 1
says "and which it is" err 'cut off after 2 combinations and parts of them, so nothing is written for it'
run assemble banner t.blz $DATA --nodes 2 --format json
silent "as JSON, too" out
sed 's/role == "cta"/role == "nothing"/' t.blz > empty.blz
run assemble banner empty.blz $DATA
says "a slot that nothing ever fits" err 'warning: no record of copy fits the slot `cta`, for any subject'
run assemble banner t.blz $DATA --for p9
exits "no such subject" 4
run assemble baner t.blz $DATA
says "a template is suggested" err 'did you mean `banner`?'
run assemble banner t.blz --source ps=ps.csv
exits "data is missing" 3
run assemble banner t.blz $DATA --limit 0
exits "a limit of nothing" 4
cat > wrong.blz << 'END'
module w
record S { id : text key }
record P { id : text key  score : number  seg : text? }
source ss : S
source parts : P
template t for s in ss {
  slot a in parts where a.seg == "x"
  prefer a.score
}
END
printf 'id\nu1\n' > ss.csv
printf 'id,score,seg\np1,abc,x\np2,1,x\np3,1,\n' > parts.csv
run assemble t wrong.blz --source ss=ss.csv --source parts=parts.csv
exits "a part in error: the list is not whole" 1
says "which is told without asking" err '1 record or combination was left out because something in it is in error'
says "what is missing, too" err '1 record or combination was left out because something in it is missing'
run assemble t wrong.blz --source ss=ss.csv --source parts=parts.csv --nodes 1
lacks "a search that was cut off does not know that nothing fits" out 'no combination satisfies'
cat > gaps.blz << 'END'
record Profile { id : text key  locale : "en" | "de" | "fi"  tier : "gold" | "basic"  age : int? }
record Copy { id : text key  role : "headline" | "cta"  locale : "en" | "de" | "fi"  tier : "gold" | "basic" }
source profiles : Profile
source copy : Copy
template banner for p in profiles {
  slot headline in copy where headline.role == "headline" and headline.locale == p.locale
  slot cta in copy where cta.role == "cta" and cta.locale == p.locale and cta.tier == p.tier and (p.age exists implies p.age > 20)
}
template never for p in profiles { slot legal in copy where legal.id == "legal" }
template partly for p in profiles where p.locale == "en" { slot any in copy where any.locale == p.locale }
END
printf 'id,role,locale,tier\nh1,headline,en,gold\nh2,headline,de,gold\nc1,cta,en,basic\nc2,cta,en,gold\nd1,cta,de,basic\n' > gaps.csv
run check gaps.blz --source copy=gaps.csv
exits "gaps are warnings" 0
says "a kind of subject without a combination" out '`banner` has no combination for locale "de", tier "gold": nothing fits the slot `cta`'
says "in as few words as say it" out '`banner` has no combination for locale "fi": nothing fits the slot `headline`'
says "a slot that nothing fills" out 'no record of copy fits the slot `legal` of `never`, whoever it is for'
lacks "whom a template is not for" out '`partly`'
if [ "$(grep -c 'has no combination' out)" = 2 ]; then ok "and no other"; else not_ok "and no other"; fi
run build gaps.blz -o gaps.blzb
run check gaps.blzb --source copy=gaps.csv
says "the same from a bundle" out '`banner` has no combination for locale "fi": nothing fits the slot `headline`'
sed -i 's/locale : "en" | "de" | "fi"/locale : locale/' gaps.blz
printf 'id,locale,tier,age\np1,en,gold,\np2,sv,gold,30\np3,sv,basic,10\n' > profiles.csv
run check gaps.blz --source copy=gaps.csv --source profiles=profiles.csv
says "values of the subjects where there is no set of them" out '`banner` has no combination for locale "sv": nothing fits the slot `headline`'
lacks "whoever has something" out 'for locale "en'
finish
