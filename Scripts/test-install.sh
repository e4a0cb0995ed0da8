#!/bin/bash
# Installs what `make library` built into folders of several kinds, uses it there, and takes it away again.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() { printf '\n--> %s\n' "$*"; }

listed() { (cd "$1" && find . ! -type d | sort); }

# expected PREFIX LIBDIR: all that belongs there, with a manual page for the tool, each of its commands, and each function.
expected() {
  local version
  version=$(.build-lib/release/dmio --version)
  printf ".$2/%s\n" libdm-io.so libdm-io.so.1 "libdm-io.so.${version#dmio }" pkgconfig/dm-io.pc
  printf ".$1/%s\n" include/dm_io.h bin/dmio share/bash-completion/completions/dmio share/zsh/site-functions/_dmio \
    share/fish/vendor_completions.d/dmio.fish share/man/man1/dmio.1
  .build-lib/release/dmio --help | sed -n "/^SUBCOMMANDS:/,/^$/s|^  \([a-z]\+\) .*|.$1/share/man/man1/dmio-\1.1|p"
  sed -n "/ /!s|.*|.$1/share/man/man3/&.3|p" Tests/C/abi.txt
}

# use PREFIX LIBDIR: installed there, found by pkg-config, compiled against, run, taken away.
use() {
  local root=$work/root
  say "PREFIX=$1 LIBDIR=$2"
  mkdir -p "$root$1/include" "$root$2"
  touch "$root$1/include/foreign.h" "$root$2/libforeign.so.1"
  listed "$root" >"$work/before"
  DESTDIR=$root PREFIX=$1 LIBDIR=$2 make --no-print-directory install
  [ "$(find "$root$2" -maxdepth 1 -name 'libdm-io.so*' | wc -l)" = 3 ]
  [ -z "$(find "$root" ! -perm -444 -print)" ] || { echo "not for everybody to read" >&2; return 1; }

  export PKG_CONFIG_SYSROOT_DIR=$root PKG_CONFIG_LIBDIR=$root$2/pkgconfig
  [ "$(pkg-config --variable=libdir dm-io)" = "$root$2" ] || [ "$(pkg-config --variable=libdir dm-io)" = "$2" ]
  local flags
  read -ra flags <<<"$(pkg-config --cflags --libs dm-io)"
  gcc -std=c11 -Wall -Wextra -Werror -pedantic Examples/c/mirror.c "${flags[@]}" -o "$work/mirror"
  LD_LIBRARY_PATH=$root$2 "$work/mirror" ram:1MiB null:1MiB
  "$root$1/bin/dmio" --version
  { cat "$work/before"; expected "$1" "$2"; } | sort | diff - <(listed "$root")
  [ -z "$(find "$root" -type f -empty ! -name '*foreign*' -print)" ] || { echo "something is empty" >&2; return 1; }

  DESTDIR=$root PREFIX=$1 LIBDIR=$2 make --no-print-directory uninstall
  listed "$root" | diff "$work/before" -
  rm -rf "$root"
}

use /usr /usr/lib
use /opt/x /opt/x/lib
use /usr "/usr/lib/$(gcc -dumpmachine)"

say "what is not built is not installed, and nothing is built instead"
code=0
BUILT=$work/nothing DESTDIR=$work/root Packaging/install.sh install 2>"$work/said" || code=$?
[ "$code" = 1 ] && grep -q 'run .make library. first' "$work/said"
[ ! -e "$work/root" ] && [ ! -e "$work/nothing" ]
code=0
DESTDIR=$work/root PREFIX=opt Packaging/install.sh install 2>"$work/said" || code=$?
[ "$code" = 2 ] && [ ! -e "$work/root" ]
