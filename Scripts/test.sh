#!/bin/bash
# Builds the tests and runs them as two processes side by side: test.sh [OPTION...]
#
# OPTIONs are those of `swift test`. The tests of the tool wait for its processes most of the time, and a
# test that waits holds one of as many threads as there are processors: in a process of their own they
# leave those of the libraries' tests alone. The tool's output comes when the others are done.
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

log=$(mktemp)
trap 'rm -f "$log"' EXIT
"$swift" test --skip-build --ignore-lock "${options[@]}" "${skipped[@]}" --filter '^ToolTests' >"$log" 2>&1 &
tool=$!
code=0
"$swift" test --skip-build --ignore-lock "${options[@]}" "${skipped[@]}" --skip '^ToolTests' || code=1
wait "$tool" || code=1
cat "$log"
exit "$code"
