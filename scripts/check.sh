#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# What a reviewer would ask for before reading: format, layers, lint, tests. Fails on the first that fails.
#	scripts/check.sh [BUILD_DIR]
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}

scripts/setup.sh build lint

sources() {
	git ls-files --cached --others --exclude-standard 'lib/*.[ch]' 'app/*.[ch]' 'tests/*.[ch]'
}

echo "== format"
# shellcheck disable=SC2046 # file names here have no blanks
clang-format --dry-run -Werror $(sources)

echo "== layers"
scripts/check_layers.sh

echo "== lint"
cppcheck --quiet --error-exitcode=1 --inline-suppr --enable=warning,performance,portability \
	--std=c11 -Ilib --suppress=missingIncludeSystem --suppress=ctuuninitvar \
	lib app

echo "== build and tests"
[[ -d "$build" ]] || meson setup "$build" -Dwerror=true
ninja -C "$build"
meson test -C "$build" --print-errorlogs
