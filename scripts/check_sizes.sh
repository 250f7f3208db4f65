#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# check_sizes.sh: fails when a function (C, Python, shell) has more than 50 lines, from the line with its name to
# the one with its last brace, or a source more than 600.
set -euo pipefail
cd "$(dirname "$0")/.."
FUNCTION_MAX=50 FILE_MAX=600

command -v ctags >/dev/null || { echo "check_sizes: skipped: no ctags: sudo scripts/setup.sh check" && exit 77; }
ctags --version | grep -q 'Universal Ctags' ||
	{ echo "check_sizes: skipped: ctags is not universal-ctags: sudo scripts/setup.sh check" && exit 77; }

mapfile -t sources < <(find lib app tests scripts .ci -type f \
	\( -name '*.[ch]' -o -name '*.def' -o -name '*.py' -o -name '*.sh' -o -name meson.build -o -perm -u+x \) | sort)

# FILE FIRST LAST NAME a line. ctags does not know where a shell function ends.
functions() {
	ctags --languages=C,Python --langmap=C:+.h --kinds-C=f --kinds-Python=fm --sort=no -x \
		--_xformat='%F %n %{end} %N' "${sources[@]}"
	awk '
		FNR == 1 { shell = /^#!.*sh$/ || /^# shellcheck shell=/; name = "" }
		shell && /^[a-z_0-9]+\(\) [{(]$/ { name = $1; first = FNR }
		name != "" && /^[})]/ { print FILENAME, first, FNR, name; name = "" }' "${sources[@]}"
}

list=$(mktemp /tmp/synweir-sizes.XXXXXX)
trap 'rm -f "$list"' EXIT
functions >"$list"
[ "$(wc -l <"$list")" -gt 100 ] || { echo "check_sizes: ctags found next to no function: is it another ctags?" && exit 1; }
long=$(
	awk -v max=$FUNCTION_MAX '$3 - $2 + 1 > max { printf "%s:%d: %s has %d lines, %d are allowed\n", $1, $2, $4, $3 - $2 + 1, max }' "$list"
	wc -l "${sources[@]}" | awk -v max=$FILE_MAX '$2 != "total" && $1 > max { printf "%s: %d lines, %d are allowed\n", $2, $1, max }'
)
if [ -n "$long" ]; then
	echo "$long"
	echo "check_sizes: take a part that can be named out of each of these"
	exit 1
fi
echo "check_sizes: $(wc -l <"$list") functions in ${#sources[@]} files"
