/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * account.c - an account's ends: makes the backends, and ends them.
 *
 * Every account has queues of its own, so that a slow or hostile server holds up nobody else, and
 * nothing is left pointing at an account that is gone.
 */
#include "src/config/oauth2.h"
#include "src/engine/oauth.h"
#include "src/engine/omemo.h"
#include "src/engine/sync_private.h"

/* ---- secrets: asked for on the backend's thread ---- */

struct sn_end_secret {
	SnEndpoint endpoint;
	SnOauth *oauth; /* of the account, so that its ends share a token; NULL */
};

static char *secret_get(gpointer data, gboolean want_token, GError **error)
{
	SnEndSecret *secret = data;

	return secret->oauth ? sn_oauth_token(secret->oauth, error)
	                     : sn_secret_get(&secret->endpoint, error);
}

static gboolean secret_refused(gpointer data, const char *token)
{
	SnEndSecret *secret = data;

	/* a command may have another one by now */
	return secret->oauth ? sn_oauth_refused(secret->oauth, token)
	                     : secret->endpoint.oauth2_command != NULL;
}

static void secret_free(SnEndSecret *secret)
{
	if (!secret)
		return;
	sn_endpoint_clear(&secret->endpoint);
	g_free(secret);
}

static SnLinkSpec link_of(const SnEndpoint *endpoint, SnEndSecret *secret)
{
	SnLinkSpec link = {
		.host = endpoint->host,
		.connect_host = endpoint->connect_host,
		.port = endpoint->port,
		.tls = endpoint->tls == SN_TLS_DIRECT  ? SN_LINK_TLS
		       : endpoint->tls == SN_TLS_START ? SN_LINK_STARTTLS
		                                       : SN_LINK_PLAIN,
		.user = endpoint->user,
		.ca_file = endpoint->ca_file,
		.oauth2 = sn_endpoint_wants_token(endpoint),
		.secret = { secret_get, sn_secret_free, secret, secret_refused },
	};
	return link;
}

static SnEndSecret *keep_secret(SnEngineAccount *account, SnEnd end, const SnEndpoint *endpoint)
{
	SnEndSecret *secret = g_new0(SnEndSecret, 1);
	SnAccountCore *core = account->core;

	sn_endpoint_copy(&secret->endpoint, endpoint);
	if (endpoint->oauth2 && !core->oauth)
		core->oauth = sn_oauth_new(endpoint->oauth2, account->engine->setup.backends.http);
	secret->oauth = endpoint->oauth2 ? core->oauth : NULL;
	core->secrets[end] = secret;
	return secret;
}

/* ---- starting ---- */

static void end_failed(SnEngineAccount *account, SnEnd end, GError *error)
{
	g_autoptr(GError) own = error;

	if (!own)
		own = g_error_new_literal(
			SN_ERROR, SN_ERROR_UNAVAILABLE,
			"This program was built without what this address needs.");
	g_info("%s (%s): %s", account->config->name, sn_end_word(end), own->message);
	sn_account_status(account, end, SN_STATUS_ERROR, own, 0);
}

static void start_source(SnEngineAccount *account)
{
	const SnEndpoint *endpoint = &account->config->source;
	const SnEngineBackends *backends = &account->engine->setup.backends;
	SnAccountCore *core = account->core;
	GError *error = NULL;

	if (endpoint->kind == SN_ENDPOINT_NONE)
		return;
	const SnMailSourceOps *(*load)(GError **) =
		endpoint->kind == SN_ENDPOINT_MAILDIR ? backends->maildir : backends->imap;
	const SnSettings *settings = sn_config_settings(account->engine->config);
	SnLinkSpec link = link_of(endpoint, keep_secret(account, SN_END_SOURCE, endpoint));
	link.poll = settings->mail_poll;
	link.watch_lines = (guint)CLAMP(settings->mail_watch_lines, 1, 20);
	core->mail = sn_mail_sync_new(account);
	core->actions = sn_actions_new(account);
	core->transcripts = sn_transcripts_new(account);
	sn_account_status(account, SN_END_SOURCE, SN_STATUS_CONNECTING, NULL, 0);
	account->source_ops = load ? load(&error) : NULL;
	if (account->source_ops)
		account->source = account->source_ops->create(&link, endpoint->path, core->mail_in,
		                                              account, &error);
	if (!account->source)
		end_failed(account, SN_END_SOURCE, error);
}

static void start_outgoing(SnEngineAccount *account)
{
	const SnEndpoint *endpoint = &account->config->outgoing;
	const SnEngineBackends *backends = &account->engine->setup.backends;
	GError *error = NULL;

	if (endpoint->kind == SN_ENDPOINT_NONE)
		return;
	const SnMailTransportOps *(*load)(GError **) =
		endpoint->kind == SN_ENDPOINT_SENDMAIL ? backends->sendmail : backends->smtp;
	SnLinkSpec link = link_of(endpoint, keep_secret(account, SN_END_OUTGOING, endpoint));
	account->transport_ops = load ? load(&error) : NULL;
	if (account->transport_ops)
		account->transport = account->transport_ops->create(
			&link, endpoint->path, account->core->send_events, account, &error);
	if (!account->transport)
		end_failed(account, SN_END_OUTGOING, error);
	else /* it connects when there is something to send */
		sn_account_status(account, SN_END_OUTGOING, SN_STATUS_ONLINE, NULL, 0);
}

/* A number of the profile's own, kept in the store. Caller frees. */
static char *profile_number(SnEngineAccount *account)
{
	g_autofree char *key = g_strdup_printf("resource.%s", account->config->name);
	g_autoptr(GError) error = NULL;
	char *number = sn_store_get(account->engine->store, key);

	if (number)
		return number;
	number = g_strdup_printf("%08x%08x", g_random_int(), g_random_int());
	if (!sn_store_set(account->engine->store, key, number, &error))
		g_warning("%s", error->message);
	return number;
}

/*
 * The XMPP resource: the same at each start. A killed engine leaves a session behind, and what it
 * had written may still be on its way there; a new session of the same name ends that one, so that
 * nothing comes late that was sent again meanwhile. A copy of the profile on another machine has
 * another name, and each account its own. It tells nothing about either. Caller frees.
 */
static char *resource_of(SnEngineAccount *account)
{
	g_autofree char *number = profile_number(account), *machine = NULL;
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

	if (!g_file_get_contents("/etc/machine-id", &machine, NULL, NULL))
		machine = g_strdup(g_get_host_name());
	g_checksum_update(sum, (const guchar *)number, -1);
	g_checksum_update(sum, (const guchar *)machine, -1);
	return g_strdup_printf("sennit.%.8s", g_checksum_get_string(sum));
}

static void start_im(SnEngineAccount *account)
{
	const SnEndpoint *endpoint = &account->config->im;
	const SnEngineBackends *backends = &account->engine->setup.backends;
	GError *error = NULL;

	if (endpoint->kind == SN_ENDPOINT_NONE)
		return;
	g_autofree char *resource = resource_of(account);
	SnLinkSpec link = link_of(endpoint, keep_secret(account, SN_END_IM, endpoint));
	link.resource = resource;
	account->core->rooms = sn_rooms_new(account);
	account->core->im = sn_im_sync_new(account);
	sn_engine_open_vault(account->engine);
	account->omemo = sn_omemo_new(account, account->engine->vault, account->engine->vault_error);
	sn_account_status(account, SN_END_IM, SN_STATUS_CONNECTING, NULL, 0);
	account->im_ops = backends->im ? backends->im(&error) : NULL;
	if (account->im_ops)
		account->im =
			account->im_ops->create(&link, account->core->im_events, account, &error);
	if (!account->im)
		end_failed(account, SN_END_IM, error);
}

static SnAccountCore *core_new(SnEngineAccount *account)
{
	SnAccountCore *core = g_new0(SnAccountCore, 1);

	core->mail_in = sn_queue_new((GDestroyNotify)sn_mail_event_free, SN_PIPE_WEIGHT);
	core->mail_out = sn_queue_new((GDestroyNotify)sn_parsed_free, SN_PIPE_WEIGHT);
	core->send_events = sn_queue_new((GDestroyNotify)sn_send_event_free, 0);
	core->im_events = sn_queue_new((GDestroyNotify)sn_im_event_free, SN_PIPE_WEIGHT);
	core->after = sn_after_new(account->engine);
	core->pipe = sn_mail_pipe_new(account->engine->config, account->config->name, core->mail_in,
	                              core->mail_out);
	return core;
}

void sn_account_start(SnEngine *engine, const SnAccount *config)
{
	SnEngineAccount *account = g_new0(SnEngineAccount, 1);

	account->engine = engine;
	account->config = config;
	account->id = sn_account_find(engine->store, config->name);
	if (!account->id) {
		g_warning("The store does not know the account \"%s\".", config->name);
		g_free(account);
		return;
	}
	account->core = core_new(account);
	sn_dispatch_attach(account);
	g_ptr_array_add(engine->accounts, account);
	start_source(account);
	start_outgoing(account);
	start_im(account);
}

/* ---- stopping ---- */

static gpointer destroy_source(gpointer data)
{
	SnEngineAccount *account = data;
	account->source_ops->destroy(&account->source);
	return NULL;
}

static gpointer destroy_transport(gpointer data)
{
	SnEngineAccount *account = data;
	account->transport_ops->destroy(&account->transport);
	return NULL;
}

static gpointer destroy_im(gpointer data)
{
	SnEngineAccount *account = data;
	account->im_ops->destroy(&account->im);
	return NULL;
}

static void begin_destroy(GPtrArray *threads, SnEngineAccount *account)
{
	/* The pipe goes first: a backend that waits for room in it would not hear of its end. */
	g_clear_pointer(&account->core->pipe, sn_mail_pipe_free);
	sn_queue_close(account->core->im_events);
	if (account->source)
		g_ptr_array_add(threads, g_thread_new("stop-mail", destroy_source, account));
	if (account->transport)
		g_ptr_array_add(threads, g_thread_new("stop-send", destroy_transport, account));
	if (account->im)
		g_ptr_array_add(threads, g_thread_new("stop-im", destroy_im, account));
}

static void account_free(SnEngineAccount *account)
{
	SnAccountCore *core = account->core;

	sn_dispatch_detach(account);
	g_clear_pointer(&core->mail, sn_mail_sync_free);
	g_clear_pointer(&core->actions, sn_actions_free);
	g_clear_pointer(&core->transcripts, sn_transcripts_free);
	g_clear_pointer(&core->im, sn_im_sync_free);
	g_clear_pointer(&core->rooms, sn_rooms_free);
	g_clear_pointer(&account->omemo, sn_omemo_free);
	sn_queue_unref(core->mail_in);
	sn_queue_unref(core->mail_out);
	sn_queue_unref(core->send_events);
	sn_queue_unref(core->im_events);
	sn_after_free(core->after);
	for (int end = 0; end < SN_END_COUNT; end++) {
		secret_free(core->secrets[end]);
		g_clear_error(&core->errors[end]);
	}
	sn_oauth_free(core->oauth);
	g_free(core->presence_told);
	if (core->card_timer) {
		g_source_destroy(core->card_timer);
		g_source_unref(core->card_timer);
	}
	g_clear_pointer(&core->refusals, g_hash_table_unref);
	g_clear_pointer(&core->fetching, g_hash_table_unref);
	g_free(core->reach_told);
	g_free(core);
	g_free(account);
}

void sn_accounts_stop(SnEngine *engine, GPtrArray *accounts)
{
	g_autoptr(GPtrArray) threads = g_ptr_array_new();
	g_autoptr(GPtrArray) ending = g_ptr_array_copy(accounts, NULL, NULL);

	for (guint i = 0; i < ending->len; i++)
		begin_destroy(threads, g_ptr_array_index(ending, i));
	for (guint i = 0; i < threads->len; i++)
		g_thread_join(g_ptr_array_index(threads, i));
	for (guint i = 0; i < ending->len; i++) {
		SnEngineAccount *account = g_ptr_array_index(ending, i);
		account->source_online = account->im_online = FALSE;
		if (account->core->mail)
			sn_mail_sync_line(account->core->mail, SN_LINE_OFFLINE);
		if (account->core->im)
			sn_im_sync_line(account->core->im, SN_LINE_OFFLINE);
		for (int end = 0; end < SN_END_COUNT; end++)
			sn_account_status(account, end, SN_STATUS_OFF, NULL, 0);
		account_free(account);
		g_ptr_array_remove(engine->accounts, account);
	}
}

/* ---- reload ---- */

void sn_account_reconfigure(SnEngineAccount *account, SnConfig *config, const SnAccount *now)
{
	account->config = now;
	sn_mail_pipe_set_config(account->core->pipe, config);
}

static gboolean same_command(char **one, char **two)
{
	if (!one || !two)
		return one == two;
	return g_strv_equal((const char *const *)one, (const char *const *)two);
}

static gboolean same_endpoint(const SnEndpoint *one, const SnEndpoint *two)
{
	return one->kind == two->kind && one->tls == two->tls && one->port == two->port &&
	       !g_strcmp0(one->user, two->user) && !g_strcmp0(one->host, two->host) &&
	       !g_strcmp0(one->connect_host, two->connect_host) &&
	       !g_strcmp0(one->path, two->path) && !g_strcmp0(one->ca_file, two->ca_file) &&
	       same_command(one->password_command, two->password_command) &&
	       same_command(one->oauth2_command, two->oauth2_command) &&
	       sn_oauth2_equal(one->oauth2, two->oauth2);
}

gboolean sn_account_same(const SnAccount *one, const SnAccount *two)
{
	return same_endpoint(&one->source, &two->source) &&
	       same_endpoint(&one->outgoing, &two->outgoing) && same_endpoint(&one->im, &two->im) &&
	       !g_strcmp0(one->chat_folder, two->chat_folder) &&
	       same_command(one->folders, two->folders);
}
