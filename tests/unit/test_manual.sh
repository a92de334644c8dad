#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The manual pages are made from the program's tables: they are well-formed, and nothing is missing.
build=${TOP_BUILDDIR:-.} source=${TOP_SRCDIR:-.}
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
has() { # PAGE TEXT
	grep -qF -e "$2" "$build/docs/$1" || echo "# '$2' is not in $1"
}

for page in sennit.1 sennit.conf.5 sennit-accounts.5 sennit-binds.5 sennit-theme.5; do
	if command -v mandoc >/dev/null; then
		found=$(mandoc -Tlint -W warning "$build/docs/$page" 2>&1)
		[ -z "$found" ] || echo "$found" | sed 's/^/# /'
		[ -z "$found" ]
		result $? "$page is well-formed"
	else
		n=$((n + 1))
		echo "ok $n - $page # SKIP mandoc is not installed"
	fi
	! grep -q '^@' "$build/docs/$page"
	result $? "$page has all its tables"
done

missing=$("$build/sennit" --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z][a-z]*\) .*/\1/p' | while read -r verb; do
	has sennit.1 ".Ss sennit $verb"
	"$build/sennit" "$verb" --help | sed -n 's/.*\(--[a-z][a-z-]*\).*/\1/p' | while read -r option; do
		has sennit.1 "Fl Fl ${option#--}"
	done
done)
[ -z "$missing" ] || echo "$missing"
[ -z "$missing" ]
result $? "every verb and option is in sennit(1)"

missing=$(sed -n 's/^[[:space:]]*X([a-z_]*, \([a-z_]*\), [A-Z]*,.*/\1/p' "$source/src/config/options.h" | tr _ - |
	while read -r key; do has sennit.conf.5 ".It Ic $key "; done)
[ -z "$missing" ] || echo "$missing"
[ -z "$missing" ]
result $? "every setting is in sennit.conf(5)"

bash -n "$source/contrib/completions/sennit.bash"
result $? "the completion for bash is well-formed"
if command -v desktop-file-validate >/dev/null; then
	desktop-file-validate "$source/contrib/sennit.desktop" | sed 's/^/# /'
	desktop-file-validate "$source/contrib/sennit.desktop" >/dev/null
	result $? "the desktop entry is well-formed"
else
	n=$((n + 1))
	echo "ok $n - the desktop entry # SKIP desktop-file-validate is not installed"
fi
echo "1..$n"
exit $failed
