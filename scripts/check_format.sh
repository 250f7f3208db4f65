#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# check_format.sh [--fix]: fails when a C source is not as clang-format 14 would write it (.clang-format); --fix
# rewrites those that are not. Every version writes some things differently, so another one decides nothing:
# Debian 12 has 14, later ones have not, and there the check is skipped.
set -euo pipefail
cd "$(dirname "$0")/.."
VERSION=14

tool=''
for candidate in clang-format-$VERSION clang-format; do
	if command -v "$candidate" >/dev/null && "$candidate" --version | grep -q "version $VERSION\."; then
		tool=$candidate
		break
	fi
done
[ -n "$tool" ] || { echo "check_format: skipped: no clang-format $VERSION here (Debian 12: sudo scripts/setup.sh check)" && exit 77; }
mapfile -t sources < <(find lib app tests -name '*.[ch]' | sort)
case "${1-}" in
--fix) "$tool" -i "${sources[@]}" && "$tool" -i "${sources[@]}" && exit ;; # a string that it splits is right the second time
'') ;;
*) echo "check_format: unexpected argument '$1'" >&2 && exit 2 ;;
esac
if ! "$tool" --dry-run -Werror "${sources[@]}"; then
	echo "check_format: to rewrite what differs: scripts/check_format.sh --fix"
	exit 1
fi
echo "check_format: ${#sources[@]} files"
