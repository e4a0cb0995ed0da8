#!/bin/bash
# Tests what `make compare` judges by: outputs that the tools gave once, and the verdicts they earn.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=Scripts/compare/judge.sh
. "$here/judge.sh"
# shellcheck source=Scripts/compare/tools.sh
. "$here/tools.sh"
export LC_ALL=C
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
bad="7432+8 9013+1"

expect() { # WHAT EXPECTED FOUND
  if [ "$2" = "$3" ]; then echo "ok: $1"; else echo "FAILED: $1: expected '$2', found '$3'"; failures=1; fi
}

# said TOOL: reads from standard input what the tool printed, and makes the report of it.
said() {
  rm -f "$work/map"
  cat >"$work/output"
  : >"$work/errors"
  report_of "$1" "$work" >"$work/report"
}

places_of() { places "$work/report" "$1"; }
sector() { printf '%0511d\n' "$1"; }

for number in 0 1 2 3 4 5; do sector "$number"; done >"$work/original"
expect "nothing is missing in a copy" "" "$(cp "$work/original" "$work/copy" && missing "$work/original" "$work/copy")"
expect "nor where the target is larger" "" "$(sector 9 >>"$work/copy" && missing "$work/original" "$work/copy")"
{ sector 0; sector 2; sector 2; head -c 1024 /dev/zero; sector 5; } >"$work/copy"
expect "what differs is missing, in runs" "1+1 3+2" "$(missing "$work/original" "$work/copy")"
head -c 1000 "$work/original" >"$work/copy"
expect "what a short copy ends before is missing" "1+5" "$(missing "$work/original" "$work/copy")"
expect "what there is not at all is missing" "0+6" "$(missing "$work/original" "$work/none" 2>/dev/null)"
expect "sectors are counted" 9 "$(sectors "$bad")"
expect "without those that are bad" 3 "$(sectors "7430+10 9000+1 9013+1" "$bad")"
expect "a run of nothing has none" 0 "$(sectors "")"

said dd <<'OUTPUT'
dd: error reading 'SOURCE': Input/output error
7432+0 records in
7432+0 records out
3805184 bytes (3.8 MB, 3.6 MiB) copied, 1.45408 s, 1.9 MB/s
dd: error reading 'SOURCE': Input/output error
9005+8 records in
9013+0 records out
16373+11 records in
16384+0 records out
OUTPUT
expect "dd counts to where it failed, short records too" all "$(places_of "$bad")"
expect "a run that it did not count to is not named" some "$(places_of "$bad 11029+1")"
expect "dd names its source" yes "$(names "$work/report" SOURCE)"
expect "and no other" no "$(names "$work/report" BAD)"
expect "its first message" "dd: error reading 'SOURCE': Input/output error" "$(says "$work/report")"

said dd <<'OUTPUT'
7432+0 records in
7432+0 records out
OUTPUT
expect "where no error is told, numbers mean nothing" none "$(places_of "$bad")"
expect "and nothing was said" "" "$(says "$work/report")"

said dd <<'OUTPUT'
dd: fsync failed for 'BAD': Input/output error
16384+0 records in
OUTPUT
expect "an error without a place" none "$(places_of "$bad")"

said qemu-img <<'OUTPUT'
qemu-img: error while writing at byte 2097152: Input/output error
OUTPUT
expect "the start of a chunk is a wrong place" wrong "$(places_of "$bad")"
expect "a sole target is meant by: writing" yes "$(names "$work/report" BAD write)"
expect "but not one of several" no "$(names "$work/report" BAD)"

said qemu-img <<'OUTPUT'
qemu-img: warning: error while reading offset 4614656: Input/output error
qemu-img: warning: error while reading offset 3805184: Input/output error
OUTPUT
expect "offsets are bytes" all "$(places_of "$bad")"
expect "the first message does not depend on the order" \
  "qemu-img: warning: error while reading offset 3805184: Input/output error" "$(says "$work/report")"
expect "a place where nothing is missing is noticed" "all, and others" "$(places_of "9013+1")"

said nbdcopy <<<"SOURCE: Input/output error"
expect "nbdcopy names no place" none "$(places_of "$bad")"

said dcfldd <<'OUTPUT'
7432 blocks (3Mb) written.dcfldd:SOURCE: Input/output error
OUTPUT
expect "progress is no place" none "$(places_of "7432+8")"

for number in $(seq 20000); do echo "dcfldd:SOURCE: Input/output error"; done | said dcfldd
expect "a long report names its device, too" yes "$(names "$work/report" SOURCE)"

said dc3dd <<'OUTPUT'
trying to recover sector 9013
[!!] 8 occurrences while reading `SOURCE' from sector 7432 to sector 7439 : Input/output error
OUTPUT
expect "sectors that dc3dd tries are not sectors that it calls bad" some "$(places_of "$bad")"
said dc3dd <<'OUTPUT'
device size: 16384 sectors (probed),        8,388,608 bytes
[!!] writing to `FULL': No space left on device

output results for device `GOOD1':
   4224 sectors out

output results for file `FULL':
   4096 sectors out
OUTPUT
expect "dc3dd tells how far a target came" "all yes" "$(places_of "4224+12160") $(names "$work/report" GOOD1)"

said ddrescue <<'OUTPUT'
pct rescued:   99.93%, read errors:        0
OUTPUT
printf '%s\n' '# Mapfile' '0x003A1000     +               1' '0x00000000  0x003A1000  +' '0x003A1000  0x00001000  -' \
  '0x003A2000  0x0045E000  +' >"$work/map"
report_of ddrescue "$work" >"$work/report"
expect "a mapfile names what it calls bad" all "$(places_of "7432+8")"
expect "and not what it calls done" wrong "$(places_of "7440+1")"

receipt() { said dmio <<<"$1"; }
receipt '{"schema":1,"exit":3,"news":{"a":[1]},"source":{"device":"SOURCE","bytes":8388608,"holes":[]},"targets":[
  {"device":"GOOD1","ok":true,"failed":[],"mismatches":[]},
  {"device":"BAD","ok":false,"errno":"EIO","first_bad_sector":7432,"flushed":true,"later":1,
   "failed":[{"sector":7432,"count":8,"errno":"EIO","why":"x"},{"sector":9000,"count":100,"errno":null}]}]}'
expect "a receipt names its extents" "all yes no" \
  "$(places_of "7432+8 9000+100") $(names "$work/report" BAD) $(names "$work/report" GOOD1)"
expect "an extent that goes too far is noticed" "all, and others" "$(places_of "7432+8 9000+1")"
receipt '{"exit":4,"source":{"device":"SOURCE","holes":[{"sector":7432,"count":8,"errno":"EIO"},{"sector":9013,"count":1,"errno":"EIO"}]},
  "targets":[{"device":"TARGET","ok":true,"failed":[]}]}'
expect "holes are places of the source" "all yes" "$(places_of "$bad") $(names "$work/report" SOURCE)"
receipt '{"exit":5,"targets":[{"device":"BAD","ok":false,"errno":"EIO","first_bad_sector":null,"flushed":false,
  "failed":[{"sector":0,"count":16384,"errno":"EIO"}]}]}'
expect "a failed flush names its target" "BAD: EIO, flush" "$(says "$work/report")"
receipt '{"schema":1,"exit":0,"source":{"holes":[]},"targets":[{"device":"BAD","ok":true}]}'
expect "a receipt that is content says nothing" "" "$(says "$work/report")"
receipt 'dmio: no' 2>/dev/null
expect "no receipt is no report" none "$(places_of "$bad")"

expect "complete" complete "$(verdict 0 yes "" - -)"
expect "an error where there was none" "false alarm" "$(verdict 3 yes "" - -)"
expect "honest" honest "$(verdict 3 no "an error" yes all)"
expect "honest without a place, where there is none" honest "$(verdict 5 no "an error" yes -)"
expect "too few places" vague "$(verdict 1 no "an error" yes some)"
expect "no device" vague "$(verdict 1 no "an error" some all)"
expect "a wrong place" "wrong place" "$(verdict 1 no "an error" yes wrong)"
expect "exit 0 beside a message" "exit 0 all the same" "$(verdict 0 no "an error" yes all)"
expect "exit 0 and no message" silent "$(verdict 0 no "" no none)"
exit $failures
