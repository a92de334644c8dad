/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor_accounts.c - each end of each account: its secret, its directory, its server. */
#include <string.h>
#include <unistd.h>

#include "src/cli/doctor_private.h"
#include "src/cli/srv.h"
#include "src/config/oauth2.h"
#include "src/config/secret_service.h"
#include "src/store/message.h"

enum { DNS_TIMEOUT = 5000 };

/* One end while it is looked at. */
typedef struct {
	SnDoctor *doctor;
	const SnAccount *account;
	const SnEndpoint *endpoint;
	char *what; /* "home source" */
} Look;

/* ---- what to do about an error ---- */

static void advise_login(const Look *look)
{
	const SnEndpoint *endpoint = look->endpoint;
	char **command = endpoint->oauth2_command ? endpoint->oauth2_command :
	                                            endpoint->password_command;

	if (endpoint->oauth2)
		sn_doctor_advise(look->doctor, "type: sennit oauth login %s", look->account->name);
	else if (command)
		sn_doctor_advise(look->doctor, "check the login name '%s' and what the command '%s' prints "
		                 "in its first line", endpoint->user ? endpoint->user : "", command[0]);
	else
		sn_doctor_advise(look->doctor, "check the login name '%s'; this asks for the password anew: "
		                 "sennit init --replace --account %s",
		                 endpoint->user ? endpoint->user : "", look->account->name);
}

/* IM finds its server by the DNS: is that what fails? */
static gboolean advise_dns(const Look *look)
{
	const SnEndpoint *endpoint = look->endpoint;
	SnServers servers = { 0 };

	if (endpoint->kind != SN_ENDPOINT_XMPP || endpoint->connect_host)
		return FALSE;
	sn_servers_find(endpoint->host, endpoint->user, DNS_TIMEOUT, &servers);
	gboolean failed = servers.dns_failed, named = servers.im != NULL;
	sn_servers_clear(&servers);
	if (failed)
		sn_doctor_advise(look->doctor, "the DNS does not answer: look whether this machine is online");
	else if (!named)
		sn_doctor_advise(look->doctor, "the DNS names no IM server of %s: name it as im-host if there "
		                 "is one", endpoint->host);
	return failed || !named;
}

static void advise(const Look *look, const GError *error)
{
	SnDoctor *doctor = look->doctor;

	switch (error->domain == SN_ERROR ? error->code : SN_ERROR_BUG) {
	case SN_ERROR_AUTH: advise_login(look); break;
	case SN_ERROR_TLS:
		sn_doctor_advise(doctor, "nothing was said to this server. Ask whose it is about the "
		                 "certificate, or name the authority that signed it as ca-file");
		break;
	case SN_ERROR_NETWORK:
		if (!advise_dns(look))
			sn_doctor_advise(doctor, "look whether this machine is online, and whether host and port "
			                 "are right");
		break;
	case SN_ERROR_TEMPORARY:
		sn_doctor_advise(doctor, "try again later; sennit does so by itself");
		break;
	case SN_ERROR_UNAVAILABLE:
		sn_doctor_advise(doctor, "look whether all of sennit is installed");
		break;
	default: break;
	}
}

/* ---- secrets ---- */

static gboolean logs_in(const SnEndpoint *endpoint)
{
	gboolean server = endpoint->kind == SN_ENDPOINT_IMAP || endpoint->kind == SN_ENDPOINT_SMTP ||
	                  endpoint->kind == SN_ENDPOINT_XMPP;

	return server && endpoint->user;
}

/* FALSE: said, and there is no use in trying the server. */
static gboolean check_command(const Look *look, char **command, const char *key)
{
	g_autofree char *program = command ? g_find_program_in_path(command[0]) : NULL;

	if (!command || program)
		return TRUE;
	sn_doctor_advise(look->doctor, "install it, or change %s of [%s] in accounts.conf", key,
	                 look->account->name);
	sn_doctor_say(look->doctor, SN_DOCTOR_PROBLEM, SN_EXIT_USAGE, look->what,
	              "there is no program '%s' to get the secret from", command[0]);
	return FALSE;
}

static gboolean check_oauth(const Look *look)
{
	const SnOauth2 *oauth2 = look->endpoint->oauth2;
	g_autoptr(GError) error = NULL;

	if (!check_command(look, oauth2->refresh_command, "oauth2-refresh-command") ||
	    !check_command(look, oauth2->store_command, "oauth2-store-command"))
		return FALSE;
	look->doctor->needs_service |= !oauth2->refresh_command;
	if (look->doctor->offline)
		return TRUE;
	char *token = sn_oauth2_refresh_token(oauth2, &error);
	sn_secret_free(token);
	if (token)
		return TRUE;
	sn_doctor_advise(look->doctor, "type: sennit oauth login %s", look->account->name);
	sn_doctor_say(look->doctor, SN_DOCTOR_PROBLEM, SN_EXIT_AUTH, look->what, "%s", error->message);
	return FALSE;
}

static gboolean check_secret(const Look *look)
{
	const SnEndpoint *endpoint = look->endpoint;

	if (!logs_in(endpoint))
		return TRUE;
	if (endpoint->oauth2)
		return check_oauth(look);
	if (!endpoint->oauth2_command && !endpoint->password_command)
		look->doctor->needs_service = TRUE;
	return check_command(look, endpoint->oauth2_command, "oauth2-command") &&
	       check_command(look, endpoint->password_command, "password-command");
}

void sn_doctor_secret_service(SnDoctor *doctor)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;

	if (sn_secret_service_look(&text, &error)) {
		sn_doctor_say(doctor, SN_DOCTOR_OK, SN_EXIT_DONE, "secret service", "%s", text);
		return;
	}
	if (doctor->needs_service) {
		sn_doctor_advise(doctor, "start or unlock it, or have a password-command print the password");
		sn_doctor_say(doctor, SN_DOCTOR_PROBLEM, SN_EXIT_AUTH, "secret service",
		              "%s, and an account has its password there", error->message);
		return;
	}
	sn_doctor_say(doctor, SN_DOCTOR_NOTE, SN_EXIT_DONE, "secret service",
	              "%s; no account needs it", error->message);
}

/* ---- directories ---- */

static gboolean check_maildir(const Look *look)
{
	const char *path = look->endpoint->path;

	if (look->endpoint->kind != SN_ENDPOINT_MAILDIR)
		return TRUE;
	if (!g_file_test(path, G_FILE_TEST_IS_DIR)) {
		sn_doctor_advise(look->doctor, "make or mount it; mbsync makes it when it runs");
		sn_doctor_say(look->doctor, SN_DOCTOR_PROBLEM, SN_EXIT_NOT_FOUND, look->what,
		              "there is no directory %s", path);
		return FALSE;
	}
	if (access(path, R_OK | W_OK | X_OK) == 0)
		return TRUE;
	sn_doctor_advise(look->doctor, "flags, moves and new folders need it: chown or chmod it");
	sn_doctor_say(look->doctor, SN_DOCTOR_PROBLEM, SN_EXIT_FAILED, look->what,
	              "%s may not be read and written by you", path);
	return FALSE;
}

/* ---- all of an end ---- */

static void try_server(const Look *look, const char *url)
{
	const SnCliServices *services = &look->doctor->context->services;
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;

	if (services->probe(look->endpoint, &text, services->data, &error)) {
		sn_doctor_say(look->doctor, SN_DOCTOR_OK, SN_EXIT_DONE, look->what, "%s%s%s", url,
		              text && *text ? ": " : "", text ? text : "");
		return;
	}
	advise(look, error);
	sn_doctor_say(look->doctor, SN_DOCTOR_PROBLEM, (int)sn_exit_for_error(error), look->what,
	              "%s: %s", url, error->message);
}

static void check_end(SnDoctor *doctor, const SnAccount *account, const char *end,
                      const SnEndpoint *endpoint)
{
	g_autofree char *what = g_strdup_printf("%s %s", account->name, end);
	g_autofree char *url = sn_endpoint_format(endpoint);
	Look look = { doctor, account, endpoint, what };

	if (endpoint->kind == SN_ENDPOINT_NONE)
		return;
	if (!account->enabled)
		sn_doctor_say(doctor, SN_DOCTOR_NOTE, SN_EXIT_DONE, what, "%s: the account is not enabled",
		              url);
	else if (!check_secret(&look) || !check_maildir(&look))
		return;
	else if (doctor->offline)
		sn_doctor_say(doctor, SN_DOCTOR_NOTE, SN_EXIT_DONE, what, "%s: not tried", url);
	else
		try_server(&look, url);
}

/* ---- what the own server says of senders ---- */

enum { CHECKED_LIMIT = 200, CHECKED_LEAST = 20 };

/* A server that adds no results leaves the place of them to whoever writes them. Emails of the own house
 * often have none, so half of all is enough. */
static void check_results(SnDoctor *doctor, const SnAccount *account)
{
	g_autofree char *what = g_strdup_printf("%s authserv-id", account->name);
	SnStore *store = sn_store_open(doctor->context->paths->store_path, SN_STORE_READER, NULL);
	int all = 0, checked = 0;

	if (store)
		sn_message_checked(store, sn_account_find(store, account->name), CHECKED_LIMIT, &all, &checked);
	sn_store_close(store);
	if (all < CHECKED_LEAST)
		return;
	if (checked * 2 >= all) {
		sn_doctor_say(doctor, SN_DOCTOR_OK, SN_EXIT_DONE, what, "%s checked %d of the last %d emails",
		              account->authserv_id, checked, all);
		return;
	}
	sn_doctor_advise(doctor, "look at the headers of an email (H): the name is the first word of "
	                 "Authentication-Results. If your server adds none, take authserv-id out. If they "
	                 "stand below Received lines of other servers of yours, name those in own-servers");
	sn_doctor_say(doctor, SN_DOCTOR_PROBLEM, SN_EXIT_USAGE, what,
	              "of the last %d emails only %d have results of %s; of a server that adds none they can "
	              "be forged", all, checked, account->authserv_id);
}

void sn_doctor_accounts(SnDoctor *doctor)
{
	const SnConfig *config = doctor->context->config;

	for (gsize i = 0; config && i < sn_config_account_count(config); i++) {
		const SnAccount *account = sn_config_account(config, i);
		check_end(doctor, account, "source", &account->source);
		check_end(doctor, account, "outgoing", &account->outgoing);
		check_end(doctor, account, "im", &account->im);
		if (account->authserv_id)
			check_results(doctor, account);
	}
}
