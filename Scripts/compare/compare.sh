#!/bin/bash
# The comparison behind `make compare`: compare.sh DMIO DOCUMENT
#
# Runs each tool of tools.sh through the same faults on real block devices, judges what it said and
# did by judge.sh, and writes the DOCUMENT, which is the same each time as long as nothing changed.
# Everything stands in .build/compare; what a run left there that was cut off, the next one clears.
#
# Exit: 0 written, 1 failed, 2 usage, 77 cannot be had on this host.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
[ $# -eq 2 ] || { echo "usage: compare.sh DMIO DOCUMENT" >&2; exit 2; }
dmio=$(readlink -f -- "$1")
document=$(readlink -m -- "$2")
# shellcheck source=Scripts/compare/judge.sh
. "$here/judge.sh"
# shellcheck source=Scripts/compare/tools.sh
. "$here/tools.sh"
# shellcheck source=Scripts/compare/document.sh
. "$here/document.sh"

export LC_ALL=C PATH=$PATH:/usr/sbin:/sbin
work=$root/.build/compare
bytes=$((8 << 20))
# None in the last 2 MiB, where it is a race whether nbdcopy learns of a write that failed. And the first
# so far from a multiple of 2 MiB that what qemu-img writes there first is not what fails.
bad="7432+8 9013+1 11029+1 12007+1"
# No multiple of what tools copy at once, so that only who looks finds where it ends.
full_bytes=$((2816 << 10))
shrinking_bytes=$((32 << 20))
shrunk_bytes=$((24 << 20))
declare -A path

say() { echo "compare: $*" >&2; }
fail() { say "$*"; exit 1; }
device() { "$root/Scripts/bad-device/bad-device.sh" "$@"; }

clean_up() {
  local folder
  for folder in "$work/full" "$work/mnt"; do
    ! mountpoint -q "$folder" 2>/dev/null || umount "$folder" || umount -l "$folder"
  done
  for folder in "$work"/devices/*; do
    [ ! -d "$folder" ] || device stop "$folder" || true
  done
  rm -rf "$work"
}

rules() { # OPERATION RUNS ERRNO: rules for the bad device, one an argument
  local run
  mapfile -t made < <(for run in $2; do echo "$1 ${run/+/ } $3"; done)
}

# start NAME BYTES: a fresh healthy device of zeros. nbdkit ends when a client vanishes in mid-read,
# so nobody uses one that another tool has used.
start() { path[$1]=$(device start "$work/devices/$1" "$2") || fail "no block device for $1"; }
faults() { local name=$1; shift; device faults "$work/devices/$name" "$@"; }

# original BYTES: a file in which every sector tells its number, and none is zero.
original() { awk -v sectors=$(($1 / 512)) 'BEGIN { for (i = 0; i < sectors; i++) printf "%0511d\n", i }'; }

start_source() { # [RULE...]
  start SOURCE "$bytes"
  dd if="$work/original" of="${path[SOURCE]}" bs=1M oflag=direct status=none
  blockdev --flushbufs "${path[SOURCE]}"
  faults SOURCE "$@"
}

make_full() {
  mkdir -p "$work/full"
  mount -t tmpfs -o "size=$full_bytes" tmpfs "$work/full"
  path[FULL]=full/file
}

# A file on a file system on a device whose reads take long, until shrink() comes.
start_shrinking() {
  start SLOW $((shrinking_bytes * 2))
  mke2fs -q -F -t ext4 -b 4096 "${path[SLOW]}"
  mkdir -p "$work/mnt"
  mount "${path[SLOW]}" "$work/mnt"
  cp "$work/original-shrinking" "$work/mnt/file"
  # Nothing of it stays in memory but its inode.
  umount "$work/mnt"
  mount "${path[SLOW]}" "$work/mnt"
  stat "$work/mnt/file" >/dev/null
  # All but its first block, which some read to see how the file can be read, before they look how long it is.
  local first
  first=$(filefrag -b512 -v "$work/mnt/file" | awk '$1 == "0:" { sub(/\.\./, "", $4); print $4; exit }')
  faults SLOW "r $((first + 8)) $((shrinking_bytes * 2 / 512 - first - 8)) 0 2500"
  path[SOURCE]=mnt/file
}

# Once the tool's first read hangs, it knows how long its source is, and has hardly any of it yet.
shrink() {
  local reads tries=400
  until read -r reads _ <"/sys/block/${path[SLOW]#/dev/}/inflight" && [ "$reads" -gt 0 ]; do
    [ $((tries -= 1)) -gt 0 ] || return 1
    sleep 0.05
  done
  faults SLOW
  truncate -s "$shrunk_bytes" "$work/mnt/file"
}

# prepare SCENARIO NAME...: the source and the targets, fresh.
prepare() {
  local scenario=$1 name
  shift
  clean_cell
  case $scenario in
    bad-source) rules r "$bad" EIO; start_source "${made[@]}" ;;
    shrinking) start_shrinking ;;
    *) start_source ;;
  esac
  for name in "$@"; do
    case $name in
      FULL) make_full ;;
      TARGET) start TARGET "$([ "$scenario" = shrinking ] && echo "$shrinking_bytes" || echo "$bytes")" ;;
      *) start "$name" "$bytes" ;;
    esac
  done
  case $scenario in
    bad-target) rules w "$bad" EIO; faults BAD "${made[@]}" ;;
    flush) faults BAD "f 0 0 EIO" ;;
  esac
}

clean_cell() {
  local folder
  for folder in full mnt; do ! mountpoint -q "$work/$folder" || umount "$work/$folder"; done
  for folder in "$work"/devices/*; do [ ! -d "$folder" ] || device stop "$folder"; done
  rm -f "$work"/{map,map.bak,output,errors,report,copy}
  path=()
}

# run LINE: as the table shows it, but with paths. Sets $code.
run() {
  local line=$1 name
  for name in "${!path[@]}"; do line=${line//$name/${path[$name]}}; done
  line=${line//MAP/map}
  case $line in dmio\ *) line="$(printf %q "$dmio") ${line#* }" ;; esac
  code=0
  (cd "$work" && exec timeout -k 5 120 bash -c "$line" 9>&- >output 2>errors </dev/null) || code=$?
  [ "$code" -lt 124 ] || say "exit $code: $line"
}

# lacks NAME ORIGINAL: what the target lacks of the original. Whatever waits to be written meets the faults.
lacks() {
  if [ "$1" = FULL ]; then
    missing "$2" "$work/full/file"
  else
    blockdev --flushbufs "${path[$1]}" 2>/dev/null || true
    # What is not read anew must not pass for what is there.
    faults "$1" || return
    dd if="${path[$1]}" of="$work/copy" bs=1M iflag=direct status=none || return
    missing "$2" "$work/copy"
  fi
}

# cell SCENARIO TOOL LABEL NAME...: prepares, runs and judges, and writes a row.
cell() {
  local scenario=$1 tool=$2 label=$3 source=device target=device line name code=0 shrinker=""
  shift 3
  say "$scenario: $tool${label:+, $label}"
  [ "$scenario" != shrinking ] || source="file"
  case " $* " in *" FULL "*) target="file" ;; esac
  line=$(command_of "$tool" "$source" "$target" "$@")
  prepare "$scenario" "$@"
  if [ "$scenario" = shrinking ]; then shrink & shrinker=$!; fi
  run "$line"
  [ -z "$shrinker" ] || wait "$shrinker" || fail "$tool never read the file that was to shrink"
  report_of "$tool" "$work" >"$work/report"
  for name in "${!path[@]}"; do
    # shellcheck disable=SC2001 # bash has no word boundaries
    sed -i "s#${path[$name]}\\b#$name#g" "$work/report"
  done
  judge "$scenario" "$tool" "$label" "$code" "$@"
  commands+=("$line")
}

# judge SCENARIO TOOL LABEL EXIT NAME...
judge() {
  local scenario=$1 tool=$2 label=$3 code=$4 name runs lost="" complete=yes device="" places="" good=0 goods=0 alone=""
  local but="" original=$work/original of
  shift 4
  case $scenario in bad-source | bad-target) but=$bad ;; shrinking) original=$work/original-shrinking ;; esac
  [ $# -gt 1 ] || alone="write"
  for name in "$@"; do
    runs=$(lacks "$name" "$original")
    case $name in GOOD*) goods=$((goods + 1)); [ -n "$runs" ] || good=$((good + 1)) ;; esac
    [ "$name:$scenario" = BAD:flush ] || [ -n "$runs" ] || continue
    complete=no
    of=$(amount "$tool" "$(sectors "$runs" "$([ "$name" = TARGET ] || [ "$name" = BAD ] && echo "$but")")" "$original")
    [ -z "$of" ] || lost+="${lost:+, }$([ $# -eq 1 ] || echo "$name ")$of"
    case $scenario in
      bad-source | shrinking) device+=" $(names "$work/report" SOURCE read)" ;;
      *) device+=" $(names "$work/report" "$name" $alone)" ;;
    esac
    [ "$scenario" = flush ] && [ "$name" = BAD ] || places+=" $(places "$work/report" "$runs" | tr ' ' _)"
  done
  row "$tool" "$label" "$code" "$(together "$device")" "$(together "$places")" "${lost:-0}" "$complete" \
    "$([ "$goods" -eq 0 ] && echo – || echo "$good of $goods")" "$(says "$work/report")"
}

# scenario NAME: all its rows, then its commands.
scenario() {
  local name=$1 tool
  commands=()
  table_head "$name"
  for tool in "${tools[@]}"; do
    if ! command -v "$(program_of "$tool")" >/dev/null; then
      say "$(program_of "$tool") is not installed"
      row_not_installed "$tool"
      continue
    fi
    case $name in
      bad-source | shrinking) cell "$name" "$tool" "" TARGET ;;
      full)
        if writes_several "$tool"; then
          cell full "$tool" "full one first" FULL GOOD1 GOOD2
          cell full "$tool" "full one in the middle" GOOD1 FULL GOOD2
          cell full "$tool" "full one last" GOOD1 GOOD2 FULL
        else
          cell full "$tool" "" FULL
        fi ;;
      *)
        if writes_several "$tool"; then cell "$name" "$tool" "" GOOD1 BAD GOOD2; else cell "$name" "$tool" "" BAD; fi ;;
    esac
  done
  table_foot
}

"$root/Scripts/bad-device/bad-device.sh" check
for program in jq mke2fs; do command -v "$program" >/dev/null || fail "$program is not installed"; done
mkdir -p "$root/.build"
exec 9>"$root/.build/compare.lock"
flock -n 9 || fail "another comparison is running here"
trap clean_up EXIT
trap 'exit 130' INT TERM HUP
clean_up
mkdir -p "$work/devices"
original "$bytes" >"$work/original"
original "$shrinking_bytes" >"$work/original-shrinking"
{
  introduction
  for name in control bad-source full bad-target flush shrinking; do scenario "$name"; done
} >"$work/document"
cp "$work/document" "$document"
say "wrote $document"
