# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the tools share: Debian packages, building, messages. To be sourced.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# syslog-ng and haproxy are there, where an ordinary user's PATH does not look
PATH=$PATH:/usr/sbin:/sbin

# --- Debian packages, per purpose ---

# shellcheck disable=SC2034
BUILD_PACKAGES=(
  autoconf autoconf-archive automake bison flex gcc libc6-dev libcap-dev libglib2.0-dev libivykis-dev libjson-c-dev libssl-dev
  libtool make pkg-config python3 syslog-ng-core syslog-ng-dev
)

# shellcheck disable=SC2034
DEMO_PACKAGES=(haproxy socat)

# for the tests of one build
# shellcheck disable=SC2034
TEST_PACKAGES=(
  bsdutils git iproute2 libcriterion-dev libnginx-mod-stream netbase openssl procps python3-pytest python3-pytest-xdist strace
  syslog-ng-mod-http syslog-ng-mod-rdkafka syslog-ng-scl util-linux valgrind xz-utils
)

# for everything else that is checked
# shellcheck disable=SC2034
CHECK_PACKAGES=(clang clang-format shellcheck)

# clang_runtime_package: what the sanitizers and the fuzzers of clang need; its name has the version of clang in it
clang_runtime_package() {
  { apt-cache depends clang | grep . || { apt_get update >&2 && apt-cache depends clang; }; } |
    sed -n 's/^ *Depends: clang-\([0-9]*\)$/libclang-rt-\1-dev/p'
}

# for a root of another Debian
# shellcheck disable=SC2034
ROOT_PACKAGES=(debootstrap git tar util-linux)

# for tools/package, and the tests of what it makes
# shellcheck disable=SC2034
PACKAGE_PACKAGES=(debhelper dpkg-dev graphviz lintian man-db pandoc rpm rpmlint xz-utils)

is_installed() {
  dpkg-query --show --showformat='${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  else
    sudo "$@"
  fi
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get --yes -o DPkg::Lock::Timeout=120 "$@" </dev/null
}

# install_missing PACKAGE...: with apt-get; nothing is removed for it, and nothing is done when all are there
install_missing() {
  local package missing=()

  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  ((${#missing[@]})) || return 0

  echo "Installing ${missing[*]}"
  { apt_get update && apt_get install --no-install-recommends --no-remove "${missing[@]}"; } ||
    die "these packages are missing: ${missing[*]}"
}

# --- Building ---

# configure_in DIRECTORY [OPTION...]: out of tree; not again where that has been done
configure_in() {
  [[ -x $ROOT/configure ]] || "$ROOT/autogen.sh"
  mkdir -p "$1"
  [[ -e $1/Makefile ]] || (cd "$1" && "$ROOT/configure" "${@:2}")
}

make_in() {
  make -C "$1" -j "$(nproc)" "${@:2}"
}

# module_path DIRECTORY: the value of syslog-ng's --module-path for what has been built there
module_path() {
  echo "$(cd "$1" && pwd)/modules/proxy-protocol/.libs:$(cd "$1" && pwd)/modules/haproxy-parser/.libs:$(pkg-config --variable=moduledir syslog-ng)"
}

# --- Messages ---

die() {
  echo "${0##*/}: $*" >&2
  exit 1
}

[[ $ROOT != *[[:space:]\"\#\$\&\'\`\\]* ]] || die "configure takes no blank and none of \"#\$&'\`\\ in a path: $ROOT"
