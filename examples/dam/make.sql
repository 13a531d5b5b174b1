-- Morrow Coffee's digital-asset library, made up: a few hundred assets with the faults that real libraries have.
-- The same rows every time. Run by make.sh. Everything that looks random is arithmetic on the row's number.

PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
BEGIN;

CREATE TEMP TABLE num AS
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
  SELECT i, (i * 7919 + 13) % 10007 AS a, (i * 104729 + i * i * 31 + 7) % 9973 AS b, (i * 15485863 + i * i * 17 + 3) % 9949 AS c,
         (i * 32452843 + i * i * i + 11) % 9941 AS d FROM n;

CREATE TABLE campaigns (
  id TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL, market TEXT NOT NULL, starts TEXT NOT NULL, ends TEXT NOT NULL,
  budget REAL NOT NULL, team TEXT
);
INSERT INTO campaigns VALUES
  ('C-01', 'Winter Roast',           'DE', '2025-11-01', '2026-02-28', 180000, 'seasonal'),
  ('C-02', 'Cold Brew Spring',       'US', '2026-03-01', '2026-06-30', 420000, 'seasonal'),
  ('C-03', 'Oat Everything',         'GB', '2026-02-01', '2026-08-31',  95000, 'product'),
  ('C-04', 'Beans to Your Door',     'US', '2026-01-01', '2026-12-31', 610000, 'subscriptions'),
  ('C-05', 'Baristas of Lyon',       'FR', '2026-04-15', '2026-07-15',  60000, 'stories'),
  ('C-06', 'Decaf, Actually',        'DE', '2026-05-01', '2026-05-31',  45000, 'product'),
  ('C-07', 'Farm Letters',           'GB', '2026-01-15', '2026-12-15',  70000, 'stories'),
  ('C-08', 'Summer Iced Menu',       'ES', '2026-06-01', '2026-09-15', 210000, 'seasonal'),
  ('C-09', 'Refer a Friend',         'US', '2026-05-01', '2026-10-31', 120000, 'subscriptions'),
  ('C-10', 'Espresso Machine Launch', 'UK', '2026-06-10', '2026-11-30', 380000, 'product'), -- the country code is GB
  ('C-11', 'Always On Search',       'US', '2026-01-01', '2026-12-31', 900000, NULL),       -- nobody owns it
  ('C-12', 'Harvest Festival',       'FR', '2026-09-30', '2026-09-01',  55000, 'stories');   -- ends before it starts

-- ---- assets ----
CREATE TABLE assets (
  id TEXT PRIMARY KEY NOT NULL, kind TEXT NOT NULL, title TEXT NOT NULL, file TEXT NOT NULL, mime TEXT NOT NULL, bytes INTEGER NOT NULL,
  width INTEGER NOT NULL, height INTEGER NOT NULL, seconds INTEGER, locale TEXT, status TEXT NOT NULL, team TEXT, created TEXT NOT NULL,
  campaign TEXT, parent TEXT, alt_text TEXT, dominant TEXT, colors TEXT, tags TEXT NOT NULL, credit TEXT, copyright TEXT, usage_terms TEXT,
  source_type TEXT NOT NULL, disclosure TEXT, release TEXT, sha256 TEXT NOT NULL
);
CREATE TEMP TABLE words(subject TEXT, place TEXT, tone TEXT);
INSERT INTO words VALUES (
  '["Barista pouring oat milk","Iced latte with mint","Hands holding a warm cup","Bag of house blend","Espresso shot close up","Pour over in progress","Two friends sharing cake","Coffee cherries on the branch","Roaster checking the drum","Cold brew bottle"]',
  '["at the window bar","on a marble counter","in morning light","at the Lyon shop","on a picnic blanket","at the farm in Huila","beside a laptop","in the roastery"]',
  '["wide","close","from above","square crop","portrait crop"]');

INSERT INTO assets
SELECT
  printf('A-%04d', i),
  CASE WHEN i % 11 = 0 THEN 'video' WHEN i % 29 = 0 THEN 'logo' ELSE 'image' END,
  json_extract(subject, '$[' || (a % 10) || ']') || ' ' || json_extract(place, '$[' || (b % 8) || ']') || ', ' || json_extract(tone, '$[' || (c % 5) || ']'),
  printf('shoot-%02d/MRW_%04d.', 1 + i / 40, i) || CASE WHEN i % 11 = 0 THEN 'mp4' WHEN i % 29 = 0 THEN 'svg' WHEN i % 3 = 0 THEN 'png' ELSE 'jpg' END,
  CASE WHEN i % 11 = 0 THEN 'video/mp4' WHEN i % 29 = 0 THEN 'image/svg+xml' WHEN i % 3 = 0 THEN 'image/png' ELSE 'image/jpeg' END,
  CASE WHEN i % 11 = 0 THEN 4000000 + b * 900 WHEN i % 29 = 0 THEN 6000 + b ELSE 40000 + a * 11 END,
  CASE c % 5 WHEN 0 THEN 1200 WHEN 1 THEN 1080 WHEN 2 THEN 1920 WHEN 3 THEN 1080 ELSE 1080 END,
  CASE c % 5 WHEN 0 THEN 628 WHEN 1 THEN 1080 WHEN 2 THEN 1080 WHEN 3 THEN 1080 ELSE 1920 END,
  CASE WHEN i % 11 = 0 THEN 6 + b % 40 END,
  CASE b % 5 WHEN 0 THEN 'de-DE' WHEN 1 THEN 'fr-FR' WHEN 2 THEN 'en-GB' ELSE 'en-US' END,
  CASE WHEN i % 9 = 0 THEN 'draft' WHEN i % 13 = 0 THEN 'retired' ELSE 'approved' END,
  CASE a % 4 WHEN 0 THEN 'studio' WHEN 1 THEN 'social' WHEN 2 THEN 'crm' ELSE 'studio' END,
  strftime('%Y-%m-%dT%H:%M:%SZ', '2026-06-01', '-' || (b % 400) || ' days', '+' || (a % 1400) || ' minutes'),
  printf('C-%02d', 1 + d % 12),
  CASE WHEN i % 6 = 5 THEN printf('A-%04d', i - 1) END,
  CASE WHEN i % 29 = 0 THEN 'Morrow logo' ELSE json_extract(subject, '$[' || (a % 10) || ']') || ' ' || json_extract(place, '$[' || (b % 8) || ']') END,
  CASE d % 4 WHEN 0 THEN '#D9480F' WHEN 1 THEN '#3B2417' WHEN 2 THEN '#2B8A3E' ELSE '#FFF4E6' END,
  CASE d % 4 WHEN 0 THEN '["#D9480F","#FFF4E6"]' WHEN 1 THEN '["#3B2417","#D8480E","#FFF4E6"]' WHEN 2 THEN '["#2B8A3E","#3B2417"]' ELSE '["#FFF4E6","#3B2417"]' END,
  CASE b % 3 WHEN 0 THEN 'coffee,people' WHEN 1 THEN 'coffee,product,2026' ELSE 'coffee,place,lifestyle' END,
  CASE WHEN i % 11 = 0 THEN 'Studio Fluss' WHEN a % 3 = 0 THEN 'Ines Duarte' ELSE 'Tom Okafor' END,
  'Morrow Coffee GmbH', 'Own production, unlimited use', 'camera', NULL,
  CASE WHEN a % 10 IN (0, 2, 6, 8) THEN 'MR-UMR' ELSE 'MR-NAP' END,
  printf('%08x%08x%08x%08x%08x%08x%08x%08x', a * 429496, b * 430001, c * 428777, d * 427001, i * 7919, a * b, c * d, a * d)
FROM num, words WHERE i <= 360;

-- Faults, each as it happens in libraries.
UPDATE assets SET title = 'MRW_' || substr(id, 3) || '.jpg' WHERE CAST(substr(id, 3) AS INTEGER) % 37 = 4;       -- the file name as title
UPDATE assets SET title = 'untitled' WHERE id IN ('A-0018', 'A-0201', 'A-0333');                                -- filler
UPDATE assets SET title = 'n/a' WHERE id IN ('A-0077', 'A-0150');
UPDATE assets SET title = '' WHERE id = 'A-0099';
UPDATE assets SET title = title || ' and the whole long story of how this picture came to be taken on a rainy Tuesday' WHERE id IN ('A-0123', 'A-0245');
UPDATE assets SET alt_text = NULL WHERE CAST(substr(id, 3) AS INTEGER) % 23 = 7 AND kind = 'image';               -- no alt text
UPDATE assets SET alt_text = replace(file, 'shoot-', '') WHERE id IN ('A-0051', 'A-0112', 'A-0268');             -- the file name as alt text
UPDATE assets SET alt_text = 'image' WHERE id IN ('A-0014', 'A-0222');
UPDATE assets SET colors = '["#FF3B30","#FFF4E6"]', dominant = '#FF3B30' WHERE CAST(substr(id, 3) AS INTEGER) % 41 = 9; -- not of the palette
UPDATE assets SET colors = '[]' WHERE id IN ('A-0030', 'A-0031', 'A-0032', 'A-0200', 'A-0310');                  -- color extraction found nothing
UPDATE assets SET colors = NULL, dominant = NULL WHERE id IN ('A-0061', 'A-0262');                               -- or did not run
UPDATE assets SET dominant = 'warm orange' WHERE id = 'A-0088';                                                 -- a color that is no color
UPDATE assets SET colors = '["#3B2417", "roast"]' WHERE id = 'A-0089';
UPDATE assets SET colors = '#3B2417;#FFF4E6' WHERE id = 'A-0090';                                               -- no JSON
UPDATE assets SET width = 0 WHERE id = 'A-0045';
UPDATE assets SET width = '1920px' WHERE id = 'A-0046';                                                         -- SQLite takes any type
UPDATE assets SET campaign = 'C-99' WHERE id IN ('A-0021', 'A-0142');                                           -- deleted campaign
UPDATE assets SET campaign = NULL WHERE CAST(substr(id, 3) AS INTEGER) % 31 = 2;
UPDATE assets SET parent = 'A-9999' WHERE id = 'A-0035';
UPDATE assets SET team = NULL WHERE CAST(substr(id, 3) AS INTEGER) % 53 = 10;                                   -- nobody owns it
UPDATE assets SET credit = NULL WHERE CAST(substr(id, 3) AS INTEGER) % 43 = 12;
UPDATE assets SET copyright = NULL, usage_terms = NULL WHERE id IN ('A-0070', 'A-0210');
UPDATE assets SET source_type = 'trainedAlgorithmicMedia', disclosure = 'Made with AI' WHERE CAST(substr(id, 3) AS INTEGER) % 19 = 6;
UPDATE assets SET disclosure = NULL WHERE id IN ('A-0063', 'A-0177');                                           -- generated, and does not say so
UPDATE assets SET release = 'MR-LMR' WHERE id IN ('A-0010', 'A-0064', 'A-0128', 'A-0301');                      -- limited model release
UPDATE assets SET release = 'MR-NON' WHERE id IN ('A-0102', 'A-0250');                                          -- none
UPDATE assets SET release = NULL WHERE id IN ('A-0033', 'A-0134', 'A-0235');                                    -- nobody knows
UPDATE assets SET mime = 'jpeg' WHERE id = 'A-0071';
UPDATE assets SET mime = 'image/png' WHERE id IN ('A-0073', 'A-0124');                                          -- a .jpg
UPDATE assets SET locale = 'en_US' WHERE id IN ('A-0084', 'A-0184', 'A-0284');                                  -- the underscore of another system
UPDATE assets SET status = 'aproved' WHERE id = 'A-0170';
UPDATE assets SET created = '2026-02-30T10:00:00Z' WHERE id = 'A-0195';
UPDATE assets SET created = '2027-01-05T08:00:00Z' WHERE id = 'A-0206';                                         -- from the future
UPDATE assets SET tags = 'coffee,coffee,people' WHERE id IN ('A-0015', 'A-0260');
UPDATE assets SET tags = 'unsorted' WHERE id IN ('A-0081', 'A-0181', 'A-0281');
UPDATE assets SET sha256 = (SELECT sha256 FROM assets WHERE id = 'A-0120') WHERE id IN ('A-0241', 'A-0303');    -- uploaded three times
UPDATE assets SET bytes = 31000000 WHERE id IN ('A-0025', 'A-0143');

-- ---- rights ----
CREATE TABLE licenses (
  id TEXT, asset TEXT NOT NULL, kind TEXT NOT NULL, territory TEXT NOT NULL, channel TEXT, valid_from TEXT NOT NULL, valid_to TEXT, fee REAL NOT NULL, document TEXT
);
CREATE INDEX licenses_by_asset ON licenses(asset);
INSERT INTO licenses
SELECT printf('L-%04d', i), printf('A-%04d', i), CASE c % 3 WHEN 0 THEN 'image' WHEN 1 THEN 'music' ELSE 'talent' END,
  CASE d % 5 WHEN 0 THEN 'DE' WHEN 1 THEN 'US' WHEN 2 THEN 'FR' ELSE 'world' END, CASE WHEN b % 4 = 0 THEN 'meta' END,
  date('2025-01-01', '+' || (a % 300) || ' days'), CASE WHEN b % 3 <> 0 THEN date('2026-08-01', '+' || (b % 700) || ' days') END, (a % 80) * 25,
  printf('contracts/2025/L-%04d.pdf', i)
FROM num WHERE i <= 360 AND i % 2 = 0;
UPDATE licenses SET valid_to = '2026-05-31' WHERE CAST(substr(id, 3) AS INTEGER) % 48 = 10;                         -- ran out two weeks ago
UPDATE licenses SET valid_to = '2026-06-30' WHERE CAST(substr(id, 3) AS INTEGER) % 60 = 20;                        -- runs out in two weeks
UPDATE licenses SET valid_to = '2024-12-31' WHERE id IN ('L-0016', 'L-0300');                                    -- ends before it begins
UPDATE licenses SET document = NULL WHERE CAST(substr(id, 3) AS INTEGER) % 56 = 14;                                -- contract not filed
UPDATE licenses SET id = 'L-0100' WHERE id = 'L-0102';                                                          -- the same number twice
UPDATE licenses SET id = NULL WHERE id = 'L-0202';
UPDATE licenses SET asset = 'A-0999' WHERE id = 'L-0318';                                                       -- the asset is gone
UPDATE licenses SET valid_from = '01.03.2025' WHERE id = 'L-0270';                                              -- another date format

-- ---- what is booked where ----
CREATE TABLE placements (
  id INTEGER PRIMARY KEY, asset TEXT NOT NULL, channel TEXT NOT NULL, format TEXT NOT NULL, market TEXT NOT NULL, starts TEXT NOT NULL, ends TEXT NOT NULL
);
INSERT INTO placements
SELECT i, printf('A-%04d', 1 + a % 360),
  CASE b % 5 WHEN 0 THEN 'meta' WHEN 1 THEN 'meta' WHEN 2 THEN 'google' WHEN 3 THEN 'email' ELSE 'ooh' END,
  CASE b % 5 WHEN 0 THEN 'story' WHEN 1 THEN 'feed' WHEN 2 THEN 'display' WHEN 3 THEN 'newsletter' ELSE 'poster' END,
  CASE d % 4 WHEN 0 THEN 'DE' WHEN 1 THEN 'US' WHEN 2 THEN 'FR' ELSE 'GB' END,
  date('2026-05-01', '+' || (c % 60) || ' days'), date('2026-05-01', '+' || (c % 60 + 14 + d % 30) || ' days')
FROM num WHERE i <= 320;
-- Most of what is booked was chosen with care; every tenth was not.
CREATE TEMP TABLE fit AS
  SELECT 'ooh' AS use, id, row_number() OVER (ORDER BY id) - 1 AS n FROM assets WHERE width = 1920 AND status = 'approved'
  UNION ALL SELECT 'story', id, row_number() OVER (ORDER BY id) - 1 FROM assets WHERE height = 1920 AND status = 'approved'
  UNION ALL SELECT 'other', id, row_number() OVER (ORDER BY id) - 1 FROM assets WHERE height < 1920 AND kind = 'image' AND status = 'approved';
UPDATE placements SET asset = (
  SELECT f.id FROM fit f WHERE f.use = CASE WHEN format = 'poster' THEN 'ooh' WHEN format = 'story' THEN 'story' ELSE 'other' END
    AND f.n = placements.id % (SELECT count(*) FROM fit g WHERE g.use = f.use))
  WHERE id % 10 <> 3;

-- ---- what stands on a picture ----
CREATE TABLE elements (
  id INTEGER PRIMARY KEY, asset TEXT NOT NULL, role TEXT NOT NULL, x INTEGER NOT NULL, y INTEGER NOT NULL, w INTEGER NOT NULL, h INTEGER NOT NULL,
  fg TEXT NOT NULL, bg TEXT, points REAL, bold INTEGER NOT NULL DEFAULT 0
);
INSERT INTO elements
SELECT i, printf('A-%04d', 1 + a % 360), CASE WHEN i % 3 = 0 THEN 'logo' WHEN i % 3 = 1 THEN 'headline' ELSE 'legal' END,
  60 + b % 300, 80 + c % 240, CASE WHEN i % 3 = 0 THEN 90 + d % 120 ELSE 480 END, CASE WHEN i % 3 = 0 THEN 30 + d % 40 ELSE 60 END,
  CASE WHEN d % 4 = 3 THEN '#FFF4E6' WHEN d % 4 = 1 THEN '#FFF4E6' ELSE '#3B2417' END, CASE WHEN d % 4 = 3 THEN '#3B2417' WHEN d % 4 = 1 THEN '#2B8A3E' ELSE '#FFF4E6' END,
  CASE WHEN i % 3 = 1 THEN 28 WHEN i % 3 = 2 THEN 9 END, i % 3 = 1
FROM num WHERE i <= 240;
UPDATE elements SET fg = '#D9480F', bg = '#3B2417' WHERE id % 40 = 7;                                           -- orange on brown
UPDATE elements SET fg = '#C0B8AE', bg = '#FFF4E6' WHERE id % 60 = 11;                                          -- gray on cream
UPDATE elements SET bg = NULL WHERE id % 50 = 23;                                                              -- on a photograph: nobody measured
UPDATE elements SET w = 48, h = 16 WHERE id IN (33, 96, 189);                                                  -- a logo too small to read
UPDATE elements SET x = 4, y = 6 WHERE id IN (51, 150);                                                        -- a logo pressed into the corner

-- ---- words ----
CREATE TABLE copy (
  id INTEGER PRIMARY KEY, campaign TEXT NOT NULL, role TEXT NOT NULL, locale TEXT NOT NULL, body TEXT NOT NULL, source_copy INTEGER
);
CREATE TEMP TABLE lines(head TEXT, descr TEXT, de TEXT, fr TEXT);
INSERT INTO lines VALUES (
  '["Your morning, poured","Cold brew, warm days","Oat it is","Beans at your door","Slow roasted, fast gone","Good things take 4 minutes","Decaf that tastes like coffee","The menu is on ice"]',
  '["Fresh beans from farms we know, roasted on Tuesday and at your door by Thursday.","Order before noon and {store} has it ready when you get here.","Two bags a month, {name}, and you never run out again.","Try our new oat blend in every shop until the end of {month}."]',
  '["Dein Morgen, frisch gebrüht","Kalt gebrüht für warme Tage","Mit Hafer, bitte","Bohnen bis an die Tür"]',
  '["Votre matin, bien servi","Infusé à froid, servi au soleil","Tout avoine","Les grains livrés chez vous"]');
INSERT INTO copy
SELECT i, printf('C-%02d', 1 + i % 12), CASE WHEN i % 2 = 0 THEN 'headline' ELSE 'description' END,
  CASE WHEN i % 4 = 2 AND i % 8 = 2 THEN 'de-DE' WHEN i % 8 = 6 THEN 'fr-FR' ELSE 'en-US' END,
  CASE WHEN i % 8 = 2 THEN json_extract(de, '$[' || (b % 4) || ']') WHEN i % 8 = 6 THEN json_extract(fr, '$[' || (b % 4) || ']')
       WHEN i % 2 = 0 THEN json_extract(head, '$[' || (a % 8) || ']') ELSE json_extract(descr, '$[' || (a % 4) || ']') END,
  CASE WHEN i % 8 IN (2, 6) AND i > 2 THEN i - 2 END
FROM num, lines WHERE i <= 220;
UPDATE copy SET body = 'Amazing coffee!!! Buy now!' WHERE id IN (20, 68, 132);
UPDATE copy SET body = 'The world-class cheap coffee for everyone who loves coffee' WHERE id IN (36, 148);
UPDATE copy SET body = 'Guaranteed to help you lose weight, 100% natural.' WHERE id IN (51, 115);                 -- a claim without its footnote
UPDATE copy SET body = 'Free wifi and coffee.' WHERE id IN (57);
UPDATE copy SET body = 'Bring {name} along and save' WHERE id IN (40, 88);
UPDATE copy SET body = 'Nimm {vorname} mit und spare' WHERE id IN (42, 90);                                      -- the placeholder was translated
UPDATE copy SET body = 'Offer ends soon' WHERE id IN (76);
UPDATE copy SET body = 'TODO headline' WHERE id IN (100);
UPDATE copy SET body = 'When you come into one of our shops on a weekday before nine and bring your own cup with you, which we very much hope that you will, you pay for the small size and get the large one, every single time, in every city.' WHERE id IN (63, 191);

-- ---- people ----
CREATE TABLE profiles (
  id TEXT PRIMARY KEY NOT NULL, email TEXT, country TEXT, locale TEXT, stage TEXT NOT NULL, born TEXT, orders INTEGER NOT NULL, last_order TEXT, household TEXT, tags TEXT NOT NULL
);
INSERT INTO profiles
SELECT printf('P-%04d', i), CASE WHEN b % 13 <> 0 THEN printf('guest%d@mail.example', i) END,
  CASE d % 6 WHEN 0 THEN 'DE' WHEN 1 THEN 'FR' WHEN 2 THEN 'GB' ELSE 'US' END, CASE d % 6 WHEN 0 THEN 'de-DE' WHEN 1 THEN 'fr-FR' WHEN 2 THEN 'en-GB' ELSE 'en-US' END,
  CASE a % 5 WHEN 0 THEN 'new' WHEN 1 THEN 'active' WHEN 2 THEN 'active' WHEN 3 THEN 'lapsed' ELSE 'prospect' END,
  CASE WHEN c % 7 <> 0 THEN date('1950-01-01', '+' || (b * 2 + c % 3000) || ' days') END,
  CASE WHEN a % 5 = 4 THEN 0 WHEN a % 5 = 0 THEN 1 ELSE 1 + c % 30 END,
  CASE WHEN a % 5 = 4 THEN NULL WHEN a % 5 = 3 THEN date('2026-06-15', '-' || (120 + b % 400) || ' days') ELSE date('2026-06-15', '-' || (b % 110) || ' days') END,
  printf('H-%03d', 1 + i / 2), CASE WHEN d % 5 = 0 THEN 'decaf' WHEN d % 5 = 1 THEN 'decaf,oat' ELSE '' END
FROM num WHERE i <= 400;
UPDATE profiles SET email = 'not-an-address' WHERE id IN ('P-0017', 'P-0217');
UPDATE profiles SET country = NULL WHERE CAST(substr(id, 3) AS INTEGER) % 57 = 5;
UPDATE profiles SET born = '2031-01-01' WHERE id = 'P-0044';
UPDATE profiles SET orders = -1 WHERE id = 'P-0090';

CREATE TABLE consents (
  profile TEXT NOT NULL, purpose INTEGER NOT NULL, basis TEXT NOT NULL, state TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (profile, purpose)
) WITHOUT ROWID;
INSERT INTO consents SELECT printf('P-%04d', i), p.purpose, CASE WHEN p.purpose IN (1, 3, 4) THEN 'consent' ELSE 'interest' END,
  CASE WHEN (a + p.purpose * 7) % 9 < 6 THEN 'granted' WHEN (a + p.purpose) % 9 = 7 THEN 'withdrawn' ELSE 'denied' END,
  strftime('%Y-%m-%dT%H:%M:%SZ', '2026-05-01', '-' || (b % 300) || ' days')
FROM num, (SELECT 1 AS purpose UNION SELECT 2 UNION SELECT 3 UNION SELECT 4) p WHERE i <= 400 AND b % 10 <> 3;
UPDATE consents SET basis = 'interest' WHERE purpose = 4 AND profile IN ('P-0012', 'P-0112', 'P-0312');          -- not a basis for ads that know you

-- sha256 of the address, as the rules compute it; three guests asked never to be written to, one until a day that has passed
CREATE TABLE suppressions (key_hash TEXT PRIMARY KEY NOT NULL, list TEXT NOT NULL, until TEXT);
INSERT INTO suppressions VALUES
  ('@HASH1@', 'unsubscribed', NULL), ('@HASH2@', 'complaint', NULL), ('@HASH3@', 'unsubscribed', NULL), ('@HASH4@', 'pause', '2026-03-01');

-- ---- what came back ----
CREATE TABLE performance (
  asset TEXT NOT NULL, channel TEXT NOT NULL, day TEXT NOT NULL, impressions INTEGER, clicks INTEGER NOT NULL, conversions INTEGER NOT NULL, spend REAL NOT NULL, PRIMARY KEY (asset, channel, day)
);
INSERT OR IGNORE INTO performance
SELECT printf('A-%04d', 1 + a % 360), CASE b % 3 WHEN 0 THEN 'meta' WHEN 1 THEN 'google' ELSE 'email' END, date('2026-05-20', '+' || (c % 21) || ' days'),
  400 + a * 3, 4 + b % 90, b % 9, round((a % 700) / 10.0, 2)
FROM num WHERE i <= 1800;
UPDATE performance SET clicks = impressions + 12 WHERE rowid % 450 = 30;                                        -- more clicks than views
UPDATE performance SET impressions = NULL WHERE rowid % 300 = 77;                                              -- not delivered yet
UPDATE performance SET spend = -spend WHERE rowid % 600 = 111;                                                 -- a refund, booked as a day
UPDATE performance SET conversions = clicks + 3 WHERE rowid % 500 = 201;

CREATE VIEW asset_totals AS
  SELECT asset, sum(impressions) AS impressions, sum(clicks) AS clicks, sum(spend) AS spend FROM performance GROUP BY asset;
-- ---- variants of the shop's first page, and what they earned
CREATE TABLE variants (id TEXT PRIMARY KEY NOT NULL, slot TEXT NOT NULL, asset TEXT NOT NULL, campaign TEXT NOT NULL);
INSERT INTO variants
SELECT printf('V-%02d', row_number() OVER (ORDER BY id) - 1), CASE WHEN row_number() OVER (ORDER BY id) % 8 = 7 THEN 'footer' ELSE 'hero' END, id, 'C-04'
FROM assets WHERE kind = 'image' AND status = 'approved' AND dominant IS NOT NULL ORDER BY id LIMIT 16;
UPDATE variants SET campaign = 'C-01' WHERE id = 'V-05';                                                        -- that campaign is over
CREATE TABLE variant_stats (
  variant TEXT NOT NULL, stage TEXT NOT NULL, day TEXT NOT NULL, impressions INTEGER NOT NULL, clicks INTEGER NOT NULL, PRIMARY KEY (variant, stage, day)
);
INSERT INTO variant_stats
SELECT v.id, s.value, date('2026-05-16', '+' || n.i || ' days'), 120 + (n.i * 37 + s.key * 11) % 90,
  2 + (n.i * 7 + s.key * 3 + CAST(substr(v.id, 3) AS INTEGER) * 5) % 4 + CASE WHEN v.id IN ('V-03', 'V-09') AND s.key > 1 THEN 4 ELSE 0 END
FROM variants v, json_each('["prospect","new","active","lapsed"]') s, num n WHERE n.i <= 28;
UPDATE variant_stats SET clicks = impressions + 5 WHERE variant = 'V-11' AND stage = 'new';                     -- counted twice
COMMIT;
