#!/bin/sh
# Installs the Debian or Ubuntu packages that Blazon needs and this machine lacks.
#
#   tools/install-deps.sh build   what `make` needs
#   tools/install-deps.sh demo    that and what the examples' scripts need
#   tools/install-deps.sh check   that and the tests' tools (the default)
#   tools/install-deps.sh list    print the packages of `check`, install nothing
#
# Does nothing, quickly, when all is there. Uses apt-get as root, or through sudo when that asks for no password or there
# is a terminal to ask at. Otherwise it says what is missing and ends with 1. Needs no bash: it may run before anything else.
set -u

what=${1:-check}
build='gcc make libc6-dev binutils flex bison pkg-config libsqlite3-dev libffi-dev libpcre2-dev libyajl-dev nettle-dev libxxhash-dev libicu-dev tzdata'
demo='sqlite3'
check='clang libclang-rt-dev libcmocka-dev valgrind libxml2-utils bash git'
case $what in
  build) packages=$build ;;
  demo) packages="$build $demo" ;;
  check | list) packages="$build $demo $check" ;;
  *) echo "install-deps.sh: unknown set '$what' (build, demo, check or list)" >&2; exit 4 ;;
esac
if [ "$what" = list ]; then
  printf '%s\n' $packages
  exit 0
fi

# What proves that a package is not needed: the machine may have the tool from somewhere else.
present() {
  case $1 in
    gcc | make | flex | bison | clang | valgrind | sqlite3 | bash | git) command -v "$1" >/dev/null 2>&1 ;;
    pkg-config) command -v pkg-config >/dev/null 2>&1 ;;
    libxml2-utils) command -v xmllint >/dev/null 2>&1 ;;
    binutils) command -v objcopy >/dev/null 2>&1 ;;
    libc6-dev) [ -e /usr/include/stdio.h ] ;;
    libsqlite3-dev) pkg-config --exists sqlite3 2>/dev/null ;;
    libffi-dev) pkg-config --exists libffi 2>/dev/null ;;
    libpcre2-dev) pkg-config --exists libpcre2-8 2>/dev/null ;;
    libyajl-dev) pkg-config --exists yajl 2>/dev/null ;;
    nettle-dev) pkg-config --exists nettle 2>/dev/null ;;
    libxxhash-dev) pkg-config --exists libxxhash 2>/dev/null ;;
    libicu-dev) pkg-config --exists icu-i18n 2>/dev/null ;;
    libcmocka-dev) pkg-config --exists cmocka 2>/dev/null ;;
    tzdata) [ -e /usr/share/zoneinfo/UTC ] ;;
    libclang-rt-dev) # the fuzzers' run time; older releases ship it with clang itself
      command -v clang >/dev/null 2>&1 &&
        [ -n "$(find "$(clang -print-resource-dir 2>/dev/null)" -name 'libclang_rt.fuzzer*' 2>/dev/null | head -n 1)" ] ;;
    *) return 1 ;;
  esac
}

missing=
for p in $packages; do
  present "$p" || missing="$missing $p"
done
[ -z "$missing" ] && exit 0
echo "Missing:$missing"

give_up() {
  echo "install-deps.sh: $1" >&2
  echo "Install these Debian packages, or what your system calls them, and try again:" >&2
  echo "  apt-get install$missing" >&2
  exit 1
}

command -v apt-get >/dev/null 2>&1 || give_up "this machine has no apt-get."
if [ "$(id -u)" = 0 ]; then
  as_root=
elif command -v sudo >/dev/null 2>&1 && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
  as_root=sudo
else
  give_up "installing needs root, and sudo is not to be had without a password."
fi

export DEBIAN_FRONTEND=noninteractive
apt() { $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@"; }
echo "Installing:$missing"
apt update || echo "install-deps.sh: apt-get update failed; going on with the package lists that are here" >&2
wanted=
for p in $missing; do
  # a name that this release does not know (libclang-rt-dev before 2023) comes with another package there
  if apt-cache show "$p" >/dev/null 2>&1; then wanted="$wanted $p"; else echo "No package $p in this release; going on without"; fi
done
# shellcheck disable=SC2086 # a list of words
apt install -y --no-install-recommends $wanted >/dev/null || give_up "apt-get could not install them."

for p in $wanted; do
  present "$p" || { missing=" $p"; give_up "$p is installed, but not to be found."; }
done
