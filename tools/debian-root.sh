# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Roots of other Debian suites, to build and test in. To be sourced, behind lib.sh.

# of sysexits.h: what a root needs cannot be had now
EX_UNAVAILABLE=69

# in the root, beside what its suite has
ROOT_SOURCES=/usr/src/syslog-ng-haproxy
ROOT_COMPLETE=etc/syslog-ng-haproxy.suite

unavailable() {
  echo "${0##*/}: $*" >&2
  exit "$EX_UNAVAILABLE"
}

# The one that this machine's own packages of Debian come from.
debian_mirror() {
  apt-get indextargets --format "\$(LABEL) \$(REPO_URI)" 'Created-By: Packages' |
    awk '$1 == "Debian" { print $2; exit }'
}

# make_root DIRECTORY SUITE: not again where that has been done
make_root() {
  local mirror

  if [[ -e $1/$ROOT_COMPLETE ]]; then
    [[ $(<"$1/$ROOT_COMPLETE") == "$2" ]] || die "$1 is a root of another suite, $(<"$1/$ROOT_COMPLETE")"
    return
  fi
  [[ ! -e $1 || -z $(ls -A "$1") ]] || die "$1 is not empty, and no complete root"
  mirror=$(debian_mirror)
  [[ $mirror ]] || unavailable "apt has no mirror of Debian"

  as_root debootstrap --variant=minbase "$2" "$1" "$mirror" || {
    as_root rm -rf --one-file-system "$1"
    unavailable "debootstrap cannot make a root of $2"
  }
  # no service is to start in there
  printf '#!/bin/sh\nexit 101\n' | write_in_root "$1" usr/sbin/policy-rc.d
  as_root chmod 755 "$1/usr/sbin/policy-rc.d"
  # mirrors that are snapshots say what was valid once
  { apt-config dump | grep -E '^Acquire::(http|https)::' || true
    echo 'Acquire::Check-Valid-Until "false";'; } | write_in_root "$1" etc/apt/apt.conf.d/90syslog-ng-haproxy
  write_in_root "$1" "$ROOT_COMPLETE" <<<"$2"
}

# write_in_root DIRECTORY FILE: standard input
write_in_root() {
  as_root tee "$1/$2" >/dev/null
}

# in_root DIRECTORY COMMAND...: its mounts and its processes are gone when it ends, however that comes
in_root() {
  # shellcheck disable=SC2016
  as_root unshare --mount --propagation private --pid --fork --kill-child -- bash -euc '
    # what makes namespaces in there wants its root to be a mount
    mount --bind "$0" "$0"
    mount -t proc proc "$0/proc"
    mount --rbind /dev "$0/dev"
    mount -t sysfs -o ro sysfs "$0/sys"
    exec chroot "$0" env --unset=TMPDIR HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"' "$@"
}

# install_in_root DIRECTORY PACKAGE...
install_in_root() {
  as_root cp -L /etc/resolv.conf "$1/etc/resolv.conf"
  { in_root "$1" apt-get --quiet update &&
    in_root "$1" apt-get --quiet --yes install --no-install-recommends "${@:2}"; } ||
    unavailable "these packages cannot be installed: ${*:2}"
}

# What makes up the project, NUL-terminated: as git has or would have it, where this is a clone.
list_sources() {
  git -C "$ROOT" ls-files -z --cached --others --exclude-standard 2>/dev/null ||
    (cd "$ROOT" && find . -path ./build -prune -o -type f -print0)
}

# copy_sources DIRECTORY: in place of those that are there
copy_sources() {
  local target=$1$ROOT_SOURCES

  as_root rm -rf "$target"
  as_root mkdir -p "$target"
  list_sources | tar --create --directory="$ROOT" --null --files-from=- --ignore-failed-read |
    as_root tar --extract --directory="$target" --no-same-owner
  # a test wants to know which files are the project's
  as_root git -C "$target" init --quiet
}
