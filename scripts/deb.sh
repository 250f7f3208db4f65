#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# deb.sh [--version VERSION] [DIR]: builds the Debian packages synweir, synweir-tools and synweir-doc of the checkout, what is
# not committed too, into DIR (default: packages), and lets lintian look at them. On Debian 12 or 13; needs
# scripts/setup.sh build deb, and no root. The packages are for the release that they were built on.
#
#	--version VERSION   instead of that of debian/changelog
set -euo pipefail
cd "$(dirname "$0")/.."

version=''
if [ "${1:-}" = --version ]; then
	version=${2:?deb.sh: --version needs a value}
	shift 2
fi
case ${1:-} in
-*) sed -n '3,/^set/{/^set/d;s/^# \{0,1\}//p}' scripts/deb.sh && exit 2 ;;
esac
scripts/setup.sh build deb
mkdir -p "${1:-packages}"
to=$(realpath "${1:-packages}")
dir=$(mktemp -d /tmp/synweir-deb.XXXXXX)
trap 'rm -rf "$dir"' EXIT

mkdir "$dir/synweir"
git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
	[ ! -e "$file" ] || printf '%s\0' "$file"
done | tar -c --null -T - | tar -x --no-same-owner -C "$dir/synweir"
[ -z "$version" ] || sed -i "1s/(.*)/($version)/" "$dir/synweir/debian/changelog"
(cd "$dir/synweir" && dpkg-buildpackage --build=binary --no-sign) >"$dir/log" 2>&1 ||
	{ tail -n 30 "$dir/log" >&2 && exit 1; }
lintian --fail-on error,warning "$dir"/*.changes
mv "$dir"/*.deb "$to"
ls "$to"
