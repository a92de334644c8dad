#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# docs/reading.md says what docs/reading-figures.txt says (make update-docs).
source=${TOP_SRCDIR:-.}
made=$(mktemp -d) || exit 99
trap 'rm -rf "$made"' EXIT

echo "1..2"
if awk -f "$source/docs/mkreading.awk" "$source/docs/reading-figures.txt" "$source/docs/reading.md.in" \
	>"$made/reading.md" && cmp "$made/reading.md" "$source/docs/reading.md"; then
	echo "ok 1 - docs/reading.md is up to date"
else
	echo "not ok 1 - docs/reading.md is up to date"
fi
if ! grep -n '^@' "$source/docs/reading.md" && grep -q '^| spamassassin |' "$source/docs/reading.md"; then
	echo "ok 2 - every part of docs/reading.md is filled in"
else
	echo "not ok 2 - every part of docs/reading.md is filled in"
fi
