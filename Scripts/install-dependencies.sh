#!/bin/bash
# Installs what a job needs and this machine lacks: install-dependencies.sh GROUP...
#
#   build   what the package links against
#   test    build, and what the tests drive: fault devices, file systems, tracers
#   demo    build, and what the demonstration shows its work with
#   gate    build, and what counts instructions
#   bench   gate, and what the tool is compared with
#   evidence build, and what a copy that makes a hash is compared with
#   compare build, the block devices with bad sectors, and the tools that are put through their faults
#   lint    the checker of shell scripts
#
# Debian 12, by apt, as root or with sudo. Silent and quick when all is there.
# DMIO_SKIP_DEPENDENCIES=1 turns it off, for systems where they come from elsewhere.
set -euo pipefail

build="make liburing-dev"
harness="gcc libc6-dev nbdkit nbdkit-plugin-dev libnbd-bin fuse3 util-linux mount"
test="$build $harness procps e2fsprogs mandoc jq strace valgrind g++ binutils pkg-config gddrescue time"
demo="$build e2fsprogs jq"
gate="$build gcc libc6-dev binutils valgrind"
bench="$gate fio dcfldd dc3dd gddrescue qemu-utils libnbd-bin util-linux mount pkg-config"
evidence="$build dc3dd jq time"
compare="$build $harness e2fsprogs jq dcfldd dc3dd gddrescue qemu-utils time"
lint="shellcheck"

fail() { echo "install-dependencies: $*" >&2; exit 1; }

[ "${DMIO_SKIP_DEPENDENCIES:-}" != 1 ] || exit 0
[ $# -gt 0 ] || { sed -n '2,13s/^# *//p' "${BASH_SOURCE[0]}" >&2; exit 2; }

wanted=""
for group in "$@"; do
  case $group in
    build) wanted+=" $build" ;;
    test) wanted+=" $test" ;;
    # The block device with bad sectors needs root; without it the demo shows a fault plan only.
    demo) wanted+=" $demo"; [ "$(id -u)" -ne 0 ] || wanted+=" $harness" ;;
    gate) wanted+=" $gate" ;;
    bench) wanted+=" $bench" ;;
    evidence) wanted+=" $evidence" ;;
    compare) wanted+=" $compare" ;;
    lint) wanted+=" $lint" ;;
    *) echo "install-dependencies: no such group: $group" >&2; exit 2 ;;
  esac
done

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  fail "this is not Debian. Install what these packages hold, then set DMIO_SKIP_DEPENDENCIES=1:$wanted"
fi

# shellcheck disable=SC2086 # words are meant
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null | sed -n 's/^installed //p') || true
missing=$(comm -23 <(tr -s ' ' '\n' <<<"$wanted" | sed '/^$/d' | sort -u) <(sort -u <<<"$installed") | xargs)
[ -n "$missing" ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || fail "neither root nor sudo here. As root, run: apt-get install $missing"
  as_root=(sudo)
  # Where nobody can type a password, fail instead of waiting for one.
  [ -t 0 ] || as_root=(sudo -n)
fi

apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -q -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@"
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "Installing with apt${as_root[0]:+ through sudo}: $missing"
# shellcheck disable=SC2086 # words are meant
{ apt update && apt install -y --no-install-recommends $missing; } >"$log" 2>&1 \
  || { tail -n 20 "$log" >&2; fail "apt failed, see above"; }
