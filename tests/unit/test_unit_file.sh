#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The systemd unit as it is installed: what the program answers to, and what systemd thinks of it.
top=${TOP_SRCDIR:-$(dirname "$0")/../..}
build=${TOP_BUILDDIR:-.}
unit=$build/contrib/sennit.service
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
n=0
failed=0
check() { # NAME COMMAND...
	name=$1
	shift
	n=$((n + 1))
	if "$@"; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		failed=1
	fi
}

has() { grep -q "^$1\$" "$unit"; }
no_placeholder() { ! grep -q '@[a-z]*@' "$unit"; }
verified() {
	sed "s|^ExecStart=[^ ]*|ExecStart=$(cd "$build" && pwd)/sennit|" "$unit" >"$dir/sennit.service"
	XDG_RUNTIME_DIR=$dir systemd-analyze verify --user --man=no "$dir/sennit.service" 2>"$dir/said"
	code=$?
	sed 's/^/# /' "$dir/said"
	[ $code = 0 ] && [ ! -s "$dir/said" ]
}

check 'every placeholder is filled in' no_placeholder
check 'it waits for the end of a client instead of failing' \
	grep -q '^ExecStart=/.*/sennit engine --wait$' "$unit"
check 'it is told when it is ready' has 'Type=notify'
check 'a crash starts it again, wrong configuration and passwords do not' \
	sh -c 'grep -q "^Restart=on-failure$" "$1" && grep -q "^RestartPreventExitStatus=2 4$" "$1"' - "$unit"
check 'what it runs gains no privileges' has 'NoNewPrivileges=yes'
check 'nothing in it drops capabilities, which would keep a user service from starting' \
	sh -c '! grep -qE "^(ProtectClock|ProtectKernelModules|ProtectKernelLogs|PrivateDevices|CapabilityBoundingSet)=" "$1"' - "$unit"
if command -v systemd-analyze >/dev/null 2>&1; then
	check 'systemd finds nothing wrong with it' verified
else
	n=$((n + 1))
	echo "ok $n - systemd finds nothing wrong with it # SKIP no systemd-analyze here"
fi
echo "1..$n"
exit $failed
