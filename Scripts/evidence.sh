#!/bin/bash
# What the documents claim of a copy, shown anew: evidence.sh DMIO DOCUMENT
#
# Writes DOCUMENT: the figures of measure-copy.sh, and after them which tests of failures passed, with 200 kills on either engine.
#
# Exit: 0 all bars met and tests passed, 1 not, 2 usage.
set -euo pipefail

[ $# -eq 2 ] || { echo "usage: evidence.sh DMIO DOCUMENT" >&2; exit 2; }
here=$(dirname -- "${BASH_SOURCE[0]}")
kills=200
log=$(mktemp)
trap 'rm -f "$log"' EXIT

failed=0
"$here/measure-copy.sh" "$1" "$2" || failed=1
# The lines of a run that fails say so, and are written all the same.
DMIO_KILLS=$kills "${SWIFT:-swift}" test --filter 'KillTests|EveryOperationTests' 2>&1 | tee "$log" || failed=1
{
  echo
  echo "## Failures"
  echo
  echo "The tests that ran after it, with $kills kills on either engine, and what they printed at their end:"
  echo
  sed -nE 's/^[✔✘] Test "(.*)" (with .* )?(passed|failed) after ([0-9.]+) seconds.*/- \1: \2\3 in \4 s/p' "$log"
} >>"$2"
exit "$failed"
