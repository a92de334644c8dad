# SPDX-License-Identifier: GPL-3.0-or-later
# ejabberd.sh - the other XMPP server, on the same ports as Prosody: one of the two at a time. Sourced
# by `servers`. Without ejabberdctl (it insists on a user of its own), epmd and Erlang distribution.

ejabberd_config() {
	cat <<CONF
loglevel: info
hosts: ["$domain"]
certfiles: ["$dir/ejabberd/both.pem"]
auth_method: internal
auth_password_format: plain
disable_sasl_mechanisms: ["digest-md5", "X-OAUTH2"]
default_db: mnesia
s2s_access: none # nothing leaves this machine
listen:
  - {port: $((base + 6)), ip: "127.0.0.1", module: ejabberd_c2s, starttls_required: true,
     max_stanza_size: 1048576, access: c2s}
  - {port: $((base + 7)), ip: "127.0.0.1", module: ejabberd_c2s, tls: true,
     max_stanza_size: 1048576, access: c2s}
  - {port: $((base + 9)), ip: "127.0.0.1", module: ejabberd_http, tls: true,
     request_handlers: {"/upload": mod_http_upload, "/api": mod_http_api}}
api_permissions:
  "tests": {from: mod_http_api, who: {ip: "127.0.0.1/8"}, what: "*"}
acl: {local: {user_regexp: ""}}
# no shaper: the packaged one lets a client send 3000 bytes a second
access_rules: {c2s: {allow: all}, local: {allow: local}}
modules:
  mod_adhoc: {}
  mod_admin_extra: {}
  mod_blocking: {}
  mod_caps: {}
  mod_carboncopy: {}
  mod_client_state: {}
  mod_disco: {}
  mod_http_api: {}
  mod_http_upload:
    host: "upload.$domain"
    put_url: "https://127.0.0.1:$((base + 9))/upload"
    get_url: "https://127.0.0.1:$((base + 9))/upload"
    docroot: "$dir/ejabberd/upload"
    max_size: ${SN_XMPP_UPLOAD_MAX:-16777216}
  mod_last: {}
  mod_mam: {assume_mam_usage: true, default: always}
  mod_muc:
    host: "rooms.$domain"
    access: [{allow: all}]
    access_create: [{allow: all}]
    default_room_options: {persistent: true, mam: true, anonymous: false}
  mod_offline: {}
  mod_ping: {}
  mod_privacy: {}
  mod_private: {}
  mod_pubsub:
    plugins: [flat, pep]
    force_node_config: {"storage:bookmarks": {access_model: whitelist}}
  mod_roster: {versioning: true}
  mod_stream_mgmt: {resume_timeout: 300, resend_on_timeout: if_offline, max_ack_queue: infinity}
  mod_time: {}
  mod_vcard: {}
  mod_version: {}
CONF
}

ejabberd_api() { # ejabberd_api COMMAND JSON, whatever certificate it was given
	curl -sk -d "$2" "https://127.0.0.1:$((base + 9))/api/$1"
}

ejabberd_contact() { # ejabberd_contact PERSON OTHER
	ejabberd_api add_rosteritem "{\"localuser\":\"$1\",\"localhost\":\"$domain\",\"user\":\"$2\",
		\"host\":\"$domain\",\"nick\":\"$(echo "$2" | sed 's/./\U&/')\",\"group\":\"\",\"subs\":\"both\"}" \
		>/dev/null
}

start_ejabberd() {
	local home="$dir/ejabberd" register= person pair left=500 libs
	libs=$(ls -d /usr/lib/*/ejabberd-*/ebin 2>/dev/null | head -n 1) || true
	[ -n "$libs" ] && command -v erl >/dev/null || die "ejabberd is not installed"
	mkdir -p "$home/spool" "$home/upload" "$home/log"
	cat "$dir/ca/$cert.pem" "$dir/ca/$cert.key" >"$home/both.pem"
	chmod 600 "$home/both.pem"
	ejabberd_config >"$home/ejabberd.yml"
	printf '{lookup,["file","native"]}.\n' >"$home/inetrc"
	for person in $people; do
		register="$register ejabberd_auth:try_register(<<\"$person\">>,<<\"$domain\">>,<<\"$person-secret\">>),"
	done
	give "$home"
	(cd "$home" && exec env HOME="$home" ERL_LIBS="$(dirname "$(dirname "$libs")")" \
		EJABBERD_CONFIG_PATH="$home/ejabberd.yml" EJABBERD_LOG_PATH="$home/log/ejabberd.log" \
		EJABBERD_PID_PATH="$home/ejabberd.pid" ERL_CRASH_DUMP="$home/crash.dump" \
		ERL_CRASH_DUMP_BYTES=0 ERL_INETRC="$home/inetrc" \
		$as_user /usr/bin/erl -noinput -noshell +K true +S 2:2 -mnesia dir "\"$home/spool\"" \
		-kernel start_distribution false -s ejabberd -eval "$register ok." \
		</dev/null >"$dir/ejabberd.stdout" 2>&1) &
	wait_listening $((base + 6)) 60 && wait_listening $((base + 9)) 60 || {
		tail -n 30 "$dir/ejabberd.stdout" "$home/log/ejabberd.log" >&2
		die "ejabberd does not start"
	}
	# the ports open before the users exist
	until ejabberd_api check_account "{\"user\":\"carol\",\"host\":\"$domain\"}" | grep -q '^0'; do
		left=$((left - 1))
		[ $left -gt 0 ] || die "ejabberd has no users"
		sleep 0.05
	done
	if [ -z "${SN_XMPP_STRANGERS:-}" ]; then
		for pair in alice:bob ${SN_PAIRS:-}; do
			ejabberd_contact "${pair%:*}" "${pair#*:}"
			ejabberd_contact "${pair#*:}" "${pair%:*}"
		done
	fi
}

stop_ejabberd() { stop_pid_file "$dir/ejabberd/ejabberd.pid"; }
