#!/bin/sh
# Gets the data file of a simple-icons release: fetch.sh VERSION FOLDER. Prints the argument that --source wants.
#
# Ends with 77 where npm or its registry is not to be had, 1 when the release has no data file that this script knows.
set -u
version=$1 folder=$2
mkdir -p "$folder" || exit 1
out=$folder/$version.json
if [ ! -s "$out" ]; then
  command -v npm > /dev/null 2>&1 || { echo "npm is not installed" >&2; exit 77; }
  work=$(mktemp -d "$folder/fetch.XXXXXX") || exit 1
  trap 'rm -rf "$work"' EXIT
  (cd "$work" && npm pack "simple-icons@$version" > npm.log 2>&1) || { tail -n 3 "$work/npm.log" >&2; echo "npm pack simple-icons@$version failed" >&2; exit 77; }
  tar -xzf "$work"/simple-icons-*.tgz -C "$work" || exit 1
  for f in data/simple-icons.json _data/simple-icons.json; do
    [ -s "$work/package/$f" ] && mv "$work/package/$f" "$out" && break
  done
fi
[ -s "$out" ] || { echo "simple-icons $version: no data file in the package" >&2; exit 1; }
# an array, or an object that holds one as "icons"
case $(head -c 200 "$out" | tr -d ' \t\r\n' | head -c 1) in
  '[') echo "icons=$out" ;;
  *) echo "icons=$out#/icons" ;;
esac
