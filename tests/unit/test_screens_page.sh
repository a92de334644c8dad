#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# docs/screens.md shows what the golden screens show now, and a screen of every state.
top=${TOP_SRCDIR:-$(dirname "$0")/../..}
page=$top/docs/screens.md
made=$(mktemp)
number=0
status=0

check() { # TEXT COMMAND...
	text=$1
	shift
	number=$((number + 1))
	if "$@"; then
		echo "ok $number - $text"
	else
		echo "not ok $number - $text"
		status=1
	fi
}

echo "1..$((2 + 14))"
sh "$top/docs/screens.sh" "$top/tests/golden" >"$made"
check "docs/screens.md is up to date (else: make screens)" cmp -s "$made" "$page"
check "no two pages have one number" sh -c \
	'test -z "$(sed -n "s/^#: \\([0-9]*\\) .*/\\1/p" "$1"/*.keys | sort | uniq -d)"' - "$top/tests/golden"
for state in 'queued' 'Goes in . s' 'ehind the message before it' 'needs your decision' 'waiting' \
	'looked at again' 'asked' 'step 2 is done' ' sent' 'delivered' ' read' 'sent as email' 'failed' \
	'cancelled'; do
	check "it shows: $state" grep -q "$state" "$page"
done
rm -f "$made"
exit $status
