#!/bin/bash
# A block device on this host whose sectors go bad when told to.
#
#   bad-device.sh check                      exit 0, or 77 with the reason why it cannot be had here
#   bad-device.sh start DIR SIZE [SECTOR]    prints /dev/loopN; SECTOR: logical block, 512 or 4096
#   bad-device.sh faults DIR [RULE]...       these rules from now on, none: a healthy disk
#   bad-device.sh stop DIR                   takes everything down again; fine to call twice
#
# Rules are described in faults-plugin.c; "w 1000 8 EIO" makes writes to sectors 1000..1007 fail.
# What stands under the device: a disk in the memory of an nbdkit plugin, shown as a file by
# nbdfuse, shown as a block device by the loop driver with direct I/O, so that no page cache
# between them rounds a bad sector up to a page. Merging is off for the same reason.
#
# All that was started is noted in DIR (process ids, loop device), and each note is checked against
# the system before anything is ended by it. So a DIR left by a run that was cut off is cleaned by
# the next start, and never at the cost of a stranger who got the number meanwhile.
#
# Exit: 0 done, 1 failed, 2 usage, 77 cannot be had on this host.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PATH=$PATH:/usr/sbin:/sbin

# What we start outlives us, and must keep no lock or pipe of whoever called. 255 is the shell's own.
for descriptor in /proc/self/fd/*; do
  descriptor=${descriptor##*/}
  case $descriptor in 0 | 1 | 2 | 255) ;; *) exec {descriptor}>&- ;; esac
done

say() { echo "bad-device: $*" >&2; }
usage() { sed -n '4,7s/^# *//p' "${BASH_SOURCE[0]}" >&2; exit 2; }

check() {
  local program
  if [ "$(id -u)" -ne 0 ]; then say "needs root (loop devices)"; return 77; fi
  for program in nbdkit nbdfuse losetup gcc setsid umount; do
    command -v "$program" >/dev/null || { say "$program is not installed"; return 77; }
  done
  [ -e /usr/include/nbdkit-plugin.h ] || { say "nbdkit-plugin-dev is not installed"; return 77; }
  [ -c /dev/fuse ] || { say "/dev/fuse is missing"; return 77; }
  [ -c /dev/loop-control ] || { say "/dev/loop-control is missing"; return 77; }
}

# wait_for SECONDS COMMAND...: until the command succeeds; fails when the time is up.
wait_for() {
  local tries=$(($1 * 50))
  shift
  until "$@"; do
    [ $((tries -= 1)) -gt 0 ] || return 1
    sleep 0.02
  done
}

# The process noted in FILE, if it still lives and is ours: its command line names our socket.
our_process() {
  local pid
  pid=$(cat "$1" 2>/dev/null) || return 1
  [ -n "$pid" ] && tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | grep -qxF -- "$dir/socket" && echo "$pid"
}

is_gone() { ! our_process "$1" >/dev/null; }

end_process() {
  local signal pid
  for signal in TERM KILL; do
    pid=$(our_process "$1") || break
    kill -s "$signal" "$pid" 2>/dev/null || true
    wait_for 2 is_gone "$1" && break
  done
  rm -f "$1"
}

# The loop devices that stand on our file. Read from sysfs, as asking the file itself would hang
# when the process behind it is dead.
our_loops() {
  local file
  for file in /sys/block/loop*/loop/backing_file; do
    [ "$(cat "$file" 2>/dev/null)" = "$dir/mnt/disk" ] || continue
    file=${file#/sys/block/}
    echo "/dev/${file%%/*}"
  done
}

no_loops() { [ -z "$(our_loops)" ]; }
is_mounted() { grep -qF -- " $(printf '%s' "$dir/mnt" | sed 's/ /\\040/g')/disk " /proc/self/mounts; }

# From the top of the stack to the bottom. Where I/O is stuck half-way (a long delay), the end of
# nbdkit fails it, and the loop device, told to go before, goes then.
take_down() {
  local loop
  for loop in $(our_loops); do losetup -d "$loop" 2>/dev/null || true; done
  wait_for 1 no_loops || end_process "$dir/nbdkit.pid"
  if is_mounted && ! umount "$dir/mnt/disk" 2>/dev/null; then
    umount -l "$dir/mnt/disk" 2>/dev/null || true
  fi
  end_process "$dir/nbdfuse.pid"
  end_process "$dir/nbdkit.pid"
  wait_for 2 no_loops || say "still open by somebody: $(our_loops | tr '\n' ' ')(goes when closed)"
  rm -f "$dir"/{socket,faults,faults.new,loop,plugin.so,nbdkit.log,nbdfuse.log,mnt/disk} 2>/dev/null || true
  rmdir "$dir/mnt" "$dir" 2>/dev/null || true
}

# Prints the loop device. A container may have no node yet for the number that the kernel offers,
# and another process may be faster at taking it, hence the turns.
attach_loop() {
  local sector=$1 turn loop
  for turn in 1 2 3 4 5 6 7 8 9 10; do
    loop=$(losetup -f) || return 1
    [ -b "$loop" ] || mknod "$loop" b 7 "${loop#/dev/loop}" 2>/dev/null || true
    if losetup --direct-io=on -b "$sector" "$loop" "$dir/mnt/disk" 2>"$dir/nbdfuse.log"; then
      echo "$loop"
      return 0
    fi
    sleep "0.0$turn"
  done
  cat "$dir/nbdfuse.log" >&2
  return 1
}

start() {
  local size=$1 sector=$2 loop
  trap 'say "could not start"; take_down' EXIT
  trap 'exit 130' INT TERM HUP
  take_down
  mkdir -p "$dir/mnt"
  : >"$dir/faults"
  gcc -O1 -Wall -fPIC -shared "$here/faults-plugin.c" -o "$dir/plugin.so"
  # In the background by its own means: it returns when it serves.
  nbdkit --unix "$dir/socket" -P "$dir/nbdkit.pid" "$dir/plugin.so" size="$size" rules="$dir/faults" \
    </dev/null >"$dir/nbdkit.log" 2>&1 || { cat "$dir/nbdkit.log" >&2; return 1; }
  # A session of its own, so that an interrupt at the terminal cannot kill it under a live device;
  # no descriptor of ours, so that who reads our output sees its end.
  : >"$dir/mnt/disk"
  setsid nbdfuse "$dir/mnt/disk" --unix "$dir/socket" </dev/null >"$dir/nbdfuse.log" 2>&1 &
  echo $! >"$dir/nbdfuse.pid"
  wait_for 10 is_mounted || { cat "$dir/nbdfuse.log" >&2; return 1; }
  loop=$(attach_loop "$sector")
  # Who had the number before us may have left it read-only, which outlives the loop device.
  blockdev --setrw "$loop"
  echo "$loop" >"$dir/loop"
  echo 2 >"/sys/block/${loop#/dev/}/queue/nomerges"
  trap - EXIT INT TERM HUP
  echo "$loop"
}

set_faults() {
  [ -e "$dir/faults" ] || { say "$dir: not started"; return 1; }
  # By rename: a request must never see half of the rules.
  { [ $# -eq 0 ] || printf '%s\n' "$@"; } >"$dir/faults.new"
  mv "$dir/faults.new" "$dir/faults"
}

[ $# -ge 1 ] || usage
verb=$1
shift
[ "$verb" = check ] || { [ $# -ge 1 ] && dir=$(readlink -m -- "$1") && shift; } || usage
case $verb in
  check) check ;;
  start)
    case $# in 1 | 2) ;; *) usage ;; esac
    check
    start "$1" "${2:-512}"
    ;;
  faults) set_faults "$@" ;;
  stop) take_down ;;
  *) usage ;;
esac
