/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "backends/mail/auth.h"

#include <sasl/sasl.h>
#include <string.h>

#define MAX_CHALLENGE 16384

typedef struct {
	const char *name;
	gboolean token, initial;
	/* NULL: by the library. turn counts from 0. Answer before base64; NULL ends the exchange.
	 */
	GString *(*answer)(SnAuth *auth, guint turn);
} Mechanism;

struct sn_auth {
	const Mechanism *mechanism;
	char *host, *user, *secret;
	guint16 port;
	guint turn;
	sasl_conn_t *sasl;
	sasl_secret_t *sasl_secret;
	sasl_callback_t callbacks[4];
	gboolean finished; /* the library has nothing more to check */
};

static void wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	g_free(text);
}

static GString *answer_plain(SnAuth *auth, guint turn)
{
	GString *answer = g_string_new(NULL);

	if (turn > 0)
		return answer;
	g_string_append_c(answer, '\0');
	g_string_append(answer, auth->user);
	g_string_append_c(answer, '\0');
	return g_string_append(answer, auth->secret);
}

static GString *answer_login(SnAuth *auth, guint turn)
{
	return turn > 1 ? NULL : g_string_new(turn == 0 ? auth->user : auth->secret);
}

/* After a refusal the server sends a reason as a challenge and wants a dummy answer. */
static GString *answer_xoauth2(SnAuth *auth, guint turn)
{
	GString *answer = g_string_new(NULL);

	if (turn == 0)
		g_string_printf(answer, "user=%s\001auth=Bearer %s\001\001", auth->user,
				auth->secret);
	return answer;
}

static GString *answer_bearer(SnAuth *auth, guint turn)
{
	GString *answer = g_string_new("\001");

	if (turn == 0)
		g_string_printf(answer, "n,a=%s,\001host=%s\001port=%u\001auth=Bearer %s\001\001",
				auth->user, auth->host, auth->port, auth->secret);
	return answer;
}

static const Mechanism mechanisms[] = {
	/* best first */
	{ "SCRAM-SHA-256", FALSE, TRUE, NULL },       { "SCRAM-SHA-1", FALSE, TRUE, NULL },
	{ "PLAIN", FALSE, TRUE, answer_plain },       { "LOGIN", FALSE, FALSE, answer_login },
	{ "OAUTHBEARER", TRUE, TRUE, answer_bearer }, { "XOAUTH2", TRUE, TRUE, answer_xoauth2 },
};

/* ---- Cyrus SASL ---- */

static int give_text(void *context, int id, const char **result, unsigned *length)
{
	SnAuth *auth = context;

	*result = auth->user;
	if (length)
		*length = (unsigned)strlen(auth->user);
	return SASL_OK;
}

static int give_secret(sasl_conn_t *sasl, void *context, int id, sasl_secret_t **result)
{
	SnAuth *auth = context;

	*result = auth->sasl_secret;
	return SASL_OK;
}

/* Its default logger writes to the system log and to the terminal. */
static int say_nothing(void *context, int level, const char *message)
{
	return SASL_OK;
}

static gpointer init_library(gpointer unused)
{
	static const sasl_callback_t callbacks[] = {
		{ SASL_CB_LOG, (int (*)(void))(void (*)(void))say_nothing, NULL },
		{ SASL_CB_LIST_END, NULL, NULL },
	};

	return GINT_TO_POINTER(sasl_client_init(callbacks) == SASL_OK);
}

static gboolean open_library(SnAuth *auth)
{
	static GOnce once = G_ONCE_INIT;

	if (!g_once(&once, init_library, NULL))
		return FALSE;
	gsize length = strlen(auth->secret);
	auth->sasl_secret = g_malloc0(sizeof *auth->sasl_secret + length);
	auth->sasl_secret->len = length;
	memcpy(auth->sasl_secret->data, auth->secret, length);
	auth->callbacks[0] = (sasl_callback_t){ SASL_CB_AUTHNAME,
						(int (*)(void))(void (*)(void))give_text, auth };
	auth->callbacks[1] =
		(sasl_callback_t){ SASL_CB_PASS, (int (*)(void))(void (*)(void))give_secret, auth };
	auth->callbacks[2] =
		(sasl_callback_t){ SASL_CB_LOG, (int (*)(void))(void (*)(void))say_nothing, NULL };
	auth->callbacks[3] = (sasl_callback_t){ SASL_CB_LIST_END, NULL, NULL };
	if (sasl_client_new("mail", auth->host, NULL, NULL, auth->callbacks, 0, &auth->sasl) !=
	    SASL_OK)
		return FALSE;
	sasl_security_properties_t properties = { .max_ssf = 0, .maxbufsize = 0 };
	return sasl_setprop(auth->sasl, SASL_SEC_PROPS, &properties) == SASL_OK;
}

static void close_library(SnAuth *auth)
{
	if (auth->sasl)
		sasl_dispose(&auth->sasl);
	if (auth->sasl_secret)
		explicit_bzero(auth->sasl_secret->data, auth->sasl_secret->len);
	g_clear_pointer(&auth->sasl_secret, g_free);
}

/* NULL: failed. May be empty. */
static GString *library_step(SnAuth *auth, const guchar *challenge, gsize length)
{
	const char *out = NULL, *chosen;
	unsigned size = 0;
	int result;

	if (auth->turn == 0)
		result = sasl_client_start(auth->sasl, auth->mechanism->name, NULL, &out, &size,
					   &chosen);
	else if (auth->finished)
		return length == 0 ? g_string_new(NULL) : NULL;
	else
		result = sasl_client_step(auth->sasl, (const char *)challenge, (unsigned)length,
					  NULL, &out, &size);
	if (result != SASL_OK && result != SASL_CONTINUE)
		return NULL;
	auth->finished = result == SASL_OK;
	return g_string_new_len(out ? out : "", out ? (gssize)size : 0);
}

/* ---- choosing and stepping ---- */

/* Whether the library has the plugin is only known by starting. */
static gboolean usable(SnAuth *auth, const Mechanism *mechanism)
{
	const char *out = NULL, *chosen = NULL;
	unsigned size = 0;

	auth->mechanism = mechanism;
	if (mechanism->answer)
		return TRUE;
	gboolean works = open_library(auth);
	if (works) {
		int result =
			sasl_client_start(auth->sasl, mechanism->name, NULL, &out, &size, &chosen);
		works = result == SASL_OK || result == SASL_CONTINUE;
	}
	close_library(auth);
	return works && open_library(auth);
}

SnAuth *sn_auth_new(const char *const *offered, const char *host, guint16 port, const char *user,
		    const char *secret, gboolean token)
{
	SnAuth *auth = g_new0(SnAuth, 1);

	g_assert(offered && host && user && secret);
	auth->host = g_strdup(host);
	auth->port = port;
	auth->user = g_strdup(user);
	auth->secret = g_strdup(secret);
	for (gsize i = 0; i < G_N_ELEMENTS(mechanisms); i++)
		if (mechanisms[i].token == token && g_strv_contains(offered, mechanisms[i].name) &&
		    usable(auth, &mechanisms[i]))
			return auth;
	sn_auth_free(auth);
	return NULL;
}

void sn_auth_free(SnAuth *auth)
{
	if (!auth)
		return;
	close_library(auth);
	wipe(auth->secret);
	g_free(auth->host);
	g_free(auth->user);
	g_free(auth);
}

const char *sn_auth_mechanism(SnAuth *auth)
{
	return auth->mechanism->name;
}

gboolean sn_auth_has_initial(SnAuth *auth)
{
	return auth->mechanism->initial;
}

char *sn_auth_step(SnAuth *auth, const char *challenge)
{
	gsize length = 0;
	g_autofree guchar *decoded = NULL;

	if (challenge && strlen(challenge) > MAX_CHALLENGE)
		return NULL;
	if (challenge && *challenge)
		decoded = g_base64_decode(challenge, &length);
	GString *answer = auth->mechanism->answer ? auth->mechanism->answer(auth, auth->turn)
						  : library_step(auth, decoded, length);
	auth->turn++;
	if (!answer)
		return NULL;
	char *text = g_base64_encode((const guchar *)answer->str, answer->len);
	explicit_bzero(answer->str, answer->len);
	g_string_free(answer, TRUE);
	return text;
}

void sn_auth_free_answer(char *answer)
{
	wipe(answer);
}

gboolean sn_auth_confirm(SnAuth *auth)
{
	return auth->mechanism->answer || auth->finished;
}
