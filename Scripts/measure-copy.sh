#!/bin/bash
# The figures behind `make evidence`: measure-copy.sh DMIO DOCUMENT
#
# Times copies on tmpfs in turns and writes the DOCUMENT: what each bar asks, the median of the rounds'
# ratios, and whether it is met. For an otherwise idle machine.
#
# DMIO_ROUNDS and DMIO_MIB make it shorter, and DMIO_SLACK=2 all bars that much easier: for a machine
# that is not idle, where only a gross fault is to be seen.
#
# Exit: 0 written and all bars met, 1 a bar is missed or a run failed, 2 usage.
set -euo pipefail

[ $# -eq 2 ] || { echo "usage: measure-copy.sh DMIO DOCUMENT" >&2; exit 2; }
dmio=$(readlink -f -- "$1")
document=$(readlink -m -- "$2")
export LC_ALL=C
rounds=${DMIO_ROUNDS:-7}
mib=${DMIO_MIB:-1024}
slack=${DMIO_SLACK:-1}
work=$(mktemp -d /dev/shm/dmio-evidence.XXXXXX)
trap 'rm -rf "$work"' EXIT
cd "$work"

# The middle one of the numbers; of an even number the lower.
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }
# The ratio within each round, whose copies met the same machine; of those the median.
ratios() { paste "$1" "$2" | awk '{ printf "%.4f\n", $1 / $2 }' | median | awk '{ printf "%.2f", $1 }'; }
failed=0
row() { # WHAT "least"|"most" BAR MEASURED
  local met=met bar
  bar=$(awk -v bar="$3" -v slack="$slack" -v side="$2" 'BEGIN { print side == "least" ? bar / slack : bar * slack }')
  awk -v bar="$bar" -v measured="$4" -v side="$2" \
    'BEGIN { exit !(side == "least" ? measured >= bar : measured <= bar) }' || { met="**missed**"; failed=1; }
  rows+="| $1 | at $2 $bar | $4 | $met |"$'\n'
  echo "$1: $4 (at $2 $bar): $met"
}

head -c "${mib}M" /dev/urandom >source
once() { # WHAT: the milliseconds of one copy of the source
  local begin
  rm -f a
  begin=$(date +%s%N)
  case $1 in
    copy) "$dmio" copy source a ;;
    hashed) "$dmio" copy --hash sha256 source a ;;
    verified) "$dmio" copy --verify=readback source a ;;
    other) dc3dd if=source of=a hash=sha256 log=/dev/null ;;
  esac >/dev/null 2>&1
  echo $((($(date +%s%N) - begin) / 1000000))
}
# A virtual machine gives free memory back to its host after seconds, and to touch it anew can take three times as long as the copy
# itself. So each copy is made twice in a row, and the second, whose memory the first has just set free, counts. Now and then that
# is not enough (0.9 s for a copy that takes 0.2 s), which a single round would take for the tool; a round of these is short.
short=$((2 * rounds + 1))
for ((round = 0; round < short; round++)); do
  for what in copy hashed verified other; do once "$what" >/dev/null; once "$what" >>"$what.ms"; done
done
plain=$(median <copy.ms) hash=$(median <hashed.ms) verify=$(median <verified.ms) dc3dd=$(median <other.ms)
rows=""
row "\`--hash sha256\`, 1 target: throughput / dc3dd's with sha256" least 5 "$(ratios other.ms hashed.ms)"
row "\`--verify=readback\`: time / that of a plain copy" most 2.2 "$(ratios verified.ms copy.ms)"

# Three targets alone, and beside one that gets about 1 MB/s, as 16 writes of 1 MiB take 16 s each: when the last of the three
# is complete. The slow one would need a quarter of an hour; it is left to a signal when the others are long done.
rm -f a
echo '{"rules":[{"op":"write","action":"delay","delay_ms":16000}]}' >slow.json
three() { # TARGET…: milliseconds until a, b and c are complete, by the receipt
  rm -f a b c d
  { timeout -s INT $((mib / 128 + 2)) "$dmio" copy --json source a b c "$@" 2>/dev/null || [ $? -eq 124 ]; } |
    jq '[.targets[0:3][] | if .ok then .seconds else error("not good") end] | max * 1000 | floor'
}
# Likewise each comes right after a copy without the slow one that does not count; and A B, then B A: the longer run leaves its
# successor less of the memory that was touched.
for ((round = 0; round < rounds; round++)); do
  order="alone beside"
  [ $((round % 2)) -eq 0 ] || order="beside alone"
  for what in $order; do
    three >/dev/null
    slow=()
    [ "$what" = alone ] || slow=("fault:slow.json,d")
    three "${slow[@]}" >>"$what"
  done
done
row "3 targets beside a slow one: their time / without it" most 1.10 "$(ratios beside alone)"

rm -f a b c d source
truncate -s 2T sparse
begin=$(date +%s%N)
peak=$(/usr/bin/env time -f %M "$dmio" copy sparse huge 2>&1 >/dev/null | tail -1)
row "a sparse source of 2 TiB: seconds" most 5 "$(ratio $((($(date +%s%N) - begin) / 1000000)) 1000)"
row "the same: peak memory in MiB" most 64 "$(ratio "$peak" 1024)"

{
  echo "# Evidence"
  echo
  echo "What is claimed of a copy, written by \`make evidence\` (\`Scripts/evidence.sh\`); no figure is typed."
  echo "Medians of $rounds rounds, of one target $short, ratios within each; $mib MiB of random bytes on tmpfs. Each copy is made twice in a row,"
  echo "and the second counts, whose memory the first has just set free: what a virtual machine's host has to find first takes its own time."
  echo
  echo "| what | bar | measured | |"
  echo "|---|---|---|---|"
  printf '%s' "$rows"
  echo
  echo "Milliseconds: plain copy $plain, with hash $hash, read back $verify, dc3dd with hash $dc3dd. $(nproc) cores, Linux $(uname -r)."
} >"$document"
exit "$failed"
