#!/bin/bash
# Runs every benchmark: bench/run.sh BUILD_VARIANT_DIR. Ratios are within one run; absolute times are this machine's.
set -u
B=$1
dir=$(dirname "$B")/bench
mkdir -p "$dir"
status=0
for b in "$B"/bench/*; do
  [ -x "$b" ] && [ -f "$b" ] || continue
  case $(basename "$b") in
    *.*) continue ;;
    validate) "$b" "$B/blazon" "$dir" ${ROWS:+"$ROWS"} ;;
    *) "$b" ;;
  esac || { echo "$(basename "$b") failed"; status=1; }
  echo
done
sh bench/lines.sh "$B/blazon" "$dir" || status=1
bench/sdk.sh "$B" || status=1
exit $status
