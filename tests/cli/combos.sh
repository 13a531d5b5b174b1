#!/bin/bash
# Choices that draw from a template: candidates are its combinations for the subject, told apart by the keys of their parts.
. "$(dirname "$0")/common.inc"
cat > banner.blz << 'END'
module acme.banners
record Profile { id : text key  locale : "en" | "de" | "fi" }
record Copy { id : text key  role : "headline" | "cta"  locale : "en" | "de"  color : color }
record Image { id : text key  dominant : color  clicks : number  alt : text? }
source profiles : Profile
source copy : Copy
source images : Image
template banner for p in profiles where p.locale != "fi" {
  slot headline in copy where headline.role == "headline" and headline.locale == p.locale
  slot image in images
  slot cta in copy where cta.role == "cta" and cta.locale == p.locale
  require contrast(headline.color, image.dominant) >= 4.5
  prefer image.clicks
  limit 50
}
rule alt for i in images { require i.alt exists }
ruleset brand { alt }
choose hero for p in profiles {
  from b in banner where b.image passes brand
  over e in evidence where e.choice == "acme.banners.hero" and e.candidate == b.key
  by thompson(success: e.successes, trials: e.trials, prior: [1, 20])
  floor 10%
  sticky 3 days
}
choose top for p in profiles { from b in banner where b.image.alt exists  by best(b.prefer) }
choose held for p in profiles {
  from b in banner where b.image passes brand
  by first()
  holdout 100% -> "h2, i2, c1"
}
choose safe for p in profiles where p.id != "p9" {
  from b in banner where b.image.clicks > 100
  by first()
  fallback "\"h,1\", i3, c2"
}
END
printf 'id,locale\np1,en\np2,de\np3,en\np4,fi\n' > profiles.csv
printf 'id,role,locale,color\n"h,1",headline,en,#000000\nh2,headline,en,#ffffff\nc1,cta,en,#000000\nc2,cta,en,#000000\nd1,headline,de,#000000\n' > copy.csv
printf 'id,dominant,clicks,alt\ni1,#ffffff,10,x\ni2,#000000,5,\ni3,#ffffff,3,y\n' > images.csv
DATA="--source profiles=profiles.csv --source copy=copy.csv --source images=images.csv --now 2026-11-22"
run decide top banner.blz $DATA --subject p1 --id d1 --explain
exits "one subject" 0
says "its combinations, of which the rules leave some out" out 'candidates  4 of 6 eligible'
says "the best by the template's preference" out '"h,1", i1, c1  50%   value 10'
says "and none of the others" out '"h,1", i3, c1  0%   value 3'
says "with the condition that keeps one out" out 'h2, i2, c1  not eligible, this is false: b.image.alt exists'
says "the parts by their slots" out 'parts     headline h,1, image i1, cta c'
cp out first
run build banner.blz -o banner.blzb
run decide top banner.blzb $DATA --subject p1 --id d1 --explain
if cmp -s out first; then ok "the same from a bundle"; else not_ok "the same from a bundle"; fi
run decide top banner.blz $DATA --subject p1 --id d1 --format json
json "parts in JSON, a key with a comma whole" '$.parts.headline' 'h,1'
json "and the last" '$.parts.image' i1
run decide top banner.blz $DATA --subject p2 --format json
json "nothing that fits a slot" '$.reason' 'nothing fits the slot `cta` of `banner`'
run decide top banner.blz $DATA --subject p4 --format json
json "a subject that the template is not for" '$.reason' 'the template `banner` is not for this subject'
run decide held banner.blz $DATA --subject p1 --format json
json "what is held out passes the rule sets too" '$.reason' '"h2, i2, c1", which is to hold out, does not pass the rules that `where` names'
run decide safe banner.blz $DATA --subject p1 --format json
json "a fallback is a combination by its key" '$.parts.cta' c2
json "with the reason" '$.reason' 'no candidate is eligible'
run decide hero banner.blz $DATA --all --state s.db --format json
exits "with a state file" 0
same_lines=$(grep -c '"stage":"policy"' out)
if [ "$same_lines" = 2 ]; then ok "two are drawn"; else not_ok "two are drawn"; fi
key=$(sqlite3 s.db "SELECT candidate FROM decisions WHERE subject = 'p1'")
run decide hero banner.blz $DATA --subject p1 --state s.db --format json
json "and stick" '$.stage' sticky
json "to the same" '$.chosen' "$key"
printf 'decision,reward\n%s,1\n' "$(sqlite3 s.db "SELECT id FROM decisions WHERE subject = 'p1' AND stage = 'policy'")" > rewards.csv
run outcome --state s.db rewards.csv
run decide hero banner.blz $DATA --subject p3 --state s.db --format json --explain
if grep -qF "$(sqlite3 s.db "SELECT json_quote('$key')"):{\"success\":1" out; then ok "evidence is joined by the key"; else not_ok "evidence is joined by the key"; fi
run replay --state s.db
says "replay puts the same together" out '6 decisions by the same rules: 6 come out the same'
{ echo 'id,dominant,clicks,alt'; seq -f 'k%g,#ffffff,1,x' 1200; } > many.csv
{ echo 'id,role,locale,color'; seq -f 'h%g,headline,en,#000000' 40; seq -f 'c%g,cta,en,#000000' 40; } > manycopy.csv
cat > wide.blz << 'END'
record Profile { id : text key }
record Copy { id : text key  role : "headline" | "cta" }
record Image { id : text key  clicks : number }
source profiles : Profile
source copy : Copy
source images : Image
template banner for p in profiles {
  slot headline in copy where headline.role == "headline"
  slot image in images
  slot cta in copy where cta.role == "cta"
  require headline.id == cta.id
}
choose top for p in profiles { from b in banner by first() }
END
run decide top wide.blz --source profiles=profiles.csv --source copy=manycopy.csv --source images=many.csv --subject p1 --format json
json "a search that is cut off gives nobody, not whatever was found" '$.reason' 'the search for the best combinations of `banner` was cut off after 1000000'
finish
