#!/bin/bash
# Builds the tests and runs them as two processes side by side: test.sh [OPTION...]
#
# OPTIONs are those of `swift test`. The tests of the tool wait for its processes most of the time, and a
# test that waits holds one of as many threads as there are processors: in a process of their own they
# leave those of the libraries' tests alone. The tool's output comes when the others are done, and last,
# once more, what failed in either. Tests that hang end (watched.sh).
#
# Exit: 0 all passed, 1 a test failed, else what the build said.
set -euo pipefail

swift=${SWIFT:-swift}
options=() skipped=()
# What is left out only concerns running.
while [ $# -gt 0 ]; do
  case $1 in
    --skip) skipped+=(--skip "$2"); shift 2 ;;
    *) options+=("$1"); shift ;;
  esac
done

"$swift" build --build-tests "${options[@]}"

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
run() { # LOG OPTION...
  Scripts/watched.sh "$swift" test --skip-build --ignore-lock "${options[@]}" "${skipped[@]}" "${@:2}" 2>&1 | tee "$logs/$1"
}

run tool --filter '^ToolTests' >/dev/null &
tool=$!
code=0
run libraries --skip '^ToolTests' || code=1
wait "$tool" || code=1
cat "$logs/tool"
if [ "$code" -ne 0 ]; then
  echo "What failed:"
  # A process that ended at a signal or at a sanitizer's report printed no such mark: its last lines say why.
  grep -hE '^✘|recorded an issue|ThreadSanitizer|AddressSanitizer|[Ff]atal error' "$logs"/* | tail -n 40 || true
  tail -n 3 "$logs/libraries"
fi
exit "$code"
