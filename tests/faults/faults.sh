# SPDX-License-Identifier: GPL-3.0-or-later
# faults.sh - sourced by the tests here that need fault points and real servers: runs $script.
build=${TOP_BUILDDIR:-.} source=${TOP_SRCDIR:-.}
if ! grep -q '^FAULT_CPPFLAGS = -D' "$build/Makefile"; then
	echo "1..0 # SKIP this build has no fault points (configure --enable-developer)"
	exit 0
fi
if [ ! -x /usr/sbin/dovecot ] || [ ! -x /usr/sbin/postfix ] || [ ! -x /usr/bin/prosody ]; then
	[ -z "${SENNIT_REQUIRE_SERVERS:-}" ] || { echo "Bail out! Dovecot, Postfix or Prosody is missing"; exit 99; }
	echo "1..0 # SKIP Dovecot, Postfix or Prosody is not installed"
	exit 0
fi
exec /usr/bin/python3 "$source/tests/faults/$script" --builddir "$build"
