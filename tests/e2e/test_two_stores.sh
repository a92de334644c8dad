#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Two people, two stores, real servers: see two_stores.py. Skipped where a server is not installed.
skip() {
	echo "1..0 # SKIP $1"
	exit 0
}
PATH=$PATH:/usr/sbin:/sbin
for program in dovecot postfix prosody; do
	command -v "$program" >/dev/null 2>&1 || skip "$program is not installed"
done
/usr/bin/python3 -c 'import slixmpp' 2>/dev/null || skip "slixmpp is not installed"
exec timeout 300 /usr/bin/python3 "$TOP_SRCDIR/tests/e2e/two_stores.py" "$TOP_BUILDDIR/sennit"
