#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Encrypted IMs with profanity: see omemo.py. Skipped where a program is not installed.
skip() {
	echo "1..0 # SKIP $1"
	exit 0
}
PATH=$PATH:/usr/sbin:/sbin
for program in prosody profanity tmux; do
	command -v "$program" >/dev/null 2>&1 || skip "$program is not installed"
done
profanity --version | grep -q 'OMEMO support: Enabled' || skip "profanity was built without OMEMO"
exec timeout 300 /usr/bin/python3 "$TOP_SRCDIR/tests/e2e/omemo.py" "$TOP_BUILDDIR/sennit"
