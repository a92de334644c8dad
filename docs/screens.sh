#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# screens.sh GOLDEN-DIR - prints docs/screens.md from the golden screens that the tests compare.
#
# A script NAME.keys takes part when it has a line "#: NUMBER TITLE", in the order of the numbers; a
# screen of it is shown when a line "#= CAPTION" stands before its "dump". The pictures are those of
# NAME.txt.
set -eu
LC_ALL=C
export LC_ALL
dir=$1
cat <<'END'
# Screens

What a message on its way looks like, from the question before it goes to the last report. Made by
`make screens` from the screens that the tests compare (`tests/golden`); a test checks that this page
is up to date. Colours are not shown; every state has a mark and a word besides.
END
sed -n 's/^#: \([0-9][0-9]*\) .*/\1/p' "$dir"/*.keys | sort -n | uniq | while read -r number; do
	keys=$(grep -l "^#: $number " "$dir"/*.keys | head -n 1)
	awk '
		FNR == NR && /^#: / { sub(/^#: [0-9]+ /, ""); print "\n## " $0; next }
		FNR == NR && /^#= / { caption = substr($0, 4) }
		FNR == NR && /^dump/ { captions[FNR] = caption; caption = "" }
		FNR == NR { next }
		/^==== line / {
			if (open) print "```"
			line = $3
			sub(/,/, "", line)
			open = captions[line] != ""
			if (open) print "\n" captions[line] "\n\n```"
			next
		}
		open { print }
		END { if (open) print "```" }
	' "$keys" "${keys%.keys}.txt"
done
