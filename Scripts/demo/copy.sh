#!/bin/bash
# First part of the demonstration, sourced by demo.sh: one copy to three targets, one of them with bad sectors.
#
# Variables are set here for demo.sh and its other parts, and the other way round:
# shellcheck disable=SC2154

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
  if start_device target; then
    set_faults target "w $bad_sector $bad_count EIO"
    bad=$device
    echo "  $device, a block device; that it is bad is the kernel's own word:"
    if dd if=/dev/zero of="$device" bs=512 count=1 seek="$bad_sector" oflag=direct conv=notrunc \
      2>"$work/dd.log"; then fail "dd could write to a bad sector"; fi
    sed -n 's/^dd: /  dd: /p' "$work/dd.log"
  else
    echo "  a fault plan around a file (no real bad block device here: ${reason#bad-device: })"
    make_plan target write "$bad_sector" "$bad_count"
    sed 's/^/  /' "$work/target.json"
    bad=$(planned target bad.img)
  fi
}

copy() {
  heading "3. One copy to three targets, the source read once"
  run receipt.json copy --json --yes source.img good-1.img "$bad" good-2.img
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
  # Runs of zeros are not written, but left out of new files.
  expect "that the good targets were flushed" "true true" "$(receipt '[.targets[0,2].flushed|tostring]|join(" ")')"
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
