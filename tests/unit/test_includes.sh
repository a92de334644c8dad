#!/bin/sh
# The direction of dependence (DESIGN: the house): who may include what, read off the #include lines.
cd "${TOP_SRCDIR:-.}" || exit 99
n=0
failed=0

# check NAME 'files that are looked at' 'extended regex that no #include of them may match'
check() {
	n=$((n + 1))
	found=$(find $2 -name '*.[ch]' -print 2>/dev/null | xargs -r grep -nE "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]($3)" /dev/null)
	if [ -z "$found" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		echo "$found" | sed 's/^/# /'
		failed=1
	fi
}
# only NAME 'the one folder' 'header regex': nobody else includes it
only() {
	n=$((n + 1))
	found=$(find src ui backends -name '*.[ch]' -print | grep -v "^$2/" | xargs -r grep -nE "^[[:space:]]*#[[:space:]]*include[[:space:]]*<($3)" /dev/null)
	if [ -z "$found" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		echo "$found" | sed 's/^/# /'
		failed=1
	fi
}

echo 1..21
check 'ui includes no backend, engine, mime or cli' ui 'backends/|src/(engine|mime|vcard|cli|omemo)/'
check 'cli includes no backend, engine, mime or ui' src/cli 'backends/|ui/|src/(engine|mime|omemo)/'
check 'backends include no ui, store, engine, config' backends 'ui/|src/(store|engine|config|route|cli|mime|vcard|omemo)/'
check 'store includes base and text only' src/store 'ui/|backends/|src/(engine|config|route|cli|mime|vcard|omemo)/'
check 'config includes store, text and base only' src/config 'ui/|backends/|src/(engine|route|cli|mime|vcard|omemo)/'
check 'route includes config, store, text and base only' src/route 'ui/|backends/|src/(engine|cli|mime|vcard|omemo)/'
check 'mime includes base and text only' src/mime 'ui/|backends/|src/(store|engine|config|route|cli|vcard|omemo)/'
check 'text includes base only' src/text 'ui/|backends/|src/(store|engine|config|route|cli|mime|vcard|omemo)/'
check 'base includes nothing above it' src/base 'ui/|backends/|src/(text|store|engine|config|route|cli|mime|vcard|omemo)/'
check 'omemo includes base only' src/omemo 'ui/|backends/|src/(text|store|engine|config|route|cli|mime|vcard)/'
check 'engine includes no ui and no cli' src/engine 'ui/|src/cli/'
only 'curses is known in ui/ only' ui '(n?curses|term|ncursesw/.*)\.h'
only 'libetpan is known in backends/mail/ only' backends/mail 'libetpan/'
only 'libstrophe is known in backends/xmpp/ only' backends/xmpp 'strophe\.h'
only 'libnotify is known in backends/desktop/ only' backends/desktop 'libnotify/'
only 'SQLite is known in src/store/ only' src/store 'sqlite3\.h'
only 'GMime is known in src/mime/ only' src/mime 'gmime/'
only 'libomemo-c is known in src/omemo/ only' src/omemo '(omemo/|signal_protocol|key_helper|session_(builder|cipher))'
only 'libcurl is known in backends/http/ only' backends/http 'curl/'
only 'EDS is known in src/vcard/ only' src/vcard 'libebook'
n=$((n + 1))
if [ "$(grep -lE '#[[:space:]]*include[[:space:]]*<(n?curses|term|ncursesw/.*)\.h' ui/*.[ch] 2>/dev/null | wc -l)" -le 1 ]; then
	echo "ok $n - one file of ui/ includes curses"
else
	echo "not ok $n - one file of ui/ includes curses"
	failed=1
fi
exit $failed
