#!/bin/bash
# Installs what `make library` built, the tool, header, manual pages and completions: install.sh DESTDIR PREFIX
set -euo pipefail
# What is installed is for everybody, whoever installs it.
umask 022

cd "$(dirname "${BASH_SOURCE[0]}")/.."
destination=$1
prefix=$2
[[ $prefix == /* ]] || { echo "install: PREFIX has to begin with /" >&2; exit 2; }
root=$destination$prefix
version=$(sed -n 's/.*toolVersion = "\(.*\)"/\1/p' Sources/dmio-cli/DMIOCommand.swift)
[ -n "$version" ] || { echo "install: no version in DMIOCommand.swift" >&2; exit 1; }
swift=${SWIFT:-swift}

"$swift" build -c release --product dmio --scratch-path .build-lib -Xswiftc -static-stdlib 2>&1 | sed '/mktemp/d'

put() { # put MODE FROM TO
  install -D -m "$1" "$2" "$root/$3"
}

put 755 .build-lib/release/libdm-io.so "lib/libdm-io.so.$version"
strip --strip-unneeded "$root/lib/libdm-io.so.$version"
ln -sf "libdm-io.so.$version" "$root/lib/libdm-io.so.1"
ln -sf libdm-io.so.1 "$root/lib/libdm-io.so"
put 644 Sources/CDMIO/include/dm_io.h include/dm_io.h
install -d "$root/lib/pkgconfig"
sed "s|@PREFIX@|$prefix|; s|@VERSION@|$version|" Packaging/dm-io.pc.in >"$root/lib/pkgconfig/dm-io.pc"

put 755 .build-lib/release/dmio bin/dmio
strip "$root/bin/dmio"
for page in docs/man/*.[13]; do put 644 "$page" "share/man/man${page##*.}/$(basename "$page")"; done
# A page of its own name for each function.
while read -r name page; do
  echo ".so man3/$page" >"$root/share/man/man3/$name.3"
done < <(sed -n 's/^\.\\" also: *\(.*\)/\1/p' docs/man/*.3)

completions() { # completions SHELL FILE
  install -d "$(dirname "$root/$2")"
  "$root/bin/dmio" --generate-completion-script "$1" >"$root/$2"
}
completions bash share/bash-completion/completions/dmio
completions zsh share/zsh/site-functions/_dmio
completions fish share/fish/vendor_completions.d/dmio.fish
echo "installed in $root"
[ -n "$destination" ] || echo "Run ldconfig once, so that programs find the library."
