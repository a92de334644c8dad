# SPDX-License-Identifier: GPL-3.0-or-later
# prosody.sh - XMPP with archive, carbons, stream management, upload, rooms. Sourced by `servers`.

prosody_config() {
	local open_module= open_option=
	if [ -n "${SN_XMPP_OPEN_PEP:-}" ]; then
		open_module='"test_open_pep";'
		open_option="open_pep = \"$SN_XMPP_OPEN_PEP\""
	fi
	cat <<CONF
pidfile = "$dir/prosody/prosody.pid"
data_path = "$dir/prosody/data"
admin_socket = "$dir/prosody/admin.sock"
log = { info = "$dir/prosody/prosody.log" }
interfaces = { "127.0.0.1" }
local_interfaces = { "127.0.0.1" }
c2s_ports = { $((base + 6)) }
c2s_direct_tls_ports = { $((base + 7)) }
http_ports = { $((base + 8)) }
http_interfaces = { "127.0.0.1" }
https_ports = { $((base + 9)) }
https_interfaces = { "127.0.0.1" }
modules_disabled = { "s2s"; ${SN_XMPP_NO_OFFLINE:+"offline";} } -- nothing leaves this machine
use_dns = false
c2s_require_encryption = true
authentication = "internal_plain" -- SCRAM-SHA-1 and -256 are offered
default_storage = "internal"
storage = { archive = "${SN_XMPP_ARCHIVE:-internal}"; muc_log = "${SN_XMPP_ARCHIVE:-internal}" }
ssl = { certificate = "$dir/ca/$cert.pem"; key = "$dir/ca/$cert.key" }
https_ssl = { certificate = "$dir/ca/$cert.pem"; key = "$dir/ca/$cert.key" }
c2s_direct_tls_ssl = { certificate = "$dir/ca/$cert.pem"; key = "$dir/ca/$cert.key" }
modules_enabled = {
  "roster"; "saslauth"; "tls"; "disco"; "posix"; "ping"; "time"; "version"; "uptime"; "private";
  "vcard4"; "vcard_legacy"; "pep"; "bookmarks"; "blocklist"; "carbons"; "smacks"; "csi_simple";
  "offline"; "message"; "presence"; "iq"; "admin_shell"; ${SN_XMPP_NO_ARCHIVE:+--} "mam";
  $open_module
}
plugin_paths = { "$dir/prosody/plugins" }
$open_option
smacks_hibernation_time = 300
smacks_max_unacked_stanzas = 0
archive_expires_after = "never"
default_archive_policy = true
csi_resume_inactive_delay = 0.005 -- who sleeps again does so at once
max_archive_query_results = 250
http_default_host = "upload.$domain"
-- an address instead of a name sends no SNI, which Prosody would refuse for an unknown name
http_external_url = "https://127.0.0.1:$((base + 9))/"
gc = { speed = 500 }
${SN_XMPP_STANZA_MAX:+c2s_stanza_size_limit = $SN_XMPP_STANZA_MAX}
VirtualHost "$domain"
disco_items = { { "upload.$domain", "file upload" }; { "rooms.$domain", "rooms" } }
Component "rooms.$domain" "muc"
  modules_enabled = { "muc_mam" }
  restrict_room_creation = false
  muc_room_default_persistent = true
  muc_room_locking = false
Component "plain.$domain" "muc" -- rooms without an archive
  restrict_room_creation = false
  muc_room_default_persistent = true
  muc_room_locking = false
Component "upload.$domain" "http_file_share"
  http_file_share_size_limit = ${SN_XMPP_UPLOAD_MAX:-16777216}
  http_file_share_access = { "$domain" }
CONF
	[ -z "${SN_XMPP_CROWD:-}" ] || cat <<CONF
Component "crowd.$domain" "test_crowd" -- SN_XMPP_CROWD people in the room big@rooms.$domain
  crowd = $SN_XMPP_CROWD
  crowd_room = "big@rooms.$domain"
CONF
}

# Contacts who know each other from the start: subscription in both directions.
prosody_roster() { # prosody_roster PERSON OTHER...
	local person=$1 other
	shift
	echo 'return {'
	echo '	[false] = { ["version"] = 1; };'
	for other in "$@"; do
		printf '\t["%s@%s"] = { ["subscription"] = "both"; ["groups"] = {}; ["name"] = "%s"; };\n' \
			"$other" "$domain" "$(echo "$other" | sed 's/./\U&/')"
	done
	echo '};'
}

start_prosody() {
	local data="$dir/prosody/data/$(echo "$domain" | sed 's/\./%2e/g')" person pair
	mkdir -p "$data/accounts" "$data/roster"
	for person in $people; do
		[ -e "$data/accounts/$person.dat" ] ||
			printf 'return { ["password"] = "%s-secret"; };\n' "$person" >"$data/accounts/$person.dat"
	done
	if [ -z "${SN_XMPP_STRANGERS:-}" ]; then
		[ -e "$data/roster/alice.dat" ] || prosody_roster alice bob >"$data/roster/alice.dat"
		[ -e "$data/roster/bob.dat" ] || prosody_roster bob alice >"$data/roster/bob.dat"
		for pair in ${SN_PAIRS:-}; do
			prosody_roster "${pair%:*}" "${pair#*:}" >"$data/roster/${pair%:*}.dat"
			prosody_roster "${pair#*:}" "${pair%:*}" >"$data/roster/${pair#*:}.dat"
		done
	fi
	mkdir -p "$dir/prosody/plugins"
	cp "$here"/mod_*.lua "$dir/prosody/plugins/"
	prosody_config >"$dir/prosody/prosody.cfg.lua"
	give "$dir/prosody"
	# As root it would crash inside its own refusal to run as root, and go on serving.
	HOME="$dir/prosody" $as_user /usr/bin/prosody -F --config "$dir/prosody/prosody.cfg.lua" \
		</dev/null >"$dir/prosody.stdout" 2>&1 &
	wait_listening $((base + 6)) 15 && wait_listening $((base + 9)) 15 || {
		cat "$dir/prosody.stdout" "$dir/prosody/prosody.log" >&2
		die "Prosody does not start"
	}
}

stop_prosody() { stop_pid_file "$dir/prosody/prosody.pid"; }
