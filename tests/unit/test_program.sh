#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The program as a whole, as a shell sees it: exit codes, what it makes, what it refuses.
sennit=${TOP_BUILDDIR:-.}/sennit
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
LC_ALL=C.UTF-8
export LC_ALL
n=0
failed=0
check() { # NAME, after a command whose status decides
	if [ $? = 0 ]; then
		n=$((n + 1))
		echo "ok $n - $1"
	else
		n=$((n + 1))
		echo "not ok $n - $1"
		sed 's/^/# /' "$dir/out" "$dir/err"
		failed=1
	fi
}
run() { # EXPECTED-CODE WORDS...
	expected=$1
	shift
	"$sennit" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	code=$?
	[ $code = "$expected" ] || { echo "# exit code $code, not $expected: sennit $*"; return 1; }
}
said() { grep -qF -e "$1" "$dir/err"; }
mode() { stat -c %a "$1"; }

run 0 --version && grep -q '^sennit [0-9]' "$dir/out"
check 'the version is shown'
run 0 --help && grep -q '^  search ' "$dir/out"
check 'the help lists the verbs'
run 2 --verison && said "'--version'"
check 'a mistyped option is answered with the right one'
run 2 -c "$dir/p" serach x && said "'search'"
check 'a mistyped verb is answered with the right one'
run 2 -c "$dir/p" frobnicate x && said 'unknown verb'
check 'an unknown verb is refused'
[ ! -e "$dir/p" ]
check 'what is refused makes no directory'

run 2 -c "$dir/p" && said 'sennit -c' && said init
check 'without an account the first words point to init'
[ "$(mode "$dir/p")$(mode "$dir/p/data")$(mode "$dir/p/state")$(mode "$dir/p/runtime")" = 700700700700 ]
check 'the directories are private'
run 0 -c "$dir/p" list --json && [ "$(cat "$dir/out")" = '[]' ] && [ "$(mode "$dir/p/data/sennit.db")" = 600 ]
check 'an empty store is private and lists as an empty array'
run 2 -c "$dir/p" engine && said 'sennit init'
check 'an engine without accounts says what to do'

printf '[home]\nfrom = a@b.test\nsorce = imaps://b.test\n' >"$dir/p/accounts.conf"
chmod 600 "$dir/p/accounts.conf"
run 2 -c "$dir/p" list && said "$dir/p/accounts.conf:3:" && said "'source'"
check 'a wrong key is told with file, line and the right word'
run 2 -c "$dir/p" && said 'accounts.conf:3:'
check 'the client says the same and does not start'
printf '[home]\nfrom = a@b.test\nsource = maildir://%s/mail\n' "$dir" >"$dir/p/accounts.conf"
chmod 640 "$dir/p/accounts.conf"
run 2 -c "$dir/p" list && said "chmod 600 $dir/p/accounts.conf"
check 'accounts open to others are refused with what to type'
chmod 600 "$dir/p/accounts.conf"
run 0 -c "$dir/p" accounts --json && grep -q '"end":"source"' "$dir/out"
check 'accounts are shown'

"$sennit" --help >/dev/full 2>"$dir/err"
[ $? = 1 ]
check 'a full disk is a failure, not silence'
"$sennit" -c "$dir/p" accounts --json >/dev/full 2>"$dir/err"
[ $? = 1 ] && said 'could not be written'
check 'and of a verb too'
# the reader is gone before the first line: opened and closed again
mkfifo "$dir/pipe"
(exec <"$dir/pipe") &
exec 8>"$dir/pipe"
wait $!
"$sennit" --help >&8 2>"$dir/err"
[ $? = 1 ] && [ ! -s "$dir/err" ]
check 'a reader that has seen enough is no news'
exec 8>&-

SENNIT_MODULES=$dir run 1 -c "$dir/p" import "$dir/p" && said 'cannot be loaded' && said "$dir/engine.so"
check 'a missing module is named'
SENNIT_MODULES=$dir run 1 -c "$dir/p" && said 'cannot be loaded' && said "$dir/ui.so"
check 'and so is a missing screen'

# what every start pays for: GIO comes when it is called (src/base/gio.h), curses with the screen
LD_TRACE_LOADED_OBJECTS=1 LD_LIBRARY_PATH=${TOP_BUILDDIR:-.}/.libs "${TOP_BUILDDIR:-.}/.libs/sennit" \
	>"$dir/out" 2>"$dir/err" && grep -q libsqlite3 "$dir/out" && ! grep -qE 'libg(io|object)-|curses' "$dir/out"
check 'the program starts without GIO, GObject and curses'

# while it runs: one engine, private files, an end by signal
mkdir -p "$dir/mail/cur" "$dir/mail/new" "$dir/mail/tmp"
"$sennit" -c "$dir/p" engine >"$dir/engine" 2>&1 </dev/null &
pid=$!
for try in $(seq 1 200); do
	run 0 -c "$dir/p" accounts --json && grep -q '"state":"online"' "$dir/out" && break
	sleep 0.05
done
grep -q '"state":"online"' "$dir/out"
check 'an engine without a client reads a Maildir'
run 1 -c "$dir/p" engine && said 'already runs'
check 'a second engine is refused'
kill -TERM $pid
wait $pid
check 'the engine ends well by a signal'
[ -z "$(find "$dir/p" -type f -perm /077)" ]
check 'no file is open to others'
run 0 -c "$dir/p" engine --once
check 'a single run ends by itself'
run 0 -c "$dir/p" engine --once
printf 'From: Ishmael <ishmael@example.test>\nSubject: Loomings\nMessage-ID: <1@example.test>\n\nSome years ago\n' \
	>"$dir/mail/new/1.M1P1.test"
run 0 -c "$dir/p" engine --once && run 0 -c "$dir/p" search loomings && grep -q Ishmael "$dir/out"
check 'and the next finds what came in between'

echo "1..$n"
exit $failed
