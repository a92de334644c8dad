# SPDX-License-Identifier: GPL-3.0-or-later
# oauth.sh - an OAuth 2.0 server, and Dovecot's way to ask it. Sourced by `servers`.

dovecot_oauth() { # what Dovecot needs to believe its tokens
	[ -n "$oauth" ] || return 0
	cat >"$dir/dovecot/oauth2.conf" <<CONF
introspection_mode = post
introspection_url = https://localhost:$((base + 10))/introspect
tls_ca_cert_file = $dir/ca/ca.pem
username_attribute = username
username_format = %Lu
active_attribute = active
active_value = true
CONF
	cat <<CONF
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = $dir/dovecot/oauth2.conf
}
CONF
}

start_oauth() {
	mkdir -p "$dir/oauth"
	/usr/bin/python3 "$here/oauth.py" $((base + 10)) "$dir/ca/good.pem" "$dir/ca/good.key" \
		"$dir/oauth/requests" >"$dir/oauth/log" 2>&1 &
	echo $! >"$dir/oauth/pid"
	wait_listening $((base + 10)) 10 || {
		cat "$dir/oauth/log" >&2
		die "the OAuth server does not start"
	}
}

stop_oauth() { stop_pid_file "$dir/oauth/pid"; }
