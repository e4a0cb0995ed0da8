#!/bin/bash
# The demonstration behind `make demo`: demo.sh DMIO
#
# Makes a real ext4 file system with files in it and copies it with the tool DMIO: first to three
# targets at once, one of them with bad sectors; then from a source with bad sectors to a good, a bad
# and a slow target, which is resumed and repaired when the faults are gone. Checks that what the tool
# says is what is true, and ends with an error as soon as something is not as promised. As root what is
# bad is a block device whose sectors the kernel itself reports as bad; otherwise, or where that cannot
# be had, a fault plan.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[ $# -eq 1 ] || { echo "usage: demo.sh DMIO" >&2; exit 2; }
dmio=$(readlink -f -- "$1")
PATH=$PATH:/usr/sbin:/sbin
image_mib=64
image_bytes=$((image_mib << 20))
bad_sector=20480
bad_count=8

# shellcheck source-path=SCRIPTDIR
. "$here/demo/parts.sh"
# shellcheck source-path=SCRIPTDIR
. "$here/demo/copy.sh"
# shellcheck source-path=SCRIPTDIR
. "$here/demo/rescue.sh"

work=$(mktemp -d "${TMPDIR:-/var/tmp}/dmio-demo.XXXXXX")
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

[ -x "$dmio" ] || fail "$1 is no program"
echo "dmio: $("$dmio" --version)"
make_file_system
make_bad_target
copy
check_good_copies
make_bad_source
rescue
resume
verify
heading "All as promised: what is bad was reported to the sector, and nothing was called good that was not."
