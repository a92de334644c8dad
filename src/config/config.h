/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * config.h - where a profile lies, and what its configuration files say.
 *
 * Files are written by people and never rewritten by the program except by `sennit init`, which
 * keeps comments. Every error names file, line and the nearest right word (SN_ERROR_CONFIG).
 * A loaded SnConfig is immutable and may be read by any thread; it is reference counted.
 */
#ifndef SN_CONFIG_CONFIG_H
#define SN_CONFIG_CONFIG_H

#include <glib.h>

#include "src/base/clock.h"
#include "src/base/error.h"
#include "src/base/hours.h"
#include "src/store/people.h"
#include "src/store/receipt.h"
#include "src/store/terms.h"

/* Directories of the profile: XDG base directories; with -c DIR: DIR itself holds the configuration
 * and data, state and runtime lie below it. Made 0700 when missing. */
typedef struct {
	char *config;  /* sennit.conf accounts.conf binds.conf themes/ */
	char *data;    /* sennit.db, engine.lock */
	char *state;   /* log, input history */
	char *runtime; /* sockets */
	char *download;
	char *store_path, *lock_path, *log_path;
	char *keys;    /* a GNUPGHOME of our own; made when there is a key to keep */
} SnPaths;
/* dir: the argument of -c, or NULL. */
SnPaths *sn_paths_new(const char *dir, GError **error);
void sn_paths_free(SnPaths *paths);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnPaths, sn_paths_free)

typedef enum { SN_TLS_DIRECT, SN_TLS_START, SN_TLS_NONE /* loopback only */ } SnTls;

typedef enum {
	SN_ENDPOINT_NONE,
	SN_ENDPOINT_IMAP,
	SN_ENDPOINT_MAILDIR,
	SN_ENDPOINT_SMTP,
	SN_ENDPOINT_SENDMAIL,
	SN_ENDPOINT_XMPP,
} SnEndpointKind;

typedef struct {
	SnEndpointKind kind;
	SnTls tls;
	char *user;     /* login name; for XMPP the bare JID */
	char *host;     /* name the certificate must match; for XMPP the JID's domain */
	char *connect_host; /* other host to connect to (im-host, or the URL's); NULL = host, by SRV */
	guint16 port;   /* 0 = the default of the scheme, or SRV */
	char *path;     /* maildir directory, sendmail command line */
	char *ca_file;  /* extra trust anchors (PEM); NULL */
	char **password_command; /* argv; NULL */
	char **oauth2_command;   /* argv, prints an access token; NULL */
	struct sn_oauth2 *oauth2; /* src/config/oauth2.h: sennit gets the tokens itself; NULL */
} SnEndpoint;
/* It logs in with an access token instead of a password. */
gboolean sn_endpoint_wants_token(const SnEndpoint *endpoint);

/* Somebody that the user writes as. */
typedef struct {
	char *address;
	char *name;      /* NULL */
	char *reply_to;  /* where answers are to go; NULL */
	char *signature; /* without its delimiter; NULL */
} SnIdentity;

typedef struct {
	char *name;          /* section name */
	char *from_name;     /* NULL */
	char *from_address;  /* NULL when the account has no mail end */
	char **aliases;      /* other own addresses; NULL-terminated, never NULL */
	GPtrArray *identities; /* of SnIdentity: the account's own first, then aliases and the
	                        * [account/name] sections; empty without a mail end */
	SnEndpoint source, outgoing, im; /* kind NONE when absent */
	char **folders;      /* globs of folders to sync; empty = INBOX and special-use; never NULL */
	char *chat_folder;   /* where transcripts of IM conversations go; "" = nowhere */
	char *copy_to;       /* folder or role for the Sent copy; "" = none; default "sent" */
	SnRule if_unavailable;
	/* the policy of the account; unset: that of [delivery] */
	gboolean has_not_available;
	guint not_available; /* 1 << SnPresenceShow */
	SnHours *quiet_hours; /* NULL: unset */
	char *time_zone;      /* NULL: unset */
	char *signature;     /* NULL */
	char *reply_to;      /* NULL */
	gboolean sign;        /* email is signed */
	SnEncrypt encrypt;    /* the least for its email */
	SnReports reports;    /* of delivery, asked for; never DEFAULT */
	char *key;            /* to sign with, a fingerprint or address; NULL: by from */
	char **own_servers;  /* between authserv_id and the mailbox; never NULL once read */
	char *authserv_id;   /* whose Authentication-Results are believed; NULL */
	gboolean enabled;
} SnAccount;

/*
 * sennit.conf is one table (src/config/options.h): X(section, key, type, default, meaning). The
 * fields of SnSettings are generated from it, as are the man page and the checks.
 */
#include "src/config/options.h"

typedef struct sn_config SnConfig;

SnConfig *sn_config_load(const SnPaths *paths, GError **error);
/* From text instead of files, for tests. NULL text = empty. */
SnConfig *sn_config_parse(const char *accounts, const char *settings, GError **error);
/* The same; relative paths in accounts.conf are below `dir`. */
SnConfig *sn_config_parse_at(const char *accounts, const char *settings, const char *dir,
                             GError **error);
SnConfig *sn_config_ref(SnConfig *config);
void sn_config_unref(SnConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnConfig, sn_config_unref)

const SnSettings *sn_config_settings(const SnConfig *config);
/* SnPaths.keys of the profile; NULL when it was not loaded from one. */
const char *sn_config_keys(const SnConfig *config);
gsize sn_config_account_count(const SnConfig *config);
const SnAccount *sn_config_account(const SnConfig *config, gsize index);
const SnAccount *sn_config_account_named(const SnConfig *config, const char *name); /* NULL */
/* The identity with this address, whatever its case; NULL. The account's, or of any (the account in
 * *account, which may be NULL). */
const SnIdentity *sn_account_identity(const SnAccount *account, const char *address);
const SnIdentity *sn_config_identity(const SnConfig *config, const char *address,
                                     const SnAccount **account);
/* Declares the accounts to the store (sn_own_accounts_set). */
gboolean sn_config_declare(const SnConfig *config, SnStore *store, GError **error);

/* ---- the tables, for manual, completion and help ---- */

typedef struct {
	const char *section, *key, *type, *fallback, *meaning; /* key with '_', as in SnSettings */
} SnOption;
const SnOption *sn_options(gsize *count);
char *sn_option_key(const SnOption *option); /* as written in the file; caller frees */

typedef struct {
	const char *key, *value, *meaning;
} SnAccountKey;
const SnAccountKey *sn_account_key(gsize index); /* NULL after the last */

/* ---- values ---- */

/* "90s" "1h30m" "7d" "0" (ms s m h d w); at most ten years. */
gboolean sn_duration_parse(const char *text, SnTime *value);
/* "4096" "64k" "10M" (k M G T, powers of 1024). */
gboolean sn_bytes_parse(const char *text, gint64 *value);
/* "offline,xa,dnd" -> 1 << SnPresenceShow of each; NULL, or what is wrong (caller frees). */
char *sn_shows_parse(const char *text, guint *mask);
char *sn_shows_format(guint mask); /* "offline,xa,dnd"; caller frees */
/* "Alice Liddell <alice@example.org>" or a bare address; name NULL when there is none. */
gboolean sn_mailbox_parse(const char *text, char **name, char **address);

/* `source` "maildir:///path", "imaps://user@host[:port]", ... SN_ERROR_CONFIG says what is wrong. */
gboolean sn_endpoint_parse(const char *url, SnEndpoint *endpoint, GError **error);
void sn_endpoint_clear(SnEndpoint *endpoint);
void sn_endpoint_copy(SnEndpoint *to, const SnEndpoint *from);
/* The URL (or command line) that gives this endpoint again; caller frees. */
char *sn_endpoint_format(const SnEndpoint *endpoint);
const char *sn_endpoint_protocol(const SnEndpoint *endpoint); /* "imap" "smtp" "xmpp" ...; static */
/* "host", "host:port", "[::1]:port"; port 0 when absent. */
gboolean sn_host_port_parse(const char *text, char **host, guint16 *port, GError **error);

/*
 * The password (or, with an oauth2-command, the token) of an endpoint: its command's first line,
 * else libsecret. Blocks for up to a minute (runs a program, without a shell): never on the UI
 * thread. SN_ERROR_AUTH says what was tried. Free with sn_secret_free().
 */
char *sn_secret_get(const SnEndpoint *endpoint, GError **error);
/* The first line that the command prints; SN_ERROR_AUTH. */
char *sn_secret_command(char **argv, int timeout_ms, GError **error);
/* Runs the command with the secret and a newline on its standard input; SN_ERROR_AUTH. */
gboolean sn_secret_feed(char **argv, const char *secret, int timeout_ms, GError **error);
/* Puts a password into the desktop's secret service; SN_ERROR_UNAVAILABLE when there is none. */
gboolean sn_secret_store(const SnEndpoint *endpoint, const char *secret, GError **error);
/* Takes it out again; nothing when it is not there. */
void sn_secret_forget(const SnEndpoint *endpoint);
/* Wipes, then frees; NULL is fine. */
void sn_secret_free(char *secret);

#endif
