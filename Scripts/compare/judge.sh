#!/bin/bash
# What `make compare` judges a copy by. To be sourced; tested by judge-test.sh.
#
# A run is FIRST+COUNT, sectors of 512 bytes; several stand in one word with blanks between them.
# A report is what a tool said, one fact a line, its devices named as in the table (see tools.sh).

# What makes a line of a report the report of an error.
error_words='Input/output error|No space left|[Ww]rite error|[Uu]nexpected|failed|read errors: +[1-9]|(^|[ :])E[A-Z][A-Z]+|^0x[0-9A-F]+ +0x[0-9A-F]+ +[-?*/]'

# missing ORIGINAL COPY: the runs of the original's sectors that the copy does not hold.
missing() {
  ! cmp -s "$1" "$2" || return 0
  awk -v original="od -An -v -tx8 -w512 '$1'" -v copy="od -An -v -tx8 -w512 '$2'" '
    function close_run() { if (count) { printf "%s%d+%d", blank, first, count; blank = " " }; count = 0 }
    BEGIN {
      for (sector = 0; (original | getline wanted) > 0; sector++) {
        # Not asked again after the end: mawk would start od anew.
        if (!ended && (copy | getline found) <= 0) ended = 1
        if (!ended && found == wanted) close_run()
        else if (!count++) first = sector
      }
      close_run()
    }'
}

# sectors RUNS [BUT]: how many sectors the runs have, those of the runs BUT not counted.
sectors() {
  awk -v runs="$1" -v but="${2:-}" 'BEGIN {
    for (i = split(but, list, " "); i; i--) {
      split(list[i], run, "+")
      for (s = 0; s < run[2]; s++) skipped[run[1] + s]
    }
    for (i = split(runs, list, " "); i; i--) {
      split(list[i], run, "+")
      for (s = 0; s < run[2]; s++) if (!((run[1] + s) in skipped)) total++
    }
    print total + 0 }'
}

# says REPORT: the first line that reports an error, in an order that does not depend on who was faster.
says() { grep -aE "$error_words" "$1" | grep -av '^0x' | LC_ALL=C sort -V | head -n 1 || true; }

# names REPORT DEVICE ALONE: whether a line that reports an error, or that counts the sectors of a
# target that is too short, names the device. Where nothing else can be meant (ALONE is "read" or
# "write"), the kind of access is as good as the name.
names() {
  local meant=$2
  case ${3:-} in
    read) meant+='|[Rr]ead' ;;
    write) meant+='|[Ww]rit|[Ff]lush|fsync' ;;
  esac
  # The whole report is read: who stops early breaks the pipe, and so the answer.
  if grep -aE "$error_words|too short" "$1" | grep -aE "(^|[^A-Za-z0-9])($meant)" >/dev/null; then echo yes; else echo no; fi
}

# places REPORT RUNS: whether the report names the first sector of each of these runs, as a sector or
# as a byte; "5432+1 records" is 5433, for whoever counts records is called with records of a sector.
#   all     every one            all, and others   and places where nothing is wrong, too
#   some    not every one        wrong             only places where nothing is wrong
#   none    no place at all
# Without a line that reports an error, numbers mean nothing: none.
places() {
  awk -v runs="$2" -v errors="$error_words" '
    function hex(text,  value, i) {
      for (i = 3; i <= length(text); i++) value = value * 16 + index("0123456789abcdef", tolower(substr(text, i, 1))) - 1
      return value
    }
    function run_of(sector,  i) {
      for (i = 1; i <= n; i++) if (sector >= first[i] && sector < first[i] + count[i]) return i
      return 0
    }
    function claim(sector, length_,  i) {
      if (!run_of(sector) || !run_of(sector + length_ - 1)) others = 1
      for (i = 1; i <= n; i++) if (first[i] >= sector && first[i] < sector + length_) said[i] = 1
    }
    function find(sector,  i) { for (i = 1; i <= n; i++) if (first[i] == sector) said[i] = 1 }
    BEGIN {
      n = split(runs, list, " ")
      for (i = 1; i <= n; i++) { split(list[i], pair, "+"); first[i] = pair[1]; count[i] = pair[2] }
    }
    {
      is_error = $0 ~ errors
      any = any || is_error
      gsub(/[^0-9A-Za-z+]+/, " ")
      for (i = 1; i <= NF; i++) {
        if ($i ~ /^0x[0-9A-Fa-f]+$/) {
          if (is_error && i == 1) claim(hex($i) / 512, hex($2) / 512)
        } else if ($i ~ /^[0-9]+\+[0-9]+$/) {
          split($i, pair, "+"); find(pair[1] + pair[2])
        } else if ($i ~ /^[0-9]+$/) {
          find($i); find($i / 512)
          if (is_error && $(i - 1) == "sector") claim($i, $(i + 1) == "count" ? $(i + 2) : 1)
          if (is_error && $(i - 1) ~ /^(byte|offset)$/) claim(int($i / 512), 1)
        }
      }
    }
    END {
      for (i = 1; i <= n; i++) found += said[i]
      if (!any || !found && !others) print "none"
      else if (!found) print "wrong"
      else if (found < n) print "some"
      else print others ? "all, and others" : "all"
    }' "$1"
}

# verdict EXIT COMPLETE SAID DEVICE PLACES: by the rule that the document states. COMPLETE is yes
# where nothing is missing, SAID what says() found, PLACES "-" where there is no place to name.
verdict() {
  if [ "$2" = yes ]; then
    if [ "$1" = 0 ]; then echo complete; else echo "false alarm"; fi
  elif [ "$1" = 0 ]; then
    if [ -n "$3" ]; then echo "exit 0 all the same"; else echo silent; fi
  else
    case $4:$5 in
      yes:all* | yes:-) echo honest ;;
      *:wrong) echo "wrong place" ;;
      *) echo vague ;;
    esac
  fi
}
