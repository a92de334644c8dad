# SPDX-License-Identifier: GPL-3.0-or-later
# postfix.sh - submission (STARTTLS and TLS), into Dovecot by LMTP. Sourced by `servers`. With its own
# configuration, queue and log directories; nothing of the machine's Postfix is touched.
# ghost@ is accepted here and refused by LMTP: a real bounce. slow@ has a server that never answers:
# a warning after SN_SMTP_DELAY_WARNING. box@ is delivered by Postfix itself: a report says so. Mail for other domains is refused.

postfix_main() {
	cat <<CONF
compatibility_level = 3.6
queue_directory = $dir/postfix/spool
data_directory = $dir/postfix/data
mail_owner = postfix
setgid_group = postdrop
maillog_file = $dir/postfix/maillog
maillog_file_prefixes = $dir
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.$domain
mydestination =
mynetworks =
alias_maps =
local_recipient_maps =
virtual_mailbox_domains = $domain
virtual_mailbox_maps = inline:{$(for p in $people ghost slow box news; do printf '{%s@%s=x},' "$p" "$domain"; done | sed 's/,$//')}
virtual_transport = lmtp:inet:127.0.0.1:$((base + 2))
recipient_delimiter = +
default_transport = error:no mail leaves this machine
relay_transport = error:no mail leaves this machine
transport_maps = inline:{{slow@$domain=lmtp:inet:127.0.0.1:1},{box@$domain=virtual:}}
virtual_mailbox_base = $dir/postfix/boxes
virtual_minimum_uid = 1
virtual_uid_maps = static:$(id -u nobody)
virtual_gid_maps = static:$(id -g nobody)
${SN_SMTP_DELAY_WARNING:+delay_warning_time = $SN_SMTP_DELAY_WARNING}
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_tls_cert_file = $dir/ca/$cert.pem
smtpd_tls_key_file = $dir/ca/$cert.key
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:$((base + 3))
smtpd_relay_restrictions = permit_sasl_authenticated,reject
smtpd_recipient_restrictions = reject_unauth_destination,reject_unlisted_recipient
lmtp_destination_recipient_limit = 1
minimal_backoff_time = 2s
maximal_backoff_time = 5s
queue_run_delay = 2s
message_size_limit = ${SN_SMTP_SIZE:-26214400}
CONF
}

postfix_master() {
	cat <<CONF
127.0.0.1:$((base + 4)) inet n - n - - smtpd
127.0.0.1:$((base + 5)) inet n - n - - smtpd -o smtpd_tls_wrappermode=yes ${SN_SMTPS_NO_REPORTS:+-o smtpd_discard_ehlo_keywords=dsn}
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
error     unix  - - n - - error
lmtp      unix  - - n - - lmtp
virtual   unix  - n n - - virtual
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
CONF
}

start_postfix() {
	mkdir -p "$dir/postfix/etc" "$dir/postfix/spool" "$dir/postfix/data" "$dir/postfix/boxes"
	chmod 755 "$dir/postfix" "$dir/postfix/etc" "$dir/postfix/spool"
	postfix_main >"$dir/postfix/etc/main.cf"
	postfix_master >"$dir/postfix/etc/master.cf"
	: >"$dir/postfix/etc/dynamicmaps.cf"
	$as_root chown -R root:root "$dir/postfix"
	$as_root chown postfix "$dir/postfix/data"
	$as_root chown nobody "$dir/postfix/boxes"
	$as_root /usr/sbin/postfix -c "$dir/postfix/etc" start >"$dir/postfix.start" 2>&1 &&
		wait_listening $((base + 4)) 15 || {
		cat "$dir/postfix.start" "$dir/postfix/maillog" >&2
		die "Postfix does not start"
	}
}

stop_postfix() {
	[ ! -d "$dir/postfix/etc" ] ||
		$as_root /usr/sbin/postfix -c "$dir/postfix/etc" stop >/dev/null 2>&1 || true
	[ -z "$as_root" ] || $as_root rm -rf "$dir/postfix"
}
