#!/bin/sh
# Makes the example library: examples/dam/make.sh FILE.db. Needs the sqlite3 command; the same rows every time.
set -eu
db=$1
here=$(dirname "$0")
command -v sqlite3 > /dev/null 2>&1 || { echo "make.sh: the sqlite3 command is missing (apt-get install sqlite3)" >&2; exit 1; }
hash() { printf '%s' "$1" | sha256sum | cut -c1-64; }
rm -f "$db" "$db.part"
sed -e "s/@HASH1@/$(hash guest23@mail.example)/" -e "s/@HASH2@/$(hash guest108@mail.example)/" \
  -e "s/@HASH3@/$(hash guest251@mail.example)/" -e "s/@HASH4@/$(hash guest39@mail.example)/" "$here/make.sql" | sqlite3 -bail "$db.part" > /dev/null
mv "$db.part" "$db"
