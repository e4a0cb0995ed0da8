#!/bin/bash
# Copies what `make library` built to where it belongs, with header, manual pages and completions; or takes exactly that away.
#
# install.sh install|uninstall; DESTDIR, PREFIX and LIBDIR come from the environment. Nothing is built here, as root least of all.
set -euo pipefail
# What is installed is for everybody, whoever installs it.
umask 022

cd "$(dirname "${BASH_SOURCE[0]}")/.."
work=$1
: "${DESTDIR:=}" "${PREFIX:=/usr/local}" "${BUILT:=.build-lib}"
: "${LIBDIR:=$PREFIX/lib}"
version=$(sed -n 's/.*toolVersion = "\(.*\)"/\1/p' Sources/dmio-cli/DMIOCommand.swift)

stop() { echo "$work: $1" >&2; exit "$2"; }
[[ $PREFIX == /* && $LIBDIR == /* ]] || stop "PREFIX and LIBDIR have to begin with /" 2
[ -n "$version" ] || stop "no version in DMIOCommand.swift" 1
[[ $work == install || $work == uninstall ]] || stop "install or uninstall" 2
if [ "$work" = install ]; then
  for part in release/libdm-io.so release/dmio completions/bash completions/zsh completions/fish; do
    [ -e "$BUILT/$part" ] || stop "$part is not built: run \`make library\` first, as yourself" 1
  done
fi

# Each of these does its part of an installation, or takes it back.

put() { # put MODE FROM TO
  if [ "$work" = install ]; then install -D -m "$1" "$2" "$DESTDIR$3"; else rm -f "$DESTDIR$3"; fi
}

put_stripped() { # put_stripped MODE FROM TO
  put "$@"
  [ "$work" = uninstall ] || strip --strip-unneeded "$DESTDIR$3"
}

put_link() { # put_link TARGET TO
  if [ "$work" = install ]; then ln -sf "$1" "$DESTDIR$2"; else rm -f "$DESTDIR$2"; fi
}

put_text() { # put_text TO, the text from standard input
  local text
  # Read in any case, or whoever writes it would be cut off.
  text=$(cat)
  put 644 /dev/stdin "$1" <<<"$text"
}

put_stripped 755 "$BUILT/release/libdm-io.so" "$LIBDIR/libdm-io.so.$version"
put_link "libdm-io.so.$version" "$LIBDIR/libdm-io.so.1"
put_link libdm-io.so.1 "$LIBDIR/libdm-io.so"
put 644 Sources/CDMIO/include/dm_io.h "$PREFIX/include/dm_io.h"
sed "s|@PREFIX@|$PREFIX|; s|@LIBDIR@|$LIBDIR|; s|@VERSION@|$version|" Packaging/dm-io.pc.in |
  put_text "$LIBDIR/pkgconfig/dm-io.pc"
put_stripped 755 "$BUILT/release/dmio" "$PREFIX/bin/dmio"
for page in docs/man/*.[1-9]; do put 644 "$page" "$PREFIX/share/man/man${page##*.}/${page##*/}"; done
# A page of its own name for each function.
while read -r name page; do
  echo ".so man3/$page" | put_text "$PREFIX/share/man/man3/$name.3"
done < <(sed -n 's/^\.\\" also: *\(.*\)/\1/p' docs/man/*.3)
put 644 "$BUILT/completions/bash" "$PREFIX/share/bash-completion/completions/dmio"
put 644 "$BUILT/completions/zsh" "$PREFIX/share/zsh/site-functions/_dmio"
put 644 "$BUILT/completions/fish" "$PREFIX/share/fish/vendor_completions.d/dmio.fish"

echo "${work}ed: $DESTDIR$PREFIX, $DESTDIR$LIBDIR"
[ -n "$DESTDIR" ] || [ "$work" = uninstall ] || echo "Run ldconfig once, so that programs find the library."
