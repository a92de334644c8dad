#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# docs/delivery.md and its picture say what the table of the delivery says (make update-docs).
build=${TOP_BUILDDIR:-.} source=${TOP_SRCDIR:-.}
made=$(mktemp -d) || exit 99
trap 'rm -rf "$made"' EXIT
n=0
failed=0
result() { # OK NAME
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		failed=1
	fi
}

"$build/docs/mkdelivery" "$source/docs/delivery.md.in" >"$made/delivery.md" &&
	cmp "$made/delivery.md" "$source/docs/delivery.md"
result $? "docs/delivery.md is up to date"
"$build/docs/mkdelivery" --svg >"$made/delivery.svg" &&
	cmp "$made/delivery.svg" "$source/docs/delivery.svg"
result $? "docs/delivery.svg is up to date"
! grep -n '^@' "$source/docs/delivery.md"
result $? "every part of docs/delivery.md is filled in"
if command -v xmllint >/dev/null; then
	xmllint --noout "$source/docs/delivery.svg"
	result $? "the picture is well-formed"
else
	n=$((n + 1))
	echo "ok $n - the picture is well-formed # SKIP xmllint is not installed"
fi
mkdir "$made/bare" && echo '@FILE no-such-figures.txt@' >"$made/bare/x.in" &&
	[ "$("$build/docs/mkdelivery" "$made/bare/x.in")" = "No figures have been recorded." ]
result $? "absent figures are said to be absent"
"$build/docs/mkdelivery" "$made/bare/absent" 2>/dev/null
[ $? = 2 ]
result $? "an absent template is an error"
echo "1..$n"
exit $failed
