#!/bin/bash
# What the parts of the demonstration share; sourced by demo.sh, which says where $here, $work and $dmio are.
#
# Variables are set here for demo.sh and its other parts, and the other way round:
# shellcheck disable=SC2034,SC2154

heading() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] || heading() { printf '\n== %s\n' "$*"; }
fail() { echo "NOT AS PROMISED: $*" >&2; exit 1; }

expect() { # WHAT EXPECTED FOUND
  [ "$2" = "$3" ] || fail "$1: expected $2, found $3"
  echo "  ok: $1 is $2"
}

receipt() { jq -r "$1" "$work/receipt.json"; }

# Runs the tool in the folder of the demonstration, and leaves its exit code in $code, its output in OUTPUT.
run() { # OUTPUT ARGUMENT...
  local output=$1
  shift
  echo "  \$ dmio ${*//"$work/"/}"
  code=0
  (cd "$work" && "$dmio" "$@" </dev/null >"$output" 2>"$work/messages") || code=$?
}

show() { sed "s|$work/||g; s/^/  /" "$work/$1"; } # FILE

# A block device whose sectors go bad on request, its name in $device. False, with a $reason, where there can be none.
start_device() { # NAME
  reason=$("$here/bad-device/bad-device.sh" check 2>&1) || return 1
  device=$("$here/bad-device/bad-device.sh" start "$work/devices/$1" "$image_bytes" 2>"$work/start.log") && return
  reason=$(tail -n 1 "$work/start.log")
  return 1
}

set_faults() { # NAME RULE...
  local name=$1
  shift
  "$here/bad-device/bad-device.sh" faults "$work/devices/$name" "$@"
}

# A plan whose only rule is about OP and SECTORS. A comma of the path itself would end its name: the tool takes it doubled.
make_plan() { # NAME OP FIRST COUNT
  printf '{"rules":[{"op":"%s","sectors":[%d,%d],"action":"error","errno":"EIO"}]}\n' "$2" "$3" "$4" >"$work/$1.json"
}

planned() { echo "fault:${work//,/,,}/$1.json,${work//,/,,}/$2"; } # NAME FILE

clean_up() {
  local folder
  for folder in "$work"/devices/*/; do
    [ ! -d "$folder" ] || "$here/bad-device/bad-device.sh" stop "${folder%/}" || true
  done
  rm -rf "$work"
}
