# Sourced by the other scripts: where the project is, and how to install Debian packages.
# shellcheck shell=bash

project_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Debian's own interpreter: python3-torch and its kin are made for it, whatever else is on the PATH.
system_python=/usr/bin/python3

log() { printf '== %s\n' "$*"; }

die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  else
    command -v sudo >/dev/null || die "neither root nor sudo: as root, run: $*"
    sudo "$@"
  fi
}

is_installed() { dpkg -s "$1" 2>/dev/null | grep -q '^Status: install ok installed$'; }

# install_missing PACKAGE...: installs those that are missing; touches nothing (no network) when none is.
install_missing() {
  local missing=() package
  command -v dpkg >/dev/null || die "this is not Debian; install the equivalents of: $*"
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  [ "${#missing[@]}" -gt 0 ] || return 0
  log "installing ${missing[*]}"
  as_root apt-get update -q
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends "${missing[@]}"
}
