/* SPDX-License-Identifier: GPL-3.0-or-later */
/* accounts.c - accounts.conf: one section for each account. */
#include <string.h>

#include "src/config/config_private.h"
#include "src/config/oauth2.h"

enum { MAX_ACCOUNTS = 64, MAX_SIGNATURE = 8192 };

/* One section while it is read. Commands stay here until all keys are known, because the general
 * one applies to the ends that have none of their own. */
typedef struct {
	SnAccount *account;
	const char *dir;
	const char *im_host; /* of the section's entry */
	char *ca_file;
	char **password[4], **oauth2[4]; /* general, source, outgoing, im */
	SnOauth2 own_oauth2; /* provider NULL: none */
} Reading;

enum { END_ANY, END_SOURCE, END_OUTGOING, END_IM };

/* What is wrong with the value, or NULL (caller frees). */
typedef char *(*ReadKey)(Reading *reading, const char *value, int end);

static char *read_from(Reading *reading, const char *value, int end)
{
	SnAccount *account = reading->account;

	return sn_mailbox_parse(value, &account->from_name, &account->from_address) ? NULL :
	       g_strdup(": write it as Alice Liddell <alice@example.org>");
}

static SnIdentity *identity_new(const char *address, const char *name)
{
	SnIdentity *identity = g_new0(SnIdentity, 1);

	identity->address = g_strdup(address);
	identity->name = g_strdup(name);
	return identity;
}

static void identity_free(gpointer data)
{
	SnIdentity *identity = data;

	g_free(identity->address);
	g_free(identity->name);
	g_free(identity->reply_to);
	g_free(identity->signature);
	g_free(identity);
}

static char *read_reply_to(Reading *reading, const char *value, int end)
{
	g_autofree char *name = NULL, *address = NULL;

	g_free(reading->account->reply_to);
	reading->account->reply_to = NULL;
	if (!sn_mailbox_parse(value, &name, &address))
		return g_strdup(": write it as an address like alice@example.org");
	reading->account->reply_to = g_steal_pointer(&address);
	return NULL;
}

static char *read_aliases(Reading *reading, const char *value, int end)
{
	g_auto(GStrv) items = g_strsplit(value, ",", -1);
	g_autoptr(GStrvBuilder) list = g_strv_builder_new();

	for (gsize i = 0; items[i]; i++) {
		g_autofree char *name = NULL, *address = NULL;
		if (!*g_strstrip(items[i]))
			continue;
		if (!sn_mailbox_parse(items[i], &name, &address))
			return g_strdup_printf(": '%s' is no address; several are separated by commas",
			                       items[i]);
		g_strv_builder_add(list, address);
		g_ptr_array_add(reading->account->identities, identity_new(address, name));
	}
	g_strfreev(reading->account->aliases);
	reading->account->aliases = g_strv_builder_end(list);
	return NULL;
}

static SnEndpoint *endpoint_of(SnAccount *account, int end)
{
	g_assert(end >= END_SOURCE && end <= END_IM);
	return end == END_SOURCE ? &account->source :
	       end == END_OUTGOING ? &account->outgoing : &account->im;
}

static char *read_end(Reading *reading, const char *value, int end)
{
	static const struct {
		SnEndpointKind one, other;
		const char *expected;
	} kinds[] = {
		[END_SOURCE] = { SN_ENDPOINT_IMAP, SN_ENDPOINT_MAILDIR,
		                 "imaps://you@host, imap+starttls://you@host or maildir:///path" },
		[END_OUTGOING] = { SN_ENDPOINT_SMTP, SN_ENDPOINT_SENDMAIL,
		                   "smtps://you@host, smtp+starttls://you@host or a sendmail command" },
		[END_IM] = { SN_ENDPOINT_XMPP, SN_ENDPOINT_XMPP,
		             "xmpp://you@domain or xmpps://you@domain" },
	};
	SnEndpoint *endpoint = endpoint_of(reading->account, end);
	g_autoptr(GError) error = NULL;

	if (end != END_OUTGOING && !strstr(value, "://"))
		return g_strdup_printf(": write %s", kinds[end].expected);
	if (!sn_endpoint_parse(value, endpoint, &error))
		return g_strdup_printf(": %s", error->message);
	if (endpoint->kind != kinds[end].one && endpoint->kind != kinds[end].other) {
		sn_endpoint_clear(endpoint);
		return g_strdup_printf(": write %s here", kinds[end].expected);
	}
	return NULL;
}

static char *read_im_host(Reading *reading, const char *value, int end)
{
	g_autofree char *host = NULL;
	g_autoptr(GError) error = NULL;
	guint16 port;

	if (!sn_host_port_parse(value, &host, &port, &error))
		return g_strdup_printf(": %s", error->message);
	reading->im_host = value;
	return NULL;
}

static char *read_command(char ***argv, const char *value)
{
	g_autoptr(GError) error = NULL;

	g_strfreev(*argv);
	*argv = NULL;
	if (g_shell_parse_argv(value, NULL, argv, &error))
		return NULL;
	/* GLib's message repeats the whole text; say only what to do */
	return g_strdup(*value ? ": unbalanced quotes in the command" : ": a command is missing");
}

static char *read_password_command(Reading *reading, const char *value, int end)
{
	return read_command(&reading->password[end], value);
}

static char *read_oauth2_command(Reading *reading, const char *value, int end)
{
	return read_command(&reading->oauth2[end], value);
}

static char *read_oauth2_provider(Reading *reading, const char *value, int end)
{
	if (!sn_oauth2_provider(value) && !g_str_has_prefix(value, "https://"))
		return g_strdup(": write google, microsoft or the https:// address of the issuer");
	reading->own_oauth2.provider = g_strdup(value);
	return NULL;
}

static char *read_oauth2_client_id(Reading *reading, const char *value, int end)
{
	reading->own_oauth2.client_id = g_strdup(value);
	return *value ? NULL : g_strdup(": a client id is missing");
}

static char *read_oauth2_scope(Reading *reading, const char *value, int end)
{
	reading->own_oauth2.scope = sn_ini_unquote(value);
	return NULL;
}

static char *read_oauth2_secret_command(Reading *reading, const char *value, int end)
{
	return read_command(&reading->own_oauth2.client_secret_command, value);
}

static char *read_oauth2_refresh_command(Reading *reading, const char *value, int end)
{
	return read_command(&reading->own_oauth2.refresh_command, value);
}

static char *read_oauth2_store_command(Reading *reading, const char *value, int end)
{
	return read_command(&reading->own_oauth2.store_command, value);
}

static char *read_ca_file(Reading *reading, const char *value, int end)
{
	g_free(reading->ca_file);
	reading->ca_file = sn_path_expand(value, reading->dir);
	if (reading->ca_file && !g_file_test(reading->ca_file, G_FILE_TEST_IS_REGULAR))
		return g_strdup_printf(": there is no file %s", reading->ca_file);
	return NULL;
}

static char *read_folders(Reading *reading, const char *value, int end)
{
	g_auto(GStrv) items = g_strsplit(value, ",", -1);
	g_autoptr(GStrvBuilder) list = g_strv_builder_new();

	for (gsize i = 0; items[i]; i++)
		if (*g_strstrip(items[i]))
			g_strv_builder_add(list, items[i]);
	g_strfreev(reading->account->folders);
	reading->account->folders = g_strv_builder_end(list);
	return NULL;
}

static char *read_chat_folder(Reading *reading, const char *value, int end)
{
	g_autofree char *name = sn_ini_unquote(value);

	if (g_ascii_strcasecmp(name, "inbox") == 0)
		return g_strdup(": transcripts need a folder of their own");
	g_free(reading->account->chat_folder);
	reading->account->chat_folder = g_steal_pointer(&name);
	return NULL;
}

static char *read_copy_to(Reading *reading, const char *value, int end)
{
	g_free(reading->account->copy_to);
	reading->account->copy_to = sn_ini_unquote(value);
	return NULL;
}

static char *read_if_unavailable(Reading *reading, const char *value, int end)
{
	return sn_rule_from_file(value, &reading->account->if_unavailable) ? NULL :
	       sn_problems_hint(value, sn_rule_file_words);
}

static char *read_not_available(Reading *reading, const char *value, int end)
{
	reading->account->has_not_available = TRUE;
	return sn_shows_parse(value, &reading->account->not_available);
}

static char *read_quiet_hours(Reading *reading, const char *value, int end)
{
	g_autofree char *problem = NULL;

	reading->account->quiet_hours = sn_hours_parse(value, &problem);
	return reading->account->quiet_hours ? NULL : g_strdup_printf(": %s", problem);
}

static char *read_time_zone(Reading *reading, const char *value, int end)
{
	reading->account->time_zone = g_strdup(value);
	return sn_zone_check(value) ? NULL :
	       g_strdup(": no such time zone; write a name like Europe/Berlin or UTC");
}

/* A text, or the path of a file that holds it. */
static char *read_signature(Reading *reading, const char *value, int end)
{
	g_autofree char *text = NULL;
	gsize length;

	if (*value == '/' || g_str_has_prefix(value, "~/")) {
		g_autofree char *path = sn_path_expand(value, reading->dir);
		g_autoptr(GError) error = NULL;
		if (!g_file_get_contents(path, &text, &length, &error))
			return g_strdup_printf(": %s", error->message);
		if (length > MAX_SIGNATURE || !g_utf8_validate(text, (gssize)length, NULL))
			return g_strdup_printf(": %s is not a text of at most %d bytes in UTF-8", path,
			                       MAX_SIGNATURE);
	} else {
		text = sn_ini_unquote(value);
	}
	g_free(reading->account->signature);
	reading->account->signature = *g_strchomp(text) ? g_steal_pointer(&text) : NULL;
	return NULL;
}

static char *read_sign(Reading *reading, const char *value, int end)
{
	static const char *const words[] = { "true", "false", NULL };

	if (!g_strv_contains(words, value))
		return sn_problems_hint(value, words);
	reading->account->sign = strcmp(value, "true") == 0;
	return NULL;
}

static char *read_encrypt(Reading *reading, const char *value, int end)
{
	static const char *const words[] = { "none", "if-possible", "required", NULL };

	return sn_encrypt_parse(value, &reading->account->encrypt) ? NULL : sn_problems_hint(value, words);
}

static char *read_reports(Reading *reading, const char *value, int end)
{
	static const char *const words[] = { "all", "failures", "none", NULL };

	if (!g_strv_contains(words, value))
		return sn_problems_hint(value, words);
	return sn_reports_parse(value, &reading->account->reports) ? NULL : sn_problems_hint(value, words);
}

static char *read_key(Reading *reading, const char *value, int end)
{
	if (*value == '-')
		return g_strdup(": a fingerprint or an address");
	g_free(reading->account->key);
	reading->account->key = *value ? g_strdup(value) : NULL;
	return NULL;
}

static char *read_authserv_id(Reading *reading, const char *value, int end)
{
	g_free(reading->account->authserv_id);
	reading->account->authserv_id = *value ? g_strdup(value) : NULL;
	return NULL;
}

static char *read_own_servers(Reading *reading, const char *value, int end)
{
	g_auto(GStrv) words = g_strsplit_set(value, ", \t", -1);
	g_autoptr(GStrvBuilder) names = g_strv_builder_new();

	for (char **word = words; *word; word++) {
		if (strpbrk(*word, "@/:*"))
			return g_strdup(": names of servers or domains, separated by commas");
		if (**word)
			g_strv_builder_add(names, *word);
	}
	g_strfreev(reading->account->own_servers);
	reading->account->own_servers = g_strv_builder_end(names);
	return NULL;
}

static char *read_enabled(Reading *reading, const char *value, int end)
{
	static const char *const words[] = { "true", "false", NULL };

	if (!g_strv_contains(words, value))
		return sn_problems_hint(value, words);
	reading->account->enabled = strcmp(value, "true") == 0;
	return NULL;
}

typedef struct {
	SnAccountKey text; /* what the manual says */
	ReadKey read;
	int end;
} Key;

static const Key keys[] = {
	{ { "from", "Name <address>", "your name and email address; required for mail" }, read_from },
	{ { "aliases", "address, ...", "other addresses that are yours, each as Name <address> or bare; you can write as each of them" }, read_aliases },
	{ { "source", "URL", "where email comes from: imaps:// imap+starttls:// maildir:// (imap+insecure:// on this machine only)" },
	  read_end, END_SOURCE },
	{ { "outgoing", "URL or command", "where email goes: smtps:// smtp+starttls:// (smtp+insecure:// on this machine only), or a sendmail command line" },
	  read_end, END_OUTGOING },
	{ { "im", "URL", "your IM address: xmpp:// (STARTTLS) or xmpps:// (TLS from the start)" }, read_end, END_IM },
	{ { "im-host", "host[:port]", "connect there instead of asking the DNS" }, read_im_host },
	{ { "password-command", "command", "prints the password in its first line; run without a shell. Without any command the desktop's secret service is asked" },
	  read_password_command, END_ANY },
	{ { "source-password-command", "command", "the same for the source alone" },
	  read_password_command, END_SOURCE },
	{ { "outgoing-password-command", "command", "the same for outgoing email alone" },
	  read_password_command, END_OUTGOING },
	{ { "im-password-command", "command", "the same for IM alone" }, read_password_command, END_IM },
	{ { "oauth2-command", "command", "prints an OAuth 2.0 access token in its first line; used instead of a password for email" },
	  read_oauth2_command, END_ANY },
	{ { "source-oauth2-command", "command", "the same for the source alone" },
	  read_oauth2_command, END_SOURCE },
	{ { "outgoing-oauth2-command", "command", "the same for outgoing email alone" },
	  read_oauth2_command, END_OUTGOING },
	{ { "im-oauth2-command", "command", "the same for IM alone" }, read_oauth2_command, END_IM },
	{ { "oauth2-provider", "name or URL", "sennit gets access tokens itself, after 'sennit oauth login': google, microsoft, or the https:// address of an issuer" },
	  read_oauth2_provider },
	{ { "oauth2-client-id", "text", "the client id that the provider gave you" }, read_oauth2_client_id },
	{ { "oauth2-client-secret-command", "command", "prints the client secret, where the provider gave one" },
	  read_oauth2_secret_command },
	{ { "oauth2-scope", "text", "what is asked for, where it is not the provider's usual for email" },
	  read_oauth2_scope },
	{ { "oauth2-refresh-command", "command", "prints the refresh token; without it the desktop's secret service keeps it" },
	  read_oauth2_refresh_command },
	{ { "oauth2-store-command", "command", "gets a new refresh token on its standard input, to keep it" },
	  read_oauth2_store_command },
	{ { "ca-file", "path", "certificates (PEM) to trust besides the system's" }, read_ca_file },
	{ { "folders", "pattern, ...", "folders to sync, with * and ?; without it the inbox and the folders with a special use" },
	  read_folders },
	{ { "copy-to", "folder", "where a copy of sent email goes: a folder, a role such as sent (the default), or \"\" for none" },
	  read_copy_to },
	{ { "chat-folder", "folder", "where transcripts of IM conversations go on the mail server, like Chats; \"\" (the default) for nowhere" },
	  read_chat_folder },
	{ { "if-unavailable", "rule", "what to do with an IM when the contact is not available: ask, defer, mail, send or ask-them" },
	  read_if_unavailable },
	{ { "not-available", "presences", "which presences of its contacts count as not available, like offline,xa,dnd,away" },
	  read_not_available },
	{ { "quiet-hours", "times", "its contacts count as not available then, like 22:00-07:00, weekends; none for no such times" },
	  read_quiet_hours },
	{ { "time-zone", "name", "time zone of the quiet hours, like Europe/Berlin" }, read_time_zone },
	{ { "signature", "text or path", "goes below new email; \\n in double quotes begins a new line" }, read_signature },
	{ { "reply-to", "address", "where answers to your email are to go, when not to from" }, read_reply_to },
	{ { "sign", "true or false", "your email is signed, by OpenPGP or S/MIME; false unless said" }, read_sign },
	{ { "encrypt", "none, if-possible or required", "the least for every email of the account; required: what cannot be encrypted waits for you" }, read_encrypt },
	{ { "delivery-reports", "all, failures or none", "what mail systems are asked to tell of your email: all (the default), which includes that it was delivered; none is not even told of failure" }, read_reports },
	{ { "key", "fingerprint or address", "the OpenPGP key to sign with; without it the best one for the address it is from" }, read_key },
	{ { "authserv-id", "name", "the server whose Authentication-Results are believed. It has to add them to every email; sennit doctor looks whether it does, since of a server that adds none anybody can forge them" }, read_authserv_id },
	{ { "own-servers", "names", "names or domains of other servers of yours that email comes through after that one, separated by commas, like localhost for fetchmail" }, read_own_servers },
	{ { "enabled", "true or false", "false leaves the account out" }, read_enabled },
};

const SnAccountKey *sn_account_key(gsize index)
{
	return index < G_N_ELEMENTS(keys) ? &keys[index].text : NULL;
}

static const Key *find_key(const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
		if (strcmp(keys[i].text.key, name) == 0)
			return &keys[i];
	return NULL;
}

static void account_free(gpointer data)
{
	SnAccount *account = data;

	g_free(account->name);
	g_free(account->from_name);
	g_free(account->from_address);
	g_strfreev(account->aliases);
	sn_endpoint_clear(&account->source);
	sn_endpoint_clear(&account->outgoing);
	sn_endpoint_clear(&account->im);
	g_strfreev(account->folders);
	g_free(account->copy_to);
	g_free(account->chat_folder);
	sn_hours_free(account->quiet_hours);
	g_free(account->time_zone);
	g_free(account->signature);
	g_free(account->key);
	g_free(account->reply_to);
	g_ptr_array_unref(account->identities);
	g_free(account->authserv_id);
	g_strfreev(account->own_servers);
	g_free(account);
}

static SnAccount *account_new(const char *name)
{
	SnAccount *account = g_new0(SnAccount, 1);

	account->name = g_strdup(name);
	account->aliases = g_new0(char *, 1);
	account->identities = g_ptr_array_new_with_free_func(identity_free);
	account->folders = g_new0(char *, 1);
	account->copy_to = g_strdup("sent");
	account->chat_folder = g_strdup("");
	account->if_unavailable = SN_RULE_DEFAULT;
	account->enabled = TRUE;
	account->reports = SN_REPORTS_ALL;
	return account;
}

static void reading_clear(Reading *reading)
{
	g_free(reading->ca_file);
	/* its parts only: the struct itself is in the reading */
	g_free(reading->own_oauth2.provider);
	g_free(reading->own_oauth2.client_id);
	g_free(reading->own_oauth2.scope);
	g_strfreev(reading->own_oauth2.client_secret_command);
	g_strfreev(reading->own_oauth2.refresh_command);
	g_strfreev(reading->own_oauth2.store_command);
	for (int end = END_ANY; end <= END_IM; end++) {
		g_strfreev(reading->password[end]);
		g_strfreev(reading->oauth2[end]);
	}
}

/* The ends of email that have no command of their own log in with sennit's tokens. */
static void give_oauth2(Reading *reading)
{
	SnAccount *account = reading->account;
	SnOauth2 oauth2 = reading->own_oauth2;

	if (!oauth2.provider)
		return;
	oauth2.account = account->name;
	oauth2.ca_file = reading->ca_file;
	oauth2.user = account->source.user     ? account->source.user
	              : account->outgoing.user ? account->outgoing.user
	                                       : account->from_address;
	for (int end = END_SOURCE; end <= END_OUTGOING; end++) {
		SnEndpoint *endpoint = endpoint_of(account, end);
		gboolean server = endpoint->kind == SN_ENDPOINT_IMAP ||
		                  endpoint->kind == SN_ENDPOINT_SMTP;
		if (server && !reading->password[end] && !endpoint->oauth2_command)
			endpoint->oauth2 = sn_oauth2_copy(&oauth2);
	}
}

/* What is general goes to the ends; an end's own command wins over any general one. */
static void finish_ends(Reading *reading)
{
	SnAccount *account = reading->account;

	for (int end = END_SOURCE; end <= END_IM; end++) {
		SnEndpoint *endpoint = endpoint_of(account, end);
		gboolean own = reading->password[end] || reading->oauth2[end];
		/* tokens are for one service; a general one means email, not another protocol */
		gboolean general_token = !own && end != END_IM;

		if (endpoint->kind == SN_ENDPOINT_NONE)
			continue;
		endpoint->ca_file = g_strdup(reading->ca_file);
		endpoint->password_command = g_strdupv(own ? reading->password[end] :
		                                             reading->password[END_ANY]);
		endpoint->oauth2_command = g_strdupv(reading->oauth2[end] ? reading->oauth2[end] :
		                                     general_token ? reading->oauth2[END_ANY] : NULL);
	}
	if (account->source.kind == SN_ENDPOINT_IMAP && !account->source.user)
		account->source.user = g_strdup(account->from_address);
	give_oauth2(reading);
	if (reading->im_host && account->im.kind == SN_ENDPOINT_XMPP) {
		g_clear_pointer(&account->im.connect_host, g_free);
		sn_host_port_parse(reading->im_host, &account->im.connect_host, &account->im.port, NULL);
	}
}

static void check_account(const Reading *reading, const SnIniSection *section, const char *file,
                          SnProblems *problems)
{
	const SnAccount *account = reading->account;
	gboolean mail = account->source.kind || account->outgoing.kind;

	if (!mail && !account->im.kind)
		sn_problems_add(problems, file, section->line,
		                "account [%s] has no source, no outgoing and no im", section->name);
	else if (mail && !account->from_address)
		sn_problems_add(problems, file, section->line,
		                "account [%s] has no 'from = Your Name <address>'", section->name);
	if (reading->own_oauth2.provider && !reading->own_oauth2.client_id) {
		const SnOauth2Provider *provider = sn_oauth2_provider(reading->own_oauth2.provider);
		sn_problems_add(problems, file, section->line,
		                "account [%s] has an oauth2-provider but no oauth2-client-id%s%s",
		                section->name, provider ? "; you get one at " : "",
		                provider ? provider->client_help : "");
	}
	if (!reading->own_oauth2.provider && reading->own_oauth2.client_id)
		sn_problems_add(problems, file, section->line,
		                "account [%s] has an oauth2-client-id but no oauth2-provider",
		                section->name);
	if (reading->im_host && !account->im.kind)
		sn_problems_add(problems, file, section->line, "account [%s] has im-host but no im",
		                section->name);
}

/* The account's own name and signature hold for those of its addresses that have none. */
static void finish_identities(SnAccount *account)
{
	if (!account->from_address)
		return;
	SnIdentity *own = identity_new(account->from_address, account->from_name);
	g_ptr_array_insert(account->identities, 0, own);
	for (guint i = 0; i < account->identities->len; i++) {
		SnIdentity *identity = account->identities->pdata[i];
		if (!identity->name)
			identity->name = g_strdup(account->from_name);
		identity->signature = g_strdup(account->signature);
		identity->reply_to = g_strdup(account->reply_to);
	}
}

static SnAccount *read_account(const SnIniSection *section, const char *file, const char *dir,
                               SnProblems *problems)
{
	Reading reading = { .account = account_new(section->name), .dir = dir };
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	guint before = problems->lines->len;

	for (guint i = 0; i < section->entries->len; i++) {
		const SnIniEntry *entry = section->entries->pdata[i];
		const Key *key = find_key(entry->key);
		const SnIniEntry *first = g_hash_table_lookup(seen, entry->key);

		if (!key) {
			const char *names[G_N_ELEMENTS(keys) + 1] = { NULL };
			for (gsize j = 0; j < G_N_ELEMENTS(keys); j++)
				names[j] = keys[j].text.key;
			g_autofree char *hint = sn_problems_hint(entry->key, names);
			sn_problems_add(problems, file, entry->line, "unknown key '%s' in [%s]%s",
			                entry->key, section->name, hint);
			continue;
		}
		if (first) {
			sn_problems_add(problems, file, entry->line, "'%s' is set before, in line %d",
			                entry->key, first->line);
			continue;
		}
		g_hash_table_insert(seen, entry->key, (gpointer)entry);
		g_autofree char *wrong = key->read(&reading, entry->value, key->end);
		if (wrong)
			sn_problems_add(problems, file, entry->line, "%s = %s%s", entry->key,
			                key->read == read_end ? "" : entry->value,
			                key->read == read_end ? wrong + 2 : wrong);
	}
	/* what is missing is told only when all that is there is right */
	if (problems->lines->len == before)
		check_account(&reading, section, file, problems);
	finish_ends(&reading);
	finish_identities(reading.account);
	reading_clear(&reading);
	return reading.account;
}

/* [home/club]: another identity of [home]. */
static gboolean add_identity(GPtrArray *accounts, const SnIniSection *section, const char *file,
                             const char *dir, SnProblems *problems)
{
	static const char *const known[] = { "from", "signature", "reply-to", NULL };
	const char *slash = strchr(section->name, '/');
	Reading reading = { .account = account_new(section->name), .dir = dir };
	SnAccount *own = reading.account, *home = NULL;

	for (guint i = 0; slash && i < accounts->len; i++) {
		SnAccount *account = accounts->pdata[i];
		if (strlen(account->name) == (gsize)(slash - section->name) &&
		    g_str_has_prefix(section->name, account->name))
			home = account;
	}
	for (guint i = 0; i < section->entries->len; i++) {
		const SnIniEntry *entry = section->entries->pdata[i];
		const Key *key = g_strv_contains(known, entry->key) ? find_key(entry->key) : NULL;
		g_autofree char *wrong = key ? key->read(&reading, entry->value, key->end)
		                             : sn_problems_hint(entry->key, known);
		if (!key)
			sn_problems_add(problems, file, entry->line, "unknown key '%s' in [%s]%s",
			                entry->key, section->name, wrong);
		else if (wrong)
			sn_problems_add(problems, file, entry->line, "%s = %s%s", entry->key,
			                entry->value, wrong);
	}
	if (!home)
		sn_problems_add(problems, file, section->line,
		                "[%s] is an identity of an account that is not there above it",
		                section->name);
	else if (!own->from_address)
		sn_problems_add(problems, file, section->line,
		                "identity [%s] has no 'from = Your Name <address>'", section->name);
	if (home && own->from_address) {
		SnIdentity *identity = identity_new(own->from_address,
		                                    own->from_name ? own->from_name : home->from_name);
		g_autoptr(GStrvBuilder) aliases = g_strv_builder_new();
		identity->signature = g_strdup(own->signature ? own->signature : home->signature);
		identity->reply_to = g_strdup(own->reply_to ? own->reply_to : home->reply_to);
		g_ptr_array_add(home->identities, identity);
		g_strv_builder_addv(aliases, (const char **)home->aliases);
		g_strv_builder_add(aliases, identity->address);
		g_strfreev(home->aliases);
		home->aliases = g_strv_builder_end(aliases);
	}
	reading_clear(&reading);
	account_free(own);
	return TRUE;
}

GPtrArray *sn_accounts_read(const char *text, const char *file, const char *dir,
                            SnProblems *problems)
{
	GPtrArray *accounts = g_ptr_array_new_with_free_func(account_free);
	g_autoptr(GPtrArray) sections = sn_ini_parse(text, file, problems);

	for (guint i = 0; i < sections->len && accounts->len < MAX_ACCOUNTS; i++) {
		const SnIniSection *section = sections->pdata[i];

		if (!*section->name) {
			if (section->entries->len)
				sn_problems_add(problems, file,
				                ((SnIniEntry *)section->entries->pdata[0])->line,
				                "a setting before the first [account]");
			continue;
		}
		for (guint j = 0; j < i; j++) {
			const SnIniSection *other = sections->pdata[j];
			if (strcmp(other->name, section->name) == 0)
				sn_problems_add(problems, file, section->line,
				                "account [%s] is there before, in line %d",
				                section->name, other->line);
		}
		if (strchr(section->name, '/') &&
		    add_identity(accounts, section, file, dir, problems))
			continue;
		g_ptr_array_add(accounts, read_account(section, file, dir, problems));
	}
	return accounts;
}
