#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# check_shells.sh: fails when shellcheck finds something in a shell script, with or without the suffix .sh.
# Scripts are given all at once, so that it sees what a sourced one uses; -x would read those again for every
# path that leads to them, for minutes.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v shellcheck >/dev/null || { echo "check_shells: skipped: no shellcheck: sudo scripts/setup.sh check" && exit 77; }
mapfile -t scripts < <(find scripts tests .ci -type f -print0 | xargs -0 awk '
	FNR == 1 && (/^#!.*[\/ ](ba|da)?sh( |$)/ || /^# shellcheck shell=/) { print FILENAME }
	{ nextfile }' | sort)
if ! shellcheck --format=gcc --exclude=SC1091 "${scripts[@]}"; then
	echo "check_shells: mend it, or where it is wrong say why: # shellcheck disable=SCxxxx # why"
	exit 1
fi
echo "check_shells: ${#scripts[@]} scripts"
