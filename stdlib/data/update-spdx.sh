#!/bin/sh
# Writes stdlib/data/spdx.inc from the SPDX lists as npm publishes them. For maintainers: needs npm and jq. Usage: update-spdx.sh [LICENSE-IDS-VERSION [EXCEPTIONS-VERSION]]
set -eu
out=$(cd "$(dirname "$0")" && pwd)/spdx.inc
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm pack --silent "spdx-license-ids@${1:-latest}" "spdx-exceptions@${2:-latest}" > /dev/null
for f in *.tgz; do mkdir "${f%.tgz}"; tar xzf "$f" -C "${f%.tgz}"; done
version() { jq -r .version "$1"/package/package.json; }
rows() { jq -r '.[]' "$@" | LC_ALL=C tr -d '\r' | LC_ALL=C sort -f | uniq | sed 's/.*/SPDX_'"$kind"'("&")/'; }
{
  echo "/* SPDX identifiers, made by update-spdx.sh from npm spdx-license-ids $(version spdx-license-ids-*) (CC0-1.0), deprecated ones included, and"
  echo " * spdx-exceptions $(version spdx-exceptions-*) (identifiers of the SPDX license list, https://spdx.org/licenses). Sorted without regard to case. */"
  kind=LICENSE; rows spdx-license-ids-*/package/index.json spdx-license-ids-*/package/deprecated.json
  kind=EXCEPTION; rows spdx-exceptions-*/package/index.json
} > "$out"
