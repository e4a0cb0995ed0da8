#!/bin/bash
# The tools that `make compare` compares: how each is called, and what it said. To be sourced.
#
# The commands are those that lose the least and report the most: direct I/O on devices and a flush
# at the end wherever the tool offers it. They are written with the names of the table (SOURCE, BAD …);
# the caller, who sets $dmio, puts the paths in their place.
# shellcheck disable=SC2154

# shellcheck disable=SC2034 # for the caller
tools=(dd ddrescue ddrescue+log dcfldd dc3dd tee qemu-img nbdcopy dmio)

program_of() { # TOOL
  case $1 in ddrescue+log) echo ddrescue ;; dmio) echo "$dmio" ;; *) echo "$1" ;; esac
}

# Whether the tool writes several targets at once.
writes_several() { case $1 in dcfldd | dc3dd | tee | dmio) ;; *) return 1 ;; esac; }

# Whether what gets lost after an error depends on what was in flight, and so differs each time.
is_racy() { case $1 in dc3dd | qemu-img | nbdcopy) ;; *) return 1 ;; esac; }

title_of() {
  case $1 in ddrescue+log) echo "ddrescue, then ddrescuelog -D" ;; dmio) echo "**dmio**" ;; *) echo "$1" ;; esac
}

# command_of TOOL SOURCE-KIND TARGET-KIND TARGET...: the command line; a kind is device or file.
command_of() {
  local tool=$1 source=$2 target=$3
  shift 3
  local direct_in="" direct_out="" d="" D="" T="" t="-t writethrough" n=""
  [ "$source" = file ] || { direct_in=" iflag=direct" d=" -d" T=" -T none"; }
  [ "$target" = file ] || { direct_out=" oflag=direct" D=" -D" t="-t directsync" n=" -n"; }
  case $tool in
    dd) echo "dd if=SOURCE of=$1 bs=512$direct_in$direct_out conv=noerror,sync,fsync" ;;
    ddrescue) echo "ddrescue$d$D -y -f SOURCE $1 MAP" ;;
    ddrescue+log) echo "ddrescue$d$D -y -f SOURCE $1 MAP && ddrescuelog -D MAP" ;;
    dcfldd) echo "dcfldd if=SOURCE$(printf ' of=%s' "$@") bs=512 conv=noerror,sync" ;;
    dc3dd) echo "dc3dd if=SOURCE$(printf ' of=%s' "$@")" ;;
    tee) echo "tee $* <SOURCE >/dev/null" ;;
    qemu-img) echo "qemu-img convert -f raw -O raw$n$T $t --salvage SOURCE $1" ;;
    nbdcopy) echo "nbdcopy --flush SOURCE $1" ;;
    dmio) echo "dmio copy --json --yes SOURCE $*" ;;
  esac
}

# report_of TOOL FOLDER: what the tool said, from the files output, errors and map of the folder,
# without what is only progress, and with what belongs to one fact on one line.
report_of() {
  case $1 in
    dmio) report_of_dmio "$2/output" ;;
    ddrescue*)
      cat "$2/output" "$2/errors" | tr '\r' '\n' | sed 's/\x1b\[[A-Z]//g' | grep -a '^ddrescue: ' || true
      tr '\r' '\n' <"$2/output" | grep -ao 'read errors: *[0-9]*' | tail -n 1 | tr -s ' ' || true
      # Of the map only what is not finished: position, size, state.
      [ ! -e "$2/map" ] || grep -E '^0x[0-9A-F]+ +0x[0-9A-F]+ +[^+]' "$2/map" || true
      ;;
    dc3dd)
      cat "$2/output" "$2/errors" | tr '\r' '\n' | grep -a '^\[!!\]' || true
      # A target's sectors stand below its name.
      cat "$2/output" "$2/errors" | tr '\r' '\n' | awk '
        /^device size: [0-9]/ { size = $3 }
        /^output results for/ { name = $NF }
        /sectors out/ && $1 < size { print "too short: " name " " $1 " sectors out" }'
      ;;
    *) cat "$2/output" "$2/errors" | tr '\r' '\n' | sed 's/.*written\.//' | grep -a . || true ;;
  esac
}

# From the receipt alone. What later versions add to it is ignored, what is missing counts as nothing.
report_of_dmio() {
  jq -r '
    def places(name; what): (. // [])[]
      | "\(name): sector \(.sector) count \(.count): \(what): \(.errno // "ECANCELED, not tried")";
    (.error // empty | "failed: \(.)"),
    (.source as $source | $source.holes? | places($source.device; "read")),
    (.targets // [] | .[] | select(.ok | not)
      | . as $target
      | "\(.device): \(.errno // "failed"), \(if .flushed == false and .first_bad_sector == null then "flush" else "write" end)",
        ($target.failed | places($target.device; "write")))' "$1" || echo "the receipt is not to be read"
}
