#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# check_cppcheck.sh: fails when cppcheck finds something in lib/ or app/. Where it is wrong, the line before says
# "// cppcheck-suppress ID" and why.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v cppcheck >/dev/null || { echo "check_cppcheck: skipped: no cppcheck: sudo scripts/setup.sh check" && exit 77; }
if ! cppcheck --quiet --error-exitcode=1 --inline-suppr --enable=warning,performance,portability --std=c11 -Ilib \
	--suppress=missingIncludeSystem --suppress=ctuuninitvar lib app; then
	echo "check_cppcheck: mend it, or where cppcheck is wrong say so: // cppcheck-suppress ID"
	exit 1
fi
echo "check_cppcheck: $(cppcheck --version), nothing found in lib/ and app/"
