#!/usr/bin/env bash
# Builds the Debian package into build/package, on a bare Debian 12 too:
#
#   ./package.sh                 installs what is missing, builds build/package/countersign_VERSION_ARCH.deb
#   ./package.sh --no-install    without looking for missing packages
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

install=yes
for argument in "$@"; do
  case "$argument" in
    --no-install) install=no ;;
    *)
      sed -nE 's/^# ?(  \.\/package.sh.*)$/\1/p' "$0" >&2
      case "$argument" in -h | --help) exit 0 ;; *) exit 2 ;; esac
      ;;
  esac
done

[ "$install" = no ] || .ci/install package
. .ci/quietly.sh

# A copy, since dpkg-buildpackage leaves its files beside the sources and above them.
folder=build/package
rm -rf "$folder"
mkdir -p "$folder/source"
tar -c --exclude-vcs --exclude=./build --exclude=./var --exclude=./tests --exclude=./fixtures . | tar -x -C "$folder/source"

# debhelper gives a build a home of its own, where the compiler's cache would be empty each time.
if command -v ccache >/dev/null; then
  CCACHE_DIR=$(ccache --get-config cache_dir)
  export CCACHE_DIR
fi
(cd "$folder/source" && quietly dpkg-buildpackage --build=binary --unsigned-changes)
ls "$folder"/*.deb
