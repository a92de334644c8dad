# SPDX-License-Identifier: GPL-3.0-or-later
# lists.sh - a server that takes people off mailing lists. Sourced by `servers`.

start_lists() {
	mkdir -p "$dir/lists"
	/usr/bin/python3 "$here/lists.py" $((base + 11)) "$dir/ca/$cert.pem" "$dir/ca/$cert.key" \
		"$dir/lists/requests" >"$dir/lists/log" 2>&1 &
	echo $! >"$dir/lists/pid"
	wait_listening $((base + 11)) 10 || {
		cat "$dir/lists/log" >&2
		die "the server of mailing lists does not start"
	}
}

stop_lists() { stop_pid_file "$dir/lists/pid"; }
