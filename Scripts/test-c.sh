#!/bin/bash
# Tests the C interface as a stranger meets it: an installed copy, pkg-config, and two compilers. test-c.sh ROOT
#
# ROOT is where `make install DESTDIR=ROOT` has put it. Nothing of the source tree but Tests/C and Examples/c is used.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

export PKG_CONFIG_SYSROOT_DIR=$root PKG_CONFIG_LIBDIR=
PKG_CONFIG_LIBDIR=$(dirname "$(find "$root" -name dm-io.pc)")
library=$(find "$root" -name libdm-io.so.1)
LD_LIBRARY_PATH=$(dirname "$library")
export LD_LIBRARY_PATH
read -ra flags <<<"$(pkg-config --cflags --libs dm-io)"

say() { printf '\n--> %s\n' "$*"; }

say "what the library shows, how its structures lie and what its names are worth, is what was recorded"
nm -D --defined-only "$library" | sed -n 's/^[0-9a-f]* [A-Zuvw] //p' | sort >"$work/symbols"
gcc -std=c99 Tests/C/layout.c "${flags[@]}" -o "$work/layout"
"$work/layout" >"$work/layouts"
diff -u Tests/C/abi.txt <(cat "$work/symbols" "$work/layouts")
header=$(find "$root" -name dm_io.h)
for name in $({ grep -oE '\bDM_IO_[A-Z_]+' "$header"; sed -n 's/^# *define \([A-Za-z_]*\).*/\1/p' "$header"; } | sort -u); do
  [ "$name" = DM_IO_H ] || grep -q "^$name " Tests/C/abi.txt || { echo "the value of $name is not recorded" >&2; exit 1; }
done
readelf -d "$library" | grep -q 'soname: \[libdm-io.so.1\]'

for installed in "$library" "$(find "$root" -path '*/bin/dmio')"; do
  say "${installed##*/} needs C, C++, liburing and nothing else, and names no folder to find them in"
  readelf -d "$installed" >"$work/dynamic"
  sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' "$work/dynamic" >"$work/needed"
  grep -q '^libc\.so' "$work/needed"
  if grep -vE '^(libc|libm|libgcc_s|libstdc\+\+|liburing|ld-linux-x86-64|ld-linux-aarch64)\.so' "$work/needed"; then exit 1; fi
  if grep -E '\((RPATH|RUNPATH)\)' "$work/dynamic"; then exit 1; fi
done

say "the header alone, in C++"
include=$(dirname "$header")
cat >"$work/header.cc" <<'END'
#include <dm_io.h>
int writes_durably() { return DM_IO_WRITE | DM_IO_FUA | DM_IO_PREFLUSH | DM_IO_SYNC; }
unsigned reads_and_writes() { return DM_IO_RDWR | DM_IO_BUFFERED; }
static_assert((DM_IO_WRITE | DM_IO_FUA | DM_IO_PREFLUSH | DM_IO_SYNC) == 0x701, "the values are those of C");
END
for compiler in g++ clang++; do
  for standard in c++11 c++17 c++20; do
    "$compiler" "-std=$standard" -Wall -Wextra -Werror -pedantic "-I$include" -c "$work/header.cc" -o "$work/header.o"
  done
done

say "the header where a long has 32 bits, which it says it cannot use"
if clang --target=i386-unknown-linux-gnu -ffreestanding -nostdlibinc -std=c99 -fsyntax-only -x c "-I$include" \
  - <<<'#include <dm_io.h>' 2>"$work/said"; then exit 1; fi
grep -q 'the error bits are 64' "$work/said"

for compiler in gcc clang; do
  strict=(-std=c99 -O1 -g -Wall -Wextra -Werror -pedantic)
  for test in text devices refusals requests misuse clients waits ends events forks limits; do
    say "$test.c by $compiler"
    "$compiler" "${strict[@]}" "Tests/C/$test.c" "${flags[@]}" -pthread -o "$work/$test-$compiler"
    timeout -k 5 300 "$work/$test-$compiler"
  done
  "$compiler" "${strict[@]}" Tests/C/loaded.c "-I$include" -ldl -pthread -o "$work/loaded"
  say "loaded.c by $compiler"
  timeout 60 "$work/loaded" "$library"
  for example in mirror copy; do
    "$compiler" -std=c11 -Wall -Wextra -Werror -pedantic "Examples/c/$example.c" "${flags[@]}" -o "$work/$example"
  done
done

say "the examples"
head -c 5000192 /dev/urandom >"$work/source"
truncate -s 6M "$work/target"
"$work/copy" "$work/source" "$work/target"
cmp -n 5000192 "$work/source" "$work/target"
echo '{"rules":[{"op":"write","sectors":[5,1]}]}' >"$work/plan"
if "$work/mirror" ram:1MiB "fault:$work/plan,ram:1MiB" >"$work/said"; then exit 1; fi
grep -qx 'ram:1MiB: written' "$work/said"
grep -q ': sector 0: Input/output error$' "$work/said"

# Not those of events.c: valgrind lets no other thread run while one sleeps in io_uring_enter, and there another one has to wake it.
# Nor those of forks.c, whose children have lost what the threads of their parent held, nor those of limits.c: descriptors and memory
# would be missing to valgrind itself.
say "no byte is used wrongly, and none is lost"
checked() {
  timeout -k 5 600 valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect \
    --show-leak-kinds=definite,indirect --fair-sched=yes "$@" >/dev/null
}
for test in text devices refusals requests misuse clients waits ends; do checked "$work/$test-gcc"; done
checked "$work/loaded" "$library"

say "calls that nobody thought of, for ${DMIO_FUZZ_SECONDS:=20} seconds"
clang -std=c99 -g -O1 -Wall -Wextra -Werror -fsanitize=fuzzer Tests/C/fuzz.c "${flags[@]}" -pthread -o "$work/fuzz"
(cd "$work" && ./fuzz -max_total_time="$DMIO_FUZZ_SECONDS" -max_len=2000 -len_control=0 2>&1 | tail -40)

say "all passed"
