#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `sennit init` with a person at a terminal, real DNS, https and mail servers: see init.py. It runs in
# a network of its own, where it is the DNS server; skipped where the system gives none.
skip() {
	echo "1..0 # SKIP $1"
	exit 0
}
PATH=$PATH:/usr/sbin:/sbin
for program in dovecot postfix prosody dnsmasq unshare ip; do
	command -v "$program" >/dev/null 2>&1 || skip "$program is not installed"
done
[ "$(id -u)" = 0 ] || skip "only root may have a network of its own here"
unshare -mn true 2>/dev/null || skip "no network of its own can be had here"
exec timeout 200 unshare -mn /usr/bin/python3 "$TOP_SRCDIR/tests/e2e/init.py" "$TOP_BUILDDIR/sennit"
