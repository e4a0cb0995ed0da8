#!/bin/bash
# How `make compare` writes its document down. To be sourced by compare.sh, which sets the facts used here.
# shellcheck disable=SC2154

version_of() { # TOOL: the first line that tells a version
  local program
  program=$(program_of "$1")
  command -v "$program" >/dev/null || { echo "not installed"; return; }
  "$program" --version 2>&1 | grep -am1 '[0-9]' | sed 's/^.*version //; s/^dmio //'
}

introduction() {
  local tool
  cat <<EOF
# Comparison

What becomes of a copy when a device fails: the tools that people copy disks with, and \`dmio copy\`, put through the same faults on
real block devices. This page is written by \`make compare\`; no cell of it is typed. It runs on any Debian 12 as root.

## How it is done

- **Devices.** Block devices of the kernel (loop over nbdfuse over nbdkit), whose sectors go bad by a rule
  ([bad-device.sh](../Scripts/bad-device/bad-device.sh)). Each run of a tool gets fresh ones. Sectors have 512 bytes.
- **Source.** $((bytes >> 20)) MiB; every sector tells its own number, so that what arrived at a wrong place is seen, too. Bad are, where
  something is bad, the sectors 7432 to 7439, 9013, 11029 and 12007.
- **Commands.** Those that lose least and report most: direct I/O on devices and a flush at the end, wherever the tool has options
  for them. They stand below each table.
- **Several targets** for those that can write several; the others write the faulty one alone.

## How it is judged

| column | meaning |
|---|---|
| exit | the exit code |
| device | whether the tool's messages name each device that caused or suffered a loss, on a line that tells of an error. With one source and one target, "read" or "write" is name enough |
| places | whether they name where each run of missing sectors begins, as a sector or a byte, in any notation: all, some, none; wrong: only places where nothing is missing |
| lost | bytes that could have been copied, but are not on the target: found by comparing the target with the original, sector by sector, the bad sectors left out. Where more than 1 MiB is lost by a tool whose loss depends on what was in flight, only under or over half is told |
| good | how many of the good targets hold everything |
| says | the first message that tells of an error |

The verdict, by rule:

- **complete**: nothing is missing, exit 0; **false alarm**: nothing is missing, another exit.
- **honest**: something is missing, the exit code is not 0, and device and places are named, all.
- **vague**: the exit code is not 0, but not all of that is named; **wrong place**: it is not 0, and only wrong places are named.
- **exit 0 all the same**: something is missing, which the messages tell, and the exit code denies.
- **silent**: something is missing, and neither tells.

That a target does not confirm its flush counts as something missing: nobody knows what it will hold.

What \`dmio\` says is taken from its receipt alone (\`--json\`). ddrescue's mapfile and dc3dd's account of each target count as messages.

## Versions

| what | version |
|---|---|
EOF
  for tool in "${tools[@]}"; do [ "$tool" = ddrescue+log ] || echo "| $tool | $(version_of "$tool") |"; done
  echo "| Linux | $(uname -r) |"
  echo "| nbdkit, below the devices | $(nbdkit --version | sed 's/^nbdkit //') |"
}

table_head() { # SCENARIO
  echo
  case $1 in
    control) cat <<'EOF'
## Nothing is wrong

The control: what a tool gets right when nothing fails.
EOF
      ;;
    bad-source) cat <<'EOF'
## A source with bad sectors

Eight in a row and three single ones, which nobody can read. The rest of the source is good, and a target that lacks it has lost it.
EOF
      ;;
    full) cat <<EOF
## A target that gets full

FULL is a file on a file system (tmpfs) with room for $full_bytes bytes, that is, sectors 0 to $((full_bytes / 512 - 1)).
EOF
      ;;
    bad-target) cat <<'EOF'
## A target with bad sectors

BAD refuses writes to the bad sectors; GOOD1 and GOOD2 are well.
EOF
      ;;
    flush) cat <<'EOF'
## A target that fails its flush

BAD takes every write and answers every flush with an error: nothing that it holds is certain to survive the loss of power, so the
copy is not complete, even where nothing is lost yet. There is no place to name, but the device. A tool that is silent here never asks for a flush.
EOF
      ;;
    shrinking) cat <<EOF
## A source that shrinks

A file of $((shrinking_bytes >> 20)) MiB on ext4, cut to $((shrunk_bytes >> 20)) MiB while the tool's first read hangs. For a tool that reads until the end comes, the
source was that short; what it copied is still not what the file was when it began.
EOF
      ;;
  esac
  echo
  echo "| tool | exit | device | places | lost | good | verdict | says |"
  echo "|---|---|---|---|---|---|---|---|"
}

# row TOOL LABEL EXIT DEVICE PLACES LOST COMPLETE GOOD SAYS
row() {
  local device=$4 places=$5 judged
  judged=$(verdict "$3" "$7" "$9" "$device" "$places")
  [ "$7" = no ] || device=– places=–
  [ "$places" != - ] || places=–
  echo "| $(title_of "$1")${2:+, $2} | $3 | $device | $places | $6 | $8 | $judged | $(quote "$9") |"
}

row_not_installed() { echo "| $(title_of "$1") | not installed | – | – | – | – | – | – |"; }

table_foot() {
  printf '\n```sh\n'
  printf '%s\n' "${commands[@]}"
  printf '```\n'
}

quote() { # a message, so that Markdown leaves it as it is
  if [ -n "$1" ]; then sed "s/\`/'/g; s/|/\\\\|/g; s/.*/\`&\`/" <<<"$1"; else echo –; fi
}

# amount TOOL SECTORS ORIGINAL: the cell of what was lost on a target; nothing for nothing.
amount() {
  local all
  all=$(stat -c %s "$3")
  if [ "$2" -eq 0 ]; then
    :
  elif ! is_racy "$1" || [ $(($2 * 512)) -le 1048576 ]; then
    echo $(($2 * 512))
  elif [ $(($2 * 1024)) -le "$all" ]; then
    echo "under half"
  else
    echo "over half"
  fi
}

# together " WORD WORD…": one word for several targets.
together() {
  local words
  words=$(tr ' ' '\n' <<<"$1" | grep . | sort -u | xargs)
  case $words in
    "") echo - ;;
    "all all,_and_others") echo "all, and others" ;;
    *\ *) echo some ;;
    *) echo "${words//_/ }" ;;
  esac
}
