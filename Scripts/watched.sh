#!/bin/bash
# Runs tests, and ends them when they hang: watched.sh COMMAND...
#
# What still runs after DMIO_TEST_SECONDS (1200 unless set) is shown with the places where its threads wait, and killed: a run
# that is cut off from outside says nothing. The exit code is that of COMMAND.
set -euo pipefail

limit=${DMIO_TEST_SECONDS:-1200}

# What COMMAND has started, and what that has, but for the watch itself.
family() { # ID
  local id
  for id in $(pgrep -P "$1"); do
    [ "$id" -eq "$watch" ] || { echo "$id"; family "$id"; }
  done
}

watch() { # ID
  local watch=$BASHPID left=$limit ids
  while kill -0 "$1" 2>/dev/null; do
    sleep 1
    [ $((left -= 1)) -le 0 ] || continue
    mapfile -t ids < <(family "$1")
    [ ${#ids[@]} -gt 0 ] || continue
    echo "watched.sh: after $limit s these still run, and are killed:"
    ps -L -o pid,lwp,stat,time,wchan:24,comm -p "$(IFS=,; echo "${ids[*]}")" || true
    kill -KILL "${ids[@]}" || true
  done
}

# COMMAND takes the place of this shell, so that signals and its end are what they would be without a watch.
watch $$ &
exec "$@"
