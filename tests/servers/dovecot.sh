# SPDX-License-Identifier: GPL-3.0-or-later
# dovecot.sh - IMAP, and LMTP and SASL for Postfix. Sourced by `servers`.

dovecot_config() {
	cat <<CONF
base_dir = $dir/dovecot/run
state_dir = $dir/dovecot/state
instance_name = sennit-$base
log_path = $dir/dovecot/dovecot.log
info_log_path = $dir/dovecot/info.log
default_internal_user = $run_user
default_internal_group = $run_group
default_login_user = $run_user
first_valid_uid = 1
first_valid_gid = 1
protocols = imap lmtp
listen = 127.0.0.1${simple:+, 127.0.0.2}
service imap-login {
  chroot =
  process_min_avail = 1
  service_count = 0
  client_limit = 500
  inet_listener imap {
    port = $base
  }
  inet_listener imaps {
    port = $((base + 1))
    ssl = yes
  }
}
service imap {
  service_count = 100
  process_limit = 256
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = $((base + 2))
  }
}
service anvil {
  chroot =
  # no growing delay after wrong passwords
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  chroot =
}
service auth {
  # kept alive: a login after a minute of silence would otherwise wait for a new one
  process_min_avail = 1
  idle_kill = 4294967295 secs
  inet_listener sasl {
    address = 127.0.0.1
    port = $((base + 3))
  }
}
ssl = yes
ssl_cert = <$dir/ca/$cert.pem
ssl_key = <$dir/ca/$cert.key
ssl_min_protocol = TLSv1.2
disable_plaintext_auth = yes
auth_failure_delay = 0
auth_mechanisms = plain login scram-sha-1 scram-sha-256 ${oauth:+xoauth2 oauthbearer}
auth_username_format = %Lu
$(dovecot_oauth)
passdb {
  driver = passwd-file
  mechanisms = plain login scram-sha-1 scram-sha-256
  args = username_format=%u $dir/dovecot/users
}
userdb {
  driver = passwd-file
  args = username_format=%u $dir/dovecot/users
  override_fields = uid=$(id -u "$run_user") gid=$(id -g "$run_user")
}
mail_location = maildir:~/Maildir
$(dovecot_limits)
mail_fsync = never
mail_max_userip_connections = 100
# what no file notice tells of, names of folders among it
mailbox_idle_check_interval = 1 s
recipient_delimiter = +
protocol imap {
  mail_plugins = \$mail_plugins zlib imap_zlib ${limits:+imap_quota imap_acl}
  imap_idle_notify_interval = 30 s
}
protocol lmtp {
  postmaster_address = postmaster@$domain
}
namespace inbox {
  inbox = yes
  separator = /
  mailbox Drafts {
    auto = subscribe
    special_use = \\Drafts
  }
  mailbox Sent {
    auto = subscribe
    special_use = \\Sent
  }
  mailbox Trash {
    auto = subscribe
    special_use = \\Trash
  }
  mailbox Junk {
    auto = subscribe
    special_use = \\Junk
  }
  mailbox Archive {
    auto = subscribe
    special_use = \\Archive
  }
}
CONF
	[ -z "$simple" ] || cat <<CONF
local 127.0.0.2 {
  protocol imap {
    imap_capability = IMAP4rev1
  }
}
CONF
}

dovecot_limits() { # a full mailbox, and folders that can only be read
	[ -n "$limits" ] || return 0
	cat <<CONF
mail_plugins = quota acl
plugin {
  quota = maildir:User quota
  quota_rule = *:storage=1G
  quota_grace = 0
  acl = vfile:cache_secs=1
}
CONF
}

quota_of() {
	[ -z "$limits" ] || [ "$1" != carol ] || echo "userdb_quota_rule=*:storage=2M"
}

start_dovecot() {
	local person
	# A stale socket of an earlier run costs five seconds at the first login.
	rm -rf "$dir/dovecot/run"
	mkdir -p "$dir/dovecot/run" "$dir/dovecot/mail"
	[ ${#dir} -lt 70 ] || die "the directory's name is too long for unix sockets: $dir"
	for person in $people; do
		echo "$person@$domain:{PLAIN}$person-secret::::$dir/dovecot/mail/$person::$(quota_of "$person")"
	done >"$dir/dovecot/users"
	dovecot_config >"$dir/dovecot/dovecot.conf"
	give "$dir/dovecot"
	$as_user /usr/sbin/dovecot -c "$dir/dovecot/dovecot.conf" 2>>"$dir/dovecot/stderr" &&
		wait_listening "$base" 10 && wait_listening $((base + 2)) 10 || {
		cat "$dir/dovecot/stderr" "$dir/dovecot/dovecot.log" >&2
		die "Dovecot does not start"
	}
}

stop_dovecot() { stop_pid_file "$dir/dovecot/run/master.pid"; }
