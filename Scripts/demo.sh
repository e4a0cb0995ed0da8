#!/bin/bash
# The demonstration behind `make demo`: demo.sh DMIO
#
# Makes a real ext4 file system with files in it, copies it to three targets at once with the tool
# DMIO, one target having bad sectors, and checks that what the tool says is what is true. Ends with
# an error as soon as something is not as promised. As root the bad target is a block device whose
# sectors the kernel itself reports as bad; otherwise, or where that cannot be had, a fault plan.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[ $# -eq 1 ] || { echo "usage: demo.sh DMIO" >&2; exit 2; }
dmio=$(readlink -f -- "$1")
PATH=$PATH:/usr/sbin:/sbin
image_mib=64
image_bytes=$((image_mib << 20))
bad_sector=20480
bad_count=8

work=$(mktemp -d "${TMPDIR:-/var/tmp}/dmio-demo.XXXXXX")
clean_up() {
  [ ! -d "$work/device" ] || "$here/bad-device/bad-device.sh" stop "$work/device" || true
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

heading() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] || heading() { printf '\n== %s\n' "$*"; }
fail() { echo "NOT AS PROMISED: $*" >&2; exit 1; }

expect() { # WHAT EXPECTED FOUND
  [ "$2" = "$3" ] || fail "$1: expected $2, found $3"
  echo "  ok: $1 is $2"
}

receipt() { jq -r "$1" "$work/receipt.json"; }

make_file_system() {
  heading "1. A real ext4 file system of $image_mib MiB, with files in it"
  mkdir -p "$work/files/deep/deeper"
  local number
  for number in $(seq 24); do head -c 1M /dev/urandom >"$work/files/random-$number"; done
  for number in $(seq 200); do echo "file number $number" >"$work/files/deep/small-$number"; done
  cp "$here/demo.sh" "$work/files/deep/deeper/"
  ln -s deep/small-1 "$work/files/link"
  truncate -s "${image_mib}M" "$work/source.img"
  mke2fs -q -F -t ext4 -L dmio-demo -d "$work/files" "$work/source.img"
  check_file_system "$work/source.img"
}

check_file_system() {
  e2fsck -fn "$1" >"$work/e2fsck.log" 2>&1 || { cat "$work/e2fsck.log" >&2; fail "e2fsck -fn $1"; }
  echo "  e2fsck -fn: $(tail -n 1 "$work/e2fsck.log")"
}

# Sets $bad, the operand.
make_bad_target() {
  heading "2. A target with $bad_count bad sectors, $bad_sector to $((bad_sector + bad_count - 1))"
  local reason device
  if reason=$("$here/bad-device/bad-device.sh" check 2>&1) &&
    device=$("$here/bad-device/bad-device.sh" start "$work/device" "$image_bytes" 2>"$work/start.log"); then
    "$here/bad-device/bad-device.sh" faults "$work/device" "w $bad_sector $bad_count EIO"
    bad=$device
    echo "  $device, a block device; that it is bad is the kernel's own word:"
    if dd if=/dev/zero of="$device" bs=512 count=1 seek="$bad_sector" oflag=direct conv=notrunc \
      2>"$work/dd.log"; then fail "dd could write to a bad sector"; fi
    sed -n 's/^dd: /  dd: /p' "$work/dd.log"
  else
    [ -s "$work/start.log" ] && reason=$(tail -n 1 "$work/start.log")
    echo "  a fault plan around a file (no real bad block device here: ${reason#bad-device: })"
    printf '{"rules":[{"op":"write","sectors":[%d,%d],"action":"error","errno":"EIO"}]}\n' \
      "$bad_sector" "$bad_count" | tee "$work/plan.json" | sed 's/^/  /'
    # A comma of the path itself would end the name of the plan; the tool takes it doubled.
    bad="fault:${work//,/,,}/plan.json,${work//,/,,}/bad.img"
  fi
}

copy() {
  heading "3. One copy to three targets, the source read once"
  local command=("$dmio" copy --json --yes "$work/source.img" "$work/good-1.img" "$bad" "$work/good-2.img")
  local code=0
  echo "  \$ dmio copy --json --yes source.img good-1.img ${bad//"$work/"/} good-2.img"
  "${command[@]}" >"$work/receipt.json" </dev/null || code=$?
  heading "4. The receipt"
  { [ -s "$work/receipt.json" ] && jq . "$work/receipt.json"; } || fail "no receipt in JSON; exit code $code"
  heading "5. What it says, checked"
  expect "the exit code (some targets failed, enough are good)" 3 "$code"
  expect "the receipt's exit" 3 "$(receipt .exit)"
  expect "bytes read from the source" "$image_bytes" "$(receipt .source.bytes)"
  expect "ok of the three targets" "true false true" "$(receipt '[.targets[].ok|tostring]|join(" ")')"
  expect "the first bad sector of the bad target" "$bad_sector" "$(receipt '.targets[1].first_bad_sector')"
  expect "its errno" EIO "$(receipt '.targets[1].errno')"
  expect "the extents that were refused" "$bad_sector+$bad_count" \
    "$(receipt '[.targets[1].failed[]|select(.errno=="EIO")|"\(.sector)+\(.count)"]|join(" ")')"
  expect "bytes written to each good target" "$image_bytes $image_bytes" \
    "$(receipt '[.targets[0,2].bytes_written|tostring]|join(" ")')"
}

check_good_copies() {
  heading "6. The good copies are what the receipt says"
  local copy
  for copy in good-1.img good-2.img; do
    cmp "$work/source.img" "$work/$copy" || fail "$copy differs from the source"
    echo "  $copy: same bytes as the source"
    check_file_system "$work/$copy"
  done
}

[ -x "$dmio" ] || fail "$1 is no program"
echo "dmio: $("$dmio" --version)"
make_file_system
make_bad_target
copy
check_good_copies
heading "All as promised: two good copies, and the bad target reported to the sector."
