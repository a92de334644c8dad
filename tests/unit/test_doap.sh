#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# docs/sennit.doap says what the table of the extensions says (make update-docs), and every XEP that it
# claims names a test that is there and is run.
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

"$build/docs/mkdoap" "$source/docs/sennit.doap.in" >"$made/sennit.doap" &&
	diff "$source/docs/sennit.doap" "$made/sennit.doap" >&2
result $? "docs/sennit.doap is up to date"

# exists FILE:NAME: the program is one of the build, and the function is in its list of tests
exists() {
	program=${1%%:*} name=${1#*:}
	case $name in '' | *[!a-z0-9_]*) return 1 ;; esac
	grep -q "[ =]$program\\>" "$source/Makefile.am" || return 1
	if [ -r "$source/$program.c" ]; then
		grep -q "^static void $name(void \*\*state)" "$source/$program.c" &&
			grep -q "^	.*[A-Za-z_]($name[,)]" "$source/$program.c"
	else # a script tests/e2e/test_x.sh starts tests/e2e/x.py
		python=$source/$(dirname "$program")/$(basename "$program" .sh | sed 's/^test_//').py
		[ -r "$source/$program" ] && grep -q "^def $name(" "$python"
	fi
}

"$build/docs/mkdoap" --tests >"$made/tests"
result $? "no XEP is claimed twice"
missing=$(while read -r xep test; do
	exists "$test" || echo "XEP-$xep claims the test $test, which is not there"
done <"$made/tests")
[ -z "$missing" ] || echo "$missing" >&2
[ -s "$made/tests" ] && [ -z "$missing" ]
result $? "every claim names a test that is run"

! exists tests/unit/test_xmpp_message:no_such_test && ! exists tests/unit/no_such_program:main &&
	! exists tests/unit/test_xmpp_message:
result $? "a test that is not there is noticed"
grep -q 'xep-0198.html' "$made/sennit.doap" && grep -q 'xep-0313.html' "$made/sennit.doap"
result $? "the document has its entries"
! grep -n '^@' "$source/docs/sennit.doap"
result $? "every part of the document is filled in"
if command -v xmllint >/dev/null; then
	xmllint --noout "$source/docs/sennit.doap"
	result $? "the document is well-formed"
else
	n=$((n + 1))
	echo "ok $n - the document is well-formed # SKIP xmllint is not installed"
fi
"$build/docs/mkdoap" "$made/absent" 2>/dev/null
[ $? = 2 ]
result $? "an absent template is an error"
echo "1..$n"
exit $failed
