#!/bin/bash
# Shows, with dd alone, that the bad device does what its rules say. Exit 0, or 77 where it cannot run.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bad=$here/bad-device.sh
"$bad" check || exit
work=$(mktemp -d "${TMPDIR:-/tmp}/bad-device.XXXXXX")
trap '"$bad" stop "$work/a"; "$bad" stop "$work/b"; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
failures=0

expect() { # WHAT EXPECTED FOUND
  if [ "$2" = "$3" ]; then echo "ok: $1"; else echo "FAILED: $1: expected '$2', found '$3'"; failures=1; fi
}

# One sector (or block) by O_DIRECT; the word of the error, or "fine".
touch_sector() { # read|write SECTOR [BYTES]
  local bytes=${3:-512} message
  local position=$(($2 * 512 / bytes))
  case $1 in
    read) set -- if="$device" of=/dev/null iflag=direct skip=$position ;;
    write) set -- if=/dev/zero of="$device" oflag=direct conv=notrunc seek=$position ;;
  esac
  if message=$(LC_ALL=C dd bs="$bytes" count=1 "$@" 2>&1); then echo fine; return; fi
  case $message in
    *"Input/output error"*) echo EIO ;;
    *"No space left"*) echo ENOSPC ;;
    *"Invalid argument"*) echo EINVAL ;;
    *) echo "$message" ;;
  esac
}

failing() { # read|write FIRST LAST: the sectors of this range that fail
  local sector
  for sector in $(seq "$2" "$3"); do
    [ "$(touch_sector "$1" "$sector")" = fine ] || printf '%s ' "$sector"
  done
}

milliseconds() {
  local from
  from=$(date +%s%N)
  "$@" >/dev/null
  echo $((($(date +%s%N) - from) / 1000000))
}

device=$("$bad" start "$work/a" 64M)
expect "without rules nothing fails" "" "$(failing read 992 1016)$(failing write 992 1016)"

"$bad" faults "$work/a" "w 1000 8 EIO"
expect "exactly the bad sectors fail" "1000 1001 1002 1003 1004 1005 1006 1007 " "$(failing write 990 1020)"
expect "reads pass where only writes are bad" "" "$(failing read 990 1020)"
expect "the error is EIO" EIO "$(touch_sector write 1000)"

"$bad" faults "$work/a" "# a rule inside a page" "* 2003 1 5"
expect "one sector inside a page, reads" "2003 " "$(failing read 1998 2010)"
expect "one sector inside a page, writes" "2003 " "$(failing write 1998 2010)"

"$bad" faults "$work/a" "w 8 1 ENOSPC"
expect "ENOSPC comes through" ENOSPC "$(touch_sector write 8)"

"$bad" faults "$work/a" "r 64 1 EIO 0 2"
expect "twice, then never again" "EIO EIO fine fine" \
  "$(for _ in 1 2 3 4; do touch_sector read 64; done | xargs)"

"$bad" faults "$work/a" "r 0 8 0 200" "r 4 1 0 200"
took=$(milliseconds touch_sector read 0)
expect "a delay of 200 ms ($took)" yes "$([ "$took" -ge 200 ] && [ "$took" -lt 390 ] && echo yes)"
took=$(milliseconds touch_sector read 4)
expect "two delays add up to 400 ms ($took)" yes "$([ "$took" -ge 400 ] && echo yes)"
took=$(milliseconds touch_sector read 16)
expect "elsewhere no delay ($took)" yes "$([ "$took" -lt 200 ] && echo yes)"

"$bad" faults "$work/a" "f 0 0 EIO"
expect "a flush can fail" yes "$(sync -d "$device" 2>/dev/null || echo yes)"
"$bad" faults "$work/a"
expect "and is well again" yes "$(sync -d "$device" && echo yes)"

"$bad" faults "$work/a" "t 128 8 EIO"
expect "discard passes" yes "$(blkdiscard -o 0 -l 4096 "$device" && echo yes)"
expect "discard of bad sectors fails" yes "$(blkdiscard -o 65536 -l 4096 "$device" 2>/dev/null || echo yes)"

"$bad" faults "$work/a" "w 10 eight EIO"
expect "a misspelt rule fails everything" fine "$(touch_sector read 0 | sed 's/E.*/fine/')"
"$bad" faults "$work/a" "r 0 1 EBUSY"
expect "an error that cannot be carried is refused" no "$([ "$(touch_sector read 100)" = fine ] || echo no)"

device=$("$bad" start "$work/b" 64M 4096)
expect "4096-byte sectors" 4096 "$(blockdev --getss "$device")"
"$bad" faults "$work/b" "w 1000 8 EIO"
expect "512 bytes are refused there" EINVAL "$(touch_sector write 992)"
expect "the bad block fails" EIO "$(touch_sector write 1000 4096)"
expect "the blocks around it do not" "fine fine" \
  "$(for sector in 992 1008; do touch_sector write $sector 4096; done | xargs)"

device=$("$bad" start "$work/b" 32M)
expect "start over a running one replaces it" 33554432 "$(blockdev --getsize64 "$device")"
kill -KILL "$(cat "$work/b/nbdfuse.pid")" "$(cat "$work/b/nbdkit.pid")"
device=$("$bad" start "$work/b" 16M)
expect "start over a dead one too" 16777216 "$(blockdev --getsize64 "$device")"

blockdev --setro "$device"
device=$("$bad" start "$work/b" 16M)
expect "a number that was left read-only can be written" fine "$(touch_sector write 0)"

exec 9>"$work/lock"
flock -n 9
device=$("$bad" start "$work/b" 16M)
exec 9>&-
expect "what stays keeps no descriptor of the caller" yes "$(flock -n "$work/lock" echo yes)"
rm "$work/lock"

"$bad" faults "$work/b" "r 0 8 0 30000"
touch_sector read 0 >/dev/null &
sleep 0.3
took=$(milliseconds "$bad" stop "$work/b")
expect "stop does not wait for a stuck request ($took ms)" yes "$([ "$took" -lt 8000 ] && echo yes)"
wait
"$bad" stop "$work/a"
"$bad" stop "$work/a"
expect "nothing is left" "" \
  "$(ls "$work"; losetup -n -O BACK-FILE | grep -F "$work" || true; grep -F "$work" /proc/self/mounts || true)"
exit $failures
