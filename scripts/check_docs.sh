#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Fails when a document refers to something that is not there: a link to a file or heading, a decision that is not in the
# index or shares its number, a path in docs/behaviour.md, a place in the code in docs/glossary.md, a case that
# behaviour.md and rfc-conformance.md do not both have; or has the marks of a merge that was not ended.
# shellcheck disable=SC2016 # backticks are Markdown's
set -euo pipefail
cd "$(dirname "$0")/.."

bad=0

complain() {
	echo "check_docs: $1" >&2
	bad=1
}

documents() {
	find . -name '*.md' -not -path './build*' -not -path './.git/*' | sed 's#^\./##'
}

# The anchors that a Markdown page offers: its headings in lower case, blanks as dashes, punctuation left out.
anchors() {
	sed -n '/^```/,/^```/!s/^##* //p' "$1" | tr '[:upper:]' '[:lower:]' | sed 's/[^a-z0-9 _-]//g; s/ /-/g'
}

check_links() {
	local file=$1 to path anchor
	while IFS= read -r to; do
		path=${to%%#*} anchor=''
		[[ $to != *'#'* ]] || anchor=${to#*#}
		if [[ -n $path ]]; then
			path=$(dirname "$file")/$path
		else
			path=$file
		fi
		if [[ ! -e $path ]]; then
			complain "$file: no $to"
		elif [[ -n $anchor ]] && ! anchors "$path" | grep -qxF "$anchor"; then
			complain "$file: $to: no such heading"
		fi
	done < <(sed '/^```/,/^```/d' "$file" | grep -oE '\]\([^)]+\)' | sed 's/^](//; s/)$//' | grep -vE '^(https?|mailto):' || true)
}

check_decisions() {
	local file number same index=docs/decisions/README.md
	for file in docs/decisions/[0-9]*.md; do
		number=$(basename "$file" | cut -c1-4)
		same=(docs/decisions/"$number"-*)
		[[ ${#same[@]} == 1 ]] || complain "$file: $number is used twice"
		head -n 1 "$file" | grep -q "^# $number " || complain "$file: its heading has another number"
		grep -qF "]($(basename "$file"))" "$index" || complain "$index lacks $(basename "$file")"
	done
}

# Paths count from the root, lib/ or tests/.
check_paths() {
	local path
	while IFS= read -r path; do
		compgen -G "$path" >/dev/null || compgen -G "lib/$path" >/dev/null || compgen -G "tests/$path" >/dev/null ||
			complain "docs/behaviour.md: no $path"
	done < <(grep -oE '`[A-Za-z0-9_/.*-]+\.(c|h|sh|pkt|service)`' docs/behaviour.md | tr -d '`' | sort -u)
}

# The second column: an identifier, file or key.
check_glossary() {
	local word
	while IFS= read -r word; do
		[[ -e $word || -e lib/$word || $word == ... ]] ||
			grep -rqwF --exclude-dir=corpus -e "$word" lib app tests conf ||
			[[ -n $(find lib app tests -name "$word") ]] || complain "docs/glossary.md: no $word in the tree"
	done < <(grep '^| \*\*' docs/glossary.md | awk -F ' [|] ' '{ print $2 }' | grep -oE '`[^`]+`' | tr -d '`' |
		grep -v '^weirctl ' | sort -u)
}

check_cases() {
	local hc
	while IFS= read -r hc; do
		complain "docs/behaviour.md: $hc has no status"
	done < <(awk '/^### HC-/ { if (hc) print hc; hc = $2 }
		/^\*Status\.\* \*\*(done|partly|not yet)/ { hc = "" }
		END { if (hc) print hc }' docs/behaviour.md)
	while IFS= read -r hc; do
		grep -q "^### $hc " docs/behaviour.md || complain "docs/behaviour.md lacks $hc"
	done < <(grep -oE '^\| HC-[0-9]+' docs/rfc-conformance.md | cut -c3-)
}

# What "git merge" leaves where both sides changed a line.
check_merged() {
	local place
	while IFS= read -r place; do
		complain "$place: the mark of a merge that was not ended"
	done < <(documents | xargs -d '\n' grep -nE '^(<{7}|>{7}) ' | cut -d : -f 1,2)
}

while IFS= read -r file; do
	check_links "$file"
done < <(documents)
check_merged
check_decisions
check_paths
check_glossary
check_cases

[[ $bad == 0 ]] || { echo "check_docs: correct the document, or the glossary, with what was renamed" && exit 1; }
echo "check_docs: the documents refer to what is there"
