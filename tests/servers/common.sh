# SPDX-License-Identifier: GPL-3.0-or-later
# common.sh - sourced by `servers` and the scripts of single servers.
#
# Everything lies below one throw-away directory $dir and listens on 127.0.0.1 at $base + n:
#   +0 IMAP (STARTTLS)   +1 IMAPS   +2 LMTP   +3 SASL for Postfix   +4 SMTP (STARTTLS)   +5 SMTPS
#   +6 XMPP (STARTTLS)   +7 XMPP (direct TLS)   +8 HTTP   +9 HTTPS (upload)   +10 HTTPS (OAuth 2.0)
# Dovecot and Prosody run as one ordinary user: `nobody` when root starts them, else the caller.
# Postfix needs root: sudo is used when the caller is somebody else.

here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
people="alice bob carol"
# SN_PAIRS: more people, by pairs who have each other in their rosters: "ann:ben cleo:dan"
people="$people $(echo "${SN_PAIRS:-}" | tr : ' ')"
domain=example.test

if [ "$(id -u)" = 0 ]; then
	run_user=nobody
	as_user="setpriv --reuid=$(id -u nobody) --regid=$(id -g nobody) --clear-groups --inh-caps=-all --"
	as_root=
else
	run_user=$(id -un)
	as_user=
	as_root=sudo
fi
run_group=$(id -gn "$run_user")

die() {
	echo "servers: $*" >&2
	exit 1
}

give() { # give PATH...: to the user the servers run as
	[ "$(id -u)" != 0 ] || chown -R "$run_user:$run_group" "$@"
}

listening() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

wait_listening() { # wait_listening PORT SECONDS
	local left=$(($2 * 50))
	until listening "$1"; do
		left=$((left - 1))
		[ $left -gt 0 ] || return 1
		sleep 0.02
	done
}

# A zombie still answers kill -0, and a container's init may take seconds to reap it.
alive() { [ -r "/proc/$1/status" ] && ! grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null; }

read_pid() { # the first line of a pid file, if it is a number
	local pid=
	[ -r "$1" ] && read -r pid <"$1" || true
	case $pid in '' | *[!0-9]*) return 1 ;; esac
	echo "$pid"
}

stop_pid_file() { # TERM, at most five seconds, then KILL; only the process of our own file
	local pid left=250
	pid=$(read_pid "$1") || return 0
	if alive "$pid"; then
		kill -TERM "$pid" 2>/dev/null || $as_root kill -TERM "$pid" 2>/dev/null || true
		while [ $left -gt 0 ] && alive "$pid"; do
			sleep 0.02
			left=$((left - 1))
		done
		! alive "$pid" || kill -KILL "$pid" 2>/dev/null || true
	fi
	rm -f "$1"
}
