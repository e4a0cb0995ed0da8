#!/bin/bash
# Checks every shell script of the project: with shellcheck, or at least its syntax where that is missing.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
mapfile -t scripts < <(find Scripts Tests Packaging .ci -type f -exec grep -lE -m1 '^#!/bin/(ba)?sh' {} + | sort)
[ ${#scripts[@]} -gt 0 ] || { echo "lint-shell: no scripts found" >&2; exit 1; }

for script in "${scripts[@]}"; do bash -n "$script"; done
if command -v shellcheck >/dev/null; then
  shellcheck "${scripts[@]}"
else
  echo "lint-shell: shellcheck is not installed, syntax checked only"
fi
