-- A state file of version 1: 3,000 decisions of one choice, of which red earns twice what the others do, and one experiment. Applied to an empty database.
PRAGMA application_id = 0x424C5A53;
PRAGMA user_version = 1;
CREATE TABLE meta(name TEXT PRIMARY KEY,
  value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE bundles(id INTEGER PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  bytes BLOB) STRICT;
CREATE TABLE candidate_sets(id INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE,
  members TEXT NOT NULL) STRICT;
CREATE TABLE blobs(id INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE,
  content TEXT NOT NULL) STRICT;
CREATE TABLE decisions(seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  choice TEXT NOT NULL,
  subject TEXT NOT NULL,
  candidate TEXT,
  stage TEXT NOT NULL,
  reason TEXT,
  unit TEXT,
  at INTEGER NOT NULL,
  weight INTEGER,
  assignment INTEGER,
  assign_weight INTEGER,
  candidate_set INTEGER,
  evidence INTEGER,
  record INTEGER,
  bundle INTEGER,
  p REAL AS (weight / 9007199254740992.0) VIRTUAL,
  p_assign REAL AS (assign_weight / 9007199254740992.0) VIRTUAL,
  time REAL AS (at / 1000000.0) VIRTUAL,
  day TEXT AS (date(at / 1000000, 'unixepoch')) VIRTUAL) STRICT;
CREATE INDEX decisions_subject ON decisions(subject, choice, at);
CREATE INDEX decisions_candidate ON decisions(candidate);
CREATE INDEX decisions_choice ON decisions(choice);
CREATE TABLE assignments(choice TEXT NOT NULL,
  subject TEXT NOT NULL,
  number INTEGER NOT NULL,
  candidate TEXT NOT NULL,
  assigned_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  weight INTEGER NOT NULL,
  decision TEXT NOT NULL,
  dropped INTEGER NOT NULL DEFAULT 0,
  p REAL AS (weight / 9007199254740992.0) VIRTUAL, PRIMARY KEY (subject, choice, number)) STRICT, WITHOUT ROWID;
CREATE TABLE exposures(experiment TEXT NOT NULL,
  subject TEXT NOT NULL,
  arm TEXT NOT NULL,
  at INTEGER NOT NULL,
  time REAL AS (at / 1000000.0) VIRTUAL, PRIMARY KEY (subject, experiment)) STRICT, WITHOUT ROWID;
CREATE TABLE outcomes(seq INTEGER PRIMARY KEY,
  decision TEXT NOT NULL,
  name TEXT NOT NULL,
  reward REAL NOT NULL,
  at INTEGER NOT NULL,
  choice TEXT NOT NULL,
  subject TEXT NOT NULL,
  candidate TEXT,
  time REAL AS (at / 1000000.0) VIRTUAL, UNIQUE (decision, name)) STRICT;
CREATE INDEX outcomes_subject ON outcomes(subject);
CREATE INDEX outcomes_candidate ON outcomes(candidate);
CREATE INDEX outcomes_choice ON outcomes(choice);
CREATE TABLE evidence(id INTEGER PRIMARY KEY,
  choice TEXT NOT NULL,
  candidate TEXT NOT NULL,
  day TEXT NOT NULL,
  trials INTEGER NOT NULL,
  successes INTEGER NOT NULL,
  reward REAL NOT NULL,
  squares REAL NOT NULL, UNIQUE (choice, candidate, day)) STRICT;
CREATE INDEX evidence_candidate ON evidence(candidate);
INSERT INTO meta VALUES ('epoch', 0);
INSERT INTO bundles VALUES (1, '00', NULL);
INSERT INTO candidate_sets VALUES (1, x'00', '[{"key":"blue","eligible":"eligible","weight":4503599627370496},' ||
  '{"key":"green","eligible":"where","reason":"v.locale == \"de\"","weight":0},' ||
  '{"key":"red","eligible":"eligible","weight":2702159776422298},{"key":"teal","eligible":"eligible","weight":1801439850948198}]');
CREATE TEMP TABLE steps AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
  SELECT i, CASE WHEN i * 919 % 1000 < 500 THEN 'blue' WHEN i * 919 % 1000 < 800 THEN 'red' ELSE 'teal' END AS arm, 1790000000000000 + i * 60000000 AS at,
    (i * i * 31 + i * 7) % 1009 AS luck FROM n;
INSERT INTO decisions(seq, id, choice, subject, candidate, stage, reason, unit, at, weight, candidate_set, bundle)
  SELECT i, 'd' || i, 'shop.hero', 'p' || (i / 2), arm, 'policy', NULL, NULL, at,
    CASE arm WHEN 'blue' THEN 4503599627370496 WHEN 'red' THEN 2702159776422298 ELSE 1801439850948198 END, 1, 1 FROM steps WHERE i % 100 > 0
  UNION ALL SELECT i, 'd' || i, 'shop.hero', 'p' || (i / 2), 'blue', 'fallback', 'profile `p` has no locale', NULL, at, NULL, NULL, 1 FROM steps WHERE i % 100 = 0;
INSERT INTO outcomes(decision, name, reward, at, choice, subject, candidate)
  SELECT 'd' || i, 'reward', 1, at + 3600000000, 'shop.hero', 'p' || (i / 2), arm FROM steps WHERE i % 100 > 0 AND luck < CASE arm WHEN 'red' THEN 120 ELSE 60 END;
INSERT INTO evidence(choice, candidate, day, trials, successes, reward, squares)
  SELECT 'shop.hero', arm, date(at / 1000000, 'unixepoch'), count(*), sum(luck < 60), sum(luck < 60), sum(luck < 60) FROM steps WHERE i % 100 > 0 GROUP BY 2, 3;
INSERT INTO exposures SELECT 'shop.cta', 'p' || i, iif(i * 7 % 11 < 5, 'blue', 'red'), at FROM steps WHERE i % 2 = 0;
