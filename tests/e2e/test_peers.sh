#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# profanity and mcabber as the other side: see peers.py. Skipped where they are not installed.
skip() {
	echo "1..0 # SKIP $1"
	exit 0
}
PATH=$PATH:/usr/sbin:/sbin
for program in prosody profanity mcabber tmux; do
	command -v "$program" >/dev/null 2>&1 || skip "$program is not installed"
done
exec timeout 300 /usr/bin/python3 "$TOP_SRCDIR/tests/e2e/peers.py" "$TOP_BUILDDIR/sennit"
