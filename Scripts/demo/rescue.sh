#!/bin/bash
# Second part of the demonstration, sourced by demo.sh: a rescue from a source with bad sectors to three targets, of which one
# has bad sectors, too, and one is slow; then, with the faults gone, to its end.
#
# Variables are set here for demo.sh and its other parts, and the other way round:
# shellcheck disable=SC2154

hole_sector=40960
hole_count=16

# Sets $rescued, the operand of the source, and $slow.
make_bad_source() {
  heading "7. A source with $hole_count bad sectors from sector $hole_sector on, and a target that takes 0.5 s for each write"
  if [ -e "$work/devices/target" ] && start_device source; then
    dd if="$work/source.img" of="$device" bs=1M oflag=direct conv=notrunc status=none
    set_faults source "r $hole_sector $hole_count EIO"
    rescued=$device
  else
    make_plan source read "$hole_sector" "$hole_count"
    rescued=$(planned source source.img)
  fi
  echo '{"rules":[{"op":"write","action":"delay","delay_ms":500}]}' >"$work/slow.json"
  slow=$(planned slow slow.img)
  echo "  source: ${rescued//"$work/"/}; bad target: ${bad//"$work/"/}; slow target: ${slow//"$work/"/}"
}

rescue() {
  heading "8. All at once: the bad source to a good target, a bad one and a slow one, with maps"
  run receipt.json copy --json --yes --map rescue --plot rescue.svg "$rescued" good-3.img "$bad" "$slow"
  show messages
  show_receipt
  expect "the exit code (some targets failed, enough are good)" 3 "$code"
  expect "the sectors that could not be read" "$hole_sector+$hole_count" "$(extents .source.holes)"
  expect "ok of the three targets" "true false true" "$(receipt '[.targets[].ok|tostring]|join(" ")')"
  expect "the sectors that the bad target refused" "$bad_sector+$bad_count" "$(extents .targets[1].failed)"
  expect "the good target was done before the slow one" true "$(receipt '.targets[0].seconds<.targets[2].seconds')"
  [ -s "$work/rescue.svg" ] || fail "there is no picture"
  [ -z "${DMIO_PICTURE:-}" ] || cp "$work/rescue.svg" "$DMIO_PICTURE"
  echo "  ok: a picture of it was drawn; DMIO_PICTURE=FILE.svg make demo keeps it"
  run maps map show rescue
  show maps
}

resume() {
  heading "9. The faults are gone: what is left is copied, then what failed is repaired"
  heal source
  heal target
  run receipt.json copy --json --map rescue --resume "$rescued" good-3.img "$bad" "$slow"
  show_receipt
  expect "the exit code (what had failed was not tried again)" 3 "$code"
  expect "the sectors that the bad target still lacks" "$bad_sector+$bad_count" "$(extents .targets[1].failed)"
  run receipt.json repair --json --map rescue "$rescued" good-3.img "$bad" "$slow"
  show_receipt
  expect "the exit code (all good)" 0 "$code"
  run maps map show rescue
  show maps
}

verify() {
  heading "10. Compared: by the tool, and by cmp"
  run receipt.json verify "$rescued" good-3.img "$bad" "$slow"
  show messages
  expect "the exit code (all the same)" 0 "$code"
  local copy bad_copy=$work/bad.img
  [ ! -b "$bad" ] || bad_copy=$bad
  for copy in "$work/good-3.img" "$bad_copy" "$work/slow.img"; do
    cmp "$work/source.img" "$copy" || fail "$copy differs from the source"
    echo "  ${copy//"$work/"/}: same bytes as the source"
  done
}

# Takes the faults of a device or a plan away.
heal() { # NAME
  if [ -e "$work/devices/$1" ]; then set_faults "$1"; else echo '{"rules":[]}' >"$work/$1.json"; fi
}

# The receipt, a device a line.
show_receipt() { jq -c '{exit,seconds},{source},.targets[]' "$work/receipt.json" >"$work/lines" && show lines; }

# The extents of a list in the receipt that have an errno.
extents() { receipt "[$1[]|select(.errno!=null)|\"\\(.sector)+\\(.count)\"]|join(\" \")"; }
